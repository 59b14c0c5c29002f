/* What is shown: values in three forms, messages with their places, and what is never shown. */
#include "tests/unit/lang_world.h"

#include <locale.h>

/* RFC 0008's lines, at a terminal. */
static void
test_rfc(void **state)
{
	static const struct world_row lines[] = {
		{ "user ?= passwd::lookup_user bob", 0, "" },
		{ "passwd::update_passwd user changeme", 0, "Ok(())\n" },
		{ "user ?= passwd::lookup_user bobby", 1, "Error: No such user\n" },
		{ "plain::update_passwd bob changeme", 3, "Type Error: Expected 'User' got 'String'\n" },
		{ "passwd::update_passwd bob changeme", 0, "Ok(())\n" },
		{ "passwd::update_passwd bobby changeme", 1, "Error: No such user\n" },
	};
	static const struct world_row denied = { "passwd::update_passwd bob changeme", 4,
		"Security Error: Failed to call update_password in passwd: Permission denied\n" };
	struct world *w = world_open();

	(void)state;
	w->options.out_tty = true;
	for (size_t i = 0; i < TWZ_COUNT(lines); i++)
		world_check(w, &lines[i]);
	w->denied = true;
	world_check(w, &denied);
	world_close(w);
}

static const struct world_row places[] = {
	{ "passwd::update_password bbo changeme", 1,
	  "Error: No such user\n"
	  "  passwd::update_password bbo ******\n"
	  "                          ^^^ text → passwd::User by passwd::user_from_string\n" },
	{ "calc::color GREN", 3,
	  "Type Error: Expected 'color' got 'String'\n"
	  "  calc::color GREN\n"
	  "              ^^^^ did you mean GREEN?  (RED=0, GREEN=5, BLUE=6)\n" },
	{ "passwd::lookp_user bob", 3,
	  "Name Error: no gate 'lookp_user' in passwd\n"
	  "  passwd::lookp_user bob\n"
	  "          ^^^^^^^^^^ did you mean lookup_user?\n" },
	{ "clac::add 1 2", 3,
	  "Name Error: no service 'clac'\n  clac::add 1 2\n  ^^^^ did you mean calc?\n" },
	{ "calc::add 1", 3,
	  "Type Error: missing argument 'b': add(a: i32, b: i32) -> i32\n"
	  "  calc::add 1\n  ^^^^^^^^^^^\n" },
	{ "x = 1\n  y = calc::string(\"日本\", zwei)\n", 3,
	  "Type Error: too many arguments: string(v: string) -> string\n"
	  "    y = calc::string(\"日本\", zwei)\n"
	  "                             ^^^^\n" },
	{ "x = (1 +\n  bob)", 3,
	  "Name Error: 'bob' is not defined\n    bob)\n    ^^^ write \"bob\" for the text\n" },
	{ "x=5", 2, "Syntax Error: 'x=5' is one word\n  x=5\n  ^^^ put blanks around '=': NAME = VALUE\n" },
	{ "print \"\t\x1b[31m\" bob)", 2,
	  "Syntax Error: unexpected ')'\n  print \" \\e[31m\" bob)\n"
	  "                     ^ nothing opened it here\n" },
	/* secrets: in every spelling, also where the gate's name is wrong */
	{ "passwd::update_password bbo \"hunter 2\"; print x", 1,
	  "Error: No such user\n"
	  "  passwd::update_password bbo ******; print x\n"
	  "                          ^^^ text → passwd::User by passwd::user_from_string\n" },
	{ "passwd::update_pasword bob hunter2", 3,
	  "Name Error: no gate 'update_pasword' in passwd\n"
	  "  passwd::update_pasword bob ******\n"
	  "          ^^^^^^^^^^^^^^ did you mean update_password?\n" },
	{ "passwd::update_password --password=hunter2 bbo", 1,
	  "Error: No such user\n"
	  "  passwd::update_password --password=****** bbo\n"
	  "                                            ^^^ text → passwd::User by passwd::user_from_string\n" },
	{ "passwd::update_password bob hunter2 hunter3", 3,
	  "Type Error: too many arguments: update_password(user: User, password: string) -> "
	  "Result<(), LookupError>\n"
	  "  passwd::update_password bob ****** ******\n"
	  "                                     ^^^^^^\n" },
	{ "calc::pin 70000", 3,
	  "Type Error: ****** is out of range for u16: 0 .. 65535\n"
	  "  calc::pin ******\n"
	  "            ^^^^^^\n" },
	{ "passwd::update_password bob hunter2)", 2,
	  "Syntax Error: unexpected ')'\n  nothing opened it here\n" },
};

