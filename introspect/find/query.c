#include "introspect/find/query.h"

#include <ctype.h>
#include <string.h>

#include "introspect/find/query_in.h"

static const char examples[] =
	"try 'takes User', 'returns char*', 'reaches pthread_mutex_t', 'name png_*' or '(const char*, int) -> int'";

struct reader {
	const char *text, *p;
	struct twz_arena *arena;
	struct twz_error *err;
	const char **names;
	size_t nnames;
	unsigned depth;
};

/* -- words ------------------------------------------------------------------------------------------ */

static void
blanks(struct reader *r)
{
	while (isspace((unsigned char)*r->p))
		r->p++;
}

static bool
is_letter(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '$' || c & 0x80;
}

/* Letters of the word that comes next; C++ and Rust put "::" between those of one name. */
static size_t
word(struct reader *r)
{
	size_t n = 0;

	blanks(r);
	if (isdigit((unsigned char)*r->p))
		return 0;
	for (;;) {
		while (is_letter(r->p[n]))
			n++;
		if (!n || r->p[n] != ':' || r->p[n + 1] != ':' || !is_letter(r->p[n + 2]))
			return n;
		n += 2;
	}
}

static bool
is_word(const char *p, size_t n, const char *text)
{
	return strlen(text) == n && !memcmp(p, text, n);
}

static bool
take_word(struct reader *r, const char *text)
{
	size_t n = word(r);

	if (!is_word(r->p, n, text))
		return false;
	r->p += n;
	return true;
}

static bool
take(struct reader *r, const char *token)
{
	blanks(r);
	if (strncmp(r->p, token, strlen(token)))
		return false;
	r->p += strlen(token);
	return true;
}

static bool
expected(struct reader *r, const char *what)
{
	size_t n = word(r);

	twz_fail(r->err, TWZ_CLASS_SYNTAX, TWZ_ERR(ARGUMENT, INVALID_ARGUMENT), "expected %s%s", what,
		 *r->p ? "" : " at the end");
	r->err->from = (uint32_t)(r->p - r->text);
	r->err->to = r->err->from + (uint32_t)(n ? n : 1);
	return twz_hint(r->err, "%s", examples);
}

/* -- types ------------------------------------------------------------------------------------------ */

static const struct pattern *read_type(struct reader *r);

static const struct {
	const char *name;
	enum twz_kind kind;
	uint32_t size;
	bool is_signed;
} basics[] = {
	{ "i8", TWZ_INT, 1, true }, { "i16", TWZ_INT, 2, true }, { "i32", TWZ_INT, 4, true },
	{ "i64", TWZ_INT, 8, true }, { "i128", TWZ_INT, 16, true }, { "u8", TWZ_INT, 1, false },
	{ "u16", TWZ_INT, 2, false }, { "u32", TWZ_INT, 4, false }, { "u64", TWZ_INT, 8, false },
	{ "u128", TWZ_INT, 16, false }, { "__int128", TWZ_INT, 16, true }, { "f32", TWZ_FLOAT, 4, true },
	{ "f64", TWZ_FLOAT, 8, true }, { "bool", TWZ_BOOL, 1, false }, { "_Bool", TWZ_BOOL, 1, false },
};

/* How often each of C's words for numbers was written. */
struct number {
	unsigned is_unsigned, is_signed, is_short, is_long, is_int, is_char, is_float, is_double;
};

static bool
number_word(struct reader *r, struct number *n)
{
	const struct { const char *text; unsigned *count; } words[] = {
		{ "unsigned", &n->is_unsigned }, { "signed", &n->is_signed }, { "short", &n->is_short },
		{ "long", &n->is_long }, { "int", &n->is_int }, { "char", &n->is_char },
		{ "float", &n->is_float }, { "double", &n->is_double },
	};

	for (size_t i = 0; i < TWZ_COUNT(words); i++)
		if (take_word(r, words[i].text)) {
			++*words[i].count;
			return true;
		}
	return false;
}

static void
set_number(struct pattern *p, const struct number *n)
{
	p->what = PATTERN_NUMBER;
	p->kind = TWZ_INT;
	p->is_signed = !n->is_unsigned;
	p->size = n->is_char ? 1 : n->is_short ? 2 : n->is_long ? 8 : 4;
	if (n->is_char && !n->is_unsigned && !n->is_signed)
		p->kind = TWZ_CHAR;
	if (!n->is_float && !n->is_double)
		return;
	p->kind = TWZ_FLOAT;
	p->size = n->is_float ? 4 : n->is_long ? 16 : 8;
}

