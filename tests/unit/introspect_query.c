/* Questions about a small library, and which functions answer them; questions that are none. */
#include "tests/unit/unit.h"

#include "introspect/find/query.h"
#include "tests/unit/introspect_fixture.h"
#include "tests/unit/introspect_random.h"

static const struct {
	const char *question, *names;
} answers[] = {
	/* a type is meant behind any number of pointers, const or not, by tag or typedef */
	{ "takes User", "user_id user_look user_rename user_value user_store user_ref_drop" },
	{ "takes struct User", "user_id user_look user_rename user_value user_store user_ref_drop" },
	{ "takes union User", "" },
	{ "takes user_ref", "user_ref_drop" },
	/* a star is exact, const that is written must be there */
	{ "takes User*", "user_id user_look user_rename user_ref_drop" },
	{ "takes struct User **", "user_store" },
	{ "takes *User", "user_id user_look user_rename user_ref_drop" },
	{ "takes const User", "user_id user_look" },
	{ "takes User const *", "user_id user_look" },
	{ "takes *const User", "user_id user_look" },
	{ "returns char*", "text_make text_name" },
	{ "returns const char *", "text_name" },
	{ "returns string", "text_make text_name" },
	{ "returns User", "user_find" },
	/* numbers by what they are, in C's words or ours, and through typedefs */
	{ "takes number", "user_find" },
	{ "takes int*", "sum pair" },
	{ "takes i32 returns User", "user_find" },
	{ "takes unsigned long", "text_make sort" },
	{ "takes size_t", "text_make sort" },
	{ "takes u64", "text_make sort" },
	{ "returns unsigned long long int", "wide" },
	{ "returns unsigned", "bits_of" },
	{ "takes unsigned char", "wide" },
	{ "takes f64", "bits_of scale" },
	{ "takes float", "precise" },
	{ "returns long double", "precise" },
	{ "returns bool", "is_on" },
	{ "takes short", "is_on" },
	{ "takes color", "color_next" },
	{ "takes enum color", "color_next" },
	{ "takes any", "any_int" },
	{ "returns hidden", "hidden_get" },
	{ "returns struct hidden", "hidden_get" },
	{ "takes Point", "point_add scale" },
	{ "returns void", "user_rename user_ref_drop sort each" },
	{ "takes void", "text_name hidden_get" },
	{ "takes void*", "sort" },
	{ "takes compare_fn", "sort" },
	{ "takes fn", "sort each" },
	{ "takes fn(User, int)", "each" },
	{ "takes void (*)(User *, int)", "each" },
	{ "takes int (*)(const void *, const void *)", "sort" },
	{ "takes int (*)(User *)", "" },
	/* several clauses */
	{ "takes User returns int", "user_id user_look user_value user_store" },
	{ "takes User* and returns int", "user_id user_look" },
	{ "takes User name *_re*", "user_rename user_ref_drop" },
	{ "name user_*", "user_id user_look user_rename user_value user_store user_ref_drop user_find" },
	{ "name sort takes size_t", "sort" },
	/* what is reached through fields, pointers and functions that are pointed to */
	{ "reaches lock", "box user_id user_look user_rename user_value user_store user_ref_drop user_find each" },
	{ "reaches struct lock*", "" },
	{ "reaches const User name box", "box" },
	{ "reaches const Group", "" },
	{ "reaches Group*", "box user_id user_look user_rename user_value user_store user_ref_drop user_find each" },
	{ "reaches double takes any", "any_int" },
	/* signatures: all parameters in any order */
	{ "(const char*, int*) -> int", "pair" },
	{ "(int*, char*)", "pair" },
	{ "(int) -> User", "user_find" },
	{ "(User) -> int", "user_id user_look user_value user_store" },
	{ "(Point, Point) -> Point", "point_add" },
	{ "(Point) -> Point", "" },
	{ "(Point, ...) -> Point", "point_add" },
	{ "(char*, ...)", "user_rename print pair" },
	{ "() -> string", "text_name" },
	{ "(void) -> const char*", "text_name" },
	{ "(_, _, _)", "sort" },
	{ "(_, Point) -> double", "scale" },
	{ "(_, double, ...)", "scale" },
	{ "(size_t, fn, void*)", "sort" },
	{ "fn(double) -> u32", "bits_of" },
}, of_gates[] = {
	{ "takes [u8]", "buffers" },
	{ "takes [u8] takes [u32]", "buffers" },
	{ "takes Option<string>", "texts" },
	{ "returns Result<Point, KindError>", "results point_from_string" },
	{ "returns Result<(), KindError>", "units" },
	{ "returns Result<_, KindError>", "results numbers units point_from_string" },
	{ "returns Option<i32>", "options" },
	{ "name sizes", "longs" },
};

