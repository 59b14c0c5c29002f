/* match and try: what to do about what came back. */
#include <string.h>

#include "repl/lang/check.h"
#include "repl/lang/convert.h"
#include "repl/lang/interp.h"

static bool
is_lower(const char *name)
{
	return *name == '_' || (*name >= 'a' && *name <= 'z');
}

static bool pattern_matches(struct lang *l, const struct ast *p, const struct twz_value *v, bool *ret,
			    struct twz_error *err);

/* Ok(p), Err(p), some(p). */
static bool
wrapped_matches(struct lang *l, const struct ast *p, const struct twz_value *v, bool *ret,
		struct twz_error *err)
{
	bool ok = !strcmp(p->text, "Ok");

	if (!strcmp(p->text, "some")) {
		*ret = v->kind != TWZ_VALUE_NONE;
		return !*ret || pattern_matches(l, p->items[0], v, ret, err);
	}
	if (!ok && strcmp(p->text, "Err")) {
		lang_type_error(err, "no pattern '%s( )'", p->text);
		twz_hint(err, "Ok(NAME) and Err(NAME) take a result apart, some(NAME) and none an option");
		return lang_at(err, p);
	}
	*ret = v->kind == (ok ? TWZ_VALUE_OK : TWZ_VALUE_ERR);
	return !*ret || pattern_matches(l, p->items[0], &v->list.items[0], ret, err);
}

/* An enumerator, or a name that takes any value. */
static bool
name_matches(struct lang *l, const struct ast *p, const struct twz_value *v, bool *ret,
	     struct twz_error *err)
{
	const struct twz_type *t = twz_type_strip(v->type);
	const char *colons = strrchr(p->text, ':'), *name = colons ? colons + 1 : p->text;
	struct twz_value e;

	if (v->kind == TWZ_VALUE_INT && t && t->kind == TWZ_ENUM &&
	    (twz_member_find(t, name) || !is_lower(name))) {
		struct convert_want want = { .type = v->type };

		if (!convert_enumerator(&want, name, &e, err))
			return lang_at(err, p);
		*ret = e.integer == v->integer;
		return true;
	}
	if (!is_lower(name) && (!strcmp(name, "Ok") || !strcmp(name, "Err"))) {
		*ret = v->kind == (*name == 'O' ? TWZ_VALUE_OK : TWZ_VALUE_ERR);
		return true;
	}
	if (!is_lower(name)) {
		lang_type_error(err, "'%s' is no value of '%s'", name, lang_type_of(l->arena, v));
		twz_hint(err, "a name that takes any value begins with a small letter; _ is for the rest");
		return lang_at(err, p);
	}
	if (strcmp(name, "_"))
		lang_declare(l, p->id, v);
	*ret = true;
	return true;
}

static bool
pattern_matches(struct lang *l, const struct ast *p, const struct twz_value *v, bool *ret,
		struct twz_error *err)
{
	struct twz_value literal;

	if (p->text)
		return p->nitems ? wrapped_matches(l, p, v, ret, err) : name_matches(l, p, v, ret, err);
	if (!lang_eval(l, p->items[0], &literal, err))
		return false;
	return lang_equal(v, &literal, ret, err) || lang_at(err, p);
}

/* -- in a check -------------------------------------------------------------------------------- */

static bool
check_pattern(struct lang *l, const struct ast *p, const struct twz_value *v, struct twz_error *err)
{
	const struct twz_type *t = lang_unknown_of(v);
	const char *colons = p->text ? strrchr(p->text, ':') : NULL;
	const char *name = colons ? colons + 1 : p->text;
	bool result = t && t->kind == TWZ_RESULT, matches;
	struct convert_want want = { .type = t };
	struct twz_value inner;

	if (!p->text)
		return lang_eval(l, p->items[0], &inner, err);
	if (p->nitems) {
		inner = lang_unknown(NULL);
		if (result && *p->text == 'O')
			inner = lang_unknown_inner(v);
		else if (result)
			inner = lang_unknown(twz_result_err(t)->type);
		if (!strcmp(p->text, "Ok") || !strcmp(p->text, "Err"))
			return check_pattern(l, p->items[0], &inner, err);
		if (!strcmp(p->text, "some"))
			return check_pattern(l, p->items[0], v, err);
		return wrapped_matches(l, p, v, &matches, err);
	}
	if (t && t->kind == TWZ_ENUM && (twz_member_find(t, name) || !is_lower(name)))
		return convert_enumerator(&want, name, &inner, err) || lang_at(err, p);
	if (is_lower(name) && strcmp(name, "_"))
		lang_declare(l, p->id, v);
	return true;
}

static bool
check_match(struct lang *l, const struct ast *a, const struct twz_value *v, struct twz_value *ret,
	    struct twz_error *err)
{
	struct twz_value wide = lang_widen(l, v), one;

	for (uint32_t i = 1; i < a->nitems; i++) {
		const struct ast *arm = a->items[i], *body = arm->items[0];
		size_t scope = l->nbindings, outer = l->check->scope;

		l->check->scope = scope;
		for (uint32_t k = 1; k < arm->nitems; k++)
			if (!check_pattern(l, arm->items[k], &wide, err))
				return false;
		if (!lang_eval(l, body, &one, err))
			lang_found(l, body, err);
		one = lang_copy(l->arena, &one);
		l->check->scope = outer;
		if (body->kind != AST_ASSIGN && body->kind != AST_LET)
			lang_check_leave(l, scope);
		*ret = i == 1 ? one : lang_join(l, ret, &one);
	}
	return lang_check_covered(l, a, &wide, err);
}

