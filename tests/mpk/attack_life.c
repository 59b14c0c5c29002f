/* Attacks on the life of compartments: time, threads, the program's signals, files that change, keys. */
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/mpk/attack.h"

/* -- time ----------------------------------------------------------------------------------------- */

static uint32_t stop;

static void *
stop_soon(void *data)
{
	struct timespec t = { .tv_nsec = 200000000 };

	nanosleep(&t, NULL);
	__atomic_store_n(&stop, 1, __ATOMIC_SEQ_CST);
	return data;
}

void
deadlines(void)
{
	const struct mpk_options o = { .guest = guest, .service = service, .build_id = "", .stop = &stop };
	struct timespec forever = { .tv_sec = 1000 };
	struct twz_error err = { 0 };
	uint64_t at, none[6] = { 0 };
	struct mpk *stopped;
	pthread_t thread;

	if (wanted("hang")) {
		answered = call_for(alive(), EVIL_hang, none, &ret, &end, 300000000);
		verdict("hang: ends at the deadline", !answered && end == MPK_LATE);
	}
	if (wanted("asleep") && CALL(alive(), canary, &at, &end, 0)) {
		const uint64_t w[6] = { SYS_nanosleep, at };

		/* its canary, read as seconds, is a long time */
		(void)forever;
		answered = call_for(c, EVIL_system_call, w, &ret, &end, 300000000);
		verdict("asleep in a system call: ends at the deadline", !answered && end == MPK_LATE);
	}
	if (wanted("interrupted") && mpk_start(&o, &stopped, &err)) {
		describe(stopped, EVIL_hang);
		pthread_create(&thread, NULL, stop_soon, NULL);
		answered = call_for(stopped, EVIL_hang, none, &ret, &end, -1);
		pthread_join(thread, NULL);
		verdict("interrupted: a call without a deadline ends", !answered && end == MPK_STOPPED);
		mpk_free(stopped);
	}
}

/* -- threads and signals -------------------------------------------------------------------------- */

static uint64_t signals_seen;

static void
count_signal(int signal)
{
	(void)signal;
	__atomic_add_fetch(&signals_seen, 1, __ATOMIC_RELAXED);
}

enum { CALLS = 200, INSIDE = 64 << 10 };

static struct mpk *shared[2];
static uint64_t wrong, running;

static void *
call_many(void *data)
{
	uint64_t n = (uintptr_t)data;

	for (uint64_t i = 0; i < CALLS; i++) {
		enum mpk_end e;
		uint64_t r;

		if (!call_for(shared[i & 1], EVIL_add, (const uint64_t[6]){ i, n }, &r, &e, PATIENCE) || r != i + n ||
		    !call_for(shared[i & 1], EVIL_allocate, (const uint64_t[6]){ INSIDE }, &r, &e, PATIENCE) ||
		    r != INSIDE)
			__atomic_add_fetch(&wrong, 1, __ATOMIC_RELAXED);
	}
	__atomic_sub_fetch(&running, 1, __ATOMIC_SEQ_CST);
	return NULL;
}

void
threads(void)
{
	const struct timespec moment = { .tv_nsec = 300000 };
	struct sigaction sa = { .sa_handler = count_signal, .sa_flags = SA_RESTART };
	pthread_t all[4];

	if (!wanted("threads"))
		return;
	shared[0] = start();
	shared[1] = start();
	sigaction(SIGALRM, &sa, NULL);
	running = TWZ_COUNT(all);
	for (uintptr_t i = 0; i < TWZ_COUNT(all); i++)
		pthread_create(&all[i], NULL, call_many, (void *)i);
	while (__atomic_load_n(&running, __ATOMIC_SEQ_CST)) {
		for (size_t i = 0; i < TWZ_COUNT(all); i++)
			pthread_kill(all[i], SIGALRM);
		nanosleep(&moment, NULL);
	}
	for (size_t i = 0; i < TWZ_COUNT(all); i++)
		pthread_join(all[i], NULL);
	answered = false;
	if (wrong)
		printf("# %llu calls went wrong\n", (unsigned long long)wrong);
	verdict("threads: four in two compartments, under a storm of signals", !wrong && signals_seen > 10);
	mpk_free(shared[0]);
	mpk_free(shared[1]);
}

