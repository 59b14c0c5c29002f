/*
 * Sections as bytes. A compressed one says how large it will be; that is believed as far as its
 * compressor could reach it, and the memory is address space until it is really written. Each section
 * has a lock of its own, so that two threads can decompress two of them.
 */
#include "introspect/file/debug.h"

#include <errno.h>
#include <libdeflate.h>
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>
#include <zstd.h>

#include "introspect/file/debug_in.h"

enum {
	ZLIB_RATIO = 1032,		/* deflate reaches no more */
	ZLIB_SLACK = 1 << 12,
	REAL_RATIO = 64,		/* nor does any debug information that is larger than … */
	REAL_SIZE = 1 << 26,		/* … this */
	HUGE_SIZE = 1 << 22,		/* pages of 2 MiB pay from here on */
	FORGET_SIZE = 1 << 23,		/* compressed sections of this size are let go of … */
	FORGET_NS = 4000000,		/* … so often */
};

/* Of all sections together, decompressed. */
static const uint64_t max_memory = (uint64_t)2 << 30;

static const struct { const char *name, *split; } names[DEBUG_SECTIONS] = {
	[DEBUG_INFO] = { ".debug_info", ".debug_info.dwo" },
	[DEBUG_TYPES] = { ".debug_types", ".debug_types.dwo" },
	[DEBUG_ABBREV] = { ".debug_abbrev", ".debug_abbrev.dwo" },
	[DEBUG_STR] = { ".debug_str", ".debug_str.dwo" },
	[DEBUG_LINE] = { ".debug_line", ".debug_line.dwo" },
	[DEBUG_LINE_STR] = { ".debug_line_str", ".debug_line_str.dwo" },
	[DEBUG_ADDR] = { ".debug_addr", ".debug_addr.dwo" },
	[DEBUG_STR_OFFSETS] = { ".debug_str_offsets", ".debug_str_offsets.dwo" },
	[DEBUG_RANGES] = { ".debug_ranges", ".debug_ranges.dwo" },
	[DEBUG_RNGLISTS] = { ".debug_rnglists", ".debug_rnglists.dwo" },
	[DEBUG_ARANGES] = { ".debug_aranges", ".debug_aranges.dwo" },
};

const char *
debug_section_name(const struct debug_file *file, enum debug_section section)
{
	return file->split ? names[section].split : names[section].name;
}

/* -- one section of the file ------------------------------------------------------------------------ */

enum compressor { PLAIN, ZLIB, ZSTD };

/* A section as it lies in the file. */
struct stored {
	enum compressor compressor;
	struct elf_section bytes;
	uint64_t n;			/* bytes when decompressed, as it says */
};

/* Why the section cannot be read, or NULL. */
static const char *
read_compression(const Elf64_Shdr *sh, struct stored *s)
{
	Elf64_Chdr head;

	s->n = s->bytes.n;
	if (!(sh->sh_flags & SHF_COMPRESSED))
		return NULL;
	if (s->bytes.n < sizeof(head))
		return "its compression header is cut off";
	memcpy(&head, s->bytes.bytes, sizeof(head));
	s->bytes.bytes += sizeof(head);
	s->bytes.n -= sizeof(head);
	s->n = head.ch_size;
	switch (head.ch_type) {
	case ELFCOMPRESS_ZLIB:
		s->compressor = ZLIB;
		return NULL;
	case 2:		/* ELFCOMPRESS_ZSTD, which is newer than this system's elf.h */
		s->compressor = ZSTD;
		return NULL;
	}
	return "it is compressed in an unknown way";
}

/* .zdebug_info: "ZLIB", the size as eight bytes with the highest first, the stream. */
static const char *
read_old_compression(struct stored *s)
{
	if (s->bytes.n < 12 || memcmp(s->bytes.bytes, "ZLIB", 4))
		return "its compression header is damaged";
	s->n = 0;
	for (int i = 4; i < 12; i++)
		s->n = s->n << 8 | s->bytes.bytes[i];
	s->compressor = ZLIB;
	s->bytes.bytes += 12;
	s->bytes.n -= 12;
	return NULL;
}

