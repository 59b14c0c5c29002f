/*
 * Memory that large arguments can lie in without being copied.
 *
 * It is written, then sealed: from then on neither we nor a service nor anybody who got hold of its descriptor
 * can change it or its size, so that a gate may read it where it is. A compartment gets it with the first call
 * that refers to it, read-only, and no other memory of ours. What is not sealed is copied as usual.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "monitor/internal.h"

struct shared_memory {
	struct shared_memory *next;	/* of the monitor */
	unsigned char *memory;
	uint64_t id, size;
	int fd;
	bool sealed;
	struct holder {			/* who was told of it */
		struct holder *next;
		uint64_t instance;	/* serial */
	} *holders;
};

static struct shared_memory **
find(struct monitor *m, const void *at)
{
	struct shared_memory **s = &m->shared;

	while (*s && ((const unsigned char *)at < (*s)->memory ||
		      (const unsigned char *)at >= (*s)->memory + (*s)->size))
		s = &(*s)->next;
	return s;
}

void *
monitor_share(struct monitor *m, size_t n, struct twz_error *err)
{
	struct shared_memory *s = calloc(1, sizeof(*s));
	int fd = memfd_create("twz-shared", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	void *memory = MAP_FAILED;

	if (s && fd >= 0 && n && !ftruncate(fd, (off_t)n))
		memory = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (memory == MAP_FAILED) {
		twz_fail_sys(err, n ? errno : EINVAL, "share %zu bytes", n);
		twz_closep(&fd);
		free(s);
		return NULL;
	}
	pthread_mutex_lock(&m->lock);
	*s = (struct shared_memory){ m->shared, memory, ++m->next_serial, n, fd, false, NULL };
	__atomic_store_n(&m->shared, s, __ATOMIC_RELAXED);
	pthread_mutex_unlock(&m->lock);
	return memory;
}

/*
 * With the lock held. The only writable mapping gives way to one that can never become writable, because its
 * descriptor is not, in one step: nobody ever sees a hole. That descriptor is the one which goes to others.
 */
static bool
seal(struct shared_memory *s)
{
	const int all = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL;
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", s->fd);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	if (mmap(s->memory, s->size, PROT_READ, MAP_SHARED | MAP_FIXED, fd, 0) == MAP_FAILED ||
	    fcntl(s->fd, F_ADD_SEALS, all)) {
		close(fd);
		return false;
	}
	close(s->fd);
	s->fd = fd;
	s->sealed = true;
	return true;
}

bool
monitor_seal(struct monitor *m, void *memory, struct twz_error *err)
{
	struct shared_memory *s;
	bool ok;

	pthread_mutex_lock(&m->lock);
	s = *find(m, memory);
	if (!s || s->memory != memory) {
		pthread_mutex_unlock(&m->lock);
		return twz_fail(err, TWZ_CLASS_TYPE, TWZ_ERR(ARGUMENT, INVALID_ADDRESS),
				"%p is no shared memory", memory);
	}
	ok = s->sealed || seal(s);
	pthread_mutex_unlock(&m->lock);
	return ok || twz_fail_sys(err, errno, "seal %p", memory);
}

/* With the lock held. */
static void
free_one(struct monitor *m, struct shared_memory *s)
{
	struct message head = { .kind = MESSAGE_SHARED, .serial = s->id };

	for (struct holder *h = s->holders, *next; h; h = next) {
		next = h->next;
		for (struct instance *i = m->instances; i; i = i->next)
			if (i->serial == h->instance && i->control >= 0)
				(void)!message_send(i->control, &head, NULL, 0, NULL, 0);
		free(h);
	}
	munmap(s->memory, s->size);
	close(s->fd);
	free(s);
}

bool
monitor_shares(struct monitor *m, const void *memory)
{
	const struct shared_memory *s;

	pthread_mutex_lock(&m->lock);
	s = *find(m, memory);
	pthread_mutex_unlock(&m->lock);
	return s && s->memory == memory;
}

void
monitor_unshare(struct monitor *m, void *memory)
{
	struct shared_memory **at, *s;

	pthread_mutex_lock(&m->lock);
	at = find(m, memory);
	s = *at;
	if (s && s->memory == memory) {
		__atomic_store_n(at, s->next, __ATOMIC_RELAXED);
		free_one(m, s);
	}
	pthread_mutex_unlock(&m->lock);
}

void
shared_end(struct monitor *m)
{
	while (m->shared) {
		struct shared_memory *s = m->shared;

		m->shared = s->next;
		free_one(m, s);
	}
}

/* Tells the instance of it, once. */
static bool
tell(struct instance *i, struct shared_memory *s)
{
	struct message head = { .kind = MESSAGE_SHARED, .serial = s->id, .word = { s->size } };
	struct holder *h = s->holders;

	while (h && h->instance != i->serial)
		h = h->next;
	if (h)
		return true;
	h = malloc(sizeof(*h));
	if (!h || !message_send(i->control, &head, NULL, 0, &s->fd, 1)) {
		free(h);
		return false;	/* then it is copied */
	}
	*h = (struct holder){ s->holders, i->serial };
	s->holders = h;
	return true;
}

bool
shared_find(void *data, const void *from, uint64_t size, struct wire_shared *ret)
{
	struct instance *i = data;
	struct monitor *m = i->compartment->monitor;
	struct shared_memory *s;
	bool ok = false;

	if (!__atomic_load_n(&m->shared, __ATOMIC_RELAXED))
		return false;
	pthread_mutex_lock(&m->lock);
	s = *find(m, from);
	if (s && s->sealed && i->control >= 0) {
		uint64_t offset = (uint64_t)((const unsigned char *)from - s->memory);

		ok = size <= s->size - offset && tell(i, s);
		m->stats.in_place += ok ? size : 0;
		*ret = (struct wire_shared){ s->id, offset, size };
	}
	pthread_mutex_unlock(&m->lock);
	return ok;
}
