/*
 * From DIEs to nodes. Each type is made once, known by the place of its DIE, and filled later from a
 * queue: so cycles close by themselves, and no file, however deeply its types nest, makes this
 * recurse. A table says which function fills a node of which tag; what is in no row is of the form
 * OTHER. Qualifiers are no types: they lie on the edges between them.
 */
#include <string.h>

#include "introspect/dwarf/reader_in.h"

enum { MAX_DIMENSIONS = 16 };

/* -- one node per DIE ------------------------------------------------------------------------------- */

/* No scattering: the types of a unit, which are looked for together, lie together. */
static struct memo *
memo_slot(struct memo *memo, size_t size, die_ref ref)
{
	size_t i = (size_t)(ref >> 2 ^ ref >> 44) & (size - 1);

	while (memo[i].node && memo[i].ref != ref)
		i = (i + 1) & (size - 1);
	return &memo[i];
}

static void
memo_grow(struct dw *dw)
{
	size_t size = dw->memo_size ? dw->memo_size * 2 : 1024;
	struct memo *memo = twz_new_array(dw->scratch, size, struct memo);

	for (size_t i = 0; i < dw->memo_size; i++)
		if (dw->memo[i].node)
			*memo_slot(memo, size, dw->memo[i].ref) = dw->memo[i];
	dw->memo = memo;
	dw->memo_size = size;
}

static void fill(struct dw *dw, const struct die *die, struct node *node);

/* The slot of @ref; its node is NULL when nobody met it before. */
static struct memo *
slot_at(struct dw *dw, die_ref ref)
{
	if (dw->memo_used * 3 >= dw->memo_size * 2)
		memo_grow(dw);
	return memo_slot(dw->memo, dw->memo_size, ref);
}

static struct node *
new_node(struct dw *dw, struct memo *slot, die_ref ref)
{
	struct node *node = node_new(&dw->nodes, TWZ_OPAQUE);

	node_opaque(node, TWZ_FORM_OTHER, "type that could not be read");
	*slot = (struct memo){ ref, node };
	dw->memo_used++;
	return node;
}

struct node *
dw_node_of(struct dw *dw, const struct die *die)
{
	struct memo *slot = slot_at(dw, die->ref);
	struct node *node = slot->node;

	if (node)
		return node;
	node = new_node(dw, slot, die->ref);
	if (dw->depth >= DW_MAX_DEPTH || dw->nodes.n >= MAX_NODES) {
		twz_push(dw->arena, dw->queue, dw->queue_n, ((struct memo){ die->ref, node }));
		return node;
	}
	dw->depth++;
	fill(dw, die, node);
	dw->depth--;
	return node;
}

struct node *
dw_node_at(struct dw *dw, die_ref ref)
{
	struct memo *slot = slot_at(dw, ref);
	struct die die;

	if (slot->node)
		return slot->node;
	return dw_die(dw, ref, &die) ? dw_node_of(dw, &die) : new_node(dw, slot, ref);
}

static uint8_t
qualifier(uint16_t tag)
{
	switch (tag) {
	case DW_TAG_const_type:
		return TWZ_CONST;
	case DW_TAG_volatile_type:
		return TWZ_VOLATILE;
	case DW_TAG_restrict_type:
		return TWZ_RESTRICT;
	case DW_TAG_atomic_type:
		return TWZ_ATOMIC;
	default:	/* a number of the file's, not a kind of ours */
		return 0;
	}
}

