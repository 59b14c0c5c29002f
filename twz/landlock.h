/*
 * The kernel's Landlock interface, spelt out here because the distribution's header is older than the
 * kernels that twz meets: numbers from Documentation/userspace-api/landlock.rst.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { LANDLOCK_PATH_BENEATH = 1 };

enum landlock_fs {
	LANDLOCK_FS_EXECUTE = 1 << 0,
	LANDLOCK_FS_WRITE_FILE = 1 << 1,
	LANDLOCK_FS_READ_FILE = 1 << 2,
	LANDLOCK_FS_READ_DIR = 1 << 3,
	LANDLOCK_FS_REMOVE_DIR = 1 << 4,
	LANDLOCK_FS_REMOVE_FILE = 1 << 5,
	LANDLOCK_FS_MAKE_DIR = 1 << 7,
	LANDLOCK_FS_MAKE_REG = 1 << 8,
	LANDLOCK_FS_REFER = 1 << 13,
	LANDLOCK_FS_TRUNCATE = 1 << 14,
	LANDLOCK_FS_READ = LANDLOCK_FS_READ_FILE | LANDLOCK_FS_READ_DIR,
	LANDLOCK_FS_OF_FILES = LANDLOCK_FS_EXECUTE | LANDLOCK_FS_WRITE_FILE | LANDLOCK_FS_READ_FILE |
			       LANDLOCK_FS_TRUNCATE,
	/* Files and folders; no devices, sockets, pipes or symbolic links; nothing executable. */
	LANDLOCK_FS_STATE = LANDLOCK_FS_READ | LANDLOCK_FS_WRITE_FILE | LANDLOCK_FS_REMOVE_DIR |
			    LANDLOCK_FS_REMOVE_FILE | LANDLOCK_FS_MAKE_DIR | LANDLOCK_FS_MAKE_REG |
			    LANDLOCK_FS_REFER | LANDLOCK_FS_TRUNCATE,
};

struct landlock_ruleset {
	uint64_t handled_fs, handled_net, scoped;
};

struct landlock_path {
	uint64_t allowed_access;
	int32_t parent_fd;
} __attribute__((packed));

static inline uint32_t
landlock_abi(void)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, 1);

	return abi > 0 ? (uint32_t)abi : 0;
}

/* Everything that this ABI can deny. */
static inline struct landlock_ruleset
landlock_everything(uint32_t abi)
{
	static const unsigned rights[] = { 0, 13, 14, 15, 15, 16 };
	struct landlock_ruleset r = { 0 };

	r.handled_fs = (1ULL << rights[abi < 5 ? abi : 5]) - 1;
	r.handled_net = abi >= 4 ? 3 : 0;	/* TCP bind, connect */
	r.scoped = abi >= 6 ? 3 : 0;		/* abstract sockets, signals */
	return r;
}

/* How much of the struct this ABI knows. */
static inline size_t
landlock_size(uint32_t abi)
{
	return abi >= 6 ? sizeof(struct landlock_ruleset)
			: abi >= 4 ? 2 * sizeof(uint64_t) : sizeof(uint64_t);
}
