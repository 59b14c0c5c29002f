/* Evaluation of values: words, literals, fields, and the way to everything else. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "repl/lang/check.h"
#include "repl/lang/convert.h"
#include "repl/lang/interp.h"
#include "twz/nearest.h"
#include "twz/typetext.h"

/* -- failures ---------------------------------------------------------------------------------- */

bool
lang_at_span(struct twz_error *err, uint32_t from, uint32_t to)
{
	if (err->cls != TWZ_CLASS_NONE && !err->to) {
		err->from = from;
		err->to = to;
	}
	return false;
}

bool
lang_at(struct twz_error *err, const struct ast *a)
{
	return lang_at_span(err, a->from, a->to);
}

/* A program that did not end well. */
static bool
fail_exit(const struct twz_value *e, struct twz_error *err)
{
	const struct twz_value *signal = twz_field(e, "signal");
	const char *program = twz_field(e, "program")->string.text;

	if (signal->kind == TWZ_VALUE_STRING)
		return twz_fail(err, TWZ_CLASS_GATE, TWZ_ERR(GENERIC, OTHER), "%s was ended by %s", program,
				signal->string.text);
	return twz_fail(err, TWZ_CLASS_GATE, TWZ_ERR(GENERIC, OTHER), "%s ended with status %d",
			program, (int)twz_field(e, "status")->integer);
}

bool
lang_fail_err(const struct twz_value *v, struct twz_error *err)
{
	const struct twz_value *e = &v->list.items[0];
	TWZ_ARENA arena = { 0 };
	const char *text;

	if (twz_type_strip(e->type) == &lang_exit_type)
		return fail_exit(e, err);
	text = twz_err_message(&arena, v);
	if (!text)
		text = e->kind == TWZ_VALUE_STRING ? e->string.text : lang_value_text(&arena, e);
	return twz_fail(err, TWZ_CLASS_GATE, TWZ_ERR(GENERIC, OTHER), "%s", text);
}

const char *
lang_type_of(struct twz_arena *arena, const struct twz_value *v)
{
	const struct twz_type *t = twz_type_strip(v->type);
	const struct twz_member *ok;

	if (lang_is_unknown(v))
		return lang_unknown_text(arena, v);
	switch (v->kind) {
	case TWZ_VALUE_UNIT:
		return "()";
	case TWZ_VALUE_NONE:
		return "none";
	case TWZ_VALUE_STRING:
		return "String";
	case TWZ_VALUE_OK:
	case TWZ_VALUE_ERR:
		if (!t || t->kind != TWZ_RESULT)
			return "Result";
		ok = twz_result_ok(t);
		return twz_format(arena, "Result<%s>", ok ? twz_type_text(arena, ok->type) : "()");
	case TWZ_VALUE_BOOL:
	case TWZ_VALUE_INT:
	case TWZ_VALUE_FLOAT:
	case TWZ_VALUE_LIST:
	case TWZ_VALUE_RECORD:
		break;
	}
	if (lang_function_of(v))
		return "function";
	if (v->type)
		return twz_type_text(arena, v->type);
	return v->kind == TWZ_VALUE_INT ? "int" : v->kind == TWZ_VALUE_FLOAT ? "float"
	       : v->kind == TWZ_VALUE_BOOL ? "bool"
	       : v->kind == TWZ_VALUE_LIST ? "list" : "record";
}

bool
lang_unhandled(struct lang *l, const struct ast *a, const struct twz_value *v,
	       struct twz_error *err)
{
	const struct lang_binding *b = a->kind == AST_WORD ? lang_lookup(l, a->id) : NULL;
	/* A name alone may also be the call of a function, which made the Err. */
	bool mention = (b && !b->is_fn) || a->kind == AST_VAR || a->kind == AST_FIELD ||
		       a->kind == AST_INDEX;

	if (v->kind != TWZ_VALUE_ERR || mention)
		return false;
	if (a->kind == AST_CALL)
		snprintf(l->gate, sizeof(l->gate), "%s", a->text);
	lang_fail_err(v, err);
	lang_at(err, a);
	return true;
}

/* -- fields ------------------------------------------------------------------------------------ */

bool
lang_field(const struct twz_value *v, const char *name, size_t n, struct twz_value *ret,
	   struct twz_error *err)
{
	TWZ_ARENA arena = { 0 };
	const char *field = twz_strndup(&arena, name, n), *near;
	const struct twz_value *found;

