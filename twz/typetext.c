#include "twz/typetext.h"

#include <inttypes.h>
#include <string.h>

enum { DEPTH_MAX = 64 };

static const char *const directions[] = { [TWZ_IN] = "", [TWZ_OUT] = "out ", [TWZ_INOUT] = "inout " };

#define TRUNCATED "…truncated"

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

	if (t->kind != TWZ_INT || (*type->name != 'i' && *type->name != 'u'))
		return NULL;
	for (size_t i = 0; i < TWZ_COUNT(names); i++)
		if (!strcmp(type->name, names[i]))
			return t;
	return NULL;
}

static void shown(struct twz_text *out, const struct twz_type *type, unsigned depth);

static void
shown_params(struct twz_text *out, const struct twz_type *t, unsigned depth)
{
	twz_text_puts(out, "fn(");
	for (uint32_t i = 0; i < t->nmembers && !out->truncated; i++) {
		twz_text_puts(out, i ? ", " : "");
		shown(out, t->members[i].type, depth + 1);
	}
	twz_text_puts(out, t->is_variadic ? (t->nmembers ? ", ...)" : "...)") : ")");
	if (t->target && t->target->kind != TWZ_VOID) {
		twz_text_puts(out, " -> ");
		shown(out, t->target, depth + 1);
	}
}

static void
shown_pointer(struct twz_text *out, const struct twz_type *t, unsigned depth)
{
	const struct twz_type *target = twz_type_strip(t->target);

	if (!target) {
		twz_text_puts(out, "*void");
		return;
	}
	if (target->kind != TWZ_FUNC && !(t->is_const && target->kind == TWZ_STRUCT))
		twz_text_puts(out, t->is_const ? "*const " : "*");
	if (target->kind == TWZ_VOID)
		twz_text_puts(out, "void");
	else
		shown(out, t->target, depth + 1);
}

static void
shown_result(struct twz_text *out, const struct twz_type *t, unsigned depth)
{
	const struct twz_member *ok = twz_result_ok(t), *err = twz_result_err(t);

	twz_text_puts(out, "Result<");
	if (ok)
		shown(out, ok->type, depth + 1);
	else
		twz_text_puts(out, "()");
	twz_text_puts(out, ", ");
	shown(out, err ? err->type : NULL, depth + 1);
	twz_text_byte(out, '>');
}

static void
shown_wrapped(struct twz_text *out, const char *before, const struct twz_type *inner, const char *after,
	      unsigned depth)
{
	twz_text_puts(out, before);
	shown(out, inner, depth + 1);
	twz_text_puts(out, after);
}

static void
shown_opaque(struct twz_text *out, const struct twz_type *t, unsigned depth)
{
	const char *const before = t->form == TWZ_FORM_REFERENCE ? t->quals & TWZ_CONST ? "&const " : "&" :
				   t->form == TWZ_FORM_RVALUE ? "&&" :
				   t->form == TWZ_FORM_VECTOR ? "vector<" :
				   t->form == TWZ_FORM_VLA ? "[" : NULL;

	if (!before || !t->target) {
		twz_text_puts(out, *t->name ? t->name : twz_kind_name(t->kind));
		return;
	}
	shown_wrapped(out, before, t->target, "", depth);
	if (t->form == TWZ_FORM_VECTOR)
		twz_text_printf(out, "; %" PRIu64 ">", t->count);
	else if (t->form == TWZ_FORM_VLA)
		twz_text_byte(out, ']');
}

