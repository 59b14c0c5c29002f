/*
 * Inside of the monitor. Private to the files of this folder.
 *
 *   monitor      one zygote, one thread, all compartments
 *   compartment  a service's place in this session; lives as long as the monitor
 *   instance     one process of it; replaced after a fault, freed when nobody holds it
 *   link         one caller's shared memory with one instance
 *
 * monitor->lock guards all of it but the words that say so. Callbacks of the host are made without it.
 */
#pragma once

#include <pthread.h>
#include <sys/types.h>

#include "monitor/caller.h"
#include "monitor/crash_page.h"
#include "monitor/handlers.h"
#include "monitor/message.h"
#include "monitor/monitor.h"
#include "monitor/tally.h"
#include "monitor/wire.h"

struct monitor_thread;
#include "twz/ask.h"

/*
 * A process whose clones become compartments. The first is started with the monitor and serves all who
 * ask for nothing special; others are made for what cannot be taken back or shared.
 */
struct zygote {
	struct monitor *monitor;
	struct zygote *next;		/* of the others */
	uint32_t kind;			/* GUEST_OPEN | … */
	uint64_t serial;		/* 0: the first */
	int fd, pidfd;			/* -1: none */
	uint32_t namespaces;		/* CLONE_NEW… that it was given */
	bool said_hello, watched;	/* watched: by the monitor's thread */
	struct message_confinement got;
	const struct compartment *preloads;	/* for whom it was made; NULL: for any service */
	bool told;			/* it has said how it is confined, before it loaded that service */
	struct twz_error failure;	/* why that could not be loaded */
	bool served;			/* a service was loaded into a clone of it */
	struct instance *spare;		/* for the next start; NULL: none */
};

/* One process. */
struct instance {
	/* What every call looks at, in one line. */
	uint64_t serial;		/* never used twice */
	uint32_t dead;			/* atomic; callers look at it while they wait */
	bool doomed;			/* is to be killed, or was */
	struct compartment *compartment;	/* NULL: a spare */
	struct zygote *zygote;		/* that made it; NULL: gone */
	struct instance *next;		/* of all that have not ended */
	uint64_t id;			/* slot and generation, as the world sees it */
	uint32_t refs;
	int control, log, pidfd;	/* -1: none */
	int out;			/* stdout of a service that has a program; -1: it is in the log */
	int pid_inside;			/* in the zygote's process namespace; 0: not yet known */
	int pid;			/* a spare's, in ours; 0: not known */
	int crash_fd;
	struct crash_page *crash;
	struct link_shared *first;	/* memory of the first link of the session's; NULL: it is in use */
	bool started, ready;
	bool busy;			/* its socket was full: it has not read yet what it was told */
	bool hung_up;			/* its socket ended before we doomed it */
	bool gone;			/* the process ended; status is known if reaped */
	bool reaped;
	int status;			/* as by wait */
	struct twz_error failure;	/* why it could not be loaded */
	bool told;			/* what confines it: */
	struct message_confinement got;
	uint64_t end_ns;		/* asked to end: killed at this time; 0: not asked */
	bool parking;			/* asked to, and not called since */
	bool parked;			/* since it had made parked_calls */
	uint64_t parked_calls;
	uint64_t quiet_calls, quiet_ns;	/* if it makes no more calls, it is to be parked then */
	struct monitor_link *links;
};

/*
 * A way to make compartments and to call them. The process mechanism has no functions: its calls are
 * the way of every call, in call.c.
 */
struct mechanism {
	enum monitor_mechanism which;
	enum twz_level most;		/* the strongest level that it gives */
	/* All but @call with the lock held; NULL: nothing to do. */
	/** Whether it can be had on this machine. Fails with class LINK. */
	bool (*available)(struct monitor *m, struct twz_error *err);
	/** Loads the service; @c->inner is its own. Only while nothing of it is loaded. */
	bool (*start)(struct compartment *c, struct twz_error *err);
	/** Makes the gate ready to be called; @gate->function and @gate->inner are its own. */
	bool (*bind)(struct monitor_gate *gate, struct twz_error *err);
	/** As monitor_call(); @err is not NULL. */
	bool (*call)(struct monitor_gate *gate, const uint64_t *words, void *ret, int64_t timeout_ns,
		     struct twz_error *err);
	/** Unloads it. No call is under way. */
	void (*end)(struct compartment *c);
};
extern const struct mechanism mechanism_direct, mechanism_process, mechanism_mpk;

