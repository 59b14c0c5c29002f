/*
 * Attacks on the block and on the calls, from both sides. tests/boundary.md says which test covers which
 * pitfall.
 */
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "monitor/internal.h"
#include "tests/unit/monitor_fixture.h"

static const int64_t SOON = 300000000, LATE = 20 * (int64_t)1000000000;

static int
pid_of_service(struct fixture *f, const char *name)
{
	TWZ_ARENA arena = { 0 };
	const struct monitor_info *infos;
	size_t n = monitor_list(f->m, &arena, &infos);

	for (size_t i = 0; i < n; i++)
		if (!strcmp(infos[i].service, name))
			return infos[i].pid;
	return 0;
}

static struct link_shared *
shared_of(struct monitor_gate *gate)
{
	return thread_self()->links[gate->compartment->index]->shared;
}

/* -- the service attacks its caller ------------------------------------------------------------------ */

/* Results change while they are read: what arrives is a bounded text of our own, or a typed fault. */
static void
test_results_change(void **state)
{
	struct fixture *f = *state;
	struct person bob = { "bob", 1, { 0 } }, got = { 0 };
	uint8_t bytes[64];
	unsigned faults = 0;
	uint64_t until;

	assert_true(fixture_open(f, 0));
	until = link_now() + (uint64_t)LATE;
	/* Whether its thread and ours meet is the scheduler's business: on until they did, seen in a fault. */
	for (int i = 0; i < 50 || (!faults && link_now() < until); i++) {
		const char *text = NULL;
		uint64_t n = 16;
		int32_t less = 0;
		enum twz_class cls;

		if (i < 50 || i % 100 == 0)
			call_gate(f, GATE_race, NULL, SOON, WORDS());
		cls = call_gate(f, GATE_greet, &text, SOON, WORDS(POINTER("bob")));
		if (cls == TWZ_CLASS_NONE && text)
			assert_true(strlen(text) < LINK_SIZE);
		faults += cls != TWZ_CLASS_NONE;
		cls = call_gate(f, GATE_rename_person, &got, SOON, WORDS(POINTER(&bob)));
		if (cls == TWZ_CLASS_NONE && got.name)
			assert_true(strlen(got.name) < LINK_SIZE);
		memset(bytes, 0xee, sizeof(bytes));
		cls = call_gate(f, GATE_pack, &less, SOON, WORDS(POINTER(bytes), POINTER(&n), 6, 0));
		assert_true(cls != TWZ_CLASS_NONE || n <= 16);
		assert_int_equal(bytes[16], 0xee);
	}
	if (!faults)
		skip();		/* on one CPU they take turns, and may do so for ever */
}

/* Answers to calls never made, two answers to one, wake-ups without end. */
static void
test_replies_without_calls(void **state)
{
	struct fixture *f = *state;
	int32_t sum = 0;

	assert_true(fixture_open(f, 0));
	for (int i = 0; i < 20; i++) {
		call_gate(f, GATE_flood_replies, NULL, SOON, WORDS());
		for (int k = 0; k < 100; k++) {
			enum twz_class cls = call_gate(f, GATE_add, &sum, LATE, WORDS(1, 2));

			assert_true(cls == TWZ_CLASS_NONE || cls == TWZ_CLASS_FAULT);
		}
	}
}

/* Nobody wakes us: the deadline does, and finds the answer or none. */
static void
test_no_wake_up(void **state)
{
	struct fixture *f = *state;
	int32_t got = 0;
	enum twz_class cls;

	assert_true(fixture_open(f, 0));
	assert_add_works(f);
	cls = call_gate(f, GATE_withhold, &got, SOON, WORDS());
	assert_true((cls == TWZ_CLASS_NONE && got == 42) || cls == TWZ_CLASS_TIMEOUT);
	if (cls == TWZ_CLASS_NONE)	/* its thread never comes back */
		assert_int_equal(call_gate(f, GATE_nothing, NULL, SOON, WORDS()), TWZ_CLASS_TIMEOUT);
	assert_add_works(f);
}

