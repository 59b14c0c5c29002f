/* The way out: services, gates, converters to text, and the time they may take. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "repl/lang/interp.h"
#include "twz/typetext.h"

static int64_t
now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

bool
lang_go_on(struct lang *l, struct twz_error *err)
{
	const struct repl_host *host = l->options->host;

	if (host->interrupted && host->interrupted(host->data))
		return twz_fail(err, TWZ_CLASS_INTERRUPTED, TWZ_ERR(GENERIC, INTERRUPTED),
				"stopped between two statements");
	if (l->deadline_ns >= 0 && now_ns() >= l->deadline_ns)
		return twz_fail(err, TWZ_CLASS_TIMEOUT, TWZ_ERR(GENERIC, TIMED_OUT),
				"the block took longer than its time");
	return true;
}

/* What is left for one call: its own limit, or the block's when that ends sooner (in whole ms). */
static int64_t
time_left(const struct lang *l)
{
	int64_t left;

	if (l->deadline_ns < 0)
		return l->timeout_ns;
	left = l->deadline_ns - now_ns();
	left = left <= 0 ? 1000000 : (left + 999999) / 1000000 * 1000000;
	return l->timeout_ns >= 0 && l->timeout_ns < left ? l->timeout_ns : left;
}

bool
lang_call_gate(struct lang *l, const struct twz_service *service, const struct twz_gate *gate,
	       const struct twz_value *args, size_t nargs, struct twz_value *ret,
	       struct twz_error *err)
{
	const struct repl_host *host = l->options->host;
	int64_t left = time_left(l);

	if (host->call(host->data, service, gate, args, nargs, left, l->arena, ret, err))
		return true;
	/* What was left of the block's time is a number that nobody wrote. */
	if (err->cls == TWZ_CLASS_TIMEOUT && left != l->timeout_ns) {
		uint64_t code = err->code;

		err->cls = TWZ_CLASS_NONE;
		twz_fail(err, TWZ_CLASS_TIMEOUT, code,
			 "%s::%s: no answer within %.15gms; outcome unknown", service->name,
			 gate->name, (double)l->deadline_after_ns / 1e6);
	}
	snprintf(l->gate, sizeof(l->gate), "%s::%s", service->name, gate->name);
	return false;
}

const struct twz_service *
lang_service(struct lang *l, const char *name, struct twz_error *err)
{
	const struct repl_host *host = l->options->host;
	const struct twz_service *service;

	if (!host->service(host->data, name, &service, err))
		return NULL;
	for (size_t i = 0; i < l->nservices; i++)
		if (l->services[i] == service)
			return service;
	twz_push(&l->durable, l->services, l->nservices, service);
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
	for (size_t i = 0; i < l->nservices; i++) {
		const struct twz_gate *gate = twz_converter_find(l->services[i], TWZ_ROLE_TO_STRING,
								 name);
		struct twz_value args[2] = { *v, twz_int(NULL, 4096) };

		if (!shows(gate, v->type))
			continue;
		return lang_call_gate(l, l->services[i], gate, args, gate->type->nmembers > 2 ? 2 : 1,
				      ret, err) &&
		       ret->kind == TWZ_VALUE_STRING;
	}
	return false;
}
