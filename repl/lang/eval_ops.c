/* Operators. Integers are exact and never wrap: what leaves 64 bits is an error. */
#include <math.h>
#include <string.h>

#include "repl/lang/convert.h"
#include "repl/lang/interp.h"

static bool
is_number(const struct twz_value *v)
{
	const struct twz_type *t = twz_type_strip(v->type);

	return v->kind == TWZ_VALUE_FLOAT || (v->kind == TWZ_VALUE_INT && (!t || t->kind == TWZ_INT));
}

/* Types that operators do not go with; the hint says what to do about a Result. */
static bool
bad_operands(const char *op, const struct twz_value *a, const struct twz_value *b,
	     struct twz_error *err)
{
	TWZ_ARENA arena = { 0 };
	bool result = a->kind == TWZ_VALUE_OK || a->kind == TWZ_VALUE_ERR || b->kind == TWZ_VALUE_OK ||
		      b->kind == TWZ_VALUE_ERR;

	lang_type_error(err, "%s does not work on '%s' and '%s'", op, lang_type_of(&arena, a),
			lang_type_of(&arena, b));
	if (result)
		twz_hint(err, "take the value out of the result with ?");
	else if (a->kind == TWZ_VALUE_STRING && b->kind == TWZ_VALUE_STRING)
		twz_hint(err, "join texts as \"${a}${b}\"");
	return false;
}

/* -- arithmetic -------------------------------------------------------------------------------- */

static bool
integer_result(twz_wide i, struct twz_value *ret, struct twz_error *err)
{
	if (i < INT64_MIN || i > UINT64_MAX)
		return lang_type_error(err, "the result does not fit 64 bits");
	*ret = twz_int(NULL, i);
	return true;
}

static bool
integer_sum(enum lex_kind op, twz_wide a, twz_wide b, struct twz_value *ret, struct twz_error *err)
{
	twz_wide product;

	if ((op == LEX_SLASH || op == LEX_PERCENT) && !b)
		return lang_type_error(err, "division by zero");
	if (op == LEX_STAR)
		return __builtin_mul_overflow(a, b, &product)
			       ? lang_type_error(err, "the result does not fit 64 bits")
			       : integer_result(product, ret, err);
	return integer_result(op == LEX_PLUS ? a + b : op == LEX_MINUS ? a - b
			      : op == LEX_SLASH ? a / b : a % b, ret, err);
}

static double
real(const struct twz_value *v)
{
	return v->kind == TWZ_VALUE_INT ? (double)v->integer : v->real;
}

static bool
arithmetic(enum lex_kind op, const struct twz_value *a, const struct twz_value *b,
	   struct twz_value *ret, struct twz_error *err)
{
	double x, y;

	if (!is_number(a) || !is_number(b))
		return bad_operands(lex_kind_text(op), a, b, err);
	if (a->kind == TWZ_VALUE_INT && b->kind == TWZ_VALUE_INT)
		return integer_sum(op, a->integer, b->integer, ret, err);
	if (op == LEX_PERCENT)
		return lang_type_error(err, "'%%' works on whole numbers only");
	x = real(a), y = real(b);
	*ret = twz_float(NULL, op == LEX_PLUS ? x + y : op == LEX_MINUS ? x - y
			       : op == LEX_STAR ? x * y : x / y);
	return true;
}

bool
lang_negate(const struct twz_value *v, struct twz_value *ret, struct twz_error *err)
{
	TWZ_ARENA arena = { 0 };

	if (lang_is_unknown(v) && (lang_kind(v) == TWZ_VALUE_UNIT || lang_kind(v) == TWZ_VALUE_INT ||
				   lang_kind(v) == TWZ_VALUE_FLOAT)) {
		*ret = *v;
		return true;
	}
	if (!is_number(v))
		return lang_type_error(err, "'-' does not work on '%s'", lang_type_of(&arena, v));
	if (v->kind == TWZ_VALUE_INT)
		return integer_result(-v->integer, ret, err);
	*ret = twz_float(v->type, -v->real);
	return true;
}

/* -- comparison -------------------------------------------------------------------------------- */

static bool
is_enum(const struct twz_value *v)
{
	const struct twz_type *t = twz_type_strip(v->type);

	return v->kind == TWZ_VALUE_INT && t && t->kind == TWZ_ENUM;
}

static bool
enum_equals_text(const struct twz_value *e, const struct twz_value *text, bool *ret,
		 struct twz_error *err)
{
	struct convert_want want = { .type = e->type };
	struct twz_value v;

	if (!convert_enumerator(&want, text->string.text, &v, err))
		return false;
	*ret = v.integer == e->integer;
	return true;
}

