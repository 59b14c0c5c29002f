/*
 * A session ties four things together that do not know each other: the registry (what gates there
 * are), twz-inspect (which fills it), the monitor (which calls them) and sys (the gates of our
 * own).
 *
 * Opening must be cheap. The monitor's zygote is started first and gets ready on the other CPU
 * while the caller parses text; the registry is opened when the first service is asked for.
 *
 * Threads. The language runs on one, stubs call on any, and the monitor asks for services and
 * rights on its own. One lock guards what is looked up (registry, services, bound gates); no call
 * is made and no question to the monitor asked with it held.
 *
 * Files change while a session runs. A service is looked at again each time it is asked for: when
 * its file is another one by now, it is read anew and gets a compartment of its own. Gates bound
 * before, as by stubs, stay with what they were bound to.
 */
#include "repl/session.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "repl/session_inner.h"
#include "repl/session_places.h"
#include "repl/sys.h"
#include "twz/image.h"
#include "twz/nearest.h"
#include "twz/typetext.h"

enum { COMPLETED_MAX = 2000 };

/* -- services ---------------------------------------------------------------------------------- */

bool
session_registry(struct session *s, struct registry **ret, struct twz_error *err)
{
	const char *notice;

	if (!s->registry) {
		if (!registry_open(s->registry_path, &s->registry, err))
			return false;
		notice = registry_notice(s->registry);
		if (notice)
			s->output.write(s->output.data, notice);
	}
	*ret = s->registry;
	return true;
}

/* Has the file inspected if the registry does not know it as it is now. */
static bool
make_known(struct session *s, struct registry *reg, const char *path, struct twz_error *err)
{
	enum registry_state state;
	struct twz_error why = { 0 };

	if (!registry_check(reg, path, &state, err))
		return false;
	if (state == REGISTRY_FRESH || tool_register(s, path, &why))
		return true;
	/* A file that could be inspected only in part is known all the same. */
	if (why.cls == TWZ_CLASS_LINK && registry_check(reg, path, &state, NULL) &&
	    state == REGISTRY_FRESH)
		return true;
	if (err && err->cls == TWZ_CLASS_NONE)
		*err = why;
	return false;
}

/*
 * Not so when a library was registered before there was a gates file for it, or when another gates file
 * goes before that one now.
 */
static bool
has_its_gates(struct session *s, const struct twz_service *service)
{
	const char *by = service->debug_path ? service->debug_path : "", *end = strrchr(by, '.');
	const struct registry_gates *gates;
	TWZ_ARENA arena = { 0 };
	bool marked = false;

	for (uint32_t i = 0; i < service->ngates && !marked; i++)
		marked = service->gates[i].has_record;
	if (marked && (!end || strcmp(end, ".gates")))
		return true;
	gates = registry_gates_of(s->folders, service->path, &arena);
	return gates ? marked && !strcmp(gates->file, by) : !marked;
}

static bool
read_service(struct session *s, const char *path, struct twz_service *ret, struct twz_error *err)
{
	const struct twz_service *service;
	struct registry *reg;

	if (!session_registry(s, &reg, err) || !make_known(s, reg, path, err))
		return false;
	if (!registry_service(reg, path, &s->arena, &service, NULL)) {
		/* It was found damaged just now, or the file changed meanwhile: once more. */
		if (!make_known(s, reg, path, err) ||
		    !registry_service(reg, path, &s->arena, &service, err))
			return twz_hint(err, "TWZ_REGISTRY names the registry's file");
	}
	if (!has_its_gates(s, service) && (!tool_register(s, path, err) ||
					   !registry_service(reg, path, &s->arena, &service, err)))
		return false;
	*ret = *service;
	return true;
}

/*
 * A file goes by its own name, whatever it calls itself: or it could take another service's place,
 * rights and private folder.
 */
bool
session_read(struct session *s, const char *name, const char *path, struct loaded **ret,
	     struct twz_error *err)
{
	struct loaded *l = twz_new(&s->arena, struct loaded);

	if (stat(path, &l->file) != 0)
		return twz_fail_sys(err, errno, "%s", path);
	if (!read_service(s, path, &l->service, err))
		return false;
	l->name = twz_strdup(&s->arena, name);
	l->path = l->service.path;
	l->service.name = l->name;
	asks_resolve(s, l);
	l->gates = twz_new_array(&s->arena, l->service.ngates, struct session_gate *);
	*ret = l;
	return true;
}

void
session_add(struct session *s, struct loaded *l)
{
	l->next = s->loaded;
	__atomic_store_n(&s->loaded, l, __ATOMIC_RELEASE);	/* session_files() takes no lock */
}

