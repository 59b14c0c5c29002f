/* What services ask for, as records, registry, policy files and START messages say it. */
#include "tests/unit/unit.h"

#include "twz/ask.h"
#include "twz/util.h"

static void
test_made(void **state)
{
	static const struct {
		const char *kind, *rights, *what, *line;	/* NULL: makes no sense */
	} rows[] = {
		{ "files", "read", "/srv", "files read may /srv\n" },
		{ "files", "read | write", "/srv/a b", "files read,write may /srv/a b\n" },
		{ "files", "write,read", "/", "files read,write may /\n" },
		{ "net", "call", "inet6", "net call may inet6\n" },
		{ "memory", "call", "2G", "memory call may 2147483648\n" },
		{ "memory", "call", "512K", "memory call may 524288\n" },
		{ "memory", "call", "123", "memory call may 123\n" },
		{ "files", "call", "/srv", NULL },
		{ "files", "", "/srv", NULL },
		{ "files", "read, execute", "/srv", NULL },
		{ "files", "reader", "/srv", NULL },
		{ "files", "read", "srv", NULL },
		{ "files", "read", "", NULL },
		{ "files", "read", "/srv/../etc", NULL },
		{ "files", "read", "/srv/..", NULL },
		{ "files", "read", "/srv//x", NULL },
		{ "files", "read", "/srv/./x", NULL },
		{ "files", "read", "/srv\nfiles read may /etc", NULL },
		{ "net", "call", "packet", NULL },
		{ "net", "read", "inet", NULL },
		{ "memory", "call", "0", NULL },
		{ "memory", "call", "-1", NULL },
		{ "memory", "call", "1T", NULL },
		{ "memory", "call", "9999999999999999999999", NULL },
		{ "memory", "call", "1025G", NULL },
		{ "memory", "call", "2GG", NULL },
		{ "keys", "call", "x", NULL },
	};

	(void)state;
	for (size_t i = 0; i < TWZ_COUNT(rows); i++) {
		TWZ_ARENA arena = { 0 };
		struct twz_ask ask;
		bool made = twz_ask_make(rows[i].kind, rows[i].rights, rows[i].what, false, &arena, &ask);

		if (made != !!rows[i].line || (made && strcmp(twz_ask_line(&ask, &arena), rows[i].line)))
			fail_msg("%s %s %s", rows[i].kind, rows[i].rights, rows[i].what);
	}
}

static void
test_lines(void **state)
{
	const char *at = "files read may /a\n\nnonsense\nfiles read\nfiles read may ../x\nnet call need inet\n"
			 "memory call may 5";
	TWZ_ARENA arena = { 0 };
	struct twz_ask ask;

	(void)state;
	assert_true(twz_ask_next(&at, &arena, &ask));
	assert_string_equal(ask.what, "/a");
	assert_false(ask.needed);
	assert_true(twz_ask_next(&at, &arena, &ask));
	assert_int_equal(ask.kind, TWZ_ASK_NET);
	assert_true(ask.needed);
	assert_true(twz_ask_next(&at, &arena, &ask));
	assert_string_equal(ask.what, "5");
	assert_false(twz_ask_next(&at, &arena, &ask));
	at = NULL;
	assert_false(twz_ask_next(&at, &arena, &ask));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_made),
		cmocka_unit_test(test_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
