/*
 * Finding the spot.
 *
 * The tokens before the cursor are read once, with a stack of what is open: a statement, a parenthesis,
 * a list, a record. Each level knows which call it is in and how many arguments that has by now. What
 * the parser would refuse is not refused here: a guess that is wrong costs a candidate, no more.
 */
#include "repl/lang/spot.h"

#include <string.h>

#include "repl/lang/interp.h"
#include "twz/plan.h"

enum { LEVELS = 64 };

/* One open bracket; level 0 is the text itself. */
struct level {
	enum { BLOCK, GROUP, ARGUMENTS, LIST, RECORD } kind;
	bool head;			/* an expression begins here */
	bool statement;			/* and with it a statement */
	bool key;			/* RECORD: a field's name comes next */
	bool suffix;			/* an index: part of the value before it */
	bool lambda;			/* between the bars of {|x| …} */
	bool control;			/* after if, while, …: a brace opens the block */
	struct spot_call call;
	const struct twz_type *type;	/* LIST: of an element; RECORD: the struct; else NULL */
	const struct twz_type *field;	/* RECORD: of the field whose value comes next */
};

struct finder {
	const struct repl_host *host;
	const char *text;
	struct twz_arena *arena;
	struct level levels[LEVELS];
	uint32_t n;			/* the open one is levels[n - 1] */
	uint32_t lost;			/* brackets beyond LEVELS */
};

static struct level *
top(struct finder *f)
{
	return &f->levels[f->n - 1];
}

static const struct spot_call no_call = { .named = -1 };

bool
spot_given(const struct spot_call *call, uint32_t i)
{
	return !call->plan || twz_slot_given(&call->plan->slots[i]);
}

/* The struct, enum, … that @type asks for: what it points to, what may be missing. */
static const struct twz_type *
wanted(const struct twz_type *type)
{
	for (int i = 0; type && i < 16; i++) {
		type = twz_type_strip(type);
		if (type->kind == TWZ_POINTER)
			type = type->target;
		else if (type->kind == TWZ_OPTION && type->nmembers)
			type = type->members[type->nmembers - 1].type;
		else
			break;
	}
	return type;
}

/* The parameter that the next positional argument is for. */
static int32_t
next_param(const struct spot_call *call)
{
	uint32_t n = call->gate && call->gate->type ? call->gate->type->nmembers : 0;

	for (uint32_t i = 0; i < n && i < 64; i++)
		if (spot_given(call, i) && !(call->used >> i & 1))
			return (int32_t)i;
	return -1;
}

static int32_t
current_param(const struct spot_call *call)
{
	return call->named >= 0 ? call->named : next_param(call);
}

static const struct twz_type *
current_type(const struct spot_call *call)
{
	int32_t i = current_param(call);

	return i < 0 ? NULL : call->gate->type->members[i].type;
}

/* What a bracket opened at this place would hold. */
static const struct twz_type *
expected(const struct level *level)
{
	switch (level->kind) {
	case LIST:
		return wanted(level->type);
	case RECORD:
		return wanted(level->field);
	case BLOCK:
	case GROUP:
	case ARGUMENTS:
		break;
	}
	return level->call.head ? wanted(current_type(&level->call)) : NULL;
}

static void
begin_expression(struct level *level, bool statement)
{
	level->head = level->kind != ARGUMENTS;
	level->statement = statement;
	if (level->kind != ARGUMENTS)
		level->call = no_call;
}

/* One argument is complete. */
static void
take_argument(struct spot_call *call)
{
	int32_t i = current_param(call);

	if (i >= 0 && i < 64)
		call->used |= (uint64_t)1 << i;
	call->named = -1;
	call->nargs++;
}

static void
resolve(struct finder *f, struct spot_call *call)
{
	const char *colons = strstr(call->head, "::");
	struct twz_error ignored = { 0 };

	if (!colons)
		return;
	if (!f->host->service(f->host->data,
			      twz_strndup(f->arena, call->head, (size_t)(colons - call->head)),
			      &call->service, &ignored))
		return;
	call->gate = twz_gate_find(call->service, colons + 2);
	if (call->gate && call->gate->type)
		(void)!f->host->plan(f->host->data, call->service, call->gate, &call->plan,
				     &ignored);
	else
		call->gate = NULL;
}

static void
take_head(struct finder *f, struct level *level, const struct lex_token *t)
{
	bool piped = level->call.nargs;

	level->call = no_call;
	level->call.head = twz_strndup(f->arena, f->text + t->from, t->to - t->from);
	level->head = level->statement = false;
	resolve(f, &level->call);
	if (piped)
		take_argument(&level->call);
}

