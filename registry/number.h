/*
 * Numbers of types, from 0 on. A reader of debug information makes a type for every unit that describes it;
 * those that say the same, down to the structs they name, have one number. Structs, unions and enums say the
 * same when they have the same fields in memory: readers see to that.
 */
#pragma once

#include "twz/arena.h"
#include "twz/type.h"

enum { NUMBER_NONE = UINT32_MAX };

struct numbers {
	struct twz_arena *arena;
	size_t expected;		/* about so many will be asked about; 0: nobody knows */
	const struct twz_type **types;	/* by number */
	size_t n;
	/* inside: a class is all types that say the same */
	struct number_class {
		const struct twz_type *type;	/* the first of it */
		uint32_t number;		/* plus one; 0: nobody asked */
	} *classes;
	size_t nclasses;
	struct number_slot {
		const struct twz_type *type;
		uint32_t class;
	} *slots;			/* by address; a power of two, never more than half full */
	size_t nslots, nknown;
	struct number_same {
		uint32_t hash, class;	/* the class plus one */
	} *same;			/* by what types say; the same */
	size_t nsame;
};

/** The number of @type, which are given in the order in which they are asked for; NUMBER_NONE of NULL. */
uint32_t number_of(struct numbers *numbers, const struct twz_type *type);
