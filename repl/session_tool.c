/*
 * twz-inspect, run as a program of its own: the file that it reads is hostile and DWARF is large,
 * so neither comes into this process.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#include "repl/session_inner.h"

extern char **environ;

enum { TOOL_MS = 60000, PATIENCE_MS = 150, TICK_MS = 100, TOLD_MS = 1000, NAME_SHOWN = 48 };

/* One run of it. */
struct inspection {
	struct inspection *next;
	const char *path;		/* what it registers; NULL: something else */
	pid_t pid;			/* 0: it has ended */
	int out, err;			/* -1: closed */
	int64_t begun;
	size_t nout, nerr;
	bool told;
	struct tool_run r;
};

struct pipes {
	int out[2], err[2];
};

/* Of this thread: whether somebody types, who cannot wait. */
static _Thread_local bool hurried;

void
session_hurry(bool hurry)
{
	hurried = hurry;
}

static void
close_pipes(struct pipes *p)
{
	twz_closep(&p->out[0]);
	twz_closep(&p->out[1]);
	twz_closep(&p->err[0]);
	twz_closep(&p->err[1]);
}

static int64_t
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static bool
spawn(char *const *argv, struct inspection *i, struct twz_error *err)
{
	TWZ_CLEANUP(close_pipes) struct pipes p = { { -1, -1 }, { -1, -1 } };
	posix_spawn_file_actions_t actions;
	int result;

	memset(&i->r, 0, sizeof(i->r));
	if (pipe2(p.out, O_CLOEXEC) != 0 || pipe2(p.err, O_CLOEXEC) != 0)
		return twz_fail_sys(err, errno, "run %s", argv[0]);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, p.out[1], STDOUT_FILENO);
	posix_spawn_file_actions_adddup2(&actions, p.err[1], STDERR_FILENO);
	result = posix_spawn(&i->pid, argv[0], &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	if (result)
		return twz_fail_sys(err, result, "run %s", argv[0]);
	i->out = p.out[0];
	i->err = p.err[0];
	p.out[0] = p.err[0] = -1;
	i->begun = now_ms();
	i->nout = i->nerr = 0;
	return true;
}

/* Keeps what fits and throws the rest away. False at the end. */
static bool
drain(int fd, char *text, size_t size, size_t *n)
{
	char spare[4096];
	bool room = *n + 1 < size;
	ssize_t got = read(fd, room ? text + *n : spare, room ? size - 1 - *n : sizeof(spare));

	if (got < 0)
		return errno == EINTR;
	if (room)
		*n += (size_t)got;
	return got > 0;
}

/* Reads both pipes until both are closed. False when nothing came for so long. */
static bool
collect(struct inspection *i, int ms)
{
	struct pollfd fds[2] = { { i->out, POLLIN, 0 }, { i->err, POLLIN, 0 } };
	int64_t end = now_ms() + ms;

	while (i->out >= 0 || i->err >= 0) {
		int64_t left = end - now_ms();

		fds[0].fd = i->out;
		fds[1].fd = i->err;
		if (poll(fds, 2, left > 0 ? (int)left : 0) <= 0)
			return false;
		if (i->out >= 0 && fds[0].revents && !drain(i->out, i->r.out, sizeof(i->r.out), &i->nout))
			twz_closep(&i->out), i->out = -1;
		if (i->err >= 0 && fds[1].revents && !drain(i->err, i->r.err, sizeof(i->r.err), &i->nerr))
			twz_closep(&i->err), i->err = -1;
	}
	return true;
}

/* It has closed its output, or is not wanted any more. */
static void
end(struct inspection *i, bool wanted)
{
	twz_closep(&i->out);
	twz_closep(&i->err);
	i->out = i->err = -1;
	if (!wanted)
		kill(i->pid, SIGKILL);
	while (waitpid(i->pid, &i->r.status, 0) < 0 && errno == EINTR)
		;
	i->pid = 0;
}

/* -- somebody waits ------------------------------------------------------------------------------- */

