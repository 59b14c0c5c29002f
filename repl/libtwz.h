/*
 * The programs' interface (include/twz/call.h), inside: what its files share, and what twz itself uses of it, for
 * services that it calls at level none: they call other gates through the session that twz has.
 */
#pragma once

#include "repl/session.h"

struct twz_gate_ref {
	struct twz_gate_ref *next;	/* of the compartment */
	struct session_gate *gate;
	char *signature;
};

/** Makes @s the session of this process; it stays the caller's. NULL before it is closed. */
void libtwz_adopt(struct session *s);

/** Every function of the interface begins with it: no failure yet. This thread's. */
struct twz_error *libtwz_begin(void);
/** … and ends a failure with it: -1. */
int libtwz_fail(void);
/** The session, opened if need be. */
TWZ_MUST bool libtwz_session(struct session **ret, struct twz_error *err);
/** Deadline of this thread's calls; < 0: none. */
int64_t libtwz_timeout(void);

/** Ends the threads that wait for calls to make. */
void libtwz_async_end(void);

struct twz_arg;
/** Checks @args against the gate's parameters, and makes words of them; see twz/plan.h. */
TWZ_MUST bool libtwz_words(const struct twz_plan *plan, const struct twz_arg *args, size_t nargs,
			   uint64_t *words, struct twz_error *err);
TWZ_MUST bool libtwz_check_ret(const struct twz_plan *plan, size_t ret_size, struct twz_error *err);
