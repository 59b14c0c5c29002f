/*
 * Where debug information is found, and that it is the right one: every place gdb would look in, files
 * of another build, sections that lie about their size.
 */
#include "tests/unit/unit.h"

#include <inttypes.h>

#include "introspect/file/debug.h"
#include "tests/unit/introspect_fixture.h"

/* a.so has a build-id, n.so has none; *_bare.so are without debug information. */
static int
set_up(void **state)
{
	static const char build[] =
		"cd $D && export LC_ALL=C && mkdir dbg dbg2 home lib elsewhere && "
		"printf 'struct user { int id; char name[32]; };\\n"
		"int takes(struct user *u) { return u->id; }\\n' >a.c && "
		"printf 'struct user { int id; char name[32]; };\\n"
		"struct other { double d[4]; struct user u; struct other *next; };\\n"
		"double other(struct other *o) { return o->d[0]; }\\n' >b.c && "
		"gcc -g -O1 -fPIC -shared -Wl,--build-id a.c b.c -o a.so && "
		"gcc -g -O1 -fPIC -shared -Wl,--build-id=none a.c b.c -o n.so && "
		"gcc -g -O2 -fPIC -shared -Wl,--build-id a.c -o x.so && "
		"for f in a n x; do objcopy --only-keep-debug $f.so $f.debug && "
		"objcopy --strip-debug $f.so ${f}_bare.so; done && "
		"id() { readelf -n $1 | sed -n 's/.*Build ID: //p'; } && "
		"printf '%%s' $(id a.so) >id";

	if (make_folder(state) || setenv("HOME", in_folder("home"), 1))
		return -1;
	unsetenv("XDG_CACHE_HOME");
	unsetenv("DEBUGINFOD_CACHE_PATH");
	return shell(build);
}

struct opened {
	struct twz_arena arena;
	struct elf_file *file;
	struct debug *debug;
	struct twz_error err;
	bool ok;
};

static void
open_it(struct opened *o, const char *path, const char *dirs)
{
	*o = (struct opened){ .ok = false };
	if (!elf_open(path, &o->arena, &o->file, &o->err))
		fail_msg("%s: %s", path, o->err.text);
	o->ok = debug_open(o->file, dirs, &o->arena, &o->debug, &o->err);
	assert_true(o->ok == (debug_main(o->debug) != NULL));
}

static void
close_it(struct opened *o)
{
	debug_close(o->debug);
	elf_close(o->file);
	twz_arena_free(&o->arena);
}

/* The result of the last look at a path that ends with @end, "" when nobody looked. */
static const char *
look_at(const struct opened *o, const char *end)
{
	const struct debug_look *looks;
	const char *result = "";

	for (size_t i = 0, n = debug_looks(o->debug, &looks); i < n; i++) {
		size_t length = strlen(looks[i].where), tail = strlen(end);

		if (length >= tail && !strcmp(looks[i].where + length - tail, end))
			result = looks[i].result;
		assert_int_equal(looks[i].found, !strcmp(looks[i].result, "found"));
	}
	return result;
}

/* Builds something, opens @library, and expects the types in @want (NULL: nowhere). */
static void
check_found(const char *library, const char *commands, const char *dirs, const char *want)
{
	struct opened o;

	assert_int_equal(shell("cd $D && rm -rf lib dbg dbg2 home && mkdir lib dbg dbg2 home && %s",
			       commands), 0);
	open_it(&o, in_folder(library), dirs);
	if (o.ok != (want != NULL) || (want && !strstr(debug_path(debug_main(o.debug)), want)))
		fail_msg("%s after '%s': %s", library, commands, o.ok ?
			 debug_path(debug_main(o.debug)) : o.err.hint);
	if (want) {
		assert_true(debug_section(debug_main(o.debug), DEBUG_INFO).n > 50);
		assert_string_equal(look_at(&o, debug_path(debug_main(o.debug))), "found");
	} else {
		assert_int_equal(o.err.code, TWZ_ERR(OBJECT, INVALID_META));
	}
	close_it(&o);
}

static const char *
dirs(const char *text)
{
	static char both[256];

	snprintf(both, sizeof(both), "%s/%s:%s/dbg2", folder, text, folder);
	return both;
}

