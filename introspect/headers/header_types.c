/*
 * A probe is read like a library, with the same reader and the same care about what it says; then what
 * the headers know is put beside what the library itself knows. The library is believed: a header only
 * fills gaps, and where the two contradict each other, callers are told.
 */
#include "introspect/headers/header_types.h"

#include <string.h>

#include "introspect/file/elf.h"
#include "introspect/names.h"
#include "introspect/records.h"
#include "twz/typetext.h"

enum { MAX_DEPTH = 8 };

static const char prefix[] = "twz_header_";

struct header_types {
	struct header_type *all;
	size_t n;
	struct names symbols;		/* value: place in all */
};

/* -- names ------------------------------------------------------------------------------------------ */

/* @type with names for its parameters, when the list "a,b" has as many as it has parameters. */
static const struct twz_type *
with_names(const struct twz_type *type, const char *list, struct twz_arena *arena)
{
	struct twz_member *params = twz_new_array(arena, type->nmembers, struct twz_member);
	struct twz_type *copy = twz_new(arena, struct twz_type);
	const char *at = list;

	if (!type->nmembers)
		return type;
	for (uint32_t i = 0; i < type->nmembers; i++) {
		size_t n = strcspn(at, ",");
		const char *name = twz_strndup(arena, at, n);

		if (!record_identifier(name))
			return type;
		params[i] = type->members[i];
		params[i].name = name;
		at += n + (at[n] == ',');
	}
	*copy = *type;
	copy->members = params;
	return *at ? type : copy;
}

/* "SYMBOL<tab>LINE<tab>FILE<tab>a,b" */
static void
read_name(struct header_types *h, const char *text, struct twz_arena *arena)
{
	char *copy = twz_strdup(arena, text), *next = NULL;
	const char *symbol = strsep(&copy, "\t"), *line = strsep(&copy, "\t"), *file = strsep(&copy, "\t");
	const struct name_slot *slot = symbol ? names_find(&h->symbols, symbol) : NULL;
	struct header_type *type;

	if (!slot || !line || !file)
		return;
	type = &h->all[slot->value];
	type->line = (uint32_t)strtoul(line, &next, 10);
	type->file = record_clean(arena, file);
	if (copy)
		type->type = with_names(type->type, copy, arena);
}

static bool
read_names(struct header_types *h, const char *path, struct twz_arena *arena, struct twz_error *err)
{
	TWZ_CLEANUP(elf_closep) struct elf_file *file = NULL;
	struct elf_section section;

	if (!elf_open(path, arena, &file, err))
		return false;
	if (!elf_section(file, "twz_headers", &section))
		return true;
	for (size_t at = 0; at < section.n;) {
		const char *text = (const char *)section.bytes + at;
		size_t n = strnlen(text, section.n - at);

		/* The compiler leaves gaps between texts. */
		if (n && n < section.n - at)
			read_name(h, text, arena);
		at += n + 1;
	}
	return true;
}

/* -- types ------------------------------------------------------------------------------------------ */

static const struct twz_type *
function_of(const struct twz_gate *gate)
{
	const struct twz_type *pointer = gate->type ? twz_type_strip(gate->type->target) : NULL;
	const struct twz_type *type = pointer && pointer->kind == TWZ_POINTER && pointer->target ?
		twz_type_strip(pointer->target) : NULL;

	return type && type->kind == TWZ_FUNC ? type : NULL;
}

bool
header_types_read(const char *path, const char *engine, struct twz_arena *arena,
		  struct header_types **ret, struct twz_error *err)
{
	const struct introspect_options options = { .all = true, .engine = engine };
	struct header_types *h = twz_new(arena, struct header_types);
	const struct twz_service *service;

	if (!introspect_file(path, &options, arena, &service, err))
		return twz_wrap(err, "what the headers declare");
	for (uint32_t i = 0; i < service->ngates; i++) {
		const struct twz_gate *gate = &service->gates[i];
		const struct twz_type *type = function_of(gate);
		struct header_type one = { .type = type, .file = "" };

		if (!type || strncmp(gate->symbol, prefix, strlen(prefix)))
			continue;
		one.symbol = gate->symbol + strlen(prefix);
		names_add(&h->symbols, arena, one.symbol)->value = (uint32_t)h->n;
		twz_push(arena, h->all, h->n, one);
	}
	*ret = h;
	return read_names(h, path, arena, err);
}

const struct header_type *
header_types_find(const struct header_types *h, const char *symbol)
{
	const struct name_slot *slot = h ? names_find(&h->symbols, symbol) : NULL;

	return slot ? &h->all[slot->value] : NULL;
}

/* -- agreement -------------------------------------------------------------------------------------- */

static bool
is_pointer(const struct twz_type *t)
{
	return t->kind == TWZ_POINTER || t->kind == TWZ_STRING;
}

static bool
is_number(const struct twz_type *t)
{
	return t->kind == TWZ_INT || t->kind == TWZ_CHAR || t->kind == TWZ_BOOL || t->kind == TWZ_ENUM;
}

static bool
is_struct(const struct twz_type *t)
{
	return t->kind == TWZ_STRUCT || t->kind == TWZ_RESULT || t->kind == TWZ_OPTION ||
	       (t->kind == TWZ_OPAQUE && t->form == TWZ_FORM_STRUCT);
}

static bool
is_union(const struct twz_type *t)
{
	return t->kind == TWZ_UNION || (t->kind == TWZ_OPAQUE && t->form == TWZ_FORM_UNION);
}

static bool agree(const struct twz_type *a, const struct twz_type *b, unsigned depth);

static const struct twz_type *
behind(const struct twz_type *pointer)
{
	if (pointer->kind == TWZ_STRING)
		return &twz_type_char;
	return pointer->target ? twz_type_strip(pointer->target) : &twz_type_void;
}

