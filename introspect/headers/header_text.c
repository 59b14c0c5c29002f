/*
 * Preprocessed C as a person would look at it: which words there are, and where a function is declared.
 * This is no parser of C. What it finds is only shown, and names of parameters are only believed when
 * there are as many as the compiler knows parameters.
 */
#include <ctype.h>
#include <string.h>

#include "introspect/headers/headers.h"

enum { MAX_TOKENS = 4096, MAX_TEXT = 4000 };

struct token {
	const char *at;
	size_t n;
};

/* A word of the text; its first declaration as a function, if there is one. */
struct word {
	const char *at;
	size_t n;
	const char *from;		/* the statement; NULL: no function */
	const char *file;
	size_t nfrom, nfile;
	unsigned long line;
};

struct header_text {
	struct twz_arena *arena;
	struct word *words;
	size_t size, n;			/* size is a power of two */
};

/* Where the scanner is. */
struct scan {
	struct header_text *t;
	const char *at, *end;
	const char *file;
	size_t nfile;
	unsigned long line;
	struct token tokens[MAX_TOKENS];	/* of the statement */
	size_t ntokens;
	unsigned braces, parens;
	unsigned long first_line;		/* of the statement */
};

/* -- words ------------------------------------------------------------------------------------------ */

static struct word *
slot(struct word *words, size_t size, const char *at, size_t n)
{
	uint64_t hash = 0xcbf29ce484222325;
	size_t i;

	for (i = 0; i < n; i++)
		hash = (hash ^ (unsigned char)at[i]) * 0x100000001b3;
	for (i = (size_t)(hash ^ hash >> 32) & (size - 1); words[i].at; i = (i + 1) & (size - 1))
		if (words[i].n == n && !memcmp(words[i].at, at, n))
			break;
	return &words[i];
}

static struct word *
word_of(struct header_text *t, const char *at, size_t n)
{
	struct word *word = slot(t->words, t->size, at, n);

	if (word->at)
		return word;
	if (t->n * 2 >= t->size) {
		struct word *more = twz_new_array(t->arena, t->size * 2, struct word);

		for (size_t i = 0; i < t->size; i++)
			if (t->words[i].at)
				*slot(more, t->size * 2, t->words[i].at, t->words[i].n) = t->words[i];
		t->words = more;
		t->size *= 2;
		word = slot(more, t->size, at, n);
	}
	*word = (struct word){ .at = at, .n = n };
	t->n++;
	return word;
}

static const struct word *
find(const struct header_text *t, const char *name)
{
	const struct word *word = slot(t->words, t->size, name, strlen(name));

	return word->at ? word : NULL;
}

bool
header_text_has(const struct header_text *t, const char *word)
{
	return find(t, word);
}

/* -- statements ------------------------------------------------------------------------------------- */

static bool
is_word(struct token token)
{
	return isalpha((unsigned char)*token.at) || *token.at == '_';
}

static bool
is_one(struct token token, const char *text)
{
	return strlen(text) == token.n && !memcmp(token.at, text, token.n);
}

static bool
is_any(struct token token, const char *const *list)
{
	for (; *list; list++)
		if (is_one(token, *list))
			return true;
	return false;
}

static const char *const qualifiers[] = { "const", "volatile", "restrict", "__const", "__volatile",
	"__restrict", "__const__", "__volatile__", "__restrict__", "_Atomic", "register", "_Nonnull",
	"_Nullable", "__extension__", NULL };
static const char *const basics[] = { "void", "char", "short", "int", "long", "float", "double", "signed",
	"unsigned", "_Bool", "bool", "__signed__", "_Complex", "__complex__", "__int128", "_Float16",
	"_Float32", "_Float64", "_Float128", "_Float32x", "_Float64x", "__float128", "__builtin_va_list",
	NULL };
static const char *const tags[] = { "struct", "union", "enum", NULL };
/* Words before a parenthesis that are neither functions nor types. */
static const char *const specials[] = { "__attribute__", "__attribute", "__asm__", "__asm", "asm",
	"__typeof__", "typeof", "__typeof", "_Alignas", "__declspec", "_Static_assert", "_Atomic", NULL };

/* The token behind the one that closes what @i opens, or the end. */
static size_t
behind(const struct token *tokens, size_t n, size_t i)
{
	unsigned depth = 0;

	for (; i < n; i++) {
		depth += *tokens[i].at == '(' || *tokens[i].at == '[';
		if ((*tokens[i].at == ')' || *tokens[i].at == ']') && !--depth)
			return i + 1;
	}
	return n;
}

