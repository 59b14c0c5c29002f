/*
 * Completion: what could stand at the cursor. Only the registry's data is used; no service is called.
 *
 * Candidates come in the order in which they are likely: what the expected type names (enumerators,
 * booleans), variables of that type, then everything else that may stand there.
 */
#include <dirent.h>
#include <string.h>
#include <sys/stat.h>

#include "repl/lang/interp.h"
#include "repl/lang/lang.h"
#include "repl/lang/spot.h"
#include "twz/objid.h"
#include "twz/typetext.h"

enum { CANDIDATES_MAX = 2000, NOTED_SERVICES = 64 };

struct completer {
	struct lang *lang;
	const struct repl_host *host;
	struct twz_arena *arena;
	const struct spot *spot;
	struct lang_candidate *found;
	size_t n;
};

static bool
offered(const struct completer *c, const char *text)
{
	for (size_t i = 0; i < c->n; i++)
		if (!strcmp(c->found[i].text, text))
			return true;
	return false;
}

/* Offers @text, which continues what has been typed and was not offered before. */
static void
add(struct completer *c, const char *text, const char *note)
{
	if (c->n < CANDIDATES_MAX)
		twz_push(c->arena, c->found, c->n, ((struct lang_candidate){ text, note }));
}

/* Offers @text if it continues what has been typed. */
static void
offer(struct completer *c, const char *text, const char *note)
{
	if (!strncmp(text, c->spot->word, strlen(c->spot->word)) && !offered(c, text))
		add(c, text, note ? note : "");
}

/* -- names ---------------------------------------------------------------------------------------- */

static void
offer_services(struct completer *c, const char *behind)
{
	const char *const *names;
	size_t n = c->host->services(c->host->data, c->arena, &names);
	size_t typed = strlen(c->spot->word);

	for (size_t i = 0; i < n; i++) {
		const struct twz_service *service;
		struct twz_error ignored = { 0 };
		const char *note = "";

		if (strncmp(names[i], c->spot->word, typed))
			continue;
		if (n <= NOTED_SERVICES &&
		    c->host->service(c->host->data, names[i], &service, &ignored))
			note = service->doc;
		offer(c, twz_format(c->arena, "%s%s", names[i], behind), note);
	}
}

/* "(name: string) -> User", without the name that the candidate has already. */
static const char *
parameters_text(struct twz_arena *arena, const struct twz_gate *gate)
{
	const char *text = twz_signature_text(arena, gate), *open = strchr(text, '(');

	return open ? open : text;
}

/* Gates whose names may begin with @prefix. */
static size_t
gates_of(struct completer *c, const char *name, const char *prefix, const struct twz_gate **ret)
{
	const struct twz_service *service;
	struct twz_error ignored = { 0 };
	size_t n;

	if (c->host->gates && c->host->gates(c->host->data, name, prefix, c->arena, ret, &n))
		return n;
	if (!c->host->service(c->host->data, name, &service, &ignored))
		return 0;
	*ret = service->gates;
	return service->ngates;
}

static void
offer_gates(struct completer *c)
{
	const char *colons = strstr(c->spot->word, "::"), *service, *typed;
	const struct twz_gate *gates = NULL;
	size_t n;

	if (!colons)
		return;
	typed = colons + 2;
	service = twz_strndup(c->arena, c->spot->word, (size_t)(colons - c->spot->word));
	n = gates_of(c, service, typed, &gates);
	for (size_t i = 0; i < n; i++) {
		const struct twz_gate *gate = &gates[i];

		/* There may be ten thousand: no text is made of what is not typed. */
		if (gate->role == TWZ_ROLE_GATE && gate->has_record &&
		    !strncmp(gate->name, typed, strlen(typed)))
			add(c, twz_format(c->arena, "%s::%s", service, gate->name),
			    gate->type ? parameters_text(c->arena, gate) : "");
	}
}

static bool
is_path(const struct completer *c)
{
	return strstr(c->spot->word, "::");
}

static void
offer_builtins(struct completer *c)
{
	size_t n;
	const struct lang_builtin *builtins = lang_builtins(&n);

	for (size_t i = 0; i < n; i++)
		offer(c, builtins[i].name, builtins[i].help);
}

