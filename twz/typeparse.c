/*
 * Parses the shown form of a type, as language.md writes it. Names of structs and enums are asked of whoever
 * calls.
 */
#include "twz/typetext.h"

#include <string.h>

enum { DEPTH_MAX = 64 };

struct parser {
	const char *p;
	twz_type_lookup *lookup;
	void *data;
	struct twz_arena *arena;
	struct twz_error *err;
	unsigned depth;
};

static void
blanks(struct parser *ps)
{
	ps->p += strspn(ps->p, " \t");
}

static bool
take(struct parser *ps, const char *token)
{
	blanks(ps);
	if (strncmp(ps->p, token, strlen(token)))
		return false;
	ps->p += strlen(token);
	return true;
}

static bool
expected(struct parser *ps, const char *what)
{
	return twz_fail(ps->err, TWZ_CLASS_SYNTAX, TWZ_ERR(ARGUMENT, INVALID_ARGUMENT),
			"in a type: expected %s at '%s'", what, ps->p);
}

static const struct twz_type *
basic_type(const char *name, size_t n)
{
	static const struct {
		const char *name;
		const struct twz_type *type;
	} basics[] = {
		{ "i8", &twz_type_i8 }, { "i16", &twz_type_i16 }, { "i32", &twz_type_i32 },
		{ "i64", &twz_type_i64 }, { "u8", &twz_type_u8 }, { "u16", &twz_type_u16 },
		{ "u32", &twz_type_u32 }, { "u64", &twz_type_u64 }, { "f32", &twz_type_f32 },
		{ "f64", &twz_type_f64 }, { "bool", &twz_type_bool }, { "char", &twz_type_char },
		{ "string", &twz_type_string }, { "int", &twz_type_i64 },
		{ "list", &twz_type_list }, { "record", &twz_type_record },
	};

	for (size_t i = 0; i < TWZ_COUNT(basics); i++)
		if (strlen(basics[i].name) == n && !memcmp(basics[i].name, name, n))
			return basics[i].type;
	return NULL;
}

static const struct twz_type *parse_type(struct parser *ps);

static const struct twz_type *
parse_bracket(struct parser *ps)
{
	const struct twz_type *element = parse_type(ps);
	struct twz_type *t = twz_new(ps->arena, struct twz_type);
	const struct twz_type *stripped = twz_type_strip(element);

	if (!element)
		return NULL;
	*t = (struct twz_type){ .kind = TWZ_LIST, .name = "", .target = element };
	if (take(ps, ";")) {
		char *end;

		blanks(ps);
		t->kind = TWZ_ARRAY;
		t->count = strtoull(ps->p, &end, 10);
		if (end == ps->p || *ps->p == '-' || t->count > UINT32_MAX / 16)
			return expected(ps, "a length"), NULL;
		ps->p = end;
		t->size = (uint32_t)t->count * stripped->size;
		t->align = stripped->align;
	}
	return take(ps, "]") ? t : (expected(ps, "']'"), NULL);
}

/* Option<T> and Result<T, E> as the language writes them: without a layout. */
static const struct twz_type *
parse_wrapper(struct parser *ps, bool result)
{
	struct twz_member *m = twz_new_array(ps->arena, 3, struct twz_member);
	struct twz_type *t = twz_new(ps->arena, struct twz_type);
	uint32_t n = 0;

	*t = (struct twz_type){ .kind = result ? TWZ_RESULT : TWZ_OPTION, .name = "" };
	m[n++] = (struct twz_member){ .name = result ? "twz_state" : "twz_some",
				      .type = &twz_type_u32 };
	if (!result || !take(ps, "()")) {
		m[n] = (struct twz_member){ .name = result ? "twz_ok" : "twz_value",
					    .type = parse_type(ps) };
		if (!m[n++].type)
			return NULL;
	}
	if (result) {
		if (!take(ps, ","))
			return expected(ps, "','"), NULL;
		m[n] = (struct twz_member){ .name = "twz_err", .type = parse_type(ps) };
		if (!m[n++].type)
			return NULL;
	}
	t->members = m;
	t->nmembers = n;
	return take(ps, ">") ? t : (expected(ps, "'>'"), NULL);
}

static const struct twz_type *
parse_name(struct parser *ps)
{
	size_t n = strspn(ps->p, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				 "0123456789_:");
	const struct twz_type *t = basic_type(ps->p, n);

	if (!n)
		return expected(ps, "a type"), NULL;
	if (!t && ps->lookup)
		t = ps->lookup(ps->data, ps->p, n);
	if (!t)
		twz_fail(ps->err, TWZ_CLASS_NAME, TWZ_ERR(NAMING, NOT_FOUND), "no type '%.*s'",
			 (int)n, ps->p);
	ps->p += n;
	return t;
}

static const struct twz_type *
parse_type(struct parser *ps)
{
	const struct twz_type *t;

	if (++ps->depth > DEPTH_MAX)
		return expected(ps, "a type that is nested less deeply"), NULL;
	if (take(ps, "["))
		t = parse_bracket(ps);
	else if (take(ps, "()"))
		t = &twz_type_void;
	else if (take(ps, "Option<"))
		t = parse_wrapper(ps, false);
	else if (take(ps, "Result<"))
		t = parse_wrapper(ps, true);
	else
		t = parse_name(ps);
	ps->depth--;
	return t;
}

bool
twz_type_parse(const char *text, twz_type_lookup *lookup, void *data, struct twz_arena *arena,
	       const struct twz_type **ret, struct twz_error *err)
{
	struct parser ps = { text, lookup, data, arena, err, 0 };
	const struct twz_type *t = parse_type(&ps);

	if (!t)
		return false;
	blanks(&ps);
	if (*ps.p)
		return expected(&ps, "the end");
	*ret = t;
	return true;
}
