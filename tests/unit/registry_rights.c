/* Capabilities and contexts. */
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/unit.h"

#include "registry/rights.h"
#include "tests/unit/registry_fixture.h"

static const struct twz_gate gates[] = {
	{ .name = "look", .requires = "" },
	{ .name = "first", .requires = "admin", .index = 1 },
	{ .name = "second", .requires = "admin", .index = 2 },
	{ .name = "third", .requires = "reader", .index = 3 },
};
static const struct twz_service service = {
	.name = "s", .gates = gates, .ngates = TWZ_COUNT(gates), .build_id = { 1, 2, 3 },
	.build_id_size = 3,
};

/* What is granted unless a test says otherwise. */
static struct registry_capability
capability(const char *grantor, const char *context)
{
	return (struct registry_capability){
		.context = context, .service = "s", .capability = "admin", .gate = "",
		.rights = RIGHT_CALL, .grantor = grantor,
	};
}

static int64_t
granted(struct registry *reg, const struct registry_capability *c)
{
	struct twz_error err = { 0 };
	int64_t id;

	if (!registry_grant(reg, c, &id, &err))
		fail_msg("%s (%s)", err.text, err.hint);
	return id;
}

/* 0, or the code of the refusal, whose text is always the same. */
static uint64_t
refusal(struct registry *reg, const char *context, int gate, const char *hint)
{
	struct twz_error err = { 0 };
	char text[128];

	if (registry_may_call(reg, context, &service, &gates[gate], &err))
		return 0;
	sprintf(text, "Failed to call %s in s: Permission denied", gates[gate].name);
	assert_int_equal(err.cls, TWZ_CLASS_SECURITY);
	assert_string_equal(err.text, text);
	if (hint && !strstr(err.hint, hint))
		fail_msg("'%s' says nothing of '%s'", err.hint, hint);
	return err.code;
}

static const uint64_t DENIED = TWZ_ERR(SECURITY, GATE_DENIED);

/* -- ranges ---------------------------------------------------------------------------------------- */

static void
test_ranges(void **state)
{
	static const struct {
		uint64_t first, length, align, number;
		bool in;
	} rows[] = {
		{ 0, 0x1000, 0, 0, true },		/* its first */
		{ 0, 0x1000, 0, 0xfff, true },		/* its last */
		{ 0x100, 0x100, 0, 0xff, false },	/* before it */
		{ 0x100, 0x100, 0, 0x180, true },
		{ 0x100, 0x100, 0, 0x201, false },	/* behind it */
		{ 0x100, 0x100, 0x10, 0x120, true },	/* a multiple, not the alignment itself */
		{ 0x100, 0x100, 0x10, 0x124, false },
		{ 0x100, 0x100, 0, 0x200, false },	/* its end is no part of it */
		{ 0x100, 0x100, 0x10, 0x200, false },
		{ UINT64_MAX - 1, 2, 0, UINT64_MAX, true },
		{ UINT64_MAX, UINT64_MAX, 0, 5, false },
		{ 5, 0, 0, 900, true },			/* no length: all */
		{ 0, 0, 4, 8, true },
		{ 0, 0, 4, 9, false },
	};

	(void)state;
	for (size_t i = 0; i < TWZ_COUNT(rows); i++)
		if (registry_in_range(rows[i].first, rows[i].length, rows[i].align, rows[i].number) !=
		    rows[i].in)
			fail_msg("row %zu", i);
}

/* A range is of numbers, so it is worth something for one file only. */
static void
test_range_of_gates(void **state)
{
	struct place *p = *state;
	REGISTRY *reg = place_open_at(p);
	struct registry_capability c = capability("owner", "guest");
	struct twz_service other = service;

	c.capability = "*";
	c.first = 1;
	c.length = 2;
	c.build_id = service.build_id;
	c.build_id_size = 3;
	granted(reg, &c);
	assert_int_equal(refusal(reg, "guest", 1, NULL), 0);
	assert_int_equal(refusal(reg, "guest", 2, NULL), 0);
	assert_int_equal(refusal(reg, "guest", 3, NULL), DENIED);
	other.build_id[0] = 9;
	assert_false(registry_may_call(reg, "guest", &other, &gates[1], NULL));
}

