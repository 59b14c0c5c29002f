/* From a service's name to its file, and who may call what. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <limits.h>
#include <sys/stat.h>

#include "registry/registry.h"
#include "tests/unit/registry_fixture.h"
#include "twz/nearest.h"

static void
make_folder(const struct place *p, const char *name)
{
	char path[160];

	sprintf(path, "%s/%s", p->folder, name);
	assert_int_equal(mkdir(path, 0700), 0);
}

static void
test_folders_in_order(void **state)
{
	struct place *p = *state;
	char text[256];
	TWZ_ARENA arena = { 0 };

	make_folder(p, "a");
	make_folder(p, "b");
	make_folder(p, "twz");
	make_folder(p, "twz/services");
	make_folder(p, "installed");
	sprintf(text, "%s/b:/nonexistent::%s/a/../a", p->folder, p->folder);
	setenv("TWZ_PATH", text, 1);
	setenv("XDG_DATA_HOME", p->folder, 1);
	sprintf(text, "%s/installed", p->folder);

	const char *const *folders = registry_folders(text, &arena);
	static const char *const want[] = { "/b", "/a", "/twz/services", "/installed" };

	for (size_t i = 0; i < TWZ_COUNT(want); i++) {
		assert_non_null(folders[i]);
		assert_memory_equal(folders[i], p->folder, strlen(p->folder));
		assert_string_equal(folders[i] + strlen(p->folder), want[i]);
	}
	assert_null(folders[TWZ_COUNT(want)]);
}

static void
test_first_folder_wins(void **state)
{
	struct place *p = *state;
	char a[128], b[128];
	const char *path;
	const struct registry_file *files;
	TWZ_ARENA arena = { 0 };

	make_folder(p, "a");
	make_folder(p, "b");
	make_folder(p, "a/libfolder.so");
	place_file(p, "a/libone.so", "");
	place_file(p, "b/libone.so", "");
	place_file(p, "b/libtwo.so", "");
	place_file(p, "b/three.so", "");
	place_file(p, "b/libfour.so.1", "");
	place_file(p, "b/lib.so", "");
	sprintf(a, "%s/a", p->folder);
	sprintf(b, "%s/b", p->folder);

	const char *const folders[] = { a, b, NULL };

	assert_true(registry_find(folders, "one", &arena, &path));
	assert_string_equal(path, twz_format(&arena, "%s/libone.so", a));
	assert_true(registry_find(folders, "two", &arena, &path));
	assert_string_equal(path, twz_format(&arena, "%s/libtwo.so", b));

	static const char *const none[] = {
		"three", "four", "folder", "", ".", "../b/libtwo", "One",
	};

	for (size_t i = 0; i < TWZ_COUNT(none); i++)
		assert_false(registry_find(folders, none[i], &arena, &path));

	assert_int_equal(registry_list(folders, &arena, &files), 2);
	assert_string_equal(files[0].name, "one");
	assert_string_equal(files[0].path, twz_format(&arena, "%s/libone.so", a));
	assert_string_equal(files[1].name, "two");
}

static void
set(const char *name, const char *value)
{
	assert_int_equal(value ? setenv(name, value, 1) : unsetenv(name), 0);
}

static void
test_path_of_the_registry(void **state)
{
	static const struct { const char *registry, *data, *home, *want; } rows[] = {
		{ "/r/x.db", "/d", "/h", "/r/x.db" },
		{ "", "/d", "/h", "/d/twz/registry.db" },
		{ NULL, "", "/h", "/h/.local/share/twz/registry.db" },
		{ NULL, "relative", "/h", "/h/.local/share/twz/registry.db" },
		{ NULL, NULL, NULL, NULL },
	};

	(void)state;
	for (size_t i = 0; i < TWZ_COUNT(rows); i++) {
		TWZ_ARENA arena = { 0 };
		struct twz_error err = { 0 };
		const char *path;

		set("TWZ_REGISTRY", rows[i].registry);
		set("XDG_DATA_HOME", rows[i].data);
		set("HOME", rows[i].home);
		if (rows[i].want) {
			assert_true(registry_path(&arena, &path, &err));
			assert_string_equal(path, rows[i].want);
		} else {
			assert_false(registry_path(&arena, &path, &err));
			assert_int_equal(err.cls, TWZ_CLASS_LINK);
			assert_non_null(strstr(err.hint, "TWZ_REGISTRY"));
		}
	}
}

static void
test_rights(void **state)
{
	static const struct twz_gate open_gate = { .name = "lookup_user", .requires = "" };
	static const struct twz_gate gate = { .name = "update_password", .requires = "admin" };
	static const struct twz_service passwd = { .name = "passwd" };
	struct place *p = *state;
	REGISTRY *reg = NULL;
	struct twz_error err = { 0 };

	assert_true(registry_open(p->registry, &reg, &err));
	assert_true(registry_may_call(reg, "guest", &passwd, &open_gate, &err));
	assert_true(registry_may_call(reg, "owner", &passwd, &gate, &err));
	assert_false(registry_may_call(reg, "guest", &passwd, &gate, &err));
	assert_int_equal(err.cls, TWZ_CLASS_SECURITY);
	assert_int_equal(err.code, TWZ_ERR(SECURITY, GATE_DENIED));
	assert_string_equal(err.text,
			    "Failed to call update_password in passwd: Permission denied");

	/* A right is for one context, one service and one capability. */
	assert_true(place_grant(reg, "guest", "other", "admin", NULL));
	assert_true(place_grant(reg, "guest", "passwd", "reader", NULL));
	assert_true(place_grant(reg, "clerk", "passwd", "admin", NULL));
	assert_false(registry_may_call(reg, "guest", &passwd, &gate, NULL));
	assert_true(place_grant(reg, "guest", "passwd", "admin", NULL));
	assert_true(place_grant(reg, "guest", "passwd", "admin", NULL));
	assert_true(registry_may_call(reg, "guest", &passwd, &gate, NULL));
	assert_int_equal(place_count(p, "SELECT count(*) FROM capability"), 5);
}

