/*
 * A list of places that is made ahead (own_ahead.c) changes nothing: whoever goes through a unit with it meets the
 * same DIEs that say the same as without, also where a list is full and where a file is damaged; and as much is said
 * to be partial.
 */
#include "tests/unit/unit.h"

#include <dwarf.h>

#include "introspect/dwarf/die.h"
#include "tests/unit/introspect_fixture.h"

enum { MUTANTS = 400, MOST = 1 << 16 };

#define BIT(n) (UINT64_C(1) << (n))

static const struct die_filter filters[] = {
	{ .tags = BIT(DW_TAG_subprogram) | BIT(DW_TAG_structure_type) | BIT(DW_TAG_union_type) |
		  BIT(DW_TAG_enumeration_type) | BIT(DW_TAG_namespace),
	  .linked = true, .defined = true, .brief = true },
	{ .tags = BIT(DW_TAG_structure_type) | BIT(DW_TAG_enumeration_type), .defined = true, .brief = true },
	{ .tags = BIT(DW_TAG_subprogram) | BIT(DW_TAG_typedef) | BIT(DW_TAG_variable) },
};

/* What was met in all units, as far as a brief look has to tell it, and whether something was damaged. */
struct seen {
	uint64_t list[MOST];
	size_t n, most_ahead;
	bool partial;
};

static void
see(struct seen *seen, uint64_t number)
{
	assert_true(seen->n < MOST);
	seen->list[seen->n++] = number;
}

static void
see_die(struct seen *seen, const struct die *die)
{
	static const enum die_attr numbers[] = { DIE_BYTE_SIZE, DIE_DECL_LINE, DIE_LOW_PC };
	uint64_t has = die->has & (BIT(DIE_NAME) | BIT(DIE_LINKAGE_NAME) | BIT(DIE_TYPE) | BIT(DIE_ORIGIN) |
				   BIT(DIE_SPECIFICATION) | BIT(DIE_LOW_PC) | BIT(DIE_RANGES));
	uint64_t text = 5381;

	for (const char *c = die_text(die, DIE_NAME); *c; c++)
		text = text * 33 + (unsigned char)*c;
	for (const char *c = die_text(die, DIE_LINKAGE_NAME); *c; c++)
		text = text * 33 + (unsigned char)*c;
	see(seen, die->ref);
	see(seen, has << 16 | die->tag);
	see(seen, text ^ die_to(die, DIE_TYPE));
	/* Of functions a brief look tells no size and line. */
	for (size_t i = 0; i < TWZ_COUNT(numbers); i++) {
		int64_t n = 0;

		if (die_is_tagged(die->tag) || numbers[i] == DIE_LOW_PC)
			die_number(die, numbers[i], &n);
		see(seen, (uint64_t)n);
	}
}

/* Units by DIE_AT_ONCE, as a scan takes them. */
static void
see_units(struct engine *own, const struct die_filter *filter, bool is_ahead, struct seen *seen)
{
	static struct die_ahead ahead[DIE_AT_ONCE];
	size_t n = engine_own.units(own);

	for (size_t from = 0; from < n; from += DIE_AT_ONCE) {
		struct die_unit units[DIE_AT_ONCE];
		size_t some = 0;

		for (size_t i = from; i < n && i < from + DIE_AT_ONCE; i++)
			some += engine_own.unit(own, i, &units[some]) && !units[some].is_damaged;
		if (is_ahead)
			engine_own.ahead(own, units, some, filter, ahead);
		for (size_t i = 0; i < some; i++) {
			struct die_filter with = *filter;
			struct die die;

			with.ahead = is_ahead ? &ahead[i] : NULL;
			if (is_ahead && ahead[i].n > seen->most_ahead)
				seen->most_ahead = ahead[i].n;
			for (bool more = engine_own.child(own, &units[i].die, &with, &die); more;
			     more = engine_own.next(own, &die, &with, &die))
				see_die(seen, &die);
		}
	}
	seen->partial = engine_own.partial(own);
}

static void
see_file(const char *path, const struct die_filter *filter, bool is_ahead, struct seen *seen)
{
	struct twz_error err = { 0 };
	TWZ_ARENA arena = { 0 };
	struct elf_file *file = NULL;
	struct debug *debug = NULL;
	struct engine *own = NULL;

	seen->n = seen->most_ahead = 0;
	if (!elf_open(path, &arena, &file, &err) || !debug_open(file, NULL, &arena, &debug, &err) ||
	    !engine_own.open(debug, &arena, &own, &err))
		fail_msg("%s: %s", path, err.text);
	see_units(own, filter, is_ahead, seen);
	engine_own.close(own);
	debug_close(debug);
	elf_close(file);
}

