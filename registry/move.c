/*
 * Export and import. What comes in is hostile: each line goes as a row into an empty registry in memory,
 * whose tables refuse what has the wrong type; then each service is read back by the same code that
 * mistrusts a damaged registry, its types are checked, and only then all are stored, in one transaction.
 */
#include "registry/keep.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "registry/row.h"
#include "twz/json.h"
#include "twz/text.h"

enum { LONGEST_LINE = 1 << 24, MOST_COLUMNS = 32, MOST_LINES = 1 << 24 };

static const char head[] = "twz-registry";

/* In the order in which they are written: a row's service comes before it. */
static const struct table {
	const char *name, *order;
} tables[] = {
	{ "service", "id" },
	{ "file", "path" },
	{ "gate", "id" },
	{ "type", "id" },
	{ "alias", "service, name, gate, place" },
};

/* -- export ----------------------------------------------------------------------------------------- */

static void
write_hex(FILE *out, const unsigned char *bytes, int n)
{
	fputs("{\"hex\":\"", out);
	for (int i = 0; i < n; i++)
		fprintf(out, "%02x", bytes[i]);
	fputs("\"}", out);
}

static void
write_value(FILE *out, sqlite3_stmt *st, int column)
{
	int type = sqlite3_column_type(st, column);
	const char *bytes = type == SQLITE_INTEGER ? NULL : sqlite3_column_blob(st, column);
	int n = type == SQLITE_INTEGER ? 0 : sqlite3_column_bytes(st, column);

	if (type == SQLITE_INTEGER)
		fprintf(out, "%" PRId64, (int64_t)sqlite3_column_int64(st, column));
	else if (type == SQLITE_NULL)
		fputs("null", out);
	else if (type == SQLITE_TEXT && !n)
		fputs("\"\"", out);
	else if (type == SQLITE_TEXT && twz_utf8_valid(bytes, (size_t)n) && !memchr(bytes, 0, (size_t)n))
		twz_json_string(out, bytes, (size_t)n);
	else
		write_hex(out, (const unsigned char *)bytes, n);
}

static bool
export_table(struct registry *reg, const struct table *table, FILE *out, struct twz_error *err)
{
	DB_STATEMENT *st = NULL;
	TWZ_ARENA arena = { 0 };
	bool row;

	if (!db_prepare(reg, twz_format(&arena, "SELECT * FROM %s ORDER BY %s", table->name, table->order),
			&st, err))
		return false;
	for (;;) {
		if (!db_step(reg, st, &row, err))
			return false;
		if (!row)
			return true;
		fprintf(out, "[\"%s\"", table->name);
		for (int i = 0; i < sqlite3_column_count(st); i++) {
			fputc(',', out);
			write_value(out, st, i);
		}
		fputs("]\n", out);
	}
}

bool
registry_export(struct registry *reg, FILE *out, struct twz_error *err)
{
	bool ok = db_exec(reg, "BEGIN", err);

	fprintf(out, "[\"%s\",%d]\n", head, REGISTRY_SCHEMA);
	for (size_t i = 0; ok && i < TWZ_COUNT(tables); i++)
		ok = export_table(reg, &tables[i], out, err);
	sqlite3_exec(reg->db, "ROLLBACK", NULL, NULL, NULL);
	return ok;
}

/* -- import ----------------------------------------------------------------------------------------- */

struct import {
	struct registry memory;
	sqlite3_stmt *values;			/* of one line */
	sqlite3_stmt *insert[TWZ_COUNT(tables)];
	FILE *in;
	char *line;
	size_t n, number;			/* of the line */
	struct twz_error *err;
};

static void
clean_import(struct import *m)
{
	sqlite3_finalize(m->values);
	for (size_t i = 0; i < TWZ_COUNT(tables); i++)
		sqlite3_finalize(m->insert[i]);
	db_finalize(&m->memory.find_file);
	db_finalize(&m->memory.find_name);
	sqlite3_close(m->memory.db);
	free(m->memory.path);
	free(m->line);
}

static bool
refuse(struct import *m, const char *why)
{
	return twz_fail(m->err, TWZ_CLASS_LINK, TWZ_ERR(ARGUMENT, INVALID_ARGUMENT), "line %zu: %s", m->number,
			why);
}

