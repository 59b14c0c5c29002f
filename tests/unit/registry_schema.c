/* Registries of other schemas, of other programs, and of nobody yet. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "registry/registry.h"
#include "tests/unit/registry_fixture.h"

static void
make_empty(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT, 0600);

	assert_true(fd >= 0);
	close(fd);
}

static void
test_newer_schema_is_refused(void **state)
{
	struct place *p = *state;
	REGISTRY *reg = NULL;
	struct twz_error err = { 0 };

	assert_true(place_store(p, place_file(p, "libs.so", "one"), NULL));
	place_edit(p, "PRAGMA user_version = 1000");
	assert_false(registry_open(p->registry, &reg, &err));
	assert_int_equal(err.cls, TWZ_CLASS_LINK);
	assert_int_equal(err.code, TWZ_ERR(GENERIC, NOT_SUPPORTED));
	assert_non_null(strstr(err.text, "schema 1000"));
	assert_int_equal(place_count(p, "SELECT count(*) FROM service"), 1);
}

/* As the first twz made it. */
static const char schema_1[] =
	"CREATE TABLE service ( id INTEGER PRIMARY KEY, name TEXT NOT NULL, version TEXT NOT"
	" NULL, doc TEXT NOT NULL, build_id BLOB NOT NULL, partial INTEGER NOT NULL, gates"
	" INTEGER NOT NULL, aliases INTEGER NOT NULL, types INTEGER NOT NULL, members INTEGER"
	" NOT NULL) STRICT;"
	"CREATE INDEX service_build_id ON service (build_id);"
	"CREATE TABLE file ( path TEXT PRIMARY KEY, size INTEGER NOT NULL, mtime_ns INTEGER"
	" NOT NULL, inode INTEGER NOT NULL, service INTEGER NOT NULL UNIQUE REFERENCES"
	" service ON DELETE CASCADE) STRICT, WITHOUT ROWID;"
	"CREATE TABLE type ( service INTEGER NOT NULL REFERENCES service ON DELETE CASCADE,"
	" id INTEGER NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL, size INTEGER NOT NULL,"
	" align INTEGER NOT NULL, count INTEGER NOT NULL, target INTEGER, is_signed INTEGER"
	" NOT NULL, is_const INTEGER NOT NULL, is_flags INTEGER NOT NULL, is_variadic INTEGER"
	" NOT NULL, is_prototyped INTEGER NOT NULL, text TEXT NOT NULL, PRIMARY KEY (service,"
	" id)) STRICT, WITHOUT ROWID;"
	"CREATE TABLE member ( service INTEGER NOT NULL, owner INTEGER NOT NULL, place"
	" INTEGER NOT NULL, name TEXT NOT NULL, type INTEGER, offset INTEGER NOT NULL, value"
	" INTEGER NOT NULL, bit_size INTEGER NOT NULL, bit_offset INTEGER NOT NULL, direction"
	" TEXT NOT NULL, secret INTEGER NOT NULL, optional INTEGER NOT NULL, has_extent"
	" INTEGER NOT NULL, extent INTEGER NOT NULL, count INTEGER NOT NULL, text TEXT,"
	" PRIMARY KEY (service, owner, place), FOREIGN KEY (service, owner) REFERENCES type"
	" ON DELETE CASCADE) STRICT, WITHOUT ROWID;"
	"CREATE TABLE gate ( service INTEGER NOT NULL REFERENCES service ON DELETE CASCADE,"
	" place INTEGER NOT NULL, name TEXT NOT NULL, symbol TEXT NOT NULL, signature TEXT"
	" NOT NULL, returns TEXT NOT NULL, doc TEXT NOT NULL, requires TEXT NOT NULL,"
	" converts TEXT NOT NULL, role TEXT NOT NULL, level TEXT NOT NULL, readonly INTEGER"
	" NOT NULL, has_record INTEGER NOT NULL, type INTEGER, how TEXT NOT NULL, verdict"
	" TEXT NOT NULL, why TEXT NOT NULL, address INTEGER NOT NULL, hash INTEGER NOT NULL,"
	" PRIMARY KEY (service, place)) STRICT, WITHOUT ROWID;"
	"CREATE TABLE alias ( service INTEGER NOT NULL, gate INTEGER NOT NULL, place INTEGER"
	" NOT NULL, name TEXT NOT NULL, PRIMARY KEY (service, gate, place), FOREIGN KEY"
	" (service, gate) REFERENCES gate ON DELETE CASCADE) STRICT, WITHOUT ROWID;"
	"CREATE TABLE context ( name TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;"
	"CREATE TABLE capability ( context TEXT NOT NULL REFERENCES context ON DELETE"
	" CASCADE, service TEXT NOT NULL, capability TEXT NOT NULL, PRIMARY KEY (context,"
	" service, capability)) STRICT, WITHOUT ROWID;"
	"CREATE VIEW param AS SELECT service.name AS service, gate.name AS gate,"
	" member.place, member.name,  type.text AS type, member.direction, member.secret,"
	" member.optional FROM gate JOIN service ON service.id = gate.service JOIN member ON"
	" member.service = gate.service AND member.owner = gate.type JOIN type ON"
	" type.service = member.service AND type.id = member.type;"
	"PRAGMA application_id = 1953987121; PRAGMA user_version = 1;"
	"INSERT INTO context VALUES ('guest');"
	"INSERT INTO capability VALUES ('guest', 's', 'admin');";

