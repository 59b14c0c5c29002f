#include "repl/lang/lex.h"

#include <string.h>

#include "twz/util.h"

static const char *const kind_texts[] = {
#define X(kind, text) [LEX_##kind] = text,
	LEX_KINDS(X)
#undef X
};

static const char *const keyword_texts[] = {
	[LEX_NO_KEYWORD] = "",
#define X(keyword, text) [LEX_KW_##keyword] = text,
	LEX_KEYWORDS(X)
#undef X
};

/* Words that are operators when they stand alone. */
static const struct {
	const char *text;
	enum lex_kind kind;
} operators[] = {
	{ "=", LEX_ASSIGN }, { "?=", LEX_BIND }, { "=>", LEX_FATARROW }, { "->", LEX_ARROW },
	{ "==", LEX_EQ }, { "!=", LEX_NE }, { "<", LEX_LT }, { "<=", LEX_LE }, { ">", LEX_GT },
	{ ">=", LEX_GE }, { "+", LEX_PLUS }, { "-", LEX_MINUS }, { "*", LEX_STAR },
	{ "/", LEX_SLASH }, { "%", LEX_PERCENT }, { "?" "?", LEX_COALESCE }, { "..", LEX_RANGE },
	{ "?", LEX_QUESTION }, { ",", LEX_COMMA }, { ":", LEX_COLON },
};

static const struct {
	char c;
	enum lex_kind kind;
} brackets[] = {
	{ '(', LEX_LPAREN }, { ')', LEX_RPAREN }, { '[', LEX_LBRACKET }, { ']', LEX_RBRACKET },
	{ '{', LEX_LBRACE }, { '}', LEX_RBRACE }, { '|', LEX_PIPE }, { ';', LEX_SEMICOLON },
};

/* Words that people bring from other shells, and what to do instead. */
static const struct {
	const char *start, *why, *hint;
} foreign[] = {
	{ "&&", "'&&' is no operator",
	  "write the calls as two statements (a; b): the second runs only if the first succeeds" },
	{ "&", "a word cannot start with '&'", "for a background job write: job = spawn GATE …" },
	{ ">", "there is no redirection", "redirect outside of twz; to compare, put blanks around '>'" },
	{ "<", "there is no redirection", "redirect outside of twz; to compare, put blanks around '<'" },
};

struct lexer {
	const char *s;
	uint32_t i, end;
	struct twz_arena *arena;
	struct lex *out;
	uint32_t size;		/* of out->tokens */
	char *open;		/* brackets that are open, innermost last */
	size_t nopen, open_size;
	bool blank;
};

const char *
lex_kind_text(enum lex_kind kind)
{
	return kind_texts[kind];
}

const char *
lex_keyword_text(enum lex_keyword keyword)
{
	return keyword_texts[keyword];
}

