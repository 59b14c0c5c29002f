/*
 * A type's fields, enumerators or parameters as they are stored: one JSON text in its row, which sqlite can take
 * apart for people (json_each) and which takes a fraction of the time that a row for each of them takes.
 *
 *	[["name",type,offset,value,bits,flags,extent,count,"text"],…]
 *
 * type: its number, or null. bits: size of a bit-field, and << 16 its offset. flags: MEMBER_… in words.h. What is 0
 * or nothing at the end of a list is left out. Bytes that are no UTF-8 stay what they are.
 */
#pragma once

#include "twz/arena.h"
#include "twz/text.h"
#include "twz/type.h"

/* One as it was written, not looked at yet. */
struct stored_member {
	const char *name, *text;	/* text: may be NULL */
	bool has_type;
	int64_t type, offset, value, bits, flags, extent, count;
};

/** Adds one that is to stand behind the others, or, as the @first, before them. @type is NUMBER_NONE for none. */
void members_add(struct twz_text *out, bool first, const struct twz_member *m, uint32_t type);
/** Ends the list: nothing for one without members. */
void members_end(struct twz_text *out, bool any);

/* What is being read; the @n bytes need no NUL. */
struct members_in {
	const char *at, *end;
	bool begun, wrong;
};
/**
 * Reads the next one. False at the end; and, with @in->wrong set, where it is no such list.
 */
TWZ_MUST bool members_next(struct members_in *in, struct twz_arena *arena, struct stored_member *ret);
