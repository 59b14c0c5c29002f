/*
 * The memory of a link, which one calling thread and one guest thread share, and how each of them
 * waits for the other. Included by both sides.
 *
 *     0   ready, version, asleep  guest; line 0
 *    64   cpu, mode, asleep, …    caller; line 1
 *   128   bell, reply             both; line 2, together with …
 *   136   the block               … the first item's header, number, results and two words
 *         its second half         both; for gates that may call their caller back: that call
 *
 * bell: the caller stores the next number in it.
 *
 * reply: a robust futex. The caller stores the guest's thread number before it rings; the guest
 * stores 0 when the results are written. The guest has registered the word with the kernel as a lock
 * that it holds: when it dies in between, the kernel sets FUTEX_OWNER_DIED and wakes the caller,
 * without help from the monitor. The first call does not wait for the guest: the caller stores
 * FUTEX_WAITERS alone, rings and sleeps, and the guest's thread adds its number as soon as it is there.
 *
 * Whoever is about to sleep says so first (asleep), then looks at its word again; whoever has changed
 * a word looks at the other's asleep afterwards. A full fence on both sides between the two steps
 * makes sure that one of them notices. So the line that both look at is only ever written by plain
 * stores, in one burst, and the fence is paid when the news is out already.
 *
 * Both sides can write all of it at any time. Neither trusts a word here to be what it wrote.
 */
#pragma once

#include <assert.h>
#include <errno.h>
#include <linux/futex.h>
#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "twz/block.h"

enum {
	LINK_VERSION = 2,
	LINK_SIZE = 64 << 20,		/* virtual; pages exist once they are written */
	LINK_COLD = 0,
	LINK_HOT = 1,
	LINK_RESTING = 2,		/* hot again soon: the guest may sleep, where it is */
	LINK_SPIN_NS = 20000,
	LINK_REFUSED = 1 << 30,		/* in ready: there is no thread for this link */
	LINK_LOOKS = 24,		/* looks at the word before one at the clock */
	/*
	 * Pauses between two looks. Who looks takes the line from who is writing it: with one pause
	 * each a call takes a third longer. See also learn_lag() in caller.c.
	 */
	LINK_CALLER_PAUSES = 2,
	LINK_GUEST_PAUSES = 3,
};

struct link_shared {
	_Alignas(64) uint32_t ready;	/* the guest's thread number, published last, or LINK_REFUSED */
	uint32_t version;
	uint32_t guest_asleep;		/* on bell, or about to */
	_Alignas(64) uint32_t cpu;	/* where the caller runs */
	uint32_t mode;			/* LINK_COLD, … */
	uint32_t closed;		/* the caller is gone */
	uint32_t gone;			/* the guest is gone, says the monitor */
	uint32_t caller_asleep;		/* on reply, or about to */
	uint32_t handlers;		/* changes of the tables of handlers, says the monitor */
	uint32_t bound;			/* … when the caller was told what it may call */
	_Alignas(64) uint32_t bell;
	uint32_t reply;
	unsigned char block[];		/* aligned to 8 */
};

static_assert(offsetof(struct link_shared, cpu) == 64, "its own line");
static_assert(offsetof(struct link_shared, bell) == 128, "its own line");
static_assert(offsetof(struct link_shared, block) == 136, "bell, header and two words: one line");

/* The first item, as a caller writes it when it makes one call. */
struct link_call {
	struct twz_item item;
	struct twz_gatecall_item call;
};

static_assert(sizeof(struct link_call) == 40, "136 + 40 + 2 words = 192");

enum {
	LINK_BLOCK_SIZE = LINK_SIZE - 136,
	/* What remains for one call's words and data beside its header and the end marker. */
	LINK_ROOM = LINK_BLOCK_SIZE - (int)sizeof(struct link_call) - (int)sizeof(struct twz_item),
};

/*
 * A gate that may call its caller back has half of the block, its callbacks have the other. Instead of an
 * answer the guest writes LINK_CALLS_BACK as the call's status, and there an item that says what is called with
 * what. The caller runs it, writes its results and rings again: the gate goes on.
 */
