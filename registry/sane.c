#include "registry/sane.h"

#include <string.h>

#include "twz/arena.h"

enum { MOST_NESTED = 64, LARGEST = 1 << 30 };

/* How far a type was looked at, on the way down through what it holds by value. */
enum { UNSEEN, OPEN, DONE };

struct check {
	const struct twz_type *types;
	size_t n;
	unsigned char *states;
	const char *fault;
};

static bool
bad(struct check *c, const char *fault)
{
	c->fault = fault;
	return false;
}

static bool
holds_bits(const struct twz_type *type)
{
	return type->kind == TWZ_INT || type->kind == TWZ_ENUM || type->kind == TWZ_BOOL ||
	       type->kind == TWZ_CHAR;
}

static bool
member_fits(const struct twz_type *owner, const struct twz_member *m)
{
	const struct twz_type *type = twz_type_strip(m->type);

	if (m->offset > owner->size)
		return false;
	if (m->bit_size)
		return holds_bits(type) && m->bit_size <= type->size * 8 &&
		       m->offset * 8 + m->bit_offset + m->bit_size <= (uint64_t)owner->size * 8;
	return type->size <= owner->size - m->offset;
}

static bool
fields_fit(struct check *c, const struct twz_type *t)
{
	for (uint32_t i = 0; i < t->nmembers; i++)
		if (!member_fits(t, &t->members[i]))
			return bad(c, "a field lies outside its struct");
	return true;
}

static bool
is_word(const struct twz_member *m)
{
	const struct twz_type *type = twz_type_strip(m->type);

	return type->kind == TWZ_INT && type->size == 4 && !m->offset && !m->bit_size;
}

/* Values of Result and Option are told by their first member. */
static bool
result_is_one(struct check *c, const struct twz_type *t)
{
	const struct twz_member *m = t->members;
	bool option = t->kind == TWZ_OPTION;

	if (t->nmembers < 2 || t->nmembers > (option ? 2 : 3) || !is_word(&m[0]) ||
	    (!option && twz_type_strip(m[1].type)->kind != TWZ_ENUM))
		return bad(c, "a Result or Option is made of other parts");
	return true;
}

static bool
array_fits(struct check *c, const struct twz_type *t)
{
	uint64_t size;

	if (__builtin_mul_overflow(t->target->size, t->count, &size) || size != t->size)
		return bad(c, "an array is not as large as its elements");
	return true;
}

static bool
extents_exist(struct check *c, const struct twz_type *t)
{
	for (uint32_t i = 0; i < t->nmembers; i++)
		if (t->members[i].has_extent && t->members[i].extent >= (int64_t)t->nmembers)
			return bad(c, "a parameter is as long as one that does not exist says");
	for (uint32_t i = 0; i < t->nmembers; i++)
		if (t->members[i].has_extent && t->members[i].extent == TWZ_CALLBACK &&
		    t->members[i].count > t->nmembers)
			return bad(c, "a callback's user data is a parameter that does not exist");
	return true;
}

static bool
fits(struct check *c, const struct twz_type *t)
{
	switch (t->kind) {
	case TWZ_BOOL:
	case TWZ_CHAR:
		return t->size == 1 || bad(c, "a char or bool has another size than 1");
	case TWZ_INT:
	case TWZ_FLOAT:
	case TWZ_ENUM:
		return (t->size && t->size <= 16) || bad(c, "a number has an impossible size");
	case TWZ_STRING:
	case TWZ_POINTER:
		return t->size == sizeof(void *) || bad(c, "a pointer has another size than pointers");
	case TWZ_ARRAY:
		return array_fits(c, t);
	case TWZ_TYPEDEF:
		return t->size == t->target->size || bad(c, "a typedef has another size than its type");
	case TWZ_STRUCT:
	case TWZ_UNION:
		return fields_fit(c, t);
	case TWZ_RESULT:
	case TWZ_OPTION:
		return result_is_one(c, t) && fields_fit(c, t);
	case TWZ_FUNC:
		return extents_exist(c, t);
	case TWZ_VOID:
	case TWZ_LIST:
	case TWZ_RECORD:
	case TWZ_OPAQUE:
		break;
	}
	return true;
}

static bool by_value(struct check *c, const struct twz_type *type, unsigned depth);

static bool
parts_by_value(struct check *c, const struct twz_type *t, unsigned depth)
{
	switch (t->kind) {
	case TWZ_ARRAY:
	case TWZ_TYPEDEF:
		return by_value(c, t->target, depth);
	case TWZ_STRUCT:
	case TWZ_UNION:
	case TWZ_RESULT:
	case TWZ_OPTION:
		for (uint32_t i = 0; i < t->nmembers; i++)
			if (!by_value(c, t->members[i].type, depth))
				return false;
		return true;
	case TWZ_VOID:
	case TWZ_BOOL:
	case TWZ_CHAR:
	case TWZ_INT:
	case TWZ_FLOAT:
	case TWZ_ENUM:
	case TWZ_STRING:
	case TWZ_POINTER:
	case TWZ_FUNC:
	case TWZ_LIST:
	case TWZ_RECORD:
	case TWZ_OPAQUE:
		break;
	}
	return true;
}

static bool
by_value(struct check *c, const struct twz_type *type, unsigned depth)
{
	size_t i = (size_t)(type - c->types);

	if (c->states[i] == DONE)
		return true;
	if (c->states[i] == OPEN)
		return bad(c, "it holds itself");
	if (depth > 2 * MOST_NESTED)
		return bad(c, "it is nested too deeply");
	c->states[i] = OPEN;
	if (!parts_by_value(c, type, depth + 1))
		return false;
	c->states[i] = DONE;
	return true;
}

bool
sane_types(const struct twz_type *types, size_t n, struct twz_error *err)
{
	TWZ_ARENA arena = { 0 };
	struct check c = { .types = types, .n = n, .states = twz_new_array(&arena, n, unsigned char) };

	for (size_t i = 0; i < n; i++) {
		const struct twz_type *t = &types[i];

		if (t->size > LARGEST || (t->align & (t->align - 1)))
			bad(&c, "its size or alignment is impossible");
		else if (by_value(&c, t, 0))
			fits(&c, t);
		if (c.fault)
			return twz_fail(err, TWZ_CLASS_LINK, TWZ_ERR(IO, DATA_LOSS),
					"type %zu (%s %s): %s", i, twz_kind_name(t->kind), t->name,
					c.fault);
	}
	return true;
}
