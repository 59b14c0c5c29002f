/*
 * Values as text. Pretty is what can be typed in again, and never anything that steers a terminal:
 * control bytes, invalid UTF-8 and characters that turn the direction of text are always escaped.
 */
#include <errno.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <string.h>
#include <wchar.h>

#include "repl/lang/interp.h"
#include "twz/json.h"
#include "twz/objid.h"
#include "twz/typetext.h"

/* -- text -------------------------------------------------------------------------------------- */

/* The character at @s and its bytes; 0 bytes: not UTF-8. */
static size_t
decode(const char *s, size_t n, uint32_t *c)
{
	size_t k;
	unsigned char first = (unsigned char)*s;

	*c = first;
	if (first < 0x80)
		return 1;
	k = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
	if (k > n || !twz_utf8_valid(s, k))
		return 0;
	*c = first & (0xff >> (k + 1));
	for (size_t i = 1; i < k; i++)
		*c = *c << 6 | ((unsigned char)s[i] & 0x3f);
	return k;
}

/* Characters that are not seen but change what is: controls, directions, invisible separators. */
static bool
is_unsafe(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0xad || c == 0x61c || c == 0x180e ||
	       (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
	       (c >= 0x2060 && c <= 0x206f) || c == 0xfeff || (c >= 0xfff9 && c <= 0xfffb) ||
	       (c >= 0xe0000 && c <= 0xe0fff);
}

static void
write_escape(FILE *out, uint32_t c)
{
	if (c == '\n' || c == '\t' || c == '\r')
		fprintf(out, "\\%c", c == '\n' ? 'n' : c == '\t' ? 't' : 'r');
	else if (c == 0x1b)
		fputs("\\e", out);
	else if (c < 0x80)
		fprintf(out, "\\x%02x", c);
	else
		fprintf(out, "\\u{%x}", c);
}

/* @keep: characters that stay although they are controls; @quote: those that get a backslash. */
static void
write_text(FILE *out, const char *text, size_t n, const char *keep, const char *quote)
{
	for (size_t i = 0, k; i < n; i += k) {
		uint32_t c;

		k = decode(text + i, n - i, &c);
		if (!k) {
			fprintf(out, "\\x%02x", (unsigned char)text[i]);
			k = 1;
		} else if (is_unsafe(c) && !(c && c < 0x80 && strchr(keep, (int)c))) {
			write_escape(out, c);
		} else {
			bool marks = c && c < 0x80 && strchr(quote, (int)c) &&
				     (c != '$' || (i + 1 < n && text[i + 1] == '{'));

			if (marks)
				fputc('\\', out);
			fwrite(text + i, 1, k, out);
		}
	}
}

void
lang_write_clean(FILE *out, const char *text, size_t n)
{
	write_text(out, text, n, "\n\t", "");
}

void
lang_write_escaped(FILE *out, const char *text, size_t n, const char *quote)
{
	write_text(out, text, n, "", quote);
}

size_t
lang_width(const char *text, size_t n)
{
	size_t width = 0;

	for (size_t i = 0, k; i < n; i += k) {
		uint32_t c;
		int w;

		k = decode(text + i, n - i, &c);
		w = k ? wcwidth((wchar_t)c) : 1;
		width += w < 0 ? 1 : (size_t)w;
		k = k ? k : 1;
	}
	return width;
}

/* -- values ------------------------------------------------------------------------------------ */

static void
write_quoted(FILE *out, const char *text, size_t n)
{
	fputc('"', out);
	write_text(out, text, n, "", "\"\\$");
	fputc('"', out);
}

static void
write_flags(FILE *out, const struct twz_type *t, twz_wide value)
{
	const char *comma = "";

	fputc('[', out);
	for (uint32_t i = 0; i < t->nmembers; i++) {
		uint64_t bits = (uint64_t)t->members[i].value;

		if (!bits || ((uint64_t)value & bits) != bits)
			continue;
		fprintf(out, "%s%s", comma, t->members[i].name);
		comma = ", ";
	}
	fputc(']', out);
}

static void
write_integer(FILE *out, const struct twz_value *v)
{
	const struct twz_type *t = twz_type_strip(v->type);
	const struct twz_member *e = t && t->kind == TWZ_ENUM ? twz_enumerator(t, v->integer) : NULL;
	char number[48], c = (char)v->integer;

	if (t && t->kind == TWZ_ENUM && t->is_flags)
		write_flags(out, t, v->integer);
	else if (e)
		fputs(e->name, out);
	else if (t && t->kind == TWZ_CHAR)
		write_quoted(out, &c, 1);
	else
		fputs(twz_wide_text(v->integer, number), out);
}

static bool
is_name(const char *s)
{
	size_t n = strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789");

	return n && !s[n] && !strchr("0123456789", *s);
}

/* Of a function only what it takes: its text may be long. */
static void
write_function(FILE *out, const struct lang_function *f)
{
	bool literal = f->ast->kind == AST_LAMBDA;

	fprintf(out, literal ? "{|" : "fn %s(", f->name);
	for (uint32_t i = 0; i < f->ast->nargs; i++)
		fprintf(out, "%s%s", i ? ", " : "", f->ast->args[i].name);
	fputs(literal ? "| …}" : ")", out);
}

void
lang_write_name(FILE *out, const char *name)
{
	if (is_name(name))
		fputs(name, out);
	else
		write_quoted(out, name, strlen(name));
}

static void
write_record(FILE *out, const struct twz_value *v)
{
	char digits[TWZ_ID_TEXT];
	TWZ_ARENA arena = { 0 };
	twz_id id;

	if (twz_id_of(v, &id)) {
		fputs(twz_id_text(id, digits), out);
		return;
	}
	if (lang_function_of(v)) {
		write_function(out, lang_function_of(v));
		return;
	}
	if (v->type && v->type->kind != TWZ_RECORD)
		fputs(twz_type_text(&arena, v->type), out);
	fputc('{', out);
	for (size_t i = 0; i < v->list.n; i++) {
		const char *name = v->list.names[i];

		fputs(i ? ", " : "", out);
		lang_write_name(out, name);
		fputs(": ", out);
		lang_write(out, &v->list.items[i]);
	}
	fputc('}', out);
}

static void
write_list(FILE *out, const struct twz_value *v)
{
	fputc('[', out);
	for (size_t i = 0; i < v->list.n; i++) {
		fputs(i ? ", " : "", out);
		lang_write(out, &v->list.items[i]);
	}
	fputc(']', out);
}

/* What is not known is shown by its type. */
static void
write_unit(FILE *out, const struct twz_value *v)
{
	TWZ_ARENA arena = { 0 };

	if (lang_is_unknown(v))
		fprintf(out, "<%s>", lang_unknown_text(&arena, v));
	else
		fputs("()", out);
}

void
lang_write(FILE *out, const struct twz_value *v)
{
	const struct twz_type *t = twz_type_strip(v->type);
	char number[48];

	switch (v->kind) {
	case TWZ_VALUE_UNIT:
		write_unit(out, v);
		break;
	case TWZ_VALUE_BOOL:
		fputs(v->boolean ? "true" : "false", out);
		break;
	case TWZ_VALUE_INT:
		write_integer(out, v);
		break;
	case TWZ_VALUE_FLOAT:
		fputs(twz_float_text(v->real, t ? t->size : 8, number), out);
		break;
	case TWZ_VALUE_STRING:
		write_quoted(out, v->string.text, v->string.n);
		break;
	case TWZ_VALUE_LIST:
		write_list(out, v);
		break;
	case TWZ_VALUE_RECORD:
		write_record(out, v);
		break;
	case TWZ_VALUE_NONE:
		fputs("none", out);
		break;
	case TWZ_VALUE_OK:
	case TWZ_VALUE_ERR:
		fputs(v->kind == TWZ_VALUE_OK ? "Ok(" : "Err(", out);
		lang_write(out, &v->list.items[0]);
		if (v->kind == TWZ_VALUE_ERR && twz_err_said(v))
			fprintf(out, ": %s", twz_err_said(v));
		fputc(')', out);
		break;
	}
}

const char *
lang_value_text(struct twz_arena *arena, const struct twz_value *v)
{
	TWZ_FREE char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);

	if (!f)
		return "?";
	lang_write(f, v);
	fclose(f);
	return twz_strndup(arena, text, n);
}

