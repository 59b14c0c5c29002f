/* What a session has called is written down when it ends: sql "select … from calls" shows it in later ones. */
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "repl/session_calls_file.h"
#include "repl/session_inner.h"

static int64_t
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

void
session_began(struct session *s, const char *script)
{
	s->began_ms = now_ms();
	s->script = script;
}

const char *
session_calls_path(struct session *s, struct twz_arena *arena)
{
	struct twz_error ignored = { 0 };
	const char *path = s->registry_path;

	return path || registry_path(arena, &path, &ignored) ? path : NULL;
}

void
session_ended(struct session *s, int status)
{
	struct calls_session own = { .id = s->began_ms << 22 | ((int64_t)getpid() & 0x3fffff), .began = s->began_ms,
				     .ended = now_ms(), .status = status, .script = s->script };
	const struct monitor_calls *rows;
	TWZ_ARENA arena = { 0 };
	size_t n = s->script ? monitor_calls(s->monitor, &arena, &rows) : 0;
	const char *path = n ? session_calls_path(s, &arena) : NULL;

	if (!path)
		return;

	WITH_LOCK(s);

	own.context = session_context(s);
	calls_file_add(path, &own, rows, n);
}
