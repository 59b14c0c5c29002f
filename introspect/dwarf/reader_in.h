/* What the files that give DIEs a meaning share. Nobody else includes this. */
#pragma once

#include <dwarf.h>

#include "introspect/dwarf/die.h"
#include "introspect/dwarf/reader.h"

/* How far the rules of calls of a language are C's. */
enum rules {
	RULES_C,
	RULES_CXX,		/* C's, and more */
	RULES_RUST,		/* C's where the source says so */
	RULES_NONE,		/* assembly: whatever it likes */
	RULES_OTHER,
	RULES_UNKNOWN,
};

struct language {
	const char *name;
	enum rules rules;
	bool in_order;		/* the compiler puts parameters before the blocks of their function */
};

struct memo {
	die_ref ref;
	struct node *node;
};

/* A named type of the outermost scopes of a unit that is defined there. */
struct definition {
	uint64_t hash;		/* of scopes, name and tag */
	uint64_t kind;		/* size and line: another number is another definition */
	die_ref ref;
};

/* A type that was only declared where it was met. */
struct declared {
	uint64_t hash;
	die_ref ref;
	struct node *node;
	const char *name;
	uint16_t tag;
};

/* The first of types that may be the same. */
struct first {
	uint64_t key, print;
	die_ref ref;
	struct node *node;
};

/* What the fields of a type say, as a number, for who comes by again soon: see same.c. */
struct printed {
	die_ref ref;
	uint64_t print;
	int depth;
};

/* A name of the file's, and what is made of it: the types of many units share their names. */
struct cleaned {
	const char *text, *name;
};

struct unit_row {
	die_ref top;
	struct language language;
};

struct dw {
	struct debug *debug;
	struct engine *engine;
	const struct engine_ops *ops;
	struct twz_arena *arena;
	struct twz_arena *scratch;	/* of dw_functions(): what tables below are in. NULL: it is over */
	struct nodes nodes;
	bool partial;
	/* from a DIE to the node made for it; open addressing */
	struct memo *memo;
	size_t memo_size, memo_used;
	/* structs and enums, by what can be seen of them at once; open addressing */
	struct first *firsts;
	size_t firsts_size, nfirsts;
	size_t steps, all_steps;	/* that comparing took */
	struct printed *printed;	/* by a hash of the reference; NULL: none yet */
	struct cleaned *cleaned;	/* by a hash of the text's place; NULL: none yet */
	/* nodes that wait to be filled, because they were met too deep inside others */
	struct memo *queue;
	size_t queue_n, queue_done;
	unsigned depth;
	bool lazy;		/* fields are read only where dw_need() asks for them */
	/* types without a definition so far */
	struct declared *declared;
	size_t ndeclared;
	/* definitions of named types in the units that were scanned; in no order */
	struct definition *definitions;	/* malloc'ed */
	size_t ndefinitions;
	bool *defined;			/* units whose definitions are among these; NULL: none */
	bool have_definitions;		/* those of all units */
	bool have_imported;		/* those that are imported from the alternate file */
	unsigned ndefined;		/* how often some were looked for */
	/* units by their top DIEs, those of them that somebody looked into; sorted once all are known */
	struct unit_row *rows;		/* top 0: not known */
	size_t nrows, last_row;
	bool have_rows;
};

enum {
	DW_MAX_CHAIN = 64,
	DW_MAX_DEPTH = 24,	/* types filled inside of each other */
	DW_MAX_SCOPES = 16,
	DW_MAX_VARIANTS = 8,	/* definitions of one name that are compared */
};

#define TAG_BIT(tag) ((uint64_t)1 << (tag))
/* The scopes in which functions and types of a library stand. */
#define SCOPE_BITS (TAG_BIT(DW_TAG_namespace) | TAG_BIT(DW_TAG_module))
#define TAGGED_BITS (TAG_BIT(DW_TAG_structure_type) | TAG_BIT(DW_TAG_union_type) | \
		     TAG_BIT(DW_TAG_class_type) | TAG_BIT(DW_TAG_enumeration_type))

static inline bool
tag_in(uint16_t tag, uint64_t bits)
{
	return tag < 64 && bits >> tag & 1;
}

/* -- files and units: reader.c ---------------------------------------------------------------------- */

/** The DIE at @ref. False, and noted, when there is none. */
bool dw_die(struct dw *dw, die_ref ref, struct die *ret);
/** The DIE that @die's @attr refers to. */
bool dw_follow(struct dw *dw, const struct die *die, enum die_attr attr, struct die *ret);
/** Replaces *@die by what it is an instance or completion of, while there is such. */
void dw_origin(struct dw *dw, struct die *die, enum die_attr attr);
bool dw_child(struct dw *dw, const struct die *die, uint64_t tags, struct die *ret);
bool dw_next(struct dw *dw, struct die *die, uint64_t tags);
/** @text, printable, in the arena. */
const char *dw_clean(struct twz_arena *arena, const char *text);
/** The DIE's name, printable, in the arena; "" when it has none. */
const char *dw_name(struct dw *dw, const struct die *die);
/** The language of a unit by its top DIE. */
struct language dw_language(const struct die *top);
/** The language of a unit that was scanned, by its number: while units are scanned. */
struct language dw_unit_language(const struct dw *dw, size_t number);
/** The language of the unit that @ref is in; it may be the end of scanning by number. */
struct language dw_language_at(struct dw *dw, die_ref ref);
uint64_t dw_hash(uint64_t hash, const char *text);
#define DW_HASH UINT64_C(0xcbf29ce484222325)	/* to begin with */

