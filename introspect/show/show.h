/*
 * What twz-inspect can make of a service: text, JSON, C, a graph, stubs. Writers only; nothing here reads
 * files. Each writes as it goes, so that a million functions need no more memory than one.
 */
#pragma once

#include <stdio.h>

#include "twz/arena.h"
#include "twz/error.h"
#include "twz/text.h"
#include "twz/type.h"

/* What is written around words on a terminal; all empty in a pipe. */
struct show_paint {
	const char *strong, *type, *bad, *dim, *end;
};

const struct show_paint *show_paint(bool colour);

/** What twz_gate.how means, in words: "the function at its address". */
const char *show_how(const char *how);
/**
 * A header line, then one line per gate; refused ones with the reason, without advice where nobody asked for
 * a gate. @colour: for a terminal.
 */
void show_text(FILE *out, const struct twz_service *service, bool colour);
/** All that is known of one function, for a person: prototype, origin, parameters, types, an example. */
void show_gate(FILE *out, const struct twz_service *service, const struct twz_gate *gate, bool colour);
/**
 * The types that gates reach, with the place and size of each field, holes and paddings. @patterns: only
 * types with such a name ("struct user", "user*"); ends with NULL; NULL: all. Returns how many.
 */
size_t show_types(FILE *out, const struct twz_service *service, const char *const *patterns, bool colour);
/** The same for the types that one function's signature names: at most @most, and how many were left out. */
size_t show_types_of(struct twz_text *out, const struct twz_type *func, size_t most,
		     const struct show_paint *p);
/**
 * A draft of a gates file for what is no gate yet; what was guessed stands in comments. @headers: those that
 * the types come from, @compile: what for the compiler; each ends with NULL; NULL: none.
 */
void show_gates(FILE *out, const struct twz_service *service, const char *const *headers, const char *const *compile);
/** Who takes and returns which type, for Graphviz. */
void show_dot(FILE *out, const struct twz_service *service);
/** One JSON document on one line; the schema is share/doc/twz-gates.schema.json. */
void show_json(FILE *out, const struct twz_service *service);
/**
 * C prototypes that compile, after the types that they need; @header: as a header of its own, which also
 * asserts every layout.
 */
void show_c(FILE *out, const struct twz_service *service, bool header);

/**
 * Writes SERVICE_stub.h and SERVICE_stub.c to @folder: a function SERVICE_GATE per callable gate.
 * Gates that C cannot express are left out, with a comment that says why.
 */
TWZ_MUST bool show_stubs(const struct twz_service *service, const char *folder,
			 struct twz_error *err);
