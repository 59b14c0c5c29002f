/*
 * Functions of the language as callbacks of one call: C functions that make values of what they are given, and C of
 * what comes back.
 */
#pragma once

#include "twz/error.h"
#include "twz/plan.h"

struct callback;

/* Those of one call. */
struct callbacks {
	struct callback *all;
	struct twz_error failure;	/* of the first that failed: no other is called in this call */
};

/** Puts C functions in the place of struct repl_callbacks among @words. */
TWZ_MUST bool callbacks_begin(struct callbacks *c, const struct twz_plan *plan, uint64_t *words,
			      struct twz_error *err);
/** A callback's failure is the call's, unless the call failed (@ok false) for a reason of its own. */
bool callbacks_worked(const struct callbacks *c, bool ok, struct twz_error *err);
void callbacks_end(struct callbacks *c);
