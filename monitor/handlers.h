/*
 * Interposition: a gate that answers the calls of another compartment's gate.
 *
 * Every compartment has a table: gate → handler, one slot for each gate, and one for all that have none of
 * their own. A handler is a gate of the same type in another compartment, a grate. It may answer by itself,
 * refuse, or pass the call on (twz_forward()), which goes to what lies below it: the gate itself or, where
 * the handler of a handler was called, the handler. So the tables of grates make them stack.
 *
 * Who passes a call on acts for who made it: what lies below sees the caller's identity, as the monitor
 * knows it. A handler that cannot be called is passed over, or, where it is required, the call is refused.
 */
#pragma once

#include "monitor/monitor.h"

struct monitor_handler {
	const struct twz_service *service;
	const struct twz_gate *gate;	/* to interpose: NULL: each gate that @by has one for, by name and type */
	const struct twz_service *by;
	const struct twz_gate *by_gate;	/* NULL with @gate */
	bool required;			/* calls are refused while it cannot be called */
	/* Of those that are listed: */
	bool any;			/* it came with all others: one of its own comes first */
	bool in_use;			/* none comes before it */
	const char *state;		/* "ready", "starts on call", or why it is passed over */
	uint64_t answered;		/* calls by this session that a handler of the gate has answered */
};

/**
 * Makes a gate the handler of another one; who was it before is so no more. Both compartments are started.
 * @n gets how many gates have got a handler, 1 or, with @gate NULL, more.
 *
 * Fails with class TYPE when the types differ, with class LINK and LINK_LOOP when a call would come back to
 * where it came from, with NOT_SUPPORTED where a handler has no process or functions were given away at level
 * none, and with NOT_FOUND when one of the two is exiting.
 */
TWZ_MUST bool monitor_interpose(struct monitor *m, const struct monitor_handler *h, uint32_t *n,
				struct twz_error *err);
/** Takes the handler of @gate away (NULL: those that came with all others). Class NAME when there is none. */
TWZ_MUST bool monitor_uninterpose(struct monitor *m, const struct twz_service *service,
				  const struct twz_gate *gate, struct twz_error *err);
/**
 * Gives @to, whose gates have the same names and types, the handlers that @from has, and no others. Fails with
 * class NAME when @from has none. @n gets how many.
 */
TWZ_MUST bool monitor_copy_handlers(struct monitor *m, const struct twz_service *from,
				    const struct twz_service *to, uint32_t *n, struct twz_error *err);
/** All of them, in @arena. */
size_t monitor_handlers(struct monitor *m, struct twz_arena *arena, const struct monitor_handler **ret);
