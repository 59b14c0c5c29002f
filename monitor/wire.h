/*
 * How one gate's call lies in a block: the wire form of a plan, and packing and unpacking by it.
 *
 * The monitor describes each gate once (wire_describe) and hands the description to every process
 * that calls or runs it; callers and guests trust the monitor's description and nothing in the block.
 *
 * A call's item is a GATECALL: number, two results, one word per parameter, then data. Words stand in
 * argv; whatever a pointer points to lies in data at a place the caller chose, with a reference in
 * argv. An out-parameter's place is where the guest writes it back, so the caller never follows a
 * reference for it. The place of a struct result is told in ret[1]. Only texts of a result have places
 * that the guest chooses, behind everything else, and these references the caller checks.
 *
 * Whoever takes something copies it before he looks at it. What is large need not be copied twice for that: where
 * the caller is trusted to change nothing meanwhile, a gate uses buffers and texts where they lie in the block.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "monitor/link.h"
#include "twz/plan.h"

/* What a number stands for that only one of the two sides knows. */
enum wire_stands {
	WIRE_NUMBER,		/* nothing: it is a number */
	WIRE_OBJECT,		/* an object of the service's */
	WIRE_CALLBACK,		/* a function of the caller's */
	WIRE_TOKEN,		/* the user data of such a function */
	WIRE_ERRNO,		/* result: of an error when it is negative */
	/* result: of an error when it is; told only where a failure leaves nothing of what was made */
	WIRE_NEGATIVE, WIRE_NONZERO, WIRE_ZERO,
};

/* What a gate returned, @size bytes at @ret, when @number is its errno. One that says nothing is no error's. */
static inline void
wire_tell_errno(void *ret, uint32_t size, int number)
{
	int64_t value;
	int32_t small;

	memcpy(&small, ret, sizeof(small));
	if (size == sizeof(small))
		value = small;
	else
		memcpy(&value, ret, sizeof(value));
	if (value < 0)
		value = number > 0 ? -number : INT32_MIN;
	memcpy(ret, &value, size);
}

/* What stands in the place of callbacks and of their user data, unless it is NULL: no address of anything. */
static inline uint64_t
wire_token(uint32_t param)
{
	return ((uint64_t)param + 1) * 16;
}

struct wire_slot {
	uint8_t pass;		/* enum twz_pass */
	uint8_t dir;		/* enum twz_dir */
	bool optional, is_float, is_signed;
	/* yes or no, as in wire_gate: looked at before the description is known to be one */
	uint8_t behind;		/* BUFFER: @extent is a REF to the count */
	uint8_t stands;		/* WORD, and REF for OBJECT: enum wire_stands */
	uint8_t closes;		/* OBJECT: see plan.h */
	/*
	 * OBJECT: of its type; CALLBACK: where its description is, in bytes from here's start; STRING, REF, BUFFER: 1 + the
	 * parameter with the object that keeps it, or nslots for the result, 0: none does
	 */
	uint32_t tag;
	/* count of an OBJECT, REF: bytes that the function is given for it, 0: none */
	uint32_t size, align;
	int32_t extent;		/* of a BUFFER; CALLBACK: the parameter that is its user data, < 0: none */
	uint64_t count;
	uint32_t inner, ninner;	/* texts inside: place and number in the list of offsets */
	uint32_t shape, nshape;	/* STRUCT: scalars inside, for libffi: 'b' a byte, 'f', 'd' */
};

/*
 * Where a large argument lies that was not copied: in memory that its caller has shared and sealed, so that
 * nobody can change it. In the place of the buffer's bytes stands this, and the reference to it says so.
 */
struct wire_shared {
	uint64_t id, offset, size;
};

enum {
	WIRE_SHARED = 1u << 31,		/* in a reference's offset: blocks are smaller */
	WIRE_SHARED_LEAST = 64 << 10,	/* bytes that are worth it */
	WIRE_IN_PLACE_LEAST = 4 << 10,	/* the same: below, there is nothing to be gained */
};

struct wire_gate {
	uint32_t bytes;		/* of this description */
	uint32_t number;	/* of the gate in its compartment */
	uint32_t nslots;
	/* yes or no; no bool, because a description that was tampered with may hold any byte */
	uint8_t words_only;
	uint8_t open_ended;	/* texts come back: the item takes all of the block */
	uint8_t has_data;
	uint8_t is_result;	/* the result has a state word at @state */
	uint32_t state;
	uint32_t ninner, nshape;
	struct wire_slot slots[];	/* one per parameter, then the result; */
	/* then the offsets of inner texts, the shapes, and the symbol's name with its NUL; */
	/* then, each at a multiple of 8, the descriptions of callbacks, whose number is their parameter's */
};

enum { WIRE_SHAPE_MAX = 64 };	/* by-value structs above it go through memory in every ABI */

static inline const struct wire_slot *
wire_ret(const struct wire_gate *g)
{
	return &g->slots[g->nslots];
}

