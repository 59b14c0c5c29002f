#include "monitor/turn.h"

#include <pthread.h>

#include "monitor/link.h"

/* On the waiting thread's stack. */
struct waiter {
	struct waiter *next;
	const void *who;
	uint32_t granted;		/* futex */
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

/* One that its owner has had for so long that it cannot know that others wait. */
static int
find_stale(uint32_t limit, uint64_t now)
{
	for (uint32_t i = 0; i < limit && i < TURN_PLACES; i++)
		if (now - turn_places[i].since > 2 * TURN_NS)
			return (int)i;
	return -1;
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
			return;
		}
}

/* Waits, with the lock held before and after, until a place is granted or can be taken. */
static void
wait_for_place(struct waiter *w, uint32_t limit)
{
	uint64_t now = link_now(), end = now + TURN_WAIT_NS;

	while (w->place < 0 && now < end) {
		struct timespec until = link_time(now + TURN_NS < end ? now + TURN_NS : end);

		pthread_mutex_unlock(&lock);
		link_sleep(&w->granted, 0, &until);
		pthread_mutex_lock(&lock);
		now = link_now();
		if (w->place < 0 && first == w)
			w->place = find_stale(limit, now);
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
			__atomic_store_n(&w->granted, 1, __ATOMIC_RELEASE);
			link_wake(&w->granted);
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
