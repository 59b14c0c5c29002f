/*
 * --require full. What the kernel refused of a compartment's namespaces is known here; the rest is found out by the
 * compartment itself, which ends before it loads the service (confine_lacks()).
 */
#include <sched.h>

#include "monitor/internal.h"

static bool
lacks(const struct compartment *c, const char *what, struct twz_error *err)
{
	twz_fail(err, TWZ_CLASS_LINK, TWZ_ERR(RESOURCE, UNAVAILABLE),
		 "service %s cannot be loaded: full confinement is required, and %s", c->service->name, what);
	return twz_hint(err, "sys::status shows what there is; without --require full it runs with that");
}

bool
require_level(const struct compartment *c, struct twz_error *err)
{
	return !c->monitor->options.require_full || c->active == TWZ_LEVEL_FULL ||
	       lacks(c, "its level is not full", err);
}

bool
require_namespaces(const struct compartment *c, const struct zygote *z, struct twz_error *err)
{
	const uint32_t all = CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNS;

	return !c->monitor->options.require_full || (z->namespaces & all) == all ||
	       lacks(c, "the kernel refuses namespaces", err);
}
