/*
 * Gates called as a C program calls them: through stubs written by twz-inspect and libtwz.so.
 *
 * Hot: back to back, so that both sides spin on their own CPUs. Cold: once a millisecond, so that
 * both sides sleep, as they do for a person or a daemon. Buffers: into a gate that only looks at
 * three bytes, so that what is measured is the way there, beside two copies of them, which is what
 * it costs to bring them into shared memory and out of it again, and beside a pipe and a socket that
 * carry the same bytes to a process that reads them.
 */
#include <string.h>
#include <sys/socket.h>

#include "tests/bench/bench.h"
#include "calc_stub.h"
#include "echo_stub.h"
#include "plain_stub.h"
#include "twz/call.h"

enum {
	SMALLEST = 64,
	LARGEST = 16 << 20,
};

/* Why the last call failed, for the table. */
static const char *
failure(void)
{
	const struct twz_failure *failed = twz_failed();

	return failed ? bench_text("%s: %s", failed->kind, failed->text) : "a wrong result";
}

static const char *
gate_open(struct bench_row *row)
{
	static bool open;

	if (!open && twz_open())
		return failure();
	open = true;
	return row->run(row, 1) ? NULL : failure();
}

/* -- hot and cold ------------------------------------------------------------------------------ */

static bool
add_run(struct bench_row *row, unsigned n)
{
	(void)row;
	for (unsigned i = 0; i < n; i++)
		if (calc_add((int)i, 1) != (int)i + 1)
			return false;
	return true;
}

/* The other side sleeps when its turn comes: the first calls wake it. */
static void
add_ready(struct bench_row *row)
{
	add_run(row, 1000);
}

/* -- many at once ------------------------------------------------------------------------------ */

enum { AT_ONCE = 32 };

static bool
many_run(struct bench_row *row, unsigned n)
{
	uint64_t words[AT_ONCE][2];
	struct twz_call calls[AT_ONCE];
	int rets[AT_ONCE];

	(void)row;
	for (unsigned i = 0; i < n; i += AT_ONCE) {
		for (unsigned k = 0; k < AT_ONCE; k++) {
			words[k][0] = i + k, words[k][1] = 1;
			calls[k] = (struct twz_call){ &calc_add_stub, words[k], &rets[k], 0 };
		}
		if (twz_invoke_many(calls, AT_ONCE) || rets[AT_ONCE - 1] != (int)(i + AT_ONCE))
			return false;
	}
	return true;
}

/* -- level none -------------------------------------------------------------------------------- */

static const char *
none_open(struct bench_row *row)
{
	static const struct twz_load_options none = { .isolation = TWZ_ISOLATION_NONE };
	static bool open;

	if (!open && !twz_load("plain", &none))
		return failure();
	open = true;
	return row->run(row, 1) ? NULL : failure();
}

static bool
none_run(struct bench_row *row, unsigned n)
{
	int sum = 0;

	(void)row;
	for (unsigned i = 0; i < n; i++)
		sum += plain_add((int)i, 1);
	return sum != -1 && !twz_failed();
}

/* The same function through a pointer that the compiler has to load each time. */
static bool
pointer_run(struct bench_row *row, unsigned n)
{
	int32_t (*volatile add)(int32_t, int32_t) = plain_add_gate;
	int sum = 0;

	(void)row;
	for (unsigned i = 0; i < n; i++)
		sum += add((int)i, 1);
	return sum != -1;
}

/* Protection keys: where the processor has them. */
static struct twz_stub keyed;

static bool
keyed_run(struct bench_row *row, unsigned n)
{
	(void)row;
	for (unsigned i = 0; i < n; i++) {
		const uint64_t words[] = { i, 1 };
		int sum = 0;

		if (twz_invoke(&keyed, words, &sum) || sum != (int)i + 1)
			return false;
	}
	return true;
}

static const char *
keyed_open(struct bench_row *row)
{
	static const struct twz_load_options options = { .mechanism = "mpk", .name = "keyed" };

	keyed = calc_add_stub;
	keyed.service = "keyed";
	keyed.function = NULL;
	return twz_load("calc", &options) && row->run(row, 1) ? NULL : failure();
}

