/*
 * Which functions fit. A type in a question is looked for along a chain of typedefs and pointers; what
 * a function reaches is asked of all types at once: those that name a fitting one, then those that lead
 * to them, backwards.
 */
#include <fnmatch.h>
#include <string.h>

#include "introspect/names.h"
#include "introspect/find/query_in.h"
#include "twz/nearest.h"

enum { CHAIN = 64 };

static bool match(const struct pattern *p, const struct twz_type *type, uint8_t quals, unsigned depth);

/* -- one type --------------------------------------------------------------------------------------- */

static const struct twz_type *
target_of(const struct twz_type *t)
{
	if (t->target)
		return t->target;
	return t->kind == TWZ_STRING ? &twz_type_char : &twz_type_void;
}

static bool
is_pointer(const struct twz_type *t)
{
	return t->kind == TWZ_POINTER || t->kind == TWZ_STRING ||
	       (t->kind == TWZ_OPAQUE && (t->form == TWZ_FORM_REFERENCE || t->form == TWZ_FORM_RVALUE));
}

static bool
is_array(const struct twz_type *t)
{
	return t->kind == TWZ_ARRAY || (t->kind == TWZ_OPAQUE && t->form == TWZ_FORM_VLA);
}

static enum twz_kind
tag_of(const struct twz_type *t)
{
	static const enum twz_kind forms[] = { [TWZ_FORM_STRUCT] = TWZ_STRUCT, [TWZ_FORM_UNION] = TWZ_UNION,
					       [TWZ_FORM_ENUM] = TWZ_ENUM, [TWZ_FORM_CLASS] = TWZ_STRUCT };

	if (t->kind == TWZ_OPAQUE)
		return t->form <= TWZ_FORM_CLASS ? forms[t->form] : TWZ_VOID;
	return t->kind == TWZ_RESULT || t->kind == TWZ_OPTION ? TWZ_STRUCT : t->kind;
}

/* "Point" is also geometry::Point. */
static bool
is_called(const struct twz_type *t, const char *name)
{
	size_t n = strlen(t->name), m = strlen(name);

	return n >= m && !strcmp(t->name + n - m, name) &&
	       (n == m || (n > m + 2 && !memcmp(t->name + n - m - 2, "::", 2)));
}

static bool
match_params(const struct pattern *p, const struct twz_type *func, unsigned depth);

static bool
match_base(const struct pattern *p, const struct twz_type *t, unsigned depth)
{
	const struct twz_member *ok, *err;

	switch (p->what) {
	case PATTERN_ANY:
		return true;
	case PATTERN_NAME:
		return is_called(t, p->name) && (p->kind == TWZ_VOID || tag_of(t) == p->kind ||
						 (t->kind == TWZ_OPAQUE && t->form == TWZ_FORM_NONE));
	case PATTERN_NUMBER:
		return t->kind == p->kind && t->size == p->size &&
		       (p->kind != TWZ_INT || t->is_signed == p->is_signed);
	case PATTERN_VOID:
		return t->kind == TWZ_VOID;
	case PATTERN_STRING:
		return t->kind == TWZ_STRING;
	case PATTERN_OPTION:
		ok = t->kind == TWZ_OPTION ? twz_member_find(t, "twz_value") : NULL;
		return ok && match(p->args[0], ok->type, ok->quals, depth);
	case PATTERN_RESULT:
		ok = twz_result_ok(t);
		err = twz_result_err(t);
		return err && match(p->args[0], ok ? ok->type : &twz_type_void, 0, depth) &&
		       match(p->args[1], err->type, 0, depth);
	case PATTERN_LIST:
		return is_array(t) && (!p->count || p->count == t->count) &&
		       match(p->args[0], target_of(t), t->quals, depth);
	case PATTERN_FUNC:
		return t->kind == TWZ_FUNC && (!p->has_args || match_params(p, t, depth));
	}
	return false;
}

/* const wherever it is written: at the base, and behind each star but the last, which no caller sees. */
static bool
match_consts(const struct pattern *p, const uint8_t *quals, unsigned level)
{
	for (int i = 0; i < p->stars || !i; i++)
		if (p->consts & (uint32_t)1 << i && ((unsigned)i > level || !(quals[level - (unsigned)i] & TWZ_CONST)))
			return false;
	return true;
}

static bool
match(const struct pattern *p, const struct twz_type *type, uint8_t quals, unsigned depth)
{
	uint8_t history[CHAIN] = { quals };

	if (depth > CHAIN)
		return false;
	for (unsigned level = 0; type && level < CHAIN - 1; level++) {
		bool here = p->stars < 0 ? !level || p->what != PATTERN_VOID : p->stars == (int)level;

		for (unsigned i = 0; i < CHAIN; i++) {
			if (here && match_base(p, type, depth + 1) && match_consts(p, history, level))
				return true;
			if (type->kind != TWZ_TYPEDEF || !type->target)
				break;
			history[level] |= type->quals;
			type = type->target;
		}
		if (!is_pointer(type) && !is_array(type))
			return false;
		history[level + 1] = type->quals | (type->is_const ? TWZ_CONST : 0);
		type = target_of(type);
	}
	return false;
}

