/*
 * From functions' symbols to their DIEs.
 *
 * A function is found by its address, because names lie: aliases, folded functions and old versions of
 * a symbol share or swap them. The first walk looks in the units that hold an exported address, for
 * DIEs that begin at one, and for such without any address that have a wanted name (folded by the
 * compiler, inlined, written in assembly, an alias). For what is still missing the other units are
 * walked. Both collect candidates, in any order and by several threads; of these the best rank wins,
 * then the first in the file, so that the answer is always the same one.
 */
#include "introspect/dwarf/search.h"

#include <stdlib.h>
#include <string.h>

#include "introspect/sort.h"

enum { MAX_HASHED = 1 << 14, LATELY = 1 << 12, LATELY_MOST = 1 << 15, MAX_WAITING = 64 };

/* -- candidates ------------------------------------------------------------------------------------- */

/* What may become a candidate: if there is a function at the address, or with the name if it is not NULL. */
struct waiting {
	struct candidate candidate;
	const char *name;
	uint64_t key;			/* the address; of a name, its hash */
};

/*
 * Where the scan of a unit is. What is looked up waits until there is more of it: then the memory is asked for all of
 * that at once.
 */
struct looking {
	struct dw_scan *scan;
	struct search *search;
	const struct die_unit *unit;
	size_t number;
	const struct die *die;
	bool first;			/* range of the DIE */
	size_t nwaiting;
	struct waiting waiting[MAX_WAITING];
};

static void look_up(struct looking *l);

static void
wait_for(struct looking *l, const char *name, uint64_t address, enum evidence evidence)
{
	const struct die *die = l->die;

	if (l->nwaiting == MAX_WAITING)
		look_up(l);
	l->waiting[l->nwaiting++] = (struct waiting){
		.name = name, .key = address,
		.candidate = {
			.ref = die->ref, .unit = (uint32_t)l->number, .evidence = (uint8_t)evidence,
			.linkage = die_text(die, DIE_LINKAGE_NAME), .name = die_text(die, DIE_NAME),
			.bare = !die->has_children && !die_has(die, DIE_PROTOTYPED) &&
				!die_has(die, DIE_ORIGIN) && !die_has(die, DIE_SPECIFICATION) &&
				die_has(die, DIE_TYPE),
		},
	};
}

static void
found(struct looking *l, struct candidate *c, uint32_t key)
{
	c->key = key;
	dw_found(l->scan, &l->scan->found, c, sizeof(*c));
}

static void
collect(struct dw_scan *scan)
{
	struct search *s = scan->data;
	size_t n = scan->found.n, most = MAX_CANDIDATES - s->ncandidates;
	struct candidate *all;

	if (n > most) {
		n = most;
		s->dw->partial = true;
	}
	if (!s->ncandidates) {
		free(s->candidates);
		s->candidates = scan->found.items;
		scan->found.items = NULL;
	} else if (n) {
		all = reallocarray(s->candidates, s->ncandidates + n, sizeof(*all));
		if (!all) {
			s->dw->partial = true;
			return;
		}
		memcpy(all + s->ncandidates, scan->found.items, n * sizeof(*all));
		s->candidates = all;
	}
	s->ncandidates += n;
}

/* -- by address ------------------------------------------------------------------------------------- */

static size_t
slot_of(uint64_t key, size_t mask)
{
	return (size_t)(key * 0x9e3779b97f4a7c15 >> 32) & mask;
}

/* The group of functions at @address, or -1. */
static int64_t
group_at(const struct search *s, uint64_t address)
{
	for (size_t i = slot_of(address, s->mask); s->slots[i]; i = (i + 1) & s->mask)
		if (s->addresses[s->slots[i] - 1] == address)
			return s->slots[i] - 1;
	return -1;
}

static bool
match_address(void *data, uint64_t from, uint64_t to)
{
	struct looking *l = data;

	(void)to;
	wait_for(l, NULL, from, l->first ? BEGINS : RANGE);
	l->first = false;
	return true;
}

