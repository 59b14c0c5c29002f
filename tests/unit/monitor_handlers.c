/*
 * The table of gates that answer for other compartments' gates. The first group are the tests that 3i has for its
 * table of handlers, by today's semantics: one slot for each call, registering again replaces, taking away is its own
 * operation, and copying overwrites.
 */
#include "tests/unit/monitor_interposed.h"

/* -- the table -------------------------------------------------------------------------------------- */

static void
test_insert_creates_mapping(void **state)
{
	struct fixture *f = *state;
	TWZ_ARENA arena = { 0 };
	const struct monitor_handler *all;

	assert_int_equal(listed(f), 0);
	assert_add(f, 3);
	assert_interposed(f, &f->test, GATE_add, &f->other, GATE_always);
	assert_add(f, 1234);
	assert_int_equal(monitor_handlers(f->m, &arena, &all), 1);
	assert_ptr_equal(all->service, &f->test);
	assert_string_equal(all->gate->name, "add");
	assert_ptr_equal(all->by, &f->other);
	assert_string_equal(all->by_gate->name, "always");
	assert_string_equal(all->state, "ready");
	assert_true(all->in_use && !all->any && !all->required);
	assert_int_equal(all->answered, 1);
}

static void
test_again_is_the_same(void **state)
{
	struct fixture *f = *state;

	for (int i = 0; i < 3; i++)
		assert_interposed(f, &f->test, GATE_add, &f->other, GATE_always);
	assert_int_equal(listed(f), 1);
	assert_add(f, 1234);
}

static void
test_again_replaces(void **state)
{
	struct fixture *f = *state;

	assert_interposed(f, &f->test, GATE_add, &f->other, GATE_always);
	assert_add(f, 1234);
	assert_interposed(f, &f->test, GATE_add, &third, GATE_plus_one);
	assert_int_equal(listed(f), 1);
	assert_add(f, 4);
	/* … also by another gate of the same compartment, on the same link. */
	assert_interposed(f, &f->test, GATE_add, &third, GATE_times_two);
	assert_add(f, 6);
}

static void
test_taking_away(void **state)
{
	struct fixture *f = *state;

	assert_interposed(f, &f->test, GATE_add, &f->other, GATE_always);
	assert_interposed(f, &f->test, GATE_half, &f->other, GATE_pass_doubled);
	assert_true(uninterpose(f, &f->test, GATE_add));
	assert_int_equal(listed(f), 1);
	assert_add(f, 3);
	assert_true(uninterpose(f, &f->test, GATE_half));
	assert_int_equal(listed(f), 0);
}

static void
test_absent_is_typed(void **state)
{
	struct fixture *f = *state;

	assert_false(uninterpose(f, &f->test, GATE_add));
	assert_int_equal(f->err.code, TWZ_ERR(NAMING, NOT_FOUND));
	assert_add(f, 3);
	assert_false(uninterpose(f, &f->test, GATE_add));
	assert_int_equal(f->err.cls, TWZ_CLASS_NAME);
	assert_int_equal(f->err.code, TWZ_ERR(NAMING, NOT_FOUND));
	assert_false(monitor_uninterpose(f->m, &f->test, NULL, &f->err));
	assert_int_equal(f->err.code, TWZ_ERR(NAMING, NOT_FOUND));
}

/* A compartment that others still use, and that is to end when they no longer do. */
static void
test_exiting_blocks(void **state)
{
	struct fixture *f = *state;
	bool put_off = false;
	int32_t sum = 0;

	assert_call(f, call_add, &sum, 1, 2);
	assert_interposed(f, &f->other, GATE_half, &third, GATE_pass_doubled);
	assert_interposed(f, &third, GATE_half, &f->other, GATE_pass_doubled);
	assert_true(monitor_unload(f->m, &f->other, false, &put_off, &f->err));
	assert_true(put_off);
	assert_int_equal(listed(f), 0);
	assert_refused(f, TWZ_ERR(NAMING, NOT_FOUND), "other is exiting", &f->other, GATE_add, &third, GATE_always);
	assert_refused(f, TWZ_ERR(NAMING, NOT_FOUND), "other is exiting", &third, GATE_add, &f->other, GATE_always);
	assert_int_equal(listed(f), 0);
}

static uint32_t
copied(struct fixture *f, const struct twz_service *from, const struct twz_service *to)
{
	uint32_t n = 0;

	f->err = (struct twz_error){ 0 };
	return monitor_copy_handlers(f->m, from, to, &n, &f->err) ? n : 0;
}

