/* The reference engine: what stands in one DIE, attribute by attribute. */
#include "introspect/dwarf/libdwarf_in.h"

#include <string.h>

static const struct { Dwarf_Half code; enum die_attr attr; } attrs[] = {
	{ DW_AT_name, DIE_NAME }, { DW_AT_linkage_name, DIE_LINKAGE_NAME },
	{ DW_AT_MIPS_linkage_name, DIE_LINKAGE_NAME }, { DW_AT_comp_dir, DIE_COMP_DIR },
	{ DW_AT_dwo_name, DIE_DWO_NAME }, { DW_AT_GNU_dwo_name, DIE_DWO_NAME },
	{ DW_AT_producer, DIE_PRODUCER },
	{ DW_AT_type, DIE_TYPE }, { DW_AT_abstract_origin, DIE_ORIGIN },
	{ DW_AT_specification, DIE_SPECIFICATION }, { DW_AT_signature, DIE_SIGNATURE },
	{ DW_AT_import, DIE_IMPORT }, { DW_AT_containing_type, DIE_CONTAINING_TYPE },
	{ DW_AT_low_pc, DIE_LOW_PC }, { DW_AT_high_pc, DIE_HIGH_PC },
	{ DW_AT_byte_size, DIE_BYTE_SIZE }, { DW_AT_bit_size, DIE_BIT_SIZE },
	{ DW_AT_encoding, DIE_ENCODING }, { DW_AT_alignment, DIE_ALIGNMENT },
	{ DW_AT_data_member_location, DIE_MEMBER_LOCATION },
	{ DW_AT_data_bit_offset, DIE_DATA_BIT_OFFSET }, { DW_AT_bit_offset, DIE_BIT_OFFSET },
	{ DW_AT_count, DIE_COUNT }, { DW_AT_upper_bound, DIE_UPPER_BOUND },
	{ DW_AT_lower_bound, DIE_LOWER_BOUND }, { DW_AT_const_value, DIE_CONST_VALUE },
	{ DW_AT_decl_file, DIE_DECL_FILE }, { DW_AT_decl_line, DIE_DECL_LINE },
	{ DW_AT_calling_convention, DIE_CALLING_CONVENTION }, { DW_AT_language, DIE_LANGUAGE },
	{ DW_AT_byte_stride, DIE_BYTE_STRIDE }, { DW_AT_bit_stride, DIE_BIT_STRIDE },
	{ DW_AT_inline, DIE_INLINE }, { DW_AT_accessibility, DIE_ACCESSIBILITY },
	{ DW_AT_endianity, DIE_ENDIANITY },
	{ DW_AT_ranges, DIE_RANGES }, { DW_AT_external, DIE_EXTERNAL },
	{ DW_AT_declaration, DIE_DECLARATION }, { DW_AT_prototyped, DIE_PROTOTYPED },
	{ DW_AT_artificial, DIE_ARTIFICIAL }, { DW_AT_GNU_vector, DIE_GNU_VECTOR },
	{ DW_AT_noreturn, DIE_NORETURN }, { DW_AT_vtable_elem_location, DIE_VTABLE_ELEM },
	{ DW_AT_explicit, DIE_EXPLICIT }, { DW_AT_defaulted, DIE_DEFAULTED },
	{ DW_AT_deleted, DIE_DELETED }, { DW_AT_object_pointer, DIE_OBJECT_POINTER },
	{ DW_AT_enum_class, DIE_ENUM_CLASS },
};

/* One attribute while it is read. */
struct reading {
	struct ldw_file *file;
	Dwarf_Attribute attr;
	Dwarf_Half form;
	struct die *die;
};

/* -- texts ------------------------------------------------------------------------------------------ */

/* The alternate file has its texts in .debug_str; libdwarf does not look there. */
static const char *
alternate_text(struct reading *r)
{
	struct ldw_file *other = ldw_file_at(r->file->ldw, 1);
	Dwarf_Error error = NULL;
	Dwarf_Off offset = 0;
	struct elf_section text;

	if (!other || !ldw_fine(r->file, dwarf_global_formref(r->attr, &offset, &error), error))
		return NULL;
	text = debug_section(other->file, DEBUG_STR);
	if (offset >= text.n || !memchr(text.bytes + offset, 0, text.n - offset))
		return NULL;
	return (const char *)text.bytes + offset;
}

static const char *
read_text(struct reading *r)
{
	Dwarf_Error error = NULL;
	char *text = NULL;

	switch (r->form) {
	case DW_FORM_GNU_strp_alt:
	case DW_FORM_strp_sup:
		return alternate_text(r);
	case DW_FORM_string:
	case DW_FORM_strp:
	case DW_FORM_line_strp:
	case DW_FORM_strx:
	case DW_FORM_strx1:
	case DW_FORM_strx2:
	case DW_FORM_strx3:
	case DW_FORM_strx4:
	case DW_FORM_GNU_str_index:
		return ldw_fine(r->file, dwarf_formstring(r->attr, &text, &error), error) ? text : NULL;
	default:	/* a number of libdwarf's, not a kind of ours */
		return NULL;
	}
}