/* False at the end, and, with an error, when there is no sound line. */
static bool
read_line(struct import *m)
{
	int c;

	m->number++;
	for (m->n = 0; (c = getc_unlocked(m->in)) != EOF && c != '\n'; m->line[m->n++] = (char)c) {
		if (m->n == LONGEST_LINE)
			return refuse(m, "it is too long");
		if (!c)
			return refuse(m, "it is no text");
	}
	if (ferror(m->in))
		return twz_fail_sys(m->err, errno, "line %zu", m->number);
	if (m->number > MOST_LINES)
		return refuse(m, "there are too many lines");
	if (c != EOF)
		return true;
	/* Each line ends with its newline: the last one without was cut. */
	return m->n ? refuse(m, "it ends too early") : false;
}

/* A blob where the column wants one, else a text that is no UTF-8. */
static bool
bind_hex(struct import *m, sqlite3_stmt *st, int column, const char *hex, bool blob)
{
	size_t n = hex ? strlen(hex) : 1;
	TWZ_FREE char *bytes = malloc(n / 2 + 1);

	for (size_t i = 0; bytes && i < n / 2; i++) {
		unsigned high = twz_digit(hex[2 * i]), low = twz_digit(hex[2 * i + 1]);

		if (high > 15 || low > 15)
			n = 1;
		else
			bytes[i] = (char)(high << 4 | low);
	}
	if (!bytes || n % 2)
		return refuse(m, "a value is no hexadecimal text");
	if (blob)
		sqlite3_bind_blob(st, column, bytes, (int)(n / 2), SQLITE_TRANSIENT);
	else
		sqlite3_bind_text(st, column, bytes, (int)(n / 2), SQLITE_TRANSIENT);
	return true;
}

static bool
bind_value(struct import *m, sqlite3_stmt *st, int column, bool blob)
{
	const char *type = (const char *)sqlite3_column_text(m->values, 1);

	if (!type)
		return refuse(m, "a value is of no known kind");
	if (!strcmp(type, "object"))
		return bind_hex(m, st, column, (const char *)sqlite3_column_text(m->values, 2), blob);
	if (strcmp(type, "integer") && strcmp(type, "text") && strcmp(type, "null"))
		return refuse(m, "a value is neither number nor text");
	sqlite3_bind_value(st, column, sqlite3_column_value(m->values, 0));
	return true;
}

static bool
prepare_insert(struct import *m, size_t table)
{
	char sql[256], *end = sql;
	int n = 0;
	DB_STATEMENT *st = NULL;
	TWZ_ARENA arena = { 0 };

	if (m->insert[table])
		return true;
	if (!db_prepare(&m->memory, twz_format(&arena, "SELECT * FROM %s", tables[table].name), &st, m->err))
		return false;
	n = sqlite3_column_count(st);
	end += sprintf(end, "INSERT INTO %s VALUES (?", tables[table].name);
	while (--n)
		end = stpcpy(end, ",?");
	strcpy(end, ")");
	return db_prepare(&m->memory, sql, &m->insert[table], m->err);
}

/* The values of the line that is open, into the row of @table. */
static bool
import_row(struct import *m, size_t table)
{
	sqlite3_stmt *st;
	int column = 0;
	bool row;

	if (!prepare_insert(m, table))
		return false;
	st = m->insert[table];
	sqlite3_reset(st);
	sqlite3_clear_bindings(st);
	for (;;) {
		/* Of service: build_id and by_name. */
		bool blob = !table && (column == 4 || column == 20);

		if (!db_step(&m->memory, m->values, &row, m->err))
			return refuse(m, "it is no JSON");
		if (!row)
			break;
		if (++column > sqlite3_bind_parameter_count(st))
			return refuse(m, "it has too many values");
		if (!bind_value(m, st, column, blob))
			return false;
	}
	if (column != sqlite3_bind_parameter_count(st))
		return refuse(m, "it has too few values");
	if (sqlite3_step(st) != SQLITE_DONE)
		return refuse(m, sqlite3_errmsg(m->memory.db));
	return true;
}

/* The first value of the line says what it is. */
static bool
open_line(struct import *m, const char **ret)
{
	bool row;

	sqlite3_reset(m->values);
	sqlite3_bind_text(m->values, 1, m->line, (int)m->n, SQLITE_STATIC);
	if (sqlite3_step(m->values) != SQLITE_ROW)
		return refuse(m, "it is no JSON");
	row = *m->line == '[' && sqlite3_column_type(m->values, 0) == SQLITE_TEXT;
	*ret = (const char *)sqlite3_column_text(m->values, 0);
	return row || refuse(m, "it is no list that begins with a name");
}

