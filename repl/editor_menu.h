/*
 * Lists below the line: what could complete a word, and what a search in the history found. As rows for
 * the frame; nothing here knows a terminal.
 */
#pragma once

#include <stddef.h>

#include "repl/editor_frame.h"
#include "repl/history.h"
#include "repl/lang/lang.h"
#include "twz/arena.h"

enum { MENU_NONE = -1 };

/** One candidate per row, with its note. @selected (or MENU_NONE) is marked, and among those shown. */
size_t editor_menu(const struct lang_candidate *candidates, size_t n, int selected, size_t rows,
		   struct twz_arena *arena, const struct frame_line **ret);

/**
 * One entry per row: when it was run, how it went, where, if elsewhere than in @folder, its first line.
 * @now: ms since 1970.
 */
size_t editor_menu_history(const struct history_entry *entries, size_t n, int selected, size_t rows,
			   int64_t now, const char *folder, struct twz_arena *arena,
			   const struct frame_line **ret);