/* One line that says so, where there is a terminal; it goes when the wait is over. */
static void
tell_waiting(const struct session *s, struct inspection *i, int64_t waited)
{
	const char *name = i->path && strrchr(i->path, '/') ? strrchr(i->path, '/') + 1 : "";
	char shown[NAME_SHOWN + 1], line[NAME_SHOWN + 64];

	if (!*name || s->waits == SESSION_WAITS_SILENTLY || (i->told && s->waits == SESSION_WAITS_PLAINLY))
		return;
	snprintf(shown, sizeof(shown), "%s", name);
	tool_defuse(shown);
	snprintf(line, sizeof(line), s->waits == SESSION_WAITS_PLAINLY ? "reading %s\n" : "reading %s, %d s\033[K\r",
		 shown, (int)(waited / 1000));
	i->told = true;
	if (write(STDERR_FILENO, line, strlen(line)) < 0)
		return;		/* nobody sees it */
}

static void
end_telling(const struct session *s, const struct inspection *i)
{
	if (i->told && s->waits == SESSION_WAITS_SEEN && write(STDERR_FILENO, "\r\033[K", 4) < 0)
		return;
}

static bool
await(const struct session *s, struct inspection *i, const char *tool, struct twz_error *err)
{
	int64_t told = now_ms();

	i->told = false;
	while (!collect(i, TICK_MS)) {
		int64_t now = now_ms(), waited = now - i->begun;

		if (__atomic_load_n(&s->interrupted, __ATOMIC_RELAXED) || waited > TOOL_MS) {
			end(i, false);
			end_telling(s, i);
			return waited > TOOL_MS
				? twz_fail(err, TWZ_CLASS_LINK, TWZ_ERR(GENERIC, TIMED_OUT),
					   "%s was not ready within %d s", tool, TOOL_MS / 1000)
				: twz_fail(err, TWZ_CLASS_INTERRUPTED, TWZ_ERR(GENERIC, INTERRUPTED), "inspect %s",
					   i->path ? i->path : "");
		}
		if (now - told < TOLD_MS)
			continue;
		told = now;
		tell_waiting(s, i, waited);
	}
	end(i, true);
	end_telling(s, i);
	return true;
}

bool
tool_run(const struct session *s, char *const *argv, struct tool_run *r, struct twz_error *err)
{
	struct inspection i = { .path = NULL };

	if (!spawn(argv, &i, err) || !await(s, &i, argv[0], err))
		return false;
	*r = i.r;
	return true;
}

/* Names in a hostile file may hold anything; lines and tabs are ours. */
void
tool_defuse(char *text)
{
	for (; *text; text++)
		if ((*text > 0 && *text < ' ' && *text != '\n' && *text != '\t') || *text == 0x7f)
			*text = '?';
}

/* Below it; NULL: it gave none. */
static const char *
hint_below(char *text)
{
	static const char front[] = "\n  hint: ";
	char *hint = strstr(text, front);

	if (!hint || hint != strchr(text, '\n'))
		return NULL;
	hint += sizeof(front) - 1;
	hint[strcspn(hint, "\n")] = '\0';
	return hint;
}

/* The first line that it wrote, without its own name and class in front. */
static const char *
reason(char *text)
{
	static const char *const fronts[] = { "twz-inspect: ", "Link Error: ", "Error: " };

	text[strcspn(text, "\n")] = '\0';
	for (size_t i = 0; i < TWZ_COUNT(fronts); i++)
		if (!strncmp(text, fronts[i], strlen(fronts[i])))
			text += strlen(fronts[i]);
	return text;
}

char *
tool_argument(const char *text)
{
	union { const char *in; char *out; } u = { .in = text };

	return u.out;	/* posix_spawn() changes no argument; its type is older than const */
}

static struct inspection *
inspection_of(struct session *s, const char *path)
{
	struct inspection *i = s->inspections;

	while (i && strcmp(i->path, path) != 0)
		i = i->next;
	return i;
}

