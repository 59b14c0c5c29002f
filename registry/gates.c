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

const char *
registry_library(const char *name, struct twz_arena *arena)
{
	char path[PATH_MAX], real[PATH_MAX];
	struct stat st;

	for (size_t i = 0; i < TWZ_COUNT(library_folders); i++) {
		int n = *name == '/' ? snprintf(path, sizeof(path), "%s", name)
				     : snprintf(path, sizeof(path), "%s/%s", library_folders[i], name);

		if (n > 0 && (size_t)n < sizeof(path) && realpath(path, real) && !stat(real, &st) &&
		    S_ISREG(st.st_mode))
			return twz_strdup(arena, real);
		if (*name == '/' || strchr(name, '/'))
			break;
	}
	return NULL;
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

static int
by_name(const void *a, const void *b)
{
	const struct registry_gates *x = a, *y = b;

	return strcmp(x->name, y->name);
}

/* Adds the gates files of one folder, in the order of their names. */
static void
add_files(const char *folder, struct twz_arena *arena, struct registry_gates **all, size_t *n)
{
	TWZ_CLEANUP(closedirp) DIR *dir = opendir(folder);
	struct registry_gates *found = NULL;
	size_t nfound = 0;

	for (const struct dirent *entry; dir && (entry = readdir(dir));) {
		const char *name = service_name(entry->d_name, arena);
		const char *path = twz_format(arena, "%s/%s", folder, entry->d_name);
		const char *library = name ? library_line(path, arena) : NULL;
		struct registry_gates one = { name, path, library, NULL };

		if (!library)
			continue;
		one.path = registry_library(library, arena);
		twz_push(arena, found, nfound, one);
	}
	if (nfound)
		qsort(found, nfound, sizeof(*found), by_name);
	for (size_t i = 0; i < nfound; i++) {
		bool taken = false;

		for (size_t k = 0; k < *n && !taken; k++)
			taken = !strcmp((*all)[k].name, found[i].name) ||
				(found[i].path && (*all)[k].path && !strcmp((*all)[k].path, found[i].path));
		if (!taken)
			twz_push(arena, *all, *n, found[i]);
	}
}

size_t
registry_gates(const char *const *folders, struct twz_arena *arena, const struct registry_gates **ret)
{
	const char *const *gates = gates_folders(folders, arena);
	struct registry_gates *all = NULL;
	size_t n = 0;

	for (; *gates; gates++)
		add_files(*gates, arena, &all, &n);
	*ret = all;
	return n;
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
	size_t n;

	if (!realpath(path, real))
		return NULL;
	n = registry_gates(folders, arena, &all);
	for (size_t i = 0; i < n; i++)
		if (all[i].path && !strcmp(all[i].path, real))
			return &all[i];
	return NULL;
}
