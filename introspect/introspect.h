/*
 * Introspection: turns an ELF file with DWARF into a struct twz_service, or says exactly why not.
 *
 * The file is hostile: everything read from it is bounds-checked, the DWARF library is behind one
 * file, and programs run this in a confined process (introspect/confine.h).
 */
#pragma once

#include "twz/arena.h"
#include "twz/error.h"
#include "twz/type.h"

struct introspect_options {
	bool all;		/* every exported function, not only gates */
	const char *debug_dir;	/* where separate debug files are looked for; NULL: /usr/lib/debug */
	const char *engine;	/* the reader of DWARF: "own" or "libdwarf"; NULL: own */
	const char *header_probe;	/* made by headers_probe(): types for functions that lack one; NULL */
	const char *gates;	/* gates file for a library without gates of its own; NULL */
	const char *no_headers;	/* why the headers that the gates file names could not be read; NULL */
	const char *const *patterns;	/* only functions that match one of these; ends with NULL; NULL: all */
	struct twz_error *untyped;	/* with all: gets why there is no debug information, and functions are listed
					   without; NULL: that is a failure */
	bool brief;		/* what a listing shows: signatures, but no source files and no hashes */
	bool signatures;	/* these as well as all the rest */
};

/**
 * Inspects the file at @path. On success @ret, in @arena, holds every gate, those that cannot be
 * called included, with verdict and reason. Each failure has class LINK and its own text and code:
 * not an ELF file, truncated, 32-bit, foreign machine, no shared object, no gates (code
 * NAMING/NOT_FOUND), no debug information.
 */
TWZ_MUST bool introspect_file(const char *path, const struct introspect_options *options,
			      struct twz_arena *arena, const struct twz_service **ret,
			      struct twz_error *err);

/* Where an address of a file comes from. */
struct introspect_place {
	const char *function;	/* "" when unknown */
	const char *file;	/* "" when unknown */
	uint32_t line;		/* 0 when unknown */
};

/** Function, source file and line of @address (as in the file: unrelocated). */
TWZ_MUST bool introspect_where(const char *path, uint64_t address, struct twz_arena *arena,
			       struct introspect_place *ret, struct twz_error *err);

/** CPU seconds that reading one file may take: the reference engine is slow on large ones. */
unsigned introspect_seconds(const struct introspect_options *options);