/* Keywords that may stand where an expression begins, and those that only begin a statement. */
static void
offer_keywords(struct completer *c)
{
	static const enum lex_keyword values[] = {
		LEX_KW_TRUE, LEX_KW_FALSE, LEX_KW_NONE, LEX_KW_NOT, LEX_KW_IF, LEX_KW_MATCH,
		LEX_KW_TRY, LEX_KW_RUN, LEX_KW_SPAWN,
	};
	static const enum lex_keyword statements[] = {
		LEX_KW_LET, LEX_KW_FN, LEX_KW_WHILE, LEX_KW_FOR, LEX_KW_TIMEOUT, LEX_KW_IMPORT,
		LEX_KW_RETURN, LEX_KW_BREAK, LEX_KW_CONTINUE,
	};

	for (size_t i = 0; i < TWZ_COUNT(values); i++)
		offer(c, lex_keyword_text(values[i]), "");
	for (size_t i = 0; c->spot->statement && i < TWZ_COUNT(statements); i++)
		offer(c, lex_keyword_text(statements[i]), "");
}

/* -- variables ------------------------------------------------------------------------------------ */

static const char *
value_note(struct completer *c, const struct twz_value *v)
{
	static const char *const kinds[] = {
#define X(kind, text) text,
		TWZ_VALUE_KINDS(X)
#undef X
	};

	return v->type ? twz_type_text(c->arena, v->type) : kinds[v->kind];
}

/* Whether a value could be the argument as it is. */
static bool
fits(const struct twz_value *v, const struct twz_type *type)
{
	const struct twz_type *own = v->type ? twz_type_strip(v->type) : NULL;

	if (type->kind == TWZ_POINTER && type->target)
		type = twz_type_strip(type->target);
	if (lang_function_of(v) || type->kind == TWZ_FUNC)
		return lang_function_of(v) && type->kind == TWZ_FUNC;
	/* Structs and enums fit by what they are, everything else by its kind. */
	if (own && (own->kind == TWZ_STRUCT || own->kind == TWZ_ENUM || type->kind == TWZ_ENUM))
		return twz_type_equal(own, type);
	switch (v->kind) {
	case TWZ_VALUE_BOOL:
		return type->kind == TWZ_BOOL;
	case TWZ_VALUE_INT:
		return type->kind == TWZ_INT || type->kind == TWZ_FLOAT;
	case TWZ_VALUE_FLOAT:
		return type->kind == TWZ_FLOAT;
	case TWZ_VALUE_STRING:
		return type->kind == TWZ_STRING;
	case TWZ_VALUE_LIST:
		return type->kind == TWZ_ARRAY || type->kind == TWZ_LIST;
	case TWZ_VALUE_RECORD:
		return type->kind == TWZ_STRUCT;
	case TWZ_VALUE_UNIT:
	case TWZ_VALUE_NONE:
	case TWZ_VALUE_OK:
	case TWZ_VALUE_ERR:
		break;
	}
	return false;
}

/* Twice over all variables: those that fit first. The newest is offered first, and hides the others. */
static void
offer_variables(struct completer *c)
{
	const char *dollar = *c->spot->word == '$' ? "$" : "";
	const struct lang_variable *variables;
	size_t n = lang_variables(c->lang, c->arena, &variables);

	for (int fitting = c->spot->type ? 1 : 0; fitting >= 0; fitting--)
		for (size_t i = 0; i < n; i++)
			if (!fitting || fits(variables[i].value, c->spot->type))
				offer(c, twz_format(c->arena, "%s%s", dollar, variables[i].name),
				      value_note(c, variables[i].value));
}

/* a.b.c: the fields of the value that stands before the last dot. */
static void
offer_fields(struct completer *c)
{
	const char *word = c->spot->word + (*c->spot->word == '$');
	const char *dot = strrchr(word, '.'), *end = strchr(word, '.');
	const struct lang_binding *b;
	const struct twz_value *v;

	if (!dot || strpbrk(word, "/:~"))
		return;
	b = lang_find(c->lang, word, (size_t)(end - word));
	v = b ? &b->value : NULL;
	while (v && end < dot) {
		size_t n = strcspn(end + 1, ".");

		v = twz_field(v, twz_strndup(c->arena, end + 1, n));
		end += n + 1;
	}
	if (!v || v->kind != TWZ_VALUE_RECORD)
		return;
	for (size_t i = 0; i < v->list.n; i++)
		offer(c, twz_format(c->arena, "%.*s.%s", (int)(dot - c->spot->word), c->spot->word,
				    v->list.names[i]),
		      value_note(c, &v->list.items[i]));
}

/* -- what a type names ---------------------------------------------------------------------------- */

static void
offer_enumerators(struct completer *c, const struct twz_type *type)
{
	for (uint32_t i = 0; i < type->nmembers; i++)
		offer(c, type->members[i].name,
		      twz_format(c->arena, type->is_signed ? "= %lld" : "= %llu",
				 (long long)type->members[i].value));
}

