/*
 * debug CALL: the gate runs under the user's gdb, in a compartment of its own that ends with the call.
 *
 * The compartment loads its service and is stopped. gdb, started with the terminal that twz has, attaches
 * and goes on to the gate; the call is made meanwhile and waits, as long as it takes. Whatever gdb did, the
 * compartment goes on when it is over. What gdb is told is made of numbers and of names that were looked at:
 * the symbol comes from a file that may be hostile.
 */
#include <ctype.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "repl/session_inner.h"
#include "twz/program.h"

enum {
	PROLOGUE = 4096,	/* bytes behind a function's address in which its first line lies */
	ARGUMENTS = 64,
	TURN_NS = 20000000,	/* how long to wait before it is told once more to go on */
	LOAD_TURNS = 500,
};

struct debugger {
	struct session *s;
	const struct twz_service *service;
	pid_t pid;
	pthread_t thread;
};

/* -- gdb ------------------------------------------------------------------------------------------ */

static bool
is_symbol(const char *text)
{
	for (const char *p = text; *p; p++)
		if (!isalnum((unsigned char)*p) && *p != '_')
			return false;
	return *text && !isdigit((unsigned char)*text);
}

/* A function of this name elsewhere in the process is not meant: the address says which. */
static const char *
stop_at(const char *symbol, uint64_t address, struct twz_arena *arena)
{
	if (!is_symbol(symbol))
		return twz_format(arena, "tbreak *%#llx", (unsigned long long)address);
	return twz_format(arena, "tbreak -qualified %s if (unsigned long)$pc - %#llx < %d", symbol,
			  (unsigned long long)address, PROLOGUE);
}

static char *const *
arguments(int pid, const char *stop, struct twz_arena *arena)
{
	/* Scripts inside of a service's file are a stranger's; file names are the same in there as here. */
	const char *const first[] = { "gdb", "-q", "-iex", "set auto-load no", "-iex", "set sysroot /",
				      "-iex", "set debuginfod enabled off", "-p",
				      twz_format(arena, "%d", pid), "-ex", "handle SIGSTOP nostop noprint nopass",
				      "-ex", stop, "-ex", "continue" };
	const char *more = secure_getenv("TWZ_GDB");
	char *rest = more ? twz_strdup(arena, more) : NULL, *word;
	char **ret = twz_new_array(arena, ARGUMENTS + 1, char *);
	size_t n = 0;

	for (size_t i = 0; i < TWZ_COUNT(first); i++)
		ret[n++] = twz_strdup(arena, first[i]);
	while ((word = strsep(&rest, " \t\n")) && n < ARGUMENTS)
		if (*word)
			ret[n++] = word;
	return ret;
}

static bool
start_gdb(struct debugger *d, char *const *argv, struct twz_error *err)
{
	int errnum = twz_program_start(argv, NULL, &d->pid);

	if (!errnum)
		return true;
	if (errnum != ENOENT)
		return twz_fail_sys(err, errnum, "start gdb");
	twz_fail(err, TWZ_CLASS_NAME, TWZ_ERR(NAMING, NOT_FOUND), "debug needs gdb, which is not there");
	return twz_hint(err, "install gdb");
}

/* Its end lets the compartment go on, which a debugger that could not attach has left stopped. */
static void *
wait_for_gdb(void *data)
{
	struct debugger *d = data;

	while (waitpid(d->pid, NULL, 0) < 0 && errno == EINTR)
		;
	(void)!monitor_signal(d->s->monitor, d->service, SIGCONT, NULL);
	__atomic_store_n(&d->s->debugging, false, __ATOMIC_RELAXED);
	return NULL;
}

/* -- the compartment ------------------------------------------------------------------------------ */

static bool
process_of(struct session *s, const struct twz_service *service, int *pid, struct twz_error *err)
{
	const struct monitor_detail *details;
	struct monitor_info info;
	TWZ_ARENA arena = { 0 };
	size_t n;

	if (!monitor_describe(s->monitor, service, &arena, &info, &details, &n, err))
		return false;
	*pid = info.pid;
	return true;
}

