/*
 * From DIE to DIE; what they say is read in own_read.c. Most are only got behind: a filter looks at nothing but the
 * abbreviation, and whole subtrees are left by their sibling attribute, or DIE by DIE with a counter for the
 * depth. Positions only ever grow, so no file makes this turn in circles; no tree, however deep, makes it recurse.
 */
#include "introspect/dwarf/own_look.h"

enum { SOON = 8 };	/* places of a list that the memory is asked for before they are read */

/* -- getting behind -------------------------------------------------------------------------------- */

static inline bool
read_code(const unsigned char **at, const unsigned char *end, uint64_t *ret)
{
	struct own_bytes b = { *at, end };
	bool ok;

	if (*at < end && **at < 0x80) {
		*ret = *(*at)++;
		return true;
	}
	ok = own_leb(&b, false, ret);
	*at = b.at;
	return ok;
}

/* Goes over the thing with which a step ends. */
static bool
skip_thing(struct own_bytes *b, int size, const struct own_format *format)
{
	enum own_class cls;
	const char *text;
	uint64_t n;

	switch (size) {
	case OWN_LEB:
	case OWN_SLEB:
		while (b->at < b->end && *b->at & 0x80)
			b->at++;
		return own_skip(b, 1);
	case OWN_NUL:
		return own_string(b, &text);
	case OWN_BLOCK1:
		return own_fixed(b, 1, &n) && own_skip(b, n);
	case OWN_BLOCK2:
		return own_fixed(b, 2, &n) && own_skip(b, n);
	case OWN_BLOCK4:
		return own_fixed(b, 4, &n) && own_skip(b, n);
	case OWN_BLOCK_LEB:
		return own_uleb(b, &n) && own_skip(b, n);
	case OWN_INDIRECT:
		if (!own_uleb(b, &n))
			return false;
		size = own_form(n, format, &cls);
		if (size == OWN_INDIRECT || size == OWN_IMPLICIT)
			return false;
		return size >= 0 ? own_skip(b, (unsigned)size) : skip_thing(b, size, format);
	default:
		return false;
	}
}

/*
 * The place behind the attributes of a DIE that begin at @at, NULL when they do not end in the unit.
 * @sibling gets where the DIE says that its children end; 0: it does not, or something impossible.
 */
static const unsigned char *
skip_attrs(const struct own_unit *unit, const struct own_abbrev *abbrev, const unsigned char *at,
	   uint64_t *sibling)
{
	const struct own_step *step = abbrev->steps;
	struct own_bytes b = { at, unit->bytes + unit->end };
	uint64_t n = 0;

	for (;; step++) {
		if (!own_skip(&b, step->n))
			return NULL;
		if (!step->size)
			break;
		if (step->sibling ? !(step->size == OWN_LEB ? own_uleb(&b, &n) :
				      own_fixed(&b, (unsigned)step->size, &n)) :
		    !skip_thing(&b, step->size, &unit->format))
			return NULL;
	}
	n += n ? unit->offset : 0;
	*sibling = n >= (uint64_t)(b.at - unit->bytes) && n <= unit->end ? n : 0;
	return b.at;
}

/* The same of the DIE whose abbreviation is at @place, at once where the table says all sizes. */
static inline const unsigned char *
skip(const struct own_unit *unit, const struct own_table *table, size_t place, const unsigned char *at,
     uint64_t *sibling)
{
	const struct own_way *way = &table->ways[place];
	const struct own_abbrev *abbrev;
	const unsigned char *behind;
	uint32_t to;
	uint64_t n;

	if (!(way->flags & (OWN_PLAIN | OWN_JUMP))) {
		abbrev = own_abbrev_at(table, place);
		return abbrev ? skip_attrs(unit, abbrev, at, sibling) : NULL;
	}
	if ((size_t)(unit->bytes + unit->end - at) < way->bytes)
		return NULL;
	behind = at + way->bytes;
	*sibling = 0;
	if (way->flags & OWN_JUMP) {
		memcpy(&to, at + way->jump, sizeof(to));
		n = unit->offset + to;
		*sibling = n >= (uint64_t)(behind - unit->bytes) && n <= unit->end ? n : 0;
	}
	return behind;
}

/* The place behind the children that begin at @at; NULL when something between is damaged. */
static const unsigned char *
skip_children(const struct own_unit *unit, const struct own_table *table, const unsigned char *at)
{
	const unsigned char *end = unit->bytes + unit->end;
	uint64_t code, sibling;

	for (size_t depth = 1; depth && at < end; ) {
		int64_t place;
		bool children;

		if (!read_code(&at, end, &code))
			return NULL;
		if (!code) {
			depth--;
			continue;
		}
		place = own_place(table, code);
		if (place < 0)
			return NULL;
		at = skip(unit, table, (size_t)place, at, &sibling);
		if (!at)
			return NULL;
		children = table->ways[place].flags & OWN_CHILDREN;
		if (children && sibling)
			at = unit->bytes + sibling;
		else
			depth += children;
	}
	return at;
}

