#include "repl/lang/convert.h"

#include <string.h>

#include "repl/lang/check.h"
#include "repl/lang/number.h"
#include "twz/nearest.h"
#include "twz/objid.h"
#include "twz/typetext.h"

struct convert_want
convert_want(const struct twz_service *service, const struct twz_gate *gate,
	     const struct twz_plan *plan, uint32_t i)
{
	const struct twz_member *p = &gate->type->members[i];
	struct convert_want want = { .type = p->type, .param = p, .service = service,
				     .optional = p->optional, .secret = p->secret };
	const struct twz_slot *slot = plan ? &plan->slots[i] : NULL;
	const struct twz_type *t;

	if (!slot)
		return want;
	want.type = slot->type;
	want.optional = slot->optional;
	if (slot->pass == TWZ_PASS_BUFFER) {
		t = twz_type_strip(slot->type);
		want.buffer = true;
		want.text = slot->is_text ||
			    (slot->size == 1 && (t->kind == TWZ_INT || t->kind == TWZ_CHAR ||
						 t->kind == TWZ_VOID));
		want.limit = slot->extent < 0 ? slot->count : 0;
	}
	return want;
}

/* What an element or a field takes, inside of @want. */
static struct convert_want
inside(const struct convert_want *want, const struct twz_type *type)
{
	return (struct convert_want){ .type = type, .service = want->service, .secret = want->secret };
}

/* -- values ------------------------------------------------------------------------------------ */

static bool
value_mismatch(const struct convert_want *want, const struct twz_value *v, struct twz_error *err)
{
	TWZ_ARENA arena = { 0 };

	return convert_mismatch(want, lang_type_of(&arena, v), err);
}

static bool
same_type(const struct twz_type *a, const struct twz_type *b)
{
	a = twz_type_strip(a);
	b = twz_type_strip(b);
	return a == b || twz_type_equal(a, b);
}

/* Numbers of other C types fit when every value of theirs does. */
static bool
fit_integer(const struct convert_want *want, const struct twz_value *v, struct twz_value *ret,
	    struct twz_error *err)
{
	const struct twz_type *from = twz_type_strip(v->type);
	twz_wide min, max, low, high;

	if (v->kind != TWZ_VALUE_INT || (from && from->kind != TWZ_INT))
		return value_mismatch(want, v, err);
	twz_int_range(want->type, &min, &max);
	if (from) {
		twz_int_range(from, &low, &high);
		if (low < min || high > max) {
			value_mismatch(want, v, err);
			return twz_hint(err, "only types whose every value fits are widened");
		}
	}
	if (v->integer < min || v->integer > max)
		return convert_out_of_range(want, v->integer, err);
	*ret = twz_int(want->type, v->integer);
	return true;
}

static bool
fit_float(const struct convert_want *want, const struct twz_value *v, struct twz_value *ret,
	  struct twz_error *err)
{
	const struct twz_type *from = twz_type_strip(v->type);
	uint32_t size = twz_type_strip(want->type)->size, digits = size == 4 ? 24 : 53;

	if (v->kind == TWZ_VALUE_INT && (!from || from->kind == TWZ_INT)) {
		twz_wide limit = (twz_wide)1 << digits;

		if (from ? from->size * 8 > digits : v->integer > limit || v->integer < -limit)
			return value_mismatch(want, v, err);
		*ret = twz_float(want->type, (double)v->integer);
		return true;
	}
	if (v->kind != TWZ_VALUE_FLOAT || (from && from->size > size))
		return value_mismatch(want, v, err);
	*ret = twz_float(want->type, size == 4 ? (double)(float)v->real : v->real);
	return true;
}

static bool
fit_flags(const struct convert_want *want, const struct twz_value *v, struct twz_arena *arena,
	  struct twz_value *ret, struct twz_error *err)
{
	struct convert_want one = inside(want, want->type);
	struct twz_value item;
	twz_wide all = 0;

