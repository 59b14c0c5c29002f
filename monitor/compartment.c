/* A service's place in the session: found by service, started on demand, given its gates. */
#include <stdlib.h>
#include <string.h>

#include "monitor/internal.h"

static uint32_t next_index = 1;	/* atomic; of all that links go to in this process */

uint32_t
compartment_new_index(void)
{
	return __atomic_fetch_add(&next_index, 1, __ATOMIC_RELAXED);
}

/* A name that becomes a folder's. */
static bool
name_is_safe(const char *name)
{
	return *name && *name != '.' && !strchr(name, '/') && strlen(name) < 200;
}

static struct compartment *
compartment_new(struct monitor *m, const struct twz_service *service)
{
	struct compartment *c = calloc(1, sizeof(*c));
	size_t n = strlen(m->options.state_dir) + strlen(service->name) + 2;

	if (!c)
		return NULL;
	c->state = malloc(n);
	if (!c->state || asprintf(&c->context, "service:%s", service->name) < 0) {
		free(c->state);
		free(c);
		return NULL;
	}
	snprintf(c->state, n, "%s/%s", m->options.state_dir, service->name);
	c->monitor = m;
	c->service = service;
	c->slot = m->ncompartments + 1;
	c->index = compartment_new_index();
	return c;
}

void
compartment_free(struct compartment *c)
{
	for (uint32_t i = 0; i < c->ngates; i++) {
		for (struct tally *y = c->gates[i]->tallies, *next; y; y = next) {
			next = y->next;
			free(y);
		}
		free(c->gates[i]->wire);
		free(c->gates[i]);
	}
	if (c->loaded && c->mechanism->end)
		c->mechanism->end(c);
	level_forget(c);
	free(c->gates);
	free(c->state);
	free(c->context);
	free(c);
}

struct compartment *
compartment_of(const struct monitor *m, const struct twz_service *service)
{
	for (uint32_t i = 0; i < m->ncompartments; i++)
		if (m->services[i] == service)
			return m->compartments[i];
	return NULL;
}

/* For one more. */
static bool
more_room(struct monitor *m)
{
	size_t n = m->ncompartments + 1;
	const struct twz_service **services = reallocarray(m->services, n, sizeof(const struct twz_service *));
	struct compartment **all;

	if (!services)
		return false;
	m->services = services;
	all = reallocarray(m->compartments, n, sizeof(struct compartment *));
	if (!all)
		return false;
	m->compartments = all;
	return true;
}

bool
compartment_find(struct monitor *m, const struct twz_service *service,
		 const struct monitor_load_options *options, struct compartment **ret,
		 struct twz_error *err)
{
	struct compartment *c = compartment_of(m, service);

	*ret = c;
	if (c && c->unloaded && options) {
		c->for_good = false;
		return life_revive(c, err) && level_settle(c, options, err);
	}
	if (c)
		return !options || level_same(c, options, err);
	if (!name_is_safe(service->name))
		return twz_fail(err, TWZ_CLASS_LINK, TWZ_ERR(NAMING, INVALID_NAME),
				"a service cannot be called '%s'", service->name);
	c = more_room(m) ? compartment_new(m, service) : NULL;
	if (!c)
		return twz_fail_sys(err, errno, "load service %s", service->name);
	if (!level_settle(c, options, err)) {
		compartment_free(c);
		return false;
	}
	m->services[m->ncompartments] = service;
	m->compartments[m->ncompartments++] = c;
	m->stats.compartments++;
	*ret = c;
	return true;
}

bool
compartment_never_restarts(const struct compartment *c)
{
	if (c->options.restart != MONITOR_RESTART_BY_RECORD)
		return c->options.restart == MONITOR_RESTART_NEVER;
	return twz_runs(c->service->asks, TWZ_RUNS_RESTART_NEVER);
}

bool
compartment_ensure(struct compartment *c, struct instance **ret, struct twz_error *err)
{
	if (c->instance && !c->instance->doomed && !c->instance->dead && !c->instance->end_ns) {
		*ret = c->instance;
		return true;
	}
	if (c->unloaded && !life_revive(c, err))
		return false;
	if (compartment_never_restarts(c) && c->started) {
		twz_fail(err, TWZ_CLASS_LINK, TWZ_ERR(RESOURCE, UNAVAILABLE),
			 "%s has ended and is not to be restarted: %s", c->service->name, c->why);
		return twz_hint(err, "sys::unload %s makes room for another", c->service->name);
	}
	c->started = instance_start(c, ret, err);
	return c->started;
}

bool
compartment_start(struct compartment *c, struct twz_error *err)
{
	struct instance *i;

	if (c->mechanism == &mechanism_process)
		return compartment_ensure(c, &i, err);
	if (c->loaded)
		return true;
	if (c->unloaded && !life_revive(c, err))
		return false;
	if (!c->mechanism->start(c, err))
		return false;
	/* Loaded again, its functions may lie elsewhere. */
	for (uint32_t k = 0; k < c->ngates; k++)
		if (c->mechanism->bind && !c->mechanism->bind(c->gates[k], err)) {
			if (c->mechanism->end)
				c->mechanism->end(c);
			return false;
		}
	__atomic_store_n(&c->loaded, true, __ATOMIC_SEQ_CST);
	c->generation++;
	c->monitor->stats.started++;
	return true;
}

bool
compartment_bind(struct compartment *c, const struct twz_gate *gate, struct monitor_gate **ret,
		 struct twz_error *err)
{
	struct monitor_gate *g, **all;

	for (uint32_t i = 0; i < c->ngates; i++)
		if (c->gates[i]->gate == gate) {
			*ret = c->gates[i];
			return true;
		}
	all = realloc(c->gates, (c->ngates + 1) * sizeof(struct monitor_gate *));
	if (all)
		c->gates = all;
	g = aligned_alloc(_Alignof(struct monitor_gate), sizeof(*g));
	if (!all || !g) {
		free(g);
		return twz_fail_sys(err, errno, "bind gate %s", gate->name);
	}
	*g = (struct monitor_gate){ .compartment = c, .gate = gate, .index = c->index, .number = c->ngates };
	if (!twz_plan_make(gate, &c->monitor->arena, &g->plan, err) ||
	    !wire_describe(g->plan, c->ngates, &g->wire, err) ||
	    (c->mechanism->bind && (!compartment_start(c, err) || !c->mechanism->bind(g, err)))) {
		free(g->wire);
		free(g);
		return twz_wrap(err, "%s::%s", c->service->name, gate->name);
	}
	g->words_only = g->wire->words_only;
	g->nwords = (uint8_t)g->wire->nslots;
	g->ret_size = (uint8_t)wire_ret(g->wire)->size;
	callback_route(g, c->mechanism);
	c->gates[c->ngates++] = g;
	handlers_inherit(g);
	*ret = g;
	return true;
}
