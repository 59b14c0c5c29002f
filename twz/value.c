#include "twz/value.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

struct twz_value
twz_unit(void)
{
	return (struct twz_value){ .kind = TWZ_VALUE_UNIT };
}

struct twz_value
twz_bool(bool b)
{
	return (struct twz_value){ .kind = TWZ_VALUE_BOOL, .type = &twz_type_bool, .boolean = b };
}

struct twz_value
twz_int(const struct twz_type *type, twz_wide i)
{
	return (struct twz_value){ .kind = TWZ_VALUE_INT, .type = type, .integer = i };
}

struct twz_value
twz_float(const struct twz_type *type, double d)
{
	return (struct twz_value){ .kind = TWZ_VALUE_FLOAT, .type = type, .real = d };
}

struct twz_value
twz_string(struct twz_arena *arena, const char *text, size_t n)
{
	return (struct twz_value){ .kind = TWZ_VALUE_STRING, .type = &twz_type_string,
				   .string = { twz_strndup(arena, text, n), n } };
}

struct twz_value
twz_cstring(struct twz_arena *arena, const char *text)
{
	return twz_string(arena, text, strlen(text));
}

struct twz_value
twz_list(const struct twz_type *type, const struct twz_value *items, size_t n)
{
	return (struct twz_value){ .kind = TWZ_VALUE_LIST, .type = type,
				   .list = { items, NULL, n } };
}

struct twz_value
twz_record(const struct twz_type *type, const char *const *names, const struct twz_value *items,
	   size_t n)
{
	return (struct twz_value){ .kind = TWZ_VALUE_RECORD, .type = type,
				   .list = { items, names, n } };
}

static struct twz_value
boxed(struct twz_arena *arena, enum twz_value_kind kind, const struct twz_type *type,
      struct twz_value v)
{
	struct twz_value *item = twz_new(arena, struct twz_value);

	*item = v;
	return (struct twz_value){ .kind = kind, .type = type, .list = { item, NULL, 1 } };
}

struct twz_value
twz_ok(struct twz_arena *arena, const struct twz_type *type, struct twz_value v)
{
	return boxed(arena, TWZ_VALUE_OK, type, v);
}

struct twz_value
twz_err(struct twz_arena *arena, const struct twz_type *type, struct twz_value v)
{
	return boxed(arena, TWZ_VALUE_ERR, type, v);
}

struct twz_value
twz_err_text(struct twz_arena *arena, struct twz_value err, const char *text)
{
	struct twz_value *items = twz_new_array(arena, 2, struct twz_value);

	items[0] = err.list.items[0];
	items[1] = twz_cstring(arena, text);
	err.list.items = items;
	err.list.n = 2;
	return err;
}

const char *
twz_err_said(const struct twz_value *err)
{
	return err->list.n > 1 ? err->list.items[1].string.text : NULL;
}

const char *
twz_err_message(struct twz_arena *arena, const struct twz_value *err)
{
	const struct twz_value *e = &err->list.items[0];
	const struct twz_type *t = twz_type_strip(e->type), *made = twz_type_strip(err->type);
	const char *said = twz_err_said(err), *name;
	const struct twz_member *m;
	char number[48];

	if (e->kind != TWZ_VALUE_INT || !t)
		return NULL;
	m = t->kind == TWZ_ENUM ? twz_enumerator(t, e->integer) : NULL;
	name = m ? m->name : twz_wide_text(e->integer, number);
	if (said)
		return twz_format(arena, "%s (%s)", said, name);
	if (m)
		return m->text && *m->text ? m->text : m->name;
	return made && made->kind == TWZ_RESULT ? twz_format(arena, "failed with %s", name) : NULL;
}

const struct twz_value *
twz_field(const struct twz_value *v, const char *name)
{
	if (v->kind != TWZ_VALUE_RECORD)
		return NULL;
	for (size_t i = 0; i < v->list.n; i++)
		if (!strcmp(v->list.names[i], name))
			return &v->list.items[i];
	return NULL;
}

