/* --where: which function, file and line an address of a library belongs to. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "introspect/tool/tool.h"

struct question {
	const char *path;
	char **addresses;
};

/* In base 16, as everybody writes addresses, with 0x or without. */
static bool
read_address(const char *text, uint64_t *ret)
{
	char *end;

	errno = 0;
	*ret = strtoull(text, &end, 16);
	return text[0] != '-' && text[0] != '+' && end != text && !*end && !errno;
}

static bool
answer(struct request *r, void *data)
{
	const struct question *q = data;

	for (char **address = q->addresses; *address; address++) {
		struct introspect_place place;
		struct twz_error err = { 0 };
		uint64_t value;

		if (!read_address(*address, &value) ||
		    !introspect_where(q->path, value, &r->arena, &place, &err))
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
		uint64_t value;

		if (read_address(*address, &value))
			continue;
		fprintf(stderr, "%s: --where: '%s' is no address: 0x1234, or as nm writes it\n", tool_name,
			*address);
		return tool_usage();
	}
	return tool_confined(r, files[0], answer, &(struct question){ files[0], args + 1 });
}
