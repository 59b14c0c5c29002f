/* `twz run PROGRAM ARG…`: a program that calls gates, with libtwz and its services in place. */
#pragma once

#include "repl/options.h"
#include "twz/error.h"

/**
 * Checks the services that SCTX_PRELOAD and --sctx name, then becomes the program. Returns only when
 * that failed: the exit status, and why in @err.
 */
int run_program(const struct options *o, struct twz_error *err);
