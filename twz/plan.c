/*
 * The crossing rule, as code. Everything that may cross is something whose bytes can be counted
 * without asking the caller: scalars, texts that end with a NUL, objects of known size, buffers whose
 * record names their extent. Whatever else a signature holds makes the function "not callable", and
 * the reason says what its author can do.
 */
#include "twz/plan.h"

#include <string.h>

#include "twz/objid.h"
#include "twz/plan_in.h"
#include "twz/typetext.h"

static bool make(const struct twz_gate *gate, bool inside, struct twz_arena *arena,
		 const struct twz_plan **ret, struct twz_error *err);

static bool
by_value(const struct plan_where *w, const struct twz_type *t, struct twz_slot *slot)
{
	slot->pass = TWZ_PASS_STRUCT;
	slot->size = t->size;
	slot->align = t->align ? t->align : 1;
	if (!t->size)
		return plan_refuse(w, NULL, "an empty struct cannot cross a gate");
	return plan_object(w, NULL, t, 0, slot, 0);
}

/* A pointer whose record says how much lies behind it. */
static bool
buffer(const struct plan_where *w, const struct twz_type *pointer, struct twz_slot *slot)
{
	const struct twz_member *p = w->param;
	const struct twz_type *element = pointer->target;
	const struct twz_type *t = twz_type_strip(element);

	if (!t || t->kind == TWZ_VOID)
		element = t = &twz_type_u8;
	slot->dir = p->dir;
	slot->type = element;
	slot->size = t->size;
	slot->align = t->align ? t->align : 1;
	slot->is_text = t->kind == TWZ_CHAR;
	slot->extent = p->extent;
	slot->count = p->count;
	slot->pass = p->extent < 0 && p->count == 1 && !slot->is_text ? TWZ_PASS_REF
								      : TWZ_PASS_BUFFER;
	if (p->dir != TWZ_IN && pointer->is_const)
		return plan_refuse(w, NULL, "an out-parameter that points to const");
	if (!plan_object(w, NULL, element, 0, slot, 0))
		return false;
	if (!t->size)
		return plan_refuse(w, NULL, "a buffer of things without a size cannot cross a gate");
	if (slot->ninner && p->dir != TWZ_IN)
		return plan_refuse(w, NULL, "texts inside an out-parameter cannot cross a gate");
	return true;
}

/* Objects of one name are of one type, and no two types have one name by accident. */
static uint32_t
tag_of(const struct twz_type *pointer)
{
	uint32_t tag = 2166136261u;

	for (const char *c = twz_object_name(pointer->target); *c; c++)
		tag = (tag ^ (unsigned char)*c) * 16777619u;
	return tag;
}

/*
 * An object stays in the service: callers know it by a number that the guest gave, and the guest finds
 * the pointer by it. A number that is none of this type's is refused there.
 */
static bool
service_object(const struct plan_where *w, const struct twz_type *t, struct twz_slot *slot)
{
	slot->type = &twz_type_u64;
	slot->size = slot->align = sizeof(uint64_t);
	slot->dir = w->param->dir;
	slot->object = true;
	slot->pass = slot->dir == TWZ_OUT ? TWZ_PASS_REF : TWZ_PASS_WORD;
	if (slot->dir == TWZ_OUT)
		t = twz_type_strip(t->target);
	if (!t || t->kind != TWZ_POINTER)
		return plan_refuse(w, NULL, "it is no pointer to an object's pointer");
	slot->closes = slot->dir == TWZ_INOUT;
	if (slot->closes)
		slot->dir = TWZ_IN;
	slot->tag = tag_of(t);
	slot->makes = slot->dir == TWZ_OUT && w->param->count;
	slot->count = slot->makes ? w->param->count : 0;
	return slot->count <= TWZ_OBJECT_MAX ||
	       plan_refuse(w, NULL, "an object of this size cannot be made in a compartment");
}