static void
write_schema_1(struct place *p, const char *path)
{
	char sql[512];

	strcpy(p->registry, place_file(p, "old.db", ""));
	place_edit(p, schema_1);
	sprintf(sql, "INSERT INTO service VALUES (1, 's', '', '', x'', 0, 0, 0, 0, 0);"
		     "INSERT INTO file VALUES ('%s', 3, 0, 0, 1)", path);
	place_edit(p, sql);
}

/* Services are read again from their files; rights are nowhere else. */
static void
test_older_schema_is_migrated(void **state)
{
	static const struct twz_gate gate = { .name = "g", .requires = "admin" };
	static const struct twz_service service_s = { .name = "s" };
	struct place *p = *state;
	const char *path = place_file(p, "libs.so", "one");

	write_schema_1(p, path);

	REGISTRY *reg = NULL;
	struct twz_error err = { 0 };

	assert_false(registry_open_as_it_is(p->registry, &reg, &err));
	assert_int_equal(err.code, TWZ_ERR(GENERIC, NOT_SUPPORTED));
	assert_int_equal(place_count(p, "SELECT count(*) FROM service"), 1);

	err = (struct twz_error){ 0 };
	assert_true(registry_open(p->registry, &reg, &err));
	assert_null(registry_notice(reg));
	/* What an older twz granted was not signed, and is worth nothing until it is granted again. */
	assert_false(registry_may_call(reg, "guest", &service_s, &gate, &err));
	assert_int_equal(err.code, TWZ_ERR(SECURITY, INVALID_SCHEME));
	assert_int_equal(place_count(p, "SELECT count(*) FROM capability WHERE context = 'guest' AND"
					" service = 's' AND capability = 'admin' AND scheme = 0"), 1);
	err = (struct twz_error){ 0 };
	assert_true(place_grant(reg, "guest", "s", "admin", &err));
	assert_true(registry_may_call(reg, "guest", &service_s, &gate, &err));
	assert_int_equal(place_check(p, path), REGISTRY_UNKNOWN);
	assert_true(place_store(p, path, &err));
	assert_int_equal(place_check(p, path), REGISTRY_FRESH);
	assert_int_equal(place_count(p, "PRAGMA user_version"), 6);
	assert_int_equal(place_count(p, "SELECT count(*) FROM sqlite_schema WHERE sql = ''"), 0);
}

