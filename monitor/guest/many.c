/* twz_invoke_many(), for both sorts of guests: one by one, because each asks on the thread that it runs on. */
#include <stdio.h>

#include <twz/call.h>

#include "monitor/guest/guest.h"
#include "twz/error.h"

size_t
twz_invoke_many(struct twz_call *calls, size_t n)
{
	struct twz_failure first = { 0 };
	struct twz_error kept = { 0 };
	size_t failed = 0;

	for (size_t i = 0; i < n; i++) {
		calls[i].code = 0;
		if (!twz_invoke(calls[i].stub, calls[i].words, calls[i].ret))
			continue;
		calls[i].code = twz_failed()->code ? twz_failed()->code : TWZ_ERR(GENERIC, OTHER);
		if (failed++)
			continue;
		first = *twz_failed();
		snprintf(kept.text, sizeof(kept.text), "%s", first.text);
	}
	if (failed)
		nested_fail_as(&first, kept.text);
	else
		twz_forget();
	return failed;
}
