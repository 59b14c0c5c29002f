/* Inside the session: what its files share. */
#pragma once

#include <pthread.h>
#include <sys/stat.h>

#include "monitor/monitor.h"
#include "registry/rights.h"
#include "repl/session.h"
#include "twz/ask.h"
#include "twz/plan.h"

/* A service file as this session loaded it. When the file changes, a new one takes its place. */
struct loaded {
	struct loaded *next;		/* older ones */
	const char *name;		/* by the file's name */
	const char *path;
	struct twz_service service;	/* as registered, but named by its file */
	struct stat file;		/* what the file was then */
	bool here;			/* loaded into this process itself: level none */
	bool instance;			/* named by sys::load: not what the folders have under this name */
	bool dropped;			/* atomic: it was unloaded, and its name is free */
	bool busy;			/* it is being loaded: its name is taken */
	bool told;			/* what it asks for was shown */
	struct session_gate **gates;	/* by gate->index; made when first used */
};

struct session_gate {
	struct session *session;
	struct loaded *loaded;
	const struct twz_gate *gate;
	const struct twz_plan *plan;
	struct monitor_gate *bound;	/* NULL until its first call */
	bool requires;			/* a capability: who calls is asked for it each time */
	bool speaks;			/* plan->speaker gives the texts of its errors */
	bool plain;			/* neither */
};

/* What is kept of one service's output until its line is complete. */
struct output_line {
	char *service;
	char text[1024];
	size_t n;
};

struct output {
	pthread_mutex_t lock;
	struct output_line *lines;
	size_t nlines;
	size_t room;			/* bytes that may still pass in this burst */
	size_t dropped;
	const char *program;		/* the service whose program runs; NULL: none */
	/* stdout, stderr is no terminal: what a program writes there is passed on as it is. */
	bool raw, raw_err;
	void (*write)(void *data, const char *line);
	void *data;
};

enum { SESSION_CONTEXTS = 16 };

/* A function that was running when a gate crashed. */
struct crash_frame {
	const char *function, *file;	/* "" when not known */
	uint32_t line;			/* 0: not known */
	const char *library;
	uint64_t address;		/* as in the library */
};

/* The last fault of the session. */
struct crash_report {
	const char *gate, *what;
	int signal, status;
	uint64_t address;
	const struct crash_frame *frames;	/* innermost first */
	size_t n;
};

struct session {
	const char *registry_path;
	const char *inspect;		/* path of twz-inspect */
	const char *const *folders;
	struct registry_file *preloads;	/* SCTX_PRELOAD */
	size_t npreloads;
	struct monitor *monitor;
	struct repl_host host;
	struct output output;
	bool interrupted;		/* atomic: set by signal handlers */
	bool debugging;			/* atomic: gdb has the terminal, and its Ctrl-C */
	enum session_waits waits;
	int64_t began_ms;		/* since 1970 */
	const char *script;		/* what runs; NULL: its calls are not kept */

	pthread_mutex_t lock;		/* of everything below; never held during a call */
	struct twz_arena arena;		/* lives as long as the session */
	struct registry *registry;	/* NULL until it is needed */
	struct loaded *loaded;
	/* Whom it is attached to; the last one is active: calls are made by it. */
	const char *contexts[SESSION_CONTEXTS];
	size_t ncontexts;		/* but the first */
	const char *naming_at;		/* the namespace that its paths begin in; NULL: the root */
	const char *resolver;		/* the gate that finds objects by name; NULL: naming::get */
	struct inspection *inspections;	/* of files; those that have ended keep what they said */
	struct crash_report crash;	/* in crash_arena; gate NULL: none */
	struct twz_arena crash_arena;
};

static inline void
session_unlockp(struct session **s)
{
	pthread_mutex_unlock(&(*s)->lock);
}

static inline struct session *
session_lock(struct session *s)
{
	pthread_mutex_lock(&s->lock);
	return s;
}

/* Holds the lock to the end of the scope. */
#define WITH_LOCK(s) \
	TWZ_CLEANUP(session_unlockp) struct session *locked __attribute__((unused)) = session_lock(s)

/* -- session_services.c ------------------------------------------------------------------------ */

