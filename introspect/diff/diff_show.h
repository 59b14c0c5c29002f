/* A comparison as text and as JSON. Writers only. */
#pragma once

#include <stdio.h>

#include "introspect/diff/diff.h"

/**
 * What callers notice, for people: a line for each function, a paragraph for each type. @was and @now
 * are how the files were called.
 */
void diff_write_text(FILE *out, const struct diff *diff, const char *was, const char *now, bool colour);
/** One document on one line: schema "twz.diff/1", share/doc/twz-diff.schema.json. */
void diff_write_json(FILE *out, const struct diff *diff);
/** A library that only one side has; the path of the other is NULL. */
void diff_write_alone(FILE *out, const char *was, const char *now, bool json, bool colour);
/** The status that the program ends with: 0, 1, 4 or 8. */
int diff_status(const struct diff *diff);
