/*
 * Where separate debug information is looked for: everywhere gdb does, in gdb's order, and in the
 * folder where debuginfod's clients keep what they fetched. A file counts only when it belongs to the
 * library: by its build-id, or, for libraries without one, by the checksum that .gnu_debuglink names.
 */
#include "introspect/file/debug.h"

#include <libdeflate.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "introspect/file/debug_in.h"

bool
debug_has_info(const struct elf_file *elf)
{
	static const char *const names[] = { ".debug_info", ".zdebug_info", ".debug_types" };
	struct elf_section section;
	Elf64_Shdr sh;

	for (size_t i = 0; i < TWZ_COUNT(names); i++)
		if (elf_find(elf, names[i], &sh, &section) && section.n)
			return true;
	return false;
}

bool
debug_is_link(const char *path)
{
	struct stat st;

	return !lstat(path, &st) && S_ISLNK(st.st_mode);
}

static const char *
folder_of(struct twz_arena *arena, const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? twz_strndup(arena, path, (size_t)(slash - path)) : ".";
}

const char **
debug_folders(struct debug *debug, const char *path)
{
	TWZ_FREE char *real = realpath(path, NULL);
	const char **folders = twz_new_array(&debug->own, 3, const char *);
	size_t n = 0;

	if (real)
		folders[n++] = folder_of(&debug->own, real);
	if (!real || debug_is_link(path))
		folders[n] = folder_of(&debug->own, path);
	return folders;
}

/* -- whether it is the right one -------------------------------------------------------------------- */

/* Why @elf is not what is @wanted, or NULL. */
static const char *
mismatch(const struct elf_file *elf, const struct debug_wanted *wanted)
{
	uint8_t id[TWZ_BUILD_ID_MAX];
	uint32_t n = elf_build_note(elf, id);

	if (!debug_has_info(elf))
		return "it has no debug information";
	if (n && wanted->nid)
		return n == wanted->nid && !memcmp(id, wanted->id, n) ? NULL : "its build-id differs";
	if (!wanted->crc)
		return wanted->nid ? "it has no build-id" : NULL;
	return libdeflate_crc32(0, elf->bytes, elf->size) == *wanted->crc ? NULL :
	       "its checksum differs";
}

struct elf_file *
debug_try(struct debug *debug, const char *what, const char *path, const struct debug_wanted *wanted)
{
	TWZ_CLEANUP(elf_closep) struct elf_file *elf = NULL;
	struct twz_error err = { 0 };
	const char *why;

	if (debug_looked(debug, what, path))
		return NULL;
	if (!elf_open_part(path, &debug->own, &elf, &err)) {
		debug_note(debug, what, path, err.code == TWZ_ERR(NAMING, NOT_FOUND) ?
			   "no such file" : err.text, false);
		return NULL;
	}
	why = mismatch(elf, wanted);
	debug_note(debug, what, path, why ? why : "found", !why);
	return why ? NULL : twz_steal(&elf);
}

/* -- by build-id ------------------------------------------------------------------------------------ */

/* The folder of debuginfod's client, in a list of at most three. */
static size_t
caches(struct debug *debug, const char **ret)
{
	const char *own = getenv("DEBUGINFOD_CACHE_PATH"), *cache = getenv("XDG_CACHE_HOME");
	const char *home = getenv("HOME");
	size_t n = 0;

	if (own && *own)
		ret[n++] = own;
	if (cache && *cache)
		ret[n++] = twz_format(&debug->own, "%s/debuginfod_client", cache);
	else if (home && *home)
		ret[n++] = twz_format(&debug->own, "%s/.cache/debuginfod_client", home);
	if (home && *home)
		ret[n++] = twz_format(&debug->own, "%s/.debuginfod_client_cache", home);
	return n;
}

const char **
debug_id_paths(struct debug *debug, const uint8_t *id, uint32_t nid)
{
	char hex[2 * TWZ_BUILD_ID_MAX + 1] = "";
	const char **paths = NULL, *folders[3];
	size_t n = 0, nfolders = caches(debug, folders);

	for (uint32_t i = 0; i < nid; i++)
		snprintf(hex + 2 * (size_t)i, 3, "%02x", id[i]);
	for (size_t i = 0; nid > 1 && debug->dirs[i]; i++)
		twz_push(&debug->own, paths, n, twz_format(&debug->own, "%s/.build-id/%.2s/%s.debug",
							   debug->dirs[i], hex, hex + 2));
	for (size_t i = 0; nid > 1 && i < nfolders; i++)
		twz_push(&debug->own, paths, n, twz_format(&debug->own, "%s/%s/debuginfo", folders[i],
							   hex));
	twz_push(&debug->own, paths, n, NULL);
	return paths;
}

static struct elf_file *
by_build_id(struct debug *debug, const struct debug_wanted *wanted, const char *what)
{
	const char **paths = debug_id_paths(debug, wanted->id, wanted->nid);
	struct elf_file *found = NULL;

	for (; *paths && !found; paths++)
		found = debug_try(debug, what, *paths, wanted);
	return found;
}

/* -- by debug link ---------------------------------------------------------------------------------- */

