/*
 * twz-inspect: what the gates of a shared object are.
 *
 * Each file is read in a child process with limits, which also prints or stores what it found: a file
 * that makes the reader of DWARF hang or abort costs one message, and the next file is read as if
 * nothing had happened.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "introspect/introspect.h"
#include "introspect/show.h"
#include "registry/registry.h"

static char program[] = "twz-inspect";

enum action { ACTION_TEXT, ACTION_JSON, ACTION_C, ACTION_STUBS, ACTION_REGISTER, ACTION_WHERE };

struct request {
	enum action action;
	struct introspect_options options;
	const char *folder;		/* --stubs: where to */
	const char *registry;		/* NULL: registry_path() */
	const char *color;
	bool colour;
	struct twz_arena arena;
	const char *const *folders;	/* where services are found */
};

/* -- options ---------------------------------------------------------------------------------------- */

static bool set_all(struct request *r, const char *arg);
static bool set_color(struct request *r, const char *arg);
static bool set_folder(struct request *r, const char *arg);
static bool set_registry(struct request *r, const char *arg);
static bool set_debug_dir(struct request *r, const char *arg);
static bool set_help(struct request *r, const char *arg);
static bool set_version(struct request *r, const char *arg);

static const struct option_row {
	const char *name;
	char letter;
	const char *arg, *help;
	bool (*set)(struct request *r, const char *arg);	/* NULL: chooses … */
	enum action action;					/* … this */
} rows[] = {
	{ "json", 0, NULL, "print JSON, one document per file", NULL, ACTION_JSON },
	{ "c", 0, NULL, "print C prototypes with the types that they need", NULL, ACTION_C },
	{ "stubs", 0, NULL, "write SERVICE_stub.h and SERVICE_stub.c", NULL, ACTION_STUBS },
	{ "register", 0, NULL, "store what was found in the registry", NULL, ACTION_REGISTER },
	{ "where", 0, NULL, "FILE ADDR…: function, file and line of addresses", NULL, ACTION_WHERE },
	{ "all", 'a', NULL, "every exported function, not only gates", set_all, ACTION_TEXT },
	{ "output", 'o', "DIR", "folder for --stubs; default: this one", set_folder, ACTION_TEXT },
	{ "registry", 0, "FILE", "the registry to store in", set_registry, ACTION_TEXT },
	{ "debug-dir", 0, "DIR", "where separate debug files are; default: /usr/lib/debug",
	  set_debug_dir, ACTION_TEXT },
	{ "color", 0, "WHEN", "auto, always or never", set_color, ACTION_TEXT },
	{ "help", 'h', NULL, "this text", set_help, ACTION_TEXT },
	{ "version", 'V', NULL, "the version", set_version, ACTION_TEXT },
};

static bool
set_all(struct request *r, const char *arg)
{
	(void)arg;
	r->options.all = true;
	return true;
}

static bool
set_color(struct request *r, const char *arg)
{
	r->color = arg;
	return !strcmp(arg, "auto") || !strcmp(arg, "always") || !strcmp(arg, "never");
}

static bool
set_folder(struct request *r, const char *arg)
{
	r->folder = arg;
	return true;
}

static bool
set_registry(struct request *r, const char *arg)
{
	r->registry = arg;
	return true;
}

static bool
set_debug_dir(struct request *r, const char *arg)
{
	r->options.debug_dir = arg;
	return true;
}

static void
flush_or_fail(void)
{
	if (fflush(stdout) || ferror(stdout)) {
		fprintf(stderr, "%s: cannot write: %s\n", program, strerror(errno));
		exit(EXIT_FAILURE);
	}
}

static bool
set_help(struct request *r, const char *arg)
{
	(void)r, (void)arg;
	printf("usage: %s [OPTION…] LIB…\n"
	       "       %s --where FILE ADDR…\n\n"
	       "Shows the gates of services with their types. LIB is a file or a service's name.\n\n",
	       program, program);
	for (size_t i = 0; i < TWZ_COUNT(rows); i++) {
		char left[64];

		snprintf(left, sizeof(left), "--%s%s%s", rows[i].name, rows[i].arg ? " " : "",
			 rows[i].arg ? rows[i].arg : "");
		printf("  %c%c %-18s %s\n", rows[i].letter ? '-' : ' ',
		       rows[i].letter ? rows[i].letter : ' ', left, rows[i].help);
	}
	printf("\nStatus: 0 all well, 1 a file could not be (wholly) inspected, 2 wrong usage.\n");
	flush_or_fail();
	exit(EXIT_SUCCESS);
}

