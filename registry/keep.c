#include "registry/keep.h"

#include <string.h>

#include "registry/order.h"
#include "registry/row.h"
#include "registry/words.h"

/* What a row of each table takes on average: measured once, over the libraries of a distribution. */
enum { GATE_BYTES = 260, TYPE_BYTES = 50, MEMBER_BYTES = 16, NAME_BYTES = 32, SERVICE_BYTES = 600 };

static uint64_t
file_size(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 ? (uint64_t)st.st_size : 0;
}

uint64_t
registry_size(const struct registry *reg)
{
	TWZ_ARENA arena = { 0 };

	return file_size(reg->path) + file_size(twz_format(&arena, "%s-wal", reg->path));
}

static enum registry_condition
condition(const char *path, int64_t size, int64_t mtime_ns, int64_t inode)
{
	const struct registry_row row = { .size = size, .mtime_ns = mtime_ns, .inode = inode };
	struct stat st;

	if (stat(path, &st) != 0)
		return REGISTRY_IS_GONE;
	return row_is_current(&row, &st) ? REGISTRY_IS_FRESH : REGISTRY_IS_STALE;
}

static const char *
some_text(sqlite3_stmt *st, int column, struct twz_arena *arena)
{
	const char *text = db_text(st, column, arena);

	return text ? text : "";
}

static void
read_entry(sqlite3_stmt *st, struct twz_arena *arena, struct registry_entry *e)
{
	uint64_t aliases = (uint64_t)sqlite3_column_int64(st, 8);

	e->path = some_text(st, 0, arena);
	e->condition = condition(e->path, sqlite3_column_int64(st, 1), sqlite3_column_int64(st, 2),
				 sqlite3_column_int64(st, 3));
	e->id = sqlite3_column_int64(st, 4);
	e->name = some_text(st, 5, arena);
	e->version = some_text(st, 6, arena);
	e->functions = (uint64_t)sqlite3_column_int64(st, 7);
	e->types = (uint64_t)sqlite3_column_int64(st, 9);
	e->members = (uint64_t)sqlite3_column_int64(st, 10);
	e->gates = (uint64_t)sqlite3_column_int64(st, 11);
	e->all = sqlite3_column_int(st, 12);
	e->partial = sqlite3_column_int(st, 13);
	e->stored = sqlite3_column_int64(st, 14);
	e->debug_path = some_text(st, 15, arena);
	e->build_id_size = (uint32_t)sqlite3_column_bytes(st, 16);
	if (e->build_id_size)
		e->build_id = memcpy(twz_alloc(arena, e->build_id_size), sqlite3_column_blob(st, 16),
				     e->build_id_size);
	e->bytes = SERVICE_BYTES + e->functions * GATE_BYTES + e->types * TYPE_BYTES +
		   e->members * MEMBER_BYTES + aliases * NAME_BYTES +
		   (uint64_t)sqlite3_column_int64(st, 17);
}

bool
registry_entries(struct registry *reg, struct twz_arena *arena, const struct registry_entry **ret,
		 size_t *n, struct twz_error *err)
{
	struct registry_entry *entries = NULL;
	DB_STATEMENT *st = NULL;
	bool row;

	*n = 0;
	*ret = NULL;
	if (!db_prepare(reg, "SELECT path, size, mtime_ns, inode, id, name, version, gates, aliases, types,"
			     " members, recorded, all_functions, partial, stored, debug_path, build_id,"
			     " (SELECT length(text) FROM listing WHERE listing.service = service.id)"
			     " FROM file JOIN service ON id = file.service ORDER BY path", &st, err))
		return false;
	for (;;) {
		if (!db_step(reg, st, &row, err))
			return false;
		if (!row)
			break;
		twz_push(arena, entries, *n, ((struct registry_entry){ 0 }));
		read_entry(st, arena, &entries[*n - 1]);
	}
	*ret = entries;
	return true;
}

bool
registry_forget(struct registry *reg, const struct registry_entry *const *entries, size_t n,
		struct twz_error *err)
{
	DB_TRANSACTION t = { NULL };

