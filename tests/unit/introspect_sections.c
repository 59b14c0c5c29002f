/*
 * Sections in memory: the same bytes however they were compressed, and none of a section that lies
 * about its size, however much it claims.
 */
#include "tests/unit/unit.h"

#include <libdeflate.h>
#include <pthread.h>
#include <sys/resource.h>
#include <zstd.h>

#include "introspect/file/debug.h"
#include "tests/unit/introspect_fixture.h"

static int
set_up(void **state)
{
	return make_folder(state) ||
	       shell("cd $D && { for i in $(seq 300); do echo \"struct s$i { int a$i, b$i; }; "
		     "int f$i(struct s$i *s) { return s->a$i; }\"; done; } >a.c && "
		     "gcc -g -fPIC -shared a.c -o plain.so");
}

static struct debug *
open_debug(const char *path, struct twz_arena *arena, struct elf_file **file)
{
	struct debug *debug = NULL;
	struct twz_error err = { 0 };

	if (!elf_open(path, arena, file, &err) || !debug_open(*file, NULL, arena, &debug, &err))
		fail_msg("%s: %s", path, err.text);
	return debug;
}

static const char *const ways[] = { "zlib", "zlib-gnu", "zstd" };

static void
test_compressed(void **state)
{
	TWZ_ARENA arena = { 0 };
	TWZ_CLEANUP(elf_closep) struct elf_file *plain_file = NULL;
	TWZ_CLEANUP(debug_closep) struct debug *plain = open_debug(in_folder("plain.so"), &arena,
								   &plain_file);

	(void)state;
	for (size_t i = 0; i < TWZ_COUNT(ways); i++) {
		TWZ_CLEANUP(elf_closep) struct elf_file *file = NULL;
		TWZ_CLEANUP(debug_closep) struct debug *debug = NULL;

		if (shell("cd $D && objcopy --compress-debug-sections=%s plain.so c.so 2>/dev/null",
			  ways[i])) {
			printf("skip sections with %s # objcopy has it not\n", ways[i]);
			continue;
		}
		assert_int_equal(shell("cd $D && [ $(stat -c %%s c.so) -lt $(stat -c %%s plain.so) ]"), 0);
		debug = open_debug(in_folder("c.so"), &arena, &file);
		for (int s = 0; s < DEBUG_SECTIONS; s++) {
			struct elf_section want = debug_section(debug_main(plain), s);
			struct elf_section got = debug_section(debug_main(debug), s);

			assert_int_equal(got.n, want.n);
			if (want.n)
				assert_memory_equal(got.bytes, want.bytes, want.n);
			assert_ptr_equal(debug_section(debug_main(debug), s).bytes, got.bytes);
		}
		assert_true(debug_section(debug_main(debug), DEBUG_INFO).n > 10000);
		assert_false(debug_partial(debug));
	}
}

/* Not every thread decompresses for itself. */
static void *
ask(void *debug)
{
	return (void *)(uintptr_t)debug_section(debug_main(debug), DEBUG_INFO).bytes;
}

static void
test_threads(void **state)
{
	TWZ_ARENA arena = { 0 };

	(void)state;
	assert_int_equal(shell("cd $D && objcopy --compress-debug-sections=zlib plain.so c.so"), 0);
	for (int round = 0; round < 50; round++) {
		TWZ_CLEANUP(elf_closep) struct elf_file *file = NULL;
		TWZ_CLEANUP(debug_closep) struct debug *debug = open_debug(in_folder("c.so"), &arena,
									   &file);
		pthread_t threads[4];
		void *got, *first = NULL;

		for (int i = 0; i < 4; i++)
			assert_int_equal(pthread_create(&threads[i], NULL, ask, debug), 0);
		for (int i = 0; i < 4; i++) {
			pthread_join(threads[i], &got);
			first = first ? first : got;
			assert_ptr_equal(got, first);
		}
		assert_non_null(first);
	}
}

/* -- lies ------------------------------------------------------------------------------------------- */

