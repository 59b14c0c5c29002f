/*
 * From rows back to a struct twz_service. Each table is read once, in the order of its key, which
 * is the order of the arrays; nothing is looked up row by row. All types are allocated first, so
 * that a reference is the address of an element, whether its row was read yet or not.
 *
 * The file may be damaged or edited by hand: numbers are checked before they become addresses, and
 * what breaks the type model's promises (a field without type, an array of nothing) is damage.
 */
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "registry/db.h"
#include "registry/words.h"

/* More than any file has; less than what would exhaust memory. */
enum { MOST_ROWS = 1 << 22 };

struct load {
	struct registry *reg;
	struct twz_arena *arena;
	int64_t service;
	struct twz_type *types;
	size_t ntypes;
	struct twz_gate *gates;
	size_t ngates;
	struct twz_error *err;
};

static bool
nonsense(struct load *l, const char *what)
{
	return db_nonsense(l->reg, l->err, what);
}

/* A statement about one service's rows. */
static bool
select_rows(struct load *l, const char *sql, sqlite3_stmt **ret)
{
	if (!db_prepare(l->reg, sql, ret, l->err))
		return false;
	sqlite3_bind_int64(*ret, 1, l->service);
	return true;
}

/* The type with the number in @column; NULL for NULL. */
static bool
type_ref(struct load *l, sqlite3_stmt *st, int column, const struct twz_type **ret)
{
	int64_t id = sqlite3_column_int64(st, column);

	*ret = NULL;
	if (sqlite3_column_type(st, column) == SQLITE_NULL)
		return true;
	if (id < 0 || (uint64_t)id >= l->ntypes)
		return nonsense(l, "a type that does not exist");
	*ret = &l->types[id];
	return true;
}

static bool
needs_target(enum twz_kind kind)
{
	return kind == TWZ_ARRAY || kind == TWZ_TYPEDEF;
}

static bool
load_type(struct load *l, sqlite3_stmt *st, struct twz_type *t)
{
	if (!twz_kind_parse((const char *)sqlite3_column_text(st, 1), &t->kind))
		return nonsense(l, "a type of no known kind");
	t->name = db_text(st, 2, l->arena);
	t->size = (uint32_t)sqlite3_column_int64(st, 3);
	t->align = (uint32_t)sqlite3_column_int64(st, 4);
	t->count = (uint64_t)sqlite3_column_int64(st, 5);
	t->is_signed = sqlite3_column_int(st, 7);
	t->is_const = sqlite3_column_int(st, 8);
	t->is_flags = sqlite3_column_int(st, 9);
	t->is_variadic = sqlite3_column_int(st, 10);
	t->is_prototyped = sqlite3_column_int(st, 11);
	if (!type_ref(l, st, 6, &t->target))
		return false;
	if (needs_target(t->kind) && !t->target)
		return nonsense(l, "an array or typedef of nothing");
	return true;
}

static bool
load_types(struct load *l)
{
	DB_STATEMENT *st = NULL;
	bool row;

	if (!select_rows(l, "SELECT id, kind, name, size, align, count, target, is_signed,"
			    " is_const, is_flags, is_variadic, is_prototyped FROM type"
			    " WHERE service = ?1 ORDER BY id", &st))
		return false;
	for (size_t i = 0; i < l->ntypes; i++) {
		if (!db_step(l->reg, st, &row, l->err))
			return false;
		if (!row || sqlite3_column_int64(st, 0) != (int64_t)i)
			return nonsense(l, "a type is missing");
		if (!load_type(l, st, &l->types[i]))
			return false;
	}
	return true;
}

/* Everything but an enumerator has a type. */
static bool
needs_type(enum twz_kind kind)
{
	return kind != TWZ_ENUM;
}

static bool
load_member(struct load *l, sqlite3_stmt *st, const struct twz_type *owner, struct twz_member *m)
{
	m->name = db_text(st, 2, l->arena);
	m->offset = (uint64_t)sqlite3_column_int64(st, 4);
	m->value = sqlite3_column_int64(st, 5);
	m->bit_size = (uint16_t)sqlite3_column_int(st, 6);
	m->bit_offset = (uint16_t)sqlite3_column_int(st, 7);
	m->secret = sqlite3_column_int(st, 9);
	m->optional = sqlite3_column_int(st, 10);
	m->has_extent = sqlite3_column_int(st, 11);
	m->extent = sqlite3_column_int(st, 12);
	m->count = (uint64_t)sqlite3_column_int64(st, 13);
	m->text = db_text(st, 14, l->arena);
	if (!words_parse_direction((const char *)sqlite3_column_text(st, 8), &m->dir))
		return nonsense(l, "a parameter of no known direction");
	if (!type_ref(l, st, 3, &m->type))
		return false;
	if (!m->type && needs_type(owner->kind))
		return nonsense(l, "a member without a type");
	return true;
}

