/* Calls that pass through handlers: who is asked, what ends, what changes under them. */
#include "tests/unit/monitor_interposed.h"

/* -- calls ------------------------------------------------------------------------------------------- */

static void
test_stacks(void **state)
{
	struct fixture *f = *state;

	assert_interposed(f, &f->test, GATE_add, &f->other, GATE_plus_one);
	assert_add(f, 4);
	assert_interposed(f, &f->other, GATE_plus_one, &third, GATE_times_two);
	assert_add(f, 8);
	assert_true(uninterpose(f, &f->other, GATE_plus_one));
	assert_interposed(f, &f->test, GATE_add, &third, GATE_times_two);
	assert_interposed(f, &third, GATE_times_two, &f->other, GATE_plus_one);
	assert_add(f, 7);
}

/* One handler of two gates, and above both the same other: each call goes down its own way. */
static void
test_shared_handlers(void **state)
{
	struct fixture *f = *state;
	struct twz_service fourth = service_of("fourth", f->library);
	int32_t sum = 0;

	assert_interposed(f, &f->test, GATE_add, &f->other, GATE_plus_one);
	assert_interposed(f, &fourth, GATE_always, &f->other, GATE_plus_one);
	assert_interposed(f, &f->other, GATE_plus_one, &third, GATE_times_two);
	for (int i = 0; i < 3; i++) {
		struct monitor_gate *g = NULL;

		assert_add(f, 8);
		assert_true(monitor_bind(f->m, &fourth, &fourth.gates[GATE_always], &g, &f->err));
		assert_true(monitor_call(g, WORDS(1, 2), &sum, LONG_NS, &f->err));
		assert_int_equal(sum, 2470);
	}
	monitor_close(f->m);
	f->m = NULL;
}

static void
test_everything_passes(void **state)
{
	struct fixture *f = *state;
	struct person bob = { "bob", 41, { 1, 2, 3, 4 } }, got = { 0 };
	uint8_t bytes[4] = { 0 };
	const char *text = NULL;
	double d = 10;
	uint64_t word;
	int32_t n = 0;

	assert_interposed(f, &f->test, GATE_greet, &f->other, GATE_pass_text);
	assert_interposed(f, &f->test, GATE_rename_person, &f->other, GATE_pass_person);
	assert_interposed(f, &f->test, GATE_fill, &f->other, GATE_pass_bytes);
	assert_interposed(f, &f->test, GATE_half, &f->other, GATE_pass_doubled);
	for (int i = 0; i < 3; i++) {
		assert_call(f, greet, &text, POINTER("bob"));
		assert_string_equal(text, "hello bob");
		assert_call(f, greet, &text, 0);
		assert_string_equal(text, "hello nobody");
		assert_call(f, rename_person, &got, POINTER(&bob));
		assert_string_equal(got.name, "bob!");
		assert_int_equal(got.id, 43);
		assert_int_equal(got.tag[3], 7);
		assert_call(f, fill, &n, POINTER(bytes), 4, 9);
		assert_int_equal(n, 4);
		assert_int_equal(bytes[0], 0x77);
		assert_int_equal(bytes[3], 9);
		memcpy(&word, &d, sizeof(d));
		assert_call(f, half, &d, word);
		assert_true(d == 10);
	}
}

/* Who calls is who made the call, for the handler and for what lies below. */
static void
test_identity(void **state)
{
	struct fixture *f = *state;
	TWZ_ARENA arena = { 0 };
	const struct monitor_info *infos;
	uint64_t caller = 77, id = 0;
	const char *context = NULL;
	size_t n;

	assert_interposed(f, &f->other, GATE_caller_compartment, &third, GATE_pass_number);
	assert_call(f, call_who, &caller);
	n = monitor_list(f->m, &arena, &infos);
	for (size_t i = 0; i < n; i++)
		id = strcmp(infos[i].service, "test") ? id : infos[i].id.value;
	assert_true(id);
	assert_int_equal(caller, id);
	assert_interposed(f, &f->other, GATE_caller_compartment, &third, GATE_caller_compartment);
	caller = 77;
	assert_call(f, call_who, &caller);
	assert_int_equal(caller, id);
	assert_interposed(f, &f->test, GATE_caller_compartment, &third, GATE_pass_number);
	assert_call(f, caller_compartment, &caller);
	assert_int_equal(caller, 0);
	assert_interposed(f, &f->test, GATE_caller_context, &f->other, GATE_caller_context);
	assert_call(f, caller_context, &context);
	assert_string_equal(context, "owner");
	assert_interposed(f, &f->test, GATE_caller_thread, &f->other, GATE_pass_number);
	assert_call(f, caller_thread, &caller);
	assert_int_equal(caller, 1);
}

