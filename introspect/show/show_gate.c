/* One function, for somebody who wants to call it: all that is known, in the order of the questions. */
#include <inttypes.h>
#include <string.h>

#include "introspect/records.h"
#include "introspect/show/show.h"
#include "twz/objid.h"
#include "twz/typetext.h"

enum { MOST_TYPES = 12, MOST_FIELDS = 8, DEPTH_MAX = 3, COLUMN = 12 };

struct view {
	struct twz_text out;
	const struct show_paint *p;
	const struct twz_service *service;
	const struct twz_gate *gate;
};

/* "  found by    its address". */
static void
put_row(struct view *v, const char *what, const char *text)
{
	if (!text || !*text)
		return;
	twz_text_printf(&v->out, "  %s%-*s%s", v->p->dim, COLUMN, what, v->p->end);
	twz_text_puts(&v->out, text);
	twz_text_byte(&v->out, '\n');
}

static void
put_heading(struct view *v, const char *text)
{
	twz_text_printf(&v->out, "\n%s%s%s\n", v->p->strong, text, v->p->end);
}

/* -- where it comes from ---------------------------------------------------------------------------- */

const char *
show_how(const char *how)
{
	static const struct {
		const char *how, *text;
	} rows[] = {
		{ "low_pc", "the function at its address" },
		{ "ranges", "a function with a part at its address" },
		{ "name", "a function of its name" },
		{ "decl", "a declaration of its name" },
		{ "alias", "another name of the function at its address" },
		{ "ifunc", "what the function returns that chooses it when it is loaded" },
		{ "header", "the library's headers" },
		{ "none", "nothing: its type is not known" },
	};

	for (size_t i = 0; i < TWZ_COUNT(rows); i++)
		if (!strcmp(rows[i].how, how))
			return rows[i].text;
	return how;
}

static void
put_prototype(struct view *v)
{
	const struct twz_gate *gate = v->gate;
	TWZ_ARENA arena = { 0 };

	twz_text_puts(&v->out, v->p->strong);
	twz_text_puts(&v->out, gate->noreturn ? "_Noreturn " : "");
	if (gate->type)
		twz_c_text(&v->out, gate->type, 0, gate->shown && *gate->shown ? gate->shown :
			   record_clean(&arena, gate->symbol), NULL);
	else
		twz_text_puts(&v->out, gate->name);
	twz_text_printf(&v->out, "%s%s\n", gate->type ? ";" : "", v->p->end);
}

static void
put_verdict(struct view *v)
{
	const struct twz_gate *gate = v->gate;
	TWZ_TEXT text = { 0 };

	twz_text_puts(&text, gate->verdict == TWZ_VERDICT_CALLABLE ? "yes" :
		      gate->verdict == TWZ_VERDICT_CARE ? "with care: " : "no: ");
	twz_text_puts(&text, gate->why);
	twz_text_byte(&text, '\0');
	put_row(v, "callable", text.bytes);
}

static void
put_origin(struct view *v)
{
	const struct twz_gate *gate = v->gate;
	TWZ_ARENA arena = { 0 };
	const char *clean = record_clean(&arena, gate->symbol);
	const char *symbol = gate->version && *gate->version && !strchr(gate->name, '@') ?
			     twz_format(&arena, "%s@@%s", clean, gate->version) : gate->name;

	put_verdict(v);
	put_row(v, "does", gate->doc);
	if (gate->file && *gate->file)
		put_row(v, "declared", gate->line ? twz_format(&arena, "%s:%" PRIu32, gate->file, gate->line) :
			gate->file);
	put_row(v, "language", gate->language);
	put_row(v, "type from", show_how(gate->how));
	put_row(v, "symbol", twz_format(&arena, "%s at 0x%" PRIx64 " of %s",
					gate->shown && *gate->shown ? clean : symbol, gate->address,
					record_clean(&arena, v->service->path)));
	put_row(v, "alias of", gate->alias_of);
	for (uint32_t i = 0; i < gate->naliases; i++)
		put_row(v, "also", gate->aliases[i]);
	put_row(v, "requires", gate->requires);
	put_row(v, "answers", gate->visibility == TWZ_VISIBILITY_PRIVATE ? "its own compartment only (private)"
		: gate->visibility == TWZ_VISIBILITY_PUBLIC ? "all but its own compartment (public)" : "");
}

/* -- parameters ------------------------------------------------------------------------------------- */

static void
put_value(struct view *v, const char *name, size_t width, const struct twz_member *m,
	  const struct twz_type *type, unsigned quals)
{
	const struct twz_type *stripped = twz_type_strip(type);

	twz_text_printf(&v->out, "  %-*s  ", (int)width, name);
	twz_c_text(&v->out, type, quals, "", NULL);
	if (type->kind == TWZ_TYPEDEF && stripped->kind != TWZ_OPAQUE && !(*stripped->name == '\0' &&
	    (stripped->kind == TWZ_STRUCT || stripped->kind == TWZ_UNION || stripped->kind == TWZ_ENUM))) {
		twz_text_puts(&v->out, v->p->dim);
		twz_text_puts(&v->out, " = ");
		twz_c_text(&v->out, stripped, 0, "", NULL);
		twz_text_puts(&v->out, v->p->end);
	}
	if (type->size)
		twz_text_printf(&v->out, "  %s%" PRIu32 " byte%s%s", v->p->dim, type->size,
				type->size == 1 ? "" : "s", v->p->end);
	if (m && m->text)
		twz_text_printf(&v->out, "  %s %s", twz_is_objid(m->type) ? "implements" : "kept by", m->text);
	if (m)
		twz_text_printf(&v->out, "%s%s%s%s", m->dir == TWZ_OUT ? "  out" : m->dir == TWZ_INOUT ? "  inout" : "",
				m->secret ? "  secret" : "", m->optional ? "  may be none" : "",
				m->artificial ? "  not written in the source" : "");
	twz_text_byte(&v->out, '\n');
}

