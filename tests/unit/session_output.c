/* What services write, on its way to the terminal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "repl/session_inner.h"

struct heard {
	char text[1 << 20];
	size_t n, lines;
};

static struct heard heard;

static void
hear(void *data, const char *line)
{
	struct heard *h = data;

	h->n += (size_t)snprintf(h->text + h->n, sizeof(h->text) - h->n, "%s\n", line);
	h->lines++;
}

static int
setup(void **state)
{
	static struct output out;
	const struct session_options options = { .output = hear, .output_data = &heard };

	memset(&heard, 0, sizeof(heard));
	output_init(&out, &options);
	*state = &out;
	return 0;
}

static int
teardown(void **state)
{
	output_deinit(*state);
	return 0;
}

static void
put(struct output *out, const char *service, const char *text)
{
	output_put(out, service, text, strlen(text));
}

static void
test_lines_are_whole(void **state)
{
	struct output *out = *state;

	put(out, "a", "one\ntw");
	assert_string_equal(heard.text, "a: one\n");
	put(out, "b", "three\n");
	put(out, "a", "o\nrest");
	assert_string_equal(heard.text, "a: one\nb: three\na: two\n");
	output_flush(out);
	assert_string_equal(heard.text, "a: one\nb: three\na: two\na: rest\n");
	output_flush(out);
	assert_int_equal(heard.lines, 4);
}

static void
test_nothing_reaches_the_terminal(void **state)
{
	static const struct { const char *text; size_t n; const char *want; } rows[] = {
#define ROW(text, want) { text, sizeof(text) - 1, want }
		ROW("plain \tgrün 日本\n", "s: plain \tgrün 日本\n"),
		ROW("\x1b[31mred\x1b[0m\n", "s: \\x1b[31mred\\x1b[0m\n"),
		ROW("a\rb\bc\x07\x7f\n", "s: a\\x0db\\x08c\\x07\\x7f\n"),
		ROW("nul\0nul\n", "s: nul\\x00nul\n"),
		ROW("\xc2\x9b" "31m\n", "s: \\xc2\\x9b31m\n"),		/* CSI of the upper half */
		ROW("\xff\xc3\n", "s: \\xff\\xc3\n"),
		ROW("\xe2\x80\xae" "abc\n", "s: \\xe2\\x80\\xae" "abc\n"),	/* right to left */
		ROW("\xed\xa0\x80\n", "s: \\xed\\xa0\\x80\n"),		/* a surrogate */
		ROW("\n", "s: \n"),
#undef ROW
	};

	for (size_t i = 0; i < TWZ_COUNT(rows); i++) {
		memset(&heard, 0, sizeof(heard));
		output_put(*state, "s", rows[i].text, rows[i].n);
		output_flush(*state);
		assert_string_equal(heard.text, rows[i].want);
	}
}

static void
test_flood_ends(void **state)
{
	static char noise[300000];
	struct output *out = *state;

	memset(noise, 'x', sizeof(noise));
	output_put(out, "s", noise, sizeof(noise));	/* a line without end is cut into many */
	assert_true(heard.lines > 10);
	assert_true(heard.n < 80000);
	output_put(out, "s", noise, 1000);
	output_flush(out);
	assert_true(heard.n < 80000);
	assert_non_null(strstr(heard.text, "… 235464 bytes dropped"));

	output_begin(out);
	put(out, "s", "next call\n");
	assert_non_null(strstr(heard.text, "s: next call\n"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_lines_are_whole, setup, teardown),
		cmocka_unit_test_setup_teardown(test_nothing_reaches_the_terminal, setup, teardown),
		cmocka_unit_test_setup_teardown(test_flood_ends, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