static void
test_copies(void **state)
{
	struct fixture *f = *state;
	struct twz_service fourth = service_of("fourth", f->library);
	TWZ_ARENA arena = { 0 };
	const struct monitor_handler *all;

	assert_false(copied(f, &f->test, &third));
	assert_int_equal(f->err.code, TWZ_ERR(NAMING, NOT_FOUND));
	assert_interposed(f, &f->test, GATE_add, &f->other, GATE_always);
	assert_interposed(f, &f->test, GATE_half, &fourth, GATE_pass_doubled);
	assert_interposed(f, &third, GATE_add, &f->other, GATE_refuse);
	assert_interposed(f, &third, GATE_greet, &f->other, GATE_pass_text);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(copied(f, &f->test, &third), 2);
		/* Overwritten, not merged; the source is as it was. */
		assert_int_equal(monitor_handlers(f->m, &arena, &all), 4);
		for (size_t k = 0; k < 4; k++)
			assert_true(!strcmp(all[k].gate->name, "add") || !strcmp(all[k].gate->name, "half"));
	}
	assert_false(copied(f, &fourth, &third));
	assert_int_equal(f->err.code, TWZ_ERR(NAMING, NOT_FOUND));
	assert_int_equal(listed(f), 4);
	/* What would answer for itself is left out. */
	assert_int_equal(copied(f, &f->test, &f->other), 1);
	monitor_close(f->m);
	f->m = NULL;
}

static void
test_copies_and_exits(void **state)
{
	struct fixture *f = *state;
	bool put_off = false;
	int32_t sum = 0;

	assert_interposed(f, &f->test, GATE_half, &third, GATE_pass_doubled);
	assert_call(f, call_add, &sum, 1, 2);
	assert_true(monitor_unload(f->m, &f->other, false, &put_off, &f->err));
	assert_true(put_off);
	assert_false(copied(f, &f->test, &f->other));
	assert_int_equal(f->err.code, TWZ_ERR(NAMING, NOT_FOUND));
	assert_false(copied(f, &f->other, &f->test));
	assert_int_equal(f->err.code, TWZ_ERR(NAMING, NOT_FOUND));
	assert_int_equal(listed(f), 1);
}

/* -- types, loops ------------------------------------------------------------------------------------ */

static void
test_types_must_be_the_same(void **state)
{
	struct fixture *f = *state;

	assert_refused(f, TWZ_ERR(ARGUMENT, WRONG_TYPE), "half(d: f64) -> f64", &f->test, GATE_add, &f->other,
		       GATE_half);
	assert_non_null(strstr(f->err.text, "add(a: i32, b: i32) -> i32"));
	/* The same C types, but what goes in there comes out here. */
	assert_refused(f, TWZ_ERR(ARGUMENT, WRONG_TYPE), "reverse", &f->test, GATE_sum, &f->other, GATE_reverse);
	assert_refused(f, TWZ_ERR(ARGUMENT, WRONG_TYPE), "greet", &f->test, GATE_print, &f->other, GATE_greet);
	assert_refused(f, TWZ_ERR(GENERIC, NOT_SUPPORTED), "objects of test's own", &f->test, GATE_look_at, &f->other,
		       GATE_look_at);
	assert_int_equal(listed(f), 0);
	assert_add(f, 3);
}

static void
test_no_loops(void **state)
{
	struct fixture *f = *state;
	struct twz_service many[HANDLERS_DEEP + 1];
	char names[HANDLERS_DEEP + 1][16];

	assert_refused(f, TWZ_ERR(ARGUMENT, INVALID_ARGUMENT), "itself", &f->test, GATE_add, &f->test, GATE_always);
	assert_interposed(f, &f->test, GATE_plus_one, &f->other, GATE_plus_one);
	assert_interposed(f, &f->other, GATE_plus_one, &third, GATE_plus_one);
	assert_refused(f, TWZ_ERR(NAMING, LINK_LOOP), "which answers for it", &third, GATE_plus_one, &f->test,
		       GATE_plus_one);
	/* Not deeper than a route is long, from above as from below. */
	for (int i = 0; i <= HANDLERS_DEEP; i++) {
		snprintf(names[i], sizeof(names[i]), "m%d", i);
		many[i] = service_of(names[i], f->library);
	}
	assert_interposed(f, &f->test, GATE_add, &many[0], GATE_plus_one);
	for (int i = 1; i < HANDLERS_DEEP - 1; i++)
		assert_interposed(f, &many[i - 1], GATE_plus_one, &many[i], GATE_plus_one);
	assert_refused(f, TWZ_ERR(NAMING, LINK_LOOP), "deep", &many[HANDLERS_DEEP - 2], GATE_plus_one,
		       &many[HANDLERS_DEEP - 1], GATE_plus_one);
	assert_refused(f, TWZ_ERR(NAMING, LINK_LOOP), "deep", &many[HANDLERS_DEEP], GATE_add, &f->test, GATE_add);
	assert_add(f, 3 + HANDLERS_DEEP - 1);
	monitor_close(f->m);
	f->m = NULL;
}

/* A handler that calls the gate anew, instead of passing the call on, calls itself. */
static void
test_recursion_ends(void **state)
{
	struct fixture *f = *state;

	assert_interposed(f, &f->test, GATE_add, &f->other, GATE_call_again);
	assert_fails(f, add, TWZ_CLASS_SECURITY, "Permission denied", 1, 2);
	assert_true(uninterpose(f, &f->test, GATE_add));
	assert_add(f, 3);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(insert_creates_mapping), T(again_is_the_same), T(again_replaces), T(taking_away),
		T(absent_is_typed), T(exiting_blocks), T(copies), T(copies_and_exits), T(types_must_be_the_same),
		T(no_loops), T(recursion_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
