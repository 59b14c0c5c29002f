/*
 * The parent waits for its children in waitpid(); a timer interrupts it every second, and the handler
 * writes the line, with nothing but write(). A page that is shared with the children tells both sides
 * whether the line stands there and whether output has begun.
 */
#include "introspect/tool/tool_progress.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <unistd.h>

enum { LINE = 160, BESIDE = 24 };

static struct shared {
	_Atomic bool shown, quiet;
} *shared;

static char line[LINE];
static volatile sig_atomic_t line_size, seconds;

static void
tell(const char *text, size_t n)
{
	ssize_t written = write(STDERR_FILENO, text, n);

	(void)written;
}

static void
tick(int signal)
{
	char time[24] = ", ";
	int n = 2, digits = 1, t = (int)++seconds;

	(void)signal;
	if (!line_size || atomic_load(&shared->quiet))
		return;
	for (int power = 10; t >= power && digits < 6; power *= 10)
		digits++;
	for (int i = digits; i--; t /= 10)
		time[n + i] = (char)('0' + t % 10);
	n += digits;
	memcpy(time + n, " s\033[K\r", 6);
	tell(line, (size_t)line_size);
	tell(time, (size_t)n + 6);
	atomic_store(&shared->shown, true);
}

void
progress_begin(void)
{
	const struct itimerval every = { { 1, 0 }, { 1, 0 } };
	struct sigaction action = { .sa_handler = tick };

	if (!isatty(STDERR_FILENO))
		return;
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED) {
		shared = NULL;
		return;
	}
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &every, NULL);
}

/* How much of a path fits beside what is said about it, so that the line never wraps. */
static size_t
line_most(void)
{
	struct winsize window = { 0 };
	size_t columns = LINE;

	if (!ioctl(STDERR_FILENO, TIOCGWINSZ, &window) && window.ws_col && window.ws_col < LINE)
		columns = window.ws_col;
	return columns > BESIDE ? columns - BESIDE : 1;
}

void
progress_step(const char *path, size_t i, size_t n)
{
	size_t most = line_most();
	size_t size = strlen(path);
	const char *cut = size > most ? "…" : "";

	if (!shared)
		return;
	line_size = 0;
	path += size > most ? size - most : 0;
	if (n > 1)
		snprintf(line, sizeof(line), "[%zu/%zu] %s%s", i, n, cut, path);
	else
		snprintf(line, sizeof(line), "reading %s%s", cut, path);
	seconds = 0;
	atomic_store(&shared->quiet, false);
	line_size = (sig_atomic_t)strlen(line);
}

void
progress_clear(void)
{
	if (shared && atomic_exchange(&shared->shown, false))
		tell("\r\033[K", 4);
}

void
progress_output(void)
{
	if (!shared || !isatty(STDOUT_FILENO))
		return;
	atomic_store(&shared->quiet, true);
	progress_clear();
}
