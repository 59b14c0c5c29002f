/* Programs of the system, as they are found by name. */
#pragma once

#include <spawn.h>

/**
 * What is wrong when execvp() of @name failed with @errnum: a folder of PATH that may not be searched
 * makes it EACCES although the program is simply nowhere, which is ENOENT.
 */
int twz_program_errno(const char *name, int errnum);

/**
 * posix_spawnp() of @argv with this process's environment, but with no signal blocked or ignored: what we do
 * about signals is no program's business. 0 or an errno.
 */
int twz_program_start(char *const *argv, const posix_spawn_file_actions_t *actions, pid_t *pid);
