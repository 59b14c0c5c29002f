/*
 * Runs a block of a transcript: in a process of its own, so that neither an exit nor a crash of one block
 * touches the next, and everything that is written - by services and programs too - is caught in order.
 *
 * The child has a file as its terminal; after each statement what is in it goes to the parent, with the
 * status. An error is shown twice: documents may leave out the lines that explain it.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "repl/lang/lang.h"
#include "repl/session.h"
#include "repl/signals.h"
#include "repl/sql.h"
#include "repl/transcript_inner.h"

enum { OUTPUT_MAX = 16 << 20 };

/* Before each pair of texts on the way to the parent. */
struct head {
	int status;
	bool last;
	uint32_t nfull, nbrief;
};

/* -- the child ------------------------------------------------------------------------------------ */

struct player {
	const struct options *o;
	struct lang_options options;
	struct session *session;
	struct lang *lang;
	int screen;		/* what is written */
	FILE *report;		/* to the parent */
};

/* Takes what is on the screen. */
static const char *
take_screen(struct player *p, struct twz_arena *arena, uint32_t *n)
{
	off_t end;
	char *text;
	ssize_t r;

	fflush(stdout);
	fflush(stderr);
	session_flush(p->session);
	end = lseek(p->screen, 0, SEEK_END);
	end = end < 0 ? 0 : end > OUTPUT_MAX ? OUTPUT_MAX : end;
	text = twz_alloc(arena, (size_t)end + 1);
	r = pread(p->screen, text, (size_t)end, 0);
	if (ftruncate(p->screen, 0) || lseek(p->screen, 0, SEEK_SET))
		_exit(1);
	*n = r > 0 ? (uint32_t)r : 0;
	return text;
}

static const char *
show_error(struct player *p, const char *text, const struct twz_error *err, bool full,
	   struct twz_arena *arena, uint32_t *n)
{
	p->options.err_tty = full;
	lang_report(p->lang, text, strlen(text), err);
	return take_screen(p, arena, n);
}

static bool
play_step(struct player *p, const char *text)
{
	TWZ_ARENA arena = { 0 };
	struct twz_error err = { 0 };
	enum lang_result result = lang_run(p->lang, text, strlen(text), &err);
	struct head head = { .last = result == LANG_EXIT };
	const char *before, *full = "", *brief = "";
	uint32_t n, nfull = 0, nbrief = 0;

	before = take_screen(p, &arena, &n);
	if (result == LANG_FAILED || result == LANG_MORE) {
		head.status = twz_class_status(err.cls);
		brief = show_error(p, text, &err, false, &arena, &nbrief);
		full = show_error(p, text, &err, true, &arena, &nfull);
	} else if (head.last) {
		head.status = lang_exit_status(p->lang);
	}
	head.nfull = n + nfull;
	head.nbrief = n + nbrief;
	fwrite(&head, sizeof(head), 1, p->report);
	fwrite(before, 1, n, p->report);
	fwrite(full, 1, nfull, p->report);
	fwrite(before, 1, n, p->report);
	fwrite(brief, 1, nbrief, p->report);
	return !fflush(p->report) && !head.last && !signals_interrupted();
}

/* Of this child's block; the function that the language asks has no data. */
static int block_columns;

static int
columns(void)
{
	return block_columns;
}

static void
open_player(struct player *p)
{
	const struct session_options so = {
		.context = p->o->context, .registry = p->o->registry, .preload = true,
		.query = sql_query, .table = sql_table,
	};
	struct twz_error err = { 0 };

	p->screen = memfd_create("twz-test", MFD_CLOEXEC);
	/* Every write goes to the end, whoever writes. */
	if (p->screen < 0 || fcntl(p->screen, F_SETFL, O_APPEND) < 0 || dup2(p->screen, 1) < 0 ||
	    dup2(p->screen, 2) < 0)
		_exit(1);
	if (!session_open(&so, &p->session, &err)) {
		lang_report_outside(p->report, false, &err);
		_exit(1);
	}
	signals_install(p->session);
	p->options = (struct lang_options){
		.host = session_host(p->session),
		.out = stdout,
		.err = stderr,
		.output = p->o->output,
		.json = p->o->json,
		.out_tty = true,
		.columns = block_columns > 0 ? columns : NULL,
		.last = true,
		.trace = p->o->trace,
		.verbose = p->o->verbose,
		.dry_run = p->o->dry_run,
		.errors_json = p->o->errors_json,
		.timeout_ns = p->o->timeout_ns,
	};
	p->lang = lang_new(&p->options);
}

static _Noreturn void
play(const struct options *o, const struct transcript_block *block, int report)
{
	struct player p = { .o = o, .report = fdopen(report, "w") };

	if (!p.report)
		_exit(1);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	block_columns = block->columns;
	open_player(&p);
	for (size_t i = 0; i < block->nsteps; i++)
		if (!play_step(&p, block->steps[i].text))
			break;
	_exit(0);
}

/* -- the parent ----------------------------------------------------------------------------------- */

static const char *
read_text(FILE *f, uint32_t n, struct twz_arena *arena)
{
	char *text = n <= 2 * OUTPUT_MAX ? twz_alloc(arena, n + 1) : NULL;

	return text && fread(text, 1, n, f) == n ? text : NULL;
}

static void
read_steps(FILE *f, struct transcript_block *block, struct twz_arena *arena)
{
	struct head head = { 0 };

	for (size_t i = 0; i < block->nsteps && !head.last; i++) {
		struct transcript_step *s = &block->steps[i];

		if (fread(&head, sizeof(head), 1, f) != 1)
			return;
		s->full = read_text(f, head.nfull, arena);
		s->brief = s->full ? read_text(f, head.nbrief, arena) : NULL;
		if (!s->brief)
			return;
		s->got_status = head.status;
		s->ran = true;
	}
}

bool
transcript_play(const struct options *o, struct transcript_block *block, struct twz_arena *arena,
		struct twz_error *err)
{
	int ends[2], status;
	TWZ_FCLOSE FILE *f = NULL;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return twz_fail_sys(err, errno, "a pipe");
	fflush(stdout);
	pid = fork();
	if (!pid) {
		close(ends[0]);
		play(o, block, ends[1]);
	}
	close(ends[1]);
	f = fdopen(ends[0], "r");
	if (!f || pid < 0) {
		close(ends[0]);
		return twz_fail_sys(err, errno, "a process for a block");
	}
	read_steps(f, block, arena);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (WIFEXITED(status) && !WEXITSTATUS(status))
		return true;
	return twz_fail(err, TWZ_CLASS_FAULT, TWZ_ERR(GENERIC, OTHER), "the session of a block did not end well");
}
