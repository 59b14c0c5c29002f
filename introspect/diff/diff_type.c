/*
 * Two types in the same place: a parameter, a result, a field. What counts is what the machine does with
 * the bytes: which register or how many bytes, whether they are numbers, signed, or addresses, and of
 * what. Names of types count only where they are all there is (structs that are declared only).
 */
#include <inttypes.h>
#include <string.h>

#include "introspect/diff/diff_in.h"
#include "twz/typetext.h"

/* The comparison of one place on its way down. */
struct walk {
	struct differ *d;
	const struct place *place;
	const char *why;		/* what to add to the sentence; NULL */
	unsigned pointers;		/* that were followed */
	unsigned depth;
};

static enum diff_weight compare(struct walk *w, const struct twz_type *a, const struct twz_type *b);

static enum diff_weight
worse(enum diff_weight a, enum diff_weight b)
{
	return a > b ? a : b;
}

const char *
diff_type_text(struct differ *d, const struct twz_type *type)
{
	TWZ_FREE char *text = NULL;
	size_t n = 0;
	FILE *f = type ? open_memstream(&text, &n) : NULL;

	if (!f)
		return "void";
	twz_c_declare(f, type, "");
	fclose(f);
	return text ? twz_strndup(d->arena, text, n) : "";
}

/* -- structs, unions and enums: nodes --------------------------------------------------------------- */

static struct pair_slot *
pair_slot(struct pair_slot *slots, size_t size, const struct twz_type *a, const struct twz_type *b)
{
	uint64_t key = ((uintptr_t)a >> 4) * 0x9e3779b97f4a7c15 ^ ((uintptr_t)b >> 4) * 0xc2b2ae3d27d4eb4f;
	size_t i = (size_t)(key ^ key >> 29) & (size - 1);

	while (slots[i].node && (slots[i].a != a || slots[i].b != b))
		i = (i + 1) & (size - 1);
	return &slots[i];
}

static struct pair_slot *
pair_of(struct differ *d, const struct twz_type *a, const struct twz_type *b)
{
	if (d->n * 2 >= d->nslots) {
		size_t size = d->nslots ? d->nslots * 2 : 1024;
		struct pair_slot *slots;

		while (d->n * 2 >= size)
			size *= 2;
		slots = twz_new_array(&d->scratch, size, struct pair_slot);
		for (size_t i = 0; i < d->nslots; i++)
			if (d->slots[i].node)
				*pair_slot(slots, size, d->slots[i].a, d->slots[i].b) = d->slots[i];
		d->slots = slots;
		d->nslots = size;
	}
	return pair_slot(d->slots, d->nslots, a, b);
}

struct node *
diff_node(struct differ *d, uint32_t *index)
{
	struct node *node = twz_new(&d->scratch, struct node);

	node->edges = node->suspects = DIFF_NONE;
	*index = (uint32_t)d->n;
	twz_push(&d->scratch, d->nodes, d->n, node);
	return node;
}

bool
diff_is_full(struct differ *d)
{
	if (d->ndetails >= DIFF_DETAILS)
		d->partial = true;
	return d->ndetails >= DIFF_DETAILS;
}

void
diff_add(struct differ *d, struct node *node, struct diff_detail detail)
{
	d->ndetails++;
	twz_push(d->arena, node->details, node->ndetails, detail);
}

const char *
diff_place_name(struct differ *d, const struct place *p)
{
	switch (p->role) {
	case ROLE_PARAM:
		return twz_format(d->arena, *p->what ? "parameter %u '%s'" : "parameter %u", p->index + 1,
				  p->what);
	case ROLE_FIELD:
		return twz_format(d->arena, "field '%s'", p->what);
	case ROLE_CALLBACK:
		return "a callback";
	case ROLE_RESULT:
		break;
	}
	return "result";
}

