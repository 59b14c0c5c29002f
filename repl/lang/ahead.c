/*
 * A stage whose expression is one call of a gate: "map service::gate it 1". Waking a compartment costs more than
 * most gates do, so that calls for several elements share a crossing, where nobody can tell.
 *
 * Nobody can when the gate only looks, by its record, and requires no right; and when the arguments are made of
 * the element, of variables and of literals, without another call. What goes wrong is left to the ordinary way: the
 * elements before it are called for, and the one that it is about is evaluated by itself, with its own message.
 * The same goes for a loop whose body is one such call, "for x in xs { y = service::gate x }", when its arguments do
 * not hang on what the body assigns. What prints the value counts where no terminal shows who wrote first: there a
 * gate's own output has its place between the values.
 *
 * A deadline is for each call. So calls are made together only after some that took little of it, and never so many
 * that as many as them would come near it.
 */
#include "repl/lang/ahead.h"

#include <string.h>

#include "repl/lang/convert.h"

/* "map gate": a stage whose expression only names what is to be called with each element. */
static bool
names_callee(const struct lang *l, const struct ast *a)
{
	const struct lang_binding *b;

	if (a->kind == AST_CALL)
		return !a->nargs;
	if (a->kind != AST_WORD || a->name_n < a->n)
		return false;
	b = lang_lookup(l, a->id);
	return b ? lang_function_of(&b->value) != NULL : a->builtin != NULL;
}

/* The stage's expression with 'it' bound to @it; what is a function is called with it. */
bool
lang_eval_for_it(struct lang *l, const struct ast *expr, const struct twz_value *it,
		 struct twz_value *ret, struct twz_error *err)
{
	size_t scope = l->nbindings;
	struct twz_value f;
	bool done;

	if (expr->kind == AST_LAMBDA)
		return lang_make_function(l, expr, &f, err) &&
		       (lang_call_with(l, &f, it, 1, ret, err) || lang_at(err, expr));
	if (names_callee(l, expr)) {
		struct call_site *site = NULL;
		struct ast call = *expr;

		call.kind = AST_CALL;
		call.head_to = call.to;
		if (expr->kind == AST_WORD)
			call.site = &site;
		return lang_call_node(l, &call, it, ret, err);
	}
	lang_declare(l, lang_name(l, "it", 2), it);
	done = lang_eval(l, expr, ret, err);
	if (done)
		*ret = lang_copy(l->arena, ret);
	lang_leave(l, scope);
	return done;
}

/* Whether to evaluate it does nothing but to give a value. */
static bool
is_still(const struct ast *a)
{
	switch (a->kind) {
	case AST_WORD: case AST_NUMBER: case AST_BOOL: case AST_NONE: case AST_STRING: case AST_TEXT:
	case AST_VAR: case AST_LIST: case AST_RECORD: case AST_PAREN: case AST_FIELD: case AST_INDEX:
	case AST_BINARY: case AST_NOT: case AST_NEGATE:
		break;
	case AST_LAMBDA: case AST_UNWRAP: case AST_CALL: case AST_RUN: case AST_SPAWN: case AST_STAGE:
	case AST_SELECT: case AST_GET: case AST_ASSIGN: case AST_LET: case AST_FN: case AST_PATTERN:
	case AST_IMPORT: case AST_RETURN: case AST_BREAK: case AST_CONTINUE: case AST_BLOCK: case AST_IF:
	case AST_MATCH: case AST_WHILE: case AST_FOR: case AST_TIMEOUT: case AST_ARM: case AST_TRY:
	case AST_PIPE:
		return false;
	}
	for (uint32_t i = 0; i < a->nitems; i++)
		if (!is_still(a->items[i]))
			return false;
	for (uint32_t i = 0; i < a->nargs; i++)
		if (a->args[i].value && !is_still(a->args[i].value))
			return false;
	return true;
}

