#include "monitor/guest/mapped.h"

#include <dlfcn.h>
#include <link.h>
#include <stdio.h>
#include <string.h>

#include "twz/util.h"

enum { CONTENTS_HASH = 16 };	/* bytes that stand for the build-id of a file without one */

static void
read_notes(struct mapped *m, const unsigned char *notes, size_t n)
{
	ElfW(Nhdr) head;

	while (n >= sizeof(head)) {
		size_t name, content;

		memcpy(&head, notes, sizeof(head));
		name = TWZ_ALIGN((size_t)head.n_namesz, (size_t)4);
		content = TWZ_ALIGN((size_t)head.n_descsz, (size_t)4);
		if (name > n - sizeof(head) || content > n - sizeof(head) - name)
			return;
		if (head.n_type == NT_GNU_BUILD_ID && head.n_namesz == 4 &&
		    head.n_descsz <= MAPPED_ID_MAX && !memcmp(notes + sizeof(head), "GNU", 4)) {
			m->id_size = head.n_descsz;
			memcpy(m->id, notes + sizeof(head) + name, m->id_size);
			return;
		}
		notes += sizeof(head) + name + content;
		n -= sizeof(head) + name + content;
	}
}

/* How far the file's segments reach behind its base, and which build-id it carries. */
static int
measure(struct dl_phdr_info *info, size_t size, void *data)
{
	struct mapped *m = data;

	(void)size;
	if (info->dlpi_addr != m->base)
		return 0;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *p = &info->dlpi_phdr[i];

		if (p->p_type == PT_LOAD && p->p_vaddr + p->p_memsz > m->size)
			m->size = p->p_vaddr + p->p_memsz;
		if (p->p_type == PT_NOTE && !m->id_size)
			read_notes(m, (const unsigned char *)(m->base + p->p_vaddr), p->p_memsz);
	}
	return 1;
}

struct mapped
mapped_find(void *library)
{
	struct link_map *map = NULL;
	struct mapped m = { 0 };

	if (!dlinfo(library, RTLD_DI_LINKMAP, &map) && map) {
		m.base = map->l_addr;
		dl_iterate_phdr(measure, &m);
	}
	return m;
}

bool
mapped_is(const struct mapped *m, const char *want)
{
	char id[2 * MAPPED_ID_MAX + 1] = "";

	for (size_t i = 0; i < m->id_size; i++)
		snprintf(id + 2 * i, 3, "%02x", m->id[i]);
	return !*want || !strcmp(id, want) || (!m->id_size && strlen(want) == 2 * CONTENTS_HASH);
}
