/*
 * Values of attributes: first what the form says, as bytes and numbers, then what it stands for: a
 * text in some section, a DIE, an address. The first never looks outside of the unit, the second
 * checks each place it is sent to.
 */
#include "introspect/dwarf/own.h"

/* The form stands before the value: the same once more, but not again and again. */
static bool
indirect(struct own_bytes *b, const struct own_format *format, struct own_value *ret)
{
	enum own_class cls;
	uint64_t form;
	int size;

	if (!own_uleb(b, &form))
		return false;
	size = own_form(form, format, &cls);
	return size != OWN_INDIRECT && size != OWN_IMPLICIT && own_value(b, size, cls, format, ret);
}

static bool
block(struct own_bytes *b, struct own_value *ret, bool sized)
{
	if (!sized)
		return false;
	ret->bytes = b->at;
	return own_skip(b, ret->n);
}

bool
own_value(struct own_bytes *b, int size, enum own_class cls, const struct own_format *format,
	  struct own_value *ret)
{
	const char *text;

	*ret = (struct own_value){ .cls = cls };
	switch (size) {
	case OWN_LEB:
		return own_uleb(b, &ret->n);
	case OWN_SLEB:
		return own_leb(b, true, &ret->n);
	case OWN_NUL:
		ret->bytes = b->at;
		return own_string(b, &text);
	case OWN_BLOCK1:
		return block(b, ret, own_fixed(b, 1, &ret->n));
	case OWN_BLOCK2:
		return block(b, ret, own_fixed(b, 2, &ret->n));
	case OWN_BLOCK4:
		return block(b, ret, own_fixed(b, 4, &ret->n));
	case OWN_BLOCK_LEB:
		return block(b, ret, own_uleb(b, &ret->n));
	case OWN_INDIRECT:
		return indirect(b, format, ret);
	case 0:		/* a flag whose presence is its value */
		ret->n = 1;
		return true;
	default:
		if (size > 8)
			return own_skip(b, (unsigned)size);
		return size > 0 && own_fixed(b, (unsigned)size, &ret->n);
	}
}

/* -- texts ----------------------------------------------------------------------------------------- */

static bool
text_at(struct own_file *file, enum debug_section section, uint64_t offset, const char **ret)
{
	struct elf_section texts = file ? own_section(file, section) : (struct elf_section){ NULL, 0 };

	if (offset >= texts.n)
		return false;
	*ret = (const char *)texts.bytes + offset;
	return true;
}

/*
 * Where the unit's entries of .debug_str_offsets begin: a split unit does not say it, since it has the
 * section for itself, behind a header if it is of DWARF 5.
 */
static uint64_t
str_offsets_base(const struct own_unit *unit, const struct own_head *head)
{
	if (head->has >> OWN_STR_OFFSETS_BASE & 1)
		return head->str_offsets_base;
	if (unit->format.version < 5)
		return 0;
	return unit->format.offset_size == 8 ? 16 : 8;
}

static bool
text_index(struct own_unit *unit, uint64_t index, const char **ret)
{
	struct own_head *head = own_head(unit);
	struct elf_section offsets = own_section(unit->file, DEBUG_STR_OFFSETS);
	unsigned size = unit->format.offset_size;
	struct own_bytes b;
	uint64_t base, offset;

	if (!head || index >= offsets.n)
		return false;
	base = str_offsets_base(unit, head);
	if (base >= offsets.n)
		return false;
	b = own_bytes(offsets, base + index * size, size);
	return own_fixed(&b, size, &offset) && text_at(unit->file, DEBUG_STR, offset, ret);
}

bool
own_text(struct own_unit *unit, const struct own_value *value, const char **ret)
{
	switch ((int)value->cls) {
	case OWN_TEXT:
		*ret = (const char *)value->bytes;
		return true;
	case OWN_TEXT_OFFSET:
		return text_at(unit->file, DEBUG_STR, value->n, ret);
	case OWN_TEXT_LINE:
		return text_at(unit->file, DEBUG_LINE_STR, value->n, ret);
	case OWN_TEXT_ALTERNATE:
		return text_at(own_alternate(unit->file->own), DEBUG_STR, value->n, ret);
	case OWN_TEXT_INDEX:
		return text_index(unit, value->n, ret);
	default:
		return false;
	}
}

/* -- references, addresses, numbers ---------------------------------------------------------------- */

bool
own_ref(struct own_unit *unit, const struct own_value *value, die_ref *ret)
{
	struct own_file *alternate;
	uint64_t n = value->n;

	switch ((int)value->cls) {
	case OWN_REF_UNIT:
		if (n < unit->first - unit->offset || n >= unit->end - unit->offset)
			return false;
		*ret = DIE_REF(unit->file->number, unit->types, unit->offset + n);
		return true;
	case OWN_REF_FILE:
		if (!n || n >= unit->file->info.n)
			return false;
		*ret = DIE_REF(unit->file->number, false, n);
		return true;
	case OWN_REF_ALTERNATE:
		alternate = own_alternate(unit->file->own);
		if (!n || !alternate || n >= alternate->info.n)
			return false;
		*ret = DIE_REF(OWN_ALTERNATE, false, n);
		return true;
	case OWN_REF_TYPE:
		*ret = own_type(unit, n);
		return *ret;
	default:
		return false;
	}
}

/* An entry of .debug_addr; that of a split unit is its skeleton's. */
static bool
address_index(struct own_unit *unit, const struct own_head *own, uint64_t index, uint64_t *ret)
{
	struct own_unit *of = unit->file->skeleton ? unit->file->skeleton : unit;
	const struct own_head *head = of == unit && own ? own : own_head(of);
	struct elf_section addresses = own_section(of->file, DEBUG_ADDR);
	unsigned size = of->format.address_size;
	struct own_bytes b;
	uint64_t base;

	if (!head || index >= addresses.n)
		return false;
	base = head->has >> OWN_ADDR_BASE & 1 ? head->addr_base : of->format.version < 5 ? 0 : 8;
	if (base >= addresses.n)
		return false;
	b = own_bytes(addresses, base + index * size, size);
	return own_fixed(&b, size, ret);
}

bool
own_address(struct own_unit *unit, const struct own_head *head, const struct own_value *value,
	    uint64_t *ret)
{
	if (value->cls == OWN_ADDRESS_INDEX)
		return address_index(unit, head, value->n, ret);
	*ret = value->n;
	return value->cls == OWN_ADDRESS;
}

bool
own_number(const struct own_value *value, bool expression, int64_t *ret)
{
	struct own_bytes b = { value->bytes, NULL };
	uint64_t op, n;

	if (value->cls == OWN_CONSTANT) {
		*ret = (int64_t)value->n;
		return true;
	}
	if (value->cls != OWN_BLOCK || !expression)
		return false;
	b.end = b.at + value->n;
	if (!own_fixed(&b, 1, &op) || op != DW_OP_plus_uconst || !own_uleb(&b, &n) || b.at != b.end)
		return false;
	*ret = (int64_t)n;
	return true;
}
