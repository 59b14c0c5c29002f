/* Declarations in C, exactly as they must be for a compiler, and bounded however types are made. */
#include "tests/unit/unit.h"

#include "twz/typetext.h"

#define POINTER(to, ...) { .kind = TWZ_POINTER, .name = "", .size = 8, .align = 8, .target = (to), __VA_ARGS__ }
#define OPAQUE(f, n, ...) { .kind = TWZ_OPAQUE, .form = TWZ_FORM_##f, .name = (n), __VA_ARGS__ }

static const struct twz_type int_type = { .kind = TWZ_INT, .name = "int", .size = 4, .align = 4,
					  .is_signed = true };
static const struct twz_type user = { .kind = TWZ_STRUCT, .name = "user", .size = 8, .align = 8 };
static const struct twz_type nameless = { .kind = TWZ_UNION, .name = "", .size = 8, .align = 8 };
static const struct twz_type text = { .kind = TWZ_STRING, .name = "", .quals = TWZ_CONST, .is_const = true };
static const struct twz_type texts = POINTER(&text, .quals = TWZ_CONST, .is_const = true);
static const struct twz_type plain_text = { .kind = TWZ_STRING, .name = "" };
static const struct twz_type letter = { .kind = TWZ_TYPEDEF, .name = "letter", .quals = TWZ_CONST,
					.target = &twz_type_char };
static const struct twz_type letters = { .kind = TWZ_STRING, .name = "", .is_const = true, .target = &letter };
static const struct twz_type int_pointer = POINTER(&int_type);
static const struct twz_type shared = POINTER(&int_type, .quals = TWZ_VOLATILE);
static const struct twz_type grid = { .kind = TWZ_ARRAY, .name = "", .count = 4, .target = &int_type };
static const struct twz_type table = { .kind = TWZ_ARRAY, .name = "", .count = 3, .target = &grid };
static const struct twz_type fixed_grid = { .kind = TWZ_ARRAY, .name = "", .count = 4, .quals = TWZ_CONST,
					    .target = &int_type };
static const struct twz_type open_end = { .kind = TWZ_ARRAY, .name = "", .target = &int_type };
static const struct twz_type grid_pointer = POINTER(&grid);
static const struct twz_type fixed_pointer = POINTER(&fixed_grid, .is_const = true);
static const struct twz_type pointers = { .kind = TWZ_ARRAY, .name = "", .count = 2, .target = &int_pointer };
static const struct twz_member one_int[] = { { .name = "n", .type = &int_type } };
static const struct twz_type handler = { .kind = TWZ_FUNC, .name = "", .is_prototyped = true,
					 .members = one_int, .nmembers = 1, .target = &twz_type_void };
static const struct twz_type handler_pointer = POINTER(&handler);
static const struct twz_member signal_params[] = {
	{ .name = "number", .type = &int_type }, { .name = "f", .type = &handler_pointer },
};
static const struct twz_type signal_type = { .kind = TWZ_FUNC, .name = "", .is_prototyped = true,
					     .members = signal_params, .nmembers = 2, .target = &handler_pointer };
static const struct twz_type signal_pointer = POINTER(&signal_type);
static const struct twz_type handlers = { .kind = TWZ_ARRAY, .name = "", .count = 8, .target = &handler_pointer };
static const struct twz_member qualified[] = {
	{ .name = "to", .type = &plain_text, .quals = TWZ_RESTRICT },
	{ .name = "from", .type = &text, .quals = TWZ_RESTRICT },
	{ .name = "n", .type = &int_type, .quals = TWZ_CONST },
};
static const struct twz_type copies = { .kind = TWZ_FUNC, .name = "", .is_prototyped = true,
					.is_variadic = true, .members = qualified, .nmembers = 3,
					.target = &plain_text };
static const struct twz_type nothing = { .kind = TWZ_FUNC, .name = "", .target = &int_type };
static const struct twz_type unknown_more = { .kind = TWZ_FUNC, .name = "", .is_variadic = true,
					      .target = &int_type };
static const struct twz_type old_params = { .kind = TWZ_FUNC, .name = "", .members = one_int, .nmembers = 1,
					    .target = &int_type };
