/*
 * Help: what the registry knows of a service or a gate, in words.
 *
 * Nothing is called and no service is loaded for it.
 */
#include <stdarg.h>
#include <string.h>

#include "repl/lang/interp.h"
#include "repl/lang/lang.h"
#include "repl/lang/words.h"
#include "twz/ask.h"
#include "twz/nearest.h"
#include "twz/plan.h"
#include "twz/objid.h"
#include "twz/typetext.h"

enum { SHOWN_ENUMERATORS = 24, SHOWN_FIELDS = 16 };

/* -- what is worth saying about a type ------------------------------------------------------------ */

static void
write_enumerators(FILE *out, const struct twz_type *type)
{
	fputs(type->is_flags ? "any of " : "one of ", out);
	for (uint32_t i = 0; i < type->nmembers && i < SHOWN_ENUMERATORS; i++)
		fprintf(out, "%s%s=%lld", i ? " " : "", type->members[i].name,
			(long long)type->members[i].value);
	if (type->nmembers > SHOWN_ENUMERATORS)
		fprintf(out, " and %u more", type->nmembers - SHOWN_ENUMERATORS);
}

static void
write_struct(FILE *out, const struct twz_type *type)
{
	putc('{', out);
	for (uint32_t i = 0; i < type->nmembers && i < SHOWN_FIELDS; i++) {
		fprintf(out, "%s%s: ", i ? ", " : "", type->members[i].name);
		twz_type_write(out, type->members[i].type);
	}
	fputs(type->nmembers > SHOWN_FIELDS ? ", …}" : "}", out);
}

static void
write_range(FILE *out, const struct twz_type *type)
{
	char low[48], high[48];
	twz_wide min, max;

	twz_int_range(type, &min, &max);
	fprintf(out, "%s .. %s", twz_wide_text(min, low), twz_wide_text(max, high));
}

/* The type that a value of @type is made of, as far as help describes it. */
static const struct twz_type *
described(const struct twz_type *type)
{
	const struct twz_type *t = twz_type_strip(type);

	while (t->kind == TWZ_POINTER && t->target)
		t = twz_type_strip(t->target);
	if (t->kind == TWZ_ARRAY && twz_type_strip(t->target)->kind != TWZ_CHAR)
		return described(t->target);
	return t;
}

