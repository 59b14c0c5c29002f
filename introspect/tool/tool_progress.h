/*
 * Progress: one line on a terminal when something takes longer than a second, removed before anything
 * else is written there. Only stderr is used, and only when it is a terminal.
 */
#pragma once

#include <stddef.h>

/** Whoever waits from now on is told about it. */
void progress_begin(void);
/** What is being done: file @i of @n. @path must live until the next call. */
void progress_step(const char *path, size_t i, size_t n);
/** Output follows, in this process or in its parent: the line goes away and does not come back. */
void progress_output(void);
/** The line goes away until the next step. */
void progress_clear(void);
