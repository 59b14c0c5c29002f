/*
 * Opening a file is a ladder of questions, each of which has its own answer when it is "no": is it an
 * ELF file, whole, 64-bit, of this machine, of a kind that has functions to call? The file is mapped as
 * it is; nothing in it is believed before its place was compared with the file's size, and every
 * structure is copied out, since a hostile file need not align any.
 */
#include "introspect/file/elf.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "introspect/file/elf_in.h"
#include "twz/type.h"

#if defined(__x86_64__)
#define OWN_MACHINE EM_X86_64
#elif defined(__aarch64__)
#define OWN_MACHINE EM_AARCH64
#else
#error "twz calls gates on x86-64 and AArch64"
#endif

static const struct { uint16_t machine; const char *name; } machines[] = {
	{ EM_X86_64, "x86-64" }, { EM_AARCH64, "AArch64" }, { EM_386, "x86" }, { EM_ARM, "ARM" },
	{ EM_RISCV, "RISC-V" }, { EM_PPC64, "PowerPC64" }, { EM_PPC, "PowerPC" },
	{ EM_S390, "s390" }, { EM_MIPS, "MIPS" }, { EM_SPARCV9, "SPARC V9" }, { EM_SPARC, "SPARC" },
	{ EM_IA_64, "Itanium" }, { EM_BPF, "BPF" }, { EM_ALPHA, "Alpha" }, { 258, "LoongArch" },
};

static const char *
machine_name(struct twz_arena *arena, uint16_t machine)
{
	for (size_t i = 0; i < TWZ_COUNT(machines); i++)
		if (machines[i].machine == machine)
			return machines[i].name;
	return twz_format(arena, "machine %u", machine);
}

const char *
elf_machine(const struct elf_file *file)
{
	return machine_name(file->arena, OWN_MACHINE);
}

const char *
elf_kind_name(enum elf_kind kind)
{
	static const char *const names[] = {
#define X(kind, text) text,
		ELF_KINDS(X)
#undef X
	};

	return names[kind];
}

/* -- reading ---------------------------------------------------------------------------------------- */

static bool
inside(const struct elf_file *file, uint64_t offset, uint64_t n)
{
	return offset <= file->size && n <= file->size - offset;
}

bool
elf_read(const struct elf_file *file, uint64_t offset, void *ret, size_t n)
{
	if (!inside(file, offset, n))
		return false;
	memcpy(ret, file->bytes + offset, n);
	return true;
}

bool
elf_header(const struct elf_file *file, uint64_t i, Elf64_Shdr *ret)
{
	return i < file->nsections &&
	       elf_read(file, file->sections + i * sizeof(*ret), ret, sizeof(*ret));
}

/* The text at @at of a section of texts, or "". */
const char *
elf_text(struct elf_section texts, uint64_t at)
{
	if (at >= texts.n || !memchr(texts.bytes + at, 0, texts.n - at))
		return "";
	return (const char *)texts.bytes + at;
}

const char *
elf_header_name(const struct elf_file *file, const Elf64_Shdr *header)
{
	return elf_text(file->names, header->sh_name);
}

bool
elf_bytes(const struct elf_file *file, const Elf64_Shdr *header, struct elf_section *ret)
{
	if (header->sh_type == SHT_NOBITS || !inside(file, header->sh_offset, header->sh_size))
		return false;
	*ret = (struct elf_section){ file->bytes + header->sh_offset, header->sh_size };
	return true;
}

bool
elf_find(const struct elf_file *file, const char *name, Elf64_Shdr *header, struct elf_section *ret)
{
	for (uint64_t i = 1; elf_header(file, i, header); i++)
		if (!strcmp(elf_header_name(file, header), name))
			return elf_bytes(file, header, ret);
	return false;
}

bool
elf_section(const struct elf_file *file, const char *name, struct elf_section *ret)
{
	Elf64_Shdr header;
	struct elf_section found;

	if (!elf_find(file, name, &header, &found) || header.sh_flags & SHF_COMPRESSED)
		return false;
	*ret = found;
	return true;
}

bool
elf_segment(const struct elf_file *file, uint64_t i, Elf64_Phdr *ret)
{
	return i < file->nsegments &&
	       elf_read(file, file->segments + i * sizeof(*ret), ret, sizeof(*ret));
}

bool
elf_at(const struct elf_file *file, uint64_t address, struct elf_section *ret)
{
	Elf64_Phdr ph;

	for (uint64_t i = 0; elf_segment(file, i, &ph); i++)
		if (ph.p_type == PT_LOAD && address >= ph.p_vaddr &&
		    address - ph.p_vaddr < ph.p_filesz && inside(file, ph.p_offset, ph.p_filesz)) {
			ret->bytes = file->bytes + ph.p_offset + (address - ph.p_vaddr);
			ret->n = ph.p_filesz - (address - ph.p_vaddr);
			return true;
		}
	return false;
}

