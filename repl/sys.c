/*
 * The service sys: what twz says about itself. Its gates are functions of this program that return
 * lists of records; they have types and documents like all others, so that help, completion, pretty
 * and JSON output need to know nothing of them.
 */
#include <string.h>

#include "repl/session_inner.h"
#include "twz/typetext.h"

struct sys_request {
	struct session *s;
	const struct twz_value *args;
	size_t nargs;
	struct twz_arena *arena;
};

/* A list that grows. */
struct rows {
	struct twz_value *items;
	size_t n;
};

static const struct twz_type records = { .kind = TWZ_LIST, .name = "",
					 .target = &twz_type_record };

static struct twz_value
text(const struct sys_request *r, const char *s)
{
	return twz_cstring(r->arena, s ? s : "");
}

static struct twz_value
count(uint64_t n)
{
	return twz_int(&twz_type_u64, (twz_wide)n);
}

static struct twz_value
hex(const struct sys_request *r, uint64_t n)
{
	return text(r, twz_format(r->arena, "%016llx", (unsigned long long)n));
}

/* @names is static, @values has as many elements: they are copied. */
static struct twz_value
record(const struct sys_request *r, const char *const *names, const struct twz_value *values,
       size_t n)
{
	struct twz_value *items = twz_new_array(r->arena, n, struct twz_value);

	memcpy(items, values, n * sizeof(*items));
	return twz_record(&twz_type_record, names, items, n);
}

#define ADD(r, rows, names, ...) \
	do { \
		const struct twz_value values_[] = { __VA_ARGS__ }; \
		_Static_assert(TWZ_COUNT(values_) == TWZ_COUNT(names), "a name for each value"); \
		twz_push((r)->arena, (rows)->items, (rows)->n, \
			 record((r), (names), values_, TWZ_COUNT(values_))); \
	} while (0)

static struct twz_value
list(const struct rows *rows)
{
	return twz_list(&records, rows->items, rows->n);
}

/* -- services and gates ------------------------------------------------------------------------ */

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
add_service(const struct sys_request *r, struct rows *rows, const struct twz_service *s,
	    const char *state)
{
	ADD(r, rows, service_names, text(r, s->name), text(r, s->version), count(count_gates(s)),
	    text(r, s->path), text(r, state), text(r, s->doc));
}

/* Files that are no services are listed, with the reason: whoever looks for one finds out why. */
static bool
sys_services(const struct sys_request *r, struct twz_value *ret, struct twz_error *err)
{
	const struct registry_file *files;
	size_t n = session_files(r->s, r->arena, &files);
	struct rows rows = { NULL, 0 };

	add_service(r, &rows, &sys_service, "built in");
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
		ADD(r, &rows, service_names, text(r, files[i].name), text(r, ""), count(0),
		    text(r, files[i].path), text(r, why.text), text(r, ""));
	}
	*ret = list(&rows);
	return true;
}

static const char *const gate_names[] = { "service", "name", "signature", "doc" };

static void
add_gates(const struct sys_request *r, struct rows *rows, const struct twz_service *s)
{
	for (uint32_t i = 0; i < s->ngates; i++) {
		const struct twz_gate *g = &s->gates[i];

		if (g->role != TWZ_ROLE_GATE || !g->has_record)
			continue;
		ADD(r, rows, gate_names, text(r, s->name), text(r, g->name),
		    text(r, g->type ? twz_signature_text(r->arena, g) : g->why), text(r, g->doc));
	}
}

