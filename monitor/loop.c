/*
 * The monitor's own thread. It hears from the zygote who started and ended, from compartments what
 * they want, passes on what services print, and wakes callers when a compartment dies or the session
 * is interrupted. Calls never pass through it.
 *
 * Whatever arrives from a compartment was written by code that nobody trusts: a message that makes no
 * sense ends that compartment and nothing else.
 */
#include "monitor/loop.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "monitor/internal.h"

enum {
	EVENTS = 16,
	SOON_MS = 50,
	NS_PER_MS = 1000000,
	LONG_MS = 1 << 30,
	MESSAGES = 64,			/* of one compartment at a time, as long as it lives */
	OUTPUTS = 64,			/* reads of one compartment's pipe */
};

bool
loop_watch(struct monitor *m, int fd, uint64_t tag)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.u64 = tag };

	return !epoll_ctl(m->epoll, EPOLL_CTL_ADD, fd, &ev);
}

void
loop_wake(struct monitor *m)
{
	const uint64_t one = 1;
	ssize_t n = write(m->wake, &one, sizeof(one));

	(void)n;	/* a full counter wakes as well */
}

static struct instance *
find(struct monitor *m, uint64_t serial)
{
	struct instance *i = spare_find(m, serial);	/* first: to be in no list is to be at its end */

	if (!i && serial)
		for (i = m->instances; i && i->serial != serial; i = i->next)
			;
	return i;
}

static void
lost(struct instance *i, int error)
{
	if (!i->compartment) {
		spare_drop(i);
		return;
	}
	twz_fail_sys(&i->failure, error, "start service %s", i->compartment->service->name);
	instance_ended(i);
}

/* A zygote is gone, and with it every compartment that it made. */
static void
zygote_lost(struct zygote *z)
{
	struct monitor *m = z->monitor;
	struct instance *next;

	epoll_ctl(m->epoll, EPOLL_CTL_DEL, z->fd, NULL);
	for (struct instance *i = m->instances; i; i = next) {
		next = i->next;
		if (i->zygote != z)
			continue;
		if (z->failure.cls != TWZ_CLASS_NONE && i->failure.cls == TWZ_CLASS_NONE)
			i->failure = z->failure;
		i->zygote = NULL;
		instance_kill(i);
		instance_ended(i);
	}
	zygote_end(z);
	pthread_cond_broadcast(&m->changed);
}

static struct zygote *
find_zygote(struct monitor *m, uint64_t serial)
{
	struct zygote *z = &m->zygote;

	if (serial)
		for (z = m->zygotes; z && z->serial != serial; z = z->next)
			;
	return z;
}

static void
started(struct monitor *m, struct instance *i)
{
	i->pid_inside = (int)m->in.head.word[0];
	i->pidfd = m->in.fds[0];
	m->in.fds[0] = -1;
	i->started = true;
	if (i->pidfd >= 0)
		loop_watch(m, i->pidfd, loop_tag(LOOP_PIDFD, i->serial));
	if (!i->compartment)
		i->pid = instance_pid(i);
	if (i->doomed)
		instance_kill(i);
	if (i->compartment)
		event_add(i->compartment, MONITOR_FLAG_STARTED);
	pthread_cond_broadcast(&m->changed);
}

static void on_control(struct monitor *m, struct instance *i);

static void
reaped(struct zygote *z)
{
	struct monitor *m = z->monitor;
	int pid = (int)m->in.head.word[0], status = (int)(uint32_t)m->in.head.word[1];
	struct instance *i = m->instances;

	while (i && (i->pid_inside != pid || i->zygote != z))
		i = i->next;
	if (!i && z->spare && z->spare->pid_inside == pid)
		spare_drop(z->spare);
	if (!i)
		return;
	i->reaped = true;
	i->status = status;
	/* What it said before it died, such as where it was loaded, may not have been read yet. */
	i->refs++;
	on_control(m, i);
	instance_ended(i);
	instance_unref(i);
}

static bool
take_confinement(const struct message_in *in, struct message_confinement *ret)
{
	if (in->n != sizeof(*ret))
		return false;
	memcpy(ret, in->bytes, sizeof(*ret));
	return true;
}

/* What @z says of itself: of one that has loaded a service, only what it said before. */
static void
of_itself(struct monitor *m, struct zygote *z)
{
	struct message_confinement got;
	size_t at = 0;

	switch (m->in.head.kind) {
	case MESSAGE_HELLO:
		if (!z->said_hello)
			z->said_hello = take_confinement(&m->in, &z->got);
		break;
	case MESSAGE_CONFINED:
		if (z->preloads && !z->told && take_confinement(&m->in, &got)) {
			z->got = got;
			z->told = true;
			for (struct instance *i = m->instances; i; i = i->next)
				if (i->zygote == z)
					zygote_vouches(i);
		}
		break;
	case MESSAGE_UNLOADABLE:
		if (z->preloads && z->failure.cls == TWZ_CLASS_NONE)
			twz_fail(&z->failure, TWZ_CLASS_LINK, TWZ_ERR(RESOURCE, UNAVAILABLE),
				 "service %s cannot be loaded: %s", z->preloads->service->name,
				 message_text(&m->in, &at));
		break;
	}
	pthread_cond_broadcast(&m->changed);
}