/* -- references ------------------------------------------------------------------------------------- */

static die_ref
find_signature(struct ldw_file *file, Dwarf_Sig8 *signature)
{
	Dwarf_Error error = NULL;
	Dwarf_Bool is_info = false;
	Dwarf_Off offset = 0;
	LDW_DIE found = NULL;
	int rc = dwarf_find_die_given_sig8(file->dbg, signature, &found, &is_info, &error);

	if (rc != DW_DLV_OK) {
		if (rc == DW_DLV_ERROR)
			dwarf_dealloc_error(file->dbg, error);
		found = NULL;
		return 0;
	}
	if (!ldw_fine(file, dwarf_dieoffset(found, &offset, &error), error))
		return 0;
	return DIE_REF(file->number, !is_info, offset);
}

/* In the same file, else in a part of a .dwp. */
static die_ref
by_signature(struct reading *r)
{
	struct ldw *ldw = r->file->ldw;
	struct ldw_file *file = r->file;
	struct debug_file *other;
	Dwarf_Error error = NULL;
	Dwarf_Sig8 signature;
	uint64_t number;
	die_ref found;

	if (!ldw_fine(file, dwarf_formsig8(r->attr, &signature, &error), error))
		return 0;
	found = find_signature(file, &signature);
	if (found || !file->number)
		return found;
	memcpy(&number, &signature, sizeof(number));
	other = debug_split_type(ldw->debug, number);
	if (!other)
		return 0;
	file = NULL;
	for (size_t i = 2; i < ldw->nfiles && !file; i++)
		if (ldw->files[i]->file == other)
			file = ldw->files[i];
	if (!file)
		file = ldw_open_file(ldw, other, 2);
	return file ? find_signature(file, &signature) : 0;
}

static die_ref
read_ref(struct reading *r)
{
	unsigned number = r->file->number;
	bool types = DIE_TYPES(r->die->ref);
	Dwarf_Error error = NULL;
	Dwarf_Off offset = 0;

	switch (r->form) {
	case DW_FORM_ref1:
	case DW_FORM_ref2:
	case DW_FORM_ref4:
	case DW_FORM_ref8:
	case DW_FORM_ref_udata:
		break;
	case DW_FORM_ref_addr:
		types = false;
		break;
	case DW_FORM_GNU_ref_alt:
	case DW_FORM_ref_sup4:
	case DW_FORM_ref_sup8:
		types = false;
		number = 1;
		break;
	case DW_FORM_ref_sig8:
		return by_signature(r);
	default:
		return 0;
	}
	if (!ldw_fine(r->file, dwarf_global_formref(r->attr, &offset, &error), error) || !offset)
		return 0;
	return DIE_REF(number, types, offset);
}

/* -- numbers ---------------------------------------------------------------------------------------- */

/* The offset of a field in DWARF 2 is an expression: "add this constant". */
static bool
plus_constant(struct reading *r, int64_t *ret)
{
	Dwarf_Error error = NULL;
	Dwarf_Unsigned n = 0;
	Dwarf_Ptr at = NULL;
	Dwarf_Block *block = NULL;
	const uint8_t *bytes;
	uint64_t value = 0;
	bool ok = false;

	if (r->form == DW_FORM_exprloc) {
		if (!ldw_fine(r->file, dwarf_formexprloc(r->attr, &n, &at, &error), error))
			return false;
	} else {
		if (!ldw_fine(r->file, dwarf_formblock(r->attr, &block, &error), error))
			return false;
		n = block->bl_len;
		at = block->bl_data;
	}
	bytes = at;
	for (Dwarf_Unsigned i = 1; i < n && i < 6 && *bytes == DW_OP_plus_uconst; i++) {
		value |= (uint64_t)(bytes[i] & 0x7f) << 7 * (i - 1);
		ok = !(bytes[i] & 0x80) && i + 1 == n;
	}
	if (block)
		dwarf_dealloc(r->file->dbg, block, DW_DLA_BLOCK);
	*ret = (int64_t)value;
	return ok;
}

static bool
read_constant(struct reading *r, enum die_attr attr, int64_t *ret)
{
	Dwarf_Error error = NULL;
	Dwarf_Unsigned u = 0;
	Dwarf_Signed s = 0;

	switch (r->form) {
	case DW_FORM_data1:
	case DW_FORM_data2:
	case DW_FORM_data4:
	case DW_FORM_data8:
	case DW_FORM_udata:
		if (!ldw_fine(r->file, dwarf_formudata(r->attr, &u, &error), error))
			return false;
		*ret = (int64_t)u;
		return true;
	case DW_FORM_sdata:
	case DW_FORM_implicit_const:
		if (!ldw_fine(r->file, dwarf_formsdata(r->attr, &s, &error), error))
			return false;
		*ret = s;
		return true;
	case DW_FORM_block:
	case DW_FORM_block1:
	case DW_FORM_block2:
	case DW_FORM_block4:
	case DW_FORM_exprloc:
		return attr == DIE_MEMBER_LOCATION && plus_constant(r, ret);
	default:
		return false;
	}
}