struct compartment {
	struct monitor *monitor;
	const struct twz_service *service;
	const struct mechanism *mechanism;
	struct monitor_load_options options;	/* as asked for; what is given along is owned */
	enum twz_level minimum, active;
	bool started;			/* since it was made */
	bool loaded;			/* by @mechanism, which is no process: start() was called */
	void *inner;			/* the mechanism's */
	uint32_t slot;			/* in monitor->compartments, from 1 */
	uint32_t index;			/* in each thread's table; unique in this process */
	uint32_t generation;
	struct instance *instance;	/* NULL: none runs */
	struct monitor_gate **gates;
	uint32_t ngates;
	uint64_t calls, faults, restarts;	/* calls: of links that are gone */
	char why[256];			/* why the last instance ended */
	struct twz_error failure;	/* … when it could not be loaded */
	int end_status;			/* of the last process, as by wait */
	bool end_known, destructed;	/* end_status; it ended as it was asked to */
	uint32_t handles;		/* who holds it: monitor_hold() */
	uint32_t inside;		/* atomic; direct: calls that are under way */
	bool lent;			/* direct: its functions were given away */
	bool unloading, unloaded;	/* as soon as nobody depends on it; no row, no process */
	bool for_good;			/* no call starts it again */
	bool parked;			/* its process was ended, to be started by the next call */
	char *state;			/* path of the private folder */
	char *context;			/* "service:NAME": whom its own calls are made by */
};

/* Who answers a gate's calls; words are atomic, and written with the lock held. */
struct handler {
	struct monitor_gate *gate;	/* NULL: nobody */
	bool required;
};

/* What lies below the gate that is called over a link: the one that was asked for, its handler, … */
enum { HANDLERS_DEEP = 8 };
struct route {
	uint32_t n;
	struct monitor_gate *below[HANDLERS_DEEP];
};

struct monitor_gate {
	_Alignas(64) struct compartment *compartment;
	/*
	 * NULL: through a process. Else the mechanism's, or handlers_call(). Atomic; looked at first by every
	 * call.
	 */
	bool (*call)(struct monitor_gate *gate, const uint64_t *words, void *ret, int64_t timeout_ns,
		     struct twz_error *err);
	uint64_t described;		/* atomic; serial of the instance that was told of it */
	struct wire_gate *wire;
	/* What a call with nothing but words needs of these two: then it looks at one line alone. */
	uint32_t index;			/* the compartment's */
	uint32_t number;
	uint8_t nwords, ret_size;
	bool words_only;
	const struct twz_gate *gate;
	const struct twz_plan *plan;
	void *function, *inner;		/* the mechanism's */
	struct tally *tallies;
	/* atomic; calls without a link to it: at level none, or answered by a handler */
	uint64_t plain, plain_errors, plain_failures;
	struct handler own, any;	/* any: with all others of its compartment */
	uint32_t route;			/* in each thread's table: the link to who answers; 0: none yet */
	uint64_t answered;		/* atomic; calls that a handler answered */
};

/* A link: held by its instance's list and, for the session's own calls, by a thread. */
struct monitor_link {
	_Alignas(64) struct caller caller;	/* session's links only */
	struct instance *instance;
	uint32_t layout;		/* words in the item that is in the block, + 1; 0: other */
	uint32_t ntallies;
	const struct monitor_gate *last;	/* that was called over it, and its tally; NULL: none */
	struct tally *tally;
	/* Up to here two lines, which every call needs. */
	struct monitor_link *next;	/* of the instance */
	struct link_shared *shared;	/* all of it, or, for links between compartments, its head */
	size_t mapped;
	uint64_t serial;
	uint64_t counted;		/* of its calls, those in the compartment's sum */
	uint64_t shared_crossings;	/* atomic; calls that went along with another one */
	uint32_t refs;			/* instance, thread */
	uint32_t depth;
	struct instance *from;		/* the compartment that calls; NULL: the session */
	struct route route;		/* calls over it are answers for these gates */
	bool passed_on;			/* by a handler, for its caller */
	uint64_t compartment;		/* who calls, as the other side is told */
	char *context;
	uint64_t from_serial;		/* its link whose gate made the call */
	uint64_t thread;		/* number of the calling thread */
	/* While a callback runs: the next link of its thread that is in use, and what gates that it calls go over. */
	struct monitor_link *below, *inner;
	struct wire_room room;		/* for what callbacks are called with */
	struct tally **tallies;		/* by the gate's number; only the thread and whoever holds the lock look */
};

