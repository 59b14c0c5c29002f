/*
 * usage: replay FILE…		runs a fuzz target on each file, and says so as a test suite does
 *	replay -p PACK		on each input of a pack
 *	replay -c PACK FILE…	makes a pack of files
 *	replay -x FOLDER PACK	writes the inputs of a pack into a folder
 *
 * A pack is many small inputs in one file: before each of them its size in decimal and a newline.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"

enum { INPUT_MAX = 1 << 20 };

static uint8_t bytes[INPUT_MAX];

/* False: it cannot be read. */
static int
read_input(const char *name, size_t *n)
{
	FILE *f = fopen(name, "r");

	if (!f)
		return 0;
	*n = fread(bytes, 1, INPUT_MAX, f);
	fclose(f);
	return 1;
}

/* On a copy of just its size, so that a sanitizer sees each read beyond it. */
static void
run(size_t n)
{
	uint8_t *copy = malloc(n ? n : 1);

	if (!copy)
		abort();
	memcpy(copy, bytes, n);
	LLVMFuzzerTestOneInput(copy, n);
	free(copy);
}

static int
make_pack(const char *pack, char **files, int nfiles)
{
	FILE *f = fopen(pack, "w");
	size_t n;

	for (int i = 0; f && i < nfiles; i++) {
		if (!read_input(files[i], &n))
			return EXIT_FAILURE;
		fprintf(f, "%zu\n", n);
		fwrite(bytes, 1, n, f);
	}
	return f && !fclose(f) ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* Each input of the pack is run, or written to @folder. */
static int
use_pack(const char *pack, const char *folder)
{
	FILE *f = fopen(pack, "r"), *out;
	char name[4096];
	size_t n;
	int count = 0;

	while (f && fscanf(f, "%zu", &n) == 1) {
		if (fgetc(f) != '\n' || n > INPUT_MAX || fread(bytes, 1, n, f) != n)
			return EXIT_FAILURE;
		count++;
		if (!folder) {
			run(n);
			continue;
		}
		snprintf(name, sizeof(name), "%s/pack%d", folder, count);
		out = fopen(name, "w");
		if (!out || fwrite(bytes, 1, n, out) != n || fclose(out))
			return EXIT_FAILURE;
	}
	if (!folder)
		printf("ok %d inputs of %s\n", count, pack);
	return f && feof(f) && count ? EXIT_SUCCESS : EXIT_FAILURE;
}

int
main(int argc, char **argv)
{
	size_t n;

	if (argc == 3 && !strcmp(argv[1], "-p"))
		return use_pack(argv[2], NULL);
	if (argc == 4 && !strcmp(argv[1], "-x"))
		return use_pack(argv[3], argv[2]);
	if (argc > 3 && !strcmp(argv[1], "-c"))
		return make_pack(argv[2], argv + 3, argc - 3);
	for (int i = 1; i < argc; i++) {
		if (!read_input(argv[i], &n))
			return EXIT_FAILURE;
		run(n);
		printf("ok %s: %s\n", argv[0], argv[i]);
	}
	return argc > 1 ? EXIT_SUCCESS : EXIT_FAILURE;
}