#define BY_ID(dir) "i=$(cat id); d=" dir "/.build-id/${i%%${i#??}}; mkdir -p $d && f=$d/${i#??}.debug && "

static void
test_build_id(void **state)
{
	(void)state;
	check_found("a.so", "true", dirs("dbg"), "a.so");
	check_found("a_bare.so", "true", dirs("dbg"), NULL);
	check_found("a_bare.so", BY_ID("dbg") "cp a.debug $f", dirs("dbg"), ".debug");
	check_found("a_bare.so", BY_ID("dbg2") "cp a.debug $f", dirs("dbg"), ".debug");
	check_found("a_bare.so", BY_ID("dbg2") "cp a.debug $f", dirs("nowhere"), ".debug");
	check_found("a_bare.so", BY_ID("dbg") "cp a_bare.so $f", dirs("dbg"), NULL);
	check_found("a_bare.so", BY_ID("dbg") "cp x.debug $f", dirs("dbg"), NULL);
	check_found("a_bare.so", BY_ID("dbg") "cp n.debug $f", dirs("dbg"), NULL);
	check_found("a_bare.so", BY_ID("dbg") "echo text >$f", dirs("dbg"), NULL);
	check_found("a_bare.so", BY_ID("dbg") "mkfifo $f", dirs("dbg"), NULL);
	/* A file of another build does not stop the search. */
	check_found("a_bare.so", BY_ID("dbg") "cp x.debug $f && " BY_ID("dbg2") "cp a.debug $f",
		    dirs("dbg"), "dbg2/.build-id");
	check_found("a_bare.so", "d=home/.cache/debuginfod_client/$(cat id) && mkdir -p $d && "
		    "cp a.debug $d/debuginfo", dirs("dbg"), "/debuginfo");
}

#define LINK(file) "objcopy --add-gnu-debuglink=" file ".debug " file "_bare.so lib/l.so && "

static void
test_link(void **state)
{
	(void)state;
	check_found("lib/l.so", LINK("n") "cp n.debug lib/", dirs("dbg"), "lib/n.debug");
	check_found("lib/l.so", LINK("n") "mkdir lib/.debug && cp n.debug lib/.debug/", dirs("dbg"),
		    "lib/.debug/n.debug");
	check_found("lib/l.so", LINK("n") "mkdir -p dbg/$D/lib && cp n.debug dbg/$D/lib/",
		    dirs("dbg"), "lib/n.debug");
	check_found("lib/l.so", LINK("n") "mkdir -p dbg2/$D/lib && cp n.debug dbg2/$D/lib/",
		    dirs("dbg"), "lib/n.debug");
	check_found("lib/l.so", LINK("n") "true", dirs("dbg"), NULL);
	/* Another file, and one byte changed: the checksum says so. */
	check_found("lib/l.so", LINK("n") "cp x.debug lib/n.debug", dirs("dbg"), NULL);
	check_found("lib/l.so", LINK("n") "cp n.debug lib/n.debug && printf x >>lib/n.debug",
		    dirs("dbg"), NULL);
	/* A build-id is worth more than a checksum. */
	check_found("lib/l.so", LINK("a") "cp a.debug lib/ && printf x >>lib/a.debug", dirs("dbg"),
		    "lib/a.debug");
	check_found("lib/l.so", LINK("a") "cp x.debug lib/a.debug", dirs("dbg"), NULL);
	/* A wrong one in the first place, the right one in the second. */
	check_found("lib/l.so", LINK("n") "cp x.debug lib/n.debug && mkdir lib/.debug && "
		    "cp n.debug lib/.debug/", dirs("dbg"), "lib/.debug/n.debug");
	/* Through a symbolic link: beside what it leads to, else beside the link. */
	check_found("elsewhere/s.so", LINK("n") "cp n.debug lib/ && ln -sf ../lib/l.so elsewhere/s.so",
		    dirs("dbg"), "lib/n.debug");
	check_found("elsewhere/s.so", LINK("n") "cp n.debug elsewhere/ && "
		    "ln -sf ../lib/l.so elsewhere/s.so", dirs("dbg"), "elsewhere/n.debug");
}

