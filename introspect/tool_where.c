/* --where: which function, file and line an address of a library belongs to. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "introspect/tool.h"

struct question {
	const char *path;
	char **addresses;
};

static bool
answer(struct request *r, void *data)
{
	const struct question *q = data;

	for (char **address = q->addresses; *address; address++) {
		struct introspect_place place;
		struct twz_error err = { 0 };

		if (!introspect_where(q->path, strtoull(*address, NULL, 0), &r->arena, &place, &err))
			return tool_complain(q->path, &err);
		printf("%s\t%s\t%" PRIu32 "\n", place.function, place.file, place.line);
	}
	return true;
}

int
tool_where(struct request *r, char **args)
{
	char *one[] = { args[0], NULL };
	const char **files = tool_files(r, one);

	if (!files || !*files)
		return 1;
	for (char **address = args + 1; *address; address++) {
		char *end;

		strtoull(*address, &end, 0);
		if (end != *address && !*end)
			continue;
		fprintf(stderr, "%s: '%s' is no address\n", tool_name, *address);
		return 2;
	}
	return tool_confined(r, files[0], answer, &(struct question){ files[0], args + 1 });
}
