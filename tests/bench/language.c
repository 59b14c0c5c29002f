/*
 * The language itself: a turn of a loop with whole numbers, a gate call's share of the language, a check of
 * ten thousand lines, the start - each beside the same in other languages, where they are installed.
 */
#include <string.h>

#include "tests/bench/bench.h"

enum { TURNS_SHORT = 20000, TURNS_LONG = 1020000, CALLS_SHORT = 2000, CALLS_LONG = 102000, LINES = 10000 };

/* A program and the text that it takes; %u is the number of turns. */
struct speaker {
	const char *program, *option;
	const char *text;
};

static const char *
path_of(const struct speaker *s)
{
	const char *installed = bench_text("/usr/bin/%s", s->program);

	/* Not a script in PATH that looks for the program first. */
	return !strcmp(s->program, "twz") ? bench_text("%s/bin/twz", bench.root)
	       : !access(installed, X_OK) ? installed : s->program;
}

/* From start to end, in nanoseconds; false: it failed. */
static bool
speak(const char *path, const struct speaker *s, unsigned n, double *ret)
{
	char text[200];
	const char *argv[] = { path, s->option, text, NULL };
	uint64_t start = bench_now();
	int pid;

	_Pragma("GCC diagnostic push")
	_Pragma("GCC diagnostic ignored \"-Wformat-nonliteral\"")
	snprintf(text, sizeof(text), s->text, n);
	_Pragma("GCC diagnostic pop")
	pid = bench_spawn((char *const *)(uintptr_t)argv, true);
	if (pid < 0 || bench_wait(pid))
		return false;
	*ret = (double)(bench_now() - start);
	return true;
}

static const char *
speaker_open(struct bench_row *row)
{
	const struct speaker *s = row->what;
	double took;

	row->state = (void *)(uintptr_t)path_of(s);
	return speak(row->state, s, 2, &took) ? NULL : bench_text("needs %s", s->program);
}

/* -- loops ---------------------------------------------------------------------------------------- */

/* Start and end are in both lengths, so their difference is turns alone. */
static bool
each(struct bench_row *row, unsigned fewer, unsigned more, double *ret)
{
	double shorter, longer;

	if (!speak(row->state, row->what, fewer, &shorter) || !speak(row->state, row->what, more, &longer))
		return false;
	*ret = (longer - shorter) / (more - fewer);
	return true;
}

static bool
turn_measure(struct bench_row *row, double *ret)
{
	return each(row, TURNS_SHORT, TURNS_LONG, ret);
}

static void
turn_rows(void)
{
	static const struct speaker speakers[] = {
		{ "twz", "-c", "s = 0; for i in 1 .. %u { s = s + i * 2 - i }" },
		{ "python3", "-c", "s = 0\nfor i in range(1, %u + 1):\n  s = s + i * 2 - i" },
		{ "dash", "-c", "i=0; s=0; while [ $i -lt %u ]; do i=$((i + 1)); s=$((s + i * 2 - i)); done" },
		{ "elvish", "-c", "var s = 0; for i [(range 1 %u)] { set s = (- (+ $s (* $i 2)) $i) }" },
	};

	for (size_t i = 0; i < TWZ_COUNT(speakers); i++)
		bench_row((struct bench_row){
			.key = bench_text("turn_%s", speakers[i].program), .group = "the language",
			.name = bench_text("a turn of a loop with whole numbers: %s", speakers[i].program),
			.open = speaker_open, .measure = turn_measure, .what = &speakers[i], .samples = 1,
			.rounds = 5,
		});
	for (size_t i = 1; i < TWZ_COUNT(speakers); i++)
		bench_ratio((struct bench_ratio){
			.key = bench_text("turn_%s", speakers[i].program), .numerator = "turn_twz",
			.denominator = bench_text("turn_%s", speakers[i].program),
			.name = bench_text("a turn of a loop: twz / %s", speakers[i].program),
			.target = i == 1 ? 2 : 0,
		});
}

/* What a turn with a gate call costs beyond the call as compiled C makes it, in the same round. */
static bool
own_measure(struct bench_row *row, double *ret)
{
	const struct bench_row *hot = bench_find("hot");

	if (!hot || *hot->skipped || !hot->nrounds || !each(row, CALLS_SHORT, CALLS_LONG, ret))
		return false;
	*ret -= hot->round[hot->nrounds - 1];
	*ret = *ret < 0 ? 0 : *ret;
	return true;
}

