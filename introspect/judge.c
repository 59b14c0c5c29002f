/*
 * The verdict about each function: whether it may be called, and if not, why. What its record says about
 * parameters is joined with their types first; a record that names what the function does not have is
 * one more reason to refuse.
 */
#include "introspect/judge.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "twz/plan.h"
#include "twz/typetext.h"

/* Only the first reason is kept. */
void
judge_refuse(struct twz_gate *gate, const char *why)
{
	if (gate->verdict == TWZ_VERDICT_REFUSED)
		return;
	gate->verdict = TWZ_VERDICT_REFUSED;
	gate->why = why;
}

static void
judge_care(struct twz_gate *gate, const char *why)
{
	if (gate->verdict != TWZ_VERDICT_CALLABLE)
		return;
	gate->verdict = TWZ_VERDICT_CARE;
	gate->why = why;
}

/* -- records and types ------------------------------------------------------------------------------ */

static bool
is_count(const struct twz_type *type)
{
	type = twz_type_strip(type);
	return type->kind == TWZ_INT && type->size <= 8;
}

/* The extent's count is a parameter of integer type or a number in C's notation. */
static const char *
set_extent(struct twz_member *params, uint32_t n, struct twz_member *p, const char *count,
	   struct twz_arena *arena)
{
	unsigned long long number;
	char *end;

	p->has_extent = true;
	p->extent = -1;
	for (uint32_t i = 0; i < n; i++) {
		if (strcmp(params[i].name, count))
			continue;
		p->extent = (int32_t)i;
		return is_count(params[i].type) ? NULL :
		       twz_format(arena, "the extent of '%s' is '%s', which is no integer", p->name,
				  count);
	}
	errno = 0;
	number = strtoull(count, &end, 0);
	end += strspn(end, "uUlL");
	if (*end || errno || *count < '0' || *count > '9' || !number)
		return twz_format(arena, "the extent of '%s' is '%.60s', which is neither a parameter "
				  "nor a number", p->name, record_clean(arena, count));
	p->count = number;
	return NULL;
}

/* Puts what @record says about parameters to @params. Returns why not, or NULL. */
static const char *
join_params(const struct record_gate *record, struct twz_member *params, uint32_t n,
	    struct twz_arena *arena)
{
	for (uint32_t i = 0; i < record->nparams; i++) {
		const struct record_param *said = &record->params[i];
		struct twz_member *p = NULL;
		const char *why = NULL;
		enum twz_kind kind;

		for (uint32_t k = 0; k < n && !p; k++)
			if (!strcmp(params[k].name, said->name))
				p = &params[k];
		if (!p)
			return twz_format(arena, "its record names a parameter '%.60s' that it does "
					  "not have", record_clean(arena, said->name));
		kind = twz_type_strip(p->type)->kind;
		if ((said->has_extent || said->optional) && kind != TWZ_POINTER && kind != TWZ_STRING)
			return twz_format(arena, "its record treats parameter '%s' as a pointer",
					  p->name);
		p->secret = said->secret;
		p->optional = said->optional;
		p->dir = said->dir;
		if (said->has_extent)
			why = set_extent(params, n, p, said->count, arena);
		if (why)
			return why;
	}
	return NULL;
}

/* Gates may share a function's type but not what their records say: each gets its own copy. */
static struct twz_member *
own_type(struct twz_gate *gate, const struct twz_type *type, struct twz_arena *arena)
{
	struct twz_type *own = twz_new(arena, struct twz_type);
	struct twz_member *params = twz_new_array(arena, type->nmembers, struct twz_member);

	if (type->nmembers)
		memcpy(params, type->members, type->nmembers * sizeof(*params));
	*own = *type;
	own->members = params;
	gate->type = own;
	return params;
}

/* -- verdicts --------------------------------------------------------------------------------------- */

static bool
is_text(const struct twz_type *type)
{
	return twz_type_strip(type)->kind == TWZ_STRING;
}

/* Result<T, E> f(const char *), T shown as @converts. */
static bool
makes(const struct twz_gate *gate, struct twz_arena *arena)
{
	const struct twz_member *ok = twz_result_ok(gate->type->target);

	return gate->type->nmembers == 1 && is_text(gate->type->members[0].type) && ok &&
	       !strcmp(twz_type_text(arena, ok->type), gate->converts);
}

/* void f(const T *, char *text, size_t size), T shown as @converts. */
static bool
writes(const struct twz_gate *gate, struct twz_arena *arena)
{
	const struct twz_member *params = gate->type->members;
	const struct twz_type *value;

	if (gate->type->nmembers != 3 || !is_text(params[1].type) || !is_count(params[2].type))
		return false;
	value = twz_type_strip(params[0].type);
	return value->kind == TWZ_POINTER &&
	       !strcmp(twz_type_text(arena, value->target), gate->converts);
}

