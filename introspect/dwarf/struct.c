/*
 * Structs, unions, classes and enums: their fields and enumerators. A class whose values C would pass
 * in another way than C++ does, or whose layout C cannot say, becomes a type of the form CLASS: behind
 * a pointer it does no harm.
 */
#include <string.h>

#include "introspect/dwarf/reader_in.h"

/* -- fields ----------------------------------------------------------------------------------------- */

/*
 * Where a bit-field lies, in bits from the start of the struct. DWARF 3 and older count from the most
 * significant bit of the storage unit.
 */
static bool
bit_place(const struct die *die, const struct twz_member *m, uint32_t type_size, uint64_t *ret)
{
	int64_t at, bits = m->bit_size, unit;
	uint32_t size = type_size;

	if (die_number(die, DIE_DATA_BIT_OFFSET, &at)) {
		*ret = (uint64_t)at;
		return at >= 0;
	}
	if (!die_number(die, DIE_BIT_OFFSET, &at)) {
		*ret = m->offset * 8;
		return !(die->odd >> DIE_BIT_OFFSET & 1) && !(die->odd >> DIE_DATA_BIT_OFFSET & 1);
	}
	if (!dw_size(die, &size) && !size)
		return false;
	unit = (int64_t)size * 8 + (int64_t)m->offset * 8;
	/* An offset below 0 lies behind the unit: gcc says so of packed structs. */
	*ret = (uint64_t)(unit - at - bits);
	return at <= unit && at >= -(int64_t)MAX_TYPE_SIZE && unit - at - bits >= 0;
}

/* The size of what @die's DW_AT_type names; 0 when that has none. */
static uint32_t
size_of_type(struct dw *dw, const struct die *die)
{
	struct die type = *die;
	uint32_t size = 0;

	for (int i = 0; i < DW_MAX_CHAIN && dw_follow(dw, &type, DIE_TYPE, &type); i++)
		if (dw_size(&type, &size))
			return size;
	return 0;
}

/*
 * Says where the bits are in terms of the unit that C would read: aligned to the field's type when the
 * bits fit in there, else from the byte where they begin.
 */
static bool
set_bits(struct dw *dw, struct twz_member *m, const struct die *die)
{
	uint32_t size = size_of_type(dw, die);
	uint64_t place, unit;

	if (!bit_place(die, m, size, &place) || place > (uint64_t)MAX_TYPE_SIZE * 8)
		return false;
	unit = size ? (uint64_t)size * 8 : 8;
	if (place % unit + m->bit_size > unit)
		unit = 8;
	m->offset = place / unit * (unit / 8);
	m->bit_offset = (uint16_t)(place % unit);
	return true;
}

static bool
read_field(struct dw *dw, const struct die *die, struct twz_member *m)
{
	int64_t n = 0;

	*m = (struct twz_member){ .name = dw_name(dw, die) };
	m->type = dw_type_of(dw, die, &m->quals);
	if (die_number(die, DIE_MEMBER_LOCATION, &n))
		m->offset = (uint64_t)n;
	else if (die->odd >> DIE_MEMBER_LOCATION & 1)
		return false;
	if (m->offset > MAX_TYPE_SIZE || die->odd >> DIE_BIT_SIZE & 1)
		return false;
	if (!die_number(die, DIE_BIT_SIZE, &n))
		return true;
	if (n <= 0 || n > 128)
		return false;
	m->bit_size = (uint16_t)n;
	return set_bits(dw, m, die);
}

/* -- what makes a class more than a struct ---------------------------------------------------------- */

/*
 * Whether a member function makes its class one that is passed by the address of a copy: a destructor,
 * or a constructor from a reference, that somebody wrote.
 */
static bool
makes_special(struct dw *dw, const struct die *function, const char *class_name)
{
	const uint64_t tags = TAG_BIT(DW_TAG_formal_parameter);
	const char *name = die_text(function, DIE_NAME), *template = strchr(class_name, '<');
	size_t length = template ? (size_t)(template - class_name) : strlen(class_name);
	struct die param, type;

	if (die_has(function, DIE_ARTIFICIAL) || die_has(function, DIE_DEFAULTED))
		return false;
	if (*name == '~')
		return true;
	if (strncmp(name, class_name, length) || (name[length] && name[length] != '<'))
		return false;
	for (bool more = dw_child(dw, function, tags, &param); more; more = dw_next(dw, &param, tags))
		if (dw_follow(dw, &param, DIE_TYPE, &type) &&
		    (type.tag == DW_TAG_reference_type || type.tag == DW_TAG_rvalue_reference_type))
			return true;
	return false;
}

