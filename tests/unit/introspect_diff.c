/*
 * What a change means for callers: each switch of two fixtures is one change, whose verdict and whose
 * words are known. NEW is built by either compiler; what they describe differently is no change.
 */
#include "tests/unit/unit.h"

#include "introspect/diff/diff_show.h"
#include "tests/unit/introspect_fixture.h"
#include "tests/unit/introspect_random.h"

static const struct change {
	const char *change;
	int status;			/* 0 the same, 4 compatible, 8 not */
	const char *text;		/* that the report contains */
} functions[] = {
	{ "FUNCTION_REMOVED", 8, "\n- void removed(int a)\n" },
	{ "FUNCTION_ADDED", 4, "\n+ void added(int a)\n" },
	{ "FUNCTIONS_REORDERED", 0, "the same for callers" },
	{ "PARAM_WIDER", 8, "! takes_int\n    parameter 1 'n': int became long\n" },
	{ "PARAM_NARROWER", 8, "parameter 1 'n': int became short" },
	{ "PARAM_UNSIGNED", 8, "parameter 1 'n': int became unsigned int" },
	{ "PARAM_FLOAT", 8, "parameter 1 'n': int became float" },
	{ "PARAM_POINTER", 8, "parameter 1 'n': int became int *" },
	{ "PARAM_RENAMED", 0, "" },
	{ "PARAM_TYPEDEF", 0, "" },
	{ "PARAM_CONST", 0, "" },
	{ "PARAM_ENUM", 4, "parameter 1 'n': int became enum number" },
	{ "PARAM_ADDED", 8, "takes 2 parameters, not 1 any more: 'more' (int) added at 2" },
	{ "PARAM_REMOVED", 8, "takes 0 parameters, not 1 any more: 'n' (int) removed from 1" },
	{ "VARIADIC", 8, "takes a variable number of arguments now" },
	{ "LONG_LONG", 0, "" },
	{ "RESULT_WIDER", 8, "! gives_int\n    result: int became long\n" },
	{ "RESULT_VOID", 8, "result: int became void" },
	{ "RESULT_NEW", 4, "result: void became int" },
	{ "RESULT_NEW_STRUCT", 8, "result: void became struct three" },
	{ "POINTEE_CONST", 0, "" },
	{ "POINTEE_NOT_CONST", 8, "const char * became char *: the function may write there now" },
	{ "RESULT_CONST", 8, "result: char * became const char *: callers may not write there any more" },
	{ "RESULT_NOT_CONST", 4, "result: const char * became char *" },
	{ "POINTEE_WIDER", 8, "parameter 1 'p': int * became long *" },
	{ "POINTEE_VOID", 4, "parameter 1 'p': int * became void *" },
	{ "POINTEE_NO_VOID", 8, "void * became int *: it may not point to anything else any more" },
	{ "POINTER_DEEPER", 8, "int * became int **" },
	{ "CHAR_UNSIGNED", 4, "char * became unsigned char *" },
	{ "CALLBACK_PARAM", 8, "! calls\n    parameter 1 'f': " },
	{ "CALLBACK_ARITY", 8, "! calls\n    parameter 1 'f': " },
	{ "CALLBACK_NAMED", 0, "" },
	{ "CALLBACK_FIELD", 8, "! struct hooks\n    field 'open': " },
	{ "DEEP_CONST", 4, "~ names\n" },
	{ "POINTEE_VOLATILE", 4, "~ polls\n" },
	{ "POINTEE_ATOMIC", 8, "only one of them is accessed atomically" },
	{ "RESTRICTED", 0, "" },
	{ "ROW_LONGER", 8, "! rows\n" },
	{ "FLOAT_FORMAT", 8, "! precise\n    result: long double became " },
	{ "RETURNS", 8, "! ends\n    may return now\n" },
	{ "BOOL_INT", 8, "! is_on\n" },
	{ "SIGNED_CHAR", 4, "~ letter\n    result: char became signed char\n" },
	{ "VECTOR_LONGER", 8, "! vector_first\n" },
}, structs[] = {
	{ "FIELD_INSERTED", 8, "! struct user\n    field 'flags' (int) added at offset 4\n"
	  "    field 'age' moved from offset 4 to 8\n" },
	{ "FIELD_INSERTED", 8, "reached by user_check and user_print\n" },
	{ "FIELD_WIDER", 8, "field 'age': int became long" },
	{ "FIELD_UNSIGNED", 8, "field 'age': int became unsigned int" },
	{ "FIELD_RENAMED", 4, "field 'age' is called 'years' now" },
	{ "FIELD_REMOVED", 8, "field 'age' (int) removed from offset 4" },
	{ "FIELD_IN_UNION", 4, "field 'years' (int) added at offset 4" },
	{ "FIELD_FIRST", 8, "field 'id' and 4 after it moved by 8 bytes" },
	{ "FIELD_IN_PADDING", 4, "~ struct outer\n    field 'middle' (int) added at offset 4\n" },
	{ "FIELDS_SWAPPED", 8, "field 'next' moved from offset 32 to 16" },
	{ "ARRAY_LONGER", 8, "field 'name': char [16] became char [24]" },
	{ "RESERVED_USED", 4, "field 'size' (long) added at offset 40" },
	{ "RESERVED_ALL_USED", 4, "field 'height' (long) added at offset 64" },
	{ "RESERVED_LONGER", 8, "grew from 72 to 104 bytes: callers allocate it" },
	{ "FIELD_AT_END", 8, "grew from 72 to 80 bytes: callers allocate it" },
	{ "STRUCT_ALIGNED", 8, "its alignment changed from 8 to 64" },
	{ "TAG_RENAMED", 0, "" },
	{ "HANDLE_MOVED", 8, "! struct handle\n    field 'before' (long) added" },
	{ "HANDLE_AT_END", 4, "grew from 16 to 24 bytes: only behind a pointer that the library makes" },
	{ "MOMENT_AT_END", 8, "grew from 8 to 12 bytes: callers may allocate it" },
	{ "VALUE_DOUBLE", 8, "field 'x': long became double" },
	{ "VALUE_LARGER", 8, "grew from 16 to 24 bytes: it is passed by value" },
	{ "VALUE_REGISTERS", 8, "field 'unit' (int) added at offset 4" },
	{ "OPAQUE_OTHER", 8, "! hidden_put\n    parameter 1 'h': " },
	{ "STRUCT_OTHER", 8, "! feed\n    parameter 1 'c': struct cat * became struct dog *\n" },
	{ "STRUCT_ALIKE", 0, "" },
	{ "CYCLE_CHANGED", 8, "! struct list\n    field 'value': int became long\n" },
	{ "CYCLE_CHANGED", 8, "reached by list_length and tree_depth\n" },
	{ "INNER_GROWN", 8, "! struct inner\n    field 'b' (int) added at offset 4\n" },
	{ "INNER_GROWN", 8, "grew from 16 to 24 bytes with its field 'in': callers allocate it\n" },
	{ "BITS_WIDER", 8, "field 'b' has 6 bits, not 5 any more" },
	{ "BITS_WIDER", 8, "field 'c' moved from bit 8 to bit 9" },
	{ "UNION_MEMBER", 4, "~ union any\n    field 'l' (long) added at offset 0\n" },
	{ "UNION_GROWN", 8, "! union any\n" },
	{ "FIELD_CONST", 4, "~ struct user\n    field 'age'" },
	{ "NAMELESS_INSIDE", 8, "! thing\n    field 'b' (int) added at offset 8\n" },
	{ "NAMED_INSIDE", 8, "! field 'part' of thing\n    field 'd' (long) added at offset 8\n" },
	{ "STRUCT_UNION", 8, "parameter 1 's': struct shape * became union shape *" },
	{ "TAIL_TYPE", 8, "field 'bytes': char [] became long []" },
	{ "TYPEDEF_CHANGED", 8, "field 'n': number, which was int, became long" },
}, enums[] = {
	{ "ENUM_ADDED", 4, "~ enum color\n    PINK (3) added\n    reached by paint\n" },
	{ "ENUM_INSERTED", 8, "GREEN changed from 1 to 2" },
	{ "ENUM_REMOVED", 8, "BLUE (2) removed" },
	{ "ENUM_RENAMED", 4, "BLUE is called AZURE now" },
	{ "ENUM_WIDER", 8, "its values have 8 bytes, not 4 any more" },
	{ "ENUM_REORDERED", 0, "" },
}, gates[] = {
	{ "LEVEL_RAISED", 8, "! buy\n    isolation level raised from caller to full\n" },
	{ "LEVEL_LOWERED", 4, "~ buy\n    isolation level lowered from caller to callee\n" },
	{ "DOC_CHANGED", 0, "" },
	{ "REQUIRES_ADDED", 8, "requires the capability shop_buy now" },
	{ "PRIVATE_NOW", 8, "! buy\n    is private now\n" },
	{ "SECRET_LOST", 8, "parameter 2 'code' is not secret any more" },
	{ "OPTIONAL_GAINED", 4, "parameter 1 'thing' may be missing now" },
	{ "ALIAS_REMOVED", 8, "alias get removed" },
	{ "ALIAS_ADDED", 4, "alias purchase added" },
	{ "GATE_RENAMED", 4, "is called purchase now; buy is an alias" },
	{ "PARAM_RENAMED", 8, "parameter 1 'thing' is called 'item' now" },
	{ "ENUMERATOR_RENAMED", 8, "NO_SUCH_THING is called UNKNOWN_THING now" },
	{ "READONLY_LOST", 8, "may change something now" },
	{ "DIRECTION_CHANGED", 8, "parameter 1 'bytes' is inout, not out any more" },
	{ "EXTENT_CHANGED", 8, "points to 16 elements, not to as many as parameter 2 says" },
	{ "GATE_REMOVED", 8, "- close()" },
	{ "GATE_ADDED", 4, "+ open()" },
};

