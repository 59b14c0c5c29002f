/*
 * A service that calls gates which call back: the caller's side, as monitor/callback.c is for programs. Here are no
 * plans, only descriptions, and those come from the monitor.
 */
#include <errno.h>
#include <string.h>

#include "monitor/caller.h"
#include "monitor/guest/guest.h"

bool
called_has_callbacks(const struct wire_gate *g)
{
	for (uint32_t i = 0; i < g->nslots; i++)
		if (g->slots[i].stands == WIRE_CALLBACK)
			return true;
	return false;
}

bool
called_begin(struct called *c, const struct wire_gate *g, const uint64_t *words)
{
	*c = (struct called){ .gate = g, .words = words };
	memcpy(c->given, words, g->nslots * sizeof(*words));
	for (uint32_t i = 0; i < g->nslots; i++) {
		const struct wire_slot *s = &g->slots[i];

		c->culprit = i;
		if (s->stands == WIRE_CALLBACK && !words[i] && !s->optional)
			return false;
		if (s->stands == WIRE_CALLBACK || s->stands == WIRE_TOKEN)
			c->given[i] = words[i] ? wire_token(i) : 0;
	}
	return true;
}

void
called_end(struct called *c)
{
	wire_room_free(&c->room);
}

/* User data is the caller's own again. */
static bool
mend_words(const struct called *c, const struct wire_slot *slot, struct wire_run *run)
{
	for (uint32_t i = 0; i < run->gate->nslots; i++) {
		if (run->gate->slots[i].stands != WIRE_TOKEN)
			continue;
		if (slot->extent < 0 || run->values[i] != c->given[slot->extent])
			return false;
		run->values[i] = c->words[slot->extent];
	}
	return true;
}

static bool
run_function(uint64_t word, struct wire_run *run)
{
	ffi_type *types[TWZ_MAX_PARAMS];
	ffi_cif cif;

	if (!gate_prepare(run->gate, &cif, types))
		return false;
	ffi_call(&cif, (void (*)(void))(uintptr_t)word, run->ret, run->args);
	gate_release(run->gate, &cif, types);
	return true;
}

/* Makes the call that the other side asks for. False: it lied. */
static bool
serve(struct called *c, unsigned char *at)
{
	struct twz_gatecall_item *item = &((struct link_call *)(void *)at)->call;
	const volatile struct link_call *shared = (const volatile void *)at;
	uint64_t size = shared->item.size, kind = shared->item.kind, num = shared->call.num, fixed, word = 0;
	const struct wire_slot *slot;
	struct wire_run run = { 0 };
	bool ok;

	if (kind != TWZ_ITEM_CALLBACK || num >= c->gate->nslots || c->gate->slots[num].stands != WIRE_CALLBACK ||
	    !c->words[num] || size > LINK_CALLBACK_ROOM + sizeof(*item))
		return false;
	slot = &c->gate->slots[num];
	run.gate = wire_callback(c->gate, slot);
	fixed = sizeof(*item) + run.gate->nslots * sizeof(uint64_t);
	if (size < fixed)
		return false;
	run.size = size - fixed;
	if (wire_take(&run, (unsigned char *)item, &c->room) != WIRE_OK || !mend_words(c, slot, &run))
		return false;
	run.ret_word[0] = 0;
	ok = !c->failed && run_function(c->words[num], &run) &&
	     wire_give(&run, (unsigned char *)item, &word) == WIRE_OK;
	c->failed |= !ok;
	item->ret[0] = ok ? 0 : -ECANCELED;
	item->ret[1] = (int64_t)word;
	return true;
}

static bool
is_called_back(const struct caller *l)
{
	const volatile struct link_call *head = (const volatile void *)l->shared->block;

	return head->call.ret[0] == LINK_CALLS_BACK;
}

enum caller_end
called_ring(struct called *c, struct caller *l, int64_t timeout_ns)
{
	uint64_t until = timeout_ns < 0 ? 0 : link_now() + (uint64_t)timeout_ns;
	enum caller_end end = caller_ring(l, timeout_ns);

	while (end == CALLER_DONE && is_called_back(l)) {
		uint64_t now;

		c->lied = !serve(c, l->shared->block + LINK_CALLBACK_AT);
		now = link_now();
		if (c->lied)
			return CALLER_DIED;
		if (until && now >= until)
			return CALLER_LATE;
		caller_ready(l, 0);
		end = caller_ring(l, until ? (int64_t)(until - now) : -1);
	}
	return end;
}
