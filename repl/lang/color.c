/*
 * Colours for a text that is being typed: not what a word looks like, but what it was resolved to. A name
 * in the colour of a variable is a variable; a word for an enum that is no enumerator is an error before
 * Enter is pressed. Where it cannot be told, a word is plain: a wrong red is worse than none.
 */
#include <stdint.h>
#include <string.h>

#include "repl/lang/interp.h"
#include "repl/lang/lang.h"
#include "repl/lang/number.h"
#include "repl/lang/spot.h"
#include "twz/typetext.h"

struct painter {
	struct lang *lang;
	const char *text;
	size_t cursor;
	struct twz_arena *arena;
	uint8_t *colors;
	const char **made;		/* names that the text itself gives to something */
	size_t nmade;
	bool matches;			/* a match was seen: its patterns look like calls */
	bool names;			/* what comes next is a name that is made */
	bool params, lambda;		/* in the parameters of a function: more of them */
	enum lex_kind last;
	uint32_t end;			/* of the token before */
};

static void
paint(struct painter *p, uint32_t from, uint32_t to, enum lang_color color)
{
	memset(p->colors + from, (int)color, to - from);
}

/* What is being typed is no error yet. */
static void
paint_error(struct painter *p, uint32_t from, uint32_t to)
{
	paint(p, from, to, to == p->cursor ? LANG_COLOR_PLAIN : LANG_COLOR_ERROR);
}

static const char *
word_of(const struct painter *p, const struct lex_token *t)
{
	return twz_strndup(p->arena, p->text + t->from, t->to - t->from);
}

/* -- names ---------------------------------------------------------------------------------------- */

static bool
is_made(const struct painter *p, const char *name, size_t n)
{
	for (size_t i = 0; i < p->nmade; i++)
		if (!strncmp(p->made[i], name, n) && !p->made[i][n])
			return true;
	return false;
}

static bool
is_variable(const struct painter *p, const char *name, size_t n)
{
	return (n == 2 && !memcmp(name, "it", 2)) || is_made(p, name, n) || lang_find(p->lang, name, n);
}

static void
make(struct painter *p, const struct lex_token *t)
{
	twz_push(p->arena, p->made, p->nmade, word_of(p, t));
	paint(p, t->from, t->to, LANG_COLOR_VARIABLE);
}

static void
paint_path(struct painter *p, const struct lex_token *t)
{
	const struct repl_host *host = p->lang->options->host;
	const char *word = word_of(p, t), *colons = strstr(word, "::");
	const struct twz_service *service;
	struct twz_error ignored = { 0 };
	uint32_t at = (uint32_t)(colons - word);

	if (lang_builtin_find(word) || lang_imported(p->lang->module, word, at)) {
		paint(p, t->from, t->to, LANG_COLOR_FUNCTION);
		return;
	}
	if (!host->service(host->data, twz_strndup(p->arena, word, at), &service, &ignored)) {
		paint_error(p, t->from, t->to);
		return;
	}
	paint(p, t->from, t->from + at + 2, LANG_COLOR_SERVICE);
	if (twz_gate_find(service, colons + 2))
		paint(p, t->from + at + 2, t->to, LANG_COLOR_GATE);
	else
		paint_error(p, t->from + at + 2, t->to);
}

static bool
is_value_word(enum lex_keyword k)
{
	return k == LEX_KW_TRUE || k == LEX_KW_FALSE || k == LEX_KW_NONE;
}

static bool
is_wrapper(const char *word)
{
	return !strcmp(word, "Ok") || !strcmp(word, "Err") || !strcmp(word, "some");
}