/* A shared object of one section with these bytes; the header of the good library gives the rest. */
static void
write_elf(const char *path, const char *name, uint64_t flags, const void *bytes, size_t n)
{
	char names[64] = "";
	TWZ_FCLOSE FILE *good = fopen(in_folder("plain.so"), "r"), *f = NULL;
	Elf64_Ehdr head;
	Elf64_Shdr sections[3] = { { 0 } };

	assert_non_null(good);
	assert_int_equal(fread(&head, sizeof(head), 1, good), 1);
	f = fopen(path, "w");
	assert_non_null(f);
	snprintf(names + 1, sizeof(names) - 1, "%s", name);
	sections[1] = (Elf64_Shdr){ .sh_name = 1, .sh_type = SHT_PROGBITS, .sh_flags = flags,
				    .sh_offset = 128, .sh_size = n };
	sections[2] = (Elf64_Shdr){ .sh_type = SHT_STRTAB, .sh_offset = 64, .sh_size = 64 };
	head.e_phnum = 0;
	head.e_phoff = 0;
	head.e_shnum = 3;
	head.e_shstrndx = 2;
	head.e_shoff = 128 + n;
	fwrite(&head, sizeof(head), 1, f);
	fwrite(names, sizeof(names), 1, f);
	fwrite(bytes, 1, n, f);
	fwrite(sections, sizeof(sections), 1, f);
	assert_false(ferror(f));
}

enum lie { ZLIB = 1, ZSTD, OLD, UNKNOWN };

static const struct {
	enum lie how;
	uint64_t real, claimed;		/* bytes */
	int cut;			/* bytes that are missing of what is compressed */
	const char *why;
} lies[] = {
	{ ZLIB, 1000, 1000, 0, NULL },
	{ ZSTD, 1000, 1000, 0, NULL },
	{ OLD, 1000, 1000, 0, NULL },
	{ UNKNOWN, 1000, 1000, 0, "it is compressed in an unknown way" },
	{ ZLIB, 1000, 1001, 0, "its compressed data is damaged" },
	{ ZLIB, 1000, 999, 0, "its compressed data is damaged" },
	{ ZLIB, 1000, 1000, 2, "its compressed data is damaged" },
	{ ZSTD, 1000, 1001, 0, "its compressed data is damaged" },
	{ ZSTD, 1000, 999, 0, "its compressed data is damaged" },
	{ ZSTD, 1000, 1000, 2, "its compressed data is damaged" },
	{ OLD, 1000, 1001, 0, "its compressed data is damaged" },
	{ ZLIB, 1000, (uint64_t)1 << 20, 0, "it claims to be larger than it can be" },
	{ ZLIB, 1000, (uint64_t)1 << 38, 0, "it claims to be larger than 2 GiB" },
	{ ZSTD, 1000, (uint64_t)1 << 38, 0, "it claims to be larger than 2 GiB" },
	{ ZSTD, 1000, UINT64_MAX, 0, "it claims to be larger than 2 GiB" },
	{ OLD, 1000, UINT64_MAX, 0, "it claims to be larger than 2 GiB" },
	/* True, but no debug information: what a bomb is made of. */
	{ ZLIB, (uint64_t)80 << 20, (uint64_t)80 << 20, 0,
	  "it claims to be larger than debug information ever is" },
	{ ZSTD, (uint64_t)80 << 20, (uint64_t)80 << 20, 0,
	  "it claims to be larger than debug information ever is" },
	{ ZLIB, (uint64_t)80 << 20, (uint64_t)4 << 30, 0, "it claims to be larger than 2 GiB" },
	/* Zeros that say to be fewer. */
	{ ZLIB, (uint64_t)80 << 20, 1000, 0, "its compressed data is damaged" },
	{ ZSTD, (uint64_t)80 << 20, 1000, 0, "its compressed data is damaged" },
};

