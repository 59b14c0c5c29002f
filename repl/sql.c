#include "repl/sql.h"

#include <string.h>
#include <time.h>

#include "repl/history.h"
#include "repl/sql_inner.h"
#include "twz/nearest.h"

enum {
	ROWS_MAX = 1000000,
	BYTES_MAX = 256 << 20,		/* of all rows that are kept */
	VALUE_MAX = 64 << 20,
	HEAP_MAX = 512 << 20,		/* of sqlite, in this process */
	STEPS = 4000,			/* of its machine between two looks at the clock */
	BUSY_MS = 2000,
};

struct query {
	struct sql_context c;
	sqlite3 *db;
	struct twz_error *err;
	const char *verb;		/* the statement's first word */
	const char *refused;		/* what is not allowed */
	uint64_t deadline;		/* CLOCK_MONOTONIC, ns; 0: none */
	bool late, stopped;
	const char **names;		/* of the columns */
	size_t bytes;
};

static uint64_t
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* -- only reading ------------------------------------------------------------------------------- */

/* What PRAGMA may ask: nothing of it changes anything. */
static bool
is_reading_pragma(const char *name)
{
	static const char *const allowed[] = {
		"table_info", "table_xinfo", "table_list", "index_list", "index_info", "index_xinfo",
		"foreign_key_list", "function_list", "collation_list", "compile_options", "database_list",
		"module_list", "pragma_list",
	};

	for (size_t i = 0; i < TWZ_COUNT(allowed); i++)
		if (name && !strcmp(name, allowed[i]))
			return true;
	return false;
}

static int
authorize(void *data, int action, const char *a, const char *b, const char *database, const char *trigger)
{
	struct query *q = data;

	(void)database, (void)trigger;
	if (q->c.declaring)
		return SQLITE_OK;
	switch (action) {
	case SQLITE_SELECT:
	case SQLITE_READ:
	case SQLITE_RECURSIVE:
		return SQLITE_OK;
	case SQLITE_FUNCTION:
		if (b && strcmp(b, "load_extension") && strcmp(b, "fts3_tokenizer"))
			return SQLITE_OK;
		q->refused = b;
		return SQLITE_DENY;
	case SQLITE_PRAGMA:
		if (is_reading_pragma(a))
			return SQLITE_OK;
		break;
	}
	q->refused = q->verb;
	return SQLITE_DENY;
}

static int
look_around(void *data)
{
	struct query *q = data;
	const struct repl_host *host = session_host(q->c.s);

	q->stopped = host->interrupted && host->interrupted(host->data);
	q->late = q->deadline && now() >= q->deadline;
	return q->stopped || q->late;
}

/* -- functions of ours -------------------------------------------------------------------------- */

/* The end of the type that begins at @s: at a ',' or '>' outside of all brackets. */
static const char *
type_end(const char *s)
{
	int open = 0;

	for (; *s; s++) {
		if (strchr("<([{", *s))
			open++;
		else if (*s == '-' && s[1] == '>')
			s++;
		else if (strchr(">)]}", *s) && --open < 0)
			break;
		else if (*s == ',' && !open)
			break;
	}
	return s;
}

/* What stands behind the parameters of "name(a: T, …) -> R"; "()" when nothing does. */
static const char *
result_of(const char *signature)
{
	const char *s = strchr(signature, '(');

	s = s ? type_end(s + 1) : NULL;
	while (s && *s == ',')
		s = type_end(s + 1);
	if (!s || *s != ')')
		return NULL;
	return strncmp(s, ") -> ", 5) ? "()" : s + 5;
}

static void
result_part(sqlite3_context *context, sqlite3_value *signature, bool error)
{
	const char *text = (const char *)sqlite3_value_text(signature), *s = text ? result_of(text) : NULL;
	const char *end = s ? s + strlen(s) : NULL;
	bool is_result = s && !strncmp(s, "Result<", 7);

	if (is_result) {
		s += 7;
		end = type_end(s);
		if (error) {
			s = *end == ',' ? end + 2 : end;
			end = type_end(s);
		}
	} else if (error) {
		s = NULL;
	}
	if (s && s < end)
		sqlite3_result_text(context, s, (int)(end - s), SQLITE_TRANSIENT);
	else
		sqlite3_result_null(context);
}

static void
returns(sqlite3_context *context, int argc, sqlite3_value **argv)
{
	(void)argc;
	result_part(context, argv[0], false);
}

