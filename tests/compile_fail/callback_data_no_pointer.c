/* expect: data is no void * */
#include <twz/gate.h>

#ifdef RIGHT
TWZ_GATE(int, each, (int (*f)(int, void *), void *data), TWZ_DOC("Each"), TWZ_CALLBACK(f, data))
#else
TWZ_GATE(int, each, (int (*f)(int, void *), int *data), TWZ_DOC("Each"), TWZ_CALLBACK(f, data))
#endif
{
	return f(1, data);
}