/* -- narrowing, expiry, delegation, revocation ------------------------------------------------------- */

static void
test_one_gate(void **state)
{
	struct place *p = *state;
	REGISTRY *reg = place_open_at(p);
	struct registry_capability c = capability("owner", "guest");

	assert_int_equal(refusal(reg, "guest", 0, NULL), 0);
	assert_int_equal(refusal(reg, "guest", 1, "'admin'"), DENIED);
	c.gate = "first";
	granted(reg, &c);
	assert_int_equal(refusal(reg, "guest", 1, NULL), 0);
	assert_int_equal(refusal(reg, "guest", 2, NULL), DENIED);
	assert_int_equal(refusal(reg, "clerk", 1, NULL), DENIED);
	c.rights = RIGHT_READ;
	c.context = "clerk";
	granted(reg, &c);
	assert_int_equal(refusal(reg, "clerk", 1, "does not say so much"), DENIED);
}

static void
test_expiry(void **state)
{
	struct place *p = *state;
	REGISTRY *reg = place_open_at(p);
	struct registry_capability c = capability("owner", "guest");
	struct twz_error err = { 0 };
	int64_t id;

	c.expires = place_now + 1000;
	granted(reg, &c);
	assert_int_equal(refusal(reg, "guest", 1, NULL), 0);
	place_now += 999;
	assert_int_equal(refusal(reg, "guest", 1, NULL), 0);
	place_now += 1;
	assert_int_equal(refusal(reg, "guest", 1, "expired at 2023-11-14T22:13:21Z"), DENIED);
	assert_false(registry_grant(reg, &c, &id, &err));
	assert_non_null(strstr(err.text, "has passed"));
	place_now -= 1000;
}

static void
refuse_grant(struct registry *reg, const struct registry_capability *c)
{
	struct twz_error err = { 0 };
	int64_t id;

	assert_false(registry_grant(reg, c, &id, &err));
	assert_int_equal(err.cls, TWZ_CLASS_SECURITY);
	assert_int_equal(err.code, DENIED);
	assert_string_equal(err.text, "Failed to call grant in sys: Permission denied");
}

static void
test_delegation(void **state)
{
	struct place *p = *state;
	REGISTRY *reg = place_open_at(p);
	struct registry_capability c = capability("owner", "head"), d = capability("head", "clerk");
	const struct registry_capability *all;
	TWZ_ARENA arena = { 0 };
	size_t n;

	c.expires = place_now + 5000;
	granted(reg, &c);
	refuse_grant(reg, &d);			/* it may not be passed on */
	c.delegable = true;
	c.gate = "first";
	granted(reg, &c);
	refuse_grant(reg, &d);			/* a superset: all gates */
	d.gate = "second";
	refuse_grant(reg, &d);
	d.gate = "first";
	d.expires = place_now + 6000;
	refuse_grant(reg, &d);			/* longer */
	d.expires = 0;
	d.rights = RIGHT_CALL | RIGHT_WRITE;
	refuse_grant(reg, &d);
	d.rights = RIGHT_CALL;
	d.capability = "*";
	refuse_grant(reg, &d);
	d.capability = "admin";
	granted(reg, &d);
	assert_int_equal(refusal(reg, "clerk", 1, NULL), 0);
	assert_int_equal(refusal(reg, "clerk", 2, NULL), DENIED);
	assert_true(registry_capabilities(reg, "clerk", &arena, &all, &n, NULL));
	assert_int_equal(n, 1);
	assert_int_equal(all[0].parent, 2);
	assert_int_equal(all[0].expires, place_now + 5000);	/* taken over */
	assert_string_equal(all[0].state, "valid");
	d.grantor = "clerk";
	d.context = "boy";
	refuse_grant(reg, &d);			/* clerk's own is not delegable */
}

