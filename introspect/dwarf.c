/*
 * Checked access to libdwarf, and the search for functions.
 *
 * A function is found by its address, because names lie: aliases, folded functions and old versions of
 * a symbol share or swap them. The ladder of ways is the table below, best first; what was found by is
 * kept as the gate's provenance. The walk looks at the children of each unit only.
 *
 * libdwarf is told not to keep track of what it hands out, which halves its time; so every DIE and
 * attribute here has a cleanup attribute. Two things that a hostile file can do to this version of it
 * (hang, abort) cannot be helped from inside: programs read files in a process of their own.
 */
#include <string.h>

#include "introspect/dwarf_in.h"

enum rank {
	RANK_NONE,
	RANK_ASM,		/* assembly: has an address, but no parameters */
	RANK_DECL,		/* declared only */
	RANK_ALIAS_RANGES,	/* the address fits, the name is another one */
	RANK_ALIAS,
	RANK_NAME,		/* no address of its own: inlined or folded away */
	RANK_RANGES,
	RANK_LOW_PC,
};

static const char *const hows[] = {
	[RANK_NONE] = "none",	   [RANK_ASM] = "none",	    [RANK_DECL] = "decl",
	[RANK_ALIAS_RANGES] = "alias", [RANK_ALIAS] = "alias", [RANK_NAME] = "name",
	[RANK_RANGES] = "ranges",  [RANK_LOW_PC] = "low_pc",
};

static const struct { Dwarf_Unsigned code; enum dw_language language; } languages[] = {
	{ DW_LANG_C89, DW_LANGUAGE_C },		{ DW_LANG_C, DW_LANGUAGE_C },
	{ DW_LANG_C99, DW_LANGUAGE_C },		{ DW_LANG_C11, DW_LANGUAGE_C },
	{ 0x2c /* C17 */, DW_LANGUAGE_C },	{ DW_LANG_C_plus_plus, DW_LANGUAGE_CXX },
	{ DW_LANG_C_plus_plus_03, DW_LANGUAGE_CXX }, { DW_LANG_C_plus_plus_11, DW_LANGUAGE_CXX },
	{ DW_LANG_C_plus_plus_14, DW_LANGUAGE_CXX }, { 0x2b /* C++17 */, DW_LANGUAGE_CXX },
	{ 0x2e /* C++20 */, DW_LANGUAGE_CXX },	{ DW_LANG_Mips_Assembler, DW_LANGUAGE_ASM },
};

/* -- access ----------------------------------------------------------------------------------------- */

void
dw_diep(Dwarf_Die *die)
{
	if (*die)
		dwarf_dealloc_die(*die);
}

void
dw_attrp(Dwarf_Attribute *attr)
{
	if (*attr)
		dwarf_dealloc_attribute(*attr);
}

bool
dw_fine(struct dw *dw, int rc, Dwarf_Error error)
{
	if (rc == DW_DLV_ERROR) {
		dw->partial = true;
		dwarf_dealloc_error(dw->dbg, error);
	}
	return rc == DW_DLV_OK;
}

bool
dw_open(Elf *elf, struct twz_arena *arena, struct dw **ret, struct twz_error *err)
{
	struct dw *dw = twz_new(arena, struct dw);
	Dwarf_Error error = NULL;
	int rc;

	dw->arena = arena;
	dw->nodes.arena = arena;
	dwarf_set_de_alloc_flag(0);
	rc = dwarf_elf_init(elf, DW_DLC_READ, NULL, NULL, &dw->dbg, &error);
	if (rc == DW_DLV_OK) {
		*ret = dw;
		return true;
	}
	twz_fail(err, TWZ_CLASS_LINK, TWZ_ERR(IO, OTHER), "its debug information cannot be read: %s",
		 rc == DW_DLV_ERROR ? dwarf_errmsg(error) : "no DWARF sections");
	if (rc == DW_DLV_ERROR)
		dwarf_dealloc_error(NULL, error);
	return twz_hint(err, "build the library again with -g");
}