static void
test_nearest(void **state)
{
	static const char *const names[] = {
		"lookup_user", "update_password", "GREEN", "RED", "inc", "calc",
	};
	static const struct { const char *word, *want; } rows[] = {
		{ "lookp_user", "lookup_user" }, { "update_passwrod", "update_password" },
		{ "GREN", "GREEN" }, { "green", "GREEN" }, { "icn", "inc" }, { "clac", "calc" },
		{ "calcc", "calc" }, { "x", NULL }, { "zzz", NULL }, { "", NULL },
		{ "remove_user", NULL }, { "look", "lookup_user" }, { "USER", "lookup_user" }, { "u", NULL },
		{ "sword", NULL }, { "UPDATE", "update_password" },
	};

	(void)state;
	for (size_t i = 0; i < TWZ_COUNT(rows); i++) {
		const char *got = twz_nearest(rows[i].word, names, TWZ_COUNT(names));

		if (!rows[i].want != !got || (got && strcmp(got, rows[i].want) != 0))
			fail_msg("'%s': %s", rows[i].word, got ? got : "nothing");
	}
}

/* Whatever the way to a file is, it has one path. */
static void
test_real_path(void **state)
{
	struct place *p = *state;
	char link[160], odd[160], there[PATH_MAX], real[PATH_MAX];
	const char *path = place_file(p, "libs.so", "one");
	struct stat st, same;

	sprintf(link, "%s/link", p->folder);
	sprintf(odd, "%s/../%s/name (deleted)", p->folder, strrchr(p->folder, '/') + 1);
	assert_int_equal(symlink("libs.so", link), 0);
	assert_non_null(realpath(path, there));
	assert_int_equal(stat(path, &st), 0);
	assert_true(registry_real(link, real, &same));
	assert_string_equal(real, there);
	assert_true(same.st_ino == st.st_ino && same.st_size == st.st_size);
	assert_int_equal(unlink(path), 0);
	assert_false(registry_real(path, real, NULL));
	assert_int_equal(errno, ENOENT);
	assert_false(registry_real(link, real, NULL));
	place_file(p, "name (deleted)", "two");
	assert_non_null(realpath(odd, there));
	assert_true(registry_real(odd, real, NULL));
	assert_string_equal(real, there);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, place_make, place_remove)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_folders_in_order),
		TEST(test_first_folder_wins),
		cmocka_unit_test(test_path_of_the_registry),
		TEST(test_rights),
		cmocka_unit_test(test_nearest),
		TEST(test_real_path),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
