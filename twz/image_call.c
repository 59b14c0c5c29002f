/*
 * One call's arguments as words and objects, its result as a value; and the same the other way, for callbacks.
 */
#include "twz/image_in.h"

#include <inttypes.h>
#include <string.h>

/* A buffer that a caller asks for: more than any link carries, less than what would hurt. */
static const uint64_t BUFFER_MAX = (uint64_t)1 << 30;

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
		return image_misfit(a->err, p->type, "too many elements for its length");
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

	/* A text is given shorter than its buffer is, like one in a struct. */
	return large ? large : twz_alloc_array(a->arena, slot->extent < 0 ? slot->count : n, slot->size);
}

static bool
wrong_length(const struct twz_slot *slot, size_t n, struct twz_error *err)
{
	return twz_fail(err, TWZ_CLASS_TYPE, TWZ_ERR(ARGUMENT, WRONG_TYPE), "it takes %" PRIu64 " %s, and got %zu",
			slot->count, slot->is_text || slot->size == 1 ? "bytes" : "elements", n);
}

static bool
put_buffer(struct args *a, const struct twz_slot *slot, const struct twz_value *v, uint64_t *word,
	   bool first)
{
	size_t n = v->kind == TWZ_VALUE_STRING ? v->string.n : v->list.n;
	unsigned char *bytes;

	if (v->kind == TWZ_VALUE_STRING ? slot->size != 1 : v->kind != TWZ_VALUE_LIST)
		return image_misfit(a->err, slot->type, "a buffer takes a list, or a text where it is bytes");
	if (slot->extent < 0 && (n > slot->count || (n < slot->count && !(slot->is_text && v->kind == TWZ_VALUE_STRING))))
		return wrong_length(slot, n, a->err);
	if (n > BUFFER_MAX / slot->size)
		return image_misfit(a->err, slot->type, "the buffer is too large");
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
			return v->kind == TWZ_VALUE_INT || image_misfit(a->err, slot->type, "the value is no function");
		return image_scalar(twz_type_strip(slot->type), v, word, a->err);
	case TWZ_PASS_STRING:
		if (!image_pointer(slot->type, v, a->arena, &text, a->err))
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
	return image_misfit(a->err, slot->type, "it cannot be given");
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
		return image_misfit(err, slot->type, "no such length for a buffer");
	if (slot->behind && n > room_of(bytes))
		return image_lie(err, plan->gate->type->members[slot->extent].type, "more than there was room for");
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

/* What it wrote belongs to what it returned, as what went well. */
static bool
went_well(const struct twz_plan *plan, const uint64_t *words, struct twz_value *v, struct twz_arena *arena,
	  struct twz_value *out, struct twz_error *err)
{
	struct twz_value inside = plan->fails == TWZ_RETURNS_NONZERO ? twz_unit() : *v;

	if (plan->nouts && !with_outs(plan, words, arena, &inside, err))
		return false;
	*out = twz_ok(arena, plan->codes, inside);
	return true;
}

static bool
failed(const struct twz_plan *plan, const struct twz_value *v, struct twz_arena *arena, struct twz_value *out,
       struct twz_error *err)
{
	const struct twz_type *type = twz_result_err(plan->codes)->type;
	int32_t number = v->integer <= INT32_MIN ? 0 : (int32_t)-v->integer;
	int64_t word = (int64_t)v->integer;
	struct twz_value error = *v;

	if (!plan->ret.by_errno) {
		if (type->kind == TWZ_INT)
			error = twz_int(type, !type->is_signed ? v->integer : type->size == 4 ? (int32_t)word : word);
		*out = twz_err(arena, plan->codes, error);
		return true;
	}
	if (!twz_image_load(type, &number, arena, &error, err))
		return false;
	*out = twz_err(arena, plan->codes, error);
	return true;
}

bool
twz_image_result(const struct twz_plan *plan, const uint64_t *words, const void *ret,
		 struct twz_arena *arena, struct twz_value *out, struct twz_error *err)
{
	struct twz_value v = twz_unit(), inside;

	if (no_text(plan, ret)) {
		twz_fail(err, TWZ_CLASS_GATE, TWZ_ERR(GENERIC, OTHER), "it gave NULL and no text");
		return twz_hint(err, "where that is an answer: try CALL else none");
	}
	if (plan->ret.pass != TWZ_PASS_NOTHING &&
	    !twz_image_load(plan->ret.type, ret, arena, &v, err))
		return false;
	if (plan->codes)
		return twz_failing(plan->fails, plan->ret.type, (int64_t)v.integer) ?
		       failed(plan, &v, arena, out, err) : went_well(plan, words, &v, arena, out, err);
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
		if (texts[i] && !image_text(slot->type, &texts[i], arena, &items[i], err))
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
		image_misfit(err, slot->type, "no such length for a buffer")) &&
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
		return !at || image_text(slot->type, &words[i], arena, ret, err);
	case TWZ_PASS_STRUCT:
		return twz_image_load(slot->type, at, arena, ret, err);
	case TWZ_PASS_REF:
		return load_out(plan, i, words, arena, ret, err);
	case TWZ_PASS_BUFFER:
		return given_buffer(plan, i, words, arena, ret, err);
	case TWZ_PASS_NOTHING:
		break;
	}
	return image_misfit(err, slot->type, "it cannot be shown as a value");
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

