/*
 * Two services, function by function. Functions are known by the symbol that a program asks for: name
 * and version; gates by their name, which is what scripts and stubs ask for. What functions take and
 * return is compared in diff_type.c and diff_layout.c.
 */
#include "introspect/diff/diff.h"

#include <inttypes.h>
#include <string.h>

#include "introspect/diff/diff_in.h"
#include "twz/typetext.h"

enum { NAMED = 8 };	/* parameters that came or went, in one sentence */

static const char *
or_empty(const char *text)
{
	return text ? text : "";
}

static void __attribute__((format(printf, 7, 8)))
say(struct differ *d, struct node *node, enum diff_weight weight, const char *kind, const char *was,
    const char *now, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	diff_add(d, node, (struct diff_detail){ weight, kind, "", was, now,
						twz_vformat(d->arena, fmt, ap) });
	va_end(ap);
}

/* -- parameters ------------------------------------------------------------------------------------- */

static void __attribute__((format(printf, 6, 7)))
say_param(struct differ *d, struct node *node, enum diff_weight weight, const char *kind,
	  const struct twz_member *p, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	diff_add(d, node, (struct diff_detail){ weight, kind, p->name, "", "",
						twz_vformat(d->arena, fmt, ap) });
	va_end(ap);
}

static const char *
extent_text(struct differ *d, const struct twz_type *func, const struct twz_member *p)
{
	if (!p->has_extent)
		return "one object";
	if (p->extent == TWZ_CALLBACK)
		return p->count ? "a callback with user data" : "a callback";
	if (p->extent == TWZ_USER_DATA)
		return "user data of a callback";
	if (p->extent >= 0 && (uint32_t)p->extent < func->nmembers)
		return twz_format(d->arena, "as many as parameter %d says", p->extent + 1);
	return twz_format(d->arena, "%" PRIu64 " elements", p->count);
}

/* What the records of gates say about parameters. */
static void
compare_record(struct differ *d, struct node *node, uint32_t i, const char *name)
{
	static const char *const dirs[] = { [TWZ_IN] = "in", [TWZ_OUT] = "out", [TWZ_INOUT] = "inout" };
	const struct twz_member *a = &node->was->type->members[i], *b = &node->now->type->members[i];

	if (strcmp(a->name, b->name) && *a->name && *b->name)
		diff_add(d, node, (struct diff_detail){
			diff_rename(d), "parameter-renamed", a->name, a->name, b->name,
			twz_format(d->arena, "%s is called '%s' now", name, b->name) });
	if (a->secret != b->secret)
		say_param(d, node, DIFF_INCOMPATIBLE, "secret", a, "%s is %s", name,
			  b->secret ? "secret now" : "not secret any more");
	if (a->optional != b->optional)
		/* Who always gave something still may. */
		say_param(d, node, b->optional ? DIFF_COMPATIBLE : DIFF_INCOMPATIBLE, "optional", a,
			  "%s may %s", name, b->optional ? "be missing now" : "not be missing any more");
	if (a->dir != b->dir)
		say_param(d, node, DIFF_INCOMPATIBLE, "direction", a, "%s is %s, not %s any more", name,
			  dirs[b->dir], dirs[a->dir]);
	if (a->has_extent != b->has_extent || a->extent != b->extent || a->count != b->count)
		say_param(d, node, DIFF_INCOMPATIBLE, "extent", a, "%s points to %s, not to %s any more", name,
			  extent_text(d, node->now->type, b), extent_text(d, node->was->type, a));
}

static bool
same_text(struct differ *d, const struct twz_member *a, const struct twz_member *b)
{
	return !strcmp(a->name, b->name) &&
	       !strcmp(diff_type_text(d, a->type), diff_type_text(d, b->type));
}

static const char *
describe(struct differ *d, const char *list, const struct twz_member *p, uint32_t i, const char *how)
{
	return twz_format(d->arena, "%s%s%s%s%s(%s) %s %u", list, *list ? ", " : ": ", *p->name ? "'" : "",
			  p->name, *p->name ? "' " : "", diff_type_text(d, p->type), how, i + 1);
}

