/* The history file: what is entered comes back, to every session, whatever else happens to the file. */
#include "tests/unit/unit.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <stdlib.h>
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
	snprintf(path, sizeof(path), "%s/state/twz/history.db", root);
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
closep(struct history_file **h)
{
	history_close(*h);
}
#define WITH_HISTORY(h, file) \
	TWZ_CLEANUP(closep) struct history_file *h = open_file(file)

static struct history_file *
open_file(const char *file)
{
	struct twz_error err = { 0 };
	struct history_file *h;

	if (!history_open(file, &h, &err))
		fail_msg("%s", err.text);
	return h;
}

static int64_t
add(struct history_file *h, const char *text)
{
	struct twz_error err = { 0 };
	int64_t id;

	if (!history_began(h, text, strlen(text), &id, &err))
		fail_msg("%s", err.text);
	return id;
}

static mode_t
mode_of(const char *name)
{
	struct stat st;

	assert_int_equal(stat(name, &st), 0);
	return st.st_mode & 07777;
}

/* The entry before @id that begins with @prefix, or "". */
static const char *
older(struct history_file *h, int64_t *id, const char *prefix, const char *other, struct twz_arena *arena)
{
	struct history_entry e;

	if (!history_older(h, *id, prefix, other, arena, &e))
		return "";
	*id = e.id;
	return e.text;
}

static void
test_comes_back(void **state)
{
	static const char *const texts[] = {
		"calc::add 1 2", "f(\n  1,\n  2)", "a\\nb", "\\", "x = \"ü\t日本\"", "100%", " leading", "'; DROP TABLE entry",
	};
	TWZ_ARENA arena = { 0 };
	struct history_entry e;
	int64_t id = 0;

	(void)state;
	{
		WITH_HISTORY(h, path);

		assert_false(history_older(h, 0, "", NULL, &arena, &e));
		for (size_t i = 0; i < TWZ_COUNT(texts); i++)
			add(h, texts[i]);
	}
	WITH_HISTORY(h, path);

	for (size_t i = TWZ_COUNT(texts); i-- > 0;)
		assert_string_equal(older(h, &id, "", NULL, &arena), texts[i]);
	assert_string_equal(older(h, &id, "", NULL, &arena), "");
	for (size_t i = 1; i < TWZ_COUNT(texts); i++) {
		assert_true(history_newer(h, id, "", NULL, &arena, &e));
		assert_string_equal(e.text, texts[i]);
		id = e.id;
	}
	assert_false(history_newer(h, id, "", NULL, &arena, &e));
}

static void
test_how_it_went(void **state)
{
	struct twz_error err = { 0 };
	struct history_entry e;
	TWZ_ARENA arena = { 0 };
	char folder[256];
	int64_t id;

	(void)state;
	WITH_HISTORY(h, path);

	id = add(h, "calc::add 1");
	assert_true(history_older(h, 0, "", NULL, &arena, &e));
	assert_int_equal(e.status, -1);
	assert_true(history_ended(h, id, 3, 12345, &err));
	assert_true(history_older(h, 0, "", NULL, &arena, &e));
	assert_int_equal(e.status, 3);
	assert_int_equal(e.ns, 12345);
	assert_string_equal(e.folder, getcwd(folder, sizeof(folder)));
	assert_true(e.at > 1600000000000);
}

/* Two sessions that live at once see each other's entries. */
static void
test_is_shared(void **state)
{
	TWZ_ARENA arena = { 0 };
	int64_t id = 0;

	(void)state;
	WITH_HISTORY(a, path);
	WITH_HISTORY(b, path);

	add(a, "one");
	add(b, "two");
	assert_string_equal(older(a, &id, "", NULL, &arena), "two");
	assert_string_equal(older(b, &id, "", NULL, &arena), "one");
}

static void
test_memory_is_not_shared(void **state)
{
	struct history_entry e;
	TWZ_ARENA arena = { 0 };
	struct stat st;

	(void)state;
	WITH_HISTORY(h, NULL);
	WITH_HISTORY(other, NULL);

	add(h, "private");
	assert_true(history_older(h, 0, "", NULL, &arena, &e));
	assert_false(history_older(other, 0, "", NULL, &arena, &e));
	assert_int_equal(stat(path, &st), -1);
}