const char *
debug_compression(const struct debug_file *file)
{
	const struct elf_file *elf = file->whole ? file->whole->elf : file->elf;
	struct stored s = { .n = 0 };
	Elf64_Shdr sh;

	if (!elf_find(elf, debug_section_name(file, DEBUG_INFO), &sh, &s.bytes))
		return elf_find(elf, ".zdebug_info", &sh, &s.bytes) ? "zlib (.zdebug)" : "none";
	if (read_compression(&sh, &s))
		return "unknown";
	return s.compressor == ZLIB ? "zlib" : s.compressor == ZSTD ? "zstd" : "none";
}

static const char *
check_size(const struct stored *s)
{
	uint64_t in = s->bytes.n;

	if (s->compressor == PLAIN)
		return NULL;
	if (s->n > max_memory)
		return "it claims to be larger than 2 GiB";
	if (s->compressor == ZLIB && s->n > in * ZLIB_RATIO + ZLIB_SLACK)
		return "it claims to be larger than it can be";
	if (s->n > REAL_SIZE && s->n / REAL_RATIO > in)
		return "it claims to be larger than debug information ever is";
	return NULL;
}

static bool
unpack(const struct stored *s, unsigned char *ret)
{
	struct libdeflate_decompressor *d;
	enum libdeflate_result result;
	size_t n;

	switch (s->compressor) {
	case PLAIN:
		memcpy(ret, s->bytes.bytes, s->bytes.n);
		return true;
	case ZLIB:
		d = libdeflate_alloc_decompressor();
		if (!d)
			return false;
		result = libdeflate_zlib_decompress(d, s->bytes.bytes, s->bytes.n, ret, s->n, NULL);
		libdeflate_free_decompressor(d);
		return result == LIBDEFLATE_SUCCESS;
	case ZSTD:
		n = ZSTD_decompress(ret, s->n, s->bytes.bytes, s->bytes.n);
		return !ZSTD_isError(n) && n == s->n;
	}
	return false;
}

/* -- letting go of what was read -------------------------------------------------------------------- */

/*
 * A large section takes its compressed size in memory as well: pages of the file, read once and never again.
 * While it is decompressed, somebody takes them out of this process every few milliseconds; the file, which is
 * mapped as it is, gives back what was taken too early.
 */
struct forgetting {
	uintptr_t from;
	size_t n;
	sem_t end;
	pthread_t thread;
	bool started;
};

static void *
forget(void *data)
{
	struct forgetting *f = data;
	struct timespec until;

	do {
		madvise((void *)f->from, f->n, MADV_DONTNEED);
		clock_gettime(CLOCK_REALTIME, &until);
		until.tv_nsec += FORGET_NS;
		until.tv_sec += until.tv_nsec / 1000000000;
		until.tv_nsec %= 1000000000;
	} while (sem_timedwait(&f->end, &until) && (errno == ETIMEDOUT || errno == EINTR));
	madvise((void *)f->from, f->n, MADV_DONTNEED);
	return NULL;
}

static void
forget_begin(struct forgetting *f, const struct elf_section *bytes)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), end = (uintptr_t)(bytes->bytes + bytes->n);

	*f = (struct forgetting){ .from = ((uintptr_t)bytes->bytes + page - 1) & ~(page - 1) };
	if (bytes->n < FORGET_SIZE || sem_init(&f->end, 0, 0))
		return;
	f->n = (end & ~(page - 1)) - f->from;
	f->started = !pthread_create(&f->thread, NULL, forget, f);
	if (!f->started)
		sem_destroy(&f->end);
}

static void
forget_end(struct forgetting *f)
{
	if (!f->started)
		return;
	sem_post(&f->end);
	pthread_join(f->thread, NULL);
	sem_destroy(&f->end);
}

/* -- all sections of one name ----------------------------------------------------------------------- */

/*
 * Sections called ".debug_x" or ".zdebug_x". There may be several in a .dwo, one per type unit; as their
 * units refer to each other by signature only, they can be read as one.
 */
static const char *
collect(const struct debug_file *file, enum debug_section section, struct twz_arena *arena,
	struct stored **ret, size_t *n)
{
	const char *name = debug_section_name(file, section), *why = NULL;
	Elf64_Shdr sh;

