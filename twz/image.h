/*
 * Between values and C memory. A call's arguments become words and objects laid out exactly as C lays
 * them out (plan.h says what the words mean); a result's bytes become a value. Conversion of texts to
 * types has happened before: here every value must already fit.
 */
#pragma once

#include "twz/plan.h"
#include "twz/value.h"

/**
 * Lays out the arguments of one call. @args holds one value per parameter for which twz_slot_given()
 * is true, in order. @words gets plan->nslots words whose addresses point into @arena; out-parameters
 * get zeroed memory there. Fails with class TYPE when a value does not fit its type (range, length,
 * missing field): the text names the parameter.
 */
TWZ_MUST bool twz_image_args(const struct twz_plan *plan, const struct twz_value *args, size_t nargs,
			     struct twz_arena *arena, uint64_t *words, struct twz_error *err);

/* Where large buffers lie that only go into a gate. */
struct twz_image_place {
	size_t least;			/* bytes; smaller ones are in the arena */
	/** Memory of @n bytes, or NULL: the arena's. It may be @from itself, which then need not be copied. */
	void *(*large)(void *data, const void *from, size_t n);
	void *data;
};
/** twz_image_args() with a place for large ones; NULL: the arena is. */
TWZ_MUST bool twz_image_args_at(const struct twz_plan *plan, const struct twz_value *args, size_t nargs,
				struct twz_arena *arena, const struct twz_image_place *place, uint64_t *words,
				struct twz_error *err);

/**
 * The other way, for a callback: the values of the parameters for which twz_slot_given() is true, in order, from
 * the words that it was called with. @ret has room for plan->nslots. Everything is copied to @arena.
 */
TWZ_MUST bool twz_image_given(const struct twz_plan *plan, const uint64_t *words, struct twz_arena *arena,
			      struct twz_value *ret, size_t *n, struct twz_error *err);
/**
 * … and its result, plan->ret.size bytes at @bytes. @v is of no interest where nothing is returned. With
 * out-parameters it is a record: "result", if something is returned, and those that are to be filled, which lie
 * behind @words.
 */
TWZ_MUST bool twz_image_return(const struct twz_plan *plan, const struct twz_value *v, const uint64_t *words,
			       void *bytes, struct twz_arena *arena, struct twz_error *err);

/**
 * Reads the result of a call: @ret holds plan->ret.size bytes (a STRING result: one char *), @words
 * are those given to the call, whose out-parameters were filled. Everything is copied to @arena.
 *
 * Shape: the returned value; with out-parameters and nothing returned, the one out value or a record
 * of them; with both, a record {result, …}. In a Result, the Ok value is so combined. A state word
 * that is neither Ok nor Err, an enumerator that does not exist, a bool that is neither 0 nor 1 are
 * class FAULT: the service lied or never wrote its result.
 */
TWZ_MUST bool twz_image_result(const struct twz_plan *plan, const uint64_t *words, const void *ret,
			       struct twz_arena *arena, struct twz_value *out,
			       struct twz_error *err);

/** Stores @v as @type at @bytes (zeroed, type->size long). Strings inside point into @arena. */
TWZ_MUST bool twz_image_store(const struct twz_type *type, const struct twz_value *v, void *bytes,
			      struct twz_arena *arena, struct twz_error *err);
/** The value of @type at @bytes, copied. */
TWZ_MUST bool twz_image_load(const struct twz_type *type, const void *bytes,
			     struct twz_arena *arena, struct twz_value *ret, struct twz_error *err);
