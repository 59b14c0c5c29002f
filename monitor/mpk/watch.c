/*
 * Deadlines. One thread looks, while anybody is inside, whether somebody has been for too long, and
 * sends that thread the signal that takes it out. It sleeps when nobody is.
 *
 * A signal can arrive just before the thread goes in and do nothing; so it is sent again until the
 * thread says that it is out. It is sent with the lock held: once a thread that was late has had the
 * lock, no signal is on its way to it any more.
 */
#include <errno.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "monitor/mpk/mpk_in.h"

enum {
	TICK_NS = 10000000,		/* how late a deadline may be noticed */
	IDLE_TICKS = 50,		/* without a call before it goes to sleep */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct mpk *all[MPK_SLOTS];
static pthread_t thread;
static uint32_t asleep, ending;	/* atomic; asleep is a futex */
static uint32_t count;

uint64_t
watch_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

/* True when somebody is inside. */
static bool
look(struct mpk *c, uint64_t now)
{
	uint32_t turn = __atomic_load_n(&c->turn, __ATOMIC_SEQ_CST);
	const uint32_t *stop = c->options.stop;
	bool stopped = stop && __atomic_load_n(stop, __ATOMIC_RELAXED);

	if (turn == MPK_INSIDE && (stopped || (c->deadline && now >= c->deadline))) {
		c->stopped = stopped;
		if (__atomic_compare_exchange_n(&c->turn, &turn, MPK_EXPIRED, false, __ATOMIC_SEQ_CST,
						__ATOMIC_SEQ_CST))
			turn = MPK_EXPIRED;
	}
	if (turn == MPK_EXPIRED)
		syscall(SYS_tgkill, getpid(), c->tid, watch_signal);
	return turn != MPK_IDLE;
}

static bool
look_at_all(void)
{
	uint64_t now = watch_now();
	bool busy = false;

	pthread_mutex_lock(&lock);
	for (size_t i = 0; i < MPK_SLOTS; i++)
		if (all[i])
			busy |= look(all[i], now);
	pthread_mutex_unlock(&lock);
	return busy;
}

static void *
watch(void *data)
{
	const struct timespec tick = { .tv_nsec = TICK_NS };
	uint32_t quiet = 0;

	while (!__atomic_load_n(&ending, __ATOMIC_SEQ_CST)) {
		quiet = look_at_all() ? 0 : quiet + 1;
		if (quiet < IDLE_TICKS) {
			nanosleep(&tick, NULL);
			continue;
		}
		__atomic_store_n(&asleep, 1, __ATOMIC_SEQ_CST);
		if (!look_at_all() && !__atomic_load_n(&ending, __ATOMIC_SEQ_CST))
			syscall(SYS_futex, &asleep, FUTEX_WAIT_PRIVATE, 1, NULL, NULL, 0);
		__atomic_store_n(&asleep, 0, __ATOMIC_SEQ_CST);
		quiet = 0;
	}
	return data;
}

static void
wake(void)
{
	if (!__atomic_exchange_n(&asleep, 0, __ATOMIC_SEQ_CST))
		return;
	syscall(SYS_futex, &asleep, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

bool
watch_add(struct mpk *c, struct twz_error *err)
{
	int error = 0;

	pthread_mutex_lock(&lock);
	if (!count) {
		ending = 0;
		error = pthread_create(&thread, NULL, watch, NULL);
	}
	if (!error) {
		count++;
		all[c->host.slot] = c;
	}
	pthread_mutex_unlock(&lock);
	return !error || twz_fail_sys(err, error, "start the thread that watches deadlines");
}

void
watch_remove(struct mpk *c)
{
	bool last = false;

	pthread_mutex_lock(&lock);
	if (all[c->host.slot] == c) {
		all[c->host.slot] = NULL;
		last = !--count;
	}
	pthread_mutex_unlock(&lock);
	if (!last)
		return;
	__atomic_store_n(&ending, 1, __ATOMIC_SEQ_CST);
	wake();
	pthread_join(thread, NULL);
}

void
watch_enter(struct mpk *c, uint64_t deadline)
{
	c->deadline = deadline;
	c->stopped = false;
	__atomic_store_n(&c->turn, MPK_INSIDE, __ATOMIC_SEQ_CST);
	if (__atomic_load_n(&asleep, __ATOMIC_SEQ_CST))
		wake();
}

bool
watch_leave(struct mpk *c)
{
	uint32_t turn = MPK_INSIDE;

	if (__atomic_compare_exchange_n(&c->turn, &turn, MPK_IDLE, false, __ATOMIC_SEQ_CST,
					__ATOMIC_SEQ_CST))
		return true;
	pthread_mutex_lock(&lock);
	__atomic_store_n(&c->turn, MPK_IDLE, __ATOMIC_SEQ_CST);
	pthread_mutex_unlock(&lock);
	return false;
}
