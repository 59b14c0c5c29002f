/* What the line was before: one state per word typed or command made. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <wchar.h>

struct editor_state {
	wchar_t *text;
	size_t n, cursor;
	bool open;		/* a word is being typed: its next letter changes this state */
};

struct editor_undo {
	struct editor_state *states;	/* oldest first; now is the one that the line is in */
	size_t n, size, characters, now;
};

/** The line is this now: to be said after each key. A word, with the blank before it, becomes one state. */
void editor_undo_note(struct editor_undo *u, const wchar_t *text, size_t n, size_t cursor);
/** The state before, or (@by 1) after the one that the line is in; NULL: there is none. */
const struct editor_state *editor_undo_step(struct editor_undo *u, int by);
void editor_undo_clear(struct editor_undo *u);