	for (size_t i = 0; i < v->list.n; i++) {
		if (!convert_value(&one, &v->list.items[i], arena, &item, err))
			return false;
		all |= item.integer;
	}
	*ret = twz_int(want->type, all);
	return true;
}

static bool
fit_enum(const struct convert_want *want, const struct twz_value *v, struct twz_arena *arena,
	 struct twz_value *ret, struct twz_error *err)
{
	const struct twz_type *t = twz_type_strip(want->type);

	if (v->kind == TWZ_VALUE_LIST && t->is_flags)
		return fit_flags(want, v, arena, ret, err);
	if (v->kind != TWZ_VALUE_INT ||
	    !(v->type ? same_type(v->type, want->type) : twz_enumerator(t, v->integer) != NULL))
		return value_mismatch(want, v, err);
	*ret = *v;
	ret->type = want->type;
	return true;
}

static bool
fit_list(const struct convert_want *want, const struct twz_type *element, const struct twz_value *v,
	 struct twz_arena *arena, struct twz_value *ret, struct twz_error *err)
{
	struct convert_want one = inside(want, element);
	struct twz_value *items;

	if (v->kind != TWZ_VALUE_LIST)
		return value_mismatch(want, v, err);
	items = twz_new_array(arena, v->list.n, struct twz_value);
	for (size_t i = 0; i < v->list.n; i++)
		if (!convert_value(&one, &v->list.items[i], arena, &items[i], err))
			return twz_wrap(err, "element %zu", i);
	*ret = twz_list(want->buffer ? NULL : want->type, items, v->list.n);
	return true;
}

static bool
check_count(const struct convert_want *want, size_t n, struct twz_error *err)
{
	const struct twz_type *t = twz_type_strip(want->type);
	TWZ_ARENA arena = { 0 };

	if (want->buffer && want->limit && n > want->limit)
		return lang_type_error(err, "too many elements: %zu, at most %llu", n,
				       (unsigned long long)want->limit);
	if (!want->buffer && t->kind == TWZ_ARRAY && n != t->count)
		return lang_type_error(err, "%s takes %llu elements, got %zu",
				       twz_type_text(&arena, want->type), (unsigned long long)t->count, n);
	return true;
}

static bool
fit_array(const struct convert_want *want, const struct twz_value *v, struct twz_arena *arena,
	  struct twz_value *ret, struct twz_error *err)
{
	const struct twz_type *t = twz_type_strip(want->type);

	if (twz_type_strip(t->target)->kind == TWZ_CHAR && v->kind == TWZ_VALUE_STRING) {
		if (v->string.n >= t->count)
			return lang_type_error(err, "the text is too long: %zu bytes, at most %llu",
					       v->string.n,
					       (unsigned long long)(t->count ? t->count - 1 : 0));
		*ret = *v;
		ret->type = want->type;
		return true;
	}
	return fit_list(want, t->target, v, arena, ret, err) && check_count(want, v->list.n, err);
}

/* The fields of a struct must be there, once each, and no others. */
static bool
check_field_names(const struct convert_want *want, const char *const *names, size_t n,
		  struct twz_error *err)
{
	const struct twz_type *t = twz_type_strip(want->type);
	TWZ_ARENA arena = { 0 };
	const char **known = twz_new_array(&arena, t->nmembers, const char *), *near;
	const char *shown = twz_type_text(&arena, want->type);

	for (uint32_t i = 0; i < t->nmembers; i++)
		known[i] = t->members[i].name;
	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < i; k++)
			if (!strcmp(names[i], names[k]))
				return lang_type_error(err, "field '%s' is given twice", names[i]);
		if (twz_member_find(t, names[i]))
			continue;
		lang_type_error(err, "no field '%s' in %s", names[i], shown);
		near = twz_nearest(names[i], known, t->nmembers);
		return near ? twz_hint(err, "did you mean %s?", near) : false;
	}
	for (uint32_t i = 0; i < t->nmembers; i++) {
		bool found = false;

		for (size_t k = 0; k < n; k++)
			found |= !strcmp(known[i], names[k]);
		if (!found)
			return lang_type_error(err, "field '%s' of %s is missing", known[i], shown);
	}
	return true;
}

