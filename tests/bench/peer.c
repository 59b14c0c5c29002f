/*
 * Peers that are programs of their own: gRPC, in C++ (peers/grpc.cc, built where its library can be had). And
 * what cannot be built here in minutes: a figure that was measured earlier stands as such.
 */
#include <string.h>
#include <sys/socket.h>

#include "tests/bench/bench.h"

struct peer {
	int fd, pid;
};

static const char *peer_program;

static void
peer_exec(void *arg)
{
	const int *fd = arg;
	char cpu[16];

	snprintf(cpu, sizeof(cpu), "%d", bench.cpu[0]);
	dup2(*fd, 0);
	dup2(*fd, 1);
	execl(peer_program, peer_program, bench_text("%s/grpc", bench.folder), cpu, (char *)NULL);
}

/* Nanoseconds of one of @n calls, or why there are none. */
static const char *
ask(struct peer *peer, unsigned n, double *ret)
{
	static char answer[256];
	char order[16], *end;
	ssize_t got;

	snprintf(order, sizeof(order), "%u", n);
	if (!bench_write(peer->fd, order, strlen(order)))
		return "the peer ended";
	got = read(peer->fd, answer, sizeof(answer) - 1);
	if (got <= 0)
		return "the peer ended";
	answer[got] = '\0';
	*ret = strtod(answer, &end);
	return end == answer ? answer : NULL;
}

static const char *
grpc_open(struct bench_row *row)
{
	static struct peer peer;
	double warm;
	int ends[2];

	peer_program = bench_text("%s/bench/grpc", bench.root);
	if (access(peer_program, X_OK))
		return "built without gRPC (packages libgrpc++-dev, protobuf-compiler-grpc)";
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends))
		return "no socket";
	peer.fd = ends[0];
	peer.pid = bench_fork(bench.cpu[0], peer_exec, &ends[1]);
	close(ends[1]);
	row->state = &peer;
	return ask(&peer, 200, &warm);
}

static bool
grpc_measure(struct bench_row *row, double *ret)
{
	return !ask(row->state, row->batch, ret);
}

static void
grpc_close(struct bench_row *row)
{
	struct peer *peer = row->state;

	bench_kill(peer->pid);
	close(peer->fd);
}

/* research/isolation.md, section 2: another machine of this kind, so a hint and no measurement. */
static bool
earlier_measure(struct bench_row *row, double *ret)
{
	*ret = (double)row->size;
	return true;
}

void
bench_peer_rows(void)
{
	static const char *group = "the same call of other systems";

	bench_row((struct bench_row){
		.key = "grpc", .group = group, .name = "gRPC, a Unix socket, one CPU", .open = grpc_open,
		.measure = grpc_measure, .close = grpc_close, .batch = 20, .samples = 10,
	});
	bench_row((struct bench_row){
		.key = "sapi", .group = group, .name = "Sandboxed API, fastest mode: measured earlier, research",
		.measure = earlier_measure, .size = 6600, .samples = 1, .rounds = 1,
	});
}
