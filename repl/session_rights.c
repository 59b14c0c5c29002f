/*
 * By whom a session's calls are made, whether they may be, and the record of it.
 *
 * A gate that requires nothing passes here once, when it is bound. For one that requires a capability each
 * call is asked for, in the registry: what was taken back or has expired, by whichever process, is gone with the
 * next call. The answer is in the audit trail before the call begins; when it cannot be written there, the
 * call is not made.
 */
#include <string.h>

#include "registry/audit.h"
#include "repl/session_inner.h"
#include "twz/text.h"

enum { ARGS_MAX = 240, DEEPEST = 4 };

const char *
session_context(const struct session *s)
{
	return s->contexts[s->ncontexts];
}

bool
rights_are_asked(const struct twz_service *service, const struct twz_gate *gate)
{
	return *gate->requires || (sys_is_builtin(service) && !gate->readonly);
}

/* -- arguments, as text ------------------------------------------------------------------------ */

static void add_value(struct twz_text *text, const struct twz_value *v, int depth);

static void
add_integer(struct twz_text *text, const struct twz_value *v)
{
	const struct twz_type *type = v->type ? twz_type_strip(v->type) : NULL;
	const struct twz_member *e = type && type->kind == TWZ_ENUM ? twz_enumerator(type, v->integer) : NULL;
	char digits[48];

	if (type && type->kind == TWZ_POINTER) {
		twz_text_puts(text, "function");
		return;
	}
	twz_text_puts(text, e ? e->name : twz_wide_text(v->integer, digits));
}

static void
add_items(struct twz_text *text, const struct twz_value *v, int depth)
{
	for (size_t i = 0; i < v->list.n; i++) {
		if (i)
			twz_text_puts(text, ", ");
		if (v->kind == TWZ_VALUE_RECORD)
			twz_text_printf(text, "%s: ", v->list.names[i]);
		add_value(text, &v->list.items[i], depth + 1);
	}
}

static void
add_value(struct twz_text *text, const struct twz_value *v, int depth)
{
	char number[48];

	if (depth > DEEPEST) {
		twz_text_puts(text, "…");
		return;
	}
	switch (v->kind) {
	case TWZ_VALUE_UNIT:
	case TWZ_VALUE_NONE:
		twz_text_puts(text, v->kind == TWZ_VALUE_NONE ? "none" : "()");
		return;
	case TWZ_VALUE_BOOL:
		twz_text_puts(text, v->boolean ? "true" : "false");
		return;
	case TWZ_VALUE_INT:
		add_integer(text, v);
		return;
	case TWZ_VALUE_FLOAT:
		twz_text_puts(text, twz_float_text(v->real, 8, number));
		return;
	case TWZ_VALUE_STRING:
		for (size_t i = 0; i < v->string.n; i++)
			twz_text_byte(text, (unsigned char)v->string.text[i] < ' ' ||
					    v->string.text[i] == 0x7f ? '?' : v->string.text[i]);
		return;
	case TWZ_VALUE_LIST:
	case TWZ_VALUE_RECORD:
		twz_text_puts(text, v->kind == TWZ_VALUE_LIST ? "[" : "{");
		add_items(text, v, depth);
		twz_text_puts(text, v->kind == TWZ_VALUE_LIST ? "]" : "}");
		return;
	case TWZ_VALUE_OK:
	case TWZ_VALUE_ERR:
		add_items(text, v, depth);
		return;
	}
}

/* NAME=VALUE, …; what is secret is not looked at. */
static const char *
args_text(const struct rights_call *call, struct twz_arena *arena)
{
	const struct twz_type *type = call->gate->type;
	TWZ_TEXT text = { .limit = ARGS_MAX };
	size_t k = 0;

	for (uint32_t i = 0; call->args && i < type->nmembers && k < call->nargs; i++) {
		const struct twz_member *p = &type->members[i];
		const struct twz_value *v;

		if (call->plan && !twz_slot_given(&call->plan->slots[i]))
			continue;
		v = &call->args[k++];
		if (v->kind == TWZ_VALUE_NONE)
			continue;
		twz_text_printf(&text, "%s%s=", text.n ? ", " : "", p->name);
		if (p->secret)
			twz_text_puts(&text, "***");
		else
			add_value(&text, v, 0);
	}
	return twz_text_copy(arena, &text);
}

/* -- the session's calls ----------------------------------------------------------------------- */

bool
rights_begin(struct session *s, struct rights_call *call, struct twz_error *err)
{
	struct registry_audit row = { .caller = "" };
	struct twz_error why = { 0 };
	struct registry *reg;
	TWZ_ARENA arena = { 0 };

	row.what = twz_format(&arena, "%s::%s", call->service->name, call->gate->name);
	row.args = args_text(call, &arena);

	WITH_LOCK(s);

	if (!session_registry(s, &reg, err))
		return false;
	row.context = session_context(s);
	row.allowed = registry_may_call(reg, row.context, call->service, call->gate, &why);
	if (!row.allowed && why.cls != TWZ_CLASS_SECURITY) {
		*err = why;
		return false;
	}
	if (registry_audit_begin(reg, &row, &call->row, row.allowed ? err : NULL) && row.allowed)
		return true;
	if (!row.allowed)
		*err = why;
	return false;
}

void
rights_end(struct session *s, const struct rights_call *call, const struct twz_error *err,
	   const struct twz_value *ret)
{
	int status = err ? twz_class_status(err->cls) : ret && ret->kind == TWZ_VALUE_ERR;
	struct registry *reg;

	WITH_LOCK(s);

	/* The row is there without its end; the call's own outcome is what its caller has to hear. */
	if (session_registry(s, &reg, NULL))
		(void)!registry_audit_end(reg, call->row, status, NULL);
}

/* -- compartments' calls ----------------------------------------------------------------------- */

static bool
record(struct session *s, const struct monitor_who *who, const char *service, const char *gate, bool allowed,
       struct twz_error *err)
{
	TWZ_ARENA arena = { 0 };
	const struct registry_audit row = {
		.context = who->context, .caller = who->service, .compartment = who->compartment,
		.what = twz_format(&arena, "%s::%s", service, gate), .args = "", .allowed = allowed,
	};
	struct registry *reg;

	return session_registry(s, &reg, err) && registry_audit_begin(reg, &row, NULL, err);
}

/* The session's own calls are asked for one by one: rights_begin(). */
bool
rights_may_call(void *data, const struct monitor_who *who, const struct twz_service *service,
		const struct twz_gate *gate, struct twz_error *err)
{
	struct session *s = data;
	struct registry *reg;

	if (!*gate->requires || !who->compartment)
		return true;

	WITH_LOCK(s);

	if (!session_registry(s, &reg, err))
		return false;
	if (registry_may_call(reg, who->context, service, gate, err))
		return record(s, who, service->name, gate->name, true, err);
	(void)!record(s, who, service->name, gate->name, false, NULL);
	return false;
}

/* What is built in is for people: a compartment that asks for it gets nothing, whatever it holds. */
bool
rights_may_ask(void *data, const struct monitor_who *who, const char *service, const char *gate,
	       struct twz_error *err)
{
	struct session *s = data;

	if (!sys_builtin(service))
		return true;

	WITH_LOCK(s);

	(void)!record(s, who, service, gate, false, NULL);
	twz_fail(err, TWZ_CLASS_SECURITY, TWZ_ERR(SECURITY, GATE_DENIED),
		 "Failed to call %s in %s: Permission denied", gate, service);
	return twz_hint(err, "services cannot call the gates of %s", service);
}