/* owner > a > b > c: taking back what a has takes back all. */
static void
test_revocation(void **state)
{
	static const char *const names[] = { "owner", "a", "b", "c" };
	struct place *p = *state;
	REGISTRY *reg = place_open_at(p);
	REGISTRY *other = place_open_at(p);		/* as in another process */
	struct twz_error err = { 0 };
	uint64_t n = 0;
	int64_t ids[4];

	for (int i = 1; i < 4; i++) {
		struct registry_capability c = capability(names[i - 1], names[i]);

		c.delegable = true;
		ids[i] = granted(reg, &c);
	}
	assert_int_equal(refusal(other, "c", 1, NULL), 0);
	assert_false(registry_revoke(reg, "stranger", ids[2], &n, &err));
	assert_int_equal(err.code, DENIED);
	assert_string_equal(err.text, "Failed to call revoke in sys: Permission denied");
	err = (struct twz_error){ 0 };
	assert_true(registry_revoke(reg, "a", ids[3], &n, &err));	/* one above who granted it */
	assert_int_equal(n, 1);
	assert_int_equal(refusal(other, "c", 1, NULL), DENIED);
	assert_int_equal(refusal(other, "b", 1, NULL), 0);
	assert_true(registry_revoke(reg, "owner", ids[1], &n, &err));
	assert_int_equal(n, 2);
	assert_int_equal(refusal(other, "a", 1, NULL), DENIED);
	assert_int_equal(refusal(other, "b", 1, NULL), DENIED);
	assert_false(registry_revoke(reg, "owner", ids[1], &n, &err));
	assert_int_equal(err.code, TWZ_ERR(NAMING, NOT_FOUND));
}

/* -- signatures ------------------------------------------------------------------------------------ */

static void
test_forged_rows(void **state)
{
	static const struct {
		const char *edit;
		uint64_t code;
		const char *hint;
	} rows[] = {
		{ "UPDATE capability SET signature = CAST(substr(signature, 1, 40) || x'00' ||"
		  " substr(signature, 42) AS BLOB)", TWZ_ERR(SECURITY, SIGNATURE_MISMATCH), "was changed" },
		{ "UPDATE capability SET context = 'guest'", TWZ_ERR(SECURITY, SIGNATURE_MISMATCH),
		  "capability 1 was changed after it was granted" },
		{ "UPDATE capability SET context = 'guest', capability = '*'",
		  TWZ_ERR(SECURITY, SIGNATURE_MISMATCH), NULL },
		{ "UPDATE capability SET context = 'guest', signature = x''",
		  TWZ_ERR(SECURITY, SIGNATURE_MISMATCH), NULL },
		{ "UPDATE capability SET context = 'guest', key = CAST(x'00' || substr(key, 2) AS BLOB)",
		  TWZ_ERR(SECURITY, INVALID_KEY), "another key" },
		{ "UPDATE capability SET context = 'guest', scheme = 7", TWZ_ERR(SECURITY, INVALID_SCHEME),
		  "does not know (7)" },
		{ "UPDATE capability SET context = 'guest', scheme = 0", TWZ_ERR(SECURITY, INVALID_SCHEME),
		  "not signed" },
		{ "INSERT INTO capability SELECT 99, 'guest', service, capability, gate, first, length, align,"
		  " build_id, rights, flags, expires, granted, grantor, parent, scheme, key, signature"
		  " FROM capability", TWZ_ERR(SECURITY, SIGNATURE_MISMATCH), "capability 99" },
	};
	struct place *p = *state;

	for (size_t i = 0; i < TWZ_COUNT(rows); i++) {
		REGISTRY *reg = place_open_at(p);
		struct registry_capability c = capability("owner", i ? "clerk" : "guest"), seen;
		const struct registry_capability *all;
		TWZ_ARENA arena = { 0 };
		size_t n;

		granted(reg, &c);
		assert_int_equal(refusal(reg, c.context, 1, NULL), 0);
		place_edit(p, "INSERT OR IGNORE INTO context VALUES ('guest', 0, 7)");
		place_edit(p, rows[i].edit);
		if (refusal(reg, "guest", 1, rows[i].hint) != rows[i].code)
			fail_msg("%s", rows[i].edit);
		assert_true(registry_capabilities(reg, "guest", &arena, &all, &n, NULL));
		seen = all[n - 1];
		assert_string_not_equal(seen.state, "valid");
		place_edit(p, "DELETE FROM capability; DELETE FROM sqlite_sequence");
	}
}

