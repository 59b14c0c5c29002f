/*
 * Split units: a unit of the library is a skeleton that names a file and an id, and its DIEs are in that
 * file (.dwo) or in a package of many (.dwp). A package has an index from ids to rows; a row says which
 * part of each section belongs to the unit. Units and answers are kept, also "there is none": the same
 * id is asked for whenever one of its types is met.
 */
#include "introspect/file/debug.h"

#include <stdlib.h>
#include <string.h>

#include "introspect/file/debug_in.h"

/* The index of a package, .debug_cu_index or .debug_tu_index. */
struct index {
	const unsigned char *ids, *rows, *columns, *offsets, *sizes;
	uint32_t version, ncolumns, nunits, nslots;
};

enum { NONE = -1 };

/* Which section a column is about, by the number that stands above it. */
static const int columns_2[] = {
	NONE, DEBUG_INFO, DEBUG_TYPES, DEBUG_ABBREV, DEBUG_LINE, NONE, DEBUG_STR_OFFSETS, NONE, NONE,
};
static const int columns_5[] = {
	NONE, DEBUG_INFO, NONE, DEBUG_ABBREV, DEBUG_LINE, NONE, DEBUG_STR_OFFSETS, NONE, DEBUG_RNGLISTS,
};

static uint32_t
u32(const unsigned char *at)
{
	uint32_t value;

	memcpy(&value, at, sizeof(value));
	return value;
}

static uint64_t
u64(const unsigned char *at)
{
	uint64_t value;

	memcpy(&value, at, sizeof(value));
	return value;
}

/* False when there is no index or it contradicts itself. */
static bool
open_index(const struct elf_file *elf, const char *name, struct index *ret)
{
	struct elf_section s;
	uint64_t cells;

	if (!elf_section(elf, name, &s) || s.n < 16)
		return false;
	ret->version = u32(s.bytes) & 0xffff;	/* 5: two bytes, then padding */
	ret->ncolumns = u32(s.bytes + 4);
	ret->nunits = u32(s.bytes + 8);
	ret->nslots = u32(s.bytes + 12);
	cells = (uint64_t)ret->nunits * ret->ncolumns * 4;
	if ((ret->version != 2 && ret->version != 5) || !ret->ncolumns || !ret->nslots ||
	    ret->nslots & (ret->nslots - 1))
		return false;
	if (cells > s.n || (uint64_t)ret->nslots * 12 + (uint64_t)ret->ncolumns * 4 + 2 * cells > s.n - 16)
		return false;
	ret->ids = s.bytes + 16;
	ret->rows = ret->ids + (size_t)ret->nslots * 8;
	ret->columns = ret->rows + (size_t)ret->nslots * 4;
	ret->offsets = ret->columns + (size_t)ret->ncolumns * 4;
	ret->sizes = ret->offsets + cells;
	return true;
}

/* The row of @id, counted from 1; 0: there is none. */
static uint32_t
find_row(const struct index *index, uint64_t id)
{
	uint32_t mask = index->nslots - 1, slot = (uint32_t)id & mask;
	uint32_t step = ((uint32_t)(id >> 32) & mask) | 1;

	for (uint32_t i = 0; i < index->nslots; i++, slot = (slot + step) & mask) {
		uint32_t row = u32(index->rows + (size_t)slot * 4);

		if (!row || row > index->nunits)
			return 0;
		if (u64(index->ids + (size_t)slot * 8) == id)
			return row;
	}
	return 0;
}

static struct debug_file *
make_part(struct debug_file *whole, const struct index *index, uint32_t row)
{
	struct debug_file *part = twz_new(&whole->debug->own, struct debug_file);
	const int *map = index->version == 2 ? columns_2 : columns_5;
	size_t cell = (size_t)(row - 1) * index->ncolumns;

	part->debug = whole->debug;
	part->whole = whole;
	part->split = true;
	for (uint32_t i = 0; i < index->ncolumns; i++, cell++) {
		uint32_t column = u32(index->columns + (size_t)i * 4);
		int section = column < TWZ_COUNT(columns_5) ? map[column] : NONE;

		if (section != NONE)
			part->parts[section] = (struct debug_part){
				true, u32(index->offsets + cell * 4), u32(index->sizes + cell * 4),
			};
	}
	return part;
}