	if (lang_is_unknown(v))
		return lang_unknown_field(v, field, ret, err);
	if (v->kind != TWZ_VALUE_RECORD || lang_function_of(v)) {
		lang_type_error(err, "'%s' has no fields: '%s' was asked for", lang_type_of(&arena, v),
				field);
		if (v->kind == TWZ_VALUE_OK || v->kind == TWZ_VALUE_ERR)
			twz_hint(err, "take the value out of the result with ?= or ?");
		return false;
	}
	found = twz_field(v, field);
	if (found) {
		*ret = *found;
		return true;
	}
	twz_fail(err, TWZ_CLASS_NAME, TWZ_ERR(NAMING, NOT_FOUND), "no field '%s' in %s", field,
		 lang_type_of(&arena, v));
	near = twz_nearest(field, v->list.names, v->list.n);
	return near ? twz_hint(err, "did you mean %s?", near) : false;
}

bool
lang_dotted(struct lang *l, const struct ast *a, struct twz_value *ret, struct twz_error *err)
{
	uint32_t next;

	*ret = lang_read(l, lang_lookup(l, a->id));
	for (uint32_t i = a->name_n; i < a->n; i = next) {
		struct twz_value v = *ret;

		next = i + 1 + (uint32_t)strcspn(a->text + i + 1, ".");
		if (!lang_field(&v, a->text + i + 1, next - i - 1, ret, err))
			return false;
	}
	return true;
}

/* -- words ------------------------------------------------------------------------------------- */

/* A word that is no variable, where no parameter gives it a meaning. */
static bool
unknown_word(struct lang *l, const struct ast *a, struct twz_error *err)
{
	size_t n, dot = strcspn(a->text, ".");
	const struct lang_variable *variables;
	const char **names, *near;

	n = lang_variables(l, l->arena, &variables);
	names = twz_new_array(l->arena, n, const char *);
	for (size_t i = 0; i < n; i++)
		names[i] = variables[i].name;
	near = twz_nearest(twz_strndup(l->arena, a->text, dot), names, n);
	twz_fail(err, TWZ_CLASS_NAME, TWZ_ERR(NAMING, NOT_FOUND), "'%s' is not defined", a->text);
	if (near && !strncmp(near, a->text, dot) && !near[dot])
		twz_hint(err, "it is assigned only below this: assign it above");
	else if (near)
		twz_hint(err, "did you mean %s? For the text write \"%s\"", near, a->text);
	else if (a->kind == AST_VAR && getenv(a->text))
		twz_hint(err, "for what the environment holds write: %s = run printenv %s", a->text, a->text);
	else if (a->kind == AST_VAR)
		twz_hint(err, "assign it above: %s = VALUE", a->text);
	else if (!lang_stray(l, a->text, NULL, err))
		twz_hint(err, "write \"%s\" for the text", a->text);
	return lang_at(err, a);
}

/* A name alone: a variable, or a call without arguments. */
static bool
eval_word(struct lang *l, const struct ast *a, struct twz_value *ret, struct twz_error *err)
{
	struct lang_binding *b = lang_lookup(l, a->id);

	if (b && !(b->is_fn && a->name_n == a->n)) {
		if (a->name_n < a->n)
			return lang_dotted(l, a, ret, err) || lang_at(err, a);
		*ret = lang_read(l, b);
		return true;
	}
	if (b || a->builtin) {
		struct call_site *site = NULL;
		struct ast call = *a;

		call.kind = AST_CALL;
		call.head_to = a->to;
		call.site = &site;
		return lang_call_node(l, &call, NULL, ret, err);
	}
	return unknown_word(l, a, err);
}

static bool
eval_var(struct lang *l, const struct ast *a, struct twz_value *ret, struct twz_error *err)
{
	struct lang_binding *b = lang_lookup(l, a->id);

	if (!b)
		return unknown_word(l, a, err);
	*ret = lang_read(l, b);
	return true;
}

static bool
eval_number(const struct ast *a, struct twz_value *ret, struct twz_error *err)
{
	if (a->constant) {
		*ret = *a->constant;
		return true;
	}
	lang_type_error(err, "the number does not fit 64 bits");
	return lang_at(err, a);
}

/* -- aggregates -------------------------------------------------------------------------------- */

static bool
eval_list(struct lang *l, const struct ast *a, struct twz_value *ret, struct twz_error *err)
{
	struct twz_value *items = twz_new_array(l->arena, a->nitems, struct twz_value);

	for (uint32_t i = 0; i < a->nitems; i++)
		if (!lang_eval(l, a->items[i], &items[i], err))
			return false;
	*ret = twz_list(NULL, items, a->nitems);
	return true;
}

