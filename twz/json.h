/*
 * JSON as language.md 2.3 fixes it: integers exact at any width, floats shortest round trip, enums by
 * name, flags as list, text that is not UTF-8 as {"b64":…}, none as null, Result Ok(v) as v.
 */
#pragma once

#include <stdio.h>

#include "twz/error.h"
#include "twz/value.h"

/** Writes one value without newline. Fails (class TYPE) on NaN and infinities, which JSON lacks. */
TWZ_MUST bool twz_json_write(FILE *out, const struct twz_value *v, struct twz_error *err);
/** Writes @n bytes of UTF-8 as a JSON string with its quotes. */
void twz_json_string(FILE *out, const char *text, size_t n);
/** True when all @n bytes are well-formed UTF-8 (no surrogates, no overlong forms). */
bool twz_utf8_valid(const char *text, size_t n);
