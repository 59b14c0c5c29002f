/* A service that answers in its guest's place: whatever it says, the caller gets a typed fault. */
#include "monitor/wire.h"
#include "monitor/link.h"
#include "tests/unit/monitor_fixture.h"

enum { DATA = LINK_ROOM - 3 * 8 };
#define REF(offset, size) ((uint64_t)(uint32_t)(size) << 32 | (uint32_t)(offset))

static const struct {
	enum gate_number gate;
	int64_t status;
	uint64_t word, inner;
	enum twz_class want;
} lies[] = {
	/* Two truths first: the forger's answers do arrive. */
	{ GATE_forge_word, 0, 5, 0, TWZ_CLASS_NONE },
	{ GATE_forge_text, 0, REF(DATA - 1, 1), 0, TWZ_CLASS_NONE },
	{ GATE_forge_person, 0, 0, UINT64_MAX, TWZ_CLASS_NONE },
	{ GATE_forge_word, 1, 5, 0, TWZ_CLASS_FAULT },
	{ GATE_forge_word, -EINVAL, 5, 0, TWZ_CLASS_FAULT },
	{ GATE_forge_word, -ENOSYS, 5, 0, TWZ_CLASS_FAULT },
	{ GATE_forge_word, INT64_MIN, 5, 0, TWZ_CLASS_FAULT },
	{ GATE_forge_word, INT64_MAX, 5, 0, TWZ_CLASS_FAULT },
	{ GATE_forge_text, 42, REF(0, 1), 0, TWZ_CLASS_FAULT },
	{ GATE_forge_text, 0, REF(0, 0), 0, TWZ_CLASS_NONE },	/* 0: the word stays as it was … */
	{ GATE_forge_text, 0, REF(8, 0), 0, TWZ_CLASS_FAULT },	/* … a text without its NUL */
	{ GATE_forge_text, 0, REF(DATA, 1), 0, TWZ_CLASS_FAULT },
	{ GATE_forge_text, 0, REF(DATA - 1, 2), 0, TWZ_CLASS_FAULT },
	{ GATE_forge_text, 0, REF(1, DATA), 0, TWZ_CLASS_FAULT },
	{ GATE_forge_text, 0, REF(UINT32_MAX, 1), 0, TWZ_CLASS_FAULT },
	{ GATE_forge_text, 0, REF(8, UINT32_MAX), 0, TWZ_CLASS_FAULT },
	{ GATE_forge_text, 0, REF(UINT32_MAX, UINT32_MAX - 1), 0, TWZ_CLASS_FAULT },
	{ GATE_forge_person, 0, REF(8, 24), UINT64_MAX, TWZ_CLASS_FAULT },
	{ GATE_forge_person, 0, REF(0, 25), UINT64_MAX, TWZ_CLASS_FAULT },
	{ GATE_forge_person, 0, REF(UINT32_MAX, 24), UINT64_MAX, TWZ_CLASS_FAULT },
	{ GATE_forge_person, 0, UINT64_MAX, UINT64_MAX, TWZ_CLASS_FAULT },
	{ GATE_forge_person, 0, 0, REF(DATA, 1), TWZ_CLASS_FAULT },
	{ GATE_forge_person, 0, 0, REF(1, DATA), TWZ_CLASS_FAULT },
	{ GATE_forge_person, 0, 0, REF(UINT32_MAX, 2), TWZ_CLASS_FAULT },
	{ GATE_forge_person, 0, 0, REF(8, 0), TWZ_CLASS_FAULT },
};

static void
test_lies(void **state)
{
	struct fixture *f = *state;

	assert_true(fixture_open(f, 0));
	for (size_t i = 0; i < TWZ_COUNT(lies); i++) {
		uint64_t ret[8];
		enum twz_class got;

		/* A text with an empty reference: the word is what the monitor prefilled. */
		if (lies[i].gate == GATE_forge_text && !lies[i].word)
			continue;
		got = call_gate(f, lies[i].gate, ret, LONG_NS,
				WORDS((uint64_t)lies[i].status, lies[i].word, lies[i].inner));
		if (got != lies[i].want)
			fprintf(stderr, "lie %zu: %s: %s\n", i, twz_class_text(got), f->err.text);
		assert_int_equal(got, lies[i].want);
		/* The forger's thread never comes back, so that the next call meets its deadline. */
		if (got == TWZ_CLASS_NONE)
			assert_int_equal(call_gate(f, GATE_nothing, NULL, 20000000, WORDS()),
					 TWZ_CLASS_TIMEOUT);
		assert_add_works(f);
	}
}

