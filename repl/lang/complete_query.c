/*
 * Completion inside of sql's question: tables, the columns of those that are named, words of SQL.
 *
 * The question may be a text that is not closed yet or bare words, and what follows the cursor counts as
 * well: in "select na| from gates" the table stands behind the column.
 */
#include <string.h>
#include <strings.h>

#include "repl/lang/interp.h"
#include "repl/lang/lex.h"

enum { WORD_MAX = 64 };

struct finder {
	const struct repl_host *host;
	struct twz_arena *arena;
	const char *from, *word, *end;	/* question, word in it, end of the line; text behind the cursor counts */
	size_t typed;			/* bytes of word before the cursor */
	struct lang_candidate *found;
	size_t n;
};

static bool
is_word(char c)
{
	return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* Whether a call may stand behind this token. */
static bool
begins_call(const struct lex_token *t)
{
	static const enum lex_keyword keywords[] = {
		LEX_KW_IF, LEX_KW_WHILE, LEX_KW_IN, LEX_KW_MATCH, LEX_KW_TRY, LEX_KW_ELSE, LEX_KW_RETURN, LEX_KW_NOT,
		LEX_KW_SPAWN,
	};
	static const enum lex_kind kinds[] = {
		LEX_NEWLINE, LEX_SEMICOLON, LEX_PIPE, LEX_LPAREN, LEX_LBRACE, LEX_RBRACE, LEX_ASSIGN, LEX_BIND,
		LEX_LBRACKET, LEX_COMMA, LEX_FATARROW,
	};

	for (size_t i = 0; i < TWZ_COUNT(keywords); i++)
		if (t->keyword == keywords[i])
			return true;
	for (size_t i = 0; i < TWZ_COUNT(kinds); i++)
		if (t->kind == kinds[i])
			return true;
	return false;
}

/* Where the question begins that the cursor is in; NULL: it is in none. */
static const char *
question(const char *text, size_t cursor, struct twz_arena *arena)
{
	const char *from = NULL;
	struct lex lex;
	int open = 0;

	lex_text(text, 0, (uint32_t)cursor, arena, &lex);
	for (uint32_t i = 0; i < lex.ntokens && lex.tokens[i].kind != LEX_END; i++) {
		const struct lex_token *t = &lex.tokens[i];

		open += t->kind == LEX_LPAREN;
		if (t->kind == LEX_NAME && t->to - t->from == 3 && !memcmp(text + t->from, "sql", 3) &&
		    t->to < cursor && (!i || begins_call(&lex.tokens[i - 1]))) {
			from = text + t->to;
			open = 0;
		} else if (from && (t->kind == LEX_SEMICOLON || t->kind == LEX_PIPE || t->kind == LEX_RBRACE ||
				    (t->kind == LEX_NEWLINE && !open) || (t->kind == LEX_RPAREN && !open--))) {
			from = NULL;
		}
	}
	return from;
}

static void
offer(struct finder *f, const char *text, size_t n, const char *note)
{
	if (n < f->typed || strncasecmp(text, f->word, f->typed))
		return;
	for (size_t i = 0; i < f->n; i++)
		if (strlen(f->found[i].text) == n && !strncmp(f->found[i].text, text, n))
			return;
	twz_push(f->arena, f->found, f->n, ((struct lang_candidate){ twz_strndup(f->arena, text, n), note }));
}

static bool
mentions(const struct finder *f, const char *table)
{
	size_t n = strlen(table);

	for (const char *s = f->from; s + n <= f->end; s++)
		if (!strncasecmp(s, table, n) && !is_word(s[-1]) && (s + n == f->end || !is_word(s[n])) &&
		    s != f->word)
			return true;
	return false;
}

static void
offer_tables(struct finder *f)
{
	const char *name, *columns, *help;

	for (size_t i = 0; f->host->table(i, &name, &columns, &help); i++)
		offer(f, name, strlen(name), help);
}

/* Of the tables that are mentioned; of all while none is. */
static void
offer_columns(struct finder *f)
{
	const char *name, *columns, *help;
	bool any = false;

	for (size_t i = 0; f->host->table(i, &name, &columns, &help); i++)
		any |= mentions(f, name);
	for (size_t i = 0; f->host->table(i, &name, &columns, &help); i++) {
		if (any && !mentions(f, name))
			continue;
		for (const char *at = columns; *at; at += strspn(at, " ")) {
			size_t n = strcspn(at, " ");

			offer(f, at, n, twz_format(f->arena, "column of %s", name));
			at += n;
		}
	}
}

/* The word before @at, in small letters. */
static const char *
before(const struct finder *f, const char *at, char *word)
{
	const char *end = at, *from;
	size_t n;

	while (end > f->from && !is_word(end[-1]) && end[-1] != '"' && end[-1] != '\'')
		end--;
	for (from = end; from > f->from && is_word(from[-1]);)
		from--;
	n = (size_t)(end - from) < WORD_MAX ? (size_t)(end - from) : WORD_MAX - 1;
	for (size_t i = 0; i < n; i++)
		word[i] = (char)(from[i] >= 'A' && from[i] <= 'Z' ? from[i] | 32 : from[i]);
	word[n] = '\0';
	return word;
}

static void
offer_words(struct finder *f, bool first)
{
	static const char *const verbs[] = { "select", "with", "values" };
	static const char *const words[] = {
		"where", "order", "by", "limit", "group", "having", "and", "or", "not", "like", "in", "is", "null",
		"from", "join", "using", "on", "as", "desc", "asc", "distinct", "count", "sum", "avg", "min", "max",
	};

	for (size_t i = 0; first && i < TWZ_COUNT(verbs); i++)
		offer(f, verbs[i], strlen(verbs[i]), "");
	for (size_t i = 0; !first && i < TWZ_COUNT(words); i++)
		offer(f, words[i], strlen(words[i]), "");
}

static void
offer_services(struct finder *f)
{
	const char *const *names;
	size_t n = f->host->services(f->host->data, f->arena, &names);

	for (size_t i = 0; i < n; i++)
		offer(f, names[i], strlen(names[i]), "service");
}

/* Whether the word is the other side of a comparison. */
static bool
is_compared(const struct finder *f)
{
	const char *s = f->word;

	while (s > f->from && s[-1] == ' ')
		s--;
	return s > f->from && strchr("=<>", s[-1]);
}

bool
lang_complete_query(struct lang *l, const char *text, size_t n, size_t cursor, struct twz_arena *arena,
		    const struct lang_candidate **ret, size_t *count, size_t *from)
{
	struct finder f = { .host = l->options->host, .arena = arena };
	char previous[WORD_MAX];
	const char *end;

	f.from = f.host->table ? question(text, cursor, arena) : NULL;
	if (!f.from)
		return false;
	for (f.word = text + cursor; f.word > f.from && is_word(f.word[-1]);)
		f.word--;
	f.typed = (size_t)(text + cursor - f.word);
	end = memchr(text + cursor, '\n', n - cursor);
	f.end = end ? end : text + n;
	before(&f, f.word, previous);
	if (!*previous) {
		bool quoted = f.word > f.from && (f.word[-1] == '"' || f.word[-1] == '\'');

		if (!quoted)
			offer_tables(&f);
		offer_words(&f, true);
	} else if (!strcmp(previous, "from") || !strcmp(previous, "join")) {
		offer_tables(&f);
	} else {
		if (!strcmp(previous, "service") && is_compared(&f))
			offer_services(&f);
		offer_columns(&f);
		offer_words(&f, false);
	}
	*ret = f.found;
	*count = f.n;
	*from = (size_t)(f.word - text);
	return true;
}
