/*
 * Two versions of a struct, a union, an enum or a function type. Members are known by their names: what
 * moved, what became of it, and what came in between. Members of structs without name count as the outer
 * one's own, as they do in C; so putting a field into a nameless union with another one is no move.
 */
#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include "introspect/diff/diff_in.h"

/* A field, at its place in the outermost struct. */
struct field {
	const struct twz_member *m;
	uint64_t bit;			/* from the start of the struct */
	uint64_t bits;			/* 0: of no size, such as an array at the end without length */
	uint32_t twin;			/* the field of the other side, or DIFF_NONE */
	size_t before;			/* of NEW's: how many of OLD's end before it begins */
	bool is_reserved;		/* room that was left for later */
};

struct fields {
	struct field *all;
	size_t n;
	size_t nameless;		/* that were looked into inside nameless structs */
};

/* A struct whose two versions are compared. */
struct layout {
	struct differ *d;
	struct node *node;
	uint32_t index;
	struct fields was, now;
};

/* -- fields ----------------------------------------------------------------------------------------- */

/* "reserved", "__unused1", "pad", "_spare", …: names of room that is left for later. */
static bool
is_reserved_name(const char *name)
{
	static const char *const words[] = { "reserved", "unused", "spare", "padding", "dummy", "future" };

	for (const char *c = name; *c; c++)
		for (size_t i = 0; i < TWZ_COUNT(words); i++)
			if ((*c | 0x20) == *words[i] && !strncasecmp(c, words[i], strlen(words[i])))
				return true;
	name += strspn(name, "_");
	return !strncasecmp(name, "pad", 3) && !name[3 + strspn(name + 3, "_0123456789")];
}

static void
flatten(struct differ *d, const struct twz_type *type, uint64_t bit, struct fields *ret, unsigned depth)
{
	for (uint32_t i = 0; i < type->nmembers; i++) {
		const struct twz_member *m = &type->members[i];
		const struct twz_type *t = twz_type_strip(m->type);
		uint64_t at = bit + m->offset * 8 + m->bit_offset;

		if (!t)
			continue;
		if (depth >= DIFF_DEPTH || (depth && ret->nameless++ >= DIFF_NAMELESS)) {
			d->partial = true;
			return;
		}
		if (!*m->name && diff_shape(t) == SHAPE_FIELDS)
			flatten(d, t, at, ret, depth + 1);
		else if (*m->name)
			twz_push(&d->scratch, ret->all, ret->n, ((struct field){
				m, at, m->bit_size ? m->bit_size : (uint64_t)t->size * 8, DIFF_NONE, 0,
				is_reserved_name(m->name) }));
	}
}

static void
pair_by_name(struct differ *d, struct fields *was, struct fields *now)
{
	struct names names = { 0 };
	size_t same = 0;

	/* Mostly all is as it was. */
	while (same < was->n && same < now->n && !strcmp(was->all[same].m->name, now->all[same].m->name)) {
		was->all[same].twin = now->all[same].twin = (uint32_t)same;
		same++;
	}
	for (size_t i = same; i < now->n; i++)
		names_add(&names, &d->scratch, now->all[i].m->name)->value = (uint32_t)i;
	for (size_t i = same; i < was->n; i++) {
		const struct name_slot *slot = names_find(&names, was->all[i].m->name);

		if (!slot || now->all[slot->value].twin != DIFF_NONE)
			continue;
		was->all[i].twin = slot->value;
		now->all[slot->value].twin = (uint32_t)i;
	}
}

/* Fields in the order of their places; both lists are sorted by them unless a file lies. */
static bool
looks_alike(const struct field *a, const struct field *b)
{
	return a->bit == b->bit && a->bits == b->bits && !a->m->bit_size == !b->m->bit_size &&
	       diff_shape(twz_type_strip(a->m->type)) == diff_shape(twz_type_strip(b->m->type));
}

