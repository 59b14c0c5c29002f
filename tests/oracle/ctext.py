"""
Types as one text, whoever they come from.

The text is read from left to right, so that two spellings of one type are one text:

	*T pointer	[N]T array	{N}T vector	&T &&T reference	(A,B,...)R function returning R
	(?)R function whose parameters nobody knows	C::*T pointer to member

and a name as C has it: "struct s", "unsigned long", "size_t". Qualifiers stand before what they qualify.
parse() makes it from C's own spelling, as debuggers and headers have it: "char *(*)(int)".
"""
import re

QUALS = {'const': 'const', 'volatile': 'volatile', 'restrict': 'restrict', '__restrict': 'restrict',
	 '__restrict__': 'restrict', '_Atomic': 'atomic', '__volatile__': 'volatile', '__const': 'const'}
WORDS = {'signed', 'unsigned', 'short', 'long', 'int', 'char', 'float', 'double', '_Complex', 'complex',
	 '__int128', '_Bool', 'bool', 'void', '_Imaginary', '__float128', '_Float128', 'imaginary'}
RUST = {'i8': 'signed char', 'u8': 'unsigned char', 'i16': 'short', 'u16': 'unsigned short', 'i32': 'int',
	'u32': 'unsigned int', 'i64': 'long', 'u64': 'unsigned long', 'isize': 'long', 'usize': 'unsigned long',
	'f32': 'float', 'f64': 'double', 'bool': '_Bool', 'i128': '__int128', 'u128': 'unsigned __int128'}
FORTRAN = {'integer_kind4': 'int', 'integer_kind8': 'long', 'integer_kind2': 'short', 'integer_kind1': 'signed char',
	   'real_kind4': 'float', 'real_kind8': 'double', 'character_kind1': 'char'}
TOKEN = re.compile(r'\s*(\.\.\.|__attribute__\s*\(\(vector_size\(\d+\)\)\)|\{\.\.\.\}|\[[^\]]*\]|&&|[*&(),]|@restrict|@\w+'
		   r'|\(anonymous namespace\)|[^\s*&(),\[\]]+)')

def qualified(quals, text):
	"""Qualifiers of an array are those of its elements: C says so."""
	if not quals:
		return text
	m = re.match(r'((?:\[\w*\])+)(.*)', text, re.S)
	if m:
		return m.group(1) + qualified(quals, m.group(2))
	while True:	# those that stand there already
		m = re.match(r'(const|volatile|restrict|atomic) ', text)
		if not m:
			break
		quals, text = set(quals) | {m.group(1)}, text[m.end():]
	return ' '.join(sorted(quals)) + ' ' + text

def base(name):
	"""One name for a basic type: "long int" and "signed long" are long."""
	name = re.sub(r'\s*\(kind=(\d+)\)', r'_kind\1', name)
	if name in FORTRAN:
		return FORTRAN[name]
	words = name.split()
	if not words or any(w not in WORDS for w in words):
		return name
	count = {w: words.count(w) for w in words}
	if '_Complex' in count or 'complex' in count:
		rest = [w for w in words if w not in ('_Complex', 'complex')]
		return 'complex ' + base(' '.join(rest)) if rest else 'complex'
	sign = 'unsigned ' if 'unsigned' in count else ''
	if 'char' in count:
		return sign + 'char' if not count.get('signed') else 'signed char'
	if 'double' in count:
		return 'long double' if 'long' in count else 'double'
	if 'short' in count:
		return sign + 'short'
	if 'long' in count:
		return sign + ('long long' if count['long'] == 2 else 'long')
	if '__int128' in count:
		return sign + '__int128'
	if 'bool' in count:
		return '_Bool'
	if set(count) <= {'int', 'signed', 'unsigned'}:
		return sign + 'int'
	return name

def tokens(text):
	"""C++ names stay whole: a<b, c>::d is one token."""
	ret, pos = [], 0
	text = text.replace('(anonymous namespace)', '{anonymous}').replace('(anonymous class)', '{anonymous}')
	text = re.sub(r'\s*\(kind=(\d+)\)', r'_kind\1', text)
	text = text.replace('typedef __va_list_tag __va_list_tag', '__va_list_tag')	# g++'s name for it
	while pos < len(text):
		if text[pos].isspace():
			pos += 1
			continue
		m = re.compile(r'[A-Za-z_{~$][\w:{}.~$]*').match(text, pos)
		if m and not text.startswith('{...}', pos) and not text.startswith('__attribute__', pos):
			end = m.end()
			if text.startswith('{', pos) and not text.startswith('{anonymous', pos):
				raise ValueError('cannot read ' + text)
			while end < len(text) and text[end] == '<' and not text[pos:end].endswith('operator'):
				depth = 0
				while end < len(text):
					depth += (text[end] == '<') - (text[end] == '>' and text[end - 1] != '-')
					end += 1
					if not depth:
						break
				m = re.compile(r'[\w:{}.~$]*').match(text, end)
				end = m.end()
			word = text[pos:end]
			if word.endswith('::') and text[end:end + 1] == '*':
				word, end = word + '*', end + 1
			ret.append(word)
			pos = end
			continue
		m = TOKEN.match(text, pos)
		if not m:
			raise ValueError('cannot read ' + text)
		ret.append(m.group(1))
		pos = m.end()
	return ret

