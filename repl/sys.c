/*
 * The service sys: what twz says about itself, and what may be done to it. Its gates are functions of
 * this program; they have types and documents like all others, so that help, completion, pretty and
 * JSON output need to know nothing of them.
 */
#include "repl/sys.h"

#include <string.h>

/* -- arguments --------------------------------------------------------------------------------- */

const struct twz_value *
sys_arg(const struct sys_request *r, size_t i)
{
	const struct twz_value *v = i < r->nargs ? &r->args[i] : NULL;

	if (v && v->kind == TWZ_VALUE_OK)
		v = v->list.items;
	return v && v->kind != TWZ_VALUE_NONE ? v : NULL;
}

const char *
sys_arg_text(const struct sys_request *r, size_t i)
{
	const struct twz_value *v = sys_arg(r, i);

	return v && v->kind == TWZ_VALUE_STRING ? v->string.text : NULL;
}

bool
sys_arg_flag(const struct sys_request *r, size_t i)
{
	const struct twz_value *v = sys_arg(r, i);

	return v && v->kind == TWZ_VALUE_BOOL && v->boolean;
}

int64_t
sys_arg_number(const struct sys_request *r, size_t i, int64_t otherwise)
{
	const struct twz_value *v = sys_arg(r, i);

	return v && v->kind == TWZ_VALUE_INT ? (int64_t)v->integer : otherwise;
}

/* -- values ------------------------------------------------------------------------------------ */

static const struct twz_type type_records = { .kind = TWZ_LIST, .name = "",
					      .target = &twz_type_record };
static const struct twz_type type_texts = { .kind = TWZ_LIST, .name = "",
					    .target = &twz_type_string };

struct twz_value
sys_text(const struct sys_request *r, const char *s)
{
	return twz_cstring(r->arena, s ? s : "");
}

struct twz_value
sys_count(uint64_t n)
{
	return twz_int(&twz_type_u64, (twz_wide)n);
}

struct twz_value
sys_hex(const struct sys_request *r, uint64_t n)
{
	return sys_text(r, twz_format(r->arena, "%016llx", (unsigned long long)n));
}

struct twz_value
sys_texts(const struct sys_request *r, const char *const *texts, size_t n)
{
	struct twz_value *items = twz_new_array(r->arena, n, struct twz_value);

	for (size_t i = 0; i < n; i++)
		items[i] = sys_text(r, texts[i]);
	return twz_list(&type_texts, items, n);
}

struct twz_value
sys_record(const struct sys_request *r, const char *const *names, const struct twz_value *values,
	   size_t n)
{
	struct twz_value *items = twz_new_array(r->arena, n, struct twz_value);

	memcpy(items, values, n * sizeof(*items));
	return twz_record(&twz_type_record, names, items, n);
}

struct twz_value
sys_list(const struct sys_rows *rows)
{
	return twz_list(&type_records, rows->items, rows->n);
}

/* -- the table --------------------------------------------------------------------------------- */

#define X(level, text) { .name = text, .value = TWZ_LEVEL_##level },
static const struct twz_member levels[] = { TWZ_LEVELS(X) };
#undef X
const struct twz_type sys_type_level = { .kind = TWZ_ENUM, .name = "level", .size = 4, .align = 4,
					 .members = levels, .nmembers = TWZ_COUNT(levels) };

#define X(mechanism, text) { .name = text, .value = MONITOR_BY_##mechanism },
static const struct twz_member mechanisms[] = { MONITOR_MECHANISMS(X) };
#undef X
const struct twz_type sys_type_mechanism = { .kind = TWZ_ENUM, .name = "mechanism", .size = 4,
					     .align = 4, .members = mechanisms,
					     .nmembers = TWZ_COUNT(mechanisms) };

#define X(restart, text) { .name = text, .value = MONITOR_RESTART_##restart },
static const struct twz_member restarts[] = { MONITOR_RESTARTS(X) };
#undef X
const struct twz_type sys_type_restart = { .kind = TWZ_ENUM, .name = "restart", .size = 4, .align = 4,
					   .members = restarts, .nmembers = TWZ_COUNT(restarts) };

#define X(flag) { .name = #flag, .value = MONITOR_FLAG_##flag },
static const struct twz_member flags[] = { MONITOR_FLAGS(X) };
#undef X
const struct twz_type sys_type_flag = { .kind = TWZ_ENUM, .name = "state", .size = 4, .align = 4,
					.members = flags, .nmembers = TWZ_COUNT(flags) };

#define RESULT_records &type_records
#define RESULT_texts &type_texts
#define RESULT_record &twz_type_record
#define RESULT_text &twz_type_string
#define RESULT_number &twz_type_i64
#define RESULT_unit &twz_type_void

#define X(gate, result, readonly, sentence, ...) \
	static const struct twz_member gate##_params[] = { __VA_ARGS__ __VA_OPT__(,) { .name = "" } }; \
	static const struct twz_type gate##_type = { \
		.kind = TWZ_FUNC, .is_prototyped = true, .name = "", .target = RESULT_##result, \
		.members = gate##_params, .nmembers = TWZ_COUNT(gate##_params) - 1, \
	};
SYS_GATES(X)
#undef X

enum {
#define X(gate, ...) INDEX_##gate,
	SYS_GATES(X)
#undef X
};

#define LOOKS_true true
#define LOOKS_guarded true
#define LOOKS_false false
#define LOOKS_own false
#define REQUIRES_true(gate) ""
#define REQUIRES_guarded(gate) #gate
#define REQUIRES_false(gate) #gate
#define REQUIRES_own(gate) ""

static const struct twz_gate gates[] = {
#define X(gate, result, looks, sentence, ...) \
	{ .name = #gate, .symbol = "sys_" #gate, .doc = sentence, .requires = REQUIRES_##looks(gate), \
	  .converts = "", \
	  .index = INDEX_##gate, .role = TWZ_ROLE_GATE, .readonly = LOOKS_##looks, .has_record = true, \
	  .type = &gate##_type, .how = "built in", .verdict = TWZ_VERDICT_CALLABLE, .why = "" },
	SYS_GATES(X)
#undef X
};

static sys_gate *const functions[] = {
#define X(gate, ...) sys_##gate,
	SYS_GATES(X)
#undef X
};

const struct twz_service sys_service = {
	.name = "sys", .version = TWZ_VERSION, .doc = "What twz says about itself", .path = "",
	.gates = gates, .ngates = TWZ_COUNT(gates),
};

const struct twz_service *const sys_builtins[SYS_BUILTINS] = { &naming_service, &sys_service };

const struct twz_service *
sys_builtin(const char *name)
{
	for (size_t i = 0; i < SYS_BUILTINS; i++)
		if (!strcmp(name, sys_builtins[i]->name))
			return sys_builtins[i];
	return NULL;
}

bool
sys_is_builtin(const struct twz_service *service)
{
	return service == &sys_service || service == &naming_service;
}

bool
sys_call(struct session *s, const struct twz_service *service, const struct twz_gate *gate,
	 const struct twz_value *args, size_t nargs, int64_t timeout_ns, struct twz_arena *arena, struct twz_value *ret,
	 struct twz_error *err)
{
	const struct sys_request r = { s, args, nargs, timeout_ns, arena };

	*ret = twz_unit();
	return service == &naming_service ? naming_call(&r, gate, ret, err) : functions[gate->index](&r, ret, err);
}
