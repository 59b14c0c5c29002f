/*
 * The zygote: a small, confined, single-threaded process whose clones become compartments. It never
 * runs a service's code. It ends with the monitor, and every compartment ends with it: in a process
 * namespace because it is that namespace's init, elsewhere because each clone asks for a signal.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "monitor/guest/guest.h"

static struct message_in in;

static volatile sig_atomic_t ended;	/* some child, perhaps: to look at all of them takes long when there are many */

static void
on_child(int signal)
{
	(void)signal;
	ended = 1;
}

static void
tell(uint32_t kind, uint64_t serial, uint64_t a, uint64_t b, int fd)
{
	struct message m = { .kind = kind, .serial = serial, .word = { a, b } };
	const struct timespec moment = { 0, 1000000 };

	/* The monitor reads these promptly; losing one would lose the reason of an end. */
	while (!message_send(GUEST_ZYGOTE_FD, &m, NULL, 0, &fd, fd >= 0)) {
		if (errno != EAGAIN)
			_exit(0);
		nanosleep(&moment, NULL);
	}
}

static void
reap(void)
{
	int status;
	pid_t pid;

	if (!ended)
		return;
	ended = 0;
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		tell(MESSAGE_REAPED, 0, (uint64_t)pid, (uint64_t)(uint32_t)status, -1);
}

/*
 * In the clone: keeps its descriptors as 0 (null), 1 and 2 (log), 3 (control), and no others. It may be needed at
 * once or later: whatever can be done before the service is known is done here.
 */
static void
become(struct message_confinement *confinement)
{
	sigset_t none;

	sigemptyset(&none);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGCHLD, SIG_DFL);
	sigprocmask(SIG_SETMASK, &none, NULL);
	dup2(in.fds[1], 1);
	dup2(in.fds[1], 2);
	crash_init(in.fds[2]);
	dispatch_ahead(in.fds[3]);
	dup3(in.fds[0], GUEST_CONTROL_FD, O_CLOEXEC);
	confine_ahead(confinement);
	compartment_run(confinement);
}

static void
make_clone(struct message_confinement *confinement)
{
	pid_t pid = _Fork();
	int pidfd;

	if (pid == 0)
		become(confinement);
	if (pid < 0) {
		tell(MESSAGE_FAILED, in.head.serial, (uint64_t)errno, 0, -1);
		return;
	}
	pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	tell(MESSAGE_STARTED, in.head.serial, (uint64_t)pid, 0, pidfd);
	if (pidfd >= 0)
		close(pidfd);
}

void
zygote_run(struct message_confinement *confinement)
{
	struct sigaction act = { .sa_handler = on_child };
	struct pollfd fds[2] = { { .fd = GUEST_ZYGOTE_FD, .events = POLLIN },
				 { .fd = GUEST_PARENT_FD, .events = POLLIN } };
	sigset_t block, open;

	dispatch_prepare();
	/* What the embedding program ignores is its own business. */
	for (int number = 1; number < 32; number++)
		signal(number, SIG_DFL);
	sigfillset(&open);
	sigdelset(&open, SIGCHLD);
	sigfillset(&block);
	sigprocmask(SIG_SETMASK, &block, NULL);
	sigaction(SIGCHLD, &act, NULL);
	for (;;) {
		reap();
		if (ppoll(fds, 2, NULL, &open) < 0)
			continue;
		if (fds[1].revents)
			_exit(0);
		if (!fds[0].revents)
			continue;
		if (message_receive(GUEST_ZYGOTE_FD, &in, true) <= 0)
			_exit(0);
		if (in.head.kind == MESSAGE_PRELOAD)
			preload(&in, confinement);
		else if (in.head.kind == MESSAGE_CLONE)
			make_clone(confinement);
		message_drop(&in);
	}
}
