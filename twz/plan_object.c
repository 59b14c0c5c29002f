/*
 * What may lie in an object that crosses: whatever crosses by itself, but nothing that points, except texts.
 */
#include "twz/plan_in.h"

#include <stdio.h>

enum { DEPTH_MAX = 32 };

bool
plan_refuse(const struct plan_where *w, const char *field, const char *why)
{
	char number[32] = "";
	const char *parts[] = {
		!w->param ? "the result" : *w->param->name ? "parameter '" : "parameter ",
		!w->param ? "" : *w->param->name ? w->param->name : number,
		w->param && *w->param->name ? "'" : "",
		field ? " in field '" : "", field ? field : "", field ? "'" : "", ": ", why, NULL,
	};

	if (w->param && !*w->param->name)
		snprintf(number, sizeof(number), "%td", w->param - w->gate->type->members + 1);
	return twz_fail_parts(w->err, TWZ_CLASS_TYPE, TWZ_ERR(ARGUMENT, WRONG_TYPE), parts);
}

bool
plan_scalar(const struct twz_type *t, struct twz_slot *slot)
{
	slot->size = t->size;
	slot->align = t->align;
	slot->is_float = t->kind == TWZ_FLOAT;
	slot->is_signed = t->is_signed;
	return t->size == 4 || t->size == 8 ||
	       (t->kind != TWZ_FLOAT && (t->size == 1 || t->size == 2));
}

const char *
plan_scalar_reason(const struct twz_type *t)
{
	return t->kind == TWZ_FLOAT ? "a long double cannot cross a gate"
				    : "an integer of more than 64 bits cannot cross a gate";
}

const char *
plan_opaque_reason(const struct twz_type *t)
{
	return t->kind == TWZ_OPAQUE && t->why ? t->why : "its type is opaque: it cannot cross a gate";
}

static bool
array(const struct plan_where *w, const char *field, const struct twz_type *t, uint32_t offset,
      struct twz_slot *slot, unsigned depth)
{
	const struct twz_type *element = twz_type_strip(t->target);
	uint32_t before = slot->ninner, each;

	if (!t->count)
		return plan_refuse(w, field, "an array without a length cannot cross a gate");
	if (!element || !element->size || t->count > UINT32_MAX / element->size)
		return plan_refuse(w, field, "an array of unknown size cannot cross a gate");
	if (!plan_object(w, field, t->target, offset, slot, depth + 1))
		return false;
	each = slot->ninner - before;
	if (each && (t->count - 1) > (TWZ_MAX_INNER - slot->ninner) / each)
		return plan_refuse(w, field, "it holds too many texts");
	for (uint64_t i = 1; each && i < t->count; i++)
		for (uint32_t j = 0; j < each; j++) {
			struct twz_inner inner = slot->inner[before + j];
			struct twz_inner *all = twz_grow(w->arena, (void *)(uintptr_t)slot->inner,
							 slot->ninner, sizeof(*all));

			inner.offset += (uint32_t)(i * element->size);
			all[slot->ninner++] = inner;
			slot->inner = all;
		}
	return true;
}

/* Debug information may say anything: a field has to lie inside of its struct. */
static bool
field_fits(const struct twz_type *t, const struct twz_member *m)
{
	const struct twz_type *f = twz_type_strip(m->type);
	uint64_t size = m->bit_size ? (uint64_t)(m->bit_offset + m->bit_size + 7) / 8
				    : f ? f->size : 0;

	return m->offset <= t->size && size <= t->size - m->offset &&
	       (!m->bit_size || (m->bit_size <= 64 && m->bit_offset < 64));
}

/* A Result or Option needs its parts, the state as a 32-bit word. */
static bool
parts_fit(const struct twz_type *t)
{
	bool option = t->kind == TWZ_OPTION;
	const struct twz_member *state = twz_member_find(t, option ? "twz_some" : "twz_state");
	const struct twz_member *part = twz_member_find(t, option ? "twz_value" : "twz_err");
	const struct twz_type *word = state ? twz_type_strip(state->type) : NULL;

	return word && word->kind == TWZ_INT && word->size == 4 && part;
}

static bool
fields(const struct plan_where *w, const struct twz_type *t, uint32_t offset, struct twz_slot *slot,
       unsigned depth)
{
	if (t->kind != TWZ_STRUCT && !parts_fit(t))
		return plan_refuse(w, NULL, "it is a Result or Option without its parts");
	for (uint32_t i = 0; i < t->nmembers; i++) {
		const struct twz_member *m = &t->members[i];

		if (!field_fits(t, m))
			return plan_refuse(w, m->name, "it lies outside of its struct");
		if (!plan_object(w, *m->name ? m->name : "(anonymous)", m->type,
			    offset + (uint32_t)m->offset, slot, depth + 1))
			return false;
	}
	return true;
}

static bool
inner_text(const struct plan_where *w, const char *field, uint32_t offset, struct twz_slot *slot)
{
	struct twz_inner *all;

	if (slot->ninner >= TWZ_MAX_INNER)
		return plan_refuse(w, field, "it holds too many texts");
	all = twz_grow(w->arena, (void *)(uintptr_t)slot->inner, slot->ninner, sizeof(*all));
	all[slot->ninner++].offset = offset;
	slot->inner = all;
	return true;
}

bool
plan_object(const struct plan_where *w, const char *field, const struct twz_type *type, uint32_t offset,
	    struct twz_slot *slot, unsigned depth)
{
	const struct twz_type *t = twz_type_strip(type);
	struct twz_slot ignored;

	if (!t)
		return plan_refuse(w, field, "its type is not known");
	if (depth > DEPTH_MAX)
		return plan_refuse(w, field, "its type is nested too deeply");
	switch (t->kind) {
	case TWZ_BOOL:
	case TWZ_CHAR:
	case TWZ_INT:
	case TWZ_FLOAT:
	case TWZ_ENUM:
		return plan_scalar(t, &ignored) || plan_refuse(w, field, plan_scalar_reason(t));
	case TWZ_STRING:
		return inner_text(w, field, offset, slot);
	case TWZ_ARRAY:
		return array(w, field, t, offset, slot, depth);
	case TWZ_STRUCT:
	case TWZ_RESULT:
	case TWZ_OPTION:
		return fields(w, t, offset, slot, depth);
	case TWZ_UNION:
		return plan_refuse(w, field, "a union cannot cross a gate");
	case TWZ_POINTER:
		return plan_refuse(w, field, "a pointer inside an object cannot cross a gate");
	case TWZ_VOID:
	case TWZ_TYPEDEF:
	case TWZ_FUNC:
	case TWZ_LIST:
	case TWZ_RECORD:
	case TWZ_OPAQUE:
		break;
	}
	return plan_refuse(w, field, plan_opaque_reason(t));
}
