/*
 * The tables of handlers: see handlers.h. Slots are read without the lock by every call of a gate that has
 * one, and by no other: a gate that has none is called as if there were no such thing, because it is its
 * function pointer that is exchanged (monitor_gate.call).
 *
 * Links between compartments outlive what they were made for. So each has the number of the table's last
 * change beside its other flags: who made a link compares it with the number by which it was bound, and binds
 * anew. Services are told at the same time that nothing is permitted any more, so that who does not look is
 * refused.
 */
#include "monitor/handlers.h"

#include <errno.h>
#include <string.h>

#include "monitor/internal.h"
#include "twz/typetext.h"

enum { READY_NS = 10 * 1000000000ll };

static struct monitor_gate *
handler_of(const struct monitor_gate *g)
{
	struct monitor_gate *own = __atomic_load_n(&g->own.gate, __ATOMIC_ACQUIRE);

	return own ? own : __atomic_load_n(&g->any.gate, __ATOMIC_ACQUIRE);
}

bool
handlers_required(const struct monitor_gate *g)
{
	return __atomic_load_n(__atomic_load_n(&g->own.gate, __ATOMIC_ACQUIRE) ? &g->own.required : &g->any.required,
			       __ATOMIC_RELAXED);
}

uint32_t
handlers_chain(struct monitor_gate *g, struct monitor_gate **chain)
{
	uint32_t n = 0;

	/* No chain is longer: who reads while one is changed may think so for a moment. */
	for (; g && n < HANDLERS_DEEP; g = handler_of(g))
		chain[n++] = g;
	return n;
}

struct route
handlers_route(struct monitor_gate *const *chain, uint32_t n)
{
	struct route r = { .n = n };

	memcpy(r.below, chain, n * sizeof(struct monitor_gate *));
	return r;
}

bool
handlers_same_route(const struct route *a, const struct route *b)
{
	return a->n == b->n && !memcmp(a->below, b->below, a->n * sizeof(struct monitor_gate *));
}

/* -- calls of the session ---------------------------------------------------------------------------- */

/* What lies below failed or was never there: the caller hears of it as if it had called that itself. */
bool
handlers_refused(const struct monitor_link *l, int64_t status, uint64_t word, struct twz_error *err)
{
	const struct monitor_gate *asked = l->route.below[0];
	const char *by = l->instance->compartment->service->name;

	if (status == -EPERM) {
		twz_fail(err, TWZ_CLASS_SECURITY, TWZ_ERR(GENERIC, ACCESS_DENIED),
			 "Failed to call %s in %s: Permission denied", asked->gate->name,
			 asked->compartment->service->name);
		return twz_hint(err, "its handler %s refused the call: see sys::handlers", by);
	}
	return twz_fail(err, word == TWZ_CLASS_SECURITY || word == TWZ_CLASS_TIMEOUT || word == TWZ_CLASS_LINK ?
				     (enum twz_class)word : TWZ_CLASS_FAULT, TWZ_ERR(GENERIC, INTERNAL),
			"%s::%s: its handler %s passed the call on, which failed; outcome unknown",
			asked->compartment->service->name, asked->gate->name, by);
}

static bool
call_itself(struct monitor_gate *g, const uint64_t *words, void *ret, int64_t timeout_ns, struct twz_error *err)
{
	const struct mechanism *by = g->compartment->mechanism;

	return by->call ? by->call(g, words, ret, timeout_ns, err) : call_plain(g, words, ret, timeout_ns, err);
}

/* Whether the handler that could not be called may be passed over. */
static bool
may_pass_over(const struct monitor_gate *below, const struct twz_error *err)
{
	/* One that is merely busy, or slow, is not dead: who could make it so would get around it. */
	return !handlers_required(below) && err->cls != TWZ_CLASS_TIMEOUT && err->cls != TWZ_CLASS_INTERRUPTED &&
	       err->code != TWZ_ERR(RESOURCE, OUT_OF_RESOURCES);
}

