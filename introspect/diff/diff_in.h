/*
 * What the parts of the comparison share. Functions and types are nodes of one graph: a node stands for
 * one thing of OLD and its counterpart in NEW, and leads to the types that it names. Each pair of structs,
 * unions, enums or function types is compared once, however many functions reach it, so cycles close by
 * themselves and nothing branches without end; all else (numbers, pointers, arrays) is compared as part
 * of whoever names it.
 */
#pragma once

#include "introspect/diff/diff.h"
#include "introspect/names.h"

enum {
	DIFF_DEPTH = 64,		/* of pointers to pointers, and of structs without name inside others */
	DIFF_NODES = 1 << 20,
	DIFF_NAMELESS = 1 << 13,	/* fields of one struct that are in nameless ones inside it */
	DIFF_DETAILS = 1 << 18,		/* in all: nobody reads more */
	DIFF_NONE = UINT32_MAX,
};

/* What kinds have in common when two types are compared. */
enum shape {
	SHAPE_NOTHING,
	SHAPE_NUMBER,
	SHAPE_ENUM,
	SHAPE_POINTER,
	SHAPE_ARRAY,
	SHAPE_VECTOR,
	SHAPE_FIELDS,
	SHAPE_FUNC,
	SHAPE_HIDDEN,			/* declared only */
	SHAPE_STRANGE,			/* compared by its name and size */
};

enum shape diff_shape(const struct twz_type *type);

/* Where a type stands. */
enum role { ROLE_PARAM, ROLE_RESULT, ROLE_FIELD, ROLE_CALLBACK };

/* -- who makes the objects of a type, callers or the library ---------------------------------------- */

enum {
	USE_KNOWN = 1,			/* reached at all */
	USE_VALUE = 2,			/* passed or returned by value */
	USE_TAKEN = 4,			/* a function takes its address … */
	USE_FREED = 8,			/* … in order to end it */
	USE_MADE = 16,			/* a function returns its address, or stores it where it is told to */
	USE_STRUCT = 32,		/* how its name is spelled in C */
	USE_UNION = 64,
	USE_ENUM = 128,
	USE_TYPEDEF = 256,
};

struct use_slot {
	const struct twz_type *type;
	unsigned flags;
};

struct uses {
	const struct twz_service *service;	/* looked through when somebody asks first */
	bool collected;
	struct twz_arena *arena;
	struct names names;		/* flags by name: one struct may be described in many units */
	struct use_slot *slots;		/* flags by type */
	size_t size, n;
	struct use_slot *queue;
	size_t nqueue;
};

/** The flags of @type, which is shown as @name. */
unsigned uses_of(struct uses *uses, const struct twz_type *type, const char *name);
/** Whether the service has a type that is shown as @name. */
bool uses_know(struct uses *uses, const char *name);
/** Tag, or the name of the typedef nearest to what has no tag; "". */
const char *diff_type_name(const struct twz_type *type);

/* -- the graph -------------------------------------------------------------------------------------- */

struct edge {
	uint32_t to, next;
	bool by_value;
};

/* Two types that stand in the same place. */
struct place {
	uint32_t owner;
	enum role role;
	uint32_t index;			/* of a parameter */
	const char *what;		/* the parameter's or field's name; "" */
	const struct twz_type *a, *b;
	uint8_t qa, qb;			/* of fields: qualifiers */
};

struct node {
	const struct twz_type *a, *b;		/* types: stripped */
	const struct twz_gate *was, *now;	/* functions; NULL for types */
	const char *a_name, *b_name;	/* types: what they are called; "" */
	struct place place;		/* types: where they were met first */
	struct diff_detail *details;
	size_t ndetails;
	uint32_t edges;			/* first of a list, or DIFF_NONE */
	uint32_t suspects;		/* … of those that lead here */
	bool other;			/* the two have different names that both sides know: if their
					   contents differ as well, one took the other's place */
	bool is_func;			/* a function type: how it differs is told where it is pointed to */
	bool unseen;			/* a private type, by the headers: its contents do not count */
	bool queued, live;
};

/* A place that differs if the node it leads to does. */
struct suspect {
	struct place place;
	uint32_t next;
	bool told;
};

struct pair_slot {
	const struct twz_type *a, *b;
	uint32_t node;			/* plus 1; 0: free */
};

struct differ {
	struct twz_arena *arena;	/* of the result */
	struct twz_arena scratch;
	const struct names *visible;
	struct uses was, now;
	struct node **nodes;
	size_t n;
	struct pair_slot *slots;
	size_t nslots;
	struct edge *edges;
	size_t nedges;
	struct suspect *suspects;
	size_t nsuspects;
	uint32_t *queue;		/* types that are to be compared */
	size_t nqueue, ndetails;
	bool gates;			/* names count */
	bool partial;
};

struct node *diff_node(struct differ *d, uint32_t *index);
/** Whether no more details can be added; the result is marked partial then. */
bool diff_is_full(struct differ *d);
/** Adds a detail to @node. Texts must live in @d->arena. */
void diff_add(struct differ *d, struct node *node, struct diff_detail detail);

/** "struct user", a function's name, or, of what has no name, its place. */
const char *diff_node_name(struct differ *d, const struct node *node);
/** "parameter 2 'n'", "field 'age'", "result". */
const char *diff_place_name(struct differ *d, const struct place *place);

/** Says that what stands in @place became something else. */
void diff_tell_place(struct differ *d, const struct place *place, enum diff_weight weight);
/** Compares the types of @place and adds a detail to its owner if they differ. */
void diff_place(struct differ *d, const struct place *place);
/** Compares two types that are nodes: their fields, enumerators or parameters. */
void diff_layout(struct differ *d, uint32_t index);
/** @type in C; NULL: void. */
const char *diff_type_text(struct differ *d, const struct twz_type *type);
/** What a new name for the same bytes weighs. */
static inline enum diff_weight
diff_rename(const struct differ *d)
{
	/* Scripts and named arguments spell the names of gates' parameters, fields and enumerators. */
	return d->gates ? DIFF_INCOMPATIBLE : DIFF_COMPATIBLE;
}

/** Turns the graph into @ret's changes. */
void diff_finish(struct differ *d, struct diff_change *others, size_t nothers, struct diff *ret);
