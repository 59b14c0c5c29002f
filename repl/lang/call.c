/*
 * Calls. A call site is resolved once: which gate, which argument goes to which parameter, what each
 * parameter takes. After that a call is: convert the arguments without calling anything, make the calls
 * that they need, call the gate. Literals of scalar types are converted at the first call only.
 */
#include "repl/lang/convert.h"

#include <string.h>

#include "repl/lang/ahead.h"
#include "repl/lang/check.h"
#include "twz/nearest.h"
#include "twz/typetext.h"

/* A call whose arguments are being handed out to parameters. */
struct binder {
	struct lang *l;
	const struct ast *call;
	struct call_site *site;
	bool *filled;
	struct twz_error *err;
};

/* -- names ------------------------------------------------------------------------------------- */

static bool
is_gates_file(const char *path)
{
	const char *dot = path ? strrchr(path, '.') : NULL;

	return dot && !strcmp(dot, ".gates");
}

bool
lang_no_gate(const struct twz_service *service, const char *name, struct twz_error *err)
{
	TWZ_ARENA arena = { 0 };
	const char **names = NULL, *near;
	size_t n = 0;

	for (uint32_t i = 0; i < service->ngates; i++)
		if (service->gates[i].role == TWZ_ROLE_GATE)
			twz_push(&arena, names, n, service->gates[i].name);
	for (uint32_t i = 0; i < service->ngates; i++)
		for (uint32_t k = 0; k < service->gates[i].naliases; k++)
			twz_push(&arena, names, n, service->gates[i].aliases[k]);
	near = twz_nearest(name, names, n);
	twz_fail(err, TWZ_CLASS_NAME, TWZ_ERR(NAMING, NOT_FOUND), "no gate '%s' in %s", name,
		 service->name);
	if (near)
		return twz_hint(err, "did you mean %s?", near);
	if (is_gates_file(service->debug_path))
		return twz_hint(err, "help %s lists its gates; %s can make more of the library's functions gates",
				service->name, service->debug_path);
	return twz_hint(err, "help %s lists its gates", service->name);
}

static bool
find_gate(struct lang *l, const struct ast *a, struct call_site *site, struct twz_error *err)
{
	const char *colons = strstr(a->text, "::"), *next, *name;
	uint32_t at;

	while ((next = strstr(colons + 2, "::")))
		colons = next;
	at = (uint32_t)(colons - a->text);
	site->service = lang_service(l, twz_strndup(l->arena, a->text, at), err);
	if (!site->service)
		return lang_at_span(err, a->from, a->head_to > a->from ? a->from + at : a->to);
	name = colons + 2;
	site->gate = twz_gate_find(site->service, name);
	if (!site->gate) {
		(void)lang_no_gate(site->service, name, err);
		return lang_at_span(err, a->from + at + 2, a->head_to);
	}
	return true;
}

/* -- handing out arguments --------------------------------------------------------------------- */

static const char *
signature(const struct binder *b)
{
	return twz_signature_text(b->l->arena, b->site->gate);
}

static int
param_named(const struct binder *b, const char *name)
{
	for (uint32_t i = 0; i < b->site->nparams; i++)
		if (!strcmp(b->site->params[i].want.param->name, name))
			return (int)i;
	return -1;
}

static bool
is_bool(const struct site_param *p)
{
	const struct twz_type *t = twz_type_strip(p->want.type);

	return !p->want.buffer && t->kind == TWZ_BOOL;
}

static bool
no_param(const struct binder *b, const struct ast_arg *arg)
{
	const char **names = twz_new_array(b->l->arena, b->site->nparams, const char *), *near;

	for (uint32_t i = 0; i < b->site->nparams; i++)
		names[i] = b->site->params[i].want.param->name;
	near = twz_nearest(arg->name, names, b->site->nparams);
	lang_type_error(b->err, "no parameter '%s': %s", arg->name, signature(b));
	if (near)
		twz_hint(b->err, "did you mean --%s?", near);
	else if (!strcmp(arg->name, "help"))
		twz_hint(b->err, "help %s::%s shows it", b->site->service->name, b->site->gate->name);
	return lang_at_span(b->err, arg->from, arg->name_to);
}

static bool
fill(struct binder *b, uint32_t i, const struct ast *node, const struct ast_arg *arg)
{
	struct site_param *p = &b->site->params[i];

	if (b->filled[i]) {
		lang_type_error(b->err, "argument '%s' is given twice: %s", p->want.param->name,
				signature(b));
		return lang_at_span(b->err, arg->from, arg->to);
	}
	b->filled[i] = true;
	p->node = node;
	return true;
}