static void
test_is_private(void **state)
{
	char folder[128], log[160];
	mode_t old = umask(0);

	(void)state;
	snprintf(folder, sizeof(folder), "%s/state/twz", root);
	snprintf(log, sizeof(log), "%s-wal", path);
	{
		WITH_HISTORY(h, path);

		add(h, "a");
		assert_int_equal(mode_of(path), 0600);
		assert_int_equal(mode_of(log), 0600);
		assert_int_equal(mode_of(folder), 0700);
	}
	chmod(path, 0666);
	chmod(folder, 0755);
	history_close(open_file(path));
	assert_int_equal(mode_of(path), 0600);
	assert_int_equal(mode_of(folder), 0700);
	umask(old);
}

static void
test_going_back_with_a_prefix(void **state)
{
	TWZ_ARENA arena = { 0 };
	int64_t id = 0;

	(void)state;
	WITH_HISTORY(h, path);

	add(h, "calc::add 1 2");
	add(h, "print 1");
	add(h, "calc::add 3 4");
	add(h, "calc::add 3 4");
	add(h, "CALC");
	assert_string_equal(older(h, &id, "calc", "calc", &arena), "calc::add 3 4");
	/* The same text once more is no other entry. */
	assert_string_equal(older(h, &id, "calc", "calc::add 3 4", &arena), "calc::add 1 2");
	assert_string_equal(older(h, &id, "calc", "calc::add 1 2", &arena), "");
	id = 0;
	assert_string_equal(older(h, &id, "c%", NULL, &arena), "");
}

static void
test_starting(void **state)
{
	const struct history_entry *found;
	TWZ_ARENA arena = { 0 };
	char text[32];

	(void)state;
	WITH_HISTORY(h, path);

	add(h, "deep::old 7");
	for (int i = 0; i < 2000; i++) {
		snprintf(text, sizeof(text), "print %d", i % 1500);
		add(h, text);
	}
	add(h, "print 3");
	assert_int_equal(history_starting(h, "pr", 2, &arena, &found), 2);
	assert_string_equal(found[0].text, "print 3");
	assert_string_equal(found[1].text, "print 499");
	/* What is typed already goes on with nothing. */
	assert_int_equal(history_starting(h, "print 1499", 9, &arena, &found), 0);
	/* Far back: by the index, when enough was typed. */
	assert_int_equal(history_starting(h, "deep", 9, &arena, &found), 1);
	assert_string_equal(found[0].text, "deep::old 7");
	assert_int_equal(history_starting(h, "d", 9, &arena, &found), 0);
	assert_int_equal(history_starting(h, "nothing", 9, &arena, &found), 0);
}

static bool
at_once(void *data)
{
	++*(int *)data;
	return true;
}

static void
test_search(void **state)
{
	const struct history_entry *found;
	TWZ_ARENA arena = { 0 };
	int asked = 0;

	(void)state;
	WITH_HISTORY(h, path);

	add(h, "calc::add 1 2");
	add(h, "passwd::lookup_user bob");
	add(h, "calc::add 1 2");
	add(h, "print Bob");
	assert_int_equal(history_search(h, "", 9, NULL, NULL, &arena, &found), 3);
	assert_string_equal(found[0].text, "print Bob");
	assert_string_equal(found[1].text, "calc::add 1 2");
	assert_int_equal(history_search(h, "bob", 9, NULL, NULL, &arena, &found), 2);
	assert_int_equal(history_search(h, "Bob", 9, NULL, NULL, &arena, &found), 1);
	assert_int_equal(history_search(h, "bob look", 9, NULL, NULL, &arena, &found), 1);
	assert_string_equal(found[0].text, "passwd::lookup_user bob");
	assert_int_equal(history_search(h, "", 1, NULL, NULL, &arena, &found), 1);
	/* Who is in a hurry is asked, and gets what there is. */
	for (int i = 0; i < 3000; i++)
		add(h, "x");
	assert_true(history_search(h, "bob", 9, at_once, &asked, &arena, &found) < 2);
	assert_true(asked > 0);
	assert_int_equal(history_search(h, "bob", 9, NULL, NULL, &arena, &found), 2);
}

