/* Ids of objects: what is one, how it is read and shown. */
#include "tests/unit/unit.h"

#include "twz/json.h"
#include "twz/objid.h"
#include "twz/typetext.h"

static void
check(const char *text, uint64_t high, uint64_t low)
{
	twz_id id = 1;

	assert_true(twz_id_parse(text, strlen(text), &id));
	assert_int_equal((uint64_t)(id >> 64), high);
	assert_int_equal((uint64_t)id, low);
}

static void
ids_are_read(void **state)
{
	static const char *const wrong[] = {
		"", "0", "0x", "x1", "0xg", "name", "1234", "0x123456789012345678901234567890123", "-0x1",
		"1234567890123456789012345678901", "123456789012345678901234567890123",
		"1234567890123456789012345678901g", "0x 1",
	};
	twz_id id;

	(void)state;
	check("0x0", 0, 0);
	check("0x1234", 0, 0x1234);
	check("0XaBcD", 0, 0xabcd);
	check("0xffffffffffffffffffffffffffffffff", UINT64_MAX, UINT64_MAX);
	check("0123456789abcdeffedcba9876543210", 0x0123456789abcdef, 0xfedcba9876543210);
	for (size_t i = 0; i < TWZ_COUNT(wrong); i++)
		assert_false(twz_id_parse(wrong[i], strlen(wrong[i]), &id));
}

static void
ids_are_shown(void **state)
{
	TWZ_ARENA arena = { 0 };
	TWZ_FREE char *text = NULL;
	char digits[TWZ_ID_TEXT];
	struct twz_value v;
	twz_id id, back;
	size_t n;
	FILE *f;

	(void)state;
	assert_true(twz_id_parse("0123456789abcdeffedcba9876543210", 32, &id));
	assert_string_equal(twz_id_text(id, digits), "0123456789abcdeffedcba9876543210");
	v = twz_id_value(&arena, &twz_type_objid, id);
	assert_true(twz_id_of(&v, &back) && back == id);
	assert_string_equal(twz_type_text(&arena, v.type), "ObjID");
	f = open_memstream(&text, &n);
	assert_non_null(f);
	assert_true(twz_json_write(f, &v, NULL));
	fclose(f);
	assert_string_equal(text, "\"0123456789abcdeffedcba9876543210\"");
}

/* A struct that only looks like one is none. */
static void
others_are_none(void **state)
{
	struct twz_type t = *twz_type_strip(&twz_type_objid);
	struct twz_member halves[2] = { t.members[0], t.members[1] };
	struct twz_value v = twz_int(&twz_type_u64, 1);
	twz_id id;

	(void)state;
	assert_true(twz_is_objid(&t));
	assert_false(twz_is_objid(NULL));
	assert_false(twz_id_of(&v, &id));
	t.name = "pair";
	assert_false(twz_is_objid(&t));
	t.name = "twz_objid";
	t.members = halves;
	assert_true(twz_is_objid(&t));
	halves[1].type = &twz_type_i64;
	assert_false(twz_is_objid(&t));
	halves[1].type = &twz_type_u64;
	halves[1].offset = 0;
	assert_false(twz_is_objid(&t));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ids_are_read),
		cmocka_unit_test(ids_are_shown),
		cmocka_unit_test(others_are_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
