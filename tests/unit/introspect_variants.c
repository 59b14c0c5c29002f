/*
 * One source, many builds: whatever compiler, DWARF version and optimisation, also with the debug
 * information in a file of its own, the gates must come out the same.
 */
#include "tests/unit/unit.h"

#include "tests/unit/introspect_fixture.h"
#include "twz/typetext.h"

static const struct {
	const char *signature, *why;	/* why: how the reason begins; NULL: callable */
} gates[] = {
	{ "integers(a: i8, b: u8, c: i16, d: u16, e: i32, f: u32, g: i64, h: u64) -> i32", NULL },
	{ "longs(a: i64, b: u64, c: size_t, d: intptr_t) -> i64", NULL },
	{ "floats(a: f32, b: f64) -> f64", NULL },
	{ "letters(a: bool, b: char, c: i8, d: u8) -> bool", NULL },
	{ "enums(a: Color, b: Signed, c: Wide, d: Tiny, e: Options) -> Color", NULL },
	{ "texts(a: string, b: Option<Text>, password: string) -> string", NULL },
	{ "by_value(a: Point, b: Complex, c: Packed) -> Point", NULL },
	{ "by_pointer(a: Plain, b: Bits) -> Plain", NULL },
	{ "buffers(in: [u8], out out: [u32], count: u16, inout both: [u8], out one: f64)", NULL },
	{ "results(a: i32) -> Result<Point, KindError>", NULL },
	{ "numbers() -> Result<i64, KindError>", NULL },
	{ "units() -> Result<(), KindError>", NULL },
	{ "options(a: Option<i32>) -> Option<i32>", NULL },
	{ "point_from_string(text: string) -> Result<Point, KindError>", NULL },
	{ "point_to_string(value: Point, out text: string, size: size_t)", NULL },
	{ "has_callback(cb: Callback) -> i32", "parameter 'cb'" },
	{ "has_pointer(p: *i32) -> i32", "parameter 'p'" },
	{ "has_void(p: *const void) -> i32", "parameter 'p'" },
	{ "has_list(list: List) -> i32", "parameter 'list'" },
	{ "has_hidden(hidden: *const Hidden) -> i32", "parameter 'hidden'" },
	{ "has_union(nested: Nested) -> i32", "parameter 'nested'" },
	{ "has_more(format: string, ...) -> i32", "it takes a variable number" },
	{ "has_long_double(a: i32) -> long double", "the result" },
	{ "has_pointer_result() -> *i32", "the result" },
};

static void
check_gates(const struct twz_service *service)
{
	TWZ_ARENA arena = { 0 };

	assert_string_equal(service->name, "kinds");
	assert_string_equal(service->version, "2.1");
	assert_string_equal(service->doc, "Every kind of type");
	assert_false(service->partial);
	assert_int_equal(service->ngates, TWZ_COUNT(gates));
	for (uint32_t i = 0; i < service->ngates; i++) {
		const struct twz_gate *gate = &service->gates[i];

		assert_string_equal(twz_signature_text(&arena, gate), gates[i].signature);
		assert_int_equal(gate->index, i);
		if (!gates[i].why)
			assert_string_equal(gate->why, "");
		else
			assert_int_equal(strncmp(gate->why, gates[i].why, strlen(gates[i].why)), 0);
		assert_int_equal(gate->verdict, gates[i].why ? TWZ_VERDICT_REFUSED :
				 TWZ_VERDICT_CALLABLE);
	}
}

static void
build_kinds(const char *name, const char *cc, const char *flags)
{
	assert_int_equal(shell("%s %s -w -fPIC -shared -fvisibility=hidden -Iinclude -o $D/%s "
			       FIXTURES "kinds.c", cc, flags, name), 0);
}

static int
set_up(void **state)
{
	if (make_folder(state))
		return -1;
	build_kinds("base.so", "gcc", "-g -O0 -Wl,--build-id");
	return 0;
}

static void
test_gates(void **state)
{
	TWZ_ARENA arena = { 0 };

	(void)state;
	check_gates(inspect_ok(in_folder("base.so"), false, &arena));
}

/* Layouts and names are in the hash. */
static void
check_same(const struct twz_service *base, const struct twz_service *other)
{
	check_gates(other);
	for (uint32_t i = 0; i < base->ngates; i++) {
		assert_true(base->gates[i].hash == other->gates[i].hash);
		assert_true(twz_type_equal(base->gates[i].type, other->gates[i].type));
	}
}

static void
test_builds(void **state)
{
	static const char *const flags[] = {
		"-gdwarf-3 -O0", "-gdwarf-4 -O0", "-gdwarf-4 -O2", "-gdwarf-5 -O0",
		"-gdwarf-5 -O2", "-gdwarf-4 -O1 -fdebug-types-section", "-gdwarf-5 -O2 -gz",
		"-gdwarf-5 -fdebug-types-section",
	};
	static const char *const compilers[] = { "gcc", "clang" };
	TWZ_ARENA arena = { 0 };
	const struct twz_service *base = inspect_ok(in_folder("base.so"), false, &arena);

	(void)state;
	for (size_t c = 0; c < TWZ_COUNT(compilers); c++)
		for (size_t i = 0; have(compilers[c]) && i < TWZ_COUNT(flags); i++) {
			build_kinds("variant.so", compilers[c], flags[i]);
			check_same(base, inspect_ok(in_folder("variant.so"), false, &arena));
		}
}

