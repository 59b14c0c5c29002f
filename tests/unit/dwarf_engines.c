/*
 * Two engines, one answer: every DIE of libraries made by many compilers and flags, read with our own
 * engine and with libdwarf, is the same in every field, and so are ranges, source files and lines. Then
 * what only our own can do: filters, and forms that no compiler here writes.
 */
#include "tests/unit/unit.h"

#include <dwarf.h>

#include "introspect/dwarf/die.h"
#include "tests/unit/introspect_fixture.h"

enum { MAX_DEPTH = 64, MAX_RANGES = 64 };

struct both {
	struct twz_arena arena;
	struct elf_file *file;
	struct debug *debug;
	struct engine *own, *reference;
	const char *what;		/* the build, for messages */
	bool blind;			/* libdwarf finds no ranges of split units of version 5 */
	size_t ndies, nrefs, nranges, nfiles, nlines, nbrief, nwithout;
};

static void
open_both(struct both *b, const char *path, const char *what)
{
	struct twz_error err = { 0 };

	*b = (struct both){ .what = what };
	if (!elf_open(path, &b->arena, &b->file, &err) ||
	    !debug_open(b->file, NULL, &b->arena, &b->debug, &err) ||
	    !engine_own.open(b->debug, &b->arena, &b->own, &err) ||
	    !engine_libdwarf.open(b->debug, &b->arena, &b->reference, &err))
		fail_msg("%s: %s", what, err.text);
}

static void
close_both(struct both *b)
{
	engine_own.close(b->own);
	engine_libdwarf.close(b->reference);
	debug_close(b->debug);
	elf_close(b->file);
	twz_arena_free(&b->arena);
}

/* Split files get numbers in no order that matters. */
static die_ref
plain(die_ref ref)
{
	return DIE_FILE(ref) > 2 ? DIE_REF(2, DIE_TYPES(ref), DIE_OFFSET(ref)) : ref;
}

static void
check_fields(const struct both *b, const struct die *own, const struct die *other)
{
	if (plain(own->ref) != plain(other->ref) || own->tag != other->tag ||
	    own->has_children != other->has_children || own->has != other->has ||
	    own->odd != other->odd)
		fail_msg("%s: DIE %#llx tag %#x children %d has %#llx odd %#llx; libdwarf: DIE %#llx "
			 "tag %#x children %d has %#llx odd %#llx", b->what,
			 (unsigned long long)own->ref, own->tag, own->has_children,
			 (unsigned long long)own->has, (unsigned long long)own->odd,
			 (unsigned long long)other->ref, other->tag, other->has_children,
			 (unsigned long long)other->has, (unsigned long long)other->odd);
	for (unsigned i = 0; i < DIE_NTEXTS; i++)
		assert_string_equal(die_text(own, i), die_text(other, i));
	for (unsigned i = DIE_NTEXTS; i < DIE_NREFS_END; i++)
		if (plain(die_to(own, i)) != plain(die_to(other, i)))
			fail_msg("%s: DIE %#llx refers to %#llx; libdwarf: %#llx", b->what,
				 (unsigned long long)own->ref, (unsigned long long)die_to(own, i),
				 (unsigned long long)die_to(other, i));
	for (unsigned i = DIE_NREFS_END; i < DIE_NNUMBERS_END; i++) {
		int64_t n = 0, m = 0;

		die_number(own, i, &n);
		die_number(other, i, &m);
		if (n != m)
			fail_msg("%s: DIE %#llx number %u is %lld; libdwarf: %lld", b->what,
				 (unsigned long long)own->ref, i, (long long)n, (long long)m);
	}
}

struct ranges {
	size_t n;
	uint64_t from[MAX_RANGES], to[MAX_RANGES];
};

static bool
add_range(void *data, uint64_t from, uint64_t to)
{
	struct ranges *r = data;

	r->from[r->n] = from;
	r->to[r->n++] = to;
	return r->n < MAX_RANGES;
}

