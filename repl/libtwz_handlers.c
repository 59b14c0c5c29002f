/* include/twz/call.h: handlers. A program says by the gates of sys who answers for whom, as people do. */
#include <string.h>

#include "repl/libtwz.h"
#include "repl/session_inner.h"
#include "repl/sys.h"
#include "twz/call.h"

static int
call_sys(const char *name, const char *const *texts, size_t n, int required)
{
	const struct twz_gate *gate = twz_gate_find(&sys_service, name);
	struct twz_error *err = libtwz_begin();
	struct twz_value args[4], ret;
	struct session *s = NULL;
	TWZ_ARENA arena = { 0 };

	for (size_t i = 0; i < n; i++)
		args[i] = twz_cstring(&arena, texts[i] ? texts[i] : "");
	args[n] = twz_bool(required != 0);
	return libtwz_session(&s, err) &&
	       session_host_call(s, &sys_service, gate, args, gate->type->nmembers, libtwz_timeout(), &arena, &ret, err)
		       ? 0 : libtwz_fail();
}

int
twz_interpose(const char *compartment, const char *gate, const char *handler, int required)
{
	return call_sys("interpose", (const char *const[]){ compartment, gate, handler }, 3, required);
}

int
twz_uninterpose(const char *compartment, const char *gate)
{
	return call_sys("uninterpose", (const char *const[]){ compartment, gate }, 2, 0);
}

/* Programs answer nobody's calls, and neither do services that they have loaded at level none. */
int
twz_forward(const uint64_t *words, size_t nwords, void *ret, size_t ret_size)
{
	struct twz_error *err = libtwz_begin();

	(void)words, (void)nwords;
	if (ret)
		memset(ret, 0, ret_size);
	twz_fail(err, TWZ_CLASS_LINK, TWZ_ERR(GENERIC, NO_SUCH_OPERATION),
		 "only a call that is answered as a handler can be passed on");
	return libtwz_fail();
}

int
twz_refuse(void)
{
	return -1;
}
