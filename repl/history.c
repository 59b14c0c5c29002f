/*
 * The history file.
 *
 * A million entries must not slow a key down. So nothing is loaded at the start; going back reads one
 * entry by its number; and what begins with a prefix is looked for in two places, each with a bound:
 * among the newest entries, where the answer nearly always is, and by the index on the texts.
 *
 * The write-ahead log lets sessions read while one writes, and an entry is in the file when the write
 * returns. It is not waited for on its way to the disk: the machine may forget the last entries when its
 * power fails, but the file stays whole.
 */
#include "repl/history.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
	ENTRY_MAX = 64 << 10,		/* longer ones are not kept */
	NEWEST = 1000,			/* looked at for every prefix */
	INDEXED = 200,			/* looked at by the index */
	INDEXED_PREFIX = 3,		/* and for prefixes not shorter than this */
	BACK_MAX = 20000,		/* going back for a prefix */
	WORDS_MAX = 8,
	BUSY_MS = 1000,
	STOP_EVERY = 4000,		/* sqlite's instructions */
};

#define COLUMNS "id, at, coalesce(status, -1), coalesce(ns, -1), folder, text"

/* One row for each statement that is prepared when it is first used. */
#define STATEMENTS(X) \
	X(BEGIN, "INSERT INTO entry (at, folder, text) VALUES (?1, ?2, ?3)") \
	X(END, "UPDATE entry SET status = ?2, ns = ?3 WHERE id = ?1") \
	X(NEWEST_ID, "SELECT coalesce(max(id), 0) FROM entry") \
	X(OLDER, "SELECT " COLUMNS " FROM entry WHERE id < ?1 AND id > ?1 - ?4" \
		 " AND substr(text, 1, length(?2)) = ?2 AND text <> ?3 ORDER BY id DESC LIMIT 1") \
	X(NEWER, "SELECT " COLUMNS " FROM entry WHERE id > ?1 AND id < ?1 + ?4" \
		 " AND substr(text, 1, length(?2)) = ?2 AND text <> ?3 ORDER BY id LIMIT 1") \
	X(RECENT, "SELECT " COLUMNS " FROM entry WHERE id > ?1 - ?3 AND substr(text, 1, length(?2)) = ?2" \
		  " AND text <> ?2 ORDER BY id DESC") \
	X(INDEXED, "SELECT " COLUMNS " FROM (SELECT * FROM entry INDEXED BY entry_text" \
		   " WHERE text > ?1 AND text < ?1 || char(1114111) ORDER BY text LIMIT ?2) ORDER BY id DESC") \
	X(ALL, "SELECT " COLUMNS " FROM entry ORDER BY id DESC") \
	X(DROP, "DELETE FROM entry WHERE id <= (SELECT max(id) FROM entry) - ?1")

enum statement {
#define X(name, sql) STATEMENT_##name,
	STATEMENTS(X)
#undef X
	NSTATEMENTS
};

static const char *const statements[] = {
#define X(name, sql) sql,
	STATEMENTS(X)
#undef X
};

static const char schema[] =
	"PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA trusted_schema = OFF;"
	"CREATE TABLE IF NOT EXISTS entry ("
	" id INTEGER PRIMARY KEY, at INTEGER NOT NULL, status INTEGER, ns INTEGER,"
	" folder TEXT NOT NULL, text TEXT NOT NULL);"
	"CREATE INDEX IF NOT EXISTS entry_text ON entry (text)";

struct history_file {
	sqlite3 *db;
	const char *path;		/* "" in memory */
	sqlite3_stmt *prepared[NSTATEMENTS];
	struct twz_arena arena;
	bool (*stop)(void *data);	/* of the search that runs */
	void *stop_data;
};

/* -- the file ------------------------------------------------------------------------------------- */

bool
history_path(struct twz_arena *arena, const char **ret, struct twz_error *err)
{
	const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");

	/* The XDG specification: a path that is not absolute is to be ignored. */
	if (state && *state == '/')
		*ret = twz_format(arena, "%s/twz/history.db", state);
	else if (home && *home == '/')
		*ret = twz_format(arena, "%s/.local/state/twz/history.db", home);
	else
		return twz_fail(err, TWZ_CLASS_LINK, TWZ_ERR(NAMING, NOT_FOUND),
				"neither XDG_STATE_HOME nor HOME says where to keep it");
	return true;
}

