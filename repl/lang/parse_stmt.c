/* Statements and blocks. */
#include <ctype.h>
#include <string.h>

#include "repl/lang/parser.h"

static bool
is_separator(const struct parser *p)
{
	return parse_at(p, LEX_NEWLINE) || parse_at(p, LEX_SEMICOLON);
}

/* "zlib.crc32" or "zlib:crc32" with an argument behind it; NULL: the last word is none such. */
static const char *
misspelt_path(struct parser *p)
{
	const char *text = p->i ? parse_spelling(p, &p->lex.tokens[p->i - 1]) : "", *mark = strpbrk(text, ".:");

	if (!mark || !isalpha((unsigned char)*text) || !isalpha((unsigned char)mark[1]) || strpbrk(mark + 1, ".:/"))
		return NULL;
	return twz_format(p->arena, "%.*s::%s", (int)(mark - text), text, mark + 1);
}

/* Why a statement cannot go on with the next token. */
static bool
fail_after_statement(struct parser *p)
{
	const char *what = lex_kind_text(parse_peek(p, 0)->kind), *path;
	const struct lex_token *before = p->i ? &p->lex.tokens[p->i - 1] : NULL;

	switch (parse_peek(p, 0)->kind) {
	case LEX_QUESTION:
		return parse_fail(p, before && !strcmp(parse_spelling(p, before), "help")
					     ? "help alone shows what there is"
					     : "write x? without a blank to unwrap, x ?? y for a default",
				  "'?' stands alone");
	case LEX_COMMA:
		return parse_fail(p, "arguments are separated by blanks: GATE a b", "unexpected ','");
	case LEX_RPAREN:
	case LEX_RBRACKET:
	case LEX_RBRACE:
		return parse_fail(p, "nothing opened it here", "unexpected %s",
				  lex_kind_text(parse_peek(p, 0)->kind));
	case LEX_RAW:
	case LEX_STRING:
		return parse_fail(p, "put a blank before the text, or join texts as \"${a}${b}\"",
				  "unexpected text");
	case LEX_ASSIGN:
	case LEX_BIND:
		return parse_fail(p, "only NAME or NAME.FIELD can stand before it",
				  "cannot assign to this");
	case LEX_END: case LEX_NEWLINE: case LEX_SEMICOLON: case LEX_BAD: case LEX_NAME:
	case LEX_PATH: case LEX_FIELD: case LEX_DOTS: case LEX_NUMBER: case LEX_VAR:
	case LEX_NAMED: case LEX_TEXT: case LEX_LPAREN: case LEX_LBRACKET: case LEX_LBRACE:
	case LEX_PIPE: case LEX_COLON: case LEX_FATARROW: case LEX_ARROW: case LEX_EQ: case LEX_NE:
	case LEX_LT: case LEX_LE: case LEX_GT: case LEX_GE: case LEX_PLUS: case LEX_MINUS:
	case LEX_STAR: case LEX_SLASH: case LEX_PERCENT: case LEX_COALESCE: case LEX_RANGE:
		break;
	}
	path = misspelt_path(p);
	if (path)
		return parse_fail(p, twz_format(p->arena, "a gate is called as %s", path), "unexpected %s",
				  what + (strncmp(what, "a ", 2) ? 0 : 2));
	return parse_fail(p, "statements are separated by a new line or ';'", "unexpected %s",
			  what + (strncmp(what, "a ", 2) ? 0 : 2));
}

bool
parse_stmts(struct parser *p, enum lex_kind end, struct ast *block)
{
	for (;;) {
		struct ast *stmt;

		while (is_separator(p))
			parse_take(p);
		if (parse_at(p, end))
			return true;
		if (parse_at(p, LEX_END))
			return parse_fail(p, "close it with '}'", "expected '}'");
		if (!parse_stmt(p, &stmt) || !parse_add(p, block, stmt))
			return false;
		if (!is_separator(p) && !parse_at(p, end))
			return fail_after_statement(p);
	}
}

bool
parse_block(struct parser *p, struct ast **ret)
{
	const struct lex_token *open = parse_peek(p, 0);
	bool no_record = p->no_record;

	if (!parse_expect(p, LEX_LBRACE, "a block stands in braces: { … }") || !parse_enter(p))
		return false;
	p->no_record = false;
	*ret = parse_node(p, AST_BLOCK, open);
	if (!parse_stmts(p, LEX_RBRACE, *ret))
		return false;
	(*ret)->to = parse_take(p)->to;
	p->no_record = no_record;
	parse_leave(p);
	return true;
}