/* What the zygote reads while it starts, in memory that it shares with us until then. */
struct monitor_launch {
	const char *path;
	char kind;			/* a digit, for its command line */
	int control, parent;
};

struct monitor {
	struct monitor_options options;	/* strings owned */
	uint64_t serial;		/* of this monitor in this process */
	uint32_t refs;			/* who opened it, and each link that a thread holds */
	pthread_mutex_t lock;
	pthread_cond_t changed;		/* an instance ended, the zygote said hello, output flushed */
	struct twz_arena arena;		/* plans */
	struct zygote zygote;		/* the first */
	struct zygote *zygotes;		/* the others */
	void *zygote_stack;
	struct monitor_launch launch;
	uint32_t zygote_starting;	/* futex: the kernel clears it when the guest program runs */
	bool confined;			/* the first compartment said how */
	struct message_confinement compartment_got;
	pthread_t thread;
	bool has_thread, closing;
	int epoll, wake;
	uint64_t flush_asked, flushed;
	uint32_t passing;		/* to the host, what was read of services' output */
	struct compartment **compartments;
	const struct twz_service **services;	/* of each of them: what every load and bind looks through */
	uint32_t ncompartments;
	struct instance *instances;
	uint64_t next_serial, next_thread;
	uint32_t interrupted;		/* atomic */
	uint32_t handlers;		/* changes of the tables of handlers */
	bool handled;			/* there was a handler */
	uint32_t hot_limit;
	struct monitor_stats stats;
	uint64_t shared_crossings;	/* of links that are gone */
	struct shared_memory *shared;	/* atomic where the lock is not held */
	struct lent *lent;
	struct question *questions;	/* asked of compartments */
	struct events *events;		/* NULL: nobody wants to know */
	uint32_t ending;		/* instances with end_ns */
	uint64_t park_ns;		/* when one may have to be parked; 0: never */
	uint64_t spare_ns;		/* when to make spares; 0: nothing to do */
	uint64_t taken_ns;		/* when the last process was taken for a service */
	bool in_row;			/* the next is wanted as soon as who starts this one waits for it */
	struct message_in in;		/* of the monitor's thread */
};

/* -- monitor.c */
/** Gives up one hold, and the lock. */
void monitor_unref(struct monitor *m);

/* -- zygote_start.c */
/** Starts the first zygote unless it runs. */
TWZ_MUST bool zygote_ensure(struct monitor *m, struct twz_error *err);
/** The zygote for a compartment with these options, started if need be. */
TWZ_MUST bool zygote_for(struct monitor *m, const struct compartment *c, struct zygote **ret,
			 struct twz_error *err);
/** Whether a service can be preloaded with these options. */
TWZ_MUST bool zygote_can_preload(const struct compartment *c, enum twz_level level,
				 const struct mechanism *mechanism, const struct monitor_load_options *o,
				 struct twz_error *err);
/** A clone that finds its service loaded is confined as the zygote was before it loaded it. */
void zygote_vouches(struct instance *i);
/** Ends its process, and every compartment with it; forgets it unless it is the first. */
void zygote_end(struct zygote *z);
/** An instance of it ended: so does it, if it was made for that one. */
void zygote_release(struct zygote *z);

/* -- compartment.c; all with the lock held */
/** The service's place, whether it runs or was unloaded; NULL: it has none. */
struct compartment *compartment_of(const struct monitor *m, const struct twz_service *service);
/** @options NULL: those that it was made with, or all zero. */
TWZ_MUST bool compartment_find(struct monitor *m, const struct twz_service *service,
			       const struct monitor_load_options *options, struct compartment **ret,
			       struct twz_error *err);