/* Rows come by owner and numbered from 0: one array holds them all, each type has its part. */
static bool
load_members(struct load *l, size_t nmembers)
{
	struct twz_member *all = twz_new_array(l->arena, nmembers, struct twz_member);
	struct twz_type *owner = NULL;
	DB_STATEMENT *st = NULL;
	bool row;

	if (!select_rows(l, "SELECT owner, place, name, type, offset, value, bit_size, bit_offset,"
			    " direction, secret, optional, has_extent, extent, count, text"
			    " FROM member WHERE service = ?1 ORDER BY owner, place", &st))
		return false;
	for (size_t i = 0; i < nmembers; i++) {
		if (!db_step(l->reg, st, &row, l->err))
			return false;

		int64_t id = row ? sqlite3_column_int64(st, 0) : -1;

		if (id < 0 || (uint64_t)id >= l->ntypes)
			return nonsense(l, "a member of no type");
		if (owner != &l->types[id]) {
			owner = &l->types[id];
			owner->members = all + i;
		}
		if (sqlite3_column_int64(st, 1) != (int64_t)owner->nmembers++)
			return nonsense(l, "a member is missing");
		if (!load_member(l, st, owner, &all[i]))
			return false;
	}
	return true;
}

static bool
load_gate(struct load *l, sqlite3_stmt *st, struct twz_gate *g)
{
	g->name = db_text(st, 1, l->arena);
	g->symbol = db_text(st, 2, l->arena);
	g->doc = db_text(st, 3, l->arena);
	g->requires = db_text(st, 4, l->arena);
	g->converts = db_text(st, 5, l->arena);
	g->readonly = sqlite3_column_int(st, 8);
	g->has_record = sqlite3_column_int(st, 9);
	g->how = db_text(st, 11, l->arena);
	g->why = db_text(st, 13, l->arena);
	g->address = (uint64_t)sqlite3_column_int64(st, 14);
	g->hash = (uint64_t)sqlite3_column_int64(st, 15);
	if (!words_parse_role((const char *)sqlite3_column_text(st, 6), &g->role) ||
	    !words_parse_level((const char *)sqlite3_column_text(st, 7), &g->level) ||
	    !words_parse_verdict((const char *)sqlite3_column_text(st, 12), &g->verdict))
		return nonsense(l, "a gate of no known role, level or verdict");
	if (!type_ref(l, st, 10, &g->type))
		return false;
	if (g->type && g->type->kind != TWZ_FUNC)
		return nonsense(l, "a gate that is no function");
	return true;
}

static bool
load_gates(struct load *l)
{
	DB_STATEMENT *st = NULL;
	bool row;

	if (!select_rows(l, "SELECT place, name, symbol, doc, requires, converts, role, level,"
			    " readonly, has_record, type, how, verdict, why, address, hash"
			    " FROM gate WHERE service = ?1 ORDER BY place", &st))
		return false;
	for (size_t i = 0; i < l->ngates; i++) {
		if (!db_step(l->reg, st, &row, l->err))
			return false;
		if (!row || sqlite3_column_int64(st, 0) != (int64_t)i)
			return nonsense(l, "a gate is missing");
		l->gates[i].index = (uint32_t)i;
		if (!load_gate(l, st, &l->gates[i]))
			return false;
	}
	return true;
}

static bool
load_aliases(struct load *l, size_t naliases)
{
	const char **all = twz_new_array(l->arena, naliases, const char *);
	struct twz_gate *gate = NULL;
	DB_STATEMENT *st = NULL;
	bool row;

	if (!naliases)
		return true;
	if (!select_rows(l, "SELECT gate, name FROM alias WHERE service = ?1"
			    " ORDER BY gate, place", &st))
		return false;
	for (size_t i = 0; i < naliases; i++) {
		if (!db_step(l->reg, st, &row, l->err))
			return false;

		int64_t place = row ? sqlite3_column_int64(st, 0) : -1;

		if (place < 0 || (uint64_t)place >= l->ngates)
			return nonsense(l, "an alias of no gate");
		if (gate != &l->gates[place]) {
			gate = &l->gates[place];
			gate->aliases = all + i;
		}
		gate->naliases++;
		all[i] = db_text(st, 1, l->arena);
	}
	return true;
}

/* The row of the file at @path, in the statement that is kept for it. The caller resets it. */
static bool
find_file(struct registry *reg, const char *path, bool *row, struct twz_error *err)
{
	if (!reg->find_file &&
	    !db_prepare(reg, "SELECT size, mtime_ns, inode, id, name, version, doc, build_id,"
			     " partial, gates, aliases, types, members"
			     " FROM file JOIN service ON id = service WHERE path = ?1",
			&reg->find_file, err))
		return false;
	sqlite3_bind_text(reg->find_file, 1, path, -1, SQLITE_TRANSIENT);
	return db_step(reg, reg->find_file, row, err);
}

