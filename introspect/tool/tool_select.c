/*
 * A pattern is compared with a function's name, its aliases, its name in C++ or Rust, and, with "@", its
 * version. The reader of debug information gets plain names beforehand, since it can spare itself the
 * types of all others. Which patterns matched is kept in memory that children share with their parent,
 * for only after the last file is known what was nowhere.
 */
#include "introspect/tool/tool_select.h"

#include <fnmatch.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "twz/nearest.h"

static bool
has_wildcard(const char *pattern)
{
	return pattern[strcspn(pattern, "*?[\\")];
}

/* What the reader can be asked for: only what is a name in the file, or a pattern of such. */
static const char *const *
plain_names(struct request *r, size_t n)
{
	const char **names = twz_new_array(&r->arena, n + 1, const char *);

	for (size_t i = 0; i < n; i++) {
		const char *pattern = r->patterns[i];

		if (strpbrk(pattern, ": (<"))
			return NULL;
		names[i] = twz_strndup(&r->arena, pattern, strcspn(pattern, "@"));
	}
	return names;
}

struct selection
selection_make(struct request *r)
{
	struct selection s = { .any = r->patterns };
	void *shared;
	size_t size;

	while (s.any && r->patterns[s.n])
		s.n++;
	if (!s.any)
		return s;
	s.exact = s.n == 1 && !has_wildcard(r->patterns[0]);
	s.names = r->types ? NULL : plain_names(r, s.n);
	size = s.n + 2 + SELECTION_NEAREST;
	shared = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		shared = twz_alloc(&r->arena, size);
	s.matched = shared;
	s.read = s.matched + s.n;
	s.unread = s.read + 1;
	s.nearest = (char *)(s.unread + 1);
	return s;
}

void
selection_searched(const struct selection *s, bool could)
{
	if (s->any)
		*(could ? s->read : s->unread) = true;
}

/* "memcpy@GLIBC_2.14"; "memcpy@@GLIBC_2.14" only if that is what programs get. */
static bool
names_version(const char *pattern, const struct twz_gate *gate)
{
	bool old = strchr(gate->name, '@');
	char text[1024];

	if (!strchr(pattern, '@') || !gate->version || !*gate->version)
		return false;
	snprintf(text, sizeof(text), "%s@%s", gate->symbol, gate->version);
	if (!fnmatch(pattern, text, 0))
		return true;
	snprintf(text, sizeof(text), "%s@@%s", gate->symbol, gate->version);
	return !old && !fnmatch(pattern, text, 0);
}

static bool
matches(const char *pattern, const struct twz_gate *gate)
{
	if (!fnmatch(pattern, gate->name, 0) || !fnmatch(pattern, gate->symbol, 0) ||
	    (gate->shown && *gate->shown && !fnmatch(pattern, gate->shown, 0)) ||
	    names_version(pattern, gate))
		return true;
	for (uint32_t i = 0; i < gate->naliases; i++)
		if (!fnmatch(pattern, gate->aliases[i], 0))
			return true;
	return false;
}

const struct twz_service *
selection_apply(struct request *r, const struct selection *s, const struct twz_service *service)
{
	struct twz_service *part = twz_new(&r->arena, struct twz_service);
	struct twz_gate *gates;

	if (!s->any)
		return service;
	*part = *service;
	gates = twz_new_array(&r->arena, service->ngates, struct twz_gate);
	part->gates = gates;
	part->ngates = 0;
	for (uint32_t i = 0; i < service->ngates; i++) {
		bool asked = false;

		for (size_t k = 0; k < s->n; k++)
			if (matches(r->patterns[k], &service->gates[i]))
				asked = s->matched[k] = true;
		if (asked)
			gates[part->ngates++] = service->gates[i];
	}
	return part;
}

const struct twz_gate *
selection_one(const struct request *r, const struct selection *s, const struct twz_service *service)
{
	const struct twz_gate *one = NULL;

	for (uint32_t i = 0; s->exact && i < service->ngates; i++)
		if (!strcmp(service->gates[i].name, r->patterns[0]))
			return &service->gates[i];
	for (uint32_t i = 0; s->exact && i < service->ngates; i++) {
		if (!matches(r->patterns[0], &service->gates[i]))
			continue;
		if (one)
			return NULL;
		one = &service->gates[i];
	}
	return one;
}

void
selection_nearest(const struct request *r, const struct selection *s, const struct twz_service *service)
{
	TWZ_ARENA arena = { 0 };
	const char **names = twz_new_array(&arena, service->ngates, const char *);
	const char *near;

	if (!s->exact || *s->nearest)
		return;
	for (uint32_t i = 0; i < service->ngates; i++)
		names[i] = service->gates[i].name;
	near = twz_nearest(r->patterns[0], names, service->ngates);
	if (near)
		snprintf(s->nearest, SELECTION_NEAREST, "%s", near);
}

static bool
names_type(const char *pattern)
{
	return !strncmp(pattern, "struct ", 7) || !strncmp(pattern, "union ", 6) ||
	       !strncmp(pattern, "enum ", 5);
}

bool
selection_complain(const struct request *r, const struct selection *s)
{
	bool all = true;

	for (size_t i = 0; i < s->n; i++) {
		if (s->matched[i])
			continue;
		all = false;
		/* Nobody knows, and why not has been said. */
		if (*s->unread && !*s->read)
			continue;
		fprintf(stderr, "%s: no function%s is called '%s'%s\n", tool_name, r->types ? " or type" : "",
			r->patterns[i], *s->unread ? " in what could be read" : "");
		if (!r->types && names_type(r->patterns[i]))
			fputs("  hint: --types also takes names of types\n", stderr);
		if (!i && *s->nearest)
			fprintf(stderr, "  hint: did you mean '%.*s'?\n", SELECTION_NEAREST - 1, s->nearest);
	}
	return all;
}
