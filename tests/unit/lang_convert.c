/* Arguments: what each type takes and refuses, and in which words. */
#include "tests/unit/lang_world.h"

static const struct world_row rows[] = {
	/* integers */
	{ "calc::i8 -128", 0, "-128\n" },
	{ "calc::i8 0x7f", 0, "127\n" },
	{ "calc::i8 -0b1", 0, "-1\n" },
	{ "calc::i8 +0o17", 0, "15\n" },
	{ "calc::i8 1_0", 0, "10\n" },
	{ "calc::i8 007", 0, "7\n" },
	{ "calc::i8 128", 3, "Type Error: 128 is out of range for i8: -128 .. 127\n" },
	{ "calc::i8 -129", 3, "Type Error: -129 is out of range for i8: -128 .. 127\n" },
	{ "calc::u16 -1", 3, "Type Error: -1 is out of range for u16: 0 .. 65535\n" },
	{ "calc::u64 18446744073709551615", 0, "18446744073709551615\n" },
	{ "calc::u64 18446744073709551616", 3,
	  "Type Error: 18446744073709551616 is out of range for u64: 0 .. 18446744073709551615\n" },
	{ "calc::u64 99999999999999999999999999999999999999999999", 3,
	  "Type Error: the number is out of range for u64: 0 .. 18446744073709551615\n" },
	{ "calc::i64 -9223372036854775808", 0, "-9223372036854775808\n" },
	{ "calc::i8 two", 3, "Type Error: Expected 'i8' got 'String'\n" },
	{ "calc::i8 1.5", 3, "Type Error: Expected 'i8' got 'String'\n" },
	{ "calc::i8 1e1", 3, "Type Error: Expected 'i8' got 'String'\n" },
	{ "calc::i8 \"5\"", 3, "Type Error: Expected 'i8' got 'String'\n" },
	{ "calc::i8 [1]", 3, "Type Error: Expected 'i8' got 'list'\n" },
	{ "calc::i8 {a: 1}", 3, "Type Error: Expected 'i8' got 'record'\n" },
	{ "calc::i8 true", 3, "Type Error: Expected 'i8' got 'String'\n" },
	{ "calc::i8 none", 3, "Type Error: Expected 'i8' got 'String'\n" },
	{ "calc::i8 (1 + 2)", 0, "3\n" },
	{ "calc::i8 (1 < 2)", 3, "Type Error: Expected 'i8' got 'bool'\n" },
	/* floats */
	{ "calc::f64 1", 0, "1.0\n" },
	{ "calc::f64 -1.5e3", 0, "-1500.0\n" },
	{ "calc::f64 inf", 0, "inf\n" },
	{ "calc::f64 0.1", 0, "0.1\n" },
	{ "calc::f32 0.1", 0, "0.1\n" },
	{ "calc::f32 1e39", 3, "Type Error: the number is out of range for f32\n" },
	{ "calc::f64 1e999", 3, "Type Error: the number is out of range for f64\n" },
	{ "calc::f64 .5x", 3, "Type Error: Expected 'f64' got 'String'\n" },
	/* bool, char, string */
	{ "calc::bool true", 0, "true\n" },
	{ "calc::bool yes", 3, "Type Error: Expected 'bool' got 'String'\n" },
	{ "calc::bool 1", 3, "Type Error: Expected 'bool' got 'String'\n" },
	{ "calc::char x", 0, "\"x\"\n" },
	{ "calc::char \"\\n\"", 0, "\"\\n\"\n" },
	{ "calc::char xy", 3, "Type Error: Expected 'char' got 'String'\n" },
	{ "calc::string 007", 0, "007\n" },
	{ "calc::string true", 0, "true\n" },
	{ "calc::string /etc/passwd", 0, "/etc/passwd\n" },
	{ "calc::string 'it''s ${x}'", 0, "it's ${x}\n" },
	{ "calc::string \"a\\x00b\"", 3,
	  "Type Error: a text with a NUL byte inside cannot be a C string\n" },
	{ "calc::string [1]", 3, "Type Error: Expected 'string' got 'list'\n" },
	/* enums and flags */
	{ "calc::color GREEN", 0, "GREEN\n" },
	{ "calc::color 5", 0, "GREEN\n" },
	{ "calc::color 4", 3, "Type Error: Expected 'color' got 'String'\n" },
	{ "calc::color green", 3, "Type Error: Expected 'color' got 'String'\n" },
	{ "calc::color \"GREEN\"", 3, "Type Error: Expected 'color' got 'String'\n" },
	{ "calc::access [READ, WRITE]", 0, "[READ, WRITE]\n" },
	{ "calc::access []", 0, "[]\n" },
	{ "calc::access EXECUTE", 0, "[EXECUTE]\n" },
	{ "calc::access 3", 0, "[READ, WRITE]\n" },
	{ "calc::access 8", 3, "Type Error: Expected 'access' got 'String'\n" },
	{ "calc::access [READ, WRTE]", 3, "Type Error: Expected 'access' got 'String'\n" },
	/* aggregates */
	{ "calc::shape {color: RED, sides: [1, 2, 3]}", 0, "Shape{color: RED, sides: [1, 2, 3]}\n" },
	{ "calc::shape {sides: [1, 2, 3], color: 6}", 0, "Shape{color: BLUE, sides: [1, 2, 3]}\n" },
	{ "calc::shape {color: RED, sides: [1, 2]}", 3, "Type Error: [i32; 3] takes 3 elements, got 2\n" },
	{ "calc::shape {color: RED}", 3, "Type Error: field 'sides' of Shape is missing\n" },
	{ "calc::shape {color: RED, sdes: [1, 2, 3]}", 3, "Type Error: no field 'sdes' in Shape\n" },
	{ "calc::shape {color: RED, color: RED, sides: [1, 2, 3]}", 3,
	  "Type Error: field 'color' is given twice\n" },
	{ "calc::shape {color: RED, sides: [1, x, 3]}", 3, "Type Error: Expected 'i32' got 'String'\n" },
	{ "calc::shape bob", 3, "Type Error: Expected 'Shape' got 'String'\n" },
	/* buffers and options */
	{ "calc::bytes hello", 0, "5\n" },
	{ "calc::bytes \"a\\x00b\"", 0, "3\n" },
	{ "calc::bytes [1, 2, 255]", 0, "3\n" },
	{ "calc::bytes [256]", 3, "Type Error: 256 is out of range for u8: 0 .. 255\n" },
	{ "calc::ints [1, -2]", 0, "2\n" },
	{ "calc::ints []", 0, "0\n" },
	{ "calc::ints hello", 3, "Type Error: Expected '[i32]' got 'String'\n" },
	{ "calc::option 5", 0, "5\n" },
	{ "calc::option none", 0, "none\n" },
	{ "calc::option x", 3, "Type Error: Expected 'Option<i32>' got 'String'\n" },
	{ "calc::maybe 1", 0, "0\n" },
	{ "calc::maybe 1 none", 0, "0\n" },
	{ "calc::maybe 1 abc", 0, "0\n" },
	/* arity and names */
	{ "calc::add 1", 3, "Type Error: missing argument 'b': add(a: i32, b: i32) -> i32\n" },
	{ "calc::add", 3, "Type Error: missing argument 'a': add(a: i32, b: i32) -> i32\n" },
	{ "calc::add 1 2 3", 3, "Type Error: too many arguments: add(a: i32, b: i32) -> i32\n" },
	{ "calc::add --b 1 2", 0, "3\n" },
	{ "calc::add --b=1 --a=2", 0, "3\n" },
	{ "calc::add --c 1 2", 3, "Type Error: no parameter 'c': add(a: i32, b: i32) -> i32\n" },
	{ "calc::add --a 1 --a 2", 3, "Type Error: argument 'a' is given twice: add(a: i32, b: i32) -> i32\n" },
	{ "calc::add 1 --b", 3, "Type Error: --b needs a value: add(a: i32, b: i32) -> i32\n" },
	{ "calc::flag --force bob", 0, "true\n" },
	{ "calc::flag bob --no-force", 0, "false\n" },
	{ "calc::flag bob --force=false", 0, "false\n" },
	{ "calc::flag --name=bob --force true", 0, "true\n" },
	{ "calc::flag --name= --force", 0, "true\n" },
	{ "calc::add(1, 2)", 0, "3\n" },
	{ "calc::add(calc::add(1, 2), 3 * 4)", 0, "15\n" },
	{ "calc::nope 1", 3, "Name Error: no gate 'nope' in calc\n" },
	{ "clac::add 1 2", 3, "Name Error: no service 'clac'\n" },
	/* secrets are in no message */
	{ "calc::pin 70000", 3, "Type Error: ****** is out of range for u16: 0 .. 65535\n" },
};

