/*
 * The reference engine: libdwarf, behind the interface of die.h.
 *
 * libdwarf is given sections that debug.c found and decompressed, so compression, separate, alternate
 * and split files that it knows nothing of work all the same: every further file is a handle of its
 * own. It is told not to keep track of what it hands out, which halves its time; so every DIE and
 * attribute here has a cleanup attribute. Two things that a hostile file can do to it (hang, abort)
 * cannot be helped from inside: programs read files in a process of their own.
 */
#include "introspect/dwarf/libdwarf_in.h"

#include <string.h>

enum { MAX_FILES = 1 << 14 };

static struct ldw *
ldw_of(struct engine *engine)
{
	return (struct ldw *)engine;
}

/* -- access ----------------------------------------------------------------------------------------- */

void
ldw_diep(Dwarf_Die *die)
{
	if (*die)
		dwarf_dealloc_die(*die);
}

void
ldw_attrp(Dwarf_Attribute *attr)
{
	if (*attr)
		dwarf_dealloc_attribute(*attr);
}

bool
ldw_fine(struct ldw_file *file, int rc, Dwarf_Error error)
{
	if (rc == DW_DLV_ERROR) {
		file->ldw->partial = true;
		dwarf_dealloc_error(file->dbg, error);
	}
	return rc == DW_DLV_OK;
}

/* -- sections, as libdwarf asks for them ------------------------------------------------------------ */

/* Section 0 is ELF's empty one. */
static int
section_info(void *obj, Dwarf_Half i, Dwarf_Obj_Access_Section *ret, int *error)
{
	struct ldw_file *file = obj;

	(void)error;
	*ret = (Dwarf_Obj_Access_Section){ .name = "" };
	if (!i)
		return DW_DLV_OK;
	ret->type = 1;
	ret->size = debug_section(file->file, (enum debug_section)(i - 1)).n;
	if (ret->size)
		ret->name = debug_section_name(file->file, (enum debug_section)(i - 1));
	return DW_DLV_OK;
}

static Dwarf_Endianness
byte_order(void *obj)
{
	(void)obj;
	return DW_OBJECT_LSB;
}

static Dwarf_Small
eight(void *obj)
{
	(void)obj;
	return 8;
}

static Dwarf_Unsigned
section_count(void *obj)
{
	(void)obj;
	return DEBUG_SECTIONS + 1;
}

static int
load_section(void *obj, Dwarf_Half i, Dwarf_Small **ret, int *error)
{
	struct ldw_file *file = obj;
	struct elf_section section = { 0 };

	(void)error;
	if (i)
		section = debug_section(file->file, (enum debug_section)(i - 1));
	*ret = (Dwarf_Small *)(uintptr_t)section.bytes;
	return section.bytes ? DW_DLV_OK : DW_DLV_NO_ENTRY;
}

static const Dwarf_Obj_Access_Methods methods = {
	.get_section_info = section_info, .get_byte_order = byte_order, .get_length_size = eight,
	.get_pointer_size = eight, .get_section_count = section_count, .load_section = load_section,
};

struct ldw_file *
ldw_open_file(struct ldw *ldw, struct debug_file *file, unsigned number)
{
	struct ldw_file *f = twz_new(ldw->arena, struct ldw_file);
	Dwarf_Error error = NULL;
	int rc;

	if (number > 1 && ldw->nfiles >= MAX_FILES)
		return NULL;
	*f = (struct ldw_file){ .ldw = ldw, .file = file, .access = { f, &methods }, .number = number };
	rc = dwarf_object_init_b(&f->access, NULL, NULL, DW_GROUPNUMBER_ANY, &f->dbg, &error);
	if (rc != DW_DLV_OK) {
		if (rc == DW_DLV_ERROR)
			dwarf_dealloc_error(NULL, error);
		ldw->partial = true;
		return NULL;
	}
	if (number > 1) {
		f->number = (unsigned)ldw->nfiles;
		twz_push(ldw->arena, ldw->files, ldw->nfiles, f);
		dwarf_set_tied_dbg(f->dbg, ldw->files[0]->dbg, &error);
	} else {
		ldw->files[number] = f;
	}
	return f;
}

