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
	{ "fn f(a) { }; f", 3, "Type Error: missing argument 'a': fn f(a)\n" },
	{ "fn f(a,\t# one\n  b = \"x  # \\\" y\") { }; f", 3,
	  "Type Error: missing argument 'a': fn f(a, b = \"x  # \\\" y\")\n" },
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
	/* optional types */
	{ "let n: u8? = none; n ?? 5", 0, "5\n" },
	{ "let n: u8? = 7; n; type n", 0, "7\nu8\n" },
	{ "let n: u8? = 700", 3, "Type Error: 700 is out of range for u8: 0 .. 255\n" },
	{ "let n: u8? = \"x\"", 3, "Type Error: Expected 'u8' got 'String'\n" },
	{ "let u: passwd::User? = none; u ?? \"nobody\"", 0, "nobody\n" },
	{ "fn f(n: int?) { n ?? 0 }; f; f 5; f none; f --n 6", 0, "0\n5\n0\n6\n" },
	{ "fn f(n: int?) { n }; f bob", 3, "Type Error: Expected 'i64' got 'String'\n" },
	{ "fn f(xs: [u8?]) { count xs }; f [1, none, 3]", 0, "3\n" },
	{ "fn find(x) -> int? { if x == 1 { return 10 }; return none }; find(1); find(2)", 0, "10\nnone\n" },
	{ "run ls", 4, "Security Error: programs cannot be run here\n" },
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

/* Functions as values: literals, what they capture, blocks of their own. */
static const struct world_row closures[] = {
	{ "f = {|a, b| a + b}; f 1 2; f(3, 4); f", 0, "3\n7\n{|a, b| …}\n" },
	{ "f = {|| 5}; f()", 0, "5\n" },
	{ "f = {|a| a}; f 1 2", 3, "Type Error: too many arguments: {|a| …}\n" },
	{ "f = {|a| a}; f()", 3, "Type Error: missing argument 'a': {|a| …}\n" },
	{ "n = 10; f = {|x| x + n}; n = 20; f 1", 0, "21\n" },
	{ "fn adder(n: int) { return {|x| x + n} }; a = adder 10; b = adder 20; a 1; b 1", 0, "11\n21\n" },
	{ "if true { for i in 1 .. 3 { if i == 2 { g = {|x| x * i}; print (g 10) } } }", 0, "20\n" },
	{ "if true { n = 1; f = {|| n}; n = 2; print (f()) }", 0, "1\n" },
	{ "n = 1; f = {|| n = 5}; f(); n", 0, "1\n" },
	{ "[1, 2, 3] | map {|x| x * x} | where {|x| x > 1}", 0, "[4, 9]\n" },
	{ "double = {|x| x * 2}; [1, 2] | map double | each print", 0, "2\n4\n" },
	{ "5 | {|x| x}", 2, "Syntax Error: '{' is no stage of a pipe\n" },
	{ "inc = {|x| x + 1}; 5 | inc | inc", 0, "7\n" },
	{ "fn apply(f, x) { return f x }; apply {|x| x + 1} 5; fn one(x) { x * 3 }; apply one 5", 0, "6\n15\n" },
	{ "fn compose(f, g) { {|x| f (g x)} }; h = compose {|x| x + 1} {|x| x * 2}; h 5", 0, "11\n" },
	{ "if true { fn local(n: int) -> int { if n == 0 { return 0 }; n + local(n - 1) }; print (local(4)) }", 0,
	  "10\n" },
	{ "if true { fn local() { 1 } }; local()", 3, "Name Error: no function 'local'\n" },
	{ "fn outer(k) { fn inner(x) { x * k }; inner 5 }; outer 3; inner 1", 3,
	  "Name Error: no function 'inner'\n" },
	{ "fn even(n) { n == 0 or odd(n - 1) }; fn odd(n) { n != 0 and even(n - 1) }; even(10)", 0, "true\n" },
	{ "f = {|a| a}; f.x", 3, "Type Error: 'function' has no fields: 'x' was asked for\n" },
	{ "f = {|a| a}; to_json f", 3, "Type Error: a function has no JSON form\n" },
	{ "calc::i8 {|x| x}", 3, "Type Error: Expected 'i8' got 'function'\n" },
	{ "f = {|a| a}; calc::shape f", 3, "Type Error: Expected 'Shape' got 'function'\n" },
	{ "f = {|a| a}; type f; f == f; count f", 3, "Type Error: Expected 'list' got 'function'\n" },
	{ "f = {|x| calc::i8 x}; f 5; f 500", 3, "Type Error: 500 is out of range for i8: -128 .. 127\n" },
	{ "f = {|x| return x; 5}; f 3", 0, "3\n" },
	{ "fn f(--loud: bool = false, name: string) { \"${name} ${loud}\" }; f --loud bob; f bob --no-loud", 0,
	  "bob true\nbob false\n" },
	{ "fn f(--times: int = 1) { times }; f --tmes 2", 3, "Type Error: no parameter 'tmes': fn f(--times: int = 1)\n" },
	{ "fn f(a) { a }; print (calc::add 1 2) (f)", 3, "Type Error: missing argument 'a': fn f(a)\n" },
};

