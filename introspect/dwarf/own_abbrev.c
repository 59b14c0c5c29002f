/*
 * Tables of abbreviations. Each is read once, however many units share it, and prepared for what is
 * done a million times: getting behind a DIE without looking at it. For that an abbreviation is one
 * number of bytes, or a few steps of "so many bytes, then one thing whose size the DIE tells".
 */
#include "introspect/dwarf/own.h"

enum {
	TOP_BYTES = 256,	/* in which a top DIE's abbreviation is looked for without counting */
	MAX_BYTES = 1 << 24,	/* of one DIE's attributes of known size */
	STEPS = 512, ABBREVS = 256,
};

/* A table in the making: arrays on the stack until they are too small. */
struct maker {
	struct own_format format;
	const unsigned char *text, *section_end;
	bool sparse;			/* the codes are not 1, 2, 3, … */
	struct own_step *steps;
	struct own_abbrev *abbrevs;
	struct own_code *codes;
	size_t nsteps, nabbrevs, steps_size, abbrevs_size;
	void *steps_heap, *abbrevs_heap, *codes_heap;
	struct own_step steps_stack[STEPS];
	struct own_abbrev abbrevs_stack[ABBREVS];
	struct own_code codes_stack[ABBREVS];
};

#define FORM(class, bytes) { OWN_##class, bytes }
const struct own_form own_forms[OWN_FORMS] = {
	[0] = FORM(NOTHING, OWN_BAD), [2] = FORM(NOTHING, OWN_BAD),
	[DW_FORM_addr] = FORM(ADDRESS, OWN_BY_ADDRESS),
	[DW_FORM_block2] = FORM(BLOCK, OWN_BLOCK2),
	[DW_FORM_block4] = FORM(BLOCK, OWN_BLOCK4),
	[DW_FORM_data2] = FORM(CONSTANT, 2),
	[DW_FORM_data4] = FORM(CONSTANT, 4),
	[DW_FORM_data8] = FORM(CONSTANT, 8),
	[DW_FORM_string] = FORM(TEXT, OWN_NUL),
	[DW_FORM_block] = FORM(BLOCK, OWN_BLOCK_LEB),
	[DW_FORM_block1] = FORM(BLOCK, OWN_BLOCK1),
	[DW_FORM_data1] = FORM(CONSTANT, 1),
	[DW_FORM_flag] = FORM(FLAG, 1),
	[DW_FORM_sdata] = FORM(CONSTANT, OWN_SLEB),
	[DW_FORM_strp] = FORM(TEXT_OFFSET, OWN_BY_OFFSET),
	[DW_FORM_udata] = FORM(CONSTANT, OWN_LEB),
	[DW_FORM_ref_addr] = FORM(REF_FILE, OWN_BY_REF_ADDR),
	[DW_FORM_ref1] = FORM(REF_UNIT, 1),
	[DW_FORM_ref2] = FORM(REF_UNIT, 2),
	[DW_FORM_ref4] = FORM(REF_UNIT, 4),
	[DW_FORM_ref8] = FORM(REF_UNIT, 8),
	[DW_FORM_ref_udata] = FORM(REF_UNIT, OWN_LEB),
	[DW_FORM_indirect] = FORM(NOTHING, OWN_INDIRECT),
	[DW_FORM_sec_offset] = FORM(SECTION, OWN_BY_OFFSET),
	[DW_FORM_exprloc] = FORM(BLOCK, OWN_BLOCK_LEB),
	[DW_FORM_flag_present] = FORM(FLAG, 0),
	[DW_FORM_strx] = FORM(TEXT_INDEX, OWN_LEB),
	[DW_FORM_addrx] = FORM(ADDRESS_INDEX, OWN_LEB),
	[DW_FORM_ref_sup4] = FORM(REF_ALTERNATE, 4),
	[DW_FORM_strp_sup] = FORM(TEXT_ALTERNATE, OWN_BY_OFFSET),
	[DW_FORM_data16] = FORM(NOTHING, 16),
	[DW_FORM_line_strp] = FORM(TEXT_LINE, OWN_BY_OFFSET),
	[DW_FORM_ref_sig8] = FORM(REF_TYPE, 8),
	[DW_FORM_implicit_const] = FORM(CONSTANT, OWN_IMPLICIT),
	[DW_FORM_loclistx] = FORM(LIST_INDEX, OWN_LEB),
	[DW_FORM_rnglistx] = FORM(LIST_INDEX, OWN_LEB),
	[DW_FORM_ref_sup8] = FORM(REF_ALTERNATE, 8),
	[DW_FORM_strx1] = FORM(TEXT_INDEX, 1),
	[DW_FORM_strx2] = FORM(TEXT_INDEX, 2),
	[DW_FORM_strx3] = FORM(TEXT_INDEX, 3),
	[DW_FORM_strx4] = FORM(TEXT_INDEX, 4),
	[DW_FORM_addrx1] = FORM(ADDRESS_INDEX, 1),
	[DW_FORM_addrx2] = FORM(ADDRESS_INDEX, 2),
	[DW_FORM_addrx3] = FORM(ADDRESS_INDEX, 3),
	[DW_FORM_addrx4] = FORM(ADDRESS_INDEX, 4),
};

