/*
 * From a struct twz_service to rows. Every type that the gates reach gets its number (number.c), in the
 * order in which they are met; then each table is written at once (feed.h).
 */
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "registry/feed.h"
#include "registry/members.h"
#include "registry/number.h"
#include "registry/order.h"
#include "registry/row.h"
#include "registry/words.h"
#include "twz/typetext.h"

enum { NO_TYPE = NUMBER_NONE };

/* Where in the texts something is; they may move while they grow. */
struct piece {
	size_t at, n;
};

struct stored_type {
	uint32_t target;		/* its number; NO_TYPE */
	struct piece shown, members;	/* of nothing: none */
};

/* Being stored: what was numbered so far. */
struct store {
	struct registry *reg;
	struct twz_arena *arena;
	const struct twz_service *service;
	int64_t id;			/* of the service's row */
	struct numbers numbers;		/* of types */
	struct stored_type *types;	/* by number */
	size_t nmembers, naliases;
	struct piece *signatures;	/* of each gate that has none */
	uint32_t *gate_types;
	struct twz_text texts;
	const uint8_t *by_name;
};

static void
clean_store(struct store *s)
{
	twz_text_free(&s->texts);
}

/* -- numbering -------------------------------------------------------------------------------------- */

/* From @at to where the texts end now. */
static struct piece
piece_from(const struct store *s, size_t at)
{
	return (struct piece){ at, s->texts.n - at };
}

static struct piece
number_members(struct store *s, const struct twz_type *t)
{
	size_t at = s->texts.n;

	for (uint32_t i = 0; i < t->nmembers; i++)
		members_add(&s->texts, !i, &t->members[i], number_of(&s->numbers, t->members[i].type));
	members_end(&s->texts, t->nmembers);
	s->nmembers += t->nmembers;
	return piece_from(s, at);
}

/* There are more types while it runs: walking one may number new ones. */
static void
number_types(struct store *s)
{
	size_t ntypes = 0;

	for (size_t i = 0; i < s->numbers.n; i++) {
		const struct twz_type *t = s->numbers.types[i];
		struct stored_type stored = { .target = number_of(&s->numbers, t->target) };
		size_t at = s->texts.n;

		twz_type_add(&s->texts, t);
		stored.shown = piece_from(s, at);
		stored.members = number_members(s, t);
		twz_push(s->arena, s->types, ntypes, stored);
	}
}

static void
number_all(struct store *s)
{
	const struct twz_service *service = s->service;

	s->signatures = twz_new_array(s->arena, service->ngates, struct piece);
	s->gate_types = twz_new_array(s->arena, service->ngates, uint32_t);
	for (uint32_t i = 0; i < service->ngates; i++) {
		const struct twz_gate *g = &service->gates[i];
		size_t at = s->texts.n;

		if (!g->signature) {
			twz_signature_add(&s->texts, g);
			s->signatures[i] = piece_from(s, at);
		}
		s->gate_types[i] = number_of(&s->numbers, g->type);
		s->naliases += g->naliases;
	}
	number_types(s);
	order_make(service->gates, service->ngates, s->arena, &s->by_name);
}

/* -- rows ------------------------------------------------------------------------------------------- */

static void
feed_type(struct feed_value *out, uint32_t number)
{
	if (number != NO_TYPE)
		feed_number(out, number);
}

static void
feed_piece(struct feed_value *out, const struct store *s, struct piece p)
{
	*out = (struct feed_value){ .kind = FEED_TEXT, .n = (int)p.n, .text = s->texts.bytes + p.at };
}

static bool
same(const char *a, const char *b)
{
	return a == b || !strcmp(a, b);
}

static int
gate_flags(const struct twz_gate *g)
{
	return (g->readonly ? GATE_READONLY : 0) | (g->has_record ? GATE_RECORD : 0) |
	       (g->noreturn ? GATE_NORETURN : 0) |
	       (g->visibility == TWZ_VISIBILITY_PUBLIC ? GATE_PUBLIC : 0) |
	       (g->visibility == TWZ_VISIBILITY_PRIVATE ? GATE_PRIVATE : 0);
}

static const char *const gate_columns[] = {
	"name", "signature", "symbol", "version", "shown", "alias_of", "language", "file", "line", "doc", "requires",
	"converts", "role", "level", "flags", "verdict", "why", "how", "type", "address", "hash", NULL
};