struct twz_value
twz_value_copy(struct twz_arena *arena, const struct twz_value *v)
{
	struct twz_value copy = *v;

	switch (v->kind) {
	case TWZ_VALUE_UNIT:
	case TWZ_VALUE_BOOL:
	case TWZ_VALUE_INT:
	case TWZ_VALUE_FLOAT:
	case TWZ_VALUE_NONE:
		break;
	case TWZ_VALUE_STRING:
		copy.string.text = twz_strndup(arena, v->string.text, v->string.n);
		break;
	case TWZ_VALUE_LIST:
	case TWZ_VALUE_RECORD:
	case TWZ_VALUE_OK:
	case TWZ_VALUE_ERR: {
		struct twz_value *items = twz_new_array(arena, v->list.n, struct twz_value);
		const char **names = NULL;

		if (v->kind == TWZ_VALUE_RECORD)
			names = twz_new_array(arena, v->list.n, const char *);
		for (size_t i = 0; i < v->list.n; i++) {
			items[i] = twz_value_copy(arena, &v->list.items[i]);
			if (names)
				names[i] = twz_strdup(arena, v->list.names[i]);
		}
		copy.list.items = items;
		copy.list.names = names;
		break;
	}
	}
	return copy;
}

static bool
items_equal(const struct twz_value *a, const struct twz_value *b)
{
	if (a->list.n != b->list.n)
		return false;
	for (size_t i = 0; i < a->list.n; i++) {
		if (!twz_value_equal(&a->list.items[i], &b->list.items[i]))
			return false;
		if (a->kind == TWZ_VALUE_RECORD && strcmp(a->list.names[i], b->list.names[i]))
			return false;
	}
	return true;
}

bool
twz_value_equal(const struct twz_value *a, const struct twz_value *b)
{
	if (a->kind != b->kind)
		return false;
	switch (a->kind) {
	case TWZ_VALUE_UNIT:
	case TWZ_VALUE_NONE:
		return true;
	case TWZ_VALUE_BOOL:
		return a->boolean == b->boolean;
	case TWZ_VALUE_INT:
		return a->integer == b->integer;
	case TWZ_VALUE_FLOAT:
		return a->real == b->real;
	case TWZ_VALUE_STRING:
		return a->string.n == b->string.n &&
		       !memcmp(a->string.text, b->string.text, a->string.n);
	case TWZ_VALUE_LIST:
	case TWZ_VALUE_RECORD:
	case TWZ_VALUE_OK:
		return items_equal(a, b);
	case TWZ_VALUE_ERR:
		return twz_value_equal(a->list.items, b->list.items);
	}
	return false;
}

void
twz_int_range(const struct twz_type *type, twz_wide *min, twz_wide *max)
{
	const struct twz_type *t = twz_type_strip(type);
	unsigned bits = t->size >= 8 ? 64 : t->size * 8;

	if (t->is_signed) {
		*min = -((twz_wide)1 << (bits - 1));
		*max = ((twz_wide)1 << (bits - 1)) - 1;
	} else {
		*min = 0;
		*max = ((twz_wide)1 << bits) - 1;
	}
}

const char *
twz_wide_text(twz_wide i, char *buf)
{
	unsigned __int128 n = i < 0 ? -(unsigned __int128)i : (unsigned __int128)i;
	char digits[48];
	size_t k = 0, out = 0;

	do
		digits[k++] = (char)('0' + (int)(n % 10));
	while (n /= 10);
	if (i < 0)
		buf[out++] = '-';
	while (k)
		buf[out++] = digits[--k];
	buf[out] = '\0';
	return buf;
}

static bool
reads_back(const char *text, double d, uint32_t size)
{
	return size == 4 ? strtof(text, NULL) == (float)d : strtod(text, NULL) == d;
}

const char *
twz_float_text(double d, uint32_t size, char *buf)
{
	if (isnan(d))
		return strcpy(buf, "nan");
	if (isinf(d))
		return strcpy(buf, d < 0 ? "-inf" : "inf");
	for (int digits = 1; digits <= (size == 4 ? FLT_DECIMAL_DIG : DBL_DECIMAL_DIG); digits++) {
		snprintf(buf, 40, "%.*g", digits, d);
		if (reads_back(buf, d, size))
			break;
	}
	/* 100000 rather than 1e+05: the exponent only where plain digits would be long. */
	if (strchr(buf, 'e') && fabs(d) >= 1 && fabs(d) < 1e17) {
		char plain[40];

		snprintf(plain, sizeof(plain), "%.0f", d);
		if (reads_back(plain, d, size))
			strcpy(buf, plain);
	}
	if (!strpbrk(buf, ".e"))
		strcat(buf, ".0");
	return buf;
}

const struct twz_member *
twz_enumerator(const struct twz_type *type, twz_wide value)
{
	const struct twz_type *t = twz_type_strip(type);

	for (uint32_t i = 0; i < t->nmembers; i++) {
		twz_wide v = t->is_signed ? (twz_wide)t->members[i].value
					  : (twz_wide)(uint64_t)t->members[i].value;

		if (v == value)
			return &t->members[i];
	}
	return NULL;
}
