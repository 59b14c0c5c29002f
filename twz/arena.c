/*
 * An arena is a list of chunks, each twice as large as the one before. Those of a megabyte and more are
 * mapped in pages of 2 MiB where the kernel has such: a page of 4 KiB costs a fault each, and a reader of
 * debug information needs thousands. Of smaller ones, which mostly fill up, the pages are asked for at once. They
 * come filled with zeros, which nobody has to write again.
 */
#include "twz/arena.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

struct twz_chunk {
	struct twz_chunk *next;
	size_t size, used;
	size_t dirty;			/* bytes that may not be zero */
	size_t mapped;			/* bytes of its mapping; 0: from malloc */
	_Alignas(max_align_t) unsigned char bytes[];
};

enum {
	CHUNK_FIRST = 4096 - (int)sizeof(struct twz_chunk) - 32,
	CHUNK_POPULATED = 1 << 17,	/* from about here on they are mapped … */
	CHUNK_MAPPED = 1 << 19,		/* … and larger ones … */
	HUGE_PAGE = 1 << 21,		/* … in multiples of this, … */
	CHUNK_MAX = 1 << 24,		/* … but not more than this at once */
};

/* A leak checker does not look for pointers in mappings. */
#if defined(__SANITIZE_ADDRESS__)
#define MAY_MAP 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define MAY_MAP 0
#endif
#endif
#ifndef MAY_MAP
#define MAY_MAP 1
#endif

static void __attribute__((noreturn))
out_of_memory(void)
{
	fputs("twz: out of memory\n", stderr);
	abort();
}

/* A chunk in pages of its own, aligned as large pages are; NULL: there is no room for it. */
static struct twz_chunk *
map_chunk(size_t n)
{
	size_t size = TWZ_ALIGN(n, HUGE_PAGE), before;
	struct twz_chunk *c;
	unsigned char *map;

	map = mmap(NULL, size + HUGE_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (map == MAP_FAILED)
		return NULL;
	before = -(uintptr_t)map & (HUGE_PAGE - 1);
	if (before)
		munmap(map, before);
	munmap(map + before + size, HUGE_PAGE - before);
	madvise(map + before, size, MADV_HUGEPAGE);
	c = (struct twz_chunk *)(void *)(map + before);
	c->size = size - sizeof(*c);
	c->mapped = size;
	return c;
}

/* A chunk whose pages are there at once. */
static struct twz_chunk *
populate_chunk(size_t n)
{
	struct twz_chunk *c = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	if (c == MAP_FAILED)
		return NULL;
	c->size = n - sizeof(*c);
	c->mapped = n;
	return c;
}

static struct twz_chunk *
add_chunk(struct twz_arena *arena, size_t n)
{
	size_t size = arena->chunks ? arena->chunks->size * 2 : CHUNK_FIRST;
	struct twz_chunk *c = NULL;

	if (size > CHUNK_MAX)
		size = CHUNK_MAX;
	if (size < n)
		size = n;
	if (size > SIZE_MAX / 2)
		out_of_memory();
	if (MAY_MAP && size >= CHUNK_MAPPED)
		c = map_chunk(size + sizeof(*c));
	else if (MAY_MAP && size >= CHUNK_POPULATED - 4096)
		c = populate_chunk(TWZ_ALIGN(size + sizeof(*c), 4096));
	if (!c && (c = malloc(sizeof(*c) + size)))
		*c = (struct twz_chunk){ .size = size, .dirty = size };
	if (!c)
		out_of_memory();
	c->next = arena->chunks;
	arena->chunks = c;
	return c;
}

static void
free_chunk(struct twz_chunk *c)
{
	if (c->mapped)
		munmap(c, c->mapped);
	else
		free(c);
}

void *
twz_alloc(struct twz_arena *arena, size_t n)
{
	struct twz_chunk *c = arena->chunks;
	size_t at, dirty;

	if (n > SIZE_MAX / 4)
		out_of_memory();
	n = TWZ_ALIGN(n, _Alignof(max_align_t));
	if (!c || c->size - c->used < n)
		c = add_chunk(arena, n);
	at = c->used;
	dirty = c->dirty > at ? c->dirty - at : 0;
	c->used += n;
	arena->used += n;
	if (dirty)
		memset(c->bytes + at, 0, dirty < n ? dirty : n);
	return c->bytes + at;
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

struct twz_deferred {
	struct twz_deferred *next;
	void (*give_back)(void *data);
	void *data;
};

void
twz_arena_defer(struct twz_arena *arena, void (*give_back)(void *data), void *data)
{
	struct twz_deferred *d = twz_new(arena, struct twz_deferred);

	*d = (struct twz_deferred){ arena->deferred, give_back, data };
	arena->deferred = d;
}

static void
run_deferred(struct twz_arena *arena)
{
	while (arena->deferred) {
		struct twz_deferred *d = arena->deferred;

		arena->deferred = d->next;
		d->give_back(d->data);
	}
}

void
twz_arena_reset(struct twz_arena *arena)
{
	struct twz_chunk *keep = arena->chunks;

	run_deferred(arena);

	if (!keep)
		return;
	for (struct twz_chunk *c = keep->next, *next; c; c = next) {
		next = c->next;
		free_chunk(c);
	}
	if (keep->dirty < keep->used)
		keep->dirty = keep->used;
	keep->next = NULL;
	keep->used = 0;
	arena->used = 0;
}

void
twz_arena_free(struct twz_arena *arena)
{
	run_deferred(arena);
	for (struct twz_chunk *c = arena->chunks, *next; c; c = next) {
		next = c->next;
		free_chunk(c);
	}
	*arena = (struct twz_arena){ 0 };
}