void
dw_close(struct dw *dw)
{
	Dwarf_Error error = NULL;

	if (dw && dw->dbg)
		dwarf_finish(dw->dbg, &error);
	if (dw)
		dw->dbg = NULL;
}

const struct nodes *
dw_nodes(const struct dw *dw)
{
	return &dw->nodes;
}

bool
dw_partial(const struct dw *dw)
{
	return dw->partial;
}

static enum dw_language
language_of(struct dw *dw, Dwarf_Die die)
{
	Dwarf_Unsigned code = 0;
	Dwarf_Error error = NULL;

	if (!dw_fine(dw, dwarf_srclang(die, &code, &error), error))
		return DW_LANGUAGE_OTHER;
	for (size_t i = 0; i < TWZ_COUNT(languages); i++)
		if (languages[i].code == code)
			return languages[i].language;
	return DW_LANGUAGE_OTHER;
}

bool
dw_next_unit(struct dw *dw, struct dw_unit *unit)
{
	Dwarf_Unsigned length, abbrev, type_offset, next;
	Dwarf_Half version, address_size, length_size, extension, unit_type;
	Dwarf_Sig8 signature;
	Dwarf_Error error = NULL;
	Dwarf_Addr low = 0;

	dw_diep(&unit->die);
	*unit = (struct dw_unit){ 0 };
	if (!dw_fine(dw, dwarf_next_cu_header_d(dw->dbg, true, &length, &version, &abbrev,
						&address_size, &length_size, &extension, &signature,
						&type_offset, &next, &unit_type, &error), error))
		return false;
	error = NULL;
	if (!dw_fine(dw, dwarf_siblingof_b(dw->dbg, NULL, true, &unit->die, &error), error)) {
		unit->die = NULL;
		return true;
	}
	error = NULL;
	unit->language = language_of(dw, unit->die);
	if (dwarf_lowpc(unit->die, &low, &error) == DW_DLV_OK)
		unit->low_pc = low;
	else if (error)
		dwarf_dealloc_error(dw->dbg, error);
	return true;
}

bool
dw_child(struct dw *dw, Dwarf_Die die, Dwarf_Die *ret)
{
	Dwarf_Error error = NULL;
	Dwarf_Die child = NULL;

	if (!dw_fine(dw, dwarf_child(die, &child, &error), error))
		return false;
	*ret = child;
	return true;
}

bool
dw_sibling(struct dw *dw, Dwarf_Die *die)
{
	bool is_info = dwarf_get_die_infotypes_flag(*die);
	uint64_t here = dw_key(dw, *die);
	Dwarf_Error error = NULL;
	Dwarf_Die next = NULL;

	if (!dw_fine(dw, dwarf_siblingof_b(dw->dbg, *die, is_info, &next, &error), error))
		return false;
	dwarf_dealloc_die(*die);
	*die = next;
	if (dw_key(dw, next) > here)
		return true;
	dw->partial = true;	/* it leads back: a loop */
	return false;
}

Dwarf_Half
dw_tag(struct dw *dw, Dwarf_Die die)
{
	Dwarf_Error error = NULL;
	Dwarf_Half tag = 0;

	return dw_fine(dw, dwarf_tag(die, &tag, &error), error) ? tag : 0;
}

uint64_t
dw_key(struct dw *dw, Dwarf_Die die)
{
	Dwarf_Error error = NULL;
	Dwarf_Off offset = 0;

	if (!dw_fine(dw, dwarf_dieoffset(die, &offset, &error), error))
		return 0;
	return offset << 1 | !dwarf_get_die_infotypes_flag(die);
}

bool
dw_die_at(struct dw *dw, uint64_t key, Dwarf_Die *ret)
{
	Dwarf_Error error = NULL;
	Dwarf_Die die = NULL;

	if (!dw_fine(dw, dwarf_offdie_b(dw->dbg, key >> 1, !(key & 1), &die, &error), error))
		return false;
	*ret = die;
	return true;
}