struct ldw_file *
ldw_file_at(struct ldw *ldw, unsigned number)
{
	if (number == 1 && !ldw->alternate_looked) {
		struct debug_file *file = debug_alternate(ldw->debug);

		ldw->alternate_looked = true;
		if (file)
			ldw_open_file(ldw, file, 1);
		else
			ldw->partial = true;
	}
	return number < ldw->nfiles ? ldw->files[number] : NULL;
}

/* -- units ------------------------------------------------------------------------------------------ */

static uint64_t
gnu_dwo_id(struct ldw_file *file, Dwarf_Die die)
{
	Dwarf_Error error = NULL;
	LDW_ATTR attr = NULL;
	Dwarf_Unsigned id = 0;
	Dwarf_Sig8 raw;

	if (!ldw_fine(file, dwarf_attr(die, DW_AT_GNU_dwo_id, &attr, &error), error))
		return 0;
	if (dwarf_formsig8_const(attr, &raw, &error) == DW_DLV_OK) {
		memcpy(&id, &raw, sizeof(id));
	} else {
		if (error)
			dwarf_dealloc_error(file->dbg, error);
		error = NULL;
		if (!ldw_fine(file, dwarf_formudata(attr, &id, &error), error))
			return 0;
	}
	return id;
}

/* What one call of dwarf_next_cu_header_d() says, as far as it is of use. */
struct header {
	Dwarf_Half version, type;
	Dwarf_Sig8 signature;
	Dwarf_Unsigned next;
};

static bool
next_header(struct ldw_file *file, bool is_info, struct header *ret)
{
	Dwarf_Unsigned length, abbrev, type_offset;
	Dwarf_Half address_size, length_size, extension;
	Dwarf_Error error = NULL;

	memset(ret, 0, sizeof(*ret));
	return ldw_fine(file, dwarf_next_cu_header_d(file->dbg, is_info, &length, &ret->version, &abbrev,
						     &address_size, &length_size, &extension,
						     &ret->signature, &type_offset, &ret->next,
						     &ret->type, &error), error);
}

static void
add_unit(struct ldw *ldw, const struct header *head, bool is_info)
{
	struct ldw_file *file = ldw->files[0];
	struct ldw_unit unit = {
		.version = head->version, .end = DIE_REF(0, !is_info, head->next),
		.is_type = !is_info || head->type == DW_UT_type,
	};
	Dwarf_Error error = NULL;
	Dwarf_Off offset = 0;
	LDW_DIE die = NULL;

	if (ldw_fine(file, dwarf_siblingof_b(file->dbg, NULL, is_info, &die, &error), error) &&
	    ldw_fine(file, dwarf_dieoffset(die, &offset, &error), error)) {
		unit.top = DIE_REF(0, !is_info, offset);
		if (head->type == DW_UT_skeleton)
			memcpy(&unit.dwo_id, &head->signature, sizeof(unit.dwo_id));
		else if (is_info && head->version < 5)
			unit.dwo_id = gnu_dwo_id(file, die);
	} else {
		die = NULL;
	}
	twz_push(ldw->arena, ldw->units, ldw->nunits, unit);
}

static void
find_units(struct ldw *ldw)
{
	struct header head;

	for (int is_info = 1; is_info >= 0; is_info--)
		while (next_header(ldw->files[0], is_info, &head))
			add_unit(ldw, &head, is_info);
}