static bool
fit_struct(const struct convert_want *want, const struct twz_value *v, struct twz_arena *arena,
	   struct twz_value *ret, struct twz_error *err)
{
	const struct twz_type *t = twz_type_strip(want->type), *from = twz_type_strip(v->type);
	struct twz_value *items;
	const char **names;
	twz_id id;

	/* Each service has a type of its own for them. */
	if (twz_is_objid(t) && twz_id_of(v, &id)) {
		*ret = twz_id_value(arena, want->type, id);
		return true;
	}
	if (v->kind != TWZ_VALUE_RECORD || lang_function_of(v) ||
	    (from && from->kind == TWZ_STRUCT && !same_type(from, t)))
		return value_mismatch(want, v, err);
	if (from && from->kind == TWZ_STRUCT) {
		*ret = *v;
		return true;
	}
	if (!check_field_names(want, v->list.names, v->list.n, err))
		return false;
	items = twz_new_array(arena, t->nmembers, struct twz_value);
	names = twz_new_array(arena, t->nmembers, const char *);
	for (uint32_t i = 0; i < t->nmembers; i++) {
		struct convert_want field = inside(want, t->members[i].type);

		names[i] = t->members[i].name;
		if (!convert_value(&field, twz_field(v, names[i]), arena, &items[i], err))
			return twz_wrap(err, "field '%s'", names[i]);
	}
	*ret = twz_record(want->type, names, items, t->nmembers);
	return true;
}

/* Values that pass as they are when their kind is right. */
static bool
fit_kind(const struct convert_want *want, const struct twz_value *v, enum twz_value_kind kind,
	 struct twz_value *ret, struct twz_error *err)
{
	if (v->kind != kind)
		return value_mismatch(want, v, err);
	*ret = *v;
	return true;
}

static bool
fit_char(const struct convert_want *want, const struct twz_value *v, struct twz_value *ret,
	 struct twz_error *err)
{
	const struct twz_type *from = twz_type_strip(v->type);

	if (!from || from->kind != TWZ_CHAR)
		return value_mismatch(want, v, err);
	return fit_kind(want, v, TWZ_VALUE_INT, ret, err);
}

static bool
fit_text(const struct convert_want *want, const struct twz_value *v, struct twz_value *ret,
	 struct twz_error *err)
{
	if (v->kind == TWZ_VALUE_STRING && memchr(v->string.text, '\0', v->string.n))
		return lang_type_error(err, "a text with a NUL byte inside cannot be a C string");
	return fit_kind(want, v, TWZ_VALUE_STRING, ret, err);
}

static bool
fit_buffer(const struct convert_want *want, const struct twz_value *v, struct twz_arena *arena,
	   struct twz_value *ret, struct twz_error *err)
{
	if (v->kind == TWZ_VALUE_STRING && want->text) {
		*ret = *v;
		return check_count(want, v->string.n, err);
	}
	return fit_list(want, want->type, v, arena, ret, err) && check_count(want, v->list.n, err);
}

bool
convert_value(const struct convert_want *want, const struct twz_value *v, struct twz_arena *arena,
	      struct twz_value *ret, struct twz_error *err)
{
	const struct twz_type *t = twz_type_strip(want->type);
	struct convert_want inner;

