#include "monitor/tally.h"

#include <stdlib.h>

#include "monitor/internal.h"

static struct tally *
take(struct monitor_gate *gate)
{
	struct tally *y = gate->tallies;

	while (y && y->taken)
		y = y->next;
	if (!y) {
		y = aligned_alloc(_Alignof(struct tally), sizeof(*y));
		if (!y)
			return NULL;
		*y = (struct tally){ 0 };
		y->next = gate->tallies;
		gate->tallies = y;
	}
	y->taken = true;
	return y;
}

/* With the lock held, because whoever reads the tallies has it. */
static struct tally *
make(struct monitor_link *l, struct monitor_gate *gate)
{
	uint32_t number = gate->wire->number, n = number + 8;
	struct tally **all = l->tallies;

	if (number >= l->ntallies) {
		all = realloc(l->tallies, n * sizeof(struct tally *));
		if (!all)
			return NULL;
		for (uint32_t i = l->ntallies; i < n; i++)
			all[i] = NULL;
		l->tallies = all;
		l->ntallies = n;
	}
	all[number] = take(gate);
	return all[number];
}

struct tally *
tally_find(struct monitor_link *l, struct monitor_gate *gate)
{
	struct monitor *m = gate->compartment->monitor;
	uint32_t number = gate->wire->number;
	struct tally *y = number < l->ntallies ? l->tallies[number] : NULL;

	if (y)
		return y;
	pthread_mutex_lock(&m->lock);
	y = make(l, gate);
	pthread_mutex_unlock(&m->lock);
	return y;
}

void
tally_release(struct monitor_link *l)
{
	for (uint32_t i = 0; i < l->ntallies; i++)
		if (l->tallies[i])
			l->tallies[i]->taken = false;
	free(l->tallies);
}

static unsigned
bucket_of(uint64_t ns)
{
	unsigned power;

	if (ns < 1u << TALLY_LOWEST)
		return 0;
	power = 63 - (unsigned)__builtin_clzll(ns);
	if (power >= TALLY_LOWEST + TALLY_OCTAVES)
		return TALLY_BUCKETS - 1;
	return (power - TALLY_LOWEST) * 4 + (unsigned)(ns >> (power - 2) & 3);
}

/* The middle of a bucket. */
static uint64_t
time_of(unsigned bucket)
{
	uint64_t step = (uint64_t)1 << (bucket / 4 + TALLY_LOWEST - 2);

	return (4 + bucket % 4) * step + step / 2;
}

TWZ_HOT void
tally_time(struct tally *y, uint64_t ns, uint64_t weight)
{
	tally_add(&y->times[bucket_of(ns)], weight);
	if (ns > __atomic_load_n(&y->longest, __ATOMIC_RELAXED))
		__atomic_store_n(&y->longest, ns, __ATOMIC_RELAXED);
}

uint64_t
tally_percentile(const uint64_t *times, unsigned percent)
{
	uint64_t all = 0, below = 0;

	for (unsigned i = 0; i < TALLY_BUCKETS; i++)
		all += times[i];
	for (unsigned i = 0; all && i < TALLY_BUCKETS; i++) {
		below += times[i];
		if (below * 100 >= all * percent)
			return time_of(i);
	}
	return 0;
}

/* -- for reading -------------------------------------------------------------------------------- */

static uint64_t
least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static struct monitor_calls
calls_of(const struct monitor_gate *gate)
{
	struct monitor_calls row = {
		.service = gate->compartment->service, .gate = gate->gate,
		.calls = __atomic_load_n(&gate->plain, __ATOMIC_RELAXED),
		.errors = __atomic_load_n(&gate->plain_errors, __ATOMIC_RELAXED),
		.failures = __atomic_load_n(&gate->plain_failures, __ATOMIC_RELAXED),
	};
	uint64_t times[TALLY_BUCKETS] = { 0 };

	for (const struct tally *y = gate->tallies; y; y = y->next) {
		uint64_t longest = __atomic_load_n(&y->longest, __ATOMIC_RELAXED);

		row.calls += __atomic_load_n(&y->calls, __ATOMIC_RELAXED);
		row.errors += __atomic_load_n(&y->errors, __ATOMIC_RELAXED);
		row.failures += __atomic_load_n(&y->failures, __ATOMIC_RELAXED);
		row.longest = longest > row.longest ? longest : row.longest;
		for (unsigned i = 0; i < TALLY_BUCKETS; i++)
			times[i] += __atomic_load_n(&y->times[i], __ATOMIC_RELAXED);
	}
	/* A bucket's middle may lie beyond all that was seen. */
	row.p50 = least(tally_percentile(times, 50), row.longest);
	row.p90 = least(tally_percentile(times, 90), row.longest);
	row.p99 = least(tally_percentile(times, 99), row.longest);
	return row;
}

size_t
monitor_calls(struct monitor *m, struct twz_arena *arena, const struct monitor_calls **ret)
{
	struct monitor_calls *all = NULL;
	size_t n = 0;

	pthread_mutex_lock(&m->lock);
	for (uint32_t i = 0; i < m->ncompartments; i++) {
		const struct compartment *c = m->compartments[i];

		for (uint32_t k = 0; k < c->ngates; k++)
			if (c->gates[k]->tallies || __atomic_load_n(&c->gates[k]->plain, __ATOMIC_RELAXED))
				twz_push(arena, all, n, calls_of(c->gates[k]));
	}
	pthread_mutex_unlock(&m->lock);
	*ret = all;
	return n;
}

void
monitor_gate_said_no(struct monitor_gate *gate)
{
	const struct monitor_thread *t = thread_self();
	uint32_t index = gate->compartment->index;
	struct monitor_link *l = index < t->nlinks ? t->links[index] : NULL;
	struct tally *y = l ? tally_find(l, gate) : NULL;

	if (__atomic_load_n(&gate->call, __ATOMIC_RELAXED) && !callback_has_links(gate))
		__atomic_fetch_add(&gate->plain_errors, 1, __ATOMIC_RELAXED);
	else if (y)
		tally_add(&y->errors, 1);
}

size_t
monitor_links(struct monitor *m, struct twz_arena *arena, const struct monitor_link_info **ret)
{
	struct monitor_link_info *all = NULL;
	size_t n = 0;

	pthread_mutex_lock(&m->lock);
	for (const struct instance *i = m->instances; i; i = i->next)
		for (const struct monitor_link *l = i->links; l; l = l->next) {
			const struct monitor_link_info row = {
				.serial = l->serial,
				.from = l->from ? l->from->compartment->service->name : "",
				.from_id.value = l->from ? l->from->id : 0,
				.to = i->compartment->service->name,
				.to_id.value = i->id,
				.thread = l->thread,
				.depth = l->depth,
				.calls = __atomic_load_n(&l->caller.calls, __ATOMIC_RELAXED),
			};

			twz_push(arena, all, n, row);
		}
	pthread_mutex_unlock(&m->lock);
	*ret = all;
	return n;
}
