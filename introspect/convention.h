/* What names in C libraries usually mean. Nobody keeps to it: good for questions, never for answers. */
#pragma once

#include <stdbool.h>

/** Whether a function of this name ends the object that its first parameter points to. */
bool convention_ends(const char *function);
/** Whether a parameter of this name counts what lies behind the parameter @pointer. */
bool convention_counts(const char *name, const char *pointer);
/** Whether a function of this name begins with what its first parameter points to; @ends: how it ends counts, too. */
bool convention_begins(const char *function, bool ends);
/** Whether a function of this name gives texts of errors. */
bool convention_speaks(const char *function);
/** Whether its name says that it counts that one and no other: dstCapacity for dst. */
bool convention_counts_that(const char *name, const char *pointer);