static void
check_ranges(struct both *b, const struct die_unit *unit, const struct die *own,
	     const struct die_unit *other_unit, const struct die *other)
{
	struct ranges r = { 0 }, s = { 0 };

	engine_own.ranges(b->own, unit, own, add_range, &r);
	if (b->blind && die_has(own, DIE_RANGES))
		s = r;
	else
		engine_libdwarf.ranges(b->reference, other_unit, other, add_range, &s);
	if (r.n != s.n)
		fail_msg("%s: DIE %#llx has %zu ranges; libdwarf: %zu", b->what,
			 (unsigned long long)own->ref, r.n, s.n);
	for (size_t i = 0; i < r.n; i++) {
		assert_int_equal(r.from[i], s.from[i]);
		assert_int_equal(r.to[i], s.to[i]);
	}
	b->nranges += r.n;
}

static void
check_text(const struct both *b, const char *own, const char *other)
{
	if (!own != !other || (own && strcmp(own, other)))
		fail_msg("%s: '%s'; libdwarf: '%s'", b->what, own ? own : "(none)",
			 other ? other : "(none)");
}

static bool
ends_with(const char *text, const char *end)
{
	size_t n = strlen(text), m = strlen(end);

	return n >= m && !strcmp(text + n - m, end);
}

static void
check_place(struct both *b, const struct die_unit *unit, const struct die *own,
	    const struct die_unit *other_unit, const struct die *other)
{
	const char *file = NULL, *other_file = NULL;
	uint32_t line = 0, other_line = 0;
	int64_t n;

	if (die_number(own, DIE_DECL_FILE, &n)) {
		file = engine_own.source(b->own, own, n, &b->arena);
		check_text(b, file, engine_libdwarf.source(b->reference, other, n, &b->arena));
		b->nfiles += file != NULL;
	}
	if (own->tag != DW_TAG_subprogram || !die_number(own, DIE_LOW_PC, &n))
		return;
	for (uint64_t at = (uint64_t)n; at < (uint64_t)n + 24; at += 5) {
		bool found = engine_own.line(b->own, unit, at, &b->arena, &file, &line);

		assert_int_equal(found, engine_libdwarf.line(b->reference, other_unit, at, &b->arena,
							     &other_file, &other_line));
		if (!found)
			continue;
		assert_int_equal(line, other_line);
		/*
		 * libdwarf adds the folder of the compilation. It begins programs of version 5 with
		 * file 0, where the standard says 1.
		 */
		if (unit->version < 5 && !ends_with(other_file, file))
			check_text(b, file, other_file);
		b->nlines++;
	}
}

static void
check_die(struct both *b, const struct die_unit *unit, const struct die *own,
	  const struct die_unit *other_unit, const struct die *other)
{
	struct die to, other_to;

	check_fields(b, own, other);
	check_ranges(b, unit, own, other_unit, other);
	check_place(b, unit, own, other_unit, other);
	for (unsigned i = DIE_NTEXTS; i < DIE_NREFS_END; i++) {
		if (!die_has(own, i))
			continue;
		assert_true(engine_own.die(b->own, die_to(own, i), &to));
		assert_true(engine_libdwarf.die(b->reference, die_to(other, i), &other_to));
		check_fields(b, &to, &other_to);
		b->nrefs++;
	}
	b->ndies++;
}

/* Both walk the same way: down while there are children, else on. */
static void
check_tree(struct both *b, const struct die_unit *unit, const struct die_unit *other_unit)
{
	struct die own[MAX_DEPTH] = { unit->die }, other[MAX_DEPTH] = { other_unit->die };
	size_t depth = 0;
	bool more = true;

	check_die(b, unit, own, other_unit, other);
	while (more || depth) {
		const struct die *at = &own[depth], *other_at = &other[depth];
		bool down = more && depth + 1 < MAX_DEPTH, other_more = false;

		if (down) {
			more = engine_own.child(b->own, at, NULL, &own[depth + 1]);
			other_more = engine_libdwarf.child(b->reference, other_at, NULL,
							   &other[depth + 1]);
			depth += more;
		}
		if (!down || !more) {
			assert_true(!down || !other_more);
			if (!depth)
				return;
			more = engine_own.next(b->own, at, NULL, &own[depth]);
			other_more = engine_libdwarf.next(b->reference, other_at, NULL, &other[depth]);
			depth -= !more;
		}
		assert_int_equal(more, other_more);
		if (more)
			check_die(b, unit, &own[depth], other_unit, &other[depth]);
	}
}

