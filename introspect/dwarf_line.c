/*
 * Ranges of addresses, and the way from an address to its source: the line table says file and line,
 * the innermost function or inlined call around the address says the function, so that both are of the
 * same place.
 */
#include <string.h>

#include "introspect/dwarf_in.h"

typedef bool visit_range(void *data, uint64_t from, uint64_t to);

/* DWARF 4 and older: .debug_ranges; pairs of offsets from a base. */
static void
old_ranges(struct dw *dw, const struct dw_unit *unit, Dwarf_Die die, visit_range *visit, void *data)
{
	uint64_t base = unit->low_pc;
	Dwarf_Error error = NULL;
	Dwarf_Ranges *ranges = NULL;
	Dwarf_Signed n = 0;
	Dwarf_Unsigned bytes = 0;
	Dwarf_Off offset = 0, real = 0;
	DW_ATTR attr = NULL;

	/* DWARF 4 refers to the section (sec_offset), 3 and 2 give a plain number (data4). */
	if (!dw_attr(dw, die, DW_AT_ranges, &attr))
		return;
	if (dwarf_global_formref(attr, &offset, &error) != DW_DLV_OK) {
		if (error)
			dwarf_dealloc_error(dw->dbg, error);
		error = NULL;
		if (!dw_fine(dw, dwarf_formudata(attr, &offset, &error), error))
			return;
	}
	if (!dw_fine(dw, dwarf_get_ranges_b(dw->dbg, offset, die, &real, &ranges, &n, &bytes, &error),
		     error))
		return;
	for (Dwarf_Signed i = 0; i < n; i++) {
		const Dwarf_Ranges *r = &ranges[i];

		if (r->dwr_type == DW_RANGES_END)
			break;
		if (r->dwr_type == DW_RANGES_ADDRESS_SELECTION)
			base = r->dwr_addr2;
		else if (!visit(data, base + r->dwr_addr1, base + r->dwr_addr2))
			break;
	}
	dwarf_ranges_dealloc(dw->dbg, ranges, n);
}

/* DWARF 5: .debug_rnglists, which libdwarf already turns into addresses. */
static void
new_ranges(struct dw *dw, Dwarf_Die die, visit_range *visit, void *data)
{
	Dwarf_Error error = NULL;
	DW_ATTR attr = NULL;
	Dwarf_Half form = 0;
	Dwarf_Unsigned at = 0, n = 0, global = 0;
	Dwarf_Rnglists_Head head = NULL;

	if (!dw_attr(dw, die, DW_AT_ranges, &attr) ||
	    !dw_fine(dw, dwarf_whatform(attr, &form, &error), error))
		return;
	if (form == DW_FORM_rnglistx) {
		if (!dw_fine(dw, dwarf_formudata(attr, &at, &error), error))
			return;
	} else if (!dw_fine(dw, dwarf_global_formref(attr, &at, &error), error)) {
		return;
	}
	if (!dw_fine(dw, dwarf_rnglists_get_rle_head(attr, form, at, &head, &n, &global, &error),
		     error))
		return;
	for (Dwarf_Unsigned i = 0; i < n; i++) {
		Dwarf_Unsigned raw1, raw2, from = 0, to = 0;
		Dwarf_Bool unavailable = false;
		unsigned length = 0, code = 0;

		if (!dw_fine(dw, dwarf_get_rnglists_entry_fields_a(head, i, &length, &code, &raw1,
								   &raw2, &unavailable, &from, &to,
								   &error), error) ||
		    code == DW_RLE_end_of_list)
			break;
		if (code == DW_RLE_base_address || code == DW_RLE_base_addressx || unavailable)
			continue;
		if (!visit(data, from, to))
			break;
	}
	dwarf_dealloc_rnglists_head(head);
}

static bool
high_pc(struct dw *dw, Dwarf_Die die, uint64_t low, uint64_t *ret)
{
	Dwarf_Error error = NULL;
	enum Dwarf_Form_Class cls = DW_FORM_CLASS_UNKNOWN;
	Dwarf_Half form = 0;
	Dwarf_Addr high = 0;

	if (!dw_fine(dw, dwarf_highpc_b(die, &high, &form, &cls, &error), error))
		return false;
	*ret = cls == DW_FORM_CLASS_CONSTANT ? low + high : high;
	return true;
}

