/* Expressions: pipes, operators by one precedence table, calls by juxtaposition. */
#include <string.h>

#include "repl/lang/parser.h"

/* -- pipes ------------------------------------------------------------------------------------- */

static bool
starts_operand(const struct parser *p)
{
	return parse_starts_postfix(p) || parse_at(p, LEX_MINUS);
}

static bool
parse_select(struct parser *p, struct ast **ret)
{
	*ret = parse_node(p, AST_SELECT, parse_take(p));
	do {
		const struct lex_token *t = parse_peek(p, 0);

		if (t->kind != LEX_NAME)
			return parse_fail(p, "write: | select NAME NAME …", "expected the name of a field");
		if (!parse_add(p, *ret, parse_word(p, parse_take(p))))
			return false;
	} while (parse_at(p, LEX_NAME));
	return true;
}

/* where, map, each, sort, group: an expression over 'it'. */
static bool
parse_over_it(struct parser *p, struct ast **ret)
{
	const struct lex_token *t = parse_take(p);
	struct ast *expr;

	*ret = parse_node(p, AST_STAGE, t);
	parse_set_text(p, *ret, p->lex.text + t->from, t->to - t->from);
	if (!strcmp((*ret)->text, "sort") && !starts_operand(p))
		return true;
	return parse_expr(p, &expr) && parse_add(p, *ret, expr);
}

static bool
parse_get(struct parser *p, struct ast **ret)
{
	const struct lex_token *t = parse_take(p);

	*ret = parse_node(p, AST_GET, t);
	parse_set_text(p, *ret, p->lex.text + t->from + 1, t->to - t->from - 1);
	return true;
}

static bool
parse_stage(struct parser *p, struct ast **ret)
{
	static const char *const over_it[] = { "where", "map", "each", "sort", "group" };
	static const char hint[] = "after '|' stands a gate or function that takes the value";
	const struct lex_token *t = parse_peek(p, 0);
	const char *word;

	parse_skip_newlines(p);
	t = parse_peek(p, 0);
	if (t->kind == LEX_DOTS)
		return parse_get(p, ret);
	if (t->kind == LEX_PIPE)
		return parse_fail(p, "write: try A else B; between conditions: or", "'||' is no operator");
	if ((t->kind != LEX_NAME && t->kind != LEX_PATH) || (t->keyword && t->keyword != LEX_KW_RUN))
		return parse_fail(p, hint, "%s is no stage of a pipe", lex_kind_text(t->kind));
	word = parse_spelling(p, t);
	if (!strcmp(word, "select"))
		return parse_select(p, ret);
	for (size_t i = 0; i < TWZ_COUNT(over_it); i++)
		if (!strcmp(word, over_it[i]))
			return parse_over_it(p, ret);
	if (!parse_apply(p, ret))
		return false;
	if ((*ret)->kind == AST_WORD) {
		(*ret)->kind = AST_CALL;
		(*ret)->head_to = (*ret)->to;
		(*ret)->ncalls = 1;
		(*ret)->site = twz_new(p->arena, struct call_site *);
	}
	if ((*ret)->kind != AST_CALL && (*ret)->kind != AST_RUN)
		return parse_fail_at(p, t, hint, "this is no stage of a pipe");
	return true;
}

static bool
parse_source(struct parser *p, struct ast **ret)
{
	struct ast *expr;

	if (parse_at_keyword(p, LEX_KW_IF))
		return parse_if(p, ret);
	if (parse_at_keyword(p, LEX_KW_MATCH))
		return parse_match(p, ret);
	if (parse_at_keyword(p, LEX_KW_TRY))
		return parse_try(p, ret);
	if (!parse_at_keyword(p, LEX_KW_SPAWN))
		return parse_expr(p, ret);
	*ret = parse_node(p, AST_SPAWN, parse_take(p));
	return parse_expr(p, &expr) && parse_add(p, *ret, expr);
}

bool
parse_pipe(struct parser *p, struct ast **ret)
{
	struct ast *source, *stage;

	if (!parse_enter(p) || !parse_source(p, &source))
		return false;
	*ret = source;
	if (parse_at(p, LEX_PIPE)) {
		*ret = parse_node(p, AST_PIPE, parse_peek(p, 0));
		if (!parse_add(p, *ret, source))
			return false;
	}
	while (parse_accept(p, LEX_PIPE))
		if (!parse_stage(p, &stage) || !parse_add(p, *ret, stage))
			return false;
	parse_leave(p);
	return true;
}

bool
parse_head(struct parser *p, struct ast **ret)
{
	bool no_record = p->no_record;

	p->no_record = true;
	if (!parse_pipe(p, ret))
		return false;
	p->no_record = no_record;
	return true;
}

/* -- operators --------------------------------------------------------------------------------- */

/* From loosest to tightest. 'not' stands between and and the comparisons. */
enum precedence { OR, AND, COMPARE, SPAN, SUM, TERM, DEFAULT, UNARY };

