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
	const struct twz_type **types;	/* by number: the first that has it */
	size_t n;
	/* inside: */
	struct number_slot {
		const struct twz_type *type;
		uint32_t number;
	} *slots;			/* by address; a power of two, never more than half full */
	size_t nslots, nknown;
	struct number_same {
		uint32_t hash, number;	/* the number plus one */
	} *same;			/* by what types say; the same */
	size_t nsame;
};

/** The number of @type; NUMBER_NONE of NULL. It may have been given just now, and some of its parts one, too. */
uint32_t number_of(struct numbers *numbers, const struct twz_type *type);
