/*
 * Messages (language.md 1.5). Line 1 is the contract that tests, grep and editors read. Lines 2 and 3
 * show the place and a hint, for people. What stands for a secret is never shown.
 */
#include <stdio.h>
#include <string.h>

#include "repl/lang/interp.h"
#include "twz/json.h"

/* The line of a text that an error is in. */
struct place {
	uint32_t from, to;		/* of the line, without its newline */
	uint32_t line, col, endcol;	/* 1-based, in characters */
};

static uint32_t
count_characters(const char *s, uint32_t n)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < n; i++)
		count += ((unsigned char)s[i] & 0xc0) != 0x80;
	return count;
}

static bool
find_place(const char *text, size_t n, const struct twz_error *err, struct place *ret)
{
	uint32_t at = err->from, end = err->to;
	const char *eol;

	if (!text || !err->to || err->from > n)
		return false;
	*ret = (struct place){ .line = 1 };
	for (uint32_t i = 0; i < at; i++) {
		if (text[i] != '\n')
			continue;
		ret->line++;
		ret->from = i + 1;
	}
	eol = memchr(text + at, '\n', n - at);
	ret->to = eol ? (uint32_t)(eol - text) : (uint32_t)n;
	end = end > ret->to ? ret->to : end;
	ret->col = count_characters(text + ret->from, at - ret->from) + 1;
	ret->endcol = end > at ? ret->col + count_characters(text + at, end - at) : ret->col + 1;
	return true;
}

/* -- lines 2 and 3 ----------------------------------------------------------------------------- */

/* The shown line, and which of its columns are marked. */
struct shown {
	FILE *out;
	const char *text;
	size_t col, from, to;
};

/* Shows bytes @from … @to of the text, or "******" for them, and notes where the error's span is. */
static void
show_piece(struct shown *s, uint32_t from, uint32_t to, const struct twz_error *err, bool hidden)
{
	for (uint32_t i = from, k; i < to; i += k) {
		bool blank = s->text[i] == '\t' || s->text[i] == '\r';
		TWZ_FREE char *piece = NULL;
		size_t n = 0;
		FILE *f = open_memstream(&piece, &n);

		if (!f)
			return;
		for (k = 1; i + k < to && ((unsigned char)s->text[i + k] & 0xc0) == 0x80; k++)
			;
		k = hidden ? to - i : k;
		if (hidden)
			fputs("******", f);
		else if (blank)
			fputc(' ', f);
		else
			lang_write_escaped(f, s->text + i, k, "");
		fclose(f);
		fwrite(piece, 1, n, s->out);
		if (i <= err->from && err->from < i + k)
			s->from = s->col;
		s->col += lang_width(piece, n);
		if (err->to > i)
			s->to = s->col;
	}
	if (err->from == to)
		s->from = s->col;
}

static void
show_line(struct lang *l, const char *text, size_t n, const struct twz_error *err,
	  const struct place *place)
{
	struct shown s = { .out = l->options->err, .text = text };
	const struct lang_span *spans;
	TWZ_ARENA arena = { 0 };
	uint32_t at = place->from;
	size_t nspans;

	if (!lang_secrets(l, text, n, &arena, &spans, &nspans)) {
		if (err->hint[0])
			fprintf(s.out, "  %s\n", err->hint);
		return;
	}
	fputs("  ", s.out);
	for (size_t i = 0; i < nspans; i++) {
		uint32_t from = spans[i].from < at ? at : spans[i].from;
		uint32_t to = spans[i].to > place->to ? place->to : spans[i].to;

		if (from >= to)
			continue;
		show_piece(&s, at, from, err, false);
		show_piece(&s, from, to, err, true);
		at = to;
	}
	show_piece(&s, at, place->to, err, false);
	fprintf(s.out, "\n  %*s", (int)s.from, "");
	for (size_t i = s.from; i == s.from || i < s.to; i++)
		fputc('^', s.out);
	if (err->hint[0]) {
		fputc(' ', s.out);
		lang_write_escaped(s.out, err->hint, strlen(err->hint), "");
	}
	fputc('\n', s.out);
}

/* -- line 1 ------------------------------------------------------------------------------------ */

