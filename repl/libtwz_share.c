/* include/twz/call.h and gate.h: memory that large arguments can lie in without being copied, or that is lent. */
#include <errno.h>
#include <twz/gate.h>

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

__attribute__((visibility("default"))) void *
twz_lend(size_t n, ObjID *id)
{
	struct twz_error ignored = { 0 };
	struct session *s = NULL;
	uint64_t number[2] = { 0, 0 };
	void *memory = NULL;

	if (libtwz_session(&s, &ignored))
		memory = monitor_lend(session_monitor(s), n, number, &ignored);
	errno = ENOMEM;
	*id = (ObjID){ number[0], number[1] };
	return memory;
}

__attribute__((visibility("default"))) const void *
twz_borrow(ObjID id, size_t *n)
{
	const uint64_t number[2] = { id.twz_low, id.twz_high };
	struct twz_error ignored = { 0 };
	struct session *s = NULL;
	const void *memory = NULL;

	if (libtwz_session(&s, &ignored))
		memory = monitor_borrow(session_monitor(s), number, n, &ignored);
	errno = ENOENT;
	return memory;
}

__attribute__((visibility("default"))) void
twz_give_back(const void *memory)
{
	struct twz_error ignored = { 0 };
	struct session *s = NULL;

	if (libtwz_session(&s, &ignored))
		monitor_give_back(session_monitor(s), memory);
}
