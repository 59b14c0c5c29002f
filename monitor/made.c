/*
 * Objects that functions make in memory that they are given, at level none: there their number is their address.
 * Their memory is remembered until they are closed or their service is unloaded; see guest/gate.c for compartments.
 */
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "monitor/internal.h"
#include "monitor/made.h"

static int
by_address(const void *a, const void *b)
{
	return ((uintptr_t)a > (uintptr_t)b) - ((uintptr_t)a < (uintptr_t)b);
}

static bool
keep(struct made *m, void *memory)
{
	void *node;

	pthread_mutex_lock(&m->lock);
	node = tsearch(memory, &m->root, by_address);
	pthread_mutex_unlock(&m->lock);
	return node;
}

static void
drop(struct made *m, void *memory)
{
	bool ours;

	pthread_mutex_lock(&m->lock);
	ours = memory && tdelete(memory, &m->root, by_address);
	pthread_mutex_unlock(&m->lock);
	if (ours)
		free(memory);
}

static void
discard(const struct twz_plan *plan, const uint64_t *given)
{
	for (uint32_t i = 0; i < plan->nslots; i++)
		if (plan->slots[i].makes)
			free((void *)(uintptr_t)given[i]);
}

static bool
has_failed(const struct twz_plan *plan, const void *ret)
{
	int64_t value = 0;

	if (!plan->fails)
		return false;
	memcpy(&value, ret, plan->ret.size);
	return twz_failing(plan->fails, plan->ret.type, value);
}

bool
made_invoke(struct made *m, void *function, const struct twz_plan *plan, const uint64_t *words, void *ret,
	    struct twz_error *err)
{
	uint64_t given[TWZ_MAX_PARAMS];
	bool room = true, kept;

	memcpy(given, words, plan->nslots * sizeof(*given));
	for (uint32_t i = 0; i < plan->nslots; i++) {
		if (!plan->slots[i].makes)
			continue;
		given[i] = words[i] ? (uint64_t)(uintptr_t)calloc(1, plan->slots[i].count) : 0;
		room &= given[i] || !words[i];
	}
	if (!room || !direct_invoke(function, plan, given, ret, err)) {
		discard(plan, given);
		return room ? false : twz_fail_sys(err, ENOMEM, "%s: an object", plan->gate->name);
	}
	kept = !has_failed(plan, ret);
	for (uint32_t i = 0; i < plan->nslots; i++) {
		const struct twz_slot *slot = &plan->slots[i];
		void *memory = (void *)(uintptr_t)given[i];

		if (slot->closes)
			drop(m, memory);
		if (!slot->makes || !memory)
			continue;
		if (!kept || !keep(m, memory)) {
			free(memory);
			memory = NULL;
		}
		memcpy((void *)(uintptr_t)words[i], &memory, sizeof(memory));
	}
	return true;
}

void
made_free(struct made *m)
{
	tdestroy(m->root, free);
	m->root = NULL;
}
