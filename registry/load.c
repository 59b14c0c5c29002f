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

#include "registry/members.h"
#include "registry/row.h"
#include "registry/sane.h"
#include "registry/words.h"

struct load {
	struct registry *reg;
	struct twz_arena *arena;
	int64_t service;
	struct twz_type *types;
	struct twz_member *members;
	size_t ntypes, nmembers, taken;	/* how many members belong to the types so far */
	struct twz_gate *gates;
	size_t ngates;
	struct twz_error *err;
};

static bool
nonsense(struct load *l, const char *what)
{
	return db_nonsense(l->reg, l->err, what);
}

/* A statement about one service's rows: ids from ?1 to ?2. */
static bool
select_rows(struct load *l, const char *sql, sqlite3_stmt **ret)
{
	if (!db_prepare(l->reg, sql, ret, l->err))
		return false;
	sqlite3_bind_int64(*ret, 1, words_first(l->service));
	sqlite3_bind_int64(*ret, 2, words_first(l->service) | UINT32_MAX);
	return true;
}

/* The next row, whose id must be the one of @place. */
static bool
next_row(struct load *l, sqlite3_stmt *st, size_t place, const char *missing)
{
	bool row;

	if (!db_step(l->reg, st, &row, l->err))
		return false;
	return (row && sqlite3_column_int64(st, 0) == words_first(l->service) + (int64_t)place) ||
	       nonsense(l, missing);
}

/* The type with this number. */
static bool
type_at(struct load *l, int64_t number, const struct twz_type **ret)
{
	if (number < 0 || (uint64_t)number >= l->ntypes)
		return nonsense(l, "a type that does not exist");
	*ret = &l->types[number];
	return true;
}

/* The type with the number in @column; NULL for NULL. */
static bool
type_ref(struct load *l, sqlite3_stmt *st, int column, const struct twz_type **ret)
{
	*ret = NULL;
	return sqlite3_column_type(st, column) == SQLITE_NULL || type_at(l, sqlite3_column_int64(st, column), ret);
}

/* Kinds that are about another type. */
static bool
needs_target(const struct twz_type *t)
{
	switch (t->form) {
	case TWZ_FORM_VECTOR:
	case TWZ_FORM_REFERENCE:
	case TWZ_FORM_RVALUE:
	case TWZ_FORM_VLA:
		return true;
	case TWZ_FORM_NONE:
	case TWZ_FORM_STRUCT:
	case TWZ_FORM_UNION:
	case TWZ_FORM_ENUM:
	case TWZ_FORM_CLASS:
	case TWZ_FORM_COMPLEX:
	case TWZ_FORM_MEMBER:
	case TWZ_FORM_BASE:
	case TWZ_FORM_OTHER:
		break;
	}
	return t->kind == TWZ_ARRAY || t->kind == TWZ_TYPEDEF;
}

static bool
load_member(struct load *l, const struct stored_member *from, const struct twz_type *owner, struct twz_member *m)
{
	int64_t dir = from->flags >> MEMBER_DIR & 3;

	m->name = from->name;
	m->offset = (uint64_t)from->offset;
	m->value = from->value;
	m->bit_size = (uint16_t)from->bits;
	m->bit_offset = (uint16_t)(from->bits >> MEMBER_BITS);
	m->quals = (uint8_t)(from->flags & MEMBER_QUALS);
	m->secret = from->flags & MEMBER_SECRET;
	m->optional = from->flags & MEMBER_OPTIONAL;
	m->has_extent = from->flags & MEMBER_EXTENT;
	m->artificial = from->flags & MEMBER_ARTIFICIAL;
	m->extent = (int32_t)from->extent;
	m->count = (uint64_t)from->count;
	m->text = from->text;
	if (dir > TWZ_INOUT)
		return nonsense(l, "a parameter of no known direction");
	m->dir = (enum twz_dir)dir;
	/* Everything but an enumerator has a type. */
	if (!from->has_type)
		return owner->kind == TWZ_ENUM || nonsense(l, "a member without a type");
	return type_at(l, from->type, &m->type);
}

/* They follow those of the types before it. */
static bool
load_members(struct load *l, sqlite3_stmt *st, struct twz_type *t)
{
	struct members_in in = { .at = sqlite3_column_blob(st, 10) };
	struct stored_member from;

	if (!in.at)
		return true;
	in.end = in.at + sqlite3_column_bytes(st, 10);
	t->members = l->members + l->taken;
	while (members_next(&in, l->arena, &from)) {
		if (l->taken == l->nmembers)
			return nonsense(l, "members of no type");
		if (!load_member(l, &from, t, &l->members[l->taken++]))
			return false;
		t->nmembers++;
	}
	return !in.wrong || nonsense(l, "a type's members are no list");
}

