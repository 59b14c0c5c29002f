/* A service as text: what a person reads, and what grep finds in a pipe. */
#include <string.h>

#include "introspect/show.h"
#include "twz/typetext.h"

/* What is written around words on a terminal; all empty in a pipe. */
struct paint {
	const char *strong, *type, *bad, *dim, *end;
};

static const struct paint plain = { "", "", "", "", "" };
static const struct paint colours = { "\033[1m", "\033[36m", "\033[31m", "\033[2m", "\033[0m" };

/* "add(a: i32) -> i32": the name strong, the result as a type. */
static void
write_signature(FILE *out, const struct twz_gate *gate, const struct paint *p)
{
	TWZ_ARENA arena = { 0 };
	const char *text = twz_signature_text(&arena, gate), *rest = strchr(text, '(');
	const char *arrow = NULL;

	if (!rest)
		rest = text;
	/* The last arrow: parameters may be functions. */
	for (const char *c = rest; (c = strstr(c, ") -> ")); c++)
		arrow = c + 5;
	fprintf(out, "  %s%.*s%s", p->strong, (int)(rest - text), text, p->end);
	if (arrow)
		fprintf(out, "%.*s%s%s%s", (int)(arrow - rest), rest, p->type, arrow, p->end);
	else
		fputs(rest, out);
}

static void
write_gate(FILE *out, const struct twz_gate *gate, const struct paint *p)
{
	write_signature(out, gate, p);
	switch (gate->verdict) {
	case TWZ_VERDICT_CALLABLE:
		break;
	case TWZ_VERDICT_CARE:
		fprintf(out, "  %sneeds care: %s%s", p->bad, gate->why, p->end);
		break;
	case TWZ_VERDICT_REFUSED:
		fprintf(out, "  %snot callable: %s%s", p->bad, gate->why, p->end);
		break;
	}
	if (*gate->doc)
		fprintf(out, "  %s# %s%s", p->dim, gate->doc, p->end);
	fputc('\n', out);
	for (uint32_t i = 0; i < gate->naliases; i++)
		fprintf(out, "    %salso %s%s\n", p->dim, gate->aliases[i], p->end);
}

static void
write_converter(FILE *out, const struct twz_gate *gate, const struct paint *p)
{
	const char *way = gate->role == TWZ_ROLE_FROM_STRING ? "from" : "to";

	fprintf(out, "  %s%s %s text: %s%s", p->dim, gate->converts, way, gate->name, p->end);
	if (gate->verdict == TWZ_VERDICT_REFUSED)
		fprintf(out, "  %snot usable: %s%s", p->bad, gate->why, p->end);
	fputc('\n', out);
}

void
show_text(FILE *out, const struct twz_service *service, bool colour)
{
	const struct paint *p = colour ? &colours : &plain;

	fprintf(out, "%s%s%s", p->strong, service->name, p->end);
	if (*service->version)
		fprintf(out, " %s", service->version);
	if (*service->doc)
		fprintf(out, "  %s# %s%s", p->dim, service->doc, p->end);
	fputc('\n', out);
	for (uint32_t i = 0; i < service->ngates; i++)
		if (service->gates[i].role == TWZ_ROLE_GATE)
			write_gate(out, &service->gates[i], p);
	for (uint32_t i = 0; i < service->ngates; i++)
		if (service->gates[i].role != TWZ_ROLE_GATE)
			write_converter(out, &service->gates[i], p);
}