struct counts {
	size_t gates, aliases, types, members;
};

static bool
row_count(struct load *l, sqlite3_stmt *st, int column, size_t *ret)
{
	int64_t n = sqlite3_column_int64(st, column);

	*ret = (size_t)n;
	return (n >= 0 && n <= MOST_ROWS) || nonsense(l, "an impossible number of rows");
}

static bool
load_head(struct load *l, const char *path, struct twz_service *s, struct counts *counts)
{
	sqlite3_stmt *st = l->reg->find_file;
	int size;
	bool row;

	if (!find_file(l->reg, path, &row, l->err))
		return false;
	if (!row)
		return twz_fail(l->err, TWZ_CLASS_LINK, TWZ_ERR(NAMING, NOT_FOUND),
				"%s is not in the registry", path);
	st = l->reg->find_file;
	l->service = sqlite3_column_int64(st, 3);
	s->name = db_text(st, 4, l->arena);
	s->version = db_text(st, 5, l->arena);
	s->doc = db_text(st, 6, l->arena);
	s->path = twz_strdup(l->arena, path);
	size = sqlite3_column_bytes(st, 7);
	if (size > TWZ_BUILD_ID_MAX)
		return nonsense(l, "a build-id is too long");
	s->build_id_size = (uint32_t)size;
	if (size)
		memcpy(s->build_id, sqlite3_column_blob(st, 7), (size_t)size);
	s->partial = sqlite3_column_int(st, 8);
	return row_count(l, st, 9, &counts->gates) && row_count(l, st, 10, &counts->aliases) &&
	       row_count(l, st, 11, &counts->types) && row_count(l, st, 12, &counts->members);
}

/* One transaction, so that a writer between two statements is not seen half. */
static bool
load_whole(struct load *l, const char *path, const struct twz_service **ret)
{
	struct twz_service *s = twz_new(l->arena, struct twz_service);
	struct counts n = { 0 };

	if (!load_head(l, path, s, &n))
		return false;
	l->ntypes = n.types;
	l->types = twz_new_array(l->arena, l->ntypes, struct twz_type);
	l->ngates = n.gates;
	l->gates = twz_new_array(l->arena, l->ngates, struct twz_gate);
	if (!load_types(l) || !load_members(l, n.members) || !load_gates(l) ||
	    !load_aliases(l, n.aliases))
		return false;
	s->gates = l->gates;
	s->ngates = (uint32_t)l->ngates;
	*ret = s;
	return true;
}

static void
reset(struct registry *reg)
{
	if (reg->find_file)
		sqlite3_reset(reg->find_file);
}

bool
registry_service(struct registry *reg, const char *path, struct twz_arena *arena,
		 const struct twz_service **ret, struct twz_error *err)
{
	struct load l = { .reg = reg, .arena = arena, .err = err };
	char real[PATH_MAX];
	bool ok;

	if (!realpath(path, real))
		return twz_fail_sys(err, errno, "%s", path);
	/* The statement of load_head() stays open meanwhile: that is the read transaction. */
	ok = load_whole(&l, real, ret);
	reset(reg);
	if (ok || !registry_recover(reg, err))
		return ok;
	return twz_fail(err, TWZ_CLASS_LINK, TWZ_ERR(NAMING, NOT_FOUND),
			"%s is no longer in the registry, which was damaged", real);
}

static bool
check_once(struct registry *reg, const char *path, const struct stat *file,
	   enum registry_state *ret, struct twz_error *err)
{
	bool row, ok = find_file(reg, path, &row, err);

	if (ok && !row) {
		*ret = REGISTRY_UNKNOWN;
	} else if (ok) {
		sqlite3_stmt *st = reg->find_file;
		bool same = sqlite3_column_int64(st, 0) == file->st_size &&
			    sqlite3_column_int64(st, 1) == words_mtime(file) &&
			    sqlite3_column_int64(st, 2) == (int64_t)file->st_ino;

		*ret = same ? REGISTRY_FRESH : REGISTRY_STALE;
	}
	reset(reg);
	return ok;
}

bool
registry_check(struct registry *reg, const char *path, enum registry_state *ret,
	       struct twz_error *err)
{
	char real[PATH_MAX];
	struct stat file;

	if (!realpath(path, real) || stat(real, &file) != 0)
		return twz_fail_sys(err, errno, "%s", path);
	return check_once(reg, real, &file, ret, err) ||
	       (registry_recover(reg, err) && check_once(reg, real, &file, ret, err));
}
