/* The compartments of this session, as the monitor has them. */
#include <string.h>

#include "repl/sys.h"

bool
sys_compartments(const struct sys_request *r, struct twz_value *ret, struct twz_error *err)
{
	static const char *const names[] = { "id", "service", "state", "pid", "links", "calls",
					     "faults", "restarts", "why" };
	const struct monitor_info *infos;
	size_t n = monitor_list(r->s->monitor, r->arena, &infos);
	struct sys_rows rows = { NULL, 0 };

	(void)err;
	for (size_t i = 0; i < n; i++) {
		const struct monitor_info *m = &infos[i];

		SYS_ADD(r, &rows, names, sys_hex(r, m->id.value), sys_text(r, m->service),
		    sys_text(r, monitor_state_text(m->state)), twz_int(&twz_type_i32, m->pid),
		    twz_int(&twz_type_u32, m->links), sys_count(m->calls), sys_count(m->faults),
		    sys_count(m->restarts), sys_text(r, m->why));
	}
	*ret = sys_list(&rows);
	return true;
}
