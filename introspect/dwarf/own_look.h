/*
 * A brief look at a DIE: most abbreviations have all that it is for at the same bytes behind the code, in spots. Then
 * nothing between has to be gone over.
 */
#pragma once

#include "introspect/dwarf/own.h"

/* Where the number of an attribute is, from the first one on, when that is the same in all DIEs. */
struct own_spot {
	uint64_t mask;		/* 0: it is not there, but is @value */
	uint64_t value;
	uint32_t at;
};

/* The same of all that a brief look at a type or function is for: then it is read with few branches. */
struct own_spots {
	uint64_t has;		/* what is there, like struct die's */
	uint32_t room;		/* bytes that may be read from the first attribute on */
	uint8_t texts;		/* enum debug_section: where the names are */
	bool function;		/* it has more than a name, size and line */
	struct own_spot name, size, line, linkage, low, type;
};

/* What of a DIE does not depend on its attributes. */
static inline void
own_begin(const struct own_unit *unit, const struct own_abbrev *abbrev, uint64_t offset, struct die *ret)
{
	ret->ref = DIE_REF(unit->file->number, unit->types, offset);
	ret->tag = abbrev->tag;
	ret->has_children = abbrev->children;
	ret->has = ret->odd = ret->sibling = ret->ranges = 0;
	ret->unit = unit->index;
}

/* The text at @offset, NULL when that section was not needed yet or is not so long. */
static inline const char *
own_usual_text(const struct own_file *file, enum debug_section section, uint64_t offset)
{
	if (!atomic_load_explicit(&file->loaded[section], memory_order_acquire) ||
	    offset >= file->sections[section].n)
		return NULL;
	return (const char *)file->sections[section].bytes + offset;
}

/* The DIE at @offset of the unit; 0 when there is none. */
static inline die_ref
own_usual_ref(const struct own_unit *unit, uint64_t offset)
{
	if (offset - (unit->first - unit->offset) >= unit->end - unit->first)
		return 0;
	return DIE_REF(unit->file->number, unit->types, unit->offset + offset);
}

static inline uint64_t
own_spot_value(const struct own_spot *spot, const unsigned char *at)
{
	uint64_t n;

	memcpy(&n, at + spot->at, sizeof(n));
	return (n & spot->mask) | spot->value;
}

/* A brief look by the abbreviation's spots. False: the DIE is unusual and has to be read. */
static inline bool
own_read_spots(const struct own_unit *unit, const struct own_spots *spots, const unsigned char *at, struct die *ret)
{
	bool ok;

	if ((size_t)(unit->bytes + unit->end - at) < spots->room)
		return false;
	ret->texts[DIE_NAME] = own_usual_text(unit->file, spots->texts, own_spot_value(&spots->name, at));
	ret->numbers[DIE_BYTE_SIZE - DIE_NREFS_END] = (int64_t)own_spot_value(&spots->size, at);
	ret->numbers[DIE_DECL_LINE - DIE_NREFS_END] = (int64_t)own_spot_value(&spots->line, at);
	ok = ret->texts[DIE_NAME];
	if (spots->function) {
		ret->texts[DIE_LINKAGE_NAME] = own_usual_text(unit->file, spots->texts,
							      own_spot_value(&spots->linkage, at));
		ret->numbers[DIE_LOW_PC - DIE_NREFS_END] = (int64_t)own_spot_value(&spots->low, at);
		ret->refs[DIE_TYPE - DIE_NTEXTS] = own_usual_ref(unit, own_spot_value(&spots->type, at));
		ok &= ret->texts[DIE_LINKAGE_NAME] && (ret->refs[DIE_TYPE - DIE_NTEXTS] || !(spots->has >> DIE_TYPE & 1));
	}
	ret->has = ok ? spots->has : 0;
	return ok;
}
