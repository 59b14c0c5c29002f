/*
 * A service as JSON, schema "twz.gates/1": share/doc/twz-gates.schema.json describes it. Fields are only
 * ever added; a change of meaning is another number. Types refer to each other by id; the ids mean nothing
 * outside of the document.
 */
#include <inttypes.h>
#include <string.h>

#include "introspect/show/map.h"
#include "introspect/show/show.h"
#include "twz/objid.h"
#include "twz/ask.h"
#include "twz/text.h"
#include "twz/typetext.h"

enum { FLUSH = 256 << 10 };

/* Types get their numbers in the order in which they are met. */
struct document {
	FILE *out;
	struct twz_text text;
	struct twz_arena arena;
	struct map ids;			/* type → its id + 1 */
	const struct twz_type **types;
	size_t ntypes;
};

static void
flush(struct document *d, size_t most)
{
	if (d->text.n <= most)
		return;
	twz_text_write(&d->text, d->out);
	twz_text_reset(&d->text);
}

/* -- values: each with the key before it ------------------------------------------------------------- */

static void
put_key(struct document *d, const char *key)
{
	twz_text_add(&d->text, ",\"", 2);
	twz_text_puts(&d->text, key);
	twz_text_add(&d->text, "\":", 2);
}

static void
put_text(struct document *d, const char *key, const char *text)
{
	put_key(d, key);
	if (text)
		twz_text_json(&d->text, text);
	else
		twz_text_puts(&d->text, "null");
}

static void
put_bool(struct document *d, const char *key, bool value)
{
	put_key(d, key);
	twz_text_puts(&d->text, value ? "true" : "false");
}

static void
put_number(struct document *d, const char *key, uint64_t value)
{
	put_key(d, key);
	twz_text_unsigned(&d->text, value);
}

static void
put_id(struct document *d, const char *key, const struct twz_type *type)
{
	void **id;

	if (!type) {
		put_text(d, key, NULL);
		return;
	}
	id = map_pointer(&d->ids, type);
	if (!*id) {
		twz_push(&d->arena, d->types, d->ntypes, type);
		*id = (void *)(uintptr_t)d->ntypes;
	}
	put_number(d, key, (uintptr_t)*id - 1);
}

static void
put_quals(struct document *d, unsigned quals)
{
	static const struct {
		unsigned bit;
		const char *text;
	} rows[] = {
		{ TWZ_CONST, "\"const\"" }, { TWZ_VOLATILE, "\"volatile\"" },
		{ TWZ_RESTRICT, "\"restrict\"" }, { TWZ_ATOMIC, "\"atomic\"" },
	};
	const char *comma = "";

	put_key(d, "quals");
	twz_text_byte(&d->text, '[');
	for (size_t i = 0; i < TWZ_COUNT(rows); i++) {
		if (!(quals & rows[i].bit))
			continue;
		twz_text_puts(&d->text, comma);
		twz_text_puts(&d->text, rows[i].text);
		comma = ",";
	}
	twz_text_byte(&d->text, ']');
}

#define X(name, text) [TWZ_LEVEL_##name] = text,
static const char *const levels[] = { TWZ_LEVELS(X) };
#undef X
#define X(name, text) [TWZ_VISIBILITY_##name] = text,
static const char *const visibilities[] = { TWZ_VISIBILITIES(X) };
#undef X
#define X(name, text) [TWZ_ROLE_##name] = text,
static const char *const roles[] = { TWZ_ROLES(X) };
#undef X
#define X(name, text) [TWZ_VERDICT_##name] = text,
static const char *const verdicts[] = { TWZ_VERDICTS(X) };
#undef X
#define X(name, text) [TWZ_FORM_##name] = text,
static const char *const forms[] = { TWZ_FORMS(X) };
#undef X

/* -- types ------------------------------------------------------------------------------------------ */

/* What a parameter is beside its name and type. */
static void
put_param(struct document *d, const struct twz_member *m)
{
	static const char *const dirs[] = { [TWZ_IN] = "in", [TWZ_OUT] = "out",
					    [TWZ_INOUT] = "inout" };

	put_text(d, "dir", dirs[m->dir]);
	put_bool(d, "secret", m->secret);
	put_bool(d, "optional", m->optional);
	put_bool(d, "artificial", m->artificial);
	if (m->text)
		put_text(d, twz_is_objid(m->type) ? "implements" : "kept_by", m->text);
	put_key(d, "extent");
	if (!m->has_extent)
		twz_text_puts(&d->text, "null");
	else if (m->extent == TWZ_CALLBACK && m->count)
		twz_text_printf(&d->text, "{\"callback\":{\"data\":%" PRIu64 "}}", m->count - 1);
	else if (m->extent == TWZ_CALLBACK)
		twz_text_puts(&d->text, "{\"callback\":{\"data\":null}}");
	else if (m->extent == TWZ_USER_DATA)
		twz_text_puts(&d->text, "{\"data\":true}");
	else if (m->extent >= 0)
		twz_text_printf(&d->text, "{\"param\":%d}", m->extent);
	else
		twz_text_printf(&d->text, "{\"count\":%" PRIu64 "}", m->count);
}

