#include "twz/image.h"

#include <string.h>

#include "twz/typetext.h"

/* A buffer that a caller asks for: more than any link carries, less than what would hurt. */
static const uint64_t BUFFER_MAX = (uint64_t)1 << 30;

static bool
misfit(struct twz_error *err, const struct twz_type *type, const char *why)
{
	TWZ_ARENA arena = { 0 };

	return twz_fail(err, TWZ_CLASS_TYPE, TWZ_ERR(ARGUMENT, WRONG_TYPE), "%s: %s",
			twz_type_text(&arena, type), why);
}

static bool
lie(struct twz_error *err, const struct twz_type *type, const char *what)
{
	TWZ_ARENA arena = { 0 };

	return twz_fail(err, TWZ_CLASS_FAULT, TWZ_ERR(GENERIC, INTERNAL),
			"the service gave %s as a %s", what, twz_type_text(&arena, type));
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
		return misfit(err, t, "the value is no integer");
	twz_int_range(t, &min, &max);
	if (v->integer < min || v->integer > max)
		return misfit(err, t, "the value is out of range");
	if (t->kind == TWZ_ENUM && !enum_holds(t, v->integer))
		return misfit(err, t, "the value is no enumerator");
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
		return misfit(err, t, "the value is no number");
	*bits = 0;
	if (t->size == 4)
		memcpy(bits, &f, sizeof(f));
	else
		memcpy(bits, &d, sizeof(d));
	return true;
}

/* The bits of a scalar, extended to 64. */
static bool
scalar_bits(const struct twz_type *t, const struct twz_value *v, uint64_t *bits,
	    struct twz_error *err)
{
	if (t->kind == TWZ_FLOAT)
		return float_bits(t, v, bits, err);
	if (t->kind != TWZ_BOOL)
		return integer_bits(t, v, bits, err);
	if (v->kind != TWZ_VALUE_BOOL)
		return misfit(err, t, "the value is no bool");
	*bits = v->boolean;
	return true;
}

static bool
text_pointer(const struct twz_type *t, const struct twz_value *v, struct twz_arena *arena,
	     const char **ret, struct twz_error *err)
{
	if (v->kind != TWZ_VALUE_STRING)
		return misfit(err, t, "the value is no text");
	if (memchr(v->string.text, '\0', v->string.n))
		return misfit(err, t, "a text with a NUL inside cannot be a C string");
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
			return misfit(err, t, "the text is too long");
		memcpy(bytes, v->string.text, v->string.n);
		return true;
	}
	if (v->kind != TWZ_VALUE_LIST || v->list.n != t->count)
		return misfit(err, t, v->kind == TWZ_VALUE_LIST ? "wrong number of elements"
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

	if (!scalar_bits(t, v, &bits, err))
		return false;
	if (v->kind == TWZ_VALUE_INT &&
	    (t->is_signed ? v->integer < -limit / 2 || v->integer >= limit / 2 : v->integer >= limit))
		return misfit(err, t, "the value does not fit the bit-field");
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
		return misfit(err, t, "the value is no record");
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
		if (!scalar_bits(t, v, &bits, err))
			return false;
		memcpy(bytes, &bits, t->size);		/* little-endian */
		return true;
	case TWZ_STRING:
		if (!text_pointer(t, v, arena, &text, err))
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
	return misfit(err, type, "it cannot be made from a value");
}

/* -- arguments ----------------------------------------------------------------------------------- */

/* One call's arguments on their way into words. */
struct args {
	const struct twz_plan *plan;
	struct twz_arena *arena;
	const struct twz_image_place *place;
	uint64_t *words;
	struct twz_error *err;
};

static uint64_t
address(const void *p)
{
	return (uint64_t)(uintptr_t)p;
}

/* Sets the count that goes with a buffer; two buffers of one count must agree. */
static bool
set_extent(struct args *a, const struct twz_slot *slot, uint64_t n, bool first)
{
	const struct twz_member *p;
	twz_wide min, max;

	if (slot->extent < 0 || !a->plan->slots[slot->extent].implied)
		return true;
	p = &a->plan->gate->type->members[slot->extent];
	twz_int_range(p->type, &min, &max);
	if ((twz_wide)n > max)
		return misfit(a->err, p->type, "too many elements for its length");
	if (!first && a->words[slot->extent] != n)
		return twz_fail(a->err, TWZ_CLASS_TYPE, TWZ_ERR(ARGUMENT, WRONG_TYPE),
				"buffers that share the length '%s' differ in length", p->name);
	a->words[slot->extent] = n;
	return true;
}

