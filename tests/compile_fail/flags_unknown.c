/* expect: acess | incomplete type */
#include <twz/gate.h>

enum access { READ = 1, WRITE = 2 };

#ifdef RIGHT
TWZ_FLAGS(enum access, access);
#else
TWZ_FLAGS(enum acess, access);
#endif
