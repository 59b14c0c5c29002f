/*
 * The gates of a session: bound when they are first called, asked for where they require a right.
 * Those that are bound, as by stubs, stay with the service that they were bound to.
 */
#include <string.h>

#include "repl/session_callback.h"
#include "repl/session_inner.h"
#include "repl/sys.h"
#include "twz/failtext.h"
#include "twz/image.h"
#include "twz/nearest.h"
#include "twz/typetext.h"

static struct loaded *
loaded_of(struct session *s, const struct twz_service *service)
{
	struct loaded *l = s->loaded;

	while (l && &l->service != service)
		l = l->next;
	return l;
}

/* Its compartment is made first when it is not made as the defaults say. */
static bool
bind(struct session *s, struct session_gate *g, struct twz_error *err)
{
	const struct monitor_load_options here = { .asks = true, .here = true };
	struct monitor_id id;

	asks_tell(s, g->loaded);
	if (g->loaded->here && !monitor_load(s->monitor, &g->loaded->service, &here, &id, err))
		return false;
	return monitor_bind(s->monitor, &g->loaded->service, g->gate, &g->bound, err);
}

/*
 * The gate with its plan. Binding asks for rights, which takes the lock, so that two threads may
 * bind one gate at once; both come to the same.
 */
static bool
plan_gate(struct session *s, const struct twz_service *service, const struct twz_gate *gate,
	  struct session_gate **ret, struct twz_error *err)
{
	WITH_LOCK(s);

	struct loaded *l = loaded_of(s, service);
	struct session_gate *g = l ? l->gates[gate->index] : NULL;

	if (!l)
		return twz_fail(err, TWZ_CLASS_LINK, TWZ_ERR(ARGUMENT, BAD_HANDLE),
				"%s is not a service of this session", service->name);
	if (!g) {
		g = twz_new(&s->arena, struct session_gate);
		g->session = s;
		g->loaded = l;
		g->gate = gate;
		g->requires = *gate->requires;
		if (!twz_plan_make(gate, &s->arena, &g->plan, err))
			return false;
		g->speaks = g->plan->speaker != NULL;
		g->plain = !g->requires && !g->speaks;
		l->gates[gate->index] = g;
	}
	*ret = g;
	return true;
}

static bool
bound_gate(struct session *s, const struct twz_service *service, const struct twz_gate *gate,
	   struct session_gate **ret, struct twz_error *err)
{
	struct session_gate *g, fresh;

	if (!plan_gate(s, service, gate, &g, err))
		return false;

	{
		WITH_LOCK(s);

		fresh = *g;
	}
	if (!fresh.bound) {
		if (!bind(s, &fresh, err))
			return false;

		WITH_LOCK(s);

		if (!g->bound)	/* once: callers read it without lock */
			g->bound = fresh.bound;
	}
	*ret = g;
	return true;
}

bool
session_host_plan(void *data, const struct twz_service *service, const struct twz_gate *gate,
	  const struct twz_plan **ret, struct twz_error *err)
{
	struct session_gate *g;

	*ret = NULL;
	if (sys_is_builtin(service))
		return true;
	if (!plan_gate(data, service, gate, &g, err))
		return false;
	*ret = g->plan;
	return true;
}

TWZ_HOT static bool
call_bound(struct session_gate *g, const uint64_t *words, void *ret, int64_t timeout_ns,
	   struct twz_error *err)
{
	if (monitor_call(g->bound, words, ret, timeout_ns, err))
		return true;
	crash_explain(g, err);
	return false;
}

void *
session_function(struct session_gate *g)
{
	/* One that requires a capability is asked for each time, and the text of an error looked for behind it. */
	return g->plain ? monitor_function(g->bound) : NULL;
}

const struct twz_plan *
session_plan(const struct session_gate *g)
{
	return g->plan;
}

const struct twz_service *
session_service_of(const struct session_gate *g)
{
	return &g->loaded->service;
}

struct monitor *
session_monitor(struct session *s)
{
	return s->monitor;
}

bool
session_abort(struct session_gate *g, struct twz_error *err)
{
	return monitor_abort(g->bound, err);
}

uint64_t
session_caller(struct session *s, char *context, size_t size)
{
	{
		WITH_LOCK(s);

		snprintf(context, size, "%s", session_context(s));
	}
	return monitor_thread_number(s->monitor);
}