bool
dw_attr(struct dw *dw, Dwarf_Die die, Dwarf_Half code, Dwarf_Attribute *ret)
{
	Dwarf_Error error = NULL;

	return dw_fine(dw, dwarf_attr(die, code, ret, &error), error);
}

bool
dw_has(struct dw *dw, Dwarf_Die die, Dwarf_Half code)
{
	Dwarf_Error error = NULL;
	Dwarf_Bool has = false;

	return dw_fine(dw, dwarf_hasattr(die, code, &has, &error), error) && has;
}

bool
dw_flag(struct dw *dw, Dwarf_Die die, Dwarf_Half code)
{
	Dwarf_Error error = NULL;
	DW_ATTR attr = NULL;
	Dwarf_Bool flag = false;

	return dw_attr(dw, die, code, &attr) &&
	       dw_fine(dw, dwarf_formflag(attr, &flag, &error), error) && flag;
}

bool
dw_number(struct dw *dw, Dwarf_Die die, Dwarf_Half code, int64_t *ret)
{
	Dwarf_Error error = NULL;
	DW_ATTR attr = NULL;
	Dwarf_Half form = 0;
	Dwarf_Unsigned u = 0;
	Dwarf_Signed s = 0;

	if (!dw_attr(dw, die, code, &attr) || !dw_fine(dw, dwarf_whatform(attr, &form, &error), error))
		return false;
	switch (form) {
	case DW_FORM_data1:
	case DW_FORM_data2:
	case DW_FORM_data4:
	case DW_FORM_data8:
	case DW_FORM_udata:
	case DW_FORM_sec_offset:
		if (!dw_fine(dw, dwarf_formudata(attr, &u, &error), error))
			return false;
		*ret = (int64_t)u;
		return true;
	case DW_FORM_sdata:
	case DW_FORM_implicit_const:
		if (!dw_fine(dw, dwarf_formsdata(attr, &s, &error), error))
			return false;
		*ret = s;
		return true;
	default:	/* a number of libdwarf's, not a kind of ours */
		return false;
	}
}

bool
dw_follow(struct dw *dw, Dwarf_Die die, Dwarf_Half code, Dwarf_Die *ret)
{
	Dwarf_Error error = NULL;
	DW_ATTR attr = NULL;
	Dwarf_Bool is_info = dwarf_get_die_infotypes_flag(die);
	Dwarf_Half form = 0;
	Dwarf_Off offset = 0;
	Dwarf_Sig8 signature;

	if (!dw_attr(dw, die, code, &attr) || !dw_fine(dw, dwarf_whatform(attr, &form, &error), error))
		return false;
	if (form == DW_FORM_ref_sig8) {
		Dwarf_Die found = NULL;

		if (!dw_fine(dw, dwarf_formsig8(attr, &signature, &error), error) ||
		    !dw_fine(dw, dwarf_find_die_given_sig8(dw->dbg, &signature, &found, &is_info,
							   &error), error))
			return false;
		*ret = found;
		return true;
	}
	if (form == DW_FORM_ref_addr)
		is_info = true;
	return dw_fine(dw, dwarf_global_formref(attr, &offset, &error), error) &&
	       dw_die_at(dw, offset << 1 | !is_info, ret);
}

/* What a terminal would take for a command does not get further than this. */
static const char *
clean(struct twz_arena *arena, const char *text)
{
	char *copy = twz_strndup(arena, text, strnlen(text, 1024));

	for (char *c = copy; *c; c++)
		if ((unsigned char)*c < 0x20 || (unsigned char)*c >= 0x7f)
			*c = '?';
	return copy;
}

static const char *
text_of(struct dw *dw, Dwarf_Die die, Dwarf_Half code)
{
	Dwarf_Error error = NULL;
	char *text = NULL;

	return dw_fine(dw, dwarf_die_text(die, code, &text, &error), error) ? text : NULL;
}

const char *
dw_name(struct dw *dw, Dwarf_Die die)
{
	const char *text = text_of(dw, die, DW_AT_name);

	return text ? clean(dw->arena, text) : "";
}