static void
pointer_word(struct twz_slot *slot)
{
	slot->pass = TWZ_PASS_WORD;
	slot->type = &twz_type_u64;
	slot->size = slot->align = sizeof(uint64_t);
}

/*
 * What a callback is given and returns has to cross like a gate's own arguments, the other way. Its user data is
 * never looked at: the other side has a token for it.
 */
static bool
callback(const struct plan_where *w, const struct twz_type *t, struct twz_slot *slot)
{
	const struct twz_type *func = twz_type_strip(t->target);
	struct twz_gate *gate = twz_new(w->arena, struct twz_gate);
	struct twz_error err = { 0 };
	uint64_t tokens = 0;

	if (!func || func->kind != TWZ_FUNC)
		return plan_refuse(w, NULL, "a callback that is no pointer to a function");
	if (w->inside)
		return plan_refuse(w, NULL, "a callback cannot take callbacks");
	if (w->param->count > w->gate->type->nmembers)
		return plan_refuse(w, NULL, "its user data is a parameter that does not exist");
	*gate = (struct twz_gate){ .name = w->param->name, .symbol = "", .type = func };
	if (!make(gate, true, w->arena, &slot->callback, &err))
		return plan_refuse(w, NULL, twz_format(w->arena, "called back: %s", err.text));
	for (uint32_t i = 0; i < slot->callback->nslots; i++)
		tokens += slot->callback->slots[i].token;
	if (tokens != (w->param->count != 0))
		return plan_refuse(w, NULL, "called back: it takes its user data not at all, or twice");
	pointer_word(slot);
	slot->type = w->param->type;
	slot->data = (int32_t)w->param->count - 1;
	return true;
}

/* Given by callers in C only: whoever gives a function of the language has its variables. */
static bool
user_data(struct twz_slot *slot)
{
	pointer_word(slot);
	slot->implied = slot->token = true;
	return true;
}

static bool
pointer(const struct plan_where *w, const struct twz_type *t, struct twz_slot *slot)
{
	const struct twz_type *target = twz_type_strip(t->target);

	if (twz_c_is_va_list(t))
		return plan_refuse(w, NULL, "a va_list, which only its caller in C can have");
	if (w->param->has_extent && w->param->extent == TWZ_OBJECT)
		return service_object(w, t, slot);
	if (w->param->has_extent && w->param->extent == TWZ_CALLBACK)
		return callback(w, t, slot);
	if (w->param->has_extent && w->param->extent == TWZ_USER_DATA)
		return user_data(slot);
	if (target && target->kind == TWZ_FUNC)
		return plan_refuse(w, NULL, w->inside ? "a callback cannot take callbacks" :
			      "a function pointer cannot cross a gate: say TWZ_CALLBACK if it is only called until "
			      "the gate returns");
	if (w->param->has_extent)
		return buffer(w, t, slot);
	if ((!target || target->kind == TWZ_VOID) && w->inside)
		return plan_refuse(w, NULL, "nobody knows how much lies behind a 'void *': name the gate's user data in "
				       "TWZ_CALLBACK, or say TWZ_CALLBACK_IN with its length");
	if (!target || target->kind == TWZ_VOID)
		return plan_refuse(w, NULL, "nobody knows how much lies behind a 'void *': "
				       "say TWZ_IN, TWZ_OUT or TWZ_INOUT with its length");
	if (target->kind == TWZ_OPAQUE)
		return plan_refuse(w, NULL, "a pointer to an opaque type cannot cross a gate");
	if (target->kind == TWZ_POINTER || target->kind == TWZ_STRING)
		return plan_refuse(w, NULL, "a pointer to a pointer cannot cross a gate");
	if (!t->is_const)
		return plan_refuse(w, NULL, "a pointer that may be written through: make it const, or "
				       "say TWZ_OUT or TWZ_INOUT with its length");
	if (target->kind != TWZ_STRUCT && target->kind != TWZ_OPTION)
		return plan_refuse(w, NULL, "nobody knows how many elements lie behind it: "
				       "say TWZ_IN with its length");
	slot->pass = TWZ_PASS_REF;
	slot->type = t->target;
	slot->size = target->size;
	slot->align = target->align ? target->align : 1;
	if (!slot->size)
		return plan_refuse(w, NULL, "an empty struct cannot cross a gate");
	return plan_object(w, NULL, t->target, 0, slot, 0);
}

