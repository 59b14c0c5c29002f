/*
 * twz-inspect: what can be called in a shared object, and with what. Here its options are read and one
 * command is called; see tool.h.
 */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "introspect/tool/tool.h"
#include "registry/registry.h"

/* -- options ---------------------------------------------------------------------------------------- */

static bool set_all(struct request *r, const char *arg);
static bool set_color(struct request *r, const char *arg);
static bool set_folder(struct request *r, const char *arg);
static bool set_db(struct request *r, const char *arg);
static bool set_debug_dir(struct request *r, const char *arg);
static bool set_engine(struct request *r, const char *arg);
static bool set_find(struct request *r, const char *arg);
static bool set_command(struct request *r, const char *arg);
static bool set_headers(struct request *r, const char *arg);
static bool set_types(struct request *r, const char *arg);
static bool set_watch(struct request *r, const char *arg);
static bool set_where(struct request *r, const char *arg);
static bool set_help(struct request *r, const char *arg);
static bool set_version(struct request *r, const char *arg);

static const struct option_row {
	const char *name;
	char letter;
	const char *arg, *help;
	bool (*set)(struct request *r, const char *arg);	/* NULL: chooses … */
	enum tool_show show;					/* … this */
} rows[] = {
	{ "all", 'a', NULL, "every exported function, not only gates", set_all, TOOL_TEXT },
	{ "types", 't', NULL, "also the types that they reach", set_types, TOOL_TEXT },
	{ "json", 'j', NULL, "JSON, one document per file", NULL, TOOL_JSON },
	{ "c", 0, NULL, "C prototypes with the types that they need", NULL, TOOL_C },
	{ "header", 0, NULL, "a C header that checks every layout when it is compiled", NULL, TOOL_HEADER },
	{ "dot", 0, NULL, "a graph of who takes and returns which type, for Graphviz", NULL, TOOL_DOT },
	{ "gates", 0, NULL, "a draft of a gates file, for a library that nobody recompiles", NULL, TOOL_GATES },
	{ "stubs", 0, NULL, "write SERVICE_stub.h and SERVICE_stub.c", NULL, TOOL_STUBS },
	{ "register", 0, NULL, "store what was found in the registry", NULL, TOOL_REGISTER },
	{ "find", 'f', "QUESTION", "functions by type: 'takes User', 'returns char*'", set_find, TOOL_TEXT },
	{ "where", 0, NULL, "FILE ADDR…: function, file and line of addresses", set_where, TOOL_TEXT },
	{ "watch", 0, NULL, "again whenever a file changes", set_watch, TOOL_TEXT },
	{ "headers", 0, "FILE", "a header of the library's; may be given often", set_headers, TOOL_TEXT },
	{ "output", 'o', "DIR", "folder for --stubs; default: this one", set_folder, TOOL_TEXT },
	{ "debug-dir", 0, "DIR", "where separate debug files are; default: /usr/lib/debug",
	  set_debug_dir, TOOL_TEXT },
	{ "engine", 0, "NAME", "reader of DWARF: own (default) or libdwarf", set_engine, TOOL_TEXT },
	{ "registry", 0, "COMMAND", "ls, rm, gc, check, export or import; see twz-inspect(1)", set_command,
	  TOOL_TEXT },
	{ "db", 0, "FILE", "the registry to use", set_db, TOOL_TEXT },
	{ "color", 0, "WHEN", "auto, always or never", set_color, TOOL_TEXT },
	{ "help", 'h', NULL, "this text", set_help, TOOL_TEXT },
	{ "version", 'V', NULL, "the version", set_version, TOOL_TEXT },
};

static const struct command {
	const char *name, *usage;
	int least;			/* arguments */
	int (*run)(struct request *r, char **args);
} commands[] = {
	{ "doctor", "doctor LIB…", 1, tool_doctor },
	{ "check", "check LIB… --headers FILE… [-- CC-ARG…]", 1, tool_check },
	{ "diff", "diff OLD NEW", 2, tool_diff },
};

static bool
set_all(struct request *r, const char *arg)
{
	(void)arg;
	r->options.all = true;
	return true;
}

static bool
set_types(struct request *r, const char *arg)
{
	(void)arg;
	return r->types = true;
}

static bool
set_watch(struct request *r, const char *arg)
{
	(void)arg;
	return r->watch = true;
}