static void
shown(struct twz_text *out, const struct twz_type *type, unsigned depth)
{
	const struct twz_member *value;

	if (out->truncated)
		return;
	if (!type || depth > DEPTH_MAX) {
		twz_text_puts(out, type ? "…" : "?");
		return;
	}
	switch (type->kind) {
	case TWZ_VOID:
		twz_text_puts(out, "()");
		break;
	case TWZ_BOOL:
		twz_text_puts(out, "bool");
		break;
	case TWZ_CHAR:
		twz_text_puts(out, "char");
		break;
	case TWZ_INT:
		twz_text_puts(out, integer_name(type));
		break;
	case TWZ_FLOAT:
		twz_text_puts(out, type->size == 4 ? "f32" : type->size == 8 ? "f64" : type->name);
		break;
	case TWZ_ENUM:
	case TWZ_STRUCT:
	case TWZ_UNION:
		twz_text_puts(out, *type->name ? type->name : twz_kind_name(type->kind));
		break;
	case TWZ_STRING:
		twz_text_puts(out, "string");
		break;
	case TWZ_POINTER:
		shown_pointer(out, type, depth);
		break;
	case TWZ_ARRAY:
		twz_text_byte(out, '[');
		shown(out, type->target, depth + 1);
		twz_text_puts(out, "; ");
		twz_text_unsigned(out, type->count);
		twz_text_byte(out, ']');
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
			twz_text_puts(out, type->name);
		break;
	}
	case TWZ_FUNC:
		shown_params(out, type, depth);
		break;
	case TWZ_LIST:
		if (type->target)
			shown_wrapped(out, "[", type->target, "]", depth);
		else
			twz_text_puts(out, "list");
		break;
	case TWZ_RECORD:
		twz_text_puts(out, *type->name ? type->name : twz_kind_name(type->kind));
		break;
	case TWZ_OPAQUE:
		shown_opaque(out, type, depth);
		break;
	}
}

void
twz_type_add(struct twz_text *out, const struct twz_type *type)
{
	size_t before = twz_text_limit(out, TWZ_SIGNATURE_MAX);

	shown(out, type, 0);
	twz_text_unlimit(out, before, TRUNCATED);
}

void
twz_type_write(FILE *out, const struct twz_type *type)
{
	TWZ_TEXT text = { 0 };

	twz_type_add(&text, type);
	twz_text_write(&text, out);
}

const char *
twz_type_text(struct twz_arena *arena, const struct twz_type *type)
{
	TWZ_TEXT text = { 0 };

	twz_type_add(&text, type);
	return twz_text_copy(arena, &text);
}

const char *
twz_article(const char *name)
{
	/* u8 and uLong are said as they are spelt. */
	if (name[0] == 'u' && name[1] != 'n')
		return "a";
	return strchr("aeiouAEIOU", name[0]) && name[0] ? "an" : "a";
}

static void param(struct twz_text *out, const struct twz_member *p);

/* What the callback is given, which is not all that its C function takes, by the names that are known. */
static void
callback_write(struct twz_text *out, const struct twz_type *func)
{
	const char *comma = "";

	twz_text_puts(out, "fn(");
	for (uint32_t i = 0; func && i < func->nmembers && !out->truncated; i++) {
		const struct twz_member *p = &func->members[i];

		if (!twz_param_given(func, i) && p->dir == TWZ_IN)
			continue;
		twz_text_puts(out, comma);
		twz_text_puts(out, directions[p->dir]);
		if (*p->name)
			twz_text_printf(out, "%s: ", p->name);
		param(out, p);
		comma = ", ";
	}
	twz_text_byte(out, ')');
	if (func && func->target && twz_type_strip(func->target)->kind != TWZ_VOID) {
		twz_text_puts(out, " -> ");
		shown(out, twz_returned(func), 0);
	}
}

static void
buffer_write(struct twz_text *out, const struct twz_member *p)
{
	const struct twz_type *t = twz_type_strip(p->type);
	const struct twz_type *element = t && t->kind == TWZ_POINTER ? t->target : &twz_type_char;
	const struct twz_type *e = twz_type_strip(element);

	if (p->extent == TWZ_CALLBACK) {
		callback_write(out, t && t->target ? twz_type_strip(t->target) : NULL);
		return;
	}
	/* An object goes by its type's name, whether the parameter points to it or to its pointer. */
	if (p->extent == TWZ_OBJECT) {
		if (e && p->dir == TWZ_OUT)
			element = e->target ? e->target : &twz_type_void;
		shown(out, element, 0);
		return;
	}
	if (!e || e->kind == TWZ_VOID)
		element = e = &twz_type_u8;
	if (e->kind == TWZ_CHAR) {
		twz_text_puts(out, "string");
	} else if (p->extent < 0 && p->count == 1) {
		shown(out, element, 0);
	} else {
		twz_text_byte(out, '[');
		shown(out, element, 0);
		if (p->extent < 0) {
			twz_text_puts(out, "; ");
			twz_text_unsigned(out, p->count);
		}
		twz_text_byte(out, ']');
	}
}

