/* expect: incompatible type | passing 'struct */
#include <twz/gate.h>

enum HalfError { Odd = 1 };
TWZ_RESULT(half, int, enum HalfError);

#ifdef RIGHT
TWZ_GATE(struct half, halve, (int n), TWZ_DOC("Halves"))
{
	return n % 2 ? half_err(Odd) : half_ok(n / 2);
}
#else
TWZ_GATE(struct half, halve, (int n), TWZ_DOC("Halves"))
{
	return half_err(half_ok(n / 2));
}
#endif
