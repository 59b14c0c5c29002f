/*
 * The history file.
 *
 * One entry per line; a newline inside an entry is written as \n and a backslash as \\. Every append
 * opens the file, takes its lock, writes once and lets go, so any number of sessions share it. What a
 * full disk leaves of an entry is cut off again. A line that a crash of the machine left unfinished is
 * ended before the next entry.
 *
 * The file is bounded: when it has grown beyond SIZE_MAX_KEPT, its newest entries are written to a new
 * file that takes its place. A session that waits for the lock meanwhile would then hold the lock of a
 * file that is gone, so whoever gets the lock checks that the name still means the same file.
 */
#include "repl/history.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

enum {
	ENTRY_MAX = 64 << 10,		/* longer ones are not kept */
	SIZE_READ = 1 << 20,		/* as much of the end is looked at */
	SIZE_MAX_KEPT = 4 << 20,
};

bool
history_path(struct twz_arena *arena, const char **ret, struct twz_error *err)
{
	const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");

	/* The XDG specification: a path that is not absolute is to be ignored. */
	if (state && *state == '/')
		*ret = twz_format(arena, "%s/twz/history", state);
	else if (home && *home == '/')
		*ret = twz_format(arena, "%s/.local/state/twz/history", home);
	else
		return twz_fail(err, TWZ_CLASS_LINK, TWZ_ERR(NAMING, NOT_FOUND),
				"neither XDG_STATE_HOME nor HOME says where to keep it");
	return true;
}

/* Makes the folders of @path that do not exist, for the user only. */
static bool
make_folders(const char *path, struct twz_error *err)
{
	TWZ_FREE char *copy = strdup(path);

	if (!copy)
		return twz_fail_sys(err, ENOMEM, "make the folder of %s", path);
	for (char *p = strchr(copy + 1, '/'); p; p = strchr(p + 1, '/')) {
		*p = '\0';
		if (mkdir(copy, 0700) && errno != EEXIST)
			return twz_fail_sys(err, errno, "make the folder %s", copy);
		*p = '/';
	}
	return true;
}

/* Takes every right of others away. What is not ours to change is left as it is. */
static void
make_private(const char *path, int fd)
{
	TWZ_FREE char *folder = strdup(path);
	char *slash = folder ? strrchr(folder, '/') : NULL;
	struct stat st;

	if (!fstat(fd, &st) && S_ISREG(st.st_mode) && st.st_mode & 077 && st.st_uid == geteuid())
		(void)!fchmod(fd, 0600);
	if (!slash || slash == folder)
		return;
	*slash = '\0';
	if (!stat(folder, &st) && st.st_mode & 077 && st.st_uid == geteuid())
		(void)!chmod(folder, 0700);
}

static bool
same_file(const char *path, int fd)
{
	struct stat a, b;

	return !fstat(fd, &a) && !stat(path, &b) && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

/* Opens the file for appending and takes its lock; closing it lets go. */
static bool
open_locked(const char *path, int *ret, struct twz_error *err)
{
	for (;;) {
		TWZ_CLOSE int fd = open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600);

		if (fd < 0)
			return twz_fail_sys(err, errno, "open %s", path);
		while (flock(fd, LOCK_EX))
			if (errno != EINTR)
				return twz_fail_sys(err, errno, "lock %s", path);
		if (!same_file(path, fd))
			continue;
		*ret = fd;
		fd = -1;
		return true;
	}
}

static char *
escape(struct twz_arena *arena, const char *text, size_t n, size_t *ret)
{
	char *out = twz_alloc(arena, 2 * n + 2), *p = out;

	for (size_t i = 0; i < n; i++) {
		if (text[i] == '\n' || text[i] == '\\')
			*p++ = '\\';
		*p++ = text[i] == '\n' ? 'n' : text[i];
	}
	*p++ = '\n';
	*ret = (size_t)(p - out);
	return out;
}

static const char *
unescape(struct twz_arena *arena, const char *line, size_t n)
{
	char *out = twz_alloc(arena, n + 1), *p = out;

	for (size_t i = 0; i < n; i++) {
		if (line[i] == '\\' && i + 1 < n) {
			i++;
			*p++ = line[i] == 'n' ? '\n' : line[i];
		} else {
			*p++ = line[i];
		}
	}
	return out;
}

static bool
write_all(int fd, const char *bytes, size_t n)
{
	while (n) {
		ssize_t done = write(fd, bytes, n);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return false;
		bytes += done;
		n -= (size_t)done;
	}
	return true;
}

