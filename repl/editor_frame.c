#include "repl/editor_frame.h"

#include <string.h>

enum { TAB = 8, NO_PICTURE = 0xfffd };

/* Frames are laid out row by row; the text's own rows are counted to find the part that fits. */
struct layout {
	struct twz_arena *arena;
	int columns;
	struct frame_row *rows;
	size_t n;
	int row, column;		/* where the next character goes */
};

/* What turns the direction of the text around it, and could make it read as something else. */
static bool
turns_text(wchar_t c)
{
	return (c >= 0x200e && c <= 0x200f) || (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

int
frame_width(wchar_t c)
{
	int w;

	if (c < L' ' || c == 0x7f)
		return 2;
	if (turns_text(c))
		return 1;
	w = wcwidth(c);
	return w < 0 ? 1 : w;
}

static void
begin_row(struct layout *l)
{
	struct frame_row row = { .cells = twz_new_array(l->arena, (size_t)l->columns, struct frame_cell) };

	twz_push(l->arena, l->rows, l->n, row);
	l->row = (int)l->n - 1;
	l->column = 0;
}

static struct frame_row *
current(struct layout *l)
{
	return &l->rows[l->n - 1];
}

static void
put_cell(struct layout *l, wchar_t c, enum frame_style style)
{
	struct frame_row *row;
	int w = wcwidth(c) == 2 ? 2 : 1;

	if (l->column + w > l->columns)
		begin_row(l);
	row = current(l);
	row->cells[l->column] = (struct frame_cell){ .c = c, .style = (uint8_t)style };
	if (w == 2 && l->columns > 1)
		row->cells[l->column + 1] = (struct frame_cell){ .style = (uint8_t)style };
	l->column += w;
	row->n = (size_t)(l->column < l->columns ? l->column : l->columns);
}

/* A character of no width belongs to the one before it. */
static void
put_mark(struct layout *l, wchar_t c)
{
	struct frame_row *row = current(l);
	size_t i = row->n;

	while (i && !row->cells[i - 1].c)
		i--;
	if (!i)
		return;
	for (size_t k = 0; k < TWZ_COUNT(row->cells->marks); k++) {
		if (!row->cells[i - 1].marks[k]) {
			row->cells[i - 1].marks[k] = c;
			return;
		}
	}
}

static void
put(struct layout *l, wchar_t c, enum frame_style style)
{
	if (c == L'\t') {
		do
			put_cell(l, L' ', style);
		while (l->column % TAB && l->column < l->columns);
	} else if (c < L' ' || c == 0x7f) {
		put_cell(l, L'^', style);
		put_cell(l, c == 0x7f ? L'?' : c + L'@', style);
	} else if (turns_text(c) || wcwidth(c) < 0) {
		put_cell(l, NO_PICTURE, style);
	} else if (!wcwidth(c)) {
		put_mark(l, c);
	} else {
		put_cell(l, c, style);
	}
}

static void
put_text(struct layout *l, const wchar_t *text, enum frame_style style)
{
	for (; text && *text; text++)
		put(l, *text, style);
}

static void
put_newline(struct layout *l, const struct frame_view *view)
{
	begin_row(l);
	put_text(l, view->more, FRAME_PROMPT);
}

/* Where a character would be drawn next: on a row of its own when this one is full. */
static void
place_cursor(struct layout *l, struct frame *ret)
{
	if (l->column >= l->columns)
		begin_row(l);
	ret->row = l->row;
	ret->column = l->column;
}

static void
lay_text(struct layout *l, const struct frame_view *view, struct frame *ret)
{
	begin_row(l);
	put_text(l, view->prompt, FRAME_PROMPT);
	for (size_t i = 0; i < view->n; i++) {
		wchar_t c = view->text[i];

		if (i == view->cursor)
			place_cursor(l, ret);
		if (c == L'\n')
			put_newline(l, view);
		else
			put(l, c, view->styles ? (enum frame_style)view->styles[i] : FRAME_PLAIN);
	}
	if (view->cursor >= view->n)
		place_cursor(l, ret);
	for (const wchar_t *p = view->ghost; p && *p; p++) {
		if (*p == L'\n')
			put_newline(l, view);
		else
			put(l, *p, FRAME_GHOST);
	}
}

/* Columns of the line's text, and whether all of it fits into @room. */
static bool
fits(const struct frame_line *line, int room)
{
	int used = 0;

	for (size_t i = 0; i < line->n; i++)
		for (const wchar_t *p = line->pieces[i].text; p && *p; p++)
			used += *p == L'\t' ? TAB : frame_width(*p);
	return used <= room;
}

/* One row; the last column stays free, because some terminals break the row there. */
static void
lay_below(struct layout *l, const struct frame_line *line)
{
	int room = l->columns - 1;
	bool whole = fits(line, room);

	begin_row(l);
	for (size_t i = 0; i < line->n; i++) {
		for (const wchar_t *p = line->pieces[i].text; p && *p; p++) {
			wchar_t c = *p == L'\n' ? L' ' : *p;
			int w = c == L'\t' ? TAB : frame_width(c);

			if (l->column + w > room - !whole) {
				if (!whole && room > 0)
					put_cell(l, L'…', line->pieces[i].style);
				return;
			}
			put(l, c, line->pieces[i].style);
		}
	}
}

/* The first row of the text that is shown when there is room for @room of them. */
static size_t
first_shown(const struct layout *l, size_t room, int cursor)
{
	return l->n > room && (size_t)cursor >= room ? (size_t)cursor + 1 - room : 0;
}

void
frame_lay(const struct frame_view *view, struct twz_arena *arena, struct frame *ret)
{
	struct layout text = { .arena = arena, .columns = view->columns > 1 ? view->columns : 2 };
	struct layout under = { .arena = arena, .columns = text.columns };
	size_t rows = view->rows > 1 ? (size_t)view->rows : 2, room = SIZE_MAX, first;

	*ret = (struct frame){ 0 };
	lay_text(&text, view, ret);
	if (!view->all)
		room = view->nbelow < rows / 2 ? rows - view->nbelow : rows - rows / 2;
	first = first_shown(&text, room, ret->row);
	text.n = text.n - first < room ? text.n - first : room;
	ret->row -= (int)first;
	for (size_t i = 0; i < view->nbelow && (view->all || text.n + i < rows); i++)
		lay_below(&under, &view->below[i]);
	ret->n = text.n + under.n;
	ret->rows = twz_new_array(arena, ret->n, struct frame_row);
	memcpy(ret->rows, text.rows + first, text.n * sizeof(*text.rows));
	if (under.n)
		memcpy(ret->rows + text.n, under.rows, under.n * sizeof(*under.rows));
}

/* -- writing -------------------------------------------------------------------------------------- */

static const char *
sgr(uint8_t style, bool color)
{
	static const char *const colored[] = {
#define X(name, color, plain) color,
		FRAME_STYLES(X)
#undef X
	};
	static const char *const plain[] = {
#define X(name, color, plain) plain,
		FRAME_STYLES(X)
#undef X
	};

	return style < TWZ_COUNT(colored) ? (color ? colored : plain)[style] : "";
}

static void
write_wide(FILE *out, wchar_t c)
{
	unsigned long u = (unsigned long)c;

	if (u < 0x80) {
		putc((int)u, out);
		return;
	}
	if (u >= 0x10000)
		putc((int)(0xf0 | u >> 18), out), putc((int)(0x80 | (u >> 12 & 0x3f)), out);
	else if (u >= 0x800)
		putc((int)(0xe0 | u >> 12), out);
	if (u >= 0x800)
		putc((int)(0x80 | (u >> 6 & 0x3f)), out);
	else
		putc((int)(0xc0 | u >> 6), out);
	putc((int)(0x80 | (u & 0x3f)), out);
}

static void
write_cells(FILE *out, const struct frame_row *row, size_t from, bool color)
{
	const char *now = "";

	for (size_t i = from; i < row->n; i++) {
		const struct frame_cell *cell = &row->cells[i];
		const char *wanted = sgr(cell->style, color);

		if (!cell->c)
			continue;
		if (strcmp(now, wanted)) {
			fputs("\033[0", out);
			if (*wanted)
				fprintf(out, ";%s", wanted);
			putc('m', out);
			now = wanted;
		}
		write_wide(out, cell->c);
		for (size_t k = 0; k < TWZ_COUNT(cell->marks) && cell->marks[k]; k++)
			write_wide(out, cell->marks[k]);
	}
	if (*now)
		fputs("\033[0m", out);
}

static bool
same_cell(const struct frame_cell *a, const struct frame_cell *b)
{
	return a->c == b->c && a->style == b->style && a->marks[0] == b->marks[0] && a->marks[1] == b->marks[1];
}

/*
 * The first column that differs. Rows with characters that terminals draw in different widths are
 * written from their beginning, so that a disagreement lasts for one key at most.
 */
static size_t
first_difference(const struct frame_row *before, const struct frame_row *now)
{
	size_t i = 0;

	while (i < before->n && i < now->n && same_cell(&before->cells[i], &now->cells[i]))
		i++;
	if (i == before->n && i == now->n)
		return SIZE_MAX;
	for (size_t k = 0; k < i; k++)
		if (now->cells[k].c >= 0x80 || !now->cells[k].c)
			return 0;
	return i;
}

static void
write_row(FILE *out, const struct frame_row *before, const struct frame_row *now, bool color)
{
	static const struct frame_row nothing = { 0 };
	size_t from = first_difference(before ? before : &nothing, now);

	if (from == SIZE_MAX)
		return;
	if (from)
		fprintf(out, "\033[%zuC", from);
	write_cells(out, now, from, color);
	if (before && before->n > now->n)
		fputs("\033[K", out);
}

void
frame_write(FILE *out, const struct frame *before, const struct frame *now, bool color)
{
	int last = (int)now->n - 1;

	if (before->n && before->row)
		fprintf(out, "\033[%dA", before->row);
	putc('\r', out);
	for (size_t i = 0; i < now->n; i++) {
		if (i)
			fputs("\r\n", out);
		write_row(out, i < before->n ? &before->rows[i] : NULL, &now->rows[i], color);
	}
	if (before->n > now->n) {
		fputs("\r\n\033[J", out);
		last++;
	}
	if (last > now->row)
		fprintf(out, "\033[%dA", last - now->row);
	putc('\r', out);
	if (now->column)
		fprintf(out, "\033[%dC", now->column);
}

void
frame_erase(FILE *out, const struct frame *frame)
{
	if (frame->n && frame->row)
		fprintf(out, "\033[%dA", frame->row);
	fputs("\r\033[J", out);
}

int
frame_folded_row(const struct frame *frame, int columns)
{
	int row = 0;

	if (columns < 1)
		columns = 1;
	for (int i = 0; i < frame->row && (size_t)i < frame->n; i++)
		row += frame->rows[i].n ? ((int)frame->rows[i].n - 1) / columns + 1 : 1;
	return row + frame->column / columns;
}