static void
build(const char *name, const char *cc, const char *source, const char *flags)
{
	assert_int_equal(shell("%s %s -w -g -O0 -fPIC -shared -nostdlib -Iinclude -o $D/%s "
			       FIXTURES "%s", cc, flags, name, source), 0);
}

static const char *
report(const struct diff *diff, struct twz_arena *arena)
{
	TWZ_FREE char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);

	assert_non_null(f);
	diff_write_text(f, diff, "OLD", "NEW", false);
	fclose(f);
	return twz_strndup(arena, text, n);
}

static void
check(const struct change *c, const char *cc, const struct diff *diff, struct twz_arena *arena)
{
	const char *text = report(diff, arena);

	if (diff_status(diff) != c->status || !strstr(text, c->text))
		fail_msg("%s with %s: status %d, not %d\nwanted: %s\ngot: %s", c->change, cc,
			 diff_status(diff), c->status, c->text, text);
}

static void
check_all(const char *source, bool all, const struct change *changes, size_t n)
{
	static const char *const compilers[] = { "gcc", "clang" };
	TWZ_ARENA arena = { 0 };
	const struct twz_service *was;

	build("old.so", "gcc", source, "");
	was = inspect_ok(in_folder("old.so"), all, &arena);
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < TWZ_COUNT(compilers); k++) {
			char flag[64];

			if (k && i % 4)
				continue;	/* the other compiler: some of all sorts are enough */
			if (k && !have(compilers[k]))
				continue;
			snprintf(flag, sizeof(flag), "-D%s", changes[i].change);
			build("new.so", compilers[k], source, flag);
			check(&changes[i], compilers[k],
			      diff_services(was, inspect_ok(in_folder("new.so"), all, &arena), NULL,
					    &arena), &arena);
		}
}

