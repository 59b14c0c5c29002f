#include "introspect/show/map.h"

#include <string.h>

static uint64_t
hash_text(const char *text)
{
	uint64_t hash = 0xcbf29ce484222325;

	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) * 0x100000001b3;
	return hash ^ hash >> 29;
}

static struct map_slot *
slot_of(const struct map *map, uint64_t hash, const void *key, const char *text)
{
	size_t i = (size_t)hash & (map->size - 1);

	for (; map->slots[i].key; i = (i + 1) & (map->size - 1))
		if (text ? map->slots[i].hash == hash && !strcmp(map->slots[i].key, text) :
			   map->slots[i].key == key)
			break;
	return &map->slots[i];
}

static void **
place(struct map *map, uint64_t hash, const void *key, const char *text)
{
	struct map_slot *slot;

	if (map->n * 2 >= map->size) {
		struct map_slot *old = map->slots;
		size_t n = map->size;

		map->size = n ? 2 * n : 64;
		map->slots = twz_new_array(map->arena, map->size, struct map_slot);
		for (size_t i = 0; i < n; i++)
			if (old[i].key)
				*slot_of(map, old[i].hash, old[i].key, text ? old[i].key : NULL) = old[i];
	}
	slot = slot_of(map, hash, key, text);
	if (!slot->key) {
		*slot = (struct map_slot){ hash, key, NULL };
		map->n++;
	}
	return &slot->value;
}

void **
map_pointer(struct map *map, const void *key)
{
	uint64_t hash = ((uintptr_t)key >> 4) * 0x9e3779b97f4a7c15;

	return place(map, hash ^ hash >> 32, key, NULL);
}

void **
map_text(struct map *map, const char *key)
{
	return place(map, hash_text(key), key, key);
}

void *
map_find(const struct map *map, const char *key)
{
	return map->size ? slot_of(map, hash_text(key), key, key)->value : NULL;
}
