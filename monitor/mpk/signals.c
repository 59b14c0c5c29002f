/*
 * Signals. What a compartment can cause goes to the gate's handler; what the program itself causes
 * goes on to the handler that it had. While a thread is inside, all other signals wait.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "monitor/mpk/mpk_in.h"

static const int caused[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGSYS };
static struct sigaction before[TWZ_COUNT(caused)];
static bool taken;

int watch_signal;

/* Nobody has asked for it. */
static bool
find_free_signal(void)
{
	struct sigaction now;

	for (int s = SIGRTMAX; s > SIGRTMIN; s--)
		if (!sigaction(s, NULL, &now) && !(now.sa_flags & SA_SIGINFO) &&
		    now.sa_handler == SIG_DFL) {
			watch_signal = s;
			return true;
		}
	return false;
}

static uint64_t
bit(int signal)
{
	return (uint64_t)1 << (signal - 1);
}

/*
 * As the kernel has it: glibc would put its own way back there. While the handler has not yet left the
 * compartment's signal stack, no second signal may come: the kernel could not write its frame.
 */
static bool
install(int signal)
{
	const struct {
		void (*handler)(int, siginfo_t *, void *);
		unsigned long flags;
		void (*restorer)(void);
		uint64_t mask;
	} sa = { mpk_signal, SA_SIGINFO | SA_ONSTACK | SA_NODEFER | 0x04000000 /* SA_RESTORER */, mpk_restore,
		bit(watch_signal) };

	return !syscall(SYS_rt_sigaction, signal, &sa, NULL, sizeof(sa.mask));
}

bool
signals_take(struct twz_error *err)
{
	struct sigaction now;

	if (!taken && !find_free_signal())
		return twz_fail(err, TWZ_CLASS_LINK, TWZ_ERR(RESOURCE, OUT_OF_RESOURCES),
				"mpk unavailable: this program uses every real-time signal");
	for (size_t i = 0; i < TWZ_COUNT(caused); i++) {
		if (sigaction(caused[i], NULL, &now))
			return twz_fail_sys(err, errno, "mpk");
		if (now.sa_sigaction == mpk_signal)
			continue;
		before[i] = now;
		if (!install(caused[i]))
			return twz_fail_sys(err, errno, "mpk");
	}
	if (!install(watch_signal))
		return twz_fail_sys(err, errno, "mpk");
	taken = true;
	return true;
}

/* The kernel's own call: the C library would leave out the signals that it uses itself. */
void
signals_block(uint64_t *old)
{
	uint64_t set = ~bit(watch_signal);

	for (size_t i = 0; i < TWZ_COUNT(caused); i++)
		set &= ~bit(caused[i]);
	syscall(SYS_rt_sigprocmask, SIG_SETMASK, &set, old, sizeof(set));
}

void
signals_restore(uint64_t old)
{
	syscall(SYS_rt_sigprocmask, SIG_SETMASK, &old, NULL, sizeof(old));
}

static void
as_by_default(int signal, const siginfo_t *info)
{
	struct sigaction sa = { .sa_handler = SIG_DFL };

	sigaction(signal, &sa, NULL);
	/* One that was sent does not come again by itself. */
	if (info->si_code <= 0)
		syscall(SYS_tgkill, getpid(), gettid(), signal);
}

void
mpk_outside(int signal, void *info, void *context)
{
	int error = errno;

	for (size_t i = 0; i < TWZ_COUNT(caused); i++) {
		const struct sigaction *sa = &before[i];

		if (caused[i] != signal)
			continue;
		if (sa->sa_flags & SA_SIGINFO)
			sa->sa_sigaction(signal, info, context);
		else if (sa->sa_handler == SIG_DFL)
			as_by_default(signal, info);
		else if (sa->sa_handler != SIG_IGN)
			sa->sa_handler(signal);
	}
	errno = error;
}
