/*
 * The scopes around a DIE: namespaces and classes, as C++ and Rust have them. DIEs do not know their
 * parents, so the wanted ones are sorted and found in one walk down from the tops of their units,
 * which goes only into scopes that hold one.
 */
#include <string.h>

#include "introspect/dwarf/reader_in.h"

/* The part of the list that one scope holds. */
struct part {
	struct dw_scoped *list;
	size_t n;
};

static int
by_ref(const void *a, const void *b)
{
	const struct dw_scoped *p = a, *q = b;

	if (p->ref != q->ref)
		return p->ref < q->ref ? -1 : 1;
	return p->from < q->from ? -1 : p->from > q->from;
}

/* Takes what lies before @end from the front of @part. */
static struct part
split(struct part *part, die_ref end)
{
	struct part front = { part->list, 0 };

	while (front.n < part->n && part->list[front.n].ref < end)
		front.n++;
	part->list += front.n;
	part->n -= front.n;
	return front;
}

static void walk(struct dw *dw, const struct die *scope, const char *prefix, struct part part,
		 int depth);

/* All of @part is @die or lies behind it and before what comes next to it. */
static void
enter(struct dw *dw, const struct die *die, const char *prefix, struct part part, int depth)
{
	const char *name = dw_name(dw, die), *path;

	if (!*name && tag_in(die->tag, SCOPE_BITS))
		name = "(anonymous)";
	if (!*name || die_has(die, DIE_SPECIFICATION))
		return;
	path = twz_format(dw->arena, "%s%s", prefix, name);
	for (; part.n && part.list->ref == die->ref; part.list++, part.n--)
		part.list->name = path;
	if (part.n && die->tag != DW_TAG_subprogram && depth < DW_MAX_SCOPES)
		walk(dw, die, twz_format(dw->arena, "%s::", path), part, depth + 1);
}

static void
walk(struct dw *dw, const struct die *scope, const char *prefix, struct part part, int depth)
{
	const uint64_t tags = SCOPE_BITS | TAGGED_BITS | TAG_BIT(DW_TAG_subprogram);
	struct die last = { 0 }, die;

	for (bool more = dw_child(dw, scope, tags, &die); more && part.n; more = dw_next(dw, &die, tags)) {
		struct part front = split(&part, die.ref);

		if (front.n && last.ref)
			enter(dw, &last, prefix, front, depth);
		last = die;
	}
	if (part.n && last.ref)
		enter(dw, &last, prefix, part, depth);
}

void
dw_scopes(struct dw *dw, struct dw_scoped *list, size_t n)
{
	struct part rest = { list, n };
	struct die top;

	if (!n)
		return;
	qsort(list, n, sizeof(*list), by_ref);
	while (rest.n) {
		die_ref first = rest.list->ref, end = 0;
		bool found = dw->ops->top(dw->engine, first, &top, &end);
		struct part front = split(&rest, end > first ? end : first + 1);

		if (found)
			walk(dw, &top, "", front, 0);
	}
}
