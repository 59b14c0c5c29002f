"""
Compares what twz-inspect says of one library with what others say of it. In the environment:

	TWZ_LIB		the library	TWZ_NAME its name in the table	TWZ_KIND c, c++, mixed or rust
	TWZ_OURS	twz-inspect --all --json
	TWZ_GDB, TWZ_ABIDW, TWZ_PAHOLE	the others' answers; "" where one has none
	TWZ_EXPLAINED	the table of differences that were looked into
	TWZ_REPORT	the result is added to: lines "total KEY N", "used ROW", "DIFFERENCE ..."

The rules, all else being a difference that somebody must look into:

- Each function that readelf says is exported is one of ours, and no other.
- A type is the same when gdb's at the function's address is, or gdb's by the symbol's name where the
  function there bears another name. Of a function that chooses at load time, gdb knows the chooser: what
  that returns a pointer to counts.
- A function that is chosen at load time is never void(void): that is what a chooser says that hides the type.
- "?" is said where nothing is known; never where gdb knows parameters or a result.
- Where one piece of code serves several C++ functions, gdb tells of one of them, which is no answer for others.
- The prototype that people see is the type that programs see.
- A type's name may have several meanings in a library: each of ours is one of theirs.
- What is only declared where it is used, and defined differently in several places, stays opaque.
- Of a class or a Rust enum whose members we do not show, the size counts.
- Types without a name in C++ are not compared: gdb shows nothing of them within functions; nor whether what
  is no plain C is a union.
- C++ and Rust have one space of names: struct, union and enum before them are not compared, nor the scopes
  that names are in, of which we show none; so a name that means several things is left out.
- An array of no elements is one of an unknown number of them: C programs declare either and mean the other.
- abidw and pahole are asked about C only: of C++ pahole shows nested classes as members, abidw merges what bears the same name, and leaves out "this" being const.
- abidw takes typedefs of one type for each other within types of functions: only what they stand for counts.
- pahole and abidw know one meaning of a name: when gdb knows both theirs and ours, both are right.
- What abidw leaves opaque may be anything: it looks for no definition in other units.
"""
import fnmatch
import os
import re
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.environ['TWZ_ORACLE'])
import ask_abidw
import ask_pahole
import ask_twz
import canon
import ctext

env = os.environ.get
LIB, NAME = env('TWZ_LIB'), env('TWZ_NAME')
TAGS = re.compile(r'\b(?:struct|union|enum|class) (?=[^\s{])')
totals, differences = {}, []

def count(key, n=1):
	totals[key] = totals.get(key, 0) + n

def scopeless(text):
	"""Without "a::b<c>::"; what stands in brackets loses its scopes as well."""
	out, i = [], 0
	while i < len(text):
		if text.startswith('::', i) and out:
			depth = 0	# drop what was written of this name
			while out and (depth or re.match(r'[\w~$>{}.]', out[-1])):
				depth += (out[-1] == '>') - (out[-1] == '<')
				out.pop()
			i += 2
		else:
			out.append(text[i])
			i += 1
	return ''.join(out)

# Within template arguments compilers and debuggers write basic types as they like.
BASIC = re.compile(r'\b(?:(?:long|short|unsigned|signed|int|char) )*(?:long|short|unsigned|int|char)\b')

RUST = re.compile(r'\b(?:%s)\b(?!@)' % '|'.join(ctext.RUST))

def orderless(text):
	"""Without const in template arguments, which gdb puts elsewhere than compilers do."""
	out, depth = [], 0
	for piece in re.split(r'([<>])', text):
		if depth > 0:
			piece = re.sub(r'\bconst | const\b', '', piece)
		depth += (piece == '<') - (piece == '>' and depth > 0)
		out.append(piece)
	return ''.join(out)

def loose(text):
	text = text.replace('[0]', '[]').replace('typedef __va_list_tag __va_list_tag', '__va_list_tag')
	if env('TWZ_KIND') == 'c':
		return text
	if env('TWZ_KIND') == 'rust':
		return RUST.sub(lambda m: ctext.RUST[m.group()], scopeless(text))
	text = scopeless(TAGS.sub('', text)).replace('::*', '*').replace('(nullptr)decltype', 'decltype(nullptr)')
	text = re.sub(r'> +(?=>)', '>', orderless(text)).replace('union{', 'struct{')
	return BASIC.sub(lambda m: ctext.base(m.group()), text)

def differ(oracle, what, name, ours, theirs, where=''):
	differences.append((oracle, what, name, ours, theirs, where))

def chosen(text):
	"""The function that a chooser of this type chooses; "" when it does not say."""
	m = re.match(r'\([^()]*\)\*(\(.*)', text)
	return m.group(1) if m else ''

# -- functions ---------------------------------------------------------------------------------------

