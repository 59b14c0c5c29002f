#include "monitor/turn.h"

#include <pthread.h>

#include "monitor/caller.h"

/* On the waiting thread's stack. */
struct waiter {
	struct waiter *next;
	const struct caller *who;
	uint32_t granted;		/* futex: there is a place, and this is in no list any more */
	int place;
};

struct turn_place turn_places[TURN_PLACES];
uint32_t turn_waiting;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct waiter *first;

/* How long a turn is now. */
static uint64_t
turn_ns(void)
{
	uint32_t n = __atomic_load_n(&turn_waiting, __ATOMIC_RELAXED);
	uint64_t ns = n ? TURN_ROUND_NS / n : TURN_MOST_NS;

	return ns < TURN_NS ? TURN_NS : ns > TURN_MOST_NS ? TURN_MOST_NS : ns;
}

static void
own(int place, const struct caller *who)
{
	__atomic_store_n(&turn_places[place].since, who ? link_now() : 0, __ATOMIC_RELAXED);
	__atomic_store_n(&turn_places[place].owner, who, __ATOMIC_RELAXED);
}

/* All of these with the lock held. */


/*
 * Whether its owner calls no more: either its guest sleeps, or it has had its place for so long that it cannot know that
 * others wait. An owner gives its place back before its link is gone.
 */
static bool
is_stale(const struct turn_place *p, uint64_t now)
{
	uint64_t age = now - p->since;

	return age > turn_ns() + TURN_NS ||
	       (age > TURN_SILENT_NS && __atomic_load_n(&p->owner->shared->guest_asleep, __ATOMIC_RELAXED));
}

static int
find_place(uint32_t limit)
{
	uint64_t now = link_now();

	for (uint32_t i = 0; i < limit && i < TURN_PLACES; i++)
		if (!turn_places[i].owner || is_stale(&turn_places[i], now))
			return (int)i;
	return -1;
}

/* Returns how many wait before it. */
static uint32_t
join(struct waiter *w)
{
	struct waiter **at = &first;
	uint32_t n = 0;

	for (; *at; n++)
		at = &(*at)->next;
	*at = w;
	__atomic_add_fetch(&turn_waiting, 1, __ATOMIC_RELAXED);
	return n;
}

static void
leave(struct waiter *w)
{
	struct waiter **at = &first;

	while (*at != w)
		at = &(*at)->next;
	*at = w->next;
	__atomic_sub_fetch(&turn_waiting, 1, __ATOMIC_RELAXED);
}

/* The place is free, or its next owner's, whose word is to be woken once the lock is free. */
static uint32_t *
hand_on(int place)
{
	struct waiter *w = first;

	own(place, w ? w->who : NULL);
	if (!w)
		return NULL;
	leave(w);
	w->place = place;
	__atomic_store_n(&w->granted, 1, __ATOMIC_RELEASE);
	return &w->granted;
}

/* With the lock held; returns without it. The thread may have gone on without: then nobody sleeps on that word. */
static void
unlock_and_wake(uint32_t *word)
{
	pthread_mutex_unlock(&lock);
	if (word)
		link_wake(word);
}

/*
 * Joins those who wait, until a place is granted or can be taken. With the lock held; returns without it. Wakes @next
 * only when it stands in the line itself: then there is nothing left to do for it but to sleep.
 *
 * Whoever wakes up takes time away from those that spin. So each looks for a place to take only at a time by which it
 * would have had its turn.
 */
static int
wait_for_place(struct waiter *w, uint32_t limit, uint32_t *next)
{
	uint64_t now = link_now(), end = now + TURN_WAIT_NS;
	uint64_t look = now + (join(w) + 1) * turn_ns() + TURN_NS;

	unlock_and_wake(next);
	for (;;) {
		struct timespec until = link_time(look < end ? look : end);

		link_sleep(&w->granted, 0, &until);
		if (__atomic_load_n(&w->granted, __ATOMIC_ACQUIRE))
			return w->place;
		pthread_mutex_lock(&lock);
		if (w->granted)
			break;
		now = link_now();
		look = now + TURN_NS;
		w->place = first == w ? find_place(limit) : -1;
		if (w->place >= 0 || now >= end) {
			leave(w);
			if (w->place >= 0)
				own(w->place, w->who);
			break;
		}
		pthread_mutex_unlock(&lock);
	}
	pthread_mutex_unlock(&lock);
	return w->place;
}

int
turn_take(uint32_t limit, const struct caller *who, bool wait)
{
	struct waiter w = { .who = who };

	pthread_mutex_lock(&lock);
	w.place = first ? -1 : find_place(limit);
	if (w.place < 0 && wait && limit)
		return wait_for_place(&w, limit, NULL);
	if (w.place >= 0)
		own(w.place, who);
	pthread_mutex_unlock(&lock);
	return w.place;
}

int
turn_pass(int place, uint32_t limit, const struct caller *who)
{
	struct waiter w = { .who = who, .place = -1 };
	bool mine;

	pthread_mutex_lock(&lock);
	mine = turn_mine(place, who);
	if (mine && first)
		return wait_for_place(&w, limit, hand_on(place));
	if (!mine)
		place = first ? -1 : find_place(limit);
	if (place < 0)
		return wait_for_place(&w, limit, NULL);
	own(place, who);
	pthread_mutex_unlock(&lock);
	return place;
}

void
turn_give(int place, const struct caller *who)
{
	uint32_t *next = NULL;

	pthread_mutex_lock(&lock);
	if (turn_mine(place, who))
		next = hand_on(place);
	unlock_and_wake(next);
}

bool
turn_over(int place)
{
	return turn_wanted() &&
	       link_now() - __atomic_load_n(&turn_places[place].since, __ATOMIC_RELAXED) > turn_ns();
}