/* One byte of any column that is signed. */
static void
test_every_column_is_signed(void **state)
{
	static const char *const edits[] = {
		"rights = 3", "flags = 1", "expires = 0", "granted = granted + 1", "grantor = 'ownes'",
		"parent = NULL", "first = 1", "align = 1", "length = 1", "build_id = x'00'", "gate = ''",
		"service = 't'", "id = 50",
	};
	struct place *p = *state;
	REGISTRY *reg = place_open_at(p);
	struct registry_capability c = capability("owner", "head");
	const struct registry_capability *all;
	struct twz_error err = { 0 };
	TWZ_ARENA arena = { 0 };
	char sql[256];
	size_t n;

	c.delegable = true;
	granted(reg, &c);
	c.grantor = "head";
	c.context = "guest";
	c.delegable = false;
	c.gate = "first";
	c.expires = place_now + 100;
	granted(reg, &c);
	for (size_t i = 0; i < TWZ_COUNT(edits); i++) {
		place_edit(p, "CREATE TABLE keep AS SELECT * FROM capability");
		sprintf(sql, "UPDATE capability SET %s WHERE id = 2", edits[i]);
		place_edit(p, sql);
		assert_true(registry_capabilities(reg, "guest", &arena, &all, &n, &err));
		assert_int_equal(n, 1);
		if (!strstr(all[0].state, "signature does not fit"))
			fail_msg("%s: %s", edits[i], all[0].state);
		place_edit(p, "DELETE FROM capability; INSERT INTO capability SELECT * FROM keep; DROP TABLE keep");
	}
	assert_int_equal(refusal(reg, "guest", 1, NULL), 0);
	/* A parent that was forged is worth as little to its children. */
	place_edit(p, "UPDATE capability SET rights = 7 WHERE id = 1");
	assert_int_equal(refusal(reg, "guest", 1, "was passed on from 1, which was changed"),
			 TWZ_ERR(SECURITY, SIGNATURE_MISMATCH));
}

static void
test_key_file(void **state)
{
	static const char *const harms[] = { "mode", "byte", "short", "gone", "other" };
	struct place *p = *state;
	REGISTRY *reg = place_open_at(p);
	struct registry_capability c = capability("owner", "guest");
	char path[256], text[128] = { 0 };
	struct stat st;
	int64_t id;

	sprintf(path, "%s.key", p->registry);
	assert_int_not_equal(stat(path, &st), 0);
	granted(reg, &c);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	for (size_t i = 0; i < TWZ_COUNT(harms); i++) {
		struct twz_error err = { 0 };
		int fd = open(path, O_RDWR);

		assert_int_equal(read(fd, text, sizeof(text)), st.st_size);
		assert_int_equal(refusal(reg, "guest", 1, NULL), 0);
		switch (i) {
		case 0: assert_int_equal(fchmod(fd, 0640), 0); break;
		case 1: text[20] ^= 1; break;
		case 2: assert_int_equal(ftruncate(fd, 50), 0); break;
		case 3: case 4: assert_int_equal(unlink(path), 0); break;
		}
		if (i == 1) {
			assert_int_equal(pwrite(fd, text, (size_t)st.st_size, 0), st.st_size);
			text[20] ^= 1;
		}
		if (i == 4)
			granted(reg, &(struct registry_capability){
				.context = "x", .service = "s", .capability = "c", .gate = "", .rights = 1,
				.grantor = "owner" });
		if (refusal(reg, "guest", 1, NULL) != TWZ_ERR(SECURITY, INVALID_KEY))
			fail_msg("%s", harms[i]);
		if (i < 3) {
			assert_false(registry_grant(reg, &c, &id, &err));
			assert_int_equal(err.code, TWZ_ERR(SECURITY, INVALID_KEY));
		}
		close(fd);
		unlink(path);
		fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
		assert_int_equal(write(fd, text, (size_t)st.st_size), st.st_size);
		close(fd);
	}
	assert_int_equal(refusal(reg, "guest", 1, NULL), 0);
}