bool
handlers_call(struct monitor_gate *g, const uint64_t *words, void *ret, int64_t timeout_ns,
	      struct twz_error *err)
{
	struct monitor_gate *chain[HANDLERS_DEEP];
	const char *service = g->compartment->service->name;

	for (uint32_t i = handlers_chain(g, chain); --i;) {
		const struct route route = handlers_route(chain, i);
		bool begun = false;

		if (call_answering(chain[i], &route, words, ret, timeout_ns, &begun, err)) {
			__atomic_fetch_add(&g->plain, 1, __ATOMIC_RELAXED);
			__atomic_fetch_add(&g->answered, 1, __ATOMIC_RELAXED);
			return true;
		}
		if (begun) {
			__atomic_fetch_add(&g->plain, 1, __ATOMIC_RELAXED);
			__atomic_fetch_add(&g->plain_failures, 1, __ATOMIC_RELAXED);
			return err->cls == TWZ_CLASS_FAULT || err->cls == TWZ_CLASS_TIMEOUT ?
				       twz_wrap(err, "%s::%s has a handler", service, g->gate->name) : false;
		}
		if (!may_pass_over(chain[i - 1], err))
			return twz_wrap(err, "%s::%s was not called, because it has a handler", service,
					g->gate->name);
		*err = (struct twz_error){ 0 };
	}
	return call_itself(g, words, ret, timeout_ns, err);
}

void
handlers_way(struct monitor_gate *g)
{
	if (handler_of(g))
		__atomic_store_n(&g->call, handlers_call, __ATOMIC_RELEASE);
	else
		callback_route(g, g->compartment->mechanism);
}

/* -- whether two gates are of one type ---------------------------------------------------------------- */

/* Of everything but the names of the gate and of its parameters. */
static uint64_t
type_hash(const struct twz_gate *gate)
{
	TWZ_ARENA arena = { 0 };
	struct twz_type type = *gate->type;
	struct twz_member *members = twz_new_array(&arena, type.nmembers + 1, struct twz_member);
	const struct twz_gate nameless = { .name = "", .type = &type };

	for (uint32_t i = 0; i < type.nmembers; i++) {
		members[i] = type.members[i];
		members[i].name = "";
	}
	type.members = members;
	type.name = "";
	return twz_gate_hash(&nameless);
}

/* How they lie in a block: what records say counts too. */
static bool
same_wire(const struct wire_gate *a, const struct wire_gate *b)
{
	return a->nslots == b->nslots && a->words_only == b->words_only && a->open_ended == b->open_ended &&
	       a->has_data == b->has_data && a->is_result == b->is_result && a->state == b->state &&
	       a->ninner == b->ninner && a->nshape == b->nshape &&
	       !memcmp(a->slots, b->slots, (a->nslots + 1) * sizeof(struct wire_slot)) &&
	       !memcmp(a->slots + a->nslots + 1, b->slots + b->nslots + 1, a->ninner * sizeof(uint32_t) + a->nshape);
}

static bool
same_type(const struct monitor_gate *a, const struct monitor_gate *b)
{
	return same_wire(a->wire, b->wire) && type_hash(a->gate) == type_hash(b->gate);
}

/* Numbers of objects are a compartment's own: a handler could make nothing of them. */
static bool
has_objects(const struct monitor_gate *g)
{
	for (uint32_t i = 0; i <= g->wire->nslots; i++)
		if (g->wire->slots[i].stands == WIRE_OBJECT)
			return true;
	return false;
}

static bool
refuse_type(const struct monitor_gate *g, const struct monitor_gate *by, struct twz_error *err)
{
	const char *service = g->compartment->service->name, *other = by->compartment->service->name;
	TWZ_ARENA arena = { 0 };

	twz_fail(err, TWZ_CLASS_TYPE, TWZ_ERR(ARGUMENT, WRONG_TYPE),
		 "%s::%s cannot answer for %s::%s: it is %s, the gate is %s", other, by->gate->name, service,
		 g->gate->name, twz_signature_text(&arena, by->gate), twz_signature_text(&arena, g->gate));
	return twz_hint(err, "a handler takes and gives what the gate does, buffers and secrets included");
}

