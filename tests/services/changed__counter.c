/* A counter whose gate "reset" takes an argument since the stub was made. */
#include <twz/gate.h>

TWZ_SERVICE("counter", "2.0", "Counts calls");

TWZ_GATE(void, reset, (uint64_t value), TWZ_DOC("Begins again at any number"))
{
	(void)value;
}