static void
test_looks(void **state)
{
	struct opened o;

	(void)state;
	assert_int_equal(shell("cd $D && rm -rf lib && mkdir -p lib/.debug && " LINK("a")
			       "cp x.debug lib/a.debug && cp a_bare.so lib/.debug/a.debug"), 0);
	open_it(&o, in_folder("lib/l.so"), dirs("dbg"));
	assert_false(o.ok);
	assert_string_equal(look_at(&o, "lib/l.so"), "none");
	assert_string_equal(look_at(&o, "lib/a.debug"), "no such file");	/* under the last folder */
	assert_string_equal(look_at(&o, "lib/.debug/a.debug"), "it has no debug information");
	assert_non_null(strstr(o.err.hint, "is there, but it has no debug information"));
	close_it(&o);
	assert_int_equal(shell("cd $D && echo x >x.txt && objcopy --add-section .gnu_debugdata=x.txt "
			       "a_bare.so mini.so"), 0);
	open_it(&o, in_folder("mini.so"), dirs("dbg"));
	assert_string_equal(look_at(&o, "mini.so"),
			    "none: its .gnu_debugdata holds names of functions only");
	close_it(&o);
	assert_int_equal(shell("cd $D && i=$(cat id) && mkdir -p dbg/.build-id/${i%%${i#??}} && "
			       "cp x.debug dbg/.build-id/${i%%${i#??}}/${i#??}.debug"), 0);
	open_it(&o, in_folder("a_bare.so"), dirs("dbg"));
	assert_non_null(strstr(o.err.hint, "is there, but its build-id differs"));
	close_it(&o);
}

/* -- alternate files -------------------------------------------------------------------------------- */

static void
check_alternate(const char *commands, const char *want)
{
	struct opened o;
	struct debug_file *alternate;

	assert_int_equal(shell("cd $D && rm -rf dbg dbg2 lib && mkdir dbg dbg2 lib && "
			       "cp z1.so z2.so lib/ && %s", commands), 0);
	open_it(&o, in_folder("lib/z1.so"), dirs("dbg"));
	assert_true(o.ok);
	alternate = debug_alternate(o.debug);
	if (!alternate != !want || (want && !strstr(debug_path(alternate), want)))
		fail_msg("after '%s': %s", commands, alternate ? debug_path(alternate) : "none");
	assert_ptr_equal(alternate, debug_alternate(o.debug));
	assert_int_equal(debug_partial(o.debug), !want);
	if (want)
		assert_true(debug_section(alternate, DEBUG_STR).n > 0);
	close_it(&o);
}

static void
test_alternate(void **state)
{
	struct opened o;

	(void)state;
	if (!have("dwz"))
		return;
	/* Enough in common that it pays to share it. */
	assert_int_equal(shell("cd $D && { for i in $(seq 40); do echo \"struct s$i { int alpha_$i; "
			       "struct s$i *beta_$i; }; int f$i(struct s$i *s) { return s->alpha_$i; }\"; "
			       "done; } >z.c && for i in 1 2; do gcc -g -fPIC -shared "
			       "-Wl,--build-id z.c -DN=$i -O$i -o z$i.so || exit 1; done; "
			       "dwz -r -m common.debug z1.so z2.so"), 0);
	check_alternate("cp common.debug lib/", "lib/common.debug");
	check_alternate("true", NULL);
	check_alternate("cp x.debug lib/common.debug", NULL);
	check_alternate("mkdir dbg/.dwz && cp common.debug dbg/.dwz/", "dbg/.dwz/common.debug");
	check_alternate("i=$(readelf -n common.debug | sed -n 's/.*Build ID: //p') && "
			"d=dbg2/.build-id/${i%%${i#??}} && mkdir -p $d && "
			"cp common.debug $d/${i#??}.debug", "dbg2/.build-id");
	/* A wrong one is passed over. */
	check_alternate("cp x.debug lib/common.debug && mkdir dbg2/.dwz && "
			"cp common.debug dbg2/.dwz/", "dbg2/.dwz/common.debug");
	open_it(&o, in_folder("a.so"), NULL);
	assert_null(debug_alternate(o.debug));
	assert_false(debug_partial(o.debug));
	close_it(&o);
}

/* -- split units ------------------------------------------------------------------------------------ */