/* -- loops -------------------------------------------------------------------------------------------- */

/* Handlers above @g at most; more than HANDLERS_DEEP: @g is above itself, or above @end. */
static uint32_t
above(const struct monitor_gate *g, const struct monitor_gate *end, uint32_t depth)
{
	uint32_t own = 0, any = 0;

	if (!g)
		return 0;
	if (g == end || depth > HANDLERS_DEEP)
		return HANDLERS_DEEP + 1;
	own = above(g->own.gate, end, depth + 1);
	any = above(g->any.gate, end, depth + 1);
	return 1 + (own > any ? own : any);
}

/* Gates that lie below @g at most. */
static uint32_t
below(const struct monitor *m, const struct monitor_gate *g, uint32_t depth)
{
	uint32_t most = 0, n;

	for (uint32_t i = 0; depth < HANDLERS_DEEP && i < m->ncompartments; i++) {
		const struct compartment *c = m->compartments[i];

		for (uint32_t k = 0; k < c->ngates; k++)
			if (c->gates[k]->own.gate == g || c->gates[k]->any.gate == g) {
				n = 1 + below(m, c->gates[k], depth + 1);
				most = n > most ? n : most;
			}
	}
	return most;
}

static bool
is_no_loop(const struct monitor *m, const struct monitor_gate *g, const struct monitor_gate *by,
	   struct twz_error *err)
{
	uint32_t up = above(by, g, 0);

	if (up > HANDLERS_DEEP)
		return twz_fail(err, TWZ_CLASS_LINK, TWZ_ERR(NAMING, LINK_LOOP),
				"%s::%s cannot answer for %s::%s, which answers for it",
				by->compartment->service->name, by->gate->name, g->compartment->service->name,
				g->gate->name);
	return below(m, g, 0) + 1 + up <= HANDLERS_DEEP ||
	       twz_fail(err, TWZ_CLASS_LINK, TWZ_ERR(NAMING, LINK_LOOP),
			"%s::%s: handlers may stand %d deep, not deeper", g->compartment->service->name,
			g->gate->name, HANDLERS_DEEP - 1);
}

/* -- the table ---------------------------------------------------------------------------------------- */

static void
set_slot(struct handler *slot, struct monitor_gate *g, struct monitor_gate *by, bool required)
{
	if (!g->route)
		g->route = compartment_new_index();
	g->compartment->monitor->handled = true;
	__atomic_store_n(&slot->required, required, __ATOMIC_RELAXED);
	__atomic_store_n(&slot->gate, by, __ATOMIC_RELEASE);
	handlers_way(g);
}

/* Every link between compartments has to be asked for again. */
static void
changed(struct monitor *m)
{
	const struct message head = { .kind = MESSAGE_FORBID, .word = { ++m->handlers } };

	for (struct instance *i = m->instances; i; i = i->next) {
		bool any = false;

		for (struct monitor_link *l = i->links; l; l = l->next)
			if (l->from) {
				__atomic_store_n(&l->shared->handlers, m->handlers, __ATOMIC_SEQ_CST);
				any = true;
			}
		/* One that does not listen would let calls through that go elsewhere by now. */
		if (any && i->control >= 0 && !message_send(i->control, &head, NULL, 0, NULL, 0) &&
		    errno != EPIPE && errno != ECONNRESET)
			instance_kill(i);
	}
}

static bool
is_exiting(const struct compartment *c, struct twz_error *err)
{
	if (!c->unloading && !c->unloaded)
		return false;
	twz_fail(err, TWZ_CLASS_NAME, TWZ_ERR(NAMING, NOT_FOUND), "%s is exiting: it can neither have handlers nor be one",
		 c->service->name);
	return true;
}

