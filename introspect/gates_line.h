/* A line of a gates file as words, and as texts in quotes. Behind '#' nothing counts. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "twz/arena.h"

enum { GATES_WORDS = 24 };

struct gates_word {
	const char *text;
	uint32_t column;		/* of its first byte, from 1 */
	bool quoted;
};

struct gates_line {
	struct gates_word words[GATES_WORDS];	/* the keyword first */
	size_t nwords;
	bool indented;
	uint32_t column;		/* where what is wrong begins, */
	const char *wrong, *hint;	/* what it is, and what to do, or NULL */
};

/** Splits the line from @line to @end, which has no end of line in it. Its texts are in @arena. */
bool gates_line_split(struct gates_line *l, const char *line, const char *end, struct twz_arena *arena);
