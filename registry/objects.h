/*
 * Names of objects, kept in the registry: a tree of namespaces whose leaves are ids, and links to other paths. A
 * path is names with '/' between them; one at the beginning changes nothing. Links on the way are followed; one at
 * the end is when something is looked up, and not when a name is made, moved or removed. Failures are of class GATE
 * with a NAMING code: INVALID_NAME, NOT_FOUND, ALREADY_EXISTS, WRONG_NAME_KIND, NOT_EMPTY or LINK_LOOP; or
 * ACCESS_DENIED for names that are built in.
 */
#pragma once

#include "registry/registry.h"
#include "twz/objid.h"

enum { REGISTRY_NAME_MAX = 255, REGISTRY_PATH_MAX = 4096, REGISTRY_LINKS_MAX = 32 };

/* The namespace that nobody can change: whoever embeds the registry says what is in it. */
#define REGISTRY_BUILT_IN "/initrd"

struct registry_object {
	const char *path;
	bool is_namespace;
	twz_id id;
	const char *kind;	/* what the object implements; "": nothing that is known */
	const char *target;	/* NULL, or the path that it is a link to */
};

/** What @path stands for when all links are followed, with '/' at its beginning; "": the root. It need not be there. */
TWZ_MUST bool registry_object_path(struct registry *reg, const char *path, struct twz_arena *arena,
				   const char **ret, struct twz_error *err);
/** Whether a path of registry_object_path() is built in. */
bool registry_object_is_built_in(const char *path);

/** Adds @object in a namespace that is there already. What a link stands for need not be there. */
TWZ_MUST bool registry_object_put(struct registry *reg, const struct registry_object *object,
				  struct twz_error *err);
/** The object called @path, in @arena. */
TWZ_MUST bool registry_object_get(struct registry *reg, const char *path, struct twz_arena *arena,
				  struct registry_object *ret, struct twz_error *err);
/** What is in the namespace @path, by name: @count at most, without the first @skip. */
TWZ_MUST bool registry_object_list(struct registry *reg, const char *path, int64_t skip, int64_t count,
				   struct twz_arena *arena, const struct registry_object **ret, size_t *n,
				   struct twz_error *err);
/** Removes a name; a namespace must be empty. */
TWZ_MUST bool registry_object_remove(struct registry *reg, const char *path, struct twz_error *err);
/** Moves a name, and what is in it, to one that is free. */
TWZ_MUST bool registry_object_rename(struct registry *reg, const char *from, const char *to,
				     struct twz_error *err);
/** Whether some name says that the object implements @kind. */
TWZ_MUST bool registry_object_implements(struct registry *reg, twz_id id, const char *kind, bool *ret,
					 struct twz_error *err);
