/*
 * --find QUESTION LIB…: functions by the types that they take and return, one a line. Each library is
 * read in a process of its own; without any, the services that can be found are asked.
 */
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "introspect/find/query.h"
#include "introspect/records.h"
#include "introspect/tool/tool.h"
#include "introspect/tool/tool_many.h"
#include "registry/keep.h"
#include "twz/json.h"
#include "twz/nearest.h"
#include "twz/typetext.h"

enum { NAMES = 8, NAME_SIZE = 128 };	/* of the question: more are not looked for */

/* What a child tells besides what it prints. It may have been led astray by the file: see text_of(). */
struct news {
	bool found;
	bool known[NAMES];		/* there is a type of this name */
	char nearest[NAMES][NAME_SIZE];	/* else one that is called nearly so; "" */
};

struct search {
	const struct query *query;
	const char **files;
	struct news *news;		/* shared with children: one for each file */
	bool stored;			/* the registry's libraries: it may answer for them */
};

/* One file's part of it. */
struct question {
	const char *path;
	const struct query *query;
	struct news *news;
	bool stored;
};

/* -- one library, in the child ---------------------------------------------------------------------- */

static void
write_key(FILE *out, const char *key, const char *text)
{
	fprintf(out, ",\"%s\":", key);
	twz_json_string(out, text, strlen(text));
}

static void
write_json(FILE *out, const struct twz_service *service, const struct twz_gate *gate)
{
	static const char *const verdicts[] = {
#define X(verdict, text) [TWZ_VERDICT_##verdict] = text,
		TWZ_VERDICTS(X)
#undef X
	};
	TWZ_ARENA arena = { 0 };
	TWZ_FREE char *c = NULL;
	size_t n = 0;
	FILE *f = gate->type ? open_memstream(&c, &n) : NULL;

	if (f) {
		twz_c_declare(f, gate->type, gate->name);
		fclose(f);
	}
	fputs("{\"schema\":\"twz.find/1\"", out);
	write_key(out, "path", service->path);
	write_key(out, "service", service->name);
	write_key(out, "name", gate->name);
	write_key(out, "symbol", gate->symbol);
	write_key(out, "shown", gate->shown ? gate->shown : "");
	write_key(out, "signature", twz_signature_text(&arena, gate));
	write_key(out, "c", c ? c : "");
	write_key(out, "verdict", verdicts[gate->verdict]);
	fputs("}\n", out);
}

static void
write_text(const struct request *r, const char *path, const struct twz_gate *gate)
{
	const char *strong = r->colour ? "\033[1m" : "", *dim = r->colour ? "\033[2m" : "";
	const char *end = r->colour ? "\033[0m" : "";
	TWZ_ARENA arena = { 0 };
	const char *text = twz_signature_text(&arena, gate), *name = gate->name;
	size_t n = strlen(gate->name);

	/* C++ and Rust: as in the source. */
	if (gate->shown && *gate->shown)
		name = gate->shown;
	printf("%s%s:%s %s%s%s%s\n", dim, path, end, strong, name, end, strlen(text) > n ? text + n : "");
}

static void
tell_names(struct request *r, const struct question *s, const struct twz_service *service)
{
	const char *const *names, *nearest;
	size_t n = query_names(s->query, &names);

	for (size_t i = 0; i < n && i < NAMES; i++) {
		s->news->known[i] = query_knows(service, names[i], &r->arena, &nearest);
		snprintf(s->news->nearest[i], NAME_SIZE, "%s", nearest ? nearest : "");
	}
}

static bool
is_wanted(const struct request *r, const struct twz_gate *gate)
{
	for (size_t i = 0; r->patterns && r->patterns[i]; i++)
		if (!fnmatch(r->patterns[i], gate->name, 0))
			return true;
	return !r->patterns;
}

/* What the registry knows of the file, if the file is still the same. */
static bool
read_stored(const struct request *r, const char *path, struct twz_arena *arena,
	    const struct twz_service **ret)
{
	struct registry *registry;
	enum registry_state state;
	bool ok;

	if (!registry_open_as_it_is(r->registry, &registry, NULL))
		return false;
	ok = registry_check(registry, path, &state, NULL) && state == REGISTRY_FRESH &&
	     registry_service(registry, path, arena, ret, NULL);
	registry_close(registry);
	return ok;
}

/* Gates where there are any, else, or with --all, everything that is exported. */
static bool
read_service(struct request *r, const struct question *q, const struct twz_service **ret)
{
	struct twz_error err = { 0 };
	const char *path = q->path;

	if (q->stored && read_stored(r, path, &r->arena, ret))
		return true;
	if (!r->options.all && introspect_file(path, &r->options, &r->arena, ret, &err))
		return true;
	if (!r->options.all && err.code != TWZ_ERR(NAMING, NOT_FOUND))
		return tool_complain(path, &err);
	r->options.all = true;
	return tool_inspect(r, path, ret);
}

