/*
 * Types from a probe: the shared object that headers_probe() made, which describes functions as headers
 * declare them. It is read like any library; each of its functions twz_header_SYMBOL returns a pointer
 * to a function of SYMBOL's type.
 */
#pragma once

#include "introspect/dwarf/reader.h"

struct header_types;

struct header_type {
	const char *symbol;
	const struct twz_type *type;	/* FUNC, with names where the headers have them */
	const char *file;		/* "" when unknown */
	uint32_t line;
};

/** Reads the probe at @path with the reader @engine (see struct introspect_options). */
TWZ_MUST bool header_types_read(const char *path, const char *engine, struct twz_arena *arena,
				struct header_types **ret, struct twz_error *err);
/** What the headers say about @symbol, or NULL. @h may be NULL. */
const struct header_type *header_types_find(const struct header_types *h, const char *symbol);
/**
 * Gives functions without a type that of the headers, and a warning to those whose headers say something
 * else than the library. @h may be NULL. Functions that no reader has looked at are fine.
 */
void header_types_join(const struct header_types *h, struct dw_function *functions, size_t n,
		       struct twz_arena *arena);
/**
 * Whether a caller who follows the headers would call a function of the type @library as it wants to be
 * called: the same number of parameters, passed the same way, pointers to structs of one name.
 */
bool header_types_agree(const struct twz_type *library, const struct twz_type *header);
