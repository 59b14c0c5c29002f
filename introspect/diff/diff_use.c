/*
 * Who makes the objects of a struct. A struct that grows at its end breaks callers who have one of
 * their own, on their stack or inside another object, and nobody else. That cannot be read from a
 * library with certainty; what speaks for the library as the only maker is that it hands out addresses
 * and has a function that ends them.
 */
#include <string.h>

#include "introspect/convention.h"
#include "introspect/diff/diff_in.h"

enum shape
diff_shape(const struct twz_type *type)
{
	static const enum shape forms[] = {
		[TWZ_FORM_NONE] = SHAPE_HIDDEN, [TWZ_FORM_STRUCT] = SHAPE_HIDDEN,
		[TWZ_FORM_UNION] = SHAPE_HIDDEN, [TWZ_FORM_ENUM] = SHAPE_HIDDEN,
		[TWZ_FORM_CLASS] = SHAPE_FIELDS, [TWZ_FORM_VECTOR] = SHAPE_VECTOR,
		[TWZ_FORM_COMPLEX] = SHAPE_STRANGE, [TWZ_FORM_REFERENCE] = SHAPE_POINTER,
		[TWZ_FORM_RVALUE] = SHAPE_POINTER, [TWZ_FORM_MEMBER] = SHAPE_STRANGE,
		[TWZ_FORM_VLA] = SHAPE_ARRAY, [TWZ_FORM_BASE] = SHAPE_STRANGE,
		[TWZ_FORM_OTHER] = SHAPE_STRANGE,
	};

	switch (type->kind) {
	case TWZ_VOID:
		return SHAPE_NOTHING;
	case TWZ_BOOL:
	case TWZ_CHAR:
	case TWZ_INT:
	case TWZ_FLOAT:
		return SHAPE_NUMBER;
	case TWZ_ENUM:
		return SHAPE_ENUM;
	case TWZ_STRING:
	case TWZ_POINTER:
		return SHAPE_POINTER;
	case TWZ_ARRAY:
		return SHAPE_ARRAY;
	case TWZ_STRUCT:
	case TWZ_UNION:
	case TWZ_RESULT:
	case TWZ_OPTION:
		return SHAPE_FIELDS;
	case TWZ_FUNC:
		return SHAPE_FUNC;
	case TWZ_OPAQUE:
		return forms[type->form];
	case TWZ_TYPEDEF:	/* of a typedef of a …, without end */
	case TWZ_LIST:
	case TWZ_RECORD:
		break;
	}
	return SHAPE_STRANGE;
}

const char *
diff_type_name(const struct twz_type *type)
{
	const char *name = "";

	for (int i = 0; i < DIFF_DEPTH && type && type->kind == TWZ_TYPEDEF; i++) {
		name = type->name;
		type = type->target;
	}
	return type && type->kind != TWZ_TYPEDEF && *type->name ? type->name : name;
}

/* -- flags by type ---------------------------------------------------------------------------------- */

static struct use_slot *
slot_of(struct use_slot *slots, size_t size, const struct twz_type *type)
{
	size_t i = (size_t)(((uintptr_t)type >> 4) * 0x9e3779b97f4a7c15 >> 20) & (size - 1);

	while (slots[i].type && slots[i].type != type)
		i = (i + 1) & (size - 1);
	return &slots[i];
}

static struct use_slot *
slot_add(struct uses *u, const struct twz_type *type)
{
	struct use_slot *slot;

	if (u->n * 2 >= u->size) {
		size_t size = u->size ? u->size * 2 : 256;
		struct use_slot *slots = twz_new_array(u->arena, size, struct use_slot);

		for (size_t i = 0; i < u->size; i++)
			if (u->slots[i].type)
				*slot_of(slots, size, u->slots[i].type) = u->slots[i];
		u->slots = slots;
		u->size = size;
	}
	slot = slot_of(u->slots, u->size, type);
	if (!slot->type) {
		slot->type = type;
		u->n++;
	}
	return slot;
}

/* -- collecting ------------------------------------------------------------------------------------- */

static unsigned
flags_of(enum role role, unsigned pointers, bool ends)
{
	switch (role) {
	case ROLE_PARAM:
		if (!pointers)
			return USE_VALUE;
		return pointers == 1 ? USE_TAKEN | (ends ? USE_FREED : 0) : USE_MADE;
	case ROLE_RESULT:
		return pointers ? USE_MADE : USE_VALUE;
	case ROLE_CALLBACK:
		return pointers ? USE_MADE : USE_VALUE;
	case ROLE_FIELD:
		break;
	}
	return 0;
}

