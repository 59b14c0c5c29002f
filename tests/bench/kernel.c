/* What the kernel offers for talking to another process, and for making one. */
#include <spawn.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "tests/bench/bench.h"

/* -- messages of 64 bytes ---------------------------------------------------------------------- */

struct channel {
	int to[2], from[2];		/* the server reads to[0] and writes from[1] */
	int pid;
};

static void
channel_serve(void *arg)
{
	struct channel *channel = arg;
	char message[BENCH_LINE];

	while (bench_read(channel->to[0], message, sizeof(message)) &&
	       bench_write(channel->from[1], message, sizeof(message)))
		;
}

static bool
channel_run(struct bench_row *row, unsigned n)
{
	struct channel *channel = row->state;
	char message[BENCH_LINE] = "";

	while (n--)
		if (!bench_write(channel->to[1], message, sizeof(message)) ||
		    !bench_read(channel->from[0], message, sizeof(message)))
			return false;
	return true;
}

static const char *
pipe_open(struct bench_row *row)
{
	static struct channel channel;

	if (pipe(channel.to) || pipe(channel.from))
		return "no pipe";
	row->state = &channel;
	channel.pid = bench_fork(bench.cpu[0], channel_serve, &channel);
	return NULL;
}

static const char *
socket_open(struct bench_row *row)
{
	static struct channel channel;
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends))
		return "no AF_UNIX sequenced packets";
	channel = (struct channel){ .to = { ends[1], ends[0] }, .from = { ends[0], ends[1] } };
	row->state = &channel;
	channel.pid = bench_fork(bench.cpu[0], channel_serve, &channel);
	return NULL;
}

static void
channel_close(struct bench_row *row)
{
	struct channel *channel = row->state;

	bench_kill(channel->pid);
}

/* -- processes --------------------------------------------------------------------------------- */

/*
 * fork() costs what the forking process has in memory, and this one holds megabytes of buffers.
 * So a small process, made before those, forks on demand: it gets a byte and answers with
 * nanoseconds.
 */
struct forker {
	int fds[2];
	int pid;
};

static void
child_exit(void)
{
	_exit(0);
}

static void
child_exec(void)
{
	char *argv[] = { (char[]){ "true" }, NULL }, *envp[] = { NULL };

	execve("/bin/true", argv, envp);
	_exit(127);
}

static void
forker_serve(void *arg)
{
	struct forker *forker = arg;
	char order;

	while (bench_read(forker->fds[1], &order, 1)) {
		uint64_t start = bench_now(), took;
		int status = -1, pid = fork();

		if (!pid && order == 'x')
			child_exec();
		if (!pid)
			child_exit();
		if (pid > 0)
			waitpid(pid, &status, 0);
		took = status ? 0 : bench_now() - start;
		bench_write(forker->fds[1], &took, sizeof(took));
	}
}

static const char *
forker_open(struct bench_row *row)
{
	static struct forker forker;

	row->state = &forker;
	if (forker.pid)
		return NULL;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, forker.fds))
		return "no socket";
	forker.pid = bench_fork(-1, forker_serve, &forker);
	return NULL;
}

static bool
forker_measure(struct bench_row *row, double *ret)
{
	const struct forker *forker = row->state;
	uint64_t took;

	if (!bench_write(forker->fds[0], row->what, 1) ||
	    !bench_read(forker->fds[0], &took, sizeof(took)))
		return false;
	*ret = (double)took;
	return took > 0;
}

static void
forker_close(struct bench_row *row)
{
	struct forker *forker = row->state;

	if (forker->pid)
		bench_kill(forker->pid);
	forker->pid = 0;
}

void
bench_kernel_rows(void)
{
	static const char *group = "round trips on one CPU, 64 bytes each way";

	bench_row((struct bench_row){
		.key = "pipe", .group = group, .name = "pipe", .open = pipe_open,
		.run = channel_run, .close = channel_close, .batch = 50, .samples = 40,
		.pinned = true,
	});
	bench_row((struct bench_row){
		.key = "unix", .group = group, .name = "AF_UNIX, sequenced packets",
		.open = socket_open, .run = channel_run, .close = channel_close,
		.batch = 50, .samples = 40, .pinned = true,
	});
	bench_row((struct bench_row){
		.key = "fork", .group = "processes", .name = "fork, exit, wait",
		.open = forker_open, .measure = forker_measure, .close = forker_close,
		.samples = 20, .what = "f",
	});
	bench_row((struct bench_row){
		.key = "exec", .group = "processes", .name = "fork, exec /bin/true, wait",
		.open = forker_open, .measure = forker_measure, .close = forker_close,
		.samples = 20, .what = "x",
	});
}
