/* How callers and guests wait for each other: what a hot call costs beside time, who may spin, who sleeps. */
#include <dirent.h>
#include <dlfcn.h>
#include <linux/perf_event.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <ucontext.h>

#include "monitor/cpus.h"
#include "monitor/internal.h"
#include "monitor/turn.h"
#include "tests/unit/monitor_fixture.h"

#if defined(__SANITIZE_THREAD__)
/* So slow that nothing is sure to get hot or to stay so: calls are made for the sake of races, whatever they cost. */
#define SLOWED 1
enum { WINDOW = 1000, WINDOWS = 20 };
#else
#define SLOWED 0
enum { WINDOW = 1000, WINDOWS = 3000 };
#endif

/* -- what is counted --------------------------------------------------------------------------------- */

static _Thread_local volatile unsigned allocations, locks;

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define COUNTED 1

/* The program's own functions stand before libc's. */
void *__libc_malloc(size_t n);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *old, size_t n);

void *malloc(size_t n) { allocations++; return __libc_malloc(n); }
void *calloc(size_t n, size_t size) { allocations++; return __libc_calloc(n, size); }
void *realloc(void *old, size_t n) { allocations++; return __libc_realloc(old, n); }

int
pthread_mutex_lock(pthread_mutex_t *mutex)
{
	static int (*real)(pthread_mutex_t *mutex);

	locks++;
	if (!real) {
		void *symbol = dlsym(RTLD_NEXT, "pthread_mutex_lock");

		memcpy(&real, &symbol, sizeof(real));
	}
	return real(mutex);
}
#else
#define COUNTED 0
#endif

/* System calls of this thread are sent back to it as a signal while the selector says so. */
static volatile char selector = SYSCALL_DISPATCH_FILTER_ALLOW;
static volatile unsigned system_calls;

/* It is made then: a wake-up that was lost would leave the other side asleep. The kernel has put its number back. */
static void
on_system_call(int signal, siginfo_t *info, void *context)
{
	enum { INSTRUCTION = 2 };	/* bytes of syscall */
	ucontext_t *c = context;

	(void)signal, (void)info;
	selector = SYSCALL_DISPATCH_FILTER_ALLOW;	/* until the next window */
	c->uc_mcontext.gregs[REG_RIP] -= INSTRUCTION;
	system_calls++;
}

static bool
intercept(void)
{
	struct sigaction act = { .sa_sigaction = on_system_call, .sa_flags = SA_SIGINFO };

	return !sigaction(SIGSYS, &act, NULL) &&
	       !prctl(PR_SET_SYSCALL_USER_DISPATCH, PR_SYS_DISPATCH_ON, 0, 0, &selector);
}

static void
let_go(void)
{
	prctl(PR_SET_SYSCALL_USER_DISPATCH, PR_SYS_DISPATCH_OFF, 0, 0, 0);
	signal(SIGSYS, SIG_DFL);
}

static struct caller *
caller_of(struct monitor_gate *gate)
{
	return &thread_self()->links[gate->compartment->index]->caller;
}

static bool
calls(struct monitor_gate *add, unsigned n)
{
	struct twz_error err = { 0 };
	int32_t sum = 0;
	bool ok = true;

	for (unsigned i = 0; i < n && ok; i++)
		ok = monitor_call(add, WORDS(i, 1), &sum, -1, &err) && sum == (int32_t)i + 1;
	return ok;
}

/* Calls until the link is hot; false: it may not be. */
static bool
warm_up(struct monitor_gate *add)
{
	for (int i = 0; i < 2000; i++) {
		assert_true(calls(add, 100));
		if (caller_of(add)->hot && !caller_of(add)->settling)
			return true;
	}
	return false;
}

static struct monitor_gate *
hot_gate(struct fixture *f)
{
	struct monitor_gate *add;

	assert_true(fixture_open(f, 0));
	if (!f->m->hot_limit)
		skip();		/* one CPU, or a share of one: nothing ever spins */
	add = bind_gate(f, GATE_add);
	assert_add_works(f);
	if (!warm_up(add)) {
		assert_true(SLOWED);
		skip();
	}
	return add;
}

/*
 * A thousand hot calls make no system call, allocate nothing and take no lock. Others use the machine too,
 * and whoever is displaced has to sleep now and then: one window of many must be clean.
 */
