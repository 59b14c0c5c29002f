/* A map from numbers to pointers, by open addressing; what outgrows it stays behind in the arena. */
#include "introspect/dwarf/own.h"

static struct own_entry *
slot(struct own_entry *entries, size_t size, uint64_t key)
{
	size_t i = (size_t)((key * 0x9e3779b97f4a7c15) >> 20) & (size - 1);

	while (entries[i].value && entries[i].key != key)
		i = (i + 1) & (size - 1);
	return &entries[i];
}

void
own_map_put(struct twz_arena *arena, struct own_map *map, uint64_t key, void *value)
{
	struct own_entry *entry;

	if (map->used * 2 >= map->size) {
		size_t size = map->size ? map->size * 2 : 16;
		struct own_entry *entries = twz_new_array(arena, size, struct own_entry);

		for (size_t i = 0; i < map->size; i++)
			if (map->entries[i].value)
				*slot(entries, size, map->entries[i].key) = map->entries[i];
		map->entries = entries;
		map->size = size;
	}
	entry = slot(map->entries, map->size, key);
	map->used += !entry->value;
	*entry = (struct own_entry){ key, value };
}

void *
own_map_get(const struct own_map *map, uint64_t key)
{
	return map->size ? slot(map->entries, map->size, key)->value : NULL;
}
