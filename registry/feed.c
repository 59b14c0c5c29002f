#include "registry/feed.h"

#include <stdio.h>

enum { FEED_ID = FEED_COLUMNS };

/* Rows of a feed that are being written. */
struct feeding {
	const struct feed *feed;
	size_t from, end;
	int64_t first;			/* the id of row 0 */
};

struct cursor {
	sqlite3_vtab_cursor base;
	const struct feeding *feed;
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

	return !c->feed || c->row >= c->feed->end;
}

static int
feed_column(sqlite3_vtab_cursor *base, sqlite3_context *out, int column)
{
	const struct cursor *c = (struct cursor *)base;
	const struct feed *feed = c->feed->feed;
	struct feed_value value = { 0 };

	if (column == FEED_ID)
		feed_number(&value, c->feed->first + (int64_t)c->row);
	else
		feed->column(&value, feed->data, c->row, column);
	switch (value.kind) {
	case FEED_NULL:
		break;
	case FEED_NUMBER:
		sqlite3_result_int64(out, value.number);
		break;
	case FEED_TEXT:
		sqlite3_result_text(out, value.text, value.n, SQLITE_STATIC);
		break;
	}
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

static bool
alike(const struct feed_value *a, const struct feed_value *b)
{
	if (a->kind != b->kind)
		return false;
	switch (a->kind) {
	case FEED_NULL:
		return true;
	case FEED_NUMBER:
		return a->number == b->number;
	case FEED_TEXT:
		return a->n == b->n && (a->text == b->text || !memcmp(a->text, b->text, (size_t)a->n));
	}
	return false;
}

/* Whether all rows say the same in @column, and what. */
static bool
is_common(const struct feeding *f, int column, struct feed_value *ret)
{
	*ret = (struct feed_value){ 0 };
	f->feed->column(ret, f->feed->data, f->from, column);
	for (size_t row = f->from + 1; row < f->end; row++) {
		struct feed_value value = { 0 };

		f->feed->column(&value, f->feed->data, row, column);
		if (!alike(&value, ret))
			return false;
	}
	return true;
}

static void
bind(sqlite3_stmt *st, int place, const struct feed_value *value)
{
	if (value->kind == FEED_NUMBER)
		sqlite3_bind_int64(st, place, value->number);
	else
		sqlite3_bind_text(st, place, value->text, value->n, SQLITE_STATIC);
}

/* With @id, each row's id is written; else sqlite gives one more than the greatest. */
static bool
insert(struct registry *reg, const struct feeding *f, bool id, struct twz_error *err)
{
	struct feed_value common[FEED_COLUMNS];
	char into[512], from[256];
	int ninto = 0, nfrom = 0, ncommon = 0;
	DB_STATEMENT *st = NULL;
	TWZ_ARENA arena = { 0 };
	bool ok;

	for (int i = 0; f->feed->columns[i]; i++) {
		struct feed_value *value = &common[ncommon];
		bool same = is_common(f, i, value);

		if (same && value->kind == FEED_NULL)
			continue;
		ninto += snprintf(into + ninto, sizeof(into) - (size_t)ninto, ",%s", f->feed->columns[i]);
		nfrom += same ? snprintf(from + nfrom, sizeof(from) - (size_t)nfrom, ",?%d", ++ncommon)
			      : snprintf(from + nfrom, sizeof(from) - (size_t)nfrom, ",c%d", i);
	}
	if (!db_prepare(reg, id ? twz_format(&arena, "INSERT INTO %s (id%s) SELECT id%s FROM feed", f->feed->table,
					     into, from)
				: twz_format(&arena, "INSERT INTO %s (%s) SELECT %s FROM feed", f->feed->table,
					     into + 1, from + 1), &st, err))
		return false;
	for (int i = 0; i < ncommon; i++)
		bind(st, i + 1, &common[i]);
	reg->feed = f;
	ok = db_run(reg, st, err);
	reg->feed = NULL;
	return ok;
}

bool
feed_append(struct registry *reg, int64_t first, const struct feed *feed, struct twz_error *err)
{
	struct feeding f = { feed, feed->from, feed->end, first };
	TWZ_ARENA arena = { 0 };
	int64_t last;

	if (f.from >= f.end)
		return true;
	if (!db_number(reg, twz_format(&arena, "SELECT max(id) FROM %s", feed->table), &last, err))
		return false;
	first += (int64_t)f.from;
	/* Only sqlite's own numbers, one more than the greatest, are appended at once; so the first is ours. */
	if (last >= first || f.end - f.from == 1)
		return insert(reg, &f, true, err);
	if (last != first - 1) {
		f.end = f.from + 1;
		if (!insert(reg, &f, true, err))
			return false;
		f.from++;
		f.end = feed->end;
	}
	return insert(reg, &f, false, err);
}