/* A zygote sends no more descriptors than it may: if there is no room for one, this program has too many open. */
static bool
next_message(struct monitor *m, const struct zygote *z, bool *whole, int *got)
{
	*got = message_receive(z->fd, &m->in, false);
	*whole = *got > 0;
	if (*got < 0 && errno == EMFILE)
		*got = 1;
	return *got > 0;
}

static void
on_zygote(struct monitor *m, uint64_t serial)
{
	struct zygote *z = find_zygote(m, serial);
	struct instance *i;
	bool whole;
	int got = -1;

	for (int n = 0; n < MESSAGES && z && z->fd >= 0 && next_message(m, z, &whole, &got); n++) {
		i = find(m, m->in.head.serial);
		if (i && i->zygote != z)
			i = NULL;	/* it speaks for its own only */
		if (m->in.head.kind == MESSAGE_STARTED && i && !i->started && whole)
			started(m, i);
		else if (m->in.head.kind == MESSAGE_STARTED && i && !i->started)
			lost(i, EMFILE);
		else if (m->in.head.kind == MESSAGE_FAILED && i)
			lost(i, (int)m->in.head.word[0]);
		else if (m->in.head.kind == MESSAGE_REAPED)
			reaped(z);
		else
			of_itself(m, z);
		message_drop(&m->in);
		z = find_zygote(m, serial);	/* it may have ended with its only compartment */
	}
	if (z && z->fd >= 0 && (got == 0 || (got < 0 && errno != EAGAIN)))
		zygote_lost(z);
}

static void
unloadable(struct monitor *m, struct instance *i)
{
	size_t at = 0;

	if (i->failure.cls == TWZ_CLASS_NONE)
		twz_fail(&i->failure, TWZ_CLASS_LINK, TWZ_ERR(RESOURCE, UNAVAILABLE),
			 "service %s cannot be loaded: %s", i->compartment->service->name,
			 message_text(&m->in, &at));
}

/*
 * Believed as long as it cannot come from a service: the first time it is said before there is one. What is said
 * later can only take away.
 */
static bool
confined(struct monitor *m, struct instance *i)
{
	struct message_confinement got;

	if (i->ready || (i->zygote && i->zygote->preloads))
		return true;
	if (!take_confinement(&m->in, &got))
		return false;
	if (i->told) {
		i->got.limits = i->got.limits && got.limits;
		i->got.landlock = got.landlock < i->got.landlock ? got.landlock : i->got.landlock;
		i->got.landlock_scoped = i->got.landlock >= 6;
	} else {
		i->got = got;
	}
	i->told = true;
	if (i->compartment)
		instance_confined(i);
	pthread_cond_broadcast(&m->changed);
	return true;
}

/* Handles one message; false: it makes no sense. */
static bool
one_message(struct monitor *m, struct instance *i)
{
	const struct message *head = &m->in.head;

	if (!i->compartment && head->kind != MESSAGE_CONFINED)
		return false;	/* a spare has nothing else to say */
	switch (head->kind) {
	case MESSAGE_READY:
		life_ready(i);
		park_later(i);
		pthread_cond_broadcast(&m->changed);
		return true;
	case MESSAGE_UNLOADABLE:
		unloadable(m, i);
		return true;
	case MESSAGE_CONFINED:
		return confined(m, i);
	case MESSAGE_BIND:
		nested_bind(m, i, &m->in);
		return true;
	case MESSAGE_CANCEL:
		nested_cancel(m, i, head->serial);
		return true;
	case MESSAGE_LEND:
		lend_serve(m, i, head);
		return true;
	case MESSAGE_BORROW:
		lend_borrow(m, i, head);
		return true;
	case MESSAGE_TAKE_BACK:
		lend_take_back(m, i, head);
		return true;
	case MESSAGE_AWAKE:
		park_awake(i);
		return true;
	case MESSAGE_TOLD:
		if (!head->serial)
			park_done(i);
		return question_answer(m, i, &m->in);
	}
	return false;
}

/* One that floods must not keep others waiting: what it has sent beyond some messages comes up again. */
static void
on_control(struct monitor *m, struct instance *i)
{
	int got = 1;

	i->refs++;
	for (int n = 0; (n < MESSAGES || i->reaped) && i->control >= 0 &&
	     (got = message_receive(i->control, &m->in, false)) > 0; n++) {
		bool sense = one_message(m, i);

		message_drop(&m->in);
		if (!sense) {
			got = -1;
			errno = EPROTO;
			break;
		}
	}
	i->hung_up |= !got && !i->doomed;
	if (i->control >= 0 && (got == 0 || (got < 0 && errno != EAGAIN))) {
		epoll_ctl(m->epoll, EPOLL_CTL_DEL, i->control, NULL);
		instance_kill(i);
		if (!i->compartment)
			spare_drop(i);
	}
	instance_unref(i);
}

