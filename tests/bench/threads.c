/*
 * Threads that call the same short gate at once, without a pause: what all of them together need for a
 * call. One pair of CPUs is busy with one of them already; more must not make it slower.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "tests/bench/bench.h"
#include "calc_stub.h"
#include "twz/call.h"

enum { MOST = 8, WINDOW_US = 60000, WARM_US = 20000 };

static struct {
	pthread_t threads[MOST];
	unsigned started, asleep;
	pthread_mutex_t lock;
	pthread_cond_t changed;			/* wanted, stop, asleep */
	_Atomic unsigned wanted;		/* threads 0 … wanted - 1 call, the others sleep */
	_Atomic bool counting, stop, failed;
	struct {
		_Alignas(64) _Atomic uint64_t calls;
	} each[MOST];
} crowd = { .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER };

static void
want(unsigned n, bool stop)
{
	pthread_mutex_lock(&crowd.lock);
	crowd.wanted = n;
	crowd.stop = stop;
	pthread_cond_broadcast(&crowd.changed);
	pthread_mutex_unlock(&crowd.lock);
}

/* Nobody calls any more: who waits for its turn when it should stop would still be there for what is measured next. */
static void
rest(void)
{
	want(0, false);
	pthread_mutex_lock(&crowd.lock);
	while (crowd.asleep < MOST)
		pthread_cond_wait(&crowd.changed, &crowd.lock);
	pthread_mutex_unlock(&crowd.lock);
}

static void *
work(void *data)
{
	unsigned self = (unsigned)(uintptr_t)data;

	while (!crowd.stop) {
		if (self >= crowd.wanted) {
			pthread_mutex_lock(&crowd.lock);
			if (++crowd.asleep == MOST)
				pthread_cond_broadcast(&crowd.changed);
			while (self >= crowd.wanted && !crowd.stop)
				pthread_cond_wait(&crowd.changed, &crowd.lock);
			crowd.asleep--;
			pthread_mutex_unlock(&crowd.lock);
			continue;
		}
		for (int i = 0; i < 50; i++)
			if (calc_add(i, 1) != i + 1)
				crowd.failed = true;
		if (crowd.counting)
			atomic_store_explicit(&crowd.each[self].calls,
				atomic_load_explicit(&crowd.each[self].calls, memory_order_relaxed) + 50,
				memory_order_relaxed);
	}
	return NULL;
}

static const char *
crowd_open(struct bench_row *row)
{
	if (twz_open())
		return "twz_open() fails";
	row->state = &crowd;
	while (crowd.started < MOST)
		if (pthread_create(&crowd.threads[crowd.started], NULL, work,
				   (void *)(uintptr_t)crowd.started))
			return "no thread";
		else
			crowd.started++;
	return NULL;
}

static uint64_t
sum(unsigned n)
{
	uint64_t ret = 0;

	for (unsigned i = 0; i < n; i++)
		ret += crowd.each[i].calls;
	return ret;
}

static bool
crowd_measure(struct bench_row *row, double *ret)
{
	unsigned n = (unsigned)row->size;
	uint64_t before, calls, from;

	crowd.counting = true;
	want(n, false);
	bench_sleep(WARM_US);
	before = sum(n);
	from = bench_now();
	bench_sleep(WINDOW_US);
	calls = sum(n) - before;
	*ret = (double)(bench_now() - from) / (double)(calls ? calls : 1);
	rest();
	return calls && !crowd.failed;
}

static void
crowd_close(struct bench_row *row)
{
	(void)row;
	want(0, true);
	while (crowd.started)
		pthread_join(crowd.threads[--crowd.started], NULL);
}

void
bench_thread_rows(void)
{
	for (unsigned n = 1; n <= MOST; n *= 2) {
		const char *key = bench_text("threads_%u", n);

		bench_row((struct bench_row){
			.key = key, .group = "threads that call add(int, int) without a pause, a call in sum",
			.name = bench_text("%u thread%s", n, n > 1 ? "s" : ""), .size = n, .samples = 1,
			.open = crowd_open, .measure = crowd_measure, .close = crowd_close,
		});
		if (n > 1)
			bench_ratio((struct bench_ratio){
				.key = key, .numerator = key, .denominator = "threads_1", .target = 1,
				.name = bench_text("%u threads / 1, a call in sum", n),
			});
	}
}