/* A count behind a pointer: what comes back never counts more than there was room for. */
static void
test_counts(void **state)
{
	struct fixture *f = *state;
	uint8_t bytes[32] = { 0 };
	uint64_t n = 16;
	int32_t less;

	assert_true(fixture_open(f, 0));
	assert_call(f, pack, &less, POINTER(bytes), POINTER(&n), 6, 0);
	assert_int_equal(n, 10);
	assert_int_equal(bytes[9], 7);
	assert_int_equal(bytes[10], 0);
	n = 16;
	assert_fails(f, pack, TWZ_CLASS_FAULT, "more than there was room for", POINTER(bytes), POINTER(&n), 6, 7);
	n = 16;
	assert_fails(f, pack, TWZ_CLASS_FAULT, "more than there was room for", POINTER(bytes), POINTER(&n), 6,
		     UINT64_MAX - 10);
	assert_int_equal(n, 0);
	assert_int_equal(bytes[16], 0);
	n = UINT64_MAX;
	assert_fails(f, pack, TWZ_CLASS_TYPE, "does not fit", POINTER(bytes), POINTER(&n), 0, 0);
	assert_fails(f, pack, TWZ_CLASS_TYPE, "length of parameter", POINTER(bytes), 0, 0, 0);
	assert_add_works(f);
}

/* A number is an object only as long as it is open, of that type, and in that compartment. */
static void
test_objects(void **state)
{
	struct fixture *f = *state;
	uint64_t numbers[200], seven = 0;
	int32_t zero;

	assert_true(fixture_open(f, 0));
	for (size_t i = 0; i < TWZ_COUNT(numbers); i++)
		assert_call(f, open_number, &zero, POINTER(&numbers[i]), 7 + i);
	for (size_t i = 0; i < TWZ_COUNT(numbers); i++) {
		assert_call(f, look_at, &seven, numbers[i]);
		assert_int_equal(seven, 7 + i);
	}
	assert_fails(f, look_wrongly, TWZ_CLASS_TYPE, "argument 'text' is no u8 of", numbers[0]);
	assert_fails(f, look_at, TWZ_CLASS_TYPE, "argument 'number' is no ", 1);
	assert_fails(f, look_at, TWZ_CLASS_TYPE, "argument 'number' is no ", numbers[0] + 1000);
	assert_fails(f, look_at, TWZ_CLASS_TYPE, "argument 'number' is no ", numbers[0] + ((uint64_t)1 << 32));
	assert_fails(f, look_at, TWZ_CLASS_TYPE, "argument 'number' is no ", UINT64_MAX);
	assert_call(f, close_number, NULL, numbers[0]);
	assert_fails(f, look_at, TWZ_CLASS_TYPE, "argument 'number' is no ", numbers[0]);
	assert_fails(f, close_number, TWZ_CLASS_TYPE, "argument 'number' is no ", numbers[0]);
	assert_call(f, open_number, &zero, POINTER(&seven), 99);
	assert_int_not_equal(seven, numbers[0]);
	assert_call(f, open_number, &zero, POINTER(&seven), 0);
	assert_int_equal(seven, 0);
	assert_call(f, look_at, &seven, 0);
	assert_add_works(f);
}

