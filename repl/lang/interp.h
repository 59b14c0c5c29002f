/*
 * Inside the interpreter: what the files of repl/lang share with each other.
 *
 * Values of a statement live in l->arena, which is emptied after each statement and each turn of a
 * loop; a variable's value lives in an arena of its own, so that assigning a million times costs no
 * memory. Trees of texts that define functions are kept as long as the session.
 *
 * Names are numbered before a text is run; a variable is found by its number in one step, and those of
 * a number that hide each other are a list.
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "repl/lang/ast.h"
#include "repl/lang/lang.h"
#include "twz/arena.h"
#include "twz/error.h"
#include "twz/value.h"

/* Why an evaluation stopped that did not fail. */
enum lang_flow { FLOW_NONE, FLOW_BREAK, FLOW_CONTINUE, FLOW_RETURN, FLOW_EXIT };

/* The names of variables and functions, numbered from 1 on, so that comparing them is cheap. */
struct lang_names {
	char **texts;			/* by number */
	uint32_t n, size;
	uint32_t *table;		/* hash table of numbers; 0: empty */
	uint32_t table_size;
};

/* A variable. Later ones hide earlier ones; leaving a block drops those made in it. */
struct lang_binding {
	uint32_t name;
	uint32_t older;			/* 1 + place of the next older one of this name; 0: none */
	uint32_t frame;			/* of the function that made it; 0: the text itself */
	bool is_fn;			/* made by fn: its name alone is a call */
	bool read;			/* in a check: somebody reads it */
	uint32_t from, to;		/* in a check: where it was made */
	struct twz_value value;
	struct twz_arena arena;		/* of the value, when it needs one */
};

/*
 * A function of the language. Its value is a record of what it captured, with type as its type: so it
 * is copied, kept and dropped as all values are. Lives as long as its program.
 */
struct lang_function {
	struct twz_type type;		/* FUNC */
	const char *name;		/* "" for a literal */
	const struct ast *ast;		/* FN, LAMBDA */
	struct lang_program *program;
	const struct twz_type **types;	/* of its parameters; NULL: any */
	const struct twz_service **services;	/* that these are of; NULL: none */
	const struct twz_type *result;	/* NULL: any */
	const uint32_t *mentions;	/* names in its body: what it may capture */
	uint32_t nmentions;
	bool resolved;			/* types and result are there */
};

/* A text and its tree. */
struct lang_program {
	struct twz_arena arena;
	const char *text;
	size_t n;
	const char *file;		/* NULL: the text that the session was given */
	struct lang_module *module;	/* that it belongs to */
	struct ast *root;
	bool keep;			/* functions live in it */
	struct lang_program *next;
};

/* What another file is called by the file that imports it. */
struct lang_import {
	const char *name;
	struct lang_module *module;
};

/* A file, or the text that the session was given. */
struct lang_module {
	struct lang_module *next;
	const char *path, *name;	/* NULL: the session's text */
	struct lang_program *program;
	struct lang_import *imports;
	size_t nimports;
	const struct lang_module *loaded_by;
	struct lang *first;		/* the interpreter that ran it */
	bool loading;			/* and what it imports */
};

/* A function that a failure left, for -v. */
struct lang_frame {
	char name[48];
	const char *file;		/* where it was called; NULL: the text is no file */
	uint32_t line, col;
};

/* What the interpreters of one session have in common: there is one for each thread and each file. */
struct lang_shared {
	struct twz_arena durable;	/* what lives as long as the session */
	struct lang_names names;
	struct lang_program *programs;	/* those kept */
	struct lang_module main, *modules;
	const struct twz_type **types;	/* [T] and T? that annotations name */
	size_t ntypes;

	pthread_mutex_t turn;		/* held by the interpreter that runs */
	pthread_cond_t ended;		/* a job has */
	struct lang_job *jobs;
	uint32_t last_job;
	unsigned running;		/* jobs */
	bool ending;			/* all jobs are to end */
};