static bool
set_version(struct request *r, const char *arg)
{
	(void)r, (void)arg;
	printf("%s %s\n", program, TWZ_VERSION);
	flush_or_fail();
	exit(EXIT_SUCCESS);
}

static int
usage(void)
{
	fprintf(stderr, "Try '%s --help'.\n", program);
	return 2;
}

/* Reads the options. Returns 0, or the status to exit with. */
static int
read_options(struct request *r, int argc, char **argv)
{
	struct option options[TWZ_COUNT(rows) + 1] = { { 0 } };
	char letters[2 * TWZ_COUNT(rows) + 1] = "", *letter = letters;
	int found;

	for (size_t i = 0; i < TWZ_COUNT(rows); i++) {
		options[i] = (struct option){ rows[i].name, rows[i].arg ? required_argument : 0, NULL,
					      rows[i].letter ? rows[i].letter : 256 + (int)i };
		if (!rows[i].letter)
			continue;
		*letter++ = rows[i].letter;
		if (rows[i].arg)
			*letter++ = ':';
	}
	argv[0] = program;	/* in getopt's messages */
	while ((found = getopt_long(argc, argv, letters, options, NULL)) != -1) {
		const struct option_row *row = NULL;

		for (size_t i = 0; i < TWZ_COUNT(rows); i++)
			if (found == (rows[i].letter ? rows[i].letter : 256 + (int)i))
				row = &rows[i];
		if (!row)
			return usage();
		if (!row->set && r->action != ACTION_TEXT && r->action != row->action) {
			fprintf(stderr, "%s: --%s: only one of --json, --c, --stubs, "
				"--register and --where\n", program, row->name);
			return usage();
		}
		if (!row->set)
			r->action = row->action;
		else if (!row->set(r, optarg)) {
			fprintf(stderr, "%s: --%s: '%s' is not possible\n", program, row->name, optarg);
			return usage();
		}
	}
	return 0;
}

/* --color first, then what the environment asks for, then whether somebody is looking. */
static bool
wants_colour(const char *when)
{
	const char *no = getenv("NO_COLOR"), *force = getenv("CLICOLOR_FORCE");
	const char *term = getenv("TERM");

	if (when && strcmp(when, "auto"))
		return !strcmp(when, "always");
	if (no && *no)
		return false;
	if (force && *force && strcmp(force, "0"))
		return true;
	return isatty(STDOUT_FILENO) && !(term && !strcmp(term, "dumb"));
}

/* -- one file --------------------------------------------------------------------------------------- */

static bool
complain(const char *what, const struct twz_error *err)
{
	fprintf(stderr, "%s: %s: %s\n", program, what, err->text);
	if (*err->hint)
		fprintf(stderr, "  hint: %s\n", err->hint);
	return false;
}

/*
 * LIB is the path of a file, or the name of a service: no '/' and no '.'. NULL, after a message, when
 * it is neither.
 */
static const char *
path_of(struct request *r, const char *lib)
{
	const char *path = lib;

	if (strpbrk(lib, "/.") || registry_find(r->folders, lib, &r->arena, &path))
		return path;
	if (!access(lib, F_OK))
		return lib;
	fprintf(stderr, "%s: %s: no such service or file\n", program, lib);
	fprintf(stderr, "  hint: services are looked for as lib%s.so in%s", lib,
		r->folders[0] ? "" : " TWZ_PATH and the user's and installed folder; none is there");
	for (size_t i = 0; r->folders[i]; i++)
		fprintf(stderr, " %s", r->folders[i]);
	fputc('\n', stderr);
	return NULL;
}

/* Services that were built or installed together with this program: ROOT/lib/twz for ROOT/bin/…. */
static const char *
installed_folder(struct twz_arena *arena)
{
	char path[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);

	for (int up = 0; up < 2; up++) {
		while (n > 0 && path[--n] != '/')
			;
	}
	return n > 0 ? twz_format(arena, "%.*s/lib/twz", (int)n, path) : NULL;
}

