/*
 * diff OLD NEW: what callers would notice if NEW took the place of OLD. Two files, or two folders whose
 * libraries are told apart by their names; each pair is read in a process of its own.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "introspect/headers/compiler.h"
#include "introspect/diff/diff_show.h"
#include "introspect/headers/headers.h"
#include "introspect/records.h"
#include "introspect/tool/tool.h"
#include "registry/registry.h"

struct two {
	const char *was, *now;
	const struct names *visible;	/* types that the headers define; NULL: no headers */
};

/* -- one pair, in the child ------------------------------------------------------------------------- */

static bool
has_no_gates(const struct twz_error *err)
{
	return err->code == TWZ_ERR(NAMING, NOT_FOUND);
}

/* The gates of @path; a library without any when it has none and @ret is wanted all the same. */
static bool
read_gates(struct request *r, const char *path, const struct twz_service **ret, bool *none)
{
	struct twz_error err = { 0 };

	if (introspect_file(path, &r->options, &r->arena, ret, &err))
		return true;
	*none = has_no_gates(&err);
	return *none || tool_complain(path, &err);
}

/*
 * If either has gates, gates are what callers use. Of a library without any, all that it exports is
 * looked at; the same when --all asks for it.
 */
static bool
read_both(struct request *r, const struct two *two, const struct twz_service **was,
	  const struct twz_service **now)
{
	static const struct twz_service empty = { .name = "", .version = "", .doc = "" };
	bool none[2] = { false, false };

	if (!r->options.all && (!read_gates(r, two->was, was, &none[0]) ||
				!read_gates(r, two->now, now, &none[1])))
		return false;
	if (r->options.all || (none[0] && none[1])) {
		r->options.all = true;
		return tool_inspect(r, two->was, was) && tool_inspect(r, two->now, now);
	}
	for (int i = 0; i < 2; i++) {
		struct twz_service *service = twz_new(&r->arena, struct twz_service);

		if (!none[i])
			continue;
		*service = empty;
		service->path = i ? two->now : two->was;
		*(i ? now : was) = service;
	}
	return true;
}

static void
complain_unsure(const struct diff *diff, const struct two *two)
{
	if (diff->partial && diff->was->partial)
		fprintf(stderr, "%s: %s: some of it could not be read\n", tool_name, two->was);
	if (diff->partial && diff->now->partial)
		fprintf(stderr, "%s: %s: some of it could not be read\n", tool_name, two->now);
	if (diff->partial && !diff->was->partial && !diff->now->partial)
		fprintf(stderr, "%s: %s: its types are too many or nested too deeply to compare all\n",
			tool_name, two->now);
	if (diff->nunknown)
		fprintf(stderr, "%s: %s: %zu function%s of unknown type, not compared\n", tool_name,
			two->now, diff->nunknown, diff->nunknown == 1 ? "" : "s");
}

/* Two files of the same bytes are the same for callers, whatever cannot be read of them. */
static bool
are_identical(const struct two *two)
{
	TWZ_FCLOSE FILE *was = fopen(two->was, "re"), *now = fopen(two->now, "re");
	char a[1 << 14], b[1 << 14];
	size_t n = 0, m = 0;

	if (!was || !now)
		return false;
	do {
		n = fread(a, 1, sizeof(a), was);
		m = fread(b, 1, sizeof(b), now);
	} while (n && n == m && !memcmp(a, b, n));
	return !n && !m && !ferror(was) && !ferror(now);
}

static bool
compare(struct request *r, void *data)
{
	const struct two *two = data;
	const struct twz_service *was = NULL, *now = NULL;
	struct diff diff;

	if (!read_both(r, two, &was, &now))
		return false;
	diff = *diff_services(was, now, two->visible, &r->arena);
	if (diff.weight == DIFF_SAME && (diff.partial || diff.nunknown) && are_identical(two)) {
		diff.partial = false;
		diff.nunknown = 0;
	}
	if (r->show == TOOL_JSON)
		diff_write_json(stdout, &diff);
	else
		diff_write_text(stdout, &diff, two->was, two->now, r->colour);
	if (!tool_flush())
		return false;
	complain_unsure(&diff, two);
	_exit(diff_status(&diff));
}

/* -- what headers define ---------------------------------------------------------------------------- */

static bool
write_types(struct request *r, void *data)
{
	const struct two *two = data;
	const struct twz_service *was, *now;
	struct twz_error err = { 0 };
	FILE *out;

	if (!read_both(r, two, &was, &now))
		return false;
	if (!compiler_create(headers_compiler(r->opened), "types", &out, &err))
		return tool_complain(two->was, &err);
	diff_write_types(out, was);
	return !fclose(out) || twz_fail_sys(&err, errno, "cannot write to the compiler's folder") ||
	       tool_complain(two->was, &err);
}

/* A row that compiles only if the headers define the type, for each one that they mention at all. */
static bool
read_types(struct request *r, struct header_row **rows, const char ***names, size_t *n,
	   struct twz_error *err)
{
	const char *path = compiler_path(headers_compiler(r->opened), "types");
	TWZ_FCLOSE FILE *f = fopen(path, "re");
	TWZ_FREE char *line = NULL;
	size_t size = 0, nnames = 0;
	ssize_t length;