static void
check_role(struct twz_gate *gate, struct twz_arena *arena)
{
	bool fits = true;

	switch (gate->role) {
	case TWZ_ROLE_GATE:
		break;
	case TWZ_ROLE_FROM_STRING:
		fits = makes(gate, arena);
		break;
	case TWZ_ROLE_TO_STRING:
		fits = writes(gate, arena);
		break;
	}
	if (!fits)
		judge_refuse(gate, twz_format(arena, "it does not convert a type shown as '%s'",
					gate->converts));
}

/* What a C++ class's function, or a parameter of one, needs that nobody can give. */
static const char *
foreign_reason(const struct twz_type *type)
{
	for (uint32_t i = 0; i < type->nmembers; i++)
		if (type->members[i].artificial)
			return "a function of a C++ class: it needs an object";
	return NULL;
}

/* A struct by value is passed by what it looks like in C, which Rust promises only for repr(C). */
static bool
passes_struct(const struct twz_type *type)
{
	const struct twz_type *ret = twz_type_strip(type->target);

	if (ret->kind == TWZ_STRUCT || ret->kind == TWZ_UNION)
		return true;
	for (uint32_t i = 0; i < type->nmembers; i++) {
		const struct twz_type *param = twz_type_strip(type->members[i].type);

		if (param->kind == TWZ_STRUCT || param->kind == TWZ_UNION)
			return true;
	}
	return false;
}

static const char *
symbol_reason(const char *symbol)
{
	if (!strcmp(symbol, "_init") || !strcmp(symbol, "_fini"))
		return "run by the loader, never by callers";
	if (!strncmp(symbol, "_GLOBAL__", 9))
		return "made by the compiler for the loader, never for callers";
	if (!strncmp(symbol, "_ZTh", 4) || !strncmp(symbol, "_ZTv", 4) || !strncmp(symbol, "_ZTc", 4))
		return "a C++ thunk: it adjusts 'this' for the function behind it";
	return NULL;
}

static void
refuse_unknown(struct twz_gate *gate, const struct dw_function *f)
{
	const char *why = symbol_reason(gate->symbol);

	judge_refuse(gate, why ? why : *f->why ? f->why : "its type is not known");
}

/* Reasons that lie in the function, whatever its parameters. */
static void
judge_function(struct twz_gate *gate, const struct dw_function *f)
{
	const char *why = symbol_reason(gate->symbol);

	if (!why && *f->why)
		why = f->why;
	if (!why)
		why = foreign_reason(gate->type);
	if (!why && gate->type->is_variadic)
		why = "it takes a variable number of arguments";
	if (!why && !strcmp(f->language, "Rust") && passes_struct(gate->type))
		why = "it passes a struct of Rust's by value, whose layout is only C's when it is repr(C)";
	if (why)
		judge_refuse(gate, why);
}

static void
judge_care_of(struct twz_gate *gate, const struct dw_function *f)
{
	if (gate->has_record)
		return;
	if (f->noreturn)
		judge_care(gate, "it does not return: a call ends its compartment");
	else if (*f->care)
		judge_care(gate, f->care);
}

void
judge(struct twz_gate *gate, const struct dw_function *f, const struct record_gate *record, bool hashed,
      struct twz_arena *scratch, struct twz_arena *arena)
{
	const struct twz_plan *plan;
	struct twz_error err = { 0 };
	const char *why = NULL;

	gate->how = f->how;
	gate->alias_of = f->alias_of;
	gate->shown = f->shown;
	gate->language = f->language;
	gate->file = f->file;
	gate->line = f->line;
	gate->noreturn = f->noreturn;
	if (!f->type) {
		refuse_unknown(gate, f);
		return;
	}
	gate->type = f->type;
	if (record)
		why = join_params(record, own_type(gate, f->type, arena), f->type->nmembers, arena);
	if (why)
		judge_refuse(gate, why);
	judge_function(gate, f);
	if (gate->verdict != TWZ_VERDICT_REFUSED && !twz_plan_make(gate, scratch, &plan, &err))
		judge_refuse(gate, twz_strdup(arena, err.text));
	if (gate->verdict != TWZ_VERDICT_REFUSED)
		check_role(gate, arena);
	judge_care_of(gate, f);
	if (hashed && (gate->has_record || gate->verdict != TWZ_VERDICT_REFUSED))
		gate->hash = twz_gate_hash(gate);
}
