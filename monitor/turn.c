#include "monitor/turn.h"

#include <pthread.h>

#include "monitor/link.h"

enum { STALE_NS = 2 * TURN_NS };

/* On the waiting thread's stack. */
struct waiter {
	struct waiter *next;
	const void *who;
	uint32_t news;			/* futex: changes when there is something for it to look at */
	int place;
};

struct turn_place turn_places[TURN_PLACES];
uint32_t turn_waiting;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct waiter *first;

static void
own(int place, const void *who)
{
	turn_places[place].since = who ? link_now() : 0;
	__atomic_store_n(&turn_places[place].owner, (uintptr_t)who, __ATOMIC_RELAXED);
}

/* All of these with the lock held. */

static int
find_free(uint32_t limit)
{
	for (uint32_t i = 0; i < limit && i < TURN_PLACES; i++)
		if (!turn_places[i].owner)
			return (int)i;
	return -1;
}

/* One that its owner has had for so long that it cannot know that others wait; -1: the first will be one at *@when. */
static int
find_stale(uint32_t limit, uint64_t now, uint64_t *when)
{
	uint64_t oldest = now;

	for (uint32_t i = 0; i < limit && i < TURN_PLACES; i++) {
		if (now - turn_places[i].since > STALE_NS)
			return (int)i;
		if (turn_places[i].since < oldest)
			oldest = turn_places[i].since;
	}
	*when = oldest + STALE_NS + 1;
	return -1;
}

static void
tell(struct waiter *w)
{
	__atomic_add_fetch(&w->news, 1, __ATOMIC_RELEASE);
	link_wake(&w->news);
}

static void
join(struct waiter *w)
{
	struct waiter **at = &first;

	while (*at)
		at = &(*at)->next;
	*at = w;
	__atomic_add_fetch(&turn_waiting, 1, __ATOMIC_RELAXED);
}

static void
leave(struct waiter *w)
{
	for (struct waiter **at = &first; *at; at = &(*at)->next)
		if (*at == w) {
			*at = w->next;
			__atomic_sub_fetch(&turn_waiting, 1, __ATOMIC_RELAXED);
			if (first && first == w->next)
				tell(first);
			return;
		}
}

/*
 * Waits, with the lock held before and after, until a place is granted or can be taken. Only the first of all looks
 * for one to take: whoever wakes up takes time away from those that spin.
 */
static void
wait_for_place(struct waiter *w, uint32_t limit)
{
	uint64_t now = link_now(), end = now + TURN_WAIT_NS, when = first == w ? now + STALE_NS : end;

	/* Who has a place learns only now that somebody waits: none is taken before it had time to hand it on. */
	while (w->place < 0 && now < end) {
		struct timespec until = link_time(when < end ? when : end);
		uint32_t news = __atomic_load_n(&w->news, __ATOMIC_RELAXED);

		pthread_mutex_unlock(&lock);
		link_sleep(&w->news, news, &until);
		pthread_mutex_lock(&lock);
		now = link_now();
		when = end;
		if (w->place < 0 && first == w)
			w->place = find_stale(limit, now, &when);
	}
}

int
turn_take(uint32_t limit, const void *who, bool wait)
{
	struct waiter w = { .who = who };

	pthread_mutex_lock(&lock);
	w.place = first ? -1 : find_free(limit);
	if (w.place < 0 && wait && limit) {
		join(&w);
		wait_for_place(&w, limit);
		leave(&w);
	}
	if (w.place >= 0)
		own(w.place, who);
	pthread_mutex_unlock(&lock);
	return w.place;
}

void
turn_give(int place, const void *who)
{
	pthread_mutex_lock(&lock);
	if (turn_mine(place, who)) {
		struct waiter *w = first;

		own(place, w ? w->who : NULL);
		if (w) {
			leave(w);
			w->place = place;
			tell(w);
		}
	}
	pthread_mutex_unlock(&lock);
}

bool
turn_over(int place)
{
	bool over;

	pthread_mutex_lock(&lock);
	over = first && link_now() - turn_places[place].since > TURN_NS;
	pthread_mutex_unlock(&lock);
	return over;
}