static void
param(struct twz_text *out, const struct twz_member *p)
{
	if (p->optional)
		twz_text_puts(out, "Option<");
	if (p->has_extent)
		buffer_write(out, p);
	else
		shown(out, p->type, 0);
	if (p->optional)
		twz_text_byte(out, '>');
}

void
twz_param_add(struct twz_text *out, const struct twz_member *p)
{
	size_t before = twz_text_limit(out, TWZ_SIGNATURE_MAX);

	param(out, p);
	twz_text_unlimit(out, before, TRUNCATED);
}

void
twz_param_write(FILE *out, const struct twz_member *p)
{
	TWZ_TEXT text = { 0 };

	twz_param_add(&text, p);
	twz_text_write(&text, out);
}

/* A pointer with nothing behind it, ever, or with what only its caller knows. */
static bool
is_empty(const struct twz_member *p)
{
	return p->has_extent && ((p->extent == -1 && !p->count) || p->extent == TWZ_USER_DATA);
}

/*
 * Whether callers never give parameter @i: it counts what buffers bring along, is always NULL, or user data.
 */
static bool
counts_buffers(const struct twz_type *func, uint32_t i)
{
	bool counts = is_empty(&func->members[i]);

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

bool
twz_param_given(const struct twz_type *func, uint32_t i)
{
	return func->members[i].dir != TWZ_OUT && !counts_buffers(func, i);
}

static void
signature(struct twz_text *out, const struct twz_gate *gate)
{
	const struct twz_type *t = gate->type;
	const char *comma = "";
	bool buffers = false;

	twz_text_puts(out, gate->name);
	if (!t) {
		twz_text_puts(out, "(?)");
		return;
	}
	for (uint32_t i = 0; i < t->nmembers; i++)
		buffers |= t->members[i].has_extent;
	twz_text_byte(out, '(');
	for (uint32_t i = 0; i < t->nmembers && !out->truncated; i++) {
		const struct twz_member *p = &t->members[i];

		if (buffers && counts_buffers(t, i))
			continue;
		twz_text_puts(out, comma);
		if (!p->has_extent || p->extent != TWZ_OBJECT || p->dir == TWZ_OUT)
			twz_text_puts(out, directions[p->dir]);
		twz_text_puts(out, *p->name ? p->name : "_");
		twz_text_puts(out, ": ");
		param(out, p);
		comma = ", ";
	}
	if (t->is_variadic)
		twz_text_puts(out, t->nmembers ? ", ..." : "...");
	else if (!t->is_prototyped)
		twz_text_puts(out, "?");
	twz_text_byte(out, ')');
	if (t->target && t->target->kind != TWZ_VOID) {
		const struct twz_type *ret = twz_returned(t), *pointer = twz_type_strip(ret);

		twz_text_puts(out, " -> ");
		if (t->count == TWZ_RETURNS_OBJECT && pointer->kind == TWZ_POINTER)
			ret = pointer->target ? pointer->target : &twz_type_void;
		shown(out, ret, 0);
	}
}

void
twz_signature_add(struct twz_text *out, const struct twz_gate *gate)
{
	size_t before = twz_text_limit(out, TWZ_SIGNATURE_MAX);

	if (gate->signature)
		twz_text_puts(out, gate->signature);
	else
		signature(out, gate);
	twz_text_unlimit(out, before, TRUNCATED);
}

void
twz_signature_write(FILE *out, const struct twz_gate *gate)
{
	TWZ_TEXT text = { 0 };

	twz_signature_add(&text, gate);
	twz_text_write(&text, out);
}

const char *
twz_signature_text(struct twz_arena *arena, const struct twz_gate *gate)
{
	TWZ_TEXT text = { 0 };

	twz_signature_add(&text, gate);
	return twz_text_copy(arena, &text);
}