static void
fails(sqlite3_context *context, int argc, sqlite3_value **argv)
{
	(void)argc;
	result_part(context, argv[0], true);
}

/* -- the connection ----------------------------------------------------------------------------- */

static bool
db_failed(struct query *q, const char *doing)
{
	twz_fail(q->err, TWZ_CLASS_LINK, TWZ_ERR(IO, OTHER), "sql: cannot %s: %s", doing,
		 q->db ? sqlite3_errmsg(q->db) : "no memory");
	return false;
}

/* "file:PATH" with @options, so that sqlite takes no character of the path for one of its own. */
static const char *
uri_of(struct twz_arena *arena, const char *path, const char *options)
{
	char *uri = twz_alloc(arena, strlen(path) * 3 + strlen(options) + sizeof("file:"));
	char *end = stpcpy(uri, "file:");

	for (const char *p = path; *p; p++)
		end += sprintf(end, strchr("?#%", *p) ? "%%%02x" : "%c", (unsigned char)*p);
	strcpy(end, options);
	return uri;
}

/* A file that cannot be locked, because its folder cannot be written, does not change either. */
static bool
open_file(struct query *q, const char *path)
{
	static const char *const ways[] = { "?mode=ro", "?immutable=1" };

	for (size_t i = 0; i < TWZ_COUNT(ways); i++) {
		const char *uri = uri_of(q->c.q->arena, path, ways[i]);
		int on = 1;

		sqlite3_close(q->db);
		q->db = NULL;
		if (sqlite3_open_v2(uri, &q->db, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX, NULL))
			continue;
		sqlite3_busy_timeout(q->db, BUSY_MS);
		sqlite3_file_control(q->db, "main", SQLITE_FCNTL_PERSIST_WAL, &on);
		if (!sqlite3_exec(q->db, "SELECT 1 FROM sqlite_schema", NULL, NULL, NULL))
			return true;
	}
	return db_failed(q, "read the registry");
}

/* The history has a file of its own; without one, as in a private session, its table is empty. */
static bool
add_history(struct query *q)
{
	static const char from_file[] = "CREATE TEMP VIEW entered AS SELECT id, at, status, ns, folder, text FROM log.entry";
	static const char empty[] = "CREATE TEMP TABLE entered(id, at, status, ns, folder, text)";
	struct twz_arena *arena = q->c.q->arena;
	sqlite3_stmt *attach = NULL;
	const char *path;
	bool there;

	there = history_path(arena, &path, NULL) && access(path, R_OK) == 0 &&
		!sqlite3_prepare_v2(q->db, "ATTACH ? AS log", -1, &attach, NULL) &&
		!sqlite3_bind_text(attach, 1, uri_of(arena, path, "?mode=ro"), -1, SQLITE_STATIC) &&
		sqlite3_step(attach) == SQLITE_DONE;
	sqlite3_finalize(attach);
	there = there && !sqlite3_exec(q->db, "SELECT id, at, status, ns, folder, text FROM log.entry LIMIT 0",
				       NULL, NULL, NULL);
	return !sqlite3_exec(q->db, there ? from_file : empty, NULL, NULL, NULL) ||
	       db_failed(q, "make its tables");
}

static bool
add_views(struct query *q)
{
	enum { FLAGS = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS };
	TWZ_ARENA arena = { 0 };
	size_t n;
	const struct sql_named *all = sql_named(&n);

	if (sqlite3_create_function(q->db, "returns", 1, FLAGS, NULL, returns, NULL, NULL) ||
	    sqlite3_create_function(q->db, "fails", 1, FLAGS, NULL, fails, NULL, NULL))
		return db_failed(q, "make its functions");
	for (size_t i = 0; i < n; i++) {
		char *columns;

		if (!all[i].view) {
			if (!sql_live(q->db, &all[i], &q->c))
				return db_failed(q, "make its tables");
			continue;
		}
		columns = twz_strdup(&arena, all[i].columns);
		for (char *s = columns; *s; s++)
			*s = *s == ' ' ? ',' : *s;
		if (sqlite3_exec(q->db, twz_format(&arena, "CREATE TEMP VIEW %s(%s) AS %s", all[i].name, columns,
						   all[i].view), NULL, NULL, NULL))
			return db_failed(q, "make its tables");
	}
	return true;
}

