/*
 * What a function takes stands in its abstract DIE, never in the concrete one, whose parameters may be
 * fewer and in another order; what it returns, in the declaration that it completes.
 */
#include <stdlib.h>
#include <string.h>

#include "introspect/dwarf/search.h"
#include "introspect/sort.h"

enum { AHEAD = 4 };	/* functions that are told about before they are asked for */

/* -- the type of one function ----------------------------------------------------------------------- */

static void
read_param(struct dw *dw, const struct die *param, struct twz_member *ret)
{
	struct die origin;

	if (!die_has(param, DIE_TYPE) || !die_has(param, DIE_NAME)) {
		origin = *param;
		if (!die_has(param, DIE_TYPE))
			dw_origin(dw, &origin, DIE_ORIGIN);
		param = &origin;
	}
	ret->type = dw_type_of(dw, param, &ret->quals);
	ret->artificial = die_has(param, DIE_ARTIFICIAL);
	if (!die_has(param, DIE_NAME))
		dw_origin(dw, &origin, DIE_ORIGIN);
	ret->name = dw_name(dw, param);
}

static bool
read_params(struct dw *dw, const struct die *die, struct node *node)
{
	const uint64_t blocks = TAG_BIT(DW_TAG_lexical_block) | TAG_BIT(DW_TAG_inlined_subroutine);
	struct die_filter filter = {
		.tags = TAG_BIT(DW_TAG_formal_parameter) | TAG_BIT(DW_TAG_unspecified_parameters) | blocks,
		.brief = true,
	};
	const struct engine_ops *ops = dw->ops;
	struct twz_member few[16], *params = few;
	struct die param;
	size_t n = 0;

	for (bool more = die->has_children && ops->child(dw->engine, die, &filter, &param); more && n < MAX_MEMBERS;
	     more = ops->next(dw->engine, &param, &filter, &param)) {
		struct twz_member m = { 0 };

		/* A body is long, and nearly all of them end here. */
		if (tag_in(param.tag, blocks)) {
			if (dw_language_at(dw, die->ref).in_order)
				break;
			filter.tags &= ~blocks;
			continue;
		}
		if (param.tag == DW_TAG_unspecified_parameters) {
			node->type.is_variadic = true;
			continue;
		}
		read_param(dw, &param, &m);
		if (n < TWZ_COUNT(few))
			few[n++] = m;
		else	/* moves to the arena */
			twz_push(dw->arena, params, n, m);
	}
	node_members(node, params == few ? dw_members(dw, few, n) : params, n);
	return n || node->type.is_variadic;
}

/*
 * C says whether there was a prototype. Where the language is not known (units that several share), a
 * type with parameters had one.
 */
static bool
is_prototyped(struct dw *dw, const struct die *at, const struct die *declaration, bool has_params)
{
	if (die_has(at, DIE_PROTOTYPED) || die_has(declaration, DIE_PROTOTYPED))
		return true;
	switch (dw_language_at(dw, at->ref).rules) {
	case RULES_C:
	case RULES_NONE:
		return false;
	case RULES_CXX:
	case RULES_RUST:
	case RULES_OTHER:
		return true;
	case RULES_UNKNOWN:
		break;
	}
	return has_params;
}

void
dw_fill_function(struct dw *dw, const struct die *die, struct node *node)
{
	struct die at = *die, declaration;
	uint8_t quals = 0;

	dw_origin(dw, &at, DIE_ORIGIN);
	declaration = at;
	dw_origin(dw, &declaration, DIE_SPECIFICATION);
	node->type = (struct twz_type){ .kind = TWZ_FUNC, .name = "" };
	node->type.target = dw_type_of(dw, die_has(&at, DIE_TYPE) ? &at : &declaration, &quals);
	node->type.quals = quals;
	if (!read_params(dw, &at, node))
		read_params(dw, &declaration, node);
	node->type.is_prototyped = is_prototyped(dw, &at, &declaration, node->type.nmembers > 0);
}

/* -- comparing -------------------------------------------------------------------------------------- */

