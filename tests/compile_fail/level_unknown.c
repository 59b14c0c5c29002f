/* expect: twz_level_total */
#include <twz/gate.h>

#ifdef RIGHT
TWZ_GATE(int, one, (void), TWZ_DOC("One"), TWZ_LEVEL(full))
#else
TWZ_GATE(int, one, (void), TWZ_DOC("One"), TWZ_LEVEL(total))
#endif
{
	return 1;
}