bool
elf_dynamic(const struct elf_file *file, struct elf_section *ret)
{
	Elf64_Phdr ph;

	if (elf_section(file, ".dynamic", ret))
		return true;
	for (uint64_t i = 0; !file->nsections && elf_segment(file, i, &ph); i++)
		if (ph.p_type == PT_DYNAMIC && inside(file, ph.p_offset, ph.p_filesz)) {
			*ret = (struct elf_section){ file->bytes + ph.p_offset, ph.p_filesz };
			return true;
		}
	return false;
}

bool
elf_dynamic_value(struct elf_section dynamic, int64_t tag, uint64_t *ret)
{
	Elf64_Dyn d;

	for (size_t at = 0; dynamic.n - at >= sizeof(d); at += sizeof(d)) {
		memcpy(&d, dynamic.bytes + at, sizeof(d));
		if (d.d_tag == DT_NULL)
			break;
		if (d.d_tag != tag)
			continue;
		*ret = d.d_un.d_val;
		return true;
	}
	return false;
}

/* -- opening ---------------------------------------------------------------------------------------- */

static bool
not_elf(const char *what, struct twz_error *err)
{
	twz_fail(err, TWZ_CLASS_LINK, TWZ_ERR(ARGUMENT, WRONG_TYPE), "%s", what);
	return twz_hint(err, "name the shared object itself, for example libfoo.so");
}

static bool
truncated(const char *what, struct twz_error *err)
{
	twz_fail(err, TWZ_CLASS_LINK, TWZ_ERR(IO, DATA_LOSS), "truncated: %s", what);
	return twz_hint(err, "copy or build the file again");
}

static bool
damaged(const char *what, struct twz_error *err)
{
	twz_fail(err, TWZ_CLASS_LINK, TWZ_ERR(IO, DATA_LOSS), "damaged ELF file: %s", what);
	return twz_hint(err, "copy or build the file again");
}

