/* Links: made by the monitor after every check, then never touched by it while calls go over them. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "monitor/internal.h"

enum { HEAD_SIZE = 4096, TEXT_SIZE = 8192 };

/* The gate that is to be called goes along, so that the service is woken once; a large one goes before. */
static bool
tell_gate(struct instance *i, struct monitor_gate **gate, struct twz_error *err)
{
	if (!*gate || (*gate)->described == i->serial) {
		*gate = NULL;
		return true;
	}
	if ((*gate)->wire->bytes <= TEXT_SIZE / 2)
		return true;
	if (!instance_describe(i, *gate, err))
		return false;
	*gate = NULL;
	return true;
}

static bool
send_link(struct instance *i, const struct monitor_link *l, const struct link_spec *spec, int fd,
	  struct monitor_gate *gate, struct twz_error *err)
{
	struct monitor *m = i->compartment->monitor;
	size_t length = strlen(l->context) + 1, n = gate ? gate->wire->bytes : 0;
	struct message head = { .kind = MESSAGE_LINK, .serial = l->serial,
				.word = { spec->thread, spec->compartment, spec->depth, m->hot_limit, n,
					  (spec->from ? LINK_OF_COMPARTMENT : 0) |
					  (l->route.n ? LINK_OF_HANDLER : 0) | (uint64_t)m->handlers << 32 } };
	char text[TEXT_SIZE];

	if (length > TEXT_SIZE / 2)
		return twz_fail(err, TWZ_CLASS_LINK, TWZ_ERR(ARGUMENT, INVALID_ARGUMENT),
				"the context's name is too long: %zu bytes", length);
	if (n)
		memcpy(text, gate->wire, n);
	memcpy(text + n, l->context, length);
	i->busy = false;
	if (message_send(i->control, &head, text, n + length, &fd, fd >= 0)) {
		if (gate)
			__atomic_store_n(&gate->described, i->serial, __ATOMIC_RELEASE);
		return true;
	}
	i->busy = errno == EAGAIN;
	if (errno == EPIPE || errno == ECONNRESET)
		return true;	/* it is dead; the first call will say why */
	return twz_fail_sys(err, errno, "make a link to service %s", i->compartment->service->name);
}

bool
link_make(struct instance *i, const struct link_spec *spec, struct monitor_link **ret,
	  struct twz_error *err)
{
	struct monitor *m = i->compartment->monitor;
	struct monitor_link *l = aligned_alloc(_Alignof(struct monitor_link), sizeof(*l));
	struct monitor_gate *gate = spec->gate;
	void *memory = NULL;
	int fd = -1;

	if (l)
		*l = (struct monitor_link){ 0 };
	if (l)
		l->context = strdup(spec->context ? spec->context :
				    spec->from ? spec->from->compartment->context : m->options.context);
	if (!l || !l->context) {
		free(l);
		return twz_fail_sys(err, ENOMEM, "make a link");
	}
	if (!tell_gate(i, &gate, err)) {
		free(l->context);
		free(l);
		return false;
	}
	l->mapped = spec->from ? HEAD_SIZE : LINK_SIZE;
	if (!spec->from && i->first) {
		memory = i->first;	/* the other side has it, and a thread for it, already */
		i->first = NULL;
	} else if ((fd = instance_memory("twz-link", LINK_SIZE, &memory, l->mapped)) < 0) {
		free(l->context);
		free(l);
		return twz_fail_sys(err, errno, "make a link");
	}
	l->shared = memory;
	l->serial = ++m->next_serial;
	l->depth = spec->depth;
	l->from = spec->from;
	l->from_serial = spec->from_serial;
	l->compartment = spec->compartment;
	l->passed_on = spec->passed_on;
	if (spec->route)
		l->route = *spec->route;
	l->shared->handlers = m->handlers;
	l->thread = spec->thread;
	l->instance = i;
	l->refs = spec->from ? 1 : 2;
	i->refs++;
	m->refs += !spec->from;
	caller_init(&l->caller, l->shared, m->hot_limit);
	l->caller.dead = &i->dead;
	l->caller.stop = &m->interrupted;
	l->next = i->links;
	i->links = l;
	m->stats.links++;
	if (!send_link(i, l, spec, fd, gate, err)) {
		twz_closep(&fd);
		if (spec->from) {
			i->links = l->next;
			link_unref(l);
		} else {
			link_release(l);
			m->refs--;
		}
		return false;
	}
	if (spec->fd)
		*spec->fd = fd;
	else
		twz_closep(&fd);
	spare_meanwhile(m);
	*ret = l;
	return true;
}

/* A link that left its instance is in no list any more: its calls are added up whenever one lets go. */
uint64_t
link_uncounted(const struct monitor_link *l)
{
	return __atomic_load_n(&l->caller.calls, __ATOMIC_RELAXED) - l->counted;
}

void
link_unref(struct monitor_link *l)
{
	uint64_t calls = link_uncounted(l);

	__atomic_fetch_add(&l->instance->compartment->calls, calls, __ATOMIC_RELAXED);	/* direct calls count there, too */
	l->counted += calls;
	if (--l->refs)
		return;
	l->instance->compartment->monitor->shared_crossings += l->shared_crossings;
	munmap(l->shared, l->mapped);
	wire_room_free(&l->room);
	tally_release(l);
	instance_unref(l->instance);
	free(l->context);
	free(l);
}

void
link_release(struct monitor_link *l)
{
	struct instance *i = l->instance;

	caller_close(&l->caller);
	for (struct monitor_link **at = &i->links; *at; at = &(*at)->next)
		if (*at == l) {
			*at = l->next;
			l->refs--;
			break;
		}
	link_unref(l);
}

/* Without a caller: its thread in the guest ends. */
static void
hang_up(struct monitor_link *l)
{
	__atomic_store_n(&l->shared->closed, 1, __ATOMIC_RELEASE);
	__atomic_add_fetch(&l->shared->bell, 2, __ATOMIC_SEQ_CST);
	link_wake(&l->shared->bell);
}

void
links_abandon(struct monitor *m, struct instance *from)
{
	for (struct instance *i = m->instances; i; i = i->next)
		for (struct monitor_link **at = &i->links; *at;) {
			struct monitor_link *l = *at;

			if (l->from != from) {
				at = &l->next;
				continue;
			}
			if (__atomic_load_n(&l->shared->reply, __ATOMIC_SEQ_CST))
				instance_kill(i);	/* nobody will end what it does for the dead */
			hang_up(l);
			*at = l->next;
			link_unref(l);
			life_look(i->compartment);
		}
}

void
links_let_go(struct monitor *m, const struct instance *from, uint64_t serial)
{
	for (struct instance *i = m->instances; i; i = i->next)
		for (struct monitor_link **at = &i->links, *l; (l = *at); at = &l->next) {
			if (l->serial != serial || l->from != from)
				continue;
			hang_up(l);
			*at = l->next;
			i->refs++;
			link_unref(l);
			life_look(i->compartment);
			instance_unref(i);
			return;
		}
}