/* How many numbers were the same; the longest list is in @most. */
static size_t
compare(const char *path, const char *what, size_t *most)
{
	static struct seen with, without;
	size_t n = 0;

	for (size_t i = 0; i < TWZ_COUNT(filters); i++) {
		see_file(path, &filters[i], false, &without);
		see_file(path, &filters[i], true, &with);
		if (with.n != without.n || memcmp(with.list, without.list, with.n * sizeof(with.list[0])))
			fail_msg("%s: a list ahead changes what is met", what);
		if (with.partial != without.partial)
			fail_msg("%s: a list ahead changes whether it is partial", what);
		n += with.n;
		*most = with.most_ahead > *most ? with.most_ahead : *most;
	}
	return n;
}

static void
test_builds(void **state)
{
	static const char *const builds[] = {
		"gcc -gdwarf-2 -O0", "gcc -gdwarf-4 -O2", "gcc -gdwarf-5 -O2", "gcc -gdwarf-5 -gdwarf64",
		"gcc -gdwarf-5 -fdebug-types-section", "clang -gdwarf-4 -O1", "clang -gdwarf-5 -O1",
	};

	(void)state;
	for (size_t i = 0; i < TWZ_COUNT(builds); i++) {
		char compiler[16];
		size_t most = 0;

		snprintf(compiler, sizeof(compiler), "%.*s", (int)strcspn(builds[i], " "), builds[i]);
		if (!have(compiler))
			continue;
		if (shell("R=%s; %s -w -fPIC -shared -I$R/include -o $D/all.so $R/" FIXTURES "kinds.c", getenv("PWD"),
			  builds[i]))
			fail_msg("cannot build: %s", builds[i]);
		assert_true(compare(in_folder("all.so"), builds[i], &most) > 100);
		assert_true(most > 10 || strstr(builds[i], "-gdwarf-5 -O1"));
	}
}

/* More than a list holds. */
static void
test_full_list(void **state)
{
	size_t most = 0;

	(void)state;
	if (!have("gcc"))
		skip();
	assert_int_equal(shell("cd $D && seq 1100 | sed 's/.*/struct s& { int a&; }; int f&(struct s& *p) { return p->a&; }/' "
			       ">many.c && gcc -g -O1 -shared -fPIC -Wl,-z,muldefs -o many.so many.c many.c"), 0);
	assert_true(compare(in_folder("many.so"), "many functions", &most) >= 2 * 2200 * 6);
	assert_int_equal(most, DIE_AHEAD);
}

/* Where the section begins in the file, which has it once. */
static size_t
place_of_info(const char *path, const unsigned char *bytes, size_t n, size_t *size)
{
	struct twz_error err = { 0 };
	TWZ_ARENA arena = { 0 };
	struct elf_file *file = NULL;
	struct debug *debug = NULL;
	struct elf_section info;
	const unsigned char *at;

	if (!elf_open(path, &arena, &file, &err) || !debug_open(file, NULL, &arena, &debug, &err))
		fail_msg("%s: %s", path, err.text);
	info = debug_section(debug_main(debug), DEBUG_INFO);
	at = memmem(bytes, n, info.bytes, info.n);
	*size = info.n;
	debug_close(debug);
	elf_close(file);
	assert_non_null(at);
	return (size_t)(at - bytes);
}

static void
test_damaged(void **state)
{
	static unsigned char bytes[1 << 20], mutant[1 << 20];
	size_t n, from, size, partial = 0, most = 0;
	unsigned seed = 42;
	FILE *f;

	(void)state;
	if (!have("gcc"))
		skip();
	assert_int_equal(shell("R=%s; gcc -g -w -fPIC -shared -I$R/include -o $D/whole.so $R/" FIXTURES "kinds.c",
			       getenv("PWD")), 0);
	f = fopen(in_folder("whole.so"), "rb");
	assert_non_null(f);
	n = fread(bytes, 1, sizeof(bytes), f);
	fclose(f);
	from = place_of_info(in_folder("whole.so"), bytes, n, &size);
	for (int i = 0; i < MUTANTS; i++) {
		memcpy(mutant, bytes, n);
		for (int k = 0; k < 1 + i % 3; k++) {
			seed = seed * 1103515245 + 12345;
			mutant[from + 12 + (seed >> 8) % (size - 12)] = (unsigned char)(seed >> 3);
		}
		f = fopen(in_folder("mutant.so"), "wb");
		assert_non_null(f);
		assert_int_equal(fwrite(mutant, 1, n, f), n);
		fclose(f);
		partial += compare(in_folder("mutant.so"), "a mutant", &most) != 0;
	}
	assert_true(partial > MUTANTS / 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_builds),
		cmocka_unit_test(test_full_list),
		cmocka_unit_test(test_damaged),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
