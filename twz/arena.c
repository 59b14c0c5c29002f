#include "twz/arena.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

struct twz_chunk {
	struct twz_chunk *next;
	size_t size, used;
	_Alignas(max_align_t) unsigned char bytes[];
};

enum {
	CHUNK_FIRST = 4096 - (int)sizeof(struct twz_chunk) - 32,
	CHUNK_MAX = 1 << 20,
};

static void __attribute__((noreturn))
out_of_memory(void)
{
	fputs("twz: out of memory\n", stderr);
	abort();
}

static struct twz_chunk *
add_chunk(struct twz_arena *arena, size_t n)
{
	size_t size = arena->chunks ? arena->chunks->size * 2 : CHUNK_FIRST;
	struct twz_chunk *c;

	if (size > CHUNK_MAX)
		size = CHUNK_MAX;
	if (size < n)
		size = n;
	if (size > SIZE_MAX - sizeof(*c))
		out_of_memory();
	c = malloc(sizeof(*c) + size);
	if (!c)
		out_of_memory();
	*c = (struct twz_chunk){ .next = arena->chunks, .size = size };
	arena->chunks = c;
	return c;
}

void *
twz_alloc(struct twz_arena *arena, size_t n)
{
	struct twz_chunk *c = arena->chunks;
	void *p;

	if (n > SIZE_MAX / 2)
		out_of_memory();
	n = TWZ_ALIGN(n, _Alignof(max_align_t));
	if (!c || c->size - c->used < n)
		c = add_chunk(arena, n);
	p = c->bytes + c->used;
	c->used += n;
	arena->used += n;
	return memset(p, 0, n);
}

void *
twz_alloc_array(struct twz_arena *arena, size_t n, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(n, size, &bytes))
		out_of_memory();
	return twz_alloc(arena, bytes);
}

char *
twz_strndup(struct twz_arena *arena, const char *s, size_t n)
{
	char *copy = twz_alloc(arena, n + 1);

	if (n)
		memcpy(copy, s, n);
	return copy;
}

char *
twz_strdup(struct twz_arena *arena, const char *s)
{
	return twz_strndup(arena, s, strlen(s));
}

char *
twz_vformat(struct twz_arena *arena, const char *fmt, va_list ap)
{
	va_list again;
	char *text;
	int n;

	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	if (n < 0)
		n = 0;
	text = twz_alloc(arena, (size_t)n + 1);
	vsnprintf(text, (size_t)n + 1, fmt, ap);
	return text;
}

char *
twz_format(struct twz_arena *arena, const char *fmt, ...)
{
	va_list ap;
	char *text;

	va_start(ap, fmt);
	text = twz_vformat(arena, fmt, ap);
	va_end(ap);
	return text;
}

void *
twz_grow(struct twz_arena *arena, void *array, size_t n, size_t size)
{
	void *bigger;

	/* Room is always a power of two, at least 4: so the count alone says when it is full. */
	if (n && (n < 4 || (n & (n - 1))))
		return array;
	bigger = twz_alloc_array(arena, n ? n * 2 : 4, size);
	if (n)
		memcpy(bigger, array, n * size);
	return bigger;
}

void
twz_arena_reset(struct twz_arena *arena)
{
	struct twz_chunk *keep = arena->chunks;

	if (!keep)
		return;
	for (struct twz_chunk *c = keep->next, *next; c; c = next) {
		next = c->next;
		free(c);
	}
	keep->next = NULL;
	keep->used = 0;
	arena->used = 0;
}

void
twz_arena_free(struct twz_arena *arena)
{
	for (struct twz_chunk *c = arena->chunks, *next; c; c = next) {
		next = c->next;
		free(c);
	}
	*arena = (struct twz_arena){ 0 };
}
