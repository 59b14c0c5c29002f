/* A temporary folder with a registry in it, for tests of the registry. */
#pragma once

#include <ftw.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include "registry/rights.h"

struct place {
	char folder[64];
	char registry[128];
};

static inline void
close_registryp(struct registry **reg)
{
	registry_close(*reg);
}

#define REGISTRY TWZ_CLEANUP(close_registryp) struct registry

static inline int
place_make(void **state)
{
	struct place *p = calloc(1, sizeof(*p));

	assert_non_null(p);
	strcpy(p->folder, "/tmp/twz-registry-XXXXXX");
	assert_non_null(mkdtemp(p->folder));
	sprintf(p->registry, "%s/data/twz/registry.db", p->folder);
	*state = p;
	return 0;
}

static inline int
remove_one(const char *path, const struct stat *st, int what, struct FTW *ftw)
{
	(void)st;
	(void)what;
	(void)ftw;
	return remove(path);
}

static inline int
place_remove(void **state)
{
	struct place *p = *state;
	int result = nftw(p->folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);

	free(p);
	return result;
}

/* Writes a file in the place; the path is valid until the place is removed. */
static inline const char *
place_file(struct place *p, const char *name, const char *contents)
{
	static char paths[8][160];
	static unsigned next;
	char *path = paths[next++ % 8];

	sprintf(path, "%s/%s", p->folder, name);

	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_true(fputs(contents, f) >= 0);
	assert_int_equal(fclose(f), 0);
	return path;
}

static inline sqlite3 *
place_database(const struct place *p)
{
	sqlite3 *db;

	assert_int_equal(sqlite3_open_v2(p->registry, &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
	return db;
}

static inline struct registry *
place_open(const struct place *p)
{
	struct registry *reg = NULL;
	struct twz_error err = { 0 };

	if (!registry_open(p->registry, &reg, &err))
		fail_msg("%s", err.text);
	return reg;
}

/* What a registry takes for now when place_open_at() opened it. */
static int64_t place_now = INT64_C(1700000000000);

static inline int64_t
place_clock(void)
{
	return place_now;
}

static inline struct registry *
place_open_at(const struct place *p)
{
	struct registry *reg = place_open(p);

	registry_set_clock(reg, place_clock);
	return reg;
}

/* By the owner, for every gate that requires it. */
static inline bool
place_grant(struct registry *reg, const char *context, const char *service, const char *capability,
	    struct twz_error *err)
{
	const struct registry_capability c = {
		.context = context, .service = service, .capability = capability, .gate = "",
		.rights = RIGHT_CALL, .grantor = REGISTRY_OWNER,
	};
	int64_t id;

	return registry_grant(reg, &c, &id, err);
}

/* A service of one gate, whose file is @path. */
static inline struct twz_service
place_service(const char *path)
{
	static const struct twz_type func = { .kind = TWZ_FUNC, .name = "",
					      .target = &twz_type_i32 };
	static const struct twz_gate gate = { .name = "g", .symbol = "g", .doc = "", .requires = "",
					      .converts = "", .type = &func, .how = "", .why = "" };

	return (struct twz_service){ .name = "s", .version = "", .doc = "", .path = path,
				     .gates = &gate, .ngates = 1 };
}

static inline bool
place_store(const struct place *p, const char *path, struct twz_error *err)
{
	struct twz_service s = place_service(path);
	REGISTRY *reg = NULL;

	return registry_open(p->registry, &reg, err) && registry_store(reg, &s, NULL, err);
}

static inline enum registry_state
place_check(const struct place *p, const char *path)
{
	REGISTRY *reg = NULL;
	struct twz_error err = { 0 };
	enum registry_state state = REGISTRY_UNKNOWN;

	if (!registry_open(p->registry, &reg, &err) || !registry_check(reg, path, &state, &err))
		fail_msg("%s", err.text);
	return state;
}

/* Changes the registry behind its back. */
static inline void
place_edit(const struct place *p, const char *sql)
{
	sqlite3 *db = place_database(p);
	int result = sqlite3_exec(db, sql, NULL, NULL, NULL);

	if (result != SQLITE_OK)
		fail_msg("%s: %s", sql, sqlite3_errmsg(db));
	sqlite3_close(db);
}

static inline int place_count(const struct place *p, const char *sql);

/* No row of any table is left behind by a service that is gone. */
static inline void
place_whole(const struct place *p)
{
	static const char *const tables[] = { "gate", "type" };
	char sql[128];

	for (size_t i = 0; i < TWZ_COUNT(tables); i++) {
		sprintf(sql, "SELECT count(*) FROM %s WHERE id >> 32 NOT IN (SELECT id FROM service)",
			tables[i]);
		assert_int_equal(place_count(p, sql), 0);
	}
	assert_int_equal(place_count(p, "SELECT count(*) FROM alias WHERE service NOT IN"
					" (SELECT id FROM service)"), 0);
	assert_int_equal(place_count(p, "SELECT count(*) FROM listing WHERE service NOT IN"
					" (SELECT id FROM service)"), 0);
	assert_int_equal(place_count(p, "SELECT count(*) FROM service WHERE id NOT IN"
					" (SELECT service FROM file)"), 0);
}

static inline int
place_count(const struct place *p, const char *sql)
{
	sqlite3 *db = place_database(p);
	sqlite3_stmt *st;
	int n;

	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &st, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(st), SQLITE_ROW);
	n = sqlite3_column_int(st, 0);
	sqlite3_finalize(st);
	sqlite3_close(db);
	return n;
}
