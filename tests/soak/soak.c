/* Usage: soak CALLS [SEED]. See soak.h. Prints a line for each test, as tests/run wants it. */
#include <stdarg.h>

#include "tests/soak/soak.h"

enum { ROUNDS = 4, KILL_NS = 100000000, STEPS = 400, FAIL_ONE_IN = 500 };

static struct soak soak;
static const int64_t CALL_NS = 30 * (int64_t)1000000000;
static uint64_t target;

static void
report(const char *name)
{
	if (!*soak.wrong) {
		printf("ok soak: %s\n", name);
		return;
	}
	printf("not ok soak: %s\n# %s\n", name, soak.wrong);
	exit(1);
}

static bool
open_monitor(struct twz_error *err)
{
	struct fixture *f = soak.f;
	struct monitor_options o = {
		.host = { .data = f, .service = fixture_service, .output = fixture_output },
		.context = "owner", .guest = f->guest, .state_dir = f->state, .memory = 96 << 20,
	};

	return monitor_open(&o, &f->m, err);
}

static void
close_monitor(void)
{
	monitor_close(soak.f->m);
	soak.f->m = NULL;
}

static void
no_more_than(const struct count *want, const char *when)
{
	struct count got;

	if (!count_settles(want, &got))
		soak_wrong(&soak, "%s: descriptors %zu of %zu, mappings %zu of %zu, threads %zu of %zu, "
			   "processes %zu of %zu", when, got.fds, want->fds, got.maps, want->maps,
			   got.threads, want->threads, got.processes, want->processes);
}

/* -- every step fails once ------------------------------------------------------------------------- */

/* A session of two calls; false when it failed somewhere, which must be said. */
static bool
session(struct twz_error *err)
{
	struct monitor_gate *g = NULL;
	int32_t sum = 0;
	bool ok = open_monitor(err) &&
		  monitor_bind(soak.f->m, &soak.f->test, &fixture_gates[GATE_add], &g, err) &&
		  monitor_call(g, WORDS(1, 2), &sum, CALL_NS, err) &&
		  monitor_bind(soak.f->m, &soak.f->test, &fixture_gates[GATE_call_add], &g, err) &&
		  monitor_call(g, WORDS(20, 22), &sum, CALL_NS, err);

	if (!ok && (err->cls == TWZ_CLASS_NONE || !err->code || !*err->text))
		soak_wrong(&soak, "a session failed without a reason");
	if (ok && sum != 42 && sum != -1)
		soak_wrong(&soak, "20 + 22 = %d", sum);
	return ok;
}

/* What failed must not spoil what follows: the same monitor serves when the machine has recovered. */
static void
recovers(uint64_t step)
{
	struct twz_error err = { 0 };
	struct monitor_gate *g = NULL;
	int32_t sum = 0;

	inject_nth(0);
	if (soak.f->m && (!monitor_bind(soak.f->m, &soak.f->test, &fixture_gates[GATE_add], &g, &err) ||
			  !monitor_call(g, WORDS(1, 2), &sum, CALL_NS, &err) || sum != 3))
		soak_wrong(&soak, "after step %llu failed: %s", (unsigned long long)step, err.text);
	close_monitor();
}

static void
every_step(void)
{
	struct count before;
	uint64_t step = 1, failed = 0;
	struct twz_error err = { 0 };

	if (!session(&err))
		soak_wrong(&soak, "a session fails without any fault: %s", err.text);
	close_monitor();
	before = count_now();
	for (; step < STEPS && !*soak.wrong; step++) {
		bool ok, all;

		inject_nth(step);
		err = (struct twz_error){ 0 };
		ok = session(&err);
		all = inject_seen() < step;
		failed += !ok;
		recovers(step);
		if (all)
			break;
	}
	no_more_than(&before, "after a fault at every step");
	printf("# %llu steps, %llu of them ended the session's call\n", (unsigned long long)step - 1,
	       (unsigned long long)failed);
	if (!failed)
		soak_wrong(&soak, "no fault had any effect");
	report("each step of a session fails once");
}

/* -- all at once ------------------------------------------------------------------------------------ */

static void *
work(void *data)
{
	uint64_t seed = (uint64_t)(uintptr_t)data;

	while (!__atomic_load_n(&soak.stop, __ATOMIC_RELAXED) &&
	       __atomic_load_n(&soak.calls, __ATOMIC_RELAXED) < target)
		soak_call(&soak, &seed);
	return NULL;
}

