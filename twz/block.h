/*
 * The block: what two sides of a link share, in the item format of Enarx's sallyport.
 *
 * A block is a chain of items, each a header {size, kind} followed by size bytes (payload, then data;
 * a multiple of 8, header not counted), closed by an END item. Kinds that are not known are skipped
 * and left untouched. Inside an item everything that refers to data is an offset from the start of
 * that item's data; no reference is all ones. Results are filled with -ENOSYS before an item is
 * handed over, so what the other side ignores reads as "not supported".
 *
 *   item    0  size        bytes after this header
 *           8  kind        enum twz_item_kind
 *          16  payload     SYSCALL 72 bytes: num, argv[6], ret[2]
 *                          GDBCALL 48, HOSTCALL 48: num, argv[4], ret
 *                          GATECALL 24 + 8 × words: num, ret[2], argv[words]
 *           …  data
 *
 * Both sides can write the whole block at any time. So a reader copies a header before it checks it,
 * trusts only sizes that it knows itself, and never reads anything twice.
 */
#pragma once

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum twz_item_kind {
	TWZ_ITEM_END = 0,
	TWZ_ITEM_SYSCALL = 1,
	TWZ_ITEM_GDBCALL = 2,
	TWZ_ITEM_HOSTCALL = 3,
	TWZ_ITEM_GATECALL = 0x7a7774,	/* "twz" */
	TWZ_ITEM_CALLBACK = 0x62747a77,	/* "wztb": a gate calls its caller back; as GATECALL, num: the parameter */
};

struct twz_item {
	uint64_t size, kind;
};

struct twz_syscall_item {
	uint64_t num, argv[6];
	uint64_t ret[2];
};

struct twz_hostcall_item {
	uint64_t num, argv[4];
	uint64_t ret;
};

/* ret[0]: 0 done, or a negative errno; ret[1]: the result's word, or a reference to its bytes. */
struct twz_gatecall_item {
	uint64_t num;
	int64_t ret[2];
	uint64_t argv[];
};

static_assert(sizeof(struct twz_item) == 16, "sallyport's header");
static_assert(sizeof(struct twz_syscall_item) == 72, "sallyport's syscall");
static_assert(sizeof(struct twz_hostcall_item) == 48, "sallyport's gdbcall and enarxcall");
static_assert(sizeof(struct twz_gatecall_item) == 24, "guest and monitor agree on it");

/* A reference to bytes in an item's data: offset in the low half, size in the high one. */
#define TWZ_REF_NULL UINT64_MAX

static inline uint64_t
twz_ref(uint32_t offset, uint32_t size)
{
	return (uint64_t)size << 32 | offset;
}

static inline uint32_t
twz_ref_offset(uint64_t ref)
{
	return (uint32_t)ref;
}

static inline uint32_t
twz_ref_size(uint64_t ref)
{
	return (uint32_t)(ref >> 32);
}

/** True when @ref lies inside @n bytes of data and starts at a multiple of @align (a power of two). */
static inline bool
twz_ref_inside(uint64_t ref, uint64_t n, uint32_t align)
{
	uint64_t offset = twz_ref_offset(ref), size = twz_ref_size(ref);

	return ref != TWZ_REF_NULL && offset <= n && size <= n - offset && !(offset & (align - 1));
}

/* A writer of one block. The end marker's room is always kept back. */
struct twz_block_writer {
	unsigned char *base;	/* aligned to 8 */
	uint32_t size, used;	/* bytes */
	uint32_t item;		/* offset of the open item's header; UINT32_MAX: none */
	uint32_t data;		/* offset of the open item's data */
};

struct twz_block_writer twz_block_writer(void *base, uint32_t size);
/** Opens an item with @payload bytes (multiple of 8), zeroed. NULL: no room. */
void *twz_block_item(struct twz_block_writer *w, uint64_t kind, uint32_t payload);
/** Room for @n bytes of the open item's data, not cleared; its reference in @ref. NULL: no room. */
void *twz_block_data(struct twz_block_writer *w, uint32_t n, uint32_t align, uint64_t *ref);
/** Writes the open item's size and the end marker. */
void twz_block_end(struct twz_block_writer *w);

/* A reader. @offset is where the next header stands. */
struct twz_block_reader {
	const unsigned char *base;
	uint32_t size, offset;
};

/**
 * Copies the next header to @item and gives where its payload starts in @at. Returns 1 for an item, 0
 * at END, -EINVAL for a size that is no multiple of 8, -EOVERFLOW for one that leaves the block.
 */
int twz_block_next(struct twz_block_reader *r, struct twz_item *item, uint32_t *at);