const struct twz_type *
dw_type_of(struct dw *dw, const struct die *die, uint8_t *quals)
{
	die_ref ref = die_to(die, DIE_TYPE);
	struct die type;

	*quals = 0;
	if (!ref && !die_has(die, DIE_TYPE) && !(die->odd >> DIE_TYPE & 1))
		return &twz_type_void;
	for (int i = 0; ref && i < DW_MAX_CHAIN; i++) {
		/* Most references go to types that are known already. */
		const struct node *node = slot_at(dw, ref)->node;

		if (node)
			return &node->type;
		if (!dw_die(dw, ref, &type))
			break;
		/* What stands for a type unit's type is that one. */
		if (die_has(&type, DIE_SIGNATURE) && type.tag != DW_TAG_subprogram) {
			ref = die_to(&type, DIE_SIGNATURE);
			continue;
		}
		if (!qualifier(type.tag) && type.tag != DW_TAG_packed_type)
			return &dw_node_of(dw, &type)->type;
		*quals |= qualifier(type.tag);
		if (!die_has(&type, DIE_TYPE) && !(type.odd >> DIE_TYPE & 1))
			return &twz_type_void;
		ref = die_to(&type, DIE_TYPE);
	}
	struct node *lost = node_new(&dw->nodes, TWZ_OPAQUE);

	node_opaque(lost, TWZ_FORM_OTHER, "type that could not be read");
	return &lost->type;
}

struct twz_member *
dw_members(struct dw *dw, const struct twz_member *members, size_t n)
{
	struct twz_member *copy = twz_new_array(dw->arena, n, struct twz_member);

	if (n)
		memcpy(copy, members, n * sizeof(*copy));
	return copy;
}

bool
dw_size(const struct die *die, uint32_t *ret)
{
	int64_t size;

	if (!die_number(die, DIE_BYTE_SIZE, &size) || size < 0 || size > MAX_TYPE_SIZE)
		return false;
	*ret = (uint32_t)size;
	return true;
}

/* -- basic types ------------------------------------------------------------------------------------ */

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

static bool
is_complex(int64_t encoding)
{
	return encoding == DW_ATE_complex_float || encoding == 0x80 /* GNU's complex integers */;
}

/* Names of formats of floating point that C calls so; others of 16 bytes are formats of their own. */
static bool
is_plain_float(const char *name, uint32_t size)
{
	return size < 16 || !strcmp(name, "long double");
}

static void
fill_base(struct dw *dw, const struct die *die, struct node *node)
{
	const char *name = type_base_name(dw_name(dw, die));
	int64_t encoding = 0, endianity = 0;
	uint32_t size = 0;

	node_opaque(node, TWZ_FORM_BASE, name);
	if (!die_number(die, DIE_ENCODING, &encoding) || !dw_size(die, &size))
		return;
	node->type.size = size;
	node->type.align = size && !(size & (size - 1)) ? size : 1;
	if (is_complex(encoding)) {
		node->type.form = TWZ_FORM_COMPLEX;
		node->type.name = type_complex_name(name, size);
		node->type.align = size > 1 ? size / 2 : 1;
		return;
	}
	if (!strcmp(name, "()") && !size) {	/* Rust's type without values */
		node->type = (struct twz_type){ .kind = TWZ_VOID, .name = "void" };
		return;
	}
	if ((die_number(die, DIE_ENDIANITY, &endianity) && endianity == DW_END_big) ||
	    die_has(die, DIE_BIT_SIZE))
		return;
	for (size_t i = 0; i < TWZ_COUNT(encodings); i++) {
		bool is_char = size == 1 && !strcmp(name, "char") &&
			       (encoding == DW_ATE_signed_char || encoding == DW_ATE_unsigned_char);

		if (encodings[i].encoding != encoding || size & (size - 1) ||
		    !(encodings[i].sizes & size) ||
		    (encodings[i].kind == TWZ_FLOAT && !is_plain_float(name, size)))
			continue;
		if (encoding == DW_ATE_UTF && !strcmp(name, "char"))	/* Rust's: a code point */
			name = "unsigned int";
		node->type = (struct twz_type){
			.kind = is_char ? TWZ_CHAR : encodings[i].kind,
			.is_signed = encodings[i].is_signed,
			.size = size, .align = size, .name = name,
		};
	}
}

