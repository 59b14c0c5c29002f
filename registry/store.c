/*
 * From a struct twz_service to rows. Types are walked by identity: what is shared in memory is
 * stored once, and a type gets its number before its parts are looked at, so that cycles end.
 */
#include <errno.h>
#include <limits.h>
#include <search.h>
#include <string.h>
#include <sys/stat.h>

#include "registry/db.h"
#include "registry/words.h"
#include "twz/typetext.h"

struct numbered {
	const struct twz_type *type;
	int64_t id;
};

/* Being stored: the numbers given so far, and the statements that write the rows. */
struct store {
	struct registry *reg;
	struct twz_arena *arena;
	int64_t service;
	void *numbers;		/* tree of struct numbered */
	const struct twz_type **types;
	size_t ntypes;
};

static int
by_identity(const void *a, const void *b)
{
	uintptr_t x = (uintptr_t)((const struct numbered *)a)->type;
	uintptr_t y = (uintptr_t)((const struct numbered *)b)->type;

	return x < y ? -1 : x > y;
}

static void
keep(void *node)
{
	(void)node;	/* lives in the arena */
}

static void
clean_store(struct store *s)
{
	tdestroy(s->numbers, keep);
}

/* The number of @type; a new one puts it on the list of types still to be walked. */
static int64_t
number(struct store *s, const struct twz_type *type)
{
	struct numbered *n = twz_new(s->arena, struct numbered);
	struct numbered **found;

	n->type = type;
	n->id = (int64_t)s->ntypes;
	found = tsearch(n, &s->numbers, by_identity);
	if (!found)
		abort();	/* no memory: as twz_alloc() does */
	if (*found == n)
		twz_push(s->arena, s->types, s->ntypes, type);
	return (*found)->id;
}

static void
bind_type(struct store *s, sqlite3_stmt *st, int column, const struct twz_type *type)
{
	if (type)
		sqlite3_bind_int64(st, column, number(s, type));
	else
		sqlite3_bind_null(st, column);
}

static bool
put_type(struct store *s, sqlite3_stmt *st, int64_t id, struct twz_error *err)
{
	const struct twz_type *t = s->types[id];

	sqlite3_bind_int64(st, 1, s->service);
	sqlite3_bind_int64(st, 2, id);
	db_bind(st, 3, twz_kind_name(t->kind));
	db_bind(st, 4, t->name);
	sqlite3_bind_int64(st, 5, t->size);
	sqlite3_bind_int64(st, 6, t->align);
	sqlite3_bind_int64(st, 7, (int64_t)t->count);
	bind_type(s, st, 8, t->target);
	sqlite3_bind_int(st, 9, t->is_signed);
	sqlite3_bind_int(st, 10, t->is_const);
	sqlite3_bind_int(st, 11, t->is_flags);
	sqlite3_bind_int(st, 12, t->is_variadic);
	sqlite3_bind_int(st, 13, t->is_prototyped);
	db_bind(st, 14, twz_type_text(s->arena, t));
	return db_run(s->reg, st, err);
}

static bool
put_member(struct store *s, sqlite3_stmt *st, const struct twz_member *m, struct twz_error *err)
{
	db_bind(st, 4, m->name);
	bind_type(s, st, 5, m->type);
	sqlite3_bind_int64(st, 6, (int64_t)m->offset);
	sqlite3_bind_int64(st, 7, m->value);
	sqlite3_bind_int(st, 8, m->bit_size);
	sqlite3_bind_int(st, 9, m->bit_offset);
	db_bind(st, 10, words_direction(m->dir));
	sqlite3_bind_int(st, 11, m->secret);
	sqlite3_bind_int(st, 12, m->optional);
	sqlite3_bind_int(st, 13, m->has_extent);
	sqlite3_bind_int(st, 14, m->extent);
	sqlite3_bind_int64(st, 15, (int64_t)m->count);
	if (m->text)
		db_bind(st, 16, m->text);
	else
		sqlite3_bind_null(st, 16);
	return db_run(s->reg, st, err);
}

