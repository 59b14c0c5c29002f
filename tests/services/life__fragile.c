/* fragile: a service that is not to be started again after a fault, says its record. */
#include <stdlib.h>
#include <twz/gate.h>

TWZ_SERVICE("fragile", "1.0", "What it knew is lost with it");
TWZ_RESTART(never);

static int told;

TWZ_GATE(int, tell, (int n), TWZ_DOC("Remembers n; gives the sum so far"))
{
	return told += n;
}

TWZ_GATE(void, die, (void), TWZ_DOC("Ends it by a fault"))
{
	abort();
}
