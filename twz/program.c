#include "twz/program.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
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

int
twz_program_start(char *const *argv, const posix_spawn_file_actions_t *actions, pid_t *pid)
{
	posix_spawnattr_t attr;
	sigset_t all, none;
	int errnum;

	sigfillset(&all);
	sigemptyset(&none);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
	posix_spawnattr_setsigdefault(&attr, &all);
	posix_spawnattr_setsigmask(&attr, &none);
	errnum = posix_spawnp(pid, argv[0], actions, &attr, argv, environ);
	posix_spawnattr_destroy(&attr);
	return errnum;
}
