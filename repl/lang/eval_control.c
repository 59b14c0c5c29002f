/* Statements: blocks, variables, functions, loops. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "repl/lang/ahead.h"
#include "repl/lang/check.h"
#include "repl/lang/convert.h"
#include "repl/lang/interp.h"
#include "repl/lang/number.h"

/* -- blocks ------------------------------------------------------------------------------------ */

static bool
check_block(struct lang *l, const struct ast *a, struct twz_value *ret)
{
	size_t scope = l->nbindings, outer = l->check->scope;

	l->check->scope = scope;
	lang_check_statements(l, a, ret);
	*ret = lang_copy(l->arena, ret);
	lang_check_leave(l, scope);
	l->check->scope = outer;
	return true;
}

bool
lang_eval_block(struct lang *l, const struct ast *a, struct twz_value *ret, struct twz_error *err)
{
	size_t scope = l->nbindings;
	int64_t timeout = l->timeout_ns;
	bool done = true;

	if (l->check)
		return check_block(l, a, ret);
	*ret = twz_unit();
	for (uint32_t i = 0; i < a->nitems && done; i++) {
		done = lang_eval_checked(l, a->items[i], ret, err);
		if (done && i + 1 < a->nitems)
			done = !lang_unhandled(l, a->items[i], ret, err);
	}
	l->timeout_ns = timeout;
	if (l->nbindings > scope) {
		/* The value may lie in a variable that ends here. */
		if (done)
			*ret = lang_copy(l->arena, ret);
		lang_leave(l, scope);
	}
	return done;
}

bool
lang_eval_condition(struct lang *l, const struct ast *a, bool *ret, struct twz_error *err)
{
	struct twz_value v;
	TWZ_ARENA arena = { 0 };

	if (!lang_eval_checked(l, a, &v, err))
		return false;
	if (v.kind == TWZ_VALUE_BOOL) {
		*ret = v.boolean;
		return true;
	}
	if (lang_is_unknown(&v) && !l->check)
		return lang_cannot_know(a, &v, err);
	if (lang_is_unknown(&v) && (lang_kind(&v) == TWZ_VALUE_BOOL || lang_kind(&v) == TWZ_VALUE_UNIT)) {
		*ret = true;
		return true;
	}
	lang_type_error(err, "Expected 'bool' got '%s'", lang_type_of(&arena, &v));
	if (lang_kind(&v) == TWZ_VALUE_OK)
		twz_hint(err, "to ask whether it succeeded write: if ok (…)");
	else
		twz_hint(err, "write a comparison: x != 0, name != \"\"");
	return lang_at(err, a);
}

/* -- variables --------------------------------------------------------------------------------- */

/* A copy of the record @v with the field at path @text replaced. */
static bool
with_field(struct lang *l, const struct twz_value *v, const char *text, const struct twz_value *to,
	   struct twz_value *ret, struct twz_error *err)
{
	size_t n = strcspn(text, "."), at = 0;
	struct twz_value *items, old, inner = *to;

	if (!lang_field(v, text, n, &old, err))
		return false;
	if (text[n] && !with_field(l, &old, text + n + 1, to, &inner, err))
		return false;
	if (!text[n] && old.type) {
		struct convert_want want = { .type = old.type };

		if (!convert_value(&want, to, l->arena, &inner, err))
			return false;
	}
	while (strncmp(v->list.names[at], text, n) || v->list.names[at][n])
		at++;
	items = twz_new_array(l->arena, v->list.n, struct twz_value);
	memcpy(items, v->list.items, v->list.n * sizeof(*items));
	items[at] = inner;
	*ret = twz_record(v->type, v->list.names, items, v->list.n);
	return true;
}

/* What the field is assigned must fit it; of a record without a type no field is known any more. */
static bool
check_field(struct lang *l, const struct ast *a, struct lang_binding *b, const struct twz_value *v,
	    struct twz_error *err)
{
	struct twz_value old, inner, whole = lang_widen(l, &b->value);
	struct convert_want want = { 0 };

