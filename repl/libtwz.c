/*
 * include/twz/call.h on top of a session: what stubs call.
 *
 * A process has one session, opened by whoever calls first. The way of a call that works is short:
 * one load of the stub's bound gate, and the monitor. Everything about failures is per thread.
 *
 * Closing forgets the gates that stubs hold, so that the next call opens a new session; so does a
 * fork() in the child, to which the parent's compartments do not answer.
 */
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "repl/libtwz.h"
#include "monitor/monitor.h"
#include "repl/session.h"
#include "twz/call.h"
#include "twz/gate.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t prepared = PTHREAD_ONCE_INIT;
static struct session *session;		/* guarded by lock, like what follows */
static bool adopted;			/* it is somebody else's to close */
static struct twz_stub **bound;
static size_t nbound;

enum {
	DEFAULT_TIMEOUT_MS = 30000,
	MANY = 256,			/* calls that are handed on together */
};

/* Read on every call: found by an offset instead of a function call. */
#define FAST_TLS __attribute__((tls_model("initial-exec")))

static _Thread_local int64_t timeout_ns FAST_TLS = DEFAULT_TIMEOUT_MS * INT64_C(1000000);
static _Thread_local struct twz_error error FAST_TLS;
static _Thread_local struct twz_failure failure;
__thread int twz_has_failed;

static void
before_fork(void)
{
	pthread_mutex_lock(&lock);
}

static void
after_fork(void)
{
	pthread_mutex_unlock(&lock);
}

static void
forget_bound(void)
{
	for (size_t i = 0; i < nbound; i++)
	{
		if (bound[i]->function)
			__atomic_store_n(bound[i]->function, bound[i]->otherwise, __ATOMIC_RELEASE);
		__atomic_store_n(&bound[i]->bound, NULL, __ATOMIC_RELEASE);
	}
	nbound = 0;
}

/* The parent's session is left as it is: its memory is a copy, its threads are not here. */
static void
in_child(void)
{
	forget_bound();
	session = NULL;
	adopted = false;
	pthread_mutex_unlock(&lock);
}

static void
prepare(void)
{
	pthread_atfork(before_fork, after_fork, in_child);
}

/* With the lock held. */
static bool
open_session(struct twz_error *err)
{
	const struct session_options options = { .preload = true };

	pthread_once(&prepared, prepare);
	return session || session_open(&options, &session, err);
}

static void
unlockp(pthread_mutex_t **mutex)
{
	if (*mutex)
		pthread_mutex_unlock(*mutex);
}

void
libtwz_adopt(struct session *s)
{
	pthread_mutex_lock(&lock);
	forget_bound();
	session = s;
	adopted = s != NULL;
	pthread_mutex_unlock(&lock);
}

struct twz_error *
libtwz_begin(void)
{
	if (twz_has_failed)
		twz_forget();
	return &error;
}

bool
libtwz_session(struct session **ret, struct twz_error *err)
{
	TWZ_CLEANUP(unlockp) pthread_mutex_t *locked = &lock;

	pthread_mutex_lock(locked);
	if (!open_session(err))
		return false;
	*ret = session;
	return true;
}

int64_t
libtwz_timeout(void)
{
	return timeout_ns;
}

int
libtwz_fail(void)
{
	twz_has_failed = 1;
	failure = (struct twz_failure){
		.code = error.code ? error.code : TWZ_ERR(GENERIC, OTHER),
		.status = twz_class_status(error.cls),
		.kind = twz_class_text(error.cls),
		.text = error.text,
	};
	return -1;
}

static bool
remember(struct twz_stub *stub, struct twz_error *err)
{
	struct twz_stub **more = reallocarray(bound, nbound + 1, sizeof(*more));

	if (!more)
		return twz_fail(err, TWZ_CLASS_LINK, TWZ_ERR(RESOURCE, OUT_OF_MEMORY),
				"no memory for another gate");
	bound = more;
	bound[nbound++] = stub;
	return true;
}

static struct session_gate * __attribute__((noinline, cold))
bind(struct twz_stub *stub)
{
	TWZ_CLEANUP(unlockp) pthread_mutex_t *locked = &lock;
	struct session_gate *gate = NULL;
	void *function;

	pthread_mutex_lock(locked);
	if (stub->bound)
		return stub->bound;
	if (!open_session(&error) ||
	    !session_bind(session, stub->service, stub->gate, stub->hash, stub->signature, &gate,
			  &error) ||
	    !remember(stub, &error))
		return NULL;
	__atomic_store_n(&stub->bound, gate, __ATOMIC_RELEASE);
	function = stub->function ? session_function(gate) : NULL;
	if (function)
		__atomic_store_n(stub->function, function, __ATOMIC_RELEASE);
	return gate;
}