/* Definitions of one type as one thread met them, in its order: of many that look the same three count. */
struct dw_noted {
	const char *name;	/* in the file's memory */
	uint64_t scopes, kind;	/* like struct definition's */
	die_ref first, second, last;
	uint32_t next;		/* the place of the one that was met behind it last */
	uint16_t tag;
};

/* A hash table of these. */
struct dw_notes {
	struct dw_noted *list;
	size_t n, room;
	size_t last;		/* the place of the one that was met last */
	uint32_t *slots;	/* places in @list, plus one */
	size_t mask;
};

/* What was found, copied. There may be millions: they are not kept in an arena. */
struct dw_list {
	void *items;
	size_t n, room;
};

/* Work on units that two threads share when the engine can; the order of what is found means nothing. */
struct dw_scan {
	struct dw *dw;
	void *data;
	struct dw_list found;		/* by @visit, for @collect */
	struct dw_notes notes;		/* of definitions, made by the way; those of all scans are kept in dw */
	struct die_ahead *ahead;	/* for the filter of @visit; NULL */
	void *scratch;			/* of @visit, from malloc; the thread's own */
	bool lost;			/* there was no memory for more */
};

void dw_found(struct dw_scan *scan, struct dw_list *list, const void *item, size_t size);

/* What is done with units: */
struct dw_visitor {
	void (*visit)(struct dw_scan *scan, size_t number, const struct die_unit *unit);
	void (*collect)(struct dw_scan *scan);
	struct die_filter filter;	/* of the children of its top DIE that @visit goes through */
};

/**
 * Visits every unit that covers one of @addresses (NULL: all units) and is not among those @done, then collects each
 * thread's findings, one after the other.
 */
void dw_scan(struct dw *dw, const uint64_t *addresses, size_t n, const bool *done, void *data,
	     const struct dw_visitor *visitor);

/* -- types: type.c, struct.c, function.c, define.c, need.c -------------------------------------------------- */

/** The type of the function or type at @ref, made if need be. */
struct node *dw_node_at(struct dw *dw, die_ref ref);
/** The same, of a DIE that was read. It is filled at once unless that is too deep inside of others. */
struct node *dw_node_of(struct dw *dw, const struct die *die);
/**
 * Reads what a verdict about a function of this type depends on that has no record; @is_c: and is written in C.
 * For a lazy reader.
 */
void dw_need(struct dw *dw, const struct twz_type *function, bool is_c);
/** The same for a type that has got its definition. */
void dw_need_again(struct dw *dw, struct node *node);
/** The type that @die's DW_AT_type names; void when it has none. Its qualifiers go to @quals. */
const struct twz_type *dw_type_of(struct dw *dw, const struct die *die, uint8_t *quals);
/** A copy of @n members in the arena. */
struct twz_member *dw_members(struct dw *dw, const struct twz_member *members, size_t n);
/** DW_AT_byte_size; false when there is none or it is out of all bounds. */
bool dw_size(const struct die *die, uint32_t *ret);
void dw_fill_function(struct dw *dw, const struct die *die, struct node *node);
void dw_fill_struct(struct dw *dw, const struct die *die, struct node *node);
void dw_fill_enum(struct dw *dw, const struct die *die, struct node *node);
/** What @die says of its fields or enumerators, as a number: equal for equal types. */
uint64_t dw_print(struct dw *dw, const struct die *die);
/**
 * Gives @node the members of a type that was read already, when one says the same as @die. False:
 * @node has to be filled, and is the first.
 */
bool dw_share(struct dw *dw, const struct die *die, struct node *node);
/** Reads the fields that were left unread. */
void dw_read_fields(struct dw *dw, struct node *node);
/** Fills every node that waits. */
void dw_fill(struct dw *dw);

/** @die is a declaration of a named type: @node gets its definition when dw_define() finds one. */
void dw_declare(struct dw *dw, const struct die *die, struct node *node);
/** Looks for the definitions of what was declared. False: nothing was left to do. */
bool dw_define(struct dw *dw);
/**
 * Notes @die, which has a tag of TAGGED_BITS, if it defines a type; @hash: DW_HASH with the names of the
 * scopes around it, each followed by "::". Who notes those of a unit sets dw->defined.
 */
void dw_definition(struct dw_scan *scan, const struct die *die, uint64_t hash);
/** The same for all that the children of @scope define. */
void dw_definitions(struct dw_scan *scan, const struct die *scope, uint64_t hash, int depth);
/** Adds what one thread noted to dw->definitions. */
void dw_keep_definitions(struct dw_scan *scan);
/** Adds those of the alternate file's units that this file's units import. */
void dw_import_definitions(struct dw *dw);

/** Whether a call of @a could as well be one of @b: FUNCs whose parameters have the same sizes and kinds. */
bool dw_same_shape(const struct twz_type *a, const struct twz_type *b);

/* -- names with scopes: scope.c --------------------------------------------------------------------- */

struct dw_scoped {
	die_ref ref;
	const char *name;	/* the answer: "space::Class::f"; NULL */
	size_t from;		/* for who asked */
};

/** Finds the scopes of @n DIEs, which it sorts. */
void dw_scopes(struct dw *dw, struct dw_scoped *list, size_t n);