/** The registry, opened on first use. To be called with the lock held. */
TWZ_MUST bool session_registry(struct session *s, struct registry **ret, struct twz_error *err);
/** All services that can be found now, in @arena. */
size_t session_files(struct session *s, struct twz_arena *arena, const struct registry_file **ret);
/** Has the registry know the service's file as it is now, without reading all of its gates. */
TWZ_MUST bool session_known(struct session *s, const struct registry_file *file, struct twz_error *err);
/** What repl_host.service does. */
TWZ_MUST bool session_service(struct session *s, const char *name, const struct twz_service **ret,
			      struct twz_error *err);

/** The newest that goes by @name and was not dropped, or NULL. With the lock held. */
struct loaded *session_loaded(struct session *s, const char *name);
/** Reads a file as the service @name. With the lock held. */
TWZ_MUST bool session_read(struct session *s, const char *name, const char *path, struct loaded **ret,
			   struct twz_error *err);
/** Makes it one of the session's services. With the lock held. */
void session_add(struct session *s, struct loaded *l);
/** Whether it is the file still that was read. */
bool session_is_current(const struct loaded *l);

/** For services that call services, and for stubs: all but what is built in. */
TWZ_MUST bool session_callable(void *data, const char *name, const struct twz_service **ret,
			       struct twz_error *err);
/* -- session_needed.c -------------------------------------------------------------------------- */

/** The service that a compartment means by @name; what monitor_host.service does. */
TWZ_MUST bool session_needed(void *data, const struct monitor_who *who, const char *name,
			     const struct twz_service **ret, struct twz_error *err);

/* What repl_host.service, gates, known and services do. */
TWZ_MUST bool session_host_service(void *data, const char *name, const struct twz_service **ret,
				   struct twz_error *err);
bool session_host_gates(void *data, const char *service, const char *prefix, struct twz_arena *arena,
			const struct twz_gate **ret, size_t *n);
bool session_host_known(void *data, const char *name);
size_t session_names(void *data, struct twz_arena *arena, const char *const **ret);

/* -- session_gates.c --------------------------------------------------------------------------- */

/* What repl_host.plan and call do. */
TWZ_MUST bool session_host_plan(void *data, const struct twz_service *service, const struct twz_gate *gate,
				const struct twz_plan **ret, struct twz_error *err);
TWZ_MUST bool session_host_call(void *data, const struct twz_service *service, const struct twz_gate *gate,
				const struct twz_value *args, size_t nargs, int64_t timeout_ns,
				struct twz_arena *arena, struct twz_value *ret, struct twz_error *err);

void *session_host_large(void *data, struct twz_arena *arena, size_t n);
size_t session_host_call_many(void *data, const struct twz_service *service, const struct twz_gate *gate,
			      const struct twz_value *const *args, size_t nargs, size_t n, int64_t timeout_ns,
			      struct twz_arena *arena, struct twz_value *ret, struct twz_error *err);

/* -- session_instances.c ----------------------------------------------------------------------- */

/* What sys::load asks for. */
struct session_load {
	const char *what;		/* NAME::FILE, FILE or the name of a service */
	const char *name;		/* of the instance; NULL: as @what says */
	bool dup;			/* a name that is taken gets a number */
	struct monitor_load_options options;
	int64_t timeout_ns;		/* until its service is loaded; < 0: none */
};
/** Makes a compartment and waits until its service is loaded; nothing is left of one that fails. */
TWZ_MUST bool session_load(struct session *s, const struct session_load *load, const char **name,
			   struct twz_error *err);
/** Makes a compartment for each service that SCTX_PRELOAD names. */
TWZ_MUST bool session_preload(struct session *s, struct twz_error *err);
/** @put_off: others depend on it still. */
TWZ_MUST bool session_unload(struct session *s, const char *name, bool *put_off,
			     struct twz_error *err);
/** The same by the service itself, whose name may belong to another by now. */
TWZ_MUST bool session_release(struct session *s, const struct twz_service *service, bool *put_off,
			      struct twz_error *err);
/** The service or instance of this name, which need not have a compartment. Nothing is inspected. */
TWZ_MUST bool session_named(struct session *s, const char *name, const struct twz_service **ret,
			    struct twz_error *err);

/* -- session_calls.c --------------------------------------------------------------------------- */

/** The registry beside which calls are kept, whether it is open or not; NULL: there is none. */
const char *session_calls_path(struct session *s, struct twz_arena *arena);

/* -- session_debug.c --------------------------------------------------------------------------- */

/** What repl_host.debug does. */
TWZ_MUST bool session_debug(void *data, const struct twz_service *service, const struct twz_gate *gate,
			    const struct twz_value *args, size_t nargs, struct twz_arena *arena,
			    struct twz_value *ret, struct twz_error *err);

