/*
 * A struct is first laid out as the compiler would do it by itself, and what that leaves to be desired
 * is asked for: a field further behind than it would be gets an alignment of its own if that explains
 * its place, else a gap before it; a field further in front asks for a packed struct. Fields that
 * overlap, as in some classes, cannot be written; then the bytes keep their number and alignment.
 */
#include "introspect/show/clayout.h"

#include "twz/util.h"

/* Where the next field may begin, in bits, and the alignment so far, in bytes. */
struct cursor {
	const struct twz_type *type;
	struct clayout *plan;
	uint64_t end;
	uint32_t align;
};

static uint32_t
power(uint64_t n)
{
	uint32_t p = 1;

	while (p < 16 && 2 * (uint64_t)p <= n)
		p *= 2;
	return p;
}

static uint32_t
opaque_align(const struct twz_type *t)
{
	if (t->form == TWZ_FORM_COMPLEX)
		return power(t->size / 2);
	if (t->form == TWZ_FORM_VECTOR && t->size && !(t->size & (t->size - 1)))
		return t->size;
	if (t->form == TWZ_FORM_CLASS || t->form == TWZ_FORM_OTHER)
		return t->align ? t->align : 1;		/* will be bytes, wherever they stand */
	return t->align ? t->align : power(t->size);
}

uint32_t
clayout_align(const struct twz_type *type)
{
	for (unsigned i = 0; i < 64 && type->target && type->kind == TWZ_ARRAY; i++)
		type = type->target;
	switch (type->kind) {
	case TWZ_STRUCT:
	case TWZ_UNION:
	case TWZ_RESULT:
	case TWZ_OPTION:
	case TWZ_TYPEDEF:
	case TWZ_ARRAY:
		return type->align ? type->align : 1;
	case TWZ_OPAQUE:
		return opaque_align(type);
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
	return power(type->size);
}

static bool
put_bits(struct cursor *c, const struct twz_member *m, struct clayout_field *f)
{
	uint64_t unit = 8 * (uint64_t)twz_type_strip(m->type)->size, want = m->offset * 8 + m->bit_offset;
	uint64_t last = want + m->bit_size - 1;
	uint32_t align = clayout_align(m->type);
	uint64_t at = c->end;

	if (!unit || want < c->end)
		return false;
	if (!c->plan->packed && at / unit != (at + m->bit_size - 1) / unit)
		at = TWZ_ALIGN(at, (uint64_t)align * 8);
	if (at != want) {
		if (want - c->end > UINT32_MAX)
			return false;
		f->gap_bits = (uint32_t)(want - c->end);
		f->gap_unit = 4;
		/* Bits that leave the unit of their type are moved: it takes one that holds the gap. */
		for (uint32_t bytes = 8; bytes && !c->plan->packed; bytes /= 2)
			if (c->end / (8 * bytes) == (want - 1) / (8 * bytes))
				f->gap_unit = bytes;
		if (!c->plan->packed && c->end / (8 * f->gap_unit) != (want - 1) / (8 * f->gap_unit))
			return false;
	}
	if (!c->plan->packed && want / unit != last / unit)
		return false;
	if (!c->plan->packed && align > c->align)
		c->align = align;
	c->end = last + 1;
	return true;
}

static bool
put_field(struct cursor *c, const struct twz_member *m, struct clayout_field *f)
{
	uint64_t want = m->offset * 8, next = TWZ_ALIGN(c->end, 8);
	uint32_t align = c->plan->packed ? 1 : clayout_align(m->type);

	if (want < next || m->offset % align)
		return false;
	if (TWZ_ALIGN(next, (uint64_t)align * 8) != want) {
		uint32_t more = align;

		/* Without a name there is nothing that the attribute could be given to. */
		while (*m->name && more < c->type->align && TWZ_ALIGN(next, (uint64_t)more * 8) != want)
			more *= 2;
		if (TWZ_ALIGN(next, (uint64_t)more * 8) == want)
			f->align = align = more;
		else
			f->gap_bytes = (want - next) / 8;
	}
	if (align > c->align)
		c->align = align;
	c->end = want + 8 * (uint64_t)m->type->size;
	return true;
}

/* All fields of a union begin where it begins. */
static bool
put_variant(struct cursor *c, const struct twz_member *m)
{
	uint64_t bits = m->bit_size ? m->bit_size : 8 * (uint64_t)m->type->size;
	uint32_t align = c->plan->packed ? 1 : clayout_align(m->type);

	if (m->offset || m->bit_offset)
		return false;
	if (align > c->align)
		c->align = align;
	if (bits > c->end)
		c->end = bits;
	return true;
}

static bool
try_layout(const struct twz_type *t, struct clayout *plan)
{
	struct cursor c = { .type = t, .plan = plan, .align = 1 };
	uint64_t size;

	plan->align = 0;
	plan->tail = 0;
	for (uint32_t i = 0; i < t->nmembers; i++) {
		const struct twz_member *m = &t->members[i];
		struct clayout_field *f = &plan->fields[i];

		*f = (struct clayout_field){ 0 };
		if (!m->type || m->offset > t->size || !(t->kind == TWZ_UNION ? put_variant(&c, m) :
				  m->bit_size ? put_bits(&c, m, f) : put_field(&c, m, f)))
			return false;
	}
	if (c.align > t->align && c.align > 1)
		return false;
	if (t->align > c.align)
		plan->align = t->align;
	size = TWZ_ALIGN(TWZ_ALIGN(c.end, 8) / 8, (uint64_t)(t->align ? t->align : 1));
	if (size < t->size)
		plan->tail = t->size - (t->kind == TWZ_UNION ? 0 : TWZ_ALIGN(c.end, 8) / 8);
	return size <= t->size && !(plan->tail && !t->nmembers);
}

struct clayout
clayout_of(const struct twz_type *type, struct twz_arena *arena)
{
	struct clayout plan = { .fields = twz_new_array(arena, type->nmembers, struct clayout_field) };

	if (try_layout(type, &plan))
		return plan;
	plan.packed = true;
	if (try_layout(type, &plan))
		return plan;
	return (struct clayout){ .fields = plan.fields, .bytes = true,
				 .align = type->align > 1 ? type->align : 0 };
}
