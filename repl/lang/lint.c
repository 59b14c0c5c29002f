/*
 * twz --check: all that can be said of a text without running it, for people, editors and CI.
 *
 * Mistakes are shown as a run would show them; warnings have a number:
 *
 *	W1	a word is a variable, and the parameter would take it as text as well
 *	W2	a variable is assigned and never read
 *	W3	a value or a result is ignored
 *	W4	a secret stands in the text
 *	W5	a statement never runs
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "repl/lang/check.h"
#include "repl/lang/lang.h"
#include "repl/lang/parse.h"
#include "twz/json.h"

static bool
is_literal(const char *text, const struct lang_span *span)
{
	return !memchr(text + span->from, '$', span->to - span->from) && text[span->from] != '(';
}

static bool
takes_secrets(const struct twz_service *service)
{
	for (uint32_t i = 0; i < service->ngates; i++)
		for (uint32_t k = 0; service->gates[i].type && k < service->gates[i].type->nmembers; k++)
			if (service->gates[i].type->members[k].secret)
				return true;
	return false;
}

static bool
is_of_name(char c)
{
	return c == '_' || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/* Whether a service is named in the text that takes some, or nobody knows. */
static bool
may_have_secrets(struct lang *l, const char *text, size_t n)
{
	const char *end = text + n, *at = text;
	char name[128];

	while ((at = memchr(at, ':', (size_t)(end - at)))) {
		const struct twz_service *service;
		struct twz_error ignored = { 0 };
		size_t length = 0;

		while (length < sizeof(name) && at - text > (ptrdiff_t)length && is_of_name(at[-(ptrdiff_t)length - 1]))
			length++;
		at++;
		if (at == end || *at != ':' || !length)
			continue;
		if (length == sizeof(name))
			return true;
		memcpy(name, at - 1 - length, length);
		name[length] = '\0';
		if (!lang_check_service(l, name, &service, &ignored) || takes_secrets(service))
			return true;
	}
	return false;
}

/* W4: what stands in a file is seen by who reads the file. */
static void
find_secrets(struct lang *l, struct lang_program *program)
{
	const struct lang_span *spans;
	size_t n;

	/* To search all of the tree takes as long as all else that is done with it. */
	if (!may_have_secrets(l, program->text, program->n) ||
	    !lang_secrets_in(l, program->text, program->root, &l->check->arena, &spans, &n))
		return;
	for (size_t i = 0; i < n; i++) {
		struct ast at = { .from = spans[i].from, .to = spans[i].to };

		if (is_literal(program->text, &spans[i]))
			lang_warn(l, "W4", &at, "write @env:NAME, @file:PATH or @fd:N instead",
				  "a secret stands in the text");
	}
}

/* -- showing ----------------------------------------------------------------------------------- */

static void
number_line(const char *text, const struct twz_error *err, uint32_t *line, uint32_t *col, uint32_t *end)
{
	*line = *col = 1;
	for (uint32_t i = 0; i < err->from; i++) {
		*col += ((unsigned char)text[i] & 0xc0) != 0x80;
		if (text[i] == '\n') {
			++*line;
			*col = 1;
		}
	}
	*end = *col;
	for (uint32_t i = err->from; i < err->to && text[i] && text[i] != '\n'; i++)
		*end += ((unsigned char)text[i] & 0xc0) != 0x80;
}

static void
put(FILE *out, const char *key, const char *value)
{
	fprintf(out, "%s\"%s\":", *key == 'k' ? "{" : ",", key);
	if (value)
		twz_json_string(out, value, strlen(value));
	else
		fputs("null", out);
}

static void
show_json(struct lang *l, const struct lang_finding *f)
{
	FILE *out = l->options->out;
	const char *file = f->program->file ? f->program->file : l->options->file;
	uint32_t line, col, end;

	put(out, "kind", f->warning ? "warning" : twz_class_name(f->err.cls));
	put(out, "code", f->warning);
	put(out, "message", f->err.text);
	put(out, "file", file);
	if (f->err.to) {
		number_line(f->program->text, &f->err, &line, &col, &end);
		fprintf(out, ",\"line\":%u,\"col\":%u,\"endcol\":%u", line, col, end);
	} else {
		fputs(",\"line\":null,\"col\":null,\"endcol\":null", out);
	}
	put(out, "hint", f->err.hint[0] ? f->err.hint : NULL);
	fputs("}\n", out);
}