/* Attributes by their number, plus one; 0: of no use. Those above are in own_gnu_attr(). */
const uint8_t own_attrs[OWN_ATTRS] = {
#define ATTR(attr, ours) [DW_AT_##attr] = ours + 1
	ATTR(sibling, OWN_SIBLING),
	ATTR(name, DIE_NAME), ATTR(comp_dir, DIE_COMP_DIR), ATTR(producer, DIE_PRODUCER),
	ATTR(linkage_name, DIE_LINKAGE_NAME), ATTR(dwo_name, DIE_DWO_NAME),
	ATTR(type, DIE_TYPE), ATTR(abstract_origin, DIE_ORIGIN),
	ATTR(specification, DIE_SPECIFICATION), ATTR(signature, DIE_SIGNATURE),
	ATTR(import, DIE_IMPORT), ATTR(containing_type, DIE_CONTAINING_TYPE),
	ATTR(low_pc, DIE_LOW_PC), ATTR(high_pc, DIE_HIGH_PC), ATTR(byte_size, DIE_BYTE_SIZE),
	ATTR(bit_size, DIE_BIT_SIZE), ATTR(encoding, DIE_ENCODING), ATTR(alignment, DIE_ALIGNMENT),
	ATTR(data_member_location, DIE_MEMBER_LOCATION),
	ATTR(data_bit_offset, DIE_DATA_BIT_OFFSET), ATTR(bit_offset, DIE_BIT_OFFSET),
	ATTR(count, DIE_COUNT), ATTR(upper_bound, DIE_UPPER_BOUND), ATTR(lower_bound, DIE_LOWER_BOUND),
	ATTR(const_value, DIE_CONST_VALUE), ATTR(decl_file, DIE_DECL_FILE),
	ATTR(decl_line, DIE_DECL_LINE), ATTR(calling_convention, DIE_CALLING_CONVENTION),
	ATTR(language, DIE_LANGUAGE), ATTR(byte_stride, DIE_BYTE_STRIDE),
	ATTR(bit_stride, DIE_BIT_STRIDE), ATTR(inline, DIE_INLINE),
	ATTR(accessibility, DIE_ACCESSIBILITY), ATTR(endianity, DIE_ENDIANITY),
	ATTR(ranges, DIE_RANGES), ATTR(external, DIE_EXTERNAL), ATTR(declaration, DIE_DECLARATION),
	ATTR(prototyped, DIE_PROTOTYPED), ATTR(artificial, DIE_ARTIFICIAL),
	ATTR(noreturn, DIE_NORETURN), ATTR(vtable_elem_location, DIE_VTABLE_ELEM),
	ATTR(explicit, DIE_EXPLICIT), ATTR(defaulted, DIE_DEFAULTED), ATTR(deleted, DIE_DELETED),
	ATTR(object_pointer, DIE_OBJECT_POINTER), ATTR(enum_class, DIE_ENUM_CLASS),
	ATTR(str_offsets_base, OWN_STR_OFFSETS_BASE), ATTR(addr_base, OWN_ADDR_BASE),
	ATTR(rnglists_base, OWN_RNGLISTS_BASE), ATTR(stmt_list, OWN_STMT_LIST),
#undef ATTR
};

