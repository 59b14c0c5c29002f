/*
 * See audit.h. Each row is a transaction of its own, in the write-ahead log before the call goes on: the death
 * of the process takes nothing back. (A power failure may: nobody waits for the disk.)
 */
#include "registry/audit.h"

#include <string.h>

#include "registry/db.h"
#include "registry/rights.h"

enum {
	EVERY = 64,			/* rows between two looks at how many there are */
	LONGEST = 256,			/* bytes of a text */
};

/* Cuts at a character's border. */
static void
bind_short(sqlite3_stmt *st, int column, const char *text)
{
	size_t n = strnlen(text, LONGEST + 1);

	if (n > LONGEST)
		for (n = LONGEST; n && ((unsigned char)text[n] & 0xc0) == 0x80;)
			n--;
	sqlite3_bind_text(st, column, text, (int)n, SQLITE_TRANSIENT);
}

static void
bind_row(sqlite3_stmt *st, const struct registry_audit *row, int64_t now)
{
	sqlite3_bind_int64(st, 1, now);
	bind_short(st, 2, row->context);
	bind_short(st, 3, row->caller);
	sqlite3_bind_int64(st, 4, (int64_t)row->compartment);
	bind_short(st, 5, row->what);
	bind_short(st, 6, row->args);
	sqlite3_bind_int64(st, 7, row->allowed);
}

/* The same was refused just before: one more of it. */
static bool
repeats(struct registry *reg, const struct registry_audit *row, int64_t now, bool *ret,
	struct twz_error *err)
{
	DB_STATEMENT *st = NULL;

	*ret = false;
	if (row->allowed)
		return true;
	if (!db_prepare(reg, "UPDATE audit SET times = times + 1, time = ?1"
			     " WHERE id = (SELECT max(id) FROM audit) AND context = ?2 AND caller = ?3"
			     " AND compartment = ?4 AND what = ?5 AND args = ?6 AND allowed = ?7", &st, err))
		return false;
	bind_row(st, row, now);
	if (!db_run(reg, st, err))
		return false;
	*ret = sqlite3_changes(reg->db) > 0;
	return true;
}

static bool
insert(struct registry *reg, const struct registry_audit *row, int64_t now, struct twz_error *err)
{
	DB_STATEMENT *st = NULL;

	if (!db_prepare(reg, "INSERT INTO audit VALUES (NULL,?,?,?,?,?,?,?,NULL,1)", &st, err))
		return false;
	bind_row(st, row, now);
	return db_run(reg, st, err);
}

static bool
forget_old(struct registry *reg, bool allowed, struct twz_error *err)
{
	DB_STATEMENT *st = NULL;

	if (!db_prepare(reg, "DELETE FROM audit WHERE allowed = ?1 AND id <= (SELECT id FROM audit"
			     " WHERE allowed = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)", &st, err))
		return false;
	sqlite3_bind_int64(st, 1, allowed);
	sqlite3_bind_int64(st, 2, REGISTRY_AUDIT_ROWS);
	return db_run(reg, st, err);
}

static bool
begin_once(struct registry *reg, const struct registry_audit *row, int64_t *id, struct twz_error *err)
{
	DB_TRANSACTION t = { NULL };
	int64_t now = registry_now(reg);
	bool repeated;

	if (!db_writer(reg, err) || !db_begin(reg, &t, err) || !repeats(reg, row, now, &repeated, err) ||
	    (!repeated && !insert(reg, row, now, err)))
		return false;
	*id = sqlite3_last_insert_rowid(reg->db);
	if (!repeated && *id % EVERY == 0 &&
	    (!forget_old(reg, false, err) || !forget_old(reg, true, err)))
		return false;
	return db_commit(&t, err);
}

bool
registry_audit_begin(struct registry *reg, const struct registry_audit *row, int64_t *id,
		     struct twz_error *err)
{
	int64_t unused;

	if (!id)
		id = &unused;
	return begin_once(reg, row, id, err) ||
	       (registry_recover(reg, err) && begin_once(reg, row, id, err)) ||
	       twz_wrap(err, "what is not recorded is not done: %s", row->what);
}

bool
registry_audit_end(struct registry *reg, int64_t id, int status, struct twz_error *err)
{
	DB_STATEMENT *st = NULL;

	if (!db_writer(reg, err) ||
	    !db_prepare(reg, "UPDATE audit SET status = ?1, allowed = allowed AND ?1 <> 4 WHERE id = ?2", &st,
			err))
		return false;
	sqlite3_bind_int(st, 1, status);
	sqlite3_bind_int64(st, 2, id);
	return db_run(reg, st, err);
}

static void
read_audit(sqlite3_stmt *st, struct twz_arena *arena, struct registry_audit *ret)
{
	*ret = (struct registry_audit){
		.id = sqlite3_column_int64(st, 0),
		.time = sqlite3_column_int64(st, 1),
		.context = db_text(st, 2, arena),
		.caller = db_text(st, 3, arena),
		.compartment = (uint64_t)sqlite3_column_int64(st, 4),
		.what = db_text(st, 5, arena),
		.args = db_text(st, 6, arena),
		.allowed = sqlite3_column_int64(st, 7) != 0,
		.status = sqlite3_column_type(st, 8) == SQLITE_NULL ? -1 : sqlite3_column_int(st, 8),
		.times = (uint64_t)sqlite3_column_int64(st, 9),
	};
}

bool
registry_audit_list(struct registry *reg, size_t most, struct twz_arena *arena,
		    const struct registry_audit **ret, size_t *n, struct twz_error *err)
{
	struct registry_audit *all = NULL, one;
	DB_STATEMENT *st = NULL;
	bool row;

	*n = 0;
	if (!db_prepare(reg, "SELECT * FROM (SELECT id, time, context, caller, compartment, what, args, allowed,"
			     " status, times FROM audit ORDER BY id DESC LIMIT ?) ORDER BY id", &st, err))
		return false;
	sqlite3_bind_int64(st, 1, (int64_t)most);
	while (db_step(reg, st, &row, err)) {
		if (!row) {
			*ret = all;
			return true;
		}
		read_audit(st, arena, &one);
		twz_push(arena, all, *n, one);
	}
	return false;
}
