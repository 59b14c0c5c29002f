/* One unit test of each outcome: the runner must count them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void
test_right(void **state)
{
	(void)state;
	assert_int_equal(1 + 1, 2);
}

static void
test_wrong(void **state)
{
	(void)state;
	assert_int_equal(1 + 1, 3);
}

static void
test_skipped(void **state)
{
	(void)state;
	skip();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_right),
		cmocka_unit_test(test_wrong),
		cmocka_unit_test(test_skipped),
	};

	return cmocka_run_group_tests_name("cases", tests, NULL, NULL);
}
