/* "Did you mean …?": the one measure of likeness behind every suggestion. */
#pragma once

#include <stddef.h>

/**
 * The one of @n @names that @word most likely was meant to be, or NULL when none is near enough. At
 * most a third of the letters (and at least one) may be wrong, missing, added or swapped with their
 * neighbour; a letter of the other case counts half, a word that differs only in case is near. Of
 * equals the first is taken.
 */
const char *twz_misspelt(const char *word, const char *const *names, size_t n);
/**
 * The same; where none is near, a name of which @word is a part: one that begins with it, else one that ends
 * with it or has it as a word in between (json_load_file, compressBound). Of several the shortest.
 */
const char *twz_nearest(const char *word, const char *const *names, size_t n);