static bool
import_head(struct import *m)
{
	const char *name;

	if (!read_line(m))
		return refuse(m, "it is empty");
	if (!open_line(m, &name))
		return false;
	if (strcmp(name, head) || sqlite3_step(m->values) != SQLITE_ROW)
		return refuse(m, "it was not written by twz-inspect --registry export");
	if (sqlite3_column_int64(m->values, 0) == REGISTRY_SCHEMA)
		return true;
	return twz_fail(m->err, TWZ_CLASS_LINK, TWZ_ERR(GENERIC, NOT_SUPPORTED),
			"it is of schema %" PRId64 ", this twz knows %d",
			(int64_t)sqlite3_column_int64(m->values, 0), REGISTRY_SCHEMA);
}

static bool
import_lines(struct import *m)
{
	const char *name;

	while (read_line(m)) {
		size_t table = 0;

		if (!open_line(m, &name))
			return false;
		while (table < TWZ_COUNT(tables) && strcmp(name, tables[table].name))
			table++;
		if (table == TWZ_COUNT(tables))
			return refuse(m, "it is a row of no known table");
		if (!import_row(m, table))
			return false;
	}
	return feof(m->in) && !m->n;
}

static bool
open_memory(struct import *m)
{
	m->memory.as_it_is = true;
	m->memory.path = strdup("of what is imported");
	m->line = malloc(LONGEST_LINE + 1);
	if (!m->memory.path || !m->line || sqlite3_open(":memory:", &m->memory.db) != SQLITE_OK)
		return twz_fail_sys(m->err, ENOMEM, "import");
	return db_exec(&m->memory, registry_schema, m->err) &&
	       db_exec(&m->memory, "PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY; BEGIN", m->err) &&
	       db_prepare(&m->memory, "SELECT value, type,"
				      " CASE type WHEN 'object' THEN json_extract(value, '$.hex') END"
				      " FROM json_each(?1)", &m->values, m->err);
}

static bool
store_import(struct registry *reg, struct import *m, const struct registry_entry *entry,
	     bool (*accept)(void *data, struct registry_import *import), void *data, bool *stored)
{
	struct registry_import one = { 0 };
	struct registry_source source = { .all = entry->all, .maker = "import", .seen = &one.file };
	struct registry_row row;
	TWZ_ARENA arena = { 0 };

	if (!row_load_sane(&m->memory, entry->path, &arena, &one.service, m->err))
		return twz_wrap(m->err, "import %s", entry->path);
	if (*entry->path != '/')
		return twz_fail(m->err, TWZ_CLASS_LINK, TWZ_ERR(ARGUMENT, INVALID_ARGUMENT),
				"'%s' is no absolute path", entry->path);
	if (!row_find(&m->memory, entry->path, &row, m->err))
		return false;
	one.file.st_size = row.size;
	one.file.st_mtim.tv_sec = row.mtime_ns / 1000000000;
	one.file.st_mtim.tv_nsec = row.mtime_ns % 1000000000;
	one.file.st_ino = (ino_t)row.inode;
	row_end(&m->memory);
	*stored = accept(data, &one);
	return !*stored || registry_store(reg, one.service, &source, m->err);
}

static bool
store_imports(struct registry *reg, struct import *m,
	      bool (*accept)(void *data, struct registry_import *import), void *data, size_t *n)
{
	const struct registry_entry *entries;
	TWZ_ARENA arena = { 0 };
	size_t all;

	*n = 0;
	if (!registry_entries(&m->memory, &arena, &entries, &all, m->err))
		return false;
	for (size_t i = 0; i < all; i++) {
		bool stored = false;

		if (!store_import(reg, m, &entries[i], accept, data, &stored))
			return false;
		*n += stored;
	}
	return true;
}

static void
note_fault(void *data, const char *fault)
{
	struct import *m = data;

	twz_fail(m->err, TWZ_CLASS_LINK, TWZ_ERR(ARGUMENT, INVALID_ARGUMENT), "%s", fault);
}

bool
registry_import(struct registry *reg, FILE *in,
		bool (*accept)(void *data, struct registry_import *import), void *data, size_t *n,
		struct twz_error *err)
{
	TWZ_CLEANUP(clean_import) struct import m = { .in = in, .err = err };
	DB_TRANSACTION t = { NULL };

	if (!open_memory(&m) || !import_head(&m) || !import_lines(&m) ||
	    !registry_verify(&m.memory, note_fault, &m) || !db_writer(reg, err) ||
	    !db_begin(reg, &t, err) || !store_imports(reg, &m, accept, data, n) || !db_commit(&t, err))
		return false;
	db_empty_log(reg);
	return true;
}
