/*
 * The addresses of one compartment: a slot of 1 GiB, reserved, with its own key on every page that
 * exists. What lies where:
 *
 *   0        the view: read-only here, see gate.h
 *   1 MiB    the signal stack
 *   64 MiB   blocks, 64 MiB of addresses each; the monitor has them at an address of its own
 *   456 MiB  the stack, with nothing below it
 *   512 MiB  all that the compartment maps: its files, its heap
 *
 * Pages are writable or executable, never both, and what was executable once is never written again.
 * Executable pages are private copies that were scanned before they became so; when the service is
 * loaded no more are made.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "monitor/mpk/gate.h"
#include "twz/util.h"

enum {
	MPK_PAGE = 4096,
	MPK_SIGNAL_AT = 1 << 20,
	MPK_SIGNAL_SIZE = 64 << 10,
	MPK_BLOCKS_AT = 64 << 20,
	MPK_BLOCK_SIZE = 64 << 20,
	MPK_BLOCKS = 6,
	MPK_STACK_AT = 456 << 20,
	MPK_STACK_SIZE = 8 << 20,
	MPK_HEAP_AT = 512 << 20,
	MPK_SLOT_SIZE = 1 << MPK_SLOT_BITS,
	MPK_HEAP_PAGES = (MPK_SLOT_SIZE - MPK_HEAP_AT) / MPK_PAGE,
};

struct mpk_space {
	unsigned char *base;		/* of the slot */
	int key;
	bool sealed;			/* the service is loaded */
	uint64_t pages, limit;		/* in use, and how many may be */
	size_t hint;
	char refused[256];		/* why executable pages were refused last; "" */
	unsigned char used[MPK_HEAP_PAGES / 8], code[MPK_HEAP_PAGES / 8];
};

/* What is to be mapped. */
struct mpk_mapping {
	uint64_t at;			/* 0: anywhere */
	uint64_t size;
	int prot, fd;			/* fd -1: zeros */
	bool fixed;
	off_t offset;
	uint64_t bytes;			/* at most so many of the file; 0: all */
	const char *name;		/* of the file, for messages */
};

/** Where it lies, or a negative errno. All addresses are the compartment's. */
int64_t space_map(struct mpk_space *s, const struct mpk_mapping *m);
int64_t space_unmap(struct mpk_space *s, uint64_t at, uint64_t size);
int64_t space_protect(struct mpk_space *s, uint64_t at, uint64_t size, int prot);
/** A place for @size bytes, not taken yet; 0: none. */
uint64_t space_find(struct mpk_space *s, uint64_t size);
/** Gives pages that are not the heap's their key. */
bool space_tag(const struct mpk_space *s, uint64_t at, uint64_t size, int prot);

/** Copy between the compartment and the monitor, by the kernel. False: not all of it is its memory. */
TWZ_MUST bool space_read(const struct mpk_space *s, uint64_t at, void *ret, size_t n);
TWZ_MUST bool space_write(const struct mpk_space *s, uint64_t at, const void *bytes, size_t n);
/** A text of less than @size bytes, with its end. */
TWZ_MUST bool space_text(const struct mpk_space *s, uint64_t at, char *ret, size_t size);