unsigned
own_gnu_attr(uint64_t name)
{
	switch (name) {
	case DW_AT_MIPS_linkage_name:
		return DIE_LINKAGE_NAME;
	case DW_AT_GNU_vector:
		return DIE_GNU_VECTOR;
	case DW_AT_GNU_dwo_name:
		return DIE_DWO_NAME;
	case DW_AT_GNU_dwo_id:
		return OWN_DWO_ID;
	case DW_AT_GNU_addr_base:
		return OWN_ADDR_BASE;
	case DW_AT_GNU_ranges_base:
		return OWN_RANGES_BASE;
	default:
		return OWN_OTHER;
	}
}

const struct own_form *
own_gnu_form(uint64_t form)
{
	static const struct own_form ref = FORM(REF_ALTERNATE, OWN_BY_OFFSET);

	switch (form) {
	case DW_FORM_GNU_addr_index:
		return &own_forms[DW_FORM_addrx];
	case DW_FORM_GNU_str_index:
		return &own_forms[DW_FORM_strx];
	case DW_FORM_GNU_strp_alt:
		return &own_forms[DW_FORM_strp_sup];
	case DW_FORM_GNU_ref_alt:
		return &ref;
	default:
		return &own_forms[0];
	}
}

/* -- making tables --------------------------------------------------------------------------------- */

/* The items, moved from the stack to the heap or to a bigger place there. */
static void *
grow(void *items, size_t n, size_t *size, void **heap, size_t item)
{
	void *bigger = reallocarray(*heap, *size * 2, item);

	if (!bigger)
		abort();
	if (!*heap)
		memcpy(bigger, items, n * item);
	*size *= 2;
	return *heap = bigger;
}

static inline void
add_step(struct maker *m, struct own_step step)
{
	if (m->nsteps == m->steps_size)
		m->steps = grow(m->steps, m->nsteps, &m->steps_size, &m->steps_heap, sizeof(step));
	m->steps[m->nsteps++] = step;
}

static void
add_abbrev(struct maker *m, uint64_t code, struct own_abbrev abbrev)
{
	size_t size = m->abbrevs_size;

	if (m->nabbrevs == size) {
		m->codes = grow(m->codes, size, &size, &m->codes_heap, sizeof(*m->codes));
		m->abbrevs = grow(m->abbrevs, m->nabbrevs, &m->abbrevs_size, &m->abbrevs_heap,
				  sizeof(abbrev));
	}
	m->codes[m->nabbrevs] = (struct own_code){ code, (uint32_t)m->nabbrevs };
	m->abbrevs[m->nabbrevs++] = abbrev;
	m->sparse |= code != m->nabbrevs;
}

/* Adds the way behind one attribute; @bytes: those of known sizes since the last step. */
static inline bool
make_step(struct maker *m, struct own_bytes *b, struct own_abbrev *abbrev, uint64_t name,
	  uint64_t form, uint64_t *bytes)
{
	enum own_class cls;
	int size = own_form(form, &m->format, &cls);
	bool sibling = name == DW_AT_sibling && cls == OWN_REF_UNIT;
	uint64_t ignored;

	if (name == DW_AT_low_pc || name == DW_AT_ranges)
		abbrev->flags |= OWN_LOCATED | OWN_LINKED;
	if (name == DW_AT_external || name == DW_AT_specification)
		abbrev->flags |= OWN_LINKED;
	if (size >= 0 && !sibling) {
		*bytes += (unsigned)size;
		return *bytes < MAX_BYTES;
	}
	if (size == OWN_IMPLICIT)
		return own_leb(b, true, &ignored);
	abbrev->flags &= (uint8_t)~OWN_PLAIN;
	add_step(m, (struct own_step){ (uint32_t)*bytes, (int8_t)size, sibling });
	*bytes = 0;
	return true;
}

