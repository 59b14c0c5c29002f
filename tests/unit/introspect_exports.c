/*
 * What a file exports: every version of every function, under the name that dlsym() takes; from files
 * with and without section headers, from programs and from files of debug information.
 */
#include "tests/unit/unit.h"

#include "introspect/file/elf.h"
#include "tests/unit/introspect_fixture.h"

static int
set_up(void **state)
{
	static const char build[] =
		"cd $D && cat >v.c <<'E'\n"
		"__attribute__((symver(\"moved@V_1\"))) int moved_1(void) { return 1; }\n"
		"__attribute__((symver(\"moved@V_2\"))) int moved_2(void) { return 2; }\n"
		"__attribute__((symver(\"moved@@V_3\"))) int moved_3(void) { return 3; }\n"
		"__attribute__((symver(\"gone@V_1\"))) int gone_1(void) { return 1; }\n"
		"int plain(int a) { return a; }\n"
		"extern __typeof(plain) same __attribute__((alias(\"plain\")));\n"
		"__attribute__((weak)) int weak(void) { return 0; }\n"
		"static int chosen(void) { return 4; }\n"
		"static int (*choose(void))(void) { return chosen; }\n"
		"int picked(void) __attribute__((ifunc(\"choose\")));\n"
		"__attribute__((visibility(\"hidden\"))) int hidden(void) { return 5; }\n"
		"__attribute__((visibility(\"protected\"))) int guarded(void) { return 6; }\n"
		"int data = 7;\n"
		"extern int puts(const char *); int calls(void) { return puts(\"\"); }\n"
		"E\n"
		"printf 'V_1 { global: plain; same; weak; picked; guarded; data; calls; local: moved_*; gone_*; };\\n"
		"V_2 { } V_1; V_3 { } V_2;\\n' >v.map && "
		"gcc -g -O1 -fPIC -shared -Wl,--version-script=v.map -Wl,-soname,libv.so.3 v.c -o v.so && "
		"objcopy --only-keep-debug v.so v.debug && "
		"for h in gnu sysv both; do gcc -fPIC -shared -Wl,--hash-style=$h,-soname,libv.so.3 "
		"-Wl,--version-script=v.map v.c -o bare_$h.so || exit 1; "
		"for at in 40 58 60 62; do head -c $((at == 40 ? 8 : 2)) /dev/zero | dd of=bare_$h.so "
		"bs=1 seek=$at conv=notrunc status=none; done; done; "
		"printf 'int helper(void) { return 1; } int main(void) { return helper(); }\\n' >main.c && "
		"gcc -g -static main.c -o static 2>/dev/null || gcc -g main.c -o static; "
		"gcc -g -pie -fPIE -rdynamic main.c -o pie && gcc -g -no-pie -rdynamic main.c -o fixed && "
		"gcc -g -c v.c -o v.o && "
		"printf '__attribute__((section(\"__ksymtab\"), used)) int table = 1;\n' >>main.c && "
		"gcc -g -no-pie main.c -o kernel && "
		"printf '__attribute__((section(\".modinfo\"), used)) char m[] = \"a=b\"; int f(void) "
		"{ return 1; }\n' >m.c && gcc -c m.c -o m.ko";

	return make_folder(state) || shell("%s", build);
}

static const struct {
	const char *name, *version;
	bool hidden, weak, ifunc;
} want[] = {
	{ "calls", "V_1", false, false, false },
	{ "gone", "V_1", true, false, false },
	{ "guarded", "V_1", false, false, false },
	{ "moved", "V_3", false, false, false },
	{ "moved", "V_1", true, false, false },
	{ "moved", "V_2", true, false, false },
	{ "picked", "V_1", false, false, true },
	{ "plain", "V_1", false, false, false },
	{ "same", "V_1", false, false, false },
	{ "weak", "V_1", false, true, false },
};

/* The symbol of this name and version, or NULL. */
static const struct elf_symbol *
find(const struct elf_symbol *list, size_t n, const char *name, const char *version)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(list[i].name, name) && !strcmp(list[i].version, version))
			return &list[i];
	return NULL;
}

