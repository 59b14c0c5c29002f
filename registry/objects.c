/* A namespace's content is one range of paths: '0' comes right after '/'. */
#include "registry/objects.h"

#include <string.h>

#include "registry/db.h"
#include "twz/json.h"

static bool
fail(struct twz_error *err, uint64_t code, const char *path, const char *what)
{
	return twz_fail(err, TWZ_CLASS_GATE, code, "%.200s: %s", path, what);
}

static bool
invalid(struct twz_error *err, const char *what)
{
	return twz_fail(err, TWZ_CLASS_GATE, TWZ_ERR(NAMING, INVALID_NAME), "%s", what);
}

static bool
is_name(const char *name, size_t n, struct twz_error *err)
{
	if (!n)
		return invalid(err, "a name is empty: one '/' between names, and none at the end");
	if (n > REGISTRY_NAME_MAX)
		return invalid(err, "a name is at most 255 bytes");
	if (!memcmp(name, "..", n < 2 ? n : 2) && n <= 2)
		return invalid(err, "'.' and '..' are no names");
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)name[i] < 0x20 || name[i] == 0x7f)
			return invalid(err, "a name has no control characters");
	return true;
}

/* The path with '/' at its beginning; "" is the root. */
static bool
clean(const char *path, struct twz_arena *arena, const char **ret, struct twz_error *err)
{
	size_t n = strlen(path);

	if (n > REGISTRY_PATH_MAX)
		return invalid(err, "a path is at most 4096 bytes");
	if (!twz_utf8_valid(path, n))
		return invalid(err, "a path is UTF-8");
	*ret = "";
	if (!strcmp(path, "/"))
		return true;
	path += *path == '/';
	*ret = twz_format(arena, "/%s", path);
	for (size_t at = 0, length; ; at += length + 1) {
		length = strcspn(path + at, "/");
		if (!is_name(path + at, length, err))
			return false;
		if (!path[at + length])
			return true;
	}
}

/* @found: false, without an error, when there is no such name. The root is always there. */
static bool
look(struct registry *reg, const char *path, struct twz_arena *arena, struct registry_object *ret,
     bool *found, struct twz_error *err)
{
	DB_STATEMENT *st = NULL;
	const unsigned char *id;

	*found = !*path || registry_object_is_built_in(path);
	*ret = (struct registry_object){ .path = path, .is_namespace = true, .kind = "" };
	if (*found)
		return true;
	if (!db_prepare(reg, "SELECT id, kind FROM object WHERE path = ?", &st, err))
		return false;
	db_bind(st, 1, path);
	if (!db_step(reg, st, found, err))
		return false;
	if (*found && sqlite3_column_type(st, 0) == SQLITE_NULL && *db_text(st, 1, arena) == '/') {
		ret->is_namespace = false;
		ret->target = db_text(st, 1, arena);
	}
	if (!*found || sqlite3_column_type(st, 0) == SQLITE_NULL)
		return true;
	id = sqlite3_column_blob(st, 0);
	if (sqlite3_column_bytes(st, 0) != 16)
		return db_nonsense(reg, err, "an id that is not 16 bytes");
	ret->is_namespace = false;
	for (int i = 0; i < 16; i++)
		ret->id = ret->id << 8 | id[i];
	ret->kind = db_text(st, 1, arena);
	return true;
}

bool
registry_object_is_built_in(const char *path)
{
	size_t n = strlen(REGISTRY_BUILT_IN);

	return !strncmp(path, REGISTRY_BUILT_IN, n) && (!path[n] || path[n] == '/');
}

/* The first link on the way, replaced by what it stands for; @more: there was one. */
static bool
follow_one(struct registry *reg, bool last, struct twz_arena *arena, const char **path, bool *more,
	   struct twz_error *err)
{
	struct registry_object o;
	bool found = true;

	*more = false;
	for (size_t at = 1; found && **path && !*more;) {
		size_t end = at + strcspn(*path + at, "/");

		if (!(*path)[end] && !last)
			return true;
		if (!look(reg, twz_strndup(arena, *path, end), arena, &o, &found, err))
			return false;
		if (found && o.target) {
			*path = twz_format(arena, "%s%s", strcmp(o.target, "/") ? o.target : "", *path + end);
			*more = true;
		}
		if (!(*path)[end] && !*more)
			return true;
		at = end + 1;
	}
	return strlen(*path) <= REGISTRY_PATH_MAX || invalid(err, "a path is at most 4096 bytes");
}

/* @last: one at the end is followed as well. */
static bool
follow(struct registry *reg, const char *path, bool last, struct twz_arena *arena, const char **ret,
       struct twz_error *err)
{
	bool more = true;

