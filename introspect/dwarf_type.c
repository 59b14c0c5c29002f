/*
 * From DIEs to nodes. Each type is made once, known by the place of its DIE, and filled later from a
 * queue: so cycles close by themselves, and no file, however deeply its types nest, makes this
 * recurse. A table says which function fills a node of which tag; what is in no row is OPAQUE.
 */
#include <string.h>

#include "introspect/dwarf_in.h"

enum { MAX_DIMENSIONS = 16 };

static struct memo *
memo_slot(struct memo *memo, size_t size, uint64_t key)
{
	size_t i = (size_t)(key * 0x9e3779b97f4a7c15 >> 20) & (size - 1);

	while (memo[i].node && memo[i].key != key)
		i = (i + 1) & (size - 1);
	return &memo[i];
}

static void
memo_grow(struct dw *dw)
{
	size_t size = dw->memo_size ? dw->memo_size * 2 : 256;
	struct memo *memo = twz_new_array(dw->arena, size, struct memo);

	for (size_t i = 0; i < dw->memo_size; i++)
		if (dw->memo[i].node)
			*memo_slot(memo, size, dw->memo[i].key) = dw->memo[i];
	dw->memo = memo;
	dw->memo_size = size;
}

/* The node of the DIE at @key, made and queued when it is met for the first time. */
static struct node *
node_at(struct dw *dw, uint64_t key)
{
	struct memo *slot;

	if (dw->memo_used * 2 >= dw->memo_size)
		memo_grow(dw);
	slot = memo_slot(dw->memo, dw->memo_size, key);
	if (slot->node)
		return slot->node;
	*slot = (struct memo){ key, node_new(&dw->nodes, TWZ_OPAQUE) };
	dw->memo_used++;
	twz_push(dw->arena, dw->queue, dw->queue_n, *slot);
	return slot->node;
}

static bool
is_qualifier(Dwarf_Half tag)
{
	return tag == DW_TAG_const_type || tag == DW_TAG_volatile_type ||
	       tag == DW_TAG_restrict_type || tag == DW_TAG_packed_type;
}

const struct twz_type *
dw_type_of(struct dw *dw, Dwarf_Die die)
{
	DW_DIE type = NULL;

	if (!dw_has(dw, die, DW_AT_type))
		return &twz_type_void;
	if (!dw_follow(dw, die, DW_AT_type, &type))
		return &node_new(&dw->nodes, TWZ_OPAQUE)->type;
	for (int i = 0; i < DW_MAX_CHAIN && is_qualifier(dw_tag(dw, type)); i++) {
		if (!dw_has(dw, type, DW_AT_type))
			return &twz_type_void;
		dw_origin(dw, &type, DW_AT_signature);
		Dwarf_Die next = NULL;

		if (!dw_follow(dw, type, DW_AT_type, &next))
			break;
		dwarf_dealloc_die(type);
		type = next;
	}
	return &node_at(dw, dw_key(dw, type))->type;
}

/* Whether what @die's DW_AT_type names is const, also through typedefs. */
static bool
points_to_const(struct dw *dw, Dwarf_Die die)
{
	DW_DIE at = NULL;

	if (!dw_has(dw, die, DW_AT_type) || !dw_follow(dw, die, DW_AT_type, &at))
		return false;
	for (int i = 0; i < DW_MAX_CHAIN; i++) {
		Dwarf_Half tag = dw_tag(dw, at);
		Dwarf_Die next = NULL;

		if (tag == DW_TAG_const_type)
			return true;
		if ((!is_qualifier(tag) && tag != DW_TAG_typedef) || !dw_has(dw, at, DW_AT_type) ||
		    !dw_follow(dw, at, DW_AT_type, &next))
			return false;
		dwarf_dealloc_die(at);
		at = next;
	}
	return false;
}

/* DW_AT_byte_size; false when there is none or it is out of all bounds. */
static bool
read_size(struct dw *dw, Dwarf_Die die, uint32_t *ret)
{
	int64_t size;

	if (!dw_number(dw, die, DW_AT_byte_size, &size) || size < 0 || size > MAX_TYPE_SIZE)
		return false;
	*ret = (uint32_t)size;
	return true;
}

/* -- basic types and pointers ----------------------------------------------------------------------- */

