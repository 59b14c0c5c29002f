/*
 * A type is compared by writing it as an expression of C in the words of the headers. All text that leaves
 * here is made of identifiers, words of C and numbers, whatever the library's debug information holds: it
 * goes to a compiler.
 */
#include "introspect/headers/check.h"

#include <inttypes.h>
#include <string.h>

#include "introspect/names.h"
#include "introspect/records.h"
#include "twz/typetext.h"

enum { MAX_DEPTH = 64, MAX_PARTS = 4096, MAX_TYPES = 1 << 18, MAX_PATH_LENGTH = 512 };

struct checker {
	struct twz_arena *arena;
	FILE *out;
	struct names functions;		/* symbols; value: place in declared */
	const char **declared;		/* names in the headers */
	size_t ndeclared;
	struct names typedefs, layouts;	/* that the headers know */
	struct names done;		/* facts that were written */
	unsigned parts;			/* left for one declaration */
	const char *why;		/* why it cannot be said */
};

void
check_split(char *line, const char **fields)
{
	line[strcspn(line, "\n")] = '\0';
	for (int i = 0; i < CHECK_FIELDS; i++) {
		char *tab = line ? strchr(line, '\t') : NULL;

		fields[i] = line ? line : "";
		if (tab)
			*tab = '\0';
		line = tab ? tab + 1 : NULL;
	}
}

/* -- types of a library ----------------------------------------------------------------------------- */

struct walk {
	struct twz_arena *arena;
	const struct twz_type **types;
	size_t n;
	const struct twz_type **seen;		/* a hash table */
	size_t size;
};

/* Types are told apart by where they are. */
static bool
is_new(struct walk *w, const struct twz_type *type)
{
	size_t i;

	if (w->n * 2 >= w->size) {
		size_t size = w->size ? w->size * 2 : 1 << 10;

		w->seen = twz_alloc_array(w->arena, size, sizeof(*w->seen));
		w->size = size;
		for (size_t k = 0; k < w->n; k++) {
			i = (uintptr_t)w->types[k] / 16 * 0x9e3779b1u & (size - 1);
			while (w->seen[i])
				i = (i + 1) & (size - 1);
			w->seen[i] = w->types[k];
		}
	}
	i = (uintptr_t)type / 16 * 0x9e3779b1u & (w->size - 1);
	while (w->seen[i] && w->seen[i] != type)
		i = (i + 1) & (w->size - 1);
	if (w->seen[i])
		return false;
	w->seen[i] = type;
	return true;
}

static void
reach(struct walk *w, const struct twz_type *type)
{
	if (type && w->n < MAX_TYPES && is_new(w, type))
		twz_push(w->arena, w->types, w->n, type);
}

/* An old version of a symbol is called NAME@VERSION; headers speak of the present one. */
static bool
is_checked(const struct twz_gate *gate)
{
	return !strchr(gate->name, '@') && record_identifier(gate->symbol);
}

static void
walk_all(struct walk *w, const struct twz_service *service)
{
	for (uint32_t i = 0; i < service->ngates; i++)
		if (is_checked(&service->gates[i]))
			reach(w, service->gates[i].type);
	for (size_t i = 0; i < w->n; i++) {
		const struct twz_type *t = w->types[i];

		reach(w, t->target);
		for (uint32_t k = 0; k < t->nmembers; k++)
			reach(w, t->members[k].type);
	}
}

static bool
is_aggregate(const struct twz_type *t)
{
	return t->kind == TWZ_STRUCT || t->kind == TWZ_UNION || t->kind == TWZ_RESULT ||
	       t->kind == TWZ_OPTION;
}

