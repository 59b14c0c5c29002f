/* The grammar: each line of the corpus does what its mark says, and each refusal says what to do. */
#include "tests/unit/unit.h"

#include <stdlib.h>

#include "repl/lang/lang.h"

/* "\n" in a line is a newline. */
static size_t
unfold(const char *line, char *out)
{
	size_t n = 0;

	for (; *line && *line != '\n'; line++) {
		if (line[0] == '\\' && line[1] == 'n') {
			out[n++] = '\n';
			line++;
		} else {
			out[n++] = *line;
		}
	}
	out[n] = '\0';
	return n;
}

static void
check_line(const char *line)
{
	static const char *const marks[] = { [LANG_OK] = "+", [LANG_MORE] = "~", [LANG_FAILED] = "-" };
	char text[512];
	size_t n = unfold(line + 2, text);
	struct twz_error err = { 0 };
	enum lang_result r = lang_parse_check(text, n, &err);

	if (marks[r][0] != *line)
		fail_msg("%s became %s: %s", line, marks[r], err.text);
	if (r == LANG_OK)
		return;
	assert_int_equal(err.cls, TWZ_CLASS_SYNTAX);
	assert_true(err.text[0] != '\0');
	if (!err.hint[0])
		fail_msg("no hint: %s", line);
	assert_true(err.to > err.from);
}

static void
test_corpus(void **state)
{
	FILE *f = fopen("tests/fixtures/grammar.txt", "r");
	unsigned seen[3] = { 0 };
	char line[512];

	(void)state;
	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
		static const char marks[] = "+-~";
		const char *mark = strchr(marks, line[0]);

		if (!mark || line[1] != ' ')
			continue;
		seen[mark - marks]++;
		check_line(line);
	}
	fclose(f);
	/* The corpus as it was agreed on, and what was added. */
	assert_true(seen[0] >= 80);
	assert_true(seen[1] >= 21);
	assert_true(seen[2] >= 9);
}

/* What is opened a hundred thousand times is refused, whatever it is. */
static void
test_deep(void **state)
{
	static const char *const opening[] = { "(", "[", "{a: ", "{|x| ", "if x { ", "f(", "not ", "- ",
					       "x[", "\"${", "a + ", "a ?? ", "x?.", "?", "match x { 1 => ", "try " };
	enum { TIMES = 100000 };
	char *text = malloc(TIMES * 20);

	(void)state;
	for (size_t i = 0; i < sizeof(opening) / sizeof(opening[0]); i++) {
		size_t k = strlen(opening[i]), n = 0;
		struct twz_error err = { 0 };
		enum lang_result r;

		for (int t = 0; t < TIMES; t++, n += k)
			memcpy(text + n, opening[i], k);
		text[n++] = '1';
		r = lang_parse_check(text, n, &err);
		/* A text that begins inside itself is only ever unfinished. */
		if (r != LANG_FAILED && strcmp(opening[i], "\"${"))
			fail_msg("%s gives %d", opening[i], r);
	}
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_corpus),
		cmocka_unit_test(test_deep),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