/* With the lock: both compartments, fit for what they are to be. */
static bool
find_both(struct monitor *m, const struct monitor_handler *h, struct compartment **c, struct compartment **by,
	  struct twz_error *err)
{
	if (!compartment_find(m, h->service, NULL, c, err) || !compartment_find(m, h->by, NULL, by, err) ||
	    is_exiting(*c, err) || is_exiting(*by, err))
		return false;
	if (*c == *by)
		return twz_fail(err, TWZ_CLASS_TYPE, TWZ_ERR(ARGUMENT, INVALID_ARGUMENT),
				"%s cannot answer for itself: a handler is a gate of another compartment",
				h->by->name);
	if ((*by)->mechanism != &mechanism_process) {
		twz_fail(err, TWZ_CLASS_LINK, TWZ_ERR(GENERIC, NOT_SUPPORTED),
			 "%s is loaded by mechanism %s: a handler needs a process of its own", h->by->name,
			 monitor_mechanism_text((*by)->mechanism->which));
		return twz_hint(err, "load it by mechanism process");
	}
	return !(*c)->lent ||
	       twz_fail(err, TWZ_CLASS_LINK, TWZ_ERR(GENERIC, NOT_SUPPORTED),
			"%s is at level none and its functions are in this program's hands: nobody can come between",
			h->service->name);
}

static bool
set_one(struct monitor *m, struct compartment *c, struct compartment *by, const struct monitor_handler *h,
	struct twz_error *err)
{
	struct monitor_gate *g, *handler;

	if (!compartment_bind(c, h->gate, &g, err) || !compartment_bind(by, h->by_gate, &handler, err))
		return false;
	if (callback_refused(g, "no handler can", err))
		return false;
	if (has_objects(g))
		return twz_fail(err, TWZ_CLASS_LINK, TWZ_ERR(GENERIC, NOT_SUPPORTED),
				"%s::%s takes or gives objects of %s's own, which nobody else can answer for",
				c->service->name, g->gate->name, c->service->name);
	if (!same_type(g, handler))
		return refuse_type(g, handler, err);
	if (!is_no_loop(m, g, handler, err))
		return false;
	set_slot(&g->own, g, handler, h->required);
	return true;
}

/* The gate of @by that goes with one of @c's; NULL: none. */
static struct monitor_gate *
namesake(struct monitor *m, struct compartment *c, struct compartment *by, const struct twz_gate *gate,
	 struct monitor_gate **g)
{
	const struct twz_gate *other = gate->role == TWZ_ROLE_GATE && gate->has_record ?
				       twz_gate_find(by->service, gate->name) : NULL;
	struct twz_error ignored = { 0 };
	struct monitor_gate *handler;

	if (!other || !compartment_bind(c, gate, g, &ignored) || !compartment_bind(by, other, &handler, &ignored))
		return NULL;
	return !(*g)->plan->ncallbacks && !has_objects(*g) && same_type(*g, handler) && is_no_loop(m, *g, handler, &ignored) ? handler : NULL;
}

static bool
set_all(struct monitor *m, struct compartment *c, struct compartment *by, const struct monitor_handler *h,
	uint32_t *n, struct twz_error *err)
{
	*n = 0;
	for (uint32_t i = 0; i < c->service->ngates; i++) {
		struct monitor_gate *g = NULL, *handler = namesake(m, c, by, &c->service->gates[i], &g);

		if (g)
			set_slot(&g->any, g, handler, handler && h->required);
		*n += handler != NULL;
	}
	if (*n)
		return true;
	twz_fail(err, TWZ_CLASS_NAME, TWZ_ERR(NAMING, NOT_FOUND),
		 "%s has no gate of the same name and type as any of %s", h->by->name, h->service->name);
	return twz_hint(err, "name one gate and its handler: sys::interpose %s GATE %s::GATE", h->service->name,
			h->by->name);
}

