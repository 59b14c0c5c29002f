/* include/twz/call.h: compartments by name, what becomes of them, and the gates that they have. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "repl/libtwz.h"
#include "repl/session_inner.h"
#include "repl/sys.h"
#include "twz/call.h"
#include "twz/typetext.h"

struct twz_compartment {
	struct session *session;
	const struct twz_service *service;
	pthread_mutex_t lock;		/* of gates */
	struct twz_gate_ref *gates;
};

static struct twz_compartment *
hold(struct session *s, const struct twz_service *service, struct twz_error *err)
{
	struct twz_compartment *c = calloc(1, sizeof(*c));

	if (!c) {
		twz_fail_sys(err, ENOMEM, "hold %s", service->name);
		return NULL;
	}
	if (!monitor_hold(session_monitor(s), service, err)) {
		free(c);
		return NULL;
	}
	c->session = s;
	c->service = service;
	pthread_mutex_init(&c->lock, NULL);
	return c;
}

static bool
read_mechanism(const char *text, enum monitor_mechanism *ret, struct twz_error *err)
{
	const struct twz_member *m = text ? twz_member_find(&sys_type_mechanism, text) : NULL;

	*ret = m ? (enum monitor_mechanism)m->value : MONITOR_BY_LEVEL;
	return m || !text || twz_fail(err, TWZ_CLASS_TYPE, TWZ_ERR(ARGUMENT, INVALID_ARGUMENT),
				      "no mechanism '%s'; there are direct, process and mpk", text);
}

static bool
read_fds(const struct twz_load_fd *from, struct monitor_fd *fds, struct monitor_load_options *to,
	 struct twz_error *err)
{
	for (; from && from->name; from++) {
		if (to->nfds == MONITOR_FDS)
			return twz_fail(err, TWZ_CLASS_TYPE, TWZ_ERR(ARGUMENT, INVALID_ARGUMENT),
					"more than %d descriptors", MONITOR_FDS);
		fds[to->nfds++] = (struct monitor_fd){ from->name, from->fd };
	}
	to->fds = fds;
	return true;
}

static bool
read_options(const struct twz_load_options *o, struct monitor_fd *fds, struct session_load *load,
	     struct twz_error *err)
{
	struct monitor_load_options *to = &load->options;

	if (!o)
		return true;
	load->name = o->name;
	load->dup = o->dup != 0;
	to->asks = o->isolation != TWZ_ISOLATION_DEFAULT;
	to->level = to->asks ? (enum twz_level)(o->isolation - TWZ_ISOLATION_NONE) : TWZ_LEVEL_NONE;
	to->memory = o->memory;
	to->fresh = o->fresh != 0;
	to->debug = o->debug != 0;
	to->preload = o->preload != 0;
	to->park_ns = o->park * UINT64_C(1000000000);
	to->restart = o->never_restart > 0 ? MONITOR_RESTART_NEVER
		      : o->never_restart ? MONITOR_RESTART_ON_CALL : MONITOR_RESTART_BY_RECORD;
	to->env = o->env;
	while (o->env && o->env[to->nenv])
		to->nenv++;
	to->args = o->args;
	while (o->args && o->args[to->nargs])
		to->nargs++;
	if (!read_fds(o->fds, fds, to, err))
		return false;
	if (to->level > TWZ_LEVEL_FULL)
		return twz_fail(err, TWZ_CLASS_TYPE, TWZ_ERR(ARGUMENT, INVALID_ARGUMENT),
				"there is no level of isolation %d", (int)o->isolation);
	return read_mechanism(o->mechanism, &to->mechanism, err);
}

struct twz_compartment *
twz_load(const char *what, const struct twz_load_options *options)
{
	struct session_load load = { .what = what, .timeout_ns = libtwz_timeout() };
	struct twz_error *err = libtwz_begin();
	struct twz_compartment *c = NULL;
	const struct twz_service *service;
	struct monitor_fd fds[MONITOR_FDS];
	struct session *s;
	const char *name;

	if (read_options(options, fds, &load, err) && libtwz_session(&s, err) &&
	    session_load(s, &load, &name, err) && session_named(s, name, &service, err))
		c = hold(s, service, err);
	if (!c)
		libtwz_fail();
	return c;
}

struct twz_compartment *
twz_hold(const char *name)
{
	struct twz_error *err = libtwz_begin();
	struct twz_compartment *c = NULL;
	const struct twz_service *service;
	struct monitor_id id;
	struct session *s;

	if (libtwz_session(&s, err) && session_service(s, name, &service, err) &&
	    monitor_load(session_monitor(s), service, NULL, &id, err))
		c = hold(s, service, err);
	if (!c)
		libtwz_fail();
	return c;
}

static void
free_gates(struct twz_compartment *c)
{
	while (c->gates) {
		struct twz_gate_ref *g = c->gates;

		c->gates = g->next;
		free(g->signature);
		free(g);
	}
}