static void
test_places(void **state)
{
	struct world *w = world_open();

	(void)state;
	w->options.verbose = true;
	for (size_t i = 0; i < TWZ_COUNT(places); i++)
		world_check(w, &places[i]);
	world_close(w);
}

static void
test_prefix(void **state)
{
	static const struct world_row row = { "# é\nprint é; calc::i8 x", 3,
		"dir/s.twz:2:19: Type Error: Expected 'i8' got 'String'\n" };
	struct world *w = world_open();

	(void)state;
	w->options.file = "dir/s.twz";
	w->options.script = true;
	world_check(w, &row);
	/* A script shows no values but what it prints. */
	assert_int_equal(world_run(w, "calc::i8 5; print 6"), 0);
	assert_string_equal(w->out, "6\n");
	w->options.file = NULL;
	w->options.color = w->options.err_tty = true;
	assert_int_equal(world_run(w, "x"), 3);
	assert_true(!strncmp(w->err, "\033[1;31mName Error:\033[0m 'x'", 24));
	world_close(w);
}

static void
test_errors_json(void **state)
{
	static const struct world_row rows[] = {
		{ "calc::i8 \"x\"", 3,
		  "{\"kind\":\"type\",\"message\":\"Expected 'i8' got 'String'\",\"file\":null,\"line\":1,"
		  "\"col\":10,\"endcol\":13,\"gate\":\"calc::i8\",\"hint\":null}\n" },
		{ "passwd::boom 1 2", 5,
		  "{\"kind\":\"fault\",\"message\":\"passwd::boom: SIGSEGV; outcome unknown\",\"file\":null,"
		  "\"line\":1,\"col\":1,\"endcol\":17,\"gate\":\"passwd::boom\",\"hint\":null}\n" },
		{ "passwd::lookup_user bobby", 1,
		  "{\"kind\":\"gate\",\"message\":\"No such user\",\"file\":null,\"line\":1,\"col\":1,"
		  "\"endcol\":26,\"gate\":\"passwd::lookup_user\",\"hint\":null}\n" },
	};
	struct world *w = world_open();

	(void)state;
	w->options.errors_json = true;
	for (size_t i = 0; i < TWZ_COUNT(rows); i++)
		world_check(w, &rows[i]);
	world_close(w);
}

