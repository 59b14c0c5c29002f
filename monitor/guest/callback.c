/*
 * Callbacks: a service calls a function, and its caller's runs. The function is a closure of libffi's, made once
 * for each parameter that is a callback, when its gate is described. So it belongs to no call: it is the
 * callback of the call that the thread which calls it runs. On other threads, after the call or in another one, there
 * is none, and a service that calls it all the same is at fault: nobody could give it a result.
 */
#include <stdlib.h>
#include <string.h>

#include "monitor/guest/guest.h"

struct callback {
	const struct wire_gate *gate, *own;	/* that takes it, and how it is called itself */
	uint32_t slot;
	ffi_cif cif;
	ffi_type *types[TWZ_MAX_PARAMS];
};

static _Thread_local struct wire_room texts;

void
callback_end(void)
{
	wire_room_free(&texts);
}

/* What the plan's words are: twz/plan.h. */
static uint64_t
word_of(const struct wire_slot *slot, const void *arg)
{
	uint64_t word = 0;

	if (slot->pass == TWZ_PASS_STRUCT)
		return (uint64_t)(uintptr_t)arg;
	memcpy(&word, arg, slot->pass == TWZ_PASS_WORD ? slot->size : sizeof(word));
	return slot->pass == TWZ_PASS_WORD && !slot->is_float ? wire_extend(word, slot->size, slot->is_signed)
							      : word;
}

/* What the caller is told must be what it can be told. */
static void
pack(const struct callback *c, struct wire_call *call, unsigned char *at)
{
	const char *symbol = wire_symbol(c->gate);

	switch (wire_pack(call, at)) {
	case WIRE_OK:
		((struct link_call *)(void *)at)->item.kind = TWZ_ITEM_CALLBACK;
		return;
	case WIRE_TOO_BIG:
		crash_refuse("%s called back with more than %d bytes", symbol, LINK_CALLBACK_ROOM);
	case WIRE_BAD_COUNT:
		crash_refuse("%s called back with a length that is negative or too large", symbol);
	case WIRE_IS_NULL:
		crash_refuse("%s called back with NULL for parameter %u", symbol, call->culprit + 1);
	case WIRE_FORGED:
	case WIRE_NO_MEMORY:
	case WIRE_NO_RESULT:
		break;
	}
	crash_refuse("%s called back with arguments that cannot be passed", symbol);
}

/* libffi takes small integers as whole words. */
static void
put_result(const struct wire_slot *slot, const void *from, void *ret)
{
	uint64_t word = 0;

	if (slot->pass == TWZ_PASS_STRUCT) {
		memcpy(ret, from, slot->size);
		return;
	}
	memcpy(&word, from, slot->pass == TWZ_PASS_WORD ? slot->size : sizeof(word));
	if (slot->pass == TWZ_PASS_WORD && !slot->is_float)
		word = wire_extend(word, slot->size, slot->is_signed);
	if (slot->pass != TWZ_PASS_NOTHING)
		memcpy(ret, &word, sizeof(word));
}

static void
call_back(ffi_cif *cif, void *ret, void **args, void *data)
{
	const struct callback *c = data;
	const struct wire_run *run = dispatch_run();
	const struct wire_slot *slot = wire_ret(c->own);
	uint64_t words[TWZ_MAX_PARAMS], small[2] = { 0 };
	struct wire_call call = { .gate = c->own, .words = words, .room = LINK_CALLBACK_ROOM };
	void *result = slot->pass == TWZ_PASS_STRUCT ? ret : small;
	const volatile struct twz_gatecall_item *item;
	unsigned char *at;

	(void)cif;
	if (!run || run->gate != c->gate || !run->refs[c->slot])
		crash_refuse("the service called a callback of %s, which no call has given to this thread",
			     wire_symbol(c->gate));
	for (uint32_t i = 0; i < c->own->nslots; i++)
		words[i] = word_of(&c->own->slots[i], args[i]);
	at = dispatch_current()->shared->block + LINK_CALLBACK_AT;
	pack(c, &call, at);
	dispatch_call_back();
	item = &((struct link_call *)(void *)at)->call;
	if (slot->pass == TWZ_PASS_STRUCT)
		memset(ret, 0, slot->size);
	/* A callback that failed has no result: zeros, and the call fails once the gate has returned. */
	if (item->ret[0] || wire_unpack(&call, at, (uint64_t)item->ret[1], result, &texts) != WIRE_OK)
		memset(small, 0, sizeof(small));
	if (result != ret)
		put_result(slot, small, ret);
}

void *
callback_make(const struct wire_gate *g, uint32_t slot)
{
	struct callback *c = calloc(1, sizeof(*c));
	ffi_closure *closure;
	void *code = NULL;

	if (!c)
		return NULL;
	c->gate = g;
	c->own = wire_callback(g, &g->slots[slot]);
	c->slot = slot;
	closure = gate_prepare(c->own, &c->cif, c->types) ? ffi_closure_alloc(sizeof(*closure), &code) : NULL;
	if (closure && ffi_prep_closure_loc(closure, &c->cif, call_back, c, code) == FFI_OK)
		return code;
	if (closure)
		ffi_closure_free(closure);
	free(c);
	return NULL;
}
