/*
 * some VALUE: what an option holds. A value stands for itself where an option is wanted, so the word changes
 * nothing; it is for who writes it, and for patterns.
 */
#include "repl/lang/interp.h"

/* some VALUE: what is there needs no mark of its own. */
bool
lang_call_some(struct lang *l, const struct ast *a, const struct twz_value *piped, struct twz_value *ret,
	       struct twz_error *err)
{
	const struct ast_arg *arg = piped ? NULL : &a->args[0];

	if (arg && arg->name) {
		lang_type_error(err, "'%s' takes no named arguments", a->text);
		return lang_at_span(err, arg->from, arg->to);
	}
	if (piped)
		*ret = *piped;
	else if (!lang_eval(l, arg->value, ret, err))
		return lang_at(err, arg->value);
	if (ret->kind != TWZ_VALUE_NONE)
		return true;
	lang_type_error(err, "some takes a value, and got none");
	return lang_at(err, a);
}

/* The VALUE of (some VALUE), which is read by the option's type as if it stood alone. */
const struct ast *
lang_inside_some(const struct ast *a)
{
	if (a->kind == AST_PAREN && a->nitems == 1)
		a = a->items[0];
	if (a->kind != AST_CALL || !a->builtin || a->builtin->result != LANG_SELF || a->nargs != 1 || a->args[0].name ||
	    a->args[0].value->kind == AST_NONE)
		return NULL;
	return a->args[0].value;
}
