/* if, match, try: statements that are values. */
#include <string.h>

#include "repl/lang/parser.h"

bool
parse_if(struct parser *p, struct ast **ret)
{
	struct ast *condition, *block, *other;
	bool done;

	*ret = parse_node(p, AST_IF, parse_take(p));
	if (!parse_enter(p) || !parse_head(p, &condition) || !parse_add(p, *ret, condition) ||
	    !parse_block(p, &block) || !parse_add(p, *ret, block))
		return false;
	done = true;
	if (parse_at_keyword(p, LEX_KW_ELSE)) {
		parse_take(p);
		done = (parse_at_keyword(p, LEX_KW_IF) ? parse_if(p, &other) : parse_block(p, &other)) &&
		       parse_add(p, *ret, other);
	}
	parse_leave(p);
	return done;
}

static bool
parse_pattern(struct parser *p, struct ast **ret)
{
	const struct lex_token *t = parse_peek(p, 0);
	bool literal = t->kind == LEX_NUMBER || t->keyword == LEX_KW_TRUE ||
		       t->keyword == LEX_KW_FALSE || t->keyword == LEX_KW_NONE;
	struct ast *inner;

	*ret = parse_node(p, AST_PATTERN, t);
	if (t->kind == LEX_RAW || t->kind == LEX_STRING)
		return parse_text_token(p, parse_take(p), &inner) && parse_add(p, *ret, inner);
	if (literal)
		return parse_add(p, *ret, parse_word(p, parse_take(p)));
	if ((t->kind != LEX_NAME && t->kind != LEX_PATH) || t->keyword)
		return parse_fail(p, "a pattern is a number, a text, a NAME, Ok(NAME) or Err(NAME)",
				  "expected a pattern, got %s", lex_kind_text(t->kind));
	parse_take(p);
	parse_set_text(p, *ret, p->lex.text + t->from, t->to - t->from);
	if (!parse_at(p, LEX_LPAREN))
		return true;
	parse_take(p);
	if (!parse_enter(p) || !parse_pattern(p, &inner) || !parse_add(p, *ret, inner) ||
	    !parse_expect(p, LEX_RPAREN, "a pattern is closed by ')'"))
		return false;
	parse_leave(p);
	return true;
}

/* pattern { "|" pattern } "=>" ( block | stmt ) */
static bool
parse_arm(struct parser *p, struct ast **ret)
{
	struct ast *patterns = parse_node(p, AST_ARM, parse_peek(p, 0)), *pattern, *body;

	do {
		if (!parse_pattern(p, &pattern) || !parse_add(p, patterns, pattern))
			return false;
	} while (parse_accept(p, LEX_PIPE));
	if (!parse_expect(p, LEX_FATARROW, "an arm is written PATTERN => VALUE"))
		return false;
	if (parse_at(p, LEX_LBRACE) ? !parse_block(p, &body) : !parse_stmt(p, &body))
		return false;
	*ret = parse_node(p, AST_ARM, parse_peek(p, 0));
	(*ret)->from = patterns->from;
	(*ret)->to = body->to;
	if (!parse_add(p, *ret, body))
		return false;
	for (uint32_t i = 0; i < patterns->nitems; i++)
		if (!parse_add(p, *ret, patterns->items[i]))
			return false;
	return true;
}

static bool
skip_separators(struct parser *p)
{
	bool any = false;

	while (parse_accept(p, LEX_COMMA) || parse_accept(p, LEX_NEWLINE) ||
	       parse_accept(p, LEX_SEMICOLON))
		any = true;
	return any;
}

bool
parse_match(struct parser *p, struct ast **ret)
{
	bool no_record = p->no_record;
	struct ast *value, *arm;

	*ret = parse_node(p, AST_MATCH, parse_take(p));
	if (!parse_head(p, &value) || !parse_add(p, *ret, value) ||
	    !parse_expect(p, LEX_LBRACE, "write: match VALUE { PATTERN => VALUE, … }") ||
	    !parse_enter(p))
		return false;
	p->no_record = false;
	skip_separators(p);
	while (!parse_at(p, LEX_RBRACE)) {
		if (!parse_arm(p, &arm) || !parse_add(p, *ret, arm))
			return false;
		if (!skip_separators(p) && !parse_at(p, LEX_RBRACE))
			return parse_fail(p, "arms are separated by ',' or a new line",
					  "unexpected %s", lex_kind_text(parse_peek(p, 0)->kind));
	}
	(*ret)->to = parse_take(p)->to;
	p->no_record = no_record;
	parse_leave(p);
	return true;
}

bool
parse_try(struct parser *p, struct ast **ret)
{
	const struct lex_token *t;
	struct ast *body, *other;

	*ret = parse_node(p, AST_TRY, parse_take(p));
	if (parse_at(p, LEX_LBRACE) ? !parse_block(p, &body) : !parse_pipe(p, &body))
		return false;
	if (!parse_add(p, *ret, body))
		return false;
	if (parse_at_keyword(p, LEX_KW_ELSE)) {
		parse_take(p);
		return (parse_at(p, LEX_LBRACE) ? parse_block(p, &other) : parse_pipe(p, &other)) &&
		       parse_add(p, *ret, other);
	}
	if (!parse_at_keyword(p, LEX_KW_CATCH))
		return true;
	parse_take(p);
	t = parse_peek(p, 0);
	if (t->kind != LEX_NAME || t->keyword)
		return parse_fail(p, "write: try { … } catch NAME { … }", "expected a name");
	parse_take(p);
	parse_set_text(p, *ret, p->lex.text + t->from, t->to - t->from);
	return parse_block(p, &other) && parse_add(p, *ret, other);
}