/* "struct x"; for a typedef of what has no name, the typedef. NULL for what has no layout or no name. */
static const char *
layout_name(const struct twz_type *t, struct twz_arena *arena)
{
	const struct twz_type *target = t->kind == TWZ_TYPEDEF ? t->target : NULL;

	if (!record_identifier(t->name))
		return NULL;
	if (target && !*target->name && (is_aggregate(target) || target->kind == TWZ_ENUM))
		return t->name;
	if (!is_aggregate(t) && t->kind != TWZ_ENUM)
		return NULL;
	return twz_format(arena, "%s %s", t->kind == TWZ_UNION ? "union" : t->kind == TWZ_ENUM ? "enum" :
			  "struct", t->name);
}

static void
write_wanted(FILE *out, struct names *done, struct twz_arena *arena, char what, const char *name)
{
	const char *line = twz_format(arena, "%c\t%s", what, name);

	if (names_find(done, line))
		return;
	names_add(done, arena, line);
	fprintf(out, "%s\n", line);
}

void
check_wanted(FILE *out, const struct twz_service *service)
{
	TWZ_ARENA arena = { 0 };
	struct walk w = { .arena = &arena };
	struct names done = { 0 };

	for (uint32_t i = 0; i < service->ngates; i++)
		if (is_checked(&service->gates[i]))
			write_wanted(out, &done, &arena, CHECK_FUNCTION, service->gates[i].symbol);
	walk_all(&w, service);
	for (size_t i = 0; i < w.n; i++) {
		const char *name = layout_name(w.types[i], &arena);

		if (w.types[i]->kind == TWZ_TYPEDEF && record_identifier(w.types[i]->name))
			write_wanted(out, &done, &arena, CHECK_TYPEDEF, w.types[i]->name);
		if (name)
			write_wanted(out, &done, &arena, CHECK_LAYOUT, name);
	}
}

/* -- saying a type in words that the headers know --------------------------------------------------- */

static const struct twz_type *say(struct checker *c, const struct twz_type *type, uint8_t *quals,
				  unsigned depth);

static const struct twz_type *
unsayable(struct checker *c, const char *why)
{
	if (!c->why)
		c->why = why;
	return NULL;
}

/* What a compiler of C calls a type by itself. */
static bool
is_basic_name(const char *name)
{
	static const char *const words[] = { "signed", "unsigned", "char", "short", "int", "long", "float",
		"double", "_Bool", "bool", "__int128", "_Complex", "_Float16", "_Float32", "_Float64",
		"_Float128", "_Float32x", "_Float64x", "__float128", "__bf16", "_Decimal32", "_Decimal64",
		"_Decimal128" };

	while (*name) {
		size_t n = strcspn(name, " ");
		bool known = false;

		for (size_t i = 0; i < TWZ_COUNT(words) && !known; i++)
			known = strlen(words[i]) == n && !memcmp(words[i], name, n);
		if (!known)
			return false;
		name += n + (name[n] == ' ');
	}
	return true;
}

static struct twz_type *
copy_of(struct checker *c, const struct twz_type *t)
{
	struct twz_type *copy = twz_new(c->arena, struct twz_type);

	*copy = *t;
	copy->members = NULL;
	copy->nmembers = 0;
	return copy;
}

static const struct twz_type *
say_basic(struct checker *c, const struct twz_type *t)
{
	struct twz_type *copy;

	if (!*t->name || !is_basic_name(t->name))
		return unsayable(c, "it has a basic type that C has no word for");
	copy = copy_of(c, t);
	if (!strcmp(t->name, "bool"))
		copy->name = "_Bool";
	return copy;
}

static const struct twz_type *
say_tagged(struct checker *c, const struct twz_type *t)
{
	if (!*t->name)
		return unsayable(c, "it has a type without a name");
	return record_identifier(t->name) ? copy_of(c, t) : unsayable(c, "it has a type that C does not have");
}

static const struct twz_type *
say_edge(struct checker *c, const struct twz_type *t, unsigned depth)
{
	struct twz_type *copy = copy_of(c, t);
	uint8_t quals = 0;

	if (!t->target)
		return copy;
	copy->target = say(c, t->target, &quals, depth + 1);
	copy->quals |= quals;
	return copy->target ? copy : NULL;
}

