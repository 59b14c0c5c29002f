/*
 * Any text as a script: lexed, parsed, looked at, run in a small world of gates that are a few lines of C,
 * completed and masked. No program runs, no file is read, no thread starts; loops end after some turns.
 */
#include "tests/fuzz/fuzz.h"
#include "tests/unit/lang_world.h"

enum { TURNS = 300 };

static unsigned turns;

static bool
enough(void *data)
{
	(void)data;
	return ++turns > TURNS;
}

static bool
mentions(const uint8_t *data, size_t n, const char *word)
{
	return memmem(data, n, word, strlen(word));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	const char *text = (const char *)data;
	const struct lang_candidate *found;
	TWZ_ARENA arena = { 0 };
	struct twz_error err = { 0 };
	enum lang_result r;
	struct world *w;
	size_t from;

	/* What reaches out of the language, waits, or takes as much memory as it is told to. */
	if (n > 4096 || mentions(data, n, "import") || mentions(data, n, "spawn") || mentions(data, n, "@f") ||
	    mentions(data, n, "watch") ||
	    mentions(data, n, ".."))
		return 0;
	turns = 0;
	w = world_open();
	w->host.interrupted = enough;
	w->options.verbose = true;
	world_begin(w);
	r = lang_run(w->lang, text, n, &err);
	lang_report(w->lang, text, n, &err);
	if ((r == LANG_FAILED || r == LANG_MORE) != (err.cls != TWZ_CLASS_NONE))
		__builtin_trap();
	world_end(w);
	/* Nothing that steers a terminal comes out, whatever went in. */
	if (memchr(w->out, '\033', w->nout) || memchr(w->err, '\033', w->nerr))
		__builtin_trap();
	(void)lang_masked(w->lang, text, n, &arena);
	(void)lang_complete(w->lang, text, n, n, &arena, &found, &from);
	if (from > n)
		__builtin_trap();
	(void)lang_hint(w->lang, text, n, n / 2, &arena);
	world_begin(w);
	(void)lang_lint(w->lang, text, n);
	world_end(w);
	world_close(w);
	return 0;
}