static inline const uint32_t *
wire_inner(const struct wire_gate *g, const struct wire_slot *slot)
{
	return (const uint32_t *)(const void *)(g->slots + g->nslots + 1) + slot->inner;
}

static inline const char *
wire_shapes(const struct wire_gate *g)
{
	return (const char *)(g->slots + g->nslots + 1) + (size_t)g->ninner * sizeof(uint32_t);
}

static inline const char *
wire_symbol(const struct wire_gate *g)
{
	return wire_shapes(g) + g->nshape;
}

/** The description of the callback that @slot is. */
static inline const struct wire_gate *
wire_callback(const struct wire_gate *g, const struct wire_slot *slot)
{
	return (const struct wire_gate *)(const void *)((const char *)g + slot->tag);
}

/** True when @n bytes at @g are a description that keeps to its own bounds. */
bool wire_valid(const struct wire_gate *g, size_t n);

/** Describes the gate of @plan; malloc'ed. The monitor's side only. */
TWZ_MUST bool wire_describe(const struct twz_plan *plan, uint32_t number, struct wire_gate **ret,
			    struct twz_error *err);

enum wire_status {
	WIRE_OK,
	WIRE_TOO_BIG,		/* does not fit into the block */
	WIRE_BAD_COUNT,		/* a count that is negative or overflows */
	WIRE_IS_NULL,		/* NULL for a parameter that may not be */
	WIRE_FORGED,		/* the other side lied */
	WIRE_NO_MEMORY,
	WIRE_NO_RESULT,		/* a Result that is neither Ok nor Err */
};

/* One call, as its caller keeps it. */
struct wire_call {
	const struct wire_gate *gate;
	const uint64_t *words;
	uint32_t culprit;	/* parameter that failed */
	const char *what;	/* FORGED: what it lied about */
	/* Finds @size bytes at @from in memory that the other side has; NULL: nothing is shared. */
	bool (*share)(void *data, const void *from, uint64_t size, struct wire_shared *ret);
	void *share_data;
	uint64_t room;		/* bytes that its words and data may take; 0: LINK_ROOM, the whole block */
	uint64_t data;		/* bytes of data in the item */
	uint64_t carried;	/* of them, what arguments and results of known size take */
	struct {
		uint64_t at, size;
	} place[TWZ_MAX_PARAMS + 1];
};

/* Memory that grows and keeps what was put there until the next call. */
struct wire_room {
	unsigned char *bytes;
	size_t size;
};

/** Room for @n bytes, page-aligned, zeroed only when new; NULL: none. */
void *wire_room_take(struct wire_room *room, size_t n);
void wire_room_free(struct wire_room *room);

/** Caller: writes the item for @call to @block and fills in the places. */
enum wire_status wire_pack(struct wire_call *call, unsigned char *block);
/** Caller: takes the answer. @ret gets the result's bytes; texts go to @texts. */
enum wire_status wire_unpack(struct wire_call *call, const unsigned char *block, uint64_t word,
			     void *ret, struct wire_room *texts);

/* One call, as the guest that runs it keeps it: words and objects in its own memory. */
struct wire_run {
	const struct wire_gate *gate;
	/* The memory of @at, if this caller may use it; NULL: nothing is shared. */
	const void *(*shared)(const struct wire_shared *at);
	bool trusts;				/* whoever writes the block changes nothing while the gate runs */
	uint64_t in_shared;			/* parameters that lie there, a bit each */
	uint64_t in_place;			/* that stay in the block, the same */
	uint64_t size;				/* of the item's data, copied from its header once */
	uint64_t ret_ref;
	uint64_t used;				/* bytes of data that arguments and result take */
	uint64_t own;				/* bytes of the private copy of what is copied */
	unsigned char *bytes;			/* it */
	uint64_t refs[TWZ_MAX_PARAMS];
	uint64_t values[TWZ_MAX_PARAMS];	/* words, and addresses in the private copy or in the block */
	void *args[TWZ_MAX_PARAMS];		/* where each argument lies, for libffi */
	void *ret;				/* room for the result */
	uint32_t culprit;			/* the parameter that is no object */
	uint64_t ret_word[2];
};

/**
 * Guest: copies and checks the arguments, except for large buffers of a trusted caller: these the gate reads and
 * writes in the block. @payload points to the item's payload there.
 */
enum wire_status wire_take(struct wire_run *run, unsigned char *payload, struct wire_room *room);
/** Guest: writes results back; *@word is what belongs into ret[1]. */
enum wire_status wire_give(struct wire_run *run, unsigned char *payload, uint64_t *word);

/** The low @size bytes of a word, extended. */
static inline uint64_t
wire_extend(uint64_t word, uint32_t size, bool is_signed)
{
	uint32_t bits = 64 - size * 8;

	if (size >= 8)
		return word;
	return is_signed ? (uint64_t)((int64_t)(word << bits) >> bits) : word << bits >> bits;
}