def read_gdb(path):
	by_address, by_name, types = {}, {}, {}
	with open(path) as f:
		for line in f:
			r = line.rstrip('\n').split('\t')
			if r[0] == 'F':
				by_address[int(r[1], 16)] = r[2:5]
			elif r[0] == 'N':
				by_name[r[1]] = [r[1]] + r[3:5]
			elif r[0] == 'T':
				types.setdefault(loose(r[1]), set()).add(loose(r[2]))
			else:
				count('gdb failed')
	return by_address, by_name, types

def exported(gates):
	want = {(name, version, address) for name, version, default, address, ifunc in canon.exports(LIB)}
	have = {(g[1], g[2], g[3]) for g in gates}
	if gates and not any(g[2] for g in gates):	# versions are not told
		want = {(n, '', a) for n, v, a in want}
	for name, version, address in sorted(want - have):
		differ('readelf', 'export', name, 'missing', '%s@%s %#x' % (name, version, address))
	for name, version, address in sorted(have - want):
		differ('readelf', 'export', name, '%s@%s %#x' % (name, version, address), 'missing')

def function(g, answers, ifunc):
	_, name, version, address, how, verdict, text, prototype = g
	types = [chosen(a[1]) if ifunc else a[1] for a in answers]
	types = [loose(t) for t in types]
	if text == '?':
		if not answers:
			count('unknown to both')
		elif any(t and t != '()void' for t in types) or not all(re.search(r'\.(S|s|asm)$', a[2]) for a in answers):
			differ('gdb', 'function', name, '?', answers[0][1], answers[0][2])
		else:
			count('assembly, unknown')
	elif loose(text) in types or any('anonymous' in t and matches(loose(text), t.split('anonymous')) for t in types):
		count('as gdb')
		if verdict == 'callable':
			count('callable, as gdb')
	elif ifunc and loose(text) == '()void':
		differ('itself', 'function', name, text, '?')
	elif not types:
		count('gdb has none')
		count('gdb has none: ' + how)
	elif name.startswith('_Z') and all(a[0] != name for a in answers):
		count('gdb has none: another function is there')
	else:
		differ('gdb', 'function', name, loose(text), types[0], answers[0][2])

def prototype(g):
	"""Anonymous types have no text in C that could be read again."""
	if g[7] is None or '{' in g[6] or '{' in g[7] or env('TWZ_KIND') != 'c':
		return
	try:
		name, text = ctext.declaration(g[7].rstrip(';'))
	except (ValueError, IndexError) as e:
		name, text = '', str(e)
	if text.replace('[0]', '[]') == g[6].replace('[0]', '[]'):
		count('prototypes as types')
	else:
		differ('itself', 'prototype', g[1], g[6], text, g[7])

def functions(gates, by_address, by_name):
	ifuncs = {address for _, _, _, address, ifunc in canon.exports(LIB) if ifunc}
	for g in gates:
		count('functions')
		prototype(g)
		answers = [a for a in (by_address.get(g[3]), by_name.get(g[1])) if a]
		function(g, answers, g[3] in ifuncs)

def abidw_functions(gates, theirs, by_address, resolve):
	for g in gates:
		text, ours = theirs.get(g[1] + '@' + g[2] if g[2] else g[1]), loose(g[6])
		if text is None or (env('TWZ_KIND') == 'mixed' and g[1].startswith('_Z')):
			count('abidw has none')
		elif text == ours:
			count('as abidw')
		elif resolve[1](text) == resolve[0](ours):
			count('as abidw, but for typedefs')
		else:
			differ('abidw', 'function', g[1], resolve[0](ours), resolve[1](text), by_address.get(g[3], ['', '', ''])[2])

# -- types -------------------------------------------------------------------------------------------

def types_of(lines):
	ret = {}
	for r in lines:
		if r[0] == 'T':
			ret.setdefault(loose(r[1]), set()).add(loose(r[2]))
	return ret

