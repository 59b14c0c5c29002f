/* Evaluation: what texts do and print. */
#include "tests/unit/lang_world.h"

static const struct world_row rows[] = {
	/* values and operators */
	{ "(1 + 2) * 3", 0, "9\n" },
	{ "2 + 3 * 4 - 1", 0, "13\n" },
	{ "7 / 2; -7 / 2; 7 % 3", 0, "3\n-3\n1\n" },
	{ "1 / 0", 3, "Type Error: division by zero\n" },
	{ "1 + 2.5; 3.0 / 2", 0, "3.5\n1.5\n" },
	{ "9223372036854775807 + 1; 18446744073709551615", 0, "9223372036854775808\n18446744073709551615\n" },
	{ "18446744073709551615 + 1", 3, "Type Error: the result does not fit 64 bits\n" },
	{ "18446744073709551615 * 18446744073709551615", 3, "Type Error: the result does not fit 64 bits\n" },
	{ "x = 3; -x; - 5; 1 - -2", 0, "-3\n-5\n3\n" },
	{ "1 < 2 and not (2 <= 1) or false", 0, "true\n" },
	{ "false and calc::bool true", 0, "false\n" },
	{ "\"a\" < \"b\"; 1 == 1.0; \"a\" == \"a\"; [1, 2] == [1, 2]", 0, "true\ntrue\ntrue\ntrue\n" },
	{ "\"a\" == 1", 3, "Type Error: '==' does not work on 'String' and 'int'\n" },
	{ "\"a\" + \"b\"", 3, "Type Error: '+' does not work on 'String' and 'String'\n" },
	{ "2 in [1, 2]; \"b\" in \"abc\"; \"x\" in {x: 1}; 3 in 1 .. 2", 0, "true\ntrue\ntrue\nfalse\n" },
	{ "calc::color(GREEN) == \"GREEN\"; calc::color(GREEN) != \"RED\"", 0, "true\ntrue\n" },
	{ "calc::color(GREEN) == \"GREN\"", 3, "Type Error: Expected 'color' got 'String'\n" },
	{ "1 .. 4", 0, "[1, 2, 3, 4]\n" },
	{ "count (2 .. 1)", 0, "0\n" },
	{ "x = 1 .. 100000000", 3,
	  "Type Error: a list of more than 1000000 numbers; a for loop takes any range\n" },
	{ "none ?? 5; 4 ?? 5; calc::option none ?? 6", 0, "5\n4\n6\n" },
	{ "(passwd::lookup_user bobby) ?? 7", 0, "7\n" },
	/* variables, fields, indexes */
	{ "x = bob", 3, "Name Error: 'bob' is not defined\n" },
	{ "r = {a: {b: [1, 2]}}; r.a.b[1]; r.a.b[-1]", 0, "2\n2\n" },
	{ "r = {a: {b: 1}, c: 2}; r.a.b = 5; r", 0, "{a: {b: 5}, c: 2}\n" },
	{ "r = {a: 1}; r.x", 3, "Name Error: no field 'x' in record\n" },
	{ "[1][1]", 3, "Type Error: no element 1 in a list of 1\n" },
	{ "let t: u64 = 5; type t", 0, "u64\n" },
	{ "let t: u8 = 256", 3, "Type Error: 256 is out of range for u8: 0 .. 255\n" },
	{ "let t: u8 = bob", 3, "Name Error: 'bob' is not defined\n" },
	{ "let u: passwd::User ?= passwd::lookup_user bob; u.id", 0, "1001\n" },
	{ "let u: passwd::User = 5", 3, "Type Error: Expected 'User' got 'String'\n" },
	{ "let c: calc::color = BLUE; c", 0, "BLUE\n" },
	{ "let x: nope = 5", 3, "Name Error: no type 'nope'\n" },
	{ "let xs: [u8] = [1, 2]; type xs; xs", 0, "[u8]\n[1, 2]\n" },
	{ "x = 5; if true { x = 6; y = 1 }; x", 0, "6\n" },
	{ "if true { y = 1 }; y", 3, "Name Error: 'y' is not defined\n" },
	/* texts */
	{ "x = 5; \"x=${x} ${x + 1} \\${x}\"", 0, "x=5 6 ${x}\n" },
	{ "u ?= passwd::lookup_user bob; \"hi ${u.name}, ${u}\"", 0, "hi bob, User{id: 1001, name: \"bob\"}\n" },
	{ "\"${nope}\"", 3, "Name Error: 'nope' is not defined\n" },
	/* control */
	{ "if 1 { }", 3, "Type Error: Expected 'bool' got 'int'\n" },
	{ "if passwd::lookup_user bob { }", 3, "Type Error: Expected 'bool' got 'Result<User>'\n" },
	{ "if ok (passwd::lookup_user bob) { print yes } else { print no }", 0, "yes\n" },
	{ "x = if false { 1 } else if true { 2 } else { 3 }; x", 0, "2\n" },
	{ "for i in 1 .. 3 { print i }", 0, "1\n2\n3\n" },
	{ "for x in [\"a\", \"b\"] { for y in 1 .. 2 { print \"${x}${y}\" } }", 0, "a1\na2\nb1\nb2\n" },
	{ "for i in 1 .. 10 { if i == 3 { continue }; if i > 4 { break }; print i }", 0, "1\n2\n4\n" },
	{ "xs = [1, 2, 3]; for x in xs { xs = []; print x }", 0, "1\n2\n3\n" },
	{ "n = 0; while n < 3 { n = n + 1 }; n", 0, "3\n" },
	{ "break", 2, "Syntax Error: 'break' outside of a loop\n" },
	{ "for x in 5 { }", 3, "Type Error: Expected a list got 'int'\n" },
	{ "for i in 1 .. 3 { passwd::lookup_user bobby }", 1, "Error: No such user\n" },
	{ "print a; return; print b", 0, "a\n" },
	{ "exit 7; print x", 7, "" },
	/* functions */
	{ "fn twice(n: int) -> int { return n * 2 }; twice 21; twice(4)", 0, "42\n8\n" },
	{ "fn greet(name: string, --times: int = 1) { \"${name} ${times}\" }; greet bob; greet bob --times 3", 0,
	  "bob 1\nbob 3\n" },
	{ "fn f(n) { if n == 0 { return 0 }; return n + f(n - 1) }; f(20)", 0, "210\n" },
	{ "fn f(n) { return f(n + 1) }; f(0)", 3, "Type Error: functions call each other too deeply\n" },
	{ "x = 1; fn f() { x = 2; return x }; f(); x", 0, "2\n1\n" },
	{ "fn f() { return y }; for y in [1] { f() }", 3, "Name Error: 'y' is not defined\n" },
	{ "fn f(a) { }; f", 3, "Type Error: missing arguments: fn f takes 1\n" },
	{ "fn f(n: int) { }; f bob", 3, "Type Error: Expected 'i64' got 'String'\n" },
	{ "fn f(xs) { for x in xs { if x > 1 { return \"found ${x}\" } } }; f([1, 2, 3])", 0, "found 2\n" },
	/* results */
	{ "r = passwd::lookup_user bobby; r", 0, "Err(NoSuchUser)\n" },
	{ "passwd::lookup_user bobby; print x", 1, "Error: No such user\n" },
	{ "u = try passwd::lookup_user bobby else none; u", 0, "none\n" },
	{ "u = try passwd::lookup_user bob else none; u.name", 0, "bob\n" },
	{ "try { passwd::boom 1 2 } catch e { print e.kind e.message }", 0,
	  "Fault passwd::boom: SIGSEGV; outcome unknown\n" },
	{ "try passwd::lookup_user bobby else print missing", 0, "missing\n" },
	{ "try calc::i8 300 else print caught", 0, "caught\n" },
	{ "try { exit 3 } catch e { print no }", 3, "" },
	{ "n = (passwd::lookup_user bob)?.name; n", 0, "bob\n" },
	{ "(passwd::lookup_user bobby)?.name", 1, "Error: No such user\n" },
	{ "X = Result::unwrap (passwd::lookup_user bob); X.id", 0, "1001\n" },
	{ "none?", 1, "Error: none: there is no value\n" },
	{ "match passwd::lookup_user bobby { Ok(u) => print u.name, Err(NoSuchUser) => print nobody, "
	  "Err(e) => return e }", 0, "nobody\n" },
	{ "x = match calc::color GREEN { RED => 1, GREEN | BLUE => 2 }; x", 0, "2\n" },
	{ "match calc::color GREEN { GREN => 1 }", 3, "Type Error: Expected 'color' got 'String'\n" },
	{ "match 5 { 1 => print one\n \"x\" => print two\n _ => print rest }", 3,
	  "Type Error: '==' does not work on 'int' and 'String'\n" },
	{ "match 5 { 1 | 2 => print small, n => print \"n=${n}\" }", 0, "n=5\n" },
	{ "match 5 { 1 => 2 }", 3, "Type Error: no pattern of the match fits\n" },
	/* pipes */
	{ "passwd::lookup_user bob | passwd::update_password changeme", 0, "" },
	{ "passwd::lookup_user bobby | passwd::update_password changeme", 1, "Error: No such user\n" },
	{ "passwd::lookup_user bob | .name", 0, "bob\n" },
	{ "1 | calc::add 2 | calc::add 3", 0, "6\n" },
	{ "300 | calc::i8", 3, "Type Error: 300 is out of range for i8: -128 .. 127\n" },
	{ "[3, 1, 2] | sort | map it * 10 | where it > 10", 0, "[20, 30]\n" },
	{ "[1, 2] | map calc::i8", 0, "[1, 2]\n" },
	{ "[{a: 2, b: \"x\"}, {a: 1, b: \"yy\"}] | sort it.a | select b", 0, "b\nyy\nx\n" },
	{ "[1, 2, 3] | group it % 2 == 0 | map it.key", 0, "[false, true]\n" },
	{ "[1, 2, 3] | each print it", 0, "1\n2\n3\n" },
	{ "[1, \"a\"] | sort", 3, "Type Error: sort does not work on 'int' and 'String'\n" },
	{ "5 | map it", 3, "Type Error: 'map' takes a list, got 'int'\n" },
	{ "\"a\\nb\\n\" | lines | count", 0, "2\n" },
	{ "1 .. 5 | last 2 | to_json", 0, "[4,5]\n" },
	/* what is parsed but does not run */
	{ "f = {|a| a}", 2, "Syntax Error: a function literal is not supported by this version\n" },
	{ "run ls", 2, "Syntax Error: 'run' is not supported by this version\n" },
	{ "job = spawn calc::add 1 2", 2, "Syntax Error: 'spawn' is not supported by this version\n" },
	{ "import \"x.twz\"", 2, "Syntax Error: 'import' is not supported by this version\n" },
};