/* passwd::User{…}: a value of that type. */
static bool
eval_typed_record(struct lang *l, const struct ast *a, struct twz_value *ret, struct twz_error *err)
{
	struct convert_want want = { 0 };

	if (!lang_type_named(l, a->type, &want.type, err) || !want.type) {
		if (!strstr(a->type, "::") && err->cls == TWZ_CLASS_NAME)
			snprintf(err->hint, sizeof(err->hint), "write SERVICE::%s, or leave the name out",
				 a->type);
		else if (err->cls == TWZ_CLASS_NONE)
			lang_type_error(err, "'%s' is no struct", a->type);
		return lang_at(err, a);
	}
	return convert_argument(l, &want, a, true, ret, err) == CONVERT_DONE || lang_at(err, a);
}

static bool
eval_record(struct lang *l, const struct ast *a, struct twz_value *ret, struct twz_error *err)
{
	struct twz_value *items = twz_new_array(l->arena, a->nargs, struct twz_value);
	const char **names = twz_new_array(l->arena, a->nargs, const char *);

	if (a->type)
		return eval_typed_record(l, a, ret, err);
	for (uint32_t i = 0; i < a->nargs; i++) {
		names[i] = twz_strdup(l->arena, a->args[i].name);
		for (uint32_t k = 0; k < i; k++) {
			if (strcmp(names[k], names[i]))
				continue;
			lang_type_error(err, "field '%s' is given twice", names[i]);
			return lang_at_span(err, a->args[i].from, a->args[i].to);
		}
		if (!lang_eval(l, a->args[i].value, &items[i], err))
			return false;
	}
	*ret = twz_record(NULL, names, items, a->nargs);
	return true;
}

static bool
eval_field(struct lang *l, const struct ast *a, struct twz_value *ret, struct twz_error *err)
{
	struct twz_value v;

	return lang_eval(l, a->items[0], &v, err) &&
	       (lang_field(&v, a->text, a->n, ret, err) || lang_at(err, a));
}

static bool
eval_index(struct lang *l, const struct ast *a, struct twz_value *ret, struct twz_error *err)
{
	struct twz_value v, index;
	char number[48];

	if (!lang_eval(l, a->items[0], &v, err) || !lang_eval(l, a->items[1], &index, err))
		return false;
	if (lang_is_unknown(&v) || lang_is_unknown(&index)) {
		enum twz_value_kind kind = lang_kind(&v);

		*ret = lang_unknown_element(&v);
		if (kind == TWZ_VALUE_UNIT || kind == TWZ_VALUE_LIST || kind == TWZ_VALUE_RECORD)
			return true;
	}
	if (v.kind == TWZ_VALUE_RECORD && index.kind == TWZ_VALUE_STRING)
		return lang_field(&v, index.string.text, index.string.n, ret, err) || lang_at(err, a);
	if (v.kind != TWZ_VALUE_LIST || index.kind != TWZ_VALUE_INT) {
		lang_type_error(err, "'%s' has no element '%s'", lang_type_of(l->arena, &v),
				lang_type_of(l->arena, &index));
		return lang_at(err, a);
	}
	if (index.integer < 0)
		index.integer += (twz_wide)v.list.n;
	if (index.integer < 0 || index.integer >= (twz_wide)v.list.n) {
		lang_type_error(err, "no element %s in a list of %zu",
				twz_wide_text(index.integer, number), v.list.n);
		return lang_at(err, a);
	}
	*ret = v.list.items[index.integer];
	return true;
}

bool
lang_unwrap(const struct twz_value *v, struct twz_value *ret, struct twz_error *err)
{
	if (lang_is_unknown(v)) {
		*ret = lang_unknown_inner(v);
		return true;
	}
	if (v->kind == TWZ_VALUE_ERR)
		return lang_fail_err(v, err);
	if (v->kind == TWZ_VALUE_NONE)
		return twz_fail(err, TWZ_CLASS_GATE, TWZ_ERR(NAMING, NOT_FOUND), "none: there is no value");
	*ret = v->kind == TWZ_VALUE_OK ? v->list.items[0] : *v;
	return true;
}

static bool
eval_unwrap(struct lang *l, const struct ast *a, struct twz_value *ret, struct twz_error *err)
{
	struct twz_value v;

	return lang_eval(l, a->items[0], &v, err) && (lang_unwrap(&v, ret, err) || lang_at(err, a));
}

/* -- dispatch ---------------------------------------------------------------------------------- */

