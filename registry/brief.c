/*
 * Gates without their types, for whoever only shows or names them: a listing, a look-up, completion. No
 * row of type or member is read. What cannot be read, or not be relied on, is simply not known here:
 * whoever asks has another way, and says what is wrong there.
 */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "registry/order.h"
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

	if (!registry_real(path, real, &file))
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

	if (!registry_real(path, real, &file))
		return false;
	ok = row_find(reg, real, &row, NULL) && row.found && row.all == source->all &&
	     row_is_current(&row, &file) && row_is_from(&row, source) &&
	     read_listing(reg, row.service, write, data);
	row_end(reg);
	return ok;
}

/* The gate of this name, or, as a gate's own name goes before another's alias, the first that has it as another. */
static bool
gate_named(struct registry *reg, const char *path, const char *name, struct twz_arena *arena, int64_t *ret,
	   bool *found, struct twz_error *err)
{
	DB_STATEMENT *st = NULL;
	uint32_t *places;
	int64_t service;
	size_t n;

	if (!order_find(reg, path, name, true, arena, &service, &places, &n, err))
		return false;
	*found = n;
	if (n) {
		*ret = words_first(service) + places[0];
		return true;
	}
	if (!db_prepare(reg, "SELECT (service << 32) + gate FROM alias WHERE service = ?1 AND name = ?2"
			     " ORDER BY gate LIMIT 1", &st, err))
		return false;
	sqlite3_bind_int64(st, 1, service);
	db_bind(st, 2, name);
	if (!db_step(reg, st, found, err))
		return false;
	*ret = *found ? sqlite3_column_int64(st, 0) : 0;
	return true;
}

/* The gate with this id. */
static bool
gate_at(struct registry *reg, int64_t id, struct twz_arena *arena, struct twz_gate *ret, struct twz_error *err)
{
	bool row, ok;

	if (!reg->find_gate &&
	    !db_prepare(reg, "SELECT " ROW_GATE_COLUMNS " FROM gate WHERE id = ?1", &reg->find_gate, err))
		return false;
	sqlite3_bind_int64(reg->find_gate, 1, id);
	ok = db_step(reg, reg->find_gate, &row, err) &&
	     (row ? brief_gate(reg, reg->find_gate, arena, ret, err) : db_nonsense(reg, err, "a gate is missing"));
	sqlite3_reset(reg->find_gate);
	return ok;
}

bool
registry_find_gate(struct registry *reg, const char *path, const char *name,
		   struct twz_arena *arena, const struct twz_gate **ret, struct twz_error *err)
{
	struct twz_gate *gate = twz_new(arena, struct twz_gate);
	char real[PATH_MAX];
	bool found, ok;
	int64_t id;

	if (!registry_real(path, real, NULL))
		return twz_fail_sys(err, errno, "%s", path);
	ok = gate_named(reg, real, name, arena, &id, &found, err) &&
	     (found ? gate_at(reg, id, arena, gate, err)
		    : twz_fail(err, TWZ_CLASS_LINK, TWZ_ERR(NAMING, NOT_FOUND), "%s: no gate '%s' in the registry",
			       path, name));
	order_end(reg);
	*ret = gate;
	return ok;
}

static int
by_number(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

size_t
registry_complete(struct registry *reg, const char *path, const char *prefix, bool all, size_t most,
		  struct twz_arena *arena, const struct twz_gate **ret)
{
	struct twz_gate *gates = NULL;
	uint32_t *places;
	size_t n = 0, nfound;
	char real[PATH_MAX];
	int64_t service;
	bool ok;

	*ret = NULL;
	if (!registry_real(path, real, NULL))
		return 0;
	ok = order_find(reg, real, prefix, false, arena, &service, &places, &nfound, NULL);
	if (ok && nfound)
		qsort(places, nfound, sizeof(*places), by_number);
	for (size_t i = 0; ok && i < nfound && n < most; i++) {
		struct twz_gate gate = { 0 };

		ok = gate_at(reg, words_first(service) + places[i], arena, &gate, NULL);
		if (ok && gate.role == TWZ_ROLE_GATE && (all || gate.has_record))
			twz_push(arena, gates, n, gate);
	}
	order_end(reg);
	*ret = gates;
	return ok ? n : 0;
}
