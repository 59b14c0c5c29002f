/*
 * What the rule for a gate (plan.c) and the rule for what lies in an object (plan_object.c) share.
 */
#pragma once

#include "twz/plan.h"

/* Where a complaint is about: "parameter 'a'" or "the result". */
struct plan_where {
	const struct twz_gate *gate;
	const struct twz_member *param;	/* NULL: the result */
	struct twz_arena *arena;
	struct twz_error *err;
	bool inside;			/* of a callback */
};

/** Class TYPE: @why, of the place @w, in @field of it unless that is NULL. Always false. */
bool plan_refuse(const struct plan_where *w, const char *field, const char *why);

/** Fills in what a scalar of type @t takes; false: it cannot cross. */
bool plan_scalar(const struct twz_type *t, struct twz_slot *slot);
const char *plan_scalar_reason(const struct twz_type *t);
const char *plan_opaque_reason(const struct twz_type *t);

/**
 * Whether an object of this type can cross as bytes, plus the texts that it points to, which are added to @slot.
 * @depth: 0 for what is not inside of another.
 */
bool plan_object(const struct plan_where *w, const char *field, const struct twz_type *type, uint32_t offset,
		 struct twz_slot *slot, unsigned depth);
