/* forgetful: keeps nothing between calls, says its record. */
#include <stdio.h>
#include <twz/gate.h>

TWZ_SERVICE("forgetful", "1.0", "Keeps nothing between calls");
TWZ_STATELESS;
TWZ_RESTART(never);

static int calls;

__attribute__((destructor)) static void
on_unload(void)
{
	puts("destructed");
}

TWZ_GATE(int, calls_so_far, (void), TWZ_DOC("How often this process was called"))
{
	return ++calls;
}
