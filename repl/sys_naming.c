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
	X(link, void, false, "Makes a name stand for another path, which need not be there", \
	  SYS_TEXT("path"), SYS_TEXT("to")) \
	X(change_namespace, text, true, "Names the namespace that paths without '/' at their beginning are in; goes to another", \
	  SYS_TEXT("path", .optional = true)) \
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

/* With the lock held: the path, from the session's namespace on when it does not begin with '/'. */
static const char *
path_of(const struct sys_request *r, size_t i)
{
	const char *path = sys_arg_text(r, i), *here = r->s->naming_at;

	if (!path)
		return here ? here : "/";
	return *path == '/' || !here || !strcmp(path, ".") ? path : twz_format(r->arena, "%s/%s", here, path);
}

static bool
put(const struct sys_request *r, const struct registry_object *object, struct twz_error *err)
{
	struct registry *reg;

	return session_registry(r->s, &reg, err) && registry_object_put(reg, object, err);
}

static bool
naming_put(const struct sys_request *r, struct twz_value *ret, struct twz_error *err)
{
	const char *kind = sys_arg_text(r, 2);

	(void)ret;
	WITH_LOCK(r->s);

	return put(r, &(struct registry_object){ .path = path_of(r, 0), .id = id_of(r, 1), .kind = kind ? kind : "" },
		   err);
}

static bool
naming_mkns(const struct sys_request *r, struct twz_value *ret, struct twz_error *err)
{
	(void)ret;
	WITH_LOCK(r->s);

	return put(r, &(struct registry_object){ .path = path_of(r, 0), .is_namespace = true, .kind = "" }, err);
}

static bool
naming_link(const struct sys_request *r, struct twz_value *ret, struct twz_error *err)
{
	(void)ret;
	WITH_LOCK(r->s);

	return put(r, &(struct registry_object){ .path = path_of(r, 0), .target = path_of(r, 1), .kind = "" }, err);
}

/* -- what is built in: the services that there are, by the build-ids of their files -------------------- */

static struct twz_value
id_of_service(const struct sys_request *r, const struct twz_service *service)
{
	twz_id id = 0;

	for (uint32_t i = 0; i < service->build_id_size && i < sizeof(id); i++)
		id = id << 8 | service->build_id[i];
	return twz_id_value(r->arena, &twz_type_objid, id);
}

/* Without the lock: a service may have to be looked at first. */
static bool
built_in_get(const struct sys_request *r, const char *path, struct twz_value *ret, struct twz_error *err)
{
	const char *name = path + strlen(REGISTRY_BUILT_IN);
	const struct twz_service *service;

	if (!*name)
		return twz_fail(err, TWZ_CLASS_GATE, TWZ_ERR(NAMING, WRONG_NAME_KIND),
				"%s: a namespace, no object", path);
	if (strchr(name + 1, '/') || !session_service(r->s, name + 1, &service, NULL) || !service->build_id_size)
		return twz_fail(err, TWZ_CLASS_GATE, TWZ_ERR(NAMING, NOT_FOUND), "%.200s: there is no such name",
				path);
	*ret = id_of_service(r, service);
	return true;
}

static const char *const list_names[] = { "name", "id", "kind" };

static bool
built_in_list(const struct sys_request *r, const char *path, struct twz_value *ret, struct twz_error *err)
{
	int64_t skip = sys_arg_number(r, 1, 0), count = sys_arg_number(r, 2, LISTED);
	const struct registry_file *files;
	struct sys_rows rows = { NULL, 0 };
	size_t n;

	if (strcmp(path, REGISTRY_BUILT_IN))
		return built_in_get(r, path, ret, err) &&
		       twz_fail(err, TWZ_CLASS_GATE, TWZ_ERR(NAMING, WRONG_NAME_KIND), "%s: an object, no namespace",
				path);
	n = session_files(r->s, r->arena, &files);
	for (size_t i = 0; i < n && (int64_t)rows.n < count; i++) {
		const struct twz_service *service;

		if (!session_service(r->s, files[i].name, &service, NULL) || !service->build_id_size || skip-- > 0)
			continue;
		SYS_ADD(r, &rows, list_names, sys_text(r, files[i].name), id_of_service(r, service),
			sys_text(r, "service"));
	}
	*ret = sys_list(&rows);
	return true;
}

