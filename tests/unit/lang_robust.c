/* Whatever is typed: no crash, no hang, an error or a value. */
#include "tests/unit/lang_world.h"

enum { ROUNDS = 20000, LINES = 200 };

static char *lines[LINES];
static size_t nlines;

static void
read_lines(void)
{
	FILE *f = fopen("tests/fixtures/grammar.txt", "r");
	char line[512];

	assert_non_null(f);
	while (nlines < LINES && fgets(line, sizeof(line), f))
		if (strlen(line) > 3 && line[1] == ' ' && *line != '#')
			lines[nlines++] = strdup(line + 2);
	fclose(f);
	assert_true(nlines > 100);
}

/* A fixed sequence, so that what is found once is found again. */
static uint32_t
next_random(uint32_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 17;
	*seed ^= *seed << 5;
	return *seed;
}

/* Two lines put together at random places, then some bytes changed. */
static size_t
mutate(uint32_t *seed, char *out, size_t size)
{
	static const char bytes[] = " \n\t()[]{}|;,:?=<>&\"'`$\\#.-+*/%_aZ09\x80\xff\xe2";
	const char *a = lines[next_random(seed) % nlines], *b = lines[next_random(seed) % nlines];
	size_t na = next_random(seed) % (strlen(a) + 1), nb = next_random(seed) % (strlen(b) + 1);
	size_t n = (size_t)snprintf(out, size, "%.*s%s", (int)na, a, b + nb);
	unsigned changes = next_random(seed) % 6;

	while (n && changes--) {
		size_t at = next_random(seed) % n;

		if (next_random(seed) % 8)
			out[at] = bytes[next_random(seed) % (sizeof(bytes) - 1)];
		else
			out[at] = (char)next_random(seed);
	}
	return n;
}

static void
test_mutants(void **state)
{
	struct world *w = world_open();
	uint32_t seed = 20260;
	unsigned ok = 0, refused = 0;
	char text[1200];

	(void)state;
	w->options.verbose = true;
	for (int i = 0; i < ROUNDS; i++) {
		size_t n = mutate(&seed, text, sizeof(text));
		struct twz_error err = { 0 };
		enum lang_result r;

		world_begin(w);
		w->options.timeout_ns = 1000000;
		/* while true { } is a fine program: only its syntax is looked at. */
		r = memmem(text, n, "while", 5) ? lang_parse_check(text, n, &err)
						: lang_run(w->lang, text, n, &err);
		lang_report(w->lang, text, n, &err);
		world_end(w);
		ok += r == LANG_OK;
		refused += r == LANG_FAILED;
		if (r == LANG_FAILED || r == LANG_MORE) {
			assert_true(err.cls != TWZ_CLASS_NONE && err.text[0]);
			assert_true(w->lang->blamed || (err.from <= n && err.to <= n + 1));
			assert_true(w->nerr > 0);
		}
		/* Nothing that steers a terminal gets through to the messages. */
		assert_null(memchr(w->err, '\033', w->nerr));
	}
	/* Both kinds must have come up, or the mutations test nothing. */
	assert_true(ok > 100 && refused > 1000);
	world_close(w);
}

static void
test_noise(void **state)
{
	uint32_t seed = 8;
	char text[64];

	(void)state;
	for (int i = 0; i < ROUNDS; i++) {
		size_t n = next_random(&seed) % sizeof(text);
		struct twz_error err = { 0 };

		for (size_t k = 0; k < n; k++)
			text[k] = (char)next_random(&seed);
		if (lang_parse_check(text, n, &err) != LANG_OK)
			assert_int_equal(err.cls, TWZ_CLASS_SYNTAX);
	}
}

/* Every beginning of every line: what a prompt sees while it is typed. */
static void
test_prefixes(void **state)
{
	(void)state;
	for (size_t i = 0; i < nlines; i++) {
		for (size_t n = 0; n < strlen(lines[i]); n++) {
			TWZ_FREE char *text = malloc(n + 1);
			struct twz_error err = { 0 };

			/* Exactly n bytes, so that a sanitizer sees a read beyond them. */
			memcpy(text, lines[i], n);
			(void)!lang_parse_check(text, n, &err);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mutants),
		cmocka_unit_test(test_noise),
		cmocka_unit_test(test_prefixes),
	};

	read_lines();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
