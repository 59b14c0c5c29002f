/* guarded: a service whose record asks for isolation. */
#include <twz/gate.h>

TWZ_SERVICE("guarded", "1.0", "Asks for level callee at least");

TWZ_GATE(int, free_for_all, (void), TWZ_DOC("Minds nothing"))
{
	return 1;
}

TWZ_GATE(int, secret, (void), TWZ_DOC("Minds who can read its memory"), TWZ_LEVEL(callee))
{
	return 2;
}
