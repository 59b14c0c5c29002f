/* Numbers are sorted byte by byte, which takes no comparisons; few of them, and what is in order, more simply. */
#include "introspect/sort.h"

#include <stdbool.h>
#include <string.h>

enum { FEW = 32 };

static void
sort_few(struct sort_key *keys, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		struct sort_key key = keys[i];
		size_t at = i;

		for (; at && keys[at - 1].number > key.number; at--)
			keys[at] = keys[at - 1];
		keys[at] = key;
	}
}

/* What all of them share needs no look; what is sorted needs no sorting. */
static bool
is_sorted(const struct sort_key *keys, size_t n, uint64_t *differs)
{
	bool sorted = true;

	*differs = 0;
	for (size_t i = 1; i < n; i++) {
		*differs |= keys[i].number ^ keys[0].number;
		sorted &= keys[i - 1].number <= keys[i].number;
	}
	return sorted;
}

/*
 * Byte by byte from the last, between @keys and @other; the result is in @keys. A byte in which all agree, as
 * in a beginning that names share, costs nothing.
 */
void
sort_keys(struct sort_key *keys, struct sort_key *other, size_t n)
{
	struct sort_key *from = keys, *to = other;
	uint64_t differs;

	if (is_sorted(keys, n, &differs))
		return;
	if (n <= FEW) {
		sort_few(keys, n);
		return;
	}
	for (int shift = 0; shift < 64; shift += 8) {
		uint32_t starts[256] = { 0 }, start = 0;
		struct sort_key *swap = from;

		if (!(differs >> shift & 0xff))
			continue;
		for (size_t i = 0; i < n; i++)
			starts[from[i].number >> shift & 0xff]++;
		for (int i = 0; i < 256; i++) {
			uint32_t count = starts[i];

			starts[i] = start;
			start += count;
		}
		for (size_t i = 0; i < n; i++)
			to[starts[from[i].number >> shift & 0xff]++] = from[i];
		from = to;
		to = swap;
	}
	if (from != keys)
		memcpy(keys, from, n * sizeof(*keys));
}
