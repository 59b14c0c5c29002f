/* Calls and what they are made of: arguments, primaries and their suffixes. */
#include <string.h>
#include <strings.h>

#include "repl/lang/parser.h"

/* -- words and values -------------------------------------------------------------------------- */

struct ast *
parse_word(struct parser *p, const struct lex_token *t)
{
	enum ast_kind kind = t->kind == LEX_NUMBER ? AST_NUMBER
			     : t->keyword == LEX_KW_TRUE || t->keyword == LEX_KW_FALSE ? AST_BOOL
			     : t->keyword == LEX_KW_NONE ? AST_NONE : AST_WORD;
	struct ast *a = parse_node(p, kind, t);

	parse_set_text(p, a, p->lex.text + t->from, t->to - t->from);
	return a;
}

/* $a.b: a variable and its fields. */
static bool
parse_var(struct parser *p, const struct lex_token *t, struct ast **ret)
{
	char *name = twz_strndup(p->arena, p->lex.text + t->from + 1, t->to - t->from - 1);
	struct ast *a = parse_node(p, AST_VAR, t), *field;

	parse_set_text(p, a, name, (uint32_t)strcspn(name, "."));
	for (const char *s = strchr(name, '.'); s; s = strchr(s + 1, '.')) {
		field = parse_node(p, AST_FIELD, t);
		parse_set_text(p, field, s + 1, (uint32_t)strcspn(s + 1, "."));
		if (!parse_add(p, field, a))
			return false;
		a = field;
	}
	*ret = a;
	return true;
}

static bool
parse_paren(struct parser *p, struct ast **ret)
{
	bool no_record = p->no_record;
	struct ast *inner;

	*ret = parse_node(p, AST_PAREN, parse_take(p));
	p->no_record = false;
	if (!parse_pipe(p, &inner) || !parse_add(p, *ret, inner) ||
	    !parse_expect(p, LEX_RPAREN, parse_at(p, LEX_COMMA)
		? "a list is [a, b]; a call with commas has no blank before its parenthesis: GATE(a, b)"
		: "close the parenthesis after one value"))
		return false;
	p->no_record = no_record;
	(*ret)->to = p->lex.tokens[p->i - 1].to;
	return true;
}

static bool
parse_list(struct parser *p, struct ast **ret)
{
	bool no_record = p->no_record;
	struct ast *element;

	*ret = parse_node(p, AST_LIST, parse_take(p));
	p->no_record = false;
	while (!parse_accept(p, LEX_RBRACKET)) {
		if (!parse_pipe(p, &element) || !parse_add(p, *ret, element))
			return false;
		if (!parse_at(p, LEX_RBRACKET) &&
		    !parse_expect(p, LEX_COMMA, "elements are separated by commas: [a, b]"))
			return false;
	}
	p->no_record = no_record;
	(*ret)->to = p->lex.tokens[p->i - 1].to;
	return true;
}

static bool
parse_field(struct parser *p, struct ast_arg *field)
{
	const struct lex_token *t = parse_peek(p, 0);
	uint32_t quote = t->kind == LEX_RAW || t->kind == LEX_STRING;

	if (t->kind == LEX_TEXT && memchr(p->lex.text + t->from, ':', t->to - t->from))
		return parse_fail(p, "put a blank after ':' in a record: {id: 1}", "expected NAME: VALUE");
	if ((t->kind != LEX_NAME && !quote) || t->to - t->from < 2 * quote)
		return parse_fail(p, "a record is written {id: 1, name: \"x\"}", "expected NAME: VALUE");
	parse_take(p);
	*field = (struct ast_arg){ .from = t->from, .to = t->to, .name_to = t->to };
	field->name = twz_strndup(p->arena, p->lex.text + t->from + quote,
				  t->to - t->from - 2 * quote);
	if (!parse_expect(p, LEX_COLON, "a field is written NAME: VALUE, with a blank after ':'"))
		return false;
	parse_skip_newlines(p);
	if (!parse_expr(p, &field->value))
		return false;
	field->to = field->value->to;
	return true;
}

