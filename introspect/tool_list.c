/* What a library can be asked: its gates, or every function it exports, in one of the forms of show.h. */
#include <stdio.h>
#include <string.h>

#include "introspect/show.h"
#include "introspect/tool.h"
#include "registry/registry.h"

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
	switch (r->show) {
	case TOOL_TEXT:
		show_text(stdout, service, r->colour);
		return true;
	case TOOL_JSON:
		show_json(stdout, service);
		return true;
	case TOOL_C:
	case TOOL_HEADER:
		show_c(stdout, service);
		return true;
	case TOOL_DOT:
		return true;
	case TOOL_STUBS:
		return show_stubs(service, r->folder, err);
	case TOOL_REGISTER:
		return store(r, service, err);
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
	bool quiet = r->show == TOOL_TEXT || r->show == TOOL_REGISTER;
	bool whole = !service->partial;

	if (service->partial)
		fprintf(stderr, "%s: %s: some of it could not be read\n", tool_name, path);
	for (uint32_t i = 0; i < service->ngates; i++) {
		const struct twz_gate *gate = &service->gates[i];

		if (!gate->has_record || gate->verdict != TWZ_VERDICT_REFUSED)
			continue;
		whole = false;
		if (!quiet)
			fprintf(stderr, "%s: %s: gate %s is not callable: %s\n", tool_name, path,
				gate->name, gate->why);
	}
	return whole;
}

static bool
list(struct request *r, void *data)
{
	const char *path = data;
	const struct twz_service *service;
	struct twz_error err = { 0 };

	if (!tool_inspect(r, path, &service))
		return false;
	if (!hand_out(r, service, &err))
		return tool_complain(path, &err);
	return tool_flush() && is_whole(r, service, path);
}

int
tool_list(struct request *r, char **args)
{
	const char **files = tool_files(r, args);
	int status = 0;

	if (!files)
		return 1;
	for (; *files; files++)
		status |= tool_confined(r, *files, list, (void *)(uintptr_t)*files);
	return status;
}