/* The ids of the split units that a library names, as readelf prints them. */
static size_t
split_ids(const char *library, uint64_t *ids, size_t size)
{
	char command[512];
	size_t n = 0;
	FILE *f;

	snprintf(command, sizeof(command), "readelf --debug-dump=info %s/%s 2>/dev/null | "
		 "sed -nE 's/.*dwo_id *: *(0x[0-9a-f]*).*/\\1/p; s/.*DWO ID: *(0x[0-9a-f]*).*/\\1/p'",
		 folder, library);
	f = popen(command, "r");
	assert_non_null(f);
	while (n < size && fscanf(f, "%" SCNx64, &ids[n]) == 1) {
		size_t i = 0;

		while (ids[i] != ids[n])	/* readelf goes on to the split files */
			i++;
		n += i == n;
	}
	pclose(f);
	return n;
}

static bool
holds(struct debug_file *file, enum debug_section section, const char *text)
{
	struct elf_section s = debug_section(file, section);

	return s.n && memmem(s.bytes, s.n, text, strlen(text));
}

/*
 * Opens a library whose two units are split; @name: of the first .dwo as the library has it. @found:
 * part of the path of the file that each is in.
 */
static void
check_split(const char *library, const char *name, const char *found)
{
	struct opened o;
	uint64_t ids[4];
	struct debug_file *file;

	assert_int_equal(split_ids(library, ids, 4), 2);
	open_it(&o, in_folder(library), dirs("dbg"));
	assert_true(o.ok);
	file = debug_split(o.debug, ids[0], folder, name);
	if (!file != !found || (found && !strstr(debug_path(file), found)))
		fail_msg("%s: %s", library, file ? debug_path(file) : "none");
	assert_int_equal(debug_partial(o.debug), !found);
	assert_ptr_equal(file, debug_split(o.debug, ids[0], folder, name));
	if (file) {
		assert_true(debug_is_split(file));
		assert_string_equal(debug_section_name(file, DEBUG_INFO), ".debug_info.dwo");
		assert_true(holds(file, DEBUG_STR, "takes"));
		assert_true(debug_section(file, DEBUG_ABBREV).n > 0);
		assert_true(debug_section(file, DEBUG_STR_OFFSETS).n > 0);
		assert_int_equal(debug_section(file, DEBUG_ADDR).n, 0);
	}
	assert_null(debug_split(o.debug, ids[0] ^ 1, folder, "nothing.dwo"));
	assert_null(debug_split(o.debug, ids[0] ^ 2, NULL, NULL));
	assert_true(debug_partial(o.debug));
	close_it(&o);
}

static void
test_split(void **state)
{
	(void)state;
	for (int v = 4; v <= 5; v++) {
		assert_int_equal(shell("cd $D && rm -rf lib && mkdir lib && gcc -g -gdwarf-%d "
				       "-gsplit-dwarf -fPIC -c a.c -o a.o && gcc -g -gdwarf-%d "
				       "-gsplit-dwarf -fPIC -c b.c -o b.o && "
				       "gcc -shared -o lib/split.so a.o b.o", v, v), 0);
		check_split("lib/split.so", "a.dwo", "/a.dwo");
		assert_int_equal(shell("cd $D && mv a.dwo b.dwo lib/"), 0);
		check_split("lib/split.so", "a.dwo", "lib/a.dwo");
		check_split("lib/split.so", "/nowhere/a.dwo", "lib/a.dwo");
		assert_int_equal(shell("cd $D/lib && mv a.dwo .."), 0);
		check_split("lib/split.so", in_folder("a.dwo"), "/a.dwo");
		/* The file of another unit. DWARF 4 has no id that could be seen without reading DIEs. */
		assert_int_equal(shell("cd $D && cp lib/b.dwo a.dwo"), 0);
		if (v == 5)
			check_split("lib/split.so", "a.dwo", NULL);
		assert_int_equal(shell("cd $D && cp a.debug a.dwo"), 0);
		check_split("lib/split.so", "a.dwo", NULL);
		assert_int_equal(shell("cd $D && rm a.dwo b.o"), 0);
		check_split("lib/split.so", "a.dwo", NULL);
	}
}

