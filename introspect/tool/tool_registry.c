/* --registry ls|rm|gc|check|export|import: what is registered, and keeping it in order. */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "introspect/file/elf.h"
#include "introspect/records.h"
#include "introspect/tool/tool.h"
#include "registry/keep.h"
#include "twz/json.h"

static const char *const conditions[] = {
	[REGISTRY_IS_FRESH] = "fresh", [REGISTRY_IS_STALE] = "stale", [REGISTRY_IS_GONE] = "gone",
};

/* What a command works on. */
struct keeping {
	struct registry *reg;
	const struct registry_entry *entries;
	size_t n;
	struct twz_error err;
};

static int
complain(struct keeping *k)
{
	tool_complain("registry", &k->err);
	return 1;
}

/* A path as it can be shown: what would steer a terminal is escaped. */
static const char *
clean(struct twz_arena *arena, const char *path)
{
	char *text = twz_alloc(arena, strlen(path) * 4 + 1), *end = text;

	for (; *path; path++)
		if ((unsigned char)*path < 0x20 || *path == 0x7f)
			end += sprintf(end, "\\x%02x", (unsigned char)*path);
		else
			*end++ = *path;
	*end = '\0';
	return record_clean(arena, text);
}

/* -- ls --------------------------------------------------------------------------------------------- */

/* 4096 as "4.0K". */
static const char *
size_text(uint64_t bytes, char buf[16])
{
	static const char units[] = "BKMGT";
	double size = (double)bytes;
	size_t unit = 0;

	for (; size >= 1000 && units[unit + 1]; unit++)
		size /= 1024;
	if (unit)
		snprintf(buf, 16, "%.1f%c", size, units[unit]);
	else
		snprintf(buf, 16, "%.0fB", size);
	return buf;
}

static void
write_string(const char *text)
{
	twz_json_string(stdout, text, strlen(text));
}

static void
ls_json(const struct keeping *k)
{
	printf("{\"registry\":");
	write_string(registry_where(k->reg));
	printf(",\"bytes\":%" PRIu64 ",\"services\":[", registry_size(k->reg));
	for (size_t i = 0; i < k->n; i++) {
		const struct registry_entry *e = &k->entries[i];

		printf("%s{\"path\":", i ? "," : "");
		write_string(e->path);
		printf(",\"name\":");
		write_string(e->name);
		printf(",\"version\":");
		write_string(e->version);
		printf(",\"build_id\":\"");
		for (uint32_t b = 0; b < e->build_id_size; b++)
			printf("%02x", e->build_id[b]);
		printf("\",\"debug_path\":");
		write_string(e->debug_path);
		printf(",\"state\":\"%s\",\"all\":%s,\"partial\":%s,\"stored\":%" PRId64
		       ",\"gates\":%" PRIu64 ",\"functions\":%" PRIu64 ",\"types\":%" PRIu64
		       ",\"members\":%" PRIu64 ",\"bytes\":%" PRIu64 "}", conditions[e->condition],
		       e->all ? "true" : "false", e->partial ? "true" : "false", e->stored, e->gates,
		       e->functions, e->types, e->members, e->bytes);
	}
	puts("]}");
}

static void
ls_text(const struct keeping *k)
{
	TWZ_ARENA arena = { 0 };
	char size[16];

	if (k->n)
		printf("%-6s %7s %9s %7s %7s  %s\n", "STATE", "GATES", "FUNCTIONS", "TYPES", "SIZE", "PATH");
	for (size_t i = 0; i < k->n; i++) {
		const struct registry_entry *e = &k->entries[i];

		/* Of a library registered without --all it is not known how many functions it has. */
		printf("%-6s %7" PRIu64 " ", conditions[e->condition], e->gates);
		if (e->all)
			printf("%9" PRIu64, e->functions);
		else
			printf("%9s", "-");
		printf(" %7" PRIu64 " %7s  %s%s\n", e->types, size_text(e->bytes, size), clean(&arena, e->path),
		       e->partial ? " (in part)" : "");
	}
	printf("%zu %s, %s in %s\n", k->n, k->n == 1 ? "library" : "libraries",
	       size_text(registry_size(k->reg), size), clean(&arena, registry_where(k->reg)));
}