static bool
parse_record(struct parser *p, struct ast *record)
{
	parse_skip_newlines(p);
	while (!parse_accept(p, LEX_RBRACE)) {
		struct ast_arg field;

		if (!parse_field(p, &field) || !parse_add_arg(p, record, field))
			return false;
		parse_skip_newlines(p);
		if (!parse_at(p, LEX_RBRACE) &&
		    !parse_expect(p, LEX_COMMA, "fields are separated by commas"))
			return false;
		parse_skip_newlines(p);
	}
	return true;
}

/* {|a, b| …}, the '{' already taken. */
static bool
parse_lambda(struct parser *p, struct ast *a)
{
	struct ast *body = parse_node(p, AST_BLOCK, parse_take(p));

	a->kind = AST_LAMBDA;
	while (!parse_accept(p, LEX_PIPE)) {
		const struct lex_token *t = parse_peek(p, 0);

		if (t->kind != LEX_NAME)
			return parse_fail(p, "a function is written {|a, b| …}", "expected a parameter");
		parse_take(p);
		if (!parse_add_arg(p, a, (struct ast_arg){ .name = parse_spelling(p, t),
							   .from = t->from, .to = t->to }))
			return false;
		if (!parse_at(p, LEX_PIPE) &&
		    !parse_expect(p, LEX_COMMA, "a function is written {|a, b| …}"))
			return false;
	}
	if (!parse_stmts(p, LEX_RBRACE, body) || !parse_add(p, a, body))
		return false;
	parse_take(p);
	return true;
}

static bool
parse_brace(struct parser *p, struct ast **ret)
{
	bool no_record = p->no_record;

	*ret = parse_node(p, AST_RECORD, parse_take(p));
	p->no_record = false;
	if (parse_at(p, LEX_PIPE) ? !parse_lambda(p, *ret) : !parse_record(p, *ret))
		return false;
	p->no_record = no_record;
	(*ret)->to = p->lex.tokens[p->i - 1].to;
	return true;
}

/* Whether a name is that of a type before a record: User{id: 1}, as values of structs are shown. */
static bool
at_typed_record(const struct parser *p)
{
	const struct lex_token *t = parse_peek(p, 0), *next = parse_peek(p, 1);

	return (t->kind == LEX_NAME || t->kind == LEX_PATH) && !t->keyword && next->kind == LEX_LBRACE &&
	       !next->blank && !p->no_record;
}

static bool
parse_typed_record(struct parser *p, struct ast **ret)
{
	const struct lex_token *t = parse_take(p);

	if (!parse_brace(p, ret))
		return false;
	if ((*ret)->kind != AST_RECORD)
		return parse_fail(p, "put a blank before '{|'", "a function directly after a name");
	(*ret)->type = twz_strndup(p->arena, p->lex.text + t->from, t->to - t->from);
	(*ret)->from = t->from;
	return true;
}