static void
put_values(struct view *v)
{
	const struct twz_type *t = v->gate->type;
	size_t width = sizeof("returns") - 1;

	for (uint32_t i = 0; i < t->nmembers; i++) {
		size_t n = strlen(t->members[i].name);

		width = n > width && n < 32 ? n : width;
	}
	put_heading(v, "Parameters");
	for (uint32_t i = 0; i < t->nmembers && i < 1000; i++)
		put_value(v, *t->members[i].name ? t->members[i].name : "_", width, &t->members[i],
			  t->members[i].type, t->members[i].quals);
	if (t->is_variadic)
		twz_text_puts(&v->out, "  ...\n");
	put_value(v, "returns", width, NULL, t->target ? t->target : &twz_type_void, t->quals);
}

/* -- an example ------------------------------------------------------------------------------------- */

static void example(struct twz_text *out, const struct twz_type *type, unsigned depth);

static void
example_fields(struct twz_text *out, const struct twz_type *t, unsigned depth)
{
	twz_text_byte(out, '{');
	for (uint32_t i = 0; i < t->nmembers && i < MOST_FIELDS; i++) {
		twz_text_puts(out, i ? ", " : "");
		twz_text_puts(out, t->members[i].name);
		twz_text_puts(out, ": ");
		example(out, t->members[i].type, depth + 1);
	}
	twz_text_puts(out, t->nmembers > MOST_FIELDS ? ", …}" : "}");
}

/* A value of @type as twz reads it. */
static void
example(struct twz_text *out, const struct twz_type *type, unsigned depth)
{
	const struct twz_type *t = type ? twz_type_strip(type) : &twz_type_void;
	bool text = t->kind == TWZ_ARRAY && t->target && twz_type_strip(t->target)->kind == TWZ_CHAR;

	switch (depth > DEPTH_MAX ? TWZ_OPAQUE : t->kind) {
	case TWZ_BOOL:
		twz_text_puts(out, "true");
		return;
	case TWZ_CHAR:
	case TWZ_STRING:
		twz_text_puts(out, t->kind == TWZ_CHAR ? "\"a\"" : "\"text\"");
		return;
	case TWZ_INT:
		twz_text_puts(out, "1");
		return;
	case TWZ_FLOAT:
		twz_text_puts(out, "1.5");
		return;
	case TWZ_ENUM:
		twz_text_puts(out, t->is_flags ? "[" : "");
		twz_text_puts(out, t->nmembers ? t->members[0].name : "0");
		twz_text_puts(out, t->is_flags ? "]" : "");
		return;
	case TWZ_POINTER:
		example(out, t->target, depth + 1);
		return;
	case TWZ_ARRAY:
	case TWZ_LIST:
		twz_text_puts(out, text ? "\"text\"" : "[");
		if (text)
			return;
		example(out, t->target, depth + 1);
		twz_text_puts(out, t->count > 1 ? ", …]" : "]");
		return;
	case TWZ_STRUCT:
		example_fields(out, t, depth);
		return;
	case TWZ_VOID:
	case TWZ_UNION:
	case TWZ_RESULT:
	case TWZ_OPTION:
	case TWZ_TYPEDEF:
	case TWZ_FUNC:
	case TWZ_RECORD:
	case TWZ_OPAQUE:
		break;
	}
	twz_text_puts(out, "…");
}

static void
put_example(struct view *v)
{
	const struct twz_type *t = v->gate->type;

	put_heading(v, "Call");
	twz_text_printf(&v->out, "  twz -c '%s::%s", v->service->name, v->gate->name);
	for (uint32_t i = 0; i < t->nmembers; i++) {
		const struct twz_type *type = twz_type_strip(t->members[i].type);

		if (!twz_param_given(t, i))
			continue;
		twz_text_byte(&v->out, ' ');
		if (t->members[i].has_extent && type->kind == TWZ_POINTER) {
			twz_text_byte(&v->out, '[');
			example(&v->out, type->target, 1);
			twz_text_byte(&v->out, ']');
		} else {
			example(&v->out, t->members[i].type, 0);
		}
	}
	twz_text_puts(&v->out, "'\n");
}

void
show_gate(FILE *out, const struct twz_service *service, const struct twz_gate *gate, bool colour)
{
	struct view v = { .p = show_paint(colour), .service = service, .gate = gate };

	put_prototype(&v);
	put_origin(&v);
	if (gate->type) {
		size_t start, left;

		put_values(&v);
		put_heading(&v, "Types");
		start = v.out.n;
		left = show_types_of(&v.out, gate->type, MOST_TYPES, v.p);
		if (left)
			twz_text_printf(&v.out, "%s… and %zu more: --types shows them%s\n", v.p->dim, left,
					v.p->end);
		if (v.out.n == start)
			twz_text_puts(&v.out, "  only basic ones\n");
	}
	if (gate->has_record && gate->type && gate->verdict != TWZ_VERDICT_REFUSED &&
	    gate->role == TWZ_ROLE_GATE)
		put_example(&v);
	twz_text_write(&v.out, out);
	twz_text_free(&v.out);
}