	for (uint64_t i = 1; !why && elf_header(file->elf, i, &sh); i++) {
		const char *found = elf_header_name(file->elf, &sh);
		bool old = !strncmp(found, ".z", 2) && !strcmp(found + 2, name + 1);
		struct stored s = { .n = 0 };

		if ((!old && strcmp(found, name)) || sh.sh_type == SHT_NOBITS || !sh.sh_size)
			continue;
		s.bytes = (struct elf_section){ file->elf->bytes + sh.sh_offset, sh.sh_size };
		why = old ? read_old_compression(&s) : read_compression(&sh, &s);
		if (!why)
			why = check_size(&s);
		if (!why)
			twz_push(arena, *ret, *n, s);
		if (file->elf->kind != ELF_KIND_OBJECT)
			break;
	}
	return why;
}

/* Address space for @n bytes, of which the kernel gives what is written; NULL: too much. */
static unsigned char *
reserve(struct debug *debug, size_t n)
{
	uint64_t before = atomic_fetch_add(&debug->memory, n);
	void *bytes = MAP_FAILED;

	if (before <= max_memory && n <= max_memory - before)
		bytes = mmap(NULL, n, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (bytes == MAP_FAILED) {
		atomic_fetch_sub(&debug->memory, n);
		return NULL;
	}
	if (n >= HUGE_SIZE)
		madvise(bytes, n, MADV_HUGEPAGE);
	return bytes;
}

static const char *
unpack_all(struct debug *debug, const struct stored *all, size_t n, struct debug_memory *memory)
{
	unsigned char *bytes;
	uint64_t total = 0, at = 0;

	for (size_t i = 0; i < n; i++) {
		if (all[i].n > max_memory - total)
			return "it claims to be larger than 2 GiB";
		total += all[i].n;
	}
	if (!total)
		return NULL;
	bytes = reserve(debug, total);
	if (!bytes)
		return "there is not enough memory for it";
	for (size_t i = 0; i < n; at += all[i++].n) {
		struct forgetting forgetting;
		bool ok;

		forget_begin(&forgetting, &all[i].bytes);
		ok = unpack(&all[i], bytes + at);
		forget_end(&forgetting);
		if (!ok) {
			munmap(bytes, total);
			atomic_fetch_sub(&debug->memory, total);
			return "its compressed data is damaged";
		}
	}
	memory->section = (struct elf_section){ bytes, total };
	memory->mapped = total;
	return NULL;
}

static const char *
load(struct debug_file *file, enum debug_section section, struct debug_memory *memory)
{
	struct stored *all = NULL;
	TWZ_ARENA arena = { 0 };
	size_t n = 0;
	const char *why = collect(file, section, &arena, &all, &n);

	if (why || !n)
		return why;
	if (n > 1 || all->compressor != PLAIN)
		return unpack_all(file->debug, all, n, memory);
	memory->section = all->bytes;
	return NULL;
}

static void
note_damage(struct debug_file *file, enum debug_section section, const char *why)
{
	struct debug *debug = file->debug;

	atomic_store(&debug->partial, true);
	pthread_mutex_lock(&debug->lock);
	debug_note(debug, debug_section_name(file, section), file->elf->path, why, false);
	pthread_mutex_unlock(&debug->lock);
}

/* The section's lock is never held while debug->lock is waited for: others take them the other way. */
static struct elf_section
whole_section(struct debug_file *file, enum debug_section section)
{
	struct debug_memory *memory = &file->memory[section];
	const char *why = NULL;

	if (!atomic_load_explicit(&memory->ready, memory_order_acquire)) {
		pthread_mutex_lock(&memory->lock);
		if (!atomic_load_explicit(&memory->ready, memory_order_relaxed))
			why = load(file, section, memory);
		atomic_store_explicit(&memory->ready, true, memory_order_release);
		pthread_mutex_unlock(&memory->lock);
	}
	if (why)
		note_damage(file, section, why);
	return memory->section;
}

struct elf_section
debug_section(struct debug_file *file, enum debug_section section)
{
	const struct debug_part *part = &file->parts[section];
	struct elf_section whole;

	if (!file->whole)
		return whole_section(file, section);
	if (!part->has && section != DEBUG_STR)
		return (struct elf_section){ NULL, 0 };
	whole = whole_section(file->whole, section);
	if (section == DEBUG_STR)
		return whole;
	if (part->offset > whole.n || part->n > whole.n - part->offset)
		return (struct elf_section){ NULL, 0 };
	return (struct elf_section){ whole.bytes + part->offset, part->n };
}