/* With all that 6 changes, and what has to stay. */
static const char schema_5[] =
	"CREATE TABLE service ( id INTEGER PRIMARY KEY, name TEXT NOT NULL, version TEXT NOT NULL, doc TEXT NOT "
	"NULL, build_id BLOB NOT NULL, partial INTEGER NOT NULL, all_functions INTEGER NOT NULL, debug_path TEXT, "
	"debug_size INTEGER NOT NULL, debug_mtime_ns INTEGER NOT NULL, debug_inode INTEGER NOT NULL, debug_dir "
	"TEXT NOT NULL, maker TEXT NOT NULL, stored INTEGER NOT NULL, gates INTEGER NOT NULL, aliases INTEGER NOT "
	"NULL, types INTEGER NOT NULL, members INTEGER NOT NULL, recorded INTEGER NOT NULL, asks TEXT NOT NULL) "
	"STRICT; CREATE INDEX service_build_id ON service (build_id); CREATE TABLE file ( path TEXT PRIMARY KEY, "
	"size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL, inode INTEGER NOT NULL, service INTEGER NOT NULL "
	"UNIQUE REFERENCES service ON DELETE CASCADE) STRICT, WITHOUT ROWID; CREATE TABLE gate ( id INTEGER "
	"PRIMARY KEY, name TEXT NOT NULL, signature TEXT NOT NULL, symbol TEXT, version TEXT, shown TEXT, "
	"alias_of TEXT, language TEXT, file TEXT, line INTEGER, doc TEXT NOT NULL, requires TEXT NOT NULL, "
	"converts TEXT NOT NULL, role TEXT NOT NULL, level TEXT NOT NULL, flags INTEGER, verdict TEXT NOT NULL, "
	"why TEXT NOT NULL, how TEXT NOT NULL, type INTEGER, address INTEGER, hash INTEGER) STRICT; CREATE TABLE "
	"type ( id INTEGER PRIMARY KEY, kind TEXT NOT NULL, form TEXT, name TEXT NOT NULL, size INTEGER, align "
	"INTEGER, count INTEGER, target INTEGER, quals INTEGER, flags INTEGER, first INTEGER, members INTEGER, "
	"why TEXT, text TEXT NOT NULL) STRICT; CREATE TABLE member ( id INTEGER PRIMARY KEY, name TEXT NOT NULL, "
	"type INTEGER, offset INTEGER, value INTEGER, bits INTEGER, flags INTEGER, extent INTEGER, count INTEGER, "
	"text TEXT) STRICT; CREATE TABLE name ( service INTEGER NOT NULL, name TEXT NOT NULL, gate INTEGER NOT "
	"NULL, place INTEGER NOT NULL, PRIMARY KEY (service, name, gate, place)) STRICT, WITHOUT ROWID; CREATE "
	"TABLE listing ( service INTEGER PRIMARY KEY REFERENCES service ON DELETE CASCADE, text TEXT NOT NULL) "
	"STRICT; CREATE VIEW param AS SELECT service.name AS service, g.name AS gate, (m.id & 4294967295) - "
	"f.first AS place, m.name, t.text AS type, CASE coalesce(m.flags >> 8 & 3, 0) WHEN 0 THEN 'in' WHEN 1 "
	"THEN 'out' ELSE 'inout' END AS direction, coalesce(m.flags & 1024, 0) <> 0 AS secret, coalesce(m.flags & "
	"2048, 0) <> 0 AS optional FROM service JOIN gate AS g ON g.id BETWEEN service.id << 32 AND service.id << "
	"32 | 4294967295 JOIN type AS f ON f.id = (service.id << 32) + g.type CROSS JOIN member AS m ON m.id "
	"BETWEEN (service.id << 32) + f.first AND (service.id << 32) + f.first + f.members - 1 JOIN type AS t ON "
	"t.id = (service.id << 32) + m.type; CREATE VIEW gates AS SELECT service.name AS service, g.name, "
	"g.signature, g.doc, g.requires FROM service JOIN gate AS g ON g.id BETWEEN service.id << 32 AND "
	"service.id << 32 | 4294967295 WHERE g.flags & 2 AND g.role = 'gate'; CREATE TABLE context ( name TEXT "
	"PRIMARY KEY, flags INTEGER NOT NULL, mask INTEGER NOT NULL) STRICT, WITHOUT ROWID; CREATE TABLE "
	"capability ( id INTEGER PRIMARY KEY AUTOINCREMENT, context TEXT NOT NULL REFERENCES context ON DELETE "
	"CASCADE, service TEXT NOT NULL, capability TEXT NOT NULL, gate TEXT NOT NULL, first INTEGER NOT NULL, "
	"length INTEGER NOT NULL, align INTEGER NOT NULL, build_id BLOB NOT NULL, rights INTEGER NOT NULL, flags "
	"INTEGER NOT NULL, expires INTEGER NOT NULL, granted INTEGER NOT NULL, grantor TEXT NOT NULL, parent "
	"INTEGER REFERENCES capability ON DELETE CASCADE, scheme INTEGER NOT NULL, key BLOB NOT NULL, signature "
	"BLOB NOT NULL) STRICT; CREATE TABLE object ( path TEXT PRIMARY KEY, id BLOB, kind TEXT NOT NULL) STRICT, "
	"WITHOUT ROWID; PRAGMA application_id = 1953987121; PRAGMA user_version = 5; "
	"INSERT INTO context VALUES ('guest', 0, 7); INSERT INTO object VALUES ('/a', NULL, '');"
	"INSERT INTO service VALUES (1, 's', '', '', x'', 0, 0, NULL, 0, 0, 0, '', 'm', 0, 1, 0, 1, 1, 1, '');"
	"INSERT INTO gate VALUES (4294967296, 'g', 'g()', NULL, NULL, NULL, NULL, NULL, NULL, NULL, '', '', '', 'gate',"
	" 'none', 2, 'callable', '', '', 0, NULL, NULL);"
	"INSERT INTO type VALUES (4294967296, 'func', NULL, '', NULL, NULL, NULL, NULL, NULL, NULL, 0, 1, NULL, 'fn()');"
	"INSERT INTO member VALUES (4294967296, 'a', 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL);"
	"INSERT INTO name VALUES (1, 'g', 0, 0); INSERT INTO listing VALUES (1, 'g()');";

