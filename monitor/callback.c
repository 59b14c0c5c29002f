/*
 * Callbacks, the caller's side: a gate calls functions of whoever calls it, until it returns.
 *
 * While the caller waits, the guest may answer "call back" instead of a result. What is to be called with what is
 * then checked as a result is: copied once, its sizes known from our own plan. The caller's function runs on the
 * calling thread, its results are written back, and the guest is rung again. The deadline is the whole call's; time
 * in callbacks counts.
 *
 * The service never learns an address: callbacks and their user data are tokens, which stand for nothing but this
 * call's parameters, and what the function gets as its user data is what the caller gave. A service that calls back
 * otherwise than its gate's record says is ended.
 *
 * A callback may call gates. Those of the same compartment go over another link, because this one's block is in
 * use: links of a thread to one compartment are a stack, one for each level. A gate without callbacks has none
 * of this on its way: monitor_gate.call leads here.
 */
#include <errno.h>
#include <string.h>

#include "monitor/internal.h"

static const char no_keys[] = "compartments of mechanism mpk cannot";

enum { ROOM_KEPT = 1 << 20 };	/* bytes for copies of arguments that a link keeps */

/* One call of a gate that may call back. */
struct calling {
	struct monitor_gate *gate;
	struct monitor_link *link;
	const uint64_t *words;		/* as the caller gave them: addresses of functions and data */
	uint64_t given[TWZ_MAX_PARAMS];	/* as the guest gets them */
	struct wire_call call;
	struct twz_error failure;	/* of the first callback that could not be made */
};

/* The links below are this thread's until the callback has returned; gates that it calls go over the next. */
static void
step_in(struct monitor_thread *t, struct monitor_link *l)
{
	uint32_t index = l->instance->compartment->index;

	t->links[index] = l->inner;
	l->inner = NULL;
	l->below = t->busy;
	t->busy = l;
	t->nbusy++;
}

/* A callback that was left by longjmp() has left links on the stack: they stay there until the thread ends. */
static void
step_out(struct monitor_thread *t, struct monitor_link *l)
{
	uint32_t index = l->instance->compartment->index;
	struct monitor_link **at = &t->busy;

	while (*at && *at != l)
		at = &(*at)->below;
	if (*at)
		*at = l->below;
	l->below = NULL;
	t->nbusy--;
	l->inner = t->links[index];
	t->links[index] = l;
}

/* The item's head, copied; whether it calls a callback that this call has. */
static bool
take_head(struct calling *c, const unsigned char *at, struct link_call *head)
{
	const volatile struct link_call *shared = (const volatile void *)at;
	const struct twz_plan *plan = c->gate->plan;

	head->item.size = shared->item.size;
	head->item.kind = shared->item.kind;
	head->call.num = shared->call.num;
	c->call.what = "it called back without saying what";
	if (head->item.kind != TWZ_ITEM_CALLBACK)
		return false;
	c->call.what = "it called back what it was not given";
	if (head->call.num >= plan->nslots || !plan->slots[head->call.num].callback ||
	    !c->words[head->call.num])
		return false;
	c->call.what = "it called back with arguments that leave the block";
	return head->item.size <= LINK_CALLBACK_ROOM + sizeof(struct twz_gatecall_item);
}

/* What bytes cannot be: a bool that is neither true nor false. User data is the caller's own again. */
static bool
mend_words(struct calling *c, const struct twz_slot *slot, struct wire_run *run)
{
	const struct twz_plan *plan = slot->callback;
	uint64_t data = slot->data < 0 ? 0 : c->words[slot->data];

	for (uint32_t i = 0; i < plan->nslots; i++) {
		const struct twz_slot *p = &plan->slots[i];

		if (p->pass != TWZ_PASS_WORD)
			continue;
		if (p->token) {
			if (run->values[i] != c->given[slot->data])
				return false;
			run->values[i] = data;
		} else if (twz_type_strip(p->type)->kind == TWZ_BOOL) {
			run->values[i] = (run->values[i] & 0xff) != 0;
		} else if (!p->is_float) {
			run->values[i] = wire_extend(run->values[i], p->size, p->is_signed);
		}
	}
	return true;
}

