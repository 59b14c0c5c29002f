/* Gates that call their caller back: what crosses, what goes wrong, and services that do it as none should. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "monitor/link.h"
#include "tests/unit/libtwz_world.h"
#include "twz/call.h"
#include "twz/error.h"

enum { FAULT = 5, LINK = 6, TIMEOUT = 124, INTERRUPTED = 130, THREADS = 6 };

static struct twz_compartment *back;

static int
open_world(void **state)
{
	(void)state;
	libtwz_world_open("tests/services/callback");
	return 0;
}

static int
load_back(void **state)
{
	(void)state;
	back = twz_hold("back");
	if (!back)
		fail_msg("%s", twz_failed()->text);
	return 0;
}

static int
unload_back(void **state)
{
	(void)state;
	twz_set_timeout(30000);
	twz_unload(back);
	return 0;
}

static struct twz_gate_ref *
gate(const char *name)
{
	struct twz_gate_ref *g = twz_gate_lookup(back, name);

	if (!g)
		fail_msg("%s", twz_failed()->text);
	return g;
}

#define ARGS(...) ((const struct twz_arg[]){ __VA_ARGS__ }), sizeof((struct twz_arg[]){ __VA_ARGS__ }) / \
	sizeof(struct twz_arg)

static void
works(const char *name, const struct twz_arg *args, size_t n, void *ret, size_t size)
{
	if (twz_gate_call(gate(name), args, n, ret, size))
		fail_msg("%s: %s", name, twz_failed()->text);
	assert_null(twz_failed());
}

static void
fails(const char *name, const struct twz_arg *args, size_t n, size_t size, int status, const char *part)
{
	char ret[256];

	assert_int_equal(twz_gate_call(gate(name), args, n, ret, size), -1);
	if (twz_failed()->status != status || !strstr(twz_failed()->text, part))
		fail_msg("%s: %d %s", name, twz_failed()->status, twz_failed()->text);
}

/* It ends whoever lies; and then there is another. */
static void
still_works(void)
{
	const struct twz_arg one = TWZ_A_INT(41);
	int n = 0;

	works("plain", &one, 1, &n, sizeof(n));
	assert_int_equal(n, 42);
}

/* -- what crosses ------------------------------------------------------------------------------- */

struct point {
	double x;
	int32_t y;
};
struct item {
	const char *name;
	uint64_t weight;
};

static struct point
twice(struct point p, void *data)
{
	return (struct point){ p.x * 2, p.y * *(int *)data };
}

static const char *
name_of(int n, void *data)
{
	static char text[32];

	snprintf(text, sizeof(text), "%s%d", (const char *)data, n);
	return text;
}

static int32_t
next_bytes(uint8_t *bytes, size_t n, void *data)
{
	int *left = data;

	assert_int_equal(n, 64);
	for (size_t i = 0; i < n; i++)
		bytes[i] = (uint8_t)i;
	return *left && (*left)-- ? (int32_t)n : 0;
}

static void
see_item(const struct item *item, const char *const *names, size_t n, void *data)
{
	assert_string_equal(item->name, "lead");
	assert_int_equal(item->weight, 7);
	assert_int_equal(n, 3);
	assert_string_equal(names[0], "one");
	assert_null(names[1]);
	assert_string_equal(names[2], "three");
	++*(int *)data;
}

static double
all_numbers(float a, double b, int8_t c, uint16_t d, bool e, int64_t f, int g, int h, int i, double j, float k,
	    uint8_t l)
{
	assert_true(a == 1.5f && b == -2.25 && j == 10.5 && k == 11.5f);
	assert_int_equal(c, -3);
	assert_int_equal(d, 65535);
	assert_true(e);
	assert_int_equal(f, INT64_MIN + 1);
	assert_true(g == 7 && h == 8 && i == 9 && l == 255);
	return 0.125;
}