static bool
parse_primary(struct parser *p, struct ast **ret)
{
	const struct lex_token *t = parse_peek(p, 0);

	if (at_typed_record(p))
		return parse_typed_record(p, ret);
	switch (t->kind) {
	case LEX_NAME: case LEX_PATH: case LEX_FIELD: case LEX_NUMBER: case LEX_TEXT:
	case LEX_DOTS:
		*ret = parse_word(p, parse_take(p));
		return true;
	case LEX_VAR:
		return parse_var(p, parse_take(p), ret);
	case LEX_RAW: case LEX_STRING:
		return parse_text_token(p, parse_take(p), ret);
	case LEX_LPAREN:
		return parse_paren(p, ret);
	case LEX_LBRACKET:
		return parse_list(p, ret);
	case LEX_LBRACE:
		if (!p->no_record)
			return parse_brace(p, ret);
		return parse_fail(p, "put a record in the head of a block in parentheses",
				  "expected a value before '{'");
	case LEX_NAMED:
		return parse_fail(p, !strcmp(parse_spelling(p, t), "--help") ? "help shows what there is"
						    : "named arguments follow the gate: GATE --name value",
				  "a named argument without its call");
	case LEX_QUESTION:
		return parse_fail(p, "help shows what there is; x? without a blank unwraps a result",
				  "expected a value, got '?'");
	case LEX_END: case LEX_NEWLINE: case LEX_SEMICOLON: case LEX_BAD: case LEX_RPAREN:
	case LEX_RBRACKET: case LEX_RBRACE: case LEX_PIPE: case LEX_COMMA: case LEX_COLON:
	case LEX_ASSIGN: case LEX_BIND: case LEX_FATARROW: case LEX_ARROW: case LEX_EQ: case LEX_NE:
	case LEX_LT: case LEX_LE: case LEX_GT: case LEX_GE: case LEX_PLUS: case LEX_MINUS: case LEX_STAR:
	case LEX_SLASH: case LEX_PERCENT: case LEX_COALESCE: case LEX_RANGE:
		break;
	}
	return parse_fail(p, "a value is a number, a \"text\", a NAME, [a list], {a: record} or a call",
			  "expected a value, got %s", lex_kind_text(t->kind));
}

/* -- suffixes ---------------------------------------------------------------------------------- */

static bool
at_suffix(const struct parser *p)
{
	const struct lex_token *t = parse_peek(p, 0);

	return !t->blank &&
	       (t->kind == LEX_QUESTION || t->kind == LEX_DOTS || t->kind == LEX_LBRACKET);
}

static bool
parse_index(struct parser *p, struct ast *a)
{
	bool no_record = p->no_record;
	struct ast *index;

	p->no_record = false;
	if (!parse_enter(p) || !parse_expr(p, &index) || !parse_add(p, a, index) ||
	    !parse_expect(p, LEX_RBRACKET, "an index is written x[0]"))
		return false;
	parse_leave(p);
	p->no_record = no_record;
	a->to = p->lex.tokens[p->i - 1].to;
	return true;
}

static bool
parse_fields(struct parser *p, const struct lex_token *t, struct ast **ret)
{
	for (uint32_t i = t->from; i < t->to;) {
		uint32_t from = i + 1, to = from;
		struct ast *field = parse_node(p, AST_FIELD, t);

		while (to < t->to && p->lex.text[to] != '.')
			to++;
		parse_set_text(p, field, p->lex.text + from, to - from);
		if (!parse_add(p, field, *ret))
			return false;
		*ret = field;
		i = to;
	}
	return true;
}

static bool
parse_suffixes(struct parser *p, struct ast **ret)
{
	while (at_suffix(p)) {
		const struct lex_token *t = parse_take(p);
		struct ast *a;

		if (t->kind == LEX_DOTS) {
			if (!parse_fields(p, t, ret))
				return false;
			continue;
		}
		a = parse_node(p, t->kind == LEX_QUESTION ? AST_UNWRAP : AST_INDEX, t);
		if (!parse_add(p, a, *ret) || (t->kind == LEX_LBRACKET && !parse_index(p, a)))
			return false;
		*ret = a;
	}
	return true;
}

bool
parse_postfix(struct parser *p, struct ast **ret)
{
	return parse_enter(p) && parse_primary(p, ret) && parse_suffixes(p, ret) &&
	       (parse_leave(p), true);
}

/* -- calls ------------------------------------------------------------------------------------- */

