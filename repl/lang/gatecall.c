/* The way out: services, gates, converters to text, and the time they may take. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "repl/lang/check.h"
#include "repl/lang/convert.h"
#include "repl/lang/interp.h"
#include "twz/typetext.h"

int64_t
lang_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

bool
lang_go_on(struct lang *l, struct twz_error *err)
{
	const struct repl_host *host = l->options->host;

	lang_pass_turn(l);
	if (l->shared->ending || (host->interrupted && host->interrupted(host->data)))
		return twz_fail(err, TWZ_CLASS_INTERRUPTED, TWZ_ERR(GENERIC, INTERRUPTED),
				"stopped between two statements");
	if (l->deadline_ns >= 0 && lang_now() >= l->deadline_ns)
		return twz_fail(err, TWZ_CLASS_TIMEOUT, TWZ_ERR(GENERIC, TIMED_OUT),
				"the block took longer than its time");
	return true;
}

/* What is left for one call: its own limit, or the block's when that ends sooner (in whole ms). */
int64_t
lang_time_left(const struct lang *l)
{
	int64_t left;

	if (l->deadline_ns < 0)
		return l->timeout_ns;
	left = l->deadline_ns - lang_now();
	left = left <= 0 ? 1000000 : (left + 999999) / 1000000 * 1000000;
	return l->timeout_ns >= 0 && l->timeout_ns < left ? l->timeout_ns : left;
}

/* A dry run makes no call that changes something, nor one for a value that is not known. */
static bool
is_withheld(const struct lang *l, const struct twz_gate *gate, const struct twz_value *args,
		 size_t nargs)
{
	if (!l->options->dry_run)
		return false;
	for (size_t i = 0; i < nargs; i++)
		if (lang_is_unknown(&args[i]))
			return true;
	return gate->role == TWZ_ROLE_GATE && !gate->readonly;
}

/* What the gate would give: its type, unless it gives more than its result. */
static struct twz_value
unknown_result(struct lang *l, const struct twz_service *service, const struct twz_gate *gate)
{
	const struct repl_host *host = l->options->host;
	const struct twz_plan *plan = NULL;
	struct twz_error ignored = { 0 };

	if (!host->plan(host->data, service, gate, &plan, &ignored) || (plan && plan->nouts))
		return lang_unknown(NULL);
	return lang_unknown(twz_returned(gate->type));
}

/* Says whose failure it is. Returns false. */
static bool
call_failed(struct lang *l, const struct twz_service *service, const struct twz_gate *gate, int64_t left,
	    struct twz_error *err)
{
	/* What was left of the block's time is a number that nobody wrote. */
	if (err->cls == TWZ_CLASS_TIMEOUT && left != l->timeout_ns) {
		uint64_t code = err->code;

		err->cls = TWZ_CLASS_NONE;
		twz_fail(err, TWZ_CLASS_TIMEOUT, code,
			 "%s::%s: no answer within %.15gms; outcome unknown", service->name,
			 gate->name, (double)l->deadline_after_ns / 1e6);
	}
	return false;
}

bool
lang_call_gate(struct lang *l, const struct twz_service *service, const struct twz_gate *gate,
	       const struct twz_value *args, size_t nargs, struct twz_value *ret,
	       struct twz_error *err)
{
	const struct repl_host *host = l->options->host;
	int64_t left = lang_time_left(l);
	bool debugs = l->debugs && host->debug, done;
	const struct twz_value *own;
	struct callback *callbacks;
	int64_t begun;

	l->debugs = false;
	if (l->check || is_withheld(l, gate, args, nargs)) {
		*ret = unknown_result(l, service, gate);
		if (!l->check) {
			lang_withhold(l, service, gate, args, nargs);
			lang_unknown_by(l, ret, twz_format(l->arena, "%s::%s gives", service->name, gate->name));
		}
		return true;
	}
	begun = l->options->trace ? lang_now() : 0;
	own = lang_begin_callbacks(l, service, gate, args, nargs, left, &callbacks);
	lang_end_turn(l);
	done = debugs ? host->debug(host->data, service, gate, own, nargs, l->arena, ret, err)
		      : host->call(host->data, service, gate, own, nargs, left, l->arena, ret, err);
	lang_begin_turn(l);
	l->root->called = true;
	if (l->options->trace)
		lang_trace_gate(l, service, gate, args, nargs, done ? ret : NULL, err, lang_now() - begun);
	if (done)
		return true;
	if (lang_end_callbacks(l, callbacks, err))
		return false;
	snprintf(l->gate, sizeof(l->gate), "%s::%s", service->name, gate->name);
	return call_failed(l, service, gate, left, err);
}

