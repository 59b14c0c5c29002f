/* Contexts, capabilities and the audit trail, for people. */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <string.h>
#include <time.h>

#include "registry/audit.h"
#include "repl/sys.h"

enum { AUDIT_LAST = 50 };

static bool __attribute__((format(printf, 2, 3), cold))
bad(struct twz_error *err, const char *fmt, ...)
{
	char text[300];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return twz_fail(err, TWZ_CLASS_TYPE, TWZ_ERR(ARGUMENT, INVALID_ARGUMENT), "%s", text);
}

static struct twz_value
when(const struct sys_request *r, int64_t ms)
{
	time_t seconds = (time_t)(ms / 1000);
	struct tm tm = { 0 };
	char text[32] = "";

	gmtime_r(&seconds, &tm);
	if (ms)
		strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
	return sys_text(r, text);
}

/* -- texts ----------------------------------------------------------------------------------------- */

static const struct {
	uint32_t right;
	const char *name;
} rights[] = { { RIGHT_CALL, "call" }, { RIGHT_READ, "read" }, { RIGHT_WRITE, "write" } };

static struct twz_value
rights_text(const struct sys_request *r, uint32_t set)
{
	const char *text = "";

	for (size_t i = 0; i < TWZ_COUNT(rights); i++)
		if (set & rights[i].right)
			text = twz_format(r->arena, "%s%s%s", text, *text ? "," : "", rights[i].name);
	return sys_text(r, *text ? text : "none");
}

/* "read,write"; "none" */
static bool
parse_rights(const char *text, struct twz_arena *arena, uint32_t *ret, struct twz_error *err)
{
	char *rest = twz_strdup(arena, text), *word;

	*ret = 0;
	if (!strcmp(text, "none"))
		return true;
	while ((word = strsep(&rest, ","))) {
		size_t i = 0;

		while (i < TWZ_COUNT(rights) && strcmp(rights[i].name, word))
			i++;
		if (i == TWZ_COUNT(rights))
			return bad(err, "no right '%s'; there are call, read and write, with commas between",
				   word);
		*ret |= rights[i].right;
	}
	return true;
}

/* "90s", "5m", "2h", "30d" from now, or a date with or without a time, in UTC. */
static bool
parse_expiry(const char *text, int64_t now, int64_t *ret, struct twz_error *err)
{
	static const struct {
		char unit;
		int64_t seconds;
	} units[] = { { 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 } };
	struct tm tm = { 0 };
	const char *rest;
	char *end;
	long long n;

	errno = 0;
	n = strtoll(text, &end, 10);
	for (size_t i = 0; i < TWZ_COUNT(units); i++)
		if (!errno && n > 0 && n < INT64_C(100000000000) && end != text && *end == units[i].unit &&
		    !end[1]) {
			*ret = now + (int64_t)n * units[i].seconds * 1000;
			return true;
		}
	rest = strptime(text, "%Y-%m-%d", &tm);
	if (rest && *rest)
		rest = strptime(rest, "T%H:%M:%SZ", &tm);
	if (!rest || *rest)
		return bad(err, "no time '%s'; write 90s, 5m, 2h, 30d, 2030-12-31 or 2030-12-31T23:59:59Z", text);
	*ret = (int64_t)timegm(&tm) * 1000;
	return true;
}

/* "2..7" or "2..7/2": gates by number, the end excluded, and those that are multiples. */
static bool
parse_range(const char *text, struct registry_capability *c, struct twz_error *err)
{
	unsigned long long first, end, align = 0;
	int n = 0;

	if (sscanf(text, "%llu..%llu%n", &first, &end, &n) != 2 || first >= end ||
	    (text[n] && (sscanf(text + n, "/%llu%n", &align, &n) != 1 || !align)))
		return bad(err, "no range '%s'; write 2..7 for the gates 2 to 6, or 2..7/2", text);
	c->first = first;
	c->length = end - first;
	c->align = align;
	return true;
}

/* -- contexts -------------------------------------------------------------------------------------- */

bool
sys_context(const struct sys_request *r, struct twz_value *ret, struct twz_error *err)
{
	WITH_LOCK(r->s);

	(void)err;
	*ret = sys_text(r, session_context(r->s));
	return true;
}

bool
sys_contexts(const struct sys_request *r, struct twz_value *ret, struct twz_error *err)
{
	static const char *const names[] = { "name", "active", "undetachable", "uses" };
	const struct registry_context *all;
	struct sys_rows rows = { NULL, 0 };
	struct registry *reg;
	size_t n;

	WITH_LOCK(r->s);

	if (!session_registry(r->s, &reg, err) || !registry_contexts(reg, r->arena, &all, &n, err))
		return false;
	for (size_t i = 0; i < n; i++)
		SYS_ADD(r, &rows, names, sys_text(r, all[i].name),
			twz_bool(!strcmp(all[i].name, session_context(r->s))),
			twz_bool(all[i].undetachable), rights_text(r, all[i].mask));
	*ret = sys_list(&rows);
	return true;
}