static void
match_addresses(struct looking *l, const struct die *die)
{
	int64_t low = 0;

	l->first = !die_has(die, DIE_RANGES);
	if (!l->first)
		l->scan->dw->ops->ranges(l->scan->dw->engine, l->unit, die, match_address, l);
	else if (die_number(die, DIE_LOW_PC, &low))
		match_address(l, (uint64_t)low, 0);
}

static void
index_addresses(struct search *s)
{
	struct sort_key *order = twz_new_array(s->arena, s->n * 2, struct sort_key);
	size_t size = 64;

	while (size < s->n * 2)
		size *= 2;
	s->mask = size - 1;
	s->slots = twz_new_array(s->arena, size, uint32_t);
	s->by_address = twz_new_array(s->arena, s->n, uint32_t);
	s->addresses = twz_new_array(s->arena, s->n, uint64_t);
	for (size_t i = 0; i < s->n; i++)
		order[i] = (struct sort_key){ s->functions[i].address, (uint32_t)i };
	sort_keys(order, order + s->n, s->n);
	for (size_t i = 0; i < s->n; i++) {
		uint64_t address = order[i].number;
		size_t at = slot_of(address, s->mask);

		s->by_address[i] = order[i].item;
		s->addresses[i] = address;
		if (i && address == s->addresses[i - 1])
			continue;
		while (s->slots[at])
			at = (at + 1) & s->mask;
		s->slots[at] = (uint32_t)i + 1;
	}
}

/* -- by name ---------------------------------------------------------------------------------------- */

/* Eight bytes at a time: mangled names are long. Of one without end only the beginning counts. */
static uint64_t
hash_name(const char *name)
{
	size_t n = strnlen(name, MAX_HASHED);
	uint64_t hash = n, word;

	for (; n >= sizeof(word); n -= sizeof(word), name += sizeof(word)) {
		memcpy(&word, name, sizeof(word));
		hash = (hash ^ word) * 0x9e3779b97f4a7c15;
		hash ^= hash >> 32;
	}
	word = 0;
	memcpy(&word, name, n);
	hash = (hash ^ word) * 0x9e3779b97f4a7c15;
	return hash ^ hash >> 32;
}

/* The slot of @name, whose hash that is; empty when nobody has it. */
static struct called *
name_slot(const struct search *s, const char *name, uint64_t hash)
{
	for (size_t i = slot_of(hash, s->mask);; i = (i + 1) & s->mask) {
		struct called *at = &s->names[i];

		if (!at->function ||
		    (at->hash == (uint32_t)hash && !strcmp(s->functions[at->function - 1].symbol, name)))
			return at;
	}
}

/*
 * What a thread remembers: how often it met each function's name, and whose name was at a place of the file
 * where it looked lately, since a name is declared in many units but stands in the file once.
 */
struct lately {
	size_t mask;
	struct late { const char *name; uint32_t function; } *names;
	uint8_t seen[][2];	/* of each function: definitions, declarations */
};

static struct lately *
lately(struct looking *l)
{
	size_t n = l->search->n, names = n < LATELY_MOST / 2 ? LATELY : LATELY_MOST, size;
	struct lately *new;

	if (l->scan->scratch)
		return l->scan->scratch;
	size = TWZ_ALIGN(sizeof(*new) + n * 2, _Alignof(struct late));
	new = calloc(1, size + names * sizeof(struct late));
	l->scan->lost |= !new;
	if (new) {
		new->mask = names - 1;
		new->names = (struct late *)(void *)((char *)new + size);
	}
	return l->scan->scratch = new;
}

/* The first function that is called @name, plus one; 0: none. */
static uint32_t
function_called(const struct search *s, struct lately *lately, const char *name)
{
	size_t at = slot_of((uint64_t)(uintptr_t)name, lately->mask);

	if (lately->names[at].name != name) {
		lately->names[at].name = name;
		lately->names[at].function = *name ? name_slot(s, name, hash_name(name))->function : 0;
	}
	return lately->names[at].function;
}

