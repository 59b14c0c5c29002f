/*
 * One file is worked on in this process, which writes as it goes. For several, each has a process of its
 * own, whose output goes to memory; two of them run at a time, and what the first has to say is copied
 * when it has ended, however long the second has been ready.
 */
#include "introspect/tool/tool_many.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "introspect/tool/tool_progress.h"

enum { AT_ONCE = 2, MOST_HINTS = 8 };

struct worker {
	pid_t pid;
	int out, err;			/* memory that its output goes to */
};

/* The last hints that were given. */
struct hints {
	char *lines[MOST_HINTS];
	size_t next;
};

static void
end_worker(struct worker *w)
{
	twz_closep(&w->out);
	twz_closep(&w->err);
	*w = (struct worker){ .out = -1, .err = -1 };
}

static bool
start(struct request *r, struct worker *w, const char *path, tool_each *each, void *data)
{
	w->out = memfd_create("twz-out", MFD_CLOEXEC);
	w->err = memfd_create("twz-err", MFD_CLOEXEC);
	fflush(NULL);
	w->pid = w->out < 0 || w->err < 0 ? -1 : fork();
	if (w->pid < 0) {
		fprintf(stderr, "%s: %s: cannot start a process: %s\n", tool_name, path, strerror(errno));
		end_worker(w);
		return false;
	}
	if (!w->pid) {
		int status = dup2(w->out, STDOUT_FILENO) < 0 || dup2(w->err, STDERR_FILENO) < 0;

		status = status ? 1 : each(r, path, data);
		tool_probe_end(r);
		fflush(NULL);
		_exit(status);
	}
	return true;
}

static void
copy(int from, FILE *to)
{
	char bytes[1 << 16];
	ssize_t n;

	if (lseek(from, 0, SEEK_SET) < 0)
		return;
	while ((n = read(from, bytes, sizeof(bytes))) > 0)
		if (fwrite(bytes, 1, (size_t)n, to) != (size_t)n)
			return;
}

/* Whether @line is a hint that was given before; remembers it when not. */
static bool
is_said(struct hints *hints, const char *line)
{
	if (strncmp(line, "  hint: ", 8))
		return false;
	for (size_t i = 0; i < MOST_HINTS && hints->lines[i]; i++)
		if (!strcmp(hints->lines[i], line))
			return true;
	free(hints->lines[hints->next]);
	hints->lines[hints->next] = strdup(line);
	hints->next = (hints->next + 1) % MOST_HINTS;
	return false;
}

/* A folder of a thousand files without debug information needs one hint, not a thousand. */
static void
copy_messages(int from, struct hints *hints)
{
	int fd = dup(from);
	FILE *in = lseek(from, 0, SEEK_SET) < 0 || fd < 0 ? NULL : fdopen(fd, "r");
	TWZ_FREE char *line = NULL;
	size_t size = 0;

	if (!in) {
		twz_closep(&fd);
		copy(from, stderr);
		return;
	}
	while (getline(&line, &size, in) > 0)
		if (!is_said(hints, line))
			fputs(line, stderr);
	fclose(in);
}

/* Waits for @w and hands on what it wrote. */
static int
finish(struct worker *w, struct hints *hints)
{
	int status;

	while (waitpid(w->pid, &status, 0) < 0)
		if (errno != EINTR)
			return 1;
	progress_clear();
	copy(w->out, stdout);
	fflush(stdout);
	copy_messages(w->err, hints);
	end_worker(w);
	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	signal(WTERMSIG(status), SIG_DFL);
	raise(WTERMSIG(status));
	return 1;
}

int
tool_many(struct request *r, const char *const *files, tool_each *each, void *data)
{
	struct worker workers[AT_ONCE] = { { .out = -1, .err = -1 }, { .out = -1, .err = -1 } };
	struct hints hints = { 0 };
	size_t n = 0, started = 0;
	int status = 0;

	while (files[n])
		n++;
	if (n == 1) {
		progress_step(files[0], 1, 1);
		status = each(r, files[0], data);
		progress_clear();
		return status;
	}
	for (size_t i = 0; i < n; i++) {
		for (; started < n && started < i + AT_ONCE; started++)
			if (!start(r, &workers[started % AT_ONCE], files[started], each, data))
				status = 1;
		progress_step(files[i], i + 1, n);
		if (workers[i % AT_ONCE].pid > 0)
			status |= finish(&workers[i % AT_ONCE], &hints);
	}
	for (size_t i = 0; i < MOST_HINTS; i++)
		free(hints.lines[i]);
	return tool_flush() ? status : 1;
}
