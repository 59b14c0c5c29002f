/* What a call carries. */
#include "tests/unit/monitor_fixture.h"

static void
test_words(void **state)
{
	struct fixture *f = *state;
	int32_t i = 0;
	int8_t c = 0;
	double d = 0;
	float r = 0;
	union { double d; float f; uint64_t w; } u = { .w = 0 };

	assert_true(fixture_open(f, 0));
	assert_add_works(f);
	assert_call(f, add, &i, (uint64_t)(int64_t)-5, 2);
	assert_int_equal(i, -3);
	assert_call(f, narrow, &c, 100);
	assert_int_equal(c, -100);
	u.d = 5.0;
	assert_call(f, half, &d, u.w);
	assert_true(d == 2.5);
	u.w = 0;
	u.f = 9.0f;
	assert_call(f, third, &r, u.w, 4);
	assert_true(r == 7.0f);
	assert_call(f, nothing, NULL);
}

static void
test_texts(void **state)
{
	struct fixture *f = *state;
	const char *text = NULL;

	assert_true(fixture_open(f, 0));
	assert_call(f, greet, &text, POINTER("bob"));
	assert_string_equal(text, "hello bob");
	assert_call(f, greet, &text, 0);
	assert_string_equal(text, "hello nobody");
	assert_fails(f, print, TWZ_CLASS_TYPE, "'text' is NULL", 0);
}

static void
test_buffers(void **state)
{
	struct fixture *f = *state;
	static uint32_t values[100000];
	static uint8_t bytes[1 << 20];
	uint64_t total = 0;
	int32_t n = 0;

	for (uint32_t i = 0; i < TWZ_COUNT(values); i++)
		values[i] = i;
	assert_true(fixture_open(f, 0));
	assert_call(f, sum, &total, POINTER(values), TWZ_COUNT(values));
	assert_int_equal(total, 99999ULL * 50000);
	assert_call(f, sum, &total, 0, 0);
	assert_int_equal(total, 0);
	assert_call(f, fill, &n, POINTER(bytes), sizeof(bytes) - 1, 0x5a);
	assert_int_equal(n, sizeof(bytes) - 1);
	assert_int_equal(bytes[0], 0x5a);
	assert_int_equal(bytes[sizeof(bytes) - 2], 0x5a);
	assert_int_equal(bytes[sizeof(bytes) - 1], 0);
	memcpy(bytes, "abcde", 5);
	assert_call(f, reverse, NULL, POINTER(bytes), 5);
	assert_memory_equal(bytes, "edcbaZ", 6);
	assert_fails(f, sum, TWZ_CLASS_TYPE, "does not fit", POINTER(values), 0x3fffffff);
	assert_add_works(f);
}

static void
test_structs(void **state)
{
	struct fixture *f = *state;
	struct point p = { 1.5, 4 }, q = { 0 };
	struct person bob = { "bob", UINT64_MAX - 1, { 1, 2, 3, 4 } }, r = { 0 };
	static struct big b, c;
	int32_t y = 0;

	assert_true(fixture_open(f, 0));
	assert_call(f, scale, &q, POINTER(&p), 3);
	assert_true(q.x == 4.5 && q.y == 12);
	assert_call(f, point_y, &y, POINTER(&p));
	assert_int_equal(y, 4);
	assert_call(f, point_y, &y, 0);
	assert_int_equal(y, -1);
	b.v[39] = 41;
	assert_call(f, grow, &c, POINTER(&b));
	assert_true(c.v[0] == 1 && c.v[39] == 42);
	assert_call(f, rename_person, &r, POINTER(&bob));
	assert_string_equal(r.name, "bob!");
	assert_true(r.id == UINT64_MAX && r.tag[0] == 1 && r.tag[3] == 7);
}

static void
test_missing_symbol(void **state)
{
	struct fixture *f = *state;

	assert_true(fixture_open(f, 0));
	assert_fails(f, missing, TWZ_CLASS_LINK, "does not export missing");
	assert_add_works(f);
}

static void
test_not_loadable(void **state)
{
	struct fixture *f = *state;
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/broken.so", f->folder);
	file = fopen(path, "w");
	fputs("not an ELF file", file);
	fclose(file);
	f->test.path = path;
	assert_true(fixture_open(f, 0));
	assert_fails(f, add, TWZ_CLASS_LINK, "cannot be loaded", 1, 2);
}

enum { THREADS = 4, CALLS = 100000 };

