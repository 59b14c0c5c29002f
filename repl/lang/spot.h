/*
 * The spot: where in an unfinished text the cursor is, as completion and hints need it. Found from the
 * tokens before the cursor alone, because a text that is being typed has no tree yet.
 */
#pragma once

#include "repl/lang/host.h"
#include "repl/lang/lex.h"
#include "twz/arena.h"
#include "twz/type.h"

#define SPOT_PLACES(X) \
	X(HEAD)		/* what is called, or a value: begins an expression */ \
	X(ARGUMENT)	/* an argument of call */ \
	X(ITEM)		/* an element or a field's value; type is its type or NULL */ \
	X(KEY)		/* the name of a field of type */ \
	X(NOWHERE)	/* inside a text or a comment: nothing to offer */

enum spot_place {
#define X(place) SPOT_##place,
	SPOT_PLACES(X)
#undef X
};

struct spot_call {
	const char *head;			/* spelling; NULL: none */
	const struct twz_service *service;	/* NULL: not a gate, or unknown */
	const struct twz_gate *gate;
	const struct twz_plan *plan;		/* NULL: every parameter is given */
	uint64_t used;				/* parameters that have their argument */
	int32_t named;				/* parameter named just before; < 0: none */
	uint32_t nargs;				/* arguments so far, for heads that are no gates */
};

struct spot {
	enum spot_place place;
	bool statement;			/* HEAD: at the beginning of a statement */
	uint32_t from;			/* where the word at the cursor begins */
	const char *word;		/* the word up to the cursor; "" */
	struct spot_call call;		/* the call that the cursor is in; head NULL: none */
	const struct twz_type *type;	/* what is expected; NULL: anything */
	int32_t param;			/* of the call's gate; < 0: none is left, or unknown */
};

/** Looks at the @cursor bytes of @text before the cursor. */
void spot_find(const struct repl_host *host, const char *text, size_t cursor,
	       struct twz_arena *arena, struct spot *ret);

/**
 * Gives every token of @text, the last one (END) too, to @each, with what the spot would be at its
 * beginning; word and from are not set. @next is the token after it, NULL after END.
 */
void spot_each(const struct repl_host *host, const char *text, size_t n, struct twz_arena *arena,
	       void (*each)(void *data, const struct lex_token *t, const struct lex_token *next,
			    const struct spot *spot),
	       void *data);

struct lang;
struct lang_function;

/** The function of the language that @call calls, here or in an imported file; NULL: none. (hint.c) */
const struct lang_function *spot_function(struct lang *l, const struct spot_call *call);
/** Its parameter that the next argument is for; < 0: none is left. */
int32_t spot_function_param(const struct lang_function *f, const struct spot_call *call);
/** For an argument of a function: sets the type that its parameter wants. */
void spot_expect(struct lang *l, struct spot *spot);

/** Whether the caller gives parameter @i at all. */
bool spot_given(const struct spot_call *call, uint32_t i);
