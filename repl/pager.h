/*
 * Texts that are taller than the terminal, one page at a time. Only values of statements and help at a
 * prompt come here; what a script or a loop prints never waits for anybody.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "repl/record.h"
#include "twz/error.h"

struct pager {
	FILE *out;
	struct record *record;		/* gets what the pager shows */
};

/** What lang_options.page does at a prompt: $TWZ_PAGER or $PAGER; none when neither is set. */
bool pager_show(void *pager, const char *text, size_t n, struct twz_error *err);