bool
lang_equal(const struct twz_value *a, const struct twz_value *b, bool *ret, struct twz_error *err)
{
	if (is_enum(a) && b->kind == TWZ_VALUE_STRING)
		return enum_equals_text(a, b, ret, err);
	if (is_enum(b) && a->kind == TWZ_VALUE_STRING)
		return enum_equals_text(b, a, ret, err);
	if (is_number(a) && is_number(b) && a->kind != b->kind) {
		*ret = (long double)(a->kind == TWZ_VALUE_INT ? (long double)a->integer : a->real) ==
		       (long double)(b->kind == TWZ_VALUE_INT ? (long double)b->integer : b->real);
		return true;
	}
	if (a->kind != b->kind && a->kind != TWZ_VALUE_NONE && b->kind != TWZ_VALUE_NONE &&
	    !(a->kind == TWZ_VALUE_OK && b->kind == TWZ_VALUE_ERR) &&
	    !(a->kind == TWZ_VALUE_ERR && b->kind == TWZ_VALUE_OK))
		return bad_operands("'=='", a, b, err);
	*ret = twz_value_equal(a, b);
	return true;
}

bool
lang_order(const char *op, const struct twz_value *a, const struct twz_value *b, int *ret,
	   struct twz_error *err)
{
	if (a->kind == TWZ_VALUE_STRING && b->kind == TWZ_VALUE_STRING) {
		size_t n = a->string.n < b->string.n ? a->string.n : b->string.n;
		int c = memcmp(a->string.text, b->string.text, n);

		*ret = c ? (c > 0) - (c < 0) : (a->string.n > b->string.n) - (a->string.n < b->string.n);
		return true;
	}
	if (a->kind == TWZ_VALUE_INT && b->kind == TWZ_VALUE_INT) {
		*ret = (a->integer > b->integer) - (a->integer < b->integer);
		return is_number(a) == is_number(b) || bad_operands(op, a, b, err);
	}
	if (is_number(a) && is_number(b)) {
		long double x = a->kind == TWZ_VALUE_INT ? (long double)a->integer : a->real;
		long double y = b->kind == TWZ_VALUE_INT ? (long double)b->integer : b->real;

		*ret = isunordered(x, y) ? 2 : (x > y) - (x < y);
		return true;
	}
	return bad_operands(op, a, b, err);
}

static bool
contains(const struct twz_value *item, const struct twz_value *in, bool *ret, struct twz_error *err)
{
	*ret = false;
	if (in->kind == TWZ_VALUE_STRING && item->kind == TWZ_VALUE_STRING) {
		*ret = memmem(in->string.text, in->string.n, item->string.text, item->string.n) != NULL;
		return true;
	}
	if (in->kind == TWZ_VALUE_RECORD && item->kind == TWZ_VALUE_STRING) {
		*ret = twz_field(in, item->string.text) != NULL;
		return true;
	}
	if (in->kind != TWZ_VALUE_LIST)
		return bad_operands("'in'", item, in, err);
	for (size_t i = 0; i < in->list.n && !*ret; i++)
		if (!lang_equal(item, &in->list.items[i], ret, err))
			return false;
	return true;
}

static bool
compare(const struct ast *a, const struct twz_value *x, const struct twz_value *y,
	struct twz_value *ret, struct twz_error *err)
{
	bool equal = false;
	int c = 0;

	if (a->op == LEX_EQ || a->op == LEX_NE) {
		if (!lang_equal(x, y, &equal, err))
			return false;
		*ret = twz_bool(equal == (a->op == LEX_EQ));
		return true;
	}
	if (a->keyword == LEX_KW_IN) {
		if (!contains(x, y, &equal, err))
			return false;
		*ret = twz_bool(equal);
		return true;
	}
	if (!lang_order(lex_kind_text(a->op), x, y, &c, err))
		return false;
	*ret = twz_bool(a->op == LEX_LT ? c == -1 : a->op == LEX_LE ? c == -1 || c == 0
			: a->op == LEX_GT ? c == 1 : c == 1 || c == 0);
	return true;
}

/* -- ranges ------------------------------------------------------------------------------------ */

enum { CHECKED_MAX = 100 };	/* elements that a check makes */

static bool
range(struct lang *l, const struct twz_value *a, const struct twz_value *b, struct twz_value *ret,
      struct twz_error *err)
{
	struct twz_value *items;
	size_t n;