static void
check_list(const struct elf_symbol *list, size_t n)
{
	for (size_t i = 0; i < TWZ_COUNT(want); i++) {
		const struct elf_symbol *got = find(list, n, want[i].name, want[i].version);

		if (!got)
			fail_msg("%s@%s is missing", want[i].name, want[i].version);
		assert_int_equal(got->hidden, want[i].hidden);
		assert_int_equal(got->weak, want[i].weak);
		assert_int_equal(got->ifunc, want[i].ifunc);
		assert_true(got->address && got->size);
	}
	for (size_t i = 1; i < n; i++) {
		int order = strcmp(list[i - 1].name, list[i].name);

		assert_true(order < 0 || (!order && list[i - 1].hidden <= list[i].hidden));
	}
	assert_null(find(list, n, "hidden", ""));
	assert_null(find(list, n, "data", "V_1"));
	assert_null(find(list, n, "puts", ""));
}

static void
test_versions(void **state)
{
	static const char *const files[] = { "v.so", "bare_gnu.so", "bare_sysv.so", "bare_both.so" };

	(void)state;
	for (size_t i = 0; i < TWZ_COUNT(files); i++) {
		TWZ_ARENA arena = { 0 };
		struct elf_file *file = NULL;
		const struct elf_symbol *list;
		const char *soname;
		size_t n;

		assert_true(elf_open(in_folder(files[i]), &arena, &file, NULL));
		assert_int_equal(file->nsections == 0, i > 0);
		n = elf_exports(file, &list);
		soname = elf_soname(file);
		elf_close(file);	/* names live on */
		assert_int_equal(n, TWZ_COUNT(want));
		check_list(list, n);
		assert_string_equal(soname, "libv.so.3");
		assert_true(find(list, n, "plain", "V_1")->address ==
			    find(list, n, "same", "V_1")->address);
	}
}

/* The same functions by .symtab, where the linker made versions part of names. */
static void
test_debug_file(void **state)
{
	TWZ_ARENA arena = { 0 };
	TWZ_CLEANUP(elf_closep) struct elf_file *file = NULL;
	const struct elf_symbol *list;
	struct twz_error err = { 0 };
	size_t n;

	(void)state;
	assert_false(elf_open(in_folder("v.debug"), &arena, &file, &err));
	assert_string_equal(err.text, "not a shared object but a file of debug information");
	assert_true(elf_open_any(in_folder("v.debug"), &arena, &file, NULL));
	assert_int_equal(file->kind, ELF_KIND_DEBUG);
	n = elf_exports(file, &list);
	assert_non_null(find(list, n, "moved", "V_3"));
	assert_non_null(find(list, n, "moved", "V_1"));
	assert_true(find(list, n, "moved", "V_1")->hidden);
	assert_false(find(list, n, "moved", "V_3")->hidden);
	assert_non_null(find(list, n, "plain", ""));
	assert_null(find(list, n, "hidden", ""));
}

static const struct {
	const char *name;
	enum elf_kind kind;
	const char *function;		/* that it exports; "" for none */
	const char *text;		/* what elf_open() says */
} kinds[] = {
	{ "v.so", ELF_KIND_SHARED, "plain", "" },
	{ "pie", ELF_KIND_PROGRAM, "helper", "not a shared object but a program" },
	{ "fixed", ELF_KIND_PROGRAM, "helper", "not a shared object but a program" },
	{ "static", ELF_KIND_PROGRAM, "helper", "not a shared object but a program" },
	{ "kernel", ELF_KIND_KERNEL, "", "not a shared object but a kernel" },
	{ "v.debug", ELF_KIND_DEBUG, "plain", "not a shared object but a file of debug information" },
	{ "m.ko", ELF_KIND_OBJECT, "f", "not a shared object but a kernel module (.ko)" },
	{ "v.o", ELF_KIND_OBJECT, "plain", "not a shared object but a relocatable object (.o)" },
};

static void
test_kinds(void **state)
{
	(void)state;
	for (size_t i = 0; i < TWZ_COUNT(kinds); i++) {
		TWZ_ARENA arena = { 0 };
		struct elf_file *file = NULL;
		const struct elf_symbol *list;
		struct twz_error err = { 0 };
		bool found = false;

		assert_int_equal(elf_open(in_folder(kinds[i].name), &arena, &file, &err),
				 kinds[i].kind == ELF_KIND_SHARED);
		assert_string_equal(err.text, kinds[i].text);
		assert_int_equal(err.code, *err.text ? TWZ_ERR(NAMING, WRONG_NAME_KIND) : 0);
		elf_close(file);
		assert_int_equal(elf_open_any(in_folder(kinds[i].name), &arena, &file, NULL),
				 kinds[i].kind != ELF_KIND_OBJECT);
		if (kinds[i].kind != ELF_KIND_OBJECT)
			elf_close(file);
		assert_true(elf_open_part(in_folder(kinds[i].name), &arena, &file, NULL));
		assert_int_equal(file->kind, kinds[i].kind);
		for (size_t k = 0, n = elf_exports(file, &list); k < n; k++)
			found |= !strcmp(list[k].name, kinds[i].function);
		assert_true(found || !*kinds[i].function);
		elf_close(file);
	}
}

