/*
 * usage: keeper COMMAND [ARG…] < SCRIPT
 *
 * Runs a command in a terminal and watches it and everything that it starts. Whatever loses its parent
 * becomes the keeper's child, so nothing can hide. The script's lines:
 *
 *	send TEXT	types a line at the command's next prompt ("twz> ")
 *	await TEXT	waits until the command has written a line that begins with TEXT
 *	close		types the end of input at its next prompt
 *	signal N	sends it a signal
 *	strike NAME	kills (SIGKILL) all processes of it that go by NAME, of which there must be some
 *	mark		prints how many descriptors it has open and how many processes it has started
 *			that still run, and remembers both
 *	again		waits until they are as many again
 *	sleep MS	lets it go on for so long
 *	quiet MS	waits until those and it have used no processor time to speak of for so long
 *	gone [MS]	waits until it and all of those have ended; prints "gone", or who is left
 *
 * Ends with status 1 when something does not happen within a minute, or in so long a time.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { WAIT_MS = 60000, LAST_MS = 5000, QUIET_NS = 2000000, MAX_PIDS = 4096 };

struct keeper {
	pid_t pid;
	int terminal;
	char *text;		/* what the command wrote since the last await */
	size_t n;
	size_t fds, processes;	/* when it was marked */
};

static int64_t
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void
sleep_ms(int64_t ms)
{
	struct timespec t = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };

	while (nanosleep(&t, &t) != 0 && errno == EINTR)
		;
}

static pid_t
parent_of(pid_t pid)
{
	char path[64], line[512];
	const char *rest;
	FILE *file;
	int parent = 0;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	file = fopen(path, "re");
	if (!file)
		return 0;
	/* "pid (name) state parent": the name may hold anything, but no more ')' follows it. */
	if (fgets(line, sizeof(line), file) && (rest = strrchr(line, ')')) &&
	    (rest[2] == 'Z' || sscanf(rest + 1, " %*c %d", &parent) != 1))
		parent = 0;
	fclose(file);
	return parent;
}

/* All living processes that descend from this one, in @pids; returns their number. */
static size_t
descendants(pid_t pids[MAX_PIDS])
{
	struct { pid_t pid, parent; } all[MAX_PIDS];
	size_t nall = 0, n = 0;
	DIR *proc = opendir("/proc");
	struct dirent *entry;

	while (proc && (entry = readdir(proc)) && nall < MAX_PIDS) {
		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		all[nall].pid = atoi(entry->d_name);
		all[nall].parent = parent_of(all[nall].pid);
		nall++;
	}
	if (proc)
		closedir(proc);
	for (size_t i = 0; i < nall; i++) {
		if (all[i].parent == getpid())
			pids[n++] = all[i].pid;
	}
	for (size_t i = 0; i < n; i++) {
		for (size_t j = 0; j < nall && n < MAX_PIDS; j++) {
			if (all[j].parent == pids[i])
				pids[n++] = all[j].pid;
		}
	}
	return n;
}

static uint64_t
cpu_ns(void)
{
	pid_t pids[MAX_PIDS];
	size_t n = descendants(pids);
	uint64_t total = 0;

	for (size_t i = 0; i < n; i++) {
		char path[64];
		unsigned long long ns = 0;
		FILE *file;

		snprintf(path, sizeof(path), "/proc/%d/schedstat", pids[i]);
		file = fopen(path, "re");
		if (file && fscanf(file, "%llu", &ns) == 1)
			total += ns;
		if (file)
			fclose(file);
	}
	return total;
}

static size_t
count_fds(pid_t pid)
{
	char path[64];
	size_t n = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	dir = opendir(path);
	while (dir && readdir(dir))
		n++;
	if (dir)
		closedir(dir);
	return n < 2 ? 0 : n - 2;
}

/* Reads what the command has written, for at most @ms; false at its end. */
static bool
take_output(struct keeper *k, int ms)
{
	struct pollfd ready = { .fd = k->terminal, .events = POLLIN };
	char bytes[4096];
	char *grown;
	ssize_t n;

	if (poll(&ready, 1, ms) <= 0)
		return true;
	n = read(k->terminal, bytes, sizeof(bytes));
	if (n <= 0)
		return false;
	grown = realloc(k->text, k->n + (size_t)n + 1);
	if (!grown)
		exit(99);
	k->text = grown;
	memcpy(k->text + k->n, bytes, (size_t)n);
	k->n += (size_t)n;
	k->text[k->n] = '\0';
	return true;
}

/* Whether a whole line begins with @text; forgets everything up to its end. */
static bool
seen(struct keeper *k, const char *text)
{
	char *line = k->text, *end;

	for (; line && (end = strchr(line, '\n')); line = end + 1) {
		if (strncmp(line, text, strlen(text)) != 0)
			continue;
		k->n -= (size_t)(end + 1 - k->text);
		memmove(k->text, end + 1, k->n + 1);
		return true;
	}
	return false;
}

static bool
await(struct keeper *k, const char *text)
{
	int64_t end = now_ms() + WAIT_MS;

	while (!seen(k, text)) {
		if (!take_output(k, 100) || now_ms() > end) {
			printf("no line '%s' after:\n%s", text, k->text ? k->text : "");
			return false;
		}
	}
	return true;
}