/* -- pointers and what is like them ----------------------------------------------------------------- */

static void
fill_pointer(struct dw *dw, const struct die *die, struct node *node)
{
	uint8_t quals = 0;

	node->type = (struct twz_type){
		.kind = TWZ_POINTER, .name = "", .size = sizeof(void *), .align = sizeof(void *),
		.target = dw_type_of(dw, die, &quals),
	};
	node->type.quals = quals;
}

static void
fill_reference(struct dw *dw, const struct die *die, struct node *node)
{
	bool rvalue = die->tag == DW_TAG_rvalue_reference_type;

	fill_pointer(dw, die, node);
	node->type.kind = TWZ_OPAQUE;
	node->type.form = rvalue ? TWZ_FORM_RVALUE : TWZ_FORM_REFERENCE;
	node->type.name = "C++ reference";
	node->type.why = "a C++ reference";
}

/* A pointer to a member function is two words. */
static void
fill_member_pointer(struct dw *dw, const struct die *die, struct node *node)
{
	struct die target;

	fill_pointer(dw, die, node);
	if (dw_follow(dw, die, DIE_TYPE, &target) && target.tag == DW_TAG_subroutine_type)
		node->type.size = 2 * sizeof(void *);
	node->type.kind = TWZ_OPAQUE;
	node->type.form = TWZ_FORM_MEMBER;
	node->type.name = "C++ pointer to member";
	node->type.why = "a C++ pointer to a member";
}

static void
fill_typedef(struct dw *dw, const struct die *die, struct node *node)
{
	uint8_t quals = 0;
	int64_t align;

	node->type = (struct twz_type){ .kind = TWZ_TYPEDEF, .name = dw_name(dw, die) };
	node->type.target = dw_type_of(dw, die, &quals);
	node->type.quals = quals;
	if (die_number(die, DIE_ALIGNMENT, &align) && align > 0 && align <= MAX_ALIGN && !(align & (align - 1)))
		node->type.align = (uint32_t)align;
}

/* -- arrays ----------------------------------------------------------------------------------------- */

struct dimension {
	uint64_t count;		/* 0: flexible */
	bool running;		/* known only at run time */
};

static bool
known(const struct die *range, enum die_attr attr, struct dimension *d, int64_t *ret)
{
	if ((range->has | range->odd) >> attr & 1 && !die_number(range, attr, ret))
		d->running = true;
	return die_has(range, attr);
}

static struct dimension
dimension(const struct die *range)
{
	struct dimension d = { 0 };
	int64_t n = 0, lower = 0;

	if (known(range, DIE_COUNT, &d, &n)) {
		d.running |= n < 0;
		d.count = (uint64_t)n;
	} else if (!d.running && known(range, DIE_UPPER_BOUND, &d, &n)) {
		known(range, DIE_LOWER_BOUND, &d, &lower);
		/* One before the first is how some say "none"; 32 bits of ones how older ones did. */
		if (n == UINT32_MAX)
			n = -1;
		d.running |= n < lower - 1 && n != -1;
		d.count = (uint64_t)n - (uint64_t)lower + 1;
	}
	return d;
}

static void
make_array(struct node *node, const struct twz_type *element, uint8_t quals, struct dimension d)
{
	node->type = (struct twz_type){
		.kind = TWZ_ARRAY, .name = "", .target = element, .count = d.count, .quals = quals,
	};
	if (!d.running)
		return;
	node->type.kind = TWZ_OPAQUE;
	node->type.form = TWZ_FORM_VLA;
	node->type.name = "array of unknown size";
	node->type.count = 0;
	node->type.why = "an array whose length only running code knows";
}

