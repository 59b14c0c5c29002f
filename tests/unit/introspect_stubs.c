/*
 * What is written for other programs to read: stubs and C text must compile, as C and as C++, and a
 * stub must hand over the words that twz/plan.h promises.
 */
#include "tests/unit/unit.h"

#include "introspect/show/show.h"
#include "tests/unit/introspect_fixture.h"

static const char *const compilers[] = {
	"gcc -std=c17 -xc", "clang -std=c17 -xc", "g++ -std=c++17 -xc++", "clang++ -std=c++11 -xc++",
};

static bool
have_compiler(const char *compiler)
{
	char program[16];

	snprintf(program, sizeof(program), "%.*s", (int)strcspn(compiler, " "), compiler);
	return have(program);
}

static void
compile(const char *file)
{
	for (size_t i = 0; i < TWZ_COUNT(compilers); i++)
		if (have_compiler(compilers[i]) &&
		    shell("%s -Wall -Wextra -Werror -Iinclude -c -o $D/out.o $D/%s", compilers[i], file))
			fail_msg("%s does not take %s", compilers[i], file);
}

static int
set_up(void **state)
{
	if (make_folder(state))
		return -1;
	return shell("gcc -g -w -fPIC -shared -Iinclude -o $D/kinds.so " FIXTURES "kinds.c") ||
	       shell("gcc -g -w -fPIC -shared -o $D/odd.so " FIXTURES "odd.c " FIXTURES "odd_types.c");
}

static void
test_c_text(void **state)
{
	static const char *const libraries[] = { "kinds", "odd" };
	TWZ_ARENA arena = { 0 };

	(void)state;
	for (size_t i = 0; i < TWZ_COUNT(libraries); i++) {
		const char *so = twz_format(&arena, "%s.so", libraries[i]);
		FILE *out = fopen(in_folder("text.h"), "w");

		assert_non_null(out);
		show_c(out, inspect_ok(in_folder(so), true, &arena), true);
		fclose(out);
		compile("text.h");
	}
	assert_int_equal(shell("grep -q '^long known_here(const struct hidden \\*h' $D/text.h"), 0);
}

static void
test_stubs(void **state)
{
	struct twz_error err = { 0 };
	TWZ_ARENA arena = { 0 };

	(void)state;
	if (!show_stubs(inspect_ok(in_folder("kinds.so"), false, &arena), folder, &err))
		fail_msg("%s", err.text);
	compile("kinds_stub.c");
	compile("kinds_stub.h");
	assert_int_equal(shell("grep -q '^int kinds_integers(int8_t a' $D/kinds_stub.h"), 0);
	assert_int_equal(shell("! grep -q 'kinds_has_callback(' $D/kinds_stub.h"), 0);
	assert_false(show_stubs(inspect_ok(in_folder("kinds.so"), false, &arena),
				in_folder("nowhere"), &err));
	assert_non_null(strstr(err.text, "cannot write"));
}

/* A program whose twz_invoke() shows what it was given. */
static const char caller[] =
	"#include <stdio.h>\n#include <string.h>\n#include \"kinds_stub.h\"\n"
	"int twz_invoke(struct twz_stub *s, const uint64_t *w, void *ret)\n{\n"
	"\tprintf(\"%s %u %u\", s->gate, s->nwords, s->ret_size);\n"
	"\tfor (uint32_t i = 0; i < s->nwords && w[i] + 4096 < 1ull << 63; i++)\n"
	"\t\tif (w[i] < 1ull << 40) printf(\" %llx\", (unsigned long long)w[i]);\n"
	"\tprintf(\" last %llx\\n\", (unsigned long long)w[s->nwords ? s->nwords - 1 : 0]);\n"
	"\tif (ret) memset(ret, 0, s->ret_size);\n\treturn -1;\n}\n"
	"int main(void)\n{\n\tkinds_integers(1, 2, 3, 4, 5, 6, 7, 8);\n"
	"\tkinds_longs(0, 0, 0, -2);\n\tkinds_floats(1.0f, -2.0);\n"
	"\tkinds_letters(1, 'b', 3, -1);\n\tkinds_numbers();\n"
	"\treturn kinds_units().twz_state;\n}\n";

static const char shown[] =
	"integers 8 4 1 2 3 4 5 6 7 8 last 8\n"
	"longs 4 8 0 0 0 last fffffffffffffffe\n"
	"floats 2 8 3f800000 last c000000000000000\n"
	"letters 4 1 1 62 3 ff last ff\n"
	"numbers 0 16 last 0\n"
	"units 0 8 last 0\n";

static void
test_words(void **state)
{
	char text[1024] = "";
	struct twz_error err = { 0 };
	TWZ_ARENA arena = { 0 };
	FILE *f = fopen(in_folder("caller.c"), "w");

	(void)state;
	assert_true(show_stubs(inspect_ok(in_folder("kinds.so"), false, &arena), folder, &err));
	assert_non_null(f);
	fputs(caller, f);
	fclose(f);
	assert_int_equal(shell("gcc -Wall -Werror -Iinclude -o $D/caller $D/caller.c $D/kinds_stub.c"
			       " && $D/caller >$D/shown"), 0);
	f = fopen(in_folder("shown"), "r");
	assert_non_null(f);
	assert_true(fread(text, 1, sizeof(text) - 1, f) > 0);
	fclose(f);
	assert_string_equal(text, shown);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_c_text),
		cmocka_unit_test(test_stubs),
		cmocka_unit_test(test_words),
	};

	return cmocka_run_group_tests(tests, set_up, remove_folder);
}