/* Makes the folders of @path that do not exist, for the user only. */
static bool
make_folders(const char *path, struct twz_error *err)
{
	TWZ_FREE char *copy = strdup(path);

	if (!copy)
		return twz_fail_sys(err, ENOMEM, "make the folder of %s", path);
	for (char *p = strchr(copy + 1, '/'); p; p = strchr(p + 1, '/')) {
		*p = '\0';
		if (mkdir(copy, 0700) && errno != EEXIST)
			return twz_fail_sys(err, errno, "make the folder %s", copy);
		*p = '/';
	}
	return true;
}

/*
 * Makes the file before sqlite does, which would let others read it, and takes every right of others
 * away. What is not ours to change is left as it is.
 */
static bool
make_private(const char *path, struct twz_error *err)
{
	TWZ_CLOSE int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0600);
	TWZ_FREE char *folder = strdup(path);
	char *slash = folder ? strrchr(folder, '/') : NULL;
	struct stat st;

	if (fd < 0)
		return twz_fail_sys(err, errno, "open %s", path);
	if (fstat(fd, &st) || !S_ISREG(st.st_mode))
		return twz_fail(err, TWZ_CLASS_LINK, TWZ_ERR(ARGUMENT, WRONG_TYPE), "%s is not a file", path);
	if (st.st_mode & 077 && st.st_uid == geteuid())
		(void)!fchmod(fd, 0600);
	if (!slash || slash == folder)
		return true;
	*slash = '\0';
	if (!stat(folder, &st) && st.st_mode & 077 && st.st_uid == geteuid())
		(void)!chmod(folder, 0700);
	return true;
}

/*
 * One session at a time makes the file what it is to be: sqlite does not wait where two of them want to
 * give a new file its journal. It is the folder that is locked, because who closes a descriptor of the
 * file gives up sqlite's locks of it. A session that was stopped in between is not waited for for ever.
 */
static int
lock_folder(const char *path)
{
	const struct timespec pause = { .tv_nsec = 2000000 };
	TWZ_FREE char *folder = strdup(path);
	char *slash = folder ? strrchr(folder, '/') : NULL;
	int fd;

	if (!slash)
		return -1;
	slash[slash == folder] = '\0';
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (int i = 0; fd >= 0 && i < BUSY_MS / 2 && flock(fd, LOCK_EX | LOCK_NB); i++)
		nanosleep(&pause, NULL);
	return fd;
}

static bool
db_fail(const struct history_file *h, const char *what, struct twz_error *err)
{
	return twz_fail(err, TWZ_CLASS_LINK, TWZ_ERR(GENERIC, INTERNAL), "%s%s%s: %s", what,
			*h->path ? " " : "", h->path, sqlite3_errmsg(h->db));
}

static int
ask_stop(void *data)
{
	struct history_file *h = data;

	return h->stop && h->stop(h->stop_data);
}

static void
close_historyp(struct history_file **h)
{
	history_close(*h);
}

static sqlite3_stmt *
prepare(struct history_file *h, enum statement which)
{
	if (!h->prepared[which] &&
	    sqlite3_prepare_v3(h->db, statements[which], -1, SQLITE_PREPARE_PERSISTENT, &h->prepared[which],
			       NULL) != SQLITE_OK)
		return NULL;
	sqlite3_reset(h->prepared[which]);
	sqlite3_clear_bindings(h->prepared[which]);
	return h->prepared[which];
}

static bool
run(struct history_file *h, sqlite3_stmt *st, struct twz_error *err)
{
	int r = st ? sqlite3_step(st) : SQLITE_ERROR;

	/* A statement that is not reset holds the log, and other sessions could not tidy it. */
	if (st)
		sqlite3_reset(st);
	return r == SQLITE_DONE || r == SQLITE_ROW || db_fail(h, "write", err);
}

/* Entries beyond the bound; does nothing when there are none. */
static void
drop_oldest(struct history_file *h)
{
	sqlite3_stmt *st = prepare(h, STATEMENT_DROP);

	sqlite3_bind_int64(st, 1, HISTORY_KEPT);
	(void)!run(h, st, NULL);
}