/* Eight that grant at once come to one key. */
static void
test_one_key(void **state)
{
	struct place *p = *state;
	REGISTRY *reg = place_open_at(p);
	pid_t pids[8];
	char name[16];

	for (size_t i = 0; i < TWZ_COUNT(pids); i++) {
		pids[i] = fork();
		assert_true(pids[i] >= 0);
		if (!pids[i]) {
			struct registry *own = place_open_at(p);
			int64_t id;

			sprintf(name, "c%zu", i);

			struct registry_capability c = capability("owner", name);

			_exit(!registry_grant(own, &c, &id, NULL));
		}
	}
	for (size_t i = 0; i < TWZ_COUNT(pids); i++) {
		int status;

		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		assert_int_equal(status, 0);
		sprintf(name, "c%zu", i);
		assert_int_equal(refusal(reg, name, 1, NULL), 0);
	}
	assert_int_equal(place_count(p, "SELECT count(DISTINCT key) FROM capability"), 1);
}

/* -- contexts -------------------------------------------------------------------------------------- */

static void
test_masks(void **state)
{
	struct place *p = *state;
	REGISTRY *reg = place_open_at(p);
	struct registry_capability c = capability("owner", "guest");
	struct registry_context context;
	struct twz_error err = { 0 };
	uint32_t left;

	c.delegable = true;
	granted(reg, &c);
	assert_int_equal(refusal(reg, "guest", 1, NULL), 0);
	assert_true(registry_mask(reg, "guest", "s", RIGHT_READ | RIGHT_WRITE, &err));
	assert_int_equal(refusal(reg, "guest", 1, "masked in the context 'guest'"), DENIED);
	c.grantor = "guest";
	c.context = "clerk";
	c.delegable = false;
	refuse_grant(reg, &c);			/* nor is it passed on around the mask */
	assert_true(registry_mask(reg, "guest", "t", 0, &err));
	assert_true(registry_mask(reg, "guest", "s", RIGHT_ALL, &err));
	assert_int_equal(refusal(reg, "guest", 1, NULL), 0);
	assert_true(registry_mask(reg, "guest", NULL, RIGHT_READ, &err));
	assert_int_equal(refusal(reg, "guest", 1, NULL), DENIED);
	assert_true(registry_unmasked(reg, "guest", "t", &left, &err));
	assert_int_equal(left, 0);		/* both apply */
	/* A mask adds nothing. */
	assert_true(registry_mask(reg, "nobody", NULL, RIGHT_ALL, &err));
	assert_int_equal(refusal(reg, "nobody", 1, NULL), DENIED);
	assert_true(registry_context_set(reg, "guest", true, &err));
	assert_true(registry_context(reg, "guest", &context, &err));
	assert_true(context.undetachable);
	assert_int_equal(context.mask, RIGHT_READ);	/* setting one leaves the other */
	assert_false(registry_context_set(reg, "a b", true, &err));
	assert_int_equal(err.code, TWZ_ERR(NAMING, INVALID_NAME));
}