/* Services are read again from their files; what is nowhere else stays. */
static void
test_members_get_no_rows(void **state)
{
	static const char *const kept[] = { "context", "object" };
	static const char *const gone[] = { "service", "file", "gate", "type", "member", "listing", "gates", "param" };
	struct place *p = *state;
	const char *path = place_file(p, "libs.so", "one");
	struct twz_error err = { 0 };
	char sql[600];

	strcpy(p->registry, place_file(p, "old.db", ""));
	place_edit(p, schema_5);
	sprintf(sql, "INSERT INTO file VALUES ('%s', 3, 0, 0, 1)", path);
	place_edit(p, sql);

	REGISTRY *reg = NULL;

	assert_false(registry_open_as_it_is(p->registry, &reg, &err));
	assert_int_equal(place_count(p, "SELECT count(*) FROM name"), 1);
	err = (struct twz_error){ 0 };
	assert_true(registry_open(p->registry, &reg, &err));
	assert_null(registry_notice(reg));
	for (size_t i = 0; i < TWZ_COUNT(kept); i++) {
		sprintf(sql, "SELECT count(*) FROM %s", kept[i]);
		assert_int_equal(place_count(p, sql), 1);
	}
	for (size_t i = 0; i < TWZ_COUNT(gone); i++) {
		sprintf(sql, "SELECT count(*) FROM %s", gone[i]);
		assert_int_equal(place_count(p, sql), 0);
	}
	assert_int_equal(place_check(p, path), REGISTRY_UNKNOWN);
	assert_true(place_store(p, path, &err));
	assert_int_equal(place_check(p, path), REGISTRY_FRESH);
	assert_int_equal(place_count(p, "SELECT count(*) FROM sqlite_schema WHERE name = 'name'"), 0);
	place_whole(p);
}

static void
test_eight_migrate(void **state)
{
	struct place *p = *state;
	const char *path = place_file(p, "libs.so", "one");
	pid_t pids[8];

	write_schema_1(p, path);
	for (size_t i = 0; i < TWZ_COUNT(pids); i++) {
		pids[i] = fork();
		assert_true(pids[i] >= 0);
		if (!pids[i])
			_exit(!place_store(p, path, NULL));
	}
	for (size_t i = 0; i < TWZ_COUNT(pids); i++) {
		int status;

		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		assert_int_equal(status, 0);
	}
	assert_int_equal(place_check(p, path), REGISTRY_FRESH);
	assert_int_equal(place_count(p, "SELECT count(*) FROM capability"), 1);
}

/* A newer twz brings the file to its schema while an older one has it open: no damage. */
static void
test_newer_schema_meanwhile(void **state)
{
	struct place *p = *state;
	const char *path = place_file(p, "libs.so", "one");
	REGISTRY *reg = NULL;
	struct twz_error err = { 0 };
	enum registry_state known;
	char aside[160];

	assert_true(place_store(p, path, NULL));
	assert_true(registry_open(p->registry, &reg, &err));
	place_edit(p, "PRAGMA user_version = 1000; ALTER TABLE file RENAME TO files");
	assert_false(registry_check(reg, path, &known, &err));
	assert_int_equal(err.code, TWZ_ERR(GENERIC, NOT_SUPPORTED));
	assert_non_null(strstr(err.text, "schema 1000"));
	sprintf(aside, "%s.damaged-1", p->registry);
	assert_int_equal(access(aside, F_OK), -1);
}

static void
test_foreign_database_is_left_alone(void **state)
{
	struct place *p = *state;

	for (int version = 0; version <= 77; version += 77) {
		char sql[128];
		REGISTRY *reg = NULL;
		struct twz_error err = { 0 };

		sprintf(p->registry, "%s/other%d.db", p->folder, version);
		make_empty(p->registry);
		sprintf(sql, "CREATE TABLE mine (x); PRAGMA user_version = %d", version);
		place_edit(p, sql);
		assert_false(registry_open(p->registry, &reg, &err));
		assert_non_null(strstr(err.text, "another program"));
		assert_int_equal(place_count(p, "SELECT count(*) FROM mine"), 0);
		assert_int_equal(place_count(p, "SELECT count(*) FROM sqlite_schema"), 1);
	}
}

static void
test_empty_file_becomes_a_registry(void **state)
{
	struct place *p = *state;
	const char *path = place_file(p, "libs.so", "one");

	strcpy(p->registry, place_file(p, "empty.db", ""));
	assert_true(place_store(p, path, NULL));
	assert_int_equal(place_check(p, path), REGISTRY_FRESH);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, place_make, place_remove)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_older_schema_is_migrated),
		TEST(test_members_get_no_rows),
		TEST(test_eight_migrate),
		TEST(test_newer_schema_meanwhile),
		TEST(test_newer_schema_is_refused),
		TEST(test_foreign_database_is_left_alone),
		TEST(test_empty_file_becomes_a_registry),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
