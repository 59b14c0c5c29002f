/*
 * The first line is the text of a type, the rest an argument for it. What is accepted can be shown, and
 * what is shown is accepted again and is the same.
 */
#include "tests/fuzz/fuzz.h"
#include "tests/unit/lang_world.h"

#include "repl/lang/convert.h"
#include "repl/lang/parse.h"

static const struct twz_type *
find_named(void *data, const char *name, size_t n)
{
	static const struct twz_type *const named[] = { &color_type, &access_type, &user_struct, &shape_struct };

	(void)data;
	for (size_t i = 0; i < TWZ_COUNT(named); i++)
		if (strlen(named[i]->name) == n && !memcmp(named[i]->name, name, n))
			return named[i];
	return NULL;
}

/* Converts an argument; false: it is none, or does not fit. */
static bool
convert(struct world *w, struct lang_program *program, const struct twz_type *t, struct twz_value *ret)
{
	struct convert_want want = { .type = t };
	struct twz_error err = { 0 };
	const struct ast *call;

	program->keep = true;
	program->next = w->lang->shared->programs;
	w->lang->shared->programs = program;
	if (parse_text(program->text, program->n, &program->arena, &program->root, &err) != LANG_OK ||
	    program->root->nitems != 1)
		return false;
	call = program->root->items[0];
	if (call->kind != AST_CALL || call->nargs != 1 || call->args[0].name || !call->args[0].value)
		return false;
	w->lang->program = program;
	lang_prepare(w->lang, program, program->root);
	return convert_argument(w->lang, &want, call->args[0].value, true, ret, &err) == CONVERT_DONE;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	const uint8_t *eol = n && n < 4096 ? memchr(data, '\n', n) : NULL;
	const char *text, *shown;
	const struct twz_type *t;
	struct twz_error err = { 0 };
	struct twz_value v, again;
	TWZ_ARENA arena = { 0 };
	struct world *w;

	if (!eol || memmem(data, n, "..", 2) ||
	    !twz_type_parse(twz_strndup(&arena, (const char *)data, (size_t)(eol - data)), find_named, NULL, &arena,
			    &t, &err))
		return 0;
	text = twz_format(&arena, "f %.*s", (int)(n - (size_t)(eol + 1 - data)), (const char *)eol + 1);
	w = world_open();
	if (convert(w, lang_new_program(text, strlen(text), NULL, w->lang->module), t, &v) &&
	    !lang_is_unknown(&v) && !strstr(text, "{|")) {
		shown = lang_value_text(&arena, &v);
		text = twz_format(&arena, "f %s", shown);
		if (!convert(w, lang_new_program(text, strlen(text), NULL, w->lang->module), t, &again) ||
		    strcmp(shown, lang_value_text(&arena, &again)))
			__builtin_trap();
	}
	world_close(w);
	return 0;
}
