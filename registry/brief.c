/*
 * Gates without their types, for whoever only shows or names them: a listing, a look-up, completion. No
 * row of type or member is read. What cannot be read, or not be relied on, is simply not known here:
 * whoever asks has another way, and says what is wrong there.
 */
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "registry/row.h"
#include "registry/words.h"

/* What a gate's type is as long as nobody reads it. */
static const struct twz_type some_function = { .kind = TWZ_FUNC, .name = "" };

static bool
brief_gate(struct registry *reg, sqlite3_stmt *st, struct twz_arena *arena, struct twz_gate *g,
	   struct twz_error *err)
{
	if (sqlite3_column_type(st, ROW_GATE_TYPE) != SQLITE_NULL)
		g->type = &some_function;
	return row_gate(reg, st, arena, g, err);
}

static bool
brief_gates(struct registry *reg, const struct registry_row *row, struct twz_arena *arena,
	    struct twz_gate *gates)
{
	DB_STATEMENT *st = NULL;
	bool more;

	if (!db_prepare(reg, "SELECT " ROW_GATE_COLUMNS " FROM gate WHERE id BETWEEN ?1 AND ?2"
			     " ORDER BY id", &st, NULL))
		return false;
	sqlite3_bind_int64(st, 1, words_first(row->service));
	sqlite3_bind_int64(st, 2, words_first(row->service) | UINT32_MAX);
	for (size_t i = 0; i < row->gates; i++)
		if (!db_step(reg, st, &more, NULL) || !more ||
		    !brief_gate(reg, st, arena, &gates[i], NULL) || gates[i].index != i)
			return false;
	return row_aliases(reg, row->service, gates, row->gates, row->aliases, arena, NULL);
}

/* Gates come before the functions that have no record. */
static void
leave_gates(struct twz_service *service)
{
	uint32_t n = 0;

	while (n < service->ngates && service->gates[n].has_record)
		n++;
	service->ngates = n;
}

bool
registry_brief(struct registry *reg, const char *path, const struct registry_source *source,
	       struct twz_arena *arena, struct twz_service **ret)
{
	struct registry_row row;
	struct twz_service *service;
	struct twz_gate *gates;
	char real[PATH_MAX];
	struct stat file;
	bool ok;

	if (!realpath(path, real) || stat(real, &file) != 0)
		return false;
	ok = row_find(reg, real, &row, NULL) && row.found && row_is_current(&row, &file) &&
	     row_is_from(&row, source);
	if (ok) {
		gates = twz_new_array(arena, row.gates, struct twz_gate);
		ok = brief_gates(reg, &row, arena, gates);
		service = row_service(&row, real, gates, arena);
		if (row.all && !source->all)
			leave_gates(service);
		*ret = service;
	}
	row_end(reg);
	return ok;
}

static void
close_blobp(sqlite3_blob **blob)
{
	sqlite3_blob_close(*blob);
}

static bool
read_listing(struct registry *reg, int64_t service,
	     void (*write)(void *data, const char *piece, size_t n), void *data)
{
	TWZ_CLEANUP(close_blobp) sqlite3_blob *blob = NULL;
	char piece[16 << 10];
	int size, n;

	/* Mapped, so that megabytes are not copied into sqlite's cache first. */
	if (!db_exec(reg, "PRAGMA mmap_size = 1073741824", NULL) ||
	    sqlite3_blob_open(reg->db, "main", "listing", "text", service, 0, &blob) != SQLITE_OK)
		return false;
	size = write ? sqlite3_blob_bytes(blob) : 0;
	for (int at = 0; at < size; at += n) {
		n = size - at < (int)sizeof(piece) ? size - at : (int)sizeof(piece);
		if (sqlite3_blob_read(blob, piece, n, at) != SQLITE_OK)
			return false;
		write(data, piece, (size_t)n);
	}
	return true;
}

bool
registry_listing(struct registry *reg, const char *path, const struct registry_source *source,
		 void (*write)(void *data, const char *piece, size_t n), void *data)
{
	struct registry_row row;
	char real[PATH_MAX];
	struct stat file;
	bool ok;

	if (!realpath(path, real) || stat(real, &file) != 0)
		return false;
	ok = row_find(reg, real, &row, NULL) && row.found && row.all == source->all &&
	     row_is_current(&row, &file) && row_is_from(&row, source) &&
	     read_listing(reg, row.service, write, data);
	row_end(reg);
	return ok;
}

/* A gate's own name goes before another's alias. */
static const char find_gate[] =
	"SELECT " ROW_GATE_COLUMNS " FROM gate WHERE id = (SELECT (name.service << 32) + gate"
	" FROM file JOIN name USING (service) WHERE path = ?1 AND name = ?2"
	" ORDER BY min(place, 1), gate LIMIT 1)";

bool
registry_find_gate(struct registry *reg, const char *path, const char *name,
		   struct twz_arena *arena, const struct twz_gate **ret, struct twz_error *err)
{
	struct twz_gate *gate = twz_new(arena, struct twz_gate);
	char real[PATH_MAX];
	bool row, ok;

	if (!realpath(path, real))
		return twz_fail_sys(err, errno, "%s", path);
	if (!reg->find_gate && !db_prepare(reg, find_gate, &reg->find_gate, err))
		return false;
	sqlite3_bind_text(reg->find_gate, 1, real, -1, SQLITE_TRANSIENT);
	sqlite3_bind_text(reg->find_gate, 2, name, -1, SQLITE_TRANSIENT);
	ok = db_step(reg, reg->find_gate, &row, err);
	if (ok && row)
		ok = brief_gate(reg, reg->find_gate, arena, gate, err);
	sqlite3_reset(reg->find_gate);
	*ret = gate;
	return ok && (row || twz_fail(err, TWZ_CLASS_LINK, TWZ_ERR(NAMING, NOT_FOUND),
				      "%s: no gate '%s' in the registry", path, name));
}

size_t
registry_complete(struct registry *reg, const char *path, const char *prefix, bool all, size_t most,
		  struct twz_arena *arena, const struct twz_gate **ret)
{
	struct twz_gate *gates = NULL;
	DB_STATEMENT *st = NULL;
	char real[PATH_MAX];
	size_t n = 0;
	bool row;

	*ret = NULL;
	/* The last code point there is: no name goes on with it. */
	if (!realpath(path, real) ||
	    !db_prepare(reg, "SELECT " ROW_GATE_COLUMNS " FROM gate WHERE id IN"
			     " (SELECT (name.service << 32) + gate FROM file JOIN name USING (service)"
			     " WHERE path = ?1 AND name >= ?2 AND name < ?2 || char(1114111) AND place = 0)"
			     " AND role = 'gate' AND (?3 OR flags & 2) ORDER BY id LIMIT ?4", &st, NULL))
		return 0;
	db_bind(st, 1, real);
	db_bind(st, 2, prefix);
	sqlite3_bind_int(st, 3, all);
	sqlite3_bind_int64(st, 4, (int64_t)most);
	while (db_step(reg, st, &row, NULL) && row) {
		twz_push(arena, gates, n, ((struct twz_gate){ 0 }));
		if (!brief_gate(reg, st, arena, &gates[n - 1], NULL))
			return 0;
	}
	*ret = gates;
	return n;
}
