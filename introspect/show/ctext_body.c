/*
 * What stands in braces. Fields are written with the gaps and attributes that introspect/show/clayout.h
 * worked out; a field whose type C cannot say, or not here, becomes as many bytes. A type without a
 * name is written where it is used.
 */
#include "introspect/show/ctext.h"

#include <inttypes.h>
#include <string.h>

#include "introspect/show/clayout.h"

enum { MAX_INDENT = 40, MAX_NAMELESS = 20000 };

static void
tabs(struct twz_text *out, int n)
{
	while (n-- > 0)
		twz_text_byte(out, '\t');
}

/* -- enumerators ------------------------------------------------------------------------------------ */

static void
literal(struct twz_text *out, const struct twz_type *t, int64_t value)
{
	/* The least number of all has no literal. */
	if (t->is_signed && value == INT64_MIN)
		twz_text_puts(out, "-9223372036854775807 - 1");
	else if (t->is_signed)
		twz_text_signed(out, value);
	else
		twz_text_unsigned(out, (uint64_t)value);
	if (!t->is_signed && value < 0)
		twz_text_byte(out, 'u');
}

/* How many bytes the compiler would take for these enumerators, when it takes as few as it can. */
static uint32_t
least_size(const struct twz_type *t, bool packed)
{
	uint64_t most = 0;
	bool negative = false;
	uint32_t size = packed ? 1 : 4;

	for (uint32_t i = 0; i < t->nmembers; i++) {
		int64_t v = t->members[i].value;
		uint64_t u = t->is_signed && v < 0 ? ~(uint64_t)v : (uint64_t)v;

		negative |= t->is_signed && v < 0;
		most = u > most ? u : most;
	}
	while (size < 8 && most >> (8 * size - (negative ? 1 : 0)))
		size *= 2;
	return size;
}

static void
write_enum(struct ctext *c, struct twz_text *out, const struct ctext_name *name)
{
	const struct twz_type *t = name->type;
	bool packed = t->size < 4;

	for (uint32_t i = 0; i < t->nmembers; i++) {
		bool cxx;
		const char *word = ctext_enumerator(c, &t->members[i], &cxx);

		tabs(out, c->indent + 1);
		ctext_put_word(out, word, cxx);
		twz_text_puts(out, " = ");
		literal(out, t, t->members[i].value);
		twz_text_puts(out, ",\n");
	}
	/* An enumerator of ours where the others do not make the enum as large as it is. */
	if (!t->nmembers || least_size(t, packed) < t->size) {
		uint64_t most = t->size < 8 ? ((uint64_t)1 << (8 * t->size - 1)) - 1 : INT64_MAX;

		if (!t->is_signed && t->size <= 4)
			most = 2 * most + 1;
		tabs(out, c->indent + 1);
		twz_text_printf(out, "twz_wide_%u = %" PRIu64 ",\n", ++c->nunnamed, most);
	}
	tabs(out, c->indent);
	twz_text_puts(out, packed ? "} __attribute__((packed))" : "}");
}

/* -- fields ----------------------------------------------------------------------------------------- */

/* A typedef and a field may share a name in C; where they do, C++ is told which one is meant. */
static void
mark_fields(struct ctext *c, const struct twz_type *t, unsigned depth, unsigned *left)
{
	for (uint32_t i = 0; i < t->nmembers; i++) {
		const struct twz_member *m = &t->members[i];
		struct ctext_name *name = *m->name ? map_find(&c->ordinary, m->name) : NULL;

		for (; name; name = name->next)
			if (!strcmp(name->name, m->name))
				name->field_mark = c->mark;
		if (!m->type || !ctext_is_aggregate(m->type) || *m->type->name || depth > MAX_INDENT || !*left)
			continue;
		--*left;
		mark_fields(c, m->type, depth + 1, left);
	}
}

