/*
 * fn main(…): what makes a script a gate in miniature. The words behind the script's name are its
 * arguments, one text each, for the types that it names; --help is made from its parameters.
 */
#include <stdio.h>
#include <string.h>

#include "repl/lang/interp.h"

const struct ast *
lang_find_main(const struct ast *root)
{
	const struct ast *found = NULL;

	for (uint32_t i = 0; i < root->nitems; i++)
		if (root->items[i]->kind == AST_FN && !strcmp(root->items[i]->text, "main"))
			found = root->items[i];
	return found;
}

/* -- --help ------------------------------------------------------------------------------------ */

static bool
is_switch(const struct ast_arg *p)
{
	return p->type && !strcmp(p->type, "bool");
}

/* May be left out. */
static bool
has_default(const struct ast_arg *p)
{
	return p->value || (p->type && p->type[strlen(p->type) - 1] == '?');
}

static void
write_usage(FILE *out, const char *file, const struct ast *fn)
{
	fprintf(out, "usage: %s", file ? file : "twz -c TEXT --");
	for (uint32_t i = 0; i < fn->nargs; i++) {
		const struct ast_arg *p = &fn->args[i];
		const char *type = p->type ? p->type : "any";

		if (p->named && is_switch(p))
			fprintf(out, " [--%s]", p->name);
		else if (p->named)
			fprintf(out, has_default(p) ? " [--%s=%s]" : " --%s=%s", p->name, type);
		else
			fprintf(out, has_default(p) ? " [%s]" : " %s", p->name);
	}
	fputc('\n', out);
}

/* The comment that the script begins with. */
static void
write_comment(FILE *out, const char *text)
{
	bool any = false;

	if (!strncmp(text, "#!", 2))
		text += strcspn(text, "\n") + (text[strcspn(text, "\n")] == '\n');
	while (*text == '#') {
		size_t n = strcspn(text, "\n"), skip = text[1] == ' ' ? 2 : 1;

		if (!any)
			fputc('\n', out);
		any = true;
		if (n > skip)
			lang_write_clean(out, text + skip, n - skip);
		fputc('\n', out);
		text += n + (text[n] == '\n');
	}
}

/* What stands behind a parameter on its line: user: passwd::User,	# whose password */
static const char *
comment_behind(const char *text, const struct ast_arg *p, size_t *n)
{
	const char *s = text + p->to;

	s += strspn(s, " \t");
	s += *s == ',';
	s += strspn(s, " \t");
	if (*s != '#')
		return NULL;
	s += 1 + strspn(s + 1, " \t");
	*n = strcspn(s, "\r\n");
	return s;
}

static void
write_param(FILE *out, const char *text, const struct ast_arg *p, struct twz_arena *arena)
{
	const char *left = twz_format(arena, "%s%s", p->named ? "--" : "", p->name), *comment;
	size_t n;

	fprintf(out, "  %-18s %s", left, p->type ? p->type : "any");
	if (p->value) {
		fputs("; when left out: ", out);
		lang_write_clean(out, text + p->value->from, p->value->to - p->value->from);
	}
	comment = comment_behind(text, p, &n);
	if (comment) {
		fputs("\n                     ", out);
		lang_write_clean(out, comment, n);
	}
	fputc('\n', out);
}

static void
write_help(struct lang *l, const struct lang_program *program, const struct ast *fn)
{
	FILE *out = l->options->out;

	write_usage(out, l->options->file, fn);
	write_comment(out, program->text);
	fputc('\n', out);
	for (uint32_t i = 0; i < fn->nargs; i++)
		write_param(out, program->text, &fn->args[i], l->arena);
	fprintf(out, "  %-18s %s\n", "--help", "shows this");
}

bool
lang_main_help(struct lang *l, const struct lang_program *program, const struct ast *fn)
{
	const struct lang_options *o = l->options;

	for (size_t i = 0; i < o->nargs && strcmp(o->args[i], "--"); i++) {
		if (strcmp(o->args[i], "--help"))
			continue;
		write_help(l, program, fn);
		return true;
	}
	return false;
}

/* -- arguments --------------------------------------------------------------------------------- */

/* Whether --NAME takes the word after it. */
static bool
takes_word(const struct ast *fn, const char *name)
{
	for (uint32_t i = 0; i < fn->nargs; i++)
		if (!strcmp(fn->args[i].name, name))
			return !is_switch(&fn->args[i]);
	return false;
}

struct ast *
lang_main_call(struct lang *l, struct lang_program *program, const struct ast *fn)
{
	const struct lang_options *o = l->options;
	struct twz_arena *arena = &program->arena;
	const char **argv = twz_new_array(arena, o->nargs + 1, const char *);
	size_t argc = 0;
	bool named = true;

	argv[argc++] = "main";
	for (size_t i = 0; i < o->nargs; i++) {
		const char *word = o->args[i];

		named = named && strcmp(word, "--");
		if (named && !strncmp(word, "--", 2) && !strchr(word, '=') && i + 1 < o->nargs &&
		    takes_word(fn, word + 2))
			argv[argc++] = twz_format(arena, "%s=%s", word, o->args[++i]);
		else
			argv[argc++] = word;
	}
	return lang_call_words(arena, argv, argc);
}

bool
lang_main_check(struct lang *l, struct lang_program *program, const struct ast *fn,
		const struct ast *call, struct twz_error *err)
{
	struct twz_value f;
	TWZ_FREE char *usage = NULL;
	size_t n = 0;
	FILE *out;

	l->program = program;
	if (lang_make_function(l, fn, &f, err) && lang_apply_check(l, &f, call, false, err))
		return true;
	out = open_memstream(&usage, &n);
	if (!out)
		return false;
	write_usage(out, l->options->file, fn);
	fclose(out);
	return twz_hint(err, "%.*s", (int)n - 1, usage);
}
