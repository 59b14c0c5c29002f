/*
 * Debian's packages, as far as the files of dpkg and apt say something about them: who brought a file,
 * and which package has its debug information. No process is started and nothing is asked of the net.
 */
#pragma once

#include "twz/arena.h"

/** The package that the file at @path came with ("zlib1g"); NULL when it came with none. */
const char *package_of(const char *path, struct twz_arena *arena);
/**
 * The package with the debug information of this build-id (lower-case hexadecimal), by the lists that
 * apt keeps; NULL when they do not name one.
 */
const char *package_with_debug(const char *build_id, struct twz_arena *arena);
/** What to add to apt's sources so that packages with debug symbols can be installed; "" elsewhere. */
const char *package_debug_archive(struct twz_arena *arena);
