/*
 * Live tables: each query sees all rows of one as they were when it began to read it.
 *
 * One sqlite module serves all of them: a cursor takes a copy of the rows when it starts, so that nothing
 * is locked while the query goes on.
 */
#include <string.h>
#include <time.h>

#include "monitor/handlers.h"
#include "repl/session_calls_file.h"
#include "repl/lang/words.h"
#include "repl/sql_inner.h"
#include "twz/typetext.h"

struct live {
	sqlite3_vtab base;
	const struct sql_named *named;
	struct sql_context *c;
};

struct live_cursor {
	sqlite3_vtab_cursor base;
	struct twz_arena arena;
	struct sql_rows rows;
	size_t at;
};

/* What a module is registered with. */
struct live_use {
	const struct sql_named *named;
	struct sql_context *c;
};

void
sql_add(struct sql_rows *rows, const struct twz_value *cells)
{
	for (size_t i = 0; i < rows->columns; i++)
		twz_push(rows->arena, rows->cells, rows->n, cells[i]);
}

/* -- the module --------------------------------------------------------------------------------- */

static int
live_connect(sqlite3 *db, void *data, int argc, const char *const *argv, sqlite3_vtab **ret, char **why)
{
	const struct live_use *use = data;
	struct live *live = calloc(1, sizeof(*live));
	TWZ_ARENA arena = { 0 };
	char *declared = twz_format(&arena, "CREATE TABLE x(%s)", use->named->columns);
	int result;

	(void)argc, (void)argv, (void)why;
	if (!live)
		return SQLITE_NOMEM;
	for (char *s = strchr(declared, '('); *s; s++)
		if (*s == ' ')
			*s = ',';
	*live = (struct live){ .named = use->named, .c = use->c };
	*ret = &live->base;
	use->c->declaring = true;
	result = sqlite3_declare_vtab(db, declared);
	use->c->declaring = false;
	return result;
}

static int
live_disconnect(sqlite3_vtab *vtab)
{
	free(vtab);
	return SQLITE_OK;
}

static int
live_best_index(sqlite3_vtab *vtab, sqlite3_index_info *info)
{
	(void)vtab;
	info->estimatedCost = 1000;
	info->estimatedRows = 100;
	return SQLITE_OK;
}

static int
live_open(sqlite3_vtab *vtab, sqlite3_vtab_cursor **ret)
{
	struct live_cursor *cursor = calloc(1, sizeof(*cursor));

	(void)vtab;
	if (!cursor)
		return SQLITE_NOMEM;
	*ret = &cursor->base;
	return SQLITE_OK;
}

static int
live_close(sqlite3_vtab_cursor *base)
{
	struct live_cursor *cursor = (struct live_cursor *)(void *)base;

	twz_arena_free(&cursor->arena);
	free(cursor);
	return SQLITE_OK;
}

static int
live_filter(sqlite3_vtab_cursor *base, int number, const char *text, int argc, sqlite3_value **argv)
{
	struct live_cursor *cursor = (struct live_cursor *)(void *)base;
	struct live *live = (struct live *)(void *)base->pVtab;
	struct twz_error err = { 0 };
	size_t columns = 1;

	(void)number, (void)text, (void)argc, (void)argv;
	for (const char *s = live->named->columns; *s; s++)
		columns += *s == ' ';
	twz_arena_reset(&cursor->arena);
	cursor->rows = (struct sql_rows){ .arena = &cursor->arena, .columns = columns };
	cursor->at = 0;
	if (live->named->fill(live->c, &cursor->rows, &err))
		return SQLITE_OK;
	sqlite3_free(base->pVtab->zErrMsg);
	base->pVtab->zErrMsg = sqlite3_mprintf("%s", err.text);
	return SQLITE_ERROR;
}

static int
live_next(sqlite3_vtab_cursor *base)
{
	struct live_cursor *cursor = (struct live_cursor *)(void *)base;

	cursor->at += cursor->rows.columns;
	return SQLITE_OK;
}

static int
live_eof(sqlite3_vtab_cursor *base)
{
	const struct live_cursor *cursor = (const struct live_cursor *)(void *)base;

	return cursor->at >= cursor->rows.n;
}