/* Writes a file whose .debug_info is that many zeros, compressed. */
static void
write_lie(const char *path, enum lie how, uint64_t real, uint64_t claimed, int cut)
{
	size_t room = 64 + libdeflate_zlib_compress_bound(NULL, real), n, head = sizeof(Elf64_Chdr);
	TWZ_FREE unsigned char *zeros = calloc(1, real), *out = malloc(room);
	Elf64_Chdr chdr = { .ch_type = how == UNKNOWN ? 77 : how, .ch_size = claimed };

	assert_true(zeros && out);
	memcpy(out, &chdr, sizeof(chdr));
	if (how == OLD) {
		head = 12;
		memcpy(out, "ZLIB", 4);
		for (int i = 0; i < 8; i++)
			out[4 + i] = (unsigned char)(claimed >> (56 - 8 * i));
	}
	if (how == ZSTD) {
		n = ZSTD_compress(out + head, room - head, zeros, real, 1);
		assert_false(ZSTD_isError(n));
	} else {
		struct libdeflate_compressor *c = libdeflate_alloc_compressor(1);

		n = libdeflate_zlib_compress(c, zeros, real, out + head, room - head);
		libdeflate_free_compressor(c);
		assert_true(n);
	}
	write_elf(path, how == OLD ? ".zdebug_info" : ".debug_info", how == OLD ? 0 : SHF_COMPRESSED,
		  out, head + n - (size_t)cut);
}

static void
test_lies(void **state)
{
	(void)state;
	for (size_t i = 0; i < TWZ_COUNT(lies); i++) {
		TWZ_ARENA arena = { 0 };
		TWZ_CLEANUP(elf_closep) struct elf_file *file = NULL;
		TWZ_CLEANUP(debug_closep) struct debug *debug = NULL;
		const struct debug_look *looks;
		struct elf_section s;
		size_t n;

		write_lie(in_folder("lie.so"), lies[i].how, lies[i].real, lies[i].claimed, lies[i].cut);
		debug = open_debug(in_folder("lie.so"), &arena, &file);
		s = debug_section(debug_main(debug), DEBUG_INFO);
		n = debug_looks(debug, &looks);
		assert_int_equal(s.n, lies[i].why ? 0 : lies[i].real);
		assert_int_equal(debug_partial(debug), lies[i].why != NULL);
		assert_int_equal(n, lies[i].why ? 2 : 1);
		if (lies[i].why && strcmp(looks[1].result, lies[i].why))
			fail_msg("lie %zu: %s", i, looks[1].result);
	}
}

/* What lies is never reserved: not even address space is spent on it. */
static void
test_limit(void **state)
{
	struct rlimit limit;
	pid_t child;
	int status;

	(void)state;
	write_lie(in_folder("lie.so"), ZSTD, 1000, (uint64_t)60 << 20, 0);
	child = fork();
	assert_true(child >= 0);
	if (!child) {
		TWZ_ARENA arena = { 0 };
		struct elf_file *file = NULL;
		struct debug *debug;

		debug = open_debug(in_folder("lie.so"), &arena, &file);
#ifndef __SANITIZE_ADDRESS__
		getrlimit(RLIMIT_AS, &limit);
		limit.rlim_cur = 32 << 20;
		setrlimit(RLIMIT_AS, &limit);
#else
		(void)limit;
#endif
		_exit(debug_section(debug_main(debug), DEBUG_INFO).n || !debug_partial(debug));
	}
	assert_true(waitpid(child, &status, 0) == child);
	assert_int_equal(status, 0);
}

/* -- indexes of packages ---------------------------------------------------------------------------- */

enum { SLOTS = 2, COLUMNS = 2, REST = 8 };

struct row {
	uint16_t version, padding;
	uint32_t ncolumns, nunits, nslots;
	uint64_t ids[SLOTS];
	uint32_t rows[SLOTS], columns[COLUMNS], offsets[COLUMNS], sizes[COLUMNS];
	uint32_t rest[REST];
};

