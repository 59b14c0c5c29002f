/*
 * Types that are only declared where they were met, and defined in another unit of the file. C lets
 * every unit have its own idea of what a tag means; so a definition counts only when all definitions of
 * the name agree. A type that they disagree about stays opaque: better no answer than a wrong one.
 */
#include <stdlib.h>
#include <string.h>

#include "introspect/dwarf/reader_in.h"

enum { MAX_PROBES = 16, FEW = 4 /* names */, ROUNDS = 2 };

/* In C++ a struct may be declared as a class. */
static uint64_t
with_tag(uint64_t hash, uint16_t tag)
{
	uint64_t kind = tag == DW_TAG_union_type ? 1 : tag == DW_TAG_enumeration_type ? 2 : 3;

	return (hash ^ kind) * 0x100000001b3;
}

void
dw_declare(struct dw *dw, const struct die *die, struct node *node)
{
	if (!*node->type.name)
		return;
	if (dw->lazy && !node->needed)
		node->unread = die->ref;	/* dw_need() comes back */
	else
		twz_push(dw->arena, dw->declared, dw->ndeclared, ((struct declared){
			.ref = die->ref, .node = node, .name = node->type.name, .tag = die->tag }));
}

/* -- all definitions -------------------------------------------------------------------------------- */

static bool
same_note(const struct dw_noted *a, const struct dw_noted *b)
{
	return a->name == b->name && a->kind == b->kind && a->scopes == b->scopes && a->tag == b->tag;
}

static uint32_t *
note_slot(const struct dw_notes *notes, const struct dw_noted *like)
{
	uint64_t key = (uint64_t)(uintptr_t)like->name ^ like->scopes ^ like->tag;
	size_t at;

	key = (key * 0x9e3779b97f4a7c15 ^ like->kind) * 0x9e3779b97f4a7c15;
	at = (size_t)(key >> 24);
	for (size_t i = 0; i < MAX_PROBES; i++) {
		uint32_t *slot = &notes->slots[(at + i) & notes->mask];
		const struct dw_noted *noted = &notes->list[*slot - 1];

		if (!*slot || same_note(noted, like))
			return slot;
	}
	return NULL;
}

/* Makes room for one more. What finds no slot is noted all the same, only not found again. */
static bool
grow_notes(struct dw_notes *notes)
{
	size_t room = notes->room ? notes->room * 2 : 1 << 10;
	void *list = reallocarray(notes->list, room, sizeof(*notes->list));
	uint32_t *slots = list && room < UINT32_MAX ? calloc(room * 2, sizeof(*slots)) : NULL, *slot;

	notes->list = list ? list : notes->list;
	if (!slots)
		return false;
	free(notes->slots);
	notes->room = room;
	notes->slots = slots;
	notes->mask = room * 2 - 1;
	for (size_t i = 0; i < notes->n; i++)
		if ((slot = note_slot(notes, &notes->list[i])) && !*slot)
			*slot = (uint32_t)i + 1;
	return true;
}

/* The note at this place is the one that was met now. */
static struct dw_noted *
met(struct dw_notes *notes, size_t place)
{
	notes->list[notes->last].next = (uint32_t)place;
	notes->last = place;
	return &notes->list[place];
}

/* The note that says the same; NULL: there was none, now it is noted. */
static struct dw_noted *
find_note(struct dw_scan *scan, const struct dw_noted *new)
{
	struct dw_notes *notes = &scan->notes;
	uint32_t *slot;

	/* A header gives each unit its types in one order. */
	if (notes->n && same_note(&notes->list[notes->list[notes->last].next], new))
		return met(notes, notes->list[notes->last].next);
	if (notes->n == notes->room && !grow_notes(notes)) {
		scan->lost = true;
		return NULL;
	}
	slot = note_slot(notes, new);
	if (slot && *slot)
		return met(notes, *slot - 1);
	notes->list[notes->n] = *new;
	met(notes, notes->n++);
	if (slot)
		*slot = (uint32_t)notes->n;
	return NULL;
}

void
dw_definition(struct dw_scan *scan, const struct die *die, uint64_t hash)
{
	struct dw_noted new = { .name = die_text(die, DIE_NAME), .scopes = hash, .first = die->ref, .tag = die->tag };
	int64_t size = 0, line = 0;
	struct dw_noted *noted;

	if (!die_has(die, DIE_NAME) || die_has(die, DIE_DECLARATION) || die_has(die, DIE_SIGNATURE))
		return;
	die_number(die, DIE_BYTE_SIZE, &size);
	die_number(die, DIE_DECL_LINE, &line);
	new.kind = (uint64_t)size << 32 ^ (uint64_t)line;
	noted = find_note(scan, &new);
	if (!noted)
		return;
	if (!noted->second)
		noted->second = die->ref;
	else
		noted->last = die->ref;
}

static const struct dw_visitor definitions;

