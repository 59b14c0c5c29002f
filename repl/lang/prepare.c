/*
 * Before a text is run: its names get their numbers, its numbers are read, and it is noted whose value
 * nobody takes. All of this depends on the text alone, so that it is done once and not at each turn of
 * a loop.
 *
 * In a function a word is a variable only when something above assigns it: what is assigned below it, and
 * would be there by the time of the call, must not change what an older line means.
 */
#include <string.h>

#include "repl/lang/interp.h"
#include "repl/lang/number.h"

struct preparer {
	struct lang *l;
	struct lang_program *program;
	struct twz_arena scratch;
	uint32_t *mentions;		/* names in the functions that are open */
	size_t nmentions;
	unsigned functions;		/* that are open */
	uint32_t *assigned;		/* what is assigned above, innermost blocks last */
	size_t nassigned;
	uint8_t *known;			/* by name: how often it is among these, up to 255 */
	size_t nknown;
};

static void prepare(struct preparer *p, struct ast *a, bool used);

static void
number_name(struct preparer *p, struct ast *a)
{
	a->name_n = (uint32_t)strcspn(a->text, ".");
	a->id = lang_name(p->l, a->text, a->name_n);
}

static void
mention(struct preparer *p, struct ast *a)
{
	number_name(p, a);
	twz_push(&p->scratch, p->mentions, p->nmentions, a->id);
}

/* -- what is assigned above -------------------------------------------------------------------- */

static void
assigned(struct preparer *p, uint32_t id)
{
	while (id >= p->nknown)
		twz_push(&p->scratch, p->known, p->nknown, 0);
	if (p->known[id] == UINT8_MAX)
		return;
	p->known[id]++;
	twz_push(&p->scratch, p->assigned, p->nassigned, id);
}

/* A block ends: what it made is gone. */
static void
forget(struct preparer *p, size_t n)
{
	while (p->nassigned > n)
		p->known[p->assigned[--p->nassigned]]--;
}

static void
forget_later(struct preparer *p, struct ast *a)
{
	bool known = (a->id < p->nknown && p->known[a->id]) || lang_lookup(p->l, a->id);

	if (p->functions && !known)
		a->id = 0;
}

/* -- numbers ----------------------------------------------------------------------------------- */

static void
read_number(struct preparer *p, struct ast *a)
{
	struct twz_value v, *kept;
	enum number_result r;
	twz_wide i;
	double d;

	r = number_integer(a->text, a->n, &i);
	if (r == NUMBER_OK && i >= INT64_MIN && i <= UINT64_MAX)
		v = twz_int(NULL, i);
	else if (r == NUMBER_NONE && number_float(a->text, a->n, &d) == NUMBER_OK)
		v = twz_float(NULL, d);
	else
		return;
	kept = twz_new(&p->program->arena, struct twz_value);
	*kept = v;
	a->constant = kept;
}

/* -- functions --------------------------------------------------------------------------------- */

static bool
is_among(const uint32_t *ids, size_t n, uint32_t id)
{
	for (size_t i = 0; i < n; i++)
		if (ids[i] == id)
			return true;
	return false;
}

/* What the body mentions, each name once. */
static void
keep_mentions(struct preparer *p, struct lang_function *f, size_t from)
{
	uint32_t *kept = twz_new_array(&p->program->arena, p->nmentions - from, uint32_t);

	for (size_t i = from; i < p->nmentions; i++)
		if (!is_among(kept, f->nmentions, p->mentions[i]))
			kept[f->nmentions++] = p->mentions[i];
	f->mentions = kept;
}

static void
prepare_function(struct preparer *p, struct ast *a)
{
	struct twz_arena *arena = &p->program->arena;
	struct lang_function *f = twz_new(arena, struct lang_function);
	size_t from = p->nmentions, outside = p->nassigned;

	*f = (struct lang_function){
		.type = { .kind = TWZ_FUNC, .name = "function" },
		.name = a->kind == AST_FN ? a->text : "",
		.ast = a,
		.program = p->program,
		.types = twz_new_array(arena, a->nargs, const struct twz_type *),
		.services = twz_new_array(arena, a->nargs, const struct twz_service *),
	};
	a->function = f;
	for (uint32_t i = 0; i < a->nargs; i++) {
		a->args[i].id = lang_name(p->l, a->args[i].name, strlen(a->args[i].name));
		if (a->args[i].value)
			prepare(p, a->args[i].value, true);
	}
	p->functions++;
	for (uint32_t i = 0; i < a->nargs; i++)
		assigned(p, a->args[i].id);
	prepare(p, a->items[0], true);
	p->functions--;
	forget(p, outside);
	keep_mentions(p, f, from);
}