	if (lang_is_unknown(v)) {
		*ret = *v;
		return lang_unknown_fits(want, v, err);
	}
	if (want->optional && v->kind == TWZ_VALUE_NONE) {
		*ret = *v;
		return true;
	}
	if (want->buffer)
		return fit_buffer(want, v, arena, ret, err);
	switch (t->kind) {
	case TWZ_BOOL:
		return fit_kind(want, v, TWZ_VALUE_BOOL, ret, err);
	case TWZ_CHAR:
		return fit_char(want, v, ret, err);
	case TWZ_INT:
		return fit_integer(want, v, ret, err);
	case TWZ_FLOAT:
		return fit_float(want, v, ret, err);
	case TWZ_ENUM:
		return fit_enum(want, v, arena, ret, err);
	case TWZ_STRING:
		return fit_text(want, v, ret, err);
	case TWZ_ARRAY:
		return fit_array(want, v, arena, ret, err);
	case TWZ_STRUCT:
		return fit_struct(want, v, arena, ret, err);
	case TWZ_OPTION:
		inner = *want;
		inner.type = twz_member_find(t, "twz_value")->type;
		inner.optional = true;
		return convert_value(&inner, v, arena, ret, err);
	case TWZ_LIST:
		if (t->target)
			return fit_list(want, t->target, v, arena, ret, err);
		return fit_kind(want, v, TWZ_VALUE_LIST, ret, err);
	case TWZ_RECORD:
		return lang_function_of(v) ? value_mismatch(want, v, err)
					   : fit_kind(want, v, TWZ_VALUE_RECORD, ret, err);
	case TWZ_POINTER:
		if (lang_takes_function(want) && lang_function_of(v))
			return lang_fit_function(want, v, ret, err);
		break;
	case TWZ_VOID: case TWZ_UNION: case TWZ_RESULT: case TWZ_TYPEDEF:
	case TWZ_FUNC: case TWZ_OPAQUE:
		break;
	}
	return value_mismatch(want, v, err);
}

/* -- arguments --------------------------------------------------------------------------------- */

static enum convert_result
fit(struct lang *l, const struct convert_want *want, const struct twz_value *v, const struct ast *a,
    struct twz_value *ret, struct twz_error *err)
{
	if (convert_value(want, v, l->arena, ret, err))
		return CONVERT_DONE;
	lang_at(err, a);
	return CONVERT_FAILED;
}

/* The bytes of a file, where bytes are asked for by a word that somebody typed: read when the call is made. */
static enum convert_result
from_file(struct lang *l, const struct convert_want *want, const struct ast *a, bool calls,
	  struct twz_value *ret, struct twz_error *err)
{
	if (l->check) {
		l->check->late++;
		*ret = lang_unknown(want->type);
		return CONVERT_DONE;
	}
	if (!calls)
		return CONVERT_LATER;
	if (lang_read_bytes(l, lang_file_source(a->text), ret, err) && check_count(want, ret->string.n, err))
		return CONVERT_DONE;
	lang_at(err, a);
	return CONVERT_FAILED;
}

/* A text: what needs a converter is put off or done, and so is a secret that stands elsewhere. */
static enum convert_result
from_text(struct lang *l, const struct convert_want *want, const struct ast *a, bool calls,
	  struct twz_value *ret, struct twz_error *err)
{
	bool quoted = a->kind == AST_STRING, elsewhere = want->secret && !quoted && lang_is_source(a->text);
	struct twz_value text = { .kind = TWZ_VALUE_STRING, .string = { a->text, a->n } };
	enum convert_result r = CONVERT_LATER;

	if (elsewhere && calls && !l->check && !lang_read_source(l, a->text, &text, err))
		r = CONVERT_FAILED;
	else if (!elsewhere || (calls && !l->check))
		r = convert_text(l, want, text.string.text, text.string.n, quoted || elsewhere, ret, err);

	if (r == CONVERT_LATER && l->check) {
		l->check->late++;
		*ret = lang_unknown(want->type);
		return CONVERT_DONE;
	}
	if (r == CONVERT_LATER && calls)
		r = convert_by_service(l, want, text.string.text, text.string.n, ret, err) ? CONVERT_DONE
											  : CONVERT_FAILED;
	if (r == CONVERT_FAILED)
		lang_at(err, a);
	return r;
}

