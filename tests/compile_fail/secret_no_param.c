/* expect: 'pass' undeclared | undeclared identifier 'pass' */
#include <twz/gate.h>

#ifdef RIGHT
TWZ_GATE(int, check, (const char *word), TWZ_DOC("Checks"), TWZ_SECRET(word))
#else
TWZ_GATE(int, check, (const char *word), TWZ_DOC("Checks"), TWZ_SECRET(pass))
#endif
{
	return word[0];
}