/** Whether a fault was its end, by the loader's word or else the record's. */
bool compartment_never_restarts(const struct compartment *c);
/** It runs, whatever its mechanism. */
TWZ_MUST bool compartment_start(struct compartment *c, struct twz_error *err);
/** The running instance, started if there is none. */
TWZ_MUST bool compartment_ensure(struct compartment *c, struct instance **ret,
				 struct twz_error *err);
TWZ_MUST bool compartment_bind(struct compartment *c, const struct twz_gate *gate,
			       struct monitor_gate **ret, struct twz_error *err);
void compartment_free(struct compartment *c);
/** One more place in each thread's table of links. */
uint32_t compartment_new_index(void);

/* -- handlers.c; all but handlers_call() and what only reads a gate's slots with the lock held */
/** What answers calls of @g, lowest first: itself, its handler, …; at most HANDLERS_DEEP. */
uint32_t handlers_chain(struct monitor_gate *g, struct monitor_gate **chain);
/** The way of a call of @chain[n], which answers for the first @n. */
struct route handlers_route(struct monitor_gate *const *chain, uint32_t n);
bool handlers_same_route(const struct route *a, const struct route *b);
/** Whether @g may not be called when its handler cannot be. */
bool handlers_required(const struct monitor_gate *g);
/** As monitor_call(), of a gate that has one; @err is not NULL. */
bool handlers_call(struct monitor_gate *g, const uint64_t *words, void *ret, int64_t timeout_ns,
		   struct twz_error *err);
/** Says what an answer over @l means that a handler gave instead of a result. Always false. */
bool handlers_refused(const struct monitor_link *l, int64_t status, uint64_t word, struct twz_error *err);
/** Which way calls of @g go from now on. */
void handlers_way(struct monitor_gate *g);
/** @g was just bound: it gets what a gate of this name has of an older file of the service. */
void handlers_inherit(struct monitor_gate *g);
/** @c is gone for good: its table is empty, and it is nobody's handler. */
void handlers_forget(struct compartment *c);

/* -- level.c; all with the lock held */
/** The most that a gate of @service asks for. */
enum twz_level level_minimum(const struct twz_service *service);
/** Gives a compartment that is not loaded what @options ask for, or refuses it. */
TWZ_MUST bool level_settle(struct compartment *c, const struct monitor_load_options *options,
			   struct twz_error *err);
/** The level that holds, as far as the kernel gave it. */
enum twz_level level_active(const struct compartment *c);
/** Gives back what it was given. */
void level_forget(struct compartment *c);
/** Refuses @options that differ from what @c was made with. */
TWZ_MUST bool level_same(const struct compartment *c, const struct monitor_load_options *options,
			 struct twz_error *err);

/* -- direct.c */
/** Calls @function as @plan says, without a compartment. */
TWZ_MUST bool direct_invoke(void *function, const struct twz_plan *plan, const uint64_t *words,
			    void *ret, struct twz_error *err);
/** Fills in the ffi_cif @cif for a call by @plan; false: it passes what libffi cannot. */
TWZ_MUST bool direct_prepare(const struct twz_plan *plan, struct twz_arena *arena, void *cif);

/* -- asks.c: what services asked for and were granted */
/** Whether something of this kind was; @most (NULL: not asked for) gets the largest number. */
bool asks_granted(const struct twz_service *service, enum twz_ask_kind kind, uint64_t *most);
/** Fails when the service cannot work without something that was not. */
TWZ_MUST bool asks_met(const struct twz_service *service, struct twz_error *err);

/* -- require.c */
/** Where full confinement is required: whether @c asks for it, and what was given to @z so far allows it. */
TWZ_MUST bool require_level(const struct compartment *c, struct twz_error *err);
TWZ_MUST bool require_namespaces(const struct compartment *c, const struct zygote *z, struct twz_error *err);

/* -- spare.c; all with the lock held */
/** An instance without a service: START is next. */
TWZ_MUST bool spare_take(struct zygote *z, struct instance **ret, struct twz_error *err);
/** Ends one that is of no use, and frees it. */
void spare_drop(struct instance *i);
/** The spare of this serial, or NULL. */
struct instance *spare_find(const struct monitor *m, uint64_t serial);
/** A service is ready in a clone of @z: now, or soon, there is time to make the next one. */
void spare_served(struct zygote *z);
/** A clone of @z was told what to become: one of many in a row finds the next one ready. */
void spare_taken(struct zygote *z);
/** Who starts a compartment is about to wait for it. */
void spare_meanwhile(struct monitor *m);
/** Makes what is due; gives up the lock meanwhile. */
void spare_tick(struct monitor *m);

