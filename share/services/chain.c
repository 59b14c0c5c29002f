/*
 * chain: a service that calls gates, of counter and of itself. A stub made by `twz-inspect --stubs`
 * makes each call a function call; the monitor sees to who may call what, and how deep.
 */
#include "counter_stub.h"

#include <stdio.h>
#include <twz/call.h>
#include <twz/gate.h>
#include <unistd.h>

TWZ_SERVICE("chain", "1.0", "Calls gates of services, itself included");

/* Its own stub is made from a first build of this file; until then there is no header to include. */
uint64_t chain_depth(uint32_t levels);
const char *chain_try_depth(uint32_t levels);
void chain_hold(uint32_t levels);

TWZ_GATE(uint64_t, count, (void), TWZ_DOC("Counts in counter, from a compartment"))
{
	return counter_inc();
}

TWZ_GATE(uint64_t, called_from, (void), TWZ_DOC("The compartment that counter sees calling"),
	 TWZ_READONLY)
{
	return counter_who_called().twz_ok.compartment;
}

TWZ_GATE(uint64_t, depth, (uint32_t levels), TWZ_DOC("Calls itself so many times, and counts them"),
	 TWZ_READONLY)
{
	return levels == 0 ? 0 : 1 + chain_depth(levels - 1);
}

TWZ_GATE(const char *, try_depth, (uint32_t levels), TWZ_DOC("Why so many nested calls fail, if so"),
	 TWZ_READONLY)
{
	static _Thread_local char text[256];

	if (levels > 0)
		snprintf(text, sizeof(text), "%s", chain_try_depth(levels - 1));
	if (twz_failed())
		snprintf(text, sizeof(text), "%s: %s", twz_failed()->kind, twz_failed()->text);
	return text;
}

TWZ_GATE(void, hold, (uint32_t levels), TWZ_DOC("Never returns, so many calls deep"))
{
	if (levels > 0)
		chain_hold(levels - 1);
	for (;;)
		pause();
}
