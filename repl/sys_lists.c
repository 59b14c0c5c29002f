/* Lists of what there is to be called and what can go wrong: services, gates, error codes. */
#include <string.h>

#include "repl/sys.h"
#include "twz/typetext.h"

static const char *const service_names[] = { "name", "version", "gates", "path", "state", "doc" };

static uint64_t
count_gates(const struct twz_service *service)
{
	uint64_t n = 0;

	for (uint32_t i = 0; i < service->ngates; i++)
		n += service->gates[i].role == TWZ_ROLE_GATE && service->gates[i].has_record;
	return n;
}

static void
add_service(const struct sys_request *r, struct sys_rows *rows, const struct twz_service *s,
	    const char *state)
{
	SYS_ADD(r, rows, service_names, sys_text(r, s->name), sys_text(r, s->version),
		sys_count(count_gates(s)), sys_text(r, s->path), sys_text(r, state),
		sys_text(r, s->doc));
}

/* Files that are no services are listed, with the reason: whoever looks for one finds out why. */
bool
sys_services(const struct sys_request *r, struct twz_value *ret, struct twz_error *err)
{
	const struct registry_file *files;
	size_t n = session_files(r->s, r->arena, &files);
	struct sys_rows rows = { NULL, 0 };

	for (size_t i = 0; i < SYS_BUILTINS; i++)
		add_service(r, &rows, sys_builtins[i], "built in");
	for (size_t i = 0; i < n; i++) {
		const struct twz_service *service;
		struct twz_error why = { 0 };

		if (session_service(r->s, files[i].name, &service, &why)) {
			add_service(r, &rows, service, service->partial ? "partly known" : "ready");
			continue;
		}
		if (why.cls == TWZ_CLASS_INTERRUPTED) {
			if (err)
				*err = why;
			return false;
		}
		SYS_ADD(r, &rows, service_names, sys_text(r, files[i].name), sys_text(r, ""),
			sys_count(0), sys_text(r, files[i].path), sys_text(r, why.text),
			sys_text(r, ""));
	}
	*ret = sys_list(&rows);
	return true;
}

static const char *const gate_names[] = { "service", "name", "signature", "doc" };

static void
add_gates(const struct sys_request *r, struct sys_rows *rows, const struct twz_service *s)
{
	for (uint32_t i = 0; i < s->ngates; i++) {
		const struct twz_gate *g = &s->gates[i];

		if (g->role != TWZ_ROLE_GATE || !g->has_record)
			continue;
		SYS_ADD(r, rows, gate_names, sys_text(r, s->name), sys_text(r, g->name),
			sys_text(r, g->type ? twz_signature_text(r->arena, g) : g->why),
			sys_text(r, g->doc));
	}
}

bool
sys_gates(const struct sys_request *r, struct twz_value *ret, struct twz_error *err)
{
	const char *name = sys_arg_text(r, 0);
	const struct registry_file *files;
	const struct twz_service *service;
	struct sys_rows rows = { NULL, 0 };
	size_t n;

	if (name) {
		if (!session_service(r->s, name, &service, err))
			return false;
		add_gates(r, &rows, service);
		*ret = sys_list(&rows);
		return true;
	}
	n = session_files(r->s, r->arena, &files);
	for (size_t i = 0; i < n; i++) {
		struct twz_error why = { 0 };

		if (session_service(r->s, files[i].name, &service, &why))
			add_gates(r, &rows, service);
		else if (why.cls == TWZ_CLASS_INTERRUPTED) {
			if (err)
				*err = why;
			return false;
		}
	}
	for (size_t i = 0; i < SYS_BUILTINS; i++)
		add_gates(r, &rows, sys_builtins[i]);
	*ret = sys_list(&rows);
	return true;
}

bool
sys_errors(const struct sys_request *r, struct twz_value *ret, struct twz_error *err)
{
	static const char *const names[] = { "category", "code", "name", "text", "value" };
	struct sys_rows rows = { NULL, 0 };
	const struct twz_code *codes;
	size_t n;

	(void)err;
	codes = twz_codes(&n);
	for (size_t i = 0; i < n; i++)
		SYS_ADD(r, &rows, names, sys_text(r, codes[i].category),
		    twz_int(&twz_type_u32, (twz_wide)(uint32_t)codes[i].code),
		    sys_text(r, codes[i].name), sys_text(r, codes[i].text), sys_hex(r, codes[i].code));
	*ret = sys_list(&rows);
	return true;
}
