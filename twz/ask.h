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

/*
 * How a service would like to be run, in the same text: nothing that is granted, and who loads it has the last
 * word. A line each: "runs stateless".
 */
#define TWZ_RUNS(X) \
	X(RESTART_NEVER, "restart_never", "it is not started again after a fault") \
	X(RESTART_ON_CALL, "restart_on_call", "after a fault, the next call starts it again") \
	X(STATELESS, "stateless", "it keeps nothing between calls: parked, its process may be ended")

enum twz_runs {
#define X(how, text, sentence) TWZ_RUNS_##how,
	TWZ_RUNS(X)
#undef X
	TWZ_RUNS_NONE,
};

enum { TWZ_ASKS_MAX = 32, TWZ_ASK_LONGEST = 1024 };

const char *twz_ask_kind_text(enum twz_ask_kind kind);
/** False for what makes no sense: another kind or family, a path that is not plain and absolute. */
bool twz_ask_make(const char *kind, const char *rights, const char *what, bool needed,
		  struct twz_arena *arena, struct twz_ask *ret);
/** Takes the next line of @*at (NULL: nothing); false at the end. Lines that make no sense are passed over. */
bool twz_ask_next(const char **at, struct twz_arena *arena, struct twz_ask *ret);
/** Whether @asks (NULL: nothing) has the line. */
bool twz_runs(const char *asks, enum twz_runs how);
/** TWZ_RUNS_NONE: there is no such word. */
enum twz_runs twz_runs_find(const char *word);
const char *twz_runs_text(enum twz_runs how);
/** A sentence for people. */
const char *twz_runs_shown(enum twz_runs how);
/** Its line, with the newline. */
const char *twz_ask_line(const struct twz_ask *ask, struct twz_arena *arena);
/** "files /srv/pictures (read, write)", for people. */
const char *twz_ask_shown(const struct twz_ask *ask, struct twz_arena *arena);
