/* C functions made at run time, for callbacks of those who have no C function. */
#include <errno.h>
#include <ffi.h>
#include <stdlib.h>
#include <string.h>

#include "monitor/internal.h"

struct monitor_closure {
	const struct twz_plan *plan;
	monitor_run *run;
	void *data, *code;
	ffi_closure *closure;
	ffi_cif cif;
	struct twz_arena arena;
};

/* libffi gives an address for each argument, and takes a small integer as a whole word. */
static void
called(ffi_cif *cif, void *ret, void **args, void *data)
{
	const struct monitor_closure *c = data;
	const struct twz_slot *slot = &c->plan->ret;
	uint64_t words[TWZ_MAX_PARAMS], small = 0;
	void *result = slot->pass == TWZ_PASS_STRUCT ? ret : &small;

	(void)cif;
	for (uint32_t i = 0; i < c->plan->nslots; i++) {
		const struct twz_slot *s = &c->plan->slots[i];

		words[i] = 0;
		if (s->pass == TWZ_PASS_STRUCT)
			words[i] = (uint64_t)(uintptr_t)args[i];
		else
			memcpy(&words[i], args[i], s->pass == TWZ_PASS_WORD ? s->size : sizeof(words[i]));
		if (s->pass == TWZ_PASS_WORD && !s->is_float)
			words[i] = wire_extend(words[i], s->size, s->is_signed);
	}
	if (slot->size)
		memset(result, 0, slot->size);
	c->run(c->data, words, result);
	if (slot->pass == TWZ_PASS_WORD && !slot->is_float)
		small = wire_extend(small, slot->size, slot->is_signed);
	if (slot->pass == TWZ_PASS_WORD || slot->pass == TWZ_PASS_STRING)
		memcpy(ret, &small, sizeof(small));
}

bool
monitor_closure_make(const struct twz_plan *plan, monitor_run *run, void *data, struct monitor_closure **ret,
		     struct twz_error *err)
{
	struct monitor_closure *c = calloc(1, sizeof(*c));

	if (!c)
		return twz_fail_sys(err, ENOMEM, "make a callback");
	*c = (struct monitor_closure){ .plan = plan, .run = run, .data = data };
	if (direct_prepare(plan, &c->arena, &c->cif))
		c->closure = ffi_closure_alloc(sizeof(*c->closure), &c->code);
	if (c->closure && ffi_prep_closure_loc(c->closure, &c->cif, called, c, c->code) == FFI_OK) {
		*ret = c;
		return true;
	}
	monitor_closure_free(c);
	return twz_fail(err, TWZ_CLASS_LINK, TWZ_ERR(RESOURCE, OUT_OF_RESOURCES),
			"no callback can be made: the system gives no memory for code");
}

uint64_t
monitor_closure_word(const struct monitor_closure *c)
{
	return (uint64_t)(uintptr_t)c->code;
}

void
monitor_closure_free(struct monitor_closure *c)
{
	if (!c)
		return;
	if (c->closure)
		ffi_closure_free(c->closure);
	twz_arena_free(&c->arena);
	free(c);
}
