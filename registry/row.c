#include "registry/row.h"

#include <string.h>

#include "registry/words.h"

/* More than any file has; less than what would exhaust memory. */
enum { MOST_ROWS = 1 << 22 };

static bool
row_count(struct registry *reg, int column, size_t *ret, struct twz_error *err)
{
	int64_t n = sqlite3_column_int64(reg->find_file, column);

	*ret = (size_t)n;
	return (n >= 0 && n <= MOST_ROWS) || db_nonsense(reg, err, "an impossible number of rows");
}

static const char *
text(struct registry *reg, int column)
{
	const char *found = (const char *)sqlite3_column_text(reg->find_file, column);

	return found ? found : "";
}

static bool
read_row(struct registry *reg, struct registry_row *r, struct twz_error *err)
{
	sqlite3_stmt *st = reg->find_file;
	int size = sqlite3_column_bytes(st, 7);

	if (size > TWZ_BUILD_ID_MAX)
		return db_nonsense(reg, err, "a build-id is too long");
	r->size = sqlite3_column_int64(st, 0);
	r->mtime_ns = sqlite3_column_int64(st, 1);
	r->inode = sqlite3_column_int64(st, 2);
	r->service = sqlite3_column_int64(st, 3);
	if (r->service < 0 || r->service > INT32_MAX)
		return db_nonsense(reg, err, "a service of an impossible number");
	r->name = text(reg, 4);
	r->version = text(reg, 5);
	r->doc = text(reg, 6);
	r->build_id_size = (uint32_t)size;
	r->build_id = sqlite3_column_blob(st, 7);
	r->partial = sqlite3_column_int(st, 8);
	r->all = sqlite3_column_int(st, 9);
	r->debug_path = (const char *)sqlite3_column_text(st, 10);
	r->debug_size = sqlite3_column_int64(st, 11);
	r->debug_mtime_ns = sqlite3_column_int64(st, 12);
	r->debug_inode = sqlite3_column_int64(st, 13);
	r->debug_dir = text(reg, 14);
	r->maker = text(reg, 15);
	r->asks = text(reg, 20);
	return row_count(reg, 16, &r->gates, err) && row_count(reg, 17, &r->aliases, err) &&
	       row_count(reg, 18, &r->types, err) && row_count(reg, 19, &r->members, err);
}

bool
row_find(struct registry *reg, const char *path, struct registry_row *ret, struct twz_error *err)
{
	*ret = (struct registry_row){ 0 };
	if (!reg->find_file &&
	    !db_prepare(reg, "SELECT size, mtime_ns, inode, id, name, version, doc, build_id, partial,"
			     " all_functions, debug_path, debug_size, debug_mtime_ns, debug_inode,"
			     " debug_dir, maker, gates, aliases, types, members, asks"
			     " FROM file JOIN service ON id = service WHERE path = ?1",
			&reg->find_file, err))
		return false;
	sqlite3_bind_text(reg->find_file, 1, path, -1, SQLITE_TRANSIENT);
	return db_step(reg, reg->find_file, &ret->found, err) &&
	       (!ret->found || read_row(reg, ret, err));
}

void
row_end(struct registry *reg)
{
	if (reg->find_file)
		sqlite3_reset(reg->find_file);
}

bool
row_is_current(const struct registry_row *row, const struct stat *file)
{
	return row->size == file->st_size && row->mtime_ns == words_mtime(file) &&
	       row->inode == (int64_t)file->st_ino;
}

bool
row_has_debug_file(const struct registry_row *row)
{
	struct stat file = { 0 };

	if (!row->debug_path || !*row->debug_path)
		return true;
	return stat(row->debug_path, &file) == 0 && row->debug_size == file.st_size &&
	       row->debug_mtime_ns == words_mtime(&file) && row->debug_inode == (int64_t)file.st_ino;
}

bool
row_is_from(const struct registry_row *row, const struct registry_source *source)
{
	return row->all >= source->all && source->maker && !strcmp(row->maker, source->maker) &&
	       !strcmp(row->debug_dir, source->debug_dir ? source->debug_dir : "") &&
	       row_has_debug_file(row);
}

struct twz_service *
row_service(const struct registry_row *row, const char *path, const struct twz_gate *gates,
	    struct twz_arena *arena)
{
	struct twz_service *s = twz_new(arena, struct twz_service);

	s->name = twz_strdup(arena, row->name);
	s->version = twz_strdup(arena, row->version);
	s->doc = twz_strdup(arena, row->doc);
	s->path = twz_strdup(arena, path);
	s->asks = twz_strdup(arena, row->asks);
	s->debug_path = row->debug_path ? twz_strdup(arena, row->debug_path) : NULL;
	s->build_id_size = row->build_id_size;
	if (row->build_id_size)
		memcpy(s->build_id, row->build_id, row->build_id_size);
	s->partial = row->partial;
	s->gates = gates;
	s->ngates = (uint32_t)row->gates;
	return s;
}

