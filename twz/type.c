#include "twz/type.h"

#include <string.h>

#include "twz/arena.h"
#include "twz/typetext.h"

static const char *const kind_names[] = {
#define X(kind, text) [TWZ_##kind] = text,
	TWZ_KINDS(X)
#undef X
};

const char *
twz_kind_name(enum twz_kind kind)
{
	return kind_names[kind];
}

bool
twz_kind_parse(const char *text, enum twz_kind *ret)
{
	for (size_t i = 0; i < TWZ_COUNT(kind_names); i++) {
		if (strcmp(kind_names[i], text))
			continue;
		*ret = (enum twz_kind)i;
		return true;
	}
	return false;
}

const struct twz_type *
twz_type_strip(const struct twz_type *type)
{
	for (int i = 0; i < 64 && type && type->kind == TWZ_TYPEDEF && type->target; i++)
		type = type->target;
	return type;
}

const char *
twz_object_name(const struct twz_type *target)
{
	const struct twz_type *t = target;
	const char *name = "";

	for (int i = 0; i < 64 && t && t->kind == TWZ_TYPEDEF && t->target; i++, t = t->target)
		name = t->name;
	if (!t || t->kind == TWZ_VOID)
		return "";
	return *t->name ? t->name : name;
}

const struct twz_member *
twz_member_find(const struct twz_type *type, const char *name)
{
	for (uint32_t i = 0; i < type->nmembers; i++)
		if (!strcmp(type->members[i].name, name))
			return &type->members[i];
	return NULL;
}

static const struct twz_member *
result_part(const struct twz_type *type, const char *name)
{
	type = twz_type_strip(type);
	return type && type->kind == TWZ_RESULT ? twz_member_find(type, name) : NULL;
}

const struct twz_type *
twz_returned(const struct twz_type *func)
{
	const struct twz_type *t = func->target;

	if (twz_failing_able(func->count, t))
		return twz_failing_result(func->count, t);
	return t && t->kind == TWZ_ENUM && twz_result_err(t->target) ? t->target : t;
}

const struct twz_member *
twz_result_state(const struct twz_type *type)
{
	return result_part(type, "twz_state");
}

const struct twz_member *
twz_result_ok(const struct twz_type *type)
{
	return result_part(type, "twz_ok");
}

const struct twz_member *
twz_result_err(const struct twz_type *type)
{
	return result_part(type, "twz_err");
}

/* The pairs that are being compared further up: where a cycle closes, they count as equal. */
struct pair {
	const struct twz_type *a, *b;
	const struct pair *up;
	unsigned depth;
};

static bool equal(const struct twz_type *a, const struct twz_type *b, const struct pair *up);

static bool
members_equal(const struct twz_type *a, const struct twz_type *b, const struct pair *up)
{
	for (uint32_t i = 0; i < a->nmembers; i++) {
		const struct twz_member *m = &a->members[i], *n = &b->members[i];

		if (strcmp(m->name, n->name) || m->offset != n->offset || m->value != n->value ||
		    m->bit_size != n->bit_size || m->bit_offset != n->bit_offset ||
		    m->dir != n->dir || m->optional != n->optional || m->secret != n->secret ||
		    m->has_extent != n->has_extent || m->extent != n->extent ||
		    m->quals != n->quals || m->artificial != n->artificial ||
		    m->count != n->count || !equal(m->type, n->type, up))
			return false;
	}
	return true;
}

static bool
equal(const struct twz_type *a, const struct twz_type *b, const struct pair *up)
{
	struct pair here = { a, b, up, up ? up->depth + 1 : 0 };

	if (a == b)
		return true;
	if (!a || !b || here.depth > 1000)
		return false;
	for (const struct pair *p = up; p; p = p->up)
		if (p->a == a && p->b == b)
			return true;
	return a->kind == b->kind && a->form == b->form && a->quals == b->quals &&
	       a->is_signed == b->is_signed && a->is_const == b->is_const &&
	       a->is_flags == b->is_flags && a->is_variadic == b->is_variadic &&
	       a->is_prototyped == b->is_prototyped && a->size == b->size &&
	       a->align == b->align && a->count == b->count && a->nmembers == b->nmembers &&
	       !strcmp(a->name ? a->name : "", b->name ? b->name : "") &&
	       equal(a->target, b->target, &here) && members_equal(a, b, &here);
}

bool
twz_type_equal(const struct twz_type *a, const struct twz_type *b)
{
	return equal(a, b, NULL);
}

const struct twz_gate *
twz_gate_find(const struct twz_service *service, const char *name)
{
	for (uint32_t i = 0; i < service->ngates; i++)
		if (!strcmp(service->gates[i].name, name))
			return &service->gates[i];
	for (uint32_t i = 0; i < service->ngates; i++)
		for (uint32_t j = 0; j < service->gates[i].naliases; j++)
			if (!strcmp(service->gates[i].aliases[j], name))
				return &service->gates[i];
	return NULL;
}

const struct twz_gate *
twz_converter_find(const struct twz_service *service, enum twz_role role, const char *type_name)
{
	for (uint32_t i = 0; i < service->ngates; i++)
		if (service->gates[i].role == role &&
		    !strcmp(service->gates[i].converts, type_name))
			return &service->gates[i];
	return NULL;
}

#define INT_TYPE(id, bytes, sign, c) \
	const struct twz_type twz_type_##id = { .kind = TWZ_INT, .is_signed = (sign), \
		.size = (bytes), .align = (bytes), .name = (c) }

INT_TYPE(i8, 1, true, "signed char");
INT_TYPE(i16, 2, true, "short int");
INT_TYPE(i32, 4, true, "int");
INT_TYPE(i64, 8, true, "long int");
INT_TYPE(u8, 1, false, "unsigned char");
INT_TYPE(u16, 2, false, "short unsigned int");
INT_TYPE(u32, 4, false, "unsigned int");
INT_TYPE(u64, 8, false, "long unsigned int");

const struct twz_type twz_type_void = { .kind = TWZ_VOID, .name = "void" };
const struct twz_type twz_type_bool = { .kind = TWZ_BOOL, .size = 1, .align = 1, .name = "_Bool" };
const struct twz_type twz_type_char = { .kind = TWZ_CHAR, .is_signed = true, .size = 1, .align = 1,
					.name = "char" };
const struct twz_type twz_type_string = { .kind = TWZ_STRING, .is_const = true, .size = 8,
					  .align = 8, .name = "", .target = &twz_type_char };
const struct twz_type twz_type_f32 = { .kind = TWZ_FLOAT, .size = 4, .align = 4, .name = "float" };
const struct twz_type twz_type_f64 = { .kind = TWZ_FLOAT, .size = 8, .align = 8, .name = "double" };
const struct twz_type twz_type_record = { .kind = TWZ_RECORD, .name = "record" };
const struct twz_type twz_type_list = { .kind = TWZ_LIST, .name = "list" };
