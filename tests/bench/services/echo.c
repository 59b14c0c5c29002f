/* A service that does as little as it can with what it is given: what is left is the call. */
#include <twz/gate.h>

TWZ_SERVICE("echo", "1.0", "What the benchmark calls");

TWZ_GATE(uint64_t, touch, (const uint8_t *data, uint64_t n),
	 TWZ_DOC("Reads the first, the middle and the last byte"), TWZ_IN(data, n), TWZ_READONLY)
{
	return n ? (uint64_t)data[0] + data[n / 2] + data[n - 1] : 0;
}