static void
check_all(struct both *b)
{
	size_t n = engine_own.units(b->own);

	assert_int_equal(n, engine_libdwarf.units(b->reference));
	for (size_t i = 0; i < n; i++) {
		struct die_unit unit, other;

		assert_true(engine_own.unit(b->own, i, &unit));
		assert_true(engine_libdwarf.unit(b->reference, i, &other));
		assert_false(unit.is_damaged || other.is_damaged);
		assert_int_equal(unit.version, other.version);
		assert_int_equal(unit.is_type, other.is_type);
		assert_int_equal(unit.base, other.base);
		check_tree(b, &unit, &other);
	}
	assert_false(engine_own.partial(b->own));
	assert_false(engine_libdwarf.partial(b->reference) && !b->blind);
}

static bool
lets_through(const struct die_filter *filter, const struct die *die)
{
	bool located = die_has(die, DIE_LOW_PC) || die_has(die, DIE_RANGES);
	bool linked = located || die_has(die, DIE_EXTERNAL) || die_has(die, DIE_SPECIFICATION);

	if (filter->tags && (die->tag >= 64 || !(filter->tags >> die->tag & 1)))
		return false;
	if (filter->defined && die_is_tagged(die->tag))
		return die_has(die, DIE_NAME) && !die_has(die, DIE_DECLARATION);
	return die->tag != DW_TAG_subprogram || (!(filter->located && !located) &&
						 !(filter->linked && !linked));
}

/* What a brief look is for. */
static uint64_t
brief_attrs(const struct die *die)
{
#define BIT(attr) (UINT64_C(1) << (attr))
	if (die_is_tagged(die->tag))
		return BIT(DIE_NAME) | BIT(DIE_BYTE_SIZE) | BIT(DIE_DECL_LINE) | BIT(DIE_DECLARATION) |
		       BIT(DIE_SIGNATURE);
	if (die->tag != DW_TAG_subprogram)
		return UINT64_MAX;
	if (die_has(die, DIE_LOW_PC) || die_has(die, DIE_RANGES))
		return BIT(DIE_NAME) | BIT(DIE_LINKAGE_NAME) | BIT(DIE_LOW_PC) | BIT(DIE_RANGES) | BIT(DIE_TYPE) |
		       BIT(DIE_ORIGIN) | BIT(DIE_SPECIFICATION) | BIT(DIE_PROTOTYPED);
	return BIT(DIE_NAME) | BIT(DIE_LINKAGE_NAME) | BIT(DIE_EXTERNAL) | BIT(DIE_SPECIFICATION) |
	       BIT(DIE_DECLARATION);
#undef BIT
}

/* A filter lets through what it says, and nothing else is missed. */
static void
check_filter(struct both *b, const struct die_filter *filter)
{
	size_t n = engine_own.units(b->own);

	for (size_t i = 0; i < n; i++) {
		struct die_unit unit;
		struct die die, filtered;
		bool more, left;

		assert_true(engine_own.unit(b->own, i, &unit));
		left = engine_own.child(b->own, &unit.die, filter, &filtered);
		for (more = engine_own.child(b->own, &unit.die, NULL, &die); more;
		     more = engine_own.next(b->own, &die, NULL, &die)) {
			if (!lets_through(filter, &die))
				continue;
			assert_true(left);
			if (filter->brief) {
				/* What else it has may be there or not; if it is, it is the same. */
				assert_int_equal(die.has & brief_attrs(&die), filtered.has & brief_attrs(&die));
				die.has &= filtered.has;
				filtered.has &= die.has;
				filtered.odd = die.odd;
				b->nbrief += die.ref != 0;
			}
			check_fields(b, &die, &filtered);
			left = engine_own.next(b->own, &filtered, filter, &filtered);
		}
		assert_false(left);
	}
}

static bool
tells_addresses(struct both *b, size_t i)
{
	struct die_unit unit;

	assert_true(engine_own.unit(b->own, i, &unit));
	return die_has(&unit.die, DIE_RANGES) || die_has(&unit.die, DIE_HIGH_PC);
}

