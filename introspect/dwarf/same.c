/*
 * Types that several units describe again and again: a header's struct has a DIE in every unit that
 * includes it. The fields of the first are read; of the others only as much as it takes to see that
 * they say the same. That is: the same names, places and types of all fields, where types behind
 * pointers count by their names, as they do in C.
 */
#include <string.h>

#include "introspect/dwarf/reader_in.h"

enum {
	MAX_INNER = 3,			/* types inside of each other */
	MAX_STEPS = 1 << 14,		/* DIEs that one print may cost, … */
	MAX_ALL_STEPS = 1 << 24,	/* … and all of them together */
	MAX_VARIANTS = 8,		/* types that look the same at once */
	PRINTED = 1 << 10,		/* types whose prints are remembered */
};

static const uint64_t start = 0xcbf29ce484222325;

static uint64_t
mix(uint64_t hash, uint64_t n)
{
	hash = (hash ^ n) * 0x9e3779b97f4a7c15;
	return hash ^ hash >> 29;
}

static uint64_t
mix_number(uint64_t hash, const struct die *die, enum die_attr attr)
{
	int64_t number = 0;

	if (die_number(die, attr, &number))
		return mix(mix(hash, attr + 1), (uint64_t)number);
	return die->odd >> attr & 1 ? mix(hash, attr + 1001) : hash;
}

static uint64_t print_fields(struct dw *dw, uint64_t hash, const struct die *die, int depth);
static uint64_t print_type(struct dw *dw, uint64_t hash, const struct die *from, int depth);

/* Dimensions of an array, parameters of a function. */
static uint64_t
print_children(struct dw *dw, uint64_t hash, const struct die *die, int depth)
{
	struct die child;

	for (bool more = dw_child(dw, die, 0, &child); more && dw->steps++ < MAX_STEPS;
	     more = dw_next(dw, &child, 0)) {
		hash = mix(hash, child.tag);
		hash = mix_number(hash, &child, DIE_COUNT);
		hash = mix_number(hash, &child, DIE_UPPER_BOUND);
		if (child.tag == DW_TAG_formal_parameter)
			hash = print_type(dw, hash, &child, depth + 1);
	}
	return hash;
}

/* The type that @from's DW_AT_type names, from there on. */
static uint64_t
print_chain(struct dw *dw, const struct die *from, int depth)
{
	struct die type = *from;
	uint64_t hash = start;
	bool behind = false;

	for (int i = 0; i < DW_MAX_CHAIN && dw_follow(dw, &type, DIE_TYPE, &type); i++) {
		dw_origin(dw, &type, DIE_SIGNATURE);
		hash = dw_hash(mix(hash, type.tag), die_text(&type, DIE_NAME));
		if (tag_in(type.tag, TAGGED_BITS)) {
			/* What is only declared here may be defined there. */
			if (!behind)
				hash = mix_number(hash, &type, DIE_BYTE_SIZE);
			return die_has(&type, DIE_NAME) ? hash :
			       print_fields(dw, hash, &type, depth + 1);
		}
		hash = mix_number(hash, &type, DIE_ENCODING);
		hash = mix_number(hash, &type, DIE_BYTE_SIZE);
		behind |= type.tag == DW_TAG_pointer_type;
		if (type.tag == DW_TAG_array_type || type.tag == DW_TAG_subroutine_type)
			hash = print_children(dw, hash, &type, depth);
	}
	return hash;
}

/* Structs of one unit have many fields of few types. */
static uint64_t
print_type(struct dw *dw, uint64_t hash, const struct die *from, int depth)
{
	die_ref ref = die_to(from, DIE_TYPE);
	struct printed *printed;

	if (depth > MAX_INNER)
		return mix(hash, 1);
	if (!ref)
		return hash;
	if (!dw->printed)
		dw->printed = twz_new_array(dw->arena, PRINTED, struct printed);
	printed = &dw->printed[(ref * 0x9e3779b97f4a7c15 >> 40) % PRINTED];
	if (printed->ref != ref || printed->depth != depth) {
		uint64_t print = print_chain(dw, from, depth);

		if (dw->steps >= MAX_STEPS)
			return mix(hash, print);
		*printed = (struct printed){ ref, print, depth };
	}
	return mix(hash, printed->print);
}