/* Another number of parameters: those in the middle, between what is the same at both ends, changed. */
static void
compare_arity(struct differ *d, struct node *node)
{
	const struct twz_type *a = node->was->type, *b = node->now->type;
	uint32_t least = a->nmembers < b->nmembers ? a->nmembers : b->nmembers, head = 0, tail = 0;
	const char *which = "";

	while (head < least && same_text(d, &a->members[head], &b->members[head]))
		head++;
	while (head + tail < least && same_text(d, &a->members[a->nmembers - tail - 1],
						&b->members[b->nmembers - tail - 1]))
		tail++;
	for (uint32_t i = head; i < a->nmembers - tail && i < head + NAMED; i++)
		which = describe(d, which, &a->members[i], i, "removed from");
	for (uint32_t i = head; i < b->nmembers - tail && i < head + NAMED; i++)
		which = describe(d, which, &b->members[i], i, "added at");
	say(d, node, DIFF_INCOMPATIBLE, "arity", twz_format(d->arena, "%u", a->nmembers),
	    twz_format(d->arena, "%u", b->nmembers), "takes %u parameter%s, not %u any more%s", b->nmembers,
	    b->nmembers == 1 ? "" : "s", a->nmembers, which);
}

static void
compare_signature(struct differ *d, struct node *node, uint32_t index)
{
	const struct twz_type *a = node->was->type, *b = node->now->type;
	struct place result = {
		.owner = index, .role = ROLE_RESULT, .what = "", .a = a->target, .b = b->target,
	};

	if (a->nmembers != b->nmembers)
		compare_arity(d, node);
	for (uint32_t i = 0; i < a->nmembers && a->nmembers == b->nmembers; i++) {
		const struct twz_member *p = &a->members[i], *q = &b->members[i];
		struct place place = {
			.owner = index, .role = ROLE_PARAM, .index = i,
			.what = *p->name ? p->name : q->name, .a = p->type, .b = q->type,
		};

		diff_place(d, &place);
		if (d->gates)
			compare_record(d, node, i, diff_place_name(d, &place));
	}
	/* Callers tell such functions in a register how many arguments are floating-point numbers. */
	if (a->is_variadic != b->is_variadic)
		say(d, node, DIFF_INCOMPATIBLE, "variadic", "", "", "takes a variable number of arguments%s",
		    b->is_variadic ? " now" : " no more");
	diff_place(d, &result);
}

/* -- what a gate is besides ------------------------------------------------------------------------- */

static const char *
visibility_name(enum twz_visibility visibility)
{
	static const char *const names[] = {
#define X(name, text) text,
		TWZ_VISIBILITIES(X)
#undef X
	};

	return names[visibility];
}

static const char *
level_name(enum twz_level level)
{
	static const char *const names[] = {
#define X(name, text) [TWZ_LEVEL_##name] = text,
		TWZ_LEVELS(X)
#undef X
	};

	return names[level];
}

static bool
has_name(const struct twz_gate *gate, const char *name)
{
	bool found = !strcmp(gate->name, name);

	for (uint32_t i = 0; i < gate->naliases && !found; i++)
		found = !strcmp(gate->aliases[i], name);
	return found;
}

static void
compare_names(struct differ *d, struct node *node)
{
	const struct twz_gate *a = node->was, *b = node->now;

	if (strcmp(a->name, b->name))
		say(d, node, DIFF_COMPATIBLE, "name", a->name, b->name, "is called %s now; %s is an alias",
		    b->name, a->name);
	for (uint32_t i = 0; i < a->naliases; i++)
		if (!has_name(b, a->aliases[i]))
			say(d, node, DIFF_INCOMPATIBLE, "alias-removed", a->aliases[i], "",
			    "alias %s removed", a->aliases[i]);
	for (uint32_t i = 0; i < b->naliases; i++)
		if (!has_name(a, b->aliases[i]))
			say(d, node, DIFF_COMPATIBLE, "alias-added", "", b->aliases[i], "alias %s added",
			    b->aliases[i]);
}

