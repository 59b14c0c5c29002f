/*
 * From the graph to a list that can be read: what differs because another type took its place is said
 * where that happened; one struct that many units describe is one change; each type names the functions
 * that reach it; and what other changes follow from comes before them.
 */
#include <string.h>

#include "introspect/diff/diff_in.h"

/* -- types that took another's place ---------------------------------------------------------------- */

/* One of two types that are no versions of each other: how their contents differ is of no use. */
static bool
is_replaced(const struct node *node)
{
	return node->other && node->ndetails;
}

static enum diff_weight
weight_of(const struct node *node)
{
	enum diff_weight weight = DIFF_SAME;

	for (size_t i = 0; i < node->ndetails; i++)
		if (node->details[i].weight > weight)
			weight = node->details[i].weight;
	return weight;
}

/* Tells all who lead to a node that differs that much, and all who lead to them in turn. */
static void
settle(struct differ *d, enum diff_weight least)
{
	uint32_t *work = twz_new_array(&d->scratch, d->n, uint32_t);
	bool *queued = twz_new_array(&d->scratch, d->n, bool);
	size_t n = 0;

	for (size_t i = 0; i < d->n; i++)
		if ((queued[i] = is_replaced(d->nodes[i]) || weight_of(d->nodes[i]) >= least))
			work[n++] = (uint32_t)i;
	for (size_t i = 0; i < n; i++) {
		const struct node *node = d->nodes[work[i]];
		enum diff_weight weight = node->is_func ? weight_of(node) : DIFF_INCOMPATIBLE;

		for (uint32_t k = node->suspects; k != DIFF_NONE; k = d->suspects[k].next) {
			struct suspect *s = &d->suspects[k];

			if (s->told || diff_is_full(d))
				continue;
			s->told = true;
			diff_tell_place(d, &s->place, weight);
			if (!queued[s->place.owner])
				work[n++] = s->place.owner;
			queued[s->place.owner] = true;
		}
	}
}

/*
 * A place whose two types have names that are known apart from it changed if, and only if, what is in
 * them differs; the same goes for one with a function type. That again may make its owner one that
 * differs. What weighs more comes first: each place is told about once.
 */
static void
settle_suspects(struct differ *d)
{
	settle(d, DIFF_INCOMPATIBLE);
	settle(d, DIFF_COMPATIBLE);
}

/* -- causes first ----------------------------------------------------------------------------------- */

/* Marks all that functions reach. */
static void
mark_live(struct differ *d)
{
	uint32_t *work = twz_new_array(&d->scratch, d->n, uint32_t);
	size_t n = 0;

	for (size_t i = 0; i < d->n; i++)
		if ((d->nodes[i]->live = d->nodes[i]->was))
			work[n++] = (uint32_t)i;
	for (size_t i = 0; i < n; i++)
		for (uint32_t e = d->nodes[work[i]]->edges; e != DIFF_NONE; e = d->edges[e].next) {
			struct node *next = d->nodes[d->edges[e].to];

			if (next->live || next->unseen || is_replaced(next))
				continue;
			next->live = true;
			work[n++] = d->edges[e].to;
		}
}

struct step {
	uint32_t node, edge;
};

/*
 * All that is live, what is held by value before its holder: a field that grew comes before the struct
 * that grew with it.
 */
static uint32_t *
walk(struct differ *d, size_t *ret)
{
	uint32_t *order = twz_new_array(&d->scratch, d->n, uint32_t);
	struct step *stack = twz_new_array(&d->scratch, d->n + 1, struct step);
	bool *seen = twz_new_array(&d->scratch, d->n, bool);
	size_t n = 0;

	for (size_t i = 0; i < d->n; i++) {
		size_t depth = 0;

		if (seen[i] || !d->nodes[i]->live)
			continue;
		seen[i] = true;
		stack[depth++] = (struct step){ (uint32_t)i, d->nodes[i]->edges };
		while (depth) {
			struct step *at = &stack[depth - 1];
			const struct edge *edge = at->edge == DIFF_NONE ? NULL : &d->edges[at->edge];

			if (!edge) {
				order[n++] = at->node;
				depth--;
				continue;
			}
			at->edge = edge->next;
			if (!edge->by_value || seen[edge->to] || !d->nodes[edge->to]->live)
				continue;
			seen[edge->to] = true;
			stack[depth++] = (struct step){ edge->to, d->nodes[edge->to]->edges };
		}
	}
	*ret = n;
	return order;
}

/* -- one change for each type ----------------------------------------------------------------------- */

static const char *
text_of(struct differ *d, const struct node *node)
{
	const char *name = diff_node_name(d, node);
	TWZ_FREE char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);

	if (!f)
		return name;
	fputs(name, f);
	for (size_t i = 0; i < node->ndetails; i++)
		fprintf(f, "\n%s", node->details[i].text);
	fclose(f);
	return text ? twz_strndup(&d->scratch, text, n) : name;
}

/* The changes, and for each node the one that it belongs to, plus 1. */
struct list {
	struct diff_change *all;
	size_t n;
	uint32_t *of;
};

static struct diff_change
change_of(struct differ *d, const struct node *node)
{
	struct diff_change change = {
		.event = DIFF_CHANGED, .is_type = !node->was, .name = diff_node_name(d, node), .was = node->was,
		.now = node->now, .details = node->details, .ndetails = node->ndetails,
	};

	change.weight = weight_of(node);
	return change;
}

