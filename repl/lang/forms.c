/*
 * time, explain, watch, debug: they take a call, not its value. `time calc::add 1 2` is written as a call of
 * time with the words of a call behind it; before anything else is done with it, these become a call. But for
 * debug it is a whole pipe that they take.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "repl/lang/convert.h"
#include "repl/lang/interp.h"
#include "twz/typetext.h"

enum { EVERY_NS = 1000000000, SLICE_NS = 50000000 };

static const char *const names[] = { "time", "explain", "watch", "debug" };

bool
lang_is_form(const char *name)
{
	for (size_t i = 0; i < TWZ_COUNT(names); i++)
		if (*names[i] == *name && !strcmp(names[i], name))
			return true;
	return false;
}

static bool
is_duration(const struct ast *a)
{
	int64_t ignored;

	return (a->kind == AST_WORD || a->kind == AST_NUMBER) && lang_duration(a->text, &ignored);
}

/* The words from @first on become one call, unless they are an expression in parentheses already. */
static void
open_call(struct twz_arena *arena, struct ast *a)
{
	uint32_t first = !strcmp(a->text, "watch") && a->nargs > 1 && a->args[0].value && !a->args[0].name &&
			 is_duration(a->args[0].value);
	struct ast *head = a->nargs > first && !a->args[first].name ? a->args[first].value : NULL, *call;

	if (!head || head->kind != AST_WORD || (a->nargs == first + 1 && !strstr(head->text, "::")))
		return;
	call = twz_new(arena, struct ast);
	*call = (struct ast){ .kind = AST_CALL, .from = head->from, .to = a->to, .head_to = head->to,
			      .depth = a->depth, .ncalls = a->ncalls, .text = head->text, .n = head->n,
			      .args = a->args + first + 1, .nargs = a->nargs - first - 1,
			      .site = twz_new(arena, struct call_site *) };
	a->args[first].value = call;
	a->args[first].to = a->to;
	a->nargs = first + 1;
}

/* What stands behind it belongs to it: time a | b is how long both take. */
static void
open_pipe(struct twz_arena *arena, struct ast *a)
{
	const struct ast *form = a->items[0];
	struct ast *pipe;

	if (!form->nargs || form->args[form->nargs - 1].name || !strcmp(form->text, "debug"))
		return;
	pipe = twz_new(arena, struct ast);
	*pipe = *a;
	pipe->items[0] = form->args[form->nargs - 1].value;
	pipe->from = pipe->items[0]->from;
	*a = *form;
	a->to = pipe->to;
	a->args[a->nargs - 1].value = pipe;
	a->args[a->nargs - 1].to = pipe->to;
}

static bool
is_form(const struct ast *a)
{
	return a->kind == AST_CALL && lang_is_form(a->text);
}

void
lang_open_form(struct twz_arena *arena, struct ast *a)
{
	if (is_form(a)) {
		open_call(arena, a);
	} else if (a->kind == AST_PIPE && is_form(a->items[0])) {
		open_call(arena, a->items[0]);
		open_pipe(arena, a);
	}
}

/* -- time ----------------------------------------------------------------------------------------- */

static bool
run_time(struct lang *l, const struct ast *a, struct twz_value *ret, struct twz_error *err)
{
	int64_t begun = lang_now(), ns;
	bool done = lang_eval(l, a, ret, err);

	if (l->check)
		return done;
	ns = lang_now() - begun;
	fflush(l->options->out);
	if (ns < 10000)
		fprintf(l->options->err, "%d ns\n", (int)ns);
	else if (ns < 10000000)
		fprintf(l->options->err, "%.0f µs\n", (double)ns / 1e3);
	else if (ns < 10000000000)
		fprintf(l->options->err, "%.0f ms\n", (double)ns / 1e6);
	else
		fprintf(l->options->err, "%.1f s\n", (double)ns / 1e9);
	return done;
}

/* -- explain -------------------------------------------------------------------------------------- */

/* How the argument of a parameter came about, as one line. */
static const char *
how(struct lang *l, const struct site_param *p, const struct call_site *site)
{
	const struct ast *a = p->node;
	const char *type = twz_type_text(l->arena, p->want.type);
	struct twz_error err = { 0 };
	struct twz_value v;

	if (p->piped)
		return twz_format(l->arena, "%s, from what stands before '|'", type);
	if (lang_asks(l, p))
		return "asked for, without an echo";
	if (p->want.secret)
		return "******, never shown";
	if (!a)
		return p->value.kind == TWZ_VALUE_NONE ? "left out: none"
						       : twz_format(l->arena, "%s", lang_value_text(l->arena, &p->value));
	switch (convert_argument(l, &p->want, a, false, &v, &err)) {
	case CONVERT_DONE:
		if (a->kind == AST_VAR || (a->kind == AST_WORD && a->id && lang_lookup(l, a->id)))
			return twz_format(l->arena, "variable %s: %s", a->text, type);
		return twz_format(l->arena, "%s: %s", lang_value_text(l->arena, &v), type);
	case CONVERT_LATER:
		if (a->kind == AST_WORD || a->kind == AST_STRING || a->kind == AST_TEXT || a->kind == AST_NUMBER) {
			const struct twz_gate *by = twz_converter_find(site->service, TWZ_ROLE_FROM_STRING, type);

			return twz_format(l->arena, "text '%s' → %s%s%s%s", a->text, type, by ? " by " : "",
					  by ? twz_format(l->arena, "%s::", site->service->name) : "",
					  by ? by->name : "");
		}
		return twz_format(l->arena, "an expression, for %s", type);
	case CONVERT_FAILED:
		break;
	}
	return err.text[0] ? twz_strdup(l->arena, err.text) : "cannot be converted";
}