static void
run_callback(struct calling *c, const struct twz_slot *slot, struct wire_run *run, struct twz_error *err)
{
	struct monitor_thread *t = thread_self();
	void *function = (void *)(uintptr_t)c->words[slot - c->gate->plan->slots];

	step_in(t, c->link);
	(void)!direct_invoke(function, slot->callback, run->values, run->ret, err);
	step_out(t, c->link);
}

static int64_t
fail_result(struct calling *c, enum wire_status status)
{
	if (status != WIRE_OK)
		twz_fail(&c->failure, TWZ_CLASS_LINK, TWZ_ERR(RESOURCE, OUT_OF_RESOURCES),
			 "%s::%s: the result of a callback does not fit: it may have %d bytes",
			 c->gate->compartment->service->name, c->gate->gate->name, LINK_CALLBACK_ROOM);
	return -ECANCELED;
}

/* Makes the call that the guest asks for. False: it lied, and c->call.what says about what. */
static bool
serve(struct calling *c)
{
	unsigned char *at = c->link->shared->block + LINK_CALLBACK_AT;
	struct twz_gatecall_item *item = &((struct link_call *)(void *)at)->call;
	const struct twz_slot *slot;
	struct wire_run run = { 0 };
	struct link_call head;
	int64_t status = -ECANCELED;
	uint64_t fixed, word = 0;

	if (!take_head(c, at, &head))
		return false;
	slot = &c->gate->plan->slots[head.call.num];
	run.gate = wire_callback(c->gate->wire, &c->gate->wire->slots[head.call.num]);
	fixed = sizeof(*item) + run.gate->nslots * sizeof(uint64_t);
	if (head.item.size < fixed)
		return false;
	run.size = head.item.size - fixed;
	if (wire_take(&run, (unsigned char *)item, &c->link->room) != WIRE_OK)
		return false;
	/* By value, an object is handed over by its address here. */
	for (uint32_t i = 0; i < run.gate->nslots; i++)
		if (run.gate->slots[i].pass == TWZ_PASS_STRUCT)
			run.values[i] = (uint64_t)(uintptr_t)run.args[i];
	c->call.what = "it called back with other user data";
	if (!mend_words(c, slot, &run))
		return false;
	run.ret_word[0] = 0;
	if (c->failure.cls == TWZ_CLASS_NONE)
		run_callback(c, slot, &run, &c->failure);
	if (c->failure.cls == TWZ_CLASS_NONE) {
		enum wire_status given = wire_give(&run, (unsigned char *)item, &word);

		status = given == WIRE_OK ? 0 : fail_result(c, given);
	}
	item->ret[0] = status;
	item->ret[1] = (int64_t)word;
	if (c->link->room.size > ROOM_KEPT)
		wire_room_free(&c->link->room);
	return true;
}

static bool
is_called_back(const struct monitor_link *l)
{
	const volatile struct link_call *head = (const volatile void *)l->shared->block;

	return head->call.ret[0] == LINK_CALLS_BACK;
}

/* False: a callback is missing. */
static bool
hand_over_tokens(struct calling *c)
{
	const struct twz_plan *plan = c->gate->plan;

	memcpy(c->given, c->words, plan->nslots * sizeof(*c->given));
	for (uint32_t i = 0; i < plan->nslots; i++) {
		if (plan->slots[i].callback || plan->slots[i].token)
			c->given[i] = c->words[i] ? wire_token(i) : 0;
		c->call.culprit = i;
		if (plan->slots[i].callback && !c->words[i] && !plan->slots[i].optional)
			return false;
	}
	return true;
}

/* What is left of the time; 0: nothing. */
static int64_t
time_left(uint64_t until)
{
	uint64_t now = link_now();

	if (!until)
		return -1;
	return now < until ? (int64_t)(until - now) : 0;
}

/* Rings until there is an answer that is none but an answer. False: it lied. */
static bool
go_on(struct calling *c, uint64_t until, enum caller_end *end, struct twz_error *err)
{
	struct caller *caller = &c->link->caller;

	while (*end == CALLER_DONE && is_called_back(c->link)) {
		int64_t left;

		if (!serve(c))
			return false;
		err->cls = TWZ_CLASS_NONE;	/* calls inside may have used the same */
		left = time_left(until);
		if (!left) {
			*end = CALLER_LATE;
			break;
		}
		caller_ready(caller, 0);
		__atomic_store_n(&caller->calls, caller->calls - 1, __ATOMIC_RELAXED);	/* it is the same call */
		*end = caller_ring(caller, left);
	}
	return true;
}

