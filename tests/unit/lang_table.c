/* Tables: aligned by display width, and cut to what the terminal has room for. */
#include "tests/unit/unit.h"

#include <locale.h>
#include <stdlib.h>

#include "tests/unit/lang_world.h"

static int room;

static int
columns(void)
{
	return room;
}

#define ROWS "[{name: \"日本語\", n: 7, note: \"a rather long note\"}, {name: \"x\", n: 1234, note: \"short\"}]"

static const struct {
	const char *text;
	int room;		/* 0: no terminal */
	bool plain;
	const char *shown;
} tables[] = {
	{ ROWS, 0, false, "name       n  note\n日本語     7  a rather long note\nx       1234  short\n" },
	{ ROWS, 80, false, "name       n  note\n日本語     7  a rather long note\nx       1234  short\n" },
	/* The longest text gives way, to eight columns. */
	{ ROWS, 24, false, "name       n  note\n日本語     7  a rather …\nx       1234  short\n" },
	{ ROWS, 22, false, "name       n  note\n日本語     7  a rathe…\nx       1234  short\n" },
	/* Then columns do. */
	{ ROWS, 21, false, "name       n  …\n日本語     7  …\nx       1234  …\n" },
	{ ROWS, 14, false, "name    …\n日本語  …\nx       …\n" },
	{ ROWS, 1, false, "name    …\n日本語  …\nx       …\n" },
	/* A wide character is not cut in two. */
	{ "[{a: \"日本語日本語\"}]", 10, false, "a\n日本語日…\n" },
	{ "[{a: \"日本語日本語\"}]", 9, false, "a\n日本語日…\n" },
	{ "[{a: \"日本語日本語\"}]", 8, false, "a\n日本語…\n" },
	{ ROWS, 20, true, "name: 日本語\nn: 7\nnote: a rather long note\n\nname: x\nn: 1234\nnote: short\n" },
	/* What steers a terminal has a width too. */
	{ "[{a: \"\\x1b[2Jxyzzy\"}]", 8, false, "a\n\\e[2Jxy…\n" },
};

static void
test_tables(void **state)
{
	(void)state;
	for (size_t i = 0; i < TWZ_COUNT(tables); i++) {
		struct world *w = world_open();

		room = tables[i].room;
		w->options.columns = room ? columns : NULL;
		w->options.plain = tables[i].plain;
		if (world_run(w, tables[i].text) || strcmp(w->out, tables[i].shown))
			fail_msg("%zu:\n%s%s", i, w->out, w->err);
		world_close(w);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_tables) };

	setlocale(LC_CTYPE, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