/* One text in the three forms, in a pipe and on a terminal. */
static const struct {
	const char *text, *pipe, *tty, *json, *raw;
} forms[] = {
	{ "calc::add 1 2", "3\n", "3\n", "3\n", "3\n" },
	{ "passwd::lookup_user bob", "User{id: 1001, name: \"bob\"}\n", "Ok(User{id: 1001, name: \"bob\"})\n",
	  "{\"id\":1001,\"name\":\"bob\"}\n", "User{id: 1001, name: \"bob\"}\n" },
	{ "passwd::update_password bob x", "", "Ok(())\n", "", "" },
	{ "calc::access [WRITE, READ]", "[READ, WRITE]\n", "[READ, WRITE]\n", "[\"READ\",\"WRITE\"]\n",
	  "[READ, WRITE]\n" },
	{ "calc::string 'a b'", "a b\n", "a b\n", "\"a b\"\n", "a b" },
	{ "calc::string \"a\\nb\\e[31m\\xff\\u{202e}\"", "a\nb\\e[31m\\xff\\u{202e}\n",
	  "a\nb\\e[31m\\xff\\u{202e}\n", NULL, "a\nb\033[31m\xff\xe2\x80\xae" },
	{ "[\"a\\\"b\", \"${\\$}\"]", NULL, NULL, NULL, NULL },
	{ "[\"a\\\"\\n\\\\\", \"\\${x}\"]", "[\"a\\\"\\n\\\\\", \"\\${x}\"]\n", "[\"a\\\"\\n\\\\\", \"\\${x}\"]\n",
	  "[\"a\\\"\\n\\\\\",\"${x}\"]\n", "a\"\n\\\n${x}\n" },
	{ "calc::char \"x\"", "\"x\"\n", "\"x\"\n", "\"x\"\n", "x\n" },
	{ "none", "none\n", "none\n", "null\n", "none\n" },
	{ "{a: 1, \"b c\": 1.5}", "{a: 1, \"b c\": 1.5}\n", "{a: 1, \"b c\": 1.5}\n", "{\"a\":1,\"b c\":1.5}\n",
	  "{a: 1, \"b c\": 1.5}\n" },
	{ "[{name: \"a\", n: 10}, {name: \"日本\", n: 5}]", "name   n\na     10\n日本   5\n",
	  "name   n\na     10\n日本   5\n", "[{\"name\":\"a\",\"n\":10},{\"name\":\"日本\",\"n\":5}]\n",
	  "{name: \"a\", n: 10}\n{name: \"日本\", n: 5}\n" },
	{ "calc::f64 nan", "nan\n", "nan\n", NULL, "nan\n" },
};

static void
check_form(struct world *w, const char *text, const char *wanted)
{
	if (!wanted)
		return;
	if (world_run(w, text) || w->nout != strlen(wanted) || memcmp(w->out, wanted, w->nout))
		fail_msg("%s\n  wanted %s\n  got    %s%s", text, wanted, w->out, w->err);
}

static void
test_forms(void **state)
{
	struct world *w = world_open();

	(void)state;
	for (size_t i = 0; i < TWZ_COUNT(forms); i++) {
		w->options.output = LANG_PRETTY;
		check_form(w, forms[i].text, forms[i].pipe);
		w->options.out_tty = true;
		if (strcmp(forms[i].text, "calc::string 'a b'"))
			check_form(w, forms[i].text, forms[i].tty);
		w->options.out_tty = false;
		w->options.output = LANG_JSON;
		check_form(w, forms[i].text, forms[i].json);
		w->options.output = LANG_RAW;
		check_form(w, forms[i].text, forms[i].raw);
	}
	/* JSON has no nan: nothing is written. */
	w->options.output = LANG_JSON;
	assert_int_equal(world_run(w, "calc::f64 nan"), 3);
	assert_string_equal(w->out, "");
	world_close(w);
}

/* What is printed can be typed in again and prints the same. */
static void
test_again(void **state)
{
	static const char *const texts[] = {
		"calc::shape {color: RED, sides: [1, -2, 3]}", "[1, [2.5, none], {a: \"x\\ty\"}]",
		"[\"\\x07\\xff\\u{202e}é \\\\ \\\" \\${\", 1e300, -0.1]", "{a: {b: [true]}}",
	};
	struct world *w = world_open();

	(void)state;
	for (size_t i = 0; i < TWZ_COUNT(texts); i++) {
		TWZ_FREE char *first = NULL;
		char line[400];

		assert_int_equal(world_run(w, texts[i]), 0);
		first = strdup(w->out);
		/* A struct's name stands before its braces only on the way out. */
		snprintf(line, sizeof(line), "%s%s", *first == 'S' ? "calc::shape " : "",
			 first + (*first == 'S' ? strlen("Shape") : 0));
		assert_int_equal(world_run(w, line), 0);
		assert_string_equal(w->out, first);
	}
	world_close(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rfc),	 cmocka_unit_test(test_places),
		cmocka_unit_test(test_prefix),	 cmocka_unit_test(test_errors_json),
		cmocka_unit_test(test_forms),	 cmocka_unit_test(test_again),
	};

	setlocale(LC_CTYPE, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
