/*
 * Keys that are more than one byte. Terminals spell them in many ways, of which terminfo names one; here
 * each becomes one letter behind EDITOR_KEY_LEAD, whatever TERM says, so that Escape alone stays a key.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define EDITOR_KEY_LEAD '\x1e'

#define EDITOR_KEYS(X) \
	X(UP, 'A') X(DOWN, 'B') X(RIGHT, 'C') X(LEFT, 'D') X(HOME, 'H') X(END, 'F') X(DELETE, 'x') \
	X(WORD_RIGHT, 'f') X(WORD_LEFT, 'b') X(PASTE, 'p') X(NEWLINE, 'n') X(BACKTAB, 'Z') \
	X(PAGE_UP, 'u') X(PAGE_DOWN, 'd')

enum editor_key {
#define X(name, letter) EDITOR_KEY_##name = letter,
	EDITOR_KEYS(X)
#undef X
	EDITOR_KEY_UNKNOWN = '?',	/* a sequence that means nothing here */
};

enum editor_keys_result {
	EDITOR_KEYS_NONE,		/* the byte stands for itself */
	EDITOR_KEYS_ONE,		/* a key of so many bytes */
	EDITOR_KEYS_MORE,		/* may become one when more bytes come */
};

/** What the bytes at @bytes begin with. */
enum editor_keys_result editor_keys_decode(const char *bytes, size_t n, enum editor_key *ret,
					   size_t *used);
