/* The reference engine: ranges of addresses, names of source files, lines. */
#include "introspect/dwarf/libdwarf_in.h"

#include <string.h>

typedef bool visit_range(void *data, uint64_t from, uint64_t to);

static struct ldw *
ldw_of(struct engine *engine)
{
	return (struct ldw *)engine;
}

/* -- ranges ----------------------------------------------------------------------------------------- */

/* Where the ranges of a split unit of GNU's early form begin in the main file. */
static uint64_t
gnu_base(struct ldw *ldw, die_ref skeleton)
{
	struct ldw_file *file = ldw->files[0];
	Dwarf_Die die = ldw_hold(ldw, skeleton);
	Dwarf_Error error = NULL;
	LDW_ATTR attr = NULL;
	Dwarf_Off offset = 0;

	if (!die || !ldw_fine(file, dwarf_attr(die, DW_AT_GNU_ranges_base, &attr, &error), error) ||
	    !ldw_fine(file, dwarf_global_formref(attr, &offset, &error), error))
		return 0;
	return offset;
}

/* The offset that @attr gives: DWARF 4 refers to the section, 3 and 2 give a plain number. */
static bool
list_offset(struct ldw_file *file, Dwarf_Attribute attr, Dwarf_Off *ret)
{
	Dwarf_Error error = NULL;
	int rc = dwarf_global_formref(attr, ret, &error);

	if (rc == DW_DLV_OK)
		return true;
	if (rc == DW_DLV_ERROR)
		dwarf_dealloc_error(file->dbg, error);
	error = NULL;
	return ldw_fine(file, dwarf_formudata(attr, ret, &error), error);
}

/* DWARF 4 and older: .debug_ranges; pairs of offsets from a base. */
static void
old_ranges(struct ldw_file *file, uint64_t base, Dwarf_Die die, Dwarf_Attribute attr,
	   visit_range *visit, void *data)
{
	struct ldw *ldw = file->ldw;
	Dwarf_Error error = NULL;
	Dwarf_Ranges *ranges = NULL;
	Dwarf_Signed n = 0;
	Dwarf_Unsigned bytes = 0;
	Dwarf_Off offset = 0, real = 0;

	if (!list_offset(file, attr, &offset))
		return;
	if (file->skeleton) {
		offset += gnu_base(ldw, file->skeleton);
		die = ldw_hold(ldw, file->skeleton);
		file = ldw->files[0];
	}
	if (!ldw_fine(file, dwarf_get_ranges_b(file->dbg, offset, die, &real, &ranges, &n, &bytes,
					       &error), error))
		return;
	for (Dwarf_Signed i = 0; i < n; i++) {
		const Dwarf_Ranges *r = &ranges[i];

		if (r->dwr_type == DW_RANGES_END)
			break;
		if (r->dwr_type == DW_RANGES_ADDRESS_SELECTION)
			base = r->dwr_addr2;
		else if (r->dwr_addr1 != r->dwr_addr2 &&
			 !visit(data, base + r->dwr_addr1, base + r->dwr_addr2))
			break;
	}
	dwarf_ranges_dealloc(file->dbg, ranges, n);
}

/* DWARF 5: .debug_rnglists, which libdwarf already turns into addresses. */
static void
new_ranges(struct ldw_file *file, Dwarf_Attribute attr, visit_range *visit, void *data)
{
	Dwarf_Error error = NULL;
	Dwarf_Half form = 0;
	Dwarf_Unsigned at = 0, n = 0, global = 0;
	Dwarf_Rnglists_Head head = NULL;

	if (!ldw_fine(file, dwarf_whatform(attr, &form, &error), error))
		return;
	if (form == DW_FORM_rnglistx) {
		if (!ldw_fine(file, dwarf_formudata(attr, &at, &error), error))
			return;
	} else if (!ldw_fine(file, dwarf_global_formref(attr, &at, &error), error)) {
		return;
	}
	if (!ldw_fine(file, dwarf_rnglists_get_rle_head(attr, form, at, &head, &n, &global, &error),
		      error))
		return;
	for (Dwarf_Unsigned i = 0; i < n; i++) {
		Dwarf_Unsigned raw1, raw2, from = 0, to = 0;
		Dwarf_Bool unavailable = false;
		unsigned length = 0, code = 0;

		if (!ldw_fine(file, dwarf_get_rnglists_entry_fields_a(head, i, &length, &code, &raw1,
								      &raw2, &unavailable, &from, &to,
								      &error), error) ||
		    code == DW_RLE_end_of_list)
			break;
		if (code == DW_RLE_base_address || code == DW_RLE_base_addressx || unavailable ||
		    from == to)
			continue;
		if (!visit(data, from, to))
			break;
	}
	dwarf_dealloc_rnglists_head(head);
}

void
ldw_ranges(struct engine *engine, const struct die_unit *unit, const struct die *die,
	   visit_range *visit, void *data)
{
	struct ldw *ldw = ldw_of(engine);
	struct ldw_file *file = ldw_file_at(ldw, DIE_FILE(die->ref));
	Dwarf_Die raw = ldw_hold(ldw, die->ref);
	Dwarf_Error error = NULL;
	LDW_ATTR attr = NULL;
	int64_t low = 0, high = 0;

	if (!die_has(die, DIE_RANGES)) {
		if (die_number(die, DIE_LOW_PC, &low) && die_number(die, DIE_HIGH_PC, &high) &&
		    low != high)
			visit(data, (uint64_t)low, (uint64_t)high);
		return;
	}
	if (!raw || !ldw_fine(file, dwarf_attr(raw, DW_AT_ranges, &attr, &error), error))
		return;
	if (unit->version >= 5)
		new_ranges(file, attr, visit, data);
	else
		old_ranges(file, unit->base, raw, attr, visit, data);
}

