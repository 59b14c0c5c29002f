/*
 * Handlers: gates that answer the calls of other compartments' gates. Whom they are for and what they mean
 * stands in monitor/handlers.h; here is who may say so: the owner, and who holds the capability 'interpose' for
 * sys, or for the compartment whose calls are to be answered.
 */
#include <string.h>

#include "monitor/handlers.h"
#include "repl/sys.h"
#include "twz/nearest.h"

static const char *const system_calls[] = {
#include "repl_system_calls.h"
};

static bool
holds(struct session *s, struct registry *reg, const struct twz_service *service)
{
	const struct twz_gate wanted = { .name = "interpose", .requires = "interpose", .index = UINT16_MAX };
	struct twz_error ignored = { 0 };

	return registry_may_call(reg, session_context(s), service, &wanted, &ignored);
}

static bool
may_interpose(struct session *s, const struct twz_service *service, const char *what, struct twz_error *err)
{
	struct registry *reg;

	WITH_LOCK(s);

	if (!session_registry(s, &reg, err))
		return false;
	if (holds(s, reg, &sys_service) || holds(s, reg, service))
		return true;
	twz_fail(err, TWZ_CLASS_SECURITY, TWZ_ERR(GENERIC, ACCESS_DENIED),
		 "Failed to call %s in sys: Permission denied", what);
	return twz_hint(err, "the context '%s' needs the capability 'interpose' for sys or for %s", session_context(s),
			service->name);
}

static bool
is_system_call(const char *name)
{
	for (size_t i = 0; i < TWZ_COUNT(system_calls); i++)
		if (!strcmp(name, system_calls[i]))
			return true;
	return *name && !name[strspn(name, "0123456789")];
}

static bool
find_gate(const struct twz_service *service, const char *name, const struct twz_gate **ret, struct twz_error *err)
{
	TWZ_ARENA arena = { 0 };
	const char **names = twz_new_array(&arena, service->ngates, const char *), *near;

	*ret = twz_gate_find(service, name);
	if (*ret)
		return true;
	if (is_system_call(name)) {
		twz_fail(err, TWZ_CLASS_LINK, TWZ_ERR(GENERIC, NOT_SUPPORTED),
			 "%s is no gate of %s but a system call, and these cannot have handlers", name, service->name);
		return twz_hint(err, "the calls that can are listed by: sys::gates %s", service->name);
	}
	for (uint32_t i = 0; i < service->ngates; i++)
		names[i] = service->gates[i].name;
	twz_fail(err, TWZ_CLASS_NAME, TWZ_ERR(NAMING, NOT_FOUND), "no gate '%s' in %s", name, service->name);
	near = twz_nearest(name, names, service->ngates);
	return near ? twz_hint(err, "did you mean %s?", near) : false;
}

/* "SERVICE::GATE" for one gate; "SERVICE" for all of them. */
static bool
find_handler(const struct sys_request *r, const char *text, struct monitor_handler *h, struct twz_error *err)
{
	const char *colons = NULL;

	for (const char *at = text; (at = strstr(at, "::")); at += 2)
		colons = at;	/* the last: services may be called so too */
	if (!h->gate) {
		if (!colons || session_named(r->s, text, &h->by, err))
			return session_callable(r->s, text, &h->by, err);
		*err = (struct twz_error){ 0 };
		twz_fail(err, TWZ_CLASS_TYPE, TWZ_ERR(ARGUMENT, INVALID_ARGUMENT),
			 "'%s' is one gate: all can only have one handler each", text);
		return twz_hint(err, "name a service: those of its gates become handlers that have the name and the type "
				"of one of %s's", h->service->name);
	}
	if (!colons) {
		twz_fail(err, TWZ_CLASS_TYPE, TWZ_ERR(ARGUMENT, INVALID_ARGUMENT), "'%s' is no gate", text);
		return twz_hint(err, "name the handler as SERVICE::GATE");
	}
	return session_callable(r->s, twz_strndup(r->arena, text, (size_t)(colons - text)), &h->by, err) &&
	       find_gate(h->by, colons + 2, &h->by_gate, err);
}

bool
sys_interpose(const struct sys_request *r, struct twz_value *ret, struct twz_error *err)
{
	struct monitor_handler h = { .required = sys_arg_flag(r, 3) };
	const char *gate = sys_arg_text(r, 1);
	uint32_t n;

	(void)ret;
	return session_callable(r->s, sys_arg_text(r, 0), &h.service, err) &&
	       may_interpose(r->s, h.service, "interpose", err) &&
	       (!strcmp(gate, "*") || find_gate(h.service, gate, &h.gate, err)) &&
	       find_handler(r, sys_arg_text(r, 2), &h, err) && monitor_interpose(r->s->monitor, &h, &n, err);
}

bool
sys_uninterpose(const struct sys_request *r, struct twz_value *ret, struct twz_error *err)
{
	const char *name = sys_arg_text(r, 1);
	const struct twz_gate *gate = NULL;
	const struct twz_service *service;

	(void)ret;
	return session_callable(r->s, sys_arg_text(r, 0), &service, err) &&
	       may_interpose(r->s, service, "uninterpose", err) &&
	       (!strcmp(name, "*") || find_gate(service, name, &gate, err)) &&
	       monitor_uninterpose(r->s->monitor, service, gate, err);
}

bool
sys_copy_handlers(const struct sys_request *r, struct twz_value *ret, struct twz_error *err)
{
	const struct twz_service *from, *to;
	uint32_t n;

	if (!session_callable(r->s, sys_arg_text(r, 0), &from, err) ||
	    !session_callable(r->s, sys_arg_text(r, 1), &to, err) ||
	    !may_interpose(r->s, to, "copy_handlers", err) ||
	    !monitor_copy_handlers(r->s->monitor, from, to, &n, err))
		return false;
	*ret = twz_int(&twz_type_i64, n);
	return true;
}

bool
sys_handlers(const struct sys_request *r, struct twz_value *ret, struct twz_error *err)
{
	static const char *const names[] = { "compartment", "gate", "handler", "in_use", "all", "required", "state",
					     "answered" };
	const char *only = sys_arg_text(r, 0);
	const struct monitor_handler *all;
	size_t n = monitor_handlers(r->s->monitor, r->arena, &all);
	struct sys_rows rows = { NULL, 0 };

	(void)err;
	for (size_t i = 0; i < n; i++) {
		const struct monitor_handler *h = &all[i];

		if (only && strcmp(only, h->service->name) != 0)
			continue;
		SYS_ADD(r, &rows, names, sys_text(r, h->service->name), sys_text(r, h->gate->name),
			sys_text(r, twz_format(r->arena, "%s::%s", h->by->name, h->by_gate->name)),
			twz_bool(h->in_use), twz_bool(h->any), twz_bool(h->required), sys_text(r, h->state),
			sys_count(h->answered));
	}
	*ret = sys_list(&rows);
	return true;
}

/* "add: grate::add", … */
struct twz_value
sys_handlers_of(const struct sys_request *r, const char *compartment)
{
	const struct monitor_handler *all;
	size_t n = monitor_handlers(r->s->monitor, r->arena, &all), k = 0;
	const char **texts = twz_new_array(r->arena, n, const char *);

	for (size_t i = 0; i < n; i++)
		if (all[i].in_use && !strcmp(compartment, all[i].service->name))
			texts[k++] = twz_format(r->arena, "%s: %s::%s", all[i].gate->name, all[i].by->name,
						all[i].by_gate->name);
	return sys_texts(r, texts, k);
}