/* Each of two units has parts of its own in the package, and what both have once. */
static void
check_parts(struct debug_file *first, struct debug_file *second)
{
	assert_ptr_not_equal(first, second);
	assert_true(debug_section(first, DEBUG_INFO).bytes != debug_section(second, DEBUG_INFO).bytes);
	assert_true(debug_section(first, DEBUG_ABBREV).bytes != debug_section(second, DEBUG_ABBREV).bytes);
	assert_ptr_equal(debug_section(first, DEBUG_STR).bytes, debug_section(second, DEBUG_STR).bytes);
	/* A part begins with its unit's header, whose length is the part's. */
	for (int k = 0; k < 2; k++) {
		struct elf_section s = debug_section(k ? second : first, DEBUG_INFO);
		uint32_t length;

		assert_true(s.n > 4);
		memcpy(&length, s.bytes, 4);
		assert_int_equal(length + 4, s.n);
	}
}

/* The signature of a type unit stands in its own header. */
static void
check_type_unit(const struct opened *o, int version)
{
	struct debug_file *type = NULL;
	struct elf_file *package = NULL;
	struct elf_section index;
	struct opened w;

	open_it(&w, in_folder("lib/p.so"), NULL);
	assert_true(elf_open_part(in_folder("lib/p.so.dwp"), &w.arena, &package, NULL));
	assert_true(elf_section(package, ".debug_tu_index", &index));
	for (size_t slot = 0; slot < (index.n - 16) / 12 && !type; slot++) {
		uint64_t signature;

		memcpy(&signature, index.bytes + 16 + slot * 8, 8);
		if (signature)
			type = debug_split_type(o->debug, signature);
	}
	elf_close(package);
	close_it(&w);
	assert_non_null(type);
	assert_true(debug_section(type, version == 4 ? DEBUG_TYPES : DEBUG_INFO).n > 0);
	assert_null(debug_split_type(o->debug, 12345));
}

/* Without the package: two type units and the unit itself, in as many sections. */
static void
check_no_package(uint64_t id)
{
	struct debug_file *file;
	struct opened o;
	size_t units = 0;

	assert_int_equal(shell("cd $D && rm lib/p.so.dwp"), 0);
	open_it(&o, in_folder("lib/p.so"), NULL);
	file = debug_split(o.debug, id, folder, "b.dwo");
	assert_non_null(file);
	for (int k = 0; k < 2; k++) {
		struct elf_section s = debug_section(file, k ? DEBUG_TYPES : DEBUG_INFO);

		for (size_t at = 0; s.n - at > 4; units++) {
			uint32_t length;

			memcpy(&length, s.bytes + at, 4);
			at += length + 4;
			assert_true(at <= s.n);
		}
	}
	assert_int_equal(units, 3);
	close_it(&o);
}

/* Type units: several sections of one name in a .dwo, rows of an index of their own in a .dwp. */
static void
test_packages(void **state)
{
	static const struct { const char *tool; int version; } tools[] = {
		{ "dwp", 4 }, { "llvm-dwp", 4 }, { "llvm-dwp", 5 },
	};

	(void)state;
	for (size_t i = 0; i < TWZ_COUNT(tools); i++) {
		struct opened o;
		uint64_t ids[4];

		if (!have(tools[i].tool))
			continue;
		assert_int_equal(shell("cd $D && rm -rf lib && mkdir lib && for f in a b; do gcc -g "
				       "-gdwarf-%d -gsplit-dwarf -fdebug-types-section -fPIC -c $f.c "
				       "-o $f.o || exit 1; done; gcc -shared -o lib/p.so a.o b.o && "
				       "%s a.dwo b.dwo -o lib/p.so.dwp", tools[i].version, tools[i].tool),
				 0);
		check_split("lib/p.so", "a.dwo", "lib/p.so.dwp");
		assert_int_equal(split_ids("lib/p.so", ids, 4), 2);
		open_it(&o, in_folder("lib/p.so"), NULL);
		check_parts(debug_split(o.debug, ids[0], NULL, NULL), debug_split(o.debug, ids[1], NULL, NULL));
		check_type_unit(&o, tools[i].version);
		close_it(&o);
		check_no_package(ids[1]);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_build_id),
		cmocka_unit_test(test_link),
		cmocka_unit_test(test_looks),
		cmocka_unit_test(test_alternate),
		cmocka_unit_test(test_split),
		cmocka_unit_test(test_packages),
	};

	return cmocka_run_group_tests(tests, set_up, remove_folder);
}
