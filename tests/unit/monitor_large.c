/*
 * Large arguments and results that lie in the block while the gate runs: who may read and write there, who cannot,
 * and what becomes of it afterwards. tests/unit/wire_hostile.c has the same without processes.
 */
#include "monitor/internal.h"
#include "tests/unit/monitor_fixture.h"

enum { LARGE = 64 << 10, GUARD = 64 };

static uint8_t bytes[LARGE + GUARD], kept[LARGE + GUARD], out[LARGE + GUARD];

/* Bytes that no two places have in common, and a copy of them. */
static void
fill_bytes(uint32_t seed)
{
	for (uint32_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = kept[i] = (uint8_t)(i * 7 + (i >> 8) * 13 + seed) | 1;
	memset(out, 0x33, sizeof(out));
}

static uint64_t
add_up(const uint8_t *from, uint32_t n)
{
	uint64_t total = 0;

	for (uint32_t i = 0; i < n; i++)
		total += from[i] * (i % 251 + 1);
	return total;
}

static void
assert_converted(uint32_t n, uint32_t m)
{
	for (uint32_t i = 0; i < m; i++)
		assert_int_equal(out[i], i < n ? kept[n - 1 - i] ^ 0x5a : 0);
	assert_int_equal(out[m], 0x33);
	assert_memory_equal(bytes, kept, sizeof(bytes));
}

/* Only what is large, and only where the session calls. */
static void
test_where_it_lies(void **state)
{
	static char text[LARGE];
	struct fixture *f = *state;
	int32_t there = 0;

	memset(text, 'x', LARGE - 1);
	assert_true(fixture_open(f, 0));
	assert_call(f, shares, &there, POINTER(bytes), LARGE);
	assert_int_equal(there, 1);
	assert_call(f, shares, &there, POINTER(bytes), WIRE_IN_PLACE_LEAST);
	assert_int_equal(there, 1);
	assert_call(f, shares, &there, POINTER(bytes), WIRE_IN_PLACE_LEAST - 1);
	assert_int_equal(there, 0);
	assert_call(f, shares_text, &there, POINTER(text));
	assert_int_equal(there, 1);
	assert_call(f, shares_text, &there, POINTER("few"));
	assert_int_equal(there, 0);
}

/* What a service does to its argument is seen by nobody else, and by no other call. */
static void
test_service_scribbles(void **state)
{
	struct fixture *f = *state;
	uint64_t total = 0;

	assert_true(fixture_open(f, 0));
	for (uint32_t i = 0; i < 20; i++) {
		uint32_t n = LARGE - i * 1000;

		fill_bytes(i);
		assert_call(f, mangle, &total, POINTER(bytes), n);
		assert_true(total == add_up(kept, n));
		assert_memory_equal(bytes, kept, sizeof(bytes));
		assert_call(f, convert, &total, POINTER(bytes), n, POINTER(out), n);
		assert_true(total == add_up(kept, n));
		assert_converted(n, n);
		assert_add_works(f);
	}
}

/* The same in one crossing, where the arguments of all lie in one block. */
static void
test_many_scribble(void **state)
{
	struct fixture *f = *state;
	uint64_t words[8][4], rets[8] = { 0 };
	struct monitor_one ones[8];

	assert_true(fixture_open(f, 0));
	assert_add_works(f);
	fill_bytes(5);
	for (uint32_t i = 0; i < 8; i++) {
		uint32_t n = LARGE - i * 777;

		memcpy(words[i], WORDS(POINTER(bytes), n, POINTER(out), 20000), sizeof(words[i]));
		ones[i] = (struct monitor_one){ bind_gate(f, i % 4 == 3 ? GATE_convert : GATE_mangle), words[i],
						&rets[i], 0 };
	}
	assert_int_equal(monitor_call_many(ones, 8, 20 * (int64_t)LONG_NS, &f->err), 0);
	for (uint32_t i = 0; i < 8; i++)
		assert_true(rets[i] == add_up(kept, LARGE - i * 777));
	assert_converted(LARGE - 7 * 777, 20000);
}

/* Results beside arguments, of all sizes; what a gate does not write is zero, whatever lay there before. */
static void
test_results_beside_arguments(void **state)
{
	static const uint32_t sizes[] = { 0, 1, 100, WIRE_IN_PLACE_LEAST - 1, WIRE_IN_PLACE_LEAST,
					  WIRE_IN_PLACE_LEAST + 1, 40001, LARGE };
	struct fixture *f = *state;
	struct person bob = { "bob", 1, { 0 } };
	uint64_t total = 0;

	assert_true(fixture_open(f, 0));
	for (size_t i = 0; i < TWZ_COUNT(sizes); i++)
		for (size_t k = 0; k < TWZ_COUNT(sizes); k++) {
			fill_bytes((uint32_t)(i * 16 + k));
			total = 1;
			assert_call(f, convert, &total, POINTER(bytes), sizes[i], POINTER(out), sizes[k]);
			assert_true(total == add_up(kept, sizes[i]));
			assert_converted(sizes[i], sizes[k]);
			memset(out, 0x33, sizeof(out));
			assert_call(f, label, &total, POINTER(&bob), POINTER(bytes), sizes[i], POINTER(out), sizes[k]);
			assert_true(total == add_up(kept, sizes[i]) * 1000 + 30 +
				    (sizes[i] >= WIRE_IN_PLACE_LEAST) * 2 + (sizes[k] >= WIRE_IN_PLACE_LEAST));
			assert_int_equal(out[0], sizes[k] ? 'b' : 0x33);
			assert_int_equal(out[sizes[k]], 0x33);
		}
}

/* A text that is part of an argument. */
static void
test_text_out_of_argument(void **state)
{
	static char text[LARGE];
	struct fixture *f = *state;
	const char *half = NULL;

	assert_true(fixture_open(f, 0));
	for (uint32_t i = 0; i < LARGE - 1; i++)
		text[i] = (char)('a' + i % 23);
	for (uint32_t n = LARGE - 1; n; n /= 2) {
		text[n] = '\0';
		assert_call(f, second_half, &half, POINTER(text));
		assert_string_equal(half, text + n / 2);
	}
}

struct step {
	struct fixture *f;
	uint64_t total;
};

static int32_t
step(const char *text, void *data)
{
	struct step *s = data;
	struct twz_error err = { 0 };
	struct monitor_gate *g = NULL;
	static uint8_t other[LARGE];

	if (strcmp(text, "now") != 0 || !monitor_bind(s->f->m, &s->f->test, &fixture_gates[GATE_mangle], &g, &err) ||
	    !monitor_call(g, WORDS(POINTER(other), LARGE), &s->total, 20 * (int64_t)LONG_NS, &err))
		return -2;
	return 42;
}

/* The caller calls the same service again while the first call's argument lies in the block. */
static void
test_calls_meanwhile(void **state)
{
	struct fixture *f = *state;
	struct step s = { f, 1 };
	int32_t got = 0;

	assert_true(fixture_open(f, 0));
	fill_bytes(9);
	for (int i = 0; i < 3; i++) {
		s.total = 1;
		assert_call(f, call_back_with, &got, POINTER(bytes), LARGE, POINTER(step), POINTER(&s));
		assert_int_equal(got, 42);
		assert_true(s.total == 0);
	}
}

/* A service that writes to what it gave after it has given it: what its caller has stays. */
static void
test_keeps_writing(void **state)
{
	struct fixture *f = *state;
	uint64_t total = 0;

	assert_true(fixture_open(f, 0));
	fill_bytes(3);
	assert_call(f, keep_writing, NULL, POINTER(out), LARGE);
	memcpy(kept, out, sizeof(kept));
	assert_int_equal(out[LARGE - 1], 7);
	assert_int_equal(out[LARGE], 0x33);
	for (int i = 0; i < 50; i++) {
		assert_call(f, mangle, &total, POINTER(bytes), LARGE);
		assert_add_works(f);
	}
	assert_memory_equal(out, kept, sizeof(kept));
}

/* A compartment that changes its argument while the gate runs: it has no effect, because that is a copy. */
static void
test_compartment_changes_it(void **state)
{
	struct fixture *f = *state;
	int32_t got = -1;

	assert_true(fixture_open(f, 0));
	for (uint32_t i = 0; i < 3; i++) {
		assert_call(f, call_steady, &got, LARGE << i);
		assert_int_equal(got, 0);
	}
}

#define TEST(t) cmocka_unit_test_setup_teardown(t, fixture_setup, fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_where_it_lies), TEST(test_service_scribbles), TEST(test_many_scribble),
		TEST(test_results_beside_arguments), TEST(test_text_out_of_argument), TEST(test_calls_meanwhile),
		TEST(test_keeps_writing), TEST(test_compartment_changes_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
