/* Types: text in both forms, plans (the crossing rule), images of values, JSON. */
#include "tests/unit/unit.h"

#include "twz/image.h"
#include "twz/json.h"
#include "twz/plan.h"
#include "twz/typetext.h"

/* -- a small world of types, as introspection would make them --------------------------------------- */

static const struct twz_member colors[] = {
	{ .name = "RED", .value = 0 }, { .name = "GREEN", .value = 5 }, { .name = "BLUE", .value = 6 },
};
static const struct twz_type color = { .kind = TWZ_ENUM, .size = 4, .align = 4, .name = "color",
				       .members = colors, .nmembers = 3 };
static const struct twz_member bits[] = {
	{ .name = "READ", .value = 1 }, { .name = "WRITE", .value = 2 }, { .name = "EXEC", .value = 4 },
};
static const struct twz_type perm = { .kind = TWZ_ENUM, .size = 4, .align = 4, .name = "perm",
				      .is_flags = true, .members = bits, .nmembers = 3 };
static const struct twz_type name_array = { .kind = TWZ_ARRAY, .size = 16, .align = 1, .count = 16,
					    .name = "", .target = &twz_type_char };
static const struct twz_type three_shorts = { .kind = TWZ_ARRAY, .size = 6, .align = 2, .count = 3,
					      .name = "", .target = &twz_type_i16 };
static const struct twz_member user_fields[] = {
	{ .name = "id", .type = &twz_type_u64, .offset = 0 },
	{ .name = "name", .type = &name_array, .offset = 8 },
	{ .name = "shade", .type = &color, .offset = 24 },
	{ .name = "xs", .type = &three_shorts, .offset = 28 },
	{ .name = "low", .type = &twz_type_u32, .offset = 36, .bit_size = 3, .bit_offset = 0 },
	{ .name = "high", .type = &twz_type_i32, .offset = 36, .bit_size = 5, .bit_offset = 3 },
	{ .name = "motto", .type = &twz_type_string, .offset = 40 },
};
static const struct twz_type user = { .kind = TWZ_STRUCT, .size = 48, .align = 8, .name = "user",
				      .members = user_fields, .nmembers = 7 };
static const struct twz_type User = { .kind = TWZ_TYPEDEF, .size = 48, .align = 8, .name = "User",
				      .target = &user };
static const struct twz_type const_user = { .kind = TWZ_POINTER, .is_const = true, .size = 8,
					    .align = 8, .name = "", .target = &User };
static const struct twz_type pointer_to_user = { .kind = TWZ_POINTER, .size = 8, .align = 8,
						 .name = "", .target = &user };
static const struct twz_type void_pointer = { .kind = TWZ_POINTER, .size = 8, .align = 8, .name = "" };
static const struct twz_type i32_pointer = { .kind = TWZ_POINTER, .size = 8, .align = 8, .name = "",
					     .target = &twz_type_i32 };
static const struct twz_type const_i32_pointer = { .kind = TWZ_POINTER, .is_const = true, .size = 8,
						   .align = 8, .name = "", .target = &twz_type_i32 };
static const struct twz_type callback = { .kind = TWZ_FUNC, .name = "", .is_prototyped = true,
					  .target = &twz_type_void };
static const struct twz_type function_pointer = { .kind = TWZ_POINTER, .size = 8, .align = 8,
						  .name = "", .target = &callback };
static const struct twz_type some_union = { .kind = TWZ_UNION, .size = 8, .align = 8, .name = "either" };
static const struct twz_member result_parts[] = {
	{ .name = "twz_state", .type = &twz_type_u32, .offset = 0 },
	{ .name = "twz_err", .type = &color, .offset = 4 },
	{ .name = "twz_ok", .type = &twz_type_i64, .offset = 8 },
};
static const struct twz_type result = { .kind = TWZ_RESULT, .size = 16, .align = 8, .name = "r",
					.members = result_parts, .nmembers = 3 };
static const struct twz_type unit_result = { .kind = TWZ_RESULT, .size = 8, .align = 4, .name = "ru",
					     .members = result_parts, .nmembers = 2 };