static const struct {
	struct row index;
	size_t cut;			/* bytes that are missing */
	bool there;			/* the unit is found; its sections are empty, as the package has none */
} indexes[] = {
	{ { 5, 0, 2, 1, 2, { 8, 0 }, { 1, 0 }, { 1, 3 }, { 0, 0 }, { 8, 0 }, { 0 } }, 0, true },
	{ { 2, 0, 2, 1, 2, { 8, 0 }, { 1, 0 }, { 1, 3 }, { 0, 0 }, { 8, 8 }, { 0 } }, 0, true },
	{ { 2, 0, 2, 1, 2, { 8, 0 }, { 1, 0 }, { 1, 99 }, { 0, 0 }, { 8, 8 }, { 0 } }, 0, true },
	{ { 2, 0, 2, 1, 2, { 8, 0 }, { 1, 0 }, { 1, UINT32_MAX }, { 0, 0 }, { 8, 8 }, { 0 } }, 0, true },
	{ { 3, 0, 2, 1, 2, { 8, 0 }, { 1, 0 }, { 1, 3 }, { 0, 0 }, { 8, 0 }, { 0 } }, 0, false },
	{ { 5, 0, 2, 1, 2, { 8, 0 }, { 1, 0 }, { 1, 3 }, { 0, 0 }, { 8, 0 }, { 0 } }, 4 * REST + 4, false },
	{ { 5, 0, 2, 1, 2, { 8, 0 }, { 2, 0 }, { 1, 3 }, { 0, 0 }, { 8, 0 }, { 0 } }, 0, false },
	{ { 5, 0, 2, 1, 3, { 8, 0 }, { 1, 0 }, { 1, 3 }, { 0, 0 }, { 8, 0 }, { 0 } }, 0, false },
	{ { 5, 0, 2, 1, 0, { 8, 0 }, { 1, 0 }, { 1, 3 }, { 0, 0 }, { 8, 0 }, { 0 } }, 0, false },
	{ { 5, 0, 0, 1, 2, { 8, 0 }, { 1, 0 }, { 1, 3 }, { 0, 0 }, { 8, 0 }, { 0 } }, 0, false },
	{ { 5, 0, UINT32_MAX, 1, 2, { 8, 0 }, { 1, 0 }, { 1, 3 }, { 0, 0 }, { 8, 0 }, { 0 } }, 0, false },
	{ { 5, 0, UINT32_MAX, UINT32_MAX, 2, { 8, 0 }, { 1, 0 }, { 1, 3 }, { 0, 0 }, { 8, 0 }, { 0 } }, 0, false },
	{ { 5, 0, 2, UINT32_MAX, 2, { 8, 0 }, { 1, 0 }, { 1, 3 }, { 0, 0 }, { 8, 0 }, { 0 } }, 0, false },
	{ { 5, 0, 2, 1, 1u << 31, { 8, 0 }, { 1, 0 }, { 1, 3 }, { 0, 0 }, { 8, 0 }, { 0 } }, 0, false },
	/* Every slot is taken by others: the search ends. */
	{ { 5, 0, 2, 1, 2, { 4, 2 }, { 1, 1 }, { 1, 3 }, { 0, 0 }, { 8, 0 }, { 0 } }, 0, false },
	/* Parts outside of a section. */
	{ { 5, 0, 2, 1, 2, { 8, 0 }, { 1, 0 }, { 3, 3 }, { 0, UINT32_MAX }, { 8, 1 }, { 0 } }, 0, true },
	{ { 5, 0, 2, 1, 2, { 8, 0 }, { 1, 0 }, { 3, 3 }, { 0, 0 }, { 8, UINT32_MAX }, { 0 } }, 0, true },
};

static void
test_indexes(void **state)
{
	(void)state;
	for (size_t i = 0; i < TWZ_COUNT(indexes); i++) {
		TWZ_ARENA arena = { 0 };
		TWZ_CLEANUP(elf_closep) struct elf_file *file = NULL;
		TWZ_CLEANUP(debug_closep) struct debug *debug = NULL;
		struct debug_file *unit;

		write_elf(in_folder("plain.so.dwp"), ".debug_cu_index", 0, &indexes[i].index,
			  sizeof(struct row) - indexes[i].cut);
		debug = open_debug(in_folder("plain.so"), &arena, &file);
		unit = debug_split(debug, 8, NULL, NULL);
		if (!unit != !indexes[i].there)
			fail_msg("index %zu: %s", i, unit ? "found" : "not found");
		for (int s = 0; unit && s < DEBUG_SECTIONS; s++)
			assert_int_equal(debug_section(unit, s).n, 0);
		assert_null(debug_split_type(debug, 8));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_compressed),
		cmocka_unit_test(test_threads),
		cmocka_unit_test(test_lies),
		cmocka_unit_test(test_limit),
		cmocka_unit_test(test_indexes),
	};

	return cmocka_run_group_tests(tests, set_up, remove_folder);
}
