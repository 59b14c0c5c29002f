/*
 * A draft of a gates file, for a library that nobody recompiles (twz-gates(5)). Every exported function of
 * a known type becomes a gate. What its type alone settles is written as it is: numbers, texts, structs, and
 * pointers to types that only the library knows, which can be nothing but its objects. Where C does not say
 * what lies behind a pointer, the gate is a comment with the likeliest reading, for a person who has the
 * manual to confirm: a draft guesses, but it never calls.
 */
#include <ctype.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "introspect/convention.h"
#include "introspect/gates.h"
#include "introspect/records.h"
#include "introspect/show/ctext.h"
#include "introspect/show/made.h"
#include "introspect/show/show.h"
#include "twz/plan.h"

struct draft {
	const struct made *made;
	const char *symbol;
	struct twz_arena arena;
	struct twz_text said;		/* the lines below the gate */
	struct twz_member *params;	/* a copy, as the draft reads them */
	bool *taken;			/* parameters that another one's line speaks of */
	struct twz_type type;
	bool guessed;
	const char *unknown;		/* the parameter that nobody can guess; NULL */
	bool kept;			/* … is to a struct that cannot cross: an object, or nothing */
	bool texts;			/* it points to pointers to texts */
};

/* -- one parameter ---------------------------------------------------------------------------------- */

static const struct twz_type *
behind(const struct twz_type *pointer)
{
	if (pointer->kind == TWZ_STRING)
		return pointer->target ? twz_type_strip(pointer->target) : &twz_type_char;
	return pointer->target ? twz_type_strip(pointer->target) : &twz_type_void;
}

static bool
is_pointer(const struct twz_type *t)
{
	return t->kind == TWZ_POINTER || t->kind == TWZ_STRING;
}

/* Only the library knows what it is: nobody else can have one, or look into it. */
static bool
is_hidden(const struct twz_type *t)
{
	return t->kind == TWZ_OPAQUE && !t->size && *t->name;
}

static bool
is_integer(const struct twz_type *t)
{
	return t->kind == TWZ_INT && t->size > 1;
}

/* Behind a pointer to anything a size_t counts it, also where headers leave the names out. */
static bool
is_size_behind(const struct draft *d, uint32_t i)
{
	const struct twz_type *t = i + 1 < d->type.nmembers ? d->params[i + 1].type : NULL;

	return t && t->kind == TWZ_TYPEDEF && t->name && !strcmp(t->name, "size_t") &&
	       behind(twz_type_strip(d->params[i].type))->kind == TWZ_VOID;
}

/* Whether parameter @at can count what lies behind @i; *@ret_behind: it points to the count, as for bytes. */
static bool
can_count(const struct draft *d, uint32_t at, uint32_t i, bool *ret_behind)
{
	const struct twz_type *t = twz_type_strip(d->params[at].type);
	bool bytes = behind(twz_type_strip(d->params[i].type))->size <= 1;

	*ret_behind = bytes && t->kind == TWZ_POINTER && !t->is_const && is_integer(behind(t)) && behind(t)->size > 2;
	return !d->taken[at] && (*ret_behind || is_integer(t));
}

/* Whether its name says that it counts what another pointer points to: srcSize beside dst. */
static bool
counts_another(const struct draft *d, uint32_t at, uint32_t i)
{
	for (uint32_t k = 0; k < d->type.nmembers; k++)
		if (k != i && k != at && is_pointer(twz_type_strip(d->params[k].type)) &&
		    convention_counts_that(d->params[at].name, d->params[k].name))
			return true;
	return false;
}

/* The parameter that counts what lies behind @i: by its name, or beside it. */
static int
length_of(const struct draft *d, uint32_t i, bool *ret_behind)
{
	static const int beside[] = { 1, -1 };

	for (uint32_t at = 0; at < d->type.nmembers; at++)
		if (at != i && convention_counts_that(d->params[at].name, d->params[i].name) &&
		    can_count(d, at, i, ret_behind))
			return (int)at;
	for (size_t k = 0; k < TWZ_COUNT(beside); k++) {
		uint32_t at = i + (uint32_t)beside[k];

		if (at >= d->type.nmembers || counts_another(d, at, i) ||
		    (!convention_counts(d->params[at].name, d->params[i].name) && !(at > i && is_size_behind(d, i))))
			continue;
		if (can_count(d, at, i, ret_behind))
			return (int)at;
	}
	*ret_behind = false;
	return -1;
}

