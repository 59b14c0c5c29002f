/* --watch. */
#pragma once

#include "introspect/tool/tool_many.h"

struct watch;

/**
 * Watches @files and, where @args are folders, what comes into them: before the files are read, so that no
 * change is missed meanwhile. NULL, after a message, when one cannot be watched.
 */
struct watch *tool_watch_begin(struct request *r, const char *const *files, char *const *args);
/**
 * Calls @each for every file that changed or came since, until somebody ends the program. Returns only on
 * failure.
 */
int tool_watch(struct watch *w, tool_each *each, void *data);