bool
history_open(const char *path, struct history_file **ret, struct twz_error *err)
{
	TWZ_CLEANUP(close_historyp) struct history_file *h = calloc(1, sizeof(*h));
	TWZ_CLOSE int lock = -1;

	if (!h)
		return twz_fail_sys(err, ENOMEM, "open the history");
	h->path = path ? twz_strdup(&h->arena, path) : "";
	if (path && (!make_folders(path, err) || !make_private(path, err)))
		return false;
	lock = path ? lock_folder(path) : -1;
	if (sqlite3_open_v2(path ? path : ":memory:", &h->db,
			    SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK)
		return db_fail(h, "open", err);
	sqlite3_busy_timeout(h->db, BUSY_MS);
	if (sqlite3_exec(h->db, schema, NULL, NULL, NULL) != SQLITE_OK) {
		db_fail(h, "open", err);
		return twz_hint(err, "a file that is no history can be moved away");
	}
	sqlite3_progress_handler(h->db, STOP_EVERY, ask_stop, h);
	drop_oldest(h);
	*ret = twz_steal(&h);
	return true;
}

void
history_close(struct history_file *h)
{
	if (!h)
		return;
	for (size_t i = 0; i < NSTATEMENTS; i++)
		sqlite3_finalize(h->prepared[i]);
	sqlite3_close(h->db);
	twz_arena_free(&h->arena);
	free(h);
}

/* -- writing -------------------------------------------------------------------------------------- */

bool
history_began(struct history_file *h, const char *text, size_t n, int64_t *id, struct twz_error *err)
{
	TWZ_FREE char *folder = getcwd(NULL, 0);
	struct timespec now;
	sqlite3_stmt *st;

	*id = 0;
	if (!n || n > ENTRY_MAX || memchr(text, '\0', n))
		return true;
	clock_gettime(CLOCK_REALTIME, &now);
	st = prepare(h, STATEMENT_BEGIN);
	sqlite3_bind_int64(st, 1, (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000);
	sqlite3_bind_text(st, 2, folder ? folder : "", -1, SQLITE_STATIC);
	sqlite3_bind_text(st, 3, text, (int)n, SQLITE_STATIC);
	if (!run(h, st, err))
		return false;
	*id = sqlite3_last_insert_rowid(h->db);
	return true;
}

bool
history_ended(struct history_file *h, int64_t id, int status, int64_t ns, struct twz_error *err)
{
	sqlite3_stmt *st = prepare(h, STATEMENT_END);

	sqlite3_bind_int64(st, 1, id);
	sqlite3_bind_int(st, 2, status);
	sqlite3_bind_int64(st, 3, ns);
	return run(h, st, err);
}

/* -- reading -------------------------------------------------------------------------------------- */

static const char *
column_text(sqlite3_stmt *st, int column, struct twz_arena *arena)
{
	const unsigned char *text = sqlite3_column_text(st, column);

	/* The file may be anybody's by now: a text ends at its first NUL. */
	return text ? twz_strdup(arena, (const char *)text) : "";
}

static struct history_entry
read_entry(sqlite3_stmt *st, struct twz_arena *arena)
{
	return (struct history_entry){
		.id = sqlite3_column_int64(st, 0),
		.at = sqlite3_column_int64(st, 1),
		.status = sqlite3_column_int(st, 2),
		.ns = sqlite3_column_int64(st, 3),
		.folder = column_text(st, 4, arena),
		.text = column_text(st, 5, arena),
	};
}

static int64_t
newest_id(struct history_file *h)
{
	sqlite3_stmt *st = prepare(h, STATEMENT_NEWEST_ID);
	int64_t id = st && sqlite3_step(st) == SQLITE_ROW ? sqlite3_column_int64(st, 0) : 0;

	if (st)
		sqlite3_reset(st);
	return id;
}

static bool
neighbour(struct history_file *h, enum statement which, int64_t id, const char *prefix, const char *other,
	  struct twz_arena *arena, struct history_entry *ret)
{
	sqlite3_stmt *st = prepare(h, which);
	bool found;

	if (!st)
		return false;
	sqlite3_bind_int64(st, 1, id);
	sqlite3_bind_text(st, 2, prefix, -1, SQLITE_STATIC);
	sqlite3_bind_text(st, 3, other ? other : "", -1, SQLITE_STATIC);
	sqlite3_bind_int64(st, 4, BACK_MAX);
	found = sqlite3_step(st) == SQLITE_ROW;
	if (found)
		*ret = read_entry(st, arena);
	sqlite3_reset(st);
	return found;
}

bool
history_older(struct history_file *h, int64_t before, const char *prefix, const char *other,
	      struct twz_arena *arena, struct history_entry *ret)
{
	return neighbour(h, STATEMENT_OLDER, before ? before : newest_id(h) + 1, prefix, other, arena, ret);
}

bool
history_newer(struct history_file *h, int64_t after, const char *prefix, const char *other,
	      struct twz_arena *arena, struct history_entry *ret)
{
	return neighbour(h, STATEMENT_NEWER, after, prefix, other, arena, ret);
}

/* Entries with different texts, at most max of them. */
struct found {
	struct history_entry *entries;
	size_t n, max;
};

/* Adds the row that @st is at unless its text is there. False when there is no room for more. */
static bool
take(struct found *f, sqlite3_stmt *st, struct twz_arena *arena)
{
	const char *text = (const char *)sqlite3_column_text(st, 5);

	for (size_t i = 0; i < f->n; i++)
		if (text && !strcmp(f->entries[i].text, text))
			return true;
	twz_push(arena, f->entries, f->n, read_entry(st, arena));
	return f->n < f->max;
}

size_t
history_starting(struct history_file *h, const char *prefix, size_t max, struct twz_arena *arena,
		 const struct history_entry **ret)
{
	struct found found = { .max = max };
	sqlite3_stmt *st = prepare(h, STATEMENT_RECENT);

	sqlite3_bind_int64(st, 1, newest_id(h));
	sqlite3_bind_text(st, 2, prefix, -1, SQLITE_STATIC);
	sqlite3_bind_int64(st, 3, NEWEST);
	while (st && sqlite3_step(st) == SQLITE_ROW && take(&found, st, arena))
		continue;
	sqlite3_reset(st);
	st = strlen(prefix) >= INDEXED_PREFIX && found.n < max ? prepare(h, STATEMENT_INDEXED) : NULL;
	if (st) {
		sqlite3_bind_text(st, 1, prefix, -1, SQLITE_STATIC);
		sqlite3_bind_int64(st, 2, INDEXED);
		while (sqlite3_step(st) == SQLITE_ROW && take(&found, st, arena))
			continue;
		sqlite3_reset(st);
	}
	*ret = found.entries;
	return found.n;
}

/* Whether @text contains every one of the words; one that has no capital is found in either case. */
static bool
contains(const char *text, char *const *words, const bool *exact, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!(exact[i] ? strstr(text, words[i]) : strcasestr(text, words[i])))
			return false;
	return true;
}

static bool
has_upper(const char *word)
{
	for (; *word; word++)
		if (*word >= 'A' && *word <= 'Z')
			return true;
	return false;
}

size_t
history_search(struct history_file *h, const char *words, size_t max, bool (*stop)(void *data), void *data,
	       struct twz_arena *arena, const struct history_entry **ret)
{
	struct found found = { .max = max };
	char *copy = twz_strdup(arena, words), *rest = NULL, *word[WORDS_MAX];
	sqlite3_stmt *st = prepare(h, STATEMENT_ALL);
	bool exact[WORDS_MAX];
	size_t n = 0;

	for (char *w = strtok_r(copy, " \t", &rest); w && n < WORDS_MAX; w = strtok_r(NULL, " \t", &rest)) {
		exact[n] = has_upper(w);
		word[n++] = w;
	}
	h->stop = stop;
	h->stop_data = data;
	while (st && sqlite3_step(st) == SQLITE_ROW) {
		const char *text = (const char *)sqlite3_column_text(st, 5);

		if (text && contains(text, word, exact, n) && !take(&found, st, arena))
			break;
	}
	sqlite3_reset(st);
	h->stop = NULL;
	*ret = found.entries;
	return found.n;
}