/* Found before the run: nothing of the text runs, nothing is called. */
static const struct world_row statics[] = {
	{ "print one; calc::i8 300", 3, "Type Error: 300 is out of range for i8: -128 .. 127\n" },
	{ "print one; calc::nope 1", 3, "Name Error: no gate 'nope' in calc\n" },
	{ "print one; nope 1", 3, "Name Error: no function 'nope'\n" },
	{ "print one; x = bob", 3, "Name Error: 'bob' is not defined\n" },
	{ "print one; if calc::add(1, 2) { }", 3, "Type Error: Expected 'bool' got 'i32'\n" },
	{ "print one; if false { calc::add 1 }", 3, "Type Error: missing argument 'b': add(a: i32, b: i32) -> i32\n" },
	{ "print one; fn f() { calc::color GREN }", 3, "Type Error: Expected 'color' got 'String'\n" },
	{ "print one; g = {|x| x.y + nope}", 3, "Name Error: 'nope' is not defined\n" },
	{ "print one; u ?= passwd::lookup_user bob; u.nme", 3, "Name Error: no field 'nme' in User\n" },
	{ "print one; u = passwd::lookup_user bob; u.name", 3,
	  "Type Error: 'Result<User>' has no fields: 'name' was asked for\n" },
	{ "print one; x = calc::i64 5; calc::i8 x", 3, "Type Error: Expected 'i8' got 'i64'\n" },
	{ "print one; r = {a: 1}; r.b", 3, "Name Error: no field 'b' in record\n" },
	{ "print one; r = passwd::lookup_user bob; r + 1", 3,
	  "Type Error: '+' does not work on 'Result<User>' and 'int'\n" },
	{ "print one; match passwd::lookup_user bob { Ok(u) => 1, Err(NoSuchUser) => 2 }", 3,
	  "Type Error: the match does not cover Err(Locked)\n" },
	{ "print one; match passwd::lookup_user bob { Ok(u) => match calc::color RED { RED => 1 }, _ => 2 }", 3,
	  "Type Error: the match does not cover GREEN, BLUE\n" },
	{ "print one; passwd::lookup_user bob | calc::i8", 3, "Type Error: Expected 'i8' got 'User'\n" },
	{ "print one; 5 | map it", 3, "Type Error: 'map' takes a list, got 'int'\n" },
	{ "print one; fn f(a: int) -> string { return a }", 3,
	  "Type Error: the result of f: Expected 'string' got 'i64'\n" },
	{ "print one; job = spawn calc::i8 300", 3, "Type Error: 300 is out of range for i8: -128 .. 127\n" },
	{ "print one; break", 2, "Syntax Error: 'break' outside of a loop\n" },
	{ "print one; for i in 1 .. 2 { f = {|| break} }", 2, "Syntax Error: 'break' outside of a loop\n" },
	{ "print one; let n: u8 = 256", 3, "Type Error: 256 is out of range for u8: 0 .. 255\n" },
	{ "print one; for c in \"abc\" { }", 3, "Type Error: Expected a list got 'String'\n" },
};

