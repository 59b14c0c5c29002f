/*
 * The monitor: starts, confines, links and ends compartments, and carries calls to them.
 *
 * It knows nothing of names, registries or text: whoever embeds it hands over services and gates and
 * answers its questions through struct monitor_host. All functions are thread-safe unless they say
 * otherwise.
 */
#pragma once

#include "twz/arena.h"
#include "twz/error.h"
#include "twz/plan.h"
#include "twz/type.h"

struct monitor;

/* A compartment: slot in the low half, generation in the high one. 0 is the session itself. */
struct monitor_id {
	uint64_t value;
};

/* Who wants to call: a compartment, or the session itself (compartment 0, service ""). */
struct monitor_who {
	const char *context;		/* of a compartment: "service:NAME" */
	const char *service;
	uint64_t compartment;
};

/* What the monitor asks of its embedder. Called on the monitor's own thread; must be thread-safe. */
struct monitor_host {
	void *data;
	/** The service that a compartment, @who, calls @name. Lives as long as the monitor. */
	bool (*service)(void *data, const struct monitor_who *who, const char *name,
			const struct twz_service **ret, struct twz_error *err);
	/**
	 * Whether @who may call @gate: of the session when a gate is bound, of a compartment before each
	 * call of a gate that requires a capability, and before the first of every other.
	 */
	bool (*may_call)(void *data, const struct monitor_who *who, const struct twz_service *service,
			 const struct twz_gate *gate, struct twz_error *err);
	/** Whether a compartment may ask for a gate of this name at all; NULL: yes. */
	bool (*may_ask)(void *data, const struct monitor_who *who, const char *service, const char *gate,
			struct twz_error *err);
	/** Bytes that a service wrote to its stdout or stderr: whole lines when possible, hostile. */
	void (*output)(void *data, const char *service, const char *bytes, size_t n);
	/** What a service that has the gate cli_main wrote to its stdout; NULL: as @output. */
	void (*program_output)(void *data, const char *service, const char *bytes, size_t n);
};

struct monitor_options {
	struct monitor_host host;
	const char *context;		/* by whom this session's calls are made; copied */
	const char *guest;		/* path of the guest program; copied */
	const char *state_dir;		/* services' private folders are made in it; copied */
	uint64_t memory;		/* bytes of private memory a compartment may have; 0: 512 MiB */
	bool asks;			/* for @level, where the loader does not; a record's is never lowered */
	enum twz_level level;
	/** Nothing is started that would be confined less than level full can be: class LINK instead. */
	bool require_full;
	uint32_t depth;			/* of nested gates; 0: 16 */
};

/**
 * Starts the zygote and returns without waiting for it. @options and the strings in it are copied.
 */
TWZ_MUST bool monitor_open(const struct monitor_options *options, struct monitor **ret,
			   struct twz_error *err);
/** Ends every compartment and the zygote. No call may be under way. NULL is fine. */
void monitor_close(struct monitor *m);
/*
 * A C function that stands for a callback of somebody who has none: it calls @run with what it was given, as words
 * of twz/plan.h, and room for the result, which is zeroed.
 */
struct monitor_closure;
typedef void monitor_run(void *data, const uint64_t *words, void *ret);
/** @plan is the callback's own. Fails with class LINK where the system gives no memory for code. */
TWZ_MUST bool monitor_closure_make(const struct twz_plan *plan, monitor_run *run, void *data,
				   struct monitor_closure **ret, struct twz_error *err);
uint64_t monitor_closure_word(const struct monitor_closure *c);
/** NULL is fine. */
void monitor_closure_free(struct monitor_closure *c);
/** Whether the calling thread runs a function that a gate has called back. */
bool monitor_in_callback(void);

/* By what a compartment is made and called. BY_LEVEL: direct for level none, else process. */
#define MONITOR_MECHANISMS(X) X(DIRECT, "direct") X(PROCESS, "process") X(MPK, "mpk")
enum monitor_mechanism {
	MONITOR_BY_LEVEL,
#define X(mechanism, text) MONITOR_BY_##mechanism,
	MONITOR_MECHANISMS(X)
#undef X
};
const char *monitor_mechanism_text(enum monitor_mechanism mechanism);

