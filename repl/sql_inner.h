/* Inside repl/sql*.c. */
#pragma once

#include <sqlite3.h>

#include "repl/session_inner.h"
#include "repl/sql.h"

struct sql_rows {
	struct twz_arena *arena;
	size_t columns;
	struct twz_value *cells;
	size_t n;
};

/* What a query can ask of. */
struct sql_context {
	struct session *s;
	const struct repl_query *q;
	bool declaring;		/* a live table says what its columns are: by CREATE TABLE, which makes nothing */
};

/* A table that people ask for: a view of the registry, or live. */
struct sql_named {
	const char *name;
	const char *columns;	/* "service name …" */
	const char *shown;	/* what the short form shows, as SQL */
	const char *help;
	const char *view;	/* its SELECT; NULL: it is live */
	/** Adds all rows of a live table: see sql_add(). */
	bool (*fill)(const struct sql_context *c, struct sql_rows *rows, struct twz_error *err);
};

/* -- sql_tables.c ------------------------------------------------------------------------------ */

/** All tables; @n gets their number. */
const struct sql_named *sql_named(size_t *n);
const struct sql_named *sql_named_find(const char *name, size_t n);
/** Whether @word is a column of @t. */
bool sql_has_column(const struct sql_named *t, const char *word, size_t n);
/** Whether it is a word of SQL itself. */
bool sql_is_keyword(const char *word, size_t n);

/* -- sql_live.c -------------------------------------------------------------------------------- */

/** Takes a row of @rows->columns cells, which are copied. */
void sql_add(struct sql_rows *rows, const struct twz_value *cells);
/** Registers @t, which is live, with @db. Both arguments outlive the connection. */
bool sql_live(sqlite3 *db, const struct sql_named *t, struct sql_context *c);
void sql_result(sqlite3_context *context, const struct twz_value *v);

bool sql_compartments(const struct sql_context *c, struct sql_rows *rows, struct twz_error *err);
bool sql_links(const struct sql_context *c, struct sql_rows *rows, struct twz_error *err);
bool sql_handlers(const struct sql_context *c, struct sql_rows *rows, struct twz_error *err);
bool sql_calls(const struct sql_context *c, struct sql_rows *rows, struct twz_error *err);
bool sql_variables(const struct sql_context *c, struct sql_rows *rows, struct twz_error *err);
bool sql_builtin(const struct sql_context *c, struct sql_rows *rows, struct twz_error *err);
bool sql_tables(const struct sql_context *c, struct sql_rows *rows, struct twz_error *err);
bool sql_words(const struct sql_context *c, struct sql_rows *rows, struct twz_error *err);
bool sql_found(const struct sql_context *c, struct sql_rows *rows, struct twz_error *err);

/* -- sql_short.c ------------------------------------------------------------------------------- */

/* What a text stands for, and where each byte of that is from. */
struct sql_text {
	char *text;
	size_t n;
	uint32_t *from;		/* offset in the text that was given */
};

/** SELECT … as it is; "TABLE where COLUMN = word …" is made into one. In @arena. */
bool sql_expand(const char *text, size_t n, struct twz_arena *arena, struct sql_text *ret,
		struct twz_error *err);
