/* What is known without reading types: listings, look-ups, completion, and when none of it may be used. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "registry/registry.h"
#include "tests/unit/registry_fixture.h"
#include "twz/typetext.h"

static const struct twz_member params[] = { { .name = "n", .type = &twz_type_i32 } };
static const struct twz_type func = {
	.kind = TWZ_FUNC, .name = "", .target = &twz_type_i32, .members = params, .nmembers = 1,
};
static const char *const aliases[] = { "plus", "beta" };

#define GATE(text, place, record) \
	{ .name = text, .symbol = text, .index = place, .doc = "", .requires = "", .converts = "", \
	  .how = "", .why = "", .has_record = record, .type = &func }

static const struct twz_gate gates[] = {
	{ .name = "add", .symbol = "calc_add", .index = 0, .doc = "Adds", .requires = "", .converts = "",
	  .how = "low_pc", .why = "a reason", .verdict = TWZ_VERDICT_CARE, .has_record = true,
	  .type = &func, .aliases = aliases, .naliases = 2 },
	GATE("beta", 1, true),
	{ .name = "to_text", .symbol = "to_text", .index = 2, .doc = "", .requires = "", .converts = "T",
	  .how = "", .why = "", .role = TWZ_ROLE_TO_STRING, .has_record = true },
	GATE("additional", 3, false),
	GATE("adder", 4, false),
};

static struct twz_service
calc(const char *path)
{
	return (struct twz_service){
		.name = "calc", .version = "1", .doc = "Calculates", .path = path, .debug_path = path,
		.gates = gates, .ngates = TWZ_COUNT(gates),
	};
}

static const struct registry_source usual = {
	.all = true, .maker = "test 1", .debug_dir = "/debug", .listing = "calc\n  add\n",
};

static void
store(const struct place *p, const struct twz_service *service, const struct registry_source *source)
{
	REGISTRY *reg = place_open(p);
	struct twz_error err = { 0 };

	if (!registry_store(reg, service, source, &err))
		fail_msg("%s", err.text);
}

static void
append(void *data, const char *piece, size_t n)
{
	strncat(data, piece, n);
}

static bool
has_listing(const struct place *p, const char *path, struct registry_source source)
{
	REGISTRY *reg = place_open(p);
	char text[64] = "";
	bool found = registry_listing(reg, path, &source, append, text);

	assert_string_equal(text, found ? usual.listing : "");
	assert_int_equal(registry_listing(reg, path, &source, NULL, NULL), found);
	return found;
}

static bool
has_brief(const struct place *p, const char *path, struct registry_source source)
{
	REGISTRY *reg = place_open(p);
	struct twz_service *service;
	TWZ_ARENA arena = { 0 };

	return registry_brief(reg, path, &source, &arena, &service);
}

static void
touch(const char *path)
{
	static int seconds = 1000;
	struct timespec times[2] = { { .tv_nsec = UTIME_OMIT }, { .tv_sec = seconds++ } };

	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

/* Only who would inspect the same file in the same way gets what is stored. */
static void
test_when_it_holds(void **state)
{
	struct place *p = *state;
	const char *path = place_file(p, "libcalc.so", "one"), *debug = place_file(p, "debug", "two");
	struct twz_service service = calc(path);
	struct registry_source gates_only = usual, other_maker = usual, no_maker = usual, other_dir = usual;

	service.debug_path = debug;
	gates_only.all = false;
	other_maker.maker = "test 2";
	no_maker.maker = NULL;
	other_dir.debug_dir = NULL;
	assert_false(has_listing(p, path, usual));
	assert_false(has_brief(p, path, usual));
	store(p, &service, &usual);
	assert_true(has_listing(p, path, usual));
	assert_true(has_brief(p, path, usual));
	assert_false(has_listing(p, path, gates_only));		/* it shows more */
	assert_true(has_brief(p, path, gates_only));
	assert_false(has_listing(p, path, other_maker));
	assert_false(has_brief(p, path, other_maker));
	assert_false(has_listing(p, path, no_maker));
	assert_false(has_brief(p, path, no_maker));
	assert_false(has_listing(p, path, other_dir));
	assert_false(has_brief(p, path, other_dir));

	touch(debug);
	assert_false(has_listing(p, path, usual));
	assert_false(has_brief(p, path, usual));
	store(p, &service, &usual);
	assert_true(has_listing(p, path, usual));
	touch(path);
	assert_false(has_listing(p, path, usual));
	assert_false(has_brief(p, path, usual));

	store(p, &service, &gates_only);
	assert_true(has_listing(p, path, gates_only));
	assert_false(has_brief(p, path, usual));
	assert_int_equal(unlink(debug), 0);
	assert_false(has_listing(p, path, gates_only));
}

static void
test_brief_service(void **state)
{
	struct place *p = *state;
	struct twz_service before = calc(place_file(p, "libcalc.so", "one")), *after;
	struct registry_source gates_only = usual;
	REGISTRY *reg = place_open(p);
	TWZ_ARENA arena = { 0 };

	store(p, &before, &usual);
	assert_true(registry_brief(reg, before.path, &usual, &arena, &after));
	assert_string_equal(after->name, "calc");
	assert_string_equal(after->version, "1");
	assert_string_equal(after->doc, "Calculates");
	assert_string_equal(after->debug_path, before.path);
	assert_int_equal(after->ngates, TWZ_COUNT(gates));
	for (size_t i = 0; i < TWZ_COUNT(gates); i++) {
		const struct twz_gate *a = &gates[i], *b = &after->gates[i];

		assert_string_equal(a->name, b->name);
		assert_string_equal(a->symbol, b->symbol);
		assert_string_equal(a->why, b->why);
		assert_int_equal(a->verdict, b->verdict);
		assert_int_equal(a->role, b->role);
		assert_int_equal(!a->type, !b->type);
		assert_string_equal(twz_signature_text(&arena, a), twz_signature_text(&arena, b));
	}
	assert_int_equal(after->gates[0].naliases, 2);
	assert_string_equal(after->gates[0].aliases[1], "beta");

	gates_only.all = false;
	assert_true(registry_brief(reg, before.path, &gates_only, &arena, &after));
	assert_int_equal(after->ngates, 3);
}

