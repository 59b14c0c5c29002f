/*
 * Starting the zygote.
 *
 * The new process shares our memory until it runs the guest program, so nothing is copied however
 * large the program is that embeds us, and it has its own stack and makes raw system calls only, so
 * that nobody waits for it: the program goes on while the kernel executes the guest. One clone makes
 * all namespaces at once; a kernel that refuses some is asked again with fewer.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "monitor/internal.h"

enum { STACK = 32 << 10, ZYGOTE_FD = 3, PARENT_FD = 4, HIGH_FD = 10 };

/* What is asked for, most first. */
static const uint32_t wishes[] = {
	CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNS,
	CLONE_NEWUSER | CLONE_NEWPID,
	CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNS,
	0,
};

/* In the new process, beside the running program: no libc state may be touched. */
__attribute__((no_sanitize("address", "undefined", "thread"), noreturn)) static int
launch(void *data)
{
	const struct monitor_launch *l = data;
	static char name[] = "twz-guest", rseq[] = "GLIBC_TUNABLES=glibc.pthread.rseq=0";
	static char lang[] = "LANG=C.UTF-8";
	char *argv[] = { name, NULL };
	char *envp[] = { rseq, lang, NULL };

	/* First out of the way, so that neither lands on the other; this clears close-on-exec. */
	int control = (int)syscall(SYS_fcntl, l->control, F_DUPFD_CLOEXEC, HIGH_FD);
	int parent = (int)syscall(SYS_fcntl, l->parent, F_DUPFD_CLOEXEC, HIGH_FD);

	syscall(SYS_dup3, control, ZYGOTE_FD, 0);
	syscall(SYS_dup3, parent, PARENT_FD, 0);
	syscall(SYS_execve, l->path, argv, envp);
	syscall(SYS_exit_group, 127);
	__builtin_unreachable();
}

/* ThreadSanitizer's own clone() takes the child, which shares our memory, for a copy of us. */
#if defined(__SANITIZE_THREAD__)
int __clone(int (*run)(void *), void *stack, int flags, void *data, ...);
#define CLONE __clone
#else
#define CLONE clone
#endif

static bool
spawn(struct monitor *m, struct twz_error *err)
{
	sigset_t all, old;
	pid_t pid = -1;
	char *stack = m->zygote_stack;
	int pidfd = -1;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	for (size_t i = 0; pid < 0 && i < TWZ_COUNT(wishes); i++) {
		m->namespaces = wishes[i];
		m->zygote_starting = 1;
		pid = CLONE(launch, stack + STACK,
			    (int)(CLONE_VM | CLONE_PIDFD | CLONE_CHILD_CLEARTID | wishes[i] |
				  SIGCHLD),
			    &m->launch, &pidfd, NULL, &m->zygote_starting);
		if (pid < 0 && (errno == EAGAIN || errno == ENOMEM))
			break;
	}
	if (pid < 0)
		twz_fail_sys(err, errno, "start the zygote");
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	m->zygote_pid = pid;
	m->zygote_pidfd = pidfd;
	return pid > 0;
}

/* Until the guest program runs, the new process uses our memory. */
static void
await_exec(struct monitor *m)
{
	uint32_t starting;

	while ((starting = __atomic_load_n(&m->zygote_starting, __ATOMIC_ACQUIRE)))
		link_sleep(&m->zygote_starting, starting, NULL);
}

bool
zygote_ensure(struct monitor *m, struct twz_error *err)
{
	TWZ_CLOSE int self = -1, theirs = -1;
	int pair[2];

	if (m->zygote >= 0)
		return true;
	if (access(m->options.guest, X_OK))
		return twz_fail_sys(err, errno, "the guest program %s", m->options.guest);
	if (!m->zygote_stack) {
		m->zygote_stack = mmap(NULL, STACK, PROT_READ | PROT_WRITE,
				       MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
		if (m->zygote_stack == MAP_FAILED) {
			m->zygote_stack = NULL;
			return twz_fail_sys(err, errno, "start the zygote");
		}
	}
	await_exec(m);
	self = (int)syscall(SYS_pidfd_open, getpid(), 0);
	if (self < 0 || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		return twz_fail_sys(err, errno, "start the zygote");
	theirs = pair[1];
	m->launch = (struct monitor_launch){ m->options.guest, pair[1], self };
	if (!spawn(m, err)) {
		close(pair[0]);
		return false;
	}
	m->zygote = pair[0];
	m->said_hello = false;
	return true;
}

void
zygote_end(struct monitor *m)
{
	await_exec(m);
	if (m->zygote >= 0)
		close(m->zygote);
	m->zygote = -1;
	if (m->zygote_pidfd >= 0) {
		siginfo_t info;

		syscall(SYS_pidfd_send_signal, m->zygote_pidfd, SIGKILL, NULL, 0);
		/* Fails when the program has reaped it already: as good. */
		while (waitid(P_PIDFD, (id_t)m->zygote_pidfd, &info, WEXITED | __WALL) && errno == EINTR)
			;
		close(m->zygote_pidfd);
	}
	m->zygote_pidfd = -1;
}