/* -- instance.c; all with the lock held */
TWZ_MUST bool instance_start(struct compartment *c, struct instance **ret, struct twz_error *err);
void instance_kill(struct instance *i);
/** In hex, for messages; room for 2 * TWZ_BUILD_ID_MAX + 1. */
void instance_build_id(const struct compartment *c, char *ret);
/** It has said what confines it, and whose it is is known. */
void instance_confined(const struct instance *i);
/** Its pidfd says so: callers are woken. The reason of the end is not known yet. */
void instance_died(struct instance *i);
/** It was reaped, or will never be: the compartment may start another. */
void instance_ended(struct instance *i);
void instance_unref(struct instance *i);
/** Shared memory of a fixed size, @map bytes of it mapped; its descriptor or -1 with errno. */
int instance_memory(const char *name, size_t size, void **ret, size_t map);
/** Describes the gate to the guest, unless it was. */
TWZ_MUST bool instance_describe(struct instance *i, struct monitor_gate *gate,
				struct twz_error *err);

/* -- call.c */
/** This thread's link to the gate's compartment, ready to be used. */
TWZ_MUST bool call_link(struct monitor_gate *gate, int64_t timeout_ns, struct monitor_link **ret,
			struct twz_error *err);
/** Calls @gate itself, whoever may be its handler: through its process. @err is not NULL. */
bool call_plain(struct monitor_gate *gate, const uint64_t *words, void *ret, int64_t timeout_ns,
		struct twz_error *err);
/** The same as an answer for the gates of @route. *@begun: it was called, whatever came of it. */
bool call_answering(struct monitor_gate *gate, const struct route *route, const uint64_t *words, void *ret,
		    int64_t timeout_ns, bool *begun, struct twz_error *err);
/** The answer that lies in @block. */
TWZ_MUST bool call_take(struct monitor_gate *gate, struct monitor_link *l, unsigned char *block,
			struct wire_call *call, struct wire_room *texts, void *ret, struct twz_error *err);
/** The call did not end well: says why, and sees to it that the instance is gone. Always false. */
bool call_give_up(struct monitor_gate *gate, struct monitor_link *l, enum caller_end end,
		  int64_t timeout_ns, struct twz_error *err);

/** The guest lied, as @call->what says: ends its instance. Always false. */
bool call_caught(struct monitor_gate *gate, struct monitor_link *l, struct wire_call *call,
		 struct twz_error *err);

/* -- callback.c */
/** Sets @gate->call: @mechanism's, unless it may call its caller back, which not every mechanism can. */
void callback_route(struct monitor_gate *gate, const struct mechanism *mechanism);
/** Whether calls of @gate, for all that it has a function of its own for them, go over links. */
bool callback_has_links(const struct monitor_gate *gate);
/** Fails if @gate has callbacks, which @who ("services cannot be") cannot have. */
bool callback_refused(const struct monitor_gate *gate, const char *who, struct twz_error *err);

/* -- shared.c */
/** For struct wire_call; @data: the instance. Without the lock. */
bool shared_find(void *data, const void *from, uint64_t size, struct wire_shared *ret);
/** Frees what is left. With the lock held. */
void shared_end(struct monitor *m);

/* -- lend.c; all with the lock held */
/** What a compartment asks for: memory to lend, another one's to read, an end of its own. */
void lend_serve(struct monitor *m, struct instance *i, const struct message *asked);
void lend_borrow(struct monitor *m, struct instance *i, const struct message *asked);
void lend_take_back(struct monitor *m, const struct instance *i, const struct message *asked);
/** Its owner has ended. */
void lend_forget(struct monitor *m, uint64_t owner);
void lend_end(struct monitor *m);

/* -- batch.c */
/** Frees the texts of the last monitor_call_many(). */
void batch_forget(struct monitor_thread *t);

