/*
 * Opening the registry.
 *
 * It is opened at the start of every `twz -c`, so the usual case (a file of today's schema) is one
 * open and one statement. Everything else is rare and may cost: making the folder, the schema, a
 * migration, setting a damaged file aside.
 *
 * The write-ahead log and its index stay beside the file when the last process closes it, because
 * making and removing them costs more than all our reading, and because a registry in a folder that
 * cannot be written is readable only with them. A writer empties the log itself when it is done.
 *
 * A registry that cannot be written is still read. A damaged one is worth nothing: all of it but
 * the granted rights comes from the services' files, so it is set aside and filled again.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "registry/db.h"

static const char where_hint[] = "name a file that can be written in TWZ_REGISTRY";

/* $XDG_DATA_HOME/twz, else ~/.local/share/twz; NULL when there is no home. */
static const char *
data_folder(struct twz_arena *arena)
{
	const char *data = getenv("XDG_DATA_HOME"), *home = getenv("HOME");

	if (data && *data == '/')
		return twz_format(arena, "%s/twz", data);
	if (home && *home == '/')
		return twz_format(arena, "%s/.local/share/twz", home);
	return NULL;
}

bool
registry_path(struct twz_arena *arena, const char **ret, struct twz_error *err)
{
	const char *path = getenv("TWZ_REGISTRY"), *folder;

	if (path && *path) {
		*ret = twz_strdup(arena, path);
		return true;
	}
	folder = data_folder(arena);
	if (!folder) {
		twz_fail(err, TWZ_CLASS_LINK, TWZ_ERR(NAMING, NOT_FOUND),
			 "no place for the registry: HOME and XDG_DATA_HOME are not set");
		return twz_hint(err, "%s", where_hint);
	}
	*ret = twz_format(arena, "%s/registry.db", folder);
	return true;
}

/* Makes the folders on the way to @path that are missing. */
static bool
make_folders(const char *path, struct twz_error *err)
{
	TWZ_FREE char *copy = strdup(path);

	if (!copy)
		return twz_fail_sys(err, ENOMEM, "registry %s", path);
	for (char *slash = copy + 1; (slash = strchr(slash, '/')); slash++) {
		int why;

		*slash = '\0';
		why = mkdir(copy, 0700) ? errno : 0;
		if (why && why != EEXIST && access(copy, X_OK) != 0) {
			twz_fail_sys(err, why, "registry %s: cannot make the folder %s", path,
				     copy);
			return twz_hint(err, "%s", where_hint);
		}
		*slash = '/';
	}
	return true;
}

static const char *
folder_of(const char *path, struct twz_arena *arena)
{
	const char *slash = strrchr(path, '/');

	return slash ? twz_strndup(arena, path, (size_t)(slash - path) + (slash == path)) : ".";
}

bool
registry_folders_of(const char *path, struct twz_arena *arena, const char *const **ret, struct twz_error *err)
{
	const char **folders = NULL;
	char real[PATH_MAX];
	size_t n = 0;

	if ((!path && !registry_path(arena, &path, err)) || !make_folders(path, err))
		return false;
	twz_push(arena, folders, n, folder_of(path, arena));
	if (realpath(path, real))
		twz_push(arena, folders, n, folder_of(real, arena));
	twz_push(arena, folders, n, NULL);
	*ret = folders;
	return true;
}

/* sqlite would make it readable for everybody. */
static bool
make_file(const char *path, struct twz_error *err)
{
	if (!make_folders(path, err))
		return false;

	TWZ_CLOSE int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0) {
		twz_fail_sys(err, errno, "registry %s: cannot make it", path);
		return twz_hint(err, "%s", where_hint);
	}
	return true;
}