/*
 * Of declarations only the first ones of each thread count, which then are the first ones of all: a
 * thread takes units in their order.
 */
static void
match_name(struct looking *l, struct lately *known, struct waiting *w)
{
	const struct search *s = l->search;
	uint32_t f = known ? function_called(s, known, w->name) : 0;
	uint8_t *count;

	if (!f || (s->wanted && !s->wanted[f - 1]))
		return;
	count = &known->seen[f - 1][w->candidate.evidence == DECLARED];
	if (*count < MAX_DECLARED) {
		++*count;
		found(l, &w->candidate, f - 1);
	}
}

/* Looks up what waits, in its order, once the memory was asked for what is read meanwhile. */
static void
look_up(struct looking *l)
{
	const struct search *s = l->search;
	struct lately *known = lately(l);

	for (size_t i = 0; i < l->nwaiting; i++) {
		const struct waiting *w = &l->waiting[i];

		if (!w->name) {
			__builtin_prefetch(&s->slots[slot_of(w->key, s->mask)]);
			continue;
		}
		__builtin_prefetch(w->name);
		if (known)
			__builtin_prefetch(&known->names[slot_of((uint64_t)(uintptr_t)w->name, known->mask)]);
	}
	for (size_t i = 0; i < l->nwaiting; i++) {
		struct waiting *w = &l->waiting[i];
		uint32_t group;

		if (w->name && known && known->names[slot_of((uint64_t)(uintptr_t)w->name, known->mask)].name != w->name) {
			w->key = hash_name(w->name);
			__builtin_prefetch(&s->names[slot_of(w->key, s->mask)]);
		} else if (!w->name && (group = s->slots[slot_of(w->key, s->mask)])) {
			__builtin_prefetch(&s->addresses[group - 1]);
		}
	}
	for (size_t i = 0; i < l->nwaiting; i++) {
		uint32_t f = l->waiting[i].name ? s->names[slot_of(l->waiting[i].key, s->mask)].function : 0;

		if (f)
			__builtin_prefetch(&s->functions[f - 1]);
	}
	for (size_t i = 0; i < l->nwaiting; i++) {
		struct waiting *w = &l->waiting[i];
		int64_t group;

		if (w->name)
			match_name(l, known, w);
		else if ((group = group_at(s, w->key)) >= 0)
			found(l, &w->candidate, (uint32_t)group);
	}
	l->nwaiting = 0;
}

static const char *
own_name(const struct die *die)
{
	const char *name = die_text(die, DIE_LINKAGE_NAME);

	return *name ? name : die_text(die, DIE_NAME);
}

/* A DIE that has no place in the code: a declaration, or what was inlined or folded away. */
static void
match_names(struct looking *l, const struct die *die)
{
	enum evidence evidence = die_has(die, DIE_DECLARATION) ? DECLARED : NAMED;
	struct dw *dw = l->scan->dw;
	const char *name = own_name(die);
	struct die completed;

	/* Most names were met before, and are not even looked at. */
	if (die_has(die, DIE_SPECIFICATION) && !*name) {
		if (dw->ops->die(dw->engine, die_to(die, DIE_SPECIFICATION), &completed))
			wait_for(l, own_name(&completed), 0, NAMED);
	} else if (die_has(die, DIE_EXTERNAL)) {
		wait_for(l, name, 0, evidence);
	}
}