static void
test_nothing_but_memory(void **state)
{
	struct monitor_gate *add = hot_gate(*state);
	unsigned clean = 0;
	bool ok = true;

	if (!intercept())
		skip();		/* Linux before 5.11 */
	for (int i = 0; i < WINDOWS && !clean && ok; i++) {
		system_calls = allocations = locks = 0;
		selector = SYSCALL_DISPATCH_FILTER_BLOCK;
		ok = calls(add, WINDOW);
		selector = SYSCALL_DISPATCH_FILTER_ALLOW;
		clean += !system_calls && !allocations && !locks && caller_of(add)->hot;
	}
	let_go();
	assert_true(ok);
	assert_true(clean || SLOWED);
	if (COUNTED) {		/* the counters count */
		void *volatile taken;	/* for a compiler that would do without */

		allocations = locks = 0;
		taken = malloc(1);
		free(taken);
		assert_int_equal(allocations, 1);
	}
}

/* One counter of system calls for each thread of a process; -1: the kernel does not let us. */
static int
count_system_calls(int pid, int *fds, int max)
{
	struct perf_event_attr attr = { .type = PERF_TYPE_TRACEPOINT, .size = sizeof(attr) };
	FILE *f = fopen("/sys/kernel/tracing/events/raw_syscalls/sys_enter/id", "re");
	struct dirent *e;
	char path[64];
	int n = 0;
	DIR *d;

	if (!f)
		return -1;
	if (fscanf(f, "%llu", &attr.config) != 1)
		n = -1;
	fclose(f);
	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	d = opendir(path);
	while (d && n >= 0 && n < max && (e = readdir(d))) {
		if (*e->d_name == '.')
			continue;
		fds[n] = (int)syscall(SYS_perf_event_open, &attr, atoi(e->d_name), -1, -1, 0);
		n = fds[n] < 0 ? -1 : n + 1;
	}
	if (d)
		closedir(d);
	return n;
}

static uint64_t
counted(const int *fds, int n)
{
	uint64_t sum = 0, value;

	for (int i = 0; i < n; i++)
		if (read(fds[i], &value, sizeof(value)) == sizeof(value))
			sum += value;
	return sum;
}

static void
test_guest_makes_none(void **state)
{
	struct fixture *f = *state;
	struct monitor_gate *add = hot_gate(f);
	const struct monitor_info *infos;
	TWZ_ARENA arena = { 0 };
	uint64_t least = UINT64_MAX;
	int fds[16], n;

	assert_true(monitor_list(f->m, &arena, &infos) == 1);
	n = count_system_calls(infos[0].pid, fds, 16);
	if (n <= 0)
		skip();		/* only root may count */
	for (int i = 0; i < WINDOWS && least; i++) {
		uint64_t before = counted(fds, n), made;

		assert_true(calls(add, WINDOW));
		made = counted(fds, n) - before;
		least = made < least ? made : least;
	}
	assert_true(!least || SLOWED);
	/* The counter counts: a gate that prints makes one. */
	least = counted(fds, n);
	assert_call(f, print, NULL, POINTER("."));
	assert_true(counted(fds, n) > least);
	while (n--)
		close(fds[n]);
}

/* -- who sleeps --------------------------------------------------------------------------------------- */

/* Nobody calls: the guest stops spinning by itself, and then uses no CPU at all. */
static void
test_idle_costs_nothing(void **state)
{
	struct fixture *f = *state;
	struct monitor_gate *add = hot_gate(f);
	const struct monitor_info *infos;
	TWZ_ARENA arena = { 0 };
	bool idle = false;

	assert_true(monitor_list(f->m, &arena, &infos) == 1);
	for (int i = 0; i < 500 && !idle; i++) {
		uint64_t before = fixture_cpu_time(infos[0].pid);

		nanosleep(&(struct timespec){ 0, 20000000 }, NULL);
		idle = __atomic_load_n(&caller_of(add)->shared->guest_asleep, __ATOMIC_SEQ_CST) &&
		       fixture_cpu_time(infos[0].pid) == before;
	}
	assert_true(idle);
}

struct real_time {
	struct monitor_gate *add;
	bool refused, ok;
};

static void *
call_in_real_time(void *data)
{
	struct real_time *r = data;
	struct sched_param p = { .sched_priority = 1 };

	r->refused = pthread_setschedparam(pthread_self(), SCHED_FIFO, &p);
	r->ok = true;
	for (int i = 0; i < 200 && r->ok && !r->refused; i++)
		r->ok = calls(r->add, 10) && !caller_of(r->add)->hot;
	return NULL;
}

