/*
 * What twz-inspect can make of a service: text, JSON, C, stubs. Writers only; nothing here reads files.
 */
#pragma once

#include <stdio.h>

#include "twz/arena.h"
#include "twz/error.h"
#include "twz/type.h"

/** A header line, then one line per gate; refused ones with the reason. @colour: for a terminal. */
void show_text(FILE *out, const struct twz_service *service, bool colour);
/** One JSON document on one line; the schema is described in show_json.c. */
void show_json(FILE *out, const struct twz_service *service);
/** C prototypes that compile, after the types that they need. */
void show_c(FILE *out, const struct twz_service *service);

/**
 * Writes SERVICE_stub.h and SERVICE_stub.c to @folder: a function SERVICE_GATE per callable gate.
 * Gates that C cannot express are left out, with a comment that says why.
 */
TWZ_MUST bool show_stubs(const struct twz_service *service, const char *folder,
			 struct twz_error *err);

/* -- C text, for the two above --------------------------------------------------------------------- */

/* What was declared so far in one C file. */
struct ctext {
	FILE *out;
	struct twz_arena *arena;
	const struct twz_type **known;		/* named types that every gate must agree on */
	size_t nknown;
	const struct twz_type **declared, **defined, **pending;
	size_t ndeclared, ndefined, npending;
	unsigned budget;			/* of types inside types, for hostile input */
};

/** Why @type cannot be said in C beside the types that were accepted before, or NULL: accepted. */
const char *ctext_accept(struct ctext *c, const struct twz_type *type);
/** Writes the definitions that @type needs. */
void ctext_need(struct ctext *c, const struct twz_type *type);
/** Writes what was only declared so far. */
void ctext_finish(struct ctext *c);
/** @text as a C comment's contents. */
const char *ctext_comment(struct twz_arena *arena, const char *text);
