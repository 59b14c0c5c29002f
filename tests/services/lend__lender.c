/* lender: memory that others may read, and memory that they may not. */
#include <stdlib.h>
#include <string.h>
#include <twz/gate.h>

TWZ_SERVICE("lender", "1.0", "Lends memory");

enum { SIZE = 100000 };
static char *lent, *own;

TWZ_GATE(ObjID, lend, (const char *text), TWZ_DOC("Writes a text into memory that others may read"))
{
	ObjID id = { 0, 0 };

	lent = twz_lend(SIZE, &id);
	if (lent)
		strncpy(lent, text, SIZE - 1);
	return id;
}

TWZ_GATE(void, change, (const char *text), TWZ_DOC("Writes another one into it"))
{
	strncpy(lent, text, SIZE - 1);
}

TWZ_GATE(uint64_t, keep, (const char *text), TWZ_DOC("Writes a text into memory of its own, and says where it is"))
{
	own = malloc(1 << 20);
	strcpy(own, text);
	return (uint64_t)(uintptr_t)own;
}

TWZ_GATE(void, take_back, (void), TWZ_DOC("Lends it no more"))
{
	twz_give_back(lent);
}

TWZ_GATE(uint64_t, lend_all, (void), TWZ_DOC("Lends as often as it may"))
{
	uint64_t n = 0;
	ObjID id;

	while (twz_lend(SIZE, &id))
		n++;
	return n;
}