void
sql_result(sqlite3_context *context, const struct twz_value *v)
{
	switch (v->kind) {
	case TWZ_VALUE_BOOL:
		sqlite3_result_int(context, v->boolean);
		return;
	case TWZ_VALUE_INT:
		sqlite3_result_int64(context, (sqlite3_int64)v->integer);
		return;
	case TWZ_VALUE_FLOAT:
		sqlite3_result_double(context, v->real);
		return;
	case TWZ_VALUE_STRING:
		sqlite3_result_text64(context, v->string.text, v->string.n, SQLITE_TRANSIENT, SQLITE_UTF8);
		return;
	case TWZ_VALUE_UNIT: case TWZ_VALUE_LIST: case TWZ_VALUE_RECORD: case TWZ_VALUE_NONE: case TWZ_VALUE_OK:
	case TWZ_VALUE_ERR:
		break;
	}
	sqlite3_result_null(context);
}

static int
live_column(sqlite3_vtab_cursor *base, sqlite3_context *context, int i)
{
	const struct live_cursor *cursor = (const struct live_cursor *)(void *)base;

	sql_result(context, &cursor->rows.cells[cursor->at + (size_t)i]);
	return SQLITE_OK;
}

static int
live_rowid(sqlite3_vtab_cursor *base, sqlite3_int64 *ret)
{
	const struct live_cursor *cursor = (const struct live_cursor *)(void *)base;

	*ret = (sqlite3_int64)(cursor->at / cursor->rows.columns + 1);
	return SQLITE_OK;
}

/* No xCreate: the table is there under the module's own name and nobody can make another. */
static const sqlite3_module module = {
	.xConnect = live_connect, .xDisconnect = live_disconnect, .xBestIndex = live_best_index,
	.xOpen = live_open, .xClose = live_close, .xFilter = live_filter, .xNext = live_next,
	.xEof = live_eof, .xColumn = live_column, .xRowid = live_rowid,
};

bool
sql_live(sqlite3 *db, const struct sql_named *t, struct sql_context *c)
{
	struct live_use *use = calloc(1, sizeof(*use));

	if (!use)
		return false;
	*use = (struct live_use){ t, c };
	return sqlite3_create_module_v2(db, t->name, &module, use, free) == SQLITE_OK;
}

/* -- what they hold ------------------------------------------------------------------------------ */

#define ADD(rows, ...) sql_add((rows), (const struct twz_value[]){ __VA_ARGS__ })

static struct twz_value
text(const struct sql_rows *rows, const char *s)
{
	return s && *s ? twz_cstring(rows->arena, s) : (struct twz_value){ .kind = TWZ_VALUE_NONE };
}

static struct twz_value
number(uint64_t n)
{
	return twz_int(NULL, (twz_wide)n);
}

static struct twz_value
id(const struct sql_rows *rows, struct monitor_id i)
{
	return text(rows, i.value ? twz_format(rows->arena, "%016llx", (unsigned long long)i.value) : NULL);
}

bool
sql_compartments(const struct sql_context *c, struct sql_rows *rows, struct twz_error *err)
{
	static const char *const levels[] = {
#define X(name, text) text,
		TWZ_LEVELS(X)
#undef X
	};
	const struct monitor_info *all;
	size_t n = monitor_list(c->s->monitor, rows->arena, &all);

	(void)err;
	for (size_t i = 0; i < n; i++) {
		const struct monitor_info *m = &all[i];

		ADD(rows, id(rows, m->id), text(rows, m->service), text(rows, monitor_state_text(m->state)),
		    text(rows, levels[m->active]), text(rows, monitor_mechanism_text(m->mechanism)),
		    number((uint64_t)m->pid), number(m->links), number(m->calls), number(m->faults),
		    number(m->restarts), number(m->memory), text(rows, m->why));
	}
	return true;
}

bool
sql_links(const struct sql_context *c, struct sql_rows *rows, struct twz_error *err)
{
	const struct monitor_link_info *all;
	size_t n = monitor_links(c->s->monitor, rows->arena, &all);

	(void)err;
	for (size_t i = 0; i < n; i++) {
		const struct monitor_link_info *l = &all[i];

		ADD(rows, number(l->serial), text(rows, l->from), id(rows, l->from_id), text(rows, l->to),
		    id(rows, l->to_id), number(l->thread), number(l->depth),
		    *l->from ? text(rows, NULL) : number(l->calls));
	}
	return true;
}

bool
sql_handlers(const struct sql_context *c, struct sql_rows *rows, struct twz_error *err)
{
	const struct monitor_handler *all;
	size_t n = monitor_handlers(c->s->monitor, rows->arena, &all);

	(void)err;
	for (size_t i = 0; i < n; i++) {
		const struct monitor_handler *h = &all[i];

		ADD(rows, text(rows, h->service->name), text(rows, h->gate->name),
		    text(rows, twz_format(rows->arena, "%s::%s", h->by->name, h->by_gate->name)),
		    text(rows, h->by->name), twz_bool(h->in_use), twz_bool(h->any), twz_bool(h->required),
		    text(rows, h->state), number(h->answered));
	}
	return true;
}