static bool
fill_bool(struct binder *b, uint32_t i, const struct ast_arg *arg, bool value)
{
	if (!fill(b, i, NULL, arg))
		return false;
	b->site->params[i].known = true;
	b->site->params[i].value = twz_bool(value);
	b->site->params[i].value.type = b->site->params[i].want.type;
	return true;
}

/*
 * --name=v, --name v, --flag, --no-flag. A flag does not take the word after it, unless that is true
 * or false: @left gets what is an argument of its own.
 */
static bool
fill_named(struct binder *b, const struct ast_arg *arg, const struct ast **left)
{
	int i = param_named(b, arg->name);
	bool no = i < 0 && !strncmp(arg->name, "no-", 3) && !arg->glued;

	*left = NULL;
	if (no)
		i = param_named(b, arg->name + 3);
	if (i < 0 || (no && !is_bool(&b->site->params[i])))
		return no_param(b, arg);
	if (is_bool(&b->site->params[i]) && !arg->glued &&
	    (no || !arg->value || arg->value->kind != AST_BOOL)) {
		*left = arg->value;
		return fill_bool(b, (uint32_t)i, arg, !no);
	}
	if (arg->value)
		return fill(b, (uint32_t)i, arg->value, arg);
	lang_type_error(b->err, "--%s needs a value: %s", arg->name, signature(b));
	return lang_at_span(b->err, arg->from, arg->to);
}

static bool
fill_next(struct binder *b, const struct ast *node, const struct ast_arg *arg)
{
	for (uint32_t i = 0; i < b->site->nparams; i++)
		if (!b->filled[i])
			return fill(b, i, node, arg);
	lang_type_error(b->err, "too many arguments: %s", signature(b));
	return lang_at_span(b->err, node->from, node->to);
}

/* Named arguments first, so that positional ones go to what is left. */
static bool
bind_arguments(struct binder *b, bool piped)
{
	const struct ast *call = b->call;
	const struct ast **left = twz_new_array(b->l->arena, call->nargs, const struct ast *);

	if (piped) {
		if (!b->site->nparams) {
			lang_type_error(b->err, "too many arguments: %s", signature(b));
			return lang_at_span(b->err, call->from, call->head_to);
		}
		b->filled[0] = b->site->params[0].piped = true;
	}
	for (uint32_t i = 0; i < call->nargs; i++)
		if (call->args[i].name && !fill_named(b, &call->args[i], &left[i]))
			return false;
	for (uint32_t i = 0; i < call->nargs; i++) {
		const struct ast *node = call->args[i].name ? left[i] : call->args[i].value;

		if (node && !fill_next(b, node, &call->args[i]))
			return false;
	}
	return true;
}

static bool
check_missing(struct binder *b)
{
	for (uint32_t i = 0; i < b->site->nparams; i++) {
		struct site_param *p = &b->site->params[i];

		if (b->filled[i])
			continue;
		if (p->want.optional) {
			p->known = true;
			p->value = (struct twz_value){ .kind = TWZ_VALUE_NONE, .type = p->want.type };
			continue;
		}
		p->asked = lang_may_ask(b->l, &p->want);
		if (p->asked)
			continue;
		lang_type_error(b->err, "missing argument '%s': %s", p->want.param->name, signature(b));
		return lang_at_span(b->err, b->call->from, b->call->to);
	}
	return true;
}

/* -- resolving --------------------------------------------------------------------------------- */

static bool
list_params(struct lang *l, struct call_site *site, struct twz_arena *arena, struct twz_error *err)
{
	const struct repl_host *host = l->options->host;
	const struct twz_gate *gate = site->gate;
	const struct twz_plan *plan = NULL;

	if (!host->plan(host->data, site->service, gate, &plan, err))
		return twz_wrap(err, "%s::%s cannot be called", site->service->name, gate->name);
	if (!gate->type)
		return lang_type_error(err, "the signature of %s::%s is not known", site->service->name,
				       gate->name);
	site->program = twz_is_program(gate, plan);
	site->params = twz_new_array(arena, gate->type->nmembers, struct site_param);
	for (uint32_t i = 0; i < gate->type->nmembers; i++)
		if (!plan || twz_slot_given(&plan->slots[i]))
			site->params[site->nparams++].want = convert_want(site->service, gate, plan, i);
	return true;
}

