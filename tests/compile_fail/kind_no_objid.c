/* expect: n is no ObjID */
#include <twz/gate.h>

#ifdef RIGHT
TWZ_GATE(int, same, (ObjID n), TWZ_DOC("Same"), TWZ_KIND(n, Picture))
#else
TWZ_GATE(int, same, (int n), TWZ_DOC("Same"), TWZ_KIND(n, Picture))
#endif
{
	(void)n;
	return 1;
}
