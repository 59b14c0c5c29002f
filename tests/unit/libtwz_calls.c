/* The programs' interface from many threads: holding, looking up, calling, waiting for, giving up, closing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/libtwz_world.h"
#include "twz/call.h"
#include "twz/error.h"

enum { THREADS = 8, ROUNDS = 40 };


static int
open_world(void **state)
{
	(void)state;
	libtwz_world_open("lib/twz");
	return 0;
}

static struct twz_compartment *
load(const char *what, enum twz_isolation isolation)
{
	const struct twz_load_options options = { .isolation = isolation, .dup = 1 };
	struct twz_compartment *c = twz_load(what, &options);

	if (!c)
		fail_msg("%s", twz_failed()->text);
	return c;
}

static struct twz_gate_ref *
lookup(struct twz_compartment *c, const char *name)
{
	struct twz_gate_ref *gate = twz_gate_lookup(c, name);

	if (!gate)
		fail_msg("%s", twz_failed()->text);
	return gate;
}

/* -- types ------------------------------------------------------------------------------------- */

static void
refuses(struct twz_gate_ref *gate, const struct twz_arg *args, size_t n, size_t ret_size, uint64_t code)
{
	char ret[256];

	assert_int_equal(twz_gate_call(gate, args, n, ret, ret_size), -1);
	assert_int_equal(twz_failed()->code, code);
	assert_int_equal(twz_failed()->status, 3);
}

static void
test_types(void **state)
{
	const uint64_t wrong = TWZ_ERR(ARGUMENT, WRONG_TYPE);
	struct twz_compartment *c = load("types::libcalc.so", TWZ_ISOLATION_DEFAULT);
	struct twz_gate_ref *add = lookup(c, "add"), *length = lookup(c, "length");
	const struct twz_arg two[] = { TWZ_A_INT(2), TWZ_A_UINT(3) }, text = TWZ_A_TEXT("abc");
	int32_t sum = 0;
	size_t n = 0;

	(void)state;
	assert_int_equal(twz_gate_call(add, two, 2, &sum, sizeof(sum)), 0);
	assert_int_equal(sum, 5);
	assert_null(twz_failed());
	assert_int_equal(twz_gate_call(length, &text, 1, &n, sizeof(n)), 0);
	assert_int_equal(n, 3);
	refuses(add, two, 1, sizeof(sum), wrong);
	refuses(add, two, 2, sizeof(n), wrong);
	refuses(add, (struct twz_arg[]){ TWZ_A_INT(2), TWZ_A_FLOAT(3) }, 2, sizeof(sum), wrong);
	refuses(add, (struct twz_arg[]){ TWZ_A_INT(2), TWZ_A_INT((int64_t)INT32_MAX + 1) }, 2, sizeof(sum),
		wrong);
	refuses(add, (struct twz_arg[]){ TWZ_A_INT(2), TWZ_A_INT((int64_t)INT32_MIN - 1) }, 2, sizeof(sum),
		wrong);
	refuses(length, two, 1, sizeof(n), wrong);
	refuses(length, (struct twz_arg[]){ TWZ_A_TEXT(NULL) }, 1, sizeof(n), wrong);
	assert_null(twz_gate_lookup(c, "no_such_gate"));
	assert_int_equal(twz_failed()->code, TWZ_ERR(NAMING, NOT_FOUND));
	assert_null(twz_load("types::libcalc.so", NULL));
	assert_int_equal(twz_failed()->code, TWZ_ERR(NAMING, ALREADY_EXISTS));
	twz_unload(c);
}

/* -- what a service is loaded with ---------------------------------------------------------------- */

static const char *
said(struct twz_compartment *c, const char *gate, struct twz_arg arg)
{
	const char *text = "";

	if (twz_gate_call(lookup(c, gate), &arg, 1, &text, sizeof(text)))
		fail_msg("%s", twz_failed()->text);
	return text;
}

