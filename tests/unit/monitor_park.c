/*
 * Parking: a compartment that parks loses no call and nothing that it knows, whoever calls it meanwhile; what was
 * made ahead serves starts like any other, or is done without.
 */
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "monitor/internal.h"
#include "tests/unit/monitor_fixture.h"

enum { CALLS = 2000, PARKS = 60, CALLERS = 3 };

static struct monitor_info
info_of(struct fixture *f, const char *service)
{
	struct twz_arena arena = { 0 };
	const struct monitor_info *all;
	struct monitor_info found = { 0 };
	size_t n = monitor_list(f->m, &arena, &all);

	for (size_t i = 0; i < n; i++)
		if (!strcmp(all[i].service, service))
			found = all[i];
	found.service = found.why = "";
	twz_arena_free(&arena);
	return found;
}

static void
test_keeps_what_it_knows(void **state)
{
	struct fixture *f = *state;
	struct monitor_parked parked;
	uint64_t count = 0;

	assert_true(fixture_open(f, 0));
	assert_call(f, increment, &count);
	assert_true(monitor_park(f->m, &f->test, &parked, &f->err));
	assert_false(parked.ended);
	assert_true(parked.before && parked.after);
	assert_int_equal(info_of(f, "test").state, MONITOR_PARKED);
	assert_call(f, increment, &count);
	assert_true(count == 2);
	assert_int_equal(info_of(f, "test").state, MONITOR_READY);
}

/* Bytes of the memory of this thread's link that there are pages for. */
static size_t
carried(struct fixture *f)
{
	struct monitor_gate *g = bind_gate(f, GATE_sum);
	struct link_shared *s = thread_self()->links[g->compartment->index]->shared;
	static unsigned char pages[(8 << 20) / 4096];
	size_t n = 0;

	assert_int_equal(mincore(s, 8 << 20, pages), 0);
	for (size_t i = 0; i < TWZ_COUNT(pages); i++)
		n += pages[i] & 1;
	return n * 4096;
}

/* What a large call carried lies in the link's memory: it is given back, and the next one finds room. */
static void
test_large_calls(void **state)
{
	static uint32_t values[1 << 20];
	struct fixture *f = *state;
	struct monitor_parked parked;
	uint64_t sum, want = 0;

	for (size_t i = 0; i < TWZ_COUNT(values); i++)
		want += values[i] = (uint32_t)i;
	assert_true(fixture_open(f, 0));
	for (int i = 0; i < 3; i++) {
		sum = 0;
		assert_call(f, sum, &sum, POINTER(values), TWZ_COUNT(values));
		assert_true(sum == want);
		assert_true(carried(f) >= sizeof(values));
		assert_true(monitor_park(f->m, &f->test, &parked, &f->err));
		assert_true(parked.after < sizeof(values) / 2);
		assert_true(carried(f) < 64 << 10);
	}
}

/* The argument of another compartment's call was copied: so is that. */
static void
test_private_copies(void **state)
{
	enum { SIZE = 768 << 10 };	/* less than what is given back after a while */
	struct fixture *f = *state;
	struct monitor_parked parked;
	int32_t got = -1;

	assert_true(fixture_open(f, 0));
	for (int i = 0; i < 3; i++) {
		assert_call(f, call_steady, &got, SIZE);
		assert_int_equal(got, 0);
		assert_true(monitor_park(f->m, &f->other, &parked, &f->err));
		assert_true(parked.before > SIZE);
		assert_true(parked.before - parked.after > SIZE / 2);
	}
}

struct caller_thread {
	struct fixture *f;
	struct monitor_gate *gate;
	uint64_t wrong;
	uint32_t done;		/* atomic */
};

static void *
call_often(void *data)
{
	struct caller_thread *c = data;

	for (uint64_t i = 0; i < CALLS; i++) {
		struct twz_error err = { 0 };
		uint32_t sum = 0;

		if (!monitor_call(c->gate, WORDS(i, 1), &sum, 20 * (int64_t)LONG_NS, &err) || sum != i + 1)
			c->wrong++;
		if (i % 16 == 0)
			sched_yield();
	}
	__atomic_store_n(&c->done, 1, __ATOMIC_SEQ_CST);
	return NULL;
}

static bool
all_done(const struct caller_thread *callers)
{
	for (int i = 0; i < CALLERS; i++)
		if (!__atomic_load_n(&callers[i].done, __ATOMIC_SEQ_CST))
			return false;
	return true;
}

static void
park_while_called(struct fixture *f, const char *asks)
{
	struct caller_thread callers[CALLERS];
	struct monitor_parked parked;
	struct twz_error err = { 0 };
	pthread_t threads[CALLERS];
	uint64_t wrong = 0;
	int parks = 0;

	f->test.asks = asks;
	assert_true(fixture_open(f, 0));
	for (int i = 0; i < CALLERS; i++) {
		callers[i] = (struct caller_thread){ .f = f, .gate = bind_gate(f, GATE_add) };
		assert_false(pthread_create(&threads[i], NULL, call_often, &callers[i]));
	}
	/* At least so often, and as long as somebody calls. */
	while (parks < PARKS || !all_done(callers)) {
		uint32_t sum = 0;

		assert_call(f, add, &sum, 1, 2);
		assert_int_equal(sum, 3);
		assert_true(monitor_park(f->m, &f->test, &parked, &err));
		parks++;
	}
	for (int i = 0; i < CALLERS; i++) {
		pthread_join(threads[i], NULL);
		wrong += callers[i].wrong;
	}
	assert_true(!wrong);
}

