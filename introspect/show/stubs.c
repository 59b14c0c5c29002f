/*
 * Stubs: a header and a C file that make each gate of a service a function, on top of twz/call.h. A
 * stub puts its parameters into words as twz/plan.h says and leaves everything else to twz_invoke(),
 * which compares the hash with that of the service it finds.
 *
 * The header has each function once more, as one that is only ever inlined: a call through a pointer, which
 * leads to the stub, or, at level none, to the gate itself. Not so gates that call back: calls that failed in
 * there are forgotten when the gate has returned, or the gate's own would seem to have failed.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "introspect/show/ctext.h"
#include "introspect/records.h"
#include "introspect/show/show.h"
#include "twz/plan.h"
#include "twz/typetext.h"

/* Both files are written from the same rows: the gates that may be called and can be said in C. */
struct row {
	const struct twz_gate *gate;
	const struct twz_plan *plan;
	const struct twz_type *type;	/* FUNC whose parameters all have names fit for C and C++ */
	const char *why;		/* not written, because */
};

/* A name for each parameter that is one in C++ too and that no other has. */
static const struct twz_type *
named_params(const struct twz_type *type, struct ctext *c)
{
	struct twz_type *copy = twz_new(c->arena, struct twz_type);
	struct twz_member *params = twz_new_array(c->arena, type->nmembers, struct twz_member);

	for (uint32_t i = 0; i < type->nmembers; i++) {
		params[i] = type->members[i];
		params[i].name = *params[i].name ? ctext_param(c, type, i) :
				 twz_format(c->arena, "arg%u", i + 1);
	}
	*copy = *type;
	copy->members = params;
	return copy;
}

static void
make_row(struct row *row, const struct twz_gate *gate, struct ctext *c)
{
	struct twz_error err = { 0 };

	*row = (struct row){ .gate = gate };
	if (gate->verdict == TWZ_VERDICT_REFUSED || !gate->type)
		row->why = gate->why;
	else if (!record_identifier(gate->name))
		row->why = "its name is none in C";
	else if (!twz_plan_make(gate, c->arena, &row->plan, &err))
		row->why = twz_strdup(c->arena, err.text);
	else
		row->why = ctext_accept(c, gate->type);
}

/* -- header ----------------------------------------------------------------------------------------- */

static const char header_head[] =
	"/*\n * Gates of the service %s, as functions. Made by twz-inspect --stubs; compile %s_stub.c,\n"
	" * link with -ltwz. When a call fails, the result is all zeros and twz_failed() says why.\n */\n"
	"#ifndef TWZ_STUB_%s_H\n#define TWZ_STUB_%s_H\n\n"
	"#include <stdbool.h>\n#include <stddef.h>\n#include <stdint.h>\n\n#include <twz/call.h>\n"
	"#include <twz/gate.h>\n\n";

static const char *
stub_name(struct ctext *c, const struct twz_service *service, const struct twz_gate *gate)
{
	return twz_format(c->arena, "%s_%s", service->name, gate->name);
}

static void
write_prototype(struct ctext *c, const struct twz_service *service, const struct row *row)
{
	const struct twz_gate *gate = row->gate;

	if (row->why) {
		twz_text_printf(c->out, "\n/* Not here: %s: %s */\n", ctext_comment(c->arena, gate->name),
			ctext_comment(c->arena, row->why));
		return;
	}
	twz_text_printf(c->out, "\n/* %s%s%s::%s */\n", ctext_comment(c->arena, gate->doc),
		*gate->doc ? ". " : "", service->name,
		ctext_comment(c->arena, twz_signature_text(c->arena, gate)));
	ctext_declare(c, row->type, stub_name(c, service, gate));
	twz_text_printf(c->out, ";\nextern struct twz_stub %s_stub;\n", stub_name(c, service, gate));
}

/* The pointer through which the function is called. */
static void
declare_pointer(struct ctext *c, const struct twz_service *service, const struct row *row)
{
	struct twz_type *pointer = twz_new(c->arena, struct twz_type);

	*pointer = (struct twz_type){ .kind = TWZ_POINTER, .size = sizeof(void *),
				      .align = sizeof(void *), .name = "", .target = row->type };
	ctext_declare(c, pointer, twz_format(c->arena, "%s_gate", stub_name(c, service, row->gate)));
}