static unsigned char *
buffer_memory(struct args *a, const struct twz_slot *slot, const void *from, size_t n)
{
	const struct twz_image_place *place = slot->dir == TWZ_IN && slot->extent >= 0 ? a->place : NULL;
	void *large = place && n * slot->size >= place->least ? place->large(place->data, from, n * slot->size) : NULL;

	/* A buffer of a constant extent is as long as that says, whatever was given. */
	return large ? large : twz_alloc_array(a->arena, slot->extent < 0 ? slot->count : n, slot->size);
}

static bool
put_buffer(struct args *a, const struct twz_slot *slot, const struct twz_value *v, uint64_t *word,
	   bool first)
{
	size_t n = v->kind == TWZ_VALUE_STRING ? v->string.n : v->list.n;
	unsigned char *bytes;

	if (v->kind == TWZ_VALUE_STRING ? slot->size != 1 : v->kind != TWZ_VALUE_LIST)
		return misfit(a->err, slot->type, "a buffer takes a list, or a text where it is bytes");
	if (slot->extent < 0 && n > slot->count)
		return misfit(a->err, slot->type, "too many elements");
	if (n > BUFFER_MAX / slot->size)
		return misfit(a->err, slot->type, "the buffer is too large");
	bytes = buffer_memory(a, slot, v->kind == TWZ_VALUE_STRING ? v->string.text : NULL, n);
	if (v->kind == TWZ_VALUE_STRING && (const char *)bytes != v->string.text)
		memcpy(bytes, v->string.text, n);
	for (size_t i = 0; v->kind == TWZ_VALUE_LIST && i < n; i++)
		if (!twz_image_store(slot->type, &v->list.items[i], bytes + i * slot->size, a->arena,
				     a->err))
			return false;
	*word = address(bytes);
	return set_extent(a, slot, n, first);
}

static bool
put_argument(struct args *a, const struct twz_slot *slot, const struct twz_value *v, uint64_t *word,
	     bool first)
{
	const char *text;
	void *bytes;

	if (slot->optional && v->kind == TWZ_VALUE_NONE) {
		*word = 0;
		return slot->pass != TWZ_PASS_BUFFER || set_extent(a, slot, 0, first);
	}
	switch (slot->pass) {
	case TWZ_PASS_WORD:
		/* A callback is known by a number to those who give it and who take it. */
		*word = (uint64_t)v->integer;
		if (slot->callback)
			return v->kind == TWZ_VALUE_INT || misfit(a->err, slot->type, "the value is no function");
		return scalar_bits(twz_type_strip(slot->type), v, word, a->err);
	case TWZ_PASS_STRING:
		if (!text_pointer(slot->type, v, a->arena, &text, a->err))
			return false;
		*word = address(text);
		return true;
	case TWZ_PASS_STRUCT:
	case TWZ_PASS_REF:
		bytes = twz_alloc(a->arena, slot->size);
		*word = address(bytes);
		return twz_image_store(slot->type, v, bytes, a->arena, a->err);
	case TWZ_PASS_BUFFER:
		return put_buffer(a, slot, v, word, first);
	case TWZ_PASS_NOTHING:
		break;
	}
	return misfit(a->err, slot->type, "it cannot be given");
}

/*
 * A buffer whose count lies behind a pointer: the count that comes back may be any number, so how many
 * bytes there are stands before the buffer.
 */
enum { BEFORE = 16 };

static void *
roomy(struct twz_arena *arena, uint64_t bytes)
{
	unsigned char *at = twz_alloc(arena, BEFORE + bytes);

	memcpy(at, &bytes, sizeof(bytes));
	return at + BEFORE;
}

static uint64_t
room_of(const void *buffer)
{
	uint64_t bytes;

	memcpy(&bytes, (const unsigned char *)buffer - BEFORE, sizeof(bytes));
	return bytes;
}

static bool
make_outs(struct args *a)
{
	for (uint32_t i = 0; i < a->plan->nslots; i++) {
		const struct twz_slot *slot = &a->plan->slots[i];
		uint64_t bytes = slot->size;

		if (slot->dir != TWZ_OUT)
			continue;
		if (slot->pass == TWZ_PASS_BUFFER &&
		    !twz_slot_bytes(a->plan, slot, a->words, BUFFER_MAX, &bytes))
			return twz_fail(a->err, TWZ_CLASS_TYPE, TWZ_ERR(ARGUMENT, INVALID_ARGUMENT),
					"parameter '%s': no such length for a buffer",
					a->plan->gate->type->members[i].name);
		a->words[i] = address(slot->behind ? roomy(a->arena, bytes) : twz_alloc(a->arena, bytes));
	}
	return true;
}

bool
twz_image_args(const struct twz_plan *plan, const struct twz_value *args, size_t nargs,
	       struct twz_arena *arena, uint64_t *words, struct twz_error *err)
{
	return twz_image_args_at(plan, args, nargs, arena, NULL, words, err);
}