/* "struct", "union", … before a name. */
static enum twz_kind
read_tag(struct reader *r)
{
	static const struct { const char *text; enum twz_kind kind; } tags[] = {
		{ "struct", TWZ_STRUCT }, { "union", TWZ_UNION }, { "enum", TWZ_ENUM }, { "class", TWZ_STRUCT },
	};

	for (size_t i = 0; i < TWZ_COUNT(tags); i++)
		if (take_word(r, tags[i].text))
			return tags[i].kind;
	return TWZ_VOID;
}

static bool
qualifier(struct reader *r, struct pattern *p, int level)
{
	if (take_word(r, "const")) {
		p->consts |= (uint32_t)1 << level;
		return true;
	}
	return take_word(r, "volatile") || take_word(r, "restrict") || take_word(r, "_Atomic");
}

/* A word that begins the next clause, and so names no type. */
static bool
is_clause(const char *p, size_t n)
{
	return is_word(p, n, "takes") || is_word(p, n, "returns") || is_word(p, n, "reaches") ||
	       is_word(p, n, "name") || is_word(p, n, "and");
}

static bool
read_name(struct reader *r, struct pattern *p)
{
	size_t n;

	p->kind = read_tag(r);
	n = word(r);
	if (!n || is_clause(r->p, n))
		return expected(r, "a type");
	for (size_t i = 0; i < TWZ_COUNT(basics) && p->kind == TWZ_VOID; i++) {
		if (!is_word(r->p, n, basics[i].name))
			continue;
		p->what = PATTERN_NUMBER;
		p->kind = basics[i].kind;
		p->size = basics[i].size;
		p->is_signed = basics[i].is_signed;
		r->p += n;
		return true;
	}
	p->what = PATTERN_NAME;
	p->name = twz_strndup(r->arena, r->p, n);
	r->p += n;
	if (is_word(p->name, strlen(p->name), "_"))
		p->what = PATTERN_ANY;
	else
		twz_push(r->arena, r->names, r->nnames, p->name);
	return true;
}

static bool
add_arg(struct reader *r, struct pattern *p)
{
	const struct pattern *arg = read_type(r);

	if (!arg)
		return false;
	if (p->nargs == QUERY_PARAMS)
		return expected(r, "fewer types");
	p->args[p->nargs++] = arg;
	return true;
}

/* What stands between the parentheses, and the ")". */
static bool
read_args(struct reader *r, struct pattern *p)
{
	p->has_args = true;
	if (take(r, ")"))
		return true;
	do {
		if (take(r, "...") || take(r, "…")) {
			p->more = true;
			break;
		}
		if (!add_arg(r, p))
			return false;
	} while (take(r, ","));
	/* C's way to say "none". */
	if (p->nargs == 1 && p->args[0]->what == PATTERN_VOID && p->args[0]->stars < 0)
		p->nargs = 0;
	return take(r, ")") || expected(r, "',' or ')'");
}

static bool
read_result(struct reader *r, struct pattern *p)
{
	if (!take(r, "->"))
		return true;
	p->result = read_type(r);
	return p->result;
}

static bool
read_list(struct reader *r, struct pattern *p)
{
	char *end;

	p->what = PATTERN_LIST;
	if (!add_arg(r, p))
		return false;
	if (take(r, ";")) {
		blanks(r);
		p->count = strtoull(r->p, &end, 10);
		if (end == r->p || *r->p == '-')
			return expected(r, "a number");
		r->p = end;
	}
	return take(r, "]") || expected(r, "']'");
}

static bool
read_wrapper(struct reader *r, struct pattern *p, enum pattern_kind what)
{
	p->what = what;
	if (!add_arg(r, p) || (what == PATTERN_RESULT &&
			       (!(take(r, ",") || expected(r, "','")) || !add_arg(r, p))))
		return false;
	return take(r, ">") || expected(r, "'>'");
}

