/*
 * Types as C. Everything that a signature reaches is written in an order in which C accepts it: what is
 * used by value before its user, what is only pointed to as a forward declaration first. A type without
 * a name is written where it is used. The compiler that reads the result checks each layout again,
 * by the static assertions that follow each struct.
 *
 * Types come from a file that nobody vouches for: names that are no identifiers, and one tag with two
 * layouts, make the gate that needs them inexpressible, with the reason.
 */
#include <inttypes.h>
#include <string.h>

#include "introspect/records.h"
#include "introspect/show.h"
#include "twz/typetext.h"

enum { MAX_DEPTH = 64, MAX_INLINE = 20000 };

/* Typedefs that <stdint.h>, <stddef.h> and <stdbool.h> give. */
static const char *const standard[] = {
	"int8_t", "int16_t", "int32_t", "int64_t", "uint8_t", "uint16_t", "uint32_t", "uint64_t",
	"intptr_t", "uintptr_t", "intmax_t", "uintmax_t", "size_t", "ptrdiff_t", "wchar_t", "bool",
};

static bool
is_standard(const struct twz_type *type)
{
	for (size_t i = 0; i < TWZ_COUNT(standard); i++)
		if (type->kind == TWZ_TYPEDEF && !strcmp(type->name, standard[i]))
			return true;
	return false;
}

static bool
is_aggregate(const struct twz_type *type)
{
	return type->kind == TWZ_STRUCT || type->kind == TWZ_UNION || type->kind == TWZ_RESULT ||
	       type->kind == TWZ_OPTION;
}

static bool
is_tagged(const struct twz_type *type)
{
	return is_aggregate(type) || type->kind == TWZ_ENUM;
}

/* Tags have one name space, typedefs another; opaque types are both, so they are told apart. */
static bool
same_name(const struct twz_type *a, const struct twz_type *b)
{
	return is_tagged(a) == is_tagged(b) &&
	       (a->kind == TWZ_OPAQUE) == (b->kind == TWZ_OPAQUE) && *a->name &&
	       !strcmp(a->name, b->name);
}

/* An opaque struct S is written as a typedef of the same name, which may already mean something else. */
static bool
hides(const struct twz_type *opaque, const struct twz_type *type)
{
	return opaque->kind == TWZ_OPAQUE && type->kind == TWZ_TYPEDEF &&
	       !strcmp(opaque->name, type->name) && twz_type_strip(type)->kind != TWZ_OPAQUE;
}

static bool
same_layout(const struct twz_type *a, const struct twz_type *b)
{
	if (a->kind != b->kind || a->size != b->size || a->nmembers != b->nmembers)
		return false;
	for (uint32_t i = 0; i < a->nmembers; i++) {
		const struct twz_member *m = &a->members[i], *n = &b->members[i];

		if (strcmp(m->name, n->name) || m->offset != n->offset || m->value != n->value ||
		    m->bit_size != n->bit_size)
			return false;
	}
	return true;
}

static bool
contains(const struct twz_type **list, size_t n, const struct twz_type *type)
{
	for (size_t i = 0; i < n; i++)
		if (list[i] == type || same_name(list[i], type))
			return true;
	return false;
}

const char *
ctext_comment(struct twz_arena *arena, const char *text)
{
	char *copy = twz_strdup(arena, text);

	for (char *c = copy; *c; c++)
		if (c[0] == '*' && c[1] == '/')
			c[1] = ' ';
	return copy;
}

/* -- what can be said in C -------------------------------------------------------------------------- */

struct walk {
	const struct twz_type **queue;
	size_t n;
};

static bool
reached(const struct walk *w, const struct twz_type *type)
{
	for (size_t i = 0; i < w->n; i++)
		if (w->queue[i] == type)
			return true;
	return false;
}

static void
reach(struct ctext *c, struct walk *w, const struct twz_type *type)
{
	if (type && !reached(w, type))
		twz_push(c->arena, w->queue, w->n, type);
}

static const char *
objection(struct ctext *c, const struct twz_type *t)
{
	bool named = is_tagged(t) || t->kind == TWZ_TYPEDEF || t->kind == TWZ_OPAQUE;

	if (t->kind == TWZ_LIST || t->kind == TWZ_RECORD)
		return "it has a type that C does not have";
	if (!named || is_standard(t))
		return NULL;
	if (*t->name ? !record_identifier(t->name) : !is_tagged(t))
		return twz_format(c->arena, "'%s' is no type of C's", ctext_comment(c->arena, t->name));
	for (uint32_t i = 0; i < t->nmembers; i++)
		if (*t->members[i].name && !record_identifier(t->members[i].name))
			return twz_format(c->arena, "'%s' has a member without a proper name", t->name);
	for (size_t i = 0; i < c->nknown; i++)
		if ((same_name(c->known[i], t) && !same_layout(c->known[i], t)) ||
		    hides(c->known[i], t) || hides(t, c->known[i]))
			return twz_format(c->arena, "there are two different types '%s'", t->name);
	return NULL;
}

