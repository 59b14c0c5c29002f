/* Asking for a secret at the terminal, without an echo. What lang_options.ask does at a prompt. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "twz/arena.h"
#include "twz/error.h"

/** Fails on Ctrl-C, and for jobs: only the thread of @data, a pthread_t *, may ask. */
bool ask_secret(void *data, const char *what, struct twz_arena *arena, const char **ret, size_t *n,
		struct twz_error *err);