/* As many objects as there may be, and one more; none of them is known to the compartment's successor. */
static void
test_too_many_objects(void **state)
{
	enum { MOST = 1 << 16 };
	struct fixture *f = *state;
	uint64_t number = 0, last = 0, seven = 0;
	int32_t zero;

	assert_true(fixture_open(f, 0));
	for (size_t i = 0; i < MOST; i++)
		assert_call(f, open_number, &zero, POINTER(&number), 7);
	assert_fails(f, open_number, TWZ_CLASS_LINK, "too many objects", POINTER(&last), 7);
	assert_true(f->err.code == TWZ_ERR(RESOURCE, OUT_OF_RESOURCES));
	assert_call(f, close_number, NULL, number);
	assert_call(f, open_number, &zero, POINTER(&number), 7);
	assert_fails(f, crash, TWZ_CLASS_FAULT, "SIGSEGV");
	assert_call(f, open_number, &zero, POINTER(&last), 7);
	assert_fails(f, look_at, TWZ_CLASS_TYPE, "argument 'number' is no ", number);
	assert_true(f->err.code == TWZ_ERR(ARGUMENT, BAD_HANDLE));
	assert_call(f, look_at, &seven, last);
	assert_int_equal(seven, 7);
}

static void
test_silent_death(void **state)
{
	struct fixture *f = *state;

	struct timespec start, end;

	assert_true(fixture_open(f, 0));
	assert_add_works(f);
	clock_gettime(CLOCK_MONOTONIC, &start);
	assert_fails(f, vanish, TWZ_CLASS_FAULT, "exited with status 9");
	clock_gettime(CLOCK_MONOTONIC, &end);
	/* Long before the deadline: the monitor noticed, since the kernel could not. */
	assert_true((end.tv_sec - start.tv_sec) * 1000 + (end.tv_nsec - start.tv_nsec) / 1000000 < 1000);
	assert_add_works(f);
}

static void
test_scribbles(void **state)
{
	static const uint32_t values[] = { 1, 0x3fffffff, 0x40000000, 0x80000000, UINT32_MAX };
	struct fixture *f = *state;

	assert_true(fixture_open(f, 0));
	for (size_t i = 0; i < TWZ_COUNT(values); i++) {
		enum twz_class got;

		assert_add_works(f);
		got = call_gate(f, GATE_scribble, NULL, 100000000, WORDS(values[i]));
		assert_true(got == TWZ_CLASS_FAULT || got == TWZ_CLASS_TIMEOUT);
	}
	assert_add_works(f);
}

static void
test_babble(void **state)
{
	static const uint32_t sizes[] = { 1, 55, 56, 57, 64, 72, 120, 4096, 8192 };
	struct fixture *f = *state;
	struct monitor_id before, after;
	struct monitor_gate *other;
	uint64_t three = 0, start;
	int32_t ignored = 0;

	assert_true(fixture_open(f, 0));
	assert_true(monitor_bind(f->m, &f->other, &fixture_gates[GATE_add], &other, &f->err));
	for (uint32_t kind = 0; kind < 25; kind++)
		for (size_t i = 0; i < TWZ_COUNT(sizes); i++) {
			int32_t sent = 0;
			enum twz_class got = call_gate(f, GATE_babble, &sent, LONG_NS,
						       WORDS(kind, sizes[i]));

			assert_true(got == TWZ_CLASS_NONE || got == TWZ_CLASS_FAULT ||
				    got == TWZ_CLASS_LINK);
			assert_true(monitor_call(other, WORDS(1, 2), &three, LONG_NS, &f->err));
		}
	/* A message that makes no sense ends its sender: during that call, or during or between later ones. */
	assert_true(monitor_load(f->m, &f->test, NULL, &before, &f->err));
	call_gate(f, GATE_babble, &ignored, LONG_NS, WORDS(1000, 8192));
	start = link_now();
	do {
		call_gate(f, GATE_nothing, NULL, LONG_NS, WORDS());
		memset(&f->err, 0, sizeof(f->err));
		assert_true(monitor_load(f->m, &f->test, NULL, &after, &f->err));
	} while (after.value == before.value && link_now() - start < 10000000000);
	assert_int_not_equal(after.value, before.value);
	assert_add_works(f);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_lies), TEST(test_counts), TEST(test_objects), TEST(test_too_many_objects), TEST(test_silent_death), TEST(test_scribbles), TEST(test_babble),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
