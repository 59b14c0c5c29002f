/*
 * The example of a gate that help shows: a call made from its types, so that it can be pasted and passes every
 * check that is made before a call. Where an object is wanted, the call that makes one comes first.
 */
#include "repl/lang/interp.h"
#include "repl/lang/lang.h"
#include "twz/objid.h"
#include "twz/plan.h"

enum { EXAMPLE_DEPTH = 6, EXAMPLE_ITEMS = 64 };

static void write_example(FILE *out, const struct twz_type *type, uint32_t depth);

static void
write_list(FILE *out, const struct twz_type *item, uint64_t n, uint32_t depth)
{
	putc('[', out);
	for (uint64_t i = 0; i < n && i < EXAMPLE_ITEMS; i++) {
		fputs(i ? ", " : "", out);
		write_example(out, item, depth + 1);
	}
	putc(']', out);
}

static void
write_fields(FILE *out, const struct twz_type *type, uint32_t depth)
{
	putc('{', out);
	for (uint32_t i = 0; i < type->nmembers; i++) {
		fprintf(out, "%s%s: ", i ? ", " : "", type->members[i].name);
		write_example(out, type->members[i].type, depth + 1);
	}
	putc('}', out);
}

static void
write_array(FILE *out, const struct twz_type *type, uint32_t depth)
{
	const struct twz_type *item = twz_type_strip(type->target);

	if (item->kind == TWZ_CHAR)
		fprintf(out, "\"%.*s\"", (int)(type->count > 4 ? 4 : type->count ? type->count - 1 : 0),
			"text");
	else
		write_list(out, type->target, type->count, depth);
}

/* A value of @type as it could be typed. */
static void
write_example(FILE *out, const struct twz_type *type, uint32_t depth)
{
	const struct twz_type *t = twz_type_strip(type);

	if (depth > EXAMPLE_DEPTH) {
		fputs("none", out);
		return;
	}
	switch (t->kind) {
	case TWZ_BOOL:
		fputs("true", out);
		return;
	case TWZ_CHAR:
		fputs("a", out);
		return;
	case TWZ_INT:
		fputs("1", out);
		return;
	case TWZ_FLOAT:
		fputs("1.5", out);
		return;
	case TWZ_ENUM:
		fprintf(out, t->is_flags ? "[%s]" : "%s", t->nmembers ? t->members[0].name : "0");
		return;
	case TWZ_STRING:
		fputs("\"text\"", out);
		return;
	case TWZ_ARRAY:
		write_array(out, t, depth);
		return;
	case TWZ_STRUCT:
		if (twz_is_objid(t))
			fputs(depth ? "0x1234" : "name", out);
		else
			write_fields(out, t, depth);
		return;
	case TWZ_LIST:
		write_list(out, t->target ? t->target : &twz_type_i64, 2, depth);
		return;
	case TWZ_POINTER:
		write_example(out, t->target, depth + 1);
		return;
	case TWZ_OPTION:
	case TWZ_VOID:
	case TWZ_UNION:
	case TWZ_RESULT:
	case TWZ_TYPEDEF:
	case TWZ_FUNC:
	case TWZ_RECORD:
	case TWZ_OPAQUE:
		fputs("none", out);
		return;
	}
}

/* {|word, index| 1} */
static void
write_function(FILE *out, const struct twz_plan *plan)
{
	const struct twz_type *type = plan->gate->type;
	const char *comma = "";

	fputs("{|", out);
	for (uint32_t i = 0; i < plan->nslots; i++) {
		const char *name = type->members[i].name;

		if (!twz_slot_given(&plan->slots[i]))
			continue;
		if (*name)
			fprintf(out, "%s%s", comma, name);
		else
			fprintf(out, "%s%c", comma, 'a' + (int)(i % 26));
		comma = ", ";
	}
	fputs("| ", out);
	if (plan->ret.pass == TWZ_PASS_NOTHING)
		fputs("print hello", out);
	else
		write_example(out, plan->ret.type, 0);
	putc('}', out);
}

static void
write_argument(FILE *out, const struct twz_member *param, const struct twz_slot *slot)
{
	if (slot && slot->callback)
		write_function(out, slot->callback);
	else if (slot && slot->pass == TWZ_PASS_BUFFER && slot->is_text)
		fputs("\"text\"", out);
	else if (slot && slot->pass == TWZ_PASS_BUFFER)
		write_list(out, slot->type, slot->extent < 0 ? slot->count : 3, 0);
	else
		write_example(out, param->type, 0);
}

static bool
is_given(const struct twz_plan *plan, uint32_t i)
{
	return !plan || twz_slot_given(&plan->slots[i]);
}

/* A name for an object of which nothing is known but its type: its own, as in "the parser". */
static const char *
object_name(const struct twz_gate *gate, uint32_t i)
{
	const char *name = gate->type->members[i].name;

	return *name ? name : "object";
}

/* The first gate that makes an object such as @slot takes; NULL: none of the service does. */
static const struct twz_gate *
maker_of(const struct repl_host *host, const struct twz_service *service, const struct twz_slot *slot,
	 const struct twz_plan **ret)
{
	for (uint32_t i = 0; i < service->ngates; i++) {
		const struct twz_gate *gate = &service->gates[i];
		struct twz_error ignored = { 0 };
		const struct twz_plan *plan;
		bool makes, takes = false;

		if (!gate->type || !host->plan(host->data, service, gate, &plan, &ignored) || !plan)
			continue;
		makes = plan->ret.object && plan->ret.tag == slot->tag;
		for (uint32_t k = 0; k < plan->nslots; k++) {
			const struct twz_slot *s = &plan->slots[k];

			takes |= s->object && s->pass == TWZ_PASS_WORD;
			makes |= s->object && s->pass == TWZ_PASS_REF && s->tag == slot->tag;
		}
		*ret = plan;
		if (makes && !takes)
			return gate;
	}
	return NULL;
}

static void
write_call(FILE *out, const struct twz_service *service, const struct twz_gate *gate,
	   const struct twz_plan *plan)
{
	fprintf(out, "%s::%s", service->name, gate->name);
	for (uint32_t i = 0; i < gate->type->nmembers; i++) {
		if (!is_given(plan, i))
			continue;
		putc(' ', out);
		if (plan && plan->slots[i].object)
			fprintf(out, "$%s", object_name(gate, i));
		else
			write_argument(out, &gate->type->members[i], plan ? &plan->slots[i] : NULL);
	}
	putc('\n', out);
}

/* An object is made before it is used, once for each of its names. */
static void
write_makers(FILE *out, const struct repl_host *host, const struct twz_service *service,
	     const struct twz_gate *gate, const struct twz_plan *plan)
{
	for (uint32_t i = 0; plan && i < plan->nslots; i++) {
		const struct twz_slot *slot = &plan->slots[i];
		const struct twz_plan *made = NULL;
		const struct twz_gate *maker = slot->object && slot->pass == TWZ_PASS_WORD ?
					       maker_of(host, service, slot, &made) : NULL;

		if (!maker)
			continue;
		fprintf(out, "  %s ?= ", object_name(gate, i));
		write_call(out, service, maker, made);
	}
}

void
lang_example(const struct repl_host *host, const struct twz_service *service, const struct twz_gate *gate,
	     const struct twz_plan *plan, FILE *out)
{
	fputs("\nExample\n", out);
	write_makers(out, host, service, gate, plan);
	fputs("  ", out);
	write_call(out, service, gate, plan);
}