void
dw_definitions(struct dw_scan *scan, const struct die *scope, uint64_t hash, int depth)
{
	const struct engine_ops *ops = scan->dw->ops;
	struct die_filter filter = definitions.filter;
	struct engine *engine = scan->dw->engine;
	struct die die;

	if (!scope->has_children)
		return;
	filter.ahead = depth ? NULL : scan->ahead;
	for (bool more = ops->child(engine, scope, &filter, &die); more;
	     more = ops->next(engine, &die, &filter, &die)) {
		const char *name = die_text(&die, DIE_NAME);

		if (!tag_in(die.tag, SCOPE_BITS))
			dw_definition(scan, &die, hash);
		else if (*name && depth < DW_MAX_SCOPES)
			dw_definitions(scan, &die, dw_hash(dw_hash(hash, name), "::"), depth + 1);
	}
}

static void
visit(struct dw_scan *scan, size_t number, const struct die_unit *unit)
{
	scan->dw->defined[number] = true;
	dw_definitions(scan, &unit->die, DW_HASH, 0);
}

static void
collect(struct dw_scan *scan)
{
	(void)scan;
}

static const struct dw_visitor definitions = {
	.visit = visit, .collect = collect,
	.filter = { .tags = SCOPE_BITS | TAGGED_BITS, .defined = true, .brief = true },
};

void
dw_keep_definitions(struct dw_scan *scan)
{
	const struct dw_notes *notes = &scan->notes;
	struct dw *dw = scan->dw;
	struct definition *all;

	if (!notes->n)
		return;
	all = reallocarray(dw->definitions, dw->ndefinitions + 3 * notes->n, sizeof(*all));
	if (!all) {
		dw->partial = true;
		return;
	}
	dw->definitions = all;
	for (size_t i = 0; i < notes->n; i++) {
		const struct dw_noted *noted = &notes->list[i];
		uint64_t hash = with_tag(dw_hash(noted->scopes, noted->name), noted->tag);
		/* Looking at names is left until there are few. */
		const die_ref refs[] = { noted->first, noted->second, noted->last };

		for (size_t k = 0; *noted->name && k < TWZ_COUNT(refs) && refs[k]; k++)
			all[dw->ndefinitions++] = (struct definition){ hash, noted->kind, refs[k] };
	}
}

static int
by_hash(const void *a, const void *b)
{
	const struct definition *d = a, *e = b;

	if (d->hash != e->hash)
		return d->hash < e->hash ? -1 : 1;
	if (d->kind != e->kind)
		return d->kind < e->kind ? -1 : 1;
	return d->ref < e->ref ? -1 : d->ref > e->ref;
}

/* Those of all definitions that are wanted, sorted. */
struct wanted {
	struct definition *list;
	size_t n, mask;
	uint64_t *hashes;	/* a hash table */
};

static bool
is_wanted(const struct wanted *w, uint64_t hash)
{
	size_t i = (size_t)(hash >> 20) & w->mask;

	while (w->hashes[i] && w->hashes[i] != hash)
		i = (i + 1) & w->mask;
	return w->hashes[i];
}

static void
want(struct wanted *w, uint64_t hash)
{
	size_t i = (size_t)(hash >> 20) & w->mask;

	while (w->hashes[i] && w->hashes[i] != hash)
		i = (i + 1) & w->mask;
	w->hashes[i] = hash;
}

static void
choose(struct dw *dw, struct twz_arena *arena, struct wanted *w)
{
	size_t size = 64;

	while (size < dw->ndeclared * 2)
		size *= 2;
	*w = (struct wanted){ .mask = size - 1, .hashes = twz_new_array(arena, size, uint64_t) };
	for (size_t i = 0; i < dw->ndeclared; i++)
		if (dw->declared[i].hash)
			want(w, dw->declared[i].hash);
	for (size_t i = 0; i < dw->ndefinitions; i++)
		if (is_wanted(w, dw->definitions[i].hash))
			twz_push(arena, w->list, w->n, dw->definitions[i]);
	if (w->n)
		qsort(w->list, w->n, sizeof(*w->list), by_hash);
}

static const struct definition *
first_of(const struct wanted *w, uint64_t hash)
{
	size_t from = 0, n = w->n;

	while (n) {
		size_t half = n / 2;
		bool before = w->list[from + half].hash < hash;

		from += before ? half + 1 : 0;
		n = before ? n - half - 1 : half;
	}
	return from < w->n && w->list[from].hash == hash ? &w->list[from] : NULL;
}

/* -- whether they agree ----------------------------------------------------------------------------- */

static bool
is_named(const struct declared *d, const struct die *die)
{
	return !strcmp(die_text(die, DIE_NAME), d->name) && with_tag(0, die->tag) == with_tag(0, d->tag);
}

/*
 * The definition of @d: false when there is none, or there are several that differ. Of definitions with
 * one size and line only two are compared.
 */
