/* The words under which enumerations are stored, and what else writer and reader share. */
#pragma once

#include <sys/stat.h>

#include "twz/type.h"

const char *words_role(enum twz_role role);
const char *words_level(enum twz_level level);
const char *words_verdict(enum twz_verdict verdict);
const char *words_form(enum twz_form form);

bool words_parse_role(const char *text, enum twz_role *ret);
bool words_parse_level(const char *text, enum twz_level *ret);
bool words_parse_verdict(const char *text, enum twz_verdict *ret);
bool words_parse_form(const char *text, enum twz_form *ret);

/* Bits of the columns called flags, as schema.c says. */
enum { GATE_READONLY = 1, GATE_RECORD = 2, GATE_NORETURN = 4, GATE_PUBLIC = 8, GATE_PRIVATE = 16 };
enum { TYPE_SIGNED = 1, TYPE_CONST = 2, TYPE_FLAGS = 4, TYPE_VARIADIC = 8, TYPE_PROTOTYPED = 16 };
enum {
	MEMBER_QUALS = 255, MEMBER_DIR = 8, MEMBER_SECRET = 1024, MEMBER_OPTIONAL = 2048,
	MEMBER_EXTENT = 4096, MEMBER_ARTIFICIAL = 8192, MEMBER_BITS = 16,
};

/* The ids of a service's rows: they begin here, and its types are numbered from 0. */
static inline int64_t
words_first(int64_t service)
{
	return (int64_t)((uint64_t)service << 32);
}

static inline int64_t
words_mtime(const struct stat *file)
{
	return (int64_t)file->st_mtim.tv_sec * 1000000000 + file->st_mtim.tv_nsec;
}
