/*
 * Opening a file is a ladder of questions, each of which has its own answer when it is "no": is it an
 * ELF file, whole, 64-bit, of this machine, a shared object? libelf answers none of them with a
 * reason, so the first bytes are looked at here. libelf checks offsets when it hands out data, but a
 * file that was cut off is found at once, by its tables.
 */
#include "introspect/elf.h"

#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "twz/type.h"

#if defined(__x86_64__)
#define OWN_MACHINE EM_X86_64
#elif defined(__aarch64__)
#define OWN_MACHINE EM_AARCH64
#else
#error "twz calls gates on x86-64 and AArch64"
#endif

enum { MAX_EXPORTS = 1 << 20 };

static const struct { uint16_t machine; const char *name; } machines[] = {
	{ EM_X86_64, "x86-64" }, { EM_AARCH64, "AArch64" }, { EM_386, "x86" }, { EM_ARM, "ARM" },
	{ EM_RISCV, "RISC-V" }, { EM_PPC64, "PowerPC64" }, { EM_PPC, "PowerPC" },
	{ EM_S390, "s390" }, { EM_MIPS, "MIPS" }, { EM_SPARCV9, "SPARC V9" }, { EM_SPARC, "SPARC" },
	{ EM_IA_64, "Itanium" }, { EM_BPF, "BPF" }, { EM_ALPHA, "Alpha" }, { 258, "LoongArch" },
};

static const struct { uint16_t type; const char *name; } file_types[] = {
	{ ET_REL, "a relocatable object (.o)" },
	{ ET_EXEC, "a program" },
	{ ET_CORE, "a core dump" },
};

static const char *
machine_name(struct twz_arena *arena, uint16_t machine)
{
	for (size_t i = 0; i < TWZ_COUNT(machines); i++)
		if (machines[i].machine == machine)
			return machines[i].name;
	return twz_format(arena, "machine %u", machine);
}

static bool
read_head(struct elf_file *file, Elf64_Ehdr *ret, struct twz_error *err)
{
	unsigned char head[sizeof(*ret)] = { 0 };
	struct stat st;
	ssize_t n;

	if (fstat(file->fd, &st))
		return twz_fail_sys(err, errno, "cannot read the file");
	if (!S_ISREG(st.st_mode)) {
		twz_fail(err, TWZ_CLASS_LINK, TWZ_ERR(ARGUMENT, WRONG_TYPE), "not a regular file");
		return twz_hint(err, "name the shared object itself, for example libfoo.so");
	}
	file->size = (uint64_t)st.st_size;
	n = pread(file->fd, head, sizeof(head), 0);
	if (n < 0)
		return twz_fail_sys(err, errno, "cannot read the file");
	if (n < SELFMAG || memcmp(head, ELFMAG, SELFMAG)) {
		twz_fail(err, TWZ_CLASS_LINK, TWZ_ERR(ARGUMENT, WRONG_TYPE), "not an ELF file");
		return twz_hint(err, "name the shared object itself, for example libfoo.so");
	}
	if (n > EI_CLASS && head[EI_CLASS] == ELFCLASS32) {
		twz_fail(err, TWZ_CLASS_LINK, TWZ_ERR(GENERIC, NOT_SUPPORTED),
			 "32-bit ELF file; this twz calls 64-bit code");
		return twz_hint(err, "build the library for %s (without -m32)",
				machine_name(file->arena, OWN_MACHINE));
	}
	if ((size_t)n < sizeof(head))
		return twz_fail(err, TWZ_CLASS_LINK, TWZ_ERR(IO, DATA_LOSS),
				"truncated: the file ends inside the ELF header");
	memcpy(ret, head, sizeof(*ret));
	return true;
}

static bool
check_machine(struct elf_file *file, const Elf64_Ehdr *head, struct twz_error *err)
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

/* Programs are ET_DYN too when they are position-independent; a flag of theirs tells. */
static bool
is_program(const struct elf_file *file)
{
	struct elf_section dynamic;

	if (!elf_section(file, ".dynamic", &dynamic))
		return false;
	for (size_t i = 0; i + sizeof(Elf64_Dyn) <= dynamic.n; i += sizeof(Elf64_Dyn)) {
		Elf64_Dyn d;

		memcpy(&d, dynamic.bytes + i, sizeof(d));
		if (d.d_tag == DT_FLAGS_1)
			return d.d_un.d_val & DF_1_PIE;
	}
	return false;
}

static bool
check_type(struct elf_file *file, const Elf64_Ehdr *head, struct twz_error *err)
{
	const char *what = "an ELF file of an unknown type";

	if (head->e_type == ET_DYN && !is_program(file))
		return true;
	if (head->e_type == ET_DYN)
		what = "a program";
	for (size_t i = 0; i < TWZ_COUNT(file_types); i++)
		if (file_types[i].type == head->e_type)
			what = file_types[i].name;
	twz_fail(err, TWZ_CLASS_LINK, TWZ_ERR(NAMING, WRONG_NAME_KIND),
		 "not a shared object but %s", what);
	return twz_hint(err, "link it with -shared and -fPIC");
}