static int
ls(struct request *r, struct keeping *k, char **args)
{
	(void)args;
	if (r->show == TOOL_JSON)
		ls_json(k);
	else
		ls_text(k);
	return tool_flush() ? 0 : 1;
}

/* -- rm, gc ----------------------------------------------------------------------------------------- */

/* Forgets the @n entries; with @compact, says what that gave back. */
static int
forget(struct keeping *k, const struct registry_entry *const *entries, size_t n, bool compact)
{
	uint64_t before = registry_size(k->reg), after;
	TWZ_ARENA arena = { 0 };
	char size[16];

	if (!registry_forget(k->reg, entries, n, &k->err) ||
	    (compact && !registry_compact(k->reg, &k->err)))
		return complain(k);
	for (size_t i = 0; i < n; i++)
		printf("removed %s (%s)\n", clean(&arena, entries[i]->path), conditions[entries[i]->condition]);
	after = registry_size(k->reg);
	if (compact)
		printf("%zu removed, %s freed\n", n, size_text(before > after ? before - after : 0, size));
	return tool_flush() ? 0 : 1;
}

/* Whether @word names the entry: its path, a way to its file, or its name. */
static bool
is_named(const struct registry_entry *e, const char *word)
{
	char real[PATH_MAX];

	if (!strchr(word, '/'))
		return !strcmp(e->name, word);
	return !strcmp(e->path, word) || (realpath(word, real) && !strcmp(e->path, real));
}

static int
rm(struct request *r, struct keeping *k, char **args)
{
	const struct registry_entry **found = NULL;
	size_t n = 0;

	for (; *args; args++) {
		size_t before = n;

		for (size_t i = 0; i < k->n; i++)
			if (is_named(&k->entries[i], *args))
				twz_push(&r->arena, found, n, &k->entries[i]);
		if (n == before) {
			fprintf(stderr, "%s: registry: '%s' is not registered\n"
				"  hint: %s --registry ls shows what is\n", tool_name, *args, tool_name);
			return 1;
		}
	}
	return forget(k, found, n, false);
}

static int
gc(struct request *r, struct keeping *k, char **args)
{
	const struct registry_entry **found = NULL;
	size_t n = 0;

	(void)args;
	for (size_t i = 0; i < k->n; i++)
		if (k->entries[i].condition != REGISTRY_IS_FRESH)
			twz_push(&r->arena, found, n, &k->entries[i]);
	return forget(k, found, n, true);
}

/* -- check ------------------------------------------------------------------------------------------ */

static void
say_fault(void *data, const char *fault)
{
	const struct keeping *k = data;

	fprintf(stderr, "%s: registry %s: %s\n", tool_name, registry_where(k->reg), fault);
}

static int
check(struct request *r, struct keeping *k, char **args)
{
	size_t counts[TWZ_COUNT(conditions)] = { 0 };
	TWZ_ARENA arena = { 0 };

	(void)r, (void)args;
	if (!registry_verify(k->reg, say_fault, k)) {
		fprintf(stderr, "  hint: move it away and register the libraries again\n");
		return 1;
	}
	for (size_t i = 0; i < k->n; i++) {
		counts[k->entries[i].condition]++;
		if (k->entries[i].condition != REGISTRY_IS_FRESH)
			printf("%s %s\n", conditions[k->entries[i].condition],
			       clean(&arena, k->entries[i].path));
	}
	printf("whole: %zu fresh, %zu stale, %zu gone\n", counts[REGISTRY_IS_FRESH],
	       counts[REGISTRY_IS_STALE], counts[REGISTRY_IS_GONE]);
	return tool_flush() ? 0 : 1;
}

/* -- export, import --------------------------------------------------------------------------------- */

static bool
is_stdio(const char *path)
{
	return !strcmp(path, "-");
}