/* -- links.c; all with the lock held */
/* For whom a link is made. */
struct link_spec {
	struct instance *from;
	uint64_t from_serial, thread, compartment;
	const char *context;	/* NULL: @from's, or the session's */
	const struct route *route;	/* NULL: none */
	bool passed_on;
	uint32_t depth;
	int *fd;		/* NULL, or where the memory's descriptor goes */
	struct monitor_gate *gate;	/* NULL, or what is to be called first */
};
TWZ_MUST bool link_make(struct instance *i, const struct link_spec *spec, struct monitor_link **ret,
			struct twz_error *err);
void link_unref(struct monitor_link *l);
/** Calls that are not in the compartment's sum yet. With the lock held. */
uint64_t link_uncounted(const struct monitor_link *l);
/** A thread of the session gives its link back; the caller then gives up its hold on the monitor. */
void link_release(struct monitor_link *l);
/** Ends a link of @from's that goes to who is a handler no more. It is in no call. */
void links_let_go(struct monitor *m, const struct instance *from, uint64_t serial);
/** Ends links that @from's instance holds, and kills whoever still works for it. */
void links_abandon(struct monitor *m, struct instance *from);

/* -- thread.c */
/* What one thread of the program knows. */
struct monitor_thread {
	struct monitor_link **links;	/* by compartment->index */
	uint32_t nlinks;
	struct monitor_link *busy;	/* links whose gates have called back, the innermost first */
	uint32_t nbusy;
	bool crashed;
	struct wire_room texts;
	struct wire_room *many;		/* texts of the last monitor_call_many() */
	uint32_t nmany;
	struct monitor_crash crash;
	char crash_path[512];
	struct monitor_frame frames[1 + CRASH_FRAMES];
	uint32_t nframes;
	char modules[CRASH_MODULES][CRASH_PATH];
	uint64_t monitor, number;	/* this thread's number in the monitor of this serial */
};
extern _Thread_local struct monitor_thread thread_own __attribute__((tls_model("initial-exec")));
static inline struct monitor_thread *
thread_self(void)
{
	return &thread_own;
}
/** Gives back all links of this thread to @m. */
void thread_drop(struct monitor_thread *t, const struct monitor *m);
/** Gives back this thread's links to @c; it makes no call now. With the lock held. */
void thread_forget(struct monitor_thread *t, const struct compartment *c);
/** Makes room for the link of this index. False: no memory. */
bool thread_reserve(struct monitor_thread *t, uint32_t index);

/* -- loop.c */
TWZ_MUST bool loop_start(struct monitor *m, struct twz_error *err);
void loop_wake(struct monitor *m);
bool loop_watch(struct monitor *m, int fd, uint64_t tag);
/** Listens to a zygote, if the thread runs. */
TWZ_MUST bool loop_watch_zygote(struct zygote *z, struct twz_error *err);

/* -- output.c */
/** Passes on what is in the log, or in a program's stdout (@out); false when there is nothing. */
bool output_read(struct monitor *m, struct instance *i, bool out);
/** With the lock held. */
bool output_waits(const struct monitor *m);

/* -- call.c: what every mechanism says in the same words */
/** What became of packing or unpacking; false but for OK. */
bool call_fail_packing(const struct monitor_gate *gate, const struct wire_call *call,
		       enum wire_status status, struct twz_error *err);
/** Fails with what the guest's status means; false without an error: it means nothing. */
bool call_refused(const struct monitor_gate *gate, int64_t status, uint64_t word, struct twz_error *err);
/** "2s", "150ms". */
void call_duration(int64_t ns, char *text, size_t size);
/** This thread's number in this session. With the lock held. */
uint64_t call_thread_number(struct monitor *m);

/* -- protect.c */
/** "protection key 3": what closes it. With the lock held. */
const char *protect_text(const struct compartment *c, struct twz_arena *arena);
/** Whether this machine has keys, and how many compartments could have one; or why not. */
const char *protect_status(bool *available, struct twz_arena *arena);

/* -- nested.c */
/** The gate that @from asks for, if it may have it. Without the lock. */
TWZ_MUST bool nested_resolve(const struct compartment *from, const char *service, const char *gate,
			     const char *signature, uint64_t hash, const struct twz_service **ret_service,
			     const struct twz_gate **ret_gate, struct twz_error *err);
