/*
 * What was typed at a prompt and what came out, for `save session FILE`: a document that twz --test
 * replays (language.md 2.6). Secrets are masked as in the history; what cannot be masked is left out.
 */
#pragma once

#include <stdio.h>

#include "twz/error.h"

struct record;

/**
 * A record of what goes through record_out() to @out and through record_err() to @err. Once @stopped says
 * so (NULL: never), nothing more goes to @out: writing fails with EINTR.
 */
struct record *record_new(FILE *out, FILE *err, bool (*stopped)(void));
/** The streams to write to: line-buffered, and passed on at once. NULL: out of memory. */
FILE *record_out(struct record *r);
FILE *record_err(struct record *r);

/** Keeps what was shown in another way than through the streams. */
void record_keep(struct record *r, const char *bytes, size_t n);

/** What is written from now on came from the entry @text (masked; NULL: it is not kept). */
void record_begin(struct record *r, const char *text);
/** The entry ended with @status. */
void record_end(struct record *r, int status);

/** Writes the entries so far to a new file. Fails (class GATE) when it exists or cannot be written. */
TWZ_MUST bool record_save(void *record, const char *file, struct twz_error *err);
