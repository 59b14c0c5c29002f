/*
 * Pipes of values. Each stage takes the value before it as its first parameter. A result is unwrapped
 * on the way; an Err ends the pipe and is its value.
 */
#include <stdlib.h>
#include <string.h>

#include "repl/lang/ahead.h"
#include "repl/lang/interp.h"

/* -- stages over the elements of a list -------------------------------------------------------- */

struct pass {
	struct lang *l;
	const struct ast *stage;
	const struct twz_value *list;
	struct twz_value *ret;
	struct twz_error *err;
	struct lang_ahead ahead;
};

/* The value of the stage's expression for element @i; they are asked for in order. */
static bool
value_of(struct pass *p, size_t i, struct twz_value *ret)
{
	return lang_ahead_next(p->l, &p->ahead, p->stage->items[0], p->list, i, ret, p->err);
}

static bool
run_where(struct pass *p)
{
	struct twz_value *kept = twz_new_array(p->l->arena, p->list->list.n, struct twz_value), v;
	size_t n = 0;

	for (size_t i = 0; i < p->list->list.n; i++) {
		if (!value_of(p, i, &v))
			return false;
		if (v.kind != TWZ_VALUE_BOOL) {
			lang_type_error(p->err, "Expected 'bool' got '%s'", lang_type_of(p->l->arena, &v));
			return lang_at(p->err, p->stage->items[0]);
		}
		if (v.boolean)
			kept[n++] = p->list->list.items[i];
	}
	*p->ret = twz_list(p->list->type, kept, n);
	return true;
}

static bool
run_map(struct pass *p)
{
	struct twz_value *all = twz_new_array(p->l->arena, p->list->list.n, struct twz_value), v;

	for (size_t i = 0; i < p->list->list.n; i++) {
		if (!value_of(p, i, &v) || (!p->ahead.failed && !lang_go_on(p->l, p->err)))
			return false;
		if (v.kind == TWZ_VALUE_ERR) {
			lang_fail_err(&v, p->err);
			return lang_at(p->err, p->stage);
		}
		all[i] = v.kind == TWZ_VALUE_OK ? v.list.items[0] : v;
	}
	*p->ret = twz_list(NULL, all, p->list->list.n);
	return true;
}

static bool
run_each(struct pass *p)
{
	if (!run_map(p))
		return false;
	*p->ret = twz_unit();
	return true;
}

/* Elements with what they are sorted by. */
struct keyed {
	const struct twz_value *item;
	struct twz_value key;
	size_t place;
};

static bool
make_keys(struct pass *p, struct keyed *keys)
{
	const struct twz_value *items = p->list->list.items;

	for (size_t i = 0; i < p->list->list.n; i++) {
		keys[i] = (struct keyed){ .item = &items[i], .key = items[i], .place = i };
		if (p->stage->nitems && !value_of(p, i, &keys[i].key))
			return false;
	}
	return true;
}

static int
by_key(const void *a, const void *b, void *err)
{
	const struct keyed *x = a, *y = b;
	int c = 0;

	if (!lang_order("sort", &x->key, &y->key, &c, err) || !c || c == 2)
		return (x->place > y->place) - (x->place < y->place);
	return c;
}

static bool
run_sort(struct pass *p)
{
	size_t n = p->list->list.n;
	struct keyed *keys = twz_new_array(p->l->arena, n, struct keyed);
	struct twz_value *sorted = twz_new_array(p->l->arena, n, struct twz_value);

	if (!make_keys(p, keys))
		return false;
	qsort_r(keys, n, sizeof(*keys), by_key, p->err);
	if (p->err->cls != TWZ_CLASS_NONE)
		return lang_at(p->err, p->stage);
	for (size_t i = 0; i < n; i++)
		sorted[i] = *keys[i].item;
	*p->ret = twz_list(p->list->type, sorted, n);
	return true;
}

/* Records {key, items} in the order in which keys first appear. */
static bool
run_group(struct pass *p)
{
	static const char *const names[] = { "key", "items" };
	struct twz_arena *arena = p->l->arena;
	size_t n = p->list->list.n, ngroups = 0;
	struct keyed *keys = twz_new_array(arena, n, struct keyed);
	struct twz_value *groups = twz_new_array(arena, n, struct twz_value);
	bool *taken = twz_new_array(arena, n, bool);

	if (!make_keys(p, keys))
		return false;
	for (size_t i = 0; i < n; i++) {
		struct twz_value *fields, *items = NULL;
		size_t nitems = 0;

		if (taken[i])
			continue;
		for (size_t k = i; k < n; k++) {
			if (taken[k] || !twz_value_equal(&keys[i].key, &keys[k].key))
				continue;
			taken[k] = true;
			twz_push(arena, items, nitems, *keys[k].item);
		}
		fields = twz_new_array(arena, 2, struct twz_value);
		fields[0] = keys[i].key;
		fields[1] = twz_list(p->list->type, items, nitems);
		groups[ngroups++] = twz_record(NULL, names, fields, 2);
	}
	*p->ret = twz_list(NULL, groups, ngroups);
	return true;
}

static const struct {
	const char *name;
	bool (*run)(struct pass *p);
} passes[] = {
	{ "where", run_where }, { "map", run_map }, { "each", run_each }, { "sort", run_sort },
	{ "group", run_group },
};

