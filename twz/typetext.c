#include "twz/typetext.h"

#include <inttypes.h>
#include <string.h>

enum { DEPTH_MAX = 64 };

/* -- shown form ---------------------------------------------------------------------------------- */

static const char *
integer_name(const struct twz_type *t)
{
	static const char *const names[2][5] = {
		{ "u8", "u16", "u32", "u64", "u128" },
		{ "i8", "i16", "i32", "i64", "i128" },
	};

	switch (t->size) {
	case 1: return names[t->is_signed][0];
	case 2: return names[t->is_signed][1];
	case 4: return names[t->is_signed][2];
	case 8: return names[t->is_signed][3];
	case 16: return names[t->is_signed][4];
	}
	return t->name;
}

/* int32_t and its like say no more than i32: the language has names of its own for them. */
static const struct twz_type *
standard_integer(const struct twz_type *type)
{
	static const char *const names[] = { "int8_t", "int16_t", "int32_t", "int64_t",
					     "uint8_t", "uint16_t", "uint32_t", "uint64_t" };
	const struct twz_type *t = twz_type_strip(type);

	for (size_t i = 0; i < TWZ_COUNT(names); i++)
		if (!strcmp(type->name, names[i]) && t->kind == TWZ_INT)
			return t;
	return NULL;
}

static void shown(FILE *out, const struct twz_type *type, unsigned depth);

static void
shown_params(FILE *out, const struct twz_type *t, unsigned depth)
{
	fputs("fn(", out);
	for (uint32_t i = 0; i < t->nmembers; i++) {
		fputs(i ? ", " : "", out);
		shown(out, t->members[i].type, depth + 1);
	}
	fputs(t->is_variadic ? (t->nmembers ? ", ...)" : "...)") : ")", out);
	if (t->target && t->target->kind != TWZ_VOID) {
		fputs(" -> ", out);
		shown(out, t->target, depth + 1);
	}
}

static void
shown_pointer(FILE *out, const struct twz_type *t, unsigned depth)
{
	const struct twz_type *target = twz_type_strip(t->target);

	if (!target) {
		fputs("*void", out);
		return;
	}
	if (target->kind != TWZ_FUNC && !(t->is_const && target->kind == TWZ_STRUCT))
		fputs(t->is_const ? "*const " : "*", out);
	if (target->kind == TWZ_VOID)
		fputs("void", out);
	else
		shown(out, t->target, depth + 1);
}

static void
shown_result(FILE *out, const struct twz_type *t, unsigned depth)
{
	const struct twz_member *ok = twz_result_ok(t), *err = twz_result_err(t);

	fputs("Result<", out);
	if (ok)
		shown(out, ok->type, depth + 1);
	else
		fputs("()", out);
	fputs(", ", out);
	shown(out, err ? err->type : NULL, depth + 1);
	fputc('>', out);
}

static void
shown_wrapped(FILE *out, const char *before, const struct twz_type *inner, const char *after,
	      unsigned depth)
{
	fputs(before, out);
	shown(out, inner, depth + 1);
	fputs(after, out);
}

static void
shown(FILE *out, const struct twz_type *type, unsigned depth)
{
	const struct twz_member *value;

	if (!type || depth > DEPTH_MAX) {
		fputs(type ? "…" : "?", out);
		return;
	}
	switch (type->kind) {
	case TWZ_VOID:
		fputs("()", out);
		break;
	case TWZ_BOOL:
		fputs("bool", out);
		break;
	case TWZ_CHAR:
		fputs("char", out);
		break;
	case TWZ_INT:
		fputs(integer_name(type), out);
		break;
	case TWZ_FLOAT:
		fputs(type->size == 4 ? "f32" : type->size == 8 ? "f64" : type->name, out);
		break;
	case TWZ_ENUM:
	case TWZ_STRUCT:
	case TWZ_UNION:
		fputs(*type->name ? type->name : twz_kind_name(type->kind), out);
		break;
	case TWZ_STRING:
		fputs("string", out);
		break;
	case TWZ_POINTER:
		shown_pointer(out, type, depth);
		break;
	case TWZ_ARRAY:
		fputc('[', out);
		shown(out, type->target, depth + 1);
		fprintf(out, "; %" PRIu64 "]", type->count);
		break;
	case TWZ_RESULT:
		shown_result(out, type, depth);
		break;
	case TWZ_OPTION:
		value = twz_member_find(type, "twz_value");
		shown_wrapped(out, "Option<", value ? value->type : NULL, ">", depth);
		break;
	case TWZ_TYPEDEF: {
		const struct twz_type *t = twz_type_strip(type), *basic = standard_integer(type);

		/* A typedef of a result or of a text says less than what it stands for. */
		if (basic || (t && (t->kind == TWZ_RESULT || t->kind == TWZ_OPTION ||
				    t->kind == TWZ_BOOL)))
			shown(out, basic ? basic : t, depth + 1);
		else
			fputs(type->name, out);
		break;
	}
	case TWZ_FUNC:
		shown_params(out, type, depth);
		break;
	case TWZ_LIST:
		if (type->target)
			shown_wrapped(out, "[", type->target, "]", depth);
		else
			fputs("list", out);
		break;
	case TWZ_RECORD:
	case TWZ_OPAQUE:
		fputs(*type->name ? type->name : twz_kind_name(type->kind), out);
		break;
	}
}