bool
parse_starts_postfix(const struct parser *p)
{
	const struct lex_token *t = parse_peek(p, 0);

	switch (t->kind) {
	case LEX_NAME:
		return t->keyword != LEX_KW_AND && t->keyword != LEX_KW_OR &&
		       t->keyword != LEX_KW_IN && t->keyword != LEX_KW_ELSE &&
		       t->keyword != LEX_KW_CATCH;
	case LEX_PATH: case LEX_FIELD: case LEX_NUMBER: case LEX_VAR: case LEX_TEXT: case LEX_RAW:
	case LEX_STRING: case LEX_LPAREN: case LEX_LBRACKET:
		return true;
	case LEX_DOTS:
		return t->blank;
	case LEX_LBRACE:
		return !p->no_record;
	case LEX_END: case LEX_NEWLINE: case LEX_SEMICOLON: case LEX_BAD: case LEX_NAMED:
	case LEX_RPAREN: case LEX_RBRACKET: case LEX_RBRACE: case LEX_PIPE: case LEX_COMMA:
	case LEX_COLON: case LEX_QUESTION: case LEX_ASSIGN: case LEX_BIND: case LEX_FATARROW:
	case LEX_ARROW: case LEX_EQ: case LEX_NE: case LEX_LT: case LEX_LE: case LEX_GT: case LEX_GE:
	case LEX_PLUS: case LEX_MINUS: case LEX_STAR: case LEX_SLASH: case LEX_PERCENT:
	case LEX_COALESCE: case LEX_RANGE:
		break;
	}
	return false;
}

/* The value in --name=value, which the lexer took as one word. */
static bool
parse_glued(struct parser *p, const struct lex_token *t, uint32_t from, struct ast **ret)
{
	struct lex inner;
	struct lex_token value = *t;

	lex_text(p->lex.text, from, t->to, p->arena, &inner);
	value = inner.tokens[0];
	if (value.to != t->to || value.kind == LEX_NAMED || value.kind >= LEX_PIPE ||
	    value.kind == LEX_BAD)
		value = (struct lex_token){ .kind = LEX_TEXT, .from = from, .to = t->to };
	if (value.kind == LEX_VAR)
		return parse_var(p, &value, ret);
	*ret = parse_word(p, &value);
	return true;
}

static bool
parse_named(struct parser *p, struct ast_arg *arg)
{
	const struct lex_token *t = parse_take(p), *next = parse_peek(p, 0);
	const char *name = p->lex.text + t->from + 2;
	const char *eq = memchr(name, '=', t->to - t->from - 2);

	arg->name_to = eq ? (uint32_t)(eq - p->lex.text) : t->to;
	arg->name = twz_strndup(p->arena, name, arg->name_to - t->from - 2);
	arg->glued = eq != NULL;
	arg->to = t->to;
	if (eq && arg->name_to + 1 < t->to)
		return parse_glued(p, t, arg->name_to + 1, &arg->value);
	if (eq && (next->blank || !parse_starts_postfix(p))) {
		struct lex_token empty = { .kind = LEX_RAW, .from = t->to, .to = t->to };

		arg->value = parse_node(p, AST_STRING, &empty);
		parse_set_text(p, arg->value, "", 0);
		return true;
	}
	return !parse_starts_postfix(p) || parse_postfix(p, &arg->value);
}

/* One argument after blanks. */
static bool
parse_arg(struct parser *p, struct ast *call)
{
	const struct lex_token *t = parse_peek(p, 0);
	struct ast_arg arg = { .from = t->from };

	if (!t->blank)
		return parse_fail(p, "put a blank between arguments, calls inside them in parentheses: (f x)",
				  "%s directly after a value", lex_kind_text(t->kind));
	if (t->kind == LEX_NAMED ? !parse_named(p, &arg) : !parse_postfix(p, &arg.value))
		return false;
	if (arg.value)
		arg.to = arg.value->to;
	return parse_add_arg(p, call, arg);
}

