/* The registry as a file: stale services, damage, other writers, nowhere to write. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "registry/registry.h"
#include "tests/unit/registry_fixture.h"

enum { PAGE = 4096 };

static void
write_at(const char *path, off_t where, const void *bytes, size_t n)
{
	int fd = open(path, O_WRONLY | O_CREAT, 0600);

	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, bytes, n, where), n);
	close(fd);
}

static void
test_changed_file_is_stale(void **state)
{
	struct place *p = *state;
	const char *path = place_file(p, "libs.so", "one");
	struct timespec times[2] = { { .tv_nsec = UTIME_OMIT }, { .tv_sec = 1000, .tv_nsec = 7 } };

	assert_int_equal(place_check(p, path), REGISTRY_UNKNOWN);
	assert_true(place_store(p, path, NULL));
	assert_int_equal(place_check(p, path), REGISTRY_FRESH);

	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);	/* another time */
	assert_int_equal(place_check(p, path), REGISTRY_STALE);
	assert_true(place_store(p, path, NULL));
	assert_int_equal(place_check(p, path), REGISTRY_FRESH);

	place_file(p, "libs.so", "longer");			/* another size */
	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
	assert_int_equal(place_check(p, path), REGISTRY_STALE);
	assert_true(place_store(p, path, NULL));

	const char *other = place_file(p, "new", "longer");	/* another file */

	assert_int_equal(utimensat(AT_FDCWD, other, times, 0), 0);
	assert_int_equal(rename(other, path), 0);
	assert_int_equal(place_check(p, path), REGISTRY_STALE);
}

static void
test_missing_file_is_an_error(void **state)
{
	struct place *p = *state;
	REGISTRY *reg = NULL;
	struct twz_error err = { 0 };
	enum registry_state found;

	assert_true(registry_open(p->registry, &reg, &err));
	assert_false(registry_check(reg, "/nonexistent/libs.so", &found, &err));
	assert_int_equal(err.cls, TWZ_CLASS_LINK);
	assert_non_null(strstr(err.text, "/nonexistent/libs.so"));
}