static void
test_rows(void **state)
{
	struct world *w = world_open();

	(void)state;
	for (size_t i = 0; i < TWZ_COUNT(rows); i++)
		world_check(w, &rows[i]);
	world_close(w);
}

/* Variables keep their C types: only what always fits is widened. */
static const struct world_row typed[] = {
	{ "a = calc::i8 5; calc::i64 a", 0, "5\n" },
	{ "a = calc::i64 5; calc::i8 a", 3, "Type Error: Expected 'i8' got 'i64'\n" },
	{ "a = calc::u16 5; calc::i8 a", 3, "Type Error: Expected 'i8' got 'u16'\n" },
	{ "a = calc::i8 5; calc::u64 a", 3, "Type Error: Expected 'u64' got 'i8'\n" },
	{ "a = 5; calc::i8 a", 0, "5\n" },
	{ "a = 500; calc::i8 a", 3, "Type Error: 500 is out of range for i8: -128 .. 127\n" },
	{ "a = calc::i8 5; calc::f32 a", 0, "5.0\n" },
	{ "a = calc::i64 5; calc::f64 a", 3, "Type Error: Expected 'f64' got 'i64'\n" },
	{ "a = calc::f64 5; calc::f32 a", 3, "Type Error: Expected 'f32' got 'f64'\n" },
	{ "a = calc::color RED; calc::color a", 0, "RED\n" },
	{ "a = calc::color RED; calc::i64 a", 3, "Type Error: Expected 'i64' got 'color'\n" },
	{ "a = \"GREEN\"; calc::color a", 3, "Type Error: Expected 'color' got 'String'\n" },
	{ "a = calc::shape {color: RED, sides: [1, 2, 3]}; calc::shape a", 0,
	  "Shape{color: RED, sides: [1, 2, 3]}\n" },
	{ "a = calc::shape {color: RED, sides: [1, 2, 3]}; calc::color a.color", 0, "RED\n" },
	{ "a = {color: 5, sides: [1, 2, 3]}; calc::shape a", 0, "Shape{color: GREEN, sides: [1, 2, 3]}\n" },
	{ "u ?= passwd::lookup_user bob; calc::shape u", 3, "Type Error: Expected 'Shape' got 'User'\n" },
	{ "r = passwd::lookup_user bob; passwd::update_password r x", 3,
	  "Type Error: Expected 'User' got 'Result<User>'\n" },
	{ "passwd::update_password (passwd::lookup_user bob) x", 3,
	  "Type Error: Expected 'User' got 'Result<User>'\n" },
	{ "GREEN = 1; calc::color GREEN", 3, "Type Error: Expected 'color' got 'int'\n" },
	{ "GREEN = 1; calc::color $nope", 3, "Name Error: 'nope' is not defined\n" },
	{ "s = \"abc\"; calc::string s", 0, "abc\n" },
	{ "s = \"abc\"; calc::string 's'", 0, "s\n" },
	{ "s = \"abc\"; calc::string $s", 0, "abc\n" },
};