static bool
too_deep(const struct monitor_gate *gate, struct twz_error *err)
{
	return twz_fail(err, TWZ_CLASS_LINK, TWZ_ERR(RESOURCE, OUT_OF_RESOURCES),
			"%s::%s was not called: callbacks may call gates that call back %u deep, not deeper",
			gate->compartment->service->name, gate->gate->name,
			gate->compartment->monitor->options.depth);
}

static bool
callback_call(struct monitor_gate *gate, const uint64_t *words, void *ret, int64_t timeout_ns,
	      struct twz_error *err)
{
	uint64_t until = timeout_ns < 0 ? 0 : link_now() + (uint64_t)timeout_ns, began;
	struct monitor_thread *t = thread_self();
	struct calling c = { .gate = gate, .words = words };
	enum wire_status packed;
	enum caller_end end;
	struct tally *tally;
	bool honest;

	if (t->nbusy >= gate->compartment->monitor->options.depth)
		return too_deep(gate, err);
	if (!hand_over_tokens(&c))
		return call_fail_packing(gate, &c.call, WIRE_IS_NULL, err);
	if (!call_link(gate, timeout_ns, &c.link, err))
		return false;
	tally = tally_find(c.link, gate);
	c.link->layout = 0;
	c.call.gate = gate->wire;
	c.call.words = c.given;
	c.call.room = LINK_HALF_ROOM;
	c.call.share = shared_find;
	c.call.share_data = c.link->instance;
	packed = wire_pack(&c.call, c.link->shared->block);
	if (packed != WIRE_OK)
		return call_fail_packing(gate, &c.call, packed, err);
	caller_ready(&c.link->caller, c.call.carried);
	began = tally_begin(&c.link->caller);
	end = caller_ring(&c.link->caller, timeout_ns);
	honest = go_on(&c, until, &end, err);
	tally_end(tally, &c.link->caller, began, end);
	if (!honest)
		return call_caught(gate, c.link, &c.call, err);
	if (end != CALLER_DONE)
		return call_give_up(gate, c.link, end, timeout_ns, err);
	if (c.failure.cls != TWZ_CLASS_NONE) {
		*err = c.failure;
		return false;
	}
	return call_take(gate, c.link, c.link->shared->block, &c.call, &t->texts, ret, err);
}

bool
monitor_in_callback(void)
{
	return thread_self()->nbusy != 0;
}

/* Its addresses must not get there: nobody would make tokens of them. */
static bool
never_call(struct monitor_gate *gate, const uint64_t *words, void *ret, int64_t timeout_ns,
	   struct twz_error *err)
{
	(void)words, (void)ret, (void)timeout_ns;
	callback_refused(gate, no_keys, err);
	return twz_hint(err, "load the service by mechanism process");
}

void
callback_route(struct monitor_gate *gate, const struct mechanism *mechanism)
{
	bool (*call)(struct monitor_gate *, const uint64_t *, void *, int64_t, struct twz_error *) = mechanism->call;

	if (gate->plan->ncallbacks && mechanism == &mechanism_process)
		call = callback_call;
	else if (gate->plan->ncallbacks && mechanism != &mechanism_direct)
		call = never_call;
	__atomic_store_n(&gate->call, call, __ATOMIC_RELEASE);
}

bool
callback_has_links(const struct monitor_gate *gate)
{
	return __atomic_load_n(&gate->call, __ATOMIC_RELAXED) == callback_call;
}

bool
callback_refused(const struct monitor_gate *gate, const char *who, struct twz_error *err)
{
	if (!gate->plan->ncallbacks)
		return false;
	twz_fail(err, TWZ_CLASS_LINK, TWZ_ERR(GENERIC, NOT_SUPPORTED), "%s::%s calls its caller back, which %s",
		 gate->compartment->service->name, gate->gate->name, who);
	return true;
}
