/* The compartments of this session, as the monitor has them: all, and one seen from close by. */
#include <string.h>

#include "repl/sys.h"

static const char *
level_name(enum twz_level level)
{
	return sys_type_level.members[level].name;
}

static struct twz_value
flags_of(const struct sys_request *r, uint32_t flags)
{
	const char *names[32];
	size_t n = 0;

	for (uint32_t i = 0; i < sys_type_flag.nmembers; i++)
		if (flags & 1U << i)
			names[n++] = sys_type_flag.members[i].name;
	return sys_texts(r, names, n);
}

bool
sys_compartments(const struct sys_request *r, struct twz_value *ret, struct twz_error *err)
{
	static const char *const names[] = { "id", "service", "state", "level", "mechanism", "pid",
					     "links", "calls", "faults", "restarts", "memory", "why" };
	const struct monitor_info *infos;
	size_t n = monitor_list(r->s->monitor, r->arena, &infos);
	struct sys_rows rows = { NULL, 0 };

	(void)err;
	for (size_t i = 0; i < n; i++) {
		const struct monitor_info *m = &infos[i];

		SYS_ADD(r, &rows, names, sys_hex(r, m->id.value), sys_text(r, m->service),
			sys_text(r, monitor_state_text(m->state)), sys_text(r, level_name(m->active)),
			sys_text(r, monitor_mechanism_text(m->mechanism)),
			twz_int(&twz_type_i32, m->pid), twz_int(&twz_type_u32, m->links),
			sys_count(m->calls), sys_count(m->faults), sys_count(m->restarts),
			sys_count(m->memory), sys_text(r, m->why));
	}
	*ret = sys_list(&rows);
	return true;
}

static struct twz_value
properties_of(const struct sys_request *r, const struct monitor_detail *details, size_t n)
{
	static const char *const names[] = { "property", "asked", "active", "mechanism" };
	struct sys_rows rows = { NULL, 0 };

	for (size_t i = 0; i < n; i++)
		SYS_ADD(r, &rows, names, sys_text(r, details[i].name), sys_text(r, details[i].asked),
			sys_text(r, details[i].active), sys_text(r, details[i].mechanism));
	return sys_list(&rows);
}

bool
sys_info(const struct sys_request *r, struct twz_value *ret, struct twz_error *err)
{
	static const char *const names[] = { "name", "id", "file", "state", "flags", "pid", "asked", "minimum",
					     "active", "mechanism", "why", "handlers", "properties" };
	const struct monitor_detail *details;
	const struct twz_service *service;
	struct monitor_info m;
	size_t n;

	if (!session_named(r->s, sys_arg_text(r, 0), &service, err) ||
	    !monitor_describe(r->s->monitor, service, r->arena, &m, &details, &n, err))
		return false;
	*ret = SYS_RECORD(r, names, sys_text(r, m.service), sys_hex(r, m.id.value),
			  sys_text(r, service->path), sys_text(r, monitor_state_text(m.state)),
			  flags_of(r, m.flags), twz_int(&twz_type_i32, m.pid),
			  sys_text(r, m.asks ? level_name(m.asked) : ""),
			  sys_text(r, level_name(m.minimum)), sys_text(r, level_name(m.active)),
			  sys_text(r, monitor_mechanism_text(m.mechanism)), sys_text(r, m.why),
			  sys_handlers_of(r, m.service), properties_of(r, details, n));
	return true;
}

bool
sys_libs(const struct sys_request *r, struct twz_value *ret, struct twz_error *err)
{
	static const char *const names[] = { "base", "file" };
	const struct monitor_library *libraries;
	const struct twz_service *service;
	struct sys_rows rows = { NULL, 0 };
	size_t n;

	if (!session_named(r->s, sys_arg_text(r, 0), &service, err) ||
	    !monitor_libraries(r->s->monitor, service, r->arena, &libraries, &n, err))
		return false;
	for (size_t i = 0; i < n; i++)
		SYS_ADD(r, &rows, names, sys_hex(r, libraries[i].base), sys_text(r, libraries[i].file));
	*ret = sys_list(&rows);
	return true;
}

bool
sys_symbol(const struct sys_request *r, struct twz_value *ret, struct twz_error *err)
{
	static const char *const names[] = { "address", "base", "offset", "library" };
	const struct twz_service *service;
	struct monitor_library library;
	uint64_t address;

	if (!session_named(r->s, sys_arg_text(r, 0), &service, err) ||
	    !monitor_symbol(r->s->monitor, service, sys_arg_text(r, 1), r->arena, &address, &library,
			    err))
		return false;
	*ret = SYS_RECORD(r, names, sys_hex(r, address), sys_hex(r, library.base),
			  sys_hex(r, address - library.base), sys_text(r, library.file));
	return true;
}

bool
sys_threads(const struct sys_request *r, struct twz_value *ret, struct twz_error *err)
{
	static const char *const names[] = { "id", "name", "state" };
	const struct monitor_thread_info *threads;
	const struct twz_service *service;
	struct sys_rows rows = { NULL, 0 };
	size_t n;

	if (!session_named(r->s, sys_arg_text(r, 0), &service, err) ||
	    !monitor_threads(r->s->monitor, service, r->arena, &threads, &n, err))
		return false;
	for (size_t i = 0; i < n; i++)
		SYS_ADD(r, &rows, names, twz_int(&twz_type_i32, threads[i].id),
			sys_text(r, threads[i].name), sys_text(r, threads[i].state));
	*ret = sys_list(&rows);
	return true;
}

bool
sys_deps(const struct sys_request *r, struct twz_value *ret, struct twz_error *err)
{
	static const char *const names[] = { "compartment", "relation", "links" };
	const struct monitor_dependency *all;
	const struct twz_service *service;
	struct sys_rows rows = { NULL, 0 };
	size_t n;

	if (!session_named(r->s, sys_arg_text(r, 0), &service, err) ||
	    !monitor_dependencies(r->s->monitor, service, r->arena, &all, &n, err))
		return false;
	for (size_t i = 0; i < n; i++)
		SYS_ADD(r, &rows, names, sys_text(r, all[i].service),
			sys_text(r, all[i].calls_it ? "calls" : "called_by"),
			twz_int(&twz_type_u32, all[i].links));
	*ret = sys_list(&rows);
	return true;
}