/* The file that the place is in; NULL: no file. */
static const char *
file_of(const struct lang *l)
{
	return l->blamed && l->blamed->file ? l->blamed->file : l->options->file;
}

static void
put_text(FILE *out, const char *key, const char *value)
{
	fprintf(out, "%s\"%s\":", *key == 'k' ? "{" : ",", key);
	if (value && *value)
		twz_json_string(out, value, strlen(value));
	else
		fputs("null", out);
}

static void
report_json(FILE *out, const char *warning, const struct twz_error *err, const char *file,
	    const struct place *place, const char *gate)
{
	char text[sizeof(err->text) + 16];

	snprintf(text, sizeof(text), "%s%s%s", warning ? warning : "", warning ? ": " : "", err->text);
	put_text(out, "kind", warning ? "warning" : twz_class_name(err->cls));
	put_text(out, "message", text);
	put_text(out, "file", file);
	if (place)
		fprintf(out, ",\"line\":%u,\"col\":%u,\"endcol\":%u", place->line, place->col,
			place->endcol);
	else
		fputs(",\"line\":null,\"col\":null,\"endcol\":null", out);
	put_text(out, "gate", gate);
	put_text(out, "hint", err->hint);
	fputs("}\n", out);
}

void
lang_report_outside(FILE *out, bool json, const struct twz_error *err)
{
	if (json)
		report_json(out, NULL, err, NULL, NULL, NULL);
	else
		fprintf(out, "%s: %s%s%s%s\n",
			err->cls == TWZ_CLASS_SYNTAX ? "twz" : twz_class_text(err->cls), err->text,
			*err->hint ? " (" : "", err->hint, *err->hint ? ")" : "");
}

static void
report_line(const struct lang *l, const char *warning, const struct twz_error *err,
	    const struct place *place)
{
	const struct lang_options *o = l->options;
	bool color = o->color;

	if (file_of(l)) {
		lang_write_escaped(o->err, file_of(l), strlen(file_of(l)), "");
		if (place)
			fprintf(o->err, ":%u:%u", place->line, place->col);
		fputs(": ", o->err);
	}
	if (warning)
		fprintf(o->err, "%sWarning:%s %s: ", color ? "\033[1;33m" : "", color ? "\033[0m" : "",
			warning);
	else
		fprintf(o->err, "%s%s:%s ", color ? "\033[1;31m" : "", twz_class_text(err->cls),
			color ? "\033[0m" : "");
	lang_write_escaped(o->err, err->text, strlen(err->text), "");
	fputc('\n', o->err);
}

/* The functions that the failure left; innermost first. */
static void
show_frames(const struct lang *l)
{
	FILE *out = l->options->err;

	for (uint32_t i = 0; i < l->nframes; i++) {
		const struct lang_frame *f = &l->frames[i];

		fprintf(out, "  in %s, called at ", f->name);
		if (f->file)
			lang_write_escaped(out, f->file, strlen(f->file), "");
		fprintf(out, "%s%u:%u\n", f->file ? ":" : "", f->line, f->col);
	}
}

void
lang_report(struct lang *l, const char *text, size_t n, const struct twz_error *err)
{
	lang_report_as(l, NULL, text, n, err);
}

void
lang_report_as(struct lang *l, const char *warning, const char *text, size_t n,
	       const struct twz_error *err)
{
	const struct lang_options *o = l->options;
	struct place place;
	bool placed;

	if (err->cls == TWZ_CLASS_NONE)
		return;
	if (l->blamed) {
		text = l->blamed->text;
		n = l->blamed->n;
	}
	/* What was printed before stands before. */
	fflush(o->out);
	placed = find_place(text, n, err, &place);
	if (o->errors_json) {
		report_json(o->err, warning, err, file_of(l), placed ? &place : NULL, l->gate);
	} else {
		report_line(l, warning, err, placed ? &place : NULL);
		if (o->err_tty || o->verbose) {
			if (placed)
				show_line(l, text, n, err, &place);
			else if (err->hint[0])
				fprintf(o->err, "  %s\n", err->hint);
		}
	}
	if (o->verbose && !o->errors_json)
		show_frames(l);
	fflush(o->err);
}
