/*
 * A compartment: loads its service, then listens to the monitor on the main thread while links'
 * threads run gates. The end of the control socket is the end of the process.
 */
#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "monitor/guest/guest.h"

static struct message_in in;
static const char *state_dir;

__attribute__((visibility("default"))) const char *
twz_state_dir(void)
{
	return state_dir;
}

static void
tell(uint32_t kind, uint64_t a, uint64_t b, const void *bytes, size_t n)
{
	struct message m = { .kind = kind, .word = { a, b } };

	if (!message_send(GUEST_CONTROL_FD, &m, bytes, n, NULL, 0))
		_exit(0);
}

/* How far the file's segments reach behind its base. */
static int
measure(struct dl_phdr_info *info, size_t size, void *data)
{
	uint64_t *range = data;

	(void)size;
	if (info->dlpi_addr != range[0])
		return 0;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *p = &info->dlpi_phdr[i];

		if (p->p_type == PT_LOAD && p->p_vaddr + p->p_memsz > range[1])
			range[1] = p->p_vaddr + p->p_memsz;
	}
	return 1;
}

static void *
load(const char *path)
{
	void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	struct link_map *map = NULL;
	uint64_t range[2] = { 0 };

	if (!library) {
		const char *why = dlerror();

		tell(MESSAGE_UNLOADABLE, 0, 0, why, strlen(why));
		_exit(127);
	}
	if (!dlinfo(library, RTLD_DI_LINKMAP, &map) && map) {
		range[0] = map->l_addr;
		dl_iterate_phdr(measure, range);
	}
	tell(MESSAGE_READY, range[0], range[1], NULL, 0);
	return library;
}

void
compartment_run(const struct guest_start *start, struct message_confinement *confinement)
{
	const char *name = strrchr(start->path, '/');
	void *library;

	prctl(PR_SET_NAME, name ? name + 1 : start->path);
	tell(MESSAGE_CONFINED, 0, 0, confinement, sizeof(*confinement));
	state_dir = strdup(start->state);
	/* What a gate prints leaves before it returns; the way of every call need not look for it. */
	setvbuf(stdout, NULL, _IONBF, 0);
	library = load(start->path);
	for (;;) {
		if (message_receive(GUEST_CONTROL_FD, &in, true) <= 0)
			_exit(0);
		if (in.head.kind == MESSAGE_GATE)
			gate_add(library, (const void *)in.bytes, in.n);
		else if (in.head.kind == MESSAGE_LINK)
			dispatch_start(&in, in.fds[0]);
		else if (in.head.kind == MESSAGE_BOUND || in.head.kind == MESSAGE_REFUSED)
			nested_answer(&in);
		message_drop(&in);
	}
}
