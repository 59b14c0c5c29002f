/*
 * What happens to compartments, told to whoever asked for it: a ring of events and a descriptor that is
 * readable while it holds any. Old events give way to new ones, and the next one says how many did.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "monitor/internal.h"

enum { EVENTS = 256 };

struct events {
	int fd;
	uint32_t first, n, lost;
	struct monitor_event ring[EVENTS];
};

void
event_add(const struct compartment *c, enum monitor_flag flag)
{
	struct events *e = c->monitor->events;
	const uint64_t one = 1;
	struct monitor_event *event;

	if (!e)
		return;
	if (e->n == EVENTS) {
		e->first = (e->first + 1) % EVENTS;
		e->n--;
		e->lost++;
	}
	event = &e->ring[(e->first + e->n++) % EVENTS];
	*event = (struct monitor_event){ .id.value = (uint64_t)c->generation << 32 | c->slot,
					 .flag = flag };
	snprintf(event->service, sizeof(event->service), "%s", c->service->name);
	if (flag == MONITOR_FLAG_EXITED)
		life_end_of(c, &event->end);
	if (write(e->fd, &one, sizeof(one)) < 0)
		return;	/* the counter is full: it is readable already */
}

void
events_free(struct monitor *m)
{
	if (m->events)
		close(m->events->fd);
	free(m->events);
	m->events = NULL;
}

bool
monitor_events(struct monitor *m, int *ret, struct twz_error *err)
{
	struct events *e;
	bool ok;

	pthread_mutex_lock(&m->lock);
	e = m->events ? m->events : calloc(1, sizeof(*e));
	if (e && !m->events) {
		e->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		if (e->fd < 0) {
			free(e);
			e = NULL;
		}
	}
	m->events = e;
	ok = e || twz_fail_sys(err, errno, "keep events");
	*ret = e ? e->fd : -1;
	pthread_mutex_unlock(&m->lock);
	return ok;
}

bool
monitor_next_event(struct monitor *m, struct monitor_event *ret)
{
	struct events *e;
	uint64_t count;
	bool any;

	pthread_mutex_lock(&m->lock);
	e = m->events;
	any = e && e->n;
	if (any) {
		*ret = e->ring[e->first];
		ret->lost = e->lost;
		e->lost = 0;
		e->first = (e->first + 1) % EVENTS;
		e->n--;
	}
	/* Readable as long as there are more. */
	if (e && !e->n && read(e->fd, &count, sizeof(count)) < 0 && errno != EAGAIN)
		any = false;
	pthread_mutex_unlock(&m->lock);
	return any;
}
