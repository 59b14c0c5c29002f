/* Texts as types read them: each type has a grammar of its own. */
#include <stdio.h>
#include <string.h>

#include "repl/lang/convert.h"
#include "repl/lang/number.h"
#include "twz/json.h"
#include "twz/nearest.h"
#include "twz/typetext.h"

/* -- messages ---------------------------------------------------------------------------------- */

bool
lang_type_error(struct twz_error *err, const char *fmt, ...)
{
	char text[400];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return twz_fail(err, TWZ_CLASS_TYPE, TWZ_ERR(ARGUMENT, WRONG_TYPE), "%s", text);
}

/* What is wanted, as it is shown. */
static const char *
wanted(const struct convert_want *want, struct twz_arena *arena)
{
	TWZ_FREE char *text = NULL;
	size_t n = 0;
	FILE *f;

	if (!want->param)
		return twz_type_text(arena, want->type);
	f = open_memstream(&text, &n);
	if (!f)
		return "?";
	twz_param_write(f, want->param);
	fclose(f);
	return twz_strdup(arena, text);
}

bool
convert_mismatch(const struct convert_want *want, const char *got, struct twz_error *err)
{
	TWZ_ARENA arena = { 0 };

	lang_type_error(err, "Expected '%s' got '%s'", wanted(want, &arena), got);
	if (!strncmp(got, "Result<", 7))
		twz_hint(err, "take the value out of the result with ?= or ?");
	return false;
}

bool
convert_out_of_range(const struct convert_want *want, twz_wide i, struct twz_error *err)
{
	char number[48], low[48], high[48];
	TWZ_ARENA arena = { 0 };
	twz_wide min, max;

	twz_int_range(want->type, &min, &max);
	return lang_type_error(err, "%s is out of range for %s: %s .. %s",
			       want->secret ? "******" : twz_wide_text(i, number),
			       twz_type_text(&arena, want->type), twz_wide_text(min, low),
			       twz_wide_text(max, high));
}

/* "(RED=0, GREEN=5, BLUE=6)", cut when long. */
static void
list_enumerators(const struct twz_type *t, char *out, size_t size)
{
	size_t used = (size_t)snprintf(out, size, "(");
	char number[48];

	for (uint32_t i = 0; i < t->nmembers && used < size; i++) {
		twz_wide v = t->is_signed ? (twz_wide)t->members[i].value
					  : (twz_wide)(uint64_t)t->members[i].value;

		if (used > 180) {
			snprintf(out + used, size - used, ", …)");
			return;
		}
		used += (size_t)snprintf(out + used, size - used, "%s%s=%s", i ? ", " : "",
					 t->members[i].name, twz_wide_text(v, number));
	}
	if (used < size)
		snprintf(out + used, size - used, ")");
}

static bool
no_enumerator(const struct convert_want *want, const char *word, struct twz_error *err)
{
	const struct twz_type *t = twz_type_strip(want->type);
	TWZ_ARENA arena = { 0 };
	const char **names = twz_new_array(&arena, t->nmembers, const char *);
	const char *near;
	char all[240];

	for (uint32_t i = 0; i < t->nmembers; i++)
		names[i] = t->members[i].name;
	near = want->secret ? NULL : twz_nearest(word, names, t->nmembers);
	list_enumerators(t, all, sizeof(all));
	convert_mismatch(want, "String", err);
	if (near)
		return twz_hint(err, "did you mean %s?  %s", near, all);
	return twz_hint(err, "one of %s", all);
}

/* -- scalars ----------------------------------------------------------------------------------- */

bool
convert_enumerator(const struct convert_want *want, const char *name, struct twz_value *ret,
		   struct twz_error *err)
{
	const struct twz_type *t = twz_type_strip(want->type);
	const struct twz_member *m = twz_member_find(t, name);

	if (!m)
		return no_enumerator(want, name, err);
	*ret = twz_int(want->type, t->is_signed ? (twz_wide)m->value : (twz_wide)(uint64_t)m->value);
	return true;
}

static bool
is_flags_value(const struct twz_type *t, twz_wide i)
{
	uint64_t known = 0;

	for (uint32_t k = 0; k < t->nmembers; k++)
		known |= (uint64_t)t->members[k].value;
	return t->is_flags && i >= 0 && i <= UINT64_MAX && !((uint64_t)i & ~known);
}

static bool
enum_text(const struct convert_want *want, const char *text, size_t n, struct twz_value *ret,
	  struct twz_error *err)
{
	const struct twz_type *t = twz_type_strip(want->type);
	twz_wide i;

	if (number_integer(text, n, &i) == NUMBER_OK &&
	    (twz_enumerator(t, i) || is_flags_value(t, i))) {
		*ret = twz_int(want->type, i);
		return true;
	}
	return convert_enumerator(want, text, ret, err);
}

