/*
 * What a service asks for beyond what every compartment gets: in its record, in the registry and on its way to
 * the guest as one text, a line each:
 *
 *	files read,write need /srv/pictures
 *	net call may inet
 *	memory call may 2147483648
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "twz/arena.h"

#define TWZ_ASKS(X) X(FILES, "files") X(NET, "net") X(MEMORY, "memory")

enum twz_ask_kind {
#define X(kind, text) TWZ_ASK_##kind,
	TWZ_ASKS(X)
#undef X
};

/* As in capabilities. */
enum { TWZ_ASK_CALL = 1, TWZ_ASK_READ = 2, TWZ_ASK_WRITE = 4 };

struct twz_ask {
	enum twz_ask_kind kind;
	uint32_t rights;
	bool needed;		/* it cannot work without */
	const char *what;	/* files: an absolute path; net: inet, inet6, unix; memory: bytes, in decimal */
};

enum { TWZ_ASKS_MAX = 32, TWZ_ASK_LONGEST = 1024 };

const char *twz_ask_kind_text(enum twz_ask_kind kind);
/** False for what makes no sense: another kind or family, a path that is not plain and absolute. */
bool twz_ask_make(const char *kind, const char *rights, const char *what, bool needed,
		  struct twz_arena *arena, struct twz_ask *ret);
/** Takes the next line of @*at (NULL: nothing); false at the end. Lines that make no sense are passed over. */
bool twz_ask_next(const char **at, struct twz_arena *arena, struct twz_ask *ret);
/** Its line, with the newline. */
const char *twz_ask_line(const struct twz_ask *ask, struct twz_arena *arena);
/** "files /srv/pictures (read, write)", for people. */
const char *twz_ask_shown(const struct twz_ask *ask, struct twz_arena *arena);
