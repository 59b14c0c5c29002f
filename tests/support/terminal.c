/*
 * usage: terminal COMMAND [ARG…] < LINES
 *
 * Runs a command in a terminal of its own and types one line at each of its prompts ("twz> "), then
 * ends its input. Prints what the terminal showed, without carriage returns and escape sequences.
 * Ends with the command's status, or with 99 when it did not ask for input or end within five minutes.
 */
#include <errno.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PROMPT "twz> "

struct screen {
	char *text;
	size_t n;
};

static void
put(struct screen *screen, char c)
{
	char *grown = realloc(screen->text, screen->n + 2);

	if (!grown)
		exit(99);
	screen->text = grown;
	screen->text[screen->n++] = c;
	screen->text[screen->n] = '\0';
}

/* Takes one byte of output, leaving out what only steers the terminal: CR, BEL, CSI and OSC. */
static void
show(struct screen *screen, char c)
{
	static enum { TEXT, ESCAPE, CSI, OSC } state;

	switch (state) {
	case TEXT:
		if (c == '\033')
			state = ESCAPE;
		else if (c == '\b' && screen->n > 0)
			screen->text[--screen->n] = '\0';
		else if (c != '\r' && c != '\a')
			put(screen, c);
		break;
	case ESCAPE:
		state = c == '[' ? CSI : c == ']' ? OSC : TEXT;
		break;
	case CSI:
		if (c >= '@' && c <= '~')
			state = TEXT;
		break;
	case OSC:
		if (c == '\a' || c == '\\')
			state = TEXT;
		break;
	}
}

static bool
at_prompt(const struct screen *screen)
{
	size_t n = strlen(PROMPT);

	return screen->n >= n && strcmp(screen->text + screen->n - n, PROMPT) == 0 &&
	       (screen->n == n || screen->text[screen->n - n - 1] == '\n');
}

/* Types the next line, or the end of input. */
static void
type(int fd)
{
	char line[4096];
	const char *keys = fgets(line, sizeof(line), stdin) ? line : "\004";

	if (write(fd, keys, strlen(keys)) < 0)
		exit(99);
}

/* Reads until the command closes the terminal; false when it takes too long. */
static bool
converse(int fd, struct screen *screen)
{
	time_t end = time(NULL) + 300;
	size_t answered = SIZE_MAX;

	while (time(NULL) < end) {
		struct pollfd ready = { .fd = fd, .events = POLLIN };
		char bytes[4096];
		ssize_t n;

		if (poll(&ready, 1, 1000) <= 0)
			continue;
		n = read(fd, bytes, sizeof(bytes));
		if (n <= 0)
			return true;
		for (ssize_t i = 0; i < n; i++)
			show(screen, bytes[i]);
		if (at_prompt(screen) && answered != screen->n) {
			answered = screen->n;
			type(fd);
		}
	}
	return false;
}

int
main(int argc, char **argv)
{
	struct winsize size = { .ws_row = 40, .ws_col = 160 };
	struct screen screen = { 0 };
	bool ended;
	int fd, status = 0;
	pid_t pid;

	if (argc < 2) {
		fprintf(stderr, "usage: terminal COMMAND [ARG…] < LINES\n");
		return 2;
	}
	pid = forkpty(&fd, NULL, NULL, &size);
	if (pid < 0)
		return 99;
	if (pid == 0) {
		execvp(argv[1], argv + 1);
		_exit(127);
	}
	put(&screen, '\0');
	screen.n = 0;
	ended = converse(fd, &screen);
	if (!ended)
		kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	/* The end of input is typed at a last prompt, which the transcript does not show. */
	for (size_t n = strlen(screen.text); n > 0 && screen.text[n - 1] == '\n'; n--)
		screen.text[n - 1] = '\0';
	screen.n = strlen(screen.text);
	if (at_prompt(&screen))
		screen.text[screen.n - strlen(PROMPT)] = '\0';
	fputs(screen.text, stdout);
	if (screen.text[0] && screen.text[strlen(screen.text) - 1] != '\n')
		putchar('\n');
	if (!ended)
		return 99;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
