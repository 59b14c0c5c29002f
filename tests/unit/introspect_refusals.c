/*
 * What must not be believed: files that are no services, records that contradict the file, functions
 * whose type is easily got wrong.
 */
#include "tests/unit/unit.h"

#include "introspect/file/elf.h"
#include "introspect/records.h"
#include "tests/unit/introspect_fixture.h"
#include "twz/typetext.h"

static int
set_up(void **state)
{
	static const char good[] =
		"cd $D && printf 'int f(int a) { return a; }\\n' >good.c && "
		"gcc -g -fPIC -shared -o good.so good.c && strip -g -o bare.so good.so && "
		"gcc -g -c -o good.o good.c && printf 'int main(void) { return 0; }' >main.c && "
		"gcc -g -pie -fPIE -o pie main.c && gcc -g -no-pie -o fixed main.c && "
		"head -c 5000 good.so >cut.so && head -c 40 good.so >head.so && "
		"printf 'GIF89a, not ELF' >text.so && : >empty.so && mkdir folder.so && "
		"mkfifo fifo.so && printf '\\177ELF\\1\\1\\1' >small32.so && "
		"cp good.so arm.so && printf '\\267' | dd of=arm.so bs=1 seek=18 conv=notrunc && "
		"cp good.so riscv.so && printf '\\363' | dd of=riscv.so bs=1 seek=18 conv=notrunc && "
		"cp good.so odd.so && printf '\\377\\377' | dd of=odd.so bs=1 seek=18 conv=notrunc && "
		"cp good.so big.so && printf '\\2' | dd of=big.so bs=1 seek=5 conv=notrunc";

	if (make_folder(state) || shell("{ %s; } 2>$D/log", good))
		return -1;
	return shell("gcc -g -O2 -fPIC -shared -o $D/records.so " FIXTURES "records.c") ||
	       shell("gcc -g -O2 -w -fPIC -shared -o $D/odd_functions.so " FIXTURES "odd.c "
		     FIXTURES "odd_types.c");
}

static const struct {
	const char *name;
	uint64_t code;
	const char *text;		/* part of the message */
} bad_files[] = {
	{ "nothing.so", TWZ_ERR(NAMING, NOT_FOUND), "cannot open the file: No such file" },
	{ "folder.so", TWZ_ERR(ARGUMENT, WRONG_TYPE), "not a regular file" },
	{ "fifo.so", TWZ_ERR(ARGUMENT, WRONG_TYPE), "not a regular file" },
	{ "text.so", TWZ_ERR(ARGUMENT, WRONG_TYPE), "not an ELF file" },
	{ "empty.so", TWZ_ERR(ARGUMENT, WRONG_TYPE), "not an ELF file" },
	{ "head.so", TWZ_ERR(IO, DATA_LOSS), "truncated" },
	{ "cut.so", TWZ_ERR(IO, DATA_LOSS), "truncated" },
	{ "small32.so", TWZ_ERR(GENERIC, NOT_SUPPORTED),
	  "32-bit ELF file; this twz calls 64-bit code" },
#ifdef __x86_64__
	{ "arm.so", TWZ_ERR(OBJECT, BASETYPE_MISMATCH), "made for another machine: AArch64" },
#endif
	{ "riscv.so", TWZ_ERR(OBJECT, BASETYPE_MISMATCH), "made for another machine: RISC-V" },
	{ "odd.so", TWZ_ERR(OBJECT, BASETYPE_MISMATCH), "machine 65535" },
	{ "big.so", TWZ_ERR(OBJECT, BASETYPE_MISMATCH), "big-endian" },
	{ "good.o", TWZ_ERR(NAMING, WRONG_NAME_KIND), "not a shared object but a relocatable" },
	{ "pie", TWZ_ERR(NAMING, WRONG_NAME_KIND), "not a shared object but a program" },
	{ "fixed", TWZ_ERR(NAMING, WRONG_NAME_KIND), "not a shared object but a program" },
};

static void
check_refused(const char *name, bool all, uint64_t code, const char *text)
{
	const struct introspect_options options = { .all = all, .debug_dir = folder };
	const struct twz_service *service;
	struct twz_error err = { 0 };
	TWZ_ARENA arena = { 0 };

	assert_false(introspect_file(in_folder(name), &options, &arena, &service, &err));
	assert_int_equal(err.cls, TWZ_CLASS_LINK);
	if (err.code != code || !strstr(err.text, text))
		fail_msg("%s: %s (%llx)", name, err.text, (unsigned long long)err.code);
}

