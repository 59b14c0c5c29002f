/*
 * Memory that the session has shared with this compartment: sealed, mapped read-only, found by its number.
 * The monitor tells of it on the control thread before the call that uses it; links' threads look it up.
 */
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "monitor/guest/guest.h"

enum { MOST = 4096, PATIENCE_NS = 2000000000 };

static struct shared {
	struct shared *next;
	uint64_t id, size;
	void *memory;
} *first;
static uint32_t count, changed;		/* changed: futex */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void
add(uint64_t id, uint64_t size, int fd)
{
	struct shared *s = count < MOST ? calloc(1, sizeof(*s)) : NULL;

	if (!s)
		return;
	*s = (struct shared){ first, id, size, mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0) };
	if (s->memory == MAP_FAILED) {
		free(s);
		return;
	}
	first = s;
	count++;
}

static void
drop(uint64_t id)
{
	for (struct shared **at = &first; *at; at = &(*at)->next)
		if ((*at)->id == id) {
			struct shared *s = *at;

			*at = s->next;
			munmap(s->memory, s->size);
			free(s);
			count--;
			return;
		}
}

void
shared_told(const struct message_in *in)
{
	pthread_mutex_lock(&lock);
	if (in->head.word[0])
		add(in->head.serial, in->head.word[0], in->fds[0]);
	else
		drop(in->head.serial);
	pthread_mutex_unlock(&lock);
	__atomic_add_fetch(&changed, 1, __ATOMIC_SEQ_CST);
	link_futex(&changed, FUTEX_WAKE, INT32_MAX, NULL);
}

static bool
find(const struct wire_shared *at, const void **ret)
{
	struct shared *s;

	pthread_mutex_lock(&lock);
	for (s = first; s && s->id != at->id; s = s->next)
		;
	*ret = s && at->size <= s->size && at->offset <= s->size - at->size ?
		       (const char *)s->memory + at->offset : NULL;
	pthread_mutex_unlock(&lock);
	return s;
}

const void *
shared_find(const struct wire_shared *at)
{
	uint64_t end = link_now() + PATIENCE_NS;
	const struct timespec until = link_time(end);
	const void *ret;

	for (;;) {
		uint32_t n = __atomic_load_n(&changed, __ATOMIC_SEQ_CST);

		/* What the monitor said of it may still be under way. */
		if (find(at, &ret) || link_now() >= end)
			return ret;
		link_sleep(&changed, n, &until);
	}
}
