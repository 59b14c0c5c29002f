/* Objects in memory that is made for them, at level none: see made.c. */
#pragma once

#include <pthread.h>

#include "twz/plan.h"

struct made {
	pthread_mutex_t lock;
	void *root;			/* of a tree of their addresses */
};

/** direct_invoke(), for a gate that may make or close some. */
TWZ_MUST bool made_invoke(struct made *m, void *function, const struct twz_plan *plan, const uint64_t *words,
			  void *ret, struct twz_error *err);
/** Frees all that were not closed. */
void made_free(struct made *m);