	if (a->kind != TWZ_VALUE_INT || b->kind != TWZ_VALUE_INT)
		return bad_operands("'..'", a, b, err);
	if (b->integer - a->integer >= LANG_ITEMS_MAX)
		return lang_type_error(err, "a list of more than %d numbers; a for loop takes any range",
				       LANG_ITEMS_MAX);
	n = b->integer < a->integer ? 0 : (size_t)(b->integer - a->integer + 1);
	if (l->check && n > CHECKED_MAX) {
		*ret = lang_unknown_kind(TWZ_VALUE_LIST);
		return true;
	}
	items = twz_new_array(l->arena, n, struct twz_value);
	for (size_t i = 0; i < n; i++)
		items[i] = twz_int(NULL, a->integer + (twz_wide)i);
	*ret = twz_list(NULL, items, n);
	return true;
}

/* -- entry ------------------------------------------------------------------------------------- */

static bool
short_circuit(struct lang *l, const struct ast *a, struct twz_value *ret, struct twz_error *err)
{
	bool b;

	if (!lang_eval_condition(l, a->items[0], &b, err))
		return false;
	if (l->check) {
		*ret = lang_unknown_kind(TWZ_VALUE_BOOL);
		return lang_eval_condition(l, a->items[1], &b, err);
	}
	if (b == (a->keyword == LEX_KW_AND) && !lang_eval_condition(l, a->items[1], &b, err))
		return false;
	*ret = twz_bool(b);
	return true;
}

static bool
coalesce(struct lang *l, const struct ast *a, struct twz_value *ret, struct twz_error *err)
{
	struct twz_value v;

	if (!lang_eval(l, a->items[0], &v, err))
		return false;
	if (l->check) {
		struct twz_value other, inner = lang_unknown_inner(&v);

		if (!lang_eval(l, a->items[1], &other, err))
			return false;
		*ret = lang_join(l, &inner, &other);
		return true;
	}
	if (lang_is_unknown(&v))
		return lang_cannot_know(a->items[0], &v, err);
	if (v.kind == TWZ_VALUE_NONE || v.kind == TWZ_VALUE_ERR)
		return lang_eval(l, a->items[1], ret, err);
	return lang_unwrap(&v, ret, err);
}

/* What most operands are, numbers and variables, without the way through lang_eval(). */
static inline bool
operand(struct lang *l, const struct ast *a, struct twz_value *ret, struct twz_error *err)
{
	const struct lang_binding *b;

	if (a->kind == AST_NUMBER && a->constant) {
		*ret = *a->constant;
		return true;
	}
	if (a->kind == AST_WORD && a->name_n == a->n && !l->check) {
		b = lang_lookup(l, a->id);
		if (b && !b->is_fn) {
			*ret = b->value;
			return true;
		}
	}
	return lang_eval(l, a, ret, err);
}

/* Sums and products of whole numbers without a type that stay within 64 bits; false: anything else. */
static inline bool
plain_sum(enum lex_kind op, const struct twz_value *x, const struct twz_value *y, struct twz_value *ret)
{
	int64_t a = (int64_t)x->integer, b = (int64_t)y->integer, r;

	if (x->kind != TWZ_VALUE_INT || y->kind != TWZ_VALUE_INT || x->type || y->type ||
	    x->integer != a || y->integer != b)
		return false;
	if (op == LEX_PLUS ? __builtin_add_overflow(a, b, &r)
	    : op == LEX_MINUS ? __builtin_sub_overflow(a, b, &r)
	    : op == LEX_STAR ? __builtin_mul_overflow(a, b, &r) : true)
		return false;
	ret->kind = TWZ_VALUE_INT;
	ret->type = NULL;
	ret->integer = r;
	return true;
}

bool
lang_eval_binary(struct lang *l, const struct ast *a, struct twz_value *ret, struct twz_error *err)
{
	struct twz_value x, y;
	bool done;

	if (a->keyword == LEX_KW_AND || a->keyword == LEX_KW_OR)
		return short_circuit(l, a, ret, err);
	if (a->op == LEX_COALESCE)
		return coalesce(l, a, ret, err);
	if (!operand(l, a->items[0], &x, err) || !operand(l, a->items[1], &y, err))
		return false;
	if (plain_sum(a->op, &x, &y, ret))
		return true;
	if (lang_is_unknown(&x) || lang_is_unknown(&y))
		done = lang_unknown_binary(a, &x, &y, ret, err);
	else if (a->op == LEX_RANGE)
		done = range(l, &x, &y, ret, err);
	else if (a->op == LEX_PLUS || a->op == LEX_MINUS || a->op == LEX_STAR || a->op == LEX_SLASH ||
		 a->op == LEX_PERCENT)
		done = arithmetic(a->op, &x, &y, ret, err);
	else
		done = compare(a, &x, &y, ret, err);
	return done || lang_at(err, a);
}