/* What happens after a fault: the next call starts the compartment again, or is refused. 0: as its record says. */
#define MONITOR_RESTARTS(X) X(ON_CALL, "on_call") X(NEVER, "never")
enum monitor_restart {
	MONITOR_RESTART_BY_RECORD,
#define X(restart, text) MONITOR_RESTART_##restart,
	MONITOR_RESTARTS(X)
#undef X
};

/* A descriptor that a service is given, and the name by which it asks for it. */
struct monitor_fd {
	const char *name;
	int fd;
};
enum { MONITOR_FDS = 64 };

/* How a compartment is to be made. All zero: as its service's record asks, else level full. */
struct monitor_load_options {
	bool asks;			/* for @level: it raises what the record asks, and never lowers it */
	enum twz_level level;
	enum monitor_mechanism mechanism;
	uint64_t memory;		/* bytes of private memory; 0: the monitor's */
	bool fresh;			/* an address layout of its own, by exec */
	bool preload;			/* a clone of a process that has loaded its service: share/doc/compartments.md */
	bool debug;			/* it waits for a debugger before its service is loaded */
	bool here;			/* direct: this process itself has loaded the file; no row of its own */
	enum monitor_restart restart;
	uint64_t park_ns;		/* it is parked when it was not called for so long; 0: never */
	const char *const *env;		/* "NAME=VALUE" */
	uint32_t nenv;
	const char *const *args;
	uint32_t nargs;
	const struct monitor_fd *fds;	/* duplicated: the caller's may be closed */
	uint32_t nfds;			/* MONITOR_FDS at most */
};

/**
 * Makes the compartment of @service and starts it. @service must outlive the monitor; it is what stands
 * for the compartment everywhere: a second instance of a service is a copy of it under another name.
 * @options NULL: those of before, or all zero. They are copied.
 *
 * Fails with class SECURITY when the record asks for more than @options do, or when the compartment was
 * made with others: they are fixed until it is unloaded. Fails with class LINK when the mechanism cannot be
 * had. Starting a process does not wait for the service to be loaded: its first call does.
 */
TWZ_MUST bool monitor_load(struct monitor *m, const struct twz_service *service,
			   const struct monitor_load_options *options, struct monitor_id *ret,
			   struct twz_error *err);

/* A gate made ready to be called: plan and compartment. Owned by the monitor, valid until it closes. */
struct monitor_gate;

/**
 * Makes @gate of @service callable by this session. Cheap to repeat. Fails with class TYPE when the
 * gate cannot cross, with class SECURITY when host.may_call says so.
 */
TWZ_MUST bool monitor_bind(struct monitor *m, const struct twz_service *service,
			   const struct twz_gate *gate, struct monitor_gate **ret,
			   struct twz_error *err);
const struct twz_plan *monitor_plan(const struct monitor_gate *gate);
/**
 * The gate's own function, when the compartment's mechanism is direct: to be called by its type, at no
 * cost. NULL otherwise. It stays where it is until the service is unloaded.
 */
void *monitor_function(const struct monitor_gate *gate);
/** The calling thread's number, as gates see it: from 1 in each session. */
uint64_t monitor_thread_number(struct monitor *m);
/** The file of the service @name that this process itself has loaded (LD_PRELOAD), or NULL. */
const char *monitor_here(const char *name, struct twz_arena *arena);

/**
 * Calls a gate from this thread: see plan.h for @words and @ret. Starts or restarts the compartment
 * and makes the thread's link as needed. @timeout_ns < 0: no deadline.
 *
 * Texts and objects that the result refers to live in the calling thread's buffer until its next call.
 * A FAULT, TIMEOUT or INTERRUPTED means that the compartment is gone and the outcome unknown; the next
 * call starts a new one.
 */
TWZ_MUST bool monitor_call(struct monitor_gate *gate, const uint64_t *words, void *ret,
			   int64_t timeout_ns, struct twz_error *err);