/* How C spells the name. */
static unsigned
spelling(const struct twz_type *t)
{
	if (!*t->name)
		return USE_TYPEDEF;
	if (t->kind == TWZ_ENUM || t->form == TWZ_FORM_ENUM)
		return USE_ENUM;
	return t->kind == TWZ_UNION || t->form == TWZ_FORM_UNION ? USE_UNION : USE_STRUCT;
}

/* Something that @role names is reached: it gets its flags, and is looked into if they are news. */
static void
visit(struct uses *u, const struct twz_type *type, enum role role, bool ends, unsigned holder)
{
	unsigned pointers = 0, depth = 0, flags;
	const struct twz_type *t = twz_type_strip(type);
	const char *name;
	struct use_slot *slot;
	enum shape shape;

	for (;; t = twz_type_strip(type)) {
		if (!t || depth++ > DIFF_DEPTH)
			return;
		shape = diff_shape(t);
		if (shape != SHAPE_POINTER && shape != SHAPE_ARRAY)
			break;
		pointers += shape == SHAPE_POINTER;
		type = t->target;
	}
	if (shape != SHAPE_FIELDS && shape != SHAPE_HIDDEN && shape != SHAPE_ENUM && shape != SHAPE_FUNC)
		return;
	/* What lies inside an object is made by whoever makes the object. */
	flags = role == ROLE_FIELD && !pointers ? holder : flags_of(role, pointers, ends);
	flags = USE_KNOWN | spelling(t) | (flags & ~(unsigned)(USE_STRUCT | USE_UNION | USE_ENUM | USE_TYPEDEF));
	name = diff_type_name(type);
	if (*name && shape != SHAPE_FUNC)
		names_add(&u->names, u->arena, name)->value |= flags;
	slot = slot_add(u, t);
	if (!(flags & ~slot->flags))
		return;
	slot->flags |= flags;
	if (shape == SHAPE_FIELDS || shape == SHAPE_FUNC)
		twz_push(u->arena, u->queue, u->nqueue, *slot);
}

static void
collect(struct uses *u)
{
	const struct twz_service *service = u->service;

	if (u->collected)
		return;
	u->collected = true;
	for (uint32_t i = 0; i < service->ngates; i++) {
		const struct twz_gate *gate = &service->gates[i];

		for (uint32_t k = 0; gate->type && k < gate->type->nmembers; k++)
			visit(u, gate->type->members[k].type, ROLE_PARAM,
			      !k && convention_ends(gate->name), 0);
		if (gate->type)
			visit(u, gate->type->target, ROLE_RESULT, false, 0);
	}
	/* Each type comes here at most once per flag. */
	for (size_t i = 0; i < u->nqueue; i++) {
		struct use_slot at = u->queue[i];

		bool is_func = at.type->kind == TWZ_FUNC;

		for (uint32_t k = 0; k < at.type->nmembers; k++)
			visit(u, at.type->members[k].type, is_func ? ROLE_CALLBACK : ROLE_FIELD, false,
			      is_func ? 0 : at.flags);
		if (is_func)
			visit(u, at.type->target, ROLE_FIELD, false, 0);
	}
}

unsigned
uses_of(struct uses *u, const struct twz_type *type, const char *name)
{
	const struct name_slot *slot;

	collect(u);
	slot = *name ? names_find(&u->names, name) : NULL;
	if (slot)
		return slot->value;
	return u->size ? slot_of(u->slots, u->size, type)->flags : 0;
}

bool
uses_know(struct uses *u, const char *name)
{
	collect(u);
	return names_find(&u->names, name);
}

void
diff_write_types(FILE *out, const struct twz_service *service)
{
	static const struct { unsigned flag; const char *tag; } tags[] = {
		{ USE_STRUCT, "struct " }, { USE_UNION, "union " }, { USE_ENUM, "enum " }, { USE_TYPEDEF, "" },
	};
	TWZ_ARENA arena = { 0 };
	struct uses uses = { .service = service, .arena = &arena };

	collect(&uses);
	for (size_t i = 0; i < uses.names.size; i++)
		for (size_t k = 0; uses.names.slots[i].name && k < TWZ_COUNT(tags); k++)
			if (uses.names.slots[i].value & tags[k].flag)
				fprintf(out, "%s%s\n", tags[k].tag, uses.names.slots[i].name);
}
