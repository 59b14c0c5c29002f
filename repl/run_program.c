#include "repl/run_program.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <string.h>

#include "repl/session.h"
#include "twz/arena.h"
#include "twz/program.h"

enum { STATUS_CANNOT_RUN = 126, STATUS_NOT_FOUND = 127 };

/* What --sctx names comes before what the environment does. */
static void
set_preload(const struct options *o, struct twz_arena *arena)
{
	const char *old = getenv("SCTX_PRELOAD");
	char *listed;

	if (!o->preload)
		return;
	listed = twz_format(arena, "%s%s%s", o->preload, old ? ":" : "", old ? old : "");
	for (char *comma = strchr(listed, ','); comma; comma = strchr(comma, ','))
		*comma = ':';
	setenv("SCTX_PRELOAD", listed, 1);
}

/* Every service must be there before the program starts: it is started here, and ended again. */
static bool
check_preload(struct twz_error *err)
{
	const struct session_options so = { .preload = true };
	const char *listed = getenv("SCTX_PRELOAD");
	struct session *s;

	if (!listed || !*listed)
		return true;
	if (!session_open(&so, &s, err))
		return false;
	session_close(s);
	return true;
}

/* Puts ROOT/lib before what LD_LIBRARY_PATH has, where this is ROOT/bin/twz and libtwz is there. */
static void
find_library(struct twz_arena *arena)
{
	const char *old = getenv("LD_LIBRARY_PATH");
	char *self = twz_alloc(arena, PATH_MAX), *slash;
	const char *lib;
	ssize_t n = readlink("/proc/self/exe", self, PATH_MAX - 1);

	for (int i = 0; i < 2; i++) {
		slash = n > 0 ? strrchr(self, '/') : NULL;
		if (!slash)
			return;
		*slash = '\0';
	}
	lib = twz_format(arena, "%s/lib", self);
	if (!access(twz_format(arena, "%s/libtwz.so", lib), R_OK))
		setenv("LD_LIBRARY_PATH",
		       old && *old ? twz_format(arena, "%s:%s", lib, old) : lib, 1);
}

int
run_program(const struct options *o, struct twz_error *err)
{
	TWZ_ARENA arena = { 0 };
	char **argv = twz_new_array(&arena, o->nargs + 1, char *);
	int errnum;

	if (o->context) {
		twz_fail(err, TWZ_CLASS_SYNTAX, TWZ_ERR(GENERIC, NOT_SUPPORTED),
			 "run takes no --as: a program's calls are made by its own session");
		return twz_class_status(err->cls);
	}
	if (o->registry)
		setenv("TWZ_REGISTRY", o->registry, 1);
	set_preload(o, &arena);
	if (!check_preload(err))
		return twz_class_status(err->cls);
	find_library(&arena);
	for (size_t i = 0; i < o->nargs; i++)
		argv[i] = twz_strdup(&arena, o->args[i]);
	signal(SIGPIPE, SIG_DFL);
	execvp(argv[0], argv);
	errnum = twz_program_errno(argv[0], errno);
	twz_fail_sys(err, errnum, "run %s", argv[0]);
	return errnum == ENOENT ? STATUS_NOT_FOUND : STATUS_CANNOT_RUN;
}