static bool
text(const struct plan_where *w, const struct twz_type *t, struct twz_slot *slot)
{
	struct twz_type as_pointer = { .kind = TWZ_POINTER, .is_const = t->is_const,
				       .target = t->target ? t->target : &twz_type_char };

	if (w->param->has_extent)
		return buffer(w, &as_pointer, slot);
	if (!t->is_const)
		return plan_refuse(w, NULL, "a 'char *' may be written through: make it const char *, or "
				       "say TWZ_OUT or TWZ_INOUT with its size");
	slot->pass = TWZ_PASS_STRING;
	slot->size = slot->align = sizeof(char *);
	return true;
}

/* A pointer with nothing behind it, ever: nobody gives it. */
static bool
is_null(const struct twz_member *p, const struct twz_type *t, struct twz_slot *slot)
{
	if (!p->has_extent || p->extent != -1 || p->count || (t->kind != TWZ_POINTER && t->kind != TWZ_STRING))
		return false;
	pointer_word(slot);
	slot->implied = slot->null = true;
	return true;
}

static bool
parameter(const struct plan_where *w, struct twz_slot *slot)
{
	const struct twz_type *t = twz_type_strip(w->param->type);

	*slot = (struct twz_slot){ .type = w->param->type, .extent = -1,
				   .optional = w->param->optional };
	if (!t)
		return plan_refuse(w, NULL, "its type is not known");
	if (is_null(w->param, t, slot))
		return true;
	switch (t->kind) {
	case TWZ_BOOL:
	case TWZ_CHAR:
	case TWZ_INT:
	case TWZ_FLOAT:
	case TWZ_ENUM:
		slot->pass = TWZ_PASS_WORD;
		return plan_scalar(t, slot) || plan_refuse(w, NULL, plan_scalar_reason(t));
	case TWZ_STRING:
		return text(w, t, slot);
	case TWZ_POINTER:
		return pointer(w, t, slot);
	case TWZ_STRUCT:
	case TWZ_OPTION:
		return by_value(w, t, slot);
	case TWZ_RESULT:
		return plan_refuse(w, NULL, "a Result cannot be a parameter");
	case TWZ_UNION:
		return plan_refuse(w, NULL, "a union cannot cross a gate");
	case TWZ_FUNC:
		return plan_refuse(w, NULL, "a function cannot cross a gate");
	case TWZ_VOID:
	case TWZ_ARRAY:
	case TWZ_TYPEDEF:
	case TWZ_LIST:
	case TWZ_RECORD:
	case TWZ_OPAQUE:
		break;
	}
	return plan_refuse(w, NULL, plan_opaque_reason(t));
}

static bool
result(const struct plan_where *w, const struct twz_type *type, struct twz_slot *slot)
{
	const struct twz_type *t = twz_type_strip(type);

	*slot = (struct twz_slot){ .type = type, .extent = -1, .dir = TWZ_OUT };
	if (!t || t->kind == TWZ_VOID)
		return true;
	switch (t->kind) {
	case TWZ_BOOL:
	case TWZ_CHAR:
	case TWZ_INT:
	case TWZ_FLOAT:
	case TWZ_ENUM:
		slot->pass = TWZ_PASS_WORD;
		return plan_scalar(t, slot) || plan_refuse(w, NULL, plan_scalar_reason(t));
	case TWZ_STRING:
		slot->pass = TWZ_PASS_STRING;
		slot->size = slot->align = sizeof(char *);
		return true;
	case TWZ_STRUCT:
	case TWZ_RESULT:
	case TWZ_OPTION:
		return by_value(w, t, slot);
	case TWZ_POINTER:
		if (w->gate->type->count != TWZ_RETURNS_OBJECT)
			return plan_refuse(w, NULL, "a pointer cannot be returned through a gate");
		pointer_word(slot);
		slot->object = true;
		slot->tag = tag_of(t);
		return true;
	case TWZ_UNION:
		return plan_refuse(w, NULL, "a union cannot cross a gate");
	case TWZ_VOID:
	case TWZ_ARRAY:
	case TWZ_TYPEDEF:
	case TWZ_FUNC:
	case TWZ_LIST:
	case TWZ_RECORD:
	case TWZ_OPAQUE:
		break;
	}
	return plan_refuse(w, NULL, plan_opaque_reason(t));
}