static enum convert_result
from_word(struct lang *l, const struct convert_want *want, const struct ast *a, bool calls,
	  struct twz_value *ret, struct twz_error *err)
{
	struct twz_value v;

	if (!lang_lookup(l, a->id)) {
		if (want->buffer && want->text && !want->secret && lang_file_source(a->text))
			return from_file(l, want, a, calls, ret, err);
		lang_warn_later(l, a);
		return from_text(l, want, a, calls, ret, err);
	}
	if (l->check && convert_takes_text(want))
		lang_warn(l, "W1", a, twz_format(l->arena, "write $%s for the variable, '%s' for the text",
						 a->text, a->text),
			  "'%s' is a variable, and would be a text here too", a->text);
	if (lang_dotted(l, a, &v, err))
		return fit(l, want, &v, a, ret, err);
	lang_at(err, a);
	return CONVERT_FAILED;
}

/* The type of the elements that a list is for; NULL: none. */
static const struct twz_type *
element_type(const struct convert_want *want)
{
	const struct twz_type *t = twz_type_strip(want->type);

	if (want->buffer)
		return want->type;
	if (t->kind == TWZ_ENUM && t->is_flags)
		return want->type;
	return t->kind == TWZ_ARRAY || t->kind == TWZ_LIST ? t->target : NULL;
}

static enum convert_result
from_list(struct lang *l, const struct convert_want *want, const struct ast *a, bool calls,
	  struct twz_value *ret, struct twz_error *err)
{
	const struct twz_type *element = element_type(want);
	struct convert_want one = inside(want, element);
	enum convert_result all = CONVERT_DONE;
	struct twz_value *items, list;

	if (!element) {
		convert_mismatch(want, "list", err);
		lang_at(err, a);
		return CONVERT_FAILED;
	}
	items = twz_new_array(l->arena, a->nitems, struct twz_value);
	for (uint32_t i = 0; i < a->nitems; i++) {
		enum convert_result r = convert_argument(l, &one, a->items[i], calls, &items[i], err);

		if (r == CONVERT_FAILED)
			return r;
		if (r == CONVERT_LATER)
			all = r;
	}
	list = twz_list(NULL, items, a->nitems);
	if (all == CONVERT_DONE)
		return fit(l, want, &list, a, ret, err);
	if (check_count(want, a->nitems, err))
		return all;
	lang_at(err, a);
	return CONVERT_FAILED;
}

/* User{…} and passwd::User{…} are for parameters of this type alone. */
static bool
check_named(const struct convert_want *want, const struct ast *a, struct twz_error *err)
{
	const char *colons = a->type ? strstr(a->type, "::") : NULL;
	const char *name = colons ? colons + 2 : a->type;
	TWZ_ARENA arena = { 0 };

	if (!name || (!strcmp(name, twz_type_text(&arena, want->type)) &&
		      (!colons || !want->service ||
		       !strncmp(want->service->name, a->type, (size_t)(colons - a->type)))))
		return true;
	return convert_mismatch(want, a->type, err);
}

static enum convert_result
from_record(struct lang *l, const struct convert_want *want, const struct ast *a, bool calls,
	    struct twz_value *ret, struct twz_error *err)
{
	const struct twz_type *t = twz_type_strip(want->type);
	enum convert_result all = CONVERT_DONE;
	struct twz_value *items = twz_new_array(l->arena, a->nargs, struct twz_value);
	const char **names = twz_new_array(l->arena, a->nargs, const char *);

	for (uint32_t i = 0; i < a->nargs; i++)
		names[i] = a->args[i].name;
	if (want->buffer || t->kind != TWZ_STRUCT ? !convert_mismatch(want, "record", err)
						  : !check_named(want, a, err) ||
							    !check_field_names(want, names, a->nargs, err)) {
		lang_at(err, a);
		return CONVERT_FAILED;
	}
	for (uint32_t i = 0; i < a->nargs; i++) {
		struct convert_want field = inside(want, twz_member_find(t, names[i])->type);
		enum convert_result r = convert_argument(l, &field, a->args[i].value, calls, &items[i],
							 err);

		if (r == CONVERT_FAILED)
			return r;
		if (r == CONVERT_LATER)
			all = r;
	}
	if (all == CONVERT_DONE) {
		struct twz_value record = twz_record(NULL, names, items, a->nargs);

		return fit(l, want, &record, a, ret, err);
	}
	return all;
}

