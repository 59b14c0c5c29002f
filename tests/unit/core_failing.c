/* Integers that say of a failure, and the gates that give the texts: which are errors, who can be asked, with what. */
#include "tests/unit/unit.h"

#include "twz/failtext.h"
#include "twz/image.h"
#include "twz/util.h"

static const struct twz_type u16 = { .kind = TWZ_INT, .size = 2, .align = 2, .name = "u16" };
static const struct twz_type log_type = { .kind = TWZ_OPAQUE, .form = TWZ_FORM_STRUCT, .name = "log" };
static const struct twz_type other_type = { .kind = TWZ_OPAQUE, .form = TWZ_FORM_STRUCT, .name = "other" };
static const struct twz_type to_log = { .kind = TWZ_POINTER, .size = 8, .align = 8, .name = "", .target = &log_type };
static const struct twz_type to_other = { .kind = TWZ_POINTER, .size = 8, .align = 8, .name = "",
					  .target = &other_type };
static const struct twz_type to_char = { .kind = TWZ_STRING, .size = 8, .align = 8, .name = "" };
static const struct twz_type to_i32 = { .kind = TWZ_POINTER, .size = 8, .align = 8, .name = "",
					.target = &twz_type_i32, .is_const = true };

static const struct twz_plan *
plan_of(struct twz_arena *arena, const struct twz_type *ret, uint64_t how, const struct twz_member *params, uint32_t n)
{
	struct twz_type *func = twz_new(arena, struct twz_type);
	struct twz_gate *gate = twz_new(arena, struct twz_gate);
	const struct twz_plan *plan;
	struct twz_error err = { 0 };

	*func = (struct twz_type){ .kind = TWZ_FUNC, .name = "", .is_prototyped = true, .target = ret, .count = how,
				   .why = how ? "speaker" : NULL, .members = params, .nmembers = n };
	*gate = (struct twz_gate){ .name = "gate", .symbol = "gate", .type = func, .why = "" };
	if (!twz_plan_make(gate, arena, &plan, &err))
		fail_msg("%s", err.text);
	return plan;
}

static void
numbers_are_failures(void **state)
{
	static const struct {
		uint64_t how;
		const struct twz_type *type;
		int64_t value;
		bool fails;
	} rows[] = {
		{ TWZ_RETURNS_NEGATIVE, &twz_type_i32, -1, true },
		{ TWZ_RETURNS_NEGATIVE, &twz_type_i32, INT64_C(0xffffffff), true },
		{ TWZ_RETURNS_NEGATIVE, &twz_type_u32, INT64_C(0x80000000), true },
		{ TWZ_RETURNS_NEGATIVE, &twz_type_u32, INT64_C(0x7fffffff), false },
		{ TWZ_RETURNS_NEGATIVE, &twz_type_i64, INT64_C(0xffffffff), false },
		{ TWZ_RETURNS_NEGATIVE, &twz_type_u64, -70, true },
		{ TWZ_RETURNS_NONZERO, &twz_type_i32, 0, false },
		{ TWZ_RETURNS_NONZERO, &twz_type_i32, INT64_C(0x100000000), false },
		{ TWZ_RETURNS_NONZERO, &twz_type_u64, INT64_C(0x100000000), true },
		{ TWZ_RETURNS_ZERO, &twz_type_i32, 0, true },
		{ TWZ_RETURNS_ZERO, &twz_type_i64, 1, false },
		{ TWZ_RETURNS_ERRNO, &twz_type_i32, -2, true },
		{ TWZ_RETURNS_OBJECT, &twz_type_i32, -2, false },
		{ 99, &twz_type_i32, -2, false },
	};

	(void)state;
	for (size_t i = 0; i < TWZ_COUNT(rows); i++)
		assert_int_equal(twz_failing(rows[i].how, rows[i].type, rows[i].value), rows[i].fails);
	assert_false(twz_failing_able(TWZ_RETURNS_NONZERO, &u16));
	assert_false(twz_failing_able(TWZ_RETURNS_ERRNO, &twz_type_u32));
	assert_false(twz_failing_able(TWZ_RETURNS_ZERO, &twz_type_string));
	assert_false(twz_failing_able(UINT64_MAX, &twz_type_i32));
	assert_false(twz_failing_able(TWZ_RETURNS_ZERO, NULL));
}

static void
results_have_their_numbers(void **state)
{
	TWZ_ARENA arena = { 0 };
	const struct twz_plan *plan = plan_of(&arena, &twz_type_u32, TWZ_RETURNS_NEGATIVE, NULL, 0);
	struct twz_error err = { 0 };
	uint32_t word = UINT32_MAX - 69;
	struct twz_value v;

	(void)state;
	assert_true(twz_image_result(plan, NULL, &word, &arena, &v, &err));
	assert_int_equal(v.kind, TWZ_VALUE_ERR);
	assert_true(v.list.items[0].integer == -70);
	assert_string_equal(twz_err_message(&arena, &v), "failed with -70");
	v = twz_err_text(&arena, v, "Too small");
	assert_string_equal(twz_err_message(&arena, &v), "Too small (-70)");
	word = 70;
	assert_true(twz_image_result(plan, NULL, &word, &arena, &v, &err));
	assert_int_equal(v.kind, TWZ_VALUE_OK);
	assert_true(v.list.items[0].integer == 70);
}