/* Types @keys once the command asks for input. */
static bool
type(struct keeper *k, const char *keys)
{
	static const char prompt[] = "twz> ";
	size_t size = sizeof(prompt) - 1;
	int64_t end = now_ms() + WAIT_MS;

	while (k->n < size || strcmp(k->text + k->n - size, prompt) != 0) {
		if (!take_output(k, 100) || now_ms() > end) {
			printf("no prompt after:\n%s", k->text ? k->text : "");
			return false;
		}
	}
	k->n = 0;
	k->text[0] = '\0';
	return write(k->terminal, keys, strlen(keys)) > 0;
}

static bool
await_gone(int64_t ms)
{
	int64_t end = now_ms() + ms;
	pid_t pids[MAX_PIDS];
	size_t n;

	while (now_ms() < end) {
		pid_t pid = waitpid(-1, NULL, WNOHANG);

		if (pid < 0 && errno == ECHILD) {
			printf("gone\n");
			return true;
		}
		if (pid == 0)
			sleep_ms(2);
	}
	n = descendants(pids);
	printf("%zu processes left\n", n);
	for (size_t i = 0; i < n; i++)
		kill(pids[i], SIGKILL);
	return false;
}

static bool
goes_by(pid_t pid, const char *name)
{
	char path[64], text[64] = "";
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	file = fopen(path, "re");
	if (!file)
		return false;
	if (fgets(text, sizeof(text), file))
		text[strcspn(text, "\n")] = '\0';
	fclose(file);
	return strcmp(text, name) == 0;
}

static bool
strike(const char *name)
{
	pid_t pids[MAX_PIDS];
	size_t n = descendants(pids), struck = 0;

	for (size_t i = 0; i < n; i++)
		struck += goes_by(pids[i], name) && kill(pids[i], SIGKILL) == 0;
	return struck > 0;
}

static bool
again(const struct keeper *k)
{
	int64_t end = now_ms() + WAIT_MS;
	pid_t pids[MAX_PIDS];
	size_t fds, processes;

	while (fds = count_fds(k->pid), processes = descendants(pids), fds != k->fds || processes != k->processes) {
		if (now_ms() > end) {
			printf("fds %zu, processes %zu; now fds %zu, processes %zu\n", k->fds, k->processes, fds, processes);
			return false;
		}
		sleep_ms(2);
	}
	return true;
}

/* Who ends takes the time that it used along: that was not quiet either. */
static bool
quiet(int64_t window_ms)
{
	int64_t end = now_ms() + WAIT_MS;
	uint64_t before, used;

	do {
		before = cpu_ns();
		sleep_ms(window_ms);
		used = cpu_ns() - before;
	} while (used >= QUIET_NS && now_ms() < end);
	if (used >= QUIET_NS)
		printf("%lld ns in %lld ms\n", (long long)used, (long long)window_ms);
	return used < QUIET_NS;
}

static bool
obey(struct keeper *k, char *line)
{
	char *rest = strchr(line, ' ');
	pid_t pids[MAX_PIDS];

	if (rest)
		*rest++ = '\0';
	if (strcmp(line, "send") == 0 && rest) {
		size_t n = strlen(rest);

		memcpy(rest + n, "\n", 2);
		return type(k, rest);
	}
	if (strcmp(line, "close") == 0)
		return type(k, "\004");
	if (strcmp(line, "await") == 0 && rest)
		return await(k, rest);
	if (strcmp(line, "signal") == 0 && rest)
		return kill(k->pid, atoi(rest)) == 0;
	if (strcmp(line, "strike") == 0 && rest)
		return strike(rest);
	if (strcmp(line, "quiet") == 0 && rest)
		return quiet(atoi(rest));
	if (strcmp(line, "again") == 0)
		return again(k);
	if (strcmp(line, "gone") == 0)
		return await_gone(rest ? atoi(rest) : WAIT_MS);
	if (strcmp(line, "sleep") == 0 && rest) {
		sleep_ms(atoi(rest));
	} else if (strcmp(line, "mark") == 0) {
		k->fds = count_fds(k->pid);
		k->processes = descendants(pids);
		printf("fds %zu, processes %zu\n", k->fds, k->processes);
	} else {
		return false;
	}
	return true;
}

int
main(int argc, char **argv)
{
	struct keeper k = { 0 };
	char line[4096] = "";

	if (argc < 2) {
		fprintf(stderr, "usage: keeper COMMAND [ARG…] < SCRIPT\n");
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	setvbuf(stdout, NULL, _IOLBF, 0);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	k.pid = forkpty(&k.terminal, NULL, NULL, NULL);
	if (k.pid < 0)
		return 99;
	if (k.pid == 0) {
		execvp(argv[1], argv + 1);
		_exit(127);
	}
	while (fgets(line, sizeof(line) - 1, stdin)) {
		line[strcspn(line, "\n")] = '\0';
		if (!obey(&k, line)) {
			printf("failed: %s\n", line);
			kill(k.pid, SIGKILL);
			await_gone(LAST_MS);
			free(k.text);
			return 1;
		}
	}
	free(k.text);
	return 0;
}