static void
gate_column(struct feed_value *out, const void *data, size_t row, int column)
{
	const struct store *s = data;
	const struct twz_gate *g = &s->service->gates[row];

	switch (column) {
	case 0: feed_text(out, g->name); break;
	case 1: g->signature ? feed_text(out, g->signature) : feed_piece(out, s, s->signatures[row]); break;
	case 2: feed_text(out, same(g->symbol, g->name) ? NULL : g->symbol); break;
	case 3: feed_text(out, g->version); break;
	case 4: feed_text(out, g->shown); break;
	case 5: feed_text(out, g->alias_of); break;
	case 6: feed_text(out, g->language); break;
	case 7: feed_text(out, g->file); break;
	case 8: feed_some(out, g->line); break;
	case 9: feed_words(out, g->doc); break;
	case 10: feed_words(out, g->requires); break;
	case 11: feed_words(out, g->converts); break;
	case 12: feed_text(out, g->role ? words_role(g->role) : NULL); break;
	case 13: feed_text(out, g->level ? words_level(g->level) : NULL); break;
	case 14: feed_some(out, gate_flags(g)); break;
	case 15: feed_text(out, words_verdict(g->verdict)); break;
	case 16: feed_words(out, g->why); break;
	case 17: feed_words(out, g->how); break;
	case 18: feed_type(out, s->gate_types[row]); break;
	case 19: feed_some(out, (int64_t)g->address); break;
	case 20: feed_some(out, (int64_t)g->hash); break;
	}
}

static int
type_flags(const struct twz_type *t)
{
	return (t->is_signed ? TYPE_SIGNED : 0) | (t->is_const ? TYPE_CONST : 0) |
	       (t->is_flags ? TYPE_FLAGS : 0) | (t->is_variadic ? TYPE_VARIADIC : 0) |
	       (t->is_prototyped ? TYPE_PROTOTYPED : 0);
}

static const char *const type_columns[] = {
	"kind", "form", "name", "size", "align", "count", "target", "quals", "flags", "members", "why", "text", NULL
};

static void
type_column(struct feed_value *out, const void *data, size_t row, int column)
{
	const struct store *s = data;
	const struct stored_type *stored = &s->types[row];
	const struct twz_type *t = s->numbers.types[row];

	switch (column) {
	case 0: feed_text(out, twz_kind_name(t->kind)); break;
	case 1: feed_text(out, t->form ? words_form(t->form) : NULL); break;
	case 2: feed_words(out, t->name); break;
	case 3: feed_some(out, t->size); break;
	case 4: feed_some(out, t->align); break;
	case 5: feed_some(out, (int64_t)t->count); break;
	case 6: feed_type(out, stored->target); break;
	case 7: feed_some(out, t->quals); break;
	case 8: feed_some(out, type_flags(t)); break;
	case 9: if (stored->members.n) feed_piece(out, s, stored->members); break;
	case 10: feed_text(out, t->why); break;
	case 11: feed_piece(out, s, stored->shown); break;
	}
}

/* Functions are numbered first, and have next to nothing in most columns. */
static size_t
count_functions(const struct store *s)
{
	size_t n = 0;

	while (n < s->numbers.n && s->numbers.types[n]->kind == TWZ_FUNC)
		n++;
	return n;
}

static bool
put_aliases(struct store *s, struct twz_error *err)
{
	DB_STATEMENT *st = NULL;

	if (!s->naliases)
		return true;
	if (!db_prepare(s->reg, "INSERT INTO alias VALUES (?,?,?,?)", &st, err))
		return false;
	sqlite3_bind_int64(st, 1, s->id);
	for (uint32_t i = 0; i < s->service->ngates; i++)
		for (uint32_t j = 0; j < s->service->gates[i].naliases; j++) {
			db_bind(st, 2, s->service->gates[i].aliases[j]);
			sqlite3_bind_int64(st, 3, i);
			sqlite3_bind_int64(st, 4, j);
			if (!db_run(s->reg, st, err))
				return false;
		}
	return true;
}

static bool
put_rows(struct store *s, struct twz_error *err)
{
	const struct feed gates = { .table = "gate", .columns = gate_columns, .column = gate_column, .data = s,
				    .end = s->service->ngates };
	struct feed functions = { .table = "type", .columns = type_columns, .column = type_column, .data = s,
				  .end = count_functions(s) };
	struct feed others = functions;

	others.from = functions.end;
	others.end = s->numbers.n;
	return feed_append(s->reg, words_first(s->id), &gates, err) &&
	       feed_append(s->reg, words_first(s->id), &functions, err) &&
	       feed_append(s->reg, words_first(s->id), &others, err) && put_aliases(s, err);
}

/* -- the service itself ----------------------------------------------------------------------------- */

/* The file that the types were read from, when that is another one than the service's. */
static void
bind_debug(sqlite3_stmt *st, int column, const struct twz_service *service)
{
	const char *path = service->debug_path;
	struct stat file = { 0 };

	if (path && (!*path || stat(path, &file) != 0))
		file = (struct stat){ 0 };
	if (path)
		sqlite3_bind_text(st, column, path, -1, SQLITE_STATIC);
	sqlite3_bind_int64(st, column + 1, file.st_size);
	sqlite3_bind_int64(st, column + 2, words_mtime(&file));
	sqlite3_bind_int64(st, column + 3, (int64_t)file.st_ino);
}

