/*
 * twz: a prompt, a script, a line of text or one call.
 *
 * All of them are the same three steps: open a session, make an interpreter, hand it text. They differ
 * in where the text comes from and in what a failure means: at the prompt it is reported and the next
 * line is asked for, everywhere else it ends the program with the status that language.md 2.2 gives.
 *
 * Starting must cost nearly nothing, because scripts of the outer shell start twz once per call: what
 * only the prompt needs (libedit, locale, history) is loaded by the prompt.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <time.h>

#include "repl/ask.h"
#include "repl/editor.h"
#include "repl/history.h"
#include "repl/lang/lang.h"
#include "repl/editor_text.h"
#include "repl/options.h"
#include "repl/pager.h"
#include "repl/record.h"
#include "repl/run_program.h"
#include "repl/libtwz.h"
#include "repl/session.h"
#include "repl/signals.h"
#include "repl/sql.h"
#include "repl/transcript.h"

enum { STATUS_FAILED = 1, STATUS_USAGE = 2, SCRIPT_MAX = 64 << 20 };

/* A descriptor that is closed would be reused for something of ours, and then written to. */
static void
open_standard_files(void)
{
	for (int fd = 0; fd <= 2; fd++)
		if (fcntl(fd, F_GETFD) < 0)
			(void)!open("/dev/null", fd ? O_RDONLY : O_WRONLY);
}

/* For what goes wrong outside of any text: how twz was called, or that it cannot start. */
static int
complain(const struct options *o, const struct twz_error *err, int status)
{
	lang_report_outside(stderr, o->errors_json, err);
	return status;
}

/* Values that did not arrive are a failure, whatever the statements said. */
static int
finish_output(int status)
{
	errno = 0;
	if (!fflush(stdout) && !ferror(stdout))
		return status;
	fprintf(stderr, "twz: cannot write the output%s%s\n", errno ? ": " : "",
		errno ? strerror(errno) : "");
	return status ? status : STATUS_FAILED;
}

/* -- text from files ------------------------------------------------------------------------------ */

static bool
read_all(int fd, const char *name, struct twz_arena *arena, const char **ret, size_t *ret_n,
	 struct twz_error *err)
{
	size_t n = 0, room = 64 << 10;
	char *text = twz_alloc(arena, room + 1);

	for (;;) {
		ssize_t r = read(fd, text + n, room - n);

		if (r < 0 && errno == EINTR && !signals_interrupted())
			continue;
		if (r < 0 && errno == EINTR)
			return twz_fail(err, TWZ_CLASS_INTERRUPTED, TWZ_ERR(GENERIC, INTERRUPTED),
					"reading %s", name);
		if (r < 0)
			return twz_fail(err, TWZ_CLASS_SYNTAX, twz_code_from_errno(errno),
					"cannot read %s: %s", name, strerror(errno));
		if (!r)
			break;
		n += (size_t)r;
		if (n > SCRIPT_MAX)
			return twz_fail(err, TWZ_CLASS_SYNTAX, TWZ_ERR(RESOURCE, OUT_OF_RESOURCES),
					"%s is too long for a script", name);
		if (n == room) {
			char *larger = twz_alloc(arena, 2 * room + 1);

			memcpy(larger, text, n);
			text = larger;
			room *= 2;
		}
	}
	*ret = text;
	*ret_n = n;
	lang_skip_mark(ret, ret_n);
	return true;
}

