/*
 * What ended sessions have called, a row for each session and gate: a file beside the registry's, NAME.calls,
 * for its user alone.
 *
 * A session writes its rows when it ends, all with one write at the end of the file, so that sessions that end at
 * once do not wait for each other and nobody waits for a disk. One that is killed writes none. When the file is
 * large it becomes NAME.calls.old, in place of the one before: between one and two times CALLS_FILE_MAX is kept.
 */
#pragma once

#include "monitor/monitor.h"
#include "twz/arena.h"

enum { CALLS_FILE_MAX = 2 << 20, CALLS_GATES_MAX = 1000 };

/* A session, as its rows name it. No text of it is anything that was typed. */
struct calls_session {
	int64_t id;		/* of no other session on this machine */
	int64_t began, ended;	/* milliseconds since 1970 */
	int status;		/* as a program's */
	const char *context;
	const char *script;	/* path; "-c", "call", "-" (standard input) or "prompt" */
};

struct calls_row {
	struct calls_session session;
	const char *service, *gate;
	struct monitor_calls counts;	/* but for service and gate */
};

/** Adds @n rows for the registry at @path. Nothing that goes wrong is told: it is not what anybody waits for. */
void calls_file_add(const char *path, const struct calls_session *session, const struct monitor_calls *rows, size_t n);
/** What is there, the newest first, in @arena. What makes no sense is left out. */
size_t calls_file_read(const char *path, struct twz_arena *arena, const struct calls_row **ret);