/* The zygote, and every compartment with it. */
static void
kill_zygote(void)
{
	int pid = 0;
	char path[64];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/self/task/%d/children", getpid());
	f = fopen(path, "re");
	if (f && fscanf(f, "%d", &pid) == 1 && pid > 1)
		kill(pid, SIGKILL);
	if (f)
		fclose(f);
}

static void *
murder(void *data)
{
	uint64_t seed = (uint64_t)(uintptr_t)data;

	while (!__atomic_load_n(&soak.stop, __ATOMIC_RELAXED) &&
	       __atomic_load_n(&soak.calls, __ATOMIC_RELAXED) < target) {
		TWZ_ARENA arena = { 0 };
		const struct monitor_info *infos;
		size_t n = monitor_list(soak.f->m, &arena, &infos);

		if (soak_random(&seed) % 8 == 0) {
			kill_zygote();
		} else if (n) {
			const struct monitor_info *i = &infos[soak_random(&seed) % n];

			if (i->pid && i->state != MONITOR_EXITED)
				kill(i->pid, SIGKILL);
		}
		nanosleep(&(struct timespec){ 0, KILL_NS }, NULL);
	}
	return NULL;
}

static void
round_of(uint64_t seed, uint64_t calls)
{
	pthread_t threads[SOAK_THREADS], killer;
	struct twz_error err = { 0 };

	target = soak.calls + calls;
	inject_one_in(0);
	if (!open_monitor(&err)) {
		soak_wrong(&soak, "the monitor does not open: %s", err.text);
		return;
	}
	for (uintptr_t i = 0; i < SOAK_THREADS; i++)
		if (pthread_create(&threads[i], NULL, work, (void *)(uintptr_t)(seed * 100 + i)))
			abort();
	if (pthread_create(&killer, NULL, murder, (void *)(uintptr_t)(seed * 100 + SOAK_THREADS)))
		abort();
	inject_one_in(FAIL_ONE_IN);
	for (int i = 0; i < SOAK_THREADS; i++)
		pthread_join(threads[i], NULL);
	inject_one_in(0);
	pthread_join(killer, NULL);
	close_monitor();
}

static void
mixed(uint64_t calls, uint64_t seed)
{
	struct count base = { 0 }, now;

	for (int i = 0; i < ROUNDS && !*soak.wrong; i++) {
		round_of(seed + (uint64_t)i, calls / ROUNDS);
		if (!i)
			count_settles(&base, &base), base = count_now();
		no_more_than(&base, "after a round");
	}
	now = count_now();
	/* A round leaves nothing; the allocator's own caches make it a few KiB. */
	if (now.heap > base.heap + (64 << 10))
		soak_wrong(&soak, "the heap grew from %zu to %zu bytes", base.heap, now.heap);
	printf("# %llu calls, %llu right;", (unsigned long long)soak.calls, (unsigned long long)soak.right);
	for (size_t i = 0; i < TWZ_COUNT(soak.failed); i++)
		if (soak.failed[i])
			printf(" %llu %s", (unsigned long long)soak.failed[i],
			       twz_class_text((enum twz_class)i));
	printf("; %llu system calls failed; heap %zu bytes, then %zu\n", (unsigned long long)inject_done(),
	       base.heap, now.heap);
	if (soak.right < soak.calls / 4)
		soak_wrong(&soak, "hardly any call came back");
	report("mixed gates, faults, kills");
}

int
main(int argc, char **argv)
{
	static const char *const names[SOAK_SERVICES] = { "test", "other", "third", "fourth" };
	uint64_t calls = argc > 1 ? strtoull(argv[1], NULL, 10) : 0;
	uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
	void *state = NULL;

	if (!calls) {
		fputs("usage: soak CALLS [SEED]\n", stderr);
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (fixture_setup(&state))
		return 1;
	soak.f = state;
	for (size_t i = 0; i < SOAK_SERVICES; i++)
		soak.services[i] = service_of(names[i], soak.f->library);
	soak.services[0] = soak.f->test;
	every_step();
	mixed(calls, seed);
	return fixture_teardown(&state) ? 1 : 0;
}
