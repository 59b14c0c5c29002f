/* The demo's passwd without the conversion from text to User, for line E4 of the RFC. */
#include <twz/gate.h>

#undef TWZ_FROM_STRING
#define TWZ_FROM_STRING(type, result, name) \
	static __attribute__((unused)) result name(const char *); \
	static __attribute__((unused)) result name

#include "share/services/passwd.c"
