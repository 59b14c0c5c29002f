#include <string.h>

#include "repl/lang/interp.h"
#include "repl/lang/lang.h"
#include "repl/lang/spot.h"
#include "twz/typetext.h"

static void
write_hint(FILE *out, const struct spot *spot)
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
	struct spot spot;
	size_t size = 0;
	FILE *out;

	spot_find(l->options->host, text, cursor < n ? cursor : n, arena, &spot);
	if (!spot.call.gate)
		return NULL;
	out = open_memstream(&written, &size);
	if (!out)
		return NULL;
	write_hint(out, &spot);
	return fclose(out) ? NULL : twz_strndup(arena, written, size);
}
