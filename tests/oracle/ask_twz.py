"""
twz-inspect's answer (see canon.py), from its JSON. Functions are lines of their own kind, since we know
more about them than others:

	G NAME VERSION ADDRESS HOW VERDICT TYPE PROTOTYPE
"""
import json

import canon
import ctext

def quals(words):
	return {ctext.QUALS.get(w, w) for w in words}

class Types:
	def __init__(self, doc):
		self.types = {t['id']: t for t in doc['types']}
		self.memo = {}

	def edge(self, owner, target):
		return ctext.qualified(quals(owner['quals']), self.text(target))

	def text(self, i, depth=0):
		if i is None:
			return 'void'
		if i not in self.memo:
			self.memo[i] = '...'	# a loop without names would be a fault
			self.memo[i] = self.spell(self.types[i])
		return self.memo[i]

	def spell(self, t):
		kind, name, form = t['kind'], t['name'], t.get('form') or ''
		if kind == 'func':
			return self.function(t)
		if kind == 'pointer':
			return '*' + self.edge(t, t['target'])
		if kind == 'string':
			return '*' + ctext.qualified(quals(t['quals']), self.text(t['target']) if t['target'] is not None else 'char')
		if kind == 'array' or form == 'vla':
			size = '' if form == 'vla' or not t['count'] else t['count']
			return '[%s]' % size + self.edge(t, t['target'])
		if form == 'vector':
			return '{%d}' % t['count'] + self.edge(t, t['target'])
		if form in ('reference', 'rvalue'):
			return {'reference': '&', 'rvalue': '&&'}[form] + self.edge(t, t['target'])
		if form == 'member':
			return '::*' + self.edge(t, t['target'])
		if kind in ('struct', 'union', 'enum', 'result', 'option') or form in ('struct', 'union', 'enum', 'class'):
			return self.tag(t) + ' ' + name if name else self.body(t)
		return ctext.base(name) if name else kind

	@staticmethod
	def tag(t):
		tag = t.get('form') or t['kind']
		return tag if tag in ('union', 'enum') else 'struct'

	def function(self, t):
		params = [ctext.qualified(quals(m['quals']), self.text(m['type'])) for m in t['members']]
		if not params and not t['prototyped']:
			params = ['?']
		elif t['variadic']:
			params.append('...')
		return '(%s)%s' % (','.join(params), self.edge(t, t['target']))

	def body(self, t):
		if t['kind'] == 'opaque' and not t['members'] and not t['size']:
			return 'opaque: ' + t['why'] if (t.get('why') or '').startswith('defined diff') else 'opaque'
		if t.get('form') == 'class' and not t['members']:
			return canon.compound(self.tag(t), t['size'], ['?'])
		if self.tag(t) == 'enum':
			return canon.compound('enum', t['size'], ['%s=%d' % (m['name'], m['value']) for m in t['members']])
		return canon.compound(self.tag(t), t['size'], [
			canon.member(m['name'], m['offset'] * 8 + (m['bit_offset'] if m['bit_size'] else 0), m['bit_size'],
				     ctext.qualified(quals(m['quals']), self.text(m['type'])))
			for m in t['members']])

def read(path):
	"""(lines as lists of fields, the document)"""
	with open(path) as f:
		doc = json.load(f)
	types, ret = Types(doc), []
	for g in doc['gates']:
		ret.append(['G', g['symbol'], g.get('version') or '', g['address'], g['how'], g['verdict'],
			    types.text(g['type']) if g['type'] is not None else '?', g['c']])
	for t in doc['types']:
		if t['kind'] == 'typedef':
			ret.append(['T', t['name'], types.edge(t, t['target'])])
		elif t['name'] and (t['kind'] in ('struct', 'union', 'enum', 'result', 'option') or
				    t.get('form') in ('struct', 'union', 'enum', 'class')):
			ret.append(['T', types.tag(t) + ' ' + t['name'], types.body(t)])
	return ret, doc