static bool
call_asked(struct session_gate *g, const uint64_t *words, void *ret, int64_t timeout_ns, struct twz_error *err)
{
	struct rights_call call = { .service = &g->loaded->service, .gate = g->gate };
	bool ok;

	if (!g->requires)
		return call_bound(g, words, ret, timeout_ns, err);
	if (!rights_begin(g->session, &call, err))
		return false;
	ok = call_bound(g, words, ret, timeout_ns, err);
	rights_end(g->session, &call, ok ? NULL : err, NULL);
	return ok;
}

/*
 * Asks for the text of what @g has failed with. Whoever registered the service has seen that there is somebody to
 * ask; a registry may say otherwise, and then there is no text. What goes wrong on the way is worth no other error.
 */
static bool
failure_text(struct session_gate *g, const uint64_t *words, int64_t number, int64_t timeout_ns, char *buffer)
{
	const struct twz_service *service = &g->loaded->service;
	const struct twz_gate *gate = twz_gate_find(service, g->plan->speaker);
	uint64_t asked[TWZ_MAX_PARAMS];
	struct twz_error err = { 0 };
	struct session_gate *speaker;
	TWZ_ARENA arena = { 0 };
	void *ret;

	memset(buffer, 0, TWZ_FAILTEXT_MAX);
	if (!gate || gate == g->gate || !bound_gate(g->session, service, gate, &speaker, &err) ||
	    twz_failtext_reason(g->plan, speaker->plan))
		return false;
	ret = twz_alloc(&arena, speaker->plan->ret.size + sizeof(uint64_t));
	twz_failtext_words(g->plan, words, number, speaker->plan, buffer, asked);
	if (!call_asked(speaker, asked, ret, timeout_ns, &err))
		return false;
	twz_failtext_take(speaker->plan, ret, buffer);
	return *buffer;
}

/* What @ret holds is a failure: says which. */
static bool
speak(struct session_gate *g, const uint64_t *words, const void *ret, int64_t timeout_ns, struct twz_error *err)
{
	char buffer[TWZ_FAILTEXT_MAX];
	TWZ_ARENA arena = { 0 };
	struct twz_value v;

	if (!twz_image_result(g->plan, words, ret, &arena, &v, err))
		return twz_wrap(err, "%s::%s", g->loaded->name, g->gate->name);
	if (v.kind != TWZ_VALUE_ERR)
		return true;
	monitor_gate_said_no(g->bound);
	if (failure_text(g, words, (int64_t)v.list.items[0].integer, timeout_ns, buffer))
		v = twz_err_text(&arena, v, buffer);
	return twz_fail(err, TWZ_CLASS_GATE, TWZ_ERR(GENERIC, OTHER), "%s", twz_err_message(&arena, &v));
}

TWZ_HOT bool
session_call(struct session_gate *g, const uint64_t *words, void *ret, int64_t timeout_ns,
	     struct twz_error *err)
{
	if (__builtin_expect(g->plain, 1))
		return call_bound(g, words, ret, timeout_ns, err);
	return call_asked(g, words, ret, timeout_ns, err) &&
	       (!g->speaks || speak(g, words, ret, timeout_ns, err));
}

bool
session_keeps_result(const struct session_gate *g, const struct twz_error *err)
{
	return g->speaks && err->cls == TWZ_CLASS_GATE;
}

/* All that it writes is there before it has returned. */
static bool
call_program(struct session_gate *g, const uint64_t *words, void *ret, int64_t timeout_ns,
	     struct twz_error *err)
{
	struct session *s = g->session;
	bool ok;

	output_program(&s->output, g->loaded->name);
	ok = call_bound(g, words, ret, timeout_ns, err);
	monitor_flush(s->monitor);
	output_program(&s->output, NULL);
	return ok;
}

/* -- large arguments ------------------------------------------------------------------------------- */

/*
 * They are put where compartments can read them in place: 1 MiB is about where a copy costs more than to share
 * it. What was born there is passed as it is.
 */
enum { LARGE = 1 << 20 };

struct larges {
	struct monitor *monitor;
	void *all[TWZ_MAX_PARAMS];
	size_t n;
	uint64_t made;			/* bit per one of all: for this call alone */
};