const char *
ctext_accept(struct ctext *c, const struct twz_type *type)
{
	struct walk w = { 0 };

	reach(c, &w, type);
	for (size_t i = 0; i < w.n; i++) {
		const struct twz_type *t = w.queue[i];
		const char *why = objection(c, t);

		if (why)
			return why;
		if (w.n > MAX_INLINE)
			return "it reaches too many types";
		if (is_standard(t))
			continue;
		reach(c, &w, t->target);
		for (uint32_t k = 0; k < t->nmembers; k++) {
			const struct twz_type *m = t->members[k].type;

			if (t->kind == TWZ_FUNC && is_tagged(m) && !*m->name)
				return "a parameter has a type without a name";
			reach(c, &w, m);
		}
	}
	for (size_t i = 0; i < w.n; i++)
		if (*w.queue[i]->name && !contains(c->known, c->nknown, w.queue[i]))
			twz_push(c->arena, c->known, c->nknown, w.queue[i]);
	return NULL;
}

/* -- bodies ----------------------------------------------------------------------------------------- */

static const struct twz_type *in_place(struct ctext *c, const struct twz_type *type, int indent);

static void
tabs(FILE *out, int n)
{
	while (n-- > 0)
		fputc('\t', out);
}

static void
write_enumerators(FILE *out, const struct twz_type *t, int indent)
{
	for (uint32_t i = 0; i < t->nmembers; i++) {
		const struct twz_member *m = &t->members[i];

		tabs(out, indent + 1);
		/* The least number of all has no literal. */
		if (t->is_signed && m->value == INT64_MIN)
			fprintf(out, "%s = -%" PRId64 " - 1,\n", m->name, INT64_MAX);
		else if (t->is_signed)
			fprintf(out, "%s = %" PRId64 ",\n", m->name, m->value);
		else if ((uint64_t)m->value > INT64_MAX)
			fprintf(out, "%s = %" PRIu64 "u,\n", m->name, (uint64_t)m->value);
		else
			fprintf(out, "%s = %" PRIu64 ",\n", m->name, (uint64_t)m->value);
	}
}

/* Where C would put the next field after @end bytes. */
static uint64_t
natural(uint64_t end, const struct twz_member *m)
{
	uint64_t align = m->type->align ? m->type->align : 1;

	return TWZ_ALIGN(end, align);
}

static bool
is_natural(const struct twz_type *t)
{
	uint64_t end = 0, align = 1;

	for (uint32_t i = 0; i < t->nmembers; i++) {
		const struct twz_member *m = &t->members[i];

		if (m->bit_size)
			return true;	/* left to the compiler and to the assertion */
		if (t->kind != TWZ_UNION && m->offset != natural(end, m))
			return false;
		if (m->type->align > align)
			align = m->type->align;
		end = t->kind == TWZ_UNION ? (m->type->size > end ? m->type->size : end) :
		      m->offset + m->type->size;
	}
	return t->align == align && t->size == TWZ_ALIGN(end, align);
}

static void
write_field(struct ctext *c, FILE *out, const struct twz_member *m, int indent)
{
	tabs(out, indent + 1);
	twz_c_declare(out, in_place(c, m->type, indent + 1), m->name);
	if (m->bit_size)
		fprintf(out, "%s: %u", *m->name ? " " : "", m->bit_size);
	fputs(";\n", out);
}

/* Fields of a struct that is laid out by hand get their gaps by hand as well. */
static void
write_fields(struct ctext *c, FILE *out, const struct twz_type *t, int indent)
{
	bool by_hand = !is_natural(t) && t->kind != TWZ_UNION;
	uint64_t end = 0;

	for (uint32_t i = 0; i < t->nmembers; i++) {
		const struct twz_member *m = &t->members[i];

		if (by_hand && m->offset > end) {
			tabs(out, indent + 1);
			fprintf(out, "unsigned char twz_gap%u[%" PRIu64 "];\n", i, m->offset - end);
		}
		write_field(c, out, m, indent);
		end = m->offset + m->type->size;
	}
	if (by_hand && t->size > end) {
		tabs(out, indent + 1);
		fprintf(out, "unsigned char twz_gap%u[%" PRIu64 "];\n", t->nmembers, t->size - end);
	}
}

/* "struct user { … }", without declarator or semicolon. */
static void
write_body(struct ctext *c, FILE *out, const struct twz_type *t, int indent)
{
	const char *word = t->kind == TWZ_UNION ? "union" : t->kind == TWZ_ENUM ? "enum" : "struct";

	fprintf(out, "%s%s%s {\n", word, *t->name ? " " : "", t->name);
	if (t->kind == TWZ_ENUM)
		write_enumerators(out, t, indent);
	else
		write_fields(c, out, t, indent);
	tabs(out, indent);
	fputc('}', out);
	if (t->kind == TWZ_ENUM && t->size < 4)
		fputs(" __attribute__((packed))", out);
	if (t->kind != TWZ_ENUM && !is_natural(t))
		fprintf(out, " __attribute__((packed, aligned(%u)))", t->align);
}