/* The unit that has code at an address covers it, and no other that tells its addresses. */
static void
check_covers(struct both *b)
{
	size_t n = engine_own.units(b->own), covered = 0;

	for (size_t i = 0; i < n; i++) {
		const struct die_filter filter = {
			.tags = UINT64_C(1) << DW_TAG_subprogram, .located = true,
		};
		struct die_unit unit;
		struct die die;
		int64_t low;

		assert_true(engine_own.unit(b->own, i, &unit));
		for (bool more = engine_own.child(b->own, &unit.die, &filter, &die); more;
		     more = engine_own.next(b->own, &die, &filter, &die)) {
			uint64_t address;

			if (!die_number(&die, DIE_LOW_PC, &low) || !low)
				continue;
			address = (uint64_t)low;
			for (size_t k = 0; k < n; k++)
				if (k == i)
					assert_true(engine_own.covers(b->own, k, &address, 1));
				else if (tells_addresses(b, k))
					covered += engine_own.covers(b->own, k, &address, 1);
			address = 1;
			assert_false(engine_own.covers(b->own, i, &address, 1));
		}
	}
	assert_int_equal(covered, 0);
}

/* No unit that has a DIE of a name is said to be without one, whatever form its name has. */
static void
check_without(struct both *b)
{
	size_t n = engine_own.units(b->own);
	bool *without = twz_new_array(&b->arena, n, bool);

	for (size_t i = 0; i < n; i++) {
		struct die_unit unit;
		struct die die;

		assert_true(engine_own.unit(b->own, i, &unit));
		for (bool more = engine_own.child(b->own, &unit.die, NULL, &die); more;
		     more = engine_own.next(b->own, &die, NULL, &die)) {
			const char *names[] = { "nobody is called so", die_text(&die, DIE_NAME) };

			if (!*names[1])
				continue;
			memset(without, false, n);
			engine_own.without(b->own, names, 2, without);
			if (without[i])
				fail_msg("%s: unit %zu is said to be without %s", b->what, i, names[1]);
			for (size_t k = 0; k < n; k++)
				b->nwithout += without[k];
		}
	}
}

static void
check_library(const char *name, const char *what)
{
	static const struct die_filter filters[] = {
		{ .tags = UINT64_C(1) << DW_TAG_subprogram, .located = true },
		{ .tags = UINT64_C(1) << DW_TAG_subprogram, .linked = true },
		{ .tags = UINT64_C(1) << DW_TAG_subprogram },
		{ .tags = UINT64_C(1) << DW_TAG_typedef | UINT64_C(1) << DW_TAG_namespace },
		{ .located = true },
		{ .tags = UINT64_C(1) << DW_TAG_structure_type | UINT64_C(1) << DW_TAG_enumeration_type,
		  .defined = true },
		{ .tags = UINT64_C(1) << DW_TAG_subprogram | UINT64_C(1) << DW_TAG_structure_type, .linked = true,
		  .defined = true, .brief = true },
	};
	struct both b;

	open_both(&b, in_folder(name), what);
	b.blind = strstr(what, "-gdwarf-5 -gsplit-dwarf");
	check_all(&b);
	for (size_t i = 0; i < TWZ_COUNT(filters); i++)
		check_filter(&b, &filters[i]);
	check_covers(&b);
	check_without(&b);
	/* It was not nothing that was compared. */
	assert_true(b.ndies > 200 && b.nrefs > 100 && b.nranges > 10 && b.nfiles > 100 && b.nbrief > 10);
	assert_true(b.nlines > 4);
	if (!strncmp(what, "gcc", 3) && !strstr(what, "-gsplit-dwarf"))
		assert_true(b.nwithout > 50);
	close_both(&b);
}

static void
check_build(const char *compiler, const char *flags, const char *source, const char *after)
{
	char what[512];

	if (!have(compiler))
		return;
	snprintf(what, sizeof(what), "%s %s %s%s", compiler, flags, source, after);
	if (shell("cd $D && rm -f *.dwo *.dwp && R=%s && %s %s -w -fPIC -shared -I$R/include -o all.so "
		  "$R/" FIXTURES "%s main.c%s", getenv("PWD"), compiler, flags, source, after))
		fail_msg("cannot build: %s", what);
	check_library("all.so", what);
}

