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
 * next call. Returns 0, or -1 with @ret zeroed and twz_failed() saying why.
 */
int twz_invoke(struct twz_stub *stub, const uint64_t *words, void *ret);

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

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif
