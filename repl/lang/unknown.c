/*
 * Values that are not known: what a gate would have given that was not called, in a check before a run
 * or in a dry run. Of such a value only its type is known, or its kind, or nothing; whatever is done
 * with it is checked as far as that goes and gives another one.
 */
#include <string.h>

#include "repl/lang/convert.h"
#include "repl/lang/interp.h"
#include "twz/nearest.h"
#include "twz/objid.h"
#include "twz/typetext.h"

const struct twz_type lang_unknown_type = { .kind = TWZ_OPAQUE, .name = "unknown" };

struct twz_value
lang_unknown(const struct twz_type *of)
{
	struct twz_value v = { .kind = TWZ_VALUE_UNIT, .type = &lang_unknown_type };
	const struct twz_type *t = twz_type_strip(of);

	if (t && t->kind == TWZ_VOID)
		return twz_unit();
	v.list.items = (const void *)of;
	return v;
}

struct twz_value
lang_unknown_kind(enum twz_value_kind kind)
{
	struct twz_value v = { .kind = TWZ_VALUE_UNIT, .type = &lang_unknown_type };

	v.list.n = (size_t)kind + 1;
	return v;
}

const struct twz_type *
lang_unknown_of(const struct twz_value *v)
{
	return lang_is_unknown(v) ? twz_type_strip((const void *)v->list.items)
				  : NULL;
}

/* The kind that a value of this type has; UNIT: more than one is possible. */
static enum twz_value_kind
kind_of_type(const struct twz_type *t)
{
	switch (t->kind) {
	case TWZ_BOOL:
		return TWZ_VALUE_BOOL;
	case TWZ_CHAR: case TWZ_INT: case TWZ_ENUM:
		return TWZ_VALUE_INT;
	case TWZ_FLOAT:
		return TWZ_VALUE_FLOAT;
	case TWZ_STRING:
		return TWZ_VALUE_STRING;
	case TWZ_LIST:
		return TWZ_VALUE_LIST;
	case TWZ_STRUCT: case TWZ_RECORD:
		return TWZ_VALUE_RECORD;
	case TWZ_RESULT:
		return TWZ_VALUE_OK;
	case TWZ_ARRAY:
		return twz_type_strip(t->target)->kind == TWZ_CHAR ? TWZ_VALUE_STRING : TWZ_VALUE_LIST;
	case TWZ_VOID: case TWZ_POINTER: case TWZ_UNION: case TWZ_OPTION: case TWZ_TYPEDEF:
	case TWZ_FUNC: case TWZ_OPAQUE:
		break;
	}
	return TWZ_VALUE_UNIT;
}

enum twz_value_kind
lang_kind(const struct twz_value *v)
{
	const struct twz_type *t = lang_unknown_of(v);

	if (!lang_is_unknown(v))
		return v->kind == TWZ_VALUE_ERR ? TWZ_VALUE_OK : v->kind;
	if (t)
		return kind_of_type(t);
	return v->list.n ? (enum twz_value_kind)(v->list.n - 1) : TWZ_VALUE_UNIT;
}

const char *
lang_unknown_text(struct twz_arena *arena, const struct twz_value *v)
{
	const struct twz_type *t = lang_unknown_of(v);
	const struct twz_member *ok;

	if (t && t->kind == TWZ_RESULT) {
		ok = twz_result_ok(t);
		return twz_format(arena, "Result<%s>", ok ? twz_type_text(arena, ok->type) : "()");
	}
	if (t && t->kind != TWZ_STRING)
		return twz_type_text(arena, (const void *)v->list.items);
	switch (lang_kind(v)) {
	case TWZ_VALUE_BOOL:
		return "bool";
	case TWZ_VALUE_INT:
		return "int";
	case TWZ_VALUE_FLOAT:
		return "float";
	case TWZ_VALUE_STRING:
		return "String";
	case TWZ_VALUE_LIST:
		return "list";
	case TWZ_VALUE_RECORD:
		return "record";
	case TWZ_VALUE_OK: case TWZ_VALUE_ERR:
		return "Result";
	case TWZ_VALUE_UNIT: case TWZ_VALUE_NONE:
		break;
	}
	return "any";
}

/* -- what is done with them -------------------------------------------------------------------- */

