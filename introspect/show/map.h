/*
 * A table from texts or from pointers to whatever, in an arena: what the writers use to know a type or
 * a name again among tens of thousands. Keys of one table are all of one sort.
 */
#pragma once

#include <stdint.h>

#include "twz/arena.h"

struct map {
	struct twz_arena *arena;
	struct map_slot {
		uint64_t hash;
		const void *key;	/* NULL: free */
		void *value;
	} *slots;
	size_t n, size;
};

/** The place of @key's value, which is NULL when the key is new. It is good until the next call. */
void **map_pointer(struct map *map, const void *key);
/** The same for a text, which must live as long as the table. */
void **map_text(struct map *map, const char *key);
/** The value of @key, or NULL; adds nothing. */
void *map_find(const struct map *map, const char *key);