static void
test_typed(void **state)
{
	(void)state;
	for (size_t i = 0; i < TWZ_COUNT(typed); i++) {
		struct world *w = world_open();

		world_check(w, &typed[i]);
		world_close(w);
	}
}

/* A statement with a mistake makes no call at all, not even a converter's. */
static void
test_nothing_called(void **state)
{
	static const char *const texts[] = {
		"passwd::update_password bob", "passwd::update_password bob [1]",
		"calc::add (calc::add 1 2) two", "calc::add(calc::add(1, 2), calc::add(1))",
		"x = calc::add 1 2 + calc::i8 300", "calc::add 1 2 | calc::add x",
		"print (calc::add 1 2) (calc::nope)", "[calc::add 1 2, calc::add 1]",
		"if calc::add(1, 2) > calc::i8(999) { }", "print \"${calc::add 1 2} ${calc::add 1}\"",
	};
	struct world *w = world_open();

	(void)state;
	for (size_t i = 0; i < TWZ_COUNT(texts); i++) {
		assert_int_equal(world_run(w, texts[i]), 3);
		if (w->ncalls)
			fail_msg("%s called %s", texts[i], w->log);
	}
	/* That the count works: the same without the mistake. */
	assert_int_equal(world_run(w, "calc::add (calc::add 1 2) 2"), 0);
	assert_string_equal(w->log, "add(1, 2) add(3, 2) ");
	world_close(w);
}