static bool
begin(struct session *s, const char *path, struct inspection **ret, struct twz_error *err)
{
	struct inspection *i = inspection_of(s, path);
	char *argv[6], **last = argv;

	if (!i) {
		i = twz_new(&s->arena, struct inspection);
		i->path = twz_strdup(&s->arena, path);
		i->next = s->inspections;
		s->inspections = i;
	}
	*ret = i;
	if (i->pid)
		return true;
	*last++ = tool_argument(s->inspect);
	*last++ = tool_argument("--register");
	if (s->registry_path) {
		*last++ = tool_argument("--db");
		*last++ = tool_argument(s->registry_path);
	}
	*last++ = tool_argument(path);
	*last = NULL;
	return spawn(argv, i, err) || twz_wrap(err, "inspect %s", path);
}

static bool
was_killed(const struct inspection *i, int signal)
{
	return WIFSIGNALED(i->r.status) && WTERMSIG(i->r.status) == signal;
}

/* Whether the one that has ended did what it should. */
static bool
judge(struct inspection *i, struct twz_error *err)
{
	const char *hint;
	char text[sizeof(i->r.err)];

	if (WIFEXITED(i->r.status) && WEXITSTATUS(i->r.status) == 0)
		return true;
	if (was_killed(i, SIGINT))
		return twz_fail(err, TWZ_CLASS_INTERRUPTED, TWZ_ERR(GENERIC, INTERRUPTED), "inspect %s", i->path);
	if (WIFSIGNALED(i->r.status))
		return twz_fail(err, TWZ_CLASS_LINK, TWZ_ERR(GENERIC, OTHER),
				"%s: twz-inspect was killed by SIG%s", i->path,
				sigabbrev_np(WTERMSIG(i->r.status)));
	if (!*i->r.err)
		return twz_fail(err, TWZ_CLASS_LINK, TWZ_ERR(GENERIC, OTHER), "%s: twz-inspect ended with status %d",
				i->path, WEXITSTATUS(i->r.status));
	memcpy(text, i->r.err, sizeof(text));
	tool_defuse(text);
	hint = hint_below(text);
	twz_fail(err, TWZ_CLASS_LINK, TWZ_ERR(GENERIC, NOT_SUPPORTED), "%s", reason(text));
	return hint ? twz_hint(err, "%s", hint) : false;
}

/*
 * For who types: a moment's patience once, then it goes on behind the prompt, which is asked again with the next
 * key. What failed is not tried anew with each key, but when the line is entered.
 */
static bool
register_hurried(struct session *s, const char *path, struct twz_error *err)
{
	struct inspection *i = inspection_of(s, path);
	bool fresh = !i || (!i->pid && (was_killed(i, SIGINT) || !i->begun));

	if (fresh && !begin(s, path, &i, err))
		return false;
	if (i->pid && collect(i, fresh ? PATIENCE_MS : 0))
		end(i, true);
	if (i->pid) {
		if (fresh)
			s->output.write(s->output.data, "reading a library: Tab knows its gates when that is done");
		return twz_fail(err, TWZ_CLASS_LINK, TWZ_ERR(GENERIC, TIMED_OUT), "%s is being read", path);
	}
	if (!judge(i, err))
		return false;
	i->begun = 0;	/* asked once more, the file is another one by then */
	return true;
}

bool
tool_register(struct session *s, const char *path, struct twz_error *err)
{
	struct inspection *i;

	if (hurried)
		return register_hurried(s, path, err);
	if (__atomic_load_n(&s->interrupted, __ATOMIC_RELAXED))
		return twz_fail(err, TWZ_CLASS_INTERRUPTED, TWZ_ERR(GENERIC, INTERRUPTED), "inspect %s", path);
	if (!begin(s, path, &i, err) || !await(s, i, s->inspect, err))
		return false;
	/* Ctrl-C in an earlier call may have ended one that went on behind the prompt. */
	if (was_killed(i, SIGINT) && !__atomic_load_n(&s->interrupted, __ATOMIC_RELAXED) &&
	    (!begin(s, path, &i, err) || !await(s, i, s->inspect, err)))
		return false;
	if (!judge(i, err))
		return false;
	i->begun = 0;
	return true;
}

void
session_settle(struct session *s)
{
	if (pthread_mutex_trylock(&s->lock))
		return;		/* somebody waits for one, and may go on to */
	for (struct inspection *i = s->inspections; i; i = i->next)
		if (i->pid)
			end(i, false);
	pthread_mutex_unlock(&s->lock);
}