/* A column where NULL stands for "". */
static const char *
words(sqlite3_stmt *st, int column, struct twz_arena *arena)
{
	const char *text = db_text(st, column, arena);

	return text ? text : "";
}

/* One where NULL stands for what is usual, which is the first of its words. */
static const char *
word(sqlite3_stmt *st, int column, const char *usual)
{
	const char *found = (const char *)sqlite3_column_text(st, column);

	return found ? found : usual;
}

bool
row_gate(struct registry *reg, sqlite3_stmt *st, struct twz_arena *arena, struct twz_gate *ret,
	 struct twz_error *err)
{
	int flags = sqlite3_column_int(st, 15);
	struct twz_gate *g = ret;

	g->index = (uint32_t)sqlite3_column_int64(st, 0);
	g->name = db_text(st, 1, arena);
	g->signature = db_text(st, 2, arena);
	g->symbol = db_text(st, 3, arena);
	if (!g->symbol)
		g->symbol = g->name;
	g->version = db_text(st, 4, arena);
	g->shown = db_text(st, 5, arena);
	g->alias_of = db_text(st, 6, arena);
	g->language = db_text(st, 7, arena);
	g->file = db_text(st, 8, arena);
	g->line = (uint32_t)sqlite3_column_int64(st, 9);
	g->doc = words(st, 10, arena);
	g->requires = words(st, 11, arena);
	g->converts = words(st, 12, arena);
	g->readonly = flags & GATE_READONLY;
	g->has_record = flags & GATE_RECORD;
	g->noreturn = flags & GATE_NORETURN;
	g->visibility = flags & GATE_PRIVATE ? TWZ_VISIBILITY_PRIVATE
		      : flags & GATE_PUBLIC  ? TWZ_VISIBILITY_PUBLIC : TWZ_VISIBILITY_ALL;
	g->why = words(st, 17, arena);
	g->how = words(st, 18, arena);
	g->address = (uint64_t)sqlite3_column_int64(st, 20);
	g->hash = (uint64_t)sqlite3_column_int64(st, 21);
	if (words_parse_role(word(st, 13, words_role(0)), &g->role) &&
	    words_parse_level(word(st, 14, words_level(0)), &g->level) &&
	    words_parse_verdict((const char *)sqlite3_column_text(st, 16), &g->verdict))
		return true;
	return db_nonsense(reg, err, "a gate of no known role, level or verdict");
}

bool
row_aliases(struct registry *reg, int64_t service, struct twz_gate *gates, size_t n,
	    size_t naliases, struct twz_arena *arena, struct twz_error *err)
{
	const char **all = twz_new_array(arena, naliases, const char *);
	struct twz_gate *gate = NULL;
	DB_STATEMENT *st = NULL;
	bool row;

	if (!naliases)
		return true;
	if (!db_prepare(reg, "SELECT gate, name FROM alias WHERE service = ?1 ORDER BY gate, place", &st, err))
		return false;
	sqlite3_bind_int64(st, 1, service);
	for (size_t i = 0; i < naliases; i++) {
		if (!db_step(reg, st, &row, err))
			return false;

		int64_t place = row ? sqlite3_column_int64(st, 0) : -1;

		if (place < 0 || (uint64_t)place >= n)
			return db_nonsense(reg, err, "an alias of no gate");
		if (gate != &gates[place]) {
			gate = &gates[place];
			gate->aliases = all + i;
		}
		gate->naliases++;
		all[i] = db_text(st, 1, arena);
	}
	return true;
}

static bool
delete_rows(struct registry *reg, const char *sql, int64_t service, struct twz_error *err)
{
	DB_STATEMENT *st = NULL;

	if (!db_prepare(reg, sql, &st, err))
		return false;
	sqlite3_bind_int64(st, 1, service);
	return db_run(reg, st, err);
}

bool
row_clear(struct registry *reg, int64_t service, struct twz_error *err)
{
#define RANGE " WHERE id BETWEEN ?1 << 32 AND ?1 << 32 | 4294967295"
	return delete_rows(reg, "DELETE FROM gate" RANGE, service, err) &&
	       delete_rows(reg, "DELETE FROM type" RANGE, service, err) &&
	       delete_rows(reg, "DELETE FROM alias WHERE service = ?1", service, err) &&
	       delete_rows(reg, "DELETE FROM listing WHERE service = ?1", service, err);
#undef RANGE
}

bool
row_forget(struct registry *reg, int64_t service, struct twz_error *err)
{
	return row_clear(reg, service, err) &&
	       delete_rows(reg, "DELETE FROM file WHERE service = ?1", service, err) &&
	       delete_rows(reg, "DELETE FROM service WHERE id = ?1", service, err);
}
