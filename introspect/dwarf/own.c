/*
 * Our own reader of DWARF: files and their units. Unit headers are walked once, when a file is opened;
 * what a unit needs for reading its DIEs is taken from its top DIE when the first of them is asked for.
 * A unit whose header makes no sense is damaged for itself: the next begins where its length says.
 */
#include "introspect/dwarf/own.h"

struct own_unit own_nothing;
struct own_head own_bad_head;

struct elf_section
own_section(struct own_file *file, enum debug_section section)
{
	struct own *own = file->own;
	struct elf_section found;
	const unsigned char *nul;

	if (atomic_load_explicit(&file->loaded[section], memory_order_acquire))
		return file->sections[section];
	found = debug_section(file->debug, section);
	if (section == DEBUG_STR || section == DEBUG_LINE_STR) {
		nul = found.n ? memrchr(found.bytes, 0, found.n) : NULL;
		found.n = nul ? (size_t)(nul + 1 - found.bytes) : 0;
	}
	pthread_mutex_lock(&own->lock);
	if (!atomic_load_explicit(&file->loaded[section], memory_order_relaxed))
		file->sections[section] = found;
	atomic_store_explicit(&file->loaded[section], true, memory_order_release);
	pthread_mutex_unlock(&own->lock);
	return found;
}

/* -- units ----------------------------------------------------------------------------------------- */

enum { SHORTEST = 7 /* bytes of a unit's header behind its length: version, abbreviations, size of addresses */ };

static enum own_kind
kind_of(unsigned version, uint64_t type, bool types)
{
	if (version < 2 || version > 5)
		return OWN_UNKNOWN;
	if (version < 5)
		return types ? OWN_TYPE : OWN_COMPILE;
	switch (type) {
	case DW_UT_compile:
	case DW_UT_partial:
		return OWN_COMPILE;
	case DW_UT_type:
		return OWN_TYPE;
	case DW_UT_skeleton:
		return OWN_SKELETON;
	case DW_UT_split_compile:
		return OWN_SPLIT_COMPILE;
	case DW_UT_split_type:
		return OWN_SPLIT_TYPE;
	default:
		return OWN_UNKNOWN;
	}
}

static bool
read_header(struct own_bytes *b, struct own_unit *unit)
{
	uint64_t version, type = 0, address_size;
	unsigned offset_size = unit->format.offset_size;

	if (!own_fixed(b, 2, &version))
		return false;
	if (version >= 5 ? !own_fixed(b, 1, &type) || !own_fixed(b, 1, &address_size) ||
			   !own_fixed(b, offset_size, &unit->abbrev_offset) :
	    !own_fixed(b, offset_size, &unit->abbrev_offset) || !own_fixed(b, 1, &address_size))
		return false;
	unit->kind = (uint8_t)kind_of((unsigned)version, type, unit->types);
	if ((address_size != 8 && address_size != 4) ||
	    unit->abbrev_offset >= unit->file->abbrev.n)
		unit->kind = OWN_UNKNOWN;
	unit->format.version = (uint8_t)version;
	unit->format.address_size = (uint8_t)address_size;
	if (unit->kind == OWN_TYPE || unit->kind == OWN_SPLIT_TYPE)
		return own_fixed(b, 8, &unit->id) && own_fixed(b, offset_size, &unit->type_offset);
	if (unit->kind == OWN_SKELETON || unit->kind == OWN_SPLIT_COMPILE)
		return own_fixed(b, 8, &unit->id);
	return true;
}

/* How many units a section has, or more: so there is room for all of them, and no more than that. */
static size_t
count_units(struct elf_section section)
{
	struct own_bytes rest = own_bytes(section, 0, section.n), b;
	uint8_t offset_size;
	size_t n = 0;

	for (b = rest; rest.at < rest.end && own_length(&b, &offset_size, &rest); b = rest)
		n += b.end - b.at >= SHORTEST;
	return n;
}

/* Adds the units of one section. What is too short to be one is left out. */
static void
read_units(struct own_file *file, bool types, size_t *n)
{
	struct elf_section section = types ? file->types : file->info;
	struct own_bytes rest = own_bytes(section, 0, section.n);

	while (rest.at < rest.end) {
		struct own_unit unit = { .file = file, .bytes = section.bytes, .types = types };
		struct own_bytes b = rest;

		unit.offset = (uint64_t)(b.at - section.bytes);
		if (!own_length(&b, &unit.format.offset_size, &rest)) {
			own_partial(file->own);
			return;
		}
		if (!read_header(&b, &unit)) {
			own_partial(file->own);
			continue;
		}
		unit.first = (uint64_t)(b.at - section.bytes);
		unit.end = (uint64_t)(b.end - section.bytes);
		unit.index = (uint32_t)*n;
		if (unit.kind == OWN_UNKNOWN || *n == UINT32_MAX)
			own_partial(file->own);
		if (*n == UINT32_MAX)
			return;
		file->units[(*n)++] = unit;
	}
}

