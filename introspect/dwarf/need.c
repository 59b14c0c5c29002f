/*
 * What a listing has to know of types, which is less than all: whether a function may be called depends on the
 * fields of some structs, and how it looks on fewer. From a function's type this goes down to where that is read.
 */
#include "introspect/dwarf/reader_in.h"

/*
 * As what a type is met on the way down from a function. SHOWN: only its name is; but whether a const
 * target is a struct decides how that looks.
 */
enum {
	AS_PARAM = 1, AS_TARGET = 2, AS_CONST_TARGET = 4, AS_VALUE = 8, AS_SHOWN = 16, AS_SHOWN_CONST = 32,
};

/* What a pointer or typedef that is met as @as makes of its target. */
static unsigned
pass_on(const struct twz_type *type, unsigned as)
{
	if (type->kind == TWZ_POINTER)
		as = as == AS_PARAM ? AS_TARGET : AS_SHOWN;
	if (type->quals & TWZ_CONST && as == AS_TARGET)
		return AS_CONST_TARGET;
	return type->quals & TWZ_CONST && as == AS_SHOWN ? AS_SHOWN_CONST : as;
}

static void need(struct dw *dw, const struct twz_type *type, unsigned as);

static void
need_members(struct dw *dw, struct node *node, unsigned as)
{
	const struct twz_type *type = &node->type;

	if (node->needed & as || dw->depth >= DW_MAX_DEPTH)
		return;
	node->needed |= (uint8_t)as;
	dw->depth++;
	if (type->kind == TWZ_FUNC)
		need(dw, type->target, as);
	for (uint32_t i = 0; i < type->nmembers; i++)
		need(dw, type->members[i].type, as);
	dw->depth--;
}

/* A class of C++ is told from a struct by what is in it. */
static void
need_fields(struct dw *dw, struct node *node, unsigned as)
{
	bool whole = as != AS_TARGET && as < AS_SHOWN;

	if (as == AS_SHOWN)
		return;
	if (node->unread && (whole || dw_language_at(dw, node->unread).rules != RULES_C))
		dw_read_fields(dw, node);
	if (whole)
		need_members(dw, node, AS_VALUE);
}

static void
need_definition(struct dw *dw, struct node *node, unsigned as)
{
	die_ref ref = node->unread;
	struct die die;

	if (as == AS_SHOWN)
		return;
	node->unread = 0;
	node->needed |= (uint8_t)as;
	if (ref && dw_die(dw, ref, &die))
		dw_declare(dw, &die, node);
}

static void
need(struct dw *dw, const struct twz_type *type, unsigned as)
{
	for (int i = 0; i < DW_MAX_CHAIN && type && type != &twz_type_void && as; i++) {
		struct node *node = (struct node *)(uintptr_t)type;

		switch (type->kind) {
		case TWZ_POINTER:
		case TWZ_TYPEDEF:
			as = pass_on(type, as);
			type = type->target;
			continue;
		case TWZ_ARRAY:
			as = as == AS_PARAM || as == AS_VALUE ? AS_VALUE : AS_SHOWN;
			type = type->target;
			continue;
		case TWZ_STRUCT:
		case TWZ_UNION:
			need_fields(dw, node, as);
			return;
		case TWZ_OPAQUE:
			need_definition(dw, node, as);
			return;
		case TWZ_FUNC:
			need_members(dw, node, AS_SHOWN);
			return;
		case TWZ_VOID:
		case TWZ_BOOL:
		case TWZ_CHAR:
		case TWZ_INT:
		case TWZ_FLOAT:
		case TWZ_ENUM:
		case TWZ_STRING:
		case TWZ_RESULT:
		case TWZ_OPTION:
		case TWZ_LIST:
		case TWZ_RECORD:
			return;
		}
	}
}

/*
 * Whether a pointer never crosses that no record says anything of, whatever is behind it: see twz_plan_make().
 * What is only declared so far may yet be a struct.
 */
static bool
is_refused(const struct twz_type *type)
{
	const struct twz_type *t = twz_type_strip(type), *target;
	bool is_const;

	if (t->kind != TWZ_POINTER)
		return false;
	is_const = t->quals & TWZ_CONST;
	target = t->target;
	for (int i = 0; i < DW_MAX_CHAIN && target->kind == TWZ_TYPEDEF && target->target; i++) {
		is_const |= target->quals & TWZ_CONST;
		target = target->target;
	}
	return !is_const || (target->kind != TWZ_CHAR && target->kind != TWZ_STRUCT &&
			     target->kind != TWZ_OPAQUE && target->kind != TWZ_TYPEDEF);
}

static bool
returns_pointer(const struct twz_type *function)
{
	const struct twz_type *t = twz_type_strip(function->target);

	return t->kind == TWZ_POINTER && twz_type_strip(t->target)->kind != TWZ_CHAR;
}

/* What comes behind the first reason to refuse a function of C is only shown; those of others depend on all. */
void
dw_need(struct dw *dw, const struct twz_type *function, bool is_c)
{
	struct node *node = (struct node *)(uintptr_t)function;
	bool refused = is_c && (!function->is_prototyped || function->is_variadic);

	if (function->kind != TWZ_FUNC || node->needed & AS_PARAM)
		return;
	node->needed |= AS_PARAM;
	need(dw, function->target, refused ? AS_SHOWN : AS_VALUE);
	refused |= is_c && returns_pointer(function);
	for (uint32_t i = 0; i < function->nmembers; i++) {
		need(dw, function->members[i].type, refused ? AS_SHOWN : AS_PARAM);
		refused |= is_c && is_refused(function->members[i].type);
	}
}

void
dw_need_again(struct dw *dw, struct node *node)
{
	unsigned needed = node->needed;

	node->needed = 0;
	for (unsigned as = AS_PARAM; as <= AS_SHOWN_CONST; as *= 2)
		if (needed & as)
			need(dw, &node->type, as);
}
