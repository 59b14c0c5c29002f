/* What the command line and the environment ask of `twz`. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "repl/lang/lang.h"
#include "twz/error.h"

/* Where the text comes from. */
enum options_mode {
	OPTIONS_INPUT,		/* the prompt at a terminal, else all of standard input */
	OPTIONS_TEXT,		/* -c TEXT */
	OPTIONS_FILE,		/* FILE */
	OPTIONS_CALL,		/* call GATE ARG… */
	OPTIONS_RUN,		/* run PROGRAM ARG… */
	OPTIONS_CHECK,		/* --check FILE… */
	OPTIONS_TEST,		/* --test FILE… */
	OPTIONS_HELP,
	OPTIONS_VERSION,
};

enum options_color { OPTIONS_COLOR_AUTO, OPTIONS_COLOR_ALWAYS, OPTIONS_COLOR_NEVER };

struct options {
	enum options_mode mode;
	const char *text;		/* TEXT: what to run; FILE: its name */
	const char *const *args;	/* what follows; CALL: the gate first; RUN: the program first */
	size_t nargs;
	enum lang_output output;
	struct twz_json_style json;
	enum options_color color;
	bool verbose, errors_json, trace, dry_run, private;
	bool update;			/* with --test: write what came out */
	const char *context;		/* NULL: owner */
	const char *registry;		/* NULL: the user's */
	const char *require;		/* "full"; NULL: nothing */
	const char *isolation;		/* a level; NULL: as the session does */
	const char *preload;		/* --sctx: services for `run`; NULL: none */
	int64_t timeout_ns;		/* per call; < 0: none */
};

/**
 * Reads the command line. What it gives refers to @argv. Fails with class SYNTAX; the message is one
 * line that says how to call twz.
 */
TWZ_MUST bool options_parse(int argc, char **argv, struct options *ret, struct twz_error *err);

/** The text of --help, made from the same table that options_parse() reads. */
void options_help(FILE *out);

/** Whether output is for a screen reader: TWZ_PLAIN. Whether the terminal only shows lines: TERM. */
bool options_plain(void);
bool options_dumb(void);

/** Whether to colour what is written to a stream that is (or is not) a terminal. */
bool options_colored(const struct options *o, bool tty);

/** "200ms", "1.5s", "2m", "1h", "30" (seconds); "none" or 0: none, which is -1. */
TWZ_MUST bool options_duration(const char *text, int64_t *ret, struct twz_error *err);
