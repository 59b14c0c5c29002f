/* Keeping the registry: what is in it, forgetting, verifying, and moving it to another file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "registry/keep.h"
#include "tests/unit/registry_fixture.h"

static const struct twz_type t_int = {
	.kind = TWZ_INT, .is_signed = true, .size = 4, .align = 4, .name = "int",
};
static const struct twz_type t_node;
static const struct twz_type t_link = {
	.kind = TWZ_POINTER, .size = 8, .align = 8, .name = "", .target = &t_node,
};
static const struct twz_type t_pair = {
	.kind = TWZ_ARRAY, .size = 8, .align = 4, .count = 2, .name = "", .target = &t_int,
};
static const struct twz_member m_node[] = {
	{ .name = "next", .type = &t_link },
	{ .name = "pair", .type = &t_pair, .offset = 8 },
	{ .name = "bit", .type = &t_int, .offset = 16, .bit_size = 3, .bit_offset = 29 },
};
static const struct twz_type t_node = {
	.kind = TWZ_STRUCT, .size = 24, .align = 8, .name = "node", .members = m_node, .nmembers = 3,
};
static const struct twz_type t_Node = {
	.kind = TWZ_TYPEDEF, .size = 24, .align = 8, .name = "Node", .target = &t_node,
};
static const struct twz_member params[] = {
	{ .name = "n", .type = &t_int },
	{ .name = "node", .type = &t_Node },
	{ .name = "link", .type = &t_link, .has_extent = true, .extent = 0 },
};
static const struct twz_type func = {
	.kind = TWZ_FUNC, .name = "", .target = &t_int, .members = params, .nmembers = 3,
};
static const char *const aliases[] = { "eins" };
static const struct twz_gate gates[] = {
	{ .name = "one", .symbol = "s_one", .doc = "Not \xff text", .requires = "", .converts = "",
	  .type = &func, .how = "low_pc", .why = "", .has_record = true, .aliases = aliases,
	  .naliases = 1, .address = UINT64_MAX },
	{ .name = "two", .symbol = "two", .index = 1, .doc = "", .requires = "", .converts = "",
	  .how = "", .why = "\"quoted\"\n" },
};

static struct twz_service
service(const char *name, const char *path)
{
	return (struct twz_service){ .name = name, .version = "", .doc = "", .path = path, .gates = gates,
				     .debug_path = "", .ngates = 2, .build_id = { 0xab, 0, 0x1f },
				     .build_id_size = 3 };
}

static const char *
store(struct place *p, const char *name)
{
	REGISTRY *reg = place_open(p);
	const struct registry_source source = { .all = true, .maker = "test", .listing = "text" };
	char file[64];
	struct twz_error err = { 0 };
	struct twz_service s;

	sprintf(file, "lib%s.so", name);
	s = service(name, place_file(p, file, name));
	if (!registry_store(reg, &s, &source, &err))
		fail_msg("%s", err.text);
	return s.path;
}

static void
test_entries(void **state)
{
	static const struct { const char *name; enum registry_condition want; } rows[] = {
		{ "fresh", REGISTRY_IS_FRESH }, { "gone", REGISTRY_IS_GONE }, { "stale", REGISTRY_IS_STALE },
	};
	struct place *p = *state;
	REGISTRY *reg = place_open(p);
	const struct registry_entry *entries;
	struct twz_error err = { 0 };
	TWZ_ARENA arena = { 0 };
	size_t n;

	store(p, "stale");
	store(p, "fresh");
	assert_int_equal(unlink(store(p, "gone")), 0);
	place_file(p, "libstale.so", "other");
	assert_true(registry_entries(reg, &arena, &entries, &n, &err));
	assert_int_equal(n, TWZ_COUNT(rows));
	for (size_t i = 0; i < n; i++) {
		assert_string_equal(entries[i].name, rows[i].name);
		assert_int_equal(entries[i].condition, rows[i].want);
		assert_int_equal(entries[i].gates, 1);
		assert_int_equal(entries[i].functions, 2);
		assert_int_equal(entries[i].types, 6);
		assert_int_equal(entries[i].members, 6);
		assert_int_equal(entries[i].build_id_size, 3);
		assert_memory_equal(entries[i].build_id, "\xab\0\x1f", 3);
		assert_true(entries[i].all && !entries[i].partial && entries[i].stored > 0);
		assert_true(entries[i].bytes > 0 && entries[i].bytes < registry_size(reg));
	}
}

static void
count_fault(void *data, const char *fault)
{
	(void)fault;
	++*(int *)data;
}

static int
faults(const struct place *p)
{
	REGISTRY *reg = place_open(p);
	int n = 0;
	bool whole = registry_verify(reg, count_fault, &n);

	assert_int_equal(whole, !n);
	return n;
}

static void
test_forget(void **state)
{
	struct place *p = *state;
	REGISTRY *reg = place_open(p);
	const struct registry_entry *entries;
	struct twz_error err = { 0 };
	TWZ_ARENA arena = { 0 };
	enum registry_state known;
	uint64_t before;
	size_t n;

	store(p, "a");
	store(p, "b");
	assert_true(place_grant(reg, "guest", "a", "admin", &err));
	assert_true(registry_entries(reg, &arena, &entries, &n, &err));

	const struct registry_entry *const gone[] = { &entries[0] };

	assert_true(registry_forget(reg, gone, 1, &err));
	assert_true(registry_check(reg, entries[0].path, &known, &err));
	assert_int_equal(known, REGISTRY_UNKNOWN);
	assert_true(registry_check(reg, entries[1].path, &known, &err));
	assert_int_equal(known, REGISTRY_FRESH);
	assert_int_equal(place_count(p, "SELECT count(*) FROM gate"), 2);
	assert_int_equal(place_count(p, "SELECT count(*) FROM listing"), 1);
	assert_int_equal(place_count(p, "SELECT count(*) FROM capability"), 1);
	place_whole(p);

	/* Rows of a service that somebody deleted by hand harm nobody, and go with the next compaction. */
	place_edit(p, "DELETE FROM file; DELETE FROM service");
	store(p, "c");
	store(p, "d");
	assert_int_equal(faults(p), 0);
	place_edit(p, "DELETE FROM file; DELETE FROM service");
	assert_true(faults(p) > 0);
	assert_true(registry_compact(reg, &err));
	assert_int_equal(faults(p), 0);
	assert_int_equal(place_count(p, "SELECT count(*) FROM type"), 0);
	place_whole(p);

	place_edit(p, "CREATE TABLE junk (x); INSERT INTO junk VALUES (zeroblob(1000000)); DROP TABLE junk;"
		      " PRAGMA wal_checkpoint(TRUNCATE)");
	before = registry_size(reg);
	assert_true(registry_compact(reg, &err));
	assert_true(registry_size(reg) + 900000 < before);
}

