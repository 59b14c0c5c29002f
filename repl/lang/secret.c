/*
 * Secrets in texts.
 *
 * The history keeps what was typed, except what was typed for a secret parameter. Which words these
 * are is told by the tree: a call of a gate, its arguments, the parameter of each. An argument that is
 * only a variable gives nothing away and stays. Where the tree does not say it - the text has a mistake,
 * or names a gate that does not exist in a place where one with a secret does - the whole text is
 * forgotten: a line that must be typed again is better than a password in a file.
 */
#include <string.h>

#include "repl/lang/interp.h"
#include "repl/lang/lang.h"
#include "repl/lang/parse.h"
#include "twz/nearest.h"
#include "twz/plan.h"

#define MASK "******"

struct search {
	struct lang *lang;
	const struct repl_host *host;
	const char *text;
	struct twz_arena *arena;
	struct lang_span *spans;
	size_t n;
	bool unsure;		/* the text has to be forgotten */
	bool lost;		/* nobody can say where its secrets are */
};

static bool
has_secret(const struct twz_gate *gate)
{
	for (uint32_t i = 0; gate->type && i < gate->type->nmembers; i++)
		if (gate->type->members[i].secret)
			return true;
	return false;
}

static bool
any_secret(const struct twz_service *service)
{
	for (uint32_t i = 0; i < service->ngates; i++)
		if (has_secret(&service->gates[i]))
			return true;
	return false;
}

/* Some service's gate of this name that takes a secret, or NULL. */
static const struct twz_gate *
secret_elsewhere(struct search *s, const char *name, const struct twz_service **ret)
{
	const char *const *names;
	size_t n = s->host->services(s->host->data, s->arena, &names);

	for (size_t i = 0; i < n; i++) {
		const struct twz_service *service;
		const struct twz_gate *gate;
		struct twz_error ignored = { 0 };

		if (!s->host->service(s->host->data, names[i], &service, &ignored))
			continue;
		gate = twz_gate_find(service, name);
		*ret = service;
		if (gate && has_secret(gate))
			return gate;
	}
	return NULL;
}

/* The gate of @service that a misspelt name most likely means, when it takes a secret. */
static const struct twz_gate *
secret_nearby(struct search *s, const struct twz_service *service, const char *name)
{
	const char **names = twz_new_array(s->arena, service->ngates, const char *), *near;
	const struct twz_gate *gate;

	s->unsure |= any_secret(service);
	for (uint32_t i = 0; i < service->ngates; i++)
		names[i] = service->gates[i].name;
	near = twz_misspelt(name, names, service->ngates);
	if (!near) {
		s->lost |= any_secret(service);
		return NULL;
	}
	gate = twz_gate_find(service, near);
	return gate && has_secret(gate) ? gate : NULL;
}

/* The gate that SERVICE::GATE means; NULL also where it takes no secret. */
static const struct twz_gate *
secret_gate(struct search *s, const char *path, const struct twz_service **ret)
{
	const char *colons = strstr(path, "::");
	const struct twz_service *service;
	const struct twz_gate *gate;
	struct twz_error ignored = { 0 };

	if (!colons)
		return NULL;
	if (!s->host->service(s->host->data,
			      twz_strndup(s->arena, path, (size_t)(colons - path)), &service,
			      &ignored)) {
		gate = secret_elsewhere(s, colons + 2, ret);
		s->unsure |= gate != NULL;
		return gate;
	}
	*ret = service;
	gate = twz_gate_find(service, colons + 2);
	if (!gate)
		return secret_nearby(s, service, colons + 2);
	return has_secret(gate) ? gate : NULL;
}

/* A variable's name says nothing of its value, nor does where it is read from. */
static bool
is_variable(const struct search *s, const struct ast *a)
{
	if ((a->kind == AST_WORD || a->kind == AST_TEXT) && lang_is_source(a->text))
		return true;
	if (a->kind == AST_VAR)
		return true;
	if (a->kind == AST_FIELD || a->kind == AST_PAREN)
		return a->nitems == 1 && is_variable(s, a->items[0]);
	return a->kind == AST_WORD && lang_find(s->lang, a->text, strcspn(a->text, "."));
}

static void
hide(struct search *s, const struct ast *a)
{
	if (a && a->to > a->from && !is_variable(s, a))
		twz_push(s->arena, s->spans, s->n, ((struct lang_span){ a->from, a->to }));
}

static int
param_named(const struct twz_gate *gate, const char *name)
{
	for (uint32_t i = 0; i < gate->type->nmembers; i++)
		if (!strcmp(gate->type->members[i].name, name))
			return (int)i;
	return -1;
}

/* The next parameter after @i that the caller gives and that no argument names. */
static uint32_t
next_given(const struct ast *call, const struct twz_gate *gate, const struct twz_plan *plan,
	   uint32_t i)
{
	for (; i < gate->type->nmembers; i++) {
		bool named = false;

		for (uint32_t a = 0; a < call->nargs; a++)
			named |= call->args[a].name &&
				 !strcmp(call->args[a].name, gate->type->members[i].name);
		if (!named && (!plan || twz_slot_given(&plan->slots[i])))
			break;
	}
	return i;
}