static bool
integer_text(const struct convert_want *want, const char *text, size_t n, struct twz_value *ret,
	     struct twz_error *err)
{
	twz_wide i, min, max;

	twz_int_range(want->type, &min, &max);
	switch (number_integer(text, n, &i)) {
	case NUMBER_OK:
		if (i < min || i > max)
			return convert_out_of_range(want, i, err);
		*ret = twz_int(want->type, i);
		return true;
	case NUMBER_RANGE: {
		char low[48], high[48];
		TWZ_ARENA arena = { 0 };

		return lang_type_error(err, "the number is out of range for %s: %s .. %s",
				       twz_type_text(&arena, want->type), twz_wide_text(min, low),
				       twz_wide_text(max, high));
	}
	case NUMBER_NONE:
		break;
	}
	convert_mismatch(want, "String", err);
	return twz_hint(err, "a whole number: 42, -7, 0x2a, 0o52, 0b101010, 1_000_000");
}

static bool
float_text(const struct convert_want *want, const char *text, size_t n, struct twz_value *ret,
	   struct twz_error *err)
{
	uint32_t size = twz_type_strip(want->type)->size;
	double d;

	switch (number_float(text, n, &d)) {
	case NUMBER_OK:
		if (size == 4 && __builtin_isfinite(d) && !__builtin_isfinite((float)d))
			break;
		*ret = twz_float(want->type, size == 4 ? (double)(float)d : d);
		return true;
	case NUMBER_RANGE:
		break;
	case NUMBER_NONE:
		convert_mismatch(want, "String", err);
		return twz_hint(err, "a number: 1.5, -2, 1e-3, inf, nan");
	}
	return lang_type_error(err, "the number is out of range for f%u", size * 8);
}

static bool
bool_text(const struct convert_want *want, const char *text, struct twz_value *ret,
	  struct twz_error *err)
{
	if (strcmp(text, "true") && strcmp(text, "false")) {
		convert_mismatch(want, "String", err);
		return twz_hint(err, "true or false");
	}
	*ret = twz_bool(*text == 't');
	ret->type = want->type;
	return true;
}

static bool
char_text(const struct convert_want *want, const char *text, size_t n, struct twz_value *ret,
	  struct twz_error *err)
{
	const struct twz_type *t = twz_type_strip(want->type);

	if (n != 1) {
		convert_mismatch(want, "String", err);
		return twz_hint(err, "one character of one byte: a, or \"\\x07\"");
	}
	*ret = twz_int(want->type, t->is_signed ? (twz_wide)(signed char)*text
						: (twz_wide)(unsigned char)*text);
	return true;
}

static bool
char_array_text(const struct convert_want *want, const char *text, size_t n, struct twz_arena *arena,
		struct twz_value *ret, struct twz_error *err)
{
	const struct twz_type *t = twz_type_strip(want->type);
	TWZ_ARENA scratch = { 0 };

	if (n >= t->count)
		return lang_type_error(err, "the text is too long for %s: %zu bytes, at most %llu",
				       twz_type_text(&scratch, want->type), n,
				       (unsigned long long)(t->count ? t->count - 1 : 0));
	*ret = twz_string(arena, text, n);
	ret->type = want->type;
	return true;
}

/* -- converters -------------------------------------------------------------------------------- */

static const struct twz_gate *
converter(const struct convert_want *want)
{
	TWZ_ARENA arena = { 0 };

	if (!want->service)
		return NULL;
	return twz_converter_find(want->service, TWZ_ROLE_FROM_STRING,
				  twz_type_text(&arena, want->type));
}

bool
convert_by_service(struct lang *l, const struct convert_want *want, const char *text, size_t n,
		   struct twz_value *ret, struct twz_error *err)
{
	const struct twz_gate *gate = converter(want);
	struct twz_value arg = twz_string(l->arena, text, n), v;
	TWZ_ARENA arena = { 0 };

	if (!gate && lang_takes_object(want))
		return lang_resolve_object(l, want, text, n, ret, err);
	if (!gate)
		return convert_mismatch(want, "String", err);
	if (lang_call_gate(l, want->service, gate, &arg, 1, &v, err)) {
		if (v.kind == TWZ_VALUE_ERR)
			lang_fail_err(&v, err);
		else
			return convert_value(want, v.kind == TWZ_VALUE_OK ? &v.list.items[0] : &v, l->arena,
					     ret, err);
	}
	if (err->cls == TWZ_CLASS_GATE)
		twz_hint(err, "text → %s::%s by %s::%s", want->service->name,
			 twz_type_text(&arena, want->type), want->service->name, gate->name);
	return false;
}

/* -- one text ---------------------------------------------------------------------------------- */