/** Asked before each call of a bound gate. Without the lock. */
/* -- given.c */

/** Copies what the options give along; given_free() undoes it. */
TWZ_MUST bool given_copy(struct monitor_load_options *o, struct twz_error *err);
void given_free(struct monitor_load_options *o);
TWZ_MUST bool given_possible(const struct compartment *c, const struct mechanism *mechanism,
			     const struct monitor_load_options *o, struct twz_error *err);
/** How many messages given_send() sends. */
uint32_t given_messages(const struct monitor_load_options *o);
/** Into the control socket, before anything else. */
TWZ_MUST bool given_send(struct instance *i, struct twz_error *err);

/** Whether the gate answers calls of @caller: a compartment's service, "" of the session. */
TWZ_MUST bool nested_visible(const char *caller, const struct twz_service *service, const struct twz_gate *gate,
			     struct twz_error *err);
TWZ_MUST bool nested_may_call(const struct compartment *from, const struct monitor_gate *gate,
			      struct twz_error *err);
void nested_bind(struct monitor *m, struct instance *i, const struct message_in *in);
void nested_cancel(struct monitor *m, struct instance *i, uint64_t serial);

/* -- life.c; all with the lock held */
TWZ_MUST bool life_find(struct monitor *m, const struct twz_service *service,
			struct compartment **ret, struct twz_error *err);
/** The same; fails with NOT_SUPPORTED for one that has no process of its own. */
TWZ_MUST bool life_find_process(struct monitor *m, const struct twz_service *service,
				struct compartment **ret, struct twz_error *err);
/** Asks the process to end; the monitor's thread sees to it that it does. */
void life_end(struct instance *i);
/** The process says that it is ready. */
void life_ready(struct instance *i);
/** The process has ended: it may have been called before it could say so. */
void life_was_ready(struct instance *i);
/** An instance of @c is gone, or a dependent of it: it may be time to unload. */
void life_look(struct compartment *c);
/** How @c's last process ended. */
void life_end_of(const struct compartment *c, struct monitor_end *ret);
/** Kills what does not end as it was asked to. */
void life_tick(struct monitor *m);
/** One that was unloaded is asked for again. */
TWZ_MUST bool life_revive(struct compartment *c, struct twz_error *err);

/* -- events.c; with the lock held */
void event_add(const struct compartment *c, enum monitor_flag flag);
void events_free(struct monitor *m);

/* -- ask.c */
/** An answer of @i, hostile. Always true: one that comes too late is nothing to be killed for. */
bool question_answer(struct monitor *m, const struct instance *i, const struct message_in *in);

/** Has @c's process give back what memory it can, and waits for it. With the lock held. */
TWZ_MUST bool ask_park(struct compartment *c, struct twz_error *err);

/* -- park.c; all with the lock held */
/** Whether nobody has called @i since it was parked. */
bool park_holds(const struct instance *i);
/** It says that it has. */
void park_done(struct instance *i);
/** From now on its time counts. */
void park_later(struct instance *i);
/** It is called again. */
void park_awake(struct instance *i);
/** Parks what was not called for as long as it was loaded for. */
void park_tick(struct monitor *m);

/* -- status.c */
/** Its own word for it, or a link that is served already: that may be known earlier. */
bool instance_is_ready(const struct instance *i);
/** No call of it is under way. */
bool instance_is_idle(const struct instance *i);
/** Waits until the zygote has said that the process is there. */
void instance_await_started(struct monitor *m, const struct compartment *c);
int instance_pid(const struct instance *i);
/** How many calls its compartment has answered. */
uint64_t compartment_calls(const struct compartment *c);
/** Bytes that are in no file, as the kernel counts them; 0 when it is gone. */
uint64_t instance_private_memory(const struct instance *i);
uint32_t compartment_flags(const struct compartment *c);
struct monitor_info compartment_info(const struct compartment *c, struct twz_arena *arena);

/* -- crash.c */
/** Fills this thread's crash record from what @i left behind; the text without "; outcome unknown". */
void crash_read(const struct instance *i, struct monitor_thread *t);
void crash_describe(const struct instance *i, char *text, size_t size);
