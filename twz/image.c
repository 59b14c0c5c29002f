#include "twz/image_in.h"

#include <string.h>

#include "twz/typetext.h"

bool
image_misfit(struct twz_error *err, const struct twz_type *type, const char *why)
{
	TWZ_ARENA arena = { 0 };

	return twz_fail(err, TWZ_CLASS_TYPE, TWZ_ERR(ARGUMENT, WRONG_TYPE), "%s: %s",
			twz_type_text(&arena, type), why);
}

bool
image_lie(struct twz_error *err, const struct twz_type *type, const char *what)
{
	TWZ_ARENA arena = { 0 };
	const char *name = twz_type_text(&arena, type);

	return twz_fail(err, TWZ_CLASS_FAULT, TWZ_ERR(GENERIC, INTERNAL),
			"the service gave %s as %s %s", what, twz_article(name), name);
}

/* Whether @i is made of enumerators of a flags type. */
static bool
all_flags(const struct twz_type *t, twz_wide i)
{
	uint64_t known = 0;

	for (uint32_t k = 0; k < t->nmembers; k++)
		known |= (uint64_t)t->members[k].value;
	return i >= 0 && !((uint64_t)i & ~known);
}

static bool
enum_holds(const struct twz_type *t, twz_wide i)
{
	return twz_enumerator(t, i) || (t->is_flags && all_flags(t, i));
}

/* -- storing ------------------------------------------------------------------------------------ */

static bool
integer_bits(const struct twz_type *t, const struct twz_value *v, uint64_t *bits,
	     struct twz_error *err)
{
	twz_wide min, max;

	if (v->kind != TWZ_VALUE_INT)
		return image_misfit(err, t, "the value is no integer");
	twz_int_range(t, &min, &max);
	if (v->integer < min || v->integer > max)
		return image_misfit(err, t, "the value is out of range");
	if (t->kind == TWZ_ENUM && !enum_holds(t, v->integer))
		return image_misfit(err, t, "the value is no enumerator");
	*bits = (uint64_t)v->integer;
	return true;
}

static bool
float_bits(const struct twz_type *t, const struct twz_value *v, uint64_t *bits,
	   struct twz_error *err)
{
	double d = v->kind == TWZ_VALUE_INT ? (double)v->integer : v->real;
	float f = (float)d;

	if (v->kind != TWZ_VALUE_FLOAT && v->kind != TWZ_VALUE_INT)
		return image_misfit(err, t, "the value is no number");
	*bits = 0;
	if (t->size == 4)
		memcpy(bits, &f, sizeof(f));
	else
		memcpy(bits, &d, sizeof(d));
	return true;
}

/* The bits of a scalar, extended to 64. */
bool
image_scalar(const struct twz_type *t, const struct twz_value *v, uint64_t *bits,
	    struct twz_error *err)
{
	if (t->kind == TWZ_FLOAT)
		return float_bits(t, v, bits, err);
	if (t->kind != TWZ_BOOL)
		return integer_bits(t, v, bits, err);
	if (v->kind != TWZ_VALUE_BOOL)
		return image_misfit(err, t, "the value is no bool");
	*bits = v->boolean;
	return true;
}

bool
image_pointer(const struct twz_type *t, const struct twz_value *v, struct twz_arena *arena,
	     const char **ret, struct twz_error *err)
{
	if (v->kind != TWZ_VALUE_STRING)
		return image_misfit(err, t, "the value is no text");
	if (memchr(v->string.text, '\0', v->string.n))
		return image_misfit(err, t, "a text with a NUL inside cannot be a C string");
	*ret = twz_strndup(arena, v->string.text, v->string.n);
	return true;
}

static bool
store_array(const struct twz_type *t, const struct twz_value *v, unsigned char *bytes,
	    struct twz_arena *arena, struct twz_error *err)
{
	const struct twz_type *element = twz_type_strip(t->target);