static void
on_pidfd(struct monitor *m, struct instance *i)
{
	if (!i->compartment) {
		spare_drop(i);
		return;
	}
	on_control(m, i);	/* the reason may still lie there */
	if (i->pidfd >= 0)
		epoll_ctl(m->epoll, EPOLL_CTL_DEL, i->pidfd, NULL);
	instance_died(i);
}

/* Somebody asks for something: an end to waiting, or all output. */
static void
on_wake(struct monitor *m)
{
	uint64_t count;

	if (read(m->wake, &count, sizeof(count)) < 0 && errno != EAGAIN)
		return;
	if (__atomic_load_n(&m->interrupted, __ATOMIC_SEQ_CST))
		for (struct instance *i = m->instances; i; i = i->next)
			for (struct monitor_link *l = i->links; l; l = l->next)
				if (!l->from)
					caller_stop(l->shared);
	pthread_cond_broadcast(&m->changed);
	if (m->flushed != m->flush_asked) {
		uint64_t asked = m->flush_asked;

		for (struct instance *i = m->instances, *next; i; i = next) {
			i->refs++;
			/* What was printed so far: a pipe's worth, or it would never end. */
			for (int n = 0; n < OUTPUTS && output_read(m, i, true); n++)
				;
			for (int n = 0; n < OUTPUTS && output_read(m, i, false); n++)
				;
			next = i->next;
			instance_unref(i);
		}
		m->flushed = asked;
		pthread_cond_broadcast(&m->changed);
	}
}

static void
handle(struct monitor *m, uint64_t tag)
{
	const enum loop_kind kind = tag % LOOP_KINDS;
	struct instance *i = kind == LOOP_WAKE || kind == LOOP_ZYGOTE ? NULL : find(m, tag / LOOP_KINDS);

	switch (kind) {
	case LOOP_WAKE:
		on_wake(m);
		return;
	case LOOP_ZYGOTE:
		on_zygote(m, tag / LOOP_KINDS);
		return;
	case LOOP_CONTROL:
		if (i)
			on_control(m, i);
		return;
	case LOOP_LOG:
		if (i && !output_read(m, i, false) && i->log >= 0 && errno != EAGAIN)
			epoll_ctl(m->epoll, EPOLL_CTL_DEL, i->log, NULL);
		return;
	case LOOP_OUT:
		if (i && !output_read(m, i, true) && i->out >= 0 && errno != EAGAIN)
			epoll_ctl(m->epoll, EPOLL_CTL_DEL, i->out, NULL);
		return;
	case LOOP_PIDFD:
		if (i)
			on_pidfd(m, i);
		return;
	case LOOP_KINDS:
		return;
	}
}

/* Milliseconds until there is something to do that nobody asks for; -1: nothing. */
static int
patience(const struct monitor *m)
{
	uint64_t due = !m->park_ns || (m->spare_ns && m->spare_ns < m->park_ns) ? m->spare_ns : m->park_ns;
	uint64_t now = due ? link_now() : 0, left;
	int ms = m->ending ? SOON_MS : -1;

	if (!due)
		return ms;
	left = now < due ? (due - now) / NS_PER_MS + 1 : 0;
	if (left > LONG_MS)
		left = LONG_MS;
	return ms < 0 || (int)left < ms ? (int)left : ms;
}

static void *
loop(void *data)
{
	struct monitor *m = data;
	struct epoll_event events[EVENTS];

	pthread_mutex_lock(&m->lock);
	while (!m->closing) {
		int ms = patience(m), n;

		pthread_mutex_unlock(&m->lock);
		n = epoll_wait(m->epoll, events, EVENTS, ms);
		pthread_mutex_lock(&m->lock);
		for (int i = 0; i < n; i++)
			handle(m, events[i].data.u64);
		life_tick(m);
		spare_tick(m);
		park_tick(m);
	}
	pthread_mutex_unlock(&m->lock);
	return NULL;
}

/* The zygote's socket changes when it was restarted. */
bool
loop_watch_zygote(struct zygote *z, struct twz_error *err)
{
	if (!z->watched && !loop_watch(z->monitor, z->fd, loop_tag(LOOP_ZYGOTE, z->serial)))
		return twz_fail_sys(err, errno, "watch the zygote");
	z->watched = true;
	return true;
}

bool
loop_start(struct monitor *m, struct twz_error *err)
{
	sigset_t all, old;
	int error;

	if (m->has_thread)
		return loop_watch_zygote(&m->zygote, err);
	if (m->epoll < 0)
		m->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (m->epoll < 0 || (!loop_watch(m, m->wake, loop_tag(LOOP_WAKE, 0)) && errno != EEXIST) ||
	    !loop_watch_zygote(&m->zygote, err))
		return twz_fail_sys(err, errno, "start the monitor's thread");
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	error = pthread_create(&m->thread, NULL, loop, m);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (error)
		return twz_fail_sys(err, error, "start the monitor's thread");
	m->has_thread = true;
	return true;
}