static void
test_crossing(void **state)
{
	struct point p = { 1.5, 4 };
	int by = 3, left = 5, seen = 0;
	const char *text;
	uint64_t sum = 0;
	double d = 0;

	(void)state;
	works("map", ARGS(TWZ_A_MEMORY(&p, sizeof(p)), TWZ_A_FUNCTION(twice), TWZ_A_DATA(&by)), &p, sizeof(p));
	assert_true(p.x == 3 && p.y == 12);
	works("label", ARGS(TWZ_A_FUNCTION(name_of), TWZ_A_DATA((char[]){ "no" }), TWZ_A_INT(3)), &text,
	      sizeof(text));
	assert_string_equal(text, "no1;no2;no3;");
	works("drain", ARGS(TWZ_A_FUNCTION(next_bytes), TWZ_A_DATA(&left)), &sum, sizeof(sum));
	assert_int_equal(sum, 5 * 63 * 32);
	works("show", ARGS(TWZ_A_FUNCTION(see_item), TWZ_A_DATA(&seen)), &left, sizeof(left));
	assert_int_equal(seen, 1);
	works("spread", ARGS(TWZ_A_FUNCTION(all_numbers)), &d, sizeof(d));
	assert_true(d == 0.125);
}

static int
add_data(int n, void *data)
{
	return n + (data ? *(int *)data : 1000);
}

static void
test_data(void **state)
{
	int ten = 10, hundred = 100, n = 0;

	(void)state;
	works("maybe", ARGS(TWZ_A_FUNCTION(add_data), TWZ_A_DATA(&ten)), &n, sizeof(n));
	assert_int_equal(n, 30);
	works("maybe", ARGS(TWZ_A_FUNCTION(add_data), TWZ_A_DATA(NULL)), &n, sizeof(n));
	assert_int_equal(n, 1020);
	works("maybe", ARGS(TWZ_A_FUNCTION(NULL), TWZ_A_DATA(NULL)), &n, sizeof(n));
	assert_int_equal(n, -1);
	works("two", ARGS(TWZ_A_FUNCTION(add_data), TWZ_A_DATA(&ten), TWZ_A_FUNCTION(add_data),
			  TWZ_A_DATA(&hundred)), &n, sizeof(n));
	assert_int_equal(n, 111);
	fails("two", ARGS(TWZ_A_FUNCTION(add_data), TWZ_A_DATA(&ten), TWZ_A_FUNCTION(NULL), TWZ_A_DATA(NULL)),
	      sizeof(n), 3, "takes a FUNCTION");
	fails("maybe", ARGS(TWZ_A_INT(1), TWZ_A_DATA(NULL)), sizeof(n), 3, "takes a FUNCTION");
	fails("maybe", ARGS(TWZ_A_FUNCTION(add_data), TWZ_A_INT(1)), sizeof(n), 3, "takes DATA");
}

/* -- gates inside of callbacks ------------------------------------------------------------------- */

static int
call_plain(int n, void *data)
{
	const struct twz_arg arg = TWZ_A_INT(n);
	int got = 0;

	(void)data;
	works("plain", &arg, 1, &got, sizeof(got));
	return got;
}

/* Calls the gate that called it until that is refused. */
static int
deeper(int n, void *data)
{
	int *depth = data, got = 0;

	(void)n;
	++*depth;
	if (twz_gate_call(gate("count"), ARGS(TWZ_A_FUNCTION(deeper), TWZ_A_DATA(depth), TWZ_A_INT(1)), &got,
			  sizeof(got)) == 0)
		return got + 1;
	if (twz_failed()->status != LINK || !strstr(twz_failed()->text, "deep, not deeper"))
		fail_msg("%d deep: %s", *depth, twz_failed()->text);
	return 1;
}

static void
test_nesting(void **state)
{
	int n = 0, depth;

	(void)state;
	for (int i = 0; i < 3; i++) {
		works("count", ARGS(TWZ_A_FUNCTION(call_plain), TWZ_A_DATA(NULL), TWZ_A_INT(100)), &n, sizeof(n));
		assert_int_equal(n, 5050);
		depth = 0;
		works("count", ARGS(TWZ_A_FUNCTION(deeper), TWZ_A_DATA(&depth), TWZ_A_INT(1)), &n, sizeof(n));
		assert_int_equal(depth, 16);
		assert_int_equal(n, 16);
	}
}

