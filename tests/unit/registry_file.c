/* The registry as a file: stale services, damage, other schemas and writers, nowhere to write. */
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

static struct twz_service
service(const char *path)
{
	static const struct twz_type func = { .kind = TWZ_FUNC, .name = "",
					      .target = &twz_type_i32 };
	static const struct twz_gate gate = { .name = "g", .symbol = "g", .doc = "", .requires = "",
					      .converts = "", .type = &func, .how = "", .why = "" };

	return (struct twz_service){ .name = "s", .version = "", .doc = "", .path = path,
				     .gates = &gate, .ngates = 1 };
}

static bool
store(const struct place *p, const char *path, struct twz_error *err)
{
	struct twz_service s = service(path);
	REGISTRY *reg = NULL;

	return registry_open(p->registry, &reg, err) && registry_store(reg, &s, err);
}

static enum registry_state
check(const struct place *p, const char *path)
{
	REGISTRY *reg = NULL;
	struct twz_error err = { 0 };
	enum registry_state state = REGISTRY_UNKNOWN;

	if (!registry_open(p->registry, &reg, &err) || !registry_check(reg, path, &state, &err))
		fail_msg("%s", err.text);
	return state;
}

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

	assert_int_equal(check(p, path), REGISTRY_UNKNOWN);
	assert_true(store(p, path, NULL));
	assert_int_equal(check(p, path), REGISTRY_FRESH);

	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);	/* another time */
	assert_int_equal(check(p, path), REGISTRY_STALE);
	assert_true(store(p, path, NULL));
	assert_int_equal(check(p, path), REGISTRY_FRESH);

	place_file(p, "libs.so", "longer");			/* another size */
	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
	assert_int_equal(check(p, path), REGISTRY_STALE);
	assert_true(store(p, path, NULL));

	const char *other = place_file(p, "new", "longer");	/* another file */

	assert_int_equal(utimensat(AT_FDCWD, other, times, 0), 0);
	assert_int_equal(rename(other, path), 0);
	assert_int_equal(check(p, path), REGISTRY_STALE);
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
		{ "schema", 100, 3996 },
		{ "tables", 4096, 4096 * 12 },
	};
	static const char noise[4096 * 12 + 1] = { [0 ... 4096 * 12 - 1] = 'x' };
	struct place *p = *state;
	const char *path = place_file(p, "libs.so", "one");

	for (size_t i = 0; i < TWZ_COUNT(damages); i++) {
		char aside[160];
		REGISTRY *reg = NULL;
		struct twz_error err = { 0 };
		enum registry_state found = REGISTRY_FRESH;

		assert_true(store(p, path, NULL));
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
		assert_true(store(p, path, &err));
		assert_int_equal(check(p, path), REGISTRY_FRESH);
	}
}

static void
test_lost_tables_are_damage(void **state)
{
	struct place *p = *state;
	const char *path = place_file(p, "libs.so", "one");

	assert_true(store(p, path, NULL));
	place_edit(p, "DROP TABLE file");
	assert_int_equal(check(p, path), REGISTRY_UNKNOWN);
	assert_true(store(p, path, NULL));
	assert_int_equal(check(p, path), REGISTRY_FRESH);
}

static void
test_newer_schema_is_refused(void **state)
{
	struct place *p = *state;
	REGISTRY *reg = NULL;
	struct twz_error err = { 0 };

	assert_true(store(p, place_file(p, "libs.so", "one"), NULL));
	place_edit(p, "PRAGMA user_version = 1000");
	assert_false(registry_open(p->registry, &reg, &err));
	assert_int_equal(err.cls, TWZ_CLASS_LINK);
	assert_int_equal(err.code, TWZ_ERR(GENERIC, NOT_SUPPORTED));
	assert_non_null(strstr(err.text, "schema 1000"));
	assert_int_equal(place_count(p, "SELECT count(*) FROM service"), 1);
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
		write_at(p->registry, 0, "", 0);
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
	assert_true(store(p, path, NULL));
	assert_int_equal(check(p, path), REGISTRY_FRESH);
}

/* One of eight: stores its own file and the common one, many times. */
static int
write_much(const struct place *p, const char *common, const char *own)
{
	struct twz_error err = { 0 };

	for (int i = 0; i < 10; i++)
		if (!store(p, common, &err) || !store(p, own, &err) ||
		    check(p, own) != REGISTRY_FRESH) {
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
	struct twz_service s = service(path);
	const struct twz_service *found;
	REGISTRY *reg = NULL;
	TWZ_ARENA arena = { 0 };
	struct twz_error err = { 0 };
	enum registry_state known;

	if (!registry_open(p->registry, &reg, &err) || !registry_check(reg, path, &known, &err) ||
	    known != REGISTRY_FRESH || !registry_service(reg, path, &arena, &found, &err) ||
	    found->ngates != 1) {
		fprintf(stderr, "reader: %s\n", err.text);
		return 1;
	}
	if (registry_store(reg, &s, &err))
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
	assert_true(store(p, path, NULL));
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

	static struct twz_gate gates[2000];
	struct twz_service s = service(path);

	for (uint32_t i = 0; i < TWZ_COUNT(gates); i++) {
		gates[i] = s.gates[0];
		gates[i].index = i;
		gates[i].doc = "A text that makes the service longer than the room that there is.";
	}
	s.gates = gates;
	s.ngates = TWZ_COUNT(gates);
	if (registry_store(reg, &s, &err))
		return 2;
	return err.cls == TWZ_CLASS_LINK && *err.hint ? 0 : 3;
}

static void
test_full_disk(void **state)
{
	struct place *p = *state;
	const char *path = place_file(p, "libs.so", "one");
	int status;

	assert_true(store(p, path, NULL));

	pid_t pid = fork();

	assert_true(pid >= 0);
	if (!pid)
		_exit(write_without_room(p, path));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(check(p, path), REGISTRY_FRESH);
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
		TEST(test_lost_tables_are_damage),
		TEST(test_newer_schema_is_refused),
		TEST(test_foreign_database_is_left_alone),
		TEST(test_empty_file_becomes_a_registry),
		TEST(test_eight_writers),
		TEST(test_read_only_folder),
		TEST(test_full_disk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