/* A result that counts more than there was room for is an attack: the compartment ends. */
static void
test_oversized_kills(void **state)
{
	struct fixture *f = *state;
	uint8_t bytes[32];
	uint64_t n = 16;
	int before;

	assert_true(fixture_open(f, 0));
	assert_add_works(f);
	before = pid_of_service(f, "test");
	assert_fails(f, pack, TWZ_CLASS_FAULT, "more than there was room for", POINTER(bytes), POINTER(&n), 6, 7);
	assert_add_works(f);
	assert_int_not_equal(pid_of_service(f, "test"), before);
}

/* After its deadline a gate runs no longer: its process is gone when the caller hears of it. */
static void
test_deadline_ends_it(void **state)
{
	struct fixture *f = *state;
	int pid;

	assert_true(fixture_open(f, 0));
	assert_add_works(f);
	pid = pid_of_service(f, "test");
	assert_int_equal(call_gate(f, GATE_spin, NULL, 10000000, WORDS()), TWZ_CLASS_TIMEOUT);
	for (int i = 0; i < 20000 && !kill(pid, 0); i++)		/* reaped a moment later */
		nanosleep(&(struct timespec){ 0, 1000000 }, NULL);
	assert_true(kill(pid, 0) && errno == ESRCH);
	assert_add_works(f);
}

/* Shared memory keeps its size, whoever has its descriptor: SIGBUS is not a way in. */
static void
test_truncation(void **state)
{
	struct fixture *f = *state;
	void *memory;
	int32_t cut = -1;
	int fd = instance_memory("twz-test", 1 << 20, &memory, 1 << 20);

	assert_true(fd >= 0);
	assert_true(ftruncate(fd, 0) && errno == EPERM);
	assert_true(ftruncate(fd, 2 << 20) && errno == EPERM);
	assert_true(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE) && errno == EPERM);
	assert_int_equal(((char *)memory)[(1 << 20) - 1], 0);
	munmap(memory, 1 << 20);
	close(fd);
	assert_true(fixture_open(f, 0));
	assert_call(f, truncate_block, &cut);
	assert_int_equal(cut, 0);
	assert_add_works(f);
}

/* -- exhaustion -------------------------------------------------------------------------------------- */

static void *
one_call(void *data)
{
	struct fixture *f = data;
	struct twz_error err = { 0 };
	struct monitor_gate *g = NULL;
	int32_t sum = 0;
	bool ok = monitor_bind(f->m, &f->test, &fixture_gates[GATE_add], &g, &err) &&
		  monitor_call(g, WORDS(1, 2), &sum, LATE, &err) && sum == 3;

	return (void *)(uintptr_t)(ok ? TWZ_CLASS_NONE : err.cls);
}

static enum twz_class
call_on_another_thread(struct fixture *f)
{
	pthread_t thread;
	void *ret;

	assert_int_equal(pthread_create(&thread, NULL, one_call, f), 0);
	pthread_join(thread, &ret);
	return (enum twz_class)(uintptr_t)ret;
}

/* The service has used up its own: its next caller hears of it, and what follows is a new compartment. */
static void
test_guest_without_descriptors(void **state)
{
	struct fixture *f = *state;
	int32_t n = 0;
	enum twz_class cls;

	assert_true(fixture_open(f, 0));
	assert_call(f, hoard_descriptors, &n);
	assert_true(n > 0 && n < 64);
	assert_add_works(f);		/* a link that exists needs none */
	cls = call_on_another_thread(f);
	assert_true(cls == TWZ_CLASS_FAULT || cls == TWZ_CLASS_LINK);
	assert_add_works(f);
	assert_int_equal(call_on_another_thread(f), TWZ_CLASS_NONE);
}

/* No memory for one more thread: that caller is refused, and nobody else notices. */
static void
test_guest_without_threads(void **state)
{
	struct fixture *f = *state;
	int32_t n = 0;
	int pid;

	assert_true(fixture_open(f, 64 << 20));
	assert_call(f, hoard_links, &n);
	assert_true(n > 0);
	pid = pid_of_service(f, "test");
	assert_int_equal(call_on_another_thread(f), TWZ_CLASS_LINK);
	assert_add_works(f);
	assert_int_equal(pid_of_service(f, "test"), pid);
}

