/* How this session finds objects by their names. */
#include <string.h>

#include "repl/sys.h"
#include "twz/objid.h"

static const char usual[] = "naming::get";

const char *
sys_resolver_of(void *data, struct twz_arena *arena)
{
	struct session *s = data;

	WITH_LOCK(s);

	return s->resolver ? twz_strdup(arena, s->resolver) : usual;
}

/* From a text to an id, or to a Result of one. */
static bool
is_resolver(const struct twz_type *type)
{
	const struct twz_type *gives = type ? twz_returned(type) : NULL;
	const struct twz_member *ok = gives ? twz_result_ok(gives) : NULL;

	return gives && type->nmembers == 1 && twz_type_strip(type->members[0].type)->kind == TWZ_STRING &&
	       twz_is_objid(ok ? ok->type : gives);
}

static bool
check_resolver(const struct sys_request *r, const char *text, struct twz_error *err)
{
	const char *colons = strstr(text, "::");
	const struct twz_service *service;
	const struct twz_gate *gate;

	if (!colons)
		return twz_fail(err, TWZ_CLASS_NAME, TWZ_ERR(NAMING, INVALID_NAME),
				"'%s' is no gate: a resolver is SERVICE::GATE, as %s is", text, usual);
	if (!session_service(r->s, twz_strndup(r->arena, text, (size_t)(colons - text)), &service, err))
		return false;
	gate = twz_gate_find(service, colons + 2);
	if (!gate)
		return twz_fail(err, TWZ_CLASS_NAME, TWZ_ERR(NAMING, NOT_FOUND), "no gate '%s' in %s", colons + 2,
				service->name);
	return is_resolver(gate->type) ||
	       twz_fail(err, TWZ_CLASS_TYPE, TWZ_ERR(ARGUMENT, WRONG_TYPE),
			"%s is no resolver: one takes a text and gives an ObjID, or a Result of it", text);
}

bool
sys_resolver(const struct sys_request *r, struct twz_value *ret, struct twz_error *err)
{
	const char *text = sys_arg_text(r, 0);

	if (text && !check_resolver(r, text, err))
		return false;
	if (text) {
		WITH_LOCK(r->s);

		r->s->resolver = twz_strdup(&r->s->arena, text);
	}
	*ret = sys_text(r, sys_resolver_of(r->s, r->arena));
	return true;
}
