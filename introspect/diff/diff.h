/*
 * What a program that was built against OLD would notice if NEW took its place.
 *
 * The rules are about bytes: a change is incompatible when code that was compiled for OLD passes or
 * reads something else than NEW means. What only a person or a compiler would see (a typedef's name, a
 * tag, a parameter's name, a line number) is no change at all. Gates are called by people and scripts
 * too, so for them names count as well.
 */
#pragma once

#include <stdio.h>

#include "introspect/names.h"
#include "twz/arena.h"
#include "twz/type.h"

/* Ordered. */
enum diff_weight { DIFF_SAME, DIFF_COMPATIBLE, DIFF_INCOMPATIBLE };

/* One thing that changed about a function or a type. Texts are never NULL. */
struct diff_detail {
	enum diff_weight weight;
	const char *kind;		/* for programs: "field-moved"; see share/doc/twz-diff.schema.json */
	const char *what;		/* the field, enumerator or parameter; "" */
	const char *was, *now;		/* "" where there is nothing to say */
	const char *text;		/* all of it as a sentence: "field 'age' moved from offset 8 to 16" */
};

enum diff_event { DIFF_REMOVED, DIFF_CHANGED, DIFF_ADDED };

/* A function, or a type that functions reach, each once. */
struct diff_change {
	enum diff_event event;
	enum diff_weight weight;	/* of the worst detail */
	bool is_type;
	const char *name;		/* "struct user"; a function's name */
	const struct twz_gate *was, *now;	/* functions: NULL where it is not there */
	const struct diff_detail *details;
	size_t ndetails;
	const char **functions;		/* types: who reaches it, in OLD's order */
	size_t nfunctions;
};

struct diff {
	const struct twz_service *was, *now;
	const struct diff_change *changes;	/* in the order in which they are best read, causes first */
	size_t nchanges;
	const char **unknown;		/* functions of which a type is not known: nobody can compare them */
	size_t nunknown;
	bool partial;			/* one of the two was not wholly read, or is too large */
	enum diff_weight weight;	/* of the worst change */
};

/**
 * Compares; everything in @arena. @visible: names of the structs, unions and enums that callers can look
 * into, others are private unless they are passed by value; NULL: all are visible.
 */
const struct diff *diff_services(const struct twz_service *was, const struct twz_service *now,
				 const struct names *visible, struct twz_arena *arena);
/** The structs, unions and enums that functions of @service reach, a line each: "struct user". */
void diff_write_types(FILE *out, const struct twz_service *service);
