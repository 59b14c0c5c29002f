/*
 * The prompt, through a terminal of its own, beside other prompts where they are installed: from the start
 * of the program until it asks for a line, from a key to its echo, from Tab to what it shows. twz also
 * with 10,000 gates and a million lines of history.
 */
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>

#include "tests/bench/bench.h"

enum { GATES = 10000, LINES = 1000000, PATIENCE_MS = 20000, QUIET_MS = 20 };

/* A program with a prompt. NULL texts: it has no such thing. */
struct prompter {
	const char *key, *name;
	const char *argv[4];
	const char *prompt;			/* what its prompt ends with */
	const char *word, *completed;		/* typed before Tab, and what Tab shows then */
	bool big;
};

static const struct prompter prompters[] = {
	{ "twz", "twz", { "twz" }, "twz> ", "calc::a", "add_u16", false },
	{ "twz_big", "twz, 10,000 gates, 1,000,000 lines", { "twz" }, "twz> ", "many::gate_00", " more", true },
	{ "dash", "dash", { "dash", "-i" }, "bench> ", NULL, NULL, false },
	{ "elvish", "elvish", { "elvish", "-norc" }, "> ", "ech", "echo", false },
	{ "python3", "python3", { "python3", "-q" }, ">>> ", "pri", "nt(", false },
	{ "sqlite3", "sqlite3", { "sqlite3" }, "sqlite> ", NULL, NULL, false },
	{ "redis_cli", "redis-cli", { "redis-cli" }, "> ", "GETRA", "GETRANGE", false },
};

/* A program that runs, and the end of what it wrote. */
struct session {
	int fd;
	pid_t pid;
	char text[16384];
	size_t n;
};

/* -- terminals ------------------------------------------------------------------------------------ */

static bool
take_output(struct session *s, int ms)
{
	struct pollfd in = { .fd = s->fd, .events = POLLIN };
	ssize_t r;

	if (poll(&in, 1, ms) <= 0)
		return false;
	if (s->n > sizeof(s->text) / 2) {
		memmove(s->text, s->text + s->n - 256, 256);
		s->n = 256;
	}
	r = read(s->fd, s->text + s->n, sizeof(s->text) - 1 - s->n);
	if (r <= 0)
		return false;
	s->n += (size_t)r;
	s->text[s->n] = '\0';
	return true;
}

/* Waits until it has written @text. */
static bool
expect(struct session *s, const char *text)
{
	while (!memmem(s->text, s->n, text, strlen(text)))
		if (!take_output(s, PATIENCE_MS))
			return false;
	return true;
}

/* Until it has nothing more to say. */
static void
drain(struct session *s)
{
	while (take_output(s, QUIET_MS))
		continue;
	s->n = 0;
}

static bool
type(struct session *s, const char *keys)
{
	return bench_write(s->fd, keys, strlen(keys));
}

static const char *
big_folder(void)
{
	return bench_text("%s/big", bench.folder);
}

static void
begin(struct session *s, const struct prompter *p)
{
	struct winsize size = { .ws_row = 24, .ws_col = 80 };
	const char *path = strcmp(p->argv[0], "twz") ? p->argv[0] : bench_text("%s/bin/twz", bench.root);

	s->n = 0;
	s->pid = forkpty(&s->fd, NULL, NULL, &size);
	if (s->pid)
		return;
	setenv("TERM", "xterm-256color", 1);
	setenv("PS1", "bench> ", 1);
	if (p->big) {
		setenv("HOME", big_folder(), 1);
		setenv("XDG_STATE_HOME", big_folder(), 1);
		setenv("TWZ_PATH", big_folder(), 1);
	}
	execvp(path, (char *const *)(uintptr_t)p->argv);
	_exit(127);
}

static void
end(struct session *s)
{
	kill(s->pid, SIGKILL);
	close(s->fd);
	while (waitpid(s->pid, NULL, 0) < 0 && s->pid > 0)
		continue;
}

/* -- ten thousand gates, a million lines ---------------------------------------------------------- */

static bool
make_gates(const char *folder)
{
	const char *source = bench_text("%s/many.c", folder);
	const char *library = bench_text("%s/libmany.so", folder);
	const char *include = bench_text("-I%s/../../include", bench.root);
	const char *argv[] = { "cc", "-O0", "-g", "-shared", "-fPIC", "-fvisibility=hidden", include, "-o",
			       library, source, NULL };
	FILE *f = fopen(source, "we");

	if (!f)
		return false;
	fputs("#include <twz/gate.h>\nTWZ_SERVICE(\"many\", \"1.0\", \"Many gates\");\n", f);
	for (int i = 0; i < GATES; i++)
		fprintf(f, "TWZ_GATE(int, gate_%04d, (int a, int b), TWZ_DOC(\"Adds\"))\n{ return a + b; }\n", i);
	return !fclose(f) && !bench_command((char *const *)(uintptr_t)argv, true);
}

