/* What a library's functions say together of its structs: who makes them, and who keeps them to himself. */
#pragma once

#include "twz/type.h"
#include "twz/arena.h"

/* Names of structs, sorted. */
struct made_names {
	const char **names;
	size_t n;
};

struct made {
	struct made_names handed_out;	/* pointers to them are returned, or written: objects of its own */
	struct made_names filled;	/* a function fills one that its caller brings, and nothing of it can cross; */
	struct made_names surely;	/* … and has init or the like in its name: then regcomp, open say nothing */
};

struct made made_collect(const struct twz_service *service, struct twz_arena *arena);
/** Whether @names has the struct @t, by its tag or else its typedef. */
bool made_has(const struct made_names *names, const struct twz_type *t);
/** Whether what lies behind @pointer, to a struct or union, has a size, and can be neither given nor taken. */
bool made_is_kept(const struct twz_type *pointer);
/** Whether @func, called @symbol, begins the life of what its first parameter points to, as its name says. */
bool made_begins(const struct made *m, const char *symbol, const struct twz_type *func);
