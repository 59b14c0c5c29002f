/*
 * The benchmark: what twz does beside what the machine can do at best, in one run, as ratios.
 *
 * A figure alone says little: it belongs to one machine in one mood. So the raw primitives that
 * a call is made of, and the peers that do the same job, are measured in the same run, and the
 * rows take turns: every round measures each row once, a few milliseconds long, so that a
 * disturbance hits all of them alike. A row's figure is the median of its rounds, each of which
 * is the median of its samples. A ratio is the median of the rounds' ratios. Nothing here passes
 * or fails by time.
 *
 * A row is added by the file that knows how to measure it; main.c runs rows, report.c shows them.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "twz/util.h"

enum {
	BENCH_ROUNDS = 16,		/* at most */
	BENCH_SAMPLES = 256,		/* of one round, at most */
	BENCH_ROWS = 192,
	BENCH_RATIOS = 192,
	BENCH_LINE = 64,		/* bytes of a cache line, and what primitives carry */
};

enum bench_unit { BENCH_TIME, BENCH_TIME_PER_MIB, BENCH_CPU_PER_SECOND, BENCH_KIB };

struct bench_row {
	const char *key, *group, *name;
	const char *column;		/* not NULL: the group is a table of names and columns */
	enum bench_unit unit;
	/* Makes ready. NULL, or why the row is skipped. */
	const char *(*open)(struct bench_row *row);
	/* Before and after the samples of one round; may be NULL. */
	void (*ready)(struct bench_row *row);
	void (*rest)(struct bench_row *row);
	/* @n operations, timed by the runner, … */
	bool (*run)(struct bench_row *row, unsigned n);
	/* … or one sample that times itself: nanoseconds (or what the unit says) of one operation. */
	bool (*measure)(struct bench_row *row, double *ret);
	void (*close)(struct bench_row *row);	/* called when there is a state */
	unsigned batch;			/* operations of a sample; 0: 1 */
	unsigned samples;		/* of a round */
	unsigned rounds;		/* of the run; 0: all */
	unsigned gap_us;		/* sleep before each sample */
	bool pinned;			/* the caller stays on the first CPU */
	size_t size;			/* bytes of payload, where a row is about that */
	const void *what;		/* the measuring file's own */
	void *state;			/* likewise; from open() to close() */

	/* results */
	char skipped[160];		/* "" when it was measured */
	double round[BENCH_ROUNDS];	/* medians */
	unsigned nrounds;
	double min;
};

/* numerator / (denominator + plus): keys of rows; @plus may be NULL. */
struct bench_ratio {
	const char *key, *name;
	const char *numerator, *denominator, *plus;
	double target;			/* at most; 0: none */
};

struct bench {
	struct bench_row rows[BENCH_ROWS];
	struct bench_ratio ratios[BENCH_RATIOS];
	unsigned nrows, nratios, rounds;
	bool quick;
	const char *root;		/* build tree: bin/, lib/, libexec/ */
	const char *folder;		/* of this run's own: registry, state */
	int ncpus, cpu[2];		/* the CPUs that this process may use; the first two */
};

/* One run, one benchmark: the rows' functions look here for CPUs and paths. */
extern struct bench bench;

/** Adds a row; its texts must last. */
void bench_row(struct bench_row row);
void bench_ratio(struct bench_ratio ratio);
struct bench_row *bench_find(const char *key);
/** A text that lasts as long as the run. */
const char *bench_text(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* -- the rows, in the order in which they are shown (each file adds its own) ------------------- */

void bench_memory_rows(void);		/* memory.c: calls in this process, spin, futex */
void bench_kernel_rows(void);		/* kernel.c: pipe, AF_UNIX, fork, exec */
void bench_bus_rows(void);		/* bus.c: sd-bus, peer to peer and through a daemon */
void bench_peer_rows(void);		/* peer.c: gRPC; what was measured earlier */
void bench_gate_rows(void);		/* gate.c: gates called from compiled C */
void bench_thread_rows(void);		/* threads.c: several threads at once */
void bench_library_rows(void);		/* library.c: zlib, through its gates file */
void bench_compartment_rows(void);	/* compartment.c: start, idle */
void bench_program_rows(void);		/* program.c: whole programs: twz -c, twz-inspect */
void bench_language_rows(void);		/* language.c: loops, checks, starts beside other languages */
void bench_prompt_rows(void);		/* prompt.c: the prompt beside other prompts */
void bench_registry_rows(void);		/* registry.c: storing, finding, listing */

/* -- tools (tool.c) ---------------------------------------------------------------------------- */

uint64_t bench_now(void);		/* nanoseconds, monotonic */
double bench_median(double *values, size_t n);
void bench_pin(int cpu);
void bench_unpin(void);
/** Sleeps; the CPU idles meanwhile, as it does between the calls of a person or a daemon. */
void bench_sleep(unsigned us);
/** Memory that children share, zeroed; ends the run when there is none. */
void *bench_shared(size_t n);

/**
 * Forks a process that runs @serve(@arg) on @cpu (< 0: any) and dies with this one. Ends the run
 * when it cannot.
 */
int bench_fork(int cpu, void (*serve)(void *arg), void *arg);
/** Ends a process made by bench_fork() and waits for it. */
void bench_kill(int pid);

/** Reads and writes all @n bytes. */
bool bench_read(int fd, void *data, size_t n);
bool bench_write(int fd, const void *data, size_t n);
/**
 * Starts a program with standard output (when @quiet, also standard error) thrown away; @argv[0]
 * is looked up in PATH. Its pid, or -1.
 */
int bench_spawn(char *const argv[], bool quiet);
/** Waits for it; its exit status, 128 + signal when it was killed. */
int bench_wait(int pid);
/** Waits for a program from start to end; its exit status, or -1 when it could not be started. */
int bench_command(char *const argv[], bool quiet);
