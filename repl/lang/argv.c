/*
 * Gates that are programs: int (int argc, char **argv), the RFC's cli_main. Their arguments are words, as
 * those of run are: text whatever they look like, --x included, and only $x, "…" and ( ) are values. The
 * first one, which a program expects to be its name, is the service's. What they return is their status.
 */
#include <string.h>

#include "repl/lang/convert.h"
#include "repl/lang/interp.h"

static struct ast *
make_node(struct twz_arena *arena, enum ast_kind kind, const struct ast *at)
{
	struct ast *a = twz_new(arena, struct ast);

	a->kind = kind;
	a->from = at->from;
	a->to = at->to;
	a->text = "";
	return a;
}

static struct ast *
literal(struct twz_arena *arena, const char *text, size_t n, const struct ast *at)
{
	struct ast *a = make_node(arena, AST_STRING, at);

	a->text = twz_strndup(arena, text, n);
	a->n = (uint32_t)n;
	return a;
}

/* A word as text; a value as the text that "${…}" would make of it, behind @before. */
static struct ast *
word(struct twz_arena *arena, const char *before, struct ast *node)
{
	struct ast *a;

	if (node->kind == AST_WORD || node->kind == AST_NUMBER || node->kind == AST_BOOL ||
	    node->kind == AST_NONE || node->kind == AST_TEXT) {
		const char *text = twz_format(arena, "%s%s", before, node->text);

		return literal(arena, text, strlen(text), node);
	}
	if (!*before && node->kind == AST_STRING)
		return node;
	a = make_node(arena, AST_STRING, node);
	twz_push(arena, a->items, a->nitems, literal(arena, before, strlen(before), node));
	twz_push(arena, a->items, a->nitems, node);
	return a;
}

static void
add(struct twz_arena *arena, struct ast *list, const char *before, struct ast *node)
{
	if (node->kind != AST_LIST || *before) {
		twz_push(arena, list->items, list->nitems, word(arena, before, node));
		return;
	}
	for (uint32_t i = 0; i < node->nitems; i++)
		twz_push(arena, list->items, list->nitems, word(arena, "", node->items[i]));
}

struct ast *
lang_program_arguments(struct twz_arena *arena, const char *name, const struct ast *call)
{
	struct ast *list = make_node(arena, AST_LIST, call);

	twz_push(arena, list->items, list->nitems, literal(arena, name, strlen(name), call));
	for (uint32_t i = 0; i < call->nargs; i++) {
		const struct ast_arg *arg = &call->args[i];
		const char *option = arg->name ? twz_format(arena, "--%s", arg->name) : NULL;

		if (option && arg->glued) {
			add(arena, list, twz_format(arena, "%s=", option), arg->value);
			continue;
		}
		if (option)
			twz_push(arena, list->items, list->nitems,
				 literal(arena, option, strlen(option), call));
		if (arg->value)
			add(arena, list, "", arg->value);
	}
	return list;
}