/* A field that is gone and a new one in the same place, of the same size and sort, are one. */
static void
pair_by_place(struct layout *l)
{
	size_t k = 0;

	for (size_t i = 0; i < l->was.n; i++) {
		struct field *a = &l->was.all[i];

		while (k < l->now.n && (l->now.all[k].bit < a->bit || l->now.all[k].twin != DIFF_NONE))
			k++;
		if (k == l->now.n)
			break;

		struct field *b = &l->now.all[k];

		if (a->twin != DIFF_NONE || a->is_reserved || b->is_reserved || !looks_alike(a, b))
			continue;
		a->twin = (uint32_t)k;
		b->twin = (uint32_t)i;
		diff_add(l->d, l->node, (struct diff_detail){
			diff_rename(l->d), "field-renamed", a->m->name, a->m->name, b->m->name,
			twz_format(l->d->arena, "field '%s' is called '%s' now", a->m->name, b->m->name) });
	}
}

static const char *
place_name(struct differ *d, const struct field *f)
{
	if (f->m->bit_size)
		return twz_format(d->arena, "bit %" PRIu64, f->bit);
	return twz_format(d->arena, "%" PRIu64, f->bit / 8);
}

/* -- what became of each ---------------------------------------------------------------------------- */

static void
moved(struct layout *l, const struct field *a, const struct field *b, size_t others)
{
	struct differ *d = l->d;
	const char *was = place_name(d, a), *now = place_name(d, b), *text;
	int64_t by = (int64_t)(b->bit - a->bit);

	if (others)
		text = twz_format(d->arena, "field '%s' and %zu after it moved by %" PRId64 " %s",
				  a->m->name, others, by % 8 ? by : by / 8, by % 8 ? "bits" : "bytes");
	else
		text = twz_format(d->arena, "field '%s' moved from %s%s to %s%s", a->m->name,
				  a->m->bit_size ? "" : "offset ", was,
				  b->m->bit_size && !a->m->bit_size ? "" :
				  !b->m->bit_size && a->m->bit_size ? "offset " : "", now);
	diff_add(d, l->node, (struct diff_detail){ DIFF_INCOMPATIBLE, "field-moved", a->m->name, was, now,
						   text });
}

static bool
is_moved(const struct layout *l, size_t i, int64_t *by)
{
	const struct field *a = &l->was.all[i];

	if (a->twin == DIFF_NONE || a->is_reserved)
		return false;
	*by = (int64_t)(l->now.all[a->twin].bit - a->bit);
	return *by;
}

/* Neighbours that moved by the same distance are one change, with one cause. */
static void
report_moves(struct layout *l)
{
	for (size_t i = 0; i < l->was.n && !diff_is_full(l->d); i++) {
		size_t end = i + 1;
		int64_t by, next;

		if (!is_moved(l, i, &by))
			continue;
		while (end < l->was.n && is_moved(l, end, &next) && next == by)
			end++;
		if (end - i < 4)
			end = i + 1;
		moved(l, &l->was.all[i], &l->now.all[l->was.all[i].twin], end - i - 1);
		i = end - 1;
	}
}

static void
compare_field(struct layout *l, const struct field *a, const struct field *b)
{
	struct differ *d = l->d;
	struct place place = {
		.owner = l->index, .role = ROLE_FIELD, .what = a->m->name, .a = a->m->type,
		.b = b->m->type, .qa = a->m->quals, .qb = b->m->quals,
	};

	if (a->m->bit_size != b->m->bit_size)
		diff_add(d, l->node, (struct diff_detail){
			DIFF_INCOMPATIBLE, "field-bits", a->m->name,
			twz_format(d->arena, "%u", a->m->bit_size), twz_format(d->arena, "%u", b->m->bit_size),
			twz_format(d->arena, "field '%s' has %" PRIu64 " bits, not %" PRIu64 " any more",
				   a->m->name, b->bits, a->bits) });
	diff_place(d, &place);
}

static void
removed(struct layout *l, const struct field *a)
{
	diff_add(l->d, l->node, (struct diff_detail){
		DIFF_INCOMPATIBLE, "field-removed", a->m->name, diff_type_text(l->d, a->m->type), "",
		twz_format(l->d->arena, "field '%s' (%s) removed from %s%s", a->m->name,
			   diff_type_text(l->d, a->m->type), a->m->bit_size ? "" : "offset ",
			   place_name(l->d, a)) });
}

