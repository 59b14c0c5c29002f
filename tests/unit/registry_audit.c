/* The audit trail: what a row says, how many there are, and that it outlives whoever wrote it. */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/unit.h"

#include "registry/audit.h"
#include "registry/rights.h"
#include "tests/unit/registry_fixture.h"

static struct registry_audit
event(const char *context, const char *what, bool allowed)
{
	return (struct registry_audit){ .context = context, .caller = "", .what = what, .args = "bob, ***",
					.allowed = allowed };
}

static void
test_audit(void **state)
{
	struct place *p = *state;
	REGISTRY *reg = place_open_at(p);
	const struct registry_audit *all;
	struct registry_audit e = event("owner", "passwd::update_password", true);
	struct twz_error err = { 0 };
	TWZ_ARENA arena = { 0 };
	int64_t first, second;
	char long_text[1001];
	size_t n;

	assert_true(registry_audit_begin(reg, &e, &first, &err));
	assert_true(registry_audit_begin(reg, &e, &second, &err));
	assert_true(registry_audit_end(reg, first, 1, &err));
	e = event("guest", "passwd::update_password", false);
	e.caller = "chain";
	e.compartment = UINT64_C(0x100000001);
	for (int i = 0; i < 5; i++)
		assert_true(registry_audit_begin(reg, &e, NULL, &err));
	memset(long_text, 'x', 1000);
	long_text[1000] = '\0';
	e.args = long_text;
	assert_true(registry_audit_begin(reg, &e, NULL, &err));
	assert_true(registry_audit_list(reg, 100, &arena, &all, &n, &err));
	assert_int_equal(n, 4);
	assert_int_equal(all[0].status, 1);
	assert_int_equal(all[1].status, -1);
	assert_true(all[0].allowed);
	assert_int_equal(all[0].time, place_now);
	assert_string_equal(all[0].args, "bob, ***");
	assert_int_equal(all[2].times, 5);	/* repetitions are one row */
	assert_false(all[2].allowed);
	assert_int_equal(all[2].compartment, UINT64_C(0x100000001));
	assert_string_equal(all[2].caller, "chain");
	assert_int_equal(strlen(all[3].args), 256);
	assert_true(registry_audit_list(reg, 1, &arena, &all, &n, &err));
	assert_int_equal(n, 1);
	assert_int_equal(strlen(all[0].args), 256);
}

/* Whoever is refused often pushes nothing out but other refusals. */
static void
test_audit_is_bounded(void **state)
{
	struct place *p = *state;
	REGISTRY *reg = place_open_at(p);
	struct registry_audit yes = event("owner", "a::b", true), no = event("guest", "a::c", false);
	struct twz_error err = { 0 };

	assert_true(registry_audit_begin(reg, &yes, NULL, &err));
	place_edit(p, "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 30000)"
		      " INSERT INTO audit SELECT NULL, 0, 'guest', '', 0, 'x' || i, '', 0, NULL, 1 FROM n");
	for (int i = 0; i < 128; i++) {
		no.what = i % 2 ? "a::c" : "a::d";
		assert_true(registry_audit_begin(reg, &no, NULL, &err));
	}
	assert_in_range(place_count(p, "SELECT count(*) FROM audit WHERE NOT allowed"),
			REGISTRY_AUDIT_ROWS, REGISTRY_AUDIT_ROWS + 128);
	assert_int_equal(place_count(p, "SELECT count(*) FROM audit WHERE allowed"), 1);
	assert_int_equal(place_count(p, "SELECT count(*) FROM audit WHERE what IN ('a::c', 'a::d')"), 128);
}

/* Killed as soon as it was told that the row is written, twenty times. */
static void
test_audit_outlives_its_writer(void **state)
{
	struct place *p = *state;
	REGISTRY *reg = place_open_at(p);
	struct twz_error err = { 0 };

	for (int i = 0; i < 20; i++) {
		int pipes[2], status;
		pid_t pid;
		char c;

		assert_int_equal(pipe(pipes), 0);
		pid = fork();
		assert_true(pid >= 0);
		if (!pid) {
			struct registry *own = place_open_at(p);
			struct registry_audit e = event("owner", "a::b", true);

			if (registry_audit_begin(own, &e, NULL, NULL) && place_grant(own, "guest", "s", "admin", NULL) &&
			    write(pipes[1], "x", 1) == 1)
				pause();
			_exit(1);
		}
		close(pipes[1]);
		assert_int_equal(read(pipes[0], &c, 1), 1);
		kill(pid, SIGKILL);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFSIGNALED(status));
		close(pipes[0]);
		assert_int_equal(place_count(p, "SELECT count(*) FROM audit"), i + 1);
		assert_int_equal(place_count(p, "SELECT count(*) FROM capability"), i + 1);
	}
	assert_true(registry_audit_begin(reg, &(struct registry_audit){ .context = "owner", .caller = "",
					 .what = "x", .args = "" }, NULL, &err));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, place_make, place_remove)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_audit),
		TEST(test_audit_is_bounded),
		TEST(test_audit_outlives_its_writer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
