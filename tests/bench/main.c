/* Runs the rows, round by round. Usage: bench [-o FILE] [KEY-PREFIX]… */
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/resource.h>

#include "tests/bench/report.h"

struct bench bench;

/* Ctrl-C ends the run early, but not without a table and without tidying up. */
static volatile sig_atomic_t stopped;

static void
stop(int signal)
{
	(void)signal;
	stopped = 1;
}

static char *texts[512];
static size_t ntexts;

const char *
bench_text(const char *fmt, ...)
{
	va_list ap;
	char *ret;

	va_start(ap, fmt);
	if (vasprintf(&ret, fmt, ap) < 0 || ntexts == TWZ_COUNT(texts))
		abort();
	va_end(ap);
	return texts[ntexts++] = ret;
}

void
bench_row(struct bench_row row)
{
	if (bench.nrows == BENCH_ROWS)
		abort();
	bench.rows[bench.nrows++] = row;
}

void
bench_ratio(struct bench_ratio ratio)
{
	if (bench.nratios == BENCH_RATIOS)
		abort();
	bench.ratios[bench.nratios++] = ratio;
}

struct bench_row *
bench_find(const char *key)
{
	for (unsigned i = 0; i < bench.nrows; i++)
		if (!strcmp(bench.rows[i].key, key))
			return &bench.rows[i];
	return NULL;
}

/* The budgets of the design, and what else is worth seeing as a ratio. */
static const struct bench_ratio ratios[] = {
	{ "hot_spin", "hot call / spin, one line each way", "hot", "spin", NULL, 1.3 },
	{ "hot_spin_shared", "hot call / spin, one line for both ways", "hot", "spin_shared", NULL, 1.3 },
	{ "cold_futex", "cold call / cold futex through libc", "cold", "cold_futex", NULL, 1.2 },
	{ "cold_inlined", "cold call / cold futex, inlined", "cold", "cold_futex_inlined", NULL, 1.2 },
	{ "cold_exec", "cold call / fork, exec, wait", "cold", "exec", NULL, 0.1 },
	{ "hot_exec", "hot call / fork, exec, wait", "hot", "exec", NULL, 0 },
	{ "mpk_exec", "call by mpk / fork, exec, wait", "mpk", "exec", NULL, 0 },
	{ "hot_pointer", "hot call / function pointer", "hot", "pointer", NULL, 0 },
	{ "many_hot", "32 calls at once, each / hot call", "many", "hot", NULL, 0 },
	{ "many_cold", "32 cold calls at once, each / cold call", "many_cold", "cold", NULL, 0 },
	{ "hot_pipe", "hot call / pipe", "hot", "pipe", NULL, 0 },
	{ "hot_unix", "hot call / AF_UNIX", "hot", "unix", NULL, 0 },
	{ "hot_sdbus", "hot call / sd-bus, peer to peer", "hot", "sdbus", NULL, 0 },
	{ "hot_sdbus_daemon", "hot call / sd-bus, through its daemon", "hot", "sdbus_daemon", NULL,
	  1.0 / 200 },
	{ "hot_grpc", "hot call / gRPC", "hot", "grpc", NULL, 1.0 / 300 },
	{ "hot_sapi", "hot call / Sandboxed API (measured earlier)", "hot", "sapi", NULL, 1.0 / 30 },
	{ "cold_grpc", "cold call / gRPC", "cold", "grpc", NULL, 0 },
	{ "cold_sdbus", "cold call / sd-bus, peer to peer", "cold", "sdbus", NULL, 0 },
	{ "loop_hot", "call in a for loop of twz / hot call", "loop", "hot", NULL, 0 },
	{ "loop_spin", "call in a for loop of twz / spin", "loop", "spin", NULL, 0 },
	{ "twz_dash", "twz -c 'calc::add 1 2' / dash -c :", "twz_c", "dash", NULL, 4 },
	{ "start_sketch", "compartment start / the sketch of one", "start", "sketch", NULL, 1.3 },
	{ "start_preloaded", "start, preloaded / the sketch of one", "start_preloaded", "sketch", NULL, 0 },
	{ "start_fresh", "start by exec / the sketch of one", "start_fresh", "sketch", NULL, 0 },
	{ "start_row", "starts without a pause / the sketch without one", "start_row", "sketch_row", NULL, 0 },
	{ "start_fork", "compartment start / fork, exit, wait", "start", "fork", NULL, 0 },
	{ "start_exec", "compartment start / fork, exec, wait", "start", "exec", NULL, 0 },
};

static void
skip(struct bench_row *row, const char *why)
{
	snprintf(row->skipped, sizeof(row->skipped), "%s", why);
}

/* One sample: nanoseconds of one operation. */
static bool
sample(struct bench_row *row, double *ret)
{
	unsigned n = row->batch ? row->batch : 1;
	uint64_t start;

	if (row->gap_us)
		bench_sleep(row->gap_us);
	if (row->measure)
		return row->measure(row, ret);
	start = bench_now();
	if (!row->run(row, n))
		return false;
	*ret = (double)(bench_now() - start) / n;
	return true;
}