/* Whether the question names a view, so that the registry has to be up to date for it. */
static bool
wants_services(const struct query *q)
{
	size_t n;
	const struct sql_named *all = sql_named(&n);

	for (size_t i = 0; i < n; i++)
		if (all[i].view && memmem(q->c.q->text, q->c.q->n, all[i].name, strlen(all[i].name)))
			return true;
	return false;
}

/* All services are registered as they are now; one that cannot be used has no rows. */
static bool
open_registry(struct query *q)
{
	struct session *s = q->c.s;
	const struct registry_file *files;
	size_t n = wants_services(q) ? session_files(s, q->c.q->arena, &files) : 0;
	struct registry *reg;
	const char *path;
	bool ok;

	for (size_t i = 0; i < n; i++) {
		struct twz_error why = { 0 };

		if (!session_known(s, &files[i], &why) && why.cls == TWZ_CLASS_INTERRUPTED) {
			*q->err = why;
			return false;
		}
	}
	pthread_mutex_lock(&s->lock);
	ok = session_registry(s, &reg, q->err);
	path = ok ? twz_strdup(q->c.q->arena, registry_where(reg)) : NULL;
	pthread_mutex_unlock(&s->lock);
	return ok && open_file(q, path);
}

static void
confine(struct query *q)
{
	/* Tables of sqlite's own that declare themselves when they are first used. */
	sqlite3_exec(q->db, "SELECT 1 FROM json_each('[]'), json_tree('[]'), pragma_table_info('tables')", NULL,
		     NULL, NULL);
	sqlite3_limit(q->db, SQLITE_LIMIT_LENGTH, VALUE_MAX);
	sqlite3_limit(q->db, SQLITE_LIMIT_ATTACHED, 0);
	sqlite3_hard_heap_limit64(HEAP_MAX);
	/* "User" is the text when there is no such column, as people write it. */
	sqlite3_db_config(q->db, SQLITE_DBCONFIG_DQS_DML, 1, NULL);
	sqlite3_db_config(q->db, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, NULL);
	sqlite3_set_authorizer(q->db, authorize, q);
	sqlite3_progress_handler(q->db, STEPS, look_around, q);
}

/* -- what sqlite says ---------------------------------------------------------------------------- */

/* The table or column that was probably meant. */
static void
suggest(struct query *q, const char *wrong)
{
	const char **names = NULL, *near, *dot = strrchr(wrong, '.');
	struct twz_arena *arena = q->c.q->arena;
	size_t count, n = 0;
	const struct sql_named *all = sql_named(&count);

	for (size_t i = 0; i < count; i++) {
		char *rest = twz_strdup(arena, all[i].columns), *one;

		twz_push(arena, names, n, all[i].name);
		while ((one = strsep(&rest, " ")))
			twz_push(arena, names, n, one);
	}
	near = twz_nearest(dot ? dot + 1 : wrong, names, n);
	if (near)
		twz_hint(q->err, "did you mean %s?", near);
	else
		twz_hint(q->err, "sql tables lists the tables and their columns");
}

static bool
refuse(struct query *q)
{
	twz_fail(q->err, TWZ_CLASS_SECURITY, TWZ_ERR(GENERIC, ACCESS_DENIED), "sql only reads: %s is refused",
		 q->refused);
	return twz_hint(q->err, "twz-inspect --registry changes the registry");
}

