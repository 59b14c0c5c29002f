/* What both halves of packing and unpacking need: wire.c, the caller's, and wire_take.c, the guest's. */
#pragma once

#include <string.h>

#include "monitor/wire.h"

/* The count at @at in memory of our own; too large for anything when it is negative. */
static inline uint64_t
count_at(const struct wire_slot *count, const void *at)
{
	uint64_t n = 0;

	memcpy(&n, at, count->size);
	return n;
}

/* Elements of a buffer, by the call's own words. */
static inline bool
count_of(const struct wire_gate *g, const struct wire_slot *slot, const uint64_t *words, uint64_t *n)
{
	const struct wire_slot *count = slot->extent < 0 ? NULL : &g->slots[slot->extent];
	uint64_t elements = slot->count, bytes;

	if (slot->behind) {
		if (!words[slot->extent])
			return false;
		elements = count_at(count, (const void *)(uintptr_t)words[slot->extent]);
	} else if (count) {
		elements = wire_extend(words[slot->extent], count->size, count->is_signed);
		if (count->is_signed && (int64_t)elements < 0)
			return false;
	}
	if (__builtin_mul_overflow(elements, (uint64_t)slot->size, &bytes))
		return false;
	*n = elements;
	return true;
}

/* Input that only a reader needs, and much of it; what is kept is copied in any case. */
static inline bool
may_be_shared(const struct wire_slot *slot)
{
	return slot->pass == TWZ_PASS_BUFFER && slot->dir == TWZ_IN && !slot->ninner && !slot->tag;
}