/* A real-time thread never spins: on its CPU nobody else could run. */
static void
test_real_time(void **state)
{
	struct fixture *f = *state;
	struct real_time r = { 0 };
	pthread_t thread;

	assert_true(fixture_open(f, 0));
	if (!f->m->hot_limit)
		skip();
	r.add = bind_gate(f, GATE_add);
	assert_int_equal(pthread_create(&thread, NULL, call_in_real_time, &r), 0);
	pthread_join(thread, NULL);
	if (r.refused)
		skip();
	assert_true(r.ok);
}

/* -- who runs at once --------------------------------------------------------------------------------- */

/* As the kernel knows it; the C library may not. */
struct attributes {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t slice, deadline, period;
};

/* How long thread @tid may run when others want to; 0: this kernel has one slice for all. */
static uint64_t
slice_of(int tid)
{
	struct attributes a = { 0 };

	assert_int_equal(syscall(SYS_sched_getattr, tid, &a, sizeof(a), 0), 0);
	return a.slice;
}

static void *
shorten(void *slice)
{
	struct attributes a = { .size = sizeof(a), .slice = 200000 };

	a.nice = getpriority(PRIO_PROCESS, 0);
	assert_int_equal(syscall(SYS_sched_setattr, 0, &a, 0), 0);
	*(uint64_t *)slice = slice_of(0);
	return NULL;
}

/* Threads of a service have a shorter slice than who calls them: so they run when they are rung for. */
static void
test_slices(void **state)
{
	struct fixture *f = *state;
	const struct monitor_info *infos;
	struct monitor_gate *add;
	char path[64];
	uint64_t slice = 0;
	pthread_t thread;
	TWZ_ARENA arena = { 0 };
	struct dirent *e;
	DIR *tasks;

	if (sched_getscheduler(0) != SCHED_OTHER)
		skip();
	assert_int_equal(pthread_create(&thread, NULL, shorten, &slice), 0);
	pthread_join(thread, NULL);
	if (slice != 200000)
		skip();
	assert_true(fixture_open(f, 0));
	add = bind_gate(f, GATE_add);
	assert_true(calls(add, 1));
	assert_int_equal(monitor_list(f->m, &arena, &infos), 1);
	snprintf(path, sizeof(path), "/proc/%d/task", infos[0].pid);
	tasks = opendir(path);
	assert_non_null(tasks);
	while ((e = readdir(tasks)))
		if (*e->d_name != '.')
			assert_true(slice_of(atoi(e->d_name)) < slice);
	closedir(tasks);
}

/* -- who may spin ------------------------------------------------------------------------------------- */

enum { CROWD = 4, TURNS = 3, LIMIT = SLOWED ? 200 : 200000 };

struct crowd {
	struct monitor_gate *add;
	unsigned turns;
	bool ok;
	uint32_t *served;	/* those that had all of their turns */
};

static bool
has_turn(const struct caller *c)
{
	return c->hot && turn_mine(c->place, c);
}

/* Until all had their turn several times: each ends while it calls, and the next one begins with a guest that sleeps. */
static void *
call_in_a_crowd(void *data)
{
	struct crowd *c = data;
	uint64_t since = 0;

	c->ok = true;
	for (int i = 0; i < LIMIT && c->ok && __atomic_load_n(c->served, __ATOMIC_RELAXED) < CROWD; i++) {
		const struct caller *caller;

		c->ok = calls(c->add, 50);
		caller = caller_of(c->add);
		if (has_turn(caller)) {
			uint64_t began = __atomic_load_n(&turn_places[caller->place].since, __ATOMIC_RELAXED);

			if (began != since && ++c->turns == TURNS)
				__atomic_add_fetch(c->served, 1, __ATOMIC_RELAXED);
			since = began;
		}
	}
	return NULL;
}

/* Each thread gets its turn, even when whoever has the place calls no more and does not know. */
static void
test_turns(void **state)
{
	struct monitor_gate *add = hot_gate(*state);
	struct crowd crowd[CROWD];
	pthread_t threads[CROWD];
	uint32_t served = 0;

	/* This thread is hot, and silent from now on. */
	for (int i = 0; i < CROWD; i++) {
		crowd[i] = (struct crowd){ .add = add, .served = &served };
		assert_int_equal(pthread_create(&threads[i], NULL, call_in_a_crowd, &crowd[i]), 0);
	}
	for (int i = 0; i < CROWD; i++) {
		pthread_join(threads[i], NULL);
		assert_true(crowd[i].ok);
		assert_true(crowd[i].turns >= TURNS || SLOWED);
	}
	assert_true(calls(add, 1000));
	assert_int_equal(turn_waiting, 0);
}

