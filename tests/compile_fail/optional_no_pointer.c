/* expect: n is no pointer */
#include <twz/gate.h>

#ifdef RIGHT
TWZ_GATE(int, same, (const int *n), TWZ_DOC("Same"), TWZ_OPTIONAL(n))
#else
TWZ_GATE(int, same, (int n), TWZ_DOC("Same"), TWZ_OPTIONAL(n))
#endif
{
	return n ? 1 : 0;
}
