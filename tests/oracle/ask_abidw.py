"""
abidw's answer (see canon.py), from its XML: functions by ELF symbol, as lines

	S SYMBOL@VERSION TYPE

It gives no sizes of bit-fields: their members stand at their bit, without a size. What it does not
know it leaves out, so nothing is said of functions and types that it does not name.
"""
import xml.etree.ElementTree as ET

import canon
import ctext

class Types:
	def __init__(self, root):
		self.elements, self.memo = {}, {}
		for e in root.iter():
			i = e.get('id')
			if i and i not in self.elements:
				self.elements[i] = e

	def text(self, i):
		if i is None:
			return 'void'
		if i not in self.memo:
			self.memo[i] = '...'
			e = self.elements.get(i)
			self.memo[i] = self.spell(e) if e is not None else '?'
		return self.memo[i]

	def spell(self, e):
		tag, to = e.tag, e.get('type-id')
		if tag == 'pointer-type-def':
			return '*' + self.text(to)
		if tag == 'reference-type-def':
			return ('&' if e.get('kind') == 'lvalue' else '&&') + self.text(to)
		if tag == 'qualified-type-def':
			return ctext.qualified({q for q in ('const', 'volatile', 'restrict') if e.get(q) == 'yes'}, self.text(to))
		if tag == 'array-type-def':
			sizes = [s.get('length') for s in e.iter('subrange')]
			return ''.join('[%s]' % (s if s and s.isdigit() and s != '0' else '') for s in sizes) + self.text(to)
		if tag == 'function-type':
			return self.function(e)
		if tag in ('class-decl', 'union-decl', 'enum-decl'):
			name = e.get('name')
			if e.get('is-anonymous') == 'yes' or e.get('naming-typedef-id') or name.startswith('__anonymous'):
				return self.body(e)
			return {'class-decl': 'struct ', 'union-decl': 'union ', 'enum-decl': 'enum '}[tag] + name
		return ctext.base(e.get('name') or '?')

	def function(self, e):
		params, ret = [], 'void'
		for c in e:
			if c.tag == 'parameter':
				params.append('...' if c.get('is-variadic') == 'yes' else self.text(c.get('type-id')))
			elif c.tag == 'return':
				ret = self.text(c.get('type-id'))
		return '(%s)%s' % (','.join(params), ret)

	def body(self, e):
		size = int(e.get('size-in-bits') or 0) // 8
		if e.get('is-declaration-only') == 'yes':
			return 'opaque'
		if e.tag == 'enum-decl':
			under = e.find('underlying-type')
			under = self.elements.get(under.get('type-id')) if under is not None else None
			if under is not None:
				size = int(under.get('size-in-bits') or 32) // 8
			return canon.compound('enum', size, ['%s=%s' % (c.get('name'), c.get('value')) for c in e.iter('enumerator')])
		members = []
		for m in e.findall('data-member'):
			v = m.find('var-decl')
			if m.get('static') != 'yes' and v is not None:
				bit = int(m.get('layout-offset-in-bits') or 0)
				members.append('%s@%s %s' % (v.get('name') or '', '%d/0' % bit if bit % 8 else bit // 8,
							     self.text(v.get('type-id'))))
		return canon.compound('union' if e.tag == 'union-decl' else 'struct', size, members)

def read(path):
	root = ET.parse(path).getroot()
	types, ret = Types(root), []
	for e in root.iter('function-decl'):
		if e.get('elf-symbol-id'):
			ret.append(['S', e.get('elf-symbol-id').replace('@@', '@'), types.function(e)])
	for e in types.elements.values():
		if e.tag == 'typedef-decl':
			ret.append(['T', e.get('name'), types.text(e.get('type-id'))])
		elif e.tag in ('class-decl', 'union-decl', 'enum-decl'):
			spelled = types.text(e.get('id'))
			if '{' not in spelled:
				ret.append(['T', spelled, types.body(e)])
	return ret
