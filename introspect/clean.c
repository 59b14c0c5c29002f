#include "introspect/clean.h"

#include <stdint.h>
#include <string.h>

#include "twz/json.h"

bool
record_identifier(const char *text)
{
	size_t n = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789");

	return n && n < 256 && !text[n] && !(*text >= '0' && *text <= '9');
}

/* How much of @text is certainly printable ASCII: eight bytes at a time. */
static size_t
plain_start(const char *text, size_t n)
{
	const uint64_t ones = UINT64_C(0x0101010101010101), highs = 0x80 * ones;
	uint64_t word;
	size_t at = 0;

	for (; n - at >= sizeof(word); at += sizeof(word)) {
		memcpy(&word, text + at, sizeof(word));
		if (((word - 0x20 * ones) | word | (word + ones)) & highs)
			return at;
	}
	for (; at < n && text[at] >= 0x20 && text[at] < 0x7f; at++)
		;
	return at;
}

const char *
record_clean(struct twz_arena *arena, const char *text)
{
	size_t n = strlen(text), plain = plain_start(text, n);
	bool valid = plain == n || twz_utf8_valid(text, n);
	char *copy = twz_strndup(arena, text, n);

	for (size_t i = plain; i < n; i++) {
		unsigned char c = (unsigned char)copy[i];
		/* U+0080 to U+009F are controls as well. */
		bool c1 = c == 0xc2 && (unsigned char)copy[i + 1] < 0xa0;

		if (c < 0x20 || c == 0x7f || (c >= 0x80 && !valid))
			copy[i] = '?';
		else if (c1)
			copy[i] = copy[i + 1] = '?';
	}
	return copy;
}

const char *
record_clean_kept(struct twz_arena *arena, const char *text)
{
	size_t n = strlen(text);

	return plain_start(text, n) == n ? text : record_clean(arena, text);
}
