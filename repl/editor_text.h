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
/** Columns that libedit draws a character in. */
int editor_width(wchar_t c);

/** libedit has wide characters, everybody else UTF-8; @ret gets the bytes. */
char *editor_narrow(struct twz_arena *arena, const wchar_t *text, size_t n, size_t *ret);
wchar_t *editor_widen(struct twz_arena *arena, const char *text, size_t n);

/** Writes at most @room columns of @text. */
void editor_write_cut(const char *text, int room);
/** Writes one candidate per row, each with its note; as many as fit on the screen. */
void editor_show_candidates(const struct lang_candidate *candidates, size_t count);

/** Blanks that the line after @text begins with, at most EDITOR_INDENT_MAX. */
size_t editor_indent(const wchar_t *text, size_t n);

/** How many bytes all candidates begin with, whole characters only. */
size_t editor_common_prefix(const struct lang_candidate *candidates, size_t n);
/** Whether a complete word is followed by a blank: not where more of it must follow. */
bool editor_wants_blank(const char *text);
