/* Of all DIEs that may be a function's, the best: its rank decides, then the place in the file. */
#include <string.h>

#include "introspect/dwarf/search.h"
#include "introspect/sort.h"

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

bool
search_is_open(const struct search *s, uint32_t f)
{
	const struct dw_function *function = &s->functions[f];

	return !is_settled(s, f) && !(function->hidden && s->versions[f]) && !is_thunk(function->symbol);
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
void
search_choose(struct search *s)
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
