/*
 * Abbreviations, made of their texts, each once. One is prepared for what is done a million times: getting behind
 * a DIE without looking at it, by a few steps of "so many bytes, then one thing whose size the DIE tells" (where one
 * number of bytes is enough, the table has it); and reading it, by a list of the attributes that are of use, with
 * the number of bytes between them.
 */
#include "introspect/dwarf/own_look.h"

enum {
	FEW = 64,		/* attributes; more are put together elsewhere than on the stack */
	BRIEF = 12,		/* fields of a brief look, with the end */
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

/* -- making one ------------------------------------------------------------------------------------- */

/* An abbreviation in the making. */
struct maker {
	struct own_format format;
	struct own_bytes b;		/* what is left of its text */
	struct own_abbrev made;
	struct own_step *steps;
	struct own_field *fields;
	size_t nsteps, nfields;
	uint64_t since_step, since_field;	/* bytes */
};

static void
add_step(struct maker *m, int size, bool sibling)
{
	m->steps[m->nsteps++] = (struct own_step){ (uint32_t)m->since_step, (int8_t)size, sibling };
	m->since_step = 0;
}

/* Whatever has this class for a number of known size, an index or a place, is asked about. */
static enum own_do
what_of_number(unsigned attr, enum own_class cls, int size)
{
	if (attr == DIE_LOW_PC)
		return cls == OWN_ADDRESS ? OWN_DO_NUMBER : OWN_DO_ASK;
	if (cls != OWN_CONSTANT)
		return OWN_DO_ASK;
	if (size == OWN_IMPLICIT)
		return attr == DIE_HIGH_PC ? OWN_DO_ASK : OWN_DO_VALUE;
	if (size < 0)
		return attr == DIE_HIGH_PC ? OWN_DO_ASK : size == OWN_LEB ? OWN_DO_ULEB :
		       size == OWN_SLEB ? OWN_DO_SLEB : OWN_DO_ASK;
	return size > 8 ? OWN_DO_ASK : attr == DIE_HIGH_PC ? OWN_DO_HIGH : OWN_DO_NUMBER;
}

static enum own_do
what_of(unsigned attr, enum own_class cls, int size)
{
	bool fixed = size > 0 && size <= 8;

	if (cls == OWN_REF_UNIT && attr == OWN_SIBLING)
		return fixed ? OWN_DO_SIBLING : size == OWN_LEB ? OWN_DO_SIBLING_LEB : OWN_DO_ASK;
	if (attr == OWN_SIBLING)
		return OWN_DO_ASK;
	if (attr >= DIE_NATTRS)
		return size >= 0 ? OWN_DO_SKIP : size == OWN_LEB || size == OWN_SLEB ? OWN_DO_SKIP_LEB :
		       size == OWN_BLOCK_LEB ? OWN_DO_SKIP_BLOCK : OWN_DO_ASK;
	if (attr < DIE_NTEXTS)
		return cls == OWN_TEXT_OFFSET ? OWN_DO_TEXT : cls == OWN_TEXT_LINE ? OWN_DO_LINE_TEXT :
		       cls == OWN_TEXT ? OWN_DO_STRING : OWN_DO_ASK;
	if (attr < DIE_NREFS_END)
		return cls == OWN_REF_FILE ? OWN_DO_REF_FILE : cls != OWN_REF_UNIT ? OWN_DO_ASK :
		       fixed ? OWN_DO_REF : size == OWN_LEB ? OWN_DO_REF_LEB : OWN_DO_ASK;
	if (attr < DIE_NNUMBERS_END)
		return what_of_number(attr, cls, size);
	if (cls == OWN_FLAG)
		return fixed ? OWN_DO_FLAG : OWN_DO_PRESENT;
	if (own_flags >> attr & 1)
		return OWN_DO_ASK;
	if (attr == DIE_RANGES && fixed && (cls == OWN_SECTION || cls == OWN_CONSTANT))
		return OWN_DO_RANGES;
	return fixed ? OWN_DO_PRESENT : OWN_DO_ASK;
}

static bool
has_attr(const struct maker *m, unsigned attr)
{
	for (size_t i = 0; i < m->nfields; i++)
		if (m->fields[i].attr == attr)
			return true;
	return false;
}

static void
add_field(struct maker *m, unsigned attr, enum own_class cls, int size, uint64_t value)
{
	enum own_do what = attr == OWN_END ? OWN_DO_END : what_of(attr, cls, size);

	/* The first one counts; but whether it does depends on its value. */
	if (attr < DIE_NATTRS && has_attr(m, attr))
		what = OWN_DO_ASK;
	if (size > 0 && size <= 8)
		value = UINT64_MAX >> (64 - 8 * size);
	m->fields[m->nfields++] = (struct own_field){
		(uint32_t)m->since_field, (uint8_t)attr, (uint8_t)cls, (int8_t)size, (uint8_t)what, value,
	};
	m->since_field = 0;
}

/* Adds one attribute: what to do about it, and how to get behind it. */
static bool
add_attr(struct maker *m, uint64_t name, uint64_t form)
{
	unsigned attr = own_attr_of(name);
	enum own_class cls;
	int size = own_form(form, &m->format, &cls);
	bool sibling = name == DW_AT_sibling && cls == OWN_REF_UNIT;
	uint64_t value = 0, bytes = size > 0 ? (uint64_t)size : 0;

	if (size == OWN_IMPLICIT && !own_leb(&m->b, true, &value))
		return false;
	if (attr != OWN_OTHER || (size < 0 && size != OWN_IMPLICIT))
		add_field(m, attr, cls, size, value);
	else
		m->since_field += bytes;
	if (size == OWN_IMPLICIT)
		return true;
	if (size < 0 || sibling) {
		add_step(m, size, sibling);
		return true;
	}
	m->since_step += bytes;
	return m->since_step < OWN_MAX_BYTES;
}

/* What a brief look is for. */
static uint64_t
brief_attrs(const struct maker *m)
{
#define BIT(attr) (UINT64_C(1) << (attr))
	if (die_is_tagged(m->made.tag))
		return BIT(DIE_NAME) | BIT(DIE_BYTE_SIZE) | BIT(DIE_DECL_LINE) | BIT(DIE_DECLARATION) |
		       BIT(DIE_SIGNATURE);
	if (m->made.tag == DW_TAG_formal_parameter)
		return BIT(DIE_NAME) | BIT(DIE_TYPE) | BIT(DIE_ORIGIN) | BIT(DIE_SPECIFICATION) | BIT(DIE_ARTIFICIAL);
	if (m->made.tag != DW_TAG_subprogram)
		return 0;
	if (has_attr(m, DIE_LOW_PC) || has_attr(m, DIE_RANGES))
		return BIT(DIE_NAME) | BIT(DIE_LINKAGE_NAME) | BIT(DIE_LOW_PC) | BIT(DIE_RANGES) |
		       BIT(DIE_TYPE) | BIT(DIE_ORIGIN) | BIT(DIE_SPECIFICATION) | BIT(DIE_PROTOTYPED);
	return BIT(DIE_NAME) | BIT(DIE_LINKAGE_NAME) | BIT(DIE_EXTERNAL) | BIT(DIE_SPECIFICATION) |
	       BIT(DIE_DECLARATION);
#undef BIT
}

/*
 * Puts what a brief look is for into @brief, up to the last field that is, and merges what is not. How many there
 * are, with the end; 0: it would be as long as all.
 */
static size_t
make_brief(const struct maker *m, struct own_field brief[BRIEF])
{
	uint64_t wanted = brief_attrs(m), since = 0;
	size_t n = 0, end = 0;

	for (const struct own_field *f = m->fields; wanted && f->attr != OWN_END; f++) {
		struct own_field *to = &brief[n];
		bool is_wanted = f->attr < DIE_NATTRS && wanted >> f->attr & 1;

		since += f->skip;
		if (!is_wanted && (f->size >= 0 || f->size == OWN_IMPLICIT)) {
			since += f->size > 0 ? (unsigned)f->size : 0;
			continue;
		}
		if (n + 1 == BRIEF || since > UINT32_MAX)
			return 0;
		*to = *f;
		to->skip = (uint32_t)since;
		if (!is_wanted)
			to->what = (uint8_t)what_of(OWN_OTHER, f->cls, f->size);
		if (to->what == OWN_DO_ASK && is_wanted)
			return 0;
		since = 0;
		n++;
		end = is_wanted ? n : end;
	}
	for (size_t i = 0; i < end; i++)
		if (brief[i].what == OWN_DO_ASK)
			return 0;
	brief[end] = (struct own_field){ .attr = OWN_END, .what = OWN_DO_END };
	return wanted ? end + 1 : 0;
}

/* Which spot is for the field, if that is as it usually is. */
static struct own_spot *
spot_of(struct own_spots *spots, const struct own_field *f)
{
	bool text = f->what == OWN_DO_TEXT || f->what == OWN_DO_LINE_TEXT;
	bool number = f->what == OWN_DO_NUMBER || f->what == OWN_DO_VALUE;

	switch (f->attr) {
	case DIE_NAME:
		return text ? &spots->name : NULL;
	case DIE_LINKAGE_NAME:
		return text ? &spots->linkage : NULL;
	case DIE_BYTE_SIZE:
		return number ? &spots->size : NULL;
	case DIE_DECL_LINE:
		return number ? &spots->line : NULL;
	case DIE_LOW_PC:
		return number ? &spots->low : NULL;
	case DIE_TYPE:
		return f->what == OWN_DO_REF ? &spots->type : NULL;
	default:	/* a number of the file's */
		return NULL;
	}
}

/* Fills the spots of what a brief look is for; false when something is not always at the same place. */
static bool
make_spots(const struct own_field *brief, struct own_spots *ret)
{
	uint64_t at = 0;
	uint8_t texts = 0;

	*ret = (struct own_spots){ .texts = DEBUG_STR };
	for (const struct own_field *f = brief; f->attr != OWN_END; f++) {
		struct own_spot *spot = spot_of(ret, f);

		at += f->skip;
		if ((!spot && f->what != OWN_DO_PRESENT) || ret->has >> f->attr & 1)
			return false;
		ret->has |= UINT64_C(1) << f->attr;
		ret->function |= f->attr != DIE_NAME && f->attr != DIE_BYTE_SIZE && f->attr != DIE_DECL_LINE;
		if (f->what == OWN_DO_TEXT || f->what == OWN_DO_LINE_TEXT) {
			if (texts && texts != f->what)
				return false;
			texts = f->what;
			ret->texts = texts == OWN_DO_TEXT ? DEBUG_STR : DEBUG_LINE_STR;
		}
		if (f->what == OWN_DO_VALUE)
			spot->value = f->value;
		else if (spot)
			*spot = (struct own_spot){ .at = (uint32_t)at, .mask = f->value };
		at += f->what == OWN_DO_VALUE ? 0 : (unsigned)f->size;
	}
	ret->room = (uint32_t)at + sizeof(uint64_t);
	return ret->has >> DIE_NAME & 1 && at < OWN_MAX_BYTES;
}

/* Reads the abbreviation behind its code. False when it is damaged. */
static bool
make(struct maker *m)
{
	uint64_t tag, children, name, form;

	if (!own_uleb(&m->b, &tag) || !own_fixed(&m->b, 1, &children))
		return false;
	m->made.tag = tag < UINT16_MAX ? (uint16_t)tag : UINT16_MAX;
	m->made.children = children == DW_CHILDREN_yes;
	for (;;) {
		if (!own_pair(&m->b, &name, &form))
			return false;
		if (!name && !form)
			break;
		if (!add_attr(m, name, form))
			return false;
	}
	add_step(m, 0, false);
	add_field(m, OWN_END, OWN_NOTHING, 0, 0);
	return true;
}

static void *
keep(struct twz_arena *arena, const void *items, size_t n, size_t size)
{
	return memcpy(twz_alloc_array(arena, n, size), items, n * size);
}

/* Under own->lock; NULL when it is damaged. */
static const struct own_abbrev *
make_kept(struct own *own, const struct own_format *format, const struct own_text *text)
{
	struct own_step steps[FEW];
	struct own_field fields[FEW], brief[BRIEF];
	size_t nbrief, most = text->n / 2 + 1;	/* an attribute has two bytes at least */
	TWZ_ARENA more = { 0 };
	struct own_spots spots;
	struct maker m = {
		.format = *format, .steps = steps, .fields = fields, .b = { text->at, text->at + text->n },
	};

	if (most > FEW) {
		m.steps = twz_new_array(&more, most, struct own_step);
		m.fields = twz_new_array(&more, most, struct own_field);
	}
	if (!make(&m))
		return NULL;
	m.made.steps = keep(&own->memory, m.steps, m.nsteps, sizeof(*steps));
	m.made.fields = keep(&own->memory, m.fields, m.nfields, sizeof(*fields));
	nbrief = make_brief(&m, brief);
	m.made.brief = nbrief ? keep(&own->memory, brief, nbrief, sizeof(*brief)) : NULL;
	m.made.spots = nbrief && make_spots(brief, &spots) ? keep(&own->memory, &spots, 1, sizeof(spots)) : NULL;
	return keep(&own->memory, &m.made, 1, sizeof(m.made));
}

const struct own_abbrev *
own_make_abbrev(struct own *own, const struct own_format *format, struct own_text *text)
{
	const struct own_abbrev *made;

	pthread_mutex_lock(&own->lock);
	made = atomic_load_explicit(&text->made, memory_order_relaxed);
	if (!made)
		made = make_kept(own, format, text);
	atomic_store_explicit(&text->made, made, memory_order_release);
	pthread_mutex_unlock(&own->lock);
	return made;
}
