/* What all rows use: time, CPUs, processes. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>

#include "tests/bench/bench.h"

extern char **environ;

uint64_t
bench_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static int
compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double
bench_median(double *values, size_t n)
{
	if (!n)
		return 0;
	qsort(values, n, sizeof(*values), compare);
	return n % 2 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

static void
allow(cpu_set_t *set)
{
	if (sched_setaffinity(0, sizeof(*set), set)) {
		perror("bench: sched_setaffinity");
		exit(1);
	}
}

void
bench_pin(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	allow(&set);
}

void
bench_unpin(void)
{
	static cpu_set_t all;
	static bool known;

	if (!known) {
		known = true;
		if (sched_getaffinity(0, sizeof(all), &all))
			exit(1);
		for (int i = 0, n = 0; i < CPU_SETSIZE; i++)
			if (CPU_ISSET(i, &all) && n < 2)
				bench.cpu[n++] = i;
		bench.ncpus = CPU_COUNT(&all);
	}
	allow(&all);
}

void
bench_sleep(unsigned us)
{
	struct timespec t = { us / 1000000, us % 1000000 * 1000 };

	while (clock_nanosleep(CLOCK_MONOTONIC, 0, &t, &t) == EINTR)
		;
}

void *
bench_shared(size_t n)
{
	const int flags = MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE;
	void *p = mmap(NULL, n, PROT_READ | PROT_WRITE, flags, -1, 0);

	if (p == MAP_FAILED) {
		perror("bench: mmap");
		exit(1);
	}
	return p;
}

int
bench_fork(int cpu, void (*serve)(void *arg), void *arg)
{
	int parent = getpid(), pid = fork();

	if (pid < 0) {
		perror("bench: fork");
		exit(1);
	}
	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	if (cpu >= 0)
		bench_pin(cpu);
	serve(arg);
	_exit(0);
}

void
bench_kill(int pid)
{
	if (pid <= 0)
		return;
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

bool
bench_read(int fd, void *data, size_t n)
{
	for (size_t done = 0; done < n;) {
		ssize_t r = read(fd, (char *)data + done, n - done);

		if (r <= 0 && !(r < 0 && errno == EINTR))
			return false;
		done += r > 0 ? (size_t)r : 0;
	}
	return true;
}

bool
bench_write(int fd, const void *data, size_t n)
{
	for (size_t done = 0; done < n;) {
		ssize_t r = write(fd, (const char *)data + done, n - done);

		if (r < 0 && errno != EINTR)
			return false;
		done += r > 0 ? (size_t)r : 0;
	}
	return true;
}

int
bench_spawn(char *const argv[], bool quiet)
{
	posix_spawn_file_actions_t actions;
	int pid, failed;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
	if (quiet)
		posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
	failed = posix_spawnp(&pid, argv[0], &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	return failed ? -1 : pid;
}

int
bench_wait(int pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int
bench_command(char *const argv[], bool quiet)
{
	int pid = bench_spawn(argv, quiet);

	return pid < 0 ? -1 : bench_wait(pid);
}
