/* expect: expected | conflicting types */
#include <twz/gate.h>

enum LookupError { NoSuchUser = 1 };
struct User {
	int id;
};
TWZ_RESULT(user_result, struct User, enum LookupError);

#ifdef RIGHT
TWZ_FROM_STRING(User, struct user_result, user_from_string)(const char *text)
{
	return user_result_ok((struct User){ text[0] });
}
#else
TWZ_FROM_STRING(User, struct user_result, user_from_string)(int text)
{
	return user_result_ok((struct User){ text });
}
#endif