/* The place of the declared function's name in a statement; @n when it declares none. */
static size_t
declared(const struct token *tokens, size_t n)
{
	if (!n || is_one(tokens[0], "typedef"))
		return n;
	for (size_t i = 0; i + 1 < n; i++) {
		bool called = *tokens[i + 1].at == '(';

		if (called && is_any(tokens[i], specials)) {
			i = behind(tokens, n, i + 1) - 1;
			continue;
		}
		if (!is_word(tokens[i]) || is_any(tokens[i], basics) || is_any(tokens[i], qualifiers))
			continue;
		/* (name)(parameters) */
		if (i && i + 2 < n && *tokens[i - 1].at == '(' && *tokens[i + 1].at == ')' &&
		    *tokens[i + 2].at == '(')
			return i;
		if (called && i + 2 < n && *tokens[i + 2].at != '*')
			return i;
	}
	return n;
}

static void
end_statement(struct scan *s)
{
	size_t at = s->ntokens < MAX_TOKENS ? declared(s->tokens, s->ntokens) : s->ntokens;

	if (at < s->ntokens) {
		struct token last = s->tokens[s->ntokens - 1];
		struct word *word = word_of(s->t, s->tokens[at].at, s->tokens[at].n);

		if (!word->from) {
			word->from = s->tokens[0].at;
			word->nfrom = (size_t)(last.at + last.n - word->from);
			word->file = s->file;
			word->nfile = s->nfile;
			word->line = s->first_line;
		}
	}
	s->ntokens = 0;
}

/* -- scanning --------------------------------------------------------------------------------------- */

static const char *
end_of_quoted(const char *at, const char *end)
{
	char quote = *at++;

	while (at < end && *at != quote && *at != '\n')
		at += *at == '\\' && at + 1 < end ? 2 : 1;
	return at < end ? at + 1 : end;
}

/* # 12 "zlib.h" 3 4 */
static void
read_marker(struct scan *s)
{
	const char *end = memchr(s->at, '\n', (size_t)(s->end - s->at));
	const char *quote, *close;

	end = end ? end : s->end;
	s->at++;
	while (s->at < end && (*s->at == ' ' || isalpha((unsigned char)*s->at)))
		s->at++;
	quote = memchr(s->at, '"', (size_t)(end - s->at));
	close = quote ? memchr(quote + 1, '"', (size_t)(end - quote - 1)) : NULL;
	if (close && isdigit((unsigned char)*s->at)) {
		s->line = strtoul(s->at, NULL, 10) - 1;
		s->file = quote + 1;
		s->nfile = (size_t)(close - quote - 1);
	}
	s->at = end;
}

static struct token
next_token(struct scan *s)
{
	struct token token = { s->at, 1 };
	const char *at = s->at;

	if (*at == '"' || *at == '\'')
		at = end_of_quoted(at, s->end);
	else if (isalnum((unsigned char)*at) || *at == '_')
		while (at < s->end && (isalnum((unsigned char)*at) || *at == '_'))
			at++;
	else
		at += s->end - at > 2 && !memcmp(at, "...", 3) ? 3 : 1;
	token.n = (size_t)(at - token.at);
	s->at = at;
	return token;
}

static void
take(struct scan *s, struct token token)
{
	char c = *token.at;

	if (is_word(token))
		word_of(s->t, token.at, token.n);
	s->parens += c == '(';
	s->parens -= c == ')' && s->parens;
	if (c == '{' && !s->parens && !s->braces++) {
		end_statement(s);
		return;
	}
	if (c == '}' && !s->parens && s->braces && !--s->braces) {
		s->ntokens = 0;
		return;
	}
	if (s->braces)
		return;
	if (c == ';' && !s->parens) {
		end_statement(s);
		return;
	}
	if (!s->ntokens)
		s->first_line = s->line;
	if (s->ntokens < MAX_TOKENS)
		s->tokens[s->ntokens++] = token;
}

struct header_text *
header_text_read(const char *text, size_t n, struct twz_arena *arena)
{
	struct header_text *t = twz_new(arena, struct header_text);
	struct scan *s = twz_new(arena, struct scan);
	bool fresh = true;	/* nothing stands on this line yet */

	*t = (struct header_text){ .arena = arena, .size = 1 << 12 };
	t->words = twz_new_array(arena, t->size, struct word);
	s->t = t;
	s->at = text;
	s->end = text + n;
	s->file = "";
	while (s->at < s->end) {
		if (*s->at == '\n') {
			s->line++;
			fresh = true;
			s->at++;
		} else if (isspace((unsigned char)*s->at)) {
			s->at++;
		} else if (*s->at == '#' && fresh) {
			read_marker(s);
		} else {
			take(s, next_token(s));
			fresh = false;
		}
	}
	return t;
}