/* The compile unit in a split file; of several, the one with this id. */
static die_ref
split_top(struct ldw_file *file, uint64_t dwo_id)
{
	die_ref found = 0;
	struct header head;

	while (next_header(file, true, &head)) {
		Dwarf_Error error = NULL;
		Dwarf_Off offset = 0;
		LDW_DIE die = NULL;
		uint64_t id = 0;

		if (head.type == DW_UT_split_type || head.type == DW_UT_type ||
		    !ldw_fine(file, dwarf_siblingof_b(file->dbg, NULL, true, &die, &error), error) ||
		    !ldw_fine(file, dwarf_dieoffset(die, &offset, &error), error))
			continue;
		if (head.version >= 5)
			memcpy(&id, &head.signature, sizeof(id));
		else
			id = gnu_dwo_id(file, die);
		if (id == dwo_id && !found)
			found = DIE_REF(file->number, 0, offset);
	}
	return found;
}

/* Looks for the rest of a skeleton, once. */
static void
look_for_split(struct ldw *ldw, struct ldw_unit *unit)
{
	struct debug_file *found;
	Dwarf_Die top = ldw_hold(ldw, unit->top);
	struct die die;

	unit->looked = true;
	if (!unit->dwo_id || !top || !ldw_decode(ldw->files[0], top, &die))
		return;
	found = debug_split(ldw->debug, unit->dwo_id, die_text(&die, DIE_COMP_DIR),
			    die_text(&die, DIE_DWO_NAME));
	if (found)
		unit->split = ldw_open_file(ldw, found, 2);
	if (unit->split) {
		unit->split->skeleton = unit->top;
		unit->split_top = split_top(unit->split, unit->dwo_id);
	}
	if (!unit->split_top)
		ldw->partial = true;
}

static size_t
units(struct engine *engine)
{
	return ldw_of(engine)->nunits;
}

static bool
unit_at(struct engine *engine, size_t i, struct die_unit *ret)
{
	struct ldw *ldw = ldw_of(engine);
	struct ldw_unit *unit = &ldw->units[i];
	Dwarf_Die top;
	int64_t low = 0;

	*ret = (struct die_unit){ .version = unit->version, .is_type = unit->is_type };
	top = unit->top ? ldw_hold(ldw, unit->top) : NULL;
	ret->is_damaged = !top || !ldw_decode(ldw->files[0], top, &ret->die);
	if (ret->is_damaged)
		return true;
	if (die_number(&ret->die, DIE_LOW_PC, &low))
		ret->base = (uint64_t)low;
	if (!unit->looked)
		look_for_split(ldw, unit);
	if (unit->split_top) {
		top = ldw_hold(ldw, unit->split_top);
		ret->is_damaged = !top || !ldw_decode(unit->split, top, &ret->die);
	}
	return true;
}

struct cover {
	const uint64_t *addresses;
	size_t n;
	bool found;
};

static bool
visit_cover(void *data, uint64_t from, uint64_t to)
{
	struct cover *c = data;
	size_t first = 0, n = c->n;

	while (n) {
		size_t half = n / 2;
		bool before = c->addresses[first + half] < from;

		first += before ? half + 1 : 0;
		n = before ? n - half - 1 : half;
	}
	c->found = first < c->n && c->addresses[first] < to;
	return !c->found;
}

static bool
covers(struct engine *engine, size_t i, const uint64_t *addresses, size_t n)
{
	struct ldw *ldw = ldw_of(engine);
	struct ldw_unit *unit = &ldw->units[i];
	struct die_unit own = { .version = unit->version };
	struct cover cover = { addresses, n, false };
	Dwarf_Die top = unit->top ? ldw_hold(ldw, unit->top) : NULL;
	int64_t low = 0;

	if (!top || !ldw_decode(ldw->files[0], top, &own.die) || unit->is_type)
		return false;
	if (!die_has(&own.die, DIE_RANGES) && !die_has(&own.die, DIE_HIGH_PC))
		return true;
	if (die_number(&own.die, DIE_LOW_PC, &low))
		own.base = (uint64_t)low;
	ldw_ranges(engine, &own, &own.die, visit_cover, &cover);
	return cover.found;
}