static bool
same_class(const struct twz_type *a, const struct twz_type *b)
{
	a = twz_type_strip(a);
	b = twz_type_strip(b);
	if (a->size != b->size)
		return false;
	if ((a->kind == TWZ_POINTER || a->kind == TWZ_STRING) &&
	    (b->kind == TWZ_POINTER || b->kind == TWZ_STRING))
		return true;
	if ((a->kind == TWZ_INT || a->kind == TWZ_ENUM || a->kind == TWZ_CHAR || a->kind == TWZ_BOOL) &&
	    (b->kind == TWZ_INT || b->kind == TWZ_ENUM || b->kind == TWZ_CHAR || b->kind == TWZ_BOOL))
		return true;
	return a->kind == b->kind && a->form == b->form;
}

bool
dw_same_shape(const struct twz_type *a, const struct twz_type *b)
{
	if (a->nmembers != b->nmembers || a->is_variadic != b->is_variadic ||
	    !same_class(a->target, b->target))
		return false;
	for (uint32_t i = 0; i < a->nmembers; i++)
		if (!same_class(a->members[i].type, b->members[i].type))
			return false;
	return true;
}

/* -- from what was found to the answer -------------------------------------------------------------- */

static const char *const hows[] = {
	[RANK_NONE] = "none",	   [RANK_ASM] = "none",	    [RANK_DECL] = "decl",
	[RANK_NAME_OF_VERSIONS] = "name", [RANK_ALIAS_RANGES] = "alias", [RANK_ALIAS] = "alias",
	[RANK_NAME] = "name",	   [RANK_RANGES] = "ranges", [RANK_LOW_PC] = "low_pc",
};

/* An ifunc's address is that of a function which returns the one that is called. */
static const struct twz_type *
unwrapped(const struct twz_type *resolver)
{
	const struct twz_type *pointer = twz_type_strip(resolver->target);
	const struct twz_type *target = pointer && pointer->kind == TWZ_POINTER ?
					twz_type_strip(pointer->target) : NULL;

	if (!target || target->kind != TWZ_FUNC)
		return NULL;
	/* A chooser of void(void) hides the type: libmvec's do, of functions that take vectors. */
	if (!target->nmembers && !target->is_variadic &&
	    (!target->target || twz_type_strip(target->target)->kind == TWZ_VOID))
		return NULL;
	return target;
}

/*
 * The type by declarations of the function's name, where all of them have a prototype and say the same;
 * else NULL.
 */
static const struct twz_type *
declared_type(struct dw *dw, const struct match *m, const char **why)
{
	const struct twz_type *first = NULL;

	for (uint32_t i = 0; i < m->ndeclared; i++) {
		const struct twz_type *type = &dw_node_at(dw, m->declared[i].ref)->type;

		if (type->kind != TWZ_FUNC || !type->is_prototyped)
			continue;
		if (first && !dw_same_shape(first, type)) {
			*why = "declared differently in different source files";
			return NULL;
		}
		if (!first)
			first = type;
	}
	return first;
}

/* Takes the type, filled later, and what else stands in the DIE that was found. */
static void
take(struct dw *dw, struct dw_function *f, const struct match *m, bool sources)
{
	struct die die;
	int64_t number = 0;

	f->how = hows[m->rank];
	f->why = f->care = f->alias_of = f->shown = f->file = "";
	f->language = m->assembly ? "assembly" : m->language.name ? m->language.name : "";
	f->order = UINT64_MAX;
	if (m->name && *m->name)
		f->alias_of = dw_clean(dw->arena, m->name);
	for (uint32_t i = 0; i < m->ndeclared; i++)
		if (m->rank < RANK_NAME || f->ifunc)
			dw_node_at(dw, m->declared[i].ref);
	if (m->rank == RANK_NONE)
		return;
	f->order = (uint64_t)m->unit << 32;
	if (!dw_die(dw, m->ref, &die))
		return;
	if (m->rank != RANK_ASM)
		f->type = &dw_node_of(dw, &die)->type;
	if (die_number(&die, DIE_CALLING_CONVENTION, &number) && number == DW_CC_nocall)
		f->why = "its calling rules were changed by the compiler";
	for (int step = 0; step < 3; step++) {
		f->noreturn |= die_has(&die, DIE_NORETURN);
		if (!f->line && die_number(&die, DIE_DECL_LINE, &number) && number > 0) {
			const char *file = NULL;

			f->line = (uint32_t)number;
			if (sources && die_number(&die, DIE_DECL_FILE, &number))
				file = dw->ops->source(dw->engine, &die, number, dw->arena);
			f->file = file ? dw_clean(dw->arena, file) : "";
		}
		if (!die_has(&die, DIE_ORIGIN) && !die_has(&die, DIE_SPECIFICATION))
			break;
		dw_origin(dw, &die, step ? DIE_SPECIFICATION : DIE_ORIGIN);
	}
	f->order |= f->line;
}

