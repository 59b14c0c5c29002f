/*
 * How long a compartment takes to be ready, and what an idle one costs. Another program does the
 * work, because a monitor is not among the things that libtwz.so offers: see starter.c. It takes
 * one-letter orders and answers each with a number.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>

#include "tests/bench/bench.h"

static struct {
	int fd, pid;
} starter = { -1, 0 };

static void
starter_exec(void *arg)
{
	const char *program = bench_text("%s/bench/starter", bench.root);
	const int *fd = arg;

	dup2(*fd, 0);
	dup2(*fd, 1);
	execl(program, program, bench.root, bench.folder, (char *)NULL);
}

/* The answer to @order: a number, or a text that says what went wrong. */
static const char *
order(char letter, double *ret)
{
	static char answer[256];
	char *end;
	ssize_t n;

	if (!bench_write(starter.fd, &letter, 1))
		return "the starter ended";
	n = read(starter.fd, answer, sizeof(answer) - 1);
	if (n <= 0)
		return "the starter ended";
	answer[n] = '\0';
	*ret = strtod(answer, &end);
	return end == answer ? answer : NULL;
}

/* The starter reads the registry and asks nobody to fill it. */
static bool
register_calc(void)
{
	const char *argv[] = {
		bench_text("%s/bin/twz-inspect", bench.root), "--register",
		bench_text("%s/lib/twz/libcalc.so", bench.root), NULL,
	};

	return !bench_command((char *const *)(uintptr_t)argv, false);
}

static const char *
starter_open(struct bench_row *row)
{
	int ends[2];
	double ready;

	row->state = &starter;
	if (starter.pid)
		return NULL;
	if (!register_calc())
		return "twz-inspect --register libcalc.so fails";
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends))
		return "no socket";
	starter.fd = ends[0];
	starter.pid = bench_fork(-1, starter_exec, &ends[1]);
	close(ends[1]);
	return order('?', &ready);
}

static void
starter_ready(struct bench_row *row)
{
	char letter = *(const char *)row->what;
	double warm;

	order('o', &warm);
	for (int i = 0; i < 3; i++)
		order(letter == 'p' || letter == 'f' ? letter : 's', &warm);
}

static void
starter_rest(struct bench_row *row)
{
	double closed;

	(void)row;
	order('c', &closed);
}

static bool
starter_measure(struct bench_row *row, double *ret)
{
	return !order(*(const char *)row->what, ret);
}

static void
starter_close(struct bench_row *row)
{
	(void)row;
	bench_kill(starter.pid);
	starter.pid = 0;
}

/* -- the sketch that a start is measured against: see sketch.c ---------------------------------- */

static struct {
	int fd, pid, memory;
	uint32_t *ready;
} sketch;

static void
sketch_exec(void *arg)
{
	const char *program = bench_text("%s/bench/sketch", bench.root);
	const int *fd = arg;

	dup2(*fd, 0);
	fcntl(sketch.memory, F_SETFD, 0);
	execl(program, program, bench_text("%s/lib/twz/libcalc.so", bench.root), "add",
	      bench_text("%d", sketch.memory), (char *)NULL);
}

static bool
sketch_run(struct bench_row *row, unsigned n)
{
	(void)row;
	while (n--) {
		uint32_t before = __atomic_load_n(sketch.ready, __ATOMIC_SEQ_CST);
		const struct timespec patience = { 5, 0 };

		if (!bench_write(sketch.fd, "s", 1))
			return false;
		while (__atomic_load_n(sketch.ready, __ATOMIC_SEQ_CST) == before)
			if (syscall(SYS_futex, sketch.ready, FUTEX_WAIT, before, &patience, NULL, 0) &&
			    errno == ETIMEDOUT)
				return false;
	}
	return true;
}

static const char *
sketch_open(struct bench_row *row)
{
	int ends[2];

	row->state = &sketch;
	if (sketch.pid)
		return NULL;
	sketch.memory = memfd_create("sketch", MFD_CLOEXEC);
	if (sketch.memory < 0 || ftruncate(sketch.memory, 4096) ||
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends))
		return "no memory or no socket";
	sketch.ready = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, sketch.memory, 0);
	if (sketch.ready == MAP_FAILED)
		return "no memory";
	sketch.fd = ends[0];
	sketch.pid = bench_fork(-1, sketch_exec, &ends[1]);
	close(ends[1]);
	return sketch_run(row, 3) ? NULL : "the sketch does not start";
}