/* encoding, kind, the sizes it may have as bits of a mask, signedness */
static const struct {
	int64_t encoding;
	enum twz_kind kind;
	uint32_t sizes;
	bool is_signed;
} encodings[] = {
	{ DW_ATE_boolean, TWZ_BOOL, 1, false },
	{ DW_ATE_signed, TWZ_INT, 1 | 2 | 4 | 8 | 16, true },
	{ DW_ATE_unsigned, TWZ_INT, 1 | 2 | 4 | 8 | 16, false },
	{ DW_ATE_signed_char, TWZ_INT, 1, true },
	{ DW_ATE_unsigned_char, TWZ_INT, 1, false },
	{ DW_ATE_UTF, TWZ_INT, 1 | 2 | 4, false },
	{ DW_ATE_float, TWZ_FLOAT, 4 | 8 | 16, true },
};

static void
fill_base(struct dw *dw, Dwarf_Die die, struct node *node)
{
	const char *name = type_base_name(dw_name(dw, die));
	int64_t encoding = 0;
	uint32_t size = 0;

	node_opaque(node, name);
	if (!dw_number(dw, die, DW_AT_encoding, &encoding) || !read_size(dw, die, &size))
		return;
	for (size_t i = 0; i < TWZ_COUNT(encodings); i++) {
		if (encodings[i].encoding != encoding || size & (size - 1) ||
		    !(encodings[i].sizes & size))
			continue;
		node->type = (struct twz_type){
			.kind = strcmp(name, "char") ? encodings[i].kind : TWZ_CHAR,
			.is_signed = encodings[i].is_signed,
			.size = size, .align = size, .name = name,
		};
	}
}

static void
fill_pointer(struct dw *dw, Dwarf_Die die, struct node *node)
{
	node->type = (struct twz_type){
		.kind = TWZ_POINTER, .name = "", .size = sizeof(void *), .align = sizeof(void *),
		.target = dw_type_of(dw, die), .is_const = points_to_const(dw, die),
	};
}

static void
fill_typedef(struct dw *dw, Dwarf_Die die, struct node *node)
{
	node->type = (struct twz_type){
		.kind = TWZ_TYPEDEF, .name = dw_name(dw, die), .target = dw_type_of(dw, die),
	};
}

/* -- arrays ----------------------------------------------------------------------------------------- */

/* Elements of one dimension; 0 for a flexible one, false for one that is only known at run time. */
static bool
dimension(struct dw *dw, Dwarf_Die range, uint64_t *ret)
{
	int64_t n;

	*ret = 0;
	if (dw_has(dw, range, DW_AT_count)) {
		if (!dw_number(dw, range, DW_AT_count, &n) || n < 0)
			return false;
		*ret = (uint64_t)n;
	} else if (dw_has(dw, range, DW_AT_upper_bound)) {
		if (!dw_number(dw, range, DW_AT_upper_bound, &n))
			return false;
		*ret = (uint64_t)n + 1;
	}
	return true;
}

static void
make_array(struct node *node, const struct twz_type *element, uint64_t count)
{
	node->type = (struct twz_type){
		.kind = TWZ_ARRAY, .name = "", .target = element, .count = count,
	};
}

static void
fill_array(struct dw *dw, Dwarf_Die die, struct node *node)
{
	const struct twz_type *element;
	uint64_t counts[MAX_DIMENSIONS] = { 0 };
	DW_DIE child = NULL;
	size_t n = 0;

	node_opaque(node, "array of unknown size");
	if (dw_flag(dw, die, DW_AT_GNU_vector)) {
		node_opaque(node, "vector type");
		return;
	}
	for (bool more = dw_child(dw, die, &child); more; more = dw_sibling(dw, &child)) {
		if (dw_tag(dw, child) != DW_TAG_subrange_type)
			continue;
		if (n == MAX_DIMENSIONS || !dimension(dw, child, &counts[n++]))
			return;
	}
	element = dw_type_of(dw, die);
	while (n > 1) {
		struct node *inner = node_new(&dw->nodes, TWZ_ARRAY);

		make_array(inner, element, counts[--n]);
		element = &inner->type;
	}
	make_array(node, element, counts[0]);
}

/* -- definitions of what is only declared here ------------------------------------------------------ */

static bool
is_tagged(Dwarf_Half tag)
{
	return tag == DW_TAG_structure_type || tag == DW_TAG_union_type ||
	       tag == DW_TAG_class_type || tag == DW_TAG_enumeration_type;
}

