/*
 * The tree that a text becomes. Every node has its span in the text and lives in the arena of the
 * parse. One struct serves all kinds: items are the children in the order given below, args the named
 * ones. The parser resolves nothing; lang_prepare() numbers the names before a text is run, and an
 * evaluated call keeps in site what it resolved to.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "repl/lang/lex.h"
#include "twz/value.h"

/* kind; text; items; args */
#define AST_KINDS(X) \
	/* values */ \
	X(WORD)		/* bareword: text is its spelling, maybe a.b */ \
	X(NUMBER)	/* text: spelling */ \
	X(BOOL)		/* text: true or false */ \
	X(NONE)		/* text: none */ \
	X(STRING)	/* no items: text and n are its bytes; else items are its parts */ \
	X(TEXT)		/* one text as `twz call` gives it: never a variable; text, n */ \
	X(VAR)		/* $text; items: none; fields are FIELD nodes around it */ \
	X(LIST)		/* items: elements */ \
	X(RECORD)	/* args: fields; type: NAME before its brace, or NULL */ \
	X(LAMBDA)	/* args: parameters; items: block */ \
	X(PAREN)	/* items: pipe */ \
	X(FIELD)	/* text: name; items: value */ \
	X(INDEX)	/* items: value, index */ \
	X(UNWRAP)	/* items: value */ \
	/* calls and operators */ \
	X(CALL)		/* text: NAME or PATH called; head_to: its end; args: arguments */ \
	X(RUN)		/* items: words */ \
	X(SPAWN)	/* items: expression */ \
	X(BINARY)	/* op; items: left, right. op NAME: keyword and, or, in */ \
	X(NOT)		/* items: operand */ \
	X(NEGATE)	/* items: operand */ \
	X(PIPE)		/* items: source, stages … */ \
	X(STAGE)	/* text: where map each sort group; items: expression */ \
	X(SELECT)	/* items: WORDs */ \
	X(GET)		/* stage .a.b: text is "a.b" */ \
	/* statements */ \
	X(BLOCK)	/* items: statements */ \
	X(ASSIGN)	/* op = or ?=; text: target a or a.b; items: pipe */ \
	X(LET)		/* the same; type: annotation or NULL */ \
	X(FN)		/* text: name; args: parameters; type: result or NULL; items: block */ \
	X(IF)		/* items: condition, block [, IF or BLOCK] */ \
	X(WHILE)	/* items: condition, block */ \
	X(FOR)		/* text: name; items: list, block */ \
	X(MATCH)	/* items: value, ARM … */ \
	X(ARM)		/* items: BLOCK or statement, PATTERN … */ \
	X(PATTERN)	/* text: name; items: literal, or pattern inside ( ); neither: name alone */ \
	X(TRY)		/* text: name after catch or NULL; items: body [, else or catch] */ \
	X(TIMEOUT)	/* items: duration [, block] */ \
	X(IMPORT)	/* text */ \
	X(RETURN)	/* items: [pipe] */ \
	X(BREAK) \
	X(CONTINUE)

enum ast_kind {
#define X(kind) AST_##kind,
	AST_KINDS(X)
#undef X
};

struct ast;
struct call_site;
struct lang_builtin;
struct lang_function;
struct lang_module;

/* An argument of a call, a field of a record, a parameter of a function. */
struct ast_arg {
	const char *name;		/* NULL: positional */
	struct ast *value;		/* argument, field; parameter: default; may be NULL */
	const char *type;		/* parameter: annotation or NULL */
	uint32_t from, to;		/* of all of it */
	uint32_t name_to;		/* end of the name, which begins at from */
	uint32_t id;			/* parameter: its name's number */
	bool glued;			/* --name=value, not --name value */
	bool named;			/* parameter: written as --name */
};

struct ast {
	enum ast_kind kind;
	enum lex_kind op;
	enum lex_keyword keyword;	/* BINARY: and, or, in */
	uint32_t from, to;		/* span in the text */
	uint32_t head_to;		/* CALL: end of the name */
	uint32_t depth;			/* of the tree below, for the limit */
	uint32_t ncalls;		/* calls inside, blocks not counted; enough up to 2 */
	const char *text;		/* NUL-terminated */
	uint32_t n;			/* its length */
	uint32_t nitems, nargs;		/* of items and args */
	/* From lang_prepare(): */
	uint32_t id;			/* of the name in text, up to its first '.'; 0: none */
	const char *type;
	struct ast **items;
	struct ast_arg *args;
	struct call_site **site;	/* CALL: where the first evaluation keeps what it resolved to */

	/* From lang_prepare(): */
	uint32_t name_n;		/* bytes of the name */
	bool is_path;			/* CALL: of a gate, or of a function in another file */
	bool unused;			/* nobody takes the value */
	const struct lang_builtin *builtin;	/* WORD, CALL */
	const struct twz_value *constant;	/* NUMBER */
	struct lang_function *function;	/* FN, LAMBDA */
	struct lang_module *module;	/* IMPORT */
};

/** "CALL": for tests and for the message about what is not supported. */
const char *ast_kind_name(enum ast_kind kind);
