/*
 * What the editor shows, as rows of cells, and the bytes that turn one screen into the next. Nothing here
 * touches a terminal, and nothing here knows where texts come from: whatever they hold, only characters
 * that are drawn leave, and the escape sequences are ours.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <wchar.h>

#include "twz/arena.h"

/* style, SGR with colours, SGR without them */
#define FRAME_STYLES(X) \
	X(PLAIN, "", "") \
	X(PROMPT, "1", "") \
	X(SERVICE, "34", "") \
	X(GATE, "1;36", "") \
	X(FUNCTION, "36", "") \
	X(KEYWORD, "1;35", "") \
	X(VARIABLE, "33", "") \
	X(NUMBER, "32", "") \
	X(TEXT, "32", "") \
	X(ENUMERATOR, "1;32", "") \
	X(COMMENT, "2", "") \
	X(ERROR, "31", "") \
	X(GHOST, "2", "2") \
	X(HINT, "2", "") \
	X(MARKED, "1", "1") \
	X(NOTE, "2", "") \
	X(SELECTED, "7", "7")

enum frame_style {
#define X(name, color, plain) FRAME_##name,
	FRAME_STYLES(X)
#undef X
};

/* One row below the text: pieces that follow each other, cut where the terminal ends. */
struct frame_piece {
	const wchar_t *text;
	enum frame_style style;
};
struct frame_line {
	const struct frame_piece *pieces;
	size_t n;
};

struct frame_view {
	const wchar_t *prompt, *more;	/* before the first line, and before the others */
	const wchar_t *text;
	size_t n, cursor;
	const uint8_t *styles;		/* of each character; NULL: plain */
	const wchar_t *ghost;		/* goes on where the text ends; NULL: none */
	const struct frame_line *below;
	size_t nbelow;
	int columns, rows;		/* of the terminal */
	bool all;			/* also what the terminal has no rows for: the last time */
};

struct frame_cell {
	wchar_t c, marks[2];		/* c 0: the second half of a wide one; marks combine with it */
	uint8_t style;
};

struct frame_row {
	struct frame_cell *cells;
	size_t n;			/* columns that are used */
};

struct frame {
	struct frame_row *rows;
	size_t n;
	int row, column;		/* the cursor */
};

/** Lays @view out, in @arena. A frame has at least one row. */
void frame_lay(const struct frame_view *view, struct twz_arena *arena, struct frame *ret);

/**
 * Writes what turns @before, which the terminal shows with its cursor in place, into @now. An empty
 * @before (n 0) is a cursor in column 0 with nothing behind it.
 */
void frame_write(FILE *out, const struct frame *before, const struct frame *now, bool color);

/** Writes what removes @frame: the cursor is where it began, and nothing is behind it. */
void frame_erase(FILE *out, const struct frame *frame);

/** The row of the cursor once the terminal has become @columns wide and folded its long rows. */
int frame_folded_row(const struct frame *frame, int columns);

/** Columns that a character is drawn in: control characters as ^X, what has no picture as one. */
int frame_width(wchar_t c);
