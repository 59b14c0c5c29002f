/* Names and texts of a file that may be anybody's, before they are shown or become part of C. */
#pragma once

#include <stdbool.h>

#include "twz/arena.h"

/** True for [A-Za-z_][A-Za-z0-9_]*, at most 255 bytes. */
bool record_identifier(const char *text);
/** @text without what a terminal would take for a command; not UTF-8 bytes become '?'. */
const char *record_clean(struct twz_arena *arena, const char *text);
/** The same of a text that lives as long as the arena: nearly always itself. */
const char *record_clean_kept(struct twz_arena *arena, const char *text);
