/*
 * Gates files: which there are, and which library each is for. What else they say is read by whoever
 * inspects the library. A file NAME.gates makes its library the service NAME; of two files of one name, or
 * for one library, the first folder's counts.
 */
#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "registry/folders.h"
#include "registry/registry.h"

#if defined(__x86_64__)
#define MULTIARCH "x86_64-linux-gnu"
#elif defined(__aarch64__)
#define MULTIARCH "aarch64-linux-gnu"
#else
#define MULTIARCH "."
#endif

/* Where the loader finds libraries, and where a compartment may read them. */
static const char *const library_folders[] = {
	"/usr/local/lib/" MULTIARCH, "/usr/local/lib", "/lib/" MULTIARCH, "/usr/lib/" MULTIARCH,
	"/lib64", "/usr/lib64", "/lib", "/usr/lib",
};

static const char suffix[] = ".gates", installed[] = "/lib/twz";

/* TWZ_GATES, the user's folder, and share/twz/gates beside an installed folder of services. */
static const char *const *
gates_folders(const char *const *services, struct twz_arena *arena)
{
	struct folders f = { .arena = arena };

	folders_add_own(&f, "TWZ_GATES", "gates");
	for (; *services; services++) {
		size_t length = strlen(*services), tail = sizeof(installed) - 1;

		if (length > tail && !strcmp(*services + length - tail, installed))
			folders_add(&f, twz_format(arena, "%.*s/share/twz/gates", (int)(length - tail), *services));
	}
	return folders_end(&f);
}

/* The word behind "library" at the beginning of a line; NULL when there is none. */
static const char *
library_line(const char *path, struct twz_arena *arena)
{
	TWZ_FCLOSE FILE *f = fopen(path, "re");
	char line[PATH_MAX + 64], *at, *word;

	while (f && fgets(line, sizeof(line), f)) {
		at = line;
		word = strsep(&at, " \t");
		if (strcmp(word, "library") || !at)
			continue;
		at += strspn(at, " \t\"");
		at[strcspn(at, " \t\r\n\"#")] = '\0';
		return *at ? twz_strdup(arena, at) : NULL;
	}
	return NULL;
}

/* Where the library of this file name, or the one at this absolute path, is. */
static bool
find_library(const char *name, char path[PATH_MAX], struct stat *st)
{
	for (size_t i = 0; i < TWZ_COUNT(library_folders); i++) {
		int n = *name == '/' ? snprintf(path, PATH_MAX, "%s", name)
				     : snprintf(path, PATH_MAX, "%s/%s", library_folders[i], name);

		if (n > 0 && n < PATH_MAX && !stat(path, st) && S_ISREG(st->st_mode))
			return true;
		if (*name == '/' || strchr(name, '/'))
			break;
	}
	return false;
}

const char *
registry_library(const char *name, struct twz_arena *arena)
{
	char path[PATH_MAX], real[PATH_MAX];
	struct stat st;

	return find_library(name, path, &st) && registry_real(path, real, NULL) ? twz_strdup(arena, real) : NULL;
}

/*
 * libNAME.so.1, where other characters than a service's name may have are '_' in @name. The number in
 * libyaml-0.so.2 and libpng16.so.16 need not be said.
 */
static bool
is_library_for(const char *file, const char *name)
{
	if (strncmp(file, "lib", 3) != 0)
		return false;
	for (file += 3; *name; file++, name++)
		if (*file != *name && (*name != '_' || !*file || isalnum((unsigned char)*file)))
			return false;
	while (strncmp(file, ".so.", 4) != 0 && *file && strchr("-.0123456789", *file))
		file++;
	return !strncmp(file, ".so.", 4);
}

const char *
registry_library_for(const char *name, struct twz_arena *arena)
{
	const char *best = NULL;

	for (size_t i = 0; i < TWZ_COUNT(library_folders) && !best; i++) {
		DIR *folder = opendir(library_folders[i]);
		const struct dirent *entry;

		/* The shortest is the one that programs are linked with: libz.so.1, not libz.so.1.2.13. */
		while (folder && (entry = readdir(folder)))
			if (is_library_for(entry->d_name, name) && (!best || strlen(entry->d_name) < strlen(best)))
				best = twz_strdup(arena, entry->d_name);
		if (folder)
			closedir(folder);
	}
	return best;
}

