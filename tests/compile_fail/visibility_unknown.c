/* expect: twz_visibility_secret */
#include <twz/gate.h>

#ifdef RIGHT
TWZ_GATE(int, one, (void), TWZ_DOC("One"), TWZ_VISIBILITY(private))
#else
TWZ_GATE(int, one, (void), TWZ_DOC("One"), TWZ_VISIBILITY(secret))
#endif
{
	return 1;
}
