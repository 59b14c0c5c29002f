/* expect: redefinition */
#include <twz/gate.h>

#ifdef RIGHT
TWZ_GATE(int, one, (void), TWZ_DOC("One"))
{
	return 1;
}
#else
TWZ_GATE(int, one, (void), TWZ_DOC("One"))
{
	return 1;
}
TWZ_GATE(int, one, (void), TWZ_DOC("One"));
#endif
