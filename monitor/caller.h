/*
 * The calling side of a link: used by the monitor for the session's threads and by the guest for
 * services that call services.
 */
#pragma once

#include <sched.h>

#include "monitor/link.h"

/* How waiting for a reply ended. */
enum caller_end {
	CALLER_DONE,
	CALLER_DIED,		/* the guest's thread ended, or somebody says so */
	CALLER_LATE,		/* the deadline passed */
	CALLER_STOPPED,		/* *stop became true */
	CALLER_REFUSED,		/* handshake or first call only: the guest has no thread for this link */
};

/* What a caller knows about its link; private memory. Every call needs most of it: a line and a half. */
struct caller {
	struct link_shared *shared;
	uint32_t tid;		/* the guest's thread, taken once, with the first answer; 0: not yet */
	uint32_t seq;		/* of the bell */
	uint32_t cpu;		/* published last */
	uint32_t hot_limit;	/* hot links that this process may have at once */
	bool hot, was_hot, settling;	/* settling: the guest is on its way to another CPU */
	bool rested;		/* settling: it is there since the turn before, but may sleep */
	int place;		/* hot: see turn.h */
	uint32_t streak;	/* hot: calls; cold: short gaps in a row */
	uint32_t need;		/* short gaps in a row that make the link hot */
	uint64_t ended;		/* when the last cold call ended */
	uint64_t fastest;	/* of the cold calls in this streak */
	uint64_t began;		/* when this one began; 0: nobody looked at the clock */
	uint64_t calls;
	const uint32_t *dead;	/* set by the monitor when the compartment is gone */
	const uint32_t *stop;	/* set by monitor_interrupt(); may be NULL */
	uint32_t slow;		/* hot calls in a row that took longer than the spin */
	uint32_t lag;		/* before the first look for an answer, in parts of a pause */
};

/** Takes over a link that was just mapped. */
void caller_init(struct caller *c, struct link_shared *shared, uint32_t hot_limit);
/** Lets the guest's thread end, and gives up the place among the hot links. */
void caller_close(struct caller *c);

/**
 * Waits until the guest's thread is there, for who has something else to do then than to call. @timeout_ns < 0: no
 * deadline.
 */
enum caller_end caller_handshake(struct caller *c, int64_t timeout_ns);
/**
 * Decides how the next call, which carries @bytes of data, is going to wait. A call that carries much
 * is always cold: every line of it would have to go from one CPU's cache to the other's.
 *
 * A short item is best written after this and right before caller_ring(): the other side is looking
 * at the same cache line, and takes it away from a writer that pauses.
 */
void caller_ready(struct caller *c, uint64_t bytes);
/** The block is written: rings the bell and waits for the reply, the first time also for the guest's thread. */
enum caller_end caller_ring(struct caller *c, int64_t timeout_ns);

/** Wakes whoever waits on this link, as if the guest had died. For the monitor's own thread. */
void caller_poke(struct link_shared *shared);
/** Makes whoever sleeps on this link look at its stop flag. */
void caller_stop(struct link_shared *shared);
