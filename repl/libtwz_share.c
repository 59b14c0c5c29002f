/* include/twz/call.h: memory that large arguments can lie in without being copied. */
#include "monitor/monitor.h"
#include "repl/libtwz.h"
#include "repl/session.h"
#include "twz/call.h"

void *
twz_share(size_t n)
{
	struct twz_error *err = libtwz_begin();
	struct session *s = NULL;
	void *memory = NULL;

	if (libtwz_session(&s, err))
		memory = monitor_share(session_monitor(s), n, err);
	if (!memory)
		libtwz_fail();
	return memory;
}

int
twz_seal(void *memory)
{
	struct twz_error *err = libtwz_begin();
	struct session *s = NULL;

	return libtwz_session(&s, err) && monitor_seal(session_monitor(s), memory, err) ? 0 : libtwz_fail();
}

void
twz_unshare(void *memory)
{
	struct twz_error ignored = { 0 };
	struct session *s = NULL;

	if (libtwz_session(&s, &ignored))
		monitor_unshare(session_monitor(s), memory);
}