	if (element->kind == TWZ_CHAR && v->kind == TWZ_VALUE_STRING) {
		if (v->string.n >= t->count)
			return image_misfit(err, t, "the text is too long");
		memcpy(bytes, v->string.text, v->string.n);
		return true;
	}
	if (v->kind != TWZ_VALUE_LIST || v->list.n != t->count)
		return image_misfit(err, t, v->kind == TWZ_VALUE_LIST ? "wrong number of elements"
								: "the value is no list");
	for (size_t i = 0; i < v->list.n; i++)
		if (!twz_image_store(t->target, &v->list.items[i], bytes + i * element->size, arena,
				     err))
			return false;
	return true;
}

static bool
store_bits(const struct twz_member *m, const struct twz_value *v, unsigned char *bytes,
	   struct twz_error *err)
{
	const struct twz_type *t = twz_type_strip(m->type);
	uint64_t bits;
	unsigned __int128 word = 0, mask;
	size_t n = (size_t)(m->bit_offset + m->bit_size + 7) / 8;
	twz_wide limit = (twz_wide)1 << m->bit_size;

	if (!image_scalar(t, v, &bits, err))
		return false;
	if (v->kind == TWZ_VALUE_INT &&
	    (t->is_signed ? v->integer < -limit / 2 || v->integer >= limit / 2 : v->integer >= limit))
		return image_misfit(err, t, "the value does not fit the bit-field");
	mask = (((unsigned __int128)1 << m->bit_size) - 1) << m->bit_offset;
	memcpy(&word, bytes, n);
	word = (word & ~mask) | (((unsigned __int128)bits << m->bit_offset) & mask);
	memcpy(bytes, &word, n);
	return true;
}

static bool
store_fields(const struct twz_type *t, const struct twz_value *v, unsigned char *bytes,
	     struct twz_arena *arena, struct twz_error *err)
{
	if (v->kind != TWZ_VALUE_RECORD)
		return image_misfit(err, t, "the value is no record");
	for (size_t i = 0; i < v->list.n; i++)
		if (!twz_member_find(t, v->list.names[i]))
			return twz_fail(err, TWZ_CLASS_TYPE, TWZ_ERR(ARGUMENT, WRONG_TYPE),
					"no field '%s' in %s", v->list.names[i], t->name);
	for (uint32_t i = 0; i < t->nmembers; i++) {
		const struct twz_member *m = &t->members[i];
		const struct twz_value *field = twz_field(v, m->name);
		bool done;

		if (!field)
			return twz_fail(err, TWZ_CLASS_TYPE, TWZ_ERR(ARGUMENT, WRONG_TYPE),
					"field '%s' of %s is missing", m->name, t->name);
		done = m->bit_size ? store_bits(m, field, bytes + m->offset, err)
				   : twz_image_store(m->type, field, bytes + m->offset, arena, err);
		if (!done)
			return twz_wrap(err, "field '%s'", m->name);
	}
	return true;
}

static bool
store_option(const struct twz_type *t, const struct twz_value *v, unsigned char *bytes,
	     struct twz_arena *arena, struct twz_error *err)
{
	const struct twz_member *some = twz_member_find(t, "twz_some");
	const struct twz_member *value = twz_member_find(t, "twz_value");

	if (v->kind == TWZ_VALUE_NONE)
		return true;
	bytes[some->offset] = 1;
	return twz_image_store(value->type, v, bytes + value->offset, arena, err);
}

bool
twz_image_store(const struct twz_type *type, const struct twz_value *v, void *bytes,
		struct twz_arena *arena, struct twz_error *err)
{
	const struct twz_type *t = twz_type_strip(type);
	const char *text;
	uint64_t bits;