/* Grows while it runs: walking a type may number new ones. */
static bool
put_types(struct store *s, struct twz_error *err)
{
	DB_STATEMENT *type = NULL, *member = NULL;

	if (!db_prepare(s->reg, "INSERT INTO type VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
			&type, err) ||
	    !db_prepare(s->reg, "INSERT INTO member VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
			&member, err))
		return false;
	for (size_t i = 0; i < s->ntypes; i++) {
		if (!put_type(s, type, (int64_t)i, err))
			return false;
		sqlite3_bind_int64(member, 1, s->service);
		sqlite3_bind_int64(member, 2, (int64_t)i);
		for (uint32_t j = 0; j < s->types[i]->nmembers; j++) {
			sqlite3_bind_int64(member, 3, j);
			if (!put_member(s, member, &s->types[i]->members[j], err))
				return false;
		}
	}
	return true;
}

static bool
put_aliases(struct store *s, sqlite3_stmt *st, const struct twz_gate *g, struct twz_error *err)
{
	sqlite3_bind_int64(st, 1, s->service);
	sqlite3_bind_int64(st, 2, g->index);
	for (uint32_t i = 0; i < g->naliases; i++) {
		sqlite3_bind_int64(st, 3, i);
		db_bind(st, 4, g->aliases[i]);
		if (!db_run(s->reg, st, err))
			return false;
	}
	return true;
}

static bool
put_gate(struct store *s, sqlite3_stmt *st, const struct twz_gate *g, struct twz_error *err)
{
	const struct twz_type *returns = g->type ? g->type->target : NULL;

	sqlite3_bind_int64(st, 1, s->service);
	sqlite3_bind_int64(st, 2, g->index);
	db_bind(st, 3, g->name);
	db_bind(st, 4, g->symbol);
	db_bind(st, 5, g->type ? twz_signature_text(s->arena, g) : "");
	db_bind(st, 6, returns ? twz_type_text(s->arena, returns) : "");
	db_bind(st, 7, g->doc);
	db_bind(st, 8, g->requires);
	db_bind(st, 9, g->converts);
	db_bind(st, 10, words_role(g->role));
	db_bind(st, 11, words_level(g->level));
	sqlite3_bind_int(st, 12, g->readonly);
	sqlite3_bind_int(st, 13, g->has_record);
	bind_type(s, st, 14, g->type);
	db_bind(st, 15, g->how);
	db_bind(st, 16, words_verdict(g->verdict));
	db_bind(st, 17, g->why);
	sqlite3_bind_int64(st, 18, (int64_t)g->address);
	sqlite3_bind_int64(st, 19, (int64_t)g->hash);
	return db_run(s->reg, st, err);
}

static bool
put_gates(struct store *s, const struct twz_service *service, struct twz_error *err)
{
	DB_STATEMENT *gate = NULL, *alias = NULL;

	if (!db_prepare(s->reg, "INSERT INTO gate VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
			&gate, err) ||
	    !db_prepare(s->reg, "INSERT INTO alias VALUES (?,?,?,?)", &alias, err))
		return false;
	for (uint32_t i = 0; i < service->ngates; i++)
		if (!put_gate(s, gate, &service->gates[i], err) ||
		    !put_aliases(s, alias, &service->gates[i], err))
			return false;
	return true;
}

static bool
put_service(struct store *s, const struct twz_service *service, struct twz_error *err)
{
	DB_STATEMENT *st = NULL;

	if (!db_prepare(s->reg, "INSERT INTO service VALUES (NULL,?,?,?,?,?,0,0,0,0)", &st, err))
		return false;
	db_bind(st, 1, service->name);
	db_bind(st, 2, service->version);
	db_bind(st, 3, service->doc);
	/* Not bind_blob with 0 bytes of NULL: that would be NULL. */
	sqlite3_bind_blob(st, 4, service->build_id, (int)service->build_id_size, SQLITE_STATIC);
	sqlite3_bind_int(st, 5, service->partial);
	if (!db_run(s->reg, st, err))
		return false;
	s->service = sqlite3_last_insert_rowid(s->reg->db);
	return true;
}

