/* The gates of a service as C prototypes that compile, after the types that they need. */
#include "introspect/records.h"
#include "introspect/show.h"
#include "twz/typetext.h"

static const char head[] =
	"#include <stdbool.h>\n#include <stddef.h>\n#include <stdint.h>\n\n"
	"#ifdef __cplusplus\nextern \"C\" {\n#define TWZ_STUB_ASSERT static_assert\n#else\n"
	"#define TWZ_STUB_ASSERT _Static_assert\n#endif\n\n";

static const char tail[] =
	"\n#undef TWZ_STUB_ASSERT\n#ifdef __cplusplus\n}\n#endif\n";

static bool
has_type(const struct twz_gate *gate)
{
	return gate->type && record_identifier(gate->symbol);
}

void
show_c(FILE *out, const struct twz_service *service)
{
	TWZ_ARENA arena = { 0 };
	struct ctext c = { .out = out, .arena = &arena };
	const char **why = twz_new_array(&arena, service->ngates, const char *);

	fprintf(out, "/* %s */\n%s", ctext_comment(&arena, service->path), head);
	for (uint32_t i = 0; i < service->ngates; i++) {
		const struct twz_gate *gate = &service->gates[i];

		why[i] = has_type(gate) ? ctext_accept(&c, gate->type) : gate->why;
		if (!why[i])
			ctext_need(&c, gate->type);
	}
	ctext_finish(&c);
	fputc('\n', out);
	for (uint32_t i = 0; i < service->ngates; i++) {
		const struct twz_gate *gate = &service->gates[i];

		if (why[i]) {
			fprintf(out, "/* %s: %s */\n", ctext_comment(&arena, gate->name),
				ctext_comment(&arena, why[i]));
			continue;
		}
		twz_c_declare(out, gate->type, gate->symbol);
		fputs(";\n", out);
	}
	fputs(tail, out);
}
