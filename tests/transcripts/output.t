## Values in each form.
$ twz -o table -c 'passwd::lookup_user bob; ["a", "b"]; 5; [{a: 1, b: "日本"}, {a: 20, b: "x"}]'
field  value
id      1001
name   bob
value
a
b
5
 a  b
 1  日本
20  x
$ twz -o json -c 'passwd::lookup_user bob; "é\t\e"; none; [18446744073709551615, 1e300, -0.5]; calc::without [READ, WRITE] [WRITE]; calc::next_color RED'
{"id":1001,"name":"bob"}
"é\t\u001b"
null
[18446744073709551615,1e+300,-0.5]
["READ"]
"GREEN"
$ twz -o jsonl -c 'for i in 1 .. 2 { print i {a: i} }'
1
{"a":1}
2
{"a":2}
$ twz -o json-envelope -c 'passwd::lookup_user bob; calc::add 1 2; "x"'
{"twz":1,"type":"Result<User>","value":{"id":1001,"name":"bob"}}
{"twz":1,"type":"i32","value":3}
{"twz":1,"type":"String","value":"x"}
$ twz -o raw -c 'calc::upper abc' | od -An -c
   A   B   C
$ twz -o csv -c '[{id: 1, name: "a, b"}, {name: "say \"hi\"", more: [1, {a: none}]}, {id: none, name: ""}]'
id,name,more
1,"a, b",
,"say ""hi""","[1,{""a"":null}]"
,"",
$ twz -o csv -c '[["one\ntwo", " x"], [1.5, true]]; print a "b,c"; 7; passwd::lookup_user bob'
"one
two"," x"
1.5,true
a,"b,c"
7
id,name
1001,bob
$ twz -o tsv -c '[{a: "x\ty\\", b: "one\ntwo"}, {a: none}]'
a	b
x\ty\\	one\ntwo
	
