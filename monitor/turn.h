/*
 * Who may spin. A hot link keeps two CPUs busy, so a process has only so many places for them, and
 * threads that call without a pause take turns: whoever has no place sleeps until one is handed to it,
 * instead of taking away the CPU that a spinning pair needs. Eight threads then make as many calls in
 * sum as one does.
 *
 * A place whose owner calls no more, so that its guest went to sleep, is taken from it by whoever waits for
 * longest; an owner looks at every call whether its place is still its own. Only handing over takes a lock.
 *
 * A hand-over costs tens of microseconds in which nobody spins, so a turn is as long as it can be while
 * each of those who wait gets its own within a round.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum {
	TURN_PLACES = 64,
	TURN_NS = 4000000,		/* at least */
	TURN_MOST_NS = 2 * TURN_NS,
	TURN_SILENT_NS = TURN_NS / 4,	/* nobody's guest sleeps for so long, but of an owner that does not call */
	TURN_ROUND_NS = 28000000,	/* the turns of all that wait, if the least allows */
	TURN_WAIT_NS = 40000000,	/* nobody waits longer: then its call is a cold one */
};

struct caller;

struct turn_place {
	_Alignas(64) const struct caller *owner;	/* atomic; NULL: free */
	uint64_t since;
};

extern struct turn_place turn_places[TURN_PLACES];
extern uint32_t turn_waiting;		/* atomic */

/**
 * A place among the first @limit for @who, who may have to wait for it. Its number, or -1: none.
 * Not for hot paths.
 */
int turn_take(uint32_t limit, const struct caller *who, bool wait);
/** Hands the place on, if it still is @who's. */
void turn_give(int place, const struct caller *who);
/**
 * Hands the place on to whoever waits for longest, and waits behind all that do. As turn_take(). When nobody waits,
 * @who keeps it.
 */
int turn_pass(int place, uint32_t limit, const struct caller *who);
/** Whether the turn of @place is over: others wait, and it was long enough. */
bool turn_over(int place);

static inline bool
turn_mine(int place, const struct caller *who)
{
	return __atomic_load_n(&turn_places[place].owner, __ATOMIC_RELAXED) == who;
}

static inline bool
turn_wanted(void)
{
	return __atomic_load_n(&turn_waiting, __ATOMIC_RELAXED);
}
