/* heap: uses much memory, and keeps little of it. */
#include <stdlib.h>
#include <string.h>
#include <twz/gate.h>

TWZ_SERVICE("heap", "1.0", "Uses much memory, and keeps little of it");

enum { PIECE = 4000 };

struct piece {
	struct piece *next;
	char bytes[PIECE];
};

static struct piece *pieces, *kept;
static int sum;

TWZ_GATE(int, fill, (int mib), TWZ_DOC("Uses so much memory, in pieces, and keeps the last"))
{
	for (long n = (long)mib * ((1 << 20) / PIECE); n; n--) {
		struct piece *p = malloc(sizeof(*p));

		if (!p)
			return -1;
		memset(p->bytes, (int)n, sizeof(p->bytes));
		p->next = pieces;
		pieces = p;
	}
	kept = pieces;
	pieces = kept ? kept->next : NULL;
	return sum += mib;
}

TWZ_GATE(int, drop, (void), TWZ_DOC("Gives all but that one back to the allocator, which keeps the pages"))
{
	for (struct piece *p = pieces, *next; p; p = next) {
		next = p->next;
		free(p);
	}
	pieces = NULL;
	return sum;
}

/* Every page of it written. */
static int
dig(int depth)
{
	volatile char room[4096];

	memset((void *)(uintptr_t)room, depth, sizeof(room));
	return depth ? dig(depth - 1) + room[0] % 2 : 0;
}

TWZ_GATE(int, deep, (int pages), TWZ_DOC("Uses so many pages of the stack"))
{
	return dig(pages) >= 0;
}

TWZ_GATE(int, known, (void), TWZ_DOC("What it knows: the sum, and whether its memory is as it was"), TWZ_READONLY)
{
	for (size_t i = 0; kept && i < sizeof(kept->bytes); i++)
		if (kept->bytes[i] != 1)
			return -1;
	return sum;
}
