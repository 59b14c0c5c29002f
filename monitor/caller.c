/*
 * Waiting decides the speed of a call.
 *
 * Cold: the guest's thread lives on the caller's CPU and both sleep. Two hand-overs on one CPU cost a
 * few microseconds; waking a thread on another, sleeping CPU costs ten times that. The guest has a shorter slice than
 * its caller (dispatch_slice() there): so it runs as soon as it is rung for, and most often has answered before the
 * caller comes back from ringing. Then there is one system call on each side, and no deadline to be set.
 *
 * Hot: after several short gaps in a row, if there is another CPU, the guest moves there and both
 * spin, for at most 20 µs at a time. Before the guest gives up and sleeps it moves back to the
 * caller's CPU, so that the next, cold call is a hand-over and never a wake-up across CPUs. When the
 * caller finds that the guest had gone to sleep, that is a miss, and a link that misses must show
 * longer and longer series of short gaps to become hot again.
 *
 * At most half of the CPUs' worth of links of one process are hot, so that spinning threads do not
 * take the CPU from those they wait for. Threads that call short gates without a pause take turns with
 * these places: see turn.h. Between two turns the guest sleeps on the other CPU. A thread with a real-time policy never spins: nobody else could run there.
 */
#include "monitor/caller.h"

#include <limits.h>
#include <sys/rseq.h>

#include "monitor/turn.h"
#include "twz/util.h"

enum {
	SHORT_GAPS = 8,			/* that make a link hot at first */
	MOST_GAPS = 1 << 8,
	HEAVY_BYTES = 12 << 10,		/* of data, which one CPU handles faster than two */
	GOOD_RUN = 1000,		/* hot calls after which a miss is forgiven */
	SLOW_CALLS = 4,
	SETTLE_NS = 300000,		/* what a move to another CPU may take */
	LIGHT_NS = 10000,		/* a cold call of a gate that does hardly anything */
	LAG_PARTS = 8,			/* of a pause */
	LAG_MOST = 32 * LAG_PARTS,
	CALLS_A_LOOK = 128,		/* hot ones, before a look whether others wait for the place */
};

void
caller_init(struct caller *c, struct link_shared *shared, uint32_t hot_limit)
{
	*c = (struct caller){
		.shared = shared,
		.cpu = UINT32_MAX,
		.hot_limit = hot_limit,
		.need = SHORT_GAPS,
		.fastest = UINT64_MAX,
	};
}

static void
cool(struct caller *c)
{
	if (!c->hot)
		return;
	c->hot = false;
	turn_give(c->place, c);
	c->need = c->streak >= GOOD_RUN ? SHORT_GAPS : c->need * 2;
	if (c->need > MOST_GAPS)
		c->need = MOST_GAPS;
	c->streak = 0;
	__atomic_store_n(&c->shared->mode, LINK_COLD, __ATOMIC_RELAXED);
}

/* A thread that others cannot displace must not spin. Asked for rarely: a policy may change. */
static bool
is_real_time(void)
{
	int policy = sched_getscheduler(0) & ~SCHED_RESET_ON_FORK;

	return policy == SCHED_FIFO || policy == SCHED_RR || policy == SCHED_DEADLINE;
}

/* The kernel keeps it in this thread's memory, if the C library has asked it to; the library's own way there is long. */
TWZ_HOT static inline uint32_t
this_cpu(void)
{
	const struct rseq *own = (const void *)((const char *)__builtin_thread_pointer() + __rseq_offset);
	int32_t cpu = __rseq_size ? (int32_t)__atomic_load_n(&own->cpu_id, __ATOMIC_RELAXED) : -1;

	return cpu >= 0 ? (uint32_t)cpu : (uint32_t)sched_getcpu();
}

TWZ_HOT static inline void
tell_cpu(struct caller *c)
{
	uint32_t cpu = this_cpu();

	if (cpu != c->cpu) {
		c->cpu = cpu;
		__atomic_store_n(&c->shared->cpu, cpu, __ATOMIC_RELAXED);
	}
}

static void
begin_turn(struct caller *c, int place)
{
	tell_cpu(c);		/* who waited may have woken up elsewhere */
	c->hot = c->settling = place >= 0;
	c->rested = false;
	c->streak = c->slow = 0;
	if (c->hot)
		c->place = place;
	__atomic_store_n(&c->shared->mode, c->hot ? LINK_HOT : LINK_COLD, __ATOMIC_RELAXED);
}