static int
by_definition(const void *a, const void *b)
{
	const struct definition *d = a, *e = b;
	int order = strcmp(d->name, e->name);

	return order ? order : (int)d->tag - (int)e->tag;
}

static void
find_definitions(struct dw *dw)
{
	struct dw_unit unit = { 0 };

	dw->have_definitions = true;
	while (dw_next_unit(dw, &unit)) {
		DW_DIE child = NULL;

		for (bool more = unit.die && dw_child(dw, unit.die, &child); more;
		     more = dw_sibling(dw, &child)) {
			Dwarf_Half tag = dw_tag(dw, child);

			if (!is_tagged(tag) || dw_flag(dw, child, DW_AT_declaration) ||
			    !dw_has(dw, child, DW_AT_name))
				continue;
			twz_push(dw->arena, dw->definitions, dw->ndefinitions, ((struct definition){
				dw_name(dw, child), tag, dw_key(dw, child) }));
		}
	}
	if (dw->ndefinitions)
		qsort(dw->definitions, dw->ndefinitions, sizeof(*dw->definitions), by_definition);
}

/*
 * If @die is a declaration, the definition: by its type unit's signature, else one of the same tag and
 * name in any unit of the file. False when it stays a declaration.
 */
static bool
define(struct dw *dw, Dwarf_Die *die)
{
	struct definition key = { dw_name(dw, *die), dw_tag(dw, *die), 0 };
	const struct definition *found = NULL;
	Dwarf_Die next = NULL;

	dw_origin(dw, die, DW_AT_signature);
	if (!dw_flag(dw, *die, DW_AT_declaration))
		return true;
	if (!dw->have_definitions)
		find_definitions(dw);
	if (*key.name && dw->ndefinitions)
		found = bsearch(&key, dw->definitions, dw->ndefinitions, sizeof(key), by_definition);
	if (!found || !dw_die_at(dw, found->key, &next))
		return false;
	dwarf_dealloc_die(*die);
	*die = next;
	return true;
}

/* -- structs, unions, enums ------------------------------------------------------------------------- */

/* The offset of a field in DWARF 2 is an expression: "add this constant". */
static bool
expression_offset(struct dw *dw, Dwarf_Die die, uint64_t *ret)
{
	Dwarf_Error error = NULL;
	DW_ATTR attr = NULL;
	Dwarf_Block *block = NULL;
	const uint8_t *bytes;
	bool ok = false;

	if (!dw_attr(dw, die, DW_AT_data_member_location, &attr) ||
	    !dw_fine(dw, dwarf_formblock(attr, &block, &error), error))
		return false;
	bytes = block->bl_data;
	*ret = 0;
	for (Dwarf_Unsigned i = 1; i < block->bl_len && i < 6 && *bytes == DW_OP_plus_uconst; i++) {
		*ret |= (uint64_t)(bytes[i] & 0x7f) << 7 * (i - 1);
		ok = !(bytes[i] & 0x80) && i + 1 == block->bl_len;
	}
	dwarf_dealloc(dw->dbg, block, DW_DLA_BLOCK);
	return ok;
}

/*
 * Where a bit-field lies, in bits from the start of the struct. DWARF 3 and older count from the most
 * significant bit of the storage unit.
 */
static bool
bit_place(struct dw *dw, Dwarf_Die die, struct twz_member *m, uint64_t *ret)
{
	int64_t at, bits = m->bit_size, unit;
	uint32_t size;

	if (dw_number(dw, die, DW_AT_data_bit_offset, &at)) {
		*ret = (uint64_t)at;
		return at >= 0;
	}
	if (!dw_number(dw, die, DW_AT_bit_offset, &at) || !read_size(dw, die, &size))
		return false;
	unit = (int64_t)size * 8 + (int64_t)m->offset * 8;
	*ret = (uint64_t)(unit - at - bits);
	return at <= unit && unit - at - bits >= 0;
}

/*
 * Says where the bits are in terms of the unit that C would read: aligned to the field's type when the
 * bits fit in there, else from the byte where they begin.
 */
static void
set_bits(struct dw *dw, struct twz_member *m, Dwarf_Die die, uint64_t place)
{
	DW_DIE type = NULL;
	uint32_t size = 0;
	uint64_t unit;

	if (dw_follow(dw, die, DW_AT_type, &type)) {
		for (int i = 0; i < DW_MAX_CHAIN && !read_size(dw, type, &size); i++) {
			Dwarf_Die next = NULL;

			if (!dw_follow(dw, type, DW_AT_type, &next))
				break;
			dwarf_dealloc_die(type);
			type = next;
		}
	}
	unit = size ? (uint64_t)size * 8 : 8;
	if (place % unit + m->bit_size > unit)
		unit = 8;
	m->offset = place / unit * (unit / 8);
	m->bit_offset = (uint16_t)(place % unit);
}