static const struct twz_member option_parts[] = {
	{ .name = "twz_some", .type = &twz_type_u32, .offset = 0 },
	{ .name = "twz_value", .type = &twz_type_i32, .offset = 4 },
};
static const struct twz_type option = { .kind = TWZ_OPTION, .size = 8, .align = 4, .name = "o",
					.members = option_parts, .nmembers = 2 };
static const struct twz_type big = { .kind = TWZ_INT, .size = 16, .align = 16, .name = "__int128" };

static struct twz_gate
gate_of(const char *name, struct twz_type *func, const struct twz_member *params, uint32_t n,
	const struct twz_type *ret)
{
	*func = (struct twz_type){ .kind = TWZ_FUNC, .name = "", .is_prototyped = true,
				   .target = ret, .members = params, .nmembers = n };
	return (struct twz_gate){ .name = name, .symbol = name, .type = func };
}

/* -- text ------------------------------------------------------------------------------------------- */

static void
type_texts(void **state)
{
	static const struct {
		const struct twz_type *type;
		const char *text;
	} rows[] = {
		{ &twz_type_u8, "u8" }, { &twz_type_i64, "i64" }, { &twz_type_f32, "f32" },
		{ &twz_type_bool, "bool" }, { &twz_type_string, "string" }, { &User, "User" },
		{ &user, "user" }, { &const_user, "User" }, { &name_array, "[char; 16]" },
		{ &three_shorts, "[i16; 3]" }, { &result, "Result<i64, color>" },
		{ &unit_result, "Result<(), color>" }, { &option, "Option<i32>" },
		{ &twz_type_void, "()" }, { &void_pointer, "*void" }, { &pointer_to_user, "*user" },
		{ &function_pointer, "fn()" }, { &big, "u128" },
	};
	TWZ_ARENA arena = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(twz_type_text(&arena, rows[i].type), rows[i].text);
}

static void
signatures(void **state)
{
	struct twz_type func;
	const struct twz_member params[] = {
		{ .name = "user", .type = &const_user },
		{ .name = "password", .type = &twz_type_string, .secret = true },
		{ .name = "buf", .type = &i32_pointer, .dir = TWZ_OUT, .has_extent = true, .extent = 3 },
		{ .name = "n", .type = &twz_type_u64 },
		{ .name = "raw", .type = &void_pointer, .dir = TWZ_INOUT, .has_extent = true,
		  .extent = -1, .count = 8, .optional = true },
	};
	const struct twz_member counted[] = {
		{ .name = "values", .type = &const_i32_pointer, .has_extent = true, .extent = 1 },
		{ .name = "count", .type = &twz_type_u64 },
	};
	struct twz_gate gate = gate_of("update", &func, params, 5, &unit_result);
	TWZ_ARENA arena = { 0 };

	(void)state;
	assert_string_equal(twz_signature_text(&arena, &gate),
			    "update(user: User, password: string, out buf: [i32], n: u64, "
			    "inout raw: Option<[u8; 8]>) -> Result<(), color>");
	gate = gate_of("sum", &func, counted, 2, &twz_type_i64);
	assert_string_equal(twz_signature_text(&arena, &gate), "sum(values: [i32]) -> i64");
	gate = gate_of("quiet", &func, NULL, 0, &twz_type_void);
	assert_string_equal(twz_signature_text(&arena, &gate), "quiet()");
}

static const char *
c_text(struct twz_arena *arena, const struct twz_type *type, const char *name)
{
	char buf[200];
	FILE *f = fmemopen(buf, sizeof(buf), "w");

	assert_non_null(f);
	twz_c_declare(f, type, name);
	fclose(f);
	return twz_strdup(arena, buf);
}

static void
c_declarations(void **state)
{
	const struct twz_type array_pointer = { .kind = TWZ_POINTER, .name = "",
						.target = &three_shorts };
	const struct twz_type pointers = { .kind = TWZ_ARRAY, .count = 4, .name = "",
					   .target = &function_pointer };
	TWZ_ARENA arena = { 0 };

	(void)state;
	assert_string_equal(c_text(&arena, &twz_type_string, "s"), "const char *s");
	assert_string_equal(c_text(&arena, &const_user, "u"), "const User *u");
	assert_string_equal(c_text(&arena, &three_shorts, "a"), "short int a[3]");
	assert_string_equal(c_text(&arena, &array_pointer, "p"), "short int (*p)[3]");
	assert_string_equal(c_text(&arena, &function_pointer, "f"), "void (*f)(void)");
	assert_string_equal(c_text(&arena, &pointers, "t"), "void (*t[4])(void)");
	assert_string_equal(c_text(&arena, &user, ""), "struct user");
	assert_string_equal(c_text(&arena, &void_pointer, "v"), "void *v");
}

