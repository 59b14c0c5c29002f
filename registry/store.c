/*
 * From a struct twz_service to rows. Every type that the gates reach gets its number (number.c), in the
 * order in which they are met, and every member its place; then each table is written at once (feed.h).
 */
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "registry/feed.h"
#include "registry/number.h"
#include "registry/row.h"
#include "registry/words.h"
#include "twz/typetext.h"

enum { NO_TYPE = NUMBER_NONE };

struct stored_type {
	uint32_t target;		/* its number; NO_TYPE */
	uint32_t first;			/* place of its first member */
	size_t text;			/* where in the texts it is shown */
};

struct stored_member {
	const struct twz_member *member;
	uint32_t type;
};

struct stored_name {
	const char *name;
	uint32_t gate, place;
};

/* Being stored: what was numbered so far. */
struct store {
	struct registry *reg;
	struct twz_arena *arena;
	const struct twz_service *service;
	int64_t id;			/* of the service's row */
	struct numbers numbers;		/* of types */
	struct stored_type *types;	/* by number */
	struct stored_member *members;
	struct stored_name *names;
	size_t nmembers, nnames;
	size_t *signatures;		/* of each gate that has none, where in the texts */
	uint32_t *gate_types;
	struct twz_text texts;
};

static void
clean_store(struct store *s)
{
	twz_text_free(&s->texts);
}

/* -- numbering -------------------------------------------------------------------------------------- */

/* Ends the text before. Where the next one begins: it stays there, but the memory may move. */
static size_t
begin_text(struct store *s)
{
	twz_text_byte(&s->texts, '\0');
	return s->texts.n;
}

/* There are more types while it runs: walking one may number new ones. */
static void
number_types(struct store *s)
{
	size_t ntypes = 0;

	for (size_t i = 0; i < s->numbers.n; i++) {
		const struct twz_type *t = s->numbers.types[i];
		struct stored_type stored = {
			.target = number_of(&s->numbers, t->target), .first = (uint32_t)s->nmembers,
			.text = begin_text(s),
		};

		twz_type_add(&s->texts, t);
		for (uint32_t j = 0; j < t->nmembers; j++) {
			struct stored_member m = { &t->members[j], number_of(&s->numbers, t->members[j].type) };

			twz_push(s->arena, s->members, s->nmembers, m);
		}
		twz_push(s->arena, s->types, ntypes, stored);
	}
}

static int
by_name(const void *a, const void *b)
{
	const struct stored_name *x = a, *y = b;
	int order = strcmp(x->name, y->name);

	if (order)
		return order;
	if (x->gate != y->gate)
		return x->gate < y->gate ? -1 : 1;
	return (x->place > y->place) - (x->place < y->place);
}

static struct stored_name *
make_room(const struct store *s)
{
	size_t n = 0;

	for (uint32_t i = 0; i < s->service->ngates; i++)
		n += 1 + (size_t)s->service->gates[i].naliases;
	return twz_new_array(s->arena, n, struct stored_name);
}

/* Those of all functions of a library mostly are in this order already. */
static void
sort_names(struct store *s)
{
	bool sorted = true;

	for (size_t i = 1; i < s->nnames && sorted; i++)
		sorted = by_name(&s->names[i - 1], &s->names[i]) <= 0;
	if (!sorted)
		qsort(s->names, s->nnames, sizeof(*s->names), by_name);
}

static void
number_all(struct store *s)
{
	const struct twz_service *service = s->service;

	s->signatures = twz_new_array(s->arena, service->ngates, size_t);
	s->gate_types = twz_new_array(s->arena, service->ngates, uint32_t);
	s->names = make_room(s);
	for (uint32_t i = 0; i < service->ngates; i++) {
		const struct twz_gate *g = &service->gates[i];

		if (!g->signature) {
			s->signatures[i] = begin_text(s);
			twz_signature_add(&s->texts, g);
		}
		s->gate_types[i] = number_of(&s->numbers, g->type);
		s->names[s->nnames++] = (struct stored_name){ g->name, i, 0 };
		for (uint32_t j = 0; j < g->naliases; j++)
			s->names[s->nnames++] = (struct stored_name){ g->aliases[j], i, j + 1 };
	}
	number_types(s);
	begin_text(s);
	sort_names(s);
}