/* How many symbols there are, from hash tables of many shapes. */
static void
test_hash(void **state)
{
	(void)state;
	for (size_t n = 1; n < 16; n += 2) {
		TWZ_ARENA arena = { 0 };
		TWZ_CLEANUP(elf_closep) struct elf_file *file = NULL;
		const struct elf_symbol *list;

		assert_int_equal(shell("cd $D && for i in $(seq %zu); do echo \"int f$i(void) { return $i; "
				       "}\"; done >h.c && gcc -fPIC -shared -nostdlib -Wl,--hash-style=gnu "
				       "h.c -o h.so && head -c 8 /dev/zero | dd of=h.so bs=1 seek=40 "
				       "conv=notrunc status=none && head -c 4 /dev/zero | dd of=h.so bs=1 "
				       "seek=60 conv=notrunc status=none", n), 0);
		assert_true(elf_open(in_folder("h.so"), &arena, &file, NULL));
		assert_int_equal(file->nsections, 0);
		assert_int_equal(elf_exports(file, &list), n);
	}
}

/* Many names that share long beginnings come out as strcmp() would have them. */
static void
test_order(void **state)
{
	TWZ_ARENA arena = { 0 };
	TWZ_CLEANUP(elf_closep) struct elf_file *file = NULL;
	const struct elf_symbol *list;
	size_t n;

	(void)state;
	assert_int_equal(shell("cd $D && for i in $(seq 3000); do echo \"int a$((i %% 3))_beginning_"
			       "of_some_length_$((i * 7919 %% 30011)) (void) { return $i; }\"; done >o.c "
			       "&& gcc -fPIC -shared o.c -o o.so"), 0);
	assert_true(elf_open(in_folder("o.so"), &arena, &file, NULL));
	n = elf_exports(file, &list);
	assert_int_equal(n, 3000);
	for (size_t i = 1; i < n; i++)
		assert_true(strcmp(list[i - 1].name, list[i].name) < 0);
}

/*
 * Symbol tables and dynamic segments that were damaged: one byte after the other of all that
 * elf_exports() reads. Nothing is read outside of the file, which sanitizers would see.
 */
static void
damage(const char *name, size_t from, size_t to, size_t step)
{
	static const unsigned char values[] = { 0, 0x7f, 0xff };
	const char *path = in_folder("damaged.so");

	assert_int_equal(shell("cp $D/%s $D/damaged.so", name), 0);
	for (size_t at = from; at < to; at += step) {
		FILE *f = fopen(path, "r+");
		int good;

		assert_non_null(f);
		fseek(f, (long)at, SEEK_SET);
		good = getc(f);
		for (size_t i = 0; i < sizeof(values); i++) {
			TWZ_ARENA arena = { 0 };
			struct elf_file *file = NULL;
			const struct elf_symbol *list;
			struct twz_error err = { 0 };
			uint8_t id[64];

			fseek(f, (long)at, SEEK_SET);
			putc(values[i], f);
			fflush(f);
			if (!elf_open_part(path, &arena, &file, &err)) {
				assert_int_equal(err.cls, TWZ_CLASS_LINK);
				continue;
			}
			for (size_t k = 0, n = elf_exports(file, &list); k < n; k++)
				assert_true(*list[k].name && list[k].version);
			elf_soname(file);
			elf_function_at(file, 0x1100);
			elf_build_note(file, id);
			elf_close(file);
		}
		fseek(f, (long)at, SEEK_SET);
		putc(good, f);
		fclose(f);
	}
}

static void
test_damage(void **state)
{
	(void)state;
	damage("v.so", 0, 0x600, 1);
	damage("bare_gnu.so", 0, 0x900, 1);
	damage("bare_sysv.so", 0x200, 0x900, 1);
	damage("bare_gnu.so", 0x2d00, 0x3100, 1);	/* its dynamic segment */
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_versions),
		cmocka_unit_test(test_debug_file),
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_hash),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_damage),
	};

	return cmocka_run_group_tests(tests, set_up, remove_folder);
}