/* Whether the parameter is called after what it takes. */
static bool
takes_file(const struct spot *spot)
{
	static const char *const words[] = { "path", "file", "folder", "dir" };
	const char *name = spot->call.gate && spot->param >= 0 ?
			   spot->call.gate->type->members[spot->param].name : "";

	for (size_t i = 0; i < TWZ_COUNT(words); i++)
		if (strcasestr(name, words[i]))
			return true;
	return spot->call.head && (!strcmp(spot->call.head, "import") || !strcmp(spot->call.head, "run"));
}

/* Files, where the word looks like one or one is wanted. */
static void
offer_files(struct completer *c)
{
	const char *word = c->spot->word, *slash = strrchr(word, '/'), *home = getenv("HOME");
	const char *folder, *shown, *base = slash ? slash + 1 : word;
	bool spelled = slash && (*word == '/' || !strncmp(word, "./", 2) || !strncmp(word, "~/", 2) ||
				 !strncmp(word, "../", 3));
	struct dirent *entry;
	DIR *dir;

	if (!spelled && !takes_file(c->spot))
		return;
	shown = twz_strndup(c->arena, word, (size_t)(base - word));
	folder = *word == '~' && home ? twz_format(c->arena, "%s%s", home, shown + 1) : *shown ? shown : ".";
	dir = opendir(folder);
	while (dir && (entry = readdir(dir))) {
		struct stat st;

		if ((*entry->d_name == '.' && *base != '.') ||
		    strpbrk(entry->d_name, " \t\n()[]{};|\"'"))
			continue;
		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		if (fstatat(dirfd(dir), entry->d_name, &st, 0))
			continue;
		offer(c, twz_format(c->arena, "%s%s%s", shown, entry->d_name,
				    S_ISDIR(st.st_mode) ? "/" : ""), "");
	}
	if (dir)
		closedir(dir);
}

/* What is in @path, by naming::list, a function of this program; NULL: nothing. */
static const struct twz_value *
objects_in(struct completer *c, const char *path, struct twz_value *ret)
{
	struct twz_value args[3] = { twz_cstring(c->arena, path), { .kind = TWZ_VALUE_NONE },
				     { .kind = TWZ_VALUE_NONE } };
	struct twz_error ignored = { 0 };
	const struct twz_service *service;
	const struct twz_gate *gate;

	if (!c->host->resolver || !c->host->service(c->host->data, "naming", &service, &ignored))
		return NULL;
	gate = twz_gate_find(service, "list");
	return gate && gate->type->nmembers == TWZ_COUNT(args) &&
	       c->host->call(c->host->data, service, gate, args, TWZ_COUNT(args), -1, c->arena, ret, &ignored)
	       ? ret : NULL;
}

/* Names of objects, those of the kind that is wanted, and namespaces on the way to them. */
static void
offer_objects(struct completer *c)
{
	const struct spot *spot = c->spot;
	const char *slash = strrchr(spot->word, '/'), *before, *wanted = NULL;
	struct twz_value all;

	before = slash ? twz_strndup(c->arena, spot->word, (size_t)(slash + 1 - spot->word)) : "";
	if (spot->call.gate && spot->param >= 0)
		wanted = spot->call.gate->type->members[spot->param].text;
	if (!objects_in(c, slash > spot->word ? twz_strndup(c->arena, before, strlen(before) - 1) : "/", &all))
		return;
	for (size_t i = 0; i < all.list.n; i++) {
		const struct twz_value *row = &all.list.items[i];
		const char *kind = twz_field(row, "kind")->string.text;
		bool space = twz_field(row, "id")->kind == TWZ_VALUE_NONE;

		if (space || !wanted || !strcmp(kind, wanted))
			offer(c, twz_format(c->arena, "%s%s%s", before, twz_field(row, "name")->string.text,
					    space ? "/" : ""), kind);
	}
}

static void
offer_values(struct completer *c, const struct twz_type *type, bool in_list)
{
	switch (type->kind) {
	case TWZ_BOOL:
		offer(c, "true", "");
		offer(c, "false", "");
		break;
	case TWZ_ENUM:
		if (!type->is_flags || in_list)
			offer_enumerators(c, type);
		break;
	case TWZ_STRING:
		offer_files(c);
		break;
	case TWZ_ARRAY:
		if (twz_type_strip(type->target)->kind == TWZ_CHAR)
			offer_files(c);
		break;
	case TWZ_VOID:
	case TWZ_CHAR:
	case TWZ_INT:
	case TWZ_FLOAT:
	case TWZ_POINTER:
	case TWZ_STRUCT:
		if (twz_is_objid(type))
			offer_objects(c);
		break;
	case TWZ_UNION:
	case TWZ_RESULT:
	case TWZ_OPTION:
	case TWZ_TYPEDEF:
	case TWZ_FUNC:
	case TWZ_LIST:
	case TWZ_RECORD:
	case TWZ_OPAQUE:
		break;
	}
}