static const char *
special(struct dw *dw, const struct die *child, const char *class_name)
{
	if (child->tag == DW_TAG_inheritance)
		return "a C++ class that is made from another one";
	if (child->tag == DW_TAG_variant_part)
		return "an enum with data, whose variants only its own language reads";
	if (die_has(child, DIE_VTABLE_ELEM))
		return "a C++ class with virtual functions";
	if (child->tag == DW_TAG_subprogram && makes_special(dw, child, class_name))
		return "a C++ class with a copy constructor or destructor of its own";
	return NULL;
}

/* Adds the fields below @die. Returns false when one cannot be read; @why says what is special. */
static bool
read_fields(struct dw *dw, const struct die *die, struct node *node, const char **why)
{
	const uint64_t tags = TAG_BIT(DW_TAG_member) | TAG_BIT(DW_TAG_inheritance) |
			      TAG_BIT(DW_TAG_variant_part) | TAG_BIT(DW_TAG_subprogram);
	struct twz_member few[16], *members = few;
	int64_t align = 0;
	struct die child;
	size_t n = 0;
	bool ok = true;

	for (bool more = dw_child(dw, die, tags, &child); more; more = dw_next(dw, &child, tags)) {
		struct twz_member m;

		if (!*why)
			*why = special(dw, &child, node->type.name);
		if (child.tag != DW_TAG_member || die_has(&child, DIE_EXTERNAL) ||
		    die_has(&child, DIE_DECLARATION))
			continue;
		if (n == MAX_MEMBERS || !read_field(dw, &child, &m)) {
			ok = false;
			continue;
		}
		if (die_number(&child, DIE_ALIGNMENT, &align) && align > node->type.align &&
		    align <= MAX_ALIGN && !(align & (align - 1)))
			node->type.align = (uint32_t)align;
		if (n < TWZ_COUNT(few))
			few[n++] = m;
		else	/* moves to the arena */
			twz_push(dw->arena, members, n, m);
	}
	node_members(node, n <= TWZ_COUNT(few) ? dw_members(dw, few, n) : members, n);
	return ok;
}

static enum twz_form
form_of(uint16_t tag)
{
	return tag == DW_TAG_union_type ? TWZ_FORM_UNION :
	       tag == DW_TAG_class_type ? TWZ_FORM_CLASS :
	       tag == DW_TAG_enumeration_type ? TWZ_FORM_ENUM : TWZ_FORM_STRUCT;
}

/* @die is the definition; @node has its kind, name and size. */
static void
fill_fields(struct dw *dw, const struct die *die, struct node *node)
{
	const char *why = NULL;
	int64_t number = 0;

	node->unread = 0;
	if (dw_share(dw, die, node))
		return;
	if (die_number(die, DIE_ALIGNMENT, &number) && number > 0 && number <= MAX_ALIGN &&
	    !(number & (number - 1)))
		node->type.align = (uint32_t)number;
	if (die_number(die, DIE_CALLING_CONVENTION, &number) && number == DW_CC_pass_by_reference)
		why = "a C++ class that is passed by the address of a copy";
	if (!read_fields(dw, die, node, &why) && !why)
		why = "it has a field that cannot be described";
	if (!why && node->type.name[strcspn(node->type.name, "&[(<*")] &&
	    dw_language_at(dw, die->ref).rules == RULES_RUST)
		why = "a type of Rust's own, whose layout is its compiler's business";
	if (why) {
		node->type.kind = TWZ_OPAQUE;
		node->type.form = TWZ_FORM_CLASS;
		node->type.why = why;
	}
	node->is_complete = true;
}

void
dw_read_fields(struct dw *dw, struct node *node)
{
	die_ref ref = node->unread;
	struct die die;

	node->unread = 0;
	if (dw_die(dw, ref, &die))
		fill_fields(dw, &die, node);
}