/* The kernel asks the same of who reads another's memory as of a debugger. */
static bool
may_attach(int pid, struct twz_error *err)
{
	char byte;
	struct iovec here = { &byte, 1 }, there = { NULL, 1 };

	if (process_vm_readv(pid, &here, 1, &there, 1, 0) >= 0 || errno != EPERM)
		return true;
	twz_fail(err, TWZ_CLASS_SECURITY, TWZ_ERR(GENERIC, ACCESS_DENIED), "this system lets no debugger attach");
	return twz_hint(err, "see /proc/sys/kernel/yama/ptrace_scope");
}

/* There is a process before it has stopped itself: who tells it to go on too early has to do so again. */
static bool
let_load(struct session *s, const struct twz_service *service, struct twz_error *err)
{
	for (int i = 0; i < LOAD_TURNS; i++) {
		struct twz_error why = { 0 };

		if (!monitor_signal(s->monitor, service, SIGCONT, err))
			return false;
		if (monitor_wait(s->monitor, service, MONITOR_FLAG_READY, TURN_NS, NULL, &why))
			return true;
		if (why.cls != TWZ_CLASS_TIMEOUT || i + 1 == LOAD_TURNS) {
			*err = why;
			return false;
		}
	}
	return false;
}

/* It goes on to load its service, and is stopped before any gate of it runs. */
static bool
stop_loaded(struct session *s, const struct twz_service *service, const struct twz_gate *gate,
	    uint64_t *address, struct twz_error *err)
{
	struct monitor_library library;
	TWZ_ARENA arena = { 0 };

	return let_load(s, service, err) &&
	       monitor_symbol(s->monitor, service, gate->symbol, &arena, address, &library, err) &&
	       monitor_signal(s->monitor, service, SIGSTOP, err);
}

static bool
attach(struct debugger *d, const struct twz_gate *gate, struct twz_error *err)
{
	TWZ_ARENA arena = { 0 };
	uint64_t address;
	int errnum, pid;

	if (!process_of(d->s, d->service, &pid, err) || !may_attach(pid, err) ||
	    !stop_loaded(d->s, d->service, gate, &address, err))
		return false;
	/* Ctrl-C is gdb's while it is there. */
	__atomic_store_n(&d->s->debugging, true, __ATOMIC_RELAXED);
	if (!start_gdb(d, arguments(pid, stop_at(gate->symbol, address, &arena), &arena), err)) {
		__atomic_store_n(&d->s->debugging, false, __ATOMIC_RELAXED);
		return false;
	}
	errnum = pthread_create(&d->thread, NULL, wait_for_gdb, d);
	if (!errnum)
		return true;
	kill(d->pid, SIGKILL);
	wait_for_gdb(d);
	return twz_fail_sys(err, errnum, "wait for gdb");
}

static bool
load(struct session *s, const struct twz_service *service, const struct twz_service **ret,
     struct twz_error *err)
{
	TWZ_ARENA arena = { 0 };
	const struct session_load load = {
		.what = service->path,
		.name = twz_format(&arena, "%s_debug", service->name),
		.dup = true,
		.timeout_ns = -1,
		.options.debug = true,
	};
	const char *name;

	return session_load(s, &load, &name, err) && session_named(s, name, ret, err);
}

bool
session_debug(void *data, const struct twz_service *service, const struct twz_gate *gate,
	      const struct twz_value *args, size_t nargs, struct twz_arena *arena, struct twz_value *ret,
	      struct twz_error *err)
{
	struct session *s = data;
	struct debugger d = { .s = s };
	bool attached, ok, put_off;

	if (service == &sys_service)
		return twz_fail(err, TWZ_CLASS_TYPE, TWZ_ERR(GENERIC, NOT_SUPPORTED),
				"gates of %s have no compartment that gdb could attach to", service->name);
	if (!load(s, service, &d.service, err))
		return false;
	gate = &d.service->gates[gate->index];
	attached = attach(&d, gate, err);
	if (!attached)
		(void)!monitor_signal(s->monitor, d.service, SIGCONT, NULL);
	ok = attached && s->host.call(s, d.service, gate, args, nargs, -1, arena, ret, err);
	/* A gdb that was told to continue waits for the end of the process. */
	(void)!session_release(s, d.service, &put_off, NULL);
	if (attached)
		pthread_join(d.thread, NULL);
	return ok;
}
