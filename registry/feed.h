/*
 * How many rows are written at once: `INSERT INTO table (…) SELECT … FROM feed`, where "feed" is a virtual
 * table whose rows are made as sqlite asks for them. The cursor in the table stays where it is between
 * two rows, so this takes half of the time of a statement per row.
 *
 * To ask for a value takes as long as to write it, and most libraries say the same in many columns, or nothing
 * at all: what all rows have in common is asked for once, and a column of nothing is not mentioned.
 */
#pragma once

#include <string.h>

#include "registry/db.h"

enum { FEED_COLUMNS = 25 };

/* What one row has in one column. Texts last as long as the feed. */
struct feed_value {
	enum { FEED_NULL, FEED_NUMBER, FEED_TEXT } kind;
	int n;				/* bytes of the text */
	union {
		int64_t number;
		const char *text;
	};
};

struct feed {
	const char *table;		/* it has a column id as well, that no row gives */
	const char *const *columns;	/* names of the others that are written, ending with NULL: at most FEED_COLUMNS */
	void (*column)(struct feed_value *out, const void *data, size_t row, int column);	/* @out is NULL before */
	const void *data;
	size_t from, end;		/* the rows that are wanted */
};

/**
 * Appends the rows: row N gets the id @first + N. Where nothing in the table has a greater one, sqlite does not
 * look for the place of each row.
 */
TWZ_MUST bool feed_append(struct registry *reg, int64_t first, const struct feed *feed, struct twz_error *err);

/** Makes the virtual table known to a connection that is to write. */
TWZ_MUST bool feed_open(struct registry *reg, struct twz_error *err);

/* For columns: a text; NULL stays NULL. */
static inline void
feed_text(struct feed_value *out, const char *text)
{
	if (text)
		*out = (struct feed_value){ .kind = FEED_TEXT, .n = (int)strlen(text), .text = text };
}

/* The same where "" is usual, and NULL stands for it. */
static inline void
feed_words(struct feed_value *out, const char *text)
{
	if (text && *text)
		feed_text(out, text);
}

static inline void
feed_number(struct feed_value *out, int64_t number)
{
	*out = (struct feed_value){ .kind = FEED_NUMBER, .number = number };
}

/* A number; nothing for 0, which takes no room. */
static inline void
feed_some(struct feed_value *out, int64_t number)
{
	if (number)
		feed_number(out, number);
}
