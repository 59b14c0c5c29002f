/* Gates called without a compartment: every way of passing arrives as the compiler passes it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "monitor/internal.h"

struct small { float x, y; };
struct mixed { double d; int32_t i; };
struct big { int64_t a, b, c; char name[8]; };

static int8_t negate(int8_t n) { return (int8_t)-n; }
static double scale(double d, float f, uint16_t n) { return d * (double)f + n; }
static struct small swap(struct small s) { return (struct small){ s.y, s.x }; }
static struct mixed mix(struct mixed m, int32_t i) { return (struct mixed){ m.d * 2, m.i + i }; }
static struct big grow(struct big b, const char *name)
{
	b.a++;
	strncpy(b.name, name, sizeof(b.name) - 1);
	return b;
}
static void fill(uint8_t *bytes, uint64_t n) { memset(bytes, 7, n); }

#define FIELD(s, f, t) { .name = #f, .type = (t), .offset = offsetof(struct s, f) }

static const struct twz_member m_small[] = { FIELD(small, x, &twz_type_f32),
					     FIELD(small, y, &twz_type_f32) };
static const struct twz_type t_small = {
	.kind = TWZ_STRUCT, .size = 8, .align = 4, .name = "small", .members = m_small,
	.nmembers = 2,
};
static const struct twz_member m_mixed[] = { FIELD(mixed, d, &twz_type_f64),
					     FIELD(mixed, i, &twz_type_i32) };
static const struct twz_type t_mixed = {
	.kind = TWZ_STRUCT, .size = 16, .align = 8, .name = "mixed", .members = m_mixed,
	.nmembers = 2,
};
static const struct twz_type t_name = {
	.kind = TWZ_ARRAY, .size = 8, .align = 1, .count = 8, .target = &twz_type_char,
	.name = "",
};
static const struct twz_member m_big[] = {
	FIELD(big, a, &twz_type_i64), FIELD(big, b, &twz_type_i64), FIELD(big, c, &twz_type_i64),
	FIELD(big, name, &t_name),
};
static const struct twz_type t_big = {
	.kind = TWZ_STRUCT, .size = 32, .align = 8, .name = "big", .members = m_big,
	.nmembers = 4,
};
static const struct twz_type t_text = {
	.kind = TWZ_STRING, .is_const = true, .size = 8, .align = 8, .name = "",
};
static const struct twz_type t_bytes = {
	.kind = TWZ_POINTER, .size = 8, .align = 8, .name = "", .target = &twz_type_u8,
};

/* Calls @function as a gate of these parameters. */
static void
call(void *function, const struct twz_type *returns, const struct twz_member *params, uint32_t n,
     const uint64_t *words, void *ret)
{
	const struct twz_type type = { .kind = TWZ_FUNC, .is_prototyped = true, .name = "",
				       .target = returns, .members = params, .nmembers = n };
	const struct twz_gate gate = { .name = "g", .symbol = "g", .doc = "", .requires = "",
				       .converts = "", .type = &type, .how = "", .why = "" };
	const struct twz_plan *plan;
	struct twz_error err = { 0 };
	TWZ_ARENA arena = { 0 };

	if (!twz_plan_make(&gate, &arena, &plan, &err) ||
	    !direct_invoke(function, plan, words, ret, &err))
		fail_msg("%s", err.text);
}

static uint64_t
bits(const void *value, size_t n)
{
	uint64_t word = 0;

	memcpy(&word, value, n);
	return word;
}

static void
test_words(void **state)
{
	const struct twz_member params[] = { { .name = "n", .type = &twz_type_i8 } };
	int8_t got[2] = { 0, 99 };

	(void)state;
	call((void *)(uintptr_t)negate, &twz_type_i8, params, 1, (uint64_t[]){ (uint64_t)-5 }, got);
	assert_int_equal(got[0], 5);
	assert_int_equal(got[1], 99);	/* no byte more than the result has */
}

static void
test_floats(void **state)
{
	const struct twz_member params[] = { { .name = "d", .type = &twz_type_f64 },
					     { .name = "f", .type = &twz_type_f32 },
					     { .name = "n", .type = &twz_type_u16 } };
	const double d = 1.5;
	const float f = 4;
	double got = 0;

	(void)state;
	call((void *)(uintptr_t)scale, &twz_type_f64, params, 3,
	     (uint64_t[]){ bits(&d, sizeof(d)), bits(&f, sizeof(f)), 65535 }, &got);
	assert_true(got == 65541.0);
}

static void
test_structs(void **state)
{
	const struct twz_member small[] = { { .name = "s", .type = &t_small } };
	const struct twz_member mixed[] = { { .name = "m", .type = &t_mixed },
					    { .name = "i", .type = &twz_type_i32 } };
	const struct twz_member big[] = { { .name = "b", .type = &t_big },
					  { .name = "name", .type = &t_text } };
	struct small s = { 1, 2 };
	struct mixed m = { 2.5, 40 };
	struct big b = { 1, 2, 3, "" };

	(void)state;
	call((void *)(uintptr_t)swap, &t_small, small, 1, (uint64_t[]){ (uintptr_t)&s }, &s);
	assert_true(s.x == 2 && s.y == 1);
	call((void *)(uintptr_t)mix, &t_mixed, mixed, 2, (uint64_t[]){ (uintptr_t)&m, 2 }, &m);
	assert_true(m.d == 5 && m.i == 42);
	call((void *)(uintptr_t)grow, &t_big, big, 2,
	     (uint64_t[]){ (uintptr_t)&b, (uintptr_t)"bob" }, &b);
	assert_int_equal(b.a, 2);
	assert_int_equal(b.c, 3);
	assert_string_equal(b.name, "bob");
}

static void
test_buffers(void **state)
{
	const struct twz_member params[] = {
		{ .name = "bytes", .type = &t_bytes, .dir = TWZ_OUT, .has_extent = true,
		  .extent = 1 },
		{ .name = "n", .type = &twz_type_u64 },
	};
	uint8_t bytes[4] = { 0 };

	(void)state;
	call((void *)(uintptr_t)fill, &twz_type_void, params, 2,
	     (uint64_t[]){ (uintptr_t)bytes, 3 }, NULL);
	assert_memory_equal(bytes, ((uint8_t[]){ 7, 7, 7, 0 }), 4);
}

static void
test_isolation_is_kept(void **state)
{
	const struct twz_service service = { .name = "svc", .path = "/nonexistent.so" };
	const struct twz_gate gate = { .name = "g", .symbol = "g", .level = TWZ_LEVEL_CALLEE };
	struct compartment c = { .service = &service, .mechanism = &mechanism_direct };
	struct monitor_gate g = { .compartment = &c, .gate = &gate };
	struct twz_error err = { 0 };

	(void)state;
	assert_false(mechanism_direct.bind(&g, &err));
	assert_int_equal(err.cls, TWZ_CLASS_SECURITY);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_floats),
		cmocka_unit_test(test_structs),
		cmocka_unit_test(test_buffers),
		cmocka_unit_test(test_isolation_is_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
