/*
 * From DIE to DIE. Most are only got behind: a filter looks at nothing but the abbreviation, and whole
 * subtrees are left by their sibling attribute, or DIE by DIE with a counter for the depth. Positions
 * only ever grow, so no file makes this turn in circles; no tree, however deep, makes it recurse.
 */
#include "introspect/dwarf/own.h"

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

/* The same, at once where the abbreviation says all sizes. */
static inline const unsigned char *
skip(const struct own_unit *unit, const struct own_abbrev *abbrev, const unsigned char *at,
     uint64_t *sibling)
{
	const unsigned char *behind;
	uint32_t to;
	uint64_t n;

	if (!(abbrev->flags & (OWN_PLAIN | OWN_JUMP)))
		return skip_attrs(unit, abbrev, at, sibling);
	if ((size_t)(unit->bytes + unit->end - at) < abbrev->bytes)
		return NULL;
	behind = at + abbrev->bytes;
	*sibling = 0;
	if (abbrev->flags & OWN_JUMP) {
		memcpy(&to, at + abbrev->jump, sizeof(to));
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
		const struct own_abbrev *abbrev;

		if (!read_code(&at, end, &code))
			return NULL;
		if (!code) {
			depth--;
			continue;
		}
		abbrev = own_abbrev(table, code);
		if (!abbrev)
			return NULL;
		at = skip(unit, abbrev, at, &sibling);
		if (!at)
			return NULL;
		if (abbrev->flags & OWN_CHILDREN && sibling)
			at = unit->bytes + sibling;
		else
			depth += abbrev->flags & OWN_CHILDREN;
	}
	return at;
}

/* -- looking at ------------------------------------------------------------------------------------ */

#define BIT(attr) (UINT64_C(1) << (attr))
/* Attributes that are flags by nature; of the others behind DIE_RANGES only the presence matters. */
const uint64_t own_flags = BIT(DIE_EXTERNAL) | BIT(DIE_DECLARATION) | BIT(DIE_PROTOTYPED) |
	BIT(DIE_ARTIFICIAL) | BIT(DIE_GNU_VECTOR) | BIT(DIE_NORETURN) | BIT(DIE_EXPLICIT) |
	BIT(DIE_DELETED) | BIT(DIE_ENUM_CLASS);

static bool
store_number(struct own_unit *unit, unsigned attr, const struct own_value *value, bool *relative,
	     int64_t *ret)
{
	uint64_t address;

	if (attr == DIE_LOW_PC || (attr == DIE_HIGH_PC && value->cls != OWN_CONSTANT)) {
		if (!own_address(unit, NULL, value, &address))
			return false;
		*ret = (int64_t)address;
		return true;
	}
	*relative |= attr == DIE_HIGH_PC;
	return own_number(value, attr == DIE_MEMBER_LOCATION, ret);
}

/* Whether the value is of its attribute's class. If so, and unless it is a false flag, it is in @ret. */
static bool
store(struct own_unit *unit, unsigned attr, const struct own_value *value, bool *relative,
      struct die *ret)
{
	uint64_t bit = BIT(attr);
	bool ok;

	if (attr < DIE_NTEXTS)
		ok = own_text(unit, value, &ret->texts[attr]);
	else if (attr < DIE_NREFS_END)
		ok = own_ref(unit, value, &ret->refs[attr - DIE_NTEXTS]);
	else if (attr < DIE_NNUMBERS_END)
		ok = store_number(unit, attr, value, relative, &ret->numbers[attr - DIE_NREFS_END]);
	else
		ok = !(own_flags & bit) || value->cls == OWN_FLAG;
	if (ok && (value->cls != OWN_FLAG || value->n))
		ret->has |= bit;
	return ok;
}

/* Whether a value of this class should have been of use: it lies outside, so something is damaged. */
static bool
is_lost(unsigned attr, enum own_class cls)
{
	if (attr < DIE_NTEXTS)
		return cls >= OWN_TEXT && cls <= OWN_TEXT_INDEX;
	if (attr < DIE_NREFS_END)
		return cls >= OWN_REF_UNIT && cls <= OWN_REF_TYPE;
	return attr == DIE_LOW_PC || attr == DIE_HIGH_PC;
}

/* DW_AT_high_pc as a number counts from DW_AT_low_pc. */
static void
finish_high(struct die *die)
{
	int64_t low, *high = &die->numbers[DIE_HIGH_PC - DIE_NREFS_END];

	if (die_number(die, DIE_LOW_PC, &low)) {
		*high = (int64_t)((uint64_t)*high + (uint64_t)low);
		return;
	}
	die->has &= ~BIT(DIE_HIGH_PC);
	die->odd |= BIT(DIE_HIGH_PC);
}

/* A field of no use: the place behind it, NULL when it is unusual. */
static inline const unsigned char *
leave(const struct own_field *f, const unsigned char *at, const unsigned char *end)
{
	uint64_t n = (uint64_t)f->size;

	if (f->what == OWN_DO_SKIP_LEB) {
		while (at < end && *at & 0x80)
			at++;
		n = 1;
	} else if (f->what == OWN_DO_SKIP_BLOCK) {
		n = *at++;
		if (n & 0x80)
			return NULL;
	}
	return (uint64_t)(end - at) < n ? NULL : at + n;
}

