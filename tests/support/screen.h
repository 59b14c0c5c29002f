/* What a terminal shows that gets what a program writes: as much of one as the line editor uses. For pty.c. */
#pragma once

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

enum { ROWS = 60, COLUMNS = 200, PARAMS = 4 };

static struct {
	struct cell {
		wchar_t c;
		char sgr[12];		/* "1;36"; "" plain */
	} cell[ROWS][COLUMNS];
	char sgr[12];
	int rows, columns, row, column;
	bool wrap;			/* the cursor waits behind the last column */
	enum { TEXT, ESCAPE, CSI, OSC } state;
	int param[PARAMS], nparams;
	mbstate_t decoding;
} screen = { .rows = 24, .columns = 80 };

static void
clear_cells(int row, int from, int to)
{
	for (int i = from; i < to; i++)
		screen.cell[row][i] = (struct cell){ .c = L' ' };
}

static void
line_feed(void)
{
	if (screen.row < screen.rows - 1) {
		screen.row++;
		return;
	}
	memmove(screen.cell[0], screen.cell[1], sizeof(screen.cell[0]) * (size_t)(screen.rows - 1));
	clear_cells(screen.rows - 1, 0, COLUMNS);
}

static void
draw(wchar_t c)
{
	int width = wcwidth(c);

	if (width <= 0)
		return;
	if (screen.wrap || screen.column + width > screen.columns) {
		screen.column = 0;
		line_feed();
	}
	screen.cell[screen.row][screen.column].c = c;
	strcpy(screen.cell[screen.row][screen.column].sgr, screen.sgr);
	if (width == 2)
		screen.cell[screen.row][screen.column + 1].c = L'\0';
	screen.column += width;
	screen.wrap = screen.column >= screen.columns;
	if (screen.wrap)
		screen.column = screen.columns - 1;
}

static int
clamp(int n, int limit)
{
	return n < 0 ? 0 : n >= limit ? limit - 1 : n;
}

static void
erase_display(int what)
{
	if (what == 0)
		clear_cells(screen.row, screen.column, COLUMNS);
	for (int r = what ? 0 : screen.row + 1; r < ROWS; r++)
		clear_cells(r, 0, COLUMNS);
}

/* Shifts the rest of the row by @by cells to the right (or left). */
static void
shift(int by)
{
	struct cell *row = screen.cell[screen.row];
	int at = screen.column, n = screen.columns - at, keep = n - abs(by);

	if (keep < 0)
		keep = 0, by = by < 0 ? -n : n;
	if (by > 0) {
		memmove(row + at + by, row + at, (size_t)keep * sizeof(*row));
		clear_cells(screen.row, at, at + by);
	} else {
		memmove(row + at, row + at - by, (size_t)keep * sizeof(*row));
		clear_cells(screen.row, at + keep, screen.columns);
	}
}

/* What follows is drawn so: the parameters without the 0 that they begin with. */
static void
set_graphics(void)
{
	size_t n = 0;

	screen.sgr[0] = '\0';
	for (int i = 0; i <= screen.nparams; i++)
		if (screen.param[i] && n < sizeof(screen.sgr) - 4)
			n += (size_t)sprintf(screen.sgr + n, n ? ";%d" : "%d", screen.param[i] % 100);
}

static void
control(char final)
{
	int n = screen.param[0] ? screen.param[0] : 1;

	screen.wrap = false;
	switch (final) {
	case 'A': screen.row = clamp(screen.row - n, screen.rows); break;
	case 'B': screen.row = clamp(screen.row + n, screen.rows); break;
	case 'C': screen.column = clamp(screen.column + n, screen.columns); break;
	case 'D': screen.column = clamp(screen.column - n, screen.columns); break;
	case 'G': screen.column = clamp(n - 1, screen.columns); break;
	case 'H':
		screen.row = clamp(n - 1, screen.rows);
		screen.column = clamp((screen.param[1] ? screen.param[1] : 1) - 1, screen.columns);
		break;
	case 'J': erase_display(screen.param[0]); break;
	case 'K': clear_cells(screen.row, screen.param[0] ? 0 : screen.column, COLUMNS); break;
	case 'P': shift(-n); break;
	case '@': shift(n); break;
	case 'm': set_graphics(); break;
	default: break;
	}
}

static void
show_text(char byte)
{
	wchar_t c;
	size_t r;

	switch (byte) {
	case '\033': screen.state = ESCAPE; return;
	case '\r': screen.column = 0; screen.wrap = false; return;
	case '\n': line_feed(); screen.wrap = false; return;
	case '\b': screen.column = clamp(screen.column - 1, screen.columns); screen.wrap = false; return;
	case '\t': screen.column = clamp((screen.column / 8 + 1) * 8, screen.columns); return;
	default: break;
	}
	r = mbrtowc(&c, &byte, 1, &screen.decoding);
	if (r == (size_t)-1)
		screen.decoding = (mbstate_t){ 0 };
	else if (r != (size_t)-2)
		draw(c);
}

static void
show(char byte)
{
	switch (screen.state) {
	case TEXT:
		show_text(byte);
		break;
	case ESCAPE:
		screen.state = byte == '[' ? CSI : byte == ']' ? OSC : TEXT;
		memset(screen.param, 0, sizeof(screen.param));
		screen.nparams = 0;
		break;
	case CSI:
		if (byte >= '0' && byte <= '9')
			screen.param[screen.nparams] = screen.param[screen.nparams] * 10 + byte - '0';
		else if (byte == ';' && screen.nparams < PARAMS - 1)
			screen.nparams++;
		else if (byte >= '@' && byte <= '~') {
			screen.state = TEXT;
			control(byte);
		}
		break;
	case OSC:
		if (byte == '\a' || byte == '\\')
			screen.state = TEXT;
		break;
	}
}

/* Text of one row without the blanks at its end; static. */
static const char *
row_text(int row)
{
	static char text[COLUMNS * MB_LEN_MAX + 1];
	mbstate_t state = { 0 };
	size_t n = 0, end = 0;

	for (int i = 0; i < screen.columns; i++) {
		wchar_t c = screen.cell[row][i].c;
		size_t r = c ? wcrtomb(text + n, c, &state) : 0;

		if (r == (size_t)-1)
			continue;
		n += r;
		if (c != L' ')
			end = n;
	}
	text[end] = '\0';
	return text;
}

static int
used_columns(int row)
{
	int n = COLUMNS;

	while (n && screen.cell[row][n - 1].c == L' ' && !(row == screen.row && n - 1 <= screen.column))
		n--;
	return n;
}

/* Rows that are longer than the terminal is wide now go on in the next one, as most terminals do it. */
static void
fold(void)
{
	static struct cell old[ROWS][COLUMNS];
	int row = screen.row, column = screen.column, to = 0, last = ROWS;

	memcpy(old, screen.cell, sizeof(old));
	while (last > row + 1 && !used_columns(last - 1))
		last--;
	for (int r = 0; r < last; r++) {
		int n = used_columns(r), from = 0;

		do {
			if (to == screen.rows) {
				screen.row = screen.rows - 1;
				line_feed();
				screen.row = row;
				to--;
				row -= row < r;
			}
			clear_cells(to, 0, COLUMNS);
			for (int i = 0; i < screen.columns && from + i < n; i++)
				screen.cell[to][i] = old[r][from + i];
			if (r == row && column >= from && column < from + screen.columns) {
				screen.row = to;
				screen.column = column - from;
				row = -1;
			}
			from += screen.columns;
			to++;
		} while (from < n);
	}
	for (; to < ROWS; to++)
		clear_cells(to, 0, COLUMNS);
}
