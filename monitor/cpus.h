/* How many links of this process may spin at once. */
#pragma once

#include <stdint.h>

/**
 * By the CPUs that this process may use, and the share of them that its control groups leave it. A single
 * CPU, or a share of one, is never spun on: what a spinning thread uses up is what the other one needs.
 */
uint32_t cpus_hot_limit(void);
/**
 * The least share, in CPUs, that the groups named in @groups (as /proc/self/cgroup has them, below
 * @root) and those above them leave; 0: no limit.
 */
double cpus_share(const char *groups, const char *root);