static bool
explain_gate(struct lang *l, const struct ast *a, bool piped, struct twz_error *err)
{
	FILE *out = l->options->out;
	struct call_site *site;

	if (!lang_resolve(l, a, piped, &site, err))
		return lang_at(err, a);
	fprintf(out, "%s::%s\n", site->service->name, twz_signature_text(l->arena, site->gate));
	if (site->gate->doc && *site->gate->doc) {
		fputs("  ", out);
		lang_write_escaped(out, site->gate->doc, strlen(site->gate->doc), "");
		fputc('\n', out);
	}
	for (uint32_t i = 0; i < site->nparams; i++) {
		const char *text = how(l, &site->params[i], site);

		fprintf(out, "  %-12s ", site->params[i].want.param->name);
		lang_write_escaped(out, text, strlen(text), "");
		fputc('\n', out);
	}
	return true;
}

static bool
explain(struct lang *l, const struct ast *a, bool piped, struct twz_error *err)
{
	const struct lang_binding *b = a->kind == AST_CALL && !a->is_path ? lang_lookup(l, a->id) : NULL;

	if (a->kind == AST_CALL && a->is_path) {
		if (!explain_gate(l, a, piped, err))
			return false;
	} else if (b && lang_function_of(&b->value)) {
		fprintf(l->options->out, "%s: a function of this session\n", a->text);
	} else if (a->kind == AST_CALL && a->builtin) {
		fprintf(l->options->out, "%s\n  %s\n", a->builtin->usage, a->builtin->help);
	}
	for (uint32_t i = 0; i < a->nitems; i++)
		if (!explain(l, a->items[i], a->kind == AST_PIPE && i, err))
			return false;
	for (uint32_t i = 0; i < a->nargs; i++)
		if (a->args[i].value && !explain(l, a->args[i].value, false, err))
			return false;
	return true;
}

static bool
run_explain(struct lang *l, const struct ast *a, struct twz_value *ret, struct twz_error *err)
{
	*ret = twz_unit();
	if (l->check)
		return lang_check(l, a, err);
	return explain(l, a, false, err);
}

/* -- watch ---------------------------------------------------------------------------------------- */

/* False when the user, or the block around it, wants an end. */
static bool
wait_for_next(struct lang *l, int64_t ns, struct twz_error *err)
{
	int64_t end = lang_now() + ns;

	for (;;) {
		int64_t left = end - lang_now();
		struct timespec t = { 0 };

		if (!lang_go_on(l, err))
			return false;
		if (left <= 0)
			return true;
		t.tv_nsec = left < SLICE_NS ? left : SLICE_NS;
		lang_end_turn(l);
		nanosleep(&t, NULL);
		lang_begin_turn(l);
	}
}

static bool
show_turn(struct lang *l, const struct ast *a, struct twz_error *err)
{
	const struct lang_options *o = l->options;
	struct twz_value v;

	if (!lang_eval(l, a, &v, err))
		return false;
	if (o->out_tty && !o->plain)
		fputs("\033[H\033[J", o->out);
	return lang_show(l, &v, err) && (!fflush(o->out) || lang_fail_output(l, err));
}

/* Ends by Ctrl-C, which is how it is meant to end. */
static bool
run_watch(struct lang *l, const struct ast *a, int64_t every, struct twz_value *ret, struct twz_error *err)
{
	struct twz_arena *outer = l->arena, turn = { 0 };
	bool good = true;

	*ret = twz_unit();
	if (l->check)
		return lang_eval(l, a, ret, err);
	l->arena = &turn;
	while (good) {
		good = show_turn(l, a, err) && wait_for_next(l, every, err);
		twz_arena_reset(&turn);
	}
	l->arena = outer;
	twz_arena_free(&turn);
	if (err->cls != TWZ_CLASS_INTERRUPTED)
		return false;
	*err = (struct twz_error){ 0 };
	return true;
}

/* -- debug ---------------------------------------------------------------------------------------- */

static bool
run_debug(struct lang *l, const struct ast *a, struct twz_value *ret, struct twz_error *err)
{
	const struct call_site *outer = l->debugged;
	struct call_site *site;
	bool done;

	if (a->kind != AST_CALL || !a->is_path) {
		lang_type_error(err, "debug takes the call of a gate: debug SERVICE::GATE ARG …");
		return lang_at(err, a);
	}
	if (l->check)
		return lang_eval(l, a, ret, err);
	if (!lang_resolve(l, a, false, &site, err))
		return lang_at(err, a);
	fflush(l->options->out);
	l->debugged = site;
	done = lang_eval(l, a, ret, err);
	l->debugged = outer;
	return done;
}

/* -- entry ---------------------------------------------------------------------------------------- */

bool
lang_run_form(struct lang *l, const struct ast *a, bool piped, struct twz_value *ret,
	      struct twz_error *err)
{
	const struct ast *call = a->nargs ? a->args[a->nargs - 1].value : NULL;
	int64_t every = EVERY_NS;

	if (piped || !call || a->args[0].name || a->nargs > 2 ||
	    (a->nargs == 2 && (strcmp(a->text, "watch") || !is_duration(a->args[0].value) ||
			       !lang_duration(a->args[0].value->text, &every)))) {
		lang_type_error(err, "%s takes one call: %s", a->text, a->builtin->usage);
		return lang_at(err, a);
	}
	if (!strcmp(a->text, "time"))
		return run_time(l, call, ret, err);
	if (!strcmp(a->text, "debug"))
		return run_debug(l, call, ret, err);
	return !strcmp(a->text, "explain") ? run_explain(l, call, ret, err) : run_watch(l, call, every, ret, err);
}
