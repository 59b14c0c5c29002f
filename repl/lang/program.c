/*
 * run: programs of the outer world. Words become arguments one by one, never a line for a shell; what
 * comes back is a result: the output, or a status that can be matched on.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "repl/lang/interp.h"
#include "twz/program.h"
#include "twz/typetext.h"

enum { OUTPUT_MAX = 256 << 20, TICK_MS = 50, GRACE_MS = 500 };

static const struct twz_member exit_members[] = {
	{ .name = "program", .type = &twz_type_string },
	{ .name = "status", .type = &twz_type_i32 },
	{ .name = "signal", .type = &twz_type_string, .optional = true },
};
const struct twz_type lang_exit_type = { .kind = TWZ_STRUCT, .name = "ExitStatus", .size = 24,
					 .align = 8, .members = exit_members, .nmembers = 3 };
static const struct twz_member run_members[] = {
	{ .name = "twz_state", .type = &twz_type_u32 },
	{ .name = "twz_err", .type = &lang_exit_type, .offset = 8 },
	{ .name = "twz_ok", .type = &twz_type_string, .offset = 32 },
};
const struct twz_type lang_run_type = { .kind = TWZ_RESULT, .name = "run_result", .size = 40,
					.align = 8, .members = run_members, .nmembers = 3 };

extern char **environ;

/* One program that runs. */
struct running {
	struct lang *l;
	const char *name;
	const char **argv;
	size_t argc;
	int in, out;			/* descriptors it gets; < 0: ours */
	int read;			/* where its output comes from; < 0: it has ours */
	pid_t pid;
	int pidfd;
	char *text;
	size_t n, room;
};

/* -- arguments --------------------------------------------------------------------------------- */

static bool
add_argument(struct running *r, const struct twz_value *v, struct twz_error *err)
{
	struct twz_arena *arena = r->l->arena;
	struct twz_value text = *v;

	if (v->kind == TWZ_VALUE_LIST) {
		for (size_t i = 0; i < v->list.n; i++)
			if (!add_argument(r, &v->list.items[i], err))
				return false;
		return true;
	}
	if (v->kind != TWZ_VALUE_STRING && !lang_to_string(r->l, v, &text, err)) {
		if (err->cls != TWZ_CLASS_NONE)
			return false;
		if (v->kind == TWZ_VALUE_OK || v->kind == TWZ_VALUE_ERR || v->kind == TWZ_VALUE_NONE ||
		    v->kind == TWZ_VALUE_UNIT || v->kind == TWZ_VALUE_RECORD)
			return lang_type_error(err, "%s %s is no argument of a program",
					       twz_article(lang_type_of(arena, v)), lang_type_of(arena, v));
		text = twz_cstring(arena, lang_value_text(arena, v));
	}
	if (memchr(text.string.text, '\0', text.string.n))
		return lang_type_error(err, "a text with a NUL byte inside cannot be an argument");
	twz_push(arena, r->argv, r->argc, text.string.text);
	return true;
}

/* Words are text whatever they look like; $x, "…" and ( ) are values. */
static bool
add_word(struct running *r, const struct ast *a, struct twz_error *err)
{
	struct twz_value v;

	if (a->kind == AST_WORD || a->kind == AST_NUMBER || a->kind == AST_BOOL || a->kind == AST_NONE)
		v = twz_string(r->l->arena, a->text, a->n);
	else if (!lang_eval(r->l, a, &v, err))
		return lang_at(err, a);
	return add_argument(r, &v, err) || lang_at(err, a);
}

/* What is piped in, in a file that the program reads. */
static bool
give_input(struct running *r, const struct twz_value *v, struct twz_error *err)
{
	FILE *f;
	bool done = true;

	r->in = memfd_create("input", MFD_CLOEXEC);
	f = r->in >= 0 ? fdopen(dup(r->in), "w") : NULL;
	if (!f)
		return twz_fail_sys(err, errno, "run %s", r->name);
	if (v->kind == TWZ_VALUE_LIST) {
		for (size_t i = 0; i < v->list.n && done; i++) {
			done = lang_write_raw(r->l, f, &v->list.items[i], err);
			if (v->list.items[i].kind == TWZ_VALUE_STRING)
				fputc('\n', f);
		}
	} else {
		done = lang_write_raw(r->l, f, v, err);
	}
	fclose(f);
	lseek(r->in, 0, SEEK_SET);
	return done;
}

