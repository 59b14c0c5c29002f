/* expect: invalid operands */
#include <twz/gate.h>

#ifdef RIGHT
TWZ_GATE(int, first, (const int *values, int count), TWZ_DOC("First"), TWZ_IN(values, count))
#else
TWZ_GATE(int, first, (const int *values, double count), TWZ_DOC("First"), TWZ_IN(values, count))
#endif
{
	return count > 0 ? values[0] : 0;
}
