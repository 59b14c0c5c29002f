/*
 * A world of its own for programs that use libtwz: an empty home and registry, and the services of one folder
 * of the build.
 */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "twz/call.h"

static char libtwz_home[] = "/tmp/twz-libtwz.XXXXXX";

/** @services: the folder, below the build's. */
static inline void
libtwz_world_open(const char *services)
{
	char self[4096], path[4200];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	assert_true(n > 0);
	self[n] = '\0';
	for (int i = 0; i < 2; i++)
		*strrchr(self, '/') = '\0';
	snprintf(path, sizeof(path), "%s/%s", self, services);
	setenv("TWZ_PATH", path, 1);
	assert_non_null(mkdtemp(libtwz_home));
	setenv("HOME", libtwz_home, 1);
	snprintf(path, sizeof(path), "%s/registry.db", libtwz_home);
	setenv("TWZ_REGISTRY", path, 1);
	unsetenv("XDG_STATE_HOME");
	unsetenv("XDG_DATA_HOME");
	unsetenv("TWZ_ISOLATION");
}

static inline int
libtwz_world_close(void **state)
{
	char command[256];

	(void)state;
	twz_close();
	snprintf(command, sizeof(command), "rm -rf %s", libtwz_home);
	return system(command);
}