/* The struct that a va_list points to is, for C++, called "typedef __va_list_tag __va_list_tag" by gcc. */
static const char *
tag_name(const char *name)
{
	static const char oddly[] = "typedef __va_list_tag __va_list_tag";

	return strcmp(name, oddly) ? name : strrchr(name, ' ') + 1;
}

void
dw_fill_struct(struct dw *dw, const struct die *die, struct node *node)
{
	const char *name = tag_name(dw_name(dw, die));
	struct die at = *die;
	uint32_t size = 0;

	dw_origin(dw, &at, DIE_SIGNATURE);
	if (!*name)
		name = dw_name(dw, &at);
	node_opaque(node, form_of(die->tag), name);
	if (die_has(&at, DIE_DECLARATION)) {
		dw_declare(dw, &at, node);
		return;
	}
	if (!dw_size(&at, &size)) {
		node->type.why = "its size is not known";
		return;
	}
	node->type = (struct twz_type){
		.kind = at.tag == DW_TAG_union_type ? TWZ_UNION : TWZ_STRUCT, .name = name, .size = size,
	};
	if (dw->lazy)
		node->unread = at.ref;
	else
		fill_fields(dw, &at, node);
}

/* -- enums ------------------------------------------------------------------------------------------ */

/* An enumerator's number is cut to the enum's width, however the producer wrote it. */
static int64_t
cut(int64_t value, const struct twz_type *type)
{
	unsigned spare = 64 - 8 * type->size;
	uint64_t bits = (uint64_t)value << spare;

	return type->is_signed ? (int64_t)bits >> spare : (int64_t)(bits >> spare);
}

/*
 * Signed when the compiler says so: by the underlying type, or by an encoding; else when an enumerator
 * is negative.
 */
static bool
is_signed_enum(int64_t encoding, const struct twz_member *members, size_t n)
{
	if (encoding)
		return encoding == DW_ATE_signed || encoding == DW_ATE_signed_char;
	for (size_t i = 0; i < n; i++)
		if (members[i].value < 0)
			return true;
	return false;
}

static int64_t
encoding_of(struct dw *dw, const struct die *die)
{
	struct die type = *die;
	int64_t encoding = 0;

	for (int i = 0; i < DW_MAX_CHAIN && !die_has(&type, DIE_ENCODING); i++)
		if (!dw_follow(dw, &type, DIE_TYPE, &type))
			break;
	die_number(&type, DIE_ENCODING, &encoding);
	return encoding;
}

void
dw_fill_enum(struct dw *dw, const struct die *die, struct node *node)
{
	const uint64_t tags = TAG_BIT(DW_TAG_enumerator);
	struct twz_member *members = NULL;
	const char *name = dw_name(dw, die);
	struct die at = *die, child;
	int64_t encoding;
	uint32_t size = 0;
	size_t n = 0;

	dw_origin(dw, &at, DIE_SIGNATURE);
	if (!*name)
		name = dw_name(dw, &at);
	node_opaque(node, TWZ_FORM_ENUM, name);
	if (die_has(&at, DIE_DECLARATION)) {
		dw_declare(dw, &at, node);
		return;
	}
	if (!dw_size(&at, &size))
		size = size_of_type(dw, &at);
	if (!size || size > 8 || size & (size - 1)) {
		node->type.why = "its size is not known";
		return;
	}
	if (!dw->lazy && dw_share(dw, &at, node))
		return;
	encoding = encoding_of(dw, &at);
	for (bool more = !(dw->lazy && encoding) && dw_child(dw, &at, tags, &child);
	     more && n < MAX_MEMBERS; more = dw_next(dw, &child, tags)) {
		struct twz_member m = { .name = dw_name(dw, &child) };

		if (die_number(&child, DIE_CONST_VALUE, &m.value))
			twz_push(dw->arena, members, n, m);
	}
	node->type = (struct twz_type){
		.kind = TWZ_ENUM, .name = name, .size = size, .align = size,
		.is_signed = is_signed_enum(encoding, members, n),
	};
	for (size_t i = 0; i < n; i++)
		members[i].value = cut(members[i].value, &node->type);
	node_members(node, members, n);
	node->is_complete = true;
}