struct caller {
	struct fixture *f;
	uint64_t thread;
	bool ok;
};

static void *
call_often(void *data)
{
	struct caller *c = data;
	struct twz_error err = { 0 };
	struct monitor_gate *increment, *who;
	uint64_t value = 0;

	c->ok = monitor_bind(c->f->m, &c->f->test, &fixture_gates[GATE_increment], &increment, &err) &&
		monitor_bind(c->f->m, &c->f->test, &fixture_gates[GATE_caller_thread], &who, &err) &&
		monitor_call(who, WORDS(), &c->thread, -1, &err);
	for (int i = 0; c->ok && i < CALLS; i++)
		c->ok = monitor_call(increment, WORDS(), &value, 60 * (int64_t)1000000000, &err);
	return NULL;
}

static void
test_threads(void **state)
{
	struct fixture *f = *state;
	struct caller callers[THREADS] = { 0 };
	pthread_t threads[THREADS];
	uint64_t value = 0;

	assert_true(fixture_open(f, 0));
	for (int i = 0; i < THREADS; i++) {
		callers[i].f = f;
		assert_int_equal(pthread_create(&threads[i], NULL, call_often, &callers[i]), 0);
	}
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	for (int i = 0; i < THREADS; i++) {
		assert_true(callers[i].ok);
		for (int j = 0; j < i; j++)
			assert_int_not_equal(callers[i].thread, callers[j].thread);
	}
	assert_call(f, increment, &value);
	assert_int_equal(value, THREADS * CALLS + 1);
}

static void
test_identity_and_output(void **state)
{
	struct fixture *f = *state;
	const char *text = NULL;
	uint64_t id = 1;

	assert_true(fixture_open(f, 0));
	assert_call(f, caller_context, &text);
	assert_string_equal(text, "owner");
	assert_call(f, caller_compartment, &id);
	assert_int_equal(id, 0);
	assert_call(f, print, NULL, POINTER("one line\nand a half"));
	monitor_flush(f->m);
	assert_string_equal(f->output, "one line\nand a half");
}

static void
test_state_lasts(void **state)
{
	struct fixture *f = *state;
	const char *text = NULL;
	int32_t value = 0;

	assert_true(fixture_open(f, 0));
	assert_call(f, remember, &value, 42);
	assert_int_equal(value, 0);
	assert_call(f, state_dir, &text);
	assert_non_null(strstr(text, "/state/test"));
	monitor_close(f->m);
	f->m = NULL;
	assert_true(fixture_open(f, 0));
	assert_call(f, recall, &value);
	assert_int_equal(value, 42);
}

static void
test_nested(void **state)
{
	struct fixture *f = *state;
	const char *text = NULL;
	struct monitor_id id;
	int32_t value = 0;
	uint64_t who = 0;

	assert_true(fixture_open(f, 0));
	for (int i = 0; i < 3; i++) {
		assert_call(f, call_add, &value, 20, 22);
		assert_int_equal(value, 42);
	}
	assert_call(f, call_who, &who);
	assert_true(monitor_load(f->m, &f->test, NULL, &id, &f->err));
	assert_int_equal(who, id.value);
	assert_call(f, call_badly, &text, 0);
	assert_non_null(strstr(text, "other::crash: its compartment ended"));
	assert_call(f, call_add, &value, 1, 2);
	assert_int_equal(value, 3);
	assert_call(f, call_badly, &text, 1);
	assert_non_null(strstr(text, "has changed"));
	assert_call(f, call_many, &value);
	assert_int_equal(value, 2051);
	assert_call(f, descend, &value, 1);
	assert_int_equal(value, 16);
}

enum { ONES = 700 };