static inline const unsigned char *
usual_leb(const unsigned char *at, const unsigned char *end, uint64_t *ret)
{
	struct own_bytes b = { at, end };

	return own_leb(&b, false, ret) ? b.at : NULL;
}

/* A number that begins with the bytes @n. The same. */
static inline const unsigned char *
usual_number(const struct own_field *f, const unsigned char *at, const unsigned char *end, uint64_t n, int64_t *ret)
{
	struct own_bytes b = { at, end };

	if (f->what == OWN_DO_VALUE) {
		*ret = (int64_t)f->value;
		return at;
	}
	if (f->what != OWN_DO_ULEB && f->what != OWN_DO_SLEB) {
		*ret = (int64_t)(n & f->value);
		return at + f->size;
	}
	if (!own_leb(&b, f->what == OWN_DO_SLEB, &n))
		return NULL;
	*ret = (int64_t)n;
	return b.at;
}

/* The text at @offset, NULL when that section was not needed yet or is not so long. */
static inline const char *
usual_text(const struct own_file *file, enum debug_section section, uint64_t offset)
{
	if (!atomic_load_explicit(&file->loaded[section], memory_order_acquire) ||
	    offset >= file->sections[section].n)
		return NULL;
	return (const char *)file->sections[section].bytes + offset;
}

/* The DIE at @offset of the unit or of .debug_info; 0 when there is none. */
static inline die_ref
usual_ref(const struct own_unit *unit, enum own_do what, uint64_t offset)
{
	if (what == OWN_DO_REF_FILE)
		return offset < unit->file->info.n ? DIE_REF(unit->file->number, false, offset) : 0;
	if (offset - (unit->first - unit->offset) >= unit->end - unit->first)
		return 0;
	return DIE_REF(unit->file->number, unit->types, unit->offset + offset);
}

/*
 * Reads attributes as nearly all DIEs have them: the place behind them, NULL when anything is unusual, be it
 * only the nearness of the unit's end. Whoever asks then again, one by one, finds out whether it is wrong.
 */
static const unsigned char *
decode_usual(const struct own_unit *unit, const struct own_abbrev *abbrev, const unsigned char *at, struct die *ret)
{
	const unsigned char *end = unit->bytes + unit->end;
	bool high = false;
	uint64_t n;

	for (const struct own_field *f = abbrev->fields; at; f++) {
		if ((size_t)(end - at) < (size_t)f->skip + sizeof(n))
			return NULL;
		at += f->skip;
		memcpy(&n, at, sizeof(n));
		switch ((enum own_do)f->what) {
		case OWN_DO_END:
			if (high && !die_has(ret, DIE_LOW_PC))
				return NULL;
			if (high)
				finish_high(ret);
			return at;
		case OWN_DO_ASK:
			return NULL;
		case OWN_DO_TEXT:
		case OWN_DO_LINE_TEXT:
			ret->texts[f->attr] = usual_text(unit->file, f->what == OWN_DO_TEXT ? DEBUG_STR :
							 DEBUG_LINE_STR, n & f->value);
			if (!ret->texts[f->attr])
				return NULL;
			at += f->size;
			break;
		case OWN_DO_STRING:
			ret->texts[f->attr] = (const char *)at;
			at = memchr(at, 0, (size_t)(end - at));
			if (!at++)
				return NULL;
			break;
		case OWN_DO_REF:
		case OWN_DO_REF_FILE:
			n = usual_ref(unit, f->what, n & f->value);
			if (!n)
				return NULL;
			ret->refs[f->attr - DIE_NTEXTS] = n;
			at += f->size;
			break;
		case OWN_DO_REF_LEB:
			at = usual_leb(at, end, &n);
			ret->refs[f->attr - DIE_NTEXTS] = n = at ? usual_ref(unit, OWN_DO_REF, n) : 0;
			if (!n)
				return NULL;
			break;
		case OWN_DO_SIBLING:
			ret->sibling = unit->offset + (n & f->value);
			at += f->size;
			continue;
		case OWN_DO_SIBLING_LEB:
			at = usual_leb(at, end, &n);
			ret->sibling = unit->offset + n;
			continue;
		case OWN_DO_HIGH:
		case OWN_DO_NUMBER:
		case OWN_DO_ULEB:
		case OWN_DO_SLEB:
		case OWN_DO_VALUE:
			high |= f->what == OWN_DO_HIGH;
			at = usual_number(f, at, end, n, &ret->numbers[f->attr - DIE_NREFS_END]);
			break;
		case OWN_DO_FLAG:
		case OWN_DO_PRESENT:
			at += f->size;
			if (f->what == OWN_DO_FLAG && !(n & f->value))
				continue;
			break;
		case OWN_DO_SKIP:
		case OWN_DO_SKIP_LEB:
		case OWN_DO_SKIP_BLOCK:
			at = leave(f, at, end);
			continue;
		}
		ret->has |= BIT(f->attr);
	}
	return NULL;
}

