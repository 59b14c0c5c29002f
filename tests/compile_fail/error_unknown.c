/* expect: NoSuchUsr */
#include <twz/gate.h>

enum LookupError { NoSuchUser = 1 };

#ifdef RIGHT
TWZ_ERROR_TEXT(NoSuchUser, "No such user");
#else
TWZ_ERROR_TEXT(NoSuchUsr, "No such user");
#endif