static void
test_while_it_is_called(void **state)
{
	park_while_called(*state, "");
}

static void
test_stateless_while_it_is_called(void **state)
{
	park_while_called(*state, "runs stateless\n");
}

static void
test_stateless_ends(void **state)
{
	struct fixture *f = *state;
	struct monitor_parked parked;
	uint64_t count = 0;

	f->test.asks = "runs stateless\nruns restart_never\n";
	assert_true(fixture_open(f, 0));
	for (uint64_t i = 1; i < 3; i++) {
		assert_call(f, increment, &count);
		assert_true(count == i);
	}
	assert_true(monitor_wait(f->m, &f->test, MONITOR_FLAG_READY, -1, NULL, &f->err));
	assert_true(monitor_park(f->m, &f->test, &parked, &f->err));
	assert_true(parked.ended && parked.before && !parked.after);
	assert_int_equal(info_of(f, "test").state, MONITOR_PARKED);
	assert_int_equal(info_of(f, "test").pid, 0);
	assert_true(monitor_park(f->m, &f->test, &parked, &f->err));
	assert_call(f, increment, &count);
	assert_true(count == 1);
	assert_int_equal(info_of(f, "test").restarts, 0);
}

static void
test_parks_by_itself(void **state)
{
	const struct monitor_load_options options = { .park_ns = 50000000 };
	struct fixture *f = *state;
	struct monitor_id id;
	uint64_t count = 0;

	assert_true(fixture_open(f, 0));
	assert_true(monitor_load(f->m, &f->test, &options, &id, &f->err));
	for (uint64_t i = 0; i < 3; i++) {
		assert_call(f, increment, &count);
		while (info_of(f, "test").state != MONITOR_PARKED)
			sched_yield();
		assert_true(count == i + 1);
	}
}

static void
test_not_what_does_not_run(void **state)
{
	struct fixture *f = *state;
	struct monitor_parked parked;
	uint64_t sink;

	assert_true(fixture_open(f, 0));
	assert_false(monitor_park(f->m, &f->test, &parked, &f->err));
	assert_int_equal(f->err.cls, TWZ_CLASS_NAME);
	f->err = (struct twz_error){ 0 };
	assert_int_equal(call_gate(f, GATE_crash, &sink, LONG_NS, WORDS(0)), TWZ_CLASS_FAULT);
	f->err = (struct twz_error){ 0 };
	assert_false(monitor_park(f->m, &f->test, &parked, &f->err));
	assert_int_equal(f->err.cls, TWZ_CLASS_LINK);
}

/* -- what was made ahead ----------------------------------------------------------------------------- */

static struct instance *
await_spare(struct fixture *f)
{
	struct monitor_stats stats = { 0 };
	struct instance *spare;

	while (!stats.spares) {
		monitor_stats(f->m, &stats);
		sched_yield();
	}
	assert_true(stats.spare_memory);
	pthread_mutex_lock(&f->m->lock);
	spare = f->m->zygote.spare;
	pthread_mutex_unlock(&f->m->lock);
	return spare;
}

static uint32_t
call_other(struct fixture *f)
{
	struct monitor_gate *gate;
	uint32_t sum = 0;

	assert_true(monitor_bind(f->m, &f->other, &fixture_gates[GATE_add], &gate, &f->err));
	assert_true(monitor_call(gate, WORDS(2, 2), &sum, 20 * (int64_t)LONG_NS, &f->err));
	return sum;
}

static void
test_spare_is_taken(void **state)
{
	struct fixture *f = *state;
	struct instance *spare;
	uint32_t sum = 0;
	bool taken;

	assert_true(fixture_open(f, 0));
	assert_call(f, add, &sum, 1, 2);
	spare = await_spare(f);
	assert_int_equal(call_other(f), 4);
	pthread_mutex_lock(&f->m->lock);
	taken = f->m->instances == spare;
	pthread_mutex_unlock(&f->m->lock);
	assert_true(taken);
	await_spare(f);
}

/* Killed while it waits, and taken before anybody has noticed: its socket is closed by then. */
static void
test_dead_spare_is_replaced(void **state)
{
	struct fixture *f = *state;
	struct instance *spare;
	uint32_t sum = 0;

	assert_true(fixture_open(f, 0));
	assert_call(f, add, &sum, 1, 2);
	spare = await_spare(f);
	/* The monitor's thread cannot hear of it before the lock is free. */
	pthread_mutex_lock(&f->m->lock);
	instance_kill(spare);
	while (send(spare->control, "", 1, MSG_NOSIGNAL) >= 0 || errno == EAGAIN)
		sched_yield();
	pthread_mutex_unlock(&f->m->lock);
	assert_int_equal(call_other(f), 4);
}

#define TEST(t) cmocka_unit_test_setup_teardown(t, fixture_setup, fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_keeps_what_it_knows), TEST(test_large_calls), TEST(test_private_copies),
		TEST(test_while_it_is_called),
		TEST(test_stateless_while_it_is_called), TEST(test_stateless_ends), TEST(test_parks_by_itself),
		TEST(test_not_what_does_not_run), TEST(test_spare_is_taken), TEST(test_dead_spare_is_replaced),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
