/*
 * Keeping the registry: what is in it, what of it is worth nothing any more, whether it is whole, and how it
 * gets from one machine to another. For twz-inspect --registry.
 */
#pragma once

#include "registry/registry.h"

enum registry_condition {
	REGISTRY_IS_FRESH,	/* the file is as it was when it was inspected */
	REGISTRY_IS_STALE,	/* it changed */
	REGISTRY_IS_GONE,
};

struct registry_entry {
	const char *name, *version, *path;
	const char *debug_path;		/* "" when unknown */
	const uint8_t *build_id;
	uint32_t build_id_size;
	enum registry_condition condition;
	bool all, partial;
	int64_t stored;			/* when, in seconds since 1970 */
	uint64_t gates, functions;	/* functions: all, gates too */
	uint64_t types, members;
	uint64_t bytes;			/* its share of the file, about */
	int64_t id;
};

/** All services, sorted by path, in @arena. */
TWZ_MUST bool registry_entries(struct registry *reg, struct twz_arena *arena,
			       const struct registry_entry **ret, size_t *n, struct twz_error *err);
/** Bytes of the file with its log. */
uint64_t registry_size(const struct registry *reg);

/** Forgets @n services, in one transaction. Rights stay. */
TWZ_MUST bool registry_forget(struct registry *reg, const struct registry_entry *const *entries,
			      size_t n, struct twz_error *err);
/** Gives the room of what was forgotten back to the disk. */
TWZ_MUST bool registry_compact(struct registry *reg, struct twz_error *err);

/**
 * Reads everything: sqlite's own structure, references, and each service whole. Each fault is told to @say.
 * True when there was none.
 */
bool registry_verify(struct registry *reg, void (*say)(void *data, const char *fault), void *data);

/* -- from one registry to another (move.c) --------------------------------------------------------- */

/**
 * Writes all services to @out, as lines of JSON. A line is one row, ["TABLE", VALUE, …], with its values in
 * the order of schema.c; bytes that are no UTF-8 text are {"hex": "…"}. The first line is
 * ["twz-registry", SCHEMA]. Listings and rights are left out. Errors of @out are its own.
 */
TWZ_MUST bool registry_export(struct registry *reg, FILE *out, struct twz_error *err);

/* A service that is to be imported. */
struct registry_import {
	const struct twz_service *service;
	struct stat file;		/* size, times and inode as they were; see accept */
};

/**
 * Reads what registry_export() wrote and stores it, in one transaction. Everything is read and checked as
 * rows of a damaged registry are before anything is stored; what is wrong fails with line or path. For
 * each service @accept says whether its file is the one that is here, and may set @file to how it is here.
 * @n: how many were stored.
 */
TWZ_MUST bool registry_import(struct registry *reg, FILE *in,
			      bool (*accept)(void *data, struct registry_import *import), void *data,
			      size_t *n, struct twz_error *err);