static void
test_files(void **state)
{
	(void)state;
	for (size_t i = 0; i < TWZ_COUNT(bad_files); i++)
		check_refused(bad_files[i].name, false, bad_files[i].code, bad_files[i].text);
	check_refused("good.so", false, TWZ_ERR(NAMING, NOT_FOUND), "no gates");
	check_refused("bare.so", true, TWZ_ERR(OBJECT, INVALID_META), "no debug information");
}

/* Every proper beginning of a file is refused or at least survived. */
static void
test_beginnings(void **state)
{
	(void)state;
	for (int n = 1; n < 64; n += 7) {
		assert_int_equal(shell("head -c %d $D/good.so >$D/part.so", n), 0);
		if (n < 4)
			check_refused("part.so", true, TWZ_ERR(ARGUMENT, WRONG_TYPE), "not an ELF");
		else
			check_refused("part.so", true, TWZ_ERR(IO, DATA_LOSS), "truncated");
	}
}

/* -- records ---------------------------------------------------------------------------------------- */

static const struct { const char *name, *why; } records[] = {
	{ "stranger", "its record names a parameter 'nobody' that it does not have" },
	{ "extent_word", "the extent of 'data' is 'text', which is no integer" },
	{ "extent_zero", "the extent of 'data' is '0', which is neither a parameter nor a number" },
	{ "extent_name", "the extent of 'data' is 'COUNT', which is neither a parameter nor a number" },
	{ "extent_none", "its record has a wrong extent: 'data'" },
	{ "extent_twice", "its record has a wrong second extent: 'data,n'" },
	{ "extent_of_int", "its record treats parameter 'n' as a pointer" },
	{ "bad_level", "its record has a wrong level: 'most'" },
	{ "bad_alias", "its record has a wrong alias: 'a b'" },
	{ "same_alias", "its alias 'fine' is another gate's name already" },
	{ "bad_role", "its record has a wrong role: 'thing'" },
	{ "bad_converter", "it does not convert a type shown as 'Thing'" },
	{ "bad_capability", "its record has a wrong capability: 'a;b'" },
	{ "missing", "it is not an exported function of the file" },
};

static void
test_records(void **state)
{
	TWZ_ARENA arena = { 0 };
	const struct twz_service *service = inspect_ok(in_folder("records.so"), false, &arena);
	const struct twz_gate *gate;
	unsigned fine = 0;

	(void)state;
	assert_string_equal(service->name, "records");
	assert_true(service->partial);
	for (size_t i = 0; i < TWZ_COUNT(records); i++) {
		gate = twz_gate_find(service, records[i].name);
		assert_non_null(gate);
		assert_int_equal(gate->verdict, TWZ_VERDICT_REFUSED);
		assert_string_equal(gate->why, records[i].why);
	}
	gate = twz_gate_find(service, "extent_number");
	assert_int_equal(gate->verdict, TWZ_VERDICT_CALLABLE);
	assert_int_equal(gate->type->members[0].count, 16);
	for (uint32_t i = 0; i < service->ngates; i++) {
		gate = &service->gates[i];
		if (strcmp(gate->name, "fine"))
			continue;
		fine += gate->verdict == TWZ_VERDICT_CALLABLE;
		assert_null(strchr(gate->doc, '\033'));
	}
	assert_int_equal(fine, 1);	/* two records, of which one counts */
}

/* The section itself: every cut of a good one, and texts without an end. */
static void
test_sections(void **state)
{
	static const char whole[] = "twz=1\0gate=f\0doc=d\0secret=s\0\0\0\0\0";
	TWZ_ARENA arena = { 0 };
	struct records r;

	(void)state;
	for (size_t n = 0; n <= sizeof(whole); n++) {
		unsigned char *copy = malloc(n ? n : 1);	/* so that a read too far is noticed */

		memcpy(copy, whole, n);
		records_read((struct elf_section){ copy, n }, &arena, &r);
		assert_int_equal(r.ngates, n > 28 ? 1 : 0);
		assert_int_equal(r.partial, n > 0 && n <= 28 && n >= 6);
		free(copy);
	}
}

/* -- odd functions ---------------------------------------------------------------------------------- */

