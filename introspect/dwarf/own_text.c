/*
 * Texts of abbreviations. Every unit numbers its own, but a compiler writes few that differ. A text says itself
 * where it ends: bytes that are equal up to the end of one that was read are that one again, and nothing in them
 * has to be looked at. So each is read once, and is found by its first bytes from then on.
 *
 * Threads: what was read is found without a lock, and added under own->lock.
 */
#include "introspect/dwarf/own.h"

enum {
	PROBES = 32,		/* places where a text is looked for */
	PLACES = 1 << 10,	/* at first */
};

/* A hash table; outgrown ones stay, for those who still look there. */
struct own_texts {
	size_t mask;
	_Atomic(struct own_text *) slots[];
};

/* -- reading one ----------------------------------------------------------------------------------- */

/* Attributes that say something to who passes by. */
enum { LOCATED = 1, LINKED = 2, NAMED = 4, DECLARED = 8 };
static const uint8_t marks[1 << 7] = {
	[DW_AT_low_pc] = LOCATED | LINKED, [DW_AT_ranges] = LOCATED | LINKED,
	[DW_AT_external] = LINKED, [DW_AT_specification] = LINKED,
	[DW_AT_name] = NAMED, [DW_AT_declaration] = DECLARED,
};

/* What the sizes of attributes come to. */
struct sizes {
	uint64_t n;		/* bytes since the last one whose size the DIE tells, or the last sibling */
	uint64_t before;	/* all before that */
	unsigned told;		/* how many of those there were */
	bool jump;
	uint8_t marks;
};

/* One that is not just some bytes: a sibling, or of a size that the DIE tells. */
static void
add_told(struct sizes *s, bool jump)
{
	s->before += s->n;
	s->jump = jump && s->before <= UINT8_MAX;
	s->n = 0;
	s->told++;
}

/* Takes one attribute, whatever its name and form. */
static bool
add_any(struct sizes *s, struct own_bytes *text, const struct own_format *format, uint64_t name, uint64_t form)
{
	enum own_class cls;
	int size = own_form(form, format, &cls);
	bool sibling = name == DW_AT_sibling && cls == OWN_REF_UNIT;
	uint64_t ignored;

	s->marks |= name < TWZ_COUNT(marks) ? marks[name] : 0;
	if (size == OWN_IMPLICIT)
		return own_leb(text, true, &ignored);
	if (size < 0 || sibling)
		add_told(s, size == 4);
	else
		s->n += (unsigned)size;
	return s->n + s->before < OWN_MAX_BYTES;
}

/*
 * Takes the sizes of attributes up to the end of the abbreviation. This is done for each one in a file, so there
 * is a quick way for names, forms and values of one byte, as nearly all are.
 */
static bool
add_sizes(struct sizes *ret, struct own_bytes *text, const struct own_format *format, const int8_t *sizes)
{
	const unsigned char *at = text->at, *end = text->end;
	struct sizes s = { 0 };

	for (;;) {
		uint64_t name, form;
		int size;

		while (end - at >= 3 && !((at[0] | at[1]) & 0x80)) {
			name = at[0];
			form = at[1];
			size = sizes[form];
			s.marks |= marks[name];
			if (name == DW_AT_sibling && form != DW_FORM_ref4)
				break;
			if (size < 0 && (!form || (size == OWN_IMPLICIT && at[2] & 0x80)))
				break;
			at += 2;
			if (size == OWN_IMPLICIT)
				at++;
			else if (size < 0 || name == DW_AT_sibling)
				add_told(&s, size == 4);
			else
				s.n += (unsigned)size;
		}
		text->at = at;
		*ret = s;
		if (!own_pair(text, &name, &form))
			return false;
		if (!(name | form))
			return s.n + s.before < OWN_MAX_BYTES;
		if (!add_any(&s, text, format, name, form))
			return false;
		at = text->at;
	}
}

/* For what a filter does not want it. */
static uint8_t
lacks(uint64_t tag, uint8_t has)
{
	if (tag >= 64)
		return OWN_NO_BIT;
	if (tag == DW_TAG_subprogram)
		return (has & LOCATED ? 0 : OWN_NO_PLACE) | (has & LINKED ? 0 : OWN_NO_LINK);
	return die_is_tagged((uint16_t)tag) && (has & (NAMED | DECLARED)) != NAMED ?
	       OWN_NO_DEFINITION : 0;
}

/* Reads the abbreviation behind its code as far as it concerns who passes by. */
static bool
read_way(struct own_bytes *text, const struct own *own, const struct own_format *format, struct own_way *ret)
{
	struct sizes sizes = { 0 };
	uint64_t tag, children;

	if (!own_uleb(text, &tag) || !own_fixed(text, 1, &children) ||
	    !add_sizes(&sizes, text, format, own->sizes[own_format_number(format)]))
		return false;
	*ret = (struct own_way){
		.tag = tag < UINT16_MAX ? (uint16_t)tag : UINT16_MAX,
		.flags = lacks(tag, sizes.marks) | (children == DW_CHILDREN_yes ? OWN_CHILDREN : 0),
	};
	if (!sizes.told) {
		ret->flags |= ret->flags & OWN_CHILDREN ? OWN_PLAIN : OWN_PLAIN | OWN_QUICK;
		ret->bytes = (uint32_t)sizes.n;
	} else if (sizes.told == 1 && sizes.jump) {
		ret->flags |= OWN_JUMP | OWN_QUICK;
		ret->jump = (uint8_t)sizes.before;
		ret->bytes = (uint32_t)(sizes.before + 4 + sizes.n);
	}
	return true;
}

