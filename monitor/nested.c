/*
 * Services that call services. A guest asks for a gate by service, name and hash; the monitor, on its
 * own thread, finds the service, checks the right, compares hashes, makes the link and hands its
 * memory to both sides. Then the two talk without it.
 *
 * Who calls is what the monitor knows, not what the message says: the compartment is the one whose
 * socket it came over, the thread is that of the link whose gate is running.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "monitor/internal.h"
#include "twz/typetext.h"

/* A request, copied: the host is asked without the lock, and the message's memory is used again. */
struct request {
	uint64_t serial, hash, thread;
	uint64_t have, have_handler;	/* serials of links that it has to the service, and to its handler */
	uint32_t depth;
	bool passed_on;			/* the call that it answers, to what lies below: @route, for @who */
	struct route route;
	struct monitor_who who;		/* its texts live as long as the monitor, or @context */
	char context[264];
	char service[256], gate[256], signature[1024];
};

static void
answer_failure(struct instance *i, const struct request *r, const struct twz_error *err)
{
	struct message head = { .kind = MESSAGE_REFUSED, .serial = r->serial,
				.word = { err->cls, err->code } };

	if (i->control >= 0 &&
	    !message_send(i->control, &head, err->text, strlen(err->text) + 1, NULL, 0))
		instance_kill(i);
}

static struct monitor_link *
find_link(const struct instance *i, uint64_t serial)
{
	struct monitor_link *l = i->links;

	while (l && l->serial != serial)
		l = l->next;
	return l;
}

bool
nested_visible(const char *caller, const struct twz_service *service, const struct twz_gate *gate,
	       struct twz_error *err)
{
	bool own = !strcmp(caller, service->name);

	switch (gate->visibility) {
	case TWZ_VISIBILITY_ALL:
		return true;
	case TWZ_VISIBILITY_PUBLIC:
		return !own || twz_fail(err, TWZ_CLASS_SECURITY, TWZ_ERR(SECURITY, GATE_DENIED),
					"Failed to call %s in %s: the gate answers no calls of its own compartment",
					gate->name, service->name);
	case TWZ_VISIBILITY_PRIVATE:
		return own || twz_fail(err, TWZ_CLASS_SECURITY, TWZ_ERR(SECURITY, GATE_DENIED),
				       "Failed to call %s in %s: the gate is private to its own compartment",
				       gate->name, service->name);
	}
	return false;
}

/* Whom the host says it is, and whether it may. Without the lock. */
static bool
resolve(struct monitor *m, const struct request *r, const struct twz_service **service,
	const struct twz_gate **gate, struct twz_error *err)
{
	const struct monitor_host *host = &m->options.host;
	TWZ_ARENA arena = { 0 };

	if (!host->service)
		return twz_fail(err, TWZ_CLASS_LINK, TWZ_ERR(GENERIC, NOT_SUPPORTED),
				"this session's services cannot call each other");
	if ((host->may_ask && !host->may_ask(host->data, &r->who, r->service, r->gate, err)) ||
	    !host->service(host->data, &r->who, r->service, service, err))
		return false;
	*gate = twz_gate_find(*service, r->gate);
	if (!*gate)
		return twz_fail(err, TWZ_CLASS_NAME, TWZ_ERR(NAMING, NOT_FOUND),
				"service %s has no gate %s", r->service, r->gate);
	if ((*gate)->hash != r->hash)
		return twz_fail(err, TWZ_CLASS_LINK, TWZ_ERR(SECURITY, SIGNATURE_MISMATCH),
				"%s::%s has changed: the caller was built for %s, the service has %s",
				r->service, r->gate, r->signature, twz_signature_text(&arena, *gate));
	return nested_visible(r->who.service, *service, *gate, err) &&
	       (!host->may_call || host->may_call(host->data, &r->who, *service, *gate, err));
}

static struct monitor_who
who_of(const struct compartment *c)
{
	return (struct monitor_who){ c->context, c->service->name, (uint64_t)c->generation << 32 | c->slot };
}

bool
nested_resolve(const struct compartment *from, const char *service, const char *gate,
	       const char *signature, uint64_t hash, const struct twz_service **ret_service,
	       const struct twz_gate **ret_gate, struct twz_error *err)
{
	struct request r = { .hash = hash, .who = who_of(from) };

	snprintf(r.service, sizeof(r.service), "%s", service);
	snprintf(r.gate, sizeof(r.gate), "%s", gate);
	snprintf(r.signature, sizeof(r.signature), "%s", signature);
	return resolve(from->monitor, &r, ret_service, ret_gate, err);
}

