/*
 * One thread per link: waits for the bell, runs the gate, writes the results, answers.
 *
 * The kernel holds the reply word as a lock of this thread (a robust futex), so that a caller is woken
 * by this thread's death, whatever it died of. See caller.c for who sleeps when and where.
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <twz/call.h>

#include "monitor/guest/guest.h"

enum {
	ROOM_KEPT = 1 << 20,		/* bytes of private room that an idle thread keeps */
	ROOM_NS = 100000000,		/* what counts as idle */
	STACK_USED = 2,			/* pages of a thread's stack that its start takes */
};

/* What a call of a gate with words alone needs comes first: after a pause each line is one more to wait for. */
struct worker {
	_Alignas(64) struct guest_link link;	/* begins with what is needed */
	_Alignas(64) gate_words *fast;	/* the gate of this number, if it was the last and has nothing but words */
	uint64_t number;
	uint32_t nwords;
	uint32_t tid, seq;
	uint32_t go;			/* futex: the link is known, and the service loaded */
	uint32_t cpu;			/* pinned to it, or, when away, to all others; none: all ones */
	bool away;
	bool ahead;			/* it is for the first link, which the monitor has not made yet */
	bool calls_back;		/* a gate of it waits for its caller */
	struct permits *permits;	/* NULL: of the session, which may call everything */
	struct wire_room room;
	struct park_seat seat;
	void *stack;			/* NULL: the thread gets its own */
	struct robust_list node;
	struct robust_list_head robust;
	cpu_set_t all;			/* where the session may run */
	struct wire_run run;
};

/* A pointer alone, so that reading it is one instruction in the executable. */
static _Thread_local const struct guest_link *current;

const struct guest_link *
dispatch_current(void)
{
	return current;
}

__attribute__((visibility("default"))) const struct twz_caller *
twz_caller(void)
{
	return current ? &current->caller : NULL;
}

/* What the call that is answered ends with, instead of a result. */
static _Thread_local struct {
	int64_t status;		/* 0: nothing */
	uint64_t cls;		/* how the call failed that it was passed on by, or 0 */
} refusal;

__attribute__((visibility("default"))) int
twz_refuse(void)
{
	if (!current || !current->answers)
		return -1;
	refusal.status = refusal.cls ? -EREMOTEIO : -EPERM;
	return 0;
}

void
dispatch_passed_on(uint64_t cls)
{
	refusal.cls = cls;
}

/*
 * A gate with data or other words than integers. The session made this compartment and describes its gates: it need not
 * change an argument under a gate to deceive it. Other compartments could do nothing else.
 */
static int64_t
run_gate(struct worker *w, struct gate *gate, unsigned char *payload, uint64_t size, uint64_t *word)
{
	const struct wire_gate *g = gate_wire(gate);
	uint64_t head = sizeof(struct twz_gatecall_item) + g->nslots * 8;
	enum wire_status status;
	int error;

	if (size < head)
		return -EINVAL;
	__builtin_prefetch(payload + head);
	__builtin_prefetch(payload + size);
	w->run.gate = g;
	w->run.size = size - head;
	w->run.trusts = !w->permits;
	w->run.shared = w->permits ? NULL : shared_find;
	status = wire_take(&w->run, payload, &w->room);
	if (status != WIRE_OK)
		return gate_errno(status);
	error = gate_run(gate, &w->run);
	if (error) {
		*word = w->run.culprit;
		return -error;
	}
	status = wire_give(&w->run, payload, word);
	return gate_errno(status);
}

static int64_t
answer_or_refuse(int64_t status, uint64_t *word)
{
	if (refusal.status) {
		status = refusal.status;
		*word = refusal.cls;
	}
	refusal.status = 0;
	refusal.cls = 0;
	return status;
}

