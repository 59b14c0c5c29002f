/* usage: replay FILE…	runs a fuzz target on each file, and says so as a test suite does */
#include <stdio.h>
#include <stdlib.h>

#include "tests/fuzz/fuzz.h"

int
main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		FILE *f = fopen(argv[i], "r");
		uint8_t *bytes = malloc(1 << 20);
		size_t n = f ? fread(bytes, 1, 1 << 20, f) : 0;

		if (!f)
			return EXIT_FAILURE;
		fclose(f);
		LLVMFuzzerTestOneInput(bytes, n);
		free(bytes);
		printf("ok %s: %s\n", argv[0], argv[i]);
	}
	return argc > 1 ? EXIT_SUCCESS : EXIT_FAILURE;
}