/* -- running ----------------------------------------------------------------------------------- */

static bool
start(struct running *r, struct twz_error *err)
{
	posix_spawn_file_actions_t actions;
	int errnum;

	posix_spawn_file_actions_init(&actions);
	if (r->in >= 0)
		posix_spawn_file_actions_adddup2(&actions, r->in, STDIN_FILENO);
	if (r->out >= 0)
		posix_spawn_file_actions_adddup2(&actions, r->out, STDOUT_FILENO);
	errnum = twz_program_start((char *const *)(uintptr_t)r->argv, &actions, &r->pid);
	posix_spawn_file_actions_destroy(&actions);
	if (!errnum) {
		r->pidfd = (int)syscall(SYS_pidfd_open, r->pid, 0);
		return true;
	}
	errnum = twz_program_errno(r->argv[0], errnum);
	twz_fail(err, errnum == ENOENT ? TWZ_CLASS_NAME : TWZ_CLASS_GATE, twz_code_from_errno(errnum),
		 errnum == ENOENT ? "no program '%s'" : "%s cannot be run: %s", r->name,
		 strerror(errnum));
	return false;
}

static void
stop(struct running *r)
{
	struct pollfd p = { .fd = r->pidfd, .events = POLLIN };

	kill(r->pid, SIGTERM);
	if (poll(&p, 1, GRACE_MS) == 0)
		kill(r->pid, SIGKILL);
	waitpid(r->pid, NULL, 0);
}

/* Takes what the program has written. False: it has closed its output, or it is too much. */
static bool
take_output(struct running *r, struct twz_error *err)
{
	char bytes[65536];
	ssize_t n = read(r->read, bytes, sizeof(bytes));
	char *more;

	if (n <= 0)
		return n < 0 && errno == EINTR;
	if (r->n + (size_t)n > OUTPUT_MAX)
		return twz_fail(err, TWZ_CLASS_GATE, TWZ_ERR(RESOURCE, OUT_OF_RESOURCES),
				"%s wrote more than %d MiB", r->name, OUTPUT_MAX >> 20);
	if (r->n + (size_t)n >= r->room) {
		r->room = 2 * (r->n + (size_t)n) + 4096;
		more = realloc(r->text, r->room);
		if (!more)
			abort();
		r->text = more;
	}
	memcpy(r->text + r->n, bytes, (size_t)n);
	r->n += (size_t)n;
	return true;
}

/* Until the program has ended, reading what it writes. Other jobs go on meanwhile. */
static bool
await(struct running *r, siginfo_t *info, struct twz_error *err)
{
	bool reading = r->read >= 0;

	for (;;) {
		struct pollfd p = { .fd = reading ? r->read : r->pidfd, .events = POLLIN };
		int ready;

		lang_end_turn(r->l);
		ready = poll(&p, 1, TICK_MS);
		if (ready > 0 && reading)
			reading = take_output(r, err);
		lang_begin_turn(r->l);
		if (err->cls != TWZ_CLASS_NONE || !lang_go_on(r->l, err)) {
			stop(r);
			return false;
		}
		if (ready <= 0 || reading || !(p.fd == r->pidfd))
			continue;
		waitid(P_PID, (id_t)r->pid, info, WEXITED);
		return true;
	}
}

static void
set_result(struct running *r, const siginfo_t *info, struct twz_value *ret)
{
	static const char *const names[] = { "program", "status", "signal" };
	struct twz_arena *arena = r->l->arena;
	bool killed = info->si_code != CLD_EXITED;
	struct twz_value *items;

	if (!killed && !info->si_status) {
		*ret = r->read < 0 ? twz_unit()
		       : twz_ok(arena, &lang_run_type, twz_string(arena, r->text ? r->text : "", r->n));
		return;
	}
	items = twz_new_array(arena, 3, struct twz_value);
	items[0] = twz_cstring(arena, r->name);
	items[1] = twz_int(&twz_type_i32, killed ? 128 + info->si_status : info->si_status);
	items[2] = (struct twz_value){ .kind = TWZ_VALUE_NONE };
	if (killed)
		items[2] = twz_cstring(arena, twz_format(arena, "SIG%s", sigabbrev_np(info->si_status)));
	*ret = twz_err(arena, &lang_run_type, twz_record(&lang_exit_type, names, items, 3));
}