/* type = ( NAME | PATH ) [ "?" ] | "[" type "]": its spelling. */
static bool
parse_type(struct parser *p, const char **ret)
{
	const struct lex_token *first = parse_peek(p, 0);
	unsigned open = 0;

	while (parse_accept(p, LEX_LBRACKET))
		open++;
	if (!parse_at(p, LEX_NAME) && !parse_at(p, LEX_PATH))
		return parse_fail(p, "a type is a name such as u64, string or passwd::User",
				  "expected a type");
	parse_take(p);
	parse_accept(p, LEX_QUESTION);
	while (open-- > 0)
		if (!parse_expect(p, LEX_RBRACKET, "a list's type is written [TYPE]"))
			return false;
	*ret = twz_strndup(p->arena, p->lex.text + first->from,
			   p->lex.tokens[p->i - 1].to - first->from);
	return true;
}

static bool
parse_param(struct parser *p, struct ast_arg *arg)
{
	const struct lex_token *t = parse_peek(p, 0);
	uint32_t skip = t->kind == LEX_NAMED ? 2 : 0;

	if (t->kind != LEX_NAME && t->kind != LEX_NAMED)
		return parse_fail(p, "parameters are written NAME: TYPE, separated by commas",
				  "expected the name of a parameter");
	parse_take(p);
	*arg = (struct ast_arg){ .from = t->from, .to = t->to, .name_to = t->to, .named = skip,
				 .name = parse_spelling(p, t) + skip };
	if (parse_accept(p, LEX_COLON) && !parse_type(p, &arg->type))
		return false;
	if (parse_accept(p, LEX_ASSIGN) && !parse_expr(p, &arg->value))
		return false;
	arg->to = p->lex.tokens[p->i - 1].to;
	return true;
}

/* Parameters between "(" and ")". */
bool
parse_params(struct parser *p, struct ast *a)
{
	while (!parse_accept(p, LEX_RPAREN)) {
		struct ast_arg arg;

		if (!parse_param(p, &arg) || !parse_add_arg(p, a, arg))
			return false;
		if (!parse_at(p, LEX_RPAREN) &&
		    !parse_expect(p, LEX_COMMA, "parameters are separated by commas"))
			return false;
	}
	return true;
}

static bool
parse_name(struct parser *p, struct ast *a, const char *hint)
{
	const struct lex_token *t = parse_peek(p, 0);

	if (t->kind != LEX_NAME || t->keyword)
		return parse_fail(p, hint, "expected a name");
	parse_take(p);
	parse_set_text(p, a, p->lex.text + t->from, t->to - t->from);
	return true;
}

static bool
parse_fn(struct parser *p, struct ast **ret)
{
	struct ast *body;

	*ret = parse_node(p, AST_FN, parse_take(p));
	if (!parse_name(p, *ret, "a function is written fn NAME(a: TYPE) { … }; without a name {|a| … }") ||
	    !parse_expect(p, LEX_LPAREN, "parameters stand in parentheses: fn NAME(a: TYPE) { … }") ||
	    !parse_params(p, *ret))
		return false;
	if (parse_accept(p, LEX_ARROW) && !parse_type(p, &(*ret)->type))
		return false;
	return parse_block(p, &body) && parse_add(p, *ret, body);
}

static bool
parse_let(struct parser *p, struct ast **ret)
{
	struct ast *value;

	*ret = parse_node(p, AST_LET, parse_take(p));
	if (!parse_name(p, *ret, "write: let NAME = VALUE"))
		return false;
	if (parse_accept(p, LEX_COLON) && !parse_type(p, &(*ret)->type))
		return false;
	(*ret)->op = parse_peek(p, 0)->kind;
	if (!parse_at(p, LEX_ASSIGN) && !parse_at(p, LEX_BIND))
		return parse_fail(p, "write: let NAME = VALUE", "expected '=' or '?='");
	parse_take(p);
	return parse_pipe(p, &value) && parse_add(p, *ret, value);
}

static bool
parse_assignment(struct parser *p, struct ast **ret)
{
	const struct lex_token *target = parse_take(p);
	struct ast *value;

	*ret = parse_node(p, AST_ASSIGN, target);
	(*ret)->op = parse_take(p)->kind;
	parse_set_text(p, *ret, p->lex.text + target->from, target->to - target->from);
	return parse_pipe(p, &value) && parse_add(p, *ret, value);
}

static bool
parse_while(struct parser *p, struct ast **ret)
{
	struct ast *head, *body;

	*ret = parse_node(p, AST_WHILE, parse_take(p));
	return parse_head(p, &head) && parse_add(p, *ret, head) && parse_block(p, &body) &&
	       parse_add(p, *ret, body);
}

static bool
parse_for(struct parser *p, struct ast **ret)
{
	static const char usage[] = "write: for NAME in LIST { … }";
	struct ast *head, *body;

	*ret = parse_node(p, AST_FOR, parse_take(p));
	if (!parse_name(p, *ret, usage))
		return false;
	if (!parse_at_keyword(p, LEX_KW_IN))
		return parse_fail(p, usage, "expected 'in'");
	parse_take(p);
	return parse_head(p, &head) && parse_add(p, *ret, head) && parse_block(p, &body) &&
	       parse_add(p, *ret, body);
}