/* What a caller needs, and what it may count on. More of the first or less of the second breaks it. */
static void
compare_gate(struct differ *d, struct node *node)
{
	const struct twz_gate *a = node->was, *b = node->now;

	compare_names(d, node);
	if (a->level != b->level)
		say(d, node, a->level < b->level ? DIFF_INCOMPATIBLE : DIFF_COMPATIBLE, "level",
		    level_name(a->level), level_name(b->level), "isolation level %s from %s to %s",
		    a->level < b->level ? "raised" : "lowered", level_name(a->level), level_name(b->level));
	if (strcmp(a->requires, b->requires))
		say(d, node, *b->requires ? DIFF_INCOMPATIBLE : DIFF_COMPATIBLE, "requires", a->requires,
		    b->requires, *b->requires ? "requires the capability %s now" :
		    "requires no capability any more", b->requires);
	if (a->visibility != b->visibility)
		say(d, node, b->visibility == TWZ_VISIBILITY_ALL ? DIFF_COMPATIBLE : DIFF_INCOMPATIBLE, "visibility",
		    visibility_name(a->visibility), visibility_name(b->visibility), "is %s now",
		    visibility_name(b->visibility));
	if (a->readonly != b->readonly)
		say(d, node, b->readonly ? DIFF_COMPATIBLE : DIFF_INCOMPATIBLE, "readonly", "", "",
		    b->readonly ? "changes nothing now" : "may change something now");
	if (a->role != b->role || strcmp(a->converts, b->converts))
		say(d, node, DIFF_INCOMPATIBLE, "role", a->converts, b->converts,
		    "converts other values than before");
	if (a->verdict < b->verdict)
		say(d, node, DIFF_INCOMPATIBLE, "verdict", a->why, b->why, "%s now: %s",
		    b->verdict == TWZ_VERDICT_REFUSED ? "cannot be called" : "needs care", b->why);
	else if (a->verdict > b->verdict)
		say(d, node, DIFF_COMPATIBLE, "verdict", a->why, b->why, "%s",
		    b->verdict == TWZ_VERDICT_CALLABLE ? "can be called now" : "can be called, with care");
}

static void
compare_function(struct differ *d, const struct twz_gate *a, const struct twz_gate *b, struct diff *ret)
{
	uint32_t index;
	struct node *node = diff_node(d, &index);

	node->was = a;
	node->now = b;
	if (d->gates)
		compare_gate(d, node);
	else if (a->has_record && !b->has_record)
		say(d, node, DIFF_INCOMPATIBLE, "verdict", "", "", "is no gate any more");
	else if (b->has_record && !a->has_record)
		say(d, node, DIFF_COMPATIBLE, "verdict", "", "", "is a gate now");
	/* What comes behind the call of a function that never returned may be anything. */
	if (a->noreturn != b->noreturn)
		say(d, node, a->noreturn ? DIFF_INCOMPATIBLE : DIFF_COMPATIBLE, "noreturn", "", "", "%s",
		    a->noreturn ? "may return now" : "never returns now");
	if (a->type && b->type)
		compare_signature(d, node, index);
	else
		twz_push(d->arena, ret->unknown, ret->nunknown, a->name);
}

/* -- which function is which ------------------------------------------------------------------------ */

/* Functions of one side, by the names that they can be asked for. */
struct index {
	struct names names;		/* to the place of the function, plus 1 */
	bool has_versions;
};

static void
enter(struct differ *d, struct index *index, const char *name, uint32_t i)
{
	struct name_slot *slot = names_add(&index->names, &d->scratch, name);

	if (!slot->value)
		slot->value = i + 1;
}

/* A hidden version is shown as NAME@VERSION, and found by nothing less. */
static void
make_index(struct differ *d, const struct twz_service *service, struct index *index)
{
	for (uint32_t i = 0; i < service->ngates; i++) {
		const struct twz_gate *gate = &service->gates[i];
		const char *version = or_empty(gate->version), *at = strchr(gate->name, '@');

		if (!d->gates && gate->has_record && strcmp(gate->name, gate->symbol))
			enter(d, index, gate->symbol, i);
		enter(d, index, gate->name, i);
		index->has_versions |= *version;
		if (*version && !at)
			enter(d, index, twz_format(&d->scratch, "%s@%s", gate->name, version), i);
	}
	/* A name goes before another gate's alias. */
	for (uint32_t i = 0; i < service->ngates; i++)
		for (uint32_t k = 0; d->gates && k < service->gates[i].naliases; k++)
			enter(d, index, service->gates[i].aliases[k], i);
}

