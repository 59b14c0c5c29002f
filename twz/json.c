#include "twz/json.h"

#include <math.h>
#include <string.h>

#include "twz/objid.h"

/* Bytes of the UTF-8 sequence at @s (of @n), or 0 when it is not well-formed. */
static size_t
sequence(const unsigned char *s, size_t n)
{
	static const struct {
		unsigned char first, last, low, high;	/* lead bytes, and range of the second */
		size_t size;
	} rows[] = {
		{ 0x00, 0x7f, 0, 0, 1 },	   { 0xc2, 0xdf, 0x80, 0xbf, 2 },
		{ 0xe0, 0xe0, 0xa0, 0xbf, 3 }, { 0xe1, 0xec, 0x80, 0xbf, 3 },
		{ 0xed, 0xed, 0x80, 0x9f, 3 }, { 0xee, 0xef, 0x80, 0xbf, 3 },
		{ 0xf0, 0xf0, 0x90, 0xbf, 4 }, { 0xf1, 0xf3, 0x80, 0xbf, 4 },
		{ 0xf4, 0xf4, 0x80, 0x8f, 4 },
	};

	for (size_t i = 0; i < TWZ_COUNT(rows); i++) {
		if (*s < rows[i].first || *s > rows[i].last)
			continue;
		if (rows[i].size > n || (rows[i].size > 1 && (s[1] < rows[i].low || s[1] > rows[i].high)))
			return 0;
		for (size_t k = 2; k < rows[i].size; k++)
			if ((s[k] & 0xc0) != 0x80)
				return 0;
		return rows[i].size;
	}
	return 0;
}

bool
twz_utf8_valid(const char *text, size_t n)
{
	const unsigned char *s = (const unsigned char *)text;

	for (size_t i = 0, k; i < n; i += k) {
		k = sequence(s + i, n - i);
		if (!k)
			return false;
	}
	return true;
}

/* Characters that are not seen but steer a terminal or turn the direction of text. */
static bool
is_unsafe(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x61c || (c >= 0x200b && c <= 0x200f) ||
	       (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) || c == 0xfeff;
}

static void
write_character(FILE *out, const char *s, size_t n)
{
	uint32_t c = (unsigned char)*s;

	if (n > 1)
		c &= 0xffu >> (n + 1);
	for (size_t i = 1; i < n; i++)
		c = c << 6 | ((unsigned char)s[i] & 0x3f);
	if (c == '"' || c == '\\')
		fprintf(out, "\\%c", (int)c);
	else if (c == '\n' || c == '\t' || c == '\r')
		fprintf(out, "\\%c", c == '\n' ? 'n' : c == '\t' ? 't' : 'r');
	else if (is_unsafe(c))
		fprintf(out, "\\u%04x", c);
	else
		fwrite(s, 1, n, out);
}

void
twz_json_string(FILE *out, const char *text, size_t n)
{
	fputc('"', out);
	for (size_t i = 0, k; i < n; i += k) {
		k = sequence((const unsigned char *)text + i, n - i);
		if (k) {
			write_character(out, text + i, k);
		} else {
			fputs("\\ufffd", out);
			k = 1;
		}
	}
	fputc('"', out);
}

static void
base64(FILE *out, const unsigned char *s, size_t n)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < n; i += 3) {
		unsigned v = (unsigned)s[i] << 16 | (i + 1 < n ? (unsigned)s[i + 1] << 8 : 0) |
			     (i + 2 < n ? s[i + 2] : 0);

		fputc(digits[v >> 18], out);
		fputc(digits[v >> 12 & 63], out);
		fputc(i + 1 < n ? digits[v >> 6 & 63] : '=', out);
		fputc(i + 2 < n ? digits[v & 63] : '=', out);
	}
}

static void
write_text(FILE *out, const char *text, size_t n)
{
	if (twz_utf8_valid(text, n)) {
		twz_json_string(out, text, n);
		return;
	}
	fputs("{\"b64\":\"", out);
	base64(out, (const unsigned char *)text, n);
	fputs("\"}", out);
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
		fputs(comma, out);
		twz_json_string(out, t->members[i].name, strlen(t->members[i].name));
		comma = ",";
	}
	fputc(']', out);
}

