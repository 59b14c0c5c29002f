/* Gates files, and the records that they become. */
#include <string.h>

#include "introspect/gates.h"
#include "introspect/records.h"
#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	TWZ_ARENA arena = { 0 };
	struct twz_error err = { 0 };
	struct gates_file gates;
	struct records records = { 0 };

	if (!gates_parse("x.gates", (const char *)data, n, &arena, &gates, &err))
		return 0;
	records_read(gates.records, &arena, &records);
	if (records.partial && records.ngates < 4096)
		__builtin_trap();	/* what was accepted is whole */
	return 0;
}
