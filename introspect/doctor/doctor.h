/*
 * What is the matter with a library's debug information: where it was looked for, what was found, which
 * exported functions have types and which don't, and what a person can do about it. doctor.c finds it
 * out, doctor_show.c writes it.
 */
#pragma once

#include <stdio.h>

#include "introspect/file/debug.h"
#include "introspect/introspect.h"

/* Units of one language by one compiler. */
struct doctor_compiler {
	const char *language, *producer;	/* "" when the unit does not say */
	size_t units;
};

/* Functions with the same provenance, or without a type for the same reason. */
struct doctor_group {
	const char *text;
	size_t n;
	const char *names[4];			/* the first of them; NULL behind the last */
};

struct doctor {
	const char *path, *soname, *machine, *kind;
	enum elf_kind elf_kind;
	uint64_t size;
	char build_id[2 * TWZ_BUILD_ID_MAX + 1];	/* hexadecimal; "" when it has none */
	bool stripped;				/* no .symtab */
	size_t nexports, nold;			/* exported functions; of these old versions */

	const struct debug_look *looks;
	size_t nlooks;
	const char *debug_path;			/* NULL: nothing was found, and the rest is empty */
	const char *compression, *alternate;	/* alternate: its path; NULL: none */
	uint64_t debug_size;			/* of .debug_info, decompressed */
	bool versions[6];			/* of DWARF, by number */
	size_t units, partial_units, type_units, damaged_units;
	const struct doctor_compiler *compilers;
	size_t ncompilers;
	size_t split_found, split_missing;	/* units */
	bool partial;

	size_t typed, untyped;			/* functions */
	const struct doctor_group *how, *why;
	size_t nhow, nwhy;

	const char *package;			/* that brought the file; NULL */
	const char **advice;			/* what to do, a sentence each; ends with NULL */
};

/** Examines the file at @path. Fails only when it is no ELF file that could be asked (class LINK). */
TWZ_MUST bool doctor_examine(const char *path, const struct introspect_options *options,
			     struct twz_arena *arena, struct doctor *ret, struct twz_error *err);
/** True when every exported function has a type. */
bool doctor_content(const struct doctor *doctor);

void doctor_text(FILE *out, const struct doctor *doctor, bool colour);
/** One JSON document on one line; the schema is described in doctor_show.c. */
void doctor_json(FILE *out, const struct doctor *doctor);
