/*
 * What each thread of the program has of its own: its links, found without a lock by the number of
 * the compartment; its last fault; room for results. Given back when the thread ends.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "monitor/internal.h"

_Thread_local struct monitor_thread thread_own;
static pthread_key_t key;
static pthread_once_t once = PTHREAD_ONCE_INIT;

/* Gives back one link; the monitor's memory goes with the last, if it was closed before. */
static void
drop_link(struct monitor_link *l)
{
	struct monitor *m = l->instance->compartment->monitor;

	pthread_mutex_lock(&m->lock);
	link_release(l);
	monitor_unref(m);
}

/* And those of deeper levels. */
static void
drop_links(struct monitor_link *l)
{
	for (struct monitor_link *inner; l; l = inner) {
		inner = l->inner;
		l->inner = NULL;
		drop_link(l);
	}
}

void
thread_drop(struct monitor_thread *t, const struct monitor *m)
{
	for (uint32_t i = 0; i < t->nlinks; i++)
		if (t->links[i] && t->links[i]->instance->compartment->monitor == m) {
			drop_links(t->links[i]);
			t->links[i] = NULL;
		}
}

void
thread_forget(struct monitor_thread *t, const struct compartment *c)
{
	struct monitor_link **l = c->index < t->nlinks ? &t->links[c->index] : NULL;

	while (l && *l) {
		struct monitor_link *old = *l;

		*l = old->inner;
		link_release(old);
		c->monitor->refs--;
	}
}

static void
end(void *data)
{
	struct monitor_thread *t = data;

	for (uint32_t i = 0; i < t->nlinks; i++)
		drop_links(t->links[i]);
	for (struct monitor_link *l = t->busy, *below; l; l = below) {
		below = l->below;
		drop_links(l);
	}
	free(t->links);
	wire_room_free(&t->texts);
	batch_forget(t);
	*t = (struct monitor_thread){ 0 };
}

static void
make_key(void)
{
	if (pthread_key_create(&key, end))
		abort();
}

bool
thread_reserve(struct monitor_thread *t, uint32_t index)
{
	uint32_t n = index + 8;
	struct monitor_link **links;

	pthread_once(&once, make_key);
	if (pthread_setspecific(key, t))
		return false;
	if (index < t->nlinks)
		return true;
	links = realloc(t->links, n * sizeof(struct monitor_link *));
	if (!links)
		return false;
	memset(links + t->nlinks, 0, (n - t->nlinks) * sizeof(struct monitor_link *));
	t->links = links;
	t->nlinks = n;
	return true;
}