static void *
place_large(void *data, const void *from, size_t n)
{
	struct larges *l = data;
	bool there = from && monitor_shares(l->monitor, from);
	void *memory;

	if (l->n == TWZ_MAX_PARAMS)
		return NULL;
	/* That nobody can write to it does not keep its owner from writing before it is sealed. */
	memory = there ? (void *)(uintptr_t)from : monitor_share(l->monitor, n, NULL);
	if (!memory)
		return NULL;
	l->made |= (uint64_t)!there << l->n;
	l->all[l->n++] = memory;
	return memory;
}

/* One that cannot be sealed is copied like any other memory. */
static void
seal_larges(const struct larges *l)
{
	for (size_t i = 0; i < l->n; i++)
		(void)!monitor_seal(l->monitor, l->all[i], NULL);
}

static void
free_larges(struct larges *l)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->made >> i & 1)
			monitor_unshare(l->monitor, l->all[i]);
}

struct large_value {
	struct monitor *monitor;
	void *memory;
};

static void
free_large(void *data)
{
	const struct large_value *v = data;

	monitor_unshare(v->monitor, v->memory);
}

void *
session_host_large(void *data, struct twz_arena *arena, size_t n)
{
	struct session *s = data;
	struct large_value *v = twz_new(arena, struct large_value);

	*v = (struct large_value){ s->monitor, monitor_share(s->monitor, n, NULL) };
	if (v->memory)
		twz_arena_defer(arena, free_large, v);
	return v->memory;
}

/* -- calls ----------------------------------------------------------------------------------------- */

/* @io, an Err, is counted, and gets its text. */
static void
say_no(struct session_gate *g, const uint64_t *words, int64_t timeout_ns, struct twz_arena *arena,
       struct twz_value *io)
{
	char buffer[TWZ_FAILTEXT_MAX];

	monitor_gate_said_no(g->bound);
	if (g->speaks && failure_text(g, words, (int64_t)io->list.items[0].integer, timeout_ns, buffer))
		*io = twz_err_text(arena, *io, buffer);
}

static bool
call_by_values(struct session *s, const struct twz_service *service, const struct twz_gate *gate,
	       const struct twz_value *args, size_t nargs, int64_t timeout_ns, struct twz_arena *arena,
	       struct twz_value *ret, struct twz_error *err)
{
	TWZ_CLEANUP(free_larges) struct larges larges = { .monitor = s->monitor };
	const struct twz_image_place place = { LARGE, place_large, &larges };
	TWZ_CLEANUP(callbacks_end) struct callbacks callbacks = { 0 };
	uint64_t words[TWZ_MAX_PARAMS] = { 0 };
	struct session_gate *g;
	void *result;
	bool ok;

	if (sys_is_builtin(service))
		return sys_call(s, service, gate, args, nargs, timeout_ns, arena, ret, err);
	if (!bound_gate(s, service, gate, &g, err) ||
	    !twz_image_args_at(g->plan, args, nargs, arena, &place, words, err) ||
	    (g->plan->ncallbacks && !callbacks_begin(&callbacks, g->plan, words, err)))
		return false;
	seal_larges(&larges);
	result = twz_alloc(arena, g->plan->ret.size + sizeof(uint64_t));
	ok = twz_is_program(gate, g->plan) ? call_program(g, words, result, timeout_ns, err)
					   : call_bound(g, words, result, timeout_ns, err);
	if (!callbacks_worked(&callbacks, ok, err) || !ok)
		return false;
	if (!twz_image_result(g->plan, words, result, arena, ret, err))
		return twz_wrap(err, "%s::%s", g->loaded->name, gate->name);
	if (ret->kind == TWZ_VALUE_ERR && g->bound)
		say_no(g, words, timeout_ns, arena, ret);
	return true;
}

size_t
session_call_many(struct session_gate *const *gates, struct monitor_one *calls, size_t n,
		  int64_t timeout_ns, struct twz_error *err)
{
	for (size_t i = 0; i < n; i++)
		calls[i].gate = gates[i]->bound;
	return monitor_call_many(calls, n, timeout_ns, err);
}

/* Their words and results; false: the arguments of the one after *@n do not fit. */
static bool
make_calls(struct session_gate *g, const struct twz_value *const *args, size_t nargs, struct monitor_one *calls,
	   size_t *n, struct twz_arena *arena, struct twz_error *err)
{
	size_t wanted = *n;

	for (*n = 0; *n < wanted; ++*n) {
		uint64_t *words = twz_new_array(arena, TWZ_MAX_PARAMS, uint64_t);

		if (!twz_image_args(g->plan, args[*n], nargs, arena, words, err))
			return false;
		calls[*n] = (struct monitor_one){ g->bound, words,
						  twz_alloc(arena, g->plan->ret.size + sizeof(uint64_t)), 0 };
	}
	return true;
}

