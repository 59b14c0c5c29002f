/*
 * What a library's own headers say. The user's C compiler is asked: which functions they declare, under
 * which symbol, with which type; which types they define. Answers come as data in object files that it
 * makes, so that no text of its messages has to be understood; only for people's eyes the declarations
 * are also cut out of the preprocessed text.
 *
 * Headers are the user's and are trusted; names that come from the library reach a C file only when they
 * are identifiers.
 */
#pragma once

#include "introspect/headers/compiler.h"

struct headers;

/* A function that the headers declare. */
struct header_function {
	const char *name;	/* as the headers call it */
	const char *symbol;	/* what they bind the name to: "__isoc99_fscanf" for fscanf */
	const char *text;	/* the declaration, "" when it could not be cut out */
	const char *params;	/* names of the parameters, "strm,flush"; "" when one of them has none */
	const char *file;	/* "" when unknown */
	unsigned long line;
};

/* One line of C whose compilation answers a question. */
struct header_row {
	const char *undef;	/* names between blanks that must be no macros; "" */
	const char *text;
	bool bad;		/* the compiler does not accept it */
};

/**
 * Preprocesses @files, each a path or a name that the compiler finds, with the compiler's arguments
 * @args; both end with NULL. Class LINK when there is no compiler, a header is missing or broken.
 */
TWZ_MUST bool headers_open(const char *const *files, const char *const *args, struct twz_arena *arena,
			   struct headers **ret, struct twz_error *err);
/** NULL is fine. */
void headers_close(struct headers *h);
struct compiler *headers_compiler(struct headers *h);

/** Whether @word stands anywhere in the preprocessed headers. */
bool headers_mention(const struct headers *h, const char *word);

/**
 * Compiles the headers with @rows below them to the folder's file @output, with @flags; rows that the
 * compiler does not accept are marked and left out. Fails when the headers themselves do not compile.
 */
TWZ_MUST bool headers_try(struct headers *h, struct header_row *rows, size_t n, const char *const *flags,
			  const char *output, struct twz_error *err);

/** Which of these symbols the headers declare as functions. */
TWZ_MUST bool headers_functions(struct headers *h, const char *const *symbols, size_t n,
				struct header_function **ret, size_t *nret, struct twz_error *err);
/**
 * Makes a shared object whose debug information describes @functions as the headers declare them; see
 * header_types.h for who reads it. @ret: its path, in the compiler's folder.
 */
TWZ_MUST bool headers_probe(struct headers *h, const struct header_function *functions, size_t n,
			    const char **ret, struct twz_error *err);

static inline void
headers_closep(struct headers **h)
{
	headers_close(*h);
}

/* -- preprocessed text (header_text.c) -------------------------------------------------------------- */

/* Every word of a preprocessed file and, for functions, where it is declared first. */
struct header_text;

struct header_text *header_text_read(const char *text, size_t n, struct twz_arena *arena);
bool header_text_has(const struct header_text *t, const char *word);
/** Fills the fields text, params, file and line of @f, by its name. */
void header_text_describe(const struct header_text *t, struct header_function *f, struct twz_arena *arena);
