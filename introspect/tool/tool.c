/*
 * What every command of twz-inspect does with a file: it is found by path, name or folder, and read in
 * a confined child, which also prints or stores what it found. A file that makes a reader of
 * DWARF hang or abort costs one message, and the next file is read as if nothing had happened.
 */
#include "introspect/tool/tool.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "introspect/confine.h"
#include "introspect/headers/compiler.h"
#include "introspect/headers/headers.h"
#include "registry/registry.h"

const char tool_name[] = "twz-inspect";

/* A file may be called whatever a terminal obeys. */
static void
put_clean(const char *text, const char *allowed)
{
	for (; *text; text++) {
		bool control = (unsigned char)*text < ' ' || *text == 0x7f;

		fputc(control && !strchr(allowed, *text) ? '?' : *text, stderr);
	}
}

bool
tool_complain(const char *what, const struct twz_error *err)
{
	fprintf(stderr, "%s: ", tool_name);
	put_clean(what, "");
	fputs(": ", stderr);
	put_clean(err->text, "\n\t");
	fputc('\n', stderr);
	if (*err->hint) {
		fputs("  hint: ", stderr);
		put_clean(err->hint, "\n\t");
		fputc('\n', stderr);
	}
	return false;
}

int
tool_usage(void)
{
	fprintf(stderr, "Try '%s --help'.\n", tool_name);
	return 2;
}

bool
tool_flush(void)
{
	static bool complained;
	struct twz_error err = { 0 };

	if (!fflush(stdout) && !ferror(stdout))
		return true;
	if (complained)
		return false;
	complained = true;
	return twz_fail_sys(&err, errno, "cannot write") || tool_complain("stdout", &err);
}

/* -- which files ------------------------------------------------------------------------------------ */

