/*
 * Instances made ahead of need.
 *
 * Most of a start does not depend on the service: the process itself, its socket, its log, its crash page and
 * most of what confines it. So each zygote whose clones can serve anybody keeps one that has all of this and
 * waits for START. It has run no service and holds nothing of one; it sleeps, and it ends with its socket, with
 * its zygote and with the session, whichever is first.
 *
 * There need not be one: who starts a compartment takes what is there, or has one made, by the same steps.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "monitor/internal.h"
#include "monitor/loop.h"

/* When the next one is made. */
enum {
	FIRST_NS = 20000000,	/* after the first start: one command alone needs no second compartment */
	NEXT_NS = 1000000,	/* after others: whoever waits for that one's first answer has it by then */
	ROW_NS = 2000000,	/* between two starts of a row: there, the next one is made while one starts */
};

enum { ENDS = 4 };	/* descriptors that go along with CLONE */

/* What a clone is given, and what of it is kept here. */
static bool
make_ends(struct instance *i, int theirs[ENDS])
{
	int pair[2], pipes[2];
	void *page, *link;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		return false;
	i->control = pair[0];
	theirs[0] = pair[1];
	if (pipe2(pipes, O_CLOEXEC))
		return false;
	i->log = pipes[0];
	theirs[1] = pipes[1];
	fcntl(i->log, F_SETFL, O_NONBLOCK);
	theirs[2] = instance_memory("twz-crash", CRASH_PAGE_SIZE, &page, CRASH_PAGE_SIZE);
	if (theirs[2] < 0)
		return false;
	i->crash = page;
	theirs[3] = instance_memory("twz-link", LINK_SIZE, &link, LINK_SIZE);
	if (theirs[3] < 0)
		return false;
	i->first = link;
	i->first->cpu = UINT32_MAX;	/* nobody's yet; and both sides will find the page there */
	return true;
}

/* All of it that needs no lock: it takes most of the time. NULL: errno says why. */
static struct instance *
prepare(int theirs[ENDS])
{
	struct instance *i = calloc(1, sizeof(*i));

	for (int k = 0; k < ENDS; k++)
		theirs[k] = -1;
	if (!i)
		return NULL;
	*i = (struct instance){ .refs = 1, .control = -1, .log = -1, .out = -1, .pidfd = -1 };
	if (!make_ends(i, theirs)) {
		int error = errno;

		instance_unref(i);
		errno = error;
		return NULL;
	}
	return i;
}

/* Asks @z for the process; @i is gone when that fails. */
static bool
order(struct zygote *z, struct instance *i, const int theirs[ENDS])
{
	struct message head = { .kind = MESSAGE_CLONE };

	i->zygote = z;
	i->serial = head.serial = ++z->monitor->next_serial;
	if (message_send(z->fd, &head, NULL, 0, theirs, ENDS) &&
	    loop_watch(z->monitor, i->control, loop_tag(LOOP_CONTROL, i->serial)) &&
	    loop_watch(z->monitor, i->log, loop_tag(LOOP_LOG, i->serial)))
		return true;
	int error = errno;

	instance_unref(i);
	errno = error;
	return false;
}

static void
close_all(const int theirs[ENDS])
{
	int error = errno;

	for (int k = 0; k < ENDS; k++)
		twz_closep(&theirs[k]);
	errno = error;
}

bool
spare_take(struct zygote *z, struct instance **ret, struct twz_error *err)
{
	int theirs[ENDS];

	*ret = z->spare;
	z->spare = NULL;
	if (*ret)
		return true;
	*ret = prepare(theirs);
	if (*ret && !order(z, *ret, theirs))
		*ret = NULL;
	close_all(theirs);
	return *ret || twz_fail_sys(err, errno, "make a process for a service");
}

void
spare_drop(struct instance *i)
{
	struct zygote *z = i->zygote;

	if (z && z->spare == i)
		z->spare = NULL;
	i->zygote = NULL;
	instance_kill(i);
	instance_unref(i);
}

struct instance *
spare_find(const struct monitor *m, uint64_t serial)
{
	if (m->zygote.spare && m->zygote.spare->serial == serial)
		return m->zygote.spare;
	for (const struct zygote *z = m->zygotes; z; z = z->next)
		if (z->spare && z->spare->serial == serial)
			return z->spare;
	return NULL;
}

static bool
lacks_one(const struct zygote *z)
{
	return !z->spare && z->fd >= 0 && !(z->kind & GUEST_OWN) && z->served;
}

static struct zygote *
find_lacking(struct monitor *m)
{
	struct zygote *z = m->zygotes;

	if (lacks_one(&m->zygote))
		return &m->zygote;
	while (z && !lacks_one(z))
		z = z->next;
	return z;
}

void
spare_served(struct zygote *z)
{
	struct monitor *m = z->monitor;

	if (!m->spare_ns)
		m->spare_ns = link_now() + (z->served ? (uint64_t)NEXT_NS : (uint64_t)FIRST_NS);
	z->served = true;
}

/* With one CPU alone, who starts it would wait for the next one as well. */
void
spare_taken(struct zygote *z)
{
	struct monitor *m = z->monitor;
	uint64_t now = link_now();
	bool row = now - m->taken_ns < ROW_NS;

	m->taken_ns = now;
	if (!row || !m->hot_limit || !lacks_one(z))
		return;
	m->spare_ns = now;
	m->in_row = true;
}

void
spare_meanwhile(struct monitor *m)
{
	if (!m->in_row)
		return;
	m->in_row = false;
	loop_wake(m);
}

/* Who starts a compartment meanwhile does not wait for it: the lock is given up. */
void
spare_tick(struct monitor *m)
{
	struct zygote *z;

	if (!m->spare_ns || link_now() < m->spare_ns)
		return;
	m->spare_ns = 0;
	while (find_lacking(m) && !m->closing) {
		struct instance *i;
		int theirs[ENDS];
		bool ok;

		pthread_mutex_unlock(&m->lock);
		i = prepare(theirs);
		pthread_mutex_lock(&m->lock);
		z = find_lacking(m);
		ok = i && z && order(z, i, theirs);
		if (i && !z)
			instance_unref(i);
		close_all(theirs);
		if (!ok)
			return;		/* the next start makes its own, or says why not */
		z->spare = i;
	}
}