/* 0: it was never looked at the clock. */
static struct twz_value
timed(uint64_t ns)
{
	return ns ? number(ns) : (struct twz_value){ .kind = TWZ_VALUE_NONE };
}

static struct twz_value
moment(const struct sql_rows *rows, int64_t ms)
{
	time_t seconds = (time_t)(ms / 1000);
	char shown[32] = "";
	struct tm tm;

	if (localtime_r(&seconds, &tm))
		strftime(shown, sizeof(shown), "%Y-%m-%d %H:%M:%S", &tm);
	return text(rows, twz_strdup(rows->arena, shown));
}

static void
earlier_calls(const struct sql_context *c, struct sql_rows *rows)
{
	const char *path = session_calls_path(c->s, rows->arena);
	const struct calls_row *all;
	size_t n = path ? calls_file_read(path, rows->arena, &all) : 0;

	for (size_t i = 0; i < n; i++) {
		const struct calls_row *r = &all[i];

		ADD(rows, text(rows, twz_format(rows->arena, "%s::%s", r->service, r->gate)), text(rows, r->service),
		    text(rows, r->gate), number(r->counts.calls), number(r->counts.errors), number(r->counts.failures),
		    timed(r->counts.p50), timed(r->counts.p90), timed(r->counts.p99), timed(r->counts.longest),
		    number((uint64_t)r->session.id), moment(rows, r->session.began), moment(rows, r->session.ended),
		    number((uint64_t)r->session.status), text(rows, r->session.context),
		    text(rows, r->session.script));
	}
}

bool
sql_calls(const struct sql_context *c, struct sql_rows *rows, struct twz_error *err)
{
	const struct monitor_calls *all;
	size_t n = monitor_calls(c->s->monitor, rows->arena, &all);
	struct twz_value none = { .kind = TWZ_VALUE_NONE };

	(void)err;
	for (size_t i = 0; i < n; i++) {
		const struct monitor_calls *m = &all[i];
		const char *gate = twz_format(rows->arena, "%s::%s", m->service->name, m->gate->name);

		ADD(rows, text(rows, gate), text(rows, m->service->name), text(rows, m->gate->name),
		    number(m->calls), number(m->errors), number(m->failures), timed(m->p50), timed(m->p90),
		    timed(m->p99), timed(m->longest), none, none, none, none, none, none);
	}
	earlier_calls(c, rows);
	return true;
}

bool
sql_builtin(const struct sql_context *c, struct sql_rows *rows, struct twz_error *err)
{
	(void)c, (void)err;
	for (size_t k = 0; k < SYS_BUILTINS; k++) {
		const struct twz_service *s = sys_builtins[k];

		for (uint32_t i = 0; i < s->ngates; i++) {
			const struct twz_gate *g = &s->gates[i];

			ADD(rows, text(rows, s->name), text(rows, g->name),
			    text(rows, twz_signature_text(rows->arena, g)), text(rows, g->doc));
		}
	}
	return true;
}

bool
sql_found(const struct sql_context *c, struct sql_rows *rows, struct twz_error *err)
{
	const struct registry_file *all;
	size_t n = session_files(c->s, rows->arena, &all);

	(void)err;
	for (size_t i = 0; i < n; i++)
		ADD(rows, text(rows, all[i].name), text(rows, all[i].path));
	return true;
}

bool
sql_variables(const struct sql_context *c, struct sql_rows *rows, struct twz_error *err)
{
	const struct repl_variable *all = NULL;
	size_t n = c->q->variables ? c->q->variables(c->q->data, rows->arena, &all) : 0;

	(void)err;
	for (size_t i = 0; i < n; i++)
		ADD(rows, text(rows, all[i].name), text(rows, all[i].type), text(rows, all[i].value));
	return true;
}

bool
sql_tables(const struct sql_context *c, struct sql_rows *rows, struct twz_error *err)
{
	size_t n;
	const struct sql_named *all = sql_named(&n);

	(void)c, (void)err;
	for (size_t i = 0; i < n; i++)
		ADD(rows, text(rows, all[i].name), text(rows, all[i].columns), text(rows, all[i].help));
	return true;
}

bool
sql_words(const struct sql_context *c, struct sql_rows *rows, struct twz_error *err)
{
	struct lang_word w;

	(void)c, (void)err;
	for (size_t i = 0; lang_word(i, &w); i++)
		ADD(rows, text(rows, w.name), text(rows, w.kind), text(rows, w.usage), text(rows, w.help));
	return true;
}
