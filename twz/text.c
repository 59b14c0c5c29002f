#include "twz/text.h"

#include <inttypes.h>
#include <stdarg.h>

#include "twz/json.h"
#include "twz/util.h"

void
twz_text_free(struct twz_text *text)
{
	free(text->bytes);
	*text = (struct twz_text){ 0 };
}

/* Room is what both the memory and the limit allow, and nothing once something was lost. */
static void
set_room(struct twz_text *text)
{
	text->room = text->truncated ? text->n :
		     text->limit && text->limit < text->size ? text->limit : text->size;
}

void
twz_text_reset(struct twz_text *text)
{
	text->n = 0;
	text->truncated = false;
	set_room(text);
}

size_t
twz_text_limit(struct twz_text *text, size_t more)
{
	size_t before = text->limit;

	if (more && (!before || text->n + more < before))
		text->limit = text->n + more;
	set_room(text);
	return before;
}

bool
twz_text_unlimit(struct twz_text *text, size_t before, const char *mark)
{
	bool whole = !text->truncated;

	text->limit = before;
	text->truncated = before && text->n >= before && !whole;
	set_room(text);
	if (!whole)
		twz_text_puts(text, mark);
	return whole;
}

void
twz_text_more(struct twz_text *text, const char *bytes, size_t n)
{
	size_t size = text->size ? text->size : 1024;

	if (text->truncated || !n)
		return;
	if (text->limit && n > text->limit - text->n) {
		/* Half a character is worse than one less. */
		for (n = text->limit - text->n; n && ((unsigned char)bytes[n] & 0xc0) == 0x80; n--)
			;
		text->truncated = true;
	}
	while (size - text->n < n)
		size *= 2;
	if (size != text->size) {
		char *grown = realloc(text->bytes, size);

		if (!grown) {
			fputs("out of memory\n", stderr);
			abort();
		}
		text->bytes = grown;
		text->size = size;
	}
	memcpy(text->bytes + text->n, bytes, n);
	text->n += n;
	set_room(text);
}

void
twz_text_unsigned(struct twz_text *text, uint64_t value)
{
	char digits[20];
	size_t i = sizeof(digits);

	do {
		digits[--i] = (char)('0' + value % 10);
	} while (value /= 10);
	twz_text_add(text, digits + i, sizeof(digits) - i);
}

void
twz_text_signed(struct twz_text *text, int64_t value)
{
	if (value < 0)
		twz_text_byte(text, '-');
	twz_text_unsigned(text, value < 0 ? -(uint64_t)value : (uint64_t)value);
}

void
twz_text_printf(struct twz_text *text, const char *fmt, ...)
{
	char space[256], *long_one = NULL;
	va_list ap, again;
	int n;

	va_start(ap, fmt);
	va_copy(again, ap);
	n = vsnprintf(space, sizeof(space), fmt, ap);
	if (n >= (int)sizeof(space))
		n = vasprintf(&long_one, fmt, again);
	va_end(again);
	va_end(ap);
	if (n > 0)
		twz_text_add(text, long_one ? long_one : space, (size_t)n);
	free(long_one);
}

/* Most text has nothing to escape: such stretches are copied as they are. */
void
twz_text_json(struct twz_text *text, const char *s)
{
	static const char hex[] = "0123456789abcdef";
	size_t n = strlen(s);
	unsigned char high = twz_utf8_valid(s, n) ? 0xff : 0x7f;

	twz_text_byte(text, '"');
	for (;;) {
		const char *start = s;

		while ((unsigned char)*s >= 0x20 && *s != '"' && *s != '\\' && *s != 0x7f &&
		       (unsigned char)*s <= high)
			s++;
		twz_text_add(text, start, (size_t)(s - start));
		if (!*s)
			break;
		if ((unsigned char)*s > high) {
			twz_text_byte(text, '?');
			s++;
			continue;
		}
		twz_text_byte(text, '\\');
		if (*s == '"' || *s == '\\') {
			twz_text_byte(text, *s);
		} else {
			twz_text_puts(text, "u00");
			twz_text_byte(text, hex[(unsigned char)*s >> 4]);
			twz_text_byte(text, hex[*s & 15]);
		}
		s++;
	}
	twz_text_byte(text, '"');
}

const char *
twz_text_copy(struct twz_arena *arena, const struct twz_text *text)
{
	return text->n ? twz_strndup(arena, text->bytes, text->n) : "";
}

void
twz_text_write(const struct twz_text *text, FILE *out)
{
	if (text->n)
		fwrite(text->bytes, 1, text->n, out);
}