static const struct twz_type *
say_function(struct checker *c, const struct twz_type *t, unsigned depth)
{
	struct twz_member *params = twz_new_array(c->arena, t->nmembers, struct twz_member);
	const struct twz_type *edge = say_edge(c, t, depth);
	struct twz_type *copy;

	if (!edge)
		return NULL;
	for (uint32_t i = 0; i < t->nmembers; i++) {
		uint8_t quals = t->members[i].quals;
		const struct twz_type *type = say(c, t->members[i].type, &quals, depth + 1);

		if (!type)
			return NULL;
		params[i] = (struct twz_member){ .name = "", .type = type, .quals = quals };
	}
	copy = copy_of(c, edge);
	copy->members = params;
	copy->nmembers = t->nmembers;
	/* f(...) is no C: what has no named parameter there has no prototype. */
	if (copy->is_variadic && !copy->nmembers)
		copy->is_variadic = copy->is_prototyped = false;
	return copy;
}

static const struct twz_type *
say_opaque(struct checker *c, const struct twz_type *t, unsigned depth)
{
	switch (t->form) {
	case TWZ_FORM_STRUCT:
	case TWZ_FORM_UNION:
	case TWZ_FORM_ENUM:
		return say_tagged(c, t);
	case TWZ_FORM_VECTOR:
	case TWZ_FORM_VLA:
		return say_edge(c, t, depth);
	case TWZ_FORM_COMPLEX:
		return t->size == 8 || t->size == 16 || t->size == 32 ? copy_of(c, t) : say_basic(c, t);
	case TWZ_FORM_BASE:
		return say_basic(c, t);
	case TWZ_FORM_NONE:
	case TWZ_FORM_CLASS:
	case TWZ_FORM_REFERENCE:
	case TWZ_FORM_RVALUE:
	case TWZ_FORM_MEMBER:
	case TWZ_FORM_OTHER:
		break;
	}
	return unsayable(c, "it has a type that C does not have");
}

/*
 * @type as the headers could say it, with nothing in it but identifiers and words of C: what it came from
 * is not to be trusted. Qualifiers of a typedef that is replaced go to @quals. NULL, with c->why, when it
 * cannot be said.
 */
static const struct twz_type *
say(struct checker *c, const struct twz_type *t, uint8_t *quals, unsigned depth)
{
	if (!t)
		return unsayable(c, "it has a type that is not known");
	if (depth > MAX_DEPTH || !c->parts)
		return unsayable(c, "it has a type that is too deep");
	c->parts--;
	switch (t->kind) {
	case TWZ_VOID:
		return &twz_type_void;
	case TWZ_BOOL:
	case TWZ_CHAR:
	case TWZ_INT:
	case TWZ_FLOAT:
		return say_basic(c, t);
	case TWZ_ENUM:
	case TWZ_STRUCT:
	case TWZ_UNION:
	case TWZ_RESULT:
	case TWZ_OPTION:
		return say_tagged(c, t);
	case TWZ_STRING:
	case TWZ_POINTER:
	case TWZ_ARRAY:
		return say_edge(c, t, depth);
	case TWZ_FUNC:
		return say_function(c, t, depth);
	case TWZ_TYPEDEF:
		if (names_find(&c->typedefs, t->name))
			return copy_of(c, t);
		*quals |= t->quals;
		return say(c, t->target, quals, depth + 1);
	case TWZ_OPAQUE:
		return say_opaque(c, t, depth);
	case TWZ_LIST:
	case TWZ_RECORD:
		break;
	}
	return unsayable(c, "it has a type that C does not have");
}