static const struct { const char *signature, *how, *why; } odd[] = {
	{ "original(text: string, n: i64) -> i32", "low_pc", "" },
	{ "other_name(text: string, n: i64) -> i32", "alias", "" },
	{ "weak_one() -> i32", "low_pc", "" },
	{ "length(_: string) -> size_t", "ifunc", "" },
	{ "old_style(a: i32, b: f64?) -> i32", "low_pc",
	  "declared without a prototype, so its parameters are not certain" },
	{ "no_prototype(?) -> i32", "low_pc",
	  "declared without a prototype, so its parameters are not certain" },
	{ "in_assembly(?)", "none", "the debug information does not describe it" },
	{ "split(n: i32, flag: u8) -> i32", "ranges", "" },
	{ "hidden_depth(h: hidden) -> i32", "low_pc", "" },
	{ "takes_typed(t: *typed, s: *typed) -> i32", "low_pc",
	  "parameter 't': a pointer to an opaque type cannot cross a gate" },
	{ "known_here(h: hidden, n: *nowhere) -> i64", "low_pc",
	  "parameter 'n': a pointer to an opaque type cannot cross a gate" },
};

static void
test_odd_functions(void **state)
{
	TWZ_ARENA arena = { 0 };
	const struct twz_service *service = inspect_ok(in_folder("odd_functions.so"), true, &arena);

	(void)state;
	assert_int_equal(service->ngates, TWZ_COUNT(odd));
	for (size_t i = 0; i < TWZ_COUNT(odd); i++) {
		const char *end = strchr(odd[i].signature, '(');
		const char *name = twz_strndup(&arena, odd[i].signature,
					       (size_t)(end - odd[i].signature));
		const struct twz_gate *gate = twz_gate_find(service, name);

		assert_non_null(gate);
		assert_string_equal(twz_signature_text(&arena, gate), odd[i].signature);
		assert_string_equal(gate->how, odd[i].how);
		assert_string_equal(gate->why, odd[i].why);
		assert_false(gate->has_record);
	}
	for (uint32_t i = 1; i < service->ngates; i++)
		assert_true(strcmp(service->gates[i - 1].name, service->gates[i].name) < 0);
}

/* -- debug information that no compiler writes ------------------------------------------------------ */

static const struct { const char *name, *type; } evil[] = {
	{ "loop_typedef", "turn, which contains itself" },
	{ "loop_struct", "self, which contains itself" },
	{ "loop_array", "a type, which contains itself" },
	{ "outside", "outside, whose field far cannot be described" },
	{ "huge", "array of unknown size" },
};

static void
test_evil(void **state)
{
	TWZ_ARENA arena = { 0 };
	const struct twz_service *service;

	(void)state;
	assert_int_equal(shell("gcc -shared -o $D/evil.so " FIXTURES "evil.s"), 0);
	service = inspect_ok(in_folder("evil.so"), true, &arena);
	assert_true(service->partial);	/* a sibling that leads back */
	assert_non_null(twz_gate_find(service, "loop_sibling")->type);
	for (size_t i = 0; i < TWZ_COUNT(evil); i++) {
		const struct twz_gate *gate = twz_gate_find(service, evil[i].name);

		assert_non_null(gate);
		assert_int_equal(gate->verdict, TWZ_VERDICT_REFUSED);
		assert_string_equal(twz_type_text(&arena, gate->type->members[0].type),
				    evil[i].type);
	}
}

static const struct { const char *signature; bool callable; } cxx[] = {
	{ "sum(pair: Pair, twice: bool) -> i64", true },
	{ "deep(deep: Deep) -> i32", true },
	{ "reference(n: &i32) -> i32", false },
	{ "counted(c: Counted) -> i32", false },
	{ "text(s: *const string) -> i32", false },
};

static void
test_cxx(void **state)
{
	static const char *const compilers[] = { "g++", "clang++" };
	TWZ_ARENA arena = { 0 };

	(void)state;
	for (size_t c = 0; c < TWZ_COUNT(compilers); c++) {
		const struct twz_service *service;

		if (!have(compilers[c]))
			continue;
		assert_int_equal(shell("%s -g -w -fPIC -shared -Iinclude -o $D/cxx.so " FIXTURES
				       "cxx.cc", compilers[c]), 0);
		service = inspect_ok(in_folder("cxx.so"), false, &arena);
		assert_int_equal(service->ngates, TWZ_COUNT(cxx));
		for (size_t i = 0; i < TWZ_COUNT(cxx); i++) {
			assert_string_equal(twz_signature_text(&arena, &service->gates[i]),
					    cxx[i].signature);
			assert_int_equal(service->gates[i].verdict == TWZ_VERDICT_CALLABLE,
					 cxx[i].callable);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_beginnings),
		cmocka_unit_test(test_records),
		cmocka_unit_test(test_sections),
		cmocka_unit_test(test_odd_functions),
		cmocka_unit_test(test_evil),
		cmocka_unit_test(test_cxx),
	};

	return cmocka_run_group_tests(tests, set_up, remove_folder);
}