static bool
load_type(struct load *l, sqlite3_stmt *st, struct twz_type *t)
{
	const char *form = (const char *)sqlite3_column_text(st, 2);
	int flags = sqlite3_column_int(st, 9);

	if (!twz_kind_parse((const char *)sqlite3_column_text(st, 1), &t->kind) ||
	    (form && !words_parse_form(form, &t->form)))
		return nonsense(l, "a type of no known kind");
	t->name = db_text(st, 3, l->arena);
	if (!t->name)
		t->name = "";
	t->size = (uint32_t)sqlite3_column_int64(st, 4);
	t->align = (uint32_t)sqlite3_column_int64(st, 5);
	t->count = (uint64_t)sqlite3_column_int64(st, 6);
	t->quals = (uint8_t)sqlite3_column_int(st, 8);
	t->is_signed = flags & TYPE_SIGNED;
	t->is_const = flags & TYPE_CONST;
	t->is_flags = flags & TYPE_FLAGS;
	t->is_variadic = flags & TYPE_VARIADIC;
	t->is_prototyped = flags & TYPE_PROTOTYPED;
	t->why = db_text(st, 11, l->arena);
	if (!type_ref(l, st, 7, &t->target))
		return false;
	if (needs_target(t) && !t->target)
		return nonsense(l, "an array or typedef of nothing");
	return true;
}

static bool
load_types(struct load *l)
{
	DB_STATEMENT *st = NULL;

	if (!select_rows(l, "SELECT id, kind, form, name, size, align, count, target, quals, flags, members, why"
			    " FROM type WHERE id BETWEEN ?1 AND ?2 ORDER BY id", &st))
		return false;
	for (size_t i = 0; i < l->ntypes; i++)
		if (!next_row(l, st, i, "a type is missing") || !load_type(l, st, &l->types[i]) ||
		    !load_members(l, st, &l->types[i]))
			return false;
	return l->taken == l->nmembers || nonsense(l, "a member is missing");
}

static bool
load_gates(struct load *l)
{
	DB_STATEMENT *st = NULL;

	if (!select_rows(l, "SELECT " ROW_GATE_COLUMNS " FROM gate"
			    " WHERE id BETWEEN ?1 AND ?2 ORDER BY id", &st))
		return false;
	for (size_t i = 0; i < l->ngates; i++) {
		struct twz_gate *g = &l->gates[i];

		if (!next_row(l, st, i, "a gate is missing") ||
		    !row_gate(l->reg, st, l->arena, g, l->err) ||
		    !type_ref(l, st, ROW_GATE_TYPE, &g->type))
			return false;
		/* The types say it all; a signature made by an older program may say it differently. */
		g->signature = NULL;
		if (g->type && g->type->kind != TWZ_FUNC)
			return nonsense(l, "a gate that is no function");
	}
	return true;
}

/* One transaction, so that a writer between two statements is not seen half. */
static bool
load_whole(struct load *l, const char *path, const struct twz_service **ret)
{
	struct registry_row row;

	if (!row_find(l->reg, path, &row, l->err))
		return false;
	if (!row.found)
		return twz_fail(l->err, TWZ_CLASS_LINK, TWZ_ERR(NAMING, NOT_FOUND),
				"%s is not in the registry", path);
	l->service = row.service;
	l->ntypes = row.types;
	l->types = twz_new_array(l->arena, l->ntypes, struct twz_type);
	l->nmembers = row.members;
	l->members = twz_new_array(l->arena, l->nmembers, struct twz_member);
	l->ngates = row.gates;
	l->gates = twz_new_array(l->arena, l->ngates, struct twz_gate);
	if (!load_types(l) || !load_gates(l) ||
	    !row_aliases(l->reg, l->service, l->gates, l->ngates, row.aliases, l->arena, l->err))
		return false;
	*ret = row_service(&row, path, l->gates, l->arena);
	return true;
}

bool
row_load(struct registry *reg, const char *path, struct twz_arena *arena,
	 const struct twz_service **ret, struct twz_error *err)
{
	struct load l = { .reg = reg, .arena = arena, .err = err };
	bool ok = load_whole(&l, path, ret);

	row_end(reg);
	return ok;
}

bool
row_load_sane(struct registry *reg, const char *path, struct twz_arena *arena,
	      const struct twz_service **ret, struct twz_error *err)
{
	struct load l = { .reg = reg, .arena = arena, .err = err };
	bool ok = load_whole(&l, path, ret);

	row_end(reg);
	return ok && sane_types(l.types, l.ntypes, err);
}

bool
registry_service(struct registry *reg, const char *path, struct twz_arena *arena,
		 const struct twz_service **ret, struct twz_error *err)
{
	char real[PATH_MAX];

	if (!registry_real(path, real, NULL))
		return twz_fail_sys(err, errno, "%s", path);
	if (row_load(reg, real, arena, ret, err))
		return true;
	return registry_recover(reg, err) &&
	       twz_fail(err, TWZ_CLASS_LINK, TWZ_ERR(NAMING, NOT_FOUND),
			"%s is no longer in the registry, which was damaged", real);
}

static bool
check_once(struct registry *reg, const char *path, const struct stat *file,
	   enum registry_state *ret, struct twz_error *err)
{
	struct registry_row row;
	bool ok = row_find(reg, path, &row, err);

	if (ok && !row.found)
		*ret = REGISTRY_UNKNOWN;
	else if (ok)
		*ret = row_is_current(&row, file) && row_has_debug_file(&row) ? REGISTRY_FRESH
									      : REGISTRY_STALE;
	row_end(reg);
	return ok;
}

bool
registry_check(struct registry *reg, const char *path, enum registry_state *ret,
	       struct twz_error *err)
{
	char real[PATH_MAX];
	struct stat file;

	if (!registry_real(path, real, &file))
		return twz_fail_sys(err, errno, "%s", path);
	return check_once(reg, real, &file, ret, err) ||
	       (registry_recover(reg, err) && check_once(reg, real, &file, ret, err));
}
