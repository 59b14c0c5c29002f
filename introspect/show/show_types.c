/*
 * Types with their layouts: offset and size of every field, and the holes between them. A type that
 * several units describe alike is shown once, one that they describe differently as often.
 */
#include <fnmatch.h>
#include <inttypes.h>
#include <string.h>

#include "introspect/show/ctext.h"
#include "introspect/show/show.h"

enum { FLUSH = 64 << 10, COLUMN = 44, MAX_INDENT = 30, MAX_BODIES = 5000 };

struct listing {
	struct twz_text *out;
	const struct show_paint *p;
	struct twz_arena arena;
	struct ctext names;		/* which types are one */
	struct map seen;		/* struct ctext_name, and types without a name */
	const struct twz_type **queue;
	size_t n;
	unsigned bodies;		/* that may still be written inside others */
};

/* -- which ------------------------------------------------------------------------------------------ */

static void
reach(struct listing *l, const struct twz_type *type)
{
	const void *key;
	void **seen;

	if (!type)
		return;
	key = *type->name ? ctext_name(&l->names, type) : NULL;
	seen = map_pointer(&l->seen, key ? key : type);
	if (*seen)
		return;
	*seen = l;
	twz_push(&l->arena, l->queue, l->n, type);
}

/* A type's parts join the queue behind it. */
static void
reach_parts(struct listing *l, const struct twz_type *t)
{
	if (twz_c_is_va_list(t))
		return;
	reach(l, t->target);
	for (uint32_t i = 0; t->kind != TWZ_ENUM && i < t->nmembers; i++)
		reach(l, t->members[i].type);
}

static void
begin(struct listing *l, struct twz_text *out, const struct show_paint *p)
{
	*l = (struct listing){ .out = out, .p = p };
	l->seen.arena = &l->arena;
	ctext_begin(&l->names, out, &l->arena);
}

/* Whether there is something to show: a name alone, as of a basic type, is nothing. */
static bool
is_shown(const struct twz_type *t)
{
	return *t->name && (ctext_is_tagged(t) || t->kind == TWZ_TYPEDEF);
}

static bool
is_asked_for(const struct twz_type *t, const char *const *patterns)
{
	char tagged[600];

	if (!patterns)
		return true;
	snprintf(tagged, sizeof(tagged), "%s %s", ctext_tag(t), t->name);
	for (; *patterns; patterns++)
		if (!fnmatch(*patterns, t->name, 0) ||
		    (ctext_is_tagged(t) && !fnmatch(*patterns, tagged, 0)))
			return true;
	return false;
}

/* -- how -------------------------------------------------------------------------------------------- */

static void
tabs(struct twz_text *out, unsigned n)
{
	while (n--)
		twz_text_byte(out, '\t');
}

/* What a line of source is followed by: its width so far is counted with tabs of 8. */
static void
note(struct listing *l, size_t line, const char *remark)
{
	size_t width = 0;

	for (size_t i = line; i < l->out->n; i++)
		if (l->out->bytes[i] == '\t')
			width = (width | 7) + 1;
		else
			width += ((unsigned char)l->out->bytes[i] & 0xc0) != 0x80;
	do
		twz_text_byte(l->out, ' ');
	while (++width < COLUMN);
	twz_text_puts(l->out, l->p->dim);
	twz_text_puts(l->out, remark);
	twz_text_puts(l->out, l->p->end);
	twz_text_byte(l->out, '\n');
}

static void write_body(struct listing *l, const struct twz_type *t, uint64_t base, unsigned indent);

static bool
has_body_inside(const struct listing *l, const struct twz_type *t, unsigned indent)
{
	return ctext_is_tagged(t) && t->kind != TWZ_OPAQUE && !*t->name && indent < MAX_INDENT && l->bodies;
}

static void
write_field(struct listing *l, const struct twz_member *m, uint64_t base, unsigned indent)
{
	uint64_t offset = base + m->offset;
	size_t line = l->out->n;
	char remark[64];

	tabs(l->out, indent);
	if (has_body_inside(l, m->type, indent)) {
		l->bodies--;
		write_body(l, m->type, offset, indent);
		line = l->out->n - 1 - indent;
		twz_text_puts(l->out, *m->name ? " " : "");
		twz_text_puts(l->out, m->name);
	} else {
		twz_c_text(l->out, m->type, m->quals, m->name, NULL);
	}
	if (m->bit_size) {
		twz_text_printf(l->out, " : %u;", m->bit_size);
		snprintf(remark, sizeof(remark), "/* %4" PRIu64 ":%-4u */", offset + m->bit_offset / 8,
			 m->bit_offset % 8);
	} else {
		twz_text_byte(l->out, ';');
		snprintf(remark, sizeof(remark), "/* %4" PRIu64 " %4u */", offset, m->type->size);
	}
	note(l, line, remark);
}

static void
write_hole(struct listing *l, uint64_t bits, unsigned indent, bool last)
{
	tabs(l->out, indent);
	twz_text_puts(l->out, l->p->bad);
	if (bits % 8)
		twz_text_printf(l->out, "/* %s of %" PRIu64 " bits */", last ? "padding" : "hole", bits);
	else
		twz_text_printf(l->out, "/* %s of %" PRIu64 " bytes */", last ? "padding" : "hole", bits / 8);
	twz_text_puts(l->out, l->p->end);
	twz_text_byte(l->out, '\n');
}

