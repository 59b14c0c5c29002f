/*
 * How many rows are written at once: `INSERT INTO table SELECT * FROM feed`, where "feed" is a virtual
 * table whose rows are made as sqlite asks for them. The cursor in the table stays where it is between
 * two rows, so this takes half of the time of a statement per row.
 */
#pragma once

#include "registry/db.h"

enum { FEED_COLUMNS = 25 };

struct feed {
	size_t nrows;
	int ncolumns;			/* at most FEED_COLUMNS */
	/* Gives column @column of row @row by one sqlite3_result_…(); none: NULL. */
	void (*column)(sqlite3_context *out, const void *data, size_t row, int column);
	const void *data;
	/* SQL of what every row has in this column, which then is not asked for; NULL: rows differ. */
	const char *alike[FEED_COLUMNS];
	size_t from;			/* the first row that is wanted */
	int64_t first;			/* feed_append(): the id of row 0 */
};

/** Appends the rows to @table, whose columns they are. Keys must come in ascending order to be quick. */
TWZ_MUST bool feed_insert(struct registry *reg, const char *table, const struct feed *feed,
			  struct twz_error *err);
/**
 * The same for a table whose rows have an id: it gets @first, @first + 1, …; the feed's columns are the others,
 * which @columns names. Where nothing has a greater id, sqlite does not look for the place of each row.
 */
TWZ_MUST bool feed_append(struct registry *reg, const char *table, const char *columns, int64_t first,
			  const struct feed *feed, struct twz_error *err);

/** Makes the virtual table known to a connection that is to write. */
TWZ_MUST bool feed_open(struct registry *reg, struct twz_error *err);

/* For columns: a text that lasts as long as the feed; NULL stays NULL. */
static inline void
feed_text(sqlite3_context *out, const char *text)
{
	if (text)
		sqlite3_result_text(out, text, -1, SQLITE_STATIC);
}

/* A number; nothing for 0, which takes no room. */
static inline void
feed_some(sqlite3_context *out, int64_t number)
{
	if (number)
		sqlite3_result_int64(out, number);
}