static void
test_what_services_ask_for(void **state)
{
	static const struct {
		const char *path;
		uint32_t rights;
		bool may;
	} rows[] = {
		{ "/srv/pictures", RIGHT_READ, true },
		{ "/srv/pictures/a/b", RIGHT_READ, true },
		{ "/srv/pictures", RIGHT_READ | RIGHT_WRITE, false },
		{ "/srv/pictures2", RIGHT_READ, false },
		{ "/srv", RIGHT_READ, false },
		{ "/srv/pictures/../../etc", RIGHT_READ, false },
		{ "/srv/pictures/..", RIGHT_READ, false },
	};
	struct place *p = *state;
	REGISTRY *reg = place_open_at(p);
	struct registry_capability c = {
		.context = "service:s", .service = REGISTRY_HOST, .capability = "files",
		.gate = "/srv/pictures/", .rights = RIGHT_READ, .grantor = "owner",
	};

	granted(reg, &c);
	for (size_t i = 0; i < TWZ_COUNT(rows); i++)
		if (registry_may_use(reg, "service:s", "files", rows[i].path, rows[i].rights, NULL) !=
		    rows[i].may)
			fail_msg("%s", rows[i].path);
	assert_false(registry_may_use(reg, "service:t", "files", "/srv/pictures", RIGHT_READ, NULL));
	c.capability = "memory";
	c.gate = "1048576";
	granted(reg, &c);
	assert_true(registry_may_use(reg, "service:s", "memory", "1000", RIGHT_READ, NULL));
	assert_false(registry_may_use(reg, "service:s", "memory", "1048577", RIGHT_READ, NULL));
}

/* -- schema ---------------------------------------------------------------------------------------- */

static const char schema_2[] =
	"CREATE TABLE service ( id INTEGER PRIMARY KEY, name TEXT NOT NULL, version TEXT NOT NULL, doc TEXT "
	"NOT NULL, build_id BLOB NOT NULL, partial INTEGER NOT NULL, all_functions INTEGER NOT NULL, "
	"debug_path TEXT, debug_size INTEGER NOT NULL, debug_mtime_ns INTEGER NOT NULL, debug_inode INTEGER "
	"NOT NULL, debug_dir TEXT NOT NULL, maker TEXT NOT NULL, stored INTEGER NOT NULL, gates INTEGER NOT "
	"NULL, aliases INTEGER NOT NULL, types INTEGER NOT NULL, members INTEGER NOT NULL, recorded INTEGER "
	"NOT NULL) STRICT; CREATE INDEX service_build_id ON service (build_id); CREATE TABLE file ( path TEXT "
	"PRIMARY KEY, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL, inode INTEGER NOT NULL, service "
	"INTEGER NOT NULL UNIQUE REFERENCES service ON DELETE CASCADE) STRICT, WITHOUT ROWID; CREATE TABLE "
	"gate ( id INTEGER PRIMARY KEY, name TEXT NOT NULL, signature TEXT NOT NULL, symbol TEXT, version "
	"TEXT, shown TEXT, alias_of TEXT, language TEXT, file TEXT, line INTEGER, doc TEXT NOT NULL, requires "
	"TEXT NOT NULL, converts TEXT NOT NULL, role TEXT NOT NULL, level TEXT NOT NULL, flags INTEGER, "
	"verdict TEXT NOT NULL, why TEXT NOT NULL, how TEXT NOT NULL, type INTEGER, address INTEGER, hash "
	"INTEGER) STRICT; CREATE TABLE type ( id INTEGER PRIMARY KEY, kind TEXT NOT NULL, form TEXT, name "
	"TEXT NOT NULL, size INTEGER, align INTEGER, count INTEGER, target INTEGER, quals INTEGER, flags "
	"INTEGER, first INTEGER, members INTEGER, why TEXT, text TEXT NOT NULL) STRICT; CREATE TABLE member ( "
	"id INTEGER PRIMARY KEY, name TEXT NOT NULL, type INTEGER, offset INTEGER, value INTEGER, bits "
	"INTEGER, flags INTEGER, extent INTEGER, count INTEGER, text TEXT) STRICT; CREATE TABLE name ( "
	"service INTEGER NOT NULL, name TEXT NOT NULL, gate INTEGER NOT NULL, place INTEGER NOT NULL, PRIMARY "
	"KEY (service, name, gate, place)) STRICT, WITHOUT ROWID; CREATE TABLE listing ( service INTEGER "
	"PRIMARY KEY REFERENCES service ON DELETE CASCADE, text TEXT NOT NULL) STRICT; CREATE VIEW param AS "
	"SELECT service.name AS service, g.name AS gate, (m.id & 4294967295) - f.first AS place, m.name, "
	"t.text AS type, CASE coalesce(m.flags >> 8 & 3, 0) WHEN 0 THEN 'in' WHEN 1 THEN 'out' ELSE 'inout' "
	"END AS direction, coalesce(m.flags & 1024, 0) <> 0 AS secret, coalesce(m.flags & 2048, 0) <> 0 AS "
	"optional FROM service JOIN gate AS g ON g.id BETWEEN service.id << 32 AND service.id << 32 | "
	"4294967295 JOIN type AS f ON f.id = (service.id << 32) + g.type CROSS JOIN member AS m ON m.id "
	"BETWEEN (service.id << 32) + f.first AND (service.id << 32) + f.first + f.members - 1 JOIN type AS t "
	"ON t.id = (service.id << 32) + m.type; CREATE TABLE context ( name TEXT PRIMARY KEY) STRICT, WITHOUT "
	"ROWID; CREATE TABLE capability ( context TEXT NOT NULL REFERENCES context ON DELETE CASCADE, service "
	"TEXT NOT NULL, capability TEXT NOT NULL, PRIMARY KEY (context, service, capability)) STRICT, WITHOUT "
	"ROWID;"
	" PRAGMA application_id = 1953987121; PRAGMA user_version = 2;"
	"INSERT INTO context VALUES ('guest'); INSERT INTO context VALUES ('clerk');"
	"INSERT INTO capability VALUES ('guest', 's', 'admin'), ('clerk', 's', 'admin');";