struct twz_value
lang_widen(struct lang *l, const struct twz_value *v)
{
	struct twz_value *items, all;

	if (lang_is_unknown(v) || lang_function_of(v) || v->kind == TWZ_VALUE_UNIT)
		return *v;
	if (v->kind == TWZ_VALUE_NONE || ((v->kind == TWZ_VALUE_OK || v->kind == TWZ_VALUE_ERR) && !v->type))
		return lang_unknown(NULL);
	if (v->type && v->type->kind != TWZ_LIST && v->type->kind != TWZ_RECORD)
		return lang_unknown(v->type);
	if (v->kind != TWZ_VALUE_RECORD || v->list.n > 64)
		return lang_unknown_kind(v->kind);
	items = twz_new_array(l->arena, v->list.n, struct twz_value);
	for (size_t i = 0; i < v->list.n; i++)
		items[i] = lang_widen(l, &v->list.items[i]);
	all = twz_record(v->type, v->list.names, items, v->list.n);
	return all;
}

struct twz_value
lang_join(struct lang *l, const struct twz_value *a, const struct twz_value *b)
{
	struct twz_value x = lang_widen(l, a), y = lang_widen(l, b);
	enum twz_value_kind kind = lang_kind(&x);

	if (lang_unknown_of(&x) && lang_unknown_of(&x) == lang_unknown_of(&y))
		return x;
	if (kind != lang_kind(&y) || kind == TWZ_VALUE_UNIT || lang_function_of(&x) ||
	    lang_function_of(&y) || kind == TWZ_VALUE_OK)
		return x.kind == TWZ_VALUE_UNIT && y.kind == TWZ_VALUE_UNIT && !x.type && !y.type
			       ? x : lang_unknown(NULL);
	/* A number with a type and one without: either way nothing definite can be said. */
	if (lang_unknown_of(&x) || lang_unknown_of(&y))
		return lang_unknown(NULL);
	return lang_unknown_kind(kind);
}

bool
lang_unknown_field(const struct twz_value *v, const char *field, struct twz_value *ret,
		   struct twz_error *err)
{
	const struct twz_type *t = lang_unknown_of(v);
	enum twz_value_kind kind = lang_kind(v);
	TWZ_ARENA arena = { 0 };
	const struct twz_member *m;
	const char **names, *near;

	*ret = lang_unknown(NULL);
	if (t && t->kind == TWZ_STRUCT) {
		m = twz_member_find(t, field);
		if (m) {
			*ret = lang_unknown(m->type);
			ret->list.names = v->list.names;
			return true;
		}
		names = twz_new_array(&arena, t->nmembers, const char *);
		for (uint32_t i = 0; i < t->nmembers; i++)
			names[i] = t->members[i].name;
		near = twz_nearest(field, names, t->nmembers);
		twz_fail(err, TWZ_CLASS_NAME, TWZ_ERR(NAMING, NOT_FOUND), "no field '%s' in %s", field,
			 lang_unknown_text(&arena, v));
		return near ? twz_hint(err, "did you mean %s?", near) : false;
	}
	if (kind == TWZ_VALUE_UNIT || kind == TWZ_VALUE_RECORD)
		return true;
	lang_type_error(err, "'%s' has no fields: '%s' was asked for", lang_unknown_text(&arena, v),
			field);
	if (kind == TWZ_VALUE_OK)
		twz_hint(err, "take the value out of the result with ?= or ?");
	return false;
}

static struct twz_value
inner_of(const struct twz_value *v)
{
	const struct twz_type *t = lang_unknown_of(v);
	const struct twz_member *ok;

	if (t && t->kind == TWZ_RESULT) {
		ok = twz_result_ok(t);
		return ok ? lang_unknown(ok->type) : twz_unit();
	}
	if (t && t->kind == TWZ_OPTION)
		return lang_unknown(twz_member_find(t, "twz_value")->type);
	return lang_kind(v) == TWZ_VALUE_OK ? lang_unknown(NULL) : *v;
}

struct twz_value
lang_unknown_inner(const struct twz_value *v)
{
	struct twz_value inner = inner_of(v);

	if (lang_is_unknown(&inner))
		inner.list.names = v->list.names;
	return inner;
}

struct twz_value
lang_unknown_element(const struct twz_value *v)
{
	const struct twz_type *t = lang_unknown_of(v);

	if (t && (t->kind == TWZ_LIST || t->kind == TWZ_ARRAY) && t->target)
		return lang_unknown(t->target);
	return lang_unknown(NULL);
}

