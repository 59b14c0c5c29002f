#include "registry/members.h"

#include "registry/number.h"
#include "registry/words.h"

/* -- writing ---------------------------------------------------------------------------------------- */

static void
add_string(struct twz_text *out, const char *s)
{
	twz_text_byte(out, '"');
	for (;; s++) {
		size_t n = 0;

		while ((unsigned char)s[n] >= ' ' && s[n] != '"' && s[n] != '\\')
			n++;
		twz_text_add(out, s, n);
		s += n;
		if (!*s)
			break;
		if (*s == '"' || *s == '\\') {
			twz_text_byte(out, '\\');
			twz_text_byte(out, *s);
		} else {
			twz_text_printf(out, "\\u%04x", *s);
		}
	}
	twz_text_byte(out, '"');
}

static int64_t
flags_of(const struct twz_member *m)
{
	return m->quals | (int)m->dir << MEMBER_DIR | (m->secret ? MEMBER_SECRET : 0) |
	       (m->optional ? MEMBER_OPTIONAL : 0) | (m->has_extent ? MEMBER_EXTENT : 0) |
	       (m->artificial ? MEMBER_ARTIFICIAL : 0);
}

void
members_add(struct twz_text *out, bool first, const struct twz_member *m, uint32_t type)
{
	const int64_t numbers[] = {
		(int64_t)m->offset, m->value, m->bit_size | (int64_t)m->bit_offset << MEMBER_BITS, flags_of(m),
		m->extent, (int64_t)m->count,
	};
	size_t n = TWZ_COUNT(numbers);

	while (!m->text && n && !numbers[n - 1])
		n--;
	twz_text_puts(out, first ? "[[" : ",[");
	add_string(out, m->name ? m->name : "");
	twz_text_byte(out, ',');
	if (type == NUMBER_NONE)
		twz_text_puts(out, "null");
	else
		twz_text_unsigned(out, type);
	for (size_t i = 0; i < n; i++) {
		twz_text_byte(out, ',');
		twz_text_signed(out, numbers[i]);
	}
	if (m->text) {
		twz_text_byte(out, ',');
		add_string(out, m->text);
	}
	twz_text_byte(out, ']');
}

void
members_end(struct twz_text *out, bool any)
{
	if (any)
		twz_text_byte(out, ']');
}

/* -- reading: the file may be anybody's ------------------------------------------------------------- */

static bool
wrong(struct members_in *in)
{
	in->wrong = true;
	return false;
}

static bool
skip(struct members_in *in, char c)
{
	if (in->at == in->end || *in->at != c)
		return false;
	in->at++;
	return true;
}

/* Behind a backslash; 0 for what is never written, and for the end of a text. */
static char
escaped(struct members_in *in)
{
	unsigned c = 0;

	if (skip(in, '"'))
		return '"';
	if (skip(in, '\\'))
		return '\\';
	if (!skip(in, 'u') || in->end - in->at < 4)
		return 0;
	for (int i = 0; i < 4; i++) {
		unsigned digit = twz_digit(*in->at++);

		if (digit > 15)
			return 0;
		c = c << 4 | digit;
	}
	return c < 0x80 ? (char)c : 0;
}

static bool
read_string(struct members_in *in, struct twz_arena *arena, const char **ret)
{
	const char *start, *end;
	char *text;

	if (!skip(in, '"'))
		return wrong(in);
	start = end = in->at;
	while (end < in->end && *end != '"')
		end += *end == '\\' ? 2 : 1;
	if (end >= in->end)
		return wrong(in);
	*ret = text = twz_alloc(arena, (size_t)(end - start) + 1);
	while (in->at < end) {
		char c = *in->at++;

		if (c == '\\')
			c = escaped(in);
		if (!c || in->at > end)
			return wrong(in);
		*text++ = c;
	}
	*text = '\0';
	in->at = end + 1;
	return true;
}

static bool
read_number(struct members_in *in, int64_t *ret)
{
	bool negative = skip(in, '-');
	const char *start = in->at;

	for (*ret = 0; in->at < in->end && *in->at >= '0' && *in->at <= '9'; in->at++) {
		int digit = *in->at - '0';

		if (__builtin_mul_overflow(*ret, 10, ret) ||
		    __builtin_add_overflow(*ret, negative ? -digit : digit, ret))
			return wrong(in);
	}
	return in->at > start || wrong(in);
}

static bool
read_type(struct members_in *in, struct stored_member *m)
{
	m->has_type = !skip(in, 'n');
	if (m->has_type)
		return read_number(in, &m->type);
	return (skip(in, 'u') && skip(in, 'l') && skip(in, 'l')) || wrong(in);
}

bool
members_next(struct members_in *in, struct twz_arena *arena, struct stored_member *ret)
{
	int64_t *const numbers[] = {
		&ret->offset, &ret->value, &ret->bits, &ret->flags, &ret->extent, &ret->count,
	};
	bool more = skip(in, in->begun ? ',' : '[');

	*ret = (struct stored_member){ 0 };
	if (!more && in->begun && skip(in, ']'))
		return in->at < in->end ? wrong(in) : false;
	in->begun = true;
	if (!more || !skip(in, '[') || !read_string(in, arena, &ret->name) || !skip(in, ',') || !read_type(in, ret))
		return wrong(in);
	for (size_t i = 0; i < TWZ_COUNT(numbers) && skip(in, ','); i++)
		if (!read_number(in, numbers[i]))
			return false;
	if (skip(in, ',') && !read_string(in, arena, &ret->text))
		return false;
	return skip(in, ']') || wrong(in);
}