/* Kinds that are an operator at some level: most tokens are none. */
static const bool may_be_operator[] = {
	[LEX_NAME] = true, [LEX_EQ] = true, [LEX_NE] = true, [LEX_LT] = true, [LEX_LE] = true,
	[LEX_GT] = true, [LEX_GE] = true, [LEX_PLUS] = true, [LEX_MINUS] = true, [LEX_STAR] = true,
	[LEX_SLASH] = true, [LEX_PERCENT] = true, [LEX_COALESCE] = true, [LEX_RANGE] = true,
};

static const struct {
	enum precedence level;
	enum lex_kind kind;
	enum lex_keyword keyword;
} binary[] = {
	{ OR, LEX_NAME, LEX_KW_OR }, { AND, LEX_NAME, LEX_KW_AND },
	{ COMPARE, LEX_EQ, LEX_NO_KEYWORD }, { COMPARE, LEX_NE, LEX_NO_KEYWORD },
	{ COMPARE, LEX_LT, LEX_NO_KEYWORD }, { COMPARE, LEX_LE, LEX_NO_KEYWORD },
	{ COMPARE, LEX_GT, LEX_NO_KEYWORD }, { COMPARE, LEX_GE, LEX_NO_KEYWORD },
	{ COMPARE, LEX_NAME, LEX_KW_IN }, { SPAN, LEX_RANGE, LEX_NO_KEYWORD },
	{ SUM, LEX_PLUS, LEX_NO_KEYWORD }, { SUM, LEX_MINUS, LEX_NO_KEYWORD },
	{ TERM, LEX_STAR, LEX_NO_KEYWORD }, { TERM, LEX_SLASH, LEX_NO_KEYWORD },
	{ TERM, LEX_PERCENT, LEX_NO_KEYWORD }, { DEFAULT, LEX_COALESCE, LEX_NO_KEYWORD },
};

static bool
at_operator(const struct parser *p, enum precedence level)
{
	const struct lex_token *t = parse_peek(p, 0);

	if (t->kind >= TWZ_COUNT(may_be_operator) || !may_be_operator[t->kind] ||
	    (t->kind == LEX_NAME && !t->keyword))
		return false;
	for (size_t i = 0; i < TWZ_COUNT(binary); i++)
		if (binary[i].level == level && binary[i].kind == t->kind &&
		    binary[i].keyword == t->keyword)
			return true;
	return false;
}

static bool parse_level(struct parser *p, enum precedence level, struct ast **ret);

/* A prefix operator: not, -. */
static bool
parse_prefix(struct parser *p, enum ast_kind kind, enum precedence level, struct ast **ret)
{
	struct ast *operand;

	*ret = parse_node(p, kind, parse_take(p));
	return parse_enter(p) && parse_level(p, level, &operand) && (parse_leave(p), true) &&
	       parse_add(p, *ret, operand);
}

/* -y: a word in an operand's place that is '-' and a name. */
static bool
parse_negated_name(struct parser *p, struct ast **ret)
{
	struct lex_token t = *parse_take(p);
	struct ast *word;

	*ret = parse_node(p, AST_NEGATE, &t);
	t.from++;
	word = parse_node(p, AST_WORD, &t);
	parse_set_text(p, word, p->lex.text + t.from, t.to - t.from);
	return parse_add(p, *ret, word);
}

static bool
is_negated_name(const struct parser *p)
{
	const struct lex_token *t = parse_peek(p, 0);
	const char *s = p->lex.text + t->from;

	if (t->kind != LEX_TEXT || t->to - t->from < 2 || *s != '-')
		return false;
	for (uint32_t i = 1; i < t->to - t->from; i++)
		if (!strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_.0123456789", s[i]))
			return false;
	return strchr("0123456789.", s[1]) == NULL;
}

static bool
parse_unary(struct parser *p, struct ast **ret)
{
	if (parse_at(p, LEX_MINUS))
		return parse_prefix(p, AST_NEGATE, UNARY, ret);
	if (is_negated_name(p))
		return parse_negated_name(p, ret);
	return parse_apply(p, ret);
}

static bool
parse_level(struct parser *p, enum precedence level, struct ast **ret)
{
	struct ast *left, *right;

	if (level == UNARY)
		return parse_unary(p, ret);
	if (level == COMPARE && parse_at_keyword(p, LEX_KW_NOT))
		return parse_prefix(p, AST_NOT, COMPARE, ret);
	if (!parse_level(p, level + 1, &left))
		return false;
	while (at_operator(p, level)) {
		struct ast *a = parse_node(p, AST_BINARY, parse_take(p));

		if (!parse_level(p, level + 1, &right) || !parse_add(p, a, left) ||
		    !parse_add(p, a, right))
			return false;
		left = a;
		if (level == COMPARE && at_operator(p, COMPARE))
			return parse_fail(p, "write: a < b and b < c", "comparisons do not chain");
		if (level == SPAN)
			break;
	}
	*ret = left;
	return true;
}

bool
parse_expr(struct parser *p, struct ast **ret)
{
	return parse_level(p, OR, ret);
}