/* A file with its number; the same again when it is open already. Under own->lock. */
static struct own_file *
open_file(struct own *own, struct debug_file *debug, unsigned number, struct own_unit *skeleton)
{
	struct own_file *file = atomic_load(&own->files[number]);

	if (file)
		return file;
	file = twz_new(&own->memory, struct own_file);
	file->own = own;
	file->debug = debug;
	file->number = number;
	file->skeleton = skeleton;
	file->info = debug_section(debug, DEBUG_INFO);
	file->types = debug_section(debug, DEBUG_TYPES);
	file->abbrev = debug_section(debug, DEBUG_ABBREV);
	if (file->abbrev.n > UINT32_MAX)
		file->abbrev.n = UINT32_MAX;
	atomic_store(&file->abbrev_budget, 8 * (uint64_t)file->abbrev.n + (1 << 16));
	file->units = twz_new_array(&own->memory, count_units(file->info) + count_units(file->types), struct own_unit);
	read_units(file, false, &file->nunits);
	file->ninfo = file->nunits;
	read_units(file, true, &file->nunits);
	atomic_store_explicit(&own->files[number], file, memory_order_release);
	return file;
}

struct own_unit *
own_unit_at(struct own *own, die_ref ref)
{
	struct own_file *file = atomic_load_explicit(&own->files[DIE_FILE(ref)], memory_order_acquire);
	uint64_t offset = DIE_OFFSET(ref);
	size_t from, n, last;
	struct own_unit *unit;

	if (!file)
		return NULL;
	from = DIE_TYPES(ref) ? file->ninfo : 0;
	n = DIE_TYPES(ref) ? file->nunits - file->ninfo : file->ninfo;
	last = atomic_load_explicit(&file->last, memory_order_relaxed);
	if (last >= from && last - from < n && offset >= file->units[last].first &&
	    offset < file->units[last].end)
		return &file->units[last];
	while (n) {
		size_t half = n / 2;

		unit = &file->units[from + half];
		if (offset >= unit->first && offset < unit->end) {
			atomic_store_explicit(&file->last, unit->index, memory_order_relaxed);
			return unit;
		}
		if (offset >= unit->end) {
			from += half + 1;
			n -= half + 1;
		} else {
			n = half;
		}
	}
	return NULL;
}

/* -- heads ----------------------------------------------------------------------------------------- */

static void
store_head(struct own_head *head, unsigned attr, const struct own_value *value)
{
	switch (attr) {
	case OWN_STR_OFFSETS_BASE:
		head->str_offsets_base = value->n;
		break;
	case OWN_ADDR_BASE:
		head->addr_base = value->n;
		break;
	case OWN_RNGLISTS_BASE:
		head->rnglists_base = value->n;
		break;
	case OWN_RANGES_BASE:
		head->ranges_base = value->n;
		break;
	case OWN_STMT_LIST:
		head->stmt_list = value->n;
		break;
	case OWN_DWO_ID:
		head->dwo_id = value->n;
		break;
	default:
		break;
	}
	head->has |= UINT64_C(1) << attr;
}

static bool
fill_head(struct own_unit *unit, struct own_head *head)
{
	struct own_attrs attrs = {
		.format = &unit->format, .b = { unit->bytes + unit->first, unit->bytes + unit->end },
	};
	struct own_value value, low = { .cls = OWN_NOTHING };
	unsigned attr;
	uint64_t code;

	if (unit->kind == OWN_UNKNOWN || !own_uleb(&attrs.b, &code) || !code)
		return false;
	head->top = own_table_one(unit, head, code);
	if (!head->top)
		return false;
	attrs.field = head->top->fields;
	while (own_attr(&attrs, &attr, &value))
		if (!(head->has >> attr & 1)) {
			store_head(head, attr, &value);
			if (attr == DIE_LOW_PC)
				low = value;
		}
	if (attrs.bad)
		return false;
	if (low.cls != OWN_NOTHING && !own_address(unit, head, &low, &head->low_pc))
		head->low_pc = 0;
	return true;
}

struct own_head *
own_make_head(struct own_unit *unit)
{
	struct own_head *head = NULL, *made;
	struct own *own = unit->file->own;

	pthread_mutex_lock(&own->lock);
	made = twz_new(&own->memory, struct own_head);
	pthread_mutex_unlock(&own->lock);
	if (!fill_head(unit, made)) {
		own_partial(own);
		made = &own_bad_head;
	}
	return atomic_compare_exchange_strong(&unit->head, &head, made) ? made : head;
}

