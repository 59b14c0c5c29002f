/* The words under which enumerations are stored, and what else writer and reader share. */
#pragma once

#include <sys/stat.h>

#include "twz/type.h"

const char *words_role(enum twz_role role);
const char *words_level(enum twz_level level);
const char *words_verdict(enum twz_verdict verdict);
const char *words_direction(enum twz_dir dir);

bool words_parse_role(const char *text, enum twz_role *ret);
bool words_parse_level(const char *text, enum twz_level *ret);
bool words_parse_verdict(const char *text, enum twz_verdict *ret);
bool words_parse_direction(const char *text, enum twz_dir *ret);

static inline int64_t
words_mtime(const struct stat *file)
{
	return (int64_t)file->st_mtim.tv_sec * 1000000000 + file->st_mtim.tv_nsec;
}
