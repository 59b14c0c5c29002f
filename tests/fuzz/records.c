/* The section .twz_gates: what marked functions say of themselves. */
#include <string.h>

#include "introspect/records.h"
#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	TWZ_ARENA arena = { 0 };
	struct records records = { 0 };

	records_read((struct elf_section){ data, n }, &arena, &records);
	for (size_t i = 0; i < records.ngates; i++)
		(void)strlen(records.gates[i].name);
	return 0;
}
