/*
 * usage: pty SCRIPT
 *
 * Plays a script against a program in a terminal of its own, keeping a model of the screen. One command
 * per line; "#" begins a comment. Nothing sleeps: what is expected is waited for, up to a deadline.
 *
 *	env NAME=VALUE		before run
 *	size ROWS COLUMNS	before run: 24 80; after it: the terminal is resized and folds rows
 *				that became too long, unless XTERM_VERSION is set
 *	run COMMAND		as given to sh, which becomes it
 *	type TEXT		keys; \e \r \n \t \\ \xHH, ^C is \x03
 *	line TEXT		the cursor's row is exactly this (blanks at its end do not count)
 *	column N		the cursor is in this column, counted from 0
 *	row TEXT		some row is exactly this
 *	has TEXT		some row contains this
 *	styled SGR TEXT		some row contains this in the style: 1;36, or plain
 *	once TEXT		exactly one row contains this, now
 *	lacks TEXT		no row contains this, now
 *	signal NAME		INT, TERM, HUP or ABRT to the program
 *	modes raw|same		the terminal's modes: not canonical, or those it began with
 *	end STATUS		the program ends with this status; 1000 and the signal that ended it
 *	file MODE NAME		the file (its name is from $HOME on) has this mode, in octal
 *	contains NAME TEXT	the file contains this text
 *	misses NAME TEXT	the file does not
 *	write NAME TEXT		writes the text into the file or fifo
 *
 * Prints "ok SCRIPT", or "not ok SCRIPT" with the command that failed and the screen.
 */
#include <fcntl.h>
#include <limits.h>
#include <locale.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>
#include <wchar.h>

#include "tests/support/screen.h"
#include "twz/util.h"

enum { DEADLINE_S = 60, LAST_S = 2 };

static int fd = -1;
static pid_t pid;
static struct termios modes_before;

/* -- waiting -------------------------------------------------------------------------------------- */

static long
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Reads what the program writes, waiting at most @ms for it. False when it closed the terminal. */
static bool
pump(int ms)
{
	struct pollfd ready = { .fd = fd, .events = POLLIN };
	char bytes[4096];
	ssize_t n;

	if (poll(&ready, 1, ms) <= 0)
		return true;
	n = read(fd, bytes, sizeof(bytes));
	for (ssize_t i = 0; i < n; i++)
		show(bytes[i]);
	return n > 0;
}

static bool
wait_for(bool (*holds)(const char *arg), const char *arg)
{
	long end = now_ms() + DEADLINE_S * 1000;
	bool open = true;

	while (!holds(arg)) {
		if (!open || now_ms() > end)
			return false;
		open = pump(50);
	}
	return true;
}

/* -- commands ------------------------------------------------------------------------------------- */

static bool
is_line(const char *text)
{
	return !strcmp(row_text(screen.row), text);
}

static bool
is_column(const char *text)
{
	return screen.column == atoi(text);
}

static bool
is_row(const char *text)
{
	for (int r = 0; r < screen.rows; r++)
		if (!strcmp(row_text(r), text))
			return true;
	return false;
}

static bool
is_contained(const char *text)
{
	for (int r = 0; r < screen.rows; r++)
		if (strstr(row_text(r), text))
			return true;
	return false;
}

/* Whether some row has the text, all of it in the style that is the first word. */
static bool
is_styled(const char *arg)
{
	size_t k = strcspn(arg, " ");
	mbstate_t state = { 0 };
	wchar_t text[COLUMNS];
	const char *p = arg + k + 1;
	size_t n = mbsrtowcs(text, &p, COLUMNS, &state);
	char wanted[12] = "";

	if (strncmp(arg, "plain ", 6))
		snprintf(wanted, sizeof(wanted), "%.*s", (int)k, arg);
	for (int r = 0; n && n < COLUMNS && r < screen.rows; r++) {
		for (size_t i = 0; i + n <= (size_t)screen.columns; i++) {
			size_t same = 0;

			while (same < n && screen.cell[r][i + same].c == text[same] &&
			       !strcmp(screen.cell[r][i + same].sgr, wanted))
				same++;
			if (same == n)
				return true;
		}
	}
	return false;
}

