/*
 * What is shown around the line that is being typed: its colours, the signature of the call that the
 * cursor is in, and how an earlier entry would go on. Made from the line, the language and the history;
 * nothing here knows a terminal.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <wchar.h>

#include "repl/editor_frame.h"
#include "repl/history.h"
#include "repl/lang/lang.h"

enum { LOOK_GHOSTS = 16 };

struct editor_look {
	struct lang *lang;
	struct history_file *history;
	struct twz_arena arena;		/* of what follows; of one line */
	wchar_t *text;			/* that it was made for; NULL: none yet */
	size_t n, cursor;
	const uint8_t *styles;		/* of each character: enum frame_style */
	const struct frame_piece *hint;	/* one line */
	size_t nhint;
	const wchar_t *ghost;		/* what the text would go on with; NULL: nothing */

	struct twz_arena kept;		/* of what lives until the next line */
	const char *whole;		/* entry that the ghost is the end of; NULL: none */
	struct {
		const char *text;
		bool runs;
	} tried[LOOK_GHOSTS];		/* entries that were checked for this line */
	size_t ntried;
};

/** Makes @look fit the line, unless it does already. */
void editor_look_at(struct editor_look *look, const wchar_t *text, size_t n, size_t cursor);
/** A new line begins: what runs may be other entries now. */
void editor_look_reset(struct editor_look *look);
void editor_look_free(struct editor_look *look);
/** How many characters of the ghost are its next word. */
size_t editor_look_word(const wchar_t *ghost);
