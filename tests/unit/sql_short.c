/* The short form of sql's questions, and where each byte of what it becomes is from. */
#include "tests/unit/unit.h"

#include "repl/sql_inner.h"

static const struct {
	const char *given, *wanted;	/* NULL: refused */
} forms[] = {
	{ "select 1", "select 1" },
	{ " WITH x AS (SELECT 1) SELECT * FROM x", " WITH x AS (SELECT 1) SELECT * FROM x" },
	{ "pragma x", "pragma x" },
	{ "delete from gate", "delete from gate" },
	{ "params", "SELECT * FROM params" },
	{ "unheard", "SELECT * FROM unheard" },
	{ "params where type = User", "SELECT * FROM params where type = 'User'" },
	{ "params where type = User and gate != passwd::x", "SELECT * FROM params where type = 'User' and gate != 'passwd::x'" },
	{ "params where name = type", "SELECT * FROM params where name = type" },
	{ "params where name = 5", "SELECT * FROM params where name = 5" },
	{ "params where name like look%", "SELECT * FROM params where name like 'look%'" },
	{ "params where name not like look%", "SELECT * FROM params where name not like 'look%'" },
	{ "params where name is not null", "SELECT * FROM params where name is not null" },
	{ "params where name = lower ( x )", "SELECT * FROM params where name = lower ( x )" },
	{ "params where name = 'a b' or name = \"c\"", "SELECT * FROM params where name = 'a b' or name = \"c\"" },
	{ "params where name in (a, b)", "SELECT * FROM params where name in (a, b)" },
	{ "params where name = x) or (1", "SELECT * FROM params where name = 'x') or (1" },
	{ "params order by name limit 3", "SELECT * FROM params order by name limit 3" },
	{ "params\twhere\nname = x", "SELECT * FROM params where name = 'x'" },
	{ "params where name = 'open", "SELECT * FROM params where name = 'open" },
	{ "params wher name = x", NULL },
	{ "params name", NULL },
	{ "", "" }, { "5", "SELECT * FROM 5" }, { "*", "*" },
};

static void
test_forms(void **state)
{
	(void)state;
	for (size_t i = 0; i < TWZ_COUNT(forms); i++) {
		TWZ_ARENA arena = { 0 };
		struct twz_error err = { 0 };
		struct sql_text text;
		bool ok = sql_expand(forms[i].given, strlen(forms[i].given), &arena, &text, &err);

		if (ok != (forms[i].wanted != NULL) || (ok && strcmp(text.text, forms[i].wanted)))
			fail_msg("'%s' became '%s'", forms[i].given, ok ? text.text : err.text);
		if (!ok)
			assert_true(err.cls == TWZ_CLASS_GATE && err.to > err.from && *err.hint);
	}
}

static void
test_places(void **state)
{
	static const char given[] = "params where type = User";
	TWZ_ARENA arena = { 0 };
	struct sql_text text;

	(void)state;
	assert_true(sql_expand(given, sizeof(given) - 1, &arena, &text, NULL));
	for (const char *word = "User"; *word; word = "") {
		const char *at = strstr(text.text, word);

		assert_int_equal(text.from[at - text.text], strstr(given, word) - given);
	}
	for (size_t i = 0; i < text.n; i++)
		assert_true(text.from[i] < sizeof(given) - 1);
}

/* Whatever is typed: what comes out has its end, and every place in it is one of what was given. */
static void
test_any_text(void **state)
{
	static const char *const pieces[] = {
		"gates", "params", "where", "=", "<>", "like", "not", "'", "\"", "(", ")", " ", " ", " ", "User", "5",
		",", "select", "\n", "\xc3\xa9", "--", "null", "order", "by",
	};
	uint64_t seed = 7;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		TWZ_ARENA arena = { 0 };
		struct twz_error err = { 0 };
		struct sql_text text;
		char given[256] = "";
		size_t n;

		for (int k = 0; k < 16; k++) {
			seed = seed * 6364136223846793005u + 1442695040888963407u;
			strcat(given, pieces[(seed >> 33) % TWZ_COUNT(pieces)]);
		}
		n = strlen(given);
		if (!sql_expand(given, n, &arena, &text, &err)) {
			assert_true(err.to <= n && err.from < err.to);
			continue;
		}
		assert_int_equal(strlen(text.text), text.n);
		for (size_t i = 0; i < text.n; i++)
			assert_true(text.from[i] < n);
	}
}

/* A view has as many columns as it says, and what is shown of a table is in it: sqlite checks the rest. */
static void
test_tables(void **state)
{
	const char *name, *columns, *help;
	size_t i = 0;

	(void)state;
	for (; sql_table(i, &name, &columns, &help); i++) {
		const struct sql_named *t = sql_named_find(name, strlen(name));

		assert_true(*columns && *help);
		assert_true(!t->view != !t->fill);
		for (const char *at = t->shown; *at && *at != '*'; at += strspn(at, ", ")) {
			size_t n = strcspn(at, ",");

			assert_true(sql_has_column(t, at, n));
			at += n;
		}
	}
	assert_true(i > 10);
	assert_null(sql_named_find("gate", 4));
	assert_true(sql_is_keyword("NULL", 4) && !sql_is_keyword("User", 4));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forms), cmocka_unit_test(test_places), cmocka_unit_test(test_any_text),
		cmocka_unit_test(test_tables),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
