#include "twz/nearest.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

/* Longer words are not compared: nobody mistypes one letter of these, and the table stays small. */
enum { LONGEST = 64, STEP = 2 };

/* Letters from which on a part of a name says which one. */
enum { LEAST_BEGINNING = 2, LEAST_PART = 3 };

static unsigned
replace_cost(char a, char b)
{
	if (a == b)
		return 0;
	return tolower((unsigned char)a) == tolower((unsigned char)b) ? STEP / 2 : STEP;
}

static unsigned
least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* Damerau-Levenshtein distance (restricted: a swapped pair is not edited again), in half steps. */
static unsigned
distance(const char *a, size_t na, const char *b, size_t nb)
{
	unsigned table[3][LONGEST + 1];
	unsigned *before = table[0], *last = table[1], *row = table[2];

	for (size_t j = 0; j <= nb; j++)
		last[j] = (unsigned)j * STEP;
	for (size_t i = 1; i <= na; i++) {
		row[0] = (unsigned)i * STEP;
		for (size_t j = 1; j <= nb; j++) {
			row[j] = last[j - 1] + replace_cost(a[i - 1], b[j - 1]);
			row[j] = least(row[j], least(last[j], row[j - 1]) + STEP);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				row[j] = least(row[j], before[j - 2] + STEP);
		}

		unsigned *spare = before;

		before = last;
		last = row;
		row = spare;
	}
	return last[nb];
}

const char *
twz_misspelt(const char *word, const char *const *names, size_t n)
{
	const char *best = NULL;
	size_t length = strlen(word);
	unsigned limit = (unsigned)(length < 3 ? 1 : length / 3) * STEP;

	if (!length || length > LONGEST)
		return NULL;
	for (size_t i = 0; i < n; i++) {
		size_t other = strlen(names[i]);

		if (!other || other > LONGEST)
			continue;

		unsigned d = distance(word, length, names[i], other);
		unsigned all = least((unsigned)length, (unsigned)other) * STEP;

		if (d > 1 && !strcasecmp(word, names[i]))
			d = 1;
		/* A word of which nothing is left was not meant. */
		if (d > limit || d >= all)
			continue;
		best = names[i];
		if (!d)
			break;
		limit = d - 1;
	}
	return best;
}

/* Whether a word of a name ends before @s: json_load, compressBound. */
static bool
begins_word(const char *s)
{
	return !*s || *s == '_' || s[-1] == '_' || (isupper((unsigned char)*s) && !isupper((unsigned char)s[-1]));
}

/* How much of a name is typed when it is no misspelling: its beginning, its end, words in between; 0: none. */
static unsigned
part(const char *word, size_t length, const char *name)
{
	const char *at = length < LEAST_PART ? NULL : strcasestr(name, word);

	if (!strncasecmp(name, word, length))
		return 3;
	while (at && !(begins_word(at) && begins_word(at + length)))
		at = strcasestr(at + 1, word);
	return !at ? 0 : at[length] ? 1 : 2;
}

const char *
twz_nearest(const char *word, const char *const *names, size_t n)
{
	const char *best = twz_misspelt(word, names, n);
	size_t length = strlen(word);
	unsigned most = 0;

	if (best || length < LEAST_BEGINNING || length > LONGEST)
		return best;
	for (size_t i = 0; i < n; i++) {
		unsigned how = part(word, length, names[i]);

		if (how < most || !how || (how == most && strlen(names[i]) >= strlen(best)))
			continue;
		most = how;
		best = names[i];
	}
	return best;
}