/* -- DIEs ------------------------------------------------------------------------------------------- */

static struct ldw_held *
slot_of(struct ldw *ldw, die_ref ref)
{
	return &ldw->held[(ref * 0x9e3779b97f4a7c15 >> 40) % LDW_HELD];
}

static void
keep(struct ldw *ldw, die_ref ref, Dwarf_Die die)
{
	struct ldw_held *slot = slot_of(ldw, ref);

	ldw_diep(&slot->die);
	*slot = (struct ldw_held){ ref, die };
}

Dwarf_Die
ldw_hold(struct ldw *ldw, die_ref ref)
{
	struct ldw_held *slot = slot_of(ldw, ref);
	struct ldw_file *file = ldw_file_at(ldw, DIE_FILE(ref));
	Dwarf_Error error = NULL;
	Dwarf_Die die = NULL;

	if (slot->die && slot->ref == ref)
		return slot->die;
	if (!file || !ldw_fine(file, dwarf_offdie_b(file->dbg, DIE_OFFSET(ref), !DIE_TYPES(ref), &die,
						    &error), error))
		return NULL;
	keep(ldw, ref, die);
	return die;
}

static bool
die_at(struct engine *engine, die_ref ref, struct die *ret)
{
	struct ldw *ldw = ldw_of(engine);
	Dwarf_Die die = ref ? ldw_hold(ldw, ref) : NULL;

	return die && ldw_decode(ldw->files[DIE_FILE(ref)], die, ret);
}

static bool
top_of(struct engine *engine, die_ref ref, struct die *ret, die_ref *end)
{
	struct ldw *ldw = ldw_of(engine);
	struct ldw_file *file = ldw_file_at(ldw, DIE_FILE(ref));
	Dwarf_Die die = ldw_hold(ldw, ref);
	Dwarf_Error error = NULL;
	Dwarf_Off top = 0, from = 0, n = 0;

	if (!die || !ldw_fine(file, dwarf_CU_dieoffset_given_die(die, &top, &error), error) ||
	    !ldw_fine(file, dwarf_die_CU_offset_range(die, &from, &n, &error), error))
		return false;
	*end = DIE_REF(DIE_FILE(ref), DIE_TYPES(ref), from + n);
	return die_at(engine, DIE_REF(DIE_FILE(ref), DIE_TYPES(ref), top), ret);
}

static bool
passes(struct ldw_file *file, Dwarf_Die die, const struct die_filter *filter)
{
	static const Dwarf_Half codes[] = { DW_AT_low_pc, DW_AT_ranges, DW_AT_external,
					    DW_AT_specification };
	size_t ncodes;
	Dwarf_Error error = NULL;
	Dwarf_Half tag = 0;
	Dwarf_Bool has = false;

	if (!filter)
		return true;
	if (!ldw_fine(file, dwarf_tag(die, &tag, &error), error))
		return false;
	if (filter->tags && (tag >= 64 || !(filter->tags >> tag & 1)))
		return false;
	ncodes = tag != DW_TAG_subprogram ? 0 : filter->located ? 2 : filter->linked ? 4 : 0;
	for (size_t i = 0; i < ncodes && !has; i++)
		if (!ldw_fine(file, dwarf_hasattr(die, codes[i], &has, &error), error))
			return false;
	if (filter->defined && die_is_tagged(tag)) {
		if (!ldw_fine(file, dwarf_hasattr(die, DW_AT_name, &has, &error), error) || !has ||
		    !ldw_fine(file, dwarf_hasattr(die, DW_AT_declaration, &has, &error), error))
			return false;
		return !has;
	}
	return has || !ncodes;
}

/* From @die, which becomes ours, to the first that passes, and into @ret. */
static bool
first_passing(struct ldw_file *file, Dwarf_Die die, die_ref before, const struct die_filter *filter,
	      struct die *ret)
{
	struct ldw *ldw = file->ldw;
	bool is_info = dwarf_get_die_infotypes_flag(die);