static void
say(struct draft *d, const char *line)
{
	twz_text_printf(&d->said, "\t%s\n", line);
}

static void
guess(struct draft *d, const char *line)
{
	say(d, line);
	d->guessed = true;
}

/* A pointer to some elements: as many as a parameter beside it says, or one. */
static void
elements(struct draft *d, uint32_t i, bool written)
{
	struct twz_member *p = &d->params[i];
	bool behind_it = false;
	int length = length_of(d, i, &behind_it);
	const char *dir = written ? "out" : "in";

	if (length >= 0 && behind_it && !written)
		length = -1;
	p->has_extent = true;
	p->dir = written ? TWZ_OUT : TWZ_IN;
	p->extent = length;
	p->count = length < 0;
	if (length < 0) {
		guess(d, twz_format(&d->arena, "%s %s[1]", dir, p->name));
		return;
	}
	d->taken[length] = true;
	if (behind_it) {
		d->params[length].has_extent = true;
		d->params[length].dir = TWZ_INOUT;
		d->params[length].extent = -1;
		d->params[length].count = 1;
	}
	guess(d, twz_format(&d->arena, "%s %s[%s%s]", dir, p->name, behind_it ? "*" : "",
			    d->params[length].name));
}

static void
object(struct draft *d, uint32_t i, bool sure)
{
	struct twz_member *p = &d->params[i];
	bool ends = !i && convention_ends(d->symbol);

	p->has_extent = true;
	p->extent = TWZ_OBJECT;
	p->dir = ends ? TWZ_INOUT : TWZ_IN;
	say(d, twz_format(&d->arena, "%s %s", ends ? "closes" : "object", p->name));
	d->guessed |= !sure || ends;
}

/* An object in memory that its caller brings in C. Who begins with one gets it in the compartment. */
static void
kept(struct draft *d, uint32_t i, const struct twz_type *t)
{
	struct twz_type *pointer;

	if (!made_has(&d->made->filled, t->target) && !made_has(&d->made->handed_out, t->target)) {
		d->unknown = d->params[i].name;
		d->kept = true;
	} else if (i || !made_begins(d->made, d->symbol, &d->type)) {
		object(d, i, false);
	} else {
		pointer = twz_new(&d->arena, struct twz_type);
		*pointer = (struct twz_type){ .kind = TWZ_POINTER, .name = "", .size = sizeof(void *),
					      .align = sizeof(void *), .target = d->params[i].type };
		d->params[i].type = pointer;
		d->params[i].has_extent = true;
		d->params[i].extent = TWZ_OBJECT;
		d->params[i].dir = TWZ_OUT;
		d->params[i].count = 1;
		guess(d, twz_format(&d->arena, "makes %s", d->params[i].name));
	}
}

static void
opens(struct draft *d, uint32_t i)
{
	d->params[i].has_extent = true;
	d->params[i].extent = TWZ_OBJECT;
	d->params[i].dir = TWZ_OUT;
	guess(d, twz_format(&d->arena, "opens %s", d->params[i].name));
}

/* A function of the caller's, with the 'void *' behind it as its data. It is guessed, not tried. */
static void
callback(struct draft *d, uint32_t i)
{
	const struct twz_type *next = i + 1 < d->type.nmembers ? twz_type_strip(d->params[i + 1].type) : NULL;
	bool data = next && next->kind == TWZ_POINTER && !next->is_const && behind(next)->kind == TWZ_VOID;

	if (data)
		d->taken[i + 1] = true;
	for (uint32_t k = i; k <= i + data; k++) {
		d->params[k].has_extent = true;		/* for the plan: always NULL */
		d->params[k].extent = -1;
		d->params[k].count = 0;
	}
	guess(d, twz_format(&d->arena, "callback %s%s%s", d->params[i].name, data ? " " : "",
			    data ? d->params[i + 1].name : ""));
}

static void
to_nothing_known(struct draft *d, uint32_t i, const struct twz_type *pointer)
{
	bool behind_it = false;

	if (length_of(d, i, &behind_it) >= 0 && !(behind_it && pointer->is_const))
		elements(d, i, !pointer->is_const);
	else
		d->unknown = d->params[i].name;
}