static bool
is_named(const struct twz_member *param, const char *name, size_t n)
{
	return strlen(param->name) == n && !strncmp(param->name, name, n);
}

/* --name: the next word is its value, unless it is a switch; --name=value: an argument. */
static void
take_named(struct finder *f, struct spot_call *call, const struct lex_token *t)
{
	const char *name = f->text + t->from + 2;
	size_t size = t->to - t->from - 2, n = size;
	const char *equals = memchr(name, '=', size);

	if (equals)
		n = (size_t)(equals - name);
	if (!call->gate)
		return;
	for (uint32_t i = 0; i < call->gate->type->nmembers && i < 64; i++) {
		const struct twz_member *p = &call->gate->type->members[i];

		if (!is_named(p, name, n))
			continue;
		call->named = (int32_t)i;
		/* With nothing after the "=", a text or a bracket follows. */
		if (equals ? n + 1 < size : twz_type_strip(p->type)->kind == TWZ_BOOL)
			take_argument(call);
	}
}

static void
push(struct finder *f, int kind, const struct twz_type *type)
{
	if (f->n == LEVELS) {
		f->lost++;
		return;
	}
	f->levels[f->n++] = (struct level){
		.kind = (__typeof__(f->levels[0].kind))kind,
		.type = type,
		.call = no_call,
		.key = kind == RECORD,
	};
	begin_expression(top(f), kind == BLOCK);
}

static void
open_paren(struct finder *f, const struct lex_token *t)
{
	struct level *level = top(f);

	/* f(…): the arguments of the head that stands right before. */
	if (!t->blank && level->call.head && !level->call.used && !level->head) {
		struct spot_call call = level->call;

		push(f, ARGUMENTS, NULL);
		if (!f->lost)
			top(f)->call = call;
		return;
	}
	push(f, GROUP, NULL);
}

/* What a cursor right behind it belongs to. */
static bool
is_word(const struct lex_token *t)
{
	return t->kind == LEX_NAME || t->kind == LEX_PATH || t->kind == LEX_FIELD ||
	       t->kind == LEX_NUMBER || t->kind == LEX_VAR || t->kind == LEX_NAMED ||
	       t->kind == LEX_TEXT || t->kind == LEX_BAD;
}

static void
open_bracket(struct finder *f, const struct lex_token *t, const struct lex_token *before)
{
	const struct twz_type *type = expected(top(f));
	const struct level *level = top(f);
	int32_t i = level->call.head ? current_param(&level->call) : -1;
	bool buffer = i >= 0 && level->call.gate->type->members[i].has_extent;

	/* A buffer's type is a pointer to its elements, so that "wanted" is the element already. */
	if (buffer || (type && type->kind == TWZ_ENUM))
		push(f, LIST, type);
	else
		push(f, LIST, type && (type->kind == TWZ_ARRAY || type->kind == TWZ_LIST) ?
			type->target : NULL);
	/* xs[0], (f x)[0] */
	top(f)->suffix = before && !t->blank && before->to == t->from &&
			 (is_word(before) || before->kind == LEX_RPAREN ||
			  before->kind == LEX_RBRACKET);
}

static void
open_brace(struct finder *f)
{
	struct level *level = top(f);
	const struct twz_type *type = expected(level);
	bool record = !level->control &&
		      (level->kind == LIST || level->kind == RECORD || level->kind == ARGUMENTS ||
		      (level->call.head && !level->head) || (level->head && !level->statement));

	level->control = false;

	if (record)
		push(f, RECORD, type && type->kind == TWZ_STRUCT ? type : NULL);
	else
		push(f, BLOCK, NULL);
}

static void
close_bracket(struct finder *f)
{
	if (f->lost) {
		f->lost--;
		return;
	}
	if (f->n == 1)
		return;
	f->n--;
	if (f->levels[f->n].suffix)
		return;
	if (top(f)->head)
		top(f)->head = top(f)->statement = false;
	else if (top(f)->call.head && f->levels[f->n].kind != ARGUMENTS)
		take_argument(&top(f)->call);
}

static void
take_field_name(struct finder *f, struct level *level, const struct lex_token *t)
{
	level->field = NULL;
	for (uint32_t i = 0; level->type && i < level->type->nmembers; i++)
		if (is_named(&level->type->members[i], f->text + t->from, t->to - t->from))
			level->field = level->type->members[i].type;
}

