/*
 * Ranges of addresses: those of a DIE, and which units have code where somebody looks. .debug_aranges
 * is only believed about units that it names with at least one range; all others speak for themselves.
 */
#include "introspect/dwarf/own.h"

typedef bool visit_range(void *data, uint64_t from, uint64_t to);

/* A list in the course of being read. */
struct list {
	struct own_unit *unit;
	struct own_bytes b;
	uint64_t base;
	visit_range *visit;
	void *data;
	bool more;		/* @visit wants more */
};

/* Lists may be shared and overlap; together they do not keep us for long. */
static bool
within_budget(struct own *own)
{
	uint64_t left = atomic_load_explicit(&own->range_budget, memory_order_relaxed);

	if (left)
		atomic_store_explicit(&own->range_budget, left - 1, memory_order_relaxed);
	return left;
}

static bool
give(struct list *list, uint64_t from, uint64_t to)
{
	if (from < to)
		list->more = list->visit(list->data, from, to);
	return within_budget(list->unit->file->own);
}

/* .debug_ranges: pairs of addresses, from the base; (0, 0) ends, (all ones, x) makes x the base. */
static bool
read_pairs(struct list *list)
{
	unsigned size = list->unit->format.address_size;
	uint64_t from, to, ones = UINT64_MAX >> (64 - 8 * size);

	while (list->more) {
		if (!own_fixed(&list->b, size, &from) || !own_fixed(&list->b, size, &to))
			return false;
		if (!from && !to)
			return true;
		if (from == ones)
			list->base = to;
		else if (!give(list, list->base + from, list->base + to))
			return false;
	}
	return true;
}

/* An address that an entry of .debug_rnglists gives by its index, or itself. */
static bool
entry_address(struct list *list, bool indexed, uint64_t *ret)
{
	struct own_value value = { .cls = OWN_ADDRESS_INDEX };

	if (!indexed)
		return own_fixed(&list->b, list->unit->format.address_size, ret);
	return own_uleb(&list->b, &value.n) && own_address(list->unit, NULL, &value, ret);
}

/* One entry behind its kind. False when it is damaged. */
static bool
read_entry(struct list *list, uint64_t kind)
{
	uint64_t from, to;

	switch (kind) {
	case DW_RLE_base_addressx:
	case DW_RLE_base_address:
		return entry_address(list, kind == DW_RLE_base_addressx, &list->base);
	case DW_RLE_startx_endx:
	case DW_RLE_start_end:
		return entry_address(list, kind == DW_RLE_startx_endx, &from) &&
		       entry_address(list, kind == DW_RLE_startx_endx, &to) && give(list, from, to);
	case DW_RLE_startx_length:
	case DW_RLE_start_length:
		return entry_address(list, kind == DW_RLE_startx_length, &from) &&
		       own_uleb(&list->b, &to) && give(list, from, from + to);
	case DW_RLE_offset_pair:
		return own_uleb(&list->b, &from) && own_uleb(&list->b, &to) &&
		       give(list, list->base + from, list->base + to);
	default:
		return false;
	}
}

static bool
read_entries(struct list *list)
{
	uint64_t kind;

	while (list->more) {
		if (!own_fixed(&list->b, 1, &kind))
			return false;
		if (kind == DW_RLE_end_of_list)
			return true;
		if (!read_entry(list, kind))
			return false;
	}
	return true;
}

/* Where a list begins that DW_AT_ranges gives as an index: the offsets stand behind the base. */
static bool
list_index(struct own_unit *unit, struct elf_section lists, uint64_t index, uint64_t *ret)
{
	struct own_head *head = own_head(unit);
	unsigned size = unit->format.offset_size;
	uint64_t base, offset;
	struct own_bytes b;

	if (!head || index >= lists.n)
		return false;
	base = head->has >> OWN_RNGLISTS_BASE & 1 ? head->rnglists_base : size == 8 ? 20 : 12;
	if (base >= lists.n)
		return false;
	b = own_bytes(lists, base + index * size, size);
	if (!own_fixed(&b, size, &offset))
		return false;
	*ret = base + offset;
	return true;
}

/* The list of @value, by the rules of the unit's version. False when it is damaged. */
static bool
read_list(struct list *list, const struct own_value *value)
{
	struct own_unit *unit = list->unit, *skeleton = unit->file->skeleton;
	bool is_old = unit->format.version < 5;
	struct own_head *head = is_old && skeleton ? own_head(skeleton) : NULL;
	struct elf_section section;
	uint64_t offset = value->n;

	/* Version 4 leaves a split unit's lists in the main file. */
	section = own_section(is_old && skeleton ? skeleton->file : unit->file,
			      is_old ? DEBUG_RANGES : DEBUG_RNGLISTS);
	if (value->cls == OWN_LIST_INDEX && !list_index(unit, section, value->n, &offset))
		return false;
	if (value->cls != OWN_LIST_INDEX && value->cls != OWN_SECTION && value->cls != OWN_CONSTANT)
		return false;
	if (offset >= section.n)
		return false;
	list->b = own_bytes(section, offset, section.n - offset);
	if (head && !own_skip(&list->b, head->ranges_base))
		return false;
	return is_old ? read_pairs(list) : read_entries(list);
}

/* False when the DIE has ranges that cannot be read. */
static bool
visit_ranges(struct own *own, uint64_t base, const struct die *die, visit_range *visit, void *data)
{
	struct list list = {
		.unit = own_unit_of(own, die), .base = base, .visit = visit, .data = data, .more = true,
	};
	struct own_value value = { .cls = OWN_SECTION, .n = die->ranges };
	int64_t low, high;

	if (!die_has(die, DIE_RANGES)) {
		if (die_number(die, DIE_LOW_PC, &low) && die_number(die, DIE_HIGH_PC, &high) &&
		    (uint64_t)low < (uint64_t)high)
			visit(data, (uint64_t)low, (uint64_t)high);
		return true;
	}
	if ((value.n || own_find(list.unit, die, DIE_RANGES, &value)) && read_list(&list, &value))
		return true;
	own_partial(own);
	return false;
}