static bool
parse_timeout(struct parser *p, struct ast **ret)
{
	bool no_record = p->no_record;
	struct ast *duration, *body;

	*ret = parse_node(p, AST_TIMEOUT, parse_take(p));
	p->no_record = true;
	if (!parse_postfix(p, &duration) || !parse_add(p, *ret, duration))
		return false;
	p->no_record = no_record;
	if (!parse_at(p, LEX_LBRACE))		/* for the rest of the block */
		return true;
	return parse_block(p, &body) && parse_add(p, *ret, body);
}

static bool
parse_import(struct parser *p, struct ast **ret)
{
	const struct lex_token *t;

	*ret = parse_node(p, AST_IMPORT, parse_take(p));
	t = parse_peek(p, 0);
	if (t->kind != LEX_STRING && t->kind != LEX_RAW)
		return parse_fail(p, "write: import \"file.twz\"", "expected the name of a file in quotes");
	parse_take(p);
	(*ret)->to = t->to;
	if (t->to - t->from >= 2)	/* else unfinished: parse_text() says so */
		parse_set_text(p, *ret, p->lex.text + t->from + 1, t->to - t->from - 2);
	return true;
}

static bool
parse_return(struct parser *p, struct ast **ret)
{
	struct ast *value;

	*ret = parse_node(p, AST_RETURN, parse_take(p));
	if (is_separator(p) || parse_at(p, LEX_RBRACE) || parse_at(p, LEX_END) ||
	    parse_at(p, LEX_COMMA))
		return true;
	return parse_pipe(p, &value) && parse_add(p, *ret, value);
}

static bool
parse_break(struct parser *p, struct ast **ret)
{
	const struct lex_token *t = parse_take(p);

	*ret = parse_node(p, t->keyword == LEX_KW_BREAK ? AST_BREAK : AST_CONTINUE, t);
	return true;
}

/* "lib::gate > out.txt" would compare; who writes it wants a file. */
static bool
refuse_redirection(struct parser *p, const struct ast *a)
{
	const struct ast *right;

	if (a->kind != AST_BINARY || (a->op != LEX_LT && a->op != LEX_GT) ||
	    a->items[0]->kind != AST_CALL)
		return true;
	right = a->items[1];
	if (right->kind != AST_WORD)
		return true;
	for (uint32_t i = 0; i < p->i; i++) {
		const struct lex_token *t = &p->lex.tokens[i];

		if (t->kind == a->op && t->from >= a->items[0]->to && t->to <= right->from)
			return parse_fail_at(p, t, "redirect outside of twz; to compare, write (GATE …) > NAME",
					     "there is no redirection");
	}
	return true;
}

static bool
parse_value_statement(struct parser *p, struct ast **ret)
{
	return parse_pipe(p, ret) && refuse_redirection(p, *ret);
}

static const struct {
	enum lex_keyword keyword;
	bool (*parse)(struct parser *p, struct ast **ret);
} statements[] = {
	{ LEX_KW_LET, parse_let }, { LEX_KW_FN, parse_fn }, { LEX_KW_WHILE, parse_while },
	{ LEX_KW_FOR, parse_for }, { LEX_KW_TIMEOUT, parse_timeout },
	{ LEX_KW_IMPORT, parse_import }, { LEX_KW_RETURN, parse_return },
	{ LEX_KW_BREAK, parse_break }, { LEX_KW_CONTINUE, parse_break },
};

bool
parse_stmt(struct parser *p, struct ast **ret)
{
	const struct lex_token *t = parse_peek(p, 0), *next = parse_peek(p, 1);

	if (next->kind == LEX_ASSIGN || next->kind == LEX_BIND) {
		if ((t->kind == LEX_NAME && !t->keyword) || t->kind == LEX_FIELD)
			return parse_assignment(p, ret);
		return parse_fail(p, "only NAME or NAME.FIELD can stand before '=' and '?='",
				  "cannot assign to %s", t->keyword ? "a keyword" : lex_kind_text(t->kind));
	}
	for (size_t i = 0; i < TWZ_COUNT(statements) && t->kind == LEX_NAME; i++)
		if (statements[i].keyword == t->keyword)
			return statements[i].parse(p, ret);
	if (parse_at_keyword(p, LEX_KW_ELSE) || parse_at_keyword(p, LEX_KW_CATCH))
		return parse_fail(p, "it belongs on the line of the '}' before it: } else {",
				  "'%s' without its block", lex_keyword_text(t->keyword));
	return parse_value_statement(p, ret);
}
