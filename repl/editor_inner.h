/*
 * Inside the full editor: what its files share. Only editor.c knows libedit; the others read and change
 * the line through the functions at the end.
 */
#pragma once

#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <wchar.h>

#include "repl/editor.h"
#include "repl/editor_frame.h"
#include "repl/editor_look.h"
#include "repl/editor_undo.h"
#include "repl/history.h"

/* name of the function in edit_NAME(), what it is called in .editrc, what it does */
#define EDIT_COMMANDS(X) \
	X(enter, L"twz-enter", L"Run the block, or continue it") \
	X(newline, L"twz-newline", L"Continue the block on a new line") \
	X(complete, L"twz-complete", L"Complete the word; again: the next candidate") \
	X(complete_back, L"twz-complete-back", L"The candidate before") \
	X(cancel, L"twz-cancel", L"Drop the line") \
	X(end, L"twz-end", L"End of input, or delete a character") \
	X(suspend, L"twz-suspend", L"Stop twz") \
	X(up, L"twz-up", L"Row above, or earlier entry") \
	X(down, L"twz-down", L"Row below, or later entry") \
	X(right, L"twz-right", L"Next character, or what is suggested") \
	X(word_right, L"twz-word-right", L"Next word, or one of what is suggested") \
	X(row_begin, L"twz-row-begin", L"Beginning of the row") \
	X(row_end, L"twz-row-end", L"End of the row, or what is suggested") \
	X(paste, L"twz-paste", L"Insert a paste") \
	X(search, L"twz-search", L"Search in the history") \
	X(undo, L"twz-undo", L"Undo") \
	X(redo, L"twz-redo", L"Undo the undo") \
	X(outside, L"twz-outside", L"Edit the block with $VISUAL or $EDITOR") \
	X(clear, L"twz-clear", L"Clear the screen") \
	X(ignore, L"twz-ignore", L"Do nothing")

/* What becomes of the line after a command. */
enum edit_result { EDIT_GOES_ON, EDIT_REFUSED, EDIT_ENDS };

/* Why it ended. */
enum edit_outcome { EDIT_LOST, EDIT_ACCEPTED, EDIT_CANCELLED, EDIT_END };

struct edit_menu {
	struct twz_arena arena;
	const struct lang_candidate *candidates;
	size_t n;
	int selected;			/* MENU_NONE: none yet */
	size_t from;			/* character where the word begins */
	wchar_t *text;			/* the line that it belongs to; NULL: there is no menu */
	size_t text_n, cursor;
};

struct edit_search {
	bool active;
	struct twz_arena arena;
	wchar_t query[256];
	size_t n;
	const struct history_entry *found;
	size_t nfound;
	int selected;
};

struct edit_past {
	int64_t id;			/* entry that the line shows; 0: none */
	wchar_t *shown, *draft;		/* its text; what was typed before */
	char *prefix;
};

struct edit {
	struct editor editor;
	void *el;			/* EditLine */
	FILE *nowhere;			/* where libedit draws */
	FILE *out;			/* where we do */
	bool color, vi;
	enum edit_outcome outcome;
	wchar_t *accepted;
	size_t naccepted;

	char bytes[4096];		/* typed and not yet used */
	size_t from, to;
	mbstate_t decoding;
	wchar_t queued;			/* second half of a key */
	bool pasting;			/* bytes are text */

	struct twz_arena frames[2];	/* the one shown, and the next one */
	int which;
	struct frame shown;
	int columns;			/* of the terminal, when it was laid out */
	struct editor_look look;
	struct editor_undo undo;
	struct edit_menu menu;
	struct edit_search search;
	struct edit_past past;

	pthread_mutex_t lock;		/* protects what follows */
	bool reading;			/* a line is being edited: others must not write */
	char *notices;			/* to be shown above the line; NULL: none */
};

struct edit_line {
	const wchar_t *text;
	size_t n, cursor;
};

/* -- editor.c: the line -------------------------------------------------------------------------- */

struct edit_line edit_line(const struct edit *e);
void edit_move(struct edit *e, size_t to);
bool edit_insert(struct edit *e, const wchar_t *text);
void edit_replace(struct edit *e, const wchar_t *text, size_t n, size_t cursor);
/** The next key, as read_key() gives it; false at the end. */
bool edit_next_key(struct edit *e, wchar_t *ret);
/** Terminal modes for editing, or those that it was found with. */
void edit_modes(struct edit *e, bool editing);

/* -- editor_input.c: keys, and what comes meanwhile ------------------------------------------------ */

bool edit_input_open(struct edit *e);
void edit_input_close(struct edit *e);
/** 1 and a character, 0 at the end, -1 for an error. Shows the line before it waits. */
int edit_read_key(struct edit *e, wchar_t *ret);
/** Whether a key has been typed already. */
bool edit_key_waits(const struct edit *e);
/** From now on notices are kept (@reading) or written at once; writes those that were kept. */
void edit_set_reading(struct edit *e, bool reading);
void edit_notify(struct editor *editor, const char *text);

/* -- editor_screen.c ------------------------------------------------------------------------------- */

/** Ends each writing to the terminal that is no value: what did not arrive is drawn again, and no failure. */
void edit_painted(FILE *out);
/** A new line begins, in a row of its own. */
void edit_begin(struct edit *e);
/** Shows the line and what is around it. */
void edit_paint(struct edit *e);
/** Shows the line alone with @mark behind it, and leaves it: the cursor is on a row of its own. */
void edit_leave(struct edit *e, const wchar_t *mark);
/** Takes the line off the screen. */
void edit_erase(struct edit *e);
/** The terminal has another size. */
void edit_resized(struct edit *e);

/* -- editor_search.c, editor_complete.c, editor_commands.c ------------------------------------------ */

void edit_menu_close(struct edit *e);
bool edit_menu_shown(const struct edit *e);
void edit_past_reset(struct edit *e);

#define X(name, editrc, help) enum edit_result edit_##name(struct edit *e);
EDIT_COMMANDS(X)
#undef X
