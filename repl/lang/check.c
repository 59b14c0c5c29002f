/*
 * Before a text is run, it is evaluated once without calling anything: what a gate would give is a
 * value that is not known (unknown.c), both branches of an if are taken, the body of a loop once. What
 * is wrong whatever the gates say is found that way, by the same code that would find it in the run.
 * A text with such a mistake does not begin to run.
 *
 * Variables that the session has are looked at and never written: assigning to one here makes another
 * that hides it until the check is over.
 */
#include <stdlib.h>
#include <string.h>

#include "repl/lang/check.h"
#include "repl/lang/convert.h"
#include "repl/lang/interp.h"
#include "twz/nearest.h"
#include "twz/typetext.h"

/* -- findings ---------------------------------------------------------------------------------- */

/* The same about a service is said once. */
static bool
is_known(const struct lang_checker *c, const struct twz_error *err)
{
	for (const struct lang_finding *f = c->findings; f; f = f->next)
		if (f->err.cls == err->cls && !strcmp(f->err.text, err->text))
			return true;
	return false;
}

static void
add_finding(struct lang *l, const char *warning, const struct lang_program *program,
	    const struct twz_error *err)
{
	struct lang_checker *c = l->check;
	struct lang_finding *f;

	if (c->nfindings >= LANG_FINDINGS_MAX || (err->cls == TWZ_CLASS_LINK && is_known(c, err)))
		return;
	f = twz_new(&c->arena, struct lang_finding);
	f->warning = warning;
	f->program = program;
	f->err = *err;
	memcpy(f->gate, l->gate, sizeof(f->gate));
	if (!c->last)
		c->findings = f;
	else
		c->last->next = f;
	c->last = f;
	c->nfindings++;
	c->nerrors += !warning;
}

void
lang_warn(struct lang *l, const char *code, const struct ast *a, const char *hint, const char *fmt, ...)
{
	struct twz_error err = { 0 };
	char text[300];
	va_list ap;

	if (!l->check || !l->check->lint)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	twz_fail(&err, TWZ_CLASS_TYPE, TWZ_ERR(GENERIC, OTHER), "%s", text);
	if (hint)
		twz_hint(&err, "%s", hint);
	lang_at(&err, a);
	add_finding(l, code, l->program, &err);
}

void
lang_warn_later(struct lang *l, const struct ast *a)
{
	if (l->check && l->check->lint && !a->id && a->n && lang_find(l, a->text, strcspn(a->text, ".")))
		lang_warn(l, "W1", a, twz_format(l->arena, "assign it above, or write '%s' for the text", a->text),
			  "'%s' is a text here: the variable is assigned only below", a->text);
}

/* A mistake: the text goes on after the statement. In a try it is the text's own affair. */
void
lang_found(struct lang *l, const struct ast *a, struct twz_error *err)
{
	struct lang_checker *c = l->check;
	const struct lang_program *program = l->root->blamed ? l->root->blamed : l->program;
	bool elsewhere = err->cls != TWZ_CLASS_NAME && err->cls != TWZ_CLASS_TYPE &&
			 err->cls != TWZ_CLASS_SYNTAX;

	lang_at(err, a);
	if (err->cls != TWZ_CLASS_NONE && (c->lint || (!c->tries && !elsewhere)))
		add_finding(l, c->tries ? "in a try" : NULL, program, err);
	*err = (struct twz_error){ 0 };
	l->root->blamed = NULL;
	l->gate[0] = '\0';
	l->flow = FLOW_NONE;
	/* What the statement would have made is there, or each use of it would be another mistake. */
	if ((a->kind == AST_ASSIGN && a->name_n == a->n) || a->kind == AST_LET) {
		struct twz_value any = lang_unknown(NULL);

		lang_check_assign(l, a, &any, a->kind == AST_LET);
	}
}

/* -- variables --------------------------------------------------------------------------------- */

void
lang_check_assign(struct lang *l, const struct ast *a, const struct twz_value *v, bool fresh)
{
	struct lang_checker *c = l->check;
	struct lang_binding *b = lang_lookup(l, a->id);
	struct twz_value wide = lang_widen(l, v);
	size_t i = b ? (size_t)(b - l->bindings) : 0;

	if (fresh || !b || b->frame != l->frame || i < c->base) {
		b = lang_declare(l, a->id, &wide);
		b->from = a->from;
		b->to = a->from + a->name_n;
		return;
	}
	if (i < c->scope)
		wide = lang_join(l, &b->value, v);
	lang_set(l, b, &wide);
	b->is_fn = false;
}

