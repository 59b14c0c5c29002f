/* What a call dies of: each end is typed, quick, and leaves everything else as it was. */
#include <sys/prctl.h>
#include <sys/socket.h>

#include "tests/unit/monitor_fixture.h"

enum { SLACK_NS = 500000000 };	/* a loaded machine's; the usual time is printed */

static uint64_t
now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

static const struct {
	enum gate_number gate;
	uint64_t word;
	const char *text;
	int signal, status;
	bool stack_overflow, out_of_memory, has_address;
} ends[] = {
	{ GATE_crash, 0, "test::crash: SIGSEGV at 0x0; outcome unknown", SIGSEGV, 0, false, false, true },
	{ GATE_leave, 3, "test::leave: exited with status 3; outcome unknown", 0, 3, false, false, false },
	{ GATE_leave, 0, "test::leave: exited with status 0; outcome unknown", 0, 0, false, false, false },
	{ GATE_give_up, 0, "test::give_up: SIGABRT; outcome unknown", SIGABRT, 0, false, false, true },
	{ GATE_end_thread, 0, "test::end_thread: it ended the thread that ran it; outcome unknown",
	  SIGKILL, 0, false, false, false },
	{ GATE_overflow, 1, "test::overflow: stack overflow: SIGSEGV at 0x", SIGSEGV, 0, true, false, true },
	{ GATE_beyond_stack, 0, "test::beyond_stack: SIGSEGV at 0x", SIGSEGV, 0, false, false, true },
	{ GATE_exhaust, 0, "test::exhaust: out of memory: SIGSEGV at 0x", SIGSEGV, 0, false, true, true },
};

static void
test_ends(void **state)
{
	struct fixture *f = *state;
	uint64_t sink;

	assert_true(fixture_open(f, 64 << 20));
	for (size_t i = 0; i < TWZ_COUNT(ends); i++) {
		const struct monitor_crash *crash;
		uint64_t start;

		assert_add_works(f);
		assert_null(monitor_last_crash());
		start = now();
		assert_int_equal(call_gate(f, ends[i].gate, &sink, 20 * (int64_t)1000000000, WORDS(ends[i].word)),
				 TWZ_CLASS_FAULT);
		printf("# %s: %.2f ms\n", fixture_gates[ends[i].gate].name, (double)(now() - start) / 1e6);
		assert_true(now() - start < SLACK_NS);
		if (!strstr(f->err.text, ends[i].text))
			fprintf(stderr, "text: %s\n", f->err.text);
		assert_non_null(strstr(f->err.text, ends[i].text));
		crash = monitor_last_crash();
		assert_non_null(crash);
		assert_int_equal(crash->signal, ends[i].signal);
		assert_int_equal(crash->status, ends[i].status);
		assert_int_equal(crash->stack_overflow, ends[i].stack_overflow);
		assert_int_equal(crash->out_of_memory, ends[i].out_of_memory);
		assert_int_equal(crash->address != 0, ends[i].has_address);
		if (ends[i].has_address)
			assert_string_equal(crash->path, f->library);
	}
	assert_add_works(f);
}

/* The same as a compartment's first call, which waits for all of it to be there: nothing of its life is lost. */
static void
test_ends_at_first(void **state)
{
	struct fixture *f = *state;
	struct monitor_event event;
	uint64_t sink;
	int fd;

	assert_true(fixture_open(f, 64 << 20));
	assert_true(monitor_events(f->m, &fd, &f->err));
	for (size_t i = 0; i < TWZ_COUNT(ends); i++) {
		bool ready = false, exited = false;

		assert_int_equal(call_gate(f, ends[i].gate, &sink, 20 * (int64_t)1000000000, WORDS(ends[i].word)),
				 TWZ_CLASS_FAULT);
		assert_non_null(strstr(f->err.text, ends[i].text));
		while (monitor_next_event(f->m, &event)) {
			ready |= event.flag == MONITOR_FLAG_READY && !exited;
			exited |= event.flag == MONITOR_FLAG_EXITED;
		}
		assert_true(ready);
		assert_true(exited);
	}
}