static void
test_given(void **state)
{
	static const char *const args[] = { "one", "two words", NULL };
	FILE *file = tmpfile();
	struct twz_load_fd fds[70] = { { "text", file ? fileno(file) : -1 } };
	const struct twz_load_options options = { .args = args, .fds = fds, .dup = 1 };
	struct twz_compartment *c;
	char path[4300];

	(void)state;
	assert_non_null(file);
	assert_true(fputs("a line\n", file) >= 0 && fseek(file, 0, SEEK_SET) == 0);
	snprintf(path, sizeof(path), "given::%s/../../tests/services/life/libmontest.so", getenv("TWZ_PATH"));
	c = twz_load(path, &options);
	if (!c)
		fail_msg("%s", twz_failed()->text);
	fclose(file);				/* the compartment has its own */
	assert_string_equal(said(c, "argument", TWZ_A_UINT(1)), "two words");
	assert_string_equal(said(c, "argument", TWZ_A_UINT(2)), "there is none");
	assert_string_equal(said(c, "read_given", TWZ_A_TEXT("text")), "a line");
	assert_string_equal(said(c, "read_given", TWZ_A_TEXT("other")), "Bad file descriptor");
	twz_unload(c);
	for (size_t i = 0; i < 69; i++)
		fds[i] = (struct twz_load_fd){ "x", 0 };
	assert_null(twz_load(path, &options));
	assert_int_equal(twz_failed()->code, TWZ_ERR(ARGUMENT, INVALID_ARGUMENT));
}

/* -- how it starts and rests ---------------------------------------------------------------------- */

static struct twz_compartment *
load_test(const char *name, const char *file, const struct twz_load_options *options)
{
	char path[4300];

	snprintf(path, sizeof(path), "%s::%s/../../tests/services/life/%s", name, getenv("TWZ_PATH"), file);
	return twz_load(path, options);
}

static int32_t
number(struct twz_compartment *c, const char *gate, const struct twz_arg *args, size_t n)
{
	int32_t ret = -1;

	if (twz_gate_call(lookup(c, gate), args, n, &ret, sizeof(ret)))
		fail_msg("%s", twz_failed()->text);
	return ret;
}

static struct twz_info
info_of(struct twz_compartment *c)
{
	struct twz_info info;

	if (twz_info(c, &info))
		fail_msg("%s", twz_failed()->text);
	return info;
}

/* Two clones of one that has run the constructors: what these have drawn is the same in both. */
static void
test_preload(void **state)
{
	const struct twz_load_options plain = { .dup = 1 }, preload = { .dup = 1, .preload = 1 };
	const struct twz_load_options fresh = { .dup = 1, .preload = 1, .fresh = 1 };
	struct twz_compartment *c[4];
	uint64_t drawn[4];

	(void)state;
	for (int i = 0; i < 4; i++) {
		c[i] = load_test("drawn", "libmontest.so", i < 2 ? &preload : &plain);
		if (!c[i])
			fail_msg("%s", twz_failed()->text);
		assert_int_equal(twz_gate_call(lookup(c[i], "drawn"), NULL, 0, &drawn[i], sizeof(drawn[i])), 0);
	}
	assert_true(drawn[0] == drawn[1]);
	assert_true(drawn[2] != drawn[3]);
	assert_int_equal(info_of(c[0]).isolation, TWZ_ISOLATION_FULL);
	for (int i = 0; i < 4; i++)
		twz_unload(c[i]);
	assert_null(load_test("drawn", "libmontest.so", &fresh));
	assert_int_equal(twz_failed()->code, TWZ_ERR(GENERIC, NOT_SUPPORTED));
}

static void
test_park(void **state)
{
	const struct twz_load_options options = { .dup = 1, .park = 1 };
	const struct twz_arg mib = TWZ_A_INT(64);
	struct twz_compartment *c = load_test("large", "libheap.so", NULL);
	struct twz_parked parked;

	(void)state;
	assert_non_null(c);
	assert_int_equal(number(c, "fill", &mib, 1), 64);
	assert_int_equal(number(c, "drop", NULL, 0), 64);
	assert_false(info_of(c).parked);
	assert_int_equal(twz_park(c, &parked), 0);
	assert_false(parked.ended);
	assert_true(parked.before > 64000000 && parked.after < 8000000);
	assert_true(info_of(c).parked);
	assert_int_equal(number(c, "known", NULL, 0), 64);
	assert_false(info_of(c).parked);
	assert_int_equal(info_of(c).calls, 3);
	twz_unload(c);
	c = load_test("rested", "libheap.so", &options);
	assert_int_equal(number(c, "known", NULL, 0), 0);
	for (int i = 0; i < 20000 && !info_of(c).parked; i++)
		usleep(1000);
	assert_true(info_of(c).parked);
	assert_int_equal(number(c, "known", NULL, 0), 0);
	twz_unload(c);
	c = load("rested::libcounter.so", TWZ_ISOLATION_NONE);
	assert_int_equal(info_of(c).pid, getpid());
	assert_int_equal(info_of(c).isolation, TWZ_ISOLATION_NONE);
	assert_int_equal(twz_park(c, NULL), -1);
	assert_int_equal(twz_failed()->code, TWZ_ERR(GENERIC, NOT_SUPPORTED));
	twz_unload(c);
}