/* Where the path leads in the end; @built_in: that is not in the registry. */
static bool
real_path(const struct sys_request *r, const char **ret, bool *built_in, struct twz_error *err)
{
	struct registry *reg;

	WITH_LOCK(r->s);

	if (!session_registry(r->s, &reg, err) || !registry_object_path(reg, path_of(r, 0), r->arena, ret, err))
		return false;
	*built_in = registry_object_is_built_in(*ret);
	return true;
}

/* -- looking ---------------------------------------------------------------------------------------- */

static bool
naming_get(const struct sys_request *r, struct twz_value *ret, struct twz_error *err)
{
	struct registry_object object;
	struct registry *reg;
	const char *path;
	bool built_in;

	if (!real_path(r, &path, &built_in, err))
		return false;
	if (built_in)
		return built_in_get(r, path, ret, err);

	WITH_LOCK(r->s);

	if (!session_registry(r->s, &reg, err) ||
	    !registry_object_get(reg, *path ? path : "/", r->arena, &object, err))
		return false;
	*ret = twz_id_value(r->arena, &twz_type_objid, object.id);
	return true;
}

static void
add_row(const struct sys_request *r, struct sys_rows *rows, const struct registry_object *o)
{
	const struct twz_value none = { .kind = TWZ_VALUE_NONE };
	bool object = !o->is_namespace && !o->target;

	SYS_ADD(r, rows, list_names, sys_text(r, strrchr(o->path, '/') + 1),
		object ? twz_id_value(r->arena, &twz_type_objid, o->id) : none,
		sys_text(r, o->target ? twz_format(r->arena, "link to %s", o->target)
			      : object ? o->kind : "namespace"));
}

static bool
naming_list(const struct sys_request *r, struct twz_value *ret, struct twz_error *err)
{
	const struct registry_object *all;
	struct sys_rows rows = { NULL, 0 };
	struct registry *reg;
	const char *path;
	bool built_in;
	size_t n;

	if (!real_path(r, &path, &built_in, err))
		return false;
	if (built_in)
		return built_in_list(r, path, ret, err);

	WITH_LOCK(r->s);

	if (!session_registry(r->s, &reg, err) ||
	    !registry_object_list(reg, *path ? path : "/", sys_arg_number(r, 1, 0),
				  sys_arg_number(r, 2, LISTED), r->arena, &all, &n, err))
		return false;
	for (size_t i = 0; i < n; i++)
		add_row(r, &rows, &all[i]);
	*ret = sys_list(&rows);
	return true;
}

/* The session's own, and gone with it. It is remembered as what it is, so that a link may be gone meanwhile. */
static bool
naming_change_namespace(const struct sys_request *r, struct twz_value *ret, struct twz_error *err)
{
	const struct registry_object *inside;
	struct registry *reg;
	const char *path;
	bool built_in;
	size_t n;

	if (!real_path(r, &path, &built_in, err))
		return false;

	WITH_LOCK(r->s);

	if (!session_registry(r->s, &reg, err) ||
	    (built_in && strcmp(path, REGISTRY_BUILT_IN) &&
	     !twz_fail(err, TWZ_CLASS_GATE, TWZ_ERR(NAMING, WRONG_NAME_KIND), "%s: no namespace", path)) ||
	    (!built_in && !registry_object_list(reg, *path ? path : "/", 0, 1, r->arena, &inside, &n, err)))
		return false;
	if (sys_arg_text(r, 0))
		r->s->naming_at = *path ? twz_strdup(&r->s->arena, path) : NULL;
	*ret = sys_text(r, *path ? path : "/");
	return true;
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

/* -- changing --------------------------------------------------------------------------------------- */

static bool
naming_remove(const struct sys_request *r, struct twz_value *ret, struct twz_error *err)
{
	struct registry *reg;

	(void)ret;
	WITH_LOCK(r->s);

	return session_registry(r->s, &reg, err) && registry_object_remove(reg, path_of(r, 0), err);
}

static bool
naming_rename(const struct sys_request *r, struct twz_value *ret, struct twz_error *err)
{
	struct registry *reg;

	(void)ret;
	WITH_LOCK(r->s);

	return session_registry(r->s, &reg, err) &&
	       registry_object_rename(reg, path_of(r, 0), path_of(r, 1), err);
}

/* -- the table --------------------------------------------------------------------------------- */

static const struct twz_type type_records = { .kind = TWZ_LIST, .name = "", .target = &twz_type_record };

#define RESULT_void &twz_type_void
#define RESULT_bool &twz_type_bool
#define RESULT_text &twz_type_string
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