static void
none_rows(const char *group)
{
	const struct bench_row none = {
		.key = "none", .group = group, .name = "level none", .open = none_open,
		.run = none_run, .batch = 100000, .samples = 50, .pinned = true,
	}, pointer = {
		.key = "pointer", .group = group, .name = "through a function pointer", .open = none_open,
		.run = pointer_run, .batch = 100000, .samples = 50, .pinned = true,
	};

	bench_row(none);
	bench_row(pointer);
	bench_row((struct bench_row){ .key = "mpk", .group = group, .name = "mechanism mpk", .open = keyed_open,
				      .run = keyed_run, .batch = 1000, .samples = 50, .pinned = true });
	bench_ratio((struct bench_ratio){
		.key = "none", .numerator = "none", .denominator = "pointer",
		.name = "level none / a call through a function pointer", .target = 1.1,
	});
}

/* -- buffers ----------------------------------------------------------------------------------- */

/* What all rows send: written once, so that every page is there. */
static unsigned char *
source(void)
{
	static unsigned char *bytes;

	if (!bytes) {
		bytes = malloc(LARGEST);
		if (!bytes)
			abort();
		memset(bytes, 1, LARGEST);
	}
	return bytes;
}

static bool
touch_run(struct bench_row *row, unsigned n)
{
	while (n--)
		if (echo_touch(source(), row->size) != 3)
			return false;
	return true;
}

/* The same, in memory that the service has: sealed, so that it need not be copied. */
static const char *
shared_open(struct bench_row *row)
{
	const char *why = gate_open(row);

	row->state = why ? NULL : twz_share(row->size);
	if (!row->state)
		return why ? why : failure();
	memset(row->state, 1, row->size);
	return twz_seal(row->state) ? failure() : NULL;
}

static bool
shared_run(struct bench_row *row, unsigned n)
{
	const unsigned char *bytes = row->state ? row->state : source();

	while (n--)
		if (echo_touch(bytes, row->size) != 3)
			return false;
	return true;
}

static void
shared_close(struct bench_row *row)
{
	twz_unshare(row->state);
}

static bool
copy_run(struct bench_row *row, unsigned n)
{
	static unsigned char *first, *second;

	if (!first) {
		first = malloc(LARGEST), second = malloc(LARGEST);
		if (!first || !second)
			return false;
		memset(first, 0, LARGEST), memset(second, 0, LARGEST);
	}
	while (n--) {
		memcpy(first, source(), row->size);
		__asm__ volatile("" : : "r"(first) : "memory");
		memcpy(second, first, row->size);
		__asm__ volatile("" : : "r"(second) : "memory");
	}
	return true;
}

/* A process that reads @size bytes at a time and answers with three of them, added. */
struct stream {
	int to[2], from[2];
	size_t size;
	int pid;
};

static void
stream_serve(void *arg)
{
	struct stream *stream = arg;
	unsigned char *bytes = malloc(stream->size);
	uint64_t sum;

	while (bytes && bench_read(stream->to[0], bytes, stream->size)) {
		sum = (uint64_t)bytes[0] + bytes[stream->size / 2] + bytes[stream->size - 1];
		bench_write(stream->from[1], &sum, sizeof(sum));
	}
}

static bool
stream_run(struct bench_row *row, unsigned n)
{
	struct stream *stream = row->state;
	uint64_t sum;

	while (n--)
		if (!bench_write(stream->to[1], source(), row->size) ||
		    !bench_read(stream->from[0], &sum, sizeof(sum)) || sum != 3)
			return false;
	return true;
}

static const char *
stream_open(struct bench_row *row)
{
	struct stream *stream = calloc(1, sizeof(*stream));
	int ends[2];

	if (!stream)
		return "no memory";
	row->state = stream;
	stream->size = row->size;
	if (row->what) {
		if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends))
			return "no socket";
		memcpy(stream->to, (int[]){ ends[1], ends[0] }, sizeof(stream->to));
		memcpy(stream->from, (int[]){ ends[0], ends[1] }, sizeof(stream->from));
	} else if (pipe(stream->to) || pipe(stream->from)) {
		return "no pipe";
	}
	stream->pid = bench_fork(bench.cpu[0], stream_serve, stream);
	return NULL;
}