enum {
	LINK_CALLBACK_AT = LINK_BLOCK_SIZE / 2 / 8 * 8,
	LINK_CALLBACK_ROOM = LINK_BLOCK_SIZE - LINK_CALLBACK_AT - (int)sizeof(struct link_call) -
			     (int)sizeof(struct twz_item),
	/* What remains for such a gate's own words and data. */
	LINK_HALF_ROOM = LINK_CALLBACK_AT - (int)sizeof(struct link_call) - (int)sizeof(struct twz_item),
	LINK_CALLS_BACK = 1,
};

/*
 * Whether a gate is under way: its caller waits, or runs what the gate has called back. For those who only look: the
 * caller writes a call without asking who looks, and what is seen meanwhile is as good as what was there before.
 */
__attribute__((no_sanitize("thread"))) static inline bool
link_is_busy(const struct link_shared *s)
{
	const struct link_call *head = (const struct link_call *)(const void *)s->block;

	return __atomic_load_n(&s->reply, __ATOMIC_RELAXED) ||
	       __atomic_load_n(&head->call.ret[0], __ATOMIC_RELAXED) == LINK_CALLS_BACK;
}

/* A full fence. ThreadSanitizer knows none: an exchange does for it. */
static inline void
link_fence(void)
{
#if defined(__SANITIZE_THREAD__)
	uint32_t word = 0;

	__atomic_exchange_n(&word, 1, __ATOMIC_SEQ_CST);
#else
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
#endif
}

static inline void
link_pause(int times)
{
	while (times--) {
#if defined(__x86_64__)
		__builtin_ia32_pause();
#elif defined(__aarch64__)
		__asm__ volatile("isb" ::: "memory");
#endif
	}
}

/*
 * A futex call whose system call instruction stands in the wait loop itself: a return executed after
 * a context switch is always mispredicted. Returns 0 or more, or a negative errno.
 */
static inline __attribute__((always_inline)) long
link_futex(uint32_t *word, int op, uint32_t value, const struct timespec *timeout)
{
#if defined(__x86_64__)
	register const struct timespec *r10 __asm__("r10") = timeout;
	register uint32_t *r8 __asm__("r8") = NULL;
	register long r9 __asm__("r9") = FUTEX_BITSET_MATCH_ANY;
	long ret;

	__asm__ volatile("syscall"
			 : "=a"(ret)
			 : "a"((long)SYS_futex), "D"(word), "S"((long)op), "d"((long)value),
			   "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return ret;
#elif defined(__aarch64__)
	register long x8 __asm__("x8") = SYS_futex;
	register long x0 __asm__("x0") = (long)word;
	register long x1 __asm__("x1") = op;
	register long x2 __asm__("x2") = (long)value;
	register long x3 __asm__("x3") = (long)timeout;
	register long x4 __asm__("x4") = 0;
	register long x5 __asm__("x5") = FUTEX_BITSET_MATCH_ANY;

	__asm__ volatile("svc 0"
			 : "+r"(x0)
			 : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
			 : "memory");
	return x0;
#else
	long ret = syscall(SYS_futex, word, op, value, timeout, NULL, FUTEX_BITSET_MATCH_ANY);

	return ret < 0 ? -errno : ret;
#endif
}

/* Sleeps while *@word is @value, until the absolute time @until (CLOCK_MONOTONIC); NULL: for ever. */
static inline __attribute__((always_inline)) long
link_sleep(uint32_t *word, uint32_t value, const struct timespec *until)
{
	return link_futex(word, FUTEX_WAIT_BITSET, value, until);
}

static inline __attribute__((always_inline)) void
link_wake(uint32_t *word)
{
	link_futex(word, FUTEX_WAKE, 1, NULL);
}

static inline uint64_t
link_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

static inline struct timespec
link_time(uint64_t ns)
{
	return (struct timespec){ .tv_sec = (time_t)(ns / 1000000000),
				  .tv_nsec = (long)(ns % 1000000000) };
}
