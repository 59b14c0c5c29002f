#include "monitor/cpus.h"

#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "twz/util.h"

enum { PATH = 4096, DEEPEST = 32 };

static bool
read_text(const char *path, char *text, size_t size)
{
	TWZ_FCLOSE FILE *f = fopen(path, "re");
	size_t n = f ? fread(text, 1, size - 1, f) : 0;

	text[n] = 0;
	return f;
}

/* Quota and period of one group: version 2 in one file, version 1 in two. */
static double
share_of(const char *folder, bool unified)
{
	char path[PATH + 32], text[128];
	double quota = 0, period = 0;

	snprintf(path, sizeof(path), "%s/%s", folder, unified ? "cpu.max" : "cpu.cfs_quota_us");
	if (!read_text(path, text, sizeof(text)))
		return 0;
	if (unified)	/* "max 100000" has no number there */
		return sscanf(text, "%lf %lf", &quota, &period) == 2 && quota > 0 && period > 0 ?
			       quota / period : 0;
	if (sscanf(text, "%lf", &quota) != 1 || quota <= 0)	/* -1: no limit */
		return 0;
	snprintf(path, sizeof(path), "%s/cpu.cfs_period_us", folder);
	if (!read_text(path, text, sizeof(text)) || sscanf(text, "%lf", &period) != 1 || period <= 0)
		return 0;
	return quota / period;
}

static double
least(double a, double b)
{
	return !a || (b && b < a) ? b : a;
}

/* The group and all above it. In a container the path may be of a tree that is not seen: then its root is. */
static double
share_upwards(const char *mount, const char *group, bool unified)
{
	char path[PATH];
	double share = 0;
	size_t top = strlen(mount);

	if (snprintf(path, sizeof(path), "%s%s", mount, group) >= (int)sizeof(path))
		return 0;
	for (int i = 0; i < DEEPEST; i++) {
		char *slash;

		share = least(share, share_of(path, unified));
		slash = strrchr(path, '/');
		if (!slash || (size_t)(slash - path) < top || strlen(path) <= top)
			break;
		*slash = 0;
	}
	return share;
}

static bool
has_cpu(const char *controllers)
{
	for (const char *at = controllers; (at = strstr(at, "cpu")); at += 3)
		if ((at == controllers || at[-1] == ',') && (!at[3] || at[3] == ','))
			return true;
	return false;
}

double
cpus_share(const char *groups, const char *root)
{
	char copy[PATH], mount[PATH], *line, *rest = copy;
	double share = 0;

	snprintf(copy, sizeof(copy), "%s", groups);
	while ((line = strsep(&rest, "\n"))) {
		char *controllers = strchr(line, ':'), *group;
		bool unified;

		group = controllers ? strchr(controllers + 1, ':') : NULL;
		if (!group)
			continue;
		*controllers++ = *group++ = 0;
		unified = !*controllers;
		if (!unified && !has_cpu(controllers))
			continue;
		if (snprintf(mount, sizeof(mount), "%s%s%s", root, unified ? "" : "/", controllers) >=
		    (int)sizeof(mount))
			continue;
		share = least(share, share_upwards(mount, strcmp(group, "/") ? group : "", unified));
	}
	return share;
}

uint32_t
cpus_hot_limit(void)
{
	char groups[PATH];
	cpu_set_t cpus;
	double share;
	int n;

	if (sched_getaffinity(0, sizeof(cpus), &cpus))
		return 0;
	n = CPU_COUNT(&cpus);
	share = read_text("/proc/self/cgroup", groups, sizeof(groups)) ?
			cpus_share(groups, "/sys/fs/cgroup") : 0;
	if (share > 0 && share < n)
		n = (int)share;
	return n < 2 ? 0 : (uint32_t)n / 2;
}