static void *
nest_here(void *data)
{
	int n = 0, depth = 0;

	(void)data;
	for (int i = 0; i < 5; i++) {
		depth = 0;
		works("count", ARGS(TWZ_A_FUNCTION(deeper), TWZ_A_DATA(&depth), TWZ_A_INT(1)), &n, sizeof(n));
		assert_int_equal(n, 16);
		works("count", ARGS(TWZ_A_FUNCTION(call_plain), TWZ_A_DATA(NULL), TWZ_A_INT(50)), &n, sizeof(n));
		assert_int_equal(n, 1275);
	}
	return NULL;
}

static void
test_threads(void **state)
{
	pthread_t threads[THREADS];

	(void)state;
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, nest_here, NULL), 0);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
}

/* -- ends while a callback runs ------------------------------------------------------------------ */

static int
await_exit(int n, void *data)
{
	(void)data;
	/* Its gate is under way, and so it is not idle. */
	assert_int_equal(twz_wait(back, TWZ_STATE_IDLE, 0, NULL), -1);
	if (n == 2)
		assert_int_equal(twz_wait(back, TWZ_STATE_EXITED, 20000, NULL), 0);
	return n;
}

static int
kill_it(int n, void *data)
{
	int twice_called = 0;

	(void)data;
	assert_int_equal(twz_signal(back, SIGKILL), 0);
	assert_int_equal(twz_wait(back, TWZ_STATE_EXITED, 20000, NULL), 0);
	/* A gate called now has another compartment. */
	works("count", ARGS(TWZ_A_FUNCTION(add_data), TWZ_A_DATA(NULL), TWZ_A_INT(2)), &twice_called,
	      sizeof(twice_called));
	assert_int_equal(twice_called, 2001);
	return n;
}

static int
unload_it(int n, void *data)
{
	struct twz_compartment *c = twz_hold("back");

	(void)data;
	assert_non_null(c);
	twz_unload(c);
	twz_close();	/* does nothing here */
	return n;
}

/* Longer than its own call may take, which has begun before it. */
static int
wait_long(int n, void *data)
{
	uint64_t until = link_now() + 60000000;

	(void)n, (void)data;
	while (link_now() < until)
		usleep(1000);
	return 1;
}

static void
test_ends(void **state)
{
	int n = 0;

	(void)state;
	fails("crash_beside", ARGS(TWZ_A_FUNCTION(await_exit), TWZ_A_DATA(NULL)), sizeof(int), FAULT, "SIGSEGV");
	still_works();
	fails("count", ARGS(TWZ_A_FUNCTION(kill_it), TWZ_A_DATA(NULL), TWZ_A_INT(1)), sizeof(int), FAULT,
	      "outcome unknown");
	still_works();
	works("count", ARGS(TWZ_A_FUNCTION(unload_it), TWZ_A_DATA(NULL), TWZ_A_INT(3)), &n, sizeof(n));
	assert_int_equal(n, 3);
	twz_set_timeout(50);
	fails("for_ever", ARGS(TWZ_A_FUNCTION(add_data), TWZ_A_DATA(NULL)), 0, TIMEOUT, "no answer within 50ms");
	fails("count", ARGS(TWZ_A_FUNCTION(wait_long), TWZ_A_DATA(NULL), TWZ_A_INT(1)), sizeof(int), TIMEOUT,
	      "no answer within");
	twz_set_timeout(30000);
	still_works();
}

/* Cancelling ends the compartment at once, and the call when its callback returns. */
static int
meet(int n, void *data)
{
	pthread_barrier_wait(data);
	assert_int_equal(twz_wait(back, TWZ_STATE_EXITED, 20000, NULL), 0);
	return n;
}

