#include "registry/number.h"

#include <string.h>

enum {
	DEPTH_MAX = 64,			/* types inside of each other that are looked into */
	OPEN = UINT32_MAX - 1,		/* its parts are being looked at */
	PROBES = 32,			/* types with one hash that are compared */
};

/* -- by address ------------------------------------------------------------------------------------- */

static struct number_slot *
find_slot(struct number_slot *slots, size_t n, const struct twz_type *type)
{
	size_t i = ((uintptr_t)type >> 4) * 0x9e3779b97f4a7c15 >> 20 & (n - 1);

	while (slots[i].type && slots[i].type != type)
		i = (i + 1) & (n - 1);
	return &slots[i];
}

/* The size of a table at first. */
static size_t
at_least(size_t n)
{
	size_t size = 1024;

	while (size < n)
		size *= 2;
	return size;
}

static struct number_slot *
slot_of(struct numbers *s, const struct twz_type *type)
{
	if (s->nknown * 2 >= s->nslots) {
		size_t n = s->nslots ? s->nslots * 2 : at_least(4 * s->expected);
		struct number_slot *slots = twz_new_array(s->arena, n, struct number_slot);

		for (size_t i = 0; i < s->nslots; i++)
			if (s->slots[i].type)
				*find_slot(slots, n, s->slots[i].type) = s->slots[i];
		s->slots = slots;
		s->nslots = n;
	}
	return find_slot(s->slots, s->nslots, type);
}

/* -- by what they say ------------------------------------------------------------------------------- */

/* Whether a type's members are compared one by one; those of others are the same only at one address. */
static bool
is_open(const struct twz_type *type)
{
	return type->kind == TWZ_FUNC;
}

static uint64_t
mix(uint64_t hash, uint64_t n)
{
	hash = (hash ^ n) * 0x9e3779b97f4a7c15;
	return hash ^ hash >> 29;
}

static uint64_t
mix_text(uint64_t hash, const char *text)
{
	for (; text && *text; text++)
		hash = (hash ^ (unsigned char)*text) * 0x100000001b3;
	return hash;
}

static uint32_t class_of(struct numbers *s, const struct twz_type *type);

static uint64_t
hash_of(struct numbers *s, const struct twz_type *t)
{
	uint64_t hash = mix(mix((uint64_t)t->kind << 8 | (uint64_t)t->form, (uint64_t)t->size << 32 | t->nmembers), t->count);

	hash = mix(mix_text(hash, t->name), class_of(s, t->target));
	if (!is_open(t))
		return mix(hash, (uintptr_t)t->members);
	for (uint32_t i = 0; i < t->nmembers; i++)
		hash = mix(mix_text(hash, t->members[i].name), class_of(s, t->members[i].type));
	return hash;
}

static bool
same_text(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

static bool
same_member(struct numbers *s, const struct twz_member *a, const struct twz_member *b)
{
	return same_text(a->name, b->name) && class_of(s, a->type) == class_of(s, b->type) &&
	       a->offset == b->offset && a->value == b->value && a->bit_size == b->bit_size &&
	       a->bit_offset == b->bit_offset && a->quals == b->quals && a->artificial == b->artificial &&
	       a->dir == b->dir && a->secret == b->secret && a->optional == b->optional &&
	       a->has_extent == b->has_extent && a->extent == b->extent && a->count == b->count &&
	       same_text(a->text, b->text);
}

static bool
same_type(struct numbers *s, const struct twz_type *a, const struct twz_type *b)
{
	if (a->kind != b->kind || a->form != b->form || a->quals != b->quals || a->is_signed != b->is_signed ||
	    a->is_const != b->is_const || a->is_flags != b->is_flags || a->is_variadic != b->is_variadic ||
	    a->is_prototyped != b->is_prototyped || a->size != b->size || a->align != b->align ||
	    a->count != b->count || a->nmembers != b->nmembers || !same_text(a->name, b->name) ||
	    !same_text(a->why, b->why) || class_of(s, a->target) != class_of(s, b->target))
		return false;
	if (a->members == b->members || !is_open(a))
		return a->members == b->members || !a->nmembers;
	for (uint32_t i = 0; i < a->nmembers; i++)
		if (!same_member(s, &a->members[i], &b->members[i]))
			return false;
	return true;
}

/* -- both ------------------------------------------------------------------------------------------- */

static uint32_t
add(struct numbers *s, const struct twz_type *type)
{
	twz_push(s->arena, s->classes, s->nclasses, ((struct number_class){ type, 0 }));
	return (uint32_t)s->nclasses - 1;
}

static void
grow_same(struct numbers *s)
{
	size_t size = s->nsame ? s->nsame * 2 : at_least(2 * s->expected);
	struct number_same *same = twz_new_array(s->arena, size, struct number_same);

	for (size_t i = 0; i < s->nsame; i++) {
		size_t at = s->same[i].hash & (size - 1);

		if (!s->same[i].class)
			continue;
		while (same[at].class)
			at = (at + 1) & (size - 1);
		same[at] = s->same[i];
	}
	s->same = same;
	s->nsame = size;
}

/* The class of those that say the same, else a new one. The parts of @type have theirs. */
static uint32_t
class_by_words(struct numbers *s, const struct twz_type *type)
{
	uint32_t hash = (uint32_t)hash_of(s, type);
	size_t at;

	if (s->nclasses * 2 >= s->nsame)
		grow_same(s);
	at = hash & (s->nsame - 1);
	for (size_t i = 0; i < PROBES; i++, at = (at + 1) & (s->nsame - 1)) {
		struct number_same *same = &s->same[at];

		if (!same->class) {
			*same = (struct number_same){ hash, add(s, type) + 1 };
			return same->class - 1;
		}
		if (same->hash == hash && same_type(s, s->classes[same->class - 1].type, type))
			return same->class - 1;
	}
	return add(s, type);
}

/* Looks at what @type consists of first: at a certain depth, or where it turns in circles, it stands alone. */
static uint32_t
classify(struct numbers *s, const struct twz_type *type, unsigned depth)
{
	const struct number_slot *slots;
	struct number_slot *slot;
	uint32_t found;

	if (!type)
		return NUMBER_NONE;
	slot = slot_of(s, type);
	if (slot->type && slot->class == OPEN)
		slot->class = add(s, type);
	if (slot->type)
		return slot->class;
	*slot = (struct number_slot){ type, OPEN };
	s->nknown++;
	/* A slot stays where it is until there are more. */
	slots = s->slots;
	if (depth < DEPTH_MAX) {
		classify(s, type->target, depth + 1);
		for (uint32_t i = 0; is_open(type) && i < type->nmembers; i++)
			classify(s, type->members[i].type, depth + 1);
		slot = s->slots == slots ? slot : slot_of(s, type);
		if (slot->class != OPEN)
			return slot->class;
		slots = s->slots;
		found = class_by_words(s, type);
	} else {
		found = add(s, type);
	}
	slot = s->slots == slots ? slot : slot_of(s, type);
	if (slot->class == OPEN)
		slot->class = found;
	return slot->class;
}

static uint32_t
class_of(struct numbers *s, const struct twz_type *type)
{
	return classify(s, type, 0);
}

uint32_t
number_of(struct numbers *s, const struct twz_type *type)
{
	uint32_t at = class_of(s, type);
	struct number_class *class;

	if (!type)
		return NUMBER_NONE;
	class = &s->classes[at];
	if (!class->number) {
		twz_push(s->arena, s->types, s->n, class->type);
		class->number = (uint32_t)s->n;
	}
	return class->number - 1;
}