static void
test_folder_and_file_are_private(void **state)
{
	struct place *p = *state;
	REGISTRY *reg = NULL;
	struct twz_error err = { 0 };
	struct stat st;
	char folder[128];

	assert_true(registry_open(p->registry, &reg, &err));
	sprintf(folder, "%s/data/twz", p->folder);
	assert_int_equal(stat(folder, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	assert_int_equal(stat(p->registry, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
}

/* Whatever was done to the file: it is kept beside, and the registry works again. */
static void
test_damage_is_set_aside(void **state)
{
	static const struct { const char *what; off_t where; size_t n; } damages[] = {
		{ "header", 0, 64 },
		{ "schema", 100, PAGE - 100 },
		{ "tables", PAGE, PAGE * 12 },
	};
	static const char noise[PAGE * 12 + 1] = { [0 ... PAGE * 12 - 1] = 'x' };
	struct place *p = *state;
	const char *path = place_file(p, "libs.so", "one");

	for (size_t i = 0; i < TWZ_COUNT(damages); i++) {
		char aside[160];
		REGISTRY *reg = NULL;
		struct twz_error err = { 0 };
		enum registry_state found = REGISTRY_FRESH;

		assert_true(place_store(p, path, NULL));
		write_at(p->registry, damages[i].where, noise, damages[i].n);
		sprintf(aside, "%s.damaged-%zu", p->registry, i + 1);
		assert_int_equal(access(aside, F_OK), -1);

		if (!registry_open(p->registry, &reg, &err) ||
		    !registry_check(reg, path, &found, &err))
			fail_msg("%s: %s", damages[i].what, err.text);
		assert_int_equal(found, REGISTRY_UNKNOWN);
		assert_non_null(registry_notice(reg));
		assert_non_null(strstr(registry_notice(reg), aside));
		assert_int_equal(access(aside, F_OK), 0);
		assert_true(place_store(p, path, &err));
		assert_int_equal(place_check(p, path), REGISTRY_FRESH);
	}
}

static struct twz_gate many[3000];

/* A service of many pages. */
static struct twz_service
large_service(const char *path, const char *version)
{
	struct twz_service s = place_service(path);

	for (uint32_t i = 0; i < TWZ_COUNT(many); i++) {
		many[i] = s.gates[0];
		many[i].index = i;
		many[i].doc = "A text that makes the service longer than the room that there is.";
	}
	s.version = version;
	s.gates = many;
	s.ngates = TWZ_COUNT(many);
	return s;
}

static bool
store_large(const struct place *p, const char *path, const char *version)
{
	struct twz_service s = large_service(path, version);
	REGISTRY *reg = NULL;

	return registry_open(p->registry, &reg, NULL) && registry_store(reg, &s, NULL, NULL);
}

/* However the file was damaged: afterwards the registry works, and nothing wrong was read from it. */
static void
damage(struct place *p, const char *path, const char *what, off_t from, off_t n, char with)
{
	TWZ_FREE char *noise = malloc((size_t)n);
	const struct twz_service *found;
	REGISTRY *reg = NULL;
	TWZ_ARENA arena = { 0 };
	struct twz_error err = { 0 };

	memset(noise, with, (size_t)n);
	write_at(p->registry, from, noise, (size_t)n);
	if (!registry_open(p->registry, &reg, &err))
		fail_msg("%s: %s", what, err.text);
	if (registry_service(reg, path, &arena, &found, NULL))
		assert_int_equal(found->ngates, TWZ_COUNT(many));
	if (!store_large(p, path, what) || place_check(p, path) != REGISTRY_FRESH)
		fail_msg("%s: cannot be used afterwards", what);
}

static void
test_damage_of_any_page(void **state)
{
	struct place *p = *state;
	const char *path = place_file(p, "libs.so", "one");
	struct stat st;

	assert_true(store_large(p, path, "0"));
	assert_int_equal(stat(p->registry, &st), 0);
	/* The first ones hold the schema and the roots of the tables; of the others some will do. */
	for (off_t page = 0; page < st.st_size; page += page < 24 * PAGE ? PAGE : 7 * PAGE) {
		damage(p, path, "zeros", page, PAGE, '\0');
		if (page / PAGE % 4 == 1)
			damage(p, path, "noise", page, PAGE, '\xa5');
		if (page / PAGE % 4 == 2)
			damage(p, path, "a part", page + PAGE / 2, 100, '\xff');
	}
}

static void
test_cut_file(void **state)
{
	struct place *p = *state;
	const char *path = place_file(p, "libs.so", "one");
	static const off_t sizes[] = { 0, 1, 50, 100, 512, PAGE - 1, PAGE, PAGE * 3, PAGE * 20 + 7 };

	for (size_t i = 0; i < TWZ_COUNT(sizes); i++) {
		assert_true(store_large(p, path, "0"));
		assert_int_equal(truncate(p->registry, sizes[i]), 0);
		if (!store_large(p, path, "1") || place_check(p, path) != REGISTRY_FRESH)
			fail_msg("cut to %lld", (long long)sizes[i]);
	}
}

/* A folder is somebody's: it is not moved away. */
static void
test_folder_in_its_place(void **state)
{
	struct place *p = *state;
	REGISTRY *reg = NULL;
	struct twz_error err = { 0 };

	strcpy(p->registry, p->folder);
	assert_false(registry_open(p->registry, &reg, &err));
	assert_int_equal(err.cls, TWZ_CLASS_LINK);
	assert_non_null(strstr(err.text, p->folder));
	assert_non_null(strstr(err.hint, "TWZ_REGISTRY"));
	assert_int_equal(access(p->folder, F_OK), 0);
}

/* Whenever the writer dies: what was known before is known, or all that is new. */
static void
test_killed_writer(void **state)
{
	struct place *p = *state;
	const char *path = place_file(p, "libs.so", "one");
	int news = 0;

	for (int i = 0; i < 30; i++) {
		const struct twz_service *found = NULL;
		REGISTRY *reg = NULL;
		TWZ_ARENA arena = { 0 };
		struct twz_error err = { 0 };
		char version[16];
		pid_t pid;

		assert_true(store_large(p, path, "old"));
		sprintf(version, "new %d", i);
		pid = fork();
		assert_true(pid >= 0);
		if (!pid)
			_exit(!store_large(p, path, version));
		usleep((useconds_t)i * 800);
		kill(pid, SIGKILL);
		assert_int_equal(waitpid(pid, NULL, 0), pid);
		if (!registry_open(p->registry, &reg, &err) ||
		    !registry_service(reg, path, &arena, &found, &err))
			fail_msg("%s", err.text);
		assert_null(registry_notice(reg));
		assert_int_equal(found->ngates, TWZ_COUNT(many));
		if (strcmp(found->version, "old"))
			assert_string_equal(found->version, version);
		news += strcmp(found->version, "old") != 0;
		assert_int_equal(place_count(p, "SELECT count(*) FROM service"), 1);
		place_whole(p);
	}
	assert_true(news < 30);		/* some of them died before the end */
}

static void
test_lost_tables_are_damage(void **state)
{
	struct place *p = *state;
	const char *path = place_file(p, "libs.so", "one");

	assert_true(place_store(p, path, NULL));
	place_edit(p, "DROP TABLE file");
	assert_int_equal(place_check(p, path), REGISTRY_UNKNOWN);
	assert_true(place_store(p, path, NULL));
	assert_int_equal(place_check(p, path), REGISTRY_FRESH);
}

/* One of eight: stores its own file and the common one, many times. */
static int
write_much(const struct place *p, const char *common, const char *own)
{
	struct twz_error err = { 0 };

	for (int i = 0; i < 10; i++)
		if (!place_store(p, common, &err) || !place_store(p, own, &err) ||
		    place_check(p, own) != REGISTRY_FRESH) {
			fprintf(stderr, "writer: %s\n", err.text);
			return 1;
		}
	return 0;
}

static void
test_eight_writers(void **state)
{
	enum { WRITERS = 8 };
	struct place *p = *state;
	char common[160];
	pid_t pids[WRITERS];

	strcpy(common, place_file(p, "libcommon.so", "one"));
	for (int i = 0; i < WRITERS; i++) {
		char name[32];

		sprintf(name, "lib%d.so", i);

		const char *own = place_file(p, name, "one");

		pids[i] = fork();
		assert_true(pids[i] >= 0);
		if (!pids[i])
			_exit(write_much(p, common, own));
	}
	for (int i = 0; i < WRITERS; i++) {
		int status;

		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		assert_int_equal(status, 0);
	}
	assert_int_equal(place_count(p, "SELECT count(*) FROM file"), WRITERS + 1);
	assert_int_equal(place_count(p, "SELECT count(*) FROM service"), WRITERS + 1);
	assert_int_equal(place_count(p, "SELECT count(*) FROM gate"), WRITERS + 1);
}

/* The first writer writes to a new file at once; who reads and writes later has a log, and is not in another's way. */
static void
test_log_after_the_first(void **state)
{
	struct place *p = *state;
	const char *path = place_file(p, "libs.so", "one"), *other = place_file(p, "libt.so", "two");
	REGISTRY *reg = place_open(p);
	struct twz_error err = { 0 };
	char log[192];

	assert_non_null(reg);
	sprintf(log, "%s-wal", p->registry);
	assert_int_equal(access(log, F_OK), -1);
	assert_true(place_store(p, path, &err));
	assert_int_equal(access(log, F_OK), 0);
	assert_int_equal(place_count(p, "SELECT count(*) FROM pragma_journal_mode WHERE journal_mode = 'wal'"), 1);

	sqlite3 *db = place_database(p);

	assert_int_equal(sqlite3_exec(db, "BEGIN; SELECT count(*) FROM gate", NULL, NULL, NULL), SQLITE_OK);
	assert_true(place_store(p, other, &err));
	sqlite3_close(db);
	assert_int_equal(place_check(p, path), REGISTRY_FRESH);
	assert_int_equal(place_check(p, other), REGISTRY_FRESH);
}

/* Runs @body in a process that root's rights do not help. Its status is what it returns. */
static int
as_nobody(int (*body)(const struct place *p, const char *path), struct place *p, const char *path)
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (!pid) {
		if (geteuid() == 0 && (setgroups(0, NULL) || setgid(65534) || setuid(65534)))
			_exit(99);
		_exit(body(p, path));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* Reads, and cannot write: 0 when both are as they should be. */
static int
read_only_reader(const struct place *p, const char *path)
{
	struct twz_service s = place_service(path);
	const struct twz_service *found = NULL;
	REGISTRY *reg = NULL;
	TWZ_ARENA arena = { 0 };
	struct twz_error err = { 0 };
	enum registry_state known;

	s.partial = true;	/* so that there is something to store */

	if (!registry_open(p->registry, &reg, &err) || !registry_check(reg, path, &known, &err) ||
	    known != REGISTRY_FRESH || !registry_service(reg, path, &arena, &found, &err) ||
	    found->ngates != 1) {
		fprintf(stderr, "reader: %s\n", err.text);
		return 1;
	}
	if (registry_store(reg, &s, NULL, &err))
		return 2;
	if (err.cls != TWZ_CLASS_LINK || !strstr(err.text, p->registry) ||
	    !strstr(err.hint, "TWZ_REGISTRY"))
		return 3;
	return 0;
}

static int
no_place_to_write(const struct place *p, const char *path)
{
	REGISTRY *reg = NULL;
	struct twz_error err = { 0 };

	(void)path;
	if (registry_open(p->registry, &reg, &err))
		return 1;
	return err.cls == TWZ_CLASS_LINK && strstr(err.text, p->registry) &&
	       strstr(err.hint, "TWZ_REGISTRY") ? 0 : 2;
}

static void
test_read_only_folder(void **state)
{
	struct place *p = *state;
	const char *path = place_file(p, "libs.so", "one");
	char folder[128], extra[192];

	assert_int_equal(chmod(p->folder, 0755), 0);
	assert_true(place_store(p, path, NULL));
	sprintf(folder, "%s/data", p->folder);
	assert_int_equal(chmod(folder, 0755), 0);
	strcat(folder, "/twz");
	assert_int_equal(chmod(folder, 0555), 0);
	assert_int_equal(chmod(p->registry, 0444), 0);
	sprintf(extra, "%s-shm", p->registry);
	chmod(extra, 0444);
	sprintf(extra, "%s-wal", p->registry);
	chmod(extra, 0444);
	assert_int_equal(as_nobody(read_only_reader, p, path), 0);

	/* The same where the log was removed: a copy of the file alone. */
	assert_int_equal(chmod(folder, 0755), 0);
	assert_int_equal(unlink(extra), 0);
	sprintf(extra, "%s-shm", p->registry);
	assert_int_equal(unlink(extra), 0);
	assert_int_equal(chmod(folder, 0555), 0);
	assert_int_equal(as_nobody(read_only_reader, p, path), 0);

	strcpy(p->registry, folder);
	strcat(p->registry, "/sub/registry.db");
	assert_int_equal(as_nobody(no_place_to_write, p, path), 0);
	assert_int_equal(chmod(folder, 0755), 0);
}

/* A file that may not grow is what a full disk looks like. */
static int
write_without_room(const struct place *p, const char *path)
{
	const struct rlimit room = { 100 * 1024, 100 * 1024 };
	REGISTRY *reg = NULL;
	struct twz_error err = { 0 };

	signal(SIGXFSZ, SIG_IGN);
	if (!registry_open(p->registry, &reg, &err) || setrlimit(RLIMIT_FSIZE, &room) != 0)
		return 1;

	struct twz_service s = large_service(path, "");

	if (registry_store(reg, &s, NULL, &err))
		return 2;
	return err.cls == TWZ_CLASS_LINK && *err.hint ? 0 : 3;
}

static void
test_full_disk(void **state)
{
	struct place *p = *state;
	const char *path = place_file(p, "libs.so", "one");
	int status;

	assert_true(place_store(p, path, NULL));

	pid_t pid = fork();

	assert_true(pid >= 0);
	if (!pid)
		_exit(write_without_room(p, path));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(place_check(p, path), REGISTRY_FRESH);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, place_make, place_remove)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_changed_file_is_stale),
		TEST(test_missing_file_is_an_error),
		TEST(test_folder_and_file_are_private),
		TEST(test_damage_is_set_aside),
		TEST(test_damage_of_any_page),
		TEST(test_cut_file),
		TEST(test_folder_in_its_place),
		TEST(test_killed_writer),
		TEST(test_lost_tables_are_damage),
		TEST(test_eight_writers),
		TEST(test_log_after_the_first),
		TEST(test_read_only_folder),
		TEST(test_full_disk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