/* The last bytes of the file, from a line's beginning on. */
static bool
read_tail(const char *path, int fd, struct twz_arena *arena, const char **ret, size_t *ret_n,
	  struct twz_error *err)
{
	struct stat st;
	size_t n, got = 0;
	off_t from;
	char *text;

	if (fstat(fd, &st))
		return twz_fail_sys(err, errno, "read %s", path);
	*ret = "";
	*ret_n = 0;
	if (!S_ISREG(st.st_mode))
		return true;
	from = st.st_size > SIZE_READ ? st.st_size - SIZE_READ : 0;
	n = (size_t)(st.st_size - from);
	text = twz_alloc(arena, n + 1);
	while (got < n) {
		ssize_t r = pread(fd, text + got, n - got, from + (off_t)got);

		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return twz_fail_sys(err, errno, "read %s", path);
		if (!r)
			break;
		got += (size_t)r;
	}
	if (from) {
		const char *line = memchr(text, '\n', got);

		got = line ? got - (size_t)(line + 1 - text) : 0;
		text = line ? text + (line + 1 - text) : text;
	}
	*ret = text;
	*ret_n = got;
	return true;
}

/* Where the last @count lines of @text begin. */
static const char *
last_lines(const char *text, size_t n, size_t count)
{
	const char *end = text + n;

	if (n && end[-1] == '\n')
		end--;
	while (end > text) {
		const char *line = memrchr(text, '\n', (size_t)(end - text));

		if (!line)
			break;
		if (!--count)
			return line + 1;
		end = line;
	}
	return text;
}

/* Puts the newest entries in the place of a file that has become too long. Called with its lock. */
static void
shorten(const char *path, int fd)
{
	TWZ_ARENA arena = { 0 };
	const char *tail, *kept;
	char *temporary = twz_format(&arena, "%s.XXXXXX", path);
	size_t n;
	int new;
	bool ok;

	if (!read_tail(path, fd, &arena, &tail, &n, NULL))
		return;
	kept = last_lines(tail, n, HISTORY_LOADED);
	new = mkostemp(temporary, O_CLOEXEC);
	if (new < 0)
		return;
	ok = write_all(new, kept, (size_t)(tail + n - kept));
	if (close(new) || !ok || rename(temporary, path))
		unlink(temporary);
}

bool
history_load(const char *path, struct twz_arena *arena, const char *const **ret, size_t *n,
	     struct twz_error *err)
{
	TWZ_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	const char **entries = NULL, *text, *end;
	size_t length;

	*ret = NULL;
	*n = 0;
	if (fd < 0)
		return errno == ENOENT || twz_fail_sys(err, errno, "open %s", path);
	make_private(path, fd);
	if (!read_tail(path, fd, arena, &text, &length, err))
		return false;
	end = text + length;
	for (const char *line = last_lines(text, length, HISTORY_LOADED); line < end;) {
		const char *stop = memchr(line, '\n', (size_t)(end - line));
		size_t size = (size_t)((stop ? stop : end) - line);

		if (size && size <= 2 * ENTRY_MAX && !memchr(line, '\0', size))
			twz_push(arena, entries, *n, unescape(arena, line, size));
		line += size + 1;
	}
	*ret = entries;
	return true;
}

/* Writes @line at the end, or leaves the file as it was. */
static bool
append_line(const char *path, int fd, const char *line, size_t n, struct twz_error *err)
{
	struct stat st;
	char last = '\n';
	int errnum;

	if (fstat(fd, &st))
		return twz_fail_sys(err, errno, "write %s", path);
	if (S_ISREG(st.st_mode) && st.st_size > 0 && pread(fd, &last, 1, st.st_size - 1) != 1)
		return twz_fail_sys(err, errno, "read %s", path);
	if ((last == '\n' || write_all(fd, "\n", 1)) && write_all(fd, line, n))
		return true;
	errnum = errno;
	if (S_ISREG(st.st_mode))
		(void)!ftruncate(fd, st.st_size);
	return twz_fail_sys(err, errnum, "write %s", path);
}

bool
history_append(const char *path, const char *text, size_t n, struct twz_error *err)
{
	TWZ_ARENA arena = { 0 };
	TWZ_CLOSE int fd = -1;
	struct stat st;
	const char *line;
	size_t size;

	if (!n || n > ENTRY_MAX || memchr(text, '\0', n))
		return true;
	line = escape(&arena, text, n, &size);
	if (!make_folders(path, err) || !open_locked(path, &fd, err))
		return false;
	make_private(path, fd);
	if (!append_line(path, fd, line, size, err))
		return false;
	if (!fstat(fd, &st) && S_ISREG(st.st_mode) && st.st_size > SIZE_MAX_KEPT)
		shorten(path, fd);
	return true;
}