bool
lang_resolve(struct lang *l, const struct ast *a, bool piped, struct call_site **ret,
	     struct twz_error *err)
{
	struct twz_arena *arena = &l->program->arena;
	struct call_site *site;
	struct binder b = { .l = l, .call = a, .err = err };

	if (*a->site) {
		*ret = *a->site;
		return true;
	}
	site = twz_new(arena, struct call_site);
	if (!find_gate(l, a, site, err))
		return false;
	if (!list_params(l, site, arena, err))
		return lang_at_span(err, a->from, a->head_to);
	b.site = site;
	b.filled = twz_new_array(l->arena, site->nparams, bool);
	if (site->program && !piped)
		site->params[0].node = lang_program_arguments(arena, site->service->name, a);
	else if (!bind_arguments(&b, piped) || !check_missing(&b))
		return false;
	*ret = *a->site = site;
	return true;
}

/* -- calling ----------------------------------------------------------------------------------- */

/* A literal of a scalar type is the same value every time. */
static bool
is_constant(const struct ast *node, const struct twz_value *v)
{
	return (node->kind == AST_NUMBER || node->kind == AST_BOOL) &&
	       (v->kind == TWZ_VALUE_INT || v->kind == TWZ_VALUE_FLOAT || v->kind == TWZ_VALUE_BOOL);
}

bool
lang_convert_all(struct lang *l, struct call_site *site, const struct twz_value *piped,
		 struct twz_value *args, uint64_t *later, struct twz_error *err)
{
	*later = 0;
	for (uint32_t i = 0; i < site->nparams; i++) {
		struct site_param *p = &site->params[i];
		enum convert_result r;

		if (p->known) {
			args[i] = p->value;
			continue;
		}
		if (p->piped) {
			if (piped && !convert_value(&p->want, piped, l->arena, &args[i], err))
				return false;
			continue;
		}
		r = lang_asks(l, p) ? CONVERT_LATER : convert_argument(l, &p->want, p->node, false, &args[i], err);
		if (r == CONVERT_FAILED)
			return false;
		if (r == CONVERT_LATER) {
			*later |= (uint64_t)1 << i;
		} else if (is_constant(p->node, &args[i])) {
			p->known = true;
			p->value = args[i];
		}
	}
	return true;
}

static bool
call_site(struct lang *l, struct call_site *site, const struct twz_value *piped,
	  struct twz_value *ret, struct twz_error *err)
{
	struct twz_value *args = twz_new_array(l->arena, site->nparams, struct twz_value);
	uint64_t later;

	if (!lang_convert_all(l, site, piped, args, &later, err))
		return false;
	for (uint32_t i = 0; later && i < site->nparams; i++)
		if ((later >> i & 1) && !lang_late_argument(l, site, i, &args[i], err))
			return false;
	if (!lang_check_kinds(l, site, args, err))
		return false;
	if (l->check) {
		lang_note_gate(l, site->service, site->gate);
		l->check->loads |= !strcmp(site->service->name, "sys") &&
				   !strcmp(site->gate->name, "load");
	}
	if (site->program)
		fflush(l->options->out);	/* before what it writes itself */
	/* Those that the arguments needed are none of the debugger's. */
	l->debugs = l->debugged == site;
	return lang_call_gate(l, site->service, site->gate, args, site->nparams, ret, err);
}

/* -- functions of the language and built-in ones ----------------------------------------------- */

static bool
no_function(struct lang *l, const struct ast *a, struct twz_error *err)
{
	const char **names = NULL, *near;
	size_t n = 0, nbuiltins;
	const struct lang_builtin *builtins = lang_builtins(&nbuiltins);
	const struct lang_variable *variables;
	size_t nvariables = lang_variables(l, l->arena, &variables);

	if (lang_lookup(l, a->id)) {
		twz_fail(err, TWZ_CLASS_TYPE, TWZ_ERR(ARGUMENT, WRONG_TYPE),
			 "'%s' is a variable, no function", a->text);
		return lang_at_span(err, a->from, a->head_to);
	}
	for (size_t i = 0; i < nbuiltins; i++)
		twz_push(l->arena, names, n, builtins[i].name);
	for (size_t i = 0; i < nvariables; i++)
		twz_push(l->arena, names, n, variables[i].name);
	near = twz_nearest(a->text, names, n);
	twz_fail(err, TWZ_CLASS_NAME, TWZ_ERR(NAMING, NOT_FOUND), "no function '%s'", a->text);
	if (a->nargs && a->args[0].value && a->args[0].value->text && !strcmp(a->args[0].value->text, ":="))
		twz_hint(err, "to assign write: %s = VALUE", a->text);
	else if (near)
		twz_hint(err, "did you mean %s?", near);
	else if (!lang_stray(l, a->text, a, err))
		twz_hint(err, "gates are called as SERVICE::GATE; help lists the services");
	return lang_at_span(err, a->from, a->head_to);
}