/* Whether the gate has nothing but words: then it is remembered. Else it is *@ret, NULL: there is none. */
static bool __attribute__((noinline))
remember(struct worker *w, uint64_t number, struct gate **ret)
{
	struct gate *gate = gate_wait(number);
	gate_words *fast = gate ? gate_fast(gate) : NULL;

	*ret = gate;
	if (!fast)
		return false;
	w->nwords = gate_wire(gate)->nslots;
	w->number = number;
	w->fast = fast;
	return true;
}

TWZ_HOT static inline int64_t
run_words(struct worker *w, const unsigned char *payload, uint64_t size, uint64_t *word)
{
	uint64_t argv[6] = { 0 };

	if (size < sizeof(struct twz_gatecall_item) + w->nwords * 8)
		return -EINVAL;
	for (uint32_t i = 0; i < w->nwords && i < 6; i++)
		memcpy(&argv[i], payload + sizeof(struct twz_gatecall_item) + i * 8, 8);
	current = &w->link;
	*word = w->fast(argv[0], argv[1], argv[2], argv[3], argv[4], argv[5]);
	current = NULL;
	return 0;
}

TWZ_HOT static int64_t
run_item(struct worker *w, unsigned char *payload, uint64_t size, uint64_t *word)
{
	struct gate *gate;
	uint64_t number;
	int64_t status;

	if (size < sizeof(struct twz_gatecall_item))
		return -EINVAL;
	memcpy(&number, payload, sizeof(number));
	if (__builtin_expect(w->permits != NULL, 0) && !permits_have(w->permits, w->link.shared, number))
		return -EACCES;
	if (__builtin_expect(w->fast && w->number == number, 1) || remember(w, number, &gate)) {
		status = run_words(w, payload, size, word);
	} else if (gate) {
		current = &w->link;
		status = run_gate(w, gate, payload, size, word);
		current = NULL;
	} else {
		return -ENOSYS;
	}
	return __builtin_expect(w->link.answers, 0) ? answer_or_refuse(status, word) : status;
}

/* Runs all items of the block; kinds that are not ours stay untouched. */
TWZ_HOT static void
run_block(struct worker *w)
{
	struct twz_block_reader r = { .base = w->link.shared->block, .size = LINK_BLOCK_SIZE };
	struct twz_item item;
	uint32_t at;

	while (twz_block_next(&r, &item, &at) == 1) {
		unsigned char *payload = w->link.shared->block + at;
		int64_t result[2] = { 0 };
		uint64_t word = 0;

		if (item.kind != TWZ_ITEM_GATECALL)
			continue;
		result[0] = run_item(w, payload, item.size, &word);
		result[1] = (int64_t)word;
		memcpy(payload + offsetof(struct twz_gatecall_item, ret), result, sizeof(result));
	}
}

static void __attribute__((noinline))
move(struct worker *w, uint32_t cpu, bool away)
{
	cpu_set_t set;

	if (away) {
		set = w->all;
		CPU_CLR(cpu, &set);
	} else {
		CPU_ZERO(&set);
		CPU_SET(cpu, &set);
	}
	sched_setaffinity(0, sizeof(set), &set);
	w->cpu = cpu;
	w->away = away;
}

TWZ_HOT static inline void
settle(struct worker *w, uint32_t cpu, bool away)
{
	if ((w->cpu != cpu || w->away != away) && cpu < CPU_SETSIZE)
		move(w, cpu, away);
}

/* Spins for the next bell. True: it rang. */
static inline bool
await_hot(const struct worker *w, uint32_t *bell)
{
	uint64_t limit = 0;

	for (uint32_t n = 1;; n++) {
		*bell = __atomic_load_n(&w->link.shared->bell, __ATOMIC_ACQUIRE);
		if (*bell != w->seq)
			return true;
		link_pause(LINK_GUEST_PAUSES);
		if (n % LINK_LOOKS == 0) {
			uint64_t now = link_now();

			if (!limit)
				limit = now + LINK_SPIN_NS;
			else if (now >= limit)
				return false;
		}
	}
}