/* The same, of any DIE: NULL when the attributes do not end in the unit. */
static const unsigned char *
decode_any(struct own_unit *unit, const struct own_abbrev *abbrev, const unsigned char *at, struct die *ret)
{
	struct own_attrs attrs = {
		.field = abbrev->fields, .format = &unit->format, .b = { at, unit->bytes + unit->end },
	};
	struct own_value value;
	bool relative = false;
	unsigned attr;

	ret->has = ret->odd = ret->sibling = 0;
	while (own_attr(&attrs, &attr, &value)) {
		if (attr == OWN_SIBLING && value.cls == OWN_REF_UNIT)
			ret->sibling = unit->offset + value.n;
		if (attr >= DIE_NATTRS || (ret->has | ret->odd) & BIT(attr))
			continue;
		if (store(unit, attr, &value, &relative, ret))
			continue;
		ret->odd |= BIT(attr);
		if (is_lost(attr, value.cls))
			own_partial(unit->file->own);
	}
	if (attrs.bad)
		return NULL;
	if (relative)
		finish_high(ret);
	return attrs.b.at;
}

/* Reads the DIE at @offset, whose attributes begin at @at. */
static bool
decode(struct own_unit *unit, const struct own_abbrev *abbrev, uint64_t offset, const unsigned char *at,
       struct die *ret)
{
	const unsigned char *behind;

	ret->ref = DIE_REF(unit->file->number, unit->types, offset);
	ret->tag = abbrev->tag;
	ret->has_children = abbrev->flags & OWN_CHILDREN;
	ret->has = ret->odd = ret->sibling = 0;
	ret->unit = unit->index;
	behind = decode_usual(unit, abbrev, at, ret);
	if (!behind)
		behind = decode_any(unit, abbrev, at, ret);
	if (!behind) {
		own_partial(unit->file->own);
		return false;
	}
	ret->after = (uint64_t)(behind - unit->bytes);
	if (ret->sibling && (ret->sibling < ret->after || ret->sibling > unit->end)) {
		ret->sibling = 0;
		own_partial(unit->file->own);
	}
	return true;
}

static bool
damaged(const struct own_unit *unit)
{
	own_partial(unit->file->own);
	return false;
}

/* The first DIE from @at on that the filter lets through, before the end of its siblings. */
static bool
find(struct own_unit *unit, const struct own_table *table, const unsigned char *at,
     const struct die_filter *filter, struct die *ret)
{
	const unsigned char *end = unit->bytes + unit->end;
	uint64_t tags = filter ? filter->tags : 0, code, sibling;
	uint8_t wanted = !filter ? 0 : filter->located ? OWN_LOCATED : filter->linked ? OWN_LINKED : 0;

	while (at && at < end) {
		uint64_t offset = (uint64_t)(at - unit->bytes);
		const struct own_abbrev *abbrev;

		if (!read_code(&at, end, &code))
			return damaged(unit);
		if (!code)
			return false;
		abbrev = own_abbrev(table, code);
		if (!abbrev)
			return damaged(unit);
		if ((!tags || (abbrev->tag < 64 && tags >> abbrev->tag & 1)) &&
		    (!wanted || abbrev->tag != DW_TAG_subprogram || abbrev->flags & wanted))
			return decode(unit, abbrev, offset, at, ret);
		at = skip(unit, abbrev, at, &sibling);
		if (at && abbrev->flags & OWN_CHILDREN)
			at = sibling ? unit->bytes + sibling : skip_children(unit, table, at);
	}
	return at ? false : damaged(unit);
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
	return abbrev ? decode(unit, abbrev, offset, at, ret) : damaged(unit);
}

bool
own_top(struct own_unit *unit, struct die *ret)
{
	struct own_head *head = own_head(unit);
	const unsigned char *at = unit->bytes + unit->first;
	uint64_t code;

	if (!head || !read_code(&at, unit->bytes + unit->end, &code))
		return false;
	return decode(unit, head->top, unit->first, at, ret);
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

bool
own_child(struct engine *engine, const struct die *die, const struct die_filter *filter,
	  struct die *ret)
{
	struct own_unit *unit = own_unit_of((struct own *)engine, die);

	return die->has_children && go_on(unit, die->after, filter, ret);
}

bool
own_next(struct engine *engine, const struct die *die, const struct die_filter *filter, struct die *ret)
{
	struct own_unit *unit = own_unit_of((struct own *)engine, die);
	const unsigned char *at;
	struct own_head *head;

	if (!die->has_children)
		return go_on(unit, die->after, filter, ret);
	if (die->sibling)
		return go_on(unit, die->sibling, filter, ret);
	head = own_head(unit);
	at = head ? skip_children(unit, own_table(unit, head), unit->bytes + die->after) : NULL;
	return at ? go_on(unit, (uint64_t)(at - unit->bytes), filter, ret) : damaged(unit);
}
