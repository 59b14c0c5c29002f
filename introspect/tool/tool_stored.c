/*
 * What the registry knows already is not read from the file again: a listing is written as it was made
 * when the library was registered, and a library that is registered as it is now is not registered again.
 * Nothing here complains; where there is any doubt, the file is read.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "introspect/show/show.h"
#include "introspect/tool/tool.h"
#include "registry/registry.h"

/*
 * This very build: another one may show the same types in other words. And the gates file, or there would be
 * no way to see that one came or went.
 */
static const char *
maker(struct twz_arena *arena, const char *gates)
{
	struct stat self;

	if (stat("/proc/self/exe", &self) != 0)
		return TWZ_VERSION;
	return twz_format(arena, TWZ_VERSION " %lld %lld.%09ld%s%s", (long long)self.st_size,
			  (long long)self.st_mtim.tv_sec, self.st_mtim.tv_nsec, gates ? " " : "",
			  gates ? gates : "");
}

/* What depends on nothing but the file and on what registry_source says. */
static bool
is_plain(const struct request *r)
{
	return !r->options.engine && !r->types && !r->headers && !r->where && !r->watch;
}

static struct registry_source
source_of(struct request *r)
{
	return (struct registry_source){
		.all = r->options.all,
		.debug_dir = r->options.debug_dir,
		.maker = is_plain(r) ? maker(&r->arena, r->options.gates) : NULL,
	};
}

/* A service without a name of its own is called after the file that was asked for. */
static bool
same_name(const char *path)
{
	const char *base = strrchr(path, '/'), *other, *end;
	char real[PATH_MAX];
	size_t n;

	if (!registry_real(path, real, NULL))
		return false;
	base = base ? base + 1 : path;
	other = strrchr(real, '/') + 1;
	end = strstr(base, ".so");
	n = end ? (size_t)(end - base) + 3 : strlen(base) + 1;
	return !strncmp(base, other, n);
}

/* The registry, if there is one: none is made by looking. */
static bool
open_registry(const struct request *r, struct registry **ret)
{
	return registry_open_as_it_is(r->registry, ret, NULL);
}

static void
close_registryp(struct registry **reg)
{
	registry_close(*reg);
}

#define REGISTRY TWZ_CLEANUP(close_registryp) struct registry

static void
write_piece(void *written, const char *piece, size_t n)
{
	*(bool *)written = true;
	fwrite(piece, 1, n, stdout);
}

int
tool_stored(struct request *r, const char *path)
{
	struct registry_source source = source_of(r);
	REGISTRY *reg = NULL;
	bool show = r->show == TOOL_TEXT, written = false;

	if (!is_plain(r) || r->patterns || r->colour ||
	    (!show && r->show != TOOL_REGISTER) || (show && !same_name(path)) ||
	    !open_registry(r, &reg))
		return -1;
	if (registry_listing(reg, path, &source, show ? write_piece : NULL, &written))
		return tool_flush() ? 0 : 1;
	if (!written)
		return -1;
	/* Half of it is out already: too late to read the file instead. */
	fprintf(stderr, "%s: %s: the registry is damaged\n", tool_name, path);
	return 1;
}

bool
tool_brief(struct request *r, const char *path, const struct twz_service **ret)
{
	struct registry_source source = source_of(r);
	struct twz_service *service;
	REGISTRY *reg = NULL;

	if (!is_plain(r) || r->show != TOOL_TEXT || !same_name(path) || !open_registry(r, &reg) ||
	    !registry_brief(reg, path, &source, &r->arena, &service))
		return false;
	*ret = service;
	return service->ngates && service->debug_path && *service->debug_path;
}

/* Whether a listing is all that is to be said of @service. */
static bool
is_whole(const struct twz_service *service)
{
	if (service->partial || !service->debug_path || !*service->debug_path)
		return false;
	for (uint32_t i = 0; i < service->ngates; i++)
		if (service->gates[i].has_record &&
		    service->gates[i].verdict == TWZ_VERDICT_REFUSED)
			return false;
	return true;
}

/* What a listing of @service looks like, or NULL. */
static char *
listing(const struct twz_service *service)
{
	char *text = NULL;
	size_t n;
	FILE *out = is_whole(service) ? open_memstream(&text, &n) : NULL;

	if (!out)
		return NULL;
	show_text(out, service, false);
	if (!fclose(out))
		return text;
	free(text);
	return NULL;
}

bool
tool_store(struct request *r, const struct twz_service *service, const struct stat *seen,
	   struct twz_error *err)
{
	struct registry_source source = source_of(r);
	REGISTRY *reg = NULL;
	TWZ_FREE char *text = NULL;
	bool stored;

	if (!registry_open(r->registry, &reg, err))
		return false;
	text = listing(service);
	source.seen = seen;
	source.listing = text;
	stored = registry_store(reg, service, &source, err);
	if (registry_notice(reg))
		fprintf(stderr, "%s: %s\n", tool_name, registry_notice(reg));
	return stored;
}