/* -- parameters ------------------------------------------------------------------------------------- */

/* Gates say more about parameters than their types: that they are buffers, or may be missing. */
static bool
match_param(const struct pattern *p, const struct twz_member *m, unsigned depth)
{
	const struct twz_type *t = twz_type_strip(m->type);

	if (p->what == PATTERN_LIST && m->has_extent && t && is_pointer(t) &&
	    match(p->args[0], target_of(t), t->quals, depth))
		return true;
	if (p->what == PATTERN_OPTION && m->optional && match(p->args[0], m->type, m->quals, depth))
		return true;
	return match(p, m->type, m->quals, depth);
}

/* An augmenting path: gives type @arg a parameter, moving others that have a choice. */
static bool
assign(const struct pattern *p, const struct twz_type *func, uint32_t arg, int16_t *owner, bool *tried,
       unsigned depth)
{
	for (uint32_t i = 0; i < func->nmembers; i++) {
		if (tried[i] || !match_param(p->args[arg], &func->members[i], depth))
			continue;
		tried[i] = true;
		if (owner[i] >= 0 && !assign(p, func, (uint32_t)owner[i], owner, tried, depth))
			continue;
		owner[i] = (int16_t)arg;
		return true;
	}
	return false;
}

/* Each type of the question a parameter of its own. */
static bool
match_params(const struct pattern *p, const struct twz_type *func, unsigned depth)
{
	int16_t owner[4 * QUERY_PARAMS];
	bool tried[4 * QUERY_PARAMS];

	if (depth > CHAIN || func->nmembers > TWZ_COUNT(owner) || p->nargs > func->nmembers ||
	    (!p->more && (p->nargs != func->nmembers || func->is_variadic)))
		return false;
	if (p->result && !match(p->result, func->target ? func->target : &twz_type_void, 0, depth + 1))
		return false;
	memset(owner, 0xff, sizeof(owner));
	for (uint32_t i = 0; i < p->nargs; i++) {
		memset(tried, 0, sizeof(tried));
		if (!assign(p, func, i, owner, tried, depth + 1))
			return false;
	}
	return true;
}

/* -- what is reached -------------------------------------------------------------------------------- */

struct type_slot {
	const struct twz_type *type;
	uint32_t id;
};

/* All types of a service, and who names each. */
struct graph {
	struct twz_arena *arena;
	const struct twz_type **types;
	size_t n;
	struct type_slot *slots;
	size_t size;
	uint32_t *first, *from;
};

static struct type_slot *
slot_of(struct type_slot *slots, size_t size, const struct twz_type *type)
{
	size_t i = (size_t)(((uintptr_t)type >> 4) * 0x9e3779b97f4a7c15 >> 20) & (size - 1);

	while (slots[i].type && slots[i].type != type)
		i = (i + 1) & (size - 1);
	return &slots[i];
}

static uint32_t
id_of(struct graph *g, const struct twz_type *type)
{
	struct type_slot *slot;

	if (g->n * 2 >= g->size) {
		size_t size = g->size ? g->size * 2 : 1024;
		struct type_slot *slots = twz_new_array(g->arena, size, struct type_slot);

		for (size_t i = 0; i < g->n; i++)
			*slot_of(slots, size, g->types[i]) = (struct type_slot){ g->types[i], (uint32_t)i };
		g->slots = slots;
		g->size = size;
	}
	slot = slot_of(g->slots, g->size, type);
	if (!slot->type) {
		*slot = (struct type_slot){ type, (uint32_t)g->n };
		twz_push(g->arena, g->types, g->n, type);
	}
	return slot->id;
}

static void
collect(struct graph *g, const struct twz_service *service)
{
	for (uint32_t i = 0; i < service->ngates; i++)
		if (service->gates[i].type)
			id_of(g, service->gates[i].type);
	for (size_t i = 0; i < g->n; i++) {
		const struct twz_type *t = g->types[i];

		if (t->target)
			id_of(g, t->target);
		for (uint32_t k = 0; k < t->nmembers; k++)
			if (t->members[k].type)
				id_of(g, t->members[k].type);
	}
}

static void
turn_round(struct graph *g)
{
	uint32_t *at = twz_new_array(g->arena, g->n, uint32_t);
	size_t edges = 0;

	g->first = twz_new_array(g->arena, g->n + 1, uint32_t);
	for (int pass = 0; pass < 2; pass++) {
		for (size_t i = 0; i < g->n; i++) {
			const struct twz_type *t = g->types[i];

			for (uint32_t k = 0; k <= t->nmembers; k++) {
				const struct twz_type *to = k < t->nmembers ? t->members[k].type : t->target;
				uint32_t id = to ? id_of(g, to) : 0;

				if (to && pass)
					g->from[g->first[id] + at[id]++] = (uint32_t)i;
				else if (to)
					g->first[id + 1]++, edges++;
			}
		}
		if (pass)
			break;
		for (size_t i = 0; i < g->n; i++)
			g->first[i + 1] += g->first[i];
		g->from = twz_new_array(g->arena, edges, uint32_t);
	}
}