/* What it means that a struct has another size, as far as its functions tell; see diff_use.c. */
static enum diff_weight
size_matters(struct differ *d, const struct node *node, const char **why)
{
	unsigned uses = uses_of(&d->was, node->a, node->a_name);
	bool taken = uses & USE_TAKEN, made = uses & USE_MADE;

	if (uses & USE_VALUE) {
		*why = "it is passed by value";
		return DIFF_INCOMPATIBLE;
	}
	if (made && (!taken || uses & USE_FREED)) {
		*why = "only behind a pointer that the library makes";
		return DIFF_COMPATIBLE;
	}
	*why = taken && !made ? "callers allocate it" : "callers may allocate it";
	return DIFF_INCOMPATIBLE;
}

/* Whether @b lies where a field of OLD was that is gone or elsewhere now. Both lists are in order. */
static bool
takes_place(const struct layout *l, const struct field *b)
{
	int64_t by;

	for (size_t i = b->before; i < l->was.n && i < b->before + 64; i++) {
		const struct field *a = &l->was.all[i];

		if (a->bit >= b->bit + b->bits)
			break;
		if (a->bit + a->bits > b->bit && !a->is_reserved && (a->twin == DIFF_NONE || is_moved(l, i, &by)))
			return true;
	}
	return false;
}

/*
 * A field where OLD had nothing (padding, room that was left, or bytes that a union shares) takes
 * nothing from callers. Whether one behind the old end does depends on who makes the objects.
 */
static void
added(struct layout *l, const struct field *b)
{
	bool inside = b->bit + b->bits <= (uint64_t)l->node->a->size * 8;
	const char *why;
	enum diff_weight weight = takes_place(l, b) ? DIFF_INCOMPATIBLE :
		inside ? DIFF_COMPATIBLE : size_matters(l->d, l->node, &why);

	diff_add(l->d, l->node, (struct diff_detail){
		weight, "field-added", b->m->name, "", diff_type_text(l->d, b->m->type),
		twz_format(l->d->arena, "field '%s' (%s) added at %s%s", b->m->name,
			   diff_type_text(l->d, b->m->type), b->m->bit_size ? "" : "offset ",
			   place_name(l->d, b)) });
}

static void
report_added(struct layout *l)
{
	size_t before = 0;

	for (size_t i = 0; i < l->now.n && !diff_is_full(l->d); i++) {
		struct field *b = &l->now.all[i];

		while (before < l->was.n && l->was.all[before].bit + l->was.all[before].bits <= b->bit)
			before++;
		b->before = before;
		if (b->twin == DIFF_NONE && !b->is_reserved)
			added(l, b);
	}
}

/* -- the whole -------------------------------------------------------------------------------------- */

/* A field whose own type changed in size is why the others moved. */
static const char *
grown_field(const struct layout *l)
{
	for (size_t i = 0; i < l->was.n; i++) {
		const struct field *a = &l->was.all[i];

		if (a->twin != DIFF_NONE && a->bits != l->now.all[a->twin].bits && !a->is_reserved)
			return a->m->name;
	}
	return NULL;
}

static void
compare_size(struct layout *l)
{
	struct differ *d = l->d;
	const struct twz_type *a = l->node->a, *b = l->node->b;
	const char *was, *now, *field, *with = "", *why;
	enum diff_weight weight;

	if (a->size == b->size && a->align == b->align)
		return;
	weight = size_matters(d, l->node, &why);
	was = twz_format(d->arena, "%u", a->size);
	now = twz_format(d->arena, "%u", b->size);
	field = grown_field(l);
	if (field)
		with = twz_format(d->arena, " with its field '%s'", field);
	if (a->size != b->size)
		diff_add(d, l->node, (struct diff_detail){
			weight, "size", "", was, now,
			twz_format(d->arena, "%s from %s to %s bytes%s: %s",
				   a->size < b->size ? "grew" : "shrank", was, now, with, why) });
	if (a->align != b->align && a->align && b->align)
		diff_add(d, l->node, (struct diff_detail){
			a->align < b->align ? weight : DIFF_COMPATIBLE, "alignment", "",
			twz_format(d->arena, "%u", a->align), twz_format(d->arena, "%u", b->align),
			twz_format(d->arena, "its alignment changed from %u to %u", a->align, b->align) });
}

