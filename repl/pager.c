#include "repl/pager.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* Whether the text and a prompt below it are more than the terminal shows. */
static bool
is_tall(const char *text, size_t n)
{
	struct winsize size;
	size_t rows = 0, column = 0;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) || size.ws_row < 2 || !size.ws_col)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (text[i] == '\n' || column == size.ws_col) {
			rows++;
			column = 0;
		}
		column += text[i] != '\n' && ((unsigned char)text[i] & 0xc0) != 0x80;
	}
	return rows >= size.ws_row;
}

/* Nobody who did not ask for one is to find out how to leave it. */
static const char *
command(void)
{
	const char *own = getenv("TWZ_PAGER"), *usual = getenv("PAGER");

	return own ? own : usual ? usual : "";
}

/* False when there is no such program, or it showed nothing. */
static bool
run(const char *shell, const char *text, size_t n)
{
	int ends[2], status = -1;
	pid_t pid;

	if (pipe2(ends, 0))
		return false;
	pid = fork();
	if (!pid) {
		dup2(ends[0], STDIN_FILENO);
		close(ends[0]);
		close(ends[1]);
		/* Text that fits after all is left on the screen, and colours are shown. */
		setenv("LESS", "FRX", 0);
		signal(SIGINT, SIG_DFL);
		signal(SIGPIPE, SIG_DFL);
		execl("/bin/sh", "sh", "-c", shell, NULL);
		_exit(127);
	}
	close(ends[0]);
	/* Who leaves the pager early has seen enough. */
	for (ssize_t r; pid > 0 && n && ((r = write(ends[1], text, n)) > 0 || errno == EINTR);) {
		text += r > 0 ? r : 0;
		n -= r > 0 ? (size_t)r : 0;
	}
	close(ends[1]);
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		continue;
	return pid > 0 && WIFEXITED(status) && WEXITSTATUS(status) != 127 && WEXITSTATUS(status) != 126;
}

bool
pager_show(void *pager, const char *text, size_t n, struct twz_error *err)
{
	struct pager *p = pager;
	const char *shell = command();
	struct sigaction ignored = { .sa_handler = SIG_IGN }, before;
	bool shown = false;

	(void)err;
	if (*shell && strcmp(shell, "cat") && is_tall(text, n)) {
		fflush(p->out);
		/* Ctrl-C is the pager's while it runs. */
		sigemptyset(&ignored.sa_mask);
		sigaction(SIGINT, &ignored, &before);
		shown = run(shell, text, n);
		sigaction(SIGINT, &before, NULL);
	}
	if (shown)
		record_keep(p->record, text, n);
	else
		fwrite(text, 1, n, p->out);
	return !ferror(p->out);
}
