"""
gdb's answer (see canon.py). Runs inside gdb, which has the library open; TWZ_LIB is its path, TWZ_OUT where
the answer goes. Functions are found by address: the outermost function of the block there, since blocks of
inlined functions lie within. Where the function found bears another name than the symbol, gdb is also
asked for the symbol's name.
"""
import os
import re
import sys

import gdb

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) if '__file__' in globals() else os.environ['TWZ_ORACLE'])
import canon
import ctext

NESTED = (gdb.TYPE_CODE_STRUCT, gdb.TYPE_CODE_UNION, gdb.TYPE_CODE_ENUM)
TAGS = {gdb.TYPE_CODE_STRUCT: 'struct', gdb.TYPE_CODE_UNION: 'union', gdb.TYPE_CODE_ENUM: 'enum'}
names, todo, lines = set(), [], set()
language = ''	# of the function at hand: C and C++ may mean different things by the same names
out = open(os.environ['TWZ_OUT'], 'w')

def render(t, depth=0):
	"""The text; types that have names are remembered."""
	if depth > 64:
		return '...'
	text = str(t)
	visit(t, depth)
	if '{...}' not in text:
		return ctext.parse(text)
	quals = {q for q, other in (('const', t.const()), ('volatile', t.volatile())) if other == t}
	if t.code == gdb.TYPE_CODE_PTR:
		return ctext.qualified(quals, '*' + render(t.target(), depth + 1))
	if t.code == gdb.TYPE_CODE_ARRAY:
		low, high = t.range()
		size = '[%s]' % ('' if high < low else high - low + 1)
		return size + render(t.target(), depth + 1)
	if t.code == gdb.TYPE_CODE_FUNC:
		return '(%s)%s' % (','.join(render(f.type, depth + 1) for f in t.fields()), render(t.target(), depth + 1))
	if t.code in NESTED:
		return ctext.qualified(quals, body(t, depth + 1))
	return ctext.parse(text.replace('{...}', 'anonymous'))

def body(t, depth):
	t = t.unqualified()
	fields = t.fields()
	if not fields and not t.sizeof:
		return 'opaque'
	if t.code == gdb.TYPE_CODE_ENUM:
		return canon.compound('enum', t.sizeof, ['%s=%d' % (f.name.split('::')[-1], f.enumval) for f in fields])
	return canon.compound(TAGS[t.code], t.sizeof, [
		canon.member('' if f.is_base_class else f.name, f.bitpos, f.bitsize, render(f.type, depth + 1))
		for f in fields if hasattr(f, 'bitpos')])

def visit(t, depth):
	"""Remembers the names that @t uses."""
	while t.code in (gdb.TYPE_CODE_PTR, gdb.TYPE_CODE_ARRAY, gdb.TYPE_CODE_REF, gdb.TYPE_CODE_RVALUE_REF):
		t = t.target()
	if t.code in (gdb.TYPE_CODE_FUNC, gdb.TYPE_CODE_METHOD):
		if '{...}' not in str(t):	# else they are rendered one by one
			visit(t.target(), depth)
			for f in t.fields():
				visit(f.type, depth)
		return
	if t.code == gdb.TYPE_CODE_TYPEDEF:
		t = t.unqualified()
		key = ('typedef', t.name, str(t.target()), t.sizeof)
	elif t.code in NESTED and (t.tag or t.name):
		t = t.unqualified()
		key = (str(t), t.sizeof, tuple((f.name, getattr(f, 'bitpos', 0)) for f in t.fields()))
	else:
		return
	if (language,) + key not in names:
		names.add((language,) + key)
		todo.append((language, t))

def line(*fields):
	text = '\t'.join(str(f) for f in fields)
	if text not in lines:
		lines.add(text)
		out.write(text + '\n')

def outermost(address):
	block, found = gdb.block_for_pc(address), None
	while block:
		if block.function:
			found = block.function
		block = block.superblock
	return found

def by_name(name):
	try:
		s = gdb.lookup_global_symbol(name) or gdb.lookup_static_symbol(name)
	except gdb.error:
		return None
	return s if s and s.type and s.type.code == gdb.TYPE_CODE_FUNC else None

def function(f):
	global language
	language = 'C' if source(f).endswith('.c') else ''
	return render(f.type)

def source(f):
	return f.symtab.filename if f.symtab else ''

def main():
	global language
	for name, version, default, address, ifunc in canon.exports(os.environ['TWZ_LIB']):
		try:
			f = outermost(address)
			if f:
				line('F', '%#x' % address, f.linkage_name or f.name, function(f), source(f))
			if not f or (f.linkage_name or f.name) != name:
				f = by_name(name)
				if f:
					line('N', name, '%#x' % int(f.value().address), function(f), source(f))
		except (gdb.error, ValueError, RuntimeError) as e:
			line('E', '%#x' % address, name, str(e).replace('\n', ' '))
	while todo:
		language, t = todo.pop()
		try:
			if t.code == gdb.TYPE_CODE_TYPEDEF:
				line('T', t.name, render(t.target()))
			else:
				line('T', ctext.parse(str(t)), body(t, 0))
		except (gdb.error, ValueError, RuntimeError) as e:
			line('E', '0', str(t)[:200].replace('\n', ' '), str(e).replace('\n', ' '))
	out.close()

main()