bool
session_is_current(const struct loaded *l)
{
	struct stat now;

	return l->here || (stat(l->path, &now) == 0 && now.st_ino == l->file.st_ino &&
			   now.st_dev == l->file.st_dev && now.st_size == l->file.st_size &&
			   now.st_mtim.tv_sec == l->file.st_mtim.tv_sec &&
			   now.st_mtim.tv_nsec == l->file.st_mtim.tv_nsec);
}

/* Where a service is taken from: this process, SCTX_PRELOAD, the folders. */
static bool
find_path(struct session *s, const char *name, struct twz_arena *arena, const char **ret,
	  bool *here)
{
	*ret = monitor_here(name, arena);
	*here = *ret != NULL;
	for (size_t i = 0; !*ret && i < s->npreloads; i++)
		if (!strcmp(s->preloads[i].name, name))
			*ret = s->preloads[i].path;
	return *ret || registry_find(s->folders, name, arena, ret);
}

bool
session_known(struct session *s, const struct registry_file *file, struct twz_error *err)
{
	enum registry_state state = REGISTRY_UNKNOWN;
	const struct twz_service *service;
	struct registry *reg;
	TWZ_ARENA arena = { 0 };

	/* Of a library with a gates file more has to be looked at. */
	if (!strcmp(strrchr(file->path, '/') + 1, twz_format(&arena, "lib%s.so", file->name))) {
		WITH_LOCK(s);

		if (!session_registry(s, &reg, err) || !registry_check(reg, file->path, &state, err))
			return false;
	}
	return state == REGISTRY_FRESH || session_service(s, file->name, &service, err);
}

static int
by_name(const void *a, const void *b)
{
	const struct registry_file *x = a, *y = b;

	return strcmp(x->name, y->name);
}

/* Puts a file among the others; one of the same name gives way. */
static void
put_file(struct registry_file *all, size_t *n, const struct registry_file *file)
{
	size_t i = 0;

	while (i < *n && strcmp(all[i].name, file->name) != 0)
		i++;
	all[i] = *file;
	*n += i == *n;
}

size_t
session_files(struct session *s, struct twz_arena *arena, const struct registry_file **ret)
{
	const struct registry_file *found;
	size_t n = registry_list(s->folders, arena, &found), kept = 0, instances = 0;
	const struct loaded *first = __atomic_load_n(&s->loaded, __ATOMIC_ACQUIRE);
	struct registry_file *all;

	for (const struct loaded *l = first; l; l = l->next)
		instances += l->instance;
	all = twz_new_array(arena, n + s->npreloads + instances, struct registry_file);
	for (size_t i = 0; i < n; i++)
		all[kept++] = found[i];
	for (size_t i = 0; i < s->npreloads; i++)
		put_file(all, &kept, &s->preloads[i]);
	for (const struct loaded *l = first; l && instances; l = l->next)
		if (l->instance && !__atomic_load_n(&l->dropped, __ATOMIC_ACQUIRE))
			put_file(all, &kept, &(struct registry_file){ l->name, l->path });
	if (kept)
		qsort(all, kept, sizeof(*all), by_name);
	*ret = all;
	return kept;
}

static size_t
service_names(void *data, struct twz_arena *arena, const char *const **ret)
{
	const struct registry_file *files;
	size_t n = session_files(data, arena, &files), kept = 0;
	const char **names = twz_new_array(arena, n + SYS_BUILTINS, const char *);
	size_t next = 0;

	for (size_t i = 0; i <= n; i++) {
		while (next < SYS_BUILTINS && (i == n || strcmp(sys_builtins[next]->name, files[i].name) <= 0))
			names[kept++] = sys_builtins[next++]->name;
		if (i < n && !sys_builtin(files[i].name))
			names[kept++] = files[i].name;
	}
	*ret = names;
	return kept;
}

static bool
not_found(struct session *s, const char *name, struct twz_error *err)
{
	TWZ_ARENA arena = { 0 };
	const char *const *names, *near;
	size_t n = service_names(s, &arena, &names);

	twz_fail(err, TWZ_CLASS_NAME, TWZ_ERR(NAMING, NOT_FOUND), "no service '%s'", name);
	near = twz_nearest(name, names, n);
	return near ? twz_hint(err, "did you mean %s?", near) : false;
}

struct loaded *
session_loaded(struct session *s, const char *name)
{
	struct loaded *l = s->loaded;

	while (l && (l->dropped || strcmp(l->name, name) != 0))
		l = l->next;
	return l;
}

/* The service called @name, read if need be. With the lock held. */
static bool
find_loaded(struct session *s, const char *name, struct loaded **ret, struct twz_error *err)
{
	TWZ_ARENA arena = { 0 };
	struct loaded *l = session_loaded(s, name);
	const char *path;
	bool here;

	if (!l || (!l->instance && !session_is_current(l))) {
		if (!find_path(s, name, &arena, &path, &here))
			return not_found(s, name, err);
		if (!session_read(s, name, path, &l, err))
			return false;
		l->here = here;
		session_add(s, l);
	}
	*ret = l;
	return true;
}