static void
speakers_are_asked(void **state)
{
	static const struct twz_member with_log[] = {
		{ .name = "n", .type = &twz_type_i32 },
		{ .name = "l", .type = &to_log, .has_extent = true, .extent = TWZ_OBJECT },
	};
	static const struct twz_member closes_log[] = {
		{ .name = "l", .type = &to_log, .has_extent = true, .extent = TWZ_OBJECT, .dir = TWZ_INOUT },
	};
	static const struct twz_member writes[] = {
		{ .name = "n", .type = &u16 },
		{ .name = "l", .type = &to_log, .has_extent = true, .extent = TWZ_OBJECT },
		{ .name = "to", .type = &to_char, .has_extent = true, .extent = 3, .dir = TWZ_OUT },
		{ .name = "room", .type = &twz_type_i32 },
	};
	TWZ_ARENA arena = { 0 };
	const struct twz_plan *plan = plan_of(&arena, &twz_type_i32, TWZ_RETURNS_NONZERO, with_log, 2);
	const struct twz_plan *closing = plan_of(&arena, &twz_type_i32, TWZ_RETURNS_NONZERO, closes_log, 1);
	const struct twz_plan *speaker = plan_of(&arena, &twz_type_i32, 0, writes, 4);
	uint64_t words[] = { 5, 77 }, asked[4];
	char buffer[TWZ_FAILTEXT_MAX];

	(void)state;
	assert_null(twz_failtext_reason(plan, speaker));
	twz_failtext_words(plan, words, -3, speaker, buffer, asked);
	assert_int_equal(asked[0], 0xfffd);
	assert_int_equal(asked[1], 77);
	assert_ptr_equal((void *)(uintptr_t)asked[2], buffer);
	assert_int_equal(asked[3], sizeof(buffer));
	/* What was closed is no object any more. */
	assert_non_null(twz_failtext_reason(closing, speaker));
	assert_null(twz_failtext_reason(plan, plan_of(&arena, &twz_type_string, 0, with_log, 1)));
}

static void
nobody_else_is_asked(void **state)
{
	static const struct twz_member other[] = {
		{ .name = "o", .type = &to_other, .has_extent = true, .extent = TWZ_OBJECT },
	};
	static const struct twz_member points[] = {
		{ .name = "n", .type = &twz_type_i32 },
		{ .name = "p", .type = &to_i32, .has_extent = true, .extent = -1, .count = 1 },
	};
	static const struct twz_member large[] = {
		{ .name = "n", .type = &twz_type_i32 },
		{ .name = "to", .type = &to_char, .has_extent = true, .extent = -1, .dir = TWZ_OUT,
		  .count = TWZ_FAILTEXT_MAX + 1 },
	};
	static const struct twz_member real[] = { { .name = "x", .type = &twz_type_f64 } };
	static const struct twz_member number[] = { { .name = "n", .type = &twz_type_i32 } };
	TWZ_ARENA arena = { 0 };
	const struct twz_plan *plan = plan_of(&arena, &twz_type_i32, TWZ_RETURNS_NONZERO, number, 1);

	(void)state;
	assert_non_null(twz_failtext_reason(plan, plan_of(&arena, &twz_type_string, 0, other, 1)));
	assert_non_null(twz_failtext_reason(plan, plan_of(&arena, &twz_type_string, 0, points, 2)));
	assert_non_null(twz_failtext_reason(plan, plan_of(&arena, &twz_type_i32, 0, large, 2)));
	assert_non_null(twz_failtext_reason(plan, plan_of(&arena, &twz_type_string, 0, real, 1)));
	assert_non_null(twz_failtext_reason(plan, plan_of(&arena, &twz_type_i32, 0, number, 1)));
	assert_non_null(twz_failtext_reason(plan, plan_of(&arena, &twz_type_string, 0, NULL, 0)));
}

static void
texts_are_harmless(void **state)
{
	static const struct {
		const char *given, *taken;
	} rows[] = {
		{ "fine", "fine" }, { "ends\n \n", "ends" }, { "two\nlines\t", "two lines" }, { "\033[2J", "?[2J" },
		{ "\302\233x", "??x" }, { "caf\303\251", "caf\303\251" }, { "\377", "?" }, { "", "" },
	};
	TWZ_ARENA arena = { 0 };
	static const struct twz_member number[] = { { .name = "n", .type = &twz_type_i32 } };
	const struct twz_plan *speaker = plan_of(&arena, &twz_type_string, 0, number, 1);
	char buffer[TWZ_FAILTEXT_MAX], large[2 * TWZ_FAILTEXT_MAX];
	const char *text;

	(void)state;
	for (size_t i = 0; i < TWZ_COUNT(rows); i++) {
		text = rows[i].given;
		twz_failtext_take(speaker, &text, buffer);
		assert_string_equal(buffer, rows[i].taken);
	}
	text = NULL;
	twz_failtext_take(speaker, &text, buffer);
	assert_string_equal(buffer, "");
	/* Cut, and not inside of a character: each has two bytes, and there is room for an odd number. */
	for (size_t i = 0; i < sizeof(large); i++)
		large[i] = i % 2 ? '\251' : '\303';
	large[sizeof(large) - 2] = '\0';
	text = large;
	twz_failtext_take(speaker, &text, buffer);
	assert_int_equal(strlen(buffer), TWZ_FAILTEXT_MAX - 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_failures),
		cmocka_unit_test(results_have_their_numbers),
		cmocka_unit_test(speakers_are_asked),
		cmocka_unit_test(nobody_else_is_asked),
		cmocka_unit_test(texts_are_harmless),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
