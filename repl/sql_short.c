/*
 * The short form: "gates where returns = User" for
 * "SELECT gate, returns, signature, doc FROM gates where returns = 'User'".
 *
 * Behind a comparison a bare word is a text, unless it is a column of the table, a word of SQL, or called.
 */
#include <string.h>
#include <strings.h>

#include "repl/sql_inner.h"
#include "twz/nearest.h"

/* What a text that is SQL already begins with; what of it writes is refused later, by name. */
static const char *const verbs[] = {
	"select", "with", "values", "explain", "insert", "update", "delete", "replace", "create", "drop",
	"alter", "attach", "detach", "pragma", "vacuum", "reindex", "analyze", "begin", "commit", "end",
	"rollback", "savepoint", "release",
};

static const char *const clauses[] = {
	"where", "order", "limit", "group", "having", "join", "left", "inner", "cross", "natural", "as",
	"offset", "union", "except", "intersect",
};

static const char *const comparisons[] = {
	"=", "==", "!=", "<>", "<", ">", "<=", ">=", "like", "glob", "is",
};

static bool
among(const char *const *words, size_t count, const char *word, size_t n)
{
	for (size_t i = 0; i < count; i++)
		if (strlen(words[i]) == n && !strncasecmp(words[i], word, n))
			return true;
	return false;
}

#define AMONG(words, word, n) among((words), TWZ_COUNT(words), (word), (n))

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool
is_word(char c)
{
	return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* Adds bytes that stand at @from of what was given; the ones in between are ours. */
static void
put(struct sql_text *t, const char *text, size_t n, size_t from, bool moves)
{
	for (size_t i = 0; i < n; i++) {
		t->from[t->n] = (uint32_t)(from + (moves ? i : 0));
		t->text[t->n++] = text[i];
	}
	t->text[t->n] = '\0';
}

/* The end of what begins at @i: a quoted text, a run of non-blanks, or one other character. */
static size_t
piece(const char *text, size_t n, size_t i)
{
	char quote = text[i];

	if (quote == '\'' || quote == '"') {
		for (i++; i < n && text[i] != quote; i++)
			;
		return i < n ? i + 1 : n;
	}
	if (strchr("(),", quote))
		return i + 1;
	while (i < n && !is_blank(text[i]) && !strchr("(),'\"", text[i]))
		i++;
	return i;
}

/* A word that can only be meant as text: User, passwd::User, look%. */
static bool
is_text(const struct sql_named *table, const char *text, size_t n, size_t from, size_t to)
{
	size_t next = to;

	if (!is_word(text[from]) || (text[from] >= '0' && text[from] <= '9'))
		return false;
	while (next < n && is_blank(text[next]))
		next++;
	return (next >= n || text[next] != '(') && !sql_is_keyword(text + from, to - from) &&
	       !sql_has_column(table, text + from, to - from);
}

/* Whether a value may follow; "is not", "not like" count as well. */
static bool
compares(const char *word, size_t n, bool before)
{
	return AMONG(comparisons, word, n) || (before && n == 3 && !strncasecmp(word, "not", 3));
}

static void
copy_rest(const struct sql_named *table, const char *text, size_t n, size_t i, struct sql_text *ret)
{
	bool compared = false;

	while (i < n) {
		size_t end;

		if (is_blank(text[i])) {
			put(ret, " ", 1, i++, false);
			continue;
		}
		end = piece(text, n, i);
		if (compared && is_text(table, text, n, i, end)) {
			put(ret, "'", 1, i, false);
			put(ret, text + i, end - i, i, true);
			put(ret, "'", 1, end - 1, false);
		} else {
			put(ret, text + i, end - i, i, true);
		}
		compared = compares(text + i, end - i, compared);
		i = end;
	}
}

static bool
no_clause(const char *text, size_t from, size_t to, struct twz_error *err)
{
	twz_fail(err, TWZ_CLASS_GATE, TWZ_ERR(ARGUMENT, INVALID_ARGUMENT),
		 "sql: '%.*s' cannot follow the table", (int)(to - from > 40 ? 40 : to - from), text + from);
	twz_hint(err, "write: sql TABLE where COLUMN = VALUE order by COLUMN limit N, or sql \"select …\"");
	if (err) {
		err->from = (uint32_t)from;
		err->to = (uint32_t)to;
	}
	return false;
}

bool
sql_expand(const char *text, size_t n, struct twz_arena *arena, struct sql_text *ret,
	   struct twz_error *err)
{
	const struct sql_named *table;
	size_t from = 0, to, rest, room;

	while (from < n && (is_blank(text[from]) || text[from] == '('))
		from++;
	for (to = from; to < n && is_word(text[to]);)
		to++;
	table = sql_named_find(text + from, to - from);
	/* Whatever is added: the head, and two quotes for each two bytes. */
	room = 3 * n + 256 + (table ? strlen(table->shown) : 0);
	*ret = (struct sql_text){ .text = twz_alloc(arena, room), .from = twz_new_array(arena, room, uint32_t) };
	if (AMONG(verbs, text + from, to - from) || from == to) {
		put(ret, text, n, 0, true);
		return true;
	}
	for (rest = to; rest < n && is_blank(text[rest]);)
		rest++;
	if (rest < n && text[rest] != ',') {
		size_t end = piece(text, n, rest);

		if (!AMONG(clauses, text + rest, end - rest))
			return no_clause(text, rest, end, err);
	}
	put(ret, "SELECT ", 7, from, false);
	put(ret, table ? table->shown : "*", strlen(table ? table->shown : "*"), from, false);
	put(ret, " FROM ", 6, from, false);
	put(ret, text + from, to - from, from, true);
	if (table)
		copy_rest(table, text, n, to, ret);
	else
		put(ret, text + to, n - to, to, true);
	return true;
}