/* -- other files ----------------------------------------------------------------------------------- */

struct own_file *
own_alternate(struct own *own)
{
	struct own_file *file = atomic_load_explicit(&own->files[OWN_ALTERNATE], memory_order_acquire);
	struct debug_file *debug;

	if (file)
		return file;
	pthread_mutex_lock(&own->lock);
	if (!own->have_alternate) {
		own->have_alternate = true;
		debug = debug_alternate(own->debug);
		if (debug)
			open_file(own, debug, OWN_ALTERNATE, NULL);
	}
	file = atomic_load(&own->files[OWN_ALTERNATE]);
	pthread_mutex_unlock(&own->lock);
	return file;
}

/* The unit of a split file that has the id; a .dwo may hold several. */
static struct own_unit *
split_unit(struct own_file *file, uint64_t id)
{
	for (size_t i = 0; i < file->ninfo; i++) {
		struct own_unit *unit = &file->units[i];
		struct own_head *head;

		if (unit->kind == OWN_SPLIT_COMPILE && unit->id == id)
			return unit;
		head = unit->kind == OWN_COMPILE ? own_head(unit) : NULL;
		if (head && head->dwo_id == id)
			return unit;
	}
	return NULL;
}

/* What the unit with the top DIE @die is a skeleton of; NULL: it is none, or that is not there. */
static struct own_unit *
split_of(struct own_unit *unit, const struct die *die)
{
	struct own_head *head = own_head(unit);
	struct own_unit *found = head ? atomic_load(&head->split) : NULL;
	unsigned number = OWN_SPLIT + unit->index;
	struct own *own = unit->file->own;
	struct own_file *file = NULL;
	struct debug_file *debug;
	uint64_t id;

	if (!head || !die_has(die, DIE_DWO_NAME) ||
	    (unit->kind != OWN_SKELETON && !(head->has >> OWN_DWO_ID & 1)))
		return NULL;
	if (found)
		return found == &own_nothing ? NULL : found;
	id = unit->kind == OWN_SKELETON ? unit->id : head->dwo_id;
	pthread_mutex_lock(&own->lock);
	debug = number + own->nsplit_types < OWN_FILES ?
		debug_split(own->debug, id, die_text(die, DIE_COMP_DIR), die_text(die, DIE_DWO_NAME)) :
		NULL;
	if (debug)
		file = open_file(own, debug, number, unit);
	pthread_mutex_unlock(&own->lock);
	found = file ? split_unit(file, id) : NULL;
	if (!found)
		own_partial(own);
	atomic_store(&head->split, found ? found : &own_nothing);
	return found;
}

/* -- types by signature ---------------------------------------------------------------------------- */

static struct own_map *
make_signatures(struct own_file *file)
{
	struct own_map *map = twz_new(&file->own->memory, struct own_map);

	for (size_t i = 0; i < file->nunits; i++) {
		struct own_unit *unit = &file->units[i];

		if ((unit->kind == OWN_TYPE || unit->kind == OWN_SPLIT_TYPE) &&
		    !own_map_get(map, unit->id))
			own_map_put(&file->own->memory, map, unit->id, unit);
	}
	return map;
}

/* The type of a unit that has the signature. Under own->lock if @locked. */
static die_ref
find_type(struct own_file *file, uint64_t signature, bool locked)
{
	struct own_map *map = atomic_load_explicit(&file->signatures, memory_order_acquire);
	const struct own_unit *unit;

	if (!map) {
		if (!locked)
			pthread_mutex_lock(&file->own->lock);
		map = make_signatures(file);
		atomic_store_explicit(&file->signatures, map, memory_order_release);
		if (!locked)
			pthread_mutex_unlock(&file->own->lock);
	}
	unit = own_map_get(map, signature);
	if (!unit || unit->type_offset < unit->first - unit->offset ||
	    unit->type_offset >= unit->end - unit->offset)
		return 0;
	return DIE_REF(file->number, unit->types, unit->offset + unit->type_offset);
}