static void
pointer(struct draft *d, uint32_t i, const struct twz_type *t)
{
	const struct twz_type *target = behind(t);
	bool behind_it = false;

	switch (target->kind) {
	case TWZ_FUNC:
		callback(d, i);
		break;
	case TWZ_VOID:
		to_nothing_known(d, i, t);
		break;
	case TWZ_OPAQUE:
		if (is_hidden(target))
			object(d, i, true);
		else
			d->unknown = d->params[i].name;
		break;
	case TWZ_POINTER:
		if (!t->is_const && (is_hidden(behind(target)) || behind(target)->kind == TWZ_STRUCT))
			opens(d, i);
		else
			d->unknown = d->params[i].name;
		break;
	case TWZ_UNION:
		if (made_is_kept(t))
			kept(d, i, t);
		else
			d->unknown = d->params[i].name;
		break;
	case TWZ_STRUCT:
		if (made_is_kept(t))
			kept(d, i, t);
		else if (made_has(&d->made->handed_out, t->target))
			object(d, i, false);
		else if (!t->is_const || length_of(d, i, &behind_it) >= 0)
			elements(d, i, !t->is_const);
		break;		/* one struct that is only read: its type says so */
	case TWZ_BOOL:
	case TWZ_CHAR:
	case TWZ_INT:
	case TWZ_FLOAT:
	case TWZ_ENUM:
		/* One byte is hardly ever just one: it may be the 16 of a uuid_t, of which C tells nobody. */
		if (target->size == 1)
			to_nothing_known(d, i, t);
		else
			elements(d, i, !t->is_const);
		break;
	case TWZ_STRING:
		d->texts = true;
		d->unknown = d->params[i].name;
		break;
	case TWZ_ARRAY:
	case TWZ_TYPEDEF:
	case TWZ_RESULT:
	case TWZ_OPTION:
	case TWZ_LIST:
	case TWZ_RECORD:
		d->unknown = d->params[i].name;
		break;
	}
}

/* const char * is a text, unless a length stands beside it. */
static void
text(struct draft *d, uint32_t i, const struct twz_type *t)
{
	bool behind_it = false;
	int length = length_of(d, i, &behind_it);

	if (length >= 0 && !(behind_it && t->is_const))
		elements(d, i, !t->is_const);
	else if (!t->is_const)
		d->unknown = d->params[i].name;
}

static void
result(struct draft *d)
{
	const struct twz_type *ret = d->type.target ? twz_type_strip(d->type.target) : &twz_type_void;
	const struct twz_type *target = is_pointer(ret) ? behind(ret) : NULL;

	if (ret->kind != TWZ_POINTER)
		return;
	if (target->size == 1 && target->kind == TWZ_INT) {
		d->type.target = &twz_type_string;
		guess(d, "returns string");
	} else if (is_hidden(target) || target->kind == TWZ_STRUCT || target->kind == TWZ_UNION || target->kind == TWZ_VOID) {
		d->type.count = TWZ_RETURNS_OBJECT;
		say(d, "returns object");
		d->guessed |= !is_hidden(target);
	}
}

/* -- one function ----------------------------------------------------------------------------------- */

/* The function as C declares it. Names from a file may hold anything, and a comment is one line. */
static void
put_prototype(FILE *out, const struct twz_gate *gate)
{
	TWZ_TEXT c = { 0 };

	twz_c_text(&c, gate->type, 0, gate->symbol, NULL);
	for (size_t i = 0; i < c.n; i++)
		if (iscntrl((unsigned char)c.bytes[i]))
			c.bytes[i] = ' ';
	fprintf(out, "\n# %.*s\n", (int)c.n, c.bytes);
}

/* Headers may leave names out; a line needs one to speak of a parameter. */
static void
name_params(struct draft *d)
{
	bool all = true;

	for (uint32_t i = 0; i < d->type.nmembers; i++)
		all = all && record_identifier(d->params[i].name);
	if (all)
		return;
	twz_text_puts(&d->said, "\tparams");
	for (uint32_t i = 0; i < d->type.nmembers; i++) {
		if (!record_identifier(d->params[i].name))
			d->params[i].name = twz_format(&d->arena, "arg%u", i + 1);
		twz_text_printf(&d->said, " %s", d->params[i].name);
	}
	twz_text_byte(&d->said, '\n');
}