static void
write_bytes(struct twz_text *out, const char *name, uint64_t n, uint32_t align)
{
	twz_text_printf(out, "unsigned char %s[%" PRIu64 "]", name, n);
	if (align > 1)
		twz_text_printf(out, " __attribute__((aligned(%u)))", align);
	twz_text_puts(out, ";\n");
}

static void
write_gap(struct ctext *c, struct twz_text *out, uint32_t i, const struct clayout_field *f)
{
	static const char *const units[] = { [1] = "char", [2] = "short", [4] = "int", [8] = "long" };
	uint32_t bits = f->gap_bits;

	if (f->gap_bytes) {
		tabs(out, c->indent + 1);
		write_bytes(out, twz_format(c->arena, "twz_gap%u", i), f->gap_bytes, 0);
	}
	while (bits) {
		uint32_t n = bits > 8 * f->gap_unit ? 8 * f->gap_unit : bits;

		tabs(out, c->indent + 1);
		twz_text_printf(out, "unsigned %s : %u;\n", units[f->gap_unit], n);
		bits -= n;
	}
}

static const struct twz_type *
flexible(const struct twz_type *t)
{
	return t->kind == TWZ_ARRAY && !t->count ? t : NULL;
}

static void
write_field(struct ctext *c, struct twz_text *out, const struct twz_type *owner, uint32_t i,
	    const struct clayout *plan, uintptr_t scope)
{
	const struct clayout_field *f = &plan->fields[i];
	const struct twz_member *m = &owner->members[i];
	bool last = i + 1 == owner->nmembers && i && owner->kind != TWZ_UNION, cxx;
	const char *name = ctext_field(c, owner, i, scope, &cxx), *why = NULL;
	size_t start;

	tabs(out, c->indent + 1);
	start = out->n;
	why = c->budget ? ctext_judge_field(c, m->type) : "it holds too many types without names";
	/* Only the last field of several may have no length; GNU C knows the length 0. */
	if (cxx)
		name = twz_format(c->arena, "TWZ_CXX(%s)", name);
	if (!why && flexible(m->type) && !last)
		name = twz_format(c->arena, "%s[0]", name);
	if (!why && !twz_c_text(out, flexible(m->type) && !last ? m->type->target : m->type, m->quals,
				name, &c->style))
		why = "its type is too long";
	if (why) {
		out->n = start;
		twz_text_printf(out, "/* %s: */ ", ctext_comment(c->arena, why));
		write_bytes(out, name, m->type->size,
			    f->align ? f->align : plan->packed ? 0 : clayout_align(m->type));
		return;
	}
	if (m->bit_size)
		twz_text_printf(out, " : %u", m->bit_size);
	if (f->align)
		twz_text_printf(out, " __attribute__((aligned(%u)))", f->align);
	twz_text_puts(out, ";\n");
}

static void
attributes(struct twz_text *out, const struct clayout *plan)
{
	if (plan->packed && plan->align)
		twz_text_printf(out, " __attribute__((packed, aligned(%u)))", plan->align);
	else if (plan->packed)
		twz_text_puts(out, " __attribute__((packed))");
	else if (plan->align)
		twz_text_printf(out, " __attribute__((aligned(%u)))", plan->align);
}

static void
write_fields(struct ctext *c, struct twz_text *out, const struct twz_type *t)
{
	struct clayout plan = clayout_of(t, c->arena);
	uintptr_t scope = ++c->scope;

	c->empty |= !t->size;
	if (plan.bytes) {
		tabs(out, c->indent + 1);
		twz_text_puts(out, "/* Its fields cannot be placed in C. */ ");
		if (t->size)
			write_bytes(out, "twz_bytes", t->size, 0);
		else
			twz_text_byte(out, '\n');
	}
	for (uint32_t i = 0; i < t->nmembers && !plan.bytes; i++) {
		write_gap(c, out, i, &plan.fields[i]);
		write_field(c, out, t, i, &plan, scope);
	}
	if (plan.tail) {
		tabs(out, c->indent + 1);
		write_bytes(out, "twz_tail", plan.tail, 0);
	}
	tabs(out, c->indent);
	twz_text_byte(out, '}');
	attributes(out, &plan);
}