bool
sys_add_context(const struct sys_request *r, struct twz_value *ret, struct twz_error *err)
{
	struct registry *reg;

	(void)ret;
	WITH_LOCK(r->s);

	return session_registry(r->s, &reg, err) &&
	       registry_context_set(reg, sys_arg_text(r, 0), sys_arg_flag(r, 1), err);
}

/* The monitor is told without the lock: it waits for links to end. */
static bool
switch_context(const struct sys_request *r, struct twz_value *ret, struct twz_error *err)
{
	const char *name;

	{
		WITH_LOCK(r->s);

		name = session_context(r->s);
	}
	*ret = sys_text(r, name);
	return monitor_set_context(r->s->monitor, name, err);
}

/* With the lock held. */
static bool
may_leave(const struct sys_request *r, struct twz_error *err)
{
	struct registry_context active;
	struct registry *reg;

	if (!session_registry(r->s, &reg, err) ||
	    !registry_context(reg, session_context(r->s), &active, err))
		return false;
	if (!active.undetachable)
		return true;
	twz_fail(err, TWZ_CLASS_SECURITY, TWZ_ERR(GENERIC, ACCESS_DENIED),
		 "the context '%s' cannot be left", active.name);
	return twz_hint(err, "it was made undetachable; another session can begin with another one");
}

static bool
attach(const struct sys_request *r, struct twz_error *err)
{
	struct session *s = r->s;

	WITH_LOCK(s);

	if (!may_leave(r, err))
		return false;
	if (s->ncontexts + 1 == SESSION_CONTEXTS)
		return twz_fail(err, TWZ_CLASS_LINK, TWZ_ERR(RESOURCE, OUT_OF_RESOURCES),
				"a session can be attached to %d contexts", SESSION_CONTEXTS);
	s->contexts[++s->ncontexts] = twz_strdup(&s->arena, sys_arg_text(r, 0));
	return true;
}

bool
sys_attach(const struct sys_request *r, struct twz_value *ret, struct twz_error *err)
{
	return attach(r, err) && switch_context(r, ret, err);
}

static bool
detach(const struct sys_request *r, struct twz_error *err)
{
	WITH_LOCK(r->s);

	if (!may_leave(r, err))
		return false;
	if (!r->s->ncontexts) {
		twz_fail(err, TWZ_CLASS_SECURITY, TWZ_ERR(GENERIC, ACCESS_DENIED),
			 "the context '%s' is the one that the session began with", session_context(r->s));
		return twz_hint(err, "every call is made by a context");
	}
	r->s->ncontexts--;
	return true;
}

bool
sys_detach(const struct sys_request *r, struct twz_value *ret, struct twz_error *err)
{
	return detach(r, err) && switch_context(r, ret, err);
}

bool
sys_mask(const struct sys_request *r, struct twz_value *ret, struct twz_error *err)
{
	struct registry *reg;
	uint32_t set;

	(void)ret;
	WITH_LOCK(r->s);

	return parse_rights(sys_arg_text(r, 1), r->arena, &set, err) &&
	       session_registry(r->s, &reg, err) &&
	       registry_mask(reg, sys_arg_text(r, 0), sys_arg_text(r, 2), set, err);
}

/* -- capabilities ---------------------------------------------------------------------------------- */

/* What a capability is for, as sys::grant takes it. */
static const char *
target_text(const struct sys_request *r, const struct registry_capability *c)
{
	if (!strcmp(c->service, REGISTRY_HOST))
		return twz_format(r->arena, "%s:%s", c->capability, c->gate);
	return *c->gate ? twz_format(r->arena, "%s::%s", c->service, c->gate) : c->service;
}

static const char *
range_text(const struct sys_request *r, const struct registry_capability *c)
{
	const char *text = "";

	if (c->length)
		text = twz_format(r->arena, "%" PRIu64 "..%" PRIu64, c->first, c->first + c->length);
	return c->align ? twz_format(r->arena, "%s/%" PRIu64, text, c->align) : text;
}

