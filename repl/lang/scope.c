/* Variables and functions: what names mean. */
#include <stdlib.h>
#include <string.h>

#include "repl/lang/interp.h"

/* -- copies ------------------------------------------------------------------------------------ */

/* Types of lists may live as shortly as the value that has them; all others live with the host. */
static const struct twz_type *
own_type(struct twz_arena *arena, const struct twz_type *type)
{
	struct twz_type *copy;

	if (!type || type == &twz_type_list || type->kind != TWZ_LIST)
		return type;
	copy = twz_new(arena, struct twz_type);
	*copy = *type;
	copy->target = own_type(arena, type->target);
	return copy;
}

static void
own_types(struct twz_arena *arena, struct twz_value *v)
{
	struct twz_value *items;

	v->type = own_type(arena, v->type);
	if (v->kind != TWZ_VALUE_LIST && v->kind != TWZ_VALUE_RECORD && v->kind != TWZ_VALUE_OK &&
	    v->kind != TWZ_VALUE_ERR)
		return;
	items = twz_new_array(arena, v->list.n, struct twz_value);
	for (size_t i = 0; i < v->list.n; i++) {
		items[i] = v->list.items[i];
		own_types(arena, &items[i]);
	}
	v->list.items = items;
}

struct twz_value
lang_copy(struct twz_arena *arena, const struct twz_value *v)
{
	struct twz_value copy = twz_value_copy(arena, v);

	own_types(arena, &copy);
	return copy;
}

static bool
needs_memory(const struct twz_value *v)
{
	return v->kind == TWZ_VALUE_STRING || v->kind == TWZ_VALUE_LIST ||
	       v->kind == TWZ_VALUE_RECORD || v->kind == TWZ_VALUE_OK ||
	       v->kind == TWZ_VALUE_ERR || (v->type && v->type->kind == TWZ_LIST);
}

/* -- variables --------------------------------------------------------------------------------- */

struct lang_binding *
lang_find(const struct lang *l, const char *name, size_t n)
{
	for (size_t i = l->nbindings; i-- > 0;) {
		struct lang_binding *b = &l->bindings[i];

		if (b->frame != l->frame && i >= l->nglobals)
			continue;
		if (!strncmp(b->name, name, n) && !b->name[n])
			return b;
	}
	return NULL;
}

/*
 * Gives @b a new value. An expression that is being evaluated may still hold the old one: then it
 * is kept until the statement ends.
 */
static void
set(struct lang *l, struct lang_binding *b, const struct twz_value *v)
{
	struct twz_arena fresh = { 0 };
	struct twz_value copy = needs_memory(v) ? lang_copy(&fresh, v) : *v;

	if (l->holding && b->arena.chunks) {
		struct twz_arena *graves = reallocarray(l->graves, l->ngraves + 1, sizeof(*graves));

		if (!graves)
			abort();
		l->graves = graves;
		l->graves[l->ngraves++] = b->arena;
	} else {
		twz_arena_free(&b->arena);
	}
	b->arena = fresh;
	b->value = copy;
}

void
lang_declare(struct lang *l, const char *name, const struct twz_value *v)
{
	struct lang_binding *b;

	if (l->nbindings == l->bindings_size) {
		l->bindings_size = 2 * l->bindings_size + 16;
		l->bindings = reallocarray(l->bindings, l->bindings_size, sizeof(*l->bindings));
		if (!l->bindings)
			abort();
	}
	b = &l->bindings[l->nbindings];
	*b = (struct lang_binding){ .name = strdup(name), .frame = l->frame };
	if (!b->name)
		abort();
	set(l, b, v);
	l->nbindings++;
}

void
lang_assign(struct lang *l, const char *name, const struct twz_value *v)
{
	struct lang_binding *b = lang_find(l, name, strlen(name));

	if (b && b->frame == l->frame)
		set(l, b, v);
	else
		lang_declare(l, name, v);
}

void
lang_leave(struct lang *l, size_t n)
{
	/* What is being returned may lie in a variable that ends here. */
	if (l->flow == FLOW_RETURN && l->nbindings > n)
		l->returned = lang_copy(l->arena, &l->returned);
	while (l->nbindings > n) {
		struct lang_binding *b = &l->bindings[--l->nbindings];

		twz_arena_free(&b->arena);
		free(b->name);
	}
}

size_t
lang_variables(const struct lang *l, struct twz_arena *arena, const struct lang_variable **ret)
{
	struct lang_variable *all = twz_new_array(arena, l->nbindings, struct lang_variable);
	size_t n = 0;

	for (size_t i = l->nbindings; i-- > 0;) {
		const struct lang_binding *b = &l->bindings[i];

		if (lang_find(l, b->name, strlen(b->name)) == b)
			all[n++] = (struct lang_variable){ b->name, &b->value };
	}
	*ret = all;
	return n;
}

const struct lang_function *
lang_function_find(const struct lang *l, const char *name)
{
	for (size_t i = l->nfunctions; i-- > 0;)
		if (!strcmp(l->functions[i].name, name))
			return &l->functions[i];
	return NULL;
}