/*
 * Small structs travel in registers, floating-point numbers in others than the rest; each eight bytes
 * decide for themselves. Whether anything in there is no floating-point number.
 */
static bool
has_integer(const struct fields *f, uint64_t word)
{
	for (size_t i = 0; i < f->n; i++) {
		const struct twz_type *t = twz_type_strip(f->all[i].m->type);

		if (f->all[i].bit < (word + 1) * 64 && f->all[i].bit + f->all[i].bits > word * 64 &&
		    t->kind != TWZ_FLOAT)
			return true;
	}
	return false;
}

static void
compare_registers(struct layout *l)
{
	if (!l->node->ndetails || l->node->a->size > 16 || l->node->a->size != l->node->b->size ||
	    !(uses_of(&l->d->was, l->node->a, l->node->a_name) & USE_VALUE))
		return;
	for (uint64_t word = 0; word < 2; word++)
		if (has_integer(&l->was, word) != has_integer(&l->now, word))
			diff_add(l->d, l->node, (struct diff_detail){
				DIFF_INCOMPATIBLE, "registers", "", "", "",
				"it is passed by value, in other registers than before" });
}

static void
compare_fields(struct differ *d, struct node *node, uint32_t index)
{
	struct layout l = { .d = d, .node = node, .index = index };

	flatten(d, node->a, 0, &l.was, 0);
	flatten(d, node->b, 0, &l.now, 0);
	pair_by_name(d, &l.was, &l.now);
	pair_by_place(&l);
	for (size_t i = 0; i < l.was.n && !diff_is_full(d); i++) {
		const struct field *a = &l.was.all[i];

		if (a->twin != DIFF_NONE && !a->is_reserved)
			compare_field(&l, a, &l.now.all[a->twin]);
		else if (a->twin == DIFF_NONE && !a->is_reserved)
			removed(&l, a);
	}
	report_added(&l);
	report_moves(&l);
	compare_size(&l);
	compare_registers(&l);
}

/* -- enums ------------------------------------------------------------------------------------------ */

static const char *
number(struct differ *d, const struct twz_type *type, const struct twz_member *m)
{
	return type->is_signed ? twz_format(d->arena, "%" PRId64, m->value) :
		twz_format(d->arena, "%" PRIu64, (uint64_t)m->value);
}

/* The enumerators of @type that @others does not have, by their values. */
struct strangers {
	const struct twz_member **all;
	size_t n;
};

static int
by_value(const void *a, const void *b)
{
	const struct twz_member *const *m = a, *const *n = b;

	if ((*m)->value != (*n)->value)
		return (*m)->value < (*n)->value ? -1 : 1;
	return strcmp((*m)->name, (*n)->name);
}

static struct strangers
strangers(struct differ *d, const struct twz_type *type, const struct names *others)
{
	struct strangers ret = { 0 };

	for (uint32_t i = 0; i < type->nmembers; i++)
		if (!names_find(others, type->members[i].name))
			twz_push(&d->scratch, ret.all, ret.n, &type->members[i]);
	if (ret.n)
		qsort(ret.all, ret.n, sizeof(*ret.all), by_value);
	return ret;
}