/* Functions of one name hang together, so that a name is looked up once. */
static void
index_names(struct search *s)
{
	s->names = twz_new_array(s->arena, s->mask + 1, struct called);
	s->same = twz_new_array(s->arena, s->n, uint32_t);
	s->versions = twz_new_array(s->arena, s->n, bool);
	for (size_t i = s->n; i-- > 0;) {
		const char *name = s->functions[i].symbol;
		uint64_t hash = hash_name(name);
		struct called *slot = name_slot(s, name, hash);

		s->same[i] = slot->function;
		*slot = (struct called){ (uint32_t)i + 1, (uint32_t)hash };
	}
	for (size_t slot = 0; slot <= s->mask; slot++) {
		uint32_t first = s->names[slot].function;
		bool several = false;

		for (uint32_t f = first; f; f = s->same[f - 1])
			several |= s->functions[f - 1].address != s->functions[first - 1].address;
		for (uint32_t f = first; several && f; f = s->same[f - 1])
			s->versions[f - 1] = true;
	}
}

/* -- one unit --------------------------------------------------------------------------------------- */

static const struct dw_visitor visitor;

/*
 * Types that are defined here are noted by the way, since most files have some that are only declared where
 * they are met: @hash is for them, 0 in a scope without a name.
 */
static void
look_in(struct looking *l, const struct die *scope, uint64_t hash, int depth)
{
	const struct engine_ops *ops = l->scan->dw->ops;
	struct die_filter filter = visitor.filter;
	struct engine *engine = l->scan->dw->engine;
	struct die die;

	if (!scope->has_children)
		return;
	filter.ahead = depth ? NULL : l->scan->ahead;
	for (bool more = ops->child(engine, scope, &filter, &die); more;
	     more = ops->next(engine, &die, &filter, &die)) {
		l->die = &die;
		if (tag_in(die.tag, TAGGED_BITS)) {
			if (hash)
				dw_definition(l->scan, &die, hash);
		} else if (tag_in(die.tag, SCOPE_BITS)) {
			const char *name = die_text(&die, DIE_NAME);

			if (depth < DW_MAX_SCOPES)
				look_in(l, &die, hash && *name ? dw_hash(dw_hash(hash, name), "::") : 0, depth + 1);
		} else if (die_has(&die, DIE_LOW_PC) || die_has(&die, DIE_RANGES)) {
			match_addresses(l, &die);
		} else {
			match_names(l, &die);
		}
	}
}

static void
visit(struct dw_scan *scan, size_t number, const struct die_unit *unit)
{
	struct search *s = scan->data;
	struct looking l;

	if (unit->is_type)
		return;
	s->visited[number] = s->dw->defined[number] = true;
	l.scan = scan;
	l.search = s;
	l.unit = unit;
	l.number = number;
	l.nwaiting = 0;
	look_in(&l, &unit->die, DW_HASH, 0);
	look_up(&l);
}

static const struct dw_visitor visitor = {
	.visit = visit, .collect = collect,
	.filter = {
		.tags = SCOPE_BITS | TAGGED_BITS | TAG_BIT(DW_TAG_subprogram), .linked = true,
		.defined = true, .brief = true,
	},
};

/* -- all of them ------------------------------------------------------------------------------------ */

/* Whether somebody still needs a look at other units; marks the names of these. */
static bool
is_missing_some(struct search *s)
{
	bool some = false;

	s->wanted = twz_new_array(s->arena, s->n, bool);
	for (size_t i = 0; i < s->n; i++) {
		const char *name = s->functions[i].symbol;

		if (!search_is_open(s, (uint32_t)i))
			continue;
		some = true;
		/* A name is asked of the first that has it. */
		s->wanted[name_slot(s, name, hash_name(name))->function - 1] = true;
	}
	return some;
}

void
search_functions(struct search *s)
{
	s->matches = twz_new_array(s->arena, s->n, struct match);
	s->candidates = NULL;
	s->ncandidates = 0;
	if (!s->n)
		return;
	index_addresses(s);
	index_names(s);
	s->visited = twz_new_array(s->arena, s->dw->ops->units(s->dw->engine), bool);
	dw_scan(s->dw, s->addresses, s->n, s->visited, s, &visitor);
	search_choose(s);
	if (is_missing_some(s)) {
		dw_scan(s->dw, NULL, 0, s->visited, s, &visitor);
		search_choose(s);
	}
	free(s->candidates);
	s->candidates = NULL;
}