	if (!lang_dotted(l, a, &old, err))
		return false;
	want.type = lang_unknown_of(&old);
	if (want.type && lang_unknown_of(&whole))
		return convert_value(&want, v, l->arena, &inner, err);
	if (!lang_unknown_of(&whole)) {
		whole = lang_unknown_kind(TWZ_VALUE_RECORD);
		if ((size_t)(b - l->bindings) < l->check->base)
			lang_declare(l, a->id, &whole)->read = true;
		else
			lang_set(l, b, &whole);
	}
	return true;
}

static bool
assign_field(struct lang *l, const struct ast *a, const struct twz_value *v, struct twz_error *err)
{
	size_t n = a->name_n;
	struct lang_binding *b = lang_lookup(l, a->id);
	struct twz_value whole;

	if (!b || b->frame != l->frame)
		return twz_fail(err, TWZ_CLASS_NAME, TWZ_ERR(NAMING, NOT_FOUND),
				"no variable '%.*s' here", (int)n, a->text);
	if (l->check)
		return check_field(l, a, b, v, err);
	if (!with_field(l, &b->value, a->text + n + 1, v, &whole, err))
		return false;
	lang_set(l, b, &whole);
	return true;
}

static bool
eval_assign(struct lang *l, const struct ast *a, struct twz_error *err)
{
	struct twz_value v;

	if (!lang_eval(l, a->items[0], &v, err))
		return false;
	if (a->op == LEX_BIND) {
		struct twz_value result = v;

		if (!lang_unwrap(&result, &v, err))
			return lang_at(err, a->items[0]);
	}
	if (a->n == 1 && *a->text == '_') {
		lang_ignore(l, &v);
		return true;
	}
	if (a->name_n < a->n)
		return assign_field(l, a, &v, err) || lang_at(err, a);
	if (l->check)
		lang_check_assign(l, a, &v, false);
	else
		lang_assign(l, a->id, &v);
	return true;
}

/* Whether the value of a let is read by its type's grammar rather than evaluated. */
static bool
is_literal(const struct lang *l, const struct ast *a, const struct twz_type *type)
{
	if (a->kind == AST_WORD)
		return twz_type_strip(type)->kind == TWZ_ENUM &&
		       !lang_lookup(l, a->id);
	return a->kind == AST_NUMBER || a->kind == AST_BOOL || a->kind == AST_STRING ||
	       a->kind == AST_LIST || a->kind == AST_RECORD;
}

static bool
eval_let(struct lang *l, const struct ast *a, struct twz_error *err)
{
	const struct ast *node = a->items[0];
	const struct twz_type *type = NULL;
	struct convert_want want;
	struct twz_value v, inner;

	if (a->type && !lang_type_named(l, a->type, &type, err))
		return lang_at(err, a);
	want = (struct convert_want){ .type = type };
	if (type && a->op == LEX_ASSIGN && is_literal(l, node, type)) {
		if (convert_argument(l, &want, node, true, &v, err) != CONVERT_DONE)
			return lang_at(err, node);
	} else {
		if (!lang_eval(l, node, &v, err))
			return false;
		if (a->op == LEX_BIND) {
			if (!lang_unwrap(&v, &inner, err))
				return lang_at(err, node);
			v = inner;
		}
		if (type && !convert_value(&want, &v, l->arena, &inner, err))
			return lang_at(err, node);
		if (type)
			v = inner;
	}
	if (l->check && type)
		v = lang_unknown(type);
	if (l->check)
		lang_check_assign(l, a, &v, true);
	else
		lang_declare(l, a->id, &v);
	return true;
}

/* -- functions --------------------------------------------------------------------------------- */

static bool
is_item(const struct ast *block, const struct ast *a)
{
	for (uint32_t i = 0; i < block->nitems; i++)
		if (block->items[i] == a)
			return true;
	return false;
}

static bool
eval_fn(struct lang *l, const struct ast *a, struct twz_error *err)
{
	struct twz_value f;

	/* A check has those of the text already, and looks at their bodies in the end. */
	if (l->check && !l->frame && l->check->scope == l->check->base && l->check->root->nitems &&
	    is_item(l->check->root, a))
		return true;
	if (!lang_make_function(l, a, &f, err))
		return false;
	lang_declare(l, a->id, &f)->is_fn = true;
	if (l->check)
		lang_check_body(l, a);
	return true;
}