/* How many elements were written, for a buffer whose length comes back. */
static void
set_count(const struct twz_plan *plan, const struct twz_slot *slot, const uint64_t *words, uint64_t n)
{
	if (slot->behind)
		memcpy((void *)(uintptr_t)words[slot->extent], &n, plan->slots[slot->extent].size);
}

static bool
fill_buffer(const struct twz_plan *plan, uint32_t i, const struct twz_value *v, const uint64_t *words,
	    struct twz_arena *arena, struct twz_error *err)
{
	const struct twz_slot *slot = &plan->slots[i];
	unsigned char *at = (unsigned char *)(uintptr_t)words[i];
	uint64_t room, n = v->kind == TWZ_VALUE_STRING ? v->string.n : v->list.n;

	if (v->kind == TWZ_VALUE_STRING ? slot->size != 1 : v->kind != TWZ_VALUE_LIST)
		return image_misfit(err, slot->type, "a buffer takes a list, or a text where it is bytes");
	if (!twz_slot_bytes(plan, slot, words, BUFFER_MAX, &room))
		return image_misfit(err, slot->type, "no such length for a buffer");
	if (n > room / slot->size)
		return image_misfit(err, slot->type, "more than there is room for");
	if (v->kind == TWZ_VALUE_STRING)
		memcpy(at, v->string.text, n);
	for (uint64_t k = 0; v->kind == TWZ_VALUE_LIST && k < n; k++)
		if (!twz_image_store(slot->type, &v->list.items[k], at + k * slot->size, arena, err))
			return false;
	set_count(plan, slot, words, n);
	return true;
}

/* Who gave no room for it does not want it. */
static bool
fill(const struct twz_plan *plan, uint32_t i, const struct twz_value *v, const uint64_t *words,
     struct twz_arena *arena, struct twz_error *err)
{
	const struct twz_slot *slot = &plan->slots[i];

	if (!words[i])
		return true;
	if (slot->pass == TWZ_PASS_BUFFER)
		return fill_buffer(plan, i, v, words, arena, err);
	return twz_image_store(slot->type, v, (void *)(uintptr_t)words[i], arena, err);
}

bool
twz_image_return(const struct twz_plan *plan, const struct twz_value *v, const uint64_t *words, void *bytes,
		 struct twz_arena *arena, struct twz_error *err)
{
	bool returns = plan->ret.pass != TWZ_PASS_NOTHING;
	const struct twz_value *part;

	if (!plan->nouts)
		return !returns || twz_image_store(plan->ret.type, v, bytes, arena, err);
	for (uint32_t i = 0; i < plan->nslots; i++) {
		const char *name = plan->gate->type->members[i].name;

		part = plan->slots[i].dir != TWZ_IN ? twz_field(v, name) : NULL;
		if (part && !fill(plan, i, part, words, arena, err))
			return twz_wrap(err, "%s", name);
	}
	part = returns ? twz_field(v, "result") : NULL;
	return !returns || (part ? twz_image_store(plan->ret.type, part, bytes, arena, err) :
				   image_misfit(err, plan->ret.type, "it gives none"));
}
