/*
 * Inside the interpreter: what the files of repl/lang share with each other.
 *
 * Values of a statement live in l->arena, which is emptied after each statement and each turn of a
 * loop; a variable's value lives in an arena of its own, so that assigning a million times costs no
 * memory. Trees of texts that define functions are kept as long as the session.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "repl/lang/ast.h"
#include "repl/lang/lang.h"
#include "twz/arena.h"
#include "twz/error.h"
#include "twz/value.h"

/* Why an evaluation stopped that did not fail. */
enum lang_flow { FLOW_NONE, FLOW_BREAK, FLOW_CONTINUE, FLOW_RETURN, FLOW_EXIT };

/* A variable. Later ones hide earlier ones; leaving a block drops those made in it. */
struct lang_binding {
	char *name;
	struct twz_value value;
	struct twz_arena arena;		/* of the value, when it needs one */
	uint32_t frame;			/* of the function that made it; 0: the text itself */
};

/* A function of the language. */
struct lang_function {
	const char *name;
	const struct ast *ast;		/* FN */
	const struct twz_type *const *types;	/* of its parameters; NULL: any */
	const struct twz_type *result;	/* NULL: any */
	const struct lang_program *program;
};

/* A text and its tree. */
struct lang_program {
	struct twz_arena arena;
	const char *text;
	struct ast *root;
	bool keep;			/* defines functions */
	struct lang_program *next;
};

struct lang {
	const struct lang_options *options;
	struct twz_arena *arena;	/* for values of the running statement */
	struct twz_arena statement;	/* where arena points between statements */
	struct twz_arena durable;	/* what lives as long as the session */

	struct lang_binding *bindings;	/* oldest first */
	size_t nbindings, bindings_size;
	size_t nglobals;		/* of them outside of all blocks: what functions see */
	uint32_t frame;			/* function that runs; 0: none */
	unsigned holding;		/* expressions that hold values while others are evaluated */
	struct twz_arena *graves;	/* of values that were replaced meanwhile */
	size_t ngraves;

	struct lang_function *functions;
	size_t nfunctions;
	struct lang_program *programs;	/* those kept */
	struct lang_program *program;	/* that runs */

	const struct twz_service **services;	/* that were used, for to_string converters */
	size_t nservices;

	enum lang_flow flow;
	struct twz_value returned;	/* RETURN */
	int exit_status;
	unsigned depth;			/* of evaluations in each other, for the limit */
	unsigned calls;			/* functions that run */
	int64_t timeout_ns;		/* per call; < 0: none */
	int64_t deadline_ns;		/* CLOCK_MONOTONIC; < 0: none */
	int64_t deadline_after_ns;	/* the duration that led to it */
	char gate[128];			/* SERVICE::GATE of the last call that failed; "" */
};

enum {
	LANG_DEPTH_MAX = 1500,		/* nested evaluations */
	LANG_ITEMS_MAX = 1000000,	/* elements of a range that is made into a list */
};

/* -- variables (scope.c) ----------------------------------------------------------------------- */

/** The variable called by the first @n bytes of @name that the running function sees, or NULL. */
struct lang_binding *lang_find(const struct lang *l, const char *name, size_t n);
/** Assigns to the variable of the running function, else makes one. Copies @v. */
void lang_assign(struct lang *l, const char *name, const struct twz_value *v);
/** Makes a variable, hiding an older one. Copies @v. */
void lang_declare(struct lang *l, const char *name, const struct twz_value *v);
/** Drops all variables made since there were @n. */
void lang_leave(struct lang *l, size_t n);
const struct lang_function *lang_function_find(const struct lang *l, const char *name);

/* -- evaluation (eval*.c) ---------------------------------------------------------------------- */

/** Evaluates @a to a value in l->arena. False: failed (@err), or l->flow says where to go on. */
bool lang_eval(struct lang *l, const struct ast *a, struct twz_value *ret, struct twz_error *err);
/** The same after lang_check(), where @a makes several calls. */
bool lang_eval_checked(struct lang *l, const struct ast *a, struct twz_value *ret,
		       struct twz_error *err);
/** Runs a block in a scope of its own; @ret gets the value of its last statement. */
bool lang_eval_block(struct lang *l, const struct ast *a, struct twz_value *ret,
		     struct twz_error *err);
/** Evaluates a condition: a bool, or class TYPE. */
bool lang_eval_condition(struct lang *l, const struct ast *a, bool *ret, struct twz_error *err);
/** Whether @v is an Err that the statement @a made and nobody took: then a failure in @err. */
bool lang_unhandled(struct lang *l, const struct ast *a, const struct twz_value *v,
		    struct twz_error *err);
bool lang_eval_pipe(struct lang *l, const struct ast *a, struct twz_value *ret,
		    struct twz_error *err);
bool lang_eval_control(struct lang *l, const struct ast *a, struct twz_value *ret,
		       struct twz_error *err);
bool lang_eval_match(struct lang *l, const struct ast *a, struct twz_value *ret,
		     struct twz_error *err);
bool lang_eval_try(struct lang *l, const struct ast *a, struct twz_value *ret,
		   struct twz_error *err);
bool lang_eval_binary(struct lang *l, const struct ast *a, struct twz_value *ret,
		      struct twz_error *err);
bool lang_negate(const struct twz_value *v, struct twz_value *ret, struct twz_error *err);
/** Compares @v with the other side of ==; an enum also with a text that names an enumerator. */
bool lang_equal(const struct twz_value *a, const struct twz_value *b, bool *ret,
		struct twz_error *err);
