/* Sorting by numbers: what introspect has ten thousands of, names and places in files, is sorted so. */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct sort_key {
	uint64_t number;
	uint32_t item;		/* whose it is */
};

/** Sorts stably by number; @other is room for as many. */
void sort_keys(struct sort_key *keys, struct sort_key *other, size_t n);