class Parser:
	def __init__(self, text, names=False):
		self.t, self.i, self.names = tokens(text), 0, names
		self.name = None

	def peek(self, n=0):
		return self.t[self.i + n] if self.i + n < len(self.t) else ''

	def take(self):
		self.i += 1
		return self.t[self.i - 1]

	def specifiers(self):
		quals, words, tag = set(), [], ''
		while True:
			t = self.peek()
			if t in QUALS:
				quals.add(QUALS[self.take()])
			elif t in ('struct', 'union', 'enum') or (t == 'class' and not words):
				tag = self.take().replace('class', 'struct')
			elif t == '{...}':
				words.append(self.take())
			elif t and re.match(r'[A-Za-z_{~$]', t) and not t.endswith('::*') and not t.startswith('__attribute__') \
					and (not words or (t in WORDS and all(w in WORDS for w in words))):
				words.append(self.take())
			else:
				break
		if not words and (self.peek(), self.peek(1)) == ('(', ')'):	# Rust's unit
			words.append(self.take() + self.take())
		if not words:
			raise ValueError('no type at %d of %s' % (self.i, ' '.join(self.t)))
		name = (tag + ' ' if tag else '') + base(' '.join(words))
		return quals, name

	def type(self):
		quals, name = self.specifiers()
		return self.declarator(qualified(quals, name))

	def declarator(self, text):
		"""What the declarator makes of @text."""
		while True:
			t = self.peek()
			if t == '*' or t.endswith('::*'):
				text = self.take() + text
			elif t in ('&', '&&'):
				text = self.take() + text
			elif t in QUALS:
				text = qualified({QUALS[self.take()]}, text)
			elif t.startswith('@'):		# address classes
				self.take()
			else:
				break
		inner = None
		if self.peek() == '(' and (self.peek(1) in ('*', '&', '&&', '(') or self.peek(1).endswith('::*')):
			inner = self.i
			self.skip()
		elif self.names and re.match(r'[A-Za-z_]', self.peek()) and not self.peek().startswith('__attribute__'):
			self.name = self.take()
		suffixes = []
		while True:
			t = self.peek()
			if t.startswith('['):
				size = self.take()[1:-1].strip()	# "variable length" is none
				suffixes.append('[%s]' % (size if size.isdigit() else ''))
			elif t.startswith('__attribute__'):
				suffixes.append('{%s}' % re.search(r'\d+', self.take()).group())
			elif t == '(':
				suffixes.append(self.parameters())
				while self.peek() in QUALS:	# of C++ methods
					self.take()
			else:
				break
		for s in reversed(suffixes):
			text = s + text
		if inner is not None:
			end, self.i = self.i, inner + 1
			text = self.declarator(text)
			self.i = end
		return text

	def skip(self):
		depth = 0
		while True:
			t = self.take()
			depth += (t == '(') - (t == ')')
			if not depth:
				return

	def parameters(self):
		self.take()
		name, self.name = self.name, None
		if self.peek() == ')':
			self.take()
			self.name = name
			return '(?)'
		ret = []
		while True:
			if self.peek() == '...':
				ret.append(self.take())
			else:
				ret.append(self.type())
			t = self.take()
			if t == ')':
				break
			if t != ',':
				raise ValueError('%s where a comma should be in %s' % (t, ' '.join(self.t)))
		self.name = name
		return '()' if ret == ['void'] else '(' + ','.join(ret) + ')'

def parse(text):
	"""The text of an abstract type of C."""
	p = Parser(text)
	ret = p.type()
	if p.peek():
		raise ValueError('%s is too much in %s' % (p.peek(), text))
	return ret

def declaration(text):
	"""(name, type) of a declaration of C without initializer."""
	p = Parser(text, True)
	ret = p.type()
	if p.peek():
		raise ValueError('%s is too much in %s' % (p.peek(), text))
	return p.name, ret