/* One argument between the parentheses of f(a, b): a word alone is text, anything else a value. */
static bool
parse_paren_arg(struct parser *p, struct ast *call)
{
	const struct lex_token *t = parse_peek(p, 0), *next = parse_peek(p, 1);
	bool alone = next->kind == LEX_COMMA || next->kind == LEX_RPAREN;
	struct ast_arg arg = { .from = t->from };

	if (t->kind == LEX_NAMED) {
		if (!parse_named(p, &arg))
			return false;
	} else if (alone && parse_starts_postfix(p)) {
		if (!parse_postfix(p, &arg.value))
			return false;
	} else if (!parse_pipe(p, &arg.value)) {
		return false;
	}
	if (arg.value)
		arg.to = arg.value->to;
	return parse_add_arg(p, call, arg);
}

static bool
parse_paren_call(struct parser *p, struct ast *call)
{
	bool no_record = p->no_record;

	parse_take(p);
	p->no_record = false;
	if (!parse_enter(p))
		return false;
	while (!parse_accept(p, LEX_RPAREN)) {
		if (!parse_paren_arg(p, call))
			return false;
		if (!parse_at(p, LEX_RPAREN) &&
		    !parse_expect(p, LEX_COMMA, "inside GATE( ) arguments are separated by commas"))
			return false;
	}
	parse_leave(p);
	p->no_record = no_record;
	call->to = p->lex.tokens[p->i - 1].to;
	return true;
}

/* --name=value for a program: one word, also where the value is a variable, a text or in parentheses. */
static bool
parse_run_named(struct parser *p, struct ast **ret)
{
	const struct lex_token *t = parse_peek(p, 0);
	struct ast_arg arg = { .from = t->from };
	struct lex_token name = *t;
	struct ast *literal;

	*ret = parse_word(p, t);
	if (!memchr(p->lex.text + t->from, '=', t->to - t->from)) {
		parse_take(p);
		return true;
	}
	if (!parse_named(p, &arg))
		return false;
	if (arg.value->kind == AST_WORD || arg.value->kind == AST_NUMBER || arg.value->kind == AST_BOOL ||
	    arg.value->kind == AST_NONE)
		return true;
	name.to = arg.name_to + 1;
	literal = parse_node(p, AST_STRING, &name);
	parse_set_text(p, literal, p->lex.text + name.from, name.to - name.from);
	*ret = parse_node(p, AST_STRING, &name);
	return parse_add(p, *ret, literal) && parse_add(p, *ret, arg.value);
}

/* With what a program gives nothing is calculated: these are words of its own, as in: run ls / */
static bool
parse_run_sign(struct parser *p, struct ast **ret)
{
	const struct lex_token *t = parse_peek(p, 0);

	if (!t->blank || !lex_is_sum(t->kind))
		return false;
	*ret = parse_node(p, AST_TEXT, t);
	parse_set_text(p, *ret, p->lex.text + t->from, t->to - t->from);
	parse_take(p);
	return true;
}

/* run PROGRAM word …: words are text whatever they look like. */
static bool
parse_run(struct parser *p, struct ast **ret)
{
	struct ast *word;

	*ret = parse_node(p, AST_RUN, parse_take(p));
	while (parse_starts_postfix(p) || parse_at(p, LEX_NAMED) || ((*ret)->nitems && lex_is_sum(parse_peek(p, 0)->kind))) {
		const struct lex_token *t = parse_peek(p, 0);

		if (parse_run_sign(p, &word)) {
			if (!parse_add(p, *ret, word))
				return false;
			continue;
		}
		if (!t->blank)
			return parse_fail(p, "put a blank between words, or join texts as \"${a}${b}\"",
					  "%s directly after a value", lex_kind_text(t->kind));
		if (t->kind == LEX_NAMED ? !parse_run_named(p, &word) : !parse_postfix(p, &word))
			return false;
		if (!parse_add(p, *ret, word))
			return false;
	}
	if ((*ret)->nitems)
		return true;
	return parse_fail(p, "write: run PROGRAM ARGUMENT …", "expected a program to run");
}

