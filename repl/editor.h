/*
 * The line editor: reads one block of text, which may have several lines, from a terminal.
 *
 * Two of them stand behind one table: the full one on libedit (editor.c, the only file that knows it)
 * and a plain one that never moves the cursor (editor_plain.c), for TERM=dumb, for TWZ_PLAIN (screen
 * readers) and for terminals whose output goes elsewhere.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "repl/lang/lang.h"
#include "twz/arena.h"
#include "twz/error.h"

struct editor;
struct history_file;

struct editor_ops {
	bool (*read)(struct editor *e, struct twz_arena *arena, const char **ret, size_t *n);
	void (*notify)(struct editor *e, const char *text);
	void (*close)(struct editor *e);
};

/* What both begin with. */
struct editor {
	const struct editor_ops *ops;
	struct lang *lang;
	struct history_file *history;	/* NULL: it has none */
	bool plain;
};

/**
 * An editor for the terminal that standard input is. Never fails: without libedit, or on a terminal
 * that cannot move its cursor, it is the plain one. @lang is asked for completions, @history for what was
 * entered before; @color: colours may be used.
 */
struct editor *editor_open(struct lang *lang, struct history_file *history, bool color);
struct editor *editor_plain_open(struct lang *lang);

static inline void
editor_close(struct editor *e)
{
	if (e)
		e->ops->close(e);
}

/**
 * Reads one block that is not incomplete; it is in @arena, without the last newline. An interrupted
 * line is dropped and asked for again. False at the end of input.
 */
static inline bool
editor_read(struct editor *e, struct twz_arena *arena, const char **ret, size_t *n)
{
	return e->ops->read(e, arena, ret, n);
}

/** Shows one line, given without its newline, above what is being edited. From any thread. */
static inline void
editor_notify(struct editor *e, const char *text)
{
	e->ops->notify(e, text);
}