/*
 * Sleeps for the next bell. What a large call needed is kept for the next one, because getting it
 * anew costs more than the call; it is given back when none comes for a while.
 */
TWZ_HOT static uint32_t
sleep_until_rung(struct worker *w)
{
	struct link_shared *s = w->link.shared;
	struct timespec until;
	uint32_t bell;

	__atomic_store_n(&s->guest_asleep, 1, __ATOMIC_RELAXED);
	link_fence();
	while ((bell = __atomic_load_n(&s->bell, __ATOMIC_ACQUIRE)) == w->seq) {
		bool keeps = w->room.size > ROOM_KEPT && !w->calls_back;

		if (__builtin_expect(park_wanted(&w->seat), 0)) {
			if (!w->calls_back)
				wire_room_free(&w->room);
			park_here(&w->seat);
			continue;
		}
		if (keeps)
			until = link_time(link_now() + ROOM_NS);
		if (link_sleep(&s->bell, w->seq, keeps ? &until : NULL) == -ETIMEDOUT)
			wire_room_free(&w->room);
	}
	/* After a pause nothing is in the cache: better to wait for all of it at once. */
	__builtin_prefetch(s->block);
	__builtin_prefetch((const void *)(uintptr_t)w->fast);
	__builtin_prefetch(&w->link);
	__builtin_prefetch(&current, 1);
	__atomic_store_n(&s->guest_asleep, 0, __ATOMIC_RELAXED);
	if (__builtin_expect(w->seat.parked, 0))
		park_back(&w->seat);
	return bell;
}

/* Waits for the next bell; false: the caller is gone. Inside of the loop that all calls go through. */
TWZ_HOT static inline __attribute__((always_inline)) bool
await(struct worker *w)
{
	struct link_shared *s = w->link.shared;
	uint32_t bell, cpu = __atomic_load_n(&s->cpu, __ATOMIC_RELAXED);
	uint32_t mode = __atomic_load_n(&s->mode, __ATOMIC_RELAXED);

	if (mode == LINK_HOT) {
		settle(w, cpu, true);
		if (await_hot(w, &bell))
			goto rung;
		cpu = __atomic_load_n(&s->cpu, __ATOMIC_RELAXED);
		mode = __atomic_load_n(&s->mode, __ATOMIC_RELAXED);
	}
	if (mode != LINK_RESTING)
		settle(w, cpu, false);
	bell = sleep_until_rung(w);
rung:
	w->seq = bell;
	return !__atomic_load_n(&s->closed, __ATOMIC_ACQUIRE);
}

/* What the caller waits for is written. */
TWZ_HOT static inline void
answer(struct link_shared *s)
{
	__atomic_store_n(&s->reply, 0, __ATOMIC_RELEASE);
	link_fence();
	if (__atomic_load_n(&s->caller_asleep, __ATOMIC_RELAXED))
		link_wake(&s->reply);
}

const struct wire_run *
dispatch_run(void)
{
	return current ? &((const struct worker *)(const void *)current)->run : NULL;
}

/* Who was called back is the caller of the only call in the block: its item is the first. */
void
dispatch_call_back(void)
{
	struct worker *w = (struct worker *)(uintptr_t)current;
	struct link_shared *s = w->link.shared;
	const int64_t status = LINK_CALLS_BACK;

	memcpy(&((struct link_call *)(void *)s->block)->call.ret[0], &status, sizeof(status));
	w->calls_back = true;
	answer(s);
	if (!await(w))
		_exit(0);	/* the gate cannot go on, and what it holds would stay locked */
	w->calls_back = false;
}

/* Makes the kernel treat the reply word as a lock of this thread. */
static void
hold_reply(struct worker *w)
{
	w->robust.list.next = &w->node;
	w->node.next = &w->robust.list;
	w->robust.futex_offset = (long)((uintptr_t)&w->link.shared->reply - (uintptr_t)&w->node);
	syscall(SYS_set_robust_list, &w->robust, sizeof(w->robust));
}

