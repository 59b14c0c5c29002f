/*
 * Who may spin. A hot link keeps two CPUs busy, so a process has only so many places for them, and
 * threads that call without a pause take turns: whoever has no place sleeps until one is handed to it,
 * instead of taking away the CPU that a spinning pair needs. Eight threads then make as many calls in
 * sum as one does.
 *
 * A place whose owner calls no more is taken from it by whoever waits for longest; an owner looks at
 * every call whether its place is still its own. Only handing over takes a lock.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum {
	TURN_PLACES = 64,
	TURN_NS = 4000000,
	TURN_WAIT_NS = 40000000,	/* nobody waits longer: then its call is a cold one */
};

struct turn_place {
	_Alignas(64) uintptr_t owner;	/* atomic; 0: free */
	uint64_t since;
};

extern struct turn_place turn_places[TURN_PLACES];
extern uint32_t turn_waiting;		/* atomic */

/**
 * A place among the first @limit for @who, who may have to wait for it. Its number, or -1: none.
 * Not for hot paths.
 */
int turn_take(uint32_t limit, const void *who, bool wait);
/** Hands the place on, if it still is @who's. */
void turn_give(int place, const void *who);
/** Whether the turn of @place is over: others wait, and it was long enough. */
bool turn_over(int place);

static inline bool
turn_mine(int place, const void *who)
{
	return __atomic_load_n(&turn_places[place].owner, __ATOMIC_RELAXED) == (uintptr_t)who;
}

static inline bool
turn_wanted(void)
{
	return __atomic_load_n(&turn_waiting, __ATOMIC_RELAXED);
}
