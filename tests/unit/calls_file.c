/* The file of what ended sessions have called: written by many at once, read whatever is in it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "repl/session_calls_file.h"

static const struct twz_service service = { .name = "calc" };
static const struct twz_gate gates[] = { { .name = "add" }, { .name = "divide" } };
static const struct monitor_calls two[] = {
	{ .service = &service, .gate = &gates[0], .calls = 3, .errors = 1, .failures = 2, .p50 = 10, .p90 = 20, .p99 = 30,
	  .longest = 40 },
	{ .service = &service, .gate = &gates[1], .calls = UINT64_MAX },
};

struct place {
	char folder[64], registry[96], file[112], old[112];
};

static int
setup(void **state)
{
	struct place *p = calloc(1, sizeof(*p));

	strcpy(p->folder, "/tmp/twz-calls-XXXXXX");
	if (!mkdtemp(p->folder))
		return -1;
	snprintf(p->registry, sizeof(p->registry), "%s/r.db", p->folder);
	snprintf(p->file, sizeof(p->file), "%s.calls", p->registry);
	snprintf(p->old, sizeof(p->old), "%s.calls.old", p->registry);
	*state = p;
	return 0;
}

static int
teardown(void **state)
{
	struct place *p = *state;

	chmod(p->folder, 0700);
	unlink(p->file);
	unlink(p->old);
	rmdir(p->file);
	rmdir(p->folder);
	free(p);
	return 0;
}

static struct calls_session
session_of(int64_t id)
{
	return (struct calls_session){ .id = id, .began = 1000, .ended = 2000, .status = 143, .context = "owner",
				       .script = "/tmp/a b.twz" };
}

static void
test_as_written(void **state)
{
	struct place *p = *state;
	const struct calls_session first = session_of(7), second = session_of(INT64_MAX);
	TWZ_ARENA arena = { 0 };
	const struct calls_row *all;
	struct stat st;

	assert_int_equal(calls_file_read(p->registry, &arena, &all), 0);
	calls_file_add(p->registry, &first, two, 2);
	calls_file_add(p->registry, &second, two, 1);
	assert_int_equal(stat(p->file, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(calls_file_read(p->registry, &arena, &all), 3);
	/* The newest session first, its gates as they were given. */
	assert_int_equal(all[0].session.id, INT64_MAX);
	assert_int_equal(all[1].session.id, 7);
	assert_string_equal(all[1].gate, "add");
	assert_string_equal(all[1].service, "calc");
	assert_string_equal(all[1].session.script, "/tmp/a b.twz");
	assert_string_equal(all[1].session.context, "owner");
	assert_int_equal(all[1].session.began, 1000);
	assert_int_equal(all[1].session.ended, 2000);
	assert_int_equal(all[1].session.status, 143);
	assert_int_equal(all[1].counts.calls, 3);
	assert_int_equal(all[1].counts.errors, 1);
	assert_int_equal(all[1].counts.failures, 2);
	assert_int_equal(all[1].counts.p50, 10);
	assert_int_equal(all[1].counts.p90, 20);
	assert_int_equal(all[1].counts.p99, 30);
	assert_int_equal(all[1].counts.longest, 40);
	assert_true(all[2].counts.calls == UINT64_MAX);
}

/* Names are anybody's: they cannot make a second row, nor one that is not read. */
static void
test_odd_names(void **state)
{
	struct place *p = *state;
	struct calls_session s = session_of(1);
	char *name = calloc(1, 100001);
	TWZ_ARENA arena = { 0 };
	const struct calls_row *all;

	s.script = "a\tb\n1\t2\x7f\x1b[2J";
	calls_file_add(p->registry, &s, two, 1);
	memset(name, 'x', 100000);
	s.script = name;
	s.context = "";
	calls_file_add(p->registry, &s, two, 1);
	assert_int_equal(calls_file_read(p->registry, &arena, &all), 2);
	assert_string_equal(all[1].session.script, "a?b?1?2??[2J");
	assert_int_equal(strlen(all[0].session.script), 255);
	assert_string_equal(all[0].session.context, "");
	free(name);
}

