/* A service that attacks what keeps it in. Only built for tests/mpk; its gates are plain words. */
#include <stdint.h>
#define GATE __attribute__((visibility("default")))
GATE uint64_t add(uint64_t a, uint64_t b);
GATE uint64_t peek(uint64_t at);

uint64_t
add(uint64_t a, uint64_t b)
{
	return a + b;
}

uint64_t
peek(uint64_t at)
{
	return *(volatile uint64_t *)(uintptr_t)at;
}
