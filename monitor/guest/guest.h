/*
 * The guest: the program that is first the zygote and then, cloned from it, one compartment.
 *
 * main.c starts the zygote, zygote.c clones compartments, preload.c and warm.c make them ready, confine.c and filter.c close
 * them off, needed.c finds the libraries that a service brings along, compartment.c loads the service and listens to the
 * monitor, dispatch.c runs gates, permits.c says whose, gate.c knows them, nested.c calls other services' gates, crash.c
 * leaves a record of a crash.
 */
#pragma once

#include <ffi.h>
#include <stdbool.h>
#include <stdint.h>

#include <twz/gate.h>
#include "monitor/caller.h"
#include "monitor/crash_page.h"
#include "monitor/message.h"
#include "monitor/wire.h"

enum {
	GUEST_ZYGOTE_FD = 3,	/* zygote: the monitor's socket … */
	GUEST_PARENT_FD = 4,	/* … and a pidfd of the monitor's process */
	GUEST_CONTROL_FD = 3,	/* compartment: its socket … */
	GUEST_RULES_FD = 4,	/* … and, until its service is loaded, what Landlock will allow */
	GUEST_STACK = 2 << 20,	/* of a thread that runs gates … */
	GUEST_GUARD = 4096,	/* … and what lies below it */
	GUEST_ALTSTACK = 32 << 10,
	GUEST_GATES = 8192,	/* of one service, at most */
};

/* What a clone has to become, from a START message. */
struct guest_start {
	uint64_t memory, compartment;
	const char *path, *state, *build_id;	/* build_id: in hex; "": not to be compared */
	const char *granted;			/* twz/ask.h */
	const char *env;			/* "NAME=VALUE\0", … */
	uint64_t nenv;
	uint64_t given;				/* GIVEN messages, which wait on the control socket */
	bool require_full;			/* confinement; else it ends before the service is loaded */
	int state_fd;
	int out;				/* a program's stdout; -1: it goes to the log */
};

/* -- main.c */
/** GUEST_OPEN | …: what was said on the command line. */
extern uint32_t guest_kind;

/* -- zygote.c */
/** Serves CLONE messages until the monitor is gone. */
void zygote_run(struct message_confinement *confinement) __attribute__((noreturn));

/* -- preload.c: a zygote of one service */
/** Confines this process for good, and loads the service. Ends it, with the reason, when that fails. */
void preload(struct message_in *in, struct message_confinement *confinement);
/** What was loaded; NULL: nothing. */
void *preloaded(void);

/* -- confine.c */
/** Once, before any clone: everything that children inherit. */
void confine_zygote(struct message_confinement *ret);
/**
 * In a clone, as soon as it is there: all that does not depend on the service. What was received stays open only
 * as GUEST_CONTROL_FD.
 */
void confine_ahead(struct message_confinement *io);
/** The rest, before the service's code is loaded. False: less of it holds than @io said before. */
bool confine_compartment(const struct guest_start *start, struct message_confinement *io);

/** In a zygote of one service: all that its clones will have in common. False: the kernel refuses. */
bool confine_preload(const struct guest_start *start, struct message_confinement *io);
/** What is missing of it, or NULL. */
const char *confine_lacks(const struct message_confinement *c);

/* -- needed.c */
typedef void needed_found(void *data, int fd);
/** Calls @found with each library, open for reading, that the file brings along. */
void needed_find(const char *path, needed_found *found, void *data);

/* -- filter.c */
/** Installs the allow-list; its number of instructions, 0 when the kernel refuses. */
uint32_t filter_zygote(bool net);
/** Adds what only compartments must not do: new processes, signals to others. */
uint32_t filter_compartment(void);
/** What a process that makes compartments and runs a service's constructors must not do: new namespaces. */
bool filter_preload(void);
/** Where sockets can be made: only of these address families (0: none). False when the kernel refuses. */
bool filter_families(const uint32_t families[3]);

/* -- compartment.c */
/** Loads the service's file; NULL with *@why when it cannot be. */
void *compartment_load(const char *path, const char *build_id, const char **why);
/** Waits for what to become, and becomes it. */
void compartment_run(struct message_confinement *confinement) __attribute__((noreturn));

/* -- warm.c */
/** Touches what loading a service will touch. */
void warm_up(void);

/* -- given.c: twz_args(), twz_fd() */
void given_take(struct message_in *in);

/* -- crash.c */
/** Maps the page and installs the handlers. */
void crash_init(int fd);
/** Touches the page. */
void crash_warm(void);
/** Where the service's file lies. */
void crash_loaded(uint64_t base, uint64_t size);
/** Gives the calling thread a stack to crash on. */
void crash_thread(void);
/** Ends the compartment for what its service did; @format says what, for its callers. */
void crash_refuse(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));

/* -- gate.c: gates that the monitor has described */
struct gate;
/** Adds the next gate; its symbol is looked up in @library. */
void gate_add(void *library, const struct wire_gate *wire, size_t n);
/** Waits for gate @number to be described, if it is not yet. NULL: there will be none. */
struct gate *gate_wait(uint64_t number);
const struct wire_gate *gate_wire(const struct gate *gate);
/** The function with nothing but words, or NULL. */
typedef uint64_t gate_words(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t);
gate_words *gate_fast(const struct gate *gate);
/**
 * Calls it with the arguments that were taken. 0, or an error number: ENOEXEC, the symbol is missing or
 * its type unknown; EBADF, a number stands for no object; ENFILE, there are too many objects.
 */
int gate_run(struct gate *gate, struct wire_run *run);
/** What the caller is told: 0 or a negative errno. */
int64_t gate_errno(enum wire_status status);