/* -- loops ------------------------------------------------------------------------------------- */

/* Runs a loop's body once; @on gets whether to go on. */
static bool
loop_body(struct lang *l, const struct ast *body, bool *on, struct twz_error *err)
{
	struct twz_value v;

	*on = true;
	if (lang_eval_block(l, body, &v, err))
		return !lang_unhandled(l, body, &v, err) && lang_go_on(l, err);
	if (l->flow != FLOW_BREAK && l->flow != FLOW_CONTINUE)
		return false;
	*on = l->flow == FLOW_CONTINUE;
	l->flow = FLOW_NONE;
	return lang_go_on(l, err);
}

static bool
check_loop(struct lang *l, const struct ast *body)
{
	struct twz_value v;
	bool done;

	l->check->loops++;
	done = check_block(l, body, &v);
	l->check->loops--;
	return done;
}

static bool
eval_while(struct lang *l, const struct ast *a, struct twz_error *err)
{
	struct twz_arena *outer = l->arena;
	TWZ_ARENA turn = { 0 };
	bool done = true, on = true;

	if (l->check)
		return lang_eval_condition(l, a->items[0], &on, err) && check_loop(l, a->items[1]);
	l->arena = &turn;
	while (on) {
		done = lang_eval_condition(l, a->items[0], &on, err) &&
		       (!on || loop_body(l, a->items[1], &on, err));
		if (!done)
			break;
		twz_arena_reset(&turn);
	}
	l->arena = outer;
	if (l->flow == FLOW_RETURN)
		l->returned = lang_copy(outer, &l->returned);
	return done;
}

/* What a for goes over: numbers without a list of them, or the items of a list. */
struct range {
	twz_wide first, n;
	const struct twz_value *items;	/* NULL: numbers */
};

static bool
range_of(struct lang *l, const struct ast *a, struct range *ret, struct twz_error *err)
{
	struct twz_value x, y;
	TWZ_ARENA arena = { 0 };

	if (a->kind == AST_BINARY && a->op == LEX_RANGE) {
		if (!lang_eval(l, a->items[0], &x, err) || !lang_eval(l, a->items[1], &y, err))
			return false;
		if (x.kind == TWZ_VALUE_INT && y.kind == TWZ_VALUE_INT) {
			*ret = (struct range){ .first = x.integer, .n = y.integer - x.integer + 1 };
			return true;
		}
	}
	if (!lang_eval_checked(l, a, &x, err))
		return false;
	if (lang_is_unknown(&x))
		return lang_cannot_know(a, &x, err);
	if (x.kind == TWZ_VALUE_OK)
		x = x.list.items[0];
	if (x.kind == TWZ_VALUE_ERR) {
		lang_fail_err(&x, err);
		return lang_at(err, a);
	}
	if (x.kind != TWZ_VALUE_LIST) {
		lang_type_error(err, "Expected a list got '%s'", lang_type_of(&arena, &x));
		twz_hint(err, "for goes over a list or a range: 1 .. 10");
		return lang_at(err, a);
	}
	x = lang_copy(l->arena, &x);
	*ret = (struct range){ .items = x.list.items, .n = (twz_wide)x.list.n };
	return true;
}

/* What the numbers of a range are, whatever they are: a for loop makes no list of them. */
static bool
check_range(struct lang *l, const struct ast *a, struct twz_value *ret, struct twz_error *err)
{
	struct twz_value v;

	if (a->kind != AST_BINARY || a->op != LEX_RANGE)
		return lang_eval(l, a, ret, err);
	*ret = lang_unknown_kind(TWZ_VALUE_LIST);
	for (int i = 0; i < 2; i++) {
		if (!lang_eval(l, a->items[i], &v, err))
			return false;
		if (lang_kind(&v) != TWZ_VALUE_UNIT && lang_kind(&v) != TWZ_VALUE_INT) {
			lang_type_error(err, "Expected 'int' got '%s'", lang_type_of(l->arena, &v));
			return lang_at(err, a->items[i]);
		}
	}
	return true;
}