static const char *
find(const struct place *p, const char *path, const char *name)
{
	static char symbol[64];
	TWZ_ARENA arena = { 0 };
	REGISTRY *reg = place_open(p);
	const struct twz_gate *gate;
	struct twz_error err = { 0 };

	/* Twice: the second look-up finds its statement ready. */
	for (int i = 0; i < 2; i++) {
		if (!registry_find_gate(reg, path, name, &arena, &gate, &err)) {
			assert_int_equal(err.cls, TWZ_CLASS_LINK);
			assert_int_equal(err.code, TWZ_ERR(NAMING, NOT_FOUND));
			return NULL;
		}
	}
	return strcpy(symbol, gate->symbol);
}

static void
test_find_gate(void **state)
{
	struct place *p = *state;
	const char *path = place_file(p, "libcalc.so", "one"), *other = place_file(p, "libo.so", "two");
	struct twz_service service = calc(path), second = calc(other);

	second.ngates = 1;
	store(p, &service, &usual);
	store(p, &second, &usual);
	assert_string_equal(find(p, path, "add"), "calc_add");
	assert_string_equal(find(p, path, "plus"), "calc_add");
	assert_string_equal(find(p, path, "beta"), "beta");	/* before the alias of another */
	assert_string_equal(find(p, path, "adder"), "adder");
	assert_string_equal(find(p, other, "beta"), "calc_add");
	assert_null(find(p, other, "adder"));
	assert_null(find(p, path, "ad"));
	assert_null(find(p, path, ""));
}

static const char *
completed(const struct place *p, const char *path, const char *prefix, bool all, size_t most)
{
	static char text[256];
	REGISTRY *reg = place_open(p);
	const struct twz_gate *found;
	TWZ_ARENA arena = { 0 };
	size_t n = registry_complete(reg, path, prefix, all, most, &arena, &found);

	*text = '\0';
	for (size_t i = 0; i < n; i++)
		strcat(strcat(text, i ? " " : ""), found[i].name);
	return text;
}

static void
test_complete(void **state)
{
	struct place *p = *state;
	const char *path = place_file(p, "libcalc.so", "one");
	struct twz_service service = calc(path);

	store(p, &service, &usual);
	assert_string_equal(completed(p, path, "", false, 9), "add beta");
	assert_string_equal(completed(p, path, "", true, 9), "add beta additional adder");
	assert_string_equal(completed(p, path, "", true, 2), "add beta");
	assert_string_equal(completed(p, path, "add", true, 9), "add additional adder");
	assert_string_equal(completed(p, path, "add", false, 9), "add");
	assert_string_equal(completed(p, path, "b", false, 9), "beta");
	assert_string_equal(completed(p, path, "bb", true, 9), "");
	assert_string_equal(completed(p, path, "to_", true, 9), "");	/* no gate, a converter */
	assert_string_equal(completed(p, "/nonexistent", "", true, 9), "");
}

static int
stored_id(const struct place *p)
{
	return place_count(p, "SELECT max(id) + (SELECT 1000 * sum(stored) FROM service) FROM service");
}

/* The rows stay as they are: nothing is written. */
static void
test_same_again_is_nothing(void **state)
{
	struct place *p = *state;
	const char *path = place_file(p, "libcalc.so", "one");
	struct twz_service service = calc(path);
	struct registry_source gates_only = usual, no_maker = usual;
	int id;

	gates_only.all = false;
	no_maker.maker = NULL;
	store(p, &service, &usual);
	place_edit(p, "UPDATE service SET stored = 7");
	id = stored_id(p);
	store(p, &service, &usual);
	assert_int_equal(stored_id(p), id);
	store(p, &service, &gates_only);		/* they are there already */
	assert_int_equal(stored_id(p), id);

	service.partial = true;
	store(p, &service, &usual);
	assert_int_not_equal(stored_id(p), id);
	place_edit(p, "UPDATE service SET stored = 7");
	store(p, &service, &no_maker);			/* nobody knows how it was made */
	assert_int_not_equal(stored_id(p), id);
	store(p, &service, &usual);
	place_edit(p, "UPDATE service SET stored = 7");
	touch(path);
	store(p, &service, &usual);
	assert_int_not_equal(stored_id(p), id);
	assert_int_equal(place_count(p, "SELECT count(*) FROM service"), 1);
	place_whole(p);
}

/* A file that changed while it was inspected is not taken for what was read. */
static void
test_changed_meanwhile(void **state)
{
	struct place *p = *state;
	const char *path = place_file(p, "libcalc.so", "one");
	struct twz_service service = calc(path);
	struct registry_source source = usual;
	struct twz_error err = { 0 };
	enum registry_state known;
	REGISTRY *reg = place_open(p);
	struct stat seen;

	assert_int_equal(stat(path, &seen), 0);
	source.seen = &seen;
	touch(path);
	store(p, &service, &source);
	assert_true(registry_check(reg, path, &known, &err));
	assert_int_equal(known, REGISTRY_STALE);
	assert_false(has_listing(p, path, usual));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, place_make, place_remove)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_when_it_holds),
		TEST(test_brief_service),
		TEST(test_find_gate),
		TEST(test_complete),
		TEST(test_same_again_is_nothing),
		TEST(test_changed_meanwhile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
