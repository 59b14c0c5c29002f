/*
 * Arenas: everything that lives as long as a line, a service or a session is allocated from one and
 * goes with it, so that nothing inside needs a destructor. Not thread-safe.
 *
 * Sizes that come from outside are bounded by whoever reads them; when the machine has no memory
 * left for a bounded size, the process ends with a message (twz_alloc never returns NULL).
 */
#pragma once

#include <stdarg.h>
#include <stddef.h>

#include "twz/util.h"

struct twz_arena {
	struct twz_chunk *chunks;	/* newest first */
	size_t used;			/* bytes handed out in all, for statistics */
	struct twz_deferred *deferred;	/* newest first */
};

#define TWZ_ARENA TWZ_CLEANUP(twz_arena_free) struct twz_arena

/** Zeroed memory aligned for anything. @n may be 0. */
void *twz_alloc(struct twz_arena *arena, size_t n) __attribute__((malloc, returns_nonnull));
/** Zeroed array; ends the process if @n * @size overflows. */
void *twz_alloc_array(struct twz_arena *arena, size_t n, size_t size)
	__attribute__((malloc, returns_nonnull));
#define twz_new(arena, type) ((type *)twz_alloc((arena), sizeof(type)))
#define twz_new_array(arena, n, type) ((type *)twz_alloc_array((arena), (n), sizeof(type)))

/** Copies @n bytes and adds a NUL. */
char *twz_strndup(struct twz_arena *arena, const char *s, size_t n);
char *twz_strdup(struct twz_arena *arena, const char *s);
char *twz_format(struct twz_arena *arena, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
char *twz_vformat(struct twz_arena *arena, const char *fmt, va_list ap)
	__attribute__((format(printf, 2, 0)));

/**
 * Appends one element to an array that lives in @arena and doubles when full. @n is the count before;
 * returns the array's (maybe new) place. Used through twz_push().
 */
void *twz_grow(struct twz_arena *arena, void *array, size_t n, size_t size);
#define twz_push(arena, array, n, value) \
	((array) = twz_grow((arena), (array), (n), sizeof(*(array))), (array)[(n)++] = (value))

/** Calls @give_back with @data when the arena is reset or freed: for what only the kernel has. The last comes first. */
void twz_arena_defer(struct twz_arena *arena, void (*give_back)(void *data), void *data);

/** Gives back everything but one chunk, for reuse. */
void twz_arena_reset(struct twz_arena *arena);
/** Gives back everything. The arena may be used again. */
void twz_arena_free(struct twz_arena *arena);