static void
test_functions(void **state)
{
	(void)state;
	check_all("diff.c", true, functions, TWZ_COUNT(functions));
}

static void
test_structs(void **state)
{
	(void)state;
	check_all("diff.c", true, structs, TWZ_COUNT(structs));
}

static void
test_enums(void **state)
{
	(void)state;
	check_all("diff.c", true, enums, TWZ_COUNT(enums));
}

static void
test_gates(void **state)
{
	(void)state;
	check_all("diff_gates.c", false, gates, TWZ_COUNT(gates));
}

/* -- more than one switch at a time ----------------------------------------------------------------- */

static const struct diff *
diff_files(const char *was, const char *now, const struct names *visible, struct twz_arena *arena)
{
	return diff_services(inspect_ok(in_folder(was), true, arena), inspect_ok(in_folder(now), true, arena),
			     visible, arena);
}

static void
build_versioned(const char *name, const char *flags, const char *map)
{
	assert_int_equal(shell("echo '%s' >$D/map; cd $D; gcc -w -g -shared -fPIC -nostdlib %s "
			       "-Wl,--version-script=map -o %s foo.c", map, flags, name), 0);
}

/* A program asks for a name and a version, and gets just that. */
static void
test_versions(void **state)
{
	TWZ_ARENA arena = { 0 };
	const struct diff *diff;

	(void)state;
	assert_int_equal(shell("printf '%%s\\n' '#ifdef BOTH' 'int foo_1(int a) { return a; }' "
			       "'int foo_2(long a) { return a; }' "
			       "'__asm__(\".symver foo_1,foo@V1\\n.symver foo_2,foo@@V2\");' '#elif defined TWO' "
			       "'int foo(long a) { return a; }' '#else' 'int foo(int a) { return a; }' "
			       "'#endif' >$D/foo.c; gcc -w -g -shared -fPIC -nostdlib -o $D/none.so $D/foo.c"),
			 0);
	build_versioned("one.so", "", "V1 { global: foo; local: *; };");
	build_versioned("two.so", "-DTWO", "V1 { local: *; }; V2 { global: foo; } V1;");
	build_versioned("both.so", "-DBOTH", "V1 { global: foo; local: *; }; V2 { global: foo; } V1;");
	diff = diff_files("one.so", "two.so", NULL, &arena);
	assert_int_equal(diff_status(diff), 8);
	assert_non_null(strstr(report(diff, &arena), "- int foo(int a), version V1\n"));
	/* The old version is still there, hidden. */
	diff = diff_files("one.so", "both.so", NULL, &arena);
	assert_int_equal(diff_status(diff), 4);
	assert_non_null(strstr(report(diff, &arena), "+ int foo(long a), version V2\n"));
	assert_int_equal(diff_status(diff_files("both.so", "one.so", NULL, &arena)), 8);
	/* Without versions, names are all that the loader goes by. */
	assert_int_equal(diff_status(diff_files("none.so", "one.so", NULL, &arena)), 0);
	assert_int_equal(diff_status(diff_files("one.so", "none.so", NULL, &arena)), 0);
}