void
own_ranges(struct engine *engine, const struct die_unit *unit, const struct die *die,
	   visit_range *visit, void *data)
{
	(void)visit_ranges((struct own *)engine, unit->base, die, visit, data);
}

/* -- which units to look into ---------------------------------------------------------------------- */

/* The unit whose header is at @offset of .debug_info; NULL when none is. */
static const struct own_unit *
unit_by_header(const struct own_file *file, uint64_t offset)
{
	size_t from = 0, n = file->ninfo;

	while (n) {
		size_t half = n / 2;

		if (file->units[from + half].offset == offset)
			return &file->units[from + half];
		if (file->units[from + half].offset < offset) {
			from += half + 1;
			n -= half + 1;
		} else {
			n = half;
		}
	}
	return NULL;
}

/* Adds the ranges of one set, which tells about one unit. */
static void
read_set(struct own *own, struct own_bytes b, const unsigned char *start, unsigned offset_size,
	 struct own_arange **aranges, size_t *n)
{
	uint64_t version, info, size, segment, from, length, odd;
	const struct own_unit *unit;

	if (!own_fixed(&b, 2, &version) || !own_fixed(&b, offset_size, &info) ||
	    !own_fixed(&b, 1, &size) || !own_fixed(&b, 1, &segment) ||
	    version != 2 || (size != 8 && size != 4) || segment)
		return;
	unit = unit_by_header(own->main, info);
	odd = (uint64_t)(b.at - start) % (2 * size);
	if (!unit || !own_skip(&b, odd ? 2 * size - odd : 0))
		return;
	while (own_fixed(&b, (unsigned)size, &from) && own_fixed(&b, (unsigned)size, &length)) {
		if (!from && !length)
			return;
		if (from + length > from)
			twz_push(&own->memory, *aranges, *n,
				 ((struct own_arange){ from, from + length, unit->index }));
	}
}

static int
by_unit(const void *a, const void *b)
{
	const struct own_arange *r = a, *s = b;

	return r->unit < s->unit ? -1 : r->unit > s->unit;
}

static void
read_aranges(struct own *own)
{
	struct elf_section section = debug_section(own->main->debug, DEBUG_ARANGES);
	struct own_bytes rest = own_bytes(section, 0, section.n);
	struct own_arange *aranges = NULL;
	bool sorted = true;
	size_t n = 0;

	while (rest.at < rest.end) {
		struct own_bytes b = rest;
		uint8_t offset_size;

		if (!own_length(&b, &offset_size, &rest))
			break;
		read_set(own, b, section.bytes, offset_size, &aranges, &n);
	}
	for (size_t i = 1; i < n && sorted; i++)
		sorted = by_unit(&aranges[i - 1], &aranges[i]) <= 0;
	if (!sorted)
		qsort(aranges, n, sizeof(*aranges), by_unit);
	own->aranges = aranges;
	own->naranges = n;
}

/* The place of the unit's first range, or where it would be. */
static size_t
first_arange(struct own *own, size_t unit)
{
	size_t from = 0, n;

	if (!atomic_load_explicit(&own->have_aranges, memory_order_acquire)) {
		pthread_mutex_lock(&own->lock);
		if (!atomic_load_explicit(&own->have_aranges, memory_order_relaxed))
			read_aranges(own);
		atomic_store_explicit(&own->have_aranges, true, memory_order_release);
		pthread_mutex_unlock(&own->lock);
	}
	n = own->naranges;
	while (n) {
		size_t half = n / 2;
		bool before = own->aranges[from + half].unit < unit;

		from += before ? half + 1 : 0;
		n = before ? n - half - 1 : half;
	}
	return from;
}

struct wanted {
	const uint64_t *addresses;
	size_t n;
	bool found;
};

static bool
visit_wanted(void *data, uint64_t from, uint64_t to)
{
	struct wanted *w = data;
	size_t at = 0, n = w->n;

	while (n) {
		size_t half = n / 2;
		bool before = w->addresses[at + half] < from;

		at += before ? half + 1 : 0;
		n = before ? n - half - 1 : half;
	}
	w->found = at < w->n && w->addresses[at] < to;
	return !w->found;
}

/* By the unit's own entry. A compile unit without addresses may just not tell them. */
static bool
entry_covers(struct own *own, struct own_unit *unit, struct wanted *w)
{
	struct own_head *head = own_head(unit);
	struct die top;

	if (unit->kind == OWN_TYPE)
		return false;
	if (!head || !own_top(unit, &top))
		return true;
	if (!die_has(&top, DIE_RANGES) && !die_has(&top, DIE_HIGH_PC))
		return top.tag != DW_TAG_partial_unit || die_has(&top, DIE_LOW_PC);
	return !visit_ranges(own, head->low_pc, &top, visit_wanted, w) || w->found;
}

bool
own_covers(struct engine *engine, size_t i, const uint64_t *addresses, size_t n)
{
	struct own *own = (struct own *)engine;
	struct wanted w = { addresses, n, false };
	size_t at = first_arange(own, i);

	if (i >= own->main->nunits)
		return false;
	if (at == own->naranges || own->aranges[at].unit != i)
		return entry_covers(own, &own->main->units[i], &w);
	for (; at < own->naranges && own->aranges[at].unit == i && !w.found; at++)
		visit_wanted(&w, own->aranges[at].from, own->aranges[at].to);
	return w.found;
}
