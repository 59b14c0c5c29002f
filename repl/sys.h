/*
 * Inside the service sys: its gates, one row each, and what they are written with.
 *
 * A gate is a row here and a function sys_NAME in the file of its noun (sys_lists.c, sys_compartments.c,
 * …). Help, completion, checks and JSON come from the row alone.
 */
#pragma once

#include "repl/session_inner.h"

/* One call of a gate of sys. */
struct sys_request {
	struct session *s;
	const struct twz_value *args;	/* one per parameter of the row */
	size_t nargs;
	int64_t timeout_ns;		/* < 0: none */
	struct twz_arena *arena;	/* of the result */
};

/* What the gates take besides the types of the language: enums, so that their values complete. */
extern const struct twz_type sys_type_level, sys_type_mechanism, sys_type_restart, sys_type_flag;

#define SYS_TEXT(param, ...) { .name = param, .type = &twz_type_string, __VA_ARGS__ }
#define SYS_NUMBER(param, ...) { .name = param, .type = &twz_type_u64, __VA_ARGS__ }
#define SYS_FLAG(param) { .name = param, .type = &twz_type_bool, .optional = true }
#define SYS_ENUM(param, which, ...) { .name = param, .type = &sys_type_##which, __VA_ARGS__ }

/*
 * name, what it gives (records, record, text, number, unit), whether it only looks, one sentence, its
 * parameters; in the order in which help shows them.
 *
 * What does not only look is recorded in the audit trail and requires the capability of its own name on sys;
 * "own" instead of false: it asks for rights itself; "guarded" instead of true: it only looks, and requires it.
 */
#define SYS_GATES(X) \
	X(services, records, true, "Lists the services, and says why one cannot be used") \
	X(gates, records, true, "Lists the gates of one service, or of all", \
	  SYS_TEXT("service", .optional = true)) \
	X(compartments, records, true, "Lists the compartments of this session") \
	X(load, text, false, "Makes a compartment, and gives its name", \
	  SYS_TEXT("service"), SYS_ENUM("isolation", level, .optional = true), \
	  SYS_ENUM("mechanism", mechanism, .optional = true), SYS_TEXT("instance", .optional = true), \
	  SYS_FLAG("dup"), SYS_FLAG("fresh"), SYS_FLAG("debug"), \
	  SYS_ENUM("restart", restart, .optional = true), \
	  SYS_NUMBER("memory", .optional = true), SYS_TEXT("env", .optional = true), \
	  SYS_TEXT("args", .optional = true), SYS_TEXT("fds", .optional = true), \
	  SYS_NUMBER("park", .optional = true), SYS_FLAG("preload")) \
	X(park, record, false, "Makes an idle compartment small; the next call finds it as it was", \
	  SYS_TEXT("compartment")) \
	X(unload, text, false, "Ends a compartment: destructed, or put_off until nobody needs it", \
	  SYS_TEXT("compartment")) \
	X(info, record, true, "Shows one compartment: each property as asked, as active, and by what", \
	  SYS_TEXT("compartment")) \
	X(isolation, unit, false, "Refuses another level to a compartment, since levels are fixed", \
	  SYS_TEXT("compartment"), SYS_ENUM("level", level)) \
	X(libs, records, true, "Lists the libraries that a compartment has loaded", \
	  SYS_TEXT("compartment")) \
	X(deps, records, true, "Lists the compartments that one calls, and those that call it", \
	  SYS_TEXT("compartment")) \
	X(threads, records, true, "Lists the threads of a compartment", SYS_TEXT("compartment")) \
	X(symbol, record, true, "Says where a compartment has a symbol, and in which library", \
	  SYS_TEXT("compartment"), SYS_TEXT("symbol")) \
	X(wait, record, true, "Waits until a compartment is in a state; says how it ended, if it did", \
	  SYS_TEXT("compartment"), SYS_ENUM("state", flag)) \
	X(signal, unit, false, "Sends a signal to a compartment", \
	  SYS_TEXT("compartment"), SYS_TEXT("signal"), SYS_FLAG("group")) \
	X(interpose, unit, own, "Has a gate of another compartment answer the calls of a gate ('*': of all that it has one for)", \
	  SYS_TEXT("compartment"), SYS_TEXT("gate"), SYS_TEXT("handler"), SYS_FLAG("required")) \
	X(uninterpose, unit, own, "Takes the handler of a gate away ('*': those that came for all)", \
	  SYS_TEXT("compartment"), SYS_TEXT("gate")) \
	X(copy_handlers, number, own, "Gives a compartment the handlers that another one has, and no others; counts them", \
	  SYS_TEXT("from"), SYS_TEXT("to")) \
	X(handlers, records, true, "Lists who answers the calls of which gates", \
	  SYS_TEXT("compartment", .optional = true)) \
	X(crash, record, true, "Shows the session's last fault: what, and the functions that were running") \
	X(stats, record, true, "Counts what this session did") \
	X(status, records, true, "Shows which parts of the isolation are active, and by what") \
	X(errors, records, true, "Lists all error codes") \
	X(context, text, true, "Names the context that this session's calls are made by") \
	X(contexts, records, true, "Lists the contexts, and what they may use of what they hold") \
	X(add_context, unit, false, "Makes a context; one that is undetachable cannot be left", \
	  SYS_TEXT("context"), SYS_FLAG("undetachable")) \
	X(attach, text, false, "Makes calls by another context from now on; names it", SYS_TEXT("context")) \
	X(detach, text, own, "Goes back to the context before; names it") \
	X(mask, unit, false, "Limits what a context may use of what it holds: of a service, or of all", \
	  SYS_TEXT("context"), SYS_TEXT("rights"), SYS_TEXT("service", .optional = true)) \
	X(rights, records, true, "Lists what contexts may do, and whether that still holds", \
	  SYS_TEXT("context", .optional = true)) \
	X(grant, number, own, "Grants a context SERVICE::GATE, SERVICE, or what a service asks for; numbers what it granted", \
	  SYS_TEXT("context"), SYS_TEXT("what"), SYS_TEXT("capability", .optional = true), \
	  SYS_TEXT("gates", .optional = true), SYS_TEXT("rights", .optional = true), \
	  SYS_TEXT("expires", .optional = true), SYS_FLAG("delegable")) \
	X(revoke, number, own, "Takes back what was granted and all that was passed on from it; counts them", \
	  SYS_NUMBER("capability")) \
	X(resolver, text, false, "Names the gate that finds objects by their names; makes it another one", \
	  SYS_TEXT("gate", .optional = true)) \
	X(asks, records, true, "Lists what services ask for beyond what every compartment gets, and how to grant it", \
	  SYS_TEXT("service", .optional = true)) \
	X(audit, records, guarded, "Shows who called what by a right that is required, or was refused", \
	  SYS_NUMBER("last", .optional = true))

