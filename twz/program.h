/* Programs of the system, as they are found by name. */
#pragma once

/**
 * What is wrong when execvp() of @name failed with @errnum: a folder of PATH that may not be searched
 * makes it EACCES although the program is simply nowhere, which is ENOENT.
 */
int twz_program_errno(const char *name, int errnum);
