/*
 * A compartment's life as a whole: waiting for a state of it, signals to it, and its end.
 *
 * Unloading is a wish that comes true when nobody depends on the compartment any more: nobody holds it and
 * no other compartment has a link to it. Then its process is asked to run its destructors and to exit, and
 * is killed when that takes too long. The compartment's place stays, without row and process: gates that
 * were bound to it keep what they point to, and its service may be loaded again.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "monitor/internal.h"
#include "monitor/loop.h"

enum { END_NS = 2000000000 };		/* what destructors may take */

static const char *const flag_texts[] = {
#define X(flag) #flag,
	MONITOR_FLAGS(X)
#undef X
};

bool
life_find(struct monitor *m, const struct twz_service *service, struct compartment **ret,
	  struct twz_error *err)
{
	*ret = compartment_of(m, service);
	if (*ret && !(*ret)->unloaded)
		return true;
	twz_fail(err, TWZ_CLASS_NAME, TWZ_ERR(NAMING, NOT_FOUND), "%s has no compartment yet",
		 service->name);
	return twz_hint(err, "call one of its gates, or sys::load %s", service->name);
}

bool
life_find_process(struct monitor *m, const struct twz_service *service, struct compartment **ret,
		  struct twz_error *err)
{
	if (!life_find(m, service, ret, err))
		return false;
	if ((*ret)->mechanism == &mechanism_process)
		return true;
	return twz_fail(err, TWZ_CLASS_LINK, TWZ_ERR(GENERIC, NOT_SUPPORTED),
			"%s has no process of its own: its mechanism is %s", service->name,
			monitor_mechanism_text((*ret)->mechanism->which));
}

bool
monitor_exists(struct monitor *m, const struct twz_service *service)
{
	struct compartment *c;
	bool is;

	pthread_mutex_lock(&m->lock);
	is = life_find(m, service, &c, NULL);
	pthread_mutex_unlock(&m->lock);
	return is;
}

/* -- waiting ----------------------------------------------------------------------------------- */

void
life_end_of(const struct compartment *c, struct monitor_end *ret)
{
	*ret = (struct monitor_end){ .known = c->end_known };
	if (c->end_known && WIFEXITED(c->end_status))
		ret->status = WEXITSTATUS(c->end_status);
	else if (c->end_known && WIFSIGNALED(c->end_status))
		ret->signal = WTERMSIG(c->end_status);
	snprintf(ret->why, sizeof(ret->why), "%s", c->why);
}

/* Whether @flag will not come true any more without another call. */
static bool
is_hopeless(const struct compartment *c, enum monitor_flag flag)
{
	bool ended = !c->loaded && !c->instance;

	return ended && (flag == MONITOR_FLAG_READY || flag == MONITOR_FLAG_STARTED);
}

static bool
fail_waiting(const struct compartment *c, enum monitor_flag flag, struct twz_error *err)
{
	if (c->failure.cls != TWZ_CLASS_NONE) {
		*err = c->failure;
		return false;
	}
	return twz_fail(err, TWZ_CLASS_LINK, TWZ_ERR(RESOURCE, UNAVAILABLE),
			"%s ended before it was %s: %s", c->service->name, flag_texts[flag], c->why);
}

static bool
pause_until(struct monitor *m, const struct compartment *c, enum monitor_flag flag,
	    const struct timespec *until, struct twz_error *err)
{
	int error = until ? pthread_cond_timedwait(&m->changed, &m->lock, until)
			  : pthread_cond_wait(&m->changed, &m->lock);

	if (__atomic_load_n(&m->interrupted, __ATOMIC_SEQ_CST))
		return twz_fail(err, TWZ_CLASS_INTERRUPTED, TWZ_ERR(GENERIC, INTERRUPTED),
				"waiting for %s", c->service->name);
	if (error == ETIMEDOUT)
		return twz_fail(err, TWZ_CLASS_TIMEOUT, TWZ_ERR(GENERIC, TIMED_OUT),
				"%s was not %s in time", c->service->name, flag_texts[flag]);
	return true;
}

static bool
wait_for(struct monitor *m, struct compartment *c, enum monitor_flag flag, int64_t timeout_ns,
	 struct twz_error *err)
{
	struct timespec until = link_time(link_now() + (uint64_t)(timeout_ns < 0 ? 0 : timeout_ns));

	/* What was unloaded meanwhile has ended, whatever else it was. */
	while (!(compartment_flags(c) & 1U << flag) && !(c->unloaded && flag == MONITOR_FLAG_EXITED)) {
		if (is_hopeless(c, flag))
			return fail_waiting(c, flag, err);
		if (!pause_until(m, c, flag, timeout_ns < 0 ? NULL : &until, err))
			return false;
	}
	return true;
}

bool
monitor_wait(struct monitor *m, const struct twz_service *service, enum monitor_flag flag,
	     int64_t timeout_ns, struct monitor_end *ret, struct twz_error *err)
{
	struct compartment *c;
	bool ok;

	pthread_mutex_lock(&m->lock);
	/* One that was unloaded has ended, and can still be asked how. */
	c = flag == MONITOR_FLAG_EXITED ? compartment_of(m, service) : NULL;
	ok = (c || life_find(m, service, &c, err)) && wait_for(m, c, flag, timeout_ns, err);
	if (ok && ret)
		life_end_of(c, ret);
	pthread_mutex_unlock(&m->lock);
	return ok;
}

/* -- unloading --------------------------------------------------------------------------------- */

static bool
has_dependents(const struct compartment *c)
{
	for (const struct monitor_link *l = c->instance ? c->instance->links : NULL; l; l = l->next)
		if (l->from)
			return true;
	return c->handles || c->lent || __atomic_load_n(&c->inside, __ATOMIC_ACQUIRE);
}

