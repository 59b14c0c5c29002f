/*
 * The soak: what an hour of bad luck does to the monitor, in as many calls as it is told.
 *
 * First every step of a session fails once: the first system call of the monitor, the second, and so on
 * until a session needs no more of them. Then eight threads call mixed gates of four compartments, in
 * rounds: right ones whose answers are checked, and ones that crash, hang, lie, exit or eat all memory,
 * while another thread kills a compartment, now and then the zygote, every 100 ms and system calls of the monitor fail at random.
 * After each round the monitor is closed, and nothing may be left of it.
 *
 * soak.c runs it, gates.c calls and judges, inject.c lets system calls fail, count.c counts what is left.
 */
#pragma once

#include "tests/unit/monitor_fixture.h"

enum { SOAK_THREADS = 8, SOAK_SERVICES = 4 };

struct soak {
	struct fixture *f;
	struct twz_service services[SOAK_SERVICES];
	uint64_t calls, right, failed[16];	/* atomic; failed by class */
	uint32_t stop;				/* atomic */
	char wrong[512];			/* what was wrong first; "": nothing */
};

/** The first reason why the run is no good is kept. */
void soak_wrong(struct soak *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* -- gates.c */
/** One random call on the calling thread; @seed is the thread's own. */
void soak_call(struct soak *s, uint64_t *seed);
uint64_t soak_random(uint64_t *seed);

/* -- inject.c */
/** From now on the @n-th system call of the monitor fails, once. 0: none does. */
void inject_nth(uint64_t n);
/** From now on one in @n fails; 0: none does. */
void inject_one_in(uint64_t n);
/** How many there were since the last inject_nth(), and how many of them failed in all. */
uint64_t inject_seen(void);
uint64_t inject_done(void);

/* -- count.c */
struct count {
	size_t fds, maps, threads, processes, heap;
};
/** What this process has now; processes: its children, dead ones too. */
struct count count_now(void);
/** Waits until no more than @want is there, at most ten seconds; false: @got is what stayed. */
bool count_settles(const struct count *want, struct count *got);