static bool
may_call_ahead(struct lang *l, const struct ast *expr)
{
	const struct lang_options *o = l->options;
	struct twz_error ignored = { 0 };
	struct call_site *site;

	if (!o->host->call_many || l->check || o->trace || o->dry_run || l->debugged || expr->kind != AST_CALL ||
	    !expr->is_path || l->program->module->nimports)
		return false;
	for (uint32_t i = 0; i < expr->nargs; i++)
		if (expr->args[i].value && !is_still(expr->args[i].value))
			return false;
	if (!lang_resolve(l, expr, !expr->nargs, &site, &ignored))
		return false;
	for (uint32_t i = 0; i < site->nparams; i++)
		if (lang_takes_object(&site->params[i].want) || lang_takes_function(&site->params[i].want))
			return false;
	/* What is built in has no file, and no compartment. */
	return site->gate->readonly && !*site->gate->requires && *site->service->path && !site->program;
}

static struct twz_value
element(const struct lang_ahead *ahead, size_t i)
{
	return ahead->items ? ahead->items[i] : twz_int(NULL, ahead->start + (twz_wide)i);
}

/* The arguments of the call for one element; NULL: the ordinary way is to say what is wrong, or to call. */
static const struct twz_value *
arguments_for(struct lang *l, const struct lang_ahead *ahead, const struct ast *expr, size_t i)
{
	struct call_site *site = *expr->site;
	struct twz_value *args = twz_new_array(l->arena, site->nparams, struct twz_value);
	struct twz_value it = element(ahead, i);
	struct twz_error ignored = { 0 };
	size_t scope = l->nbindings;
	uint64_t later;
	bool done;

	if (expr->nargs)
		lang_declare(l, ahead->name, &it);
	done = lang_convert_all(l, site, expr->nargs ? NULL : &it, args, &later, &ignored);
	lang_leave(l, scope);
	return done && !later ? args : NULL;
}

/* As many more as the last crossing's time allows. */
static void
adapt(struct lang_ahead *ahead, int64_t took, int64_t left)
{
	if (left < 0 || took < left / LANG_AHEAD)
		ahead->most = ahead->most * 2 < LANG_AHEAD ? ahead->most * 2 : LANG_AHEAD;
	else
		ahead->most = 1;
}

/* As many as there are arguments for. */
static size_t
collect(struct lang *l, const struct lang_ahead *ahead, const struct ast *expr, size_t i,
	const struct twz_value **args)
{
	size_t n = 0;

	while (n < ahead->most && i + n < ahead->total && (args[n] = arguments_for(l, ahead, expr, i + n)))
		n++;
	return n;
}

/* Makes the calls for elements from @i on, two at least. False: none was made. */
static bool
call_ahead(struct lang *l, struct lang_ahead *ahead, const struct ast *expr, size_t i)
{
	const struct twz_value *args[LANG_AHEAD];
	int64_t begun = lang_now(), left = lang_time_left(l);
	struct twz_arena *outer = l->arena;
	size_t n;

	/* What is made ahead outlives the turn that makes it; those before it are done with. */
	if (ahead->arena) {
		twz_arena_reset(ahead->arena);
		l->arena = ahead->arena;
		ahead->values = NULL;
	}
	n = collect(l, ahead, expr, i, args);
	if (n >= 2) {
		ahead->values = twz_new_array(l->arena, n, struct twz_value);
		ahead->first = i;
		ahead->n = lang_call_gates(l, *expr->site, args, n, ahead->values, &ahead->failure);
		ahead->failed = ahead->n < n && ahead->failure.cls != TWZ_CLASS_NONE;
		adapt(ahead, lang_now() - begun, left);
	}
	l->arena = outer;
	return n >= 2;
}

/* Of the calls that were made already; false: this one was not. */
static bool
is_there(const struct lang_ahead *ahead, size_t i)
{
	return ahead->values && i - ahead->first < ahead->n + ahead->failed;
}

static bool
take(struct lang *l, const struct lang_ahead *ahead, const struct ast *expr, size_t i, struct twz_value *ret,
     struct twz_error *err)
{
	const struct call_site *site = *expr->site;

	if (i - ahead->first < ahead->n) {
		*ret = ahead->values[i - ahead->first];
		return true;
	}
	*err = ahead->failure;
	snprintf(l->gate, sizeof(l->gate), "%s::%s", site->service->name, site->gate->name);
	return lang_at(err, expr);
}