/* Of those that only one side has, one of each with the same value are one with another name. */
static void
report_strangers(struct differ *d, struct node *node, struct strangers gone, struct strangers fresh)
{
	size_t i = 0, k = 0;

	while ((i < gone.n || k < fresh.n) && !diff_is_full(d)) {
		const struct twz_member *m = i < gone.n ? gone.all[i] : NULL;
		const struct twz_member *n = k < fresh.n ? fresh.all[k] : NULL;

		if (m && n && m->value == n->value) {
			diff_add(d, node, (struct diff_detail){
				diff_rename(d), "enumerator-renamed", m->name, m->name, n->name,
				twz_format(d->arena, "%s is called %s now", m->name, n->name) });
			i++, k++;
		} else if (!n || (m && m->value < n->value)) {
			diff_add(d, node, (struct diff_detail){
				DIFF_INCOMPATIBLE, "enumerator-removed", m->name, number(d, node->a, m), "",
				twz_format(d->arena, "%s (%s) removed", m->name, number(d, node->a, m)) });
			i++;
		} else {
			/* What the old ones mean is untouched; who branches on them has a last branch. */
			diff_add(d, node, (struct diff_detail){
				DIFF_COMPATIBLE, "enumerator-added", n->name, "", number(d, node->b, n),
				twz_format(d->arena, "%s (%s) added", n->name, number(d, node->b, n)) });
			k++;
		}
	}
}

static void
compare_enums(struct differ *d, struct node *node)
{
	const struct twz_type *a = node->a, *b = node->b;
	struct names old = { 0 }, new = { 0 };

	for (uint32_t i = 0; i < b->nmembers; i++)
		names_add(&new, &d->scratch, b->members[i].name)->value = i;
	for (uint32_t i = 0; i < a->nmembers && !diff_is_full(d); i++) {
		const struct twz_member *m = &a->members[i];
		const struct name_slot *slot = names_find(&new, m->name);
		const struct twz_member *n = slot ? &b->members[slot->value] : m;

		/* Mostly all is as it was; and a file may use a name twice. */
		if (i < b->nmembers && !strcmp(b->members[i].name, m->name))
			n = &b->members[i];
		names_add(&old, &d->scratch, m->name);
		if (m->value != n->value)
			diff_add(d, node, (struct diff_detail){
				DIFF_INCOMPATIBLE, "enumerator-value", m->name, number(d, a, m),
				number(d, b, n), twz_format(d->arena, "%s changed from %s to %s", m->name,
							    number(d, a, m), number(d, b, n)) });
	}
	report_strangers(d, node, strangers(d, a, &new), strangers(d, b, &old));
	if (a->size != b->size)
		diff_add(d, node, (struct diff_detail){
			DIFF_INCOMPATIBLE, "size", "", twz_format(d->arena, "%u", a->size),
			twz_format(d->arena, "%u", b->size),
			twz_format(d->arena, "its values have %u bytes, not %u any more", b->size, a->size) });
}

/* -- function types --------------------------------------------------------------------------------- */

/* A function that is pointed to: the library calls what it was given, or the other way round. */
static void
compare_functions(struct differ *d, struct node *node, uint32_t index)
{
	const struct twz_type *a = node->a, *b = node->b;

	if (a->nmembers != b->nmembers || a->is_variadic != b->is_variadic) {
		diff_add(d, node, (struct diff_detail){ DIFF_INCOMPATIBLE, "callback", "", "", "",
							"takes other parameters" });
		return;
	}
	for (uint32_t i = 0; i <= a->nmembers; i++) {
		bool is_result = i == a->nmembers;
		struct place place = {
			.owner = index, .role = ROLE_CALLBACK, .index = i, .what = "",
			.a = is_result ? a->target : a->members[i].type,
			.b = is_result ? b->target : b->members[i].type,
		};

		diff_place(d, &place);
	}
}

void
diff_layout(struct differ *d, uint32_t index)
{
	struct node *node = d->nodes[index];
	enum shape was = diff_shape(node->a), now = diff_shape(node->b);

	if (was == SHAPE_FIELDS && now == SHAPE_FIELDS)
		compare_fields(d, node, index);
	else if (was == SHAPE_ENUM && now == SHAPE_ENUM)
		compare_enums(d, node);
	else if (node->is_func)
		compare_functions(d, node, index);
	else if (was != SHAPE_HIDDEN && now == SHAPE_HIDDEN)
		diff_add(d, node, (struct diff_detail){
			DIFF_COMPATIBLE, "hidden", "", "", "", "its definition is not to be seen any more" });
}
