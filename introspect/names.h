/* Names and a number for each: a hash table in an arena. Names are not copied. */
#pragma once

#include <stdint.h>

#include "twz/arena.h"

struct name_slot {
	const char *name;		/* NULL: free */
	uint32_t value;
};

struct names {
	struct name_slot *slots;
	size_t size, n;			/* size: 0 or a power of two */
};

/** The slot of @name, or NULL. */
struct name_slot *names_find(const struct names *names, const char *name);
/** The slot of @name, made with value 0 when there is none. Good until the next names_add(). */
struct name_slot *names_add(struct names *names, struct twz_arena *arena, const char *name);