static bool
set_where(struct request *r, const char *arg)
{
	(void)arg;
	return r->where = true;
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
set_db(struct request *r, const char *arg)
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

static bool
set_engine(struct request *r, const char *arg)
{
	r->options.engine = arg;
	return !strcmp(arg, "own") || !strcmp(arg, "libdwarf");
}

static bool
set_find(struct request *r, const char *arg)
{
	r->find = arg;
	return *arg;
}

static bool
set_command(struct request *r, const char *arg)
{
	r->command = arg;
	return *arg;
}

static bool
set_headers(struct request *r, const char *arg)
{
	static size_t n;

	twz_push(&r->arena, r->headers, n, arg);
	twz_push(&r->arena, r->headers, n, NULL);
	n--;
	return *arg;
}

static bool
is_header(const char *arg)
{
	const char *end = strrchr(arg, '.');

	return end && (!strcmp(end, ".h") || !strcmp(end, ".hh") || !strcmp(end, ".hpp"));
}

/*
 * --headers takes one file; of the other arguments those that look like headers are taken as well, as in
 * "check LIB --headers a.h b.h". What stands behind them and looks like an option stood behind "--": it
 * is for the C compiler, with all that follows.
 */
static void
take_headers(struct request *r, char **args)
{
	const char **compiler_args = NULL;
	char **kept = args;
	size_t n = 0;

	for (; *args && (**args != '-' || !(*args)[1]); args++)
		if (is_header(*args))
			set_headers(r, *args);
		else
			*kept++ = *args;
	for (; *args; args++)
		twz_push(&r->arena, compiler_args, n, *args);
	twz_push(&r->arena, compiler_args, n, NULL);
	r->compiler_args = compiler_args;
	*kept = NULL;
}

static bool
set_help(struct request *r, const char *arg)
{
	(void)r, (void)arg;
	printf("usage: %s [OPTION…] LIB… [NAME…]\n", tool_name);
	for (size_t i = 0; i < TWZ_COUNT(commands); i++)
		printf("       %s [OPTION…] %s\n", tool_name, commands[i].usage);
	printf("       %s --where FILE ADDR…\n"
	       "       %s --registry COMMAND [ARG…]\n\n"
	       "Shows what can be called in shared objects, and with what. LIB is a file, a folder, a\n"
	       "service or an installed library, NAME a function or a pattern such as 'png_*'.\n\n", tool_name, tool_name);
	for (size_t i = 0; i < TWZ_COUNT(rows); i++) {
		char left[64];

		snprintf(left, sizeof(left), "--%s%s%s", rows[i].name, rows[i].arg ? " " : "",
			 rows[i].arg ? rows[i].arg : "");
		printf("  %c%c %-19s %s\n", rows[i].letter ? '-' : ' ',
		       rows[i].letter ? rows[i].letter : ' ', left, rows[i].help);
	}
	printf("\nStatus: 0 all well, 1 a file could not be (wholly) inspected or has not what was asked for, 2\n"
	       "wrong usage; of diff: 0 the same for callers, 4 compatible, 8 incompatible.\n");
	exit(tool_flush() ? EXIT_SUCCESS : EXIT_FAILURE);
}

static bool
set_version(struct request *r, const char *arg)
{
	(void)r, (void)arg;
	printf("%s %s\n", tool_name, TWZ_VERSION);
	exit(tool_flush() ? EXIT_SUCCESS : EXIT_FAILURE);
}

static bool
set_show(struct request *r, const struct option_row *row)
{
	if (r->show != TOOL_TEXT && r->show != row->show) {
		fprintf(stderr, "%s: --%s: only one of", tool_name, row->name);
		for (size_t i = 0; i < TWZ_COUNT(rows); i++)
			if (!rows[i].set)
				fprintf(stderr, " --%s", rows[i].name);
		fputc('\n', stderr);
		return false;
	}
	r->show = row->show;
	r->options.all |= row->show == TOOL_GATES;
	return true;
}

static const struct option_row *
row_of(int found)
{
	for (size_t i = 0; i < TWZ_COUNT(rows); i++)
		if (found == (rows[i].letter ? rows[i].letter : 256 + (int)i))
			return &rows[i];
	return NULL;
}

/* Reads the options. Returns 0, or the status to exit with. */
static int
read_options(struct request *r, int argc, char **argv)
{
	struct option options[TWZ_COUNT(rows) + 1] = { { 0 } };
	char letters[2 * TWZ_COUNT(rows) + 1] = "", *letter = letters;
	static char program[sizeof("twz-inspect")];
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
	strcpy(program, tool_name);
	argv[0] = program;	/* in getopt's messages */
	while ((found = getopt_long(argc, argv, letters, options, NULL)) != -1) {
		const struct option_row *row = row_of(found);

		if (!row || (!row->set && !set_show(r, row)))
			return tool_usage();
		if (row->set && !row->set(r, optarg)) {
			fprintf(stderr, "%s: --%s: '%s' is not possible: %s\n", tool_name, row->name, optarg,
				row->help);
			return tool_usage();
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

static int
missing(const char *what)
{
	fprintf(stderr, "%s: %s\n", tool_name, what);
	return tool_usage();
}

static int
run(struct request *r, char **args)
{
	int n = 0;

	while (args[n])
		n++;
	if (r->command)
		return tool_registry(r, args);
	if (r->where)
		return n > 1 ? tool_where(r, args) : missing("--where needs a file and an address");
	for (size_t i = 0; n && i < TWZ_COUNT(commands); i++) {
		if (strcmp(args[0], commands[i].name))
			continue;
		if (n > commands[i].least)
			return commands[i].run(r, args + 1);
		return missing(twz_format(&r->arena, "usage: %s %s", tool_name, commands[i].usage));
	}
	if (!n && !r->find)
		return missing("which file or service?");
	return r->find ? tool_find(r, args) : tool_list(r, args);
}

int
main(int argc, char **argv)
{
	static char buffer[1 << 16];
	struct request r = { .folder = "." };
	int status;

	/* A message is a line, and written as one. */
	setvbuf(stderr, NULL, _IOLBF, BUFSIZ);
	status = read_options(&r, argc, argv);
	if (status)
		return status;
	/* Listings are long: 16 pages a write. */
	if (!isatty(STDOUT_FILENO))
		setvbuf(stdout, buffer, _IOFBF, sizeof(buffer));
	/* What is given back is asked for again at once: it stays, instead of a page fault for each page of it. */
	mallopt(M_TRIM_THRESHOLD, 64 << 20);
	mallopt(M_TOP_PAD, 256 << 10);
	registry_unlimited();
	r.colour = wants_colour(r.color);
	r.folders = registry_folders(installed_folder(&r.arena), &r.arena);
	if (r.headers)
		take_headers(&r, argv + optind);
	status = run(&r, argv + optind);
	tool_probe_end(&r);
	twz_arena_free(&r.arena);
	return status;
}
