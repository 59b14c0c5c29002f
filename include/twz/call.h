/*
 * For programs that call gates: what the stubs made by `twz-inspect --stubs` are built on.
 *
 * A program includes the stub's header, compiles the stub's C file and links with -ltwz; a gate is
 * then a function call. Inside a compartment the same functions are offered by the guest, so a
 * service calls another service's gates in the same way.
 *
 * Thread-safe: each thread gets its own link to each compartment on its first call.
 */
#ifndef TWZ_CALL_H
#define TWZ_CALL_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#pragma GCC visibility push(default)

/* Why the last call of this thread failed. */
struct twz_failure {
	uint64_t code;		/* category << 32 | code, as in sys::errors; never 0 */
	int status;		/* the exit status that twz would give: 3 … 6, 124, 130 */
	const char *kind;	/* "Fault", "Timeout", "Security Error", … */
	const char *text;	/* one line */
};

/* One gate as a stub knows it. Static in the stub, filled in on the first call; treat as opaque. */
struct twz_stub {
	const char *service, *gate;
	const char *signature;	/* shown when it no longer fits */
	uint64_t hash;		/* of the signature and all layouts that it reaches */
	uint32_t nwords;
	uint32_t ret_size;
	void *bound;		/* NULL until the first call; set once, with release order */
	/*
	 * Where the stub's header looks for the function to call, and what stands there until the gate's own
	 * does: at level none a call is a call of that. Both NULL: always through twz_invoke().
	 */
	void **function;
	void *otherwise;
};

/* Not 0: this thread's last call failed. Read by stubs; see twz_failed(). */
extern __thread int twz_has_failed __attribute__((tls_model("initial-exec")));
/* This thread's last call did not fail. Called by stubs. */
void twz_forget(void);

/*
 * Calls the gate. @words holds one word per parameter: the value itself, sign- or zero-extended (a
 * float's bits in the low half), or the address of a struct, text, object or buffer. @ret gets the
 * result, stub->ret_size bytes; a text result is a const char * that is valid until this thread's
 * next call. Returns 0, or -1 with @ret zeroed and twz_failed() saying why. A gate whose errors have texts
 * (TWZ_FAILS(how, gate), twz-gates(5)) has also failed, with status 1, when it gave an error: then @ret is what it gave.
 */
int twz_invoke(struct twz_stub *stub, const uint64_t *words, void *ret);

/*
 * Callbacks. A gate may take functions of its caller's, which it calls until it returns (TWZ_CALLBACK in
 * twz/gate.h): stubs take them as C does, with the void * that they get back. They run on the calling thread
 * (of a twz_gate_start(): on a thread of the library's), and time in them counts for the call's deadline. What
 * they are given is valid until they return, texts that they return have to be until they are called again. They
 * may call gates, also the one that has called them, 16 deep; not twz_close(), which does nothing in there. Leave
 * them by returning: after longjmp() the gate waits for ever. A service that calls back otherwise than its gate
 * says, after the call or from another thread, ends with a fault.
 */

/* One of several calls. For stubs made by twz-inspect, @stub is &SERVICE_GATE_stub. */
struct twz_call {
	struct twz_stub *stub;
	const uint64_t *words;	/* as for twz_invoke() */
	void *ret;		/* stub->ret_size bytes; may be NULL when that is 0 */
	uint64_t code;		/* set: 0 when the call succeeded, else as in struct twz_failure */
};

/*
 * Makes @n calls, in order, that do not need each other's results. Calls of one service that follow each
 * other share the way there and back as far as they fit (at most 256, or 64 MiB of data), which costs hardly
 * more than one call; each such crossing has the deadline of one call. A call that fails does not keep
 * later ones from being made, unless its compartment ended: then all that were not answered have failed.
 *
 * Returns the number of calls that failed; twz_failed() tells of the first. Texts of results are valid
 * until this thread's next twz_invoke_many(). Inside of a compartment calls are made one by one.
 */
size_t twz_invoke_many(struct twz_call *calls, size_t n);

