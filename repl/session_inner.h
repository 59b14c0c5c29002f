/* Inside the session: what its files share. */
#pragma once

#include <pthread.h>
#include <sys/stat.h>

#include "monitor/monitor.h"
#include "registry/rights.h"
#include "repl/session.h"
#include "twz/plan.h"

/* A service file as this session loaded it. When the file changes, a new one takes its place. */
struct loaded {
	struct loaded *next;		/* older ones */
	const char *name;		/* by the file's name */
	const char *path;
	struct twz_service service;	/* as registered, but named by its file */
	struct stat file;		/* what the file was then */
	bool here;			/* loaded into this process itself: level none */
	struct session_gate **gates;	/* by gate->index; made when first used */
};

struct session_gate {
	struct session *session;
	const struct loaded *loaded;
	const struct twz_gate *gate;
	const struct twz_plan *plan;
	struct monitor_gate *bound;	/* NULL until its first call */
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
	void (*write)(void *data, const char *line);
	void *data;
};

struct session {
	const char *context, *registry_path;
	const char *inspect;		/* path of twz-inspect */
	const char *const *folders;
	struct registry_file *preloads;	/* SCTX_PRELOAD */
	size_t npreloads;
	struct monitor *monitor;
	struct repl_host host;
	struct output output;
	bool interrupted;		/* atomic: set by signal handlers */

	pthread_mutex_t lock;		/* of everything below; never held during a call */
	struct twz_arena arena;		/* lives as long as the session */
	struct registry *registry;	/* NULL until it is needed */
	struct loaded *loaded;
};

/* -- session.c --------------------------------------------------------------------------------- */

/** The registry, opened on first use. To be called with the lock held. */
TWZ_MUST bool session_registry(struct session *s, struct registry **ret, struct twz_error *err);
/** All services that can be found now, in @arena. */
size_t session_files(struct session *s, struct twz_arena *arena, const struct registry_file **ret);
/** What repl_host.service does. */
TWZ_MUST bool session_service(struct session *s, const char *name, const struct twz_service **ret,
			      struct twz_error *err);

/* -- session_tool.c ---------------------------------------------------------------------------- */

/** Has twz-inspect put the file at @path into the registry. The reason of a failure is its own. */
TWZ_MUST bool tool_register(struct session *s, const char *path, struct twz_error *err);
/** Completes the error of a call that faulted: what happened, and where in the source. */
void tool_explain_fault(const struct session_gate *gate, struct twz_error *err);

/* -- session_output.c -------------------------------------------------------------------------- */

void output_init(struct output *out, const struct session_options *options);
void output_deinit(struct output *out);
/** Takes what @service wrote. */
void output_put(struct output *out, const char *service, const char *bytes, size_t n);
/** A call begins: services may write again. */
void output_begin(struct output *out);
/** Passes on lines that are not complete. */
void output_flush(struct output *out);

/* -- sys.c ------------------------------------------------------------------------------------- */

extern const struct twz_service sys_service;
TWZ_MUST bool sys_call(struct session *s, const struct twz_gate *gate, const struct twz_value *args,
		       size_t nargs, int64_t timeout_ns, struct twz_arena *arena,
		       struct twz_value *ret, struct twz_error *err);