static int
set_up(void **state)
{
	if (make_folder(state))
		return -1;
	return shell("printf '%%s\\n' 'static inline __attribute__((always_inline)) int inner(int *p)'"
		     " '{ return *(volatile int *)p; }' '__attribute__((cold)) void never(int);'"
		     " 'int main_f(int *p);' 'int main_f(int *p) {'"
		     " ' for (int i = 0; i < 9; i++) { int z = inner(p + i); if (z == 3) never(z);'"
		     " ' if (z > 9) return z; } return inner(p); }' >$D/main.c");
}

static void
test_builds(void **state)
{
	static const char *const flags[] = {
		"-gdwarf-2 -O0", "-gdwarf-3 -O2", "-gdwarf-4 -O2", "-gdwarf-5 -O0",
		"-gdwarf-5 -O2 -ffunction-sections", "-gdwarf-4 -fdebug-types-section",
		"-gdwarf-5 -fdebug-types-section", "-gdwarf-5 -gdwarf64 -O2", "-gdwarf-5 -O2 -flto",
	};

	(void)state;
	for (size_t i = 0; i < TWZ_COUNT(flags); i++) {
		check_build("gcc", flags[i], "kinds.c", "");
		check_build("clang", flags[i], "kinds.c", "");
	}
}

/* Units whose abbreviations have the same texts, but whose references to other sections are of two sizes. */
static void
test_mixed_formats(void **state)
{
	(void)state;
	if (!have("gcc"))
		skip();
	if (shell("cd $D && R=%s && C=\"gcc -gdwarf-5 -O1 -w -fPIC -I$R/include -c\" && $C main.c -o main.o && "
		  "$C $R/" FIXTURES "kinds.c -o narrow.o && $C -gdwarf64 $R/" FIXTURES "kinds.c -o wide.o && "
		  "gcc -shared -Wl,-z,muldefs -o mixed.so main.o narrow.o wide.o", getenv("PWD")))
		fail_msg("cannot build units of two formats");
	check_library("mixed.so", "gcc, two formats");
}

static void
test_cxx(void **state)
{
	static const char *const flags[] = { "-gdwarf-4 -O2", "-gdwarf-5 -O1 -fno-access-control" };

	(void)state;
	for (size_t i = 0; i < TWZ_COUNT(flags); i++) {
		check_build("g++", flags[i], "cxx.cc", "");
		check_build("clang++", flags[i], "cxx.cc", "");
	}
}

static void
test_split(void **state)
{
	static const char *const flags[] = {
		"-gdwarf-4 -gsplit-dwarf -O2", "-gdwarf-5 -gsplit-dwarf -O2",
	};

	(void)state;
	check_build("gcc", flags[0], "kinds.c", "");
	check_build("gcc", flags[1], "kinds.c", "");
	check_build("clang", flags[0], "kinds.c", "");
	/* libdwarf finds no texts in clang's second file of version 5. */
}

/* Names and ranges of functions, in the order of the file. */
struct functions {
	struct ranges ranges;
	char names[4096];
};

static void
read_functions(const char *name, struct functions *ret)
{
	const struct die_filter filter = {
		.tags = UINT64_C(1) << DW_TAG_subprogram, .located = true,
	};
	struct both b;
	struct die_unit unit;
	struct die die, named;

	open_both(&b, in_folder(name), name);
	*ret = (struct functions){ 0 };
	for (size_t i = 0; i < engine_own.units(b.own); i++) {
		assert_true(engine_own.unit(b.own, i, &unit));
		for (bool more = engine_own.child(b.own, &unit.die, &filter, &die);
		     more && ret->ranges.n < MAX_RANGES - 4;
		     more = engine_own.next(b.own, &die, &filter, &die)) {
			engine_own.ranges(b.own, &unit, &die, add_range, &ret->ranges);
			named = die;
			if (die_has(&die, DIE_ORIGIN))
				assert_true(engine_own.die(b.own, die_to(&die, DIE_ORIGIN), &named));
			assert_true(die_has(&named, DIE_NAME));
			assert_true(strlen(ret->names) + strlen(die_text(&named, DIE_NAME)) + 2 <
				    sizeof(ret->names));
			strcat(strcat(ret->names, die_text(&named, DIE_NAME)), " ");
		}
	}
	assert_false(engine_own.partial(b.own));
	close_both(&b);
}

