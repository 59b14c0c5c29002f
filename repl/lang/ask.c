/*
 * Secrets that are not in the text. At a prompt, who leaves a password out is asked for it, without an
 * echo: so it is in no history, on no screen and in no scroll-back. The history keeps ****** for a
 * secret; a line that comes from there asks too.
 */
#include <string.h>

#include "repl/lang/convert.h"

bool
lang_may_ask(const struct lang *l, const struct convert_want *want)
{
	return l->options->ask && want->secret && convert_takes_text(want);
}

bool
lang_asks(const struct lang *l, const struct site_param *p)
{
	const struct ast *a = p->node;

	return p->asked || (a && (a->kind == AST_WORD || a->kind == AST_TEXT) && !strcmp(a->text, "******") &&
			    lang_may_ask(l, &p->want));
}

static bool
ask(struct lang *l, const struct call_site *site, const struct site_param *p, struct twz_value *ret,
    struct twz_error *err)
{
	const struct lang_options *o = l->options;
	const char *what = twz_format(l->arena, "%s for %s::%s", p->want.param->name, site->service->name,
				      site->gate->name);
	const char *text;
	size_t n;
	bool done;

	if (l->check || o->dry_run) {
		*ret = lang_unknown(p->want.type);
		return true;
	}
	/* Jobs go on while somebody types. */
	lang_end_turn(l);
	done = o->ask(o->ask_data, what, l->arena, &text, &n, err);
	lang_begin_turn(l);
	return done && convert_text(l, &p->want, text, n, true, ret, err) == CONVERT_DONE;
}

bool
lang_late_argument(struct lang *l, const struct call_site *site, uint32_t i, struct twz_value *ret,
		   struct twz_error *err)
{
	const struct site_param *p = &site->params[i];

	if (lang_asks(l, p))
		return ask(l, site, p, ret, err);
	return convert_argument(l, &p->want, p->node, true, ret, err) == CONVERT_DONE;
}
