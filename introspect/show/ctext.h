/*
 * Types as C text that a compiler takes: definitions in an order in which C accepts them, under names
 * that are free, with attributes and gaps that make each layout what it is in the library.
 *
 * Use: ctext_reserve() every function that will be declared, ctext_accept() every type, then
 * ctext_need() them, ctext_finish(), and ctext_declare() as often as wanted; ctext_asserts() last.
 */
#pragma once

#include "introspect/show/map.h"
#include "twz/arena.h"
#include "twz/typetext.h"

/* A type under the name that it has in the text. */
struct ctext_name {
	const struct twz_type *type;	/* one of those that have this name and layout */
	const char *raw;		/* as in the library; "" when anonymous */
	const char *name;		/* as written; "" when the body is written where the type is used */
	const char *why;		/* it cannot be said, because; NULL */
	const char *why_value;		/* … by value */
	struct ctext_name *next;	/* another type with the same raw name */
	struct ctext_name *alias;	/* anonymous: the typedef that names it */
	uint64_t shape;			/* of a complete one: what tells its layout from others */
	uint32_t height;		/* of definitions inside definitions */
	uint32_t uses;			/* anonymous: beside its typedef */
	uint32_t field_mark;		/* typedef: the struct being written has a field of this name */
	enum { UNJUDGED, JUDGING, JUDGED } judged, judged_value;
	bool is_tag, is_complete;
	bool is_known;			/* C or its headers have it */
	bool declared, defined;
	bool cxx, settled;		/* C++ needs another name; whether that was found out */
	bool needs_tag;			/* anonymous: is part of a prototype */
};

struct ctext {
	struct twz_text *out;
	struct twz_arena *arena;
	struct map nodes;		/* type → struct ctext_name */
	struct map tags, ordinary;	/* raw name → struct ctext_name, the first of its kind */
	struct map taken_tags, taken;	/* names in use → whose */
	struct map typedefs;		/* name as written → struct ctext_name */
	struct map fields;		/* name of a field → the last scope that had it */
	struct ctext_name **pending, **written;
	size_t npending, nwritten;
	struct ctext *before;		/* what was learned about types of one name; NULL */
	size_t variants;		/* types whose raw name another one has */
	uintptr_t scope;		/* counts structs */
	uint32_t mark, marks;		/* of the struct that is being written; how many there were */
	uint32_t nunnamed;
	const struct ctext_name *defining;	/* the typedef whose body is being written */
	unsigned depth, steps, budget;	/* of types inside types, for hostile input */
	int indent;
	bool counting;			/* uses of anonymous types are counted */
	bool floats;			/* the names of further floating types were written */
	bool empty;			/* there is a struct of size 0, which C++ lacks */
	struct twz_c_style style;
};

/** @out and @arena stay the caller's. */
void ctext_begin(struct ctext *c, struct twz_text *out, struct twz_arena *arena);
/** No type and no enumerator will be called @name. */
void ctext_reserve(struct ctext *c, const char *name);
/**
 * Looks at all types beforehand, so that those that only lead to different types of one name are told
 * apart as well. Before the first ctext_accept().
 */
void ctext_learn(struct ctext *c, const struct twz_service *service);
/** Why @type, a FUNC, cannot be said in C, or NULL. */
const char *ctext_accept(struct ctext *c, const struct twz_type *type);
/** Writes the definitions that @type needs. */
void ctext_need(struct ctext *c, const struct twz_type *type);
/** Writes what was only declared so far. */
void ctext_finish(struct ctext *c);
/** Adds a declaration of @name. False when it was too long: then it is cut. */
bool ctext_declare(struct ctext *c, const struct twz_type *type, const char *name);
/** The name of parameter @i of @func: one in C and C++, and no type's. */
const char *ctext_param(struct ctext *c, const struct twz_type *func, uint32_t i);
/** Adds static assertions about everything that was defined. */
void ctext_asserts(struct ctext *c);
/** @text as a C comment's contents. */
const char *ctext_comment(struct twz_arena *arena, const char *text);
/** The macros that the text uses: to be written before it, and to be undefined behind it. */
extern const char ctext_head[], ctext_tail[];

/* -- for ctext's own files -------------------------------------------------------------------------- */

/** The name of @type; NULL for pointers and the like, which have none. */
struct ctext_name *ctext_name(struct ctext *c, const struct twz_type *type);
/** Adds "struct user". */
void ctext_spell(struct ctext *c, struct twz_text *out, struct ctext_name *name);
/** A word that is one in C; C++ ones are told by @cxx. */
const char *ctext_word(struct ctext *c, const char *raw, bool *cxx);
/** The name of enumerator @m. */
const char *ctext_enumerator(struct ctext *c, const struct twz_member *m, bool *cxx);
/** The name of field @i of @owner in @scope. */
const char *ctext_field(struct ctext *c, const struct twz_type *owner, uint32_t i, uintptr_t scope,
			bool *cxx);
/** Adds @word, with the macro around it when C++ needs another one. */
void ctext_put_word(struct twz_text *out, const char *word, bool cxx);
/** Gives an anonymous type a tag. */
void ctext_make_tag(struct ctext *c, struct ctext_name *name);
/** Why @type cannot be said, @by_value or behind a pointer; NULL. */
const char *ctext_judge(struct ctext *c, const struct twz_type *type, bool by_value);
/** Why a field of @type cannot be written as it is; NULL. */
const char *ctext_judge_field(struct ctext *c, const struct twz_type *type);
/** Adds "struct user { … }" with its attributes; without semicolon. */
void ctext_body(struct ctext *c, struct twz_text *out, struct ctext_name *name);
bool ctext_is_aggregate(const struct twz_type *type);
bool ctext_is_tagged(const struct twz_type *type);
/** wchar_t, char16_t, …: keywords in C++, typedefs in C. */
bool ctext_is_cxx_type(const char *name);
/** "struct", "union" or "enum". */
const char *ctext_tag(const struct twz_type *type);