static void
take_word(struct finder *f, const struct lex_token *t)
{
	struct level *level = top(f);

	if (level->kind == RECORD && level->key)
		take_field_name(f, level, t);
	else if (level->head && (t->kind == LEX_NAME || t->kind == LEX_PATH))
		take_head(f, level, t);
	else if (level->head)
		level->head = level->statement = false;
	else if (t->kind == LEX_NAMED)
		take_named(f, &level->call, t);
	else if (level->call.head && (t->blank || level->kind == ARGUMENTS))
		take_argument(&level->call);
}

/* Keywords that are followed by an expression, where an expression may begin. */
static bool
begins_expression(enum lex_keyword k)
{
	return k == LEX_KW_IF || k == LEX_KW_WHILE || k == LEX_KW_MATCH || k == LEX_KW_RETURN ||
	       k == LEX_KW_TRY || k == LEX_KW_ELSE || k == LEX_KW_SPAWN || k == LEX_KW_NOT ||
	       k == LEX_KW_AND || k == LEX_KW_OR || k == LEX_KW_IN || k == LEX_KW_TIMEOUT;
}

static bool
opens_block(enum lex_keyword k)
{
	return k == LEX_KW_IF || k == LEX_KW_WHILE || k == LEX_KW_FOR || k == LEX_KW_MATCH ||
	       k == LEX_KW_TRY || k == LEX_KW_TIMEOUT || k == LEX_KW_FN;
}

/* Keywords that are keywords wherever they stand. */
static bool
is_reserved(enum lex_keyword k)
{
	return k == LEX_KW_AND || k == LEX_KW_OR || k == LEX_KW_IN || k == LEX_KW_ELSE ||
	       k == LEX_KW_CATCH;
}

static bool
is_form(const struct finder *f, const struct lex_token *t)
{
	return lang_is_form(twz_strndup(f->arena, f->text + t->from, t->to - t->from));
}

static void
take_name(struct finder *f, const struct lex_token *t)
{
	struct level *level = top(f);

	if (level->head && opens_block(t->keyword))
		level->control = true;
	/* The words behind time, explain, watch and debug are a call. */
	if (level->head && is_form(f, t)) {
		level->head = true;
		level->statement = false;
		return;
	}
	if (is_reserved(t->keyword) || (level->head && begins_expression(t->keyword)))
		begin_expression(level, t->keyword == LEX_KW_ELSE || t->keyword == LEX_KW_TRY);
	else
		take_word(f, t);
}

static void
take_separator(struct finder *f, const struct lex_token *t)
{
	struct level *level = top(f);

	if (level->kind == ARGUMENTS && t->kind == LEX_COMMA)
		return;			/* the argument was counted when it was read */
	level->key = level->kind == RECORD;
	level->control = false;
	begin_expression(level, t->kind != LEX_COMMA && level->kind == BLOCK);
}

/* What is before it goes on into the next stage, unless it encloses what a function takes. */
static void
take_pipe(struct level *level)
{
	bool closes = level->lambda;

	level->lambda = level->kind == RECORD && level->key;
	if (level->lambda) {
		level->kind = BLOCK;
		level->key = false;
	}
	begin_expression(level, closes);
	level->call.nargs = !closes && !level->lambda;
}

static void
take_token(struct finder *f, const struct lex_token *t, const struct lex_token *before)
{
	switch (t->kind) {
	case LEX_NAME:
		take_name(f, t);
		break;
	case LEX_PATH:
	case LEX_FIELD:
	case LEX_NUMBER:
	case LEX_VAR:
	case LEX_NAMED:
	case LEX_TEXT:
	case LEX_BAD:
		take_word(f, t);
		break;
	case LEX_RAW:
	case LEX_STRING:
		/* Right after --name= a text is the value of that. */
		if (!t->blank && top(f)->call.named >= 0)
			take_argument(&top(f)->call);
		else
			take_word(f, t);
		break;
	case LEX_NEWLINE:
	case LEX_SEMICOLON:
	case LEX_COMMA:
		take_separator(f, t);
		break;
	case LEX_LPAREN:
		open_paren(f, t);
		break;
	case LEX_LBRACKET:
		open_bracket(f, t, before);
		break;
	case LEX_LBRACE:
		open_brace(f);
		break;
	case LEX_RPAREN:
	case LEX_RBRACKET:
	case LEX_RBRACE:
		close_bracket(f);
		break;
	case LEX_COLON:
		top(f)->key = false;
		break;
	case LEX_PIPE:
		take_pipe(top(f));
		break;
	case LEX_ASSIGN:
	case LEX_BIND:
	case LEX_FATARROW:
	case LEX_ARROW:
	case LEX_EQ:
	case LEX_NE:
	case LEX_LT:
	case LEX_LE:
	case LEX_GT:
	case LEX_GE:
	case LEX_PLUS:
	case LEX_MINUS:
	case LEX_STAR:
	case LEX_SLASH:
	case LEX_PERCENT:
	case LEX_COALESCE:
	case LEX_RANGE:
		begin_expression(top(f), false);
		break;
	case LEX_DOTS:
	case LEX_QUESTION:
	case LEX_END:
		break;
	}
}

