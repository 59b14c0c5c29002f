/*
 * Lists and records among the arguments of `twz call`: '[1, 2]', '{id: 1, name: "x"}'. They come from
 * other programs, so only what is written is in them: no variable, no call, no ${ }.
 */
#include <string.h>

#include "repl/lang/convert.h"
#include "repl/lang/parse.h"
#include "twz/typetext.h"

static bool
freeze(struct twz_arena *arena, struct ast *a)
{
	if (a->kind == AST_WORD)
		a->kind = AST_TEXT;
	if (a->kind == AST_NEGATE && a->items[0]->kind == AST_WORD) {
		a->kind = AST_TEXT;
		a->text = twz_format(arena, "-%s", a->items[0]->text);
		a->n = a->items[0]->n + 1;
		a->nitems = 0;
	}
	if (a->kind != AST_TEXT && a->kind != AST_NUMBER && a->kind != AST_BOOL &&
	    a->kind != AST_NONE && a->kind != AST_LIST && a->kind != AST_RECORD &&
	    (a->kind != AST_STRING || a->nitems))
		return false;
	for (uint32_t i = 0; i < a->nitems; i++)
		if (!freeze(arena, a->items[i]))
			return false;
	for (uint32_t i = 0; i < a->nargs; i++)
		if (!freeze(arena, a->args[i].value))
			return false;
	return true;
}

/* User{…}, as it is shown. */
static bool
is_named(const struct convert_want *want, const char *text)
{
	TWZ_ARENA arena = { 0 };
	const char *name = twz_type_text(&arena, want->type);
	size_t n = strlen(name);

	return !strncmp(text, name, n) && text[n] == '{';
}

bool
convert_is_literal(const struct convert_want *want, const struct ast *a)
{
	const struct twz_type *t = twz_type_strip(want->type);

	if (a->kind != AST_TEXT || (want->buffer && want->text && *a->text != '['))
		return false;
	if (*a->text == '{' || is_named(want, a->text))
		return !want->buffer && t->kind == TWZ_STRUCT;
	return *a->text == '[' && (want->buffer || t->kind == TWZ_LIST || t->kind == TWZ_ARRAY ||
				   (t->kind == TWZ_ENUM && t->is_flags));
}

enum convert_result
convert_literal(struct lang *l, const struct convert_want *want, const struct ast *a, bool calls,
		struct twz_value *ret, struct twz_error *err)
{
	enum convert_result r;
	struct ast *root;

	if (parse_text(a->text, a->n, l->arena, &root, err) != LANG_OK)
		return CONVERT_FAILED;
	if (root->nitems != 1 || !freeze(l->arena, root->items[0])) {
		lang_type_error(err, "only literals can stand in a list or record here");
		return CONVERT_FAILED;
	}
	r = convert_argument(l, want, root->items[0], calls, ret, err);
	err->from = err->to = 0;
	return r;
}
