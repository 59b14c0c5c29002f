#include "registry/db.h"

#include <string.h>

#include "registry/feed.h"

/* What sqlite says, as our code and as what to do about it. */
static const struct {
	int result;
	uint64_t code;
	const char *hint;
} failures[] = {
	{ SQLITE_BUSY, TWZ_ERR(RESOURCE, BUSY),
	  "another process holds the registry; end it, or name another file in TWZ_REGISTRY" },
	{ SQLITE_FULL, TWZ_ERR(RESOURCE, OUT_OF_RESOURCES),
	  "the disk is full; make room, or name a file on another disk in TWZ_REGISTRY" },
	{ SQLITE_READONLY, TWZ_ERR(GENERIC, ACCESS_DENIED),
	  "the file or its folder cannot be written; name one that can be in TWZ_REGISTRY" },
	{ SQLITE_CANTOPEN, TWZ_ERR(GENERIC, ACCESS_DENIED),
	  "the file or its folder cannot be opened; name one that can be in TWZ_REGISTRY" },
	{ SQLITE_PERM, TWZ_ERR(GENERIC, ACCESS_DENIED), "name another file in TWZ_REGISTRY" },
	{ SQLITE_AUTH, TWZ_ERR(GENERIC, ACCESS_DENIED), "name another file in TWZ_REGISTRY" },
	{ SQLITE_NOMEM, TWZ_ERR(RESOURCE, OUT_OF_MEMORY), "" },
	{ SQLITE_IOERR, TWZ_ERR(IO, OTHER),
	  "look at the disk, or name a file on another one in TWZ_REGISTRY" },
	{ SQLITE_CORRUPT, TWZ_ERR(IO, DATA_LOSS), "" },
	{ SQLITE_NOTADB, TWZ_ERR(IO, DATA_LOSS), "" },
};

bool
db_fail(struct registry *reg, struct twz_error *err, const char *doing)
{
	int result = sqlite3_extended_errcode(reg->db) & 0xff;
	uint64_t code = TWZ_ERR(GENERIC, OTHER);
	const char *hint = "";

	if (result == SQLITE_CORRUPT || result == SQLITE_NOTADB)
		reg->damaged = true;
	for (size_t i = 0; i < TWZ_COUNT(failures); i++)
		if (failures[i].result == result) {
			code = failures[i].code;
			hint = failures[i].hint;
		}
	twz_fail(err, TWZ_CLASS_LINK, code, "registry %s: cannot %s: %s", reg->path, doing,
		 sqlite3_errmsg(reg->db));
	return *hint ? twz_hint(err, "%s", hint) : false;
}

bool
db_nonsense(struct registry *reg, struct twz_error *err, const char *what)
{
	reg->damaged = true;
	return twz_fail(err, TWZ_CLASS_LINK, TWZ_ERR(IO, DATA_LOSS), "registry %s is damaged: %s",
			reg->path, what);
}

bool
db_other_schema(struct registry *reg, int64_t version, struct twz_error *err)
{
	twz_fail(err, TWZ_CLASS_LINK, TWZ_ERR(GENERIC, NOT_SUPPORTED),
		 "registry %s has schema %lld, this twz knows %d", reg->path, (long long)version,
		 REGISTRY_SCHEMA);
	return twz_hint(err, version < REGISTRY_SCHEMA ?
			"it is brought up to date when the next library is registered" :
			"use a newer twz, or name another file in TWZ_REGISTRY");
}

void
db_finalize(sqlite3_stmt **st)
{
	sqlite3_finalize(*st);
}

bool
db_prepare(struct registry *reg, const char *sql, sqlite3_stmt **ret, struct twz_error *err)
{
	int64_t version;

	if (sqlite3_prepare_v2(reg->db, sql, -1, ret, NULL) == SQLITE_OK)
		return true;
	if (sqlite3_errcode(reg->db) != SQLITE_ERROR)
		return db_fail(reg, err, "read");
	/* Our statements are right: a newer twz was here, or a table or column was lost. */
	if (db_number(reg, "PRAGMA user_version", &version, err) && version != REGISTRY_SCHEMA)
		return db_other_schema(reg, version, err);
	return db_nonsense(reg, err, sqlite3_errmsg(reg->db));
}