/* What headers do not define is private, unless it is passed by value. */
static void
test_visible(void **state)
{
	TWZ_ARENA arena = { 0 };
	struct names none = { 0 }, user = { 0 };

	(void)state;
	names_add(&user, &arena, "user");
	build("old.so", "gcc", "diff.c", "");
	build("new.so", "gcc", "diff.c", "-DFIELD_INSERTED");
	assert_int_equal(diff_status(diff_files("old.so", "new.so", NULL, &arena)), 8);
	assert_int_equal(diff_status(diff_files("old.so", "new.so", &user, &arena)), 8);
	assert_int_equal(diff_status(diff_files("old.so", "new.so", &none, &arena)), 0);
	build("new.so", "gcc", "diff.c", "-DVALUE_LARGER");
	assert_int_equal(diff_status(diff_files("old.so", "new.so", &none, &arena)), 8);
}

/* What is not known is no "same", but does not hide what is. */
static void
test_unknown(void **state)
{
	static const struct twz_gate known = { .name = "f", .symbol = "f", .how = "", .why = "" };
	struct twz_service was = { .name = "", .path = "", .gates = &known, .ngates = 1 };
	struct twz_service now = was, none = { .name = "", .path = "" };
	TWZ_ARENA arena = { 0 };

	(void)state;
	assert_int_equal(diff_status(diff_services(&was, &now, NULL, &arena)), 1);
	assert_int_equal(diff_status(diff_services(&was, &none, NULL, &arena)), 8);
	assert_int_equal(diff_status(diff_services(&none, &was, NULL, &arena)), 4);
	assert_int_equal(diff_status(diff_services(&none, &none, NULL, &arena)), 0);
	none.partial = true;
	assert_int_equal(diff_status(diff_services(&none, &none, NULL, &arena)), 1);
	assert_int_equal(diff_status(diff_services(&was, &none, NULL, &arena)), 8);
}

/* -- types that no compiler made -------------------------------------------------------------------- */

/* It ends, and its report can be written; a library is the same as itself. */
static void
test_random(void **state)
{
	(void)state;
	for (unsigned seed = 0; seed < 100; seed++) {
		TWZ_ARENA arena = { 0 };
		struct twz_service was = make_random(seed, &arena), now = make_random(seed + 1, &arena);
		struct twz_service again = make_random(seed, &arena);
		const struct diff *diff = diff_services(&was, &now, NULL, &arena);

		assert_true(strlen(report(diff, &arena)) > 0);
		if (!diff_services(&was, &again, NULL, &arena)->partial)
			assert_string_equal(report(diff_services(&was, &again, NULL, &arena), &arena),
					    "OLD -> NEW: the same for callers\n");
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_functions),
		cmocka_unit_test(test_structs),
		cmocka_unit_test(test_enums),
		cmocka_unit_test(test_gates),
		cmocka_unit_test(test_versions),
		cmocka_unit_test(test_visible),
		cmocka_unit_test(test_unknown),
		cmocka_unit_test(test_random),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