static bool
read_field(struct dw *dw, Dwarf_Die die, struct twz_member *m)
{
	int64_t n;
	uint64_t place;

	*m = (struct twz_member){ .name = dw_name(dw, die), .type = dw_type_of(dw, die) };
	if (dw_number(dw, die, DW_AT_data_member_location, &n))
		m->offset = (uint64_t)n;
	else if (dw_has(dw, die, DW_AT_data_member_location) &&
		 !expression_offset(dw, die, &m->offset))
		return false;
	if (m->offset > MAX_TYPE_SIZE)
		return false;
	if (!dw_number(dw, die, DW_AT_bit_size, &n))
		return true;
	if (n <= 0 || n > 64)
		return false;
	m->bit_size = (uint16_t)n;
	if (!bit_place(dw, die, m, &place) || place > (uint64_t)MAX_TYPE_SIZE * 8)
		return false;
	set_bits(dw, m, die, place);
	return true;
}

/*
 * Whether a member function of C++ makes its class one that is passed by the address of a copy: a
 * destructor, or a constructor from a reference, that somebody wrote.
 */
static bool
makes_special(struct dw *dw, Dwarf_Die function, const char *class_name)
{
	const char *name = dw_name(dw, function);
	DW_DIE param = NULL;

	if (dw_flag(dw, function, DW_AT_artificial))
		return false;
	if (*name == '~' || strcmp(name, class_name))
		return *name == '~';
	for (bool more = dw_child(dw, function, &param); more; more = dw_sibling(dw, &param)) {
		DW_DIE type = NULL;
		Dwarf_Half tag;

		if (!dw_has(dw, param, DW_AT_type) || !dw_follow(dw, param, DW_AT_type, &type))
			continue;
		tag = dw_tag(dw, type);
		if (tag == DW_TAG_reference_type || tag == DW_TAG_rvalue_reference_type)
			return true;
	}
	return false;
}

/* Adds the fields below @die. False when it is more than a C struct or cannot be read. */
static bool
read_fields(struct dw *dw, Dwarf_Die die, struct node *node)
{
	struct twz_member *members = NULL;
	DW_DIE child = NULL;
	size_t n = 0;

	for (bool more = dw_child(dw, die, &child); more; more = dw_sibling(dw, &child)) {
		Dwarf_Half tag = dw_tag(dw, child);
		struct twz_member m;

		if (tag == DW_TAG_inheritance || tag == DW_TAG_variant_part ||
		    dw_has(dw, child, DW_AT_vtable_elem_location) ||
		    (tag == DW_TAG_subprogram && makes_special(dw, child, node->type.name)))
			return false;
		if (tag != DW_TAG_member || dw_flag(dw, child, DW_AT_external) ||
		    dw_flag(dw, child, DW_AT_declaration))
			continue;
		if (n == MAX_MEMBERS || !read_field(dw, child, &m))
			return false;
		twz_push(dw->arena, members, n, m);
	}
	node_members(node, members, n);
	return true;
}

static void
fill_struct(struct dw *dw, Dwarf_Die die, struct node *node)
{
	const char *name = dw_name(dw, die);
	bool is_union = dw_tag(dw, die) == DW_TAG_union_type;
	DW_DIE at = NULL;
	int64_t convention = 0, align = 0;
	uint32_t size = 0;

	node_opaque(node, name);
	if (!dw_die_at(dw, dw_key(dw, die), &at) || !define(dw, &at) || !read_size(dw, at, &size))
		return;
	/* Passed by the address of a copy, which a C caller would not do. */
	if (dw_number(dw, at, DW_AT_calling_convention, &convention) &&
	    convention == DW_CC_pass_by_reference)
		return;
	dw_number(dw, at, DW_AT_alignment, &align);
	if (align < 0 || align > 4096 || align & (align - 1))
		align = 0;
	node->type = (struct twz_type){
		.kind = is_union ? TWZ_UNION : TWZ_STRUCT, .name = dw_name(dw, at), .size = size,
		.align = (uint32_t)align,
	};
	if (!read_fields(dw, at, node))
		node_opaque(node, name);
}

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
is_signed_enum(struct dw *dw, Dwarf_Die die, const struct twz_member *members, size_t n)
{
	DW_DIE type = NULL;
	int64_t encoding = 0;

	if (dw_follow(dw, die, DW_AT_type, &type)) {
		for (int i = 0; i < DW_MAX_CHAIN && !dw_has(dw, type, DW_AT_encoding); i++) {
			Dwarf_Die next = NULL;

			if (!dw_follow(dw, type, DW_AT_type, &next))
				break;
			dwarf_dealloc_die(type);
			type = next;
		}
		if (dw_number(dw, type, DW_AT_encoding, &encoding))
			return encoding == DW_ATE_signed || encoding == DW_ATE_signed_char;
	}
	for (size_t i = 0; i < n; i++)
		if (members[i].value < 0)
			return true;
	return false;
}

