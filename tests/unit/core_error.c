/* Every code survives encode and decode; only 0 is success; the first failure wins. */
#include "tests/unit/unit.h"

#include <errno.h>

#include "twz/error.h"

static void
every_code_is_itself(void **state)
{
	size_t n;
	const struct twz_code *codes = twz_codes(&n);

	(void)state;
	assert_int_equal(n, 46);
	for (size_t i = 0; i < n; i++) {
		char text[96];

		assert_true(codes[i].code != 0);
		assert_true(twz_code_category(codes[i].code) != TWZ_CAT_UNCATEGORIZED);
		twz_code_text(codes[i].code, text, sizeof(text));
		assert_non_null(strstr(text, codes[i].text));
		for (size_t j = 0; j < i; j++) {
			char other[96];

			assert_true(codes[i].code != codes[j].code);
			assert_string_not_equal(text, twz_code_text(codes[j].code, other,
								    sizeof(other)));
		}
	}
}

static void
numbers_are_twizzlers(void **state)
{
	char text[96];

	(void)state;
	assert_true(TWZ_ERR(GENERIC, OTHER) == (uint64_t)1 << 32);
	assert_true(TWZ_ERR(GENERIC, ACCESS_DENIED) == ((uint64_t)1 << 32 | 5));
	assert_true(TWZ_ERR(RESOURCE, NON_ATOMIC) == ((uint64_t)3 << 32 | 9));
	assert_true(TWZ_ERR(SECURITY, GATE_DENIED) == ((uint64_t)7 << 32 | 4));
	assert_string_equal(twz_code_text(TWZ_ERR(NAMING, NOT_FOUND), text, sizeof(text)),
			    "naming error: not found");
	assert_string_equal(twz_code_text(TWZ_ERR(IO, RESET), text, sizeof(text)),
			    "I/O error: reset");
	assert_string_equal(twz_code_text(7, text, sizeof(text)), "uncategorized error: 7");
	assert_string_equal(twz_code_text(0, text, sizeof(text)), "success");
}

static void
first_failure_wins(void **state)
{
	struct twz_error err = { 0 };

	(void)state;
	assert_false(twz_fail(&err, TWZ_CLASS_TYPE, TWZ_ERR(ARGUMENT, WRONG_TYPE), "first %d", 1));
	assert_false(twz_fail(&err, TWZ_CLASS_NAME, 1, "second"));
	assert_int_equal(err.cls, TWZ_CLASS_TYPE);
	assert_string_equal(err.text, "first 1");
	twz_wrap(&err, "while %s", "testing");
	assert_string_equal(err.text, "while testing: first 1");
	twz_hint(&err, "do this");
	twz_hint(&err, "not that");
	assert_string_equal(err.hint, "do this");
	assert_int_equal(twz_class_status(err.cls), 3);
}

static void
system_errors_have_codes(void **state)
{
	struct twz_error err = { 0 };

	(void)state;
	twz_fail_sys(&err, ENOENT, "open %s", "x");
	assert_string_equal(err.text, "open x: No such file or directory");
	assert_true(err.code == TWZ_ERR(NAMING, NOT_FOUND));
	assert_int_equal(err.cls, TWZ_CLASS_LINK);
}

static void
long_texts_end_at_a_character(void **state)
{
	struct twz_error err = { 0 };
	char text[1200] = "";

	(void)state;
	for (size_t i = 0; i + 2 < sizeof(text); i += 2)
		memcpy(text + i, "é", 2);
	twz_fail(&err, TWZ_CLASS_GATE, 1, "x%s", text);
	assert_true(strlen(err.text) < sizeof(err.text));
	assert_int_equal((unsigned char)err.text[strlen(err.text) - 1], 0xa9);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_code_is_itself),
		cmocka_unit_test(numbers_are_twizzlers),
		cmocka_unit_test(first_failure_wins),
		cmocka_unit_test(system_errors_have_codes),
		cmocka_unit_test(long_texts_end_at_a_character),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
