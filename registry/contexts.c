/* Contexts and their masks. A mask takes away from what a context holds, and never adds. */
#include <string.h>

#include "registry/rights_in.h"

enum { CONTEXT_UNDETACHABLE = 1 };

static bool
set_context(struct registry *reg, const char *name, const char *sql, int64_t value, struct twz_error *err)
{
	DB_STATEMENT *st = NULL;

	if (!db_prepare(reg, sql, &st, err))
		return false;
	db_bind(st, 1, name);
	sqlite3_bind_int64(st, 2, value);
	return db_run(reg, st, err);
}

static bool
is_context(const char *name, struct twz_error *err)
{
	size_t n = strlen(name);

	return (n && n <= 255 && !name[strcspn(name, " \t\n\r\"'()[]{};|")]) ||
	       twz_fail(err, TWZ_CLASS_TYPE, TWZ_ERR(NAMING, INVALID_NAME),
			"a context is a name of at most 255 bytes, without blanks, quotes and brackets");
}

bool
registry_context_set(struct registry *reg, const char *name, bool undetachable, struct twz_error *err)
{
	return is_context(name, err) && db_writer(reg, err) &&
	       set_context(reg, name, "INSERT INTO context VALUES (?1, ?2, 7)"
				      " ON CONFLICT DO UPDATE SET flags = ?2",
			   undetachable ? CONTEXT_UNDETACHABLE : 0, err);
}

static void
read_context(sqlite3_stmt *st, struct twz_arena *arena, struct registry_context *ret)
{
	ret->name = db_text(st, 0, arena);
	ret->undetachable = sqlite3_column_int64(st, 1) & CONTEXT_UNDETACHABLE;
	ret->mask = (uint32_t)sqlite3_column_int64(st, 2);
}

bool
registry_context(struct registry *reg, const char *name, struct registry_context *ret,
		 struct twz_error *err)
{
	DB_STATEMENT *st = NULL;
	TWZ_ARENA arena = { 0 };
	bool row;

	if (!db_prepare(reg, "SELECT name, flags, mask FROM context WHERE name = ?", &st, err))
		return false;
	db_bind(st, 1, name);
	if (!db_step(reg, st, &row, err))
		return false;
	*ret = (struct registry_context){ .mask = RIGHT_ALL };
	if (row)
		read_context(st, &arena, ret);
	ret->name = name;
	return true;
}

bool
registry_contexts(struct registry *reg, struct twz_arena *arena, const struct registry_context **ret,
		  size_t *n, struct twz_error *err)
{
	struct registry_context *all = NULL, one;
	DB_STATEMENT *st = NULL;
	bool row;

	*n = 0;
	*ret = NULL;
	if (!db_prepare(reg, "SELECT name, flags, mask FROM context ORDER BY name", &st, err))
		return false;
	while (db_step(reg, st, &row, err)) {
		if (!row) {
			*ret = all;
			return true;
		}
		read_context(st, arena, &one);
		twz_push(arena, all, *n, one);
	}
	return false;
}

static bool
mask_service(struct registry *reg, const char *context, const char *service, uint32_t rights,
	     struct twz_error *err)
{
	DB_TRANSACTION t = { NULL };
	DB_STATEMENT *first = NULL;
	DB_STATEMENT *st = NULL;

	if (!db_begin(reg, &t, err) ||
	    !db_prepare(reg, "INSERT OR IGNORE INTO context VALUES (?, 0, 7)", &first, err))
		return false;
	db_bind(first, 1, context);
	if (!db_run(reg, first, err) ||
	    !db_prepare(reg, "INSERT OR REPLACE INTO mask VALUES (?, ?, ?)", &st, err))
		return false;
	db_bind(st, 1, context);
	db_bind(st, 2, service);
	sqlite3_bind_int64(st, 3, rights);
	return db_run(reg, st, err) && db_commit(&t, err);
}

bool
registry_mask(struct registry *reg, const char *context, const char *service, uint32_t rights,
	      struct twz_error *err)
{
	if (!is_context(context, err) || !db_writer(reg, err))
		return false;
	return service ? mask_service(reg, context, service, rights, err)
		       : set_context(reg, context, "INSERT INTO context VALUES (?1, 0, ?2)"
						   " ON CONFLICT DO UPDATE SET mask = ?2", rights, err);
}

bool
registry_unmasked(struct registry *reg, const char *context, const char *service, uint32_t *ret,
		  struct twz_error *err)
{
	DB_STATEMENT *st = NULL;
	bool row;

	if (!db_prepare(reg, "SELECT (SELECT mask FROM context WHERE name = ?1),"
			     " (SELECT rights FROM mask WHERE context = ?1 AND service = ?2)", &st, err))
		return false;
	db_bind(st, 1, context);
	db_bind(st, 2, service);
	if (!db_step(reg, st, &row, err))
		return false;
	*ret = RIGHT_ALL;
	for (int i = 0; row && i < 2; i++)
		if (sqlite3_column_type(st, i) != SQLITE_NULL)
			*ret &= (uint32_t)sqlite3_column_int64(st, i);
	return true;
}
