/*
 * A session: registry, introspection, monitor and the built-in service sys, tied together. The one
 * place where these four meet; the language and libtwz see only this.
 */
#pragma once

#include "repl/lang/host.h"
#include "twz/arena.h"
#include "twz/error.h"
#include "twz/type.h"
#include "twz/value.h"

struct session;
struct session_gate;
struct monitor_one;

/** How somebody who waits longer than a second for a library to be read learns of it. */
enum session_waits {
	SESSION_WAITS_SILENTLY,
	SESSION_WAITS_PLAINLY,		/* a line on stderr */
	SESSION_WAITS_SEEN,		/* one that counts and goes again: stderr is a terminal */
};

struct session_options {
	const char *context;	/* NULL: "owner" */
	const char *registry;	/* NULL: where registry_path() says */
	const char *isolation;	/* the level of services that do not ask for more; NULL: TWZ_ISOLATION, else full */
	const char *require;	/* "full": no service runs with less confinement; NULL: TWZ_REQUIRE, else "" */
	enum session_waits waits;
	bool preload;		/* honour SCTX_PRELOAD */
	/** What repl_host.query and repl_host.table do, for a session that answers SQL: see sql.h. NULL: none. */
	bool (*query)(void *data, const struct repl_query *q, struct twz_error *err);
	bool (*table)(size_t i, const char **name, const char **columns, const char **help);
	/**
	 * Gets what services write, a line at a time, "SERVICE: text" without newline and free of
	 * control characters; on any thread. NULL: it goes to stderr.
	 */
	void (*output)(void *data, const char *line);
	void *output_data;
};

/** Opens a session. Cheap: the monitor's zygote starts meanwhile. */
TWZ_MUST bool session_open(const struct session_options *options, struct session **ret,
			   struct twz_error *err);
void session_close(struct session *s);

/** From now on what it calls is kept, as calls of @script (static): a path, "-c", "prompt" … */
void session_began(struct session *s, const char *script);
/** Writes down what it has called, with how it ends: for a session that began. Nothing of it can fail. */
void session_ended(struct session *s, int status);

/** The world as the language sees it. Lives as long as the session. */
const struct repl_host *session_host(struct session *s);

/**
 * For stubs: binds SERVICE::GATE, refusing (LINK) a signature whose hash is not @hash. @signature NULL: any.
 * Thread-safe.
 */
TWZ_MUST bool session_bind(struct session *s, const char *service, const char *gate, uint64_t hash,
			   const char *signature, struct session_gate **ret, struct twz_error *err);
/**
 * The gate's own function when its service is at level none, which then stays loaded; NULL otherwise.
 */
void *session_function(struct session_gate *gate);
/** Who calls gates in this process: its thread, and the context, of which @size bytes are written. */
uint64_t session_caller(struct session *s, char *context, size_t size);
/**
 * For stubs: calls it. See monitor_call(). A gate whose errors have texts fails with class GATE when it gave an error;
 * then session_keeps_result(), and @ret has what it gave.
 */
bool session_keeps_result(const struct session_gate *gate, const struct twz_error *err);
TWZ_MUST bool session_call(struct session_gate *gate, const uint64_t *words, void *ret,
			   int64_t timeout_ns, struct twz_error *err);

/** For stubs: calls several. @gates has one for each of @calls, whose gates it fills in. */
size_t session_call_many(struct session_gate *const *gates, struct monitor_one *calls, size_t n,
			 int64_t timeout_ns, struct twz_error *err);

/* For gates by name: what a call needs to know of one. */
const struct twz_plan *session_plan(const struct session_gate *gate);
const struct twz_service *session_service_of(const struct session_gate *gate);
/** The monitor, for what concerns compartments as a whole. */
struct monitor *session_monitor(struct session *s);
/** Ends what runs the gate, and so every call in there. False: nothing can. */
TWZ_MUST bool session_abort(struct session_gate *gate, struct twz_error *err);

/** Ends waiting calls (from a signal handler), and allows calls again. */
void session_interrupt(struct session *s);
void session_resume(struct session *s);
/**
 * Of the calling thread: from now on it only looks, for somebody who types. A library that is not known yet is read
 * behind the prompt when that takes longer than a moment, and is unknown until then.
 */
void session_hurry(bool hurry);
/** Ends what is read behind a prompt that has ended. */
void session_settle(struct session *s);
/** Passes on what services have written so far; for the end of a program. */
void session_flush(struct session *s);
