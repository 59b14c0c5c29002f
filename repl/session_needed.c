/*
 * Where a service finds those whose gates it calls. One that the session has, loaded or in the folders, is
 * everybody's: it is called in the compartment that all call. A library that lies beside the caller's own file
 * only is the caller's: it gets a compartment of its own, PARENT::NAME, which nobody else can name. What a
 * service links is not asked for here: the loader puts it into the same compartment.
 */
#include <string.h>
#include <unistd.h>

#include "repl/session_inner.h"
#include "repl/sys.h"

/* libNAME.so beside the file of @parent. */
static bool
find_beside(const struct loaded *parent, const char *name, struct twz_arena *arena, const char **ret)
{
	const char *slash = strrchr(parent->path, '/');

	if (!slash || parent->here || strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") !=
				     strlen(name))
		return false;
	*ret = twz_format(arena, "%.*s/lib%s.so", (int)(slash - parent->path), parent->path, name);
	return !access(*ret, R_OK);
}

/* With the lock held: as the file is now. */
static bool
own(struct session *s, const struct loaded *parent, const char *name, const char *path, struct loaded **ret,
    struct twz_error *err)
{
	TWZ_ARENA arena = { 0 };
	const char *full = twz_format(&arena, "%s::%s", parent->name, name);
	struct loaded *l = session_loaded(s, full);

	if (!l || strcmp(l->path, path) || !session_is_current(l)) {
		if (!session_read(s, full, path, &l, err))
			return false;
		l->instance = true;
		session_add(s, l);
	}
	*ret = l;
	return true;
}

/* Whether everybody can call it by this name. */
static bool
is_known(struct session *s, const char *name)
{
	TWZ_ARENA arena = { 0 };
	const char *path;

	for (size_t i = 0; i < s->npreloads; i++)
		if (!strcmp(s->preloads[i].name, name))
			return true;
	return sys_builtin(name) || session_loaded(s, name) || registry_find(s->folders, name, &arena, &path);
}

bool
session_needed(void *data, const struct monitor_who *who, const char *name, const struct twz_service **ret,
	       struct twz_error *err)
{
	struct session *s = data;
	TWZ_ARENA arena = { 0 };
	const char *path;

	{
		WITH_LOCK(s);

		struct loaded *parent = is_known(s, name) ? NULL : session_loaded(s, who->service), *l;

		if (parent && find_beside(parent, name, &arena, &path)) {
			if (!own(s, parent, name, path, &l, err))
				return false;
			*ret = &l->service;
			return true;
		}
	}
	return session_callable(s, name, ret, err);
}