static const struct twz_type none = { .kind = TWZ_FUNC, .name = "", .is_prototyped = true };
static const struct twz_type file = OPAQUE(STRUCT, "FILE"), file_pointer = POINTER(&file);
static const struct twz_type some_union = OPAQUE(UNION, "x"), some_enum = OPAQUE(ENUM, "e");
static const struct twz_type f32 = { .kind = TWZ_FLOAT, .name = "float", .size = 4, .align = 4 };
static const struct twz_type vector = OPAQUE(VECTOR, "", .target = &f32, .count = 4, .size = 16);
static const struct twz_type vector_pointer = POINTER(&vector, .quals = TWZ_CONST, .is_const = true);
static const struct twz_type complex_double = OPAQUE(COMPLEX, "complex double", .size = 16);
static const struct twz_type reference = OPAQUE(REFERENCE, "", .target = &user, .quals = TWZ_CONST, .size = 8);
static const struct twz_type rvalue = OPAQUE(RVALUE, "", .target = &int_type, .size = 8);
static const struct twz_type member = OPAQUE(MEMBER, "ns::user", .target = &int_type, .size = 8);
static const struct twz_type class = OPAQUE(CLASS, "ns::user", .size = 8);
static const struct twz_type vla = OPAQUE(VLA, "", .target = &int_type), vla_pointer = POINTER(&vla);
static const struct twz_type quad = OPAQUE(BASE, "_Float128", .size = 16);
static const struct twz_type rust_int = { .kind = TWZ_INT, .name = "i64", .size = 8, .is_signed = true };
static const struct twz_type rust_size = { .kind = TWZ_INT, .name = "usize", .size = 8 };
static const struct twz_type go_int = { .kind = TWZ_INT, .name = "int", .size = 8, .is_signed = true };
static const struct twz_type fortran = { .kind = TWZ_FLOAT, .name = "real(kind=8)", .size = 8 };
static const struct twz_type va_tag = { .kind = TWZ_STRUCT, .name = "__va_list_tag", .size = 24 };
static const struct twz_type va_param = POINTER(&va_tag);
static const struct twz_type va_array = { .kind = TWZ_ARRAY, .name = "", .count = 1, .target = &va_tag };
static const struct twz_type va_pointer = POINTER(&va_array);

static const char *
declared(struct twz_arena *arena, const struct twz_type *type, unsigned quals, const char *name,
	 const struct twz_c_style *style)
{
	TWZ_TEXT out = { 0 };

	assert_true(twz_c_text(&out, type, quals, name, style));
	return twz_text_copy(arena, &out);
}

static void
every_declarator(void **state)
{
	static const struct {
		const struct twz_type *type;
		const char *name, *text;
	} rows[] = {
		{ &int_type, "n", "int n" }, { &int_type, "", "int" }, { &user, "u", "struct user u" },
		{ &nameless, "u", "union {…} u" }, { NULL, "x", "void x" },
		{ &text, "s", "const char *s" }, { &plain_text, "s", "char *s" },
		{ &texts, "argv", "const char *const *argv" }, { &texts, "", "const char *const *" },
		{ &letters, "s", "letter *s" },	/* the typedef has the const */
		{ &shared, "p", "volatile int *p" },
		{ &grid, "g", "int g[4]" }, { &table, "t", "int t[3][4]" }, { &open_end, "a", "int a[]" },
		{ &grid_pointer, "g", "int (*g)[4]" }, { &grid_pointer, "", "int (*)[4]" },
		{ &fixed_grid, "g", "const int g[4]" }, { &fixed_pointer, "g", "const int (*g)[4]" },
		{ &pointers, "a", "int *a[2]" }, { &pointers, "", "int *[2]" },
		{ &handler, "h", "void h(int n)" }, { &handler_pointer, "h", "void (*h)(int n)" },
		{ &handlers, "t", "void (*t[8])(int n)" },
		{ &signal_type, "signal", "void (*signal(int number, void (*f)(int n)))(int n)" },
		{ &signal_pointer, "s", "void (*(*s)(int number, void (*f)(int n)))(int n)" },
		{ &copies, "copy", "char *copy(char *restrict to, const char *restrict from, const int n, ...)" },
		{ &nothing, "f", "int f()" }, { &unknown_more, "f", "int f()" }, { &none, "f", "void f(void)" },
		{ &old_params, "f", "int f(int n)" },
		{ &file_pointer, "f", "struct FILE *f" }, { &some_union, "x", "union x x" },
		{ &some_enum, "x", "enum e x" },
		{ &vector, "v", "float __attribute__((vector_size(16))) v" },
		{ &vector_pointer, "v", "const float __attribute__((vector_size(16))) *v" },
		{ &complex_double, "z", "double _Complex z" },
		{ &reference, "u", "const struct user &u" }, { &rvalue, "r", "int &&r" },
		{ &member, "m", "int ns::user::*m" }, { &class, "c", "ns::user c" },
		{ &vla, "a", "int a[]" }, { &vla_pointer, "a", "int (*a)[]" },
		{ &quad, "q", "_Float128 q" },
		{ &rust_int, "n", "long n" }, { &rust_size, "n", "unsigned long n" },
		{ &go_int, "n", "long n" }, { &fortran, "x", "double x" },
		{ &va_param, "ap", "__builtin_va_list ap" }, { &va_pointer, "ap", "__builtin_va_list *ap" },
	};
	TWZ_ARENA arena = { 0 };

	(void)state;
	for (size_t i = 0; i < TWZ_COUNT(rows); i++)
		assert_string_equal(declared(&arena, rows[i].type, 0, rows[i].name, NULL), rows[i].text);
	assert_string_equal(declared(&arena, &texts, TWZ_CONST | TWZ_VOLATILE, "p", NULL),
			    "const char *const *const volatile p");
	assert_string_equal(declared(&arena, &int_type, TWZ_ATOMIC, "n", NULL), "_Atomic int n");
}