static void
test_verify(void **state)
{
	static const char *const edits[] = {
		"INSERT INTO gate SELECT id + (77 << 32), name, signature, symbol, version, shown, alias_of,"
		" language, file, line, doc, requires, converts, role, level, flags, verdict, why, how, type,"
		" address, hash FROM gate LIMIT 1",
		"DELETE FROM alias WHERE name = 'eins'",
		"PRAGMA foreign_keys = OFF; INSERT INTO mask VALUES ('nobody', 's', 1)",
		"UPDATE gate SET role = 'x'",
		"UPDATE type SET size = 25 WHERE name = 'Node'",
		"UPDATE type SET members = json_remove(members, '$[0]') WHERE name = 'node'",
		"UPDATE service SET by_name = x'0100000000000000'",
		"UPDATE service SET by_name = x'0100000001000000'",
		"PRAGMA writable_schema = ON; DELETE FROM sqlite_schema WHERE name = 'object_id'",
	};
	struct place *p = *state;

	for (size_t i = 0; i < TWZ_COUNT(edits); i++) {
		store(p, "a");
		assert_int_equal(faults(p), 0);
		place_edit(p, edits[i]);
		if (!faults(p))
			fail_msg("unseen: %s", edits[i]);
		place_edit(p, "DELETE FROM file; DELETE FROM service; DELETE FROM gate; DELETE FROM mask;"
			      " DELETE FROM type; DELETE FROM alias; DELETE FROM listing");
	}
}

/* -- from one to another ---------------------------------------------------------------------------- */

static char *
exported(const struct place *p)
{
	REGISTRY *reg = place_open(p);
	struct twz_error err = { 0 };
	char *text;
	size_t n;
	FILE *out = open_memstream(&text, &n);

	assert_true(registry_export(reg, out, &err));
	fclose(out);
	return text;
}