bool
session_service(struct session *s, const char *name, const struct twz_service **ret,
		struct twz_error *err)
{
	struct loaded *l = NULL;

	*ret = sys_builtin(name);
	if (*ret)
		return true;

	WITH_LOCK(s);

	if (!find_loaded(s, name, &l, err))
		return false;
	*ret = &l->service;
	return true;
}

static bool
host_service(void *data, const char *name, const struct twz_service **ret, struct twz_error *err)
{
	return session_service(data, name, ret, err);
}

/* Of a service that is registered but was not needed yet. */
static bool
host_gates(void *data, const char *service, const char *prefix, struct twz_arena *arena,
	   const struct twz_gate **ret, size_t *n)
{
	struct session *s = data;
	enum registry_state state;
	struct registry *reg;
	const char *path;
	bool here;

	WITH_LOCK(s);

	if (session_loaded(s, service) || sys_builtin(service) || !find_path(s, service, arena, &path, &here) ||
	    !session_registry(s, &reg, NULL) || !registry_check(reg, path, &state, NULL) ||
	    state != REGISTRY_FRESH)
		return false;
	*n = registry_complete(reg, path, prefix, false, COMPLETED_MAX, arena, ret);
	return *n;
}

static bool
host_known(void *data, const char *name)
{
	struct session *s = data;
	enum registry_state state;
	TWZ_ARENA arena = { 0 };
	struct registry *reg;
	const char *path;
	bool here;

	WITH_LOCK(s);

	/* What does not exist is known not to. */
	if (session_loaded(s, name) || sys_builtin(name) || !find_path(s, name, &arena, &path, &here))
		return true;
	return session_registry(s, &reg, NULL) && registry_check(reg, path, &state, NULL) && state == REGISTRY_FRESH;
}

/* For services that call services, and for stubs: what is built in is for people, and has no compartment. */
static bool
monitor_service(void *data, const char *name, const struct twz_service **ret, struct twz_error *err)
{
	if (sys_builtin(name))
		return twz_fail(err, TWZ_CLASS_NAME, TWZ_ERR(GENERIC, NOT_SUPPORTED),
				"services cannot call the gates of %s", name);
	return session_service(data, name, ret, err);
}

static void
take_output(void *data, const char *service, const char *bytes, size_t n)
{
	struct session *s = data;

	output_put(&s->output, service, bytes, n);
}

static void
take_program_output(void *data, const char *service, const char *bytes, size_t n)
{
	struct session *s = data;

	output_put_program(&s->output, service, bytes, n);
}

/* -- gates ------------------------------------------------------------------------------------- */

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
		if (!twz_plan_make(gate, &s->arena, &g->plan, err))
			return false;
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