typedef bool sys_gate(const struct sys_request *r, struct twz_value *ret, struct twz_error *err);
#define X(gate, ...) sys_gate sys_##gate;
SYS_GATES(X)
#undef X

/* -- sys_naming.c --------------------------------------------------------------------------------- */

extern const struct twz_service naming_service;
bool naming_call(const struct sys_request *r, const struct twz_gate *gate, struct twz_value *ret,
		 struct twz_error *err);

/* -- sys_interpose.c ------------------------------------------------------------------------------ */

/** Texts: which of its gates are answered by whom. */
struct twz_value sys_handlers_of(const struct sys_request *r, const char *compartment);

/* -- arguments; @i is the parameter's place in the row -------------------------------------------- */

/** The argument, out of its Option; NULL when it was not given. */
const struct twz_value *sys_arg(const struct sys_request *r, size_t i);
/** NULL when it was not given. */
const char *sys_arg_text(const struct sys_request *r, size_t i);
bool sys_arg_flag(const struct sys_request *r, size_t i);
int64_t sys_arg_number(const struct sys_request *r, size_t i, int64_t otherwise);

/* -- values --------------------------------------------------------------------------------------- */

struct twz_value sys_text(const struct sys_request *r, const char *s);
struct twz_value sys_count(uint64_t n);
struct twz_value sys_hex(const struct sys_request *r, uint64_t n);
/** A list of texts. */
struct twz_value sys_texts(const struct sys_request *r, const char *const *texts, size_t n);
/** @names is static, @values has as many elements: they are copied. */
struct twz_value sys_record(const struct sys_request *r, const char *const *names,
			    const struct twz_value *values, size_t n);

/* A list that grows. */
struct sys_rows {
	struct twz_value *items;
	size_t n;
};

/** The list of records that the rows are. */
struct twz_value sys_list(const struct sys_rows *rows);

/* Adds a record: a value for each of @names, a static array. */
#define SYS_ADD(r, rows, names, ...) \
	do { \
		const struct twz_value values_[] = { __VA_ARGS__ }; \
		_Static_assert(TWZ_COUNT(values_) == TWZ_COUNT(names), "a name for each value"); \
		twz_push((r)->arena, (rows)->items, (rows)->n, \
			 sys_record((r), (names), values_, TWZ_COUNT(values_))); \
	} while (0)
/* The same record as a value of its own. */
#define SYS_RECORD(r, names, ...) \
	(__extension__({ \
		const struct twz_value values_[] = { __VA_ARGS__ }; \
		_Static_assert(TWZ_COUNT(values_) == TWZ_COUNT(names), "a name for each value"); \
		sys_record((r), (names), values_, TWZ_COUNT(values_)); \
	}))
