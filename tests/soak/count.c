/* What a process has: descriptors, mappings, threads, children, memory on the heap. */
#include <malloc.h>

#include "tests/soak/soak.h"

static size_t
entries(const char *path)
{
	DIR *d = opendir(path);
	size_t n = 0;

	while (d && readdir(d))
		n++;
	if (d)
		closedir(d);
	return n;
}

/* Mappings that links, crash pages and stacks are made of; the allocator has its own. */
static size_t
mappings(void)
{
	FILE *f = fopen("/proc/self/maps", "re");
	char line[1024];
	size_t n = 0;

	while (f && fgets(line, sizeof(line), f))
		n += strstr(line, "memfd:twz") != NULL;
	if (f)
		fclose(f);
	return n;
}

static size_t
children(void)
{
	char path[64], line[4096] = "";
	size_t n = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/self/task/%d/children", getpid());
	f = fopen(path, "re");
	if (f && fgets(line, sizeof(line), f))
		for (const char *at = line; *at; at++)
			n += *at == ' ';
	if (f)
		fclose(f);
	return n;
}

struct count
count_now(void)
{
	return (struct count){ entries("/proc/self/fd"), mappings(), entries("/proc/self/task"),
			       children(), mallinfo2().uordblks };
}

bool
count_settles(const struct count *want, struct count *got)
{
	for (int i = 0; i < 1000; i++) {
		*got = count_now();
		if (got->fds <= want->fds && got->maps <= want->maps && got->threads <= want->threads &&
		    got->processes <= want->processes)
			return true;
		nanosleep(&(struct timespec){ 0, 10000000 }, NULL);
	}
	return false;
}
