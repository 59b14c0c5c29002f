/*
 * The hash of a signature, taken over its canonical text: every layout in full where it first appears, by name
 * afterwards. It depends on nothing but names and layouts, so the same source gives the same hash from every reader.
 */
#include "twz/typetext.h"

#include <string.h>

enum { DEPTH_MAX = 64 };

struct canon {
	struct twz_text text;
	const struct twz_type **seen;	/* an open hash table, @size slots */
	size_t nseen, size;
	struct twz_arena arena;
};

static uint64_t
fnv(uint64_t hash, const void *bytes, size_t n)
{
	const unsigned char *p = bytes;

	for (size_t i = 0; i < n; i++)
		hash = (hash ^ p[i]) * 0x100000001b3;
	return hash;
}

/* Types with a name are one when kind and name are, others when they are the same object. */
static const struct twz_type **
seen_slot(const struct canon *c, const struct twz_type *t)
{
	uint64_t key = *t->name ? fnv((uint64_t)t->kind, t->name, strlen(t->name)) :
		       ((uintptr_t)t >> 4) * 0x9e3779b97f4a7c15;
	size_t i = (size_t)(key ^ key >> 32) & (c->size - 1);

	for (const struct twz_type *s; (s = c->seen[i]); i = (i + 1) & (c->size - 1))
		if (s == t || (*t->name && s->kind == t->kind && !strcmp(s->name, t->name)))
			break;
	return &c->seen[i];
}

static bool
seen_before(struct canon *c, const struct twz_type *t)
{
	const struct twz_type **slot;

	if (c->nseen * 2 >= c->size) {
		const struct twz_type **old = c->seen;
		size_t n = c->size;

		c->size = n ? 2 * n : 64;
		c->seen = twz_new_array(&c->arena, c->size, const struct twz_type *);
		for (size_t i = 0; i < n; i++)
			if (old[i])
				*seen_slot(c, old[i]) = old[i];
	}
	slot = seen_slot(c, t);
	if (*slot)
		return true;
	*slot = t;
	c->nseen++;
	return false;
}

static void
canon_flags(struct twz_text *out, const bool *flags, size_t n)
{
	for (size_t i = 0; i < n; i++)
		twz_text_byte(out, flags[i] ? '1' : '0');
}

static void
canon_member(struct twz_text *out, const struct twz_member *m)
{
	twz_text_puts(out, m->name);
	twz_text_byte(out, '@');
	twz_text_unsigned(out, m->offset);
	twz_text_byte(out, ':');
	twz_text_unsigned(out, m->bit_size);
	twz_text_byte(out, ':');
	twz_text_unsigned(out, m->bit_offset);
	twz_text_byte(out, '=');
	twz_text_signed(out, m->value);
	twz_text_byte(out, ' ');
	twz_text_unsigned(out, m->dir);
	canon_flags(out, (const bool[]){ m->optional, m->has_extent }, 2);
	twz_text_byte(out, ' ');
	twz_text_signed(out, m->extent);
	twz_text_byte(out, ' ');
	twz_text_unsigned(out, m->count);
	twz_text_byte(out, ' ');
}

static void
canon_type(struct canon *c, const struct twz_type *t, unsigned depth)
{
	struct twz_text *out = &c->text;

	if (!t || depth > DEPTH_MAX) {
		twz_text_puts(out, "?;");
		return;
	}
	twz_text_puts(out, twz_kind_name(t->kind));
	twz_text_byte(out, ' ');
	twz_text_puts(out, t->kind == TWZ_BOOL ? "bool" : t->kind == TWZ_STRING ? "" : t->name);
	twz_text_byte(out, ' ');
	canon_flags(out, (const bool[]){ t->is_signed, t->is_const, t->is_flags, t->is_variadic,
					 t->is_prototyped }, 5);
	twz_text_byte(out, ' ');
	twz_text_unsigned(out, t->size);
	twz_text_byte(out, ' ');
	twz_text_unsigned(out, t->align);
	twz_text_byte(out, ' ');
	twz_text_unsigned(out, t->count);
	twz_text_puts(out, " {");
	if ((t->nmembers || t->target) && seen_before(c, t)) {
		twz_text_puts(out, "…}");
		return;
	}
	for (uint32_t i = 0; i < t->nmembers; i++) {
		canon_member(out, &t->members[i]);
		if (t->kind != TWZ_ENUM)
			canon_type(c, t->members[i].type, depth + 1);
	}
	if (t->target && t->kind != TWZ_STRING)
		canon_type(c, t->target, depth + 1);
	twz_text_byte(out, '}');
}

uint64_t
twz_gate_hash(const struct twz_gate *gate)
{
	struct canon c = { 0 };
	uint64_t hash;

	twz_text_puts(&c.text, gate->name);
	twz_text_byte(&c.text, ' ');
	canon_type(&c, gate->type, 0);
	hash = fnv(0xcbf29ce484222325, c.text.bytes, c.text.n);
	twz_text_free(&c.text);
	twz_arena_free(&c.arena);
	return hash;
}
