/* A temporary folder, and libraries built into it by the compilers that are there. */
#pragma once

#include <ftw.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "introspect/introspect.h"

#define FIXTURES "tests/fixtures/introspect/"

static char folder[64];

static inline int
make_folder(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/twz-introspect-XXXXXX");
	return mkdtemp(folder) ? 0 : -1;
}

static inline int
remove_one(const char *path, const struct stat *st, int what, struct FTW *ftw)
{
	(void)st, (void)what, (void)ftw;
	return remove(path);
}

static inline int
remove_folder(void **state)
{
	(void)state;
	return nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* Runs a shell command with $D set to the folder. */
__attribute__((format(printf, 1, 2))) static inline int
shell(const char *fmt, ...)
{
	char command[2048];
	int n = snprintf(command, sizeof(command), "D=%s; ", folder);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(command + n, sizeof(command) - (size_t)n, fmt, ap);
	va_end(ap);
	return system(command);
}

static inline bool
have(const char *program)
{
	bool there = !shell("command -v %s >/dev/null", program);

	if (!there)	/* a line that tests/run counts and shows */
		printf("skip introspection with %s # it is not installed\n", program);
	return there;
}

/* The path of a file in the folder; good until the fourth call after this one. */
static inline const char *
in_folder(const char *name)
{
	static char paths[4][256];
	static int next;
	char *path = paths[next++ % 4];

	snprintf(path, sizeof(paths[0]), "%s/%s", folder, name);
	return path;
}

static inline const struct twz_service *
inspect_ok(const char *path, bool all, struct twz_arena *arena)
{
	const struct introspect_options options = { .all = all };
	const struct twz_service *service = NULL;
	struct twz_error err = { 0 };

	if (!introspect_file(path, &options, arena, &service, &err))
		fail_msg("%s: %s", path, err.text);
	return service;
}