static void
put_member(struct document *d, const struct twz_type *owner, const struct twz_member *m)
{
	twz_text_puts(&d->text, "{\"name\":");
	twz_text_json(&d->text, m->name);
	if (owner->kind == TWZ_ENUM) {
		put_key(d, "value");
		if (owner->is_signed)
			twz_text_signed(&d->text, m->value);
		else
			twz_text_unsigned(&d->text, (uint64_t)m->value);
		put_text(d, "text", m->text);
		twz_text_byte(&d->text, '}');
		return;
	}
	put_id(d, "type", m->type);
	put_quals(d, m->quals);
	if (owner->kind == TWZ_FUNC) {
		put_param(d, m);
	} else {
		put_number(d, "offset", m->offset);
		put_number(d, "bit_size", m->bit_size);
		put_number(d, "bit_offset", m->bit_offset);
	}
	twz_text_byte(&d->text, '}');
}

static void
put_members(struct document *d, const char *key, const struct twz_type *t)
{
	put_key(d, key);
	twz_text_byte(&d->text, '[');
	for (uint32_t i = 0; t && i < t->nmembers; i++) {
		if (i)
			twz_text_byte(&d->text, ',');
		put_member(d, t, &t->members[i]);
	}
	twz_text_byte(&d->text, ']');
}

static void
put_type(struct document *d, size_t id)
{
	const struct twz_type *t = d->types[id];

	twz_text_puts(&d->text, id ? ",{\"id\":" : "{\"id\":");
	twz_text_unsigned(&d->text, id);
	put_text(d, "kind", twz_kind_name(t->kind));
	if (t->kind == TWZ_OPAQUE) {
		put_text(d, "form", forms[t->form]);
		put_text(d, "why", t->why);
	}
	put_text(d, "name", t->name ? t->name : "");
	put_number(d, "size", t->size);
	put_number(d, "align", t->align);
	put_bool(d, "signed", t->is_signed);
	put_bool(d, "const", t->is_const);
	put_bool(d, "flags", t->is_flags);
	put_bool(d, "variadic", t->is_variadic);
	put_bool(d, "prototyped", t->is_prototyped);
	put_number(d, "count", t->count);
	put_id(d, "target", t->target);
	put_quals(d, t->quals);
	put_members(d, "members", t);
	twz_text_byte(&d->text, '}');
	flush(d, FLUSH);
}

/* -- gates ------------------------------------------------------------------------------------------ */

static void
put_prototype(struct document *d, const struct twz_gate *gate)
{
	TWZ_TEXT text = { 0 };

	if (!gate->type) {
		put_text(d, "c", NULL);
		return;
	}
	twz_c_text(&text, gate->type, 0, gate->shown && *gate->shown ? gate->shown : gate->symbol, NULL);
	twz_text_byte(&text, '\0');
	put_text(d, "c", text.bytes);
}

static void
put_signature(struct document *d, const struct twz_gate *gate)
{
	TWZ_TEXT text = { 0 };

	twz_signature_add(&text, gate);
	twz_text_byte(&text, '\0');
	put_text(d, "signature", text.bytes);
}

static void
put_result(struct document *d, const struct twz_type *func)
{
	if (!func) {
		put_text(d, "result", NULL);
		return;
	}
	put_key(d, "result");
	twz_text_puts(&d->text, "{\"text\":");
	{
		TWZ_TEXT text = { 0 };

		twz_type_add(&text, func->target ? func->target : &twz_type_void);
		twz_text_byte(&text, '\0');
		twz_text_json(&d->text, text.bytes);
	}
	put_id(d, "type", func->target);
	put_quals(d, func->quals);
	twz_text_byte(&d->text, '}');
}

static void
put_origin(struct document *d, const struct twz_gate *gate)
{
	put_text(d, "shown", gate->shown ? gate->shown : "");
	put_text(d, "version", gate->version ? gate->version : "");
	put_text(d, "alias_of", gate->alias_of ? gate->alias_of : "");
	put_text(d, "language", gate->language ? gate->language : "");
	put_text(d, "file", gate->file ? gate->file : "");
	put_number(d, "line", gate->line);
	put_number(d, "address", gate->address);
	put_text(d, "how", gate->how);
	put_text(d, "verdict", verdicts[gate->verdict]);
	put_text(d, "why", gate->why);
}