/* `twz call`: each element is one text, whatever it looks like. */
static void
test_call(void **state)
{
	static const struct {
		const char *argv[4];
		size_t argc;
		int status;
		const char *shown;
	} calls[] = {
		{ { "calc::add", "1", "2" }, 3, 0, "3\n" },
		{ { "calc::add", "--b=1", "2" }, 3, 0, "3\n" },
		{ { "calc::string", "a; calc::add 1 2" }, 2, 0, "a; calc::add 1 2\n" },
		{ { "calc::string", "args" }, 2, 0, "args\n" },
		{ { "calc::string", "$args" }, 2, 0, "$args\n" },
		{ { "calc::string", "--", "--v=x" }, 3, 0, "--v=x\n" },
		{ { "calc::string", "-x" }, 2, 0, "-x\n" },
		{ { "calc::flag", "bob", "--force" }, 3, 0, "true\n" },
		{ { "calc::access", "[READ, WRITE]" }, 2, 0, "[READ, WRITE]\n" },
		{ { "calc::shape", "{color: RED, sides: [1, -2, 3]}" }, 2, 0,
		  "Shape{color: RED, sides: [1, -2, 3]}\n" },
		{ { "calc::ints", "[args]" }, 2, 3, "Type Error: Expected 'i32' got 'String'\n" },
		{ { "calc::ints", "[calc::i8 1]" }, 2, 3,
		  "Type Error: only literals can stand in a list or record here\n" },
		{ { "calc::add", "1" }, 2, 3, "Type Error: missing argument 'b': add(a: i32, b: i32) -> i32\n" },
		{ { "calc::nope" }, 1, 3, "Name Error: no gate 'nope' in calc\n" },
		{ { "nope::x" }, 1, 3, "Name Error: no service 'nope'\n" },
		{ { "print", "x" }, 2, 3, "Name Error: 'print' is no gate\n" },
		{ { "passwd::update_passwd", "bobby", "x" }, 3, 1, "Error: No such user\n" },
	};
	struct world *w = world_open();

	(void)state;
	for (size_t i = 0; i < TWZ_COUNT(calls); i++) {
		assert_int_equal(world_call_argv(w, calls[i].argv, calls[i].argc), calls[i].status);
		assert_string_equal(calls[i].status ? w->err : w->out, calls[i].shown);
	}
	world_close(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_typed),
		cmocka_unit_test(test_nothing_called),
		cmocka_unit_test(test_call),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