static const struct {
	const char *question, *text;
	unsigned at;			/* where the caret stands */
} wrong[] = {
	{ "", "expected takes, returns, reaches, name or '(' at the end", 0 },
	{ "User", "expected takes, returns, reaches, name or '('", 0 },
	{ "takes", "expected a type at the end", 5 },
	{ "takes returns int", "expected a type", 6 },
	{ "takes struct", "expected a type at the end", 12 },
	{ "takes User, int", "expected takes, returns, reaches, name or '('", 10 },
	{ "takes 5", "expected a type", 6 },
	{ "name ", "expected a name or a pattern at the end", 5 },
	{ "(int", "expected ',' or ')' at the end", 4 },
	{ "(int,)", "expected a type", 5 },
	{ "(..., int)", "expected ',' or ')'", 4 },
	{ "(int) ->", "expected a type at the end", 8 },
	{ "takes [u8", "expected ']' at the end", 9 },
	{ "takes [u8; x]", "expected a number", 11 },
	{ "takes Option<int", "expected '>' at the end", 16 },
	{ "takes Result<int>", "expected ','", 16 },
	{ "takes int (*x)(int)", "expected ')('", 12 },
};

static int
set_up(void **state)
{
	if (make_folder(state))
		return -1;
	return shell("gcc -w -g -fPIC -shared -Iinclude -o $D/find.so " FIXTURES "find.c &&"
		     "gcc -w -g -fPIC -shared -Iinclude -o $D/kinds.so " FIXTURES "kinds.c");
}

static void
check(const struct twz_service *service, const char *question, const char *names)
{
	TWZ_ARENA arena = { 0 };
	const struct query *query;
	const struct twz_gate **found;
	struct twz_error err = { 0 };
	const char *got = "";

	if (!query_parse(question, &arena, &query, &err))
		fail_msg("%s: %s", question, err.text);
	/* The order of functions is that of the file: every one that is wanted, and no other. */
	for (found = query_run(query, service, &arena); *found; found++) {
		got = twz_format(&arena, "%s%s%s", got, *got ? " " : "", (*found)->name);
		if (!strstr(twz_format(&arena, " %s ", names), twz_format(&arena, " %s ", (*found)->name)))
			fail_msg("'%s' found %s, wanted: %s", question, (*found)->name, names);
	}
	if (strlen(got) != strlen(names))
		fail_msg("'%s' found: %s\nwanted: %s", question, got, names);
}

static void
test_answers(void **state)
{
	TWZ_ARENA arena = { 0 };
	const struct twz_service *service = inspect_ok(in_folder("find.so"), true, &arena);

	(void)state;
	for (size_t i = 0; i < TWZ_COUNT(answers); i++)
		check(service, answers[i].question, answers[i].names);
}

static void
test_gates(void **state)
{
	TWZ_ARENA arena = { 0 };
	const struct twz_service *service = inspect_ok(in_folder("kinds.so"), false, &arena);

	(void)state;
	for (size_t i = 0; i < TWZ_COUNT(of_gates); i++)
		check(service, of_gates[i].question, of_gates[i].names);
}

static void
test_wrong(void **state)
{
	(void)state;
	for (size_t i = 0; i < TWZ_COUNT(wrong); i++) {
		TWZ_ARENA arena = { 0 };
		const struct query *query;
		struct twz_error err = { 0 };

		if (query_parse(wrong[i].question, &arena, &query, &err))
			fail_msg("'%s' is understood", wrong[i].question);
		if (strcmp(err.text, wrong[i].text) || err.from != wrong[i].at)
			fail_msg("'%s': '%s' at %u", wrong[i].question, err.text, err.from);
		assert_non_null(strstr(err.hint, "takes User"));
	}
}

/* However deeply it nests, and whatever it is made of. */
static void
test_hostile(void **state)
{
	static const char *const bits[] = { "(", "[", "*", "fn(", "Option<", "int (*)(", "const ", "takes " };
	char text[8192] = "";

	(void)state;
	for (size_t i = 0; i < TWZ_COUNT(bits); i++) {
		TWZ_ARENA arena = { 0 };
		const struct query *query;
		struct twz_error err = { 0 };

		strcpy(text, "takes ");
		while (strlen(text) + 16 < sizeof(text))
			strcat(text, bits[i]);
		assert_false(query_parse(text, &arena, &query, &err));
	}
}

/* Whatever is asked, of whatever types, is answered. */
static void
test_random(void **state)
{
	(void)state;
	for (unsigned seed = 0; seed < 100; seed++) {
		TWZ_ARENA arena = { 0 };
		struct twz_service service = make_random(seed, &arena);

		for (size_t i = 0; i < TWZ_COUNT(answers) + TWZ_COUNT(of_gates); i++) {
			const struct query *query;
			struct twz_error err = { 0 };

			assert_true(query_parse(i < TWZ_COUNT(answers) ? answers[i].question :
						of_gates[i - TWZ_COUNT(answers)].question,
						&arena, &query, &err));
			assert_non_null(query_run(query, &service, &arena));
		}
	}
}

static void
test_names(void **state)
{
	TWZ_ARENA arena = { 0 };
	const struct twz_service *service = inspect_ok(in_folder("find.so"), true, &arena);
	const char *nearest;

	(void)state;
	assert_true(query_knows(service, "User", &arena, &nearest));
	assert_true(query_knows(service, "lock", &arena, &nearest));
	assert_false(query_knows(service, "Usr", &arena, &nearest));
	assert_string_equal(nearest, "User");
	assert_false(query_knows(service, "something_else", &arena, &nearest));
	assert_null(nearest);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_gates),
		cmocka_unit_test(test_wrong),
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, set_up, remove_folder);
}
