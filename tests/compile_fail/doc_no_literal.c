/* expect: expected | text */
#include <twz/gate.h>

#ifdef RIGHT
TWZ_GATE(int, one, (void), TWZ_DOC("One"))
#else
static const char text[] = "One";
TWZ_GATE(int, one, (void), TWZ_DOC(text))
#endif
{
	return 1;
}