static bool
open_database(struct registry *reg, const char *name, int flags, struct twz_error *err)
{
	int on = 1;

	if (sqlite3_open_v2(name, &reg->db, flags | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK) {
		if (reg->db)
			return db_fail(reg, err, "open");
		return twz_fail_sys(err, ENOMEM, "registry %s", reg->path);
	}
	sqlite3_busy_timeout(reg->db, REGISTRY_BUSY_MS);
	sqlite3_file_control(reg->db, "main", SQLITE_FCNTL_PERSIST_WAL, &on);
	return true;
}

static void
close_database(struct registry *reg)
{
	db_finalize(&reg->find_file);
	db_finalize(&reg->find_gate);
	db_finalize(&reg->find_order);
	db_finalize(&reg->find_name);
	reg->find_file = reg->find_gate = reg->find_order = reg->find_name = NULL;
	reg->can_write = false;
	sqlite3_close(reg->db);
	reg->db = NULL;
}

/*
 * The last way to read a file whose folder cannot be written and that has no log: nobody can change
 * it, so sqlite may leave out all locking.
 */
static bool
open_unchanging(struct registry *reg, struct twz_error *err)
{
	TWZ_ARENA arena = { 0 };
	char *uri = twz_alloc(&arena, strlen(reg->path) * 3 + sizeof("file:?immutable=1"));
	char *end = stpcpy(uri, "file:");

	for (const char *p = reg->path; *p; p++)
		end += sprintf(end, strchr("?#%", *p) ? "%%%02x" : "%c", (unsigned char)*p);
	strcpy(end, "?immutable=1");
	close_database(reg);
	return open_database(reg, uri, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, err);
}

/*
 * The log is a property of the file: it is set once. Somebody else may be doing it right now. A new file gets it from
 * the first writer that is done (db_empty_log()): where nothing is to be kept, what would go to the log and from there
 * to the file can go to the file at once.
 */
static bool
use_log(struct registry *reg, struct twz_error *err)
{
	for (int tries = 0; tries < REGISTRY_BUSY_MS / 10; tries++) {
		int result = sqlite3_exec(reg->db, "PRAGMA journal_mode = WAL", NULL, NULL, NULL);

		if (result == SQLITE_OK)
			return true;
		if (result != SQLITE_BUSY)
			break;
		sqlite3_sleep(10);
	}
	return db_fail(reg, err, "set up");
}

/* False for a database of another program. Schema and application id were written together. */
static bool
check_is_registry(struct registry *reg, struct twz_error *err)
{
	int64_t things, application;

	if (!db_number(reg, "SELECT count(*) FROM sqlite_schema", &things, err) ||
	    !db_number(reg, "PRAGMA application_id", &application, err))
		return false;
	if (!things || application == REGISTRY_APPLICATION)
		return true;
	twz_fail(err, TWZ_CLASS_LINK, TWZ_ERR(ARGUMENT, WRONG_TYPE),
		 "%s is a database of another program, no registry", reg->path);
	return twz_hint(err, "name another file in TWZ_REGISTRY");
}

/* Brings an empty file, or one of an older schema, to today's. */
static bool
migrate(struct registry *reg, bool is_new, struct twz_error *err)
{
	DB_TRANSACTION t = { NULL };
	TWZ_ARENA arena = { 0 };
	int64_t version;

	/*
	 * Of what is made empty nothing is lost: it need not reach the disk step by step. The size of pages is a property
	 * of the file: with sqlite's usual one of 4 KiB it writes ten thousand gates in twice as many pieces.
	 */
	if (!check_is_registry(reg, err) ||
	    !(is_new ? db_exec(reg, "PRAGMA synchronous = OFF; PRAGMA page_size = 8192", err) : use_log(reg, err)) ||
	    !db_begin(reg, &t, err) ||
	    !db_number(reg, "PRAGMA user_version", &version, err))
		return false;
	if (version == REGISTRY_SCHEMA)
		return true;	/* another process was faster */
	if (version > REGISTRY_SCHEMA)
		return db_other_schema(reg, version, err);
	if (!version && !db_exec(reg, registry_schema, err))
		return false;
	for (; version && version < REGISTRY_SCHEMA; version++)
		if (!db_exec(reg, registry_steps[version - 1], err))
			return false;
	return db_exec(reg, twz_format(&arena, "PRAGMA application_id = %d;"
					       " PRAGMA user_version = %d",
				       REGISTRY_APPLICATION, REGISTRY_SCHEMA), err) &&
	       db_commit(&t, err);
}

static bool
check_schema(struct registry *reg, int64_t version, struct twz_error *err)
{
	if (version == REGISTRY_SCHEMA)
		return true;
	if (version >= 0 && version < REGISTRY_SCHEMA && !reg->as_it_is)
		return migrate(reg, !version, err) && db_exec(reg, "PRAGMA synchronous = FULL", err);
	return check_is_registry(reg, err) && db_other_schema(reg, version, err);
}

/* Opens the file, once: a damaged one makes it fail with reg->damaged set. */
static bool
attach(struct registry *reg, struct twz_error *err)
{
	struct twz_error first = { 0 };
	struct stat st;
	int64_t version;

	if (reg->as_it_is && stat(reg->path, &st) != 0)
		return twz_fail(err, TWZ_CLASS_LINK, TWZ_ERR(NAMING, NOT_FOUND),
				"registry %s: there is none", reg->path);
	if (stat(reg->path, &st) != 0 && (!make_file(reg->path, err) || stat(reg->path, &st) != 0))
		return twz_fail_sys(err, errno, "registry %s", reg->path);
	reg->inode = st.st_ino;
	reg->damaged = false;
	if (!S_ISREG(st.st_mode)) {
		twz_fail(err, TWZ_CLASS_LINK, TWZ_ERR(NAMING, WRONG_NAME_KIND),
			 "registry %s: not a file", reg->path);
		return twz_hint(err, "%s", where_hint);
	}
	if (open_database(reg, reg->path, SQLITE_OPEN_READWRITE, &first) &&
	    db_number(reg, "PRAGMA user_version", &version, &first))
		return check_schema(reg, version, err);
	if (!reg->damaged && st.st_size > 0 && access(reg->path, R_OK) == 0 &&
	    open_unchanging(reg, NULL) && db_number(reg, "PRAGMA user_version", &version, NULL))
		return check_schema(reg, version, err);
	if (err)
		*err = first;
	return false;
}

/* Gives the file and its log a free name; the log's index is worthless without them. */
static bool
set_aside(const char *path, struct twz_arena *arena, const char **ret, struct twz_error *err)
{
	for (int n = 1; n < 1000; n++) {
		const char *aside = twz_format(arena, "%s.damaged-%d", path, n);

		if (link(path, aside) != 0) {
			if (errno == EEXIST)
				continue;
			return twz_fail_sys(err, errno, "registry %s: cannot set it aside", path);
		}
		rename(twz_format(arena, "%s-wal", path), twz_format(arena, "%s-wal", aside));
		unlink(twz_format(arena, "%s-shm", path));
		if (unlink(path) != 0)
			return twz_fail_sys(err, errno, "registry %s: cannot set it aside", path);
		*ret = aside;
		return true;
	}
	return twz_fail(err, TWZ_CLASS_LINK, TWZ_ERR(NAMING, ALREADY_EXISTS),
			"registry %s: too many damaged files beside it", path);
}

/*
 * Two processes may find the damage at once. Each takes the lock of the file that it found damaged;
 * whoever then sees another file under the name came second and just opens that.
 */
static bool
replace_damaged(struct registry *reg, struct twz_error *err)
{
	TWZ_ARENA arena = { 0 };
	TWZ_CLOSE int lock = -1;
	const char *aside = NULL;
	struct stat st;

	lock = open(reg->path, O_RDONLY | O_CLOEXEC);
	if (lock < 0 || flock(lock, LOCK_EX) != 0)
		return errno == ENOENT || twz_fail_sys(err, errno, "registry %s", reg->path);
	if (stat(reg->path, &st) != 0 || st.st_ino != reg->inode)
		return true;
	if (!set_aside(reg->path, &arena, &aside, err))
		return false;
	free(reg->notice);
	if (asprintf(&reg->notice, "the registry was damaged; it is kept as %s and filled again",
		     aside) < 0)
		reg->notice = NULL;
	return true;
}

bool
registry_recover(struct registry *reg, struct twz_error *err)
{
	struct twz_error failure = { 0 };

	if (!reg->damaged || reg->as_it_is)
		return false;
	close_database(reg);
	if (replace_damaged(reg, &failure) && attach(reg, &failure)) {
		if (err)
			*err = failure;
		return true;
	}
	if (err)
		*err = failure;
	if (!reg->db)	/* nothing may find it missing */
		sqlite3_open_v2(":memory:", &reg->db, SQLITE_OPEN_READWRITE, NULL);
	return false;
}

static void
close_registryp(struct registry **reg)
{
	registry_close(*reg);
}

static bool
open_registry(const char *path, bool as_it_is, struct registry **ret, struct twz_error *err)
{
	TWZ_CLEANUP(close_registryp) struct registry *reg = calloc(1, sizeof(*reg));
	TWZ_ARENA arena = { 0 };

	if (!path && !registry_path(&arena, &path, err))
		return false;
	if (!reg || !(reg->path = strdup(path)))
		return twz_fail_sys(err, ENOMEM, "registry %s", path);
	reg->as_it_is = as_it_is;
	if (!attach(reg, err) && !registry_recover(reg, err))
		return false;
	*ret = twz_steal(&reg);
	return true;
}

void
registry_unlimited(void)
{
	sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

bool
registry_open(const char *path, struct registry **ret, struct twz_error *err)
{
	return open_registry(path, false, ret, err);
}

bool
registry_open_as_it_is(const char *path, struct registry **ret, struct twz_error *err)
{
	return open_registry(path, true, ret, err);
}

const char *
registry_where(const struct registry *reg)
{
	return reg->path;
}

void
registry_close(struct registry *reg)
{
	if (!reg)
		return;
	close_database(reg);
	free(reg->path);
	free(reg->notice);
	free(reg);
}

const char *
registry_notice(const struct registry *reg)
{
	return reg->notice;
}
