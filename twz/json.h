/*
 * JSON as language.md 2.3 fixes it: integers exact at any width, floats shortest round trip, enums by
 * name, flags as list, text that is not UTF-8 as {"b64":…}, none as null, Result Ok(v) as v.
 */
#pragma once

#include <stdio.h>

#include "twz/error.h"
#include "twz/value.h"

/* What JSON can only hold as text, for readers that want it so. */
struct twz_json_style {
	bool bigint_text;	/* integers beyond 2^53, which JavaScript would round, are strings */
	bool nan_text;		/* "NaN", "Infinity", "-Infinity" instead of a failure */
};

/** Writes one value without newline. Fails (class TYPE) on NaN and infinities, which JSON lacks. */
TWZ_MUST bool twz_json_write(FILE *out, const struct twz_value *v, struct twz_error *err);
/** The same in a style of its own. */
TWZ_MUST bool twz_json_write_as(FILE *out, const struct twz_value *v,
				const struct twz_json_style *style, struct twz_error *err);
/**
 * Writes @n bytes of UTF-8 as a JSON string with its quotes. What could steer a terminal is escaped;
 * bytes that are no UTF-8 become U+FFFD.
 */
void twz_json_string(FILE *out, const char *text, size_t n);
/** True when all @n bytes are well-formed UTF-8 (no surrogates, no overlong forms). */
bool twz_utf8_valid(const char *text, size_t n);