/* -- places --------------------------------------------------------------------------------------- */

static void
offer_named_of(struct completer *c, const struct lang_function *f)
{
	for (uint32_t i = 0; i < f->ast->nargs; i++) {
		const struct ast_arg *p = &f->ast->args[i];

		offer(c, twz_format(c->arena, "--%s", p->name), p->type ? p->type : "");
	}
}

/* "--name", and behind "--name=" what its type names. */
static void
offer_named(struct completer *c)
{
	const struct spot_call *call = &c->spot->call;
	const char *equals = strchr(c->spot->word, '=');

	for (uint32_t i = 0; call->gate && i < call->gate->type->nmembers && i < 64; i++) {
		const struct twz_member *p = &call->gate->type->members[i];

		if (!*p->name || !spot_given(call, i) || call->used >> i & 1)
			continue;
		if (equals)
			continue;
		offer(c, twz_format(c->arena, "--%s", p->name), twz_type_text(c->arena, p->type));
	}
}

static void
offer_topics(struct completer *c)
{
	if (is_path(c))
		offer_gates(c);
	else
		offer_services(c, "");
}

static bool
may_be_none(const struct spot *spot)
{
	const struct twz_member *p = spot->call.gate && spot->param >= 0 ?
				     &spot->call.gate->type->members[spot->param] : NULL;

	return p && (p->optional || twz_type_strip(p->type)->kind == TWZ_OPTION);
}

static void
complete_argument(struct completer *c)
{
	const struct lang_function *f = spot_function(c->lang, &c->spot->call);
	const struct spot *spot = c->spot;

	if (f && !strncmp(spot->word, "--", 2)) {
		offer_named_of(c, f);
		return;
	}
	if (!strncmp(spot->word, "--", 2) || (!strcmp(spot->word, "-") && spot->call.gate)) {
		offer_named(c);
		return;
	}
	if (!strcmp(spot->call.head, "help")) {
		offer_topics(c);
		return;
	}
	offer_fields(c);
	/* Nothing is left to be given, and whatever is typed will be one too many. */
	if (spot->call.gate && spot->param < 0)
		return;
	if (spot->type)
		offer_values(c, spot->type, false);
	if (may_be_none(spot))
		offer(c, "none", "");
	offer_variables(c);
	if (!spot->type)
		offer_files(c);
}

static void
complete_item(struct completer *c)
{
	offer_fields(c);
	if (c->spot->type)
		offer_values(c, c->spot->type, true);
	offer_variables(c);
	if (is_path(c))
		offer_gates(c);
}

static void
complete_key(struct completer *c)
{
	const struct twz_type *type = c->spot->type;

	for (uint32_t i = 0; type && i < type->nmembers; i++)
		offer(c, twz_format(c->arena, "%s:", type->members[i].name),
		      twz_type_text(c->arena, type->members[i].type));
}

static void
complete_head(struct completer *c)
{
	if (is_path(c)) {
		offer_gates(c);
		return;
	}
	offer_fields(c);
	offer_variables(c);
	if (*c->spot->word == '$')
		return;
	offer_services(c, "::");
	offer_builtins(c);
	offer_keywords(c);
}

size_t
lang_complete(struct lang *l, const char *text, size_t n, size_t cursor, struct twz_arena *arena,
	      const struct lang_candidate **ret, size_t *from)
{
	struct completer c = { .lang = l, .host = l->options->host, .arena = arena };
	struct spot spot;

	if (cursor > n)
		cursor = n;
	lang_begin_turn(l);
	if (lang_complete_query(l, text, n, cursor, arena, ret, &c.n, from)) {
		lang_end_turn(l);
		return c.n;
	}
	spot_find(c.host, text, cursor, arena, &spot);
	c.spot = &spot;
	spot_expect(l, &spot);
	switch (spot.place) {
	case SPOT_HEAD:
		complete_head(&c);
		break;
	case SPOT_ARGUMENT:
		complete_argument(&c);
		break;
	case SPOT_ITEM:
		complete_item(&c);
		break;
	case SPOT_KEY:
		complete_key(&c);
		break;
	case SPOT_NOWHERE:
		break;
	}
	lang_end_turn(l);
	*ret = c.found;
	*from = spot.from;
	return c.n;
}