/* A pointer to a count: room for so many elements when the gate begins, so many written when it returns. */
static bool
is_count_behind(const struct twz_slot *slot)
{
	const struct twz_type *t = twz_type_strip(slot->type);

	return slot->pass == TWZ_PASS_REF && slot->dir == TWZ_INOUT && !slot->optional &&
	       t->kind == TWZ_INT && (t->size == 4 || t->size == 8);
}

/* A count that every buffer it counts brings along itself need not be given. */
static bool
mark_extents(struct plan_where *w, const struct twz_type *func, struct twz_slot *slots, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		const struct twz_slot *s = &slots[i];

		w->param = &func->members[i];
		if (s->pass != TWZ_PASS_BUFFER || s->extent < 0)
			continue;
		if ((uint32_t)s->extent < n && is_count_behind(&slots[s->extent]) && s->dir == TWZ_OUT) {
			slots[i].behind = true;
			continue;
		}
		if ((uint32_t)s->extent >= n || slots[s->extent].pass != TWZ_PASS_WORD ||
		    slots[s->extent].object || slots[s->extent].null ||
		    slots[s->extent].token || slots[s->extent].callback || slots[s->extent].is_float)
			return plan_refuse(w, NULL, "its length is not an integer parameter");
		slots[s->extent].implied = true;
	}
	for (uint32_t i = 0; i < n; i++)
		if (slots[i].pass == TWZ_PASS_BUFFER && slots[i].extent >= 0 && !slots[i].behind &&
		    slots[i].dir == TWZ_OUT)
			slots[slots[i].extent].implied = false;
	return true;
}

static bool
all_words(const struct twz_plan *plan)
{
	if (plan->nslots > 6 || plan->ret.is_float || plan->ret.object || plan->ret.by_errno ||
	    (plan->ret.pass != TWZ_PASS_WORD && plan->ret.pass != TWZ_PASS_NOTHING))
		return false;
	for (uint32_t i = 0; i < plan->nslots; i++)
		if (plan->slots[i].pass != TWZ_PASS_WORD || plan->slots[i].is_float ||
		    plan->slots[i].object || plan->slots[i].token || plan->slots[i].callback)
			return false;
	return true;
}

/* A callback and its data go together, one with one, whatever a registry says. */
static bool
mark_data(struct plan_where *w, const struct twz_type *func, const struct twz_slot *slots, uint32_t n)
{
	uint64_t taken = 0;

	for (uint32_t i = 0; i < n; i++) {
		int32_t data = slots[i].callback ? slots[i].data : -1;

		w->param = &func->members[i];
		if (data < 0)
			continue;
		if (!slots[data].token || taken >> data & 1)
			return plan_refuse(w, NULL, "its user data is that of another parameter, or none");
		taken |= (uint64_t)1 << data;
	}
	for (uint32_t i = 0; i < n && !w->inside; i++) {
		w->param = &func->members[i];
		if (slots[i].token && !(taken >> i & 1))
			return plan_refuse(w, NULL, "user data of no callback");
	}
	return true;
}

