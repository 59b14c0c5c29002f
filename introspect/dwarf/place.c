/*
 * The way from an address to its source: the line table says file and line, the innermost function or
 * inlined call around the address says the function, so that both are of the same place.
 */
#include <string.h>

#include "introspect/dwarf/reader_in.h"

struct within {
	uint64_t address;
	bool found;
};

static bool
visit_within(void *data, uint64_t from, uint64_t to)
{
	struct within *w = data;

	w->found |= from <= w->address && w->address < to;
	return !w->found;
}

static bool
holds(struct dw *dw, const struct die_unit *unit, const struct die *die, uint64_t address)
{
	struct within w = { address, false };

	dw->ops->ranges(dw->engine, unit, die, visit_within, &w);
	return w.found;
}

static const char *
function_name(struct dw *dw, const struct die *die)
{
	struct die at = *die;

	dw_origin(dw, &at, DIE_ORIGIN);
	if (!die_has(&at, DIE_NAME))
		dw_origin(dw, &at, DIE_SPECIFICATION);
	return dw_name(dw, &at);
}

/* Replaces *@scope by the first of its children that holds @address. */
static bool
descend(struct dw *dw, const struct die_unit *unit, struct die *scope, uint64_t address, int depth)
{
	const uint64_t code = TAG_BIT(DW_TAG_subprogram) | TAG_BIT(DW_TAG_inlined_subroutine) |
			      TAG_BIT(DW_TAG_lexical_block);
	const uint64_t tags = code | SCOPE_BITS;
	struct die child;

	for (bool more = dw_child(dw, scope, tags, &child); more; more = dw_next(dw, &child, tags)) {
		struct die inner = child;

		if (tag_in(child.tag, code) ? holds(dw, unit, &child, address) :
		    depth < DW_MAX_SCOPES && descend(dw, unit, &inner, address, depth + 1)) {
			*scope = inner;
			return true;
		}
	}
	return false;
}

static void
place_function(struct dw *dw, const struct die_unit *unit, uint64_t address,
	       struct introspect_place *ret)
{
	struct die scope = unit->die;

	for (int i = 0; i < DW_MAX_CHAIN && descend(dw, unit, &scope, address, 0); i++) {
		const char *name = scope.tag == DW_TAG_lexical_block ? "" : function_name(dw, &scope);

		if (*name)
			ret->function = name;
	}
}

void
dw_place(struct dw *dw, uint64_t address, struct introspect_place *ret)
{
	size_t n = dw->ops->units(dw->engine);

	for (size_t i = 0; i < n; i++) {
		struct die_unit unit;

		if (!dw->ops->covers(dw->engine, i, &address, 1) ||
		    !dw->ops->unit(dw->engine, i, &unit) || unit.is_damaged || unit.is_type ||
		    !dw->ops->line(dw->engine, &unit, address, dw->arena, &ret->file, &ret->line))
			continue;
		place_function(dw, &unit, address, ret);
		return;
	}
}
