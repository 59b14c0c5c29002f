/* Bytes of a file as our own reader takes them: every read ends before the end, or is false. */
#pragma once

#include <string.h>

#include "introspect/dwarf/die.h"

struct own_bytes {
	const unsigned char *at, *end;
};

/* The @n bytes from @offset on; empty when they are not all there. */
static inline struct own_bytes
own_bytes(struct elf_section section, uint64_t offset, uint64_t n)
{
	if (!n || offset > section.n || n > section.n - offset)
		return (struct own_bytes){ NULL, NULL };
	return (struct own_bytes){ section.bytes + offset, section.bytes + offset + n };
}

/* A little-endian number of 1 to 8 bytes. With room behind it, no branch depends on its size. */
static inline bool
own_fixed(struct own_bytes *b, unsigned size, uint64_t *ret)
{
	size_t left = (size_t)(b->end - b->at);
	uint64_t n = 0;

	if (left >= 8) {
		memcpy(&n, b->at, 8);
		n &= UINT64_MAX >> (64 - 8 * size);
	} else if (left >= size) {
		memcpy(&n, b->at, size);
	} else {
		return false;
	}
	*ret = n;
	b->at += size;
	return true;
}

static inline bool
own_skip(struct own_bytes *b, uint64_t n)
{
	if ((uint64_t)(b->end - b->at) < n)
		return false;
	b->at += n;
	return true;
}

/* A number of up to 64 bits in up to ten bytes; what is above is dropped. */
static inline bool
own_leb(struct own_bytes *b, bool is_signed, uint64_t *ret)
{
	uint64_t n = 0;

	for (unsigned shift = 0; b->at < b->end && shift < 70; shift += 7) {
		unsigned char byte = *b->at++;

		n |= (uint64_t)(byte & 0x7f) << shift;
		if (byte & 0x80)
			continue;
		if (is_signed && byte & 0x40 && shift + 7 < 64)
			n |= UINT64_MAX << (shift + 7);
		*ret = n;
		return true;
	}
	return false;
}

static inline bool
own_uleb(struct own_bytes *b, uint64_t *ret)
{
	if (b->at < b->end && *b->at < 0x80) {
		*ret = *b->at++;
		return true;
	}
	return own_leb(b, false, ret);
}

enum { OWN_CODE = 2 };	/* bytes of all but strange abbreviation codes */

/* A code at *@at, which gets behind it; 0 when it has more than OWN_CODE bytes. The caller knows that there are as many. */
static inline size_t
own_short_code(const unsigned char **at)
{
	size_t code = *(*at)++, high;

	if (!(code & 0x80))
		return code;
	high = *(*at)++;
	return high & 0x80 ? 0 : (code & 0x7f) | high << 7;
}

/* The next name and form; most have one byte each. False when they do not end. */
static inline bool
own_pair(struct own_bytes *text, uint64_t *name, uint64_t *form)
{
	const unsigned char *at = text->at;

	if (text->end - at < 2 || (at[0] | at[1]) & 0x80)
		return own_leb(text, false, name) && own_leb(text, false, form);
	*name = at[0];
	*form = at[1];
	text->at = at + 2;
	return true;
}

/* A text up to its NUL. */
static inline bool
own_string(struct own_bytes *b, const char **ret)
{
	const unsigned char *nul = b->at < b->end ? memchr(b->at, 0, (size_t)(b->end - b->at)) : NULL;

	if (!nul)
		return false;
	*ret = (const char *)b->at;
	b->at = nul + 1;
	return true;
}

/*
 * The length that begins a unit or table: 4 bytes, or 12 in the 64-bit format. @b is cut to what it
 * covers, @rest gets what follows. False when it claims more than there is.
 */
static inline bool
own_length(struct own_bytes *b, uint8_t *offset_size, struct own_bytes *rest)
{
	uint64_t n;

	*offset_size = 4;
	if (!own_fixed(b, 4, &n))
		return false;
	if (n == 0xffffffff) {
		*offset_size = 8;
		if (!own_fixed(b, 8, &n))
			return false;
	}
	if (n > (uint64_t)(b->end - b->at) || (*offset_size == 4 && n >= 0xfffffff0))
		return false;
	*rest = (struct own_bytes){ b->at + n, b->end };
	b->end = b->at + n;
	return true;
}