/* -- packages --------------------------------------------------------------------------------------- */

static bool
try_package(struct debug *debug, const char *path)
{
	TWZ_CLEANUP(elf_closep) struct elf_file *elf = NULL;
	struct index index;

	if (debug->npacked == TWZ_COUNT(debug->packed) || debug_looked(debug, "split package", path))
		return false;
	if (!elf_open_part(path, &debug->own, &elf, NULL)) {
		debug_note(debug, "split package", path, "no such file", false);
		return false;
	}
	if (!open_index(elf, ".debug_cu_index", &index) && !open_index(elf, ".debug_tu_index", &index)) {
		debug_note(debug, "split package", path, "it has no index", false);
		return false;
	}
	debug_note(debug, "split package", path, "found", true);
	debug->packed[debug->npacked++] = debug_add(debug, twz_steal(&elf), true);
	return true;
}

/* LIB.dwp, and beside a separate file FILE.debug: FILE.debug.dwp and FILE.dwp. */
static void
find_packages(struct debug *debug)
{
	const char *paths[] = { debug->file->path, debug->main->elf->path };

	for (size_t i = 0; i < TWZ_COUNT(paths); i++) {
		TWZ_FREE char *real = debug_is_link(paths[i]) ? realpath(paths[i], NULL) : NULL;
		const char *end = strrchr(paths[i], '.');

		if (try_package(debug, twz_format(&debug->own, "%s.dwp", paths[i])) ||
		    (real && try_package(debug, twz_format(&debug->own, "%s.dwp", real))))
			continue;
		if (end && !strcmp(end, ".debug"))
			try_package(debug, twz_format(&debug->own, "%.*s.dwp", (int)(end - paths[i]),
						      paths[i]));
	}
	debug->packed_tried = true;
}

static struct debug_file *
in_packages(struct debug *debug, uint64_t id, bool is_type)
{
	if (!debug->packed_tried)
		find_packages(debug);
	for (size_t i = 0; i < debug->npacked; i++) {
		struct debug_file *whole = debug->packed[i];
		struct index index;
		uint32_t row = 0;

		if (open_index(whole->elf, is_type ? ".debug_tu_index" : ".debug_cu_index", &index))
			row = find_row(&index, id);
		if (row)
			return make_part(whole, &index, row);
	}
	return NULL;
}

/* -- single files ----------------------------------------------------------------------------------- */

/*
 * Whether a unit of @file has this id in its header. A file whose headers do not say (DWARF 4) is left
 * to the reader of DIEs.
 */
static bool
may_have_id(struct debug_file *file, uint64_t id)
{
	struct elf_section info = debug_section(file, DEBUG_INFO);
	bool said = false;

	for (uint64_t at = 0, n; at < info.n && info.n - at >= 24; at += n) {
		const unsigned char *head = info.bytes + at;
		bool wide = u32(head) == 0xffffffff;

		n = wide ? u64(head + 4) : u32(head);
		head += wide ? 12 : 4;
		if (n > info.n - at - (wide ? 12 : 4) || n < 20)
			break;
		n += wide ? 12 : 4;
		if (head[0] != 5 || head[1] || head[2] != 5)	/* version 5, DW_UT_split_compile */
			continue;
		said = true;
		if (u64(head + (wide ? 12 : 8)) == id)
			return true;
	}
	return !said;
}