static void
test_only_handlers_pass_on(void **state)
{
	struct fixture *f = *state;
	int32_t status = 0, sum = 0;

	assert_call(f, why_not_passed_on, &status);
	assert_int_equal(status, 6);
	/* A refusal of a call that is answered for nobody does nothing. */
	assert_call(f, refuse, &sum, 1, 2);
	assert_int_equal(sum, -1);
	/* … nor does it while the same gate, by another link, is a handler. */
	assert_interposed(f, &f->other, GATE_add, &f->test, GATE_refuse);
	assert_call(f, refuse, &sum, 1, 2);
	assert_int_equal(sum, -1);
}

static void
test_refusals(void **state)
{
	struct fixture *f = *state;
	int32_t sum = 0;

	assert_interposed(f, &f->test, GATE_add, &third, GATE_refuse);
	assert_fails(f, add, TWZ_CLASS_SECURITY, "Failed to call add in test: Permission denied", 1, 2);
	assert_int_equal(f->err.code, TWZ_ERR(GENERIC, ACCESS_DENIED));
	assert_interposed(f, &f->other, GATE_add, &third, GATE_refuse);
	assert_call(f, call_add, &sum, 1, 2);
	assert_int_equal(sum, -1);
	/* Above a refusal the call has failed too, in the same way. */
	assert_true(uninterpose(f, &f->test, GATE_add));
	assert_interposed(f, &f->test, GATE_add, &f->other, GATE_plus_one);
	assert_interposed(f, &f->other, GATE_plus_one, &third, GATE_plus_one);
	assert_add(f, 5);
	/* The calls that were refused ended nothing. */
	assert_int_equal(listed(f), 3);
}

/* -- links that are there already ---------------------------------------------------------------------- */

static void
test_links_see_changes(void **state)
{
	struct fixture *f = *state;
	int32_t sum = 0;

	for (int i = 0; i < 20; i++) {
		assert_call(f, call_add, &sum, 1, 2);
		assert_int_equal(sum, 3);
		assert_add(f, 3);
		assert_interposed(f, &f->other, GATE_add, &third, GATE_plus_one);
		assert_interposed(f, &f->test, GATE_add, &third, GATE_times_two);
		assert_call(f, call_add, &sum, 1, 2);
		assert_int_equal(sum, 4);
		assert_add(f, 6);
		assert_interposed(f, &f->other, GATE_add, &third, GATE_always);
		assert_call(f, call_add, &sum, 1, 2);
		assert_int_equal(sum, 1234);
		assert_true(uninterpose(f, &f->other, GATE_add));
		assert_true(uninterpose(f, &f->test, GATE_add));
	}
}

/* One that does not ask anew is refused by who is called: it does not get around a handler so. */
static void
test_nobody_gets_around(void **state)
{
	struct fixture *f = *state;
	int64_t status = 1;
	int32_t sum = 0;

	assert_call(f, call_add, &sum, 1, 2);
	assert_call(f, ring_again, &status);
	assert_int_equal(status, 0);
	assert_interposed(f, &f->other, GATE_add, &third, GATE_refuse);
	/* Who is called hears of it a moment later. */
	for (int i = 0; i < 100000 && !status; i++)
		assert_call(f, ring_again, &status);
	assert_int_equal(status, -EACCES);
	assert_call(f, call_add, &sum, 1, 2);
	assert_int_equal(sum, -1);
	assert_true(uninterpose(f, &f->other, GATE_add));
	assert_call(f, call_add, &sum, 1, 2);
	assert_int_equal(sum, 3);
}

