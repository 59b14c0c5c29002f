/* Inside twz --test: what the files of it share. */
#pragma once

#include "repl/options.h"
#include "twz/arena.h"

/* What stands in a document instead of a text that differs each time: [NAME]. */
struct transcript_pattern {
	const char *name, *regex;
};

/* A statement of a block, and what stands below it. */
struct transcript_step {
	const char *text;		/* maybe of several lines */
	size_t line;			/* in the document, from 0 */
	size_t from, to;		/* lines of the document that show its output */
	bool has_status;		/* a line "? N" follows them */
	int status;
	/* What came out: with and without the lines that explain an error. */
	bool ran;
	int got_status;
	const char *full, *brief;
};

struct transcript_block {
	struct transcript_step *steps;
	size_t nsteps;
	int columns;			/* of the terminal that it is replayed in; 0: as wide as it needs */
};

/** Runs a block in a session of its own, in a process of its own. */
bool transcript_play(const struct options *o, struct transcript_block *block, struct twz_arena *arena,
		     struct twz_error *err);

/**
 * Whether the lines @got are what the lines @want say: "…" in a line is any text, a line that is only "…"
 * any lines, [NAME] what its pattern takes. Empty lines at the end do not count.
 */
bool transcript_fits(const char *const *want, size_t nwant, const char *const *got, size_t ngot,
		     const struct transcript_pattern *patterns, size_t npatterns);

/** The lines of @text, in @arena; the last one need not end. */
size_t transcript_lines(const char *text, size_t n, struct twz_arena *arena, const char *const **ret);
