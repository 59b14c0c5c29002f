"""All signatures, by drgn: usage FILE NAMES. It finds functions by name only."""
import sys

import drgn

program = drgn.Program()
try:
	program.load_debug_info([sys.argv[1]])
except drgn.MissingDebugInfoError as e:
	sys.exit(str(e))
with open(sys.argv[2]) as names:
	for name in names:
		name = name.strip()
		try:
			t = program.function(name).type_
			print(t.type.type_name(), name, ', '.join(p.type.type_name() for p in t.parameters))
		except Exception:	# not found, or of a kind that it does not know
			pass
