#include "introspect/gates_line.h"

static bool
wrong(struct gates_line *l, uint32_t column, const char *what, const char *hint)
{
	l->column = column;
	l->wrong = what;
	l->hint = hint;
	return false;
}

static bool
add_word(struct gates_line *l, struct gates_word word)
{
	if (l->nwords == GATES_WORDS)
		return wrong(l, word.column, "too many words in one line", NULL);
	l->words[l->nwords++] = word;
	return true;
}

/* A text in quotes: a backslash takes the next byte as it is. @at stands behind the first quote. */
static bool
read_text(struct gates_line *l, const char **at, const char *end, uint32_t column, struct twz_arena *arena)
{
	char *text = twz_alloc(arena, (size_t)(end - *at) + 1);
	size_t n = 0;

	for (; *at < end && **at != '"'; (*at)++) {
		if (**at == '\\' && *at + 1 < end)
			(*at)++;
		text[n++] = **at;
	}
	if (*at == end)
		return wrong(l, column, "a text without its closing quote", "a text ends in its own line");
	(*at)++;
	return add_word(l, (struct gates_word){ text, column, true });
}

bool
gates_line_split(struct gates_line *l, const char *line, const char *end, struct twz_arena *arena)
{
	const char *at = line;

	l->nwords = 0;
	l->indented = line < end && (*line == ' ' || *line == '\t');
	while (at < end) {
		uint32_t column = (uint32_t)(at - line) + 1;
		const char *from = at;

		if (*at == ' ' || *at == '\t' || *at == '\r') {
			at++;
			continue;
		}
		if (*at == '#')
			return true;
		if (*at == '"') {
			at++;
			if (!read_text(l, &at, end, column, arena))
				return false;
			continue;
		}
		if ((unsigned char)*at < ' ')
			return wrong(l, column, "a control character", NULL);
		while (at < end && (unsigned char)*at > ' ' && *at != '"' && *at != '#')
			at++;
		if (!add_word(l, (struct gates_word){ twz_strndup(arena, from, (size_t)(at - from)), column,
						false }))
			return false;
	}
	return true;
}