/* -- calls ------------------------------------------------------------------------------------- */

static void
await(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	assert_int_equal(poll(&p, 1, 20000), 1);
}

static void
test_async(void **state)
{
	struct twz_compartment *c = twz_hold("calc");
	struct twz_gate_ref *add = lookup(c, "add");
	struct twz_task *calls[THREADS];
	int32_t sum;

	(void)state;
	for (int i = 0; i < THREADS; i++) {
		calls[i] = twz_gate_start(add, (struct twz_arg[]){ TWZ_A_INT(i), TWZ_A_INT(1) }, 2);
		assert_non_null(calls[i]);
	}
	for (int i = 0; i < THREADS; i++) {
		await(twz_task_fd(calls[i]));
		assert_int_equal(twz_task_finish(calls[i], &sum, sizeof(sum)), 0);
		assert_int_equal(sum, i + 1);
		twz_task_free(calls[i]);
	}
	twz_unload(c);
}

static void
test_cancel(void **state)
{
	struct twz_compartment *c = load("cancelled::libfault.so", TWZ_ISOLATION_FULL);
	struct twz_task *call = twz_gate_start(lookup(c, "spin"), NULL, 0);

	(void)state;
	assert_non_null(call);
	assert_int_equal(twz_task_cancel(call), 0);
	assert_int_equal(twz_task_finish(call, NULL, 0), -1);
	assert_int_equal(twz_failed()->code, TWZ_ERR(GENERIC, INTERRUPTED));
	assert_int_equal(twz_failed()->status, 130);
	twz_task_free(call);
	twz_unload(c);
}

/* -- who holds what ---------------------------------------------------------------------------- */

static void
test_held(void **state)
{
	struct twz_compartment *a = load("held::libcounter.so", TWZ_ISOLATION_FULL), *b = twz_hold("held");
	struct twz_gate_ref *inc = lookup(b, "inc");
	uint64_t n;

	(void)state;
	assert_non_null(b);
	assert_int_equal(twz_gate_call(lookup(a, "inc"), NULL, 0, &n, sizeof(n)), 0);
	twz_unload(a);
	assert_int_equal(twz_gate_call(inc, NULL, 0, &n, sizeof(n)), 0);
	assert_int_equal(n, 2);
	twz_unload(b);
	assert_null(twz_hold("held"));
	assert_int_equal(twz_failed()->code, TWZ_ERR(NAMING, NOT_FOUND));
}

static void
test_events(void **state)
{
	int fd = twz_events();
	struct twz_compartment *c;
	struct twz_event event = { 0 };
	struct twz_end end;

	(void)state;
	assert_true(fd >= 0);
	c = load("watched::libcounter.so", TWZ_ISOLATION_CALLEE);
	assert_int_equal(twz_wait(c, TWZ_STATE_READY, 20000, NULL), 0);
	assert_int_equal(twz_wait(c, TWZ_STATE_EXITED, 1, NULL), -1);
	assert_int_equal(twz_failed()->status, 124);
	assert_int_equal(twz_signal(c, 15), 0);
	assert_int_equal(twz_wait(c, TWZ_STATE_EXITED, 20000, &end), 0);
	assert_int_equal(end.signal, 15);
	while (strcmp(event.compartment, "watched") || event.state != TWZ_STATE_EXITED) {
		await(fd);
		assert_int_equal(twz_next_event(&event), 1);
	}
	assert_int_equal(event.signal, 15);
	twz_unload(c);
}

/* -- all at once ------------------------------------------------------------------------------- */

static void *
mix(void *data)
{
	static const enum twz_isolation levels[] = { TWZ_ISOLATION_FULL, TWZ_ISOLATION_CALLEE,
						     TWZ_ISOLATION_NONE };
	size_t number = (size_t)data;
	uintptr_t bad = 0;

	for (int i = 0; i < ROUNDS / 8; i++) {
		const struct twz_load_options options = { .isolation = levels[(number + (size_t)i) % 3],
							  .dup = 1 };
		struct twz_compartment *own = twz_load("mixed::libcounter.so", &options);
		struct twz_compartment *shared = twz_hold("counter");
		struct twz_gate_ref *inc = own ? twz_gate_lookup(own, "inc") : NULL;
		struct twz_gate_ref *all = shared ? twz_gate_lookup(shared, "inc") : NULL;
		struct twz_task *call = all ? twz_gate_start(all, NULL, 0) : NULL;
		uint64_t n = 0;

		if (!inc || !call) {
			twz_perror("mix");
			return (void *)1;
		}
		for (uint64_t k = 1; k <= ROUNDS; k++)
			if (twz_gate_call(inc, NULL, 0, &n, sizeof(n)) || n != k) {
				fprintf(stderr, "%s: %d instead of %d\n", twz_compartment_name(own),
					(int)n, (int)k);
				twz_perror("inc");
				return (void *)1;
			}
		bad |= twz_task_finish(call, &n, sizeof(n)) != 0;
		twz_task_free(call);
		twz_unload(own);
		twz_unload(shared);
	}
	return (void *)bad;
}

