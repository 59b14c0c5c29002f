/* Transcripts as tests: twz --test FILE.md…, and --update (language.md 2.6). */
#pragma once

#include "repl/options.h"

/**
 * Replays every fenced block that begins with "twz> " in the files o->args, each in a session of its own,
 * and says on stdout where what comes out is not what stands there. The status: 0, 1 when something
 * differs, 2 when a file cannot be read or no block was found. With o->update the files are rewritten.
 */
int transcript_test(const struct options *o);
