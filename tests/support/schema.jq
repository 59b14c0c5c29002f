# usage: jq -n --slurpfile schema SCHEMA --slurpfile doc DOCUMENT -f schema.jq
#
# What is wrong with DOCUMENT, one line each: as much of JSON Schema as our schemas use.
def kind: if type == "number" then (if . == floor then "integer" else "number" end) else type end;

def faults($root; $schema; $path):
	. as $value
	| if $schema["$ref"] then
		faults($root; ($root | getpath($schema["$ref"] | ltrimstr("#/") | split("/"))); $path)
	elif $schema.anyOf then
		([$schema.anyOf[] | . as $one | [$value | faults($root; $one; $path)] | length] | min) as $least
		| if $least > 0 then "\($path): agrees with none of its forms" else empty end
	else
		(if ($schema | has("const")) and $value != $schema.const then "\($path): is not \($schema.const)" else empty end),
		(if $schema.enum and ([$value] | inside($schema.enum) | not) then "\($path): \($value) is none of its values" else empty end),
		(if $schema.type and (([$schema.type] | flatten) as $types | ($value | kind) as $kind
			| any($types[]; . == $kind or (. == "number" and $kind == "integer")) | not)
		then "\($path): is no \($schema.type)" else empty end),
		(if ($value | type) == "object" then
			($schema.required // [] | .[] | . as $key | if ($value | has($key)) then empty else "\($path): lacks \($key)" end),
			($value | keys_unsorted[] | . as $key
				| if ($schema.properties // {} | has($key)) then
					$value[$key] | faults($root; $schema.properties[$key]; "\($path).\($key)")
				elif $schema.additionalProperties == false then "\($path): has \($key)"
				else empty end)
		else empty end),
		(if ($value | type) == "array" and $schema.items then
			range($value | length) as $i | $value[$i] | faults($root; $schema.items; "\($path)[\($i)]")
		else empty end)
	end;

$schema[0] as $root | $doc[] | faults($root; $root; "$")
