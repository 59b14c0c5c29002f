/* Putting gates before gates, for the tests of handlers: three services of one library, and short ways to say so. */
#pragma once

#include "monitor/handlers.h"
#include "monitor/internal.h"
#include "tests/unit/monitor_fixture.h"

static struct twz_service third;

static inline bool
interpose(struct fixture *f, const struct twz_service *service, enum gate_number gate, const struct twz_service *by,
	  enum gate_number handler)
{
	const struct monitor_handler h = { .service = service, .gate = &service->gates[gate], .by = by,
					   .by_gate = &by->gates[handler] };
	uint32_t n;

	f->err = (struct twz_error){ 0 };
	return monitor_interpose(f->m, &h, &n, &f->err);
}

#define assert_interposed(f, ...) \
	do { \
		bool ok_ = interpose((f), __VA_ARGS__); \
		if (!ok_) \
			fprintf(stderr, "%s\n", (f)->err.text); \
		assert_true(ok_); \
	} while (0)
#define assert_refused(f, error, part, ...) \
	do { \
		assert_false(interpose((f), __VA_ARGS__)); \
		assert_int_equal((f)->err.code, error); \
		if (!strstr((f)->err.text, part)) \
			fprintf(stderr, "%s\n", (f)->err.text); \
		assert_non_null(strstr((f)->err.text, part)); \
	} while (0)
#define assert_add(f, is) \
	do { \
		int32_t sum_ = 0; \
		assert_call(f, add, &sum_, 1, 2); \
		assert_int_equal(sum_, is); \
	} while (0)

static inline bool
uninterpose(struct fixture *f, const struct twz_service *service, enum gate_number gate)
{
	f->err = (struct twz_error){ 0 };
	return monitor_uninterpose(f->m, service, &service->gates[gate], &f->err);
}

static inline size_t
listed(struct fixture *f)
{
	TWZ_ARENA arena = { 0 };
	const struct monitor_handler *all;

	return monitor_handlers(f->m, &arena, &all);
}

static inline int
setup(void **state)
{
	struct fixture *f;

	if (fixture_setup(state))
		return -1;
	f = *state;
	third = service_of("third", f->library);
	return fixture_open(f, 0) ? 0 : -1;
}

#define T(name) cmocka_unit_test_setup_teardown(test_##name, setup, fixture_teardown)