/* Many calls in few crossings: all right, in order, whatever they carry; what fails fails alone. */
static void
test_many(void **state)
{
	struct fixture *f = *state;
	struct monitor_one ones[ONES];
	static uint64_t words[ONES][2], rets[ONES];
	struct monitor_stats before, after;
	uint32_t values[3] = { 1, 2, 3 };

	assert_true(fixture_open(f, 0));
	assert_add_works(f);
	monitor_stats(f->m, &before);
	for (uint64_t i = 0; i < ONES; i++) {
		words[i][0] = i, words[i][1] = 1, rets[i] = 0;
		ones[i] = (struct monitor_one){ bind_gate(f, GATE_add), words[i], &rets[i], 99 };
		if (i % 7 == 3) {
			words[i][0] = POINTER(values), words[i][1] = 3;
			ones[i].gate = bind_gate(f, GATE_sum);
		}
	}
	assert_int_equal(monitor_call_many(ones, ONES, -1, &f->err), 0);
	for (uint64_t i = 0; i < ONES; i++) {
		assert_int_equal(ones[i].code, 0);
		assert_int_equal((uint32_t)rets[i], i % 7 == 3 ? 6 : i + 1);
	}
	monitor_stats(f->m, &after);
	assert_int_equal(after.calls - before.calls, ONES);
	assert_true(after.crossings - before.crossings <= 4);
	/* Texts live side by side; a wrong argument is that call's own failure; other services in between. */
	for (int i = 0; i < 9; i++)
		rets[i] = 0;
	words[0][0] = POINTER("a"), words[1][0] = POINTER("b"), words[2][0] = 0, words[2][1] = 5;
	ones[0].gate = ones[1].gate = bind_gate(f, GATE_greet);
	ones[2].gate = bind_gate(f, GATE_sum);		/* NULL for five values */
	ones[3] = (struct monitor_one){ bind_gate(f, GATE_missing), words[3], &rets[3], 0 };
	assert_true(monitor_bind(f->m, &f->other, &fixture_gates[GATE_add], &ones[4].gate, &f->err));
	words[4][0] = 40, words[4][1] = 2;
	words[5][0] = POINTER("c");
	ones[5].gate = bind_gate(f, GATE_greet);
	assert_int_equal(monitor_call_many(ones, 6, -1, &f->err), 2);
	assert_non_null(strstr(f->err.text, "sum"));
	assert_true(ones[2].code && ones[3].code && !ones[0].code && !ones[1].code && !ones[4].code);
	assert_string_equal((const char *)(uintptr_t)rets[0], "hello a");
	assert_string_equal((const char *)(uintptr_t)rets[1], "hello b");
	assert_int_equal((uint32_t)rets[4], 42);
	assert_string_equal((const char *)(uintptr_t)rets[5], "hello c");
	assert_int_equal(monitor_call_many(ones, 0, -1, &f->err), 0);
}

/* A compartment that ends in the middle: what was answered stands, the rest has failed. */
static void
test_many_and_a_crash(void **state)
{
	struct fixture *f = *state;
	struct monitor_one ones[5];
	uint64_t words[2] = { 20, 22 }, rets[5] = { 0 };

	assert_true(fixture_open(f, 0));
	for (int i = 0; i < 5; i++)
		ones[i] = (struct monitor_one){ bind_gate(f, i == 2 ? GATE_crash : GATE_add), words, &rets[i], 0 };
	for (int round = 0; round < 3; round++) {
		f->err = (struct twz_error){ 0 };
		assert_int_equal(monitor_call_many(ones, 5, LONG_NS, &f->err), 3);
		assert_int_equal(f->err.cls, TWZ_CLASS_FAULT);
		assert_true(!ones[0].code && !ones[1].code && ones[2].code && ones[3].code && ones[4].code);
		assert_int_equal((uint32_t)rets[1], 42);
	}
	assert_add_works(f);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

/* Made ahead and brought to its caller's CPU, a process may run everywhere all the same. */
static void
test_runs_everywhere(void **state)
{
	struct fixture *f = *state;
	cpu_set_t own, its;

	assert_true(fixture_open(f, 0));
	assert_int_equal(sched_getaffinity(0, sizeof(own), &own), 0);
	for (int i = 0; i < 10; i++) {
		const struct monitor_info *infos;
		TWZ_ARENA arena = { 0 };
		int32_t sum = 0;
		size_t n;

		assert_int_equal(call_gate(f, GATE_add, &sum, -1, WORDS(1, 2)), TWZ_CLASS_NONE);
		n = monitor_list(f->m, &arena, &infos);
		while (n && strcmp(infos[n - 1].service, "test") != 0)
			n--;
		assert_true(n);
		assert_int_equal(sched_getaffinity(infos[n - 1].pid, sizeof(its), &its), 0);
		assert_true(CPU_EQUAL(&own, &its));
		call_gate(f, GATE_spin, NULL, 1000000, WORDS());	/* the next one is another process */
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_runs_everywhere), TEST(test_words), TEST(test_texts), TEST(test_buffers), TEST(test_structs),
		TEST(test_missing_symbol), TEST(test_not_loadable), TEST(test_threads),
		TEST(test_identity_and_output), TEST(test_state_lasts), TEST(test_nested),
		TEST(test_many), TEST(test_many_and_a_crash),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
