/* cat, as a gate: files of the service's private folder, -n numbers lines, --fill N writes N bytes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <twz/gate.h>

TWZ_SERVICE("files", "1.0", "Keeps files and writes them");

static FILE *
open_file(const char *name, const char *mode)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/%s", twz_state_dir(), name);
	return fopen(path, mode);
}

TWZ_GATE(int, keep, (const char *name, const char *text), TWZ_DOC("Keeps a text as a file"))
{
	FILE *f = open_file(name, "w");
	int ok = f && fputs(text, f) >= 0;

	return f && fclose(f) == 0 && ok;
}

static int
fill(long n)
{
	char line[64] = "";

	for (long at = 0; at < n; at += 64) {
		snprintf(line, sizeof(line), "%062ld\n", at);
		if (fwrite(line, 1, 63, stdout) != 63 || putchar('\r') < 0)
			return 1;
	}
	return 0;
}

static int
show(const char *name, int numbers)
{
	FILE *f = open_file(name, "r");
	int c, begins = 1, line = 0;

	if (!f) {
		fprintf(stderr, "files: %s: not there\n", name);
		return 1;
	}
	while ((c = getc(f)) != EOF) {
		if (begins && numbers)
			printf("%6d\t", ++line);
		putchar(c);
		begins = c == '\n';
	}
	return fclose(f) != 0;
}

TWZ_GATE(int, cli_main, (int argc, char **argv), TWZ_DOC("cat"), TWZ_IN(argv, argc))
{
	int status = 0, numbers = 0;

	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "-n"))
			numbers = 1;
		else if (!strcmp(argv[i], "--fill") && i + 1 < argc)
			status |= fill(atol(argv[++i]));
		else
			status |= show(argv[i], numbers);
	}
	return status;
}
