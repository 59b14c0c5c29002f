/* expect: pin is no text */
#include <twz/gate.h>

#ifdef RIGHT
TWZ_GATE(int, check, (int pin), TWZ_DOC("Checks"))
#else
TWZ_GATE(int, check, (int pin), TWZ_DOC("Checks"), TWZ_SECRET(pin))
#endif
{
	return pin;
}