/* Assigned and never read: most likely another name was meant. */
static void
warn_unread(struct lang *l, const struct lang_binding *b)
{
	const char *name = lang_name_text(l, b->name), *near, **names = NULL;
	struct ast at = { .from = b->from, .to = b->to };
	size_t n = 0;

	if (b->read || !b->to || *name == '_')
		return;
	for (size_t i = 0; i < l->nbindings; i++)
		if (l->bindings[i].name != b->name)
			twz_push(l->arena, names, n, lang_name_text(l, l->bindings[i].name));
	near = twz_nearest(name, names, n);
	lang_warn(l, "W2", &at, near ? twz_format(l->arena, "did you mean %s?", near) : NULL,
		  "'%s' is assigned, never read", name);
}

void
lang_check_leave(struct lang *l, size_t n)
{
	for (size_t i = n; l->check->lint && i < l->nbindings; i++)
		warn_unread(l, &l->bindings[i]);
	lang_leave(l, n);
}

/* -- statements -------------------------------------------------------------------------------- */

static bool
ends_here(const struct ast *a)
{
	return a->kind == AST_RETURN || a->kind == AST_BREAK || a->kind == AST_CONTINUE ||
	       ((a->kind == AST_WORD || a->kind == AST_CALL) && !strcmp(a->text, "exit"));
}

/* A statement whose value is thrown away although that is all it is for. */
static void
warn_ignored(struct lang *l, const struct ast *a, const struct twz_value *v)
{
	const struct twz_type *t = lang_unknown_of(v);
	const struct twz_member *ok = t && t->kind == TWZ_RESULT ? twz_result_ok(t) : NULL;

	if (!l->check->lint || !a->unused)
		return;
	if (a->kind == AST_SPAWN)
		lang_warn(l, "W3", a, "wait for it: job = spawn …; wait job; or write _ = spawn …",
			  "nobody can wait for this job");
	else if (a->kind == AST_BINARY || a->kind == AST_NUMBER || a->kind == AST_STRING ||
		 a->kind == AST_LIST || a->kind == AST_RECORD || a->kind == AST_LAMBDA ||
		 a->kind == AST_FIELD || a->kind == AST_INDEX || a->kind == AST_VAR)
		lang_warn(l, "W3", a, "to show it write: print (…)", "the value is ignored");
	else if (a->kind == AST_CALL && ok && twz_type_strip(ok->type)->kind != TWZ_VOID)
		lang_warn(l, "W3", a, "to say that it does not matter write: _ = …",
			  "the result is ignored");
}

bool
lang_check_statements(struct lang *l, const struct ast *block, struct twz_value *ret)
{
	bool ended = false;

	*ret = twz_unit();
	for (uint32_t i = 0; i < block->nitems; i++) {
		const struct ast *a = block->items[i];
		struct twz_error err = { 0 };

		if (ended)
			lang_warn(l, "W5", a, NULL, "this never runs");
		ended = false;
		if (block == l->check->root)
			l->nglobals = l->nvisible = l->nbindings;
		if (lang_eval(l, a, ret, &err))
			warn_ignored(l, a, ret);
		else
			lang_found(l, a, &err);
		ended = ends_here(a);
		if (block == l->check->root && !l->frame)
			twz_arena_reset(&l->statement);
	}
	return true;
}

/* -- match ------------------------------------------------------------------------------------- */

static bool
takes_all(const struct ast *p)
{
	return p->text && !p->nitems && (*p->text == '_' || (*p->text >= 'a' && *p->text <= 'z'));
}

/* Whether the patterns @ps cover the enumerator @name of an enum. */
static bool
covers(const struct ast *const *ps, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++) {
		const char *colons = ps[i]->text ? strrchr(ps[i]->text, ':') : NULL;

		if (takes_all(ps[i]) || (ps[i]->text && !strcmp(colons ? colons + 1 : ps[i]->text, name)))
			return true;
	}
	return false;
}

static const char *
uncovered(struct lang *l, const struct twz_type *t, const struct ast *const *ps, size_t n)
{
	const char *text = NULL;

	for (uint32_t i = 0; i < t->nmembers; i++)
		if (!covers(ps, n, t->members[i].name))
			text = text ? twz_format(l->arena, "%s, %s", text, t->members[i].name)
				    : t->members[i].name;
	return text;
}

