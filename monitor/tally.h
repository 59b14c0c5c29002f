/*
 * What is known of the calls of one gate over one link: how many, how many failed, how long they took.
 *
 * Only the link's thread writes it, so counting is a load and a store. A cold call's times are those that
 * waiting looks at anyway. A hot call would be slowed by two looks at the clock: one of 64 is timed and
 * counts for 64. Times are kept by size: four buckets for each power of two, from 64 ns to half an hour, so
 * that a percentile is exact to an eighth.
 *
 * A tally lives as long as its gate; when its link ends, the next link to this gate goes on with it.
 */
#pragma once

#include "monitor/caller.h"

struct monitor_gate;
struct monitor_link;

enum { TALLY_SAMPLED = 64, TALLY_LOWEST = 6, TALLY_OCTAVES = 36, TALLY_BUCKETS = 4 * TALLY_OCTAVES };

struct tally {
	_Alignas(64) struct tally *next;	/* of the gate */
	bool taken;			/* by a link */
	uint64_t calls;			/* these atomic: others read them */
	uint64_t errors;		/* the gate said no */
	uint64_t failures;		/* fault, timeout, interruption */
	uint64_t longest;		/* ns, of those timed */
	uint64_t times[TALLY_BUCKETS];	/* calls that took so long */
};

/** The tally of @gate on @l; NULL: there is no memory for one. Takes the monitor's lock when it is new. */
struct tally *tally_find(struct monitor_link *l, struct monitor_gate *gate);
/** The link ends. With the lock held. */
void tally_release(struct monitor_link *l);
/** A call that took @ns, and stands for @weight calls. */
void tally_time(struct tally *y, uint64_t ns, uint64_t weight);
/** The time that @percent of the calls in @times stayed below, in ns; 0 when there are none. */
uint64_t tally_percentile(const uint64_t *times, unsigned percent);

static inline void
tally_add(uint64_t *word, uint64_t n)
{
	__atomic_store_n(word, __atomic_load_n(word, __ATOMIC_RELAXED) + n, __ATOMIC_RELAXED);
}

/** Between caller_ready() and caller_ring(): when the call began; 0: it is not timed. */
static inline uint64_t
tally_begin(const struct caller *c)
{
	if (!c->was_hot && c->hot_limit)
		return c->began;
	return c->seq % TALLY_SAMPLED ? 0 : link_now();
}

/** After caller_ring(). @y may be NULL. */
static inline void
tally_end(struct tally *y, const struct caller *c, uint64_t began, enum caller_end end)
{
	bool cold = !c->was_hot && c->hot_limit;

	if (!y)
		return;
	tally_add(&y->calls, 1);
	if (end != CALLER_DONE)
		tally_add(&y->failures, 1);
	else if (began)
		tally_time(y, (cold ? c->ended : link_now()) - began, cold ? 1 : TALLY_SAMPLED);
}
