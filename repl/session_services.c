/*
 * The services of a session: which there are, and what their files are now.
 *
 * Files change while a session runs. A service is looked at again each time it is asked for: when
 * its file is another one by now, it is read anew and gets a compartment of its own.
 */
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "repl/session_inner.h"
#include "repl/session_places.h"
#include "repl/sys.h"
#include "twz/nearest.h"

enum { COMPLETED_MAX = 2000 };

bool
session_registry(struct session *s, struct registry **ret, struct twz_error *err)
{
	const char *notice;

	if (!s->registry) {
		if (!registry_open(s->registry_path, &s->registry, err))
			return false;
		notice = registry_notice(s->registry);
		if (notice)
			s->output.write(s->output.data, notice);
	}
	*ret = s->registry;
	return true;
}

/* Has the file inspected if the registry does not know it as it is now. */
static bool
make_known(struct session *s, struct registry *reg, const char *path, struct twz_error *err)
{
	enum registry_state state;
	struct twz_error why = { 0 };

	if (!registry_check(reg, path, &state, err))
		return false;
	if (state == REGISTRY_FRESH || tool_register(s, path, &why))
		return true;
	/* A file that could be inspected only in part is known all the same. */
	if (why.cls == TWZ_CLASS_LINK && registry_check(reg, path, &state, NULL) &&
	    state == REGISTRY_FRESH)
		return true;
	if (err && err->cls == TWZ_CLASS_NONE)
		*err = why;
	return false;
}

/*
 * Not so when a library was registered before there was a gates file for it, or when another gates file
 * goes before that one now.
 */
static bool
has_its_gates(struct session *s, const struct twz_service *service)
{
	const char *by = service->debug_path ? service->debug_path : "", *end = strrchr(by, '.');
	const struct registry_gates *gates;
	TWZ_ARENA arena = { 0 };
	bool marked = false;

	for (uint32_t i = 0; i < service->ngates && !marked; i++)
		marked = service->gates[i].has_record;
	if (marked && (!end || strcmp(end, ".gates")))
		return true;
	gates = registry_gates_of(s->folders, service->path, &arena);
	return gates ? marked && !strcmp(gates->file, by) : !marked;
}

static bool
read_service(struct session *s, const char *path, struct twz_service *ret, struct twz_error *err)
{
	const struct twz_service *service;
	struct registry *reg;

	if (!session_registry(s, &reg, err) || !make_known(s, reg, path, err))
		return false;
	if (!registry_service(reg, path, &s->arena, &service, NULL)) {
		/* It was found damaged just now, or the file changed meanwhile: once more. */
		if (!make_known(s, reg, path, err) ||
		    !registry_service(reg, path, &s->arena, &service, err))
			return twz_hint(err, "TWZ_REGISTRY names the registry's file");
	}
	if (!has_its_gates(s, service) && (!tool_register(s, path, err) ||
					   !registry_service(reg, path, &s->arena, &service, err)))
		return false;
	*ret = *service;
	return true;
}

/*
 * A file goes by its own name, whatever it calls itself: or it could take another service's place,
 * rights and private folder.
 */
bool
session_read(struct session *s, const char *name, const char *path, struct loaded **ret,
	     struct twz_error *err)
{
	struct loaded *l = twz_new(&s->arena, struct loaded);

	if (stat(path, &l->file) != 0)
		return twz_fail_sys(err, errno, "%s", path);
	if (!read_service(s, path, &l->service, err))
		return false;
	l->name = twz_strdup(&s->arena, name);
	l->path = l->service.path;
	l->service.name = l->name;
	asks_resolve(s, l);
	l->gates = twz_new_array(&s->arena, l->service.ngates, struct session_gate *);
	*ret = l;
	return true;
}

void
session_add(struct session *s, struct loaded *l)
{
	l->next = s->loaded;
	__atomic_store_n(&s->loaded, l, __ATOMIC_RELEASE);	/* session_files() takes no lock */
}