/* From now on the link's caller may ring, if it has not already: see ring_first(). */
static void
publish(struct worker *w)
{
	struct link_shared *s = w->link.shared;

	s->version = LINK_VERSION;
	__atomic_store_n(&s->ready, w->tid, __ATOMIC_SEQ_CST);
	if (w->permits)		/* only compartments wait for this */
		link_wake(&s->ready);
}

/* Waits for the first bell; false: the caller is gone. Whose answer it waits for is only now known. */
static bool __attribute__((noinline))
await_first(struct worker *w)
{
	struct link_shared *s = w->link.shared;
	uint32_t early = FUTEX_WAITERS;

	while (!__atomic_load_n(&w->go, __ATOMIC_ACQUIRE))
		link_sleep(&w->go, 0, NULL);
	park_join(&w->seat, &s->bell, &s->reply);
	publish(w);
	settle(w, __atomic_load_n(&s->cpu, __ATOMIC_RELAXED), false);
	w->seq = sleep_until_rung(w);
	__atomic_compare_exchange_n(&s->reply, &early, w->tid | FUTEX_WAITERS, false, __ATOMIC_SEQ_CST,
				    __ATOMIC_SEQ_CST);
	return !__atomic_load_n(&s->closed, __ATOMIC_ACQUIRE);
}

TWZ_HOT static void *
work(void *data)
{
	struct worker *w = data;
	struct link_shared *s = w->link.shared;
	bool more;

	crash_thread();
	if (!w->ahead) {
		w->cpu = UINT32_MAX;
		sched_getaffinity(0, sizeof(w->all), &w->all);
	}
	w->tid = (uint32_t)gettid();
	hold_reply(w);
	for (more = await_first(w); more; more = await(w)) {
		run_block(w);
		answer(s);
	}
	park_leave(&w->seat);
	nested_end();
	callback_end();
	/* The list must not point into memory that is gone when this thread ends. */
	w->robust.list.next = &w->robust.list;
	munmap(s, LINK_SIZE);
	wire_room_free(&w->room);
	if (w->permits)
		permits_free(w->permits);
	free(w);
	return NULL;
}

/*
 * Too many callers at once: this one hears that there is no room for it, the others go on. Who has used up
 * the compartment's descriptors or all of its memory cannot be helped.
 */
static void
refuse(struct link_shared *s)
{
	__atomic_store_n(&s->ready, LINK_REFUSED, __ATOMIC_SEQ_CST);
	link_wake(&s->ready);
	if (!__atomic_exchange_n(&s->reply, 0, __ATOMIC_SEQ_CST))
		return;
	link_wake(&s->reply);	/* it has called already */
}

