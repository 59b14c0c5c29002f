/* Reading an ELF file, for the files elf*.c only. Every offset is checked here. */
#pragma once

#include "introspect/file/elf.h"

/** Copies @n bytes at @offset out of the file; false when they are not in it. */
bool elf_read(const struct elf_file *file, uint64_t offset, void *ret, size_t n);
/** The text at @at of a section of texts; "" when there is none or it has no end. */
const char *elf_text(struct elf_section texts, uint64_t at);
/** The section's bytes; false when it has none in the file. */
bool elf_bytes(const struct elf_file *file, const Elf64_Shdr *header, struct elf_section *ret);
bool elf_segment(const struct elf_file *file, uint64_t i, Elf64_Phdr *ret);
/** What is loaded to @address, up to the end of its segment. */
bool elf_at(const struct elf_file *file, uint64_t address, struct elf_section *ret);
/** The dynamic table: its section or, in a file without sections, its segment. */
bool elf_dynamic(const struct elf_file *file, struct elf_section *ret);
bool elf_dynamic_value(struct elf_section dynamic, int64_t tag, uint64_t *ret);