static void
test_records(void **state)
{
	TWZ_ARENA arena = { 0 };
	const struct twz_service *s = inspect_ok(in_folder("base.so"), false, &arena);
	const struct twz_type *t = gate_of(s, "texts")->type;
	const struct twz_member *p = gate_of(s, "buffers")->type->members;
	const struct twz_type *error = twz_type_strip(
		twz_result_err(gate_of(s, "units")->type->target)->type);

	(void)state;
	assert_true(gate_of(s, "sizes") == gate_of(s, "longs"));
	assert_true(gate_of(s, "integers")->readonly);
	assert_false(gate_of(s, "longs")->readonly);
	assert_int_equal(gate_of(s, "enums")->level, TWZ_LEVEL_CALLER);
	assert_string_equal(gate_of(s, "results")->requires, "kinds_read");
	assert_string_equal(gate_of(s, "texts")->doc, "Texts");
	assert_true(t->members[2].secret && !t->members[0].secret);
	assert_true(t->members[1].optional && !t->members[0].optional);
	assert_true(p[0].has_extent && p[0].dir == TWZ_IN && p[0].extent == 1);
	assert_true(p[2].has_extent && p[2].dir == TWZ_OUT && p[2].extent == 3);
	assert_true(p[4].has_extent && p[4].dir == TWZ_INOUT && p[4].extent == 5);
	assert_true(p[6].has_extent && p[6].extent < 0 && p[6].count == 1);
	assert_string_equal(twz_member_find(error, "NoSuchKind")->text, "No such kind");
	assert_null(twz_member_find(error, "KindDenied")->text);
	assert_non_null(twz_converter_find(s, TWZ_ROLE_FROM_STRING, "Point"));
	assert_non_null(twz_converter_find(s, TWZ_ROLE_TO_STRING, "Point"));
	t = gate_of(s, "enums")->type;
	assert_true(twz_type_strip(t->members[4].type)->is_flags);
	assert_false(twz_type_strip(t->members[0].type)->is_flags);
}

static void
test_layouts(void **state)
{
	TWZ_ARENA arena = { 0 };
	const struct twz_service *s = inspect_ok(in_folder("base.so"), false, &arena);
	const struct twz_type *enums = gate_of(s, "enums")->type;
	const struct twz_type *bits = gate_of(s, "by_pointer")->type->members[1].type->target;
	const struct twz_type *packed = gate_of(s, "by_value")->type->members[2].type;
	const struct twz_member *d = twz_member_find(bits, "d");

	(void)state;
	assert_true(enums->members[1].type->is_signed);
	assert_true(twz_member_find(enums->members[1].type, "MINUS")->value == -3);
	assert_false(enums->members[2].type->is_signed);
	assert_true((uint64_t)twz_member_find(enums->members[2].type, "WIDE_TOP")->value == UINT64_MAX);
	assert_int_equal(enums->members[3].type->size, 1);
	assert_int_equal(twz_member_find(enums->members[3].type, "TINY_Z")->value, 200);
	assert_int_equal(packed->size, 7);
	assert_int_equal(packed->align, 1);
	assert_int_equal(twz_member_find(packed, "value")->offset, 1);
	assert_int_equal(bits->size, 8);
	assert_int_equal(d->bit_size, 40);
	assert_int_equal(d->offset * 8 + d->bit_offset, 15);
	assert_int_equal(twz_member_find(bits, "tail")->offset, 7);
}

/* clang says behind the blocks of a function's body that more parameters may follow. */
static void
test_blocks(void **state)
{
	static const char *const compilers[] = { "gcc", "clang" };
	static const char *const flags[] = { "-g -O0", "-gdwarf-4 -O0", "-g -O2", "-g -O2 -flto" };
	TWZ_ARENA arena = { 0 };

	(void)state;
	assert_int_equal(shell("printf '%%s\n' 'static inline __attribute__((always_inline)) int twice(int n) {'"
			       " ' int m = n; return m * 2; }' 'int talk(int n, const char *format, ...) {'"
			       " ' for (int i = 0; i < n; i++) { int c = twice(format[i]); if (c) return c; }'"
			       " ' { int last = n; return last; } }' >$D/blocks.c"), 0);
	for (size_t c = 0; c < TWZ_COUNT(compilers); c++)
		for (size_t i = 0; have(compilers[c]) && i < TWZ_COUNT(flags); i++) {
			const struct twz_service *s;

			assert_int_equal(shell("cd $D && %s %s -fPIC -shared -o blocks.so blocks.c", compilers[c],
					       flags[i]), 0);
			s = inspect_ok(in_folder("blocks.so"), true, &arena);
			assert_string_equal(twz_signature_text(&arena, gate_of(s, "talk")),
					    "talk(n: i32, format: string, ...) -> i32");
		}
}

