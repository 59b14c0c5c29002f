/*
 * From what the compiler described to twz's types. Nothing here trusts the file: every size is worked
 * out again from the parts, every field must lie inside its struct, and no type may hold itself by
 * value. Who converts values later needs no such checks.
 */
#include <string.h>

#include "introspect/node.h"

enum { UNSEEN, OPEN, DONE };
enum { MAX_NESTING = 64 };

static const struct { const char *found, *name; } base_names[] = {
	{ "short int", "short" },
	{ "short unsigned int", "unsigned short" },
	{ "long int", "long" },
	{ "long unsigned int", "unsigned long" },
	{ "long long int", "long long" },
	{ "long long unsigned int", "unsigned long long" },
	{ "__int128 unsigned", "unsigned __int128" },
	{ "_Bool", "bool" },
	/* Rust's */
	{ "i8", "signed char" },
	{ "i16", "short" },
	{ "i32", "int" },
	{ "i64", "long" },
	{ "i128", "__int128" },
	{ "isize", "long" },
	{ "u8", "unsigned char" },
	{ "u16", "unsigned short" },
	{ "u32", "unsigned int" },
	{ "u64", "unsigned long" },
	{ "u128", "unsigned __int128" },
	{ "usize", "unsigned long" },
	{ "f32", "float" },
	{ "f64", "double" },
	/* Fortran's */
	{ "integer(kind=1)", "signed char" },
	{ "integer(kind=2)", "short" },
	{ "integer(kind=4)", "int" },
	{ "integer(kind=8)", "long" },
	{ "real(kind=4)", "float" },
	{ "real(kind=8)", "double" },
};

static const struct { const char *found; uint32_t size; const char *name; } complex_names[] = {
	{ "complex float", 8, "_Complex float" },
	{ "complex double", 16, "_Complex double" },
	{ "complex long double", 32, "_Complex long double" },
	{ "complex _Float128", 32, "_Complex _Float128" },
	{ "complex", 8, "_Complex float" },
	{ "complex", 16, "_Complex double" },
	{ "complex", 32, "_Complex long double" },
	{ "complex int", 8, "_Complex int" },
};

const char *
type_base_name(const char *name)
{
	for (size_t i = 0; i < TWZ_COUNT(base_names); i++)
		if (*base_names[i].found == *name && !strcmp(base_names[i].found, name))
			return base_names[i].name;
	return name;
}

const char *
type_complex_name(const char *name, uint32_t size)
{
	for (size_t i = 0; i < TWZ_COUNT(complex_names); i++)
		if (complex_names[i].size == size && !strcmp(complex_names[i].found, name))
			return complex_names[i].name;
	return name;
}

/* A type that is no static one of ours is a node. */
static struct node *
node_of(const struct twz_type *type)
{
	return (struct node *)(uintptr_t)type;
}

/* Whether what @type points to is const, also by a typedef on the way. */
static bool
points_to_const(const struct twz_type *type)
{
	for (int i = 0; i < 64 && type; i++) {
		if (type->quals & TWZ_CONST)
			return true;
		type = type->target;
		if (!type || type->kind != TWZ_TYPEDEF)
			break;
	}
	return false;
}

static void
make_string(struct node *node)
{
	const struct twz_type *target = node->type.target, *end = twz_type_strip(target);

	if (node->type.kind != TWZ_POINTER)
		return;
	node->type.is_const = points_to_const(&node->type);
	if (!end || end->kind != TWZ_CHAR)
		return;
	node->type.kind = TWZ_STRING;
	node->type.target = target == end ? NULL : target;
}

static bool
is_word32(const struct twz_member *m)
{
	const struct twz_type *type = twz_type_strip(m->type);

	return type->kind == TWZ_INT && type->size == 4 && !m->offset && !m->bit_size;
}

static void
make_result(struct node *node)
{
	const struct twz_member *m = node->members;
	uint32_t n = node->type.nmembers;

	if (node->type.kind != TWZ_STRUCT || n < 2 || n > 3 || !is_word32(&m[0]))
		return;
	if (n == 2 && !strcmp(m[0].name, "twz_some") && !strcmp(m[1].name, "twz_value"))
		node->type.kind = TWZ_OPTION;
	if (strcmp(m[0].name, "twz_state") || strcmp(m[1].name, "twz_err") ||
	    twz_type_strip(m[1].type)->kind != TWZ_ENUM || (n == 3 && strcmp(m[2].name, "twz_ok")))
		return;
	node->type.kind = TWZ_RESULT;
}

/* -- layout ----------------------------------------------------------------------------------------- */

/* Makes @type OPAQUE when it meets it a second time on the way down: callers look again. */
static void layout(const struct twz_type *type, struct nodes *nodes, unsigned depth);

/* C has structs without fields and arrays without elements; nothing else has size 0. */
static bool
has_size(const struct twz_type *type)
{
	type = twz_type_strip(type);
	return type->size || type->kind == TWZ_STRUCT || type->kind == TWZ_UNION ||
	       type->kind == TWZ_ARRAY;
}

static void
layout_array(struct node *node, struct nodes *nodes, unsigned depth)
{
	const struct twz_type *element = node->type.target;
	uint64_t size;

	layout(element, nodes, depth);
	if (node->type.kind == TWZ_OPAQUE)
		return;
	if (!has_size(element) || __builtin_mul_overflow(element->size, node->type.count, &size) ||
	    size > MAX_TYPE_SIZE) {
		node_opaque(node, TWZ_FORM_OTHER, "array of unknown size");
		return;
	}
	node->type.size = (uint32_t)size;
	node->type.align = element->align;
}