const unsigned char *
own_behind(const struct own_unit *unit, const struct own_table *table, size_t place, const unsigned char *at)
{
	uint64_t sibling;

	at = skip(unit, table, place, at, &sibling);
	if (!at || !(table->ways[place].flags & OWN_CHILDREN))
		return at;
	return sibling ? unit->bytes + sibling : skip_children(unit, table, at);
}

/* -- finding --------------------------------------------------------------------------------------- */

static bool
damaged(const struct own_unit *unit)
{
	own_partial(unit->file->own);
	return false;
}

/* The DIE at @offset, whose attributes begin at @at. */
static bool
give(struct own_unit *unit, const struct own_table *table, size_t place, const struct die_filter *filter,
     uint64_t offset, const unsigned char *at, struct die *ret)
{
	const struct own_abbrev *abbrev = own_abbrev_at(table, place);
	const unsigned char *behind;
	uint64_t sibling = 0;

	if (!abbrev)
		return damaged(unit);
	if (filter->brief && abbrev->brief) {
		behind = skip(unit, table, place, at, &sibling);
		/* Behind a function's body the walk goes on where nobody has looked so far. */
		__builtin_prefetch(sibling ? unit->bytes + sibling : behind);
		if (behind && own_look(unit, abbrev, offset, at, behind, ret)) {
			ret->sibling = sibling;
			return true;
		}
	}
	return own_read(unit, abbrev, offset, at, ret);
}

/*
 * Goes over DIEs without one of the @tags or with one of the flags @unwanted, as long as the table says all about
 * getting behind them. Most of the time that large files take passes here, so it has few branches: they would be
 * taken at random.
 */
static const unsigned char *
pass(const struct own_unit *unit, const struct own_table *table, const unsigned char *at, uint64_t tags,
     unsigned unwanted)
{
	const unsigned char *end = unit->bytes + unit->end, *start = unit->bytes + unit->offset, *behind, *next;
	size_t few = table->codes ? 0 : table->n < 0x7f ? table->n : 0x7f;
	uint32_t sibling;

	for (; end - at > 1 + (ptrdiff_t)sizeof(sibling) && *at - 1u < few; at = next) {
		const struct own_way *way = &table->ways[*at - 1u];
		bool stop = tags >> (way->tag & 63) & !(way->flags & unwanted);

		if (stop | !(way->flags & OWN_QUICK))
			break;
		if ((size_t)(end - at) <= way->bytes)
			break;
		memcpy(&sibling, at + 1 + way->jump, sizeof(sibling));
		behind = at + 1 + way->bytes;
		next = way->flags & OWN_CHILDREN ? start + sibling : behind;
		if (next < behind || next > end)
			break;
	}
	return at;
}

/* The first DIE from @at on that the filter lets through, before the end of its siblings. */
static bool
find(struct own_unit *unit, const struct own_table *table, const unsigned char *at,
     const struct die_filter *filter, struct die *ret)
{
	static const struct die_filter any = { 0 };
	const unsigned char *end = unit->bytes + unit->end;
	uint64_t code, sibling = 0;
	unsigned unwanted;

	filter = filter ? filter : &any;
	unwanted = own_unwanted(filter);
	while (at < end) {
		const unsigned char *from;
		const struct own_way *way;
		int64_t place;

		if (filter->tags)
			at = pass(unit, table, at, filter->tags, unwanted);
		from = at;
		if (!read_code(&at, end, &code))
			return damaged(unit);
		if (!code)
			return false;
		place = own_place(table, code);
		if (place < 0)
			return damaged(unit);
		way = &table->ways[place];
		if ((!filter->tags || filter->tags >> (way->tag & 63) & 1) && !(way->flags & unwanted))
			return give(unit, table, (size_t)place, filter, (uint64_t)(from - unit->bytes), at, ret);
		at = skip(unit, table, (size_t)place, at, &sibling);
		if (at && way->flags & OWN_CHILDREN)
			at = sibling ? unit->bytes + sibling : skip_children(unit, table, at);
		if (!at)
			return damaged(unit);
	}
	return false;
}

/* -- the engine's ---------------------------------------------------------------------------------- */

bool
own_die_at(struct own_unit *unit, uint64_t offset, struct die *ret)
{
	struct own_head *head = own_head(unit);
	const struct own_table *table = head ? own_table(unit, head) : NULL;
	const unsigned char *at = unit->bytes + offset;
	const struct own_abbrev *abbrev;
	uint64_t code;

	if (!table || !read_code(&at, unit->bytes + unit->end, &code))
		return damaged(unit);
	abbrev = own_abbrev(table, code);
	return abbrev ? own_read(unit, abbrev, offset, at, ret) : damaged(unit);
}