void
twz_type_write(FILE *out, const struct twz_type *type)
{
	shown(out, type, 0);
}

/* Runs a printer into arena memory. */
static const char *
in_arena(struct twz_arena *arena, void (*write)(FILE *, const void *), const void *what)
{
	TWZ_FREE char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);

	if (!f)
		return "?";
	write(f, what);
	fclose(f);
	return text ? twz_strndup(arena, text, n) : "?";
}

static void
write_type(FILE *out, const void *type)
{
	twz_type_write(out, type);
}

const char *
twz_type_text(struct twz_arena *arena, const struct twz_type *type)
{
	return in_arena(arena, write_type, type);
}

static void
buffer_write(FILE *out, const struct twz_member *p)
{
	const struct twz_type *t = twz_type_strip(p->type);
	const struct twz_type *element = t && t->kind == TWZ_POINTER ? t->target : &twz_type_char;
	const struct twz_type *e = twz_type_strip(element);

	if (!e || e->kind == TWZ_VOID)
		element = e = &twz_type_u8;
	if (e->kind == TWZ_CHAR) {
		fputs("string", out);
	} else if (p->extent < 0 && p->count == 1) {
		shown(out, element, 0);
	} else {
		fputc('[', out);
		shown(out, element, 0);
		if (p->extent < 0)
			fprintf(out, "; %" PRIu64, p->count);
		fputc(']', out);
	}
}

void
twz_param_write(FILE *out, const struct twz_member *param)
{
	if (param->optional)
		fputs("Option<", out);
	if (param->has_extent)
		buffer_write(out, param);
	else
		shown(out, param->type, 0);
	if (param->optional)
		fputc('>', out);
}

/* Whether callers never give parameter @i, because it counts what buffers bring along. */
static bool
counts_buffers(const struct twz_type *func, uint32_t i)
{
	bool counts = false;

	for (uint32_t k = 0; k < func->nmembers; k++) {
		const struct twz_member *p = &func->members[k];

		if (!p->has_extent || p->extent != (int32_t)i)
			continue;
		if (p->dir == TWZ_OUT)
			return false;
		counts = true;
	}
	return counts;
}

void
twz_signature_write(FILE *out, const struct twz_gate *gate)
{
	static const char *const dirs[] = { [TWZ_IN] = "", [TWZ_OUT] = "out ",
					    [TWZ_INOUT] = "inout " };
	const struct twz_type *t = gate->type;
	const char *comma = "";

	fputs(gate->name, out);
	if (!t) {
		fputs("(?)", out);
		return;
	}
	fputc('(', out);
	for (uint32_t i = 0; i < t->nmembers; i++) {
		const struct twz_member *p = &t->members[i];

		if (counts_buffers(t, i))
			continue;
		fprintf(out, "%s%s%s: ", comma, dirs[p->dir], *p->name ? p->name : "_");
		twz_param_write(out, p);
		comma = ", ";
	}
	if (t->is_variadic)
		fputs(t->nmembers ? ", ..." : "...", out);
	else if (!t->is_prototyped)
		fputs("?", out);
	fputc(')', out);
	if (t->target && t->target->kind != TWZ_VOID) {
		fputs(" -> ", out);
		shown(out, t->target, 0);
	}
}

static void
write_signature(FILE *out, const void *gate)
{
	twz_signature_write(out, gate);
}

const char *
twz_signature_text(struct twz_arena *arena, const struct twz_gate *gate)
{
	return in_arena(arena, write_signature, gate);
}

/* -- C form -------------------------------------------------------------------------------------- */

static const char *declare(struct twz_arena *a, const struct twz_type *t, const char *inner,
			   bool is_const, unsigned depth);

static const char *
declare_params(struct twz_arena *a, const struct twz_type *t, unsigned depth)
{
	const char *list = "";

	for (uint32_t i = 0; i < t->nmembers; i++)
		list = twz_format(a, "%s%s%s", list, i ? ", " : "",
				  declare(a, t->members[i].type, t->members[i].name, false, depth + 1));
	if (t->is_variadic)
		return twz_format(a, "%s%s...", list, t->nmembers ? ", " : "");
	return t->nmembers || !t->is_prototyped ? list : "void";
}

static const char *
declare_base(struct twz_arena *a, const char *tag, const char *name, const char *inner,
	     bool is_const)
{
	return twz_format(a, "%s%s%s%s%s", is_const ? "const " : "", tag, name,
			  *inner ? " " : "", inner);
}

