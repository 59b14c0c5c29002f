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

enum {
	ID_MAX = 64,
	CONTENTS_HASH = 16,	/* bytes that stand for the build-id of a file without one */
};

/* What is learned of the file once it is mapped. */
struct loaded {
	uint64_t base, size;
	unsigned char id[ID_MAX];
	size_t id_size;
};

static void
read_notes(struct loaded *l, const unsigned char *notes, size_t n)
{
	ElfW(Nhdr) head;

	while (n >= sizeof(head)) {
		size_t name, content;

		memcpy(&head, notes, sizeof(head));
		name = TWZ_ALIGN((size_t)head.n_namesz, (size_t)4);
		content = TWZ_ALIGN((size_t)head.n_descsz, (size_t)4);
		if (name > n - sizeof(head) || content > n - sizeof(head) - name)
			return;
		if (head.n_type == NT_GNU_BUILD_ID && head.n_namesz == 4 && head.n_descsz <= ID_MAX &&
		    !memcmp(notes + sizeof(head), "GNU", 4)) {
			l->id_size = head.n_descsz;
			memcpy(l->id, notes + sizeof(head) + name, l->id_size);
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
	struct loaded *l = data;

	(void)size;
	if (info->dlpi_addr != l->base)
		return 0;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *p = &info->dlpi_phdr[i];

		if (p->p_type == PT_LOAD && p->p_vaddr + p->p_memsz > l->size)
			l->size = p->p_vaddr + p->p_memsz;
		if (p->p_type == PT_NOTE && !l->id_size)
			read_notes(l, (const unsigned char *)(l->base + p->p_vaddr), p->p_memsz);
	}
	return 1;
}

static void __attribute__((noreturn))
unloadable(const char *why)
{
	tell(MESSAGE_UNLOADABLE, 0, 0, why, strlen(why));
	_exit(127);
}

/*
 * The gates are called as the file was inspected, so it has to be that file. One without a build-id
 * is known by a hash of its contents, which a mapped file does not show: then only its kind is sure.
 */
static bool
is_inspected(const struct loaded *l, const char *want)
{
	char id[2 * ID_MAX + 1] = "";

	for (size_t i = 0; i < l->id_size; i++)
		snprintf(id + 2 * i, 3, "%02x", l->id[i]);
	return !*want || !strcmp(id, want) || (!l->id_size && strlen(want) == 2 * CONTENTS_HASH);
}

static void *
load(const struct guest_start *start)
{
	void *library = dlopen(start->path, RTLD_NOW | RTLD_LOCAL);
	struct link_map *map = NULL;
	struct loaded l = { 0 };

	if (!library)
		unloadable(dlerror());
	if (!dlinfo(library, RTLD_DI_LINKMAP, &map) && map) {
		l.base = map->l_addr;
		dl_iterate_phdr(measure, &l);
	}
	if (!is_inspected(&l, start->build_id))
		unloadable("its file is no longer the one that was inspected; call it again");
	tell(MESSAGE_READY, l.base, l.size, NULL, 0);
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
	library = load(start);
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
