/* Inside registry/: where services and gates files are looked for. */
#pragma once

#include <stddef.h>

#include "twz/arena.h"

/* A list of folders that is being made; each by its absolute path without symbolic links. */
struct folders {
	struct twz_arena *arena;
	const char **all;
	size_t n;
};

/** Adds a folder; one that does not exist can hold nothing. */
void folders_add(struct folders *f, const char *path);
/**
 * Adds what the environment's @variable lists (between them ':'), then @below in the user's folder:
 * $XDG_DATA_HOME/twz/@below, else ~/.local/share/twz/@below.
 */
void folders_add_own(struct folders *f, const char *variable, const char *below);
/** The list; it ends with NULL. */
const char *const *folders_end(struct folders *f);
