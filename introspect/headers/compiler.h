/*
 * The user's C compiler, for what only it can say: what a library's headers declare. It runs in a
 * temporary folder and with limits, is asked in one file at a time, and its complaints are read line by
 * line. The folder goes when the compiler is closed and also when the program is killed: a process of
 * its own waits for that.
 */
#pragma once

#include <stdio.h>

#include "twz/arena.h"
#include "twz/error.h"

struct compiler;

/* One error, where it has a place. */
struct complaint {
	const char *file;
	unsigned long line;
	const char *text;
};

struct complaints {
	bool ok;			/* the compiler was content */
	struct complaint *all;		/* errors with a place, in order */
	size_t n;
	const char *other;		/* the first line that says what is wrong, else "" */
};

/**
 * Finds $CC, else cc, and makes the folder. @args, which end with NULL (NULL: none), are given to each
 * run. Class LINK when there is no compiler.
 */
TWZ_MUST bool compiler_open(const char *const *args, struct twz_arena *arena, struct compiler **ret,
			    struct twz_error *err);
/** Removes the folder. NULL is fine. */
void compiler_close(struct compiler *c);

/** The path of a file in the folder. */
const char *compiler_path(const struct compiler *c, const char *name);
/** Opens the file @name of the folder for writing. */
TWZ_MUST bool compiler_create(const struct compiler *c, const char *name, FILE **ret,
			      struct twz_error *err);

/**
 * Compiles the file @source of the folder to @output with @flags, which end with NULL. True when the
 * compiler ran and had its say, which is in @ret. Class LINK or TIMEOUT when it did not.
 */
TWZ_MUST bool compiler_run(struct compiler *c, const char *const *flags, const char *source,
			   const char *output, struct complaints *ret, struct twz_error *err);

static inline void
compiler_closep(struct compiler **c)
{
	compiler_close(*c);
}