static void
read_function(struct draft *d, const struct twz_gate *gate)
{
	const struct twz_type *func = gate->type;

	d->symbol = gate->symbol;
	d->type = *func;
	d->params = twz_new_array(&d->arena, func->nmembers + 1, struct twz_member);
	d->taken = twz_new_array(&d->arena, func->nmembers + 1, bool);
	if (func->nmembers)
		memcpy(d->params, func->members, func->nmembers * sizeof(*d->params));
	d->type.members = d->params;
	name_params(d);
	/* Callbacks first: the data behind one is no buffer. */
	for (uint32_t i = 0; i < func->nmembers; i++) {
		const struct twz_type *t = twz_type_strip(d->params[i].type);

		if (!d->taken[i] && t->kind == TWZ_POINTER && behind(t)->kind == TWZ_FUNC)
			pointer(d, i, t);
	}
	for (uint32_t i = 0; i < func->nmembers; i++) {
		const struct twz_type *t = twz_type_strip(d->params[i].type);

		if (d->taken[i] || d->params[i].has_extent)
			continue;
		if (t->kind == TWZ_POINTER)
			pointer(d, i, t);
		else if (t->kind == TWZ_STRING)
			text(d, i, t);
	}
	result(d);
}

/* Why the function can be no gate, whatever is said of it; NULL. */
static const char *
impossible(struct draft *d, const struct twz_gate *gate)
{
	struct twz_gate as_read = *gate;
	struct twz_error err = { 0 };
	const struct twz_plan *plan;

	as_read.type = &d->type;
	as_read.verdict = TWZ_VERDICT_CALLABLE;
	return twz_plan_make(&as_read, &d->arena, &plan, &err) ? NULL : record_clean(&d->arena, err.text);
}

/* How it ended, for the sum below all gates. */
enum outcome { READY, GUESSED, IMPOSSIBLE, ALREADY, OUTCOMES };

static enum outcome
put_gate(FILE *out, struct draft *d, const struct twz_gate *gate)
{
	const char *why;

	read_function(d, gate);
	put_prototype(out, gate);
	if (d->kept) {
		fprintf(out, "# gate %s\n#\t?? %s: makes %s, object %s, closes %s\n", gate->symbol, d->unknown, d->unknown,
			d->unknown, d->unknown);
		return GUESSED;
	}
	if (d->unknown && d->texts) {
		fprintf(out, "# gate %s\n#\t?? %s: null %s, if NULL will do; texts behind a pointer cannot cross\n", gate->symbol,
			d->unknown, d->unknown);
		return GUESSED;
	}
	if (d->unknown) {
		fprintf(out, "# gate %s\n#\t?? %s: in %s[N], out %s[N], string %s, object %s, null %s …\n", gate->symbol,
			d->unknown, d->unknown, d->unknown, d->unknown, d->unknown, d->unknown);
		return GUESSED;
	}
	why = impossible(d, gate);
	if (why) {
		fprintf(out, "# no gate: %s\n", why);
		return IMPOSSIBLE;
	}
	fprintf(out, "%sgate %s\n", d->guessed ? "# " : "", gate->symbol);
	for (size_t i = 0, end; i < d->said.n; i = end + 1) {
		for (end = i; end < d->said.n && d->said.bytes[end] != '\n'; end++)
			;
		fprintf(out, "%s%.*s\n", d->guessed ? "#" : "", (int)(end - i), d->said.bytes + i);
	}
	return d->guessed ? GUESSED : READY;
}

/* -- the file --------------------------------------------------------------------------------------- */

/* Where compilers and the loader look by themselves, the name is enough. */
static const char *
below(const char *path, const char *const *folders, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!strncmp(path, folders[i], strlen(folders[i])))
			return path + strlen(folders[i]);
	return NULL;
}