static bool
accept_all(void *data, struct registry_import *import)
{
	(void)data, (void)import;
	return true;
}

static bool
accept_b(void *data, struct registry_import *import)
{
	(void)data;
	return !strcmp(import->service->name, "b");
}

static bool
import(const struct place *p, const char *text, bool (*accept)(void *, struct registry_import *), size_t *n,
       struct twz_error *err)
{
	REGISTRY *reg = place_open(p);
	TWZ_FCLOSE FILE *in = fmemopen((char *)(uintptr_t)text, strlen(text), "r");

	return registry_import(reg, in, accept, NULL, n, err);
}

static void
test_there_and_back(void **state)
{
	struct place *p = *state;
	TWZ_FREE char *text = NULL;
	const struct twz_service *after;
	struct twz_error err = { 0 };
	TWZ_ARENA arena = { 0 };
	enum registry_state known;
	const char *a = store(p, "a"), *b = store(p, "b");
	size_t n;

	text = exported(p);
	strcat(p->registry, "2");
	if (!import(p, text, accept_all, &n, &err))
		fail_msg("%s", err.text);
	assert_int_equal(n, 2);

	REGISTRY *reg = place_open(p);

	assert_true(registry_check(reg, a, &known, &err));
	assert_int_equal(known, REGISTRY_FRESH);
	assert_true(registry_service(reg, a, &arena, &after, &err));
	assert_int_equal(after->ngates, 2);
	assert_string_equal(after->gates[0].doc, gates[0].doc);
	assert_string_equal(after->gates[0].symbol, "s_one");
	assert_string_equal(after->gates[0].aliases[0], "eins");
	assert_string_equal(after->gates[1].why, gates[1].why);
	assert_true(after->gates[0].address == UINT64_MAX);
	assert_true(twz_type_equal(after->gates[0].type, &func));
	assert_memory_equal(after->build_id, "\xab\0\x1f", 3);
	assert_int_equal(faults(p), 0);

	strcat(p->registry, "3");
	assert_true(import(p, text, accept_b, &n, &err));
	assert_int_equal(n, 1);

	REGISTRY *third = place_open(p);

	assert_true(registry_check(third, a, &known, &err));
	assert_int_equal(known, REGISTRY_UNKNOWN);
	assert_true(registry_check(third, b, &known, &err));
	assert_int_equal(known, REGISTRY_FRESH);
}

/* Replaces the first @old in a copy of @text. */
static char *
changed(const char *text, const char *old, const char *new)
{
	const char *at = strstr(text, old);
	char *ret;

	if (!at)
		fail_msg("no '%s' to change", old);
	if (asprintf(&ret, "%.*s%s%s", (int)(at - text), text, new, at + strlen(old)) < 0)
		abort();
	return ret;
}