static void
write_about_type(FILE *out, const struct twz_type *type)
{
	const struct twz_type *t = described(type);

	switch (t->kind) {
	case TWZ_INT:
		write_range(out, t);
		break;
	case TWZ_ENUM:
		write_enumerators(out, t);
		break;
	case TWZ_STRUCT:
		if (twz_is_objid(t))
			fputs("an id, or a name that is resolved", out);
		else
			write_struct(out, t);
		break;
	case TWZ_ARRAY:
		fprintf(out, "text of at most %llu bytes",
			(unsigned long long)(t->count ? t->count - 1 : 0));
		break;
	case TWZ_CHAR:
		fputs("one character", out);
		break;
	case TWZ_BOOL:
		fputs("true or false", out);
		break;
	case TWZ_VOID:
	case TWZ_FLOAT:
	case TWZ_STRING:
	case TWZ_POINTER:
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

/* What one of the writers above writes, in @arena. */
static const char *
written(struct twz_arena *arena, void (*write)(FILE *out, const void *what), const void *what)
{
	TWZ_FREE char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);

	if (!f)
		return "";
	write(f, what);
	return fclose(f) ? "" : twz_strndup(arena, text, n);
}

static void
write_param(FILE *out, const void *param)
{
	twz_param_write(out, param);
}

static void
write_about(FILE *out, const void *type)
{
	write_about_type(out, type);
}

static const char *
param_text(struct twz_arena *arena, const struct twz_member *param)
{
	return written(arena, write_param, param);
}

static const char *
about_type(struct twz_arena *arena, const struct twz_type *type)
{
	return written(arena, write_about, type);
}

/* -- one gate ------------------------------------------------------------------------------------- */

struct column_widths {
	int name, type;
};

static struct column_widths
measure(const struct twz_type *func, struct twz_arena *arena)
{
	struct column_widths w = { 0 };

	for (uint32_t i = 0; i < func->nmembers; i++) {
		int name = (int)strlen(func->members[i].name);
		int type = (int)strlen(param_text(arena, &func->members[i]));

		w.name = name > w.name ? name : w.name;
		w.type = type > w.type ? type : w.type;
	}
	return w;
}

/* Writes @text after what the row has already. */
static void __attribute__((format(printf, 3, 4)))
add_fact(FILE *out, bool *any, const char *fmt, ...)
{
	va_list ap;

	fputs(*any ? "; " : "  ", out);
	*any = true;
	va_start(ap, fmt);
	vfprintf(out, fmt, ap);
	va_end(ap);
}

static void
show_parameter(FILE *out, const struct twz_service *service, const struct twz_member *p,
	       const struct twz_slot *slot, struct column_widths w, struct twz_arena *arena)
{
	const char *type = param_text(arena, p);
	const struct twz_gate *converter = twz_converter_find(service, TWZ_ROLE_FROM_STRING, type);
	const char *about = about_type(arena, p->type);
	bool any = false;

	fprintf(out, "  %-*s  %-*s", w.name, p->name, w.type, type);
	if (slot && slot->dir == TWZ_OUT)
		add_fact(out, &any, "part of the result");
	else if (slot && slot->dir == TWZ_INOUT)
		add_fact(out, &any, "changed, and part of the result");
	if (slot && slot->callback)
		add_fact(out, &any, "a function, called until the gate returns");
	if (p->secret)
		add_fact(out, &any, "secret: never shown or kept");
	if (p->text)
		add_fact(out, &any, "implements %s", p->text);
	if (p->optional)
		add_fact(out, &any, "or none");
	if (converter && (!slot || twz_slot_given(slot)))
		add_fact(out, &any, "text is converted by %s", converter->name);
	if (*about)
		add_fact(out, &any, "%s", about);
	putc('\n', out);
}

static void
show_parameters(FILE *out, const struct twz_service *service, const struct twz_gate *gate,
		const struct twz_plan *plan)
{
	TWZ_ARENA arena = { 0 };
	struct column_widths w = measure(gate->type, &arena);
	bool first = true;

	for (uint32_t i = 0; i < gate->type->nmembers; i++) {
		const struct twz_slot *slot = plan ? &plan->slots[i] : NULL;

		/* A count that comes from its buffer is nobody's business. */
		if (slot && slot->implied)
			continue;
		fputs(first ? "\nParameters\n" : "", out);
		first = false;
		show_parameter(out, service, &gate->type->members[i], slot, w, &arena);
	}
}

static void
show_result(FILE *out, const struct twz_gate *gate)
{
	const struct twz_type *result = twz_type_strip(twz_returned(gate->type));
	const struct twz_member *err = twz_result_err(result), *ok = twz_result_ok(result);
	const struct twz_type *errors = err ? twz_type_strip(err->type) : NULL;

	if (ok)
		result = ok->type;
	fputs("\nResult\n  ", out);
	twz_type_write(out, twz_returned(gate->type));
	if (described(result)->kind == TWZ_STRUCT || described(result)->kind == TWZ_ENUM) {
		fputs("  ", out);
		write_about_type(out, result);
	}
	putc('\n', out);
	if (!errors || (errors->kind != TWZ_ENUM && !gate->type->why))
		return;
	fputs("\nErrors\n", out);
	if (gate->type->why)
		fprintf(out, "  each with its text, by %s\n", gate->type->why);
	if (gate->type->count == TWZ_RETURNS_ERRNO) {
		fputs("  those of the C library, by their names: ENOENT, EACCES, …\n", out);
		return;
	}
	for (uint32_t i = 0; i < errors->nmembers; i++) {
		const struct twz_member *m = &errors->members[i];

		/* Of codes that a function returns, 0 is no error. */
		if (!m->value && twz_type_strip(gate->type->target)->kind == TWZ_ENUM)
			continue;
		fprintf(out, "  %s%s%s\n", m->name, m->text ? ": " : "", m->text ? m->text : "");
	}
}

static const char *
level_name(enum twz_level level)
{
	static const char *const names[] = {
#define X(name, text) text,
		TWZ_LEVELS(X)
#undef X
	};

	return names[level];
}

static void
show_facts(FILE *out, const struct twz_gate *gate)
{
	fputs("\nFacts\n", out);
	for (uint32_t i = 0; i < gate->naliases; i++)
		fprintf(out, "  also called %s\n", gate->aliases[i]);
	if (*gate->requires)
		fprintf(out, "  the calling context must hold the capability '%s'\n",
			gate->requires);
	if (gate->visibility == TWZ_VISIBILITY_PRIVATE)
		fputs("  private: answers calls of its own compartment only\n", out);
	else if (gate->visibility == TWZ_VISIBILITY_PUBLIC)
		fputs("  public: answers no calls of its own compartment\n", out);
	if (gate->readonly)
		fputs("  changes nothing\n", out);
	fprintf(out, "  isolation at least: %s\n", level_name(gate->level));
}

static bool
show_gate(const struct repl_host *host, const struct twz_service *service,
	  const struct twz_gate *gate, FILE *out)
{
	const struct twz_plan *plan = NULL;
	struct twz_error why = { 0 };
	bool callable;

	fprintf(out, "%s::", service->name);
	twz_signature_write(out, gate);
	putc('\n', out);
	if (*gate->doc)
		fprintf(out, "  %s\n", gate->doc);
	if (!gate->type)
		return true;
	callable = host->plan(host->data, service, gate, &plan, &why);
	show_parameters(out, service, gate, plan);
	show_result(out, gate);
	show_facts(out, gate);
	if (callable)
		lang_example(host, service, gate, plan, out);
	else
		fprintf(out, "\nIt cannot be called: %s\n", why.text);
	return true;
}

/* -- one service ---------------------------------------------------------------------------------- */

static bool
show_service(const struct twz_service *service, FILE *out)
{
	fprintf(out, "%s%s%s%s%s\n", service->name, *service->version ? " " : "", service->version,
		*service->doc ? ": " : "", service->doc);
	for (enum twz_runs how = 0; how < TWZ_RUNS_NONE; how++)
		if (twz_runs(service->asks, how))
			fprintf(out, "  %s\n", twz_runs_shown(how));
	for (uint32_t i = 0; i < service->ngates; i++) {
		const struct twz_gate *gate = &service->gates[i];

		if (gate->role != TWZ_ROLE_GATE)
			continue;
		fputs("\n  ", out);
		twz_signature_write(out, gate);
		fprintf(out, "%s%s\n", *gate->doc ? "\n      " : "", gate->doc);
	}
	fprintf(out, "\nhelp %s::GATE shows one of them.\n", service->name);
	return true;
}

static const struct twz_gate *
find_gate(const struct twz_service *service, const char *name, struct twz_error *err)
{
	const struct twz_gate *gate = twz_gate_find(service, name);

	if (!gate)
		(void)lang_no_gate(service, name, err);
	return gate;
}

/* -- everything ----------------------------------------------------------------------------------- */

static const struct {
	const char *text, *help;
} forms[] = {
	{ "passwd::lookup_user bob", "call a gate" },
	{ "passwd::lookup_user(\"bob\")", "the same" },
	{ "user ?= passwd::lookup_user bob", "keep what it gives, or stop at its error" },
	{ "user.name", "a field; xs[0] an element" },
	{ "passwd::update_password user --password=x", "a variable, a named argument" },
	{ "passwd::lookup_user bob | passwd::update_password x",
	  "what is before | is the first argument" },
	{ "timeout 2s { net::ping host }", "a deadline" },
	{ "help passwd", "the gates of a service" },
	{ "help passwd::update_password", "one gate" },
	{ "help language", "keywords, stages of pipes, functions" },
	{ "sql gates where returns = User", "what twz knows, as tables; sql tables lists them" },
};

static bool
show_services(const struct repl_host *host, FILE *out, struct twz_error *err)
{
	TWZ_ARENA arena = { 0 };
	const char *const *names;
	size_t n = host->services(host->data, &arena, &names);
	int widest = 0;

	fputs("\nServices\n", out);
	for (size_t i = 0; i < n; i++)
		if ((int)strlen(names[i]) > widest)
			widest = (int)strlen(names[i]);
	for (size_t i = 0; i < n; i++) {
		const struct twz_service *service;
		struct twz_error why = { 0 };

		if (host->service(host->data, names[i], &service, &why))
			fprintf(out, "  %-*s  %s\n", widest, names[i], service->doc);
		else if (why.cls == TWZ_CLASS_INTERRUPTED)
			return *err = why, false;
		else
			fprintf(out, "  %-*s  cannot be used: %s\n", widest, names[i], why.text);
	}
	if (!n)
		fputs("  none were found; TWZ_PATH names folders that hold libNAME.so\n", out);
	return true;
}

static bool
show_overview(const struct repl_host *host, FILE *out, struct twz_error *err)
{
	fputs("A service offers gates: typed functions, called with a blank before each argument.\n\n",
	      out);
	for (size_t i = 0; i < TWZ_COUNT(forms); i++)
		fprintf(out, "  %-52s %s\n", forms[i].text, forms[i].help);
	return show_services(host, out, err);
}

/* -- the language ------------------------------------------------------------------------------- */

static bool
show_language(FILE *out)
{
	const char *kind = "";
	struct lang_word w;
	int widest = 0;

	for (size_t i = 0; lang_word(i, &w); i++)
		if (lang_width(w.usage, strlen(w.usage)) > (size_t)widest)
			widest = (int)lang_width(w.usage, strlen(w.usage));
	for (size_t i = 0; lang_word(i, &w); i++) {
		if (strcmp(kind, w.kind))
			fprintf(out, "%s%c%ss\n", *kind ? "\n" : "", *w.kind - 'a' + 'A', w.kind + 1);
		kind = w.kind;
		fprintf(out, "  %s%*s  %s\n", w.usage, widest - (int)lang_width(w.usage, strlen(w.usage)), "", w.help);
	}
	fputs("\nhelp WORD shows one of them; man twz-language tells all.\n", out);
	return true;
}

/* Of the language, which goes before a service of that name: help NAME::GATE shows that one's. */
static bool
show_word(const char *topic, FILE *out)
{
	struct lang_word w;

	if (!strcmp(topic, "language"))
		return show_language(out);
	if (!lang_word_find(topic, &w))
		return false;
	fprintf(out, "%s\n  %s\n  (%s)\n", w.usage, w.help, w.kind);
	return true;
}

bool
lang_help(struct lang *l, const char *topic, FILE *out, struct twz_error *err)
{
	const struct repl_host *host = l->options->host;
	const struct twz_service *service;
	const struct twz_gate *gate;
	const char *colons = topic ? strstr(topic, "::") : NULL;
	TWZ_ARENA arena = { 0 };

	if (!topic || !*topic)
		return show_overview(host, out, err);
	if (show_word(topic, out))
		return true;
	if (!colons) {
		if (host->service(host->data, topic, &service, err))
			return show_service(service, out);
		return err->cls == TWZ_CLASS_NAME && lang_stray_topic(l, topic, err);
	}
	if (!host->service(host->data, twz_strndup(&arena, topic, (size_t)(colons - topic)),
			   &service, err))
		return false;
	if (!colons[2])
		return show_service(service, out);
	gate = find_gate(service, colons + 2, err);
	return gate && show_gate(host, service, gate, out);
}
