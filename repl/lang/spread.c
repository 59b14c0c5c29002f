/*
 * A struct that is wider than the terminal is shown with a line for each field, and so are those in it that are
 * still too wide.
 */
#include <string.h>

#include "repl/lang/interp.h"
#include "twz/objid.h"
#include "twz/typetext.h"

enum { STEP = 2, DEPTH_MAX = 8 };

static bool
has_fields(const struct twz_value *v)
{
	twz_id id;

	return v->kind == TWZ_VALUE_RECORD && v->list.n && !lang_function_of(v) && !twz_id_of(v, &id);
}

/* Whether it is written by spread(): a struct, or a result of one, or a list of them. */
static bool
is_spread(const struct twz_value *v)
{
	if (v->kind == TWZ_VALUE_OK || v->kind == TWZ_VALUE_LIST)
		return v->list.n && has_fields(&v->list.items[0]);
	return has_fields(v);
}

static void spread(FILE *out, const struct twz_value *v, size_t at, size_t columns, unsigned depth);

/* @at: the column that it begins in; @indent: that of its further lines. */
static void
put(FILE *out, const struct twz_value *v, size_t at, size_t indent, size_t columns, unsigned depth)
{
	TWZ_ARENA arena = { 0 };
	const char *text;

	if (depth < DEPTH_MAX && is_spread(v)) {
		text = lang_value_text(&arena, v);
		if (at + lang_width(text, strlen(text)) + 1 > columns) {
			spread(out, v, indent, columns, depth);
			return;
		}
	}
	lang_write(out, v);
}

static void
spread(FILE *out, const struct twz_value *v, size_t indent, size_t columns, unsigned depth)
{
	bool fields = v->kind == TWZ_VALUE_RECORD;
	TWZ_ARENA arena = { 0 };

	if (v->kind == TWZ_VALUE_OK) {
		fputs("Ok(", out);
		spread(out, &v->list.items[0], indent, columns, depth + 1);
		putc(')', out);
		return;
	}
	if (fields && v->type && v->type->kind != TWZ_RECORD)
		fputs(twz_type_text(&arena, v->type), out);
	fputs(fields ? "{\n" : "[\n", out);
	for (size_t i = 0; i < v->list.n; i++) {
		const char *name = fields ? v->list.names[i] : "";

		fprintf(out, "%*s", (int)(indent + STEP), "");
		if (fields)
			lang_write_name(out, name);
		fputs(fields ? ": " : "", out);
		put(out, &v->list.items[i], indent + STEP + lang_width(name, strlen(name)) + 2, indent + STEP, columns,
		    depth + 1);
		fputs(",\n", out);
	}
	fprintf(out, "%*s%c", (int)indent, "", fields ? '}' : ']');
}

bool
lang_write_spread(FILE *out, const struct twz_value *v, size_t columns)
{
	TWZ_ARENA arena = { 0 };
	const char *text;

	if (v->kind == TWZ_VALUE_LIST || !is_spread(v))
		return false;
	text = lang_value_text(&arena, v);
	if (lang_width(text, strlen(text)) <= columns)
		return false;
	spread(out, v, 0, columns, 0);
	putc('\n', out);
	return true;
}