void
own_make_sizes(struct own *own)
{
	enum own_class ignored;

	for (unsigned address_size = 4; address_size <= 8; address_size += 4)
		for (unsigned offset_size = 4; offset_size <= 8; offset_size += 4)
			for (uint8_t version = 2; version <= 3; version++) {
				struct own_format format = { version, (uint8_t)address_size, (uint8_t)offset_size };

				for (unsigned form = 0; form < OWN_SIZES; form++)
					own->sizes[own_format_number(&format)][form] =
						(int8_t)own_form(form, &format, &ignored);
			}
}

/* -- those that were read -------------------------------------------------------------------------- */

/* A mark in the first of each two bytes of zeroes, with which texts end. */
static inline uint64_t
ends_in(uint64_t word)
{
	const uint64_t low = UINT64_C(0x7f7f7f7f7f7f7f7f);
	uint64_t zeroes = ~(((word & low) + low) | word | low);

	return zeroes & zeroes >> 8;
}

/* The bytes up to the first mark; all when there is none. */
static inline uint64_t
up_to(uint64_t ends)
{
	return ends ^ (ends - 1);
}

/*
 * By the first bytes up to what looks like the end: three words, of which each begins with the last byte of the one
 * before. No branch depends on what there is.
 */
static inline uint64_t
hash_of(const unsigned char *at, size_t left, uint64_t format)
{
	unsigned char few[22] = { 0 };
	uint64_t a, b, c, in_a, in_b, hash;

	if (left < sizeof(few))
		at = memcpy(few, at, left);
	memcpy(&a, at, 8);
	memcpy(&b, at + 7, 8);
	memcpy(&c, at + 14, 8);
	in_a = ends_in(a);
	in_b = ends_in(b);
	b = in_a ? 0 : b & up_to(in_b);
	c = in_a | in_b ? 0 : c & up_to(ends_in(c));
	hash = ((a & up_to(in_a)) + format) * 0x9e3779b97f4a7c15 ^ (b * 0xc2b2ae3d27d4eb4f + c * 0x165667b19e3779f9);
	return hash ^ hash >> 32;
}

static inline bool
is_same(const struct own_text *text, const unsigned char *at)
{
	uint64_t a[2], b[2];

	if (text->n < 8 || text->n > 16)
		return !memcmp(text->at, at, text->n);
	memcpy(&a[0], text->at, 8);
	memcpy(&b[0], at, 8);
	memcpy(&a[1], text->at + text->n - 8, 8);
	memcpy(&b[1], at + text->n - 8, 8);
	return !((a[0] ^ b[0]) | (a[1] ^ b[1]));
}

/* The text that begins at @b, or NULL; then @slot is where it belongs, NULL: nowhere. */
static inline struct own_text *
find(struct own_texts *texts, const struct own_bytes *b, uint64_t hash, uint8_t format,
     _Atomic(struct own_text *) **slot)
{
	size_t left = (size_t)(b->end - b->at);

	*slot = NULL;
	for (size_t i = 0; texts && i < PROBES; i++) {
		_Atomic(struct own_text *) *at = &texts->slots[(hash + i) & texts->mask];
		struct own_text *text = atomic_load_explicit(at, memory_order_acquire);

		if (!text) {
			*slot = at;
			return NULL;
		}
		if (text->n <= left && text->format == format && is_same(text, b->at))
			return text;
	}
	return NULL;
}

/* Under own->lock: a table of which less than half is used. */
static struct own_texts *
grow(struct own *own)
{
	struct own_texts *old = atomic_load_explicit(&own->texts, memory_order_relaxed), *new;
	size_t size = old ? old->mask + 1 : 0, bigger = size ? size * 2 : PLACES;
	_Atomic(struct own_text *) *slot;

	if (own->ntexts * 2 < size)
		return old;
	new = twz_alloc(&own->memory, sizeof(*new) + bigger * sizeof(new->slots[0]));
	new->mask = bigger - 1;
	for (size_t i = 0; i < size; i++) {
		struct own_text *text = atomic_load_explicit(&old->slots[i], memory_order_relaxed);
		struct own_bytes b;

		if (!text)
			continue;
		b = (struct own_bytes){ text->at, text->at + text->n };
		if (!find(new, &b, hash_of(b.at, text->n, text->format), text->format, &slot) && slot)
			atomic_store_explicit(slot, text, memory_order_relaxed);
	}
	atomic_store_explicit(&own->texts, new, memory_order_release);
	return new;
}

/* Reads the text that @find() did not find. */
static struct own_text *
add(struct own *own, const struct own_format *format, struct own_bytes *b, uint64_t hash)
{
	uint8_t key = (uint8_t)own_format_key(format);
	_Atomic(struct own_text *) *slot;
	struct own_bytes from = *b;
	struct own_text *text;
	struct own_way way;

	if (!read_way(b, own, format, &way))
		return NULL;
	pthread_mutex_lock(&own->lock);
	text = find(grow(own), &from, hash, key, &slot);
	if (!text) {
		text = twz_new(&own->memory, struct own_text);
		*text = (struct own_text){ .at = from.at, .n = (uint32_t)(b->at - from.at), .format = key, .way = way };
		if (slot) {
			own->ntexts++;
			atomic_store_explicit(slot, text, memory_order_release);
		}
	}
	pthread_mutex_unlock(&own->lock);
	return text;
}

struct own_text *
own_text_at(struct own *own, const struct own_format *format, struct own_bytes *b)
{
	uint8_t key = (uint8_t)own_format_key(format);
	uint64_t hash = hash_of(b->at, (size_t)(b->end - b->at), key);
	_Atomic(struct own_text *) *slot;
	struct own_text *text;

	text = find(atomic_load_explicit(&own->texts, memory_order_acquire), b, hash, key, &slot);
	if (!text)
		return add(own, format, b, hash);
	b->at += text->n;
	return text;
}
