/*
 * Compartments that somebody asks for by name: instances made by sys::load, and those of SCTX_PRELOAD.
 *
 * An instance is a service of the session like any other, under the name that it was given: a file that
 * is loaded twice is two services with two compartments. A name that the folders have already stays theirs,
 * or a file could take another service's place, rights and private folder.
 */
#include <ctype.h>
#include <limits.h>
#include <string.h>

#include "repl/session_inner.h"

enum { DUPS = 1000 };

/* -- names and files --------------------------------------------------------------------------- */

static const char *
last_part(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* libNAME.so is NAME; anything else is its own name. */
static const char *
name_of_file(const char *path, struct twz_arena *arena)
{
	const char *file = last_part(path);
	size_t n = strlen(file);

	if (n > 6 && !strncmp(file, "lib", 3) && !strcmp(file + n - 3, ".so"))
		return twz_strndup(arena, file + 3, n - 6);
	return twz_strdup(arena, file);
}

static bool
is_name(const char *text)
{
	if (!isalpha((unsigned char)*text) && *text != '_')
		return false;
	while (isalnum((unsigned char)*text) || *text == '_')
		text++;
	return !*text && strlen(text) < 100;
}

/* A path, a file or a service in the folders, a file here. */
static bool
find_file(struct session *s, const char *what, struct twz_arena *arena, const char **ret,
	  struct twz_error *err)
{
	char real[PATH_MAX];

	if (!strchr(what, '/') && registry_find(s->folders, name_of_file(what, arena), arena, ret))
		return true;
	if (realpath(what, real)) {
		*ret = twz_strdup(arena, real);
		return true;
	}
	twz_fail(err, TWZ_CLASS_LINK, TWZ_ERR(NAMING, NOT_FOUND), "there is no %s", what);
	return twz_hint(err, "give a path, or the name of a service in TWZ_PATH");
}

/* Takes "NAME::FILE" apart. */
static bool
read_what(struct session *s, const struct session_load *load, struct twz_arena *arena,
	  const char **name, const char **path, struct twz_error *err)
{
	const char *colons = strstr(load->what, "::");
	const char *file = colons ? colons + 2 : load->what;

	if (!find_file(s, file, arena, path, err))
		return false;
	*name = load->name ? load->name
		: colons   ? twz_strndup(arena, load->what, (size_t)(colons - load->what))
			   : name_of_file(*path, arena);
	/* libz.so.1.2.13 is known by the name of its gates file. */
	if (!load->name && !colons && !is_name(*name))
		*name = name_of_file(file, arena);
	if (is_name(*name))
		return true;
	twz_fail(err, TWZ_CLASS_LINK, TWZ_ERR(NAMING, INVALID_NAME),
		 "'%s' is no name for an instance", *name);
	return twz_hint(err, "give it one: sys::load NAME::%s", *path);
}

static bool
runs(struct session *s, const char *name)
{
	const struct loaded *l = session_loaded(s, name);

	return l && (l->busy || monitor_exists(s->monitor, &l->service));
}

/* Whether @name is free for the file at @path: nobody's, or that file's own in the folders. */
static bool
is_free(struct session *s, const char *name, const char *path, struct twz_arena *arena)
{
	const char *theirs;

	if (sys_builtin(name) || runs(s, name))
		return false;
	return !registry_find(s->folders, name, arena, &theirs) || !strcmp(theirs, path);
}

/* With the lock held: the name under which it is loaded. */
static bool
choose_name(struct session *s, bool dup, const char *path, struct twz_arena *arena,
	    const char **name, struct twz_error *err)
{
	const char *wish = *name;

	for (int i = 2; !is_free(s, *name, path, arena); i++) {
		if (!dup || i > DUPS) {
			struct loaded *l;

			/* That it is no service at all says more than that its name is taken. */
			if (!session_read(s, wish, path, &l, err))
				return false;
			twz_fail(err, TWZ_CLASS_LINK, TWZ_ERR(NAMING, ALREADY_EXISTS),
				 "there is a service or an instance '%s' already", wish);
			return twz_hint(err, "choose another name, or let --dup put a number behind it");
		}
		*name = twz_format(arena, "%s_%d", wish, i);
	}
	return true;
}

/* -- loading ----------------------------------------------------------------------------------- */

/* With the lock held. One that was dropped and has not changed is used again: nothing piles up. */
static bool
prepare(struct session *s, const char *name, const char *path, struct loaded **ret,
	struct twz_error *err)
{
	TWZ_ARENA arena = { 0 };
	struct loaded *l = s->loaded;
	const char *theirs;

	while (l && (strcmp(l->name, name) || strcmp(l->path, path) || !session_is_current(l)))
		l = l->next;
	if (l) {
		__atomic_store_n(&l->dropped, false, __ATOMIC_RELEASE);
		l->busy = true;
		*ret = l;
		return true;
	}
	if (!session_read(s, name, path, &l, err))
		return false;
	l->instance = !registry_find(s->folders, name, &arena, &theirs);
	l->busy = true;
	session_add(s, l);
	*ret = l;
	return true;
}

static void
drop(struct loaded *l)
{
	if (l->instance)
		__atomic_store_n(&l->dropped, true, __ATOMIC_RELEASE);
}

/* Starts it, and waits for its constructors; one that a debugger is to look at waits for that. */
static bool
start(struct session *s, const struct session_load *load, struct loaded *l, struct twz_error *err)
{
	struct monitor_id id;
	bool put_off;

	if (!monitor_load(s->monitor, &l->service, &load->options, &id, err))
		return false;
	if (monitor_wait(s->monitor, &l->service,
			 load->options.debug ? MONITOR_FLAG_STARTED : MONITOR_FLAG_READY,
			 load->timeout_ns, NULL, err))
		return true;
	(void)!monitor_unload(s->monitor, &l->service, l->instance, &put_off, NULL);
	return false;
}

bool
session_load(struct session *s, const struct session_load *load, const char **name,
	     struct twz_error *err)
{
	TWZ_ARENA arena = { 0 };
	struct loaded *l;
	const char *path;
	bool ok;

	if (!read_what(s, load, &arena, name, &path, err))
		return false;
	{
		WITH_LOCK(s);

		ok = choose_name(s, load->dup, path, &arena, name, err) &&
		     prepare(s, *name, path, &l, err);
	}
	if (!ok)
		return false;
	*name = l->name;
	ok = start(s, load, l, err);
	if (!ok)
		drop(l);
	{
		WITH_LOCK(s);

		l->busy = false;
	}
	return ok;
}

static struct loaded *
find_service(struct session *s, const struct twz_service *service)
{
	struct loaded *l = s->loaded;

	while (l && &l->service != service)
		l = l->next;
	return l;
}

/* The name is free when the compartment is gone, and nobody takes it meanwhile. */
bool
session_release(struct session *s, const struct twz_service *service, bool *put_off,
		struct twz_error *err)
{
	struct loaded *l;
	bool ok;

	{
		WITH_LOCK(s);

		l = find_service(s, service);
		if (l)
			l->busy = true;
	}
	if (!l)
		return twz_fail(err, TWZ_CLASS_NAME, TWZ_ERR(NAMING, NOT_FOUND), "no compartment '%s'",
				service->name);
	ok = monitor_unload(s->monitor, service, l->instance, put_off, err);

	WITH_LOCK(s);

	if (!monitor_exists(s->monitor, service))
		drop(l);
	l->busy = false;
	return ok;
}

bool
session_unload(struct session *s, const char *name, bool *put_off, struct twz_error *err)
{
	const struct twz_service *service;

	return session_named(s, name, &service, err) && session_release(s, service, put_off, err);
}

bool
session_named(struct session *s, const char *name, const struct twz_service **ret,
	      struct twz_error *err)
{
	const struct loaded *l;

	WITH_LOCK(s);

	l = session_loaded(s, name);
	if (l) {
		*ret = &l->service;
		return true;
	}
	twz_fail(err, TWZ_CLASS_NAME, TWZ_ERR(NAMING, NOT_FOUND), "no compartment '%s'", name);
	return twz_hint(err, "sys::compartments lists them; sys::load %s makes one", name);
}

/* -- SCTX_PRELOAD ------------------------------------------------------------------------------ */

/* One entry of SCTX_PRELOAD: a path, a file in the folders, or a service's name. */
static bool
find_preload(struct session *s, const char *entry, struct registry_file *ret, struct twz_error *err)
{
	char real[PATH_MAX];

	ret->name = name_of_file(entry, &s->arena);
	if (realpath(entry, real) && strchr(last_part(entry), '.')) {
		ret->path = twz_strdup(&s->arena, real);
		return true;
	}
	if (!strchr(entry, '/') && registry_find(s->folders, ret->name, &s->arena, &ret->path))
		return true;
	twz_fail(err, TWZ_CLASS_LINK, TWZ_ERR(NAMING, NOT_FOUND), "SCTX_PRELOAD: there is no %s",
		 entry);
	return twz_hint(err, "give a path, or the name of a service in TWZ_PATH");
}

bool
session_preload(struct session *s, struct twz_error *err)
{
	const char *listed = getenv("SCTX_PRELOAD");
	char *rest = listed ? twz_strdup(&s->arena, listed) : NULL, *entry;
	size_t first = s->npreloads;

	while ((entry = strsep(&rest, ": \t\n"))) {
		struct registry_file file;

		if (!*entry)
			continue;
		if (!find_preload(s, entry, &file, err))
			return false;
		twz_push(&s->arena, s->preloads, s->npreloads, file);
	}
	for (size_t i = first; i < s->npreloads; i++) {
		const struct twz_service *service;
		struct monitor_id id;

		if (!session_service(s, s->preloads[i].name, &service, err) ||
		    !monitor_load(s->monitor, service, NULL, &id, err))
			return twz_wrap(err, "SCTX_PRELOAD");
	}
	return true;
}
