/* What the session did, and what holds its compartments. */
#include <string.h>

#include "repl/sys.h"

bool
sys_stats(const struct sys_request *r, struct twz_value *ret, struct twz_error *err)
{
	static const char *const names[] = { "compartments", "started", "calls", "crossings", "faults",
					     "timeouts", "interrupted", "links", "restarts", "spares",
					     "spare_memory", "in_place" };
	struct monitor_stats m;

	(void)err;
	monitor_stats(r->s->monitor, &m);
	*ret = SYS_RECORD(r, names, sys_count(m.compartments), sys_count(m.started), sys_count(m.calls), sys_count(m.crossings),
			  sys_count(m.faults), sys_count(m.timeouts), sys_count(m.interrupted),
			  sys_count(m.links), sys_count(m.restarts), sys_count(m.spares),
			  sys_count(m.spare_memory), sys_count(m.in_place));
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

/* A list of records for the stack, so that a program need not read text. */
bool
sys_crash(const struct sys_request *r, struct twz_value *ret, struct twz_error *err)
{
	static const char *const names[] = { "gate", "fault", "signal", "status", "address", "frames" };
	static const char *const frame_names[] = { "function", "file", "line", "library", "address" };
	struct sys_rows rows = { NULL, 0 };
	struct crash_report c;
	const char *signal_name;

	if (!crash_last(r->s, r->arena, &c))
		return twz_fail(err, TWZ_CLASS_GATE, TWZ_ERR(NAMING, NOT_FOUND), "nothing has crashed");
	for (size_t i = 0; i < c.n; i++)
		SYS_ADD(r, &rows, frame_names, sys_text(r, c.frames[i].function),
			sys_text(r, c.frames[i].file), twz_int(&twz_type_u32, c.frames[i].line),
			sys_text(r, c.frames[i].library), sys_hex(r, c.frames[i].address));
	signal_name = c.signal ? sigabbrev_np(c.signal) : "";
	*ret = SYS_RECORD(r, names, sys_text(r, c.gate), sys_text(r, c.what), sys_text(r, signal_name),
			  twz_int(&twz_type_i32, c.status), sys_hex(r, c.address), sys_list(&rows));
	return true;
}
