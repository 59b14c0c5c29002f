/* The same for many files: two at a time, each one's output in one piece and in order. */
#pragma once

#include "introspect/tool/tool.h"

/* Does its work for the file at @path and writes to stdout and stderr. Returns the exit status. */
typedef int tool_each(struct request *r, const char *path, void *data);

/** Calls @each for every one of @files, which ends with NULL. All statuses, or-ed. */
int tool_many(struct request *r, const char *const *files, tool_each *each, void *data);