/* -- names of files --------------------------------------------------------------------------------- */

/* The unit whose line table counts for @die: of a split one, the skeleton's. */
static die_ref
unit_of(struct ldw *ldw, const struct die *die)
{
	struct ldw_file *file = ldw_file_at(ldw, DIE_FILE(die->ref));
	Dwarf_Die raw = ldw_hold(ldw, die->ref);
	Dwarf_Error error = NULL;
	Dwarf_Off offset = 0;

	if (file && file->skeleton)
		return file->skeleton;
	if (!raw || !ldw_fine(file, dwarf_CU_dieoffset_given_die(raw, &offset, &error), error))
		return 0;
	return DIE_REF(file->number, DIE_TYPES(die->ref), offset);
}

/* @name in folder number @dir; folder 0 is the compiler's own, in which relative names are. */
static const char *
join(struct ldw_file *file, Dwarf_Line_Context context, Dwarf_Signed dir, const char *name)
{
	Dwarf_Error error = NULL;
	const char *folder = NULL;

	if (*name == '/' || !dir ||
	    !ldw_fine(file, dwarf_srclines_include_dir_data(context, dir, &folder, &error), error) ||
	    !folder || !*folder)
		return twz_strdup(file->ldw->arena, name);
	return twz_format(file->ldw->arena, "%s/%s", folder, name);
}

static void
read_names(struct ldw *ldw, die_ref unit, struct ldw_names *ret)
{
	struct ldw_file *file = ldw_file_at(ldw, DIE_FILE(unit));
	Dwarf_Die die = ldw_hold(ldw, unit);
	Dwarf_Error error = NULL;
	Dwarf_Unsigned version = 0;
	Dwarf_Small tables = 0;
	Dwarf_Line_Context context = NULL;
	Dwarf_Signed from = 0, count = 0, end = 0;

	*ret = (struct ldw_names){ .unit = unit };
	if (!die || !ldw_fine(file, dwarf_srclines_b(die, &version, &tables, &context, &error), error))
		return;
	if (ldw_fine(file, dwarf_srclines_files_indexes(context, &from, &count, &end, &error), error)) {
		ret->from_zero = !from;
		for (Dwarf_Signed i = from; i < end; i++) {
			const char *name = NULL, *path = NULL;
			Dwarf_Unsigned dir = 0, modified, length;
			Dwarf_Form_Data16 *md5 = NULL;

			error = NULL;
			if (ldw_fine(file, dwarf_srclines_files_data_b(context, i, &name, &dir, &modified,
								       &length, &md5, &error), error) &&
			    name)
				path = join(file, context, (Dwarf_Signed)dir, name);
			twz_push(ldw->arena, ret->names, ret->n, path);
		}
	}
	dwarf_srclines_dealloc_b(context);
}

const char *
ldw_source(struct engine *engine, const struct die *die, int64_t number, struct twz_arena *arena)
{
	struct ldw *ldw = ldw_of(engine);
	die_ref unit = unit_of(ldw, die);
	size_t i = (size_t)number;

	if (!unit || number < 0)
		return NULL;
	if (ldw->names.unit != unit)
		read_names(ldw, unit, &ldw->names);
	if (!ldw->names.from_zero && !i--)
		return NULL;
	return i < ldw->names.n && ldw->names.names[i] ? twz_strdup(arena, ldw->names.names[i]) : NULL;
}

/* -- lines ------------------------------------------------------------------------------------------ */

/* The last row at or before @address in the sequence that holds it. */
static Dwarf_Line
find_row(Dwarf_Line *lines, Dwarf_Signed n, uint64_t address)
{
	Dwarf_Line last = NULL;

	for (Dwarf_Signed i = 0; i < n; i++) {
		Dwarf_Error error = NULL;
		Dwarf_Addr at = 0;
		Dwarf_Bool end = false;

		if (dwarf_lineaddr(lines[i], &at, &error) != DW_DLV_OK ||
		    dwarf_lineendsequence(lines[i], &end, &error) != DW_DLV_OK)
			return NULL;
		if (last && at > address)
			return last;
		last = !end && at <= address ? lines[i] : NULL;
	}
	return NULL;
}

bool
ldw_line(struct engine *engine, const struct die_unit *unit, uint64_t address,
	 struct twz_arena *arena, const char **path, uint32_t *line)
{
	struct ldw *ldw = ldw_of(engine);
	die_ref top = unit_of(ldw, &unit->die);
	struct ldw_file *file = ldw->files[0];
	Dwarf_Die die = top ? ldw_hold(ldw, top) : NULL;
	Dwarf_Error error = NULL;
	Dwarf_Unsigned version = 0, number = 0;
	Dwarf_Small tables = 0;
	Dwarf_Line_Context context = NULL;
	Dwarf_Line *lines = NULL, row = NULL;
	Dwarf_Signed n = 0;
	char *source = NULL;

	if (!die || !ldw_fine(file, dwarf_srclines_b(die, &version, &tables, &context, &error), error))
		return false;
	if (ldw_fine(file, dwarf_srclines_from_linecontext(context, &lines, &n, &error), error))
		row = find_row(lines, n, address);
	if (row && ldw_fine(file, dwarf_lineno(row, &number, &error), error) && number < UINT32_MAX)
		*line = (uint32_t)number;
	error = NULL;
	if (row && ldw_fine(file, dwarf_linesrc(row, &source, &error), error)) {
		*path = twz_strdup(arena, source);
		dwarf_dealloc(file->dbg, source, DW_DLA_STRING);
	}
	dwarf_srclines_dealloc_b(context);
	return row;
}