## Numbers that JSON readers lose, and those that JSON lacks.
$ twz -o json --json-bigint=string -c '[9007199254740991, 9007199254740992, -9007199254740992]'
[9007199254740991,"9007199254740992","-9007199254740992"]
$ twz -o json -c 'calc::add_f64 nan 1'
Type Error: JSON has no NaN
[3]
$ twz -o json --json-nan=string -c '[calc::add_f64 nan 1, calc::add_f64 inf 1, calc::add_f64 -inf 1]'
["NaN","Infinity","-Infinity"]
$ twz -o json --json-nan=maybe -c 1
twz: --json-nan: 'maybe' is neither string nor error
[2]
## Nothing from a service reaches a terminal as it is, in any form but raw.
$ for form in pretty table json jsonl json-envelope csv tsv; do twz -o $form -c '[fault::escapes, "\u{9b}31m\u{202e}"]' | LC_ALL=C grep -c "$(printf '[\033\007\233]')"; done
0
0
0
0
0
0
0
[1]
$ twz -o json -c '"\u{9b}31m\u{202e}\x7f"'
"\u009b31m\u202e\u007f"
## A function has no form for machines.
$ twz -o json -c '{f: {|x| x}}'
Type Error: a function has no JSON form
[3]
$ twz -o csv -c '[{f: {|x| x}}]'
Type Error: a function has no JSON form
[3]
$ twz -o xml -c 1
twz: no output form 'xml'; there are pretty, table, json, jsonl, json-envelope, csv, tsv, raw
[2]
## -j: errors are objects too, on stderr, also those about how twz was called.
$ twz -j -c 'print (calc::add 1 2); passwd::lookup_user bobby'
3
{"kind":"gate","message":"No such user","file":null,"line":1,"col":24,"endcol":49,"gate":"passwd::lookup_user","hint":null}
[1]
$ twz -j -c 'calc::add 1 two'
{"kind":"type","message":"Expected 'i32' got 'String'","file":null,"line":1,"col":13,"endcol":16,"gate":"calc::add","hint":"a whole number: 42, -7, 0x2a, 0o52, 0b101010, 1_000_000"}
[3]
$ twz -o xml -j
{"kind":"syntax","message":"no output form 'xml'; there are pretty, table, json, jsonl, json-envelope, csv, tsv, raw","file":null,"line":null,"col":null,"endcol":null,"gate":null,"hint":null}
[2]
$ twz --errors=json nofile.twz
{"kind":"syntax","message":"cannot read nofile.twz: No such file or directory","file":null,"line":null,"col":null,"endcol":null,"gate":null,"hint":"to call a gate: twz call GATE ARG..."}
[2]
$ twz --errors=json --no-such-option
{"kind":"syntax","message":"unknown option '--no-such-option'; usage: twz [OPTION...] [-c TEXT | FILE | call GATE | run PROGRAM] [ARG...], see twz --help","file":null,"line":null,"col":null,"endcol":null,"gate":null,"hint":null}
[2]
$ twz --errors=json --check nofile.twz
{"kind":"syntax","message":"cannot read nofile.twz: No such file or directory","file":null,"line":null,"col":null,"endcol":null,"gate":null,"hint":"to call a gate: twz call GATE ARG..."}
[2]
$ printf 'x = 5\ncalc::upper x 1\n' >w.twz; twz --errors=json --check w.twz
{"kind":"warning","message":"W2: 'x' is assigned, never read","file":"w.twz","line":1,"col":1,"endcol":2,"gate":null,"hint":null}
{"kind":"type","message":"too many arguments: upper(text: string) -> string","file":"w.twz","line":2,"col":15,"endcol":16,"gate":null,"hint":null}
[3]
$ twz -j call calc::divide 1 0
{"kind":"gate","message":"Division by zero","file":null,"line":null,"col":null,"endcol":null,"gate":"calc::divide","hint":null}
[1]
$ twz -j -c 'x = ('
{"kind":"syntax","message":"the text ends before the closing ')'","file":null,"line":1,"col":6,"endcol":7,"gate":null,"hint":"finish it, or remove what was opened"}
[2]
## Output that cannot be written is a failure, said once, with the reason.
$ twz -c 'print a' >/dev/full
Error: cannot write the output: No space left on device
[1]
$ twz -c 'calc::add 1 2' >/dev/full
Error: cannot write the output: No space left on device
[1]
$ twz -o json -c 'for i in 1 .. 1000000 { print i }' >/dev/full
Error: cannot write the output: No space left on device
[1]
$ twz call calc::add 1 2 >/dev/full
Error: cannot write the output: No space left on device
[1]
$ twz -c 'help' >/dev/full
Error: cannot write the output: No space left on device
[1]
$ twz --help >/dev/full
twz: cannot write the output: No space left on device
[1]
$ twz -c 'print a; exit 0' >/dev/full
Error: cannot write the output: No space left on device
[1]
$ { twz -c 'while true { print endless }'; echo $? >&2; } 2>err | head -n 1; cat err
endless
Error: cannot write the output: Broken pipe
1
$ twz -c 'print gone' >&-
Error: cannot write the output: Bad file descriptor
[1]
$ twz -c 'foo' 2>/dev/full
[3]
$ { twz -c 'run yes'; echo $? >&2; } 2>err | head -n 1; cat err
y
Error: yes was ended by SIGPIPE
1
## time, explain and watch take the whole pipe; parentheses keep a part for them.
$ twz -c 'time calc::add 1 2 | calc::add 3' 2>&1 | sed 's/^[0-9.]* [^ ]*s$/TIME/' | sort
6
TIME
$ twz -c 'x = time [1, 2, 3] | map it * 2; print x' 2>/dev/null
[2, 4, 6]
$ twz -c 'explain calc::add 1 2 | calc::add 3 | print'
calc::add(a: i32, b: i32) -> i32
  Adds two numbers
  a            1: i32
  b            2: i32
calc::add(a: i32, b: i32) -> i32
  Adds two numbers
  a            i32, from what stands before '|'
  b            3: i32
print VALUE …
  Prints values, texts without quotes
$ twz -c '(time calc::add 1 2) | calc::add 3' 2>/dev/null
6
$ twz -c 'timeout 60s { watch 10ms calc::add 1 2 | calc::add 4 }' 2>/dev/null | sed 2q
7
7
$ printf 'time calc::add 1 x | print\n' >t.twz; twz --check t.twz
t.twz:1:18: Type Error: …
[3]
## What a service says before it answers stands before the answer: while it is loaded, with or without a newline; in a loop too.
$ export TWZ_PATH=$TWZ_BUILD/tests/services/life; twz
twz> talker::say one
talker: constructed
talker: one, one
3
twz> for w in ["one", "two", "three"] { print (talker::say w) }; talker::say "four\n"
talker: one, one
3
talker: two, two
3
talker: three, three
5
talker: four
talker: , four
5
$ export TWZ_PATH=$TWZ_BUILD/tests/services/life; terminal twz -c 'talker::say one; talker::say two' </dev/null
talker: constructed
talker: one, one
3
talker: two, two
3
