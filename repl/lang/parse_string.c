/* The two forms of text: '…' as it stands, "…" with escapes and ${ }. */
#include <string.h>

#include "repl/lang/parser.h"
#include "twz/text.h"

/* A piece of text that grows. */
struct piece {
	char *bytes;
	uint32_t n;
};

static void
put_utf8(struct piece *out, uint32_t c)
{
	unsigned char b[4];
	size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;

	if (n == 1)
		b[0] = (unsigned char)c;
	for (size_t i = n; n > 1 && i-- > 1; c >>= 6)
		b[i] = (unsigned char)(0x80 | (c & 0x3f));
	if (n > 1)
		b[0] = (unsigned char)((0xf00 >> n & 0xff) | c);
	memcpy(out->bytes + out->n, b, n);
	out->n += (uint32_t)n;
}

static bool
bad_escape(struct parser *p, uint32_t from, uint32_t to)
{
	struct lex_token t = { .kind = LEX_STRING, .from = from, .to = to };

	return parse_fail_at(p, &t, "known are \\n \\t \\r \\\\ \\\" \\$ \\e \\0 \\xNN \\u{NNNN}",
			     "unknown escape in a text");
}

/* \xNN and \u{…} at @i, behind the backslash. */
static bool
number_escape(struct parser *p, uint32_t *i, uint32_t to, struct piece *out)
{
	const char *s = p->lex.text;
	uint32_t at = *i, k = at + 1, value = 0, digits = 0;
	bool wide = s[at] == 'u';

	if (wide && (k >= to || s[k++] != '{'))
		return bad_escape(p, at - 1, at + 1);
	while (k < to && twz_digit(s[k]) < 16 && digits < (wide ? 6 : 2)) {
		value = value << 4 | twz_digit(s[k++]);
		digits++;
	}
	if (wide ? !digits || k >= to || s[k] != '}' || value > 0x10ffff ||
		   (value >= 0xd800 && value <= 0xdfff)
		 : digits != 2)
		return bad_escape(p, at - 1, k < to ? k + 1 : to);
	if (wide)
		put_utf8(out, value);
	else
		out->bytes[out->n++] = (char)value;
	*i = wide ? k + 1 : k;
	return true;
}

static bool
escape(struct parser *p, uint32_t *i, uint32_t to, struct piece *out)
{
	static const char from[] = "ntr\\\"$e0'", into[] = "\n\t\r\\\"$\033\0'";
	const char *s = p->lex.text, *found;

	++*i;
	if (*i >= to)
		return bad_escape(p, *i - 1, *i);
	if (s[*i] == 'x' || s[*i] == 'u')
		return number_escape(p, i, to, out);
	found = s[*i] ? strchr(from, s[*i]) : NULL;
	if (!found)
		return bad_escape(p, *i - 1, *i + 1);
	out->bytes[out->n++] = into[found - from];
	++*i;
	return true;
}

static bool
flush(struct parser *p, struct ast *a, struct piece *piece, uint32_t from, uint32_t to)
{
	struct lex_token t = { .kind = LEX_STRING, .from = from, .to = to };
	struct ast *part;

	if (!piece->n)
		return true;
	part = parse_node(p, AST_STRING, &t);
	parse_set_text(p, part, piece->bytes, piece->n);
	piece->n = 0;
	return parse_add(p, a, part);
}

/* The end of the expression in ${ }: its '}', or @to. */
static uint32_t
expression_end(const char *s, uint32_t i, uint32_t to)
{
	unsigned open = 0;
	char quote = 0;

	for (; i < to; i++) {
		if (quote) {
			if (s[i] == '\\' && quote == '"')
				i++;
			else if (s[i] == quote)
				quote = 0;
		} else if (s[i] == '"' || s[i] == '\'') {
			quote = s[i];
		} else if (s[i] == '{') {
			open++;
		} else if (s[i] == '}' && open-- == 0) {
			return i;
		}
	}
	return to;
}

/* Parses the bytes @from … @to of the text as one value of its own. */
static bool
parse_inside(struct parser *p, uint32_t from, uint32_t to, struct ast **ret)
{
	struct parser inner = { .arena = p->arena, .err = p->err, .nesting = p->nesting };
	struct lex_token span = { .kind = LEX_STRING, .from = from - 2, .to = to + 1 };

	lex_text(p->lex.text, from, to, p->arena, &inner.lex);
	inner.lex.missing = NULL;
	if (!parse_enter(&inner))
		return false;
	if (inner.lex.tokens[0].kind == LEX_END)
		return parse_fail_at(p, &span, "write ${name}, or \\$ for a dollar sign", "nothing in ${ }");
	if (!parse_pipe(&inner, ret))
		return false;
	if (!parse_at(&inner, LEX_END))
		return parse_fail(&inner, "one value stands in ${ }", "unexpected %s in ${ }",
				  lex_kind_text(parse_peek(&inner, 0)->kind));
	return true;
}

bool
parse_string_parts(struct parser *p, struct ast *a, uint32_t from, uint32_t to)
{
	const char *s = p->lex.text;
	struct piece piece = { twz_alloc(p->arena, to - from + 4), 0 };
	uint32_t start = from;
	struct ast *value;

	for (uint32_t i = from; i < to;) {
		if (s[i] == '\\') {
			if (!escape(p, &i, to, &piece))
				return false;
		} else if (s[i] == '$' && i + 1 < to && s[i + 1] == '{') {
			uint32_t end = expression_end(s, i + 2, to);
			struct lex_token t = { .kind = LEX_STRING, .from = i, .to = i + 2 };

			if (end == to)
				return parse_fail_at(p, &t, "close it with '}', or write \\$ for a dollar sign",
						     "'${' without '}'");
			if (!flush(p, a, &piece, start, i) || !parse_inside(p, i + 2, end, &value) ||
			    !parse_add(p, a, value))
				return false;
			i = start = end + 1;
		} else {
			piece.bytes[piece.n++] = s[i++];
		}
	}
	if (a->nitems)
		return flush(p, a, &piece, start, to);
	parse_set_text(p, a, piece.bytes, piece.n);
	return true;
}

/* '' inside is one quote. */
static void
raw_bytes(struct parser *p, struct ast *a, uint32_t from, uint32_t to)
{
	char *bytes = twz_alloc(p->arena, to - from + 1);
	uint32_t n = 0;

	for (uint32_t i = from; i < to; i++) {
		bytes[n++] = p->lex.text[i];
		if (p->lex.text[i] == '\'')
			i++;
	}
	parse_set_text(p, a, bytes, n);
}

bool
parse_text_token(struct parser *p, const struct lex_token *t, struct ast **ret)
{
	const char *s = p->lex.text;
	bool closed = t->to - t->from >= 2 && s[t->to - 1] == s[t->from];

	*ret = parse_node(p, AST_STRING, t);
	if (!closed || (p->lex.missing && parse_peek(p, 0)->kind == LEX_END))
		return true;		/* unfinished: parse_text() says so */
	if (t->kind == LEX_STRING)
		return parse_string_parts(p, *ret, t->from + 1, t->to - 1);
	raw_bytes(p, *ret, t->from + 1, t->to - 1);
	return true;
}