static void
heat(struct caller *c)
{
	if (is_real_time()) {
		c->need = MOST_GAPS;
		c->streak = 0;
		return;
	}
	begin_turn(c, turn_take(c->hot_limit, c, c->fastest < LIGHT_NS));
	c->began = link_now();	/* who waited for a place has its time from now on */
}

void
caller_close(struct caller *c)
{
	if (!c->shared)
		return;
	cool(c);
	__atomic_store_n(&c->shared->closed, 1, __ATOMIC_RELEASE);
	__atomic_add_fetch(&c->shared->bell, 1, __ATOMIC_SEQ_CST);
	link_wake(&c->shared->bell);
}

void
caller_poke(struct link_shared *shared)
{
	__atomic_store_n(&shared->gone, 1, __ATOMIC_SEQ_CST);
	caller_stop(shared);
}

void
caller_stop(struct link_shared *shared)
{
	uint32_t reply = __atomic_load_n(&shared->reply, __ATOMIC_SEQ_CST);

	/* The word has to change, or a caller that is about to sleep would miss the wake-up. */
	while (reply && !(reply & FUTEX_OWNER_DIED))
		if (__atomic_compare_exchange_n(&shared->reply, &reply, reply | FUTEX_OWNER_DIED,
						false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
			break;
	link_futex(&shared->reply, FUTEX_WAKE, INT_MAX, NULL);
	link_futex(&shared->ready, FUTEX_WAKE, INT_MAX, NULL);
}

static bool
flagged(const uint32_t *flag)
{
	return flag && __atomic_load_n(flag, __ATOMIC_SEQ_CST);
}

enum caller_end
caller_handshake(struct caller *c, int64_t timeout_ns)
{
	uint64_t now = link_now();
	struct timespec until = link_time(now + (uint64_t)timeout_ns);

	for (;;) {
		uint32_t tid = __atomic_load_n(&c->shared->ready, __ATOMIC_ACQUIRE);

		if (tid & LINK_REFUSED)
			return CALLER_REFUSED;
		if (tid & FUTEX_TID_MASK) {
			/* Whoever lists compartments looks at it too. */
			__atomic_store_n(&c->tid, tid & FUTEX_TID_MASK, __ATOMIC_RELAXED);
			return c->shared->version == LINK_VERSION ? CALLER_DONE : CALLER_DIED;
		}
		if (flagged(c->stop))
			return CALLER_STOPPED;
		if (flagged(c->dead))
			return CALLER_DIED;
		/* The monitor's wake-up does not change the word: look again now and then. */
		struct timespec look = link_time(link_now() + 50000000);

		if (timeout_ns >= 0 && link_now() >= now + (uint64_t)timeout_ns)
			return CALLER_LATE;
		if (timeout_ns >= 0 && (until.tv_sec < look.tv_sec ||
		    (until.tv_sec == look.tv_sec && until.tv_nsec < look.tv_nsec)))
			look = until;
		link_sleep(&c->shared->ready, tid, &look);
	}
}

/*
 * When to look for the first time: a look that comes while the guest works takes the line from it, and it must get
 * it back to answer. Most gates take as long as the last time, so the lag is always on its way down to what is just
 * enough, and goes up quickly when it was not.
 */
TWZ_HOT static inline void
learn_lag(struct caller *c, bool enough)
{
	if (enough)
		c->lag -= c->lag > 0;
	else if (c->lag < LAG_MOST)
		c->lag += LAG_PARTS;
}

/* Spins while the guest works, for a bounded time. True: the word changed. */
static bool
spin(struct caller *c, uint64_t ns)
{
	uint64_t limit = 0;

	link_pause((int)(c->lag / LAG_PARTS));
	for (uint32_t n = 1;; n++) {
		if (__atomic_load_n(&c->shared->reply, __ATOMIC_ACQUIRE) != c->tid) {
			learn_lag(c, n == 1);
			return true;
		}
		link_pause(LINK_CALLER_PAUSES);
		if (n % LINK_LOOKS == 0) {
			uint64_t now = link_now();

			if (!limit)
				limit = now + ns;
			else if (now >= limit)
				return false;
		}
	}
}

/*
 * Sleeps on the reply word. The deadline counts from the ring, or from here, after at most one spin. A timeout is
 * always given, because a futex call without one would be restarted after a signal.
 */
TWZ_HOT static enum caller_end
sleep_reply(struct caller *c, int64_t timeout_ns)
{
	uint32_t *word = &c->shared->reply;
	struct timespec until = { 0 };
	uint64_t limit = 0;

	for (;;) {
		uint32_t reply = __atomic_load_n(word, __ATOMIC_SEQ_CST);

		if (!reply)
			return CALLER_DONE;
		if (flagged(c->stop))
			return CALLER_STOPPED;
		if (reply & FUTEX_OWNER_DIED || flagged(c->dead))
			return CALLER_DIED;
		if ((reply & FUTEX_TID_MASK) != c->tid)
			return CALLER_DIED;	/* scribbled on: as good as dead */
		if (!(reply & FUTEX_WAITERS) &&
		    !__atomic_compare_exchange_n(word, &reply, reply | FUTEX_WAITERS, false,
						 __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
			continue;
		if (!limit) {
			limit = (c->began ? c->began : link_now()) +
				(timeout_ns < 0 ? (uint64_t)1 << 60 : (uint64_t)timeout_ns);
			until = link_time(limit);
		} else if (link_now() >= limit) {
			return CALLER_LATE;
		}
		link_sleep(word, c->tid | FUTEX_WAITERS, &until);
	}
}

TWZ_HOT static enum caller_end
wait_reply(struct caller *c, int64_t timeout_ns)
{
	enum caller_end end;

	/* The exchange that sets FUTEX_WAITERS is the fence between this and the sleep. */
	__atomic_store_n(&c->shared->caller_asleep, 1, __ATOMIC_RELAXED);
	end = sleep_reply(c, timeout_ns);
	__atomic_store_n(&c->shared->caller_asleep, 0, __ATOMIC_RELAXED);
	return end;
}

/* Before a cold call: was the gap short, often enough? True: this call is the last cold one. */
TWZ_HOT static void
judge_gap(struct caller *c)
{
	c->began = link_now();
	if (!c->hot_limit || !c->ended)
		return;
	if (c->began - c->ended > LINK_SPIN_NS) {
		c->streak = 0;
		c->fastest = UINT64_MAX;
	} else if (++c->streak >= c->need) {
		heat(c);
	}
}

/*
 * A hot link whose place was taken, or whose turn is over, waits for its next turn. Its guest stays on the other CPU
 * meanwhile: there it is needed again, if the caller wakes up where it was, and a way there and back takes longer than
 * all else that a turn begins with.
 */
static void __attribute__((noinline))
pass(struct caller *c)
{
	if (is_real_time()) {
		cool(c);
		return;
	}
	__atomic_store_n(&c->shared->mode, LINK_RESTING, __ATOMIC_RELAXED);
	begin_turn(c, turn_pass(c->place, c->hot_limit, c));
	c->need = SHORT_GAPS;	/* that was no miss */
	c->rested = c->hot;
}

TWZ_HOT static void
judge_turn(struct caller *c)
{
	if (turn_mine(c->place, c) &&
	    (c->streak % CALLS_A_LOOK || !turn_wanted() || !turn_over(c->place)))
		return;
	pass(c);
}

TWZ_HOT static enum caller_end
ring_hot(struct caller *c, int64_t timeout_ns)
{
	enum caller_end end;

	if (spin(c, c->settling ? SETTLE_NS : LINK_SPIN_NS)) {
		c->settling = false;
		c->slow = 0;
		c->streak++;
		return __atomic_load_n(&c->shared->reply, __ATOMIC_ACQUIRE) ?
			       wait_reply(c, timeout_ns) : CALLER_DONE;
	}
	c->settling = false;
	end = wait_reply(c, timeout_ns);
	if (++c->slow >= SLOW_CALLS)
		cool(c);
	return end;
}

TWZ_HOT void
caller_ready(struct caller *c, uint64_t bytes)
{
	bool heavy = bytes >= HEAVY_BYTES;

	if (heavy && c->hot) {
		c->streak = GOOD_RUN;	/* no miss: it may be hot again soon */
		cool(c);
	}
	tell_cpu(c);
	if (c->hot)
		judge_turn(c);
	c->was_hot = c->hot;
	c->began = 0;
	if (heavy)
		c->streak = 0;
	else if (!c->was_hot)
		judge_gap(c);
	__atomic_store_n(&c->calls, c->calls + 1, __ATOMIC_RELAXED);	/* others read it */
	c->seq++;
}

/*
 * The first call does not wait until there is somebody to make it to: the one wake-up that it needs is that of its
 * answer. Until then the reply word says that somebody waits for it, and not yet for whom; the guest's thread adds
 * that before it looks at the call, so that the kernel reports its death like any other.
 */
static enum caller_end
await_first(struct caller *c, int64_t timeout_ns)
{
	uint32_t *word = &c->shared->reply;
	uint64_t limit = link_now() + (timeout_ns < 0 ? (uint64_t)1 << 60 : (uint64_t)timeout_ns);
	struct timespec until = link_time(limit);

	for (;;) {
		uint32_t reply = __atomic_load_n(word, __ATOMIC_SEQ_CST);

		if (!reply)
			return CALLER_DONE;
		if (__atomic_load_n(&c->shared->ready, __ATOMIC_SEQ_CST) & LINK_REFUSED)
			return CALLER_REFUSED;
		if (flagged(c->stop))
			return CALLER_STOPPED;
		if (reply & FUTEX_OWNER_DIED || flagged(c->dead) || !(reply & FUTEX_WAITERS))
			return CALLER_DIED;
		if (link_now() >= limit)
			return CALLER_LATE;
		link_sleep(word, reply, &until);
	}
}

static enum caller_end __attribute__((noinline))
ring_first(struct caller *c, int64_t timeout_ns)
{
	struct link_shared *s = c->shared;
	enum caller_end end;
	uint32_t tid;

	__atomic_store_n(&s->caller_asleep, 1, __ATOMIC_RELAXED);
	__atomic_store_n(&s->reply, FUTEX_WAITERS, __ATOMIC_RELAXED);
	__atomic_store_n(&s->bell, c->seq, __ATOMIC_RELEASE);
	link_fence();
	if (__atomic_load_n(&s->guest_asleep, __ATOMIC_RELAXED))
		link_wake(&s->bell);
	end = await_first(c, timeout_ns);
	__atomic_store_n(&s->caller_asleep, 0, __ATOMIC_RELAXED);
	tid = __atomic_load_n(&s->ready, __ATOMIC_ACQUIRE);
	if (tid & LINK_REFUSED && end == CALLER_DONE)
		return CALLER_REFUSED;
	/* Whoever lists compartments looks at it too. */
	__atomic_store_n(&c->tid, tid & FUTEX_TID_MASK, __ATOMIC_RELAXED);
	if (end == CALLER_DONE && (!c->tid || s->version != LINK_VERSION))
		end = CALLER_DIED;
	c->ended = c->hot_limit ? link_now() : 0;
	return end;
}

TWZ_HOT enum caller_end
caller_ring(struct caller *c, int64_t timeout_ns)
{
	struct link_shared *s = c->shared;
	enum caller_end end = CALLER_DONE;

	if (__builtin_expect(!c->tid, 0))
		return ring_first(c, timeout_ns);
	__atomic_store_n(&s->reply, c->tid, __ATOMIC_RELAXED);
	__atomic_store_n(&s->bell, c->seq, __ATOMIC_RELEASE);
	link_fence();
	if (__atomic_load_n(&s->guest_asleep, __ATOMIC_RELAXED)) {
		bool rested = c->was_hot && c->settling && c->rested;

		c->rested = false;
		if (c->was_hot && !rested)
			cool(c);
		link_wake(&s->bell);
		/* On one CPU the guest has run by now, more often than not. */
		if (!__atomic_load_n(&s->reply, __ATOMIC_ACQUIRE))
			goto answered;
		if (rested && !flagged(c->dead) && !flagged(c->stop))
			return ring_hot(c, timeout_ns);
	} else if (c->was_hot && !flagged(c->dead) && !flagged(c->stop)) {
		return ring_hot(c, timeout_ns);
	}
	end = wait_reply(c, timeout_ns);
answered:
	if (c->hot_limit) {
		c->ended = link_now();
		if (c->began && c->ended - c->began < c->fastest)
			c->fastest = c->ended - c->began;
	}
	return end;
}
