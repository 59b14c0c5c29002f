/* expect: values points to const */
#include <twz/gate.h>

#ifdef RIGHT
TWZ_GATE(void, clear, (int *values, int count), TWZ_DOC("Clears"), TWZ_OUT(values, count))
#else
TWZ_GATE(void, clear, (const int *values, int count), TWZ_DOC("Clears"), TWZ_OUT(values, count))
#endif
{
	for (int i = 0; i < count; i++)
		(void)values[i];
}