/* What an object points to after the call, until it is closed. */
static bool
mark_keepers(struct plan_where *w, struct twz_plan *plan, const struct twz_type *func, struct twz_slot *slots, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		const struct twz_member *p = &func->members[i];
		struct twz_slot *s = &slots[i];
		uint32_t k = 0;

		w->param = p;
		if (!p->text || !*p->text || w->inside || twz_is_objid(p->type))
			continue;
		if ((s->pass != TWZ_PASS_STRING && s->pass != TWZ_PASS_REF && s->pass != TWZ_PASS_BUFFER) ||
		    s->dir != TWZ_IN || s->ninner || s->object)
			return plan_refuse(w, NULL, "only what goes in, and points to nothing itself, can be kept");
		while (k < n && strcmp(func->members[k].name, p->text))
			k++;
		if (k < n ? !slots[k].object || slots[k].closes : strcmp(p->text, "result") || !plan->ret.object)
			return plan_refuse(w, NULL, "what keeps it is no object of the gate's");
		s->keeper = k + 1;
		plan->keeps = true;
	}
	return true;
}

static bool
make(const struct twz_gate *gate, bool inside, struct twz_arena *arena, const struct twz_plan **ret,
     struct twz_error *err)
{
	const struct twz_type *func = gate->type;
	struct plan_where w = { gate, NULL, arena, err, inside };
	struct twz_plan *plan = twz_new(arena, struct twz_plan);
	struct twz_slot *slots;

	if (!func || !func->is_prototyped || func->is_variadic)
		return twz_fail(err, TWZ_CLASS_TYPE, TWZ_ERR(ARGUMENT, WRONG_TYPE), "%s",
				!func ? "its signature is not known"
				: func->is_prototyped ? "variable arguments cannot cross a gate"
						      : "it has no prototype: its parameters are not known");
	if (func->nmembers > TWZ_MAX_PARAMS)
		return twz_fail(err, TWZ_CLASS_TYPE, TWZ_ERR(ARGUMENT, WRONG_TYPE),
				"more than %d parameters cannot cross a gate", TWZ_MAX_PARAMS);
	slots = twz_new_array(arena, func->nmembers, struct twz_slot);
	if (!result(&w, func->target, &plan->ret))
		return false;
	plan->ret.by_errno = func->count == TWZ_RETURNS_ERRNO;
	if (func->count > TWZ_RETURNS_OBJECT && !twz_failing_able(func->count, func->target))
		return plan_refuse(&w, NULL, plan->ret.by_errno ?
			      "only an integer of 32 or 64 bits with a sign can tell of errors by errno" :
			      "only an integer of 32 or 64 bits can be the number of an error");
	for (uint32_t i = 0; i < func->nmembers; i++) {
		w.param = &func->members[i];
		if (!parameter(&w, &slots[i]))
			return false;
		plan->nouts += slots[i].dir != TWZ_IN;
		plan->makes |= slots[i].makes;
		plan->closes |= slots[i].closes;
		plan->ncallbacks += slots[i].callback != NULL;
	}
	if (!mark_extents(&w, func, slots, func->nmembers) || !mark_data(&w, func, slots, func->nmembers) ||
	    !mark_keepers(&w, plan, func, slots, func->nmembers))
		return false;
	plan->codes = twz_returned(func) != func->target ? twz_returned(func) : NULL;
	if (plan->codes)
		plan->fails = func->count > TWZ_RETURNS_OBJECT ? func->count : TWZ_RETURNS_NONZERO;
	if (plan->codes && func->why && *func->why)
		plan->speaker = func->why;
	plan->gate = gate;
	plan->slots = slots;
	plan->nslots = func->nmembers;
	plan->words_only = all_words(plan);
	*ret = plan;
	return true;
}

bool
twz_plan_make(const struct twz_gate *gate, struct twz_arena *arena, const struct twz_plan **ret,
	      struct twz_error *err)
{
	/* What its record says may contradict the function, which nothing of its type shows. */
	if (gate->verdict == TWZ_VERDICT_REFUSED && gate->why && *gate->why)
		return twz_fail(err, TWZ_CLASS_TYPE, TWZ_ERR(ARGUMENT, WRONG_TYPE), "%s", gate->why);
	return make(gate, false, arena, ret, err);
}
