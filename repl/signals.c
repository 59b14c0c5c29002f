#include "repl/signals.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "repl/session.h"

static struct session *interrupted_session;
static volatile sig_atomic_t interrupts;
static volatile sig_atomic_t terminal_saved;
static struct termios terminal;

static void
on_interrupt(int sig)
{
	int saved = errno;

	/* At the prompt an impatient second one changes nothing; a script must be stoppable. */
	if (interrupts && !terminal_saved)
		_exit(128 + sig);
	interrupts = 1;
	if (interrupted_session)
		session_interrupt(interrupted_session);
	errno = saved;
}

/* Compartments end with us: the kernel sees to that, so nothing has to be tidied here. */
static void
on_end(int sig)
{
	signals_restore_terminal();
	_exit(128 + sig);
}

static void
handle(int sig, void (*handler)(int))
{
	struct sigaction sa = { .sa_handler = handler };

	sigfillset(&sa.sa_mask);
	sigaction(sig, &sa, NULL);
}

void
signals_install(struct session *s)
{
	interrupted_session = s;
	handle(SIGINT, on_interrupt);
	handle(SIGTERM, on_end);
	handle(SIGHUP, on_end);
}

bool
signals_interrupted(void)
{
	return interrupts;
}

void
signals_clear(void)
{
	interrupts = 0;
	if (interrupted_session)
		session_resume(interrupted_session);
}

/* What ends twz by its default does so, after the terminal was tidied. */
static void
on_crash(int sig)
{
	signals_restore_terminal();
	raise(sig);
}

void
signals_save_terminal(void)
{
	static const int crashes[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGQUIT };
	struct sigaction sa = { .sa_handler = on_crash, .sa_flags = SA_RESETHAND }, before;

	terminal_saved = !tcgetattr(STDIN_FILENO, &terminal);
	for (size_t i = 0; terminal_saved && i < sizeof(crashes) / sizeof(*crashes); i++)
		if (!sigaction(crashes[i], NULL, &before) && before.sa_handler == SIG_DFL)
			sigaction(crashes[i], &sa, NULL);
}

void
signals_restore_terminal(void)
{
	/* Pastes are no more marked; and what is shown below a line goes. */
	static const char leave[] = "\033[?2004l\033[0m\033[J";

	if (!terminal_saved)
		return;
	tcsetattr(STDIN_FILENO, TCSANOW, &terminal);
	if (isatty(STDOUT_FILENO))
		(void)!write(STDOUT_FILENO, leave, sizeof(leave) - 1);
}