static void
test_deadline(void **state)
{
	struct fixture *f = *state;
	uint64_t start;

	assert_true(fixture_open(f, 0));
	assert_add_works(f);
	start = now();
	assert_int_equal(call_gate(f, GATE_spin, NULL, 50000000, WORDS()), TWZ_CLASS_TIMEOUT);
	assert_true(now() - start >= 50000000 && now() - start < 50000000 + SLACK_NS);
	assert_string_equal(f->err.text, "test::spin: no answer within 50ms; outcome unknown");
	assert_add_works(f);
	/* Also when the compartment has to be started first. */
	assert_fails(f, leave, TWZ_CLASS_FAULT, "exited", 1);
	assert_int_equal(call_gate(f, GATE_spin, NULL, 200000000, WORDS()), TWZ_CLASS_TIMEOUT);
	assert_add_works(f);
}

static enum monitor_state
state_of(struct fixture *f, const char *service)
{
	const struct monitor_info *rows;
	TWZ_ARENA arena = { 0 };
	size_t n = monitor_list(f->m, &arena, &rows);

	for (size_t i = 0; i < n; i++)
		if (!strcmp(rows[i].service, service))
			return rows[i].state;
	return MONITOR_STARTING;
}

/* A deadline ends the whole chain of calls, whoever set it. */
static void
test_nested_deadline(void **state)
{
	struct fixture *f = *state;
	uint64_t start;
	int32_t status = 0;

	assert_true(fixture_open(f, 0));
	assert_call(f, call_spin, &status, 50);
	assert_int_equal(status, 124);
	assert_add_works(f);
	start = now();
	assert_int_equal(call_gate(f, GATE_call_spin, &status, 200000000, WORDS(60000)),
			 TWZ_CLASS_TIMEOUT);
	while (state_of(f, "other") != MONITOR_EXITED && now() - start < 5 * (uint64_t)1000000000)
		sched_yield();
	assert_int_equal(state_of(f, "other"), MONITOR_EXITED);
	assert_add_works(f);
}

static void
test_restart_is_counted(void **state)
{
	struct fixture *f = *state;
	const struct monitor_info *rows;
	struct monitor_stats stats;
	struct monitor_id before, after;
	TWZ_ARENA arena = { 0 };
	int32_t value = 0;
	uint64_t n = 0;

	assert_true(fixture_open(f, 0));
	assert_call(f, increment, &n);
	assert_call(f, increment, &n);
	assert_int_equal(n, 2);
	assert_call(f, remember, &value, 7);
	assert_true(monitor_load(f->m, &f->test, NULL, &before, &f->err));
	assert_fails(f, crash, TWZ_CLASS_FAULT, "SIGSEGV");
	assert_int_equal(monitor_list(f->m, &arena, &rows), 1);
	assert_int_equal(rows[0].state, MONITOR_EXITED);
	assert_non_null(strstr(rows[0].why, "SIGSEGV at 0x0"));
	assert_call(f, increment, &n);
	assert_int_equal(n, 1);		/* memory is new … */
	assert_call(f, recall, &value);
	assert_int_equal(value, 7);	/* … the private folder is not */
	assert_true(monitor_load(f->m, &f->test, NULL, &after, &f->err));
	assert_int_not_equal(before.value, after.value);
	assert_int_equal(monitor_list(f->m, &arena, &rows), 1);
	assert_int_equal(rows[0].state, MONITOR_READY);
	assert_int_equal(rows[0].restarts, 1);
	assert_int_equal(rows[0].faults, 1);
	assert_true(rows[0].pid > 0 && !kill(rows[0].pid, 0));
	monitor_stats(f->m, &stats);
	assert_int_equal(stats.started, 2);
	assert_int_equal(stats.faults, 1);
	assert_int_equal(stats.calls, 6);
}

struct spinner {
	struct fixture *f;
	struct twz_error err;
	bool ok;
	atomic_bool running;
};

static void *
spin(void *data)
{
	struct spinner *s = data;
	struct monitor_gate *add, *gate;
	uint64_t r;

	s->ok = monitor_bind(s->f->m, &s->f->test, &fixture_gates[GATE_add], &add, &s->err) &&
		monitor_bind(s->f->m, &s->f->test, &fixture_gates[GATE_spin], &gate, &s->err) &&
		monitor_call(add, WORDS(1, 2), &r, -1, &s->err);
	atomic_store(&s->running, true);
	s->ok = s->ok && monitor_call(gate, WORDS(), NULL, -1, &s->err);
	return NULL;
}