/* @source: what is piped in; NULL: nothing. */
static void
search_call(struct search *s, const struct ast *call, const struct ast *source)
{
	const struct twz_service *service = NULL;
	const struct twz_gate *gate = secret_gate(s, call->text, &service);
	const struct twz_plan *plan = NULL;
	struct twz_error ignored = { 0 };
	uint32_t next;

	if (!gate || !s->host->plan(s->host->data, service, gate, &plan, &ignored))
		return;
	next = next_given(call, gate, plan, 0);
	if (source && next < gate->type->nmembers) {
		if (gate->type->members[next].secret)
			hide(s, source);
		next = next_given(call, gate, plan, next + 1);
	}
	for (uint32_t i = 0; i < call->nargs; i++) {
		const struct ast_arg *arg = &call->args[i];
		int param = arg->name ? param_named(gate, arg->name) : (int)next;

		if (!arg->name)
			next = next_given(call, gate, plan, next + 1);
		/* One too many, or a name that does not exist: it may be the secret. */
		if (param < 0 || (uint32_t)param >= gate->type->nmembers ||
		    gate->type->members[param].secret)
			hide(s, arg->value);
	}
}

static void
search_tree(struct search *s, struct ast *a)
{
	if (!a)
		return;
	lang_open_form(s->arena, a);
	if (a->kind == AST_CALL)
		search_call(s, a, NULL);
	for (uint32_t i = 0; i < a->nitems; i++) {
		if (a->kind == AST_PIPE && i && a->items[i]->kind == AST_CALL)
			search_call(s, a->items[i], a->items[i - 1]);
		search_tree(s, a->items[i]);
	}
	for (uint32_t i = 0; i < a->nargs; i++)
		search_tree(s, a->args[i].value);
}

/* Without a tree: whether a gate with a secret is named at all. */
static void
search_words(struct search *s, size_t n)
{
	struct lex lex;

	lex_text(s->text, 0, (uint32_t)n, s->arena, &lex);
	for (uint32_t i = 0; i < lex.ntokens && !s->unsure; i++) {
		const struct lex_token *t = &lex.tokens[i];
		const struct twz_service *service;

		if (t->to - t->from < 3)
			continue;
		s->unsure |= secret_gate(s, twz_strndup(s->arena, s->text + t->from,
							t->to - t->from), &service) != NULL;
		s->lost |= s->unsure;
	}
}

static int
by_place(const void *a, const void *b)
{
	const struct lang_span *x = a, *y = b;

	return x->from < y->from ? -1 : x->from > y->from;
}

static const char *
replace(struct search *s, size_t n)
{
	char *out = twz_alloc(s->arena, n + s->n * sizeof(MASK) + 1);
	size_t used = 0, at = 0;

	for (size_t i = 0; i < s->n; i++) {
		const struct lang_span *span = &s->spans[i];

		/* Spans inside one that is hidden already. */
		if (span->from < at)
			continue;
		memcpy(out + used, s->text + at, span->from - at);
		used += span->from - at;
		memcpy(out + used, MASK, sizeof(MASK) - 1);
		used += sizeof(MASK) - 1;
		at = span->to;
	}
	memcpy(out + used, s->text + at, n - at);
	return out;
}

static void
search(struct search *s, size_t n)
{
	struct twz_error ignored = { 0 };
	struct ast *root;

	if (parse_text(s->text, n, s->arena, &root, &ignored) == LANG_OK)
		search_tree(s, root);
	else
		search_words(s, n);
	if (s->n)
		qsort(s->spans, s->n, sizeof(*s->spans), by_place);
}

bool
lang_secrets_in(struct lang *l, const char *text, struct ast *root, struct twz_arena *arena,
		const struct lang_span **ret, size_t *nret)
{
	struct search s = { .lang = l, .host = l->options->host, .text = text, .arena = arena };

	search_tree(&s, root);
	if (s.n)
		qsort(s.spans, s.n, sizeof(*s.spans), by_place);
	*ret = s.spans;
	*nret = s.n;
	return !s.lost;
}

bool
lang_secrets(struct lang *l, const char *text, size_t n, struct twz_arena *arena,
	     const struct lang_span **ret, size_t *nret)
{
	struct search s = { .lang = l, .host = l->options->host, .text = text, .arena = arena };

	search(&s, n);
	*ret = s.spans;
	*nret = s.n;
	return !s.lost;
}

const char *
lang_masked(struct lang *l, const char *text, size_t n, struct twz_arena *arena)
{
	struct search s = { .lang = l, .host = l->options->host, .text = text, .arena = arena };

	if (n >= UINT32_MAX)
		return NULL;
	lang_begin_turn(l);
	search(&s, n);
	lang_end_turn(l);
	if (s.unsure)
		return NULL;
	return s.n ? replace(&s, n) : text;
}