/* -- separate debug files --------------------------------------------------------------------------- */

static void
test_debug_by_build_id(void **state)
{
	const struct introspect_options options = { .debug_dir = folder };
	const struct twz_service *service;
	struct twz_error err = { 0 };
	TWZ_ARENA arena = { 0 };

	(void)state;
	assert_int_equal(shell("cd $D && id=$(readelf -n base.so | sed -n 's/.*Build ID: //p') && "
			       "mkdir -p .build-id/${id%%${id#??}} && objcopy --only-keep-debug base.so "
			       ".build-id/${id%%${id#??}}/${id#??}.debug && strip -g -o bare.so base.so"),
			 0);
	if (!introspect_file(in_folder("bare.so"), &options, &arena, &service, &err))
		fail_msg("%s", err.text);
	check_same(inspect_ok(in_folder("base.so"), false, &arena), service);
	/* The debug file of another build is not believed. */
	build_kinds("other.so", "gcc", "-g -O1 -Wl,--build-id");
	assert_int_equal(shell("cp $D/other.so $D/.build-id/*/*.debug"), 0);
	assert_false(introspect_file(in_folder("bare.so"), &options, &arena, &service, &err));
	assert_true(err.code == TWZ_ERR(OBJECT, INVALID_META));
	err = (struct twz_error){ 0 };
	/* Without the folder nobody knows. */
	assert_int_equal(shell("rm -r $D/.build-id"), 0);
	assert_false(introspect_file(in_folder("bare.so"), &options, &arena, &service, &err));
	assert_true(err.code == TWZ_ERR(OBJECT, INVALID_META));
}

static void
test_debug_by_link(void **state)
{
	const struct introspect_options options = { .debug_dir = folder };
	const struct twz_service *service;
	struct twz_error err = { 0 };
	TWZ_ARENA arena = { 0 };

	(void)state;
	build_kinds("linked.so", "gcc", "-g -O0 -Wl,--build-id=none");
	assert_int_equal(shell("cd $D && objcopy --only-keep-debug linked.so linked.dbg && "
			       "strip -g linked.so && objcopy --add-gnu-debuglink=linked.dbg linked.so"),
			 0);
	if (!introspect_file(in_folder("linked.so"), &options, &arena, &service, &err))
		fail_msg("%s", err.text);
	check_same(inspect_ok(in_folder("base.so"), false, &arena), service);
	/* Another file under that name is not believed. */
	assert_int_equal(shell("echo >>$D/linked.dbg"), 0);
	assert_false(introspect_file(in_folder("linked.so"), &options, &arena, &service, &err));
	assert_true(err.code == TWZ_ERR(OBJECT, INVALID_META));
}

/* -- where ------------------------------------------------------------------------------------------ */

static void
check_place(const char *path, const char *symbol, const char *function, uint32_t line)
{
	TWZ_ARENA arena = { 0 };
	const struct twz_service *service = inspect_ok(path, true, &arena);
	struct introspect_place place;
	struct twz_error err = { 0 };

	assert_true(introspect_where(path, gate_of(service, symbol)->address, &arena, &place, &err));
	assert_string_equal(place.function, function);
	assert_non_null(strstr(place.file, "place.c"));
	assert_int_equal(place.line, line);
}

static void
test_where(void **state)
{
	static const char *const compilers[] = { "gcc", "clang" };
	static const char *const dwarfs[] = { "-gdwarf-4", "-gdwarf-5" };
	struct introspect_place place;
	struct twz_error err = { 0 };
	TWZ_ARENA arena = { 0 };

	(void)state;
	assert_int_equal(shell("printf '%%s\\n' 'static inline __attribute__((always_inline)) int "
			       "inner(int *p)' '{' '\treturn *(volatile int *)p;' '}' "
			       "'int plain(int *p);' 'int plain(int *p)' '{ return p[3]; }' "
			       "'int outer(int *p)' '{' '\treturn inner(p);' '}' >$D/place.c"), 0);
	for (size_t i = 0; i < 4; i++) {
		if (!have(compilers[i / 2]))
			continue;
		assert_int_equal(shell("cd $D && %s -O1 %s -fPIC -shared -fcf-protection=none "
				       "-o place.so place.c", compilers[i / 2], dwarfs[i % 2]), 0);
		check_place(in_folder("place.so"), "plain", "plain", 7);
		check_place(in_folder("place.so"), "outer", "inner", 3);
	}
	assert_true(introspect_where(in_folder("place.so"), 1, &arena, &place, &err));
	assert_string_equal(place.function, "");
	assert_int_equal(place.line, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_gates),
		cmocka_unit_test(test_builds),
		cmocka_unit_test(test_records),
		cmocka_unit_test(test_layouts),
		cmocka_unit_test(test_blocks),
		cmocka_unit_test(test_debug_by_build_id),
		cmocka_unit_test(test_debug_by_link),
		cmocka_unit_test(test_where),
	};

	return cmocka_run_group_tests(tests, set_up, remove_folder);
}