bool
session_is_current(const struct loaded *l)
{
	struct stat now;

	return l->here || (stat(l->path, &now) == 0 && now.st_ino == l->file.st_ino &&
			   now.st_dev == l->file.st_dev && now.st_size == l->file.st_size &&
			   now.st_mtim.tv_sec == l->file.st_mtim.tv_sec &&
			   now.st_mtim.tv_nsec == l->file.st_mtim.tv_nsec);
}

/* Where a service is taken from: this process, SCTX_PRELOAD, the folders. */
static bool
find_path(struct session *s, const char *name, struct twz_arena *arena, const char **ret,
	  bool *here)
{
	*ret = monitor_here(name, arena);
	*here = *ret != NULL;
	for (size_t i = 0; !*ret && i < s->npreloads; i++)
		if (!strcmp(s->preloads[i].name, name))
			*ret = s->preloads[i].path;
	return *ret || registry_find(s->folders, name, arena, ret);
}

bool
session_known(struct session *s, const struct registry_file *file, struct twz_error *err)
{
	enum registry_state state = REGISTRY_UNKNOWN;
	const struct twz_service *service;
	struct registry *reg;
	TWZ_ARENA arena = { 0 };

	/* Of a library with a gates file more has to be looked at. */
	if (!strcmp(strrchr(file->path, '/') + 1, twz_format(&arena, "lib%s.so", file->name))) {
		WITH_LOCK(s);

		if (!session_registry(s, &reg, err) || !registry_check(reg, file->path, &state, err))
			return false;
	}
	return state == REGISTRY_FRESH || session_service(s, file->name, &service, err);
}

static int
by_name(const void *a, const void *b)
{
	const struct registry_file *x = a, *y = b;

	return strcmp(x->name, y->name);
}

/* Puts a file among the others; one of the same name gives way. */
static void
put_file(struct registry_file *all, size_t *n, const struct registry_file *file)
{
	size_t i = 0;

	while (i < *n && strcmp(all[i].name, file->name) != 0)
		i++;
	all[i] = *file;
	*n += i == *n;
}

size_t
session_files(struct session *s, struct twz_arena *arena, const struct registry_file **ret)
{
	const struct registry_file *found;
	size_t n = registry_list(s->folders, arena, &found), kept = 0, instances = 0;
	const struct loaded *first = __atomic_load_n(&s->loaded, __ATOMIC_ACQUIRE);
	struct registry_file *all;

	for (const struct loaded *l = first; l; l = l->next)
		instances += l->instance;
	all = twz_new_array(arena, n + s->npreloads + instances, struct registry_file);
	for (size_t i = 0; i < n; i++)
		all[kept++] = found[i];
	for (size_t i = 0; i < s->npreloads; i++)
		put_file(all, &kept, &s->preloads[i]);
	for (const struct loaded *l = first; l && instances; l = l->next)
		if (l->instance && !__atomic_load_n(&l->dropped, __ATOMIC_ACQUIRE))
			put_file(all, &kept, &(struct registry_file){ l->name, l->path });
	if (kept)
		qsort(all, kept, sizeof(*all), by_name);
	*ret = all;
	return kept;
}

size_t
session_names(void *data, struct twz_arena *arena, const char *const **ret)
{
	const struct registry_file *files;
	size_t n = session_files(data, arena, &files), kept = 0;
	const char **names = twz_new_array(arena, n + SYS_BUILTINS, const char *);
	size_t next = 0;

	for (size_t i = 0; i <= n; i++) {
		while (next < SYS_BUILTINS && (i == n || strcmp(sys_builtins[next]->name, files[i].name) <= 0))
			names[kept++] = sys_builtins[next++]->name;
		if (i < n && !sys_builtin(files[i].name))
			names[kept++] = files[i].name;
	}
	*ret = names;
	return kept;
}