/* Where the output goes: to ours when nobody takes the value, else to us. */
static bool
connect_output(struct running *r, bool taken, struct twz_error *err)
{
	const struct lang_options *o = r->l->options;
	int ends[2], ours = o->over_stdout ? STDOUT_FILENO : fileno(o->out);

	fflush(o->out);
	if (!taken && ours >= 0) {
		r->out = ours;
		return true;
	}
	if (pipe2(ends, O_CLOEXEC))
		return twz_fail_sys(err, errno, "run %s", r->name);
	r->read = ends[0];
	r->out = ends[1];
	return true;
}

static void
trace(struct running *r, const siginfo_t *info, const struct twz_error *err, int64_t ns)
{
	const char *result = info && info->si_code == CLD_EXITED
				     ? twz_format(r->l->arena, "%d", info->si_status)
			     : info ? twz_format(r->l->arena, "SIG%s", sigabbrev_np(info->si_status))
				    : twz_class_text(err->cls);

	lang_trace_run(r->l, r->argv, result, ns);
}

/* A dry run. */
static void
withhold(struct running *r)
{
	twz_push(r->l->arena, r->argv, r->argc, NULL);
	lang_trace_run(r->l, r->argv, NULL, 0);
}

static bool
run(struct running *r, bool taken, struct twz_value *ret, struct twz_error *err)
{
	siginfo_t info = { 0 };
	int64_t begun;
	bool done;

	twz_push(r->l->arena, r->argv, r->argc, NULL);
	begun = lang_now();
	if (!connect_output(r, taken, err))
		return false;
	done = start(r, err);
	if (r->read >= 0)
		close(r->out);
	done = done && await(r, &info, err);
	if (r->l->options->trace)
		trace(r, done ? &info : NULL, err, lang_now() - begun);
	if (!done)
		return false;
	set_result(r, &info, ret);
	if (!taken && r->read >= 0) {
		if (r->n)
			fwrite(r->text, 1, r->n, r->l->options->out);
		*ret = ret->kind == TWZ_VALUE_OK ? twz_unit() : *ret;
	}
	return true;
}

/* Nothing runs: what its values are is looked at. */
static bool
check_run(struct lang *l, const struct ast *a, struct twz_value *ret, struct twz_error *err)
{
	struct twz_value v;

	for (uint32_t i = 0; i < a->nitems; i++) {
		const struct ast *w = a->items[i];

		if (w->kind != AST_WORD && w->kind != AST_NUMBER && w->kind != AST_BOOL &&
		    w->kind != AST_NONE && !lang_eval(l, w, &v, err))
			return false;
	}
	*ret = a->unused ? twz_unit() : lang_unknown(&lang_run_type);
	return true;
}

bool
lang_eval_run(struct lang *l, const struct ast *a, const struct twz_value *piped,
	      struct twz_value *ret, struct twz_error *err)
{
	struct running r = { .l = l, .in = -1, .out = -1, .read = -1, .pidfd = -1 };
	bool done = true;

	if (l->check)
		return check_run(l, a, ret, err);
	if (l->options->no_programs) {
		twz_fail(err, TWZ_CLASS_SECURITY, TWZ_ERR(GENERIC, NOT_SUPPORTED),
			 "programs cannot be run here");
		return lang_at(err, a);
	}
	for (uint32_t i = 0; i < a->nitems && done; i++)
		done = add_word(&r, a->items[i], err);
	if (!done)
		return false;
	if (!r.argc) {
		lang_type_error(err, "there is no program to run");
		return lang_at(err, a);
	}
	r.name = r.argv[0];
	if (l->options->dry_run) {
		withhold(&r);
		*ret = a->unused ? twz_unit() : lang_unknown(&lang_run_type);
		lang_unknown_by(l, ret, twz_format(l->arena, "run %s gives", r.name));
		return true;
	}
	done = (!piped || give_input(&r, piped, err)) && run(&r, !a->unused, ret, err);
	if (r.in >= 0)
		close(r.in);
	if (r.read >= 0)
		close(r.read);
	if (r.pidfd >= 0)
		close(r.pidfd);
	free(r.text);
	return done || lang_at(err, a);
}