	if (!db_writer(reg, err) || !db_begin(reg, &t, err))
		return false;
	for (size_t i = 0; i < n; i++)
		if (!row_forget(reg, entries[i]->id, err))
			return false;
	if (!db_commit(&t, err))
		return false;
	db_empty_log(reg);
	return true;
}

bool
registry_compact(struct registry *reg, struct twz_error *err)
{
	/* Rows that belong to nothing: somebody deleted by hand. */
	if (!db_writer(reg, err) ||
	    !db_exec(reg, "BEGIN IMMEDIATE;"
			  " DELETE FROM service WHERE id NOT IN (SELECT service FROM file);"
			  " DELETE FROM gate WHERE id >> 32 NOT IN (SELECT id FROM service);"
			  " DELETE FROM type WHERE id >> 32 NOT IN (SELECT id FROM service);"
			  " DELETE FROM alias WHERE service NOT IN (SELECT id FROM service);"
			  " DELETE FROM listing WHERE service NOT IN (SELECT id FROM service);"
			  " COMMIT; VACUUM", err)) {
		sqlite3_exec(reg->db, "ROLLBACK", NULL, NULL, NULL);
		return false;
	}
	db_empty_log(reg);
	return true;
}

/* -- verify ----------------------------------------------------------------------------------------- */

struct verify {
	struct registry *reg;
	void (*say)(void *data, const char *fault);
	void *data;
	bool whole;
};

static void
fault(struct verify *v, const char *text)
{
	v->whole = false;
	v->say(v->data, text);
}

/* Each row of the answer is a fault; a text like "ok" is none. */
static void
ask(struct verify *v, const char *sql, const char *before)
{
	struct twz_error err = { 0 };
	DB_STATEMENT *st = NULL;
	TWZ_ARENA arena = { 0 };
	bool row;

	if (!db_prepare(v->reg, sql, &st, &err)) {
		fault(v, err.text);
		return;
	}
	while (db_step(v->reg, st, &row, &err) && row) {
		const char *text = some_text(st, 0, &arena);

		if (strcmp(text, "ok"))
			fault(v, twz_format(&arena, "%s%s", before, text));
	}
	if (err.cls)
		fault(v, err.text);
}

static void
verify_services(struct verify *v)
{
	const struct registry_entry *entries;
	struct twz_error err = { 0 };
	TWZ_ARENA arena = { 0 };
	size_t n;

	if (!registry_entries(v->reg, &arena, &entries, &n, &err)) {
		fault(v, err.text);
		return;
	}
	for (size_t i = 0; i < n; i++) {
		const struct twz_service *service;
		TWZ_ARENA one = { 0 };

		err = (struct twz_error){ 0 };
		if (!row_load_sane(v->reg, entries[i].path, &one, &service, &err) ||
		    !order_verify(v->reg, entries[i].id, &err))
			fault(v, twz_format(&arena, "%s: %s", entries[i].path, err.text));
	}
}

bool
registry_verify(struct registry *reg, void (*say)(void *data, const char *fault), void *data)
{
	static const char *const tables[] = { "gate", "type" };
	struct verify v = { reg, say, data, true };
	TWZ_ARENA arena = { 0 };

	ask(&v, "PRAGMA integrity_check(20)", "");
	ask(&v, "SELECT \"table\" FROM pragma_foreign_key_check", "a row refers to nothing: ");
	for (size_t i = 0; i < TWZ_COUNT(tables); i++)
		ask(&v, twz_format(&arena, "SELECT DISTINCT id >> 32 FROM %s"
					   " WHERE id >> 32 NOT IN (SELECT id FROM service)", tables[i]),
		    twz_format(&arena, "%s holds rows of a service that does not exist: ", tables[i]));
	ask(&v, "SELECT DISTINCT service FROM alias WHERE service NOT IN (SELECT id FROM service)",
	    "alias holds rows of a service that does not exist: ");
	ask(&v, "SELECT name FROM service WHERE id NOT IN (SELECT service FROM file)",
	    "a service belongs to no file: ");
	ask(&v, "SELECT name FROM service WHERE aliases <>"
		" (SELECT count(*) FROM alias WHERE alias.service = service.id)",
	    "names of gates are missing: ");
	if (v.whole)
		verify_services(&v);
	return v.whole;
}