static void
headers_use_words_of_both_languages(void **state)
{
	const struct twz_c_style style = { .portable = true, .promote = true };
	struct twz_member params[] = {
		{ .name = "x", .type = &f32 }, { .name = "c", .type = &twz_type_char },
		{ .name = "s", .type = &plain_text, .quals = TWZ_RESTRICT },
	};
	const struct twz_type old = { .kind = TWZ_FUNC, .name = "", .members = params, .nmembers = 3 };
	TWZ_ARENA arena = { 0 };

	(void)state;
	/* Without a prototype a float is passed as a double: only that prototype is the function's. */
	assert_string_equal(declared(&arena, &old, 0, "f", &style), "void f(double x, int c, char *__restrict s)");
	assert_string_equal(declared(&arena, &old, 0, "f", NULL), "void f(float x, char c, char *restrict s)");
	assert_string_equal(declared(&arena, &int_type, TWZ_ATOMIC, "n", &style), "TWZ_ATOMIC int n");
}

/* Each function takes the one before twice: the text of the 40th has a million million letters. */
static void
text_has_a_limit(void **state)
{
	enum { LEVELS = 40 };
	struct twz_type functions[LEVELS], taken[LEVELS];
	struct twz_member params[LEVELS][2];
	TWZ_TEXT out = { 0 };
	struct twz_gate gate;
	TWZ_ARENA arena = { 0 };
	const char *shown;

	(void)state;
	for (int i = 0; i < LEVELS; i++) {
		const struct twz_type *inner = i ? &taken[i - 1] : &int_type;

		params[i][0] = params[i][1] = (struct twz_member){ .name = "f", .type = inner };
		functions[i] = (struct twz_type){ .kind = TWZ_FUNC, .name = "", .is_prototyped = true,
						  .members = params[i], .nmembers = 2 };
		taken[i] = (struct twz_type)POINTER(&functions[i]);
	}
	twz_text_puts(&out, "before ");
	assert_false(twz_c_text(&out, &functions[LEVELS - 1], 0, "f", NULL));
	assert_true(out.n <= TWZ_SIGNATURE_MAX + 32);
	assert_memory_equal(out.bytes + out.n - strlen("…truncated"), "…truncated", strlen("…truncated"));
	/* What comes behind is whole again. */
	assert_true(twz_c_text(&out, &int_type, 0, "n", NULL));
	assert_memory_equal(out.bytes + out.n - 5, "int n", 5);
	gate = (struct twz_gate){ .name = "f", .symbol = "f", .type = &functions[LEVELS - 1] };
	shown = twz_signature_text(&arena, &gate);
	assert_true(strlen(shown) <= TWZ_SIGNATURE_MAX + 32);
	assert_string_equal(shown + strlen(shown) - strlen("…truncated"), "…truncated");
}

static void
depth_has_a_limit(void **state)
{
	enum { LEVELS = 100000 };
	struct twz_type *chain = calloc(LEVELS, sizeof(*chain));
	TWZ_TEXT out = { 0 };

	(void)state;
	for (int i = 0; i < LEVELS; i++)
		chain[i] = (struct twz_type)POINTER(i ? &chain[i - 1] : &int_type);
	twz_c_text(&out, &chain[LEVELS - 1], 0, "p", NULL);
	assert_true(out.n < 200);
	chain[0].target = &chain[LEVELS - 1];	/* and without an end */
	twz_type_add(&out, &chain[5]);
	assert_true(out.n < 1000);
	free(chain);
}

static void
texts_grow_and_end(void **state)
{
	TWZ_TEXT out = { 0 };
	size_t before;

	(void)state;
	for (int i = 0; i < 5000; i++)
		twz_text_unsigned(&out, 7);
	assert_int_equal(out.n, 5000);
	before = twz_text_limit(&out, 4);
	twz_text_puts(&out, "abc");
	twz_text_puts(&out, "ü");	/* half of it would fit */
	twz_text_puts(&out, "x");
	assert_int_equal(out.n, 5003);
	assert_false(twz_text_unlimit(&out, before, "!"));
	assert_memory_equal(out.bytes + 5000, "abc!", 4);
	twz_text_reset(&out);
	twz_text_signed(&out, INT64_MIN);
	twz_text_byte(&out, ' ');
	twz_text_unsigned(&out, UINT64_MAX);
	twz_text_json(&out, "a\"b\\\n\x7fü");
	twz_text_json(&out, "\xff!");
	twz_text_byte(&out, '\0');
	assert_string_equal(out.bytes, "-9223372036854775808 18446744073709551615"
				       "\"a\\\"b\\\\\\u000a\\u007fü\"\"?!\"");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_declarator),
		cmocka_unit_test(headers_use_words_of_both_languages),
		cmocka_unit_test(text_has_a_limit),
		cmocka_unit_test(depth_has_a_limit),
		cmocka_unit_test(texts_grow_and_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
