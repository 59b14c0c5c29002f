/* What services ask for in their records, and what of it they have: see twz/ask.h. */
#include <stdlib.h>
#include <string.h>

#include "monitor/internal.h"

static const char *
granted_text(const struct twz_service *service)
{
	return __atomic_load_n(&service->granted, __ATOMIC_ACQUIRE);
}

bool
asks_granted(const struct twz_service *service, enum twz_ask_kind kind, uint64_t *most)
{
	const char *at = granted_text(service);
	TWZ_ARENA arena = { 0 };
	struct twz_ask ask;
	bool found = false;

	while (twz_ask_next(&at, &arena, &ask))
		if (ask.kind == kind) {
			uint64_t n = strtoull(ask.what, NULL, 10);

			if (most && (!found || n > *most))
				*most = n;
			found = true;
		}
	return found;
}

static bool
has(const char *granted, const struct twz_ask *wanted, struct twz_arena *arena)
{
	struct twz_ask ask;

	while (twz_ask_next(&granted, arena, &ask))
		if (ask.kind == wanted->kind && ask.rights == wanted->rights && !strcmp(ask.what, wanted->what))
			return true;
	return false;
}

bool
asks_met(const struct twz_service *service, struct twz_error *err)
{
	const char *at = service->asks;
	TWZ_ARENA arena = { 0 };
	struct twz_ask ask;

	while (twz_ask_next(&at, &arena, &ask)) {
		if (!ask.needed || has(granted_text(service), &ask, &arena))
			continue;
		twz_fail(err, TWZ_CLASS_SECURITY, TWZ_ERR(GENERIC, ACCESS_DENIED),
			 "service %s needs %s, which was not granted", service->name,
			 twz_ask_shown(&ask, &arena));
		return twz_hint(err, "sys::asks %s shows how to grant it", service->name);
	}
	return true;
}