TWZ_HOT int
twz_invoke(struct twz_stub *stub, const uint64_t *words, void *ret)
{
	struct session_gate *gate = __atomic_load_n(&stub->bound, __ATOMIC_ACQUIRE);

	if (__builtin_expect(twz_has_failed, 0))
		twz_forget();
	if ((gate || (gate = bind(stub))) && session_call(gate, words, ret, timeout_ns, &error))
		return 0;
	if (stub->ret_size && !(gate && session_keeps_result(gate, &error)))
		memset(ret, 0, stub->ret_size);
	return libtwz_fail();
}

/* Some of the calls, all of which have gates. */
static size_t
invoke_some(struct twz_call *calls, struct session_gate *const *gates, size_t n)
{
	struct monitor_one ones[MANY];
	size_t failed;

	for (size_t i = 0; i < n; i++)
		ones[i] = (struct monitor_one){ .words = calls[i].words, .ret = calls[i].ret };
	failed = session_call_many(gates, ones, n, timeout_ns, &error);
	for (size_t i = 0; i < n; i++) {
		calls[i].code = ones[i].code;
		if (calls[i].code && calls[i].stub->ret_size)
			memset(calls[i].ret, 0, calls[i].stub->ret_size);
	}
	return failed;
}

size_t
twz_invoke_many(struct twz_call *calls, size_t n)
{
	struct session_gate *gates[MANY];
	size_t failed = 0, some;

	twz_forget();
	for (size_t done = 0; done < n; done += some) {
		for (some = 0; some < MANY && done + some < n; some++) {
			struct twz_stub *stub = calls[done + some].stub;

			gates[some] = __atomic_load_n(&stub->bound, __ATOMIC_ACQUIRE);
			if (!gates[some] && !(gates[some] = bind(stub)))
				break;
		}
		failed += invoke_some(calls + done, gates, some);
		if (some == MANY || done + some == n)
			continue;
		/* This one has no gate: it has failed by itself. */
		calls[done + some].code = error.code ? error.code : TWZ_ERR(GENERIC, OTHER);
		if (calls[done + some].stub->ret_size)
			memset(calls[done + some].ret, 0, calls[done + some].stub->ret_size);
		some++;
		failed++;
	}
	if (failed)
		libtwz_fail();
	return failed;
}

void
twz_forget(void)
{
	error = (struct twz_error){ 0 };
	twz_has_failed = 0;
}

const struct twz_failure *
twz_failed(void)
{
	return twz_has_failed ? &failure : NULL;
}

/* For services at level none: whoever calls them in this process is its session. */
__attribute__((visibility("default"))) const struct twz_caller *
twz_caller(void)
{
	static _Thread_local struct twz_caller caller;
	static _Thread_local char context[128];
	TWZ_CLEANUP(unlockp) pthread_mutex_t *locked = &lock;

	pthread_mutex_lock(locked);
	if (!session)
		return NULL;
	caller.thread = session_caller(session, context, sizeof(context));
	caller.context = context;
	return &caller;
}

__attribute__((visibility("default"))) const char *
twz_state_dir(void)
{
	return NULL;
}

__attribute__((visibility("default"))) size_t
twz_args(const char *const **ret)
{
	*ret = NULL;
	return 0;
}

__attribute__((visibility("default"))) int
twz_fd(const char *name)
{
	(void)name;
	return -1;
}

void
twz_perror(const char *what)
{
	const struct twz_failure *f = twz_failed();

	if (f)
		fprintf(stderr, "%s%s%s: %s\n", what ? what : "", what ? ": " : "", f->kind,
			f->text);
}

void
twz_set_timeout(uint32_t ms)
{
	timeout_ns = ms ? ms * INT64_C(1000000) : -1;
}

int
twz_open(void)
{
	TWZ_CLEANUP(unlockp) pthread_mutex_t *locked = &lock;

	twz_forget();
	pthread_mutex_lock(locked);
	return open_session(&error) ? 0 : libtwz_fail();
}

void
twz_close(void)
{
	TWZ_CLEANUP(unlockp) pthread_mutex_t *locked = NULL;

	if (monitor_in_callback())
		return;		/* the gate that has called it is to return */
	locked = &lock;
	libtwz_async_end();
	pthread_mutex_lock(locked);
	forget_bound();
	if (!adopted)
		session_close(session);
	session = NULL;
	adopted = false;
}

/* A program that ends without twz_close() has its services' last words shown all the same. */
__attribute__((destructor)) static void
flush_at_exit(void)
{
	if (pthread_mutex_trylock(&lock) != 0)
		return;
	if (session && !adopted)
		session_flush(session);
	pthread_mutex_unlock(&lock);
}