static void
sketch_close(struct bench_row *row)
{
	(void)row;
	if (!sketch.pid)
		return;
	bench_kill(sketch.pid);
	sketch.pid = 0;
	close(sketch.fd);
	close(sketch.memory);
}

/* One after the other, once: the first starts them, the others ask what was seen. */
static void
thousand_rows(void)
{
	static const struct {
		const char *key, *name, *what;
		enum bench_unit unit;
	} rows[] = {
		{ "many_start", "started and called, each", "K", BENCH_TIME },
		{ "many_10", "the 10th", "1", BENCH_TIME },
		{ "many_1000", "the 1000th", "2", BENCH_TIME },
		{ "many_robin", "a call of each in turn", "3", BENCH_TIME },
		{ "many_cpu", "an idle one of them", "i", BENCH_CPU_PER_SECOND },
		{ "many_memory", "private memory of one (USS)", "m", BENCH_KIB },
	};

	for (size_t i = 0; i < TWZ_COUNT(rows); i++)
		bench_row((struct bench_row){
			.group = "a thousand compartments of one service", .key = rows[i].key,
			.name = rows[i].name, .what = rows[i].what, .unit = rows[i].unit,
			.open = starter_open, .measure = starter_measure, .close = starter_close,
			.samples = 1, .rounds = 1,
		});
	bench_ratio((struct bench_ratio){
		.key = "many_1000", .name = "start of compartment 1000 / of compartment 10",
		.numerator = "many_1000", .denominator = "many_10", .target = 1.2,
	});
}

/*
 * The sketch and the starts are measured in the same way: by a process that sleeps until the answer is there, from
 * before it asks until then, with the same pauses, on whatever CPUs the scheduler chooses. What differs is what is
 * compared: the sketch makes a process when it is asked and has no more than a filter and the library in it; a start
 * takes one that was made during the pause, confines it, loads the same library and makes the same call. Without
 * pauses both make their processes while they are waited for, and the sketch's end as soon as they have answered.
 */

/* Between two starts: time for the session to make the next process ahead, as it has between most loads. */
enum { PAUSE_US = 5000 };

void
bench_compartment_rows(void)
{
	struct bench_row row = {
		.group = "compartments", .open = starter_open, .ready = starter_ready,
		.rest = starter_rest, .measure = starter_measure, .close = starter_close,
	};

	bench_row((struct bench_row){
		.key = "sketch", .group = row.group, .name = "a sketch: fork, short filter, dlopen, a call",
		.open = sketch_open, .run = sketch_run, .close = sketch_close, .samples = 20, .gap_us = PAUSE_US,
	});
	row.key = "start", row.name = "start and first call, session open";
	row.what = "s", row.samples = 20, row.gap_us = PAUSE_US;
	bench_row(row);
	row.key = "start_preloaded", row.name = "the same, the service preloaded", row.what = "p";
	bench_row(row);
	row.key = "start_fresh", row.name = "the same by exec, addresses of its own", row.what = "f", row.samples = 5;
	bench_row(row);
	row.what = "s", row.samples = 20;
	bench_row((struct bench_row){
		.key = "sketch_row", .group = row.group, .name = "the sketch, one after the other without a pause",
		.open = sketch_open, .run = sketch_run, .close = sketch_close, .samples = 20,
	});
	row.key = "start_row", row.name = "starts, one after the other without a pause", row.gap_us = 0;
	bench_row(row);
	row.key = "session", row.name = "session, first compartment and first call";
	row.what = "S", row.samples = 5;
	bench_row(row);
	row.key = "idle_cpu", row.name = "an idle compartment", row.unit = BENCH_CPU_PER_SECOND;
	row.what = "i", row.samples = 1, row.rounds = 1;
	bench_row(row);
	row.key = "idle_memory", row.name = "an idle compartment's private memory (USS)";
	row.what = "m", row.unit = BENCH_KIB;
	bench_row(row);
	thousand_rows();
}