static bool
member_fits(const struct twz_type *type, const struct twz_member *m)
{
	const struct twz_type *inner = twz_type_strip(m->type);
	uint64_t bits = (uint64_t)type->size * 8;

	if (inner->kind == TWZ_ARRAY && !inner->count)
		return m->offset <= type->size;
	if (m->offset > type->size || !has_size(inner))
		return false;
	if (m->bit_size)
		return m->bit_size <= inner->size * 8 &&
		       m->offset * 8 + m->bit_offset + m->bit_size <= bits &&
		       (inner->kind == TWZ_INT || inner->kind == TWZ_ENUM ||
			inner->kind == TWZ_BOOL || inner->kind == TWZ_CHAR);
	return inner->size <= type->size - m->offset;
}

/*
 * A bit-field asks for its type's alignment, in which it then lies within one unit of that type. Where
 * one does not, or the size is no multiple of it, the struct is packed and bit-fields say nothing.
 */
static uint32_t
bits_align(const struct node *node)
{
	uint32_t align = 1;

	for (uint32_t i = 0; i < node->type.nmembers; i++) {
		const struct twz_member *m = &node->members[i];
		uint64_t first = m->offset * 8 + m->bit_offset, unit = (uint64_t)m->type->align * 8;

		if (!m->bit_size || !unit)
			continue;
		if (first / unit != (first + m->bit_size - 1) / unit || node->type.size % m->type->align)
			return 1;
		if (m->type->align > align)
			align = m->type->align;
	}
	return align;
}

/*
 * The alignment is that of the most demanding field, as far as the field's place bears it out: the
 * fields of a packed struct do not.
 */
static void
layout_fields(struct node *node, struct nodes *nodes, unsigned depth)
{
	uint32_t align = node->type.align ? node->type.align : 1;
	const char *name = node->type.name;

	for (uint32_t i = 0; i < node->type.nmembers; i++) {
		const struct twz_member *m = &node->members[i];
		uint32_t own;

		layout(m->type, nodes, depth);
		if (node->type.kind == TWZ_OPAQUE)
			return;
		if (!member_fits(&node->type, m)) {
			node_opaque(node, TWZ_FORM_OTHER,
				    twz_format(nodes->arena, "%s, whose field %s cannot be described",
					       *name ? name : "a struct", m->name));
			return;
		}
		own = m->bit_size || !m->type->align ? 1 : m->type->align;
		while (m->offset & (own - 1))
			own /= 2;
		if (own > align)
			align = own;
	}
	if (bits_align(node) > align)
		align = bits_align(node);
	while (node->type.size & (align - 1))
		align /= 2;
	node->type.align = align;
}

/* A vector is as large as its elements, and aligned to that. */
static void
layout_vector(struct node *node, struct nodes *nodes, unsigned depth)
{
	const struct twz_type *element = node->type.target;
	uint64_t size;

	if (node->type.form != TWZ_FORM_VECTOR)
		return;
	layout(element, nodes, depth);
	if (__builtin_mul_overflow(element->size, node->type.count, &size) || size > MAX_TYPE_SIZE)
		return;
	node->type.size = (uint32_t)size;
	node->type.align = size && !(size & (size - 1)) && size <= MAX_ALIGN ? (uint32_t)size : 1;
}

static void
layout_typedef(struct node *node, struct nodes *nodes, unsigned depth)
{
	layout(node->type.target, nodes, depth);
	if (node->type.kind == TWZ_OPAQUE)
		return;
	node->type.size = node->type.target->size;
	/* Its own alignment was written to the typedef. */
	if (!node->type.align)
		node->type.align = node->type.target->align;
}

static void
layout_node(struct node *node, struct nodes *nodes, unsigned depth)
{
	switch (node->type.kind) {
	case TWZ_ARRAY:
		layout_array(node, nodes, depth);
		break;
	case TWZ_STRUCT:
	case TWZ_UNION:
	case TWZ_RESULT:
	case TWZ_OPTION:
		layout_fields(node, nodes, depth);
		break;
	case TWZ_TYPEDEF:
		layout_typedef(node, nodes, depth);
		break;
	case TWZ_OPAQUE:
		layout_vector(node, nodes, depth);
		break;
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
		break;
	}
}

static void
layout(const struct twz_type *type, struct nodes *nodes, unsigned depth)
{
	struct node *node = node_of(type);

	if (type == &twz_type_void || node->state == DONE)
		return;
	if (node->state == OPEN || depth > MAX_NESTING) {
		node_opaque(node, TWZ_FORM_OTHER,
			    twz_format(nodes->arena, "%s, which %s",
				       *type->name ? type->name : "a type",
				       node->state == OPEN ? "contains itself" :
				       "is nested too deeply"));
		node->state = DONE;
		return;
	}
	node->state = OPEN;
	layout_node(node, nodes, depth + 1);
	node->state = DONE;
}

void
types_finish(struct nodes *nodes)
{
	for (size_t i = 0; i < nodes->n; i++) {
		struct node *node = node_at(nodes, i);

		make_string(node);
		layout(&node->type, nodes, 0);
		make_result(node);
	}
}