static bool
are_modes(const char *which)
{
	struct termios now;

	if (tcgetattr(fd, &now))
		return false;
	if (!strcmp(which, "raw"))
		return !(now.c_lflag & ICANON);
	return now.c_lflag == modes_before.c_lflag && now.c_iflag == modes_before.c_iflag &&
	       now.c_oflag == modes_before.c_oflag;
}

static bool
has_ended(const char *arg)
{
	int status;
	pid_t r = waitpid(pid, &status, WNOHANG);

	if (r != pid)
		return false;
	pid = 0;
	status = WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
	if (status != atoi(arg))
		printf("# ended with %d\n", status);
	return status == atoi(arg);
}

/* What it wrote last may come after the news of its end. Who it left behind may hold the terminal open. */
static void
drain(void)
{
	long end = now_ms() + LAST_S * 1000;

	while (now_ms() < end && pump(50))
		;
}

static bool
do_line(const char *arg)
{
	return wait_for(is_line, arg);
}

static bool
do_column(const char *arg)
{
	return wait_for(is_column, arg);
}

static bool
do_row(const char *arg)
{
	return wait_for(is_row, arg);
}

static bool
do_has(const char *arg)
{
	return wait_for(is_contained, arg);
}

static bool
do_styled(const char *arg)
{
	return wait_for(is_styled, arg);
}

static bool
do_lacks(const char *arg)
{
	return !is_contained(arg);
}

static bool
do_modes(const char *arg)
{
	return wait_for(are_modes, arg);
}

static bool
do_end(const char *arg)
{
	long end = now_ms() + DEADLINE_S * 1000;

	while (pid && !has_ended(arg)) {
		if (!pid || now_ms() > end)
			return false;
		pump(20);
	}
	drain();
	return true;
}

static bool
do_env(const char *arg)
{
	TWZ_FREE char *name = strdup(arg);
	char *value = name ? strchr(name, '=') : NULL;

	if (!value)
		return false;
	*value++ = '\0';
	return !setenv(name, value, 1);
}

static bool
do_size(const char *arg)
{
	if (sscanf(arg, "%d %d", &screen.rows, &screen.columns) != 2 || screen.rows > ROWS ||
	    screen.columns > COLUMNS)
		return false;
	if (fd >= 0 && !getenv("XTERM_VERSION"))
		fold();
	return fd < 0 || !ioctl(fd, TIOCSWINSZ, &(struct winsize){
		.ws_row = (unsigned short)screen.rows,
		.ws_col = (unsigned short)screen.columns,
	});
}

static bool
do_run(const char *arg)
{
	struct winsize size = {
		.ws_row = (unsigned short)screen.rows,
		.ws_col = (unsigned short)screen.columns,
	};

	for (int r = 0; r < ROWS; r++)
		clear_cells(r, 0, COLUMNS);
	pid = forkpty(&fd, NULL, NULL, &size);
	if (pid == 0) {
		char *command;

		if (asprintf(&command, "exec %s", arg) > 0)
			execl("/bin/sh", "sh", "-c", command, NULL);
		_exit(127);
	}
	return pid > 0 && !tcgetattr(fd, &modes_before);
}

/* As a terminal does it: a key's bytes come at once, for who tells an Esc from a key by how long nothing follows. */
static bool
do_type(const char *arg)
{
	static const char names[] = "ernt\\", bytes[] = "\033\r\n\t\\";
	char keys[8192];
	size_t n = 0;

	for (const char *p = arg; *p && n < sizeof(keys); p++) {
		const char *name;
		unsigned hex;

		keys[n] = *p;
		if (*p == '\\' && p[1] == 'x' && sscanf(p + 2, "%2x", &hex) == 1) {
			keys[n] = (char)hex;
			p += 3;
		} else if (*p == '\\' && p[1] && (name = strchr(names, p[1]))) {
			keys[n] = bytes[name - names];
			p++;
		}
		n++;
	}
	return write(fd, keys, n) == (ssize_t)n;
}

static bool
do_signal(const char *arg)
{
	static const struct {
		const char *name;
		int sig;
	} signals[] = { { "INT", SIGINT }, { "TERM", SIGTERM }, { "HUP", SIGHUP }, { "ABRT", SIGABRT } };

	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		if (!strcmp(signals[i].name, arg))
			return !kill(pid, signals[i].sig);
	return false;
}