/* One wrong thing anywhere, and nothing at all is stored. */
static void
test_hostile_imports(void **state)
{
	static const struct { const char *old, *new, *want; } rows[] = {
		{ "twz-registry", "other", "line 1: it was not written" },
		{ "[\"twz-registry\",6]", "[\"twz-registry\"]", "line 1" },
		{ "[\"twz-registry\",6]", "[\"twz-registry\",7]", "schema 7" },
		{ "[\"twz-registry\",6]", "\"twz-registry\"", "line 1" },
		{ "[\"service\"", "[\"sqlite_schema\"", "no known table" },
		{ "[\"service\"", "[\"context\"", "no known table" },
		{ "[\"service\"", "{\"service\"", "no JSON" },
		{ "[\"service\"", "[[\"service\"]", "no known table" },
		{ "[\"file\",", "[\"file\",1,", "too many values" },
		{ "[\"service\",1,", "[\"service\",7,", "FOREIGN KEY" },
		{ "[\"file\",", "[", "no known table" },
		{ "\"s_one\",", "", "too few values" },
		{ "\"s_one\"", "1.5", "neither number nor text" },
		{ "\"s_one\"", "true", "neither number nor text" },
		{ "\"s_one\"", "[]", "neither number nor text" },
		{ "\"s_one\"", "{\"hex\":\"0\"}", "hexadecimal" },
		{ "\"s_one\"", "{\"hex\":\"0g\"}", "hexadecimal" },
		{ "\"s_one\"", "{\"hex\":1}", "hexadecimal" },
		{ "\"s_one\"", "{}", "hexadecimal" },
		{ "\"callable\"", "null", "NOT NULL" },
		{ "\"callable\"", "\"king\"", "no known role" },
		{ "\"hex\":\"ab001f\"", "\"hex\":\"0000000000000000000000000000000000000000000000000000000000000000"
		  "000000000000000000000000000000000000000000000000000000000000000000\"", "build-id is too long" },
		{ "[\"type\",4294967296,", "[\"type\",\"x\",", "line " },
		{ "[\"type\",4294967296,", "[\"type\",4294967297,", "UNIQUE" },
		{ "[\"type\",4294967296,", "[\"type\",8589934592,", "a service that does not exist" },
		{ "\"array\",null,null,8,", "\"array\",null,null,9,", "not as large as its elements" },
		{ "\"array\",null,null,8,4,2,", "\"array\",null,null,8,4,4611686018427387906,", "not as large" },
		{ "\"typedef\",null,\"Node\",24,", "\"typedef\",null,\"Node\",32,", "another size than its type" },
		{ "\"struct\",null,\"node\",24,", "\"struct\",null,\"node\",15,", "another size" },
		{ "\"struct\",null,\"node\",24,8,", "\"struct\",null,\"node\",24,7,", "alignment" },
		{ "\"struct\",null,\"node\",24,8,", "\"struct\",null,\"node\",4294967295,8,", "size" },
		{ "\"int\",null,\"int\",4,", "\"int\",null,\"int\",400,", "impossible size" },
		{ "\"pointer\",null,null,8,", "\"pointer\",null,null,4,", "a pointer has another size" },
		{ "\"struct\",null,\"node\"", "\"option\",null,\"node\"", "made of other parts" },
		{ "\\\"pair\\\",5,8", "\\\"pair\\\",5,17", "a field lies outside" },
		{ "\\\"link\\\",3,0,0,0,4096", "\\\"link\\\",3,0,0,0,4096,3",
		  "one that does not exist says" },
		{ "\\\"bit\\\",1,16,0,1900547", "\\\"bit\\\",1,16,0,1900579", "a field lies outside" },
		{ "\\\"n\\\",1", "\\\"n\\\",99", "a type that does not exist" },
	};
	struct place *p = *state;
	TWZ_FREE char *text = NULL;
	struct twz_error err = { 0 };
	size_t n;

	store(p, "a");
	text = exported(p);
	strcat(p->registry, "2");
	for (size_t i = 0; i < TWZ_COUNT(rows); i++) {
		TWZ_FREE char *bad = changed(text, rows[i].old, rows[i].new);

		err = (struct twz_error){ 0 };
		if (import(p, bad, accept_all, &n, &err))
			fail_msg("accepted: %s", rows[i].new);
		assert_int_equal(err.cls, TWZ_CLASS_LINK);
		if (!strstr(err.text, rows[i].want))
			fail_msg("%s: %s", rows[i].new, err.text);
		assert_int_equal(place_count(p, "SELECT count(*) FROM service"), 0);
	}
	/* Cut anywhere. */
	for (size_t cut = strlen(text) - 1; cut > 0; cut -= cut > 97 ? 97 : cut) {
		char *bad = strndup(text, cut);

		if (import(p, bad, accept_all, &n, &err) && n)
			fail_msg("accepted what was cut at %zu", cut);
		assert_int_equal(place_count(p, "SELECT count(*) FROM service"), 0);
		free(bad);
	}
	assert_true(import(p, text, accept_all, &n, &err));
}

/* A struct that holds itself; a list of names cannot do that, only a file can. */
static void
test_types_that_hold_themselves(void **state)
{
	struct place *p = *state;
	TWZ_FREE char *text = NULL;
	struct twz_error err = { 0 };
	size_t n;

	store(p, "a");
	place_edit(p, "UPDATE type SET members = json_replace(members, '$[0][1]', (SELECT id & 4294967295 FROM type"
		      " WHERE name = 'node')) WHERE name = 'node'");
	text = exported(p);
	strcat(p->registry, "2");
	assert_false(import(p, text, accept_all, &n, &err));
	assert_non_null(strstr(err.text, "holds itself"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, place_make, place_remove)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_entries),
		TEST(test_forget),
		TEST(test_verify),
		TEST(test_there_and_back),
		TEST(test_hostile_imports),
		TEST(test_types_that_hold_themselves),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
