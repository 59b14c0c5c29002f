/*
 * Which attributes and gaps make a C compiler lay out a struct as it is laid out in a library.
 */
#pragma once

#include "twz/arena.h"
#include "twz/type.h"

/* What is written around one field. */
struct clayout_field {
	uint64_t gap_bytes;	/* bytes without a name before it */
	uint32_t gap_bits;	/* … or bits, … */
	uint32_t gap_unit;	/* … of an integer with as many bytes */
	uint32_t align;		/* attribute; 0: none */
};

struct clayout {
	struct clayout_field *fields;	/* nmembers of them */
	uint64_t tail;			/* bytes without a name at the end */
	uint32_t align;			/* attribute; 0: none */
	bool packed;
	bool bytes;			/* nothing else will do: only size and alignment are kept */
};

/** The plan for @type, a struct or union. */
struct clayout clayout_of(const struct twz_type *type, struct twz_arena *arena);
/** The alignment that C gives to a value of @type; at least 1. */
uint32_t clayout_align(const struct twz_type *type);