	if (!f)
		return twz_fail_sys(err, errno, "cannot read %s", path);
	while ((length = getline(&line, &size, f)) > 1) {
		const char *text = twz_strndup(&r->arena, line, (size_t)length - 1);
		const char *name = strrchr(text, ' ');

		name = name ? name + 1 : text;
		if (!record_identifier(name) || !headers_mention(r->opened, name))
			continue;
		twz_push(&r->arena, *names, nnames, name);
		twz_push(&r->arena, *rows, *n, ((struct header_row){ .undef = name,
			.text = twz_format(&r->arena, "extern %s twz_size_%zu[1];", text, *n) }));
	}
	return true;
}

/* Only types that @r->headers define can be looked into by callers. */
static bool
find_visible(struct request *r, struct two *two)
{
	static const char *const flags[] = { "-fsyntax-only", NULL };
	struct names *visible = twz_new(&r->arena, struct names);
	struct header_row *rows = NULL;
	const char **names = NULL;
	struct twz_error err = { 0 };
	size_t n = 0;

	if (!r->headers)
		return true;
	if (!r->opened && !headers_open(r->headers, r->compiler_args, &r->arena, &r->opened, &err))
		return tool_complain("--headers", &err);
	if (tool_run(r, two->was, write_types, two))
		return false;
	if (!read_types(r, &rows, &names, &n, &err) ||
	    (n && !headers_try(r->opened, rows, n, flags, "types.o", &err)))
		return tool_complain("--headers", &err);
	for (size_t i = 0; i < n; i++)
		if (!rows[i].bad)
			names_add(visible, &r->arena, names[i]);
	two->visible = visible;
	return true;
}

static int
compare_two(struct request *r, const char *was, const char *now)
{
	struct two two = { .was = was, .now = now };

	if (!find_visible(r, &two))
		return 1;
	return tool_run(r, now, compare, &two);
}

/* -- which pairs ------------------------------------------------------------------------------------ */

/* Incompatible is the worst; then what could not be told. */
static int
worse(int a, int b)
{
	static const int order[] = { 8, 1, 4 };

	for (size_t i = 0; i < TWZ_COUNT(order); i++)
		if (a == order[i] || b == order[i])
			return order[i];
	return a > b ? a : b;
}

/* libfoo.so.1.2 and libfoo.so.1.3 are libfoo. */
static size_t
stem(const char *path, const char **name)
{
	const char *slash = strrchr(path, '/'), *end;

	*name = slash ? slash + 1 : path;
	end = strstr(*name, ".so");
	return end ? (size_t)(end - *name) : strlen(*name);
}

/* The one of @files that is @path by its name: wholly, or but for the version after ".so". */
static const char **
find_namesake(const char **files, const char *path)
{
	const char *name, *other, **near = NULL;
	size_t n = stem(path, &name);

	for (; *files; files++) {
		if (!**files)
			continue;	/* taken */
		if (n == stem(*files, &other) && !strncmp(name, other, n))
			near = near ? near : files;
		if (!strcmp(name, other))
			return files;
	}
	return near;
}

static int
alone(const struct request *r, const char *was, const char *now)
{
	diff_write_alone(stdout, was, now, r->show == TOOL_JSON, r->colour);
	return was ? 8 : 4;
}

static int
compare_folders(struct request *r, const char **was, const char **now)
{
	int status = 0;

	for (; *was; was++) {
		const char **other = find_namesake(now, *was);

		if (!other) {
			status = worse(status, alone(r, *was, NULL));
			continue;
		}
		status = worse(status, compare_two(r, *was, *other));
		*other = "";
	}
	for (; *now; now++)
		if (**now)
			status = worse(status, alone(r, NULL, *now));
	return tool_flush() ? status : 1;
}

static bool
is_folder(const char *path)
{
	struct stat st;

	return !stat(path, &st) && S_ISDIR(st.st_mode);
}

int
tool_diff(struct request *r, char **args)
{
	char *old[] = { args[0], NULL }, *new[] = { args[1], NULL };
	const char **was, **now;

	if (args[2]) {
		fprintf(stderr, "%s: diff: only two at a time; what is '%s'?\n", tool_name, args[2]);
		return tool_usage();
	}
	if (r->show != TOOL_TEXT && r->show != TOOL_JSON) {
		fprintf(stderr, "%s: diff: only text and --json\n", tool_name);
		return tool_usage();
	}
	if (is_folder(args[0]) != is_folder(args[1])) {
		fprintf(stderr, "%s: diff: either two files or two folders\n", tool_name);
		return tool_usage();
	}
	was = tool_files(r, old);
	now = was ? tool_files(r, new) : NULL;
	if (!now)
		return 1;
	if (!is_folder(args[0]))
		return compare_two(r, *was, *now);
	if (*was || *now)
		return compare_folders(r, was, now);
	fprintf(stderr, "%s: diff: no libraries in %s and %s\n", tool_name, args[0], args[1]);
	return 1;
}