static bool
inside(const struct elf_file *file, uint64_t offset, uint64_t n)
{
	return offset <= file->size && n <= file->size - offset;
}

static bool
truncated(const char *what, struct twz_error *err)
{
	twz_fail(err, TWZ_CLASS_LINK, TWZ_ERR(IO, DATA_LOSS), "truncated: %s lies beyond the file's end",
		 what);
	return twz_hint(err, "copy or build the file again");
}

/* Both tables and every section must lie inside the file. */
static bool
check_whole(struct elf_file *file, const Elf64_Ehdr *head, struct twz_error *err)
{
	Elf_Scn *scn = NULL;

	if (head->e_phnum && !inside(file, head->e_phoff, (uint64_t)head->e_phnum * sizeof(Elf64_Phdr)))
		return truncated("the program header table", err);
	if (head->e_shoff && !inside(file, head->e_shoff, (uint64_t)head->e_shnum * sizeof(Elf64_Shdr)))
		return truncated("the section header table", err);
	while ((scn = elf_nextscn(file->elf, scn))) {
		GElf_Shdr sh;

		if (!gelf_getshdr(scn, &sh) || sh.sh_type == SHT_NOBITS)
			continue;
		if (!inside(file, sh.sh_offset, sh.sh_size))
			return truncated("a section", err);
	}
	return true;
}

/* Opens @path for reading, as any 64-bit ELF file of this machine. */
static bool
open_any(const char *path, struct twz_arena *arena, struct elf_file **ret, Elf64_Ehdr *head,
	 struct twz_error *err)
{
	TWZ_CLEANUP(elf_closep) struct elf_file *file = twz_new(arena, struct elf_file);

	file->path = twz_strdup(arena, path);
	file->arena = arena;
	/* A FIFO must not make the caller wait. */
	file->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (file->fd < 0)
		return twz_fail_sys(err, errno, "cannot open the file");
	if (!read_head(file, head, err) || !check_machine(file, head, err))
		return false;
	elf_version(EV_CURRENT);
	file->elf = elf_begin(file->fd, ELF_C_READ_MMAP, NULL);
	if (!file->elf || elf_kind(file->elf) != ELF_K_ELF)
		return twz_fail(err, TWZ_CLASS_LINK, TWZ_ERR(IO, DATA_LOSS), "damaged ELF file: %s",
				elf_errmsg(-1));
	if (!check_whole(file, head, err))
		return false;
	*ret = twz_steal(&file);
	return true;
}

bool
elf_open(const char *path, struct twz_arena *arena, struct elf_file **ret, struct twz_error *err)
{
	TWZ_CLEANUP(elf_closep) struct elf_file *file = NULL;
	Elf64_Ehdr head;

	if (!open_any(path, arena, &file, &head, err) || !check_type(file, &head, err))
		return false;
	*ret = twz_steal(&file);
	return true;
}

void
elf_close(struct elf_file *file)
{
	if (!file)
		return;
	if (file->elf)
		elf_end(file->elf);
	if (file->fd >= 0)
		close(file->fd);
	file->elf = NULL;
	file->fd = -1;
}

static Elf_Scn *
find_section(const struct elf_file *file, const char *name, GElf_Shdr *sh)
{
	Elf_Scn *scn = NULL;
	size_t strings;

	if (elf_getshdrstrndx(file->elf, &strings))
		return NULL;
	while ((scn = elf_nextscn(file->elf, scn))) {
		const char *found;

		if (!gelf_getshdr(scn, sh))
			continue;
		found = elf_strptr(file->elf, strings, sh->sh_name);
		if (found && !strcmp(found, name))
			return scn;
	}
	return NULL;
}

bool
elf_section(const struct elf_file *file, const char *name, struct elf_section *ret)
{
	GElf_Shdr sh;
	Elf_Scn *scn = find_section(file, name, &sh);
	Elf_Data *data;

	if (!scn || sh.sh_type == SHT_NOBITS || sh.sh_flags & SHF_COMPRESSED)
		return false;
	data = elf_rawdata(scn, NULL);
	if (!data || !data->d_buf)
		return false;
	*ret = (struct elf_section){ data->d_buf, data->d_size };
	return true;
}

/* One symbol table with what is needed to read it. */
struct symbols {
	Elf_Data *data, *versions;
	size_t strings, n;
};

