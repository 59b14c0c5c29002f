/*
 * The service naming: names of objects, which stay from session to session. As those of sys its gates are
 * functions of this program; what changes a name requires the capability of the gate's name.
 */
#include <string.h>

#include "registry/objects.h"
#include "repl/sys.h"

enum { LISTED = 1000 };

#define NAMING_GATES(X) \
	X(put, void, false, "Names an object, in a namespace that is there", \
	  SYS_TEXT("path"), { .name = "id", .type = &twz_type_objid }, SYS_TEXT("kind", .optional = true)) \
	X(get, objid, true, "Gives the object of this name", SYS_TEXT("path")) \
	X(list, records, true, "Lists a namespace: the whole root, or count names behind the first skip", \
	  SYS_TEXT("path", .optional = true), SYS_NUMBER("skip", .optional = true), \
	  SYS_NUMBER("count", .optional = true)) \
	X(remove, void, false, "Removes a name; a namespace must be empty", SYS_TEXT("path")) \
	X(rename, void, false, "Moves a name, and all that is in it, to one that is free", \
	  SYS_TEXT("path"), SYS_TEXT("to")) \
	X(mkns, void, false, "Makes a namespace", SYS_TEXT("path")) \
	X(implements, bool, true, "Says whether some name of the object says that it is of this kind", \
	  { .name = "id", .type = &twz_type_objid }, SYS_TEXT("kind"))

#define X(gate, ...) static sys_gate naming_##gate;
NAMING_GATES(X)
#undef X

static twz_id
id_of(const struct sys_request *r, size_t i)
{
	const struct twz_value *v = sys_arg(r, i);
	twz_id id = 0;

	if (v)
		(void)twz_id_of(v, &id);
	return id;
}

static bool
naming_put(const struct sys_request *r, struct twz_value *ret, struct twz_error *err)
{
	const char *kind = sys_arg_text(r, 2);
	const struct registry_object object = { .path = sys_arg_text(r, 0), .id = id_of(r, 1),
						.kind = kind ? kind : "" };
	struct registry *reg;

	(void)ret;
	WITH_LOCK(r->s);

	return session_registry(r->s, &reg, err) && registry_object_put(reg, &object, err);
}

static bool
naming_get(const struct sys_request *r, struct twz_value *ret, struct twz_error *err)
{
	struct registry_object object;
	struct registry *reg;

	WITH_LOCK(r->s);

	if (!session_registry(r->s, &reg, err) ||
	    !registry_object_get(reg, sys_arg_text(r, 0), r->arena, &object, err))
		return false;
	*ret = twz_id_value(r->arena, &twz_type_objid, object.id);
	return true;
}

static bool
naming_list(const struct sys_request *r, struct twz_value *ret, struct twz_error *err)
{
	static const char *const names[] = { "name", "id", "kind" };
	const char *path = sys_arg_text(r, 0);
	const struct registry_object *all;
	struct sys_rows rows = { NULL, 0 };
	struct registry *reg;
	size_t n;

	WITH_LOCK(r->s);

	if (!session_registry(r->s, &reg, err) ||
	    !registry_object_list(reg, path ? path : "/", sys_arg_number(r, 1, 0),
				  sys_arg_number(r, 2, LISTED), r->arena, &all, &n, err))
		return false;
	for (size_t i = 0; i < n; i++) {
		const struct twz_value none = { .kind = TWZ_VALUE_NONE };

		SYS_ADD(r, &rows, names, sys_text(r, strrchr(all[i].path, '/') + 1),
			all[i].is_namespace ? none : twz_id_value(r->arena, &twz_type_objid, all[i].id),
			sys_text(r, all[i].is_namespace ? "namespace" : all[i].kind));
	}
	*ret = sys_list(&rows);
	return true;
}

static bool
naming_remove(const struct sys_request *r, struct twz_value *ret, struct twz_error *err)
{
	struct registry *reg;

	(void)ret;
	WITH_LOCK(r->s);

	return session_registry(r->s, &reg, err) && registry_object_remove(reg, sys_arg_text(r, 0), err);
}

static bool
naming_rename(const struct sys_request *r, struct twz_value *ret, struct twz_error *err)
{
	struct registry *reg;

	(void)ret;
	WITH_LOCK(r->s);

	return session_registry(r->s, &reg, err) &&
	       registry_object_rename(reg, sys_arg_text(r, 0), sys_arg_text(r, 1), err);
}

static bool
naming_mkns(const struct sys_request *r, struct twz_value *ret, struct twz_error *err)
{
	const struct registry_object space = { .path = sys_arg_text(r, 0), .is_namespace = true, .kind = "" };
	struct registry *reg;

	(void)ret;
	WITH_LOCK(r->s);

	return session_registry(r->s, &reg, err) && registry_object_put(reg, &space, err);
}

static bool
naming_implements(const struct sys_request *r, struct twz_value *ret, struct twz_error *err)
{
	struct registry *reg;
	bool does;

	WITH_LOCK(r->s);

	if (!session_registry(r->s, &reg, err) ||
	    !registry_object_implements(reg, id_of(r, 0), sys_arg_text(r, 1), &does, err))
		return false;
	*ret = twz_bool(does);
	return true;
}

/* -- the table --------------------------------------------------------------------------------- */

static const struct twz_type type_records = { .kind = TWZ_LIST, .name = "", .target = &twz_type_record };

#define RESULT_void &twz_type_void
#define RESULT_bool &twz_type_bool
#define RESULT_objid &twz_type_objid
#define RESULT_records &type_records

#define X(gate, result, looks, sentence, ...) \
	static const struct twz_member gate##_params[] = { __VA_ARGS__ }; \
	static const struct twz_type gate##_type = { \
		.kind = TWZ_FUNC, .is_prototyped = true, .name = "", .target = RESULT_##result, \
		.members = gate##_params, .nmembers = TWZ_COUNT(gate##_params), \
	};
NAMING_GATES(X)
#undef X

enum {
#define X(gate, ...) INDEX_##gate,
	NAMING_GATES(X)
#undef X
};

static const struct twz_gate gates[] = {
#define X(gate, result, looks, sentence, ...) \
	{ .name = #gate, .symbol = "naming_" #gate, .doc = sentence, .requires = looks ? "" : #gate, \
	  .converts = "", .index = INDEX_##gate, .role = TWZ_ROLE_GATE, .readonly = looks, .has_record = true, \
	  .type = &gate##_type, .how = "built in", .verdict = TWZ_VERDICT_CALLABLE, .why = "" },
	NAMING_GATES(X)
#undef X
};

static sys_gate *const functions[] = {
#define X(gate, ...) naming_##gate,
	NAMING_GATES(X)
#undef X
};

const struct twz_service naming_service = {
	.name = "naming", .version = TWZ_VERSION, .doc = "Names of objects", .path = "",
	.gates = gates, .ngates = TWZ_COUNT(gates),
};

bool
naming_call(const struct sys_request *r, const struct twz_gate *gate, struct twz_value *ret,
	    struct twz_error *err)
{
	return functions[gate->index](r, ret, err);
}