static bool
host_plan(void *data, const struct twz_service *service, const struct twz_gate *gate,
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
	/* One that requires a capability is asked for each time. */
	return *g->gate->requires ? NULL : monitor_function(g->bound);
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

TWZ_HOT bool
session_call(struct session_gate *g, const uint64_t *words, void *ret, int64_t timeout_ns,
	     struct twz_error *err)
{
	struct rights_call call;
	bool ok;

	if (__builtin_expect(!*g->gate->requires, 1))
		return call_bound(g, words, ret, timeout_ns, err);
	call = (struct rights_call){ .service = &g->loaded->service, .gate = g->gate };
	if (!rights_begin(g->session, &call, err))
		return false;
	ok = call_bound(g, words, ret, timeout_ns, err);
	rights_end(g->session, &call, ok ? NULL : err, NULL);
	return ok;
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

static bool
call_by_values(struct session *s, const struct twz_service *service, const struct twz_gate *gate,
	       const struct twz_value *args, size_t nargs, int64_t timeout_ns, struct twz_arena *arena,
	       struct twz_value *ret, struct twz_error *err)
{
	uint64_t words[TWZ_MAX_PARAMS] = { 0 };
	struct session_gate *g;
	void *result;

	if (sys_is_builtin(service))
		return sys_call(s, service, gate, args, nargs, timeout_ns, arena, ret, err);
	if (!bound_gate(s, service, gate, &g, err) ||
	    !twz_image_args(g->plan, args, nargs, arena, words, err))
		return false;
	result = twz_alloc(arena, g->plan->ret.size + sizeof(uint64_t));
	if (!(twz_is_program(gate, g->plan) ? call_program(g, words, result, timeout_ns, err)
					    : call_bound(g, words, result, timeout_ns, err)))
		return false;
	if (!twz_image_result(g->plan, words, result, arena, ret, err))
		return twz_wrap(err, "%s::%s", g->loaded->name, gate->name);
	if (ret->kind == TWZ_VALUE_ERR && g->bound)
		monitor_gate_said_no(g->bound);
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

static bool
host_call(void *data, const struct twz_service *service, const struct twz_gate *gate,
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

	if (!monitor_service(s, service_name, &service, err))
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

/* -- opening and closing ----------------------------------------------------------------------- */

/* The environment of a program with more rights than its user is no place to take them from. */
static bool
read_level(const char *text, struct monitor_options *options, struct twz_error *err)
{
	const struct twz_member *level;

	text = text ? text : secure_getenv("TWZ_ISOLATION");
	if (!text || !*text)
		return true;
	level = twz_member_find(&sys_type_level, text);
	if (!level)
		return twz_fail(err, TWZ_CLASS_SYNTAX, TWZ_ERR(ARGUMENT, INVALID_ARGUMENT),
				"no level of isolation '%s'; there are none, callee, caller and full", text);
	options->asks = true;
	options->level = (enum twz_level)level->value;
	return true;
}

static bool
read_required(const char *text, struct monitor_options *options, struct twz_error *err)
{
	text = text ? text : secure_getenv("TWZ_REQUIRE");
	options->require_full = text && *text;
	return !options->require_full || !strcmp(text, "full") ||
	       twz_fail(err, TWZ_CLASS_SYNTAX, TWZ_ERR(ARGUMENT, INVALID_ARGUMENT),
			"no confinement '%s' to be required; there is full", text);
}

static bool
start_monitor(struct session *s, const struct session_options *asked, const struct places *places,
	      struct twz_error *err)
{
	struct monitor_options options = {
		.host = { .data = s, .service = monitor_service, .may_call = rights_may_call,
			  .may_ask = rights_may_ask, .output = take_output,
			  .program_output = take_program_output },
		.context = s->contexts[0],
		.guest = places->guest,
		.state_dir = places->state,
	};

	return read_level(asked->isolation, &options, err) &&
	       read_required(asked->require, &options, err) && monitor_open(&options, &s->monitor, err);
}

static void
close_sessionp(struct session **s)
{
	session_close(*s);
}

static bool
was_interrupted(void *data)
{
	const struct session *s = data;

	return __atomic_load_n(&s->interrupted, __ATOMIC_RELAXED);
}

bool
session_open(const struct session_options *options, struct session **ret, struct twz_error *err)
{
	TWZ_CLEANUP(close_sessionp) struct session *s = calloc(1, sizeof(*s));
	struct places places;

	if (!s)
		return twz_fail_sys(err, ENOMEM, "open a session");
	pthread_mutex_init(&s->lock, NULL);
	output_init(&s->output, options);
	s->contexts[0] = twz_strdup(&s->arena, options->context ? options->context : REGISTRY_OWNER);
	if (options->registry)
		s->registry_path = twz_strdup(&s->arena, options->registry);
	s->host = (struct repl_host){
		.data = s,
		.service = host_service,
		.gates = host_gates,
		.known = host_known,
		.services = service_names,
		.plan = host_plan,
		.call = host_call,
		.debug = session_debug,
		.query = options->query,
		.table = options->table,
		.interrupted = was_interrupted,
		.resolver = sys_resolver_of,
	};
	if (!places_find(&s->arena, &places, err) || !start_monitor(s, options, &places, err))
		return false;
	s->inspect = places.inspect;
	s->folders = registry_folders(places.services, &s->arena);
	if (options->preload && !session_preload(s, err))
		return false;
	*ret = twz_steal(&s);
	return true;
}

void
session_close(struct session *s)
{
	if (!s)
		return;
	monitor_close(s->monitor);
	output_flush(&s->output);
	output_deinit(&s->output);
	registry_close(s->registry);
	pthread_mutex_destroy(&s->lock);
	twz_arena_free(&s->arena);
	twz_arena_free(&s->crash_arena);
	free(s);
}

const struct repl_host *
session_host(struct session *s)
{
	return &s->host;
}

void
session_interrupt(struct session *s)
{
	if (__atomic_load_n(&s->debugging, __ATOMIC_RELAXED))
		return;
	__atomic_store_n(&s->interrupted, true, __ATOMIC_RELAXED);
	monitor_interrupt(s->monitor);
}

void
session_resume(struct session *s)
{
	__atomic_store_n(&s->interrupted, false, __ATOMIC_RELAXED);
	monitor_resume(s->monitor);
}

void
session_flush(struct session *s)
{
	monitor_flush(s->monitor);
	output_flush(&s->output);
}