static bool
in_text(const struct lex *lex)
{
	const struct lex_token *t = lex->ntokens > 1 ? &lex->tokens[lex->ntokens - 2] : NULL;

	return lex->missing && t && (t->kind == LEX_STRING || t->kind == LEX_RAW) &&
	       t->to == lex->tokens[lex->ntokens - 1].from;
}

static bool
in_comment(const char *text, const struct lex *lex, uint32_t cursor)
{
	uint32_t from = lex->ntokens > 1 ? lex->tokens[lex->ntokens - 2].to : 0;
	const char *line = memrchr(text + from, '\n', cursor - from);

	return memchr(line ? line : text + from, '#', cursor - (line ? (uint32_t)(line - text) : from));
}

/* Fills in what the open level says about the word at the cursor. */
static void
describe(struct finder *f, struct spot *ret)
{
	struct level *level = top(f);

	ret->call = level->call;
	ret->param = -1;
	ret->type = NULL;
	ret->statement = level->statement;
	if (level->kind == RECORD && level->key) {
		ret->place = SPOT_KEY;
		ret->type = level->type;
	} else if ((level->kind == RECORD && level->field) || (level->kind == LIST && level->head)) {
		ret->place = SPOT_ITEM;
		ret->type = wanted(level->kind == RECORD ? level->field : level->type);
	} else if (level->head || !level->call.head) {
		ret->place = SPOT_HEAD;
		ret->call = no_call;
	} else {
		ret->place = SPOT_ARGUMENT;
		ret->param = level->call.gate ? current_param(&level->call) : -1;
		ret->type = level->call.gate ? wanted(current_type(&level->call)) : NULL;
	}
}

void
spot_find(const struct repl_host *host, const char *text, size_t cursor, struct twz_arena *arena,
	  struct spot *ret)
{
	struct finder *f = twz_new(arena, struct finder);
	const struct lex_token *word = NULL;
	struct lex lex;
	uint32_t n;

	*f = (struct finder){ .host = host, .text = text, .arena = arena };
	push(f, BLOCK, NULL);
	lex_text(text, 0, (uint32_t)cursor, arena, &lex);
	n = lex.ntokens - 1;
	if (n && lex.tokens[n - 1].to == cursor && is_word(&lex.tokens[n - 1]))
		word = &lex.tokens[--n];
	for (uint32_t i = 0; i < n; i++)
		take_token(f, &lex.tokens[i], i ? &lex.tokens[i - 1] : NULL);
	describe(f, ret);
	ret->from = word ? word->from : (uint32_t)cursor;
	ret->word = twz_strndup(arena, text + ret->from, cursor - ret->from);
	if (in_text(&lex) || (!word && in_comment(text, &lex, (uint32_t)cursor)))
		ret->place = SPOT_NOWHERE;
}

void
spot_each(const struct repl_host *host, const char *text, size_t n, struct twz_arena *arena,
	  void (*each)(void *data, const struct lex_token *t, const struct lex_token *next,
		       const struct spot *spot),
	  void *data)
{
	struct finder *f = twz_new(arena, struct finder);
	struct lex lex;

	*f = (struct finder){ .host = host, .text = text, .arena = arena };
	push(f, BLOCK, NULL);
	lex_text(text, 0, (uint32_t)n, arena, &lex);
	for (uint32_t i = 0; i < lex.ntokens; i++) {
		const struct lex_token *t = &lex.tokens[i];
		struct spot spot = { .word = "" };

		describe(f, &spot);
		each(data, t, i + 1 < lex.ntokens ? t + 1 : NULL, &spot);
		if (t->kind != LEX_END)
			take_token(f, t, i ? t - 1 : NULL);
	}
}
