/*
 * Definitions in the alternate file, where debug information lies that several libraries share. Not all of it is
 * about this one: of its units only those count that a unit of ours imports, or that one of these imports. What
 * another library calls by the same name may be another type.
 */
#include <stdlib.h>

#include "introspect/dwarf/reader_in.h"

enum { MAX_ROUNDS = 32 /* of units that import units */ };

static const struct dw_visitor visitor;

/* Notes which units of the alternate file are imported by one whose top DIE that is. */
static void
imports(struct dw_scan *scan, const struct die *top)
{
	const struct engine_ops *ops = scan->dw->ops;
	struct die_filter filter = visitor.filter;
	struct engine *engine = scan->dw->engine;
	struct die die;

	if (!top->has_children)
		return;
	filter.ahead = scan->ahead;
	for (bool more = ops->child(engine, top, &filter, &die); more; more = ops->next(engine, &die, &filter, &die)) {
		die_ref ref = die_to(&die, DIE_IMPORT);

		if (DIE_FILE(ref) == DIE_ALTERNATE)
			dw_found(scan, &scan->found, &ref, sizeof(ref));
	}
}

static void
visit(struct dw_scan *scan, size_t number, const struct die_unit *unit)
{
	(void)number;
	imports(scan, &unit->die);
}

static void
collect(struct dw_scan *scan)
{
	struct dw_scan *all = scan->data;
	const die_ref *refs = scan->found.items;

	for (size_t i = 0; i < scan->found.n; i++)
		dw_found(all, &all->found, &refs[i], sizeof(refs[i]));
}

static const struct dw_visitor visitor = {
	.visit = visit, .collect = collect,
	.filter = { .tags = TAG_BIT(DW_TAG_imported_unit) },
};

static int
by_ref(const void *a, const void *b)
{
	const die_ref *p = a, *q = b;

	return *p < *q ? -1 : *p > *q;
}

/* Sorts the references, each once. */
static void
sort(struct dw_list *list)
{
	die_ref *refs = list->items;
	size_t n = 0;

	if (list->n)
		qsort(refs, list->n, sizeof(*refs), by_ref);
	for (size_t i = 0; i < list->n; i++)
		if (!n || refs[n - 1] != refs[i])
			refs[n++] = refs[i];
	list->n = n;
}

static bool
is_in(const struct dw_list *list, die_ref ref)
{
	return list->n && bsearch(&ref, list->items, list->n, sizeof(ref), by_ref);
}

/* Notes the definitions of the units that @new names, and adds these to @done. What they import is new then. */
static void
read_imported(struct dw_scan *definitions, struct dw_scan *done, struct dw_list *new)
{
	const die_ref *refs = new->items;
	struct dw_scan next = { .dw = done->dw };
	struct die top;

	for (size_t i = 0; i < new->n; i++) {
		if (is_in(&done->found, refs[i]) || !dw_die(done->dw, refs[i], &top) ||
		    top.tag != DW_TAG_partial_unit)
			continue;
		dw_definitions(definitions, &top, DW_HASH, 0);
		imports(&next, &top);
	}
	for (size_t i = 0; i < new->n; i++)
		dw_found(done, &done->found, &refs[i], sizeof(refs[i]));
	sort(&done->found);
	free(new->items);
	sort(&next.found);
	*new = next.found;
	done->lost |= next.lost;
}

void
dw_import_definitions(struct dw *dw)
{
	struct dw_scan first = { .dw = dw }, done = { .dw = dw }, definitions = { .dw = dw };

	if (dw->have_imported)
		return;
	dw->have_imported = true;
	if (!debug_alternate(dw->debug))
		return;
	dw_scan(dw, NULL, 0, NULL, &first, &visitor);
	sort(&first.found);
	for (int round = 0; round < MAX_ROUNDS && first.found.n; round++)
		read_imported(&definitions, &done, &first.found);
	dw->partial |= first.found.n != 0;
	dw_keep_definitions(&definitions);
	dw->partial |= first.lost || done.lost || definitions.lost;
	free(first.found.items);
	free(done.found.items);
	free(definitions.notes.list);
	free(definitions.notes.slots);
}