/*
 * What the loader would give to a program that asks for @gate: its version where both sides have
 * versions; where one side has none, the name is all that there is to go by.
 */
static const struct twz_gate *
find(struct differ *d, const struct index *other, const struct twz_service *service,
     const struct twz_gate *gate)
{
	const char *version = or_empty(gate->version), *at = strchr(gate->name, '@');
	const struct name_slot *slot;

	if (!*version || at)
		slot = names_find(&other->names, gate->name);
	else if (other->has_versions)
		slot = names_find(&other->names, twz_format(&d->scratch, "%s@%s", gate->name, version));
	else
		slot = names_find(&other->names, gate->name);
	return slot ? &service->gates[slot->value - 1] : NULL;
}

static struct diff_change
alone(struct differ *d, const struct twz_gate *was, const struct twz_gate *now, bool renamed)
{
	const struct twz_gate *gate = was ? was : now;
	struct diff_change change = {
		.event = was ? DIFF_REMOVED : DIFF_ADDED, .was = was, .now = now, .name = gate->name,
		.weight = was ? DIFF_INCOMPATIBLE : DIFF_COMPATIBLE,
	};
	const char *version = or_empty(gate->version);
	struct diff_detail *detail;

	if (!renamed || !*version)
		return change;
	/* The name is still there, in another version. */
	detail = twz_new(d->arena, struct diff_detail);
	*detail = (struct diff_detail){ change.weight, "version", "", was ? version : "",
					now ? version : "", twz_format(d->arena, "version %s", version) };
	change.details = detail;
	change.ndetails = 1;
	return change;
}

static bool
only_gates(const struct twz_service *service)
{
	for (uint32_t i = 0; i < service->ngates; i++)
		if (!service->gates[i].has_record)
			return false;
	return true;
}

/* Adds a node for each function that both have; the others go to @others. Returns how many. */
static size_t
pair_functions(struct differ *d, struct diff *ret, struct diff_change **others)
{
	struct index before = { 0 }, after = { 0 };
	bool *found = twz_new_array(&d->scratch, ret->now->ngates, bool);
	size_t n = 0;

	make_index(d, ret->was, &before);
	make_index(d, ret->now, &after);
	for (uint32_t i = 0; i < ret->was->ngates; i++) {
		const struct twz_gate *gate = &ret->was->gates[i], *other = find(d, &after, ret->now, gate);

		if (!other) {
			twz_push(&d->scratch, *others, n,
				 alone(d, gate, NULL, names_find(&after.names, gate->name)));
			continue;
		}
		found[other - ret->now->gates] = true;
		compare_function(d, gate, other, ret);
	}
	for (uint32_t i = 0; i < ret->now->ngates; i++)
		if (!found[i])
			twz_push(&d->scratch, *others, n,
				 alone(d, NULL, &ret->now->gates[i],
				       names_find(&before.names, ret->now->gates[i].name)));
	return n;
}

const struct diff *
diff_services(const struct twz_service *was, const struct twz_service *now, const struct names *visible,
	      struct twz_arena *arena)
{
	struct differ d = { .arena = arena, .visible = visible };
	struct diff *ret = twz_new(arena, struct diff);
	struct diff_change *others = NULL;
	size_t nothers;

	d.was = (struct uses){ .service = was, .arena = &d.scratch };
	d.now = (struct uses){ .service = now, .arena = &d.scratch };
	d.gates = only_gates(was) && only_gates(now);
	*ret = (struct diff){ .was = was, .now = now, .partial = was->partial || now->partial };
	nothers = pair_functions(&d, ret, &others);
	for (size_t i = 0; i < d.nqueue; i++)	/* grows as layouts name others */
		diff_layout(&d, d.queue[i]);
	diff_finish(&d, others, nothers, ret);
	ret->partial |= d.partial;
	twz_arena_free(&d.scratch);
	return ret;
}