static bool
read_script(const char *name, struct twz_arena *arena, const char **ret, size_t *n,
	    struct twz_error *err)
{
	TWZ_CLOSE int fd = open(name, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	int errnum = errno;

	if (fd >= 0 && !read_all(fd, name, arena, ret, n, err))
		return false;
	if (fd >= 0 && *n > 4 && !memcmp(*ret, "\177ELF", 4)) {
		twz_fail(err, TWZ_CLASS_SYNTAX, TWZ_ERR(ARGUMENT, INVALID_ARGUMENT), "%s is no script", name);
		return twz_hint(err, "what can be called in a library: twz-inspect %s", name);
	}
	if (fd >= 0)
		return true;
	twz_fail(err, TWZ_CLASS_SYNTAX, twz_code_from_errno(errnum), "cannot read %s: %s", name,
		 strerror(errnum));
	if (errnum == ENOENT && !strcmp(name, "help"))
		twz_hint(err, "twz --help; of services: twz -c help");
	else if (errnum == ENOENT && !strchr(name, '/'))
		twz_hint(err, "to call a gate: twz call GATE ARG...");
	return false;
}

/* -- running -------------------------------------------------------------------------------------- */

/* The status of text that is run whole. */
static int
run_text(struct lang *l, const char *text, size_t n)
{
	struct twz_error err = { 0 };

	switch (lang_run(l, text, n, &err)) {
	case LANG_OK:
		if (lang_finish(l, &err))
			return 0;
		break;
	case LANG_EXIT:
		return lang_exit_status(l);
	case LANG_MORE:
	case LANG_FAILED:
		break;
	}
	lang_report(l, text, n, &err);
	return twz_class_status(err.cls);
}

static int
run_call(struct lang *l, const struct options *o)
{
	struct twz_error err = { 0 };

	switch (lang_call(l, o->args, o->nargs, &err)) {
	case LANG_OK:
		return 0;
	case LANG_EXIT:
		return lang_exit_status(l);
	case LANG_MORE:
	case LANG_FAILED:
		break;
	}
	lang_report(l, "", 0, &err);
	return twz_class_status(err.cls);
}

/* -- the prompt ----------------------------------------------------------------------------------- */

struct prompt {
	struct lang *lang;
	struct editor *editor;
	struct history_file *history;
	struct record *record;	/* for save session */
};

/* The editor that service output must not disturb; services write from other threads. */
static struct editor *prompting;
static pthread_mutex_t prompting_lock = PTHREAD_MUTEX_INITIALIZER;

static void
set_prompting(struct editor *e)
{
	pthread_mutex_lock(&prompting_lock);
	prompting = e;
	pthread_mutex_unlock(&prompting_lock);
}

static void
show_output(void *data, const char *line)
{
	(void)data;
	pthread_mutex_lock(&prompting_lock);
	if (prompting)
		editor_notify(prompting, line);
	else
		fprintf(stderr, "%s\n", line);
	pthread_mutex_unlock(&prompting_lock);
}

/* Said once: a line must never be lost because its history could not be written. */
static void
history_failed(struct prompt *p, const struct twz_error *err)
{
	struct twz_error ignored = { 0 };

	fprintf(stderr, "twz: the history is not kept: %s%s%s%s\n", err->text, *err->hint ? " (" : "",
		err->hint, *err->hint ? ")" : "");
	/* What it has is read on; what is entered from now on is kept by nobody but the session. */
	if (!p->history && !history_open(NULL, &p->history, &ignored))
		abort();
}

static void
open_history(struct prompt *p, bool private)
{
	struct twz_error err = { 0 };
	TWZ_ARENA arena = { 0 };
	const char *path = NULL;

	if (!private && !history_path(&arena, &path, &err))
		history_failed(p, &err);
	else if (!history_open(path, &p->history, &err))
		history_failed(p, &err);
}

/* The history gets it without secrets, or not at all. @id 0: not at all. */
static void
begin_entry(struct prompt *p, const char *text, size_t n, struct twz_arena *arena, int64_t *id)
{
	static bool failed;
	struct twz_error err = { 0 };
	const char *masked;

	*id = 0;
	if (!n || strspn(text, " \t\n") == n)
		return;
	masked = lang_masked(p->lang, text, n, arena);
	if (!masked || history_began(p->history, masked, strlen(masked), id, &err) || failed)
		return;
	failed = true;
	history_failed(p, &err);
}

static int64_t
now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void
show_banner(const struct repl_host *host)
{
	TWZ_ARENA arena = { 0 };
	const char *const *names;
	size_t n = host->services(host->data, &arena, &names);

	printf("twz " TWZ_VERSION ", %zu service%s. help shows what there is, Tab completes, "
	       "Ctrl-D leaves.\n", n, n == 1 ? "" : "s");
}

/* Runs one block and reports what fails. */
static enum lang_result
run_block(struct prompt *p, struct session *s, const char *text, size_t n)
{
	TWZ_ARENA arena = { 0 };
	struct twz_error err = { 0 }, ignored = { 0 };
	enum lang_result result;
	int64_t id, begun;
	int status;

	begin_entry(p, text, n, &arena, &id);
	record_begin(p->record, lang_masked(p->lang, text, n, &arena));
	begun = now_ns();
	result = lang_run(p->lang, text, n, &err);
	status = result == LANG_EXIT ? lang_exit_status(p->lang) : twz_class_status(err.cls);
	if (id)
		(void)!history_ended(p->history, id, status, now_ns() - begun, &ignored);
	fflush(stdout);
	session_flush(s);
	/* The terminal has shown ^C, and the message deserves a line of its own. */
	if (result != LANG_OK && result != LANG_EXIT && signals_interrupted())
		fputc('\n', stderr);
	if (result == LANG_FAILED || result == LANG_MORE)
		lang_report(p->lang, text, n, &err);
	record_end(p->record, status);
	return result;
}

static int
run_prompt(struct session *s, struct lang *l, const struct options *o, bool color,
	   struct record *record)
{
	struct prompt p = { .lang = l, .record = record };
	int status = 0;

