/* What other compartments may call here, link by link: the monitor says so, and nobody else is believed. */
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "monitor/guest/guest.h"
#include "monitor/link.h"

enum {
	PERMIT_ALWAYS = UINT16_MAX,
	PERMIT_NS = INT64_C(10000000000),	/* how long what the monitor has sent may take to be read */
};

struct permits {
	struct permits *next;
	uint64_t serial;
	uint32_t changed;		/* futex */
	uint32_t handlers;		/* changes of the tables of handlers that it was told of; atomic */
	uint16_t calls[GUEST_GATES];	/* how many; atomic */
};

static pthread_mutex_t permits_lock = PTHREAD_MUTEX_INITIALIZER;
static struct permits *all_permits;

struct permits *
permits_new(uint64_t serial, uint32_t handlers)
{
	struct permits *p = calloc(1, sizeof(*p));

	if (!p)
		_exit(126);
	p->serial = serial;
	p->handlers = handlers;
	pthread_mutex_lock(&permits_lock);
	p->next = all_permits;
	all_permits = p;
	pthread_mutex_unlock(&permits_lock);
	return p;
}

void
permits_free(struct permits *p)
{
	pthread_mutex_lock(&permits_lock);
	for (struct permits **at = &all_permits; *at; at = &(*at)->next)
		if (*at == p) {
			*at = p->next;
			break;
		}
	pthread_mutex_unlock(&permits_lock);
	free(p);
}

void
dispatch_allow(const struct message_in *in)
{
	uint64_t number = in->head.word[0], n = in->head.word[1];
	struct permits *p;

	pthread_mutex_lock(&permits_lock);
	p = all_permits;
	while (p && p->serial != in->head.serial)
		p = p->next;
	if (p && number < GUEST_GATES) {
		if (n)
			__atomic_add_fetch(&p->calls[number], (uint16_t)n, __ATOMIC_SEQ_CST);
		else
			__atomic_store_n(&p->calls[number], PERMIT_ALWAYS, __ATOMIC_SEQ_CST);
		__atomic_add_fetch(&p->changed, 1, __ATOMIC_SEQ_CST);
		link_futex(&p->changed, FUTEX_WAKE, INT32_MAX, NULL);
	}
	pthread_mutex_unlock(&permits_lock);
}

/* Whoever is called now may be somebody else: all of it has to be asked for again. */
void
dispatch_forbid(const struct message_in *in)
{
	pthread_mutex_lock(&permits_lock);
	for (struct permits *p = all_permits; p; p = p->next) {
		for (size_t i = 0; i < GUEST_GATES; i++)
			__atomic_store_n(&p->calls[i], 0, __ATOMIC_SEQ_CST);
		__atomic_store_n(&p->handlers, (uint32_t)in->head.word[0], __ATOMIC_SEQ_CST);
		__atomic_add_fetch(&p->changed, 1, __ATOMIC_SEQ_CST);
		link_futex(&p->changed, FUTEX_WAKE, INT32_MAX, NULL);
	}
	pthread_mutex_unlock(&permits_lock);
}

/* It knows of the last change: what it may call is under way to us. */
static bool
is_up_to_date(const struct permits *p, const struct link_shared *s)
{
	uint32_t bound = __atomic_load_n(&s->bound, __ATOMIC_SEQ_CST);

	return (int32_t)(__atomic_load_n(&p->handlers, __ATOMIC_SEQ_CST) - bound) <= 0;
}

static bool
take_permit(struct permits *p, uint64_t number)
{
	uint16_t n = __atomic_load_n(&p->calls[number], __ATOMIC_SEQ_CST);

	while (n && n != PERMIT_ALWAYS)
		if (__atomic_compare_exchange_n(&p->calls[number], &n, (uint16_t)(n - 1), false,
						__ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
			break;
	return n;
}

/* The monitor sends the permit before the caller can ring: it is under way, or there is none. */
bool
permits_have(struct permits *p, const struct link_shared *s, uint64_t number)
{
	struct timespec until;
	uint64_t limit = 0;

	if (number >= GUEST_GATES)
		return false;
	for (;;) {
		uint32_t changed = __atomic_load_n(&p->changed, __ATOMIC_SEQ_CST);

		if (take_permit(p, number))
			return true;
		if (!is_up_to_date(p, s))
			return false;
		if (!limit)
			limit = link_now() + PERMIT_NS;
		if (link_now() >= limit || __atomic_load_n(&s->closed, __ATOMIC_ACQUIRE))
			return false;
		until = link_time(limit);
		link_sleep(&p->changed, changed, &until);
	}
}