static bool
read_base(struct reader *r, struct pattern *p)
{
	struct number number = { 0 };
	bool is_number = false;

	while (qualifier(r, p, 0))
		;
	while (number_word(r, &number) || (is_number && qualifier(r, p, 0)))
		is_number = true;
	if (is_number)
		return set_number(p, &number), true;
	if (take_word(r, "void") || take(r, "()"))
		return p->what = PATTERN_VOID, true;
	if (take_word(r, "string"))
		return p->what = PATTERN_STRING, true;
	if (take(r, "["))
		return read_list(r, p);
	if (take(r, "Option<"))
		return read_wrapper(r, p, PATTERN_OPTION);
	if (take(r, "Result<"))
		return read_wrapper(r, p, PATTERN_RESULT);
	if (take_word(r, "fn")) {
		p->what = PATTERN_FUNC;
		return !take(r, "(") || (read_args(r, p) && read_result(r, p));
	}
	return read_name(r, p);
}

/* "*" and "&" behind the type, and const behind each. */
static bool
read_stars(struct reader *r, struct pattern *p)
{
	while (take(r, "*") || take(r, "&")) {
		p->stars = p->stars < 0 ? 1 : p->stars + 1;
		if (p->stars >= QUERY_DEPTH - 1)
			return expected(r, "fewer stars");
		while (qualifier(r, p, p->stars))
			;
	}
	return true;
}

/* "int (*)(long)": what was read so far is the result of a function that is pointed to. */
static const struct pattern *
read_function(struct reader *r, const struct pattern *result)
{
	struct pattern *p = twz_new(r->arena, struct pattern);

	*p = (struct pattern){ .what = PATTERN_FUNC, .stars = -1, .result = result };
	if (!take(r, ")") || !take(r, "("))
		return expected(r, "')('"), NULL;
	return read_args(r, p) ? p : NULL;
}

static const struct pattern *
read_type(struct reader *r)
{
	struct pattern *p = twz_new(r->arena, struct pattern);
	const struct pattern *ret = p;
	int before = 0;

	p->stars = -1;
	if (++r->depth > QUERY_DEPTH)
		return expected(r, "a type that is nested less deeply"), NULL;
	/* twz shows pointers before what they point to. */
	while (take(r, "*"))
		if (++before >= QUERY_DEPTH / 2)
			return expected(r, "fewer stars"), NULL;
	if (!read_base(r, p))
		return NULL;
	while (qualifier(r, p, 0))
		;
	if (before)
		p->stars = before;
	if (!read_stars(r, p))
		return NULL;
	if (take(r, "(*"))
		ret = read_function(r, p);
	r->depth--;
	return ret;
}

/* -- clauses ---------------------------------------------------------------------------------------- */

static bool
read_pattern(struct reader *r, struct clause *c)
{
	size_t n;

	c->kind = CLAUSE_NAME;
	blanks(r);
	n = strcspn(r->p, " \t\n");
	if (!n)
		return expected(r, "a name or a pattern");
	c->name = twz_strndup(r->arena, r->p, n);
	r->p += n;
	return true;
}

static bool
read_clause(struct reader *r, struct clause *c)
{
	static const struct { const char *text; enum clause_kind kind; } words[] = {
		{ "takes", CLAUSE_TAKES }, { "returns", CLAUSE_RETURNS }, { "reaches", CLAUSE_REACHES },
	};
	struct pattern *p;

	while (take_word(r, "and"))
		;
	for (size_t i = 0; i < TWZ_COUNT(words); i++)
		if (take_word(r, words[i].text)) {
			c->kind = words[i].kind;
			c->type = read_type(r);
			return c->type;
		}
	if (take_word(r, "name"))
		return read_pattern(r, c);
	take_word(r, "fn");
	if (!take(r, "("))
		return expected(r, "takes, returns, reaches, name or '('");
	p = twz_new(r->arena, struct pattern);
	*p = (struct pattern){ .what = PATTERN_FUNC, .stars = -1 };
	c->kind = CLAUSE_SIGNATURE;
	c->type = p;
	return read_args(r, p) && read_result(r, p);
}

bool
query_parse(const char *question, struct twz_arena *arena, const struct query **ret,
	    struct twz_error *err)
{
	struct reader r = { .text = question, .p = question, .arena = arena, .err = err };
	struct clause *clauses = NULL;
	struct query *query = twz_new(arena, struct query);
	size_t n = 0;

	do {
		struct clause clause = { 0 };

		r.depth = 0;
		if (!read_clause(&r, &clause))
			return false;
		twz_push(arena, clauses, n, clause);
		blanks(&r);
	} while (*r.p);
	*query = (struct query){ clauses, n, r.names, r.nnames };
	*ret = query;
	return true;
}

size_t
query_names(const struct query *query, const char *const **ret)
{
	*ret = query->names;
	return query->nnames;
}