static void
conclude_rules(struct dw *dw, struct dw_function *f, const struct match *m)
{
	switch (m->language.rules) {
	case RULES_C:
	case RULES_UNKNOWN:
		if (f->type && !f->type->is_prototyped)
			f->why = "declared without a prototype, so its parameters are not certain";
		break;
	case RULES_NONE:
	case RULES_CXX:
		break;
	case RULES_RUST:
		if (!strncmp(f->symbol, "_R", 2) || !strncmp(f->symbol, "_ZN", 3))
			f->why = "written in Rust without extern \"C\": its calling rules are not fixed";
		else
			f->care = "written in Rust: its debug information does not say whether it is "
				  "extern \"C\"";
		break;
	case RULES_OTHER:
		f->why = twz_format(dw->arena, "written in %s: its calling rules are not C's",
				    m->language.name);
		break;
	}
}

/* @declared, whose parameters often have no names, with those of @body. */
static const struct twz_type *
with_names(struct dw *dw, const struct twz_type *declared, const struct twz_type *body)
{
	struct twz_type *type = twz_new(dw->arena, struct twz_type);
	struct twz_member *params = dw_members(dw, declared->members, declared->nmembers);

	for (uint32_t i = 0; i < declared->nmembers; i++)
		if (!*params[i].name)
			params[i].name = body->members[i].name;
	*type = *declared;
	type->members = params;
	return type;
}

/* Whether all is said by the function's own DIE, as of nearly all: no other type is compared with its. */
static bool
is_plain(const struct dw_function *f, const struct match *m)
{
	return m->rank >= RANK_NAME && !f->ifunc;
}

static void
conclude(struct dw *dw, struct dw_function *f, const struct match *m)
{
	const char *differs = NULL;
	const struct twz_type *declared = is_plain(f, m) ? NULL : declared_type(dw, m, &differs);

	if (f->type && f->type->kind != TWZ_FUNC)
		f->type = NULL;
	if (f->ifunc && f->type) {
		f->how = "ifunc";
		f->type = unwrapped(f->type);
		f->alias_of = "";
		f->line = 0;
		f->noreturn = false;
		if (!f->type && !declared)
			f->why = "chosen when loaded (ifunc), and its chooser does not say the type";
	}
	if (m->rank == RANK_DECL)
		f->type = declared;
	/* The name's own declaration is nearer to what callers see than the type of an alias. */
	if (declared && (!f->type || (m->rank < RANK_NAME && dw_same_shape(f->type, declared)))) {
		if (!f->type && !f->ifunc)
			f->how = "decl";
		f->type = f->type ? with_names(dw, declared, f->type) : declared;
	}
	if (!f->type && differs) {
		f->why = differs;
		f->how = "none";
	}
	if (f->type && !*f->why)
		conclude_rules(dw, f, m);
	if (f->type || *f->why)
		return;
	f->how = "none";
	f->why = m->assembly ? "written in assembly: its debug information has no parameters" :
		 m->rank == RANK_DECL ? "declared without a prototype, so its parameters are not certain" :
		 "the debug information does not describe it";
}

/* Functions without a type that are another name for one with a type have that one's. */
static void
share(struct search *s, struct dw_function *functions)
{
	size_t end;

	for (size_t from = 0; from < s->n; from = end) {
		const struct dw_function *known[2] = { NULL, NULL };	/* by ifunc */
		bool unsure[2] = { false, false };

		for (end = from + 1; end < s->n && s->addresses[end] == s->addresses[from]; end++)
			;
		for (size_t i = from; end - from > 1 && i < end; i++) {
			const struct dw_function *f = &functions[s->by_address[i]];

			if (!f->type || *f->why)
				continue;
			if (known[f->ifunc] && !dw_same_shape(known[f->ifunc]->type, f->type))
				unsure[f->ifunc] = true;
			else if (!known[f->ifunc])
				known[f->ifunc] = f;
		}
		for (size_t i = from; end - from > 1 && i < end; i++) {
			struct dw_function *f = &functions[s->by_address[i]];
			const struct dw_function *other = known[f->ifunc];

			if (f->type || !other || unsure[f->ifunc] || f->address == UINT64_MAX)
				continue;
			f->type = other->type;
			f->how = "alias";
			f->why = "";
			f->alias_of = dw_clean(s->dw->arena, other->symbol);
		}
	}
}

