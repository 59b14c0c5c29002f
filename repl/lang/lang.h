/*
 * The language: text in, values out. language.md is its definition.
 *
 * One interpreter holds the variables of one session. Text is run whole: it is parsed first, and when
 * it has a syntax error nothing of it runs. The interpreter reaches services only through
 * struct repl_host. Not thread-safe.
 */
#pragma once

#include <stdio.h>
#include <string.h>

#include "repl/lang/host.h"
#include "twz/arena.h"
#include "twz/error.h"
#include "twz/json.h"
#include "twz/value.h"

/* table: pretty, and records and lists as tables too; jsonl: each line written at once. */
#define LANG_OUTPUTS(X) \
	X(PRETTY, "pretty") X(TABLE, "table") X(JSON, "json") X(JSONL, "jsonl") \
	X(JSON_ENVELOPE, "json-envelope") X(CSV, "csv") X(TSV, "tsv") X(RAW, "raw")
enum lang_output {
#define X(name, text) LANG_##name,
	LANG_OUTPUTS(X)
#undef X
};

struct lang_options {
	const struct repl_host *host;
	FILE *out;			/* values */
	FILE *err;			/* messages */
	bool over_stdout;		/* out passes on to stdout: programs write there, not to out */
	enum lang_output output;
	struct twz_json_style json;
	bool out_tty, err_tty;		/* what decides decoration: Ok(()), carets and hints */
	bool plain;			/* for screen readers: nothing moves, no columns */
	bool color;			/* on err */
	bool verbose;			/* carets and hints also without a terminal */
	bool errors_json;
	bool script;			/* a file: values of statements are not shown */
	bool whole;			/* the text is all there is: its fn main, if any, gets args */
	const char *file;		/* put before messages as FILE:LINE:COL: ; NULL: prompt, -c, call */
	const char *const *args;	/* the variable args */
	size_t nargs;
	int64_t timeout_ns;		/* per call; < 0: none */
	bool trace;			/* every call is shown on err, secrets masked */
	bool dry_run;			/* gates that change something are shown, not called */
	/* save session FILE: writes what was typed and what came out; NULL: that is not kept. */
	bool (*save)(void *data, const char *file, struct twz_error *err);
	void *save_data;
	int (*columns)(void);		/* of the terminal that out is; NULL: tables are as wide as they are */
	bool last;			/* at a prompt: the variable _ is the last value that was shown */
	/* At a prompt: shows the value of a statement, which may be long; NULL: it is written to out. */
	bool (*page)(void *data, const char *text, size_t n, struct twz_error *err);
	void *page_data;
	/* At a prompt: asks for a secret, "password for passwd::update_password", without an echo. */
	bool (*ask)(void *data, const char *what, struct twz_arena *arena, const char **ret, size_t *n,
		    struct twz_error *err);
	void *ask_data;
	bool no_programs;		/* run is refused: for texts that nobody has read */
};

struct lang;

enum lang_result {
	LANG_OK,
	LANG_MORE,		/* incomplete: the prompt asks for more, anything else reports it */
	LANG_FAILED,		/* the error is in @err */
	LANG_EXIT,		/* exit was called: lang_exit_status() */
};

/** A new interpreter. @options and what it points to must outlive it. */
struct lang *lang_new(const struct lang_options *options);
void lang_free(struct lang *l);

/**
 * Parses and runs @text, and shows the values of its statements as the options say. With LANG_MORE
 * nothing was run; @err then says what is missing. Statements before a failing one have run.
 */
enum lang_result lang_run(struct lang *l, const char *text, size_t n, struct twz_error *err);

/**
 * The end of a text that is no prompt's: waits for the jobs it started. Fails when one failed that
 * nobody waited for.
 */
bool lang_finish(struct lang *l, struct twz_error *err);

/**
 * twz --check: looks at a text without running it or calling anything, and shows what it finds: on err
 * as messages, with output JSON on out. The status: 0, 2 (syntax) or 3 (names, types).
 */
int lang_lint(struct lang *l, const char *text, size_t n);

