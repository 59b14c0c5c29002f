/*
 * The verdict about each function: whether it may be called, and if not, why. What its record says about
 * parameters is joined with their types first; a record that names what the function does not have is
 * one more reason to refuse.
 */
#include "introspect/judge.h"

#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "introspect/returns.h"
#include "twz/objid.h"
#include "twz/plan.h"
#include "twz/typetext.h"

enum { AHEAD = 4, FEW = 4 };	/* functions, and their parameters, that the memory is asked for */

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

/* "*len": the count is what a parameter points to, which is known only when the gate returns. */
static const char *
set_extent_behind(struct twz_member *params, uint32_t n, struct twz_member *p, const char *count,
		  struct twz_arena *arena)
{
	for (uint32_t i = 0; i < n; i++) {
		const struct twz_type *t = twz_type_strip(params[i].type);

		if (strcmp(params[i].name, count))
			continue;
		if (t->kind != TWZ_POINTER || t->is_const || !t->target || !is_count(t->target))
			break;
		p->extent = (int32_t)i;
		params[i].has_extent = true;
		params[i].dir = TWZ_INOUT;
		params[i].extent = -1;
		params[i].count = 1;
		return p->dir == TWZ_OUT ? NULL :
		       twz_format(arena, "the extent of '%s' is behind '%s', but it is not only written to",
				  p->name, count);
	}
	return twz_format(arena, "the extent of '%s' is behind '%.60s', which is no parameter that points to "
			  "an integer", p->name, record_clean(arena, count));
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
	if (*count == '*')
		return set_extent_behind(params, n, p, count + 1, arena);
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

bool
judge_points_to_bytes(const struct twz_type *pointer)
{
	const struct twz_type *t = pointer->target ? twz_type_strip(pointer->target) : NULL;

	return pointer->kind == TWZ_STRING ||
	       (pointer->kind == TWZ_POINTER && t && t->size == 1 && (t->kind == TWZ_INT || t->kind == TWZ_CHAR));
}

/*
 * An object that C lets callers have the memory of: the function is given memory in the compartment, and callers get
 * the object's number, as if they were given its pointer.
 */
static const char *
set_made(struct twz_member *p, const struct twz_type *t, struct twz_arena *arena)
{
	const struct twz_type *target = t->target ? twz_type_strip(t->target) : &twz_type_void;
	struct twz_type *pointer;

	if (t->kind != TWZ_POINTER || (target->kind != TWZ_STRUCT && target->kind != TWZ_UNION) || t->is_const)
		return twz_format(arena, "its record treats parameter '%s' as a pointer to a struct that the function "
				  "fills", p->name);
	if (!target->size || target->size > TWZ_OBJECT_MAX || target->align > _Alignof(max_align_t))
		return twz_format(arena, "what parameter '%s' points to cannot be made in a compartment: %" PRIu32
				  " bytes, aligned to %" PRIu32, p->name, target->size, target->align);
	pointer = twz_new(arena, struct twz_type);
	*pointer = (struct twz_type){
		.kind = TWZ_POINTER, .name = "", .size = sizeof(void *), .align = sizeof(void *), .target = p->type,
	};
	p->type = pointer;
	p->has_extent = true;
	p->extent = TWZ_OBJECT;
	p->count = target->size;
	return NULL;
}

/* What gates files say of pointers: a text, always NULL, an object of the service's own. */
static const char *
set_pointer(struct twz_member *p, const struct record_param *said, struct twz_arena *arena)
{
	const struct twz_type *t = twz_type_strip(p->type), *target = t;

	if (said->string + said->null + said->object + said->has_extent + (said->data != NULL) > 1)
		return twz_format(arena, "its record says two things about parameter '%s'", p->name);
	if (said->string && !judge_points_to_bytes(t))
		return twz_format(arena, "its record treats parameter '%s' as a string", p->name);
	if (said->string)
		p->type = &twz_type_string;
	if (said->null) {
		p->has_extent = true;
		p->extent = -1;
		p->count = 0;
	}
	if (!said->object)
		return NULL;
	if (said->makes)
		return set_made(p, t, arena);
	if (said->dir == TWZ_OUT)
		target = t->target ? twz_type_strip(t->target) : NULL;
	if (!target || target->kind != TWZ_POINTER)
		return twz_format(arena, "its record treats parameter '%s' as a pointer to %s", p->name,
				  said->dir == TWZ_OUT ? "an object's pointer" : "an object");
	p->has_extent = true;
	p->extent = TWZ_OBJECT;
	return NULL;
}

/* A 'void *' that may be written through: what a callback gets its user data back in. */
static bool
is_user_data(const struct twz_member *p)
{
	const struct twz_type *t = twz_type_strip(p->type);

	return t->kind == TWZ_POINTER && !t->is_const && !p->has_extent &&
	       (!t->target || twz_type_strip(t->target)->kind == TWZ_VOID);
}

static void
set_user_data(struct twz_member *p)
{
	p->has_extent = true;
	p->extent = TWZ_USER_DATA;
	p->dir = TWZ_IN;
	p->count = 0;
}

/* The callback's parameter for its user data: the only 'void *', or the one of that name. */
static const char *
find_user_data(struct twz_member *params, uint32_t n, const char *callback, const char *data,
	       struct twz_arena *arena)
{
	struct twz_member *found = NULL;
	uint32_t many = 0;