void
twz_unload(struct twz_compartment *c)
{
	bool put_off;

	if (!c)
		return;
	libtwz_begin();
	(void)!session_release(c->session, c->service, &put_off, NULL);
	free_gates(c);
	pthread_mutex_destroy(&c->lock);
	free(c);
}

const char *
twz_compartment_name(const struct twz_compartment *c)
{
	return c->service->name;
}

int
twz_info(struct twz_compartment *c, struct twz_info *info)
{
	struct twz_error *err = libtwz_begin();
	const struct monitor_detail *details;
	TWZ_ARENA arena = { 0 };
	struct monitor_info now;
	size_t n;

	*info = (struct twz_info){ 0 };
	if (!monitor_describe(session_monitor(c->session), c->service, &arena, &now, &details, &n, err))
		return libtwz_fail();
	*info = (struct twz_info){
		.id = now.id.value, .pid = now.pid, .parked = now.state == MONITOR_PARKED, .memory = now.memory,
		.isolation = (enum twz_isolation)(TWZ_ISOLATION_NONE + now.active),
		.calls = now.calls, .faults = now.faults, .restarts = now.restarts,
	};
	return 0;
}

int
twz_park(struct twz_compartment *c, struct twz_parked *parked)
{
	struct twz_error *err = libtwz_begin();
	struct monitor_parked how = { 0 };

	if (!monitor_park(session_monitor(c->session), c->service, &how, err))
		return libtwz_fail();
	if (parked)
		*parked = (struct twz_parked){ how.ended, how.before, how.after };
	return 0;
}

/* -- states ------------------------------------------------------------------------------------ */

_Static_assert((int)TWZ_STATE_READY == (int)MONITOR_FLAG_READY &&
	       (int)TWZ_STATE_EXITED == (int)MONITOR_FLAG_EXITED, "the same list");

int
twz_wait(struct twz_compartment *c, enum twz_state state, int timeout_ms, struct twz_end *end)
{
	struct twz_error *err = libtwz_begin();
	struct monitor_end how = { 0 };

	if (!monitor_wait(session_monitor(c->session), c->service, (enum monitor_flag)state,
			  timeout_ms < 0 ? -1 : timeout_ms * INT64_C(1000000), &how, err))
		return libtwz_fail();
	if (end)
		*end = (struct twz_end){ how.status, how.signal };
	return 0;
}

int
twz_signal(struct twz_compartment *c, int number)
{
	struct twz_error *err = libtwz_begin();

	return monitor_signal(session_monitor(c->session), c->service, number, err) ? 0 : libtwz_fail();
}

int
twz_events(void)
{
	struct twz_error *err = libtwz_begin();
	struct session *s;
	int fd;

	if (!libtwz_session(&s, err) || !monitor_events(session_monitor(s), &fd, err))
		return libtwz_fail();
	return fd;
}

int
twz_next_event(struct twz_event *event)
{
	struct twz_error *err = libtwz_begin();
	struct monitor_event e;
	struct session *s;

	if (!libtwz_session(&s, err))
		return libtwz_fail();
	if (!monitor_next_event(session_monitor(s), &e))
		return 0;
	*event = (struct twz_event){ .id = e.id.value, .state = (enum twz_state)e.flag,
				     .status = e.end.status, .signal = e.end.signal, .lost = e.lost };
	snprintf(event->compartment, sizeof(event->compartment), "%s", e.service);
	return 1;
}

/* -- gates ------------------------------------------------------------------------------------- */

static struct twz_gate_ref *
new_ref(const struct twz_service *service, const char *name, struct session_gate *gate,
	struct twz_error *err)
{
	struct twz_gate_ref *ref = calloc(1, sizeof(*ref));
	TWZ_ARENA arena = { 0 };

	if (ref)
		ref->signature = strdup(twz_signature_text(&arena, twz_gate_find(service, name)));
	if (!ref || !ref->signature) {
		free(ref);
		twz_fail_sys(err, ENOMEM, "look up %s::%s", service->name, name);
		return NULL;
	}
	ref->gate = gate;
	return ref;
}

struct twz_gate_ref *
twz_gate_lookup(struct twz_compartment *c, const char *name)
{
	struct twz_error *err = libtwz_begin();
	struct twz_gate_ref *ref = NULL;
	struct session_gate *gate;

	if (session_bind(c->session, c->service->name, name, 0, NULL, &gate, err))
		ref = new_ref(c->service, name, gate, err);
	if (!ref) {
		libtwz_fail();
		return NULL;
	}
	pthread_mutex_lock(&c->lock);
	ref->next = c->gates;
	c->gates = ref;
	pthread_mutex_unlock(&c->lock);
	return ref;
}

const char *
twz_gate_signature(const struct twz_gate_ref *gate)
{
	return gate->signature;
}
