/*
 * Objects that stay in the compartment: what a library's functions open, use and close by a pointer.
 * Callers get a number instead of the pointer. A number is a place in the table and that place's
 * generation, so that a number that was closed, made up or meant for another type is refused and never
 * becomes an address. No number is ever given twice, and generations begin at a random one, so that the
 * number of another compartment means nothing here.
 */
#include <pthread.h>
#include <stdlib.h>
#include <sys/random.h>

#include "monitor/guest/guest.h"

enum { OBJECTS_MAX = 1 << 16 };

struct object {
	void *pointer;			/* NULL: the place is free */
	uint32_t tag, generation;
	bool owned;			/* its memory is ours, and goes with it */
	struct object_kept *kept;
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static struct object *objects;
static uint32_t size, used, hint;	/* allocated; in use; where to look for a free place first */
static uint32_t first;			/* twice the first generation */

/* The place of @number, or NULL. With the lock held. */
static struct object *
find(uint64_t number, uint32_t tag)
{
	uint32_t place = (uint32_t)number - 1;
	struct object *o = place < size ? &objects[place] : NULL;

	return o && o->pointer && o->tag == tag && o->generation == number >> 32 ? o : NULL;
}

static bool
grow(void)
{
	uint32_t n = size ? size * 2 : 64;
	struct object *more = n <= OBJECTS_MAX ? reallocarray(objects, n, sizeof(*more)) : NULL;

	if (!more)
		return false;
	if (!size && getrandom(&first, sizeof(first), GRND_NONBLOCK) != sizeof(first))
		first = (uint32_t)(uintptr_t)more;
	objects = more;
	for (uint32_t i = size; i < n; i++)
		objects[i] = (struct object){ .generation = first >> 1 };
	hint = size;
	size = n;
	return true;
}

uint64_t
object_add(void *pointer, uint32_t tag, bool owned)
{
	uint64_t number = 0;

	if (!pointer)
		return 0;
	pthread_mutex_lock(&mutex);
	if (used < size || grow()) {
		while (objects[hint % size].pointer)
			hint++;
		hint %= size;
		objects[hint].pointer = pointer;
		objects[hint].tag = tag;
		objects[hint].owned = owned;
		objects[hint].kept = NULL;
		objects[hint].generation++;
		number = (uint64_t)objects[hint].generation << 32 | (hint + 1);
		used++;
	}
	pthread_mutex_unlock(&mutex);
	return number;
}

bool
object_find(uint64_t number, uint32_t tag, void **ret)
{
	struct object *o;

	*ret = NULL;
	pthread_mutex_lock(&mutex);
	o = find(number, tag);
	if (o)
		*ret = o->pointer;
	pthread_mutex_unlock(&mutex);
	return o;
}

void
object_drop(uint64_t number, uint32_t tag)
{
	struct object_kept *kept = NULL, *next;
	void *memory = NULL;
	struct object *o;

	pthread_mutex_lock(&mutex);
	o = find(number, tag);
	if (o) {
		memory = o->owned ? o->pointer : NULL;
		kept = o->kept;
		o->pointer = NULL;
		hint = (uint32_t)(o - objects);
		used--;
	}
	pthread_mutex_unlock(&mutex);
	free(memory);
	for (; kept; kept = next) {
		next = kept->next;
		free(kept);
	}
}

void
object_keep(uint64_t number, uint32_t tag, struct object_kept *kept)
{
	struct object *o;

	pthread_mutex_lock(&mutex);
	o = find(number, tag);
	if (o) {
		kept->next = o->kept;
		o->kept = kept;
	}
	pthread_mutex_unlock(&mutex);
	if (!o)
		free(kept);
}