/* The sibling is the only thing between attributes of known sizes: one look will do. */
static void
make_jump(struct own_abbrev *abbrev, const struct own_step *steps, size_t n)
{
	if (n != 2 || !steps[0].sibling || steps[0].size != 4 || steps[0].n > UINT8_MAX)
		return;
	abbrev->flags |= OWN_JUMP;
	abbrev->jump = (uint8_t)steps[0].n;
	abbrev->bytes = steps[0].n + 4 + steps[1].n;
}

/* Reads one abbreviation behind its code. False when it is damaged. */
static bool
make_abbrev(struct maker *m, struct own_bytes *b, uint64_t code)
{
	struct own_abbrev abbrev = {
		.flags = OWN_PLAIN, .step = (uint32_t)m->nsteps,
	};
	uint64_t tag, children, name, form, bytes = 0;

	if (!own_uleb(b, &tag) || !own_fixed(b, 1, &children))
		return false;
	abbrev.tag = tag < UINT16_MAX ? (uint16_t)tag : UINT16_MAX;
	if (children == DW_CHILDREN_yes)
		abbrev.flags |= OWN_CHILDREN;
	abbrev.text = (uint32_t)(b->at - m->text);
	for (;;) {
		if (!own_pair(b, &name, &form))
			return false;
		if (!name && !form)
			break;
		if (!make_step(m, b, &abbrev, name, form, &bytes))
			return false;
	}
	abbrev.bytes = (uint32_t)bytes;
	add_step(m, (struct own_step){ .n = (uint32_t)bytes });
	make_jump(&abbrev, &m->steps[abbrev.step], m->nsteps - abbrev.step);
	add_abbrev(m, code, abbrev);
	return true;
}

/* Gets behind an abbreviation without looking at it. */
static bool
skip_abbrev(struct own_bytes *b)
{
	uint64_t ignored, name, form;

	if (!own_uleb(b, &ignored) || !own_skip(b, 1))
		return false;
	do {
		if (!own_pair(b, &name, &form) ||
		    (form == DW_FORM_implicit_const && !own_leb(b, true, &ignored)))
			return false;
	} while (name || form);
	return true;
}

static void
make_begin(struct maker *m, const struct own_unit *unit)
{
	const struct elf_section *section = &unit->file->abbrev;

	memset(m, 0, offsetof(struct maker, steps_stack));
	m->format = unit->format;
	m->text = section->bytes + unit->abbrev_offset;
	m->section_end = section->bytes + section->n;
	m->steps = m->steps_stack;
	m->abbrevs = m->abbrevs_stack;
	m->codes = m->codes_stack;
	m->steps_size = STEPS;
	m->abbrevs_size = ABBREVS;
}

static void
make_end(struct maker *m)
{
	free(m->steps_heap);
	free(m->abbrevs_heap);
	free(m->codes_heap);
}

static int
by_code(const void *a, const void *b)
{
	const struct own_code *c = a, *d = b;

	if (c->code != d->code)
		return c->code < d->code ? -1 : 1;
	return c->abbrev < d->abbrev ? -1 : c->abbrev > d->abbrev;
}

/* Sorts the codes; of two abbreviations with one code the first stays. */
static size_t
sort_codes(struct own_code *codes, size_t n)
{
	size_t kept = 0;

	qsort(codes, n, sizeof(*codes), by_code);
	for (size_t i = 0; i < n; i++)
		if (!kept || codes[kept - 1].code != codes[i].code)
			codes[kept++] = codes[i];
	return kept;
}

static void *
keep(struct twz_arena *arena, const void *items, size_t n, size_t size)
{
	void *copy = twz_alloc_array(arena, n, size);

	if (n)
		memcpy(copy, items, n * size);
	return copy;
}