static int
by_path(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

/* libfoo.so, libfoo.so.1, libfoo.so.1.2.3. */
static bool
is_library_name(const char *name)
{
	const char *end = strstr(name, ".so");

	return end && (!end[3] || (end[3] == '.' && end[4] >= '0' && end[4] <= '9'));
}

/* What stands as libc.so beside libc.so.6: a text for the linker, and nothing is wrong with it. */
static bool
is_linker_script(const char *path)
{
	static const char *const starts[] = { "/* GNU ld script", "INPUT", "GROUP" };
	TWZ_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	char head[16];
	ssize_t n = fd < 0 ? 0 : read(fd, head, sizeof(head));

	for (size_t i = 0; i < TWZ_COUNT(starts); i++)
		if (n >= (ssize_t)strlen(starts[i]) && !memcmp(head, starts[i], strlen(starts[i])))
			return true;
	return false;
}

bool
tool_is_library(const char *path)
{
	const char *slash = strrchr(path, '/');
	struct stat st;

	return is_library_name(slash ? slash + 1 : path) && !lstat(path, &st) && S_ISREG(st.st_mode) &&
	       !is_linker_script(path);
}

/*
 * Adds the shared objects below @folder, which may itself be a link. One that several names lead to is
 * added once.
 */
static size_t
add_folder(struct request *r, char *folder, const char ***files, size_t n)
{
	char *const roots[] = { folder, NULL };
	FTS *walk = fts_open(roots, FTS_PHYSICAL | FTS_COMFOLLOW | FTS_NOCHDIR, by_path);
	FTSENT *entry;

	while (walk && (entry = fts_read(walk)))
		if (entry->fts_info == FTS_DNR || entry->fts_info == FTS_ERR)
			fprintf(stderr, "%s: %s: cannot read the folder: %s\n", tool_name, entry->fts_path,
				strerror(entry->fts_errno));
		else if (entry->fts_info == FTS_F && is_library_name(entry->fts_name) &&
			 !is_linker_script(entry->fts_path))
			twz_push(&r->arena, *files, n, twz_strdup(&r->arena, entry->fts_path));
	if (walk)
		fts_close(walk);
	return n;
}

static void
complain_unknown(struct request *r, const char *lib)
{
	const char *library = registry_library_for(strncmp(lib, "lib", 3) ? lib : lib + 3, &r->arena);
	const char *unused = registry_gates_unused(r->folders, lib, &r->arena);

	fprintf(stderr, "%s: %s: no such service or file\n", tool_name, lib);
	if (lib[strcspn(lib, "*?[ ")]) {
		fputs("  hint: the library comes first, then names of functions\n", stderr);
		return;
	}
	if (unused) {
		fprintf(stderr, "  hint: %s\n", unused);
		return;
	}
	if (library) {
		fprintf(stderr, "  hint: there is a library %s: twz-inspect --all %s\n", library, library);
		return;
	}
	fprintf(stderr, "  hint: services are looked for as lib%s.so in%s", lib,
		r->folders[0] ? "" : " TWZ_PATH and the user's and installed folder; none is there");
	for (size_t i = 0; r->folders[i]; i++)
		fprintf(stderr, " %s", r->folders[i]);
	fputc('\n', stderr);
}

/* A word that can name a function, or several: no path and no file's name. */
static bool
is_pattern(const char *arg)
{
	return !strchr(arg, '/') && (!strchr(arg, '.') || strchr(arg, '@'));
}

/* "calc::add", as twz calls it: the service's file, and the gate's name. */
static const char *
gate_of(struct request *r, const char *arg, const char **path)
{
	const char *colons = strstr(arg, "::");

	if (!colons || colons == arg || !colons[2] || strchr(arg, '/'))
		return NULL;
	return registry_find(r->folders, twz_strndup(&r->arena, arg, (size_t)(colons - arg)), &r->arena, path) ?
	       colons + 2 : NULL;
}

const char **
tool_files(struct request *r, char **args)
{
	const char **files = NULL, **patterns = NULL;
	size_t n = 0, npatterns = 0;

	for (; *args; args++) {
		const char *path = *args, *gate;
		struct stat st;

		if (!stat(*args, &st)) {
			if (S_ISDIR(st.st_mode))
				n = add_folder(r, *args, &files, n);
			else
				twz_push(&r->arena, files, n, path);
		} else if (is_pattern(*args) && registry_find(r->folders, *args, &r->arena, &path)) {
			twz_push(&r->arena, files, n, path);
		} else if (!n && (gate = gate_of(r, *args, &path))) {
			twz_push(&r->arena, files, n, path);
			twz_push(&r->arena, patterns, npatterns, gate);
		} else if (is_pattern(*args) && n) {
			twz_push(&r->arena, patterns, npatterns, *args);
		} else if (is_pattern(*args)) {
			complain_unknown(r, *args);
			return NULL;
		} else {
			const char *installed = strchr(*args, '/') ? NULL : registry_library(*args, &r->arena);

			twz_push(&r->arena, files, n, installed ? installed : path);	/* whoever opens it says why not */
		}
	}
	twz_push(&r->arena, files, n, NULL);
	if (npatterns) {
		twz_push(&r->arena, patterns, npatterns, NULL);
		r->patterns = patterns;
	}
	return files;
}

bool
tool_any(const char *const *files, char **folders)
{
	for (; files && !*files && *folders; folders++)
		fprintf(stderr, "%s: %s: no shared object in this folder\n", tool_name, *folders);
	return files && *files;
}

/* -- reading ---------------------------------------------------------------------------------------- */

bool
tool_inspect(struct request *r, const char *path, const struct twz_service **ret)
{
	struct twz_error err = { 0 };

	return introspect_file(path, &r->options, &r->arena, ret, &err) || tool_complain(path, &err);
}

/* What a child of @r may write besides its output: what it was asked to make. */
static bool
folders_to_write(struct request *r, const char *const **ret, struct twz_error *err)
{
	const char *const *registry = NULL;
	const char **folders = NULL;
	size_t n = 0;

	if ((r->show == TOOL_REGISTER || r->command) &&
	    !registry_folders_of(r->registry, &r->arena, &registry, err))
		return false;
	for (; registry && *registry; registry++)
		twz_push(&r->arena, folders, n, *registry);
	if (r->show == TOOL_STUBS)
		twz_push(&r->arena, folders, n, r->folder);
	if (r->opened)
		twz_push(&r->arena, folders, n, compiler_path(headers_compiler(r->opened), ""));
	twz_push(&r->arena, folders, n, NULL);
	*ret = folders;
	return true;
}

int
tool_confined(struct request *r, const char *path, bool (*job)(struct request *r, void *data),
	      void *data)
{
	tool_gates(r, path);
	return tool_probe(r, path) ? tool_run(r, path, job, data) : 1;
}

int
tool_run(struct request *r, const char *path, bool (*job)(struct request *r, void *data), void *data)
{
	const char *const *folders;
	struct twz_error err = { 0 };
	pid_t child;
	int status;

	if (!folders_to_write(r, &folders, &err))
		return tool_complain(path, &err), 1;
	fflush(NULL);
	child = fork();
	if (child < 0) {
		fprintf(stderr, "%s: cannot start a process: %s\n", tool_name, strerror(errno));
		return 1;
	}
	if (!child) {
		bool ok;

		introspect_confine(introspect_seconds(&r->options), folders);
		ok = job(r, data);
		/* What libdwarf loses on a damaged file goes with the process. */
		ok &= tool_flush();
		_exit(ok ? EXIT_SUCCESS : EXIT_FAILURE);
	}
	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return 1;
	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	/* Somebody ended all of us, or nobody reads what we write: that is no fault of the file. */
	if (WTERMSIG(status) == SIGPIPE || WTERMSIG(status) == SIGINT || WTERMSIG(status) == SIGTERM) {
		signal(WTERMSIG(status), SIG_DFL);
		raise(WTERMSIG(status));
	}
	if (WTERMSIG(status) == SIGXCPU)
		fprintf(stderr, "%s: %s: damaged: reading it ended with no result after %u s\n", tool_name,
			path, introspect_seconds(&r->options));
	else
		fprintf(stderr, "%s: %s: damaged: reading it ended with %s\n", tool_name, path,
			strsignal(WTERMSIG(status)));
	return 1;
}