static void
test_spoiled(void **state)
{
	static const char *const lines[] = {
		"", "\n\n\n", "1\t2\t3\n", "2\t1\t1\t1\t1\ta\tb\tc\td\t1\t1\t1\t1\t1\t1\t1\n",
		"1\t1\t1\t1\t1\ta\tb\tc\td\t1\t1\t1\t1\t1\t1\t1\t1\n", "1\t1\t1\t1\t1\ta\tb\tc\td\t1\t1\t1\t1\t1\t1\tx\n",
		"1\t1\t1\t1\t1\ta\tb\tc\td\t-1\t1\t1\t1\t1\t1\t1\n",
		"1\t1\t1\t1\t1\ta\tb\tc\td\t99999999999999999999999\t1\t1\t1\t1\t1\t1\n", "1\t1\t1\t1\t1\ta\tb\tc\td\t1\t1",
	};
	struct place *p = *state;
	const struct calls_session s = session_of(1);

	for (size_t i = 0; i < TWZ_COUNT(lines); i++) {
		FILE *f = fopen(p->file, "we");
		TWZ_ARENA arena = { 0 };
		const struct calls_row *all;

		fputs(lines[i], f);
		fwrite("a\0b", 1, 3, f);
		fclose(f);
		assert_int_equal(calls_file_read(p->registry, &arena, &all), 0);
		/* What was cut off, as by a full disk, takes nothing with it. */
		calls_file_add(p->registry, &s, two, 2);
		assert_int_equal(calls_file_read(p->registry, &arena, &all), 2);
		unlink(p->file);
	}
}

/* Where nothing can be written nothing is, and nothing else happens. */
static void
test_nowhere(void **state)
{
	struct place *p = *state;
	const struct calls_session s = session_of(1);
	TWZ_ARENA arena = { 0 };
	const struct calls_row *all;

	calls_file_add("/nowhere/at/all", &s, two, 2);
	calls_file_add("/proc/self/status", &s, two, 2);
	assert_int_equal(mkdir(p->file, 0700), 0);
	calls_file_add(p->registry, &s, two, 2);
	assert_int_equal(calls_file_read(p->registry, &arena, &all), 0);
	rmdir(p->file);
	/* A link leads to what is somebody else's. */
	assert_int_equal(symlink("/dev/full", p->file), 0);
	calls_file_add(p->registry, &s, two, 2);
	assert_int_equal(calls_file_read(p->registry, &arena, &all), 0);
}

static void
test_bounded(void **state)
{
	struct place *p = *state;
	TWZ_ARENA arena = { 0 };
	const struct calls_row *all;
	struct stat st;
	int64_t id = 0;
	size_t n;

	for (int turn = 0; turn < 3; turn++)
		do
			calls_file_add(p->registry, &(struct calls_session){ .id = ++id, .context = "c",
				       .script = "a script with a name that is long enough to fill a file soon" }, two, 2);
		while (id % 100 || stat(p->file, &st) || st.st_size < CALLS_FILE_MAX - 60000);
	for (int i = 0; i < 2000; i++)
		calls_file_add(p->registry, &(struct calls_session){ .id = ++id, .context = "c", .script = "s" }, two, 2);
	assert_int_equal(stat(p->old, &st), 0);
	assert_true(st.st_size <= CALLS_FILE_MAX + 1000);
	assert_int_equal(stat(p->file, &st), 0);
	assert_true(st.st_size <= CALLS_FILE_MAX + 1000);
	n = calls_file_read(p->registry, &arena, &all);
	assert_true(n > 10000);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(all[i].session.id, id - (int64_t)i / 2);
}

/* Sessions that end at once, while the file is turned over: none has lost a row that is not old. */
static void
test_many_at_once(void **state)
{
	enum { WRITERS = 6, EACH = 4000 };
	struct place *p = *state;
	uint8_t seen[WRITERS] = { 0 };
	TWZ_ARENA arena = { 0 };
	const struct calls_row *all;
	size_t n;

	for (int w = 0; w < WRITERS; w++)
		if (!fork()) {
			for (int i = 1; i <= EACH; i++)
				calls_file_add(p->registry, &(struct calls_session){ .id = w * EACH + i, .context = "c",
					       .script = "s" }, two, 2);
			_exit(0);
		}
	while (wait(NULL) > 0)
		continue;
	n = calls_file_read(p->registry, &arena, &all);
	assert_true(n > CALLS_FILE_MAX / 64);
	for (size_t i = 0; i < n; i += 2) {
		assert_int_equal(all[i].session.id, all[i + 1].session.id);
		assert_string_equal(all[i].gate, "add");
		assert_string_equal(all[i + 1].gate, "divide");
		seen[(all[i].session.id - 1) / EACH] |= (all[i].session.id - 1) % EACH == EACH - 1;
	}
	for (int w = 0; w < WRITERS; w++)
		assert_true(seen[w]);
}

#define T(name) cmocka_unit_test_setup_teardown(test_##name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = { T(as_written), T(odd_names), T(spoiled), T(nowhere), T(bounded),
					    T(many_at_once) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
