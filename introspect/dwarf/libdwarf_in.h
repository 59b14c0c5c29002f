/* What the files of the reference engine share. Nobody else includes this. */
#pragma once

#include <dwarf.h>
#include <libdwarf.h>

#include "introspect/dwarf/die.h"

struct ldw;

/* One file, opened by libdwarf. */
struct ldw_file {
	struct ldw *ldw;
	struct debug_file *file;
	Dwarf_Debug dbg;
	Dwarf_Obj_Access_Interface access;
	unsigned number;
	die_ref skeleton;		/* of a split file: the unit in the main file that it completes */
};

/* A DIE that libdwarf has open: most of the time the next question is about it or its neighbour. */
struct ldw_held {
	die_ref ref;
	Dwarf_Die die;
};

struct ldw_unit {
	die_ref top;			/* in the main file */
	die_ref end;			/* behind the unit */
	unsigned version;
	bool is_type, looked;
	uint64_t dwo_id;
	struct ldw_file *split;		/* once it was looked for */
	die_ref split_top;
};

/* The file names of one unit's line table. */
struct ldw_names {
	die_ref unit;
	const char **names;
	size_t n;
	bool from_zero;
};

enum { LDW_HELD = 1024 };

struct ldw {
	struct engine engine;
	struct debug *debug;
	struct twz_arena *arena;
	struct ldw_file **files;	/* by number; [1], the alternate file, may be NULL */
	size_t nfiles;
	struct ldw_unit *units;
	size_t nunits;
	struct ldw_held held[LDW_HELD];
	struct ldw_names names;
	bool partial, alternate_looked;
};

void ldw_diep(Dwarf_Die *die);
void ldw_attrp(Dwarf_Attribute *attr);
#define LDW_DIE TWZ_CLEANUP(ldw_diep) Dwarf_Die
#define LDW_ATTR TWZ_CLEANUP(ldw_attrp) Dwarf_Attribute

/** True when a libdwarf call gave something; an error is freed and noted. */
bool ldw_fine(struct ldw_file *file, int rc, Dwarf_Error error);
/** The file with this number, NULL when there is none. */
struct ldw_file *ldw_file_at(struct ldw *ldw, unsigned number);
/** Opens @file as the next number, or as @number when that is 0 or 1. NULL: libdwarf cannot. */
struct ldw_file *ldw_open_file(struct ldw *ldw, struct debug_file *file, unsigned number);
/** The DIE at @ref; libdwarf's, valid until the next few are asked for. NULL: none there. */
Dwarf_Die ldw_hold(struct ldw *ldw, die_ref ref);

/** Puts all of @from into @ret. */
bool ldw_decode(struct ldw_file *file, Dwarf_Die from, struct die *ret);

void ldw_ranges(struct engine *engine, const struct die_unit *unit, const struct die *die,
		bool (*visit)(void *data, uint64_t from, uint64_t to), void *data);
const char *ldw_source(struct engine *engine, const struct die *die, int64_t number,
		       struct twz_arena *arena);
bool ldw_line(struct engine *engine, const struct die_unit *unit, uint64_t address,
	      struct twz_arena *arena, const char **file, uint32_t *line);
