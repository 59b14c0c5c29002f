#include "repl/session_places.h"

#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

/* The file that this code was loaded from: libtwz.so, or the program when it is part of that. */
static bool
own_path(char *path, size_t size)
{
	char real[PATH_MAX];
	Dl_info info;
	ssize_t n;

	if (dladdr((void *)(uintptr_t)own_path, &info) && strstr(info.dli_fname, ".so") &&
	    realpath(info.dli_fname, real) && strlen(real) < size) {
		strcpy(path, real);
		return true;
	}
	n = readlink("/proc/self/exe", path, size - 1);
	if (n <= 0)
		return false;
	path[n] = '\0';
	return true;
}

static bool
find_root(struct twz_arena *arena, const char **ret, struct twz_error *err)
{
	char path[PATH_MAX];

	if (!own_path(path, sizeof(path)))
		return twz_fail_sys(err, errno, "read /proc/self/exe");
	for (int steps = 0; steps < 2; steps++) {
		char *slash = strrchr(path, '/');

		if (slash)
			*slash = '\0';
	}
	*ret = twz_strdup(arena, path);
	return true;
}

/* Makes @path and what is missing above it. Whether that worked is seen when it is used. */
static void
make_folder(const char *path, struct twz_arena *arena)
{
	char *copy = twz_strdup(arena, path);

	if (access(path, F_OK) == 0)
		return;
	for (char *slash = copy + 1; (slash = strchr(slash, '/')); slash++) {
		*slash = '\0';
		mkdir(copy, 0700);
		*slash = '/';
	}
	mkdir(copy, 0700);
}

static bool
find_state(struct twz_arena *arena, const char **ret, struct twz_error *err)
{
	const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");

	if (state && *state == '/') {
		*ret = twz_format(arena, "%s/twz/state", state);
	} else if (home && *home == '/') {
		*ret = twz_format(arena, "%s/.local/state/twz/state", home);
	} else {
		twz_fail(err, TWZ_CLASS_LINK, TWZ_ERR(NAMING, NOT_FOUND),
			 "no place for the services' private folders");
		return twz_hint(err, "set HOME or XDG_STATE_HOME");
	}
	make_folder(*ret, arena);
	return true;
}

bool
places_find(struct twz_arena *arena, struct places *ret, struct twz_error *err)
{
	const char *root;

	if (!find_root(arena, &root, err) || !find_state(arena, &ret->state, err))
		return false;
	ret->guest = twz_format(arena, "%s/libexec/twz/twz-guest", root);
	ret->inspect = twz_format(arena, "%s/bin/twz-inspect", root);
	ret->services = twz_format(arena, "%s/lib/twz", root);
	return true;
}
