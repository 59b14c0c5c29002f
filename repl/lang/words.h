/* What the language has, in words: for help, sql, documents. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct lang_word {
	const char *name;
	const char *kind;	/* "keyword", "stage", "function" */
	const char *usage;	/* "while CONDITION { … }" */
	const char *help;	/* what it does */
};

/** The word of this number, from 0 on; false when there are no more. Static. */
bool lang_word(size_t i, struct lang_word *ret);
/** The word called @name; false when there is none. */
bool lang_word_find(const char *name, struct lang_word *ret);
