/* "…" with ${ }: values become text by their type's own converter, else as they are printed. */
#include <errno.h>
#include <stdio.h>

#include "repl/lang/interp.h"

static bool
write_part(struct lang *l, FILE *out, const struct twz_value *v, struct twz_error *err)
{
	struct twz_value text;

	if (v->kind == TWZ_VALUE_STRING) {
		fwrite(v->string.text, 1, v->string.n, out);
		return true;
	}
	if (lang_to_string(l, v, &text, err)) {
		fwrite(text.string.text, 1, text.string.n, out);
		return true;
	}
	if (err->cls != TWZ_CLASS_NONE)
		return false;
	lang_write(out, v);
	return true;
}

bool
lang_eval_string(struct lang *l, const struct ast *a, struct twz_value *ret, struct twz_error *err)
{
	TWZ_FREE char *text = NULL;
	size_t n = 0;
	FILE *out;
	bool done = true;

	if (!a->nitems) {
		*ret = twz_string(l->arena, a->text, a->n);
		return true;
	}
	out = open_memstream(&text, &n);
	if (!out)
		return twz_fail_sys(err, errno, "text of %u parts", a->nitems);
	for (uint32_t i = 0; i < a->nitems && done; i++) {
		struct twz_value v;

		done = lang_eval(l, a->items[i], &v, err) && (l->check || write_part(l, out, &v, err));
		if (!done)
			lang_at(err, a->items[i]);
	}
	fclose(out);
	if (l->check)
		*ret = lang_unknown_kind(TWZ_VALUE_STRING);
	else if (done)
		*ret = twz_string(l->arena, text, n);
	return done;
}
