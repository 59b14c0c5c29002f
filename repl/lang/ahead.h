/* The values of a stage's expression for the elements of a list, one after the other; see ahead.c. */
#pragma once

#include "repl/lang/interp.h"

enum { LANG_AHEAD = 64 };	/* calls that share a crossing, at most */

/* All zero: a stage that begins. */
struct lang_ahead {
	const struct twz_value *items;	/* the elements; NULL: the numbers from start on */
	twz_wide start;
	size_t total;
	uint32_t name;			/* of the variable that is one of them */
	struct twz_arena *arena;	/* a loop: of the values; NULL: a stage, whose values are the statement's */
	struct twz_value *values;	/* of the elements from first on */
	size_t first, n;
	size_t most;			/* how many are worth being made at once; 0: not known yet */
	bool may;			/* whether the expression is a call that may be made ahead */
	bool failed;			/* the call for the element behind these, and nothing else before it; with: */
	struct twz_error failure;
};

/** The value of @expr for element @i of @list. For each @i from 0 on, in order. */
bool lang_ahead_next(struct lang *l, struct lang_ahead *ahead, const struct ast *expr,
		     const struct twz_value *list, size_t i, struct twz_value *ret, struct twz_error *err);

/* A for loop that runs. */
struct lang_loop {
	struct lang_ahead ahead;	/* of its elements, which the caller says: items, start, total, name */
	const struct ast *call;		/* the one that its body is; NULL: it is no such loop */
	struct lang_loop *outer;
	size_t i;			/* the element; the caller's */
	struct twz_arena arena;
};
void lang_loop_begin(struct lang *l, struct lang_loop *loop, const struct ast *body);
void lang_loop_end(struct lang *l, struct lang_loop *loop);
/** The call for element i, which may have been made ahead, with those for the next. */
bool lang_loop_call(struct lang *l, const struct ast *call, struct twz_value *ret, struct twz_error *err);

/** The expression with 'it' bound to @it; what is a function is called with it. */
bool lang_eval_for_it(struct lang *l, const struct ast *expr, const struct twz_value *it,
		      struct twz_value *ret, struct twz_error *err);
