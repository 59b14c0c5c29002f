/*
 * Headers that are made from a library: each compiler takes them as C and as C++, every assertion in
 * them holds, and a library that is built from one has the types that the first library had.
 */
#include "tests/unit/unit.h"

#include "introspect/show/ctext.h"
#include "introspect/show/show.h"
#include "tests/unit/introspect_fixture.h"

static const char *const compilers[] = { "gcc", "clang" };

static const char *const readers[] = {
	"gcc -std=c11 -xc", "clang -std=c11 -xc", "g++ -std=c++17 -xc++", "clang++ -std=c++11 -xc++",
};

static bool
have_first_word(const char *command)
{
	char program[16];

	snprintf(program, sizeof(program), "%.*s", (int)strcspn(command, " "), command);
	return have(program);
}

static void
write_header(const char *so, const char *header, bool whole)
{
	TWZ_ARENA arena = { 0 };
	FILE *out = fopen(in_folder(header), "w");

	assert_non_null(out);
	show_c(out, inspect_ok(in_folder(so), true, &arena), whole);
	fclose(out);
}

static void
everybody_takes(const char *header)
{
	for (size_t i = 0; i < TWZ_COUNT(readers); i++)
		if (have_first_word(readers[i]) &&
		    shell("%s -Wall -Werror -fsyntax-only $D/%s", readers[i], header))
			fail_msg("%s does not take %s", readers[i], header);
}

/*
 * A library with a body for each declaration: what begins a line, ends in ");" and is no type. Such a
 * library is as good as the header.
 */
static int
build_from_header(const char *compiler)
{
	return shell("{ echo '#include \"made.h\"'; echo '#define TWZ_ATOMIC _Atomic'; "
		     "echo '#define TWZ_CXX(name) name'; echo '#define TWZ_OUTER'; "
		     "sed -n '/^[a-z_].*);$/{/^typedef/d;s/;$/ { __builtin_trap(); }/;p;}' $D/made.h; "
		     "} >$D/made.c && %s -std=c11 -g -w -shared -fPIC -o $D/made.so $D/made.c", compiler);
}

/* The texts first: where they differ, they say best what is wrong. */
static void
compare(const struct twz_service *was, const struct twz_service *is)
{
	uint32_t compared = 0;

	for (uint32_t i = 0; i < was->ngates; i++) {
		const struct twz_gate *gate = &was->gates[i], *again = twz_gate_find(is, gate->name);
		TWZ_ARENA arena = { 0 };
		TWZ_TEXT one = { 0 }, other = { 0 };

		if (!again || !again->type)
			fail_msg("%s is not in what was made from the header", gate->name);
		twz_c_text(&one, gate->type, 0, gate->symbol, NULL);
		twz_c_text(&other, again->type, 0, again->symbol, NULL);
		assert_string_equal(twz_text_copy(&arena, &one), twz_text_copy(&arena, &other));
		if (!twz_type_equal(gate->type, again->type))
			fail_msg("%s reaches other types than before", gate->name);
		compared++;
	}
	assert_true(compared > 0);
	assert_int_equal(was->ngates, is->ngates);
}

static void
layouts_come_back(void **state)
{
	(void)state;
	for (size_t i = 0; i < TWZ_COUNT(compilers); i++)
		for (size_t k = 0; k < TWZ_COUNT(compilers); k++) {
			TWZ_ARENA arena = { 0 };

			if (!have(compilers[i]) || !have(compilers[k]))
				continue;
			assert_int_equal(shell("%s -g -w -shared -fPIC -o $D/first.so " FIXTURES "header.c",
					       compilers[i]), 0);
			write_header("first.so", "made.h", true);
			everybody_takes("made.h");
			assert_int_equal(build_from_header(compilers[k]), 0);
			compare(inspect_ok(in_folder("first.so"), true, &arena),
				inspect_ok(in_folder("made.so"), true, &arena));
		}
}