static bool
check_for(struct lang *l, const struct ast *a, struct twz_error *err)
{
	size_t scope = l->nbindings;
	struct twz_value v, item;
	TWZ_ARENA arena = { 0 };
	bool done;

	if (!check_range(l, a->items[0], &v, err))
		return false;
	v = lang_widen(l, &v);
	v = lang_unknown_inner(&v);
	if (lang_kind(&v) != TWZ_VALUE_UNIT && lang_kind(&v) != TWZ_VALUE_LIST) {
		lang_type_error(err, "Expected a list got '%s'", lang_type_of(&arena, &v));
		twz_hint(err, "for goes over a list or a range: 1 .. 10");
		return lang_at(err, a->items[0]);
	}
	item = a->items[0]->kind == AST_BINARY && a->items[0]->op == LEX_RANGE
		       ? lang_unknown_kind(TWZ_VALUE_INT) : lang_unknown_element(&v);
	lang_declare(l, a->id, &item);
	done = check_loop(l, a->items[1]);
	lang_check_leave(l, scope);
	return done;
}

static bool
eval_for(struct lang *l, const struct ast *a, struct twz_error *err)
{
	struct twz_arena *outer = l->arena;
	size_t scope = l->nbindings;
	struct range range = { 0 };
	struct lang_loop loop = { 0 };
	TWZ_ARENA turn = { 0 };
	bool done = true, on = true;

	if (l->check)
		return check_for(l, a, err);
	if (!range_of(l, a->items[0], &range, err))
		return false;
	l->arena = &turn;
	loop.ahead = (struct lang_ahead){ .items = range.items, .start = range.first, .total = range.n > INT32_MAX ?
					  INT32_MAX : (size_t)range.n, .name = a->id };
	lang_loop_begin(l, &loop, a->items[1]);
	for (twz_wide i = 0; i < range.n && on && done; i++) {
		struct twz_value v = range.items ? range.items[i] : twz_int(NULL, range.first + i);

		loop.i = (size_t)i;
		lang_declare(l, a->id, &v);
		done = loop_body(l, a->items[1], &on, err);
		lang_leave(l, scope);
		if (l->flow == FLOW_RETURN)
			l->returned = lang_copy(outer, &l->returned);
		twz_arena_reset(&turn);
	}
	lang_loop_end(l, &loop);
	l->arena = outer;
	return done;
}

/* -- timeout ----------------------------------------------------------------------------------- */

bool
lang_duration(const char *text, int64_t *ret)
{
	static const struct {
		const char *unit;
		double ns;
	} units[] = { { "ns", 1 }, { "us", 1e3 }, { "ms", 1e6 }, { "s", 1e9 }, { "m", 60e9 },
		      { "h", 3600e9 } };
	size_t n = strspn(text, "0123456789._");
	double d;

	for (size_t i = 0; i < TWZ_COUNT(units); i++) {
		if (strcmp(text + n, units[i].unit))
			continue;
		if (number_float(text, n, &d) != NUMBER_OK || d * units[i].ns >= 9e18)
			return false;
		*ret = (int64_t)(d * units[i].ns);
		return true;
	}
	return false;
}

static bool
duration_of(struct lang *l, const struct ast *a, int64_t *ret, struct twz_error *err)
{
	struct twz_value v;

	if ((a->kind == AST_WORD || a->kind == AST_NUMBER) && lang_duration(a->text, ret))
		return true;
	if (!lang_eval(l, a, &v, err)) {
		if (err->cls == TWZ_CLASS_NAME)
			snprintf(err->hint, sizeof(err->hint), "a duration is written 200ms, 2s or 1m");
		return false;
	}
	if (v.kind == TWZ_VALUE_STRING && lang_duration(v.string.text, ret))
		return true;
	*ret = -1;
	if (l->check && (lang_kind(&v) == TWZ_VALUE_STRING || lang_kind(&v) == TWZ_VALUE_UNIT))
		return true;
	lang_type_error(err, "this is no duration");
	twz_hint(err, "a duration is written 200ms, 2s or 1m");
	return lang_at(err, a);
}

