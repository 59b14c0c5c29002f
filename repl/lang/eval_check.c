/*
 * What can be known of a statement's calls before the first of them is made: that the gates exist, that
 * arguments are there and fit. So a statement with a mistake in its last call makes none at all.
 */
#include <string.h>

#include "repl/lang/interp.h"

static bool
check_pipe(struct lang *l, const struct ast *a, struct twz_error *err)
{
	if (!lang_check(l, a->items[0], err))
		return false;
	for (uint32_t i = 1; i < a->nitems; i++) {
		const struct ast *stage = a->items[i];

		/* Stages over 'it' are looked at when there is an 'it'. */
		if (stage->kind == AST_CALL && !lang_call_check(l, stage, true, err))
			return false;
	}
	return true;
}

static bool
check_parts(struct lang *l, const struct ast *a, struct twz_error *err)
{
	for (uint32_t i = 0; i < a->nitems; i++)
		if (!lang_check(l, a->items[i], err))
			return false;
	for (uint32_t i = 0; i < a->nargs; i++)
		if (a->args[i].value && !lang_check(l, a->args[i].value, err))
			return false;
	return true;
}

bool
lang_check(struct lang *l, const struct ast *a, struct twz_error *err)
{
	switch (a->kind) {
	case AST_CALL:
		return lang_call_check(l, a, false, err);
	case AST_PIPE:
		return check_pipe(l, a, err);
	case AST_LIST: case AST_RECORD: case AST_PAREN: case AST_FIELD: case AST_INDEX:
	case AST_UNWRAP: case AST_NOT: case AST_NEGATE: case AST_STRING: case AST_RETURN:
	case AST_ASSIGN: case AST_LET:
		return check_parts(l, a, err);
	case AST_BINARY:
		/* The right side of these may never run. */
		if (a->op == LEX_COALESCE || a->keyword == LEX_KW_AND || a->keyword == LEX_KW_OR)
			return lang_check(l, a->items[0], err);
		return check_parts(l, a, err);
	case AST_IF: case AST_MATCH:
		return lang_check(l, a->items[0], err);
	case AST_WORD: case AST_NUMBER: case AST_BOOL: case AST_NONE: case AST_TEXT: case AST_VAR:
	case AST_LAMBDA: case AST_RUN: case AST_SPAWN: case AST_STAGE: case AST_SELECT:
	case AST_GET: case AST_BLOCK: case AST_FN: case AST_WHILE:
	case AST_FOR: case AST_ARM: case AST_PATTERN: case AST_TRY: case AST_TIMEOUT:
	case AST_IMPORT: case AST_BREAK: case AST_CONTINUE:
		break;
	}
	return true;
}
