/* The check before a run, and twz --check: what they share. */
#pragma once

#include "repl/lang/interp.h"

enum { LANG_FINDINGS_MAX = 1000 };

/* One thing to say about a text. */
struct lang_finding {
	struct lang_finding *next;
	const char *warning;		/* "W1"; NULL: a mistake */
	const struct lang_program *program;
	struct twz_error err;
	char gate[128];
};

/* A service that a text names: asked for once. */
struct lang_named {
	struct lang_named *next;
	const char *name;
	const struct twz_service *service;	/* NULL: it cannot be looked at, because of @err */
	struct twz_error err;
};

struct lang_checker {
	struct twz_arena arena;
	bool lint;			/* twz --check: warnings too, and mistakes that a try handles */
	size_t base;			/* variables before it are the session's */
	size_t scope;			/* variables before it are those of blocks around */
	unsigned tries;			/* that are open */
	unsigned loops;
	const struct ast *root;		/* the text's statements */
	const struct lang_function *function;	/* whose body is looked at */
	struct lang_finding *findings, *last;
	size_t nfindings, nerrors;
	struct lang_named *named;
	uint64_t digest;		/* of the gates that the text calls */
	size_t late;			/* texts that only their converter can judge */
	bool loads;			/* sys::load was seen: services may come that are not there yet */
};

/** The service called @name; for one check it is what it was when it was asked for first. */
bool lang_check_service(struct lang *l, const char *name, const struct twz_service **ret, struct twz_error *err);
/** Looks at all of a program; findings go to @c. Calls nothing. */
void lang_check_program(struct lang *l, struct lang_program *program, struct lang_checker *c);
/** The same before a run: false with the first mistake. */
bool lang_check_first(struct lang *l, struct lang_program *program, struct twz_error *err);
/** The statements of a block: each mistake is noted, the rest goes on. */
bool lang_check_statements(struct lang *l, const struct ast *block, struct twz_value *ret);
/** The body of the FN or LAMBDA @a. */
void lang_check_body(struct lang *l, const struct ast *a);
/** An assignment; @fresh: always a new variable. */
void lang_check_assign(struct lang *l, const struct ast *a, const struct twz_value *v, bool fresh);
/** lang_leave(), with a look at what was never read. */
void lang_check_leave(struct lang *l, size_t n);
/** Whether the patterns of a match cover all that an enum or a result can be. */
bool lang_check_covered(struct lang *l, const struct ast *a, const struct twz_value *v,
			struct twz_error *err);
/** Notes a mistake in statement @a and clears @err. */
void lang_found(struct lang *l, const struct ast *a, struct twz_error *err);
/** W1 where the word @a is a text and something below assigns a variable of this name. */
void lang_warn_later(struct lang *l, const struct ast *a);
void lang_warn(struct lang *l, const char *code, const struct ast *a, const char *hint,
	       const char *fmt, ...) __attribute__((format(printf, 5, 6)));