static void
write_inline(struct ctext *c, const struct twz_service *service, const struct row *row)
{
	const char *name = stub_name(c, service, row->gate);
	bool returns = row->plan->ret.pass != TWZ_PASS_NOTHING;

	twz_text_puts(c->out, "\nextern ");
	declare_pointer(c, service, row);
	twz_text_puts(c->out, ";\nextern inline __attribute__((gnu_inline))\n");
	ctext_declare(c, row->type, name);
	twz_text_puts(c->out, "\n{\n\tif (__builtin_expect(twz_has_failed, 0))\n\t\ttwz_forget();\n");
	twz_text_printf(c->out, "\t%s__atomic_load_n(&%s_gate, __ATOMIC_RELAXED)(", returns ? "return " : "",
		name);
	for (uint32_t i = 0; i < row->plan->nslots; i++)
		twz_text_printf(c->out, "%s%s", i ? ", " : "", row->type->members[i].name);
	twz_text_puts(c->out, ");\n}\n");
}

static void
write_header(struct ctext *c, const struct twz_service *service, const struct row *rows)
{
	const char *name = service->name;

	twz_text_printf(c->out, header_head, name, name, name, name);
	twz_text_puts(c->out, ctext_head);
	for (uint32_t i = 0; i < service->ngates; i++)
		if (!rows[i].why)
			ctext_need(c, rows[i].type);
	ctext_finish(c);
	for (uint32_t i = 0; i < service->ngates; i++)
		write_prototype(c, service, &rows[i]);
	twz_text_printf(c->out, "\n#ifndef TWZ_STUB_%s_SOURCE\n", name);
	for (uint32_t i = 0; i < service->ngates; i++)
		if (!rows[i].why && !rows[i].plan->ncallbacks)
			write_inline(c, service, &rows[i]);
	twz_text_puts(c->out, "\n#endif\n");
	twz_text_puts(c->out, "\n/* Sizes, places and numbers as in the service. */\n");
	ctext_asserts(c);
	twz_text_puts(c->out, ctext_tail);
	twz_text_puts(c->out, "\n#endif\n");
}

/* -- C file ----------------------------------------------------------------------------------------- */

static const char source_head[] =
	"/* Made by twz-inspect --stubs from %s; see %s_stub.h. */\n#define TWZ_STUB_%s_SOURCE\n"
	"#include \"%s_stub.h\"\n\n"
	"#include <string.h>\n\n#include <twz/call.h>\n\n"
	"static inline __attribute__((unused)) uint64_t\ntwz_stub_float(float f)\n{\n"
	"\tuint32_t bits;\n\n\tmemcpy(&bits, &f, sizeof(bits));\n\treturn bits;\n}\n\n"
	"static inline __attribute__((unused)) uint64_t\ntwz_stub_double(double d)\n{\n"
	"\tuint64_t bits;\n\n\tmemcpy(&bits, &d, sizeof(bits));\n\treturn bits;\n}\n";

static void
write_literal(struct twz_text *out, const char *text)
{
	twz_text_byte(out, '"');
	for (const char *c = text; *c; c++) {
		if (*c == '"' || *c == '\\' || *c == '?')
			twz_text_printf(out, "\\%c", *c);
		else if ((unsigned char)*c < 0x20)
			twz_text_printf(out, "\\%03o", (unsigned char)*c);
		else
			twz_text_byte(out, *c);
	}
	twz_text_byte(out, '"');
}

/* How a parameter becomes its word: text before and after the name. */
static const char *
word_form(const struct twz_slot *slot)
{
	switch (slot->pass) {
	case TWZ_PASS_NOTHING:
		break;
	case TWZ_PASS_WORD:
		if (slot->is_float)
			return slot->size == 4 ? "twz_stub_float(%s)" : "twz_stub_double(%s)";
		if (slot->callback || slot->token)
			return "(uint64_t)(uintptr_t)%s";
		return slot->is_signed ? "(uint64_t)(int64_t)%s" : "(uint64_t)%s";
	case TWZ_PASS_STRUCT:
		return "(uint64_t)(uintptr_t)&%s";
	case TWZ_PASS_STRING:
	case TWZ_PASS_REF:
	case TWZ_PASS_BUFFER:
		return "(uint64_t)(uintptr_t)%s";
	}
	return "0";
}

static void
write_words(struct twz_text *out, const struct row *row)
{
	twz_text_puts(out, "\tuint64_t twz_words[] = { ");
	for (uint32_t i = 0; i < row->plan->nslots; i++) {
		const char *form = word_form(&row->plan->slots[i]), *hole = strchr(form, '%');

		twz_text_printf(out, "%s%.*s%s%s", i ? ", " : "", hole ? (int)(hole - form) : 0, form,
			hole ? row->type->members[i].name : form, hole ? hole + 2 : "");
	}
	twz_text_puts(out, row->plan->nslots ? " };\n" : "0 };\n");
}

