/* expect: redefinition */
#include <twz/gate.h>

#ifdef RIGHT
TWZ_SERVICE("a", "1", "A");
#else
TWZ_SERVICE("a", "1", "A");
TWZ_SERVICE("b", "1", "B");
#endif
