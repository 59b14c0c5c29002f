/* Inside registry/: the open database, statements and how sqlite's failures become ours. */
#pragma once

#include <sqlite3.h>

#include "registry/registry.h"

struct registry {
	sqlite3 *db;
	char *path;
	char *notice;
	uint64_t inode;		/* of the file when opened: tells whether it was replaced */
	bool damaged;		/* sqlite or a reader of rows found nonsense in the file */
	sqlite3_stmt *find_file;	/* kept: check and service both begin with it */
	sqlite3_stmt *find_gate, *find_order, *find_name;	/* kept: asked once per word, and more often */
	const struct feeding *feed;	/* being written: feed.h */
	bool can_write;			/* db_writer() was called */
	bool as_it_is;			/* a damaged file is not set aside */
	int64_t (*now)(void);		/* milliseconds since 1970; NULL: the clock */
	/* rights_key.c: what was verified lately, by the key in this file as it is now. */
	unsigned char verified[32][32], key_open[32];
	unsigned next_verified;
	struct stat key_file;
};

/* The text of everything in the database, and the number that says so in user_version. */
enum {
	REGISTRY_SCHEMA = 6,
	REGISTRY_APPLICATION = 0x74777a31,	/* "twz1" */
	REGISTRY_BUSY_MS = 10000,
};
extern const char registry_schema[];
/* What leads from schema N to N + 1, beginning with 1. */
extern const char *const registry_steps[REGISTRY_SCHEMA - 1];

/* A transaction that writes. Rolled back by its cleanup unless db_commit() ended it. */
struct transaction {
	struct registry *reg;	/* NULL: none is open */
};

#define DB_STATEMENT TWZ_CLEANUP(db_finalize) sqlite3_stmt
#define DB_TRANSACTION TWZ_CLEANUP(db_rollback) struct transaction

void db_finalize(sqlite3_stmt **st);
TWZ_MUST bool db_prepare(struct registry *reg, const char *sql, sqlite3_stmt **ret,
			 struct twz_error *err);
TWZ_MUST bool db_exec(struct registry *reg, const char *sql, struct twz_error *err);
/** Runs a statement that returns no rows and makes it ready for the next values. */
TWZ_MUST bool db_run(struct registry *reg, sqlite3_stmt *st, struct twz_error *err);
/** Steps to the next row: @row says whether there is one. */
TWZ_MUST bool db_step(struct registry *reg, sqlite3_stmt *st, bool *row, struct twz_error *err);
TWZ_MUST bool db_number(struct registry *reg, const char *sql, int64_t *ret, struct twz_error *err);

/** Prepares the connection for writing; once is enough. */
TWZ_MUST bool db_writer(struct registry *reg, struct twz_error *err);
/**
 * Waits for other writers; afterwards nobody else can write until commit or rollback. Inside another
 * transaction it is part of that.
 */
TWZ_MUST bool db_begin(struct registry *reg, struct transaction *ret, struct twz_error *err);
TWZ_MUST bool db_commit(struct transaction *t, struct twz_error *err);
void db_rollback(struct transaction *t);

/** Moves the log into the file, so that the next process need not read it; not if others read. */
void db_empty_log(struct registry *reg);

void db_bind(sqlite3_stmt *st, int column, const char *text);
/** Copies a column's text; NULL stays NULL. */
const char *db_text(sqlite3_stmt *st, int column, struct twz_arena *arena);

/** Turns the last failure of sqlite into an error and returns false. */
bool db_fail(struct registry *reg, struct twz_error *err, const char *doing)
	__attribute__((cold));
/** The rows contradict each other: the file is damaged. Returns false. */
bool db_nonsense(struct registry *reg, struct twz_error *err, const char *what)
	__attribute__((cold));
/** The file is of a schema that is not ours. Returns false. */
bool db_other_schema(struct registry *reg, int64_t version, struct twz_error *err) __attribute__((cold));

/**
 * After a failure: when it was damage, sets the file aside, opens an empty one, forgets @err and
 * returns true, so that the caller tries once more.
 */
bool registry_recover(struct registry *reg, struct twz_error *err);
