/* The signature of the call that the cursor is in: of a gate, of a function, or how a built-in one is used. */
#include <string.h>

#include "repl/lang/interp.h"
#include "repl/lang/lang.h"
#include "repl/lang/spot.h"
#include "twz/typetext.h"

/* -- functions of the language -------------------------------------------------------------------- */

const struct lang_function *
spot_function(struct lang *l, const struct spot_call *call)
{
	const char *head = call->head, *colons = head ? strstr(head, "::") : NULL;
	const struct lang_module *module;
	const struct lang_binding *b;

	if (!head || call->gate)
		return NULL;
	if (!colons) {
		b = lang_find(l, head, strlen(head));
		return b ? lang_function_of(&b->value) : NULL;
	}
	module = lang_imported(l->module, head, (size_t)(colons - head));
	if (!module || !module->first)
		return NULL;
	b = lang_find(module->first, colons + 2, strlen(colons + 2));
	return b ? lang_function_of(&b->value) : NULL;
}

int32_t
spot_function_param(const struct lang_function *f, const struct spot_call *call)
{
	uint32_t before = call->nargs;

	for (uint32_t i = 0; i < f->ast->nargs; i++)
		if (!f->ast->args[i].named && !before--)
			return (int32_t)i;
	return -1;
}

void
spot_expect(struct lang *l, struct spot *spot)
{
	const struct lang_function *f = spot->place == SPOT_ARGUMENT ? spot_function(l, &spot->call) : NULL;
	int32_t i = f ? spot_function_param(f, &spot->call) : -1;

	if (i >= 0 && f->resolved && f->types[i])
		spot->type = twz_type_strip(f->types[i]);
}

static void
write_function(FILE *out, const struct lang_function *f, const struct spot_call *call)
{
	int32_t current = spot_function_param(f, call);

	fprintf(out, "%s(", call->head);
	for (uint32_t i = 0; i < f->ast->nargs; i++) {
		const struct ast_arg *p = &f->ast->args[i];
		const char *star = current == (int32_t)i ? "*" : "";

		fprintf(out, "%s%s%s%s%s%s%s", i ? ", " : "", star, p->named ? "--" : "", p->name, p->type ? ": " : "",
			p->type ? p->type : "", star);
	}
	fputc(')', out);
	if (f->ast->type)
		fprintf(out, " -> %s", f->ast->type);
}

/* -- gates ---------------------------------------------------------------------------------------- */

static void
write_gate(FILE *out, const struct spot *spot)
{
	const struct twz_gate *gate = spot->call.gate;
	bool first = true;

	fprintf(out, "%s(", gate->name);
	for (uint32_t i = 0; i < gate->type->nmembers; i++) {
		const char *star = spot->param == (int32_t)i ? "*" : "";

		if (i < 64 && !spot_given(&spot->call, i))
			continue;
		fprintf(out, "%s%s%s: ", first ? "" : ", ", star, gate->type->members[i].name);
		twz_param_write(out, &gate->type->members[i]);
		fputs(star, out);
		first = false;
	}
	fputs(") -> ", out);
	twz_type_write(out, twz_returned(gate->type));
}

const char *
lang_hint(struct lang *l, const char *text, size_t n, size_t cursor, struct twz_arena *arena)
{
	TWZ_FREE char *written = NULL;
	const struct lang_builtin *builtin;
	const struct lang_function *f;
	struct spot spot;
	size_t size = 0;
	FILE *out;

	spot_find(l->options->host, text, cursor < n ? cursor : n, arena, &spot);
	f = spot_function(l, &spot.call);
	builtin = spot.call.head && !spot.call.gate && !f ? lang_builtin_find(spot.call.head) : NULL;
	if (builtin)
		return builtin->usage;
	if (!spot.call.gate && !f)
		return NULL;
	out = open_memstream(&written, &size);
	if (!out)
		return NULL;
	if (f)
		write_function(out, f, &spot.call);
	else
		write_gate(out, &spot);
	return fclose(out) ? NULL : twz_strndup(arena, written, size);
}