static void
test_interrupt(void **state)
{
	struct fixture *f = *state;
	struct spinner s = { .f = f };
	pthread_t thread;

	assert_true(fixture_open(f, 0));
	assert_int_equal(pthread_create(&thread, NULL, spin, &s), 0);
	while (!atomic_load(&s.running))
		sched_yield();
	monitor_interrupt(f->m);
	pthread_join(thread, NULL);
	assert_false(s.ok);
	assert_int_equal(s.err.cls, TWZ_CLASS_INTERRUPTED);
	assert_non_null(strstr(s.err.text, "test::spin"));
	assert_int_equal(call_gate(f, GATE_nothing, NULL, -1, WORDS()), TWZ_CLASS_INTERRUPTED);
	monitor_resume(f->m);
	assert_add_works(f);
}

static struct monitor *interrupted;

static void
on_alarm(int signal)
{
	(void)signal;
	monitor_interrupt(interrupted);
}

static void
test_interrupt_by_signal(void **state)
{
	struct fixture *f = *state;
	struct sigaction act = { .sa_handler = on_alarm, .sa_flags = SA_RESTART };
	const struct timespec soon = { 0, 30000000 };
	struct itimerspec timer = { .it_value = soon };
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1 };
	timer_t id;

	assert_true(fixture_open(f, 0));
	assert_add_works(f);
	interrupted = f->m;
	sigaction(SIGUSR1, &act, NULL);
	assert_int_equal(timer_create(CLOCK_MONOTONIC, &event, &id), 0);
	timer_settime(id, 0, &timer, NULL);
	assert_int_equal(call_gate(f, GATE_spin, NULL, -1, WORDS()), TWZ_CLASS_INTERRUPTED);
	timer_delete(id);
	monitor_resume(f->m);
	assert_add_works(f);
}

/* Every way out of a compartment that we could think of, and what it gets. */
static void
test_confinement(void **state)
{
	struct fixture *f = *state;
	static const int forbidden[] = {
		SYS_unshare, SYS_setns, SYS_mount, SYS_io_uring_setup, SYS_userfaultfd, SYS_bpf,
		SYS_perf_event_open, SYS_keyctl, SYS_personality, SYS_fork, SYS_vfork, SYS_clone3,
		SYS_memfd_create, SYS_process_vm_readv, SYS_process_vm_writev, SYS_kcmp, SYS_pidfd_open,
		SYS_init_module, SYS_chroot, SYS_pivot_root, SYS_modify_ldt, SYS_socketpair, SYS_setuid,
		SYS_inotify_init1, SYS_timer_create, SYS_shmget, SYS_msgget, SYS_semget, SYS_kexec_load,
		SYS_open_by_handle_at, SYS_name_to_handle_at, SYS_quotactl, SYS_swapon, SYS_reboot,
		SYS_settimeofday, SYS_acct, SYS_ioperm, SYS_iopl, SYS_setpriority, SYS_mknod,
	};
	static const char *const closed[] = {
		"/etc/passwd", "/etc/hostname", "/proc/self/status", "/proc/1/status", "/root",
		"/home", "/tmp", "/dev/mem", "/dev/tty", "/sys", "/", "..", "/dev/shm",
	};
	int64_t got = -1;

	assert_true(fixture_open(f, 0));
	assert_call(f, attempt, &got, 0, POINTER("/dev/null"), 0);
	assert_true(got > 0);		/* the test can tell success */
	assert_call(f, attempt, &got, 1, POINTER("mine"), 0);
	assert_true(got > 0);
	for (size_t i = 0; i < TWZ_COUNT(closed); i++) {
		assert_call(f, attempt, &got, 0, POINTER(closed[i]), 0);
		if (got)
			fprintf(stderr, "could open %s\n", closed[i]);
		assert_int_equal(got, 0);
	}
	assert_call(f, attempt, &got, 1, POINTER("/tmp/twz-should-not-exist"), 0);
	assert_int_equal(got, 0);
	assert_call(f, attempt, &got, 1, POINTER("../outside"), 0);
	assert_int_equal(got, 0);
	for (int family = 0; family < AF_MAX; family++) {
		assert_call(f, attempt, &got, 2, POINTER(""), (uint64_t)family);
		assert_int_equal(got, 0);
	}
	for (int what = 3; what <= 6; what++) {
		assert_call(f, attempt, &got, (uint64_t)what, POINTER("/bin/true"), 1);
		assert_int_equal(got, 0);
	}
	for (size_t i = 0; i < TWZ_COUNT(forbidden); i++) {
		assert_call(f, attempt, &got, 7, POINTER(""), (uint64_t)forbidden[i]);
		if (got)
			fprintf(stderr, "system call %d worked\n", forbidden[i]);
		assert_int_equal(got, 0);
	}
	assert_call(f, attempt, &got, 8, POINTER(""), 1);
	assert_int_equal(got, 0);
	assert_call(f, attempt, &got, 9, POINTER(""), 0);
	assert_int_equal(got, 0);
	assert_add_works(f);
}