/* Last, when it is known how many there were: a reader makes its arrays by these. */
static bool
put_counts(struct store *s, const struct twz_service *service, struct twz_error *err)
{
	DB_STATEMENT *st = NULL;
	int64_t members = 0, aliases = 0;

	if (!db_prepare(s->reg, "UPDATE service SET gates = ?, aliases = ?, types = ?, members = ?"
				" WHERE id = ?", &st, err))
		return false;
	for (uint32_t i = 0; i < service->ngates; i++)
		aliases += service->gates[i].naliases;
	for (size_t i = 0; i < s->ntypes; i++)
		members += s->types[i]->nmembers;
	sqlite3_bind_int64(st, 1, service->ngates);
	sqlite3_bind_int64(st, 2, aliases);
	sqlite3_bind_int64(st, 3, (int64_t)s->ntypes);
	sqlite3_bind_int64(st, 4, members);
	sqlite3_bind_int64(st, 5, s->service);
	return db_run(s->reg, st, err);
}

static bool
put_file(struct store *s, const char *path, const struct stat *file, struct twz_error *err)
{
	DB_STATEMENT *st = NULL;

	if (!db_prepare(s->reg, "INSERT INTO file VALUES (?,?,?,?,?)", &st, err))
		return false;
	db_bind(st, 1, path);
	sqlite3_bind_int64(st, 2, file->st_size);
	sqlite3_bind_int64(st, 3, words_mtime(file));
	sqlite3_bind_int64(st, 4, (int64_t)file->st_ino);
	sqlite3_bind_int64(st, 5, s->service);
	return db_run(s->reg, st, err);
}

static bool
forget_path(struct registry *reg, const char *path, struct twz_error *err)
{
	DB_STATEMENT *st = NULL;

	if (!db_prepare(reg, "DELETE FROM service WHERE id ="
			     " (SELECT service FROM file WHERE path = ?)", &st, err))
		return false;
	db_bind(st, 1, path);
	return db_run(reg, st, err);
}

static bool
store_once(struct registry *reg, const struct twz_service *service, const char *path,
	   const struct stat *file, struct twz_error *err)
{
	DB_TRANSACTION t = { NULL };
	TWZ_ARENA arena = { 0 };
	TWZ_CLEANUP(clean_store) struct store s = { .reg = reg, .arena = &arena };

	return db_exec(reg, "PRAGMA foreign_keys = ON; PRAGMA synchronous = NORMAL", err) &&
	       db_begin(reg, &t, err) && forget_path(reg, path, err) &&
	       put_service(&s, service, err) && put_file(&s, path, file, err) &&
	       put_gates(&s, service, err) && put_types(&s, err) &&
	       put_counts(&s, service, err) && db_commit(&t, err);
}

/* Moves the log into the file, so that the next process need not read it; not if others read. */
static void
empty_log(struct registry *reg)
{
	sqlite3_busy_timeout(reg->db, 0);
	sqlite3_exec(reg->db, "PRAGMA wal_checkpoint(TRUNCATE)", NULL, NULL, NULL);
	sqlite3_busy_timeout(reg->db, REGISTRY_BUSY_MS);
}

bool
registry_store(struct registry *reg, const struct twz_service *service, struct twz_error *err)
{
	char path[PATH_MAX];
	struct stat file;

	for (uint32_t i = 0; i < service->ngates; i++)
		if (service->gates[i].index != i)
			return twz_fail(err, TWZ_CLASS_LINK, TWZ_ERR(GENERIC, INTERNAL),
					"%s: gate %u is numbered %u", service->path, i,
					service->gates[i].index);
	if (!realpath(service->path, path) || stat(path, &file) != 0)
		return twz_fail_sys(err, errno, "%s", service->path);
	if (!store_once(reg, service, path, &file, err) &&
	    (!registry_recover(reg, err) || !store_once(reg, service, path, &file, err)))
		return twz_wrap(err, "register %s", service->name);
	empty_log(reg);
	return true;
}