static void
fill_array(struct dw *dw, const struct die *die, struct node *node)
{
	const uint64_t tags = TAG_BIT(DW_TAG_subrange_type) | TAG_BIT(DW_TAG_enumeration_type);
	const struct twz_type *element;
	struct dimension dimensions[MAX_DIMENSIONS] = { 0 };
	struct die range;
	uint8_t quals = 0;
	size_t n = 0;

	node_opaque(node, TWZ_FORM_OTHER, "array of unknown size");
	for (bool more = dw_child(dw, die, tags, &range); more; more = dw_next(dw, &range, tags)) {
		if (n == MAX_DIMENSIONS || range.tag != DW_TAG_subrange_type)
			return;
		dimensions[n++] = dimension(&range);
	}
	element = dw_type_of(dw, die, &quals);
	while (n > 1) {
		struct node *inner = node_new(&dw->nodes, TWZ_ARRAY);

		make_array(inner, element, quals, dimensions[--n]);
		element = &inner->type;
		quals = 0;
	}
	make_array(node, element, quals, dimensions[0]);
	if (!die_has(die, DIE_GNU_VECTOR) || node->type.kind != TWZ_ARRAY)
		return;
	node->type.kind = TWZ_OPAQUE;
	node->type.form = TWZ_FORM_VECTOR;
	node->type.name = "vector type";
	node->type.why = "a vector, which travels in a register of its own kind";
}

/* -- all of them ------------------------------------------------------------------------------------ */

static const struct {
	uint16_t tag;
	void (*fill)(struct dw *dw, const struct die *die, struct node *node);
} fillers[] = {
	{ DW_TAG_base_type, fill_base },
	{ DW_TAG_pointer_type, fill_pointer },
	{ DW_TAG_reference_type, fill_reference },
	{ DW_TAG_rvalue_reference_type, fill_reference },
	{ DW_TAG_ptr_to_member_type, fill_member_pointer },
	{ DW_TAG_typedef, fill_typedef },
	{ DW_TAG_template_alias, fill_typedef },
	{ DW_TAG_structure_type, dw_fill_struct },
	{ DW_TAG_class_type, dw_fill_struct },
	{ DW_TAG_union_type, dw_fill_struct },
	{ DW_TAG_enumeration_type, dw_fill_enum },
	{ DW_TAG_array_type, fill_array },
	{ DW_TAG_subroutine_type, dw_fill_function },
	{ DW_TAG_subprogram, dw_fill_function },
};

/* What else there is, in words that tell a reader why it cannot cross. */
static const struct { uint16_t tag; const char *name; } foreign[] = {
	{ DW_TAG_subrange_type, "range of another type" },
	{ DW_TAG_string_type, "string of another language" },
	{ DW_TAG_set_type, "set of another language" },
	{ DW_TAG_interface_type, "interface of another language" },
	{ DW_TAG_coarray_type, "coarray" },
	{ DW_TAG_dynamic_type, "type that only running code knows" },
};

static void
fill_foreign(struct dw *dw, const struct die *die, struct node *node)
{
	const char *name = die->tag == DW_TAG_unspecified_type ? dw_name(dw, die) : "";

	for (size_t k = 0; !*name && k < TWZ_COUNT(foreign); k++)
		if (foreign[k].tag == die->tag)
			name = foreign[k].name;
	node_opaque(node, TWZ_FORM_OTHER, *name ? name : "type that twz does not know");
}

static void
fill(struct dw *dw, const struct die *die, struct node *node)
{
	for (size_t k = 0; k < TWZ_COUNT(fillers); k++) {
		if (fillers[k].tag != die->tag)
			continue;
		fillers[k].fill(dw, die, node);
		return;
	}
	fill_foreign(dw, die, node);
}

void
dw_fill(struct dw *dw)
{
	for (; dw->queue_done < dw->queue_n; dw->queue_done++) {
		struct memo work = dw->queue[dw->queue_done];
		struct die die;

		if (dw->nodes.n >= MAX_NODES) {
			dw->partial = true;
			return;
		}
		if (dw_die(dw, work.ref, &die))
			fill(dw, &die, work.node);
	}
}