struct lang {
	const struct lang_options *options;
	struct lang_shared *shared;
	struct twz_arena *arena;	/* for values of the running statement */
	struct twz_arena statement;	/* where arena points between statements */

	struct lang_binding *bindings;	/* oldest first */
	size_t nbindings, bindings_size;
	uint32_t *newest;		/* by name's number: 1 + place of its newest binding */
	size_t newest_size;
	size_t nglobals;		/* bindings outside of all blocks */
	size_t nvisible;		/* of them, those that the running function sees */
	uint32_t frame;			/* function that runs; 0: none */
	unsigned holding;		/* expressions that hold values while others are evaluated */
	struct twz_arena *graves;	/* of values that were replaced meanwhile */
	size_t ngraves;

	struct lang_program *program;	/* that runs */
	struct lang_program *blamed;	/* that the place of the failure is in; NULL: the session's text */
	struct lang_frame frames[16];	/* root: functions that the failure left, innermost first */
	uint32_t nframes;
	struct lang_module *module;	/* whose variables these are */
	struct lang *root;		/* of this thread: that of the session's text */
	struct lang **peers;		/* root: this thread's for other files */
	size_t npeers;

	const struct twz_service **services;	/* that were used, for to_string converters */
	size_t nservices;

	enum lang_flow flow;
	struct twz_value returned;	/* RETURN */
	int exit_status;
	struct lang_checker *check;	/* nothing is called: see check.c; NULL: this is a run */
	const struct ast *direct;	/* the call whose value the running statement shows; NULL */
	bool shows_next, shown;		/* this built-in function is it; it has shown its value itself */
	const struct call_site *debugged;	/* the call that a debugger is to look at; NULL */
	bool debugs;			/* the next call of a gate is that one */
	struct lang_loop *loop;		/* the for loop whose body runs; NULL: none */
	bool called;			/* root: a gate, since something was shown */
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

/** The number of a name, which it gets if it has none. */
uint32_t lang_name(struct lang *l, const char *text, size_t n);
const char *lang_name_text(const struct lang *l, uint32_t name);
/** The variable called by the first @n bytes of @name that the running function sees, or NULL. */
struct lang_binding *lang_find(const struct lang *l, const char *name, size_t n);
/** Assigns to the variable of the running function, else makes one. Copies @v. */
void lang_assign(struct lang *l, uint32_t name, const struct twz_value *v);
/** Makes a variable, hiding an older one. Copies @v. */
struct lang_binding *lang_declare(struct lang *l, uint32_t name, const struct twz_value *v);
/** Gives a variable of ours another value. Copies @v. */
void lang_set(struct lang *l, struct lang_binding *b, const struct twz_value *v);
/** Drops all variables made since there were @n. */
void lang_leave(struct lang *l, size_t n);
void lang_names_free(struct lang_names *names);

/** The variable called @name that the running function sees, or NULL. */
static inline struct lang_binding *
lang_lookup(const struct lang *l, uint32_t name)
{
	uint32_t i = name < l->newest_size ? l->newest[name] : 0;

	for (; i; i = l->bindings[i - 1].older)
		if (l->bindings[i - 1].frame == l->frame || i <= l->nvisible)
			return &l->bindings[i - 1];
	return NULL;
}

/* -- before a text is run (prepare.c) ----------------------------------------------------------- */

/** Numbers the names in a tree, reads its numbers, and makes what its functions need. */
void lang_prepare(struct lang *l, struct lang_program *program, struct ast *root);

/* -- functions (function.c) --------------------------------------------------------------------- */

/** The function that @v is, or NULL. */
static inline struct lang_function *
lang_function_of(const struct twz_value *v)
{
	if (v->kind != TWZ_VALUE_RECORD || !v->type || v->type->kind != TWZ_FUNC)
		return NULL;
	return (struct lang_function *)(uintptr_t)v->type;
}

/** A value for the FN or LAMBDA @a: it captures what it mentions of the function around it. */
bool lang_make_function(struct lang *l, const struct ast *a, struct twz_value *ret,
			struct twz_error *err);
/** Calls a function of the language with all its arguments. */
bool lang_call_function(struct lang *l, const struct twz_value *function,
			const struct twz_value *args, size_t nargs, struct twz_value *ret,
			struct twz_error *err);
/** The same with the arguments that there are: fails when they are not what it takes. */
bool lang_call_with(struct lang *l, const struct twz_value *function, const struct twz_value *args,
		    size_t nargs, struct twz_value *ret, struct twz_error *err);
/** Evaluates a call of @function: hands out its arguments first. */
bool lang_apply(struct lang *l, const struct twz_value *function, const struct ast *call,
		const struct twz_value *piped, struct twz_value *ret, struct twz_error *err);
/** What can be said of such a call before anything is called. */
bool lang_apply_check(struct lang *l, const struct twz_value *function, const struct ast *call,
		      bool piped, struct twz_error *err);

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
/** The value of the WORD `a` or `a.b.c`, where `a` is a variable. */
bool lang_dotted(struct lang *l, const struct ast *a, struct twz_value *ret, struct twz_error *err);
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
/** What is left for one call: its own limit, or the block's when that ends sooner; < 0: no limit. */
int64_t lang_time_left(const struct lang *l);
/** The service that an annotation names, whose converters read texts for it; NULL: none. */
const struct twz_service *lang_type_service(struct lang *l, const char *text);
/** "200ms", "2s", "1m" in nanoseconds. */
bool lang_duration(const char *text, int64_t *ret);
/** Nanoseconds of CLOCK_MONOTONIC. */
int64_t lang_now(void);
/** False (class INTERRUPTED or TIMEOUT) when the host or a `timeout` block wants an end. */
bool lang_go_on(struct lang *l, struct twz_error *err);

/* -- interpreters (lang.c) ---------------------------------------------------------------------- */

/** An empty interpreter of the same session, and one with copies of what @l has (@blocks: in blocks too). */
struct lang *lang_new_peer(struct lang *l);
struct lang *lang_clone(const struct lang *l, bool blocks);
void lang_free_peer(struct lang *l);
struct lang_program *lang_new_program(const char *text, size_t n, const char *file,
				      struct lang_module *module);
/** The place in @err is in @program, unless it is known to be elsewhere. */
void lang_blame(struct lang *l, struct lang_program *program, struct twz_error *err);

/** A call as words of the outer world spell it: texts, --name=text. */
struct ast *lang_call_words(struct twz_arena *arena, const char *const *argv, size_t argc);

/* -- fn main (entry.c) -------------------------------------------------------------------------- */

/** The main of a script, or NULL. */
const struct ast *lang_find_main(const struct ast *root);
/** Shows its help, if that was asked for. */
bool lang_main_help(struct lang *l, const struct lang_program *program, const struct ast *fn);
/** The call of it with the script's arguments, and whether it can be made. */
struct ast *lang_main_call(struct lang *l, struct lang_program *program, const struct ast *fn);
bool lang_main_check(struct lang *l, struct lang_program *program, const struct ast *fn,
		     const struct ast *call, struct twz_error *err);

/* -- other files (module.c) --------------------------------------------------------------------- */

/** Reads and parses all files that a tree imports, and those that these import. */
bool lang_load_imports(struct lang *l, struct lang_program *program, struct ast *a,
		       struct twz_error *err);
/** What @module imports as the first @n bytes of @name, or NULL. */
struct lang_module *lang_imported(const struct lang_module *module, const char *name, size_t n);
/** The interpreter of this thread that has the variables of @module; runs the file if need be. */
bool lang_peer(struct lang *l, struct lang_module *module, struct lang **ret, struct twz_error *err);
bool lang_eval_import(struct lang *l, const struct ast *a, struct twz_error *err);
/** The function that FILE::NAME calls; NULL: there is no such file, it is a gate. */
bool lang_imported_function(struct lang *l, const struct ast *a, const struct twz_value **ret,
			    struct twz_error *err);

/* -- jobs (job.c) ------------------------------------------------------------------------------- */

extern const struct twz_type lang_job_type;
void lang_begin_turn(struct lang *l);
void lang_end_turn(struct lang *l);
/** Lets other jobs run, if there are any. */
void lang_pass_turn(struct lang *l);
bool lang_eval_spawn(struct lang *l, const struct ast *a, struct twz_value *ret,
		     struct twz_error *err);
/** The value of a job, once it has ended; its failure. */
bool lang_wait(struct lang *l, const struct twz_value *handle, struct twz_value *ret,
	       struct twz_error *err);
/** Whether it has ended; false: @handle is no job. */
bool lang_job_done(struct lang *l, const struct twz_value *handle, bool *ret);
/** Nobody will ask for the job @v, if it is one. */
void lang_ignore(struct lang *l, const struct twz_value *v);
/** Ends all jobs. */
void lang_end_jobs(struct lang *l);

/* -- programs (program.c) ----------------------------------------------------------------------- */

extern const struct twz_type lang_exit_type, lang_run_type;
bool lang_eval_run(struct lang *l, const struct ast *a, const struct twz_value *piped,
		   struct twz_value *ret, struct twz_error *err);

/* -- what is not known (unknown.c) -------------------------------------------------------------- */

extern const struct twz_type lang_unknown_type;
struct convert_want;

static inline bool
lang_is_unknown(const struct twz_value *v)
{
	return v->kind == TWZ_VALUE_UNIT && v->type == &lang_unknown_type;
}

/** A value of which only the type is known, or nothing (NULL); () for void. */
struct twz_value lang_unknown(const struct twz_type *of);
struct twz_value lang_unknown_kind(enum twz_value_kind kind);
/** Its type without typedefs; NULL: not known. */
const struct twz_type *lang_unknown_of(const struct twz_value *v);
/** The kind of any value, OK for results; UNIT: nothing, or not known. */
enum twz_value_kind lang_kind(const struct twz_value *v);
const char *lang_unknown_text(struct twz_arena *arena, const struct twz_value *v);
/** What a check keeps of a value: its type. What it keeps of one of two. */
struct twz_value lang_widen(struct lang *l, const struct twz_value *v);
struct twz_value lang_join(struct lang *l, const struct twz_value *a, const struct twz_value *b);
bool lang_unknown_field(const struct twz_value *v, const char *field, struct twz_value *ret,
			struct twz_error *err);
/** What is in a result or option; an element. */
struct twz_value lang_unknown_inner(const struct twz_value *v);
struct twz_value lang_unknown_element(const struct twz_value *v);
bool lang_unknown_fits(const struct convert_want *want, const struct twz_value *v,
		       struct twz_error *err);
bool lang_unknown_binary(const struct ast *a, const struct twz_value *x, const struct twz_value *y,
			 struct twz_value *ret, struct twz_error *err);
/** A dry run ends where what it does depends on a call that was not made. Returns false. */
bool lang_cannot_know(const struct ast *a, const struct twz_value *v, struct twz_error *err);
/** Notes for that who would have given @v: "passwd::lookup_user gives". */
void lang_unknown_by(struct lang *l, struct twz_value *v, const char *who);
/** A variable's value as an expression gets it. */
static inline struct twz_value
lang_read(struct lang *l, struct lang_binding *b)
{
	if (!l->check)
		return b->value;
	b->read = true;
	return lang_widen(l, &b->value);
}

/* -- calls (call.c, gatecall.c) ---------------------------------------------------------------- */

/** Evaluates a CALL. @piped: the first parameter's value; NULL: none. */
bool lang_call_node(struct lang *l, const struct ast *a, const struct twz_value *piped,
		    struct twz_value *ret, struct twz_error *err);
/** The checks of a CALL that call nothing; @piped: a value will be piped in. */
bool lang_call_check(struct lang *l, const struct ast *a, bool piped, struct twz_error *err);
/** A bareword for a parameter of any type: a variable, else its spelling. */
bool lang_any_argument(struct lang *l, const struct ast *a, struct twz_value *ret,
		       struct twz_error *err);
/** Hints at what @word was meant as; @call: with its arguments, NULL: alone. False when it may have been anything. */
bool lang_stray(struct lang *l, const char *word, const struct ast *call, struct twz_error *err);
/** Says so where the unfinished text of @p is the call of a word that means nothing: "ls -la /". */
bool lang_lost(struct lang *l, const struct lang_program *p, struct twz_error *err);
/** Hints at what help was wanted about. Returns false. */
bool lang_stray_topic(struct lang *l, const char *word, struct twz_error *err);
/** The same of words that other programs take and twz does not; needs no interpreter. */
bool lang_habit(const char *word, struct twz_error *err);
/** Says that @service has no gate @name, and what it has instead. Returns false. */
bool lang_no_gate(const struct twz_service *service, const char *name, struct twz_error *err);
/** A text of help or the like, in lines of at most @columns where its words allow it. */
void lang_wrap(FILE *out, const char *text, size_t n, size_t columns);
/** A call of @gate that could be pasted, below the heading Example; @plan NULL: of a built-in service. */
void lang_example(const struct repl_host *host, const struct twz_service *service, const struct twz_gate *gate,
		  const struct twz_plan *plan, FILE *out);
/** The builtin some; what an option's own type reads instead of (some VALUE), NULL when @a is another value. */
bool lang_call_some(struct lang *l, const struct ast *a, const struct twz_value *piped,
		    struct twz_value *ret, struct twz_error *err);
const struct ast *lang_inside_some(const struct ast *a);
/** Calls @gate under the timeout in force. */
bool lang_call_gate(struct lang *l, const struct twz_service *service, const struct twz_gate *gate,
		    const struct twz_value *args, size_t nargs, struct twz_value *ret,
		    struct twz_error *err);
/** The service called @name, remembered; NULL with @err. */
const struct twz_service *lang_service(struct lang *l, const char *name, struct twz_error *err);
/** Text of @v by its type's to_string converter; false without failure when it has none. */
bool lang_to_string(struct lang *l, const struct twz_value *v, struct twz_value *ret,
		    struct twz_error *err);

/* -- showing what is done (trace.c) ------------------------------------------------------------- */

/** -x: a call and what it gave; @result NULL: it failed. */
void lang_trace_gate(struct lang *l, const struct twz_service *service, const struct twz_gate *gate,
		     const struct twz_value *args, size_t nargs, const struct twz_value *result,
		     const struct twz_error *err, int64_t ns);
/** The same for a program; @result NULL: a dry run, which does not run it. */
void lang_trace_run(struct lang *l, const char *const *argv, const char *result, int64_t ns);
/** A dry run: the call that is not made. */
void lang_withhold(struct lang *l, const struct twz_service *service, const struct twz_gate *gate,
		   const struct twz_value *args, size_t nargs);
/** In a check: the text calls this gate. */
void lang_note_gate(struct lang *l, const struct twz_service *service, const struct twz_gate *gate);

enum { LANG_ANY = -1, LANG_FORM = -2, LANG_SELF = -3 };

/* -- built-in functions (builtin.c) ------------------------------------------------------------ */

struct lang_builtin {
	const char *name;
	const char *usage;		/* "first LIST N" */
	const char *help;		/* one sentence */
	unsigned min, max;		/* arguments */
	/* For a check, which runs none of them: */
	int result;			/* kind of the value; 0: (); LANG_ANY: it is run all the same; LANG_FORM: see forms.c; LANG_SELF: its argument */
	unsigned takes;			/* first argument: bits of kinds; 0: any */
	const char *wanted;		/* and how a message calls these */
	bool (*run)(struct lang *l, const struct twz_value *args, size_t nargs,
		    struct twz_value *ret, struct twz_error *err);
};
/** All of them; @n gets their number. Static. */
const struct lang_builtin *lang_builtins(size_t *n);
const struct lang_builtin *lang_builtin_find(const char *name);
/** sql (query.c). A span in its failure counts from the beginning of its text. */
bool lang_run_query(struct lang *l, const struct twz_value *args, size_t nargs, struct twz_value *ret,
		    struct twz_error *err);

/** Completion inside of sql's question (complete_query.c): see lang_complete(). False: the cursor is in none. */
bool lang_complete_query(struct lang *l, const char *text, size_t n, size_t cursor, struct twz_arena *arena,
			 const struct lang_candidate **ret, size_t *count, size_t *from);

/* -- what takes a call (forms.c) ---------------------------------------------------------------- */

/** time, explain, watch. */
bool lang_is_form(const char *name);
/** Makes a call of the words behind its name, before the tree is used for anything. */
void lang_open_form(struct twz_arena *arena, struct ast *a);
bool lang_run_form(struct lang *l, const struct ast *a, bool piped, struct twz_value *ret,
		   struct twz_error *err);

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

/** The same for a text that was parsed to @root. */
bool lang_secrets_in(struct lang *l, const char *text, struct ast *root, struct twz_arena *arena,
		     const struct lang_span **ret, size_t *nret);
/** Whether a word for a secret parameter says where the secret is: @env:NAME, @file:PATH, @fd:N (source.c). */
bool lang_is_source(const char *text);
/** The text that is there; fails with class NAME. */
bool lang_read_source(struct lang *l, const char *text, struct twz_value *ret, struct twz_error *err);
/** The path of @file:PATH, or NULL; and all that is in the file. */
const char *lang_file_source(const char *text);
bool lang_read_bytes(struct lang *l, const char *path, struct twz_value *ret, struct twz_error *err);

/** lang_report() for a warning, when @warning ("W1") is not NULL. */
void lang_report_as(struct lang *l, const char *warning, const char *text, size_t n,
		    const struct twz_error *err);

/* -- output (print.c, cells.c, table.c) ----------------------------------------------------------------- */

/** Writes @v as it could be typed in again; control bytes are escaped. */
void lang_write(FILE *out, const struct twz_value *v);
/** The same in arena memory. */
const char *lang_value_text(struct twz_arena *arena, const struct twz_value *v);
/** Writes @n bytes without anything that could steer a terminal. */
void lang_write_clean(FILE *out, const char *text, size_t n);
/** Writes @v as raw text: a string's bytes, numbers plain, to_string where there is one. */
bool lang_write_raw(struct lang *l, FILE *out, const struct twz_value *v, struct twz_error *err);
/** Writes @v as JSON; fails for what JSON cannot hold. */
bool lang_write_json(const struct lang *l, FILE *out, const struct twz_value *v,
		     struct twz_error *err);
/** Whether values are written as JSON documents. */
static inline bool
lang_is_json(const struct lang *l)
{
	return l->options->output == LANG_JSON || l->options->output == LANG_JSONL ||
	       l->options->output == LANG_JSON_ENVELOPE;
}
/** Writes @v as rows of cells, CSV or TSV. */
bool lang_write_cells(const struct lang *l, FILE *out, const struct twz_value *v,
		      struct twz_error *err);
/** What was written did not arrive, errno says why: class GATE, and the rest of it is dropped. Returns false. */
bool lang_fail_output(const struct lang *l, struct twz_error *err);
/** Writes a list of records with aligned columns; false when @v is no such list. */
bool lang_write_table(const struct lang *l, FILE *out, const struct twz_value *v);
/** What gates have printed comes before what is shown next. */
void lang_settle(struct lang *l);
/** lang_show() for what a statement gives: through the pager where there is one. */
bool lang_show_statement(struct lang *l, const struct twz_value *v, struct twz_error *err);
/** The same for one line: newlines and tabs are escaped too; @quote: what else gets a backslash. */
void lang_write_escaped(FILE *out, const char *text, size_t n, const char *quote);
/** Columns on a terminal of @n bytes of UTF-8. */
size_t lang_width(const char *text, size_t n);
/** Writes a struct, or a result of one, with a line for each field; false, and nothing, when it is narrow enough. */
bool lang_write_spread(FILE *out, const struct twz_value *v, size_t columns);
/** A field's name, in quotes where it is none. */
void lang_write_name(FILE *out, const char *name);