void
ctext_body(struct ctext *c, struct twz_text *out, struct ctext_name *name)
{
	const struct twz_type *t = name->type;
	uint32_t mark = c->mark;
	unsigned left = MAX_NAMELESS;

	if (*name->name)
		ctext_spell(c, out, name);
	else
		twz_text_puts(out, ctext_tag(t));
	twz_text_puts(out, " {\n");
	if (!mark) {
		c->mark = ++c->marks;
		mark_fields(c, t, 0, &left);
	}
	if (t->kind == TWZ_ENUM)
		write_enum(c, out, name);
	else
		write_fields(c, out, t);
	c->mark = mark;
}

/* -- assertions ------------------------------------------------------------------------------------- */

static void
assert_fields(struct ctext *c, const char *owner, const struct twz_type *t, uint64_t base,
	      unsigned depth)
{
	struct clayout plan = clayout_of(t, c->arena);
	uintptr_t scope = ++c->scope;

	if (plan.bytes || depth > MAX_INDENT || !c->budget)
		return;
	c->budget--;
	for (uint32_t i = 0; i < t->nmembers; i++) {
		const struct twz_member *m = &t->members[i];
		bool cxx;
		const char *field = ctext_field(c, t, i, scope, &cxx);

		if (m->bit_size)
			continue;
		if (!*field) {
			assert_fields(c, owner, m->type, base + m->offset, depth + 1);
			continue;
		}
		twz_text_printf(c->out, "TWZ_ASSERT(offsetof(%s, ", owner);
		ctext_put_word(c->out, field, cxx);
		twz_text_printf(c->out, ") == %" PRIu64 ");\n", base + m->offset);
	}
}

static void
assert_enumerators(struct ctext *c, const struct ctext_name *name)
{
	const struct twz_type *t = name->type;

	for (uint32_t i = 0; i < t->nmembers; i++) {
		bool cxx;
		const char *word = ctext_enumerator(c, &t->members[i], &cxx);

		twz_text_puts(c->out, "TWZ_ASSERT(");
		ctext_put_word(c->out, word, cxx);
		twz_text_puts(c->out, " == ");
		literal(c->out, t, t->members[i].value);
		twz_text_puts(c->out, ");\n");
	}
}

static void
assert_type(struct ctext *c, struct ctext_name *name)
{
	const struct twz_type *t = name->type, *body = t;
	struct ctext_name *inner = name;
	TWZ_TEXT owner = { 0 };
	const char *text;

	if (!name->is_tag && t->target && ctext_is_tagged(t->target) && !*t->target->name) {
		body = t->target;
		inner = ctext_name(c, body);
	}
	if (!t->size || name->why_value || twz_type_strip(t)->kind == TWZ_OPAQUE)
		return;
	c->budget = MAX_NAMELESS;
	ctext_spell(c, &owner, name);
	text = twz_text_copy(c->arena, &owner);
	twz_text_printf(c->out, "TWZ_ASSERT(sizeof(%s) == %u);\n", text, t->size);
	if (ctext_is_aggregate(body)) {
		twz_text_printf(c->out, "TWZ_ASSERT(__alignof__(%s) == %u);\n", text,
				t->align ? t->align : 1);
		/* Fields of one that another typedef defines are asserted there. */
		if (name->is_tag || inner->alias == name)
			assert_fields(c, text, body, 0, 0);
	} else if (body->kind == TWZ_ENUM && (name->is_tag || inner->alias == name)) {
		assert_enumerators(c, inner);
	}
}

void
ctext_asserts(struct ctext *c)
{
	twz_text_puts(c->out, c->empty ? "#ifndef __cplusplus\n" : "");
	for (size_t i = 0; i < c->nwritten; i++)
		assert_type(c, c->written[i]);
	twz_text_puts(c->out, c->empty ? "#endif\n" : "");
}