/* For each type whether it leads to one that fits. */
static bool *
reaching(struct graph *g, const struct pattern *p)
{
	bool *ret = twz_new_array(g->arena, g->n, bool);
	uint32_t *work = twz_new_array(g->arena, g->n, uint32_t);
	size_t n = 0;

	for (size_t i = 0; i < g->n; i++) {
		const struct twz_type *t = g->types[i];

		if (t->target && t->kind != TWZ_TYPEDEF)
			ret[i] = match(p, t->target, t->quals | (t->is_const ? TWZ_CONST : 0), 0);
		for (uint32_t k = 0; k < t->nmembers && !ret[i]; k++)
			ret[i] = t->members[k].type && match(p, t->members[k].type, t->members[k].quals, 0);
		if (ret[i])
			work[n++] = (uint32_t)i;
	}
	while (n) {
		uint32_t id = work[--n];

		for (uint32_t k = g->first[id]; k < g->first[id + 1]; k++) {
			if (ret[g->from[k]])
				continue;
			ret[g->from[k]] = true;
			work[n++] = g->from[k];
		}
	}
	return ret;
}

/* -- answers ---------------------------------------------------------------------------------------- */

static bool
has_name(const struct twz_gate *gate, const char *pattern)
{
	bool found = !fnmatch(pattern, gate->name, 0) || (gate->shown && !fnmatch(pattern, gate->shown, 0));

	for (uint32_t i = 0; i < gate->naliases && !found; i++)
		found = !fnmatch(pattern, gate->aliases[i], 0);
	return found;
}

static bool
takes(const struct pattern *p, const struct twz_type *func)
{
	if (p->what == PATTERN_VOID && p->stars < 0)
		return !func->nmembers && !func->is_variadic;
	for (uint32_t i = 0; i < func->nmembers; i++)
		if (match_param(p, &func->members[i], 0))
			return true;
	return false;
}

static bool
fits(const struct clause *c, const struct twz_gate *gate, const bool *reached, struct graph *g)
{
	const struct twz_type *func = gate->type;

	if (c->kind == CLAUSE_NAME)
		return has_name(gate, c->name);
	if (!func)
		return false;	/* nobody knows */
	switch (c->kind) {
	case CLAUSE_TAKES:
		return takes(c->type, func);
	case CLAUSE_RETURNS:
		return match(c->type, func->target ? func->target : &twz_type_void, 0, 0);
	case CLAUSE_REACHES:
		return reached[id_of(g, func)];
	case CLAUSE_SIGNATURE:
		return match_params(c->type, func, 0);
	case CLAUSE_NAME:
		break;
	}
	return false;
}

const struct twz_gate **
query_run(const struct query *query, const struct twz_service *service, struct twz_arena *arena)
{
	TWZ_ARENA scratch = { 0 };
	struct graph g = { .arena = &scratch };
	bool **reached = twz_new_array(&scratch, query->n, bool *);
	const struct twz_gate **ret = NULL;
	size_t n = 0;

	for (size_t i = 0; i < query->n; i++) {
		if (query->clauses[i].kind != CLAUSE_REACHES)
			continue;
		if (!g.first) {
			collect(&g, service);
			turn_round(&g);
		}
		reached[i] = reaching(&g, query->clauses[i].type);
	}
	for (uint32_t k = 0; k < service->ngates; k++) {
		bool all = true;

		for (size_t i = 0; i < query->n && all; i++)
			all = fits(&query->clauses[i], &service->gates[k], reached[i], &g);
		if (all)
			twz_push(arena, ret, n, &service->gates[k]);
	}
	twz_push(arena, ret, n, NULL);
	return ret;
}

bool
query_knows(const struct twz_service *service, const char *name, struct twz_arena *arena,
	    const char **nearest)
{
	TWZ_ARENA scratch = { 0 };
	struct graph g = { .arena = &scratch };
	struct names seen = { 0 };
	const char **names = NULL;
	size_t n = 0;

	*nearest = NULL;
	collect(&g, service);
	for (size_t i = 0; i < g.n; i++) {
		const struct twz_type *t = g.types[i];

		if (!*t->name)
			continue;
		if (is_called(t, name))
			return true;
		if (names_find(&seen, t->name))
			continue;
		names_add(&seen, &scratch, t->name);
		twz_push(&scratch, names, n, t->name);
	}
	*nearest = n ? twz_nearest(name, names, n) : NULL;
	if (*nearest)
		*nearest = twz_strdup(arena, *nearest);
	return false;
}
