/*
 * Declarations as they stand in preprocessed headers, and when a header and a library agree about how a
 * function is called.
 */
#include "tests/unit/unit.h"

#include "introspect/headers/header_types.h"
#include "introspect/headers/headers.h"

static const char source[] =
	"# 1 \"/usr/include/one.h\" 1 3\n"
	"typedef struct z_stream_s { int (*alloc)(int n); } z_stream;\n"
	"extern int deflate (z_stream *strm, int flush) __attribute__((nonnull (1)));\n"
	"# 40 \"two.h\"\n"
	"extern __attribute__((visibility(\"default\")))\n"
	"const char *  name_of(const z_stream *);\n"
	"void (*signal(int sig, void (*handler)(int)))(int);\n"
	"int (max)(int a, int b);\n"
	"int nothing(void);\n"
	"int many(const char *restrict format, ...);\n"
	"unsigned long long sum(unsigned long long n, const double values[static 4], unsigned, long unsigned x);\n"
	"static inline int quick(int a) { int slow(int b); return slow(a); }\n"
	"typedef int callback(int event);\n"
	"int text(const char *a) __asm__(\"text(int b);\");\n"
	"struct pair { int x, y; } make(struct pair from, enum color);\n"
	"int broken(int a\n";

static const struct {
	const char *name, *text, *params, *file;
	unsigned long line;
} rows[] = {
	{ "deflate", "int deflate(z_stream *strm, int flush)", "strm,flush", "/usr/include/one.h", 2 },
	{ "name_of", "const char *name_of(const z_stream *)", "", "two.h", 40 },
	{ "signal", "void (*signal(int sig, void (*handler)(int)))(int)", "sig,handler", "two.h", 42 },
	{ "max", "int (max)(int a, int b)", "a,b", "two.h", 43 },
	{ "nothing", "int nothing(void)", "", "two.h", 44 },
	{ "many", "int many(const char *restrict format, ...)", "format", "two.h", 45 },
	{ "sum", "unsigned long long sum(unsigned long long n, const double values[static 4], unsigned, "
	  "long unsigned x)", "", "two.h", 46 },
	{ "quick", "static inline int quick(int a)", "a", "two.h", 47 },
	{ "text", "int text(const char *a)", "a", "two.h", 49 },
	/* these are no functions, or not at the top */
	{ "slow", "", "", "", 0 },
	{ "callback", "", "", "", 0 },
	{ "alloc", "", "", "", 0 },
	{ "broken", "", "", "", 0 },
	{ "absent", "", "", "", 0 },
};

static void
test_declarations(void **state)
{
	TWZ_ARENA arena = { 0 };
	struct header_text *text = header_text_read(source, strlen(source), &arena);

	(void)state;
	for (size_t i = 0; i < TWZ_COUNT(rows); i++) {
		struct header_function f = { .name = rows[i].name };

		header_text_describe(text, &f, &arena);
		assert_string_equal(f.text, rows[i].text);
		assert_string_equal(f.params, rows[i].params);
		assert_string_equal(f.file, rows[i].file);
		assert_int_equal(f.line, rows[i].line);
		assert_int_equal(header_text_has(text, rows[i].name), strcmp(rows[i].name, "absent") != 0);
	}
	assert_false(header_text_has(text, "visibility(\"default\")"));
	assert_true(header_text_has(text, "z_stream_s"));
}

/* Text that ends anywhere is read to its end and no further. */
static void
test_cut_text(void **state)
{
	(void)state;
	for (size_t n = 0; n <= strlen(source); n++) {
		TWZ_ARENA arena = { 0 };
		char *copy = malloc(n ? n : 1);
		struct header_text *text;

		assert_non_null(copy);
		memcpy(copy, source, n);
		text = header_text_read(copy, n, &arena);
		for (size_t i = 0; i < TWZ_COUNT(rows); i++) {
			struct header_function f = { .name = rows[i].name };

			header_text_describe(text, &f, &arena);
		}
		free(copy);
	}
}

/* -- agreement -------------------------------------------------------------------------------------- */