/* One of several calls. */
struct monitor_one {
	struct monitor_gate *gate;
	const uint64_t *words;
	void *ret;
	uint64_t code;			/* set: 0 when it succeeded, else of its error */
};
/**
 * Makes @n calls, in order, that do not depend on each other's results. Those of one compartment that follow
 * each other share a crossing, as far as they fit: what waking costs is paid once. Each crossing has the
 * deadline of one call.
 *
 * Returns how many failed; @err gets the first failure. A failure does not keep later calls from being made,
 * unless the compartment ended under them: then all that were not answered have failed. Texts of results live
 * until this thread's next monitor_call_many().
 */
size_t monitor_call_many(struct monitor_one *calls, size_t n, int64_t timeout_ns, struct twz_error *err);

/** Whether calls of the gate can share a crossing: not where a handler answers them, or there is nothing to cross. */
bool monitor_goes_together(const struct monitor_gate *gate);

/**
 * Memory of @n bytes, zeroed, that large arguments can lie in without being copied: a buffer that goes into a
 * gate only, lies inside of it whole and has 64 KiB or more. It is shared with a compartment from the first such
 * call on, once it is sealed. NULL: @err. Only for the process mechanism; others take any memory in place.
 */
void *monitor_share(struct monitor *m, size_t n, struct twz_error *err);
/** From now on nobody can change it; to write to it is a crash. It stays where it is. */
TWZ_MUST bool monitor_seal(struct monitor *m, void *memory, struct twz_error *err);
/** Whether @memory is what monitor_share() gave. */
bool monitor_shares(struct monitor *m, const void *memory);
/** Gives it back, here and in compartments. No call that uses it may be under way. */
void monitor_unshare(struct monitor *m, void *memory);

/**
 * Memory of @n bytes, zeroed, that others may read while it is written: those who know @id, which is random. Until
 * monitor_give_back(). NULL: @err.
 */
void *monitor_lend(struct monitor *m, size_t n, uint64_t id[2], struct twz_error *err);
/** Another one's, of *@n bytes, for reading; it stays mapped until monitor_give_back(). It may change at any time. */
const void *monitor_borrow(struct monitor *m, const uint64_t id[2], size_t *n, struct twz_error *err);
/** Of either of the two. */
void monitor_give_back(struct monitor *m, const void *memory);

/**
 * Makes calls that wait return with INTERRUPTED: to be called from a signal handler. Async-signal-safe.
 * monitor_resume() takes it back.
 */
void monitor_interrupt(struct monitor *m);
void monitor_resume(struct monitor *m);

/**
 * From now on this session's calls are made by @context. Other threads' links stay with the one before until
 * these threads end.
 */
TWZ_MUST bool monitor_set_context(struct monitor *m, const char *context, struct twz_error *err);

/** Returns when everything that services have printed so far was given to host.output: at once, mostly. */
void monitor_flush(struct monitor *m);

/** How the last fault of this thread's calls happened, for a report. */
struct monitor_crash {
	const char *path;		/* file that the address belongs to; "" */
	uint64_t address;		/* as in the file; 0: unknown */
	uint64_t frames[16];		/* return addresses in the service's file, innermost first */
	uint32_t nframes;
	int signal;			/* 0: it exited */
	int status;			/* exit status */
	uint64_t fault_address;
	bool stack_overflow, out_of_memory;
};
/* One function on the stack of what crashed: a place in a file, both as the accused says. */
struct monitor_frame {
	const char *path;		/* "" when no file has it */
	uint64_t address;		/* as in the file; of the instruction, not of the one it returns to */
};
/**
 * The whole stack, innermost first, up to the gate's own caller; valid as long as monitor_last_crash(). Only
 * files that services use anyway are named: their own, and those of the system's library folders.
 */
size_t monitor_last_frames(const struct monitor_frame **ret);
/** NULL when this thread's last call did not fault. Valid until its next call. */
const struct monitor_crash *monitor_last_crash(void);

/**
 * Puts " in @where" ("null (fault.c:31)") into the text of a fault, before "; outcome unknown".
 * @where may be NULL or "": then nothing changes.
 */
void monitor_crash_where(struct twz_error *err, const char *where);

