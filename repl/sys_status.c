/* What the session did, and what holds its compartments. */
#include "repl/sys.h"

bool
sys_stats(const struct sys_request *r, struct twz_value *ret, struct twz_error *err)
{
	static const char *const names[] = { "compartments", "started", "calls", "faults",
					     "timeouts", "interrupted", "links", "restarts" };
	struct monitor_stats m;

	(void)err;
	monitor_stats(r->s->monitor, &m);
	*ret = SYS_RECORD(r, names, sys_count(m.compartments), sys_count(m.started), sys_count(m.calls),
			  sys_count(m.faults), sys_count(m.timeouts), sys_count(m.interrupted),
			  sys_count(m.links), sys_count(m.restarts));
	return true;
}

bool
sys_status(const struct sys_request *r, struct twz_value *ret, struct twz_error *err)
{
	static const char *const names[] = { "property", "active", "mechanism" };
	const struct monitor_property *properties;
	struct sys_rows rows = { NULL, 0 };
	size_t n;

	if (!monitor_status(r->s->monitor, r->arena, &properties, &n, err))
		return false;
	for (size_t i = 0; i < n; i++)
		SYS_ADD(r, &rows, names, sys_text(r, properties[i].name), twz_bool(properties[i].active),
			sys_text(r, properties[i].mechanism));
	*ret = sys_list(&rows);
	return true;
}
