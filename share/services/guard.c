/*
 * guard: handlers for counter. sys::interpose makes them answer its calls:
 *
 *	sys::interpose counter '*' guard	# each gate that has the name and the type of one of counter's
 *	sys::interpose counter get guard::ten	# one
 *
 * A handler answers by itself, passes the call on, or refuses it.
 */
#include <inttypes.h>
#include <stdio.h>
#include <twz/call.h>
#include <twz/gate.h>

TWZ_SERVICE("guard", "1.0", "Handlers for counter: watches who counts, keeps compartments from resetting");

/* What lies below, or the same failure as there. */
static uint64_t
pass_on(void)
{
	uint64_t n = 0;

	if (twz_forward(NULL, 0, &n, sizeof(n)))
		twz_refuse();
	return n;
}

TWZ_GATE(uint64_t, inc, (void), TWZ_DOC("Counts, and says who did"))
{
	uint64_t n = pass_on();

	printf("inc by %s: %" PRIu64 "\n", twz_caller()->context, n);
	return n;
}

TWZ_GATE(void, reset, (void), TWZ_DOC("Begins again at 0, but not for a compartment"))
{
	if (twz_caller()->compartment || twz_forward(NULL, 0, NULL, 0))
		twz_refuse();
}

TWZ_GATE(uint64_t, ten, (void), TWZ_DOC("10, whatever the count"), TWZ_READONLY)
{
	return 10;
}

TWZ_GATE(uint64_t, twice, (void), TWZ_DOC("Twice what lies below says"), TWZ_READONLY)
{
	return 2 * pass_on();
}

TWZ_GATE(uint64_t, one_more, (void), TWZ_DOC("One more than what lies below says"), TWZ_READONLY)
{
	return pass_on() + 1;
}