static bool
ask(struct request *r, void *data)
{
	const struct question *s = data;
	const struct twz_service *service;
	const struct twz_gate **found;

	if (!read_service(r, s, &service))
		return false;
	for (found = query_run(s->query, service, &r->arena); *found; found++) {
		if (!is_wanted(r, *found))
			continue;
		s->news->found = true;
		if (r->show == TOOL_JSON)
			write_json(stdout, service, *found);
		else
			write_text(r, s->path, *found);
	}
	if (!s->news->found)
		tell_names(r, s, service);
	if (service->partial)
		fprintf(stderr, "%s: %s: some of it could not be read\n", tool_name, s->path);
	return !service->partial;
}

/* -- all of them ------------------------------------------------------------------------------------ */

static int
ask_file(struct request *r, const char *path, void *data)
{
	const struct search *s = data;
	struct question q = { path, s->query, s->news, s->stored };

	for (const char **file = s->files; *file != path; file++)
		q.news++;
	return tool_confined(r, path, ask, &q);
}

/* What all files say about the name @i of the question. */
static const char *
nearest_of(struct request *r, const struct search *s, size_t i, const char *name, bool *known)
{
	const char **all = NULL;
	size_t n = 0;

	*known = false;
	for (size_t k = 0; s->files[k]; k++) {
		struct news *news = &s->news[k];

		news->nearest[i][NAME_SIZE - 1] = '\0';
		*known |= news->known[i];
		if (*news->nearest[i])
			twz_push(&r->arena, all, n, record_clean(&r->arena, news->nearest[i]));
	}
	return n ? twz_nearest(name, all, n) : NULL;
}

/* A name that no library knows is why nothing was found. */
static void
complain_nothing(struct request *r, const struct search *s)
{
	const char *const *names;
	size_t n = query_names(s->query, &names);

	fprintf(stderr, "%s: nothing found\n", tool_name);
	for (size_t i = 0; i < n && i < NAMES; i++) {
		bool known;
		const char *nearest = nearest_of(r, s, i, names[i], &known);

		if (known)
			continue;
		fprintf(stderr, "  hint: there is no type '%s'", names[i]);
		if (nearest)
			fprintf(stderr, "; did you mean '%s'?", nearest);
		fputc('\n', stderr);
	}
}

/* The question with a caret below what is wrong with it. */
static int
complain_question(const struct request *r, const struct twz_error *err)
{
	uint32_t columns = 0;

	for (uint32_t i = 0; i < err->from && r->find[i]; i++)
		columns += (r->find[i] & 0xc0) != 0x80;
	fprintf(stderr, "%s: --find: %s\n  %s\n  %*s^\n  hint: %s\n", tool_name, err->text, r->find,
		(int)columns, "", err->hint);
	return 2;
}

static bool
contains(const char *const *files, size_t n, const char *path)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(files[i], path))
			return true;
	return false;
}

/* Everything that is registered, and the services that can be found. */
static const char **
registered(struct request *r)
{
	const struct registry_file *services;
	const struct registry_entry *entries = NULL;
	struct registry *registry;
	struct twz_error err = { 0 };
	const char **files = NULL;
	size_t n = 0, nentries = 0, known, nservices;

	if (registry_open_as_it_is(r->registry, &registry, &err)) {
		if (!registry_entries(registry, &r->arena, &entries, &nentries, &err))
			nentries = 0;
		registry_close(registry);
	}
	if (err.cls != TWZ_CLASS_NONE && err.code != TWZ_ERR(NAMING, NOT_FOUND))
		tool_complain("the registry", &err);
	for (size_t i = 0; i < nentries; i++)
		if (entries[i].condition != REGISTRY_IS_GONE)
			twz_push(&r->arena, files, n, entries[i].path);
	known = n;
	nservices = registry_list(r->folders, &r->arena, &services);
	for (size_t i = 0; i < nservices; i++)
		if (!contains(files, known, services[i].path))
			twz_push(&r->arena, files, n, services[i].path);
	twz_push(&r->arena, files, n, NULL);
	return files;
}

int
tool_find(struct request *r, char **args)
{
	struct twz_error err = { 0 };
	struct search s = { 0 };
	bool found = false;
	size_t n = 0, size;
	int status;

	if (r->show != TOOL_TEXT && r->show != TOOL_JSON) {
		fprintf(stderr, "%s: --find: only text and --json\n", tool_name);
		return tool_usage();
	}
	if (!query_parse(r->find, &r->arena, &s.query, &err))
		return complain_question(r, &err);
	s.stored = !*args;
	s.files = *args ? tool_files(r, args) : registered(r);
	if (!s.files)
		return 1;
	while (s.files[n])
		n++;
	if (!n) {
		fprintf(stderr, "%s: --find: no libraries are there to be asked\n", tool_name);
		return 1;
	}
	size = n * sizeof(*s.news);
	s.news = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (s.news == MAP_FAILED) {
		perror(tool_name);
		return 1;
	}
	status = tool_many(r, s.files, ask_file, &s);
	for (size_t i = 0; i < n; i++)
		found |= s.news[i].found;
	if (!found)
		complain_nothing(r, &s);
	munmap(s.news, size);
	return status ? status : !found;
}