static void
write_integer(FILE *out, const struct twz_value *v, const struct twz_json_style *style)
{
	const twz_wide exact = ((twz_wide)1 << 53) - 1;
	const struct twz_type *t = twz_type_strip(v->type);
	const struct twz_member *e;
	char number[48];

	if (t && t->kind == TWZ_ENUM && t->is_flags) {
		write_flags(out, t, v->integer);
	} else if (t && t->kind == TWZ_ENUM && (e = twz_enumerator(t, v->integer))) {
		twz_json_string(out, e->name, strlen(e->name));
	} else if (t && t->kind == TWZ_CHAR && v->integer >= 0 && v->integer < 0x80) {
		char c = (char)v->integer;

		twz_json_string(out, &c, 1);
	} else {
		bool quoted = style->bigint_text && (v->integer > exact || v->integer < -exact);

		fprintf(out, quoted ? "\"%s\"" : "%s", twz_wide_text(v->integer, number));
	}
}

static bool
write_float(FILE *out, const struct twz_value *v, const struct twz_json_style *style,
	    struct twz_error *err)
{
	char number[40];

	if (isfinite(v->real))
		fputs(twz_float_text(v->real, v->type ? twz_type_strip(v->type)->size : 8, number), out);
	else if (style->nan_text)
		fputs(isnan(v->real) ? "\"NaN\"" : v->real > 0 ? "\"Infinity\"" : "\"-Infinity\"", out);
	else
		return twz_fail(err, TWZ_CLASS_TYPE, TWZ_ERR(ARGUMENT, INVALID_ARGUMENT),
				"JSON has no %s", isnan(v->real) ? "NaN" : "infinity");
	return true;
}

static bool
write_items(FILE *out, const struct twz_value *v, const struct twz_json_style *style,
	    struct twz_error *err)
{
	bool record = v->kind == TWZ_VALUE_RECORD;

	fputc(record ? '{' : '[', out);
	for (size_t i = 0; i < v->list.n; i++) {
		if (i)
			fputc(',', out);
		if (record) {
			twz_json_string(out, v->list.names[i], strlen(v->list.names[i]));
			fputc(':', out);
		}
		if (!twz_json_write_as(out, &v->list.items[i], style, err))
			return false;
	}
	fputc(record ? '}' : ']', out);
	return true;
}

bool
twz_json_write_as(FILE *out, const struct twz_value *v, const struct twz_json_style *style,
		  struct twz_error *err)
{
	char digits[TWZ_ID_TEXT];
	twz_id id;

	switch (v->kind) {
	case TWZ_VALUE_UNIT:
	case TWZ_VALUE_NONE:
		fputs("null", out);
		return true;
	case TWZ_VALUE_BOOL:
		fputs(v->boolean ? "true" : "false", out);
		return true;
	case TWZ_VALUE_INT:
		write_integer(out, v, style);
		return true;
	case TWZ_VALUE_FLOAT:
		return write_float(out, v, style, err);
	case TWZ_VALUE_STRING:
		write_text(out, v->string.text, v->string.n);
		return true;
	case TWZ_VALUE_LIST:
	case TWZ_VALUE_RECORD:
		if (!twz_id_of(v, &id))
			return write_items(out, v, style, err);
		fprintf(out, "\"%s\"", twz_id_text(id, digits));
		return true;
	case TWZ_VALUE_OK:
		return twz_json_write_as(out, &v->list.items[0], style, err);
	case TWZ_VALUE_ERR:
		fputs("{\"error\":", out);
		if (!twz_json_write_as(out, &v->list.items[0], style, err))
			return false;
		if (twz_err_said(v)) {
			fputs(",\"text\":", out);
			write_text(out, v->list.items[1].string.text, v->list.items[1].string.n);
		}
		fputc('}', out);
		return true;
	}
	return true;
}

bool
twz_json_write(FILE *out, const struct twz_value *v, struct twz_error *err)
{
	return twz_json_write_as(out, v, &(struct twz_json_style){ 0 }, err);
}