static bool
store(const struct request *r, const struct twz_service *service, struct twz_error *err)
{
	struct registry *registry = NULL;
	bool ok;

	if (!registry_open(r->registry, &registry, err))
		return false;
	ok = registry_store(registry, service, err);
	registry_close(registry);
	return ok;
}

static bool
hand_out(const struct request *r, const struct twz_service *service, struct twz_error *err)
{
	switch (r->action) {
	case ACTION_TEXT:
		show_text(stdout, service, r->colour);
		return true;
	case ACTION_JSON:
		show_json(stdout, service);
		return true;
	case ACTION_C:
		show_c(stdout, service);
		return true;
	case ACTION_STUBS:
		return show_stubs(service, r->folder, err);
	case ACTION_REGISTER:
		return store(r, service, err);
	case ACTION_WHERE:
		break;
	}
	return true;
}

/*
 * Whether every gate can be called; the others are named where they are not listed anyway. With --all,
 * functions that are no gates need not be callable.
 */
static bool
is_whole(const struct request *r, const struct twz_service *service, const char *path)
{
	bool quiet = r->action == ACTION_TEXT || r->action == ACTION_REGISTER;
	bool whole = !service->partial;

	if (service->partial)
		fprintf(stderr, "%s: %s: some of it could not be read\n", program, path);
	for (uint32_t i = 0; i < service->ngates; i++) {
		const struct twz_gate *gate = &service->gates[i];

		if (!gate->has_record || gate->verdict != TWZ_VERDICT_REFUSED)
			continue;
		whole = false;
		if (!quiet)
			fprintf(stderr, "%s: %s: gate %s is not callable: %s\n", program, path,
				gate->name, gate->why);
	}
	return whole;
}

static bool
inspect(struct request *r, const char *path)
{
	const struct twz_service *service;
	struct twz_error err = { 0 };

	if (!introspect_file(path, &r->options, &r->arena, &service, &err))
		return complain(path, &err);
	if (!hand_out(r, service, &err))
		return complain(path, &err);
	if (fflush(stdout) || ferror(stdout))
		return twz_fail_sys(&err, errno, "cannot write") || complain("stdout", &err);
	return is_whole(r, service, path);
}

static bool
where(struct request *r, const char *path, char **addresses)
{
	for (; *addresses; addresses++) {
		struct introspect_place place;
		struct twz_error err = { 0 };
		char *end;
		uint64_t address = strtoull(*addresses, &end, 0);

		if (end == *addresses || *end) {
			fprintf(stderr, "%s: '%s' is no address\n", program, *addresses);
			fflush(NULL);
			_exit(2);
		}
		if (!introspect_where(path, address, &r->arena, &place, &err))
			return complain(path, &err);
		printf("%s\t%s\t%" PRIu32 "\n", place.function, place.file, place.line);
	}
	return true;
}

/* Does one file in a child of its own. @addresses: of --where, else NULL. Returns its exit status. */
static int
run(struct request *r, const char *lib, char **addresses)
{
	const char *path = path_of(r, lib);
	pid_t child = path ? fork() : -1;
	int status;

	if (!path)
		return 1;
	if (child < 0) {
		fprintf(stderr, "%s: cannot start a process: %s\n", program, strerror(errno));
		return 1;
	}
	if (!child) {
		bool ok;

		introspect_confine();
		ok = addresses ? where(r, path, addresses) : inspect(r, path);
		/* What libdwarf loses on a damaged file goes with the process. */
		fflush(NULL);
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
	fprintf(stderr, "%s: %s: damaged: reading it ended with %s\n", program, path,
		WTERMSIG(status) == SIGXCPU ? "no result after 20 s" : strsignal(WTERMSIG(status)));
	return 1;
}

int
main(int argc, char **argv)
{
	struct request r = { .folder = "." };
	int status = read_options(&r, argc, argv);
	char **rest = argv + optind;

	if (status)
		return status;
	if (!*rest || (r.action == ACTION_WHERE && !rest[1])) {
		fprintf(stderr, "%s: %s\n", program, *rest ? "--where needs an address" :
			"which file or service?");
		return usage();
	}
	r.colour = wants_colour(r.color);
	r.folders = registry_folders(installed_folder(&r.arena), &r.arena);
	if (r.action == ACTION_WHERE)
		status = run(&r, rest[0], rest + 1);
	else
		for (; *rest; rest++)
			status |= run(&r, *rest, NULL);
	twz_arena_free(&r.arena);
	return status;
}
