"""
What every oracle's answer is turned into, line by line, with tabs between fields:

	F ADDRESS NAME TYPE SOURCE	a function: the type as ctext.py spells it
	N NAME ADDRESS TYPE SOURCE	a function found by its name instead
	T NAME BODY		what a name stands for; a name may have several lines: C has no single definition

A body is the text of a type for a typedef, "struct{SIZE;name@BYTE TYPE;name@BIT/BITS TYPE;...}", also
union, "enum{SIZE;name=VALUE;...}" or "opaque". Types without a name stand where they are used, as bodies.
"""
import os
import subprocess

def member(name, bit, bits, text):
	return '%s@%s %s' % (name or '', '%d/%d' % (bit, bits) if bits else bit // 8, text)

def compound(tag, size, members):
	return '%s{%s}' % (tag, ';'.join([str(size)] + members))

def exports(path):
	"""(name, version, default, address, is_ifunc) of each exported function."""
	out = subprocess.run(['readelf', '-W', '--dyn-syms', path], stdout=subprocess.PIPE, text=True,
			     errors='replace', env=dict(os.environ, LC_ALL='C')).stdout
	for line in out.splitlines():
		f = line.split()
		if len(f) < 8 or not f[0].endswith(':') or f[3] not in ('FUNC', 'IFUNC') or f[6] == 'UND':
			continue
		if f[4] not in ('GLOBAL', 'WEAK', 'UNIQUE') or f[5] not in ('DEFAULT', 'PROTECTED'):
			continue
		name, _, version = f[7].partition('@')
		yield name, version.lstrip('@'), not version or version.startswith('@'), int(f[1], 16), f[3] == 'IFUNC'