const char *
diff_node_name(struct differ *d, const struct node *node)
{
	static const char *const tags[] = { [SHAPE_ENUM] = "enum ", [SHAPE_FIELDS] = "struct ",
					    [SHAPE_HIDDEN] = "struct " };
	const struct twz_type *t = node->a;
	const char *name, *now, *tag;

	if (node->was)
		return node->was->name;
	name = node->a_name;
	now = node->b_name;
	tag = t->kind == TWZ_UNION || t->form == TWZ_FORM_UNION ? "union " :
		t->form == TWZ_FORM_ENUM ? "enum " : t->form == TWZ_FORM_CLASS ? "class " :
		tags[diff_shape(t)];
	if (!*name) {
		const struct node *owner = d->nodes[node->place.owner];

		/* Nameless inside nameless: the innermost field is told, not how to get there. */
		return twz_format(d->arena, "%s of %s", diff_place_name(d, &node->place),
				  owner->was || *owner->a_name ? diff_node_name(d, owner) : "another type");
	}
	name = *t->name ? twz_format(d->arena, "%s%s", tag, name) : name;
	if (node->other || !*now || !strcmp(node->a_name, now))
		return name;
	return twz_format(d->arena, "%s (now %s)", name, now);
}

static bool
is_other(struct differ *d, const char *a, const char *b)
{
	return *a && *b && strcmp(a, b) && (uses_know(&d->now, a) || uses_know(&d->was, b));
}

static bool
is_unseen(const struct differ *d, const char *name)
{
	return d->visible && *name && !names_find(d->visible, name);
}

/*
 * What @a and @b look like where they are not the same: one name may stand for two types, so typedefs
 * and pointers are followed until a difference is to be seen. False when there is none.
 */
static bool
tell_apart(struct differ *d, const struct twz_type *a, const struct twz_type *b, const char **was,
	   const char **now)
{
	for (int i = 0; i < DIFF_DEPTH && a && b; i++) {
		const struct twz_type *sa = twz_type_strip(a), *sb = twz_type_strip(b);

		*was = diff_type_text(d, sa);
		*now = diff_type_text(d, sb);
		if (strcmp(*was, *now))
			return true;
		a = sa->kind == TWZ_FUNC ? NULL : sa->target;
		b = sb->kind == TWZ_FUNC ? NULL : sb->target;
	}
	return false;
}

static const char *
place_text(struct differ *d, const struct place *p, const char *reason)
{
	const char *was = diff_type_text(d, p->a), *now = diff_type_text(d, p->b);
	const char *why = reason ? twz_format(d->arena, ": %s", reason) : "";
	const char *name = diff_place_name(d, p), *deep_was, *deep_now;

	if (strcmp(was, now))
		return twz_format(d->arena, "%s: %s became %s%s", name, was, now, why);
	if (tell_apart(d, p->a, p->b, &deep_was, &deep_now))
		return twz_format(d->arena, "%s: %s, which was %s, became %s%s", name, was, deep_was,
				  deep_now, why);
	return twz_format(d->arena, "%s: %s changed%s", name, was, why);
}

static void
tell(struct differ *d, const struct place *p, enum diff_weight weight, const char *why)
{
	static const char *const kinds[] = { [ROLE_PARAM] = "parameter-type", [ROLE_RESULT] = "result-type",
					     [ROLE_FIELD] = "field-type", [ROLE_CALLBACK] = "callback" };

	diff_add(d, d->nodes[p->owner], (struct diff_detail){
		.weight = weight, .kind = kinds[p->role], .what = p->what,
		.was = diff_type_text(d, p->a), .now = diff_type_text(d, p->b),
		.text = place_text(d, p, why),
	});
}

void
diff_tell_place(struct differ *d, const struct place *place, enum diff_weight weight)
{
	tell(d, place, weight, NULL);
}

static void
add_edge(struct differ *d, uint32_t from, uint32_t to, bool by_value)
{
	struct edge edge = { to, d->nodes[from]->edges, by_value };

	/* Parameters of one type follow each other. */
	if (edge.next != DIFF_NONE && d->edges[edge.next].to == to) {
		d->edges[edge.next].by_value |= by_value;
		return;
	}
	d->nodes[from]->edges = (uint32_t)d->nedges;
	twz_push(&d->scratch, d->edges, d->nedges, edge);
}

