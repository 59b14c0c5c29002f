/*
 * rogue: a service that wants more than it may: sys, gates that require a capability, and, by changing what
 * its own process knows of a gate, gates that it never asked for.
 */
#include "vault_stub.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <twz/call.h>
#include <twz/gate.h>

TWZ_SERVICE("rogue", "1.0", "Wants more than it may");

static const char *
said(long result)
{
	static _Thread_local char text[400];
	const struct twz_failure *f = twz_failed();

	if (f)
		snprintf(text, sizeof(text), "%d %s: %s", f->status, f->kind, f->text);
	else
		snprintf(text, sizeof(text), "Ok %ld", result);
	return text;
}

TWZ_GATE(const char *, ask, (const char *service, const char *gate), TWZ_DOC("Calls any gate"))
{
	static _Thread_local char names[2][256];
	static _Thread_local struct twz_stub stub;
	uint64_t words[6] = { 0 }, ret = 0;

	snprintf(names[0], sizeof(names[0]), "%s", service);
	snprintf(names[1], sizeof(names[1]), "%s", gate);
	stub = (struct twz_stub){ .service = names[0], .gate = names[1], .signature = "unknown",
				  .ret_size = sizeof(ret) };
	twz_invoke(&stub, words, &ret);
	return said((long)ret);
}

TWZ_GATE(const char *, look, (int a), TWZ_DOC("Calls what everybody may"))
{
	return said(vault_look(a));
}

TWZ_GATE(const char *, open_it, (int a), TWZ_DOC("Calls what few may"))
{
	return said(vault_open_it(a));
}

TWZ_GATE(const char *, context, (void), TWZ_DOC("As whom it calls"))
{
	return vault_context();
}

/* As in monitor/guest/nested.c and monitor/wire.h: the second word of a gate's description is its number. */
struct binding {
	struct binding *next;
	const struct twz_stub *stub;
	uint32_t *wire;
};

/* Stubs are data of this file; what this thread has allocated lies behind where its arena begins. */
static struct binding *
find_binding(const char *gate, size_t reach)
{
	static int data = 1;
	char *here = malloc(16);
	uintptr_t begin = (uintptr_t)here & ~((uintptr_t)(64 << 20) - 1);

	free(here);
	for (uintptr_t at = begin; at + sizeof(struct binding) <= begin + reach; at += 8) {
		struct binding *b = (struct binding *)at;

		if ((uintptr_t)b->stub - (uintptr_t)&data + 4096 < 8192 && b->wire && b->stub->gate &&
		    b->stub->nwords == 1 && !strcmp(b->stub->gate, gate))
			return b;
	}
	return NULL;
}

TWZ_GATE(const char *, forge, (uint32_t number), TWZ_DOC("Calls gate @number over a link for another"))
{
	struct binding *b;
	const char *text;
	uint32_t own;

	if (vault_look(1) != 2)
		return said(0);
	b = find_binding("look", 100 << 10);
	if (!b)
		return "nothing found";
	own = b->wire[1];
	b->wire[1] = number;
	text = said(vault_look(1));
	b->wire[1] = own;
	return text;
}