static bool
agreed(struct dw *dw, const struct wanted *w, const struct declared *d, struct die *ret)
{
	const struct definition *first = first_of(w, d->hash), *end = w->list + w->n;
	uint64_t kind = 0, print = 0;
	size_t compared = 0, of_kind = 0;

	for (const struct definition *at = first; at && at < end && at->hash == d->hash; at++) {
		struct die die;
		uint64_t other;

		of_kind = compared && at->kind == kind ? of_kind + 1 : 0;
		kind = at->kind;
		if (of_kind > 1 && at + 1 < end && at[1].kind == kind && at[1].hash == d->hash)
			continue;
		if (!dw_die(dw, at->ref, &die) || !is_named(d, &die))
			continue;
		other = dw_print(dw, &die);
		if (compared++ && (other != print || compared > DW_MAX_VARIANTS)) {
			d->node->type.why = "defined differently in different source files";
			return false;
		}
		print = other;
		if (compared == 1)
			*ret = die;
	}
	return compared;
}

/* Hashes the names of what was declared: in C as they are, in other languages with their scopes. */
static void
hash_names(struct dw *dw)
{
	struct dw_scoped *scoped = NULL;
	size_t n = 0;

	for (size_t i = 0; i < dw->ndeclared; i++) {
		struct declared *d = &dw->declared[i];
		enum rules rules = dw_language_at(dw, d->ref).rules;

		d->hash = 0;
		if (rules == RULES_C || rules == RULES_NONE)
			d->hash = with_tag(dw_hash(DW_HASH, d->name), d->tag);
		else
			twz_push(dw->arena, scoped, n, ((struct dw_scoped){ .ref = d->ref, .from = i }));
	}
	dw_scopes(dw, scoped, n);
	for (size_t i = 0; i < n; i++) {
		struct declared *d = &dw->declared[scoped[i].from];

		if (scoped[i].name)
			d->hash = with_tag(dw_hash(DW_HASH, scoped[i].name), d->tag);
	}
}

static int
by_name(const void *a, const void *b)
{
	const struct declared *p = a, *q = b;
	int order = p->hash != q->hash ? (p->hash < q->hash ? -1 : 1) : strcmp(p->name, q->name);

	return order ? order : p->ref < q->ref ? -1 : p->ref > q->ref;
}

static bool
same_name(const struct declared *d, const struct declared *e)
{
	return d->hash == e->hash && !strcmp(d->name, e->name);
}

/* Gives all declarations of one name its definition. */
static bool
define_group(struct dw *dw, const struct wanted *wanted, size_t from, size_t end)
{
	const struct declared first = dw->declared[from];
	bool found;
	struct die die;

	found = first.hash && agreed(dw, wanted, &first, &die);
	if (found && die.tag == DW_TAG_enumeration_type)
		dw_fill_enum(dw, &die, first.node);
	else if (found)
		dw_fill_struct(dw, &die, first.node);
	for (size_t i = from + 1; i < end; i++) {
		struct node *node = dw->declared[i].node;

		if (!found) {
			node->type.why = first.node->type.why;
			continue;
		}
		node->type = first.node->type;
		node->members = first.node->members;
		node->unread = first.node->unread;
	}
	for (size_t i = from; dw->lazy && found && i < end; i++)
		dw_need_again(dw, dw->declared[i].node);
	return found;
}

/* The names of what is declared, each once. 0: they are too many to be looked for one by one. */
static size_t
names_of(const struct dw *dw, const char *names[FEW])
{
	size_t n = 0;

	for (size_t i = 0, k; i < dw->ndeclared; i++) {
		for (k = 0; k < n && strcmp(names[k], dw->declared[i].name); k++)
			;
		if (k == FEW)
			return 0;
		names[k] = dw->declared[i].name;
		n += k == n;
	}
	return n;
}

/* Scans the units that may define what is declared and that nobody has looked into: a few times for a few names. */
static void
scan_units(struct dw *dw, struct twz_arena *arena)
{
	const char *names[FEW];
	size_t nunits = dw->ops->units(dw->engine), n;
	bool *done = dw->defined;

	dw_import_definitions(dw);
	if (dw->have_definitions)
		return;
	n = dw->ops->without && dw->ndefined++ < ROUNDS && done ? names_of(dw, names) : 0;
	dw->have_definitions = !n || !memchr(done, false, nunits);
	if (n && !dw->have_definitions) {
		done = memcpy(twz_new_array(arena, nunits, bool), done, nunits);
		dw->ops->without(dw->engine, names, n, done);
	}
	dw_scan(dw, NULL, 0, done, NULL, &definitions);
}

bool
dw_define(struct dw *dw)
{
	TWZ_ARENA arena = { 0 };
	size_t n = dw->ndeclared;
	struct wanted wanted;
	bool some = false;

	if (!n)
		return false;
	scan_units(dw, &arena);
	hash_names(dw);
	qsort(dw->declared, n, sizeof(*dw->declared), by_name);
	choose(dw, &arena, &wanted);
	for (size_t from = 0, end; from < n; from = end) {
		for (end = from + 1; end < n && same_name(&dw->declared[from], &dw->declared[end]); end++)
			;
		some |= define_group(dw, &wanted, from, end);
	}
	/* What filling these met for the first time waits for the next turn. */
	memmove(dw->declared, dw->declared + n, (dw->ndeclared - n) * sizeof(*dw->declared));
	dw->ndeclared -= n;
	return some || dw->ndeclared;
}