def no_bits(body):
	"""abidw knows where a bit-field is, not how long it is."""
	return re.sub(r'@(\d+)/\d+ ', lambda m: '@%d ' % (int(m.group(1)) // 8) if int(m.group(1)) % 8 == 0
		      else '@%s/0 ' % m.group(1), body)

def same(body): return body

def fits(body, want):
	"""Whether it is one of @want, in which "?" stands for what they do not say."""
	return body in want or any('?' in w and matches(body, w.split('?')) for w in want)

def matches(body, pieces):
	"""Whether the pieces stand in it in this order, the first and the last at its ends."""
	at = len(pieces[0])
	if not body.startswith(pieces[0]) or not body.endswith(pieces[-1]):
		return False
	for piece in pieces[1:-1]:
		found = body.find(piece, at)
		if found < 0:
			return False
		at = found + len(piece)
	return at + len(pieces[-1]) <= len(body)

WORD = re.compile(r'(?<![\w@=.])(?<!struct )(?<!union )(?<!enum )[A-Za-z_]\w*(?![\w@=(])')

def resolver(types):
	"""Replaces names of typedefs by what they stand for, where that is one thing and has a name itself."""
	plain = {n: next(iter(b)) for n, b in types.items() if ' ' not in n and len(b) == 1 and '{' not in next(iter(b))}
	def resolve(text, depth=0):
		if depth > 16:
			return text
		new = WORD.sub(lambda m: plain.get(m.group(), m.group()), text)
		return new if new == text else resolve(new, depth + 1)
	return resolve

def layouts(oracle, ours, theirs, change=same, known={}, resolve=None):
	"""@known: gdb's, who knows all of a name's meanings."""
	for name in sorted(ours):
		if name not in theirs:
			count(oracle + ' lacks type')
			continue
		want = theirs[name]
		for body in sorted(ours[name]):
			if fits(change(body), want):
				count('types as ' + oracle)
			elif resolve and resolve[0](change(body)) in {resolve[1](w) for w in want}:
				count('types as %s, but for typedefs' % oracle)
			elif body in known.get(name, ()) and any(fits(change(k), want) for k in known[name]):
				count(oracle + ' knows another meaning')
			elif body.endswith(';?}') and any(re.split('[;}]', w)[0] == body[:-3] for w in want):
				count('size as ' + oracle)
			elif env('TWZ_KIND') != 'c' and len(ours[name]) > 1:
				count('one name in several scopes')
			elif body.startswith('opaque: '):
				count('ambiguous, opaque')
			elif oracle == 'abidw' and want == {'opaque'}:
				count('abidw leaves opaque')
			else:
				near = sorted(want, key=lambda w: (w[:12] != body[:12], abs(len(w) - len(body))))[0]
				body = change(body)
				if resolve:
					body, near = resolve[0](body), resolve[1](near)
				differ(oracle, 'type', name, body, near)

# -- the table of differences --------------------------------------------------------------------------

def table():
	rows = []
	with open(env('TWZ_EXPLAINED')) as f:
		for n, line in enumerate(f, 1):
			if line.strip() and not line.startswith('#'):
				r = line.rstrip('\n').split('\t')
				if len(r) != 8 or r[6] not in ('ours', 'theirs', 'both', 'neither'):
					raise ValueError('%s:%d: not a row of 8 columns' % (env('TWZ_EXPLAINED'), n))
				rows.append((n, r))
	return rows

def explained(rows, d):
	"""Numbers of the rows that explain it, together."""
	oracle, what, name, ours, theirs, where = d
	used = set()
	for n, (library, who, kind, names, mine, other, right, why) in rows:
		if not (fnmatch.fnmatchcase(NAME, library) and who in (oracle, '*') and
			any(fnmatch.fnmatchcase(name, p) for p in names.split('|'))):
			continue
		if kind == 'rewrite':
			changed = re.sub(mine, other, ours), re.sub(mine, other, theirs)
			if changed != (ours, theirs):
				used.add(n)
				ours, theirs = changed
		elif kind in (what, '*') and re.fullmatch(mine, ours) and re.fullmatch(other, theirs + '@' + where):
			return {n}
	return used if ours == theirs else None

def main():
	lines, doc = ask_twz.read(env('TWZ_OURS'))
	gates, ours = [r for r in lines if r[0] == 'G'], types_of(lines)
	exported(gates)
	by_address, by_name, known = read_gdb(env('TWZ_GDB')) if env('TWZ_GDB') else ({}, {}, {})
	functions(gates, by_address, by_name)
	layouts('gdb', ours, known)
	if env('TWZ_ABIDW') and env('TWZ_KIND') in ('c', 'mixed'):
		theirs = ask_abidw.read(env('TWZ_ABIDW'))
		types = types_of(theirs)
		resolve = resolver(ours), resolver(types)
		abidw_functions(gates, {r[1]: loose(r[2]) for r in theirs if r[0] == 'S'}, by_address, resolve)
		layouts('abidw', ours, types, no_bits, known, resolve)
	if env('TWZ_PAHOLE') and env('TWZ_KIND') in ('c', 'rust'):
		layouts('pahole', {n: b - {'opaque'} for n, b in ours.items() if any('{' in x for x in b) and not n.startswith('enum ')},
			types_of(ask_pahole.read(env('TWZ_PAHOLE'))), same, known)
	rows = table()
	with open(env('TWZ_REPORT'), 'a') as out:
		for d in differences:
			n = explained(rows, d)
			count('differences explained' if n else 'differences not explained')
			out.write(''.join('used %d\n' % i for i in n) if n else 'DIFFERENCE %s: %s %s %s\n\tours   %s\n\ttheirs %s%s\n' % (
				NAME, d[0], d[1], d[2], d[3], d[4], ' in ' + d[5] if d[5] else ''))
		for key in sorted(totals):
			out.write('total %s\t%d\n' % (key, totals[key]))

main()
