/*
 * dpkg keeps one list of paths per package, apt one text of all packages per archive. Both are only
 * searched, never parsed as a whole: a path in a list stands alone on its line, and the text of one
 * package ends with an empty line. DPKG_ROOT is the root of another system, as for dpkg itself.
 */
#include "introspect/doctor/packages.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

/* A file in memory; bytes is NULL when it cannot be read or is empty. */
struct text {
	const char *bytes;
	size_t n;
};

static struct text
map_text(const char *path)
{
	TWZ_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	void *bytes;

	if (fd < 0 || fstat(fd, &st) || !S_ISREG(st.st_mode) || !st.st_size)
		return (struct text){ NULL, 0 };
	bytes = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	return bytes == MAP_FAILED ? (struct text){ NULL, 0 } :
	       (struct text){ bytes, (size_t)st.st_size };
}

static void
unmap_textp(struct text *text)
{
	if (text->bytes)
		munmap((void *)(uintptr_t)text->bytes, text->n);
}

static const char *
root(void)
{
	const char *root = getenv("DPKG_ROOT");

	return root ? root : "";
}

static bool
ends_with(const char *name, const char *end)
{
	size_t n = strlen(name), tail = strlen(end);

	return n >= tail && !strcmp(name + n - tail, end);
}

/*
 * Calls @look for each file of @folder whose name ends with @end until it returns a text, and returns
 * that.
 */
static const char *
in_each(const char *folder, const char *end, const char *wanted, struct twz_arena *arena,
	const char *(*look)(struct text text, const char *name, const char *wanted,
			    struct twz_arena *arena))
{
	DIR *dir = opendir(folder);
	const char *found = NULL;
	struct dirent *entry;

	while (dir && !found && (entry = readdir(dir))) {
		if (!ends_with(entry->d_name, end))
			continue;
		TWZ_CLEANUP(unmap_textp) struct text text = map_text(
			twz_format(arena, "%s/%s", folder, entry->d_name));

		if (text.bytes)
			found = look(text, entry->d_name, wanted, arena);
	}
	if (dir)
		closedir(dir);
	return found;
}

/* "zlib1g:amd64.list" is the list of zlib1g. */
static const char *
has_line(struct text text, const char *name, const char *line, struct twz_arena *arena)
{
	size_t n = strlen(line);

	for (const char *at = text.bytes, *end = text.bytes + text.n;
	     (at = memmem(at, (size_t)(end - at), line, n)); at += n)
		if ((at == text.bytes || at[-1] == '\n') && (at + n == end || at[n] == '\n'))
			return twz_strndup(arena, name, strcspn(name, ":."));
	return NULL;
}

const char *
package_of(const char *path, struct twz_arena *arena)
{
	const char *folder = twz_format(arena, "%s/var/lib/dpkg/info", root());
	const char *found = in_each(folder, ".list", path, arena, has_line);

	/* Where /lib leads to /usr/lib, packages may still say either. */
	if (!found && !strncmp(path, "/usr/", 5))
		return in_each(folder, ".list", path + 4, arena, has_line);
	if (!found)
		return in_each(folder, ".list", twz_format(arena, "/usr%s", path), arena, has_line);
	return found;
}

static const char *
has_id(struct text text, const char *name, const char *id, struct twz_arena *arena)
{
	static const char field[] = "Package: ";
	const char *at = memmem(text.bytes, text.n, id, strlen(id)), *end;

	(void)name;
	for (; at && at > text.bytes; at--)
		if (at[-1] == '\n' && (size_t)(text.bytes + text.n - at) > sizeof(field) &&
		    !strncmp(at, field, sizeof(field) - 1))
			break;
	if (!at || strncmp(at, field, sizeof(field) - 1))
		return NULL;
	at += sizeof(field) - 1;
	end = memchr(at, '\n', (size_t)(text.bytes + text.n - at));
	return end ? twz_strndup(arena, at, (size_t)(end - at)) : NULL;
}

const char *
package_with_debug(const char *build_id, struct twz_arena *arena)
{
	/* A short one could be anything. */
	if (strlen(build_id) < 16)
		return NULL;
	return in_each(twz_format(arena, "%s/var/lib/apt/lists", root()), "_Packages", build_id, arena,
		       has_id);
}

/* The value of KEY=VALUE, without quotes; "" when there is none. */
static const char *
value_of(struct text text, const char *key, struct twz_arena *arena)
{
	size_t n = strlen(key), length;
	const char *at = text.bytes, *end = text.bytes + text.n;

	while (at && (size_t)(end - at) > n) {
		if (!strncmp(at, key, n)) {
			at += n + (at[n] == '"');
			for (length = 0; at + length < end && !strchr("\"\n", at[length]); length++)
				;
			return twz_strndup(arena, at, length);
		}
		at = memchr(at, '\n', (size_t)(end - at));
		at += at != NULL;
	}
	return "";
}

const char *
package_debug_archive(struct twz_arena *arena)
{
	TWZ_CLEANUP(unmap_textp) struct text text = map_text(
		twz_format(arena, "%s/etc/os-release", root()));
	const char *id, *name;

	if (!text.bytes)
		return "";
	id = value_of(text, "ID=", arena);
	name = value_of(text, "VERSION_CODENAME=", arena);
	if (!strcmp(id, "debian") && *name)
		return twz_format(arena, "deb http://deb.debian.org/debian-debug/ %s-debug main", name);
	if (!strcmp(id, "ubuntu") && *name)
		return twz_format(arena, "deb http://ddebs.ubuntu.com %s main restricted universe "
				  "multiverse", name);
	return "";
}
