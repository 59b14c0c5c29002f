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
	assert_call(f, descend, &value, 1);
	assert_int_equal(value, 16);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_words), TEST(test_texts), TEST(test_buffers), TEST(test_structs),
		TEST(test_missing_symbol), TEST(test_not_loadable), TEST(test_threads),
		TEST(test_identity_and_output), TEST(test_state_lasts), TEST(test_nested),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