/* -- session_rights.c -------------------------------------------------------------------------- */

/* A call that requires a right or changes something of twz itself. */
struct rights_call {
	const struct twz_service *service;
	const struct twz_gate *gate;
	const struct twz_value *args;	/* NULL: not known as values */
	size_t nargs;
	const struct twz_plan *plan;	/* NULL: every parameter has an argument */
	int64_t row;			/* of the audit trail */
};

/** By whom calls are made now. To be called with the lock held. */
const char *session_context(const struct session *s);
bool rights_are_asked(const struct twz_service *service, const struct twz_gate *gate);
/** Asks whether the active context may make @call, and records that it was asked. */
TWZ_MUST bool rights_begin(struct session *s, struct rights_call *call, struct twz_error *err);
/** Records how it ended; @err NULL: well, with @ret (NULL: not known as a value). */
void rights_end(struct session *s, const struct rights_call *call, const struct twz_error *err,
		const struct twz_value *ret);
/* What the monitor asks: see struct monitor_host. */
bool rights_may_call(void *data, const struct monitor_who *who, const struct twz_service *service,
		     const struct twz_gate *gate, struct twz_error *err);
bool rights_may_ask(void *data, const struct monitor_who *who, const char *service, const char *gate,
		    struct twz_error *err);

/* -- session_asks.c ---------------------------------------------------------------------------- */

/** Finds out what of what it asks for it was granted. To be called with the lock held. */
void asks_resolve(struct session *s, struct loaded *l);
/** Shows, once, what it asks for and does not have. */
void asks_tell(struct session *s, struct loaded *l);
/** The capability by which a service gets @ask, as sys::grant takes it. */
const char *asks_grant_text(const char *service, const struct twz_ask *ask, struct twz_arena *arena);
/** Whether the service has it: it was granted, or the policy file says so. To be called with the lock held. */
bool asks_has(struct session *s, const char *service, const struct twz_ask *ask);

/* -- session_tool.c ---------------------------------------------------------------------------- */

/** Has twz-inspect put the file at @path into the registry. The reason of a failure is its own. */
TWZ_MUST bool tool_register(struct session *s, const char *path, struct twz_error *err);
/* What a run of it left behind: its status as of waitpid() and the beginning of what it wrote. */
struct tool_run {
	int status;
	char out[16384], err[2048];
};
TWZ_MUST bool tool_run(const struct session *s, char *const *argv, struct tool_run *r, struct twz_error *err);
/** Makes what a hostile file says fit for a terminal. */
void tool_defuse(char *text);
/** For argv: posix_spawn() changes no argument. */
char *tool_argument(const char *text);

/* -- session_crash.c --------------------------------------------------------------------------- */

/** Completes the error of a call that faulted: what happened, and where in the source. Keeps a report. */
void crash_explain(const struct session_gate *gate, struct twz_error *err);

/** A copy in @arena; false: there was none. */
bool crash_last(struct session *s, struct twz_arena *arena, struct crash_report *ret);

/* -- session_output.c -------------------------------------------------------------------------- */

void output_init(struct output *out, const struct session_options *options);
void output_deinit(struct output *out);
/** Takes what @service wrote. */
void output_put(struct output *out, const char *service, const char *bytes, size_t n);
/** The gate of @service that is called now is a program, or none is any more (NULL). */
void output_program(struct output *out, const char *service);
/** Takes what a service that has a program wrote to its stdout. */
void output_put_program(struct output *out, const char *service, const char *bytes, size_t n);
/** A call begins: services may write again. */
void output_begin(struct output *out);
/** Passes on lines that are not complete. */
void output_flush(struct output *out);

/* -- sys.c ------------------------------------------------------------------------------------- */

extern const struct twz_service sys_service;
/* The services that are functions of this program, by name: naming, sys. */
enum { SYS_BUILTINS = 2 };
extern const struct twz_service *const sys_builtins[SYS_BUILTINS];
/** The built-in service called @name, or NULL. */
const struct twz_service *sys_builtin(const char *name);
/** What repl_host.resolver does. */
const char *sys_resolver_of(void *data, struct twz_arena *arena);
bool sys_is_builtin(const struct twz_service *service);
TWZ_MUST bool sys_call(struct session *s, const struct twz_service *service, const struct twz_gate *gate,
		       const struct twz_value *args, size_t nargs, int64_t timeout_ns, struct twz_arena *arena,
		       struct twz_value *ret, struct twz_error *err);
