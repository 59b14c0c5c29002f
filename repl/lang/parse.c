/*
 * The parser. One function per production of language.md 1.2, each takes what it recognises and
 * returns false when it cannot; the first failure is the one that is reported. A failure at the end of
 * the text, where something is still open, means that more is to come.
 */
#include "repl/lang/parse.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "repl/lang/parser.h"

static const char *const ast_names[] = {
#define X(kind) [AST_##kind] = #kind,
	AST_KINDS(X)
#undef X
};

const char *
ast_kind_name(enum ast_kind kind)
{
	return ast_names[kind];
}

/* -- tokens ------------------------------------------------------------------------------------ */

const struct lex_token *
parse_peek(const struct parser *p, uint32_t ahead)
{
	uint32_t i = p->i + ahead, end = p->lex.ntokens - 1;

	return &p->lex.tokens[i < end ? i : end];
}

const struct lex_token *
parse_take(struct parser *p)
{
	const struct lex_token *t = parse_peek(p, 0);

	if (t->kind != LEX_END)
		p->i++;
	return t;
}

bool
parse_at(const struct parser *p, enum lex_kind kind)
{
	return parse_peek(p, 0)->kind == kind;
}

bool
parse_at_keyword(const struct parser *p, enum lex_keyword keyword)
{
	return parse_at(p, LEX_NAME) && parse_peek(p, 0)->keyword == keyword;
}

bool
parse_accept(struct parser *p, enum lex_kind kind)
{
	if (!parse_at(p, kind))
		return false;
	parse_take(p);
	return true;
}

void
parse_skip_newlines(struct parser *p)
{
	while (parse_accept(p, LEX_NEWLINE))
		;
}

const char *
parse_spelling(struct parser *p, const struct lex_token *t)
{
	return twz_strndup(p->arena, p->lex.text + t->from, t->to - t->from);
}

static bool
fail_at(struct parser *p, const struct lex_token *t, const char *hint, const char *fmt, va_list ap)
	__attribute__((format(printf, 4, 0)));

static bool
fail_at(struct parser *p, const struct lex_token *t, const char *hint, const char *fmt, va_list ap)
{
	char text[200];
	struct twz_error *err = p->err;

	if (err->cls != TWZ_CLASS_NONE)
		return false;
	vsnprintf(text, sizeof(text), fmt, ap);
	if (t->kind == LEX_BAD) {
		snprintf(text, sizeof(text), "%s", t->why);
		hint = t->hint;
	}
	if (t->kind == LEX_END && p->lex.missing) {
		p->more = true;
		snprintf(text, sizeof(text), "the text ends before %s", p->lex.missing);
		hint = "finish it, or remove what was opened";
	}
	twz_fail(err, TWZ_CLASS_SYNTAX, TWZ_ERR(ARGUMENT, INVALID_ARGUMENT), "%s", text);
	twz_hint(err, "%s", hint);
	err->from = t->from;
	err->to = t->to > t->from ? t->to : t->from + 1;
	return false;
}

bool
parse_fail_at(struct parser *p, const struct lex_token *t, const char *hint, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fail_at(p, t, hint, fmt, ap);
	va_end(ap);
	return false;
}

bool
parse_fail(struct parser *p, const char *hint, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fail_at(p, parse_peek(p, 0), hint, fmt, ap);
	va_end(ap);
	return false;
}

bool
parse_expect(struct parser *p, enum lex_kind kind, const char *where)
{
	if (parse_accept(p, kind))
		return true;
	return parse_fail(p, where, "expected %s, got %s", lex_kind_text(kind),
			  lex_kind_text(parse_peek(p, 0)->kind));
}

bool
parse_enter(struct parser *p)
{
	if (++p->nesting <= PARSE_NESTING_MAX)
		return true;
	return parse_fail(p, "put the inner parts into variables", "nested too deeply");
}

void
parse_leave(struct parser *p)
{
	p->nesting--;
}

/* -- nodes ------------------------------------------------------------------------------------- */

struct ast *
parse_node(struct parser *p, enum ast_kind kind, const struct lex_token *t)
{
	struct ast *a = twz_new(p->arena, struct ast);

	a->kind = kind;
	a->op = t->kind;
	a->keyword = t->keyword;
	a->from = t->from;
	a->to = t->to;
	a->ncalls = kind == AST_CALL;
	if (kind == AST_CALL)
		a->site = twz_new(p->arena, struct call_site *);
	return a;
}

/* What @child adds to its parent: its depth, and its calls unless it is a block of its own. */
static bool
count(struct parser *p, struct ast *a, const struct ast *child)
{
	if (child->depth >= PARSE_DEPTH_MAX)
		return parse_fail(p, "put the parts into variables", "the expression is too deep");
	if (a->depth <= child->depth)
		a->depth = child->depth + 1;
	if (child->kind != AST_BLOCK && child->kind != AST_LAMBDA && a->ncalls < 2)
		a->ncalls += child->ncalls;
	if (child->from < a->from)
		a->from = child->from;
	if (child->to > a->to)
		a->to = child->to;
	return true;
}

bool
parse_add(struct parser *p, struct ast *a, struct ast *child)
{
	twz_push(p->arena, a->items, a->nitems, child);
	return count(p, a, child);
}

bool
parse_add_arg(struct parser *p, struct ast *a, struct ast_arg arg)
{
	twz_push(p->arena, a->args, a->nargs, arg);
	if (arg.to > a->to)
		a->to = arg.to;
	return !arg.value || count(p, a, arg.value);
}

void
parse_set_text(struct parser *p, struct ast *a, const char *text, uint32_t n)
{
	a->text = twz_strndup(p->arena, text, n);
	a->n = n;
}

/* -- entry ------------------------------------------------------------------------------------- */

enum lang_result
parse_text(const char *text, size_t n, struct twz_arena *arena, struct ast **ret,
	   struct twz_error *err)
{
	struct parser p = { .arena = arena, .err = err };
	bool done;

	*err = (struct twz_error){ 0 };
	if (n > INT32_MAX / 2) {
		twz_fail(err, TWZ_CLASS_SYNTAX, TWZ_ERR(ARGUMENT, INVALID_ARGUMENT),
			 "the text is too long");
		twz_hint(err, "give large data to gates by files or pipes");
		return LANG_FAILED;
	}
	lex_text(text, 0, (uint32_t)n, arena, &p.lex);
	*ret = parse_node(&p, AST_BLOCK, &p.lex.tokens[0]);
	done = parse_stmts(&p, LEX_END, *ret);
	if (done && p.lex.missing)
		done = parse_fail(&p, "", "unfinished");
	return done ? LANG_OK : p.more ? LANG_MORE : LANG_FAILED;
}

enum lang_result
lang_parse_check(const char *text, size_t n, struct twz_error *err)
{
	TWZ_ARENA arena = { 0 };
	struct ast *root;

	return parse_text(text, n, &arena, &root, err);
}
