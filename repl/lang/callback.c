/*
 * Functions of the language that gates call back. The gate runs while the language waits for it; the callback runs
 * on the same thread, with the same variables, as if it were called where the gate is. What ends it other than by
 * a value ends the statement that called the gate, once that has returned.
 */
#include <string.h>

#include "repl/lang/check.h"
#include "repl/lang/convert.h"
#include "repl/lang/interp.h"
#include "twz/typetext.h"

struct callback {
	struct repl_callback base;	/* first */
	struct callback *next;		/* of the same call */
	struct lang *l;
	const struct twz_value *function;
	const struct twz_member *param;
	const struct twz_plan *plan;	/* of a call of it; NULL: not known, and nothing is filled in */
	const struct twz_service *service;
	const struct twz_gate *gate;
	int64_t until;			/* the call's deadline; < 0: none */
	int64_t after;			/* … as it was said */
	enum lang_flow flow;		/* it was left by it; NONE: by its end */
};

static const struct twz_type *
type_of(const struct twz_member *param)
{
	return twz_type_strip(twz_type_strip(param->type)->target);
}

bool
lang_takes_function(const struct convert_want *want)
{
	return want->param && want->param->has_extent && want->param->extent == TWZ_CALLBACK;
}

bool
lang_fit_function(const struct convert_want *want, const struct twz_value *v, struct twz_value *ret,
		  struct twz_error *err)
{
	const struct lang_function *f = lang_function_of(v);
	const struct twz_type *type = type_of(want->param);
	uint32_t given = 0;
	TWZ_TEXT text = { 0 };

	if (!f)
		return false;
	for (uint32_t i = 0; i < type->nmembers; i++)
		given += twz_param_given(type, i);
	*ret = *v;
	if (f->ast->nargs == given)
		return true;
	twz_param_add(&text, want->param);
	return lang_type_error(err, "the function takes %u argument%s, and is called back with %u: %.*s",
			       f->ast->nargs, f->ast->nargs == 1 ? "" : "s", given, (int)text.n, text.bytes);
}

static bool
returns(const struct callback *c)
{
	const struct twz_type *type = type_of(c->param)->target;

	return type && twz_type_strip(type)->kind != TWZ_VOID;
}

static struct convert_want
want_result(const struct callback *c)
{
	return (struct convert_want){ .type = type_of(c->param)->target, .service = c->service };
}

/* It gives no field @name, which it should. */
static bool
lacks(const struct callback *c, const char *name, struct twz_error *err)
{
	const char *comma = returns(c) ? "result: …" : "";
	TWZ_TEXT text = { 0 };

	twz_text_puts(&text, comma);
	for (uint32_t i = 0; i < c->plan->nslots; i++)
		if (c->plan->slots[i].dir == TWZ_OUT)
			twz_text_printf(&text, "%s%s: …", text.n ? ", " : "", c->plan->gate->type->members[i].name);
	return lang_type_error(err, "it gives no '%s': it has to give {%.*s}", name, (int)text.n, text.bytes);
}

/*
 * What it gives where it has parameters to fill, in the form in which gates give theirs: a record, or the one value
 * that there is. Of what C has filled in already it need not say anything.
 */
static bool
fit_record(struct callback *c, struct twz_value *v, struct twz_error *err)
{
	const struct twz_plan *plan = c->plan;
	struct twz_arena *arena = c->l->arena;
	struct twz_value *items = twz_new_array(arena, plan->nslots + 1, struct twz_value);
	const char **names = twz_new_array(arena, plan->nslots + 1, const char *);
	bool alone = !returns(c) && plan->nouts == 1;
	size_t n = 0;

	for (uint32_t i = 0; i <= plan->nslots; i++) {
		bool result = i == plan->nslots;
		const char *name = result ? "result" : plan->gate->type->members[i].name;
		struct convert_want want;
		const struct twz_value *part;

		if (result ? !returns(c) : plan->slots[i].dir == TWZ_IN)
			continue;
		part = alone ? v : v->kind == TWZ_VALUE_RECORD ? twz_field(v, name) : NULL;
		if (!part && !result && plan->slots[i].dir == TWZ_INOUT)
			continue;
		if (!part)
			return lacks(c, name, err);
		want = result ? want_result(c) : convert_want(c->service, plan->gate, plan, i);
		names[n] = name;
		if (!convert_value(&want, part, arena, &items[n++], err))
			return twz_wrap(err, "%s", name);
	}
	*v = twz_record(&twz_type_record, names, items, n);
	return true;
}