/*
 * Memory that large arguments can lie in without being copied. Fill it, seal it, pass pointers into it: a
 * buffer that only goes into a gate, has 64 KiB or more and lies inside of it whole is read by the service
 * where it is. Once sealed nobody can change it any more, the program neither: writing to it is a crash.
 * Before, and for all other arguments, it is memory like any other and copied.
 *
 * twz_share() gives NULL and twz_seal() -1 when they fail: twz_failed() says why. Memory is given back by
 * twz_unshare(), which no call that uses it may overlap, or by twz_close(). For programs, not for services.
 */
void *twz_share(size_t n);
int twz_seal(void *memory);
void twz_unshare(void *memory);

/*
 * -- for handlers: gates that answer another gate's calls (sys::interpose) --
 *
 * Passes the call that is answered on to what lies below the handler: the gate that was called or, where grates
 * stack, its next handler. @words as for twz_invoke(), one for each of @nwords parameters: those of the handler,
 * which has the same type. What lies below sees who made the call, and no handler that was passed by is asked
 * again. It may be passed on never, once, or several times.
 *
 *	int32_t add(int32_t a, int32_t b)
 *	{
 *		int32_t sum;
 *
 *		if (twz_forward((uint64_t[]){ (uint64_t)a, (uint64_t)b }, 2, &sum, sizeof(sum)))
 *			twz_refuse();
 *		return sum;
 *	}
 *
 * Returns 0, or -1 with @ret zeroed and twz_failed() saying why. Of a gate that fails by errno, what lies below gives
 * the negative number of its error, and errno is set to it: a handler that returns that fails with the same error. One
 * that fails for a reason of its own sets errno itself and returns a negative number.
 */
int twz_forward(const uint64_t *words, size_t nwords, void *ret, size_t ret_size);
/*
 * Ends the call with a failure instead of the gate's result, which nobody will see: Security Error, permission
 * denied or, after a twz_forward() that failed, the same kind of failure. Returns -1, and does nothing, when the
 * running gate was called itself.
 */
int twz_refuse(void);

/* NULL when this thread's last call succeeded. Valid until its next call. */
const struct twz_failure *twz_failed(void);

/* Prints "KIND: TEXT" of twz_failed() to stderr, after "@what: " when @what is not NULL. */
void twz_perror(const char *what);

/* Deadline of this thread's calls from now on, in milliseconds; 0: none. The default is 30,000. */
void twz_set_timeout(uint32_t ms);

/*
 * Opens the session that stubs use, which the first call would do otherwise: registry, monitor, and a
 * compartment for each service named in SCTX_PRELOAD (paths or service names, separated by ':' or
 * blanks). Returns 0, or -1 with twz_failed().
 */
int twz_open(void);
/* Ends every compartment of the session. No other thread may be in a call. */
void twz_close(void);

/* -- compartments, by name ------------------------------------------------------------------------- */

/*
 * What follows is for programs; services have stubs only. Functions that return a pointer give NULL, those
 * that return an int -1, when they fail: twz_failed() says why. All of it is thread-safe; a handle may be used
 * by several threads, but freed once only.
 */

/* A compartment that is held: it is there as long as this is. */
struct twz_compartment;

enum twz_isolation {
	TWZ_ISOLATION_DEFAULT,	/* what its record asks for; else the session's, which is full */
	TWZ_ISOLATION_NONE,
	TWZ_ISOLATION_CALLEE,
	TWZ_ISOLATION_CALLER,
	TWZ_ISOLATION_FULL,
};

/* A descriptor that a service is given, and the name by which it asks for it. */
struct twz_load_fd {
	const char *name;
	int fd;
};

/* How it is to be made. All zero: as its first call would make it. */
struct twz_load_options {
	enum twz_isolation isolation;
	const char *mechanism;	/* "direct", "process", "mpk"; NULL: by the level */
	const char *name;	/* of the instance; NULL: as twz_load()'s @what says */
	uint64_t memory;	/* bytes of private memory that it may have; 0: 512 MiB */
	const char *const *env;	/* "NAME=VALUE", ended by NULL; NULL: none */
	int dup;		/* a name that is taken gets a number */
	int fresh;		/* an address layout of its own */
	int debug;		/* it waits for a debugger before its service is loaded */
	int never_restart;	/* after a fault, calls are refused; -1: they are not; 0: as the service's record says */
	const char *const *args;	/* what twz_args() gives it, ended by NULL; NULL: none */
	const struct twz_load_fd *fds;	/* what twz_fd() gives it, ended by a name NULL; duplicated; NULL: none */
	/*
	 * A clone of a process that has loaded its service, constructors included: quicker, and not for services whose
	 * constructors make threads, descriptors or random numbers. Needs the levels caller or full, and neither
	 * fresh, debug, env, args nor fds.
	 */
	int preload;
	uint32_t park;		/* it is parked when it was not called for so many seconds; 0: never */
};

