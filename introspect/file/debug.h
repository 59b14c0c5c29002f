/*
 * Debug information of one library: which files hold it, and their sections in memory.
 *
 * A library's types may lie in the library, in a separate file (by build-id or .gnu_debuglink), in an
 * alternate file that several share (dwz), and in one file per unit (.dwo) or all of these packed
 * (.dwp). This is the one place that looks for them; it notes each look, for people who wonder why
 * nothing was found. Readers of DWARF see sections of bytes, decompressed, never a path or a file
 * format. Safe to use from several threads once it is open.
 */
#pragma once

#include "introspect/file/elf.h"

enum debug_section {
	DEBUG_INFO,
	DEBUG_TYPES,
	DEBUG_ABBREV,
	DEBUG_STR,
	DEBUG_LINE,
	DEBUG_LINE_STR,
	DEBUG_ADDR,
	DEBUG_STR_OFFSETS,
	DEBUG_RANGES,
	DEBUG_RNGLISTS,
	DEBUG_ARANGES,
	DEBUG_SECTIONS,
};

/* One file with debug information, or the part of a packed one that belongs to one unit. */
struct debug_file;
struct debug;

/* One look for debug information, in the order in which they happened. */
struct debug_look {
	const char *what;	/* "in the file", "by build-id", "by debug link", "alternate file", … */
	const char *where;	/* the path */
	const char *result;	/* "found", or why not: "no such file", "its build-id differs", … */
	bool found;
};

/**
 * Finds and opens the debug information of @file; @debug_dirs: folders between ':', NULL for
 * /usr/lib/debug. On failure (class LINK) @ret is still made and must be closed: debug_looks() tells
 * what was tried.
 */
TWZ_MUST bool debug_open(struct elf_file *file, const char *debug_dirs, struct twz_arena *arena,
			 struct debug **ret, struct twz_error *err);
/** NULL is fine. Every section's bytes go with it. */
void debug_close(struct debug *debug);
size_t debug_looks(const struct debug *debug, const struct debug_look **ret);
/** True when a section could not be decompressed or a file that is referred to was not found. */
bool debug_partial(const struct debug *debug);

/** The file with the types; NULL when debug_open() failed. */
struct debug_file *debug_main(struct debug *debug);
/** The alternate file that .gnu_debugaltlink of the main file names; opened when first asked for; NULL: none. */
struct debug_file *debug_alternate(struct debug *debug);
/**
 * The split part of the unit with this id: its part of a .dwp beside the library or the main file, else
 * the file @name, under @comp_dir or beside the library. The same id gives the same file again. NULL:
 * not found. A whole .dwo may hold type units and other units too. Its id is compared where the unit's
 * header has it (DWARF 5); of DWARF 4 the reader must compare DW_AT_GNU_dwo_id.
 */
struct debug_file *debug_split(struct debug *debug, uint64_t dwo_id, const char *comp_dir,
			       const char *name);
/** The part of a .dwp that holds the type unit with this signature; NULL: none. */
struct debug_file *debug_split_type(struct debug *debug, uint64_t signature);

/**
 * A section's bytes, decompressed when first asked for; { NULL, 0 } when there is none or it is damaged.
 * Split files have no DEBUG_ADDR, DEBUG_RANGES and DEBUG_ARANGES: those are in the main file.
 * A size that no compressor could have reached is not believed. Live until debug_close().
 */
struct elf_section debug_section(struct debug_file *file, enum debug_section section);
/** The section by the name it has in ELF (".debug_info", ".debug_info.dwo" for a split file). */
const char *debug_section_name(const struct debug_file *file, enum debug_section section);
const char *debug_path(const struct debug_file *file);
/** How its units are stored: "none", "zlib", "zlib (.zdebug)", "zstd" or "unknown". */
const char *debug_compression(const struct debug_file *file);
bool debug_is_split(const struct debug_file *file);

static inline void
debug_closep(struct debug **debug)
{
	debug_close(*debug);
}