static bool
is_mangled(const char *symbol)
{
	return !strncmp(symbol, "_Z", 2) || !strncmp(symbol, "_R", 2);
}

/* Mangled symbols with the names that their sources have. */
static void
show_names(struct search *s, struct dw_function *functions)
{
	struct dw_scoped *list = NULL;
	struct die die;
	size_t n = 0;

	for (size_t i = 0; i < s->n; i++) {
		if (!is_mangled(functions[i].symbol) || s->matches[i].rank <= RANK_ASM ||
		    !dw_die(s->dw, s->matches[i].ref, &die))
			continue;
		dw_origin(s->dw, &die, DIE_ORIGIN);
		dw_origin(s->dw, &die, DIE_SPECIFICATION);
		twz_push(s->arena, list, n, ((struct dw_scoped){ .ref = die.ref, .from = i }));
	}
	dw_scopes(s->dw, list, n);
	for (size_t i = 0; i < n; i++)
		if (list[i].name)
			functions[list[i].from].shown = list[i].name;
}

/*
 * The functions as they stand in the file, unit by unit: what one unit describes is read while it is at hand.
 * Not when fields are read as well, since of types that are the same the first one read is shown.
 */
static const struct sort_key *
in_order(const struct search *s)
{
	struct sort_key *order = twz_new_array(s->arena, s->n * 2, struct sort_key);

	for (size_t i = 0; i < s->n; i++)
		order[i] = (struct sort_key){ s->matches[i].ref, (uint32_t)i };
	if (s->dw->lazy)
		sort_keys(order, order + s->n, s->n);
	return order;
}

/* Reads what the verdict depends on, whichever of its types the function will have. */
static void
need(struct dw *dw, const struct dw_function *f, const struct match *m)
{
	bool is_c = m->language.rules == RULES_C;
	const struct twz_type *behind = f->ifunc && f->type && f->type->kind == TWZ_FUNC ? unwrapped(f->type) : NULL;

	if (f->type)
		dw_need(dw, f->type, is_c);
	if (behind)
		dw_need(dw, behind, is_c);
	for (uint32_t i = 0; i < m->ndeclared; i++)
		if (m->rank < RANK_NAME || f->ifunc)
			dw_need(dw, &dw_node_at(dw, m->declared[i].ref)->type, is_c);
}

/* What is needed for a function that comes soon is asked of the memory meanwhile. */
static void
expect(const struct dw *dw, const struct dw_function *f, const struct match *m)
{
	__builtin_prefetch(f, 1);
	if (dw->ops->soon && m->ref)
		dw->ops->soon(dw->engine, m->ref);
}

void
dw_functions(struct dw *dw, struct dw_function *functions, size_t n, bool brief)
{
	TWZ_ARENA arena = { 0 };
	struct search s = { .dw = dw, .arena = &arena, .functions = functions, .n = n };
	const struct sort_key *order;

	dw->lazy = brief;
	dw->scratch = &arena;
	search_functions(&s);
	order = in_order(&s);
	for (size_t i = 0; i < n; i++) {
		struct dw_function *f = &functions[order[i].item];
		const struct match *m = &s.matches[order[i].item];

		if (i + 2 * AHEAD < n)
			__builtin_prefetch(&s.matches[order[i + 2 * AHEAD].item]);
		if (i + AHEAD < n)
			expect(dw, &functions[order[i + AHEAD].item], &s.matches[order[i + AHEAD].item]);
		take(dw, f, m, !brief);
		if (dw->lazy)
			need(dw, f, m);
		if (is_plain(f, m))
			conclude(dw, f, m);
	}
	do
		dw_fill(dw);
	while (dw_define(dw));
	types_finish(&dw->nodes);
	for (size_t i = 0; i < n; i++)
		if (!is_plain(&functions[i], &s.matches[i]))
			conclude(dw, &functions[i], &s.matches[i]);
	share(&s, functions);
	show_names(&s, functions);
	dw->scratch = NULL;
	dw->memo = NULL;
	dw->memo_size = dw->memo_used = 0;
	dw->cleaned = NULL;
}