	signals_save_terminal();
	open_history(&p, o->private);
	p.editor = editor_open(l, p.history, color);
	set_prompting(p.editor);
	if (!p.editor->plain)
		show_banner(session_host(s));
	for (;;) {
		TWZ_ARENA arena = { 0 };
		const char *text;
		size_t n;
		bool got;

		/* What interrupted the last call is done with, and so is what came too late for it. */
		signals_clear();
		session_hurry(true);
		got = editor_read(p.editor, &arena, &text, &n);
		session_hurry(false);
		if (!got)
			break;
		if (run_block(&p, s, text, n) == LANG_EXIT) {
			status = lang_exit_status(l);
			break;
		}
	}
	session_flush(s);
	set_prompting(NULL);
	editor_close(p.editor);
	history_close(p.history);
	signals_restore_terminal();
	return status;
}

/* -- putting it together -------------------------------------------------------------------------- */

static struct lang_options
language_options(const struct options *o, const struct repl_host *host, bool prompt)
{
	bool out_tty = isatty(STDOUT_FILENO), err_tty = isatty(STDERR_FILENO);

	return (struct lang_options){
		.host = host,
		.out = stdout,
		.err = stderr,
		.output = o->output,
		.json = o->json,
		.out_tty = out_tty,
		.err_tty = err_tty,
		.color = options_colored(o, err_tty),
		.plain = options_plain(),
		.columns = out_tty ? editor_columns : NULL,
		.verbose = o->verbose,
		.trace = o->trace,
		.dry_run = o->dry_run,
		.errors_json = o->errors_json,
		.script = o->mode == OPTIONS_FILE,
		.whole = !prompt && o->mode != OPTIONS_CALL,
		.file = o->mode == OPTIONS_FILE ? o->text : NULL,
		.args = o->args,
		.nargs = o->nargs,
		.timeout_ns = o->timeout_ns,
	};
}

static const char *
what_runs(const struct options *o, bool prompt)
{
	if (o->mode == OPTIONS_FILE)
		return o->text;
	if (prompt)
		return "prompt";
	return o->mode == OPTIONS_CALL ? "call" : o->mode == OPTIONS_TEXT ? "-c" : "-";
}

static int
run_session(const struct options *o, const char *text, size_t n, bool prompt)
{
	struct session_options so = {
		.context = o->context,
		.registry = o->registry,
		.isolation = o->isolation,
		.require = o->require,
		.preload = true,
		.waits = !isatty(STDERR_FILENO) || o->errors_json ? SESSION_WAITS_SILENTLY
			 : options_plain() || options_dumb() ? SESSION_WAITS_PLAINLY : SESSION_WAITS_SEEN,
		.output = prompt ? show_output : NULL,
		.query = sql_query,
		.table = sql_table,
	};
	struct lang_options lo;
	struct record *record = NULL;
	struct twz_error err = { 0 };
	pthread_t here = pthread_self();
	struct pager pager;
	struct session *s;
	struct lang *l;
	int status;

	if (!session_open(&so, &s, &err))
		return complain(o, &err, twz_class_status(err.cls));
	signals_install(s);
	libtwz_adopt(s);
	lo = language_options(o, session_host(s), prompt);
	if (prompt) {
		record = record_new(stdout, stderr, signals_interrupted);
		lo.out = record_out(record);
		lo.err = record_err(record);
		lo.over_stdout = true;
		lo.save = record_save;
		lo.save_data = record;
		lo.last = true;
		lo.ask = ask_secret;
		lo.ask_data = &here;
		pager = (struct pager){ lo.out, record };
		/* Where the prompt moves nothing, nothing else does. */
		if (lo.out_tty && !lo.plain && !options_dumb()) {
			lo.page = pager_show;
			lo.page_data = &pager;
		}
	}
	if (!o->private)
		session_began(s, what_runs(o, prompt));
	l = lang_new(&lo);
	if (prompt)
		status = run_prompt(s, l, o, options_colored(o, lo.out_tty), record);
	else if (o->mode == OPTIONS_CALL)
		status = run_call(l, o);
	else
		status = run_text(l, text, n);
	session_flush(s);
	session_ended(s, status);
	session_settle(s);
	/* No tidying: the compartments end with this process, and the kernel does the rest faster. */
	return status;
}

/* An interpreter of its own, as a run would have; @text NULL: what is in the file. */
static int
check_one(const struct options *o, struct session *s, const char *file, const char *text)
{
	struct lang_options lo = language_options(o, session_host(s), false);
	struct twz_error err = { 0 };
	TWZ_ARENA arena = { 0 };
	size_t n = text ? strlen(text) : 0;
	struct lang *l;
	int status;

	lo.file = file;
	lo.script = lo.whole = true;
	lo.args = NULL;
	lo.nargs = 0;
	if (!text && !read_script(file, &arena, &text, &n, &err))
		return complain(o, &err, STATUS_USAGE);
	l = lang_new(&lo);
	status = lang_lint(l, text, n);
	lang_free(l);
	return status;
}

/* --check, of files or of -c TEXT. The worst status counts. */
static int
check_files(const struct options *o)
{
	struct session_options so = { .context = o->context, .registry = o->registry };
	struct twz_error err = { 0 };
	struct session *s;
	int worst = 0;

	if (!session_open(&so, &s, &err))
		return complain(o, &err, twz_class_status(err.cls));
	signals_install(s);
	if (o->text)
		return check_one(o, s, "-c", o->text);
	for (size_t i = 0; i < o->nargs; i++) {
		int status = check_one(o, s, o->args[i], NULL);

		worst = status && (!worst || status < worst) ? status : worst;
	}
	return worst;
}

/* Reads the text first: when it cannot be read nothing needs to be started. */
static int
run_input(const struct options *o)
{
	TWZ_ARENA arena = { 0 };
	struct twz_error err = { 0 };
	const char *text = o->text ? o->text : "";
	size_t n = strlen(text);
	bool prompt = o->mode == OPTIONS_INPUT && !o->text && isatty(STDIN_FILENO);
	bool ok = true;

	signals_install(NULL);
	if (o->mode == OPTIONS_FILE)
		ok = read_script(o->text, &arena, &text, &n, &err);
	else if (o->mode == OPTIONS_INPUT && !prompt)
		ok = read_all(STDIN_FILENO, "standard input", &arena, &text, &n, &err);
	if (!ok)
		return complain(o, &err, twz_class_status(err.cls));
	return run_session(o, text, n, prompt);
}

int
main(int argc, char **argv)
{
	struct twz_error err = { 0 };
	struct options o;

	open_standard_files();
	/* A message is a line, also where services write at the same time. */
	setvbuf(stderr, NULL, _IOLBF, BUFSIZ);
	signal(SIGPIPE, SIG_IGN);
	if (!options_parse(argc, argv, &o, &err))
		return complain(&o, &err, STATUS_USAGE);
	switch (o.mode) {
	case OPTIONS_HELP:
		options_help(stdout);
		return finish_output(0);
	case OPTIONS_VERSION:
		puts("twz " TWZ_VERSION);
		return finish_output(0);
	case OPTIONS_RUN: {
		int status = run_program(&o, &err);

		return complain(&o, &err, status);
	}
	case OPTIONS_CHECK:
		_exit(finish_output(check_files(&o)));
	case OPTIONS_TEST:
		_exit(finish_output(transcript_test(&o)));
	case OPTIONS_INPUT:
	case OPTIONS_TEXT:
	case OPTIONS_FILE:
	case OPTIONS_CALL:
		break;
	}
	/* Not exit(): what would run there frees memory that goes anyway. */
	_exit(finish_output(run_input(&o)));
}