static void
suspect(struct walk *w, struct node *node)
{
	uint32_t next = node->suspects;

	node->suspects = (uint32_t)w->d->nsuspects;
	twz_push(&w->d->scratch, w->d->suspects, w->d->nsuspects,
		 ((struct suspect){ .place = *w->place, .next = next }));
}

static struct node *
make_node(struct walk *w, const struct twz_type *a, const struct twz_type *b, const char *was,
	  const char *now, uint32_t *index)
{
	struct differ *d = w->d;
	struct node *node = diff_node(d, index);

	node->a = a;
	node->b = b;
	node->place = *w->place;
	node->a_name = was;
	node->b_name = now;
	node->is_func = a->kind == TWZ_FUNC;
	node->other = !node->is_func && is_other(d, was, now);
	/* Nothing but their names is known of these. */
	if (node->other && diff_shape(a) == SHAPE_HIDDEN && diff_shape(b) == SHAPE_HIDDEN)
		diff_add(d, node, (struct diff_detail){ DIFF_INCOMPATIBLE, "type-name", "", was, now,
							"is another type" });
	return node;
}

/* A pair that is a node. @a and @b as they stand in the place, which says how typedefs call them. */
static enum diff_weight
nodes(struct walk *w, const struct twz_type *a, const struct twz_type *b)
{
	const struct twz_type *sa = twz_type_strip(a), *sb = twz_type_strip(b);
	const char *was = diff_type_name(a), *now = diff_type_name(b);
	struct differ *d = w->d;
	struct pair_slot *slot = pair_of(d, sa, sb);
	struct node *node;
	uint32_t index;

	if (!slot->node) {
		if (d->n >= DIFF_NODES) {
			d->partial = true;
			return DIFF_SAME;
		}
		node = make_node(w, sa, sb, was, now, &index);
		node->unseen = !node->is_func && is_unseen(d, was);
		*slot = (struct pair_slot){ sa, sb, index + 1 };
	}
	index = slot->node - 1;
	node = d->nodes[index];
	add_edge(d, w->place->owner, index, !w->pointers);
	if (node->other || node->is_func)
		suspect(w, node);
	/* Passed by value, it is not private, whatever the headers look like. */
	node->unseen &= w->pointers > 0;
	if (!node->queued && !node->unseen) {
		node->queued = true;
		twz_push(&d->scratch, d->queue, d->nqueue, index);
	}
	return DIFF_SAME;
}

/* -- everything else -------------------------------------------------------------------------------- */

static enum diff_weight
numbers(const struct walk *w, const struct twz_type *a, const struct twz_type *b)
{
	if (a->kind == b->kind && a->kind == TWZ_FLOAT)
		/* Of two formats with one size, the name tells which it is. */
		return a->size == b->size && (a->size <= 8 || !strcmp(a->name, b->name)) ?
			DIFF_SAME : DIFF_INCOMPATIBLE;
	if (a->kind == b->kind)
		return a->size == b->size && a->is_signed == b->is_signed ? DIFF_SAME : DIFF_INCOMPATIBLE;
	/* char is one of the two integers of its size; where bytes are pointed to, nobody minds which. */
	if ((a->kind == TWZ_CHAR || b->kind == TWZ_CHAR) && (a->kind == TWZ_INT || b->kind == TWZ_INT) &&
	    a->size == b->size && (a->is_signed == b->is_signed || w->pointers))
		return DIFF_COMPATIBLE;
	return DIFF_INCOMPATIBLE;
}

static uint8_t
quals_of(const struct twz_type *pointer)
{
	const struct twz_type *t = pointer->target;
	uint8_t quals = pointer->quals | (pointer->is_const ? TWZ_CONST : 0);

	for (int i = 0; i < DIFF_DEPTH && t && t->kind == TWZ_TYPEDEF; i++) {
		quals |= t->quals;
		t = t->target;
	}
	return quals;
}