/* Where the words of a short question end: where the statement does, or what is around it. */
static bool
ends_query(const struct parser *p, unsigned open, bool cases)
{
	const struct lex_token *t = parse_peek(p, 0);

	if (t->kind == LEX_NEWLINE || t->kind == LEX_PIPE || t->kind == LEX_RPAREN)
		return !open;
	return t->kind == LEX_END || t->kind == LEX_SEMICOLON || t->kind == LEX_LBRACE ||
	       t->kind == LEX_RBRACE || t->kind == LEX_RBRACKET || t->keyword == LEX_KW_CATCH ||
	       (t->keyword == LEX_KW_ELSE && !cases);
}

/* sql TABLE where …: what follows is one text, as it stands, since SQL has operators of its own. */
static bool
parse_query(struct parser *p, struct ast *call)
{
	const struct lex_token *first = parse_peek(p, 0), *last = first;
	unsigned open = 0;
	bool cases = false;
	struct ast_arg arg;

	while (!ends_query(p, open, cases)) {
		last = parse_take(p);
		open += last->kind == LEX_LPAREN;
		open -= last->kind == LEX_RPAREN;
		cases |= last->to - last->from == 4 && !strncasecmp(p->lex.text + last->from, "case", 4);
	}
	arg = (struct ast_arg){ .value = parse_node(p, AST_TEXT, first), .from = first->from, .to = last->to };
	parse_set_text(p, arg.value, p->lex.text + first->from, last->to - first->from);
	arg.value->to = last->to;
	return parse_add_arg(p, call, arg);
}

/* Words that begin no expression, and what was meant. */
static bool
check_head(struct parser *p, const struct lex_token *t)
{
	const char *s = p->lex.text + t->from;
	const char *eq = memchr(s, '=', t->to - t->from);

	if (t->kind == LEX_NAME && t->keyword && t->keyword != LEX_KW_TRUE &&
	    t->keyword != LEX_KW_FALSE && t->keyword != LEX_KW_NONE && t->keyword != LEX_KW_RUN)
		return parse_fail(p, "quote it if it is meant as text",
				  "'%s' cannot begin a value here", lex_keyword_text(t->keyword));
	if (t->kind == LEX_TEXT && eq && eq > s && ((*s >= 'a' && *s <= 'z') ||
						    (*s >= 'A' && *s <= 'Z') || *s == '_'))
		return parse_fail(p, "put blanks around '=': NAME = VALUE",
				  "'%.*s' is one word", (int)(t->to - t->from > 60 ? 60 : t->to - t->from), s);
	return true;
}

bool
parse_apply(struct parser *p, struct ast **ret)
{
	const struct lex_token *t = parse_peek(p, 0), *next = parse_peek(p, 1);
	bool glued = !next->blank, paren;
	struct ast *call;

	if (!check_head(p, t))
		return false;
	if (parse_at_keyword(p, LEX_KW_RUN))
		return parse_run(p, ret);
	if ((t->kind != LEX_NAME && t->kind != LEX_PATH) || t->keyword ||
	    (glued && (next->kind == LEX_LBRACKET || next->kind == LEX_QUESTION ||
		       next->kind == LEX_DOTS)) || at_typed_record(p))
		return parse_postfix(p, ret);
	paren = glued && next->kind == LEX_LPAREN;
	call = parse_node(p, AST_CALL, parse_take(p));
	call->head_to = call->to;
	parse_set_text(p, call, p->lex.text + t->from, t->to - t->from);
	*ret = call;
	if (paren)
		return parse_paren_call(p, call) && parse_suffixes(p, ret);
	if (next->kind == LEX_NAME && !strcmp(call->text, "sql"))
		return parse_query(p, call);
	while (parse_starts_postfix(p) || parse_at(p, LEX_NAMED))
		if (!parse_arg(p, call))
			return false;
	if (t->kind == LEX_NAME && !call->nargs) {
		call->kind = AST_WORD;
		call->ncalls = 0;
	}
	return true;
}