/* -- statements' values ------------------------------------------------------------------------ */

static bool
is_bytes(const struct twz_value *v)
{
	const struct twz_type *t = twz_type_strip(v->type);
	const struct twz_type *item = t && t->target ? twz_type_strip(t->target) : NULL;

	return item && item->kind == TWZ_INT && item->size == 1 && !item->is_signed;
}

static bool
write_raw_list(struct lang *l, FILE *out, const struct twz_value *v, struct twz_error *err)
{
	for (size_t i = 0; i < v->list.n; i++) {
		const struct twz_value *item = &v->list.items[i];

		if (is_bytes(v)) {
			fputc((int)item->integer, out);
			continue;
		}
		if (!lang_write_raw(l, out, item, err))
			return false;
		if (item->kind == TWZ_VALUE_STRING)
			fputc('\n', out);
	}
	return true;
}

bool
lang_write_raw(struct lang *l, FILE *out, const struct twz_value *v, struct twz_error *err)
{
	const struct twz_type *t = twz_type_strip(v->type);
	struct twz_value text;

	if (v->kind == TWZ_VALUE_UNIT)
		return true;
	if (v->kind == TWZ_VALUE_OK)
		return lang_write_raw(l, out, &v->list.items[0], err);
	if (v->kind == TWZ_VALUE_STRING) {
		fwrite(v->string.text, 1, v->string.n, out);
		return true;
	}
	if (v->kind == TWZ_VALUE_LIST)
		return write_raw_list(l, out, v, err);
	if (lang_to_string(l, v, &text, err))
		fwrite(text.string.text, 1, text.string.n, out);
	else if (err->cls != TWZ_CLASS_NONE)
		return false;
	else if (v->kind == TWZ_VALUE_INT && t && t->kind == TWZ_CHAR)
		fputc((int)v->integer, out);
	else
		lang_write(out, v);
	fputc('\n', out);
	return true;
}