static void
test_cancel(void **state)
{
	pthread_barrier_t began;
	struct twz_task *task;
	int n = 0;

	(void)state;
	pthread_barrier_init(&began, NULL, 2);
	task = twz_gate_start(gate("count"), ARGS(TWZ_A_FUNCTION(meet), TWZ_A_DATA(&began), TWZ_A_INT(1)));
	assert_non_null(task);
	pthread_barrier_wait(&began);
	assert_int_equal(twz_task_cancel(task), 0);
	assert_int_equal(twz_task_finish(task, &n, sizeof(n)), -1);
	assert_int_equal(twz_failed()->status, INTERRUPTED);
	twz_task_free(task);
	pthread_barrier_destroy(&began);
	still_works();
}

/* -- services that should not -------------------------------------------------------------------- */

static int
never(int n, void *data)
{
	(void)n, (void)data;
	fail_msg("called back though it was not to be");
	return 0;
}

static int
never_text(const char *text)
{
	(void)text;
	fail_msg("called back with a text that is none");
	return 0;
}

static int
never_values(const int *values, int n)
{
	(void)values, (void)n;
	fail_msg("called back with values that are none");
	return 0;
}

static void
test_hostile(void **state)
{
	int n = 0;

	(void)state;
	works("keep", ARGS(TWZ_A_FUNCTION(add_data), TWZ_A_DATA(NULL)), &n, sizeof(n));
	fails("use_kept", ARGS(TWZ_A_INT(1)), sizeof(int), FAULT, "which no call has given to this thread");
	works("keep", ARGS(TWZ_A_FUNCTION(add_data), TWZ_A_DATA(NULL)), &n, sizeof(n));
	fails("use_kept_with", ARGS(TWZ_A_TEXT("abc")), sizeof(int), FAULT, "which no call has given");
	fails("elsewhere", ARGS(TWZ_A_FUNCTION(never), TWZ_A_DATA(NULL)), sizeof(int), FAULT,
	      "which no call has given to this thread");
	for (int64_t off = -16; off <= 32; off += 16)
		if (off)
			fails("other_data", ARGS(TWZ_A_FUNCTION(never), TWZ_A_DATA(&n), TWZ_A_INT(off)),
			      sizeof(int), FAULT, "other user data");
	fails("other_data", ARGS(TWZ_A_FUNCTION(never), TWZ_A_DATA(NULL), TWZ_A_INT(32)), sizeof(int), FAULT,
	      "other user data");
	/* Its own address is nothing that the service could read. */
	fails("follow", ARGS(TWZ_A_FUNCTION(never), TWZ_A_DATA(&n)), sizeof(int), FAULT, "SIGSEGV at 0x20");
	fails("no_text", ARGS(TWZ_A_FUNCTION(never_text)), sizeof(int), FAULT, "NULL for parameter 1");
	fails("wrong_length", ARGS(TWZ_A_FUNCTION(never_values), TWZ_A_INT(-1)), sizeof(int), FAULT,
	      "negative or too large");
	fails("wrong_length", ARGS(TWZ_A_FUNCTION(never_values), TWZ_A_INT(INT32_MAX)), sizeof(int), FAULT,
	      "more than");
	still_works();
}

