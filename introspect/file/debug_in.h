/* What the files debug*.c share: which files are open, and what was looked for. */
#pragma once

#include <pthread.h>
#include <stdatomic.h>

#include "introspect/file/debug.h"
#include "twz/type.h"

enum {
	MAX_LOOKS = 1 << 12,		/* a library may refer to thousands of split files */
	RECENT_LOOKS = 64,		/* more than one question ever needs */
	MAX_SPLIT = 1 << 20,		/* units with a split file */
};

/* A section in memory: in the file's mapping, or decompressed when first asked for. */
struct debug_memory {
	pthread_mutex_t lock;
	atomic_bool ready;
	struct elf_section section;
	size_t mapped;			/* bytes of our own, not the file's */
};

/* The part of a section that belongs to one unit. */
struct debug_part {
	bool has;
	uint64_t offset, n;
};

struct debug_file {
	struct debug *debug;
	struct elf_file *elf;		/* NULL: a part of … */
	struct debug_file *whole;	/* … this packed file */
	bool split;
	struct debug_memory memory[DEBUG_SECTIONS];	/* not of a part */
	struct debug_part parts[DEBUG_SECTIONS];	/* of a part */
	struct debug_file *next;	/* in debug->files */
};

/* A unit for which a split part was looked for. */
struct debug_unit {
	uint64_t id;
	bool is_type;
	struct debug_file *file;	/* NULL: there is none */
	struct debug_unit *next;
};

struct debug {
	pthread_mutex_t lock;		/* of all below but what is atomic */
	struct twz_arena own;
	struct elf_file *file;
	const char *const *dirs;	/* ends with NULL */
	struct debug_look *looks;
	size_t nlooks;
	struct debug_file *main, *alternate;
	bool alternate_tried, packed_tried;
	struct debug_file *packed[2];	/* .dwp files */
	size_t npacked;
	struct debug_file *files;	/* all that have an elf of their own */
	struct debug_unit *units[1 << 10];
	size_t nunits;
	_Atomic uint64_t memory;	/* bytes decompressed */
	atomic_bool partial;
};

/* What makes a separate file the right one. */
struct debug_wanted {
	uint8_t id[TWZ_BUILD_ID_MAX];
	uint32_t nid;			/* 0: any */
	const uint32_t *crc;		/* of a file without build-id; NULL: there must be one */
};

/* Whether somebody looked there recently. With debug->lock held or before others know of @debug. */
bool debug_looked(const struct debug *debug, const char *what, const char *where);
/* Notes a look, unless it is one already. */
void debug_note(struct debug *debug, const char *what, const char *where, const char *result,
		bool found);
/* A file that is open from now on until debug_close(). */
struct debug_file *debug_add(struct debug *debug, struct elf_file *elf, bool split);
/* The file at @path if it is the one that is @wanted and has debug information; noted as @what. */
struct elf_file *debug_try(struct debug *debug, const char *what, const char *path,
			   const struct debug_wanted *wanted);
/* Where a file with this build-id could be. Ends with NULL. */
const char **debug_id_paths(struct debug *debug, const uint8_t *id, uint32_t n);
/* The separate file with the debug information of debug->file, or NULL. */
struct elf_file *debug_find_main(struct debug *debug);
struct elf_file *debug_find_alternate(struct debug *debug);
/* The folder of what @path leads to and, when it is a symbolic link, the one of the link. Ends with NULL. */
const char **debug_folders(struct debug *debug, const char *path);
/* True when @path is a symbolic link, so that files beside it are others than beside what it leads to. */
bool debug_is_link(const char *path);
/* True when the file has units, compressed or not. */
bool debug_has_info(const struct elf_file *elf);
