/* plain: what level none is measured with. */
#include <twz/gate.h>

TWZ_SERVICE("plain", "1.0", "Adds");

TWZ_GATE(int32_t, add, (int32_t a, int32_t b), TWZ_DOC("Adds two numbers"), TWZ_READONLY)
{
	return a + b;
}