static struct debug_file *
try_split(struct debug *debug, const char *path, uint64_t id)
{
	const char *what = twz_format(&debug->own, "split file %016llx", (unsigned long long)id);
	TWZ_CLEANUP(elf_closep) struct elf_file *elf = NULL;
	struct twz_error err = { 0 };
	struct debug_file *file;
	struct elf_section s;
	Elf64_Shdr sh;

	if (debug_looked(debug, what, path))
		return NULL;
	if (!elf_open_part(path, &debug->own, &elf, &err)) {
		debug_note(debug, what, path, err.code == TWZ_ERR(NAMING, NOT_FOUND) ?
			   "no such file" : err.text, false);
		return NULL;
	}
	if (!elf_find(elf, ".debug_info.dwo", &sh, &s)) {
		debug_note(debug, what, path, "it has no split units", false);
		return NULL;
	}
	file = debug_add(debug, twz_steal(&elf), true);
	if (!may_have_id(file, id)) {
		debug_note(debug, what, path, "it is of another build: its id differs", false);
		return NULL;
	}
	debug_note(debug, what, path, "found", true);
	return file;
}

static struct debug_file *
in_files(struct debug *debug, uint64_t id, const char *comp_dir, const char *name)
{
	const char *base = strrchr(name, '/'), **folders;
	struct debug_file *found = NULL;

	base = base ? base + 1 : name;
	if (!*base)
		return NULL;
	if (*name == '/')
		found = try_split(debug, name, id);
	else if (comp_dir && *comp_dir == '/')
		found = try_split(debug, twz_format(&debug->own, "%s/%s", comp_dir, name), id);
	for (folders = debug_folders(debug, debug->file->path); *folders && !found; folders++) {
		if (*name != '/')
			found = try_split(debug, twz_format(&debug->own, "%s/%s", *folders, name), id);
		if (!found && base != name)
			found = try_split(debug, twz_format(&debug->own, "%s/%s", *folders, base), id);
	}
	if (!found && *name != '/')
		found = try_split(debug, name, id);
	return found;
}

/* -- answers ---------------------------------------------------------------------------------------- */

static struct debug_unit *
find_unit(struct debug *debug, uint64_t id, bool is_type)
{
	struct debug_unit *unit = debug->units[(id ^ id >> 32) % TWZ_COUNT(debug->units)];

	while (unit && (unit->id != id || unit->is_type != is_type))
		unit = unit->next;
	return unit;
}

static void
keep_unit(struct debug *debug, uint64_t id, bool is_type, struct debug_file *file)
{
	struct debug_unit **bucket = &debug->units[(id ^ id >> 32) % TWZ_COUNT(debug->units)];
	struct debug_unit *unit = twz_new(&debug->own, struct debug_unit);

	*unit = (struct debug_unit){ id, is_type, file, *bucket };
	*bucket = unit;
	debug->nunits++;
}

struct debug_file *
debug_split(struct debug *debug, uint64_t dwo_id, const char *comp_dir, const char *name)
{
	struct debug_file *file = NULL;
	struct debug_unit *unit;

	pthread_mutex_lock(&debug->lock);
	unit = find_unit(debug, dwo_id, false);
	if (unit) {
		file = unit->file;
	} else if (debug->main && debug->nunits < MAX_SPLIT) {
		file = in_packages(debug, dwo_id, false);
		if (!file && name)
			file = in_files(debug, dwo_id, comp_dir, name);
		if (!file)
			atomic_store(&debug->partial, true);
		keep_unit(debug, dwo_id, false, file);
	}
	pthread_mutex_unlock(&debug->lock);
	return file;
}

struct debug_file *
debug_split_type(struct debug *debug, uint64_t signature)
{
	struct debug_file *file = NULL;
	struct debug_unit *unit;

	pthread_mutex_lock(&debug->lock);
	unit = find_unit(debug, signature, true);
	if (unit) {
		file = unit->file;
	} else if (debug->main && debug->nunits < MAX_SPLIT) {
		file = in_packages(debug, signature, true);
		keep_unit(debug, signature, true, file);
	}
	pthread_mutex_unlock(&debug->lock);
	return file;
}