static bool
open_symbols(const struct elf_file *file, uint32_t type, struct symbols *ret)
{
	Elf_Scn *scn = NULL;

	*ret = (struct symbols){ 0 };
	while ((scn = elf_nextscn(file->elf, scn))) {
		GElf_Shdr sh;

		if (!gelf_getshdr(scn, &sh))
			continue;
		if (sh.sh_type == SHT_GNU_versym && type == SHT_DYNSYM)
			ret->versions = elf_getdata(scn, NULL);
		if (sh.sh_type != type || ret->data)
			continue;
		ret->data = elf_getdata(scn, NULL);
		ret->strings = sh.sh_link;
		ret->n = ret->data ? ret->data->d_size / sizeof(Elf64_Sym) : 0;
	}
	return ret->data;
}

/* An old version of a symbol, which dlsym() would not find. */
static bool
is_hidden(const struct symbols *symbols, size_t i)
{
	GElf_Versym version;

	return symbols->versions && gelf_getversym(symbols->versions, (int)i, &version) &&
	       version & 0x8000;
}

static bool
is_exported(const GElf_Sym *sym)
{
	int type = GELF_ST_TYPE(sym->st_info), bind = GELF_ST_BIND(sym->st_info);
	int visibility = GELF_ST_VISIBILITY(sym->st_other);

	return sym->st_shndx != SHN_UNDEF && (type == STT_FUNC || type == STT_GNU_IFUNC) &&
	       (bind == STB_GLOBAL || bind == STB_WEAK || bind == STB_GNU_UNIQUE) &&
	       (visibility == STV_DEFAULT || visibility == STV_PROTECTED);
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(((const struct elf_symbol *)a)->name, ((const struct elf_symbol *)b)->name);
}

size_t
elf_exports(const struct elf_file *file, const struct elf_symbol **ret)
{
	struct elf_symbol *list = NULL;
	struct symbols symbols;
	size_t n = 0;

	*ret = NULL;
	if (!open_symbols(file, SHT_DYNSYM, &symbols))
		return 0;
	for (size_t i = 1; i < symbols.n && n < MAX_EXPORTS; i++) {
		GElf_Sym sym;
		const char *name;

		if (!gelf_getsym(symbols.data, (int)i, &sym) || !is_exported(&sym) ||
		    is_hidden(&symbols, i))
			continue;
		name = elf_strptr(file->elf, symbols.strings, sym.st_name);
		if (!name || !*name)
			continue;
		twz_push(file->arena, list, n, ((struct elf_symbol){
			.name = twz_strdup(file->arena, name),
			.address = sym.st_value,
			.size = sym.st_size,
			.ifunc = GELF_ST_TYPE(sym.st_info) == STT_GNU_IFUNC,
		}));
	}
	if (n)
		qsort(list, n, sizeof(*list), by_name);
	*ret = list;
	return n;
}

static const char *
function_in(const struct elf_file *file, uint32_t type, uint64_t address)
{
	struct symbols symbols;

	if (!open_symbols(file, type, &symbols))
		return NULL;
	for (size_t i = 1; i < symbols.n; i++) {
		GElf_Sym sym;
		const char *name;

		if (!gelf_getsym(symbols.data, (int)i, &sym) || sym.st_shndx == SHN_UNDEF ||
		    GELF_ST_TYPE(sym.st_info) != STT_FUNC || address < sym.st_value ||
		    address - sym.st_value >= sym.st_size)
			continue;
		name = elf_strptr(file->elf, symbols.strings, sym.st_name);
		if (name && *name)
			return twz_strdup(file->arena, name);
	}
	return NULL;
}

const char *
elf_function_at(const struct elf_file *file, uint64_t address)
{
	const char *name = function_in(file, SHT_SYMTAB, address);

	if (!name)
		name = function_in(file, SHT_DYNSYM, address);
	return name ? name : "";
}

/* -- which file it is ------------------------------------------------------------------------------- */