/* What it returns, for C. */
static bool
fit_result(struct callback *c, struct twz_value *v, struct twz_error *err)
{
	struct convert_want want = want_result(c);
	struct twz_value inner = *v;
	bool done = true;

	if (c->plan && c->plan->nouts)
		done = fit_record(c, v, err);
	else if (returns(c))
		done = convert_value(&want, &inner, c->l->arena, v, err);
	return done || twz_wrap(err, "the result of callback '%s'", c->param->name);
}

/* The gate's time is over: in here, or while it waits for its answer, is all the same to who called it. */
static bool
too_late(const struct callback *c, struct twz_error *err)
{
	bool whole = c->after % 1000000000 == 0;

	err->cls = TWZ_CLASS_NONE;
	return twz_fail(err, TWZ_CLASS_TIMEOUT, TWZ_ERR(GENERIC, TIMED_OUT),
			"%s::%s: no answer within %.15g%s; outcome unknown", c->service->name, c->gate->name,
			(double)c->after / (whole ? 1e9 : 1e6), whole ? "s" : "ms");
}

static bool
call(struct callback *c, const struct twz_value *args, size_t nargs, struct twz_value *ret,
     struct twz_error *err)
{
	struct lang *l = c->l;
	int64_t deadline = l->deadline_ns, after = l->deadline_after_ns;
	bool done;

	/* Nobody waits for it longer than for the gate. */
	if (c->until >= 0 && (deadline < 0 || c->until < deadline)) {
		l->deadline_ns = c->until;
		l->deadline_after_ns = c->after;
	}
	done = lang_go_on(l, err) && lang_call_with(l, c->function, args, nargs, ret, err);
	l->deadline_ns = deadline;
	l->deadline_after_ns = after;
	if (done)
		return fit_result(c, ret, err);
	if (err->cls == TWZ_CLASS_TIMEOUT && c->until >= 0 && lang_now() >= c->until)
		return too_late(c, err);
	if (err->cls != TWZ_CLASS_NONE)
		return false;
	c->flow = l->flow;
	l->flow = FLOW_NONE;
	return twz_fail(err, TWZ_CLASS_INTERRUPTED, TWZ_ERR(GENERIC, INTERRUPTED), "the callback was left");
}

static bool
run(struct repl_callback *base, const struct twz_value *args, size_t nargs, struct twz_arena *arena,
    struct twz_value *ret, struct twz_error *err)
{
	struct callback *c = (struct callback *)base;
	struct lang *l = c->l;
	struct twz_arena *outer = l->arena;
	bool done;

	lang_begin_turn(l);
	l->arena = arena;
	done = call(c, args, nargs, ret, err);
	l->arena = outer;
	lang_end_turn(l);
	return done;
}

/* Whether it fills in something, and what: known from the gate's plan. */
static const struct twz_plan *
plan_of(const struct lang *l, const struct twz_service *service, const struct twz_gate *gate, uint32_t i)
{
	const struct repl_host *host = l->options->host;
	const struct twz_plan *plan = NULL;
	struct twz_error ignored = { 0 };

	return host->plan(host->data, service, gate, &plan, &ignored) && plan ? plan->slots[i].callback : NULL;
}

const struct twz_value *
lang_begin_callbacks(struct lang *l, const struct twz_service *service, const struct twz_gate *gate,
		     const struct twz_value *args, size_t nargs, int64_t left, struct callback **ret)
{
	struct twz_value *own = NULL;
	size_t at = 0;

	*ret = NULL;
	for (uint32_t i = 0; gate->type && i < gate->type->nmembers && at < nargs; i++) {
		const struct twz_member *p = &gate->type->members[i];

		if (!twz_param_given(gate->type, i))
			continue;
		if (p->has_extent && p->extent == TWZ_CALLBACK && lang_function_of(&args[at])) {
			struct callback *c = twz_new(l->arena, struct callback);

			*c = (struct callback){
				{ run }, *ret, l, &args[at], p, plan_of(l, service, gate, i), service, gate, .after = left,
				.until = left < 0 ? -1 : lang_now() + left,
			};
			if (!own) {
				own = twz_new_array(l->arena, nargs, struct twz_value);
				memcpy(own, args, nargs * sizeof(*own));
			}
			own[at] = twz_int(p->type, (twz_wide)(uintptr_t)&c->base);
			*ret = c;
		}
		at++;
	}
	return own ? own : args;
}

bool
lang_end_callbacks(struct lang *l, const struct callback *c, struct twz_error *err)
{
	for (; c; c = c->next) {
		if (c->flow == FLOW_NONE)
			continue;
		l->flow = c->flow;
		*err = (struct twz_error){ 0 };
		return true;
	}
	return false;
}