/* Others than the owner see their own. */
static bool
whose(const struct sys_request *r, const char **ret, struct twz_error *err)
{
	const char *active = session_context(r->s);

	*ret = sys_arg_text(r, 0);
	if (!strcmp(active, REGISTRY_OWNER) || (*ret && !strcmp(*ret, active)))
		return true;
	if (!*ret) {
		*ret = active;
		return true;
	}
	twz_fail(err, TWZ_CLASS_SECURITY, TWZ_ERR(SECURITY, GATE_DENIED),
		 "Failed to call rights in sys: Permission denied");
	return twz_hint(err, "the context '%s' may list its own", active);
}

bool
sys_rights(const struct sys_request *r, struct twz_value *ret, struct twz_error *err)
{
	static const char *const names[] = { "id", "context", "what", "capability", "gates", "rights",
					     "expires", "delegable", "grantor", "parent", "state" };
	const struct registry_capability *all;
	struct sys_rows rows = { NULL, 0 };
	struct registry *reg;
	const char *context;
	size_t n;

	WITH_LOCK(r->s);

	if (!whose(r, &context, err) || !session_registry(r->s, &reg, err) ||
	    !registry_capabilities(reg, context, r->arena, &all, &n, err))
		return false;
	for (size_t i = 0; i < n; i++) {
		const struct registry_capability *c = &all[i];

		SYS_ADD(r, &rows, names, sys_count((uint64_t)c->id), sys_text(r, c->context),
			sys_text(r, target_text(r, c)), sys_text(r, c->capability),
			sys_text(r, range_text(r, c)), rights_text(r, c->rights), when(r, c->expires),
			twz_bool(c->delegable), sys_text(r, c->grantor), sys_count((uint64_t)c->parent),
			sys_text(r, c->state));
	}
	*ret = sys_list(&rows);
	return true;
}

/* "SERVICE", "SERVICE::*", "SERVICE::GATE" */
static bool
grant_gate(const struct sys_request *r, const char *what, struct registry_capability *c,
	   struct twz_error *err)
{
	const char *colons = strstr(what, "::"), *gate = colons ? colons + 2 : "*";
	const struct twz_service *service;
	const struct twz_gate *found;

	c->capability = sys_arg_text(r, 2) ? sys_arg_text(r, 2) : "*";
	if (!session_service(r->s, colons ? twz_strndup(r->arena, what, (size_t)(colons - what)) : what,
			     &service, err))
		return false;
	c->service = service->name;
	c->build_id = service->build_id;
	if (sys_arg_text(r, 3)) {
		c->build_id_size = service->build_id_size;
		if (!parse_range(sys_arg_text(r, 3), c, err))
			return false;
	}
	if (!strcmp(gate, "*"))
		return true;
	found = twz_gate_find(service, gate);
	if (!found)
		return twz_fail(err, TWZ_CLASS_NAME, TWZ_ERR(NAMING, NOT_FOUND), "no gate '%s' in %s", gate,
				service->name);
	if (!*found->requires)
		return bad(err, "%s::%s requires no capability: every context may call it", service->name,
			   found->name);
	c->gate = found->name;
	if (!sys_arg_text(r, 2))
		c->capability = found->requires;
	return true;
}

/* "files:/srv/pictures": what services ask for. False without an error: it is something else. */
static bool
grant_thing(const struct sys_request *r, const char *what, struct registry_capability *c,
	    struct twz_error *err)
{
	const char *colon = strchr(what, ':'), *given = sys_arg_text(r, 4);
	const char *kind = colon ? twz_strndup(r->arena, what, (size_t)(colon - what)) : "";
	bool files = !strcmp(kind, "files");
	struct twz_ask ask;

	if (!files && strcmp(kind, "net") && strcmp(kind, "memory"))
		return false;
	if (!twz_ask_make(kind, given ? given : files ? "read" : "call", colon + 1, false, r->arena, &ask))
		return bad(err, "nobody can be granted '%s'; there are files:/PATH with the rights read and write,"
				" net:inet, net:inet6, net:unix and memory:BYTES", what);
	if (strncmp(c->context, "service:", 8))
		return bad(err, "%s is for services: service:NAME instead of '%s'", what, c->context);
	c->service = REGISTRY_HOST;
	c->capability = twz_ask_kind_text(ask.kind);
	c->gate = ask.what;
	c->rights = ask.rights;
	return true;
}

static bool
parse_grant(const struct sys_request *r, struct registry_capability *c, struct twz_error *err)
{
	const char *what = sys_arg_text(r, 1), *expires = sys_arg_text(r, 5);

	c->context = sys_arg_text(r, 0);
	c->gate = "";
	c->rights = RIGHT_CALL;
	c->delegable = sys_arg_flag(r, 6);
	if (expires && !parse_expiry(expires, (int64_t)time(NULL) * 1000, &c->expires, err))
		return false;
	if (grant_thing(r, what, c, err))
		return true;
	return err->cls == TWZ_CLASS_NONE && grant_gate(r, what, c, err) &&
	       (!sys_arg_text(r, 4) || parse_rights(sys_arg_text(r, 4), r->arena, &c->rights, err));
}

