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

/* -- names ------------------------------------------------------------------------------------- */

static uint32_t
hash(const char *text, size_t n)
{
	uint32_t h = 2166136261u;

	for (size_t i = 0; i < n; i++)
		h = (h ^ (unsigned char)text[i]) * 16777619u;
	return h;
}

/* The place in the table where the name is or belongs. */
static uint32_t *
place_of(const struct lang_names *names, const char *text, size_t n)
{
	uint32_t mask = names->table_size - 1, i = hash(text, n) & mask;

	for (;; i = (i + 1) & mask) {
		uint32_t k = names->table[i];

		if (!k || (!strncmp(names->texts[k], text, n) && !names->texts[k][n]))
			return &names->table[i];
	}
}

static void *
grow(void *array, size_t n, size_t size)
{
	void *more = reallocarray(array, n, size);

	if (!more)
		abort();
	return more;
}

static void
widen_table(struct lang_names *names)
{
	free(names->table);
	names->table_size = names->table_size ? 2 * names->table_size : 256;
	names->table = calloc(names->table_size, sizeof(*names->table));
	if (!names->table)
		abort();
	for (uint32_t i = 1; i < names->n; i++)
		*place_of(names, names->texts[i], strlen(names->texts[i])) = i;
}

uint32_t
lang_name(struct lang *l, const char *text, size_t n)
{
	struct lang_names *names = &l->shared->names;
	uint32_t *at;

	if (!names->n)
		names->n = 1;
	if (2 * names->n >= names->table_size)
		widen_table(names);
	at = place_of(names, text, n);
	if (*at)
		return *at;
	if (names->n >= names->size) {
		names->size = names->size ? 2 * names->size : 128;
		names->texts = grow(names->texts, names->size, sizeof(*names->texts));
	}
	names->texts[names->n] = strndup(text, n);
	if (!names->texts[names->n])
		abort();
	return *at = names->n++;
}

const char *
lang_name_text(const struct lang *l, uint32_t name)
{
	return l->shared->names.texts[name];
}

void
lang_names_free(struct lang_names *names)
{
	for (uint32_t i = 1; i < names->n; i++)
		free(names->texts[i]);
	free(names->texts);
	free(names->table);
}

/* -- variables --------------------------------------------------------------------------------- */

struct lang_binding *
lang_find(const struct lang *l, const char *name, size_t n)
{
	const struct lang_names *names = &l->shared->names;
	uint32_t id = names->table_size ? *place_of(names, name, n) : 0;

	return id ? lang_lookup(l, id) : NULL;
}

/*
 * An expression that is being evaluated may still hold the old value: then that is kept until the
 * statement ends.
 */
void
lang_set(struct lang *l, struct lang_binding *b, const struct twz_value *v)
{
	struct twz_arena fresh = { 0 };
	struct twz_value copy;

	if (!b->arena.chunks && !needs_memory(v)) {
		b->value = *v;
		return;
	}
	copy = needs_memory(v) ? lang_copy(&fresh, v) : *v;
	if (l->holding && b->arena.chunks) {
		l->graves = grow(l->graves, l->ngraves + 1, sizeof(*l->graves));
		l->graves[l->ngraves++] = b->arena;
	} else {
		twz_arena_free(&b->arena);
	}
	b->arena = fresh;
	b->value = copy;
}

struct lang_binding *
lang_declare(struct lang *l, uint32_t name, const struct twz_value *v)
{
	struct lang_binding *b;

	if (l->nbindings == l->bindings_size) {
		l->bindings_size = 2 * l->bindings_size + 16;
		l->bindings = grow(l->bindings, l->bindings_size, sizeof(*l->bindings));
	}
	if (name >= l->newest_size) {
		size_t size = 2 * (size_t)name + 64;

		l->newest = grow(l->newest, size, sizeof(*l->newest));
		memset(l->newest + l->newest_size, 0, (size - l->newest_size) * sizeof(*l->newest));
		l->newest_size = size;
	}
	b = &l->bindings[l->nbindings];
	*b = (struct lang_binding){ .name = name, .frame = l->frame, .older = l->newest[name] };
	lang_set(l, b, v);
	l->newest[name] = (uint32_t)++l->nbindings;
	return b;
}

void
lang_assign(struct lang *l, uint32_t name, const struct twz_value *v)
{
	struct lang_binding *b = lang_lookup(l, name);

	if (b && b->frame == l->frame) {
		lang_set(l, b, v);
		b->is_fn = false;
	} else {
		lang_declare(l, name, v);
	}
}

void
lang_leave(struct lang *l, size_t n)
{
	/* What is being returned may lie in a variable that ends here. */
	if (l->flow == FLOW_RETURN && l->nbindings > n)
		l->returned = lang_copy(l->arena, &l->returned);
	while (l->nbindings > n) {
		struct lang_binding *b = &l->bindings[--l->nbindings];

		l->newest[b->name] = b->older;
		if (b->arena.chunks)
			twz_arena_free(&b->arena);
	}
}

size_t
lang_variables(const struct lang *l, struct twz_arena *arena, const struct lang_variable **ret)
{
	struct lang_variable *all = twz_new_array(arena, l->nbindings, struct lang_variable);
	size_t n = 0;

	for (size_t i = l->nbindings; i-- > 0;) {
		const struct lang_binding *b = &l->bindings[i];

		if (lang_lookup(l, b->name) == b)
			all[n++] = (struct lang_variable){ lang_name_text(l, b->name), &b->value };
	}
	*ret = all;
	return n;
}