bool
lang_any_argument(struct lang *l, const struct ast *a, struct twz_value *ret, struct twz_error *err)
{
	if (a->kind == AST_WORD && lang_lookup(l, a->id))
		return lang_dotted(l, a, ret, err) || lang_at(err, a);
	if (a->kind == AST_WORD || a->kind == AST_NUMBER || a->kind == AST_BOOL ||
	    a->kind == AST_TEXT) {
		if (a->kind == AST_WORD)
			lang_warn_later(l, a);
		*ret = twz_string(l->arena, a->text, a->n);
		return true;
	}
	return lang_eval(l, a, ret, err) || lang_at(err, a);
}

/* The arguments of a call that is no gate's, in order; @n gets their number. */
static struct twz_value *
plain_arguments(struct lang *l, const struct ast *a, const struct twz_value *piped, size_t *n,
		struct twz_error *err)
{
	struct twz_value *args = twz_new_array(l->arena, a->nargs + 1, struct twz_value);

	*n = 0;
	if (piped)
		args[(*n)++] = *piped;
	for (uint32_t i = 0; i < a->nargs; i++) {
		const struct ast_arg *arg = &a->args[i];

		if (arg->name) {
			lang_type_error(err, "'%s' takes no named arguments", a->text);
			lang_at_span(err, arg->from, arg->to);
			return NULL;
		}
		if (!lang_any_argument(l, arg->value, &args[(*n)++], err))
			return NULL;
	}
	return args;
}

static bool
check_builtin_count(const struct lang_builtin *b, const struct ast *a, size_t n,
		    struct twz_error *err)
{
	if (n >= b->min && n <= b->max)
		return true;
	lang_type_error(err, "%s arguments: %s", n < b->min ? "missing" : "too many", b->usage);
	return lang_at(err, a);
}

static bool
any_unknown(const struct twz_value *args, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (lang_is_unknown(&args[i]))
			return true;
	return false;
}

/* In a check, or in a dry run of what is not known: what can be said of the first argument. */
static bool
unknown_builtin(struct lang *l, const struct lang_builtin *b, const struct ast *a,
		const struct twz_value *args, struct twz_value *ret, struct twz_error *err)
{
	enum twz_value_kind kind = b->min ? lang_kind(&args[0]) : TWZ_VALUE_UNIT;
	bool known = kind != TWZ_VALUE_UNIT;

	*ret = b->result ? lang_unknown_kind((enum twz_value_kind)b->result) : twz_unit();
	if (b->result && lang_is_unknown(&args[0]))
		ret->list.names = args[0].list.names;
	if (b->takes && known && !(b->takes >> kind & 1)) {
		lang_type_error(err, "Expected '%s' got '%s'", b->wanted, lang_type_of(l->arena, &args[0]));
		return lang_at(err, a);
	}
	return true;
}

/* A span inside of the text that is the first argument becomes one of the text that is run. */
static void
move_span(const struct ast *a, const struct twz_value *text, struct twz_error *err)
{
	const struct ast *arg = a->nargs ? a->args[0].value : NULL;
	size_t n = arg ? arg->to - arg->from : 0, quotes = n - text->string.n;
	bool spelled = arg && text->kind == TWZ_VALUE_STRING && (!quotes || quotes == 2);

	if (!err->to)
		return;
	err->from = spelled ? arg->from + (quotes != 0) + err->from : 0;
	err->to = spelled ? arg->from + (quotes != 0) + err->to : 0;
}