bool
monitor_interpose(struct monitor *m, const struct monitor_handler *h, uint32_t *n, struct twz_error *err)
{
	struct compartment *c, *by;
	bool ok, ready;

	/* One that cannot be loaded is heard of now, not by whoever calls. */
	pthread_mutex_lock(&m->lock);
	ok = find_both(m, h, &c, &by, err) && compartment_start(c, err) && compartment_start(by, err);
	ready = ok && by->instance && by->instance->ready;
	pthread_mutex_unlock(&m->lock);
	if (!ok)
		return false;
	if (!ready && !monitor_wait(m, h->by, MONITOR_FLAG_READY, READY_NS, NULL, err))
		return false;
	pthread_mutex_lock(&m->lock);
	*n = 1;
	ok = find_both(m, h, &c, &by, err) &&
	     (h->gate ? set_one(m, c, by, h, err) : set_all(m, c, by, h, n, err));
	if (ok)
		changed(m);
	pthread_mutex_unlock(&m->lock);
	return ok;
}

bool
monitor_uninterpose(struct monitor *m, const struct twz_service *service, const struct twz_gate *gate,
		    struct twz_error *err)
{
	struct compartment *c;
	bool found = false;

	pthread_mutex_lock(&m->lock);
	if (!life_find(m, service, &c, err)) {
		pthread_mutex_unlock(&m->lock);
		return false;
	}
	for (uint32_t i = 0; i < c->ngates; i++) {
		struct monitor_gate *g = c->gates[i];
		struct handler *slot = gate ? &g->own : &g->any;

		if ((gate && g->gate != gate) || !slot->gate)
			continue;
		set_slot(slot, g, NULL, false);
		found = true;
	}
	if (found)
		changed(m);
	pthread_mutex_unlock(&m->lock);
	if (!found && gate)
		twz_fail(err, TWZ_CLASS_NAME, TWZ_ERR(NAMING, NOT_FOUND), "%s::%s has no handler of its own",
			 service->name, gate->name);
	else if (!found)
		twz_fail(err, TWZ_CLASS_NAME, TWZ_ERR(NAMING, NOT_FOUND), "%s has no handlers for all of its gates",
			 service->name);
	return found;
}

/* -- copies ------------------------------------------------------------------------------------------- */

static const struct monitor_gate *
bound_as(const struct compartment *c, const char *name)
{
	for (uint32_t i = 0; i < c->ngates; i++)
		if (!strcmp(c->gates[i]->gate->name, name))
			return c->gates[i];
	return NULL;
}

/* Nobody answers for itself, whatever stands in the table of another. */
static void
copy_slot(const struct handler *from, struct handler *to, struct monitor_gate *g)
{
	bool fits = from && from->gate && from->gate->compartment != g->compartment && same_type(from->gate, g);

	set_slot(to, g, NULL, false);
	if (fits && is_no_loop(g->compartment->monitor, g, from->gate, NULL))
		set_slot(to, g, from->gate, from->required);
}

static uint32_t
copy_slots(const struct monitor_gate *from, struct monitor_gate *to)
{
	copy_slot(from ? &from->own : NULL, &to->own, to);
	copy_slot(from ? &from->any : NULL, &to->any, to);
	return to->own.gate || to->any.gate;
}

/* A service's file has changed, and another compartment takes its place: nobody gets around its handlers so. */
void
handlers_inherit(struct monitor_gate *g)
{
	const struct monitor *m = g->compartment->monitor;

	for (uint32_t i = m->handled ? m->ncompartments : 0; i--;) {
		const struct compartment *c = m->compartments[i];
		const struct monitor_gate *older;

		if (c == g->compartment || strcmp(c->service->name, g->compartment->service->name) != 0)
			continue;
		older = bound_as(c, g->gate->name);
		if (older && (older->own.gate || older->any.gate)) {
			copy_slots(older, g);
			return;
		}
	}
}

