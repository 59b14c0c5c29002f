/* expect: value is no pointer */
#include <twz/gate.h>

#ifdef RIGHT
TWZ_GATE(int, first, (int value, int count), TWZ_DOC("First"))
#else
TWZ_GATE(int, first, (int value, int count), TWZ_DOC("First"), TWZ_IN(value, count))
#endif
{
	return value + count;
}