static void
unloaded(struct compartment *c)
{
	__atomic_store_n(&c->unloading, false, __ATOMIC_SEQ_CST);
	c->started = false;
	c->unloaded = true;
	c->generation++;	/* ids that were handed out are stale from now on */
	c->monitor->stats.compartments--;
	event_add(c, MONITOR_FLAG_DESTRUCTED);
	pthread_cond_broadcast(&c->monitor->changed);
}

static void
ask_to_end(struct instance *i)
{
	struct message head = { .kind = MESSAGE_END };

	if (!message_send(i->control, &head, NULL, 0, NULL, 0))
		instance_kill(i);
}

/* One that has answered calls already may not have said yet that it is ready: its destructors run all the same. */
void
life_end(struct instance *i)
{
	struct monitor *m = i->compartment->monitor;

	if (i->end_ns)
		return;
	i->end_ns = link_now() + END_NS;
	m->ending++;
	if (i->ready)
		ask_to_end(i);
	else if (!instance_is_ready(i))
		instance_kill(i);
	loop_wake(m);
}

void
life_ready(struct instance *i)
{
	if (!i->ready) {
		event_add(i->compartment, MONITOR_FLAG_READY);
		spare_served(i->zygote);
		if (i->end_ns)
			ask_to_end(i);
	}
	i->ready = true;
}

void
life_was_ready(struct instance *i)
{
	if (i->ready || !i->zygote || !instance_is_ready(i))
		return;
	event_add(i->compartment, MONITOR_FLAG_READY);
	spare_served(i->zygote);
	i->ready = true;
}

void
life_look(struct compartment *c)
{
	if (!c->unloading || has_dependents(c))
		return;
	if (c->instance) {
		life_end(c->instance);
		return;
	}
	if (c->loaded && c->mechanism->end)
		c->mechanism->end(c);
	__atomic_store_n(&c->loaded, false, __ATOMIC_SEQ_CST);
	unloaded(c);
}

void
life_tick(struct monitor *m)
{
	uint64_t now = m->ending ? link_now() : 0;

	for (struct instance *i = m->ending ? m->instances : NULL; i; i = i->next)
		if (i->end_ns && now >= i->end_ns && !i->doomed)
			instance_kill(i);
}

bool
life_revive(struct compartment *c, struct twz_error *err)
{
	if (c->for_good)
		return twz_fail(err, TWZ_CLASS_LINK, TWZ_ERR(NAMING, NOT_FOUND), "%s was unloaded",
				c->service->name);
	if (!level_settle(c, NULL, err))
		return false;
	c->unloaded = false;
	c->monitor->stats.compartments++;
	return true;
}

bool
monitor_hold(struct monitor *m, const struct twz_service *service, struct twz_error *err)
{
	struct compartment *c;
	bool ok;

	pthread_mutex_lock(&m->lock);
	ok = life_find(m, service, &c, err);
	if (ok)
		c->handles++;
	pthread_mutex_unlock(&m->lock);
	return ok;
}

bool
monitor_unload(struct monitor *m, const struct twz_service *service, bool for_good, bool *put_off,
	       struct twz_error *err)
{
	struct timespec until = link_time(link_now() + 2 * (uint64_t)END_NS);
	struct compartment *c;
	bool ok;

	pthread_mutex_lock(&m->lock);
	ok = life_find(m, service, &c, err);
	if (ok) {
		c->handles -= c->handles > 0;
		c->for_good = for_good && !c->handles;
		__atomic_store_n(&c->unloading, !c->handles, __ATOMIC_SEQ_CST);
		if (c->unloading)
			handlers_forget(c);
		life_look(c);
		*put_off = !c->unloaded && has_dependents(c);
		while (!c->unloaded && !*put_off)
			if (pthread_cond_timedwait(&m->changed, &m->lock, &until) == ETIMEDOUT)
				break;
	}
	pthread_mutex_unlock(&m->lock);
	return ok;
}

bool
monitor_abort(struct monitor_gate *gate, struct twz_error *err)
{
	struct compartment *c = gate->compartment;
	struct monitor_gate *chain[HANDLERS_DEEP];
	bool can = false;

	pthread_mutex_lock(&c->monitor->lock);
	/* Handlers too: the call may be anywhere on its way. */
	for (uint32_t i = handlers_chain(gate, chain); i--;) {
		struct compartment *on = chain[i]->compartment;

		can |= on->mechanism == &mechanism_process;
		if (on->mechanism == &mechanism_process && on->instance)
			instance_kill(on->instance);
	}
	pthread_mutex_unlock(&c->monitor->lock);
	return can || twz_fail(err, TWZ_CLASS_LINK, TWZ_ERR(GENERIC, NOT_SUPPORTED),
			       "%s::%s cannot be ended: its mechanism is %s", c->service->name,
			       gate->gate->name, monitor_mechanism_text(c->mechanism->which));
}

/* -- signals ----------------------------------------------------------------------------------- */

bool
monitor_signal(struct monitor *m, const struct twz_service *service, int number,
	       struct twz_error *err)
{
	struct compartment *c;
	bool ok;

	pthread_mutex_lock(&m->lock);
	ok = life_find_process(m, service, &c, err);
	if (ok) {
		instance_await_started(m, c);
		ok = c->instance && c->instance->pidfd >= 0;
		if (!ok)
			twz_fail(err, TWZ_CLASS_LINK, TWZ_ERR(RESOURCE, UNAVAILABLE),
				 "%s does not run", service->name);
	}
	if (ok && syscall(SYS_pidfd_send_signal, c->instance->pidfd, number, NULL, 0))
		ok = twz_fail_sys(err, errno, "send signal %d to %s", number, service->name);
	pthread_mutex_unlock(&m->lock);
	return ok;
}