bool
nested_may_call(const struct compartment *from, const struct monitor_gate *gate, struct twz_error *err)
{
	const struct monitor_host *host = &from->monitor->options.host;
	struct monitor_who who = who_of(from);

	return !*gate->gate->requires || !host->may_call ||
	       host->may_call(host->data, &who, gate->compartment->service, gate->gate, err);
}

/*
 * The callee's own process sees to it that nothing else is called over this link, whatever the caller writes into
 * it. A gate that requires a capability is allowed once: each call of it comes here first.
 */
static bool
allow(struct instance *to, const struct monitor_link *l, const struct monitor_gate *g, bool once,
      struct twz_error *err)
{
	const struct message head = { .kind = MESSAGE_ALLOW, .serial = l->serial, .word = { g->wire->number, once } };

	if (message_send(to->control, &head, NULL, 0, NULL, 0) || errno == EPIPE || errno == ECONNRESET)
		return true;	/* when it is dead the handshake will say so */
	return twz_fail_sys(err, errno, "tell service %s who may call", to->compartment->service->name);
}

/* A link that @from has already and that can be used for the same again. */
static struct monitor_link *
known_link(const struct instance *to, const struct instance *from, uint64_t serial, const struct link_spec *spec)
{
	struct monitor_link *l = serial ? find_link(to, serial) : NULL;
	const struct route none = { .n = 0 };

	return l && l->from == from && l->passed_on == spec->passed_on &&
	       (!spec->passed_on || l->from_serial == spec->from_serial) &&
	       handlers_same_route(&l->route, spec->route ? spec->route : &none) ? l : NULL;
}

/*
 * With the lock: a link to @chain[n], which answers for the first @n. *@there: there is somebody who could
 * answer, whatever came of it.
 */
static bool
link_to(struct monitor *m, struct instance *from, const struct request *r, struct monitor_gate *const *chain,
	uint32_t n, bool *there, struct twz_error *err)
{
	const struct route route = handlers_route(chain, n);
	struct link_spec spec = { .from = from, .from_serial = r->serial, .thread = r->thread,
				  .compartment = r->passed_on ? r->who.compartment : from->id,
				  .context = r->passed_on ? r->context : NULL, .depth = r->depth + 1,
				  .route = n ? &route : NULL, .passed_on = r->passed_on };
	struct message head = { .kind = MESSAGE_BOUND, .serial = r->serial };
	struct monitor_gate *g = chain[n];
	bool once = *chain[0]->gate->requires != 0, ok;
	struct monitor_link *l;
	struct instance *to;
	int fd = -1;

	spec.fd = &fd;
	*there = (!n || !g->compartment->unloading) && compartment_ensure(g->compartment, &to, err);
	if (!*there || !instance_describe(to, g, err))
		return false;
	l = known_link(to, from, n || r->passed_on ? r->have_handler : r->have, &spec);
	if (!l && !link_make(to, &spec, &l, err))
		return false;
	if (!allow(to, l, g, once, err)) {
		if (fd >= 0)
			close(fd);
		return false;
	}
	memcpy(head.word, (const uint64_t[]){ g->wire->number, l->serial, m->hot_limit, once, m->handlers, n != 0 },
	       sizeof(head.word));
	ok = message_send(from->control, &head, g->wire, g->wire->bytes, &fd, fd >= 0);
	if (fd >= 0)
		close(fd);
	if (!ok)
		instance_kill(from);
	if (r->have_handler && r->have_handler != l->serial)
		links_let_go(m, from, r->have_handler);
	return true;
}

static bool
is_out_of_reach(const struct instance *from, const struct request *r, const struct compartment *c,
		struct twz_error *err)
{
	if (c->mechanism == &mechanism_process || (c->mechanism == &mechanism_direct && !r->passed_on))
		return false;
	twz_fail(err, TWZ_CLASS_LINK, TWZ_ERR(GENERIC, NOT_SUPPORTED),
		 "%s is loaded by mechanism %s: %s, which has a process of its own, cannot call it", c->service->name,
		 monitor_mechanism_text(c->mechanism->which), from->compartment->service->name);
	twz_hint(err, "load both by the same mechanism");
	return true;
}

