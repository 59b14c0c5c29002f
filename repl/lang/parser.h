/* Shared by the files of the parser: the state and the productions that call each other. */
#pragma once

#include "repl/lang/ast.h"
#include "twz/arena.h"
#include "twz/error.h"

struct parser {
	struct lex lex;
	uint32_t i;			/* next token */
	struct twz_arena *arena;
	struct twz_error *err;
	unsigned nesting;		/* productions that are open */
	bool no_record;			/* in the head of if, while, for, match: '{' begins the block */
	bool more;			/* failed because the text ends too early */
};

enum {
	PARSE_NESTING_MAX = 120,	/* brackets and blocks in each other */
	PARSE_DEPTH_MAX = 600,		/* of a tree: also chains such as a + b + c … */
};

/* -- tokens (parse.c) -------------------------------------------------------------------------- */

const struct lex_token *parse_peek(const struct parser *p, uint32_t ahead);
const struct lex_token *parse_take(struct parser *p);
bool parse_at(const struct parser *p, enum lex_kind kind);
bool parse_at_keyword(const struct parser *p, enum lex_keyword keyword);
bool parse_accept(struct parser *p, enum lex_kind kind);
/** Takes a token of this kind, or fails: "expected ')' WHERE". */
bool parse_expect(struct parser *p, enum lex_kind kind, const char *where);
void parse_skip_newlines(struct parser *p);
/** The token's spelling in the arena. */
const char *parse_spelling(struct parser *p, const struct lex_token *t);
/** Fails at the next token. Returns false. */
bool parse_fail(struct parser *p, const char *hint, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
bool parse_fail_at(struct parser *p, const struct lex_token *t, const char *hint, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/** One level deeper; fails when that is too deep. */
bool parse_enter(struct parser *p);
void parse_leave(struct parser *p);

/* -- nodes (parse.c) --------------------------------------------------------------------------- */

struct ast *parse_node(struct parser *p, enum ast_kind kind, const struct lex_token *t);
/** Adds a child and widens the span; fails when the tree is too deep. */
bool parse_add(struct parser *p, struct ast *a, struct ast *child);
bool parse_add_arg(struct parser *p, struct ast *a, struct ast_arg arg);
void parse_set_text(struct parser *p, struct ast *a, const char *text, uint32_t n);

/* -- productions ------------------------------------------------------------------------------- */

bool parse_stmts(struct parser *p, enum lex_kind end, struct ast *block);
bool parse_stmt(struct parser *p, struct ast **ret);
bool parse_block(struct parser *p, struct ast **ret);
bool parse_params(struct parser *p, struct ast *a);
bool parse_pipe(struct parser *p, struct ast **ret);
/** A pipe before a block. */
bool parse_head(struct parser *p, struct ast **ret);
bool parse_if(struct parser *p, struct ast **ret);
bool parse_match(struct parser *p, struct ast **ret);
bool parse_try(struct parser *p, struct ast **ret);
bool parse_expr(struct parser *p, struct ast **ret);
bool parse_postfix(struct parser *p, struct ast **ret);
bool parse_apply(struct parser *p, struct ast **ret);
/** The node of a NAME, PATH, FIELD, TEXT or NUMBER token: a word, a number, true, false, none. */
struct ast *parse_word(struct parser *p, const struct lex_token *t);
bool parse_starts_postfix(const struct parser *p);
bool parse_text_token(struct parser *p, const struct lex_token *t, struct ast **ret);
/** Adds the parts of the "…" text between bytes @from and @to (quotes excluded) to @a. */
bool parse_string_parts(struct parser *p, struct ast *a, uint32_t from, uint32_t to);
