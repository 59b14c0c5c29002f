/*
 * Arguments that are objects: an id as it is spelled, or a name that the session's resolver finds; then
 * whether the object is of the kind that the gate asks for. The kind is looked at for every value, however it
 * was made: from a name, a literal or a variable.
 */
#include <string.h>

#include "repl/lang/check.h"
#include "repl/lang/convert.h"
#include "twz/objid.h"

bool
lang_takes_object(const struct convert_want *want)
{
	return !want->buffer && twz_is_objid(want->type);
}

bool
lang_object_text(struct lang *l, const struct convert_want *want, const char *text, size_t n,
		 struct twz_value *ret)
{
	twz_id id;

	if (!twz_id_parse(text, n, &id))
		return false;
	*ret = twz_id_value(l->arena, want->type, id);
	return true;
}

static bool
unresolved(struct twz_error *err, const char *name, const struct twz_error *why)
{
	struct twz_error old = *why;

	if (old.cls == TWZ_CLASS_INTERRUPTED || old.cls == TWZ_CLASS_TIMEOUT || old.cls == TWZ_CLASS_FAULT ||
	    old.cls == TWZ_CLASS_SECURITY) {
		*err = old;
		return false;
	}
	*err = (struct twz_error){ 0 };
	twz_fail(err, TWZ_CLASS_NAME, old.code, "Object '%.120s' failed to resolve: %s", name, old.text);
	return *old.hint ? twz_hint(err, "%s", old.hint) : false;
}

/* The gate SERVICE::GATE. */
static bool
find(struct lang *l, const char *text, const struct twz_service **service, const struct twz_gate **gate,
     struct twz_error *err)
{
	const char *colons = strstr(text, "::");

	*service = lang_service(l, twz_strndup(l->arena, text, (size_t)(colons - text)), err);
	if (!*service)
		return false;
	*gate = twz_gate_find(*service, colons + 2);
	return *gate || twz_fail(err, TWZ_CLASS_NAME, TWZ_ERR(NAMING, NOT_FOUND), "no gate '%s' in %s", colons + 2,
				 (*service)->name);
}

static bool
ask_resolver(struct lang *l, const char *text, size_t n, struct twz_value *ret, struct twz_error *err)
{
	const struct repl_host *host = l->options->host;
	struct twz_value name = twz_string(l->arena, text, n);
	const struct twz_service *service;
	const struct twz_gate *gate;

	if (memchr(text, '\0', n))
		return lang_type_error(err, "a name has no NUL byte");
	if (!host->resolver)
		return twz_fail(err, TWZ_CLASS_NAME, TWZ_ERR(NAMING, NOT_FOUND), "there are no names here");
	if (!find(l, host->resolver(host->data, l->arena), &service, &gate, err) ||
	    !lang_call_gate(l, service, gate, &name, 1, ret, err))
		return false;
	if (ret->kind == TWZ_VALUE_ERR)
		return lang_fail_err(ret, err);
	if (ret->kind == TWZ_VALUE_OK)
		*ret = ret->list.items[0];
	return true;
}

bool
lang_resolve_object(struct lang *l, const struct convert_want *want, const char *text, size_t n,
		    struct twz_value *ret, struct twz_error *err)
{
	struct twz_error why = { 0 };
	struct twz_value v;

	if (!ask_resolver(l, text, n, &v, &why)) {
		*l->gate = '\0';
		return unresolved(err, text, &why);
	}
	if (!lang_is_unknown(&v))
		return convert_value(want, &v, l->arena, ret, err);
	*ret = lang_unknown(want->type);
	return true;
}

/* How the user called the object. */
static const char *
called(struct lang *l, const struct site_param *p, const struct twz_value *v)
{
	const struct ast *a = p->node;
	char digits[TWZ_ID_TEXT];
	twz_id id = 0;

	if (a && (a->kind == AST_WORD || a->kind == AST_NUMBER || a->kind == AST_TEXT ||
		  (a->kind == AST_STRING && !a->nitems)))
		return twz_strndup(l->arena, a->text, a->n);
	(void)twz_id_of(v, &id);
	return twz_strdup(l->arena, twz_id_text(id, digits));
}

static bool
check_kind(struct lang *l, const struct site_param *p, const struct twz_value *v, struct twz_error *err)
{
	const char *kind = p->want.param->text;
	struct twz_value args[2] = { *v, twz_cstring(l->arena, kind) }, does;
	const struct twz_service *service;
	const struct twz_gate *gate;

	if (!find(l, "naming::implements", &service, &gate, err) ||
	    !lang_call_gate(l, service, gate, args, TWZ_COUNT(args), &does, err))
		return false;
	if (lang_is_unknown(&does) || does.boolean)
		return true;
	lang_type_error(err, "Object '%.120s' does not implement %s.", called(l, p, v), kind);
	return p->node ? lang_at(err, p->node) : false;
}

bool
lang_check_kinds(struct lang *l, const struct call_site *site, const struct twz_value *args,
		 struct twz_error *err)
{
	for (uint32_t i = 0; i < site->nparams; i++) {
		const struct site_param *p = &site->params[i];
		twz_id id;

		if (!p->want.param || !p->want.param->text || lang_is_unknown(&args[i]) || !twz_id_of(&args[i], &id))
			continue;
		if (!check_kind(l, p, &args[i], err))
			return false;
	}
	return true;
}