static uint64_t
print_fields(struct dw *dw, uint64_t hash, const struct die *die, int depth)
{
	struct die child;

	if (depth > MAX_INNER)
		return mix(hash, 2);
	hash = mix_number(hash, die, DIE_BYTE_SIZE);
	hash = mix_number(hash, die, DIE_ALIGNMENT);
	hash = mix_number(hash, die, DIE_CALLING_CONVENTION);
	for (bool more = dw_child(dw, die, 0, &child); more && dw->steps++ < MAX_STEPS;
	     more = dw_next(dw, &child, 0)) {
		static const enum die_attr attrs[] = {
			DIE_MEMBER_LOCATION, DIE_DATA_BIT_OFFSET, DIE_BIT_OFFSET, DIE_BIT_SIZE,
			DIE_CONST_VALUE, DIE_ALIGNMENT,
		};

		hash = dw_hash(mix(hash, child.tag), die_text(&child, DIE_NAME));
		for (size_t i = 0; i < TWZ_COUNT(attrs); i++)
			hash = mix_number(hash, &child, attrs[i]);
		if (child.tag == DW_TAG_member || child.tag == DW_TAG_inheritance)
			hash = print_type(dw, hash, &child, depth);
	}
	return hash;
}

uint64_t
dw_print(struct dw *dw, const struct die *die)
{
	uint64_t hash;

	dw->steps = dw->all_steps < MAX_ALL_STEPS ? 0 : MAX_STEPS;
	hash = print_fields(dw, mix(start, die->tag), die, 0);
	dw->all_steps += dw->steps;
	/* What was not looked at to the end is like nothing else. */
	if (dw->steps >= MAX_STEPS)
		hash = mix(hash, die->ref);
	return hash ? hash : 1;
}

/* -- who was first ---------------------------------------------------------------------------------- */

static uint64_t
key_of(const struct die *die)
{
	uint64_t hash = dw_hash(mix(start, die->tag), die_text(die, DIE_NAME));

	hash = mix_number(mix_number(hash, die, DIE_BYTE_SIZE), die, DIE_DECL_LINE);
	return hash ? hash : 1;
}

static void
grow(struct dw *dw)
{
	size_t size = dw->firsts_size ? dw->firsts_size * 2 : 256;
	struct first *firsts = twz_new_array(dw->arena, size, struct first);

	for (size_t i = 0; i < dw->firsts_size; i++) {
		size_t k = dw->firsts[i].key & (size - 1);

		if (!dw->firsts[i].key)
			continue;
		while (firsts[k].key)
			k = (k + 1) & (size - 1);
		firsts[k] = dw->firsts[i];
	}
	dw->firsts = firsts;
	dw->firsts_size = size;
}

bool
dw_share(struct dw *dw, const struct die *die, struct node *node)
{
	uint64_t key = key_of(die), print = 0;
	struct first *f;
	struct die other;
	size_t i, variants = 0;

	if (dw->all_steps >= MAX_ALL_STEPS)
		return false;
	if (dw->nfirsts * 2 >= dw->firsts_size)
		grow(dw);
	for (i = key & (dw->firsts_size - 1); dw->firsts[i].key; i = (i + 1) & (dw->firsts_size - 1)) {
		f = &dw->firsts[i];
		if (f->key != key)
			continue;
		if (++variants > MAX_VARIANTS)
			return false;
		if (!f->node->is_complete)
			continue;
		if (!f->print && dw_die(dw, f->ref, &other))
			f->print = dw_print(dw, &other);
		if (!print)
			print = dw_print(dw, die);
		if (f->print != print)
			continue;
		node->type = f->node->type;
		node->members = f->node->members;
		node->unread = 0;
		node->is_complete = true;
		return true;
	}
	dw->firsts[i] = (struct first){ .key = key, .ref = die->ref, .node = node };
	dw->nfirsts++;
	return false;
}
