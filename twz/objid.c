#include "twz/objid.h"

#include <string.h>

#include "twz/arena.h"
#include "twz/text.h"

static const struct twz_member halves[] = {
	{ .name = "twz_low", .type = &twz_type_u64 },
	{ .name = "twz_high", .type = &twz_type_u64, .offset = 8 },
};

static const struct twz_type pair = {
	.kind = TWZ_STRUCT, .name = "twz_objid", .size = 16, .align = 8, .members = halves,
	.nmembers = TWZ_COUNT(halves),
};

const struct twz_type twz_type_objid = {
	.kind = TWZ_TYPEDEF, .name = "ObjID", .size = 16, .align = 8, .target = &pair,
};

bool
twz_is_objid(const struct twz_type *type)
{
	const struct twz_type *t = twz_type_strip(type);

	if (!t || t->kind != TWZ_STRUCT || t->size != pair.size || t->nmembers != TWZ_COUNT(halves) ||
	    strcmp(t->name, pair.name))
		return false;
	for (uint32_t i = 0; i < t->nmembers; i++) {
		const struct twz_member *m = &t->members[i];
		const struct twz_type *half = twz_type_strip(m->type);

		if (strcmp(m->name, halves[i].name) || m->offset != halves[i].offset || m->bit_size || !half ||
		    half->kind != TWZ_INT || half->size != 8 || half->is_signed)
			return false;
	}
	return true;
}

bool
twz_id_parse(const char *text, size_t n, twz_id *ret)
{
	bool prefixed = n > 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
	size_t at = prefixed ? 2 : 0;
	twz_id id = 0;

	if (n - at > 32 || (!prefixed && n != 32))
		return false;
	for (; at < n; at++) {
		unsigned d = twz_digit(text[at]);

		if (d > 15)
			return false;
		id = id << 4 | (twz_id)d;
	}
	*ret = id;
	return true;
}

const char *
twz_id_text(twz_id id, char *buf)
{
	for (int i = TWZ_ID_TEXT - 2; i >= 0; i--, id >>= 4)
		buf[i] = "0123456789abcdef"[id & 15];
	buf[TWZ_ID_TEXT - 1] = '\0';
	return buf;
}

struct twz_value
twz_id_value(struct twz_arena *arena, const struct twz_type *type, twz_id id)
{
	static const char *const names[] = { "twz_low", "twz_high" };
	struct twz_value *items = twz_new_array(arena, TWZ_COUNT(names), struct twz_value);

	items[0] = twz_int(&twz_type_u64, (twz_wide)(uint64_t)id);
	items[1] = twz_int(&twz_type_u64, (twz_wide)(uint64_t)(id >> 64));
	return twz_record(type, names, items, TWZ_COUNT(names));
}

bool
twz_id_of(const struct twz_value *v, twz_id *ret)
{
	const struct twz_value *items = v->list.items;

	if (v->kind != TWZ_VALUE_RECORD || !twz_is_objid(v->type) || v->list.n != TWZ_COUNT(halves) ||
	    items[0].kind != TWZ_VALUE_INT || items[1].kind != TWZ_VALUE_INT)
		return false;
	*ret = (twz_id)(uint64_t)items[1].integer << 64 | (uint64_t)items[0].integer;
	return true;
}