static bool
eval_not(struct lang *l, const struct ast *a, struct twz_value *ret, struct twz_error *err)
{
	bool b;

	if (!lang_eval_condition(l, a->items[0], &b, err))
		return false;
	*ret = l->check ? lang_unknown_kind(TWZ_VALUE_BOOL) : twz_bool(!b);
	return true;
}

static bool
eval_negate(struct lang *l, const struct ast *a, struct twz_value *ret, struct twz_error *err)
{
	struct twz_value v;

	return lang_eval(l, a->items[0], &v, err) && (lang_negate(&v, ret, err) || lang_at(err, a));
}

static bool
eval_kind(struct lang *l, const struct ast *a, struct twz_value *ret, struct twz_error *err)
{
	switch (a->kind) {
	case AST_WORD:
		return eval_word(l, a, ret, err);
	case AST_NUMBER:
		return eval_number(a, ret, err);
	case AST_BOOL:
		*ret = twz_bool(*a->text == 't');
		return true;
	case AST_NONE:
		*ret = (struct twz_value){ .kind = TWZ_VALUE_NONE };
		return true;
	case AST_STRING:
		return lang_eval_string(l, a, ret, err);
	case AST_TEXT:
		*ret = twz_string(l->arena, a->text, a->n);
		return true;
	case AST_VAR:
		return eval_var(l, a, ret, err);
	case AST_LIST:
		return eval_list(l, a, ret, err);
	case AST_RECORD:
		return eval_record(l, a, ret, err);
	case AST_PAREN:
		return lang_eval(l, a->items[0], ret, err);
	case AST_FIELD:
		return eval_field(l, a, ret, err);
	case AST_INDEX:
		return eval_index(l, a, ret, err);
	case AST_UNWRAP:
		return eval_unwrap(l, a, ret, err);
	case AST_CALL:
		return lang_call_node(l, a, NULL, ret, err);
	case AST_BINARY:
		return lang_eval_binary(l, a, ret, err);
	case AST_NOT:
		return eval_not(l, a, ret, err);
	case AST_NEGATE:
		return eval_negate(l, a, ret, err);
	case AST_PIPE:
		return lang_eval_pipe(l, a, ret, err);
	case AST_MATCH:
		return lang_eval_match(l, a, ret, err);
	case AST_TRY:
		return lang_eval_try(l, a, ret, err);
	case AST_BLOCK:
		return lang_eval_block(l, a, ret, err);
	case AST_ASSIGN: case AST_LET: case AST_FN: case AST_IF: case AST_WHILE: case AST_FOR:
	case AST_TIMEOUT: case AST_RETURN: case AST_BREAK: case AST_CONTINUE:
		return lang_eval_control(l, a, ret, err);
	case AST_LAMBDA:
		if (!lang_make_function(l, a, ret, err))
			return false;
		if (l->check)
			lang_check_body(l, a);
		return true;
	case AST_RUN:
		return lang_eval_run(l, a, NULL, ret, err);
	case AST_SPAWN:
		return lang_eval_spawn(l, a, ret, err);
	case AST_IMPORT:
		return l->check || lang_eval_import(l, a, err);
	case AST_STAGE: case AST_SELECT: case AST_GET: case AST_ARM: case AST_PATTERN:
		break;
	}
	lang_type_error(err, "%s is no value", ast_kind_name(a->kind));
	return lang_at(err, a);
}

/* Whether evaluating @a keeps values of variables while other parts of it run. */
static bool
holds_values(const struct ast *a)
{
	return a->kind == AST_CALL || a->kind == AST_LIST || a->kind == AST_RECORD ||
	       a->kind == AST_STRING || a->kind == AST_BINARY || a->kind == AST_PIPE ||
	       a->kind == AST_INDEX || a->kind == AST_MATCH;
}

bool
lang_eval(struct lang *l, const struct ast *a, struct twz_value *ret, struct twz_error *err)
{
	bool holds = holds_values(a), done;

	ret->kind = TWZ_VALUE_UNIT;
	ret->type = NULL;
	if (l->depth >= LANG_DEPTH_MAX) {
		lang_type_error(err, "evaluation is nested too deeply");
		return lang_at(err, a);
	}
	l->depth++;
	l->holding += holds;
	done = eval_kind(l, a, ret, err);
	l->holding -= holds;
	l->depth--;
	return done;
}

bool
lang_eval_checked(struct lang *l, const struct ast *a, struct twz_value *ret,
		  struct twz_error *err)
{
	return (a->ncalls < 2 || l->check || lang_check(l, a, err)) && lang_eval(l, a, ret, err);
}