/* Why a step or a statement failed. @at: where in the text that was given, or NULL. */
static bool
explain(struct query *q, const struct sql_text *text)
{
	const char *said = sqlite3_errmsg(q->db);
	int code = sqlite3_errcode(q->db), at = sqlite3_error_offset(q->db);
	bool missing = !strncmp(said, "no such table: ", 15) || !strncmp(said, "no such column: ", 16);
	int64_t limit = q->c.q->timeout_ns;

	if (q->err->cls != TWZ_CLASS_NONE)
		return false;
	if (code == SQLITE_INTERRUPT && q->stopped)
		return twz_fail(q->err, TWZ_CLASS_INTERRUPTED, TWZ_ERR(GENERIC, INTERRUPTED), "sql");
	if (code == SQLITE_INTERRUPT)
		return twz_fail(q->err, TWZ_CLASS_TIMEOUT, TWZ_ERR(GENERIC, TIMED_OUT),
				"sql: not done within %.15gs", (double)limit / 1e9);
	if (q->refused)
		return refuse(q);
	if (code == SQLITE_NOMEM)
		return twz_fail(q->err, TWZ_CLASS_LINK, TWZ_ERR(RESOURCE, OUT_OF_MEMORY),
				"sql: it needs more than %d MiB", HEAP_MAX >> 20);
	if (missing) {
		twz_fail(q->err, TWZ_CLASS_NAME, TWZ_ERR(NAMING, NOT_FOUND), "sql: %s", said);
		suggest(q, strchr(said, ':') + 2);
	} else {
		twz_fail(q->err, TWZ_CLASS_GATE,
			 TWZ_ERR(ARGUMENT, INVALID_ARGUMENT), "sql: %s", said);
	}
	if (at >= 0 && (size_t)at < text->n) {
		size_t end = (size_t)at;

		end += strspn(text->text + end, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789.");
		q->err->from = text->from[at];
		q->err->to = text->from[end > (size_t)at ? end - 1 : (size_t)at] + 1;
	}
	return false;
}

/* -- rows --------------------------------------------------------------------------------------- */

/* Two columns of one name would hide each other: the second becomes name_2. */
static void
name_columns(struct query *q, sqlite3_stmt *st)
{
	struct twz_arena *arena = q->c.q->arena;
	int n = sqlite3_column_count(st);

	q->names = twz_new_array(arena, (size_t)n, const char *);
	for (int i = 0; i < n; i++) {
		const char *name = twz_strdup(arena, sqlite3_column_name(st, i)), *unique = name;

		for (int k = 0, number = 1; k < i; k++)
			if (!strcmp(q->names[k], unique)) {
				unique = twz_format(arena, "%s_%d", name, ++number);
				k = -1;
			}
		q->names[i] = unique;
	}
}

static struct twz_value
value_of(struct query *q, sqlite3_stmt *st, int i, struct twz_arena *arena)
{
	switch (sqlite3_column_type(st, i)) {
	case SQLITE_INTEGER:
		return twz_int(&twz_type_i64, sqlite3_column_int64(st, i));
	case SQLITE_FLOAT:
		return twz_float(&twz_type_f64, sqlite3_column_double(st, i));
	case SQLITE_TEXT:
	case SQLITE_BLOB: {
		const char *bytes = sqlite3_column_blob(st, i);
		int n = sqlite3_column_bytes(st, i);

		q->bytes += (size_t)n;
		return twz_string(arena, n ? bytes : "", (size_t)n);
	}
	}
	return (struct twz_value){ .kind = TWZ_VALUE_NONE };
}

static bool
too_much(struct query *q, size_t rows)
{
	if (q->c.q->drop || (rows <= ROWS_MAX && q->bytes <= BYTES_MAX))
		return false;
	twz_fail(q->err, TWZ_CLASS_LINK, TWZ_ERR(RESOURCE, OUT_OF_RESOURCES),
		 "sql: the answer has more than %d rows or %d MiB", ROWS_MAX, BYTES_MAX >> 20);
	twz_hint(q->err, "add limit N, or let the query count");
	return true;
}

static bool
read_rows(struct query *q, sqlite3_stmt *st, const struct sql_text *text)
{
	const struct repl_query *asked = q->c.q;
	struct twz_arena scratch = { 0 };
	struct twz_arena *arena = asked->drop ? &scratch : asked->arena;
	int n = sqlite3_column_count(st), result;
	bool ok = true;

	for (size_t rows = 1; ok && (result = sqlite3_step(st)) == SQLITE_ROW; rows++) {
		struct twz_value *cells, row;

		if (asked->drop)
			twz_arena_reset(&scratch);
		cells = twz_new_array(arena, (size_t)n, struct twz_value);
		for (int i = 0; i < n; i++)
			cells[i] = value_of(q, st, i, arena);
		q->bytes += (size_t)n * sizeof(*cells);
		row = twz_record(&twz_type_record, q->names, cells, (size_t)n);
		ok = !too_much(q, rows) && asked->row(asked->data, &row, q->err);
	}
	if (ok && result != SQLITE_DONE)
		ok = explain(q, text);
	twz_arena_free(&scratch);
	return ok;
}

/* The values that stand for ?1, ?2 … */
static bool
bind_values(struct query *q, sqlite3_stmt *st)
{
	const struct repl_query *asked = q->c.q;
	size_t wanted = (size_t)sqlite3_bind_parameter_count(st);

	if (wanted != asked->nargs)
		return twz_fail(q->err, TWZ_CLASS_TYPE, TWZ_ERR(ARGUMENT, INVALID_ARGUMENT),
				"sql: the query has %zu parameter%s (?), %zu value%s given", wanted,
				wanted == 1 ? "" : "s", asked->nargs, asked->nargs == 1 ? " is" : "s are");
	for (size_t i = 0; i < asked->nargs; i++) {
		const struct twz_value *v = &asked->args[i];
		int at = (int)i + 1;

		switch (v->kind) {
		case TWZ_VALUE_BOOL:
			sqlite3_bind_int(st, at, v->boolean);
			continue;
		case TWZ_VALUE_INT:
			if (v->integer > INT64_MAX || v->integer < INT64_MIN)
				break;
			sqlite3_bind_int64(st, at, (sqlite3_int64)v->integer);
			continue;
		case TWZ_VALUE_FLOAT:
			sqlite3_bind_double(st, at, v->real);
			continue;
		case TWZ_VALUE_STRING:
			sqlite3_bind_text64(st, at, v->string.text, v->string.n, SQLITE_STATIC, SQLITE_UTF8);
			continue;
		case TWZ_VALUE_NONE:
			continue;
		case TWZ_VALUE_UNIT: case TWZ_VALUE_LIST: case TWZ_VALUE_RECORD: case TWZ_VALUE_OK:
		case TWZ_VALUE_ERR:
			break;
		}
		return twz_fail(q->err, TWZ_CLASS_TYPE, TWZ_ERR(ARGUMENT, WRONG_TYPE),
				"sql: value %d is no text, number, bool or none that fits a column", at);
	}
	return true;
}

/* CREATE of "  create table …". */
static const char *
first_word(const struct sql_text *text, struct twz_arena *arena)
{
	size_t from = strspn(text->text, " \t\r\n(");
	char *word = twz_strndup(arena, text->text + from, strcspn(text->text + from, " \t\r\n(;"));

	for (char *s = word; *s; s++)
		if (*s >= 'a' && *s <= 'z')
			*s = (char)(*s - 'a' + 'A');
	return word;
}

static bool
answer(struct query *q, const struct sql_text *text)
{
	sqlite3_stmt *st = NULL;
	const char *rest = NULL;
	bool ok;

	q->verb = first_word(text, q->c.q->arena);
	if (sqlite3_prepare_v2(q->db, text->text, (int)text->n, &st, &rest))
		return explain(q, text);
	if (!st)
		return twz_fail(q->err, TWZ_CLASS_GATE, TWZ_ERR(ARGUMENT, INVALID_ARGUMENT),
				"sql: there is no query in the text");
	rest += strspn(rest, " \t\r\n;");
	if (*rest) {
		ok = twz_fail(q->err, TWZ_CLASS_GATE, TWZ_ERR(ARGUMENT, INVALID_ARGUMENT),
			      "sql: one query at a time");
	} else if (!sqlite3_stmt_readonly(st)) {
		q->refused = q->verb;
		ok = refuse(q);
	} else {
		name_columns(q, st);
		ok = bind_values(q, st) && read_rows(q, st, text);
	}
	sqlite3_finalize(st);
	return ok;
}

bool
sql_query(void *session, const struct repl_query *asked, struct twz_error *err)
{
	struct query q = { .c = { .s = session, .q = asked }, .err = err };
	struct sql_text text;
	bool ok;

	if (asked->n > 1 << 20)
		return twz_fail(err, TWZ_CLASS_GATE, TWZ_ERR(ARGUMENT, INVALID_ARGUMENT),
				"sql: the query is longer than a mebibyte");
	if (memchr(asked->text, '\0', asked->n))
		return twz_fail(err, TWZ_CLASS_GATE, TWZ_ERR(ARGUMENT, INVALID_ARGUMENT),
				"sql: a NUL in the query");
	if (!sql_expand(asked->text, asked->n, asked->arena, &text, err))
		return false;
	if (asked->timeout_ns >= 0)
		q.deadline = now() + (uint64_t)asked->timeout_ns;
	ok = open_registry(&q) && add_history(&q) && add_views(&q);
	if (ok) {
		confine(&q);
		ok = answer(&q, &text);
	}
	sqlite3_close(q.db);
	return ok;
}
