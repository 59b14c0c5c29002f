/* What the files of the DWARF reader share: checked access to libdwarf. Nobody else includes this. */
#pragma once

#include <dwarf.h>
#include <libdwarf.h>

#include "introspect/dwarf.h"

struct memo {
	uint64_t key;
	struct node *node;
};

struct definition {
	const char *name;
	Dwarf_Half tag;
	uint64_t key;
};

struct dw {
	Dwarf_Debug dbg;
	struct twz_arena *arena;
	struct nodes nodes;
	bool partial;
	/* from a DIE's key to the node made for it; open addressing */
	struct memo *memo;
	size_t memo_size, memo_used;
	/* nodes that wait to be filled */
	struct memo *queue;
	size_t queue_n;
	/* definitions of named types, once they were asked for; sorted */
	struct definition *definitions;
	size_t ndefinitions;
	bool have_definitions;
};

/* The languages whose functions follow the rules of calls that twz knows. */
enum dw_language { DW_LANGUAGE_C, DW_LANGUAGE_CXX, DW_LANGUAGE_ASM, DW_LANGUAGE_OTHER };

enum { DW_MAX_CHAIN = 64, DW_MAX_SCOPES = 8 };

/*
 * One unit while its turn lasts. Units of .debug_types hold no functions and are only reached through
 * references.
 */
struct dw_unit {
	Dwarf_Die die;
	enum dw_language language;
	uint64_t low_pc;		/* base of range lists */
};

void dw_diep(Dwarf_Die *die);
void dw_attrp(Dwarf_Attribute *attr);
#define DW_DIE TWZ_CLEANUP(dw_diep) Dwarf_Die
#define DW_ATTR TWZ_CLEANUP(dw_attrp) Dwarf_Attribute

/** True when a libdwarf call gave something; an error is freed and noted. */
bool dw_fine(struct dw *dw, int rc, Dwarf_Error error);

/** Goes to the next unit, freeing the last. False at the end; call until then. */
bool dw_next_unit(struct dw *dw, struct dw_unit *unit);
/** Goes to the first child of @die. */
bool dw_child(struct dw *dw, Dwarf_Die die, Dwarf_Die *ret);
/** Replaces *@die by its next sibling. */
bool dw_sibling(struct dw *dw, Dwarf_Die *die);

Dwarf_Half dw_tag(struct dw *dw, Dwarf_Die die);
/** What a DIE is known by: its offset and section. */
uint64_t dw_key(struct dw *dw, Dwarf_Die die);
bool dw_die_at(struct dw *dw, uint64_t key, Dwarf_Die *ret);

bool dw_attr(struct dw *dw, Dwarf_Die die, Dwarf_Half code, Dwarf_Attribute *ret);
bool dw_has(struct dw *dw, Dwarf_Die die, Dwarf_Half code);
bool dw_flag(struct dw *dw, Dwarf_Die die, Dwarf_Half code);
/** A constant; false for none and for expressions. */
bool dw_number(struct dw *dw, Dwarf_Die die, Dwarf_Half code, int64_t *ret);
/** The DIE that attribute @code refers to. */
bool dw_follow(struct dw *dw, Dwarf_Die die, Dwarf_Half code, Dwarf_Die *ret);
/** The DIE's name, printable, in the arena; "" when it has none. */
const char *dw_name(struct dw *dw, Dwarf_Die die);
/** Replaces *@die by what it is an instance or completion of, while there is such. */
void dw_origin(struct dw *dw, Dwarf_Die *die, Dwarf_Half code);
/** The name of a function's symbol, from its DIE or those it refers to. */
const char *dw_symbol(struct dw *dw, Dwarf_Die die);

/**
 * Calls @visit for each address range of @die (low_pc and high_pc, or DW_AT_ranges) until it returns
 * false.
 */
void dw_ranges(struct dw *dw, const struct dw_unit *unit, Dwarf_Die die,
	       bool (*visit)(void *data, uint64_t from, uint64_t to), void *data);

/** The type of the function or function type at @die, made if need be. */
struct node *dw_function_type(struct dw *dw, Dwarf_Die die);
/** The type that @die's DW_AT_type names, without its qualifiers; void when it has none. */
const struct twz_type *dw_type_of(struct dw *dw, Dwarf_Die die);
void dw_fill_function(struct dw *dw, Dwarf_Die die, struct node *node);
/** Fills every node that waits. */
void dw_fill(struct dw *dw);