void
dw_origin(struct dw *dw, Dwarf_Die *die, Dwarf_Half code)
{
	for (int i = 0; i < DW_MAX_CHAIN && dw_has(dw, *die, code); i++) {
		Dwarf_Die next = NULL;

		if (!dw_follow(dw, *die, code, &next))
			return;
		dwarf_dealloc_die(*die);
		*die = next;
	}
}

const char *
dw_symbol(struct dw *dw, Dwarf_Die die)
{
	static const Dwarf_Half codes[] = { DW_AT_linkage_name, DW_AT_MIPS_linkage_name, DW_AT_name };
	DW_DIE at = NULL;

	if (!dw_die_at(dw, dw_key(dw, die), &at))
		return "";
	for (int step = 0; step < 3; step++) {
		for (size_t i = 0; i < TWZ_COUNT(codes); i++) {
			const char *text = text_of(dw, at, codes[i]);

			if (text)
				return text;
		}
		dw_origin(dw, &at, step ? DW_AT_specification : DW_AT_abstract_origin);
	}
	return "";
}

/* -- looking for functions -------------------------------------------------------------------------- */

struct search {
	struct dw *dw;
	struct dw_function **by_address, **by_name;
	size_t n, missing;		/* missing: not yet found by the best way */
	const struct dw_unit *unit;
	uint64_t unit_number;
	Dwarf_Die die;			/* the function looked at */
	const char *symbol;		/* its name, once it was asked for */
	bool first;			/* its first range */
};

static void
bind(struct search *s, struct dw_function *f, enum rank rank)
{
	if (s->unit->language == DW_LANGUAGE_ASM)
		rank = RANK_ASM;
	if ((int)rank <= f->rank)
		return;
	s->missing -= rank == RANK_LOW_PC;
	f->rank = rank;
	f->key = dw_key(s->dw, s->die);
	f->language = s->unit->language;
	f->order = s->unit_number << 32;
}

static const char *
symbol_of(struct search *s)
{
	if (!s->symbol)
		s->symbol = dw_symbol(s->dw, s->die);
	return s->symbol;
}

/* The first function of @list, sorted, that is not before what is looked for. */
static size_t
lower(struct dw_function **list, size_t n, const char *name, uint64_t address)
{
	size_t from = 0;

	while (n) {
		size_t half = n / 2;
		const struct dw_function *f = list[from + half];
		bool before = name ? strcmp(f->symbol, name) < 0 : f->address < address;

		from += before ? half + 1 : 0;
		n = before ? n - half - 1 : half;
	}
	return from;
}

static bool
match_address(void *data, uint64_t from, uint64_t to)
{
	struct search *s = data;
	size_t i = lower(s->by_address, s->n, NULL, from);
	bool first = s->first;

	(void)to;
	s->first = false;
	for (; i < s->n && s->by_address[i]->address == from; i++) {
		struct dw_function *f = s->by_address[i];
		bool same = !strcmp(symbol_of(s), f->symbol);

		if (first)
			bind(s, f, same ? RANK_LOW_PC : RANK_ALIAS);
		else
			bind(s, f, same ? RANK_RANGES : RANK_ALIAS_RANGES);
	}
	return true;
}

static void
match_name(struct search *s, enum rank rank)
{
	const char *symbol = symbol_of(s);
	size_t i = lower(s->by_name, s->n, symbol, 0);

	for (; i < s->n && !strcmp(s->by_name[i]->symbol, symbol); i++)
		bind(s, s->by_name[i], rank);
}

static void
look_at(struct search *s, Dwarf_Die die)
{
	struct dw *dw = s->dw;
	bool has_low = dw_has(dw, die, DW_AT_low_pc);

	s->die = die;
	s->symbol = NULL;
	s->first = has_low;
	if (has_low || dw_has(dw, die, DW_AT_ranges))
		dw_ranges(dw, s->unit, die, match_address, s);
	else if (dw_flag(dw, die, DW_AT_external))
		match_name(s, dw_flag(dw, die, DW_AT_declaration) ? RANK_DECL : RANK_NAME);
}