static void
make_list(struct differ *d, struct list *list)
{
	struct names known = { 0 };
	size_t n;
	const uint32_t *order = walk(d, &n);

	list->of = twz_new_array(&d->scratch, d->n, uint32_t);
	for (size_t i = 0; i < n; i++) {
		const struct node *node = d->nodes[order[i]];
		struct name_slot *slot;

		if (!node->ndetails || node->is_func)
			continue;
		if (node->was) {
			twz_push(d->arena, list->all, list->n, change_of(d, node));
			continue;
		}
		slot = names_add(&known, &d->scratch, text_of(d, node));
		if (!slot->value) {
			twz_push(d->arena, list->all, list->n, change_of(d, node));
			slot->value = (uint32_t)list->n;
		}
		list->of[order[i]] = slot->value;
	}
}

/* -- who reaches what ------------------------------------------------------------------------------- */

/* The graph turned round: who leads to each node. */
struct users {
	uint32_t *first;		/* of each node in … */
	uint32_t *from;
};

static struct users
turn_round(struct differ *d)
{
	struct users u = { twz_new_array(&d->scratch, d->n + 1, uint32_t),
			   twz_new_array(&d->scratch, d->nedges, uint32_t) };
	uint32_t *at = twz_new_array(&d->scratch, d->n, uint32_t);

	for (size_t i = 0; i < d->nedges; i++)
		u.first[d->edges[i].to + 1]++;
	for (size_t i = 0; i < d->n; i++)
		u.first[i + 1] += u.first[i];
	for (size_t i = 0; i < d->n; i++)
		for (uint32_t e = d->nodes[i]->edges; e != DIFF_NONE; e = d->edges[e].next)
			u.from[u.first[d->edges[e].to] + at[d->edges[e].to]++] = (uint32_t)i;
	return u;
}

/* Sixty-four changes at a time: a bit for each, which goes from its nodes to all that reach them. */
static void
spread(struct differ *d, struct list *list, size_t base, const struct users *u, uint64_t *masks,
       uint32_t *work, bool *queued)
{
	size_t n = 0;

	memset(masks, 0, d->n * sizeof(*masks));
	for (size_t i = 0; i < d->n; i++) {
		if (list->of[i] <= base || list->of[i] > base + 64)
			continue;
		masks[i] = (uint64_t)1 << (list->of[i] - 1 - base);
		work[n++] = (uint32_t)i;
		queued[i] = true;
	}
	while (n) {
		uint32_t i = work[--n];

		queued[i] = false;
		for (uint32_t k = u->first[i]; k < u->first[i + 1]; k++) {
			uint32_t from = u->from[k];

			if (!d->nodes[from]->live || !(masks[i] & ~masks[from]))
				continue;
			masks[from] |= masks[i];
			if (!queued[from])
				work[n++] = from;
			queued[from] = true;
		}
	}
	for (size_t i = 0; i < d->n; i++)
		for (uint64_t mask = d->nodes[i]->was ? masks[i] : 0; mask; mask &= mask - 1) {
			struct diff_change *change = &list->all[base + (size_t)__builtin_ctzll(mask)];

			twz_push(d->arena, change->functions, change->nfunctions, d->nodes[i]->was->name);
		}
}

static void
find_functions(struct differ *d, struct list *list)
{
	struct users u = turn_round(d);
	uint64_t *masks = twz_new_array(&d->scratch, d->n, uint64_t);
	uint32_t *work = twz_new_array(&d->scratch, d->n, uint32_t);
	bool *queued = twz_new_array(&d->scratch, d->n, bool);

	for (size_t base = 0; base < list->n; base += 64)
		spread(d, list, base, &u, masks, work, queued);
}

/* -- the list --------------------------------------------------------------------------------------- */

/* What breaks callers comes first, and types before the functions that name them. */
static int
rank(const struct diff_change *c)
{
	static const int ranks[] = { [DIFF_REMOVED] = 0, [DIFF_CHANGED] = 1, [DIFF_ADDED] = 5 };
	int base = ranks[c->event];

	if (c->event == DIFF_CHANGED)
		base += (c->weight != DIFF_INCOMPATIBLE) * 2 + !c->is_type;
	return base;
}

void
diff_finish(struct differ *d, struct diff_change *others, size_t nothers, struct diff *ret)
{
	struct list list = { 0 };
	struct diff_change *sorted;
	size_t n = 0;

	settle_suspects(d);
	mark_live(d);
	make_list(d, &list);
	find_functions(d, &list);
	sorted = twz_new_array(d->arena, list.n + nothers, struct diff_change);
	for (int want = 0; want <= 5; want++) {
		for (size_t i = 0; i < nothers; i++)
			if (rank(&others[i]) == want)
				sorted[n++] = others[i];
		for (size_t i = 0; i < list.n; i++)
			if (rank(&list.all[i]) == want)
				sorted[n++] = list.all[i];
	}
	for (size_t i = 0; i < n; i++)
		if (sorted[i].weight > ret->weight)
			ret->weight = sorted[i].weight;
	ret->changes = sorted;
	ret->nchanges = n;
}
