/*
 * Values as rows of cells, for spreadsheets and text tools.
 *
 * A list of records has a row with the names first, a list of lists is its rows, anything else is a cell.
 * none is an empty cell; an empty text is "" in CSV, so that the two stay apart. In TSV tab, newline and
 * backslash inside a cell are \t, \n and \\, so that a line is a row and a tab ends a cell, always.
 * Control bytes are escaped as they are everywhere else.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "repl/lang/interp.h"

struct writer {
	const struct lang *lang;
	FILE *out;
	bool tabs;		/* TSV */
	struct twz_error *err;
};

/* The text of a cell: what is made of several values is JSON. */
static bool
cell_text(const struct writer *w, const struct twz_value *v, FILE *f)
{
	const struct twz_type *t = twz_type_strip(v->type);

	switch (v->kind) {
	case TWZ_VALUE_UNIT:
	case TWZ_VALUE_NONE:
		return true;
	case TWZ_VALUE_STRING:
		fwrite(v->string.text, 1, v->string.n, f);
		return true;
	case TWZ_VALUE_INT:
		if (t && t->kind == TWZ_CHAR) {
			fputc((int)v->integer, f);
			return true;
		}
		if (t && t->kind == TWZ_ENUM && t->is_flags)
			break;
		lang_write(f, v);
		return true;
	case TWZ_VALUE_BOOL:
	case TWZ_VALUE_FLOAT:
		lang_write(f, v);
		return true;
	case TWZ_VALUE_OK:
		return cell_text(w, &v->list.items[0], f);
	case TWZ_VALUE_LIST:
	case TWZ_VALUE_RECORD:
	case TWZ_VALUE_ERR:
		break;
	}
	return lang_write_json(w->lang, f, v, w->err);
}

/* Nothing that could steer a terminal, whoever shows the rows later: -o raw gives bytes as they are. */
static void
put_bytes(const struct writer *w, const char *text, size_t n)
{
	lang_write_clean(w->out, text, n);
}

static void
put_quoted(const struct writer *w, const char *text, size_t n)
{
	const char *end = text + n, *quote;

	fputc('"', w->out);
	for (; (quote = memchr(text, '"', (size_t)(end - text))); text = quote + 1) {
		put_bytes(w, text, (size_t)(quote + 1 - text));
		fputc('"', w->out);
	}
	put_bytes(w, text, (size_t)(end - text));
	fputc('"', w->out);
}

static void
put_tabbed(const struct writer *w, const char *text, size_t n)
{
	static const char special[] = "\t\n\r\\", spelled[] = "tnr\\";

	for (size_t i = 0; i < n; i++) {
		const char *at = memchr(special, text[i], sizeof(special) - 1);
		size_t k = i + 1;

		if (at) {
			fprintf(w->out, "\\%c", spelled[at - special]);
			continue;
		}
		while (k < n && !memchr(special, text[k], sizeof(special) - 1))
			k++;
		put_bytes(w, text + i, k - i);
		i = k - 1;
	}
}

static bool
needs_quotes(const char *text, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (memchr(",\"\r\n", text[i], 4))
			return true;
	return !n || *text == ' ' || text[n - 1] == ' ';
}

static bool
put_cell(const struct writer *w, const struct twz_value *v)
{
	TWZ_FREE char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);
	bool done;

	if (!f)
		return twz_fail_sys(w->err, errno, "a cell");
	done = cell_text(w, v, f);
	fclose(f);
	if (!done)
		return false;
	if (w->tabs)
		put_tabbed(w, text, n);
	else if (v->kind == TWZ_VALUE_NONE || v->kind == TWZ_VALUE_UNIT || !needs_quotes(text, n))
		put_bytes(w, text, n);
	else
		put_quoted(w, text, n);
	return true;
}

static bool
put_row(const struct writer *w, const struct twz_value *cells, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (i)
			fputc(w->tabs ? '\t' : ',', w->out);
		if (!put_cell(w, &cells[i]))
			return false;
	}
	fputc('\n', w->out);
	return true;
}

static bool
is_record(const struct twz_value *v)
{
	return v->kind == TWZ_VALUE_RECORD && !lang_function_of(v);
}

/* Names of all records, each once, in the order in which they come up. */
static size_t
all_names(const struct twz_value *rows, size_t n, struct twz_arena *arena, const char *const **ret)
{
	const char **names = NULL;
	size_t count = 0;

	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < rows[i].list.n; k++) {
			const char *name = rows[i].list.names[k];
			size_t at = 0;

			/* Most rows are like the first: then the name is where it is expected. */
			if (k < count && !strcmp(names[k], name))
				continue;
			while (at < count && strcmp(names[at], name))
				at++;
			if (at == count)
				twz_push(arena, names, count, name);
		}
	}
	*ret = names;
	return count;
}

static bool
put_records(const struct writer *w, const struct twz_value *rows, size_t n)
{
	TWZ_ARENA arena = { 0 };
	const char *const *names;
	size_t count = all_names(rows, n, &arena, &names);
	struct twz_value *cells = twz_new_array(&arena, count, struct twz_value);

	for (size_t k = 0; k < count; k++)
		cells[k] = twz_cstring(&arena, names[k]);
	if (!put_row(w, cells, count))
		return false;
	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < count; k++) {
			const struct twz_value *field = twz_field(&rows[i], names[k]);

			cells[k] = field ? *field : (struct twz_value){ .kind = TWZ_VALUE_NONE };
		}
		if (!put_row(w, cells, count))
			return false;
	}
	return true;
}

bool
lang_write_cells(const struct lang *l, FILE *out, const struct twz_value *v, struct twz_error *err)
{
	const struct writer w = { l, out, l->options->output == LANG_TSV, err };
	bool records = true;

	if (v->kind == TWZ_VALUE_OK)
		v = &v->list.items[0];
	if (is_record(v))
		return put_records(&w, v, 1);
	if (v->kind != TWZ_VALUE_LIST)
		return put_row(&w, v, 1);
	for (size_t i = 0; i < v->list.n && records; i++)
		records = is_record(&v->list.items[i]);
	if (records && v->list.n)
		return put_records(&w, v->list.items, v->list.n);
	for (size_t i = 0; i < v->list.n; i++) {
		const struct twz_value *row = &v->list.items[i];
		bool list = row->kind == TWZ_VALUE_LIST;

		if (!put_row(&w, list ? row->list.items : row, list ? row->list.n : 1))
			return false;
	}
	return true;
}
