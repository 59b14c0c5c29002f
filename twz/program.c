#include "twz/program.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int
twz_program_errno(const char *name, int errnum)
{
	const char *path = getenv("PATH"), *end;
	char file[PATH_MAX];

	if (errnum != EACCES || strchr(name, '/') || !path)
		return errnum;
	for (; *path; path = *end ? end + 1 : end) {
		end = strchrnul(path, ':');
		snprintf(file, sizeof(file), "%.*s/%s", (int)(end - path), path, name);
		if (!access(file, F_OK))
			return errnum;
	}
	return ENOENT;
}