struct caller_thread {
	struct fixture *f;
	struct monitor_gate *gate;
	atomic_bool *stop;
	atomic_uint calls, wrong;
};

static void *
keep_calling(void *data)
{
	struct caller_thread *t = data;

	while (!atomic_load(t->stop)) {
		struct twz_error err = { 0 };
		int32_t sum = 0;

		if (!monitor_call(t->gate, WORDS(1, 2), &sum, 20 * (int64_t)1000000000, &err) || (sum != 3 && sum != 4)) {
			fprintf(stderr, "# %d %s\n", sum, err.text);
			atomic_fetch_add(&t->wrong, 1);
		}
		atomic_fetch_add(&t->calls, 1);
	}
	return NULL;
}

/* Each call is answered by who was the handler when it was made, or is now: never by nobody. */
static void
test_changes_under_calls(void **state)
{
	struct fixture *f = *state;
	atomic_bool stop = false;
	struct caller_thread t[4] = { 0 };
	pthread_t threads[4];

	for (int i = 0; i < 4; i++) {
		t[i].f = f;
		t[i].stop = &stop;
		t[i].gate = bind_gate(f, i % 2 ? GATE_add : GATE_call_add);
	}
	assert_interposed(f, &f->other, GATE_add, &third, GATE_plus_one);
	for (int i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, keep_calling, &t[i]);
	for (int i = 0; i < 100; i++) {
		unsigned seen = atomic_load(&t[0].calls);

		assert_interposed(f, &f->other, GATE_add, &third, GATE_plus_one);
		assert_interposed(f, &f->test, GATE_add, &third, GATE_plus_one);
		while (atomic_load(&t[0].calls) == seen)
			sched_yield();
		assert_true(uninterpose(f, &f->other, GATE_add));
		assert_true(uninterpose(f, &f->test, GATE_add));
	}
	atomic_store(&stop, true);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	for (int i = 0; i < 4; i++) {
		assert_int_equal(t[i].wrong, 0);
		assert_true(t[i].calls);
	}
}

/* -- ends ---------------------------------------------------------------------------------------------- */

static void
test_handler_dies_in_a_call(void **state)
{
	struct fixture *f = *state;

	assert_interposed(f, &f->test, GATE_add, &f->other, GATE_die);
	for (int i = 0; i < 3; i++) {
		assert_fails(f, add, TWZ_CLASS_FAULT, "test::add has a handler", 1, 2);
		assert_non_null(strstr(f->err.text, "other::die"));
	}
	assert_interposed(f, &f->test, GATE_add, &f->other, GATE_plus_one);
	assert_add(f, 4);
}

static void
test_below_dies_in_a_call(void **state)
{
	struct fixture *f = *state;
	int32_t n = 0;

	assert_interposed(f, &f->test, GATE_crash, &f->other, GATE_pass_crash);
	assert_int_equal(call_gate(f, GATE_crash, &n, LONG_NS, WORDS()), TWZ_CLASS_FAULT);
	assert_non_null(strstr(f->err.text, "passed the call on, which failed"));
	assert_true(monitor_wait(f->m, &f->test, MONITOR_FLAG_EXITED, -1, NULL, &f->err));
	assert_add_works(f);
}

static int
pid_of(struct fixture *f, const char *service)
{
	TWZ_ARENA arena = { 0 };
	const struct monitor_info *infos;
	size_t n = monitor_list(f->m, &arena, &infos);

	for (size_t i = 0; i < n; i++)
		if (!strcmp(infos[i].service, service))
			return infos[i].pid;
	return 0;
}

/* Whoever of the two is killed, and when: a call has its result, or a failure of its own. */
static void
test_killed_between_calls(void **state)
{
	struct fixture *f = *state;
	unsigned good = 0;

	assert_interposed(f, &f->test, GATE_add, &f->other, GATE_plus_one);
	for (int i = 0; i < 200; i++) {
		int pid = i % 5 ? 0 : pid_of(f, i % 2 ? "other" : "test");
		enum twz_class cls;
		int32_t sum = 0;

		if (pid > 0)
			kill(pid, SIGKILL);
		cls = call_gate(f, GATE_add, &sum, 20 * (int64_t)1000000000, WORDS(1, 2));
		if (cls == TWZ_CLASS_NONE)
			assert_int_equal(sum, 4);
		else
			assert_int_equal(cls, TWZ_CLASS_FAULT);
		good += cls == TWZ_CLASS_NONE;
	}
	assert_true(good >= 100);
	assert_int_equal(listed(f), 1);
}

