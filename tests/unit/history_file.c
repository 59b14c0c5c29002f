/* The history file: what is appended comes back, whatever else happens to the file. */
#include "tests/unit/unit.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "repl/history.h"

static char root[] = "/tmp/twz-history.XXXXXX";
static char path[128];

static int
enter(void **state)
{
	(void)state;
	memcpy(root + sizeof(root) - 7, "XXXXXX", 6);
	if (!mkdtemp(root))
		return -1;
	snprintf(path, sizeof(path), "%s/state/twz/history", root);
	return 0;
}

static int
leave(void **state)
{
	char command[160];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf '%s'", root);
	return system(command);
}

static void
append(const char *text)
{
	struct twz_error err = { 0 };

	if (!history_append(path, text, strlen(text), &err))
		fail_msg("%s", err.text);
}

static size_t
load(struct twz_arena *arena, const char *const **entries)
{
	struct twz_error err = { 0 };
	size_t n;

	if (!history_load(path, arena, entries, &n, &err))
		fail_msg("%s", err.text);
	return n;
}

static void
write_raw(const char *bytes, size_t n, mode_t mode)
{
	int fd;

	append("x");
	fd = open(path, O_WRONLY | O_TRUNC);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, n), n);
	fchmod(fd, mode);
	close(fd);
}

static mode_t
mode_of(const char *name)
{
	struct stat st;

	assert_int_equal(stat(name, &st), 0);
	return st.st_mode & 07777;
}

static void
test_comes_back(void **state)
{
	static const char *const texts[] = {
		"calc::add 1 2", "f(\n  1,\n  2)", "a\\nb", "\\", "x = \"ü\t日本\"", "ends in \\",
		"\n", " leading",
	};
	TWZ_ARENA arena = { 0 };
	const char *const *entries;

	(void)state;
	assert_int_equal(load(&arena, &entries), 0);
	for (size_t i = 0; i < TWZ_COUNT(texts); i++)
		append(texts[i]);
	assert_int_equal(load(&arena, &entries), TWZ_COUNT(texts));
	for (size_t i = 0; i < TWZ_COUNT(texts); i++)
		assert_string_equal(entries[i], texts[i]);
}

static void
test_is_private(void **state)
{
	char folder[128];
	mode_t old = umask(0);

	(void)state;
	snprintf(folder, sizeof(folder), "%s/state/twz", root);
	append("a");
	assert_int_equal(mode_of(path), 0600);
	assert_int_equal(mode_of(folder), 0700);
	chmod(path, 0666);
	chmod(folder, 0755);
	append("b");
	assert_int_equal(mode_of(path), 0600);
	assert_int_equal(mode_of(folder), 0700);
	umask(old);
}

static void
test_loading_makes_private(void **state)
{
	TWZ_ARENA arena = { 0 };
	const char *const *entries;

	(void)state;
	write_raw("a\n", 2, 0644);
	assert_int_equal(load(&arena, &entries), 1);
	assert_int_equal(mode_of(path), 0600);
}

static void
test_last_ones(void **state)
{
	TWZ_ARENA arena = { 0 };
	const char *const *entries;
	char text[16];

	(void)state;
	for (int i = 0; i < HISTORY_LOADED + 20; i++) {
		snprintf(text, sizeof(text), "n %d", i);
		append(text);
	}
	assert_int_equal(load(&arena, &entries), HISTORY_LOADED);
	assert_string_equal(entries[0], "n 20");
	assert_string_equal(entries[HISTORY_LOADED - 1], text);
}

/* What damaged the file costs the line it is in, no more. */
static void
test_damaged(void **state)
{
	static const char bytes[] = "one\n\ntw\0o\nthree\nunfini";
	TWZ_ARENA arena = { 0 };
	const char *const *entries;

	(void)state;
	write_raw(bytes, sizeof(bytes) - 1, 0600);
	append("next");
	assert_int_equal(load(&arena, &entries), 4);
	assert_string_equal(entries[0], "one");
	assert_string_equal(entries[1], "three");
	assert_string_equal(entries[2], "unfini");
	assert_string_equal(entries[3], "next");
}