static void
fill_enum(struct dw *dw, Dwarf_Die die, struct node *node)
{
	struct twz_member *members = NULL;
	DW_DIE at = NULL, child = NULL;
	uint32_t size = 0;
	size_t n = 0;

	node_opaque(node, dw_name(dw, die));
	if (!dw_die_at(dw, dw_key(dw, die), &at) || !define(dw, &at) || !read_size(dw, at, &size) ||
	    !size || size > 8 || size & (size - 1))
		return;
	for (bool more = dw_child(dw, at, &child); more && n < MAX_MEMBERS;
	     more = dw_sibling(dw, &child)) {
		struct twz_member m = { .name = dw_name(dw, child) };

		if (dw_tag(dw, child) == DW_TAG_enumerator &&
		    dw_number(dw, child, DW_AT_const_value, &m.value))
			twz_push(dw->arena, members, n, m);
	}
	node->type = (struct twz_type){
		.kind = TWZ_ENUM, .name = dw_name(dw, at), .size = size, .align = size,
		.is_signed = is_signed_enum(dw, at, members, n),
	};
	for (size_t i = 0; i < n; i++)
		members[i].value = cut(members[i].value, &node->type);
	node_members(node, members, n);
}

struct node *
dw_function_type(struct dw *dw, Dwarf_Die die)
{
	return node_at(dw, dw_key(dw, die));
}

/* -- all of them ------------------------------------------------------------------------------------ */

static const struct {
	Dwarf_Half tag;
	void (*fill)(struct dw *dw, Dwarf_Die die, struct node *node);
} fillers[] = {
	{ DW_TAG_base_type, fill_base },
	{ DW_TAG_pointer_type, fill_pointer },
	{ DW_TAG_typedef, fill_typedef },
	{ DW_TAG_structure_type, fill_struct },
	{ DW_TAG_class_type, fill_struct },
	{ DW_TAG_union_type, fill_struct },
	{ DW_TAG_enumeration_type, fill_enum },
	{ DW_TAG_array_type, fill_array },
	{ DW_TAG_subroutine_type, dw_fill_function },
	{ DW_TAG_subprogram, dw_fill_function },
};

/* What else there is, by the words that tell a reader why it cannot cross. */
static const struct { Dwarf_Half tag; const char *name; } foreign[] = {
	{ DW_TAG_reference_type, "C++ reference" },
	{ DW_TAG_rvalue_reference_type, "C++ reference" },
	{ DW_TAG_ptr_to_member_type, "C++ pointer to member" },
	{ DW_TAG_atomic_type, "_Atomic type" },
	{ DW_TAG_unspecified_type, "unspecified type" },
};

void
dw_fill(struct dw *dw)
{
	for (size_t i = 0; i < dw->queue_n; i++) {
		struct memo work = dw->queue[i];
		DW_DIE die = NULL;
		Dwarf_Half tag;

		if (dw->nodes.n >= MAX_NODES) {
			dw->partial = true;
			return;
		}
		if (!dw_die_at(dw, work.key, &die))
			continue;
		tag = dw_tag(dw, die);
		node_opaque(work.node, "type that twz does not know");
		for (size_t k = 0; k < TWZ_COUNT(foreign); k++)
			if (foreign[k].tag == tag)
				work.node->type.name = foreign[k].name;
		for (size_t k = 0; k < TWZ_COUNT(fillers); k++)
			if (fillers[k].tag == tag)
				fillers[k].fill(dw, die, work.node);
	}
}