static void
an_assertion_fails_where_a_layout_is_wrong(void **state)
{
	(void)state;
	assert_int_equal(shell("gcc -g -w -shared -fPIC -o $D/first.so " FIXTURES "header.c"), 0);
	write_header("first.so", "made.h", true);
	assert_int_equal(shell("gcc -fsyntax-only -xc $D/made.h"), 0);
	/* A size, a place, a number: each alone is noticed. */
	assert_int_not_equal(shell("sed 's/^\tlong b;/\tint b;/' $D/made.h >$D/bad.h && "
				   "gcc -fsyntax-only -xc $D/bad.h 2>/dev/null"), 0);
	assert_int_not_equal(shell("sed 's/^\tMIDDLE = 300/\tMIDDLE = 301/' $D/made.h >$D/bad.h && "
				   "gcc -fsyntax-only -xc $D/bad.h 2>/dev/null"), 0);
	assert_int_not_equal(shell("sed 's/aligned(64)/aligned(32)/' $D/made.h >$D/bad.h && "
				   "gcc -fsyntax-only -xc $D/bad.h 2>/dev/null"), 0);
}

/* Two units, each with types of its own under the same names; words that are no names in C or C++. */
static const char unit_a[] =
	"#include <stddef.h>\n"
	"struct node { int a; struct node *next; }; typedef struct node *node_t; enum mode { OFF, ON };\n"
	"typedef struct foo *foo; struct foo { foo foo; int class; struct node *delete; };\n"
	"int first(struct node *n, node_t m, enum mode mode, foo f) { return n->a + mode + (f != 0); }\n"
	"int delete(int this, int new) { return this + new; }\n"
	"size_t count(size_t size_t) { return size_t; }\n"
	"int unnamed(struct { int q; } *p) { return p->q; }\n";
static const char unit_b[] =
	"struct node { double b; struct node *other; }; typedef struct node *node_t; enum mode { ON, AUTO };\n"
	"typedef unsigned short size_t; typedef unsigned long uint8_t; typedef int first_t;\n"
	"double second(struct node *n, node_t m, enum mode mode) { return n->b + mode; }\n"
	"size_t third(size_t n, uint8_t m, first_t *second) { return n + m + *second; }\n"
	"int old(a, c) float a; char c; { return a + c; }\n";