static const char *
service_name(const char *file, struct twz_arena *arena)
{
	size_t n = strlen(file), tail = sizeof(suffix) - 1;
	const char *name;

	if (n <= tail || strcmp(file + n - tail, suffix))
		return NULL;
	name = twz_strndup(arena, file, n - tail);
	return name[strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789")] ? NULL
														   : name;
}

static void
closedirp(DIR **dir)
{
	if (*dir)
		closedir(*dir);
}

/* A gates file, and which file its library is: two paths may lead to it. */
struct candidate {
	struct registry_gates gates;
	bool installed;
	dev_t dev;
	ino_t ino;
};

struct candidates {
	struct twz_arena *arena;
	struct candidate *all;
	size_t n;
	const struct stat *only;	/* the paths of other libraries are not asked for; NULL: all are */
};

static int
by_name(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;

	return strcmp(x->gates.name, y->gates.name);
}

static bool
is_taken(const struct candidates *c, const struct candidate *one)
{
	for (size_t i = 0; i < c->n; i++) {
		const struct candidate *other = &c->all[i];

		if (!strcmp(other->gates.name, one->gates.name) ||
		    (one->installed && other->installed && other->dev == one->dev && other->ino == one->ino))
			return true;
	}
	return false;
}

static struct candidate
candidate(const struct candidates *c, const char *name, const char *file, const char *library)
{
	struct candidate one = { .gates = { name, file, library, NULL } };
	char path[PATH_MAX], real[PATH_MAX];
	struct stat st;

	if (!find_library(library, path, &st))
		return one;
	one.installed = true;
	one.dev = st.st_dev;
	one.ino = st.st_ino;
	if ((!c->only || (st.st_dev == c->only->st_dev && st.st_ino == c->only->st_ino)) &&
	    registry_real(path, real, NULL))
		one.gates.path = twz_strdup(c->arena, real);
	return one;
}

/* Adds the gates files of one folder, in the order of their names. */
static void
add_files(struct candidates *c, const char *folder)
{
	TWZ_CLEANUP(closedirp) DIR *dir = opendir(folder);
	struct candidate *found = NULL;
	size_t nfound = 0;

	for (const struct dirent *entry; dir && (entry = readdir(dir));) {
		const char *name = service_name(entry->d_name, c->arena);
		const char *path = twz_format(c->arena, "%s/%s", folder, entry->d_name);
		const char *library = name ? library_line(path, c->arena) : NULL;

		if (library)
			twz_push(c->arena, found, nfound, candidate(c, name, path, library));
	}
	if (nfound)
		qsort(found, nfound, sizeof(*found), by_name);
	for (size_t i = 0; i < nfound; i++)
		if (!is_taken(c, &found[i]))
			twz_push(c->arena, c->all, c->n, found[i]);
}

static size_t
find_gates(const char *const *folders, const struct stat *only, struct twz_arena *arena,
	   const struct registry_gates **ret)
{
	const char *const *gates = gates_folders(folders, arena);
	struct candidates c = { .arena = arena, .only = only };
	struct registry_gates *all;

	for (; *gates; gates++)
		add_files(&c, *gates);
	*ret = all = twz_new_array(arena, c.n, struct registry_gates);
	for (size_t i = 0; i < c.n; i++)
		all[i] = c.all[i].gates;
	return c.n;
}

size_t
registry_gates(const char *const *folders, struct twz_arena *arena, const struct registry_gates **ret)
{
	return find_gates(folders, NULL, arena, ret);
}

const struct registry_gates *
registry_gates_named(const char *const *folders, const char *name, struct twz_arena *arena)
{
	const struct registry_gates *all;
	size_t n = registry_gates(folders, arena, &all);

	for (size_t i = 0; i < n; i++)
		if (!strcmp(all[i].name, name))
			return &all[i];
	return NULL;
}

const struct registry_gates *
registry_gates_of(const char *const *folders, const char *path, struct twz_arena *arena)
{
	const struct registry_gates *all;
	char real[PATH_MAX];
	struct stat st;
	size_t n;

	if (!registry_real(path, real, &st))
		return NULL;
	n = find_gates(folders, &st, arena, &all);
	for (size_t i = 0; i < n; i++)
		if (all[i].path && !strcmp(all[i].path, real))
			return &all[i];
	return NULL;
}

const char *
registry_gates_unused(const char *const *folders, const char *name, struct twz_arena *arena)
{
	const char *const *gates = gates_folders(folders, arena);
	const struct registry_gates *other;
	const char *file = NULL, *library, *path;

	for (; *gates && !file && name[0] && !strchr(name, '/'); gates++) {
		file = twz_format(arena, "%s/%s%s", *gates, name, suffix);
		if (access(file, F_OK))
			file = NULL;
	}
	if (!file)
		return NULL;
	library = library_line(file, arena);
	if (!library)
		return twz_format(arena, "%s names no library, as in: library libz.so.1", file);
	path = registry_library(library, arena);
	if (!path)
		return twz_format(arena, "%s is for %s, which is not installed", file, library);
	other = registry_gates_of(folders, path, arena);
	return other && strcmp(other->file, file)
		       ? twz_format(arena, "%s is already the service %s, by %s", library, other->name, other->file)
		       : NULL;
}
