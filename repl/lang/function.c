/*
 * Functions of the language: fn NAME(…) { … } and {|a, b| …}.
 *
 * A function sees the variables outside of all blocks of its text as they are when it runs, and those
 * of the block or function it stands in as they were when it was made: it takes copies of these along.
 * It never writes any of them.
 */
#include <stdio.h>
#include <string.h>

#include "repl/lang/check.h"
#include "repl/lang/convert.h"
#include "repl/lang/interp.h"
#include "twz/nearest.h"

enum { CALLS_MAX = 100 };

/* -- making ------------------------------------------------------------------------------------ */

/* The types in the parameter list, once. */
static bool
resolve_types(struct lang *l, struct lang_function *f, struct twz_error *err)
{
	const struct ast *a = f->ast;

	if (f->resolved)
		return true;
	for (uint32_t i = 0; i < a->nargs; i++) {
		if (!a->args[i].type)
			continue;
		if (!lang_type_named(l, a->args[i].type, &f->types[i], err))
			return lang_at_span(err, a->args[i].from, a->args[i].to);
		f->services[i] = lang_type_service(l, a->args[i].type);
	}
	if (a->type && !lang_type_named(l, a->type, &f->result, err))
		return lang_at(err, a);
	f->resolved = true;
	return true;
}

static bool
is_captured(const struct lang *l, const struct lang_binding *b)
{
	return b && (size_t)(b - l->bindings) >= l->nvisible;
}

bool
lang_make_function(struct lang *l, const struct ast *a, struct twz_value *ret, struct twz_error *err)
{
	struct lang_function *f = a->function;
	struct twz_value *items;
	const char **names;
	size_t n = 0;

	if (!resolve_types(l, f, err))
		return false;
	f->program->keep = true;
	for (uint32_t i = 0; i < f->nmentions; i++)
		n += is_captured(l, lang_lookup(l, f->mentions[i]));
	items = twz_new_array(l->arena, n, struct twz_value);
	names = twz_new_array(l->arena, n, const char *);
	n = 0;
	for (uint32_t i = 0; i < f->nmentions; i++) {
		struct lang_binding *b = lang_lookup(l, f->mentions[i]);

		if (!is_captured(l, b))
			continue;
		b->read = true;
		items[n] = b->value;
		names[n++] = lang_name_text(l, b->name);
	}
	*ret = twz_record(&f->type, names, items, n);
	return true;
}

/* -- calling ----------------------------------------------------------------------------------- */

static bool
check_result(struct lang *l, const struct lang_function *f, struct twz_value *v,
	     struct twz_error *err)
{
	struct convert_want want = { .type = f->result };
	struct twz_value inner = *v;

	if (!f->result || v->kind == TWZ_VALUE_OK || v->kind == TWZ_VALUE_ERR)
		return true;
	return convert_value(&want, &inner, l->arena, v, err) ||
	       twz_wrap(err, "the result of %s", *f->name ? f->name : "the function");
}

/* In a check a body that ends with a statement may have returned before. */
static bool
gives_value(const struct lang *l, const struct lang_function *f)
{
	const struct ast *body = f->ast->items[0];
	const struct ast *last = body->nitems ? body->items[body->nitems - 1] : body;

	for (uint32_t i = 0; l->check && i < body->nitems; i++)
		if (body->items[i]->kind == AST_RETURN)
			return false;
	return !l->check || (last->kind < AST_BLOCK && last->kind != AST_PIPE);
}

/* Runs the body in a frame of its own; its temporaries go when it ends. */
static bool
run_body(struct lang *l, const struct lang_function *f, struct twz_value *ret, struct twz_error *err)
{
	struct twz_arena *outer = l->arena;
	TWZ_ARENA arena = { 0 };
	bool done;

	l->arena = &arena;
	done = lang_eval_block(l, f->ast->items[0], ret, err);
	if (!done && l->flow == FLOW_RETURN) {
		l->flow = FLOW_NONE;
		*ret = l->returned;
		done = true;
	}
	done = done && (!gives_value(l, f) || check_result(l, f, ret, err));
	l->arena = outer;
	if (done)
		*ret = lang_copy(outer, ret);
	return done;
}

/* What the function took along, itself, and its parameters. */
static void
declare_all(struct lang *l, const struct lang_function *f, const struct twz_value *function,
	    const struct twz_value *args, size_t nargs)
{
	for (size_t i = 0; i < function->list.n; i++) {
		const char *name = function->list.names[i];

		lang_declare(l, lang_name(l, name, strlen(name)), &function->list.items[i])->is_fn =
			lang_function_of(&function->list.items[i]) != NULL;
	}
	if (*f->name && !lang_lookup(l, f->ast->id))
		lang_declare(l, f->ast->id, function)->is_fn = true;
	for (size_t i = 0; i < nargs; i++)
		lang_declare(l, f->ast->args[i].id, &args[i]);
}