	if (!clean(path, arena, ret, err))
		return false;
	for (int links = 0; more; links++) {
		if (links > REGISTRY_LINKS_MAX)
			return fail(err, TWZ_ERR(NAMING, LINK_LOOP), path, "more than 32 links on the way");
		if (!follow_one(reg, last, arena, ret, &more, err))
			return false;
	}
	return true;
}

bool
registry_object_path(struct registry *reg, const char *path, struct twz_arena *arena, const char **ret,
		     struct twz_error *err)
{
	return follow(reg, path, true, arena, ret, err);
}

/* The path of a name that is to be made, moved or removed. */
static bool
own_path(struct registry *reg, const char *path, struct twz_arena *arena, const char **ret, struct twz_error *err)
{
	if (!follow(reg, path, false, arena, ret, err))
		return false;
	return !registry_object_is_built_in(*ret) ||
	       fail(err, TWZ_ERR(GENERIC, ACCESS_DENIED), *ret, "a name that is built in stays as it is");
}

static bool
is_there(struct registry *reg, const char *path, struct twz_arena *arena, struct registry_object *ret,
	 struct twz_error *err)
{
	bool found;

	if (!look(reg, path, arena, ret, &found, err))
		return false;
	return found || fail(err, TWZ_ERR(NAMING, NOT_FOUND), path, "there is no such name");
}

static bool
find(struct registry *reg, const char *path, struct twz_arena *arena, struct registry_object *ret,
     struct twz_error *err)
{
	return follow(reg, path, true, arena, &path, err) && is_there(reg, path, arena, ret, err);
}

/* Whether @path can be made: it is free, and what it is in is a namespace. */
static bool
is_free(struct registry *reg, const char *path, struct twz_arena *arena, struct twz_error *err)
{
	struct registry_object o;
	const char *above;
	bool found;

	if (!look(reg, path, arena, &o, &found, err))
		return false;
	if (found)
		return fail(err, TWZ_ERR(NAMING, ALREADY_EXISTS), *path ? path : "/", "there is such a name already");
	above = twz_strndup(arena, path, (size_t)(strrchr(path, '/') - path));
	if (!look(reg, above, arena, &o, &found, err))
		return false;
	if (!found)
		return fail(err, TWZ_ERR(NAMING, NOT_FOUND), above, "there is no such namespace");
	return o.is_namespace || fail(err, TWZ_ERR(NAMING, WRONG_NAME_KIND), above, "an object, no namespace");
}

static bool
is_kind(const char *kind, struct twz_error *err)
{
	return *kind == '/' ? invalid(err, "a kind does not begin with '/'") : is_name(kind, strlen(kind), err);
}

static void
bind_id(sqlite3_stmt *st, int column, twz_id id)
{
	unsigned char bytes[16];

	for (int i = 15; i >= 0; i--, id >>= 8)
		bytes[i] = (unsigned char)id;
	sqlite3_bind_blob(st, column, bytes, sizeof(bytes), SQLITE_TRANSIENT);
}

bool
registry_object_put(struct registry *reg, const struct registry_object *object, struct twz_error *err)
{
	DB_TRANSACTION t = { NULL };
	DB_STATEMENT *st = NULL;
	TWZ_ARENA arena = { 0 };
	const char *path, *target = NULL;

	if ((object->target && !clean(object->target, &arena, &target, err)) ||
	    (*object->kind && !is_kind(object->kind, err)))
		return false;
	if (!db_writer(reg, err) || !db_begin(reg, &t, err) || !own_path(reg, object->path, &arena, &path, err) ||
	    !is_free(reg, path, &arena, err) ||
	    !db_prepare(reg, "INSERT INTO object VALUES (?, ?, ?)", &st, err))
		return false;
	db_bind(st, 1, path);
	if (!object->is_namespace && !target)
		bind_id(st, 2, object->id);
	db_bind(st, 3, target ? (*target ? target : "/") : object->kind);
	return db_run(reg, st, err) && db_commit(&t, err);
}

bool
registry_object_get(struct registry *reg, const char *path, struct twz_arena *arena,
		    struct registry_object *ret, struct twz_error *err)
{
	if (!find(reg, path, arena, ret, err))
		return false;
	return !ret->is_namespace || fail(err, TWZ_ERR(NAMING, WRONG_NAME_KIND), *ret->path ? ret->path : "/",
					  "a namespace, no object");
}

static bool
list_rows(struct registry *reg, sqlite3_stmt *st, struct twz_arena *arena, const struct registry_object **ret,
	  size_t *n, struct twz_error *err)
{
	struct registry_object *all = NULL, one;
	bool row, found;

	*n = 0;
	while (db_step(reg, st, &row, err)) {
		if (!row) {
			*ret = all;
			return true;
		}
		if (!look(reg, db_text(st, 0, arena), arena, &one, &found, err))
			return false;
		if (found)
			twz_push(arena, all, *n, one);
	}
	return false;
}