static bool
call_builtin(struct lang *l, const struct lang_builtin *b, const struct ast *a,
	     const struct twz_value *piped, struct twz_value *ret, struct twz_error *err)
{
	struct twz_value *args;
	size_t n;

	if (b->result == LANG_FORM)
		return lang_run_form(l, a, piped, ret, err);
	if (!check_builtin_count(b, a, a->nargs + (piped != NULL), err))
		return false;
	if (b->result == LANG_SELF)
		return lang_call_some(l, a, piped, ret, err);
	args = plain_arguments(l, a, piped, &n, err);
	/* A dry run prints what it does not know by its type. */
	if (args && b->result != LANG_ANY && (l->check || (b->result && any_unknown(args, n))))
		return unknown_builtin(l, b, a, args, ret, err);
	l->shows_next = a == l->direct && (l->options->output == LANG_RAW || l->options->output == LANG_JSONL);
	if (args && b->run(l, args, n, ret, err))
		return true;
	if (args && b->run == lang_run_query)
		move_span(a, &args[0], err);
	return args && lang_at(err, a);
}

/* -- entry ------------------------------------------------------------------------------------- */

/* The gate that a report names, unless one that was called on the way has failed. Returns false. */
static bool
blame(struct lang *l, const struct call_site *site)
{
	if (!*l->gate)
		snprintf(l->gate, sizeof(l->gate), "%s::%s", site->service->name, site->gate->name);
	return false;
}

/* The function that the name of a call stands for; NULL: none of the language. */
static bool
function_called(struct lang *l, const struct ast *a, const struct twz_value **ret,
		struct twz_error *err)
{
	struct lang_binding *b;

	*ret = NULL;
	if (a->is_path)
		return !l->program->module->nimports || lang_imported_function(l, a, ret, err);
	b = lang_lookup(l, a->id);
	if (b)
		b->read = true;
	if (b && lang_function_of(&b->value))
		*ret = &b->value;
	return true;
}

static bool
check_plain(struct lang *l, const struct ast *a, bool piped, struct twz_error *err)
{
	if (!a->builtin)
		return no_function(l, a, err);
	if (!check_builtin_count(a->builtin, a, a->nargs + piped, err))
		return false;
	for (uint32_t i = 0; i < a->nargs; i++)
		if (a->args[i].value && !lang_check(l, a->args[i].value, err))
			return false;
	return true;
}

/* Whether a variable of which little is known may hold a function. */
static bool
may_be_function(const struct lang *l, const struct ast *a)
{
	const struct twz_value *v = &lang_lookup(l, a->id)->value;

	return lang_is_unknown(v) && lang_kind(v) == TWZ_VALUE_UNIT && !lang_unknown_of(v);
}

bool
lang_call_check(struct lang *l, const struct ast *a, bool piped, struct twz_error *err)
{
	const struct twz_value *f;
	struct call_site *site;
	struct twz_value *args;
	uint64_t later;

	if (!function_called(l, a, &f, err))
		return false;
	if (f)
		return lang_apply_check(l, f, a, piped, err);
	if (!a->is_path)
		return check_plain(l, a, piped, err);
	if (!lang_resolve(l, a, piped, &site, err))
		return false;
	args = twz_new_array(l->arena, site->nparams, struct twz_value);
	return lang_convert_all(l, site, NULL, args, &later, err) || blame(l, site) || lang_at(err, a);
}

/* In a check: a call of a service that the text loads itself, of which nothing is known before. */
static bool
is_loaded_later(struct lang *l, const struct ast *a)
{
	struct twz_error ignored = { 0 };
	const char *end = a->is_path ? strstr(a->text, "::") : NULL;

	return end && l->check && l->check->loads &&
	       !lang_service(l, twz_strndup(l->arena, a->text, (size_t)(end - a->text)), &ignored);
}

bool
lang_call_node(struct lang *l, const struct ast *a, const struct twz_value *piped,
	       struct twz_value *ret, struct twz_error *err)
{
	const struct twz_value *f;
	struct call_site *site;

	if (!function_called(l, a, &f, err))
		return false;
	if (f)
		return lang_apply(l, f, a, piped, ret, err);
	if (is_loaded_later(l, a)) {
		*ret = lang_unknown(NULL);
		return true;
	}
	if (l->loop && l->loop->call == a && !piped)
		return lang_loop_call(l, a, ret, err);
	if (a->is_path)
		return (lang_resolve(l, a, piped != NULL, &site, err) &&
			(call_site(l, site, piped, ret, err) || blame(l, site))) || lang_at(err, a);
	if (a->builtin)
		return call_builtin(l, a->builtin, a, piped, ret, err);
	if (l->check && lang_lookup(l, a->id) && may_be_function(l, a)) {
		size_t n;

		*ret = lang_unknown(NULL);
		return plain_arguments(l, a, piped, &n, err) != NULL;
	}
	return no_function(l, a, err);
}