/* The call in the interpreter whose variables the function sees. */
static bool
call_here(struct lang *l, const struct lang_function *f, const struct twz_value *function,
	  const struct twz_value *args, size_t nargs, struct twz_value *ret, struct twz_error *err)
{
	struct lang_program *program = l->program;
	size_t scope = l->nbindings, nvisible = l->nvisible;
	uint32_t frame = l->frame;
	unsigned holding = l->holding;
	bool done;

	l->frame = ++l->calls;
	l->holding = 0;
	l->nvisible = l->nglobals;
	l->program = f->program;
	declare_all(l, f, function, args, nargs);
	done = run_body(l, f, ret, err);
	lang_leave(l, scope);
	l->calls--;
	l->frame = frame;
	l->holding = holding;
	l->nvisible = nvisible;
	l->program = program;
	return done;
}

/* The same in another one: it goes on with our time and depth. */
static bool
call_there(struct lang *l, struct lang *m, const struct lang_function *f,
	   const struct twz_value *function, const struct twz_value *args, size_t nargs,
	   struct twz_value *ret, struct twz_error *err)
{
	struct lang saved = *m;
	bool done;

	m->arena = l->arena;
	m->depth = l->depth;
	m->calls = l->calls;
	m->timeout_ns = l->timeout_ns;
	m->deadline_ns = l->deadline_ns;
	m->deadline_after_ns = l->deadline_after_ns;
	done = call_here(m, f, function, args, nargs, ret, err);
	l->flow = m->flow;
	l->exit_status = m->exit_status;
	if (!done && m->gate[0])
		memcpy(l->gate, m->gate, sizeof(l->gate));
	m->flow = FLOW_NONE;
	m->arena = saved.arena;
	m->depth = saved.depth;
	m->calls = saved.calls;
	m->timeout_ns = saved.timeout_ns;
	m->deadline_ns = saved.deadline_ns;
	m->deadline_after_ns = saved.deadline_after_ns;
	return done;
}

bool
lang_call_function(struct lang *l, const struct twz_value *function, const struct twz_value *args,
		   size_t nargs, struct twz_value *ret, struct twz_error *err)
{
	const struct lang_function *f = lang_function_of(function);
	struct lang_program *program = l->program;
	struct lang *m = l;
	bool done;

	if (l->check) {
		*ret = lang_unknown(f->result);
		return true;
	}
	if (l->calls >= CALLS_MAX)
		return lang_type_error(err, "functions call each other too deeply");
	if (f->program->module != l->module && !lang_peer(l, f->program->module, &m, err))
		return false;
	done = m == l ? call_here(l, f, function, args, nargs, ret, err)
		      : call_there(l, m, f, function, args, nargs, ret, err);
	if (!done && f->program != program)
		lang_blame(l, f->program, err);
	return done;
}

void
lang_check_body(struct lang *l, const struct ast *a)
{
	const struct lang_function *outer = l->check->function, *f = a->function;
	unsigned loops = l->check->loops, tries = l->check->tries;
	struct twz_value function, v, *args = twz_new_array(l->arena, a->nargs, struct twz_value);
	struct twz_error err = { 0 };

	if (l->calls >= CALLS_MAX || !lang_make_function(l, a, &function, &err)) {
		lang_found(l, a, &err);
		return;
	}
	for (uint32_t i = 0; i < a->nargs; i++) {
		args[i] = lang_unknown(f->types[i]);
		if (a->args[i].value && f->types[i]) {
			struct convert_want want = { .type = f->types[i], .service = f->services[i] };

			if (convert_argument(l, &want, a->args[i].value, true, &v, &err) != CONVERT_DONE)
				lang_found(l, a->args[i].value, &err);
		}
	}
	l->check->function = f;
	l->check->loops = l->check->tries = 0;
	if (!call_here(l, f, &function, args, a->nargs, &v, &err))
		lang_found(l, a->items[0], &err);
	l->check->function = outer;
	l->check->loops = loops;
	l->check->tries = tries;
}

bool
lang_call_with(struct lang *l, const struct twz_value *function, const struct twz_value *args,
	       size_t nargs, struct twz_value *ret, struct twz_error *err)
{
	const struct lang_function *f = lang_function_of(function);
	struct twz_value *fit = twz_new_array(l->arena, nargs, struct twz_value);

	if (nargs != f->ast->nargs)
		return lang_type_error(err, "%s arguments: the function takes %u",
				       nargs < f->ast->nargs ? "missing" : "too many", f->ast->nargs);
	for (size_t i = 0; i < nargs; i++) {
		struct convert_want want = { .type = f->types[i], .service = f->services[i] };

		if (!want.type)
			fit[i] = args[i];
		else if (!convert_value(&want, &args[i], l->arena, &fit[i], err))
			return false;
	}
	return lang_call_function(l, function, fit, nargs, ret, err);
}