static void
show_pretty(struct lang *l, FILE *out, const struct twz_value *v)
{
	bool tty = l->options->out_tty;

	if (v->kind == TWZ_VALUE_UNIT && !lang_is_unknown(v))
		return;
	if (v->kind == TWZ_VALUE_OK) {
		const struct twz_value *inner = &v->list.items[0];

		if (!tty) {
			show_pretty(l, out, inner);
			return;
		}
		if (lang_write_table(l, out, inner))
			return;
	}
	if (lang_write_table(l, out, v))
		return;
	if (tty && !l->options->plain && l->options->columns &&
	    lang_write_spread(out, v, (size_t)l->options->columns()))
		return;
	if (v->kind == TWZ_VALUE_STRING)
		lang_write_clean(out, v->string.text, v->string.n);
	else
		lang_write(out, v);
	fputc('\n', out);
}

static bool
is_nothing(const struct twz_value *v)
{
	return v->kind == TWZ_VALUE_UNIT ||
	       (v->kind == TWZ_VALUE_OK && v->list.items[0].kind == TWZ_VALUE_UNIT);
}

/* A function anywhere inside of @v, or NULL. */
static const struct twz_value *
find_function(const struct twz_value *v)
{
	const struct twz_value *found = NULL;

	if (lang_function_of(v))
		return v;
	if (v->kind == TWZ_VALUE_LIST || v->kind == TWZ_VALUE_RECORD || v->kind == TWZ_VALUE_OK ||
	    v->kind == TWZ_VALUE_ERR)
		for (size_t i = 0; i < v->list.n && !found; i++)
			found = find_function(&v->list.items[i]);
	return found;
}

bool
lang_write_json(const struct lang *l, FILE *out, const struct twz_value *v, struct twz_error *err)
{
	if (find_function(v))
		return lang_type_error(err, "a function has no JSON form");
	return twz_json_write_as(out, v, &l->options->json, err);
}

/* {"twz":1,"type":…,"value":…}: the number is that of this form, for readers of years to come. */
static bool
write_envelope(const struct lang *l, FILE *out, const struct twz_value *v, struct twz_error *err)
{
	TWZ_ARENA arena = { 0 };
	const char *type = lang_type_of(&arena, v);

	fputs("{\"twz\":1,\"type\":", out);
	twz_json_string(out, type, strlen(type));
	fputs(",\"value\":", out);
	if (!lang_write_json(l, out, v, err))
		return false;
	fputc('}', out);
	return true;
}