/* Memory that one side knows nothing about agrees with everything; so does what is read as bytes. */
static bool
agree_behind(const struct twz_type *a, const struct twz_type *b, unsigned depth)
{
	if (a->kind == TWZ_VOID || b->kind == TWZ_VOID || depth > MAX_DEPTH)
		return true;
	if (is_number(a) && is_number(b))
		return a->size == b->size;
	return agree(a, b, depth);
}

static bool
agree_functions(const struct twz_type *a, const struct twz_type *b, unsigned depth)
{
	if (!agree(a->target ? a->target : &twz_type_void, b->target ? b->target : &twz_type_void, depth))
		return false;
	/* A side without a prototype does not say what it takes. */
	if ((!a->is_prototyped && !a->nmembers) || (!b->is_prototyped && !b->nmembers))
		return true;
	if (a->nmembers != b->nmembers || a->is_variadic != b->is_variadic)
		return false;
	for (uint32_t i = 0; i < a->nmembers; i++)
		if (!agree(a->members[i].type, b->members[i].type, depth))
			return false;
	return true;
}

static bool
agree_tagged(const struct twz_type *a, const struct twz_type *b)
{
	bool whole = a->kind != TWZ_OPAQUE && b->kind != TWZ_OPAQUE;

	return (!*a->name || !*b->name || !strcmp(a->name, b->name)) && (!whole || a->size == b->size);
}

static bool
agree(const struct twz_type *a, const struct twz_type *b, unsigned depth)
{
	if (!a || !b || depth > MAX_DEPTH)
		return true;
	a = twz_type_strip(a);
	b = twz_type_strip(b);
	if (is_pointer(a) && is_pointer(b))
		return agree_behind(behind(a), behind(b), depth + 1);
	if (is_number(a) && is_number(b))
		return a->size == b->size && (a->kind == TWZ_ENUM || b->kind == TWZ_ENUM ||
					      a->is_signed == b->is_signed);
	if ((is_struct(a) && is_struct(b)) || (is_union(a) && is_union(b)))
		return agree_tagged(a, b);
	if (a->kind != b->kind || a->form != b->form || a->size != b->size)
		return false;
	if (a->kind == TWZ_FUNC)
		return agree_functions(a, b, depth + 1);
	return a->kind != TWZ_ARRAY || (a->count == b->count && agree(a->target, b->target, depth + 1));
}

bool
header_types_agree(const struct twz_type *library, const struct twz_type *header)
{
	return agree_functions(library, header, 0);
}

/* -- joining ---------------------------------------------------------------------------------------- */

static const char *
or_empty(const char *text)
{
	return text ? text : "";
}

static void
fill_gaps(struct dw_function *f)
{
	f->how = f->how ? f->how : "none";
	f->why = or_empty(f->why);
	f->care = or_empty(f->care);
	f->alias_of = or_empty(f->alias_of);
	f->shown = or_empty(f->shown);
	f->language = or_empty(f->language);
	f->file = or_empty(f->file);
}

static const char *
warning(const struct header_type *header, struct twz_arena *arena)
{
	TWZ_TEXT text = { 0 };

	twz_c_text(&text, header->type, 0, header->symbol, NULL);
	return twz_format(arena, "its header says %s", twz_text_copy(arena, &text));
}

static void
take(struct dw_function *f, const struct header_type *header)
{
	f->type = header->type;
	f->how = "header";
	f->why = "";
	f->file = header->file;
	f->line = header->line;
}

/* What the headers say about the code at an address. */
struct told {
	uint64_t address;
	const struct header_type *header;
};

static int
by_address(const void *a, const void *b)
{
	const struct told *p = a, *q = b;

	return p->address < q->address ? -1 : p->address > q->address;
}

/*
 * A function that no header declares is often one that a header declares, under another name: the code
 * is the same. Only as long as the headers say one thing about it.
 */
static void
join_aliases(struct dw_function *functions, size_t n, struct told *told, size_t ntold)
{
	qsort(told, ntold, sizeof(*told), by_address);
	for (size_t i = 0; i < n; i++) {
		struct dw_function *f = &functions[i];
		const struct told *found, *end = told + ntold;
		bool agree = true;

		if (f->type || f->ifunc || f->address == UINT64_MAX)
			continue;
		found = bsearch(&(struct told){ f->address, NULL }, told, ntold, sizeof(*told), by_address);
		while (found && found > told && found[-1].address == f->address)
			found--;
		for (const struct told *t = found; found && t < end && t->address == f->address; t++)
			agree &= header_types_agree(found->header->type, t->header->type);
		if (!found || !agree)
			continue;
		take(f, found->header);
		f->alias_of = found->header->symbol;
	}
}

void
header_types_join(const struct header_types *h, struct dw_function *functions, size_t n,
		  struct twz_arena *arena)
{
	struct told *told = NULL;
	size_t ntold = 0;

	for (size_t i = 0; i < n; i++) {
		struct dw_function *f = &functions[i];
		const struct header_type *header = !h || f->hidden ? NULL : header_types_find(h, f->symbol);

		fill_gaps(f);
		if (!header)
			continue;
		if (!f->ifunc && f->address != UINT64_MAX)
			twz_push(arena, told, ntold, ((struct told){ f->address, header }));
		if (!f->type || (!f->type->is_prototyped && !f->type->nmembers && header->type->nmembers &&
				 header_types_agree(f->type, header->type)))
			take(f, header);
		else if (!header_types_agree(f->type, header->type))
			f->care = warning(header, arena);
	}
	if (ntold)
		join_aliases(functions, n, told, ntold);
}