/* What only the run can tell is left to it. */
static const struct world_row dynamic[] = {
	{ "x = 300; if x < 128 { calc::i8 x } else { print large }", 0, "large\n" },
	{ "x = 1; if true { x = \"a\" }; calc::string x", 0, "a\n" },
	{ "x = none; for i in 1 .. 3 { x = i }; x + 1", 0, "4\n" },
	{ "r = {a: 1}; r.a = \"s\"; calc::string r.a", 0, "s\n" },
	{ "config = 5; fn show() { print config }; config = 6; show", 0, "6\n" },
	/* An Err that nobody takes ends the text, whoever made it. */
	{ "fn f() { return passwd::lookup_user bobby }; f; print no", 1, "Error: No such user\n" },
	{ "fn f() { passwd::lookup_user bobby }; f; print no", 1, "Error: No such user\n" },
	{ "fn f(x) { return passwd::lookup_user bobby }; f 1; print no", 1, "Error: No such user\n" },
	{ "r = passwd::lookup_user bobby; r; r.name", 3, "Type Error: 'Result<User>' has no fields: 'name' was asked for\n" },
	/* What is assigned only below changes nothing above. */
	{ "fn show() { print config }; config = 5; show", 0, "config\n" },
	{ "fn show() { config + 1 }; config = 5; show", 3, "Name Error: 'config' is not defined\n" },
	{ "f = {|x| calc::string config}; config = \"no\"; f 1", 0, "config\n" },
	{ "fn f() { g 1 }; fn g(x) { h $x }; h = {|x| x + 1}; f", 0, "2\n" },
	{ "fn f(x) { match x { Ok(u) => u.name, Err(e) => e } }; f (passwd::lookup_user bob)", 0, "bob\n" },
	{ "fn f() { try { nosuch::gate } catch e { print e.kind } }; f", 0, "Name Error\n" },
	{ "fn f() { for i in 1 .. 2 { j = i; print i j } }; f", 0, "1 1\n2 2\n" },
	{ "fn f(xs) { xs | where it > 1 | map it * 2 }; f [1, 2]", 0, "[4]\n" },
	{ "fn f() { if true { local = 1; local + 1 } }; f", 0, "2\n" },
	{ "fn f(g) { g 2 }; fn h() { f twice }; fn twice(x) { x + x }; h", 0, "4\n" },
	{ "fn f(x) { x.name }; f {name: 1}", 0, "1\n" },
	{ "fn f(g) { g 5 }; f {|x| x + 1}", 0, "6\n" },
	{ "try missing::gate else print none", 0, "none\n" },
	{ "xs = []; for i in 1 .. 2 { xs = [i] }; xs[0] + 1", 0, "3\n" },
	{ "fn f(n) { if n > 3 { return \"big\" }; n }; f(5); f(1) + 1", 0, "big\n2\n" },
	{ "x = if true { 5 } else { \"a\" }; x + 1", 0, "6\n" },
	{ "match calc::color RED { RED => print red, _ => print other }", 0, "red\n" },
	{ "m = passwd::lookup_user bob ?? none; print ok", 0, "ok\n" },
};

static void
test_static(void **state)
{
	(void)state;
	for (size_t i = 0; i < TWZ_COUNT(statics); i++) {
		struct world *w = world_open();

		world_check(w, &statics[i]);
		if (w->ncalls || w->nout)
			fail_msg("%s ran: %s%s", statics[i].text, w->out, w->log);
		world_close(w);
	}
	for (size_t i = 0; i < TWZ_COUNT(dynamic); i++) {
		struct world *w = world_open();

		world_check(w, &dynamic[i]);
		world_close(w);
	}
}

/* A check leaves the session as it was. */
static void
test_check_leaves_nothing(void **state)
{
	static const struct world_row session[] = {
		{ "x = 1; s = \"a\"", 0, "" },
		{ "x = \"text\"; s = 5; y = 2; calc::i8 300", 3,
		  "Type Error: 300 is out of range for i8: -128 .. 127\n" },
		{ "print $x $s", 0, "1 a\n" },
		{ "y", 3, "Name Error: 'y' is not defined\n" },
		{ "fn f() { 1 }; calc::i8 300", 3, "Type Error: 300 is out of range for i8: -128 .. 127\n" },
		{ "f", 3, "Name Error: 'f' is not defined\n" },
		{ "x + 1", 0, "2\n" },
	};
	struct world *w = world_open();

	(void)state;
	for (size_t i = 0; i < TWZ_COUNT(session); i++)
		world_check(w, &session[i]);
	world_close(w);
}

/* Programs: argv only, a typed status. */
static const struct world_row programs[] = {
	{ "x = run printf '%s-' \"a b\" c; x", 0, "a b-c-\n" },
	{ "d = \"x y\"; run printf '%s.%s.' $d d", 0, "x y.d." },
	{ "run printf '%s.' --name=v --flag *.c $args", 0, "--name=v.--flag.*.c." },
	{ "n = 5; run printf '%s.' $n (n + 1) [1, \"b c\"]", 0, "5.6.1.b c." },
	{ "run printf 'a\nb\n\n' | lines | where it != \"\" | count", 0, "2\n" },
	{ "run printf \"a\\nb\\n\" | lines | count", 0, "2\n" },
	{ "\"b\\na\\n\" | run sort", 0, "a\nb\n" },
	{ "[\"b\", \"a\"] | run sort | lines", 0, "[\"a\", \"b\"]\n" },
	{ "run sh -c 'exit 3'; print no", 1, "Error: sh ended with status 3\n" },
	{ "run sh -c 'kill -9 $$'", 1, "Error: sh was ended by SIGKILL\n" },
	{ "match run sh -c 'exit 3' { Ok(t) => print t, Err(e) => print e.program e.status e.signal }", 0,
	  "sh 3 none\n" },
	{ "match run sh -c 'kill -9 $$' { Ok(t) => print t, Err(e) => print e.status e.signal }", 0,
	  "137 SIGKILL\n" },
	{ "r = run sh -c 'echo out; exit 1'; print ok; if ok r { print yes } else { print failed }", 0,
	  "ok\nfailed\n" },
	{ "try run false else print failed", 0, "failed\n" },
	{ "t ?= run echo hi; count t", 0, "3\n" },
	{ "run no-such-program-here", 3, "Name Error: no program 'no-such-program-here'\n" },
	{ "run printf (passwd::lookup_user bob)", 3,
	  "Type Error: a Result<User> is no argument of a program\n" },
	{ "run printf \"a\\x00b\"", 3, "Type Error: a text with a NUL byte inside cannot be an argument\n" },
	{ "timeout 50ms { run sleep 20 }", 124, "Timeout: the block took longer than its time\n" },
	{ "if true { run echo streamed }; x = if true { run echo kept }; x", 0,
	  "streamed\nkept\n\n" },
	{ "fn now() { run echo now }; t ?= now; t == \"now\\n\"", 0, "true\n" },
};