static void
test_status_is_active(void **state)
{
	struct fixture *f = *state;
	const struct monitor_property *rows;
	TWZ_ARENA arena = { 0 };
	size_t n = 0, active = 0;

	assert_true(fixture_open(f, 0));
	assert_add_works(f);
	assert_true(monitor_status(f->m, &arena, &rows, &n, &f->err));
	for (size_t i = 0; i < n; i++) {
		printf("# %-20s %-5s %s\n", rows[i].name, rows[i].active ? "yes" : "no", rows[i].mechanism);
		active += rows[i].active;
		if (!strcmp(rows[i].name, "system calls") || !strcmp(rows[i].name, "privileges"))
			assert_true(rows[i].active);
	}
	assert_true(n >= 15 && active >= 8);
}

/* Descriptors and processes are what they were, whatever happened in between. */
static void
test_nothing_is_left(void **state)
{
	struct fixture *f = *state;
	size_t fds = count_fds();

	for (int i = 0; i < 3; i++) {
		assert_true(fixture_open(f, 0));
		assert_add_works(f);
		assert_fails(f, crash, TWZ_CLASS_FAULT, "SIGSEGV");
		assert_add_works(f);
		monitor_close(f->m);
		f->m = NULL;
		assert_int_equal(count_fds(), fds);
		assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
		assert_int_equal(errno, ECHILD);
	}
}

static void
test_zygote_is_replaced(void **state)
{
	struct fixture *f = *state;
	siginfo_t info;
	char path[64], line[512] = "";
	FILE *file;

	assert_true(fixture_open(f, 0));
	assert_add_works(f);
	snprintf(path, sizeof(path), "/proc/self/task/%d/children", (int)getpid());
	file = fopen(path, "r");
	assert_non_null(file);
	assert_non_null(fgets(line, sizeof(line), file));
	fclose(file);
	kill(atoi(line), SIGKILL);
	/* Until the death is there, the call is one of the last that work. */
	waitid(P_PID, (id_t)atoi(line), &info, WEXITED | WNOWAIT);
	for (int i = 0; i < 100 && call_gate(f, GATE_add, line, LONG_NS, WORDS(1, 2)) == TWZ_CLASS_NONE; i++)
		;
	assert_add_works(f);
}

/* The death of the whole program, at any moment, takes everything with it. */
static void
test_killed_program_leaves_nothing(void **state)
{
	struct fixture *f = *state;
	const struct monitor_info *rows;
	struct pollfd {
		int fd;
		short events, revents;
	} p = { .events = 1 };
	int pipes[2], pid = 0, pidfd;
	pid_t child;

	assert_int_equal(pipe(pipes), 0);
	child = fork();
	if (!child) {
		TWZ_ARENA arena = { 0 };
		struct monitor_gate *g;
		uint64_t r;

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (!fixture_open(f, 0) ||
		    !monitor_bind(f->m, &f->test, &fixture_gates[GATE_add], &g, &f->err) ||
		    !monitor_call(g, WORDS(1, 2), &r, -1, &f->err))
			_exit(1);
		monitor_list(f->m, &arena, &rows);
		if (write(pipes[1], &rows[0].pid, sizeof(int)) < 0)
			_exit(1);
		for (;;)
			pause();
	}
	assert_int_equal(read(pipes[0], &pid, sizeof(pid)), sizeof(pid));
	assert_true(pid > 0);
	pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	assert_true(pidfd >= 0);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	p.fd = pidfd;
	assert_int_equal(syscall(SYS_poll, &p, 1, 5000), 1);
	close(pidfd);
	close(pipes[0]);
	close(pipes[1]);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_ends), TEST(test_ends_at_first), TEST(test_deadline), TEST(test_nested_deadline), TEST(test_restart_is_counted), TEST(test_interrupt),
		TEST(test_interrupt_by_signal), TEST(test_confinement), TEST(test_status_is_active),
		TEST(test_nothing_is_left), TEST(test_zygote_is_replaced),
		TEST(test_killed_program_leaves_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