size_t
session_host_call_many(void *data, const struct twz_service *service, const struct twz_gate *gate,
		       const struct twz_value *const *args, size_t nargs, size_t n, int64_t timeout_ns,
		       struct twz_arena *arena, struct twz_value *ret, struct twz_error *err)
{
	struct monitor_one *calls = twz_new_array(arena, n, struct monitor_one);
	struct twz_error misfit = { 0 }, failure = { 0 };
	struct session *s = data;
	struct session_gate *g;
	size_t done = 0;

	output_begin(&s->output);
	if (!bound_gate(s, service, gate, &g, err))
		return 0;
	/* A handler may change what the gate would not: no call of it is made that nobody would have made. */
	if (!monitor_goes_together(g->bound) || g->speaks)
		n = 1;		/* and the text of an error may be that of the last */
	if (!make_calls(g, args, nargs, calls, &n, arena, &misfit))
		failure = misfit;	/* should all before it be well */
	misfit = (struct twz_error){ 0 };
	if (monitor_call_many(calls, n, timeout_ns, &misfit)) {
		failure = misfit;
		crash_explain(g, &failure);
	}
	for (; done < n && !calls[done].code; done++) {
		if (!twz_image_result(g->plan, calls[done].words, calls[done].ret, arena, &ret[done], err)) {
			twz_wrap(err, "%s::%s", g->loaded->name, gate->name);
			return done;
		}
		if (ret[done].kind == TWZ_VALUE_ERR)
			say_no(g, calls[done].words, timeout_ns, arena, &ret[done]);
	}
	*err = failure;
	return done;
}

bool
session_host_call(void *data, const struct twz_service *service, const struct twz_gate *gate,
	  const struct twz_value *args, size_t nargs, int64_t timeout_ns, struct twz_arena *arena,
	  struct twz_value *ret, struct twz_error *err)
{
	struct rights_call call = { .service = service, .gate = gate, .args = args, .nargs = nargs };
	struct session *s = data;
	bool ok;

	output_begin(&s->output);
	if (!rights_are_asked(service, gate))
		return call_by_values(s, service, gate, args, nargs, timeout_ns, arena, ret, err);
	if (!rights_begin(s, &call, err))
		return false;
	ok = call_by_values(s, service, gate, args, nargs, timeout_ns, arena, ret, err);
	rights_end(s, &call, ok ? NULL : err, ret);
	return ok;
}

/* -- stubs ------------------------------------------------------------------------------------- */

static bool
no_gate(const struct twz_service *service, const char *name, struct twz_error *err)
{
	TWZ_ARENA arena = { 0 };
	const char **names = twz_new_array(&arena, service->ngates, const char *), *near;

	for (uint32_t i = 0; i < service->ngates; i++)
		names[i] = service->gates[i].name;
	twz_fail(err, TWZ_CLASS_NAME, TWZ_ERR(NAMING, NOT_FOUND), "no gate '%s' in %s", name,
		 service->name);
	near = twz_nearest(name, names, service->ngates);
	return near ? twz_hint(err, "did you mean %s?", near) : false;
}

bool
session_bind(struct session *s, const char *service_name, const char *gate_name, uint64_t hash,
	     const char *signature, struct session_gate **ret, struct twz_error *err)
{
	const struct twz_service *service;
	const struct twz_gate *gate;
	TWZ_ARENA arena = { 0 };

	if (!session_callable(s, service_name, &service, err))
		return false;
	gate = twz_gate_find(service, gate_name);
	if (!gate)
		return no_gate(service, gate_name, err);
	if (signature && gate->hash != hash) {
		twz_fail(err, TWZ_CLASS_LINK, TWZ_ERR(OBJECT, BASETYPE_MISMATCH),
			 "signature of %s::%s changed: the stub has %s, the service has %s",
			 service->name, gate->name, signature,
			 gate->type ? twz_signature_text(&arena, gate) : "none that is known");
		return twz_hint(err, "make the stub anew: twz-inspect --stubs %s", service->path);
	}
	return bound_gate(s, service, gate, ret, err);
}