static bool
map_file(struct elf_file *file, struct twz_error *err)
{
	/* A FIFO must not make the caller wait. */
	TWZ_CLOSE int fd = open(file->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;
	void *bytes;

	if (fd < 0)
		return twz_fail_sys(err, errno, "cannot open the file");
	if (fstat(fd, &st))
		return twz_fail_sys(err, errno, "cannot read the file");
	if (!S_ISREG(st.st_mode))
		return not_elf("not a regular file", err);
	if (!st.st_size)
		return not_elf("not an ELF file", err);
	bytes = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (bytes == MAP_FAILED)
		return twz_fail_sys(err, errno, "cannot read the file");
	file->bytes = bytes;
	file->size = (uint64_t)st.st_size;
	return true;
}

static bool
read_head(const struct elf_file *file, Elf64_Ehdr *ret, struct twz_error *err)
{
	if (file->size < SELFMAG || memcmp(file->bytes, ELFMAG, SELFMAG))
		return not_elf("not an ELF file", err);
	if (file->size > EI_CLASS && file->bytes[EI_CLASS] == ELFCLASS32) {
		twz_fail(err, TWZ_CLASS_LINK, TWZ_ERR(GENERIC, NOT_SUPPORTED),
			 "32-bit ELF file; this twz calls 64-bit code");
		return twz_hint(err, "build the library for %s (without -m32)",
				machine_name(file->arena, OWN_MACHINE));
	}
	if (!elf_read(file, 0, ret, sizeof(*ret)))
		return truncated("the file ends inside the ELF header", err);
	return true;
}

static bool
check_machine(const struct elf_file *file, const Elf64_Ehdr *head, struct twz_error *err)
{
	uint16_t machine = head->e_machine;
	bool big = head->e_ident[EI_DATA] == ELFDATA2MSB;

	if (big)
		machine = (uint16_t)(machine << 8 | machine >> 8);
	if (machine == OWN_MACHINE && !big && head->e_ident[EI_CLASS] == ELFCLASS64)
		return true;
	twz_fail(err, TWZ_CLASS_LINK, TWZ_ERR(OBJECT, BASETYPE_MISMATCH),
		 "made for another machine: %s%s; this one is %s",
		 machine_name(file->arena, machine), big ? " (big-endian)" : "",
		 machine_name(file->arena, OWN_MACHINE));
	return twz_hint(err, "build the library on or for this machine");
}

/* Finds both tables. Counts that do not fit into 16 bits are in the first section's header. */
static bool
find_tables(struct elf_file *file, const Elf64_Ehdr *head, struct twz_error *err)
{
	uint64_t names = head->e_shstrndx;
	Elf64_Shdr first = { 0 };

	if (head->e_shoff) {
		if (head->e_shentsize != sizeof(first))
			return damaged("its section headers have a wrong size", err);
		if (!elf_read(file, head->e_shoff, &first, sizeof(first)))
			return truncated("the section header table lies beyond the file's end", err);
		file->sections = head->e_shoff;
		file->nsections = head->e_shnum ? head->e_shnum : first.sh_size;
		names = names == SHN_XINDEX ? first.sh_link : names;
	}
	if (head->e_phoff && head->e_phnum) {
		if (head->e_phentsize != sizeof(Elf64_Phdr))
			return damaged("its program headers have a wrong size", err);
		file->segments = head->e_phoff;
		file->nsegments = head->e_phnum == PN_XNUM ? first.sh_info : head->e_phnum;
	}
	if (file->nsections > file->size / sizeof(first) ||
	    !inside(file, file->sections, file->nsections * sizeof(first)))
		return truncated("the section header table lies beyond the file's end", err);
	if (!inside(file, file->segments, file->nsegments * sizeof(Elf64_Phdr)))
		return truncated("the program header table lies beyond the file's end", err);
	if (elf_header(file, names, &first))
		elf_bytes(file, &first, &file->names);
	return true;
}

/* Every section, or where there are none every segment that is loaded, must lie inside the file. */
static bool
check_whole(const struct elf_file *file, struct twz_error *err)
{
	Elf64_Shdr sh;
	Elf64_Phdr ph;

	for (uint64_t i = 1; elf_header(file, i, &sh); i++)
		if (sh.sh_type != SHT_NOBITS && !inside(file, sh.sh_offset, sh.sh_size))
			return truncated("a section lies beyond the file's end", err);
	for (uint64_t i = 0; !file->nsections && elf_segment(file, i, &ph); i++)
		if (ph.p_type == PT_LOAD && !inside(file, ph.p_offset, ph.p_filesz))
			return truncated("a segment lies beyond the file's end", err);
	return true;
}

/* Programs are ET_DYN too when they are position-independent; a flag of theirs tells. */
static bool
is_program(const struct elf_file *file)
{
	struct elf_section dynamic;
	uint64_t flags;

	return elf_dynamic(file, &dynamic) && elf_dynamic_value(dynamic, DT_FLAGS_1, &flags) &&
	       flags & DF_1_PIE;
}

/* Its code was taken away, its debug information left. */
static bool
is_debug(const struct elf_file *file)
{
	bool code = false;
	Elf64_Shdr sh;

	for (uint64_t i = 1; elf_header(file, i, &sh); i++)
		if (sh.sh_flags & SHF_EXECINSTR && sh.sh_size) {
			if (sh.sh_type != SHT_NOBITS)
				return false;
			code = true;
		}
	return code;
}

static bool
find_kind(struct elf_file *file, const Elf64_Ehdr *head, struct twz_error *err)
{
	struct elf_section section;
	Elf64_Shdr sh;

	switch (head->e_type) {
	case ET_REL:
		file->kind = ELF_KIND_OBJECT;
		return true;
	case ET_DYN:
		file->kind = is_debug(file) ? ELF_KIND_DEBUG :
			     is_program(file) ? ELF_KIND_PROGRAM : ELF_KIND_SHARED;
		return true;
	case ET_EXEC:
		file->kind = is_debug(file) ? ELF_KIND_DEBUG :
			     elf_find(file, "__ksymtab", &sh, &section) ? ELF_KIND_KERNEL :
			     ELF_KIND_PROGRAM;
		return true;
	}
	twz_fail(err, TWZ_CLASS_LINK, TWZ_ERR(NAMING, WRONG_NAME_KIND), "not a shared object but %s",
		 head->e_type == ET_CORE ? "a core dump" : "an ELF file of an unknown type");
	return twz_hint(err, "link it with -shared and -fPIC");
}

bool
elf_open_part(const char *path, struct twz_arena *arena, struct elf_file **ret, struct twz_error *err)
{
	TWZ_CLEANUP(elf_closep) struct elf_file *file = twz_new(arena, struct elf_file);
	Elf64_Ehdr head;

	file->path = twz_strdup(arena, path);
	file->arena = arena;
	if (!map_file(file, err) || !read_head(file, &head, err) || !check_machine(file, &head, err) ||
	    !find_tables(file, &head, err) || !check_whole(file, err) || !find_kind(file, &head, err))
		return false;
	*ret = twz_steal(&file);
	return true;
}

static bool
refuse_kind(const struct elf_file *file, struct twz_error *err)
{
	struct elf_section section;
	Elf64_Shdr sh;

	if (file->kind == ELF_KIND_OBJECT && elf_find(file, ".modinfo", &sh, &section)) {
		twz_fail(err, TWZ_CLASS_LINK, TWZ_ERR(NAMING, WRONG_NAME_KIND),
			 "not a shared object but a kernel module (.ko)");
		return twz_hint(err, "it has no addresses yet; a kernel's own image (vmlinux) can be "
				"shown with --all");
	}
	twz_fail(err, TWZ_CLASS_LINK, TWZ_ERR(NAMING, WRONG_NAME_KIND), "not a shared object but %s",
		 elf_kind_name(file->kind));
	if (file->kind == ELF_KIND_DEBUG)
		return twz_hint(err, "name the library that it belongs to; twz-inspect --all shows "
				"functions of this file too");
	return twz_hint(err, "link it with -shared and -fPIC");
}

bool
elf_open_any(const char *path, struct twz_arena *arena, struct elf_file **ret, struct twz_error *err)
{
	TWZ_CLEANUP(elf_closep) struct elf_file *file = NULL;

	if (!elf_open_part(path, arena, &file, err))
		return false;
	if (file->kind == ELF_KIND_OBJECT)
		return refuse_kind(file, err);
	*ret = twz_steal(&file);
	return true;
}

bool
elf_open(const char *path, struct twz_arena *arena, struct elf_file **ret, struct twz_error *err)
{
	TWZ_CLEANUP(elf_closep) struct elf_file *file = NULL;

	if (!elf_open_any(path, arena, &file, err))
		return false;
	if (file->kind != ELF_KIND_SHARED)
		return refuse_kind(file, err);
	*ret = twz_steal(&file);
	return true;
}

void
elf_close(struct elf_file *file)
{
	if (!file || !file->bytes)
		return;
	munmap((void *)(uintptr_t)file->bytes, file->size);
	file->bytes = NULL;
	file->size = file->nsections = file->nsegments = 0;
}

/* -- which file it is ------------------------------------------------------------------------------- */

/* The build-id among the notes in @note. */
static uint32_t
id_of_notes(struct elf_section note, uint8_t *ret)
{
	Elf64_Nhdr head;
	size_t at = 0;

	while (at <= note.n && note.n - at >= sizeof(head)) {
		size_t name, desc;

		memcpy(&head, note.bytes + at, sizeof(head));
		name = at + sizeof(head);
		desc = name + TWZ_ALIGN((size_t)head.n_namesz, (size_t)4);
		at = desc + TWZ_ALIGN((size_t)head.n_descsz, (size_t)4);
		if (desc > note.n || head.n_descsz > note.n - desc)
			return 0;
		if (head.n_type != NT_GNU_BUILD_ID || head.n_namesz != 4 ||
		    memcmp(note.bytes + name, "GNU", 4) || !head.n_descsz ||
		    head.n_descsz > TWZ_BUILD_ID_MAX)
			continue;
		memcpy(ret, note.bytes + desc, head.n_descsz);
		return head.n_descsz;
	}
	return 0;
}

uint32_t
elf_build_note(const struct elf_file *file, uint8_t *ret)
{
	struct elf_section note;
	Elf64_Shdr sh;
	Elf64_Phdr ph;
	uint32_t n = 0;

	for (uint64_t i = 1; !n && elf_header(file, i, &sh); i++)
		if (sh.sh_type == SHT_NOTE && elf_bytes(file, &sh, &note))
			n = id_of_notes(note, ret);
	for (uint64_t i = 0; !file->nsections && !n && elf_segment(file, i, &ph); i++)
		if (ph.p_type == PT_NOTE && inside(file, ph.p_offset, ph.p_filesz))
			n = id_of_notes((struct elf_section){ file->bytes + ph.p_offset, ph.p_filesz },
					ret);
	return n;
}

/* Two different 64-bit hashes of the whole file: to notice change, not to resist malice. */
static uint32_t
content_id(const struct elf_file *file, uint8_t *ret)
{
	uint64_t hash[2] = { 0xcbf29ce484222325, 0x84222325cbf29ce4 ^ file->size };

	for (uint64_t at = 0; at < file->size; at += 8) {
		uint64_t word = 0;

		memcpy(&word, file->bytes + at, file->size - at < 8 ? file->size - at : 8);
		hash[0] = (hash[0] ^ word) * 0x100000001b3;
		hash[0] ^= hash[0] >> 32;
		hash[1] = (hash[1] + word) * 0x9e3779b97f4a7c15;
		hash[1] ^= hash[1] >> 29;
	}
	memcpy(ret, hash, sizeof(hash));
	return sizeof(hash);
}

uint32_t
elf_build_id(const struct elf_file *file, uint8_t *ret)
{
	uint32_t n = elf_build_note(file, ret);

	return n ? n : content_id(file, ret);
}