/* A truth first: the forger's calls do arrive. Its thread never goes on, so that the deadline ends it. */
static const struct {
	uint64_t kind, num, size, word, token;
	int status;
	const char *part;
} forgeries[] = {
	{ TWZ_ITEM_CALLBACK, 0, 40, 7, 32, TIMEOUT, "no answer" },
	{ TWZ_ITEM_GATECALL, 0, 40, 7, 32, FAULT, "without saying what" },
	{ TWZ_ITEM_END, 0, 40, 7, 32, FAULT, "without saying what" },
	{ TWZ_ITEM_CALLBACK, 1, 40, 7, 32, FAULT, "not given" },	/* the user data */
	{ TWZ_ITEM_CALLBACK, 2, 40, 7, 32, FAULT, "not given" },	/* it was NULL */
	{ TWZ_ITEM_CALLBACK, 3, 40, 7, 32, FAULT, "not given" },	/* no callback at all */
	{ TWZ_ITEM_CALLBACK, 8, 40, 7, 32, FAULT, "not given" },
	{ TWZ_ITEM_CALLBACK, UINT64_MAX, 40, 7, 32, FAULT, "not given" },
	{ TWZ_ITEM_CALLBACK, (uint64_t)1 << 32, 40, 7, 32, FAULT, "not given" },
	{ TWZ_ITEM_CALLBACK, 0, 0, 7, 32, FAULT, "leave the block" },
	{ TWZ_ITEM_CALLBACK, 0, 39, 7, 32, FAULT, "leave the block" },
	{ TWZ_ITEM_CALLBACK, 0, LINK_CALLBACK_ROOM + 25, 7, 32, FAULT, "leave the block" },
	{ TWZ_ITEM_CALLBACK, 0, UINT64_MAX, 7, 32, FAULT, "leave the block" },
	{ TWZ_ITEM_CALLBACK, 0, 40, 7, 0, FAULT, "other user data" },
	{ TWZ_ITEM_CALLBACK, 0, 40, 7, 16, FAULT, "other user data" },
	{ TWZ_ITEM_CALLBACK, 0, 40, 7, UINT64_MAX, FAULT, "other user data" },
};

static int
take_seven(int n, void *data)
{
	assert_int_equal(n, 7);
	++*(int *)data;
	return 0;
}

static void
forge(size_t i, int *called)
{
	fails("forge_step", ARGS(TWZ_A_FUNCTION(take_seven), TWZ_A_DATA(called), TWZ_A_FUNCTION(NULL),
				 TWZ_A_UINT(forgeries[i].kind), TWZ_A_UINT(forgeries[i].num),
				 TWZ_A_UINT(forgeries[i].size), TWZ_A_UINT(forgeries[i].word),
				 TWZ_A_UINT(forgeries[i].token)),
	      sizeof(int), forgeries[i].status, forgeries[i].part);
}

static void
test_forged(void **state)
{
	int called = 0;

	(void)state;
	/* However slow everything is: until its forgery has arrived. */
	for (uint32_t ms = 100; !called && ms < 60000; ms *= 2) {
		twz_set_timeout(ms);
		forge(0, &called);
	}
	twz_set_timeout(30000);
	for (size_t i = 1; i < sizeof(forgeries) / sizeof(forgeries[0]); i++) {
		assert_int_equal(called, 1);
		forge(i, &called);
	}
	assert_int_equal(called, 1);
	fails("forge_plain", ARGS(TWZ_A_INT(0)), sizeof(int), FAULT, "status that does not exist");
	still_works();
}

static int bools;

static int
take_bool(bool b)
{
	unsigned char byte;

	memcpy(&byte, &b, 1);
	assert_int_equal(byte, 1);
	bools++;
	return 0;
}

/* What a C function takes for granted. */
static void
test_forged_bool(void **state)
{
	(void)state;
	for (uint32_t ms = 100; !bools && ms < 60000; ms *= 2) {
		twz_set_timeout(ms);
		fails("forge_bool", ARGS(TWZ_A_FUNCTION(take_bool), TWZ_A_UINT(0xabcdef02)), sizeof(int), TIMEOUT,
		      "no answer");
	}
	assert_int_equal(bools, 1);
	twz_set_timeout(30000);
	still_works();
}

#define REF(offset, size) ((uint64_t)(uint32_t)(size) << 32 | (uint32_t)(offset))

static void
test_forged_references(void **state)
{
	static const struct { uint64_t size, ref; } lies[] = {
		{ 40, UINT64_MAX }, { 40, REF(0, 0) }, { 40, REF(0, 9) }, { 40, REF(8, 1) }, { 40, REF(UINT32_MAX, 1) },
		{ 40, REF(0, UINT32_MAX) }, { 40, REF(1u << 31, 24) }, { 64, REF(1u << 31, 24) }, { 32, REF(0, 1) },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++)
		fails("forge_text", ARGS(TWZ_A_FUNCTION(never_text), TWZ_A_UINT(lies[i].size),
					 TWZ_A_UINT(lies[i].ref)), sizeof(int), FAULT, "leave the block");
	still_works();
}