/*
 * The folders, below a debug folder, that a library in @folder may have its file in: a system that
 * moved /lib to /usr/lib has packages that still say /lib.
 */
static size_t
below(const char *folder, const char **ret)
{
	size_t n = 0;

	ret[n++] = folder;
	if (!strncmp(folder, "/usr/", 5))
		ret[n++] = folder + 4;
	return n;
}

/* Tries the file called @name beside the library, in .debug, and under the debug folders. */
static struct elf_file *
linked(struct debug *debug, const char *folder, const char *name, const struct debug_wanted *wanted)
{
	static const char what[] = "by debug link";
	struct elf_file *found = debug_try(debug, what, twz_format(&debug->own, "%s/%s", folder, name),
					   wanted);
	const char *places[2];
	size_t nplaces = below(folder, places);

	if (!found)
		found = debug_try(debug, what, twz_format(&debug->own, "%s/.debug/%s", folder, name),
				  wanted);
	for (size_t i = 0; *folder == '/' && debug->dirs[i]; i++)
		for (size_t k = 0; k < nplaces && !found; k++)
			found = debug_try(debug, what, twz_format(&debug->own, "%s%s/%s", debug->dirs[i],
								  places[k], name), wanted);
	return found;
}

/* The section holds a file name, padding to four bytes and a checksum. */
static struct elf_file *
by_link(struct debug *debug, struct debug_wanted wanted)
{
	struct elf_file *found = NULL;
	struct elf_section link;
	const char *name, **folders;
	size_t length, at;
	uint32_t crc;

	if (!elf_section(debug->file, ".gnu_debuglink", &link))
		return NULL;
	length = strnlen((const char *)link.bytes, link.n);
	at = TWZ_ALIGN(length + 1, (size_t)4);
	name = twz_strndup(&debug->own, (const char *)link.bytes, length);
	if (!length || at > link.n || link.n - at < sizeof(crc) || strchr(name, '/')) {
		debug_note(debug, "by debug link", debug->file->path, "its .gnu_debuglink is damaged",
			   false);
		return NULL;
	}
	memcpy(&crc, link.bytes + at, sizeof(crc));
	wanted.crc = &crc;
	for (folders = debug_folders(debug, debug->file->path); *folders && !found; folders++)
		found = linked(debug, *folders, name, &wanted);
	return found;
}

struct elf_file *
debug_find_main(struct debug *debug)
{
	struct debug_wanted wanted = { .nid = 0 };
	struct elf_file *found;

	wanted.nid = elf_build_note(debug->file, wanted.id);
	found = by_build_id(debug, &wanted, "by build-id");
	return found ? found : by_link(debug, wanted);
}

/* -- the alternate file ----------------------------------------------------------------------------- */

/* Under a debug folder: what follows .dwz/ in @name, then its last part. */
static struct elf_file *
in_dwz_folders(struct debug *debug, const char *name, const struct debug_wanted *wanted)
{
	const char *inner = strstr(name, "/.dwz/"), *base = strrchr(name, '/');
	struct elf_file *found = NULL;

	base = base ? base + 1 : name;
	for (size_t i = 0; debug->dirs[i] && !found; i++) {
		if (inner)
			found = debug_try(debug, "alternate file", twz_format(&debug->own, "%s%s",
					  debug->dirs[i], inner), wanted);
		if (!found)
			found = debug_try(debug, "alternate file", twz_format(&debug->own, "%s/.dwz/%s",
					  debug->dirs[i], base), wanted);
	}
	return found;
}

/* .gnu_debugaltlink holds a path, relative to the folder of the file that has it, and a build-id. */
struct elf_file *
debug_find_alternate(struct debug *debug)
{
	const struct elf_file *from = debug->main->elf;
	struct debug_wanted wanted = { .nid = 0 };
	struct elf_file *found = NULL;
	struct elf_section link;
	const char *name, **folders;
	size_t length;

	if (!elf_section(from, ".gnu_debugaltlink", &link))
		return NULL;
	length = strnlen((const char *)link.bytes, link.n);
	name = twz_strndup(&debug->own, (const char *)link.bytes, length);
	if (!length || length + 1 >= link.n || link.n - length - 1 > TWZ_BUILD_ID_MAX) {
		debug_note(debug, "alternate file", from->path, "its .gnu_debugaltlink is damaged", false);
		atomic_store(&debug->partial, true);
		return NULL;
	}
	wanted.nid = (uint32_t)(link.n - length - 1);
	memcpy(wanted.id, link.bytes + length + 1, wanted.nid);
	if (*name == '/')
		found = debug_try(debug, "alternate file", name, &wanted);
	for (folders = debug_folders(debug, from->path); *folders && *name != '/' && !found; folders++)
		found = debug_try(debug, "alternate file",
				  twz_format(&debug->own, "%s/%s", *folders, name), &wanted);
	if (!found)
		found = in_dwz_folders(debug, name, &wanted);
	if (!found)
		found = by_build_id(debug, &wanted, "alternate file");
	if (!found)
		atomic_store(&debug->partial, true);
	return found;
}
