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

enum { TOOL_MS = 60000 };

struct pipes {
	int out[2], err[2];
};

static void
close_pipes(struct pipes *p)
{
	twz_closep(&p->out[0]);
	twz_closep(&p->out[1]);
	twz_closep(&p->err[0]);
	twz_closep(&p->err[1]);
}

static bool
spawn(char *const *argv, struct pipes *p, pid_t *ret, struct twz_error *err)
{
	posix_spawn_file_actions_t actions;
	int result;

	if (pipe2(p->out, O_CLOEXEC) != 0 || pipe2(p->err, O_CLOEXEC) != 0)
		return twz_fail_sys(err, errno, "run %s", argv[0]);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, p->out[1], STDOUT_FILENO);
	posix_spawn_file_actions_adddup2(&actions, p->err[1], STDERR_FILENO);
	result = posix_spawn(ret, argv[0], &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	if (result)
		return twz_fail_sys(err, result, "run %s", argv[0]);
	twz_closep(&p->out[1]);
	twz_closep(&p->err[1]);
	p->out[1] = p->err[1] = -1;
	return true;
}

static int64_t
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
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

/* Reads both pipes until both are closed. False when that takes too long. */
static bool
collect(struct pipes *p, struct tool_run *r)
{
	struct pollfd fds[2] = { { p->out[0], POLLIN, 0 }, { p->err[0], POLLIN, 0 } };
	int64_t end = now_ms() + TOOL_MS;
	size_t nout = 0, nerr = 0;

	while (fds[0].fd >= 0 || fds[1].fd >= 0) {
		int64_t left = end - now_ms();

		if (left <= 0)
			return false;
		if (poll(fds, 2, (int)left) <= 0)
			continue;
		if (fds[0].revents && !drain(fds[0].fd, r->out, sizeof(r->out), &nout))
			fds[0].fd = -1;
		if (fds[1].revents && !drain(fds[1].fd, r->err, sizeof(r->err), &nerr))
			fds[1].fd = -1;
	}
	return true;
}

bool
tool_run(char *const *argv, struct tool_run *r, struct twz_error *err)
{
	TWZ_CLEANUP(close_pipes) struct pipes p = { { -1, -1 }, { -1, -1 } };
	bool in_time;
	pid_t pid;

	memset(r, 0, sizeof(*r));
	if (!spawn(argv, &p, &pid, err))
		return false;
	in_time = collect(&p, r);
	if (!in_time)
		kill(pid, SIGKILL);
	while (waitpid(pid, &r->status, 0) < 0)
		if (errno != EINTR)
			return twz_fail_sys(err, errno, "run %s", argv[0]);
	if (in_time)
		return true;
	return twz_fail(err, TWZ_CLASS_LINK, TWZ_ERR(GENERIC, TIMED_OUT),
			"%s was not ready within %d s", argv[0], TOOL_MS / 1000);
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

bool
tool_register(struct session *s, const char *path, struct twz_error *err)
{
	char *argv[6], **end = argv;
	const char *hint;
	struct tool_run r;

	*end++ = tool_argument(s->inspect);
	*end++ = tool_argument("--register");
	if (s->registry_path) {
		*end++ = tool_argument("--db");
		*end++ = tool_argument(s->registry_path);
	}
	*end++ = tool_argument(path);
	*end = NULL;
	if (!tool_run(argv, &r, err))
		return twz_wrap(err, "inspect %s", path);
	if (WIFEXITED(r.status) && WEXITSTATUS(r.status) == 0)
		return true;
	if (WIFSIGNALED(r.status) && WTERMSIG(r.status) == SIGINT)
		return twz_fail(err, TWZ_CLASS_INTERRUPTED, TWZ_ERR(GENERIC, INTERRUPTED),
				"inspect %s", path);
	if (WIFSIGNALED(r.status))
		return twz_fail(err, TWZ_CLASS_LINK, TWZ_ERR(GENERIC, OTHER),
				"%s: twz-inspect was killed by SIG%s", path,
				sigabbrev_np(WTERMSIG(r.status)));
	if (!*r.err)
		return twz_fail(err, TWZ_CLASS_LINK, TWZ_ERR(GENERIC, OTHER),
				"%s: twz-inspect ended with status %d", path,
				WEXITSTATUS(r.status));
	tool_defuse(r.err);
	hint = hint_below(r.err);
	twz_fail(err, TWZ_CLASS_LINK, TWZ_ERR(GENERIC, NOT_SUPPORTED), "%s", reason(r.err));
	return hint ? twz_hint(err, "%s", hint) : false;
}