/* The file stays as it was, and the failure is an error, when there is no room for all of an entry. */
static void
test_full(void **state)
{
	TWZ_ARENA arena = { 0 };
	struct rlimit old, small = { 100, 100 };
	struct twz_error err = { 0 };
	const char *const *entries;
	char text[200];

	(void)state;
	append("before");
	memset(text, 'x', sizeof(text));
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &old);
	small.rlim_max = old.rlim_max;
	setrlimit(RLIMIT_FSIZE, &small);
	assert_false(history_append(path, text, sizeof(text), &err));
	setrlimit(RLIMIT_FSIZE, &old);
	assert_int_equal(err.cls, TWZ_CLASS_LINK);
	append("after");
	assert_int_equal(load(&arena, &entries), 2);
	assert_string_equal(entries[0], "before");
	assert_string_equal(entries[1], "after");
}

static void
test_not_a_folder(void **state)
{
	struct twz_error err = { 0 };

	(void)state;
	assert_false(history_append("/dev/null/twz/history", "x", 1, &err));
	assert_int_equal(err.cls, TWZ_CLASS_LINK);
}

/* Several sessions at once: nothing is lost, nothing is mixed. */
static void
test_many_at_once(void **state)
{
	enum { PROCESSES = 4, ENTRIES = 100 };
	TWZ_ARENA arena = { 0 };
	const char *const *entries;
	int seen[PROCESSES] = { 0 };

	(void)state;
	for (int p = 0; p < PROCESSES; p++) {
		if (fork())
			continue;
		for (int i = 0; i < ENTRIES; i++) {
			char text[80];
			struct twz_error err = { 0 };

			snprintf(text, sizeof(text), "%d\n%d\n%040d", p, i, i);
			if (!history_append(path, text, strlen(text), &err))
				_exit(1);
		}
		_exit(0);
	}
	for (int p = 0; p < PROCESSES; p++) {
		int status;

		wait(&status);
		assert_int_equal(status, 0);
	}
	assert_int_equal(load(&arena, &entries), PROCESSES * ENTRIES);
	for (int i = 0; i < PROCESSES * ENTRIES; i++) {
		int p, n, same;

		assert_int_equal(sscanf(entries[i], "%d\n%d\n%d", &p, &n, &same), 3);
		assert_in_range(p, 0, PROCESSES - 1);
		assert_int_equal(n, seen[p]++);
		assert_int_equal(n, same);
	}
}

/* A file without bounds would slow every start down. */
static void
test_is_bounded(void **state)
{
	enum { LINES = 1 << 16, LENGTH = 80 };
	TWZ_ARENA arena = { 0 };
	char *bytes = malloc((size_t)LINES * LENGTH);
	const char *const *entries;
	struct stat st;

	(void)state;
	memset(bytes, 'x', (size_t)LINES * LENGTH);
	for (size_t i = 0; i < LINES; i++)
		bytes[(i + 1) * LENGTH - 1] = '\n';
	write_raw(bytes, (size_t)LINES * LENGTH, 0600);
	free(bytes);
	append("newest");
	assert_int_equal(stat(path, &st), 0);
	assert_true(st.st_size < (HISTORY_LOADED + 1) * LENGTH);
	assert_int_equal(st.st_mode & 0777, 0600);
	append("newer");
	assert_int_equal(load(&arena, &entries), HISTORY_LOADED);
	assert_string_equal(entries[HISTORY_LOADED - 1], "newer");
	assert_string_equal(entries[HISTORY_LOADED - 2], "newest");
}

static void
test_path(void **state)
{
	TWZ_ARENA arena = { 0 };
	struct twz_error err = { 0 };
	const char *p;

	(void)state;
	setenv("HOME", "/home/u", 1);
	setenv("XDG_STATE_HOME", "/s", 1);
	assert_true(history_path(&arena, &p, &err));
	assert_string_equal(p, "/s/twz/history");
	setenv("XDG_STATE_HOME", "relative", 1);
	assert_true(history_path(&arena, &p, &err));
	assert_string_equal(p, "/home/u/.local/state/twz/history");
	unsetenv("XDG_STATE_HOME");
	unsetenv("HOME");
	assert_false(history_path(&arena, &p, &err));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_comes_back, enter, leave),
		cmocka_unit_test_setup_teardown(test_is_private, enter, leave),
		cmocka_unit_test_setup_teardown(test_loading_makes_private, enter, leave),
		cmocka_unit_test_setup_teardown(test_last_ones, enter, leave),
		cmocka_unit_test_setup_teardown(test_damaged, enter, leave),
		cmocka_unit_test_setup_teardown(test_full, enter, leave),
		cmocka_unit_test(test_not_a_folder),
		cmocka_unit_test_setup_teardown(test_many_at_once, enter, leave),
		cmocka_unit_test_setup_teardown(test_is_bounded, enter, leave),
		cmocka_unit_test(test_path),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
