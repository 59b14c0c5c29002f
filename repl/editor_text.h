/* Text as the editor measures, converts and shows it. Nothing here knows libedit. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <wchar.h>

#include "repl/lang/lang.h"
#include "twz/arena.h"

enum { EDITOR_INDENT_MAX = 64 };

/** Columns of the terminal. */
int editor_columns(void);

/** libedit has wide characters, everybody else UTF-8; @ret gets the bytes. */
char *editor_narrow(struct twz_arena *arena, const wchar_t *text, size_t n, size_t *ret);
wchar_t *editor_widen(struct twz_arena *arena, const char *text, size_t n);

/** Blanks that the line after @text begins with, at most EDITOR_INDENT_MAX. */
size_t editor_indent(const wchar_t *text, size_t n);

/** Where the row of the text begins and ends that character @cursor is in. */
size_t editor_row_begin(const wchar_t *text, size_t cursor);
size_t editor_row_end(const wchar_t *text, size_t n, size_t cursor);
/** The same column one row further up or down; false on the first and the last row. */
bool editor_row_above(const wchar_t *text, size_t cursor, size_t *ret);
bool editor_row_below(const wchar_t *text, size_t n, size_t cursor, size_t *ret);

/** How many bytes all candidates begin with, whole characters only. */
size_t editor_common_prefix(const struct lang_candidate *candidates, size_t n);
/** Whether a complete word is followed by a blank: not where more of it must follow. */
bool editor_wants_blank(const char *text);