/* -- whose value is taken ---------------------------------------------------------------------- */

/* Whether the value of child @i is taken when that of @a is @used. */
static bool
takes(const struct ast *a, uint32_t i, bool used)
{
	switch (a->kind) {
	case AST_BLOCK:
		return i + 1 == a->nitems && used;
	case AST_IF: case AST_MATCH:
		return !i || used;
	case AST_WHILE: case AST_FOR:
		return !i;
	case AST_TIMEOUT:
		return !i || used;
	case AST_ARM:
		return i || used;
	case AST_TRY:
		return used;
	case AST_PIPE:
		return i + 1 < a->nitems || used;
	case AST_WORD: case AST_NUMBER: case AST_BOOL: case AST_NONE: case AST_STRING: case AST_TEXT:
	case AST_VAR: case AST_LIST: case AST_RECORD: case AST_LAMBDA: case AST_PAREN: case AST_FIELD:
	case AST_INDEX: case AST_UNWRAP: case AST_CALL: case AST_RUN: case AST_SPAWN: case AST_BINARY:
	case AST_NOT: case AST_NEGATE: case AST_STAGE: case AST_SELECT: case AST_GET: case AST_ASSIGN:
	case AST_LET: case AST_FN: case AST_PATTERN: case AST_IMPORT: case AST_RETURN: case AST_BREAK:
	case AST_CONTINUE:
		break;
	}
	return true;
}

static void
prepare_name(struct preparer *p, struct ast *a)
{
	if (a->kind == AST_CALL)
		a->builtin = lang_builtin_find(a->text);
	a->is_path = a->kind == AST_CALL && !a->builtin && strstr(a->text, "::");
	if (a->kind == AST_WORD)
		a->builtin = lang_builtin_find(a->text);
	if (a->kind == AST_WORD || a->kind == AST_VAR || a->kind == AST_ASSIGN ||
	    (a->kind == AST_CALL && !a->is_path))
		mention(p, a);
	else if (a->text && (a->kind == AST_LET || a->kind == AST_FOR || a->kind == AST_FN ||
			     a->kind == AST_TRY || a->kind == AST_PATTERN))
		number_name(p, a);
}

/* Names that are there before what stands inside @a; those of assignments come after it. */
static void
assigned_before(struct preparer *p, const struct ast *a)
{
	bool recursive = (a->kind == AST_ASSIGN || a->kind == AST_LET) && a->items[0]->kind == AST_LAMBDA;

	if (a->id && (recursive || a->kind == AST_FOR || a->kind == AST_TRY || a->kind == AST_PATTERN ||
		      a->kind == AST_FN))
		assigned(p, a->id);
	/* Functions call each other wherever they stand. */
	for (uint32_t i = 0; a->kind == AST_BLOCK && i < a->nitems; i++)
		if (a->items[i]->kind == AST_FN)
			assigned(p, lang_name(p->l, a->items[i]->text, a->items[i]->n));
}

static void
prepare(struct preparer *p, struct ast *a, bool used)
{
	size_t outside = p->nassigned;

	a->unused = !used;
	lang_open_form(&p->program->arena, a);
	prepare_name(p, a);
	if (a->kind == AST_WORD || a->kind == AST_VAR)
		forget_later(p, a);
	if (a->kind == AST_NUMBER)
		read_number(p, a);
	assigned_before(p, a);
	if (a->kind == AST_FN || a->kind == AST_LAMBDA) {
		prepare_function(p, a);
		return;
	}
	/* What the patterns of an arm take is there in its statement, which is its first child. */
	for (uint32_t i = a->kind == AST_ARM; i < a->nitems; i++)
		prepare(p, a->items[i], takes(a, i, used));
	if (a->kind == AST_ARM)
		prepare(p, a->items[0], takes(a, 0, used));
	for (uint32_t i = 0; i < a->nargs; i++)
		if (a->args[i].value)
			prepare(p, a->args[i].value, true);
	if (a->kind == AST_BLOCK || a->kind == AST_ARM || a->kind == AST_TRY || a->kind == AST_FOR)
		forget(p, outside);
	if (a->kind == AST_ASSIGN || a->kind == AST_LET)
		assigned(p, a->id);
}

void
lang_prepare(struct lang *l, struct lang_program *program, struct ast *root)
{
	struct preparer p = { .l = l, .program = program };

	assigned(&p, lang_name(l, "it", 2));
	prepare(&p, root, false);
	twz_arena_free(&p.scratch);
}