bool
registry_object_list(struct registry *reg, const char *path, int64_t skip, int64_t count,
		     struct twz_arena *arena, const struct registry_object **ret, size_t *n,
		     struct twz_error *err)
{
	struct registry_object o;
	DB_STATEMENT *st = NULL;

	*ret = NULL;
	*n = 0;
	if (!find(reg, path, arena, &o, err))
		return false;
	if (!o.is_namespace)
		return fail(err, TWZ_ERR(NAMING, WRONG_NAME_KIND), o.path, "an object, no namespace");
	if (!db_prepare(reg, "SELECT path FROM object WHERE path > ?1 || '/' AND path < ?1 || '0'"
			     " AND instr(substr(path, length(?1) + 2), '/') = 0"
			     " ORDER BY path LIMIT ?3 OFFSET ?2", &st, err))
		return false;
	db_bind(st, 1, o.path);
	sqlite3_bind_int64(st, 2, skip);
	sqlite3_bind_int64(st, 3, count);
	return list_rows(reg, st, arena, ret, n, err);
}

bool
registry_object_remove(struct registry *reg, const char *path, struct twz_error *err)
{
	const struct registry_object *inside;
	DB_TRANSACTION t = { NULL };
	struct registry_object o;
	DB_STATEMENT *st = NULL;
	TWZ_ARENA arena = { 0 };
	size_t n = 0;

	if (!db_writer(reg, err) || !db_begin(reg, &t, err) || !own_path(reg, path, &arena, &path, err) ||
	    !is_there(reg, path, &arena, &o, err))
		return false;
	if (!*o.path)
		return invalid(err, "the root stays");
	if (o.is_namespace && !registry_object_list(reg, o.path, 0, 1, &arena, &inside, &n, err))
		return false;
	if (n)
		return fail(err, TWZ_ERR(NAMING, NOT_EMPTY), o.path, "there are names in it");
	if (!db_prepare(reg, "DELETE FROM object WHERE path = ?", &st, err))
		return false;
	db_bind(st, 1, o.path);
	return db_run(reg, st, err) && db_commit(&t, err);
}

/* No path inside of @from gets too long by being called @to. */
static bool
has_room(struct registry *reg, const char *from, const char *to, struct twz_error *err)
{
	DB_STATEMENT *st = NULL;
	bool row;

	if (!db_prepare(reg, "SELECT coalesce(max(length(CAST(path AS BLOB))), 0) FROM object"
			     " WHERE path > ?1 || '/' AND path < ?1 || '0'", &st, err))
		return false;
	db_bind(st, 1, from);
	if (!db_step(reg, st, &row, err))
		return false;
	return sqlite3_column_int64(st, 0) - (int64_t)strlen(from) + (int64_t)strlen(to) <= REGISTRY_PATH_MAX ||
	       invalid(err, "a path inside would be longer than 4096 bytes");
}

bool
registry_object_rename(struct registry *reg, const char *from, const char *to, struct twz_error *err)
{
	DB_TRANSACTION t = { NULL };
	struct registry_object o;
	DB_STATEMENT *st = NULL;
	TWZ_ARENA arena = { 0 };
	size_t n;

	if (!db_writer(reg, err) || !db_begin(reg, &t, err) || !own_path(reg, to, &arena, &to, err) ||
	    !own_path(reg, from, &arena, &from, err) || !is_there(reg, from, &arena, &o, err))
		return false;
	if (!*o.path)
		return invalid(err, "the root stays");
	n = strlen(o.path);
	if (!strncmp(to, o.path, n) && to[n] == '/')
		return invalid(err, "a namespace cannot be inside of itself");
	if (!is_free(reg, to, &arena, err) || !has_room(reg, o.path, to, err) ||
	    !db_prepare(reg, "UPDATE object SET path = ?2 || substr(path, length(?1) + 1)"
			     " WHERE path = ?1 OR (path > ?1 || '/' AND path < ?1 || '0')", &st, err))
		return false;
	db_bind(st, 1, o.path);
	db_bind(st, 2, to);
	return db_run(reg, st, err) && db_commit(&t, err);
}

bool
registry_object_implements(struct registry *reg, twz_id id, const char *kind, bool *ret,
			   struct twz_error *err)
{
	DB_STATEMENT *st = NULL;

	if (!db_prepare(reg, "SELECT 1 FROM object WHERE id = ? AND kind = ?", &st, err))
		return false;
	bind_id(st, 1, id);
	db_bind(st, 2, kind);
	return db_step(reg, st, ret, err);
}