const char *const *
lex_keywords(size_t *n)
{
	*n = TWZ_COUNT(keyword_texts) - 1;
	return keyword_texts + 1;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static bool
is_name_start(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Bytes of the NAME at @s, or 0. */
static uint32_t
name_length(const char *s, uint32_t n)
{
	uint32_t i = 0;

	if (!n || !is_name_start(*s))
		return 0;
	while (i < n && (is_name_start(s[i]) || is_digit(s[i])))
		i++;
	return i;
}

/* Whether @s is NAME { @between NAME }, at least @least names. */
static bool
is_names(const char *s, uint32_t n, const char *between, unsigned least)
{
	uint32_t k, step = (uint32_t)strlen(between);
	unsigned names = 0;

	for (;;) {
		k = name_length(s, n);
		if (!k)
			return false;
		names++;
		s += k, n -= k;
		if (!n)
			return names >= least;
		if (n <= step || strncmp(s, between, step))
			return false;
		s += step, n -= step;
	}
}

static uint32_t
digits(const char *s, uint32_t n, const char *set)
{
	uint32_t i = 0;

	while (i < n && (s[i] == '_' ? i > 0 : s[i] && strchr(set, s[i])))
		i++;
	return i;
}

static bool
is_number(const char *s, uint32_t n)
{
	uint32_t i;

	if (n && (*s == '-' || *s == '+'))
		s++, n--;
	if (n > 2 && *s == '0' && strchr("xob", s[1])) {
		const char *set = s[1] == 'x' ? "0123456789abcdefABCDEF" : s[1] == 'o' ? "01234567" : "01";

		return digits(s + 2, n - 2, set) == n - 2;
	}
	i = digits(s, n, "0123456789");
	if (!i)
		return false;
	if (i + 1 < n && s[i] == '.' && is_digit(s[i + 1]))
		i += 1 + digits(s + i + 1, n - i - 1, "0123456789");
	if (i + 1 < n && (s[i] == 'e' || s[i] == 'E')) {
		uint32_t k = i + 1;

		if (k + 1 < n && (s[k] == '-' || s[k] == '+'))
			k++;
		if (!is_digit(s[k]))
			return false;
		i = k + digits(s + k, n - k, "0123456789");
	}
	return i == n;
}

static struct lex_token *
emit(struct lexer *x, enum lex_kind kind, uint32_t from, uint32_t to)
{
	struct lex *out = x->out;
	struct lex_token *t;

	if (out->ntokens == x->size) {
		struct lex_token *more;

		/* Most texts have fewer than one for two bytes: what grew would lie about twice. */
		x->size = x->size ? 2 * x->size : 32 + (x->end - x->i) / 2;
		more = twz_new_array(x->arena, x->size, struct lex_token);
		if (out->ntokens)
			memcpy(more, out->tokens, out->ntokens * sizeof(*more));
		out->tokens = more;
	}
	t = &out->tokens[out->ntokens++];
	*t = (struct lex_token){ .kind = kind, .blank = x->blank, .from = from, .to = to };
	x->blank = false;
	return t;
}

static void
emit_bad(struct lexer *x, uint32_t from, uint32_t to, const char *why, const char *hint)
{
	struct lex_token *t = emit(x, LEX_BAD, from, to);

	t->why = why;
	t->hint = hint;
}

static const struct lex_token *
last(const struct lexer *x)
{
	return x->out->ntokens ? &x->out->tokens[x->out->ntokens - 1] : NULL;
}

/* Whether token @i is a keyword that begins a statement and cannot be all of it. */
static bool
opens_statement(const struct lex *lex, uint32_t i)
{
	const struct lex_token *t = &lex->tokens[i], *before = i ? t - 1 : NULL;

	return (t->keyword == LEX_KW_FOR || t->keyword == LEX_KW_WHILE || t->keyword == LEX_KW_IF ||
		t->keyword == LEX_KW_MATCH || t->keyword == LEX_KW_LET || t->keyword == LEX_KW_FN) &&
	       (!before || before->kind == LEX_NEWLINE || before->kind == LEX_SEMICOLON ||
		before->kind == LEX_LBRACE);
}

bool
lex_is_sum(enum lex_kind kind)
{
	return kind == LEX_PLUS || kind == LEX_MINUS || kind == LEX_STAR || kind == LEX_SLASH || kind == LEX_PERCENT ||
	       kind == LEX_RANGE;
}

/* Whether the last token is a word of run's, to which such an operator is one as well: run ls / */
static bool
in_run(const struct lexer *x)
{
	const struct lex_token *t = x->out->tokens;
	uint32_t i = x->out->ntokens;

	while (i-- > 0 && ((t[i].kind >= LEX_NAME && t[i].kind <= LEX_STRING) || lex_is_sum(t[i].kind)))
		if (t[i].keyword == LEX_KW_RUN)
			return i + 2 < x->out->ntokens &&
			       (!i || t[i - 1].keyword || t[i - 1].kind < LEX_NAME || t[i - 1].kind > LEX_STRING);
	return false;
}

/* Whether the statement goes on in the next line. */
static bool
continues(const struct lexer *x)
{
	const struct lex_token *t = last(x);

	if (!t)
		return false;
	if (t->kind == LEX_NAME)
		return t->keyword == LEX_KW_AND || t->keyword == LEX_KW_OR ||
		       t->keyword == LEX_KW_IN || opens_statement(x->out, x->out->ntokens - 1);
	if (lex_is_sum(t->kind) && in_run(x))
		return false;
	return t->kind == LEX_COMMA || (t->kind >= LEX_ASSIGN && t->kind <= LEX_RANGE) ||
	       t->kind == LEX_PIPE;
}

static void
newline(struct lexer *x)
{
	bool inside = x->nopen && x->open[x->nopen - 1] != '{';

	if (!inside && !continues(x))
		emit(x, LEX_NEWLINE, x->i, x->i + 1);
	x->i++;
	x->blank = true;
}

/* Skips blanks, comments and continued lines; a newline becomes a token. False at the end. */
static bool
skip_blanks(struct lexer *x)
{
	while (x->i < x->end) {
		char c = x->s[x->i];

		if (is_blank(c)) {
			x->i++;
			x->blank = true;
		} else if (c == '\n') {
			newline(x);
		} else if (c == '\\' && x->i + 1 < x->end && x->s[x->i + 1] == '\n') {
			x->i += 2;
			x->blank = true;
		} else if (c == '\\' && x->i + 1 == x->end) {
			x->i++;
			x->out->missing = "the line that '\\' continues";
		} else if (c == '#') {
			while (x->i < x->end && x->s[x->i] != '\n')
				x->i++;
		} else {
			return true;
		}
	}
	return false;
}

/* '…': ends at a quote that is not doubled. */
static void
raw_text(struct lexer *x)
{
	uint32_t i = x->i + 1;

	while (i < x->end && (x->s[i] != '\'' || (i + 1 < x->end && x->s[i + 1] == '\'')))
		i += x->s[i] == '\'' ? 2 : 1;
	if (i >= x->end) {
		x->out->missing = "the closing '";
		i = x->end - 1;
	}
	emit(x, LEX_RAW, x->i, i + 1);
	x->i = i + 1;
}

/*
 * The end of the "…" text that starts at @i: its closing quote, or x->end. Texts inside ${ } may
 * hold texts; how deep we are in them is a string of q (quote) and b (brace) on a small stack.
 */
static uint32_t
text_end(const struct lexer *x, uint32_t i)
{
	char stack[64] = "q";
	int top = 0;

	for (i++; i < x->end; i++) {
		char c = x->s[i];

		if (stack[top] == 'r') {
			top -= c == '\'';
		} else if (stack[top] == 'q') {
			if (c == '\\')
				i++;
			else if (c == '"' && top-- == 0)
				return i;
			else if (c == '$' && i + 1 < x->end && x->s[i + 1] == '{' && top < 62)
				stack[++top] = 'b', i++;
		} else if (c == '"' || c == '\'' || c == '{') {
			if (top < 62)
				stack[++top] = c == '"' ? 'q' : c == '{' ? 'b' : 'r';
		} else if (c == '}') {
			top--;
		}
	}
	return x->end;
}

static void
quoted_text(struct lexer *x)
{
	uint32_t i = text_end(x, x->i);

	if (i >= x->end) {
		x->out->missing = "the closing \"";
		i = x->end - 1;
	}
	emit(x, LEX_STRING, x->i, i + 1);
	x->i = i + 1;
}

static void
bracket(struct lexer *x, enum lex_kind kind)
{
	char c = x->s[x->i];

	if (strchr("([{", c)) {
		if (x->nopen == x->open_size) {
			char *more = twz_alloc(x->arena, x->open_size = 2 * x->open_size + 32);

			if (x->nopen)
				memcpy(more, x->open, x->nopen);
			x->open = more;
		}
		x->open[x->nopen++] = c;
	} else if (strchr(")]}", c) && x->nopen) {
		char opening = c == ')' ? '(' : c == ']' ? '[' : '{';

		if (x->open[x->nopen - 1] == opening)
			x->nopen--;
	}
	emit(x, kind, x->i, x->i + 1);
	x->i++;
}

/* Asked of each byte of a text. */
static const bool is_no_word[256] = {
	['\0'] = true, [' '] = true, ['\t'] = true, ['\r'] = true, ['\n'] = true, ['('] = true, [')'] = true,
	['['] = true, [']'] = true, ['{'] = true, ['}'] = true, [';'] = true, ['|'] = true, ['"'] = true,
	['\''] = true,
};

/* Whether no word goes on at byte @i. */
static bool
ends_word(const struct lexer *x, uint32_t i)
{
	return i >= x->end || is_no_word[(unsigned char)x->s[i]] || (x->s[i] == ',' && x->nopen);
}

/*
 * Bytes of the word at x->i, before the rules about ':' and a final '?'. a?.b, (a)?.b and a? are a
 * value, then '?', then what follows.
 */
static uint32_t
word_length(const struct lexer *x)
{
	const char *s = x->s;
	uint32_t i = x->i;

	if (s[i] == '?')
		return i + 1 < x->end && (s[i + 1] == '=' || s[i + 1] == '?') && ends_word(x, i + 2) ? 2 : 1;
	while (!ends_word(x, i) && !(s[i] == '?' && i + 1 < x->end && s[i + 1] == '.'))
		i++;
	return i - x->i;
}

/* Where the word of @n bytes ends by those rules; never 0. */
static uint32_t
word_cut(const struct lexer *x, uint32_t n)
{
	const char *s = x->s + x->i;
	bool blank_follows = x->i + n == x->end || strchr(" \t\r\n", s[n]);

	/* A service and "::" is the beginning of a path, and no key of a record. */
	if (n > 1 && s[n - 1] == ':' && s[n - 2] != ':' && blank_follows)
		n--;
	while (n > 1 && s[n - 1] == '?')
		n--;
	return n;
}

static enum lex_keyword
keyword_of(const char *s, uint32_t n)
{
	/* The first letter decides nearly always: this is asked of each word of a text. */
	for (size_t i = 1; i < TWZ_COUNT(keyword_texts); i++)
		if (*keyword_texts[i] == *s && strlen(keyword_texts[i]) == n && !memcmp(keyword_texts[i], s, n))
			return (enum lex_keyword)i;
	return LEX_NO_KEYWORD;
}

static bool
is_named(const char *s, uint32_t n)
{
	const char *eq = memchr(s, '=', n);
	uint32_t name = eq ? (uint32_t)(eq - s) : n;

	if (n < 3 || strncmp(s, "--", 2) || !is_name_start(s[2]))
		return false;
	for (uint32_t i = 3; i < name; i++)
		if (!is_name_start(s[i]) && !is_digit(s[i]) && s[i] != '-')
			return false;
	return true;
}

static enum lex_kind
word_kind(const char *s, uint32_t n)
{
	if (is_number(s, n))
		return LEX_NUMBER;
	if (is_names(s, n, "::", 1))
		return memchr(s, ':', n) ? LEX_PATH : LEX_NAME;
	if (is_names(s, n, ".", 2))
		return LEX_FIELD;
	if (*s == '.' && is_names(s + 1, n - 1, ".", 1))
		return LEX_DOTS;
	if (*s == '$' && is_names(s + 1, n - 1, ".", 1))
		return LEX_VAR;
	if (is_named(s, n))
		return LEX_NAMED;
	return LEX_TEXT;
}

static bool
bad_word(struct lexer *x, const char *s, uint32_t n)
{
	for (size_t i = 0; i < TWZ_COUNT(foreign); i++) {
		if (*foreign[i].start != *s || strlen(foreign[i].start) > x->end - x->i ||
		    memcmp(s, foreign[i].start, strlen(foreign[i].start)))
			continue;
		emit_bad(x, x->i, x->i + n, foreign[i].why, foreign[i].hint);
		return true;
	}
	if (s[n - 1] == ',') {
		emit_bad(x, x->i + n - 1, x->i + n, "a word cannot end with ','",
			 "arguments are separated by blanks: GATE a b");
		return true;
	}
	if (*s == '$' && n == 1 && x->i + 1 < x->end && s[1] == '(') {
		emit_bad(x, x->i, x->i + n, "'$(' begins nothing",
			 "what a call gives: (GATE …); what a program gives: (run PROGRAM)?");
		return true;
	}
	if (*s == '$' && word_kind(s, n) != LEX_VAR) {
		emit_bad(x, x->i, x->i + n, "'$' must be followed by the name of a variable",
			 "arguments of a script are args[0], args[1] …; inside \"…\" write ${name}");
		return true;
	}
	for (uint32_t i = 0; i < n; i++) {
		if ((unsigned char)s[i] >= 0x20 && s[i] != 0x7f)
			continue;
		emit_bad(x, x->i + i, x->i + i + 1, "a control character stands in the text",
			 "inside \"…\" write it as \\xNN");
		return true;
	}
	return false;
}

static void
word(struct lexer *x)
{
	const char *s = x->s + x->i;
	uint32_t n = word_length(x);
	struct lex_token *t;

	for (size_t i = 0; i < TWZ_COUNT(operators); i++) {
		if (*operators[i].text != *s || strlen(operators[i].text) != n ||
		    memcmp(operators[i].text, s, n))
			continue;
		if (operators[i].kind == LEX_COMMA && !x->nopen)
			break;
		emit(x, operators[i].kind, x->i, x->i + n);
		x->i += n;
		return;
	}
	n = word_cut(x, n);
	if (!bad_word(x, s, n)) {
		t = emit(x, word_kind(s, n), x->i, x->i + n);
		if (t->kind == LEX_NAME)
			t->keyword = keyword_of(s, n);
	}
	x->i += n;
}

static void
one_token(struct lexer *x)
{
	char c = x->s[x->i];

	for (size_t i = 0; i < TWZ_COUNT(brackets); i++) {
		if (brackets[i].c != c)
			continue;
		bracket(x, brackets[i].kind);
		return;
	}
	if (c == '\'') {
		raw_text(x);
	} else if (c == '"') {
		quoted_text(x);
	} else if (c == ',' && x->nopen) {
		emit(x, LEX_COMMA, x->i, x->i + 1);
		x->i++;
	} else if (!c) {
		emit_bad(x, x->i, x->i + 1, "a NUL byte stands in the text", "inside \"…\" write it as \\x00");
		x->i++;
	} else {
		word(x);
	}
}

/* What an unfinished text waits for. */
static const char *
what_is_missing(const struct lexer *x)
{
	if (x->out->missing)
		return x->out->missing;
	if (x->nopen)
		return x->open[x->nopen - 1] == '(' ? "the closing ')'"
		       : x->open[x->nopen - 1] == '[' ? "the closing ']'" : "the closing '}'";
	if (!continues(x))
		return NULL;
	return last(x)->kind == LEX_NAME ? "what follows the keyword" : "what follows the operator";
}

void
lex_text(const char *text, uint32_t from, uint32_t to, struct twz_arena *arena, struct lex *ret)
{
	struct lexer x = { .s = text, .i = from, .end = to, .arena = arena, .out = ret, .blank = true };

	*ret = (struct lex){ .text = text };
	while (skip_blanks(&x))
		one_token(&x);
	ret->missing = what_is_missing(&x);
	x.blank = true;
	emit(&x, LEX_END, to, to);
}