static void
test_schema_2_is_migrated(void **state)
{
	struct place *p = *state;
	struct registry_capability c = capability("owner", "guest");
	char fresh[160];

	strcpy(p->registry, place_file(p, "old.db", ""));
	place_edit(p, schema_2);

	REGISTRY *reg = place_open_at(p);

	assert_null(registry_notice(reg));
	assert_int_equal(place_count(p, "PRAGMA user_version"), 6);
	assert_int_equal(place_count(p, "SELECT count(*) FROM capability WHERE scheme = 0"), 2);
	assert_int_equal(refusal(reg, "guest", 1, "has to be granted again"),
			 TWZ_ERR(SECURITY, INVALID_SCHEME));
	granted(reg, &c);
	assert_int_equal(refusal(reg, "guest", 1, NULL), 0);
	assert_int_equal(refusal(reg, "clerk", 1, NULL), TWZ_ERR(SECURITY, INVALID_SCHEME));

	/* Just like a new one. */
	sprintf(fresh, "%s/data/new.db", p->folder);

	REGISTRY *new = NULL;
	char sql[512];

	assert_true(registry_open(fresh, &new, NULL));
	sprintf(sql, "ATTACH '%s' AS new; CREATE TEMP TABLE wrong AS SELECT type, name, sql FROM main.sqlite_schema"
		     " EXCEPT SELECT type, name, sql FROM new.sqlite_schema;"
		     " INSERT INTO main.audit SELECT NULL, 0, name, sql, 0, '', '', 0, NULL, 1 FROM wrong", fresh);
	place_edit(p, sql);
	assert_int_equal(place_count(p, "SELECT count(*) FROM audit"), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, place_make, place_remove)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ranges),
		TEST(test_range_of_gates),
		TEST(test_one_gate),
		TEST(test_expiry),
		TEST(test_delegation),
		TEST(test_revocation),
		TEST(test_forged_rows),
		TEST(test_every_column_is_signed),
		TEST(test_key_file),
		TEST(test_one_key),
		TEST(test_masks),
		TEST(test_what_services_ask_for),
		TEST(test_schema_2_is_migrated),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