#define MONITOR_STATES(X) X(STARTING, "starting") X(READY, "ready") X(PARKED, "parked") X(EXITED, "exited")
enum monitor_state {
#define X(state, text) MONITOR_##state,
	MONITOR_STATES(X)
#undef X
};
const char *monitor_state_text(enum monitor_state state);

/* What is true of a compartment now; Twizzler's names. */
#define MONITOR_FLAGS(X) \
	X(STARTED)		/* there is a process for it */ \
	X(READY)		/* its service is loaded, constructors have run */ \
	X(THREAD_CAN_EXIT)	/* no gate runs in it */ \
	X(IS_BINARY)		/* it offers a program: cli_main */ \
	X(DESTRUCTED)		/* its destructors have run */ \
	X(EXITED)		/* the process has ended */
enum monitor_flag {
#define X(flag) MONITOR_FLAG_##flag,
	MONITOR_FLAGS(X)
#undef X
};

/* A row of sys::compartments. */
struct monitor_info {
	struct monitor_id id;
	const char *service;
	enum monitor_state state;
	int pid;			/* as this process sees it; 0 when gone */
	uint32_t links;
	uint64_t calls, faults, restarts;
	uint64_t memory;		/* bytes of its process that are in no file */
	const char *why;		/* EXITED: why, or "" */
	uint32_t flags;			/* 1 << MONITOR_… */
	bool asks;			/* … for level @asked */
	enum twz_level asked, minimum, active;
	enum monitor_mechanism mechanism;
};
/** All compartments of this session, in @arena. */
size_t monitor_list(struct monitor *m, struct twz_arena *arena, const struct monitor_info **ret);

/*
 * What this session's calls of one gate came to, in all of its threads; those that services made of each
 * other are not among them. Times are in nanoseconds, exact to an eighth: see tally.h.
 */
struct monitor_calls {
	const struct twz_service *service;
	const struct twz_gate *gate;
	uint64_t calls;
	uint64_t errors;		/* the gate said no, as monitor_gate_said_no() was told */
	uint64_t failures;		/* fault, timeout, interruption */
	uint64_t p50, p90, p99, longest;	/* 0: none was timed */
};
/** One row for each gate that was called, in @arena. */
size_t monitor_calls(struct monitor *m, struct twz_arena *arena, const struct monitor_calls **ret);
/** The last call of @gate by this thread returned an error of its own: only who reads results can know. */
void monitor_gate_said_no(struct monitor_gate *gate);

/* A link; of those between compartments the monitor does not see the calls. */
struct monitor_link_info {
	uint64_t serial;
	const char *from, *to;		/* services; from "": the session */
	struct monitor_id from_id, to_id;
	uint64_t thread;		/* number of the calling thread in this session */
	uint32_t depth;			/* of nested calls */
	uint64_t calls;
};
size_t monitor_links(struct monitor *m, struct twz_arena *arena, const struct monitor_link_info **ret);

/* -- what may be done to a compartment; all fail with class NAME when the service has none -------------- */

/** Whether it has one. */
bool monitor_exists(struct monitor *m, const struct twz_service *service);

/* How a compartment's last process ended. */
struct monitor_end {
	bool known;
	int status, signal;		/* exit status, or by which signal */
	char why[256];
};

/**
 * Waits until @flag is true of the compartment; @ret, which may be NULL, says how its last process ended.
 * @timeout_ns < 0: no deadline. A wait for READY fails with class LINK when the service cannot be loaded.
 */
TWZ_MUST bool monitor_wait(struct monitor *m, const struct twz_service *service, enum monitor_flag flag,
			   int64_t timeout_ns, struct monitor_end *ret, struct twz_error *err);

/** Counts one more who needs it; monitor_unload() counts one less. */
TWZ_MUST bool monitor_hold(struct monitor *m, const struct twz_service *service, struct twz_error *err);

/**
 * Unloads it: runs its destructors, ends its process, forgets its options. As long as somebody holds it, or
 * another compartment calls it, that is put off until the last one lets go: *@put_off. With @for_good, no
 * call starts it again.
 */
TWZ_MUST bool monitor_unload(struct monitor *m, const struct twz_service *service, bool for_good,
			     bool *put_off, struct twz_error *err);