/*
 * const is a promise. Of a parameter the library gives it: to promise more is fine, to take it back hits
 * callers who passed constants. Of a result callers give it: there it is the other way round. Further
 * down, both sides read and write, and the bytes are the same.
 */
static enum diff_weight
qualifiers(struct walk *w, uint8_t a, uint8_t b)
{
	bool less = a & ~b & TWZ_CONST, more = b & ~a & TWZ_CONST;

	if ((a ^ b) & TWZ_ATOMIC) {
		w->why = "only one of them is accessed atomically";
		return DIFF_INCOMPATIBLE;
	}
	if (w->pointers == 1 && w->place->role == ROLE_PARAM && less) {
		w->why = "the function may write there now";
		return DIFF_INCOMPATIBLE;
	}
	if (w->pointers == 1 && w->place->role == ROLE_RESULT && more) {
		w->why = "callers may not write there any more";
		return DIFF_INCOMPATIBLE;
	}
	if (w->pointers == 1 && w->place->role == ROLE_PARAM && more)
		return DIFF_SAME;
	return less || more || (a ^ b) & TWZ_VOLATILE ? DIFF_COMPATIBLE : DIFF_SAME;
}

static bool
is_void(const struct twz_type *type)
{
	return !type || twz_type_strip(type)->kind == TWZ_VOID;
}

static const struct twz_type *
target_of(const struct twz_type *pointer)
{
	return pointer->kind == TWZ_STRING && !pointer->target ? &twz_type_char : pointer->target;
}

static enum diff_weight
pointers(struct walk *w, const struct twz_type *a, const struct twz_type *b)
{
	const struct twz_type *ta = target_of(a), *tb = target_of(b);
	enum diff_weight weight = DIFF_SAME;

	w->pointers++;
	if (is_void(ta) != is_void(tb)) {
		bool asks = is_void(ta) && w->place->role == ROLE_PARAM && w->pointers == 1;

		/* The bytes are an address as before. A parameter that was anything is now something. */
		w->why = asks ? "it may not point to anything else any more" : NULL;
		weight = asks ? DIFF_INCOMPATIBLE : DIFF_COMPATIBLE;
	} else if (!is_void(ta)) {
		weight = compare(w, ta, tb);
	}
	/* References are addresses for the machine. */
	if (a->form != b->form)
		weight = worse(weight, DIFF_COMPATIBLE);
	weight = worse(weight, qualifiers(w, quals_of(a), quals_of(b)));
	w->pointers--;
	return weight;
}

static enum diff_weight
arrays(struct walk *w, const struct twz_type *a, const struct twz_type *b)
{
	enum diff_weight weight = compare(w, a->target, b->target);

	return a->count == b->count ? weight : DIFF_INCOMPATIBLE;
}

/*
 * An int and an enum of the same size are passed and stored alike; enumerators are ints in C. (A smaller
 * one is widened on its way by its sign, so that has to be the same.)
 */
static bool
are_int_and_enum(const struct twz_type *a, const struct twz_type *b)
{
	return ((a->kind == TWZ_INT && b->kind == TWZ_ENUM) || (a->kind == TWZ_ENUM && b->kind == TWZ_INT)) &&
	       a->size == b->size && (a->size >= 4 || a->is_signed == b->is_signed);
}

static bool
is_aggregate(enum shape shape)
{
	return shape == SHAPE_FIELDS || shape == SHAPE_ENUM || shape == SHAPE_HIDDEN;
}