	for (uint32_t i = 0; i < n; i++)
		if (is_user_data(&params[i]) && (!many++ || !strcmp(params[i].name, data)))
			found = &params[i];
	if (!found)
		return twz_format(arena, "parameter '%s': called back: it has no 'void *' for its user data",
				  callback);
	if (many > 1 && strcmp(found->name, data))
		return twz_format(arena, "parameter '%s': called back: which 'void *' is its user data is not "
				  "known: name it '%.60s'", callback, record_clean(arena, data));
	set_user_data(found);
	return NULL;
}

static const char *join_params(const struct record_gate *record, struct twz_member *params, uint32_t n,
			       struct twz_arena *arena);

/* A copy of the function's type that is the callback's own, with what the record says of its parameters. */
static const char *
set_callback_type(struct twz_member *p, const struct record_param *said, struct twz_arena *arena)
{
	const struct twz_type *t = twz_type_strip(p->type), *func = twz_type_strip(t->target);
	struct twz_type *pointer = twz_new(arena, struct twz_type), *own = twz_new(arena, struct twz_type);
	struct twz_member *params = twz_new_array(arena, func->nmembers, struct twz_member);
	const char *why = NULL;

	if (func->nmembers)
		memcpy(params, func->members, func->nmembers * sizeof(*params));
	*own = *func;
	own->members = params;
	*pointer = *t;
	pointer->target = own;
	p->type = pointer;
	if (said->callback)
		why = said->callback->bad ? said->callback->bad :
					    join_params(said->callback, params, func->nmembers, arena);
	if (!why && *said->data)
		why = find_user_data(params, func->nmembers, p->name, said->data, arena);
	return why;
}

static const char *
set_callback(struct twz_member *params, uint32_t n, struct twz_member *p, const struct record_param *said,
	     struct twz_arena *arena)
{
	const struct twz_type *t = twz_type_strip(p->type), *func = t->target ? twz_type_strip(t->target) : NULL;
	const char *why;

