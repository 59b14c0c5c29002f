/* Everything that twz-inspect does with a file, for targets that make files. */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "introspect/introspect.h"
#include "introspect/show/show.h"
#include "tests/fuzz/fuzz.h"

/* The pages of the file are used again, so that an input costs few system calls. */
static inline int
inspect_file(const void *bytes, size_t n)
{
	static int fd = -1;

	if (fd < 0)
		fd = memfd_create("fuzz", MFD_CLOEXEC);
	if (fd < 0 || ftruncate(fd, (off_t)n) || pwrite(fd, bytes, n, 0) != (ssize_t)n)
		abort();
	return fd;
}

static inline void
inspect_bytes(const void *bytes, size_t n)
{
	static FILE *null;
	const struct introspect_options options = { .all = true, .engine = getenv("TWZ_FUZZ_ENGINE") };
	const struct twz_service *service;
	struct introspect_place place;
	struct twz_error err = { 0 };
	TWZ_ARENA arena = { 0 };
	char path[64];

	if (!null)
		null = fopen("/dev/null", "w");
	snprintf(path, sizeof(path), "/proc/self/fd/%d", inspect_file(bytes, n));
	if (introspect_file(path, &options, &arena, &service, &err)) {
		show_text(null, service, true);
		show_json(null, service);
		show_c(null, service, true);
	} else if (err.cls != TWZ_CLASS_LINK || !*err.text) {
		abort();
	}
	for (uint64_t address = 0x1000; address < 0x1400; address += 0x155)
		if (!introspect_where(path, address, &arena, &place, NULL))
			break;
}