/* The program itself has none left. */
static void
test_caller_without_descriptors(void **state)
{
	struct fixture *f = *state;
	struct rlimit old, none;
	enum twz_class cls;
	int32_t sum = 0;

	assert_true(fixture_open(f, 0));
	assert_add_works(f);
	assert_true(pid_of_service(f, "test") > 0);	/* the monitor's thread has got what the zygote sent */
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
	none = (struct rlimit){ 3, old.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	assert_add_works(f);
	cls = call_on_another_thread(f);
	call_gate(f, GATE_crash, &sum, LATE, WORDS());
	assert_int_equal(call_gate(f, GATE_add, &sum, LATE, WORDS(1, 2)), TWZ_CLASS_LINK);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
	assert_int_equal(cls, TWZ_CLASS_LINK);
	assert_add_works(f);
}

static int
first_free(void)
{
	int fd = dup(0);

	assert_true(fd > 0);
	close(fd);
	return fd;
}

static void
set_descriptors(rlim_t n)
{
	struct rlimit limit;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	limit.rlim_cur = n;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

static bool
other_add(struct monitor_gate *g)
{
	struct twz_error err = { 0 };
	int32_t sum = 0;

	return monitor_call(g, WORDS(1, 2), &sum, LATE, &err) && sum == 3;
}

/*
 * They run out at whatever step of a start, or when what the zygote sends of it is on its way: it starts or it says so,
 * the next one starts, and nobody else notices. What is opened has the lowest free numbers.
 */
static void
test_start_without_descriptors(void **state)
{
	enum { STEPS = 24 };
	struct fixture *f = *state;
	struct monitor_gate *g = NULL;
	struct rlimit old;
	int32_t sum = 0;
	int pid, failed = 0;

	assert_true(fixture_open(f, 0));
	assert_add_works(f);
	pid = pid_of_service(f, "test");
	assert_true(monitor_bind(f->m, &f->other, &f->other.gates[GATE_add], &g, &f->err));
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
	for (int step = 0; step < STEPS; step++) {
		set_descriptors((rlim_t)(first_free() + step));
		f->err = (struct twz_error){ 0 };
		if (!monitor_call(g, WORDS(1, 2), &sum, LATE, &f->err)) {
			failed++;
			assert_int_equal(f->err.cls, TWZ_CLASS_LINK);
			assert_non_null(strstr(f->err.text, "Too many open files"));
			set_descriptors(old.rlim_cur);
			assert_true(other_add(g));
			set_descriptors(3);
		}
		assert_add_works(f);
		other_add(g);
		set_descriptors(old.rlim_cur);
		assert_int_equal(pid_of_service(f, "test"), pid);
		other_add(g);		/* it may have been lost, and be heard of only now */
		assert_true(other_add(g));
		assert_true(monitor_signal(f->m, &f->other, SIGKILL, &f->err));
		assert_true(monitor_wait(f->m, &f->other, MONITOR_FLAG_EXITED, LATE, NULL, &f->err));
	}
	assert_true(failed > 0);
	assert_true(failed < STEPS);
}

/* -- many callers, and callers that go ------------------------------------------------------------------ */

enum { CALLERS = 1000 };

struct caller_many {
	struct fixture *f;
	pthread_barrier_t *all;
	enum twz_class cls;
};

static void *
call_with_all(void *data)
{
	struct caller_many *c = data;

	c->cls = (enum twz_class)(uintptr_t)one_call(c->f);

	pthread_barrier_wait(c->all);	/* the link lives as long as the thread */
	return NULL;
}

/* A thousand threads at once: each has its answer or hears that there is no room; nobody is harmed. */
static void
test_thousand_callers(void **state)
{
	struct fixture *f = *state;
	static struct caller_many many[CALLERS];
	static pthread_t threads[CALLERS];
	pthread_barrier_t all;
	pthread_attr_t attr;
	unsigned served = 0, made = 0;
	int pid;

	assert_true(fixture_open(f, (uint64_t)4 << 30));
	assert_add_works(f);
	pid = pid_of_service(f, "test");
	pthread_barrier_init(&all, NULL, CALLERS);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 128 << 10);
	for (; made < CALLERS; made++) {
		many[made] = (struct caller_many){ f, &all, TWZ_CLASS_NONE };
		assert_int_equal(pthread_create(&threads[made], &attr, call_with_all, &many[made]), 0);
	}
	for (unsigned i = 0; i < CALLERS; i++) {
		pthread_join(threads[i], NULL);
		assert_true(many[i].cls == TWZ_CLASS_NONE || many[i].cls == TWZ_CLASS_LINK);
		served += many[i].cls == TWZ_CLASS_NONE;
	}
	assert_int_equal(served, CALLERS);
	assert_add_works(f);
	assert_int_equal(pid_of_service(f, "test"), pid);
	pthread_attr_destroy(&attr);
	pthread_barrier_destroy(&all);
}

/* A service floods the monitor with messages and its output: others load, call and are heard meanwhile. */
static void
test_floods(void **state)
{
	static const uint32_t kinds[] = { MESSAGE_BIND, MESSAGE_READY, MESSAGE_CANCEL, MESSAGE_CONFINED };
	struct fixture *f = *state;
	struct monitor_gate *add = NULL;
	int32_t sum = 0;

	assert_true(fixture_open(f, 0));
	for (size_t i = 0; i < TWZ_COUNT(kinds); i++) {
		call_gate(f, GATE_flood_monitor, NULL, LATE, WORDS(kinds[i]));
		call_gate(f, GATE_chatter, NULL, LATE, WORDS());
		assert_true(monitor_bind(f->m, &f->other, &fixture_gates[GATE_add], &add, &f->err));
		for (int k = 0; k < 50; k++) {
			assert_true(monitor_call(add, WORDS(k, 1), &sum, LATE, &f->err));
			assert_int_equal(sum, k + 1);
			monitor_flush(f->m);
		}
		assert_int_equal(kill(pid_of_service(f, "other"), SIGKILL), 0);
		while (!monitor_call(add, WORDS(1, 1), &sum, LATE, &f->err))	/* the kill may come late */
			f->err = (struct twz_error){ 0 };
		assert_int_equal(sum, 2);
	}
}

static void *
hold_other(void *data)
{
	struct fixture *f = data;
	struct twz_error err = { 0 };
	struct monitor_gate *g = NULL;
	int32_t status = 0;
	bool ok = monitor_bind(f->m, &f->test, &fixture_gates[GATE_call_spin], &g, &err) &&
		  monitor_call(g, WORDS(60000), &status, 60 * (int64_t)1000000000, &err);

	return (void *)(uintptr_t)(ok ? TWZ_CLASS_NONE : err.cls);
}

/* A caller dies in the middle: what it had called ends too, because nobody else would end it. */
static void
test_caller_dies(void **state)
{
	struct fixture *f = *state;
	pthread_t thread;
	void *cls;
	int test, other = 0;

	assert_true(fixture_open(f, 0));
	assert_add_works(f);
	test = pid_of_service(f, "test");
	assert_int_equal(pthread_create(&thread, NULL, hold_other, f), 0);
	for (int i = 0; i < 20000 && !(other = pid_of_service(f, "other")); i++)
		nanosleep(&(struct timespec){ 0, 1000000 }, NULL);
	assert_true(other);
	/* Its processor time says that it spins: the call has arrived. */
	while (fixture_cpu_time(other) < 50000000)
		;
	assert_int_equal(kill(test, SIGKILL), 0);
	pthread_join(thread, &cls);
	assert_int_equal((uintptr_t)cls, TWZ_CLASS_FAULT);
	for (int i = 0; i < 20000 && !kill(other, 0); i++)
		nanosleep(&(struct timespec){ 0, 1000000 }, NULL);
	assert_true(kill(other, 0));
	assert_add_works(f);
}

/* A calls B calls A …: refused at the limit, with both still there. */
static void
test_cycle(void **state)
{
	struct fixture *f = *state;
	int32_t depth = 0;

	assert_true(fixture_open(f, 0));
	for (int i = 0; i < 3; i++) {
		assert_call(f, pingpong, &depth, 0);
		assert_int_equal(depth, 15);
	}
	assert_add_works(f);
}

/* Where addresses would go to a compartment by protection keys, no call is made. */
static void
test_no_callbacks_by_keys(void **state)
{
	struct fixture *f = *state;
	struct compartment c = { .service = &f->test, .mechanism = &mechanism_mpk };
	struct monitor_gate gate = { .compartment = &c, .gate = &fixture_gates[GATE_call_back] };
	TWZ_ARENA arena = { 0 };

	assert_true(twz_plan_make(gate.gate, &arena, &gate.plan, &f->err));
	callback_route(&gate, &mechanism_mpk);
	assert_false(gate.call(&gate, WORDS(POINTER(f), POINTER(f)), NULL, -1, &f->err));
	assert_int_equal(f->err.cls, TWZ_CLASS_LINK);
	assert_int_equal(f->err.code, TWZ_ERR(GENERIC, NOT_SUPPORTED));
	assert_non_null(strstr(f->err.text, "calls its caller back, which compartments of mechanism mpk cannot"));
	callback_route(&gate, &mechanism_process);
	assert_true(callback_has_links(&gate));
	assert_true(gate.call != NULL);
	gate.gate = &fixture_gates[GATE_add];
	assert_true(twz_plan_make(gate.gate, &arena, &gate.plan, &f->err));
	callback_route(&gate, &mechanism_process);
	assert_null(gate.call);		/* and nothing of it is on the way of other gates */
}

/* -- the caller attacks the service --------------------------------------------------------------------- */

struct scribbler {
	struct link_shared *shared;
	uint32_t stop;
};

/* It stands for a process that shares the memory, of which ThreadSanitizer would know nothing: the race is the attack. */
__attribute__((no_sanitize("thread"))) static void *
scribble_arguments(void *data)
{
	struct scribbler *s = data;
	volatile uint64_t *block = (void *)s->shared->block;
	uint64_t z = 1;

	while (!__atomic_load_n(&s->stop, __ATOMIC_RELAXED)) {
		z = z * 6364136223846793005 + 1442695040888963407;
		block[z >> 60] = z >> 61 & 1 ? UINT64_MAX : z & 0x000000ff0000ffff;
		block[8 + (z >> 58)] = z;
	}
	return NULL;
}

/* Arguments, headers and references change while the guest takes them: it never crashes of them. */
static void
test_arguments_change(void **state)
{
	static uint32_t values[64];
	struct fixture *f = *state;
	struct person bob = { "bob", 1, { 0 } }, got;
	uint64_t total;
	const char *text;

	assert_true(fixture_open(f, 0));
	for (int round = 0; round < 30; round++) {
		struct scribbler s = { 0 };
		pthread_t thread;

		assert_add_works(f);
		/* The thread's own hold keeps the memory there while it scribbles. */
		s.shared = shared_of(bind_gate(f, GATE_add));
		assert_int_equal(pthread_create(&thread, NULL, scribble_arguments, &s), 0);
		for (int i = 0; i < 200; i++) {
			enum twz_class cls;

			if (i % 3 == 0)
				cls = call_gate(f, GATE_sum, &total, SOON, WORDS(POINTER(values), 64));
			else if (i % 3 == 1)
				cls = call_gate(f, GATE_greet, &text, SOON, WORDS(POINTER("bob")));
			else
				cls = call_gate(f, GATE_rename_person, &got, SOON, WORDS(POINTER(&bob)));
			if (cls == TWZ_CLASS_NONE)
				continue;
			if (strstr(f->err.text, "signal") || strstr(f->err.text, "address"))
				fprintf(stderr, "%s\n", f->err.text);
			assert_null(strstr(f->err.text, "address"));
			break;		/* its compartment is gone, and with it this memory's use */
		}
		__atomic_store_n(&s.stop, 1, __ATOMIC_RELAXED);
		pthread_join(thread, NULL);
	}
	assert_add_works(f);
}

/* Rings with the block as it stands. */
static enum caller_end
ring(struct monitor_gate *gate)
{
	struct caller *c = &thread_self()->links[gate->compartment->index]->caller;

	thread_self()->links[gate->compartment->index]->layout = 0;
	caller_ready(c, 0);
	return caller_ring(c, LATE);
}

static uint64_t *
put_item(uint64_t *at, uint64_t size, uint64_t kind)
{
	at[0] = size;
	at[1] = kind;
	return at + 2;
}

/* Headers that lie: nothing runs that was not asked for properly, and the guest lives on. */
/* Where a gate's number belongs: none that there is, the function's address, one byte behind it, amid the text. */
static void
enter_elsewhere(struct fixture *f, struct monitor_gate *increment, uint64_t *block)
{
	struct monitor_library library;
	TWZ_ARENA arena = { 0 };
	uint64_t address;

	assert_true(monitor_symbol(f->m, &f->test, "increment", &arena, &address, &library, &f->err));
	{
		const uint64_t numbers[] = { 8192, UINT32_MAX, UINT64_MAX, INT64_MAX, address, address + 1, address + 4,
					     address - library.base + 8192, library.base };

		for (size_t i = 0; i < TWZ_COUNT(numbers); i++) {
			put_item(block, 24, TWZ_ITEM_GATECALL)[0] = numbers[i];
			block[3] = 0;
			put_item(block + 5, 0, TWZ_ITEM_END);
			assert_int_equal(ring(increment), CALLER_DONE);
			assert_int_equal((int64_t)block[3], -ENOSYS);
		}
	}
}

static void
test_forged_headers(void **state)
{
	static const uint64_t bad[] = { 1, 7, 12, 63, 23, LINK_SIZE, UINT32_MAX - 7, UINT64_MAX - 7, UINT64_MAX };
	struct fixture *f = *state;
	struct monitor_gate *increment;
	uint64_t value = 0, before, *block;
	int pid;

	assert_true(fixture_open(f, 0));
	increment = bind_gate(f, GATE_increment);
	assert_call(f, increment, &value);
	pid = pid_of_service(f, "test");
	block = (void *)shared_of(increment)->block;
	for (size_t i = 0; i < TWZ_COUNT(bad); i++) {
		uint64_t *call = put_item(block, bad[i], TWZ_ITEM_GATECALL);

		call[0] = increment->wire->number;
		call[1] = (uint64_t)-ENOSYS;
		put_item(call + 3, 0, TWZ_ITEM_END);
		assert_int_equal(ring(increment), CALLER_DONE);
		if (bad[i] % 8 || bad[i] < 24 || bad[i] > LINK_SIZE)
			assert_true((int64_t)call[1] < 0);
	}
	/* What is not known is skipped untouched, and what follows runs: forward compatibility. */
	for (int i = 0; i < 8; i++)
		put_item(block, 64, 99)[i] = 0xabcdef;
	put_item(block + 10, 24, TWZ_ITEM_GATECALL)[0] = increment->wire->number;
	block[13] = (uint64_t)-ENOSYS;
	put_item(block + 15, 0, TWZ_ITEM_END);
	assert_int_equal(ring(increment), CALLER_DONE);
	assert_int_equal(block[13], 0);
	assert_int_equal(block[14], value + 1);
	before = value;
	for (int i = 0; i < 8; i++)
		assert_int_equal(block[2 + i], 0xabcdef);
	enter_elsewhere(f, increment, block);
	assert_call(f, increment, &value);
	assert_int_equal(value, before + 2);
	assert_int_equal(pid_of_service(f, "test"), pid);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

/* An argument: only the tests of that name, with * for any text. */
int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		TEST(test_results_change), TEST(test_replies_without_calls), TEST(test_no_wake_up),
		TEST(test_oversized_kills), TEST(test_deadline_ends_it), TEST(test_truncation),
		TEST(test_guest_without_descriptors), TEST(test_guest_without_threads),
		TEST(test_caller_without_descriptors), TEST(test_start_without_descriptors),
		TEST(test_thousand_callers), TEST(test_floods),
		TEST(test_caller_dies), TEST(test_cycle), TEST(test_no_callbacks_by_keys), TEST(test_arguments_change),
		TEST(test_forged_headers),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
