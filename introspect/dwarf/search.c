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

enum { MAX_HASHED = 1 << 14, LATELY = 1 << 12, LATELY_MOST = 1 << 15 };

/* -- candidates ------------------------------------------------------------------------------------- */

/* Where the scan of a unit is. */
struct looking {
	struct dw_scan *scan;
	struct search *search;
	const struct die_unit *unit;
	size_t number;
	const struct die *die;
	bool first;			/* range of the DIE */
};

static void
found(struct looking *l, uint32_t key, enum evidence evidence)
{
	const struct die *die = l->die;
	struct candidate c = {
		.ref = die->ref, .unit = (uint32_t)l->number, .key = key, .evidence = (uint8_t)evidence,
		.linkage = die_text(die, DIE_LINKAGE_NAME), .name = die_text(die, DIE_NAME),
		.bare = !die->has_children && !die_has(die, DIE_PROTOTYPED) &&
			!die_has(die, DIE_ORIGIN) && !die_has(die, DIE_SPECIFICATION) &&
			die_has(die, DIE_TYPE),
	};

	dw_found(l->scan, &l->scan->found, &c, sizeof(c));
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
	int64_t group = group_at(l->search, from);

	(void)to;
	if (group >= 0)
		found(l, (uint32_t)group, l->first ? BEGINS : RANGE);
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

	while (size < s->n * 4)
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
match_name(struct looking *l, const char *name, enum evidence evidence)
{
	const struct search *s = l->search;
	struct lately *known = lately(l);
	uint32_t f = known ? function_called(s, known, name) : 0;
	uint8_t *count;

	if (!f || (s->wanted && !s->wanted[f - 1]))
		return;
	count = &known->seen[f - 1][evidence == DECLARED];
	if (*count < MAX_DECLARED) {
		++*count;
		found(l, f - 1, evidence);
	}
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
			match_name(l, own_name(&completed), NAMED);
	} else if (die_has(die, DIE_EXTERNAL)) {
		match_name(l, name, evidence);
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

/*
 * Types that are defined here are noted by the way, since most files have some that are only declared where
 * they are met: @hash is for them, 0 in a scope without a name.
 */
static void
look_in(struct looking *l, const struct die *scope, uint64_t hash, int depth)
{
	static const struct die_filter filter = {
		.tags = SCOPE_BITS | TAGGED_BITS | TAG_BIT(DW_TAG_subprogram), .linked = true,
		.defined = true, .brief = true,
	};
	const struct engine_ops *ops = l->scan->dw->ops;
	struct engine *engine = l->scan->dw->engine;
	struct die die;

	if (!scope->has_children)
		return;
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
	struct looking l = { .scan = scan, .search = s, .unit = unit, .number = number };

	if (unit->is_type)
		return;
	s->visited[number] = s->dw->defined[number] = true;
	look_in(&l, &unit->die, DW_HASH, 0);
}

/* -- the choice ------------------------------------------------------------------------------------- */

/* What a function is called, by its DIE or those it refers to. The symbol may be either. */
struct names {
	const char *linkage, *name;
};

static struct names
names_of(struct dw *dw, const struct candidate *c)
{
	struct die die;

	if (*c->linkage || *c->name || !dw_die(dw, c->ref, &die))
		return (struct names){ c->linkage, c->name };
	for (int step = 0; step < 3; step++) {
		if (die_has(&die, DIE_LINKAGE_NAME) || die_has(&die, DIE_NAME))
			break;
		dw_origin(dw, &die, step ? DIE_SPECIFICATION : DIE_ORIGIN);
	}
	return (struct names){ die_text(&die, DIE_LINKAGE_NAME), die_text(&die, DIE_NAME) };
}

static bool
is_assembly(const struct search *s, const struct candidate *c)
{
	return dw_unit_language(s->dw, c->unit).rules == RULES_NONE;
}

/* An assembler that calls its unit C still gives functions no parameters, no prototype and no type. */
static bool
looks_like_assembly(struct dw *dw, const struct candidate *c)
{
	struct die die, type;

	return c->bare && c->evidence <= RANGE && dw_die(dw, c->ref, &die) &&
	       dw_follow(dw, &die, DIE_TYPE, &type) && type.tag == DW_TAG_unspecified_type &&
	       !die_has(&type, DIE_NAME);
}

/* What C++ makes without anybody having written it: no DIE describes it, whatever it says. */
static bool
is_thunk(const char *symbol)
{
	return !strncmp(symbol, "_ZT", 3) && symbol[3] && strchr("hvc", symbol[3]);
}

static enum rank
rank_of(struct search *s, const struct candidate *c, uint32_t f, struct names names, bool assembly)
{
	const struct dw_function *function = &s->functions[f];
	bool versions = s->versions[f], same = !strcmp(names.linkage, function->symbol) ||
					       !strcmp(names.name, function->symbol);

	if (is_thunk(function->symbol))
		return RANK_NONE;
	if (assembly)
		return c->evidence <= RANGE ? RANK_ASM : RANK_NONE;
	switch ((enum evidence)c->evidence) {
	case BEGINS:
		return same || function->ifunc ? RANK_LOW_PC : RANK_ALIAS;
	case RANGE:
		return same || function->ifunc ? RANK_RANGES : RANK_ALIAS_RANGES;
	case NAMED:
		if (!same || function->hidden || function->ifunc)
			return RANK_NONE;
		return versions ? RANK_NAME_OF_VERSIONS : RANK_NAME;
	case DECLARED:
		return same && !function->hidden ? RANK_DECL : RANK_NONE;
	}
	return RANK_NONE;
}

static bool
before(const struct candidate *c, enum rank rank, const struct match *m)
{
	if (rank != m->rank)
		return rank > m->rank;
	return c->unit != m->unit ? c->unit < m->unit : c->ref < m->ref;
}

/* Keeps the first ones in the file. */
static void
add_declaration(struct match *m, const struct candidate *c, struct twz_arena *arena)
{
	struct declaration new = { c->ref, c->unit };
	uint32_t i = m->ndeclared < MAX_DECLARED ? m->ndeclared++ : MAX_DECLARED;

	if (!m->declared)
		m->declared = twz_new_array(arena, MAX_DECLARED, struct declaration);
	for (; i && (m->declared[i - 1].unit > new.unit ||
		     (m->declared[i - 1].unit == new.unit && m->declared[i - 1].ref > new.ref)); i--)
		if (i < MAX_DECLARED)
			m->declared[i] = m->declared[i - 1];
	if (i < MAX_DECLARED)
		m->declared[i] = new;
}

static void
consider(struct search *s, const struct candidate *c, uint32_t f, struct names names, bool assembly)
{
	enum rank rank = rank_of(s, c, f, names, assembly);
	struct match *m = &s->matches[f];

	m->assembly |= rank == RANK_ASM;
	if (rank == RANK_DECL)
		add_declaration(m, c, s->arena);
	if (rank == RANK_NONE || !before(c, rank, m))
		return;
	m->rank = rank;
	m->unit = c->unit;
	m->ref = c->ref;
	m->language = dw_unit_language(s->dw, c->unit);
	m->name = "";
	if (rank == RANK_ALIAS || rank == RANK_ALIAS_RANGES)
		m->name = *names.name && m->language.rules == RULES_C ? names.name :
			  *names.linkage ? names.linkage : names.name;
}

/* Puts the candidates into the file's order. Those of one unit are in it: one thread found them, one by one. */
static void
order_candidates(struct search *s)
{
	struct candidate *ordered;
	struct sort_key *order;
	bool sorted = true;

	for (size_t i = 1; i < s->ncandidates; i++)
		sorted &= s->candidates[i - 1].unit <= s->candidates[i].unit;
	if (sorted)
		return;
	order = twz_new_array(s->arena, s->ncandidates * 2, struct sort_key);
	for (size_t i = 0; i < s->ncandidates; i++)
		order[i] = (struct sort_key){ s->candidates[i].unit, (uint32_t)i };
	sort_keys(order, order + s->ncandidates, s->ncandidates);
	ordered = twz_new_array(s->arena, s->ncandidates, struct candidate);
	for (size_t i = 0; i < s->ncandidates; i++)
		ordered[i] = s->candidates[order[i].item];
	memcpy(s->candidates, ordered, s->ncandidates * sizeof(*ordered));
}

static bool
is_settled(const struct search *s, uint32_t f)
{
	return s->matches[f].rank >= RANK_NAME && !s->functions[f].ifunc;
}

static void
consider_located(struct search *s, const struct candidate *c)
{
	struct names names = names_of(s->dw, c);
	bool assembly = is_assembly(s, c) || looks_like_assembly(s->dw, c);
	uint64_t address = s->addresses[c->key];

	for (size_t k = c->key; k < s->n && s->addresses[k] == address; k++)
		consider(s, c, s->by_address[k], names, assembly);
}

static void
consider_named(struct search *s, const struct candidate *c)
{
	struct names names = { NULL, NULL };
	bool assembly = false;

	for (uint32_t f = c->key + 1; f; f = s->same[f - 1]) {
		if (is_settled(s, f - 1) && s->matches[f - 1].rank > RANK_NAME)
			continue;
		if (!names.name) {
			names = names_of(s->dw, c);
			assembly = is_assembly(s, c);
		}
		consider(s, c, f - 1, names, assembly);
	}
}

/* Those with an address first: what they settle needs no declarations, of which there are many. */
static void
consider_all(struct search *s)
{
	order_candidates(s);
	for (size_t i = 0; i < s->ncandidates; i++)
		if (s->candidates[i].evidence <= RANGE)
			consider_located(s, &s->candidates[i]);
	for (size_t i = 0; i < s->ncandidates; i++)
		if (s->candidates[i].evidence > RANGE)
			consider_named(s, &s->candidates[i]);
	s->ncandidates = 0;
}

/* Whether somebody still needs a look at other units; marks the names of these. */
static bool
is_missing_some(struct search *s)
{
	bool some = false;

	s->wanted = twz_new_array(s->arena, s->n, bool);
	for (size_t i = 0; i < s->n; i++) {
		const struct dw_function *f = &s->functions[i];

		if (is_settled(s, (uint32_t)i) || (f->hidden && s->versions[i]) ||
		    is_thunk(f->symbol))
			continue;
		some = true;
		/* A name is asked of the first that has it. */
		s->wanted[name_slot(s, f->symbol, hash_name(f->symbol))->function - 1] = true;
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
	dw_scan(s->dw, s->addresses, s->n, s->visited, s, visit, collect);
	consider_all(s);
	if (is_missing_some(s)) {
		dw_scan(s->dw, NULL, 0, s->visited, s, visit, collect);
		consider_all(s);
	}
	free(s->candidates);
	s->candidates = NULL;
}
