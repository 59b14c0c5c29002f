"""
pahole's answer (see canon.py): only what structs and unions hold, from its C with offsets in comments. "?"
stands for what it does not tell: sizes of unions and of elements of arrays, and what cannot be read.
"""
import re

import canon
import ctext

OPEN = re.compile(r'^(\t*)((?:const |volatile |static )*)(struct|union|enum|class)(?: ([\w:<>, *&]+?))?(?: : .*)? \{')
MEMBER = re.compile(r'^(\t+)(.*?);\s*/\*\s*(\d+)(?::\s*(\d+))?\s+(\d+)\s*\*/')
CLOSE = re.compile(r'^(\t*)\}\s*(.*?)(?: __attribute__\(\(.*\)\))?;\s*(?:/\*\s*(\d+)(?::\s*(\d+))?\s+(\d+)\s*\*/)?')
SIZE = re.compile(r'^\s*/\* size: (\d+),')

class Block:
	def __init__(self, tag, name, quals):
		self.tag, self.name, self.quals = tag, name, quals
		self.members, self.size = [], '?'

def shift(members, base):
	return [canon.member(n, bit - base, bits, text) for n, bit, bits, text in members]

def read(path):
	ret, stack = [], []
	with open(path, errors='replace') as f:
		for line in f:
			line = re.sub(r'__attribute__\(\(__aligned__\(\d+\)\)\)|__attribute__\(\(__packed__\)\)', '', line.rstrip())
			m = OPEN.match(line)
			if m and not line.rstrip().endswith('};'):
				stack.append(Block(m.group(3).replace('class', 'struct'), m.group(4), m.group(2).split()))
				continue
			if not stack:
				continue
			m = SIZE.match(line)
			if m:
				stack[0].size = int(m.group(1))
				continue
			m = CLOSE.match(line)
			if m:
				close(stack, m, ret)
				continue
			m = MEMBER.match(line)
			if m:
				add(stack[-1], m)
	return ret

def add(block, m):
	text, byte, bit = m.group(2), int(m.group(3)), m.group(4)
	text, _, bits = text.partition(':') if re.search(r':\d+$', text) and '::' not in text else (text, '', '')
	try:
		name, spelled = ctext.declaration(' '.join(text.split()))
	except (ValueError, IndexError):
		name, spelled = word(text), '?'
	block.members.append((name, byte * 8 + int(bit or 0), int(bits or 0), spelled))

def word(text):
	"""The name that a declaration which is not C declares."""
	m = re.search(r'\(\*+ *(\w+)[)\[]', text) or re.search(r'(\w+)(?:\[\d*\])*$', text)
	return m.group(1) if m else text

def close(stack, m, ret):
	block = stack.pop()
	if not stack:
		if block.name and block.tag != 'enum':
			ret.append(['T', block.tag + ' ' + block.name, canon.compound(block.tag, block.size, shift(block.members, 0))])
		return
	if block.tag == 'enum' or m.group(3) is None:
		body = '?'
	else:
		base = 0 if '*' in m.group(2) else int(m.group(3)) * 8
		size = '?' if '[' in m.group(2) or '*' in m.group(2) else m.group(5)
		body = canon.compound(block.tag, size, shift(block.members, base))
	text, _, bits = m.group(2).strip().partition(':')
	try:
		name, spelled = ctext.declaration('anonymous_body ' + text)
		spelled = spelled.replace('anonymous_body', body)
	except (ValueError, IndexError):
		name, spelled = word(text), '?'
	stack[-1].members.append((name or '', int(m.group(3) or 0) * 8 + int(m.group(4) or 0), int(bits or 0), spelled))