/* For machines: a document for each value, or rows of cells. */
static bool
show_exact(const struct lang *l, FILE *out, const struct twz_value *v, struct twz_error *err)
{
	TWZ_FREE char *text = NULL;
	size_t n = 0;
	FILE *f;
	bool done;

	if (is_nothing(v))
		return true;
	/* Nothing of a value that the form cannot hold. */
	f = open_memstream(&text, &n);
	if (!f)
		return twz_fail_sys(err, errno, "the value");
	if (!lang_is_json(l))
		done = lang_write_cells(l, f, v, err);
	else
		done = l->options->output == LANG_JSON_ENVELOPE ? write_envelope(l, f, v, err)
							       : lang_write_json(l, f, v, err);
	if (lang_is_json(l))
		fputc('\n', f);
	fclose(f);
	if (!done)
		return false;
	fwrite(text, 1, n, out);
	if (l->options->output == LANG_JSONL)
		fflush(out);
	return true;
}

static bool
show_raw(struct lang *l, FILE *out, const struct twz_value *v, struct twz_error *err)
{
	const struct twz_value *inner = v->kind == TWZ_VALUE_OK ? &v->list.items[0] : v;

	if (!lang_write_raw(l, out, v, err))
		return false;
	if (l->options->out_tty && inner->kind == TWZ_VALUE_STRING)
		fputc('\n', out);
	return true;
}

/* Also what is no list of records becomes one: a record's fields are its rows, a list's elements. */
static void
show_table(struct lang *l, FILE *out, const struct twz_value *v)
{
	static const char *const pair[] = { "field", "value" };
	const struct twz_value *inner = v->kind == TWZ_VALUE_OK ? &v->list.items[0] : v;
	bool record = inner->kind == TWZ_VALUE_RECORD && !lang_function_of(inner);
	size_t n = record || inner->kind == TWZ_VALUE_LIST ? inner->list.n : 0;
	TWZ_ARENA arena = { 0 };
	struct twz_value *rows, list;

	if (!n || lang_write_table(l, out, inner)) {
		if (!n)
			show_pretty(l, out, v);
		return;
	}
	rows = twz_new_array(&arena, n, struct twz_value);
	for (size_t i = 0; i < n; i++) {
		struct twz_value *cells = twz_new_array(&arena, 2, struct twz_value);

		if (record)
			cells[0] = twz_cstring(&arena, inner->list.names[i]);
		cells[record] = inner->list.items[i];
		rows[i] = twz_record(NULL, pair + !record, cells, 1u + record);
	}
	list = twz_list(NULL, rows, n);
	(void)lang_write_table(l, out, &list);
}

void
lang_settle(struct lang *l)
{
	const struct repl_host *host = l->options->host;

	if (l->root->called && host->settle)
		host->settle(host->data);
	l->root->called = false;
}

bool
lang_show(struct lang *l, const struct twz_value *v, struct twz_error *err)
{
	FILE *out = l->options->out;

	lang_settle(l);
	switch (l->options->output) {
	case LANG_PRETTY:
		show_pretty(l, out, v);
		break;
	case LANG_TABLE:
		show_table(l, out, v);
		break;
	case LANG_JSON:
	case LANG_JSONL:
	case LANG_JSON_ENVELOPE:
	case LANG_CSV:
	case LANG_TSV:
		if (!show_exact(l, out, v, err))
			return false;
		break;
	case LANG_RAW:
		if (!show_raw(l, out, v, err))
			return false;
		break;
	}
	return !ferror(out) || lang_fail_output(l, err);
}

bool
lang_show_statement(struct lang *l, const struct twz_value *v, struct twz_error *err)
{
	const struct lang_options *o = l->options;
	TWZ_FREE char *text = NULL;
	size_t n = 0;
	FILE *f;

	if (!o->page || (o->output != LANG_PRETTY && o->output != LANG_TABLE))
		return lang_show(l, v, err);
	f = open_memstream(&text, &n);
	if (!f)
		return lang_show(l, v, err);
	lang_settle(l);
	if (o->output == LANG_TABLE)
		show_table(l, f, v);
	else
		show_pretty(l, f, v);
	fclose(f);
	return o->page(o->page_data, text, n, err) || lang_fail_output(l, err);
}

bool
lang_fail_output(const struct lang *l, struct twz_error *err)
{
	int errnum = errno ? errno : EIO;

	/* What could not be written is given up: or each later attempt would fail with it again. */
	__fpurge(l->options->out);
	clearerr(l->options->out);
	if (errnum == EINTR)
		return twz_fail(err, TWZ_CLASS_INTERRUPTED, TWZ_ERR(GENERIC, INTERRUPTED), "the output was cut");
	return twz_fail(err, TWZ_CLASS_GATE, twz_code_from_errno(errnum), "cannot write the output: %s",
			strerror(errnum));
}