/** -1, 0, 1 or, for nan, 2; fails for values that have no order. */
bool lang_order(const char *op, const struct twz_value *a, const struct twz_value *b, int *ret,
		struct twz_error *err);
/** The pieces of a "…" text, put together. */
bool lang_eval_string(struct lang *l, const struct ast *a, struct twz_value *ret,
		      struct twz_error *err);
/** Looks at every call inside @a without making one: names, arity, what arguments can be known. */
bool lang_check(struct lang *l, const struct ast *a, struct twz_error *err);
/** A value's field, with an error that names the fields there are. */
bool lang_field(const struct twz_value *v, const char *name, size_t n, struct twz_value *ret,
		struct twz_error *err);
/** The value of `a` or `a.b.c`, where `a` is a variable. */
bool lang_dotted(struct lang *l, const char *text, size_t n, struct twz_value *ret,
		 struct twz_error *err);
/** Ok(v) and plain values give v; Err and none fail with class GATE. */
bool lang_unwrap(const struct twz_value *v, struct twz_value *ret, struct twz_error *err);
/** Class GATE with the text of an Err value. */
bool lang_fail_err(const struct twz_value *v, struct twz_error *err);
/** Class TYPE. Returns false. */
bool lang_type_error(struct twz_error *err, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/** Gives the failure in @err the span of @a unless it has one. Returns false. */
bool lang_at(struct twz_error *err, const struct ast *a);
bool lang_at_span(struct twz_error *err, uint32_t from, uint32_t to);
/** Deep copy; types that live as shortly as a value are copied too. */
struct twz_value lang_copy(struct twz_arena *arena, const struct twz_value *v);
/** What a message calls the type of @v: 'String', 'Result<User>', 'list'. */
const char *lang_type_of(struct twz_arena *arena, const struct twz_value *v);
/** The type that an annotation names: u64, string, [u8], passwd::User, int (any integer: NULL). */
bool lang_type_named(struct lang *l, const char *text, const struct twz_type **ret,
		     struct twz_error *err);
/** "200ms", "2s", "1m" in nanoseconds. */
bool lang_duration(const char *text, int64_t *ret);
/** False (class INTERRUPTED or TIMEOUT) when the host or a `timeout` block wants an end. */
bool lang_go_on(struct lang *l, struct twz_error *err);

/* -- calls (call.c, gatecall.c) ---------------------------------------------------------------- */

/** Evaluates a CALL. @piped: the first parameter's value; NULL: none. */
bool lang_call_node(struct lang *l, const struct ast *a, const struct twz_value *piped,
		    struct twz_value *ret, struct twz_error *err);
/** The checks of a CALL that call nothing; @piped: a value will be piped in. */
bool lang_call_check(struct lang *l, const struct ast *a, bool piped, struct twz_error *err);
/** Calls a function of the language. */
bool lang_call_function(struct lang *l, const struct lang_function *f, const struct twz_value *args,
			size_t nargs, struct twz_value *ret, struct twz_error *err);
/** Calls @gate under the timeout in force. */
bool lang_call_gate(struct lang *l, const struct twz_service *service, const struct twz_gate *gate,
		    const struct twz_value *args, size_t nargs, struct twz_value *ret,
		    struct twz_error *err);
/** The service called @name, remembered; NULL with @err. */
const struct twz_service *lang_service(struct lang *l, const char *name, struct twz_error *err);
/** Text of @v by its type's to_string converter; false without failure when it has none. */
bool lang_to_string(struct lang *l, const struct twz_value *v, struct twz_value *ret,
		    struct twz_error *err);

/* -- built-in functions (builtin.c) ------------------------------------------------------------ */

struct lang_builtin {
	const char *name;
	const char *usage;		/* "first LIST N" */
	const char *help;		/* one sentence */
	unsigned min, max;		/* arguments */
	bool (*run)(struct lang *l, const struct twz_value *args, size_t nargs,
		    struct twz_value *ret, struct twz_error *err);
};
/** All of them; @n gets their number. Static. */
const struct lang_builtin *lang_builtins(size_t *n);
const struct lang_builtin *lang_builtin_find(const char *name);

/* -- secrets (secret.c) ------------------------------------------------------------------------ */

struct lang_span {
	uint32_t from, to;
};
/**
 * The spans of @text, in order, that are given for secret parameters; false when that cannot be told.
 * Nothing is called.
 */
bool lang_secrets(struct lang *l, const char *text, size_t n, struct twz_arena *arena,
		  const struct lang_span **ret, size_t *nret);

/* -- output (print.c, table.c) ----------------------------------------------------------------- */

/** Writes @v as it could be typed in again; control bytes are escaped. */
void lang_write(FILE *out, const struct twz_value *v);
/** The same in arena memory. */
const char *lang_value_text(struct twz_arena *arena, const struct twz_value *v);
/** Writes @n bytes without anything that could steer a terminal. */
void lang_write_clean(FILE *out, const char *text, size_t n);
/** Writes @v as raw text: a string's bytes, numbers plain, to_string where there is one. */
bool lang_write_raw(struct lang *l, FILE *out, const struct twz_value *v, struct twz_error *err);
/** Writes a list of records with aligned columns; false when @v is no such list. */
bool lang_write_table(FILE *out, const struct twz_value *v);
/** The same for one line: newlines and tabs are escaped too; @quote: what else gets a backslash. */
void lang_write_escaped(FILE *out, const char *text, size_t n, const char *quote);
/** Columns on a terminal of @n bytes of UTF-8. */
size_t lang_width(const char *text, size_t n);
