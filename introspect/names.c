#include "introspect/names.h"

#include <stdint.h>
#include <string.h>

static struct name_slot *
slot_of(struct name_slot *slots, size_t size, const char *name)
{
	uint64_t hash = 0xcbf29ce484222325;
	size_t i;

	for (const char *c = name; *c; c++)
		hash = (hash ^ (unsigned char)*c) * 0x100000001b3;
	i = (size_t)(hash ^ hash >> 32) & (size - 1);
	while (slots[i].name && strcmp(slots[i].name, name))
		i = (i + 1) & (size - 1);
	return &slots[i];
}

struct name_slot *
names_find(const struct names *names, const char *name)
{
	struct name_slot *slot = names->size ? slot_of(names->slots, names->size, name) : NULL;

	return slot && slot->name ? slot : NULL;
}

static void
grow(struct names *names, struct twz_arena *arena)
{
	size_t size = names->size ? names->size * 2 : 16;
	struct name_slot *slots = twz_new_array(arena, size, struct name_slot);

	for (size_t i = 0; i < names->size; i++)
		if (names->slots[i].name)
			*slot_of(slots, size, names->slots[i].name) = names->slots[i];
	names->slots = slots;
	names->size = size;
}

struct name_slot *
names_add(struct names *names, struct twz_arena *arena, const char *name)
{
	struct name_slot *slot;

	if (names->n * 2 >= names->size)
		grow(names, arena);
	slot = slot_of(names->slots, names->size, name);
	if (!slot->name) {
		slot->name = name;
		names->n++;
	}
	return slot;
}
