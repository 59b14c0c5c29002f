#include "registry/feed.h"

#include <stdio.h>
#include <string.h>

enum { FEED_ID = FEED_COLUMNS };

struct cursor {
	sqlite3_vtab_cursor base;
	const struct feed *feed;
	size_t row;
};

struct table {
	sqlite3_vtab base;
	struct registry *reg;
};

static int
feed_connect(sqlite3 *db, void *reg, int argc, const char *const *argv, sqlite3_vtab **ret,
	     char **message)
{
	struct table *t;

	(void)argc, (void)argv, (void)message;
	t = sqlite3_malloc(sizeof(*t));
	if (!t)
		return SQLITE_NOMEM;
	*t = (struct table){ .reg = reg };
	*ret = &t->base;
	return sqlite3_declare_vtab(db, "CREATE TABLE feed (c0, c1, c2, c3, c4, c5, c6, c7, c8, c9,"
					" c10, c11, c12, c13, c14, c15, c16, c17, c18, c19,"
					" c20, c21, c22, c23, c24, id)");
}

static int
feed_disconnect(sqlite3_vtab *t)
{
	sqlite3_free(t);
	return SQLITE_OK;
}

static int
feed_best_index(sqlite3_vtab *t, sqlite3_index_info *info)
{
	(void)t, (void)info;
	return SQLITE_OK;
}

static int
feed_start(sqlite3_vtab *t, sqlite3_vtab_cursor **ret)
{
	struct cursor *c = sqlite3_malloc(sizeof(*c));

	if (!c)
		return SQLITE_NOMEM;
	*c = (struct cursor){ .feed = ((struct table *)t)->reg->feed };
	*ret = &c->base;
	return SQLITE_OK;
}

static int
feed_end(sqlite3_vtab_cursor *c)
{
	sqlite3_free(c);
	return SQLITE_OK;
}

static int
feed_rewind(sqlite3_vtab_cursor *base, int number, const char *text, int argc, sqlite3_value **argv)
{
	(void)number, (void)text, (void)argc, (void)argv;
	struct cursor *c = (struct cursor *)base;

	c->row = c->feed ? c->feed->from : 0;
	return SQLITE_OK;
}

static int
feed_next(sqlite3_vtab_cursor *c)
{
	((struct cursor *)c)->row++;
	return SQLITE_OK;
}

static int
feed_is_over(sqlite3_vtab_cursor *base)
{
	const struct cursor *c = (struct cursor *)base;

	return !c->feed || c->row >= c->feed->nrows;
}

static int
feed_column(sqlite3_vtab_cursor *base, sqlite3_context *out, int column)
{
	const struct cursor *c = (struct cursor *)base;

	if (column == FEED_ID)
		sqlite3_result_int64(out, c->feed->first + (int64_t)c->row);
	else
		c->feed->column(out, c->feed->data, c->row, column);
	return SQLITE_OK;
}

static int
feed_rowid(sqlite3_vtab_cursor *c, sqlite3_int64 *ret)
{
	*ret = (sqlite3_int64)((struct cursor *)c)->row;
	return SQLITE_OK;
}

bool
feed_open(struct registry *reg, struct twz_error *err)
{
	static const sqlite3_module module = {
		.xConnect = feed_connect, .xDisconnect = feed_disconnect,
		.xBestIndex = feed_best_index, .xOpen = feed_start, .xClose = feed_end,
		.xFilter = feed_rewind, .xNext = feed_next, .xEof = feed_is_over,
		.xColumn = feed_column, .xRowid = feed_rowid,
	};

	return sqlite3_create_module(reg->db, "feed", &module, reg) == SQLITE_OK ||
	       db_fail(reg, err, "write");
}

/* "INSERT INTO @into SELECT @id c0,c1,… FROM feed". */
static bool
insert(struct registry *reg, const char *into, const char *id, const struct feed *feed, struct twz_error *err)
{
	char sql[1024];
	int n = snprintf(sql, sizeof(sql), "INSERT INTO %s SELECT %s", into, id);
	bool ok;

	if (feed->from >= feed->nrows)
		return true;
	for (int i = 0; i < feed->ncolumns; i++)
		if (feed->alike[i])
			n += snprintf(sql + n, sizeof(sql) - (size_t)n, "%s%s", i ? "," : "", feed->alike[i]);
		else
			n += snprintf(sql + n, sizeof(sql) - (size_t)n, "%sc%d", i ? "," : "", i);
	strcpy(sql + n, " FROM feed");
	reg->feed = feed;
	ok = db_exec(reg, sql, err);
	reg->feed = NULL;
	return ok;
}

bool
feed_insert(struct registry *reg, const char *table, const struct feed *feed, struct twz_error *err)
{
	return insert(reg, table, "", feed, err);
}

bool
feed_append(struct registry *reg, const char *table, const char *columns, int64_t first,
	    const struct feed *feed, struct twz_error *err)
{
	struct feed part = *feed;
	TWZ_ARENA arena = { 0 };
	int64_t last;

	part.first = first;
	if (!db_number(reg, twz_format(&arena, "SELECT max(id) FROM %s", table), &last, err))
		return false;
	/* Only sqlite's own numbers, one more than the greatest, are appended at once; so the first is ours. */
	if (last < first && feed->nrows > 1) {
		part.nrows = 1;
		if (!insert(reg, table, "id,", &part, err))
			return false;
		part.nrows = feed->nrows;
		part.from = 1;
		return insert(reg, twz_format(&arena, "%s (%s)", table, columns), "", &part, err);
	}
	return insert(reg, table, "id,", &part, err);
}