static int
take_text(const char *text, int n)
{
	(void)n;
	assert_true(strlen(text) < LINK_SIZE);
	return 1;
}

/* What it calls back with changes while it is taken: a bounded text of our own, or a fault. */
static void
test_race(void **state)
{
	int n = 0, faults = 0;

	(void)state;
	for (int i = 0; i < 20 || (!faults && i < 5000); i++)
		if (twz_gate_call(gate("race"), ARGS(TWZ_A_FUNCTION(take_text), TWZ_A_INT(200)), &n, sizeof(n))) {
			assert_int_equal(twz_failed()->status, FAULT);
			faults++;
		}
	assert_true(faults);
	still_works();
}

/* -- a service is called back by another --------------------------------------------------------- */

static const char *
said_of(struct twz_gate_ref *lied_to, int what)
{
	const struct twz_arg arg = TWZ_A_INT(what);
	const char *text = NULL;

	if (twz_gate_call(lied_to, &arg, 1, &text, sizeof(text)))
		fail_msg("%d: %s", what, twz_failed()->text);
	return text;
}

static void
says(struct twz_gate_ref *lied_to, int what, const char *part)
{
	const char *text = said_of(lied_to, what);

	if (!strstr(text, part))
		fail_msg("%d: %s", what, text);
}

static void
test_services(void **state)
{
	struct twz_compartment *front = twz_hold("front"), *own = back;
	struct twz_gate_ref *lied_to;
	const char *text = NULL;
	int n = 0;

	(void)state;
	if (!front)
		fail_msg("%s", twz_failed()->text);
	back = front;
	for (int i = 0; i < 3; i++) {
		works("sum", ARGS(TWZ_A_INT(3)), &n, sizeof(n));
		assert_int_equal(n, 33);
		works("all", NULL, 0, &text, sizeof(text));
		assert_string_equal(text, "no1;no2; 4 3");
		works("inside", ARGS(TWZ_A_INT(20)), &n, sizeof(n));
		assert_int_equal(n, 210);
		works("depth", NULL, 0, &n, sizeof(n));
		assert_int_equal(n, 16);
	}
	lied_to = gate("lied_to");
	says(lied_to, 0, "otherwise than its gate says");
	says(lied_to, 1, "otherwise than its gate says");
	says(lied_to, 2, "its compartment ended");
	says(lied_to, 3, "no answer in time");
	says(lied_to, 4, "parameter 1 cannot be passed");
	works("sum", ARGS(TWZ_A_INT(3)), &n, sizeof(n));
	assert_int_equal(n, 33);
	back = own;
	twz_unload(front);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_crossing, load_back, unload_back),
		cmocka_unit_test_setup_teardown(test_data, load_back, unload_back),
		cmocka_unit_test_setup_teardown(test_nesting, load_back, unload_back),
		cmocka_unit_test_setup_teardown(test_threads, load_back, unload_back),
		cmocka_unit_test_setup_teardown(test_ends, load_back, unload_back),
		cmocka_unit_test_setup_teardown(test_cancel, load_back, unload_back),
		cmocka_unit_test_setup_teardown(test_hostile, load_back, unload_back),
		cmocka_unit_test_setup_teardown(test_forged, load_back, unload_back),
		cmocka_unit_test_setup_teardown(test_forged_references, load_back, unload_back),
		cmocka_unit_test_setup_teardown(test_forged_bool, load_back, unload_back),
		cmocka_unit_test_setup_teardown(test_race, load_back, unload_back),
		cmocka_unit_test_setup_teardown(test_services, load_back, unload_back),
	};

	return cmocka_run_group_tests(tests, open_world, libtwz_world_close);
}
