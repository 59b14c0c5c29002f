/*
 * The audit trail: who called what by which right, when, and how it ended. A row is there before what it is
 * about happens, and outlives whatever happens to this process then.
 *
 * It is bounded. What was refused is counted apart and repetitions of it are one row, so that whoever is
 * refused often pushes out nothing else.
 */
#pragma once

#include "registry/registry.h"

enum { REGISTRY_AUDIT_ROWS = 20000 };	/* that are kept of each kind, at least */

struct registry_audit {
	int64_t id, time;		/* milliseconds since 1970 */
	const char *context;
	const char *caller;		/* the service that called; "": the session */
	uint64_t compartment;		/* its own; 0: none */
	const char *what;		/* "SERVICE::GATE" */
	const char *args;		/* as text, without secrets: the caller's business */
	bool allowed;
	int status;			/* as of a program; -1: nobody saw the end */
	uint64_t times;			/* how often in a row */
};

/** Writes a row; @id gets its number (NULL: not asked for). Id, time, status and times are ignored. */
TWZ_MUST bool registry_audit_begin(struct registry *reg, const struct registry_audit *row, int64_t *id,
				   struct twz_error *err);
/** How it ended: as a program's status. What was refused only then, with 4, counts as refused. */
TWZ_MUST bool registry_audit_end(struct registry *reg, int64_t id, int status, struct twz_error *err);
/** The last @most rows, the oldest first, in @arena. */
TWZ_MUST bool registry_audit_list(struct registry *reg, size_t most, struct twz_arena *arena,
				  const struct registry_audit **ret, size_t *n, struct twz_error *err);
