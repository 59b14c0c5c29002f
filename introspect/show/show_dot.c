/*
 * A graph for Graphviz: functions on one side, the types that they take or return on the other, and an
 * edge for each. Pointers and qualifiers are left out: who works on a user is the question here.
 */
#include <string.h>

#include "introspect/show/ctext.h"
#include "introspect/show/show.h"

struct graph {
	struct twz_text out;
	struct twz_arena arena;
	struct ctext names;		/* which types are one */
	struct map drawn;		/* struct ctext_name → its number + 1 */
	uintptr_t n;
};

static void
put_label(struct twz_text *out, const char *text)
{
	twz_text_byte(out, '"');
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			twz_text_byte(out, '\\');
		twz_text_byte(out, *text);
	}
	twz_text_byte(out, '"');
}

/* What is worth a node behind pointers, arrays and functions: a type with a name. NULL: none. */
static const struct twz_type *
subject(const struct twz_type *t)
{
	for (unsigned i = 0; t && i < 64; i++, t = t->target)
		if (*t->name && (ctext_is_tagged(t) || t->kind == TWZ_TYPEDEF))
			return t;
	return NULL;
}

static void
put_edge(struct graph *g, uint32_t gate, const struct twz_type *type, bool takes)
{
	const struct twz_type *t = type ? subject(type) : NULL;
	void **number;

	if (!t)
		return;
	number = map_pointer(&g->drawn, ctext_name(&g->names, t));
	if (!*number) {
		*number = (void *)++g->n;
		twz_text_printf(&g->out, "\tt%zu [shape=box, label=", (size_t)g->n);
		put_label(&g->out, t->kind == TWZ_TYPEDEF ? t->name :
			  twz_format(&g->arena, "%s %s", ctext_tag(t), t->name));
		twz_text_puts(&g->out, "];\n");
	}
	if (takes)
		twz_text_printf(&g->out, "\tt%zu -> f%u;\n", (size_t)(uintptr_t)*number, gate);
	else
		twz_text_printf(&g->out, "\tf%u -> t%zu [style=dashed];\n", gate, (size_t)(uintptr_t)*number);
}

static bool
took_before(const struct twz_type *func, uint32_t i)
{
	for (uint32_t k = 0; k < i && k < 64; k++)
		if (subject(func->members[k].type) == subject(func->members[i].type))
			return true;
	return false;
}

void
show_dot(FILE *out, const struct twz_service *service)
{
	struct graph g = { .n = 0 };

	ctext_begin(&g.names, &g.out, &g.arena);
	g.drawn.arena = &g.arena;
	twz_text_puts(&g.out, "digraph ");
	put_label(&g.out, service->name);
	twz_text_puts(&g.out, " {\n\trankdir=LR;\n\tnode [shape=ellipse];\n");
	for (uint32_t i = 0; i < service->ngates; i++) {
		const struct twz_gate *gate = &service->gates[i];
		const struct twz_type *func = gate->type;

		twz_text_printf(&g.out, "\tf%u [label=", i);
		put_label(&g.out, gate->shown && *gate->shown ? gate->shown : gate->name);
		twz_text_puts(&g.out, gate->verdict == TWZ_VERDICT_REFUSED ? ", color=gray];\n" : "];\n");
		for (uint32_t k = 0; func && k < func->nmembers; k++)
			if (!took_before(func, k))
				put_edge(&g, i, func->members[k].type, true);
		if (func)
			put_edge(&g, i, func->target, false);
		twz_text_write(&g.out, out);
		twz_text_reset(&g.out);
	}
	twz_text_puts(&g.out, "}\n");
	twz_text_write(&g.out, out);
	twz_text_free(&g.out);
	twz_arena_free(&g.arena);
}
