/* Inside registry/: what is known of one file, and whether it still holds. */
#pragma once

#include "registry/db.h"

/* A row of file and its service. Texts belong to the statement: until row_end(). */
struct registry_row {
	bool found;
	int64_t size, mtime_ns, inode;		/* of the file, as it was */
	int64_t service;
	const char *name, *version, *doc;
	const uint8_t *build_id;
	uint32_t build_id_size;
	bool partial, all;
	const char *debug_path;			/* may be NULL */
	int64_t debug_size, debug_mtime_ns, debug_inode;
	const char *debug_dir, *maker, *asks;
	size_t gates, aliases, types, members;	/* sane: never more than memory has room for */
};

/**
 * The row of the file at @path. As long as row_end() is not called, the statement is open and with it a
 * transaction: what is read meanwhile belongs together. To be called also when it failed or found nothing.
 */
TWZ_MUST bool row_find(struct registry *reg, const char *path, struct registry_row *ret,
		       struct twz_error *err);
void row_end(struct registry *reg);

/** The service stored under @path, whole: what is wrong with its rows is damage, and an error. */
TWZ_MUST bool row_load(struct registry *reg, const char *path, struct twz_arena *arena,
		       const struct twz_service **ret, struct twz_error *err);
/** The same; also where its types contradict each other, which nothing that we store does. */
TWZ_MUST bool row_load_sane(struct registry *reg, const char *path, struct twz_arena *arena,
			    const struct twz_service **ret, struct twz_error *err);

/** Deletes the rows that belong to the service with this id, but for its own and its file's. */
TWZ_MUST bool row_clear(struct registry *reg, int64_t service, struct twz_error *err);
/** Deletes those as well. */
TWZ_MUST bool row_forget(struct registry *reg, int64_t service, struct twz_error *err);

/** The file that its types were read from, or its gates file, is as it was. */
bool row_has_debug_file(const struct registry_row *row);
bool row_is_current(const struct registry_row *row, const struct stat *file);
/** Inspected as @source says, and its debug file is the one that was read. */
bool row_is_from(const struct registry_row *row, const struct registry_source *source);

/** All of the service but its gates. */
struct twz_service *row_service(const struct registry_row *row, const char *path,
				const struct twz_gate *gates, struct twz_arena *arena);

#define ROW_GATE_COLUMNS \
	"id, name, signature, symbol, version, shown, alias_of, language, file, line, doc, requires," \
	" converts, role, level, flags, verdict, why, how, type, address, hash"
enum { ROW_GATE_TYPE = 19 };
/** The gate in a row of ROW_GATE_COLUMNS, but for its type and aliases. Its number is the row's. */
TWZ_MUST bool row_gate(struct registry *reg, sqlite3_stmt *st, struct twz_arena *arena,
		       struct twz_gate *ret, struct twz_error *err);
/** Gives the @n gates of a service their @naliases aliases. */
TWZ_MUST bool row_aliases(struct registry *reg, int64_t service, struct twz_gate *gates, size_t n,
			  size_t naliases, struct twz_arena *arena, struct twz_error *err);