void
dw_ranges(struct dw *dw, const struct dw_unit *unit, Dwarf_Die die, visit_range *visit, void *data)
{
	Dwarf_Error error = NULL;
	Dwarf_Half version = 0, offset_size = 0;
	Dwarf_Addr low = 0;
	uint64_t high;

	if (dw_has(dw, die, DW_AT_ranges)) {
		if (dwarf_get_version_of_die(die, &version, &offset_size) != DW_DLV_OK)
			return;
		if (version >= 5)
			new_ranges(dw, die, visit, data);
		else
			old_ranges(dw, unit, die, visit, data);
		return;
	}
	if (!dw_has(dw, die, DW_AT_low_pc) || !dw_fine(dw, dwarf_lowpc(die, &low, &error), error))
		return;
	if (!high_pc(dw, die, low, &high))
		high = low;
	visit(data, low, high);
}

/* -- from an address to its source ------------------------------------------------------------------ */

struct within {
	uint64_t address;
	bool found;
};

static bool
visit_within(void *data, uint64_t from, uint64_t to)
{
	struct within *w = data;

	w->found |= from <= w->address && w->address < to;
	return !w->found;
}

static bool
holds(struct dw *dw, const struct dw_unit *unit, Dwarf_Die die, uint64_t address)
{
	struct within w = { address, false };

	dw_ranges(dw, unit, die, visit_within, &w);
	return w.found;
}

static const char *
function_name(struct dw *dw, Dwarf_Die die)
{
	DW_DIE at = NULL;

	if (!dw_die_at(dw, dw_key(dw, die), &at))
		return "";
	dw_origin(dw, &at, DW_AT_abstract_origin);
	if (!dw_has(dw, at, DW_AT_name))
		dw_origin(dw, &at, DW_AT_specification);
	return dw_name(dw, at);
}

/* Replaces *@scope by the first of its children that holds @address. */
static bool
descend(struct dw *dw, const struct dw_unit *unit, Dwarf_Die *scope, uint64_t address)
{
	DW_DIE child = NULL;

	for (bool more = dw_child(dw, *scope, &child); more; more = dw_sibling(dw, &child)) {
		Dwarf_Half tag = dw_tag(dw, child);

		if ((tag != DW_TAG_subprogram && tag != DW_TAG_inlined_subroutine &&
		     tag != DW_TAG_lexical_block) || !holds(dw, unit, child, address))
			continue;
		dwarf_dealloc_die(*scope);
		*scope = child;
		child = NULL;
		return true;
	}
	return false;
}

static void
place_function(struct dw *dw, const struct dw_unit *unit, uint64_t address,
	       struct introspect_place *ret)
{
	DW_DIE scope = NULL;

	if (!dw_die_at(dw, dw_key(dw, unit->die), &scope))
		return;
	for (int i = 0; i < DW_MAX_CHAIN && descend(dw, unit, &scope, address); i++) {
		const char *name = dw_tag(dw, scope) == DW_TAG_lexical_block ? "" :
				   function_name(dw, scope);

		if (*name)
			ret->function = name;
	}
}

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

static bool
place_line(struct dw *dw, const struct dw_unit *unit, uint64_t address,
	   struct introspect_place *ret)
{
	Dwarf_Error error = NULL;
	Dwarf_Unsigned version = 0, number = 0;
	Dwarf_Small tables = 0;
	Dwarf_Line_Context context = NULL;
	Dwarf_Line *lines = NULL, row = NULL;
	Dwarf_Signed n = 0;
	char *source = NULL;

	if (!dw_fine(dw, dwarf_srclines_b(unit->die, &version, &tables, &context, &error), error))
		return false;
	if (dw_fine(dw, dwarf_srclines_from_linecontext(context, &lines, &n, &error), error))
		row = find_row(lines, n, address);
	if (row && dw_fine(dw, dwarf_lineno(row, &number, &error), error) && number < UINT32_MAX)
		ret->line = (uint32_t)number;
	error = NULL;
	if (row && dw_fine(dw, dwarf_linesrc(row, &source, &error), error)) {
		ret->file = twz_strdup(dw->arena, source);
		dwarf_dealloc(dw->dbg, source, DW_DLA_STRING);
	}
	dwarf_srclines_dealloc_b(context);
	return row;
}

void
dw_place(struct dw *dw, uint64_t address, struct introspect_place *ret)
{
	struct dw_unit unit = { 0 };
	bool found = false;

	while (dw_next_unit(dw, &unit)) {
		if (found || !unit.die)
			continue;
		/* A unit without any range may still have lines: assembly. */
		if ((dw_has(dw, unit.die, DW_AT_ranges) || dw_has(dw, unit.die, DW_AT_high_pc)) &&
		    !holds(dw, &unit, unit.die, address))
			continue;
		found = place_line(dw, &unit, address, ret);
		if (found)
			place_function(dw, &unit, address, ret);
	}
}