bool
twz_image_args_at(const struct twz_plan *plan, const struct twz_value *args, size_t nargs,
		  struct twz_arena *arena, const struct twz_image_place *place, uint64_t *words,
		  struct twz_error *err)
{
	struct args a = { plan, arena, place, words, err };
	uint64_t counted = 0;		/* bit per parameter whose implied count is set */
	size_t next = 0;

	memset(words, 0, plan->nslots * sizeof(*words));
	for (uint32_t i = 0; i < plan->nslots; i++) {
		const struct twz_slot *slot = &plan->slots[i];
		uint64_t bit = slot->extent >= 0 ? (uint64_t)1 << slot->extent : 0;

		if (!twz_slot_given(slot))
			continue;
		if (next == nargs)
			return twz_fail(err, TWZ_CLASS_TYPE, TWZ_ERR(ARGUMENT, INVALID_ARGUMENT),
					"missing argument '%s'", plan->gate->type->members[i].name);
		if (!put_argument(&a, slot, &args[next++], &words[i], !(counted & bit)))
			return twz_wrap(err, "argument '%s'", plan->gate->type->members[i].name);
		counted |= bit;
	}
	if (next != nargs)
		return twz_fail(err, TWZ_CLASS_TYPE, TWZ_ERR(ARGUMENT, INVALID_ARGUMENT),
				"too many arguments");
	return make_outs(&a);
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
		return lie(err, type, what);
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
			return lie(err, type, "something that is neither true nor false");
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
		return lie(err, type, "something that is neither some nor none");
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
		return lie(err, type, "something that is neither Ok nor Err");
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

static bool
load_text(const struct twz_type *type, const void *bytes, struct twz_arena *arena,
	  struct twz_value *ret, struct twz_error *err)
{
	const char *text;

	memcpy(&text, bytes, sizeof(text));
	if (!text)
		return lie(err, type, "NULL");
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
		return load_text(type, bytes, arena, ret, err);
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
	return misfit(err, type, "it cannot be shown as a value");
}

/* -- results ------------------------------------------------------------------------------------- */

static bool
load_out(const struct twz_plan *plan, uint32_t i, const uint64_t *words, struct twz_arena *arena,
	 struct twz_value *ret, struct twz_error *err)
{
	const struct twz_slot *slot = &plan->slots[i];
	const unsigned char *bytes = (const unsigned char *)(uintptr_t)words[i];
	struct twz_value *items;
	struct twz_type *list;
	uint64_t n;

	if (!bytes) {
		*ret = (struct twz_value){ .kind = TWZ_VALUE_NONE, .type = slot->type };
		return true;
	}
	if (slot->pass == TWZ_PASS_REF)
		return twz_image_load(slot->type, bytes, arena, ret, err);
	if (!twz_slot_bytes(plan, slot, words, BUFFER_MAX, &n))
		return misfit(err, slot->type, "no such length for a buffer");
	if (slot->behind && n > room_of(bytes))
		return lie(err, plan->gate->type->members[slot->extent].type, "more than there was room for");
	if (slot->is_text) {
		*ret = twz_string(arena, (const char *)bytes, strnlen((const char *)bytes, n));
		return true;
	}
	n /= slot->size;
	items = twz_new_array(arena, n, struct twz_value);
	for (uint64_t k = 0; k < n; k++)
		if (!twz_image_load(slot->type, bytes + k * slot->size, arena, &items[k], err))
			return false;
	list = twz_new(arena, struct twz_type);
	*list = (struct twz_type){ .kind = TWZ_LIST, .name = "", .target = slot->type };
	*ret = twz_list(list, items, n);
	return true;
}

/* The value of a call that returned @v and filled out-parameters. */
static bool
with_outs(const struct twz_plan *plan, const uint64_t *words, struct twz_arena *arena,
	  struct twz_value *v, struct twz_error *err)
{
	bool unit = v->kind == TWZ_VALUE_UNIT;
	struct twz_value *items = twz_new_array(arena, plan->nouts + 1, struct twz_value);
	const char **names = twz_new_array(arena, plan->nouts + 1, const char *);
	size_t n = 0;

	if (!unit) {
		names[n] = "result";
		items[n++] = *v;
	}
	for (uint32_t i = 0; i < plan->nslots; i++) {
		if (plan->slots[i].dir == TWZ_IN)
			continue;
		names[n] = plan->gate->type->members[i].name;
		if (!load_out(plan, i, words, arena, &items[n++], err))
			return false;
	}
	*v = unit && n == 1 ? items[0] : twz_record(&twz_type_record, names, items, n);
	return true;
}

/* Libraries say so that they have none: a gate's own way to fail, and no lie. */
static bool
no_text(const struct twz_plan *plan, const void *ret)
{
	const char *text;

	if (plan->ret.pass != TWZ_PASS_STRING)
		return false;
	memcpy(&text, ret, sizeof(text));
	return !text;
}

bool
twz_image_result(const struct twz_plan *plan, const uint64_t *words, const void *ret,
		 struct twz_arena *arena, struct twz_value *out, struct twz_error *err)
{
	struct twz_value v = twz_unit(), inside;