static bool
next(struct lang *l, struct lang_ahead *ahead, const struct ast *expr, size_t i, struct twz_value *ret,
     struct twz_error *err)
{
	struct twz_value it;
	int64_t begun, left;
	bool done;

	if (is_there(ahead, i) || (ahead->may && ahead->most > 1 && call_ahead(l, ahead, expr, i)))
		return take(l, ahead, expr, i, ret, err);
	begun = ahead->may ? lang_now() : 0;
	left = lang_time_left(l);
	it = element(ahead, i);
	done = ahead->arena ? lang_call_node(l, expr, NULL, ret, err) : lang_eval_for_it(l, expr, &it, ret, err);
	if (!ahead->may)
		return done;
	if (!ahead->most)
		ahead->most = 1;	/* the first starts the compartment, and says nothing of the others */
	else
		adapt(ahead, lang_now() - begun, left);
	return done;
}

bool
lang_ahead_next(struct lang *l, struct lang_ahead *ahead, const struct ast *expr,
		const struct twz_value *list, size_t i, struct twz_value *ret, struct twz_error *err)
{
	if (!i) {
		ahead->name = lang_name(l, "it", 2);
		ahead->items = list->list.items;
		ahead->total = list->list.n;
		ahead->may = ahead->total > 2 && may_call_ahead(l, expr);
	}
	return next(l, ahead, expr, i, ret, err);
}

/* -- loops ---------------------------------------------------------------------------------------- */

static bool
mentions(const struct ast *a, uint32_t name)
{
	if (name && (a->kind == AST_WORD || a->kind == AST_VAR) && a->id == name)
		return true;
	for (uint32_t i = 0; i < a->nitems; i++)
		if (mentions(a->items[i], name))
			return true;
	for (uint32_t i = 0; i < a->nargs; i++)
		if (a->args[i].value && mentions(a->args[i].value, name))
			return true;
	return false;
}

/* Whether who looks at the output could tell when it was written. */
static bool
is_watched(const struct lang_options *o)
{
	return o->out_tty || o->output == LANG_JSONL;
}

/* The one call that a body is, whose value it assigns, prints, or drops; NULL: it is something else. */
static const struct ast *
only_call(const struct lang *l, const struct ast *body)
{
	const struct ast *a = body->nitems == 1 ? body->items[0] : NULL;
	uint32_t assigned = 0;

	if (a && (a->kind == AST_ASSIGN || a->kind == AST_LET)) {
		assigned = a->id;
		if (memchr(a->text, '.', a->n) || a->nitems != 1 || a->nargs)
			return NULL;
		a = a->items[0];
	} else if (a && a->kind == AST_CALL && a->builtin && !strcmp(a->builtin->name, "print") && a->nargs == 1 &&
		   !a->args[0].name && !is_watched(l->options)) {
		a = a->args[0].value;
	}
	while (a && a->kind == AST_PAREN && a->nitems == 1)
		a = a->items[0];
	return a && a->kind == AST_CALL && a->is_path && a->nargs && !mentions(a, assigned) ? a : NULL;
}

void
lang_loop_begin(struct lang *l, struct lang_loop *loop, const struct ast *body)
{
	loop->outer = l->loop;
	loop->call = loop->ahead.total > 2 && !l->check ? only_call(l, body) : NULL;
	loop->ahead.arena = &loop->arena;
	l->loop = loop;
}

void
lang_loop_end(struct lang *l, struct lang_loop *loop)
{
	l->loop = loop->outer;
	twz_arena_free(&loop->arena);
}

bool
lang_loop_call(struct lang *l, const struct ast *call, struct twz_value *ret, struct twz_error *err)
{
	struct lang_loop *loop = l->loop;
	bool done;

	l->loop = NULL;
	if (!loop->i)
		loop->ahead.may = may_call_ahead(l, call);
	done = next(l, &loop->ahead, call, loop->i, ret, err);
	l->loop = loop;
	return done;
}