static void
test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < TWZ_COUNT(rows); i++) {
		struct world *w = world_open();

		world_check(w, &rows[i]);
		world_close(w);
	}
}

/* One session: what a line leaves for the next. */
static void
test_session(void **state)
{
	static const struct world_row session[] = {
		{ "user ?= passwd::lookup_user bob", 0, "" },
		{ "user ?= passwd::lookup_user bobby", 1, "Error: No such user\n" },
		{ "user.name", 0, "bob\n" },
		{ "fn f(n) { return calc::i8 n }", 0, "" },
		{ "f(5)", 0, "5\n" },
		{ "f(500)", 3, "Type Error: 500 is out of range for i8: -128 .. 127\n" },
		{ "print one; passwd::lookup_user bobby; print two", 1, "Error: No such user\n" },
		{ "x = 1\nprint (", 2, "Syntax Error: the text ends before the closing ')'\n" },
		{ "x", 3, "Name Error: 'x' is not defined\n" },
	};
	struct world *w = world_open();

	(void)state;
	for (size_t i = 0; i < TWZ_COUNT(session); i++)
		world_check(w, &session[i]);
	world_close(w);
}

static void
test_timeout(void **state)
{
	struct world *w = world_open();

	(void)state;
	world_run(w, "calc::i8 1");
	assert_int_equal(w->timeout_ns, -1);
	world_run(w, "timeout 200ms; calc::i8 1");
	assert_int_equal(w->timeout_ns, 200000000);
	world_run(w, "if true { timeout 1m; calc::i8 1 }; calc::i8 2");
	assert_int_equal(w->timeout_ns, 200000000);
	world_run(w, "timeout 150ms { calc::i8 1 }");
	assert_true(w->timeout_ns > 0 && w->timeout_ns <= 150000000);
	assert_int_equal(world_run(w, "timeout 20ms { while true { } }"), 124);
	assert_int_equal(world_run(w, "timeout soon { }"), 3);
	world_close(w);
}

static bool
always(void *data)
{
	(void)data;
	return true;
}

static void
test_interrupt(void **state)
{
	struct world *w = world_open();

	(void)state;
	w->host.interrupted = always;
	assert_int_equal(world_run(w, "while true { }"), 130);
	assert_int_equal(world_run(w, "try { while true { } } catch e { print no }"), 130);
	world_close(w);
}

/* A million assignments cost no memory: the arenas of turns and variables are given back. */
static void
test_memory(void **state)
{
	struct world *w = world_open();

	(void)state;
	assert_int_equal(world_run(w, "x = \"\"; for i in 1 .. 200000 { x = \"${i} ${calc::add i 1}\" }; x"), 0);
	assert_string_equal(w->out, "200000 200001\n");
	assert_true(w->ncalls == 200000);
	assert_true(w->lang->statement.used < 1 << 20 && w->lang->durable.used < 1 << 20);
	world_close(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),	cmocka_unit_test(test_session),
		cmocka_unit_test(test_timeout),	cmocka_unit_test(test_interrupt),
		cmocka_unit_test(test_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