/* What parking came to, in bytes of private memory. */
struct monitor_parked {
	uint64_t before, after;
	bool ended;			/* its process was: the next call starts another */
};
/**
 * Makes an idle compartment small: its process gives back what memory it can and keeps all it knows; the next call
 * is made as ever. When its record says that it keeps nothing and nobody else has a link to it, the process is
 * ended instead. Class LINK when it does not run, or has none.
 */
TWZ_MUST bool monitor_park(struct monitor *m, const struct twz_service *service, struct monitor_parked *ret,
			   struct twz_error *err);

/** Ends whatever runs @gate now, and every call in there. Class LINK when its mechanism cannot. */
TWZ_MUST bool monitor_abort(struct monitor_gate *gate, struct twz_error *err);

/* Something happened to a compartment. */
struct monitor_event {
	char service[128];
	struct monitor_id id;
	enum monitor_flag flag;		/* STARTED, READY, EXITED, DESTRUCTED */
	struct monitor_end end;		/* EXITED */
	uint32_t lost;			/* events before it that there was no room for */
};
/** A descriptor that is readable while there are events; the monitor's. They are kept from now on. */
TWZ_MUST bool monitor_events(struct monitor *m, int *ret, struct twz_error *err);
/** Takes the oldest; false: there is none. */
bool monitor_next_event(struct monitor *m, struct monitor_event *ret);

/** Sends a signal to its process. */
TWZ_MUST bool monitor_signal(struct monitor *m, const struct twz_service *service, int number,
			     struct twz_error *err);

/* Its own words, checked for form only: it may be lying about itself. */
struct monitor_library {
	uint64_t base;
	const char *file;
};
TWZ_MUST bool monitor_libraries(struct monitor *m, const struct twz_service *service,
				struct twz_arena *arena, const struct monitor_library **ret, size_t *n,
				struct twz_error *err);
/** Where it has @symbol, and in which library; class NAME when nowhere. */
TWZ_MUST bool monitor_symbol(struct monitor *m, const struct twz_service *service, const char *symbol,
			     struct twz_arena *arena, uint64_t *address, struct monitor_library *ret,
			     struct twz_error *err);

/* From the kernel. */
struct monitor_thread_info {
	int id;				/* as this process sees it */
	const char *name, *state;
};
TWZ_MUST bool monitor_threads(struct monitor *m, const struct twz_service *service,
			      struct twz_arena *arena, const struct monitor_thread_info **ret, size_t *n,
			      struct twz_error *err);

/* Another compartment that it calls, or that calls it. */
struct monitor_dependency {
	const char *service;
	bool calls_it;			/* false: it is called by that one */
	uint32_t links;
};
TWZ_MUST bool monitor_dependencies(struct monitor *m, const struct twz_service *service,
				   struct twz_arena *arena, const struct monitor_dependency **ret,
				   size_t *n, struct twz_error *err);

/* A row of sys::info: a property as asked for, as it is, and by what. */
struct monitor_detail {
	const char *name, *asked, *active, *mechanism;
};
TWZ_MUST bool monitor_describe(struct monitor *m, const struct twz_service *service,
			       struct twz_arena *arena, struct monitor_info *info,
			       const struct monitor_detail **ret, size_t *n, struct twz_error *err);

struct monitor_stats {
	uint64_t compartments, started, calls, crossings, faults, timeouts, interrupted, links, restarts;
	uint64_t spares;		/* processes that wait for the next start … */
	uint64_t spare_memory;		/* … and bytes of their memory that are in no file */
	uint64_t in_place;		/* bytes of arguments that were shared instead of copied */
};
void monitor_stats(struct monitor *m, struct monitor_stats *ret);

/* A row of sys::status: what is active, and by what mechanism. Waits for the zygote to have started. */
struct monitor_property {
	const char *name;		/* "files", "network", … */
	bool active;
	const char *mechanism;		/* "Landlock ABI 7", "seccomp filter of 214 instructions", … */
};
TWZ_MUST bool monitor_status(struct monitor *m, struct twz_arena *arena,
			     const struct monitor_property **ret, size_t *n, struct twz_error *err);