static void
put_gate(struct document *d, const struct twz_gate *gate, bool first)
{
	twz_text_puts(&d->text, first ? "{\"name\":" : ",{\"name\":");
	twz_text_json(&d->text, gate->name);
	put_text(d, "symbol", gate->symbol);
	put_signature(d, gate);
	put_prototype(d, gate);
	put_origin(d, gate);
	put_members(d, "params", gate->type);
	put_result(d, gate->type);
	put_bool(d, "variadic", gate->type && gate->type->is_variadic);
	put_bool(d, "prototyped", gate->type && gate->type->is_prototyped);
	put_bool(d, "noreturn", gate->noreturn);
	put_id(d, "type", gate->type);
	put_bool(d, "marked", gate->has_record);
	put_text(d, "role", roles[gate->role]);
	put_text(d, "doc", gate->doc);
	put_key(d, "aliases");
	twz_text_byte(&d->text, '[');
	for (uint32_t i = 0; i < gate->naliases; i++) {
		twz_text_puts(&d->text, i ? "," : "");
		twz_text_json(&d->text, gate->aliases[i]);
	}
	twz_text_byte(&d->text, ']');
	put_text(d, "level", levels[gate->level]);
	put_text(d, "visibility", visibilities[gate->visibility]);
	put_text(d, "requires", gate->requires);
	put_bool(d, "readonly", gate->readonly);
	put_text(d, "converts", gate->converts);
	twz_text_printf(&d->text, ",\"hash\":\"%016" PRIx64 "\",\"index\":%u}", gate->hash, gate->index);
	flush(d, FLUSH);
}

static void
put_asks(struct document *d, const struct twz_service *service)
{
	const char *at = service->asks, *before = "[";
	struct twz_ask ask;

	while (twz_ask_next(&at, &d->arena, &ask)) {
		if (*before == '[')
			put_key(d, "asks");
		twz_text_printf(&d->text, "%s{\"kind\":\"%s\"", before, twz_ask_kind_text(ask.kind));
		put_text(d, "what", ask.what);
		put_bool(d, "read", ask.rights & TWZ_ASK_READ);
		put_bool(d, "write", ask.rights & TWZ_ASK_WRITE);
		put_bool(d, "needed", ask.needed);
		twz_text_byte(&d->text, '}');
		before = ",";
	}
	twz_text_puts(&d->text, *before == '[' ? "" : "]");
}

static void
put_runs(struct document *d, const struct twz_service *service)
{
	const char *before = "[";

	for (enum twz_runs how = 0; how < TWZ_RUNS_NONE; how++) {
		if (!twz_runs(service->asks, how))
			continue;
		if (*before == '[')
			put_key(d, "runs");
		twz_text_printf(&d->text, "%s\"%s\"", before, twz_runs_text(how));
		before = ",";
	}
	twz_text_puts(&d->text, *before == '[' ? "" : "]");
}

void
show_json(FILE *out, const struct twz_service *service)
{
	struct document d = { .out = out };

	d.ids.arena = &d.arena;
	twz_text_puts(&d.text, "{\"schema\":\"twz.gates/1\"");
	put_text(&d, "service", service->name);
	put_text(&d, "version", service->version);
	put_text(&d, "doc", service->doc);
	put_key(&d, "library");
	twz_text_puts(&d.text, "{\"path\":");
	twz_text_json(&d.text, service->path);
	put_text(&d, "soname", service->soname ? service->soname : "");
	twz_text_puts(&d.text, ",\"build_id\":\"");
	for (uint32_t i = 0; i < service->build_id_size; i++)
		twz_text_printf(&d.text, "%02x", service->build_id[i]);
	twz_text_byte(&d.text, '"');
	put_text(&d, "debug_path", service->debug_path ? service->debug_path : "");
	put_bool(&d, "partial", service->partial);
	twz_text_byte(&d.text, '}');
	put_asks(&d, service);
	put_runs(&d, service);
	twz_text_puts(&d.text, ",\"gates\":[");
	for (uint32_t i = 0; i < service->ngates; i++)
		put_gate(&d, &service->gates[i], !i);
	twz_text_puts(&d.text, "],\"types\":[");
	for (size_t i = 0; i < d.ntypes; i++)	/* grows as types name others */
		put_type(&d, i);
	twz_text_puts(&d.text, "]}\n");
	flush(&d, 0);
	twz_text_free(&d.text);
	twz_arena_free(&d.arena);
}
