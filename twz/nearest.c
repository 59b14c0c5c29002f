#include "twz/nearest.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

/* Longer words are not compared: nobody mistypes one letter of these, and the table stays small. */
enum { LONGEST = 64, STEP = 2 };

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
twz_nearest(const char *word, const char *const *names, size_t n)
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
