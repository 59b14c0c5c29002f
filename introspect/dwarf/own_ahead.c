/*
 * Looking ahead: where in units the DIEs are that a filter lets through. What is between them is not read but only
 * got behind, and behind each long body the walk goes on where nobody has looked so far: it would wait for the
 * memory most of the time. So several units are gone through by turns, one while the memory is asked for the next
 * place of another.
 *
 * Only what is usual is passed. At the first DIE that is not, the list of a unit ends, and whoever goes through it
 * goes on from there DIE by DIE, as if there were no list; so nothing here says that a unit is damaged.
 */
#include "introspect/dwarf/own.h"

enum {
	LINE = 64,	/* bytes that the memory gives at once */
	SOON = 256,	/* how far ahead it is asked for */
	FAR = 128,	/* what the children of a DIE take at least whose next is not awaited */
};

/* Where the walk through one unit is. */
struct lane {
	const struct own_unit *unit;
	const struct own_table *table;
	const unsigned char *at;
	struct die_ahead *ret;
};

/* Goes on to the next place that is far away, which the memory is asked for. False: the list is at its end. */
static bool
run(struct lane *lane, uint64_t tags, unsigned unwanted)
{
	const unsigned char *start = lane->unit->bytes + lane->unit->offset, *end = lane->unit->bytes + lane->unit->end;
	const unsigned char *at = lane->at, *next = at, *last = end - OWN_CODE - sizeof(uint32_t);
	const struct own_way *ways = lane->table->ways;
	size_t nways = lane->table->n;
	struct die_ahead *ret = lane->ret;
	uint32_t n = ret->n, sibling;

	while (next - at <= FAR) {
		const unsigned char *from = at = next;
		struct own_way way;
		size_t place;

		if (at >= last || n == DIE_AHEAD)
			goto end;
		__builtin_prefetch(at + SOON);
		place = own_short_code(&from) - 1;
		if (place >= nways)
			goto end;
		way = ways[place];
		if (way.flags & OWN_QUICK && (size_t)(end - from) > way.bytes) {
			memcpy(&sibling, from + way.jump, sizeof(sibling));
			from += way.bytes;
			/* Which have children nobody can foretell, nor which are wanted: no branch depends on it. */
			next = from + (((start - from) + (ptrdiff_t)sibling) & -(ptrdiff_t)(way.flags & OWN_CHILDREN));
			if ((size_t)(next - from) > (size_t)(end - from))
				goto end;
		} else {
			next = own_behind(lane->unit, lane->table, place, from);
			if (!next)
				goto end;
		}
		ret->places[n] = (uint32_t)(at - start);
		n += tags >> (way.tag & 63) & !(way.flags & unwanted);
	}
	for (unsigned i = 0; i < SOON; i += LINE)
		__builtin_prefetch(next + i);
	lane->at = next;
	ret->n = n;
	return true;
end:
	lane->at = at;
	ret->n = n;
	return false;
}

/* False when there is nothing to be found in the unit, or not in this way. */
static bool
begin(struct lane *lane, struct own *own, const struct die *top, struct die_ahead *ret)
{
	struct own_unit *unit = own_unit_of(own, top);
	struct own_head *head = top->has_children ? own_head(unit) : NULL;
	const struct own_table *table = head ? own_table(unit, head) : NULL;

	ret->n = ret->next = 0;
	ret->behind = 0;
	if (!table || table->codes || unit->end - unit->offset > UINT32_MAX ||
	    unit->end - unit->offset < OWN_CODE + sizeof(uint32_t))
		return false;
	ret->table = table;
	*lane = (struct lane){
		.unit = unit, .table = table, .at = unit->bytes + top->after, .ret = ret,
	};
	return true;
}

void
own_ahead(struct engine *engine, const struct die_unit *units, size_t n, const struct die_filter *filter,
	  struct die_ahead *ret)
{
	unsigned unwanted = own_unwanted(filter);
	struct lane lanes[DIE_AT_ONCE];
	size_t left = 0;

	for (size_t i = 0; i < n; i++)
		left += begin(&lanes[left], (struct own *)engine, &units[i].die, &ret[i]);
	for (size_t i = 0; left; i = i + 1 < left ? i + 1 : 0) {
		struct lane *lane = &lanes[i];

		if (run(lane, filter->tags, unwanted))
			continue;
		lane->ret->behind = (uint64_t)(lane->at - lane->unit->bytes) - lane->unit->offset;
		*lane = lanes[--left];
	}
}