/* -- handing out arguments --------------------------------------------------------------------- */

/* A call whose arguments are being handed out. */
struct handout {
	struct lang *l;
	const struct lang_function *f;
	const struct ast *call;
	bool calls;			/* false: only what can be known without a call */
	struct twz_value *args;
	bool *filled;
	uint32_t next;
};

/* The parameter of @fn called @name, or -1. */
static int
param_named(const struct ast *fn, const char *name)
{
	for (uint32_t i = 0; i < fn->nargs; i++)
		if (!strcmp(fn->args[i].name, name))
			return (int)i;
	return -1;
}

/* Words as they are written, on one line: without comments, with one blank where there are more. */
static const char *
on_one_line(struct twz_arena *arena, const char *text, uint32_t n)
{
	char *line = twz_alloc(arena, n + 1), quote = 0;
	uint32_t used = 0;

	for (uint32_t i = 0; i < n; i++) {
		if (!quote && text[i] == '#')
			while (i < n && text[i] != '\n')
				i++;
		if (i < n && !quote && strchr(" \t\r\n", text[i])) {
			if (used && line[used - 1] != ' ')
				line[used++] = ' ';
			continue;
		}
		if (i == n)
			break;
		if (quote && text[i] == '\\' && i + 1 < n)
			line[used++] = text[i++];
		else if (text[i] == '"' || text[i] == '\'')
			quote = !quote ? text[i] : quote == text[i] ? 0 : quote;
		line[used++] = text[i];
	}
	while (used && line[used - 1] == ' ')
		used--;
	line[used] = '\0';
	return line;
}

/* "fn f(a: int, --loud: bool = false)". */
static const char *
signature(const struct handout *h)
{
	const struct ast *fn = h->f->ast;
	uint32_t from = fn->from, to = fn->items[0]->from;
	const char *text = h->f->program->text;

	if (fn->kind == AST_LAMBDA) {
		const struct twz_value v = twz_record(&h->f->type, NULL, NULL, 0);

		return lang_value_text(h->l->arena, &v);
	}
	return on_one_line(h->l->arena, text + from, to - from);
}

static bool
wrong_count(const struct handout *h, const char *what, struct twz_error *err)
{
	lang_type_error(err, "%s: %s", what, signature(h));
	return lang_at(err, h->call);
}

static bool
no_param(const struct handout *h, const struct ast_arg *arg, struct twz_error *err)
{
	const struct ast *fn = h->f->ast;
	const char **names = twz_new_array(h->l->arena, fn->nargs, const char *), *near;

	for (uint32_t i = 0; i < fn->nargs; i++)
		names[i] = fn->args[i].name;
	near = twz_nearest(arg->name, names, fn->nargs);
	lang_type_error(err, "no parameter '%s': %s", arg->name, signature(h));
	if (near)
		twz_hint(err, "did you mean --%s?", near);
	return lang_at_span(err, arg->from, arg->name_to);
}

/* For its type, else a number is a number and a word a text. */
static bool
take_value(struct handout *h, uint32_t i, const struct ast *a, struct twz_error *err)
{
	struct convert_want want = { .type = h->f->types[i], .service = h->f->services[i] };
	enum convert_result r;

	if (want.type) {
		r = convert_argument(h->l, &want, a, h->calls, &h->args[i], err);
		return (r != CONVERT_FAILED && (r == CONVERT_DONE || !h->calls)) || lang_at(err, a);
	}
	if (!h->calls)
		return lang_check(h->l, a, err);
	if (a->kind == AST_NUMBER || a->kind == AST_BOOL)
		return lang_eval(h->l, a, &h->args[i], err) || lang_at(err, a);
	return lang_any_argument(h->l, a, &h->args[i], err);
}

static bool
is_bool(const struct handout *h, uint32_t i)
{
	const struct twz_type *t = h->f->types[i];

	return t && twz_type_strip(t)->kind == TWZ_BOOL;
}

/* --name=v, --name v, --flag, --no-flag: as gates have them. @left: what is an argument of its own. */
static bool
hand_out_named(struct handout *h, const struct ast_arg *arg, const struct ast **left,
	       struct twz_error *err)
{
	const struct ast *fn = h->f->ast;
	int at = param_named(fn, arg->name);
	bool no = at < 0 && !strncmp(arg->name, "no-", 3) && !arg->glued;