/* As history.h says that it is. */
static bool
make_history(const char *folder)
{
	const char *sql = bench_text(
		"PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF;"
		"CREATE TABLE entry (id INTEGER PRIMARY KEY, at INTEGER NOT NULL, status INTEGER, ns INTEGER,"
		" folder TEXT NOT NULL, text TEXT NOT NULL);"
		"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d) INSERT INTO entry"
		" SELECT i, 1700000000000 + i * 1000, 0, 40000, '/', CASE i %% 3 WHEN 0 THEN 'calc::add ' || i"
		" WHEN 1 THEN 'many::gate_' || printf('%%04d', i %% 10000) || ' 1 ' || i ELSE 'print ' || i END"
		" FROM n; CREATE INDEX entry_text ON entry (text)", LINES);
	sqlite3 *db;
	bool done;

	mkdir(bench_text("%s/twz", folder), 0700);
	if (sqlite3_open(bench_text("%s/twz/history.db", folder), &db) != SQLITE_OK)
		return false;
	done = sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK;
	sqlite3_close(db);
	return done;
}

/* Made once; why it cannot be. */
static const char *
make_big(void)
{
	static bool tried;
	static const char *why;

	if (tried)
		return why;
	tried = true;
	if (bench.quick)
		why = "takes a minute: not with BENCH_QUICK";
	else if (mkdir(big_folder(), 0700) || !make_gates(big_folder()))
		why = "needs cc";
	else if (!make_history(big_folder()))
		why = "no history could be made";
	return why;
}

/* -- rows ----------------------------------------------------------------------------------------- */

static const char *
start_open(struct bench_row *row)
{
	const struct prompter *p = row->what;
	const char *why = p->big ? make_big() : NULL;
	struct session s;
	bool good;

	if (why)
		return why;
	begin(&s, p);
	good = expect(&s, p->prompt);
	/* The first call registers the service. */
	if (good && p->big)
		good = type(&s, "many::gate_0000 40 2\r") && expect(&s, "42\r\n");
	end(&s);
	return good ? NULL : bench_text("needs %s", p->argv[0]);
}

static bool
start_measure(struct bench_row *row, double *ret)
{
	const struct prompter *p = row->what;
	uint64_t start = bench_now();
	struct session s;
	bool good;

	begin(&s, p);
	good = expect(&s, p->prompt);
	*ret = (double)(bench_now() - start);
	end(&s);
	return good;
}

static const char *
session_open_row(struct bench_row *row)
{
	const struct prompter *p = row->what;
	const char *why = start_open(row);
	struct session *s;

	if (why)
		return why;
	s = calloc(1, sizeof(*s));
	if (!s)
		return "no memory";
	row->state = s;
	begin(s, p);
	if (!expect(s, p->prompt))
		return bench_text("needs %s", p->argv[0]);
	drain(s);
	return NULL;
}

static void
session_close_row(struct bench_row *row)
{
	end(row->state);
	free(row->state);
}

static bool
key_measure(struct bench_row *row, double *ret)
{
	struct session *s = row->state;
	uint64_t start;

	drain(s);
	start = bench_now();
	if (!type(s, "p") || !expect(s, "p"))
		return false;
	*ret = (double)(bench_now() - start);
	drain(s);
	return type(s, "\x7f") && take_output(s, PATIENCE_MS);
}

static bool
tab_measure(struct bench_row *row, double *ret)
{
	const struct prompter *p = row->what;
	struct session *s = row->state;
	uint64_t start;

	if (!type(s, p->word))
		return false;
	drain(s);
	start = bench_now();
	if (!type(s, "\t") || !expect(s, p->completed))
		return false;
	*ret = (double)(bench_now() - start);
	drain(s);
	/* Ctrl-U drops the line in all of them. */
	if (!type(s, "\x15"))
		return false;
	drain(s);
	return true;
}

void
bench_prompt_rows(void)
{
	for (size_t i = 0; i < TWZ_COUNT(prompters); i++)
		bench_row((struct bench_row){
			.key = bench_text("prompt_%s", prompters[i].key), .group = "from the start to a prompt",
			.name = prompters[i].name, .open = start_open, .measure = start_measure,
			.samples = 4, .what = &prompters[i],
		});
	for (size_t i = 0; i < TWZ_COUNT(prompters); i++)
		bench_row((struct bench_row){
			.key = bench_text("key_%s", prompters[i].key), .group = "prompt: from a key to its echo",
			.name = prompters[i].name, .open = session_open_row, .measure = key_measure,
			.close = session_close_row, .samples = 12, .what = &prompters[i],
		});
	for (size_t i = 0; i < TWZ_COUNT(prompters); i++)
		if (prompters[i].word)
			bench_row((struct bench_row){
				.key = bench_text("tab_%s", prompters[i].key),
				.group = "prompt: from Tab to what it shows", .name = prompters[i].name,
				.open = session_open_row, .measure = tab_measure, .close = session_close_row,
				.samples = 4, .what = &prompters[i],
			});
}