/* A name where an expression begins. */
static void
paint_head(struct painter *p, const struct lex_token *t, const struct lex_token *next,
	   const struct spot *spot)
{
	const char *word = word_of(p, t);
	const struct lang_binding *b = lang_find(p->lang, word, strlen(word));

	if (next && (next->kind == LEX_ASSIGN || next->kind == LEX_BIND))
		make(p, t);
	else if (b && lang_function_of(&b->value))
		paint(p, t->from, t->to, LANG_COLOR_FUNCTION);
	else if (is_variable(p, word, strlen(word)))
		paint(p, t->from, t->to, LANG_COLOR_VARIABLE);
	else if (is_value_word(t->keyword))
		paint(p, t->from, t->to, LANG_COLOR_NUMBER);
	else if (t->keyword)
		paint(p, t->from, t->to, LANG_COLOR_KEYWORD);
	else if (lang_builtin_find(word) || is_wrapper(word))
		paint(p, t->from, t->to, LANG_COLOR_FUNCTION);
	else if (spot->statement && !p->matches && (!next || (next->kind != LEX_FATARROW && next->kind != LEX_COLON)))
		paint_error(p, t->from, t->to);
}

/* -- arguments ------------------------------------------------------------------------------------ */

static bool
has_converter(const struct painter *p, const struct spot *spot)
{
	const struct twz_type *type = spot->param >= 0 ? spot->call.gate->type->members[spot->param].type
						       : spot->type;

	return spot->call.service &&
	       (twz_converter_find(spot->call.service, TWZ_ROLE_FROM_STRING,
				   twz_type_text(p->arena, type)) ||
		twz_converter_find(spot->call.service, TWZ_ROLE_FROM_STRING,
				   twz_type_text(p->arena, spot->type)));
}

static bool
has_enumerator(const struct twz_type *type, const char *word)
{
	for (uint32_t i = 0; i < type->nmembers; i++)
		if (!strcmp(type->members[i].name, word))
			return true;
	return false;
}

/* Whether a parameter of this type can take no word but those of its own grammar. */
static bool
is_strict(const struct twz_type *type)
{
	return type->kind == TWZ_BOOL || type->kind == TWZ_INT || type->kind == TWZ_FLOAT || type->kind == TWZ_ENUM;
}

static void
paint_argument(struct painter *p, const struct lex_token *t, const struct spot *at)
{
	const char *word = word_of(p, t);
	struct spot expecting = *at, *spot = &expecting;
	const struct twz_type *type;
	enum lang_color color = t->kind == LEX_NUMBER || is_value_word(t->keyword) ? LANG_COLOR_NUMBER
										   : LANG_COLOR_TEXT;

	spot_expect(p->lang, spot);
	type = spot->type;
	if (spot->call.gate && spot->place == SPOT_ARGUMENT && spot->param < 0)
		paint_error(p, t->from, t->to);
	else if (is_variable(p, word, strcspn(word, ".")))
		paint(p, t->from, t->to, LANG_COLOR_VARIABLE);
	else if (type && type->kind == TWZ_ENUM && has_enumerator(type, word))
		paint(p, t->from, t->to, LANG_COLOR_ENUMERATOR);
	else if (type && is_strict(type) && color == LANG_COLOR_TEXT && !has_converter(p, spot))
		paint_error(p, t->from, t->to);
	else
		paint(p, t->from, t->to, color);
}

static void
paint_named(struct painter *p, const struct lex_token *t, const struct spot *spot)
{
	const char *word = word_of(p, t) + 2;
	size_t n = strcspn(word, "=");
	const struct twz_gate *gate = spot->call.gate;

	for (uint32_t i = 0; gate && i < gate->type->nmembers; i++) {
		const char *name = gate->type->members[i].name;

		if ((strlen(name) == n && !strncmp(name, word, n)) ||
		    (!strncmp(word, "no-", 3) && !strcmp(name, word + 3))) {
			paint(p, t->from, t->from + 2 + (uint32_t)n, LANG_COLOR_FUNCTION);
			return;
		}
	}
	if (gate)
		paint_error(p, t->from, t->to);
}

/* -- tokens --------------------------------------------------------------------------------------- */

