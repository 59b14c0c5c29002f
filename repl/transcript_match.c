/* Lines of a document beside the lines that came out. */
#include <regex.h>
#include <string.h>

#include "repl/transcript_inner.h"

#define DOTS "…"

size_t
transcript_lines(const char *text, size_t n, struct twz_arena *arena, const char *const **ret)
{
	const char *end = text + n, **lines = NULL;
	size_t count = 0;

	while (text < end) {
		const char *eol = memchr(text, '\n', (size_t)(end - text));
		size_t k = (size_t)((eol ? eol : end) - text);

		twz_push(arena, lines, count, twz_strndup(arena, text, k));
		text += k + 1;
	}
	*ret = lines;
	return count;
}

/* The pattern that [NAME] at @s stands for, or NULL; @n gets the bytes of [NAME]. */
static const char *
pattern_at(const char *s, const struct transcript_pattern *patterns, size_t npatterns, size_t *n)
{
	for (size_t i = 0; i < npatterns; i++) {
		size_t k = strlen(patterns[i].name);

		*n = k + 2;
		if (!strncmp(s + 1, patterns[i].name, k) && s[1 + k] == ']')
			return patterns[i].regex;
	}
	return NULL;
}

/* The line as a regular expression; what is no pattern stands for itself. */
static const char *
expression(const char *line, const struct transcript_pattern *patterns, size_t npatterns,
	   struct twz_arena *arena)
{
	TWZ_FREE char *text = NULL;
	size_t n = 0, k;
	FILE *f = open_memstream(&text, &n);

	if (!f)
		return "";
	fputc('^', f);
	for (const char *s = line; *s;) {
		const char *regex = *s == '[' ? pattern_at(s, patterns, npatterns, &k) : NULL;

		if (regex) {
			/* Or the word itself, as in a list of flags. */
			fprintf(f, "((%s)|\\[%.*s\\])", regex, (int)k - 2, s + 1);
			s += k;
		} else if (!strncmp(s, DOTS, sizeof(DOTS) - 1)) {
			fputs(".*", f);
			s += sizeof(DOTS) - 1;
		} else {
			if (strchr("^.[$()|*+?{\\", *s))
				fputc('\\', f);
			fputc(*s++, f);
		}
	}
	fputc('$', f);
	fclose(f);
	return twz_strndup(arena, text, n);
}

static bool
line_fits(const char *want, const char *got, const struct transcript_pattern *patterns, size_t npatterns)
{
	TWZ_ARENA arena = { 0 };
	regex_t regex;
	bool fits;

	if (!strcmp(want, got))
		return true;
	if (!strchr(want, '[') && !strstr(want, DOTS))
		return false;
	if (regcomp(&regex, expression(want, patterns, npatterns, &arena), REG_EXTENDED | REG_NOSUB))
		return false;
	fits = !regexec(&regex, got, 0, NULL, 0);
	regfree(&regex);
	return fits;
}

static size_t
without_empty_end(const char *const *lines, size_t n)
{
	while (n && !*lines[n - 1])
		n--;
	return n;
}

bool
transcript_fits(const char *const *want, size_t nwant, const char *const *got, size_t ngot,
		const struct transcript_pattern *patterns, size_t npatterns)
{
	TWZ_ARENA arena = { 0 };
	bool *fits, *next;

	nwant = without_empty_end(want, nwant);
	ngot = without_empty_end(got, ngot);
	/* fits[g]: the lines of @want from w on fit those of @got from g on. From the end to the begin. */
	fits = twz_new_array(&arena, ngot + 1, bool);
	next = twz_new_array(&arena, ngot + 1, bool);
	fits[ngot] = true;
	for (size_t w = nwant; w-- > 0;) {
		bool *swap = next, any = !strcmp(want[w], DOTS);

		next = fits;
		fits = swap;
		fits[ngot] = any && next[ngot];
		for (size_t g = ngot; g-- > 0;)
			fits[g] = any ? next[g] || fits[g + 1]
				      : next[g + 1] && line_fits(want[w], got[g], patterns, npatterns);
	}
	return fits[0];
}