/* -- rows ------------------------------------------------------------------------------------------- */

static void
feed_type(sqlite3_context *out, uint32_t number)
{
	if (number != NO_TYPE)
		sqlite3_result_int64(out, number);
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

static void
gate_column(sqlite3_context *out, const void *data, size_t row, int column)
{
	const struct store *s = data;
	const struct twz_gate *g = &s->service->gates[row];

	switch (column) {
	case 0: feed_text(out, g->name); break;
	case 1: feed_text(out, g->signature ? g->signature : s->texts.bytes + s->signatures[row]); break;
	case 2: feed_text(out, same(g->symbol, g->name) ? NULL : g->symbol); break;
	case 3: feed_text(out, g->version); break;
	case 4: feed_text(out, g->shown); break;
	case 5: feed_text(out, g->alias_of); break;
	case 6: feed_text(out, g->language); break;
	case 7: feed_text(out, g->file); break;
	case 8: feed_some(out, g->line); break;
	case 9: feed_text(out, g->doc); break;
	case 10: feed_text(out, g->requires); break;
	case 11: feed_text(out, g->converts); break;
	case 12: feed_text(out, words_role(g->role)); break;
	case 13: feed_text(out, words_level(g->level)); break;
	case 14: feed_some(out, gate_flags(g)); break;
	case 15: feed_text(out, words_verdict(g->verdict)); break;
	case 16: feed_text(out, g->why); break;
	case 17: feed_text(out, g->how); break;
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

static void
type_column(sqlite3_context *out, const void *data, size_t row, int column)
{
	const struct store *s = data;
	const struct stored_type *stored = &s->types[row];
	const struct twz_type *t = s->numbers.types[row];

	switch (column) {
	case 0: feed_text(out, twz_kind_name(t->kind)); break;
	case 1: feed_text(out, t->form ? words_form(t->form) : NULL); break;
	case 2: feed_text(out, t->name); break;
	case 3: feed_some(out, t->size); break;
	case 4: feed_some(out, t->align); break;
	case 5: feed_some(out, (int64_t)t->count); break;
	case 6: feed_type(out, stored->target); break;
	case 7: feed_some(out, t->quals); break;
	case 8: feed_some(out, type_flags(t)); break;
	case 9: if (t->nmembers) sqlite3_result_int64(out, stored->first); break;
	case 10: feed_some(out, t->nmembers); break;
	case 11: feed_text(out, t->why); break;
	case 12: feed_text(out, s->texts.bytes + stored->text); break;
	}
}

static int
member_flags(const struct twz_member *m)
{
	return m->quals | (int)m->dir << MEMBER_DIR | (m->secret ? MEMBER_SECRET : 0) |
	       (m->optional ? MEMBER_OPTIONAL : 0) | (m->has_extent ? MEMBER_EXTENT : 0) |
	       (m->artificial ? MEMBER_ARTIFICIAL : 0);
}

static void
member_column(sqlite3_context *out, const void *data, size_t row, int column)
{
	const struct store *s = data;
	const struct twz_member *m = s->members[row].member;

	switch (column) {
	case 0: feed_text(out, m->name); break;
	case 1: feed_type(out, s->members[row].type); break;
	case 2: feed_some(out, (int64_t)m->offset); break;
	case 3: feed_some(out, m->value); break;
	case 4: feed_some(out, m->bit_size | (int64_t)m->bit_offset << MEMBER_BITS); break;
	case 5: feed_some(out, member_flags(m)); break;
	case 6: feed_some(out, m->extent); break;
	case 7: feed_some(out, (int64_t)m->count); break;
	case 8: feed_text(out, m->text); break;
	}
}

static void
name_column(sqlite3_context *out, const void *data, size_t row, int column)
{
	const struct store *s = data;
	const struct stored_name *n = &s->names[row];

	switch (column) {
	case 0: sqlite3_result_int64(out, s->id); break;
	case 1: feed_text(out, n->name); break;
	case 2: sqlite3_result_int64(out, n->gate); break;
	case 3: sqlite3_result_int64(out, n->place); break;
	}
}

/* Columns of gates that are often empty. */
static const struct { int column; size_t at; } gate_texts[] = {
	{ 3, offsetof(struct twz_gate, version) }, { 4, offsetof(struct twz_gate, shown) },
	{ 5, offsetof(struct twz_gate, alias_of) }, { 7, offsetof(struct twz_gate, file) },
	{ 9, offsetof(struct twz_gate, doc) }, { 10, offsetof(struct twz_gate, requires) },
	{ 11, offsetof(struct twz_gate, converts) },
};

/* To ask for a value takes as long as to write it: most libraries have nothing at all in some columns. */
static void
find_alike(const struct store *s, struct feed *gates, struct feed *members)
{
	bool symbols = false, bits = false, extents = false, counts = false, texts = false;

	for (uint32_t i = 0; i < s->service->ngates; i++)
		symbols |= !same(s->service->gates[i].symbol, s->service->gates[i].name);
	for (size_t i = 0; i < s->nmembers; i++) {
		const struct twz_member *m = s->members[i].member;

		bits |= m->bit_size || m->bit_offset;
		extents |= m->extent != 0;
		counts |= m->count != 0;
		texts |= m->text != NULL;
	}
	gates->alike[2] = symbols ? NULL : "NULL";
	members->alike[4] = bits ? NULL : "NULL";
	members->alike[6] = extents ? NULL : "NULL";
	members->alike[7] = counts ? NULL : "NULL";
	members->alike[8] = texts ? NULL : "NULL";
	for (size_t k = 0; k < TWZ_COUNT(gate_texts); k++) {
		bool some = false;

		for (uint32_t i = 0; i < s->service->ngates && !some; i++) {
			const void *gate = &s->service->gates[i];
			const char *text = *(const char *const *)((const char *)gate + gate_texts[k].at);

			some = !text || *text;
		}
		gates->alike[gate_texts[k].column] = some ? NULL : "''";
	}
}

static bool
put_rows(struct store *s, struct twz_error *err)
{
	struct feed gates = { .nrows = s->service->ngates, .ncolumns = 21, .column = gate_column, .data = s };
	const struct feed types = { .nrows = s->numbers.n, .ncolumns = 13, .column = type_column, .data = s };
	struct feed members = { .nrows = s->nmembers, .ncolumns = 9, .column = member_column, .data = s };
	const struct feed names = { .nrows = s->nnames, .ncolumns = 4, .column = name_column, .data = s };
	int64_t first = words_first(s->id);

	find_alike(s, &gates, &members);
	return feed_append(s->reg, "gate",
			   "name,signature,symbol,version,shown,alias_of,language,file,line,doc,requires,converts,"
			   "role,level,flags,verdict,why,how,type,address,hash", first, &gates, err) &&
	       feed_append(s->reg, "type", "kind,form,name,size,align,count,target,quals,flags,first,members,why,text",
			   first, &types, err) &&
	       feed_append(s->reg, "member", "name,type,offset,value,bits,flags,extent,count,text",
			   first, &members, err) &&
	       feed_insert(s->reg, "name", &names, err);
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
			     " (NULL,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
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
	sqlite3_bind_int64(st, 15, (int64_t)(s->nnames - service->ngates));
	sqlite3_bind_int64(st, 16, (int64_t)s->numbers.n);
	sqlite3_bind_int64(st, 17, (int64_t)s->nmembers);
	for (uint32_t i = 0; i < service->ngates; i++)
		recorded += service->gates[i].has_record;
	sqlite3_bind_int64(st, 18, recorded);
	db_bind(st, 19, service->asks);
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
	if (!realpath(service->path, path) || stat(path, &file) != 0)
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