static const struct twz_type pair = { .kind = TWZ_STRUCT, .name = "pair", .size = 8, .align = 4 };
static const struct twz_type long_pair = { .kind = TWZ_STRUCT, .name = "pair", .size = 16, .align = 8 };
static const struct twz_type other = { .kind = TWZ_STRUCT, .name = "other", .size = 8, .align = 4 };
static const struct twz_type declared = { .kind = TWZ_OPAQUE, .form = TWZ_FORM_STRUCT, .name = "pair" };
static const struct twz_type number = { .kind = TWZ_TYPEDEF, .name = "number", .target = &twz_type_i32,
	.size = 4 };
static const struct twz_type color = { .kind = TWZ_ENUM, .name = "color", .size = 4 };
static const struct twz_type to_void = { .kind = TWZ_POINTER, .name = "", .target = &twz_type_void, .size = 8 };
static const struct twz_type to_pair = { .kind = TWZ_POINTER, .name = "", .target = &pair, .size = 8 };
static const struct twz_type to_long_pair = { .kind = TWZ_POINTER, .name = "", .target = &long_pair,
	.size = 8 };
static const struct twz_type to_other = { .kind = TWZ_POINTER, .name = "", .target = &other, .size = 8 };
static const struct twz_type to_declared = { .kind = TWZ_POINTER, .name = "", .target = &declared, .size = 8 };
static const struct twz_type to_byte = { .kind = TWZ_POINTER, .name = "", .target = &twz_type_u8, .size = 8 };

static void
test_agreement(void **state)
{
	static const struct {
		const struct twz_type *a, *b;
		bool agree;
	} pairs[] = {
		{ &twz_type_i32, &twz_type_i32, true }, { &number, &twz_type_i32, true },
		{ &color, &twz_type_u32, true }, { &twz_type_i32, &twz_type_u32, false },
		{ &twz_type_i32, &twz_type_i64, false }, { &twz_type_f64, &twz_type_f32, false },
		{ &twz_type_f64, &twz_type_i64, false }, { &twz_type_i64, &to_void, false },
		{ &to_void, &to_pair, true }, { &to_pair, &to_declared, true }, { &to_pair, &to_other, false },
		{ &to_pair, &to_long_pair, false }, { &pair, &pair, true }, { &pair, &long_pair, false },
		{ &pair, &other, false }, { &pair, &to_pair, false }, { &twz_type_string, &to_byte, true },
		{ &twz_type_string, &to_pair, false }, { &twz_type_void, &twz_type_i32, false },
	};

	(void)state;
	for (size_t i = 0; i < TWZ_COUNT(pairs); i++) {
		const struct twz_member a = { .name = "a", .type = pairs[i].a }, b = { .name = "", .type = pairs[i].b };
		struct twz_type f = { .kind = TWZ_FUNC, .name = "", .is_prototyped = true, .members = &a,
			.nmembers = 1, .target = &twz_type_void };
		struct twz_type g = f;

		g.members = &b;
		if (header_types_agree(&f, &g) != pairs[i].agree || header_types_agree(&g, &f) != pairs[i].agree)
			fail_msg("parameters, row %zu", i);
		f.nmembers = g.nmembers = 0;
		f.target = pairs[i].a;
		g.target = pairs[i].b;
		if (header_types_agree(&f, &g) != pairs[i].agree)
			fail_msg("results, row %zu", i);
	}
}

static void
test_arity(void **state)
{
	const struct twz_member one = { .name = "a", .type = &twz_type_i32 };
	const struct twz_type f = { .kind = TWZ_FUNC, .name = "", .is_prototyped = true, .members = &one,
		.nmembers = 1, .target = &twz_type_void };
	struct twz_type g = f;

	(void)state;
	g.nmembers = 0;
	assert_false(header_types_agree(&f, &g));
	g.is_prototyped = false;	/* void g() says nothing */
	assert_true(header_types_agree(&f, &g));
	g = f;
	g.is_variadic = true;
	assert_false(header_types_agree(&f, &g));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_declarations),
		cmocka_unit_test(test_cut_text),
		cmocka_unit_test(test_agreement),
		cmocka_unit_test(test_arity),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
