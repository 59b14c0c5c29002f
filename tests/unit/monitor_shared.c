/* Large arguments in shared memory: not copied, not to be changed, not to be used past their end. */
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "monitor/internal.h"
#include "tests/unit/monitor_fixture.h"

enum { WORDS_N = 300000 };

static uint32_t *
filled(struct fixture *f)
{
	uint32_t *values = monitor_share(f->m, WORDS_N * sizeof(*values), &f->err);

	assert_non_null(values);
	for (uint32_t i = 0; i < WORDS_N; i++)
		values[i] = i;
	return values;
}

static uint64_t
total(uint64_t from, uint64_t n)
{
	return n * (2 * from + n - 1) / 2;
}

/* Bytes that the link's block has got pages for: what was copied into it. */
static size_t
copied(struct fixture *f)
{
	struct monitor_gate *g = bind_gate(f, GATE_sum);
	struct link_shared *s = thread_self()->links[g->compartment->index]->shared;
	static unsigned char pages[(4 << 20) / 4096];
	size_t n = 0;

	assert_int_equal(mincore(s, 4 << 20, pages), 0);
	for (size_t i = 0; i < TWZ_COUNT(pages); i++)
		n += pages[i] & 1;
	return n * 4096;
}

static void
test_not_copied(void **state)
{
	struct fixture *f = *state;
	uint32_t *values;
	uint64_t sum = 0;

	assert_true(fixture_open(f, 0));
	values = filled(f);
	assert_true(monitor_seal(f->m, values, &f->err));
	assert_true(monitor_seal(f->m, values, &f->err));	/* it is */
	assert_call(f, sum, &sum, POINTER(values), WORDS_N);
	assert_int_equal(sum, total(0, WORDS_N));
	assert_call(f, sum, &sum, POINTER(values + 1000), 200000);
	assert_int_equal(sum, total(1000, 200000));
	assert_true(copied(f) < 64 << 10);
	/* A few bytes are copied, and so is what leaves the memory, of which we may read no more. */
	assert_call(f, sum, &sum, POINTER(values + 7), 10);
	assert_int_equal(sum, total(7, 10));
	/* After a crash the new compartment is told again. */
	assert_fails(f, crash, TWZ_CLASS_FAULT, "crash");
	assert_call(f, sum, &sum, POINTER(values), WORDS_N);
	assert_int_equal(sum, total(0, WORDS_N));
	assert_true(copied(f) < 64 << 10);
	monitor_unshare(f->m, values);
	assert_add_works(f);
}

/* Not sealed, it can change: then it is copied like any other memory. */
static void
test_copied_until_sealed(void **state)
{
	struct fixture *f = *state;
	uint32_t *values;
	uint64_t sum = 0;

	assert_true(fixture_open(f, 0));
	values = filled(f);
	assert_call(f, sum, &sum, POINTER(values), WORDS_N);
	assert_int_equal(sum, total(0, WORDS_N));
	assert_true(copied(f) >= WORDS_N * sizeof(*values));
	values[0] = 5;
	assert_call(f, sum, &sum, POINTER(values), WORDS_N);
	assert_int_equal(sum, total(0, WORDS_N) + 5);
	assert_false(monitor_seal(f->m, &sum, &f->err));
	assert_false(monitor_seal(f->m, values + 1, &f->err));
	monitor_unshare(f->m, &sum);			/* none: nothing */
	monitor_unshare(f->m, NULL);
	assert_null(monitor_share(f->m, 0, NULL));
	assert_null(monitor_share(f->m, SIZE_MAX / 2, NULL));
	assert_add_works(f);
}