static const struct twz_type *
find_user(void *data, const char *name, size_t n)
{
	(void)data;
	return n == 4 && !memcmp(name, "User", 4) ? &User : NULL;
}

static void
parsing_gives_the_text_back(void **state)
{
	static const char *const good[] = { "u8", "[i16; 3]", "[[u8; 2]; 4]", "[string]", "User", "()",
					    "Option<[User]>", "Result<(), User>", "Result<u8, User>" };
	static const char *const bad[] = { "", "u9", "[u8", "[u8; ]", "[u8; -1]", "Option<u8",
					   "Result<u8>", "u8 u8", "[u8; 99999999999999]", "<>" };
	TWZ_ARENA arena = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		const struct twz_type *t = NULL;
		struct twz_error err = { 0 };

		assert_true(twz_type_parse(good[i], find_user, NULL, &arena, &t, &err));
		assert_string_equal(twz_type_text(&arena, t), good[i]);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		const struct twz_type *t = NULL;
		struct twz_error err = { 0 };

		assert_false(twz_type_parse(bad[i], find_user, NULL, &arena, &t, &err));
		assert_true(err.text[0] != '\0');
	}
}

static void
deep_types_are_refused_not_followed(void **state)
{
	TWZ_ARENA arena = { 0 };
	const struct twz_type *t;
	struct twz_error err = { 0 };
	char text[10001];

	(void)state;
	memset(text, '[', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	assert_false(twz_type_parse(text, NULL, NULL, &arena, &t, &err));
}

static void
hashes_tell_layouts_apart(void **state)
{
	struct twz_type f1, f2;
	struct twz_member p1[] = { { .name = "u", .type = &const_user } };
	struct twz_member moved_fields[7];
	struct twz_type moved = user, moved_typedef = User, moved_pointer = const_user;
	struct twz_member p2[] = { { .name = "u", .type = &moved_pointer } };
	struct twz_gate a = gate_of("g", &f1, p1, 1, &twz_type_void);
	struct twz_gate b = gate_of("g", &f2, p2, 1, &twz_type_void);

	(void)state;
	memcpy(moved_fields, user_fields, sizeof(moved_fields));
	moved.members = moved_fields;
	moved_typedef.target = &moved;
	moved_pointer.target = &moved_typedef;
	assert_true(twz_gate_hash(&a) == twz_gate_hash(&b));
	assert_true(twz_type_equal(&f1, &f2));
	moved_fields[6].offset = 48;
	assert_true(twz_gate_hash(&a) != twz_gate_hash(&b));
	assert_false(twz_type_equal(&f1, &f2));
}

/* -- the crossing rule ------------------------------------------------------------------------------ */

/* Callbacks as a registry could claim them. */
static const struct twz_member data_param = { .name = "", .type = &void_pointer, .has_extent = true,
					      .extent = TWZ_USER_DATA };
static const struct twz_type data_func = { .kind = TWZ_FUNC, .name = "", .is_prototyped = true,
					   .target = &twz_type_void, .members = &data_param, .nmembers = 1 };
static const struct twz_type returns_data = { .kind = TWZ_POINTER, .size = 8, .align = 8, .name = "",
					      .target = &data_func };
static const struct twz_member inner_param = { .name = "", .type = &function_pointer, .has_extent = true,
					       .extent = TWZ_CALLBACK };
static const struct twz_type inner_func = { .kind = TWZ_FUNC, .name = "", .is_prototyped = true,
					    .target = &twz_type_void, .members = &inner_param, .nmembers = 1 };
static const struct twz_type takes_callback = { .kind = TWZ_POINTER, .size = 8, .align = 8, .name = "",
						.target = &inner_func };

static void
what_may_not_cross(void **state)
{
	static const struct {
		struct twz_member param;
		const char *reason;
	} rows[] = {
		{ { .name = "p", .type = &pointer_to_user }, "written through" },
		{ { .name = "p", .type = &void_pointer }, "void *" },
		{ { .name = "p", .type = &function_pointer }, "function pointer" },
		{ { .name = "p", .type = &some_union }, "union" },
		{ { .name = "p", .type = &const_i32_pointer }, "how many elements" },
		{ { .name = "p", .type = &big }, "64 bits" },
		{ { .name = "p", .type = &result }, "Result" },
		{ { .name = "p", .type = NULL }, "not known" },
		{ { .name = "p", .type = &const_i32_pointer, .has_extent = true, .extent = -1,
		    .count = 4, .dir = TWZ_OUT }, "const" },
		{ { .name = "p", .type = &i32_pointer, .has_extent = true, .extent = 7 },
		  "not an integer parameter" },
		{ { .name = "p", .type = &pointer_to_user, .has_extent = true, .extent = -1,
		    .count = 2, .dir = TWZ_OUT }, "texts inside" },
		{ { .name = "p", .type = &pointer_to_user, .has_extent = true, .extent = TWZ_CALLBACK },
		  "no pointer to a function" },
		{ { .name = "p", .type = &function_pointer, .has_extent = true, .extent = TWZ_CALLBACK, .count = 2 },
		  "does not exist" },
		{ { .name = "p", .type = &function_pointer, .has_extent = true, .extent = TWZ_CALLBACK,
		    .count = UINT64_MAX }, "does not exist" },
		{ { .name = "p", .type = &function_pointer, .has_extent = true, .extent = TWZ_CALLBACK, .count = 1 },
		  "not at all" },
		{ { .name = "p", .type = &returns_data, .has_extent = true, .extent = TWZ_CALLBACK, .count = 1 },
		  "that of another parameter" },
		{ { .name = "p", .type = &returns_data, .has_extent = true, .extent = TWZ_CALLBACK }, "not at all" },
		{ { .name = "p", .type = &void_pointer, .has_extent = true, .extent = TWZ_USER_DATA },
		  "user data of no callback" },
		{ { .name = "p", .type = &takes_callback, .has_extent = true, .extent = TWZ_CALLBACK },
		  "called back: parameter 1: a callback cannot take callbacks" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct twz_type func;
		struct twz_gate gate = gate_of("g", &func, &rows[i].param, 1, &twz_type_void);
		const struct twz_plan *plan;
		struct twz_error err = { 0 };
		TWZ_ARENA arena = { 0 };

		assert_false(twz_plan_make(&gate, &arena, &plan, &err));
		assert_non_null(strstr(err.text, "'p'"));
		assert_non_null(strstr(err.text, rows[i].reason));
	}
}

static void
a_struct_that_overflows_its_size(void **state)
{
	const struct twz_member outside[] = { { .name = "x", .type = &twz_type_u64, .offset = 4 } };
	const struct twz_type broken = { .kind = TWZ_STRUCT, .size = 8, .align = 8, .name = "broken",
					 .members = outside, .nmembers = 1 };
	const struct twz_member param = { .name = "p", .type = &broken };
	struct twz_type func;
	struct twz_gate gate = gate_of("g", &func, &param, 1, &twz_type_void);
	const struct twz_plan *plan;
	struct twz_error err = { 0 };
	TWZ_ARENA arena = { 0 };

	(void)state;
	assert_false(twz_plan_make(&gate, &arena, &plan, &err));
	assert_non_null(strstr(err.text, "outside"));
}

/* -- images ----------------------------------------------------------------------------------------- */

static struct twz_value
make_user(struct twz_arena *arena, const char *name)
{
	static const char *const names[] = { "id", "name", "shade", "xs", "low", "high", "motto" };
	struct twz_value *v = twz_new_array(arena, 7, struct twz_value);
	struct twz_value *xs = twz_new_array(arena, 3, struct twz_value);

	for (int i = 0; i < 3; i++)
		xs[i] = twz_int(NULL, i - 1);
	v[0] = twz_int(NULL, (twz_wide)UINT64_MAX);
	v[1] = twz_cstring(arena, name);
	v[2] = twz_int(NULL, 5);
	v[3] = twz_list(NULL, xs, 3);
	v[4] = twz_int(NULL, 7);
	v[5] = twz_int(NULL, -16);
	v[6] = twz_cstring(arena, "größer");
	return twz_record(NULL, names, v, 7);
}

static void
a_struct_goes_and_comes_back(void **state)
{
	TWZ_ARENA arena = { 0 };
	struct twz_value in = make_user(&arena, "bob"), out;
	struct twz_error err = { 0 };
	unsigned char bytes[48] = { 0 };
	char *json = NULL;
	size_t n = 0;
	FILE *f;

	(void)state;
	assert_true(twz_image_store(&User, &in, bytes, &arena, &err));
	assert_true(twz_image_load(&User, bytes, &arena, &out, &err));
	assert_true(twz_value_equal(&in, &out));
	assert_int_equal(bytes[36], 7 | (-16 & 31) << 3);
	f = open_memstream(&json, &n);
	assert_true(twz_json_write(f, &out, &err));
	fclose(f);
	assert_string_equal(json, "{\"id\":18446744073709551615,\"name\":\"bob\",\"shade\":\"GREEN\","
				  "\"xs\":[-1,0,1],\"low\":7,\"high\":-16,\"motto\":\"größer\"}");
	free(json);
}

static void
what_does_not_fit(void **state)
{
	TWZ_ARENA arena = { 0 };
	struct twz_value values[] = {
		twz_int(NULL, 128), twz_int(NULL, -129), twz_int(NULL, 4), twz_int(NULL, 8),
		twz_bool(true), twz_cstring(&arena, "sixteen letters!"), twz_string(&arena, "a\0b", 3),
		make_user(&arena, "a name that is too long"),
	};
	const struct twz_type *types[] = { &twz_type_i8, &twz_type_i8, &color, &perm, &twz_type_i32,
					   &name_array, &twz_type_string, &user };

	(void)state;
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		unsigned char bytes[48] = { 0 };
		struct twz_error err = { 0 };

		assert_false(twz_image_store(types[i], &values[i], bytes, &arena, &err));
		assert_int_equal(err.cls, TWZ_CLASS_TYPE);
	}
}

/* Bytes that a lying service may leave as a result. */
static void
lies_are_faults(void **state)
{
	static const struct {
		const struct twz_type *type;
		uint64_t bytes[2];
		bool want;
	} rows[] = {
		{ &twz_type_bool, { 1 }, true },	{ &twz_type_bool, { 2 }, false },
		{ &color, { 5 }, true },		{ &color, { 4 }, false },
		{ &perm, { 7 }, true },			{ &perm, { 8 }, false },
		{ &result, { 1, 42 }, true },		{ &result, { 0, 42 }, false },
		{ &result, { 3, 42 }, false },		{ &result, { 2 | (uint64_t)6 << 32 }, true },
		{ &result, { 2 | (uint64_t)7 << 32 }, false },
		{ &option, { 0 }, true },		{ &option, { 2 }, false },
		{ &twz_type_string, { 0 }, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct twz_error err = { 0 };
		struct twz_value v;
		TWZ_ARENA arena = { 0 };

		assert_int_equal(twz_image_load(rows[i].type, rows[i].bytes, &arena, &v, &err),
				 rows[i].want);
		assert_int_equal(err.cls, rows[i].want ? TWZ_CLASS_NONE : TWZ_CLASS_FAULT);
	}
}

static void
buffers_and_their_lengths(void **state)
{
	const struct twz_member params[] = {
		{ .name = "in", .type = &const_i32_pointer, .has_extent = true, .extent = 1 },
		{ .name = "n", .type = &twz_type_u8 },
		{ .name = "out", .type = &i32_pointer, .has_extent = true, .extent = 3, .dir = TWZ_OUT },
		{ .name = "m", .type = &twz_type_i64 },
	};
	struct twz_type func;
	struct twz_gate gate = gate_of("g", &func, params, 4, &twz_type_void);
	const struct twz_plan *plan;
	struct twz_error err = { 0 };
	TWZ_ARENA arena = { 0 };
	struct twz_value *items = twz_new_array(&arena, 300, struct twz_value), out;
	struct twz_value args[2];
	uint64_t words[4];

	(void)state;
	for (int i = 0; i < 300; i++)
		items[i] = twz_int(NULL, i);
	assert_true(twz_plan_make(&gate, &arena, &plan, &err));
	assert_true(plan->slots[1].implied);
	assert_false(plan->slots[3].implied);
	args[0] = twz_list(NULL, items, 200);
	args[1] = twz_int(NULL, 3);
	assert_true(twz_image_args(plan, args, 2, &arena, words, &err));
	assert_int_equal(words[1], 200);
	assert_int_equal(((int32_t *)words[0])[199], 199);
	((int32_t *)words[2])[2] = -7;
	assert_true(twz_image_result(plan, words, NULL, &arena, &out, &err));
	assert_int_equal(out.list.n, 3);
	assert_true(out.list.items[2].integer == -7);
	args[0] = twz_list(NULL, items, 300);		/* more than a u8 can count */
	assert_false(twz_image_args(plan, args, 2, &arena, words, &err));
	err = (struct twz_error){ 0 };
	args[0] = twz_list(NULL, items, 1);
	args[1] = twz_int(NULL, -1);
	assert_false(twz_image_args(plan, args, 2, &arena, words, &err));
	err = (struct twz_error){ 0 };
	args[1] = twz_int(NULL, (twz_wide)1 << 62);
	assert_false(twz_image_args(plan, args, 2, &arena, words, &err));
	err = (struct twz_error){ 0 };
	assert_false(twz_image_args(plan, args, 1, &arena, words, &err));
	assert_non_null(strstr(err.text, "missing argument 'm'"));
}

static void
floats_are_short_and_exact(void **state)
{
	static const struct {
		double d;
		uint32_t size;
		const char *text;
	} rows[] = {
		{ 0.1, 8, "0.1" }, { 1, 8, "1.0" }, { 100000, 8, "100000.0" }, { 1e300, 8, "1e+300" },
		{ (double)0.1f, 4, "0.1" }, { 1.0 / 3, 8, "0.3333333333333333" }, { -0.0, 8, "-0.0" },
		{ 123456789012, 8, "123456789012.0" }, { 5e-324, 8, "5e-324" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char buf[40];

		assert_string_equal(twz_float_text(rows[i].d, rows[i].size, buf), rows[i].text);
	}
}

static void
json_texts(void **state)
{
	TWZ_ARENA arena = { 0 };
	struct twz_value rw = twz_int(&perm, 3), nan = twz_float(NULL, __builtin_nan(""));
	struct twz_value text = twz_string(&arena, "a\"\\\n\x1b\xc3\xa9", 7);
	struct twz_value bytes = twz_string(&arena, "\xff\xfe", 2);
	struct twz_error err = { 0 };
	char *json = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&json, &n);

	(void)state;
	assert_true(twz_json_write(f, &rw, &err));
	assert_true(twz_json_write(f, &text, &err));
	assert_true(twz_json_write(f, &bytes, &err));
	assert_false(twz_json_write(f, &nan, &err));
	fclose(f);
	assert_string_equal(json, "[\"READ\",\"WRITE\"]\"a\\\"\\\\\\n\\u001bé\"{\"b64\":\"//4=\"}");
	free(json);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(type_texts),
		cmocka_unit_test(signatures),
		cmocka_unit_test(c_declarations),
		cmocka_unit_test(parsing_gives_the_text_back),
		cmocka_unit_test(deep_types_are_refused_not_followed),
		cmocka_unit_test(hashes_tell_layouts_apart),
		cmocka_unit_test(what_may_not_cross),
		cmocka_unit_test(a_struct_that_overflows_its_size),
		cmocka_unit_test(a_struct_goes_and_comes_back),
		cmocka_unit_test(what_does_not_fit),
		cmocka_unit_test(lies_are_faults),
		cmocka_unit_test(buffers_and_their_lengths),
		cmocka_unit_test(floats_are_short_and_exact),
		cmocka_unit_test(json_texts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
