/* talker: says something whenever it can. */
#include <stdio.h>
#include <twz/gate.h>

TWZ_SERVICE("talker", "1.0", "Says something whenever it can");

__attribute__((constructor)) static void
on_load(void)
{
	puts("constructed");
}

TWZ_GATE(int, say, (const char *text), TWZ_DOC("Says it on both of its outputs, and how long it is"), TWZ_READONLY)
{
	fprintf(stderr, "%s, ", text);
	return printf("%s", text);
}