static int
export(struct request *r, struct keeping *k, char **args)
{
	TWZ_FCLOSE FILE *file = NULL;
	FILE *out = stdout;

	(void)r;
	if (!is_stdio(args[0]) && !(out = file = fopen(args[0], "we"))) {
		twz_fail_sys(&k->err, errno, "cannot write %s", args[0]);
		return complain(k);
	}
	if (!registry_export(k->reg, out, &k->err))
		return complain(k);
	if (!fflush(out) && !ferror(out))
		return 0;
	twz_fail_sys(&k->err, errno, "cannot write %s", args[0]);
	return complain(k);
}

/*
 * The file that is meant is the one that is here: unchanged since it was exported, or, on another machine,
 * the same contents as far as size and build-id say.
 */
static bool
is_here(void *data, struct registry_import *import)
{
	const struct twz_service *service = import->service;
	TWZ_ARENA arena = { 0 };
	TWZ_CLEANUP(elf_closep) struct elf_file *file = NULL;
	uint8_t id[TWZ_BUILD_ID_MAX];
	struct stat st;

	(void)data;
	if (stat(service->path, &st) != 0)
		return printf("skipped %s: no such file here\n", clean(&arena, service->path)) < 0;
	if (st.st_size == import->file.st_size && st.st_ino == import->file.st_ino &&
	    st.st_mtim.tv_sec == import->file.st_mtim.tv_sec &&
	    st.st_mtim.tv_nsec == import->file.st_mtim.tv_nsec)
		return true;
	if (st.st_size != import->file.st_size || !service->build_id_size ||
	    !elf_open_any(service->path, &arena, &file, NULL) ||
	    elf_build_id(file, id) != service->build_id_size ||
	    memcmp(id, service->build_id, service->build_id_size))
		return printf("skipped %s: another file is here\n", clean(&arena, service->path)) < 0;
	import->file = st;
	return true;
}

/* In a child with limits: the file may be anybody's. */
static bool
import_file(struct request *r, void *data)
{
	const char *path = data;
	TWZ_FCLOSE FILE *file = NULL;
	FILE *in = stdin;
	struct registry *reg;
	struct twz_error err = { 0 };
	size_t n;
	bool ok;

	if (!is_stdio(path) && !(in = file = fopen(path, "re")))
		return twz_fail_sys(&err, errno, "cannot read it") || tool_complain(path, &err);
	if (!registry_open(r->registry, &reg, &err))
		return tool_complain(path, &err);
	ok = registry_import(reg, in, is_here, NULL, &n, &err);
	registry_close(reg);
	if (!ok)
		return tool_complain(path, &err);
	printf("%zu %s\n", n, n == 1 ? "library imported" : "libraries imported");
	return true;
}

/* -- which ------------------------------------------------------------------------------------------ */

static const struct command {
	const char *name, *arg;
	int least, most;		/* arguments */
	int (*run)(struct request *r, struct keeping *k, char **args);
} commands[] = {
	{ "ls", "", 0, 0, ls },
	{ "rm", " PATH|NAME…", 1, INT_MAX, rm },
	{ "gc", "", 0, 0, gc },
	{ "check", "", 0, 0, check },
	{ "export", " FILE", 1, 1, export },
	{ "import", " FILE", 1, 1, NULL },
};

static int
usage(void)
{
	for (size_t i = 0; i < TWZ_COUNT(commands); i++)
		fprintf(stderr, "%s %s --registry %s%s\n", i ? "      " : "usage:", tool_name,
			commands[i].name, commands[i].arg);
	return tool_usage();
}

static int
run(struct request *r, const struct command *command, char **args)
{
	struct keeping k = { 0 };
	int status = 1;

	if (!registry_open_as_it_is(r->registry, &k.reg, &k.err))
		return complain(&k);
	if (registry_entries(k.reg, &r->arena, &k.entries, &k.n, &k.err))
		status = command->run(r, &k, args);
	else
		complain(&k);
	registry_close(k.reg);
	return status;
}

int
tool_registry(struct request *r, char **args)
{
	int n = 0;

	while (args[n])
		n++;
	for (size_t i = 0; i < TWZ_COUNT(commands); i++) {
		const struct command *c = &commands[i];

		if (strcmp(r->command, c->name))
			continue;
		if (n < c->least || n > c->most)
			break;
		return c->run ? run(r, c, args) : tool_run(r, args[0], import_file, args[0]);
	}
	return usage();
}
