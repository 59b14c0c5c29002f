/* What is learned of a service's file once it is mapped: where it lies, and which file it is. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MAPPED_ID_MAX = 64 };

struct mapped {
	uint64_t base, size;
	unsigned char id[MAPPED_ID_MAX];	/* its build-id */
	size_t id_size;				/* 0: it has none */
};

/** Of what dlopen() gave; all zero when the loader does not know it. */
struct mapped mapped_find(void *library);

/**
 * The gates are called as the file was inspected, so it has to be that file. One without a build-id
 * is known by a hash of its contents, which a mapped file does not show: then only its kind is sure.
 * @want is in hex; "": any file will do.
 */
bool mapped_is(const struct mapped *m, const char *want);