static void
end_for_good(struct fixture *f, const struct twz_service *service)
{
	assert_true(monitor_signal(f->m, service, SIGKILL, &f->err));
	assert_true(monitor_wait(f->m, service, MONITOR_FLAG_EXITED, -1, NULL, &f->err));
}

/* A handler that ended and does not start again is passed over; one that is required is not. */
static void
test_dead_handlers(void **state)
{
	const struct monitor_load_options once = { .restart = MONITOR_RESTART_NEVER };
	struct fixture *f = *state;
	struct monitor_handler h = { .service = &f->test, .gate = &f->test.gates[GATE_add], .by = &f->other,
				     .by_gate = &f->other.gates[GATE_always], .required = true };
	struct monitor_id id;
	int32_t sum = 0;
	uint32_t n;

	assert_true(monitor_load(f->m, &f->other, &once, &id, &f->err));
	assert_true(monitor_load(f->m, &third, &once, &id, &f->err));
	assert_interposed(f, &f->test, GATE_half, &f->other, GATE_pass_doubled);
	assert_true(monitor_interpose(f->m, &h, &n, &f->err));
	h.service = &third;
	h.gate = &third.gates[GATE_add];
	assert_true(monitor_interpose(f->m, &h, &n, &f->err));
	assert_interposed(f, &third, GATE_plus_one, &f->test, GATE_plus_one);
	assert_int_equal(listed(f), 4);
	end_for_good(f, &f->other);
	/* What is required stays, and so nobody gets around it. */
	assert_int_equal(listed(f), 3);
	assert_fails(f, add, TWZ_CLASS_LINK, "was not called, because it has a handler", 1, 2);
	/* The table of who has ended is empty, whatever was in it. */
	end_for_good(f, &third);
	assert_int_equal(listed(f), 1);
	assert_true(uninterpose(f, &f->test, GATE_add));
	assert_call(f, add, &sum, 1, 2);
	assert_int_equal(sum, 3);
}

static void
test_passed_over(void **state)
{
	const struct monitor_load_options once = { .restart = MONITOR_RESTART_NEVER };
	struct fixture *f = *state;
	struct monitor_gate *g;
	struct monitor_id id;
	int32_t sum = 0;

	/* Three of them, of which the middle one ends. */
	assert_true(monitor_load(f->m, &third, &once, &id, &f->err));
	assert_interposed(f, &f->other, GATE_add, &third, GATE_plus_one);
	assert_call(f, call_add, &sum, 1, 2);
	assert_int_equal(sum, 4);
	g = bind_gate(f, GATE_add);
	assert_int_equal(handlers_chain(g, (struct monitor_gate *[HANDLERS_DEEP]){ 0 }), 1);
	end_for_good(f, &third);
	assert_call(f, call_add, &sum, 1, 2);
	assert_int_equal(sum, 3);
}

static void
test_unloaded(void **state)
{
	struct fixture *f = *state;
	bool put_off;

	assert_interposed(f, &f->test, GATE_add, &f->other, GATE_always);
	assert_interposed(f, &f->other, GATE_half, &third, GATE_pass_doubled);
	assert_true(monitor_unload(f->m, &f->other, false, &put_off, &f->err));
	assert_int_equal(listed(f), 0);
	assert_add(f, 3);
}

/* Services that had a link to a handler let go of it, so that it can end. */
static void
test_let_go(void **state)
{
	struct fixture *f = *state;
	bool put_off;
	int32_t sum = 0;

	assert_interposed(f, &f->other, GATE_add, &third, GATE_plus_one);
	assert_call(f, call_add, &sum, 1, 2);
	assert_int_equal(sum, 4);
	assert_true(monitor_unload(f->m, &third, false, &put_off, &f->err));
	assert_true(put_off);
	assert_call(f, call_add, &sum, 1, 2);
	assert_int_equal(sum, 3);
	assert_true(monitor_wait(f->m, &third, MONITOR_FLAG_EXITED, 20 * (int64_t)1000000000, NULL, &f->err));
}

