/*
 * Full fidelity: whatever a type is, it is shown as its source had it, by both engines, whatever
 * compiler and version of DWARF described it.
 */
#include "tests/unit/unit.h"

#include "tests/unit/introspect_fixture.h"

static const struct { const char *name, *c; } declared[] = {
	{ "constants", "int constants(int a, volatile long *b, const char *const *c, char *d)" },
	{ "restricted", "void restricted(int *restrict a, const struct point *restrict b)" },
	{ "texts", "int texts(text a, const letter *b, letter *c, const unsigned char *d)" },
	{ "behind_typedef", "int behind_typedef(const_point *a)" },
	{ "atomics", "int atomics(_Atomic int *a, _Atomic long b)" },
	{ "longest", "long double longest(long double a)" },
	{ "complexes", "double _Complex complexes(float _Complex a, long double _Complex b)" },
	{ "widest", "__int128 widest(unsigned __int128 a)" },
	{ "vectors", "four vectors(four a)" },
	{ "opaques", "int opaques(struct declared *a, const union declared_union *b, "
		     "enum declared_enum *c)" },
	{ "pointers", "int pointers(int (*a)[5], int **b, int **c, void *d)" },
	{ "returns_function", "int (*returns_function(int a))(const char *, ...)" },
	{ "returns_array", "int (*returns_array(void))[7]" },
	{ "takes_functions", "compare takes_functions(compare a, function *b, void (*c)(int (*)(void)))" },
	{ "never", "void never(void)" },
	{ "more", "int more(const char *format, ...)" },
};

/* Qualifiers of parameters themselves are their function's business: compilers tell some, or not. */
static const char *
without_own_quals(const struct twz_gate *gate, struct twz_arena *arena)
{
	struct twz_type type = *gate->type;
	struct twz_member *params = twz_new_array(arena, type.nmembers, struct twz_member);
	char *text = NULL;
	size_t n = 0;
	FILE *out;

	for (uint32_t i = 0; i < type.nmembers; i++) {
		params[i] = type.members[i];
		params[i].quals &= TWZ_RESTRICT | TWZ_ATOMIC;
	}
	type.members = params;
	out = open_memstream(&text, &n);
	twz_c_declare(out, &type, gate->symbol);
	fclose(out);
	text[n] = '\0';
	return text;
}

/* "__restrict" and "restrict", and attributes before the name, are all the same to C. */
static bool
says(const char *text, const char *want)
{
	char plain[512];
	size_t n = 0;

	for (; *text && n < sizeof(plain) - 1; text++) {
		if (!strncmp(text, "__restrict ", 11))
			text += 2;
		plain[n++] = *text;
	}
	plain[n] = '\0';
	return !strcmp(plain, want);
}

static const struct twz_type *
target_of(const struct twz_service *service, uint32_t i)
{
	return gate_of(service, "layouts")->type->members[i].type->target;
}

static const struct twz_member *
field(const struct twz_type *type, const char *name)
{
	const struct twz_member *m = twz_member_find(type, name);

	if (!m)
		fail_msg("no field %s in %s", name, type->name);
	return m;
}

static void
check_bits(const struct twz_type *type, const char *name, unsigned from, unsigned n)
{
	const struct twz_member *m = field(type, name);

	assert_int_equal(m->bit_size, n);
	assert_int_equal(m->offset * 8 + m->bit_offset, from);
}