/* The program's own handler of a fault of its own. */
static volatile uint64_t own_fault;
char *own_page;

void
own_handler(int signal, siginfo_t *info, void *context)
{
	(void)signal, (void)context;
	own_fault = address(info->si_addr);
	mprotect(own_page, 4096, PROT_READ | PROT_WRITE);
}

void
own_signals(void)
{
	int status = 0;
	pid_t pid;

	if (wanted("own handler")) {
		mprotect(own_page, 4096, PROT_NONE);
		*(volatile char *)own_page = 1;
		answered = false;
		verdict("signals: the program's own handler of its own faults still works",
			own_fault == address(own_page) && *own_page == 1);
	}
	if (wanted("own death")) {
		pid = fork();
		if (!pid) {
			signal(SIGILL, SIG_DFL);
			__builtin_trap();
		}
		waitpid(pid, &status, 0);
		answered = false;
		verdict("signals: own death is still death", WIFSIGNALED(status) && WTERMSIG(status) == SIGILL);
	}
}

/* -- files and keys ------------------------------------------------------------------------------- */

static void
refused_file(const char *name, const char *path, const char *what)
{
	struct twz_error err = { 0 };
	struct mpk *bad = NULL;
	bool ok;

	if (!wanted(name))
		return;
	ok = !start_of(path, &bad, &err) && strstr(err.text, what) && strstr(err.text, "at file offset 0x");
	if (!ok)
		printf("# %s\n", err.text);
	mpk_free(bad);
	answered = false;
	verdict(name, ok);
}

void
files(void)
{
	char command[512];
	bool ok;

	refused_file("gadget: WRPKRU in a service's code", "/t/libgadget_wrpkru.so", "stray WRPKRU");
	refused_file("gadget: WRPKRU inside a constant", "/t/libgadget_constant.so", "stray WRPKRU");
	refused_file("gadget: WRPKRU across two pages", "/t/libgadget_page.so", "stray WRPKRU");
	refused_file("gadget: XRSTOR in a service's code", "/t/libgadget_xrstor.so", "stray XRSTOR");
	refused_file("gadget: WRGSBASE in a service's code", "/t/libgadget_wrgsbase.so", "stray WRGSBASE");
	if (wanted("file_backed")) {
		alive();
		/* The file on disk becomes something else while its code runs. */
		snprintf(command, sizeof(command), "/bin/busybox cp %s /tmp/kept && /bin/busybox dd if=/dev/zero of=%s "
			 "bs=4096 count=4 conv=notrunc 2>/dev/null", service, service);
		ok = !system(command) && CALL(c, add, &ret, &end, 40, 2) && ret == 42 &&
		     CALL(c, vector_state, &ret, &end, 0) && ret == 1;
		snprintf(command, sizeof(command), "/bin/busybox cp /tmp/kept %s", service);
		ok = ok && !system(command);
		answered = false;
		verdict("file_backed: a file that changes is not what runs", ok);
	}
}

void
keys(void)
{
	struct mpk *all[MPK_SLOTS] = { 0 };
	uint64_t canaries[MPK_SLOTS] = { 0 };
	struct twz_error err = { 0 };
	uint32_t left, most, n = 0;
	bool ok;

	if (!wanted("keys"))
		return;
	mpk_free(c);
	c = NULL;
	while (n < MPK_SLOTS && start_of(service, &all[n], &err))
		n++;
	mpk_keys(&left, &most);
	printf("# %u compartments at a time\n", n);
	ok = n == 15 && left == 0 && most == 15 && strstr(err.text, "all protection keys of this process are in use");
	for (uint32_t i = 0; i < n; i++)
		ok = ok && CALL(all[i], canary, &canaries[i], &end, 0) && CALL(all[i], thread_local_count, &ret, &end, 0) &&
		     ret == 7;
	for (uint32_t i = 1; i < n && i < 6; i++) {
		answered = CALL(all[i], peek, &ret, &end, canaries[i - 1]);
		ok = ok && !answered && end == MPK_DIED && mpk_crash(all[i])->foreign_key;
	}
	for (uint32_t i = 0; i < n; i++)
		mpk_free(all[i]);
	answered = false;
	verdict("keys: fifteen compartments, each for itself; the sixteenth is refused", ok);
}
