/* A program as a gate: cat, with options as a program reads them. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <twz/gate.h>

TWZ_SERVICE("cat", "1.0", "Shows its arguments, as a program gets them");

TWZ_GATE(int, cli_main, (int argc, const char *const *argv),
	 TWZ_DOC("Writes each argument; ends with the number that follows --status"), TWZ_IN(argv, argc))
{
	int status = 0;

	for (int i = 0; i < argc; i++) {
		printf("[%s]", argv[i]);
		if (!strcmp(argv[i], "--status") && i + 1 < argc)
			status = atoi(argv[i + 1]);
	}
	putchar('\n');
	fflush(stdout);
	return status;
}
