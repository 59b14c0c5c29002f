/*
 * What a clone can have ready before it is needed. A fork copies no page tables of files, and the first write to
 * every other page is a copy: loading a service meets some thirty such pages, each at the price of a fault.
 */
#include <link.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "monitor/guest/guest.h"

enum {
	POPULATE_READ = 22,		/* MADV_…, of Linux 5.14; older kernels refuse it */
	POPULATE_WRITE = 23,
	HEAP = 8 << 10,			/* what the loader uses of heap and stack */
	STACK = 16 << 10,
};

/* Up to where the loader has closed what it relocated. */
static uintptr_t
closed_until(const struct dl_phdr_info *info)
{
	for (size_t k = 0; k < info->dlpi_phnum; k++)
		if (info->dlpi_phdr[k].p_type == PT_GNU_RELRO)
			return info->dlpi_addr + info->dlpi_phdr[k].p_vaddr + info->dlpi_phdr[k].p_memsz;
	return 0;
}

/* All that is executed and read; what is written, of libraries alone: our own data are mostly room. */
static int
populate(struct dl_phdr_info *info, size_t size, void *data)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), closed = closed_until(info) & ~(page - 1);

	(void)size, (void)data;
	for (size_t k = 0; k < info->dlpi_phnum; k++) {
		const ElfW(Phdr) *p = &info->dlpi_phdr[k];
		uintptr_t from = (info->dlpi_addr + p->p_vaddr) & ~(page - 1);
		bool written = p->p_flags & PF_W;
		uintptr_t to = info->dlpi_addr + p->p_vaddr + (written ? p->p_filesz : p->p_memsz);

		if (p->p_type != PT_LOAD || (written && !*info->dlpi_name))
			continue;
		if (written && from < closed && closed < to)
			from = closed;
		madvise((void *)from, to - from, written ? POPULATE_WRITE : POPULATE_READ);
	}
	return 0;
}

/* Deeper than any frame that is on the stack now. */
static void __attribute__((noinline))
touch_stack(void)
{
	volatile char room[STACK];

	for (size_t i = 0; i < sizeof(room); i += 1024)
		room[i] = 0;
}

/* What the loader knows of each library, it writes to when another one comes. */
static void
touch_maps(void)
{
	for (struct link_map *map = _r_debug.r_map; map; map = map->l_next) {
		struct link_map *volatile *next = &map->l_next;

		*next = map->l_next;
	}
}

void
warm_up(void)
{
	void *volatile heap = malloc(HEAP);

	if (heap)
		memset(heap, 0, HEAP);
	free(heap);
	touch_stack();
	dl_iterate_phdr(populate, NULL);
	touch_maps();
	crash_warm();
	dispatch_warm();
}