static void
look_in(struct search *s, Dwarf_Die scope, int depth)
{
	DW_DIE child = NULL;

	for (bool more = dw_child(s->dw, scope, &child); more && s->missing;
	     more = dw_sibling(s->dw, &child)) {
		Dwarf_Half tag = dw_tag(s->dw, child);

		if (tag == DW_TAG_subprogram)
			look_at(s, child);
		else if (tag == DW_TAG_namespace && depth < DW_MAX_SCOPES)
			look_in(s, child, depth + 1);
	}
}

static int
by_address(const void *a, const void *b)
{
	const struct dw_function *f = *(struct dw_function *const *)a;
	const struct dw_function *g = *(struct dw_function *const *)b;

	return f->address < g->address ? -1 : f->address > g->address;
}

static int
by_name(const void *a, const void *b)
{
	const struct dw_function *f = *(struct dw_function *const *)a;
	const struct dw_function *g = *(struct dw_function *const *)b;

	return strcmp(f->symbol, g->symbol);
}

static void
search(struct search *s)
{
	struct dw_unit unit = { 0 };

	qsort(s->by_address, s->n, sizeof(*s->by_address), by_address);
	qsort(s->by_name, s->n, sizeof(*s->by_name), by_name);
	s->unit = &unit;
	for (; dw_next_unit(s->dw, &unit); s->unit_number++)
		if (unit.die && s->missing)
			look_in(s, unit.die, 0);
}

/* An ifunc's address is that of a function which returns the one that is called. */
static void
unwrap(struct dw_function *f)
{
	const struct twz_type *pointer = twz_type_strip(f->type->target);
	const struct twz_type *target = pointer && pointer->kind == TWZ_POINTER ?
					twz_type_strip(pointer->target) : NULL;

	f->how = "ifunc";
	f->type = target && target->kind == TWZ_FUNC ? target : NULL;
	if (!f->type)
		f->why = "chosen when loaded (ifunc), and its chooser does not say the type";
}

static void
conclude(struct dw_function *f)
{
	if (!f->type)
		return;
	if (f->ifunc)
		unwrap(f);
	if (f->type && f->language == DW_LANGUAGE_C && !f->type->is_prototyped) {
		f->why = "declared without a prototype, so its parameters are not certain";
		if (!f->type->nmembers)
			f->type = NULL;
	}
	if (f->language == DW_LANGUAGE_OTHER)
		f->why = "not written in C or C++: its calling rules are not known";
}

/* Takes what is wanted from the DIE that was found: the type, later filled, and the line. */
static void
take(struct dw *dw, struct dw_function *f)
{
	DW_DIE die = NULL;
	int64_t line = 0;

	f->how = hows[f->rank];
	f->why = "";
	if (f->rank == RANK_NONE) {
		f->order = UINT64_MAX;
		f->why = "the debug information does not describe it";
		return;
	}
	if (f->rank == RANK_ASM)
		f->why = "written in assembly: its debug information has no parameters";
	if (!dw_die_at(dw, f->key, &die))
		return;
	if (f->rank != RANK_ASM)
		f->type = &dw_function_type(dw, die)->type;
	dw_origin(dw, &die, DW_AT_abstract_origin);
	if (dw_number(dw, die, DW_AT_decl_line, &line))
		f->order |= (uint32_t)line;
}

void
dw_functions(struct dw *dw, struct dw_function *functions, size_t n)
{
	struct search s = {
		.dw = dw, .n = n, .missing = n,
		.by_address = twz_new_array(dw->arena, n, struct dw_function *),
		.by_name = twz_new_array(dw->arena, n, struct dw_function *),
	};

	for (size_t i = 0; i < n; i++)
		s.by_address[i] = s.by_name[i] = &functions[i];
	if (n)
		search(&s);
	for (size_t i = 0; i < n; i++)
		take(dw, &functions[i]);
	dw_fill(dw);
	types_finish(&dw->nodes);
	for (size_t i = 0; i < n; i++)
		conclude(&functions[i]);
}
