/*
 * Gates files: for a library that nobody recompiles, the records that its author did not write. Such a
 * file (twz-gates(5)) names the library, its headers and the functions that are gates, and says of their
 * parameters what C cannot say. It becomes the very bytes that TWZ_GATE leaves in .twz_gates, so that
 * everything behind this file is the same for both.
 */
#pragma once

#include "introspect/file/elf.h"

struct gates_file {
	const char *library;		/* a file's name, "libz.so.1", or an absolute path */
	const char **headers;		/* names for the C compiler's include path, or absolute paths */
	size_t nheaders;
	const char **compile;		/* what the headers need: -IFOLDER, -DNAME… */
	size_t ncompile;
	struct elf_section records;	/* as the section .twz_gates; in the arena */
};

/** Whether @arg only says where headers are, or what a name stands for: -I, -D, -U and what belongs to it. */
bool gates_compiles_with(const char *arg);
/** Reads the gates file at @path. Fails with class LINK and the text "PATH:LINE:COLUMN: what is wrong". */
TWZ_MUST bool gates_read(const char *path, struct twz_arena *arena, struct gates_file *ret,
			 struct twz_error *err);
/** The same for @n bytes at @text, which need no NUL; @path is only for messages. */
TWZ_MUST bool gates_parse(const char *path, const char *text, size_t n, struct twz_arena *arena,
			  struct gates_file *ret, struct twz_error *err);