/* @atomics: DWARF can say _Atomic since version 5. */
static void
check_layouts(const struct twz_service *s, bool atomics)
{
	const struct twz_type *bits = target_of(s, 0), *packed = target_of(s, 1), *quals = target_of(s, 2);
	const struct twz_type *vector = target_of(s, 6);

	check_bits(bits, "a", 0, 3);
	check_bits(bits, "b", 3, 7);
	check_bits(bits, "c", 10, 22);
	check_bits(bits, "d", 64, 40);
	check_bits(bits, "e", 104, 2);
	check_bits(bits, "f", 106, 1);
	check_bits(packed, "a", 8, 12);
	check_bits(packed, "b", 20, 20);
	assert_int_equal(packed->size, 7);
	assert_int_equal(packed->align, 1);
	assert_int_equal(field(packed, "s")->offset, 5);

	assert_int_equal(field(quals, "a")->quals, TWZ_CONST);
	assert_int_equal(field(quals, "b")->quals, TWZ_VOLATILE);
	assert_int_equal(field(quals, "c")->quals, TWZ_RESTRICT);
	assert_int_equal(field(quals, "c")->type->quals, TWZ_CONST);
	assert_int_equal(field(quals, "c")->type->target->kind, TWZ_STRING);
	assert_true(field(quals, "c")->type->target->is_const);
	assert_int_equal(field(quals, "d")->quals, atomics ? TWZ_ATOMIC : 0);
	assert_int_equal(field(quals, "next")->quals, TWZ_VOLATILE);
	assert_ptr_equal(field(quals, "next")->type->target, quals);
	assert_int_equal(quals->members[5].type->kind, TWZ_STRUCT);
	assert_string_equal(quals->members[5].name, "");
	assert_int_equal(field(quals, "grid")->type->count, 3);
	assert_int_equal(field(quals, "grid")->type->target->count, 4);
	assert_int_equal(field(quals, "rest")->type->count, 0);
	assert_int_equal(field(quals, "rest")->type->kind, TWZ_ARRAY);

	assert_int_equal(target_of(s, 3)->size, 64);
	assert_int_equal(field(target_of(s, 4), "a")->offset, 32);
	assert_int_equal(target_of(s, 5)->kind, TWZ_STRUCT);
	assert_int_equal(target_of(s, 5)->size, 0);
	assert_int_equal(field(vector, "v")->type->target->form, TWZ_FORM_VECTOR);
	assert_int_equal(field(vector, "v")->type->size, 16);
	assert_int_equal(field(vector, "l")->type->size, 16);
	assert_int_equal(field(vector, "z")->type->form, TWZ_FORM_COMPLEX);
	assert_int_equal(field(vector, "i")->offset, 48);
}

/* DWARF has alignments since version 5. */
static void
check_alignments(const struct twz_service *s)
{
	assert_int_equal(target_of(s, 3)->align, 64);
	assert_int_equal(target_of(s, 4)->align, 32);
}

static void
check_forms(const struct twz_service *s, bool atomics)
{
	TWZ_ARENA arena = { 0 };
	const struct twz_type *opaque = gate_of(s, "opaques")->type;
	const struct twz_type *vla = twz_type_strip(gate_of(s, "variable")->type->members[1].type);

	for (size_t i = 0; i < TWZ_COUNT(declared); i++) {
		const char *text = without_own_quals(gate_of(s, declared[i].name), &arena);

		if (!says(text, declared[i].c) && (atomics || strcmp(declared[i].name, "atomics")))
			fail_msg("%s, not %s", text, declared[i].c);
		free((void *)(uintptr_t)text);
	}
	assert_int_equal(opaque->members[0].type->target->form, TWZ_FORM_STRUCT);
	assert_int_equal(opaque->members[1].type->target->form, TWZ_FORM_UNION);
	assert_true(opaque->members[1].type->is_const);
	assert_int_equal(vla->kind, TWZ_POINTER);
	/* Where the length lives nowhere any more, the array is one without a length. */
	assert_true(vla->target->form == TWZ_FORM_VLA ||
		    (vla->target->kind == TWZ_ARRAY && !vla->target->count));
	assert_string_equal(vla->target->target->name, "int");
	assert_true(gate_of(s, "behind_typedef")->type->members[0].type->is_const);
	assert_int_equal(gate_of(s, "behind_typedef")->type->members[0].type->quals, 0);
	assert_true(gate_of(s, "never")->noreturn || !atomics);
	assert_true(gate_of(s, "more")->type->is_variadic);
}

static void
test_forms(void **state)
{
	static const char *const compilers[] = { "gcc", "clang" };
	static const char *const flags[] = { "-gdwarf-5 -O0", "-gdwarf-5 -O2", "-gdwarf-4 -O0",
					     "-gdwarf-4 -fdebug-types-section", "-gdwarf-3 -O0" };

	(void)state;
	for (size_t c = 0; c < TWZ_COUNT(compilers); c++)
		for (size_t i = 0; have(compilers[c]) && i < TWZ_COUNT(flags); i++) {
			TWZ_ARENA arena = { 0 };
			const struct twz_service *s;

			assert_int_equal(shell("%s %s -w -fPIC -shared -o $D/forms.so " FIXTURES "forms.c",
					       compilers[c], flags[i]), 0);
			s = inspect_ok(in_folder("forms.so"), true, &arena);
			assert_false(s->partial);
			check_forms(s, i < 2);
			if (i != 3 && !(c && i == 4))
				check_layouts(s, i < 2);
			if (i < 2)
				check_alignments(s);
		}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forms),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
