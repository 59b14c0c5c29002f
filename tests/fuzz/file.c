/* A whole file: the ELF header, tables and sections first of all. Seeds: small shared objects. */
#include "tests/fuzz/inspect.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	inspect_bytes(data, n);
	return 0;
}
