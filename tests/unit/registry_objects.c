/* Names of objects: the tree, each code of a failure, and that names are there when the file is opened again. */
#include "tests/unit/unit.h"

#include "registry/objects.h"
#include "tests/unit/registry_fixture.h"

static struct registry *
opened(const struct place *p)
{
	struct registry *reg = NULL;
	struct twz_error err = { 0 };

	if (!registry_open(p->registry, &reg, &err))
		fail_msg("%s", err.text);
	return reg;
}

static uint64_t
put(struct registry *reg, const char *path, uint64_t id, const char *kind)
{
	struct registry_object o = { .path = path, .is_namespace = !id, .id = (twz_id)id << 64 | 7, .kind = kind };
	struct twz_error err = { 0 };

	return registry_object_put(reg, &o, &err) ? 0 : err.code;
}

static uint64_t
get(struct registry *reg, const char *path, uint64_t *high)
{
	struct registry_object o = { 0 };
	struct twz_error err = { 0 };
	TWZ_ARENA arena = { 0 };

	if (!registry_object_get(reg, path, &arena, &o, &err))
		return err.code;
	assert_int_equal((uint64_t)o.id, 7);
	*high = (uint64_t)(o.id >> 64);
	return 0;
}

static uint64_t
removed(struct registry *reg, const char *path)
{
	struct twz_error err = { 0 };

	return registry_object_remove(reg, path, &err) ? 0 : err.code;
}

static uint64_t
renamed(struct registry *reg, const char *from, const char *to)
{
	struct twz_error err = { 0 };

	return registry_object_rename(reg, from, to, &err) ? 0 : err.code;
}

/* The names in @path, one after the other. */
static const char *
listed(struct registry *reg, const char *path, int64_t skip, int64_t count, char *text)
{
	const struct registry_object *all;
	struct twz_error err = { 0 };
	TWZ_ARENA arena = { 0 };
	size_t n;

	if (!registry_object_list(reg, path, skip, count, &arena, &all, &n, &err))
		fail_msg("%s", err.text);
	*text = '\0';
	for (size_t i = 0; i < n; i++)
		sprintf(text + strlen(text), "%s ", all[i].path);
	return text;
}

static void
test_names_stay(void **state)
{
	struct registry *reg = opened(*state);
	struct twz_error err = { 0 };
	uint64_t high = 0;
	bool does;

	assert_int_equal(put(reg, "a", 5, "Picture"), 0);
	registry_close(reg);
	reg = opened(*state);
	assert_int_equal(get(reg, "/a", &high), 0);
	assert_int_equal(high, 5);
	assert_true(registry_object_implements(reg, (twz_id)5 << 64 | 7, "Picture", &does, &err) && does);
	assert_true(registry_object_implements(reg, (twz_id)5 << 64 | 7, "Sound", &does, &err) && !does);
	assert_true(registry_object_implements(reg, 7, "Picture", &does, &err) && !does);
	registry_close(reg);
}

static void
test_tree(void **state)
{
	struct registry *reg = opened(*state);
	uint64_t high = 0;
	char text[200];

	assert_int_equal(put(reg, "/a", 0, ""), 0);
	assert_int_equal(put(reg, "/a/b", 0, ""), 0);
	assert_int_equal(put(reg, "/a/b/c", 1, ""), 0);
	assert_int_equal(put(reg, "/a/d", 2, ""), 0);
	assert_int_equal(put(reg, "/a.", 3, ""), 0);
	assert_int_equal(put(reg, "/a0", 4, ""), 0);
	assert_string_equal(listed(reg, "/", 0, 100, text), "/a /a. /a0 ");
	assert_string_equal(listed(reg, "/a", 0, 100, text), "/a/b /a/d ");
	assert_string_equal(listed(reg, "/", 1, 1, text), "/a. ");
	assert_int_equal(renamed(reg, "/a", "/é"), 0);
	assert_string_equal(listed(reg, "/", 0, 100, text), "/a. /a0 /é ");
	assert_string_equal(listed(reg, "/é/b", 0, 100, text), "/é/b/c ");
	assert_int_equal(get(reg, "/é/b/c", &high), 0);
	assert_int_equal(high, 1);
	assert_int_equal(removed(reg, "/é/b/c"), 0);
	assert_string_equal(listed(reg, "/é/b", 0, 100, text), "");
	registry_close(reg);
}

static void
test_failures(void **state)
{
	static const char *const invalid[] = { "", "//", "a//b", "/a/", ".", "..", "a/..", "a\nb", "\xff", "\x7f" };
	struct registry *reg = opened(*state);
	char name[260] = "", path[4100] = "";
	uint64_t high;

	assert_int_equal(put(reg, "/o", 1, ""), 0);
	assert_int_equal(put(reg, "/n", 0, ""), 0);
	assert_int_equal(put(reg, "/n/o", 1, ""), 0);
	assert_int_equal(put(reg, "/o", 1, ""), TWZ_ERR(NAMING, ALREADY_EXISTS));
	assert_int_equal(put(reg, "/", 1, ""), TWZ_ERR(NAMING, ALREADY_EXISTS));
	assert_int_equal(renamed(reg, "/o", "/n"), TWZ_ERR(NAMING, ALREADY_EXISTS));
	assert_int_equal(get(reg, "/x", &high), TWZ_ERR(NAMING, NOT_FOUND));
	assert_int_equal(put(reg, "/x/y", 1, ""), TWZ_ERR(NAMING, NOT_FOUND));
	assert_int_equal(removed(reg, "/x"), TWZ_ERR(NAMING, NOT_FOUND));
	assert_int_equal(renamed(reg, "/x", "/y"), TWZ_ERR(NAMING, NOT_FOUND));
	assert_int_equal(get(reg, "/n", &high), TWZ_ERR(NAMING, WRONG_NAME_KIND));
	assert_int_equal(get(reg, "/", &high), TWZ_ERR(NAMING, WRONG_NAME_KIND));
	assert_int_equal(put(reg, "/o/x", 1, ""), TWZ_ERR(NAMING, WRONG_NAME_KIND));
	assert_int_equal(removed(reg, "/n"), TWZ_ERR(NAMING, NOT_EMPTY));
	assert_int_equal(removed(reg, "/"), TWZ_ERR(NAMING, INVALID_NAME));
	assert_int_equal(renamed(reg, "/n", "/n/m"), TWZ_ERR(NAMING, INVALID_NAME));
	for (size_t i = 0; i < TWZ_COUNT(invalid); i++)
		assert_int_equal(put(reg, invalid[i], 1, ""), TWZ_ERR(NAMING, INVALID_NAME));
	memset(name, 'x', 256);
	assert_int_equal(put(reg, name, 1, ""), TWZ_ERR(NAMING, INVALID_NAME));
	name[255] = '\0';
	assert_int_equal(put(reg, name, 1, ""), 0);
	memset(path, 'x', 4097);
	for (size_t i = 0; i < 4096; i += 200)
		path[i] = '/';
	assert_int_equal(get(reg, path, &high), TWZ_ERR(NAMING, INVALID_NAME));
	path[4096] = '\0';
	assert_int_equal(get(reg, path, &high), TWZ_ERR(NAMING, NOT_FOUND));
	registry_close(reg);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, place_make, place_remove)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_names_stay),
		TEST(test_tree),
		TEST(test_failures),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