static void
stream_close(struct bench_row *row)
{
	struct stream *stream = row->state;

	bench_kill(stream->pid);
	free(stream);
}

/* -- which there are --------------------------------------------------------------------------- */

static const char *
size_text(size_t size)
{
	return size >> 20 ? bench_text("%zu MiB", size >> 20) :
		size >> 10 ? bench_text("%zu KiB", size >> 10) : bench_text("%zu B", size);
}

/* One row of each kind for each size, sizes together. */
static void
buffer_rows(size_t size)
{
	const char *text = size_text(size);
	unsigned batch = size < 256 << 10 ? (unsigned)((256 << 10) / size) : 1;
	struct bench_row row = {
		.group = "bytes in", .name = text, .size = size, .batch = batch > 64 ? 64 : batch,
		.samples = size < 1 << 20 ? 20 : size < 4 << 20 ? 8 : 3, .pinned = true,
	};
	struct bench_row copy = row, gate = row, pipes = row, sockets = row;

	copy.key = bench_text("copy_%zu", size), copy.column = "two memcpys";
	copy.run = copy_run;
	gate.key = bench_text("buffer_%zu", size), gate.column = "gate";
	gate.open = gate_open, gate.run = touch_run;
	pipes.key = bench_text("pipe_%zu", size), pipes.column = "pipe";
	pipes.open = stream_open, pipes.run = stream_run, pipes.close = stream_close;
	sockets = pipes, sockets.what = "socket";
	sockets.key = bench_text("unix_%zu", size), sockets.column = "AF_UNIX";
	bench_row(copy), bench_row(gate), bench_row(pipes), bench_row(sockets);
	bench_ratio((struct bench_ratio){
		.key = bench_text("buffer_%zu", size), .numerator = gate.key,
		.denominator = copy.key, .plus = "hot",
		.name = bench_text("%s into a gate / two memcpys + hot call", text),
		.target = size == 64 << 10 ? 1.5 : 0,
	});
}

static void
shared_rows(void)
{
	for (size_t size = 1 << 20; size <= LARGEST; size *= 4) {
		const char *key = bench_text("shared_%zu", size), *text = size_text(size);

		bench_row((struct bench_row){
			.key = key, .group = "bytes in, in sealed shared memory", .name = text, .size = size,
			.open = shared_open, .run = shared_run, .close = shared_close, .batch = 64,
			.samples = 20, .pinned = true,
		});
		bench_ratio((struct bench_ratio){
			.key = key, .numerator = key, .denominator = bench_text("buffer_%zu", size),
			.name = bench_text("%s shared / copied into a gate", text),
		});
	}
}

void
bench_gate_rows(void)
{
	static const char *group = "int add(int, int), a gate, called from compiled C";
	const struct bench_row hot = {
		.key = "hot", .group = group, .name = "hot: back to back", .open = gate_open,
		.ready = add_ready, .run = add_run, .batch = 500, .samples = 100, .pinned = true,
	}, cold = {
		.key = "cold", .group = group, .name = "cold: 1 ms between calls",
		.open = gate_open, .run = add_run, .samples = 50, .gap_us = 1000, .pinned = true,
	};

	const struct bench_row many = {
		.key = "many", .group = group, .name = "32 at once, back to back, each",
		.open = gate_open, .ready = add_ready, .run = many_run, .batch = 10 * AT_ONCE, .samples = 50,
		.pinned = true,
	}, many_cold = {
		.key = "many_cold", .group = group, .name = "32 at once, 1 ms between them, each",
		.open = gate_open, .run = many_run, .batch = AT_ONCE, .samples = 50, .gap_us = 1000,
		.pinned = true,
	};

	bench_row(hot);
	bench_row(cold);
	bench_row(many);
	bench_row(many_cold);
	none_rows(group);
	for (size_t size = SMALLEST; size <= LARGEST; size *= 4)
		buffer_rows(size);
	shared_rows();
}