size_t
lang_call_gates(struct lang *l, const struct call_site *site, const struct twz_value *const *args, size_t n,
		struct twz_value *ret, struct twz_error *err)
{
	const struct repl_host *host = l->options->host;
	int64_t left = lang_time_left(l);
	size_t done;

	lang_end_turn(l);
	done = host->call_many(host->data, site->service, site->gate, args, site->nparams, n, left, l->arena, ret,
			       err);
	lang_begin_turn(l);
	l->root->called = true;
	if (done < n && err->cls != TWZ_CLASS_NONE)
		call_failed(l, site->service, site->gate, left, err);
	return done;
}

/* A text may name a service ten thousand times, and each time its file would be looked at. */
bool
lang_check_service(struct lang *l, const char *name, const struct twz_service **ret, struct twz_error *err)
{
	const struct repl_host *host = l->options->host;
	struct lang_named *m = l->check->named;

	while (m && strcmp(m->name, name))
		m = m->next;
	if (!m) {
		m = twz_new(&l->check->arena, struct lang_named);
		*m = (struct lang_named){ .next = l->check->named, .name = twz_strdup(&l->check->arena, name) };
		(void)!host->service(host->data, name, &m->service, &m->err);
		l->check->named = m;
	}
	*ret = m->service;
	if (!m->service)
		*err = m->err;
	return m->service;
}

const struct twz_service *
lang_service(struct lang *l, const char *name, struct twz_error *err)
{
	const struct repl_host *host = l->options->host;
	const struct twz_service *service;

	if (l->check ? !lang_check_service(l, name, &service, err)
		     : !host->service(host->data, name, &service, err))
		return NULL;
	l = l->root;
	for (size_t i = 0; i < l->nservices; i++)
		if (l->services[i] == service)
			return service;
	l->services = reallocarray(l->services, l->nservices + 1, sizeof(*l->services));
	if (!l->services)
		abort();
	l->services[l->nservices++] = service;
	return service;
}

/* -- to_string --------------------------------------------------------------------------------- */

/* Whether @gate takes a value of @type: void f(const T *, char *text, size_t size). */
static bool
shows(const struct twz_gate *gate, const struct twz_type *type)
{
	const struct twz_type *t;

	if (!gate || !gate->type || !gate->type->nmembers)
		return false;
	t = twz_type_strip(gate->type->members[0].type);
	if (t->kind == TWZ_POINTER)
		t = twz_type_strip(t->target);
	return t && (t == twz_type_strip(type) || twz_type_equal(t, twz_type_strip(type)));
}

bool
lang_to_string(struct lang *l, const struct twz_value *v, struct twz_value *ret,
	       struct twz_error *err)
{
	TWZ_ARENA arena = { 0 };
	const char *name;

	if (!v->type || v->type->kind == TWZ_LIST || v->type->kind == TWZ_RECORD ||
	    v->type->kind == TWZ_STRING)
		return false;
	name = twz_type_text(&arena, v->type);
	for (size_t i = 0; i < l->root->nservices; i++) {
		const struct twz_service *service = l->root->services[i];
		const struct twz_gate *gate = twz_converter_find(service, TWZ_ROLE_TO_STRING,
								 name);
		struct twz_value args[2] = { *v, twz_int(NULL, 4096) };

		if (!shows(gate, v->type))
			continue;
		return lang_call_gate(l, service, gate, args, gate->type->nmembers > 2 ? 2 : 1,
				      ret, err) &&
		       ret->kind == TWZ_VALUE_STRING;
	}
	return false;
}