static void
paint_name(struct painter *p, const struct lex_token *t, const struct lex_token *next,
	   const struct spot *spot)
{
	bool made = p->names;

	p->names = t->keyword == LEX_KW_LET || t->keyword == LEX_KW_FN || t->keyword == LEX_KW_FOR ||
		   t->keyword == LEX_KW_CATCH;
	p->matches |= t->keyword == LEX_KW_MATCH;
	p->params |= t->keyword == LEX_KW_FN;
	if (made && !p->names)
		make(p, t);
	else if (t->keyword == LEX_KW_IN || t->keyword == LEX_KW_CATCH || t->keyword == LEX_KW_ELSE ||
		 t->keyword == LEX_KW_AND || t->keyword == LEX_KW_OR)
		paint(p, t->from, t->to, LANG_COLOR_KEYWORD);
	else if (spot->place == SPOT_HEAD)
		paint_head(p, t, next, spot);
	else if (spot->place == SPOT_ARGUMENT || spot->place == SPOT_ITEM)
		paint_argument(p, t, spot);
}

static void
paint_token(void *data, const struct lex_token *t, const struct lex_token *next, const struct spot *spot)
{
	struct painter *p = data;
	enum lex_kind last = p->last;
	const char *gap = p->text + p->end, *hash = memchr(gap, '#', t->from - p->end);

	if (hash)
		paint(p, (uint32_t)(hash - p->text), t->from, LANG_COLOR_COMMENT);
	p->end = t->to;
	p->last = t->kind;
	switch (t->kind) {
	case LEX_NAME:
		paint_name(p, t, next, spot);
		return;
	case LEX_PATH:
		if (spot->place == SPOT_ARGUMENT && spot->call.gate)
			paint_argument(p, t, spot);
		else
			paint_path(p, t);
		break;
	case LEX_FIELD: case LEX_NUMBER: case LEX_TEXT:
		if (spot->place == SPOT_ARGUMENT || spot->place == SPOT_ITEM || t->kind == LEX_NUMBER)
			paint_argument(p, t, spot);
		else if (is_variable(p, p->text + t->from, strcspn(word_of(p, t), ".")))
			paint(p, t->from, t->to, LANG_COLOR_VARIABLE);
		break;
	case LEX_VAR:
		if (is_variable(p, p->text + t->from + 1, strcspn(word_of(p, t) + 1, ".")))
			paint(p, t->from, t->to, LANG_COLOR_VARIABLE);
		else
			paint_error(p, t->from, t->to);
		break;
	case LEX_NAMED:
		paint_named(p, t, spot);
		break;
	case LEX_RAW: case LEX_STRING:
		paint(p, t->from, t->to, LANG_COLOR_TEXT);
		break;
	case LEX_BAD:
		paint_error(p, t->from, t->to);
		break;
	case LEX_PIPE:
		p->names = p->lambda = !p->lambda && last == LEX_LBRACE && !t->blank;
		return;
	case LEX_LPAREN: case LEX_COMMA:
		p->names = p->params || p->lambda;
		return;
	case LEX_RPAREN:
		p->params = false;
		break;
	case LEX_END: case LEX_NEWLINE: case LEX_SEMICOLON: case LEX_DOTS:
	case LEX_LBRACKET: case LEX_RBRACKET: case LEX_LBRACE: case LEX_RBRACE: case LEX_COLON:
	case LEX_QUESTION: case LEX_ASSIGN: case LEX_BIND: case LEX_FATARROW: case LEX_ARROW: case LEX_EQ:
	case LEX_NE: case LEX_LT: case LEX_LE: case LEX_GT: case LEX_GE: case LEX_PLUS: case LEX_MINUS:
	case LEX_STAR: case LEX_SLASH: case LEX_PERCENT: case LEX_COALESCE: case LEX_RANGE:
		break;
	}
	p->names = false;
}

const uint8_t *
lang_colors(struct lang *l, const char *text, size_t n, size_t cursor, struct twz_arena *arena)
{
	struct painter p = { .lang = l, .text = text, .cursor = cursor, .arena = arena,
			     .colors = twz_alloc(arena, n + 1) };

	lang_begin_turn(l);
	spot_each(l->options->host, text, n, arena, paint_token, &p);
	lang_end_turn(l);
	return p.colors;
}