static void
round_of(struct bench_row *row)
{
	unsigned n = bench.quick ? (row->samples + 3) / 4 : row->samples;
	double samples[BENCH_SAMPLES];

	if (row->pinned)
		bench_pin(bench.cpu[0]);
	if (row->ready)
		row->ready(row);
	for (unsigned i = 0; i < n && !*row->skipped; i++) {
		if (stopped || !sample(row, &samples[i])) {
			skip(row, stopped ? "interrupted" : "a call failed");
			break;
		}
		if ((!i && !row->nrounds) || samples[i] < row->min)
			row->min = samples[i];
	}
	if (row->rest)
		row->rest(row);
	if (row->pinned)
		bench_unpin();
	if (!*row->skipped)
		row->round[row->nrounds++] = bench_median(samples, n);
}

/* Keeps the rows whose key begins with one of @prefixes. */
static void
keep_rows(char *const *prefixes, int n)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < bench.nrows; i++) {
		const char *key = bench.rows[i].key;
		bool wanted = !n;

		for (int k = 0; k < n; k++)
			wanted = wanted || !strncmp(key, prefixes[k], strlen(prefixes[k]));
		if (wanted)
			bench.rows[kept++] = bench.rows[i];
	}
	bench.nrows = kept;
}

/* All rows are ready before the first is measured: none has more company than another. */
static void
open_rows(void)
{
	for (unsigned i = 0; i < bench.nrows; i++) {
		struct bench_row *row = &bench.rows[i];
		const char *why = row->open ? row->open(row) : NULL;

		if (why)
			skip(row, why);
	}
}

static void
run_rows(void)
{
	for (unsigned round = 0; round < bench.rounds; round++)
		for (unsigned i = 0; i < bench.nrows && !stopped; i++) {
			struct bench_row *row = &bench.rows[i];

			if (*row->skipped || (row->rounds && round >= row->rounds))
				continue;
			round_of(row);
		}
	for (unsigned i = bench.nrows; i-- > 0;)
		if (bench.rows[i].close && bench.rows[i].state)
			bench.rows[i].close(&bench.rows[i]);
}

static bool
write_json(const char *path)
{
	TWZ_FCLOSE FILE *out = fopen(path, "we");

	if (!out) {
		fprintf(stderr, "bench: %s: %s\n", path, strerror(errno));
		return false;
	}
	report_json(out);
	return !fflush(out);
}

/* ROOT is where the program's folder is: ROOT/bench/bench. */
static void
find_root(void)
{
	char path[4096];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);

	if (n <= 0)
		abort();
	path[n] = '\0';
	for (int up = 0; up < 2; up++)
		*strrchr(path, '/') = '\0';
	bench.root = bench_text("%s", path);
}

/* A registry, a state folder and a home of this run's own. */
static bool
make_folder(void)
{
	static char folder[] = "/tmp/twz-bench-XXXXXX";

	if (!mkdtemp(folder)) {
		perror("bench: /tmp");
		return false;
	}
	bench.folder = folder;
	setenv("HOME", folder, 1);
	setenv("XDG_STATE_HOME", bench_text("%s/state", folder), 1);
	setenv("XDG_DATA_HOME", bench_text("%s/data", folder), 1);
	setenv("TWZ_PATH", bench_text("%s/bench/services", bench.root), 1);
	unsetenv("TWZ_REGISTRY");
	unsetenv("TWZ_TIMEOUT");
	unsetenv("SCTX_PRELOAD");
	return true;
}

static void
remove_folder(void)
{
	char *argv[] = { (char[]){ "rm" }, (char[]){ "-rf" }, strdup(bench.folder), NULL };

	bench_command(argv, false);
	free(argv[2]);
}

int
main(int argc, char **argv)
{
	const char *json = NULL;

	for (int c; (c = getopt(argc, argv, "o:")) != -1;) {
		if (c != 'o') {
			fputs("usage: bench [-o FILE] [KEY-PREFIX]...\n", stderr);
			return 2;
		}
		json = optarg;
	}
	bench.quick = getenv("BENCH_QUICK") != NULL;
	bench.rounds = bench.quick ? 3 : 9;
	bench_unpin();
	find_root();
	if (!make_folder())
		return 1;
	signal(SIGINT, stop);
	bench_memory_rows();
	bench_kernel_rows();
	bench_bus_rows();
	bench_peer_rows();
	bench_gate_rows();
	bench_thread_rows();
	bench_library_rows();
	bench_compartment_rows();
	bench_program_rows();
	bench_language_rows();
	bench_prompt_rows();
	bench_registry_rows();
	for (size_t i = 0; i < TWZ_COUNT(ratios); i++)
		bench_ratio(ratios[i]);
	keep_rows(argv + optind, argc - optind);
	open_rows();
	run_rows();
	report_table(stdout);
	remove_folder();
	return json && !write_json(json) ? 1 : 0;
}