static bool
not_found(struct session *s, const char *name, struct twz_error *err)
{
	TWZ_ARENA arena = { 0 };
	const char *bare = strncmp(name, "lib", 3) ? name : name + 3;
	const char *const *names, *near, *library = registry_library_for(bare, &arena);
	size_t n = session_names(s, &arena, &names);
	const char *unused = registry_gates_unused(s->folders, name, &arena);
	const struct registry_gates *files;

	twz_fail(err, TWZ_CLASS_NAME, TWZ_ERR(NAMING, NOT_FOUND), "no service '%s'", name);
	if (unused)
		return twz_hint(err, "%s", unused);
	for (size_t i = registry_gates(s->folders, &arena, &files); library && i-- > 0;)
		if (!strcmp(files[i].library, library))
			return twz_hint(err, "%s is the service %s, by %s", library, files[i].name, files[i].file);
	if (library)
		return twz_hint(err, "%s is installed; 'twz-inspect --gates %s --headers FILE' drafts the gates file "
				"that makes it a service", library, library);
	near = twz_nearest(bare, names, n);
	return near ? twz_hint(err, "did you mean %s?", near) : false;
}

struct loaded *
session_loaded(struct session *s, const char *name)
{
	struct loaded *l = s->loaded;

	while (l && (l->dropped || strcmp(l->name, name) != 0))
		l = l->next;
	return l;
}

/* The service called @name, read if need be. With the lock held. */
static bool
find_loaded(struct session *s, const char *name, struct loaded **ret, struct twz_error *err)
{
	TWZ_ARENA arena = { 0 };
	struct loaded *l = session_loaded(s, name);
	const char *path;
	bool here;

	if (!l || (!l->instance && !session_is_current(l))) {
		if (!find_path(s, name, &arena, &path, &here))
			return not_found(s, name, err);
		if (!session_read(s, name, path, &l, err))
			return false;
		l->here = here;
		session_add(s, l);
	}
	*ret = l;
	return true;
}

bool
session_service(struct session *s, const char *name, const struct twz_service **ret,
		struct twz_error *err)
{
	struct loaded *l = NULL;

	*ret = sys_builtin(name);
	if (*ret)
		return true;

	WITH_LOCK(s);

	if (!find_loaded(s, name, &l, err))
		return false;
	*ret = &l->service;
	return true;
}

bool
session_host_service(void *data, const char *name, const struct twz_service **ret, struct twz_error *err)
{
	return session_service(data, name, ret, err);
}

/* Of a service that is registered but was not needed yet. */
bool
session_host_gates(void *data, const char *service, const char *prefix, struct twz_arena *arena,
	   const struct twz_gate **ret, size_t *n)
{
	struct session *s = data;
	enum registry_state state;
	struct registry *reg;
	const char *path;
	bool here;

	WITH_LOCK(s);

	if (session_loaded(s, service) || sys_builtin(service) || !find_path(s, service, arena, &path, &here) ||
	    !session_registry(s, &reg, NULL) || !registry_check(reg, path, &state, NULL) ||
	    state != REGISTRY_FRESH)
		return false;
	*n = registry_complete(reg, path, prefix, false, COMPLETED_MAX, arena, ret);
	return *n;
}

bool
session_host_known(void *data, const char *name)
{
	struct session *s = data;
	enum registry_state state;
	TWZ_ARENA arena = { 0 };
	struct registry *reg;
	const char *path;
	bool here;

	WITH_LOCK(s);

	/* What does not exist is known not to. */
	if (session_loaded(s, name) || sys_builtin(name) || !find_path(s, name, &arena, &path, &here))
		return true;
	return session_registry(s, &reg, NULL) && registry_check(reg, path, &state, NULL) && state == REGISTRY_FRESH;
}

/* For services that call services, and for stubs: what is built in is for people, and has no compartment. */
bool
session_callable(void *data, const char *name, const struct twz_service **ret, struct twz_error *err)
{
	if (sys_builtin(name))
		return twz_fail(err, TWZ_CLASS_NAME, TWZ_ERR(GENERIC, NOT_SUPPORTED),
				"services cannot call the gates of %s", name);
	return session_service(data, name, ret, err);
}