static uint32_t
note_build_id(const struct elf_file *file, uint8_t *ret)
{
	struct elf_section note;
	Elf64_Nhdr head;
	size_t at = 0;

	if (!elf_section(file, ".note.gnu.build-id", &note))
		return 0;
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

/* Two different 64-bit FNV-1a hashes of the whole file: to notice change, not to resist malice. */
static uint32_t
content_id(const struct elf_file *file, uint8_t *ret)
{
	uint64_t hash[2] = { 0xcbf29ce484222325, 0x84222325cbf29ce4 ^ file->size };
	size_t n = 0;
	const unsigned char *bytes = (const unsigned char *)elf_rawfile(file->elf, &n);

	for (size_t i = 0; bytes && i < n; i++) {
		hash[0] = (hash[0] ^ bytes[i]) * 0x100000001b3;
		hash[1] = (hash[1] + bytes[i]) * 0x9e3779b97f4a7c15;
	}
	memcpy(ret, hash, sizeof(hash));
	return sizeof(hash);
}

uint32_t
elf_build_id(const struct elf_file *file, uint8_t *ret)
{
	uint32_t n = note_build_id(file, ret);

	return n ? n : content_id(file, ret);
}

/* -- separate debug files --------------------------------------------------------------------------- */

static bool
has_debug_info(const struct elf_file *file)
{
	GElf_Shdr sh;

	return (find_section(file, ".debug_info", &sh) && sh.sh_type != SHT_NOBITS && sh.sh_size) ||
	       (find_section(file, ".zdebug_info", &sh) && sh.sh_type != SHT_NOBITS);
}

static uint32_t
crc32_of(const unsigned char *bytes, size_t n)
{
	uint32_t table[256], crc = ~0u;

	for (uint32_t i = 0; i < 256; i++) {
		table[i] = i;
		for (int bit = 0; bit < 8; bit++)
			table[i] = table[i] >> 1 ^ (table[i] & 1 ? 0xedb88320u : 0);
	}
	for (size_t i = 0; i < n; i++)
		crc = table[(crc ^ bytes[i]) & 0xff] ^ crc >> 8;
	return ~crc;
}

/* The file at @path if it belongs to @file: same build-id, or, given @crc, the same checksum. */
static struct elf_file *
open_candidate(const struct elf_file *file, const char *path, const uint32_t *crc)
{
	TWZ_CLEANUP(elf_closep) struct elf_file *found = NULL;
	uint8_t own[TWZ_BUILD_ID_MAX], other[TWZ_BUILD_ID_MAX];
	uint32_t n = note_build_id(file, own);
	Elf64_Ehdr head;

	if (!open_any(path, file->arena, &found, &head, NULL) || !has_debug_info(found))
		return NULL;
	if (n && note_build_id(found, other) == n)
		return memcmp(own, other, n) ? NULL : twz_steal(&found);
	if (crc) {
		size_t size = 0;
		const unsigned char *bytes = (const unsigned char *)elf_rawfile(found->elf, &size);

		if (bytes && crc32_of(bytes, size) == *crc)
			return twz_steal(&found);
	}
	return NULL;
}

static struct elf_file *
by_build_id(const struct elf_file *file, const char *debug_dir)
{
	uint8_t id[TWZ_BUILD_ID_MAX];
	uint32_t n = note_build_id(file, id);
	char hex[2 * TWZ_BUILD_ID_MAX + 1] = "";

	if (n < 2)
		return NULL;
	for (uint32_t i = 0; i < n; i++)
		snprintf(hex + 2 * (size_t)i, 3, "%02x", id[i]);
	return open_candidate(file, twz_format(file->arena, "%s/.build-id/%.2s/%s.debug", debug_dir,
					       hex, hex + 2), NULL);
}

/* The section holds a file name, padding to four bytes and a checksum. */
static struct elf_file *
by_link(const struct elf_file *file, const char *debug_dir)
{
	TWZ_FREE char *real = realpath(file->path, NULL);
	struct elf_file *found = NULL;
	struct elf_section link;
	const char *name;
	size_t length, at;
	uint32_t crc;
	char *slash;

	if (!real || !elf_section(file, ".gnu_debuglink", &link))
		return NULL;
	length = strnlen((const char *)link.bytes, link.n);
	at = TWZ_ALIGN(length + 1, (size_t)4);
	if (!length || at > link.n || link.n - at < sizeof(crc) || memchr(link.bytes, '/', length))
		return NULL;
	memcpy(&crc, link.bytes + at, sizeof(crc));
	name = twz_strndup(file->arena, (const char *)link.bytes, length);
	slash = strrchr(real, '/');
	*slash = '\0';
	const char *tries[] = {
		twz_format(file->arena, "%s/%s", real, name),
		twz_format(file->arena, "%s/.debug/%s", real, name),
		twz_format(file->arena, "%s%s/%s", debug_dir, real, name),
	};
	for (size_t i = 0; i < TWZ_COUNT(tries) && !found; i++)
		found = open_candidate(file, tries[i], &crc);
	return found;
}

bool
elf_open_debug(struct elf_file *file, const char *debug_dir, struct elf_file **ret,
	       struct twz_error *err)
{
	if (!debug_dir)
		debug_dir = "/usr/lib/debug";
	*ret = has_debug_info(file) ? file : NULL;
	if (!*ret)
		*ret = by_build_id(file, debug_dir);
	if (!*ret)
		*ret = by_link(file, debug_dir);
	if (*ret)
		return true;
	twz_fail(err, TWZ_CLASS_LINK, TWZ_ERR(OBJECT, INVALID_META),
		 "no debug information, so the types of its functions are not known");
	return twz_hint(err, "build it with -g, or install its debug package "
			"(looked for by build-id under %s/.build-id and by .gnu_debuglink)",
			debug_dir);
}