/*
 * Makes a compartment and waits until its service is loaded. @what is NAME::FILE (an instance of its own), a
 * FILE, or the name of a service. @options NULL: all zero. Fails with NAMING/ALREADY_EXISTS when it is there.
 */
struct twz_compartment *twz_load(const char *what, const struct twz_load_options *options);
/* Holds the compartment of the service or instance @name, which is made if there is none. */
struct twz_compartment *twz_hold(const char *name);
/*
 * Lets go and frees the handle. The compartment is unloaded when nobody else holds it and no other compartment
 * calls it. No call on it by this handle may be under way.
 */
void twz_unload(struct twz_compartment *c);
const char *twz_compartment_name(const struct twz_compartment *c);

/* How it is now. */
struct twz_info {
	uint64_t id;		/* another one when it was unloaded and made again */
	int pid;		/* at level none the program's own; 0: its process has ended */
	enum twz_isolation isolation;	/* the active level */
	int parked;		/* it is small until its next call */
	uint64_t memory;	/* bytes of its process that are in no file */
	uint64_t calls, faults, restarts;
};
int twz_info(struct twz_compartment *c, struct twz_info *info);

/* What became of twz_park(). */
struct twz_parked {
	int ended;		/* it keeps nothing between calls (TWZ_STATELESS): its process was ended */
	uint64_t before, after;	/* bytes of its process that are in no file */
};
/*
 * Makes it small while nobody calls it: what is free in its memory goes back to the system. The next call finds it
 * as it was. @parked may be NULL. Fails with GENERIC/NOT_SUPPORTED when it has no process of its own.
 */
int twz_park(struct twz_compartment *c, struct twz_parked *parked);

enum twz_state {
	TWZ_STATE_STARTED,	/* there is a process for it */
	TWZ_STATE_READY,	/* its service is loaded, constructors have run */
	TWZ_STATE_IDLE,		/* no gate runs in it */
	TWZ_STATE_BINARY,	/* it offers a program: cli_main */
	TWZ_STATE_DESTRUCTED,	/* its destructors have run */
	TWZ_STATE_EXITED,	/* its process has ended */
};

struct twz_end {
	int status, signal;	/* exit status, or the signal that ended it */
};

/* Waits until it is in @state; @timeout_ms < 0: for ever. @end, which may be NULL, says how it last ended. */
int twz_wait(struct twz_compartment *c, enum twz_state state, int timeout_ms, struct twz_end *end);
/* Sends a signal to its process. */
int twz_signal(struct twz_compartment *c, int number);

/*
 * A descriptor that can be read (poll) when a compartment of the session has changed its state, from the first
 * call on. It belongs to the session.
 */
int twz_events(void);

struct twz_event {
	char compartment[128];
	uint64_t id;
	enum twz_state state;	/* STARTED, READY, EXITED, DESTRUCTED */
	int status, signal;	/* EXITED: how */
	uint32_t lost;		/* events before this one that there was no room for */
};
/* Takes the next event. Returns 1, 0 when there is none, or -1. */
int twz_next_event(struct twz_event *event);

/*
 * Has the gate @handler ("SERVICE::GATE"), of the same type, answer the calls of @gate of @compartment from now on,
 * whoever makes them in this session: see twz_forward(). A gate has one handler; a new one takes the place of the
 * old. @gate "*": each that the service @handler has a gate of the same name and type for, unless it has a handler
 * of its own. A handler that cannot be called is passed over or, if it is @required, the call refused.
 * Returns 0 or -1: ARGUMENT/WRONG_TYPE, NAMING/LINK_LOOP, GENERIC/ACCESS_DENIED, GENERIC/NOT_SUPPORTED.
 */