/* The same as text, NULL when it cannot be said. */
static const char *
say_text(struct checker *c, const struct twz_type *type, uint8_t quals)
{
	static const struct twz_c_style style = { .promote = true };
	TWZ_TEXT text = { 0 };
	const struct twz_type *said;

	c->parts = MAX_PARTS;
	c->why = NULL;
	said = say(c, type, &quals, 0);
	if (!said)
		return NULL;
	if (!twz_c_text(&text, said, quals, "", &style)) {
		unsayable(c, "it has a type that is too long");
		return NULL;
	}
	return twz_text_copy(c->arena, &text);
}

/* -- facts ------------------------------------------------------------------------------------------ */

struct fact {
	const char *subject, *what;
	uint64_t number;
	const char *text;	/* what we think, in C; "" where the number says it */
	const char *undef;	/* names between blanks that must be no macros */
	const char *expression;
};

static void
write_fact(struct checker *c, const struct fact *f)
{
	const char *line = twz_format(c->arena, "%c\t%s\t%s\t%" PRIu64 "\t%s\t%s\t%s", CHECK_FACT, f->subject,
				      f->what, f->number, f->text, f->undef, f->expression);

	if (names_find(&c->done, line))
		return;
	names_add(&c->done, c->arena, line);
	fprintf(c->out, "%s\n", line);
}

static void
write_unsaid(struct checker *c, const char *subject, const char *why)
{
	const char *clean = record_clean(c->arena, why);

	fprintf(c->out, "%c\t%s\t", CHECK_UNSAID, subject);
	for (; *clean; clean++)
		fputc(*clean == '\t' || *clean == '\n' ? ' ' : *clean, c->out);
	fputc('\n', c->out);
}

static const char *
shown(struct checker *c, const struct twz_type *type, uint8_t quals, const char *name)
{
	TWZ_TEXT text = { 0 };
	char *copy;

	twz_c_text(&text, type, quals, name, NULL);
	copy = twz_strdup(c->arena, record_clean(c->arena, twz_text_copy(c->arena, &text)));
	for (char *p = copy; *p; p++)
		if (*p == '\t' || *p == '\n')
			*p = ' ';
	return copy;
}

static void
compare_function(struct checker *c, const struct twz_gate *gate)
{
	const struct name_slot *slot = names_find(&c->functions, gate->symbol);
	const char *name, *text;

	if (!slot)
		return;
	if (!gate->type) {
		write_unsaid(c, gate->symbol, *gate->why ? gate->why : "its type is not known");
		return;
	}
	name = c->declared[slot->value];
	text = say_text(c, gate->type, 0);
	if (!text) {
		write_unsaid(c, gate->symbol, c->why);
		return;
	}
	write_fact(c, &(struct fact){ gate->symbol, "", 1, shown(c, gate->type, 0, gate->symbol), name,
		twz_format(c->arena, "__builtin_types_compatible_p(__typeof__(%s), %s)", name, text) });
}

static void
compare_typedef(struct checker *c, const struct twz_type *t)
{
	const char *text;

	if (!names_find(&c->typedefs, t->name) || !t->target)
		return;
	text = say_text(c, t->target, t->quals);
	if (text)
		write_fact(c, &(struct fact){ t->name, "type", 1, shown(c, t->target, t->quals, ""), "",
			twz_format(c->arena, "__builtin_types_compatible_p(%s, %s)", t->name, text) });
}

static void
compare_enumerators(struct checker *c, const char *name, const struct twz_type *t)
{
	uint64_t mask = t->size < 8 ? (1ull << t->size * 8) - 1 : UINT64_MAX;

	for (uint32_t i = 0; i < t->nmembers; i++) {
		const struct twz_member *m = &t->members[i];

		if (record_identifier(m->name))
			write_fact(c, &(struct fact){ name, twz_format(c->arena, "value of %s", m->name),
				(uint64_t)m->value & mask, "", m->name,
				twz_format(c->arena, "(unsigned long long)(%s) & %" PRIu64 "ull", m->name, mask) });
	}
}