static void
test_programs(void **state)
{
	(void)state;
	for (size_t i = 0; i < TWZ_COUNT(programs); i++) {
		struct world *w = world_open();

		w->options.no_programs = false;
		world_check(w, &programs[i]);
		world_close(w);
	}
}

/* Jobs: what they see, what they give, what becomes of their failures. */
static const struct world_row jobs[] = {
	{ "job = spawn calc::add 1 2; wait job", 0, "3\n" },
	{ "x = 5; job = spawn calc::add x 2; x = 100; wait job; job.id", 0, "7\n1\n" },
	{ "fn slow(n) { s = 0; for i in 1 .. n { s = s + i }; s }; js = 1 .. 4 | map (spawn slow(100)); wait js", 0,
	  "[5050, 5050, 5050, 5050]\n" },
	{ "for i in [1] { k = 7; j = spawn calc::add k i; print (wait j) }", 0, "8\n" },
	{ "job = spawn calc::i8 300", 3, "Type Error: 300 is out of range for i8: -128 .. 127\n" },
	{ "job = spawn calc::nope", 3, "Name Error: no gate 'nope' in calc\n" },
	{ "job = spawn passwd::lookup_user bobby; print on; wait job", 1, "Error: No such user\n" },
	{ "job = spawn passwd::boom 1 2; try wait job else print fell", 0, "fell\n" },
	{ "job = spawn passwd::boom 1 2; wait job", 5, "Fault: passwd::boom: SIGSEGV; outcome unknown\n" },
	{ "job = spawn calc::add 1 2; wait job; wait job", 3, "Type Error: job 1 was waited for already\n" },
	{ "wait (5)", 3, "Type Error: Expected 'Job' got 'int'\n" },
	{ "job = spawn {|| 5}; f = wait job; f()", 0, "5\n" },
	{ "job = spawn calc::add 1 2; while not done(job) { }; wait job", 0, "3\n" },
	{ "job = spawn calc::add 1 2", 0, "" },
	{ "_ = spawn passwd::boom 1 2", 0, "" },
	{ "job = spawn passwd::boom 1 2", 5,
	  "Fault: job 1, which nobody waited for: passwd::boom: SIGSEGV; outcome unknown\n" },
	{ "job = spawn passwd::lookup_user bobby", 1,
	  "Error: job 1, which nobody waited for: No such user\n" },
};

static void
test_jobs(void **state)
{
	(void)state;
	for (size_t i = 0; i < TWZ_COUNT(jobs); i++) {
		struct world *w = world_open();

		w->finish = true;
		world_check(w, &jobs[i]);
		world_close(w);
	}
}

/* Three calls that wait for each other: they are made at the same time, or never end. */
static void
test_jobs_together(void **state)
{
	static const struct world_row row = {
		"a = spawn calc::u16 1; b = spawn calc::u16 2; c = calc::u16 3; (wait a) + (wait b) + c", 0, "6\n"
	};
	struct world *w = world_open();

	(void)state;
	w->meet = 3;
	world_check(w, &row);
	world_close(w);
}

static void
test_closures(void **state)
{
	(void)state;
	for (size_t i = 0; i < TWZ_COUNT(closures); i++) {
		struct world *w = world_open();

		world_check(w, &closures[i]);
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
	world_run(w, "timeout 2m; timeout 1m { calc::i8 1 }");
	assert_true(w->timeout_ns > 0 && w->timeout_ns <= 60000000000);
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
	assert_true(w->lang->statement.used < 1 << 20 && w->lang->shared->durable.used < 1 << 20);
	world_close(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),	cmocka_unit_test(test_session),
		cmocka_unit_test(test_closures),	cmocka_unit_test(test_programs),
		cmocka_unit_test(test_jobs),	cmocka_unit_test(test_jobs_together),
			cmocka_unit_test(test_static),
		cmocka_unit_test(test_check_leaves_nothing),
		cmocka_unit_test(test_timeout),	cmocka_unit_test(test_interrupt),
		cmocka_unit_test(test_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