int twz_interpose(const char *compartment, const char *gate, const char *handler, int required);
/* Takes it away; NAMING/NOT_FOUND when there is none. */
int twz_uninterpose(const char *compartment, const char *gate);

/* -- gates, by name -------------------------------------------------------------------------------- */

/* A gate that was looked up; freed with its compartment's handle. */
struct twz_gate_ref;

/* Fails with NAMING/NOT_FOUND when there is none of this name. */
struct twz_gate_ref *twz_gate_lookup(struct twz_compartment *c, const char *gate);
/* "divide(a: i32, b: i32) -> quotient" */
const char *twz_gate_signature(const struct twz_gate_ref *gate);

/* One argument: a value with its type, which is checked before anything is called. */
enum twz_arg_kind {
	TWZ_ARG_INT, TWZ_ARG_UINT, TWZ_ARG_FLOAT, TWZ_ARG_TEXT, TWZ_ARG_MEMORY, TWZ_ARG_FUNCTION, TWZ_ARG_DATA,
};

struct twz_arg {
	enum twz_arg_kind kind;
	union {
		int64_t i;		/* INT, for integers, enums, bool and char of any size */
		uint64_t u;		/* UINT, the same */
		double f;		/* FLOAT, for float and double */
		const char *text;	/* TEXT; NULL where it may be */
		void *memory;		/* MEMORY: a struct, by value or behind a pointer, or a buffer */
		void (*function)(void);	/* FUNCTION: a callback; it has to be of the type that the gate takes */
		void *data;		/* DATA: the user data of a callback */
	} v;
	size_t size;			/* MEMORY: its bytes */
};

#ifndef __cplusplus
#define TWZ_A_INT(x) ((struct twz_arg){ .kind = TWZ_ARG_INT, .v.i = (x) })
#define TWZ_A_UINT(x) ((struct twz_arg){ .kind = TWZ_ARG_UINT, .v.u = (x) })
#define TWZ_A_FLOAT(x) ((struct twz_arg){ .kind = TWZ_ARG_FLOAT, .v.f = (x) })
#define TWZ_A_TEXT(x) ((struct twz_arg){ .kind = TWZ_ARG_TEXT, .v.text = (x) })
#define TWZ_A_FUNCTION(f) ((struct twz_arg){ .kind = TWZ_ARG_FUNCTION, .v.function = (void (*)(void))(f) })
#define TWZ_A_DATA(p) ((struct twz_arg){ .kind = TWZ_ARG_DATA, .v.data = (p) })
#define TWZ_A_MEMORY(p, n) ((struct twz_arg){ .kind = TWZ_ARG_MEMORY, .v.memory = (p), .size = (n) })
#endif

/*
 * Calls a gate with one argument for each of its C parameters, and takes @ret_size bytes of result: exactly
 * its size, 0 when it returns nothing. What does not fit fails with ARGUMENT/WRONG_TYPE and calls nothing: a
 * kind that the parameter is not of, an integer out of its range, a struct of another size, a buffer that is
 * shorter than the gate is told. Texts of the result are valid until this thread's next call.
 */
int twz_gate_call(struct twz_gate_ref *gate, const struct twz_arg *args, size_t nargs, void *ret,
		  size_t ret_size);

/* -- calls that nobody waits for ------------------------------------------------------------------- */

struct twz_task;

/*
 * Starts a call, and returns at once. @args is copied; what it points to must stay as it is until the call has
 * ended. Deadline: the calling thread's.
 */
struct twz_task *twz_gate_start(struct twz_gate_ref *gate, const struct twz_arg *args, size_t nargs);
/* A descriptor that can be read (poll) when the call has ended. It belongs to the call. */
int twz_task_fd(const struct twz_task *call);
/* Waits for the end, and takes the result or the failure. Texts of it are valid until twz_task_free(). */
int twz_task_finish(struct twz_task *call, void *ret, size_t ret_size);
/*
 * Ends a call that is under way, which ends its compartment: twz_task_finish() then fails with class
 * Interrupted, outcome unknown, and so do other calls in it. At level none nobody can: it fails.
 */
int twz_task_cancel(struct twz_task *call);
/* After the end only: waits for it. */
void twz_task_free(struct twz_task *call);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif
