/*
 * A library that is read is hostile, and so is whoever reads it once the library has had its way with it: the process
 * that does so may read files, use memory and time up to a limit, write what it was started to write, and nothing
 * else. Like a compartment's, each layer that the kernel has is used, and none is relied on alone.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* What a reading process may not do, and by what. */
enum introspect_confined {
	CONFINED_LIMITS = 1 << 0,	/* CPU time, memory, descriptors, core files: rlimits; no new privileges */
	CONFINED_FILES = 1 << 1,	/* no file written, made, removed or executed but in @folders: Landlock */
	CONFINED_CALLS = 1 << 2,	/* no process, socket, signal to others, …: seccomp */
};

/**
 * Confines this process for good: @seconds of CPU time, and files written only below @folders, which exist and end
 * with NULL; NULL: none. Descriptors that are open stay as they are. What the kernel gave, of enum
 * introspect_confined: programs with sanitizers, which need more than any reader, have no CONFINED_CALLS.
 */
unsigned introspect_confine(unsigned seconds, const char *const *folders);
