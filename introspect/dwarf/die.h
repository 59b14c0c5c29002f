/*
 * DIEs, as everything that gives types a meaning sees them: one decoded entry, and the few ways to go
 * from one to another. Two engines give them: "own", our bounds-checked reader, and "libdwarf", the
 * reference. Neither knows what a type is; search, types and functions do not know which engine they
 * read with. So the two can be compared DIE by DIE, and what is made of DIEs is written once.
 */
#pragma once

#include <dwarf.h>

#include "introspect/file/debug.h"

/*
 * Where a DIE is: the file (0: main, 1: alternate, 2…: split ones), whether it is in .debug_types, and
 * its offset in the section. 0 is no DIE. Both engines give the same number for the same DIE, and within
 * one file numbers grow with offsets.
 */
typedef uint64_t die_ref;

enum { DIE_ALTERNATE = 1 };

#define DIE_REF(file, types, offset) \
	((die_ref)(file) << 49 | (die_ref)((types) != 0) << 48 | (die_ref)(offset))
#define DIE_FILE(ref) ((unsigned)((ref) >> 49))
#define DIE_TYPES(ref) ((bool)((ref) >> 48 & 1))
#define DIE_OFFSET(ref) ((ref) & 0xffffffffffff)

/* Attributes that are read; all others are skipped. */
enum die_attr {
	/* texts */
	DIE_NAME, DIE_LINKAGE_NAME, DIE_COMP_DIR, DIE_DWO_NAME, DIE_PRODUCER,
	DIE_NTEXTS,
	/* references */
	DIE_TYPE = DIE_NTEXTS, DIE_ORIGIN, DIE_SPECIFICATION, DIE_SIGNATURE, DIE_IMPORT, DIE_CONTAINING_TYPE,
	DIE_NREFS_END,
	/* numbers */
	DIE_LOW_PC = DIE_NREFS_END, DIE_HIGH_PC /* as an address, whatever its form */, DIE_BYTE_SIZE,
	DIE_BIT_SIZE, DIE_ENCODING, DIE_ALIGNMENT, DIE_MEMBER_LOCATION /* also from DW_OP_plus_uconst */,
	DIE_DATA_BIT_OFFSET, DIE_BIT_OFFSET, DIE_COUNT, DIE_UPPER_BOUND, DIE_LOWER_BOUND, DIE_CONST_VALUE,
	DIE_DECL_FILE, DIE_DECL_LINE, DIE_CALLING_CONVENTION, DIE_LANGUAGE, DIE_BYTE_STRIDE, DIE_BIT_STRIDE,
	DIE_INLINE, DIE_ACCESSIBILITY, DIE_ENDIANITY,
	DIE_NNUMBERS_END,
	/* flags, and attributes of which only the presence matters */
	DIE_RANGES = DIE_NNUMBERS_END, DIE_EXTERNAL, DIE_DECLARATION, DIE_PROTOTYPED, DIE_ARTIFICIAL,
	DIE_GNU_VECTOR, DIE_NORETURN, DIE_VTABLE_ELEM, DIE_EXPLICIT, DIE_DEFAULTED, DIE_DELETED,
	DIE_OBJECT_POINTER, DIE_ENUM_CLASS,
	DIE_NATTRS,
};

/*
 * @has: the attribute is present with a value of the class above. @odd: present with a value of another
 * class (an expression, a reference, a text that lies outside of its section): known to be there, not
 * what it is. A flag is in @has only when it is true. A signature is given as DIE_SIGNATURE in refs,
 * resolved to the type's DIE; also DW_AT_type may refer by signature, which ends in the same.
 */
struct die {
	die_ref ref;
	uint16_t tag;			/* DW_TAG_… */
	bool has_children;
	uint64_t has, odd;		/* bit per enum die_attr */
	const char *texts[DIE_NTEXTS];	/* in the file's memory, NUL-terminated within their section */
	die_ref refs[DIE_NREFS_END - DIE_NTEXTS];
	int64_t numbers[DIE_NNUMBERS_END - DIE_NREFS_END];
	/* the engine's own: */
	uint64_t after;			/* offset behind its attributes, or whatever finds it again */
	uint64_t sibling;		/* offset by DW_AT_sibling; 0: none */
	uint64_t ranges;		/* the value of DW_AT_ranges, if that is an offset; 0: to be looked for */
	uint32_t unit;
};

static inline bool
die_has(const struct die *die, enum die_attr attr)
{
	return die->has >> attr & 1;
}

/** The text, "" when it has none. */
static inline const char *
die_text(const struct die *die, enum die_attr attr)
{
	return die_has(die, attr) ? die->texts[attr] : "";
}

/** The reference; 0 for none. */
static inline die_ref
die_to(const struct die *die, enum die_attr attr)
{
	return die_has(die, attr) ? die->refs[attr - DIE_NTEXTS] : 0;
}

static inline bool
die_number(const struct die *die, enum die_attr attr, int64_t *ret)
{
	if (die_has(die, attr))
		*ret = die->numbers[attr - DIE_NREFS_END];
	return die_has(die, attr);
}

/*
 * One unit of .debug_info: compile, partial or type unit of the main file (a skeleton's split unit in the
 * skeleton's place), then those of .debug_types. Alternate and split type units are reached by reference
 * only.
 */
struct die_unit {
	struct die die;			/* its top DIE; of a split unit, the one in the split file */
	uint64_t base;			/* of its range lists: DW_AT_low_pc, of the skeleton for a split unit */
	unsigned version;
	bool is_type;			/* a type unit */
	bool is_damaged;		/* its top DIE cannot be read: die is empty */
};

