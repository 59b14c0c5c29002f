/*
 * Files are watched through their folders: a linker writes a new file and puts it in the old one's place,
 * and a watch on the old one would see nothing of it. What changes is shown when it has been quiet for a
 * moment.
 */
#include "introspect/tool/tool_watch.h"

#include <errno.h>
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
	bool changed;
};

struct watch {
	int fd;
	struct watched *files;
	size_t n;
};

static bool
add(struct request *r, struct watch *w, const char *path)
{
	char *folder = dirname(twz_strdup(&r->arena, path));
	struct watched one = { .path = path, .name = basename(twz_strdup(&r->arena, path)) };

	one.folder = inotify_add_watch(w->fd, folder, EVENTS);
	if (one.folder < 0) {
		fprintf(stderr, "%s: cannot watch %s: %s\n", tool_name, folder, strerror(errno));
		return false;
	}
	twz_push(&r->arena, w->files, w->n, one);
	return true;
}

/* Takes what inotify has to say. False when it cannot be read. */
static bool
take_events(struct watch *w)
{
	_Alignas(struct inotify_event) char bytes[16 << 10];
	ssize_t n = read(w->fd, bytes, sizeof(bytes));

	for (ssize_t at = 0; at < n;) {
		const struct inotify_event *event = (const void *)(bytes + at);

		for (size_t i = 0; event->len && i < w->n; i++)
			if (w->files[i].folder == event->wd && !strcmp(w->files[i].name, event->name))
				w->files[i].changed = true;
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

	file->changed = false;
	if (localtime_r(&now, &tm))
		strftime(text, sizeof(text), "%H:%M:%S", &tm);
	printf("\n-- %s %s at %s\n", file->path, stat(file->path, &st) ? "is gone" : "has changed", text);
	fflush(stdout);
	if (!stat(file->path, &st))
		tool_many(r, one, each, data);
	tool_flush();
}

int
tool_watch(struct request *r, const char *const *files, tool_each *each, void *data)
{
	struct watch w = { .fd = inotify_init1(IN_CLOEXEC) };

	for (; w.fd >= 0 && *files; files++)
		if (!add(r, &w, *files))
			return 1;
	while (w.fd >= 0 && wait_for_change(&w))
		for (size_t i = 0; i < w.n; i++)
			if (w.files[i].changed)
				show_again(r, &w.files[i], each, data);
	fprintf(stderr, "%s: cannot watch files: %s\n", tool_name, strerror(errno));
	return 1;
}