static bool
copy_table(const struct compartment *from, struct compartment *to, uint32_t *n, struct twz_error *err)
{
	*n = 0;
	for (uint32_t i = 0; i < from->ngates; i++)
		*n += from->gates[i]->own.gate || from->gates[i]->any.gate;
	if (!*n)
		return twz_fail(err, TWZ_CLASS_NAME, TWZ_ERR(NAMING, NOT_FOUND), "%s has no handlers",
				from->service->name);
	*n = 0;
	for (uint32_t i = 0; i < to->service->ngates; i++) {
		struct twz_error ignored = { 0 };
		struct monitor_gate *g;

		if (to->service->gates[i].has_record && compartment_bind(to, &to->service->gates[i], &g, &ignored))
			*n += copy_slots(bound_as(from, g->gate->name), g);
	}
	return true;
}

bool
monitor_copy_handlers(struct monitor *m, const struct twz_service *from, const struct twz_service *to, uint32_t *n,
		      struct twz_error *err)
{
	struct compartment *a, *b;
	bool ok;

	pthread_mutex_lock(&m->lock);
	ok = life_find(m, from, &a, err) && compartment_find(m, to, NULL, &b, err) && !is_exiting(a, err) &&
	     !is_exiting(b, err) && copy_table(a, b, n, err);
	if (ok)
		changed(m);
	pthread_mutex_unlock(&m->lock);
	return ok;
}

/* -- ends --------------------------------------------------------------------------------------------- */

void
handlers_forget(struct compartment *c)
{
	struct monitor *m = c->monitor;
	bool any = false;

	for (uint32_t i = 0; i < m->ncompartments; i++)
		for (uint32_t k = 0; k < m->compartments[i]->ngates; k++) {
			struct monitor_gate *g = m->compartments[i]->gates[k];
			struct handler *slots[] = { &g->own, &g->any };

			for (size_t s = 0; s < TWZ_COUNT(slots); s++)
				if (slots[s]->gate && (g->compartment == c ||
						       (slots[s]->gate->compartment == c && !slots[s]->required))) {
					set_slot(slots[s], g, NULL, false);
					any = true;
				}
		}
	if (any)
		changed(m);
}

/* -- for reading -------------------------------------------------------------------------------------- */

static const char *
state_of(const struct compartment *c)
{
	if (c->unloading || c->unloaded)
		return "unloaded";
	if (c->instance && !c->instance->dead && !c->instance->doomed)
		return "ready";
	return c->options.restart == MONITOR_RESTART_NEVER && c->started ? "ended" : "starts on call";
}

static void
add_row(const struct monitor_gate *g, bool any, struct twz_arena *arena, struct monitor_handler **all, size_t *n)
{
	const struct handler *slot = any ? &g->any : &g->own;
	const struct monitor_handler row = {
		.service = g->compartment->service, .gate = g->gate, .any = any, .required = slot->required,
		.by = slot->gate ? slot->gate->compartment->service : NULL,
		.by_gate = slot->gate ? slot->gate->gate : NULL, .in_use = !any || !g->own.gate,
		.state = slot->gate ? state_of(slot->gate->compartment) : "",
		.answered = __atomic_load_n(&g->answered, __ATOMIC_RELAXED),
	};

	if (row.by)
		twz_push(arena, *all, *n, row);
}

size_t
monitor_handlers(struct monitor *m, struct twz_arena *arena, const struct monitor_handler **ret)
{
	struct monitor_handler *all = NULL;
	size_t n = 0;

	pthread_mutex_lock(&m->lock);
	for (uint32_t i = 0; i < m->ncompartments; i++)
		for (uint32_t k = 0; !m->compartments[i]->unloaded && k < m->compartments[i]->ngates; k++) {
			add_row(m->compartments[i]->gates[k], false, arena, &all, &n);
			add_row(m->compartments[i]->gates[k], true, arena, &all, &n);
		}
	pthread_mutex_unlock(&m->lock);
	*ret = all;
	return n;
}