	if (no)
		at = param_named(fn, arg->name + 3);
	if (at < 0 || (no && !is_bool(h, (uint32_t)at)))
		return no_param(h, arg, err);
	if (h->filled[at]) {
		lang_type_error(err, "argument '%s' is given twice", fn->args[at].name);
		return lang_at_span(err, arg->from, arg->to);
	}
	h->filled[at] = true;
	if (!arg->value || (is_bool(h, (uint32_t)at) && !arg->glued &&
			    (no || arg->value->kind != AST_BOOL))) {
		*left = arg->value;
		h->args[at] = twz_bool(!no);
		return true;
	}
	return take_value(h, (uint32_t)at, arg->value, err);
}

static bool
hand_out_next(struct handout *h, const struct ast *value, struct twz_error *err)
{
	const struct ast *fn = h->f->ast;

	while (h->next < fn->nargs && (h->filled[h->next] || fn->args[h->next].named))
		h->next++;
	if (h->next == fn->nargs)
		return wrong_count(h, "too many arguments", err);
	h->filled[h->next] = true;
	return take_value(h, h->next, value, err);
}

/* Parameters that got nothing: their default, or none where that is a value. */
static bool
fill_defaults(struct handout *h, struct twz_error *err)
{
	const struct ast *fn = h->f->ast;

	for (uint32_t i = 0; i < fn->nargs; i++) {
		if (h->filled[i])
			continue;
		if (fn->args[i].value) {
			if (!take_value(h, i, fn->args[i].value, err))
				return false;
		} else if (h->f->types[i] && h->f->types[i]->kind == TWZ_OPTION) {
			h->args[i] = (struct twz_value){ .kind = TWZ_VALUE_NONE };
		} else {
			return wrong_count(h, twz_format(h->l->arena, "missing argument '%s'",
							 fn->args[i].name), err);
		}
	}
	return true;
}

/* @piped NULL and @is_piped: a value that is not known yet. */
static bool
hand_out(struct handout *h, const struct twz_value *piped, bool is_piped, struct twz_error *err)
{
	const struct ast *fn = h->f->ast, *call = h->call;
	const struct ast **left = twz_new_array(h->l->arena, call->nargs, const struct ast *);
	struct convert_want want = { .type = fn->nargs ? h->f->types[0] : NULL };

	h->args = twz_new_array(h->l->arena, fn->nargs, struct twz_value);
	h->filled = twz_new_array(h->l->arena, fn->nargs, bool);
	if (is_piped && !fn->nargs)
		return wrong_count(h, "too many arguments", err);
	if (is_piped)
		h->filled[0] = true;
	if (piped) {
		h->args[0] = *piped;
		if (want.type && !convert_value(&want, piped, h->l->arena, &h->args[0], err))
			return lang_at(err, call);
	}
	for (uint32_t i = 0; i < call->nargs; i++)
		if (call->args[i].name && !hand_out_named(h, &call->args[i], &left[i], err))
			return false;
	for (uint32_t i = 0; i < call->nargs; i++) {
		const struct ast *value = call->args[i].name ? left[i] : call->args[i].value;

		if (value && !hand_out_next(h, value, err))
			return false;
	}
	return fill_defaults(h, err);
}

/* A failure passes through: who called what, for -v. */
static void
note_frame(struct lang *l, const struct lang_function *f, const struct ast *call)
{
	struct lang *root = l->root;
	const char *text = l->program->text;
	struct lang_frame *frame = &root->frames[root->nframes];

	if (root->nframes == TWZ_COUNT(root->frames) || call->from > l->program->n)
		return;
	root->nframes++;
	*frame = (struct lang_frame){ .line = 1, .col = 1,
				      .file = l->program->file ? l->program->file : l->options->file };
	snprintf(frame->name, sizeof(frame->name), "%s", *f->name ? f->name : call->text);
	for (uint32_t i = 0; i < call->from; i++) {
		frame->col += ((unsigned char)text[i] & 0xc0) != 0x80;
		if (text[i] == '\n') {
			frame->line++;
			frame->col = 1;
		}
	}
}

bool
lang_apply(struct lang *l, const struct twz_value *function, const struct ast *call,
	   const struct twz_value *piped, struct twz_value *ret, struct twz_error *err)
{
	struct handout h = { .l = l, .f = lang_function_of(function), .call = call, .calls = true };

	if (!hand_out(&h, piped, piped != NULL, err))
		return false;
	if (lang_call_function(l, function, h.args, h.f->ast->nargs, ret, err))
		return true;
	if (err->cls != TWZ_CLASS_NONE)
		note_frame(l, h.f, call);
	return lang_at(err, call);
}

bool
lang_apply_check(struct lang *l, const struct twz_value *function, const struct ast *call, bool piped,
		 struct twz_error *err)
{
	struct handout h = { .l = l, .f = lang_function_of(function), .call = call };

	return hand_out(&h, NULL, piped, err);
}