	switch (t->kind) {
	case TWZ_BOOL:
	case TWZ_CHAR:
	case TWZ_INT:
	case TWZ_FLOAT:
	case TWZ_ENUM:
		if (!image_scalar(t, v, &bits, err))
			return false;
		memcpy(bytes, &bits, t->size);		/* little-endian */
		return true;
	case TWZ_STRING:
		if (!image_pointer(t, v, arena, &text, err))
			return false;
		memcpy(bytes, &text, sizeof(text));
		return true;
	case TWZ_ARRAY:
		return store_array(t, v, bytes, arena, err);
	case TWZ_STRUCT:
		return store_fields(t, v, bytes, arena, err);
	case TWZ_OPTION:
		return store_option(t, v, bytes, arena, err);
	case TWZ_VOID:
	case TWZ_POINTER:
	case TWZ_UNION:
	case TWZ_RESULT:
	case TWZ_TYPEDEF:
	case TWZ_FUNC:
	case TWZ_LIST:
	case TWZ_RECORD:
	case TWZ_OPAQUE:
		break;
	}
	return image_misfit(err, type, "it cannot be made from a value");
}

/* -- loading ------------------------------------------------------------------------------------- */

static bool
load_integer(const struct twz_type *type, uint64_t bits, unsigned nbits, struct twz_value *ret,
	     struct twz_error *err)
{
	const struct twz_type *t = twz_type_strip(type);
	uint64_t mask = nbits >= 64 ? UINT64_MAX : ((uint64_t)1 << nbits) - 1;
	twz_wide i = (twz_wide)(bits & mask);

	if (t->is_signed && i >> (nbits - 1) & 1)
		i -= (twz_wide)1 << nbits;
	if (t->kind == TWZ_ENUM && !enum_holds(t, i)) {
		char what[64], number[48];

		snprintf(what, sizeof(what), "the number %s", twz_wide_text(i, number));
		return image_lie(err, type, what);
	}
	*ret = twz_int(type, i);
	return true;
}

static bool
load_scalar(const struct twz_type *type, uint64_t bits, unsigned nbits, struct twz_value *ret,
	    struct twz_error *err)
{
	const struct twz_type *t = twz_type_strip(type);
	double d;
	float f;

	if (t->kind == TWZ_BOOL) {
		uint64_t mask = nbits >= 64 ? UINT64_MAX : ((uint64_t)1 << nbits) - 1;

		if ((bits & mask) > 1)
			return image_lie(err, type, "something that is neither true nor false");
		*ret = twz_bool(bits & 1);
		ret->type = type;
		return true;
	}
	if (t->kind != TWZ_FLOAT)
		return load_integer(type, bits, nbits, ret, err);
	memcpy(&d, &bits, sizeof(d));
	memcpy(&f, &bits, sizeof(f));
	*ret = twz_float(type, t->size == 4 ? (double)f : d);
	return true;
}

static bool
load_array(const struct twz_type *type, const unsigned char *bytes, struct twz_arena *arena,
	   struct twz_value *ret, struct twz_error *err)
{
	const struct twz_type *t = twz_type_strip(type), *element = twz_type_strip(t->target);
	struct twz_value *items;

	if (element->kind == TWZ_CHAR) {
		const char *text = (const char *)bytes;

		*ret = twz_string(arena, text, strnlen(text, t->count));
		ret->type = type;
		return true;
	}
	items = twz_new_array(arena, t->count, struct twz_value);
	for (uint64_t i = 0; i < t->count; i++)
		if (!twz_image_load(t->target, bytes + i * element->size, arena, &items[i], err))
			return false;
	*ret = twz_list(type, items, t->count);
	return true;
}

static bool
load_fields(const struct twz_type *type, const unsigned char *bytes, struct twz_arena *arena,
	    struct twz_value *ret, struct twz_error *err)
{
	const struct twz_type *t = twz_type_strip(type);
	struct twz_value *items = twz_new_array(arena, t->nmembers, struct twz_value);
	const char **names = twz_new_array(arena, t->nmembers, const char *);

	for (uint32_t i = 0; i < t->nmembers; i++) {
		const struct twz_member *m = &t->members[i];
		bool done;

		names[i] = m->name;
		if (m->bit_size) {
			unsigned __int128 word = 0;

			memcpy(&word, bytes + m->offset, (size_t)(m->bit_offset + m->bit_size + 7) / 8);
			done = load_scalar(m->type, (uint64_t)(word >> m->bit_offset), m->bit_size,
					   &items[i], err);
		} else {
			done = twz_image_load(m->type, bytes + m->offset, arena, &items[i], err);
		}
		if (!done)
			return false;
	}
	*ret = twz_record(type, names, items, t->nmembers);
	return true;
}