/* What is no history is not written over, and the failure is an error that names the file. */
static void
test_damaged(void **state)
{
	static const char text[] = "something that somebody else has written, longer than a page's head\n";
	struct twz_error err = { 0 };
	struct history_file *h;
	char bytes[sizeof(text)];
	int fd;

	(void)state;
	history_close(open_file(path));
	fd = open(path, O_RDWR | O_TRUNC);
	assert_int_equal(write(fd, text, sizeof(text)), sizeof(text));
	assert_false(history_open(path, &h, &err));
	assert_int_equal(err.cls, TWZ_CLASS_LINK);
	assert_non_null(strstr(err.text, path));
	assert_int_equal(pread(fd, bytes, sizeof(bytes), 0), sizeof(bytes));
	assert_string_equal(bytes, text);
	close(fd);
	assert_false(history_open("/dev/null/twz/history.db", &h, &err));
	assert_false(history_open("/dev/null", &h, &err));
}

/* Several sessions at once: nothing is lost, nothing is mixed. */
static void
test_many_at_once(void **state)
{
	enum { PROCESSES = 4, ENTRIES = 100 };
	TWZ_ARENA arena = { 0 };
	int seen[PROCESSES] = { 0 };
	int64_t id = 0;

	(void)state;
	for (int p = 0; p < PROCESSES; p++) {
		if (fork())
			continue;

		WITH_HISTORY(h, path);

		for (int i = 0; i < ENTRIES; i++) {
			char text[80];

			snprintf(text, sizeof(text), "%d\n%d\n%040d", p, i, i);
			add(h, text);
		}
		_exit(0);
	}
	for (int p = 0; p < PROCESSES; p++) {
		int status;

		wait(&status);
		assert_int_equal(status, 0);
	}
	WITH_HISTORY(h, path);

	for (int i = 0; i < PROCESSES * ENTRIES; i++) {
		const char *text = older(h, &id, "", NULL, &arena);
		int p, n, same;

		assert_int_equal(sscanf(text, "%d\n%d\n%d", &p, &n, &same), 3);
		assert_in_range(p, 0, PROCESSES - 1);
		assert_int_equal(n, ENTRIES - 1 - seen[p]++);
		assert_int_equal(n, same);
	}
}

/* Entries beyond the bound go when the file is opened. */
static void
test_is_bounded(void **state)
{
	TWZ_ARENA arena = { 0 };
	sqlite3 *db;
	int64_t id = 0;

	(void)state;
	history_close(open_file(path));
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "INSERT INTO entry VALUES (1, 1, 0, 0, '', 'old'),"
				      " (2, 1, 0, 0, '', 'kept'), (1000001, 1, 0, 0, '', 'new')",
				      NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
	WITH_HISTORY(h, path);

	assert_string_equal(older(h, &id, "", NULL, &arena), "new");
	id = 3;
	assert_string_equal(older(h, &id, "", NULL, &arena), "kept");
	assert_string_equal(older(h, &id, "", NULL, &arena), "");
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
	assert_string_equal(p, "/s/twz/history.db");
	setenv("XDG_STATE_HOME", "relative", 1);
	assert_true(history_path(&arena, &p, &err));
	assert_string_equal(p, "/home/u/.local/state/twz/history.db");
	unsetenv("XDG_STATE_HOME");
	unsetenv("HOME");
	assert_false(history_path(&arena, &p, &err));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_comes_back, enter, leave),
		cmocka_unit_test_setup_teardown(test_how_it_went, enter, leave),
		cmocka_unit_test_setup_teardown(test_is_shared, enter, leave),
		cmocka_unit_test_setup_teardown(test_memory_is_not_shared, enter, leave),
		cmocka_unit_test_setup_teardown(test_is_private, enter, leave),
		cmocka_unit_test_setup_teardown(test_going_back_with_a_prefix, enter, leave),
		cmocka_unit_test_setup_teardown(test_starting, enter, leave),
		cmocka_unit_test_setup_teardown(test_search, enter, leave),
		cmocka_unit_test_setup_teardown(test_damaged, enter, leave),
		cmocka_unit_test_setup_teardown(test_many_at_once, enter, leave),
		cmocka_unit_test_setup_teardown(test_is_bounded, enter, leave),
		cmocka_unit_test(test_path),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
