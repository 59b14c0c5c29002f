/*
 * The functions of a service as C that compiles: prototypes after the types that they need, and, as a
 * header, with a guard before and an assertion of every size, place and number behind. A function that
 * C cannot say stands there as a comment, with the reason.
 */
#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#include "introspect/show/ctext.h"
#include "introspect/records.h"
#include "introspect/show/show.h"

/* One function: declared, or not because. */
struct row {
	const struct twz_gate *gate;
	const char *name;		/* in C */
	const char *label;		/* the symbol, where it is no name in C and C++ */
	const char *why;
};

struct document {
	const struct twz_service *service;
	struct twz_arena *arena;
	struct twz_text text;
	struct ctext types;
	struct row *rows;
};

static const char *
comment(struct document *d, const char *text)
{
	return ctext_comment(d->arena, text);
}

/* What an assembler takes between quotes as it is. */
static bool
is_label(const char *symbol)
{
	for (const char *s = symbol; *s; s++)
		if (*s <= ' ' || *s > '~' || *s == '"' || *s == '\\')
			return false;
	return *symbol;
}

/*
 * Whether the debug information of @language says what C would say about the same function. In others a
 * parameter may be passed by its address, or with a length that nobody wrote.
 */
static bool
speaks_c(const char *language)
{
	static const char *const those[] = { "", "C", "C++", "Objective-C", "Objective-C++", "OpenCL",
					     "Rust", "Zig", "assembly" };

	for (size_t i = 0; i < TWZ_COUNT(those); i++)
		if (!language || !strcmp(language, those[i]))
			return true;
	return false;
}

static void
make_row(struct document *d, struct row *row, struct map *symbols)
{
	const struct twz_gate *gate = row->gate;
	void **seen = map_text(symbols, gate->symbol);
	bool cxx;

	/* The symbol means its default version, and only that. */
	if (*seen || strchr(gate->name, '@')) {
		row->why = "an old version of the symbol, which no new program gets";
		return;
	}
	*seen = row;
	if (!gate->type) {
		row->why = *gate->why ? gate->why : "its type is not known";
		return;
	}
	if (!speaks_c(gate->language)) {
		row->why = *gate->why ? gate->why : twz_format(d->arena, "it is written in %s", gate->language);
		return;
	}
	if (!is_label(gate->symbol)) {
		row->why = "its name is none in C";
		return;
	}
	row->name = ctext_word(&d->types, gate->symbol, &cxx);
	if (cxx)
		row->name = twz_format(d->arena, "%s_", row->name);
	if (strcmp(row->name, gate->symbol))
		row->label = gate->symbol;
	ctext_reserve(&d->types, row->name);
}

static void
make_rows(struct document *d)
{
	struct map symbols = { .arena = d->arena };
	const struct twz_service *service = d->service;

	d->rows = twz_new_array(d->arena, service->ngates, struct row);
	ctext_learn(&d->types, service);
	for (uint32_t i = 0; i < service->ngates; i++) {
		d->rows[i].gate = &service->gates[i];
		make_row(d, &d->rows[i], &symbols);
	}
	for (uint32_t i = 0; i < service->ngates; i++)
		if (!d->rows[i].why)
			d->rows[i].why = ctext_accept(&d->types, d->rows[i].gate->type);
	for (uint32_t i = 0; i < service->ngates; i++)
		if (!d->rows[i].why)
			ctext_need(&d->types, d->rows[i].gate->type);
	ctext_finish(&d->types);
}

/* -- functions -------------------------------------------------------------------------------------- */

static void
write_refused(struct document *d, const struct row *row)
{
	const struct twz_gate *gate = row->gate;
	struct twz_text *out = &d->text;

	twz_text_printf(out, "/* %s: %s", comment(d, gate->name), comment(d, row->why));
	if (gate->type) {
		TWZ_TEXT text = { 0 };

		twz_c_text(&text, gate->type, 0, gate->shown && *gate->shown ? gate->shown : gate->symbol,
			   NULL);
		twz_text_printf(out, "\n * %s;", comment(d, twz_text_copy(d->arena, &text)));
	}
	twz_text_puts(out, " */\n");
}

static void
write_remark(struct document *d, const struct twz_gate *gate)
{
	struct twz_text *out = &d->text;

	if (*gate->doc)
		twz_text_printf(out, "/* %s. */\n", comment(d, gate->doc));
	if (gate->shown && *gate->shown)
		twz_text_printf(out, "/* %s */\n", comment(d, gate->shown));
	if (gate->verdict == TWZ_VERDICT_CARE && *gate->why)
		twz_text_printf(out, "/* Needs care: %s. */\n", comment(d, gate->why));
}

static void
write_function(struct document *d, const struct row *row)
{
	struct twz_text *out = &d->text;
	size_t start = out->n;

	if (row->why) {
		write_refused(d, row);
		return;
	}
	write_remark(d, row->gate);
	if (row->gate->noreturn)
		twz_text_puts(out, "__attribute__((noreturn)) ");
	if (!ctext_declare(&d->types, row->gate->type, row->name)) {
		out->n = start;
		write_refused(d, &(struct row){ .gate = row->gate, .why = "its type is too long to write" });
		return;
	}
	if (row->label)
		twz_text_printf(out, " __asm__(\"%s\")", row->label);
	twz_text_puts(out, ";\n");
}

/* -- documents -------------------------------------------------------------------------------------- */

static const char *
guard_of(struct document *d)
{
	char *guard = twz_format(d->arena, "TWZ_%s_H", d->service->name);

	for (char *c = guard; *c; c++)
		*c = isalnum((unsigned char)*c) ? (char)toupper((unsigned char)*c) : '_';
	return guard;
}

static void
write_title(struct document *d, bool header)
{
	const struct twz_service *service = d->service;
	struct twz_text *out = &d->text;

	twz_text_printf(out, "/* %s", comment(d, service->path));
	if (header && service->build_id_size) {
		twz_text_puts(out, ", build-id ");
		for (uint32_t i = 0; i < service->build_id_size; i++)
			twz_text_printf(out, "%02x", service->build_id[i]);
	}
	twz_text_puts(out, service->partial ? "; some of it could not be read */\n" : " */\n");
	if (header)
		twz_text_printf(out, "#ifndef %s\n#define %s\n\n", guard_of(d), guard_of(d));
	twz_text_puts(out, "#include <stdbool.h>\n#include <stddef.h>\n#include <stdint.h>\n\n");
	twz_text_puts(out, ctext_head);
}

static void
write_document(struct document *d, bool header)
{
	ctext_begin(&d->types, &d->text, d->arena);
	write_title(d, header);
	make_rows(d);
	twz_text_byte(&d->text, '\n');
	for (uint32_t i = 0; i < d->service->ngates; i++)
		write_function(d, &d->rows[i]);
	if (header) {
		twz_text_puts(&d->text, "\n/* Sizes, places and numbers as in the library. */\n");
		ctext_asserts(&d->types);
	}
	twz_text_puts(&d->text, ctext_tail);
	if (header)
		twz_text_puts(&d->text, "\n#endif\n");
}

void
show_c(FILE *out, const struct twz_service *service, bool header)
{
	TWZ_ARENA arena = { 0 };
	struct document d = { .service = service, .arena = &arena };

	write_document(&d, header);
	twz_text_write(&d.text, out);
	twz_text_free(&d.text);
}
