/*
 * Calling other services' gates from inside: include/twz/call.h, for services. The monitor makes the
 * call on the same thread, wherever the other service runs.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <twz/call.h>

#include "monitor/guest/guest.h"
#include "monitor/mpk/guest/inside.h"
#include "monitor/wire.h"
#include "twz/error.h"

/* A stub that was bound. */
struct binding {
	struct binding *next;
	const struct twz_stub *stub;
	struct wire_gate *wire;
	uint64_t number;
};

static struct binding *bindings;
static struct wire_room texts;
static struct twz_failure failure;
static struct twz_error error;
static bool failed;

static bool
refused(const struct mpk_answer *a, struct twz_error *err)
{
	return twz_fail(err, (enum twz_class)a->cls, a->code, "%.*s", (int)sizeof(a->text), a->text);
}

static struct binding *
bind_stub(const struct twz_stub *stub, struct twz_error *err)
{
	unsigned char *block = inside_block();
	const struct mpk_answer *a = (const void *)block;
	const struct wire_gate *wire = (const void *)(a + 1);
	struct mpk_bind *want = (void *)block;
	struct binding *b = calloc(1, sizeof(*b));

	if (!b)
		return twz_fail_sys(err, ENOMEM, "%s::%s", stub->service, stub->gate), NULL;
	*want = (struct mpk_bind){ .hash = stub->hash };
	snprintf(want->service, sizeof(want->service), "%s", stub->service);
	snprintf(want->gate, sizeof(want->gate), "%s", stub->gate);
	snprintf(want->signature, sizeof(want->signature), "%s", stub->signature);
	inside_ask(MPK_BIND, 0);
	b->stub = stub;
	b->number = a->number;
	b->wire = a->cls ? NULL : malloc(wire->bytes);
	if (!b->wire) {
		if (a->cls)
			refused(a, err);
		else
			twz_fail_sys(err, ENOMEM, "%s::%s", stub->service, stub->gate);
		free(b);
		return NULL;
	}
	memcpy(b->wire, wire, wire->bytes);
	b->next = bindings;
	bindings = b;
	return b;
}

static struct binding *
find_binding(const struct twz_stub *stub, struct twz_error *err)
{
	for (struct binding *b = bindings; b; b = b->next)
		if (b->stub == stub)
			return b;
	return bind_stub(stub, err);
}

static bool
invoke(const struct twz_stub *stub, const uint64_t *words, void *ret, struct twz_error *err)
{
	struct binding *b = find_binding(stub, err);
	unsigned char *block = inside_block();
	const struct twz_gatecall_item *item = &((struct link_call *)(void *)block)->call;
	struct wire_call call;

	if (!b)
		return false;
	if (b->wire->nslots != stub->nwords)
		return twz_fail(err, TWZ_CLASS_LINK, TWZ_ERR(SECURITY, SIGNATURE_MISMATCH),
				"%s::%s: the stub has another number of parameters", stub->service,
				stub->gate);
	call = (struct wire_call){ .gate = b->wire, .words = words };
	if (wire_pack(&call, block) != WIRE_OK)
		return twz_fail(err, TWZ_CLASS_TYPE, TWZ_ERR(ARGUMENT, INVALID_ARGUMENT),
				"%s::%s: parameter %u cannot be passed", stub->service, stub->gate,
				call.culprit + 1);
	inside_ask(MPK_INVOKE, b->number);
	if (item->ret[0] == MPK_FAILED)
		return refused((const void *)(block + MPK_ANSWER_AT), err);
	if (item->ret[0] || wire_unpack(&call, block, (uint64_t)item->ret[1], ret, &texts) != WIRE_OK)
		return twz_fail(err, TWZ_CLASS_FAULT, TWZ_ERR(GENERIC, INTERNAL),
				"%s::%s: no usable answer (%lld); outcome unknown", stub->service,
				stub->gate, (long long)item->ret[0]);
	return true;
}

__attribute__((visibility("default"))) __thread int twz_has_failed;

void
twz_forget(void)
{
	failed = false;
	twz_has_failed = 0;
}

int
twz_invoke(struct twz_stub *stub, const uint64_t *words, void *ret)
{
	const struct twz_error *e = &error;

	error = (struct twz_error){ 0 };
	failed = !invoke(stub, words, ret, &error);
	twz_has_failed = failed;
	if (!failed)
		return 0;
	if (ret)
		memset(ret, 0, stub->ret_size);
	failure = (struct twz_failure){ e->code, twz_class_status(e->cls), twz_class_text(e->cls), e->text };
	return -1;
}

/* Handlers have processes of their own: no call is answered here for another gate. */
int
twz_forward(const uint64_t *words, size_t nwords, void *ret, size_t ret_size)
{
	const struct twz_error *e = &error;

	(void)words, (void)nwords;
	error = (struct twz_error){ 0 };
	twz_fail(&error, TWZ_CLASS_LINK, TWZ_ERR(GENERIC, NO_SUCH_OPERATION),
		 "only a call that is answered as a handler can be passed on");
	failed = true;
	twz_has_failed = 1;
	if (ret)
		memset(ret, 0, ret_size);
	failure = (struct twz_failure){ e->code, twz_class_status(e->cls), twz_class_text(e->cls), e->text };
	return -1;
}

int
twz_refuse(void)
{
	return -1;
}

void
nested_fail_as(const struct twz_failure *as, const char *text)
{
	snprintf(error.text, sizeof(error.text), "%s", text);
	failure = *as;
	failure.text = error.text;
	failed = true;
	twz_has_failed = 1;
}

const struct twz_failure *
twz_failed(void)
{
	return failed ? &failure : NULL;
}

void
twz_perror(const char *what)
{
	if (failed)
		fprintf(stderr, "%s%s%s: %s\n", what ? what : "", what ? ": " : "", failure.kind, failure.text);
}

/* The deadline of the call that is under way holds for what it calls. */
void
twz_set_timeout(uint32_t ms)
{
	(void)ms;
}

/* In a compartment the session is there already, and is not ours to end. */
int
twz_open(void)
{
	return 0;
}

void
twz_close(void)
{
}
