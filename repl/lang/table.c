/*
 * Lists of records as a table: the same on a terminal and in a pipe, so that what is seen is what awk gets.
 * But a terminal that is too narrow gets shorter texts, and then fewer columns, instead of rows that run
 * into each other; and for a screen reader, which reads across columns, there is a line for each field.
 */
#include <stdio.h>
#include <string.h>

#include "twz/objid.h"
#include "repl/lang/interp.h"

enum { SHORTEST = 8 };		/* a text is not cut to less */

struct cell {
	const char *text;
	size_t n, width;
	bool right;
};

/* Whether all items are records with the same fields. */
static bool
is_table(const struct twz_value *v)
{
	const struct twz_value *first = v->list.items;

	if (v->kind != TWZ_VALUE_LIST || !v->list.n || first->kind != TWZ_VALUE_RECORD || lang_function_of(first) ||
	    !first->list.n || twz_is_objid(first->type))
		return false;
	for (size_t i = 0; i < v->list.n; i++) {
		const struct twz_value *row = &v->list.items[i];

		if (row->kind != TWZ_VALUE_RECORD || row->list.n != first->list.n)
			return false;
		for (size_t k = 0; k < first->list.n; k++)
			if (strcmp(row->list.names[k], first->list.names[k]))
				return false;
	}
	return true;
}

static struct cell
make_cell(struct twz_arena *arena, const struct twz_value *v)
{
	TWZ_FREE char *text = NULL;
	const struct twz_type *t = twz_type_strip(v->type);
	struct cell cell = { .text = "?", .n = 1, .width = 1 };
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);

	if (!f)
		return cell;
	if (v->kind == TWZ_VALUE_STRING)
		lang_write_escaped(f, v->string.text, v->string.n, "");
	else
		lang_write(f, v);
	fclose(f);
	cell.text = twz_strndup(arena, text, n);
	cell.n = n;
	cell.width = lang_width(cell.text, n);
	cell.right = v->kind == TWZ_VALUE_FLOAT ||
		     (v->kind == TWZ_VALUE_INT && (!t || t->kind == TWZ_INT));
	return cell;
}

/* -- what a terminal has room for --------------------------------------------------------------- */

/* Bytes of @text that take at most @room columns. */
static size_t
bytes_for(const char *text, size_t n, size_t room)
{
	size_t used = 0, at = 0;

	while (at < n) {
		size_t k = 1, w;

		while (at + k < n && ((unsigned char)text[at + k] & 0xc0) == 0x80)
			k++;
		w = lang_width(text + at, k);
		if (used + w > room)
			break;
		used += w;
		at += k;
	}
	return at;
}

static void
write_cell(FILE *out, const struct cell *cell, size_t width, bool last)
{
	bool cut = cell->width > width;
	size_t n = cut ? bytes_for(cell->text, cell->n, width - 1) : cell->n;
	size_t used = cut ? lang_width(cell->text, n) + 1 : cell->width;
	int pad = (int)(width - used);

	if (cell->right)
		fprintf(out, "%*s", pad, "");
	fwrite(cell->text, 1, n, out);
	if (cut)
		fputs("…", out);
	if (!cell->right && !last)
		fprintf(out, "%*s", pad, "");
}

static size_t
width_of(const size_t *widths, size_t n)
{
	size_t sum = n ? 2 * (n - 1) : 0;

	for (size_t k = 0; k < n; k++)
		sum += widths[k];
	return sum;
}

/* Makes texts shorter, the longest first, until the table fits. Numbers are whole or not there. */
static void
shrink(size_t *widths, const struct cell *row, size_t n, size_t room)
{
	for (size_t excess; width_of(widths, n) > room;) {
		size_t widest = SIZE_MAX, next = SHORTEST, by;

		for (size_t k = 0; k < n; k++)
			if (!row[k].right && (widest == SIZE_MAX || widths[k] > widths[widest]))
				widest = k;
		if (widest == SIZE_MAX || widths[widest] <= SHORTEST)
			return;
		for (size_t k = 0; k < n; k++)
			if (k != widest && !row[k].right && widths[k] > next && widths[k] < widths[widest])
				next = widths[k];
		excess = width_of(widths, n) - room;
		by = widths[widest] - next;
		widths[widest] -= by < excess ? by : excess;
	}
}

/* How many columns fit, with a mark for those that do not. */
static size_t
columns_for(const size_t *widths, size_t n, size_t room)
{
	size_t fit = n;

	if (width_of(widths, n) <= room)
		return n;
	while (fit > 1 && width_of(widths, fit) + sizeof("  …") - 3 > room)
		fit--;
	return fit;
}

static void
write_row(FILE *out, const struct cell *row, const size_t *widths, size_t fit, size_t n)
{
	for (size_t k = 0; k < fit; k++) {
		if (k)
			fputs("  ", out);
		write_cell(out, &row[k], widths[k], k + 1 == n);
	}
	fputs(fit < n ? "  …\n" : "\n", out);
}

/* name: value, a line each; an empty one between two records. */
static void
write_plain(FILE *out, const struct cell *cells, size_t rows, size_t n)
{
	for (size_t i = 1; i < rows; i++) {
		if (i > 1)
			fputc('\n', out);
		for (size_t k = 0; k < n; k++) {
			fwrite(cells[k].text, 1, cells[k].n, out);
			fputs(": ", out);
			fwrite(cells[i * n + k].text, 1, cells[i * n + k].n, out);
			fputc('\n', out);
		}
	}
}

bool
lang_write_table(const struct lang *l, FILE *out, const struct twz_value *v)
{
	size_t room = l->options->columns ? (size_t)l->options->columns() : SIZE_MAX;
	TWZ_ARENA arena = { 0 };
	size_t n, rows, fit;
	struct cell *cells;
	size_t *widths;

	if (!is_table(v))
		return false;
	n = v->list.items[0].list.n;
	rows = v->list.n + 1;
	cells = twz_new_array(&arena, rows * n, struct cell);
	widths = twz_new_array(&arena, n, size_t);
	for (size_t k = 0; k < n; k++) {
		struct twz_value name = twz_cstring(&arena, v->list.items[0].list.names[k]);

		cells[k] = make_cell(&arena, &name);
	}
	for (size_t i = 1; i < rows; i++)
		for (size_t k = 0; k < n; k++)
			cells[i * n + k] = make_cell(&arena, &v->list.items[i - 1].list.items[k]);
	if (l->options->plain) {
		write_plain(out, cells, rows, n);
		return true;
	}
	for (size_t i = 0; i < rows * n; i++)
		if (cells[i].width > widths[i % n])
			widths[i % n] = cells[i].width;
	for (size_t k = 0; k < n; k++)
		cells[k].right = cells[n + k].right;
	shrink(widths, cells, n, room);
	fit = columns_for(widths, n, room);
	for (size_t i = 0; i < rows; i++)
		write_row(out, cells + i * n, widths, fit, n);
	return true;
}
