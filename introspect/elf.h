/*
 * ELF: what is asked of the file itself, before any debug information. Everything that is returned
 * lives in the arena; the file's own sections stay mapped until elf_close().
 */
#pragma once

#include <libelf.h>

#include "twz/arena.h"
#include "twz/error.h"

/* An exported function. */
struct elf_symbol {
	const char *name;
	uint64_t address, size;
	bool ifunc;			/* the address is that of the resolver */
};

struct elf_section {
	const unsigned char *bytes;
	size_t n;
};

struct elf_file {
	const char *path;
	int fd;
	Elf *elf;
	struct twz_arena *arena;
	uint64_t size;			/* of the file */
};

/**
 * Opens a 64-bit shared object of this machine. Each reason why a file is not one has its own text and
 * code, class LINK.
 */
TWZ_MUST bool elf_open(const char *path, struct twz_arena *arena, struct elf_file **ret,
		       struct twz_error *err);
/** NULL is fine. */
void elf_close(struct elf_file *file);

/** The bytes of the section called @name. False when there is none. */
bool elf_section(const struct elf_file *file, const char *name, struct elf_section *ret);
/** The functions that the file exports, sorted by name; of several versions the default one. */
size_t elf_exports(const struct elf_file *file, const struct elf_symbol **ret);
/** The function of .symtab or .dynsym that holds @address, or "". */
const char *elf_function_at(const struct elf_file *file, uint64_t address);
/** The build-id, else a hash of the contents; at most TWZ_BUILD_ID_MAX bytes. Returns its size. */
uint32_t elf_build_id(const struct elf_file *file, uint8_t *ret);
/**
 * Opens the file that holds the debug information of @file: @file itself, the file named by its
 * build-id under @debug_dir, or the one named by .gnu_debuglink. @ret may be @file.
 */
TWZ_MUST bool elf_open_debug(struct elf_file *file, const char *debug_dir, struct elf_file **ret,
			     struct twz_error *err);

static inline void
elf_closep(struct elf_file **file)
{
	elf_close(*file);
}