/* Compartments that are started from now on have what services have been granted by now. */
static void
resolve_all(struct session *s)
{
	for (struct loaded *l = s->loaded; l; l = l->next)
		asks_resolve(s, l);
}

bool
sys_grant(const struct sys_request *r, struct twz_value *ret, struct twz_error *err)
{
	struct registry_capability c = { 0 };
	struct registry *reg;
	int64_t id;

	if (!parse_grant(r, &c, err))
		return false;

	WITH_LOCK(r->s);

	c.grantor = session_context(r->s);
	if (!session_registry(r->s, &reg, err) || !registry_grant(reg, &c, &id, err))
		return false;
	resolve_all(r->s);
	*ret = twz_int(&twz_type_i64, (twz_wide)id);
	return true;
}

bool
sys_revoke(const struct sys_request *r, struct twz_value *ret, struct twz_error *err)
{
	struct registry *reg;
	uint64_t n;

	WITH_LOCK(r->s);

	if (!session_registry(r->s, &reg, err) ||
	    !registry_revoke(reg, session_context(r->s), sys_arg_number(r, 0, 0), &n, err))
		return false;
	resolve_all(r->s);
	*ret = twz_int(&twz_type_i64, (twz_wide)n);
	return true;
}

/* -- what services ask for ------------------------------------------------------------------------- */

static void
add_asks(const struct sys_request *r, struct sys_rows *rows, const struct twz_service *service)
{
	static const char *const names[] = { "service", "asks", "needed", "granted", "grant" };
	const char *at = service->asks;
	struct twz_ask ask;

	WITH_LOCK(r->s);

	while (twz_ask_next(&at, r->arena, &ask)) {
		bool granted = asks_has(r->s, service->name, &ask);

		SYS_ADD(r, rows, names, sys_text(r, service->name), sys_text(r, twz_ask_shown(&ask, r->arena)),
			twz_bool(ask.needed), twz_bool(granted),
			sys_text(r, granted ? "" : asks_grant_text(service->name, &ask, r->arena)));
	}
}

bool
sys_asks(const struct sys_request *r, struct twz_value *ret, struct twz_error *err)
{
	const struct registry_file *files;
	const struct twz_service *service;
	struct sys_rows rows = { NULL, 0 };
	size_t n;

	if (sys_arg_text(r, 0)) {
		if (!session_service(r->s, sys_arg_text(r, 0), &service, err))
			return false;
		add_asks(r, &rows, service);
		*ret = sys_list(&rows);
		return true;
	}
	n = session_files(r->s, r->arena, &files);
	for (size_t i = 0; i < n; i++) {
		struct twz_error why = { 0 };

		if (session_service(r->s, files[i].name, &service, &why))
			add_asks(r, &rows, service);
		else if (why.cls == TWZ_CLASS_INTERRUPTED) {
			*err = why;
			return false;
		}
	}
	*ret = sys_list(&rows);
	return true;
}

/* -- audit ----------------------------------------------------------------------------------------- */

bool
sys_audit(const struct sys_request *r, struct twz_value *ret, struct twz_error *err)
{
	static const char *const names[] = { "id", "time", "context", "caller", "compartment", "what", "args",
					     "verdict", "status", "times" };
	int64_t last = sys_arg_number(r, 0, AUDIT_LAST);
	const struct registry_audit *all;
	struct sys_rows rows = { NULL, 0 };
	struct registry *reg;
	size_t n;

	WITH_LOCK(r->s);

	if (!session_registry(r->s, &reg, err) ||
	    !registry_audit_list(reg, last > 0 && last < INT_MAX ? (size_t)last : INT_MAX, r->arena, &all, &n,
				 err))
		return false;
	for (size_t i = 0; i < n; i++) {
		const struct registry_audit *a = &all[i];

		SYS_ADD(r, &rows, names, sys_count((uint64_t)a->id), when(r, a->time),
			sys_text(r, a->context), sys_text(r, a->caller),
			sys_text(r, a->compartment ? twz_format(r->arena, "%016" PRIx64, a->compartment) : ""),
			sys_text(r, a->what), sys_text(r, a->args),
			sys_text(r, a->allowed ? "allowed" : "denied"),
			a->status < 0 ? (struct twz_value){ .kind = TWZ_VALUE_NONE }
				      : twz_int(&twz_type_i32, a->status), sys_count(a->times));
	}
	*ret = sys_list(&rows);
	return true;
}