bool
db_exec(struct registry *reg, const char *sql, struct twz_error *err)
{
	return sqlite3_exec(reg->db, sql, NULL, NULL, NULL) == SQLITE_OK ||
	       db_fail(reg, err, "write");
}

bool
db_run(struct registry *reg, sqlite3_stmt *st, struct twz_error *err)
{
	if (sqlite3_step(st) != SQLITE_DONE) {
		db_fail(reg, err, "write");
		sqlite3_reset(st);
		return false;
	}
	sqlite3_reset(st);
	return true;
}

bool
db_step(struct registry *reg, sqlite3_stmt *st, bool *row, struct twz_error *err)
{
	int result = sqlite3_step(st);

	*row = result == SQLITE_ROW;
	return *row || result == SQLITE_DONE || db_fail(reg, err, "read");
}

bool
db_number(struct registry *reg, const char *sql, int64_t *ret, struct twz_error *err)
{
	DB_STATEMENT *st = NULL;
	bool row;

	if (sqlite3_prepare_v2(reg->db, sql, -1, &st, NULL) != SQLITE_OK)
		return db_fail(reg, err, "read");
	if (!db_step(reg, st, &row, err))
		return false;
	*ret = row ? sqlite3_column_int64(st, 0) : 0;
	return true;
}

bool
db_writer(struct registry *reg, struct twz_error *err)
{
	if (reg->can_write)
		return true;
	/*
	 * Debian's sqlite fills what is deleted with zeros, which nobody needs here. The cache has room for
	 * all that one service changes: what does not fit is written twice. Who imports may write to no folder of
	 * temporary files.
	 */
	return reg->can_write = db_exec(reg, "PRAGMA foreign_keys = ON; PRAGMA synchronous = NORMAL;"
					     " PRAGMA secure_delete = OFF; PRAGMA cache_size = -65536;"
					     " PRAGMA temp_store = MEMORY",
					err) && feed_open(reg, err);
}

bool
db_begin(struct registry *reg, struct transaction *ret, struct twz_error *err)
{
	if (!sqlite3_get_autocommit(reg->db))
		return true;
	if (!db_exec(reg, "BEGIN IMMEDIATE", err))
		return false;
	ret->reg = reg;
	return true;
}

bool
db_commit(struct transaction *t, struct twz_error *err)
{
	if (t->reg && !db_exec(t->reg, "COMMIT", err))
		return false;
	t->reg = NULL;
	return true;
}

void
db_rollback(struct transaction *t)
{
	if (t->reg && !sqlite3_get_autocommit(t->reg->db))
		sqlite3_exec(t->reg->db, "ROLLBACK", NULL, NULL, NULL);
	t->reg = NULL;
}

void
db_empty_log(struct registry *reg)
{
	int pages = 0;

	sqlite3_busy_timeout(reg->db, 0);
	sqlite3_wal_checkpoint_v2(reg->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, &pages, NULL);
	/* A new file has none yet; where others are at it, the next writer gives it one. To read is to make it. */
	if (pages < 0)
		sqlite3_exec(reg->db, "PRAGMA journal_mode = WAL; PRAGMA user_version", NULL, NULL, NULL);
	sqlite3_busy_timeout(reg->db, REGISTRY_BUSY_MS);
}

void
db_bind(sqlite3_stmt *st, int column, const char *text)
{
	sqlite3_bind_text(st, column, text ? text : "", -1, SQLITE_STATIC);
}

const char *
db_text(sqlite3_stmt *st, int column, struct twz_arena *arena)
{
	/* Not column_text(): that makes a copy of its own, to end it with NUL. */
	const char *text = sqlite3_column_blob(st, column);
	int n = sqlite3_column_bytes(st, column);

	if (n > 0)
		return twz_strndup(arena, text, (size_t)n);
	return sqlite3_column_type(st, column) == SQLITE_NULL ? NULL : "";
}