/* -- declarations ----------------------------------------------------------------------------------- */

static size_t
tokens_of(const struct word *word, struct token *tokens)
{
	struct scan s = { .at = word->from, .end = word->from + word->nfrom };
	bool fresh = false;
	size_t n = 0;

	while (s.at < s.end && n < MAX_TOKENS) {
		bool marker = fresh && *s.at == '#';

		fresh = *s.at == '\n' || (fresh && isspace((unsigned char)*s.at));
		if (marker)
			read_marker(&s);
		else if (isspace((unsigned char)*s.at))
			s.at++;
		else
			tokens[n++] = next_token(&s);
	}
	return n;
}

static bool
wants_blank(const struct token *tokens, size_t i)
{
	char before = *tokens[i - 1].at, c = *tokens[i].at;

	if (strchr(",)[];", c) || strchr("([", before) || (before == '*' && c != '('))
		return false;
	return c != '(' || before == ',' || *tokens[i + 1].at == '*' || is_any(tokens[i - 1], basics);
}

/* The declaration on one line, without what is no part of the type. */
static const char *
write_text(const struct token *tokens, size_t n, size_t name, struct twz_arena *arena)
{
	char text[MAX_TEXT];
	size_t size = 0, last = 0;

	for (size_t i = 0; i < n; i++) {
		bool special = is_any(tokens[i], specials) && !is_one(tokens[i], "__typeof__");

		if (special && i + 1 < n && *tokens[i + 1].at == '(') {
			i = behind(tokens, n, i + 1) - 1;
			continue;
		}
		if (i < name && (is_one(tokens[i], "extern") || is_one(tokens[i], "__extension__")))
			continue;
		if (size + tokens[i].n + 2 > sizeof(text))
			return twz_format(arena, "%.*s…", (int)size, text);
		if (size && last + 1 == i ? wants_blank(tokens, i) : size)
			text[size++] = ' ';
		memcpy(text + size, tokens[i].at, tokens[i].n);
		size += tokens[i].n;
		last = i;
	}
	return twz_strndup(arena, text, size);
}

/* The name in one parameter's declaration, { NULL, 0 } when it has none. */
static struct token
param_name(const struct token *tokens, size_t n)
{
	struct token name = { NULL, 0 };
	bool typed = false;	/* what comes next may be a name */

	for (size_t i = 0; i < n; i++) {
		bool called = i + 1 < n && *tokens[i + 1].at == '(';

		if (is_any(tokens[i], specials) && called) {
			i = behind(tokens, n, i + 1) - 1;
			continue;
		}
		if (*tokens[i].at == '[')
			break;
		/* (*name)(…): what follows belongs to its type */
		if (*tokens[i].at == ')')
			break;
		if (!is_word(tokens[i]) || is_any(tokens[i], qualifiers))
			continue;
		if (is_any(tokens[i], tags)) {
			typed = true;
			i++;
			continue;
		}
		if (typed && !is_any(tokens[i], basics))
			name = tokens[i];
		typed = true;
	}
	return name;
}

/* "strm,flush" */
static const char *
write_params(const struct token *tokens, size_t n, size_t open, struct twz_arena *arena)
{
	const char *list = "";
	size_t from = open + 1;
	unsigned depth = 0;

	for (size_t i = open; i < n; i++) {
		char c = *tokens[i].at;
		struct token name;

		depth += c == '(' || c == '[';
		depth -= c == ')' || c == ']';
		if (!(depth == 1 && c == ',') && depth)
			continue;
		if (i > from && is_one(tokens[from], "..."))
			return list;
		name = param_name(tokens + from, i - from);
		if (!name.at)
			return "";
		list = twz_format(arena, "%s%s%.*s", list, *list ? "," : "", (int)name.n, name.at);
		from = i + 1;
		if (!depth)
			return list;
	}
	return "";
}

void
header_text_describe(const struct header_text *t, struct header_function *f, struct twz_arena *arena)
{
	const struct word *word = find(t, f->name);
	TWZ_FREE struct token *tokens = NULL;
	size_t n, name, open;

	f->text = f->params = f->file = "";
	if (!word || !word->from)
		return;
	tokens = malloc((MAX_TOKENS + 1) * sizeof(*tokens));
	if (!tokens)
		return;
	n = tokens_of(word, tokens);
	tokens[n] = (struct token){ "", 0 };
	name = declared(tokens, n);
	if (name == n)
		return;
	open = *tokens[name + 1].at == '(' ? name + 1 : name + 2;
	f->text = write_text(tokens, n, name, arena);
	f->params = write_params(tokens, n, open, arena);
	f->file = twz_strndup(arena, word->file, word->nfile);
	f->line = word->line;
}
