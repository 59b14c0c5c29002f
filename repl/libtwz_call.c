/*
 * include/twz/call.h: calls with values that say of what type they are.
 *
 * A C program that looks a gate up by name has no compiler to compare types for it: everything that can be
 * compared is, before the call, against the types that were read from the service.
 */
#include <string.h>

#include "repl/libtwz.h"
#include "twz/call.h"
#include "twz/plan.h"
#include "twz/value.h"

enum { MOST = 64 << 20 };

static bool
mismatch(const struct twz_plan *plan, size_t i, const char *what, struct twz_error *err)
{
	const struct twz_gate *gate = plan->gate;
	const char *name = i < gate->type->nmembers ? gate->type->members[i].name : "";

	return twz_fail(err, TWZ_CLASS_TYPE, TWZ_ERR(ARGUMENT, WRONG_TYPE), "%s: parameter '%s' %s", gate->name,
			name, what);
}

static bool
is_null(const struct twz_arg *a)
{
	return (a->kind == TWZ_ARG_TEXT && !a->v.text) || (a->kind == TWZ_ARG_MEMORY && !a->v.memory);
}

static bool
callback_word(const struct twz_plan *plan, size_t i, const struct twz_arg *a, uint64_t *word,
	      struct twz_error *err)
{
	*word = (uint64_t)(uintptr_t)a->v.function;
	return (a->kind == TWZ_ARG_FUNCTION && (a->v.function || plan->slots[i].optional)) ||
	       mismatch(plan, i, "takes a FUNCTION", err);
}

static bool
integer_word(const struct twz_slot *slot, const struct twz_arg *a, uint64_t *word)
{
	twz_wide value = a->kind == TWZ_ARG_INT ? (twz_wide)a->v.i : (twz_wide)a->v.u, least, most;
	uint32_t bits = slot->size * 8;

	least = slot->is_signed ? -((twz_wide)1 << (bits - 1)) : 0;
	most = ((twz_wide)1 << (bits - slot->is_signed)) - 1;
	*word = (uint64_t)value;
	return (a->kind == TWZ_ARG_INT || a->kind == TWZ_ARG_UINT) && value >= least && value <= most;
}

static uint64_t
float_word(const struct twz_slot *slot, double d)
{
	float f = (float)d;
	uint64_t word = 0;

	if (slot->size == sizeof(f))
		memcpy(&word, &f, sizeof(f));
	else
		memcpy(&word, &d, sizeof(d));
	return word;
}

/* All but the sizes of buffers, which other parameters say. */
static bool
one_word(const struct twz_plan *plan, size_t i, const struct twz_arg *a, uint64_t *word,
	 struct twz_error *err)
{
	const struct twz_slot *slot = &plan->slots[i];

	*word = a->kind == TWZ_ARG_TEXT ? (uint64_t)(uintptr_t)a->v.text : (uint64_t)(uintptr_t)a->v.memory;
	switch (slot->pass) {
	case TWZ_PASS_NOTHING:
		return true;
	case TWZ_PASS_WORD:
		if (slot->callback)
			return callback_word(plan, i, a, word, err);
		if (slot->token) {
			*word = (uint64_t)(uintptr_t)a->v.data;
			return a->kind == TWZ_ARG_DATA || mismatch(plan, i, "takes DATA", err);
		}
		if (slot->is_float) {
			*word = float_word(slot, a->v.f);
			return a->kind == TWZ_ARG_FLOAT || mismatch(plan, i, "takes a FLOAT", err);
		}
		return integer_word(slot, a, word) ||
		       mismatch(plan, i, "takes an integer within its type's range", err);
	case TWZ_PASS_STRING:
		return (a->kind == TWZ_ARG_TEXT && (a->v.text || slot->optional)) ||
		       mismatch(plan, i, "takes a TEXT", err);
	case TWZ_PASS_STRUCT:
	case TWZ_PASS_REF:
		if (is_null(a) && slot->optional)
			return true;
		return (a->kind == TWZ_ARG_MEMORY && a->v.memory && a->size == slot->size) ||
		       mismatch(plan, i, "takes MEMORY of exactly its struct's size", err);
	case TWZ_PASS_BUFFER:
		return is_null(a) || a->kind == TWZ_ARG_MEMORY ||
		       (a->kind == TWZ_ARG_TEXT && slot->is_text && slot->dir == TWZ_IN) ||
		       mismatch(plan, i, "takes MEMORY", err);
	}
	return false;
}

static bool
check_buffer(const struct twz_plan *plan, size_t i, const struct twz_arg *a, const uint64_t *words,
	     struct twz_error *err)
{
	const struct twz_slot *slot = &plan->slots[i];
	size_t size = a->kind == TWZ_ARG_TEXT && a->v.text ? strlen(a->v.text) + 1 : a->size;
	uint64_t need;

	if (slot->pass != TWZ_PASS_BUFFER || (is_null(a) && slot->optional))
		return true;
	if (!twz_slot_bytes(plan, slot, words, MOST, &need))
		return mismatch(plan, i, "has a length that is negative or too large", err);
	return (need <= size && (a->v.memory || !need)) ||
	       mismatch(plan, i, "takes MEMORY of at least the length that the call says", err);
}

bool
libtwz_words(const struct twz_plan *plan, const struct twz_arg *args, size_t nargs, uint64_t *words,
	     struct twz_error *err)
{
	if (nargs != plan->nslots)
		return twz_fail(err, TWZ_CLASS_TYPE, TWZ_ERR(ARGUMENT, WRONG_TYPE),
				"%s takes %u arguments, and got %zu", plan->gate->name, plan->nslots, nargs);
	for (size_t i = 0; i < nargs; i++)
		if (!one_word(plan, i, &args[i], &words[i], err))
			return false;
	for (size_t i = 0; i < nargs; i++)
		if (!check_buffer(plan, i, &args[i], words, err))
			return false;
	return true;
}

bool
libtwz_check_ret(const struct twz_plan *plan, size_t ret_size, struct twz_error *err)
{
	return ret_size == plan->ret.size ||
	       twz_fail(err, TWZ_CLASS_TYPE, TWZ_ERR(ARGUMENT, WRONG_TYPE),
			"%s gives %u bytes, and %zu were asked for", plan->gate->name, plan->ret.size, ret_size);
}

int
twz_gate_call(struct twz_gate_ref *ref, const struct twz_arg *args, size_t nargs, void *ret,
	      size_t ret_size)
{
	const struct twz_plan *plan = session_plan(ref->gate);
	struct twz_error *err = libtwz_begin();
	uint64_t words[TWZ_MAX_PARAMS];

	if (libtwz_check_ret(plan, ret_size, err) && libtwz_words(plan, args, nargs, words, err) &&
	    session_call(ref->gate, words, ret, libtwz_timeout(), err)) {
		if (twz_has_failed)	/* a call that a callback made */
			twz_forget();
		return 0;
	}
	if (ret && ret_size && !session_keeps_result(ref->gate, err))
		memset(ret, 0, ret_size);
	return libtwz_fail();
}