static bool
is_address(Dwarf_Half form)
{
	return form == DW_FORM_addr || form == DW_FORM_addrx || form == DW_FORM_addrx1 ||
	       form == DW_FORM_addrx2 || form == DW_FORM_addrx3 || form == DW_FORM_addrx4 ||
	       form == DW_FORM_GNU_addr_index;
}

static bool
read_number(struct reading *r, enum die_attr attr, int64_t *ret)
{
	Dwarf_Error error = NULL;
	Dwarf_Addr address = 0;

	if (!is_address(r->form))
		return attr != DIE_LOW_PC && read_constant(r, attr, ret);
	if ((attr != DIE_LOW_PC && attr != DIE_HIGH_PC) ||
	    !ldw_fine(r->file, dwarf_formaddr(r->attr, &address, &error), error))
		return false;
	*ret = (int64_t)address;
	return true;
}

/* -- the whole -------------------------------------------------------------------------------------- */

static bool
read_value(struct reading *r, enum die_attr attr)
{
	struct die *die = r->die;
	Dwarf_Error error = NULL;
	Dwarf_Bool flag = true;

	if (attr < DIE_NTEXTS) {
		die->texts[attr] = read_text(r);
		return die->texts[attr];
	}
	if (attr < DIE_NREFS_END) {
		die->refs[attr - DIE_NTEXTS] = read_ref(r);
		return die->refs[attr - DIE_NTEXTS];
	}
	if (attr < DIE_NNUMBERS_END)
		return read_number(r, attr, &die->numbers[attr - DIE_NREFS_END]);
	if (r->form == DW_FORM_flag &&
	    ldw_fine(r->file, dwarf_formflag(r->attr, &flag, &error), error) && !flag)
		return false;
	return true;
}

static void
read_attr(struct ldw_file *file, Dwarf_Attribute at, struct die *ret, bool *relative)
{
	struct reading r = { file, at, 0, ret };
	Dwarf_Error error = NULL;
	Dwarf_Half code = 0;

	if (!ldw_fine(file, dwarf_whatattr(at, &code, &error), error) ||
	    !ldw_fine(file, dwarf_whatform(at, &r.form, &error), error))
		return;
	for (size_t i = 0; i < TWZ_COUNT(attrs); i++) {
		enum die_attr attr = attrs[i].attr;

		if (attrs[i].code != code || (ret->has | ret->odd) >> attr & 1)
			continue;
		if (read_value(&r, attr))
			ret->has |= (uint64_t)1 << attr;
		else if (attr < DIE_RANGES)
			ret->odd |= (uint64_t)1 << attr;
		if (attr == DIE_HIGH_PC)
			*relative = !is_address(r.form);
	}
}

bool
ldw_decode(struct ldw_file *file, Dwarf_Die from, struct die *ret)
{
	Dwarf_Error error = NULL;
	Dwarf_Attribute *list = NULL;
	Dwarf_Signed n = 0;
	Dwarf_Half tag = 0, has_children = 0;
	Dwarf_Off offset = 0;
	bool relative = false;
	int rc;

	*ret = (struct die){ 0 };
	if (!ldw_fine(file, dwarf_tag(from, &tag, &error), error) ||
	    !ldw_fine(file, dwarf_dieoffset(from, &offset, &error), error))
		return false;
	ret->tag = tag;
	ret->ref = DIE_REF(file->number, !dwarf_get_die_infotypes_flag(from), offset);
	if (dwarf_die_abbrev_children_flag(from, &has_children) == DW_DLV_OK)
		ret->has_children = has_children;
	rc = dwarf_attrlist(from, &list, &n, &error);
	if (!ldw_fine(file, rc, error))
		return rc == DW_DLV_NO_ENTRY;
	for (Dwarf_Signed i = 0; i < n; i++) {
		read_attr(file, list[i], ret, &relative);
		dwarf_dealloc_attribute(list[i]);
	}
	dwarf_dealloc(file->dbg, list, DW_DLA_LIST);
	if (relative)	/* the length, in place of the end */
		ret->numbers[DIE_HIGH_PC - DIE_NREFS_END] =
			(int64_t)((uint64_t)ret->numbers[DIE_HIGH_PC - DIE_NREFS_END] +
				  (uint64_t)ret->numbers[DIE_LOW_PC - DIE_NREFS_END]);
	return true;
}