static void
refuse_by(int fd)
{
	struct link_shared *s = mmap(NULL, sizeof(*s), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (s == MAP_FAILED)
		_exit(126);
	refuse(s);
	munmap(s, sizeof(*s));
}

static struct worker *
worker_new(void)
{
	struct worker *w = aligned_alloc(_Alignof(struct worker), sizeof(*w));

	if (w)
		memset(w, 0, sizeof(*w));
	return w;
}

/* What the monitor says of the link and its caller. */
static void
describe(struct worker *w, const struct message_in *in, size_t at)
{
	w->link.serial = in->head.serial;
	w->link.depth = (uint32_t)in->head.word[2];
	w->link.caller = (struct twz_caller){ .thread = in->head.word[0], .compartment = in->head.word[1],
					      .context = w->link.context };
	w->link.answers = (in->head.word[5] & LINK_OF_HANDLER) != 0;
	strncpy(w->link.context, message_text(in, &at), sizeof(w->link.context) - 1);
}

static bool
start_thread(struct worker *w)
{
	pthread_attr_t attr;
	pthread_t thread;
	bool ok;

	pthread_attr_init(&attr);
	if (w->stack)
		pthread_attr_setstack(&attr, (char *)w->stack + GUEST_GUARD, GUEST_STACK - GUEST_GUARD);
	else
		pthread_attr_setstacksize(&attr, GUEST_STACK);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	ok = !pthread_create(&thread, &attr, work, w);
	pthread_attr_destroy(&attr);
	return ok;
}

/* -- the first link: memory and thread are there before it is needed -------------------------------- */

static struct worker *first;
static cpu_set_t everywhere;

void
dispatch_prepare(void)
{
	sched_getaffinity(0, sizeof(everywhere), &everywhere);
}

void
dispatch_ahead(int fd)
{
	struct worker *w = fd >= 0 ? worker_new() : NULL;

	if (!w)
		return;
	w->link.shared = mmap(NULL, LINK_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, fd, 0);
	if (w->link.shared == MAP_FAILED)
		_exit(126);
	w->stack = mmap(NULL, GUEST_STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
	if (w->stack == MAP_FAILED || mprotect(w->stack, GUEST_GUARD, PROT_NONE))
		_exit(126);
	w->all = everywhere;
	w->ahead = true;
	first = w;
}

void
dispatch_warm(void)
{
	if (!first)
		return;
	__atomic_fetch_or(&first->link.shared->guest_asleep, 0, __ATOMIC_RELAXED);
	for (size_t k = 1; k <= STACK_USED; k++)
		*((volatile char *)first->stack + GUEST_STACK - k * GUEST_GUARD) = 0;
}

/*
 * A thread starts where its maker is allowed to run. Left alone, the kernel would wake a sleeping CPU for it, and it
 * would have to move to its caller's as soon as it waits: both take longer than loading a small service.
 */
static bool
start_beside(struct worker *w)
{
	uint32_t cpu = __atomic_load_n(&w->link.shared->cpu, __ATOMIC_RELAXED);
	bool beside = cpu < CPU_SETSIZE && CPU_COUNT(&w->all) > 1 && cpu == (uint32_t)sched_getcpu();
	cpu_set_t one;

	w->cpu = beside ? cpu : UINT32_MAX;
	if (beside) {
		CPU_ZERO(&one);
		CPU_SET(cpu, &one);
		sched_setaffinity(0, sizeof(one), &one);
	}
	return start_thread(w);
}

void
dispatch_first(void)
{
	if (first && !start_beside(first)) {
		refuse(first->link.shared);
		first = NULL;
	}
	sched_setaffinity(0, sizeof(everywhere), &everywhere);	/* threads of the service's, too */
}

/*
 * The thread reads what is written here once it may go. It goes first, where it shares a CPU with this one: what is
 * left to do here is of interest to nobody who waits.
 */
static void
start_first(const struct message_in *in, size_t at)
{
	struct worker *w = first;

	first = NULL;
	if (!w)
		return;
	describe(w, in, at);
	__atomic_store_n(&w->go, 1, __ATOMIC_RELEASE);
	link_wake(&w->go);
	sched_yield();
}

void
dispatch_start(const struct message_in *in, size_t at, int fd)
{
	struct worker *w;

	if (fd < 0) {
		start_first(in, at);
		return;
	}
	w = worker_new();
	if (!w) {
		refuse_by(fd);
		return;
	}
	w->go = 1;
	describe(w, in, at);
	if (in->head.word[5] & LINK_OF_COMPARTMENT)
		w->permits = permits_new(w->link.serial, (uint32_t)(in->head.word[5] >> 32));
	w->link.shared = mmap(NULL, LINK_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, fd, 0);
	if (w->link.shared == MAP_FAILED || !start_thread(w)) {
		if (w->link.shared != MAP_FAILED)
			munmap(w->link.shared, LINK_SIZE);
		refuse_by(fd);
		if (w->permits)
			permits_free(w->permits);
		free(w);
	}
}