/* Whether evaluating @a calls nothing. */
static bool
is_pure(const struct lang *l, const struct ast *a)
{
	if (a->kind == AST_WORD)
		return lang_lookup(l, a->id) != NULL;
	if (a->kind == AST_VAR || a->kind == AST_NUMBER || a->kind == AST_BOOL || a->kind == AST_NONE)
		return true;
	if (a->kind != AST_FIELD && a->kind != AST_INDEX && a->kind != AST_PAREN &&
	    a->kind != AST_BINARY && a->kind != AST_NEGATE && a->kind != AST_NOT)
		return false;
	for (uint32_t i = 0; i < a->nitems; i++)
		if (!is_pure(l, a->items[i]))
			return false;
	return true;
}

/* -inf inside a record, where a word with a minus is an expression. */
static bool
is_negative_word(const struct lang *l, const struct convert_want *want, const struct ast *a)
{
	return a->kind == AST_NEGATE && a->items[0]->kind == AST_WORD && !lang_lookup(l, a->items[0]->id) &&
	       !want->buffer && twz_type_strip(want->type)->kind == TWZ_FLOAT;
}

static enum convert_result
from_expression(struct lang *l, const struct convert_want *want, const struct ast *a, bool calls,
		struct twz_value *ret, struct twz_error *err)
{
	struct twz_value v;

	if (is_negative_word(l, want, a)) {
		struct ast word = *a->items[0];

		word.text = twz_format(l->arena, "-%s", word.text);
		word.n++;
		return from_text(l, want, &word, calls, ret, err);
	}

	if (!calls && !l->check && !is_pure(l, a))
		return lang_check(l, a, err) ? CONVERT_LATER : CONVERT_FAILED;
	if (lang_eval(l, a, &v, err))
		return fit(l, want, &v, a, ret, err);
	lang_at(err, a);
	return CONVERT_FAILED;
}

enum convert_result
convert_argument(struct lang *l, const struct convert_want *want, const struct ast *a, bool calls,
		 struct twz_value *ret, struct twz_error *err)
{
	const struct twz_type *t = twz_type_strip(want->type);
	const struct ast *some = want->optional || t->kind == TWZ_OPTION ? lang_inside_some(a) : NULL;

	if (some)
		return convert_argument(l, want, some, calls, ret, err);
	if (!want->buffer && t->kind == TWZ_OPTION &&
	    (a->kind == AST_LIST || a->kind == AST_RECORD || a->kind == AST_TEXT || a->kind == AST_NEGATE)) {
		struct convert_want inner = *want;

		inner.type = twz_member_find(t, "twz_value")->type;
		inner.optional = true;
		return convert_argument(l, &inner, a, calls, ret, err);
	}
	if (a->kind == AST_WORD)
		return from_word(l, want, a, calls, ret, err);
	if (convert_is_literal(want, a))
		return convert_literal(l, want, a, calls, ret, err);
	if (a->kind == AST_NUMBER || a->kind == AST_BOOL || a->kind == AST_NONE ||
	    a->kind == AST_TEXT || (a->kind == AST_STRING && !a->nitems))
		return from_text(l, want, a, calls, ret, err);
	if (a->kind == AST_LIST)
		return from_list(l, want, a, calls, ret, err);
	/* A record for a record of any fields is an expression like others. */
	if (a->kind == AST_RECORD && twz_type_strip(want->type)->kind != TWZ_RECORD)
		return from_record(l, want, a, calls, ret, err);
	return from_expression(l, want, a, calls, ret, err);
}
