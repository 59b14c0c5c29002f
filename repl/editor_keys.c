#include "repl/editor_keys.h"

#include <stdlib.h>
#include <string.h>

enum { LONGEST = 32 };

/* After ESC [ (or ESC O): the first number, the modifier (2 shift, 3 alt, 5 control), the last byte. */
static enum editor_key
meaning(int number, int modifier, char final)
{
	bool word = modifier == 3 || modifier == 5;

	switch (final) {
	case 'A': return EDITOR_KEY_UP;
	case 'B': return EDITOR_KEY_DOWN;
	case 'C': return word ? EDITOR_KEY_WORD_RIGHT : EDITOR_KEY_RIGHT;
	case 'D': return word ? EDITOR_KEY_WORD_LEFT : EDITOR_KEY_LEFT;
	case 'H': return EDITOR_KEY_HOME;
	case 'F': return EDITOR_KEY_END;
	case 'Z': return EDITOR_KEY_BACKTAB;
	case '~': break;
	default: return EDITOR_KEY_UNKNOWN;
	}
	switch (number) {
	case 1: case 7: return EDITOR_KEY_HOME;
	case 4: case 8: return EDITOR_KEY_END;
	case 3: return EDITOR_KEY_DELETE;
	case 5: return EDITOR_KEY_PAGE_UP;
	case 6: return EDITOR_KEY_PAGE_DOWN;
	case 200: return EDITOR_KEY_PASTE;
	default: return EDITOR_KEY_UNKNOWN;
	}
}

enum editor_keys_result
editor_keys_decode(const char *bytes, size_t n, enum editor_key *ret, size_t *used)
{
	int numbers[2] = { 0 }, k = 0;

	if (!n || bytes[0] != '\033')
		return EDITOR_KEYS_NONE;
	if (n == 1)
		return EDITOR_KEYS_MORE;
	*used = 2;
	if (bytes[1] == '\r' || bytes[1] == '\n') {
		*ret = EDITOR_KEY_NEWLINE;
		return EDITOR_KEYS_ONE;
	}
	if (bytes[1] != '[' && bytes[1] != 'O')
		return EDITOR_KEYS_NONE;
	for (size_t i = 2; i < n && i < LONGEST; i++) {
		char c = bytes[i];

		if (c >= '0' && c <= '9' && k < 2 && numbers[k] < 1000)
			numbers[k] = numbers[k] * 10 + c - '0';
		else if (c == ';')
			k++;
		else if (c >= '@' && c <= '~') {
			*used = i + 1;
			*ret = meaning(numbers[0], numbers[1], c);
			return EDITOR_KEYS_ONE;
		} else if (c < ' ' || c > '~') {
			return EDITOR_KEYS_NONE;	/* another key interrupts it */
		}
	}
	return n < LONGEST ? EDITOR_KEYS_MORE : EDITOR_KEYS_NONE;
}
