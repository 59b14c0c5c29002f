/* Inside registry/: whether types that come from outside keep what every reader of them relies on. */
#pragma once

#include <stddef.h>

#include "twz/error.h"
#include "twz/type.h"

/**
 * Whether each of @n types fits into its size with all its parts, and none holds itself by value. What does
 * not hold is said in @err (class LINK, code IO/DATA_LOSS).
 */
TWZ_MUST bool sane_types(const struct twz_type *types, size_t n, struct twz_error *err);
