/* What is counted of calls: how many, how they ended, how long they took. */
#include "tests/unit/monitor_fixture.h"

#include "monitor/internal.h"

static void
test_percentiles(void **state)
{
	struct tally y = { .taken = true };

	(void)state;
	assert_int_equal(tally_percentile(y.times, 50), 0);
	/* A percentile is the middle of a bucket, which is at most a fourth of its lower bound wide. */
	for (uint64_t ns = 64; ns < (uint64_t)1 << 41; ns = ns * 9 / 8) {
		struct tally one = { .taken = true };
		uint64_t p;

		tally_time(&one, ns, 1);
		p = tally_percentile(one.times, 50);
		assert_true(p <= ns + ns / 8 && p >= ns - ns / 8);
		assert_int_equal(one.longest, ns);
	}
	for (int i = 0; i < 90; i++)
		tally_time(&y, 1000, 1);
	for (int i = 0; i < 9; i++)
		tally_time(&y, 100000, 1);
	tally_time(&y, 10000000, 1);
	assert_true(tally_percentile(y.times, 50) < 1200 && tally_percentile(y.times, 50) > 800);
	assert_true(tally_percentile(y.times, 90) < 1200);
	assert_true(tally_percentile(y.times, 91) > 80000);
	assert_true(tally_percentile(y.times, 99) < 120000);
	assert_true(tally_percentile(y.times, 100) > 8000000);
	tally_time(&y, UINT64_MAX, 1);
	tally_time(&y, 0, 1);
	tally_time(&y, 5, TALLY_SAMPLED);
	assert_int_equal(y.times[0], 1 + TALLY_SAMPLED);
	assert_int_equal(y.times[TALLY_BUCKETS - 1], 1);
}

static const struct monitor_calls *
row_of(struct fixture *f, struct twz_arena *arena, const char *name)
{
	const struct monitor_calls *rows;
	size_t n = monitor_calls(f->m, arena, &rows);

	for (size_t i = 0; i < n; i++)
		if (!strcmp(rows[i].gate->name, name))
			return &rows[i];
	return NULL;
}

static void
test_calls_are_counted(void **state)
{
	struct fixture *f = *state;
	const struct monitor_calls *row;
	const struct monitor_link_info *links;
	TWZ_ARENA arena = { 0 };
	int32_t three = 0;
	uint64_t n = 0;

	assert_true(fixture_open(f, 0));
	assert_null(row_of(f, &arena, "add"));
	/* Enough that one of them is timed even if all are hot. */
	for (int i = 0; i < 3 * TALLY_SAMPLED; i++)
		assert_call(f, add, &three, 1, 2);
	assert_call(f, increment, &n);
	monitor_gate_said_no(bind_gate(f, GATE_increment));
	assert_fails(f, crash, TWZ_CLASS_FAULT, "SIGSEGV");
	row = row_of(f, &arena, "add");
	assert_non_null(row);
	assert_string_equal(row->service->name, "test");
	assert_int_equal(row->calls, 3 * TALLY_SAMPLED);
	assert_int_equal(row->errors + row->failures, 0);
	assert_true(row->p50 && row->p50 <= row->p90 && row->p90 <= row->p99);
	assert_true(row->longest >= row->p50 / 2);
	row = row_of(f, &arena, "increment");
	assert_true(row && row->calls == 1 && row->errors == 1 && !row->failures);
	row = row_of(f, &arena, "crash");
	assert_true(row && row->calls == 1 && !row->errors && row->failures == 1);
	/* The link is gone with its instance; what it counted stays, and the next one goes on. */
	assert_call(f, add, &three, 1, 2);
	row = row_of(f, &arena, "add");
	assert_int_equal(row->calls, 3 * TALLY_SAMPLED + 1);
	assert_int_equal(monitor_links(f->m, &arena, &links), 1);
	assert_string_equal(links[0].to, "test");
	assert_string_equal(links[0].from, "");
	assert_int_equal(links[0].calls, 1);
	assert_int_equal(links[0].depth, 1);
}

enum { THREADS = 6, ROUNDS = 3, CALLS = 50 };

static void *
add_often(void *data)
{
	struct fixture *f = data;
	struct monitor_gate *g = NULL;
	int32_t three = 0;

	if (!monitor_bind(f->m, &f->test, &f->test.gates[GATE_add], &g, NULL))
		return f;
	for (int i = 0; i < CALLS; i++)
		if (!monitor_call(g, WORDS(1, 2), &three, -1, NULL))
			return f;
	return NULL;
}

/* Threads that come and go: none of their calls is lost, and others may look meanwhile. */
static void
test_threads_are_added_up(void **state)
{
	struct fixture *f = *state;
	const struct monitor_gate *g;
	size_t tallies = 0;
	TWZ_ARENA arena = { 0 };

	assert_true(fixture_open(f, 0));
	for (int r = 0; r < ROUNDS; r++) {
		pthread_t threads[THREADS];

		for (int i = 0; i < THREADS; i++)
			assert_int_equal(pthread_create(&threads[i], NULL, add_often, f), 0);
		row_of(f, &arena, "add");
		for (int i = 0; i < THREADS; i++) {
			void *failed = NULL;

			pthread_join(threads[i], &failed);
			assert_null(failed);
		}
	}
	assert_int_equal(row_of(f, &arena, "add")->calls, ROUNDS * THREADS * CALLS);
	g = bind_gate(f, GATE_add);
	for (const struct tally *y = g->tallies; y; y = y->next)
		tallies++;
	assert_true(tallies <= THREADS);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_percentiles),
		cmocka_unit_test_setup_teardown(test_calls_are_counted, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_threads_are_added_up, fixture_setup, fixture_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
