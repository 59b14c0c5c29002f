/*
 * The libraries that a service brings along: those that its file needs, or one of these again, and that lie where the
 * loader will look for them because a file says so (DT_RPATH, DT_RUNPATH, a needed name with a path). Confined,
 * a service reads the system's libraries and its own file; what is found here is its own too: these files, and not the
 * folders that they lie in.
 *
 * The files may be anything, and choose what is named: only what is a library for this machine is allowed, by
 * the descriptor that was looked at, and not by its name.
 */
#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "monitor/guest/guest.h"
#include "twz/util.h"

enum {
	LIBRARIES = 128,
	SEGMENTS = 64,
	ENTRIES = 512,			/* of one file's table of what it needs */
	TRIES = 8192,			/* paths */
	TEXT = 4096,			/* of a name, or of a list of folders */
};

struct library {
	const struct library *by;	/* who needs it; NULL: nobody, it is the service */
	const char *path, *rpath, *runpath;
	dev_t device;
	ino_t number;
};

struct search {
	needed_found *found;
	void *data;
	struct twz_arena arena;
	struct library all[LIBRARIES];
	size_t n, tries;
};

/* As far as it is looked at. */
struct file {
	int fd;
	ElfW(Phdr) segments[SEGMENTS];
	size_t nsegments;
	ElfW(Dyn) entries[ENTRIES];
	size_t nentries;
	uint64_t texts, texts_size;	/* where in the file */
};

extern const ElfW(Ehdr) __ehdr_start __attribute__((visibility("hidden")));	/* the guest's own */

static bool
read_whole(int fd, void *to, size_t n, uint64_t at)
{
	return at <= INT64_MAX && pread(fd, to, n, (off_t)at) == (ssize_t)n;
}

/* Whether it is a library for this machine. */
static bool
read_head(struct file *f)
{
	const ElfW(Ehdr) *own = &__ehdr_start;
	ElfW(Ehdr) head;

	if (!read_whole(f->fd, &head, sizeof(head), 0) || memcmp(head.e_ident, own->e_ident, EI_VERSION + 1) ||
	    head.e_type != ET_DYN || head.e_machine != own->e_machine || head.e_phentsize != sizeof(f->segments[0]) ||
	    head.e_phnum > SEGMENTS)
		return false;
	f->nsegments = head.e_phnum;
	return read_whole(f->fd, f->segments, f->nsegments * sizeof(f->segments[0]), head.e_phoff);
}

/* Where in the file lies what is at @address once it is loaded. */
static bool
find_address(const struct file *f, uint64_t address, uint64_t *ret)
{
	for (size_t i = 0; i < f->nsegments; i++) {
		const ElfW(Phdr) *p = &f->segments[i];

		if (p->p_type == PT_LOAD && address >= p->p_vaddr && address - p->p_vaddr < p->p_filesz) {
			*ret = p->p_offset + (address - p->p_vaddr);
			return true;
		}
	}
	return false;
}

static bool
read_entries(struct file *f)
{
	const ElfW(Phdr) *p = f->segments;
	uint64_t address = 0;

	f->texts_size = 0;
	while (p < f->segments + f->nsegments && p->p_type != PT_DYNAMIC)
		p++;
	if (p == f->segments + f->nsegments)
		return false;
	f->nentries = p->p_filesz / sizeof(f->entries[0]);
	if (f->nentries > ENTRIES || !read_whole(f->fd, f->entries, f->nentries * sizeof(f->entries[0]), p->p_offset))
		return false;
	for (size_t i = 0; i < f->nentries; i++) {
		if (f->entries[i].d_tag == DT_NULL)
			f->nentries = i;
		else if (f->entries[i].d_tag == DT_STRTAB)
			address = f->entries[i].d_un.d_ptr;
		else if (f->entries[i].d_tag == DT_STRSZ)
			f->texts_size = f->entries[i].d_un.d_val;
	}
	return find_address(f, address, &f->texts);
}

/* A text of the file; NULL: there is none, or it is too long. */
static const char *
read_text(struct search *s, const struct file *f, uint64_t at)
{
	char text[TEXT];
	uint64_t left = at < f->texts_size ? f->texts_size - at : 0;
	size_t want = left < sizeof(text) ? (size_t)left : sizeof(text);
	ssize_t n = left ? pread(f->fd, text, want, (off_t)(f->texts + at)) : 0;

	return n > 0 && memchr(text, 0, (size_t)n) ? twz_strdup(&s->arena, text) : NULL;
}