static const char *
body_text(struct ctext *c, const struct twz_type *t, int indent)
{
	TWZ_FREE char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);

	if (!f)
		return "";
	write_body(c, f, t, indent);
	fclose(f);
	return text ? twz_strndup(c->arena, text, n) : "";
}

/*
 * @type with each type without a name replaced by its body, as a word that twz_c_declare() writes as
 * it is.
 */
static const struct twz_type *
in_place(struct ctext *c, const struct twz_type *type, int indent)
{
	struct twz_type *copy;

	if (indent > MAX_DEPTH || !c->budget)
		return &twz_type_void;
	c->budget--;
	if (is_tagged(type) && !*type->name) {
		copy = twz_new(c->arena, struct twz_type);
		*copy = (struct twz_type){ .kind = TWZ_OPAQUE, .name = body_text(c, type, indent) };
		return copy;
	}
	if (type->kind != TWZ_ARRAY && type->kind != TWZ_POINTER)
		return type;
	copy = twz_new(c->arena, struct twz_type);
	*copy = *type;
	copy->target = in_place(c, type->target, indent);
	return copy;
}

/* -- order ------------------------------------------------------------------------------------------ */

static void need(struct ctext *c, const struct twz_type *type, bool complete, int depth);

static void
assert_layout(struct ctext *c, const struct twz_type *t)
{
	fprintf(c->out, "TWZ_STUB_ASSERT(sizeof(%s %s) == %u, \"as in the service\");\n\n",
		t->kind == TWZ_UNION ? "union" : t->kind == TWZ_ENUM ? "enum" : "struct", t->name,
		t->size);
}

static void
need_tagged(struct ctext *c, const struct twz_type *t, bool complete, int depth)
{
	if (!complete && *t->name && t->kind != TWZ_ENUM) {
		if (contains(c->declared, c->ndeclared, t))
			return;
		twz_push(c->arena, c->declared, c->ndeclared, t);
		twz_push(c->arena, c->pending, c->npending, t);
		fprintf(c->out, "%s %s;\n", t->kind == TWZ_UNION ? "union" : "struct", t->name);
		return;
	}
	if (contains(c->defined, c->ndefined, t))
		return;
	twz_push(c->arena, c->defined, c->ndefined, t);
	if (is_aggregate(t))
		for (uint32_t i = 0; i < t->nmembers; i++)
			need(c, t->members[i].type, true, depth + 1);
	if (!*t->name)
		return;
	c->budget = MAX_INLINE;
	write_body(c, c->out, t, 0);
	fputs(";\n", c->out);
	assert_layout(c, t);
}

static void
need_typedef(struct ctext *c, const struct twz_type *t, bool complete, int depth)
{
	const struct twz_type *target = t->target;

	if (is_standard(t))
		return;
	if (!contains(c->defined, c->ndefined, t)) {
		twz_push(c->arena, c->defined, c->ndefined, t);
		need(c, target, false, depth + 1);
		c->budget = MAX_INLINE;
		if (target->kind != TWZ_OPAQUE || strcmp(target->name, t->name)) {
			fputs("typedef ", c->out);
			twz_c_declare(c->out, in_place(c, target, 0), t->name);
			fputs(";\n", c->out);
		}
	}
	if (complete)
		need(c, target, true, depth + 1);
}

static void
need(struct ctext *c, const struct twz_type *t, bool complete, int depth)
{
	if (!t || depth > MAX_DEPTH)
		return;
	switch (t->kind) {
	case TWZ_TYPEDEF:
		need_typedef(c, t, complete, depth);
		break;
	case TWZ_STRUCT:
	case TWZ_UNION:
	case TWZ_RESULT:
	case TWZ_OPTION:
	case TWZ_ENUM:
		need_tagged(c, t, complete, depth);
		break;
	case TWZ_POINTER:
		need(c, t->target, false, depth + 1);
		break;
	case TWZ_ARRAY:
		need(c, t->target, true, depth + 1);
		break;
	case TWZ_FUNC:
		need(c, t->target, false, depth + 1);
		for (uint32_t i = 0; i < t->nmembers; i++)
			need(c, t->members[i].type, false, depth + 1);
		break;
	case TWZ_OPAQUE:
		if (contains(c->defined, c->ndefined, t))
			break;
		twz_push(c->arena, c->defined, c->ndefined, t);
		fprintf(c->out, "typedef struct %s %s;\n", t->name, t->name);
		break;
	case TWZ_VOID:
	case TWZ_BOOL:
	case TWZ_CHAR:
	case TWZ_INT:
	case TWZ_FLOAT:
	case TWZ_STRING:
	case TWZ_LIST:
	case TWZ_RECORD:
		break;
	}
}

void
ctext_need(struct ctext *c, const struct twz_type *type)
{
	need(c, type, false, 0);
}

void
ctext_finish(struct ctext *c)
{
	for (size_t i = 0; i < c->npending; i++)
		need(c, c->pending[i], true, 0);
	c->npending = 0;
}