/* The patterns inside Ok( ) or Err( ); all: one of them is Ok or Err without anything. */
static size_t
inner_patterns(struct lang *l, const struct ast *const *ps, size_t n, const char *name,
	       const struct ast *const **ret, bool *all)
{
	const struct ast **inner = twz_new_array(l->arena, n, const struct ast *);
	size_t kept = 0;

	*all = false;
	for (size_t i = 0; i < n; i++) {
		if (takes_all(ps[i]))
			*all = true;
		if (!ps[i]->text || strcmp(ps[i]->text, name))
			continue;
		if (!ps[i]->nitems || takes_all(ps[i]->items[0]))
			*all = true;
		else
			inner[kept++] = ps[i]->items[0];
	}
	*ret = inner;
	return kept;
}

bool
lang_check_covered(struct lang *l, const struct ast *a, const struct twz_value *v,
		   struct twz_error *err)
{
	const struct twz_type *t = lang_unknown_of(v), *e;
	const struct ast **ps = NULL, *const *inner;
	const char *missing = NULL;
	size_t n = 0, k;
	bool all;

	for (uint32_t i = 1; i < a->nitems; i++)
		for (uint32_t p = 1; p < a->items[i]->nitems; p++)
			twz_push(l->arena, ps, n, a->items[i]->items[p]);
	if (t && t->kind == TWZ_ENUM && !t->is_flags) {
		missing = uncovered(l, t, ps, n);
	} else if (t && t->kind == TWZ_RESULT) {
		(void)inner_patterns(l, ps, n, "Ok", &inner, &all);
		e = twz_type_strip(twz_result_err(t)->type);
		if (!all && !inner_patterns(l, ps, n, "Ok", &inner, &all))
			missing = "Ok(…)";
		k = inner_patterns(l, ps, n, "Err", &inner, &all);
		if (!all && e->kind == TWZ_ENUM) {
			const char *which = uncovered(l, e, inner, k);

			missing = which ? twz_format(l->arena, "Err(%s)", which) : missing;
		} else if (!all && !k) {
			missing = "Err(…)";
		}
	}
	if (!missing)
		return true;
	lang_type_error(err, "the match does not cover %s", missing);
	twz_hint(err, "add an arm for it, or for the rest: _ => …");
	return lang_at(err, a->items[0]);
}

/* -- entry ------------------------------------------------------------------------------------- */

/* Functions may call each other wherever they stand in the text. */
static void
declare_functions(struct lang *l, const struct ast *root)
{
	for (uint32_t i = 0; i < root->nitems; i++) {
		const struct ast *a = root->items[i];
		struct twz_error err = { 0 };
		struct twz_value f;

		if (a->kind != AST_FN)
			continue;
		if (lang_make_function(l, a, &f, &err))
			lang_declare(l, a->id, &f)->is_fn = true;
		else
			lang_found(l, a, &err);
	}
	l->nglobals = l->nvisible = l->nbindings;
}

static void
check_bodies(struct lang *l, const struct ast *root)
{
	l->nglobals = l->nvisible = l->nbindings;
	for (uint32_t i = 0; i < root->nitems; i++)
		if (root->items[i]->kind == AST_FN)
			lang_check_body(l, root->items[i]);
}

void
lang_check_program(struct lang *l, struct lang_program *program, struct lang_checker *c)
{
	struct lang_program *before = l->program;
	size_t nglobals = l->nglobals, nvisible = l->nvisible, base = l->nbindings;
	const struct ast *outer = c->root;
	struct lang_checker *outer_check = l->check;
	struct twz_value ignored;

	l->check = c;
	l->program = program;
	c->base = c->scope = base;
	c->root = program->root;
	declare_functions(l, program->root);
	lang_check_statements(l, program->root, &ignored);
	check_bodies(l, program->root);
	lang_check_leave(l, base);
	l->check = outer_check;
	l->program = before;
	l->nglobals = nglobals;
	l->nvisible = nvisible;
	l->blamed = NULL;
	l->gate[0] = '\0';
	c->root = outer;
	twz_arena_reset(&l->statement);
}

bool
lang_check_first(struct lang *l, struct lang_program *program, struct twz_error *err)
{
	struct lang_checker c = { 0 };
	bool good;

	lang_check_program(l, program, &c);
	good = !c.nerrors;
	for (const struct lang_finding *f = c.findings; f && !good; f = f->next) {
		if (f->warning)
			continue;
		*err = f->err;
		memcpy(l->gate, f->gate, sizeof(l->gate));
		if (f->program != program)
			l->blamed = (struct lang_program *)(uintptr_t)f->program;
		break;
	}
	twz_arena_free(&c.arena);
	return good;
}