static void
compare_field(struct checker *c, const char *name, const struct twz_member *m, const char *path,
	      uint64_t offset)
{
	const char *text;

	write_fact(c, &(struct fact){ name, twz_format(c->arena, "offset of %s", path), offset, "", m->name,
		twz_format(c->arena, "__builtin_offsetof(%s, %s)", name, path) });
	text = say_text(c, m->type, m->quals);
	if (text)
		write_fact(c, &(struct fact){ name, twz_format(c->arena, "type of %s", path), 1,
			shown(c, m->type, m->quals, ""), m->name,
			twz_format(c->arena, "__builtin_types_compatible_p(__typeof__(((%s *)0)->%s), %s)",
				   name, path, text) });
}

/* Fields of members without a name are the outer type's; those of types without a name have a path. */
static void
compare_fields(struct checker *c, const char *name, const struct twz_type *t, const char *path,
	       uint64_t offset, unsigned depth)
{
	for (uint32_t i = 0; i < t->nmembers && depth < MAX_DEPTH && c->parts; i++) {
		const struct twz_member *m = &t->members[i];
		const char *own = twz_format(c->arena, "%s%s%s", path, *path && *m->name ? "." : "", m->name);
		bool inner = is_aggregate(m->type) && !*m->type->name;
		unsigned parts = c->parts - 1;

		if (m->bit_size || (*m->name && !record_identifier(m->name)) || strlen(own) > MAX_PATH_LENGTH)
			continue;
		if (*m->name)
			compare_field(c, name, m, own, offset + m->offset);
		c->parts = parts;
		if (inner)
			compare_fields(c, name, m->type, own, offset + m->offset, depth + 1);
	}
}

static void
compare_layout(struct checker *c, const struct twz_type *t)
{
	const char *name = layout_name(t, c->arena);
	uint32_t align = t->align;

	if (!name || !names_find(&c->layouts, name))
		return;
	if (t->kind == TWZ_TYPEDEF)
		t = t->target;
	write_fact(c, &(struct fact){ name, "size", t->size, "", "",
		twz_format(c->arena, "sizeof(%s)", name) });
	if (t->kind == TWZ_ENUM) {
		compare_enumerators(c, name, t);
		return;
	}
	write_fact(c, &(struct fact){ name, "alignment", align, "", "",
		twz_format(c->arena, "_Alignof(%s)", name) });
	c->parts = MAX_PARTS * 16;
	compare_fields(c, name, t, "", 0, 0);
}

static void
read_known(struct checker *c, FILE *known)
{
	TWZ_FREE char *line = NULL;
	size_t size = 0;

	while (getline(&line, &size, known) > 0) {
		const char *fields[CHECK_FIELDS];

		check_split(twz_strdup(c->arena, line), fields);
		if (*fields[0] == CHECK_TYPEDEF)
			names_add(&c->typedefs, c->arena, fields[1]);
		if (*fields[0] == CHECK_LAYOUT)
			names_add(&c->layouts, c->arena, fields[1]);
		if (*fields[0] != CHECK_FUNCTION)
			continue;
		names_add(&c->functions, c->arena, fields[2])->value = (uint32_t)c->ndeclared;
		twz_push(c->arena, c->declared, c->ndeclared, fields[1]);
	}
}

void
check_facts(FILE *known, FILE *out, const struct twz_service *service)
{
	TWZ_ARENA arena = { 0 };
	struct checker c = { .arena = &arena, .out = out };
	struct walk w = { .arena = &arena };

	read_known(&c, known);
	for (uint32_t i = 0; i < service->ngates; i++)
		if (is_checked(&service->gates[i]))
			compare_function(&c, &service->gates[i]);
	walk_all(&w, service);
	for (size_t i = 0; i < w.n; i++) {
		if (w.types[i]->kind == TWZ_TYPEDEF)
			compare_typedef(&c, w.types[i]);
		compare_layout(&c, w.types[i]);
	}
}