/* What libdwarf cannot read, the same build without splitting tells. */
static void
test_split_alike(void **state)
{
	struct functions whole, split;

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		const char *compiler = i & 1 ? "clang" : "gcc";
		int version = i & 2 ? 5 : 4;

		if (!have(compiler))
			continue;
		for (int k = 0; k < 2; k++)
			assert_int_equal(shell("cd $D && R=%s && %s -gdwarf-%d %s -O2 -w -fPIC -shared "
					       "-I$R/include -o %s.so main.c $R/" FIXTURES "kinds.c",
					       getenv("PWD"), compiler, version,
					       k ? "-gsplit-dwarf" : "", k ? "split" : "whole"), 0);
		read_functions("whole.so", &whole);
		read_functions("split.so", &split);
		assert_true(whole.ranges.n > 20 && strstr(whole.names, "main_f"));
		assert_string_equal(split.names, whole.names);
		assert_memory_equal(&split.ranges, &whole.ranges, sizeof(split.ranges));
	}
}

static void
test_compressed(void **state)
{
	(void)state;
	check_build("gcc", "-gdwarf-5 -gz", "kinds.c", "");
	check_build("gcc", "-gdwarf-5", "kinds.c",
		    " && { objcopy --compress-debug-sections=zstd all.so || :; }");
}

/* -- what only our own engine can read ------------------------------------------------------------- */

#define NONE DIE_NATTRS

/* The DIEs of forms.s behind the top one, each with one attribute that matters. */
static const struct {
	uint16_t tag;
	const char *name;		/* NULL: none */
	enum die_attr number;
	int64_t value;
	uint64_t odd;
} rare[] = {
	{ DW_TAG_base_type, "int", DIE_BYTE_SIZE, 4, 0 },
	{ DW_TAG_typedef, "two", NONE, 0, UINT64_C(1) << DIE_DECL_LINE },
	{ DW_TAG_typedef, "three", DIE_DECL_LINE, 0x80000001, 0 },
	{ DW_TAG_typedef, "four", DIE_DECL_LINE, 0xfff0, 0 },
	{ DW_TAG_typedef, "leb", NONE, 0, UINT64_C(1) << DIE_TYPE },
	{ DW_TAG_typedef, "line", NONE, 0, 0 },
	{ DW_TAG_typedef, NULL, NONE, 0, UINT64_C(1) << DIE_TYPE | UINT64_C(1) << DIE_NAME },
	{ DW_TAG_structure_type, NULL, NONE, 0, 0 },
	{ DW_TAG_subprogram, NULL, DIE_HIGH_PC, 0x1200, 0 },
	{ DW_TAG_subprogram, NULL, NONE, 0, 0 },
}, parts[] = {
	{ DW_TAG_member, NULL, DIE_MEMBER_LOCATION, 136, 0 },
	{ DW_TAG_member, NULL, NONE, 0, UINT64_C(1) << DIE_MEMBER_LOCATION },
	{ DW_TAG_enumerator, NULL, DIE_CONST_VALUE, INT64_MIN, 0 },
};

static const struct ranges rare_ranges = {
	7, { 0x1010, 0x2002, 0x1100, 0x1000, 0x1200, 0x3000, 0x4000 },
	{ 0x1020, 0x2005, 0x1108, 0x1100, 0x1210, 0x3004, 0x4006 },
};

static void
check_rare(const struct die *die, uint16_t tag, const char *name, enum die_attr number, int64_t value,
	   uint64_t odd)
{
	int64_t n = 0;

	assert_int_equal(die->tag, tag);
	assert_string_equal(die_text(die, DIE_NAME), name ? name : "");
	assert_true(die->odd == odd);
	if (number != NONE)
		assert_true(die_number(die, number, &n) && n == value);
	if (tag == DW_TAG_typedef && !(odd & UINT64_C(1) << DIE_TYPE))
		assert_int_equal(DIE_OFFSET(die_to(die, DIE_TYPE)), 0x1d);
}