/** Files may begin with a byte order mark, which is no part of their text. */
static inline void
lang_skip_mark(const char **text, size_t *n)
{
	if (*n >= 3 && !memcmp(*text, "\xef\xbb\xbf", 3)) {
		*text += 3;
		*n -= 3;
	}
}

/** Only parses: LANG_OK, LANG_MORE or LANG_FAILED. Needs no interpreter. */
enum lang_result lang_parse_check(const char *text, size_t n, struct twz_error *err);

/**
 * Whether a prompt should ask for more of this text: it is incomplete, and something that could follow makes it
 * right. It does not when it is the call of a word that means nothing: "cd /".
 */
bool lang_wants_more(struct lang *l, const char *text, size_t n);

/**
 * `twz call GATE ARG…`: every element of @argv is one text for its parameter, never a variable,
 * keyword or operator; --name=text is a named argument. Shows the value.
 */
enum lang_result lang_call(struct lang *l, const char *const *argv, size_t argc,
			   struct twz_error *err);

/** Reports @err as the contract says (language.md 1.5); @text is what was run, for the caret. */
void lang_report(struct lang *l, const char *text, size_t n, const struct twz_error *err);
/** The same for what goes wrong outside of any text: how twz was called, or that it cannot start. */
void lang_report_outside(FILE *out, bool json, const struct twz_error *err);
int lang_exit_status(const struct lang *l);

/** Shows one value on options->out as a statement's value is shown. */
bool lang_show(struct lang *l, const struct twz_value *v, struct twz_error *err);

/* -- for the editor ------------------------------------------------------------------------------- */

struct lang_candidate {
	const char *text;	/* what replaces the word from @from to the cursor */
	const char *note;	/* signature, value or number; "" */
};

/**
 * What could stand at byte @cursor of @text, in @arena: services, gates, enumerators, booleans,
 * variables (those of the parameter's type first), named arguments after "--", keywords. @from gets
 * the byte where the word begins.
 */
size_t lang_complete(struct lang *l, const char *text, size_t n, size_t cursor,
		     struct twz_arena *arena, const struct lang_candidate **ret, size_t *from);

/** One line for the call around @cursor: its signature, the current parameter in *stars*; or NULL. */
const char *lang_hint(struct lang *l, const char *text, size_t n, size_t cursor,
		      struct twz_arena *arena);

/* How a word of a text was resolved: what the prompt colours it for. */
enum lang_color {
	LANG_COLOR_PLAIN, LANG_COLOR_SERVICE, LANG_COLOR_GATE, LANG_COLOR_FUNCTION, LANG_COLOR_KEYWORD,
	LANG_COLOR_VARIABLE, LANG_COLOR_NUMBER, LANG_COLOR_TEXT, LANG_COLOR_ENUMERATOR,
	LANG_COLOR_COMMENT, LANG_COLOR_ERROR,
};

/**
 * The colour of each byte of @text, in @arena. What the cursor is right behind is being typed, and no
 * error yet. Nothing is called.
 */
const uint8_t *lang_colors(struct lang *l, const char *text, size_t n, size_t cursor,
			   struct twz_arena *arena);

/**
 * Whether @text would begin to run as things are now: it parses, and its names and types are right. False
 * too when a service that it names would have to be inspected first.
 */
bool lang_would_run(struct lang *l, const char *text, size_t n);

/**
 * @text as it may be kept: literal arguments of secret parameters are replaced by ******. @text itself
 * when there are none; NULL when it has to be forgotten, because where the secret begins and ends
 * cannot be told. Nothing is called.
 */
const char *lang_masked(struct lang *l, const char *text, size_t n, struct twz_arena *arena);

/**
 * Writes help: @topic NULL: the overview; "S": the gates of a service; "S::G": one gate with
 * parameters, types, errors and an example. Made from the same tables as dispatch.
 */
bool lang_help(struct lang *l, const char *topic, FILE *out, struct twz_error *err);

/** Variables in scope, newest first: for completion. */
struct lang_variable {
	const char *name;
	const struct twz_value *value;
};
size_t lang_variables(const struct lang *l, struct twz_arena *arena,
		      const struct lang_variable **ret);