static void
own_row(void)
{
	static const struct speaker calls = { "twz", "-c", "for i in 1 .. %u { calc::add i 1 }" };

	bench_row((struct bench_row){
		.key = "hot_own", .group = "the language", .name = "a gate call in a loop, without its hot call",
		.open = speaker_open, .measure = own_measure, .what = &calls, .samples = 1, .rounds = 5,
	});
}

/* -- whole programs ------------------------------------------------------------------------------- */

static bool
whole_measure(struct bench_row *row, double *ret)
{
	return speak(row->state, row->what, 0, ret);
}

static void
start_rows(void)
{
	static const struct speaker speakers[] = {
		{ "twz", "-c", "1" }, { "dash", "-c", ":" }, { "python3", "-c", "1" }, { "elvish", "-c", "nop" },
	};

	for (size_t i = 0; i < TWZ_COUNT(speakers); i++)
		bench_row((struct bench_row){
			.key = bench_text("begin_%s", speakers[i].program), .group = "the language",
			.name = bench_text("start to end of nothing: %s -c '%s'", speakers[i].program, speakers[i].text),
			.open = speaker_open, .measure = whole_measure, .what = &speakers[i], .samples = 12,
		});
}

/* -- a check -------------------------------------------------------------------------------------- */

/* The same calls and sums in each language: LINES lines. */
static const char *
write_lines(const char *name, const char *const lines[4])
{
	const char *path = bench_text("%s/%s", bench.folder, name);
	TWZ_FCLOSE FILE *f = fopen(path, "we");

	if (!f)
		return NULL;
	for (int i = 0; i < LINES / 4; i++)
		for (int k = 0; k < 4; k++)
			fprintf(f, "%s\n", lines[k]);
	return path;
}

struct checker {
	const char *key, *name, *suffix;
	const char *argv[4];		/* the file comes last */
	const char *lines[4];
};

static const char *
check_open(struct bench_row *row)
{
	const struct checker *c = row->what;
	const char *path = write_lines(bench_text("lines.%s", c->suffix), c->lines);
	const char **argv = calloc(6, sizeof(*argv));
	size_t n = 0;

	if (!argv || !path)
		return "no file";
	for (; c->argv[n]; n++)
		argv[n] = n ? c->argv[n] : path_of(&(struct speaker){ c->argv[0], "", "" });
	argv[n] = path;
	row->state = argv;
	return bench_command((char *const *)(uintptr_t)argv, true) ? bench_text("needs %s", c->argv[0]) : NULL;
}

static bool
check_run(struct bench_row *row, unsigned n)
{
	while (n--)
		if (bench_command(row->state, true))
			return false;
	return true;
}

static void
check_close(struct bench_row *row)
{
	free(row->state);
}

static void
check_rows(void)
{
	static const struct checker checkers[] = {
		{ "check_twz", "twz --check", "twz", { "twz", "--check" },
		  { "x = calc::add 1 2", "y = calc::concat \"a b\" c", "if x > 3 { print x } else { print y }",
		    "z = [1, 2, 3] | map it * x" } },
		{ "check_dash", "dash -n", "sh", { "dash", "-n" },
		  { "x=$(add 1 2)", "y=$(concat \"a b\" c)", "if [ $x -gt 3 ]; then echo $x; else echo $y; fi",
		    "for it in 1 2 3; do z=$((it * x)); done" } },
		{ "check_python3", "python3: compile()", "py",
		  { "python3", "-c", "import sys; compile(open(sys.argv[1]).read(), 'f', 'exec')" },
		  { "x = add(1, 2)", "y = concat('a b', 'c')", "print(x if x > 3 else y)",
		    "z = [it * x for it in [1, 2, 3]]" } },
		{ "check_elvish", "elvish -compileonly", "elv", { "elvish", "-compileonly" },
		  { "var x = (+ 1 2)", "var y = (echo 'a b' c)", "if (> $x 3) { echo $x } else { echo $y }",
		    "var z = [(each {|it| * $it $x } [1 2 3])]" } },
	};

	for (size_t i = 0; i < TWZ_COUNT(checkers); i++)
		bench_row((struct bench_row){
			.key = checkers[i].key, .group = "the language",
			.name = bench_text("10,000 lines: %s", checkers[i].name), .open = check_open,
			.run = check_run, .close = check_close, .what = &checkers[i], .samples = 3,
			.rounds = 5,
		});
}

void
bench_language_rows(void)
{
	turn_rows();
	own_row();
	check_rows();
	start_rows();
}
