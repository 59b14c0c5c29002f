/*
 * Whole programs, from start to end, as a shell or a cron job would run them: twz -c beside
 * dash -c, calls in a loop of one session, and twz-inspect beside readelf on the same file.
 */
#include <elf.h>
#include <fcntl.h>
#include <limits.h>
#include <link.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "tests/bench/bench.h"

enum {
	LOOP_SHORT = 1000,
	LOOP_LONG = 41000,
	MIB = 1 << 20,
};

/* -- twz -c ------------------------------------------------------------------------------------ */

static const char *
twz_path(void)
{
	return bench_text("%s/bin/twz", bench.root);
}

static bool
command_run(struct bench_row *row, unsigned n)
{
	while (n--)
		if (bench_command(row->state, false))
			return false;
	return true;
}

/* @row->what is the text for -c, @row->state the arguments. */
static const char *
dash_open(struct bench_row *row)
{
	static const char *argv[] = { "dash", "-c", ":", NULL };

	row->state = argv;
	return bench_command(row->state, true) ? "needs dash" : NULL;
}

static const char *
twz_open_row(struct bench_row *row)
{
	static const char *argv[] = { NULL, "-c", "calc::add 1 2", NULL };
	int status;

	argv[0] = twz_path();
	row->state = argv;
	/* The first run registers the service. */
	status = bench_command(row->state, false);
	return status ? bench_text("twz -c 'calc::add 1 2' ends with status %d", status) : NULL;
}

/* -- calls in a loop --------------------------------------------------------------------------- */

static bool
loop(unsigned n, double *ret)
{
	char text[80];
	const char *argv[] = { twz_path(), "-c", text, NULL };
	uint64_t start = bench_now();
	int pid;

	snprintf(text, sizeof(text), "for i in 1 .. %u { calc::add i 1 }", n);
	pid = bench_spawn((char *const *)(uintptr_t)argv, true);
	if (pid < 0 || bench_wait(pid))
		return false;
	*ret = (double)(bench_now() - start);
	return true;
}

/* Start and end of the session are in both lengths, so their difference is calls alone. */
static bool
loop_measure(struct bench_row *row, double *ret)
{
	double shorter, longer;

	(void)row;
	if (!loop(LOOP_SHORT, &shorter) || !loop(LOOP_LONG, &longer))
		return false;
	*ret = (longer - shorter) / (LOOP_LONG - LOOP_SHORT);
	return true;
}

static const char *
loop_open(struct bench_row *row)
{
	double took;

	(void)row;
	return loop(2, &took) ? NULL : "twz -c 'for i in 1 .. 2 { calc::add i 1 }' fails";
}

/* -- twz-inspect ------------------------------------------------------------------------------- */

struct inspected {
	const char *argv[4];
	double mib;			/* of DWARF, not compressed */
};

/* Bytes of the sections called .debug_… in the ELF file of @n bytes at @file. */
static uint64_t
dwarf_size(const unsigned char *file, uint64_t n)
{
	Elf64_Ehdr header;
	Elf64_Shdr names, section;
	uint64_t sum = 0;

	memcpy(&header, file, sizeof(header));
	if (memcmp(header.e_ident, ELFMAG, SELFMAG) || header.e_ident[EI_CLASS] != ELFCLASS64)
		return 0;
	if (header.e_shoff > n || header.e_shnum > (n - header.e_shoff) / sizeof(section) ||
	    header.e_shstrndx >= header.e_shnum)
		return 0;
	memcpy(&names, file + header.e_shoff + header.e_shstrndx * sizeof(names), sizeof(names));
	for (unsigned i = 0; i < header.e_shnum; i++) {
		Elf64_Chdr compressed;

		memcpy(&section, file + header.e_shoff + i * sizeof(section), sizeof(section));
		if (names.sh_offset > n || section.sh_name > n - names.sh_offset ||
		    n - names.sh_offset - section.sh_name < 7 || section.sh_type == SHT_NOBITS ||
		    memcmp(file + names.sh_offset + section.sh_name, ".debug_", 7))
			continue;
		if (section.sh_flags & SHF_COMPRESSED && section.sh_offset < n - sizeof(compressed)) {
			memcpy(&compressed, file + section.sh_offset, sizeof(compressed));
			section.sh_size = compressed.ch_size;
		}
		sum += section.sh_size;
	}
	return sum;
}

static uint64_t
file_dwarf_size(const char *path)
{
	TWZ_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	uint64_t ret;
	void *file;

	if (fd < 0 || fstat(fd, &st) || st.st_size < (off_t)sizeof(Elf64_Ehdr))
		return 0;
	file = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (file == MAP_FAILED)
		return 0;
	ret = dwarf_size(file, (uint64_t)st.st_size);
	munmap(file, (size_t)st.st_size);
	return ret;
}

/* The C library that this program runs on, and the file that has its debug information. */
static struct {
	char library[PATH_MAX], debug[PATH_MAX];
} libc;

