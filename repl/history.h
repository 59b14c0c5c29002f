/* The lines that were entered before, kept in one file that all sessions share. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "twz/arena.h"
#include "twz/error.h"

enum { HISTORY_LOADED = 500 };

/**
 * Path of the history file: $XDG_STATE_HOME/twz/history, else ~/.local/state/twz/history, in @arena.
 * Fails when neither variable says where.
 */
TWZ_MUST bool history_path(struct twz_arena *arena, const char **ret, struct twz_error *err);

/**
 * The newest entries of the file at @path, at most HISTORY_LOADED, oldest first, in @arena. A file
 * that does not exist has none. Makes the file private (0600), and its folder (0700), if they are not.
 */
TWZ_MUST bool history_load(const char *path, struct twz_arena *arena, const char *const **ret,
			   size_t *n, struct twz_error *err);

/**
 * Appends one entry, which may have several lines. Either all of it gets into the file or nothing,
 * also when the disk is full or other sessions append at the same time. Creates folder and file.
 */
TWZ_MUST bool history_append(const char *path, const char *text, size_t n, struct twz_error *err);