	if (no_text(plan, ret))
		return twz_fail(err, TWZ_CLASS_GATE, TWZ_ERR(GENERIC, OTHER), "it gave NULL and no text");
	if (plan->ret.pass != TWZ_PASS_NOTHING &&
	    !twz_image_load(plan->ret.type, ret, arena, &v, err))
		return false;
	if (plan->codes && v.integer) {
		*out = twz_err(arena, plan->codes, v);
		return true;
	}
	if (plan->codes)
		v = twz_ok(arena, plan->codes, twz_unit());
	if (plan->nouts && v.kind == TWZ_VALUE_OK) {
		inside = v.list.items[0];
		if (!with_outs(plan, words, arena, &inside, err))
			return false;
		v = twz_ok(arena, v.type, inside);
	} else if (plan->nouts && v.kind != TWZ_VALUE_ERR) {
		if (!with_outs(plan, words, arena, &v, err))
			return false;
	}
	*out = v;
	return true;
}

/* -- callbacks ------------------------------------------------------------------------------------ */

/* As main() is given its arguments, but that some may be missing. */
static bool
load_texts(const struct twz_slot *slot, const void *at, uint64_t n, struct twz_arena *arena,
	   struct twz_value *ret, struct twz_error *err)
{
	struct twz_value *items = twz_new_array(arena, n, struct twz_value);
	struct twz_type *list = twz_new(arena, struct twz_type);
	const char *const *texts = at;

	for (uint64_t i = 0; i < n; i++) {
		items[i] = (struct twz_value){ .kind = TWZ_VALUE_NONE, .type = slot->type };
		if (texts[i] && !load_text(slot->type, &texts[i], arena, &items[i], err))
			return false;
	}
	*list = (struct twz_type){ .kind = TWZ_LIST, .name = "", .target = slot->type };
	*ret = twz_list(list, items, n);
	return true;
}

static bool
given_buffer(const struct twz_plan *plan, uint32_t i, const uint64_t *words, struct twz_arena *arena,
	     struct twz_value *ret, struct twz_error *err)
{
	const struct twz_slot *slot = &plan->slots[i];
	const void *at = (const void *)(uintptr_t)words[i];
	uint64_t bytes;

	if (!at || twz_type_strip(slot->type)->kind != TWZ_STRING)
		return load_out(plan, i, words, arena, ret, err);
	return (twz_slot_bytes(plan, slot, words, BUFFER_MAX, &bytes) ||
		misfit(err, slot->type, "no such length for a buffer")) &&
	       load_texts(slot, at, bytes / slot->size, arena, ret, err);
}

static bool
given(const struct twz_plan *plan, uint32_t i, const uint64_t *words, struct twz_arena *arena,
      struct twz_value *ret, struct twz_error *err)
{
	const struct twz_slot *slot = &plan->slots[i];
	const void *at = (const void *)(uintptr_t)words[i];

	switch (slot->pass) {
	case TWZ_PASS_WORD:
		return twz_image_load(slot->type, &words[i], arena, ret, err);
	case TWZ_PASS_STRING:
		*ret = (struct twz_value){ .kind = TWZ_VALUE_NONE, .type = slot->type };
		return !at || load_text(slot->type, &words[i], arena, ret, err);
	case TWZ_PASS_STRUCT:
		return twz_image_load(slot->type, at, arena, ret, err);
	case TWZ_PASS_REF:
		return load_out(plan, i, words, arena, ret, err);
	case TWZ_PASS_BUFFER:
		return given_buffer(plan, i, words, arena, ret, err);
	case TWZ_PASS_NOTHING:
		break;
	}
	return misfit(err, slot->type, "it cannot be shown as a value");
}

bool
twz_image_given(const struct twz_plan *plan, const uint64_t *words, struct twz_arena *arena,
		struct twz_value *ret, size_t *n, struct twz_error *err)
{
	*n = 0;
	for (uint32_t i = 0; i < plan->nslots; i++)
		if (twz_slot_given(&plan->slots[i]) && !given(plan, i, words, arena, &ret[(*n)++], err))
			return false;
	return true;
}

bool
twz_image_return(const struct twz_plan *plan, const struct twz_value *v, void *bytes, struct twz_arena *arena,
		 struct twz_error *err)
{
	return plan->ret.pass == TWZ_PASS_NOTHING || twz_image_store(plan->ret.type, v, bytes, arena, err);
}