/* Types that take a text as it stands, quoted or not. */
static enum convert_result
as_text(struct lang *l, const struct convert_want *want, const char *text, size_t n,
	struct twz_value *ret, struct twz_error *err)
{
	const struct twz_type *t = twz_type_strip(want->type);

	if (t->kind == TWZ_STRING || want->buffer) {
		*ret = twz_string(l->arena, text, n);
		ret->type = want->buffer ? &twz_type_string : want->type;
		if (want->buffer && want->limit && n > want->limit)
			return lang_type_error(err, "the text is too long: %zu bytes, at most %llu", n,
					       (unsigned long long)want->limit);
		if (!want->buffer && memchr(text, '\0', n))
			return lang_type_error(err, "a text with a NUL byte inside cannot be a C string");
		return CONVERT_DONE;
	}
	if (t->kind == TWZ_CHAR)
		return char_text(want, text, n, ret, err) ? CONVERT_DONE : CONVERT_FAILED;
	return char_array_text(want, text, n, l->arena, ret, err) ? CONVERT_DONE : CONVERT_FAILED;
}

static bool
takes_text(const struct convert_want *want)
{
	const struct twz_type *t = twz_type_strip(want->type);

	if (want->buffer)
		return want->text;
	return t->kind == TWZ_STRING || t->kind == TWZ_CHAR ||
	       (t->kind == TWZ_ARRAY && twz_type_strip(t->target)->kind == TWZ_CHAR);
}

bool
convert_takes_text(const struct convert_want *want)
{
	return takes_text(want) || (!want->buffer && converter(want));
}

static bool
scalar_text(const struct convert_want *want, const char *text, size_t n, struct twz_value *ret,
	    struct twz_error *err)
{
	switch (twz_type_strip(want->type)->kind) {
	case TWZ_BOOL:
		return bool_text(want, text, ret, err);
	case TWZ_INT:
		return integer_text(want, text, n, ret, err);
	case TWZ_FLOAT:
		return float_text(want, text, n, ret, err);
	case TWZ_ENUM:
		return enum_text(want, text, n, ret, err);
	case TWZ_VOID: case TWZ_CHAR: case TWZ_STRING: case TWZ_POINTER: case TWZ_ARRAY:
	case TWZ_STRUCT: case TWZ_UNION: case TWZ_RESULT: case TWZ_OPTION: case TWZ_TYPEDEF:
	case TWZ_FUNC: case TWZ_LIST: case TWZ_RECORD: case TWZ_OPAQUE:
		break;
	}
	return convert_mismatch(want, "String", err);
}

static bool
is_scalar(const struct convert_want *want)
{
	enum twz_kind kind = twz_type_strip(want->type)->kind;

	return !want->buffer && (kind == TWZ_BOOL || kind == TWZ_INT || kind == TWZ_FLOAT ||
				 kind == TWZ_ENUM);
}

static enum convert_result
quoted_mismatch(const struct convert_want *want, const char *text, size_t n, struct twz_error *err)
{
	struct twz_error ignored = { 0 };
	struct twz_value v;

	convert_mismatch(want, "String", err);
	if (is_scalar(want) && !want->secret && n < 40 && scalar_text(want, text, n, &v, &ignored))
		twz_hint(err, "write %s without quotes", text);
	return CONVERT_FAILED;
}

enum convert_result
convert_text(struct lang *l, const struct convert_want *want, const char *text, size_t n,
	     bool quoted, struct twz_value *ret, struct twz_error *err)
{
	const struct twz_type *t = twz_type_strip(want->type);
	struct twz_error first = { 0 };

	/* An enum that has a none means that one. */
	if (want->optional && !quoted && !strcmp(text, "none") &&
	    !(t->kind == TWZ_ENUM && twz_member_find(t, text))) {
		*ret = (struct twz_value){ .kind = TWZ_VALUE_NONE, .type = want->type };
		return CONVERT_DONE;
	}
	if (!want->buffer && t->kind == TWZ_OPTION) {
		struct convert_want inner = *want;

		inner.type = twz_member_find(t, "twz_value")->type;
		inner.optional = true;
		return convert_text(l, &inner, text, n, quoted, ret, err);
	}
	if (!quoted && is_scalar(want) && scalar_text(want, text, n, ret, &first))
		return CONVERT_DONE;
	if (!want->buffer && converter(want))
		return CONVERT_LATER;
	if (lang_takes_object(want))
		return lang_object_text(l, want, text, n, ret) ? CONVERT_DONE : CONVERT_LATER;
	if (takes_text(want))
		return as_text(l, want, text, n, ret, err);
	if (quoted)
		return quoted_mismatch(want, text, n, err);
	if (first.cls == TWZ_CLASS_NONE)
		convert_mismatch(want, "String", &first);
	if (err->cls == TWZ_CLASS_NONE)
		*err = first;
	return CONVERT_FAILED;
}