	if (t->kind != TWZ_POINTER || !func || func->kind != TWZ_FUNC)
		return twz_format(arena, "its record treats parameter '%s' as a callback", p->name);
	why = set_callback_type(p, said, arena);
	if (why)
		return why;
	p->has_extent = true;
	p->extent = TWZ_CALLBACK;
	p->dir = TWZ_IN;
	for (uint32_t i = 0; i < n && *said->data; i++) {
		const struct twz_type *data = twz_type_strip(params[i].type);

		if (strcmp(params[i].name, said->data))
			continue;
		if (data->kind != TWZ_POINTER || params[i].has_extent ||
		    (data->target && twz_type_strip(data->target)->kind != TWZ_VOID))
			break;
		set_user_data(&params[i]);
		p->count = i + 1;
	}
	if (!*said->data || p->count)
		return NULL;
	return twz_format(arena, "the user data of '%s' is '%.60s', which is no 'void *' of its own", p->name,
			  record_clean(arena, said->data));
}

/* Gives the parameters the names of the list "a,b". */
static const char *
set_names(struct twz_member *params, uint32_t n, const char *list, struct twz_arena *arena)
{
	for (uint32_t i = 0; i < n; i++) {
		size_t length = strcspn(list, ",");

		params[i].name = twz_strndup(arena, list, length);
		if (!record_identifier(params[i].name))
			return "its record names fewer parameters than it has";
		list += length + (list[length] == ',');
		list += strspn(list, " ");
	}
	return *list ? "its record names more parameters than it has" : NULL;
}

/* Told when all parameters are known: the plan looks for the object. */
static const char *
set_keepers(struct twz_member *params, uint32_t n, const struct record_gate *record, struct twz_arena *arena)
{
	for (uint32_t i = 0; i < record->nparams; i++)
		for (uint32_t k = 0; k < n && record->params[i].keeper; k++) {
			if (strcmp(params[k].name, record->params[i].name))
				continue;
			if (params[k].text)
				return twz_format(arena, "its record says two things about parameter '%s'", params[k].name);
			params[k].text = record->params[i].keeper;
		}
	return NULL;
}

/* Puts what @record says about parameters to @params. Returns why not, or NULL. */
static const char *
join_params(const struct record_gate *record, struct twz_member *params, uint32_t n,
	    struct twz_arena *arena)
{
	const char *wrong = *record->names ? set_names(params, n, record->names, arena) : NULL;

	if (wrong)
		return wrong;
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
		if ((said->has_extent || said->optional || said->string || said->null || said->object ||
		     said->data || said->callback) && kind != TWZ_POINTER && kind != TWZ_STRING)
			return twz_format(arena, "its record treats parameter '%s' as a pointer",
					  p->name);
		if (said->kind && !twz_is_objid(p->type))
			return twz_format(arena, "its record treats parameter '%s' as an id", p->name);
		p->text = said->kind;
		p->secret = said->secret;
		p->optional = said->optional;
		if (said->has_extent || said->object)
			p->dir = said->dir;
		why = set_pointer(p, said, arena);
		if (!why && said->data)
			why = set_callback(params, n, p, said, arena);
		else if (!why && said->callback)
			why = twz_format(arena, "its record says what '%s' is called back with, but not that it "
					 "is a callback", p->name);
		if (!why && said->has_extent)
			why = set_extent(params, n, p, said->count, arena);
		if (why) {
			p->has_extent = false;	/* or it would be shown as one of nothing */
			return why;
		}
	}
	return set_keepers(params, n, record, arena);
}

/* Gates may share a function's type but not what their records say: each gets its own copy. */
static struct twz_member *
own_type(struct twz_gate *gate, const struct twz_type *type, const struct record_gate *record,
	 struct twz_arena *arena)
{
	struct twz_type *own = twz_new(arena, struct twz_type);
	struct twz_member *params = twz_new_array(arena, type->nmembers, struct twz_member);

	if (type->nmembers)
		memcpy(params, type->members, type->nmembers * sizeof(*params));
	*own = *type;
	own->members = params;
	returns_join(gate, own, record, arena);
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
	if (*symbol != '_')
		return NULL;
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
		why = join_params(record, own_type(gate, f->type, record, arena), f->type->nmembers, arena);
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

/* Functions come by name, their types lie as the file has them: first the type is asked for, then what it names. */
void
judge_expect(const struct twz_gate *gates, const struct dw_function *functions, size_t i, size_t n)
{
	const struct twz_type *type = i + AHEAD < n ? functions[i + AHEAD].type : NULL;

	if (i + 2 * AHEAD < n) {
		__builtin_prefetch(functions[i + 2 * AHEAD].type);
		__builtin_prefetch(gates[i + 2 * AHEAD].symbol);
	}
	for (uint32_t k = 0; type && k < type->nmembers && k < FEW; k++)
		__builtin_prefetch(&type->members[k]);
}