static void
show(struct lang *l, const struct lang_finding *f)
{
	if (lang_is_json(l)) {
		show_json(l, f);
		return;
	}
	l->blamed = (struct lang_program *)(uintptr_t)f->program;
	memcpy(l->gate, f->gate, sizeof(l->gate));
	lang_report_as(l, f->warning, f->program->text, f->program->n, &f->err);
	l->blamed = NULL;
	l->gate[0] = '\0';
}

static void
show_sum(struct lang *l, const struct lang_checker *c)
{
	FILE *out = lang_is_json(l) ? l->options->out : l->options->err;
	size_t warnings = c->nfindings - c->nerrors;

	if (lang_is_json(l)) {
		put(out, "kind", "checked");
		put(out, "file", l->options->file);
		fprintf(out, ",\"errors\":%zu,\"warnings\":%zu,\"late\":%zu,\"registry\":\"%016" PRIx64 "\"}\n",
			c->nerrors, warnings, c->late, c->digest);
	} else if (l->options->verbose) {
		fprintf(out, "%s: %zu errors, %zu warnings; %zu texts are checked at run time, by their converters; "
			"gates as of registry %016" PRIx64 "\n", l->options->file, c->nerrors, warnings,
			c->late, c->digest);
	}
}

/* -- entry ------------------------------------------------------------------------------------- */

static int
by_place(const void *a, const void *b)
{
	const struct lang_finding *const *x = a, *const *y = b;

	if ((*x)->program != (*y)->program)
		return 0;
	return ((*x)->err.from > (*y)->err.from) - ((*x)->err.from < (*y)->err.from);
}

static int
show_all(struct lang *l, struct lang_checker *c)
{
	const struct lang_finding **all = twz_new_array(&c->arena, c->nfindings, const struct lang_finding *);
	int status = 0;
	size_t n = 0;

	for (const struct lang_finding *f = c->findings; f; f = f->next)
		all[n++] = f;
	if (n)
		qsort(all, n, sizeof(struct lang_finding *), by_place);
	for (size_t i = 0; i < n; i++) {
		show(l, all[i]);
		if (!all[i]->warning)
			status = all[i]->err.cls == TWZ_CLASS_SYNTAX ? 2 : status ? status : 3;
	}
	show_sum(l, c);
	return status;
}

/* Files that it imports are looked at too, each with its own variables. */
static void
check_imports(struct lang *l, struct lang_checker *c)
{
	for (struct lang_module *m = l->shared->modules; m; m = m->next) {
		struct lang *peer = lang_new_peer(l);

		peer->module = m;
		lang_check_program(peer, m->program, c);
		lang_free_peer(peer);
	}
}

int
lang_lint(struct lang *l, const char *text, size_t n)
{
	struct lang_program *program = lang_new_program(text, n, NULL, l->module);
	struct lang_checker c = { .lint = true };
	struct twz_error err = { 0 };
	int status;

	lang_begin_turn(l);
	program->keep = true;
	program->next = l->shared->programs;
	l->shared->programs = program;
	l->check = &c;
	l->program = program;
	if (parse_text(program->text, n, &program->arena, &program->root, &err) == LANG_OK) {
		lang_prepare(l, program, program->root);
		if (lang_load_imports(l, program, program->root, &err)) {
			lang_check_program(l, program, &c);
			check_imports(l, &c);
			l->program = program;
			l->check = &c;
			find_secrets(l, program);
		}
	}
	if (err.cls != TWZ_CLASS_NONE)
		lang_found(l, &(struct ast){ .kind = AST_BLOCK }, &err);
	l->check = NULL;
	l->program = NULL;
	status = show_all(l, &c);
	twz_arena_free(&c.arena);
	lang_end_turn(l);
	fflush(l->options->err);
	return status;
}