bool
own_top(struct own_unit *unit, struct die *ret)
{
	struct own_head *head = own_head(unit);
	const unsigned char *at = unit->bytes + unit->first;
	uint64_t code;

	if (!head || !read_code(&at, unit->bytes + unit->end, &code))
		return false;
	return own_read(unit, head->top, unit->first, at, ret);
}

bool
own_find(struct own_unit *unit, const struct die *die, unsigned attr, struct own_value *ret)
{
	struct own_head *head = own_head(unit);
	struct own_attrs attrs = { .format = &unit->format };
	const struct own_abbrev *abbrev;
	unsigned found;
	uint64_t code;

	attrs.b = (struct own_bytes){ unit->bytes + DIE_OFFSET(die->ref), unit->bytes + unit->end };
	if (!head || !own_uleb(&attrs.b, &code))
		return false;
	abbrev = DIE_OFFSET(die->ref) == unit->first ? head->top : own_abbrev(own_table(unit, head), code);
	if (!abbrev)
		return false;
	attrs.field = abbrev->fields;
	while (own_attr(&attrs, &found, ret))
		if (found == attr)
			return true;
	return false;
}

/* Goes on at @offset with the siblings of a DIE of the unit. */
static bool
go_on(struct own_unit *unit, uint64_t offset, const struct die_filter *filter, struct die *ret)
{
	struct own_head *head = own_head(unit);
	const struct own_table *table = head ? own_table(unit, head) : NULL;

	return table && find(unit, table, unit->bytes + offset, filter, ret);
}

/*
 * Gives the next DIE of a list: a brief look does not tell where it ends, which nobody needs who has the list, and
 * there are no children behind it. False: there is none, and @offset is where its unit goes on.
 */
static inline bool
go_ahead(struct own_unit *unit, const struct die_filter *filter, uint64_t *offset, struct die *ret, bool *given)
{
	struct die_ahead *ahead = filter->ahead;
	const unsigned char *start = unit->bytes + unit->offset, *at;
	const struct own_table *table = ahead->table;
	const struct own_abbrev *abbrev;
	uint32_t i = ahead->next++;
	size_t place;

	if (i >= ahead->n) {
		ahead->next = ahead->n + 1;
		if (i == ahead->n && unit->offset + ahead->behind > *offset)
			*offset = unit->offset + ahead->behind;
		return false;
	}
	if (i + SOON < ahead->n)
		__builtin_prefetch(start + ahead->places[i + SOON]);
	*offset = unit->offset + ahead->places[i];
	at = start + ahead->places[i];
	place = own_short_code(&at) - 1;
	/* The file may be another one by now. */
	if (place >= table->n) {
		*given = damaged(unit);
		return true;
	}
	abbrev = own_abbrev_at(table, place);
	*given = true;
	if (abbrev && abbrev->spots && filter->brief) {
		own_begin(unit, abbrev, *offset, ret);
		ret->after = unit->end;
		if (own_read_spots(unit, abbrev->spots, at, ret))
			return true;
	}
	*given = give(unit, table, place, filter, *offset, at, ret);
	return true;
}

bool
own_child(struct engine *engine, const struct die *die, const struct die_filter *filter,
	  struct die *ret)
{
	struct own_unit *unit = own_unit_of((struct own *)engine, die);
	uint64_t offset = die->after;
	bool given;

	if (!die->has_children)
		return false;
	if (filter && filter->ahead && go_ahead(unit, filter, &offset, ret, &given))
		return given;
	return go_on(unit, offset, filter, ret);
}

bool
own_next(struct engine *engine, const struct die *die, const struct die_filter *filter, struct die *ret)
{
	struct own_unit *unit = own_unit_of((struct own *)engine, die);
	uint64_t offset = 0;
	const unsigned char *at;
	struct own_head *head;
	bool given;

	if (filter && filter->ahead && go_ahead(unit, filter, &offset, ret, &given))
		return given;
	if (offset)
		return go_on(unit, offset, filter, ret);
	if (!die->has_children)
		return go_on(unit, die->after, filter, ret);
	if (die->sibling)
		return go_on(unit, die->sibling, filter, ret);
	head = own_head(unit);
	at = head ? skip_children(unit, own_table(unit, head), unit->bytes + die->after) : NULL;
	return at ? go_on(unit, (uint64_t)(at - unit->bytes), filter, ret) : damaged(unit);
}

void
own_soon(struct engine *engine, die_ref ref)
{
	struct own *own = (struct own *)engine;
	struct own_file *file = atomic_load_explicit(&own->files[DIE_FILE(ref)], memory_order_acquire);
	struct elf_section section = !file ? (struct elf_section){ NULL, 0 } : DIE_TYPES(ref) ? file->types : file->info;

	if (DIE_OFFSET(ref) < section.n)
		__builtin_prefetch(section.bytes + DIE_OFFSET(ref));
}