/* With the lock: a link to the highest of @chain's @n gates that can be called. */
static bool
link_highest(struct monitor *m, struct instance *from, const struct request *r, struct monitor_gate *const *chain,
	     uint32_t n, struct twz_error *err)
{
	bool there = true;

	while (n--) {
		if (!n && is_out_of_reach(from, r, chain[0]->compartment, err))
			return false;
		if (link_to(m, from, r, chain, n, &there, err))
			return true;
		if (there || !n || handlers_required(chain[n - 1]))
			return false;
		*err = (struct twz_error){ 0 };
	}
	return false;
}

/* With the lock: the gate bound, and whoever answers for it running and linked. */
static bool
link_up(struct monitor *m, struct instance *from, const struct request *r,
	const struct twz_service *service, const struct twz_gate *gate, struct twz_error *err)
{
	struct monitor_gate *chain[HANDLERS_DEEP], *g;
	struct compartment *c;

	if (!compartment_find(m, service, NULL, &c, err) || !compartment_bind(c, gate, &g, err))
		return false;
	return link_highest(m, from, r, chain, handlers_chain(g, chain), err);
}

/* What the call that @r's link carries is passed on to, by whom it was made. */
static bool
pass_on(struct monitor *m, struct instance *i, const struct request *r, struct twz_error *err)
{
	const struct monitor_host *host = &m->options.host;
	struct monitor_gate *asked = r->route.n ? r->route.below[0] : NULL;
	bool ok;

	if (!asked)
		return twz_fail(err, TWZ_CLASS_LINK, TWZ_ERR(GENERIC, NO_SUCH_OPERATION),
				"%s was called itself: only a call that it answers as a handler can be passed on",
				i->compartment->service->name);
	pthread_mutex_unlock(&m->lock);
	ok = !*asked->gate->requires || !host->may_call ||
	     host->may_call(host->data, &r->who, asked->compartment->service, asked->gate, err);
	pthread_mutex_lock(&m->lock);
	return ok && i->control >= 0 && link_highest(m, i, r, r->route.below, r->route.n, err);
}

static bool
serve(struct monitor *m, struct instance *i, const struct request *r, struct twz_error *err)
{
	const struct twz_service *service = NULL;
	const struct twz_gate *gate = NULL;
	bool ok;

	if (r->depth >= m->options.depth)
		return twz_fail(err, TWZ_CLASS_LINK, TWZ_ERR(RESOURCE, OUT_OF_RESOURCES),
				"%s%s%s: gates may call gates %u deep, not deeper", r->service,
				r->passed_on ? i->compartment->service->name : "::", r->gate, m->options.depth);
	if (r->passed_on)
		return pass_on(m, i, r, err);
	pthread_mutex_unlock(&m->lock);
	ok = resolve(m, r, &service, &gate, err);
	pthread_mutex_lock(&m->lock);
	return ok && i->control >= 0 && link_up(m, i, r, service, gate, err);
}

void
nested_bind(struct monitor *m, struct instance *i, const struct message_in *in)
{
	struct monitor_link *l = find_link(i, in->head.serial);
	struct twz_error err = { 0 };
	struct request r = { .serial = in->head.serial, .hash = in->head.word[0], .have = in->head.word[1],
			     .have_handler = in->head.word[2], .passed_on = in->head.word[3] == BIND_BELOW };
	size_t at = 0;

	if (!l) {
		instance_kill(i);	/* no gate runs on such a link */
		return;
	}
	r.who = (struct monitor_who){ i->compartment->context, i->compartment->service->name, i->id };
	if (r.passed_on) {
		snprintf(r.context, sizeof(r.context), "%s", l->context);
		r.who = (struct monitor_who){ r.context, i->compartment->service->name, l->compartment };
		r.route = l->route;
	}
	r.depth = l->depth;
	r.thread = l->thread;
	snprintf(r.service, sizeof(r.service), "%s", message_text(in, &at));
	snprintf(r.gate, sizeof(r.gate), "%s", message_text(in, &at));
	snprintf(r.signature, sizeof(r.signature), "%s", message_text(in, &at));
	if (!serve(m, i, &r, &err))
		answer_failure(i, &r, &err);
}

void
nested_cancel(struct monitor *m, struct instance *i, uint64_t serial)
{
	for (struct instance *to = m->instances; to; to = to->next) {
		struct monitor_link *l = find_link(to, serial);

		if (l && l->from == i) {
			instance_kill(to);
			return;
		}
	}
}
