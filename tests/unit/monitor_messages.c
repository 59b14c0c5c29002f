/*
 * Messages that nobody should send, on the socket between a compartment and the monitor: whatever they are, the
 * monitor goes on and the other compartments are served. TWZ_MESSAGES says how many; make fuzz-monitor sends a
 * million to a monitor with sanitizers.
 */
#include "tests/unit/monitor_fixture.h"

enum { USUAL = 20000, AT_ONCE = 512 };

static void
test_any_messages(void **state)
{
	struct fixture *f = *state;
	const char *text = getenv("TWZ_MESSAGES");
	uint64_t wanted = text ? strtoull(text, NULL, 10) : USUAL, sent = 0, seed = 0, ended = 0, three;
	struct monitor_gate *other;

	assert_true(fixture_open(f, 0));
	assert_true(monitor_bind(f->m, &f->other, &fixture_gates[GATE_add], &other, &f->err));
	while (sent < wanted) {
		uint64_t n = 0;

		memset(&f->err, 0, sizeof(f->err));
		/* One that ended the sender is the only one that is counted of its run. */
		if (call_gate(f, GATE_rave, &n, 20 * (int64_t)LONG_NS, WORDS(++seed, AT_ONCE)) == TWZ_CLASS_NONE)
			sent += n;
		else
			sent++, ended++;
		three = 0;
		assert_true(monitor_call(other, WORDS(1, 2), &three, LONG_NS, &f->err));
		assert_int_equal((uint32_t)three, 3);
	}
	/* Both happened: some were borne, and some not. */
	assert_true(ended && ended < sent);
	printf("# %llu messages, %llu of them the sender's last\n", (unsigned long long)sent,
	       (unsigned long long)ended);
	assert_add_works(f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_any_messages, fixture_setup, fixture_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
