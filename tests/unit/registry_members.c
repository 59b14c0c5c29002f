/* Members of a type as the registry stores them: what was written comes back, and nothing else does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "registry/members.h"
#include "registry/number.h"
#include "twz/util.h"

static const struct twz_member samples[] = {
	{ .name = "a" },
	{ .name = "operator\"\"_s\\", .offset = UINT64_MAX, .value = INT64_MIN },
	{ .name = "\x01\n\x7f \xff\xc3", .value = INT64_MAX, .bit_size = 65535, .bit_offset = 65535 },
	{ .name = "", .quals = 255, .dir = TWZ_INOUT, .secret = true, .optional = true, .has_extent = true,
	  .artificial = true, .extent = INT32_MIN },
	{ .name = "only a text", .text = "],[\"" },
	{ .name = "last", .count = UINT64_MAX, .text = "" },
};
enum { N = TWZ_COUNT(samples) };

static void
write_all(struct twz_text *out)
{
	for (size_t i = 0; i < N; i++)
		members_add(out, !i, &samples[i], i % 2 ? NUMBER_NONE : (uint32_t)i * 1000);
	members_end(out, true);
}

/* How many there are before the end, or before what is @wrong. */
static size_t
count(const char *bytes, size_t n, bool *wrong)
{
	struct members_in in = { .at = bytes, .end = bytes + n };
	struct stored_member m;
	TWZ_ARENA arena = { 0 };
	size_t found = 0;

	while (members_next(&in, &arena, &m))
		found++;
	*wrong = in.wrong;
	return found;
}

static void
test_there_and_back(void **state)
{
	TWZ_TEXT text = { 0 };
	TWZ_ARENA arena = { 0 };
	struct members_in in;
	struct stored_member m;

	(void)state;
	write_all(&text);
	in = (struct members_in){ .at = text.bytes, .end = text.bytes + text.n };
	for (size_t i = 0; i < N; i++) {
		const struct twz_member *want = &samples[i];

		assert_true(members_next(&in, &arena, &m));
		assert_string_equal(m.name, want->name);
		assert_int_equal(m.has_type, !(i % 2));
		assert_int_equal(m.type, i % 2 ? 0 : i * 1000);
		assert_true((uint64_t)m.offset == want->offset && m.value == want->value);
		assert_true(m.bits == (want->bit_size | (int64_t)want->bit_offset << 16));
		assert_int_equal(m.extent, want->extent);
		assert_true((uint64_t)m.count == want->count);
		assert_int_equal(!m.text, !want->text);
		if (m.text)
			assert_string_equal(m.text, want->text);
	}
	assert_false(members_next(&in, &arena, &m));
	assert_false(in.wrong);
	text.n = 0;
	members_end(&text, false);
	assert_int_equal(text.n, 0);
}

/* Cut anywhere, in memory of that very size, so that whoever reads on is seen. */
static void
test_cut_short(void **state)
{
	TWZ_TEXT text = { 0 };
	bool wrong;

	(void)state;
	write_all(&text);
	for (size_t n = 0; n < text.n; n++) {
		char *cut = malloc(n + !n);

		assert_non_null(cut);
		memcpy(cut, text.bytes, n);
		assert_in_range(count(cut, n, &wrong), 0, N);
		assert_true(wrong);
		free(cut);
	}
	assert_int_equal(count(text.bytes, text.n, &wrong), N);
	assert_false(wrong);
}

static void
test_no_list(void **state)
{
	static const char *const texts[] = {
		"", "[", "[]", "{}", "null", "[[]]", "[[\"a\"]]", "[[\"a\",]]", "[[\"a\",1]", "[[\"a\",1],]", "[[\"a\",1]]]",
		"[[\"a\",1]] ", " [[\"a\",1]]", "[[\"a\", 1]]", "[[\"a\",1.5]]", "[[\"a\",1e5]]", "[[\"a\",+1]]", "[[\"a\",-]]",
		"[[\"a\",nul]]", "[[\"a\",true]]", "[[\"a\",9223372036854775808]]", "[[\"a\",1,-9223372036854775809]]",
		"[[\"a\",99999999999999999999999]]", "[[\"a\",1,\"text\"]]", "[[\"a\",1,0,0,0,0,0,0,0]]",
		"[[\"a\",1,0,0,0,0,0,0,\"t\",0]]", "[[a,1]]", "[['a',1]]", "[[\"\\x\",1]]", "[[\"\\u00g0\",1]]",
		"[[\"\\u0000\",1]]", "[[\"\\u0100\",1]]", "[[\"\\u00\",1]]", "[[\"\\\",1]]", "[[null,1]]", "[[[\"a\",1]]]",
	};
	bool wrong;

	(void)state;
	for (size_t i = 0; i < TWZ_COUNT(texts); i++) {
		count(texts[i], strlen(texts[i]), &wrong);
		if (!wrong)
			fail_msg("accepted: %s", texts[i]);
	}
	/* A NUL that no escape stands for. */
	count("[[\"a\0b\",1]]", 11, &wrong);
	assert_true(wrong);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_there_and_back),
		cmocka_unit_test(test_cut_short),
		cmocka_unit_test(test_no_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