static void
take_build_id(const unsigned char *note, size_t n)
{
	const char *folder = "/usr/lib/debug/.build-id/";
	int at = snprintf(libc.debug, sizeof(libc.debug), "%s", folder);

	for (size_t i = 0; i < n && at < (int)sizeof(libc.debug) - 16; i++)
		at += sprintf(libc.debug + at, i ? "%02x" : "%02x/", note[i]);
	strcpy(libc.debug + at, ".debug");
}

static int
look_at(struct dl_phdr_info *info, size_t size, void *data)
{
	(void)size, (void)data;
	if (!strstr(info->dlpi_name, "/libc.so."))
		return 0;
	snprintf(libc.library, sizeof(libc.library), "%s", info->dlpi_name);
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *p = &info->dlpi_phdr[i];
		const unsigned char *note = (const unsigned char *)info->dlpi_addr + p->p_vaddr;
		ElfW(Nhdr) head;

		if (p->p_type != PT_NOTE || p->p_memsz < sizeof(head) + 4)
			continue;
		memcpy(&head, note, sizeof(head));
		if (head.n_type == NT_GNU_BUILD_ID && head.n_namesz == 4 &&
		    head.n_descsz <= p->p_memsz - sizeof(head) - 4)
			take_build_id(note + sizeof(head) + 4, head.n_descsz);
	}
	return 1;
}

static const char *
inspect_open(struct bench_row *row)
{
	const char *const *program = row->what;
	struct inspected *file = calloc(1, sizeof(*file));
	const char *debug;
	int status;

	if (!file)
		return "no memory";
	row->state = file;
	if (row->size)
		dl_iterate_phdr(look_at, NULL);
	debug = row->size ? libc.debug : bench_text("%s/lib/libtwz.so", bench.root);
	file->mib = (double)file_dwarf_size(debug) / MIB;
	if (file->mib <= 0)
		return row->size ? "no debug information of the C library (package libc6-dbg)" :
			"libtwz.so has no debug information";
	file->argv[0] = *program[0] == '/' ? bench_text("%s%s", bench.root, program[0]) : program[0];
	file->argv[1] = program[1];
	file->argv[2] = row->size && *program[0] == '/' ? libc.library : debug;
	row->name = bench_text("%s, %s of %.1f MiB", row->name,
			       row->size ? "the C library" : "libtwz.so", file->mib);
	/* 1 says that some function could not be described, which is no failure here. */
	status = bench_command((char *const *)(uintptr_t)file->argv, true);
	if (status > 1 || status < 0)
		return bench_text("%s %s ends with status %d", program[0], program[1], status);
	return NULL;
}

static bool
inspect_measure(struct bench_row *row, double *ret)
{
	struct inspected *file = row->state;
	uint64_t start = bench_now();
	int pid = bench_spawn((char *const *)(uintptr_t)file->argv, true);

	if (pid < 0 || bench_wait(pid) > 1)
		return false;
	*ret = (double)(bench_now() - start) / file->mib;
	return true;
}

static void
inspect_close(struct bench_row *row)
{
	free(row->state);
}

static void
inspect_rows(size_t which)
{
	static const char *const inspect[] = { "/bin/twz-inspect", "--all" };
	static const char *const readelf[] = { "readelf", "--debug-dump=info" };
	struct bench_row row = {
		.group = "reading DWARF", .unit = BENCH_TIME_PER_MIB, .open = inspect_open,
		.measure = inspect_measure, .close = inspect_close, .samples = 1,
		.rounds = bench.quick ? 1 : 3,
		.size = which,
	};

	row.key = which ? "inspect_libc" : "inspect", row.name = "twz-inspect --all";
	row.what = inspect;
	bench_row(row);
	row.key = which ? "readelf_libc" : "readelf", row.name = "readelf --debug-dump=info";
	row.what = readelf;
	bench_row(row);
	bench_ratio((struct bench_ratio){
		.key = row.key, .denominator = row.key,
		.numerator = which ? "inspect_libc" : "inspect",
		.name = which ? "twz-inspect / readelf, the C library" :
			"twz-inspect / readelf, libtwz.so",
	});
}

void
bench_program_rows(void)
{
	struct bench_row row = {
		.key = "dash", .group = "whole programs", .name = "dash -c :", .open = dash_open,
		.run = command_run, .samples = 12,
	};

	bench_row(row);
	row.key = "twz_c", row.name = "twz -c 'calc::add 1 2'", row.open = twz_open_row;
	bench_row(row);
	bench_row((struct bench_row){
		.key = "loop", .group = "int add(int, int), a gate, called from compiled C",
		.name = "twz -c 'for i in 1 .. N { calc::add i 1 }', each", .open = loop_open,
		.measure = loop_measure, .samples = 1,
	});
	inspect_rows(0);
	inspect_rows(1);
}
