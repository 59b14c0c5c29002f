/* --watch. */
#pragma once

#include "introspect/tool/tool_many.h"

/** Calls @each for every file that changes, until somebody ends the program. Returns only on failure. */
int tool_watch(struct request *r, const char *const *files, tool_each *each, void *data);
