/* Lists of records as a table: the same on a terminal and in a pipe, so that what is seen is what awk gets. */
#include <stdio.h>
#include <string.h>

#include "repl/lang/interp.h"

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
	    !first->list.n)
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

static void
write_row(FILE *out, const struct cell *row, const size_t *widths, size_t n)
{
	for (size_t k = 0; k < n; k++) {
		int pad = (int)(widths[k] - row[k].width);
		bool last = k + 1 == n;

		fprintf(out, "%s%*s", k ? "  " : "", row[k].right ? pad : 0, "");
		fwrite(row[k].text, 1, row[k].n, out);
		if (!last && !row[k].right)
			fprintf(out, "%*s", pad, "");
	}
	fputc('\n', out);
}

bool
lang_write_table(FILE *out, const struct twz_value *v)
{
	TWZ_ARENA arena = { 0 };
	size_t n, rows;
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
	for (size_t i = 0; i < rows * n; i++)
		if (cells[i].width > widths[i % n])
			widths[i % n] = cells[i].width;
	for (size_t k = 0; k < n; k++)
		cells[k].right = cells[n + k].right;
	for (size_t i = 0; i < rows; i++)
		write_row(out, cells + i * n, widths, n);
	return true;
}
