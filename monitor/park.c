/*
 * Parking: what is not called need not be large.
 *
 * The process stays, with all that it knows, its threads asleep; it gives back what it had for calls that are over.
 * A call finds it as it finds any other. Nothing has to be undone, so that a call may come at any time, also while
 * the process is parking. Only when a service says that it keeps nothing, and no link to it is left that somebody
 * might just be using, its process is ended, and the next call starts another.
 */
#include <errno.h>
#include <sys/mman.h>

#include "monitor/internal.h"

enum {
	HEAD = 4096,		/* of a link's memory: both sides look at it while they wait */
	PATIENCE_NS = 2000000000,
};

bool
park_holds(const struct instance *i)
{
	return i->parked && i->parked_calls == compartment_calls(i->compartment);
}

void
park_later(struct instance *i)
{
	uint64_t after = i->compartment->options.park_ns;

	if (!after)
		return;
	i->quiet_calls = compartment_calls(i->compartment);
	i->quiet_ns = link_now() + after;
	if (!i->compartment->monitor->park_ns || i->quiet_ns < i->compartment->monitor->park_ns)
		i->compartment->monitor->park_ns = i->quiet_ns;
}

void
park_awake(struct instance *i)
{
	i->parked = i->parking = false;
	park_later(i);
}

void
park_done(struct instance *i)
{
	i->parked |= i->parking;
	i->parking = false;
	i->parked_calls = compartment_calls(i->compartment);
}

/* Without waiting: this is the thread that would hear the answer. */
static void
park_quietly(struct instance *i)
{
	struct message head = { .kind = MESSAGE_ASK, .word = { ASK_PARK } };

	i->parking = message_send(i->control, &head, "", 1, NULL, 0);
	if (!i->parking)
		park_awake(i);
}

void
park_tick(struct monitor *m)
{
	uint64_t now = m->park_ns ? link_now() : 0;

	if (!m->park_ns || now < m->park_ns)
		return;
	m->park_ns = 0;
	for (struct instance *i = m->instances; i; i = i->next) {
		if (!i->compartment->options.park_ns || i->parked || i->parking || !i->ready || i->end_ns || i->doomed)
			continue;
		if (!instance_is_idle(i) || compartment_calls(i->compartment) != i->quiet_calls)
			park_awake(i);
		else if (now >= i->quiet_ns)
			park_quietly(i);
		else if (!m->park_ns || i->quiet_ns < m->park_ns)
			m->park_ns = i->quiet_ns;
	}
}

/* The calling thread makes no call now: what its link carried is nobody's. */
static void
empty_own_link(const struct compartment *c)
{
	struct monitor_thread *t = thread_self();
	struct monitor_link *l = c->index < t->nlinks ? t->links[c->index] : NULL;

	if (l && l->instance == c->instance && l->mapped == LINK_SIZE &&
	    !__atomic_load_n(&l->shared->reply, __ATOMIC_SEQ_CST))
		madvise((char *)l->shared + HEAD, LINK_SIZE - HEAD, MADV_REMOVE);
}

/* Ends the process when nobody can be about to call it: every link is made and given up under the lock. */
static bool
end_stateless(struct compartment *c)
{
	struct monitor_thread *t = thread_self();
	struct timespec until = link_time(link_now() + PATIENCE_NS);
	struct instance *i = c->instance;
	struct monitor *m = c->monitor;

	if (!twz_runs(c->service->asks, TWZ_RUNS_STATELESS) || t->nbusy)
		return false;
	i->refs++;
	while (!i->ready && !i->gone)	/* who answers calls says so in a moment */
		if (pthread_cond_timedwait(&m->changed, &m->lock, &until) == ETIMEDOUT)
			break;
	thread_forget(t, c);
	if (!i->ready || c->instance != i || i->links || i->end_ns || i->doomed) {
		instance_unref(i);
		return false;
	}
	c->parked = true;
	c->started = false;
	life_end(i);
	while (!i->gone)	/* or it is killed */
		pthread_cond_wait(&m->changed, &m->lock);
	instance_unref(i);
	return true;
}

bool
monitor_park(struct monitor *m, const struct twz_service *service, struct monitor_parked *ret,
	     struct twz_error *err)
{
	struct compartment *c;
	bool ok;

	*ret = (struct monitor_parked){ 0 };
	pthread_mutex_lock(&m->lock);
	ok = life_find_process(m, service, &c, err);
	if (ok && !c->instance && c->parked) {
		ret->ended = true;
		pthread_mutex_unlock(&m->lock);
		return true;
	}
	if (ok && (!c->instance || c->instance->end_ns || c->instance->doomed))
		ok = twz_fail(err, TWZ_CLASS_LINK, TWZ_ERR(RESOURCE, UNAVAILABLE), "%s does not run", service->name);
	if (ok) {
		instance_await_started(m, c);
		ret->before = instance_private_memory(c->instance);
		ret->ended = end_stateless(c);
	}
	if (ok && !ret->ended && c->instance) {
		empty_own_link(c);
		c->instance->parking = true;
		ok = ask_park(c, err);
		if (ok && c->instance) {
			park_done(c->instance);
			ret->after = instance_private_memory(c->instance);
		}
	}
	pthread_mutex_unlock(&m->lock);
	return ok;
}
