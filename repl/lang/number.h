/* Numbers as they are typed. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "twz/value.h"

enum number_result {
	NUMBER_OK,
	NUMBER_NONE,		/* not a number of this form */
	NUMBER_RANGE,		/* one, but larger than any type holds */
};

/** Sign, then decimal, 0x, 0o or 0b digits, '_' between them. */
enum number_result number_integer(const char *text, size_t n, twz_wide *ret);
/** The above, or with fraction or exponent; inf, -inf, nan. */
enum number_result number_float(const char *text, size_t n, double *ret);