/* Whether both can be descriptions of one thing: a struct is no union, but may be only declared. */
static bool
is_same_sort(const struct twz_type *a, const struct twz_type *b)
{
	static const enum twz_kind of_form[] = { [TWZ_FORM_STRUCT] = TWZ_STRUCT,
						 [TWZ_FORM_UNION] = TWZ_UNION,
						 [TWZ_FORM_ENUM] = TWZ_ENUM,
						 [TWZ_FORM_CLASS] = TWZ_STRUCT };
	enum twz_kind ka = a->kind == TWZ_OPAQUE && a->form <= TWZ_FORM_CLASS ? of_form[a->form] : a->kind;
	enum twz_kind kb = b->kind == TWZ_OPAQUE && b->form <= TWZ_FORM_CLASS ? of_form[b->form] : b->kind;

	return ka == kb || ka == TWZ_VOID || kb == TWZ_VOID;	/* VOID: of no form that is known */
}

static enum diff_weight
same_shape(struct walk *w, enum shape shape, const struct twz_type *a, const struct twz_type *b)
{
	switch (shape) {
	case SHAPE_NOTHING:
		return DIFF_SAME;
	case SHAPE_NUMBER:
		return numbers(w, a, b);
	case SHAPE_POINTER:
		return pointers(w, a, b);
	case SHAPE_ARRAY:
		return arrays(w, a, b);
	case SHAPE_VECTOR:
		return a->size == b->size ? arrays(w, a, b) : DIFF_INCOMPATIBLE;
	case SHAPE_STRANGE:
		return a->size == b->size && a->form == b->form && !strcmp(a->name, b->name) ?
			DIFF_SAME : DIFF_INCOMPATIBLE;
	case SHAPE_ENUM:
	case SHAPE_FIELDS:
	case SHAPE_FUNC:
	case SHAPE_HIDDEN:
		break;
	}
	return DIFF_SAME;
}

static enum diff_weight
compare(struct walk *w, const struct twz_type *a, const struct twz_type *b)
{
	const struct twz_type *sa = twz_type_strip(a ? a : &twz_type_void);
	const struct twz_type *sb = twz_type_strip(b ? b : &twz_type_void);
	enum shape shape = diff_shape(sa), other = diff_shape(sb);
	enum diff_weight weight = DIFF_INCOMPATIBLE;

	if (sa == sb)
		return DIFF_SAME;
	if (w->depth >= DIFF_DEPTH) {
		w->d->partial = true;
		return DIFF_SAME;
	}
	w->depth++;
	if ((is_aggregate(shape) && is_aggregate(other) && is_same_sort(sa, sb)) ||
	    (shape == SHAPE_FUNC && other == SHAPE_FUNC))
		weight = nodes(w, a, b);
	else if (shape == other && !is_aggregate(shape))
		weight = same_shape(w, shape, sa, sb);
	else if (are_int_and_enum(sa, sb))
		weight = DIFF_COMPATIBLE;
	w->depth--;
	return weight;
}

/*
 * A function that returned nothing may return what fits into a register that callers do not count on
 * anyway. (A struct may need memory that they do not give, and a long double stays on a stack.)
 */
static bool
is_new_result(const struct place *p)
{
	enum shape shape = p->b ? diff_shape(twz_type_strip(p->b)) : SHAPE_NOTHING;

	return p->role == ROLE_RESULT && is_void(p->a) &&
	       (shape == SHAPE_NUMBER || shape == SHAPE_ENUM || shape == SHAPE_POINTER) &&
	       twz_type_strip(p->b)->size <= 8;
}

void
diff_place(struct differ *d, const struct place *place)
{
	struct walk w = { .d = d, .place = place };
	enum diff_weight weight = is_new_result(place) ? DIFF_COMPATIBLE :
		compare(&w, place->a, place->b);

	if (place->role == ROLE_FIELD && (place->qa ^ place->qb) & TWZ_ATOMIC) {
		w.why = "only one of them is accessed atomically";
		weight = DIFF_INCOMPATIBLE;
	} else if (place->role == ROLE_FIELD && (place->qa ^ place->qb) & (TWZ_CONST | TWZ_VOLATILE)) {
		weight = worse(weight, DIFF_COMPATIBLE);
	}
	if (weight != DIFF_SAME && !diff_is_full(d))
		tell(d, place, weight, w.why);
}