static void
write_function(struct ctext *c, const struct twz_service *service, const struct row *row)
{
	const struct twz_gate *gate = row->gate;
	const struct twz_plan *plan = row->plan;
	bool returns = plan->ret.pass != TWZ_PASS_NOTHING;
	const char *name = stub_name(c, service, gate);
	struct twz_text *out = c->out;

	twz_text_byte(out, '\n');
	if (!plan->ncallbacks) {
		declare_pointer(c, service, row);
		twz_text_printf(out, " = %s;\n\n", name);
	}
	twz_text_printf(out, "struct twz_stub %s_stub = {\n\t\"%s\", \"%s\",\n\t", name, service->name,
		gate->name);
	write_literal(out, twz_signature_text(c->arena, gate));
	twz_text_printf(out, ",\n\tUINT64_C(0x%016" PRIx64 "), %u, %u, NULL,\n", gate->hash,
		plan->nslots, plan->ret.size);
	if (plan->ncallbacks)
		twz_text_puts(out, "\tNULL, NULL,\n};\n\n");
	else
		twz_text_printf(out, "\t(void **)&%s_gate, (void *)%s,\n};\n\n", name, name);
	ctext_declare(c, row->type, name);
	twz_text_puts(out, "\n{\n");
	write_words(out, row);
	if (returns) {
		twz_text_byte(out, '\t');
		ctext_declare(c, row->type->target, "twz_ret");
		twz_text_puts(out, ";\n\n\tmemset(&twz_ret, 0, sizeof(twz_ret));\n");
	} else {
		twz_text_byte(out, '\n');
	}
	twz_text_printf(out, plan->ncallbacks ? "\tif (!twz_invoke(&%s_stub, twz_words, %s))\n\t\ttwz_forget();\n" :
						"\ttwz_invoke(&%s_stub, twz_words, %s);\n",
			name, returns ? "&twz_ret" : "NULL");
	twz_text_puts(out, returns ? "\treturn twz_ret;\n}\n" : "}\n");
}

static void
write_source(struct ctext *c, const struct twz_service *service, const struct row *rows)
{
	twz_text_printf(c->out, source_head, ctext_comment(c->arena, service->path), service->name,
		service->name, service->name);
	for (uint32_t i = 0; i < service->ngates; i++)
		if (!rows[i].why)
			write_function(c, service, &rows[i]);
}

static bool
write_file(struct ctext *c, const struct twz_service *service, const struct row *rows,
	   const char *path, struct twz_error *err)
{
	TWZ_FCLOSE FILE *out = fopen(path, "we");
	bool is_header = path[strlen(path) - 1] == 'h';

	if (!out)
		return twz_fail_sys(err, errno, "cannot write %s", path);
	twz_text_reset(c->out);
	(is_header ? write_header : write_source)(c, service, rows);
	twz_text_write(c->out, out);
	if (fflush(out) || ferror(out))
		return twz_fail_sys(err, errno, "cannot write %s", path);
	return true;
}

bool
show_stubs(const struct twz_service *service, const char *folder, struct twz_error *err)
{
	TWZ_ARENA arena = { 0 };
	TWZ_TEXT text = { 0 };
	struct ctext c;
	struct row *rows = twz_new_array(&arena, service->ngates, struct row);
	const char *base = twz_format(&arena, "%s/%s_stub", folder, service->name);

	ctext_begin(&c, &text, &arena);
	ctext_learn(&c, service);
	for (uint32_t i = 0; i < service->ngates; i++)
	{
		const char *name = stub_name(&c, service, &service->gates[i]);

		ctext_reserve(&c, name);
		ctext_reserve(&c, twz_format(&arena, "%s_gate", name));
		ctext_reserve(&c, twz_format(&arena, "%s_stub", name));
	}
	for (uint32_t i = 0; i < service->ngates; i++)
		make_row(&rows[i], &service->gates[i], &c);
	/* Parameters keep away from the names of all types. */
	for (uint32_t i = 0; i < service->ngates; i++)
		if (!rows[i].why)
			rows[i].type = named_params(service->gates[i].type, &c);
	return write_file(&c, service, rows, twz_format(&arena, "%s.h", base), err) &&
	       write_file(&c, service, rows, twz_format(&arena, "%s.c", base), err);
}