static bool
eval_timeout(struct lang *l, const struct ast *a, struct twz_value *ret, struct twz_error *err)
{
	int64_t ns, outer = l->deadline_ns, outer_after = l->deadline_after_ns, end;
	struct timespec now;
	bool done;

	if (!duration_of(l, a->items[0], &ns, err))
		return false;
	if (l->check)
		return a->nitems == 1 || lang_eval_block(l, a->items[1], ret, err);
	if (a->nitems == 1) {
		l->timeout_ns = ns;
		return true;
	}
	clock_gettime(CLOCK_MONOTONIC, &now);
	end = (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
	end = ns > INT64_MAX - end ? INT64_MAX : end + ns;
	if (outer < 0 || end < outer) {
		l->deadline_ns = end;
		l->deadline_after_ns = ns;
	}
	done = lang_eval_block(l, a->items[1], ret, err);
	l->deadline_ns = outer;
	l->deadline_after_ns = outer_after;
	return done;
}

/* -- dispatch ---------------------------------------------------------------------------------- */

static bool
eval_if(struct lang *l, const struct ast *a, struct twz_value *ret, struct twz_error *err)
{
	bool yes;

	if (!lang_eval_condition(l, a->items[0], &yes, err))
		return false;
	if (l->check) {
		struct twz_value first, other = twz_unit();

		if (!lang_eval_block(l, a->items[1], &first, err) ||
		    (a->nitems > 2 && !lang_eval(l, a->items[2], &other, err)))
			return false;
		*ret = lang_join(l, &first, &other);
		return true;
	}
	if (yes)
		return lang_eval_block(l, a->items[1], ret, err);
	return a->nitems < 3 || lang_eval(l, a->items[2], ret, err);
}

static bool
check_return(struct lang *l, const struct ast *a, const struct twz_value *v, struct twz_error *err)
{
	const struct lang_function *f = l->check->function;
	struct convert_want want = { .type = f ? f->result : NULL };
	struct twz_value inner;

	if (!want.type || lang_kind(v) == TWZ_VALUE_OK || convert_value(&want, v, l->arena, &inner, err))
		return true;
	twz_wrap(err, "the result of %s", *f->name ? f->name : "the function");
	return lang_at(err, a);
}

static bool
eval_return(struct lang *l, const struct ast *a, struct twz_error *err)
{
	struct twz_value v = twz_unit();

	if (a->nitems && !lang_eval(l, a->items[0], &v, err))
		return false;
	if (l->check)
		return check_return(l, a, &v, err);
	l->returned = v;
	l->flow = FLOW_RETURN;
	return false;
}

bool
lang_eval_control(struct lang *l, const struct ast *a, struct twz_value *ret, struct twz_error *err)
{
	*ret = twz_unit();
	if (a->kind == AST_IF)
		return eval_if(l, a, ret, err);
	if (a->kind == AST_TIMEOUT)
		return eval_timeout(l, a, ret, err);
	if (a->kind == AST_ASSIGN)
		return eval_assign(l, a, err);
	if (a->kind == AST_LET)
		return eval_let(l, a, err);
	if (a->kind == AST_FN)
		return eval_fn(l, a, err);
	if (a->kind == AST_WHILE)
		return eval_while(l, a, err);
	if (a->kind == AST_FOR)
		return eval_for(l, a, err);
	if (a->kind == AST_RETURN)
		return eval_return(l, a, err);
	if (!l->check) {
		l->flow = a->kind == AST_BREAK ? FLOW_BREAK : FLOW_CONTINUE;
		return false;
	}
	if (l->check->loops)
		return true;
	twz_fail(err, TWZ_CLASS_SYNTAX, TWZ_ERR(ARGUMENT, INVALID_ARGUMENT), "'%s' outside of a loop",
		 a->kind == AST_BREAK ? "break" : "continue");
	return lang_at(err, a);
}
