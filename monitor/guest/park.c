/*
 * Parking: a compartment that is not called gives back what memory it can, and keeps all that it knows.
 *
 * Each thread that waits for its bell gives back its own: the room of large calls, and the pages of its stack below
 * the frames that are in use. The thread that listens to the monitor asks them to, waits for those that are idle,
 * and has the allocator return what is free in the heap. Nobody who runs a gate is waited for.
 */
#include <malloc.h>
#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#include "monitor/guest/guest.h"
#include "monitor/link.h"

enum {
	LOOK_NS = 5000000,	/* how long a wake-up may have been missed */
	LOOKS = 20,		/* at one that is never asleep: it is not idle */
	BELOW = 8192,		/* what the frames from here on may need */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct park_seat *seats;
static uint32_t rounds;		/* atomic; how often all were asked */

void
park_join(struct park_seat *seat, uint32_t *bell, const uint32_t *call)
{
	seat->bell = bell;
	seat->call = call;
	seat->seen = __atomic_load_n(&rounds, __ATOMIC_SEQ_CST);
	pthread_mutex_lock(&lock);
	seat->next = seats;
	seats = seat;
	pthread_mutex_unlock(&lock);
}

void
park_leave(struct park_seat *seat)
{
	pthread_mutex_lock(&lock);
	for (struct park_seat **at = &seats; *at; at = &(*at)->next)
		if (*at == seat) {
			*at = seat->next;
			break;
		}
	pthread_mutex_unlock(&lock);
}

TWZ_HOT bool
park_wanted(const struct park_seat *seat)
{
	return seat->seen != __atomic_load_n(&rounds, __ATOMIC_SEQ_CST);
}

void __attribute__((noinline))
park_here(struct park_seat *seat)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), top = ((uintptr_t)&page - BELOW) & ~(page - 1);
	pthread_attr_t attr;
	void *bottom;
	size_t size;

	if (!pthread_getattr_np(pthread_self(), &attr)) {
		if (!pthread_attr_getstack(&attr, &bottom, &size) && (uintptr_t)bottom < top)
			madvise(bottom, top - (uintptr_t)bottom, MADV_DONTNEED);
		pthread_attr_destroy(&attr);
	}
	seat->parked = true;
	__atomic_store_n(&seat->seen, __atomic_load_n(&rounds, __ATOMIC_SEQ_CST), __ATOMIC_SEQ_CST);
	link_wake(&seat->seen);
}

void
park_back(struct park_seat *seat)
{
	struct message m = { .kind = MESSAGE_AWAKE };

	seat->parked = false;
	/* The monitor may be busy: then it learns from its own count of calls. */
	(void)!message_send(GUEST_CONTROL_FD, &m, NULL, 0, NULL, 0);
}

/* Until it has done so. One that runs a gate is left alone; one that was just called goes to sleep in a moment. */
static void
ask(struct park_seat *seat, uint32_t round)
{
	uint32_t seen;

	for (int looks = 0; looks < LOOKS; looks++) {
		struct timespec until = link_time(link_now() + LOOK_NS);

		seen = __atomic_load_n(&seat->seen, __ATOMIC_SEQ_CST);
		if (seen == round || __atomic_load_n(seat->call, __ATOMIC_SEQ_CST))
			return;
		link_wake(seat->bell);
		link_sleep(&seat->seen, seen, &until);
	}
}

void
park_all(void)
{
	uint32_t round = __atomic_add_fetch(&rounds, 1, __ATOMIC_SEQ_CST);

	/* Whoever is in the list stays while the lock is held. */
	pthread_mutex_lock(&lock);
	for (struct park_seat *seat = seats; seat; seat = seat->next)
		ask(seat, round);
	pthread_mutex_unlock(&lock);
	malloc_trim(0);
}