/* A file of the test's own home. */
static char *
home_path(const char *name, size_t n)
{
	char *path = NULL;

	if (asprintf(&path, "%s/%.*s", getenv("HOME"), (int)n, name) < 0)
		exit(99);
	return path;
}

static bool
do_file(const char *arg)
{
	const char *name = strchr(arg, ' ');
	struct stat st;
	bool found;
	char *path;

	if (!name)
		return false;
	path = home_path(name + 1, strlen(name + 1));
	found = !stat(path, &st) && (st.st_mode & 07777) == strtoul(arg, NULL, 8);
	free(path);
	return found;
}

/* Whether the file that is the first word contains the rest. */
static bool
file_contains(const char *arg)
{
	size_t n = strcspn(arg, " ");
	char *path = home_path(arg, n);
	static char bytes[1 << 20];
	FILE *f = fopen(path, "r");
	size_t size = f ? fread(bytes, 1, sizeof(bytes), f) : 0;

	if (f)
		fclose(f);
	free(path);
	return memmem(bytes, size, arg + n + 1, strlen(arg + n + 1));
}

/* Writes the rest into the file, or the fifo once somebody reads it, that is the first word. */
static bool
has_written(const char *arg)
{
	size_t n = strcspn(arg, " ");
	char *path = home_path(arg, n);
	int to = open(path, O_WRONLY | O_CREAT | O_NONBLOCK, 0600);
	bool done = to >= 0 && write(to, arg + n + 1, strlen(arg + n + 1)) >= 0;

	if (to >= 0)
		close(to);
	free(path);
	return done;
}

static bool
do_write(const char *arg)
{
	return wait_for(has_written, arg);
}

static bool
file_misses(const char *arg)
{
	char *path = home_path(arg, strcspn(arg, " "));
	bool there = !access(path, R_OK);

	free(path);
	return there && !file_contains(arg);
}

static bool
do_once(const char *arg)
{
	int n = 0;

	for (int r = 0; r < screen.rows; r++)
		n += strstr(row_text(r), arg) != NULL;
	return n == 1;
}

static const struct {
	const char *name;
	bool (*run)(const char *arg);
} commands[] = {
	{ "env", do_env }, { "size", do_size }, { "run", do_run }, { "type", do_type },
	{ "line", do_line }, { "column", do_column }, { "row", do_row }, { "has", do_has },
	{ "lacks", do_lacks }, { "styled", do_styled }, { "signal", do_signal }, { "modes", do_modes }, { "end", do_end },
	{ "file", do_file }, { "contains", file_contains }, { "misses", file_misses },
	{ "write", do_write }, { "once", do_once },
};

static bool
play(char *command)
{
	size_t n = strcspn(command, " ");
	const char *arg = command[n] ? command + n + 1 : "";

	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strlen(commands[i].name) == n && !strncmp(commands[i].name, command, n))
			return commands[i].run(arg);
	printf("# no such command\n");
	return false;
}

static void
show_failure(const char *script, int number, const char *command)
{
	printf("not ok %s\n# line %d: %s\n# the cursor is at row %d, column %d\n", script, number,
	       command, screen.row, screen.column);
	for (int r = 0; r < screen.rows; r++)
		if (*row_text(r))
			printf("# %2d|%s\n", r, row_text(r));
}

int
main(int argc, char **argv)
{
	FILE *f = argc == 2 ? fopen(argv[1], "r") : NULL;
	char command[8192];
	int number = 0, played = 0;

	if (!f) {
		fprintf(stderr, "usage: pty SCRIPT\n");
		return 2;
	}
	setlocale(LC_CTYPE, "C.UTF-8");
	while (fgets(command, sizeof(command), f)) {
		command[strcspn(command, "\n")] = '\0';
		number++;
		if (!*command || *command == '#')
			continue;
		played++;
		if (!play(command)) {
			show_failure(argv[1], number, command);
			if (pid > 0)
				kill(pid, SIGKILL);
			return 1;
		}
	}
	fclose(f);
	if (pid > 0)
		kill(pid, SIGKILL);
	if (!played || pid) {
		printf("not ok %s\n# it does not wait for the end\n", argv[1]);
		return 1;
	}
	printf("ok %s\n", argv[1]);
	return 0;
}