/* The type in a part of a .dwp, which is opened for it. */
static die_ref
split_type(struct own *own, uint64_t signature, struct own_unit *skeleton)
{
	void *known;
	die_ref ref = 0;

	pthread_mutex_lock(&own->lock);
	known = own_map_get(&own->split_types, signature);
	if (!known) {
		unsigned number = OWN_FILES - 1 - own->nsplit_types;
		struct debug_file *debug = number >= OWN_SPLIT + own->main->nunits ?
					   debug_split_type(own->debug, signature) : NULL;

		if (debug) {
			own->nsplit_types++;
			ref = find_type(open_file(own, debug, number, skeleton), signature, true);
		}
		known = ref ? (void *)(uintptr_t)ref : &own_nothing;
		own_map_put(&own->memory, &own->split_types, signature, known);
	}
	pthread_mutex_unlock(&own->lock);
	return known == &own_nothing ? 0 : (die_ref)(uintptr_t)known;
}

die_ref
own_type(struct own_unit *unit, uint64_t signature)
{
	struct own_file *file = unit->file;
	die_ref ref = find_type(file, signature, false);

	if (!ref && file->skeleton)
		ref = split_type(file->own, signature, file->skeleton);
	if (!ref && file != file->own->main)
		ref = find_type(file->own->main, signature, false);
	return ref;
}

/* -- the engine ------------------------------------------------------------------------------------ */

static void
own_close(struct engine *engine)
{
	struct own *own = (struct own *)engine;

	if (!own)
		return;
	twz_arena_free(&own->memory);
	free(own->files);
	pthread_mutex_destroy(&own->lock);
}

static bool
own_open(struct debug *debug, struct twz_arena *arena, struct engine **ret, struct twz_error *err)
{
	struct own *own = twz_new(arena, struct own);

	own->engine.ops = &engine_own;
	own->debug = debug;
	own->files = calloc(OWN_FILES, sizeof(*own->files));
	if (!own->files)
		return twz_fail(err, TWZ_CLASS_LINK, TWZ_ERR(RESOURCE, OUT_OF_MEMORY), "out of memory");
	pthread_mutex_init(&own->lock, NULL);
	own_make_sizes(own);
	own->main = open_file(own, debug_main(debug), 0, NULL);
	atomic_store(&own->range_budget, (1 << 20) + 4 * (uint64_t)own->main->info.n);
	*ret = &own->engine;
	return true;
}

static size_t
own_units(struct engine *engine)
{
	return ((struct own *)engine)->main->nunits;
}

static uint64_t
own_all_bytes(struct engine *engine)
{
	return ((struct own *)engine)->main->info.n;
}

static bool
own_unit(struct engine *engine, size_t i, struct die_unit *ret)
{
	struct own *own = (struct own *)engine;
	struct own_unit *unit, *split;
	struct own_head *head;

	if (i >= own->main->nunits)
		return false;
	unit = &own->main->units[i];
	head = own_head(unit);
	*ret = (struct die_unit){
		.version = unit->format.version, .base = head ? head->low_pc : 0,
		.is_type = unit->kind == OWN_TYPE,
	};
	ret->is_damaged = !own_top(unit, &ret->die);
	split = ret->is_damaged ? NULL : split_of(unit, &ret->die);
	if (split)
		ret->is_damaged = !own_top(split, &ret->die);
	if (ret->is_damaged) {
		own_partial(own);
		ret->die = (struct die){ 0 };
	}
	return true;
}

static bool
own_number_of(struct engine *engine, die_ref ref, size_t *ret)
{
	const struct own_unit *unit = DIE_FILE(ref) ? NULL : own_unit_at((struct own *)engine, ref);

	if (unit)
		*ret = unit->index;
	return unit;
}

static bool
own_die(struct engine *engine, die_ref ref, struct die *ret)
{
	struct own *own = (struct own *)engine;
	struct own_unit *unit = own_unit_at(own, ref);

	if (unit)
		return own_die_at(unit, DIE_OFFSET(ref), ret);
	own_partial(own);
	return false;
}

static bool
own_top_of(struct engine *engine, die_ref ref, struct die *ret, die_ref *end)
{
	struct own_unit *unit = own_unit_at((struct own *)engine, ref);

	if (!unit || !own_top(unit, ret))
		return false;
	*end = DIE_REF(DIE_FILE(ref), DIE_TYPES(ref), unit->end);
	return true;
}

static bool
own_is_partial(struct engine *engine)
{
	return atomic_load_explicit(&((struct own *)engine)->partial, memory_order_relaxed);
}

const struct engine_ops engine_own = {
	.name = "own",
	.open = own_open, .close = own_close, .units = own_units, .bytes = own_all_bytes, .unit = own_unit,
	.covers = own_covers, .number = own_number_of, .without = own_without, .soon = own_soon, .ahead = own_ahead,
	.die = own_die, .top = own_top_of, .child = own_child, .next = own_next,
	.ranges = own_ranges, .source = own_source, .line = own_line, .partial = own_is_partial,
};
