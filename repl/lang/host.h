/*
 * The world as the language sees it: the only way out of repl/lang. The session implements it; tests
 * implement it with a handful of lines.
 */
#pragma once

#include "twz/arena.h"
#include "twz/error.h"
#include "twz/plan.h"
#include "twz/type.h"
#include "twz/value.h"

/* A variable, as texts that can be shown. */
struct repl_variable {
	const char *name, *type, *value;
};

/* A question in SQL. */
struct repl_query {
	const char *text;
	size_t n;
	const struct twz_value *args;	/* what ?1, ?2 … stand for */
	size_t nargs;
	/** The variables in scope, in @arena. */
	size_t (*variables)(void *data, struct twz_arena *arena, const struct repl_variable **ret);
	int64_t timeout_ns;		/* < 0: none */
	struct twz_arena *arena;	/* of the rows */
	bool drop;			/* a row may be forgotten once @row has returned */
	/** Gets each row, a record. False with @err: no more of them. */
	bool (*row)(void *data, const struct twz_value *row, struct twz_error *err);
	void *data;
};

/*
 * A function of the language that a gate may call back. It is the argument's value: an integer, the address of one
 * of these.
 */
struct repl_callback {
	/**
	 * Calls it with what it is given; the result is in @arena and fits the type that it is to return: where it
	 * has out-parameters, a record as of twz_image_return(). On the thread of call(), until that returns.
	 */
	bool (*run)(struct repl_callback *c, const struct twz_value *args, size_t nargs,
		    struct twz_arena *arena, struct twz_value *ret, struct twz_error *err);
};

struct repl_host {
	void *data;

	/**
	 * The service called @name (a built-in one included), inspected if need be; lives as long as the
	 * host. Fails with class NAME "no service 'NAME'" (hint: did you mean …) or class LINK.
	 */
	bool (*service)(void *data, const char *name, const struct twz_service **ret,
			struct twz_error *err);

	/**
	 * For completion, so that a service of ten thousand gates need not be read for it: those whose names
	 * begin with @prefix, in @arena; of their types only the signature is known. False when they are
	 * quicker to find in the service itself. May be NULL.
	 */
	bool (*gates)(void *data, const char *service, const char *prefix, struct twz_arena *arena,
		      const struct twz_gate **ret, size_t *n);

	/**
	 * Whether service() would answer at once: the file need not be inspected first. For what is looked at
	 * while somebody types. May be NULL: always.
	 */
	bool (*known)(void *data, const char *name);

	/** Names of all services that can be found now, sorted, in @arena. For completion and hints. */
	size_t (*services)(void *data, struct twz_arena *arena, const char *const **ret);

	/**
	 * Whether the gate can be called at all with so many arguments, and which of its parameters are
	 * given by the caller: @plan is in the host's memory. NULL plan and true: a built-in gate, whose
	 * parameters are all given. Fails with class TYPE when it cannot cross.
	 */
	bool (*plan)(void *data, const struct twz_service *service, const struct twz_gate *gate,
		     const struct twz_plan **ret, struct twz_error *err);

	/**
	 * Calls a gate with one value for each parameter that the caller gives, already converted.
	 * The result is in @arena. @timeout_ns < 0: no deadline. Jobs (spawn) make calls on threads of their
	 * own, several at once.
	 */
	bool (*call)(void *data, const struct twz_service *service, const struct twz_gate *gate,
		     const struct twz_value *args, size_t nargs, int64_t timeout_ns,
		     struct twz_arena *arena, struct twz_value *ret, struct twz_error *err);

	/**
	 * @n calls of one gate that only looks and requires no right, in order, as if they were made one by one;
	 * they may share their way there and back. How many results are there, in @ret; fewer than @n: why not the
	 * next one is in @err, or it was not tried, for calls of this gate are made one by one. May be NULL: all are.
	 */
	size_t (*call_many)(void *data, const struct twz_service *service, const struct twz_gate *gate,
			    const struct twz_value *const *args, size_t nargs, size_t n, int64_t timeout_ns,
			    struct twz_arena *arena, struct twz_value *ret, struct twz_error *err);

	/**
	 * The same as call() under a debugger, in a compartment that is there for this call alone; without a deadline.
	 * May be NULL: it cannot be had.
	 */
	bool (*debug)(void *data, const struct twz_service *service, const struct twz_gate *gate,
		      const struct twz_value *args, size_t nargs, struct twz_arena *arena,
		      struct twz_value *ret, struct twz_error *err);

	/**
	 * Answers @q. The span of a failure counts from the beginning of @q->text. May be NULL: there is no
	 * database.
	 */
	bool (*query)(void *data, const struct repl_query *q, struct twz_error *err);
	/** Tables, for completion: @i from 0 on; false when there are no more. May be NULL. */
	bool (*table)(size_t i, const char **name, const char **columns, const char **help);

	/**
	 * The gate that finds objects by their names, SERVICE::GATE, in @arena: it takes a text and gives an
	 * id, or a Result of one. May be NULL: there are no names.
	 */
	const char *(*resolver)(void *data, struct twz_arena *arena);

	/**
	 * Memory of @n bytes, zeroed, for a value that may be passed on without being copied; it goes with @arena.
	 * NULL: there is none. May be NULL.
	 */
	void *(*large)(void *data, struct twz_arena *arena, size_t n);

	/**
	 * Shows what services have printed so far: asked for after calls, before what these gave is shown. May be
	 * NULL.
	 */
	void (*settle)(void *data);

	/** Whether the user wants an end (Ctrl-C): asked in loops. May be NULL: never. */
	bool (*interrupted)(void *data);
};