/* A name from the file goes into lines that are no comments: nothing but what names are made of. */
static bool
is_plain(const char *name)
{
	return *name && !name[strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._+-")];
}

static void
put_library(FILE *out, const struct twz_service *service)
{
	static const char *const installed[] = { "/usr/lib/", "/lib/", "/usr/lib64/", "/lib64/", "/usr/local/lib/" };
	const char *base = strrchr(service->path, '/');

	if (!below(service->path, installed, TWZ_COUNT(installed)) || !base)
		fprintf(out, "library %s\n", service->path);
	else
		fprintf(out, "library %s\n", is_plain(service->soname) ? service->soname : base + 1);
}

static void
put_header(FILE *out, const char *header)
{
	static const char *const installed[] = { "/usr/include/x86_64-linux-gnu/", "/usr/include/aarch64-linux-gnu/",
						 "/usr/include/", "/usr/local/include/" };
	char path[PATH_MAX];
	const char *rest;

	if (!realpath(header, path)) {
		fprintf(out, "header  <%s>\n", header);		/* the compiler found it */
		return;
	}
	rest = below(path, installed, TWZ_COUNT(installed));
	fprintf(out, "header  %s%s%s\n", rest ? "<" : "", rest ? rest : path, rest ? ">" : "");
}

/* What the headers were compiled with, for wherever the gates file is used from. */
static void
put_compile(FILE *out, const char *const *args)
{
	const char *before = "compile", *quote;
	char path[PATH_MAX];

	for (; args && *args; args++) {
		const char *option = *args, *value = option + 2;
		bool apart = args[1] && (!strcmp(option, "-I") || !strcmp(option, "-D") || !strcmp(option, "-U"));

		if (apart)
			value = *++args;
		else if (!gates_compiles_with(option))
			continue;
		if (option[1] == 'I' && realpath(value, path))
			value = path;
		quote = strpbrk(value, " \t\"\\#") ? "\"" : "";
		fprintf(out, "%s %s%.2s", before, quote, option);
		for (; *value; value++)
			fprintf(out, strchr("\"\\", *value) ? "\\%c" : "%c", *value);
		fputs(quote, out);
		before = "";
	}
	if (!*before)
		putc('\n', out);
}

static bool
is_drafted(const struct twz_gate *gate)
{
	return gate->type && !gate->has_record && !(gate->shown && *gate->shown) && record_identifier(gate->symbol);
}

/* Functions that give texts of errors are named once: which others fail, and how, the manual knows. */
static void
put_speakers(FILE *out, const struct twz_service *service)
{
	const char *before = "\n# Functions below may fail with errors of which the library has the texts:\n";

	for (uint32_t i = 0; i < service->ngates; i++) {
		const struct twz_gate *gate = &service->gates[i];
		const struct twz_type *func = gate->type, *number;

		if (!func || func->nmembers != 1 || !record_identifier(gate->symbol) || !convention_speaks(gate->symbol) ||
		    twz_type_strip(func->target ? func->target : &twz_type_void)->kind != TWZ_STRING)
			continue;
		number = func->members[0].type;
		if (twz_type_strip(number)->kind != TWZ_ENUM && !twz_failing_able(TWZ_RETURNS_ZERO, number))
			continue;
		fputs(before, out);
		before = "";
		if (twz_type_strip(number)->kind == TWZ_ENUM && record_identifier(number->name))
			fprintf(out, "#\tfails %s text %s\n", number->name, gate->symbol);
		else
			fprintf(out, "#\tfails negative text %s, or: fails nonzero text %s\n", gate->symbol, gate->symbol);
	}
}

void
show_gates(FILE *out, const struct twz_service *service, const char *const *headers, const char *const *compile)
{
	TWZ_ARENA arena = { 0 };
	struct made made = made_collect(service, &arena);
	uint32_t n[OUTCOMES] = { 0 };

	fprintf(out, "# A draft of a gates file: see twz-gates(5). Saved as ~/.local/share/twz/gates/%s.gates\n"
		"# it makes the functions below gates: %s::FUNCTION.\n"
		"# What is a comment was guessed: read the library's manual, correct it, take the # away.\n",
		service->name, service->name);
	put_library(out, service);
	for (; headers && *headers; headers++)
		put_header(out, *headers);
	put_compile(out, compile);
	put_speakers(out, service);
	for (uint32_t i = 0; i < service->ngates; i++) {
		struct draft d = { .made = &made };

		if (is_drafted(&service->gates[i]))
			n[put_gate(out, &d, &service->gates[i])]++;
		n[ALREADY] += service->gates[i].has_record;
		twz_text_free(&d.said);
		twz_arena_free(&d.arena);
	}
	fprintf(out, "\n# %u of these functions are gates, %u wait for a person, %u can be none.\n", n[READY], n[GUESSED],
		n[IMPOSSIBLE]);
	if (n[ALREADY])
		fprintf(out, "# %u more are gates already, by a gates file that is in use or by their own records.\n", n[ALREADY]);
}