bool
lang_eval_match(struct lang *l, const struct ast *a, struct twz_value *ret, struct twz_error *err)
{
	struct twz_value v;

	if (!lang_eval_checked(l, a->items[0], &v, err))
		return false;
	if (l->check)
		return check_match(l, a, &v, ret, err);
	if (lang_is_unknown(&v))
		return lang_cannot_know(a->items[0], &v, err);
	for (uint32_t i = 1; i < a->nitems; i++) {
		const struct ast *arm = a->items[i];

		for (uint32_t k = 1; k < arm->nitems; k++) {
			size_t scope = l->nbindings;
			bool matches, done;

			if (!pattern_matches(l, arm->items[k], &v, &matches, err))
				return false;
			if (!matches) {
				lang_leave(l, scope);
				continue;
			}
			done = lang_eval_checked(l, arm->items[0], ret, err);
			if (done)
				*ret = lang_copy(l->arena, ret);
			/* An assignment as an arm is the enclosing block's. */
			if (arm->items[0]->kind != AST_ASSIGN && arm->items[0]->kind != AST_LET)
				lang_leave(l, scope);
			return done;
		}
	}
	lang_type_error(err, "no pattern of the match fits");
	twz_hint(err, "add an arm for the rest: _ => …");
	return lang_at(err, a->items[0]);
}

/* -- try --------------------------------------------------------------------------------------- */

/* A failure as a value: {kind: "Error", message: "No such user", gate: "passwd::lookup_user"}. */
static struct twz_value
error_value(struct lang *l, const struct twz_error *err)
{
	static const char *const names[] = { "kind", "message", "gate" };
	struct twz_value *items = twz_new_array(l->arena, 3, struct twz_value);

	items[0] = twz_cstring(l->arena, twz_class_text(err->cls));
	items[1] = twz_cstring(l->arena, err->text);
	items[2] = twz_cstring(l->arena, l->gate);
	return twz_record(NULL, names, items, 3);
}

/* Mistakes in the text and Ctrl-C are nobody's to handle. */
static bool
can_handle(const struct lang *l, const struct twz_error *err)
{
	return l->flow == FLOW_NONE && err->cls != TWZ_CLASS_NONE && err->cls != TWZ_CLASS_SYNTAX &&
	       err->cls != TWZ_CLASS_INTERRUPTED;
}

static bool
handle(struct lang *l, const struct ast *a, const struct twz_error *failure, struct twz_value *ret,
       struct twz_error *err)
{
	size_t scope = l->nbindings;
	struct twz_value e = error_value(l, failure);
	bool done;

	l->gate[0] = '\0';
	if (a->nitems == 1) {
		*ret = twz_err(l->arena, NULL, e.list.items[1]);
		return true;
	}
	if (a->text)
		lang_declare(l, a->id, &e);
	done = lang_eval(l, a->items[1], ret, err);
	if (a->text) {
		if (done)
			*ret = lang_copy(l->arena, ret);
		lang_leave(l, scope);
	}
	return done;
}

/* What goes wrong in the body is what the rest is for. */
static bool
check_try(struct lang *l, const struct ast *a, struct twz_value *ret, struct twz_error *err)
{
	size_t scope = l->nbindings;
	struct twz_value v = { 0 }, e = lang_unknown_kind(TWZ_VALUE_RECORD);
	struct twz_error failure = { 0 };
	bool done = true;

	l->check->tries++;
	if (!lang_eval(l, a->items[0], &v, &failure)) {
		lang_found(l, a->items[0], &failure);
		v = lang_unknown(NULL);
	}
	l->check->tries--;
	v = lang_unknown_inner(&v);
	*ret = lang_unknown(NULL);
	if (a->nitems == 1)
		return true;
	if (a->text)
		lang_declare(l, a->id, &e);
	done = lang_eval(l, a->items[1], &e, err);
	if (done) {
		e = lang_copy(l->arena, &e);
		*ret = lang_join(l, &v, &e);
	}
	lang_check_leave(l, scope);
	return done;
}

bool
lang_eval_try(struct lang *l, const struct ast *a, struct twz_value *ret, struct twz_error *err)
{
	struct twz_error failure = { 0 };
	struct twz_value v;
	size_t scope = l->nbindings;
	unsigned depth = l->depth, holding = l->holding;

	if (l->check)
		return check_try(l, a, ret, err);
	if (lang_eval_checked(l, a->items[0], &v, &failure)) {
		if (v.kind != TWZ_VALUE_ERR) {
			*ret = v.kind == TWZ_VALUE_OK ? v.list.items[0] : v;
			return true;
		}
		lang_fail_err(&v, &failure);
	}
	if (!can_handle(l, &failure)) {
		if (err->cls == TWZ_CLASS_NONE)
			*err = failure;
		return false;
	}
	l->root->nframes = 0;
	l->root->blamed = NULL;
	l->depth = depth;
	l->holding = holding;
	lang_leave(l, scope);
	return handle(l, a, &failure, ret, err);
}
