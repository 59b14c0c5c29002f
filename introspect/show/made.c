/*
 * A struct that holds pointers is nobody's but the library's, whoever's memory it lies in: no caller across a boundary
 * can make or read one. Where a function's name says that it begins with one, and others take it, it is an object.
 */
#include "introspect/show/made.h"

#include <stdlib.h>
#include <string.h>

#include "introspect/convention.h"
#include "twz/plan.h"

static int
by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

bool
made_has(const struct made_names *names, const struct twz_type *t)
{
	const char *name = twz_object_name(t);

	return *name && names->n && bsearch(&name, names->names, names->n, sizeof(*names->names), by_text);
}

/* The struct or union that @type points to; NULL: another type. */
static const struct twz_type *
pointed(const struct twz_type *type)
{
	const struct twz_type *t = type ? twz_type_strip(type) : NULL, *target;

	if (!t || t->kind != TWZ_POINTER || !t->target)
		return NULL;
	target = twz_type_strip(t->target);
	return target->kind == TWZ_STRUCT || target->kind == TWZ_UNION ? target : NULL;
}

bool
made_is_kept(const struct twz_type *pointer)
{
	const struct twz_type *t = twz_type_strip(pointer), *target = pointed(pointer);
	const struct twz_member param = { .name = "p", .type = pointer, .has_extent = true, .extent = -1, .count = 1,
					  .dir = t->is_const ? TWZ_IN : TWZ_INOUT };
	const struct twz_type func = { .kind = TWZ_FUNC, .name = "", .is_prototyped = true, .members = &param,
				       .nmembers = 1, .target = &twz_type_void };
	const struct twz_gate gate = { .name = "", .symbol = "", .type = &func };
	const struct twz_plan *plan;
	struct twz_error err = { 0 };
	TWZ_ARENA arena = { 0 };

	return target && target->size && !twz_plan_make(&gate, &arena, &plan, &err);
}

static bool
begins(const char *symbol, const struct twz_type *func, bool ends)
{
	const struct twz_type *t = func->nmembers ? twz_type_strip(func->members[0].type) : NULL;

	return t && pointed(t) && !t->is_const && convention_begins(symbol, ends);
}

bool
made_begins(const struct made *m, const char *symbol, const struct twz_type *func)
{
	return begins(symbol, func, false) ||
	       (begins(symbol, func, true) &&
		!made_has(&m->surely, twz_type_strip(func->members[0].type)->target));
}

static void
add(struct made_names *names, const struct twz_type *t, struct twz_arena *arena)
{
	twz_push(arena, names->names, names->n, twz_object_name(t));
}

static void
sort(struct made_names *names)
{
	if (names->n)
		qsort(names->names, names->n, sizeof(*names->names), by_text);
}

static void
note_handed_out(struct made *m, const struct twz_type *pointer, struct twz_arena *arena)
{
	if (pointed(pointer))
		add(&m->handed_out, twz_type_strip(pointer)->target, arena);
}

struct made
made_collect(const struct twz_service *service, struct twz_arena *arena)
{
	struct made m = { 0 };

	for (uint32_t i = 0; i < service->ngates; i++) {
		const struct twz_type *func = service->gates[i].type;

		note_handed_out(&m, func ? func->target : NULL, arena);
		for (uint32_t k = 0; func && k < func->nmembers; k++) {
			const struct twz_type *t = twz_type_strip(func->members[k].type);

			if (t->kind == TWZ_POINTER && !t->is_const)
				note_handed_out(&m, t->target, arena);
		}
		if (!func || !begins(service->gates[i].symbol, func, true) || !made_is_kept(func->members[0].type))
			continue;
		add(&m.filled, twz_type_strip(func->members[0].type)->target, arena);
		if (begins(service->gates[i].symbol, func, false))
			add(&m.surely, twz_type_strip(func->members[0].type)->target, arena);
	}
	sort(&m.surely);
	sort(&m.handed_out);
	sort(&m.filled);
	return m;
}