/** What libffi has to know of a call like that: @types has room for each parameter. */
bool gate_prepare(const struct wire_gate *g, ffi_cif *cif, ffi_type **types);
/** Frees what it made. */
void gate_release(const struct wire_gate *g, const ffi_cif *cif, ffi_type **types);

/* -- callback.c: functions of callers' */
/** A function that stands for the callback @slot of @g's calls; NULL: there is no memory for code. For good. */
void *callback_make(const struct wire_gate *g, uint32_t slot);
/** This thread calls nobody back any more. */
void callback_end(void);

/* -- called.c: functions of this service that gates call back */
/* One call of such a gate. */
struct called {
	const struct wire_gate *gate;
	const uint64_t *words;		/* functions and data of ours */
	uint64_t given[TWZ_MAX_PARAMS];	/* what the other side gets */
	struct wire_room room;
	uint32_t culprit;		/* the callback that is missing */
	bool failed;			/* a callback could not be made or its result not passed */
	bool lied;
};
bool called_has_callbacks(const struct wire_gate *g);
/** False: a callback is missing. */
bool called_begin(struct called *c, const struct wire_gate *g, const uint64_t *words);
void called_end(struct called *c);
/** Rings, and makes the calls that are asked for, until there is an answer. */
enum caller_end called_ring(struct called *c, struct caller *l, int64_t timeout_ns);

/* -- objects.c: what a library's functions open, by number */
/** The number of @pointer; 0: it is NULL, or there are too many objects. */
uint64_t object_add(void *pointer, uint32_t tag, bool owned);
bool object_find(uint64_t number, uint32_t tag, void **ret);
void object_drop(uint64_t number, uint32_t tag);
/* Memory that an object points to, and that goes with it: behind this. */
struct object_kept {
	struct object_kept *next;
	uint64_t size;			/* 16 bytes together: what is behind is aligned like anything malloc'ed */
};
/** Gives @kept to the object; without one, to nobody: it is freed. */
void object_keep(uint64_t number, uint32_t tag, struct object_kept *kept);

/* -- shared.c */
/** The monitor shares memory with this compartment, or takes it back. */
void shared_told(const struct message_in *in);
/** The memory of an argument; NULL: there is none such. Calls of the session only. */
const void *shared_find(const struct wire_shared *at);

/* -- dispatch.c */
/* One link's thread, and what the monitor said about its caller. */
struct guest_link {
	struct link_shared *shared;
	uint64_t serial;
	uint32_t depth;
	bool answers;			/* calls over it, as a handler: they may be refused and passed on */
	struct twz_caller caller;
	char context[128];
};
/** Starts the thread that serves a new link; its texts are @at; @fd < 0: the one that was made ahead. */
void dispatch_start(const struct message_in *in, size_t at, int fd);
/** In the zygote: notes where clones may run, before the monitor brings one to its caller's CPU. */
void dispatch_prepare(void);
/** In a clone, as soon as it is there: memory for the first link; @fd may be closed afterwards. */
void dispatch_ahead(int fd);
/** Touches what its thread will touch. */
void dispatch_warm(void);
/** Starts that link's thread; like every thread it is confined as the one that starts it. */
void dispatch_first(void);
/** What may be called over a link of another compartment. */
void dispatch_allow(const struct message_in *in);
/** … is to be asked for again. */
void dispatch_forbid(const struct message_in *in);
/** The running gate has passed on the call that it answers; it failed with this class, or 0. */
void dispatch_passed_on(uint64_t cls);
/** The link whose gate the calling thread runs; NULL: none. */
const struct guest_link *dispatch_current(void);
/** The arguments of the gate that the calling thread runs, if it takes data; else of one that it ran. */
const struct wire_run *dispatch_run(void);
/** The caller's turn: it runs what stands in its half of the block. Comes back when it has; not if it is gone. */
void dispatch_call_back(void);

/* -- park.c: what idle threads can give back */
struct park_seat {
	struct park_seat *next;
	uint32_t *bell;			/* what the thread sleeps on */
	const uint32_t *call;		/* atomic; not 0: a call of its own is under way */
	uint32_t seen;			/* atomic, futex: the last round that it knows of */
	bool parked;			/* its own: no call has come since */
};
void park_join(struct park_seat *seat, uint32_t *bell, const uint32_t *call);
void park_leave(struct park_seat *seat);
/** Whether the calling thread, which is idle, is asked to park. */
bool park_wanted(const struct park_seat *seat);
/** Gives back what it does not need of its stack. */
void park_here(struct park_seat *seat);
/** The first call since. */
void park_back(struct park_seat *seat);
/** On the thread that listens to the monitor. */
void park_all(void);

/* -- permits.c */
struct permits;
struct link_shared;
/** Of the link @serial between compartments. */
struct permits *permits_new(uint64_t serial, uint32_t handlers);
void permits_free(struct permits *p);
/** Whether the link's caller may call the gate; waits for what the monitor may just be saying. */
bool permits_have(struct permits *p, const struct link_shared *s, uint64_t number);

/* -- nested.c */
/* A question to the monitor; lives on the asking thread's stack. */
struct question {
	struct question *next;
	uint64_t serial;
	uint32_t answered;	/* futex */
	struct message head;	/* of the answer */
	unsigned char *bytes;	/* malloc'ed copy */
	size_t n;
	int fd;			/* the asker's to close */
};
/** Asks on behalf of the gate that runs over @current, and waits for the answer. */
void nested_question(const struct guest_link *current, struct message *head, const void *bytes, size_t n,
		     struct question *q);
/** An answer to BIND, LEND or BORROW arrived. */
void nested_answer(struct message_in *in);
struct twz_failure;
/** This thread's last call failed so. */
void nested_fail_as(const struct twz_failure *failure, const char *text);
/** This thread makes no more calls. */
void nested_end(void);
