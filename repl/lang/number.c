#include "repl/lang/number.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "twz/text.h"

/* The base that a prefix says; skips it. */
static unsigned
base_of(const char **s, const char *end)
{
	static const struct {
		char letter;
		unsigned base;
	} prefixes[] = { { 'x', 16 }, { 'o', 8 }, { 'b', 2 } };

	for (size_t i = 0; i < TWZ_COUNT(prefixes); i++) {
		if (end - *s < 3 || **s != '0' || (*s)[1] != prefixes[i].letter)
			continue;
		*s += 2;
		return prefixes[i].base;
	}
	return 10;
}

enum number_result
number_integer(const char *text, size_t n, twz_wide *ret)
{
	static const twz_wide limit = (twz_wide)1 << 100;
	const char *s = text, *end = text + n;
	bool minus = n && *s == '-', range = false;
	twz_wide value = 0;
	unsigned base;

	if (n && (*s == '-' || *s == '+'))
		s++;
	base = base_of(&s, end);
	if (s == end || twz_digit(*s) >= base)
		return NUMBER_NONE;
	for (; s < end; s++) {
		if (*s == '_' && s + 1 < end)
			continue;
		if (twz_digit(*s) >= base)
			return NUMBER_NONE;
		range |= value > limit;
		value = range ? 0 : value * base + twz_digit(*s);
	}
	*ret = minus ? -value : value;
	return range ? NUMBER_RANGE : NUMBER_OK;
}

/* Whether @s is digits [. digits] [e [sign] digits], which strtod() reads as C writes it. */
static bool
is_decimal(const char *s)
{
	static const char set[] = "0123456789";

	s += *s == '-' || *s == '+';
	if (!strspn(s, set))
		return false;
	s += strspn(s, set);
	if (*s == '.' && strspn(s + 1, set))
		s += 1 + strspn(s + 1, set);
	if (*s != 'e' && *s != 'E')
		return !*s;
	s += 1 + (s[1] == '-' || s[1] == '+');
	return strspn(s, set) && !s[strspn(s, set)];
}

enum number_result
number_float(const char *text, size_t n, double *ret)
{
	char plain[400];
	size_t k = 0;
	twz_wide i;

	if (number_integer(text, n, &i) == NUMBER_OK) {
		*ret = (double)i;
		if (!i && *text == '-')
			*ret = -0.0;
		return NUMBER_OK;
	}
	for (size_t at = 0; at < n; at++) {
		if (k == sizeof(plain) - 1)
			return NUMBER_RANGE;
		if (text[at] != '_')
			plain[k++] = text[at];
	}
	plain[k] = '\0';
	if (!is_decimal(plain) && strcmp(plain, "inf") && strcmp(plain, "-inf") && strcmp(plain, "nan"))
		return NUMBER_NONE;
	*ret = strtod(plain, NULL);
	return isinf(*ret) && !strstr(plain, "inf") ? NUMBER_RANGE : NUMBER_OK;
}