static bool
put_service(struct store *s, const struct registry_source *source, struct twz_error *err)
{
	const struct twz_service *service = s->service;
	DB_STATEMENT *st = NULL;
	int64_t recorded = 0;

	if (!db_prepare(s->reg, "INSERT INTO service VALUES"
			     " (NULL,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
			&st, err))
		return false;
	db_bind(st, 1, service->name);
	db_bind(st, 2, service->version);
	db_bind(st, 3, service->doc);
	/* Not bind_blob with 0 bytes of NULL: that would be NULL. */
	sqlite3_bind_blob(st, 4, service->build_id, (int)service->build_id_size, SQLITE_STATIC);
	sqlite3_bind_int(st, 5, service->partial);
	sqlite3_bind_int(st, 6, source->all);
	bind_debug(st, 7, service);
	db_bind(st, 11, source->debug_dir);
	db_bind(st, 12, source->maker);
	sqlite3_bind_int64(st, 13, time(NULL));
	sqlite3_bind_int64(st, 14, service->ngates);
	sqlite3_bind_int64(st, 15, (int64_t)s->naliases);
	sqlite3_bind_int64(st, 16, (int64_t)s->numbers.n);
	sqlite3_bind_int64(st, 17, (int64_t)s->nmembers);
	for (uint32_t i = 0; i < service->ngates; i++)
		recorded += service->gates[i].has_record;
	sqlite3_bind_int64(st, 18, recorded);
	db_bind(st, 19, service->asks);
	if (s->by_name)
		sqlite3_bind_blob64(st, 20, s->by_name, 4 * (uint64_t)service->ngates, SQLITE_STATIC);
	if (!db_run(s->reg, st, err))
		return false;
	s->id = sqlite3_last_insert_rowid(s->reg->db);
	/* Somebody may have deleted a service by hand that had this id, and left its rows. */
	return row_clear(s->reg, s->id, err);
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
	sqlite3_bind_int64(st, 5, s->id);
	return db_run(s->reg, st, err);
}

static bool
put_listing(struct store *s, const char *listing, struct twz_error *err)
{
	DB_STATEMENT *st = NULL;

	if (!listing)
		return true;
	if (!db_prepare(s->reg, "INSERT INTO listing VALUES (?,?)", &st, err))
		return false;
	sqlite3_bind_int64(st, 1, s->id);
	db_bind(st, 2, listing);
	return db_run(s->reg, st, err);
}

static bool
forget_path(struct registry *reg, const char *path, struct twz_error *err)
{
	struct registry_row row;
	bool ok = row_find(reg, path, &row, err);

	row_end(reg);
	return ok && (!row.found || row_forget(reg, row.service, err));
}

/* Whether what would be stored is there already. What cannot be read is not. */
static bool
is_stored(struct registry *reg, const struct twz_service *service, const char *path,
	  const struct stat *file, const struct registry_source *source)
{
	struct registry_row row;
	bool same;

	if (!row_find(reg, path, &row, NULL))
		return false;
	same = row.found && source->maker && row_is_current(&row, file) && row_is_from(&row, source) &&
	       row.partial == service->partial && row.build_id_size == service->build_id_size &&
	       (!row.build_id_size ||
		!memcmp(row.build_id, service->build_id, row.build_id_size)) &&
	       (row.all != source->all || row.gates == service->ngates);
	row_end(reg);
	return same;
}

static bool
store_once(struct store *s, const char *path, const struct stat *file,
	   const struct registry_source *source, struct twz_error *err)
{
	DB_TRANSACTION t = { NULL };
	bool ok = db_writer(s->reg, err) && db_begin(s->reg, &t, err) &&
		  forget_path(s->reg, path, err) && put_service(s, source, err) &&
		  put_file(s, path, file, err) && put_rows(s, err) &&
		  put_listing(s, source->listing, err) && db_commit(&t, err);

	/* Our rows contradict nothing: what is there is not what was written. */
	if (!ok && sqlite3_errcode(s->reg->db) == SQLITE_CONSTRAINT)
		s->reg->damaged = true;
	return ok;
}

bool
registry_store(struct registry *reg, const struct twz_service *service,
	       const struct registry_source *source, struct twz_error *err)
{
	static const struct registry_source plain = { 0 };
	TWZ_ARENA arena = { 0 };
	TWZ_CLEANUP(clean_store) struct store s = {
		.reg = reg, .arena = &arena, .service = service,
		.numbers = { .arena = &arena, .expected = service->ngates },
	};
	char path[PATH_MAX];
	struct stat file;

	for (uint32_t i = 0; i < service->ngates; i++)
		if (service->gates[i].index != i)
			return twz_fail(err, TWZ_CLASS_LINK, TWZ_ERR(GENERIC, INTERNAL),
					"%s: gate %u is numbered %u", service->path, i,
					service->gates[i].index);
	if (!registry_real(service->path, path, &file))
		return twz_fail_sys(err, errno, "%s", service->path);
	if (!source)
		source = &plain;
	if (source->seen)
		file = *source->seen;
	if (is_stored(reg, service, path, &file, source))
		return true;
	number_all(&s);
	if (!store_once(&s, path, &file, source, err) &&
	    (!registry_recover(reg, err) || !store_once(&s, path, &file, source, err)))
		return twz_wrap(err, "register %s", service->name);
	db_empty_log(reg);
	return true;
}