/* A list that is not known: the stage's expression once, with an element that is not known. */
static bool
unknown_pass(struct pass *p)
{
	struct twz_value item = lang_unknown_element(p->list), v;
	bool where = !strcmp(p->stage->text, "where"), map = !strcmp(p->stage->text, "map");

	if (!p->l->check)
		return lang_cannot_know(p->stage, p->list, p->err);
	if (p->stage->nitems && !lang_eval_for_it(p->l, p->stage->items[0], &item, &v, p->err))
		return false;
	if (where && lang_kind(&v) != TWZ_VALUE_BOOL && lang_kind(&v) != TWZ_VALUE_UNIT) {
		lang_type_error(p->err, "Expected 'bool' got '%s'", lang_type_of(p->l->arena, &v));
		return lang_at(p->err, p->stage->items[0]);
	}
	if (!strcmp(p->stage->text, "each"))
		*p->ret = twz_unit();
	else if (map || !strcmp(p->stage->text, "group"))
		*p->ret = lang_unknown_kind(TWZ_VALUE_LIST);
	else
		*p->ret = lang_kind(p->list) == TWZ_VALUE_LIST ? *p->list
							       : lang_unknown_kind(TWZ_VALUE_LIST);
	return true;
}

static bool
run_pass(struct pass *p)
{
	struct twz_value wide;

	if (p->l->check && p->list->kind == TWZ_VALUE_LIST) {
		wide = lang_widen(p->l, p->list);
		p->list = &wide;
		return unknown_pass(p);
	}
	if (lang_is_unknown(p->list) &&
	    (lang_kind(p->list) == TWZ_VALUE_LIST || lang_kind(p->list) == TWZ_VALUE_UNIT))
		return unknown_pass(p);

	if (p->list->kind != TWZ_VALUE_LIST) {
		lang_type_error(p->err, "'%s' takes a list, got '%s'", p->stage->text,
				lang_type_of(p->l->arena, p->list));
		return lang_at(p->err, p->stage);
	}
	for (size_t i = 0; i < TWZ_COUNT(passes); i++)
		if (!strcmp(p->stage->text, passes[i].name))
			return passes[i].run(p);
	return lang_type_error(p->err, "no stage '%s'", p->stage->text);
}

/* -- select, .field ---------------------------------------------------------------------------- */

static bool
select_fields(struct pass *p, const struct twz_value *v, struct twz_value *ret)
{
	uint32_t n = p->stage->nitems;
	struct twz_value *items = twz_new_array(p->l->arena, n, struct twz_value);
	const char **names = twz_new_array(p->l->arena, n, const char *);

	for (uint32_t i = 0; i < n; i++) {
		const struct ast *word = p->stage->items[i];

		names[i] = word->text;
		if (!lang_field(v, word->text, word->n, &items[i], p->err))
			return lang_at(p->err, word);
	}
	*ret = twz_record(NULL, names, items, n);
	return true;
}

static bool
run_select(struct pass *p)
{
	struct twz_value *all;

	if (lang_is_unknown(p->list) && lang_kind(p->list) != TWZ_VALUE_RECORD) {
		*p->ret = lang_unknown_kind(TWZ_VALUE_LIST);
		return true;
	}
	if (p->list->kind != TWZ_VALUE_LIST)
		return select_fields(p, p->list, p->ret);
	all = twz_new_array(p->l->arena, p->list->list.n, struct twz_value);
	for (size_t i = 0; i < p->list->list.n; i++)
		if (!select_fields(p, &p->list->list.items[i], &all[i]))
			return false;
	*p->ret = twz_list(NULL, all, p->list->list.n);
	return true;
}

static bool
run_get(struct pass *p)
{
	struct twz_value v = *p->list;
	const char *s = p->stage->text;

	for (;;) {
		size_t n = strcspn(s, ".");

		if (!lang_field(&v, s, n, p->ret, p->err)) {
			if (v.kind == TWZ_VALUE_LIST)
				twz_hint(p->err, "for every element write: | map it.%s", p->stage->text);
			return lang_at(p->err, p->stage);
		}
		if (!s[n])
			return true;
		v = *p->ret;
		s += n + 1;
	}
}

/* -- entry ------------------------------------------------------------------------------------- */

bool
lang_eval_pipe(struct lang *l, const struct ast *a, struct twz_value *ret, struct twz_error *err)
{
	struct twz_value v;

	if (!lang_eval(l, a->items[0], &v, err))
		return false;
	for (uint32_t i = 1; i < a->nitems; i++) {
		const struct ast *stage = a->items[i];
		struct twz_value in = v.kind == TWZ_VALUE_OK ? v.list.items[0]
				      : lang_kind(&v) == TWZ_VALUE_OK && lang_is_unknown(&v)
					      ? lang_unknown_inner(&v) : v;
		struct pass p = { .l = l, .stage = stage, .list = &in, .ret = &v, .err = err };
		bool done;

		if (in.kind == TWZ_VALUE_ERR)
			break;
		if (stage->kind == AST_CALL)
			done = lang_call_node(l, stage, &in, &v, err);
		else if (stage->kind == AST_RUN)
			done = lang_eval_run(l, stage, &in, &v, err);
		else if (stage->kind == AST_STAGE)
			done = run_pass(&p);
		else if (stage->kind == AST_SELECT)
			done = run_select(&p);
		else if (stage->kind == AST_GET)
			done = run_get(&p);
		else
			done = lang_eval(l, stage, &v, err);
		if (!done)
			return lang_at(err, stage);
	}
	*ret = v;
	return true;
}