static bool
sys_gates(const struct sys_request *r, struct twz_value *ret, struct twz_error *err)
{
	const struct twz_value *name = r->nargs ? &r->args[0] : NULL;
	const struct registry_file *files;
	const struct twz_service *service;
	struct rows rows = { NULL, 0 };
	size_t n;

	if (name && name->kind == TWZ_VALUE_OK)
		name = name->list.items;
	if (name && name->kind == TWZ_VALUE_STRING) {
		if (!session_service(r->s, name->string.text, &service, err))
			return false;
		add_gates(r, &rows, service);
		*ret = list(&rows);
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
	add_gates(r, &rows, &sys_service);
	*ret = list(&rows);
	return true;
}

/* -- the monitor ------------------------------------------------------------------------------- */

static bool
sys_compartments(const struct sys_request *r, struct twz_value *ret, struct twz_error *err)
{
	static const char *const names[] = { "id", "service", "state", "pid", "links", "calls",
					     "faults", "restarts", "why" };
	const struct monitor_info *infos;
	size_t n = monitor_list(r->s->monitor, r->arena, &infos);
	struct rows rows = { NULL, 0 };

	(void)err;
	for (size_t i = 0; i < n; i++) {
		const struct monitor_info *m = &infos[i];

		ADD(r, &rows, names, hex(r, m->id.value), text(r, m->service),
		    text(r, monitor_state_text(m->state)), twz_int(&twz_type_i32, m->pid),
		    twz_int(&twz_type_u32, m->links), count(m->calls), count(m->faults),
		    count(m->restarts), text(r, m->why));
	}
	*ret = list(&rows);
	return true;
}

static bool
sys_stats(const struct sys_request *r, struct twz_value *ret, struct twz_error *err)
{
	static const char *const names[] = { "compartments", "started", "calls", "faults",
					     "timeouts", "interrupted", "links", "restarts" };
	struct monitor_stats m;

	(void)err;
	monitor_stats(r->s->monitor, &m);

	const struct twz_value values[] = {
		count(m.compartments), count(m.started), count(m.calls), count(m.faults),
		count(m.timeouts), count(m.interrupted), count(m.links), count(m.restarts),
	};

	_Static_assert(TWZ_COUNT(values) == TWZ_COUNT(names), "a name for each value");
	*ret = record(r, names, values, TWZ_COUNT(values));
	return true;
}

static bool
sys_status(const struct sys_request *r, struct twz_value *ret, struct twz_error *err)
{
	static const char *const names[] = { "property", "active", "mechanism" };
	const struct monitor_property *properties;
	struct rows rows = { NULL, 0 };
	size_t n;

	if (!monitor_status(r->s->monitor, r->arena, &properties, &n, err))
		return false;
	for (size_t i = 0; i < n; i++)
		ADD(r, &rows, names, text(r, properties[i].name), twz_bool(properties[i].active),
		    text(r, properties[i].mechanism));
	*ret = list(&rows);
	return true;
}

static bool
sys_errors(const struct sys_request *r, struct twz_value *ret, struct twz_error *err)
{
	static const char *const names[] = { "category", "code", "name", "text", "value" };
	struct rows rows = { NULL, 0 };
	const struct twz_code *codes;
	size_t n;

	(void)err;
	codes = twz_codes(&n);
	for (size_t i = 0; i < n; i++)
		ADD(r, &rows, names, text(r, codes[i].category),
		    twz_int(&twz_type_u32, (twz_wide)(uint32_t)codes[i].code),
		    text(r, codes[i].name), text(r, codes[i].text), hex(r, codes[i].code));
	*ret = list(&rows);
	return true;
}

/* Who calls: what decides which gates this session may call. */
static bool
sys_context(const struct sys_request *r, struct twz_value *ret, struct twz_error *err)
{
	(void)err;
	*ret = text(r, r->s->context);
	return true;
}

/* -- the table --------------------------------------------------------------------------------- */

static const struct twz_member gates_params[] = {
	{ .name = "service", .type = &twz_type_string, .optional = true },
};

static const struct twz_type gives_records = { .kind = TWZ_FUNC, .is_prototyped = true, .name = "",
					       .target = &records };
static const struct twz_type gives_record = { .kind = TWZ_FUNC, .is_prototyped = true, .name = "",
					      .target = &twz_type_record };
static const struct twz_type gives_text = { .kind = TWZ_FUNC, .is_prototyped = true, .name = "",
					    .target = &twz_type_string };
static const struct twz_type gates_type = { .kind = TWZ_FUNC, .is_prototyped = true, .name = "",
					    .target = &records, .members = gates_params,
					    .nmembers = TWZ_COUNT(gates_params) };

/* name, type, one sentence; in the order in which help shows them */
#define GATES(X) \
	X(services, gives_records, "Lists the services, and says why one cannot be used") \
	X(gates, gates_type, "Lists the gates of one service, or of all") \
	X(compartments, gives_records, "Lists the compartments of this session") \
	X(stats, gives_record, "Counts what this session did") \
	X(status, gives_records, "Shows which parts of the isolation are active, and by what") \
	X(errors, gives_records, "Lists all error codes") \
	X(context, gives_text, "Names the context that this session's calls are made by")

enum {
#define X(gate, gate_type, sentence) INDEX_##gate,
	GATES(X)
#undef X
};

static const struct twz_gate gates[] = {
#define X(gate, gate_type, sentence) \
	{ .name = #gate, .symbol = "sys_" #gate, .doc = sentence, .requires = "", .converts = "", \
	  .index = INDEX_##gate, .role = TWZ_ROLE_GATE, .readonly = true, .has_record = true, \
	  .type = &gate_type, .how = "built in", .verdict = TWZ_VERDICT_CALLABLE, .why = "" },
	GATES(X)
#undef X
};

static bool (*const functions[])(const struct sys_request *r, struct twz_value *ret,
				 struct twz_error *err) = {
#define X(gate, gate_type, sentence) sys_##gate,
	GATES(X)
#undef X
};

const struct twz_service sys_service = {
	.name = "sys", .version = TWZ_VERSION, .doc = "What twz says about itself", .path = "",
	.gates = gates, .ngates = TWZ_COUNT(gates),
};

bool
sys_call(struct session *s, const struct twz_gate *gate, const struct twz_value *args,
	 size_t nargs, struct twz_arena *arena, struct twz_value *ret, struct twz_error *err)
{
	const struct sys_request r = { s, args, nargs, arena };

	return functions[gate->index](&r, ret, err);
}