/* Builds the declarator from the inside out: @inner is what has been read so far. */
static const char *
declare(struct twz_arena *a, const struct twz_type *t, const char *inner, bool is_const,
	unsigned depth)
{
	const struct twz_type *target = t ? t->target : NULL;
	const char *wrapped;

	if (!t || depth > DEPTH_MAX)
		return declare_base(a, "", "void", inner, is_const);
	switch (t->kind) {
	case TWZ_STRING:
	case TWZ_POINTER:
		wrapped = twz_format(a, is_const ? "*const %s" : "*%s", inner);
		if (target && (target->kind == TWZ_ARRAY || target->kind == TWZ_FUNC))
			wrapped = twz_format(a, "(%s)", wrapped);
		if (!target && t->kind == TWZ_STRING)
			target = &twz_type_char;
		return declare(a, target, wrapped, t->is_const, depth + 1);
	case TWZ_ARRAY:
		if (t->count)
			wrapped = twz_format(a, "%s[%" PRIu64 "]", inner, t->count);
		else
			wrapped = twz_format(a, "%s[]", inner);
		return declare(a, target, wrapped, is_const, depth + 1);
	case TWZ_FUNC:
		wrapped = twz_format(a, "%s(%s)", inner, declare_params(a, t, depth));
		return declare(a, target ? target : &twz_type_void, wrapped, false, depth + 1);
	case TWZ_STRUCT:
	case TWZ_RESULT:
	case TWZ_OPTION:
		return declare_base(a, "struct ", t->name, inner, is_const);
	case TWZ_UNION:
		return declare_base(a, "union ", t->name, inner, is_const);
	case TWZ_ENUM:
		return declare_base(a, "enum ", t->name, inner, is_const);
	case TWZ_VOID:
	case TWZ_BOOL:
	case TWZ_CHAR:
	case TWZ_INT:
	case TWZ_FLOAT:
	case TWZ_TYPEDEF:
	case TWZ_OPAQUE:
		break;
	case TWZ_LIST:
	case TWZ_RECORD:
		return declare_base(a, "", "void", inner, is_const);
	}
	return declare_base(a, "", *t->name ? t->name : "void", inner, is_const);
}

void
twz_c_declare(FILE *out, const struct twz_type *type, const char *name)
{
	TWZ_ARENA arena = { 0 };

	fputs(declare(&arena, type, name, false, 0), out);
}

/* -- hash ---------------------------------------------------------------------------------------- */

/*
 * Canonical text: every layout in full where it first appears, by name afterwards. It depends on
 * nothing but names and layouts, so the same source gives the same hash from every reader.
 */
struct canon {
	FILE *out;
	const struct twz_type **seen;
	size_t nseen;
	struct twz_arena arena;
};

static bool
seen_before(struct canon *c, const struct twz_type *t)
{
	for (size_t i = 0; i < c->nseen; i++)
		if (c->seen[i] == t || (*t->name && c->seen[i]->kind == t->kind &&
					!strcmp(c->seen[i]->name, t->name)))
			return true;
	twz_push(&c->arena, c->seen, c->nseen, t);
	return false;
}

static void
canon_type(struct canon *c, const struct twz_type *t, unsigned depth)
{
	if (!t || depth > DEPTH_MAX) {
		fputs("?;", c->out);
		return;
	}
	fprintf(c->out, "%s %s %d%d%d%d%d %u %u %" PRIu64 " {", twz_kind_name(t->kind),
		t->kind == TWZ_BOOL ? "bool" : t->kind == TWZ_STRING ? "" : t->name,
		t->is_signed, t->is_const, t->is_flags, t->is_variadic, t->is_prototyped,
		t->size, t->align, t->count);
	if ((t->nmembers || t->target) && seen_before(c, t)) {
		fputs("…}", c->out);
		return;
	}
	for (uint32_t i = 0; i < t->nmembers; i++) {
		const struct twz_member *m = &t->members[i];

		fprintf(c->out, "%s@%" PRIu64 ":%u:%u=%" PRId64 " %d%d%d %d %" PRIu64 " ", m->name,
			m->offset, m->bit_size, m->bit_offset, m->value, m->dir, m->optional,
			m->has_extent, m->extent, m->count);
		if (t->kind != TWZ_ENUM)
			canon_type(c, m->type, depth + 1);
	}
	if (t->target && t->kind != TWZ_STRING)
		canon_type(c, t->target, depth + 1);
	fputc('}', c->out);
}

uint64_t
twz_gate_hash(const struct twz_gate *gate)
{
	TWZ_FREE char *text = NULL;
	size_t n = 0;
	struct canon c = { .out = open_memstream(&text, &n) };
	uint64_t hash = 0xcbf29ce484222325;

	if (!c.out)
		return 0;
	fprintf(c.out, "%s ", gate->name);
	canon_type(&c, gate->type, 0);
	fclose(c.out);
	twz_arena_free(&c.arena);
	for (size_t i = 0; text && i < n; i++)
		hash = (hash ^ (unsigned char)text[i]) * 0x100000001b3;
	return hash;
}

/* -- parsing ------------------------------------------------------------------------------------- */

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
