#include "repl/ask.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "repl/signals.h"

enum { SECRET_MAX = 4096, LOOK_NS = 200000000 };

/*
 * Waits for a line or an interruption. One that comes before the wait begins is noticed, because until
 * then it is held back; one that another thread was given is noticed soon.
 */
static bool
wait_for_line(int fd)
{
	const struct timespec look = { .tv_nsec = LOOK_NS };
	struct pollfd ready = { .fd = fd, .events = POLLIN };
	sigset_t held, before;
	int n = 0;

	sigemptyset(&held);
	sigaddset(&held, SIGINT);
	pthread_sigmask(SIG_BLOCK, &held, &before);
	while (!n && !signals_interrupted())
		n = ppoll(&ready, 1, &look, &before);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return !signals_interrupted();
}

/* One line, without its newline. */
static bool
read_line(int fd, const char *what, char *text, size_t *n, struct twz_error *err)
{
	for (*n = 0;;) {
		char c = 0;
		ssize_t r = wait_for_line(fd) ? read(fd, &c, 1) : -1;

		if (r < 0 && errno == EINTR && !signals_interrupted())
			continue;
		if (r < 0 || signals_interrupted())
			return twz_fail(err, TWZ_CLASS_INTERRUPTED, TWZ_ERR(GENERIC, INTERRUPTED), "%s was not given",
					what);
		if (!r || c == '\n')
			break;
		if (*n == SECRET_MAX || !c)
			return twz_fail(err, TWZ_CLASS_TYPE, TWZ_ERR(ARGUMENT, INVALID_ARGUMENT),
					"that is no %s", what);
		text[(*n)++] = c;
	}
	return true;
}

bool
ask_secret(void *data, const char *what, struct twz_arena *arena, const char **ret, size_t *n,
	   struct twz_error *err)
{
	TWZ_CLOSE int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	char text[SECRET_MAX + 1];
	struct termios before, silent;
	bool done;

	if (!pthread_equal(*(pthread_t *)data, pthread_self()))
		return twz_fail(err, TWZ_CLASS_TYPE, TWZ_ERR(ARGUMENT, INVALID_ARGUMENT),
				"a job cannot ask for %s", what);
	if (fd < 0 || tcgetattr(fd, &before))
		return twz_fail_sys(err, errno, "ask for %s", what);
	silent = before;
	silent.c_lflag = (silent.c_lflag & ~(tcflag_t)ECHO) | ICANON | ISIG;
	/* What was typed before the question is no answer to it. */
	if (tcsetattr(fd, TCSAFLUSH, &silent))
		return twz_fail_sys(err, errno, "ask for %s", what);
	dprintf(fd, "%s: ", what);
	done = read_line(fd, what, text, n, err);
	tcsetattr(fd, TCSADRAIN, &before);
	dprintf(fd, "\n");
	if (done)
		*ret = twz_strndup(arena, text, *n);
	explicit_bzero(text, sizeof(text));
	return done;
}