/* Whether it is a type that may be declared in one place and defined in another. */
static inline bool
die_is_tagged(uint16_t tag)
{
	return tag == DW_TAG_structure_type || tag == DW_TAG_union_type || tag == DW_TAG_class_type ||
	       tag == DW_TAG_enumeration_type;
}

/* Which children an iteration stops at. */
struct die_filter {
	uint64_t tags;			/* bit per DW_TAG_…, below 64; 0: all tags */
	bool located;			/* of subprograms only those with an address or ranges */
	bool linked;			/* … or with DW_AT_external or DW_AT_specification */
	bool defined;			/* of die_is_tagged() only those with a name and no DW_AT_declaration */
	/*
	 * Who asks only wants to know which type, function or parameter it is. All else may be missing: of tagged types
	 * all but name, size, line, declaration and signature; of subprograms all but names, low_pc, ranges, type,
	 * origin, specification and prototyped, or, without an address, names, specification, external and declaration;
	 * of parameters all but name, type, origin, specification and artificial.
	 */
	bool brief;
	/*
	 * Where such children are: engine_ops.ahead() says it, and going through them uses it up. Of those the brief look
	 * is for, no children are asked for then. NULL: nobody knows.
	 */
	struct die_ahead *ahead;
};

enum { DIE_AT_ONCE = 4, DIE_AHEAD = 2048 };

/* Places in a unit that a filter lets through, from its header on; only for the engine to read. */
struct die_ahead {
	uint32_t n, next;
	uint64_t behind;		/* where the list ends: what is behind it is not known; 0: nothing is */
	const void *table;
	uint32_t places[DIE_AHEAD + 1];
};

struct engine;

struct engine_ops {
	const char *name;		/* "own", "libdwarf" */
	TWZ_MUST bool (*open)(struct debug *debug, struct twz_arena *arena, struct engine **ret,
			      struct twz_error *err);
	void (*close)(struct engine *engine);
	/* How many units there are; those of a damaged end are not counted, and partial is true then. */
	size_t (*units)(struct engine *engine);
	/* How many bytes they have, when several threads may read them, each in a unit of its own. NULL: one only. */
	uint64_t (*bytes)(struct engine *engine);
	/* The unit @i, cheap when @i grows by one. False: it cannot be read at all. */
	bool (*unit)(struct engine *engine, size_t i, struct die_unit *ret);
	/*
	 * Whether unit @i may hold code at one of the @n sorted addresses: by .debug_aranges, else by the
	 * unit's own entry; true when that is not known.
	 */
	bool (*covers)(struct engine *engine, size_t i, const uint64_t *addresses, size_t n);
	/* The number of the unit of the main file that holds @ref; false: none does. NULL: the engine cannot tell. */
	bool (*number)(struct engine *engine, die_ref ref, size_t *ret);
	/*
	 * Marks in @without, which has a place for each unit, those that have no DIE with one of the @n @names for
	 * certain, as far as that can be told without reading DIEs. NULL: the engine cannot.
	 */
	void (*without)(struct engine *engine, const char *const *names, size_t n, bool *without);
	/*
	 * Looks for the children of the top DIEs of @n units, at most DIE_AT_ONCE, that @filter, which has tags, lets
	 * through; which is quicker than asking for one after the other. NULL: in this engine it is not.
	 */
	void (*ahead)(struct engine *engine, const struct die_unit *units, size_t n, const struct die_filter *filter,
		      struct die_ahead *ret);
	bool (*die)(struct engine *engine, die_ref ref, struct die *ret);
	/* The top DIE of the unit that holds @ref, in whichever file, and where the unit ends. */
	bool (*top)(struct engine *engine, die_ref ref, struct die *ret, die_ref *end);
	/* Says that this DIE will be asked for after some others. NULL: the engine does not care. */
	void (*soon)(struct engine *engine, die_ref ref);
	/*
	 * The first child that @filter (NULL: any) lets through, then the next; @next may be the same as
	 * @die. False at the end. Always forward within the unit: a loop in the file ends the iteration,
	 * and partial is true from then on.
	 */
	bool (*child)(struct engine *engine, const struct die *die, const struct die_filter *filter,
		      struct die *ret);
	bool (*next)(struct engine *engine, const struct die *die, const struct die_filter *filter,
		     struct die *ret);
	/*
	 * Calls @visit for each address range of @die, of the unit @unit: low_pc with high_pc, or
	 * DW_AT_ranges, in the file's order, until it returns false. Empty ranges are left out.
	 */
	void (*ranges)(struct engine *engine, const struct die_unit *unit, const struct die *die,
		       bool (*visit)(void *data, uint64_t from, uint64_t to), void *data);
	/*
	 * The path of file number @number (DIE_DECL_FILE) of the unit that holds @die, joined with its
	 * folders but not with comp_dir when it is relative; NULL when that is not known. In @arena.
	 */
	const char *(*source)(struct engine *engine, const struct die *die, int64_t number,
			      struct twz_arena *arena);
	/*
	 * File and line of @address by the line table of @unit. False when it does not say.
	 */
	bool (*line)(struct engine *engine, const struct die_unit *unit, uint64_t address,
		     struct twz_arena *arena, const char **file, uint32_t *line);
	/* True once something could not be read or was contradictory. */
	bool (*partial)(struct engine *engine);
};

struct engine {
	const struct engine_ops *ops;
};

extern const struct engine_ops engine_own, engine_libdwarf;