static void
write_fields(struct listing *l, const struct twz_type *t, uint64_t base, unsigned indent)
{
	uint64_t end = 0;

	for (uint32_t i = 0; i < t->nmembers; i++) {
		const struct twz_member *m = &t->members[i];
		uint64_t at = m->offset * 8 + (m->bit_size ? m->bit_offset : 0);

		if (!m->type)
			continue;
		if (t->kind != TWZ_UNION && at > end)
			write_hole(l, at - end, indent, false);
		write_field(l, m, base, indent);
		at += m->bit_size ? m->bit_size : 8 * (uint64_t)m->type->size;
		if (at > end)
			end = at;
	}
	if (t->nmembers && end < 8 * (uint64_t)t->size)
		write_hole(l, 8 * (uint64_t)t->size - end, indent, true);
}

static void
write_body(struct listing *l, const struct twz_type *t, uint64_t base, unsigned indent)
{
	twz_text_puts(l->out, ctext_tag(t));
	twz_text_puts(l->out, *t->name ? " " : "");
	twz_text_puts(l->out, l->p->strong);
	twz_text_puts(l->out, t->name);
	twz_text_puts(l->out, l->p->end);
	twz_text_puts(l->out, " {\n");
	for (uint32_t i = 0; t->kind == TWZ_ENUM && i < t->nmembers; i++) {
		tabs(l->out, indent + 1);
		twz_text_puts(l->out, t->members[i].name);
		twz_text_printf(l->out, t->is_signed ? " = %" PRId64 ",\n" : " = %" PRIu64 ",\n",
				t->members[i].value);
	}
	if (t->kind != TWZ_ENUM)
		write_fields(l, t, base, indent + 1);
	tabs(l->out, indent);
	twz_text_byte(l->out, '}');
}

/* How many layouts the library has under this tag: which one a caller means is for the caller to know. */
static unsigned
layouts(const struct listing *l, const struct twz_type *t)
{
	const struct ctext_name *name = *t->name ? map_find(&l->names.tags, t->name) : NULL;
	unsigned n = 0;

	for (; name; name = name->next)
		n += name->is_complete && !strcmp(ctext_tag(name->type), ctext_tag(t));
	return n;
}

static void
write_size(struct listing *l, const struct twz_type *t, size_t line)
{
	unsigned n = ctext_is_aggregate(t) ? layouts(l, t) : 0;
	char remark[96] = "";

	if (n > 1)
		snprintf(remark, sizeof(remark), "/* size %u, align %u; one of %u layouts of this name */", t->size,
			 t->align, n);
	else if (ctext_is_aggregate(t))
		snprintf(remark, sizeof(remark), "/* size %u, align %u */", t->size, t->align);
	else if (t->size)
		snprintf(remark, sizeof(remark), "/* size %u */", t->size);
	else if (t->kind == TWZ_OPAQUE)
		strcpy(remark, "/* declared only */");
	note(l, line, remark);
}

static void
write_type(struct listing *l, const struct twz_type *t)
{
	size_t line = l->out->n;

	l->bodies = MAX_BODIES;
	if (t->kind == TWZ_TYPEDEF && t->target && has_body_inside(l, t->target, 0)) {
		twz_text_puts(l->out, "typedef ");
		write_body(l, t->target, 0, 0);
		line = l->out->n - 1;
		twz_text_byte(l->out, ' ');
		twz_text_puts(l->out, t->name);
		twz_text_byte(l->out, ';');
		write_size(l, t->target, line);
	} else if (t->kind == TWZ_TYPEDEF) {
		twz_text_puts(l->out, "typedef ");
		twz_c_text(l->out, t->target, t->quals, t->name, NULL);
		twz_text_byte(l->out, ';');
		write_size(l, t, line);
	} else if (t->kind == TWZ_OPAQUE) {
		twz_c_text(l->out, t, 0, "", NULL);
		twz_text_byte(l->out, ';');
		write_size(l, t, line);
		if (t->nmembers)
			write_fields(l, t, 0, 1);
	} else {
		write_body(l, t, 0, 0);
		line = l->out->n - 1;
		twz_text_byte(l->out, ';');
		write_size(l, t, line);
	}
}

size_t
show_types(FILE *out, const struct twz_service *service, const char *const *patterns, bool colour)
{
	TWZ_TEXT text = { 0 };
	struct listing l;
	size_t shown = 0;

	begin(&l, &text, show_paint(colour));
	ctext_learn(&l.names, service);
	for (uint32_t i = 0; i < service->ngates; i++)
		reach(&l, service->gates[i].type);
	for (size_t i = 0; i < l.n; i++) {	/* grows */
		const struct twz_type *t = l.queue[i];

		reach_parts(&l, t);
		if (!is_shown(t) || !is_asked_for(t, patterns))
			continue;
		shown++;
		write_type(&l, t);
		if (text.n > FLUSH) {
			twz_text_write(&text, out);
			twz_text_reset(&text);
		}
	}
	twz_text_write(&text, out);
	twz_arena_free(&l.arena);
	return shown;
}

size_t
show_types_of(struct twz_text *out, const struct twz_type *func, size_t most, const struct show_paint *p)
{
	struct listing l;
	size_t shown = 0, left = 0;

	begin(&l, out, p);
	reach(&l, func);
	for (size_t i = 0; i < l.n; i++) {
		const struct twz_type *t = l.queue[i];

		reach_parts(&l, t);
		if (!is_shown(t))
			continue;
		if (shown < most)
			write_type(&l, t);
		else
			left++;
		shown++;
	}
	twz_arena_free(&l.arena);
	return left;
}