static const char *
entry_text(struct search *s, const struct file *f, int64_t tag)
{
	for (size_t i = 0; i < f->nentries; i++)
		if (f->entries[i].d_tag == tag)
			return read_text(s, f, f->entries[i].d_un.d_val);
	return NULL;
}

/* A folder of a list, as the loader reads it. NULL: it says something that only the loader knows. */
static const char *
expand(struct search *s, const char *folder, size_t n, const char *path)
{
	static const char *const origins[] = { "$ORIGIN", "${ORIGIN}" };
	const char *slash = strrchr(path, '/');

	for (size_t i = 0; i < TWZ_COUNT(origins); i++) {
		size_t length = strlen(origins[i]);

		if (n >= length && !memcmp(folder, origins[i], length) && slash && !memchr(folder + length, '$', n - length))
			return twz_format(&s->arena, "%.*s%.*s", (int)(slash - path), path, (int)(n - length),
					  folder + length);
	}
	return n && *folder == '/' && !memchr(folder, '$', n) ? twz_format(&s->arena, "%.*s", (int)n, folder) : NULL;
}

static bool
is_known(const struct search *s, const struct stat *st)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->all[i].device == st->st_dev && s->all[i].number == st->st_ino)
			return true;
	return false;
}

/* Where @path leads; -1 for what is no plain file. Nothing else is opened: that could have effects. */
static int
open_plain(const char *path, struct stat *st)
{
	int fd;

	if (stat(path, st) || !S_ISREG(st->st_mode))
		return -1;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd >= 0 && !fstat(fd, st) && S_ISREG(st->st_mode))
		return fd;
	twz_closep(&fd);
	return -1;
}

static void look_into(struct search *s, const struct file *f, struct library *l);

/* False: the loader would go on looking. */
static bool
try_library(struct search *s, const char *path, const struct library *by)
{
	struct library *l = &s->all[s->n];
	TWZ_FREE struct file *f = NULL;
	TWZ_CLOSE int fd = -1;
	struct stat st;

	fd = s->n < LIBRARIES && s->tries++ < TRIES ? open_plain(path, &st) : -1;
	if (fd < 0)
		return false;
	if (is_known(s, &st))
		return true;
	f = malloc(sizeof(*f));
	if (!f)
		return false;
	f->fd = fd;
	if (!read_head(f))
		return false;
	*l = (struct library){ .by = by, .path = path, .device = st.st_dev, .number = st.st_ino };
	s->n++;
	if (by)
		s->found(s->data, fd);
	if (read_entries(f))
		look_into(s, f, l);
	return true;
}

static bool
try_folders(struct search *s, const char *folders, const struct library *of, const char *name,
	    const struct library *by)
{
	while (folders && *folders) {
		size_t n = strcspn(folders, ":");
		const char *folder = expand(s, folders, n, of->path);

		if (folder && try_library(s, twz_format(&s->arena, "%s/%s", folder, name), by))
			return true;
		folders += n + (folders[n] != 0);
	}
	return false;
}

/* In the loader's order. What it finds in the system's folders is everybody's. */
static void
find_needed(struct search *s, const char *name, const struct library *by)
{
	if (strchr(name, '/')) {
		name = expand(s, name, strlen(name), by->path);
		if (name)
			(void)try_library(s, name, by);
		return;
	}
	for (const struct library *l = by->runpath ? NULL : by; l; l = l->by)
		if (!l->runpath && try_folders(s, l->rpath, l, name, by))
			return;
	(void)try_folders(s, by->runpath, by, name, by);
}

static void
look_into(struct search *s, const struct file *f, struct library *l)
{
	l->rpath = entry_text(s, f, DT_RPATH);
	l->runpath = entry_text(s, f, DT_RUNPATH);
	for (size_t i = 0; i < f->nentries; i++) {
		const char *name = f->entries[i].d_tag == DT_NEEDED ? read_text(s, f, f->entries[i].d_un.d_val) : NULL;

		if (name)
			find_needed(s, name, l);
	}
}

void
needed_find(const char *path, needed_found *found, void *data)
{
	struct search s = { .found = found, .data = data };

	(void)try_library(&s, path, NULL);
	twz_arena_free(&s.arena);
}
