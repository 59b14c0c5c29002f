#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "registry/folders.h"
#include "registry/registry.h"

static const char prefix[] = "lib", suffix[] = ".so";

/* realpath() asks about each name on the way; the kernel knows the whole path of what is open. */
static bool
open_path(int fd, char real[PATH_MAX])
{
	static const char removed[] = " (deleted)";
	char name[32];
	ssize_t n;

	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	n = readlink(name, real, PATH_MAX);
	if (n <= 0 || n == PATH_MAX || *real != '/')
		return false;
	real[n] = '\0';
	n -= (ssize_t)sizeof(removed) - 1;
	return n < 0 || strcmp(real + n, removed);
}

bool
registry_real(const char *path, char real[PATH_MAX], struct stat *ret)
{
	TWZ_CLOSE int fd = open(path, O_PATH | O_CLOEXEC);

	if (fd < 0)
		return false;
	if (!open_path(fd, real) && !realpath(path, real))
		return false;
	return !ret || !fstat(fd, ret);
}

void
folders_add(struct folders *f, const char *path)
{
	char real[PATH_MAX];

	if (*path && registry_real(path, real, NULL))
		twz_push(f->arena, f->all, f->n, twz_strdup(f->arena, real));
}

void
folders_add_own(struct folders *f, const char *variable, const char *below)
{
	const char *data = getenv("XDG_DATA_HOME"), *home = getenv("HOME"), *listed = getenv(variable);

	if (listed && *listed) {
		char *rest = twz_strdup(f->arena, listed), *one;

		while ((one = strsep(&rest, ":")))
			folders_add(f, one);
	}
	if (data && *data == '/')
		folders_add(f, twz_format(f->arena, "%s/twz/%s", data, below));
	else if (home && *home == '/')
		folders_add(f, twz_format(f->arena, "%s/.local/share/twz/%s", home, below));
}

const char *const *
folders_end(struct folders *f)
{
	twz_push(f->arena, f->all, f->n, NULL);
	return f->all;
}

const char *const *
registry_folders(const char *installed, struct twz_arena *arena)
{
	struct folders f = { .arena = arena };

	folders_add_own(&f, "TWZ_PATH", "services");
	if (installed)
		folders_add(&f, installed);
	return folders_end(&f);
}

static bool
is_file(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

/* A service's name is one word of a path: nothing that could lead out of the folder. */
static bool
is_name(const char *name)
{
	return *name && *name != '.' && !strchr(name, '/') && strlen(name) < NAME_MAX - 6;
}

bool
registry_find(const char *const *folders, const char *name, struct twz_arena *arena,
	      const char **ret)
{
	const struct registry_gates *gates;
	const char *const *first = folders;

	if (!is_name(name))
		return false;
	for (; *folders; folders++) {
		char path[PATH_MAX];
		int n = snprintf(path, sizeof(path), "%s/%s%s%s", *folders, prefix, name, suffix);

		if (n < 0 || (size_t)n >= sizeof(path) || !is_file(path))
			continue;
		*ret = twz_strdup(arena, path);
		return true;
	}
	gates = registry_gates_named(first, name, arena);
	*ret = gates ? gates->path : NULL;
	return *ret;
}

/* NAME of libNAME.so, or NULL. */
static const char *
service_name(const char *file, struct twz_arena *arena)
{
	size_t n = strlen(file), around = sizeof(prefix) + sizeof(suffix) - 2;

	if (n <= around || strncmp(file, prefix, sizeof(prefix) - 1) != 0 ||
	    strcmp(file + n - (sizeof(suffix) - 1), suffix) != 0)
		return NULL;
	return twz_strndup(arena, file + sizeof(prefix) - 1, n - around);
}

struct found {
	struct registry_file file;
	size_t folder;		/* place in the list of folders */
};

static int
by_name(const void *a, const void *b)
{
	const struct found *x = a, *y = b;
	int order = strcmp(x->file.name, y->file.name);

	return order ? order : (x->folder > y->folder) - (x->folder < y->folder);
}

static void
closedirp(DIR **dir)
{
	if (*dir)
		closedir(*dir);
}

size_t
registry_list(const char *const *folders, struct twz_arena *arena, const struct registry_file **ret)
{
	const struct registry_gates *all;
	struct registry_file *files;
	struct found *found = NULL;
	size_t n = 0, kept = 0, gates;

	for (size_t i = 0; folders[i]; i++) {
		TWZ_CLEANUP(closedirp) DIR *dir = opendir(folders[i]);

		for (const struct dirent *entry; dir && (entry = readdir(dir));) {
			const char *name = service_name(entry->d_name, arena);
			const char *path = twz_format(arena, "%s/%s", folders[i], entry->d_name);

			if (name && is_name(name) && is_file(path))
				twz_push(arena, found, n, ((struct found){ { name, path }, i }));
		}
	}
	gates = registry_gates(folders, arena, &all);
	for (size_t i = 0; i < gates; i++)
		if (all[i].path)
			twz_push(arena, found, n, ((struct found){ { all[i].name, all[i].path }, SIZE_MAX }));
	if (n)
		qsort(found, n, sizeof(*found), by_name);
	files = twz_new_array(arena, n, struct registry_file);
	for (size_t i = 0; i < n; i++)
		if (!kept || strcmp(files[kept - 1].name, found[i].file.name) != 0)
			files[kept++] = found[i].file;
	*ret = files;
	return kept;
}