/* The finished table, copied to where it stays. */
static void
make_table(struct maker *m, struct twz_arena *arena, struct own_table *ret)
{
	size_t n = m->sparse ? sort_codes(m->codes, m->nabbrevs) : m->nabbrevs;

	*ret = (struct own_table){
		.abbrevs = keep(arena, m->abbrevs, m->nabbrevs, sizeof(*m->abbrevs)),
		.steps = keep(arena, m->steps, m->nsteps, sizeof(*m->steps)),
		.codes = m->sparse ? keep(arena, m->codes, n, sizeof(*m->codes)) : NULL,
		.text = m->text, .text_end = m->section_end, .n = n,
	};
}

/* Units may share tables or overlap them; together they do not make us read the section often. */
static bool
within_budget(struct own_file *file, uint64_t bytes)
{
	uint64_t left = atomic_load(&file->abbrev_budget);

	while (left >= bytes)
		if (atomic_compare_exchange_weak(&file->abbrev_budget, &left, left - bytes))
			return true;
	return false;
}

/* Reads the table; what is behind a damaged abbreviation is missing. */
static bool
read_table(struct maker *m, struct own_unit *unit)
{
	struct own_bytes b = { m->text, m->section_end };
	uint64_t code;

	for (;;) {
		const unsigned char *from = b.at;

		if (b.at == b.end)
			return true;
		if (!own_uleb(&b, &code))
			return false;
		if (!code)
			return true;
		if (!make_abbrev(m, &b, code) ||
		    !within_budget(unit->file, (uint64_t)(b.at - from)))
			return false;
	}
}

static uint64_t
table_key(const struct own_unit *unit)
{
	return unit->abbrev_offset << 8 | (unsigned)unit->format.address_size << 4 |
	       unit->format.offset_size >> 3 << 1 | (unit->format.version <= 2);
}

const struct own_table *
own_table(struct own_unit *unit, struct own_head *head)
{
	const struct own_table *table = atomic_load_explicit(&head->table, memory_order_acquire);
	struct own *own = unit->file->own;
	struct own_table *made;
	struct maker m;

	if (table)
		return table;
	pthread_mutex_lock(&own->lock);
	table = own_map_get(&unit->file->tables, table_key(unit));
	pthread_mutex_unlock(&own->lock);
	if (!table) {
		make_begin(&m, unit);
		if (!read_table(&m, unit))
			own_partial(own);
		pthread_mutex_lock(&own->lock);
		made = twz_new(&own->memory, struct own_table);
		make_table(&m, &own->memory, made);
		own_map_put(&own->memory, &unit->file->tables, table_key(unit), made);
		pthread_mutex_unlock(&own->lock);
		make_end(&m);
		table = made;
	}
	atomic_store_explicit(&head->table, table, memory_order_release);
	return table;
}

/* Whether the unit is one of several with this table: then it is better read as a whole. */
static bool
is_shared(const struct own_unit *unit)
{
	const struct own_file *file = unit->file;

	return (unit->index && unit[-1].abbrev_offset == unit->abbrev_offset) ||
	       (unit->index + 1u < file->nunits && unit[1].abbrev_offset == unit->abbrev_offset);
}

/* Looks for the abbreviation without making anything of those before it. */
static bool
find_one(struct maker *m, struct own_file *file, uint64_t code)
{
	struct own_bytes b = { m->text, m->section_end };
	uint64_t found;

	while (own_uleb(&b, &found) && found) {
		const unsigned char *from = b.at;

		if (found == code)
			return make_abbrev(m, &b, code);
		if (!skip_abbrev(&b) || (b.at - m->text > TOP_BYTES &&
					 !within_budget(file, (uint64_t)(b.at - from))))
			return false;
	}
	return false;
}

bool
own_table_one(struct own_unit *unit, uint64_t code, struct own_table *ret)
{
	struct own *own = unit->file->own;
	struct own_head head = { 0 };
	struct maker m;
	bool found;

	make_begin(&m, unit);
	found = !is_shared(unit) && find_one(&m, unit->file, code);
	if (found) {
		m.sparse = code != 1;
		pthread_mutex_lock(&own->lock);
		make_table(&m, &own->memory, ret);
		pthread_mutex_unlock(&own->lock);
	}
	make_end(&m);
	if (found)
		return true;
	*ret = *own_table(unit, &head);
	return own_abbrev(ret, code);
}