/* Whether a value of type @from can be one of @to at all. */
static bool
may_fit(const struct convert_want *want, const struct twz_value *v)
{
	const struct twz_type *to = twz_type_strip(want->type), *from = lang_unknown_of(v);
	enum twz_value_kind kind = lang_kind(v);
	twz_wide min, max, low, high;

	if (kind == TWZ_VALUE_UNIT)
		return true;
	if (want->buffer)
		return kind == TWZ_VALUE_LIST || (want->text && kind == TWZ_VALUE_STRING);
	if (to->kind == TWZ_OPTION)
		to = twz_type_strip(twz_member_find(to, "twz_value")->type);
	if (to->kind == TWZ_POINTER || to->kind == TWZ_OPTION)
		return true;
	if (to->kind == TWZ_INT && kind == TWZ_VALUE_INT && from) {
		if (from->kind != TWZ_INT)
			return false;
		twz_int_range(from, &low, &high);
		twz_int_range(to, &min, &max);
		return low >= min && high <= max;
	}
	if (to->kind == TWZ_FLOAT && kind == TWZ_VALUE_INT)
		return !from || (from->kind == TWZ_INT && from->size * 8 <= (to->size == 4 ? 24 : 53));
	if (to->kind == TWZ_FLOAT && kind == TWZ_VALUE_FLOAT)
		return !from || from->size <= to->size;
	if (to->kind == TWZ_ENUM && kind == TWZ_VALUE_LIST)
		return to->is_flags;
	if ((to->kind == TWZ_ENUM || to->kind == TWZ_STRUCT || to->kind == TWZ_CHAR) && from &&
	    from->kind != TWZ_RECORD)
		return from == to || twz_type_equal(from, to) || (twz_is_objid(from) && twz_is_objid(to));
	return kind_of_type(to) == kind;
}

bool
lang_unknown_fits(const struct convert_want *want, const struct twz_value *v, struct twz_error *err)
{
	TWZ_ARENA arena = { 0 };

	if (may_fit(want, v))
		return true;
	return convert_mismatch(want, lang_unknown_text(&arena, v), err);
}

static bool
is_compared(const struct ast *a)
{
	return a->op == LEX_EQ || a->op == LEX_NE || a->op == LEX_LT || a->op == LEX_LE ||
	       a->op == LEX_GT || a->op == LEX_GE || a->keyword == LEX_KW_IN;
}

static bool
is_no_number(const struct twz_value *v)
{
	enum twz_value_kind kind = lang_kind(v);
	const struct twz_type *t = lang_is_unknown(v) ? lang_unknown_of(v) : twz_type_strip(v->type);

	return (kind != TWZ_VALUE_UNIT && kind != TWZ_VALUE_INT && kind != TWZ_VALUE_FLOAT) ||
	       (kind == TWZ_VALUE_INT && t && t->kind != TWZ_INT);
}

bool
lang_unknown_binary(const struct ast *a, const struct twz_value *x, const struct twz_value *y,
		    struct twz_value *ret, struct twz_error *err)
{
	TWZ_ARENA arena = { 0 };
	enum twz_value_kind kx = lang_kind(x), ky = lang_kind(y);

	if (is_compared(a)) {
		*ret = lang_unknown_kind(TWZ_VALUE_BOOL);
		ret->list.names = lang_is_unknown(x) ? x->list.names : y->list.names;
		return true;
	}
	if (is_no_number(x) || is_no_number(y)) {
		lang_type_error(err, "%s does not work on '%s' and '%s'", lex_kind_text(a->op),
				lang_type_of(&arena, x), lang_type_of(&arena, y));
		if (kx == TWZ_VALUE_OK || ky == TWZ_VALUE_OK)
			twz_hint(err, "take the value out of the result with ?");
		return false;
	}
	*ret = a->op == LEX_RANGE ? lang_unknown_kind(TWZ_VALUE_LIST)
	       : kx == TWZ_VALUE_UNIT || ky == TWZ_VALUE_UNIT ? lang_unknown(NULL)
	       : lang_unknown_kind(kx == TWZ_VALUE_INT && ky == TWZ_VALUE_INT ? TWZ_VALUE_INT
									     : TWZ_VALUE_FLOAT);
	ret->list.names = lang_is_unknown(x) ? x->list.names : y->list.names;
	return true;
}

void
lang_unknown_by(struct lang *l, struct twz_value *v, const char *who)
{
	if (lang_is_unknown(v))
		v->list.names = (const void *)lang_name_text(l, lang_name(l, who, strlen(who)));
}

bool
lang_cannot_know(const struct ast *a, const struct twz_value *v, struct twz_error *err)
{
	const char *who = (const void *)v->list.names;

	twz_fail(err, TWZ_CLASS_GATE, TWZ_ERR(GENERIC, OTHER), "cannot know: this depends on what %s",
		 who ? who : "a call that was not made gives");
	twz_hint(err, "a dry run goes as far as what it does depends on no call that changes something");
	return lang_at(err, a);
}
