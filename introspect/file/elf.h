/*
 * ELF: what is asked of the file itself, before any debug information. The file is mapped and read by
 * our own code, which believes no offset; sections point into the mapping and live until elf_close(),
 * all text lives in the arena. Safe to use from several threads once it is open.
 */
#pragma once

#include <elf.h>

#include "twz/arena.h"
#include "twz/error.h"

/* An exported function. */
struct elf_symbol {
	const char *name;		/* without the version */
	const char *version;		/* "" when the file has no versions */
	uint64_t address, size;
	bool ifunc;			/* the address is that of the resolver */
	bool weak;
	bool hidden;			/* an old version: dlsym() and new programs get another one */
};

struct elf_section {
	const unsigned char *bytes;
	size_t n;
};

/* What a file is for. Only functions of a SHARED one can be called. */
#define ELF_KINDS(X) \
	X(SHARED, "a shared object") \
	X(PROGRAM, "a program") \
	X(KERNEL, "a kernel") \
	X(DEBUG, "a file of debug information")	/* its code is in another file */ \
	X(OBJECT, "a relocatable object (.o)")	/* also .dwo, .dwp, .ko */

enum elf_kind {
#define X(kind, text) ELF_KIND_##kind,
	ELF_KINDS(X)
#undef X
};

struct elf_file {
	const char *path;
	enum elf_kind kind;
	struct twz_arena *arena;
	const unsigned char *bytes;	/* all of it, mapped */
	uint64_t size;
	uint64_t sections, nsections;	/* offset and length of the section header table; 0: none */
	uint64_t segments, nsegments;	/* … of the program header table */
	struct elf_section names;	/* of sections */
};

/**
 * Opens a 64-bit shared object of this machine. Each reason why a file is not one has its own text and
 * code, class LINK.
 */
TWZ_MUST bool elf_open(const char *path, struct twz_arena *arena, struct elf_file **ret,
		       struct twz_error *err);
/** Also programs, kernels and files of debug information, whose functions can be shown, not called. */
TWZ_MUST bool elf_open_any(const char *path, struct twz_arena *arena, struct elf_file **ret,
			   struct twz_error *err);
/** Also relocatable objects: .dwo and .dwp files are some. */
TWZ_MUST bool elf_open_part(const char *path, struct twz_arena *arena, struct elf_file **ret,
			    struct twz_error *err);
/** NULL is fine. */
void elf_close(struct elf_file *file);

/** "a shared object", …. */
const char *elf_kind_name(enum elf_kind kind);
/** "x86-64", …. */
const char *elf_machine(const struct elf_file *file);

/** The header of section @i; false when there is no such section. */
bool elf_header(const struct elf_file *file, uint64_t i, Elf64_Shdr *ret);
/** The section header's name, "" when it has none. */
const char *elf_header_name(const struct elf_file *file, const Elf64_Shdr *header);
/** The section called @name with its header. False when there is none or it has no bytes in the file. */
bool elf_find(const struct elf_file *file, const char *name, Elf64_Shdr *header,
	      struct elf_section *ret);
/** The bytes of the section called @name. False when there is none or it is compressed. */
bool elf_section(const struct elf_file *file, const char *name, struct elf_section *ret);

/**
 * The functions that the file exports, in every version, sorted by name; of equal names the default
 * version comes first, which is what dlsym() finds. A file without .dynsym "exports" the global
 * functions of .symtab.
 */
size_t elf_exports(const struct elf_file *file, const struct elf_symbol **ret);
/** The function of .symtab or .dynsym that holds @address, or "". */
const char *elf_function_at(const struct elf_file *file, uint64_t address);

/** The note's build-id, at most TWZ_BUILD_ID_MAX bytes. Returns its size; 0: it has none. */
uint32_t elf_build_note(const struct elf_file *file, uint8_t *ret);
/** The build-id, else a hash of the contents. */
uint32_t elf_build_id(const struct elf_file *file, uint8_t *ret);
/** DT_SONAME, "" when it has none. */
const char *elf_soname(const struct elf_file *file);

static inline void
elf_closep(struct elf_file **file)
{
	elf_close(*file);
}