static void
test_threads(void **state)
{
	struct twz_compartment *counter = twz_hold("counter");
	pthread_t threads[THREADS];
	struct twz_event event;
	uint64_t n = 0;
	void *bad, *any = NULL;

	(void)state;
	assert_non_null(counter);
	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, mix, (void *)i), 0);
	for (size_t i = 0; i < THREADS; i++) {
		pthread_join(threads[i], &bad);
		any = bad ? bad : any;
	}
	assert_null(any);
	assert_int_equal(twz_gate_call(lookup(counter, "get"), NULL, 0, &n, sizeof(n)), 0);
	assert_int_equal(n, THREADS * (ROUNDS / 8));
	twz_unload(counter);
	while (twz_next_event(&event) == 1)
		;
}

/* A session that was closed leaves room for another. */
static uint64_t
count_of(struct twz_gate_ref *get)
{
	uint64_t n = 77;

	assert_int_equal(twz_gate_call(get, NULL, 0, &n, sizeof(n)), 0);
	return n;
}

/* Who answers, and what a program may not do: answer itself. */
static void
test_handlers(void **state)
{
	struct twz_compartment *c = load("watched::libcounter.so", TWZ_ISOLATION_DEFAULT), *none;
	struct twz_gate_ref *get = lookup(c, "get");
	uint64_t n;

	(void)state;
	assert_int_equal(count_of(get), 0);
	assert_int_equal(twz_interpose("watched", "get", "guard::ten", 0), 0);
	assert_int_equal(count_of(get), 10);
	assert_int_equal(twz_interpose("watched", "get", "guard::one_more", 1), 0);
	assert_int_equal(count_of(get), 1);
	assert_int_equal(twz_uninterpose("watched", "get"), 0);
	assert_int_equal(count_of(get), 0);
	assert_int_equal(twz_uninterpose("watched", "get"), -1);
	assert_int_equal(twz_failed()->code, TWZ_ERR(NAMING, NOT_FOUND));
	assert_int_equal(twz_interpose("watched", "who_called", "guard::ten", 0), -1);
	assert_int_equal(twz_failed()->code, TWZ_ERR(ARGUMENT, WRONG_TYPE));
	assert_int_equal(twz_interpose("watched", "geteuid", "guard::ten", 0), -1);
	assert_int_equal(twz_failed()->code, TWZ_ERR(GENERIC, NOT_SUPPORTED));
	assert_int_equal(twz_interpose("watched", "get", NULL, 0), -1);
	assert_int_equal(twz_forward(NULL, 0, &n, sizeof(n)), -1);
	assert_int_equal(n, 0);
	assert_int_equal(twz_failed()->code, TWZ_ERR(GENERIC, NO_SUCH_OPERATION));
	assert_int_equal(twz_refuse(), -1);
	twz_unload(c);
	none = load("plain::libcounter.so", TWZ_ISOLATION_NONE);
	assert_int_equal(twz_interpose("plain", "get", "guard::ten", 0), 0);
	assert_int_equal(count_of(lookup(none, "get")), 10);
	twz_unload(none);
}

static void
test_close(void **state)
{
	struct twz_compartment *c;

	(void)state;
	twz_close();
	c = twz_hold("counter");
	if (!c)
		fail_msg("%s", twz_failed()->text);
	twz_unload(c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_types),   cmocka_unit_test(test_given),
		cmocka_unit_test(test_preload), cmocka_unit_test(test_park),
		cmocka_unit_test(test_async),
		cmocka_unit_test(test_cancel),  cmocka_unit_test(test_held),
		cmocka_unit_test(test_events),  cmocka_unit_test(test_threads),
		cmocka_unit_test(test_handlers), cmocka_unit_test(test_close),
	};

	return cmocka_run_group_tests(tests, open_world, libtwz_world_close);
}