/* Ranges from a base of their own, and the long references of DWARF 2. */
static void
check_old_units(struct both *b)
{
	static const struct ranges expected[] = {
		{ 3, { 0x1010, 0x5002, 0x5008 }, { 0x1020, 0x5003, 0x5009 } },
		{ 1, { 0x1008 }, { 0x1009 } },
	};
	struct die_unit unit;
	struct die die;
	int64_t line = 0;

	assert_true(engine_own.unit(b->own, 1, &unit) && unit.version == 4);
	assert_true(engine_own.child(b->own, &unit.die, NULL, &die));
	for (size_t i = 0; i < TWZ_COUNT(expected); i++) {
		struct ranges ranges = { 0 };

		engine_own.ranges(b->own, &unit, &die, add_range, &ranges);
		assert_memory_equal(&ranges, &expected[i], sizeof(ranges));
		assert_true(engine_own.next(b->own, &die, NULL, &die) == !i);
	}
	assert_true(engine_own.unit(b->own, 2, &unit) && unit.version == 2);
	assert_true(engine_own.child(b->own, &unit.die, NULL, &die));
	assert_int_equal(die_to(&die, DIE_TYPE), DIE_REF(0, 0, 0x1d));
	assert_true(die_number(&die, DIE_DECL_LINE, &line) && line == 77);
}

static void
test_rare_forms(void **state)
{
	struct both b = { .what = "forms.s" };
	struct twz_error err = { 0 };
	struct ranges ranges = { 0 };
	struct die_unit unit;
	struct die die, part;
	int64_t n = 0;

	(void)state;
	assert_int_equal(shell("gcc -shared -nostdlib -o $D/forms.so " FIXTURES "forms.s"), 0);
	assert_true(elf_open(in_folder("forms.so"), &b.arena, &b.file, &err));
	assert_true(debug_open(b.file, NULL, &b.arena, &b.debug, &err));
	assert_true(engine_own.open(b.debug, &b.arena, &b.own, &err));
	assert_int_equal(engine_own.units(b.own), 3);
	assert_true(engine_own.unit(b.own, 0, &unit) && !unit.is_damaged);
	assert_string_equal(die_text(&unit.die, DIE_NAME), "forms.s");
	assert_true(unit.base == 0x1000);
	assert_true(die_number(&unit.die, DIE_HIGH_PC, &n) && n == 0x1300);
	assert_true(die_number(&unit.die, DIE_LANGUAGE, &n) && n == DW_LANG_C99);
	assert_true(engine_own.child(b.own, &unit.die, NULL, &die));
	for (size_t i = 0; i < TWZ_COUNT(rare); i++) {
		check_rare(&die, rare[i].tag, rare[i].name, rare[i].number, rare[i].value, rare[i].odd);
		for (size_t k = 0; rare[i].tag == DW_TAG_structure_type && k < TWZ_COUNT(parts); k++) {
			assert_true(k ? engine_own.next(b.own, &part, NULL, &part) :
				    engine_own.child(b.own, &die, NULL, &part));
			check_rare(&part, parts[k].tag, parts[k].name, parts[k].number, parts[k].value,
				   parts[k].odd);
		}
		if (i + 1 < TWZ_COUNT(rare))
			assert_true(engine_own.next(b.own, &die, NULL, &die));
	}
	assert_true(die_has(&die, DIE_RANGES));
	engine_own.ranges(b.own, &unit, &die, add_range, &ranges);
	assert_memory_equal(&ranges, &rare_ranges, sizeof(ranges));
	assert_false(engine_own.next(b.own, &die, NULL, &die));
	/* Two references and a text lead nowhere. */
	assert_true(engine_own.partial(b.own));
	check_old_units(&b);
	engine_own.close(b.own);
	debug_close(b.debug);
	elf_close(b.file);
	twz_arena_free(&b.arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_builds),
		cmocka_unit_test(test_mixed_formats),
		cmocka_unit_test(test_cxx),
		cmocka_unit_test(test_split),
		cmocka_unit_test(test_split_alike),
		cmocka_unit_test(test_compressed),
		cmocka_unit_test(test_rare_forms),
	};

	return cmocka_run_group_tests(tests, set_up, remove_folder);
}