/* -- all gates at once --------------------------------------------------------------------------------- */

static void
test_all(void **state)
{
	struct fixture *f = *state;
	const struct monitor_handler h = { .service = &f->test, .by = &f->other };
	uint64_t one = 0;
	uint32_t n = 0;

	/* Those that are not of the same name and type are left alone; here all are. */
	assert_true(monitor_interpose(f->m, &h, &n, &f->err));
	assert_true(n > 40);
	assert_int_equal(listed(f), n);
	assert_call(f, increment, &one);
	assert_int_equal(one, 1);
	assert_interposed(f, &f->test, GATE_add, &third, GATE_always);
	assert_add(f, 1234);
	assert_int_equal(listed(f), n + 1);
	assert_true(uninterpose(f, &f->test, GATE_add));
	assert_add(f, 3);
	assert_true(monitor_uninterpose(f->m, &f->test, NULL, &f->err));
	assert_int_equal(listed(f), 0);
	/* The other compartment counted, this one never did. */
	assert_call(f, increment, &one);
	assert_int_equal(one, 1);
}

/* -- other mechanisms, other files ---------------------------------------------------------------------- */

static void
test_mpk(void **state)
{
	const struct monitor_load_options mpk = { .mechanism = MONITOR_BY_MPK };
	struct fixture *f = *state;
	struct monitor_id id;

	if (!monitor_load(f->m, &f->test, &mpk, &id, &f->err))
		skip();		/* no keys on this machine */
	assert_add(f, 3);
	assert_interposed(f, &f->test, GATE_add, &f->other, GATE_always);
	assert_add(f, 1234);
	assert_interposed(f, &f->test, GATE_add, &f->other, GATE_plus_one);
	assert_int_equal(call_gate(f, GATE_add, (int32_t[1]){ 0 }, LONG_NS, WORDS(1, 2)), TWZ_CLASS_LINK);
	assert_refused(f, TWZ_ERR(GENERIC, NOT_SUPPORTED), "process of its own", &f->other, GATE_add, &f->test,
		       GATE_always);
	assert_true(uninterpose(f, &f->test, GATE_add));
	assert_add(f, 3);
}

/* Its file was replaced: what is called by the same name has the same handlers. */
static void
test_another_file(void **state)
{
	struct fixture *f = *state;
	struct twz_service newer = service_of("test", f->library);
	struct monitor_gate *g = NULL;
	int32_t sum = 0;

	assert_interposed(f, &f->test, GATE_add, &f->other, GATE_always);
	assert_true(monitor_bind(f->m, &newer, &newer.gates[GATE_add], &g, &f->err));
	assert_true(monitor_call(g, WORDS(1, 2), &sum, LONG_NS, &f->err));
	assert_int_equal(sum, 1234);
	monitor_close(f->m);
	f->m = NULL;
}

/* -- many at once --------------------------------------------------------------------------------------- */

static void
test_batches(void **state)
{
	struct fixture *f = *state;
	const uint64_t words[] = { 1, 2 };
	struct monitor_one calls[20];
	int32_t sums[20];

	assert_interposed(f, &f->test, GATE_add, &f->other, GATE_plus_one);
	for (int i = 0; i < 20; i++)
		calls[i] = (struct monitor_one){ .gate = bind_gate(f, i % 2 ? GATE_add : GATE_always),
						 .words = words, .ret = &sums[i] };
	assert_int_equal(monitor_call_many(calls, 20, LONG_NS, &f->err), 0);
	for (int i = 0; i < 20; i++)
		assert_int_equal(sums[i], i % 2 ? 4 : 1234);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(stacks), T(shared_handlers), T(everything_passes), T(identity), T(only_handlers_pass_on),
		T(refusals), T(links_see_changes), T(nobody_gets_around), T(changes_under_calls),
		T(handler_dies_in_a_call), T(below_dies_in_a_call), T(killed_between_calls), T(dead_handlers),
		T(passed_over), T(unloaded), T(let_go), T(all), T(mpk), T(another_file), T(batches),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
