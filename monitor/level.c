/*
 * Which level of isolation a compartment has, and by which mechanism.
 *
 * Three have a say. The service's record sets the least: the most that any of its gates asks for. Who
 * loads it may ask for more, never for less. The mechanism gives what it can: a process gives all levels,
 * a plain call gives none. Once the compartment is made all of it is fixed, because what was handed out
 * under one promise cannot be taken back under another; a second instance may have another level.
 */
#include <stdlib.h>
#include <string.h>

#include "monitor/internal.h"

static const char *const level_texts[] = {
#define X(level, text) text,
	TWZ_LEVELS(X)
#undef X
};

static const struct mechanism *const mechanisms[] = { &mechanism_direct, &mechanism_process,
							 &mechanism_mpk };

/* Processes, and one table for all ways: call.c knows how. */
const struct mechanism mechanism_process = { .which = MONITOR_BY_PROCESS, .most = TWZ_LEVEL_FULL };

static const struct twz_gate *
most_demanding(const struct twz_service *service)
{
	const struct twz_gate *most = NULL;

	for (uint32_t i = 0; i < service->ngates; i++) {
		const struct twz_gate *g = &service->gates[i];

		if (g->has_record && (!most || g->level > most->level))
			most = g;
	}
	return most;
}

enum twz_level
level_minimum(const struct twz_service *service)
{
	const struct twz_gate *most = most_demanding(service);

	return most ? most->level : TWZ_LEVEL_NONE;
}

static const struct mechanism *
mechanism_of(enum monitor_mechanism which)
{
	for (size_t i = 0; i < TWZ_COUNT(mechanisms); i++)
		if (mechanisms[i]->which == which)
			return mechanisms[i];
	return NULL;
}

static bool
refuse_lower(const struct compartment *c, enum twz_level asked, struct twz_error *err)
{
	const char *name = c->service->name;

	twz_fail(err, TWZ_CLASS_SECURITY, TWZ_ERR(GENERIC, ACCESS_DENIED),
		 "%s cannot be loaded with level %s: its gate %s asks for %s at least", name,
		 level_texts[asked], most_demanding(c->service)->name, level_texts[c->minimum]);
	return twz_hint(err, "the level can only be raised: --isolation=%s or more",
			level_texts[c->minimum]);
}

static bool
choose_mechanism(struct monitor *m, const struct compartment *c, enum monitor_mechanism wish,
		 enum twz_level level, const struct mechanism **ret, struct twz_error *err)
{
	if (wish == MONITOR_BY_LEVEL)
		wish = level == TWZ_LEVEL_NONE ? MONITOR_BY_DIRECT : MONITOR_BY_PROCESS;
	*ret = mechanism_of(wish);
	if (!*ret)
		return twz_fail(err, TWZ_CLASS_LINK, TWZ_ERR(GENERIC, NOT_SUPPORTED),
				"%s: mechanism %s is unavailable", c->service->name,
				monitor_mechanism_text(wish));
	if (level > (*ret)->most)
		return twz_fail(err, TWZ_CLASS_SECURITY, TWZ_ERR(GENERIC, ACCESS_DENIED),
				"%s: mechanism %s cannot give level %s", c->service->name,
				monitor_mechanism_text(wish), level_texts[level]);
	return !(*ret)->available || (*ret)->available(m, err);
}

/* Nobody asked for this service: as the session wishes, but no less than the record. */
static enum twz_level
default_level(const struct compartment *c)
{
	const struct monitor_options *o = &c->monitor->options;

	if (!o->asks)
		return TWZ_LEVEL_FULL;
	return o->level > c->minimum ? o->level : c->minimum;
}

void
level_forget(struct compartment *c)
{
	given_free(&c->options);
}

bool
level_settle(struct compartment *c, const struct monitor_load_options *options, struct twz_error *err)
{
	static const struct monitor_load_options defaults;
	struct monitor_load_options o = options ? *options : defaults;
	const struct mechanism *mechanism;
	enum twz_level level;

	c->minimum = level_minimum(c->service);
	/* What this process has loaded itself is called as it is; each gate is asked whether it minds. */
	if (o.asks && o.level < c->minimum && !o.here)
		return refuse_lower(c, o.level, err);
	level = o.asks ? o.level : default_level(c);
	/* Who asks for keys by name asks for what they give. */
	if (!o.asks && o.mechanism == MONITOR_BY_MPK)
		level = c->minimum;
	if (!choose_mechanism(c->monitor, c, o.mechanism, level, &mechanism, err) ||
	    (o.preload && !zygote_can_preload(c, level, mechanism, &o, err)) ||
	    !given_possible(c, mechanism, &o, err) || !given_copy(&o, err))
		return false;
	given_free(&c->options);
	c->options = o;
	c->mechanism = mechanism;
	c->active = mechanism->most;
	if (mechanism == &mechanism_process && level <= TWZ_LEVEL_CALLEE)
		c->active = TWZ_LEVEL_CALLEE;
	for (uint32_t i = 0; i < c->ngates; i++)
		handlers_way(c->gates[i]);
	return require_level(c, err);
}

/* A process gives what it promises only with a kernel that confines it. */
enum twz_level
level_active(const struct compartment *c)
{
	const struct instance *i = c->instance;
	const struct message_confinement *got = i && i->told ? &i->got : &c->monitor->zygote.got;

	if (c->mechanism != &mechanism_process || c->active < TWZ_LEVEL_CALLER)
		return c->active;
	return got->filter && got->landlock ? c->active : TWZ_LEVEL_CALLEE;
}

bool
level_same(const struct compartment *c, const struct monitor_load_options *options,
	   struct twz_error *err)
{
	const char *name = c->service->name;

	if (options->asks == c->options.asks && options->level == c->options.level &&
	    (options->mechanism == c->options.mechanism ||
	     options->mechanism == MONITOR_BY_LEVEL) && options->memory == c->options.memory &&
	    options->fresh == c->options.fresh && options->preload == c->options.preload && options->debug == c->options.debug &&
	    options->restart == c->options.restart && options->park_ns == c->options.park_ns && !options->nenv && !options->nargs && !options->nfds)
		return true;
	twz_fail(err, TWZ_CLASS_SECURITY, TWZ_ERR(NAMING, ALREADY_EXISTS),
		 "%s is loaded already, with level %s by mechanism %s: that cannot be changed", name,
		 level_texts[c->active], monitor_mechanism_text(c->mechanism->which));
	return twz_hint(err, "load another instance: sys::load NAME::%s, or sys::unload %s first",
			c->service->path, name);
}