/* Sealed: its size stays and nobody writes, with whatever descriptor. */
static void
test_seals(void **state)
{
	struct fixture *f = *state;
	struct shared_memory { struct shared_memory *next; unsigned char *memory; uint64_t id, size; int fd; } *s;
	uint32_t *values;
	int status = 0, again;
	char path[64];
	pid_t pid;

	assert_true(fixture_open(f, 0));
	values = filled(f);
	assert_true(monitor_seal(f->m, values, &f->err));
	s = (void *)f->m->shared;
	assert_ptr_equal(s->memory, values);
	assert_true(ftruncate(s->fd, 0));
	assert_true(pwrite(s->fd, "x", 1, 0) < 0);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", s->fd);
	again = open(path, O_RDWR | O_CLOEXEC);
	assert_true(again < 0 || (pwrite(again, "x", 1, 0) < 0 && ftruncate(again, 0)));
	assert_true(again < 0 || mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, again, 0) == MAP_FAILED);
	twz_closep(&again);
	assert_ptr_equal(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, s->fd, 0), MAP_FAILED);
	assert_true(fcntl(s->fd, F_GET_SEALS) & F_SEAL_WRITE);
	assert_true(fcntl(s->fd, F_ADD_SEALS, F_SEAL_FUTURE_WRITE) && errno == EPERM);
	pid = fork();
	if (!pid) {
		signal(SIGSEGV, SIG_DFL);
		*(volatile uint32_t *)values = 1;
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(!WIFEXITED(status) || WEXITSTATUS(status));
}

/* What lies in the block instead of the bytes, forged by the caller's side. */
static void
test_forged(void **state)
{
	struct fixture *f = *state;
	struct monitor_gate *g;
	struct link_call *head;
	struct monitor_link *l;
	struct wire_shared *at, good;
	uint64_t sum = 0, *words;
	uint32_t *values;

	assert_true(fixture_open(f, 0));
	values = filled(f);
	assert_true(monitor_seal(f->m, values, &f->err));
	assert_call(f, sum, &sum, POINTER(values), WORDS_N);
	g = bind_gate(f, GATE_sum);
	l = thread_self()->links[g->compartment->index];
	head = (void *)l->shared->block;
	words = (void *)(head + 1);
	at = (void *)((char *)(words + 2) + (uint32_t)(words[0] & ~WIRE_SHARED));
	good = *at;
	{
		const struct wire_shared bad[] = {
			{ good.id, good.offset + 4, good.size },	/* past the end */
			{ good.id, UINT64_MAX - 3, good.size },
			{ good.id, good.offset + 1, good.size },	/* not aligned */
			{ good.id, good.offset, good.size + 4 },	/* not what the count says */
			{ good.id, good.offset, 0 },
			{ good.id, good.offset, UINT64_MAX },
		};

		for (size_t i = 0; i < TWZ_COUNT(bad); i++) {
			*at = bad[i];
			head->call.ret[0] = -ENOSYS;
			caller_ready(&l->caller, 0);
			assert_int_equal(caller_ring(&l->caller, LONG_NS * 5LL), CALLER_DONE);
			assert_int_equal(head->call.ret[0], -EINVAL);
		}
		*at = good;
		head->call.ret[0] = -ENOSYS;
		caller_ready(&l->caller, 0);
		assert_int_equal(caller_ring(&l->caller, LONG_NS * 5LL), CALLER_DONE);
		assert_int_equal(head->call.ret[0], 0);
		assert_int_equal((uint64_t)head->call.ret[1], total(0, WORDS_N));
	}
	assert_add_works(f);
}

/* Many of them, from several threads: each call sees its own. */
static void
test_many_memories(void **state)
{
	struct fixture *f = *state;
	uint32_t *values[40];
	uint64_t sum = 0;

	assert_true(fixture_open(f, 0));
	for (int round = 0; round < 3; round++) {
		for (uint32_t i = 0; i < TWZ_COUNT(values); i++) {
			values[i] = filled(f);
			values[i][0] = i;
			assert_true(monitor_seal(f->m, values[i], &f->err));
		}
		for (uint32_t i = 0; i < TWZ_COUNT(values); i++) {
			assert_call(f, sum, &sum, POINTER(values[i]), WORDS_N);
			assert_int_equal(sum, total(0, WORDS_N) + i);
		}
		for (uint32_t i = 0; i < TWZ_COUNT(values); i++)
			monitor_unshare(f->m, values[i]);
	}
	assert_true(copied(f) < 64 << 10);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_not_copied), TEST(test_copied_until_sealed), TEST(test_seals), TEST(test_forged),
		TEST(test_many_memories),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
