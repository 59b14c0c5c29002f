/*
 * What a DIE says. Nearly all have attributes of a few forms, which are read without looking back; whatever is
 * unusual, be it only that the unit ends soon, is read once more, one attribute after the other, with every check.
 */
#include "introspect/dwarf/own_look.h"

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

/* The DIE at @offset of the unit or of .debug_info; 0 when there is none. */
static inline die_ref
usual_ref(const struct own_unit *unit, enum own_do what, uint64_t offset)
{
	if (what == OWN_DO_REF_FILE)
		return offset < unit->file->info.n ? DIE_REF(unit->file->number, false, offset) : 0;
	return own_usual_ref(unit, offset);
}

/*
 * Reads attributes as nearly all DIEs have them: the place behind them, NULL when anything is unusual, be it
 * only the nearness of the unit's end. Whoever asks then again, one by one, finds out whether it is wrong.
 */
static const unsigned char *
decode_usual(const struct own_unit *unit, const struct own_field *fields, const unsigned char *at, struct die *ret)
{
	const unsigned char *end = unit->bytes + unit->end;
	bool high = false;
	uint64_t n;

	for (const struct own_field *f = fields; at; f++) {
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
			ret->texts[f->attr] = own_usual_text(unit->file, f->what == OWN_DO_TEXT ? DEBUG_STR :
							     DEBUG_LINE_STR, n & f->value);
			if (!ret->texts[f->attr])
				return NULL;
			at += f->size;
			break;
		case OWN_DO_STRING:
			ret->texts[f->attr] = (const char *)at;
			at = memchr(at, 0, (size_t)(end - at));
			if (!at)
				return NULL;
			at++;
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
		case OWN_DO_RANGES:
			ret->ranges = n & f->value;
			at += f->size;
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

	ret->has = ret->odd = ret->sibling = ret->ranges = 0;
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

bool
own_read(struct own_unit *unit, const struct own_abbrev *abbrev, uint64_t offset, const unsigned char *at,
       struct die *ret)
{
	const unsigned char *behind;

	own_begin(unit, abbrev, offset, ret);
	behind = decode_usual(unit, abbrev->fields, at, ret);
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

bool
own_look(const struct own_unit *unit, const struct own_abbrev *abbrev, uint64_t offset, const unsigned char *at,
	 const unsigned char *behind, struct die *ret)
{
	own_begin(unit, abbrev, offset, ret);
	ret->after = (uint64_t)(behind - unit->bytes);
	if (abbrev->spots && own_read_spots(unit, abbrev->spots, at, ret))
		return true;
	return decode_usual(unit, abbrev->brief, at, ret);
}