static void
write_file(const char *name, const char *text)
{
	FILE *f = fopen(in_folder(name), "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void
names_that_clash(void **state)
{
	static const char *const lines[] = {
		"int first(struct node \\*n, node_t m, enum mode mode, foo f);",
		"double second(struct node__2 \\*n, node_t__2 m, enum mode__2 mode);",
		"size_t__2 third(size_t__2 n, uint8_t__2 m, first_t \\*second);",
		"int delete_(int this_, int new_) __asm__(\"delete\");",
		"size_t count(size_t size_t_);",
		"int unnamed(struct twz_unnamed_1 \\*p);",
		"int old(double a, int c);",
		"\tON__2 = 0,",
		"\tstruct node \\*TWZ_CXX(delete);",
	};

	(void)state;
	write_file("a.c", unit_a);
	write_file("b.c", unit_b);
	assert_int_equal(shell("gcc -g -w -shared -fPIC -o $D/clash.so $D/a.c $D/b.c"), 0);
	write_header("clash.so", "clash.h", true);
	everybody_takes("clash.h");
	for (size_t i = 0; i < TWZ_COUNT(lines); i++)
		if (shell("grep -q '^%s$' $D/clash.h", lines[i]))
			fail_msg("no line '%s'", lines[i]);
}

static void
what_c_cannot_say_is_a_comment(void **state)
{
	(void)state;
	if (!have("g++"))
		return;
	write_file("c.cc", "namespace ns { struct Own { Own(const Own &); ~Own(); int n; };\n"
			   "int by_reference(Own &o) { return o.n; } int by_pointer(Own *o) { return o->n; }\n"
			   "int by_value(Own o) { return o.n; } }\n");
	assert_int_equal(shell("g++ -g -w -shared -fPIC -o $D/c.so $D/c.cc"), 0);
	write_header("c.so", "c.h", true);
	everybody_takes("c.h");
	assert_int_equal(shell("grep -q '^int _ZN2ns10by_pointerEPNS_3OwnE(struct [A-Za-z_]*Own \\*o);$' $D/c.h"), 0);
	assert_int_equal(shell("grep -q '^/\\* _ZN2ns12by_referenceERNS_3OwnE: ' $D/c.h"), 0);
	assert_int_equal(shell("grep -q '^/\\* _ZN2ns8by_valueENS_3OwnE: ' $D/c.h"), 0);
	assert_int_equal(shell("! grep '^[a-z].*by_value' $D/c.h"), 0);
}

/* Ten thousand functions and twenty thousand types: tables, not lists. Quadratic work would take minutes. */
static void
many_functions(void **state)
{
	enum { N = 10000 };
	TWZ_ARENA arena = { 0 };
	struct twz_gate *gates = twz_new_array(&arena, N, struct twz_gate);
	const struct twz_service service = { .name = "many", .version = "", .doc = "", .path = "many.so",
					     .gates = gates, .ngates = N };
	FILE *null = fopen("/dev/null", "w");

	(void)state;
	assert_non_null(null);
	for (uint32_t i = 0; i < N; i++) {
		struct twz_type *t = twz_new_array(&arena, 4, struct twz_type);
		struct twz_member *m = twz_new_array(&arena, 2, struct twz_member);
		const char *name = twz_format(&arena, "s%u", i);

		m[0] = (struct twz_member){ .name = "x", .type = &twz_type_i32 };
		t[0] = (struct twz_type){ .kind = TWZ_STRUCT, .name = name, .size = 4, .align = 4, .members = m,
					  .nmembers = 1 };
		t[1] = (struct twz_type){ .kind = TWZ_TYPEDEF, .name = twz_format(&arena, "t%u", i), .size = 4,
					  .align = 4, .target = &t[0] };
		t[2] = (struct twz_type){ .kind = TWZ_POINTER, .name = "", .size = 8, .target = &t[1] };
		m[1] = (struct twz_member){ .name = "p", .type = &t[2] };
		t[3] = (struct twz_type){ .kind = TWZ_FUNC, .name = "", .is_prototyped = true, .members = &m[1],
					  .nmembers = 1, .target = &twz_type_void };
		gates[i] = (struct twz_gate){ .name = twz_format(&arena, "f%u", i), .type = &t[3], .doc = "",
					      .how = "name", .why = "", .requires = "", .converts = "",
					      .index = i };
		gates[i].symbol = gates[i].name;
	}
	show_c(null, &service, true);
	show_json(null, &service);
	show_dot(null, &service);
	assert_int_equal(show_types(null, &service, NULL, false), 2 * N);
	fclose(null);
}

/* -- types that no compiler makes -------------------------------------------------------------------- */

/* Every writer, on a function that takes a pointer to @type and @type itself. */
static void
write_all(const struct twz_type *type)
{
	const struct twz_type pointer = { .kind = TWZ_POINTER, .name = "", .size = 8, .target = type };
	const struct twz_member params[] = { { .name = "p", .type = &pointer }, { .name = "v", .type = type } };
	const struct twz_type func = { .kind = TWZ_FUNC, .name = "", .is_prototyped = true, .members = params,
				       .nmembers = 2 };
	const struct twz_gate gate = { .name = "f", .symbol = "f", .type = &func, .doc = "", .how = "name",
				       .why = "", .requires = "", .converts = "" };
	const struct twz_service service = { .name = "odd", .version = "", .doc = "", .path = "odd.so",
					     .gates = &gate, .ngates = 1 };
	FILE *null = fopen("/dev/null", "w");

	assert_non_null(null);
	alarm(300);
	show_c(null, &service, true);
	show_json(null, &service);
	show_dot(null, &service);
	show_text(null, &service, true);
	show_types(null, &service, NULL, true);
	show_gate(null, &service, &gate, false);
	alarm(0);
	fclose(null);
}

static void
circles_end(void **state)
{
	struct twz_type a = { .kind = TWZ_TYPEDEF, .name = "a" }, b = { .kind = TWZ_TYPEDEF, .name = "b", .target = &a };
	struct twz_type own = { .kind = TWZ_STRUCT, .name = "own", .size = 8, .align = 8, .nmembers = 1 };
	struct twz_type anonymous = { .kind = TWZ_STRUCT, .name = "", .size = 8, .align = 8, .nmembers = 1 };
	struct twz_type array = { .kind = TWZ_ARRAY, .name = "", .count = 2 };
	struct twz_type pointer = { .kind = TWZ_POINTER, .name = "", .size = 8 };
	struct twz_member self = { .name = "self", .type = &own }, inner = { .name = "", .type = &anonymous };

	(void)state;
	a.target = &b;
	own.members = &self;
	anonymous.members = &inner;
	array.target = &array;
	pointer.target = &pointer;
	write_all(&a);
	write_all(&own);
	write_all(&anonymous);
	write_all(&array);
	write_all(&pointer);
}

/* Each level holds the one below twice: written out, the last would fill every disk. */
static void
doubling_ends(void **state)
{
	enum { LEVELS = 40 };
	struct twz_type structs[LEVELS], functions[LEVELS], pointers[LEVELS];
	struct twz_member fields[LEVELS][2], params[LEVELS][2];

	(void)state;
	for (int i = 0; i < LEVELS; i++) {
		const struct twz_type *field = i ? &structs[i - 1] : &twz_type_i32;
		const struct twz_type *param = i ? &pointers[i - 1] : &twz_type_i32;

		fields[i][0] = (struct twz_member){ .name = "a", .type = field };
		fields[i][1] = (struct twz_member){ .name = "b", .type = field, .offset = 4 };
		params[i][0] = params[i][1] = (struct twz_member){ .name = "f", .type = param };
		structs[i] = (struct twz_type){ .kind = TWZ_STRUCT, .name = "", .size = 8, .align = 4,
						.members = fields[i], .nmembers = 2 };
		functions[i] = (struct twz_type){ .kind = TWZ_FUNC, .name = "", .members = params[i], .nmembers = 2 };
		pointers[i] = (struct twz_type){ .kind = TWZ_POINTER, .name = "", .size = 8, .target = &functions[i] };
	}
	write_all(&structs[LEVELS - 1]);
	write_all(&pointers[LEVELS - 1]);
	for (int i = 1; i < LEVELS; i++)
		fields[i][0].name = fields[i][1].name = "";
	structs[LEVELS - 1].name = "top";
	write_all(&structs[LEVELS - 1]);
}

static void
chains_end(void **state)
{
	enum { LENGTH = 50000 };
	struct twz_type *typedefs = calloc(LENGTH, sizeof(*typedefs)), *structs = calloc(LENGTH, sizeof(*structs));
	struct twz_member *fields = calloc(LENGTH, sizeof(*fields));
	char (*names)[16] = calloc(LENGTH, sizeof(*names));

	(void)state;
	for (int i = 0; i < LENGTH; i++) {
		snprintf(names[i], sizeof(names[i]), "t%d", i);
		typedefs[i] = (struct twz_type){ .kind = TWZ_TYPEDEF, .name = names[i], .size = 4,
						 .target = i ? &typedefs[i - 1] : &twz_type_i32 };
		fields[i] = (struct twz_member){ .name = "x", .type = i ? &structs[i - 1] : &twz_type_i32 };
		structs[i] = (struct twz_type){ .kind = TWZ_STRUCT, .name = names[i], .size = 4, .align = 4,
						.members = &fields[i], .nmembers = 1 };
	}
	write_all(&typedefs[LENGTH - 1]);
	write_all(&structs[LENGTH - 1]);
	/* And as many different types of one name. */
	for (int i = 0; i < LENGTH; i++)
		structs[i].name = "same";
	write_all(&structs[LENGTH - 1]);
	free(typedefs), free(structs), free(fields), free(names);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(layouts_come_back),
		cmocka_unit_test(an_assertion_fails_where_a_layout_is_wrong),
		cmocka_unit_test(names_that_clash),
		cmocka_unit_test(what_c_cannot_say_is_a_comment),
		cmocka_unit_test(many_functions),
		cmocka_unit_test(circles_end),
		cmocka_unit_test(doubling_ends),
		cmocka_unit_test(chains_end),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