	for (;;) {
		Dwarf_Error error = NULL;
		Dwarf_Die next = NULL;
		Dwarf_Off offset = 0;
		die_ref ref;

		if (!ldw_fine(file, dwarf_dieoffset(die, &offset, &error), error))
			break;
		ref = DIE_REF(file->number, !is_info, offset);
		if (ref <= before) {
			ldw->partial = true;	/* it leads back: a loop */
			break;
		}
		before = ref;
		if (passes(file, die, filter)) {
			keep(ldw, ref, die);
			return ldw_decode(file, die, ret);
		}
		if (!ldw_fine(file, dwarf_siblingof_b(file->dbg, die, is_info, &next, &error), error))
			break;
		dwarf_dealloc_die(die);
		die = next;
	}
	dwarf_dealloc_die(die);
	return false;
}

static bool
child(struct engine *engine, const struct die *die, const struct die_filter *filter, struct die *ret)
{
	struct ldw *ldw = ldw_of(engine);
	struct ldw_file *file = ldw_file_at(ldw, DIE_FILE(die->ref));
	Dwarf_Die parent = ldw_hold(ldw, die->ref), found = NULL;
	Dwarf_Error error = NULL;

	return parent && ldw_fine(file, dwarf_child(parent, &found, &error), error) &&
	       first_passing(file, found, die->ref, filter, ret);
}

static bool
next(struct engine *engine, const struct die *die, const struct die_filter *filter, struct die *ret)
{
	struct ldw *ldw = ldw_of(engine);
	struct ldw_file *file = ldw_file_at(ldw, DIE_FILE(die->ref));
	Dwarf_Die here = ldw_hold(ldw, die->ref), found = NULL;
	Dwarf_Error error = NULL;

	return here && ldw_fine(file, dwarf_siblingof_b(file->dbg, here, !DIE_TYPES(die->ref), &found,
							&error), error) &&
	       first_passing(file, found, die->ref, filter, ret);
}

/* -- the whole -------------------------------------------------------------------------------------- */

static void
close_engine(struct engine *engine)
{
	struct ldw *ldw = ldw_of(engine);

	for (size_t i = 0; i < LDW_HELD; i++)
		ldw_diep(&ldw->held[i].die);
	for (size_t i = ldw->nfiles; i-- > 0;) {
		Dwarf_Error error = NULL;

		if (ldw->files[i])
			dwarf_object_finish(ldw->files[i]->dbg, &error);
	}
}

static bool
open_engine(struct debug *debug, struct twz_arena *arena, struct engine **ret, struct twz_error *err)
{
	struct ldw *ldw = twz_new(arena, struct ldw);

	*ldw = (struct ldw){ { &engine_libdwarf }, .debug = debug, .arena = arena };
	twz_push(arena, ldw->files, ldw->nfiles, NULL);
	twz_push(arena, ldw->files, ldw->nfiles, NULL);
	dwarf_set_de_alloc_flag(0);
	if (!ldw_open_file(ldw, debug_main(debug), 0)) {
		twz_fail(err, TWZ_CLASS_LINK, TWZ_ERR(IO, OTHER),
			 "its debug information cannot be read by libdwarf");
		return twz_hint(err, "build the library again with -g");
	}
	find_units(ldw);
	*ret = &ldw->engine;
	return true;
}

static bool
partial(struct engine *engine)
{
	return ldw_of(engine)->partial;
}

const struct engine_ops engine_libdwarf = {
	.name = "libdwarf",
	.open = open_engine,
	.close = close_engine,
	.units = units,
	.unit = unit_at,
	.covers = covers,
	.die = die_at,
	.top = top_of,
	.child = child,
	.next = next,
	.ranges = ldw_ranges,
	.source = ldw_source,
	.line = ldw_line,
	.partial = partial,
};