/* The state word of a Result or an Option. */
static uint32_t
state_word(const struct twz_member *m, const unsigned char *bytes)
{
	uint32_t state;

	memcpy(&state, bytes + m->offset, sizeof(state));
	return state;
}

static bool
load_option(const struct twz_type *type, const unsigned char *bytes, struct twz_arena *arena,
	    struct twz_value *ret, struct twz_error *err)
{
	const struct twz_type *t = twz_type_strip(type);
	const struct twz_member *value = twz_member_find(t, "twz_value");
	uint32_t some = state_word(twz_member_find(t, "twz_some"), bytes);

	if (some > 1)
		return image_lie(err, type, "something that is neither some nor none");
	if (some)
		return twz_image_load(value->type, bytes + value->offset, arena, ret, err);
	*ret = (struct twz_value){ .kind = TWZ_VALUE_NONE, .type = type };
	return true;
}

static bool
load_result(const struct twz_type *type, const unsigned char *bytes, struct twz_arena *arena,
	    struct twz_value *ret, struct twz_error *err)
{
	const struct twz_member *ok = twz_result_ok(type), *fail = twz_result_err(type);
	uint32_t state = state_word(twz_result_state(type), bytes);
	struct twz_value v = twz_unit();

	if (state == 0)
		return twz_fail(err, TWZ_CLASS_FAULT, TWZ_ERR(RESOURCE, UNAVAILABLE),
				"the gate never set its result");
	if (state > 2)
		return image_lie(err, type, "something that is neither Ok nor Err");
	if (state == 1) {
		if (ok && !twz_image_load(ok->type, bytes + ok->offset, arena, &v, err))
			return false;
		*ret = twz_ok(arena, type, v);
		return true;
	}
	if (!twz_image_load(fail->type, bytes + fail->offset, arena, &v, err))
		return false;
	*ret = twz_err(arena, type, v);
	return true;
}

bool
image_text(const struct twz_type *type, const void *bytes, struct twz_arena *arena,
	  struct twz_value *ret, struct twz_error *err)
{
	const char *text;

	memcpy(&text, bytes, sizeof(text));
	if (!text)
		return image_lie(err, type, "NULL");
	*ret = twz_cstring(arena, text);
	ret->type = type;
	return true;
}

bool
twz_image_load(const struct twz_type *type, const void *bytes, struct twz_arena *arena,
	       struct twz_value *ret, struct twz_error *err)
{
	const struct twz_type *t = twz_type_strip(type);
	uint64_t bits = 0;

	switch (t->kind) {
	case TWZ_BOOL:
	case TWZ_CHAR:
	case TWZ_INT:
	case TWZ_FLOAT:
	case TWZ_ENUM:
		memcpy(&bits, bytes, t->size > 8 ? 8 : t->size);
		return load_scalar(type, bits, t->size * 8, ret, err);
	case TWZ_STRING:
		return image_text(type, bytes, arena, ret, err);
	case TWZ_ARRAY:
		return load_array(type, bytes, arena, ret, err);
	case TWZ_STRUCT:
		return load_fields(type, bytes, arena, ret, err);
	case TWZ_OPTION:
		return load_option(type, bytes, arena, ret, err);
	case TWZ_RESULT:
		return load_result(type, bytes, arena, ret, err);
	case TWZ_VOID:
		*ret = twz_unit();
		return true;
	case TWZ_POINTER:
	case TWZ_UNION:
	case TWZ_TYPEDEF:
	case TWZ_FUNC:
	case TWZ_LIST:
	case TWZ_RECORD:
	case TWZ_OPAQUE:
		break;
	}
	return image_misfit(err, type, "it cannot be shown as a value");
}
