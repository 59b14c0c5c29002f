/* counter: state that lives in a compartment, shared by all who call, and who they are. */
#include <stdatomic.h>
#include <stdio.h>
#include <twz/gate.h>

TWZ_SERVICE("counter", "1.0", "Counts calls");

static _Atomic uint64_t count;
static _Thread_local uint64_t own_count;

TWZ_GATE(uint64_t, inc, (void), TWZ_DOC("Counts this call and says which one it was"))
{
	own_count++;
	return atomic_fetch_add(&count, 1) + 1;
}

TWZ_GATE(uint64_t, get, (void), TWZ_DOC("How many calls were counted"), TWZ_READONLY)
{
	return atomic_load(&count);
}

TWZ_GATE(uint64_t, get_own, (void), TWZ_DOC("How many of them the calling thread made"), TWZ_READONLY)
{
	return own_count;
}

TWZ_GATE(void, reset, (void), TWZ_DOC("Begins again at 0"))
{
	atomic_store(&count, 0);
}

struct Caller {
	uint64_t thread;
	uint64_t compartment;
	char context[32];
};

enum CallerError { NoCaller = 1 };
TWZ_ERROR_TEXT(NoCaller, "Called by nobody");

TWZ_RESULT(caller_result, struct Caller, enum CallerError);

TWZ_GATE(struct caller_result, who_called, (void), TWZ_DOC("Who the monitor says is calling"),
	 TWZ_READONLY)
{
	const struct twz_caller *from = twz_caller ? twz_caller() : NULL;
	struct Caller who = { 0 };

	if (!from)
		return caller_result_err(NoCaller);
	who.thread = from->thread;
	who.compartment = from->compartment;
	snprintf(who.context, sizeof(who.context), "%s", from->context);
	return caller_result_ok(who);
}
