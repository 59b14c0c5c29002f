/*
 * Lines of a help text in a terminal that is narrower than they are: broken between words, and indented so that
 * columns stay columns. A description for which too little room is left begins in a line of its own.
 */
#include <string.h>

#include "repl/lang/interp.h"

enum { LEAST_ROOM = 20, INDENT = 4 };

struct line {
	const char *text;
	size_t n;
	size_t hang;		/* where its further lines begin */
};

static void
put_blanks(FILE *out, size_t n)
{
	fprintf(out, "%*s", (int)n, "");
}

/* How much of the line's rest fits; at least one word. */
static size_t
fitting(const char *text, size_t n, size_t room)
{
	size_t fits = 0;

	for (size_t i = 1; i <= n; i++)
		if ((i == n || text[i] == ' ') && (!fits || lang_width(text, i) <= room))
			fits = i;
	return fits;
}

/* @at: the column that the cursor is in. */
static void
put_words(FILE *out, const struct line *line, size_t at, size_t columns)
{
	const char *text = line->text, *end = text + line->n;

	while (text < end) {
		size_t n = fitting(text, (size_t)(end - text), columns > at ? columns - at : 1);

		fwrite(text, 1, n, out);
		putc('\n', out);
		for (text += n; text < end && *text == ' ';)
			text++;
		at = line->hang;
		if (text < end)
			put_blanks(out, at);
	}
}

/* Where a second column begins: behind two blanks or more that are not the indent. */
static size_t
second_column(const char *text, size_t n, size_t indent)
{
	for (size_t i = indent; i + 2 < n; i++)
		if (text[i] == ' ' && text[i + 1] == ' ') {
			while (i < n && text[i] == ' ')
				i++;
			return i < n ? i : 0;
		}
	return 0;
}

static void
put_line(FILE *out, const char *text, size_t n, size_t columns)
{
	size_t indent = strspn(text, " "), second, first, at;

	while (n && text[n - 1] == ' ')
		n--;
	if (lang_width(text, n) <= columns) {
		fwrite(text, 1, n, out);
		putc('\n', out);
		return;
	}
	put_blanks(out, indent);
	second = second_column(text, n, indent);
	if (!second) {
		put_words(out, &(struct line){ text + indent, n - indent, indent + INDENT }, indent, columns);
		return;
	}
	for (first = second; text[first - 1] == ' ';)
		first--;
	at = lang_width(text, second);
	if (at + LEAST_ROOM <= columns) {
		fwrite(text + indent, 1, second - indent, out);
	} else {
		put_words(out, &(struct line){ text + indent, first - indent, indent + INDENT }, indent, columns);
		at = indent + INDENT;
		put_blanks(out, at);
	}
	put_words(out, &(struct line){ text + second, n - second, at }, at, columns);
}

void
lang_wrap(FILE *out, const char *text, size_t n, size_t columns)
{
	const char *end = text + n, *newline;

	for (; text < end; text = newline + 1) {
		newline = memchr(text, '\n', (size_t)(end - text));
		if (!newline)
			newline = end;
		put_line(out, text, (size_t)(newline - text), columns);
	}
}
