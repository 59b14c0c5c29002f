/*
 * DWARF: an input is the contents of the debug sections, around which a sound ELF file is put; so the
 * fuzzer spends its time where types are made. An input is a sequence of sections: one byte that
 * chooses the name, two bytes of length, the contents; what is left over is .debug_info.
 */
#include <elf.h>
#include <string.h>

#include "tests/fuzz/inspect.h"

enum { MAX_INPUT = 1 << 16, MAX_SECTIONS = 16, CODE = 0x1000 };

static const char *const names[] = {
	".debug_info", ".debug_abbrev", ".debug_str", ".debug_line", ".debug_line_str", ".debug_addr",
	".debug_str_offsets", ".debug_ranges", ".debug_rnglists", ".debug_aranges", ".debug_types",
};

/* The file while it grows. */
struct image {
	unsigned char bytes[2 * MAX_INPUT];
	size_t n;
	Elf64_Shdr sections[MAX_SECTIONS + 5];
	uint16_t nsections;
	char strings[512];
	size_t nstrings;
};

static void
add(struct image *image, const char *name, uint32_t type, const void *bytes, size_t n)
{
	Elf64_Shdr *sh = &image->sections[image->nsections++];
	size_t length = strlen(name) + 1;

	*sh = (Elf64_Shdr){ .sh_name = (uint32_t)image->nstrings, .sh_type = type,
			    .sh_offset = image->n, .sh_size = n, .sh_addralign = 1 };
	memcpy(image->strings + image->nstrings, name, length);
	image->nstrings += length;
	if (n)
		memcpy(image->bytes + image->n, bytes, n);
	image->n += (n + 7) & ~(size_t)7;
}

static void
add_symbols(struct image *image)
{
	static const char strings[] = "\0f\0g\0h";
	static const Elf64_Sym symbols[] = {
		{ 0 },
		{ 1, ELF64_ST_INFO(STB_GLOBAL, STT_FUNC), 0, 1, CODE, 16 },
		{ 3, ELF64_ST_INFO(STB_WEAK, STT_FUNC), 0, 1, CODE + 16, 16 },
		{ 5, ELF64_ST_INFO(STB_GLOBAL, STT_GNU_IFUNC), 0, 1, CODE + 32, 16 },
	};

	add(image, ".dynsym", SHT_DYNSYM, symbols, sizeof(symbols));
	image->sections[image->nsections - 1].sh_link = image->nsections;
	image->sections[image->nsections - 1].sh_entsize = sizeof(*symbols);
	image->sections[image->nsections - 1].sh_addralign = 8;
	image->sections[image->nsections - 1].sh_info = 1;
	add(image, ".dynstr", SHT_STRTAB, strings, sizeof(strings));
}

static void
finish(struct image *image)
{
	Elf64_Ehdr head = {
		.e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT },
		.e_type = ET_DYN,
#if defined(__aarch64__)
		.e_machine = EM_AARCH64,
#else
		.e_machine = EM_X86_64,
#endif
		.e_version = EV_CURRENT, .e_ehsize = sizeof(head), .e_shentsize = sizeof(Elf64_Shdr),
	};

	add(image, ".shstrtab", SHT_STRTAB, NULL, 0);
	image->sections[image->nsections - 1].sh_size = image->nstrings;
	memcpy(image->bytes + image->n, image->strings, image->nstrings);
	image->n += (image->nstrings + 7) & ~(size_t)7;
	head.e_shoff = image->n;
	head.e_shnum = image->nsections;
	head.e_shstrndx = (uint16_t)(image->nsections - 1);
	memcpy(image->bytes + image->n, image->sections, image->nsections * sizeof(Elf64_Shdr));
	image->n += image->nsections * sizeof(Elf64_Shdr);
	memcpy(image->bytes, &head, sizeof(head));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static struct image image;
	size_t at = 0;

	if (n > MAX_INPUT)
		return 0;
	memset(&image, 0, sizeof(image));
	image.n = sizeof(Elf64_Ehdr);
	image.nstrings = image.nsections = 1;
	add_symbols(&image);
	while (n - at > 3 && image.nsections < MAX_SECTIONS) {
		size_t which = data[at] % (sizeof(names) / sizeof(*names));
		size_t size = (size_t)data[at + 1] | (size_t)data[at + 2] << 8;

		at += 3;
		size = size < n - at ? size : n - at;
		add(&image, names[which], SHT_PROGBITS, data + at, size);
		at += size;
	}
	finish(&image);
	inspect_bytes(image.bytes, image.n);
	return 0;
}