/* A caller as turn.c knows it: one whose guest does not sleep. */
static struct link_shared awake;

struct queued {
	struct caller caller;
	uint32_t had;
};

static void *
stand_in_line(void *data)
{
	struct queued *q = data;
	int place;

	while ((place = turn_take(1, &q->caller, true)) < 0)
		;
	__atomic_store_n(&q->had, 1, __ATOMIC_SEQ_CST);
	turn_give(place, &q->caller);
	return NULL;
}

/* Whoever passes its place while another waits gets it again after that one. Who waited for too long comes back. */
static void
test_pass(void **state)
{
	struct queued other = { .caller.shared = &awake };
	struct caller self = { .shared = &awake };
	int place = turn_take(1, &self, false);
	pthread_t thread;

	(void)state;
	assert_int_equal(place, 0);
	assert_int_equal(turn_pass(place, 1, &self), 0);	/* nobody waits */
	assert_int_equal(pthread_create(&thread, NULL, stand_in_line, &other), 0);
	for (int i = 0; i < 1000 && !__atomic_load_n(&other.had, __ATOMIC_SEQ_CST); i++) {
		while (!turn_wanted() && !__atomic_load_n(&other.had, __ATOMIC_SEQ_CST))
			sched_yield();
		while ((place = turn_pass(place, 1, &self)) < 0)
			place = 0;
	}
	assert_int_equal(other.had, 1);
	pthread_join(thread, NULL);
	assert_true(turn_mine(place, &self));
	assert_int_equal(turn_waiting, 0);
	turn_give(place, &self);
	assert_null(turn_places[0].owner);
}

/* -- shares of CPUs ----------------------------------------------------------------------------------- */

static void
put(const char *root, const char *path, const char *text)
{
	char full[512], *at;
	FILE *f;

	snprintf(full, sizeof(full), "%s/%s", root, path);
	for (at = strchr(full + 1, '/'); at; at = strchr(at + 1, '/')) {
		*at = 0;
		mkdir(full, 0700);
		*at = '/';
	}
	f = fopen(full, "we");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void
test_shares(void **state)
{
	struct fixture *f = *state;
	const char *root = f->folder;

	put(root, "cpu.max", "400000 100000\n");
	put(root, "a/b/cpu.max", "max 100000\n");
	put(root, "a/cpu.max", "150000 100000\n");
	put(root, "half/cpu.max", "50000 100000\n");
	put(root, "cpu,cpuacct/job/cpu.cfs_quota_us", "-1\n");
	put(root, "cpu,cpuacct/job/cpu.cfs_period_us", "100000\n");
	put(root, "cpu,cpuacct/tight/in/cpu.cfs_quota_us", "-1\n");
	put(root, "cpu,cpuacct/tight/cpu.cfs_quota_us", "120000\n");
	put(root, "cpu,cpuacct/tight/cpu.cfs_period_us", "100000\n");
	put(root, "broken/cpu.max", "no number\n");
	assert_true(cpus_share("0::/a/b\n", root) == 1.5);
	assert_true(cpus_share("0::/half\n", root) == 0.5);
	assert_true(cpus_share("0::/\n", root) == 4);
	assert_true(cpus_share("0::/not/seen/from/here\n", root) == 4);
	assert_true(cpus_share("0::/broken\n", root) == 4);
	assert_true(cpus_share("3:cpu,cpuacct:/job\n1:name=systemd:/a\n", root) == 0);
	assert_true(cpus_share("3:cpu,cpuacct:/tight/in\n", root) == 1.2);
	assert_true(cpus_share("4:cpuset:/tight\n3:cpuacct:/tight\n", root) == 0);
	assert_true(cpus_share("3:cpu,cpuacct:/tight\n0::/half\n", root) == 0.5);
	assert_true(cpus_share("", root) == 0);
	assert_true(cpus_share("\n:::\n::\nx\n", root) == 4 || cpus_share("x\n", root) == 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_nothing_but_memory), TEST(test_guest_makes_none), TEST(test_idle_costs_nothing),
		TEST(test_real_time), TEST(test_slices), TEST(test_turns), TEST(test_shares),
		cmocka_unit_test(test_pass),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
