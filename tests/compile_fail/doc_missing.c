/* expect: requires at least | expected | undeclared */
#include <twz/gate.h>

#ifdef RIGHT
TWZ_GATE(int, one, (void), TWZ_DOC("One"))
#else
TWZ_GATE(int, one, (void))
#endif
{
	return 1;
}
