/*
 * Files are watched through their folders: a linker writes a new file and puts it in the old one's place,
 * and a watch on the old one would see nothing of it. What changes is shown when it has been quiet for a
 * moment.
 */
#include "introspect/tool/tool_watch.h"

#include <errno.h>
#include <fts.h>
#include <libgen.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <time.h>

#include "introspect/tool/tool_progress.h"

enum { QUIET_MS = 150, EVENTS = IN_CLOSE_WRITE | IN_MOVED_TO | IN_DELETE | IN_MOVED_FROM };

struct watched {
	const char *path, *name;	/* @name: within its folder */
	int folder;			/* the watch */
	bool changed, is_new;
};

/* A folder that was asked for, or one below it: whatever is put there is watched as well. */
struct watched_folder {
	const char *path;
	int watch;
};

struct watch {
	struct request *r;
	int fd;
	struct watched *files;
	size_t n;
	struct watched_folder *folders;
	size_t nfolders;
};

static bool
add(struct watch *w, const char *path)
{
	struct request *r = w->r;
	char *folder = dirname(twz_strdup(&r->arena, path));
	struct watched one = { .path = path, .name = basename(twz_strdup(&r->arena, path)) };

	one.folder = inotify_add_watch(w->fd, folder, EVENTS | IN_MASK_ADD);
	if (one.folder < 0) {
		fprintf(stderr, "%s: cannot watch %s: %s\n", tool_name, folder, strerror(errno));
		return false;
	}
	twz_push(&r->arena, w->files, w->n, one);
	return true;
}

static void
add_new(struct watch *w, const char *path)
{
	if (add(w, path))
		w->files[w->n - 1].changed = w->files[w->n - 1].is_new = true;
}

/*
 * @path and all folders below it; what cannot be read was complained about when files were looked for. With
 * @fresh, also what is in them: it may have come before the watch.
 */
static void
add_folders(struct watch *w, const char *path, bool fresh)
{
	char *const roots[] = { twz_strdup(&w->r->arena, path), NULL };
	FTS *walk = fts_open(roots, FTS_PHYSICAL | FTS_COMFOLLOW | FTS_NOCHDIR, NULL);
	FTSENT *entry;

	while (walk && (entry = fts_read(walk))) {
		if (entry->fts_info == FTS_D) {
			const struct watched_folder one = {
				.path = twz_strdup(&w->r->arena, entry->fts_path),
				.watch = inotify_add_watch(w->fd, entry->fts_path, EVENTS | IN_CREATE | IN_MASK_ADD),
			};

			if (one.watch >= 0)
				twz_push(&w->r->arena, w->folders, w->nfolders, one);
		} else if (fresh && entry->fts_info == FTS_F && tool_is_library(entry->fts_path)) {
			add_new(w, twz_strdup(&w->r->arena, entry->fts_path));
		}
	}
	if (walk)
		fts_close(walk);
}

/* Something new in a folder: a library, or a folder that may hold some. */
static void
take_new(struct watch *w, const struct inotify_event *event)
{
	for (size_t i = 0; i < w->nfolders; i++) {
		const char *path;

		if (w->folders[i].watch != event->wd)
			continue;
		path = twz_format(&w->r->arena, "%s/%s", w->folders[i].path, event->name);
		if (event->mask & IN_ISDIR)
			add_folders(w, path, true);
		else if (event->mask & (IN_CLOSE_WRITE | IN_MOVED_TO) && tool_is_library(path))
			add_new(w, path);
		return;
	}
}

/* Takes what inotify has to say. False when it cannot be read. */
static bool
take_events(struct watch *w)
{
	_Alignas(struct inotify_event) char bytes[16 << 10];
	ssize_t n = read(w->fd, bytes, sizeof(bytes));

	for (ssize_t at = 0; at < n;) {
		const struct inotify_event *event = (const void *)(bytes + at);
		bool known = false, made = (event->mask & IN_CREATE) != 0;

		for (size_t i = 0; event->len && i < w->n; i++)
			if (w->files[i].folder == event->wd && !strcmp(w->files[i].name, event->name)) {
				known = true;
				w->files[i].changed |= !made;
			}
		if (event->len && !known)
			take_new(w, event);
		at += (ssize_t)(sizeof(*event) + event->len);
	}
	return n > 0 || errno == EINTR || errno == EAGAIN;
}

static bool
has_changed(const struct watch *w)
{
	for (size_t i = 0; i < w->n; i++)
		if (w->files[i].changed)
			return true;
	return false;
}

/* Waits until a file has changed and nothing more happens. */
static bool
wait_for_change(struct watch *w)
{
	struct pollfd poller = { .fd = w->fd, .events = POLLIN };

	for (;;) {
		int n = poll(&poller, 1, has_changed(w) ? QUIET_MS : -1);

		if (n < 0 && errno != EINTR)
			return false;
		if (!n)
			return true;
		if (n > 0 && !take_events(w))
			return false;
	}
}

static void
show_again(struct request *r, struct watched *file, tool_each *each, void *data)
{
	const char *const one[] = { file->path, NULL };
	time_t now = time(NULL);
	char text[32] = "";
	struct stat st;
	struct tm tm;
	bool is_new = file->is_new;

	file->changed = file->is_new = false;
	if (localtime_r(&now, &tm))
		strftime(text, sizeof(text), "%H:%M:%S", &tm);
	printf("\n-- %s %s at %s\n", file->path,
	       stat(file->path, &st) ? "is gone" : is_new ? "is new" : "has changed", text);
	fflush(stdout);
	if (!stat(file->path, &st))
		tool_many(r, one, each, data);
	tool_flush();
}

struct watch *
tool_watch_begin(struct request *r, const char *const *files, char *const *args)
{
	struct watch *w = twz_new(&r->arena, struct watch);
	struct stat st;

	*w = (struct watch){ .r = r, .fd = inotify_init1(IN_CLOEXEC) };
	for (; w->fd >= 0 && *files; files++)
		if (!add(w, *files))
			return NULL;
	for (; w->fd >= 0 && *args; args++)
		if (!stat(*args, &st) && S_ISDIR(st.st_mode))
			add_folders(w, *args, false);
	return w;
}

int
tool_watch(struct watch *w, tool_each *each, void *data)
{
	while (w->fd >= 0 && wait_for_change(w))
		for (size_t i = 0; i < w->n; i++)
			if (w->files[i].changed)
				show_again(w->r, &w->files[i], each, data);
	fprintf(stderr, "%s: cannot watch files: %s\n", tool_name, strerror(errno));
	return 1;
}
